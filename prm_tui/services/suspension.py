"""Suspension: a stop on the same day that can be lifted on the same day."""

from __future__ import annotations

from datetime import date

from prm_tui.domain.errors import UsageError
from prm_tui.services import agreeing, cases, partners
from storage import Store
from storage import cases as stored


def suspend(store: Store, partner_id: int, reason: str, *, actor: int | None, as_of: date) -> int:
    """Suspend a partner at once; returns the case. UsageError without a reason, and for one that is on its way out."""
    if not reason.strip():
        raise UsageError("reason: say why the partner is suspended.")
    partner = partners.get(store, partner_id, as_of)
    status = str(partner.fields["status"])
    if status in ("Suspended", "In notice", "Deactivated"):
        raise UsageError(f"{partner.name} is {status} and cannot be suspended.")
    agreeing.someone(store, actor, "suspend")
    with store.change(f"suspended {partner.name}: {reason.strip()}", actor=actor, as_of=as_of) as change:
        before = stored.set_status(change, partner_id, "Suspended")
        return stored.insert(
            change, "cases",
            {"kind": "suspension", "partner_id": partner_id, "title": f"Suspension of {partner.name}", "stage": "suspended",
             "owner": actor, "requested_by": actor, "reason": reason.strip(), "opened_on": as_of.isoformat(),
             "data": {"status_before": before}},
        )  # fmt: skip


def resume(store: Store, partner_id: int, *, actor: int | None, as_of: date) -> int:
    """Lift a suspension: the status is what it was before; returns the change."""
    partner = partners.get(store, partner_id, as_of)
    there = [c for c in cases.list_of(store, partner_id=partner_id) if c.kind == "suspension"]
    if not there:
        raise UsageError(f"{partner.name} is not suspended.")
    agreeing.someone(store, actor, "resume")
    case = cases.get(store, there[0].id)
    with store.change(f"resumed {partner.name}", actor=actor, as_of=as_of) as change:
        stored.set_status(change, partner_id, case.data["status_before"])
        stored.update(
            change, "cases", case.row.id,
            {"state": "closed", "stage": "closed", "outcome": "resumed", "closed_on": as_of.isoformat()},
        )  # fmt: skip
    return change.id
