"""Workbooks in: what was read (services/reading.py) is looked at, and taken as one change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from importers import extent, refused
from importers.propose import UNTOLD
from prm_tui.domain.errors import Cancelled, DecisionNeeded, InputError, PrmError
from prm_tui.domain.exchange import Choices, ImportReport, SheetReport
from prm_tui.domain.mapping import SAID, SavedMap, SheetPlan
from prm_tui.services.agreeing import someone
from prm_tui.services.cases import in_the_present
from prm_tui.services.reading import Reading as Reading
from prm_tui.services.reading import read as read
from storage import Store, imports, imports_activities, imports_rows, returns, systems
from storage.store import Change

STEPS = 20_000
"""After so many of its own steps SQLite asks whether it shall stop: some hundred times a second."""


class Uncertain(DecisionNeeded):
    """Some rows may mean a partner that is here; `report` holds the questions. Nothing changed."""

    def __init__(self, said: str, report: ImportReport) -> None:
        super().__init__(said)
        self.report = report


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
                    systems.again(change, plan, report.sheets[-1])
                    continue
                if on_progress:
                    on_progress(plan.sheet)
                if plan.noun in ("approvals", "reasons", "review"):
                    report.sheets.append(_answered(store, change, plan, rehearse))
                    continue
                if plan.noun == "transition":
                    report.sheets.append(_handed_over(store, change, plan, rehearse))
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


def _answered(store: Store, change: Change, plan: SheetPlan, rehearse: bool) -> SheetReport:
    """Signed answers and decisions bind others: in earnest somebody by name takes them in; what is signed, today."""
    from prm_tui.services import answered, signoff

    if plan.noun == "review" and not rehearse:
        someone(store, change.actor_id, "take decisions in")
    if plan.noun != "approvals":
        return answered.take(store, change, plan)
    if not rehearse:
        someone(store, change.actor_id, "take signed answers in")
        in_the_present(store, change.as_of, "take signed answers in")
    return signoff.take(store, change, plan)


def _handed_over(store: Store, change: Change, plan: SheetPlan, rehearse: bool) -> SheetReport:
    """What was written in a sheet of a hand-over; in earnest somebody by name takes it in."""
    from prm_tui.services import transition

    if not rehearse:
        someone(store, change.actor_id, "take a hand-over in")
    return transition.take(store, change, plan)


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


def _remember_maps(change: Change, reading: Reading) -> None:
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


def place_for_refused(out: str | None) -> None:
    """Refuse a place for refused rows where none could be written, before anything is taken."""
    if out is not None and not (out.lower().endswith(".xlsx") and Path(out).parent.is_dir()):
        raise InputError(f"{out}: refused rows are written as a workbook, .xlsx, into a folder that is there.")


def write_refused(reading: Reading, report: ImportReport, out: Path) -> int:
    """Write the refused rows back as a workbook to correct; how many there are. InputError when it cannot."""
    return refused.write(reading.paths, reading.staging, reading.taken, report.refused(), out)


def with_kind(plan: SheetPlan, what: str) -> SheetPlan:
    """The same sheet as something else: partners, people, contacts, activity:KIND, record:KIND or skip."""
    return replace(plan, what=what, why=SAID)
