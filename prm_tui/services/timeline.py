"""A partner's timeline: reading it, and writing down what happened."""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from prm_tui.domain.activity import ActivityLine, KindCount, TimelineRow
from prm_tui.domain.errors import AlreadyThere, UsageError
from prm_tui.domain.ledger import STATES, state_of
from prm_tui.domain.money import to_units
from prm_tui.domain.text import nearest, trimmed
from prm_tui.services import freeze, partners, values
from storage import Store, ledger
from storage import activities as stored
from storage.catalogue import own_fields


def entries(store: Store, partner_id: int, *, kind: str | None = None, as_of: date) -> array[int]:
    """Ids of what happened up to a date, the latest first; of one kind if asked."""
    with store.reading() as conn:
        return stored.entries(conn, partner_id, kind, as_of)


def rows(store: Store, ids: Sequence[int]) -> list[TimelineRow]:
    """One page of a timeline, in the order of `ids`."""
    with store.reading() as conn:
        return stored.rows(conn, ids)


def lines(store: Store, activity_id: int) -> list[ActivityLine]:
    """The lines of one activity, each with the row it came from."""
    with store.reading() as conn:
        return stored.lines(conn, activity_id)


def kinds(store: Store, partner_id: int, as_of: date) -> list[KindCount]:
    """The kinds a partner's timeline has, the most frequent first."""
    with store.reading() as conn:
        return stored.kinds(conn, partner_id, as_of)


def known_kinds(store: Store) -> dict[str, str]:
    """Every kind of activity the file knows: name → label."""
    with store.reading() as conn:
        return dict(conn.execute("SELECT name, label FROM kinds WHERE tbl = 'activity' ORDER BY label").fetchall())


def log(
    store: Store,
    partner_id: int,
    kind: str,
    *,
    on: date,
    amount: Decimal | None = None,
    currency: str | None = None,
    quantity: Decimal | None = None,
    ref: str | None = None,
    note: str | None = None,
    data: Mapping[str, str] | None = None,
    actor: int | None,
    as_of: date,
) -> int:
    """Write down that something happened; returns its id. `data` are the fields its kind has of its own.

    Raises UsageError for an unknown kind (with the nearest) or field, a date that lies ahead of `as_of`, a
    reference this partner has on that date already, and what cannot be the line of the ledger it would be.
    """
    partner = partners.get(store, partner_id, as_of)
    known = known_kinds(store)
    if kind not in known:
        like = nearest(kind, known)
        raise UsageError(
            f"There is no kind of activity “{kind}”. "
            + (f"Did you mean “{like}”?" if like else f"Kinds: {', '.join(known)}")
        )
    if on > as_of:
        raise UsageError(f"on: {on} lies after {as_of}. An activity is something that has happened.")
    freeze.refuse_new(store, partner, kind, known[kind])
    _bookable(store, kind, amount, (data or {}).get("status"))
    written: dict[str, Any] = {
        "amount": None if amount is None else to_units(amount),
        "currency": trimmed(currency or "") or None,
        "quantity": None if quantity is None else to_units(quantity),
        "ref": trimmed(ref or "") or None,
        "note": (note or "").strip() or None,
        "person_id": actor,
    }
    if data:
        written["data"] = json.dumps(_own(store, kind, data), ensure_ascii=False, sort_keys=True)
    label = known[kind].lower()
    try:
        with store.change(f"logged {label} for {partner.name}", actor=actor, as_of=as_of) as change:
            logged = stored.log(change, partner_id, kind, on, written)
            ledger.book(change, kind, partner_id)
            return logged
    except AlreadyThere:
        raise UsageError(f"ref: {partner.name} has {label} {ref} on {on} already.") from None


def _bookable(store: Store, kind: str, amount: Decimal | None, status: str | None) -> None:
    with store.reading() as conn:
        books = ledger.books(conn).get(kind)
    if books and amount is None:
        raise UsageError(f"amount: {kind} is a line of the ledger, and that needs an amount.")
    if books and state_of(status, books) is None:
        raise UsageError(f"status: “{status}” is no state of a line of the ledger. One of: {', '.join(STATES)}")


def _own(store: Store, kind: str, data: Mapping[str, str]) -> dict[str, Any]:
    with store.reading() as conn:
        own = own_fields(conn, "activity", kind)
    for key in data:
        if key not in own:
            like = nearest(key, own)
            raise UsageError(
                f"{kind} has no field “{key}”. "
                + (f"Did you mean “{like}”?" if like else f"Fields: {', '.join(own) or 'none'}")
            )
    return {key: values.custom(own[key], text, key) for key, text in data.items()}


def correct(store: Store, activity_id: int, fields: Mapping[str, str], *, actor: int | None, as_of: date) -> int | None:
    """Correct an activity from what was written in its fields: on, amount, quantity, ref, note.

    What it said before stays in the file as superseded, and is no longer counted. Returns the change, None when
    nothing is another. Raises UsageError that names the field.
    """
    partner_id = stored.partner_of(store.conn, activity_id)
    if partner_id is None:
        raise UsageError("That activity is not in the file any more.")
    read: dict[str, Any] = {}
    for key, text in fields.items():
        if key == "on":
            on = values.read_date(text, "on")
            if on > as_of:
                raise UsageError(f"on: {on} lies after {as_of}. An activity is something that has happened.")
            read["occurred_on"] = on.isoformat()
        elif key in ("amount", "quantity"):
            read[key] = values.stored("number", text, key)
        elif key in ("ref", "note"):
            read[key] = text.strip() or None
        else:
            raise UsageError(f"An activity has no field “{key}”. Fields: on, amount, quantity, ref, note")
    partner = partners.get(store, partner_id, as_of)
    try:
        with store.change(f"corrected an activity of {partner.name}", actor=actor, as_of=as_of) as change:
            stored.correct(change, activity_id, read)
            ledger.book(change, partner_id=partner_id)
    except AlreadyThere:
        raise UsageError(f"ref: {partner.name} has such an activity on that date already.") from None
    return change.id if change.kept else None
