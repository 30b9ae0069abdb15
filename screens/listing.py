"""A screen that is one list: its title, the lines, the selected one in full; or what to do where nothing is listed.

A list names its `table_id` and what `nothing` says, reads in `reload`, and gives what it read to `fill`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from screens.base import PrmScreen
from screens.widgets.detail import Detail
from screens.widgets.table import Col, Line, Table


class ListScreen(PrmScreen):
    """See the module; as the first screen of a mode it is mixed with `ModeScreen`."""

    DEFAULT_CSS = """
    ListScreen #title { height: 1; padding: 0 2; margin: 1 0; }
    ListScreen Table { height: 1fr; margin: 0 1; }
    ListScreen #nothing { padding: 1 3; color: $muted; height: 1fr; display: none; }
    """
    table_id: ClassVar[str]
    nothing: ClassVar[str | Content]
    marks: ClassVar[bool] = False

    def body(self) -> ComposeResult:
        """A title, the list, its selected line in full."""
        yield Static("", id="title", markup=False)
        yield Table(id=self.table_id, marks=self.marks)
        yield Static(Content(self.nothing) if isinstance(self.nothing, str) else self.nothing, id="nothing")
        yield Detail()

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(Table).focus()

    def fill(self, columns: Sequence[Col], lines: dict[Any, Line]) -> None:
        """Show the lines; without any, what to do."""
        table = self.query_one(Table)
        table.fill(columns, lines)
        table.display, self.query_one("#nothing").display = bool(lines), not lines
        if lines and self.focused is None:
            table.focus()  # it lost the keys while it had nothing to show

    def head(self, title: str, *said: tuple[str, str]) -> None:
        """The title with what is said beside it, each with its colour."""
        self.query_one("#title", Static).update(Content.assemble((title, "bold $bright"), *said))

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """What the cursor is on, in full."""
        self.query_one(Detail).follow(event.table)
