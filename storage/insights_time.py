"""How long partners stay, how cohorts fare, and how recent, frequent and valuable partners are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date

from prm_tui.domain.insights import NONE, SMALL
from storage.insights import FIELDS, IN_PROGRAM

_QUIET = "s.state IN ('inactive', 'dormant')"
_WITHOUT = "LEFT JOIN temp.gone g ON g.id = s.id WHERE (g.id IS NULL OR g.status = 'Deactivated')"
"""Those who left the program are asked how long they stayed: else only those who stayed would be."""
_OF = f"temp.state s CROSS JOIN partners p ON p.id = s.id {_WITHOUT}"
Times = list[tuple[str, str, int, int, int]]
"""(group, state, days, event, partners)"""


_FELL = f"({_QUIET} OR g.id IS NOT NULL)"


def _stayed(since: str) -> tuple[str, str]:
    """SQL of the days a partner was seen since it was first active (or `since` joined), and of whom they are counted."""
    start = "s.first" if since == "first" else "p.joined_on"
    end = f"CASE WHEN {_FELL} THEN s.last WHEN s.state = 'unknown' THEN max(s.last, :reach) ELSE :as_of END"
    return _days(start, end), f"{_OF} AND s.last IS NOT NULL AND {start} <= s.first"


def _waited() -> tuple[str, str]:
    """SQL of the days from joining to the first activity, or to now, and of whom they are counted."""
    end = "coalesce(s.first, CASE WHEN s.state = 'unknown' THEN max(p.joined_on, :reach) ELSE :as_of END)"
    return _days("p.joined_on", end), f"{_OF} AND p.joined_on <= coalesce(s.first, :as_of)"


def _days(start: str, end: str) -> str:
    return f"CAST(julianday({end}) - julianday({start}) AS INTEGER)"


def survival(conn: sqlite3.Connection, by: str, since: str, as_of: date, reach: date) -> Times:
    """How long partners were seen since they were first active (or `since` joined), and whether they fell silent then."""
    return _times(conn, by, *_stayed(since), _FELL, as_of, reach)


def until_first(conn: sqlite3.Connection, by: str, as_of: date, reach: date) -> Times:
    """How long it took from joining to the first activity; who never was active is seen until now."""
    return _times(conn, by, *_waited(), "s.first IS NOT NULL", as_of, reach)


def _times(conn: sqlite3.Connection, by: str, days: str, of: str, event: str, as_of: date, reach: date) -> Times:
    rows = conn.execute(
        f"SELECT coalesce({FIELDS[by]}, :none), s.state, {days}, {event}, count(*) FROM {of} GROUP BY 1, 2, 3, 4",
        {"as_of": as_of.isoformat(), "reach": reach.isoformat(), "none": NONE},
    )
    return rows.fetchall()


def at_risk(conn: sqlite3.Connection, days: float, as_of: date, reach: date, *, first: bool) -> tuple[int, ...]:
    """The partners seen for so many days or more: since they were first active, or (`first`) from joining until they were."""
    seen, of = _waited() if first else _stayed("first")
    rows = conn.execute(
        f"SELECT s.id FROM {of} AND {seen} >= :days ORDER BY 1",
        {"as_of": as_of.isoformat(), "reach": reach.isoformat(), "days": days},
    )
    return tuple(id_ for (id_,) in rows)


def no_beginning(conn: sqlite3.Connection) -> tuple[int, int]:
    """(active before they joined, of whom nobody knows when they joined)."""
    before, nobody = conn.execute(
        f"SELECT coalesce(sum(p.joined_on > s.first), 0), coalesce(sum(p.joined_on IS NULL), 0) FROM temp.state s CROSS JOIN partners p"
        f" ON p.id = s.id {_WITHOUT}"
    ).fetchone()
    return int(before), int(nobody)


# ---- cohorts ----


def quarter_of(day: str) -> str:
    """SQL of the quarter of a day, as year × 4 + 0…3."""
    return f"(CAST(substr({day}, 1, 4) AS INTEGER) * 4 + (CAST(substr({day}, 6, 2) AS INTEGER) - 1) / 3)"


def cohorts(conn: sqlite3.Connection, kinds: Sequence[str], as_of: date) -> list[tuple[int, int | None, int, int, int]]:
    """(quarter of joining, quarters since, partners, those not inactive, those not unknown); of whom was active in that
    quarter, and with None instead of the quarters: of all of the cohort. Quarters are counted as year × 4 + 0…3.
    """
    named = {f"kind{n}": kind for n, kind in enumerate(kinds)}
    conn.execute("DROP TABLE IF EXISTS temp.cohort")
    conn.execute(
        "CREATE TEMP TABLE cohort(id INTEGER PRIMARY KEY, start INTEGER, going INTEGER, known INTEGER, joined INTEGER)"
    )
    conn.execute(
        f"INSERT INTO temp.cohort SELECT s.id, {quarter_of('coalesce(p.joined_on, s.first)')}, NOT {_QUIET}, s.state <> 'unknown',"
        f" p.joined_on IS NOT NULL FROM temp.state s CROSS JOIN partners p ON p.id = s.id WHERE {IN_PROGRAM}"
        " AND coalesce(p.joined_on, s.first) <= :as_of",
        {"as_of": as_of.isoformat()},
    )
    three = "count(*), sum(c.going), sum(c.known)"
    whole = conn.execute(f"SELECT c.start, NULL, {three} FROM temp.cohort c GROUP BY 1").fetchall()
    active = conn.execute(
        f"SELECT c.start, d.q - c.start, {three} FROM (SELECT DISTINCT a.partner_id AS id, {quarter_of('a.occurred_on')} AS q"
        f" FROM activities a WHERE a.kind IN ({', '.join(f':{n}' for n in named) or 'NULL'}) AND a.occurred_on <= :as_of"
        " AND a.superseded_at IS NULL) d CROSS JOIN temp.cohort c ON c.id = d.id WHERE d.q >= c.start GROUP BY 1, 2",
        {**named, "as_of": as_of.isoformat()},
    ).fetchall()
    return [*whole, *active]


def cohort_facts(conn: sqlite3.Connection) -> tuple[int, int, dict[int, tuple[int, ...]]]:
    """From temp.cohort: how many joined on a known day, how many are in the program but in no cohort, who is in each."""
    joined, inside = conn.execute("SELECT coalesce(sum(joined), 0), count(*) FROM temp.cohort").fetchone()
    (whole,) = conn.execute(f"SELECT count(*) FROM temp.state s WHERE {IN_PROGRAM}").fetchone()
    ids = conn.execute("SELECT start, json_group_array(id) FROM temp.cohort GROUP BY 1").fetchall()
    return joined, whole - inside, {start: tuple(json.loads(listed)) for start, listed in ids}


# ---- recency, frequency, money ----


def ranks(conn: sqlite3.Connection, kinds: Sequence[str], as_of: date) -> int:
    """temp.rfm(id, type, parts, r, f, m, days, times, amount): ranks inside a type, the best the highest; how many are
    without one. Ties share the better rank; a type of fewer than 25 partners has thirds instead of fifths. Needs temp.year.
    """
    named = {f"kind{n}": kind for n, kind in enumerate(kinds)}
    listed = ", ".join(f":{n}" for n in named) or "NULL"
    conn.execute("DROP TABLE IF EXISTS temp.rfm")
    conn.execute(
        "CREATE TEMP TABLE rfm(id INTEGER PRIMARY KEY, type TEXT, parts INTEGER, r INTEGER, f INTEGER, m INTEGER, days INTEGER,"
        " times INTEGER, amount INTEGER)"
    )
    conn.execute(
        "WITH b AS MATERIALIZED (SELECT s.id, coalesce(p.type, :none) AS type, CAST(julianday(:as_of) - julianday(s.last) AS INTEGER)"
        f" AS days, (SELECT count(*) FROM activities a WHERE a.partner_id = s.id AND a.kind IN ({listed})"
        " AND a.occurred_on > date(:as_of, '-12 months') AND a.occurred_on <= :as_of AND a.superseded_at IS NULL) AS times,"
        " CASE WHEN y.mixed THEN NULL ELSE coalesce(y.amount, 0) END AS amount FROM temp.state s CROSS JOIN partners p ON p.id = s.id"
        f" LEFT JOIN temp.year y ON y.id = s.id WHERE s.last IS NOT NULL AND {IN_PROGRAM}),"
        " c AS (SELECT b.*, count(*) OVER t AS n, rank() OVER (t ORDER BY days) AS rr, rank() OVER (t ORDER BY times DESC) AS rf,"
        " rank() OVER (t ORDER BY amount DESC) AS rm FROM b WINDOW t AS (PARTITION BY type))"
        " INSERT INTO temp.rfm SELECT id, type, q, q - (rr - 1) * q / n, q - (rf - 1) * q / n, q - (rm - 1) * q / n, days, times,"
        " amount FROM (SELECT c.*, CASE WHEN n < :small THEN 3 ELSE 5 END AS q FROM c)",
        {**named, "as_of": as_of.isoformat(), "none": NONE, "small": SMALL},
    )
    (without,) = conn.execute(f"SELECT count(*) FROM temp.state s WHERE s.last IS NULL AND {IN_PROGRAM}").fetchone()
    return int(without)


def cells(conn: sqlite3.Connection) -> list[tuple[str, int, int, int, int, int, int | None, str]]:
    """(type, parts, r, f, m, partners, units, ids as JSON) of temp.rfm, the best first."""
    return conn.execute(
        "SELECT type, parts, r, f, m, count(*), sum(amount), json_group_array(id) FROM temp.rfm GROUP BY 1, 2, 3, 4, 5"
        " ORDER BY type, r DESC, f DESC, m DESC"
    ).fetchall()
