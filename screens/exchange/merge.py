"""A sheet that came back: what both sides changed side by side, then what is taken, new, left out and refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message

from prm_tui.domain.exchange import CellChange, Choices, ImportReport, SheetReport
from prm_tui.domain.partner import FIELDS
from prm_tui.domain.sheet import SentSheet, token_row
from screens.exchange.filters import EVERYTHING
from screens.exchange.rows import Samples, refused_lines
from screens.text import plain, visible
from screens.widgets.table import HEADER, Col, Line, Table

if TYPE_CHECKING:
    from prm_tui.services.reading import Reading

_LEFT_OUT = "left out there"
_LEAST = 75  # cells that the columns and the gaps between them take where there is no more room
_UNITS = ("amount", "quantity")


def merged(report: ImportReport) -> bool:
    """Whether there are two sides to be shown."""
    return any(s.plan.ours or s.conflicts for s in report.sheets)


def columns(wide: int) -> list[Col]:
    """Who, which field, and the three values side by side; what room there is more goes to who and values."""
    spare = max(wide - 2 - _LEAST, 0)
    value = 11 + spare // 5
    field = 11 + min(spare // 10, 8)
    who = 15 + spare - 3 * (value - 11) - (field - 11)
    return [Col("who", "Whose", who), Col("field", "Field", field), Col("was", "Was", value), Col("theirs", "Theirs", value),
            Col("ours", "Ours", value), Col("counts", "Counts", 6)]  # fmt: skip


def side(sheet: SheetReport, cell: CellChange, choices: Choices) -> str | None:
    """Whose value of a conflict counts; None while nothing says so."""
    return choices.sides.get((sheet.plan.sheet, cell.row, cell.field)) or choices.prefer


def value(sheet: SheetReport, cell: CellChange, found: Any) -> str:
    """A value as people read it; amounts are stored as whole ten-thousandths."""
    if cell.field in _UNITS and isinstance(found, int | float) and sheet.plan.noun in ("activity", "record"):
        return f"{found / 10_000:,.4f}".rstrip("0").rstrip(".")
    return "" if found is None else visible(found)


def label(cell: CellChange) -> str:
    """The name of a field."""
    known = FIELDS.get(cell.field)
    return known[0] if known else visible(cell.field.removeprefix("custom.").replace("_", " "))


def lines(report: ImportReport, choices: Choices, shown: str) -> dict[Any, Line]:
    """What merging does, conflicts first, each group under its own head.

    Keys: (n, "cell" | "doubt" | "new" | "problem" | "note", k) for the n-th sheet; ("head", title) for a head.
    """
    asked: dict[Any, Line] = {}
    both: dict[Any, Line] = {}
    theirs: dict[Any, Line] = {}
    new: dict[Any, Line] = {}
    left: dict[Any, Line] = {}
    refused: dict[Any, Line] = {}
    notes: dict[Any, Line] = {}
    for n, sheet in enumerate(report.sheets):
        for k, doubt in enumerate(sheet.doubts):
            answer = choices.answers.get(doubt.key)
            said = {None: "who is this?", "new": "a new partner", "skip": "left out"}.get(answer, f"is {answer}")
            asked[n, "doubt", k] = Line(((visible(doubt.name), "warn"), (visible(said), "text")), 2, doubt.text)
        for k, cell in enumerate(sheet.cells):
            (both if cell.conflict else theirs)[n, "cell", k] = _cell(sheet, cell, choices)
        new |= _added(n, sheet)
        for k, note in enumerate([*sheet.plan.notes, *sheet.notes]):
            where = left if note.startswith(_LEFT_OUT) else notes
            warn = "but it was changed here" in note
            said = note.removeprefix(_LEFT_OUT).lstrip(":, ")
            where[n, "note", k] = Line(((visible(said), "warn" if warn else "text"),), 2, note)
        for key, line in refused_lines(n, sheet).items():
            refused[key] = Line(((visible(line.detail), "bad"),), 2, line.detail)
    groups = (
        ("Who is meant", asked, "warn", "questions"), ("Changed on both sides", both, "warn", "questions"),
        ("Changed there only: taken", theirs, "accent", "changed"), ("New rows", new, "good", "new"),
        ("Left out there", left, "muted", EVERYTHING), ("Refused", refused, "bad", "refused"),
        ("Good to know", notes, "muted", EVERYTHING),
    )  # fmt: skip
    found: dict[Any, Line] = {}
    for title, group, colour, kind in groups:
        if group and shown in (EVERYTHING, kind):
            found["head", title] = Line(((title, colour),))
            found |= group
    return found


def _added(n: int, sheet: SheetReport) -> dict[Any, Line]:
    """The new rows of a sheet: key and name, first cells; where not all are listed, how many more there are."""
    found: dict[Any, Line] = {}
    for k, row in enumerate(sheet.added):
        detail = f"{row.subject}, row {row.row:,} of {sheet.plan.sheet}: {row.text} · enter shows all its cells"
        found[n, "new", k] = Line(((visible(row.subject), "good"), (visible(row.text), "text")), 2, detail)
    more = sheet.new - len(sheet.added)
    if more > 0:
        said = f"{more:,} more in {sheet.plan.sheet}" if sheet.added else f"{more:,} in {sheet.plan.sheet}"
        found["new", n] = Line(((visible(said), "good"),), 2)
    return found


def _cell(sheet: SheetReport, cell: CellChange, choices: Choices) -> Line:
    """A cell with its values; of a conflict the one that counts is bright."""
    counts = side(sheet, cell, choices) if cell.conflict else "theirs"
    bright = {"theirs": ("good", "muted"), "ours": ("muted", "good"), None: ("text", "text")}[counts]
    was = cell.base if cell.conflict else cell.before
    ours = value(sheet, cell, cell.before) if cell.conflict else ""
    return Line(
        (
            (visible(cell.subject), "text"), (label(cell), "accent"), (value(sheet, cell, was), "muted"),
            (value(sheet, cell, cell.after), bright[0]), (ours, bright[1]),
            (counts or "—", "good" if counts else "warn"),
        ),
        indent=2,
    )  # fmt: skip


def in_full(sheet: SheetReport, cell: CellChange, choices: Choices) -> Content:
    """A cell with its whole values, one beneath the other."""
    head = plain(f"{label(cell)} of {cell.subject}, row {cell.row:,} of {sheet.plan.sheet}", "bright")
    counts = side(sheet, cell, choices) if cell.conflict else "theirs"
    told = [("was", cell.base if cell.conflict else cell.before), ("theirs", cell.after)]
    told += [("ours", cell.before)] if cell.conflict else []
    said = [
        Content.assemble(
            (name.ljust(8), "$muted"),
            plain(value(sheet, cell, found) or "(empty)", "good" if name == counts else "text"),
            ("   counts" if name == counts else "", "$muted"),
        )
        for name, found in told
    ]
    return Content("\n").join([head, *said])


def title(report: ImportReport, files: str, sender: str | None, choices: Choices) -> str:
    """Dealers.xlsx came back from Ann: 3 conflicts, 12 cells taken, 2 rows new, 1 left out."""
    cells = [(s, c) for s in report.sheets for c in s.cells]
    taken = sum(not c.conflict or side(s, c, choices) == "theirs" for s, c in cells)
    left = sum(s.missing for s in report.sheets)
    refused = len(report.refused())
    new = sum(s.new for s in report.sheets)
    said = [_count(sum(c.conflict for _, c in cells), "conflict"), _count(taken, "cell") + " taken"]
    said += [_count(new, "row") + " new"] if new else []
    said += [f"{left:,} left out"] if left else []
    said += [f"{refused:,} refused"] if refused else []
    ours = any(s.plan.ours for s in report.sheets)
    back = f" came back{f' from {sender}' if sender else ''}" if ours else ""
    return visible(f"{files}{back}: {', '.join(said)}")


def sender(reading: Reading, values: Samples, sent: Sequence[SentSheet]) -> str | None:
    """Who a sheet was sent to that came back: the ids of its rows begin with that of the sheet."""
    recipients = {s.uid: s.recipient for s in sent}
    for plan in reading.plans:
        token = plan.column("id")
        for said in values.get((plan.id, token.pos), []) if token else []:
            if token_row(said)[0] and said.partition("-")[0] in recipients:
                return recipients[said.partition("-")[0]]
    return None


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


class Lines(Table):
    """The table of the wizard. While two sides are shown, k keeps ours and a click on a value lets it count."""

    BINDINGS: ClassVar = [Binding("k", "keep", show=False, id="import.keep")]
    sides = False

    class Chosen(Message):
        """Theirs or ours shall count, on the line with this key."""

        def __init__(self, key: Any, which: str) -> None:
            super().__init__()
            self.key, self.which = key, which

    def action_keep(self) -> None:
        """Ours counts; elsewhere k goes up, as in every list."""
        if self.sides:
            self.post_message(self.Chosen(self.current, "ours"))
        else:
            self.action_up()

    def on_click(self, event: events.Click) -> None:
        """A click on one of the two values."""
        row = self._top() + event.y - HEADER
        if not self.sides or event.y < HEADER or row >= len(self.keys) or event.chain > 1:
            return
        at = 2
        for col, _, wide in self.fitting(self.wide):
            if at <= event.x < at + wide and col.key in ("theirs", "ours"):
                self.post_message(self.Chosen(self.keys[row], col.key))
            at += wide + 2
