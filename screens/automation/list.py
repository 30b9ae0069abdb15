"""The list of triggers: which are on, whom they match now, what they found in the last weeks, what is held."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.standing import Matching, Standing
from prm_tui.services import packs, triggers
from screens.automation import acts
from screens.automation.log import RunsScreen
from screens.automation.page import TriggerPage
from screens.automation.rows import LIST_COLUMNS, standing_line
from screens.base import ModeScreen
from screens.listing import ListScreen
from screens.text import plain
from screens.widgets.table import Table

EMPTY = Content.assemble(
    ("No trigger yet.\n\n", "bold $bright"),
    ("A trigger watches your data and starts a workflow: messages, tasks, approvals, deadlines. Nothing acts before you"
     " have seen what it would do, and switched it on. Three ways to begin:\n\n", "$text"),
    ("  n  ", "bold $accent"), ("take a pack that comes with prm: “Welcome” only makes tasks\n", "$text"),
    ("  n  ", "bold $accent"), ("read a TOML file that somebody gave you\n", "$text"),
    ("  n  ", "bold $accent"), ("write one of your own, from a condition and a few steps\n", "$text"),
)  # fmt: skip


class AutomationScreen(ListScreen, ModeScreen):
    """A line a trigger, those that are on first."""

    mode = "automation"
    place = "automation"
    table_id = "triggers"
    nothing = EMPTY
    DEFAULT_CSS = "AutomationScreen #nothing { max-width: 100; }"
    BINDINGS: ClassVar = bindings("automation")

    def __init__(self) -> None:
        super().__init__()
        self.standings: dict[str, Standing] = {}

    def reload(self) -> None:
        """Read again."""
        self.start(self._show, "page")

    async def _show(self) -> None:
        as_of = self.prm.session.as_of
        if not self.standings:  # what is known at once stands first, whom they match comes after
            self._show_them(await self.read(lambda s: triggers.standings(s, as_of, now=False), "standings"))
        self._show_them(await self.read(lambda s: triggers.standings(s, as_of), "standings"))
        if not self.standings:
            self._offer(await self.read(lambda s: packs.welcome(s, as_of), "standings"))

    def _offer(self, rules: list[tuple[str, Matching]]) -> None:
        """What the welcome pack would find in this file, before anything of it is taken."""
        lines = [
            Content.assemble(
                plain(f"{seen.count:>7,}", "accent"),
                plain(f"  {title}", "text"),
                plain(f", {seen.unknown:,} unknown" if seen.unknown else "", "muted"),
            )
            for title, seen in rules
        ]
        head = [Content.styled("“Welcome” on your data now (it comes switched off):\n", "$text")] if lines else []
        self.query_one("#nothing", Static).update(Content("\n").join([EMPTY, *head, *lines]))

    def _show_them(self, found: list[Standing]) -> None:
        self.standings = {one.trigger.name: one for one in found}
        on, held, bad = sum(s.on for s in found), sum(s.held for s in found), sum(bool(s.troubles) for s in found)
        parts = [(f"   {on:,} on, {len(found) - on:,} off" if found else "", "$muted")]
        parts += [(f"   {held:,} match{'es' if held != 1 else ''} held for a decision", "$warn")] if held else []
        parts += [(f"   {bad:,} in trouble", "$bad")] if bad else []
        self.head("Triggers", *parts)
        self.fill(LIST_COLUMNS, {name: standing_line(one) for name, one in self.standings.items()})

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter opens the trigger."""
        self.prm.push_screen(TriggerPage(event.key))

    @property
    def selected(self) -> Standing | None:
        """The trigger under the cursor."""
        return self.standings.get(self.query_one(Table).current or "")

    def _page(self, first: str) -> None:
        if self.selected is not None:
            self.prm.push_screen(TriggerPage(self.selected.trigger.name, first=first))

    def action_rehearse(self) -> None:
        """On its page."""
        self._page("rehearse")

    def action_backtest(self) -> None:
        """On its page."""
        self._page("backtest")

    def action_switch(self) -> None:
        """Ask, switch."""
        one = self.selected
        if one is not None:
            self.start(lambda: acts.switch(self, one.trigger.name), "act")

    def action_new(self) -> None:
        """A pack, a file, a new one."""
        self.start(lambda: acts.add(self), "act")

    def action_log(self) -> None:
        self.prm.push_screen(RunsScreen())

    def action_run(self) -> None:
        self.start(lambda: acts.run_now(self), "act")

    def action_actions(self) -> None:
        one = self.selected
        if one is not None:
            self.start(lambda: acts.offer(self, one.trigger.name), "act")

    def action_why(self) -> None:
        one = self.selected
        if one is not None:
            self.start(lambda: acts.why(self, one.trigger.name), "act")
