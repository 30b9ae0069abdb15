"""Lists of workflows: rows of a kind, as a workbook kept with the case (for temp.acting, see steps.py)."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

from prm_tui.domain.condition import Kind, check
from prm_tui.domain.sheet import OutColumn, headers_apart
from prm_tui.domain.step import List, Step
from prm_tui.domain.template import parse
from prm_tui.domain.workflow import Workflow
from storage import cases, subjects, telling, undo
from storage.conditions import Compiler, Place
from storage.days import Days
from storage.rounds import Round

_TYPES = {"money": "money", "date": "date", "number": "number", "days": "number", "ratio": "number", "bare": "number"}
_TABLES = {"record": "records", "activity": "activities"}
_CHANGES = ("Change", "At (UTC)", "For", "By", "Kind", "Why", "Hash", "Hash before")


def keep(round_: Round, workflow: Workflow, step: Step) -> None:
    """A list for each case that comes to the step: its title says how many rows there are."""
    assert isinstance(step, List)
    visits = round_.conn.execute(
        "SELECT a.visit, a.case_id, a.partner_id, a.subject_id, c.subject FROM temp.acting a JOIN cases c ON c.id = a.case_id"
        " ORDER BY a.visit"
    ).fetchall()
    told = telling.fields(round_, [parse(step.title)], {})
    for visit, case_id, partner_id, row_id, subject in visits:
        if step.what == "change":
            columns, rows = _changes(round_, partner_id)
        else:
            columns, rows = _rows(round_, step, partner_id, subjects.kind_named(round_.known, subject), row_id)
        title = telling.filled(step.title, told[visit])
        body = round_.table(title, columns, rows)
        cases.keep(round_.change, case_id, partner_id, "document", f"{title} ({len(rows):,})", body, f"{step.id}.xlsx")


def _rows(
    round_: Round, step: List, partner_id: int, about: Kind | None, row_id: int | None
) -> tuple[list[OutColumn], list[list[Any]]]:
    """The columns and rows of a list for a case about a row of a kind, or about its partner."""
    kind = subjects.kind_named(round_.known, step.what)
    compiler, day = Compiler(), Days.one(round_.as_of)

    def made(text: str, of: Kind | None, want: str = "any") -> tuple[str, str, bool]:
        checked = check(text, round_.known, subject=of, want=want)
        sql = compiler.sql(checked.node, Place(checked.scope, day))
        return compiler.on(sql, False), checked.type, sql.units

    shown = [made(text, kind) for text in step.columns.values()]
    tests = [made(step.when, kind, "yes/no")[0]] if step.when else []
    if not step.same:
        tests.append("p.id = :own")
    for name in step.same:
        tests.append(
            f"folded(CAST({made(name, kind)[0]} AS TEXT)) = {_same(round_, name, about, partner_id, row_id, compiler)}"
        )
    if step.same and step.what == "partner":
        tests.append("p.id <> :own")
    by = [f"{made(step.largest, kind)[0]} DESC"] if step.largest else []
    source = "main.partners p"
    if kind is not None:
        source = f"main.{_TABLES[kind.table]} s JOIN main.partners p ON p.id = s.partner_id"
        tests.append("s.kind = :kind")
        if kind.table == "activity":
            tests.append("s.superseded_at IS NULL AND s.occurred_on <= :today")
    order = ", ".join([*by, *(str(n) for n in range(1, len(shown) + 1)), "p.id"])
    found = round_.conn.execute(
        f"SELECT {', '.join(sql for sql, _, _ in shown)} FROM {source} WHERE p.joined_into IS NULL AND {' AND '.join(tests)}"
        f" ORDER BY {order}",
        {**compiler.params, "own": partner_id, "kind": kind.name if kind else None, "today": round_.as_of.isoformat()},
    ).fetchall()
    columns = [
        OutColumn(header, "skip", _TYPES.get(type_, "text"))
        for header, (_, type_, _) in zip(step.columns, shown, strict=True)
    ]
    types = [(type_, units) for _, type_, units in shown]
    return headers_apart(columns), [[_cell(*of, cell) for of, cell in zip(types, row, strict=True)] for row in found]


def _same(round_: Round, name: str, about: Kind | None, partner_id: int, row_id: int | None, into: Compiler) -> str:
    """What a case is about has in a field, as a parameter; NULL, which equals nothing, where that is empty."""
    checked = check(name, round_.known, subject=about, want="any")
    compiler = Compiler()
    sql = compiler.on(compiler.sql(checked.node, Place(checked.scope, Days.one(round_.as_of))), False)
    row = "" if about is None else f" JOIN main.{_TABLES[about.table]} s ON s.id = :row"
    (value,) = round_.conn.execute(
        f"SELECT nullif(folded(CAST({sql} AS TEXT)), '') FROM main.partners p{row} WHERE p.id = :own",
        {**compiler.params, "own": partner_id, "row": row_id},
    ).fetchone()
    return into.bind(value)


def _cell(type_: str, units: bool, cell: Any) -> Any:
    found = subjects.read(cell, type_, units)
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, date):
        return found.isoformat()
    if isinstance(found, Decimal | float):
        return round(float(found), 4)
    return found


def _changes(round_: Round, partner_id: int) -> tuple[list[OutColumn], list[list[Any]]]:
    """Every change that touched the partner or what it has, the first one first, as the log chains them."""
    changes = [one for one in reversed(undo.history(round_.conn, None, partner_id)) if one.id != round_.change.id]
    links = {
        number: link  # not of the one under way: its hash is made when it is over
        for number, *link in round_.conn.execute(
            "SELECT id, hash, prev_hash FROM changes WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([one.id for one in changes]),),
        )
    }
    rows = [
        [one.id, f"{one.at:%Y-%m-%d %H:%M:%S}", one.as_of.isoformat(), one.actor, one.kind, one.why, *links[one.id]]
        for one in changes
    ]
    types = {"Change": "number", "For": "date"}
    return [OutColumn(name, "skip", types.get(name, "text")) for name in _CHANGES], rows
