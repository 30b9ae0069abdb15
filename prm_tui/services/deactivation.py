"""Deactivation: what it would do, and asking for it. Nothing is deactivated without approval."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from prm_tui.domain.case import Case
from prm_tui.domain.deactivation import Dates, Plan, Step, dates
from prm_tui.domain.errors import UsageError
from prm_tui.services import agreeing, cases, conditions, gates, obligations, packs, partners
from storage import Store, drafts, impact
from storage import cases as stored
from storage.store import Change

RECENT = 30  # days: an order as young as that makes “inactivity” a question


def plan(
    store: Store,
    partner_id: int,
    reason: str,
    *,
    path: str | None = None,
    notice_on: date | None = None,
    effective_on: date | None = None,
    as_of: date,
) -> Plan:
    """What deactivating a partner would do; nothing is written.

    `path` is the reason's own unless given; `notice_on` is when notice is to be served (else `as_of`);
    `effective_on` may be later than the rule says, not earlier. Raises UsageError for a partner that has left or
    has such a case already, and for an unknown reason or path.
    """
    known = packs.deactivation()
    why = known.reason(reason)
    how = known.path(path or why.path)
    partner = partners.get(store, partner_id, as_of)
    if partner.fields["status"] == "Deactivated":
        raise UsageError(f"{partner.name} is deactivated already.")
    with store.reading() as conn:
        there = [c for c in stored.cases(conn, partner_id=partner_id) if c.kind == "deactivation"]
        lines = impact.lines(conn, partner_id, as_of)
        terms = impact.terms(conn, partner_id, as_of)
    if there:
        raise UsageError(
            f"{partner.name} has a deactivation under way: case {there[0].id}. See: prm cases show {there[0].id}"
        )
    start = notice_on or as_of
    if start < as_of:
        raise UsageError(f"notice_on: {start} lies before {as_of}. Notice is served from now on.")
    found = dates(known, how, terms, start)
    if effective_on is not None:
        if effective_on < found.effective_on:
            raise UsageError(
                f"effective_on: {effective_on} is earlier than the rule allows, {found.effective_on} ({found.rule})."
            )
        found = replace(found, effective_on=effective_on, rule=f"{found.rule}; chosen later")
    return Plan(
        partner_id=partner_id,
        code=partner.code,
        name=partner.name,
        reason=why,
        path=how,
        dates=found,
        impact=tuple(lines),
        tasks=tuple(
            (due(step, found), step.title, (step.owner or "").removeprefix("role:"))
            for step in known.steps
            if step.do == "task"
        ),
        warnings=_warnings(store, partner_id, reason, as_of),
        by="legal" if how.legal else agreeing.who(store),
    )


def due(step: Step, found: Dates) -> date:
    """When a step is due."""
    return (found.notice_on if step.due_from == "notice" else found.effective_on) + timedelta(days=step.due_days)


def _warnings(store: Store, partner_id: int, reason: str, as_of: date) -> tuple[str, ...]:
    seen = partners.preview(store, partner_id, as_of)
    said = []
    if reason == "inactivity" and seen.days_since is not None and seen.days_since <= RECENT:
        said.append(f"The last order is {seen.days_since} days old. Is inactivity the reason?")
    if seen.partner.fields["status"] == "Suspended":
        said.append("The partner is suspended; its suspension ends with this case.")
    return tuple(said)


def submit(
    store: Store,
    partner_ids: Sequence[int],
    reason: str,
    *,
    path: str | None = None,
    notice_on: date | None = None,
    effective_on: date | None = None,
    memo: str = "",
    actor: int | None,
    as_of: date,
) -> list[int]:
    """Ask for the deactivation of partners: one case each, all in one change, each waiting for approval.

    Keeps a snapshot of what is known, with its hash. Returns the cases. Raises UsageError as `plan` does, when
    nobody is chosen, and when as-of is not today (except in a demonstration file).
    """
    if not partner_ids:
        raise UsageError("Choose a partner first.")
    cases.in_the_present(store, as_of, "ask for a deactivation")
    plans = [
        plan(store, p, reason, path=path, notice_on=notice_on, effective_on=effective_on, as_of=as_of)
        for p in partner_ids
    ]
    shots = [snapshot(store, p, memo, as_of) for p in plans]
    many = plans[0].name if len(plans) == 1 else f"{len(plans)} partners"
    opened = []
    with store.change(f"deactivation of {many} asked for: {plans[0].reason.title}", actor=actor, as_of=as_of) as change:
        body = packs.workflow_body("deactivation")
        version = stored.workflow_version(change, "deactivation", "Deactivation", body, "deactivation")
        for found, shot in zip(plans, shots, strict=True):
            opened.append(_open(change, found, shot, version, memo, actor, as_of))
        obligations.plan(change, dict(zip(opened, plans, strict=True)))
    return opened


def _open(change: Change, found: Plan, shot: bytes, version: int, memo: str, actor: int | None, as_of: date) -> int:
    data = {
        "notice_on": found.dates.notice_on.isoformat(),
        "effective_on": found.dates.effective_on.isoformat(),
        "rule": found.dates.rule,
        "memo": memo.strip(),
        "legal": found.path.legal,
        "impact": [_line(line) for line in found.impact],
    }
    case_id = stored.insert(
        change,
        "cases",
        {"kind": "deactivation", "version_id": version, "partner_id": found.partner_id, "title": f"Deactivation of {found.name}",
         "stage": "approval", "owner": actor, "requested_by": actor, "reason": found.reason.key, "path": found.path.key,
         "opened_on": as_of.isoformat(), "due_on": found.dates.effective_on.isoformat(), "data": data},
    )  # fmt: skip
    _, digest = stored.keep(
        change, case_id, found.partner_id, "snapshot", "what was known when this was asked for", shot
    )
    stored.update(change, "cases", case_id, {"data": {**data, "snapshot": digest}})
    for n, step in enumerate(packs.deactivation().steps):
        row = stored.insert(
            change, "steps",
            {"case_id": case_id, "step": step.id, "n": n, "title": step.title, "due_on": due(step, found.dates).isoformat(),
             "state": "waiting" if step.do == "approve" else "planned"},
        )  # fmt: skip
        if step.do == "approve":
            title = f"{step.title}: {found.reason.title.lower()}"
            ask_approvals(change, case_id, found.partner_id, title, as_of, named=actor is not None, legal=found.path.legal,
                          act="approve")  # fmt: skip
        else:
            _plan_task(change, case_id, row, found, step)
    return case_id


def _plan_task(change: Change, case_id: int, step_row: int, found: Plan, step: Step) -> None:
    owner, role = None, None
    if step.owner == "manager":
        (owner,) = change.conn.execute("SELECT manager FROM partners WHERE id = ?", (found.partner_id,)).fetchone()
        role = None if owner else "partner manager"
    elif step.owner:
        role = step.owner.removeprefix("role:")
    stored.insert(
        change, "tasks",
        {"case_id": case_id, "step_id": step_row, "partner_id": found.partner_id, "kind": "to-do", "title": step.title,
         "owner": owner, "role": role, "due_on": due(step, found.dates).isoformat(), "state": "planned",
         "data": {"step": step.id, "act": step.act}},
    )  # fmt: skip


def _line(line: Any) -> dict[str, Any]:
    made = asdict(line)
    made["amount"] = None if line.amount is None else str(line.amount)
    made["items"] = list(line.items)
    return made


def snapshot(store: Store, found: Plan, memo: str, as_of: date) -> bytes:
    """What is known about a partner at this moment, as canonical JSON: fields, facts, the latest, the impact."""
    seen = partners.preview(store, found.partner_id, as_of)
    facts = conditions.facts_of(store, found.partner_id, as_of)
    said = {
        "as_of": as_of,
        "partner": seen.partner.fields,
        "custom": seen.partner.custom,
        "facts": {fact.text: fact.value for fact in facts},
        "orders": seen.rhythm.orders,
        "median_gap_days": seen.rhythm.median_gap,
        "latest": [{"on": r.occurred_on, "what": r.label, "ref": r.ref, "amount": r.amount, "from": r.source and str(r.source)}
                   for r in seen.latest],
        "impact": [_line(line) for line in found.impact],
        "reason": found.reason.key,
        "path": found.path.key,
        "memo": memo.strip(),
    }  # fmt: skip
    return json.dumps(said, sort_keys=True, ensure_ascii=False, default=str, indent=1).encode()


def draft(store: Store, partner_ids: Sequence[int]) -> dict[str, Any] | None:
    """What was chosen when the wizard for these partners was left, or None."""
    with store.reading() as conn:
        return drafts.load(conn, _draft_name(partner_ids))


def keep_draft(store: Store, partner_ids: Sequence[int], chosen: dict[str, Any] | None) -> None:
    """Keep what was chosen so far; it has no effect. None throws it away."""
    drafts.save(store.conn, _draft_name(partner_ids), "Deactivation", chosen)


def _draft_name(partner_ids: Sequence[int]) -> str:
    return "deactivation " + " ".join(map(str, sorted(partner_ids)))


# ---- the acts of a deactivation ----


def _deactivation(store: Store, case_id: int, *stages: str, act: str) -> Case:
    case = cases.get(store, case_id)
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
    agreeing.someone(store, actor, "record service")
    cases.in_the_present(store, as_of, "record service")
    if on > as_of:
        raise UsageError(f"on: {on} lies after {as_of}. Record service when it has happened.")
    if on < case.row.opened_on:
        raise UsageError(f"on: {on} lies before the case was opened, {case.row.opened_on}.")
    if not method.strip():
        raise UsageError("method: say how notice was served, for example: registered mail")
    gates.hold(store, case, "service", as_of)
    found = after_service(store, case, on)
    body, name = cases.read_proof(proof) if proof is not None else (f"{method} on {on}, no document".encode(), None)
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
                cases.finish(change, task.id, "done", actor, as_of)
        _move_tasks(change, case, found)
        obligations.moved(change, case_id, found.effective_on)
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
    agreeing.someone(store, actor, "complete")
    effective = date.fromisoformat(case.data["effective_on"])
    if as_of < effective:
        raise UsageError(f"The deactivation of {case.row.name} takes effect on {effective}, not before. It is {as_of}.")
    gates.hold(store, case, "effective", as_of)
    with store.change(f"{case.row.name} is deactivated", actor=actor, as_of=as_of) as change:
        stored.set_status(change, case.row.partner_id, "Deactivated")
        for task in case.tasks:
            if task.act == "complete" and task.state in ("open", "planned"):
                cases.finish(change, task.id, "done", actor, as_of)
        left = any(t.state == "open" and t.act != "complete" for t in case.tasks)
        if left or gates.blocking(store, case_id, "close", as_of):
            stored.update(change, "cases", case_id, {"stage": "after", "due_on": None})
            if not left:
                _close_later(change, case, as_of)
        else:
            cases.close(change, case, "deactivated", as_of)
    return change.id


def _close_later(change: Change, case: Case, as_of: date) -> None:
    """Where nothing else is left to do: a to-do that closes the case when no gate stands in the way any more."""
    stored.insert(
        change, "tasks",
        {"case_id": case.row.id, "partner_id": case.row.partner_id, "kind": "to-do", "title": "Close the case",
         "detail": f"What stands in the way: prm cases gates {case.row.id}", "role": "program manager",
         "due_on": as_of.isoformat(), "state": "open"},
    )  # fmt: skip


def stop(store: Store, case_id: int, reason: str, *, actor: int | None, as_of: date) -> int:
    """Stop before notice was served: nothing has happened to the partner."""
    case = _deactivation(store, case_id, "approval", "notice", act="stopped")
    agreeing.someone(store, actor, "stop")
    if not reason.strip():
        raise UsageError("reason: say why it is stopped.")
    with store.change(f"stopped: deactivation of {case.row.name}", actor=actor, as_of=as_of) as change:
        stored.update(change, "cases", case_id, {"data": {**case.data, "stopped": reason.strip()}})
        cases.close(change, case, "stopped", as_of)
    return change.id


def withdraw(store: Store, case_id: int, reason: str, *, actor: int | None, as_of: date) -> int:
    """Ask to withdraw after notice was served: by a letter of its own, approved like the deactivation was."""
    case = _deactivation(store, case_id, "in notice", act="withdrawn")
    person = agreeing.someone(store, actor, "withdraw")
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
    """Approval tasks: as many as are needed beside who asks, one at least; one for legal where the path wants that."""
    roles: list[str | None] = [None] * max(agreeing.needed(change.conn) - named, 1)
    if legal:
        roles[0] = "legal"
    for role in roles:
        stored.insert(
            change,
            "tasks",
            {"case_id": case_id, "partner_id": partner_id, "kind": "approval", "title": title, "role": role,
             "due_on": (as_of + timedelta(days=5)).isoformat(), "state": "open", "data": {"act": act}},
        )  # fmt: skip
