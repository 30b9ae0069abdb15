"""What only a person can decide about an import: who a row means, whose cell counts; and what was refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.content import Content

from prm_tui.domain.exchange import CellChange, Choices, Doubt, ImportReport, SheetReport
from prm_tui.services import exchange
from screens.modals.choose import Choice, Choose
from screens.modals.form import Entry, Form
from screens.modals.pages import Page
from screens.text import plain, visible

if TYPE_CHECKING:
    from prm_tui.services.exchange import Reading
    from screens.base import PrmScreen


async def answer(screen: PrmScreen, sheet: SheetReport, key: tuple[int, str, int], choices: Choices) -> Choices:
    """The choices with the answer to one question, which is asked now; a cell that is no question is shown."""
    if key[1] == "doubt":
        return await _who(screen, sheet.doubts[key[2]], choices)
    cell = sheet.cells[key[2]]
    if cell.conflict:
        return await _side(screen, sheet, cell, choices)
    screen.prm.push_screen(behind(sheet))
    return choices


async def _who(screen: PrmScreen, doubt: Doubt, choices: Choices) -> Choices:
    offered = [Choice(c.code, f"{c.code} {visible(c.name)}", visible(c.evidence)) for c in doubt.candidates]
    offered += [
        Choice("new", "A new partner", "it is none of these"),
        Choice("skip", "Left out", "the row is not taken"),
    ]
    title = f"Row {doubt.row:,}: who is {visible(doubt.name)[:60]}?"
    picked = await screen.prm.push_screen_wait(Choose(title, offered))
    return choices if picked is None else replace(choices, answers={**choices.answers, doubt.key: picked})


async def _side(screen: PrmScreen, sheet: SheetReport, cell: CellChange, choices: Choices) -> Choices:
    picked = await screen.prm.push_screen_wait(
        Choose(
            f"{visible(cell.subject)[:40]}, {cell.field}: it was “{visible(str(cell.base or ''))[:30]}”",
            [
                Choice("theirs", f"Theirs: {visible(str(cell.after))[:60]}", "what the sheet says"),
                Choice("ours", f"Ours: {visible(str(cell.before))[:60]}", "what was changed here since"),
            ],
        )
    )
    place = (sheet.plan.sheet, cell.row, cell.field)
    return choices if picked is None else replace(choices, sides={**choices.sides, place: picked})


def _open_cells(report: ImportReport, choices: Choices) -> int:
    if choices.prefer is not None:
        return 0
    return sum(
        1 for s in report.sheets for c in s.cells if c.conflict and (s.plan.sheet, c.row, c.field) not in choices.sides
    )


def still_open(report: ImportReport | None, choices: Choices) -> int:
    """How many doubts and conflicts nothing has decided yet."""
    if report is None:
        return 0
    doubts = sum(1 for s in report.sheets for d in s.doubts if d.key not in choices.answers and choices.ask is None)
    return doubts + _open_cells(report, choices)


async def decide_rest(screen: PrmScreen, report: ImportReport, choices: Choices) -> Choices | None:
    """One rule for all that is still open; None when nothing shall be taken."""
    cells = _open_cells(report, choices)
    left_out = any("but it was changed" in note for s in report.sheets for note in s.notes)
    if cells or (left_out and choices.prefer is None):
        said = f"{cells:,} cells were changed on both sides." if cells else "A row left out there was changed here."
        picked = await screen.prm.push_screen_wait(
            Choose(
                f"{said} Which counts?",
                [
                    Choice("theirs", "The sheet's value", "what the workbook says"),
                    Choice("ours", "Our value", "what was changed here since"),
                ],
            )
        )
        if picked is None:
            return None
        choices = replace(choices, prefer=picked)
    doubts = still_open(report, choices)
    if doubts:
        picked = await screen.prm.push_screen_wait(
            Choose(
                f"{doubts:,} rows may be partners you have.",
                [
                    Choice("same", "They are the likeliest partner", "the first of those that may be meant"),
                    Choice("new", "They are new partners", "none of those that may be meant"),
                    Choice("skip", "Leave these rows out", "they are refused and can be written back"),
                ],
            )
        )
        if picked is None:
            return None
        choices = replace(choices, ask=picked)
    return choices


def behind(sheet: SheetReport) -> Page:
    """All cells and refused rows of a sheet, to read."""
    said: list[Any] = [
        plain(f"row {c.row:,}  {c.subject}: {c.field} from {c.before} to {c.after}", "warn" if c.conflict else "text")
        for c in sheet.cells
    ]
    said += [plain(f"row {r.row:,}, {r.column} “{r.value}”: {r.reason}", "bad") for r in sheet.refused[:2000]]
    said += [plain(note, "muted") for note in [*sheet.plan.notes, *sheet.notes]]
    text = Content("\n").join(said) if said else Content("Nothing changes and nothing is refused.")
    return Page(visible(sheet.plan.sheet), text)


async def write_refused(screen: PrmScreen, reading: Reading, report: ImportReport) -> None:
    """The refused rows as a workbook to correct."""
    if not report.refused():
        screen.prm.tell("No row was refused.")
        return

    async def save(fields: dict[str, str]) -> str:
        path = Path(fields["path"].strip()).expanduser()
        count = await screen.read(lambda _: exchange.write_refused(reading, report, path))
        return f"{count:,} refused rows: {path}. Correct them there and read it in again."

    entries = [Entry("path", "File", f"{reading.paths[0].stem}-refused.xlsx", ".xlsx")]
    said = await screen.prm.push_screen_wait(
        Form("The refused rows, marked, to correct them", entries, save, whole=True)
    )
    if said:
        screen.prm.tell(said)
