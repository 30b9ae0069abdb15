"""Why a condition is met or not for one partner: the leaves of the very SQL that lists run, with the rows behind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from prm_tui.domain.condition import Checked, Evidence, Leaf, reading, show
from prm_tui.domain.condition.check import type_of
from prm_tui.domain.condition.tree import (
    And,
    Between,
    Call,
    Compare,
    Contains,
    In,
    Is,
    Name,
    Node,
    Not,
    Number,
    Or,
    walk,
)
from prm_tui.domain.condition.windows import NAMES
from prm_tui.domain.coverage import Covered
from prm_tui.domain.money import SCALE
from prm_tui.domain.partner import Source
from storage import facts, strict
from storage.conditions import Compiler, Place
from storage.days import Days

ROWS = 5
"""How many of the latest rows behind a value are shown."""
_WHAT = {
    "activity": "coalesce((SELECT k.label FROM kinds k WHERE k.tbl = 'activity' AND k.name = x.kind), x.kind)"
    " || coalesce(' ' || x.ref, '')",
    "record": "x.name || coalesce(', ' || x.status, '')",
    "case": "CASE WHEN x.restricted THEN 'a restricted case' ELSE x.title END",
    "tag": "x.tag",
}
_TABLES = {"record": "records", "activity": "activities"}
_OUTCOMES = {1: "met", 0: "not met", None: "unknown"}


@dataclass(frozen=True)
class Whom:
    """Whom a condition is explained for: a partner, or a row of records or activities of it."""

    partner_id: int
    table: str | None = None
    row_id: int | None = None

    @property
    def rows(self) -> str:
        """FROM … WHERE … of that one subject: `p`, and `s` where it is a row."""
        join = f" JOIN {self.table} s ON s.id = :whose_row" if self.table else ""
        return f"FROM partners p{join} WHERE p.id = :whose"

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of `rows`."""
        return {"whose": self.partner_id, "whose_row": self.row_id}


def explain(
    conn: sqlite3.Connection,
    checked: Checked,
    partner_id: int,
    as_of: date,
    covered: Covered | None = None,
    row_id: int | None = None,
) -> Leaf:
    """The condition as a tree of parts, each with its outcome for this partner; `covered` as in compiled.

    `row_id`: the record or activity, where the condition is about one.
    """
    subject = checked.scope.subject
    whom = Whom(partner_id, _TABLES[subject.table] if subject and row_id else None, row_id)
    return explained(conn, checked.node, Place(checked.scope, Days.one(as_of, covered=covered)), whom)


def values(
    conn: sqlite3.Connection, expressions: Mapping[str, Checked], partner_ids: Sequence[int], as_of: date
) -> dict[int, dict[str, Any]]:
    """What expressions of any type give for partners, in one statement: partner → text → value."""
    compiler, day = Compiler(), Days.one(as_of)
    made = {text: compiler.sql(one.node, Place(one.scope, day)) for text, one in expressions.items()}
    columns = "".join(f", {compiler.on(sql, False)}" for sql in made.values())
    rows = conn.execute(
        f"SELECT p.id{columns} FROM partners p WHERE p.id IN (SELECT value FROM json_each(:whose))",
        {**compiler.params, "whose": json.dumps(list(partner_ids))},
    )
    types = [type_of(one.node, one.scope) for one in expressions.values()]
    return {
        partner: {
            text: shown(cell, sql.units, kind)
            for (text, sql), cell, kind in zip(made.items(), cells, types, strict=True)
        }
        for partner, *cells in rows
    }


def explained(conn: sqlite3.Connection, node: Node, place: Place, whom: Whom) -> Leaf:
    """A condition as a tree of parts at a place, for a partner or one row of it."""
    outcome = _OUTCOMES[_ask(conn, node, place, whom)]
    match node:
        case And(parts) | Or(parts):
            inner = tuple(explained(conn, p, place, whom) for p in parts)
            return Leaf(show(node), outcome, joined="all" if isinstance(node, And) else "any", parts=inner)
        case Not(inner_node):
            inside = replace(place, negated=not place.negated)
            return Leaf(show(node), outcome, joined="not", parts=(explained(conn, inner_node, inside, whom),))
    subject = subject_of(node)
    found = _value(conn, subject, place, whom)
    rows, behind = _rows(conn, subject, place, whom)
    return Leaf(
        text=show(node),
        outcome=outcome,
        value=found,
        needed=_needed(node),
        gap="" if outcome != "not met" else _gap(conn, node, place, whom, found),
        reading=reading(node),
        rows=rows,
        behind=behind,
        awaits=_awaited(node, place) if outcome == "unknown" else "",
    )


def _awaited(node: Node, place: Place) -> str:
    """What would settle a test; for held(…) what would settle the test inside."""
    covered = place.days.covered
    if covered is None:
        return ""
    if isinstance(node, Call) and node.fact == "held":
        return _awaited(node.arguments[2].value, place)
    (day,) = place.days.listed
    return strict.awaited(node, place, covered(day), day)


def subject_of(node: Node) -> Node:
    """The part of a test whose value is shown."""
    match node:
        case Compare(_, left) if not isinstance(left, Number):
            return left
        case Compare(_, _, right):
            return right
        case In(inner) | Between(inner) | Contains(inner) | Is(inner):
            return inner
    return node


def _needed(node: Node) -> str:
    text, subject = show(node), show(subject_of(node))
    return text.removeprefix(subject).strip() if text.startswith(subject) else text


def _ask(conn: sqlite3.Connection, node: Node, place: Place, whom: Whom) -> Any:
    compiler = Compiler()
    sql = compiler.whole(node, place)
    return conn.execute(f"SELECT {sql} {whom.rows}", {**compiler.params, **whom.params}).fetchone()[0]


def _value(conn: sqlite3.Connection, node: Node, place: Place, whom: Whom) -> Any:
    compiler = Compiler()
    made = compiler.sql(node, place)
    sql = compiler.on(made, False)
    raw = conn.execute(f"SELECT {sql} {whom.rows}", {**compiler.params, **whom.params}).fetchone()[0]
    return shown(raw, made.units, type_of(node, place.scope))


def shown(raw: Any, units: bool, kind: str) -> Any:
    """A value as it comes from the SQL of an expression of a type: yes or no, a date, an amount."""
    if raw is None:
        return None
    if kind == "yes/no":
        return bool(raw)
    if kind == "date":
        try:
            return date.fromisoformat(str(raw))
        except ValueError:
            return raw
    if units:
        return (Decimal(str(raw)) / SCALE).quantize(Decimal("0.01"))
    return raw


def _gap(conn: sqlite3.Connection, node: Node, place: Place, whom: Whom, found: Any) -> str:
    """How far a comparison is from turning: “11 days short”."""
    if not isinstance(node, Compare) or node.op not in ("<", "<=", ">", ">="):
        return ""
    left, right = (_value(conn, side, place, whom) for side in (node.left, node.right))
    if left is None or right is None or isinstance(left, str) or isinstance(right, str):
        return ""
    if isinstance(left, date) and isinstance(right, date):
        return _by(abs((left - right).days) + (node.op in ("<", ">")), "days", node.op)
    if isinstance(left, date) or isinstance(right, date):
        return ""
    kind = type_of(node.left, place.scope)
    distance = abs(Decimal(str(left)) - Decimal(str(right)))
    whole = kind == "days" or (isinstance(node.left, Call) and node.left.fact == "count")
    if whole and node.op in ("<", ">"):
        distance += 1  # more than 90 days begins at 91
    if kind == "ratio":
        return _by(f"{distance * 100:.1f}", "percentage points", node.op)
    return _by(f"{distance:,.2f}".removesuffix(".00"), "days" if kind == "days" else "", node.op)


def _by(distance: Any, unit: str, op: str) -> str:
    return f"{distance} {unit}".strip() + (" short" if op in (">", ">=") else " too much")


def _rows(conn: sqlite3.Connection, node: Node, place: Place, whom: Whom) -> tuple[tuple[Evidence, ...], int]:
    for part, _ in walk(node):
        if isinstance(part, Call):
            compiler = Compiler()
            found = facts.latest(compiler, part, place)
            if found is not None:
                return _latest(conn, compiler, *found, whom)
        if isinstance(part, Name) and part.said not in NAMES:  # the window of a fact is no value
            source = _cell(conn, part, place, whom)
            return ((source,), 1) if source else ((), 0)
    return (), 0


def _latest(
    conn: sqlite3.Connection, compiler: Compiler, source: str, alias: str, table: str, whom: Whom
) -> tuple[tuple[Evidence, ...], int]:
    column = {"activity": "occurred_on", "record": "starts_on", "case": "opened_on"}.get(table, "NULL")
    name = {"activity": "activities", "record": "records", "case": "cases", "tag": "tags"}[table]
    cell = "s.file, s.sheet, x.row" if table in ("activity", "record") else "NULL, NULL, NULL"
    join = " LEFT JOIN sources s ON s.id = x.source_id" if table in ("activity", "record") else ""
    dated = f"{alias}.{column}" if column != "NULL" else "NULL"
    (found,) = conn.execute(
        f"SELECT (SELECT json_group_array(json_array({dated}, {alias}.id)) {source}) {whom.rows}",
        {**compiler.params, **whom.params},
    ).fetchone()
    ids = [row_id for _, row_id in sorted(((on or "", row_id) for on, row_id in json.loads(found)), reverse=True)]
    listed = json.dumps(ids[:ROWS])
    rows = {
        row[0]: Evidence(
            date.fromisoformat(row[1]) if row[1] else None,
            row[2],
            Source(row[3], row[4], row[5]) if row[3] is not None and row[5] is not None else None,
        )
        for row in conn.execute(
            f"SELECT x.id, {'x.' + column if column != 'NULL' else 'NULL'}, {_WHAT[table]}, {cell} FROM {name} x{join}"
            " WHERE x.id IN (SELECT value FROM json_each(?))",
            (listed,),
        )
    }
    return tuple(rows[i] for i in ids[:ROWS] if i in rows), len(ids)


def _cell(conn: sqlite3.Connection, name: Name, place: Place, whom: Whom) -> Evidence | None:
    """Where a field's value came from: the change that last set it, else the row of its sheet."""
    reference = place.scope.reference(name)
    if reference.owner == "day":
        return None
    of_row = reference.owner == "subject" and whom.table is not None
    table, row_id = (whom.table, whom.row_id) if of_row else ("partners", whom.partner_id)
    own = "data" if of_row else f"custom.{reference.field.key}"
    edited = conn.execute(
        "SELECT c.id, c.at, c.actor, c.as_of FROM change_log l JOIN changes c ON c.id = l.change_id"
        " WHERE l.tbl = ? AND l.row_id = ? AND l.col = ? ORDER BY l.id DESC LIMIT 1",
        (table, row_id, reference.field.key if reference.field.own else own),
    ).fetchone()
    if edited:
        return Evidence(
            date.fromisoformat(edited[3]), f"{reference.field.label} set by {edited[2]}, change {edited[0]}", None
        )
    row = conn.execute(
        f"SELECT o.file, o.sheet, x.row FROM {table} x JOIN sources o ON o.id = x.source_id WHERE x.id = ?", (row_id,)
    ).fetchone()
    return Evidence(None, reference.field.label, Source(*row)) if row and row[2] is not None else None
