"""What was known when a deactivation was asked for, kept with its hash; and what is new since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from prm_tui.domain.activity import TimelineRow
from prm_tui.domain.case import Case
from prm_tui.domain.deactivation import ImpactLine, Moved, Plan, Since
from prm_tui.domain.inactivity import PartnerState
from prm_tui.domain.partner import Rhythm
from prm_tui.services import cases, conditions, inactivity
from prm_tui.services.partners import LATEST_SHOWN
from storage import Store, activities, impact, partners, since


def of_many(store: Store, plans: Sequence[Plan], memo: str, as_of: date) -> list[bytes]:
    """What is known about the partners of plans at this moment, each as canonical JSON: fields, facts, the latest, the impact."""
    ids = [found.partner_id for found in plans]
    with store.reading() as conn:
        facts = conditions.facts_of_many(store, ids, as_of)
        states = {row.partner_id: row for row in inactivity.of_all(store, as_of, ids=ids)}
        fields = partners.values(conn, ids)
        latest = {one: activities.entries(conn, one, None, as_of, LATEST_SHOWN) for one in ids}
        rows = {row.id: row for row in activities.rows(conn, [row for found in latest.values() for row in found])}
        return [
            canonical(
                _said(found, memo, as_of)
                | _known(*fields[one][:2], partners.rhythm(conn, one, as_of), [rows[row] for row in latest[one]])
                | {"facts": {fact.text: fact.value for fact in facts[one]}, "state": _state(states.get(one))}
            )
            for one, found in zip(ids, plans, strict=True)
        ]


def _said(found: Plan, memo: str, as_of: date) -> dict[str, Any]:
    return {"as_of": as_of, "impact": [line(one) for one in found.impact], "reason": found.reason.key, "path": found.path.key,
            "memo": memo.strip()}  # fmt: skip


def _known(
    fields: dict[str, Any], custom: dict[str, Any], rhythm: Rhythm, latest: Sequence[TimelineRow]
) -> dict[str, Any]:
    return {
        "partner": fields,
        "custom": custom,
        "orders": rhythm.orders,
        "median_gap_days": rhythm.median_gap,
        "latest": [{"on": r.occurred_on, "what": r.label, "ref": r.ref, "amount": r.amount, "from": r.source and str(r.source)}
                   for r in latest],
    }  # fmt: skip


def _state(found: PartnerState | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"is": found.state.label, "since": found.since, "why": found.why, "policy": found.policy.when}


_JSON = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=str)


def canonical(said: dict[str, Any]) -> bytes:
    """What is kept as evidence, a line for each thing: the same facts give the same bytes, and so the same hash."""
    lines = [f"{json.dumps(key)}: {_JSON.encode(said[key])}" for key in sorted(said)]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def line(one: ImpactLine) -> dict[str, Any]:
    """A line of the impact as a case keeps it."""
    amount = None if one.amount is None else str(one.amount)
    return {"key": one.key, "label": one.label, "state": one.state, "count": one.count, "amount": amount, "note": one.note,
            "items": list(one.items)}  # fmt: skip


def since_snapshot(store: Store, case_id: int, as_of: date) -> Since | None:
    """What has come for the partner of a deactivation since it was approved, and how the impact differs from its snapshot.

    None for a case of another kind, and for one that is closed.
    """
    case = cases.get(store, case_id)
    if case.row.kind != "deactivation" or not case.row.open:
        return None
    with store.reading() as conn:
        change = case.data.get("approved_by_change") or since.opened_by(conn, case_id)
        found = since.arrived(conn, case.row.partner_id, change)
        now = impact.lines(conn, case.row.partner_id, as_of)
        at = since.made_at(conn, change)
    return Since(at, "approved_by_change" in case.data, tuple(found), tuple(_moved(case, now)))


def _moved(case: Case, now: Sequence[ImpactLine]) -> list[Moved]:
    then = {one["key"]: one for one in case.data.get("impact", ())}
    found = []
    for one in now:
        was = then.get(one.key)
        if was is None or one.key == "case":
            continue
        new = line(one)
        if all(was[key] == new[key] for key in ("state", "count", "amount")):
            continue
        before = _amount(was["amount"])
        difference = None if before is None and one.amount is None else Decimal(one.amount or 0) - (before or 0)
        found.append(Moved(one.key, one.label, _in_words(was), _in_words(new), one.count - was["count"], difference))
    return found


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _in_words(one: dict[str, Any]) -> str:
    if one["state"] != "counted":
        return str(one["state"])
    return f"{one['count']:,}" + ("" if one["amount"] is None else f", {_amount(one['amount']):,.2f}")
