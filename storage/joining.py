"""Two partners that are one: what belongs to the second goes over to the first; both codes find the first."""

from __future__ import annotations

import json

from prm_tui.domain.mapping import PARTNER_TARGETS
from storage import words
from storage.log_triggers import columns, logged_tables
from storage.store import Change

# What is told of one row of another table moves with that row, or would stand twice.
_ONCE = {
    "tags": "tag",
}


def join(change: Change, keep: int, other: int) -> dict[str, int]:
    """Move everything of `other` to `keep`; how many rows of which table moved.

    An activity that both have under one reference and date stays with `keep`; the other is superseded by it.
    Fields and custom fields that `keep` leaves empty take the other's value.
    """
    conn = change.conn
    conn.execute(
        "UPDATE activities SET superseded_at = :at, superseded_by = k.id FROM activities k WHERE k.partner_id = :keep"
        " AND activities.partner_id = :other AND k.kind = activities.kind AND k.ref = activities.ref"
        " AND k.occurred_on = activities.occurred_on AND k.superseded_at IS NULL AND activities.superseded_at IS NULL",
        {"at": change.at, "keep": keep, "other": other},
    )
    moved = {}
    for table in logged_tables(conn):
        if not any(name == "partner_id" for name, _ in columns(conn, table)):
            continue
        once = _ONCE.get(table)
        spare = f" AND {once} NOT IN (SELECT {once} FROM {table} WHERE partner_id = :keep)" if once else ""
        count = conn.execute(
            f"UPDATE {table} SET partner_id = :keep WHERE partner_id = :other{spare}", {"keep": keep, "other": other}
        ).rowcount
        if count:
            moved[table] = count
    conn.execute("UPDATE partners SET parent = ? WHERE parent = ? AND id <> ?", (keep, other, keep))
    conn.execute("UPDATE partners SET joined_into = ? WHERE joined_into = ? OR id = ?", (keep, other, other))
    _fill_empty(change, keep, other)
    words.refresh(conn, "id = ?", (keep,))
    return moved


def _fill_empty(change: Change, keep: int, other: int) -> None:
    conn = change.conn
    for field in PARTNER_TARGETS:
        if field not in ("code", "name"):
            conn.execute(
                f"UPDATE partners SET {field} = o.{field} FROM partners o WHERE partners.id = ? AND o.id = ?"
                f" AND partners.{field} IS NULL AND o.{field} IS NOT NULL",
                (keep, other),
            )
    ours, theirs = (
        json.loads(conn.execute("SELECT custom FROM partners WHERE id = ?", (i,)).fetchone()[0]) for i in (keep, other)
    )
    whole = json.dumps({**theirs, **ours}, ensure_ascii=False, sort_keys=True)
    if {**theirs, **ours} != ours:
        conn.execute("UPDATE partners SET custom = ? WHERE id = ?", (whole, keep))
