"""What workflows write into the file: fields, tags, records, lines of the ledger (for temp.acting, see steps.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any

from prm_tui.domain.condition.catalogue import RECORD_FIELDS
from prm_tui.domain.errors import UsageError
from prm_tui.domain.partner import FIELDS
from prm_tui.domain.sla import Span
from prm_tui.domain.step import Accrue, Offer, Record, Set, Step, Tag
from prm_tui.domain.template import fill, parse
from prm_tui.domain.workflow import Workflow
from storage import cases, freeze, offers, subjects, telling, words
from storage.rounds import Round

CASES_ONLY = ("Suspended", "In notice", "Deactivated")
"""Statuses that no workflow sets as a field: a person opens a case of deactivation; a step that suspends opens one, too."""
_UNITS = 10_000


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
    money: bool = False  # a field of one's own that holds an amount of money


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
        if step.within is not None:
            value = Span.parse(step.within).due_on(round_.as_of, round_.calendar)
        if isinstance(value, date):
            value = value.isoformat()
        table, row = ("records", subject_id) if of_record else ("partners", partner_id)
        known = round_.known.records[subject.removeprefix("record:")].fields if of_record else round_.known.partner
        money = name in known and not known[name].own and known[name].type == "money"
        found.append(Want(visit, case_id, partner_id, table, row, name, value, version_id, step, money))
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
    if column == "manager" and str(value).startswith("load:"):
        value = _least_loaded(round_, str(value).removeprefix("load:"))
    elif column == "manager":
        row = round_.conn.execute("SELECT id FROM people WHERE name_key = name_key(?)", (str(value),)).fetchone()
        value = row[0] if row else None
    elif value is not None and (want.money or (column in ("amount", "quantity") and want.table == "records")):
        value = round(float(value) * _UNITS)
    elif value is not None and not isinstance(value, int | str):
        value = round(float(value), 4)
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


def _least_loaded(round_: Round, role: str) -> int | None:
    """Who of a role looks after the fewest partners; ties by name."""
    row = round_.conn.execute(
        "SELECT w.id FROM people w JOIN roles r ON r.person_id = w.id WHERE r.role = ? AND w.active ORDER BY"
        " (SELECT count(*) FROM partners p WHERE p.manager = w.id AND p.joined_into IS NULL), w.name LIMIT 1",
        (role,),
    ).fetchone()
    return None if row is None else int(row[0])


def tag(round_: Round, workflow: Workflow, step: Step) -> None:
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


def record(round_: Round, workflow: Workflow, step: Step) -> None:
    """A new record for each case, its computed fields worked out for its subject."""
    assert isinstance(step, Record)
    places = [place for _, place in step.expressed]
    texts = {key: parse(value) for key, value in step.fields.items() if isinstance(value, str)}
    told = telling.fields(round_, list(texts.values()), {})
    asked = [value for value, _ in step.expressed]
    worked_out = subjects.values(round_.conn, round_.known, round_.as_of, asked, list(told))
    fields = {**RECORD_FIELDS, **round_.known.records[step.kind].fields}
    stopped = freeze.acting(round_) if step.kind in round_.frozen else {}
    for visit, given in told.items():
        if visit in stopped:
            _stopped(round_, workflow, visit, step.kind, stopped[visit])
            continue
        found: dict[str, Any] = {key: fill(template, given.get).text for key, template in texts.items()}
        found |= {key: _number(value) for key, value in found.items() if fields[key].type in ("number", "money")}
        found |= {key: value for key, value in step.fields.items() if not isinstance(value, str)}
        values = dict(zip(places, (pair[0] for pair in worked_out.get(visit, [])), strict=False))
        found |= {key: _rounded(step, key, values) for part, key in values if part == "computed"}
        _new_record(round_, visit, step.kind, found)


def _stopped(round_: Round, workflow: Workflow, visit: int, kind: str, why: str) -> None:
    """Nothing new begins with a partner that leaves: the case's owner hears of it."""
    case_id, partner_id, name = round_.conn.execute(
        "SELECT a.case_id, a.partner_id, p.name FROM temp.acting a JOIN partners p ON p.id = a.partner_id WHERE a.visit = ?",
        (visit,),
    ).fetchone()
    label = round_.known.records[kind].label.lower()
    telling.return_to_owner(round_, workflow, None, case_id, partner_id, f"{name} {why}: no {label} was opened")


def _number(said: str | None) -> Decimal | None:
    """The number that a text with {{ fields }} came to; None where it is none."""
    try:
        found = Decimal((said or "").replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _rounded(step: Record, key: str, values: dict[tuple[str, str], Any]) -> Any:
    """A computed value, raised to its least and then to whole packs, where the step says so."""
    value = values["computed", key]
    if value is None or (key not in step.at_least and key not in step.round_up):
        return value
    least, pack = values.get(("at_least", key)), values.get(("round_up", key))
    exact = Decimal(str(value))
    if least is not None:
        exact = max(exact, Decimal(str(least)))
    if pack is not None and pack > 0:
        packs = Decimal(str(pack))
        exact = (exact / packs).to_integral_value(ROUND_CEILING) * packs
    return exact


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
    money = {k for k, one in round_.known.records[kind].fields.items() if one.type == "money"}
    rest = {
        k: round(float(v) * _UNITS) if k in money and not isinstance(v, str) else _plain(v)
        for k, v in found.items()
        if k not in own and v is not None
    }
    cases.insert(round_.change, "records", {**values, "data": {**rest, "case": case_id}})


def _plain(value: Any) -> str | int | float | bool:
    """A value as JSON keeps it: numbers stay numbers, dates are ISO text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if isinstance(value, str | int | float | bool) else str(value.isoformat())


def offer(round_: Round, workflow: Workflow, step: Step) -> None:
    """A record that is offered: who takes it changes its status; where it is not taken in time, it ends."""
    assert isinstance(step, Offer)
    titles = {
        v: telling.filled(step.title, told) for v, told in telling.fields(round_, [parse(step.title)], {}).items()
    }
    ends = Span.parse(step.within).due_on(round_.as_of, round_.calendar).isoformat() if step.within else None
    stopped = freeze.acting(round_) if step.record in round_.frozen and not step.eligible else {}
    for visit, title in sorted(titles.items()):
        if visit in stopped:
            _stopped(round_, workflow, visit, step.record, stopped[visit])
        elif not step.eligible:
            offered = {
                "name": title,
                "status": step.status,
                "starts_on": round_.as_of,
                "ends_on": ends,
                "offered_to": step.to,
            }
            _new_record(round_, visit, step.record, offered)
        elif not offers.give(round_, step, title, visit):
            _nobody(round_, workflow, step, title, visit)


def _nobody(round_: Round, workflow: Workflow, step: Offer, title: str, visit: int) -> None:
    """Nobody was eligible: the workflow goes its own way, or the case's owner hears of it."""
    round_.conn.execute("UPDATE steps SET data = json_set(data, '$.nobody', 1) WHERE id = ?", (visit,))
    if step.nobody is None:
        case_id, partner_id = round_.conn.execute(
            "SELECT case_id, partner_id FROM temp.acting WHERE visit = ?", (visit,)
        ).fetchone()
        telling.return_to_owner(round_, workflow, None, case_id, partner_id, f"{title}: nobody is eligible")


def nobody_eligible(round_: Round, visit: int) -> bool:
    """Whether nobody was eligible when a visit offered something."""
    row = round_.conn.execute("SELECT json_extract(data, '$.nobody') FROM steps WHERE id = ?", (visit,)).fetchone()
    return bool(row[0])


def _currency(round_: Round, subject: str, row: int | None) -> str | None:
    """The currency of what a case is about, where it has one."""
    table = {"record": "records", "activity": "activities"}.get(subject.partition(":")[0])
    found = round_.conn.execute(f"SELECT currency FROM {table} WHERE id = ?", (row,)).fetchone() if table else None
    return found[0] if found else None


def accrue(round_: Round, workflow: Workflow, step: Step) -> None:
    """A line of the ledger for each case: never a total. `reverse` writes the negative of what the case's rule accrued."""
    assert isinstance(step, Accrue)
    texts = [t for t in (step.amount, step.basis) if t]
    visits = [v for (v,) in round_.conn.execute("SELECT visit FROM temp.acting ORDER BY visit")]
    worked_out = subjects.values(round_.conn, round_.known, round_.as_of, texts, visits)
    span = _period(step, round_.as_of)
    rule = f"{workflow.name}/{step.id}"
    stopped = freeze.acting(round_)
    for visit in visits:
        case_id, partner_id, subject_id, subject = round_.conn.execute(
            "SELECT a.case_id, a.partner_id, a.subject_id, c.subject FROM temp.acting a JOIN cases c ON c.id = a.case_id"
            " WHERE a.visit = ?", (visit,)).fetchone()  # fmt: skip
        activity = subject_id if subject.startswith("activity:") else None
        if step.reverse:
            _reverse(round_, step, visit, case_id, partner_id, span)
            continue
        (value, _), *_rest = worked_out[visit]
        if value is None:
            telling.return_to_owner(
                round_, workflow, 0, case_id, partner_id, f"{step.kind}: its amount is unknown, nothing was accrued"
            )
            continue
        basis = round(float(value) * _UNITS) if step.rate is not None else None
        amount = round(float(value) * float(step.rate or 1) * _UNITS)
        cases.insert(
            round_.change, "ledger",
            {"partner_id": partner_id, "case_id": case_id, "kind": step.kind, "rule": rule, "activity_id": activity,
             "basis": basis, "rate": round(float(step.rate) * _UNITS) if step.rate is not None else None, "amount": amount,
             "currency": step.currency or _currency(round_, subject, subject_id), "period": span,
             "state": "hold" if visit in stopped else step.state, "on_date": round_.as_of.isoformat(),
             "note": _held(_note(round_, step, visit), stopped.get(visit))},
        )  # fmt: skip


def _period(step: Accrue, day: date) -> str | None:
    from storage.matches import period

    return period(step.period, day) if step.period else None


def _reverse(round_: Round, step: Accrue, visit: int, case_id: int, partner_id: int, span: str | None) -> None:
    """The negative of each line that stands for the case's subject: of this kind, and of this period where one is named.

    Of a partner as a subject that is what its own case accrued, or all of the period.
    """
    round_.conn.execute(
        "INSERT INTO ledger(partner_id, case_id, kind, rule, activity_id, basis, rate, amount, currency, period, state,"
        " reverses, on_date, note, change_id) SELECT l.partner_id, :case, l.kind, l.rule, l.activity_id, l.basis, l.rate,"
        " -l.amount, l.currency, l.period, 'reversed', l.id, :on, :note, :change FROM ledger l JOIN cases o ON o.id = l.case_id"
        " JOIN cases c ON c.id = :case WHERE l.partner_id = :partner AND l.kind = :kind AND l.reverses IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM ledger r WHERE r.reverses = l.id) AND (:span IS NULL OR l.period = :span)"
        " AND (o.id = c.id OR CASE WHEN c.subject_id IS NULL THEN :span IS NOT NULL"
        " ELSE o.subject = c.subject AND o.subject_id = c.subject_id END) ORDER BY l.id",
        {"case": case_id, "on": round_.as_of.isoformat(), "note": _note(round_, step, visit), "change": round_.change.id,
         "partner": partner_id, "kind": step.kind, "span": span},
    )  # fmt: skip


def _held(note: str | None, why: str | None) -> str | None:
    """The note of a line with why it is held, where it is."""
    return note if why is None else "; ".join(filter(None, (note, f"held: the partner {why}")))


def _note(round_: Round, step: Accrue, visit: int) -> str | None:
    """The note of a line, its fields filled; what is empty stays as a gap that can be seen."""
    if not step.note:
        return None
    template = parse(step.note)
    gaps = {name: value or "…" for name, value in telling.fields(round_, [template], {})[visit].items()}
    return fill(template, gaps.get, line=True).text
