"""Messages and documents of workflows, for all the cases that come to a step at once (temp.acting, see steps.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.outline import whom as person_said
from prm_tui.domain.said import said
from prm_tui.domain.step import Document, Notify, Step
from prm_tui.domain.template import Template, fill, parse
from prm_tui.domain.workflow import Workflow
from storage import cases, subjects, whom
from storage.rounds import Round, acting

_REACHED = "NOT k.opt_out AND (k.valid_until IS NULL OR k.valid_until >= :today)"
_CONTACT = "SELECT k.id FROM contacts k WHERE k.partner_id = a.partner_id AND {test} ORDER BY k.main DESC, k.id LIMIT 1"
_WHO = {
    "main": ("contacts", _CONTACT.format(test=_REACHED)),
    "contact": ("contacts", _CONTACT.format(test=f"{_REACHED} AND k.role = :who COLLATE NOCASE")),
    "manager": ("people", "SELECT p.manager FROM partners p WHERE p.id = a.partner_id"),
    "role": ("people", "SELECT w.id FROM people w JOIN roles r ON r.person_id = w.id WHERE r.role = :who AND w.active"),
    "person": ("people", "SELECT w.id FROM people w WHERE w.name_key = name_key(:who) LIMIT 1"),
}  # fmt: skip
"""Whom a message goes to → the table that knows them, and which rows of it are meant by a row `a` of temp.acting."""


@dataclass(frozen=True)
class To:
    """Who is written to: a contact of the partner, or a person of ours."""

    contact: int | None
    person: int | None
    name: str | None
    address: str | None

    @property
    def said(self) -> dict[str, str | None]:
        """What a template can say of whoever it is."""
        return {"contact.name": self.name, "contact.email": self.address}


NOBODY = To(None, None, None, None)


def recipients(round_: Round, to: str) -> dict[int, list[To]]:
    """Who gets the message of each visit in temp.acting: one, or everybody of a role by name; nobody where there is none."""
    kind, _, who = to.partition(":")
    table, one = _WHO["main" if to in ("partner", "contact:main") else kind]
    rows = round_.conn.execute(
        f"SELECT a.visit, t.id, t.name, t.email FROM temp.acting a JOIN {table} t ON t.id IN ({one}) ORDER BY a.visit, t.name",
        {"who": who, "today": round_.as_of.isoformat()},
    )
    ours = table == "people"
    found: dict[int, list[To]] = {}
    for visit, row_id, name, email in rows:
        found.setdefault(visit, []).append(To(None if ours else row_id, row_id if ours else None, name, email))
    return found


def _template(round_: Round, name: str) -> tuple[Template, Template]:
    row = round_.conn.execute("SELECT subject, body FROM templates WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise UsageError(f"There is no template “{name}”. Add it: prm triggers add FILE")
    return parse(row[0]), parse(row[1])


def fields(round_: Round, templates: Sequence[Template], to: dict[int, To]) -> dict[int, dict[str, str | None]]:
    """What each visit says for the fields of templates: contact.*, case.*, and any expression about its subject."""
    names = list(dict.fromkeys(name for template in templates for name in template.names))
    own = [name for name in names if name.split(".")[0] not in ("contact", "case", "today")]
    visits = [v for (v,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit")]
    worked_out = subjects.values(round_.conn, round_.known, round_.as_of, own, visits)
    told: dict[int, dict[str, str | None]] = {}
    readers = _of_readers(round_, names, to)
    for visit, case in _of_cases(round_, names):
        receiver = to.get(visit)
        given = {**(receiver or NOBODY).said, **readers.get(visit, {}), **case, "today": said(round_.as_of)}
        found = worked_out.get(visit, [])
        told[visit] = given | {name: said(*pair) for name, pair in zip(own, found, strict=False)}
    return told


_LATEST = "FROM tasks t WHERE t.case_id = c.id AND t.state IN ('approved', 'rejected') ORDER BY t.done_at DESC, t.id DESC LIMIT 1"
_CASE = {
    "title": "c.title", "stage": "c.stage", "kind": "c.kind", "reason": "c.reason", "path": "c.path", "outcome": "c.outcome",
    "opened_on": "c.opened_on", "due_on": "c.due_on", "closed_on": "c.closed_on", "open": "c.state = 'open'",
    "owner": "(SELECT w.name FROM people w WHERE w.id = c.owner)",
    "answer": f"(SELECT coalesce(json_extract(t.data, '$.choice'), t.state) {_LATEST})", "answer_reason": f"(SELECT t.reason {_LATEST})",
    **{key: f"json_extract(c.data, '$.{key}')" for key in ("notice_on", "effective_on", "served_on", "rule", "method", "reapply_on")},
    "step": "(SELECT e.key FROM hits h JOIN episodes e ON e.id = h.episode_id WHERE h.id = c.hit_id)",
}  # fmt: skip
"""What can be said of a case; of a deactivation its dates, too.

`step`: at which step of a ladder, or of a total, it began: 30 (days before), 50000."""


def _of_cases(round_: Round, names: Sequence[str]) -> list[tuple[int, dict[str, str | None]]]:
    """The visits in temp.acting, each with what is asked of its case."""
    asked = [name.partition(".")[2] for name in names if name.startswith("case.") and name != "case.id"]
    columns = "".join(f", {_CASE[key]}" for key in asked)
    told = []
    for visit, case_id, *values in round_.conn.execute(
        f"SELECT a.visit, c.id{columns} FROM temp.acting a JOIN cases c ON c.id = a.case_id"
    ).fetchall():
        case = {f"case.{key}": _said(key, value) for key, value in zip(asked, values, strict=True)}
        told.append((visit, {"case.id": str(case_id), **case}))
    return told


def _of_readers(round_: Round, names: Sequence[str], to: dict[int, To]) -> dict[int, dict[str, str | None]]:
    """What is asked of the contacts who are written to, beyond name and address."""
    asked = [
        n.partition(".")[2] for n in names if n.startswith("contact.") and n not in ("contact.name", "contact.email")
    ]
    told = {}
    for visit, receiver in to.items() if asked else ():
        row = round_.conn.execute(
            f"SELECT {', '.join(asked)} FROM contacts WHERE id = ?", (receiver.contact,)
        ).fetchone()
        if row is not None:
            told[visit] = {f"contact.{key}": _said(key, value) for key, value in zip(asked, row, strict=True)}
    return told


def _said(key: str, value: Any) -> str | None:
    if key == "step":
        return str(value or "").rpartition("|")[2] or None
    if value is not None and key in ("open", "main", "opt_out"):
        return said(bool(value))
    if value and key.endswith(("_on", "_until")):
        return said(date.fromisoformat(value))
    return None if value is None else str(value)


def notify(round_: Round, workflow: Workflow, step: Step) -> None:
    """A draft for each case and reader. One without a reader or with an empty field is returned to the case's owner."""
    assert isinstance(step, Notify)
    subject, body = _template(round_, step.template)
    to, tardy = recipients(round_, step.to), _learned_late(round_)
    cases_of = {
        visit: rest for visit, *rest in round_.conn.execute("SELECT visit, case_id, partner_id FROM temp.acting")
    }
    drafts = []
    one = {visit: receivers[0] for visit, receivers in to.items()}
    for visit, known in fields(round_, [subject, body], one).items():
        if visit not in to and step.optional:
            continue
        for receiver in to.get(visit, [NOBODY]):
            head, text, why = _written(step, subject, body, known, receiver, visit in tardy)
            case_id, partner_id = cases_of[visit]
            draft = (case_id, visit, partner_id, receiver.contact, receiver.person, step.template, step.channel,
                     receiver.address, head, text, "returned" if why else "draft", round_.change.id)  # fmt: skip
            if why:
                message = round_.conn.execute(_INSERT, draft).lastrowid
                return_to_owner(round_, workflow, message, case_id, partner_id, f"Message “{step.template}”: {why}")
            else:
                drafts.append(draft)
    said_already = _said_already(round_)
    round_.conn.executemany(_INSERT, [d for d in drafts if (d[0], *d[7:10]) not in said_already])


def _written(
    step: Notify, subject: Template, body: Template, known: dict[str, str | None], receiver: To, tardy: bool
) -> tuple[str, str, str]:
    """A message to somebody: subject, text, and why it cannot go as it is; a text with a gap stays as its template."""
    told = known | receiver.said
    head, text = fill(subject, told.get, line=True), fill(body, told.get)
    why = wrong(step, receiver, [*dict.fromkeys([*head.empty, *text.empty])], tardy)
    return head.text or subject.text, text.text or body.text, why


def refill(round_: Round, message_id: int) -> str | None:
    """Fill a message that came back once more, from what is known now; why it cannot go yet, "" when it can.

    None where that cannot be done: it is of no workflow, or did not come back.
    """
    conn = round_.conn
    row = conn.execute(
        "SELECT m.person_id, s.id, s.step, c.version_id FROM messages m JOIN steps s ON s.id = m.step_id JOIN cases c"
        " ON c.id = s.case_id WHERE m.id = ? AND m.state = 'returned'",
        (message_id,),
    ).fetchone()
    step = round_.workflow(row[3]).by_id.get(row[2]) if row else None
    if not isinstance(step, Notify):
        return None
    person, visit = row[:2]
    acting(round_, "FROM steps s JOIN cases c ON c.id = s.case_id WHERE s.id = ?", (visit,))
    subject, body = _template(round_, step.template)
    to = recipients(round_, step.to).get(visit, [NOBODY])
    receiver = next((one for one in to if one.person == person), to[0])
    known = fields(round_, [subject, body], {visit: receiver})[visit]
    head, text, why = _written(step, subject, body, known, receiver, visit in _learned_late(round_))
    conn.execute(
        "UPDATE messages SET contact_id = ?, person_id = ?, recipient = ?, subject = ?, body = ?, state = ? WHERE id = ?",
        (receiver.contact, receiver.person, receiver.address, head, text, "returned" if why else "draft", message_id),
    )
    return why


def _said_already(round_: Round) -> set[tuple[Any, ...]]:
    """What was drafted today in cases that catch up on missed deadlines: reminders missed together come as one."""
    rows = round_.conn.execute(
        "SELECT m.case_id, m.recipient, m.subject, m.body FROM messages m JOIN changes c ON c.id = m.change_id"
        " WHERE m.state = 'draft' AND c.kind = 'run' AND c.as_of = ? AND m.case_id IN (SELECT a.case_id FROM temp.acting a"
        " JOIN steps s ON s.id = a.visit WHERE json_extract(s.data, '$.own') IS NOT NULL)",
        (round_.as_of.isoformat(),),
    )
    return set(rows.fetchall())


_INSERT = (
    "INSERT INTO messages(case_id, step_id, partner_id, contact_id, person_id, template, channel, recipient, subject, body,"
    " state, change_id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
)


def wrong(step: Notify, receiver: To, empty: Sequence[str], tardy: bool) -> str:
    """Why a message cannot go as it is; nothing where it can."""
    if receiver is NOBODY:
        return f"there is no {person_said(step.to).removeprefix('the ')}"
    if empty:
        return f"{', '.join(empty)} is empty"
    if step.channel == "mail" and not receiver.address:
        return f"{receiver.name} has no e-mail address"
    return (
        "what it answers was learned late; decide whether it is still to be sent" if tardy and receiver.contact else ""
    )


def _learned_late(round_: Round) -> set[int]:
    """Visits of cases that began with something learned late: the partner is not written to without a look."""
    rows = round_.conn.execute(
        "SELECT a.visit FROM temp.acting a JOIN cases c ON c.id = a.case_id JOIN hits h ON h.id = c.hit_id"
        " WHERE json_extract(h.evidence, '$.late')"
    )
    return {visit for (visit,) in rows}


def return_to_owner(
    round_: Round, workflow: Workflow, message: int | None, case_id: int, partner_id: int, title: str
) -> None:
    """A task for who owns the cases of a workflow: something could not be done as it was meant."""
    owner, params = whom.person_sql(workflow.owner)
    round_.conn.execute(
        "INSERT INTO tasks(case_id, partner_id, kind, title, detail, owner, role, due_on, state, data, change_id)"
        f" SELECT :case, p.id, 'to-do', :title, :detail, {owner}, CASE WHEN {owner} IS NULL THEN :role END, :on, 'open',"
        " json_object('message', :message), :change FROM partners p WHERE p.id = :partner",
        {"case": case_id, "partner": partner_id, "title": title, "role": whom.role_of(workflow.owner), "message": message,
         "detail": None if message is None else _mend(message), "on": round_.as_of.isoformat(), "change": round_.change.id, **params},
    )  # fmt: skip


def _mend(message: int) -> str:
    """What to do with a message that came back."""
    return f"Enter what is missing, then prm outbox refill {message}; or write it yourself: prm outbox edit {message}"


def document(round_: Round, workflow: Workflow, step: Step) -> None:
    """A letter, a report or a workbook, kept with the case; what is empty stands in it as a gap to fill."""
    assert isinstance(step, Document)
    subject, body = _template(round_, step.template)
    cases_of = {
        visit: rest for visit, *rest in round_.conn.execute("SELECT visit, case_id, partner_id FROM temp.acting")
    }
    for visit, told in fields(round_, [subject, body, parse(step.title)], {}).items():
        gaps = {name: value or f"[{name}]" for name, value in told.items()}
        text = "\n\n".join(str(fill(template, gaps.get).text) for template in (subject, body))
        title = filled(step.title, told)
        made, suffix = round_.render(step.format, title, text)
        case_id, partner_id = cases_of[visit]
        cases.keep(round_.change, case_id, partner_id, "document", title, made, f"{step.template}{suffix}")


def filled(title: str, told: dict[str, str | None]) -> str:
    """A title with its fields; what is empty stays as a gap that can be seen."""
    found = fill(parse(title), {name: value or "…" for name, value in told.items()}.get, line=True).text
    return str(found)
