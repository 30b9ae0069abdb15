"""The rows that a workbook of figures computes from: partners, quarters, looks, silences, tasks, losses."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from typing import Any

from prm_tui.domain.insights import NONE
from storage.insights import FIELDS
from storage.insights_time import quarter_of
from storage.insights_work import Span

PARTNERS = ("Code", "Partner", "Status", "Counted", *(field.capitalize() for field in FIELDS), "State", "First active", "Last active",
            "Days silent", "Times in 12 months", "Amount of 12 months", "Currency", "Chance of return", "R", "F", "M", "Days seen", "Fell",
            "Cohort", "Reason", "Stayed 12 months")  # fmt: skip
"""The columns of `partners`, after which come custom fields."""


def partners(conn: sqlite3.Connection, as_of: date, reach: date, custom: dict[str, str]) -> list[tuple[Any, ...]]:
    """A row a partner. Needs temp.state, gone, year, chance, rfm, cohort and said."""
    fell = "(s.state IN ('inactive', 'dormant') OR g.id IS NOT NULL)"
    seen = (
        f"CAST(julianday(CASE WHEN {fell} THEN s.last WHEN s.state = 'unknown' THEN max(s.last, :reach) ELSE :as_of END)"
        " - julianday(s.first) AS INTEGER)"
    )
    own = "".join(f", coalesce({sql}, :none)" for sql in FIELDS.values())
    more = "".join(f", coalesce(CAST({sql} AS TEXT), :none)" for sql in custom.values())
    asked = "(g.id IS NULL OR g.status = 'Deactivated') AND s.last IS NOT NULL"
    stayed = "s.first <= date(:as_of, '-12 months') AND (s.state <> 'unknown' OR s.last >= date(s.first, '+12 months'))"
    return conn.execute(
        f"SELECT p.code, p.name, p.status, CASE WHEN g.id IS NULL THEN 'yes' ELSE 'no' END{own}, s.state, s.first, s.last,"
        " CAST(julianday(:as_of) - julianday(s.last) AS INTEGER), r.times, CASE WHEN y.mixed THEN NULL ELSE y.amount END,"
        " CASE WHEN y.id IS NULL THEN '' WHEN y.mixed THEN 'several' WHEN y.currency = '' THEN :none ELSE y.currency END,"
        " c.chance, r.r, r.f, r.m,"
        f" CASE WHEN {asked} THEN {seen} END, CASE WHEN {asked} THEN {fell} END, q.start, d.reason,"
        f" CASE WHEN {asked} AND {stayed} THEN s.last >= date(s.first, '+12 months') END{more}"
        " FROM temp.state s CROSS JOIN partners p ON p.id = s.id LEFT JOIN temp.gone g ON g.id = s.id LEFT JOIN temp.year y ON"
        " y.id = s.id LEFT JOIN temp.rfm r ON r.id = s.id LEFT JOIN temp.chance c ON c.id = s.id LEFT JOIN temp.cohort q ON q.id = s.id"
        " LEFT JOIN temp.said d ON d.id = s.id ORDER BY p.name COLLATE NOCASE, p.id",
        {"as_of": as_of.isoformat(), "reach": reach.isoformat(), "none": NONE},
    ).fetchall()


def quarters(conn: sqlite3.Connection, kinds: Sequence[str], as_of: date) -> list[tuple[str, int, int]]:
    """(code, quarter of joining, quarters since) for every quarter in which a partner of temp.cohort was active."""
    named = {f"kind{n}": kind for n, kind in enumerate(kinds)}
    return conn.execute(
        f"SELECT DISTINCT p.code, c.start, {quarter_of('a.occurred_on')} - c.start AS since FROM temp.cohort c CROSS JOIN partners p ON"
        f" p.id = c.id CROSS JOIN activities a ON a.partner_id = c.id AND a.kind IN ({', '.join(f':{n}' for n in named) or 'NULL'})"
        " AND a.occurred_on <= :as_of AND a.superseded_at IS NULL WHERE since >= 0 ORDER BY 1, 3",
        {**named, "as_of": as_of.isoformat()},
    ).fetchall()


def looks(conn: sqlite3.Connection, first: date) -> list[tuple[Any, ...]]:
    """(code, day, silent, every, p, fixed, adaptive, new fixed, new adaptive, came) of every case in temp.look."""
    new = ", ".join(f"{rule} AND coalesce(lag({rule}) OVER w = 0, l.day > :first)" for rule in ("fixed", "adaptive"))
    return conn.execute(
        f"SELECT p.code, l.day, CAST(julianday(l.day) - julianday(l.last) AS INTEGER), l.every, l.p, l.fixed, l.adaptive, {new}, l.came"
        " FROM temp.look l JOIN partners p ON p.id = l.id WINDOW w AS (PARTITION BY l.id ORDER BY l.day) ORDER BY l.day, p.code",
        {"first": first.isoformat()},
    ).fetchall()


def losses(conn: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """(code, last active, days until the policy flagged it, days until its rhythm did) of every silence in temp.loss."""
    days = ", ".join(
        f"CAST(julianday(min(l.day) FILTER (WHERE l.{rule})) - julianday(o.last) AS INTEGER)"
        for rule in ("fixed", "adaptive")
    )
    return conn.execute(
        f"SELECT p.code, o.last, {days} FROM temp.loss o JOIN partners p ON p.id = o.id LEFT JOIN temp.look l ON l.id = o.id AND"
        " l.last = o.last GROUP BY o.id, o.last ORDER BY o.last, p.code"
    ).fetchall()


def tasks(conn: sqlite3.Connection, span: Span) -> list[tuple[Any, ...]]:
    """(queue, kind, title, due, done on, hours, state) of tasks done or due in a span."""
    return conn.execute(
        "SELECT coalesce(t.role, (SELECT name FROM people WHERE id = t.owner), 'nobody'), t.kind, t.title, t.due_on, t.done_on,"
        " CASE WHEN t.state IN ('done', 'approved', 'rejected') THEN (t.done_at - coalesce((SELECT max(c.at) FROM change_log l JOIN"
        " changes c ON c.id = l.change_id WHERE l.tbl = 'tasks' AND l.row_id = t.id AND l.col = 'state' AND l.after = 'open'), c0.at))"
        " / 3600.0 END, t.state FROM tasks t JOIN changes c0 ON c0.id = t.change_id WHERE t.state NOT IN ('cancelled', 'planned')"
        " AND (t.done_on BETWEEN :first AND :last OR t.due_on BETWEEN :first AND :last) ORDER BY 1, 2, t.id",
        {"first": span[0].isoformat(), "last": span[1].isoformat()},
    ).fetchall()


def lost(conn: sqlite3.Connection, as_of: date) -> list[tuple[Any, ...]]:
    """(code, day, quarter, competitor, what) of lost deals, and of reasons said of partners."""
    return conn.execute(
        "SELECT p.code, a.occurred_on, substr(a.occurred_on, 1, 4) || ' Q' || ((CAST(substr(a.occurred_on, 6, 2) AS INTEGER) + 2) / 3),"
        " trim(coalesce(json_extract(a.data, '$.competitor'), '')), a.kind FROM partners p CROSS JOIN activities a ON a.partner_id = p.id"
        " AND a.kind IN ('inactivity_reason', 'deal_lost') AND a.occurred_on <= ? AND a.superseded_at IS NULL WHERE p.joined_into IS NULL"
        " ORDER BY 2, 1",
        (as_of.isoformat(),),
    ).fetchall()
