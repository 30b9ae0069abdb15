"""Deadlines that stand still while a condition is true: a task that waits for the partner does not grow overdue."""

from __future__ import annotations

import json

from prm_tui.domain.sla import Sla
from prm_tui.domain.step import Approve, Task
from storage import acts, subjects
from storage.rounds import Round, live


def look(round_: Round, version_id: int, step: Task | Approve) -> None:
    """Begin and end the pauses of the visits that wait at a step; what ends moves all its deadlines."""
    if not (step.pause and step.within):
        return
    waiting = round_.conn.execute(f"SELECT s.id, s.data {live('waiting')}", (step.id, version_id)).fetchall()
    if not waiting:
        return
    held = subjects.meeting(round_.conn, round_.known, round_.as_of, step.pause, [visit for visit, _ in waiting])
    now = acts.begins(round_)
    for visit, body in waiting:
        data = json.loads(body)
        pauses: list[list[int | None]] = data.setdefault("pauses", [])
        paused = bool(pauses) and pauses[-1][1] is None
        if paused == (visit in held):
            continue
        if paused:
            pauses[-1][1] = now
            _resume(round_, step, visit, int(data["begun"]), [(int(a or 0), b) for a, b in pauses])
        else:
            pauses.append([now, None])
            round_.conn.execute("UPDATE timers SET state = 'paused' WHERE step_id = ? AND state = 'waiting'", (visit,))
        round_.conn.execute("UPDATE steps SET data = ? WHERE id = ?", (json.dumps(data, sort_keys=True), visit))


def _resume(round_: Round, step: Task | Approve, visit: int, begun: int, pauses: list[tuple[int, int | None]]) -> None:
    """Deadlines that stood still come later by as long as they did."""
    assert step.within is not None
    at = float(step.escalate.at) if step.escalate else 1.5
    found = Sla.parse(step.within, float(step.warn), at).moments(begun, round_.calendar, pauses)
    for what, moment in (("warn", found.warn), ("breach", found.breach), ("escalate", found.escalate)):
        if moment is not None:
            on = round_.calendar.day_of(moment).isoformat()
            round_.conn.execute(
                "UPDATE timers SET state = 'waiting', due_at = ?, due_on = ? WHERE step_id = ? AND what = ? AND state = 'paused'",
                (moment, on, visit, what),
            )
            if what == "breach":
                round_.conn.execute(
                    "UPDATE tasks SET due_at = ?, due_on = ? WHERE step_id = ? AND state = 'open'", (moment, on, visit)
                )
