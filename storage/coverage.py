"""Coverage: up to which day what happened is known, kind by kind."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date

from prm_tui.domain.feed import Feed
from storage.feeds import feeds

_LOGGED = (  # partner by partner: there is no index that begins with the kind
    "SELECT EXISTS (SELECT 1 FROM partners p CROSS JOIN activities a ON a.partner_id = p.id AND a.kind = ?"
    " AND a.superseded_at IS NULL)"
)


def furthest(conn: sqlite3.Connection) -> dict[str, Feed]:
    """Of each kind of activity that comes with feeds, the feed that is covered furthest.

    One suffices: a sheet under a new name continues an older one, and that none is late in a region is for its owner
    to declare.
    """
    found: dict[str, Feed] = {}
    for feed in feeds(conn):
        if feed.covered_to is None or feed.listed:
            continue
        known = found.get(feed.kind)
        if known is None or known.covered_to is None or known.covered_to < feed.covered_to:
            found[feed.kind] = feed
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
        elif conn.execute(_LOGGED, (kind,)).fetchone()[0]:
            found[kind] = as_of
    return found
