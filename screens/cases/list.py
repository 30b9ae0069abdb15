"""The list of cases, those due first."""

from __future__ import annotations

from typing import ClassVar

from prm_tui.commands import bindings
from prm_tui.services import cases
from screens.base import ModeScreen
from screens.cases.page import CasePage
from screens.cases.rows import CASE_COLUMNS, case_line
from screens.listing import ListScreen
from screens.widgets.table import Table

EMPTY = (
    "No case is under way.\n\nA case is one run of a workflow for one partner: a deactivation, a suspension.\n"
    "To begin one: go to Partners (2), select or mark partners, and press a."
)


class CasesScreen(ListScreen, ModeScreen):
    """Open cases, closed ones on demand."""

    mode = "cases"
    place = "cases"
    table_id = "cases"
    nothing = EMPTY
    BINDINGS: ClassVar = bindings("cases")

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def reload(self) -> None:
        """Read the cases again."""
        self.start(self._show, "cases")

    async def _show(self) -> None:
        closed, viewer = self.closed, self.prm.session.actor
        found = await self.read(lambda s: cases.list_of(s, closed=closed, viewer=viewer))
        open_now = sum(c.open for c in found)
        many = f"{open_now} under way" + (f", {len(found) - open_now} closed" if closed else "")
        self.head("Cases  ", (many, "$muted"))
        self.fill(CASE_COLUMNS, {c.id: case_line(c) for c in found})

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter opens the case."""
        self.prm.push_screen(CasePage(event.key))

    def action_closed(self) -> None:
        """Closed cases, too, or no longer."""
        self.closed = not self.closed
        self.reload()
