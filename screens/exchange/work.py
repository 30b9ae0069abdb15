"""The long work of the import wizard: reading, looking at the top of a sheet, previewing, taking; each says how far it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.domain.mapping import SheetPlan
from prm_tui.services import automation, exchange, headers
from screens.exchange.progress import ReadingPace, TakingPace, so_far
from screens.exchange.working import Working

if TYPE_CHECKING:
    from prm_tui.services.reading import Reading
    from screens.base import PrmScreen
    from storage import Store

Reader = Callable[["Store", Callable[[int], None], Callable[[], bool]], "Reading"]


async def read(screen: PrmScreen, working: Working, paths: list[Path]) -> Reading:
    """Read files."""
    return await _read(
        screen, working, paths,
        lambda store, heard, stopped: exchange.read(store, paths, on_progress=heard, cancelled=stopped),
    )  # fmt: skip


async def read_anew(screen: PrmScreen, working: Working, reading: Reading, plan: SheetPlan, row: int) -> Reading:
    """Read the files of a reading again, with another row as the header of a sheet."""
    return await _read(
        screen, working, reading.paths,
        lambda store, heard, stopped: headers.taken(store, reading, plan, row, on_progress=heard, cancelled=stopped),
    )  # fmt: skip


async def _read(screen: PrmScreen, working: Working, paths: list[Path], reader: Reader) -> Reading:
    pace, began = ReadingPace(), monotonic()

    def work(store: Store) -> Reading:
        pace.total = exchange.rows_said(paths)
        return reader(store, pace.heard, working.stop.is_set)

    names = ", ".join(p.name for p in paths)
    with working.during(f"Reading {names}:", lambda now: (pace.said(now - began), pace.share())):
        return await screen.prm.gateway.write(work)


async def first_rows(
    screen: PrmScreen, working: Working, reading: Reading, plan: SheetPlan
) -> list[tuple[int, list[str]]]:
    """The first rows of a sheet as they stand there."""
    began = monotonic()
    with working.during(f"Looking at the first rows of {plan.sheet}:", lambda now: (so_far(now - began), None)):
        return await screen.read(lambda _: headers.first_rows(reading, plan, cancelled=working.stop.is_set))


async def preview(screen: PrmScreen, working: Working, reading: Reading) -> tuple[ImportReport, list[float]]:
    """What taking would do, and how many seconds each sheet took for that."""
    begun: list[float] = []
    pace = TakingPace([(p.sheet, p.rows) for p in reading.taken])

    def heard(_: str) -> None:
        begun.append(monotonic())
        pace.sheet(begun[-1])

    with working.during("Working out what would change:", lambda now: (pace.said(now), None)):
        report = await screen.prm.gateway.write(
            lambda s: exchange.preview(s, reading, cancelled=working.stop.is_set, on_progress=heard)
        )
    ends = [*begun[1:], monotonic()]
    return report, [end - begin for begin, end in zip(begun, ends, strict=True)] if begun else []


async def commit(
    screen: PrmScreen, working: Working, reading: Reading, choices: Choices, rehearsed: list[float]
) -> ImportReport:
    """Take everything as one change."""
    session = screen.prm.session
    pace = TakingPace([(p.sheet, p.rows) for p in reading.taken], rehearsed)

    def take(store: Store) -> ImportReport:
        report = exchange.commit(
            store, reading, choices, actor=session.actor, as_of=session.as_of,
            cancelled=working.stop.is_set, on_progress=lambda _: pace.sheet(monotonic()),
        )  # fmt: skip
        if report.change is not None:
            report.effects = automation.after(store, report.change, as_of=session.as_of)
        return report

    with working.during("Taking", lambda now: (pace.said(now), pace.share(now))):
        return await screen.write(take)
