"""Legal hold: a partner of whom nothing may be erased, taken back or let go."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from prm_tui.domain.privacy import Hold
from storage.owners import owned
from storage.store import Change

HELD = "IN (SELECT id FROM main.partners WHERE legal_hold)"
"""Partners under hold, as `owners.owned` takes it."""


def hold(conn: sqlite3.Connection, partner_id: int) -> Hold | None:
    """The hold on a partner: why, by whom, since when; None where there is none."""
    row = conn.execute(
        "SELECT c.why, c.actor, c.at FROM partners p LEFT JOIN changes c ON c.id = (SELECT max(l.change_id) FROM change_log l"
        " WHERE l.tbl = 'partners' AND l.row_id = p.id AND l.col = 'legal_hold') WHERE p.id = ? AND p.legal_hold",
        (partner_id,),
    ).fetchone()
    if row is None:
        return None
    why, actor, at = row
    since = datetime.fromtimestamp(at, UTC).date() if at is not None else None
    return Hold(str(why or "").partition(": ")[2], actor or "", since)


def put(change: Change, partner_id: int, on: bool) -> None:
    """Set or lift the hold on a partner."""
    change.conn.execute("UPDATE partners SET legal_hold = ? WHERE id = ? AND legal_hold <> ?", (on, partner_id, on))


def any_held(conn: sqlite3.Connection) -> bool:
    """Whether any partner is under hold."""
    return bool(conn.execute("SELECT EXISTS (SELECT 1 FROM partners WHERE legal_hold)").fetchone()[0])


def named(conn: sqlite3.Connection) -> list[str]:
    """The partners under hold, by code and name."""
    return [f"{c} {n}" for c, n in conn.execute("SELECT code, name FROM partners WHERE legal_hold ORDER BY code")]


def among(conn: sqlite3.Connection, listed: str) -> list[tuple[str, int]]:
    """Rows under hold among those a temporary table (tbl, `listed`) names: (table, id)."""
    found: list[tuple[str, int]] = []
    column = "id" if listed == "doomed" else "row_id"
    for (name,) in conn.execute(f"SELECT DISTINCT tbl FROM temp.{listed}").fetchall():
        mine = owned(conn, name, HELD)
        if mine is not None:
            rows = conn.execute(
                f"SELECT DISTINCT t.id FROM temp.{listed} d JOIN main.{name} t ON t.id = d.{column} WHERE d.tbl = ? AND {mine}",
                (name,),
            )
            found += [(name, row_id) for (row_id,) in rows]
    return found
