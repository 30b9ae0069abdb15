"""What a step of a workflow does, for all the cases that come to it at once (temp.acting, see steps.py)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.partner import FIELDS
from prm_tui.domain.said import said
from prm_tui.domain.sla import Sla, Span
from prm_tui.domain.step import (
    Accrue,
    Approve,
    Branch,
    Document,
    Notify,
    Offer,
    Record,
    Set,
    Start,
    Step,
    Tag,
    Task,
    Wait,
)
from prm_tui.domain.template import Template, fill, parse
from prm_tui.domain.workflow import Workflow
from storage import cases, subjects, sweeps, words

if TYPE_CHECKING:
    from storage.steps import Round

CASES_ONLY = ("Suspended", "In notice", "Deactivated")
"""Statuses that no workflow sets: a person opens a case of deactivation or suspends."""
_UNITS = 10_000


# ---- who ----


def person_sql(who: str) -> tuple[str, dict[str, object]]:
    """Who does something, as SQL over `partners p` giving a person's id (NULL: a role does it), and its parameters."""
    kind, _, name = who.partition(":")
    if who == "manager":
        return "p.manager", {}
    if kind == "person":
        return "(SELECT id FROM people WHERE name_key = name_key(:who) LIMIT 1)", {"who": name}
    return "NULL", {}


def role_of(who: str) -> str | None:
    """The role that does something where no person is named."""
    kind, _, name = who.partition(":")
    return name if kind in ("role", "load") else "partner manager" if who == "manager" else None


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
    owner, params = person_sql(who)
    due = Span.parse(step.within).due_at(_start(round_), round_.calendar) if step.within else None
    data: dict[str, Any] = {"step": step.id}
    if isinstance(step, Approve):
        data |= {"choices": list(step.choices), "evidence": step.evidence} if step.choices or step.evidence else {}
    round_.conn.execute(
        "INSERT INTO tasks(case_id, step_id, partner_id, kind, title, detail, owner, role, due_on, due_at, state, data,"
        f" change_id) SELECT a.case_id, a.visit, a.partner_id, :kind, :title, :detail, {owner},"
        f" CASE WHEN {owner} IS NULL THEN :role END, :due_on, :due_at, 'open', :data, :change FROM temp.acting a"
        " JOIN partners p ON p.id = a.partner_id ORDER BY a.visit",
        {"kind": kind, "title": step.title, "detail": step.detail, "role": role_of(who), "due_at": due,
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
    for visit, told in _fields(round_, [title, detail], {}).items():
        gaps = {name: value or "…" for name, value in told.items()}
        round_.conn.execute(
            "UPDATE tasks SET title = ?, detail = nullif(?, '') WHERE step_id = ? AND change_id = ?",
            (fill(title, gaps.get, line=True).text, fill(detail, gaps.get).text, visit, round_.change.id),
        )


def _start(round_: Round) -> int:
    """The instant a step begins: now, for an earlier or later date of evaluation the begin of that day."""
    day = round_.calendar.day_of(round_.change.at)
    return round_.change.at if day == round_.as_of else round_.calendar.at(round_.as_of)


def _time(round_: Round, step: Task | Approve) -> None:
    """Timers for the tasks just made: warned, overdue, told to somebody else."""
    assert step.within is not None
    at = float(step.escalate.at) if step.escalate else 1.5
    found = Sla.parse(step.within, float(step.warn), at).moments(_start(round_), round_.calendar)
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
        owner, params = person_sql(escalate.to)
        conn.execute(
            "INSERT INTO tasks(case_id, partner_id, kind, title, owner, role, due_on, state, data, change_id)"
            f" SELECT t.case_id, t.partner_id, 'to-do', 'Overdue: ' || t.title, {owner}, CASE WHEN {owner} IS NULL THEN :role END,"
            " :on, 'open', json_object('about', t.id), :change FROM tasks t JOIN partners p ON p.id = t.partner_id WHERE t.id = :task",
            {"role": role_of(escalate.to), "on": round_.calendar.day_of(at).isoformat(), "task": task,
             "change": round_.change.id, **params},
        )  # fmt: skip


def _wait(round_: Round, workflow: Workflow, step: Step) -> None:
    assert isinstance(step, Wait)
    if step.for_:
        _timer(round_, "wait", Span.parse(step.for_).due_at(_start(round_), round_.calendar), "NULL")


# ---- messages and documents ----


_RECIPIENTS = {
    "main": "SELECT k.id, NULL, k.name, k.email FROM contacts k WHERE k.partner_id = a.partner_id AND NOT k.opt_out"
            " AND (k.valid_until IS NULL OR k.valid_until >= :today) ORDER BY k.main DESC, k.id LIMIT 1",
    "contact": "SELECT k.id, NULL, k.name, k.email FROM contacts k WHERE k.partner_id = a.partner_id AND NOT k.opt_out"
               " AND k.role = :who COLLATE NOCASE AND (k.valid_until IS NULL OR k.valid_until >= :today)"
               " ORDER BY k.main DESC, k.id LIMIT 1",
    "manager": "SELECT NULL, w.id, w.name, w.email FROM people w JOIN partners p ON p.manager = w.id"
               " WHERE p.id = a.partner_id",
    "role": "SELECT NULL, w.id, w.name, w.email FROM people w JOIN roles r ON r.person_id = w.id WHERE r.role = :who"
            " AND w.active ORDER BY w.name LIMIT 1",
    "person": "SELECT NULL, w.id, w.name, w.email FROM people w WHERE w.name_key = name_key(:who) LIMIT 1",
}  # fmt: skip


@dataclass(frozen=True)
class _To:
    contact: int | None
    person: int | None
    name: str | None
    address: str | None


def _recipients(round_: Round, to: str) -> dict[int, _To]:
    kind, _, name = to.partition(":")
    form = "main" if to in ("partner", "contact:main") else kind
    found = {}
    for (visit,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit").fetchall():
        row = round_.conn.execute(
            _RECIPIENTS[form].replace("a.partner_id", "(SELECT partner_id FROM temp.acting WHERE visit = :visit)"),
            {"visit": visit, "who": name, "today": round_.as_of.isoformat()},
        ).fetchone()
        if row is not None:
            found[visit] = _To(*row)
    return found


def _template(round_: Round, name: str) -> tuple[Template, Template]:
    row = round_.conn.execute("SELECT subject, body FROM templates WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise UsageError(f"There is no template “{name}”. Add it: prm triggers add FILE")
    return parse(row[0]), parse(row[1])


def _fields(round_: Round, templates: Sequence[Template], to: dict[int, _To]) -> dict[int, dict[str, str | None]]:
    """What each visit says for the fields of templates: contact.*, case.*, and any expression about its subject."""
    names = list(dict.fromkeys(name for template in templates for name in template.names))
    own = [name for name in names if name.split(".")[0] not in ("contact", "case", "today")]
    visits = [v for (v,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit")]
    worked_out = subjects.values(round_.conn, round_.known, round_.as_of, own, visits)
    told: dict[int, dict[str, str | None]] = {}
    for visit, case_id, title, stage in round_.conn.execute(
        "SELECT a.visit, c.id, c.title, c.stage FROM temp.acting a JOIN cases c ON c.id = a.case_id"
    ).fetchall():
        receiver = to.get(visit)
        given = {"contact.name": receiver.name if receiver else None, "contact.email": receiver.address if receiver else None,
                 "case.id": str(case_id), "case.title": title, "case.stage": stage,
                 "today": said(round_.as_of)}  # fmt: skip
        found = worked_out.get(visit, [])
        told[visit] = given | {name: said(*pair) for name, pair in zip(own, found, strict=False)}
    return told


def _notify(round_: Round, workflow: Workflow, step: Step) -> None:
    """A draft for each case. One without a recipient or with an empty field is returned to the case's owner."""
    assert isinstance(step, Notify)
    subject, body = _template(round_, step.template)
    to = _recipients(round_, step.to)
    for visit, told in _fields(round_, [subject, body], to).items():
        receiver, head, text = to.get(visit), fill(subject, told.get, line=True), fill(body, told.get)
        missing = [*dict.fromkeys([*head.empty, *text.empty])]
        nobody = receiver is None or (step.channel == "mail" and not receiver.address)
        returned = bool(missing) or nobody
        case_id, partner_id = round_.conn.execute(
            "SELECT case_id, partner_id FROM temp.acting WHERE visit = ?", (visit,)
        ).fetchone()
        message = cases.insert(
            round_.change, "messages",
            {"case_id": case_id, "step_id": visit, "partner_id": partner_id, "template": step.template, "channel": step.channel,
             "contact_id": receiver.contact if receiver else None, "person_id": receiver.person if receiver else None,
             "recipient": receiver.address if receiver else None, "subject": head.text or subject.text,
             "body": text.text or body.text, "state": "returned" if returned else "draft"},
        )  # fmt: skip
        if returned:
            why = f"{', '.join(missing)} is empty" if missing else _nobody(step, receiver)
            _return(round_, workflow, message, case_id, partner_id, f"Message “{step.template}”: {why}")


def _nobody(step: Notify, receiver: _To | None) -> str:
    return f"there is no {step.to}" if receiver is None else f"{receiver.name} has no e-mail address"


def _return(round_: Round, workflow: Workflow, message: int, case_id: int, partner_id: int, title: str) -> None:
    owner, params = person_sql(workflow.owner)
    round_.conn.execute(
        "INSERT INTO tasks(case_id, partner_id, kind, title, owner, role, due_on, state, data, change_id)"
        f" SELECT :case, p.id, 'to-do', :title, {owner}, CASE WHEN {owner} IS NULL THEN :role END, :on, 'open',"
        " json_object('message', :message), :change FROM partners p WHERE p.id = :partner",
        {"case": case_id, "partner": partner_id, "title": title, "role": role_of(workflow.owner), "message": message,
         "on": round_.as_of.isoformat(), "change": round_.change.id, **params},
    )  # fmt: skip


def _document(round_: Round, workflow: Workflow, step: Step) -> None:
    """The text of a letter or report, kept with the case; what is empty stands in it as a gap to fill."""
    assert isinstance(step, Document)
    subject, body = _template(round_, step.template)
    for visit, told in _fields(round_, [subject, body], {}).items():
        case_id, partner_id = round_.conn.execute(
            "SELECT case_id, partner_id FROM temp.acting WHERE visit = ?", (visit,)
        ).fetchone()
        gaps = {name: value or f"[{name}]" for name, value in told.items()}
        text = "\n\n".join(str(fill(template, gaps.get).text) for template in (subject, body))
        cases.keep(round_.change, case_id, partner_id, "document", step.title, text.encode(), f"{step.template}.txt")


# ---- fields, tags, records, money ----


@dataclass(frozen=True)
class Want:
    """A case wants a field to have a value."""

    visit: int
    case_id: int
    partner_id: int
    table: str
    row_id: int
    field: str
    value: Any
    version_id: int
    step: Set


def wants(round_: Round, step: Step, version_id: int) -> list[Want]:
    """What the visits in temp.acting want to set."""
    assert isinstance(step, Set)
    visits = [v for (v,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit")]
    worked_out = {}
    if step.expression:
        worked_out = subjects.values(round_.conn, round_.known, round_.as_of, [step.expression], visits)
    found = []
    for visit, case_id, partner_id, subject_id, subject in round_.conn.execute(
        "SELECT a.visit, a.case_id, a.partner_id, a.subject_id, c.subject FROM temp.acting a JOIN cases c ON c.id = a.case_id"
    ).fetchall():
        owner, _, name = step.field.rpartition(".")
        of_record = subject.startswith("record:") and owner != "partner"
        value = worked_out[visit][0][0] if step.expression else step.value
        if isinstance(value, date):
            value = value.isoformat()
        table, row = ("records", subject_id) if of_record else ("partners", partner_id)
        found.append(Want(visit, case_id, partner_id, table, row, name, value, version_id, step))
    return found


def set_fields(round_: Round, wanted: Sequence[Want]) -> list[tuple[list[int], int, Set]]:
    """Write what is wanted, but where two cases want a field to differ: these are held. Who goes on: (visits, version, step)."""
    by_field: dict[tuple[str, int, str], set[str]] = {}
    for want in wanted:
        by_field.setdefault((want.table, want.row_id, want.field), set()).add(str(want.value))
    moved: dict[tuple[int, str], tuple[list[int], int, Set]] = {}
    for want in wanted:
        if len(by_field[want.table, want.row_id, want.field]) > 1:
            _hold(round_, want, sorted(by_field[want.table, want.row_id, want.field]))
            continue
        _write(round_, want)
        moved.setdefault((want.version_id, want.step.id), ([], want.version_id, want.step))[0].append(want.visit)
    renamed = {want.partner_id for want in wanted if want.table == "partners"}
    if renamed:
        words.refresh(round_.conn, f"id IN ({', '.join(map(str, sorted(renamed)))})")
    return list(moved.values())


def _hold(round_: Round, want: Want, values: Sequence[str]) -> None:
    round_.conn.execute("UPDATE steps SET state = 'held' WHERE id = ?", (want.visit,))
    cases.insert(
        round_.change, "tasks",
        {"case_id": want.case_id, "partner_id": want.partner_id, "kind": "to-do", "role": "program manager",
         "title": f"{want.field}: one rule wants {' and another '.join(values)}. Decide, and set it by hand",
         "due_on": round_.as_of.isoformat(), "state": "open", "data": {"held": want.visit}},
    )  # fmt: skip


def _write(round_: Round, want: Want) -> None:
    own = (
        FIELDS
        if want.table == "partners"
        else {"status", "starts_on", "ends_on", "amount", "quantity", "ref", "note", "name"}
    )
    column, value = want.field, want.value
    if want.table == "partners" and column == "status" and value in CASES_ONLY:
        raise UsageError(f"status {value} is set by a case of deactivation or suspension only, never by a workflow")
    if column == "manager":
        row = round_.conn.execute("SELECT id FROM people WHERE name_key = name_key(?)", (str(value),)).fetchone()
        value = row[0] if row else None
    elif column in ("amount", "quantity") and value is not None:
        value = round(float(value) * _UNITS)
    elif value is not None and not isinstance(value, int | float | str):
        value = float(value)
    if column in own:
        round_.conn.execute(
            f"UPDATE {want.table} SET {column} = ? WHERE id = ? AND {column} IS NOT ?", (value, want.row_id, value)
        )
        return
    data = "custom" if want.table == "partners" else "data"
    path = f'$."{column}"'
    round_.conn.execute(
        f"UPDATE {want.table} SET {data} = json_set({data}, ?, ?) WHERE id = ? AND json_extract({data}, ?) IS NOT ?",
        (path, value, want.row_id, path, value),
    )


def _tag(round_: Round, workflow: Workflow, step: Step) -> None:
    assert isinstance(step, Tag)
    for tag in step.add:
        round_.conn.execute(
            "INSERT INTO tags(partner_id, tag, change_id) SELECT DISTINCT partner_id, ?, ? FROM temp.acting WHERE 1"
            " ON CONFLICT (partner_id, tag) DO NOTHING",
            (tag, round_.change.id),
        )
    for tag in step.remove:
        round_.conn.execute(
            "DELETE FROM tags WHERE tag = ? AND partner_id IN (SELECT partner_id FROM temp.acting)", (tag,)
        )


def _record(round_: Round, workflow: Workflow, step: Step) -> None:
    """A new record for each case, its computed fields worked out for its subject."""
    assert isinstance(step, Record)
    computed = list(step.computed)
    texts = {key: parse(value) for key, value in step.fields.items() if isinstance(value, str)}
    told = _fields(round_, list(texts.values()), {})
    worked_out = subjects.values(round_.conn, round_.known, round_.as_of, list(step.computed.values()), list(told))
    for visit, given in told.items():
        found: dict[str, Any] = {key: fill(template, given.get).text for key, template in texts.items()}
        found |= {key: value for key, value in step.fields.items() if not isinstance(value, str)}
        found |= {key: pair[0] for key, pair in zip(computed, worked_out.get(visit, []), strict=False)}
        _new_record(round_, visit, step.kind, found)


def _new_record(round_: Round, visit: int, kind: str, found: dict[str, Any]) -> None:
    case_id, partner_id = round_.conn.execute(
        "SELECT case_id, partner_id FROM temp.acting WHERE visit = ?", (visit,)
    ).fetchone()
    own = ("name", "status", "starts_on", "ends_on", "amount", "currency", "quantity", "ref", "note")
    values: dict[str, Any] = {"partner_id": partner_id, "kind": kind, "name": kind, "learned_at": round_.change.at}
    for key, value in found.items():
        plain = value.isoformat() if isinstance(value, date) else value
        if key in ("amount", "quantity") and plain is not None:
            plain = round(float(plain) * _UNITS)
        if key in own and plain is not None:
            values[key] = plain
    rest = {
        k: v if isinstance(v, str | int | float | bool) else str(v)
        for k, v in found.items()
        if k not in own and v is not None
    }
    cases.insert(round_.change, "records", {**values, "data": {**rest, "case": case_id}})


def _offer(round_: Round, workflow: Workflow, step: Step) -> None:
    """A record that is offered: who takes it changes its status; where it is not taken in time, it ends."""
    assert isinstance(step, Offer)
    ends = Span.parse(step.within).due_on(round_.as_of, round_.calendar).isoformat() if step.within else None
    for (visit,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit").fetchall():
        offered = {
            "name": step.title,
            "status": "Offered",
            "starts_on": round_.as_of,
            "ends_on": ends,
            "offered_to": step.to,
        }
        _new_record(round_, visit, step.record, offered)


def _accrue(round_: Round, workflow: Workflow, step: Step) -> None:
    """A line of the ledger for each case: never a total. `reverse` writes the negative of what the case's rule accrued."""
    assert isinstance(step, Accrue)
    texts = [t for t in (step.amount, step.basis) if t]
    visits = [v for (v,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit")]
    worked_out = subjects.values(round_.conn, round_.known, round_.as_of, texts, visits)
    span = _period(step, round_.as_of)
    rule = f"{workflow.name}/{step.id}"
    for visit in visits:
        case_id, partner_id, subject_id, subject = round_.conn.execute(
            "SELECT a.case_id, a.partner_id, a.subject_id, c.subject FROM temp.acting a JOIN cases c ON c.id = a.case_id"
            " WHERE a.visit = ?", (visit,)).fetchone()  # fmt: skip
        activity = subject_id if subject.startswith("activity:") else None
        if step.reverse:
            _reverse(round_, step, partner_id, case_id, span)
            continue
        (value, _), *_rest = worked_out[visit]
        if value is None:
            _return(
                round_, workflow, 0, case_id, partner_id, f"{step.kind}: its amount is unknown, nothing was accrued"
            )
            continue
        basis = round(float(value) * _UNITS) if step.rate is not None else None
        amount = round(float(value) * float(step.rate or 1) * _UNITS)
        cases.insert(
            round_.change, "ledger",
            {"partner_id": partner_id, "case_id": case_id, "kind": step.kind, "rule": rule, "activity_id": activity,
             "basis": basis, "rate": round(float(step.rate) * _UNITS) if step.rate is not None else None, "amount": amount,
             "currency": step.currency, "period": span, "state": step.state, "on_date": round_.as_of.isoformat(),
             "note": step.note},
        )  # fmt: skip


def _period(step: Accrue, day: date) -> str | None:
    from storage.matches import period

    return period(step.period, day) if step.period else None


def _reverse(round_: Round, step: Accrue, partner_id: int, case_id: int, span: str | None) -> None:
    round_.conn.execute(
        "INSERT INTO ledger(partner_id, case_id, kind, rule, activity_id, basis, rate, amount, currency, period, state,"
        " reverses, on_date, note, change_id) SELECT partner_id, :case, kind, rule, activity_id, basis, rate, -amount,"
        " currency, period, 'reversed', id, :on, :note, :change FROM ledger l WHERE partner_id = :partner AND kind = :kind"
        " AND amount > 0 AND (:span IS NULL OR period = :span) AND NOT EXISTS (SELECT 1 FROM ledger r WHERE r.reverses = l.id)",
        {"case": case_id, "on": round_.as_of.isoformat(), "note": step.note, "change": round_.change.id,
         "partner": partner_id, "kind": step.kind, "span": span},
    )  # fmt: skip


# ---- ways on ----


def choose(round_: Round, workflow: Workflow, step: Step, version_id: int) -> dict[str, list[int]]:
    """Target → visits: the first case of a branch that is true."""
    assert isinstance(step, Branch)
    left = [v for (v,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit")]
    found: dict[str, list[int]] = {}
    for case in step.cases:
        met = subjects.meeting(round_.conn, round_.known, round_.as_of, case.when, left)
        found.setdefault(case.then, []).extend(sorted(met))
        left = [visit for visit in left if visit not in met]
    found.setdefault(step.else_ or workflow.following(step), []).extend(left)
    return {target: visits for target, visits in found.items() if visits}


def start(round_: Round, name: str, visits: str) -> None:
    """Another workflow begins for the subjects of these visits; the new case belongs to the same hit."""
    from storage.steps import enter

    begun = sweeps.workflow(round_.conn, name)
    if begun is None:
        raise UsageError(f"There is no workflow “{name}”. Add it: prm packs add {name}")
    version, workflow = begun
    owner, params = person_sql(workflow.owner)
    first = workflow.steps[0]
    highest = round_.conn.execute("SELECT coalesce(max(id), 0) FROM cases").fetchone()[0]
    round_.conn.execute(
        "INSERT INTO cases(kind, version_id, partner_id, subject, subject_id, title, state, stage, owner, opened_on, reason,"
        f" hit_id, change_id) SELECT :kind, :version, p.id, c.subject, c.subject_id, :title, 'open', :stage, {owner}, :on,"
        " c.title, c.hit_id, :change FROM cases c JOIN partners p ON p.id = c.partner_id WHERE c.id IN (SELECT case_id FROM"
        " steps WHERE id IN (SELECT value FROM json_each(:visits))) ORDER BY c.id",
        {"kind": name, "version": version, "title": workflow.title, "stage": getattr(first, "title", first.id),
         "on": round_.as_of.isoformat(), "change": round_.change.id, "visits": visits, **params},
    )  # fmt: skip
    enter(round_, first.id, "SELECT id FROM cases WHERE id > :highest", {"highest": highest})


def _start_other(round_: Round, workflow: Workflow, step: Step) -> None:
    assert isinstance(step, Start)
    visits = [v for (v,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit")]
    start(round_, step.workflow, json.dumps(visits))


DOING: dict[str, Callable[[Round, Workflow, Step], None]] = {
    "task": _task, "approve": _approve, "notify": _notify, "wait": _wait, "tag": _tag, "offer": _offer, "accrue": _accrue,
    "document": _document, "start": _start_other, "record": _record,
}  # fmt: skip
"""What a step does → how; `set`, `branch`, `parallel` and `end` are ways from step to step (steps.py)."""
