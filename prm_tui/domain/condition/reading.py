"""A condition in plain words, as it stands beneath a filter line."""

from __future__ import annotations

from prm_tui.domain.condition.catalogue import CLASSES
from prm_tui.domain.condition.show import show
from prm_tui.domain.condition.tree import (
    And,
    Argument,
    Arithmetic,
    Between,
    Call,
    Compare,
    Contains,
    In,
    Is,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Or,
    Text,
)
from prm_tui.domain.condition.windows import PERIODS

_OPS = {"=": "is", "!=": "is not", "<": "is less than", "<=": "is at most", ">": "is more than", ">=": "is at least"}
_COUNTS = {"<": "fewer than", "<=": "at most", ">": "more than", ">=": "at least", "=": "exactly", "!=": "not exactly"}


def reading(node: Node) -> str:
    """One sentence without a full stop; the canonical text where there is no phrase for it."""
    match node:
        case And(parts):
            return ", and ".join(_grouped(p) for p in parts)
        case Or(parts):
            return ", or ".join(_grouped(p) for p in parts)
        case Not(value):
            return f"not: {_grouped(value)}"
        case Compare(op, left, right):
            return _compared(op, left, right)
        case In(value, choices, negated):
            return f"{_value(value)} is {'none' if negated else 'one'} of {', '.join(_value(c) for c in choices)}"
        case Between(value, low, high):
            return f"{_value(value)} is between {_value(low)} and {_value(high)}"
        case Contains(value, part):
            return f"{_value(value)} contains {_value(part)}"
        case Is(value, what, negated):
            return f"{_value(value)} is {'not ' if negated else ''}{what}"
        case Call():
            return _call(node)
        case Name():
            return _field(node)
    return show(node)


def _grouped(node: Node) -> str:
    return f"({reading(node)})" if isinstance(node, And | Or) else reading(node)


def _compared(op: str, left: Node, right: Node) -> str:
    if isinstance(left, Call) and isinstance(right, Number):
        if left.fact == "count" and len(left.arguments) == 2:
            many = _value(right)
            what, when = _kinds(left.arguments[0]), _when(left.arguments[1])
            if (op, many) == ("=", "0"):
                return f"no {what} {when}"
            if (op, many) in ((">", "0"), (">=", "1")):
                return f"some {what} {when}"
            return f"{_COUNTS[op]} {many} {what} {when}"
        if left.fact == "days_since" and op in (">", ">=", "<", "<="):
            return f"last {_of(left.arguments[0])} {_COUNTS[op]} {_value(right)} days ago"
        if left.fact == "days_until" and op in (">", ">=", "<", "<="):
            return f"{_COUNTS[op]} {_value(right)} days until {_of(left.arguments[0])}"
    return f"{_value(left)} {_OPS[op]} {_value(right)}"


def _value(node: Node) -> str:
    match node:
        case Text(value):
            return value or "''"
        case Number(value, percent):
            return f"{value:,f}" + (" %" if percent else "")
        case Name():
            return _field(node)
        case Call():
            return _call(node)
        case Arithmetic(op, left, right):
            return f"{_value(left)} {'×' if op == '*' else '÷' if op == '/' else op} {_value(right)}"
        case Negative(value):
            return f"−{_value(value)}"
    return show(node)


def _field(name: Name) -> str:
    return " ".join(p for p in name.parts if p not in ("partner", "custom")).replace("_", " ")


def _of(argument: Argument) -> str:
    node = argument.value
    text = _named(node) if isinstance(node, Name) else show(node)
    return text + (f" (where {reading(argument.where)})" if argument.where is not None else "")


def _kinds(argument: Argument) -> str:
    node = argument.value
    if not isinstance(node, Name):
        return show(node)
    return _plural(_named(node)) + (f" (where {reading(argument.where)})" if argument.where is not None else "")


def _named(name: Name) -> str:
    said = name.said.replace(".", " ").replace("_", " ")
    if name.parts[0] in (*CLASSES, "any"):
        said = said.replace(name.parts[0], "activity" if name.parts[0] == "any" else f"{name.parts[0]} activity", 1)
    return said


def _plural(name: str) -> str:
    if name.endswith(("s", "registered", "won", "lost", "training", "stock", "access")):
        return name
    return name[:-1] + "ies" if name.endswith("y") and name[-2:-1] not in "aeiou" else name + "s"


def _when(argument: Argument) -> str:
    node = argument.value
    if isinstance(node, Number):
        return f"in the last {_value(node)} days"
    said = node.said if isinstance(node, Name) else show(node)
    if said == "ever":
        return "ever"
    if said in PERIODS:
        return f"this {said}"
    return "in the " + said.replace("_", " ")


def _call(call: Call) -> str:
    args = call.arguments
    match call.fact, len(args):
        case "never", 1:
            return f"never any {_of(args[0])}"
        case "has", 1:
            return f"has {_of(args[0])}"
        case "silent", 2:
            return f"no {_of(args[0])} for {_value(args[1].value)} days (one that never had any counts from joining)"
        case ("sum" | "avg" | "median" | "min" | "max") as fact, 2:
            word = {"sum": "total", "avg": "mean", "median": "median", "min": "smallest", "max": "largest"}[fact]
            return f"{word} {_of(args[0])} {_when(args[1])}"
        case "count", 2:
            return f"number of {_kinds(args[0])} {_when(args[1])}"
        case "share", 2 if args[0].where is not None:
            kind = args[0].value
            name = kind.said if isinstance(kind, Name) else show(kind)
            return (
                f"share of {_plural(name.replace(chr(95), chr(32)))} where {reading(args[0].where)}, {_when(args[1])}"
            )
        case "stretches", 3:
            return f"stretches of {_of(args[0])} of more than {show(args[2].value)} hours {_when(args[1])}, what overlaps as one"
        case "change", 1:
            return f"change of the {_value(args[0].value)}"
        case ("first" | "last") as fact, 1:
            return f"{fact} {_of(args[0])}"
        case "days_since", 1:
            return f"days since {_of(args[0])}"
        case "days_until", 1:
            return f"days until {_of(args[0])}"
        case "held", 3:
            return (
                f"at the end of each of the last {show(args[0].value)} {show(args[1].value)}s: {reading(args[2].value)}"
            )
    return show(call)
