"""The timeline in the file."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from prm_tui.domain.activity import ActivityLine, KindCount, TimelineRow
from prm_tui.domain.money import from_units
from prm_tui.domain.partner import Source
from storage.store import Change

_LABEL = "coalesce((SELECT k.label FROM kinds k WHERE k.tbl = 'activity' AND k.name = a.kind), a.kind)"


def entries(conn: sqlite3.Connection, partner_id: int, kind: str | None, as_of: date, most: int = -1) -> array[int]:
    """Ids of a partner's activities up to a date, the latest first; at most so many of them."""
    only = " AND kind = :kind" if kind else ""
    found = conn.execute(
        f"SELECT id FROM activities WHERE partner_id = :partner AND occurred_on <= :as_of{only}"
        " AND superseded_at IS NULL ORDER BY occurred_on DESC, id DESC LIMIT :most",
        {"partner": partner_id, "as_of": as_of.isoformat(), "kind": kind, "most": most},
    )
    return array("q", (row[0] for row in found))


def rows(conn: sqlite3.Connection, ids: Sequence[int]) -> list[TimelineRow]:
    """One page of a timeline, in the order of `ids`."""
    found = {
        row[0]: _row(row)
        for row in conn.execute(
            f"SELECT a.id, a.kind, {_LABEL}, a.occurred_on, a.learned_at, a.amount, a.currency, a.quantity,"
            " a.ref, a.note, a.lines, (SELECT name FROM people WHERE people.id = a.person_id),"
            " s.file, s.sheet, a.row, a.data FROM activities a LEFT JOIN sources s ON s.id = a.source_id"
            " WHERE a.id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
    }
    return [found[activity_id] for activity_id in ids if activity_id in found]


def _row(row: Sequence[Any]) -> TimelineRow:
    return TimelineRow(
        id=row[0],
        kind=row[1],
        label=row[2],
        occurred_on=date.fromisoformat(row[3]),
        learned_on=datetime.fromtimestamp(row[4], UTC).date(),
        amount=None if row[5] is None else from_units(row[5]),
        currency=row[6],
        quantity=None if row[7] is None else from_units(row[7]),
        ref=row[8],
        note=row[9],
        lines=row[10],
        person=row[11],
        source=_source(row[12], row[13], row[14]),
        data=json.loads(row[15]),
    )


def _source(file: str | None, sheet: str | None, row: int | None) -> Source | None:
    return None if file is None or sheet is None or row is None else Source(file, sheet, row)


def lines(conn: sqlite3.Connection, activity_id: int) -> list[ActivityLine]:
    """The lines of one activity in the order of their sheet."""
    return [
        ActivityLine(
            n=n,
            amount=None if amount is None else from_units(amount),
            quantity=None if quantity is None else from_units(quantity),
            data=json.loads(data),
            source=_source(file, sheet, row),
        )
        for n, amount, quantity, data, file, sheet, row in conn.execute(
            "SELECT l.n, l.amount, l.quantity, l.data, s.file, s.sheet, l.row FROM activity_lines l"
            " LEFT JOIN sources s ON s.id = l.source_id WHERE l.activity_id = ? ORDER BY l.n",
            (activity_id,),
        )
    ]


def kinds(conn: sqlite3.Connection, partner_id: int, as_of: date) -> list[KindCount]:
    """The kinds a partner's timeline has, the most frequent first."""
    return [
        KindCount(kind, label, count, date.fromisoformat(last))
        for kind, label, count, last in conn.execute(
            f"SELECT a.kind, {_LABEL}, count(*), max(a.occurred_on) FROM activities a WHERE a.partner_id = ?"
            " AND a.occurred_on <= ? AND a.superseded_at IS NULL GROUP BY a.kind ORDER BY 3 DESC, 1",
            (partner_id, as_of.isoformat()),
        )
    ]


def kinds_of(conn: sqlite3.Connection, partner_ids: Sequence[int], as_of: date) -> dict[int, list[str]]:
    """The kinds of activity each of these partners has, the most frequent first."""
    found: dict[int, list[str]] = {partner: [] for partner in partner_ids}
    for partner, kind, _ in conn.execute(
        "SELECT partner_id, kind, count(*) FROM activities WHERE partner_id IN (SELECT value FROM json_each(?))"
        " AND occurred_on <= ? AND superseded_at IS NULL GROUP BY 1, 2 ORDER BY 3 DESC, 2",
        (json.dumps(list(partner_ids)), as_of.isoformat()),
    ):
        found[partner].append(kind)
    return found


def log(change: Change, partner_id: int, kind: str, occurred_on: date, values: Mapping[str, Any]) -> int:
    """A new activity; `values` are columns as they are stored."""
    columns = ["partner_id", "kind", "occurred_on", "learned_at", "change_id", *values]
    cursor = change.conn.execute(
        f"INSERT INTO activities({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        (partner_id, kind, occurred_on.isoformat(), change.at, change.id, *values.values()),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def correct(change: Change, activity_id: int, values: Mapping[str, Any]) -> int | None:
    """Supersede an activity by one with other values; the old row keeps its place for “what did we know then”.

    Its lines go over to the new one. Returns the new id, None when no value is another. The change raises
    AlreadyThere when the partner has such a reference on that date already.
    """
    conn = change.conn
    names = [row[1] for row in conn.execute("PRAGMA table_info(activities)")]
    old = dict(
        zip(names, conn.execute("SELECT * FROM activities WHERE id = ?", (activity_id,)).fetchone(), strict=True)
    )
    new = {**old, **values}
    if new == old:
        return None
    conn.execute("UPDATE activities SET superseded_at = ? WHERE id = ?", (change.at, activity_id))
    new.update(learned_at=change.at, superseded_at=None, superseded_by=None, change_id=change.id)
    del new["id"]
    cursor = conn.execute(
        f"INSERT INTO activities({', '.join(new)}) VALUES ({', '.join('?' * len(new))})", tuple(new.values())
    )
    conn.execute("UPDATE activities SET superseded_by = ? WHERE id = ?", (cursor.lastrowid, activity_id))
    conn.execute("UPDATE activity_lines SET activity_id = ? WHERE activity_id = ?", (cursor.lastrowid, activity_id))
    return cursor.lastrowid


def partner_of(conn: sqlite3.Connection, activity_id: int) -> int | None:
    """Whose activity it is; None for one that was superseded or taken back."""
    row = conn.execute(
        "SELECT partner_id FROM activities WHERE id = ? AND superseded_at IS NULL", (activity_id,)
    ).fetchone()
    return None if row is None else int(row[0])
