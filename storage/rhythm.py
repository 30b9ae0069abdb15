"""How often partners are active: each one's days in one pass, and the prior of each type, fitted to them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from prm_tui.domain.rhythm import CAP, LEAST, Prior, prior

_DAYS = "julianday(max(a.occurred_on)) - julianday(min(a.occurred_on))"


@dataclass
class Grown:
    """What temp.rhythm holds, for looks at one day after another within one reading: of which kinds, up to when."""

    kinds: tuple[str, ...] = ()
    to: date | None = None


def fill(
    conn: sqlite3.Connection,
    kinds: Sequence[str],
    as_of: date,
    *,
    ids: str | None = None,
    known_by: int | None = None,
    grown: Grown | None = None,
    into: str = "rhythm",
) -> None:
    """temp.rhythm (or `into`)(id, n, first, last, span): on how many days each partner was active by these kinds, up to a date.

    `ids`: of these partners only (JSON); `known_by`: as it was known at a moment (epoch). `grown`: where the table holds
    these kinds up to an earlier day, only what came after it is added.
    """
    if grown is not None:
        before, grown.to = (grown.to if grown.kinds == tuple(kinds) else None), as_of
        grown.kinds = tuple(kinds)
        if before is not None and before <= as_of:
            return _grow(conn, kinds, before, as_of)
    conn.execute(f"DROP TABLE IF EXISTS temp.{into}")
    conn.execute(f"CREATE TEMP TABLE {into}(id INTEGER PRIMARY KEY, n INTEGER, first TEXT, last TEXT, span INTEGER)")
    params = {"as_of": as_of.isoformat(), "ids": ids, "known": known_by}
    names = {f"kind{n}": name for n, name in enumerate(kinds)}
    told = "a.superseded_at IS NULL" if known_by is None else (
        "a.learned_at <= :known AND (a.superseded_at IS NULL OR a.superseded_at > :known)"
    )  # fmt: skip
    whom = "" if ids is None else " AND a.partner_id IN (SELECT value FROM json_each(:ids))"
    conn.execute(
        f"INSERT INTO temp.{into} SELECT a.partner_id, count(DISTINCT a.occurred_on), min(a.occurred_on), max(a.occurred_on),"
        f" CAST({_DAYS} AS INTEGER) FROM activities a WHERE a.kind IN ({', '.join(f':{n}' for n in names) or 'NULL'})"
        f" AND a.occurred_on <= :as_of AND {told}{whom} GROUP BY a.partner_id",
        {**params, **names},
    )


def _grow(conn: sqlite3.Connection, kinds: Sequence[str], before: date, as_of: date) -> None:
    """Add to temp.rhythm the days after one day up to another: they are none of those it has."""
    names = {f"kind{n}": name for n, name in enumerate(kinds)}
    conn.execute(
        "INSERT INTO temp.rhythm AS r SELECT p.id, count(DISTINCT a.occurred_on), min(a.occurred_on), max(a.occurred_on),"
        f" CAST({_DAYS} AS INTEGER) FROM partners p CROSS JOIN activities a ON a.partner_id = p.id"
        f" AND a.kind IN ({', '.join(f':{n}' for n in names) or 'NULL'}) AND a.occurred_on > :before AND a.occurred_on <= :as_of"
        " AND a.superseded_at IS NULL WHERE 1 GROUP BY p.id ON CONFLICT DO UPDATE SET n = r.n + excluded.n, last = excluded.last,"
        " span = CAST(julianday(excluded.last) - julianday(r.first) AS INTEGER)",
        {"before": before.isoformat(), "as_of": as_of.isoformat(), **names},
    )


SAMPLE = 5_000
"""Partners that priors are fitted to, at most about: one in so many of a larger file."""


def sample(column: str) -> str:
    """SQL that holds for one in `:every` partners, whichever pattern their numbers follow (Knuth's multiplicative hash)."""
    return f"(({column} * 2654435761 & 4294967295) >> 16) % :every = 0"


def sampled(conn: sqlite3.Connection) -> int:
    """One in how many partners counts for priors."""
    (highest,) = conn.execute("SELECT coalesce(max(id), 0) FROM partners").fetchone()
    return max(1, -(-int(highest) // SAMPLE))


def priors(conn: sqlite3.Connection, as_of: date, table: str = "rhythm") -> dict[str | None, Prior]:
    """The prior of every type of partner that has enough of a rhythm, from a table as `fill` makes it; None: of all."""
    rate = "(r.n - 1.0) / r.span"
    many = "FILTER (WHERE r.n > 2 AND r.span > 0)"
    moments = f"count(*) {many}, avg({rate}) {many}, avg({rate} * {rate}) {many}, sum(r.n), count(*) FILTER (WHERE r.last < :ended)"
    rows = f"FROM temp.{table} r CROSS JOIN partners p ON p.id = r.id WHERE {sample('r.id')}"
    ended = as_of - timedelta(days=min(CAP, (as_of - date.min).days))
    given = {"every": sampled(conn), "least": LEAST, "ended": ended.isoformat()}
    found: dict[str | None, Prior] = {None: prior(*conn.execute(f"SELECT {moments} {rows}", given).fetchone())}
    for type_, *made in conn.execute(
        f"SELECT p.type, {moments} {rows} AND p.type IS NOT NULL GROUP BY p.type HAVING count(*) {many} >= :least",
        given,
    ):
        found[type_] = prior(*made)
    return found


_KEPT: dict[tuple[str, str, tuple[str, ...], date], Mapping[str | None, Prior]] = {}


def fitted(conn: sqlite3.Connection, kinds: tuple[str, ...], as_of: date) -> Mapping[str | None, Prior]:
    """The priors of a day, by what is known now; worked out once for every state of the file."""
    path = conn.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    newest = conn.execute("SELECT hash FROM changes ORDER BY id DESC LIMIT 1").fetchone()
    key = (path, newest[0] if newest else "", kinds, as_of)
    if key in _KEPT:
        return _KEPT[key]
    if not kinds:  # of any kind
        kinds = tuple(name for (name,) in conn.execute("SELECT name FROM kinds WHERE tbl = 'activity'"))
    every = sampled(conn)
    ids = None if every == 1 else json.dumps(
        [one for (one,) in conn.execute(f"SELECT id FROM partners WHERE {sample('id')}", {"every": every})]
    )  # fmt: skip
    fill(conn, kinds, as_of, ids=ids, into="fitted")  # temp.rhythm may be in use
    found = priors(conn, as_of, "fitted")
    if key[1]:  # while a change is under way it has no hash yet
        for old in [one for one in _KEPT if one[:2] != key[:2]]:
            del _KEPT[old]
        _KEPT[key] = found
    return found
