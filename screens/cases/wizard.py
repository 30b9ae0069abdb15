"""The way into a deactivation: why, what ends, when, who takes what, what is owed, letters, and the review before asking."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.deactivation import Plan
from prm_tui.domain.errors import DecisionNeeded, PrmError, UsageError
from prm_tui.services import deactivation, leaving, planning
from prm_tui.services.leaving import Added, Ahead, Beside
from screens.base import PrmScreen
from screens.cases import wizard_steps
from screens.cases.rows import happens
from screens.cases.wizard_acts import OPEN
from screens.modals.confirm import Confirm
from screens.text import plain, steps
from screens.widgets.detail import Detail
from screens.widgets.table import Table

STEPS = ("Why", "Impact", "Dates", "Transition", "Obligations", "Letters", "Review")
AFTER_DATES = STEPS[3:]
"""Steps that show what the case would hold, and so need its dates."""
HINTS = {
    "Why": "enter changes a line; > goes on. What is known now is kept as evidence when you ask.",
    "Impact": "enter opens the list behind a number. What no sheet brought was not checked: it is not clear.",
    "Dates": "enter changes a date. Dates run from proven service; a later service moves them, and who approved is asked again.",
    "Transition": "enter says who takes it over. Nothing goes over before its consent is given and the case takes effect.",
    "Obligations": "enter takes one out, or back in; n adds one of your own. They open when the case is approved.",
    "Letters": "These are written from the case once it is approved; enter shows the text.",
    "Review": "enter asks for approval. Nothing happens to the partner before it is approved.",
}


class DeactivateScreen(PrmScreen):
    """See the module. `partner_ids` are the partners; what was chosen before for the same ones is taken up."""

    mode = "partners"
    place = "wizard"
    DEFAULT_CSS = """
    DeactivateScreen #head { height: 1; padding: 0 2; margin: 1 0; }
    DeactivateScreen #steps { height: 1; padding: 0 2; margin-bottom: 1; }
    DeactivateScreen #both { height: 1fr; }
    DeactivateScreen Table { width: 1fr; margin: 0 1; }
    DeactivateScreen #review { width: 1fr; padding: 0 3; display: none; scrollbar-size-vertical: 1; }
    DeactivateScreen #side { width: 46; padding: 0 1; border-left: vkey $faint; scrollbar-size-vertical: 1; }
    DeactivateScreen.-low #head, DeactivateScreen.-low #steps { margin: 0; }
    DeactivateScreen.-low #hint { display: none; }
    DeactivateScreen.-narrow #side, DeactivateScreen.-ahead #side { display: none; }
    DeactivateScreen #hint { height: auto; max-height: 5; padding: 0 3; color: $muted; margin-bottom: 1; }
    """
    BINDINGS: ClassVar = [*bindings("wizard"), Binding("enter", "ask", show=False)]

    def __init__(self, partner_ids: Sequence[int]) -> None:
        super().__init__()
        self.partner_ids = list(partner_ids)
        self.at = 0
        self.chosen: dict[str, Any] = {
            "reason": "inactivity", "path": None, "notice_on": None, "effective_on": None, "notice": None, "memo": "",
            "restricted": "", "handed": {}, "dropped": {}, "added": [],
        }  # fmt: skip
        self.plans: list[Plan] = []
        self.ahead: dict[int, Ahead] = {}
        self.begun = self.asked = False

    def body(self) -> ComposeResult:
        """Head, steps, the lines of the step, what will happen and when."""
        yield Static("", id="head", markup=False)
        yield Static("", id="steps", markup=False)
        with Horizontal(id="both"):
            yield Table(id="lines")
            with VerticalScroll(id="review"):
                yield Static("", id="said", markup=False)
            with VerticalScroll(id="side", can_focus=False):
                yield Static("", id="happens", markup=False)
        yield Detail()
        yield Static("", id="hint", markup=False)

    def on_mount(self) -> None:
        """Take up the draft, then show the first step."""
        self.query_one(Table).focus()
        self.reload()

    def on_resize(self, event: events.Resize) -> None:
        """The side needs room."""
        self.set_class(event.size.width < 104, "-narrow")
        self.set_class(event.size.height < 18, "-low")
        if self.plans:
            self._steps()

    # ---- what was chosen ----

    def date_of(self, key: str) -> date | None:
        """A date that was chosen."""
        return date.fromisoformat(self.chosen[key]) if self.chosen[key] else None

    @property
    def terms(self) -> dict[str, Any]:
        """Path and dates as a plan takes them."""
        return {"path": self.chosen["path"], "notice_on": self.date_of("notice_on"), "effective_on": self.date_of("effective_on"),
                "notice": self.chosen["notice"]}  # fmt: skip

    @property
    def beside(self) -> Beside:
        """What was chosen beside reason and dates."""
        handed = {int(partner): dict(to) for partner, to in self.chosen["handed"].items()}
        added = tuple(Added(*one) for one in self.chosen["added"])
        return Beside(handed, frozenset(self.chosen["dropped"]), added)

    @property
    def asking(self) -> dict[str, Any]:
        """What is asked for, as `leaving.ask` takes it."""
        seen = [name for name in self.chosen["restricted"].split(",") if name.strip()]
        return {**self.terms, "memo": self.chosen["memo"], "restricted": seen}

    # ---- reading ----

    def reload(self) -> None:
        """Plan again with what is chosen; once it was asked for there is nothing to plan."""
        if not self.asked:
            self.start(self._show, "plan")

    async def _show(self) -> None:
        session, ids = self.prm.session, self.partner_ids
        if not self.begun:
            self.begun = True
            kept = await self.read(lambda s: deactivation.draft(s, ids))
            if kept:
                self.chosen.update(kept["chosen"])
                self.at = min(int(kept["at"]), len(STEPS) - 1)
                self.prm.tell("Taken up where it was left. It has had no effect.")
        reason, terms = self.chosen["reason"], self.terms
        try:
            self.plans = await self.read(lambda s: planning.plans(s, ids, reason, **terms, as_of=session.as_of))
        except UsageError as error:
            self.prm.tell(str(error), bad=True)
            if not self.plans:
                self.prm.pop_screen()
            return
        there = [plan for plan in self.plans if plan.open_case is not None]
        if there and len(there) == len(self.plans):
            await self._open_the_first(there[0])
            return
        await self._look_ahead()
        self._draw()

    async def _open_the_first(self, plan: Plan) -> None:
        from screens.cases.page import CasePage

        self.asked = True
        number = plan.open_case
        assert number is not None
        self.prm.tell(f"{plan.name[:60]} has a deactivation under way; this is it.")
        self.prm.switch_screen(CasePage(number))

    async def _look_ahead(self) -> None:
        """What the cases would hold, rehearsed; only for the steps that show it."""
        self.ahead = {}
        if STEPS[self.at] not in AFTER_DATES:
            return
        session, ids, reason, beside, asking = (
            self.prm.session,
            self.partner_ids,
            self.chosen["reason"],
            self.beside,
            self.asking,
        )
        try:
            self.ahead = await self.prm.gateway.write(
                lambda s: leaving.ahead(s, ids, reason, beside, actor=session.actor, as_of=session.as_of, **asking)
            )
        except DecisionNeeded as needed:
            self.at = STEPS.index("Dates")
            self.prm.tell(str(needed), bad=True)

    def _draw(self) -> None:
        first = self.plans[0]
        name = first.name if len(self.plans) == 1 else f"{len(self.plans)} partners"
        self.query_one("#head", Static).update(
            Content.assemble(
                plain(f"Deactivate {name[:120]}", "bright"), ("   draft, kept when you leave; no effect yet", "$muted")
            )
        )
        self._steps()
        step = STEPS[self.at]
        self.query_one("#happens", Static).update(happens(self.plans))
        self.query_one("#hint", Static).update(Content(HINTS[step]))
        table, review = self.query_one(Table), self.query_one("#review")
        table.display, review.display = step != "Review", step == "Review"
        self.set_class(step in AFTER_DATES, "-ahead")
        self.query_one(Detail).display = step != "Review"
        if step == "Review":
            self.query_one("#said", Static).update(wizard_steps.review(self))
            review.focus()
            return
        table.focus()
        table.fill(wizard_steps.COLUMNS[step], wizard_steps.LINES[step](self))

    def _steps(self) -> None:
        self.query_one("#steps", Static).update(steps(STEPS, self.at, self.size.width - 4))

    # ---- commands ----

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """The selected line in full."""
        self.query_one(Detail).follow(event.table)

    def action_next(self) -> None:
        self._turn(min(self.at + 1, len(STEPS) - 1))

    def action_before(self) -> None:
        self._turn(max(self.at - 1, 0))

    def _turn(self, at: int) -> None:
        self.at = at
        self.query_one(Table).cursor = 0
        if self.plans:
            self.reload()

    def action_ask(self) -> None:
        """Enter, in the review."""
        if STEPS[self.at] == "Review" and self.plans:
            self.start(self._submit, "submit")

    def action_add(self) -> None:
        """An obligation of one's own."""
        from screens.cases.wizard_acts import add_owed

        if STEPS[self.at] == "Obligations":
            self.start(lambda: add_owed(self), "open")

    def action_leave(self) -> None:
        """Leave; the draft is kept on the way out."""
        self.prm.pop_screen()

    async def on_unmount(self) -> None:
        """However it is left: what was chosen is kept, unless it was asked for."""
        if self.asked or not self.begun:
            return
        kept, ids = {"chosen": dict(self.chosen), "at": self.at}, self.partner_ids
        await self.prm.gateway.write(lambda s: deactivation.keep_draft(s, ids, kept))

    def on_table_opened(self, event: Table.Opened) -> None:
        """What enter does depends on the step."""
        act: Callable[[DeactivateScreen, Any], Coroutine[Any, Any, None]] = OPEN[STEPS[self.at]]
        self.start(lambda: act(self, event.key), "open")

    async def _submit(self) -> None:
        session, ids, reason, beside, asking = (
            self.prm.session,
            self.partner_ids,
            self.chosen["reason"],
            self.beside,
            self.asking,
        )
        first = self.plans[0]
        name = first.name[:80] if len(ids) == 1 else f"{len(ids)} partners"
        said = Content("\n").join(
            [
                plain(f"A case for {name} waits for the approval of {first.by}.", "text"),
                plain("Nothing happens to the partner before that. u takes it back.", "muted"),
            ]
        )
        if not await self.prm.push_screen_wait(
            Confirm("Ask for approval?", said, yes="ask for approval", no="not yet")
        ):
            return
        self.asked = True
        try:
            made = await self.write(
                lambda s: leaving.ask(s, ids, reason, beside, actor=session.actor, as_of=session.as_of, **asking)
            )
        except PrmError:
            self.asked = False
            raise
        await self.prm.gateway.write(lambda s: deactivation.keep_draft(s, ids, None))
        self.prm.pop_screen()
        listed = ", ".join(map(str, made[:8])) + (f" … {made[-1]}" if len(made) > 8 else "")
        self.prm.tell(f"Asked for: case {listed}. It waits for approval in Today (1).")
