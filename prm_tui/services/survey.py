"""Reading a whole folder without importing anything: what is there, what is superseded, what is missing."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importers import export, own, reader, staging, suspect
from importers.export import Written
from importers.propose import propose
from prm_tui.domain.errors import InputError
from prm_tui.domain.mapping import REASON, ColumnPlan, SheetPlan
from prm_tui.domain.sheet import OutColumn, OutSheet
from prm_tui.domain.survey import KINDS, Finding, FoundSheet, Survey
from prm_tui.domain.text import folded, name_key, trimmed

if TYPE_CHECKING:
    import sqlite3

ORDER = ("people", "partners", "contacts", "record", "activity")
SHOWN = 5_000
_ALIKE = 0.5
_SHARED = 0.2
_COPY = re.compile(r"\b(copy|kopie|copie|old|alt|backup|archive|\(\d\))\b|\(\d\)", re.IGNORECASE)


@dataclass
class _Seen:
    """A sheet while the folder is read: its rows as hashes; of partners their names and cells (by meaning: header and
    value) by key; of what is theirs whose it is, and by reference its first row, its day and its amount in all.
    """

    found: FoundSheet
    plan: SheetPlan
    changed: float
    rows: frozenset[int] = frozenset()
    keys: frozenset[str] = frozenset()
    months: frozenset[str] = frozenset()
    partners: dict[str, tuple[int, str, dict[str, tuple[str, str]]]] = field(default_factory=dict)
    whose: set[str] = field(default_factory=set)
    facts: dict[tuple[str, str], tuple[int, str, float]] = field(default_factory=dict)


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
    versions = _versions(seen, survey)
    taken = [s for s in seen if s.found.fate == "take"]
    _periods(taken, survey)
    _names(taken, survey)
    _contradictions(taken, versions, survey)
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
            values = {_meaning(c): (c.header, value) for c, value in zip(columns, said, strict=True) if value}
            seen.partners.setdefault(key, (row, said[at["name"]], values))
        elif plan.noun == "activity" and "partner_name" in at:
            seen.partners.setdefault(said[at["partner"]], (row, said[at["partner_name"]], {}))
        if "partner" in at:
            seen.whose.add(folded(said[at["partner"]]))
            ref = said[at["ref"]] if "ref" in at else ""
            if ref:
                first_row, first_day, so_far = seen.facts.get((said[at["partner"]], ref), (row, day, 0.0))
                amount = cells[at["amount"]] if "amount" in at else None
                total = so_far + (amount if isinstance(amount, int | float) else 0.0)
                seen.facts[said[at["partner"]], ref] = first_row, first_day, total
    seen.rows, seen.keys, seen.months = frozenset(hashes), frozenset(keys), frozenset(months)
    if first:
        found.first_on, found.last_on = date.fromisoformat(first), date.fromisoformat(last)
    return seen


def _meaning(column: ColumnPlan) -> str:
    return column.header.casefold() if column.target in ("data", "skip") else column.target


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


def _versions(seen: list[_Seen], survey: Survey) -> list[tuple[_Seen, _Seen]]:
    """Sheets of one kind and header set that are about the same things: one inside another, or another version.

    The pairs of versions, the older first.
    """
    groups, pairs = defaultdict[tuple[str, str], list[_Seen]](list), list[tuple[_Seen, _Seen]]()
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
                    why = "has more rows" if len(newer.rows) > len(older.rows) else "was changed later"
                    said = (
                        f"an older version of {newer.found.place}, which {why}: {differ:,} of its rows are other there"
                    )
                    survey.findings.append(Finding("version", older.found.place, said))
                    pairs.append((older, newer))
                    break
    return pairs


def _periods(taken: list[_Seen], survey: Survey) -> None:
    """Months between the first and the last of a stream for which no sheet has a row."""
    for sheet in taken:
        day = sheet.plan.column("occurred_on")
        if day is not None and day.type != "date?" and not sheet.months:
            survey.findings.append(
                Finding("missing", sheet.found.place, f"no row of {sheet.found.rows:,} has a date; none can be taken")
            )
    for stream in _streams([s for s in taken if s.months]):
        there = set().union(*(sheet.months for sheet in stream))
        gaps = [month for month in _between(min(there), max(there)) if month not in there]
        inside = [m for m in gaps if any(min(s.months) < m < max(s.months) for s in stream)]
        between = [m for m in gaps if m not in inside]
        what, span = stream[0].found.what, f"between {min(there)} and {max(there)}"
        if between:
            files = ", ".join(sheet.found.file for sheet in stream)
            survey.findings.append(Finding("missing", what, f"no sheet brings {_runs(between)}, {span}", files))
        if inside:
            said = f"no row is dated in {_runs(inside)}, though its sheet goes on"
            survey.findings.append(Finding("missing", what, said, stream[0].found.place))


def _streams(sheets: list[_Seen]) -> list[list[_Seen]]:
    """Sheets of activities that belong together: of one kind, with the same headers or a good part of the partners."""
    streams = list[list[_Seen]]()
    for sheet in sheets:
        joined = [stream for stream in streams if any(_together(sheet, other) for other in stream)]
        streams = [stream for stream in streams if stream not in joined]
        streams.append([sheet, *(s for stream in joined for s in stream)])
    return [sorted(stream, key=lambda s: (min(s.months), s.found.place)) for stream in streams]


def _together(one: _Seen, other: _Seen) -> bool:
    if one.found.what != other.found.what:
        return False
    shared = len(one.whose & other.whose)
    return one.plan.header_hash == other.plan.header_hash or shared > _SHARED * min(len(one.whose), len(other.whose))


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


def _contradictions(taken: list[_Seen], versions: list[tuple[_Seen, _Seen]], survey: Survey) -> None:
    """The same partner with another value under the same meaning, the same reference with another day or amount."""
    partners = [s for s in taken if s.plan.noun == "partners"]
    for one, other in [*combinations(partners, 2), *(pair for pair in versions if pair[0].plan.noun == "partners")]:
        for key in sorted(one.partners.keys() & other.partners.keys()):
            row, name, values = one.partners[key]
            other_row, _, theirs = other.partners[key]
            for meaning in sorted(values.keys() & theirs.keys()):
                (header, value), (other_header, other_value) = values[meaning], theirs[meaning]
                if folded(value) != folded(other_value):
                    places = f"{one.found.place} row {row:,}, {header}; {other.found.place} row {other_row:,}, {other_header}"
                    _contradict(survey, f"{name} ({key}), {header}", f"“{value}” or “{other_value}”", places)
    for one, other in combinations([s for s in taken if s.facts], 2):
        if one.found.what == other.found.what:
            for partner, ref in sorted(one.facts.keys() & other.facts.keys()):
                row, day, amount = one.facts[partner, ref]
                other_row, other_day, other_amount = other.facts[partner, ref]
                places = f"{one.found.place} row {row:,}; {other.found.place} row {other_row:,}"
                if day != other_day:
                    _contradict(survey, f"{ref} of {partner}, date", f"{day} or {other_day}", places)
                elif abs(amount - other_amount) > 0.005:
                    _contradict(survey, f"{ref} of {partner}, amount", f"{amount:,.2f} or {other_amount:,.2f}", places)


def _contradict(survey: Survey, about: str, said: str, where: str) -> None:
    if len(survey.findings) < SHOWN:
        survey.findings.append(Finding("contradiction", about, said, where))


def _order(taken: list[_Seen], survey: Survey) -> None:
    """Files in the order in which they are best imported: who we are, who they are, what they hold, what happened.

    A file whose rows need partners that come from elsewhere comes after those. Sheets of it that are superseded
    are named with the option that leaves them out.
    """
    sheets = defaultdict[str, list[_Seen]](list)
    for sheet in taken:
        sheets[sheet.found.file].append(sheet)

    def place(file: str) -> tuple[int, date, str]:
        nouns = {ORDER.index(sheet.plan.noun) for sheet in sheets[file]}
        rank = ORDER.index("partners") if ORDER.index("partners") in nouns else max(nouns)
        return rank, min(sheet.found.first_on or date.min for sheet in sheets[file]), file

    for file in sorted(sheets, key=place):
        whats = ", ".join(dict.fromkeys(sheet.found.what for sheet in sheets[file]))
        old = [s.sheet for s in survey.sheets if s.file == file and s.fate in ("superseded", "copy")]
        without = "".join(f' --as "{name}=skip"' for name in old)
        survey.order.append(f"{file} ({whats})" + (f", without what is superseded:{without}" if without else ""))


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
