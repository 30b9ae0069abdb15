"""What a step of a workflow does, for all the cases that come to it at once (temp.acting, see steps.py)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.sla import Sla, Span
from prm_tui.domain.step import (
    Approve,
    Branch,
    Start,
    Step,
    Task,
    Wait,
)
from prm_tui.domain.template import fill, parse
from prm_tui.domain.workflow import PROGRAM, Workflow
from storage import listing, subjects, suspending, sweeps, telling, whom, writing
from storage.rounds import Round, enter

# ---- tasks and approvals ----


def _task(round_: Round, workflow: Workflow, step: Step) -> None:
    assert isinstance(step, Task)
    _ask(round_, step, "to-do", step.owner)
    if step.owner.startswith("load:"):
        _share(round_, step.owner.removeprefix("load:"))


def _approve(round_: Round, workflow: Workflow, step: Step) -> None:
    """An approval for each who is asked; by a role, as many as must agree."""
    assert isinstance(step, Approve)
    asked = step.asked * step.persons if step.rule == "two" else step.asked
    for who in asked:
        _ask(round_, step, "approval", who)


def _ask(round_: Round, step: Task | Approve, kind: str, who: str) -> None:
    owner, params = whom.person_sql(who)
    due = Span.parse(step.within).due_at(begins(round_), round_.calendar) if step.within else None
    data: dict[str, Any] = {"step": step.id}
    if isinstance(step, Approve):
        data |= {"choices": list(step.choices), "evidence": step.evidence} if step.choices or step.evidence else {}
    round_.conn.execute(
        "INSERT INTO tasks(case_id, step_id, partner_id, kind, title, detail, owner, role, due_on, due_at, state, data,"
        f" change_id) SELECT a.case_id, a.visit, a.partner_id, :kind, :title, :detail, {owner},"
        f" CASE WHEN {owner} IS NULL THEN :role END, :due_on, :due_at, 'open', :data, :change FROM temp.acting a"
        " JOIN partners p ON p.id = a.partner_id ORDER BY a.visit",
        {"kind": kind, "title": step.title, "detail": step.detail, "role": whom.role_of(who), "due_at": due,
         "due_on": round_.calendar.day_of(due).isoformat() if due else None, "data": json.dumps(data, sort_keys=True),
         "change": round_.change.id, **params},
    )  # fmt: skip
    _fill_words(round_, step)
    if step.within:
        _time(round_, step)


def _fill_words(round_: Round, step: Task | Approve) -> None:
    """Fields in the title and the detail of the tasks just made; what is empty stays as a gap that can be seen."""
    title, detail = parse(step.title), parse(step.detail or "")
    if not (title.names or detail.names):
        return
    for visit, told in telling.fields(round_, [title, detail], {}).items():
        gaps = {name: value or "…" for name, value in told.items()}
        round_.conn.execute(
            "UPDATE tasks SET title = ?, detail = nullif(?, '') WHERE step_id = ? AND change_id = ?",
            (fill(title, gaps.get, line=True).text, fill(detail, gaps.get).text, visit, round_.change.id),
        )


def begins(round_: Round) -> int:
    """The instant a step begins: now, for an earlier or later date of evaluation the begin of that day."""
    day = round_.calendar.day_of(round_.change.at)
    return round_.change.at if day == round_.as_of else round_.calendar.at(round_.as_of)


def _time(round_: Round, step: Task | Approve) -> None:
    """Timers for the tasks just made: warned, overdue, told to somebody else."""
    assert step.within is not None
    at = float(step.escalate.at) if step.escalate else 1.5
    found = Sla.parse(step.within, float(step.warn), at).moments(begins(round_), round_.calendar)
    moments = {"warn": found.warn, "breach": found.breach, **({"escalate": found.escalate} if step.escalate else {})}
    for what, moment in moments.items():
        if moment is not None:
            _timer(round_, what, moment, "t.id", "JOIN tasks t ON t.step_id = a.visit AND t.change_id = :change")


def _timer(round_: Round, what: str, moment: int, task: str, join: str = "") -> None:
    round_.conn.execute(
        "INSERT INTO timers(case_id, step_id, task_id, what, due_on, due_at, state, change_id)"
        f" SELECT a.case_id, a.visit, {task}, :what, :on, :at, 'waiting', :change FROM temp.acting a {join} WHERE NOT EXISTS"
        f" (SELECT 1 FROM timers o WHERE o.step_id = a.visit AND o.what = :what AND o.task_id IS {task}) ORDER BY a.visit",
        {"what": what, "on": round_.calendar.day_of(moment).isoformat(), "at": moment, "change": round_.change.id},
    )


def _share(round_: Round, role: str) -> None:
    """New tasks of a role go to those who have least to do, one by one; ties by name."""
    conn = round_.conn
    load = [list(row) for row in conn.execute(
        "SELECT (SELECT count(*) FROM tasks t WHERE t.owner = p.id AND t.state = 'open') AS n, p.name, p.id FROM people p"
        " JOIN roles r ON r.person_id = p.id WHERE r.role = ? AND p.active", (role,))]  # fmt: skip
    tasks = conn.execute(
        "SELECT t.id FROM tasks t JOIN temp.acting a ON a.visit = t.step_id WHERE t.change_id = ? ORDER BY t.id",
        (round_.change.id,),
    ).fetchall()
    for (task,) in tasks if load else ():
        least = min(load)
        least[0] += 1
        conn.execute("UPDATE tasks SET owner = ?, role = NULL WHERE id = ?", (least[2], task))


def passed(round_: Round, what: str, at: int, task: int, case_id: int, step: Step) -> None:
    """A deadline is near, over, or long over: the task says so, and who is named to hear of it gets a task."""
    conn = round_.conn
    conn.execute("UPDATE tasks SET data = json_set(data, '$.' || ?, ?) WHERE id = ?", (what, at, task))
    escalate = getattr(step, "escalate", None)
    if what == "escalate" and escalate is not None:
        owner, params = whom.person_sql(escalate.to)
        conn.execute(
            "INSERT INTO tasks(case_id, partner_id, kind, title, owner, role, due_on, state, data, change_id)"
            f" SELECT t.case_id, t.partner_id, 'to-do', 'Overdue: ' || t.title, {owner}, CASE WHEN {owner} IS NULL THEN :role END,"
            " :on, 'open', json_object('about', t.id), :change FROM tasks t JOIN partners p ON p.id = t.partner_id WHERE t.id = :task",
            {"role": whom.role_of(escalate.to), "on": round_.calendar.day_of(at).isoformat(), "task": task,
             "change": round_.change.id, **params},
        )  # fmt: skip


def _wait(round_: Round, workflow: Workflow, step: Step) -> None:
    """From now on; where a deadline led here that came while the program was closed, from its own time on."""
    assert isinstance(step, Wait)
    for own in own_times(round_) if step.for_ else ():
        due = Span.parse(str(step.for_)).due_at(begins(round_) if own is None else own, round_.calendar)
        mine = f"JOIN steps v ON v.id = a.visit AND json_extract(v.data, '$.own') IS {'NULL' if own is None else own}"
        _timer(round_, "wait", due, "NULL", mine)


def own_times(round_: Round) -> list[int | None]:
    """The instants at which the visits in temp.acting came to their step; None: now."""
    rows = round_.conn.execute(
        "SELECT DISTINCT json_extract(s.data, '$.own') FROM temp.acting a JOIN steps s ON s.id = a.visit ORDER BY 1"
    )
    return [None if own is None else int(own) for (own,) in rows.fetchall()]


# ---- ways on ----


def choose(round_: Round, workflow: Workflow, step: Step, version_id: int) -> dict[str, list[int]]:
    """Target → visits: the first case of a branch that is true."""
    assert isinstance(step, Branch)
    left = [v for (v,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit")]
    found: dict[str, list[int]] = {}
    for case in step.cases:
        met = set(left)
        if case.when is not None:
            met = subjects.meeting(round_.conn, round_.known, round_.as_of, case.when, left)
        if case.elsewhere:
            met &= subjects.elsewhere(round_.conn, round_.known, case.elsewhere, left)
        found.setdefault(case.then, []).extend(sorted(met))
        left = [visit for visit in left if visit not in met]
    found.setdefault(step.else_ or workflow.following(step), []).extend(left)
    return {target: visits for target, visits in found.items() if visits}


def start(round_: Round, name: str, visits: str) -> None:
    """Another workflow begins for the subjects of these visits; the new case belongs to the same hit.

    What the program does by rules of its own, as a deactivation, is never begun by automation: a person gives its
    reason and path, and is asked to.
    """
    if name in PROGRAM:
        _ask_to_begin(round_, name, visits)
        return
    version = sweeps.current(round_.conn, name)
    if version is None:
        raise UsageError(f"There is no workflow “{name}”. Add it: prm packs add {name}")
    workflow = round_.workflow(version)
    owner, params = whom.person_sql(workflow.owner)
    first = workflow.steps[0]
    highest = round_.conn.execute("SELECT coalesce(max(id), 0) FROM cases").fetchone()[0]
    round_.conn.execute(
        "INSERT INTO cases(kind, version_id, partner_id, subject, subject_id, title, state, stage, owner, opened_on, reason,"
        " restricted, data, hit_id, change_id) SELECT :kind, :version, p.id, c.subject, c.subject_id, :title, 'open', :stage,"
        f" {owner}, :on, c.title, :restricted, :data, c.hit_id, :change FROM cases c JOIN partners p ON p.id = c.partner_id"
        " WHERE c.id IN (SELECT case_id FROM steps WHERE id IN (SELECT value FROM json_each(:visits))) ORDER BY c.id",
        {"kind": name, "version": version, "title": workflow.title, "stage": getattr(first, "title", first.id),
         "on": round_.as_of.isoformat(), "change": round_.change.id, "visits": visits, **whom.restricted(workflow), **params},
    )  # fmt: skip
    enter(round_, first.id, "SELECT id, NULL AS own FROM cases WHERE id > :highest", {"highest": highest})


def _ask_to_begin(round_: Round, name: str, visits: str) -> None:
    round_.conn.execute(
        "INSERT INTO tasks(case_id, partner_id, kind, title, detail, role, due_on, state, data, change_id)"
        " SELECT c.id, c.partner_id, 'to-do', 'Open the ' || :name || ' of ' || p.name, 'Decided in “' || c.title || '”. It"
        " needs a reason and a path, and is opened by a person: prm deactivate ' || p.code, 'program manager', :on, 'open',"
        " json_object('begins', :name), :change FROM steps s JOIN cases c ON c.id = s.case_id JOIN partners p"
        " ON p.id = c.partner_id WHERE s.id IN"
        " (SELECT value FROM json_each(:visits)) ORDER BY c.id",
        {"name": name, "on": round_.as_of.isoformat(), "change": round_.change.id, "visits": visits},
    )


def _start_other(round_: Round, workflow: Workflow, step: Step) -> None:
    assert isinstance(step, Start)
    visits = [v for (v,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit")]
    start(round_, step.workflow, json.dumps(visits))


DOING: dict[str, Callable[[Round, Workflow, Step], None]] = {
    "task": _task, "approve": _approve, "wait": _wait, "start": _start_other, "notify": telling.notify,
    "document": telling.document, "list": listing.keep, "tag": writing.tag, "suspend": suspending.suspend,
    "record": writing.record, "offer": writing.offer, "accrue": writing.accrue,
}  # fmt: skip
"""What a step does → how; `set`, `branch`, `parallel` and `end` are ways from step to step (steps.py)."""
