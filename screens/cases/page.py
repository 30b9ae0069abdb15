"""One case: where it stands, what has to be done, what is known, what was kept as proof."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.case import STAGES, Case
from prm_tui.services import cases, documents, snapshot
from screens.base import PrmScreen
from screens.cases import acts, section_acts
from screens.cases.outgoing import out
from screens.cases.rows import STEP_COLUMNS, step_line
from screens.cases.sections import SECTIONS, Part
from screens.text import hanging, plain, steps
from screens.widgets.detail import Detail
from screens.widgets.table import Table

if TYPE_CHECKING:
    from prm_tui.domain.case import TaskRow
    from prm_tui.domain.deactivation import Since

STEPS = "Steps"
"""The section that every case has."""
_LINE = ("approval", "notice", "in notice", "after", "closed")
_SAID = {"approval": "Approval", "notice": "Notice", "in notice": "In notice", "after": "Effective", "closed": "Closed"}


class CasePage(PrmScreen):
    """See the module. `case_id` names the case."""

    mode = "cases"
    place = "case"
    DEFAULT_CSS = """
    CasePage #head { height: auto; padding: 0 2; margin: 1 0; }
    CasePage #stages { height: 1; padding: 0 2; margin-bottom: 1; }
    CasePage #sections { height: 1; padding: 0 2; margin-bottom: 1; }
    CasePage #nothing { padding: 0 3; color: $muted; width: 1fr; display: none; }
    CasePage #both { height: 1fr; }
    CasePage Table { width: 1fr; margin: 0 1; }
    CasePage #side { width: 48; padding: 0 1; border-left: vkey $faint; scrollbar-size-vertical: 1; }
    CasePage.-low #head, CasePage.-low #stages, CasePage.-low #sections { margin: 0; }
    CasePage.-low Detail { display: none; }
    CasePage.-narrow #side, CasePage.-section #side { display: none; }
    """
    BINDINGS: ClassVar = bindings("case")

    def __init__(self, case_id: int) -> None:
        super().__init__()
        self.case_id = case_id
        self.case: Case | None = None
        self.section = STEPS
        self.turned = False

    def body(self) -> ComposeResult:
        """Head, stages, the checklist, what is known."""
        yield Static("", id="head", markup=False)
        yield Static("", id="stages", markup=False)
        yield Static("", id="sections", markup=False)
        with Horizontal(id="both"):
            yield Table(id="steps")
            yield Static("", id="nothing", markup=False)
            with VerticalScroll(id="side", can_focus=False):
                yield Static("", id="known", markup=False)
        yield Detail()

    def on_mount(self) -> None:
        """Read it."""
        self.query_one(Table).focus()
        self.reload()

    def on_resize(self, event: events.Resize) -> None:
        """What is known needs room; v opens it in a narrow window."""
        self.set_class(event.size.width < 110, "-narrow")
        self.set_class(event.size.height < 18, "-low")
        if self.case is not None:
            self.query_one("#stages", Static).update(_stages(self.case, event.size.width - 4))

    def reload(self) -> None:
        """Read the case again."""
        self.start(self._show, "case")

    async def _show(self) -> None:
        viewer = self.prm.session.actor
        self.case = case = await self.read(lambda s: cases.shown(s, self.case_id, viewer))
        row, as_of = case.row, self.prm.session.as_of
        head = Content.assemble(
            plain(f"{row.kind.capitalize()} of {row.name}", "bright"),
            plain(f"   {STAGES.get(row.stage, row.stage)}", "warn"),
        )
        self.query_one("#head", Static).update(head)
        self.query_one("#stages", Static).update(_stages(case, self.size.width - 4))
        new = await self.read(lambda s: snapshot.since_snapshot(s, self.case_id, as_of))
        self.query_one("#known", Static).update(acts.about_case(case, 44) + _since(new) + _evidence(case))
        self.set_class(self.section != STEPS, "-section")
        self._head()
        if self.section == STEPS:
            part = Part(
                STEP_COLUMNS, {t.id: step_line(t, as_of) for t in case.tasks}, "Nothing is to be done in this case."
            )
        else:
            read = SECTIONS[self.section]
            part = await self.read(lambda s: read(s, self.case_id, viewer, as_of))
        table, nothing = self.query_one(Table), self.query_one("#nothing", Static)
        table.fill(part.columns, part.lines)
        if self.turned:
            self.turned = False
            table.move_to(0)
        table.display, nothing.display = bool(part.lines), not part.lines
        nothing.update(Content(part.nothing))
        if part.lines and self.focused is None:
            table.focus()

    @property
    def titles(self) -> list[str]:
        """The sections of the case; only a deactivation has more than its steps."""
        return [STEPS, *SECTIONS] if self.case and self.case.row.kind == "deactivation" else [STEPS]

    def _head(self) -> None:
        line = self.query_one("#sections", Static)
        line.display = len(self.titles) > 1
        parts = [
            (f" {title} ", "bold $ground on $accent" if title == self.section else "$text") for title in self.titles
        ]
        line.update(Content.assemble(*parts))

    def _selected(self) -> TaskRow | None:
        key = self.query_one(Table).current
        return next((t for t in self.case.tasks if t.id == key), None) if self.case else None

    def _with_task(self, work: Callable[[PrmScreen, TaskRow], Coroutine[Any, Any, None]]) -> None:
        if self.section != STEPS:
            self.prm.tell(
                "y, N and d are for steps: ← goes back to them. enter does what a line of this section asks for."
            )
            return
        task = self._selected()
        if task is not None and task.state == "open":
            self.start(lambda: work(self, task), "act")
        elif task is not None:
            self.prm.tell(f"“{task.title}” is {task.state}.")

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """The selected step in full."""
        self.query_one(Detail).follow(event.table)

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter does what the selected line asks for."""
        if self.section != STEPS and self.case is not None:
            act, case, key = section_acts.ACTS[self.section], self.case, event.key
            self.start(lambda: act(self, case, key), "act")
            return
        task = self._selected()
        self._with_task(acts.approve if task is not None and task.kind == "approval" else acts.done)

    def action_approve(self) -> None:
        self._with_task(acts.approve)

    def action_reject(self) -> None:
        self._with_task(acts.reject)

    def action_done(self) -> None:
        self._with_task(acts.done)

    def action_actions(self) -> None:
        """What the stage allows."""
        case = self.case
        if case is not None:
            self.start(lambda: acts.actions(self, case), "act")

    def action_section(self, by: int) -> None:
        """The next section, or the one before."""
        self.section = self.titles[(self.titles.index(self.section) + by) % len(self.titles)]
        self.turned = True
        self.reload()

    def action_add(self) -> None:
        """An obligation of one's own."""
        case = self.case
        if case is None or case.row.kind != "deactivation":
            self.prm.tell("Only a deactivation has obligations.")
            return
        self.start(lambda: section_acts.add_owed(self, case), "act")

    def action_out(self) -> None:
        """Evidence pack, letters, sheets."""
        case = self.case
        if case is None or case.row.kind != "deactivation":
            self.prm.tell("Only a deactivation has papers to write out; v shows what was kept.")
            return
        self.start(lambda: out(self, case), "out")

    def action_evidence(self) -> None:
        """What was kept, in full."""
        self.start(self._open_evidence, "evidence")

    async def _open_evidence(self) -> None:
        from screens.modals.choose import Choice, Choose
        from screens.modals.pages import Page

        if self.case is None or not self.case.evidence:
            self.prm.tell("Nothing was kept as proof yet.")
            return
        choices = [Choice(e.id, e.title, f"{e.at:%Y-%m-%d}, sha256 {e.hash[:12]}…") for e in self.case.evidence]
        chosen = await self.prm.push_screen_wait(Choose("Evidence", choices))
        if chosen is not None:
            file = next(e.file or e.title for e in self.case.evidence if e.id == chosen)
            text = await self.read(lambda s: documents.readable(cases.evidence(s, chosen), file))
            self.prm.push_screen(
                Page("Evidence", Content("\n").join([plain(line) for line in text[:100_000].split("\n")]))
            )

    def action_back(self) -> None:
        self.prm.pop_screen()


def _stages(case: Case, width: int) -> Content:
    if case.row.kind != "deactivation":
        return Content("")
    stage = "in notice" if case.row.stage == "withdrawal" else case.row.stage
    return steps([_SAID[name] for name in _LINE], _LINE.index(stage) if stage in _LINE else 0, width)


def _since(new: Since | None) -> Content:
    """What came for the partner since the case was approved, and what of the impact is another now."""
    if new is None or not (new.arrived or new.moved):
        return Content("")
    head = "Since it was approved" if new.approved else "Since it was asked for"
    parts = [Content("\n"), Content.styled(head, "bold $warn")]
    for one in new.arrived:
        amount = "" if one.amount is None else f", {one.amount:,.2f} {one.currency or ''}"
        corrected = " corrected" if one.corrected else ""
        parts.append(plain(f"{one.count:,} {one.label.lower()}{corrected}{amount}", "warn"))
    for line in new.moved:
        more = "" if line.amount is None else f", {line.amount:+,.2f}"
        parts.append(hanging("  ", f"{line.label}: {line.then} then, {line.now} now{more}", 44, "text"))
    return Content("\n").join(parts)


def _evidence(case: Case) -> Content:
    parts = [Content("\n"), Content.styled("\nEvidence", "bold $muted")]
    for kept in case.evidence:
        parts.append(plain(f"\n{kept.title}".replace("\n", ""), "text"))
        parts.append(plain(f"{kept.at:%Y-%m-%d %H:%M} UTC, sha256 {kept.hash[:16]}…", "muted"))
    return Content("\n").join(parts)
