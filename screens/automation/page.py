"""One trigger: when, if, then, safety; edited, checked as one types, rehearsed, backtested, switched on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.errors import UsageError
from prm_tui.domain.fault import Fault
from prm_tui.domain.rule import Rule
from prm_tui.domain.standing import Matching, Standing
from prm_tui.services import agreeing, automation, rules, triggers
from screens.automation import acts, editing
from screens.automation.result import Backtested, Rehearsed
from screens.automation.rows import page_columns, page_lines
from screens.automation.testing import Span, ask_span, run_backtest
from screens.automation.text import edit_text
from screens.base import PrmScreen
from screens.modals.confirm import Confirm
from screens.text import plain
from screens.widgets.detail import Detail
from screens.widgets.table import Table

if TYPE_CHECKING:
    from storage import Store

BOTH_FROM = 34  # lines of a window that has room for the trigger and a result beneath it


@dataclass
class Seen:
    """What is known of the trigger as it is edited."""

    faults: list[Fault] = field(default_factory=list)
    matching: Matching | None = None
    reading: str = ""
    alone: list[tuple[str, str]] = field(default_factory=list)
    others: tuple[str, ...] = ()
    acts: list[str] = field(default_factory=list)
    agrees: str = ""
    standing: Standing | None = None


class TriggerPage(PrmScreen):
    """See the module. `name` names the trigger, `rule` is one that is nowhere yet; `first` is done at once."""

    mode = "automation"
    place = "trigger"
    DEFAULT_CSS = """
    TriggerPage #head { height: 1; padding: 0 3; margin: 1 0 0 0; }
    TriggerPage #rule { height: 1fr; margin: 0 1; }
    TriggerPage.-result.-low #rule { display: none; }
    TriggerPage.-result #rule { height: 2fr; }
    TriggerPage.-result Rehearsed, TriggerPage.-result Backtested { height: 3fr; border-top: solid $faint; }
    TriggerPage.-result.-low Rehearsed, TriggerPage.-result.-low Backtested { border-top: none; }
    """
    BINDINGS: ClassVar = bindings("trigger")

    def __init__(self, name: str, *, rule: Rule | None = None, first: str = "") -> None:
        super().__init__()
        self.rule_name, self.rule, self.first = name, rule, first
        self.kept: Rule | None = None  # as it stands in the file
        self.seen = Seen()
        self.span: Span | None = None
        self.wanted: int | None = None  # the step the cursor goes to

    def body(self) -> ComposeResult:
        """Head, the trigger, what was found."""
        yield Static("", id="head", markup=False)
        yield Table(id="rule")
        yield Rehearsed()
        yield Backtested()
        yield Detail()

    def on_mount(self) -> None:
        """The trigger has the keys."""
        self.query_one("#rule").focus()
        self.reload()
        if self.first:
            self.start(lambda: self.run_action(self.first), "first")

    def on_resize(self, event: events.Resize) -> None:
        """A result takes the place of the trigger where there is no room for both."""
        self.set_class(event.size.height < BOTH_FROM, "-low")
        self.call_after_refresh(self._draw)

    @property
    def changed(self) -> bool:
        """Whether it was edited and not saved yet."""
        return self.rule is not None and self.rule != self.kept

    # ---- reading ----

    def reload(self) -> None:
        """Read again; what was edited stays."""
        self.start(self._show, "page")

    async def _show(self) -> None:
        name, as_of, edited = self.rule_name, self.prm.session.as_of, self.rule if self.changed else None

        def look(store: Store) -> tuple[Rule | None, Seen]:
            known = {s.trigger.name: s for s in triggers.standings(store, as_of, now=False)}
            kept = rules.load(store, name, as_of) if name in known else None
            rule = edited or kept
            if rule is None:
                raise UsageError("That trigger is not in the file any more.")
            return kept, _look(store, rule, known.get(name), as_of)

        self.kept, self.seen = await self.read(look, "rule")
        self.rule = edited or self.kept
        self._draw()

    def _draw(self) -> None:
        if self.rule is None:
            return
        seen, table = self.seen, self.query_one("#rule", Table)
        self.query_one("#head", Static).update(self._head())
        table.fill(
            page_columns(table.wide),
            page_lines(self.rule, table.wide, faults=seen.faults, acts=seen.acts, agrees=seen.agrees,
                       matching=seen.matching, reading=seen.reading, alone=seen.alone, others=seen.others),
        )  # fmt: skip
        if self.wanted is not None:
            place, self.wanted = ("step", self.wanted), None
            lines = [at for at, key in enumerate(table.keys) if key[:2] == place]
            for at in lines[-1:] + lines[:1]:  # all of it comes in sight
                table.move_to(at)

    def _head(self) -> Content:
        assert self.rule is not None
        one = self.seen.standing
        parts: list[Any] = [plain(self.rule.title, "bright")]
        if one is None:
            parts.append(("   not saved yet", "$warn"))
        else:
            parts.append((f"   version {one.version}", "$muted"))
            parts.append(("   ● on" if one.on else "   ○ switched off", "$good" if one.on else "$muted"))
            wrong = len(self.seen.faults)
            parts += [("   changed, not saved: W saves", "$warn")] if self.changed and not wrong else []
            parts += [(f"   {one.held:,} held", "$warn")] if one.held else []
            parts += [plain(f"   ! {trouble}", "bad") for trouble in one.troubles]
        if self.seen.faults:
            many = len(self.seen.faults)
            unsaved = "not saved, " if self.changed and one is not None else ""
            parts.append((f"   {unsaved}{many} thing{'s' if many != 1 else ''} wrong", "$bad"))
        return Content.assemble(*parts)

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """The line in full."""
        self.query_one(Detail).follow(event.table)

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter edits."""
        if event.table.id == "rule":
            self.action_edit()

    # ---- editing ----

    def put(self, rule: Rule, step: int | None = None) -> None:
        """Take an edited trigger; it is checked, and not saved. The cursor goes to a step."""
        self.rule, self.wanted = rule, step
        self.reload()

    def _under(self, part: str) -> int | None:
        """The place of what the cursor is on, where that is a step, or a part of the condition."""
        key = self.query_one("#rule", Table).current
        return key[1] if key and key[0] == part else None

    @property
    def step(self) -> int | None:
        """The place of the step under the cursor."""
        return self._under("step")

    def action_edit(self) -> None:
        key = self.query_one("#rule", Table).current
        rule = self.rule
        if rule is not None and key is not None:
            self.start(lambda: editing.edit(self, rule, key[0], key[1]), "form")

    def action_text(self) -> None:
        """Write the text of the step under the cursor."""
        rule, step = self.rule, self.step
        if rule is not None:
            self.start(lambda: edit_text(self, rule, step), "form")

    def action_new(self) -> None:
        key = self.query_one("#rule", Table).current
        rule = self.rule
        if rule is not None:
            condition = key is not None and key[0] in ("if", "part")
            work = editing.add_part if condition else editing.add_step
            self.start(lambda: work(self, rule, self.step), "form")

    def action_remove(self) -> None:
        """Take the step out; it is in the file until it is saved."""
        n, rule, part = self.step, self.rule, self._under("part")
        if rule is not None and part is not None:
            self.put(editing.with_part(rule, part, ""))
        elif n is None or rule is None or rule.flow is None:
            self.prm.tell("The cursor is on no step, and on no part of the condition.")
        elif len(rule.steps) == 1:
            self.prm.tell("A workflow needs one step at least.")
        else:
            self.put(rule.without(n))
            self.prm.tell("Taken out. It is still in the file until W saves; esc leaves without saving.")

    def action_move(self, by: int) -> None:
        n, rule = self.step, self.rule
        if n is not None and rule is not None and rule.flow is not None:
            self.put(rule.moved(n, by), min(max(n + by, 0), len(rule.steps) - 1))

    def action_save(self) -> None:
        self.start(self._save, "form")

    async def _save(self) -> None:
        session, rule, seen = self.prm.session, self.rule, self.seen
        if rule is None or not self.changed:
            self.prm.tell("Nothing was changed.")
            return
        if seen.faults:
            raise UsageError(f"It cannot be saved yet: {seen.faults[0].said}")
        on = seen.standing is not None and seen.standing.on
        said = ["A new version is saved; cases that are open finish on the version they began with."]
        said += (
            [f"It {' and '.join(seen.acts)}: it is switched off until {seen.agrees} switches it on."]
            if on and seen.acts
            else []
        )
        said += [f"The workflow is also started by {', '.join(seen.others)}."] if seen.others else []
        said += ["Saving switches nothing on: O does, after a rehearsal."] if not on else []
        text = Content("\n").join([plain(line) for line in said] + [plain(f"You act as {session.actor_name}.", "warn")])
        if await self.prm.push_screen_wait(Confirm(f"Save {rule.title[:60]}?", text, yes="save it")):
            done = await self.write(lambda s: rules.save(s, rule, actor=session.actor, as_of=session.as_of))
            self.rule_name, self.rule = rule.name, None
            self.reload()
            self.prm.tell("Saved." + (f" Switched off: {', '.join(done.off)}." if done.off else ""))

    # ---- what it would do ----

    def _result(self, which: type[Rehearsed] | type[Backtested] | None) -> None:
        self.set_class(which is not None, "-result")
        self.query_one(Detail).display = which is not Backtested
        for kind in (Rehearsed, Backtested):
            self.query_one(kind).set_class(kind is which, "shown")
        shown = self.query_one(which) if which else None
        effects = self.query_one("#effects", Table)
        target = effects if which is Rehearsed else shown if shown is not None else self.query_one("#rule")
        target.focus()

    def action_rehearse(self) -> None:
        self.start(self._rehearse, "test")

    async def _rehearse(self) -> None:
        as_of, session = self.prm.session.as_of, self.prm.session
        await self._known()
        rule = self.rule
        assert rule is not None
        if self.seen.faults:
            raise UsageError(f"It cannot be rehearsed yet: {self.seen.faults[0].said}")
        edited = rule if self.changed else None

        def before(store: Store) -> None:
            if edited is not None:
                rules.save(store, edited, actor=session.actor, as_of=as_of)

        run = await self.prm.gateway.write(
            lambda s: automation.rehearse(s, rule.name, as_of=as_of, before=before, let_go=True)
        )
        self.query_one(Rehearsed).fill(run)
        self._result(Rehearsed)

    async def _known(self) -> None:
        """Wait for the first reading."""
        if self.rule is None:
            await self._show()

    def action_backtest(self) -> None:
        self.start(self._backtest, "test")

    async def _backtest(self) -> None:
        await self._known()
        rule = self.rule
        assert rule is not None
        if self.span is None or self.query_one(Backtested).has_class("shown"):
            span = await ask_span(self, rule, self.span)
            if span is None:
                return
            self.span = span
        shown = self.query_one(Backtested)
        shown.say("Going through the days … esc stops it.")
        self._result(Backtested)
        await run_backtest(self, rule, self.span, shown)

    def action_switch(self) -> None:
        if self.changed:
            self.prm.tell("Save it first (W): what is switched on is what stands in the file.")
        else:
            self.start(lambda: acts.switch(self, self.rule_name), "act")

    def action_why(self) -> None:
        self.start(lambda: acts.why(self, self.rule_name), "act")

    def action_actions(self) -> None:
        self.start(lambda: acts.offer(self, self.rule_name), "act")

    def action_log(self) -> None:
        from screens.automation.log import RunsScreen

        self.prm.push_screen(RunsScreen())

    def action_back(self) -> None:
        """From a result to the trigger; from an edited one only after asking."""
        if self.has_class("-result"):
            self.start(lambda: self.read(lambda _: None, "backtest"), "stop")
            self._result(None)
        elif self.changed:
            self.start(self._leave, "form")
        else:
            self.prm.pop_screen()

    async def _leave(self) -> None:
        said = plain("What you changed was not saved.")
        if await self.prm.push_screen_wait(Confirm("Leave without saving?", said, yes="leave it unsaved", no="stay")):
            self.prm.pop_screen()


def _look(store: Store, rule: Rule, standing: Standing | None, as_of: Any) -> Seen:
    """Everything about a trigger that is computed: faults, whom it matches, how its condition reads."""
    from prm_tui.services import conditions

    trigger, _, _ = rule.built()
    seen = Seen(faults=rules.check(store, rule), standing=standing, others=tuple(rules.used_by(store, rule)))
    seen.acts, seen.agrees = rules.acts(store, rule), agreeing.who(store)
    if trigger is None:
        return seen
    try:
        seen.matching = triggers.matching(store, trigger, as_of)
        if trigger.when:
            seen.reading = conditions.reading_of(trigger.when)
            seen.alone = [
                (part, f"{triggers.matching(store, trigger, as_of, part).count:,}")
                for part in conditions.parts(trigger.when)
            ]
    except UsageError:
        pass  # the check says what is wrong with it
    return seen
