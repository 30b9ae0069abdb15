"""What is done to messages; each act is shown as a sentence before it happens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.domain.errors import UsageError
from prm_tui.domain.message import EDITABLE, STATES, HandedOver, MessageRow, Moved
from prm_tui.services import outbox
from screens.modals.confirm import Confirm
from screens.modals.form import Entry, Form
from screens.outbox.edit import edit_message
from screens.text import plain

if TYPE_CHECKING:
    from screens.base import PrmScreen

_LISTED = 8


def _about(screen: PrmScreen, rows: Sequence[MessageRow], *sentences: str) -> Content:
    """Which messages an act takes, who acts, and what that means."""
    acting = f"You act as {screen.prm.session.actor_name}. p chooses another person."
    parts = [plain(acting, "warn"), Content("")]
    for row in rows[:_LISTED]:
        parts.append(Content.assemble(plain(row.subject[:60], "bright"), plain(f"  {row.whom[:60]}", "muted")))
    if len(rows) > _LISTED:
        parts.append(plain(f"and {len(rows) - _LISTED:,} more", "muted"))
    return Content("\n").join([*parts, Content(""), *(plain(said) for said in sentences)])


def _several(rows: Sequence[MessageRow]) -> str:
    return "this message" if len(rows) == 1 else f"{len(rows):,} messages"


def _tell(screen: PrmScreen, done: Moved, said: str, then: str = "") -> None:
    """What happened; and what was left as it was, as a complaint that stays."""
    if done.done:
        screen.prm.tell(f"{said}: {len(done.done):,}.{then}")
    if done.refused:
        more = len(done.refused) - 3
        left = [*map(str, done.refused[:3]), *([f"and {more:,} more"] if more > 0 else [])]
        screen.prm.tell("Left as it is: " + "\n".join(left), bad=True)


async def approve(screen: PrmScreen, rows: Sequence[MessageRow]) -> bool:
    """Show what is to be approved; approve. Whether it was done."""
    session, ids = screen.prm.session, [row.id for row in rows]
    said = _about(screen, rows, "Nothing is sent by that. Until they are written out they can be cancelled.")
    if not await screen.prm.push_screen_wait(Confirm(f"Approve {_several(rows)}?", said, yes="approve", no="not yet")):
        return False
    done = await screen.write(lambda s: outbox.approve(s, ids, actor=session.actor, as_of=session.as_of))
    _tell(screen, done, "Approved")
    return True


async def sent(screen: PrmScreen, rows: Sequence[MessageRow]) -> bool:
    """Ask whether they were sent; confirm. Whether it was done."""
    session, ids = screen.prm.session, [row.id for row in rows]
    said = _about(screen, rows, "prm cannot see what your mail program does: say this once they are sent.")
    if not await screen.prm.push_screen_wait(
        Confirm(f"Was {_several(rows)} sent?" if len(rows) == 1 else f"Were {_several(rows)} sent?", said, yes="sent", no="not yet")
    ):  # fmt: skip
        return False
    done = await screen.write(lambda s: outbox.confirm(s, ids, actor=session.actor, as_of=session.as_of))
    _tell(screen, done, "Confirmed as sent")
    return True


async def refill(screen: PrmScreen, rows: Sequence[MessageRow]) -> bool:
    """Ask, because what a person wrote into them goes; fill again. Whether it was done."""
    session, ids = screen.prm.session, [row.id for row in rows]
    said = _about(
        screen, rows, "They are filled from their template once more; what was written into them by hand goes."
    )
    if not await screen.prm.push_screen_wait(
        Confirm(f"Fill {_several(rows)} again?", said, yes="fill again", no="leave as it is")
    ):
        return False
    done = await screen.write(lambda s: outbox.refill(s, ids, actor=session.actor, as_of=session.as_of))
    _tell(screen, done, "Filled, and waiting for approval")
    return True


async def cancel(screen: PrmScreen, rows: Sequence[MessageRow]) -> bool:
    """Ask why; cancel. Whether it was done."""
    session, ids = screen.prm.session, [row.id for row in rows]

    async def save(fields: dict[str, str]) -> Moved:
        return await screen.write(
            lambda s: outbox.cancel(s, ids, fields["reason"], actor=session.actor, as_of=session.as_of)
        )

    form = Form(
        f"Cancel {_several(rows)}", [Entry("reason", "Why")], save, whole=True, about=_about(screen, rows, "They are not sent.")
    )  # fmt: skip
    done = await screen.prm.push_screen_wait(form)
    if done:
        _tell(screen, done, "Cancelled")
    return bool(done)


async def edit(screen: PrmScreen, message_id: int) -> None:
    """Edit a message that was not approved."""
    session = screen.prm.session
    found = await screen.read(lambda s: outbox.get(s, message_id))
    if found.row.state not in EDITABLE:
        back = " u takes the approval back, if it was the latest." if found.row.state == "approved" else ""
        raise UsageError(f"It cannot be edited: {STATES[found.row.state]}.{back}")

    async def save(fields: dict[str, str]) -> str:
        await screen.write(lambda s: outbox.edit(s, message_id, fields, actor=session.actor, as_of=session.as_of))
        row = (await screen.read(lambda s: outbox.get(s, message_id))).row
        return f"Still missing: {'; '.join(row.lacks)}" if row.lacks else "Saved. It waits for approval."

    said = await screen.prm.push_screen_wait(edit_message(found, save))
    if said:
        screen.prm.tell(said, bad=said.startswith("Still"))


async def write_out(screen: PrmScreen, rows: Sequence[MessageRow], chosen: bool) -> bool:
    """Ask for the folder; write the messages there. `chosen`: those that were marked, not all. Whether it was done."""
    session, ids = screen.prm.session, [row.id for row in rows]
    if not ids:
        raise UsageError("No message is approved: y approves those that are marked, or the selected one.")

    async def save(fields: dict[str, str]) -> HandedOver:
        text = fields["path"].strip().strip("'\"")
        if not text:
            raise UsageError("path: name the folder")
        folder = Path(text).expanduser().absolute()
        return await screen.write(
            lambda s: outbox.export(s, folder, ids if chosen else None, actor=session.actor, as_of=session.as_of)
        )

    letters = sum(row.channel == "letter" for row in rows)
    files = [f"{len(rows) - letters:,} as drafts your mail program opens"] if len(rows) > letters else []
    files += [f"{letters:,} as letters"] if letters else []
    said = _about(
        screen, rows, f"Written: {', '.join(files)}, and a workbook that lists them.", "From then on they cannot be taken back."
    )  # fmt: skip
    entries = [Entry("path", "Folder", f"messages-{session.as_of}", "a folder; it is made if need be")]
    done = await screen.prm.push_screen_wait(Form(f"Write out {_several(rows)}", entries, save, whole=True, about=said))
    if done:
        for note in done.notes:
            screen.prm.tell(f"{note}.")
        _tell(screen, done, f"Written into {done.folder}", " Once they are sent, d says so.")
    return bool(done)
