"""Exchange: what was read in, and taking it back."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.services import history
from screens.base import ModeScreen
from screens.text import visible
from screens.undo import undo_latest
from screens.widgets.table import Col, Line, Table

COLUMNS = [Col("id", "Change", 6, True), Col("at", "When", 16), Col("who", "By", 18), Col("why", "What"),
           Col("rows", "Rows", 10, True), Col("undone", "Taken back", 14)]  # fmt: skip
EMPTY = (
    "Nothing was read in yet.\n\n  i  reads a workbook: xlsx, xlsm, xlsb, xls, ods, csv or tsv. You see how it is understood,\n"
    "     correct what is wrong, and see what would change before anything is taken."
)


class ExchangeScreen(ModeScreen):
    """Imports, the latest first."""

    mode = "exchange"
    place = "exchange"
    DEFAULT_CSS = """
    ExchangeScreen #title { height: 1; padding: 0 2; margin: 1 0; }
    ExchangeScreen Table { height: 1fr; margin: 0 1; }
    ExchangeScreen #nothing { padding: 1 3; color: $muted; height: 1fr; display: none; }
    """
    BINDINGS: ClassVar = bindings("exchange")

    def body(self) -> ComposeResult:
        """A title, the list."""
        yield Static("", id="title", markup=False)
        yield Table(id="imports")
        yield Static(Content(EMPTY), id="nothing")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(Table).focus()

    def reload(self) -> None:
        """Read again."""
        self.start(self._show, "imports")

    async def _show(self) -> None:
        found = [c for c in await self.read(history.changes) if c.kind == "import"]
        lines = {
            c.id: Line(
                ((str(c.id), "muted"), (f"{c.at:%Y-%m-%d %H:%M}", "text"), (visible(c.actor), "text"), (visible(c.why), "bright"),
                 (f"{c.rows:,}", "text"), (f"by change {c.undone_by}" if c.undone_by else "", "warn"))
            )
            for c in found
        }  # fmt: skip

        said = ("   i reads a workbook, enter takes an import back" if found else "", "$muted")
        self.query_one("#title", Static).update(Content.assemble(("Read in", "bold $bright"), said))
        table = self.query_one(Table)
        table.fill(COLUMNS, lines)
        table.display, self.query_one("#nothing").display = bool(found), not found

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter shows what taking the import back would do."""
        self.start(lambda: undo_latest(self.prm, event.key), "undo")
