"""What an evidence pack reads from the file: approvals, the chain of changes, the timeline with its sources."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal

from prm_tui.domain.casepack import Approval, Happened, Link
from prm_tui.domain.money import from_units
from storage import chain

_OF_CASE = ("steps", "tasks", "evidence", "obligations", "messages", "ledger")
_APPROVALS = (
    "SELECT t.id, t.title, t.role, t.state, (SELECT name FROM people WHERE id = t.done_by), t.done_on, t.done_at,"
    " (SELECT c.actor FROM change_log l JOIN changes c ON c.id = l.change_id WHERE l.tbl = 'tasks' AND l.row_id = t.id"
    " AND l.col = 'state' ORDER BY l.id DESC LIMIT 1), t.reason, e.file, e.hash"
    " FROM tasks t LEFT JOIN evidence e ON e.id = t.evidence_id WHERE t.case_id = ? AND t.kind = 'approval' ORDER BY t.id"
)


def _instant(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def approvals(conn: sqlite3.Connection, case_id: int) -> list[Approval]:
    """The approvals of a case, given or not."""
    return [
        Approval(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            date.fromisoformat(row[5]) if row[5] else None,
            _instant(row[6]),
            *row[7:],
        )
        for row in conn.execute(_APPROVALS, (case_id,))
    ]


def _own(case_id: int, partner_id: int) -> tuple[str, dict[str, int]]:
    """Rows of the log that are of a case: its own, those of its tables, the status of its partner."""
    tests = [
        "(l.tbl = 'cases' AND l.row_id = :case)",
        "(l.tbl = 'partners' AND l.row_id = :partner AND l.col = 'status')",
    ]
    tests += [f"(l.tbl = '{t}' AND l.row_id IN (SELECT id FROM {t} WHERE case_id = :case))" for t in _OF_CASE]
    return " OR ".join(tests), {"case": case_id, "partner": partner_id}


def links(conn: sqlite3.Connection, case_id: int, partner_id: int) -> list[Link]:
    """The chain from the change that opened a case to the last that touched it, those between that did not among them."""
    test, params = _own(case_id, partner_id)
    inserted = " UNION ".join(f"SELECT change_id FROM {t} WHERE case_id = :case" for t in _OF_CASE)
    (first,) = conn.execute("SELECT change_id FROM cases WHERE id = ?", (case_id,)).fetchone()
    own = {
        number
        for (number,) in conn.execute(
            f"SELECT :first UNION {inserted} UNION SELECT l.change_id FROM change_log l WHERE l.change_id >= :first AND ({test})",
            {**params, "first": first},
        )
    }
    own = {number for number in own if number >= first}
    found = []
    for number, sealed, before, at, actor, why in conn.execute(
        "SELECT id, hash, prev_hash, at, actor, why FROM changes WHERE id BETWEEN ? AND ? ORDER BY id",
        (first, max(own)),
    ).fetchall():
        mine = number in own
        rows = conn.execute(
            f"SELECT l.tbl, l.row_id, l.col, l.before, l.after FROM change_log l WHERE l.change_id = :id AND ({test}) ORDER BY l.id",
            {**params, "id": number},
        ).fetchall() if mine else []  # fmt: skip
        found.append(Link(
            number, sealed, before, mine, chain.sealed(conn, number) if mine else "", datetime.fromtimestamp(at, UTC),
            actor if mine else "", why if mine else "",
            tuple(dict(zip(("table", "row", "field", "before", "after"), row, strict=True)) for row in rows),
        ))  # fmt: skip
    return found


def timeline(conn: sqlite3.Connection, partner_id: int, since: date, most: int) -> list[Happened]:
    """What happened with a partner from a day on, what was corrected since among it; at most so many, the latest."""
    rows = conn.execute(
        "SELECT a.occurred_on, k.label, a.kind, a.ref, a.amount, a.currency, a.quantity, a.note, a.learned_at, a.superseded_at,"
        " s.file, s.sheet, a.row FROM activities a LEFT JOIN kinds k ON k.tbl = 'activity' AND k.name = a.kind"
        " LEFT JOIN sources s ON s.id = a.source_id WHERE a.partner_id = ? AND a.occurred_on >= ?"
        " ORDER BY a.occurred_on DESC, a.id DESC LIMIT ?",
        (partner_id, since.isoformat(), most),
    )
    return [
        Happened(date.fromisoformat(r[0][:10]), r[1] or r[2], r[3], _money(r[4]), r[5], _money(r[6]), r[7],
                 datetime.fromtimestamp(r[8], UTC), r[9] is not None, *r[10:]) for r in rows
    ]  # fmt: skip


def _money(units: int | None) -> Decimal | None:
    return None if units is None else from_units(units)
