"""A file in a few numbers."""

from __future__ import annotations

import sqlite3
from datetime import date

from prm_tui.domain.summary import Summary

_QUIET = (
    "SELECT count(*) FROM (SELECT max(occurred_on) AS last FROM activities WHERE kind = 'order'"
    " AND occurred_on <= :as_of AND superseded_at IS NULL GROUP BY partner_id)"
    " WHERE julianday(:as_of) - julianday(last) > :days"
)
_GAPS = (
    "WITH days AS (SELECT DISTINCT partner_id, occurred_on FROM activities WHERE kind = 'order'"
    "  AND occurred_on <= :as_of AND superseded_at IS NULL),"
    " gaps AS (SELECT CAST(julianday(occurred_on) - julianday(lag(occurred_on) OVER"
    "  (PARTITION BY partner_id ORDER BY occurred_on)) AS INTEGER) AS gap FROM days),"
    " ranked AS (SELECT gap, row_number() OVER (ORDER BY gap) AS n, count(*) OVER () AS every"
    "  FROM gaps WHERE gap IS NOT NULL)"
    " SELECT avg(gap) FROM ranked WHERE n IN ((every + 1) / 2, (every + 2) / 2)"
)


def summary(conn: sqlite3.Connection, as_of: date) -> Summary:
    """Partners, orders and amount up to a date, who has not ordered for how long, and the usual gap."""
    params = {"as_of": as_of.isoformat()}
    (partners,) = conn.execute("SELECT count(*) FROM partners WHERE joined_into IS NULL").fetchone()
    orders, lines, amount = conn.execute(
        "SELECT count(*), coalesce(sum(lines), 0), coalesce(sum(amount), 0) FROM activities WHERE kind = 'order'"
        " AND occurred_on <= :as_of AND superseded_at IS NULL",
        params,
    ).fetchone()
    (never,) = conn.execute(
        "SELECT count(*) FROM partners p WHERE joined_into IS NULL AND NOT EXISTS (SELECT 1 FROM activities a"
        " WHERE a.partner_id = p.id AND a.kind = 'order' AND a.occurred_on <= :as_of AND a.superseded_at IS NULL)",
        params,
    ).fetchone()
    (gap,) = conn.execute(_GAPS, params).fetchone()
    quiet = {days: conn.execute(_QUIET, {**params, "days": days}).fetchone()[0] for days in (90, 180, 365)}
    return Summary(as_of, partners, orders, lines, amount, quiet, never, None if gap is None else round(gap))
