"""Obligations of cases in the file, and the tasks by which their owners see them.

While a case waits for approval its obligations are planned and nobody's inbox holds them. With the approval each gets
one task; from then on both are written here alone, so that they never tell two stories.
"""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from prm_tui.domain.condition import Checked, check
from prm_tui.domain.deactivation import ImpactLine
from prm_tui.domain.obligation import PROVE, ObligationRow, Proposed, applies
from prm_tui.domain.pack import Obligation
from prm_tui.domain.shape import build
from storage import whom
from storage.cases import MAY_SEE, insert, update
from storage.catalogue import catalogue
from storage.conditions import compiled
from storage.store import Change

_PERSON = "(SELECT name FROM people WHERE id = {})"
_ROW = (
    "SELECT o.id, o.case_id, o.kind, o.title, p.id, p.code, p.name, o.area,"
    f" {_PERSON.format('o.owner')}, o.role, o.due_on, json_extract(o.data, '$.days'), o.rule, o.state, o.proof,"
    " json_extract(o.data, '$.why'), json_extract(o.data, '$.said'),"
    f" {_PERSON.format('json_extract(o.data, ' + chr(39) + '$.by' + chr(39) + ')')}, json_extract(o.data, '$.on'),"
    " o.evidence_id, (SELECT e.hash FROM evidence e WHERE e.id = o.evidence_id), json_extract(o.data, '$.task'), c.restricted"
    " FROM obligations o JOIN cases c ON c.id = o.case_id JOIN partners p ON p.id = c.partner_id"
)
_OWED = "o.kind NOT IN ('transition', 'system')"
"""What is handed over and whom of other systems is told stand in the same table, and have ways of their own."""
_DUE = "date(json_extract(c.data, '$.effective_on'), :days || ' days')"


def _row(row: tuple[Any, ...]) -> ObligationRow:
    days = [None if row[n] is None else date.fromisoformat(row[n]) for n in (10, 18)]
    return ObligationRow(
        row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], days[0], row[11], row[12], row[13],
        row[14], row[15] or "", row[16] or "", row[17], days[1], row[19], row[20], row[21], bool(row[22]),
    )  # fmt: skip


def of(conn: sqlite3.Connection, case_id: int) -> list[ObligationRow]:
    """The obligations of a case, those due first."""
    order = "ORDER BY coalesce(o.due_on, '9999'), o.id"
    return [_row(row) for row in conn.execute(f"{_ROW} WHERE o.case_id = ? AND {_OWED} {order}", (case_id,))]


def open_of(conn: sqlite3.Connection, case_id: int) -> list[ObligationRow]:
    """Those that still have to be proven or waived before the case can close."""
    return [row for row in of(conn, case_id) if row.unmet]


def unmet(conn: sqlite3.Connection, viewer: int | None) -> list[ObligationRow]:
    """All that are open in cases that a person may see, those due first."""
    sql = f"{_ROW} WHERE o.state = 'open' AND {_OWED} AND {MAY_SEE} ORDER BY coalesce(o.due_on, '9999'), o.id"
    return [_row(row) for row in conn.execute(sql, {"viewer": viewer})]


def one(conn: sqlite3.Connection, obligation_id: int) -> ObligationRow | None:
    """One obligation."""
    row = conn.execute(f"{_ROW} WHERE o.id = ?", (obligation_id,)).fetchone()
    return None if row is None else _row(row)


def of_task(conn: sqlite3.Connection, task_id: int) -> int | None:
    """The obligation a task stands for."""
    row = conn.execute("SELECT json_extract(data, '$.obligation') FROM tasks WHERE id = ?", (task_id,)).fetchone()
    return None if row is None else row[0]


# ---- which apply ----


def rules(conn: sqlite3.Connection, shipped: Mapping[str, Any]) -> dict[str, Obligation]:
    """The rules of the program and those of the packs that were added, by name; a pack's own stands for the program's."""
    found: dict[str, Any] = dict(shipped)
    for (body,) in conn.execute("SELECT body FROM packs ORDER BY kind = 'own', id"):
        if "[obligation." in body:
            found |= tomllib.loads(body).get("obligation", {})
    built = {name: build(Obligation, body, name=name)[0] for name, body in found.items()}
    return {name: rule for name, rule in built.items() if rule is not None}


def proposed(
    conn: sqlite3.Connection,
    known: Mapping[str, Obligation],
    leaving: Mapping[int, tuple[Sequence[ImpactLine], str | None]],
    as_of: date,
) -> dict[int, list[Proposed]]:
    """For each partner that leaves (id → impact, reason) the obligations that apply, in the order of the rules."""
    tests = {name: rule.when for name, rule in known.items() if rule.when}
    spoken = catalogue(conn) if tests else None
    met = {name: _met(conn, check(text, spoken), leaving, as_of) for name, text in tests.items() if spoken}
    asked = sorted({key for rule in known.values() for key in rule.impact})
    found: dict[int, list[Proposed]] = {}
    alike: dict[tuple[Any, ...], list[Proposed]] = {}  # of many that leave together most are owed the same
    for partner, (impact, reason) in leaving.items():
        lines = {line.key: line for line in impact}
        holds = {name: one.get(partner) for name, one in met.items()}
        seen = [(n.label, n.state, n.count, n.note) if (n := lines.get(key)) else None for key in asked]
        same = (reason, *holds.values(), *seen)
        if same not in alike:
            said = ((rule, applies(rule, lines, reason, holds.get(name))) for name, rule in known.items())
            alike[same] = [Proposed(rule, why) for rule, why in said if why is not None]
        found[partner] = alike[same]
    return found


def _met(conn: sqlite3.Connection, test: Checked, partners: Iterable[int], as_of: date) -> dict[int, bool | None]:
    """For which of these partners a condition holds; None where it is unknown."""
    where = compiled(test, as_of)
    rows = conn.execute(
        f"SELECT p.id, ({where.sql}) FROM partners p WHERE p.id IN (SELECT value FROM json_each(:leaving))",
        {**where.params, "leaving": json.dumps(list(partners))},
    )
    return {partner: None if holds is None else bool(holds) for partner, holds in rows}


# ---- written ----


def plan(change: Change, cases: Mapping[int, Sequence[Proposed]]) -> None:
    """Put obligations into cases (id → what applies), rule by rule for all of them, due by the case's effective date."""
    by_rule: dict[str, tuple[Obligation, list[tuple[int, str]]]] = {}
    for case_id, found in cases.items():
        for one_of in found:
            by_rule.setdefault(one_of.rule.name, (one_of.rule, []))[1].append((case_id, one_of.why))
    for rule, given in by_rule.values():
        owner, params = whom.person_sql(rule.owner)
        change.conn.execute(
            "INSERT INTO obligations(case_id, kind, title, area, owner, role, due_on, rule, state, proof, data, change_id)"
            f" SELECT c.id, :kind, :title, :area, {owner}, CASE WHEN {owner} IS NULL THEN :role END, {_DUE}, :rule, 'planned',"
            " :proof, json_object('days', :days, 'why', json_extract(j.value, '$[1]')), :change FROM json_each(:given) j"
            " JOIN cases c ON c.id = json_extract(j.value, '$[0]') JOIN partners p ON p.id = c.partner_id ORDER BY c.id",
            {"kind": rule.name, "title": rule.title, "area": rule.area, "role": whom.role_of(rule.owner), "days": rule.days,
             "rule": rule.rule, "proof": rule.proof, "given": json.dumps(given), "change": change.id, **params},
        )  # fmt: skip


def add(change: Change, case_id: int, values: Mapping[str, Any], owner: str, days: int | None, due: date | None) -> int:
    """An obligation that a person puts into a case, due so many days after the effective date or on a day."""
    person, params = whom.person_sql(owner)
    row = change.conn.execute(
        f"SELECT {person}, {_DUE} FROM cases c JOIN partners p ON p.id = c.partner_id WHERE c.id = :case",
        {**params, "days": days, "case": case_id},
    ).fetchone()
    on = due.isoformat() if due else row[1]
    return insert(
        change, "obligations",
        {"case_id": case_id, "kind": "own", "owner": row[0], "role": None if row[0] else whom.role_of(owner), "due_on": on,
         "state": "planned", "data": {"days": days, "why": "added by hand"}, **values},
    )  # fmt: skip


def alter(change: Change, row: ObligationRow, values: Mapping[str, Any], owner: str | None, due: date | None) -> None:
    """Other words, another owner, or a day of its own, of an obligation that is planned."""
    found = dict(values)
    if owner:
        person, params = whom.person_sql(owner)
        sql = f"SELECT {person} FROM partners p WHERE p.id = :partner"
        (who,) = change.conn.execute(sql, {**params, "partner": row.partner_id}).fetchone()
        found |= {"owner": who, "role": None if who else whom.role_of(owner)}
    if due:
        found["due_on"] = due.isoformat()
        note(change, row.id, days=None)
    update(change, "obligations", row.id, found)


def remove(change: Change, obligation_id: int) -> None:
    """Take a planned obligation out of its case; the log keeps it."""
    change.conn.execute("DELETE FROM obligations WHERE id = ?", (obligation_id,))


def note(change: Change, obligation_id: int, **said: Any) -> None:
    """Set keys of what is kept beside an obligation."""
    change.conn.execute(
        "UPDATE obligations SET data = json_patch(data, ?) WHERE id = ?", (json.dumps(said), obligation_id)
    )


def opened(change: Change, case_id: int) -> None:
    """What was planned is open from now on, each with a task for its owner."""
    rows = [row for row in of(change.conn, case_id) if row.state == "planned"]
    for row in rows:
        (owner,) = change.conn.execute("SELECT owner FROM obligations WHERE id = ?", (row.id,)).fetchone()
        task = insert(
            change, "tasks",
            {"case_id": case_id, "partner_id": row.partner_id, "kind": "to-do", "title": row.title, "owner": owner,
             "role": row.role, "due_on": row.due and row.due.isoformat(), "state": "open", "detail": _detail(row),
             "data": {"act": PROVE, "obligation": row.id}},
        )  # fmt: skip
        note(change, row.id, task=task)
        update(change, "obligations", row.id, {"state": "open"})


def _detail(row: ObligationRow) -> str | None:
    parts = [row.rule, f"Proof: {row.proof}" if row.proof else None, f"Why: {row.why}" if row.why else None]
    return ". ".join(part.rstrip(".") for part in parts if part) or None


def moved(change: Change, case_id: int, effective_on: date) -> None:
    """Due dates follow the effective date; what has a day of its own keeps it, and what is met stays as it was."""
    for row in open_of(change.conn, case_id):
        if row.days is not None:
            due = (effective_on + timedelta(days=row.days)).isoformat()
            update(change, "obligations", row.id, {"due_on": due})
            if row.task_id:
                update(change, "tasks", row.task_id, {"due_on": due})


def met(change: Change, row: ObligationRow, state: str, said: str, evidence_id: int | None) -> None:
    """An obligation is done or waived, by who acts, and its task with it."""
    note(change, row.id, said=said, by=change.actor_id, on=change.as_of.isoformat())
    update(change, "obligations", row.id, {"state": state, "evidence_id": evidence_id})
    if row.task_id:
        done = {"state": "done" if state == "done" else "cancelled", "done_by": change.actor_id, "done_at": change.at,
                "done_on": change.as_of.isoformat(), "reason": said, "evidence_id": evidence_id}  # fmt: skip
        update(change, "tasks", row.task_id, done)


def ended(change: Change, case_id: int) -> None:
    """The case closed: what was not met is cancelled, and its tasks with it."""
    for row in open_of(change.conn, case_id):
        update(change, "obligations", row.id, {"state": "cancelled"})
        if row.task_id:
            update(change, "tasks", row.task_id, {"state": "cancelled"})
