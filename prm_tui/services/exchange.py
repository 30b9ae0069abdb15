"""Workbooks in: read into a staging file, proposed, looked at, committed as one change."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from importers import columns, extent, own, reader, refused, staging
from importers.asked import asked_of
from importers.kinds import OwnKind
from importers.propose import UNTOLD, Taken, propose
from prm_tui.domain.errors import Cancelled, DecisionNeeded, InputError, PrmError
from prm_tui.domain.exchange import Choices, ImportReport, SheetReport
from prm_tui.domain.mapping import NEEDED, SAID, Question, SavedMap, SheetPlan
from prm_tui.domain.sheet import token_row
from prm_tui.services.agreeing import someone
from prm_tui.services.cases import in_the_present
from storage import Store, imports, imports_activities, imports_rows, outgoing, returns

ORDER = {"people": 0, "partners": 1, "contacts": 2, "record": 3, "activity": 4, "approvals": 5}
STEPS = 20_000
"""After so many of its own steps SQLite asks whether it shall stop: some hundred times a second."""


class Uncertain(DecisionNeeded):
    """Some rows may mean a partner that is here; `report` holds the questions. Nothing changed."""

    def __init__(self, said: str, report: ImportReport) -> None:
        super().__init__(said)
        self.report = report


@dataclass
class Reading:
    """Files that have been read but not taken yet. Close it (or leave the `with`) to throw the staging away."""

    folder: tempfile.TemporaryDirectory[str]
    paths: list[Path]
    plans: list[SheetPlan]
    questions: list[Question]
    forced: dict[str, str] = field(default_factory=dict)
    saved: list[SavedMap] = field(default_factory=list)
    headers: dict[str, int] = field(default_factory=dict)

    @property
    def staging(self) -> Path:
        """The staging file."""
        return Path(self.folder.name) / "staging.db"

    @property
    def taken(self) -> list[SheetPlan]:
        """The sheets that bring something, in the order in which they are taken: people, partners, what is theirs."""
        wanted = [p for p in self.plans if p.noun in NEEDED]
        return sorted(wanted, key=lambda p: (ORDER[p.noun], p.id))

    def sample(self, plan: SheetPlan, rows: int = 20) -> list[tuple[Any, ...]]:
        """The first rows of a sheet as they were read: row number, then its cells."""
        if plan.again:
            return []
        listed = ", ".join(f"c{c.pos}" for c in plan.columns)
        conn = staging.connect(self.staging)
        try:
            return conn.execute(f"SELECT row, {listed} FROM {plan.table} ORDER BY row LIMIT ?", (rows,)).fetchall()
        finally:
            conn.close()

    def path_of(self, plan: SheetPlan) -> Path:
        """The file a sheet is from."""
        conn = staging.connect(self.staging)
        try:
            (path,) = conn.execute(
                "SELECT path FROM files WHERE id = (SELECT file_id FROM sheets WHERE id = ?)", (plan.id,)
            ).fetchone()
        finally:
            conn.close()
        return Path(path)

    def row(self, plan: SheetPlan, number: int) -> dict[str, Any]:
        """The cells of one row by their headers; the empty ones left out."""
        listed = ", ".join(f"c{c.pos}" for c in plan.columns)
        conn = staging.connect(self.staging)
        try:
            cells = conn.execute(f"SELECT {listed} FROM {plan.table} WHERE row = ?", (number,)).fetchone() or ()
        finally:
            conn.close()
        return {c.header: cell for c, cell in zip(plan.columns, cells, strict=False) if cell is not None}

    def settle_dates(self, plan_id: int, pos: int, order: str) -> None:
        """Say how the dates of a column that was asked are written: its dates are read so, and its question is gone."""
        conn = staging.connect(self.staging)
        try:
            decided = columns.settle(conn, plan_id, pos, order)
        finally:
            conn.close()
        plan = next(p for p in self.plans if p.id == plan_id)
        settled = (replace(c, type="date", orders=(), decided=decided) if c.pos == pos else c for c in plan.columns)
        self.replan(replace(plan, columns=tuple(settled)))

    def replan(self, plan: SheetPlan) -> None:
        """Put a corrected plan in the place of the one for the same sheet."""
        self.plans = [plan if p.id == plan.id else p for p in self.plans]
        self.questions = [q for q in self.questions if q.sheet != plan.sheet]
        self.questions += asked_of(plan)

    def close(self) -> None:
        """Throw the staging file away."""
        self.folder.cleanup()

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(
    store: Store | None,
    paths: Sequence[Path],
    *,
    forced: dict[str, str] | None = None,
    saved: Sequence[SavedMap] = (),
    dates: Mapping[str, str] | None = None,
    headers: Mapping[str, int] | None = None,
    skip_known: bool = False,
    on_progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Reading:
    """Read files and propose what each sheet is; nothing is written to the file of partners.

    `forced`: sheet name → what it is; `saved`: mappings to use for their headers, before those the file
    remembers; `headers`: by sheet, the row of its header (0: it has none); `skip_known`: a sheet whose feed brought
    the very same cells last is not read again, because nothing in it can be new; `dates`: how the dates of asked
    columns are written (one of mapping.ORDERS), by header, "" for all others. Raises InputError for a file that
    cannot be taken and for a sheet name that is not there.
    """
    folder = tempfile.TemporaryDirectory(prefix="prm-")
    try:
        path = Path(folder.name) / "staging.db"
        taken = imports.taken_before(store.conn) if skip_known and store is not None else {}
        known = [] if store is None else imports.header_sets(store.conn)
        said = {name.casefold(): row for name, row in (headers or {}).items()}
        told = staging.Told(list(taken), known, said)
        soon = partial(import_module, "prm_tui.services.automation")  # needed to take a sheet, not to read it
        reader.read(paths, path, on_progress=on_progress, cancelled=cancelled, told=told, meanwhile=soon)
        conn = staging.connect(path)
        try:
            names = [name for (name,) in conn.execute("SELECT name FROM sheets")]
            for name in {**(forced or {}), **(headers or {})}:
                if name.casefold() not in {n.casefold() for n in names}:
                    raise InputError(f"There is no sheet “{name}”. Sheets: {', '.join(names)}")
            if dates:
                _settle_dates(conn, dates)
            proposal = propose(
                conn,
                saved=[*saved, *_remembered(store)],
                forced=forced,
                own=_own(conn, store),
                known=lambda: imports.known_keys(store.conn) if store is not None else (),
                taken={content: Taken(*told) for content, told in taken.items()},
                kinds=_kinds(store),
            )
        finally:
            conn.close()
    except BaseException:
        folder.cleanup()
        raise
    return Reading(
        folder, list(paths), proposal.plans, proposal.questions,
        dict(forced or {}), list(saved), dict(headers or {}),
    )  # fmt: skip


def _settle_dates(conn: Any, told: Mapping[str, str]) -> None:
    by_header = {header.casefold(): order for header, order in told.items()}
    there = {"", *(header.casefold() for (header,) in conn.execute("SELECT header FROM columns"))}
    for header in told:
        if header.casefold() not in there:
            raise InputError(f"There is no column “{header}”. Write its header as it stands in the sheet: HEADER=ORDER")
    for sheet, pos, header, orders in conn.execute(
        "SELECT sheet_id, pos, header, orders FROM columns WHERE orders <> ''"
    ).fetchall():
        order = by_header.get(header.casefold(), by_header.get("", ""))
        if order in orders.split():
            columns.settle(conn, sheet, pos, order)


def _own(staged: Any, store: Store | None) -> dict[int, own.Own]:
    """Sheets of ours; one that lost its hidden page is known by the rows it names."""
    sheets = own.found(staged)
    for sheet in sheets.values():
        letter, row_id = token_row(sheet.token)
        if not sheet.what and store is not None and row_id:
            told = outgoing.mapping(store.conn, letter, row_id)
            if told is not None:
                sheet.what = told.what
                sheet.targets = {c.header: c.target for c in told.columns}
    return {sheet_id: sheet for sheet_id, sheet in sheets.items() if sheet.what}


def _kinds(store: Store | None) -> list[OwnKind]:
    """The kinds of activity and record that packs have brought."""
    return [] if store is None else [OwnKind(*told) for told in imports.kinds(store.conn)]


def _remembered(store: Store | None) -> list[SavedMap]:
    if store is None:
        return []
    from prm_tui.domain.mapping import from_toml

    found: list[SavedMap] = []
    for (body,) in store.conn.execute("SELECT body FROM mappings ORDER BY id DESC"):
        found += from_toml(body, "the file")
    return found


def preview(
    store: Store,
    reading: Reading,
    choices: Choices | None = None,
    *,
    cancelled: Callable[[], bool] = lambda: False,
    on_progress: Callable[[str], None] | None = None,
) -> ImportReport:
    """What committing would do, by doing it and rolling back: the very same code; open questions are in it."""
    choices = choices or Choices()
    if choices.prefer is None:
        choices = replace(choices, prefer="theirs", open=True)
    return _apply(
        store, reading, choices, actor=None, as_of=store.today(), rehearse=True,
        cancelled=cancelled, on_progress=on_progress,
    )  # fmt: skip


def commit(
    store: Store,
    reading: Reading,
    choices: Choices | None = None,
    *,
    actor: int | None,
    as_of: date,
    all_or_nothing: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
    on_progress: Callable[[str], None] | None = None,
) -> ImportReport:
    """Take all sheets as one change, which undo takes back whole.

    Raises DecisionNeeded while a question is open, a match is uncertain, or a cell was changed on both sides
    and nothing in `choices` says which counts; InputError when nothing can be taken, or with
    `all_or_nothing` when any row is refused. Nothing is changed then.
    """
    return _apply(
        store,
        reading,
        choices or Choices(),
        actor=actor,
        as_of=as_of,
        rehearse=False,
        all_or_nothing=all_or_nothing,
        cancelled=cancelled,
        on_progress=on_progress,
    )


def _apply(
    store: Store,
    reading: Reading,
    choices: Choices,
    *,
    actor: int | None,
    as_of: date,
    rehearse: bool,
    all_or_nothing: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
    on_progress: Callable[[str], None] | None = None,
) -> ImportReport:
    from prm_tui.services import automation  # loaded while the sheet was read

    if reading.questions:
        raise DecisionNeeded("\n".join(f"{q.sheet}: {q.text} Say: {q.flag}" for q in reading.questions))
    if not reading.taken:
        open_ = [p for p in reading.plans if p.why == UNTOLD]
        raise (DecisionNeeded if open_ else InputError)(_nothing(reading))
    files = ", ".join(path.name for path in reading.paths)
    report = ImportReport([], dry_run=rehearse)
    follows = rehearse and automation.under_way(store)  # what automation would make of it belongs to the rehearsal
    with ExitStack() as held:
        held.enter_context(imports.attached(store.conn, reading.staging))
        held.enter_context(_stoppable(store, cancelled))
        if follows:
            held.enter_context(store.rehearsal())
        drop = rehearse and not follows
        with store.change(f"import of {files}", actor=actor, as_of=as_of, kind="import", rehearse=drop) as change:
            for plan in reading.taken:
                if cancelled():
                    raise Cancelled("Stopped. Nothing was changed.")
                if plan.again:
                    report.sheets.append(SheetReport(plan, same=plan.held or 0, lines=plan.rows))
                    continue
                if on_progress:
                    on_progress(plan.sheet)
                if plan.noun == "approvals":
                    report.sheets.append(_signed(store, change, plan, rehearse))
                    continue
                if plan.ours:
                    plan = returns.renamed(change.conn, plan)
                room = imports_activities if plan.noun == "activity" and not plan.ours else imports_rows
                report.sheets.append(room.apply(change, plan, choices))
                if plan.ours and report.sheets[-1].new:
                    report.sheets[-1].added = returns.added(change, plan)
            if not rehearse:
                _ask(report)
            _complain(report, all_or_nothing, files)
            if not rehearse and not report.nothing_new:
                _remember_maps(change, reading)
        if follows and change.kept:
            report.effects = automation.after(store, change.id, as_of=as_of)
        report.change = change.id if change.kept and not rehearse else None
    return report


def _signed(store: Store, change: Any, plan: SheetPlan, rehearse: bool) -> SheetReport:
    """Answers bind others: in earnest somebody by name takes them in, today."""
    from prm_tui.services import signoff

    if not rehearse:
        someone(store, change.actor_id, "take signed answers in")
        in_the_present(store, change.as_of, "take signed answers in")
    return signoff.take(store, change, plan)


@contextmanager
def _stoppable(store: Store, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Raise Cancelled once `cancelled` says so, in the middle of a sheet, too: the change is rolled back then."""
    store.conn.set_progress_handler(cancelled, STEPS)
    try:
        yield
    except PrmError:
        if not cancelled():
            raise
        raise Cancelled("Stopped. Nothing was changed.") from None
    finally:
        store.conn.set_progress_handler(None, 0)


def rows_said(paths: Sequence[Path]) -> int | None:
    """How many rows files say they hold, before they are read; None where one does not say."""
    return extent.rows(paths)


def _ask(report: ImportReport) -> None:
    doubts = [(sheet.plan.sheet, doubt) for sheet in report.sheets for doubt in sheet.doubts]
    if doubts:
        shown = "\n".join(f"{sheet}: {doubt.text}" for sheet, doubt in doubts[:10])
        more = f"\nand {len(doubts) - 10:,} more" if len(doubts) > 10 else ""
        raise Uncertain(f"{shown}{more}\nSay what becomes of them: --ask same, --ask new, or --ask skip", report)


def _nothing(reading: Reading) -> str:
    names = ", ".join(path.name for path in reading.paths)
    why = "; ".join(f"{p.sheet}: {p.why}" for p in reading.plans) or "there is no sheet in it"
    sheet = reading.plans[0].sheet if reading.plans else "SHEET"
    return f"{names}: nothing to take ({why}). Say what a sheet is: --as “{sheet}=partners”"


def _complain(report: ImportReport, all_or_nothing: bool, files: str) -> None:
    found = report.refused()
    if found and all_or_nothing:
        first = found[0]
        raise InputError(
            f"{first.file}: {first.sheet} row {first.row}, {first.column}: {first.reason}"
            f" ({len(found):,} rows in all). Nothing was changed."
        )
    if found and not any(s.new or s.changed or s.same or s.doubts for s in report.sheets):
        first = found[0]
        raise InputError(
            f"{files}: every row was refused; the first: {first.sheet} row {first.row}, {first.column}"
            f" “{first.value}”: {first.reason}. Nothing was changed."
        )


def _remember_maps(change: Any, reading: Reading) -> None:
    from prm_tui.domain.mapping import to_toml

    for plan in reading.taken:
        if plan.ours or plan.again:
            continue  # it says itself what it is, or it was said before
        change.conn.execute(
            "INSERT INTO mappings(header_hash, name, body, change_id) VALUES (?,?,?,?)"
            " ON CONFLICT (header_hash) DO UPDATE SET body = excluded.body WHERE body IS NOT excluded.body",
            (plan.header_hash, plan.sheet, to_toml([SavedMap.of(plan)]), change.id),
        )


def only_ours(reading: Reading) -> None:
    """Keep only the sheets that prm wrote: what is merged. InputError when there is none."""
    if not any(plan.ours for plan in reading.taken):
        names = ", ".join(path.name for path in reading.paths)
        raise InputError(
            f"{names}: prm did not write this, or its prm id column is gone. Import it instead: prm import"
        )
    reading.plans = [plan if plan.ours else replace(plan, what="skip") for plan in reading.plans]
    reading.questions = [q for q in reading.questions if q.sheet in {p.sheet for p in reading.taken}]


def write_refused(reading: Reading, report: ImportReport, out: Path) -> int:
    """Write the refused rows back as a workbook to correct; how many there are. InputError when it cannot."""
    return refused.write(reading.paths, reading.staging, reading.taken, report.refused(), out)


def with_kind(plan: SheetPlan, what: str) -> SheetPlan:
    """The same sheet as something else: partners, people, contacts, activity:KIND, record:KIND or skip."""
    return replace(plan, what=what, why=SAID)
