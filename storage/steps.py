"""Cases moving on, as sets: what waits is looked at, what is ready acts, until every case waits again or has ended.

A row of `steps` is one visit of a case to a step of its workflow: ready (to act now), waiting (for a person, for
time), arrived (at the join of parallel ways), held (two cases want the same field otherwise), done, cancelled.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from prm_tui.domain.said import said
from prm_tui.domain.step import Approve, Offer, Parallel, Step, Task, Wait
from prm_tui.domain.workflow import END, PROGRAM, START, Workflow
from storage import acts, messages, pauses, subjects, sweeps, whom, writing
from storage.matches import Matched
from storage.rounds import Round, acting, enter, live

MOST = 200
"""Waves in which ready steps may act in one round; a workflow is checked to need fewer when it is saved."""
_CASES = "SELECT case_id AS id, json_extract(data, '$.own') AS own FROM steps WHERE id IN (SELECT value FROM json_each(:visits))"


def open_cases(round_: Round, matched: Matched, asked_by: int | None = None) -> int:
    """A case for each hit that waits for its workflow; how many. `asked_by`: who started it by hand."""
    change, conn, trigger = round_.change, round_.conn, matched.active.trigger
    version = sweeps.current(conn, trigger.start)
    assert version is not None, trigger.start  # checked when the trigger was saved
    workflow = round_.workflow(version)
    first = workflow.steps[0]
    owner = whom.person_sql(workflow.owner)
    (highest,) = conn.execute("SELECT coalesce(max(id), 0) FROM cases").fetchone()
    count = conn.execute(
        "INSERT INTO cases(kind, version_id, partner_id, subject, subject_id, title, state, stage, owner, opened_on,"
        " reason, restricted, data, requested_by, hit_id, change_id)"
        f" SELECT :kind, :version, p.id, :subject, json_extract(h.evidence, '$.row'), :title, 'open', :stage, {owner[0]},"
        " :as_of, :why, :restricted, :data, :asked_by, h.id, :change FROM hits h JOIN episodes e ON e.id = h.episode_id JOIN partners p"
        " ON p.id = e.row_id WHERE h.state = 'open' AND +e.trigger_id = :trigger ORDER BY h.id",
        {"kind": workflow.name, "version": version, "subject": trigger.subject, "title": workflow.title,
         "stage": getattr(first, "title", first.id), "as_of": round_.as_of.isoformat(), "why": trigger.title,
         "change": change.id, "trigger": matched.active.id, "asked_by": asked_by, **whom.restricted(workflow), **owner[1]},
    ).rowcount  # fmt: skip
    conn.execute(
        "UPDATE hits SET state = 'acted' WHERE state = 'open' AND +episode_id IN (SELECT id FROM episodes WHERE trigger_id = ?)",
        (matched.active.id,),
    )
    enter(round_, first.id, "SELECT id, NULL AS own FROM cases WHERE id > :highest", {"highest": highest})
    return count


def begin(round_: Round, version: int, ids: Sequence[int], reason: str, asked_by: int) -> list[int]:
    """A case of a version of a workflow for each of some partners, begun by a person; their numbers."""
    conn, workflow = round_.conn, round_.workflow(version)
    first = workflow.steps[0]
    owner, params = whom.person_sql(workflow.owner)
    highest = conn.execute("SELECT coalesce(max(id), 0) FROM cases").fetchone()[0]
    conn.execute(
        "INSERT INTO cases(kind, version_id, partner_id, subject, title, state, stage, owner, opened_on, reason, requested_by,"
        f" change_id) SELECT :kind, :version, p.id, 'partner', :title, 'open', :stage, {owner}, :on, :reason, :asked_by, :change"
        " FROM json_each(:ids) j JOIN partners p ON p.id = j.value ORDER BY j.key",
        {"kind": workflow.name, "version": version, "title": workflow.title, "stage": getattr(first, "title", first.id),
         "on": round_.as_of.isoformat(), "reason": reason, "asked_by": asked_by, "change": round_.change.id,
         "ids": json.dumps(list(ids)), **params},
    )  # fmt: skip
    enter(round_, first.id, "SELECT id, NULL AS own FROM cases WHERE id > :highest", {"highest": highest})
    return [case for (case,) in conn.execute("SELECT id FROM cases WHERE id > ? ORDER BY id", (highest,))]


# ---- what waits ----


def look_at_waiting(round_: Round) -> int:
    """Go on with what has been waited for: answers of persons, conditions that came true; how many cases moved."""
    moved = 0
    sweeps.answered(round_.conn)
    round_.conn.execute(  # who was told that something is overdue need not chase it any more
        "UPDATE tasks AS t SET state = 'cancelled' WHERE +state = 'open' AND case_id IN (SELECT case_id FROM steps"
        " WHERE id IN temp.answered) AND json_extract(data, '$.about') IN"
        " (SELECT o.id FROM tasks o WHERE o.case_id = t.case_id AND o.state <> 'open')"
    )
    for version_id, step_id in _groups(round_, "waiting", " AND s.id IN temp.answered"):
        step = round_.workflow(version_id).by_id.get(step_id)
        if isinstance(step, Task | Approve):
            moved += _answered(round_, version_id, step)
    for version_id, step_id in sweeps.conditional(round_.conn):
        step = round_.workflow(version_id).by_id.get(step_id)
        if isinstance(step, Task | Approve):
            moved += _withdrawn(round_, version_id, step)
            pauses.look(round_, version_id, step)
        elif isinstance(step, Wait) and step.ends_early:
            moved += _come_true(round_, version_id, step)
    return moved


def _groups(round_: Round, state: str, more: str = "") -> list[tuple[int, str]]:
    return round_.conn.execute(
        f"SELECT c.version_id, s.step FROM steps s JOIN cases c ON c.id = s.case_id WHERE s.state = '{state}' AND +c.state = 'open'"
        f" AND c.version_id IS NOT NULL AND c.kind NOT IN (SELECT value FROM json_each(?)){more} GROUP BY 1, 2 ORDER BY min(s.id)",
        (json.dumps(PROGRAM),),
    ).fetchall()


def _answered(round_: Round, version_id: int, step: Task | Approve) -> int:
    """Steps in temp.answered whose tasks are settled: (how it goes on) by the answer."""
    tasks = (
        "SELECT s.id AS visit, s.case_id AS case_id, count(*) FILTER (WHERE t.state IN ('done', 'approved')) AS yes,"
        " count(*) FILTER (WHERE t.state = 'rejected') AS no, count(*) FILTER (WHERE t.state = 'open') AS left,"
        " max(json_extract(t.data, '$.choice')) AS choice FROM steps s JOIN cases c ON c.id = s.case_id"
        " JOIN tasks t ON t.case_id = s.case_id AND t.step_id = s.id WHERE s.id IN temp.answered AND s.state = 'waiting' AND s.step = ?"
        " AND c.version_id = ? AND c.state = 'open' GROUP BY s.id"
    )
    needed = step.persons if isinstance(step, Approve) else 1
    onward = _then(round_, version_id, step)
    moves: dict[str, list[tuple[int, int]]] = {}
    for visit, case_id, yes, no, left, choice in round_.conn.execute(tasks, (step.id, version_id)).fetchall():
        if isinstance(step, Approve) and no:
            target = step.choices.get(choice or "", step.reject)
        elif yes >= needed or (left == 0 and yes):
            choices = step.choices if isinstance(step, Approve) else {}
            target = choices.get(choice or "", "") or onward
        else:
            continue
        moves.setdefault(target, []).append((visit, case_id))
    for target, visits in moves.items():
        ids = json.dumps([visit for visit, _ in visits])
        round_.conn.execute(
            "UPDATE tasks SET state = 'cancelled' WHERE state = 'open' AND step_id IN (SELECT value FROM json_each(?))",
            (ids,),
        )
        go(round_, version_id, [visit for visit, _ in visits], target)
    return sum(len(visits) for visits in moves.values())


def _withdrawn(round_: Round, version_id: int, step: Task | Approve) -> int:
    """What is asked of persons and has been settled by the facts meanwhile: nobody is asked any more."""
    if step.unless is None:
        return 0
    waiting = [v for (v,) in round_.conn.execute(f"SELECT s.id {live('waiting')}", (step.id, version_id))]
    over = subjects.meeting(round_.conn, round_.known, round_.as_of, step.unless.when, waiting) if waiting else set()
    visits = sorted(over)
    _keep_why(round_, step.unless.when, visits)
    mine = "SELECT id FROM tasks WHERE step_id IN (SELECT value FROM json_each(:visits)) AND state = 'open'"
    given = {"visits": json.dumps(visits), "on": round_.as_of.isoformat()}
    chased = f"json_extract(data, '$.about') IN ({mine})"  # who chases it need not do that, either
    round_.conn.execute(f"UPDATE tasks SET state = 'cancelled' WHERE +state = 'open' AND {chased}", given)
    round_.conn.execute(f"UPDATE tasks SET state = 'cancelled' WHERE id IN ({mine})", given)
    go(round_, version_id, visits, step.unless.then)
    return len(visits)


def _come_true(round_: Round, version_id: int, step: Wait) -> int:
    """Waits whose condition is true, or whose activity has come since they began."""
    waiting = [visit for (visit,) in round_.conn.execute(
        f"SELECT s.id {live('waiting')}", (step.id, version_id))]  # fmt: skip
    over = set[int]()
    if step.until and waiting:
        over |= subjects.meeting(round_.conn, round_.known, round_.as_of, step.until, waiting)
        _keep_why(round_, step.until, sorted(over))
    if step.activity and waiting:
        came = round_.conn.execute(
            "SELECT s.id FROM steps s JOIN cases c ON c.id = s.case_id WHERE s.id IN (SELECT value FROM json_each(:waiting))"
            " AND EXISTS (SELECT 1 FROM activities a WHERE a.partner_id = c.partner_id AND a.kind = :kind"
            " AND a.superseded_at IS NULL AND a.occurred_on >= json_extract(s.data, '$.since') AND a.occurred_on <= :today)",
            {"waiting": json.dumps(waiting), "kind": step.activity, "today": round_.as_of.isoformat()},
        )
        over |= {visit for (visit,) in came}
    visits = sorted(over)
    if step.calls_off and visits:
        messages.call_off(round_.change, visits)
    go(round_, version_id, visits, _then(round_, version_id, step))
    return len(visits)


def _keep_why(round_: Round, until: str, visits: Sequence[int]) -> None:
    """What a wait ended by: each part of its condition, with the value it had."""
    if not visits:
        return
    kept = [
        (json.dumps([[part, said(*value)] for part, value in parts]), visit)
        for visit, parts in subjects.parts(round_.conn, round_.known, round_.as_of, until, visits).items()
    ]
    round_.conn.executemany("UPDATE steps SET data = json_set(data, '$.because', json(?)) WHERE id = ?", kept)


def fire_timers(round_: Round) -> int:
    """Timers whose time has come, in the order of their time, each with its own date; how many.

    What was waited for and has come since goes before the time that is over, and what follows on a time that was over
    while the program was closed begins at that time, so that waits one after another do not drift.
    """
    came = _came_before(round_)
    due = round_.conn.execute(
        "SELECT t.id, t.what, t.step_id, t.task_id, t.due_at, c.version_id, s.step, c.id FROM timers t JOIN steps s"
        " ON s.id = t.step_id JOIN cases c ON c.id = t.case_id WHERE t.state = 'waiting' AND t.due_at <= ?"
        " AND c.state = 'open' AND s.state = 'waiting' ORDER BY t.due_at, t.id",
        (round_.now,),
    ).fetchall()
    for timer, what, visit, task, at, version_id, step_id, case_id in due:
        round_.conn.execute("UPDATE timers SET state = 'fired', fired_at = ? WHERE id = ?", (at, timer))
        step = round_.workflow(version_id).by_id[step_id]
        if what == "wait" and isinstance(step, Wait):
            following = round_.workflow(version_id).following(step)
            if round_.calendar.day_of(at) < round_.as_of:
                round_.conn.execute("UPDATE steps SET data = json_set(data, '$.own', ?) WHERE id = ?", (at, visit))
            go(round_, version_id, [visit], (step.timeout if step.ends_early else step.then) or following)
        elif task is not None:
            acts.passed(round_, what, at, task, case_id, step)
    return came + len(due)


def _came_before(round_: Round) -> int:
    """Let waits whose time is over end by what they waited for, where that has come; how many."""
    over = round_.conn.execute(
        "SELECT DISTINCT c.version_id, s.step FROM timers t JOIN steps s ON s.id = t.step_id JOIN cases c ON c.id = t.case_id"
        " WHERE t.state = 'waiting' AND t.due_at <= ? AND t.what = 'wait' AND c.state = 'open' AND s.state = 'waiting'",
        (round_.now,),
    ).fetchall()
    waits = [(version_id, round_.workflow(version_id).by_id[step_id]) for version_id, step_id in over]
    return sum(_come_true(round_, v, step) for v, step in waits if isinstance(step, Wait) and step.ends_early)


# ---- what is ready ----


def run_ready(round_: Round) -> int:
    """Let every ready step act, wave by wave, until none is ready; how many visits there were."""
    many = 0
    for _ in range(MOST):
        groups = _groups(round_, "ready")
        if not groups:
            return many
        setting = []
        for version_id, step_id in groups:
            workflow = round_.workflow(version_id)
            step = workflow.by_id[step_id]
            if step.do == "set":
                setting.append((version_id, step))
                continue
            many += _act(round_, version_id, workflow, step)
        if setting and len(setting) == len(groups):  # what sets fields waits for all others, so that clashes are seen
            many += _set(round_, setting)
    raise RuntimeError("workflows go round without waiting")


def _act(round_: Round, version_id: int, workflow: Workflow, step: Step) -> int:
    many = acting(round_, live("ready"), (step.id, version_id))
    doing = acts.DOING.get(step.do)
    if doing is not None:
        doing(round_, workflow, step)
    visits = [v for (v,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit")]
    if step.pauses:
        _wait(round_, step)
    elif step.do == "branch":
        for target, chosen in acts.choose(round_, workflow, step, version_id).items():
            go(round_, version_id, chosen, target)
    elif isinstance(step, Parallel):
        _split(round_, step, visits)
    elif step.do == "end":
        close(round_, visits, getattr(step, "outcome", "done"))
    elif isinstance(step, Offer) and step.nobody:
        without = {v for v in visits if writing.nobody_eligible(round_, v)}
        go(round_, version_id, sorted(without), step.nobody)
        go(round_, version_id, [v for v in visits if v not in without], _then(round_, version_id, step))
    else:
        go(round_, version_id, visits, _then(round_, version_id, step))
    return many


def _wait(round_: Round, step: Step) -> None:
    title = getattr(step, "title", None) or "waits"
    for own in acts.own_times(round_):
        mine = own if isinstance(step, Wait) else None  # a person's time begins when the work is given out
        since = round_.as_of if mine is None else round_.calendar.day_of(mine)
        round_.conn.execute(
            "UPDATE steps SET state = 'waiting', title = ?, data = json_remove(json_set(data, '$.since', ?, '$.begun', ?),"
            " '$.own') WHERE id IN (SELECT visit FROM temp.acting) AND state = 'ready' AND json_extract(data, '$.own') IS ?",
            (title, since.isoformat(), acts.begins(round_) if mine is None else mine, own),
        )
    stage = "?1"
    if "{{" in title:  # as it was filled in for the task of each
        stage = (
            "coalesce((SELECT t.title FROM temp.acting a JOIN tasks t ON t.case_id = a.case_id AND t.step_id = a.visit"
            " WHERE a.case_id = cases.id ORDER BY t.id LIMIT 1), ?1)"
        )
    round_.conn.execute(
        f"UPDATE cases SET stage = {stage} WHERE id IN (SELECT case_id FROM temp.acting) AND stage IS NOT {stage}",
        (title,),
    )


def _split(round_: Round, step: Parallel, visits: Sequence[int]) -> None:
    listed = json.dumps(list(visits))
    _done(round_, listed)
    for branch in step.branches:
        enter(round_, branch, _CASES, {"visits": listed})


def _set(round_: Round, setting: Sequence[tuple[int, Step]]) -> int:
    """Set fields, those of all cases at once; two that want the same field otherwise are held for a person."""
    many, wanted = 0, []
    for version_id, step in setting:
        many += acting(round_, live("ready"), (step.id, version_id))
        wanted += writing.wants(round_, step, version_id)
    for visits, version_id, step in writing.set_fields(round_, wanted):
        go(round_, version_id, visits, _then(round_, version_id, step))
    return many


# ---- from step to step ----


def _then(round_: Round, version_id: int, step: Step) -> str:
    return step.then or round_.workflow(version_id).following(step)


def _done(round_: Round, visits: str) -> None:
    round_.conn.execute(
        "UPDATE steps SET state = 'done', done_on = ? WHERE id IN (SELECT value FROM json_each(?))",
        (round_.as_of.isoformat(), visits),
    )
    round_.conn.execute(
        "UPDATE timers SET state = 'cancelled' WHERE state IN ('waiting', 'paused') AND step_id IN (SELECT value FROM json_each(?))",
        (visits,),
    )


def go(round_: Round, version_id: int, visits: Sequence[int], target: str) -> None:
    """These visits are over; their cases come to `target`: a step, the end, or another workflow."""
    if not visits:
        return
    listed = json.dumps(list(visits))
    if target == END:
        close(round_, visits, "done")
    elif target.startswith(START):
        acts.start(round_, target.removeprefix(START), listed)
        close(round_, visits, f"went on as {target.removeprefix(START)}")
    else:
        _done(round_, listed)
        joins = {s.join: len(s.branches) for s in round_.workflow(version_id).steps if isinstance(s, Parallel)}
        if target in joins:
            _arrive(round_, listed, target, joins[target])
        else:
            enter(round_, target, _CASES, {"visits": listed})


def _arrive(round_: Round, visits: str, join: str, ways: int) -> None:
    """One more of the parallel ways has come to where they meet; the last one lets the case go on."""
    conn = round_.conn
    conn.execute(
        "INSERT INTO steps(case_id, step, n, title, state, change_id) SELECT case_id, :join, 1 + (SELECT count(*) FROM steps o"
        " WHERE o.case_id = steps.case_id), :join, 'arrived', :change FROM steps WHERE id IN (SELECT value FROM json_each(:visits))",
        {"join": join, "visits": visits, "change": round_.change.id},
    )
    whole = (
        "SELECT case_id FROM steps WHERE step = :join AND state = 'arrived' GROUP BY case_id HAVING count(*) >= :ways"
    )
    params = {"join": join, "ways": ways}
    cases = json.dumps([case for (case,) in conn.execute(whole, params)])
    conn.execute(
        "UPDATE steps SET state = 'done', done_on = ? WHERE step = ? AND state = 'arrived' AND case_id IN"
        " (SELECT value FROM json_each(?))",
        (round_.as_of.isoformat(), join, cases),
    )
    enter(round_, join, "SELECT value AS id, NULL AS own FROM json_each(:cases)", {"cases": cases})


def close(round_: Round, visits: Sequence[int], outcome: str) -> None:
    """Cases end: whatever else they have open is cancelled."""
    conn, listed = round_.conn, json.dumps(list(visits))
    _done(round_, listed)
    cases = "(SELECT case_id FROM steps WHERE id IN (SELECT value FROM json_each(:visits)))"
    params = {"visits": listed, "outcome": outcome, "on": round_.as_of.isoformat()}
    conn.execute(f"UPDATE steps SET state = 'cancelled' WHERE state IN ('ready', 'waiting', 'arrived', 'held') AND case_id IN {cases}",
                 params)  # fmt: skip
    conn.execute(
        f"UPDATE tasks SET state = 'cancelled' WHERE state = 'open' AND case_id IN {cases} AND (step_id IS NOT NULL"
        " OR json_extract(data, '$.about') IS NOT NULL)",
        params,
    )
    conn.execute(
        f"UPDATE timers SET state = 'cancelled' WHERE state IN ('waiting', 'paused') AND case_id IN {cases}", params
    )
    conn.execute(
        "UPDATE cases SET state = 'closed', stage = 'closed', outcome = :outcome, closed_on = :on, due_on = NULL"
        f" WHERE id IN {cases}",
        params,
    )
