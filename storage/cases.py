"""Cases, their tasks and their evidence in the file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from prm_tui.domain.case import Case, CaseRow, Ended, EvidenceRow, TaskRow
from prm_tui.domain.setting import EVIDENCE, PERSONS
from prm_tui.domain.workflow import Workflow
from storage import settings
from storage.store import Change

MAY_SEE = (
    "(NOT c.restricted OR :viewer IN (SELECT value FROM json_each(c.data, '$.restricted_to')) OR EXISTS (SELECT 1 FROM roles o,"
    " json_each(c.data, '$.restricted_roles') w WHERE o.person_id = :viewer AND o.role = w.value))"
)
"""Whether the person :viewer may see a case `c`; nobody in particular sees no restricted one."""
_DUE = "(SELECT min(t.due_on) FROM tasks t WHERE t.case_id = c.id AND t.state = 'open')"
_CASE = (
    "SELECT c.id, c.kind, c.partner_id, p.code, p.name, c.stage, (SELECT name FROM people WHERE id = c.owner), c.opened_on,"
    f" coalesce({_DUE}, c.due_on), c.outcome, c.reason, c.restricted FROM cases c JOIN partners p ON p.id = c.partner_id"
)
_TASK = (
    "SELECT t.id, t.case_id, t.kind, t.title, t.partner_id, p.code, p.name, (SELECT name FROM people WHERE id = t.owner),"
    " t.role, t.due_on, t.state, (SELECT name FROM people WHERE id = t.done_by), t.done_on, json_extract(t.data, '$.act'),"
    " t.reason, t.step_id, json_extract(t.data, '$.choices'), json_extract(t.data, '$.evidence'), t.detail,"
    " t.due_at, (SELECT value FROM settings WHERE key = 'zone'), t.evidence_id IS NOT NULL,"
    " (SELECT name FROM people WHERE id = json_extract(t.data, '$.asked_by')), t.data ->> 'choice'"
    " FROM tasks t JOIN partners p ON p.id = t.partner_id"
)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _case(row: tuple[Any, ...]) -> CaseRow:
    return CaseRow(
        row[0], row[1], row[2], row[3], row[4], row[5], row[6], date.fromisoformat(row[7]), _day(row[8]), row[9], row[10],
        bool(row[11]),
    )  # fmt: skip


def _task(row: tuple[Any, ...]) -> TaskRow:
    return TaskRow(
        row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], _day(row[9]), row[10], row[11],
        _day(row[12]), row[13], row[14], row[15], tuple(json.loads(row[16] or "[]")), bool(row[17]), row[18],
        None if row[19] is None else datetime.fromtimestamp(row[19], ZoneInfo(row[20] or "UTC")),
        bool(row[21]), row[22], row[23],
    )  # fmt: skip


def cases(
    conn: sqlite3.Connection, *, closed: bool = False, partner_id: int | None = None, viewer: int | None = None
) -> list[CaseRow]:
    """Cases that a person may see, those due first; closed ones only when asked."""
    tests = [MAY_SEE] if closed else ["c.state = 'open'", MAY_SEE]
    tests += ["c.partner_id = :partner"] if partner_id is not None else []
    sql = f"{_CASE} WHERE {' AND '.join(tests)} ORDER BY c.state = 'closed', coalesce({_DUE}, c.due_on, '9999'), c.id"
    return [_case(row) for row in conn.execute(sql, {"partner": partner_id, "viewer": viewer})]


def may_see(conn: sqlite3.Connection, case_id: int, viewer: int | None) -> bool:
    """Whether a person may see a case."""
    row = conn.execute(f"SELECT 1 FROM cases c WHERE c.id = :id AND {MAY_SEE}", {"id": case_id, "viewer": viewer})
    return row.fetchone() is not None


def case(conn: sqlite3.Connection, case_id: int) -> Case | None:
    """One case whole."""
    row = conn.execute(f"{_CASE} WHERE c.id = ?", (case_id,)).fetchone()
    if row is None:
        return None
    path, requested, requested_id, data = conn.execute(
        "SELECT path, (SELECT name FROM people WHERE id = requested_by), requested_by, data FROM cases WHERE id = ?",
        (case_id,),
    ).fetchone()
    tasks = [_task(t) for t in conn.execute(f"{_TASK} WHERE t.case_id = ? ORDER BY t.id", (case_id,))]
    evidence = [
        EvidenceRow(e[0], e[1], e[2], e[3], e[4], datetime.fromtimestamp(e[5], UTC))
        for e in conn.execute(
            "SELECT id, kind, title, file, hash, at FROM evidence WHERE case_id = ? ORDER BY id", (case_id,)
        )
    ]
    return Case(_case(row), path, requested, requested_id, json.loads(data), tuple(tasks), tuple(evidence),
                _one_person(conn, requested, tasks), _unsigned(conn, tasks, json.loads(data)), _named(conn, json.loads(data)),
                _ended(conn, case_id))  # fmt: skip


def _unsigned(conn: sqlite3.Connection, tasks: list[TaskRow], data: dict[str, Any]) -> str:
    """What a case for cause says for ever where it was approved without a signed answer, and else while none is needed."""
    approvals = [t for t in tasks if t.kind == "approval" and not t.of_workflow] if data.get("evidenced") else []
    if any(t.state == "approved" and not t.signed for t in approvals):
        return "for cause, approved without a signed answer"
    said = settings.said_by(conn, EVIDENCE) if approvals and not settings.number(conn, EVIDENCE) else None
    return (
        f"for cause, no signed answer is needed in this file: said by {said[0]} on {said[1]:%Y-%m-%d}" if said else ""
    )


def _named(conn: sqlite3.Connection, data: dict[str, Any]) -> tuple[str, ...]:
    """Who may see a restricted case: persons, and roles."""
    ids = json.dumps(data.get("restricted_to", []))
    names = [
        n
        for (n,) in conn.execute(
            "SELECT name FROM people WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", (ids,)
        )
    ]
    return (*names, *(f"everyone with the role {role}" for role in data.get("restricted_roles", ())))


def _ended(conn: sqlite3.Connection, case_id: int) -> tuple[Ended, ...]:
    rows = conn.execute(
        "SELECT step, done_on, json_extract(data, '$.because') FROM steps WHERE case_id = ? AND done_on IS NOT NULL"
        " AND json_extract(data, '$.because') IS NOT NULL ORDER BY id",
        (case_id,),
    )
    return tuple(
        Ended(step, date.fromisoformat(on), tuple((part, value) for part, value in json.loads(parts)))
        for step, on, parts in rows.fetchall()
    )


def _one_person(conn: sqlite3.Connection, requested: str | None, tasks: list[TaskRow]) -> str:
    """What a case that is approved says for ever where one person did both, and else while one is enough."""
    approvals = [t for t in tasks if t.kind == "approval"]
    if any(t.state == "approved" and t.done_by == requested for t in approvals):
        return f"asked for and approved by one person, {requested}"
    said = settings.said_by(conn, PERSONS) if approvals and settings.number(conn, PERSONS) == 1 else None
    return f"one person is enough in this file: said by {said[0]} on {said[1]:%Y-%m-%d}" if said else ""


def step_keys(conn: sqlite3.Connection, case_id: int) -> dict[int, str]:
    """Which step of the deactivation each to-do of a case stands for."""
    rows = conn.execute(
        "SELECT id, data ->> 'step' FROM tasks WHERE case_id = ? AND data ->> 'step' IS NOT NULL", (case_id,)
    )
    return dict(rows.fetchall())


def approved_by(conn: sqlite3.Connection, case_id: int) -> list[int]:
    """Who approved a case and still works here."""
    rows = conn.execute(
        "SELECT DISTINCT t.done_by FROM tasks t JOIN people p ON p.id = t.done_by AND p.active WHERE t.case_id = ?"
        " AND t.kind = 'approval' AND t.state = 'approved' AND t.data ->> 'act' = 'approve' ORDER BY t.id",
        (case_id,),
    )
    return [person for (person,) in rows]


def step_of(conn: sqlite3.Connection, visit: int | None) -> tuple[Workflow, str] | None:
    """The version of a workflow, and the id of the step in it, that a visit is of."""
    row = conn.execute(
        "SELECT w.name, v.body, s.step FROM steps s JOIN cases c ON c.id = s.case_id JOIN workflow_versions v"
        " ON v.id = c.version_id JOIN workflows w ON w.id = v.workflow_id WHERE s.id = ?",
        (visit,),
    ).fetchone()
    flow = Workflow.from_text(row[0], row[1])[0] if row else None
    return (flow, row[2]) if flow else None


def task(conn: sqlite3.Connection, task_id: int) -> TaskRow | None:
    """One task."""
    row = conn.execute(f"{_TASK} WHERE t.id = ?", (task_id,)).fetchone()
    return None if row is None else _task(row)


_TASK_SEEN = f"(t.case_id IS NULL OR EXISTS (SELECT 1 FROM cases c WHERE c.id = t.case_id AND {MAY_SEE}))"


def inbox(conn: sqlite3.Connection, viewer: int | None = None) -> list[TaskRow]:
    """Open tasks and approvals in order of due time, without those of restricted cases that are not the viewer's."""
    sql = f"{_TASK} WHERE t.state = 'open' AND {_TASK_SEEN} ORDER BY coalesce(t.due_on, '9999'), t.id"
    return [_task(t) for t in conn.execute(sql, {"viewer": viewer})]


def counts(conn: sqlite3.Connection, viewer: int | None = None) -> tuple[int, int]:
    """How many tasks and how many cases are open that the viewer may see."""
    tasks, under_way = conn.execute(
        f"SELECT (SELECT count(*) FROM tasks t WHERE t.state = 'open' AND {_TASK_SEEN}),"
        f" (SELECT count(*) FROM cases c WHERE c.state = 'open' AND {MAY_SEE})",
        {"viewer": viewer},
    ).fetchone()
    return tasks, under_way


def insert(change: Change, table: str, values: Mapping[str, Any]) -> int:
    """A new row of cases, tasks, steps or evidence; dictionaries are kept as JSON."""
    kept = {k: json.dumps(v, sort_keys=True) if isinstance(v, dict) else v for k, v in values.items()}
    cursor = change.conn.execute(
        f"INSERT INTO {table}({', '.join(kept)}, change_id) VALUES ({', '.join('?' * len(kept))}, ?)",
        (*kept.values(), change.id),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def update(change: Change, table: str, row_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of a row; dictionaries are kept as JSON."""
    for key, value in values.items():
        kept = json.dumps(value, sort_keys=True) if isinstance(value, dict) else value
        change.conn.execute(f"UPDATE {table} SET {key} = ? WHERE id = ? AND {key} IS NOT ?", (kept, row_id, kept))


def choose(change: Change, task_id: int, choice: str) -> None:
    """Keep which of its choices an approval was given."""
    change.conn.execute("UPDATE tasks SET data = json_set(data, '$.choice', ?) WHERE id = ?", (choice, task_id))


def set_status(change: Change, partner_id: int, status: str) -> str:
    """Give a partner a status, which only a case may do; returns the one before."""
    (before,) = change.conn.execute("SELECT status FROM partners WHERE id = ?", (partner_id,)).fetchone()
    change.conn.execute("UPDATE partners SET status = ? WHERE id = ? AND status IS NOT ?", (status, partner_id, status))
    return str(before)


def keep(
    change: Change, case_id: int, partner_id: int, kind: str, title: str, body: bytes, file: str | None = None
) -> tuple[int, str]:
    """Keep proof, with its SHA-256; returns (id, hash)."""
    digest = hashlib.sha256(body).hexdigest()
    row = insert(
        change, "evidence",
        {"case_id": case_id, "partner_id": partner_id, "kind": kind, "title": title, "file": file, "hash": digest,
         "body": body, "at": change.at},
    )  # fmt: skip
    return row, digest


def evidence_body(conn: sqlite3.Connection, evidence_id: int) -> bytes:
    """What was kept."""
    (body,) = conn.execute("SELECT body FROM evidence WHERE id = ?", (evidence_id,)).fetchone()
    return bytes(body or b"")


def workflow_version(change: Change, name: str, title: str, body: str, pack: str | None) -> int:
    """The version of a workflow with this body; a new one when it was changed."""
    row = change.conn.execute(
        "SELECT v.id FROM workflow_versions v JOIN workflows w ON w.id = v.workflow_id AND w.version_id = v.id"
        " WHERE w.name = ? AND v.body = ?",
        (name, body),
    ).fetchone()
    if row:
        return int(row[0])
    found = change.conn.execute("SELECT id FROM workflows WHERE name = ?", (name,)).fetchone()
    workflow = found[0] if found else insert(change, "workflows", {"name": name, "title": title, "pack": pack})
    (newest,) = change.conn.execute(
        "SELECT coalesce(max(n), 0) FROM workflow_versions WHERE workflow_id = ?", (workflow,)
    ).fetchone()
    version = insert(change, "workflow_versions", {"workflow_id": workflow, "n": newest + 1, "body": body})
    update(change, "workflows", workflow, {"version_id": version})
    return version
