"""Suspension: a stop on the same day that can be lifted on the same day. It is apart from leaving the program."""

from __future__ import annotations

import hashlib
from datetime import date

from prm_tui.domain.errors import UsageError
from prm_tui.services import agreeing, cases, packs, partners, snapshot
from storage import Store, impact
from storage import cases as stored


def suspend(
    store: Store, partner_id: int, reason: str, *, ground: str = "other", actor: int | None, as_of: date
) -> int:
    """Suspend a partner at once; returns the case.

    `ground` is one of the pack's and says what stops with it. What is open with the partner is kept as evidence with its hash.
    UsageError without a reason, for an unknown ground, and for one that is on its way out.
    """
    if not reason.strip():
        raise UsageError("reason: say why the partner is suspended.")
    why = packs.deactivation().ground(ground)
    partner = partners.get(store, partner_id, as_of)
    status = str(partner.fields["status"])
    if status in ("Suspended", "In notice", "Deactivated"):
        raise UsageError(f"{partner.name} is {status} and cannot be suspended.")
    agreeing.someone(store, actor, "suspend")
    with store.reading() as conn:
        lines = [snapshot.line(one) for one in impact.lines(conn, partner_id, as_of)]
    shot = snapshot.canonical({"as_of": as_of, "partner": partner.fields, "custom": partner.custom, "impact": lines,
                               "ground": why.key, "reason": reason.strip()})  # fmt: skip
    with store.change(f"suspended {partner.name}: {reason.strip()}", actor=actor, as_of=as_of) as change:
        before = stored.set_status(change, partner_id, "Suspended")
        data = {"status_before": before, "ground": why.key, "stops": list(why.stops), "impact": lines,
                "snapshot": hashlib.sha256(shot).hexdigest()}  # fmt: skip
        case = stored.insert(
            change, "cases",
            {"kind": "suspension", "partner_id": partner_id, "title": f"Suspension of {partner.name}", "stage": "suspended",
             "owner": actor, "requested_by": actor, "reason": reason.strip(), "opened_on": as_of.isoformat(), "data": data},
        )  # fmt: skip
        stored.keep(change, case, partner_id, "snapshot", "what was known when it was suspended", shot)
    return case


def resume(store: Store, partner_id: int, reason: str, *, actor: int | None, as_of: date) -> int:
    """Lift a suspension: the status is what it was before; returns the change.

    UsageError without a reason, and where the partner is not suspended (any more): a suspension of a partner in notice ends
    with that case.
    """
    partner = partners.get(store, partner_id, as_of)
    there = [c for c in cases.list_of(store, partner_id=partner_id) if c.kind == "suspension"]
    status = partner.fields["status"]
    if not there or status != "Suspended":
        how = f" It is {status}." if status in ("In notice", "Deactivated") else ""
        raise UsageError(f"{partner.name} is not suspended.{how}")
    if not reason.strip():
        raise UsageError("reason: say why the suspension is lifted.")
    agreeing.someone(store, actor, "resume")
    case = cases.get(store, there[0].id)
    with store.change(f"resumed {partner.name}: {reason.strip()}", actor=actor, as_of=as_of) as change:
        stored.set_status(change, partner_id, case.data["status_before"])
        stored.update(change, "cases", case.row.id, {"data": {**case.data, "lifted": reason.strip()}})
        cases.close(change, case, "resumed", as_of)
    return change.id
