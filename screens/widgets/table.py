"""A table over any number of rows: it holds keys, asks for the rows in sight, and draws lines itself.

The keys of a list are known at once (ids from one query); what stands in a row is fetched page by page, so
that a list of a hundred thousand partners opens and moves like one of fifty.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from prm_tui.commands import bindings
from prm_tui.gateway import Superseded
from screens.text import fit
from screens.theme import PALETTES
from screens.workers import begin

HEADER = 2  # lines that stay: labels and a rule
AHEAD = 60  # rows fetched beyond those in sight
KEPT = 2_000  # rows held in memory
GAP = 2


@dataclass(frozen=True)
class Col:
    """A column. `width` 0 takes what is left, but at least `least` cells; what does not fit is left out."""

    key: str
    label: str
    width: int = 0
    right: bool = False
    least: int = 16


@dataclass(frozen=True)
class Line:
    """One row: its cells in the order of the columns, each a text and the name of a colour. Where there are fewer
    cells than columns, the last one has the room of the rest.

    `detail` is what is said of the row in full while the cursor is on it (widgets/detail.py).
    """

    cells: tuple[tuple[str, str], ...]
    indent: int = 0
    detail: str = ""


Fetch = Callable[[list[Any]], Awaitable[dict[Any, Line]]]


class Table(ScrollView, can_focus=True):
    """See the module. `keys` are any hashable values, in order."""

    DEFAULT_CSS = """
    Table { background: $ground; scrollbar-size-vertical: 1; overflow-x: hidden; overflow-y: auto; }
    Table:focus { background-tint: transparent; }
    """
    BINDINGS: ClassVar = bindings("list")

    class Highlighted(Message):
        """The cursor came to rest on a key; None in an empty table."""

        def __init__(self, table: Table, key: Any) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> Table:
            """The table, so that handlers can name it."""
            return self.table

    class Opened(Highlighted):
        """Enter or a double click."""

    class HeaderPressed(Message):
        """A click on the label of a column."""

        def __init__(self, table: Table, key: str) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> Table:
            """The table."""
            return self.table

    def __init__(self, *, id: str | None = None, marks: bool = False) -> None:  # noqa: A002
        super().__init__(id=id)
        self.marks_allowed = marks
        self.cols: list[Col] = []
        self.keys: Sequence[Any] = ()
        self.cursor = 0
        self.marked: set[Any] = set()
        self.sorted: tuple[str, bool] | None = None
        self._fetch: Fetch | None = None
        self._lines: OrderedDict[Any, Line] = OrderedDict()
        self._asked: tuple[int, int] | None = None
        self._styles: dict[tuple[str, str], Style] = {}
        self._generation = 0

    # ---- what it shows ----

    def set_columns(self, cols: Sequence[Col], sorted_by: tuple[str, bool] | None = None) -> None:
        """Other columns; rows have to be given again. `sorted_by` is (key, descending)."""
        self.cols, self.sorted = list(cols), sorted_by
        self._lines.clear()
        self.refresh()

    def show(self, keys: Sequence[Any], fetch: Fetch, *, keep: bool = False) -> None:
        """Other rows. With `keep` the cursor stays on its key if that is still there, else it goes to the top."""
        before = self.current
        self.keys, self._fetch = keys, fetch
        self._lines.clear()
        self._asked = None
        self._generation += 1
        self.virtual_size = Size(self.wide, len(keys) + HEADER)
        self.cursor = 0
        if keep and before is not None:
            self.cursor = next((n for n, key in enumerate(keys) if key == before), min(self.cursor, len(keys)))
        self.scroll_to(y=self._top_for(self.cursor), animate=False, force=True, immediate=True)
        self.refresh()
        self.want()
        self.post_message(self.Highlighted(self, self.current))

    def fill(self, cols: Sequence[Col], lines: dict[Any, Line]) -> None:
        """Columns and rows that are all known at once; the cursor stays on its key."""

        async def fetch(wanted: list[Any]) -> dict[Any, Line]:
            return {key: lines[key] for key in wanted}

        self.set_columns(cols)
        self.show(list(lines), fetch, keep=True)

    @property
    def current(self) -> Any:
        """The key under the cursor."""
        return self.keys[self.cursor] if 0 <= self.cursor < len(self.keys) else None

    def line(self, key: Any) -> Line | None:
        """A row, if it has been fetched."""
        return self._lines.get(key)

    @property
    def rows_in_sight(self) -> int:
        """How many rows fit below the header."""
        return max(self.size.height - HEADER, 1)

    @property
    def wide(self) -> int:
        """Cells a line has beside the scrollbar."""
        return self.scrollable_content_region.width

    def _top(self) -> int:
        return int(self.scroll_offset.y)

    def _top_for(self, row: int) -> int:
        top, high = self._top(), self.rows_in_sight
        if row < top:
            return row
        return max(row - high + 1, 0) if row >= top + high else top

    # ---- fetching ----

    def want(self) -> None:
        """Fetch the rows in sight, and some around them, that are not here yet."""
        if self._fetch is None or not self.keys:
            return
        first = max(self._top(), 0)
        last = min(first + self.rows_in_sight, len(self.keys))
        if all(self.keys[n] in self._lines for n in range(first, last)):
            return
        first, last = max(first - AHEAD, 0), min(last + AHEAD, len(self.keys))
        if self._asked == (first, last):
            return
        self._asked = (first, last)
        missing = [self.keys[n] for n in range(first, last) if self.keys[n] not in self._lines]
        begin(self, partial(self._bring, missing, self._generation), f"rows-{id(self)}")

    async def _bring(self, missing: list[Any], generation: int) -> None:
        assert self._fetch is not None
        try:
            found = await self._fetch(missing)
        except Superseded:
            return
        if generation != self._generation:
            return
        self._asked = None
        self._lines.update(found)
        here = found.get(self.current)
        if here is not None and here.detail:
            self.post_message(self.Highlighted(self, self.current))
        while len(self._lines) > KEPT:
            self._lines.popitem(last=False)
        self.refresh()

    def watch_scroll_y(self, before: float, after: float) -> None:
        """Rows come as they scroll into sight."""
        super().watch_scroll_y(before, after)
        self.want()

    def on_resize(self) -> None:
        """The width decides which columns fit."""
        self.virtual_size = Size(self.wide, len(self.keys) + HEADER)
        self.scroll_to(y=self._top_for(self.cursor), animate=False, force=True, immediate=True)
        self.want()

    # ---- drawing ----

    def _style(self, colour: str, ground: str) -> Style:
        found = self._styles.get((colour, ground))
        if found is None:
            palette = PALETTES.get(self.app.theme, PALETTES["prm"])
            bold = colour == "bright"
            found = Style(color=palette.get(colour, palette["text"]), bgcolor=palette[ground], bold=bold)
            self._styles[(colour, ground)] = found
        return found

    def notify_style_update(self) -> None:
        """Another theme: colours are looked up again."""
        self._styles = {}
        super().notify_style_update()

    def fitting(self, width: int) -> list[tuple[Col, int, int]]:
        """The columns that fit, each with its place among all and its width; the flexible ones share the rest."""
        room = width - 2
        shown: list[tuple[Col, int]] = []
        used = 0
        for n, col in enumerate(self.cols):
            least = (col.width or col.least) + (GAP if shown else 0)
            if shown and used + least > room:
                continue
            shown.append((col, n))
            used += least
        spare = max(room - used, 0)
        flexible = sum(not col.width for col, _ in shown)
        out = []
        for col, n in shown:
            wide = col.width
            if not wide:  # what is left is shared; what one does not need goes to those after it
                more = spare // flexible
                wide = max(min(col.least + more, 60 if n < len(self.cols) - 1 else room), 1)
                spare, flexible = spare - (wide - col.least), flexible - 1
            out.append((col, n, min(wide, max(room, 1))))
        return out

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.wide
        if width <= 0:
            return Strip.blank(0)
        if y == 0:
            return self._header(width)
        if y == 1:
            return Strip([Segment("─" * width, self._style("faint", "ground"))], width)
        return self._row(self._top() + y - HEADER, width)

    def _header(self, width: int) -> Strip:
        parts = [Segment("  ", self._style("muted", "ground"))]
        for col, _, wide in self.fitting(width):
            label = col.label
            colour = "muted"
            if self.sorted and self.sorted[0] == col.key:
                label, colour = f"{label} {'▼' if self.sorted[1] else '▲'}", "accent"
            parts.append(Segment(fit(label, wide, right=col.right) + " " * GAP, self._style(colour, "ground")))
        return Strip(parts).adjust_cell_length(width, self._style("muted", "ground"))

    def _row(self, row: int, width: int) -> Strip:
        if row >= len(self.keys):
            return Strip.blank(width, self._style("text", "ground"))
        key = self.keys[row]
        here = row == self.cursor
        ground = "selection" if here else "ground"
        line = self._lines.get(key)
        sign = "■" if key in self.marked else "▌" if here and self.has_focus else " "
        parts = [Segment(f"{sign} ", self._style("accent", ground))]
        if line is None:
            return Strip(parts).adjust_cell_length(width, self._style("muted", ground))
        room = width - 2
        for col, n, wide in self.fitting(width):
            text, colour = line.cells[n]
            if n == 0 and line.indent:
                text = " " * line.indent + text
            room -= wide + GAP
            if n == len(line.cells) - 1:  # a line of fewer cells: its last one has the rest
                wide += 0 if col.right and n == len(self.cols) - 1 else max(room, 0)
                right = col.right and n == len(self.cols) - 1
                parts.append(Segment(fit(text, wide, right=right), self._style(colour, ground)))
                break
            parts.append(Segment(fit(text, wide, right=col.right) + " " * GAP, self._style(colour, ground)))
        return Strip(parts).adjust_cell_length(width, self._style("text", ground))

    # ---- moving ----

    def move_to(self, row: int) -> None:
        """Put the cursor on a row, scrolling no more than needed."""
        if not self.keys:
            return
        before, self.cursor = self.cursor, min(max(row, 0), len(self.keys) - 1)
        if before == self.cursor:
            return
        top = self._top_for(self.cursor)
        if top != self._top():
            self.scroll_to(y=top, animate=False, force=True, immediate=True)
            self.refresh()
        else:
            for changed in (before, self.cursor):
                self.refresh(Region(0, changed - self._top() + HEADER, self.size.width, 1))
        self.post_message(self.Highlighted(self, self.current))

    def action_up(self) -> None:
        self.move_to(self.cursor - 1)

    def action_down(self) -> None:
        self.move_to(self.cursor + 1)

    def action_page_up(self) -> None:
        self._page(-self.rows_in_sight)

    def action_page_down(self) -> None:
        self._page(self.rows_in_sight)

    def _page(self, by: int) -> None:
        """What is in sight and the cursor move together, so that a page is read once."""
        self.scroll_to(y=self._top() + by, animate=False, force=True, immediate=True)
        self.move_to(self.cursor + by)

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(len(self.keys) - 1)

    def action_open(self) -> None:
        if self.current is not None:
            self.post_message(self.Opened(self, self.current))

    def action_mark(self) -> None:
        """Mark the line and go to the next, so that several are marked in a row."""
        if not self.marks_allowed or self.current is None:
            return
        self.marked ^= {self.current}
        self.refresh(Region(0, self.cursor - self._top() + HEADER, self.size.width, 1))
        self.move_to(self.cursor + 1)
        self.post_message(self.Highlighted(self, self.current))

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click opens, a click on a label sorts."""
        self.focus()
        if event.y < HEADER:
            at = 2
            for col, _, wide in self.fitting(self.wide):
                if at <= event.x < at + wide + GAP:
                    self.post_message(self.HeaderPressed(self, col.key))
                at += wide + GAP
            return
        row = self._top() + event.y - HEADER
        if row < len(self.keys):
            if event.x < 2 and self.marks_allowed:
                self.cursor = row
                self.action_mark()
                self.refresh()
                return
            self.move_to(row)
            if event.chain >= 2:
                self.action_open()

    def on_focus(self) -> None:
        """The cursor's sign shows where keys go."""
        self.refresh()

    def on_blur(self) -> None:
        """See on_focus."""
        self.refresh()
