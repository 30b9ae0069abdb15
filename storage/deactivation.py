"""Deactivations as sets: what stands in their way, opening many with few statements, what was learned from them."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

from prm_tui.domain.deactivation import Lesson, Step
from storage import whom
from storage.cases import MAY_SEE
from storage.store import Change

UNDER_WAY = "c.kind = 'deactivation' AND c.state = 'open' AND c.stage <> 'after'"
"""Cases `c` that are not over yet."""
_IDS = "IN (SELECT value FROM json_each(:ids))"


@dataclass(frozen=True)
class Standing:
    """Where a partner stands before it is asked for: its status, a deactivation under way, its latest order."""

    partner_id: int
    code: str
    name: str
    status: str
    open_case: int | None
    ordered_on: date | None


def standing(conn: sqlite3.Connection, partner_ids: Sequence[int], as_of: date) -> dict[int, Standing]:
    """Where partners stand; without those that are not in the file any more."""
    rows = conn.execute(
        f"SELECT p.id, p.code, p.name, p.status, (SELECT min(c.id) FROM cases c WHERE c.partner_id = p.id AND {UNDER_WAY}),"
        " (SELECT max(a.occurred_on) FROM activities a WHERE a.partner_id = p.id AND a.kind = 'order'"
        " AND a.occurred_on <= :as_of AND a.superseded_at IS NULL)"
        f" FROM partners p WHERE p.id {_IDS}",
        {"ids": json.dumps(list(partner_ids)), "as_of": as_of.isoformat()},
    )
    return {
        i: Standing(i, code, name, status, case, date.fromisoformat(on) if on else None)
        for i, code, name, status, case, on in rows
    }


@dataclass(frozen=True)
class Opening:
    """A case to be opened: its columns, its snapshot with its hash, and the days its steps count from."""

    partner_id: int
    title: str
    reason: str
    path: str
    notice_on: date
    effective_on: date
    data: dict[str, Any]
    snapshot: bytes
    digest: str

    def due(self, step: Step) -> str:
        """When a step is due."""
        base = self.notice_on if step.due_from == "notice" else self.effective_on
        return (base + timedelta(days=step.due_days)).isoformat()


@dataclass(frozen=True)
class Asked:
    """What all cases opened at once have in common. `roles`: who approves, None for anybody else; `evidence`: by a signed answer."""

    version: int
    steps: Sequence[Step]
    roles: Sequence[str | None]
    evidence: bool
    approve: str
    restricted: bool
    actor: int | None


def open_many(change: Change, openings: Sequence[Opening], asked: Asked) -> list[int]:
    """Open cases with their snapshots, steps, to-dos and approvals; their ids, in the order of `openings`."""
    conn, on = change.conn, change.as_of.isoformat()
    (highest,) = conn.execute("SELECT coalesce(max(id), 0) FROM cases").fetchone()
    conn.executemany(
        "INSERT INTO cases(kind, version_id, partner_id, title, stage, owner, requested_by, reason, path, opened_on, due_on,"
        " restricted, data, change_id) VALUES ('deactivation',?,?,?,'approval',?,?,?,?,?,?,?,?,?)",
        [
            (asked.version, o.partner_id, o.title, asked.actor, asked.actor, o.reason, o.path, on, o.effective_on.isoformat(),
             asked.restricted, json.dumps({**o.data, "snapshot": o.digest}, sort_keys=True), change.id)
            for o in openings
        ],
    )  # fmt: skip
    ids = [i for (i,) in conn.execute("SELECT id FROM cases WHERE id > ? ORDER BY id", (highest,))]
    opened = list(zip(ids, openings, strict=True))
    conn.executemany(
        "INSERT INTO evidence(case_id, partner_id, kind, title, hash, body, at, change_id)"
        " VALUES (?,?,'snapshot','what was known when this was asked for',?,?,?,?)",
        [(case, o.partner_id, o.digest, o.snapshot, change.at, change.id) for case, o in opened],
    )
    conn.executemany(
        "INSERT INTO steps(case_id, step, n, title, due_on, state, change_id) VALUES (?,?,?,?,?,?,?)",
        [
            (case, step.id, n, step.title, o.due(step), "waiting" if step.do == "approve" else "planned", change.id)
            for case, o in opened
            for n, step in enumerate(asked.steps)
        ],
    )
    answer_by = (change.as_of + timedelta(days=5)).isoformat()
    data = json.dumps({"act": "approve", **({"evidence": True} if asked.evidence else {})}, sort_keys=True)
    conn.executemany(
        "INSERT INTO tasks(case_id, partner_id, kind, title, role, due_on, state, data, change_id)"
        " VALUES (?,?,'approval',?,?,?,'open',?,?)",
        [
            (case, o.partner_id, asked.approve, role, answer_by, data, change.id)
            for case, o in opened
            for role in asked.roles
        ],
    )
    _plan_tasks(change, ids, asked.steps)
    _led_by(change, ids, asked.actor)
    return ids


def _led_by(change: Change, ids: list[int], actor: int | None) -> None:
    """Each case keeps which ones proposed it, with those of the same match; that it was to be opened is done with that."""
    proposed = (
        "SELECT t.id, t.case_id AS proposal, n.id AS made FROM cases n JOIN cases c ON c.partner_id = n.partner_id"
        " JOIN tasks t ON t.case_id = c.id WHERE n.id IN (SELECT value FROM json_each(:ids)) AND c.id < n.id"
        " AND t.data ->> 'begins' = 'deactivation' AND t.data ->> 'opened' IS NULL AND t.state IN ('open', 'done')"
    )
    params = {"ids": json.dumps(ids), "actor": actor, "at": change.at, "on": change.as_of.isoformat()}
    found = change.conn.execute(proposed, params).fetchall()
    if not found:
        return
    led: dict[int, set[int]] = {}
    for _, proposal, made in found:
        same = change.conn.execute(
            "SELECT o.id FROM cases c JOIN cases o ON o.partner_id = c.partner_id AND (o.id = c.id OR o.hit_id = c.hit_id)"
            " WHERE c.id = ? AND o.id < ?",
            (proposal, made),
        )
        led.setdefault(made, set()).update(case for (case,) in same)
    change.conn.executemany(
        "UPDATE cases SET data = json_set(data, '$.led_by', json(?)) WHERE id = ?",
        [(json.dumps(sorted(proposals)), made) for made, proposals in led.items()],
    )
    change.conn.executemany(
        "UPDATE tasks SET data = json_set(data, '$.opened', :made) WHERE id = :id",
        [{"made": made, "id": task} for task, _, made in found],
    )
    change.conn.executemany(
        "UPDATE tasks SET state = 'done', done_by = :actor, done_at = :at, done_on = :on WHERE id = :id AND state = 'open'",
        [{**params, "id": task} for task, _, _ in found],
    )


def _plan_tasks(change: Change, ids: list[int], steps: Sequence[Step]) -> None:
    """A planned to-do for each step that is one, of the partner's manager or of a role."""
    said = [
        {"id": step.id, "manager": step.owner == "manager", "role": whom.role_of(step.owner or ""),
         "data": json.dumps({"step": step.id, "act": step.act}, sort_keys=True)}
        for step in steps if step.do == "task"
    ]  # fmt: skip
    change.conn.execute(
        "INSERT INTO tasks(case_id, step_id, partner_id, kind, title, owner, role, due_on, state, data, change_id)"
        " SELECT s.case_id, s.id, c.partner_id, 'to-do', s.title, CASE WHEN d.value ->> 'manager' THEN p.manager END,"
        " CASE WHEN NOT d.value ->> 'manager' OR p.manager IS NULL THEN d.value ->> 'role' END,"
        " s.due_on, 'planned', d.value ->> 'data', :change FROM cases c JOIN steps s ON s.case_id = c.id JOIN partners p"
        " ON p.id = c.partner_id JOIN json_each(:steps) d ON d.value ->> 'id' = s.step"
        f" WHERE c.id {_IDS} ORDER BY s.case_id, s.n",
        {"ids": json.dumps(ids), "steps": json.dumps(said), "change": change.id},
    )


def leaving(conn: sqlite3.Connection, partner_id: int, on: date) -> dict[str, Any]:
    """What a partner was on the day it left: type, tier, industry, and the months since it joined, where that is known."""
    kind, tier, industry, joined = conn.execute(
        "SELECT type, tier, industry, joined_on FROM partners WHERE id = ?", (partner_id,)
    ).fetchone()
    since = date.fromisoformat(joined) if joined else None
    months = None if since is None else (on.year - since.year) * 12 + on.month - since.month - (on.day < since.day)
    return {"type": kind, "tier": tier, "industry": industry, "joined_on": joined, "months": months}


def end_suspension(change: Change, partner_id: int) -> None:
    """A suspension ends with the partnership."""
    change.conn.execute(
        "UPDATE cases SET state = 'closed', stage = 'closed', outcome = 'deactivated', closed_on = :on, due_on = NULL"
        " WHERE partner_id = :partner AND kind = 'suspension' AND state = 'open'",
        {"partner": partner_id, "on": change.as_of.isoformat()},
    )


def left_by(conn: sqlite3.Connection, partner_id: int) -> int | None:
    """The case by which a partner left, the latest; None for one that came into the file as deactivated."""
    row = conn.execute(
        "SELECT max(id) FROM cases WHERE partner_id = ? AND kind = 'deactivation'"
        " AND (stage = 'after' OR outcome = 'deactivated')",
        (partner_id,),
    ).fetchone()
    return None if row[0] is None else int(row[0])


def lessons(conn: sqlite3.Connection, viewer: int | None) -> list[Lesson]:
    """What was learned from partners that left, by reason, type, tier and industry as they were then."""
    groups: dict[tuple[Any, ...], list[tuple[int | None, str]]] = defaultdict(list)
    for reason, left, lesson, months in conn.execute(
        "SELECT coalesce(c.data ->> 'reason_confirmed', c.reason), c.data -> 'left', c.data ->> 'lesson',"
        " c.data ->> '$.left.months' FROM cases c WHERE c.kind = 'deactivation' AND c.outcome = 'deactivated'"
        f" AND {MAY_SEE} ORDER BY c.id",
        {"viewer": viewer},
    ):
        was = json.loads(left or "{}")
        groups[reason, was.get("type"), was.get("tier"), was.get("industry")].append((months, lesson or ""))
    found = []
    for key, rows in groups.items():
        known = [months for months, _ in rows if months is not None]
        said = tuple(dict.fromkeys(lesson for _, lesson in rows if lesson))
        reason, kind, tier, industry = key
        months = round(median(known)) if known else None
        found.append(Lesson(reason, kind, tier, industry, len(rows), months, said))
    return sorted(
        found, key=lambda one: (-one.partners, one.reason, one.type or "", one.tier or "", one.industry or "")
    )
