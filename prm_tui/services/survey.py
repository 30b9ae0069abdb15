"""Reading a whole folder without importing anything: what is there, what is superseded, what is missing."""

from __future__ import annotations

import shlex
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Event
from typing import Any

from importers import export, own, reader, staging, suspect
from importers.export import Written
from importers.propose import propose
from prm_tui.domain.errors import InputError
from prm_tui.domain.sheet import OutColumn, OutSheet
from prm_tui.domain.survey import KINDS, Finding, FoundSheet, Survey
from prm_tui.services import survey_compared as compared
from prm_tui.services import survey_findings as findings
from prm_tui.services.survey_sheets import SeenSheet, see

ORDER = ("people", "partners", "contacts", "record", "activity")
AT_ONCE = 2
"""So many files are read at once, each by a process of its own."""


def spreadsheets(folder: Path) -> list[Path]:
    """The spreadsheets in a folder and below it. InputError when it is no folder or holds none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder. Name the folder that holds the spreadsheets.")
    suffixes = suspect.WORKBOOKS + suspect.TEXTS
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in suffixes)
    if not paths:
        raise InputError(f"{folder}: there is no spreadsheet in it ({', '.join(suffixes)}).")
    return paths


def look(
    folder: Path,
    *,
    on_file: Callable[[str], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Survey:
    """Survey a folder and what is below it. `on_file` hears which file is being read.

    InputError when it is no folder or holds no spreadsheet; Cancelled when `cancelled` says so.
    """
    paths = spreadsheets(folder)
    survey = Survey(str(folder), len(paths))
    seen = list(_seen(folder, paths, survey, on_file, cancelled))
    survey.sheets = [sheet.found for sheet in seen]
    survey.findings += findings.copies(seen)
    older = list[findings.Pair]()
    for finding, pair in findings.versions(seen):
        survey.findings.append(finding)
        older += [pair] if pair else []
    taken = [sheet for sheet in seen if sheet.found.fate == "take"]
    survey.findings += findings.periods(taken)
    survey.findings += compared.numberings(taken)
    survey.findings += compared.names(taken)
    survey.findings += compared.doubled(taken)
    survey.findings += compared.contradictions(taken, older)
    survey.order = list(_order(taken, survey))
    return survey


def _seen(
    folder: Path,
    paths: Sequence[Path],
    survey: Survey,
    on_file: Callable[[str], None] | None,
    cancelled: Callable[[], bool],
) -> Iterator[SeenSheet]:
    """The sheets of all files in order, the next file being read meanwhile; a file that cannot be read is a finding."""
    stop = Event()

    def read(path: Path, staged: Path) -> None:
        reader.read([path], staged, cancelled=lambda: stop.is_set() or cancelled())

    with tempfile.TemporaryDirectory(prefix="prm-") as place, ThreadPoolExecutor(AT_ONCE) as pool:
        readings = [(path, Path(place) / f"{n}.db") for n, path in enumerate(paths)]
        under_way = [pool.submit(read, *reading) for reading in readings]
        try:
            for (path, staged), done in zip(readings, under_way, strict=True):
                name = path.relative_to(folder).as_posix()
                if on_file:
                    on_file(name)
                try:
                    done.result()
                    yield from _sheets(path, name, staged, survey)
                except InputError as error:
                    survey.findings.append(Finding("unreadable", name, str(error).removeprefix(f"{path.name}: ")))
                staged.unlink(missing_ok=True)
        finally:
            stop.set()  # whatever ended it early, no reading process is left behind
            pool.shutdown(cancel_futures=True)


def _sheets(path: Path, name: str, staged: Path, survey: Survey) -> list[SeenSheet]:
    conn = staging.connect(staged)
    try:
        proposal = propose(conn, own=own.found(conn))
        seen = [see(conn, name, path.stat().st_mtime, plan) for plan in proposal.plans]
        places = {sheet.plan.sheet: sheet.place for sheet in seen}
        for asked in proposal.questions:
            said = asked.text + ("" if asked.text.endswith(("?", ")")) else ".")
            survey.findings.append(Finding("question", places[asked.sheet], f"{said} Answer with {asked.flag}"))
        return seen
    finally:
        conn.close()


def _order(taken: Sequence[SeenSheet], survey: Survey) -> Iterator[str]:
    """Files in the order in which they are best imported: who we are, who they are, what they hold, what happened.

    Older before newer; a file whose rows belong to partners that only other files bring comes after those files.
    """
    sheets = defaultdict[str, list[SeenSheet]](list)
    for sheet in taken:
        sheets[sheet.found.file].append(sheet)
    gives = {file: set[str]().union(*(s.gives for s in of)) for file, of in sheets.items()}
    wants = {file: set[str]().union(*(s.whose for s in of)) - gives[file] for file, of in sheets.items()}

    def place(file: str) -> tuple[int, date, float, str]:
        first = min(ORDER.index(s.plan.noun) for s in sheets[file])
        begins = min(s.found.first_on or date.min for s in sheets[file])
        return first, begins, max(s.changed for s in sheets[file]), file

    left = sorted(sheets, key=place)
    while left:
        ready = (file for file in left if all(wants[file].isdisjoint(gives[other]) for other in left if other != file))
        file = next(ready, left[0])  # of files that need each other, one has to be the first
        left.remove(file)
        yield _step(file, sheets[file], survey)


def _step(file: str, sheets: Sequence[SeenSheet], survey: Survey) -> str:
    """A file to import: what for, which sheets to leave out, and what must be done first."""
    said = f"{file} ({', '.join(dict.fromkeys(s.plan.what for s in sheets))})"
    elsewhere = [_skip(s.sheet) for s in survey.sheets if s.file == file and s.fate in ("superseded", "copy")]
    if elsewhere:
        said += f", without what counts elsewhere: {' '.join(elsewhere)}"
    places = {sheet.place for sheet in sheets}
    if places & {finding.about for finding in survey.of("question")}:
        said += ", once its question is answered"
    if places & {finding.about for finding in survey.of("numbering")}:
        said += ", once its keys cannot be taken for those of others"
    if all(sheet.undated for sheet in sheets):
        said += ", once its rows have dates"
    return said


def _skip(sheet: str) -> str:
    """The option of import that leaves a sheet out, so that a shell takes it whole."""
    said = f"{sheet}=skip"
    return f"--as {shlex.quote(said)}" if set(said) & set('"$`\\!') else f'--as "{said}"'


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
