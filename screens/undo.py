"""Taking a change back: first the sentence that says what that does, then the act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.domain.errors import PrmError
from prm_tui.services import history
from screens.modals.confirm import Confirm
from screens.text import plain

if TYPE_CHECKING:
    from prm_tui.app import PrmApp
    from prm_tui.domain.change import UndoPlan


async def undo_latest(app: PrmApp, change: int | None = None, only: int | None = None) -> None:
    """Show what undoing a change (the latest, without one) would do, and do it when confirmed."""
    await app.ready()
    session = app.session
    try:
        plan = await app.gateway.write(lambda store: history.plan_undo(store, change, only))
        if not plan.total("reversed"):
            why = f": {'; '.join(list(dict.fromkeys(plan.cannot))[:2])}" if plan.cannot else ""
            app.tell(f"There is nothing that could be put back{why}.", bad=True)
            return
        if await app.push_screen_wait(Confirm("Take back this change?", _said(plan), yes="take it back")):
            done = await app.gateway.write(
                lambda store: history.undo(store, plan.change.id, only, actor=session.actor, as_of=session.as_of)
            )
            app.tell(f"Taken back: {plan.change.why}. Change {done.done_by}.")
            app.after_write()
    except PrmError as error:
        app.tell(str(error), bad=True)


def _said(plan: UndoPlan) -> Content:
    change = plan.change
    when = f"{change.at:%Y-%m-%d %H:%M}, by {change.actor}, change {change.id}"
    return Content("\n").join(
        [plain(change.why, "bright"), plain(when, "muted"), Content(""), *(plain(s) for s in plan.sentences())]
    )
