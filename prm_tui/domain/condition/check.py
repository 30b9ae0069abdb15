"""Types: what a condition means in a file, or what is wrong with it and where.

A type is text, number, money, ratio, days, date or yes/no; `bare` is a number that was written down, which
takes the type of what it stands beside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from prm_tui.domain.condition.arithmetic import NUMERIC as NUMERIC
from prm_tui.domain.condition.arithmetic import added, multiplied
from prm_tui.domain.condition.arithmetic import same as same
from prm_tui.domain.condition.catalogue import (
    ACTIVITY_FIELDS,
    BY_NAME,
    OF_THE_DAY,
    RECORD_FIELDS,
    Catalogue,
    Field,
    Kind,
)
from prm_tui.domain.condition.error import ConditionError
from prm_tui.domain.condition.named import expand
from prm_tui.domain.condition.parse import parse
from prm_tui.domain.condition.scope import Scope, Selector, fact_named, need
from prm_tui.domain.condition.show import show
from prm_tui.domain.condition.tree import (
    And,
    Argument,
    Arithmetic,
    Between,
    Call,
    Changed,
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
from prm_tui.domain.text import nearest

_WORDY = {"text": "text", "person": "text", "partner": "text"}
_SAID = {"bare": "a number", "number": "a number", "money": "an amount", "ratio": "a percentage", "days": "days",
         "date": "a date", "text": "text", "yes/no": "yes or no"}  # fmt: skip
_SUMS = ("sum", "avg", "median", "min", "max")


@dataclass(frozen=True)
class Checked:
    """A condition that means something in a file: its tree with named facts written out, its type, its subject."""

    node: Node
    type: str
    scope: Scope


def check(
    text: str | Node,
    catalogue: Catalogue,
    *,
    subject: Kind | None = None,
    trigger: bool = False,
    want: str = "yes/no",
    dates: tuple[Field, ...] = OF_THE_DAY,
) -> Checked:
    """Parse and check a condition. `want` is the type it must have, or "any"; `dates` may be named beside fields.

    Raises ConditionError: for a text that cannot be parsed, a name that is not known (with the nearest that is),
    and for types that do not go together.
    """
    node = parse(text) if isinstance(text, str) else text
    if subject is not None:
        own = ACTIVITY_FIELDS if subject.table == "activity" else RECORD_FIELDS
        subject = replace(subject, fields={**own, **subject.fields})
    scope = Scope(catalogue, subject=subject, trigger=trigger, dates=dates)
    node = expand(node, catalogue, of_partner=subject is not None)
    found = type_of(node, scope)
    if want != "any" and found != want:
        raise ConditionError(
            f"this is {_SAID[found]}, not a condition", node.at, expected="a comparison, such as … > 10"
        )
    return Checked(node, found, scope)


def type_of(node: Node, scope: Scope) -> str:
    """The type of a tree at a place, every part of it checked."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                _truth(part, scope)
            return "yes/no"
        case Not(value):
            _truth(value, scope)
            return "yes/no"
        case Compare(op, left, right):
            _comparable(op, left, right, scope)
            return "yes/no"
        case In(value, choices):
            for choice in choices:
                _comparable("=", value, choice, scope)
            return "yes/no"
        case Between(value, low, high):
            _comparable("<=", value, low, scope)
            _comparable("<=", value, high, scope)
            return "yes/no"
        case Contains(value, part):
            for side in (value, part):
                if type_of(side, scope) != "text":
                    raise ConditionError("contains looks for text in text", side.at)
            return "yes/no"
        case Is(value, what):
            type_of(value, scope)
            if what == "empty" and not isinstance(value, Name):
                raise ConditionError(
                    "a computed value is never empty, it may be unknown", value.at, expected="is known"
                )
            return "yes/no"
        case Changed(value, old, new):
            return _changed(node, [value, old, new], scope)
        case Arithmetic(op, left, right):
            a, b = type_of(left, scope), type_of(right, scope)
            return _arithmetic(node, op, _days(a, left, b), _days(b, right, a))
        case Negative(value):
            kind = type_of(value, scope)
            if kind not in NUMERIC:
                raise ConditionError(f"{_SAID[kind]} has no negative", node.at)
            return kind
        case Call():
            return call_type(node, scope)
        case Name():
            kind = scope.reference(node).field.type
            return _WORDY.get(kind, kind)
    return _literal(node)


def _literal(node: Node) -> str:
    match node:
        case Number(_, percent):
            return "ratio" if percent else "bare"
        case Text():
            return "text"
        case Day():
            return "date"
        case YesNo():
            return "yes/no"
    raise TypeError(type(node).__name__)


def _truth(node: Node, scope: Scope) -> None:
    kind = type_of(node, scope)
    if kind != "yes/no":
        raise ConditionError(
            f"“{_short(node)}” is {_SAID[kind]}, not a condition", node.at, expected="a comparison, such as … > 10"
        )


def _short(node: Node) -> str:
    text = show(node)
    return text if len(text) <= 40 else text[:39] + "…"


def _comparable(op: str, left: Node, right: Node, scope: Scope) -> None:
    a, b = type_of(left, scope), type_of(right, scope)
    if not same(a, b):
        raise ConditionError(
            f"{_SAID[a]} cannot be compared with {_SAID[b]}: {_short(left)} {op} {_short(right)}", right.at,
            expected=_SAID[a],
        )  # fmt: skip
    if op not in ("=", "!=") and a in ("text", "yes/no"):
        raise ConditionError(f"{_SAID[a]} is not more or less than another; use =, != or in", left.at)


def _changed(node: Node, values: list[Node | None], scope: Scope) -> str:
    if not scope.trigger:
        raise ConditionError("“changed” stands only in triggers", node.at, expected="a comparison with = or !=")
    first, *others = values
    assert first is not None
    for other in others:
        if other is not None:
            _comparable("=", first, other, scope)
    type_of(first, scope)
    return "yes/no"


def _arithmetic(node: Node, op: str, a: str, b: str) -> str:
    found = added(op, a, b) if op in "+-" else multiplied(op, a, b)
    if found is None:
        word = {"+": "added to", "-": "taken from", "*": "multiplied by", "/": "divided by"}[op]
        first, second = (b, a) if op == "-" else (a, b)
        raise ConditionError(f"{_SAID[first]} cannot be {word} {_SAID[second]}", node.at)
    return found


def _days(kind: str, node: Node, beside: str) -> str:
    """The type of one side: beside a date, a quotient (stock by daily use) is a number of days, not a percentage."""
    quotient = isinstance(node, Arithmetic) and node.op == "/"
    return "number" if kind == "ratio" and beside == "date" and quotient else kind


def call_type(call: Call, scope: Scope) -> str:
    """The type a fact gives, its arguments checked."""
    fact = fact_named(call, scope.catalogue.named)
    args = call.arguments
    if fact in _SUMS:
        need(call, 2, 2)
        return aggregated(call, scope)[1].type
    if fact in ("count", "share", "covered", "stretches"):
        need(call, *((3, 3) if fact == "stretches" else (2, 2)))
        selector = selected(call, scope)
        scope.window(args[1], fact)
        if fact == "share" and selector.where is None:
            raise ConditionError("share needs a test: share(delivery where on_time, 90)", call.at)
        if fact in ("covered", "stretches") and selector.table not in ("activity", "record"):
            raise ConditionError(f"{fact} looks at the time of activities or records", args[0].at)
        if fact == "stretches" and (not isinstance(args[2].value, Number) or args[2].value.percent):
            raise ConditionError(
                "hours are a number that is written down", args[2].at, suggestion=BY_NAME[fact].example
            )
        return {"share": "ratio", "covered": "days"}.get(fact, "number")
    if fact == "surprise":
        need(call, 1, 1)
        if selected(call, scope, first="activity").table != "activity":
            raise ConditionError("only activities have a rhythm", args[0].at, suggestion=BY_NAME[fact].example)
        return "ratio"
    if fact in ("first", "last", "never", "has"):
        need(call, 1, 1)
        selector = selected(call, scope)
        if selector.dated is None and fact in ("first", "last"):
            raise ConditionError("a tag has no date", args[0].at)
        return "date" if fact in ("first", "last") else "yes/no"
    return _special(fact, call, scope)


def _special(fact: str, call: Call, scope: Scope) -> str:
    args = call.arguments
    if fact in ("days_since", "days_until"):
        need(call, 1, 1)
        days_of(call, scope)
        return "days"
    if fact == "silent":
        need(call, 2, 2)
        selected(call, scope)
        if scope.window(args[1], fact).days is None:
            raise ConditionError("silent counts days", args[1].at, expected="a number of days")
        return "yes/no"
    if fact == "length":
        need(call, 1, 1)
        if scope.window(args[0], fact).period == "ever":
            raise ConditionError("ever has no length", args[0].at)
        return "days"
    if fact == "lower":
        need(call, 1, 1)
        inner = args[0].value
        if not isinstance(inner, Call) or inner.fact != "share":
            raise ConditionError("lower speaks of a share", args[0].at, suggestion=BY_NAME["lower"].example)
        return call_type(inner, scope)
    if fact == "weighted":
        return _weighted(call, scope)
    if fact == "change":
        need(call, 1, 1)
        return _change(args[0], scope)
    if fact == "held":
        need(call, 3, 3)
        times(call)
        scope.period(args[1])
        _truth(args[2].value, scope)
        return "yes/no"
    return _crosses(call, scope)


def _weighted(call: Call, scope: Scope) -> str:
    need(call, 4, 40)
    if len(call.arguments) % 2:
        raise ConditionError("every part has a weight behind it", call.at, suggestion=BY_NAME["weighted"].form)
    for part, weight in zip(call.arguments[::2], call.arguments[1::2], strict=True):
        kind = type_of(part.value, scope)
        if part.where is not None or kind not in ("yes/no", "ratio", "number", "days", "bare"):
            raise ConditionError(f"a part lies between 0 and 1, or is yes or no; this is {_SAID[kind]}", part.at)
        if not isinstance(weight.value, Number) or weight.value.percent or weight.value.value <= 0:
            raise ConditionError("a weight is a number that is written down, more than 0", weight.at)
    return "number"


def _change(argument: Argument, scope: Scope) -> str:
    inner = argument.value
    if not isinstance(inner, Call) or inner.fact not in ("count", "share", "covered", *_SUMS):
        raise ConditionError(
            "change compares a fact that has a window", argument.at, suggestion=BY_NAME["change"].example
        )
    if call_type(inner, scope) == "date":
        raise ConditionError("a date does not change by a percentage", argument.at)
    if scope.window(inner.arguments[1], "change").period == "ever":
        raise ConditionError("before “ever” there is nothing to compare with", inner.arguments[1].at)
    return "ratio"


def _crosses(call: Call, scope: Scope) -> str:
    if not scope.trigger:
        raise ConditionError("“crosses” stands only in triggers", call.at, expected="a comparison with >=")
    need(call, 2, 20)
    for step in call.arguments[1:]:
        _comparable(">=", call.arguments[0].value, step.value, scope)
    return "yes/no"


def selected(call: Call, scope: Scope, first: str | None = None) -> Selector:
    """The rows the first argument of a fact selects, with `where` checked."""
    records = call.fact in ("has", "days_until")
    selector, rest = scope.selector(call.arguments[0], call.fact, first=first or ("record" if records else "activity"))
    if rest:
        raise ConditionError(
            f"{call.fact} speaks of a kind, not of a field of it",
            call.arguments[0].at,
            suggestion=BY_NAME[call.fact].form,
        )
    return _where_checked(selector, scope)


def _where_checked(selector: Selector, scope: Scope) -> Selector:
    if selector.where is not None:
        _truth(selector.where, scope.inside(selector))
    return selector


def aggregated(call: Call, scope: Scope) -> tuple[Selector, Field]:
    """Rows and field of sum, avg, median, min, max: sum(order.amount, 90)."""
    selector, rest = scope.selector(call.arguments[0], call.fact)
    at = call.arguments[0].at
    if len(rest) == 2 and rest[0] == "custom":
        rest = rest[1:]
    if selector.table == "activity" and rest and rest[0] not in selector.fields:
        other, _ = scope.selector(call.arguments[0], call.fact, first="record")
        selector = other if rest[0] in other.fields else selector
    if len(rest) != 1 or rest[0] not in selector.fields:
        like = nearest(rest[0], selector.fields) if rest else None
        kind = call.arguments[0].value
        assert isinstance(kind, Name)
        suggestion = f"{kind.parts[0]}.{like}" if like else None
        what = f"there is no field “{'.'.join(rest)}” of {selector.label}" if rest else f"{call.fact} needs a field"
        raise ConditionError(what, at, expected=f"one such as {kind.parts[0]}.amount", suggestion=suggestion)
    field = selector.fields[rest[0]]
    if field.type not in NUMERIC and not (field.type == "date" and call.fact in ("min", "max")):
        raise ConditionError(f"{call.fact} of {_SAID[_WORDY.get(field.type, field.type)]} has no meaning", at)
    scope.window(call.arguments[1], call.fact)
    return _where_checked(selector, scope), field


def days_of(call: Call, scope: Scope) -> Node | tuple[Selector, Field | None]:
    """What days_since and days_until count from: a date (a tree), or rows with the field that dates them."""
    argument = call.arguments[0]
    node = argument.value
    if isinstance(node, Name) and node.parts[0] in scope.kinds():
        selector, rest = scope.selector(
            argument, call.fact, first="record" if call.fact == "days_until" else "activity"
        )
        if call.fact == "days_since" and not rest and selector.dated:
            return _where_checked(selector, scope), None
        field = selector.fields.get(rest[0]) if len(rest) == 1 else None
        if call.fact == "days_until" and field is not None and field.type == "date" and selector.table != "activity":
            return _where_checked(selector, scope), field
        raise ConditionError(f"it is written {BY_NAME[call.fact].form}", node.at, suggestion=BY_NAME[call.fact].example)
    if isinstance(node, Name) and len(node.parts) == 1 and not _is_field(node, scope):
        like = nearest(
            node.said, [*scope.kinds(), *(k for k, f in scope.catalogue.partner.items() if f.type == "date")]
        )
        raise ConditionError(f"there is no kind “{node.said}”", node.at, suggestion=like)
    if type_of(node, scope) != "date" or argument.where is not None:
        raise ConditionError(
            f"{call.fact} counts from a kind or a date", node.at, suggestion=BY_NAME[call.fact].example
        )
    return node


def _is_field(name: Name, scope: Scope) -> bool:
    try:
        scope.reference(name)
    except ConditionError:
        return False
    return True


def times(call: Call) -> int:
    """How many periods a held(…) asks for: 1 to 60."""
    node = call.arguments[0].value
    if isinstance(node, Number) and not node.percent and node.value == int(node.value) and 1 <= node.value <= 60:
        return int(node.value)
    raise ConditionError("held counts from 1 to 60 whole periods", node.at, suggestion=BY_NAME["held"].example)
