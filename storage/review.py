"""The list of a quarterly review, in sets: who is on it and why, and what each partner costs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from prm_tui.domain.inactivity import GONE, QUIET
from prm_tui.domain.money import from_units
from prm_tui.domain.review import AHEAD, DECISIONS, KIND, QUARTER, RED, ReviewRow
from storage import settings, winback
from storage.cases import insert
from storage.store import Change

LISTED = (*QUIET, "never_activated")
"""States for which a partner is listed."""
FUNDS = ("fund", "mdf", "fund_request")
"""Kinds of record that hold money granted to a partner; what was spent of it stands in their field `spent`."""
_OPEN = (
    "(r.status IS NULL OR EXISTS (SELECT 1 FROM kinds k, json_each(k.open) o WHERE k.tbl = 'record' AND k.name = r.kind"
    " AND o.value = r.status COLLATE NOCASE))"
)


def _lapsed(kind: str, same: str) -> str:
    """Partners whose last record of a kind has ended, and what it was: (partner, 3, words)."""
    return (
        f"SELECT r.partner_id, 3, '{kind} “' || r.name || '” lapsed on ' || max(r.ends_on) FROM records r WHERE r.kind = '{kind}'"
        " AND r.ends_on < :day AND NOT EXISTS (SELECT 1 FROM records n WHERE n.partner_id = r.partner_id AND n.kind = r.kind"
        f" AND {same} AND (n.ends_on IS NULL OR n.ends_on >= :day)) AND coalesce(r.status, '') NOT IN ('replaced', 'withdrawn')"
        " GROUP BY r.partner_id, r.name"
    )


_WHY = (
    "SELECT s.id AS partner, 1 AS n, CASE s.state WHEN 'never_activated' THEN 'never activated' ELSE s.state || ' since '"
    " || coalesce(s.since, 'ever') END AS why FROM temp.state s WHERE s.state IN (SELECT value FROM json_each(:states))"
    " UNION ALL SELECT p.id, 2, 'health ' || CAST(round(json_extract(p.custom, '$.health_score')) AS INTEGER) FROM partners p"
    " WHERE json_extract(p.custom, '$.health_score') < :red"
    f" UNION ALL SELECT * FROM ({_lapsed('agreement', '1')} UNION ALL {_lapsed('certification', 'n.name = r.name')})"
    " UNION ALL SELECT r.partner_id, 4, 'kept until ' || r.ends_on || ' by ' || coalesce((SELECT name FROM people WHERE id = r.owner),"
    " 'nobody in particular') FROM records r WHERE r.kind = 'override' AND r.ends_on BETWEEN :day AND :ahead"
    " UNION ALL SELECT c.partner_id, 5, 'case ' || c.id || ' untouched since ' || c.opened_on FROM cases c"
    " WHERE c.id IN (SELECT value FROM json_each(:untouched))"
)
_COST = (
    "(SELECT sum(a.amount) FROM activities a WHERE a.partner_id = p.id AND a.kind IN ('order', 'payment') AND a.superseded_at IS NULL"
    " AND a.occurred_on > :year AND a.occurred_on <= :day) AS year,"
    " (SELECT sum(coalesce(json_extract(a.data, '$.hours'), :minutes / 60.0)) FROM activities a WHERE a.partner_id = p.id"
    f" AND a.kind IN ({winback.CONTACT}) AND a.superseded_at IS NULL AND a.occurred_on > :year AND a.occurred_on <= :day) AS hours,"
    " (SELECT sum(max(coalesce(r.amount, 0) - coalesce(json_extract(r.data, '$.spent'), 0), 0)) FROM records r WHERE r.partner_id = p.id"
    f" AND r.kind IN (SELECT value FROM json_each(:funds)) AND {_OPEN} AND (r.ends_on IS NULL OR r.ends_on >= :day)) AS funds,"
    " (SELECT count(*) FROM records r WHERE r.partner_id = p.id AND r.kind = 'lead' AND"
    f" {_OPEN}) AS leads, (SELECT max(a.occurred_on) FROM activities a WHERE a.partner_id = p.id AND a.kind IN ({winback.COMMERCIAL})"
    " AND a.superseded_at IS NULL AND a.occurred_on <= :day) AS last,"
    " (SELECT c.outcome || ', ' || c.closed_on FROM cases c WHERE c.partner_id = p.id AND c.kind = :kind AND c.closed_on > :quarter"
    " ORDER BY c.id DESC LIMIT 1) AS decided"
)


def rows(conn: sqlite3.Connection, as_of: date, ids: Sequence[int] | None = None) -> list[ReviewRow]:
    """The partners of temp.state somebody has to decide about, those that hold most first; or those of `ids`, listed or not."""
    day = as_of.isoformat()
    untouched = [row.case_id for row in winback.untouched(conn, as_of) if row.case_id is not None]
    found = conn.execute(
        f"WITH why AS MATERIALIZED ({_WHY}), listed AS MATERIALIZED (SELECT partner, json_group_array(why) AS why FROM"
        " (SELECT DISTINCT partner, n, why FROM why ORDER BY n, why) GROUP BY partner)"
        ", there AS MATERIALIZED (SELECT territory, sum(status = 'Active') AS active, sum(status IN ('Prospect', 'Applicant')) AS next"
        " FROM partners WHERE territory IS NOT NULL AND joined_into IS NULL GROUP BY territory)"
        " SELECT p.id, p.code, p.name, s.state, coalesce(l.why, '[]'), p.tier, (SELECT name FROM people WHERE id = p.manager),"
        f" json_extract(p.custom, '$.health_score'), {_COST}, p.territory, t.active - (p.status = 'Active'), t.next"
        " FROM temp.state s CROSS JOIN partners p ON p.id = s.id"
        " LEFT JOIN listed l ON l.partner = p.id LEFT JOIN there t ON t.territory = p.territory"
        " WHERE CASE WHEN :ids IS NULL THEN l.partner IS NOT NULL ELSE p.id IN (SELECT value FROM json_each(:ids)) END"
        " AND p.status NOT IN (SELECT value FROM json_each(:gone))"
        " ORDER BY hours DESC NULLS LAST, funds DESC NULLS LAST, year DESC NULLS LAST, p.name COLLATE NOCASE",
        {
            "day": day, "ahead": (as_of + timedelta(days=AHEAD)).isoformat(), "year": (as_of - timedelta(days=365)).isoformat(),
            "quarter": (as_of - timedelta(days=QUARTER)).isoformat(), "states": json.dumps(LISTED), "red": RED, "kind": KIND,
            "minutes": settings.number(conn, "contact_minutes"), "funds": json.dumps(FUNDS), "untouched": json.dumps(untouched),
            "gone": json.dumps([*GONE, "In notice"]), "ids": None if ids is None else json.dumps(list(ids)),
        },
    )  # fmt: skip
    return [_row(row) for row in found]


def _row(row: tuple[Any, ...]) -> ReviewRow:
    said = str(row[13] or "")
    for key, label in DECISIONS.items():
        said = said.replace(f"{key},", f"{label},")
    return ReviewRow(
        row[0], row[1], row[2], row[3], tuple(json.loads(row[4])), tier=row[5], manager=row[6],
        health=None if row[7] is None else round(row[7]), year=from_units(int(row[8] or 0)),
        hours=Decimal(str(round(row[9] or 0, 2))), funds=from_units(int(row[10] or 0)), leads=row[11],
        last=date.fromisoformat(row[12]) if row[12] else None, decided=said,
        territory=row[14], cover=row[15], successors=row[16],
    )  # fmt: skip


def keep_decision(change: Change, row: ReviewRow, key: str, reason: str, person: int) -> int:
    """A closed case that holds a decision, by whom, why, and the numbers seen; its number."""
    day = change.as_of.isoformat()
    return insert(
        change, "cases",
        {"kind": KIND, "partner_id": row.partner_id, "title": f"Review: {DECISIONS[key].lower()}", "state": "closed", "stage": "closed",
         "owner": person, "requested_by": person, "reason": reason, "opened_on": day, "closed_on": day, "outcome": key,
         "data": {"numbers": row.numbers, "decision": key}},
    )  # fmt: skip


def propose(change: Change, row: ReviewRow, reason: str, case: int) -> int:
    """A task for a program manager: to open the deactivation that was decided."""
    return insert(
        change, "tasks",
        {"case_id": case, "partner_id": row.partner_id, "kind": "to-do", "role": "program manager", "state": "open",
         "title": f"Open the deactivation of {row.name}", "due_on": change.as_of.isoformat(), "data": {"begins": "deactivation"},
         "detail": f"Decided in the review: {reason}. It needs a reason and a path, and is opened by a person:"
                   f" prm deactivate {row.code}"},
    )  # fmt: skip
