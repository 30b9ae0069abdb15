"""The way into a deactivation: why, what ends with it, when, what has to be done, and the review before it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
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
from prm_tui.domain.errors import PrmError, UsageError
from prm_tui.domain.notice import NOT_ADVICE, TABLE
from prm_tui.services import deactivation, notice, packs, planning
from prm_tui.services.values import read_date
from screens.base import PrmScreen
from screens.cases.rows import because, happens, impact_line
from screens.modals.choose import Choice, Choose
from screens.modals.confirm import Confirm
from screens.modals.form import Entry, Form
from screens.modals.pages import Page
from screens.text import hanging, plain, short_date, steps, visible
from screens.widgets.table import Col, Line, Table

STEPS = ("Why", "Impact", "Dates", "Tasks", "Review")
_COLUMNS = {
    "Why": [Col("what", "", 14), Col("value", "")],
    "Impact": [Col("what", "What ends with them", 26), Col("count", "", 12, True), Col("amount", "Amount", 14, True),
               Col("note", "", least=10)],
    "Dates": [Col("what", "", 24), Col("value", "")],
    "Tasks": [Col("due", "Due", 12), Col("what", "What"), Col("who", "By", 18)],
}  # fmt: skip


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
    DeactivateScreen.-narrow #side { display: none; }
    DeactivateScreen #hint { height: auto; max-height: 5; padding: 0 3; color: $muted; margin-bottom: 1; }
    """
    BINDINGS: ClassVar = [*bindings("wizard"), Binding("enter", "ask", show=False)]

    def __init__(self, partner_ids: Sequence[int]) -> None:
        super().__init__()
        self.partner_ids = list(partner_ids)
        self.at = 0
        self.chosen: dict[str, Any] = {
            "reason": "inactivity",
            "path": None,
            "notice_on": None,
            "effective_on": None,
            "notice": None,
            "memo": "",
        }
        self.plans: list[Plan] = []
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
        yield Static("", id="hint", markup=False)

    def on_mount(self) -> None:
        """Take up the draft, then show the first step."""
        self.query_one(Table).focus()
        self.reload()

    def on_resize(self, event: events.Resize) -> None:
        """The side needs room."""
        self.set_class(event.size.width < 104, "-narrow")

    def reload(self) -> None:
        """Plan again with what is chosen; once it was asked for there is nothing to plan."""
        if not self.asked:
            self.start(self._show, "plan")

    def _date(self, key: str) -> date | None:
        return date.fromisoformat(self.chosen[key]) if self.chosen[key] else None

    async def _show(self) -> None:
        session, ids = self.prm.session, self.partner_ids
        if not self.begun:
            self.begun = True
            kept = await self.read(lambda s: deactivation.draft(s, ids))
            if kept:
                self.chosen.update(kept["chosen"])
                self.at = min(int(kept["at"]), len(STEPS) - 1)
                self.prm.tell("Taken up where it was left. It has had no effect.")
        chosen, notice, effective = self.chosen, self._date("notice_on"), self._date("effective_on")
        try:
            self.plans = await self.read(
                lambda s: [
                    planning.plan(
                        s,
                        p,
                        chosen["reason"],
                        path=chosen["path"],
                        notice_on=notice,
                        effective_on=effective,
                        notice=chosen["notice"],
                        as_of=session.as_of,
                    )
                    for p in ids
                ]
            )
        except UsageError as error:
            self.prm.tell(str(error), bad=True)
            if not self.plans:
                self.prm.pop_screen()
            return
        self._draw()

    def _draw(self) -> None:
        first = self.plans[0]
        name = first.name if len(self.plans) == 1 else f"{len(self.plans)} partners"
        self.query_one("#head", Static).update(
            Content.assemble(
                plain(f"Deactivate {name[:120]}", "bright"), ("   draft, kept when you leave; no effect yet", "$muted")
            )
        )
        self.query_one("#steps", Static).update(steps(STEPS, self.at))
        step = STEPS[self.at]
        self.query_one("#happens", Static).update(happens(self.plans))
        self.query_one("#hint", Static).update(self._hint(step))
        table, review = self.query_one(Table), self.query_one("#review")
        table.display, review.display = step != "Review", step == "Review"
        self.query_one("#side").display = step != "Review"
        if step == "Review":
            self.query_one("#said", Static).update(self._review())
            review.focus()
            return
        lines: dict[Any, Line] = getattr(self, f"_{step.lower()}")()

        table.focus()
        table.fill(_COLUMNS[step], lines)

    # ---- the lines of each step ----

    def _why(self) -> dict[Any, Line]:
        first = self.plans[0]
        return {
            "reason": Line((("Reason", "muted"), (first.reason.title, "bright"))),
            "path": Line((("Path", "muted"), (first.path.title, "bright"))),
            "memo": Line((("Memo", "muted"), (visible(self.chosen["memo"] or "what the deciders should know"),
                                              "text" if self.chosen["memo"] else "muted"))),
            **{("partner", p.partner_id): Line((("Partner", "muted"), (visible(f"{p.code}  {p.name}"), "text"))) for p in self.plans},
        }  # fmt: skip

    def _impact(self) -> dict[Any, Line]:
        lines: dict[Any, Line] = {}
        for plan in self.plans:
            if len(self.plans) > 1:
                lines[plan.partner_id, ""] = Line(((visible(plan.name)[:26], "bright"), ("", ""), ("", ""), ("", "")))
            for line in plan.impact:
                lines[plan.partner_id, line.key] = impact_line(line)
        return lines

    def _dates(self) -> dict[Any, Line]:
        open_dates = any(plan.dates.asked for plan in self.plans)
        by = self.chosen["notice"] or ("to be given: choose a line, or an effective date" if open_dates else "")
        lines: dict[Any, Line] = (
            {"notice": Line((("By the notice table", "muted"), (visible(by), "warn" if open_dates else "bright")))}
            if by
            else {}
        )
        lines |= {
            "notice_on": Line(
                (("Notice to be served", "muted"), (f"{short_date(self.plans[0].dates.notice_on)}, planned", "bright"))
            )
        }
        for plan in self.plans:
            name = f"Effective, {plan.code}" if len(self.plans) > 1 else "Effective"
            lines["effective_on", plan.partner_id] = Line(
                ((name, "muted"), (f"{short_date(plan.dates.effective_on)}, planned", "bright"))
            )
            lines["rule", plan.partner_id] = Line(
                (("By the rule", "muted"), (visible(f"{plan.dates.rule}. {plan.dates.basis}"), "text"))
            )
        return lines

    def _tasks(self) -> dict[Any, Line]:
        return {
            (plan.partner_id, n): Line(((short_date(due), "text"), (visible(title), "bright"), (visible(who), "muted")))
            for plan in self.plans[:1]
            for n, (due, title, who) in enumerate(sorted(plan.tasks))
        }

    def _review(self) -> Content:
        """Everything that will happen, by date; what is not checked; what cannot be taken back."""
        width = max(self.size.width - 10, 40)
        first, person = self.plans[0], self.prm.session
        parts = [
            hanging("Reason and path".ljust(20), f"{first.reason.title}, {first.path.title.lower()}", width, "bright"),
            hanging("Asked for by".ljust(20), person.actor_name, width, "bright" if person.actor else "warn"),
            hanging("Approved by".ljust(20), first.by, width),
        ]
        if self.chosen["memo"]:
            parts.append(hanging("Memo".ljust(20), self.chosen["memo"], width))
        parts.append(hanging("Cannot be taken back".ljust(22), "nothing yet: asking can be undone, and stopped until notice is"
                             " served; a served notice can only be withdrawn", width))  # fmt: skip
        for plan in self.plans:
            unchecked = ", ".join(line.label.lower() for line in plan.unchecked)
            parts += [Content(""), plain(f"{plan.code}  {plan.name[:120]}", "bright")]
            parts.append(hanging("  Rule".ljust(20), f"{plan.dates.rule}. {plan.dates.basis}", width))
            if unchecked:
                parts.append(hanging("  Not checked".ljust(20), unchecked, width, "warn"))
            parts += [hanging("  Note".ljust(20), warning, width, "warn") for warning in plan.warnings]
            days = [(plan.dates.notice_on, "notice is served (planned)", ""), *plan.tasks,
                    (plan.dates.effective_on, "status becomes Deactivated (planned)", "")]  # fmt: skip
            for day, what, who in sorted(days):
                parts.append(hanging(f"  {short_date(day)}".ljust(20), f"{what} · {who}" if who else what, width))
        return Content("\n").join(parts)

    def _hint(self, step: str) -> Content:
        said = {
            "Why": "enter changes a line; > goes on. What is known now is kept as evidence when you ask.",
            "Impact": "enter opens the list behind a number. What no sheet brought was not checked: it is not clear.",
            "Dates": "enter changes a date. Dates run from proven service; a later service moves them.",
            "Tasks": "These open when it is approved. Before notice is served the case can be stopped.",
            "Review": "enter asks for approval. Nothing happens to the partner before it is approved.",
        }[step]
        return Content(said)

    # ---- commands ----

    def action_next(self) -> None:
        self.at = min(self.at + 1, len(STEPS) - 1)
        self._redraw()

    def action_ask(self) -> None:
        """Enter, in the review."""
        if STEPS[self.at] == "Review" and self.plans:
            self.start(self._submit, "submit")

    def action_before(self) -> None:
        self.at = max(self.at - 1, 0)
        self._redraw()

    def _redraw(self) -> None:
        self.query_one(Table).cursor = 0
        if self.plans:
            self._draw()

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
        self.start(lambda: self._open(event.key), "open")

    async def _open(self, key: Any) -> None:
        step = STEPS[self.at]
        if step == "Why" and isinstance(key, str):
            await self._choose(key)
        elif step == "Impact":
            self._open_list(key)
        elif step == "Dates":
            await self._change_date(key[0] if isinstance(key, tuple) else key)

    async def _choose(self, key: str) -> None:
        rules = packs.deactivation()
        if key == "memo":

            async def keep(fields: dict[str, str]) -> str:
                return fields["memo"]

            said = await self.prm.push_screen_wait(
                Form("Memo", [Entry("memo", "Memo", self.chosen["memo"])], keep, whole=True)
            )
            self.chosen["memo"] = self.chosen["memo"] if said is None else said
        else:
            if key == "reason":
                choices = [Choice(r.key, r.title, rules.paths[r.path].title) for r in rules.reasons.values()]
            else:
                choices = [Choice(p.key, p.title, p.rule) for p in rules.paths.values()]
            picked = await self.prm.push_screen_wait(Choose(key.capitalize(), choices))
            if picked is not None:
                self.chosen[key] = picked
                if key == "reason":
                    self.chosen["path"] = None
        self.reload()

    def _open_list(self, key: tuple[int, str]) -> None:
        line = next((i for p in self.plans if p.partner_id == key[0] for i in p.impact if i.key == key[1]), None)
        if line is None:
            return
        said = [plain(item) for item in line.items] or [plain(because(line), "muted")]
        self.prm.push_screen(Page(line.label, Content("\n").join(said)))

    async def _change_date(self, key: str) -> None:
        if key == "notice":
            table = await self.read(notice.table)
            lines = [Choice(one.key, one.title, one.length) for one in table]
            offered = [Choice(TABLE, "The line that fits", "by type and years"), *lines]
            self.chosen["notice"] = (
                await self.prm.push_screen_wait(Choose(NOT_ADVICE, offered)) or self.chosen["notice"]
            )
            self.reload()
        if key in ("rule", "notice"):
            return
        first = self.plans[0].dates
        now = first.notice_on if key == "notice_on" else first.effective_on

        async def keep(fields: dict[str, str]) -> str:
            day = read_date(fields[key], key)
            ids, chosen, session = self.partner_ids, self.chosen, self.prm.session
            notice = day if key == "notice_on" else self._date("notice_on")
            effective = day if key == "effective_on" else None
            await self.read(
                lambda s: [
                    planning.plan(s, p, chosen["reason"], path=chosen["path"], notice_on=notice, effective_on=effective,
                                      notice=chosen["notice"], as_of=session.as_of)
                    for p in ids
                ]
            )  # fmt: skip
            return day.isoformat()

        label = "Notice on" if key == "notice_on" else "Effective on"
        day = await self.prm.push_screen_wait(Form("Dates", [Entry(key, label, now.isoformat())], keep, whole=True))
        if day is not None:
            self.chosen[key] = day
            if key == "notice_on":
                self.chosen["effective_on"] = None
            self.reload()

    async def _submit(self) -> None:
        session, ids, chosen = self.prm.session, self.partner_ids, self.chosen
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
        notice, effective = self._date("notice_on"), self._date("effective_on")
        self.asked = True
        try:
            made = await self.write(
                lambda s: deactivation.submit(
                    s, ids, chosen["reason"], path=chosen["path"], notice_on=notice, effective_on=effective,
                    notice=chosen["notice"], memo=chosen["memo"], actor=session.actor, as_of=session.as_of,
                )
            )  # fmt: skip
        except PrmError:
            self.asked = False
            raise
        await self.prm.gateway.write(lambda s: deactivation.keep_draft(s, ids, None))
        self.prm.pop_screen()
        self.prm.tell(f"Asked for: case {', '.join(map(str, made))}. It waits for approval in Today (1).")
