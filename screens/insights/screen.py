"""Insights: who is active and who goes quiet, in what numbers, and who stands behind each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.errors import UsageError
from prm_tui.services import insights
from screens.base import ModeScreen
from screens.insights.behind import BehindScreen
from screens.insights.quiet import deciding, keeping, winning
from screens.insights.rules import outlook, quality
from screens.insights.shown import Behind, Shown
from screens.insights.states import policies, segments, states, types
from screens.insights.time import cohorts, first_order, ranks, survival
from screens.insights.why import pillars, profile, reasons, work
from screens.modals.choose import Choice, Choose
from screens.text import visible
from screens.widgets.detail import Detail
from screens.widgets.table import Table
from screens.words import by_keys

SECTIONS = {
    "States": states, "By type": types, "Segments": segments, "Review": deciding, "Win-back": winning,
    "Kept": keeping, "Reasons": reasons, "Profile": profile, "Rules": quality,
    "Outlook": outlook, "Survival": survival, "First order": first_order, "Cohorts": cohorts, "Ranks": ranks, "Pillars": pillars,
    "Work": work, "Policies": policies,
}  # fmt: skip
"""Title → what it shows; in the order in which they stand."""


LATE = 0.3
"""Seconds after which what another section showed makes room for a word that this one is being counted."""


class InsightsScreen(ModeScreen):
    """Sections in a line, a chart where one helps, a table of numbers; enter opens who is behind a number."""

    mode = "insights"
    place = "insights"
    DEFAULT_CSS = """
    InsightsScreen #sections { height: 1; padding: 0 2; margin: 1 0; }
    InsightsScreen #above { height: auto; padding: 0 3; margin-bottom: 1; }
    InsightsScreen #rows { height: 1fr; margin: 0 1; }
    InsightsScreen #nothing { padding: 1 3; color: $muted; height: 1fr; display: none; max-width: 90; }
    """
    BINDINGS: ClassVar = [*bindings("insights"), Binding("escape", "unmark", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self.at = 0
        self.shown: Shown | None = None

    def body(self) -> ComposeResult:
        """Sections, what stands above, the numbers, the selected one in full."""
        yield Static("", id="sections", markup=False)
        yield Static("", id="above", markup=False)
        yield Table(id="rows", marks=True)
        yield Static("", id="nothing", markup=False)
        yield Detail()

    def on_mount(self) -> None:
        """The numbers have the keys."""
        self.query_one(Table).focus()

    @property
    def section(self) -> str:
        """The section that is shown."""
        return list(SECTIONS)[self.at]

    def reload(self) -> None:
        """Read the section again."""
        self._head()
        self.start(self._show, "insights")

    async def _show(self) -> None:
        work, as_of, width = SECTIONS[self.section], self.prm.session.as_of, self.size.width
        counting = Shown((), {}, nothing="Counting …")
        late = self.set_timer(LATE, lambda: self._fill(counting) if self.shown is None else None)
        try:
            self.shown = shown = await self.read(
                lambda store: (
                    work(store, as_of, width) if work is policies or insights.partners(store) else Shown((), {})
                ),
                "insights",
            )
        except UsageError as error:  # these numbers want more past than the file has
            said = by_keys(str(error))
            shown = Shown((), {}, nothing=said[:1].upper() + said[1:])
        finally:
            late.stop()
        self._fill(shown)

    def _fill(self, shown: Shown) -> None:
        self.query_one("#above", Static).update(shown.above)
        self.query_one("#above").display = bool(shown.above.plain)
        table, nothing = self.query_one(Table), self.query_one("#nothing", Static)
        table.fill(shown.columns, shown.lines)
        table.display, nothing.display = bool(shown.lines), not shown.lines
        nothing.update(Content(shown.nothing))
        if shown.lines and self.focused is None:
            table.focus()

    def _head(self) -> None:
        """The titles of the sections around the one that is shown, as many as fit."""
        titles = [f" {title} " for title in SECTIONS]
        room, first = self.size.width - 8, 0
        while first < self.at and len("".join(titles[first : self.at + 1])) > room:
            first += 1
        last = first
        while last < len(titles) and len("".join(titles[first : last + 1])) <= room:
            last += 1
        last = max(last, self.at + 1)
        here = [(titles[n], "bold $ground on $accent" if n == self.at else "$text") for n in range(first, last)]
        before = [("‹ ", "$muted")] if first else []
        after = [(" ›", "$muted")] if last < len(titles) else []
        self.query_one("#sections", Static).update(Content.assemble(*before, *here, *after))

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """The selected number in full."""
        self.query_one(Detail).follow(event.table)

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter opens who is behind it."""
        behind = self.shown.behind.get(event.key) if self.shown else None
        if not behind:
            self.prm.tell("No partner stands behind this line: it is told in full below.")
        else:
            lists = behind if isinstance(behind, tuple) else (behind,)
            self.start(lambda: self._open(lists), "open")

    async def _open(self, lists: Sequence[Behind]) -> None:
        as_of, behind = self.prm.session.as_of, lists[0]
        if len(lists) > 1:
            choices = [Choice(str(n), visible(one.title)) for n, one in enumerate(lists)]
            picked = await self.prm.push_screen_wait(Choose("Which list?", choices))
            if picked is None:
                return
            behind = lists[int(picked)]
        who = behind.who
        ids = await self.read(
            lambda store: who(store, as_of) if callable(who) else insights.behind(store, as_of, who), "behind"
        )
        if ids:
            self.prm.push_screen(BehindScreen(behind.title, ids))
        else:
            self.prm.tell("It is nobody.")

    def action_actions(self) -> None:
        """Decide about the marked ones, or the selected one; only where the lines are partners."""
        table = self.query_one(Table)
        if self.section != "Review" or table.current is None:
            self.prm.tell("enter opens who is behind a number; a acts on them there. In Review a decides.")
            return
        chosen = [key for key in table.keys if key in table.marked] or [table.current]
        self.start(lambda: self._decide(chosen), "act")

    async def _decide(self, chosen: list[int]) -> None:
        """Decide; what was decided about is marked no longer."""
        from screens.partners.quiet import decide

        if await decide(self, chosen):
            self.action_unmark()

    def action_unmark(self) -> None:
        """Escape takes the marks away; it never leaves the mode."""
        table = self.query_one(Table)
        table.marked.clear()
        table.refresh()

    def action_out(self) -> None:
        """The numbers as a workbook."""
        from screens.exchange.out import insights_to_file

        self.start(lambda: insights_to_file(self), "out")

    def action_edit(self) -> None:
        """Change the selected policy."""
        from screens.insights.policy import edit

        key = self.query_one(Table).current
        if self.section != "Policies" or key is None:
            self.prm.tell("Only policies are edited here: ← from States goes to them.")
            return
        self.start(lambda: edit(self, key[0]), "edit")

    def action_section(self, by: int) -> None:
        """The next section, or the one before."""
        self.at, self.shown = (self.at + by) % len(SECTIONS), None
        table = self.query_one(Table)
        table.cursor = 0
        table.marked.clear()
        self.reload()
