"""Notices that were served: what led to them is part of what the partner was told, and is not taken back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

_SERVED = (
    "(SELECT case_id, partner_id, min(change_id) AS change_id FROM evidence WHERE kind = 'service' GROUP BY case_id)"
)
_OF_CASE = ("steps", "tasks", "evidence", "obligations", "messages")


def among(conn: sqlite3.Connection, listed: str, targets: Sequence[int]) -> list[tuple[str, int]]:
    """Rows of served cases among those a temporary table (tbl, `listed`) names, and the status of their partners.

    Of changes up to the service alone: what was done afterwards can be taken back. `targets`: the changes that are undone.
    """
    if conn.execute("SELECT NOT EXISTS (SELECT 1 FROM evidence WHERE kind = 'service')").fetchone()[0]:
        return []
    column = "id" if listed == "doomed" else "row_id"
    params = {"targets": json.dumps(list(targets)), "first": min(targets)}
    found: list[tuple[str, int]] = []
    for table in ("cases", *_OF_CASE):
        case = "id" if table == "cases" else "case_id"
        rows = conn.execute(
            f"SELECT DISTINCT d.{column} FROM temp.{listed} d JOIN main.{table} t ON t.id = d.{column} JOIN {_SERVED} s"
            f" ON s.case_id = t.{case} WHERE d.tbl = '{table}' AND s.change_id >= :first",
            params,
        )
        found += [(table, row_id) for (row_id,) in rows]
    if listed == "putback":
        rows = conn.execute(
            f"SELECT DISTINCT d.row_id FROM temp.putback d JOIN {_SERVED} s ON s.partner_id = d.row_id WHERE d.tbl = 'partners'"
            " AND d.col = 'status' AND s.change_id IN (SELECT value FROM json_each(:targets))",
            params,
        )
        found += [("partners", row_id) for (row_id,) in rows]
    return found


def titles(conn: sqlite3.Connection, found: Sequence[tuple[str, int]]) -> list[str]:
    """Of the cases of such rows what was served, by partner."""
    ids = "SELECT CASE json_extract(value, '$[0]')" + "".join(
        f" WHEN '{table}' THEN (SELECT case_id FROM main.{table} WHERE id = json_extract(value, '$[1]'))"
        for table in _OF_CASE
    )
    rows = conn.execute(
        "SELECT DISTINCT e.case_id, coalesce(p.name, ''), e.title FROM evidence e LEFT JOIN partners p ON p.id = e.partner_id"
        f" WHERE e.kind = 'service' AND e.case_id IN ({ids} WHEN 'cases' THEN json_extract(value, '$[1]') END"
        " FROM json_each(?)) ORDER BY e.case_id",
        (json.dumps(list(found)),),
    )
    return [
        f"{name}: {title}; a notice that was served is withdrawn, not undone: prm cases withdraw {case}"
        for case, name, title in rows
    ]
