"""Matches that do not go on by themselves: left out by chance to compare with, or more than a calendar month may have."""

from __future__ import annotations

import sqlite3
from datetime import date

from storage.store import Change
from storage.sweeps import Active

_OF = "SELECT e.id FROM episodes e WHERE e.trigger_id = :trigger"


def hold(conn: sqlite3.Connection, active: Active, before: int, as_of: date) -> dict[str, int]:
    """Hold back, of the hits of a trigger made after the hit `before`, what its hold-out and its month ask for; state → hits."""
    trigger = active.trigger
    params: dict[str, object] = {"before": before, "trigger": active.id, "name": trigger.name}
    if trigger.hold_out:
        conn.execute(
            "UPDATE hits SET state = 'hold-out' WHERE id > :before AND state IN ('open', 'held') AND id IN (SELECT h.id FROM hits h"
            " JOIN episodes e ON e.id = h.episode_id JOIN partners p ON p.id = e.row_id WHERE h.id > :before"
            " AND +e.trigger_id = :trigger AND chance(:name, p.code, e.key) < :share)",
            {**params, "share": float(trigger.hold_out)},
        )
    if trigger.month_cap:
        params["month"] = f"{as_of:%Y-%m}"
        (begun,) = conn.execute(
            f"SELECT count(*) FROM hits WHERE id <= :before AND state = 'acted' AND substr(on_date, 1, 7) = :month AND episode_id IN"
            f" ({_OF})",
            params,
        ).fetchone()
        conn.execute(
            "UPDATE hits SET state = 'held' WHERE state = 'open' AND id IN (SELECT id FROM hits WHERE id > :before"
            f" AND state = 'open' AND episode_id IN ({_OF}) ORDER BY id LIMIT -1 OFFSET :left)",
            {**params, "left": max(trigger.month_cap - begun, 0)},
        )
    found = conn.execute("SELECT state, count(*) FROM hits WHERE id > :before GROUP BY 1", params)
    return dict(found.fetchall())


def release(change: Change, trigger_id: int) -> int:
    """Let held hits go on; how many."""
    return change.conn.execute(
        f"UPDATE hits SET state = 'open' WHERE state = 'held' AND episode_id IN ({_OF})", {"trigger": trigger_id}
    ).rowcount
