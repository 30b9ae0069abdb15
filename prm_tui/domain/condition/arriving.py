"""Which way a value can go by facts still to arrive: more of what happened, never less.

A count and a sum can only grow (amounts are taken to be positive), days since the last can only fall, an average can
go either way, what a file says of its partners and records stays. So `count(order, 90) >= 3` cannot be turned once it
is true, `days_since(order) > 90` cannot once it is false.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from prm_tui.domain.condition.check import aggregated, days_of, selected
from prm_tui.domain.condition.scope import Scope, Selector
from prm_tui.domain.condition.tree import (
    Argument,
    Arithmetic,
    Between,
    Call,
    Compare,
    In,
    Is,
    Name,
    Negative,
    Node,
    Number,
    children,
    walk,
)

_GROWS = ("count", "sum", "max", "covered", "last", "has", "surprise")
_FALLS = ("min", "never", "silent", "days_since")


@dataclass(frozen=True)
class Effect:
    """What facts of some kinds of activity, as a call looks at them, can do to a value: raise it, lower it, or both.

    Of a test, raising is to turn it from false to true. A call without a window looks up to the day of evaluation.
    """

    kinds: tuple[str, ...]
    call: Call
    raises: bool
    lowers: bool

    def turned(self) -> Effect:
        """The effect on the opposite."""
        return replace(self, raises=self.lowers, lowers=self.raises)

    def either(self) -> Effect:
        """The effect on something that may go either way with the value."""
        return replace(self, raises=True, lowers=True)


def on_test(node: Node, scope: Scope) -> tuple[Effect, ...]:
    """What facts still to arrive can do to a comparison, or another test that is no and, or, not, held."""
    match node:
        case Compare(op, left, right):
            difference = [*on_value(left, scope), *_turned(on_value(right, scope))]
            if op in (">", ">="):
                return tuple(difference)
            return tuple(_turned(difference)) if op in ("<", "<=") else tuple(e.either() for e in difference)
        case Is(value, "known", negated):
            found = [replace(e, raises=True, lowers=False) for e in on_value(value, scope)]
            return tuple(_turned(found) if negated else found)
        case Call():
            return tuple(on_value(node, scope)) if node.fact in ("never", "has", "silent") else ()
        case In() | Between():
            return tuple(e.either() for part in children(node) for e in on_value(part, scope))
    return ()


def _turned(effects: Iterable[Effect]) -> list[Effect]:
    return [effect.turned() for effect in effects]


def on_value(node: Node, scope: Scope) -> list[Effect]:
    """What facts still to arrive can do to a value."""
    match node:
        case Negative(value):
            return _turned(on_value(value, scope))
        case Arithmetic("+", left, right):
            return [*on_value(left, scope), *on_value(right, scope)]
        case Arithmetic("-", left, right):
            return [*on_value(left, scope), *_turned(on_value(right, scope))]
        case Arithmetic(op, left, right):
            if isinstance(left, Number) and op == "*":
                left, right = right, left
            if isinstance(right, Number):  # which is not negative: −5 is the negative of 5
                return on_value(left, scope)
            return [e.either() for side in (left, right) for e in on_value(side, scope)]
        case Call():
            return _of_call(node, scope)
    return []


def _of_call(call: Call, scope: Scope) -> list[Effect]:
    if call.fact in ("lower", "change"):
        return [e.either() for e in on_value(call.arguments[0].value, scope)]
    if call.fact == "weighted":
        parts = [argument.value for argument in call.arguments[::2]]
        return [e.either() for part in parts for e in (*on_value(part, scope), *on_test(part, scope))]
    if call.fact in ("length", "crosses", "days_until", "held", "first"):
        return []  # the first has happened: facts still to arrive are later
    selector = _selector(call, scope)
    if isinstance(selector, Node):
        return _turned(on_value(selector, scope))
    if selector.table != "activity":
        return []
    kinds = tuple(kind.name for kind in selector.kinds) or tuple(scope.catalogue.activities)
    inner = [] if selector.where is None else _inside(selector, scope)
    plain = not inner and call.fact in (*_GROWS, *_FALLS)
    own = Effect(kinds, call, not plain or call.fact in _GROWS, not plain or call.fact in _FALLS)
    return [own, *inner]


def _selector(call: Call, scope: Scope) -> Selector | Node:
    if call.fact in ("sum", "avg", "median", "min", "max"):
        return aggregated(call, scope)[0]
    if call.fact == "days_since":
        found = days_of(call, scope)
        return found if isinstance(found, Node) else found[0]
    return selected(call, scope)


def _inside(selector: Selector, scope: Scope) -> list[Effect]:
    """What they can do by way of facts that a `where` asks for: anything."""
    assert selector.where is not None
    inside = scope.inside(selector)
    calls = [part for part, _ in walk(selector.where) if isinstance(part, Call)]
    return [effect.either() for call in calls for effect in on_value(call, inside)]


def signals(node: Node, scope: Scope) -> tuple[str, ...]:
    """The kinds of activity a condition speaks of, in the order in which they stand in it."""
    found: dict[str, None] = {}
    for call, _ in sorted(walk(node), key=lambda part: part[0].at):
        if isinstance(call, Call) and call.arguments:
            found |= dict.fromkeys(_kinds(call, scope))
    return tuple(found)


def _kinds(call: Call, scope: Scope) -> list[str]:
    name = call.arguments[0].value
    if not isinstance(name, Name) or name.parts[0] not in scope.kinds():
        return []
    if call.fact == "days_since" and isinstance(days_of(call, scope), Node):
        return []
    records = call.fact in ("has", "days_until")
    selector, _ = scope.selector(Argument(name), call.fact, first="record" if records else "activity")
    if selector.table != "activity":
        return []
    return [kind.name for kind in selector.kinds] or sorted(scope.catalogue.activities)
