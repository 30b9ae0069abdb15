"""Today: what needs me now, in order of due time; and how far the feeds reach."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.case import TaskRow
from prm_tui.services import cases, feeds, history, outbox, packs, partners, runs
from screens.base import ModeScreen, PrmScreen
from screens.cases import acts
from screens.cases.page import CasePage
from screens.cases.rows import TASK_COLUMNS, task_line
from screens.outbox.rows import waiting
from screens.text import fit, hanging, plain, short_date, visible
from screens.widgets.detail import Detail
from screens.widgets.table import Table

if TYPE_CHECKING:
    from prm_tui.session import Visit
    from storage import Store

NOTHING = (
    "Nothing waits for you.\n\nHere stand tasks and approvals in order of their due time. They come from cases: of triggers"
    " that are on (3), or those you begin: go to Partners (2), select or mark partners, and press a."
)

FIRST = "\n\nNo rule watches your data yet: 3 shows what the welcome rules would find in it today."


class TodayScreen(ModeScreen):
    """Inbox left; what happened and the feeds right."""

    mode = "today"
    place = "today"
    DEFAULT_CSS = """
    TodayScreen #title { height: 1; padding: 0 2; margin: 1 0; }
    TodayScreen #messages { height: 1; padding: 0 2; margin-bottom: 1; display: none; }
    TodayScreen #both { height: 1fr; }
    TodayScreen #left { width: 1fr; }
    TodayScreen Table { height: 1fr; margin: 0 1; }
    TodayScreen #nothing { padding: 1 3; max-width: 90; color: $muted; height: 1fr; display: none; }
    TodayScreen #side { width: 44; padding: 0 1; border-left: vkey $faint; scrollbar-size-vertical: 1; }
    TodayScreen.-narrow #side { display: none; }
    """
    BINDINGS: ClassVar = bindings("today")

    def __init__(self) -> None:
        super().__init__()
        self.tasks: dict[int, TaskRow] = {}

    def body(self) -> ComposeResult:
        """Title; messages that wait; inbox; side pane."""
        yield Static("", id="title", markup=False)
        yield Static("", id="messages", markup=False)
        with Horizontal(id="both"):
            with Vertical(id="left"):
                yield Table(id="inbox")
                yield Detail()
                yield Static(Content(NOTHING), id="nothing")
            with VerticalScroll(id="side", can_focus=False):
                yield Static("", id="known", markup=False)

    def on_mount(self) -> None:
        """The inbox has the keys."""
        self.query_one(Table).focus()

    def on_resize(self, event: events.Resize) -> None:
        """The side pane needs room."""
        self.set_class(event.size.width < 100, "-narrow")

    def reload(self) -> None:
        """Read again."""
        self.start(self._show, "today")

    async def _show(self) -> None:
        as_of, since = self.prm.session.as_of, self.prm.session.since
        now, viewer = self.prm.session.hour, self.prm.session.actor

        def look(store: Store) -> tuple[list[TaskRow], Content, Content | None, bool]:
            inbox = cases.inbox(store, viewer)
            first = not inbox and bool(packs.welcome(store, as_of))
            return inbox, _side(store, as_of, since), waiting(outbox.counts(store, viewer)), first

        tasks, side, messages, first = await self.read(look)
        self.query_one("#nothing", Static).update(Content(NOTHING + FIRST if first else NOTHING))
        said = self.query_one("#messages", Static)
        said.update(messages or Content(""))
        said.display = messages is not None
        self.tasks = {t.id: t for t in tasks}
        late = sum(t.overdue(as_of, now) for t in tasks)
        parts = [(f"{as_of:%A} {as_of.day} {as_of:%B %Y}", "bold $bright"), (f"   {len(tasks)} open", "$muted")]
        parts += [(f", {late} overdue", "$bad")] if late else []
        self.query_one("#title", Static).update(Content.assemble(*parts))
        self.query_one("#known", Static).update(side)
        table = self.query_one(Table)
        table.fill(TASK_COLUMNS, {t.id: task_line(t, as_of, now) for t in tasks})
        table.display, self.query_one("#nothing").display = bool(tasks), not tasks

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """The selected task in full."""
        self.query_one(Detail).follow(event.table)

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter opens the case of the task."""
        task = self.tasks.get(event.key)
        if task is not None and task.case_id is not None:
            self.prm.push_screen(CasePage(task.case_id))

    def action_out(self) -> None:
        """Approvals out, to be signed."""
        from screens.exchange.out import out

        self.start(lambda: out(self, None, "approvals"), "out")

    def action_outbox(self) -> None:
        """Messages on their way out."""
        from screens.outbox.list import OutboxScreen

        self.prm.push_screen(OutboxScreen())

    def _with_task(self, work: Callable[[PrmScreen, TaskRow], Coroutine[Any, Any, None]]) -> None:
        task = self.tasks.get(self.query_one(Table).current)
        if task is not None:
            self.start(lambda: work(self, task), "act")

    def action_approve(self) -> None:
        self._with_task(acts.approve)

    def action_reject(self) -> None:
        self._with_task(acts.reject)

    def action_run(self) -> None:
        from screens.automation.acts import run_now

        self.start(lambda: run_now(self), "act")

    def action_done(self) -> None:
        self._with_task(acts.done)


def _automatic(store: Store, since: Visit | None) -> list[Content]:
    """What ran since the last visit."""
    head = f"Done automatically since {since.at:%d %b %H:%M}" if since else "Done automatically"
    parts = [Content.styled(head, "bold $muted")]
    done = [row for row in runs.log(store, 20, after=since.change if since else 0) if row.undone_by is None]
    for row in done[:4]:
        parts.append(hanging(f"{row.at:%d %b %H:%M} ", row.sentence, 41))
    parts += [plain(f"and {len(done) - 4} more rounds: 3, then L", "muted")] if len(done) > 4 else []
    parts += [] if done else [Content.styled("nothing; R runs what is due", "$muted")]
    return [*parts, Content("")]


def _side(store: Store, as_of: date, since: Visit | None) -> Content:
    """What ran by itself, how many partners stand where, how far the feeds reach, what was done lately."""
    parts = [*_automatic(store, since), Content.styled("Partners by status", "bold $muted")]
    counts = partners.by_status(store)
    most = max((count for _, count in counts), default=0)
    for status, count in counts:
        bar = "█" * max(1, round(12 * count / most))
        parts.append(
            Content.assemble(plain(f"{status[:13]:<14}"), (f"{bar:<13}", "$accent"), (f"{count:>7,}", "bold $bright"))
        )
    parts += [Content(""), Content.styled("Feeds", "bold $muted")]
    dated = [f for f in feeds.list_of(store) if f.covered_to and not f.listed]
    for feed in dated:
        assert feed.covered_to is not None
        late = feed.overdue(as_of)
        old = (as_of - feed.covered_to).days > 35
        said = f"to {short_date(feed.covered_to)}"
        parts.append(
            Content.assemble(
                plain(f"{feed.kind[:13]:<14}"),
                (said, "$bad" if late else "$warn" if old else "$good"),
                ("  overdue" if late else "", "$muted"),
            )
        )
    if not dated:
        parts.append(Content.styled("none yet: i reads a workbook", "$muted"))
    parts += [Content(""), Content.styled("Done lately", "bold $muted")]
    for change in [c for c in history.changes(store, 20) if c.kind != "run"][:6]:
        parts.append(Content.assemble((f"{change.at:%d %b %H:%M} ", "$muted"), plain(fit(visible(change.why), 28))))
    parts += [Content(""), Content.styled("u takes the latest back", "$muted")]
    return Content("\n").join(parts)
