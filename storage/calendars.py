"""The business calendar of a file, as it was written down."""

from __future__ import annotations

import sqlite3

from storage.store import Change


def body(conn: sqlite3.Connection) -> str | None:
    """The body of the file's calendar as JSON; None where none was set."""
    row = conn.execute("SELECT body FROM calendars WHERE name = 'default'").fetchone()
    return None if row is None else str(row[0])


def keep(change: Change, said: str, zone: str) -> None:
    """Keep a calendar; its time zone is from now on that of the file."""
    change.conn.execute(
        "INSERT INTO calendars(name, body, change_id) VALUES ('default', ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET body = excluded.body WHERE body IS NOT excluded.body",
        (said, change.id),
    )
    change.conn.execute(
        "INSERT INTO settings(key, value, change_id) VALUES ('zone', ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value",
        (zone, change.id),
    )
