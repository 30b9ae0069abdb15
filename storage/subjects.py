"""Conditions and values about the subjects of cases: the partner, or the record or activity a case is about."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from prm_tui.domain.condition import Catalogue, Kind, check, show
from prm_tui.domain.condition.catalogue import RECORD_FIELDS
from prm_tui.domain.condition.tree import leaves
from prm_tui.domain.money import SCALE
from storage import coverage
from storage.conditions import Compiler, Place
from storage.days import Days
from storage.explain import subject_of

_TABLES = {"record": "records", "activity": "activities"}


def meeting(conn: sqlite3.Connection, known: Catalogue, as_of: date, text: str, visits: Sequence[int]) -> set[int]:
    """Those of these visits (rows of steps) whose subject meets a condition; unknown is not met.

    Read strictly: what facts still to arrive could turn is unknown.
    """
    found = set[int]()
    for kind, listed in _by_subject(conn, known, visits):
        checked = check(text, known, subject=kind)
        compiler = Compiler()
        days = Days.one(as_of, covered=coverage.covered(conn, checked, as_of))
        sql = compiler.whole(checked.node, Place(checked.scope, days))
        rows = conn.execute(f"SELECT v.id {_rows(kind)} AND {sql}", {**compiler.params, "visits": listed})
        found |= {visit for (visit,) in rows}
    return found


def values(
    conn: sqlite3.Connection, known: Catalogue, as_of: date, texts: Sequence[str], visits: Sequence[int]
) -> dict[int, list[tuple[Any, str]]]:
    """For each visit what the expressions give: (value, type); None where unknown or empty. Money is a Decimal."""
    found: dict[int, list[tuple[Any, str]]] = {}
    for kind, listed in _by_subject(conn, known, visits):
        compiler = Compiler()
        columns, types, units = [], [], []
        for text in texts:
            checked = check(text, known, subject=kind, want="any")
            made = compiler.sql(checked.node, Place(checked.scope, Days.one(as_of)))
            columns.append(compiler.on(made, False))
            types.append("number" if checked.type == "bare" else checked.type)
            units.append(made.units)
        rows = conn.execute(
            f"SELECT v.id, {', '.join(columns) or '1'} {_rows(kind)}", {**compiler.params, "visits": listed}
        )
        for visit, *cells in rows:
            found[visit] = [
                (read(cell, type_, unit), type_) for cell, type_, unit in zip(cells, types, units, strict=False)
            ]
    return found


def parts(
    conn: sqlite3.Connection, known: Catalogue, as_of: date, text: str, visits: Sequence[int]
) -> dict[int, list[tuple[str, tuple[Any, str]]]]:
    """For each visit the parts of a condition, each with what it looks at: (part, (value, type))."""
    found: dict[int, list[tuple[str, tuple[Any, str]]]] = {}
    for kind, listed in _by_subject(conn, known, visits):
        tests = leaves(check(text, known, subject=kind).node)
        looked_at = values(conn, known, as_of, [show(subject_of(test)) for test in tests], json.loads(listed))
        found |= {visit: list(zip(map(show, tests), told, strict=True)) for visit, told in looked_at.items()}
    return found


def elsewhere(conn: sqlite3.Connection, known: Catalogue, fields: Sequence[str], visits: Sequence[int]) -> set[int]:
    """Those of these visits whose record has these very values at another partner, too; an empty one equals nothing."""
    found = set[int]()
    for kind, listed in _by_subject(conn, known, visits):
        if kind is None or kind.table != "record":
            continue
        tests = ""
        for name in fields:
            column = f"{{0}}.{name}" if name in RECORD_FIELDS else f"json_extract({{0}}.data, '$.{name}')"
            mine, theirs = (f"folded(CAST({column.format(alias)} AS TEXT))" for alias in ("s", "o"))
            tests += f" AND {mine} <> '' AND {mine} = {theirs}"
        rows = conn.execute(
            f"SELECT v.id {_rows(kind)} AND EXISTS (SELECT 1 FROM main.records o WHERE o.kind = s.kind"
            f" AND o.partner_id <> s.partner_id{tests})",
            {"visits": listed},
        )
        found |= {visit for (visit,) in rows}
    return found


def read(cell: Any, type_: str, units: bool) -> Any:
    """A cell as a value of its type; None where it is empty or unknown."""
    if cell is None or cell == "":
        return None
    if type_ == "date":
        return date.fromisoformat(str(cell)[:10])
    if type_ == "yes/no":
        return bool(cell)
    if units:
        return Decimal(str(cell)) / SCALE
    return cell


def _by_subject(conn: sqlite3.Connection, known: Catalogue, visits: Iterable[int]) -> list[tuple[Kind | None, str]]:
    """The visits by what their cases are about, each group as a JSON list."""
    groups: dict[str, list[int]] = {}
    for subject, visit in conn.execute(
        "SELECT c.subject, v.id FROM steps v JOIN cases c ON c.id = v.case_id"
        " WHERE v.id IN (SELECT value FROM json_each(?)) ORDER BY v.id",
        (json.dumps(list(visits)),),
    ):
        groups.setdefault(subject, []).append(visit)
    return [(kind_named(known, subject), json.dumps(listed)) for subject, listed in groups.items()]


def kind_named(known: Catalogue, subject: str) -> Kind | None:
    """The kind a subject such as record:deal names; None for partners."""
    table, _, name = subject.partition(":")
    if table not in _TABLES:
        return None
    return (known.records if table == "record" else known.activities).get(name)


def _rows(kind: Kind | None) -> str:
    join = "" if kind is None else f" JOIN main.{_TABLES[kind.table]} s ON s.id = c.subject_id"
    return (
        "FROM main.steps v JOIN main.cases c ON c.id = v.case_id JOIN main.partners p ON p.id = c.partner_id"
        f"{join} WHERE v.id IN (SELECT value FROM json_each(:visits))"
    )
