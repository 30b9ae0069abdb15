"""The list of messages: what came back first, then what waits for approval, what is to be written out, what was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from prm_tui.commands import bindings
from prm_tui.domain.message import CANCELLABLE, OPEN, MessageRow
from prm_tui.services import outbox
from screens.base import PrmScreen
from screens.listing import ListScreen
from screens.outbox import acts
from screens.outbox.page import MessagePage
from screens.outbox.rows import COLUMNS, message_line
from screens.widgets.table import Table

EMPTY = (
    "No message waits.\n\n"
    "Here stand the mails and letters that automation writes: a workflow with a message in it (prm packs list), started by"
    " a trigger that is on (prm triggers list), when automation runs (prm run).\n\n"
    "Nothing is sent by itself: a person approves, prm writes files, your mail program sends them."
    " C also lists messages that were sent or cancelled."
)


class OutboxScreen(ListScreen):
    """See the module."""

    mode = "today"
    place = "outbox"
    table_id = "messages"
    nothing = EMPTY
    marks = True
    BINDINGS: ClassVar = bindings("outbox")

    def __init__(self) -> None:
        super().__init__()
        self.closed = False
        self.rows: dict[int, MessageRow] = {}

    def on_mount(self) -> None:
        """Read at once."""
        self.reload()

    def reload(self) -> None:
        """Read the messages again."""
        self.start(self._show, "page")

    async def _show(self) -> None:
        states, viewer = () if self.closed else OPEN, self.prm.session.actor
        rows = await self.read(lambda s: outbox.list_of(s, states=states, viewer=viewer))
        self.rows = {row.id: row for row in rows}
        table = self.query_one(Table)
        table.marked &= set(self.rows)
        place, here = table.cursor, table.current
        self.fill(COLUMNS, {row.id: message_line(row) for row in rows})
        if here not in self.rows:  # it was cancelled or sent: go on with the one that took its place
            table.move_to(place)
        self._say()

    def _say(self) -> None:
        marked = len(self.query_one(Table).marked)
        said = [f"{len(self.rows):,} in the list"] if self.rows else []
        said += [f"{marked:,} marked"] if marked else []
        self.head("Messages  ", (" · ".join(said), "$muted"))

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """A mark may have been set."""
        self._say()

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter opens the message."""
        self.prm.push_screen(MessagePage(event.key))

    # ---- commands ----

    def _chosen(self) -> list[MessageRow]:
        """The marked messages in order, else the selected one."""
        table = self.query_one(Table)
        keys = table.marked or {table.current}
        return [row for key, row in self.rows.items() if key in keys]

    def _with(self, states: Sequence[str], work: Callable[[PrmScreen, Sequence[MessageRow]], Awaitable[bool]]) -> None:
        """Do something to the chosen messages; of several, to those it can be done to."""
        chosen = self._chosen()
        fit = [row for row in chosen if row.state in states] if len(chosen) > 1 else chosen

        async def act() -> None:
            if await work(self, fit or chosen):
                self.query_one(Table).marked.clear()
                self._say()

        if chosen:
            self.start(act, "act")

    def action_approve(self) -> None:
        self._with(("draft",), acts.approve)

    def action_refill(self) -> None:
        self._with(("returned",), acts.refill)

    def action_cancel(self) -> None:
        self._with(CANCELLABLE, acts.cancel)

    def action_sent(self) -> None:
        self._with(("handed over",), acts.sent)

    def action_edit(self) -> None:
        """The selected message."""
        key = self.query_one(Table).current
        if key is not None:
            self.start(lambda: acts.edit(self, key), "act")

    def action_write_out(self) -> None:
        """The marked messages that are approved; without marks all that are."""
        marked = self.query_one(Table).marked
        rows = [r for r in self.rows.values() if r.state == "approved" and (not marked or r.id in marked)]

        async def act() -> None:
            if await acts.write_out(self, rows, bool(marked)):
                self.query_one(Table).marked.clear()

        self.start(act, "act")

    def action_closed(self) -> None:
        """Those that were sent or cancelled, too, or no longer."""
        self.closed = not self.closed
        self.reload()

    def action_back(self) -> None:
        """Marks away; then back to Today."""
        table = self.query_one(Table)
        if table.marked:
            table.marked.clear()
            table.refresh()
            self._say()
        else:
            self.prm.pop_screen()
