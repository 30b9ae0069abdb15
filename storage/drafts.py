"""Half-filled wizards: outside the change log, nothing takes effect from them."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from prm_tui import clock


def load(conn: sqlite3.Connection, what: str) -> dict[str, Any] | None:
    """What was kept under a name, or None."""
    row = conn.execute("SELECT body FROM drafts WHERE what = ?", (what,)).fetchone()
    return None if row is None else dict(json.loads(row[0]))


def save(conn: sqlite3.Connection, what: str, title: str, body: dict[str, Any] | None) -> None:
    """Keep a draft in the place of an older one of the name; None throws it away."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        conn.execute("DELETE FROM drafts WHERE what = ?", (what,))
        if body is not None:
            conn.execute(
                "INSERT INTO drafts(what, title, body, at) VALUES (?,?,?,?)",
                (what, title, json.dumps(body), clock.now()),
            )
        conn.execute("COMMIT")
    except BaseException:
        conn.execute("ROLLBACK")
        raise
