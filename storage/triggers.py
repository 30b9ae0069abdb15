"""Triggers in the file: listed, switched on and off, and who wrote what they do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from storage import sweeps
from storage.cases import update
from storage.store import Change


@dataclass(frozen=True)
class TriggerRow:
    """A trigger as a list shows it. `hits_7d`: what it did in the last seven days; `saved_by`: who wrote this version."""

    id: int
    name: str
    title: str
    on: bool
    version: int
    hits_7d: int
    pack: str | None
    saved_by: str


def rows(conn: sqlite3.Connection, as_of: date) -> list[TriggerRow]:
    """Every trigger, by name."""
    found = conn.execute(
        "SELECT t.id, t.name, t.title, t.state = 'on', v.n, (SELECT count(*) FROM hits h JOIN episodes e ON"
        " e.id = h.episode_id WHERE e.trigger_id = t.id AND h.on_date > :since AND h.on_date <= :as_of), t.pack, c.actor"
        " FROM triggers t JOIN trigger_versions v ON v.id = t.version_id JOIN changes c ON c.id = v.change_id"
        " ORDER BY t.name",
        {"as_of": as_of.isoformat(), "since": (as_of - timedelta(days=7)).isoformat()},
    )
    return [TriggerRow(r[0], r[1], r[2], bool(r[3]), r[4], r[5], r[6], r[7]) for r in found.fetchall()]


def writers(conn: sqlite3.Connection, trigger: str, workflows: Iterable[str]) -> dict[int, str]:
    """Who wrote the newest version of a trigger and of these workflows: id of the person → what."""
    found: dict[int, str] = {}
    asked = [("trigger", trigger), *(("workflow", name) for name in workflows)]
    for what, name in asked:
        row = conn.execute(
            f"SELECT c.actor_id FROM {what}s o JOIN {what}_versions v ON v.id = o.version_id"
            " JOIN changes c ON c.id = v.change_id WHERE o.name = ?",
            (name,),
        ).fetchone()
        if row and row[0] is not None:
            found.setdefault(row[0], f"the {what} {name}")
    return found


def written_by(change: Change) -> set[tuple[str, str]]:
    """The triggers and workflows that have a new version by a change: ("workflow", its name)."""
    found: set[tuple[str, str]] = set()
    for what in ("trigger", "workflow"):
        names = change.conn.execute(
            f"SELECT o.name FROM {what}s o JOIN {what}_versions v ON v.id = o.version_id WHERE v.change_id = ?",
            (change.id,),
        )
        found |= {(what, name) for (name,) in names.fetchall()}
    return found


def switch(change: Change, trigger_id: int, on: bool) -> None:
    """Switch a trigger on or off. One that is switched on looks at everything anew (its choice about the first matches)."""
    if on:
        sweeps.forget(change.conn, trigger_id)
    update(change, "triggers", trigger_id, {"state": "on" if on else "off"})


def set_first(change: Change, name: str, first: str | None) -> None:
    """What to do with those that match already, where it is not what the trigger says; None takes that back."""
    if first is None:
        change.conn.execute("DELETE FROM settings WHERE key = ?", (_first(name),))
        return
    change.conn.execute(
        "INSERT INTO settings(key, value, change_id) VALUES (?,?,?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value != excluded.value",
        (_first(name), first, change.id),
    )


def first_said(conn: sqlite3.Connection, name: str) -> str | None:
    """What was said about the first matches when a trigger was switched on, if that was not what it says itself."""
    row = conn.execute("SELECT value FROM settings WHERE key = ?", (_first(name),)).fetchone()
    return str(row[0]) if row else None


def _first(name: str) -> str:
    return f"trigger.{name}.first"
