"""Which row of a sheet is its header: its first rows as they stand there, one of which is taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from screens.modals.base import Modal
from screens.text import plain, visible
from screens.widgets.table import GAP, Col, Line, Table

if TYPE_CHECKING:
    from prm_tui.domain.mapping import SheetPlan
    from screens.base import PrmScreen

Rows = Sequence[tuple[int, list[str]]]
NARROW, WIDE = 6, 22  # cells a column has at least and at most
AROUND = 13  # lines of the panel beside its rows, and what is left of the screen around it


class FirstRows(Modal[int | None]):
    """Gives back the row that is the header, 0 for none of them."""

    DEFAULT_CSS: ClassVar = """
    FirstRows > #panel { width: 96%; }
    FirstRows Table { background: $panel; }
    FirstRows #full { height: 2; color: $muted; margin-top: 1; }
    """

    def __init__(self, plan: SheetPlan, rows: Rows, also: Sequence[str]) -> None:
        super().__init__()
        self._plan, self._rows, self._also = plan, rows, also

    def compose(self) -> ComposeResult:
        """Title, rows, the selected one in full, keys."""
        with Vertical(id="panel"):
            yield Static(plain(f"Which row of {self._plan.sheet} is its header?", "bright"), id="title")
            yield Table()
            yield Static("", id="full", markup=False)
            keys = "enter reads the sheet anew with it, answers are kept; esc goes back"
            also = f"Also for {', '.join(self._also)}, of the same name. " if self._also else ""
            yield Static(plain(f"{also}{keys}", "muted"), id="foot")

    def on_mount(self) -> None:
        """The cursor is on the row that is the header now."""
        self.query_one(Table).focus()
        self._fill()
        self.call_after_refresh(self._to_now)  # the table knows its height then

    def _to_now(self) -> None:
        table = self.query_one(Table)
        table.move_to(next((n for n, key in enumerate(table.keys) if key == self._plan.header_row), 0))

    def on_resize(self) -> None:
        """The width decides how many columns are seen."""
        self._fill()

    def _fill(self) -> None:
        table = self.query_one(Table)
        table.styles.height = max(min(len(self._rows) + 3, self.app.size.height - AROUND), 5)
        table.fill(columns(self._rows, self.app.size.width * 96 // 100 - 8), lines(self._rows, self._plan.header_row))

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """The row in full."""
        line = event.table.line(event.key)
        self.query_one("#full", Static).update(plain(line.detail if line else "", "muted"))

    def on_table_opened(self, event: Table.Opened) -> None:
        """This one."""
        self.dismiss(event.key)


def columns(rows: Rows, wide: int) -> list[Col]:
    """The number of the row, then as many columns of the sheet from the left as there is room for."""
    cols, used = [Col("row", "Row", 9)], 9
    for n in range(max((len(cells) for _, cells in rows), default=0)):
        longest = max((len(visible(cells[n])) for _, cells in rows[:40] if n < len(cells)), default=0)
        width = min(max(longest, NARROW), WIDE, wide - used - GAP)
        if width < NARROW:
            break
        used += GAP + width
        cols.append(Col(str(n), letters(n), width))
    return cols


def letters(n: int) -> str:
    """A column as spreadsheets call it: 0 is A, 26 is AA."""
    return (letters(n // 26 - 1) if n >= 26 else "") + chr(65 + n % 26)


def lines(rows: Rows, now: int) -> dict[Any, Line]:
    """The rows by their numbers; 0 is that the sheet has no header."""
    wide = max((len(cells) for _, cells in rows), default=0)
    none = "no row is: columns are called Column A, Column B …"
    found: dict[Any, Line] = {
        0: Line((("none" + (", now" if now == 0 else ""), "muted"), (none, "muted")), detail=none)
    }
    for number, cells in rows:
        here = number == now
        head = (f"{number:,}{', now' if here else ''}", "accent" if here else "muted")
        padded = [*cells, *[""] * (wide - len(cells))]
        detail = f"row {number:,}: " + " · ".join(cell for cell in cells if cell)
        found[number] = Line((head, *((visible(cell), "accent" if here else "text") for cell in padded)), detail=detail)
    return found


async def ask(screen: PrmScreen, plan: SheetPlan, rows: Rows, also: Sequence[str]) -> int | None:
    """Let a person say which row is the header; None when it stays as it is."""
    picked = await screen.prm.push_screen_wait(FirstRows(plan, rows, also))
    return None if picked == plan.header_row else picked
