"""Cases under way: who has to do what, approving, serving notice, completing, stopping, withdrawing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from prm_tui import clock
from prm_tui.domain.case import Case, CaseRow, TaskRow
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.obligation import PROVE
from prm_tui.domain.person import Person
from prm_tui.domain.text import safe_name
from prm_tui.services import agreeing
from prm_tui.services.agreeing import may_answer, someone
from storage import Store, messages, obligations
from storage import cases as stored
from storage.store import Change

PROOF_LIMIT = 20_000_000


def list_of(
    store: Store, *, closed: bool = False, partner_id: int | None = None, viewer: int | None = None
) -> list[CaseRow]:
    """Cases, those due first; restricted ones only for a `viewer` who may see them."""
    with store.reading() as conn:
        return stored.cases(conn, closed=closed, partner_id=partner_id, viewer=viewer)


def get(store: Store, case_id: int) -> Case:
    """One case whole, whoever asks: see `may_see`. UsageError when there is none of that number."""
    with store.reading() as conn:
        found = stored.case(conn, case_id)
    if found is None:
        raise UsageError(f"There is no case {case_id}. See: prm cases list")
    return found


def may_see(store: Store, case: Case, viewer: int | None) -> None:
    """Refuse a restricted case to who is not named in it: UsageError. This keeps honest people out, nobody else."""
    with store.reading() as conn:
        if stored.may_see(conn, case.row.id, viewer):
            return
    raise UsageError(
        f"Case {case.row.id} is restricted to persons who are named in it. Say who you are: --actor NAME. " + RESTRICTED
    )


RESTRICTED = "It is left out of lists, inbox and exports of others; whoever has the file can read it all the same."
"""What is said of a restricted case wherever it is opened or refused."""


def shown(store: Store, case_id: int, viewer: int | None) -> Case:
    """One case for a viewer. UsageError where there is none of that number, and where it is restricted to others."""
    found = get(store, case_id)
    may_see(store, found, viewer)
    return found


def inbox(store: Store, viewer: int | None = None) -> list[TaskRow]:
    """Open tasks and approvals in order of due time; those of restricted cases only for a `viewer` who may see them."""
    with store.reading() as conn:
        return stored.inbox(conn, viewer)


def counts(store: Store, viewer: int | None = None) -> tuple[int, int]:
    """How many tasks and how many cases are open, as `inbox` and `list_of` show them."""
    with store.reading() as conn:
        return stored.counts(conn, viewer)


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


def about(case: Case) -> str:
    """How the history speaks of a case: by its partner's name, of a restricted one by nothing but its number."""
    return f"restricted case {case.row.id}" if case.row.restricted else case.row.name


def _said(store: Store, task: TaskRow) -> str:
    case = get(store, task.case_id) if task.case_id is not None else None
    return about(case) if case is not None and case.row.restricted else f"{task.title}, {task.name}"


def done(store: Store, task_id: int, *, actor: int | None, as_of: date) -> int:
    """Say that a to-do is done; returns the change."""
    task = _task(store, task_id)
    if task.kind == "approval":
        raise UsageError(
            f"Task {task_id} is an approval. Say: prm approve {task_id} or prm reject {task_id} --reason …"
        )
    if task.act == PROVE:
        with store.reading() as conn:
            number = obligations.of_task(conn, task_id)
        raise UsageError(f"“{task.title}” is proven, not only done: prm obligations prove {number} --note T, or --proof FILE")  # fmt: skip
    if task.act:
        raise UsageError(f"“{task.title}” is done by: prm cases {task.act} {task.case_id}")
    if task.case_id is not None:
        may_see(store, get(store, task.case_id), actor)
    with store.change(f"done: {_said(store, task)}", actor=actor, as_of=as_of) as change:
        finish(change, task_id, "done", actor, as_of)
    return change.id


def finish(change: Change, task_id: int, state: str, actor: int | None, as_of: date, reason: str | None = None) -> None:
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
    person = someone(store, actor, "approve")
    in_the_present(store, as_of, "approve")
    case, chosen = may_approve(store, task, person, choice, as_of)
    if task.evidence and proof is None:
        raise UsageError(f"Approval {task_id} counts with a signed answer only: --evidence FILE")
    if confirm is not None and confirm.strip().casefold() != task.code.casefold():
        raise UsageError(f"confirm: type the partner's code, {task.code}, to approve.")
    with store.change(f"approved: {_said(store, task)}", actor=actor, as_of=as_of) as change:
        grant(change, case, task, person, as_of, chosen, read_proof(proof) if proof else None)
    return change.id


def may_approve(
    store: Store, task: TaskRow, person: Person, choice: str | None, as_of: date
) -> tuple[Case, str | None]:
    """The case of an approval, and the choice as it is written. UsageError as `approve` for who may not, or a wrong choice;
    InTheWay, which is one, lists what stands in the way."""
    from prm_tui.services import gates

    if task.kind != "approval" or task.case_id is None:
        raise UsageError(f"Task {task.id} is a to-do, not an approval. Say: prm done {task.id}")
    case = get(store, task.case_id)
    may_see(store, case, person.id)
    if person.name in _asking(case, task) and agreeing.needed(store.conn) > 1:
        raise UsageError(
            f"{person.name} asked for this and cannot approve it. A second person has to.{agreeing.alone(store)}"
        )
    same = [t for t in case.tasks if t.act == task.act and t.step_id == task.step_id]
    if any(t.done_by == person.name and t.state == "approved" for t in same):
        raise UsageError(f"{person.name} has approved this already. Another person has to.")
    may_answer(store, task, person)
    chosen = _choice(task, choice)
    if task.act not in ("withdrawal", "dates"):
        gates.hold(store, case, "approval", as_of)
    return case, chosen


def _asking(case: Case, task: TaskRow) -> set[str | None]:
    """Who wants what is to be approved. A withdrawal may be approved by who asked for what it takes back."""
    if task.act == "withdrawal" and task.asked_by:
        return {task.asked_by}
    return {case.requested_by, task.asked_by} - {None}


def grant(
    change: Change,
    case: Case,
    task: TaskRow,
    person: Person,
    on: date,
    chosen: str | None,
    proof: tuple[bytes, str] | None,
) -> None:
    """A yes that was given `on` a day, with its choice and its proof; with the last that is needed the case goes on."""
    finish(change, task.id, "approved", person.id, on)
    _signed(change, case, task, person, proof)
    if chosen:
        stored.choose(change, task.id, chosen)
    if not task.of_workflow and not any(
        t.kind == "approval" and t.state == "open" and t.id != task.id and t.act == task.act for t in case.tasks
    ):
        _go_on(change, case, task)


def _signed(change: Change, case: Case, task: TaskRow, person: Person, proof: tuple[bytes, str] | None) -> None:
    if proof is not None:
        row, _ = stored.keep(change, case.row.id, task.partner_id, "approval", f"signed by {person.name}", *proof)
        stored.update(change, "tasks", task.id, {"evidence_id": row})


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


def _go_on(change: Change, case: Case, task: TaskRow) -> None:
    """All approvals of an act are there: to-dos open, or the withdrawal takes effect, or the moved dates stand."""
    if task.act == "withdrawal":
        stored.set_status(change, case.row.partner_id, case.data["status_before"])
        _letters(change, case, "approved")
        close(change, case, "withdrawn", change.as_of)
        return
    data = {**case.data, "approved_effective_on": case.data["effective_on"]}
    if task.act == "dates":
        stored.update(change, "cases", case.row.id, {"data": data})
        return
    stored.update(change, "cases", case.row.id, {"stage": "notice", "data": {**data, "approved_by_change": change.id}})
    obligations.opened(change, case.row.id)
    for other in case.tasks:
        if other.state == "planned" and other.act not in ("complete", "close"):
            stored.update(change, "tasks", other.id, {"state": "open"})


def _letters(change: Change, case: Case, state: str) -> None:
    """The letter of a withdrawal goes the way of its approval."""
    written = messages.messages(change.conn, case_id=case.row.id)
    letters = [message.id for message in written if message.template == "withdrawal"]
    messages.move(change, letters, ("draft",) if state == "approved" else ("draft", "returned"), state)


def close(change: Change, case: Case, outcome: str, as_of: date) -> None:
    for task in case.tasks:
        if task.state in ("open", "planned"):
            stored.update(change, "tasks", task.id, {"state": "cancelled"})
    obligations.ended(change, case.row.id)
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
    """Reject with a reason: the case is closed and the status stays; of a withdrawal or other dates, the notice goes on."""
    task = _task(store, task_id)
    person = someone(store, actor, "reject")
    in_the_present(store, as_of, "reject")
    case = may_reject(store, task, person, reason)
    with store.change(f"rejected: {_said(store, task)}", actor=actor, as_of=as_of) as change:
        refuse(change, case, task, person, as_of, reason.strip(), None)
    return change.id


def may_reject(store: Store, task: TaskRow, person: Person, reason: str) -> Case:
    """The case of an approval. UsageError for a no without a reason, and of who is not asked."""
    if task.kind != "approval" or task.case_id is None:
        raise UsageError(f"Task {task.id} is a to-do, not an approval.")
    if not reason.strip():
        raise UsageError("reason: say why it is rejected.")
    case = get(store, task.case_id)
    may_see(store, case, person.id)
    if task.of_workflow or task.owner:
        may_answer(store, task, person)
    return case


def refuse(
    change: Change, case: Case, task: TaskRow, person: Person, on: date, reason: str, proof: tuple[bytes, str] | None
) -> None:
    """A no that was given `on` a day, with its reason and its proof."""
    if task.of_workflow:
        pass  # its workflow says what a no leads to
    elif task.act in ("withdrawal", "dates"):
        for other in case.tasks:
            if other.kind == "approval" and other.state == "open" and other.id != task.id and other.act == task.act:
                stored.update(change, "tasks", other.id, {"state": "cancelled"})
        if task.act == "withdrawal":
            _letters(change, case, "cancelled")
            stored.update(change, "cases", case.row.id, {"stage": "in notice"})
    else:
        close(change, case, "rejected", change.as_of)
    finish(change, task.id, "rejected", person.id, on, reason)
    _signed(change, case, task, person, proof)


def read_proof(proof: Path) -> tuple[bytes, str]:
    try:
        if proof.stat().st_size > PROOF_LIMIT:
            raise InputError(f"{proof}: larger than {PROOF_LIMIT // 1_000_000} MB. Keep a smaller copy as proof.")
        return proof.read_bytes(), proof.name
    except OSError as error:
        raise InputError(f"{proof}: cannot be read ({error.strerror}). Nothing was changed.") from None
