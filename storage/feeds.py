"""Feeds: how far each stream of facts is covered."""

from __future__ import annotations

import sqlite3
from datetime import date

from prm_tui.domain.feed import Feed


def feeds(conn: sqlite3.Connection) -> list[Feed]:
    """Every feed, by kind; covered to the declared date, else to its newest fact."""
    return [
        Feed(kind, source, date.fromisoformat(covered) if covered else None, bool(declared), imports)
        for kind, source, covered, declared, imports in conn.execute(
            "SELECT f.kind, f.source, coalesce(f.covered_to, f.newest), f.covered_to IS NOT NULL,"
            " (SELECT count(*) FROM sources s WHERE s.feed_id = f.id) FROM feeds f ORDER BY f.kind, f.source"
        )
    ]
