"""Deactivation: asking for it, and its acts. Nothing is deactivated without approval, or by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from prm_tui.domain.case import Case
from prm_tui.domain.deactivation import Plan
from prm_tui.domain.errors import DecisionNeeded, UsageError
from prm_tui.domain.notice import Dates, dates, refusal
from prm_tui.domain.person import Person
from prm_tui.services import (
    agreeing,
    cases,
    gates,
    obligations,
    packs,
    people,
    serving,
    snapshot,
    transition,
    withdrawal,
)
from prm_tui.services.notice import table as notice_table
from prm_tui.services.planning import due, plans
from storage import Store, drafts, impact
from storage import cases as stored
from storage import deactivation as kept
from storage.store import Change


def submit(
    store: Store,
    partner_ids: Sequence[int],
    reason: str,
    *,
    path: str | None = None,
    notice_on: date | None = None,
    effective_on: date | None = None,
    notice: str | None = None,
    memo: str = "",
    restricted: Sequence[str] = (),
    actor: int | None,
    as_of: date,
) -> list[int]:
    """Ask for the deactivation of partners: one case each, all in one change, each waiting for approval.

    A partner that has such a case under way keeps it: its number comes back and nothing is opened for it. Keeps a snapshot of
    what is known, with its hash. `restricted`: the persons or roles (role:NAME) who may see the cases, with who asks. Returns
    the cases in the order of the partners. Raises UsageError as `plan` does, when nobody is chosen, and when as-of is not
    today (except in a demonstration file); DecisionNeeded where nothing says the dates.
    """
    if not partner_ids:
        raise UsageError("Choose a partner first.")
    cases.in_the_present(store, as_of, "ask for a deactivation")
    found = plans(
        store,
        list(dict.fromkeys(partner_ids)),
        reason,
        path=path,
        notice_on=notice_on,
        effective_on=effective_on,
        notice=notice,
        as_of=as_of,
    )
    seen_by = _seen_by(store, restricted, actor)
    new = [one for one in found if one.open_case is None]
    open_dates = [one for one in new if one.dates.asked]
    if open_dates:
        others = f" So it is for {len(open_dates) - 1:,} more." if len(open_dates) > 1 else ""
        raise DecisionNeeded(f"{open_dates[0].name}: {open_dates[0].dates.asked}.{others} Nothing was changed.")
    opened = {one.partner_id: one.open_case for one in found if one.open_case is not None}
    if new:
        opened |= _open(store, new, memo, seen_by, actor, as_of)
    return [opened[partner] for partner in dict.fromkeys(partner_ids)]


def _seen_by(store: Store, restricted: Sequence[str], actor: int | None) -> dict[str, Any]:
    """Who may see a restricted case, as the case keeps it."""
    if not restricted:
        return {}
    agreeing.someone(store, actor, "open a restricted case")
    ids, roles = people.named_or_role(store, restricted)
    return {"restricted_to": list(dict.fromkeys([actor, *ids])), "restricted_roles": roles}


def _open(
    store: Store, found: Sequence[Plan], memo: str, seen_by: dict[str, Any], actor: int | None, as_of: date
) -> dict[int, int]:
    first, steps = found[0], packs.deactivation().steps
    shots = snapshot.of_many(store, found, memo, as_of)
    openings = [
        kept.Opening(
            one.partner_id, f"Deactivation of {one.name}", one.reason.key, one.path.key, one.dates.notice_on,
            one.dates.effective_on, {**_data(one, memo), **seen_by}, shot, hashlib.sha256(shot).hexdigest(),
        )
        for one, shot in zip(found, shots, strict=True)
    ]  # fmt: skip
    approval = next(step.title for step in steps if step.do == "approve")
    many = first.name if len(found) == 1 else f"{len(found)} partners"
    why = "a restricted case" if seen_by else f"deactivation of {many} asked for: {first.reason.title}"
    with store.change(why, actor=actor, as_of=as_of) as change:
        asked = kept.Asked(
            version=stored.workflow_version(
                change, "deactivation", "Deactivation", packs.workflow_body("deactivation"), "deactivation"
            ),
            steps=steps,
            roles=agreeing.roles(change.conn, named=actor is not None, legal=first.path.legal),
            evidence=agreeing.evidenced(change.conn, first.path.evidenced),
            approve=f"{approval}: {first.reason.title.lower()}",
            restricted=bool(seen_by),
            actor=actor,
        )
        ids = kept.open_many(change, openings, asked)
        obligations.plan(change, dict(zip(ids, found, strict=True)))
    return dict(zip((one.partner_id for one in found), ids, strict=True))


def _data(found: Plan, memo: str) -> dict[str, Any]:
    days = found.dates
    return {
        "notice_on": days.notice_on.isoformat(),
        "effective_on": days.effective_on.isoformat(),
        "rule": days.rule,
        "basis": days.basis,
        "line": days.line,
        "by_hand": days.agreement is None and days.line is None and found.path.clause is not None,
        "memo": memo.strip(),
        "legal": found.path.legal,
        "evidenced": found.path.evidenced,
        "impact": [snapshot.line(line) for line in found.impact],
    }


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


def _case(store: Store, case_id: int, actor: int | None, *stages: str, act: str) -> Case:
    """A deactivation on which somebody wants to act; refused to who may not see it, and at another stage."""
    case = cases.shown(store, case_id, actor)
    if case.row.kind != "deactivation":
        raise UsageError(f"Case {case_id} is a {case.row.kind}; it cannot be {act}.")
    if case.row.stage not in stages:
        hints = {
            "approval": "It waits for approval: prm inbox",
            "notice": f"Notice was not served yet: prm cases serve {case_id}",
            "in notice": f"Notice was served: prm cases complete {case_id}, or prm cases withdraw {case_id}",
            "withdrawal": "Its withdrawal waits for approval: prm inbox",
            "after": f"It took effect; what is left to do stands in: prm inbox, then prm cases close {case_id}",
            "closed": f"It is closed ({case.row.outcome}).",
        }
        raise UsageError(f"Case {case_id} of {case.row.name} cannot be {act} now. {hints.get(case.row.stage, '')}")
    return case


def _approved(case: Case) -> str:
    """The effective date that was approved; a case that says none was approved as it stands."""
    return str(case.data.get("approved_effective_on", case.data["effective_on"]))


def _approved_dates(case: Case, act: str) -> None:
    """Refuse to go on while the dates are others than those that were approved."""
    approved = _approved(case)
    if approved != case.data["effective_on"]:
        raise UsageError(
            f"Case {case.row.id} of {case.row.name} cannot be {act}: it ends on {case.data['effective_on']} now, {approved} was"
            f" approved. The new date waits for approval: prm inbox. Was it rejected? prm cases dates {case.row.id}"
            " --effective DATE asks again, prm cases withdraw takes the notice back"
        )


def serve(
    store: Store,
    case_id: int,
    *,
    on: date | None = None,
    sent_on: date | None = None,
    method: str,
    address: str = "",
    proof: Path | None,
    reason: str = "",
    actor: int | None,
    as_of: date,
) -> Dates:
    """Record that notice was served, with its proof; from here on the partner is in notice.

    What was recorded wrongly is corrected in the same way, with the `reason`, as long as the case is in notice: what is not
    said again stays, the earlier proof is kept, and the dates are worked out anew from what was planned.

    `on` is the day it was received, `sent_on` the day it was sent: with that alone it counts as received so many days later
    (the agreement's rule, else the file's setting deemed_days); with neither it was received on `as_of`. `method` says how,
    `address` where it went, else the agreement's address for notices. Where a late service moves the effective date that was
    approved, approval is asked for again. Raises UsageError for a day ahead or before the request, before approval, for a second service
    without a reason, and where nothing is another than before; InputError for a proof that cannot be read.
    """
    case = _case(store, case_id, actor, "notice", "in notice", act="served")
    person = agreeing.someone(store, actor, "record service")
    cases.in_the_present(store, as_of, "record service")
    if case.row.stage == "in notice":
        told = (on, sent_on, method.strip(), address.strip())
        return _correct(store, case, told, proof, reason.strip(), person, as_of)
    _approved_dates(case, "served")
    if not method.strip():
        raise UsageError("method: say how notice was served, for example: registered mail")
    service = serving.of(store, case, on, sent_on, as_of) | {"method": method.strip()}
    service["address"] = address.strip() or service["clause"]
    received = date.fromisoformat(service["received_on"])
    found = serving.dates_after(store, case, received)
    title = serving.said(service)
    body, name = cases.read_proof(proof) if proof is not None else (f"{title}, no document".encode(), None)
    gates.hold(store, case, "service", as_of)
    with store.change(f"notice served on {cases.about(case)}", actor=actor, as_of=as_of) as change:
        stored.keep(change, case_id, case.row.partner_id, "service", title, body, name)
        before = stored.set_status(change, case.row.partner_id, "In notice")
        data = {
            **case.data, "service": service, "served_on": received.isoformat(), "method": method.strip(),
            "notice_on": received.isoformat(), "status_before": before,
            "planned": {key: case.data.get(key) for key in ("notice_on", "effective_on", "rule", "basis")},
        }  # fmt: skip
        for task in case.tasks:
            if task.act == "serve" and task.state == "open":
                cases.finish(change, task.id, "done", actor, as_of)
        _move(change, case, {**data, "rule": found.rule, "basis": found.basis}, found, "in notice")
    return found


def _correct(
    store: Store,
    case: Case,
    told: tuple[date | None, date | None, str, str],
    proof: Path | None,
    reason: str,
    person: Person,
    as_of: date,
) -> Dates:
    """Record service anew: dates from what was planned, never before what a person put them off to."""
    old, (on, sent_on, method, address) = case.data["service"], told
    if not reason:
        raise UsageError(
            f"Notice of case {case.row.id} was served already: {serving.said(old)}. If that is wrong, say what is right, and why:"
            f" prm cases serve {case.row.id} --on DATE --reason …"
        )
    if on is None and sent_on is None:
        sent_on = date.fromisoformat(old["sent_on"]) if old["sent_on"] else None
        on = None if old["deemed"] else date.fromisoformat(old["received_on"])
    service = serving.of(store, case, on, sent_on, as_of) | {"method": method or old["method"]}
    service["address"] = address or old["address"]
    if proof is None and all(
        service[key] == old.get(key) for key in ("sent_on", "received_on", "deemed", "method", "address")
    ):
        raise UsageError("It is recorded so already. Say what is right: --on, --sent, --method, --address, --proof")
    received = date.fromisoformat(service["received_on"])
    found = serving.dates_after(store, replace(case, data={**case.data, **case.data.get("planned", {})}), received)
    put_off = date.fromisoformat(case.data.get("put_off", case.data["notice_on"]))
    found = replace(found, effective_on=max(found.effective_on, put_off))
    title = f"corrected: {serving.said(service)}; before: {serving.said(old)}; {reason}"
    body, name = cases.read_proof(proof) if proof is not None else (f"{title}, no document".encode(), None)
    once = {"on": as_of.isoformat(), "by": person.name, "reason": reason, "before": serving.said(old)}
    with store.change(
        f"service of notice on {cases.about(case)} corrected: {reason}", actor=person.id, as_of=as_of
    ) as change:
        stored.keep(change, case.row.id, case.row.partner_id, "service", title, body, name)
        data = {
            **case.data, "service": service, "served_on": received.isoformat(), "method": service["method"],
            "notice_on": received.isoformat(), "corrected": [*case.data.get("corrected", ()), once],
            "rule": found.rule, "basis": found.basis,
        }  # fmt: skip
        _move(change, case, data, found, "in notice", by=person.id)
    return found


def move(store: Store, case_id: int, effective_on: date, *, actor: int | None, as_of: date) -> int:
    """Put the effective date off: those who approve are asked again, and nothing goes on before. Returns the change.

    UsageError for a day before notice allows.
    """
    case = _case(store, case_id, actor, "notice", "in notice", act="moved")
    agreeing.someone(store, actor, "move the dates")
    cases.in_the_present(store, as_of, "move the dates")
    with store.reading() as conn:
        start = date.fromisoformat(case.data["notice_on"])
        terms = impact.terms(conn, case.row.partner_id, start)
    how = packs.deactivation().path(case.path or "convenience")
    found = dates(how, terms, notice_table(store), start, line=case.data.get("line"), served="service" in case.data)
    if effective_on < found.effective_on:
        raise UsageError(f"{case.row.name}: {refusal(found, effective_on)}")
    if effective_on.isoformat() == case.data["effective_on"] == _approved(case):
        raise UsageError(f"effective_on: {effective_on} is the date already.")
    with store.change(f"{cases.about(case)} is to end on {effective_on}", actor=actor, as_of=as_of) as change:
        moved = replace(found, effective_on=effective_on, rule=case.data["rule"])
        data = {**case.data, "basis": "put off: later than the rule gives", "put_off": effective_on.isoformat()}
        _move(change, case, data, moved, case.row.stage, by=actor)
    return change.id


def _move(change: Change, case: Case, data: dict[str, Any], found: Dates, stage: str, by: int | None = None) -> None:
    """The dates that now stand: due dates follow them, and who approved others is asked again. `by`: who chose them."""
    end = found.effective_on.isoformat()
    approved = _approved(case)
    data = {**data, "effective_on": end}
    stored.update(change, "cases", case.row.id, {"stage": stage, "data": data, "due_on": end})
    steps = {step.id: step for step in packs.deactivation().steps}
    keys = stored.step_keys(change.conn, case.row.id)
    for task in case.tasks:
        step = steps.get(keys.get(task.id, ""))
        if step is None or task.state not in ("open", "planned") or (stage == "in notice" and task.act == "serve"):
            continue
        state = "open" if stage == "in notice" and task.act != "close" else task.state
        stored.update(change, "tasks", task.id, {"due_on": due(step, found).isoformat(), "state": state})
    for task in case.tasks:
        if task.act == "dates" and task.state == "open":
            stored.update(change, "tasks", task.id, {"state": "cancelled"})
    if end != approved:
        title = f"Approve that {case.row.name} leaves on {end}, not on {approved}: {found.rule}"
        agreeing.ask(change, case, title, act="dates", by=by)
    obligations.moved(change, case.row.id, found.effective_on)


def complete(store: Store, case_id: int, *, actor: int | None, as_of: date) -> int:
    """Make the deactivation effective; refused before its date. The case is closed later, with what was learned."""
    case = _case(store, case_id, actor, "in notice", act="completed")
    agreeing.someone(store, actor, "complete")
    _approved_dates(case, "completed")
    effective = date.fromisoformat(case.data["effective_on"])
    if as_of < effective:
        raise UsageError(f"The deactivation of {case.row.name} takes effect on {effective}, not before. It is {as_of}.")
    gates.hold(store, case, "effective", as_of)
    with store.change(f"{cases.about(case)} is deactivated", actor=actor, as_of=as_of) as change:
        left = kept.leaving(change.conn, case.row.partner_id, effective)
        stored.set_status(change, case.row.partner_id, "Deactivated")
        kept.end_suspension(change, case.row.partner_id)
        transition.take_effect(change, case_id)
        for task in case.tasks:
            if task.act == "complete" and task.state in ("open", "planned"):
                cases.finish(change, task.id, "done", actor, as_of)
            elif task.act == "close" and task.state == "planned":
                stored.update(change, "tasks", task.id, {"state": "open"})
        data = {**case.data, "left": left}
        stored.update(change, "cases", case_id, {"stage": "after", "due_on": None, "data": data})
    return change.id


def stop(store: Store, case_id: int, reason: str, *, actor: int | None, as_of: date) -> int:
    """Stop before notice was served: nothing has happened to the partner."""
    case = _case(store, case_id, actor, "approval", "notice", act="stopped")
    agreeing.someone(store, actor, "stop")
    if not reason.strip():
        raise UsageError("reason: say why it is stopped.")
    with store.change(f"stopped: deactivation of {cases.about(case)}", actor=actor, as_of=as_of) as change:
        stored.update(change, "cases", case_id, {"data": {**case.data, "stopped": reason.strip()}})
        cases.close(change, case, "stopped", as_of)
    return change.id


def withdraw(store: Store, case_id: int, reason: str, *, actor: int | None, as_of: date) -> int:
    """Ask to withdraw after notice was served: by a letter of its own, approved by those who approved the deactivation."""
    case = _case(store, case_id, actor, "in notice", act="withdrawn")
    person = agreeing.someone(store, actor, "withdraw")
    if not reason.strip():
        raise UsageError("reason: say why it is withdrawn.")
    with store.change(f"withdrawal asked for: deactivation of {cases.about(case)}", actor=actor, as_of=as_of) as change:
        withdrawal.letter(change, case)
        data = {**case.data, "withdrawal": reason.strip()}
        stored.update(change, "cases", case_id, {"stage": "withdrawal", "data": data})
        title = "Approve that the notice is withdrawn, by letter"
        asked = [one for one in stored.approved_by(change.conn, case_id) if one != person.id]
        agreeing.ask(change, case, title, act="withdrawal", of=asked, by=person.id)
    return change.id
