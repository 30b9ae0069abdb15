"""How good the rules were on the file's own past: temp.look, judged by what followed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date

from prm_tui.domain.insights import SLOW, Reach
from prm_tui.domain.insights_rules import Quality
from storage.backtest import middle

RULES = {"fixed": "The policy in effect", "adaptive": "A silence too long for its own rhythm"}


def quality(
    conn: sqlite3.Connection, kinds: Sequence[str], window: int, reach: Reach, first: date
) -> tuple[Quality, ...]:
    """Both rules over the looks, the first of which was on `first`. Leaves temp.loss, the silences that there were to find."""
    _losses(conn, kinds, window, reach, first)
    found = []
    for rule, title in RULES.items():
        sums = conn.execute(
            f"SELECT count(*), coalesce(sum({rule}), 0), coalesce(sum({rule} AND NOT came), 0), coalesce(sum(NOT came), 0),"
            " coalesce(sum(came), 0), coalesce(sum(came AND every >= :slow), 0),"
            f" coalesce(sum(came AND every >= :slow AND {rule}), 0) FROM temp.look WHERE came IS NOT NULL",
            {"slow": SLOW},
        ).fetchone()
        new = conn.execute(
            f"SELECT count(*), coalesce(sum(NOT came), 0) FROM (SELECT came, {rule} AS flag, lag({rule}) OVER (PARTITION BY id ORDER BY"
            " day) AS before, day FROM temp.look) WHERE came IS NOT NULL AND flag AND coalesce(before = 0, day > :first)",
            {"first": first.isoformat()},
        ).fetchone()
        judged, flagged, right, lost, live, slow, slow_false = sums
        found.append(
            Quality(
                rule, title, judged, flagged, right, lost, live, slow, slow_false, new[0], new[1], *_found(conn, rule)
            )
        )
    return tuple(found)


def _losses(conn: sqlite3.Connection, kinds: Sequence[str], window: int, reach: Reach, first: date) -> None:
    """temp.loss(id, last): silences of the window's length or more that began since the first look, as far as is known."""
    named = {f"kind{n}": kind for n, kind in enumerate(kinds)}
    gaps = {f"gap{n}": day.isoformat() for n, day in enumerate(day for gap in reach.gaps for day in gap)}
    outside = "".join(
        f" AND NOT (l.last < :gap{2 * n + 1} AND date(l.last, :days) > :gap{2 * n})" for n in range(len(reach.gaps))
    )
    conn.execute("DROP TABLE IF EXISTS temp.loss")
    conn.execute("CREATE TEMP TABLE loss(id INTEGER, last TEXT, PRIMARY KEY (id, last)) WITHOUT ROWID")
    conn.execute(
        "INSERT INTO temp.loss SELECT DISTINCT l.id, l.last FROM temp.look l WHERE l.last >= :first AND date(l.last, :days) <= :known"
        " AND NOT EXISTS (SELECT 1 FROM activities a WHERE a.partner_id = l.id AND a.kind IN"
        f" ({', '.join(f':{n}' for n in named) or 'NULL'}) AND a.occurred_on > l.last AND a.occurred_on <= date(l.last, :days)"
        f" AND a.superseded_at IS NULL){outside}",
        {**named, **gaps, "first": first.isoformat(), "known": reach.to.isoformat(), "days": f"{window} days"},
    )


def _found(conn: sqlite3.Connection, rule: str) -> tuple[int, int, float | None]:
    """How many losses there are, how many the rule flagged before anything came, and the median days that took."""
    (losses,) = conn.execute("SELECT count(*) FROM temp.loss").fetchone()
    days = conn.execute(
        "SELECT days, count(*) FROM (SELECT CAST(julianday(min(l.day)) - julianday(l.last) AS INTEGER) AS days FROM temp.loss o"
        f" JOIN temp.look l ON l.id = o.id AND l.last = o.last WHERE l.{rule} GROUP BY l.id, l.last) GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return losses, sum(n for _, n in days), middle(days)


PARTS = {
    "judged": "l.came IS NOT NULL",
    "flagged": "l.came IS NOT NULL AND {rule}",
    "rightly": "l.came = 0 AND {rule}",
    "wrongly": "l.came AND {rule}",
    "wrongly, slow": "l.came AND l.every >= :slow AND {rule}",
    "lost": "l.came = 0",
    "silent": "EXISTS (SELECT 1 FROM temp.loss o WHERE o.id = l.id)",
    "silent, found": "EXISTS (SELECT 1 FROM temp.loss o WHERE o.id = l.id AND o.last = l.last) AND {rule}",
    "so likely": "l.came IS NOT NULL AND l.p >= :low AND l.p < :high",
}
"""What is counted of temp.look → how its cases are found."""


def partners(conn: sqlite3.Connection, part: str, rule: str, low: float = 0, high: float = 2) -> tuple[int, ...]:
    """The partners of at least one case of a part, by the rule of that name, as `quality` left them."""
    where = PARTS[part].format(rule=f"l.{rule}")
    rows = conn.execute(
        f"SELECT DISTINCT l.id FROM temp.look l WHERE {where} ORDER BY l.id", {"slow": SLOW, "low": low, "high": high}
    )
    return tuple(id_ for (id_,) in rows)


def cases(conn: sqlite3.Connection) -> tuple[int, int]:
    """(cases, those of which it is not known yet what followed)."""
    found = conn.execute("SELECT count(*), coalesce(sum(came IS NULL), 0) FROM temp.look").fetchone()
    return int(found[0]), int(found[1])
