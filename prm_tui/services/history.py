"""What was changed, by whom and why; and taking it back."""

from __future__ import annotations

from datetime import date

from prm_tui.domain.change import ChangeRow, UndoPlan
from storage import Store
from storage import undo as log


def changes(store: Store, limit: int | None = None, partner_id: int | None = None) -> list[ChangeRow]:
    """The latest changes first; for one partner, those that touched it."""
    with store.reading() as conn:
        return log.history(conn, limit, partner_id)


def plan_undo(store: Store, change_id: int | None = None, only: int | None = None) -> UndoPlan:
    """What undoing a change (the latest, without an id) would do; nothing is written."""
    return _undo(store, change_id, only, actor=None, as_of=None, rehearse=True)


def undo(
    store: Store, change_id: int | None = None, only: int | None = None, *, actor: int | None, as_of: date
) -> UndoPlan:
    """Take a change back, with what it caused; `only` limits it to one partner (its id).

    Returns what was reversed, kept and blocked; `done_by` is the change that did it, None when nothing
    could be put back. Raises UsageError when there is nothing to undo or it was undone already.
    """
    return _undo(store, change_id, only, actor=actor, as_of=as_of, rehearse=False)


def _undo(
    store: Store,
    change_id: int | None,
    only: int | None,
    *,
    actor: int | None,
    as_of: date | None,
    rehearse: bool,
) -> UndoPlan:
    target = log.change_row(store.conn, change_id)
    scope = None if only is None else str(only)
    with store.change(
        f"undo of change {target.id}: {target.why}",
        actor=actor,
        as_of=as_of,
        kind="undo",
        undoes=(target.id, scope),
        rehearse=rehearse,
    ) as change:
        plan = log.take_back(change, target, only)
    plan.done_by = change.id if change.kept and not rehearse else None
    return plan
