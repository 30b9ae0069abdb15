"""Typing a condition: completed, put in words, counted, with the first whom it matches, letter by letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from prm_tui.domain.errors import UsageError
from prm_tui.domain.outline import when
from prm_tui.domain.rule import Rule
from prm_tui.gateway import Superseded
from prm_tui.services import conditions, triggers
from screens.modals.base import Modal
from screens.partners.filter import Filter, fault
from screens.text import plain, visible
from screens.widgets.table import Col, Line, Table
from screens.workers import begin

if TYPE_CHECKING:
    from prm_tui.domain.standing import Matching
    from prm_tui.domain.trigger import Trigger
    from screens.base import PrmScreen
    from storage import Store

COLUMNS = [Col("code", "Code", 10), Col("name", "The first of them", least=20), Col("which", "", 30)]


async def ask_condition(screen: PrmScreen, rule: Rule, part: str | None = None) -> str | None:
    """The condition, or one part of it, as it was edited; "" for none, None when it was left."""
    trigger, _, _ = rule.built()
    if trigger is None:
        raise UsageError("Put right first when it looks: the condition depends on it.")
    said: str | None = await screen.prm.push_screen_wait(ConditionModal(screen, trigger, part))
    return said


class ConditionModal(Modal[str]):
    """Enter takes the condition, if it means something; escape leaves it as it was."""

    DEFAULT_CSS = """
    ConditionModal #panel { width: 110; height: 22; }
    ConditionModal Filter { padding: 0; height: 2; }
    ConditionModal Filter #reading { height: auto; }
    ConditionModal #now { height: 1; margin: 1 0; }
    ConditionModal Table { height: 1fr; background: $panel; }
    """
    BINDINGS: ClassVar = [Binding("escape", "dismiss(None)", "back", show=False)]

    def __init__(self, screen: PrmScreen, trigger: Trigger, part: str | None = None) -> None:
        super().__init__()
        self.behind, self.trigger, self.part = screen, trigger, part
        self.wrong = ""

    def compose(self) -> ComposeResult:
        """The line with its reading, the count, the first of them."""
        with Vertical(id="panel"):
            head = (
                f"If: {when(self.trigger)[0]}" if self.part is None else "And: one part of the condition, counted alone"
            )
            yield Static(plain(head, "bright"), id="title")
            yield Filter(
                (self.trigger.when or "") if self.part is None else self.part,
                sign="›",
                hint="days_since(order) > 100 and status = 'Active'; empty means always",
            )
            yield Static("", id="now", markup=False)
            yield Table(id="first")
            yield Static(Content("→ completes, enter takes it, esc leaves it as it was"), id="foot")

    def on_mount(self) -> None:
        """Begin with what is there."""
        self.query_one(Filter).edit()
        field = self.query_one(Input)
        field.cursor_position = len(field.value)
        begin(self, self._learn, "catalogue")
        begin(self, self._look, "read")

    async def _learn(self) -> None:
        about = self.trigger.about
        known = await self.behind.read(lambda store: conditions.catalogue_about(store, about))
        self.query_one(Filter).completion.catalogue = known

    def on_filter_changed(self) -> None:
        """Count anew."""
        begin(self, self._look, "read")

    async def _look(self) -> None:
        line, as_of, trigger = self.query_one(Filter), self.behind.prm.session.as_of, self.trigger
        text = line.text.strip()

        def look(store: Store) -> tuple[str, Matching]:
            reading = conditions.reading_of(text) if text else "always"
            return reading, triggers.matching(store, trigger, as_of, text)

        try:
            reading, found = await self.behind.read(look, "condition")
        except Superseded:
            return
        except UsageError as error:
            self.wrong = fault(error)
            line.say(self.wrong, bad=True)
            return
        self.wrong = ""
        line.say(reading)
        self.query_one("#now", Static).update(Content.assemble(("matches now ", "$muted"), plain(found.said, "bright")))
        rows = {
            n: Line(((visible(s.code), "muted"), (visible(s.name), "bright"), (visible(s.which), "muted")))
            for n, s in enumerate(found.first)
        }
        self.query_one(Table).fill(COLUMNS, rows)

    def on_filter_left(self, event: Filter.Left) -> None:
        """Enter takes it; the arrow down goes to the list."""
        if not event.entered:
            self.query_one(Table).focus()
        elif not self.wrong:
            self.dismiss(self.query_one(Filter).text.strip())
