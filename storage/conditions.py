"""A checked condition as one SQL expression over `partners p`: 1, 0, or NULL for unknown.

Every literal is a bound parameter, every fact one correlated scalar subquery (storage/facts.py). Money and
quantities stay whole ten-thousandths (`units`); a number that was written down is brought to what it stands
beside. NULL is unknown for a fact, but empty for a field: empty can equal nothing that was written down.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from prm_tui.domain.condition import Checked
from prm_tui.domain.condition.catalogue import Field
from prm_tui.domain.condition.check import type_of
from prm_tui.domain.condition.scope import Reference, Scope, Selector
from prm_tui.domain.condition.tree import (
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Contains,
    Day,
    In,
    Is,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Or,
    Text,
    YesNo,
)
from prm_tui.domain.money import SCALE
from storage import facts
from storage.partners import Where

_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "=": "=", "!=": "!="}
_LITERALS = (Text, Number, Day, YesNo)


def compiled(checked: Checked, as_of: date) -> Where:
    """The SQL of a condition for a date, with its parameters."""
    compiler = Compiler()
    sql = compiler.sql(checked.node, Place(checked.scope, as_of)).text
    return Where(sql, compiler.params)


@dataclass(frozen=True)
class Place:
    """Where in a condition, for which date. `before` asks windows for the time before (change)."""

    scope: Scope
    as_of: date
    row: str = ""  # the alias of the row that a `where` looks at
    before: bool = False


@dataclass(frozen=True)
class Sql:
    """An expression. `units`: in ten-thousandths; `empty`: NULL means empty, not unknown."""

    text: str
    units: bool = False
    empty: bool = False
    number: Decimal | None = None  # a number that was written down, not bound yet


@dataclass
class Compiler:
    """Collects the parameters of one statement while its expressions are made."""

    params: dict[str, Any] = field(default_factory=dict)
    aliases: int = 0

    def bind(self, value: Any) -> str:
        """A parameter that holds a value."""
        name = f"k{len(self.params)}"
        self.params[name] = value
        return f":{name}"

    def alias(self) -> str:
        """A table name no other part of the statement uses."""
        self.aliases += 1
        return f"t{self.aliases}"

    def amount(self, number: Decimal, units: bool) -> str:
        """A number that was written down, as a parameter on the scale it is needed on."""
        value = number * SCALE if units else number
        whole = value == value.to_integral_value() and abs(value) < 2**62
        return self.bind(int(value) if whole else float(value))

    def sql(self, node: Node, place: Place) -> Sql:
        """The expression of any node."""
        match node:
            case And(parts) | Or(parts):
                word = " AND " if isinstance(node, And) else " OR "
                return Sql("(" + word.join(self.sql(p, place).text for p in parts) + ")")
            case Not(value):
                return Sql(f"(NOT {self.sql(value, place).text})")
            case Compare():
                return Sql(self.compare(node, place))
            case Between(value, low, high):
                a, b, c = (self.sql(n, place) for n in (value, low, high))
                units = a.units or b.units or c.units
                return Sql(f"({self.on(a, units)} BETWEEN {self.on(b, units)} AND {self.on(c, units)})")
            case In():
                return Sql(self.membership(node, place))
            case Contains(value, part):
                return Sql(self.contains(value, part, place))
            case Is():
                return Sql(self.asked(node, place))
            case Arithmetic():
                return self.arithmetic(node, place)
            case Negative(value):
                inner = self.sql(value, place)
                if inner.number is not None:
                    return replace(inner, number=-inner.number)
                return Sql(f"(-{inner.text})", inner.units)
            case Call():
                return facts.fact(self, node, place)
            case Name():
                return self.field(place.scope.reference(node), place)
        return self.literal(node)

    def literal(self, node: Node) -> Sql:
        match node:
            case Number(value, percent):
                return Sql("", number=value / 100 if percent else value)
            case Text(value):
                return Sql(self.bind(value))
            case Day(value):
                return Sql(self.bind(value.isoformat()))
            case YesNo(value):
                return Sql(self.bind(int(value)))
        raise TypeError(f"{type(node).__name__} cannot be evaluated in a list")

    def on(self, part: Sql, units: bool) -> str:
        """An expression brought to a scale."""
        if part.number is not None:
            return self.amount(part.number, units)
        return f"({part.text} * {SCALE})" if units and not part.units else part.text

    # ---- comparisons ----

    def compare(self, node: Compare, place: Place) -> str:
        short = self._days(node.op, node.left, node.right, place) or self._days(
            _TURNED[node.op], node.right, node.left, place
        )
        if short:
            return short
        left, right = self.sql(node.left, place), self.sql(node.right, place)
        units = left.units or right.units
        a, b = self.on(left, units), self.on(right, units)
        nocase = " COLLATE NOCASE" if type_of(node.left, place.scope) == "text" else ""
        if node.op not in ("=", "!="):
            return f"({a} {node.op} {b})"
        if not (left.empty or right.empty):
            return f"({a} {node.op} {b}{nocase})"
        test = f"({a} IS {'NOT ' if node.op == '!=' else ''}{b}{nocase})"
        unsure = [
            s
            for s, part, n in ((a, left, node.left), (b, right, node.right))
            if not part.empty and not isinstance(n, _LITERALS)
        ]
        return f"(CASE WHEN {unsure[0]} IS NOT NULL THEN {test} END)" if unsure else test

    def _days(self, op: str, left: Node, right: Node, place: Place) -> str | None:
        """days_since(x) > 90 as: x lies before a day that is known here."""
        if not (isinstance(left, Call) and left.fact in ("days_since", "days_until")):
            return None
        days = _whole(right)
        if days is None:
            return None
        since = left.fact == "days_since"
        dated = facts.dated(self, left, place)
        try:
            bound = place.as_of + timedelta(days=-days if since else days)
        except OverflowError:
            bound = date.min if since else date.max
        if since:
            op = _TURNED[op]
        return f"({dated} {op} {self.bind(bound.isoformat())})"

    def membership(self, node: In, place: Place) -> str:
        if not all(isinstance(c, _LITERALS) for c in node.choices):
            tests = " OR ".join(self.compare(Compare("=", node.value, c), place) for c in node.choices)
            return f"(NOT ({tests}))" if node.negated else f"({tests})"
        value = self.sql(node.value, place)
        choices = [self.literal(c) for c in node.choices]
        units = value.units
        nocase = " COLLATE NOCASE" if type_of(node.value, place.scope) == "text" else ""
        test = f"({self.on(value, units)}{nocase} IN ({', '.join(self.on(c, units) for c in choices)}))"
        if value.empty:
            test = f"coalesce({test}, 0)"
        return f"(NOT {test})" if node.negated else test

    def contains(self, value: Node, part: Node, place: Place) -> str:
        whole = self.sql(value, place)
        if isinstance(part, Text):
            pattern = self.bind("%" + _escaped(part.value) + "%")
            test = f"({whole.text} LIKE {pattern} ESCAPE '\\')"
        else:
            test = f"(instr(lower({whole.text}), lower({self.sql(part, place).text})) > 0)"
        return f"coalesce({test}, 0)" if whole.empty else test

    def asked(self, node: Is, place: Place) -> str:
        value = self.sql(node.value, place)
        if value.number is not None:
            return self.bind(int((node.what == "known") != node.negated))
        test = f"({value.text} IS NULL OR {value.text} = '')" if value.empty else f"({value.text} IS NULL)"
        return f"(NOT {test})" if (node.what == "known") != node.negated else test

    # ---- arithmetic ----

    def arithmetic(self, node: Arithmetic, place: Place) -> Sql:
        left, right = self.sql(node.left, place), self.sql(node.right, place)
        types = type_of(node.left, place.scope), type_of(node.right, place.scope)
        if "date" in types:
            return Sql(self._dates(node.op, left, right, types))
        if left.number is not None and right.number is not None:
            return self._folded(node.op, left.number, right.number)
        if node.op in "+-":
            units = left.units or right.units
            return Sql(f"({self.on(left, units)} {node.op} {self.on(right, units)})", units)
        return self._product(node.op, left, right)

    def _folded(self, op: str, a: Decimal, b: Decimal) -> Sql:
        if op == "/" and b == 0:
            return Sql("NULL")
        return Sql("", number={"+": a + b, "-": a - b, "*": a * b}[op] if op != "/" else a / b)

    def _dates(self, op: str, left: Sql, right: Sql, types: tuple[str, str]) -> str:
        if types == ("date", "date"):
            return f"CAST(julianday({left.text}) - julianday({right.text}) AS INTEGER)"
        day, days = (left, right) if types[0] == "date" else (right, left)
        return f"date({day.text}, ({op}{self.on(days, False)}) || ' days')"

    def _product(self, op: str, left: Sql, right: Sql) -> Sql:
        if op == "*" and left.number is not None:
            left, right = right, left
        if right.number is not None:  # as a fraction of whole numbers: one rounding, at the end
            above, below = right.number.as_integer_ratio()
            if op == "/":
                above, below = below, above
            times, by = self.amount(Decimal(above), False), self.bind(float(below))
            return Sql(f"({left.text} * {times} / {by})", left.units)
        a, b = left.text if left.number is None else self.amount(left.number, False), right.text
        if op == "*":
            scaled = f"({a} * {b})"
            return (
                Sql(f"({scaled} / {SCALE}.0)", True)
                if left.units and right.units
                else Sql(scaled, left.units or right.units)
            )
        if right.units and not left.units:
            return Sql(f"({a} * {SCALE}.0 / {b})")
        return Sql(f"(CAST({a} AS REAL) / {b})", left.units and not right.units)

    # ---- fields ----

    def field(self, reference: Reference, place: Place) -> Sql:
        """A field of the row, the subject or the partner."""
        scope = place.scope
        if reference.owner == "partner":
            return self._partner_field(reference.field)
        if reference.owner == "row":
            assert scope.row is not None
            return self.row_field(scope.row, reference.field, place.row)
        assert scope.subject is not None
        kind = scope.subject
        return self.row_field(Selector(kind.table, (kind,), kind.label, {}), reference.field, "s")

    def _partner_field(self, found: Field) -> Sql:
        if not found.own:
            return self.typed(f"json_extract(p.custom, {self.bind(_path(found.key))})", found)
        if found.key == "manager":
            return Sql("(SELECT name FROM people WHERE people.id = p.manager)", empty=True)
        if found.key == "parent":
            return Sql("(SELECT o.name FROM partners o WHERE o.id = p.parent)", empty=True)
        return Sql(f"p.{found.key}", empty=True)

    def row_field(self, rows: Selector, found: Field, alias: str) -> Sql:
        """A field of a row of a selector's table."""
        if not found.own:
            return self.typed(f"json_extract({alias}.data, {self.bind(_path(found.key))})", found)
        if found.key == "open":
            return Sql(self._open(rows, alias))
        if found.key in ("person", "owner"):
            column = "person_id" if found.key == "person" else "owner"
            return Sql(f"(SELECT name FROM people WHERE people.id = {alias}.{column})", empty=True)
        if rows.table == "tag":
            return Sql(f"{alias}.tag")
        return Sql(f"{alias}.{found.key}", found.key in ("amount", "quantity"), empty=True)

    def _open(self, rows: Selector, alias: str) -> str:
        if rows.table == "case":
            return f"({alias}.state = 'open')"
        states = [s for kind in rows.kinds for s in kind.open]
        if not states:
            return "1"
        return f"coalesce({alias}.status COLLATE NOCASE IN ({', '.join(self.bind(s) for s in states)}), 1)"

    def typed(self, text: str, found: Field) -> Sql:
        """A value kept as JSON, which may hold what its sheet said: only what has the field's type counts."""
        if found.type == "date":
            return Sql(f"(CASE WHEN {text} GLOB '????-??-??*' THEN substr({text}, 1, 10) END)", empty=True)
        if found.type in ("number", "money", "ratio", "days"):
            number = f"(CASE WHEN typeof({text}) IN ('integer', 'real') THEN {text} END)"
            return Sql(number, found.type == "money", empty=True)
        if found.type == "yes/no":
            said = f"lower({text})"
            return Sql(
                f"(CASE WHEN {said} IN ('1', '1.0', 'yes', 'y', 'true') THEN 1"
                f" WHEN {said} IN ('0', '0.0', 'no', 'n', 'false') THEN 0 END)",
                empty=True,
            )
        return Sql(text, empty=True)


def _path(key: str) -> str:
    return '$."' + key + '"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _whole(node: Node) -> int | None:
    """The whole number a literal is, with its sign."""
    if isinstance(node, Negative):
        inner = _whole(node.value)
        return None if inner is None else -inner
    if isinstance(node, Number) and not node.percent and node.value == int(node.value):
        return int(node.value)
    return None
