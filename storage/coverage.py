"""Coverage: up to which day what happened is known, kind by kind."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from prm_tui.domain.condition import Checked
from prm_tui.domain.condition.arriving import signals
from prm_tui.domain.coverage import Covered
from prm_tui.domain.feed import Brought, Feed
from storage import emits, gaps, settings
from storage.feeds import feeds

_LOGGED = (  # partner by partner: there is no index that begins with the kind
    "SELECT EXISTS (SELECT 1 FROM {some} p CROSS JOIN activities a ON a.partner_id = p.id AND a.kind = ?"
    " AND a.superseded_at IS NULL)"
)


def furthest(conn: sqlite3.Connection) -> dict[str, Feed]:
    """Of each kind of activity that comes with feeds, the feed that is covered furthest.

    One suffices: a sheet under a new name continues an older one, and that none is late in a region is for its owner
    to declare.
    """
    found: dict[str, Feed] = {}
    there = feeds(conn)
    for feed in [*there, *_made(conn, there)]:
        if feed.covered_to is None or feed.listed:
            continue
        known = found.get(feed.kind)
        if known is None or known.covered_to is None or known.covered_to < feed.covered_to:
            found[feed.kind] = feed
    return found


def _made(conn: sqlite3.Connection, there: Sequence[Feed]) -> list[Feed]:
    """Lists of records as feeds of the activities that the records make: covered as declared, else to the newest of these."""
    found = []
    for kind, made, feed_id, newest in emits.covered(conn):
        for feed in there:
            if feed.id == feed_id and feed.kind == kind:
                brought = (Brought(newest, feed.last_read),) if feed.last_read else ()
                reach = feed.covered_to if feed.declared else newest
                found.append(replace(feed, kind=made, covered_to=reach, listed=False, sheets=brought))
    return found


def coverage(conn: sqlite3.Connection, kinds: Iterable[str], as_of: date) -> dict[str, date]:
    """The day up to which each of some kinds of activity is covered, but not beyond `as_of`.

    A kind with feeds is covered as far as the furthest of them: to the date declared, or to its newest fact. A kind
    that was only ever logged by hand is covered to `as_of`. A kind without either is not tracked, and not there.
    """
    fed = furthest(conn)
    found = {}
    for kind in dict.fromkeys(kinds):
        feed = fed.get(kind)
        if feed is not None and feed.covered_to is not None:
            found[kind] = min(feed.covered_to, as_of)
        elif logged(conn, kind):
            found[kind] = as_of
    return found


@dataclass(frozen=True)
class _There:
    """The kinds a file had anything of when a change had been made, and the last activity there was then."""

    change: tuple[int, str]
    last: int
    kinds: frozenset[str]


_THERE: dict[str, _There] = {}
_STANDS = (
    "SELECT EXISTS (SELECT 1 FROM changes WHERE id = ?1 AND hash = ?2)"
    " AND NOT EXISTS (SELECT 1 FROM changes WHERE id > ?1 AND undoes IS NOT NULL)"
    " AND (SELECT max(id) FROM activities) <= ?3"
)
_LATER = 100_000
"""After so many more activities it is quicker to look again at all of them."""


def logged(conn: sqlite3.Connection, kind: str) -> bool:
    """Whether there is anything of a kind. To find nothing takes a look at every activity; that is done once for all kinds.

    It is remembered with the newest change: as long as that is among the changes of the file, and nothing was taken
    back since, only later activities can be of another kind.
    """
    path = conn.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    known = _THERE.get(path)
    if known is None or not conn.execute(_STANDS, (*known.change, known.last + _LATER)).fetchone()[0]:
        if conn.execute(_LOGGED.format(some="(SELECT id FROM partners LIMIT 100)"), (kind,)).fetchone()[0]:
            return True
        known = _look(conn, path)
    if known is not None and kind not in known.kinds:
        later = "SELECT EXISTS (SELECT 1 FROM activities WHERE id > ? AND kind = ? AND superseded_at IS NULL)"
        return bool(conn.execute(later, (known.last, kind)).fetchone()[0])
    return bool(conn.execute(_LOGGED.format(some="partners"), (kind,)).fetchone()[0])


def _look(conn: sqlite3.Connection, path: str) -> _There | None:
    """Which kinds a file has anything of; None while a change is under way, which has no hash yet to remember it by."""
    newest = conn.execute("SELECT id, hash FROM changes ORDER BY id DESC LIMIT 1").fetchone()
    if newest is None or not newest[1]:
        return None
    (last,) = conn.execute("SELECT coalesce(max(id), 0) FROM activities").fetchone()
    rows = conn.execute("SELECT DISTINCT kind FROM activities")
    _THERE[path] = _There(newest, last, frozenset(kind for (kind,) in rows))
    return _THERE[path]


def covered(conn: sqlite3.Connection, checked: Checked, as_of: date) -> Covered:
    """What strict reading of a condition needs to know of its signals: how far they are covered, and by which feed."""
    return _covered(conn, coverage(conn, signals(checked.node, checked.scope), as_of))


def covered_then(conn: sqlite3.Connection, checked: Checked, known: Callable[[date], int]) -> Callable[[date], Covered]:
    """Coverage on a day in the past: each kind that comes with feeds to the newest fact that was known on that day."""
    kinds = signals(checked.node, checked.scope)
    fed = furthest(conn)
    listed = json.dumps([kind for kind in kinds if kind in fed])
    learned = defaultdict[str, list[tuple[int, str]]](list)
    for kind, at, newest in conn.execute(
        "SELECT kind, learned_at, max(occurred_on) FROM activities WHERE kind IN (SELECT value FROM json_each(?))"
        " GROUP BY kind, learned_at ORDER BY learned_at",
        (listed,),
    ):
        newest = max(newest, learned[kind][-1][1]) if learned[kind] else newest
        learned[kind].append((at, newest))
    logged = [kind for kind in coverage(conn, kinds, date.max) if kind not in fed]
    plain = _covered(conn, {}, kinds)

    @cache
    def on(day: date) -> Covered:
        by, to = known(day), dict.fromkeys(logged, day)
        for kind, steps in learned.items():
            found = bisect_right(steps, by, key=lambda step: step[0])
            to[kind] = min(day, date.fromisoformat(steps[found - 1][1])) if found else date.min
        return replace(plain, to=to)

    return on


def _covered(conn: sqlite3.Connection, to: dict[str, date], kinds: Iterable[str] = ()) -> Covered:
    """`kinds`: whose gaps are looked for, else those of `to`. Who declared how far a feed is covered answers for gaps."""
    fed, tolerance = furthest(conn), settings.number(conn, "coverage_tolerance")
    found = {
        kind: gaps.between_sheets(conn, kind, feed.covered_to, tolerance)
        for kind in kinds or to
        if (feed := fed.get(kind)) is not None and feed.covered_to is not None and not feed.declared
    }
    return Covered(to, tolerance, {kind: feed.name for kind, feed in fed.items()}, found)


def untracked(conn: sqlite3.Connection, checked: Checked) -> tuple[str, ...]:
    """The kinds of activity a condition speaks of of which the file has no feed and nothing logged."""
    kinds = signals(checked.node, checked.scope)
    found = coverage(conn, kinds, date.max)
    return tuple(kind for kind in kinds if kind not in found)
