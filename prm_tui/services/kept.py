"""Partners kept although a rule says otherwise: never without a reason, a name and an end."""

from __future__ import annotations

from datetime import date, timedelta

from prm_tui.domain.errors import UsageError
from prm_tui.domain.winback import Override
from prm_tui.services import partners
from prm_tui.services.agreeing import someone
from storage import Store
from storage import winback as stored

LONGEST = 366
"""Days after which a partner is kept only by who says it twice."""


def keep(
    store: Store,
    partner_id: int,
    reason: str,
    until: date | None,
    *,
    twice: bool = False,
    actor: int | None,
    as_of: date,
) -> int:
    """Keep a partner anyway until a day; the id of the record. One that holds ends the day before.

    UsageError without a reason, a person by name or a last day, for a day that is over, and for one more than a year away
    that was not said `twice`.
    """
    person = someone(store, actor, "keep a partner although a rule says otherwise")
    last = checked(reason, until, as_of, twice=twice)
    partner = partners.get(store, partner_id, as_of)
    with store.change(f"{partner.name} is kept until {last}: {reason.strip()}", actor=person.id, as_of=as_of) as change:
        return stored.keep(change, partner_id, reason.strip(), last, person.id)


def checked(reason: str, until: date | None, as_of: date, *, twice: bool = False) -> date:
    """The last day. UsageError as `keep`."""
    if not reason.strip():
        raise UsageError("reason: say why it is kept; without one nobody can tell later whether it was right.")
    if until is None:
        raise UsageError("until: say until when; what has no end is not looked at again.")
    if until < as_of:
        raise UsageError(f"until: {until} is over; it is {as_of}.")
    if until > as_of + timedelta(days=LONGEST) and not twice:
        raise UsageError(
            f"until: {until} is more than a year away. If that is meant, say it twice: --until {until} --until {until}"
        )
    return until


def listed(store: Store, as_of: date) -> list[Override]:
    """Every partner that was kept, those that still hold first, with what came of it."""
    with store.reading() as conn:
        return stored.overrides(conn, as_of)
