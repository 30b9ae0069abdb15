"""What only a person can decide about an import: who a row means, whose cell counts; and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widgets import Static

from prm_tui.domain.exchange import CellChange, Choices, Doubt, ImportReport, NewRow, SheetReport
from prm_tui.domain.mapping import SheetPlan
from prm_tui.domain.partner import FIELDS, Partner
from prm_tui.domain.text import folded
from prm_tui.services import exchange, partners
from screens.exchange.merge import label, value
from screens.exchange.rows import sentence
from screens.modals.choose import Choice, Choose
from screens.modals.confirm import Confirm
from screens.modals.form import Entry, Form
from screens.modals.pages import Page
from screens.text import fit, plain, visible

if TYPE_CHECKING:
    from prm_tui.services.reading import Reading
    from screens.base import PrmScreen


_BESIDE = 7  # rows of a comparison, so that it and its choices fit on 24 lines
_ALSO = ("city", "town", "mailing_city", "phone", "email", "website", "tax_id", "country", "territory")


async def answer(
    screen: PrmScreen, reading: Reading, sheet: SheetReport, key: tuple[int, str, int], choices: Choices
) -> Choices:
    """The choices with the answer to one question, which is asked now; a cell that is no question is shown."""
    if key[1] == "doubt":
        return await _who(screen, reading, sheet, sheet.doubts[key[2]], choices)
    cell = sheet.cells[key[2]]
    if cell.conflict:
        return await _side(screen, sheet, cell, choices)
    screen.prm.push_screen(behind(sheet))
    return choices


class Who(Choose):
    """Who a row means: above the choices the row and the partners it may mean stand side by side."""

    def __init__(self, title: str, beside: Content, choices: list[Choice]) -> None:
        super().__init__(title, choices)
        self.beside = beside

    def on_mount(self) -> None:
        """The comparison stands under the title."""
        head = self.query_one("#title", Static)
        head.styles.text_style = "none"
        head.update(Content("\n").join([plain(self._title, "bright"), Content(""), self.beside]))


async def _who(screen: PrmScreen, reading: Reading, sheet: SheetReport, doubt: Doubt, choices: Choices) -> Choices:
    as_of = screen.prm.session.as_of
    found = await screen.read(lambda s: [partners.get(s, c.id, as_of) for c in doubt.candidates])
    cells = await screen.read(lambda _: reading.row(sheet.plan, doubt.row))
    offered = [Choice(c.code, f"{c.code} {visible(c.name)}", visible(c.evidence)) for c in doubt.candidates]
    offered += [
        Choice("new", "A new partner", "it is none of these"),
        Choice("skip", "Left out", "the row is not taken"),
    ]
    title = f"Row {doubt.row:,}: who is {visible(doubt.name)[:60]}?"
    room = min(screen.size.width * 96 // 100, 72) - 6
    picked = await screen.prm.push_screen_wait(Who(title, beside(sheet.plan, cells, found, room), offered))
    return choices if picked is None else replace(choices, answers={**choices.answers, doubt.key: picked})


def beside(plan: SheetPlan, cells: dict[str, Any], found: Sequence[Partner], room: int) -> Content:
    """The cells of a row against the same fields of partners, equal ones in green; then what else is known of them."""
    rows: list[tuple[str, str, list[str]]] = []
    told: set[str] = set()
    for column in plan.columns:
        key = {"partner": "code", "partner_name": "name"}.get(column.target, column.target)
        key = column.key if column.target == "data" else key
        told.add(key)
        ours = ["" if (value := _known(p, key)) is None else visible(value) for p in found]
        theirs = visible(cells.get(column.header, ""))
        if theirs or any(ours):
            rows.append((column.header, theirs, ours))
    rows.sort(key=lambda row: not (row[1] and any(row[2])))  # what both sides know comes first
    rows += [
        (FIELDS[key][0] if key in FIELDS else key.replace("_", " "), "", [visible(_known(p, key) or "") for p in found])
        for key in ("code", "name", *_ALSO)
        if key not in told and any(_known(p, key) for p in found)
    ]
    wide = max((room - 14) // (len(found) + 1) - 2, 6)
    heads = ["the sheet", *(p.code for p in found)]
    said = [Content.assemble((" " * 14, ""), *(plain(fit(visible(h), wide) + "  ", "muted") for h in heads))]
    for name, theirs, ours in rows[:_BESIDE]:
        parts = [plain(fit(visible(name), 12) + "  ", "muted"), plain(fit(theirs, wide) + "  ", "text")]
        parts += [
            plain(fit(o, wide) + "  ", "good" if theirs and folded(o) == folded(theirs) else "text") for o in ours
        ]
        said.append(Content.assemble(*parts))
    return Content("\n").join(said)


def _known(partner: Partner, key: str) -> Any:
    if key == "name":
        return partner.name
    return partner.fields.get(key) or partner.custom.get(key)


async def _side(screen: PrmScreen, sheet: SheetReport, cell: CellChange, choices: Choices) -> Choices:
    picked = await screen.prm.push_screen_wait(
        Choose(
            f"{visible(cell.subject)[:40]}, {label(cell)}: it was “{value(sheet, cell, cell.base)[:30]}”",
            [
                Choice("theirs", f"Theirs: {value(sheet, cell, cell.after)[:60]}", "what the sheet says"),
                Choice("ours", f"Ours: {value(sheet, cell, cell.before)[:60]}", "what was changed here since"),
            ],
        )
    )
    return choices if picked is None else with_side(choices, sheet, cell, picked)


def with_side(choices: Choices, sheet: SheetReport, cell: CellChange, which: str) -> Choices:
    """The choices with theirs or ours for one conflict."""
    return replace(choices, sides={**choices.sides, (sheet.plan.sheet, cell.row, cell.field): which})


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
    """One rule for all that is still open; None when nothing shall be taken, or nothing is there to be."""
    if report.nothing_new and not still_open(report, choices):
        screen.prm.tell("There is nothing to take: everything in it is here already.")
        return None
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


async def sure(screen: PrmScreen, report: ImportReport) -> bool:
    """Whether it shall be taken, after what it brings was said."""
    said = Content("\n").join([plain(sentence(s)) for s in report.sheets])
    agreed: bool | None = await screen.prm.push_screen_wait(
        Confirm("Take this, as one change?", said, yes="take it", no="not yet")
    )
    return bool(agreed)


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


async def whole_row(screen: PrmScreen, reading: Reading, sheet: SheetReport, row: NewRow) -> None:
    """All cells of a row that somebody added, to read."""
    cells = await screen.read(lambda _: reading.row(sheet.plan, row.row))
    wide = min(max((len(visible(header)) for header in cells), default=0), 24)
    said = [
        Content.assemble(plain(fit(visible(header), wide) + "  ", "muted"), plain(value, "text"))
        for header, value in cells.items()
    ]
    screen.prm.push_screen(Page(visible(f"{row.subject}, row {row.row:,}"), Content("\n").join(said)))


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
