"""Feeds: how far each stream of facts is covered, and the rhythm in which its sheets come."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import UTC, date, datetime

from prm_tui.domain.feed import DUE, Feed, rhythm
from storage.store import Change

_SEVERAL = "(SELECT feed_id FROM sources WHERE feed_id IS NOT NULL GROUP BY feed_id HAVING count(*) > 2)"


def feeds(conn: sqlite3.Connection) -> list[Feed]:
    """Every feed, by kind; covered to the declared date, else to its newest fact, else to the day its sheet was read."""
    sheets = _sheets(conn)
    found = []
    for feed_id, kind, source, covered, declared, every, due, count, file, read_at in conn.execute(
        "SELECT f.id, f.kind, f.source, coalesce(f.covered_to, f.newest), f.covered_to IS NOT NULL, f.every, f.due,"
        " (SELECT count(*) FROM sources s WHERE s.feed_id = f.id), s.file, s.read_at FROM feeds f LEFT JOIN sources s"
        " ON s.id = (SELECT max(id) FROM sources o WHERE o.feed_id = f.id) ORDER BY f.kind, f.source"
    ).fetchall():
        read = datetime.fromtimestamp(read_at, UTC).date() if read_at else None
        newest = tuple(sheets.get(feed_id, ()))
        found.append(
            Feed(
                feed_id, kind, source, date.fromisoformat(covered) if covered else None, bool(declared), count,
                every or rhythm(newest), every is not None, DUE if due is None else int(due), newest, file or "", read,
            )
        )  # fmt: skip
    return found


def _sheets(conn: sqlite3.Connection) -> dict[int, list[date]]:
    """The newest activity of each sheet, by feed, of feeds with enough sheets to show a rhythm."""
    found = defaultdict[int, list[date]](list)
    for feed_id, newest in conn.execute(
        "SELECT s.feed_id, max(a.occurred_on) FROM sources s JOIN activities a ON a.source_id = s.id"
        f" WHERE s.feed_id IN {_SEVERAL} GROUP BY s.id ORDER BY s.id"
    ):
        found[feed_id].append(date.fromisoformat(newest))
    return found


def declare(change: Change, feed_id: int, *, every: str | None, due: int | None, covered_to: date | None) -> None:
    """Say how often sheets of a feed come, how many days after a period they are due, and how far it is covered."""
    change.conn.execute(
        "UPDATE feeds SET every = ?, due = ?, covered_to = ? WHERE id = ?",
        (every, None if due is None else str(due), covered_to.isoformat() if covered_to else None, feed_id),
    )
