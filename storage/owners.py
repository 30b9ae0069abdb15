"""Whose a row is: how rows of each table are known to belong to a partner."""

from __future__ import annotations

import sqlite3

from storage.log_triggers import columns

_CASE = "t.case_id IN (SELECT id FROM main.cases WHERE partner_id {})"
_OWNED = {
    "partners": "t.id {}",
    "activity_lines": "t.activity_id IN (SELECT id FROM main.activities WHERE partner_id {})",
    "feed_rows": (
        "(t.tbl = 'partners' AND t.row_id {0} OR t.tbl = 'contacts' AND t.row_id IN (SELECT id FROM main.contacts WHERE"
        " partner_id {0}) OR t.tbl = 'records' AND t.row_id IN (SELECT id FROM main.records WHERE partner_id {0}))"
    ),
    "steps": _CASE,
    "obligations": _CASE,
    "timers": _CASE,
    "episodes": "t.row_id {}",
    "hits": "t.episode_id IN (SELECT id FROM main.episodes WHERE row_id {})",
}


def owned(conn: sqlite3.Connection, table: str, whose: str) -> str | None:
    """A condition on rows `t` of a table: those of the partners that `whose` (= :id, IN (…)) selects; None where rows
    of the table are nobody's.
    """
    if table in _OWNED:
        return f"({_OWNED[table].format(whose)})"
    return f"t.partner_id {whose}" if any(name == "partner_id" for name, _ in columns(conn, table)) else None
