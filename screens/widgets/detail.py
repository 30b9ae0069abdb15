"""The selected line of a table in full, where its columns are too narrow for it."""

from __future__ import annotations

from textual.widgets import Static

from screens.text import plain
from screens.widgets.table import Table


class Detail(Static):
    """Two lines beneath a table; a screen calls `follow` when the cursor moves."""

    DEFAULT_CSS = "Detail { height: 2; padding: 0 3; color: $muted; }"

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def follow(self, table: Table) -> None:
        """Say what the cursor is on."""
        line = table.line(table.current) if table.current is not None else None
        self.update(plain(line.detail if line else "", "muted"))
