"""Another header row than the one that was found: the first rows of a sheet, and everything read anew with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from importers import reader
from prm_tui.domain.errors import UsageError
from prm_tui.domain.mapping import SAID, SheetPlan
from prm_tui.services import exchange
from prm_tui.services.reading import Reading
from storage import Store


def first_rows(
    reading: Reading, plan: SheetPlan, *, cancelled: Callable[[], bool] = lambda: False
) -> list[tuple[int, list[str]]]:
    """The first filled rows of a sheet as they stand there, nothing understood: number, then cells.

    Raises UsageError for a sheet that prm wrote, InputError when it cannot be read any more.
    """
    if plan.ours:
        raise UsageError(f"{plan.sheet}: prm wrote this sheet and knows its header.")
    return reader.top(reading.path_of(plan), plan.sheet, cancelled=cancelled)


def shared(reading: Reading, plan: SheetPlan) -> list[str]:
    """The other files with a sheet of that name, which are read with the same header row."""
    return [p.file for p in reading.plans if p.id != plan.id and p.sheet.casefold() == plan.sheet.casefold()]


def taken(
    store: Store,
    reading: Reading,
    plan: SheetPlan,
    row: int,
    *,
    on_progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Reading:
    """The files of a reading, read anew with `row` of a sheet as its header (0: it has none).

    Everything is proposed anew; what a person had answered about sheets, columns and dates stays answered. The
    former reading is untouched. Raises InputError for a row that cannot be the header.
    """
    forced = dict(reading.forced)
    if plan.why == SAID and plan.noun != "skip":
        forced[plan.sheet] = plan.what  # its columns are found for what it is
    found = exchange.read(
        store, reading.paths, forced=forced, saved=reading.saved,
        headers={**reading.headers, plan.sheet: row}, on_progress=on_progress, cancelled=cancelled,
    )  # fmt: skip
    for before in reading.plans:
        now = next((p for p in found.plans if (p.id, p.sheet) == (before.id, before.sheet)), None)
        if now is not None and not now.ours:
            _answer(found, before, now)
    return found


def _answer(reading: Reading, before: SheetPlan, now: SheetPlan) -> None:
    """Say again of a sheet what was said of it before, as far as its columns are still there."""
    headers = {c.header for c in now.columns}
    plan = now
    if before.why == SAID and (before.header_row == now.header_row or before.noun != "skip"):
        plan = replace(plan, what=before.what, why=SAID)
    for column in before.columns:
        if column.why == SAID and column.header in headers:
            plan = plan.with_target(column.header, column.target, SAID)
    if plan != now:
        reading.replan(plan)
    for column in before.columns:
        asked = next((c for c in plan.columns if c.header == column.header and column.answer in c.orders), None)
        if column.answer and asked is not None:
            reading.settle_dates(plan.id, asked.pos, column.answer)
