"""How the work is done: how long tasks take, what is done by itself, what is in time, what had to be put right."""

from __future__ import annotations

import sqlite3
from datetime import date

Span = tuple[date, date]
"""The first and the last day."""
Moments = tuple[int, int]
"""The first and the last second (epoch)."""


def turnaround(conn: sqlite3.Connection, span: Span) -> list[tuple[str, str, int, float]]:
    """(queue, to-do or approval, done, median hours from opening to done). A queue is a role, or a person."""
    return conn.execute(
        "WITH t AS (SELECT coalesce(t.role, (SELECT name FROM people WHERE id = t.owner), 'nobody') AS queue, t.kind,"
        " (t.done_at - coalesce((SELECT max(c.at) FROM change_log l JOIN changes c ON c.id = l.change_id WHERE l.tbl = 'tasks'"
        " AND l.row_id = t.id AND l.col = 'state' AND l.after = 'open'), c0.at)) / 3600.0 AS hours FROM tasks t JOIN changes c0 ON"
        " c0.id = t.change_id WHERE t.state IN ('done', 'approved', 'rejected') AND t.done_at IS NOT NULL AND t.done_on BETWEEN ? AND ?),"
        " r AS (SELECT *, row_number() OVER w AS n, count(*) OVER (PARTITION BY queue, kind) AS many FROM t"
        " WINDOW w AS (PARTITION BY queue, kind ORDER BY hours))"
        " SELECT queue, kind, many, avg(hours) FROM r WHERE n IN ((many + 1) / 2, (many + 2) / 2) GROUP BY 1, 2 ORDER BY 1, 2",
        (span[0].isoformat(), span[1].isoformat()),
    ).fetchall()


_DONE = {  # (table, what says that it is over, the day)
    "steps": ("state", "done", "done_on"),
    "cases": ("state", "closed", "closed_on"),
}


def automatic(conn: sqlite3.Connection, span: Span) -> dict[str, tuple[int, int]]:
    """Steps done and cases closed: (by the program itself, in all)."""
    found = {}
    for table, (column, ended, day) in _DONE.items():
        rows = conn.execute(
            f"SELECT coalesce(sum(c.actor_id IS NULL), 0), count(*) FROM {table} x JOIN changes c ON c.id = coalesce("
            f"(SELECT max(l.change_id) FROM change_log l WHERE l.tbl = '{table}' AND l.row_id = x.id AND l.col = '{column}'"
            f" AND l.after = '{ended}'), x.change_id)"
            f" WHERE x.{column} = '{ended}' AND x.{day} BETWEEN ? AND ?",
            (span[0].isoformat(), span[1].isoformat()),
        ).fetchone()
        found[table] = (int(rows[0]), int(rows[1]))
    return found


def in_time(conn: sqlite3.Connection, span: Span) -> tuple[int, int]:
    """Of tasks that were due in a span: (done by then, all). Those cancelled count nowhere; those still open are late."""
    met, of = conn.execute(
        "SELECT coalesce(sum(done_on IS NOT NULL AND done_on <= due_on), 0), count(*) FROM tasks WHERE due_on BETWEEN ? AND ?"
        " AND state NOT IN ('cancelled', 'planned')",
        (span[0].isoformat(), span[1].isoformat()),
    ).fetchone()
    return int(met), int(of)


_OPEN_TO_ALL = "NOT EXISTS (SELECT 1 FROM cases c WHERE c.id = {} AND c.restricted IS NOT NULL)"
BEHIND = {
    "queue": f"SELECT t.partner_id FROM tasks t WHERE {_OPEN_TO_ALL.format('t.case_id')} AND t.state IN ('done', 'approved', 'rejected')"
    " AND t.done_at IS NOT NULL AND t.done_on BETWEEN :first AND :last AND t.kind = :kind"
    " AND coalesce(t.role, (SELECT name FROM people WHERE id = t.owner), 'nobody') = :queue",
    "steps": "SELECT c.partner_id FROM steps x JOIN cases c ON c.id = x.case_id WHERE c.restricted IS NULL AND x.state = 'done'"
    " AND x.done_on BETWEEN :first AND :last",
    "cases": "SELECT partner_id FROM cases WHERE restricted IS NULL AND state = 'closed' AND closed_on BETWEEN :first AND :last",
    "late": f"SELECT t.partner_id FROM tasks t WHERE {_OPEN_TO_ALL.format('t.case_id')} AND t.due_on BETWEEN :first AND :last"
    " AND t.state NOT IN ('cancelled', 'planned') AND (t.done_on IS NULL OR t.done_on > t.due_on)",
    "superseded": "SELECT partner_id FROM activities WHERE superseded_at BETWEEN :begin AND :end",
    "undone": "SELECT l.row_id FROM changes u JOIN change_log l ON l.change_id = u.id AND l.tbl = 'partners' WHERE u.undoes IS NOT NULL"
    " AND u.at BETWEEN :begin AND :end",
}
"""A number of the work → how the partners it is about are found; those of restricted cases are in no list."""


def partners(conn: sqlite3.Connection, what: str, span: Span, moments: Moments, **named: str) -> tuple[int, ...]:
    """The partners that a number of the work is about."""
    params = {
        "first": span[0].isoformat(),
        "last": span[1].isoformat(),
        "begin": moments[0],
        "end": moments[1],
        **named,
    }
    rows = conn.execute(f"SELECT id FROM partners WHERE id IN ({BEHIND[what]}) ORDER BY name", params)
    return tuple(id_ for (id_,) in rows)


def corrections(conn: sqlite3.Connection, moments: Moments) -> dict[str, int]:
    """What had to be put right: changes undone, facts superseded, what the program had set and a person changed."""
    queries = {
        "changes undone": "SELECT count(*) FROM changes WHERE undoes IS NOT NULL AND at BETWEEN ? AND ?",
        "activities superseded": "SELECT count(*) FROM activities WHERE superseded_at BETWEEN ? AND ?",
        "automatic entries changed by a person": "SELECT count(*) FROM changes c JOIN change_log l ON l.change_id = c.id AND l.tbl ="
        " 'partners' AND l.col NOT IN ('search', 'name_key') WHERE c.at BETWEEN ? AND ? AND c.actor_id IS NOT NULL"
        " AND c.kind = 'edit' AND EXISTS (SELECT 1 FROM"
        " change_log b JOIN changes r ON r.id = b.change_id WHERE b.tbl = l.tbl AND b.row_id = l.row_id AND b.col = l.col"
        " AND b.change_id < l.change_id AND r.kind = 'run')",
    }
    return {what: int(conn.execute(sql, moments).fetchone()[0]) for what, sql in queries.items()}
