"""Activities that the dates of records make: a certificate's start is a certification that happened on that day.

A kind of record says so (`emits`: date field → kind of activity). What is made points back to its record and to the cell it
came from, and follows it: another date or amount supersedes, a record that is gone takes it with it.
"""

from __future__ import annotations

import json

from storage.store import Change

_OWN = ("starts_on", "ends_on")
_KEY = "json_extract(a.data, '$.emitted') = :field"
_NOW = "a.kind = :made AND a.record_id = r.id AND a.superseded_at IS NULL AND " + _KEY


def emit(change: Change) -> int:
    """Make what the dates of records up to the change's as-of call for, and supersede what they no longer do; how many."""
    made = 0
    for kind, body in change.conn.execute(
        "SELECT name, emits FROM kinds WHERE tbl = 'record' AND emits <> '{}'"
    ).fetchall():
        for field, activity in json.loads(body).items():
            made += _one(change, kind, field, activity)
    return made


def _one(change: Change, kind: str, field: str, activity: str) -> int:
    conn = change.conn
    day = f"r.{field}" if field in _OWN else f"substr(json_extract(r.data, '$.\"{field}\"'), 1, 10)"
    params = {
        "kind": kind,
        "made": activity,
        "field": field,
        "as_of": change.as_of.isoformat(),
        "at": change.at,
        "change": change.id,
    }
    wanted = f"r.kind = :kind AND {day} IS NOT NULL AND {day} <= :as_of"
    same = (
        f"a.occurred_on = {day} AND a.amount IS r.amount AND a.currency IS r.currency AND a.partner_id = r.partner_id"
    )
    conn.execute(
        "UPDATE activities AS a SET superseded_at = :at WHERE a.kind = :made AND a.superseded_at IS NULL AND a.record_id IS NOT"
        f" NULL AND {_KEY} AND NOT EXISTS (SELECT 1 FROM records r WHERE r.id = a.record_id AND {wanted} AND {same})",
        params,
    )
    made = conn.execute(
        "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, amount, currency, quantity, ref, data, record_id,"
        f" source_id, row, change_id) SELECT r.partner_id, :made, {day}, :at, r.amount, r.currency, r.quantity,"
        " coalesce(r.ref, r.name) || ' #' || r.id, json_object('emitted', :field), r.id, r.source_id, r.row, :change"
        f" FROM records r WHERE {wanted} AND NOT EXISTS (SELECT 1 FROM activities a WHERE {_NOW} AND {same}) ORDER BY r.id",
        params,
    ).rowcount
    conn.execute(
        "UPDATE activities AS a SET superseded_by = (SELECT max(n.id) FROM activities n WHERE n.record_id = a.record_id"
        f" AND n.kind = a.kind AND n.superseded_at IS NULL) WHERE a.kind = :made AND a.superseded_at = :at AND {_KEY}"
        " AND a.superseded_by IS NULL AND EXISTS (SELECT 1 FROM activities n WHERE n.record_id = a.record_id"
        " AND n.kind = a.kind AND n.superseded_at IS NULL)",
        params,
    )
    return made
