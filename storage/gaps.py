"""Sheets that are missing between others: a silence of everybody that is too long to be one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from math import exp

SURE = 0.001
"""How unlikely a silence of everybody must be before it counts as a gap."""
Gaps = tuple[tuple[date, date], ...]
"""(last day before, first day after) of each gap, in order."""


def silences(conn: sqlite3.Connection, kinds: Sequence[str], first: date, to: date, longest: int) -> Gaps:
    """Silences of everybody, by these kinds, that are longer than `longest` days and that would come once in a thousand
    times or more seldom.

    By how many days have anything in them: p = exp(−days with anything / days in all · length).
    """
    candidates = list(_stretches(conn, kinds, first, to, longest)) if kinds and first < to else []
    if not candidates:
        return ()
    named = {f"kind{n}": kind for n, kind in enumerate(kinds)}
    (days,) = conn.execute(
        f"SELECT count(DISTINCT a.occurred_on) FROM activities a WHERE a.kind IN ({', '.join(f':{n}' for n in named)})"
        " AND a.occurred_on BETWEEN :first AND :to AND a.superseded_at IS NULL",
        {**named, "first": first.isoformat(), "to": to.isoformat()},
    ).fetchone()
    often = days / (to - first).days
    return tuple((before, after) for before, after in candidates if exp(-often * (after - before).days) < SURE)


def _stretches(
    conn: sqlite3.Connection, kinds: Sequence[str], first: date, end: date, longest: int
) -> Iterator[tuple[date, date]]:
    """(last day before, first day after) of every stretch without anything; hops from one day to a later one."""
    named = {f"kind{n}": kind for n, kind in enumerate(kinds)}
    of = (
        f"FROM partners p CROSS JOIN activities a ON a.partner_id = p.id AND a.kind IN ({', '.join(f':{n}' for n in named)})"
        " AND a.occurred_on > :after AND a.occurred_on <= :until AND a.superseded_at IS NULL"
    )

    def found(what: str, after: date, until: date) -> date | None:
        row = conn.execute(
            f"SELECT {what} {of} LIMIT 1", {**named, "after": after.isoformat(), "until": until.isoformat()}
        ).fetchone()
        return date.fromisoformat(row[0]) if row and row[0] else None

    day = first
    while (end - day).days > longest:
        far, near = day + timedelta(days=longest), day + timedelta(days=longest // 2)
        later = found("a.occurred_on", near, far) or found("a.occurred_on", day, near)
        if later is None:
            later = found("min(a.occurred_on)", far, end)
            if later is None:
                return
            before = found("max(a.occurred_on)", day - timedelta(days=1), far) or day
            yield before, later
        day = later


_FOUND: dict[tuple[str, str, int], tuple[tuple[int, int], Gaps]] = {}
_STANDS = "SELECT (SELECT coalesce(max(id), 0) FROM sources), (SELECT coalesce(max(id), 0) FROM changes WHERE undoes IS NOT NULL)"
_SHEETS = (
    "SELECT s.id, s.held FROM sources s JOIN feeds f ON f.id = s.feed_id WHERE f.kind = ? AND s.what LIKE 'activity%'"
)


def between_sheets(conn: sqlite3.Connection, kind: str, to: date, longest: int) -> Gaps:
    """The gaps of a kind between two of its sheets.

    A sheet that has something on both sides, or that repeats what others brought, tells of the days between as well: then
    it was quiet. Found once for the sheets that were read.
    """
    path = conn.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    stands, key = conn.execute(_STANDS).fetchone(), (path, kind, longest)
    if key not in _FOUND or _FOUND[key][0] != stands:
        _FOUND[key] = stands, _between(conn, kind, to, longest)
    return _FOUND[key][1]


def _between(conn: sqlite3.Connection, kind: str, to: date, longest: int) -> Gaps:
    sheets = dict(conn.execute(_SHEETS, (kind,)).fetchall())
    if len(sheets) < 2:
        return ()
    (first,) = conn.execute(
        "SELECT min((SELECT min(a.occurred_on) FROM activities a WHERE a.partner_id = p.id AND a.kind = ?"
        " AND a.superseded_at IS NULL)) FROM partners p",
        (kind,),
    ).fetchone()
    found = silences(conn, (kind,), date.fromisoformat(first), to, longest) if first else ()
    if not found:
        return ()
    spans = [
        (date.fromisoformat(begins), date.fromisoformat(ends), (sheets.get(source) or 0) > brought)
        for source, begins, ends, brought in conn.execute(
            "SELECT source_id, min(occurred_on), max(occurred_on), count(*) FROM activities WHERE kind = ? AND source_id IS NOT NULL"
            " GROUP BY source_id",
            (kind,),
        )
    ]
    return tuple(
        (before, after)
        for before, after in found
        if not any(ends >= after and (begins <= before or repeats) for begins, ends, repeats in spans)
    )
