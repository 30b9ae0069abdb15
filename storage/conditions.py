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
from prm_tui.domain.coverage import Covered
from prm_tui.domain.money import SCALE
from storage import facts, fields, strict
from storage.days import At, Days, same
from storage.partners import Where
from storage.sql import Sql

_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "=": "=", "!=": "!="}
LITERALS = (Text, Number, Day, YesNo)


def compiled(checked: Checked, as_of: date, *, known_by: int | None = None, covered: Covered | None = None) -> Where:
    """The SQL of a condition for a date, with its parameters.

    `known_by`: an instant (epoch); only what was known then counts, and what was corrected since as it was.
    `covered` (storage/coverage.py): strict reading; what facts still to arrive could turn is unknown. Without it the
    facts are taken as recorded.
    """
    compiler = Compiler()
    place = Place(checked.scope, Days.one(as_of, known_by, covered))
    return Where(compiler.whole(checked.node, place), compiler.params)


@dataclass(frozen=True)
class Place:
    """Where in a condition, for which days. `before` asks windows for the time before (change).

    `at` is the day looked at, reckoned from the day of evaluation: in held(…) the end of a month before it.
    """

    scope: Scope
    days: Days
    row: str = ""  # the alias of the row that a `where` looks at
    before: bool = False
    at: At = same
    negated: bool = False  # inside an odd number of nots

    def reckoned(self, of: At) -> At:
        """A day reckoned from the one looked at, as reckoned from the day of evaluation."""
        return lambda day: of(self.at(day))

    def bound(self, compiler: Compiler, of: At = same, *, watched: bool = False) -> str:
        """SQL of a day reckoned from the one looked at; `watched` as in Days.text."""
        return self.days.text(compiler, self.reckoned(of), watched=watched)


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

    def whole(self, node: Node, place: Place) -> str:
        """A condition, unknown when all of it drops out."""
        return "NULL" if strict.absent(node, place) else self.sql(node, place).text

    def sql(self, node: Node, place: Place) -> Sql:
        """The expression of any node; strict where the place is."""
        if place.days.covered is None or place.row:
            return self.bare(node, place)
        node = strict.simpler(node, place)
        made = self.bare(node, place)
        return replace(made, text=strict.told(self, node, place, made.text)) if made.number is None else made

    def bare(self, node: Node, place: Place) -> Sql:
        """The expression of a node as recorded, whatever the place."""
        match node:
            case And(parts) | Or(parts):
                word = " AND " if isinstance(node, And) else " OR "
                texts = [self.sql(part, place).text for part in strict.kept(parts, place)]
                texts.sort(
                    key=lambda text: "SELECT" in text
                )  # a field is cheaper to look at than a fact; values are bound
                return Sql("(" + word.join(texts or ["NULL"]) + ")")
            case Not(value):
                return Sql(f"(NOT {self.sql(value, replace(place, negated=not place.negated)).text})")
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
        left = self._side(node.left, node.op, node.right, place)
        right = self._side(node.right, _TURNED[node.op], node.left, place)
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
            if not part.empty and not isinstance(n, LITERALS)
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
        if since:
            op = _TURNED[op]

        def bound(day: date, more: int = 0) -> date:
            try:
                return day + timedelta(days=more + (-days if since else days))
            except OverflowError:
                return date.min if since else date.max

        def after(day: date) -> date:
            return bound(day, 1)

        untils = {"<": (bound,), ">=": (bound,), "<=": (after,), ">": (after,)}.get(op, (bound, after))
        dated = facts.dated(self, left, place, untils)
        return f"({dated} {op} {place.bound(self, bound, watched=True)})"

    def _side(self, node: Node, op: str, other: Node, place: Place) -> Sql:
        """One side of a comparison; of a count, with the number at which the comparison turns."""
        number = _whole(other)
        if not (isinstance(node, Call) and node.fact == "count") or number is None:
            return self.sql(node, place)
        least = {">=": number, "<": number, ">": number + 1, "<=": number + 1}.get(op, 1 if number == 0 else 0)
        return Sql(facts.counted(self, node, place, least if 0 < least <= 100 else None))

    def membership(self, node: In, place: Place) -> str:
        if not all(isinstance(c, LITERALS) for c in node.choices):
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
        many = f"{days.text} / {SCALE}.0" if days.units else self.on(days, False)
        return f"date({day.text}, ({op}({many})) || ' days')"

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
        if reference.owner == "day":
            day = reference.field.key
            return Sql(self.bind(place.days.named[day]) if day in place.days.named else place.bound(self))
        if reference.owner == "partner":
            return fields.partner_field(self, reference.field, place)
        if reference.owner == "row":
            assert scope.row is not None
            return fields.row_field(self, scope.row, reference.field, place.row, place)
        assert scope.subject is not None
        kind = scope.subject
        if place.days.many and kind.table == "record" and reference.field.key not in fields.KEPT:
            place.days.todays.add(f"{kind.name}.{reference.field.key}")
        return fields.row_field(self, Selector(kind.table, (kind,), kind.label, {}), reference.field, "s", place)


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
