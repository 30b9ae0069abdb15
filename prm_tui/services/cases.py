"""Cases under way: who has to do what, approving, serving notice, completing, stopping, withdrawing."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from prm_tui import clock
from prm_tui.domain.case import Case, CaseRow, TaskRow
from prm_tui.domain.deactivation import Dates, dates
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.person import Person
from prm_tui.domain.text import safe_name
from prm_tui.services import packs, people
from prm_tui.services.answers import may_answer
from storage import Store, impact
from storage import cases as stored
from storage.store import Change

PROOF_LIMIT = 20_000_000
APPROVERS = 2
"""How many persons stand behind a deactivation: who asks for it counts when named, but never approves."""


def list_of(store: Store, *, closed: bool = False, partner_id: int | None = None) -> list[CaseRow]:
    """Cases, those due first."""
    with store.reading() as conn:
        return stored.cases(conn, closed=closed, partner_id=partner_id)


def get(store: Store, case_id: int) -> Case:
    """One case whole. UsageError when there is none of that number."""
    with store.reading() as conn:
        found = stored.case(conn, case_id)
    if found is None:
        raise UsageError(f"There is no case {case_id}. See: prm cases list")
    return found


def inbox(store: Store) -> list[TaskRow]:
    """Open tasks and approvals in order of due time."""
    with store.reading() as conn:
        return stored.inbox(conn)


def counts(store: Store) -> tuple[int, int]:
    """How many tasks and how many cases are open."""
    with store.reading() as conn:
        return stored.counts(conn)


def evidence(store: Store, evidence_id: int) -> bytes:
    """What was kept as proof."""
    with store.reading() as conn:
        return stored.evidence_body(conn, evidence_id)


def write_evidence(store: Store, case_id: int, folder: Path) -> list[Path]:
    """Write the documents and proofs of a case into a folder, never over a file; where they are.

    InputError where the folder cannot be made or written.
    """
    case, written = get(store, case_id), list[Path]()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for proof in case.evidence:
            name = safe_name(f"{proof.id} {proof.file or proof.title + '.txt'}")
            with (folder / name).open("xb") as file:
                file.write(evidence(store, proof.id))
            written.append(folder / name)
    except FileExistsError as error:
        raise InputError(f"{error.filename}: is there already. Name another folder; nothing is written over.") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}). Choose another place.") from None
    return written


# ---- who may ----


def someone(store: Store, actor: int | None, act: str) -> Person:
    """The person who acts. The program itself may not; UsageError says how to name someone."""
    found = next((p for p in people.list_of(store) if p.id == actor), None)
    if found is None:
        raise UsageError(f"Say who wants to {act}: choose a person (p), or --actor NAME. Add one: prm people add NAME")
    return found


def in_the_present(store: Store, as_of: date, act: str) -> None:
    """Refuse an act that binds others when as-of is not today, except in a demonstration file."""
    today = clock.today(store.zone)
    if as_of != today and not store.demonstration:
        raise UsageError(f"To {act} is done today, {today}, not as of {as_of}. Leave --as-of away.")


def _task(store: Store, task_id: int) -> TaskRow:
    with store.reading() as conn:
        found = stored.task(conn, task_id)
    if found is None:
        raise UsageError(f"There is no task {task_id}. See: prm inbox")
    if found.state != "open":
        raise UsageError(f"Task {task_id} “{found.title}” is {found.state}, not open.")
    return found


# ---- tasks and approvals ----


def done(store: Store, task_id: int, *, actor: int | None, as_of: date) -> int:
    """Say that a to-do is done; returns the change."""
    task = _task(store, task_id)
    if task.kind == "approval":
        raise UsageError(
            f"Task {task_id} is an approval. Say: prm approve {task_id} or prm reject {task_id} --reason …"
        )
    if task.act:
        raise UsageError(f"“{task.title}” is done by: prm cases {task.act} {task.case_id}")
    with store.change(f"done: {task.title}, {task.name}", actor=actor, as_of=as_of) as change:
        _finish(change, task_id, "done", actor, as_of)
        if task.case_id is not None:
            case = get(store, task.case_id)
            if case.row.stage == "after" and not any(t.state == "open" for t in case.tasks):
                _close(change, case, "deactivated", as_of)
    return change.id


def _finish(
    change: Change, task_id: int, state: str, actor: int | None, as_of: date, reason: str | None = None
) -> None:
    stored.update(
        change,
        "tasks",
        task_id,
        {"state": state, "done_by": actor, "done_at": change.at, "done_on": as_of.isoformat(), "reason": reason},
    )


def approve(
    store: Store,
    task_id: int,
    *,
    actor: int | None,
    as_of: date,
    confirm: str | None = None,
    proof: Path | None = None,
    choice: str | None = None,
) -> int:
    """Approve; when it is the last approval that is needed, the case goes on (a workflow's with the next run).

    Returns the change. `confirm` is the partner's code, typed by who approves (the command line takes the task's number
    instead, None); `proof` a signed sheet to keep; `choice` one of the task's choices. Raises UsageError for who asked
    for it, who approved already, nobody in particular, without the role or the signed answer that is needed, and
    for a choice that is none.
    """
    task = _task(store, task_id)
    if task.kind != "approval" or task.case_id is None:
        raise UsageError(f"Task {task_id} is a to-do, not an approval. Say: prm done {task_id}")
    person = someone(store, actor, "approve")
    in_the_present(store, as_of, "approve")
    case = get(store, task.case_id)
    if person.id == case.requested_by_id:
        raise UsageError(f"{person.name} asked for this and cannot approve it. A second person has to.")
    same = [t for t in case.tasks if t.act == task.act and t.step_id == task.step_id]
    if any(t.done_by == person.name and t.state == "approved" for t in same):
        raise UsageError(f"{person.name} has approved this already. Another person has to.")
    may_answer(store, task, person)
    chosen = _choice(task, choice)
    if task.evidence and proof is None:
        raise UsageError(f"Approval {task_id} counts with a signed answer only: --evidence FILE")
    if confirm is not None and confirm.strip().casefold() != task.code.casefold():
        raise UsageError(f"confirm: type the partner's code, {task.code}, to approve.")
    with store.change(f"approved: {task.title}, {task.name}", actor=actor, as_of=as_of) as change:
        _finish(change, task_id, "approved", person.id, as_of)
        if proof is not None:
            row, _ = stored.keep(
                change, case.row.id, task.partner_id, "approval", f"signed by {person.name}", *_read(proof)
            )
            stored.update(change, "tasks", task_id, {"evidence_id": row})
        if chosen:
            stored.choose(change, task_id, chosen)
        if not task.of_workflow and not any(
            t.kind == "approval" and t.state == "open" and t.id != task_id for t in case.tasks
        ):
            _go_on(change, case, as_of)
    return change.id


def _choice(task: TaskRow, said: str | None) -> str | None:
    """The choice that was said, as it is written; the only way when there are choices."""
    if not task.choices:
        if said:
            raise UsageError(f"“{task.title}” has no choices; approve it or reject it.")
        return None
    found = next((c for c in task.choices if said and c.casefold() == said.strip().casefold()), None)
    if found is None:
        raise UsageError(f"“{task.title}”: say which: --choice {', '.join(repr(c) for c in task.choices)}")
    return found


def _go_on(change: Change, case: Case, as_of: date) -> None:
    """All approvals are there: to-dos open, or the withdrawal takes effect."""
    if case.row.stage == "withdrawal":
        stored.set_status(change, case.row.partner_id, case.data["status_before"])
        _close(change, case, "withdrawn", as_of)
        return
    stored.update(change, "cases", case.row.id, {"stage": "notice"})
    for task in case.tasks:
        if task.state == "planned" and task.act != "complete":
            stored.update(change, "tasks", task.id, {"state": "open"})


def _close(change: Change, case: Case, outcome: str, as_of: date) -> None:
    for task in case.tasks:
        if task.state in ("open", "planned"):
            stored.update(change, "tasks", task.id, {"state": "cancelled"})
    stored.update(
        change,
        "cases",
        case.row.id,
        {"state": "closed", "stage": "closed", "outcome": outcome, "closed_on": as_of.isoformat(), "due_on": None},
    )


def ways(store: Store, task: TaskRow) -> dict[str, str]:
    """What follows on each answer a workflow's approval may get: its choices, else yes and no, in words."""
    from prm_tui.domain.outline import target
    from prm_tui.domain.step import Approve

    with store.reading() as conn:
        found = stored.step_of(conn, task.step_id)
    if found is None:
        return {}
    flow, step = found[0], found[0].by_id.get(found[1])
    if not isinstance(step, Approve):
        return {}
    ways = dict(step.choices) or {"yes": step.then or flow.following(step), "no": step.reject}
    return {label: target(flow, where, title=True) for label, where in ways.items()}


def reject(store: Store, task_id: int, reason: str, *, actor: int | None, as_of: date) -> int:
    """Reject with a reason: the case is closed and the status stays; of a withdrawal, the notice goes on."""
    task = _task(store, task_id)
    if task.kind != "approval" or task.case_id is None:
        raise UsageError(f"Task {task_id} is a to-do, not an approval.")
    if not reason.strip():
        raise UsageError("reason: say why it is rejected.")
    person = someone(store, actor, "reject")
    in_the_present(store, as_of, "reject")
    case = get(store, task.case_id)
    if task.of_workflow:
        may_answer(store, task, person)
    with store.change(f"rejected: {task.title}, {task.name}", actor=actor, as_of=as_of) as change:
        if task.of_workflow:
            pass  # its workflow says what a no leads to
        elif case.row.stage == "withdrawal":
            for other in case.tasks:
                if other.kind == "approval" and other.state == "open" and other.id != task_id:
                    stored.update(change, "tasks", other.id, {"state": "cancelled"})
            stored.update(change, "cases", case.row.id, {"stage": "in notice"})
        else:
            _close(change, case, "rejected", as_of)
        _finish(change, task_id, "rejected", person.id, as_of, reason.strip())
    return change.id


# ---- the acts of a deactivation ----


def _deactivation(store: Store, case_id: int, *stages: str, act: str) -> Case:
    case = get(store, case_id)
    if case.row.kind != "deactivation":
        raise UsageError(f"Case {case_id} is a {case.row.kind}; it cannot be {act}.")
    if case.row.stage not in stages:
        hints = {
            "approval": "It waits for approval: prm inbox",
            "notice": f"Notice was not served yet: prm cases serve {case_id}",
            "in notice": f"Notice was served: prm cases complete {case_id}, or prm cases withdraw {case_id}",
            "withdrawal": "Its withdrawal waits for approval: prm inbox",
            "after": "It took effect; what is left to do stands in: prm inbox",
            "closed": f"It is closed ({case.row.outcome}).",
        }
        raise UsageError(f"Case {case_id} of {case.row.name} cannot be {act} now. {hints.get(case.row.stage, '')}")
    return case


def after_service(store: Store, case: Case, served_on: date) -> Dates:
    """The dates a service on this day gives: never earlier than what was planned."""
    rules = packs.deactivation()
    with store.reading() as conn:
        terms = impact.terms(conn, case.row.partner_id, served_on)
    found = dates(rules, rules.path(case.path or "convenience"), terms, served_on, served=True)
    planned = date.fromisoformat(case.data["effective_on"])
    return found if found.effective_on >= planned else Dates(served_on, planned, case.data["rule"], True)


def serve(
    store: Store, case_id: int, *, on: date, method: str, proof: Path | None, actor: int | None, as_of: date
) -> Dates:
    """Record that notice was served, with its proof; from here on the partner is in notice and the dates stand.

    `method` says how (registered mail, courier, by hand …). Raises UsageError for a day ahead or before the
    request, and before approval; InputError for a proof that cannot be read.
    """
    case = _deactivation(store, case_id, "notice", act="served")
    someone(store, actor, "record service")
    in_the_present(store, as_of, "record service")
    if on > as_of:
        raise UsageError(f"on: {on} lies after {as_of}. Record service when it has happened.")
    if on < case.row.opened_on:
        raise UsageError(f"on: {on} lies before the case was opened, {case.row.opened_on}.")
    if not method.strip():
        raise UsageError("method: say how notice was served, for example: registered mail")
    found = after_service(store, case, on)
    body, name = _read(proof) if proof is not None else (f"{method} on {on}, no document".encode(), None)
    with store.change(f"notice served on {case.row.name}", actor=actor, as_of=as_of) as change:
        stored.keep(
            change, case_id, case.row.partner_id, "service", f"notice served on {on}, {method.strip()}", body, name
        )
        before = stored.set_status(change, case.row.partner_id, "In notice")
        data = {
            **case.data, "served_on": on.isoformat(), "method": method.strip(), "effective_on": found.effective_on.isoformat(),
            "notice_on": on.isoformat(), "rule": found.rule, "status_before": before,
        }  # fmt: skip
        stored.update(
            change, "cases", case_id, {"stage": "in notice", "data": data, "due_on": found.effective_on.isoformat()}
        )
        for task in case.tasks:
            if task.act == "serve" and task.state == "open":
                _finish(change, task.id, "done", actor, as_of)
        _move_tasks(change, case, found)
    return found


def _move_tasks(change: Change, case: Case, found: Dates) -> None:
    """Due dates follow the dates that now stand."""
    steps = {step.id: step for step in packs.deactivation().steps}
    for task in case.tasks:
        key = change.conn.execute("SELECT json_extract(data, '$.step') FROM tasks WHERE id = ?", (task.id,)).fetchone()[
            0
        ]
        if key not in steps or task.state not in ("open", "planned") or task.act == "serve":
            continue
        base = found.notice_on if steps[key].due_from == "notice" else found.effective_on
        due = (base + timedelta(days=steps[key].due_days)).isoformat()
        stored.update(change, "tasks", task.id, {"due_on": due, "state": "open"})


def complete(store: Store, case_id: int, *, actor: int | None, as_of: date) -> int:
    """Make the deactivation effective; refused before its date. The case closes with the last thing to do."""
    case = _deactivation(store, case_id, "in notice", act="completed")
    someone(store, actor, "complete")
    effective = date.fromisoformat(case.data["effective_on"])
    if as_of < effective:
        raise UsageError(f"The deactivation of {case.row.name} takes effect on {effective}, not before. It is {as_of}.")
    with store.change(f"{case.row.name} is deactivated", actor=actor, as_of=as_of) as change:
        stored.set_status(change, case.row.partner_id, "Deactivated")
        for task in case.tasks:
            if task.act == "complete" and task.state in ("open", "planned"):
                _finish(change, task.id, "done", actor, as_of)
        if any(t.state == "open" and t.act != "complete" for t in case.tasks):
            stored.update(change, "cases", case_id, {"stage": "after", "due_on": None})
        else:
            _close(change, case, "deactivated", as_of)
    return change.id


def stop(store: Store, case_id: int, reason: str, *, actor: int | None, as_of: date) -> int:
    """Stop before notice was served: nothing has happened to the partner."""
    case = _deactivation(store, case_id, "approval", "notice", act="stopped")
    someone(store, actor, "stop")
    if not reason.strip():
        raise UsageError("reason: say why it is stopped.")
    with store.change(f"stopped: deactivation of {case.row.name}", actor=actor, as_of=as_of) as change:
        stored.update(change, "cases", case_id, {"data": {**case.data, "stopped": reason.strip()}})
        _close(change, case, "stopped", as_of)
    return change.id


def withdraw(store: Store, case_id: int, reason: str, *, actor: int | None, as_of: date) -> int:
    """Ask to withdraw after notice was served: by a letter of its own, approved like the deactivation was."""
    case = _deactivation(store, case_id, "in notice", act="withdrawn")
    person = someone(store, actor, "withdraw")
    if not reason.strip():
        raise UsageError("reason: say why it is withdrawn.")
    with store.change(f"withdrawal asked for: deactivation of {case.row.name}", actor=actor, as_of=as_of) as change:
        data = {**case.data, "withdrawal": reason.strip()}
        stored.update(change, "cases", case_id, {"stage": "withdrawal", "data": data, "requested_by": person.id})
        ask_approvals(change, case_id, case.row.partner_id, "Approve that the notice is withdrawn, by letter", as_of,
                      named=True, legal=bool(data.get("legal")), act="withdrawal")  # fmt: skip
    return change.id


def ask_approvals(
    change: Change, case_id: int, partner_id: int, title: str, as_of: date, *, named: bool, legal: bool, act: str
) -> None:
    """Approval tasks: as many as are needed beside who asks; one for legal where the path wants that."""
    roles: list[str | None] = [None] * (APPROVERS - named)
    if legal:
        roles[0] = "legal"
    for role in roles:
        stored.insert(
            change,
            "tasks",
            {"case_id": case_id, "partner_id": partner_id, "kind": "approval", "title": title, "role": role,
             "due_on": (as_of + timedelta(days=5)).isoformat(), "state": "open", "data": {"act": act}},
        )  # fmt: skip


def _read(proof: Path) -> tuple[bytes, str]:
    try:
        if proof.stat().st_size > PROOF_LIMIT:
            raise InputError(f"{proof}: larger than {PROOF_LIMIT // 1_000_000} MB. Keep a smaller copy as proof.")
        return proof.read_bytes(), proof.name
    except OSError as error:
        raise InputError(f"{proof}: cannot be read ({error.strerror}). Nothing was changed.") from None
