"""The list of triggers: which are on, whom they match now, what they found in the last weeks, what is held."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.standing import Standing
from prm_tui.services import triggers
from screens.automation import acts
from screens.automation.log import RunsScreen
from screens.automation.page import TriggerPage
from screens.automation.rows import LIST_COLUMNS, standing_line
from screens.base import ModeScreen
from screens.widgets.detail import Detail
from screens.widgets.table import Table

EMPTY = Content.assemble(
    ("No trigger yet.\n\n", "bold $bright"),
    ("A trigger watches your data. When something becomes true, arrives, or comes near its date, it starts a workflow: "
     "messages, tasks, approvals, deadlines. Nothing acts before you have seen what it would do, and switched it on.\n\n"
     "Three ways to begin:\n\n", "$text"),
    ("  n  ", "bold $accent"), ("take a pack that comes with prm: “Welcome” only makes tasks\n", "$text"),
    ("  n  ", "bold $accent"), ("read a TOML file that somebody gave you\n", "$text"),
    ("  n  ", "bold $accent"), ("write one of your own, from a condition and a few steps\n", "$text"),
)  # fmt: skip


class AutomationScreen(ModeScreen):
    """A line a trigger, those that are on first."""

    mode = "automation"
    place = "automation"
    DEFAULT_CSS = """
    AutomationScreen #title { height: 1; padding: 0 2; margin: 1 0; }
    AutomationScreen Table { height: 1fr; margin: 0 1; }
    AutomationScreen #nothing { padding: 1 3; height: 1fr; max-width: 100; display: none; }
    """
    BINDINGS: ClassVar = bindings("automation")

    def __init__(self) -> None:
        super().__init__()
        self.standings: dict[str, Standing] = {}

    def body(self) -> ComposeResult:
        """A title, the list, the selected one in full."""
        yield Static("", id="title", markup=False)
        yield Table(id="triggers")
        yield Static(EMPTY, id="nothing")
        yield Detail()

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(Table).focus()

    def reload(self) -> None:
        """Read again."""
        self.start(self._show, "page")

    async def _show(self) -> None:
        as_of = self.prm.session.as_of
        if not self.standings:  # what is known at once stands first, whom they match comes after
            self._fill(await self.read(lambda s: triggers.standings(s, as_of, now=False), "standings"))
        self._fill(await self.read(lambda s: triggers.standings(s, as_of), "standings"))

    def _fill(self, found: list[Standing]) -> None:
        self.standings = {one.trigger.name: one for one in found}
        on, held, bad = sum(s.on for s in found), sum(s.held for s in found), sum(bool(s.troubles) for s in found)
        parts = [("Triggers", "bold $bright"), (f"   {on:,} on, {len(found) - on:,} off" if found else "", "$muted")]
        parts += [(f"   {held:,} match{'es' if held != 1 else ''} held for a decision", "$warn")] if held else []
        parts += [(f"   {bad:,} in trouble", "$bad")] if bad else []
        self.query_one("#title", Static).update(Content.assemble(*parts))
        table = self.query_one(Table)
        table.fill(LIST_COLUMNS, {name: standing_line(one) for name, one in self.standings.items()})
        table.display, self.query_one("#nothing").display = bool(found), not found

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """The selected trigger in full."""
        self.query_one(Detail).follow(event.table)

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
