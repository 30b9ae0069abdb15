"""Why partners go quiet and leave, which fields tell the inactive from the active, and who like a prospect stayed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date

from prm_tui.domain.inactivity import REASONS, SAYERS
from prm_tui.domain.insights import NONE
from prm_tui.domain.insights_why import PULL
from prm_tui.domain.partner import FIELDS as BUILT_IN
from storage.insights import FIELDS, IN_PROGRAM

FEW = 12
"""A custom field with more values than this separates nothing."""
_RANK = " ".join(f"WHEN '{by}' THEN {n}" for n, by in enumerate(SAYERS))
_QUIET = "s.state IN ('inactive', 'dormant')"
_JUDGED = "s.state IN ('active', 'slowing', 'at_risk', 'inactive', 'dormant')"


def said(conn: sqlite3.Connection, as_of: date) -> None:
    """temp.said(id, reason, by): of each quiet partner the reason that is believed: the partner's word first, then a
    manager's; of one person the last.
    """
    conn.execute("DROP TABLE IF EXISTS temp.said")
    conn.execute("CREATE TEMP TABLE said(id INTEGER PRIMARY KEY, reason TEXT, by TEXT)")
    conn.execute(
        "INSERT INTO temp.said SELECT id, reason, by FROM (SELECT s.id, json_extract(a.data, '$.reason') AS reason,"
        " coalesce(json_extract(a.data, '$.said_by'), 'manager') AS by, row_number() OVER (PARTITION BY s.id ORDER BY"
        f" CASE json_extract(a.data, '$.said_by') {_RANK} ELSE 1 END, a.occurred_on DESC, a.id DESC) AS n"
        " FROM temp.state s CROSS JOIN activities a ON a.partner_id = s.id AND a.kind = 'inactivity_reason'"
        f" AND a.occurred_on <= ? AND a.superseded_at IS NULL WHERE {_QUIET} AND {IN_PROGRAM}) WHERE n = 1 AND reason IS NOT NULL",
        (as_of.isoformat(),),
    )


Listed = list[tuple[str, str, tuple[int, ...]]]
"""(key, words, partners)"""


def quiet(conn: sqlite3.Connection) -> Listed:
    """Reasons of quiet partners, from temp.said."""
    rows = conn.execute("SELECT reason, json_group_array(id) FROM temp.said GROUP BY 1")
    return [(key, label(key), tuple(json.loads(ids))) for key, ids in rows]


def label(key: str) -> str:
    """A reason in words."""
    return REASONS.get(key) or key.replace("-", " ").replace("_", " ").capitalize()


def unexplained(conn: sqlite3.Connection) -> tuple[int, ...]:
    """Quiet partners of whom nobody has said why."""
    rows = conn.execute(
        f"SELECT s.id FROM temp.state s WHERE {_QUIET} AND {IN_PROGRAM} AND s.id NOT IN (SELECT id FROM temp.said) ORDER BY 1"
    )
    return tuple(row[0] for row in rows)


def ended(conn: sqlite3.Connection, as_of: date) -> Listed:
    """Reasons of those who left or were won back, from cases that are closed and were not taken back."""
    rows = conn.execute(
        "SELECT c.kind || ': ' || c.reason, c.kind, c.reason, json_group_array(DISTINCT c.partner_id) FROM cases c WHERE"
        " (c.kind = 'deactivation'"
        " OR c.kind LIKE 'win%back%') AND c.state = 'closed' AND c.closed_on <= ? AND c.reason IS NOT NULL AND coalesce(c.outcome, '')"
        " NOT IN ('stopped', 'withdrawn', 'rejected') GROUP BY 1 ORDER BY 1",
        (as_of.isoformat(),),
    )
    return [(key, f"{label(kind)}: {label(reason).lower()}", tuple(json.loads(ids))) for key, kind, reason, ids in rows]


def groups(conn: sqlite3.Connection, fields: Sequence[str]) -> list[tuple[str, str, str, int]]:
    """(field, value, reason, quiet partners) from temp.said, the most frequent first."""
    found = []
    for field in fields:
        rows = conn.execute(
            f"SELECT coalesce({FIELDS[field]}, :none), r.reason, count(*) FROM temp.said r CROSS JOIN partners p ON p.id = r.id"
            " GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2",
            {"none": NONE},
        )
        found += [(field, value, label(reason), n) for value, reason, n in rows]
    return found


def competitors(conn: sqlite3.Connection, as_of: date) -> list[tuple[str, str, int, int]]:
    """(quarter, competitor, losses to it, all losses of the quarter): lost deals, and reasons said of partners."""
    return conn.execute(
        "WITH l AS (SELECT substr(a.occurred_on, 1, 4) || ' Q' || ((CAST(substr(a.occurred_on, 6, 2) AS INTEGER) + 2) / 3) AS quarter,"
        " nullif(trim(json_extract(a.data, '$.competitor')), '') AS competitor FROM partners p CROSS JOIN activities a ON"
        " a.partner_id = p.id AND a.kind IN ('inactivity_reason', 'deal_lost') AND a.occurred_on <= ? AND a.superseded_at IS NULL"
        " WHERE p.joined_into IS NULL),"
        " q AS (SELECT quarter, count(*) AS n FROM l GROUP BY 1) SELECT l.quarter, min(l.competitor), count(*), q.n FROM l JOIN q ON"
        " q.quarter = l.quarter WHERE l.competitor IS NOT NULL GROUP BY l.quarter, folded(l.competitor), q.n ORDER BY 1 DESC, 3 DESC, 2",
        (as_of.isoformat(),),
    ).fetchall()


# ---- which fields tell them apart ----


def fields(conn: sqlite3.Connection) -> dict[str, str]:
    """Fields with few values, over `partners p`: those built in, and custom ones."""
    found = dict(FIELDS)
    for key, type_ in conn.execute(
        "SELECT key, type FROM fields WHERE tbl = 'partner' AND type IN ('text', 'yes/no') ORDER BY ord, id"
    ).fetchall():
        if key in BUILT_IN:
            continue  # no condition could name it
        named = "json_extract(p.custom, '" + f'$."{key}"'.replace("'", "''") + "')"
        if type_ == "yes/no":
            named = f"CASE {named} WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END"
        values = conn.execute(
            f"SELECT count(*) FROM (SELECT DISTINCT {named} AS v FROM partners p WHERE v IS NOT NULL LIMIT {FEW + 1})"
        ).fetchone()[0]
        if 1 < values <= FEW:
            found[key] = named
    return found


def separated(conn: sqlite3.Connection, sql: str) -> list[tuple[str, int, int, int]]:
    """(value, partners, inactive, unknown) by an expression over `partners p`; partners that were never active are in none."""
    return conn.execute(
        f"SELECT coalesce(CAST({sql} AS TEXT), :none), coalesce(sum({_JUDGED}), 0), coalesce(sum({_QUIET}), 0), sum(s.state = 'unknown')"
        f" FROM temp.state s CROSS JOIN partners p ON p.id = s.id WHERE {IN_PROGRAM} AND ({_JUDGED} OR s.state = 'unknown') GROUP BY 1",
        {"none": NONE},
    ).fetchall()


# ---- whom to recruit ----


def survivors(conn: sqlite3.Connection, known: dict[str, str], as_of: date) -> tuple[int, int]:
    """temp.fit(field, value, n, stayed): of partners first active a year or longer ago, who was active 12 months after.

    Those who left the program since are among them. Returns (stayed, of how many).
    """
    conn.execute("DROP TABLE IF EXISTS temp.fit")
    conn.execute(
        "CREATE TEMP TABLE fit(field TEXT, value TEXT, n INTEGER, stayed INTEGER, PRIMARY KEY (field, value)) WITHOUT ROWID"
    )
    stayed = "(s.last >= date(s.first, '+12 months'))"
    whom = (
        "FROM temp.state s CROSS JOIN partners p ON p.id = s.id LEFT JOIN temp.gone g ON g.id = s.id WHERE s.first <="
        " date(:as_of, '-12 months') AND (s.state <> 'unknown' OR s.last >= date(s.first, '+12 months'))"
        " AND (g.id IS NULL OR g.status = 'Deactivated')"
    )
    asked = {"as_of": as_of.isoformat()}
    for field, sql in known.items():
        conn.execute(
            f"INSERT INTO temp.fit SELECT :field, CAST({sql} AS TEXT) AS v, count(*), sum({stayed}) {whom} AND v IS NOT NULL GROUP BY 2",
            {**asked, "field": field},
        )
    found = conn.execute(f"SELECT coalesce(sum({stayed}), 0), count(*) {whom}", asked).fetchone()
    return int(found[0]), int(found[1])


def prospects(
    conn: sqlite3.Connection, known: dict[str, str], usual: float, most: int
) -> list[tuple[int, str, str, float, str]]:
    """(id, code, name, score, [[field, value, rate, of how many], …] as JSON) of prospects and applicants, the likeliest first.

    The score is the mean of the smoothed rates of what is known of one, over fields whose value anybody had before.
    """
    parts = " UNION ALL ".join(
        f"SELECT g.id, :f{n} AS field, CAST({sql} AS TEXT) AS value FROM temp.gone g JOIN partners p ON p.id = g.id"
        " WHERE g.status IN ('Prospect', 'Applicant')"
        for n, sql in enumerate(known.values())
    )
    rate = "(f.stayed + :pull * :usual) / (f.n + :pull)"
    return conn.execute(
        f"SELECT v.id, p.code, p.name, avg({rate}), json_group_array(json_array(v.field, v.value, {rate}, f.n)) FROM ({parts}) v"
        " JOIN temp.fit f ON f.field = v.field AND f.value = v.value JOIN partners p ON p.id = v.id GROUP BY v.id"
        " ORDER BY 4 DESC, p.name COLLATE NOCASE LIMIT :most",
        {**{f"f{n}": field for n, field in enumerate(known)}, "pull": float(PULL), "usual": usual, "most": most},
    ).fetchall()
