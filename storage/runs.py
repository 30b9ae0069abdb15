"""What the rounds of a run did, read from the rows and the log of their changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from prm_tui.domain.run import Effect

SHOWN = 2_000
"""So many effects are listed; all are counted."""
_WHOSE = "(SELECT code FROM partners WHERE id = {p}), (SELECT name FROM partners WHERE id = {p})"
_BY = "coalesce((SELECT c.reason FROM cases c WHERE c.id = {c}), '')"
_MADE = {
    "case": ("cases", "x.title", "x.reason", "1"),
    "task": ("tasks", "x.title", _BY.format(c="x.case_id"), "x.kind = 'to-do' AND json_extract(x.data, '$.message') IS NULL"),
    "approval": ("tasks", "x.title", _BY.format(c="x.case_id"), "x.kind = 'approval'"),
    "message": ("messages", "coalesce(x.recipient, '?') || ': ' || x.subject", _BY.format(c="x.case_id"), "x.state <> 'returned'"),
    "returned message": ("messages", "x.subject", _BY.format(c="x.case_id"), "x.state = 'returned'"),
    "tag": ("tags", "x.tag", "''", "1"),
    "record": ("records", "x.kind || ' ' || x.name", _BY.format(c="json_extract(x.data, '$.case')"), "1"),
    "ledger line": ("ledger", "x.kind || ' ' || (x.amount / 10000.0) || coalesce(' ' || x.currency, '')",
                    _BY.format(c="x.case_id"), "1"),
    "document": ("evidence", "x.title", _BY.format(c="x.case_id"), "x.kind = 'document'"),
}  # fmt: skip
"""Kind of effect → table, what it is called, by which trigger, which rows."""


def counts(conn: sqlite3.Connection, changes: Sequence[int]) -> dict[str, int]:
    """Kind of effect → how many."""
    if not changes:
        return {}
    listed = ", ".join(map(str, changes))
    found = {}
    for kind, (table, _, _, test) in _MADE.items():
        (found[kind],) = conn.execute(
            f"SELECT count(*) FROM {table} x WHERE x.change_id IN ({listed}) AND {test}"
        ).fetchone()
    (found["field"],) = conn.execute(f"SELECT count(*) FROM change_log l WHERE {_fields(listed)}").fetchone()
    return found


def effects(conn: sqlite3.Connection, changes: Sequence[int]) -> list[Effect]:
    """What was made and which fields were set, in the order in which it was done."""
    if not changes:
        return []
    listed = ", ".join(map(str, changes))
    found: list[tuple[int, int, Effect]] = []
    for order, (kind, (table, what, by, test)) in enumerate(_MADE.items()):
        rows = conn.execute(
            f"SELECT x.id, x.change_id, {_WHOSE.format(p='x.partner_id')}, {what}, {by} FROM {table} x"
            f" WHERE x.change_id IN ({listed}) AND {test} ORDER BY x.id LIMIT {SHOWN}"
        )
        found += [
            (change, order, Effect(kind, code or "", name or "", str(said), why or "", round=changes.index(change) + 1))
            for _, change, code, name, said, why in rows
        ]
    for change, table, row, col, before, after in conn.execute(
        f"SELECT change_id, tbl, row_id, col, before, after FROM change_log l WHERE {_fields(listed)} ORDER BY id LIMIT {SHOWN}"
    ).fetchall():
        partner = row if table == "partners" else f"(SELECT partner_id FROM {table} WHERE id = {row})"
        code, name = conn.execute(f"SELECT {_WHOSE.format(p=partner)}").fetchone()
        found.append(
            (
                change,
                99,
                Effect("field", code or "", name or "", col, "", before, after, round=changes.index(change) + 1),
            )
        )
    return [effect for _, _, effect in sorted(found, key=lambda item: item[:2])]


def _fields(listed: str) -> str:
    return (
        f"l.change_id IN ({listed}) AND l.tbl IN ('partners', 'records') AND l.col IS NOT NULL"
        " AND l.col NOT IN ('search', 'name_key')"
    )
