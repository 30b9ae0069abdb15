"""Reading a whole folder without importing anything: what is there, what is superseded, what is missing."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importers import export, own, reader, staging, suspect
from importers.export import Written
from importers.propose import propose
from prm_tui.domain.errors import InputError
from prm_tui.domain.mapping import REASON, SheetPlan
from prm_tui.domain.sheet import OutColumn, OutSheet
from prm_tui.domain.survey import KINDS, Finding, FoundSheet, Survey
from prm_tui.domain.text import folded, name_key, trimmed

if TYPE_CHECKING:
    import sqlite3

ORDER = ("people", "partners", "contacts", "record", "activity")
SHOWN = 5_000
_ALIKE = 0.5
_COPY = re.compile(r"\b(copy|kopie|copie|old|alt|backup|archive|\(\d\))\b|\(\d\)", re.IGNORECASE)


@dataclass
class _Seen:
    """A sheet while the folder is read: its rows as hashes, and of partners their names and cells by key."""

    found: FoundSheet
    plan: SheetPlan
    changed: float
    rows: frozenset[int] = frozenset()
    keys: frozenset[str] = frozenset()
    months: frozenset[str] = frozenset()
    partners: dict[str, tuple[int, str, dict[str, str]]] = field(default_factory=dict)


def look(folder: Path, *, on_file: Callable[[str], None] | None = None) -> Survey:
    """Survey a folder and what is below it. InputError when it is no folder or holds no spreadsheet."""
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder. Name the folder that holds the spreadsheets.")
    paths = sorted(
        p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in suspect.WORKBOOKS + suspect.TEXTS
    )
    if not paths:
        raise InputError(f"{folder}: there is no spreadsheet in it ({', '.join(suspect.WORKBOOKS + suspect.TEXTS)}).")
    survey, seen = Survey(str(folder), len(paths)), list[_Seen]()
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if on_file:
            on_file(name)
        try:
            seen += _read(path, name, survey)
        except InputError as error:
            survey.findings.append(Finding("unreadable", name, str(error).removeprefix(f"{path.name}: ")))
    survey.sheets = [s.found for s in seen]
    _copies(seen, survey)
    _versions(seen, survey)
    taken = [s for s in seen if s.found.fate == "take"]
    _periods(taken, survey)
    _names(taken, survey)
    _contradictions(taken, survey)
    _order(taken, survey)
    return survey


def _read(path: Path, name: str, survey: Survey) -> Iterator[_Seen]:
    with tempfile.TemporaryDirectory(prefix="prm-") as place:
        staged = Path(place) / "staging.db"
        reader.read([path], staged)
        conn = staging.connect(staged)
        try:
            proposal = propose(conn, own=own.found(conn))
            for question in proposal.questions:
                survey.findings.append(Finding("question", f"{name} · {question.sheet}", question.text))
            for plan in proposal.plans:
                yield _sheet(conn, path, name, plan)
        finally:
            conn.close()


def _sheet(conn: sqlite3.Connection, path: Path, name: str, plan: SheetPlan) -> _Seen:
    found = FoundSheet(
        name, plan.sheet, plan.what, plan.why, plan.rows, fate="left out" if plan.what == "skip" else "take"
    )
    seen = _Seen(found, plan, path.stat().st_mtime)
    if not plan.rows:
        return seen
    columns = sorted((c for c in plan.columns if c.header != REASON), key=lambda c: c.header.casefold())
    listed = ", ".join(f"c{c.pos}" for c in columns)
    at = {c.target: n for n, c in enumerate(columns)}
    keyed = [at[t] for t in ("code", "ref", "partner", "name") if t in at][:1]
    hashes, keys, months = set[int](), set[str](), set[str]()
    first, last = "", ""
    for row, *cells in conn.execute(f"SELECT row, {listed} FROM {plan.table}"):
        said = ["" if cell is None else trimmed(str(cell)) for cell in cells]
        hashes.add(int.from_bytes(hashlib.blake2b("\x1f".join(said).encode(), digest_size=8).digest(), "big"))
        if keyed:
            keys.add(said[keyed[0]])
        day = said[at["occurred_on"]][:10] if "occurred_on" in at else ""
        if _is_day(day):
            months.add(day[:7])
            first, last = min(first or day, day), max(last, day)
        if plan.noun == "partners" and "name" in at:
            key = said[at["code"]] if "code" in at else folded(said[at["name"]])
            values = {c.header: value for c, value in zip(columns, said, strict=True) if value}
            seen.partners.setdefault(key, (row, said[at["name"]], values))
        elif plan.noun == "activity" and "partner_name" in at:
            seen.partners.setdefault(said[at["partner"]], (row, said[at["partner_name"]], {}))
    seen.rows, seen.keys, seen.months = frozenset(hashes), frozenset(keys), frozenset(months)
    if first:
        found.first_on, found.last_on = date.fromisoformat(first), date.fromisoformat(last)
    return seen


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text)) and len(text) == 10
    except ValueError:
        return False


def _copies(seen: list[_Seen], survey: Survey) -> None:
    """Sheets with the same rows under the same headers, whatever their names, order of columns or format."""
    groups = defaultdict[tuple[str, frozenset[int]], list[_Seen]](list)
    many = Counter(sheet.found.file for sheet in seen)
    for sheet in seen:
        if sheet.rows:
            groups[sheet.plan.header_hash, sheet.rows].append(sheet)

    def worth(sheet: _Seen) -> tuple[bool, int, int, str]:
        """What is called a copy comes last, a workbook that holds several sheets together comes first."""
        file = sheet.found.file
        return bool(_COPY.search(file)), -many[file], len(file), file

    for group in groups.values():
        kept, *copies = sorted(group, key=worth)
        for copy in copies:
            copy.found.fate = "copy"
            survey.findings.append(Finding("copy", copy.found.place, f"the same as {kept.found.place}"))


def _versions(seen: list[_Seen], survey: Survey) -> None:
    """Sheets of one kind and header set that are about the same things: one inside another, or another version."""
    groups = defaultdict[tuple[str, str], list[_Seen]](list)
    for sheet in seen:
        if sheet.found.fate == "take" and sheet.rows:
            groups[sheet.plan.header_hash, sheet.plan.what].append(sheet)
    for group in groups.values():
        ordered = sorted(group, key=lambda s: (s.found.last_on or date.min, len(s.rows), s.changed))
        for n, older in enumerate(ordered):
            for newer in reversed(ordered[n + 1 :]):
                if older.rows < newer.rows:
                    older.found.fate = "superseded"
                    said = f"all its {older.found.rows:,} rows are in {newer.found.place}"
                    survey.findings.append(Finding("superseded", older.found.place, said))
                    break
                shared = older.keys & newer.keys
                if len(shared) > _ALIKE * min(len(older.keys), len(newer.keys)) and older.plan.noun != "activity":
                    older.found.fate = "superseded"
                    differ = len(older.rows - newer.rows)
                    said = f"an older version of {newer.found.place}: {differ:,} of its rows are other there"
                    survey.findings.append(Finding("version", older.found.place, said))
                    break


def _periods(taken: list[_Seen], survey: Survey) -> None:
    """Months between the first and the last of a kind of activity for which no sheet has a row."""
    months = defaultdict[str, set[str]](set)
    for sheet in taken:
        months[sheet.found.what] |= sheet.months
        day = sheet.plan.column("occurred_on")
        if day is not None and day.type != "date?" and not sheet.months:
            survey.findings.append(
                Finding("missing", sheet.found.place, f"no row of {sheet.found.rows:,} has a date; none can be taken")
            )
    for what, there in sorted(months.items()):
        gaps = [m for m in _between(min(there), max(there)) if m not in there] if there else []
        if gaps:
            said = f"nothing for {_runs(gaps)}, between {min(there)} and {max(there)}"
            survey.findings.append(Finding("missing", what, said))


def _between(first: str, last: str) -> Iterator[str]:
    year, month = int(first[:4]), int(first[5:7])
    while f"{year:04}-{month:02}" <= last:
        yield f"{year:04}-{month:02}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _runs(months: list[str]) -> str:
    """Months as runs: 2017-10 to 2017-12, 2018-03."""
    runs: list[list[str]] = []
    for month in months:
        if runs and next(m for m in list(_between(runs[-1][-1], month))[1:]) == month:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def _names(taken: list[_Seen], survey: Survey) -> None:
    """One key under several names, and one name under several spellings."""
    by_key = defaultdict[tuple[str, str], dict[str, str]](dict)
    by_name = defaultdict[str, dict[str, str]](dict)
    for sheet in taken:
        key_column = sheet.plan.column("code") or sheet.plan.column("partner")
        system = key_column.key if key_column else ""
        for key, (row, name, _) in sheet.partners.items():
            where = f"{sheet.found.place} row {row:,}"
            if system and name:
                by_key[system, key].setdefault(folded(name), f"“{name}” in {where}")
            if name:
                by_name[name_key(name)].setdefault(folded(name), f"“{name}” in {where}")
    for (_, key), names in by_key.items():
        if len(names) > 1:
            survey.findings.append(Finding("names", key, "one key, several names", "; ".join(names.values())))
    for names in by_name.values():
        if len(names) > 1:
            survey.findings.append(
                Finding(
                    "names",
                    next(iter(names.values())).split("” in")[0] + "”",
                    "several spellings",
                    "; ".join(names.values()),
                )
            )


def _contradictions(taken: list[_Seen], survey: Survey) -> None:
    """The same key with another value under the same header, in two sheets of partners."""
    sheets = [s for s in taken if s.plan.noun == "partners"]
    for n, one in enumerate(sheets):
        for other in sheets[n + 1 :]:
            for key in one.partners.keys() & other.partners.keys():
                row, name, values = one.partners[key]
                other_row, _, theirs = other.partners[key]
                for header in values.keys() & theirs.keys():
                    if folded(values[header]) != folded(theirs[header]) and len(survey.findings) < SHOWN:
                        survey.findings.append(
                            Finding(
                                "contradiction",
                                f"{name} ({key}), {header}",
                                f"“{values[header]}” or “{theirs[header]}”",
                                f"{one.found.place} row {row:,}; {other.found.place} row {other_row:,}",
                            )
                        )


def _order(taken: list[_Seen], survey: Survey) -> None:
    """Files in the order in which they are best imported: who we are, who they are, what they hold, what happened."""
    first: dict[str, tuple[int, date]] = {}
    for sheet in taken:
        place = ORDER.index(sheet.plan.noun), sheet.found.first_on or date.min
        first[sheet.found.file] = min(first.get(sheet.found.file, place), place)
    for file in sorted(first, key=lambda f: (*first[f], f)):
        whats = dict.fromkeys(s.found.what for s in taken if s.found.file == file)
        survey.order.append(f"{file} ({', '.join(whats)})")


def write(survey: Survey, out: Path) -> Written:
    """The survey as a workbook: its sheets, its findings, the order. InputError when it cannot be written."""
    sheets = [
        OutSheet(
            "Sheets",
            "skip",
            [OutColumn(h, "skip", t) for h, t in (("File", "text"), ("Sheet", "text"), ("Is", "text"), ("Rows", "number"),
             ("First", "date"), ("Last", "date"), ("What becomes of it", "text"), ("Because", "text"))],
            [_row(s) for s in survey.sheets],
        ),
        OutSheet(
            "Findings",
            "skip",
            [OutColumn(h, "skip") for h in ("Kind", "About", "What", "Where")],
            [(KINDS[f.kind], f.about, f.said, f.where) for f in survey.findings],
        ),
        OutSheet("Order", "skip", [OutColumn("Import", "skip")], [(step,) for step in survey.order]),
    ]  # fmt: skip
    return export.write(out, sheets)


def _row(sheet: FoundSheet) -> tuple[Any, ...]:
    first, last = (d.isoformat() if d else None for d in (sheet.first_on, sheet.last_on))
    return sheet.file, sheet.sheet, sheet.what, sheet.rows, first, last, sheet.fate, sheet.why
