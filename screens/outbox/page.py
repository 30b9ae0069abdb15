"""One message: to whom, its text, where it stands, what was done to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.message import Message, MessageRow
from prm_tui.services import outbox
from screens.base import PrmScreen
from screens.outbox import acts
from screens.outbox.rows import about
from screens.text import plain


class MessagePage(PrmScreen):
    """See the module. `message_id` names the message."""

    mode = "today"
    place = "message"
    DEFAULT_CSS = """
    MessagePage #head { height: auto; max-height: 3; padding: 0 2; margin: 1 0; }
    MessagePage #text { height: 1fr; padding: 0 2; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar = [
        *bindings("message"),
        Binding("enter", "case", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, message_id: int) -> None:
        super().__init__()
        self.message_id = message_id
        self.message: Message | None = None

    def body(self) -> ComposeResult:
        """The subject; the rest, which scrolls."""
        yield Static("", id="head", markup=False)
        with VerticalScroll(id="text"):
            yield Static("", id="whole", markup=False)

    def on_mount(self) -> None:
        """Arrow and page keys scroll."""
        self.query_one("#text").focus()
        self.reload()

    def on_resize(self, event: events.Resize) -> None:
        """Lines are broken anew."""
        self._draw()

    def reload(self) -> None:
        """Read the message again."""
        self.start(self._show, "page")

    async def _show(self) -> None:
        self.message = await self.read(lambda s: outbox.get(s, self.message_id))
        self._draw()

    def _draw(self) -> None:
        if self.message is not None:
            self.query_one("#head", Static).update(plain(self.message.row.subject[:400], "bright"))
            self.query_one("#whole", Static).update(about(self.message, max(self.size.width - 6, 30)))

    def _with(self, work: Callable[[PrmScreen, Sequence[MessageRow]], Awaitable[bool]]) -> None:
        message = self.message

        async def act() -> None:
            if message is not None:
                await work(self, [message.row])

        self.start(act, "act")

    def action_approve(self) -> None:
        self._with(acts.approve)

    def action_refill(self) -> None:
        self._with(acts.refill)

    def action_cancel(self) -> None:
        self._with(acts.cancel)

    def action_sent(self) -> None:
        self._with(acts.sent)

    def action_edit(self) -> None:
        self.start(lambda: acts.edit(self, self.message_id), "act")

    def action_case(self) -> None:
        """The case it belongs to."""
        from screens.cases.page import CasePage

        case = self.message.row.case_id if self.message else None
        if case is None:
            self.prm.tell("This message belongs to no case.")
        else:
            self.prm.push_screen(CasePage(case))

    def action_scroll(self, by: int) -> None:
        """j and k scroll, too."""
        self.query_one("#text").scroll_relative(y=by, animate=False)

    def action_back(self) -> None:
        self.prm.pop_screen()

    async def run_action(self, action: str, namespaces: Mapping[str, DOMNode] | None = None) -> None:
        """There is no list here: what opens is the case."""
        await super().run_action("case" if action == "focused.open" else action, namespaces)
