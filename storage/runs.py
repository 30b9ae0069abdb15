"""What the rounds of a run did, read from the rows and the log of their changes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from prm_tui.domain.run import Effect, Fired, Hit, RunRow
from storage.sweeps import first_rows

SHOWN = 2_000
"""So many effects are listed; all are counted."""
_WHOSE = "(SELECT code FROM partners WHERE id = {p}), (SELECT name FROM partners WHERE id = {p})"
_BY = "coalesce((SELECT c.reason FROM cases c WHERE c.id = {c}), '')"
_MADE = {
    "case": ("cases", "x.title", "x.reason", "1"),
    "task": ("tasks", "x.title", _BY.format(c="x.case_id"), "x.kind = 'to-do' AND json_extract(x.data, '$.message') IS NULL"),
    "approval": ("tasks", "x.title", _BY.format(c="x.case_id"), "x.kind = 'approval'"),
    "message": ("messages", "coalesce(x.recipient, '?') || ': ' || x.subject", _BY.format(c="x.case_id"), "x.state <> 'returned'"),
    "returned message": ("messages", "coalesce((SELECT t.title FROM tasks t WHERE t.case_id = x.case_id AND"
                         " json_extract(t.data, '$.message') = x.id), x.subject)", _BY.format(c="x.case_id"), "x.state = 'returned'"),
    "tag": ("tags", "x.tag", "''", "1"),
    "record": ("records", "x.kind || ' ' || x.name", _BY.format(c="json_extract(x.data, '$.case')"), "1"),
    "ledger line": ("ledger", "x.kind || ' ' || (x.amount / 10000.0) || coalesce(' ' || x.currency, '')",
                    _BY.format(c="x.case_id"), "1"),
    "document": ("evidence", "x.title", _BY.format(c="x.case_id"), "x.kind = 'document'"),
}  # fmt: skip
"""Kind of effect → table, what it is called, by which trigger, which rows."""


def counts(conn: sqlite3.Connection, changes: Sequence[int]) -> dict[str, int]:
    """Kind of effect → how many."""
    if not changes:
        return {}
    listed = ", ".join(map(str, changes))
    found = dict.fromkeys(_MADE, 0)
    lowest = first_rows(conn, min(changes) - 1)
    for kind, (table, _, _, test) in _MADE.items():
        if table in lowest:
            (found[kind],) = conn.execute(
                f"SELECT count(*) FROM {table} x WHERE x.id > ? AND x.change_id IN ({listed}) AND {test}",
                (lowest[table],),
            ).fetchone()
    (found["field"],) = conn.execute(f"SELECT count(*) FROM change_log l WHERE {_fields(listed)}").fetchone()
    return found


def effects(conn: sqlite3.Connection, changes: Sequence[int]) -> list[Effect]:
    """What was made and which fields were set, in the order in which it was done."""
    if not changes:
        return []
    listed = ", ".join(map(str, changes))
    found: list[tuple[int, int, Effect]] = []
    lowest = first_rows(conn, min(changes) - 1)
    for order, (kind, (table, what, by, test)) in enumerate(_MADE.items()):
        if table not in lowest:
            continue
        rows = conn.execute(
            f"SELECT x.id, x.change_id, {_WHOSE.format(p='x.partner_id')}, {what}, {by} FROM {table} x"
            f" WHERE x.id > ? AND x.change_id IN ({listed}) AND {test} ORDER BY x.id LIMIT {SHOWN}",
            (lowest[table],),
        )
        found += [
            (change, order, Effect(kind, code or "", name or "", str(said), why or "", round=changes.index(change) + 1))
            for _, change, code, name, said, why in rows
        ]
    for change, table, row, col, before, after in conn.execute(
        f"SELECT change_id, tbl, row_id, col, before, after FROM change_log l WHERE {_fields(listed)} ORDER BY id LIMIT {SHOWN}"
    ).fetchall():
        partner = row if table == "partners" else f"(SELECT partner_id FROM {table} WHERE id = {row})"
        code, name = conn.execute(f"SELECT {_WHOSE.format(p=partner)}").fetchone()
        (called,) = (
            conn.execute("SELECT name FROM records WHERE id = ?", (row,)).fetchone() if table == "records" else (None,)
        )
        for key, was, now in _keys(col, before, after):
            what = f"{called}: {key}" if called else key
            found.append(
                (
                    change,
                    99,
                    Effect("field", code or "", name or "", what, "", was, now, round=changes.index(change) + 1),
                )
            )
    return [effect for _, _, effect in sorted(found, key=lambda item: item[:2])]


def _keys(column: str, before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """A field that was set; of a record's own fields, which are kept together, each that is another now."""
    if column != "data":
        return [(column, before, after)]
    was, now = json.loads(before or "{}"), json.loads(after or "{}")
    return [(key, was.get(key), now.get(key)) for key in dict.fromkeys([*was, *now]) if was.get(key) != now.get(key)]


def _fields(listed: str) -> str:
    return (
        f"l.change_id IN ({listed}) AND l.tbl IN ('partners', 'records') AND l.col IS NOT NULL"
        " AND l.col NOT IN ('search', 'name_key')"
    )


# ---- the log ----


def log(conn: sqlite3.Connection, limit: int = 200, *, after: int = 0) -> list[RunRow]:
    """Rounds, the latest first; `after` a change."""
    rows = conn.execute(
        "SELECT c.id, c.at, c.as_of, c.actor, c.why, c.caused_by, b.kind, b.why, (SELECT max(u.id) FROM changes u WHERE"
        " u.undoes = c.id AND u.undo_scope IS NULL AND NOT EXISTS (SELECT 1 FROM changes r WHERE r.undoes = u.id))"
        " FROM changes c LEFT JOIN changes b ON b.id = c.caused_by WHERE c.kind = 'run' AND c.id > ? ORDER BY c.id DESC LIMIT ?",
        (after, limit),
    ).fetchall()
    found = []
    for row in rows:
        cause = "" if row[5] is None else "the round before" if row[6] == "run" else str(row[7])
        found.append(RunRow(row[0], datetime.fromtimestamp(row[1], UTC), date.fromisoformat(row[2]), row[3], row[4], row[5],
                            cause, row[8], fired(conn, row[0]), counts(conn, [row[0]])))  # fmt: skip
    return found


def together(conn: sqlite3.Connection, change_id: int) -> list[int]:
    """The rounds of the run a round belongs to, in order."""
    first = change_id
    while True:
        row = conn.execute(
            "SELECT b.id FROM changes c JOIN changes b ON b.id = c.caused_by WHERE c.id = ? AND b.kind = 'run'",
            (first,),
        ).fetchone()
        if row is None:
            break
        first = row[0]
    found = [first]
    while True:
        row = conn.execute("SELECT id FROM changes WHERE caused_by = ? AND kind = 'run'", (found[-1],)).fetchone()
        if row is None:
            return found
        found.append(row[0])


_THEN = (
    "coalesce((SELECT l.before FROM change_log l WHERE l.tbl = 'hits' AND l.row_id = h.id AND l.col = 'state'"
    " AND l.change_id > h.change_id ORDER BY l.id LIMIT 1), h.state)"
)
"""What became of a match in the round it was found in; a held one may have been let go since."""
_LET_GO = "SELECT l.row_id FROM change_log l WHERE l.change_id = :change AND l.tbl = 'hits' AND l.col = 'state' AND l.before = 'held'"


def fired(conn: sqlite3.Connection, change_id: int) -> tuple[Fired, ...]:
    """What became of the matches of each trigger in a round; those it let go count as begun."""
    found: dict[str, dict[str, int]] = {}
    titles = {}
    for name, title, state, count in conn.execute(
        f"WITH seen AS (SELECT h.id AS id, h.episode_id AS episode, {_THEN} AS state FROM hits h WHERE h.change_id = :change"
        f" UNION ALL SELECT h.id, h.episode_id, 'acted' FROM hits h WHERE h.id IN ({_LET_GO}) AND h.change_id <> :change)"
        " SELECT t.name, t.title, s.state, count(*) FROM seen s JOIN episodes e ON e.id = s.episode"
        " JOIN triggers t ON t.id = e.trigger_id GROUP BY t.id, s.state ORDER BY t.name",
        {"change": change_id},
    ):
        titles[name] = title
        found.setdefault(name, {})[state] = count
    return tuple(
        Fired(name, titles[name], states.get("acted", 0) + states.get("open", 0), states.get("held", 0),
              states.get("noted", 0), states.get("late", 0), states.get("hold-out", 0))
        for name, states in found.items()
    )  # fmt: skip


_HIT = (
    "SELECT h.id, t.name, t.title, p.id, p.code, p.name, h.on_date, h.state, json_extract(h.evidence, '$.as_of'), v.n,"
    " h.change_id, json_extract(h.evidence, '$.late'), json_extract(h.evidence, '$.row'), json_extract(h.evidence, '$.parts')"
    " FROM hits h JOIN episodes e ON e.id = h.episode_id JOIN triggers t ON t.id = e.trigger_id"
    " JOIN trigger_versions v ON v.id = h.version_id JOIN partners p ON p.id = e.row_id"
)


def hits(conn: sqlite3.Connection, changes: Sequence[int]) -> list[Hit]:
    """The matches of rounds, in order; those that a round let go are its own, too."""
    found = []
    for change in changes:
        rows = conn.execute(
            f"{_HIT} WHERE h.change_id = :change OR h.id IN ({_LET_GO}) ORDER BY h.id LIMIT {SHOWN}", {"change": change}
        ).fetchall()
        found += [_hit(row, change) for row in rows]
    return found


def hits_of(conn: sqlite3.Connection, trigger: str, partner_id: int, limit: int = 5) -> list[Hit]:
    """The latest matches of a partner by a trigger."""
    rows = conn.execute(
        f"{_HIT} WHERE t.name = ? AND p.id = ? ORDER BY h.id DESC LIMIT ?", (trigger, partner_id, limit)
    )
    return [_hit(row) for row in rows.fetchall()]


def hit(conn: sqlite3.Connection, hit_id: int) -> Hit | None:
    """One match."""
    row = conn.execute(f"{_HIT} WHERE h.id = ?", (hit_id,)).fetchone()
    return _hit(row) if row else None


def hit_of_case(conn: sqlite3.Connection, case_id: int) -> Hit | None:
    """The match a case began with."""
    row = conn.execute(f"{_HIT} WHERE h.id = (SELECT hit_id FROM cases WHERE id = ?)", (case_id,)).fetchone()
    return _hit(row) if row else None


def _hit(row: tuple[Any, ...], change: int | None = None) -> Hit:
    parts = tuple((said, value) for said, value in json.loads(row[13] or "[]"))
    on, as_of = date.fromisoformat(row[6]), date.fromisoformat(row[8] or row[6])
    head = (row[0], row[1], row[2], row[3], row[4], row[5])
    return Hit(*head, on, row[7], as_of, row[9], change or row[10], bool(row[11]), row[12], parts)
