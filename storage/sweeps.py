"""Triggers that are switched on, the workflows they start, and how far each has been evaluated."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta

from prm_tui.domain.trigger import Trigger
from prm_tui.domain.workflow import Workflow
from storage import settings

OURS = frozenset(
    ("answers", "calendars", "changes", "episodes", "evidence", "facts", "feed_rows", "field_history", "hits", "ledger",
     "mappings", "messages", "obligations", "packs", "policies", "sheets_sent", "sources", "steps", "tasks",
     "templates", "timers", "trigger_versions", "triggers", "workflow_versions", "workflows")
)  # fmt: skip
"""Tables whose rows no condition reads: a change of them alone makes no trigger look again."""
_OWNED = ("activities", "records", "contacts", "tags", "partner_keys")
LOG = "change_log INDEXED BY change_log_change"
"""The log by changes: left to itself SQLite goes through all of it, in the order of tables, to tell which there are."""


@dataclass(frozen=True)
class Active:
    """A trigger as it stands in the file, in one version."""

    id: int
    version_id: int
    trigger: Trigger
    state: str


@dataclass(frozen=True)
class Sweep:
    """How far a trigger was evaluated: the day, and the latest change seen. No day: never since it was switched on."""

    day: str | None
    upto: int


def triggers(conn: sqlite3.Connection, *names: str, on: bool = False) -> list[Active]:
    """Triggers in the order in which they act: those of these names, those that are switched on, or all."""
    found = []
    for trigger_id, name, state, version, body in conn.execute(
        "SELECT t.id, t.name, t.state, v.id, v.body FROM triggers t JOIN trigger_versions v ON v.id = t.version_id"
    ):
        if (names and name not in names) or (on and state != "on"):
            continue
        trigger, faults = Trigger.from_text(name, body)
        if trigger is None:
            raise ValueError(f"trigger {name}: {faults[0].said}")
        found.append(Active(trigger_id, version, trigger, state))
    return sorted(found, key=lambda a: (a.trigger.priority, a.trigger.name))


def current(conn: sqlite3.Connection, name: str) -> int | None:
    """The version of a workflow that new cases begin with."""
    row = conn.execute("SELECT version_id FROM workflows WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def workflow_version(conn: sqlite3.Connection, version_id: int) -> Workflow:
    """One version of a workflow: the one a case began with, whatever was saved since."""
    name, body = conn.execute(
        "SELECT w.name, v.body FROM workflow_versions v JOIN workflows w ON w.id = v.workflow_id WHERE v.id = ?",
        (version_id,),
    ).fetchone()
    found, faults = Workflow.from_text(name, body)
    if found is None:
        raise ValueError(f"workflow {name}: {faults[0].said}")
    return found


def sweep(conn: sqlite3.Connection, trigger_id: int) -> Sweep:
    """How far a trigger was evaluated."""
    row = conn.execute("SELECT day, upto_change FROM sweeps WHERE what = ?", (f"trigger:{trigger_id}",)).fetchone()
    return Sweep(row[0], int(row[1] or 0)) if row else Sweep(None, 0)


def swept(conn: sqlite3.Connection, trigger_id: int, day: str, upto: int) -> None:
    """Remember how far a trigger was evaluated."""
    conn.execute(
        "INSERT INTO sweeps(what, day, upto_change) VALUES (?,?,?)"
        " ON CONFLICT (what) DO UPDATE SET day = excluded.day, upto_change = excluded.upto_change",
        (f"trigger:{trigger_id}", day, upto),
    )


def under_way(conn: sqlite3.Connection) -> bool:
    """Whether automation has anything to look after: a trigger that is on, a case of a workflow, a deadline."""
    row = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM triggers WHERE state = 'on') OR EXISTS (SELECT 1 FROM steps WHERE state IN"
        " ('ready', 'waiting')) OR EXISTS (SELECT 1 FROM timers WHERE state = 'waiting')"
    ).fetchone()
    return bool(row[0])


def ran(conn: sqlite3.Connection, day: str, upto: int) -> None:
    """Remember, outside of any change, that a run has let every active trigger see everything up to a change."""
    conn.execute(
        "INSERT INTO sweeps(what, day, upto_change) SELECT what, :day, :upto FROM (SELECT 'run' AS what UNION ALL"
        " SELECT 'trigger:' || id FROM triggers WHERE state = 'on') WHERE 1"
        " ON CONFLICT (what) DO UPDATE SET day = excluded.day, upto_change = excluded.upto_change",
        {"day": day, "upto": upto},
    )


def last_day(conn: sqlite3.Connection) -> str | None:
    """The day of the last run."""
    row = conn.execute("SELECT day FROM sweeps WHERE what = 'run'").fetchone()
    return row[0] if row else None


def anything(conn: sqlite3.Connection, as_of: date, now: int) -> bool:
    """Whether a run can find anything: another day, a newer change, a deadline that has come."""
    row = conn.execute("SELECT day, upto_change FROM sweeps WHERE what = 'run'").fetchone()
    if row is None or row[0] != as_of.isoformat():
        return True
    newer, due = conn.execute(
        "SELECT (SELECT max(id) FROM changes) > ?, EXISTS (SELECT 1 FROM timers WHERE state = 'waiting' AND due_at <= ?)",
        (row[1], now),
    ).fetchone()
    return bool(newer or due)


def forget(conn: sqlite3.Connection, trigger_id: int) -> None:
    """A trigger that is switched on begins anew: what matches then is its first choice's business."""
    conn.execute("DELETE FROM sweeps WHERE what = ?", (f"trigger:{trigger_id}",))


def first_rows(conn: sqlite3.Connection, upto: int) -> dict[str, int]:
    """Table → the id from which on its rows are newer than a change."""
    lowest: dict[str, int] = {}
    for (inserted,) in conn.execute("SELECT inserted FROM changes WHERE id > ?", (upto,)):
        for table, (low, _, _) in json.loads(inserted).items():
            lowest[table] = min(low, lowest.get(table, low))
    return lowest


def touch(conn: sqlite3.Connection, upto: int, as_of: date) -> bool:
    """temp.touched(id): the partners of whom anything has changed since a change; False when it may be all of them.

    What changed of cases counts in temp.touched_by_cases alone, which holds the others as well: every match opens a
    case, and few conditions look at cases.
    """
    for table in ("touched", "touched_by_cases"):
        conn.execute(f"DROP TABLE IF EXISTS temp.{table}")
        conn.execute(f"CREATE TEMP TABLE {table}(id INTEGER PRIMARY KEY)")
    lowest = first_rows(conn, upto)
    logged = {t for (t,) in conn.execute(f"SELECT DISTINCT tbl FROM {LOG} WHERE change_id > ?", (upto,))}
    others = (lowest.keys() | logged) - OURS - {*_OWNED, "partners", "cases"}
    if others - {"feeds"} or (others and _newly_covered(conn, upto, lowest, as_of)):
        return False  # a person's name, a kind, what can be known of a signal: that may concern anybody
    gone = (  # a row that was deleted is known by its image alone
        f"SELECT json_extract(before, '$.partner_id') FROM {LOG} WHERE change_id > ? AND col IS NULL"
        " AND json_extract(before, '$.partner_id') IS NOT NULL"
    )
    conn.execute(f"INSERT OR IGNORE INTO touched {gone}", (upto,))
    for table in ("partners", *_OWNED, "cases"):
        into = "touched"
        if table == "cases":
            into = "touched_by_cases"
            conn.execute("INSERT INTO touched_by_cases SELECT id FROM touched")
        if table in lowest:
            whose = "id" if table == "partners" else "partner_id"
            conn.execute(f"INSERT OR IGNORE INTO {into} SELECT {whose} FROM {table} WHERE id > ?", (lowest[table],))
        if table in logged:
            rows = f"SELECT row_id FROM {LOG} WHERE change_id > :upto AND tbl = :tbl"
            whose = rows if table == "partners" else f"SELECT partner_id FROM {table} WHERE id IN ({rows})"
            conn.execute(f"INSERT OR IGNORE INTO {into} {whose}", {"upto": upto, "tbl": table})
    return True


def conditional(conn: sqlite3.Connection) -> list[tuple[int, str]]:
    """Versions of workflows, and their steps, that wait for a condition or an activity, or stand still or are withdrawn by one."""
    return conn.execute(
        "SELECT v.id, json_extract(s.value, '$.id') FROM workflow_versions v, json_each(v.body, '$.step') s WHERE"
        " coalesce(json_extract(s.value, '$.until'), json_extract(s.value, '$.activity'), json_extract(s.value, '$.pause'),"
        " json_extract(s.value, '$.unless')) IS NOT NULL ORDER BY v.id, s.key"
    ).fetchall()


def answered(conn: sqlite3.Connection) -> None:
    """temp.answered(id): steps that wait, of which anything has changed since the last run, or a task has.

    All of them where something was taken back since: what is taken back is as if it were new.
    """
    row = conn.execute("SELECT upto_change FROM sweeps WHERE what = 'run'").fetchone()
    upto = int(row[0] or 0) if row else 0
    conn.execute("DROP TABLE IF EXISTS temp.answered")
    conn.execute("CREATE TEMP TABLE answered(id INTEGER PRIMARY KEY)")
    if conn.execute("SELECT EXISTS (SELECT 1 FROM changes WHERE id > ? AND undoes IS NOT NULL)", (upto,)).fetchone()[0]:
        conn.execute("INSERT INTO answered SELECT id FROM steps WHERE state = 'waiting'")
        return
    lowest = first_rows(conn, upto)
    changed = f"SELECT row_id FROM {LOG} WHERE change_id > :upto AND tbl = "
    conn.execute(
        "INSERT INTO answered SELECT id FROM steps WHERE +state = 'waiting' AND id IN (SELECT id FROM steps WHERE id > :steps"
        f" UNION {changed}'steps' UNION SELECT step_id FROM tasks WHERE id > :tasks"
        f" UNION SELECT step_id FROM tasks WHERE id IN ({changed}'tasks'))",
        {"upto": upto, "steps": lowest.get("steps", 2**62), "tasks": lowest.get("tasks", 2**62)},
    )


def _newly_covered(conn: sqlite3.Connection, upto: int, lowest: dict[str, int], as_of: date) -> bool:
    """Whether a feed now tells what did not happen, and did not before: it is new, or was not covered so far."""
    if "feeds" in lowest:
        return True
    row = conn.execute(
        f"SELECT EXISTS (SELECT 1 FROM {LOG} WHERE change_id > ? AND tbl = 'feeds' AND col IN ('newest', 'covered_to')"
        " AND coalesce(before, '') < ?)",
        (upto, (as_of - timedelta(days=settings.number(conn, "coverage_tolerance"))).isoformat()),
    ).fetchone()
    return bool(row[0])
