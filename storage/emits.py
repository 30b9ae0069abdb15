"""Activities that the dates of records make: a certificate's start is a certification that happened on that day.

A kind of record says so (`emits`: date field → kind of activity, or for each of some statuses the kind it makes). What is
made points back to its record and to the cell it came from, and follows it: another date, amount or status supersedes, a
record that is gone takes it with it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from prm_tui.domain.text import folded
from storage.store import Change

_OWN = ("starts_on", "ends_on")
_KEY = "json_extract(a.data, '$.emitted') = :field"
_NOW = "a.kind = :made AND a.record_id = r.id AND a.superseded_at IS NULL AND " + _KEY


def emit(change: Change) -> int:
    """Make what the dates of records up to the change's as-of call for, and supersede what they no longer do; how many."""
    return sum(_one(change, one) for one in _emitting(change.conn))


class _Emits(NamedTuple):
    """A kind of record, the field of the date, the kind of activity it makes, and in which statuses (JSON; null: in all)."""

    kind: str
    field: str
    made: str
    statuses: str

    @property
    def day(self) -> str:
        """SQL of the date."""
        return f"r.{self.field}" if self.field in _OWN else f"substr(json_extract(r.data, '$.\"{self.field}\"'), 1, 10)"

    def wanted(self, to: str = ":as_of") -> str:
        """SQL of the records that make one up to a day."""
        said = " AND folded(coalesce(r.status, '')) IN (SELECT value FROM json_each(:statuses))"
        return f"r.kind = :kind AND {self.day} <= {to}{said if self.statuses != 'null' else ''}"


def _emitting(conn: sqlite3.Connection) -> Iterator[_Emits]:
    for kind, body in conn.execute("SELECT name, emits FROM kinds WHERE tbl = 'record' AND emits <> '{}'").fetchall():
        for field, what in json.loads(body).items():
            if isinstance(what, str):
                yield _Emits(kind, field, what, "null")
                continue
            for made in dict.fromkeys(what.values()):
                yield _Emits(kind, field, made, json.dumps([folded(word) for word, one in what.items() if one == made]))


Made = tuple[str, str, int, date]
_KEPT: dict[str, tuple[tuple[object, ...], list[Made]]] = {}


def covered(conn: sqlite3.Connection) -> list[Made]:
    """(kind of record, kind of activity it makes, feed, the last day of any such activity from that feed).

    All that the records of a feed make is known as far as the last of it: they stand in one sheet. Found once for every
    state of the file; while a change is under way, once for every write.
    """
    path = conn.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    newest = conn.execute("SELECT id, hash FROM changes ORDER BY id DESC LIMIT 1").fetchone() or (0, "")
    stands = newest if newest[1] else (*newest, id(conn), conn.total_changes)
    if path not in _KEPT or _KEPT[path][0] != stands:
        _KEPT[path] = stands, _covered(conn)
    return _KEPT[path][1]


def _covered(conn: sqlite3.Connection) -> list[Made]:
    found: dict[tuple[str, int], date] = {}
    made: dict[str, set[str]] = {}
    for one in _emitting(conn):
        known = one.wanted("date(s.read_at, 'unixepoch')")
        rows = conn.execute(
            f"SELECT s.feed_id, max({one.day}) FROM records r JOIN sources s ON s.id = r.source_id"
            f" WHERE {known} AND s.feed_id IS NOT NULL GROUP BY 1",
            {"kind": one.kind, "statuses": one.statuses},
        ).fetchall()
        for feed, day in rows:
            made.setdefault(one.kind, set()).add(one.made)
            found[one.kind, feed] = max(date.fromisoformat(day), found.get((one.kind, feed), date.min))
    return [(kind, activity, feed, day) for (kind, feed), day in found.items() for activity in sorted(made[kind])]


def _one(change: Change, one: _Emits) -> int:
    conn, day, wanted = change.conn, one.day, one.wanted()
    params = {
        "kind": one.kind,
        "made": one.made,
        "field": one.field,
        "statuses": one.statuses,
        "as_of": change.as_of.isoformat(),
        "at": change.at,
        "change": change.id,
    }
    same = (
        f"a.occurred_on = {day} AND a.amount IS r.amount AND a.currency IS r.currency AND a.partner_id = r.partner_id"
    )
    conn.execute(
        "UPDATE activities AS a SET superseded_at = :at WHERE a.kind = :made AND a.superseded_at IS NULL AND a.record_id IS NOT"
        f" NULL AND {_KEY} AND NOT EXISTS (SELECT 1 FROM records r WHERE r.id = a.record_id AND {wanted} AND {same})",
        params,
    )
    made = conn.execute(
        "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, amount, currency, quantity, ref, data, record_id,"
        f" source_id, row, change_id) SELECT r.partner_id, :made, {day}, :at, r.amount, r.currency, r.quantity,"
        " coalesce(r.ref, r.name) || ' #' || r.id, json_object('emitted', :field), r.id, r.source_id, r.row, :change"
        f" FROM records r WHERE {wanted} AND NOT EXISTS (SELECT 1 FROM activities a WHERE {_NOW} AND {same}) ORDER BY r.id",
        params,
    ).rowcount
    conn.execute(
        "UPDATE activities AS a SET superseded_by = (SELECT max(n.id) FROM activities n WHERE n.record_id = a.record_id"
        f" AND n.kind = a.kind AND n.superseded_at IS NULL) WHERE a.kind = :made AND a.superseded_at = :at AND {_KEY}"
        " AND a.superseded_by IS NULL AND EXISTS (SELECT 1 FROM activities n WHERE n.record_id = a.record_id"
        " AND n.kind = a.kind AND n.superseded_at IS NULL)",
        params,
    )
    return made
