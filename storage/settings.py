"""What a file was told about itself (prm_tui/domain/setting.py), and by which change."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from prm_tui.domain.setting import SETTINGS
from storage.store import Change


def number(conn: sqlite3.Connection, key: str) -> int:
    """A setting, or its standard."""
    row = conn.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
    return SETTINGS[key].standard if row is None else int(row[0])


def put(change: Change, key: str, value: int) -> None:
    """Set one."""
    change.conn.execute(
        "INSERT INTO settings(key, value, change_id) VALUES (?,?,?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
        (key, str(value), change.id),
    )


def said_by(conn: sqlite3.Connection, key: str) -> tuple[str, datetime] | None:
    """Who gave a setting the value it has, and when; None where it has its standard still."""
    row = conn.execute(
        "SELECT c.actor, c.at FROM settings s JOIN changes c ON c.id = max(s.change_id, coalesce((SELECT max(l.change_id)"
        " FROM change_log l WHERE l.tbl = 'settings' AND l.row_id = s.id), 0)) WHERE s.key = ?",
        (key,),
    ).fetchone()
    return None if row is None else (row[0], datetime.fromtimestamp(row[1], UTC))
