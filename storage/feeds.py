"""Feeds: how far each stream of facts is covered, and the sheets that brought it so far."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import UTC, date, datetime

from prm_tui.domain.feed import Brought, Feed, FeedSheet
from storage.store import Change

# A sheet that prm wrote is waited for by itself (sheets that are out); what came back in it is no stream.
_STREAMS = "EXISTS (SELECT 1 FROM sources s WHERE s.feed_id = f.id AND json_extract(s.map, '$.\"prm id\"') IS NOT 'id')"


def feeds(conn: sqlite3.Connection) -> list[Feed]:
    """Every feed, by kind; covered to the declared date, else to its newest fact, else to the day its sheet was read."""
    steps = _steps(conn)
    found = []
    for feed_id, kind, source, covered, newest, every, due, count, what, file, read_at in conn.execute(
        "SELECT f.id, f.kind, f.source, f.covered_to, f.newest, f.every, f.due,"
        " (SELECT count(*) FROM sources s WHERE s.feed_id = f.id), s.what, s.file, s.read_at FROM feeds f JOIN sources s"
        f" ON s.id = (SELECT max(id) FROM sources o WHERE o.feed_id = f.id) WHERE {_STREAMS} ORDER BY f.kind, f.source"
    ).fetchall():
        sheets = _line(newest, steps.get(feed_id, []))
        declared = _day(covered)
        latest = sheets[-1] if sheets and declared is None else None
        found.append(
            Feed(
                feed_id, kind, source, declared or (latest.reach if latest else _on(read_at)), declared is not None, count,
                every, None if due is None else int(due), latest.read if latest else None,
                not str(what).startswith("activity"), tuple(sheets), file, _on(read_at),
            )
        )  # fmt: skip
    return found


def _steps(conn: sqlite3.Connection) -> dict[int, list[tuple[str | None, str, int]]]:
    """How the newest fact of each feed came to be: from which day to which, and when; what undo wrote is no step."""
    found = defaultdict[int, list[tuple[str | None, str, int]]](list)
    for feed_id, before, after, at in conn.execute(
        "SELECT l.row_id, l.before, l.after, c.at FROM change_log l JOIN changes c ON c.id = l.change_id"
        " WHERE l.tbl = 'feeds' AND l.col = 'newest' AND c.undoes IS NULL ORDER BY l.id"
    ):
        found[feed_id].append((before, after, at))
    return found


def _line(newest: str | None, steps: list[tuple[str | None, str, int]]) -> list[Brought]:
    """The sheets that led to the newest fact there is: what was taken back led nowhere and falls out."""
    found = []
    for before, after, at in reversed(steps):
        if newest is not None and after == newest:
            found.append(Brought(date.fromisoformat(after), _on(at)))
            newest = before
    return found[::-1]


def sheets(conn: sqlite3.Connection, feed_id: int) -> list[FeedSheet]:
    """The sheets of a feed, the latest first, with the activities each of them brought."""
    return [
        FeedSheet(file, sheet, _on(read_at), rows, brought or 0, _day(newest))
        for file, sheet, read_at, rows, brought, newest in conn.execute(
            "SELECT s.file, s.sheet, s.read_at, s.rows, a.brought, a.newest FROM sources s LEFT JOIN"
            " (SELECT source_id, count(*) AS brought, max(occurred_on) AS newest FROM activities"
            " WHERE source_id IN (SELECT id FROM sources WHERE feed_id = :feed) GROUP BY source_id) a ON a.source_id = s.id"
            " WHERE s.feed_id = :feed ORDER BY s.id DESC",
            {"feed": feed_id},
        )
    ]


def rows(conn: sqlite3.Connection) -> dict[int, int]:
    """How many activities, partners, people, contacts or records each feed holds now."""
    held = dict(conn.execute("SELECT feed_id, count(*) FROM feed_rows GROUP BY feed_id").fetchall())
    for feed_id, count in conn.execute(
        "SELECT s.feed_id, sum(a.held) FROM sources s JOIN (SELECT source_id, count(*) AS held FROM activities"
        " WHERE superseded_at IS NULL AND source_id IS NOT NULL AND record_id IS NULL GROUP BY source_id) a ON a.source_id = s.id"
        " WHERE s.feed_id IS NOT NULL GROUP BY s.feed_id"
    ):
        held[feed_id] = held.get(feed_id, 0) + count
    return held


def declare(change: Change, feed_id: int, *, every: str | None, due: int | None, covered_to: date | None) -> None:
    """Say how often sheets of a feed come, how many days after a period they are due, and how far it is covered."""
    change.conn.execute(
        "UPDATE feeds SET every = ?, due = ?, covered_to = ? WHERE id = ?",
        (every, None if due is None else str(due), covered_to.isoformat() if covered_to else None, feed_id),
    )


def _on(at: int) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None
