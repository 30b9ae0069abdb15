"""A tree as its canonical text: parse(show(tree)) == tree."""

from __future__ import annotations

from decimal import Decimal

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

_OR, _AND, _NOT, _TEST, _SUM, _TERM, _UNARY, _ATOM = range(1, 9)


def show(node: Node) -> str:
    """The canonical text of a tree: one space between parts, brackets only where they are needed."""
    return _show(node)[0]


def _inside(node: Node, least: int) -> str:
    """A part's text, in brackets when it binds less tightly than its place needs."""
    text, binding = _show(node)
    return text if binding >= least else f"({text})"


def _show(node: Node) -> tuple[str, int]:
    match node:
        case Or(parts):
            return " or ".join(_inside(p, _AND) for p in parts), _OR
        case And(parts):
            return " and ".join(_inside(p, _NOT) for p in parts), _AND
        case Not(value):
            return f"not {_inside(value, _NOT)}", _NOT
        case Compare(op, left, right):
            return f"{_inside(left, _SUM)} {op} {_inside(right, _SUM)}", _TEST
        case In(value, choices, negated):
            listed = ", ".join(_inside(c, _SUM) for c in choices)
            return f"{_inside(value, _SUM)} {'not ' if negated else ''}in ({listed})", _TEST
        case Between(value, low, high):
            return f"{_inside(value, _SUM)} between {_inside(low, _SUM)} and {_inside(high, _SUM)}", _TEST
        case Contains(value, part):
            return f"{_inside(value, _SUM)} contains {_inside(part, _SUM)}", _TEST
        case Is(value, what, negated):
            return f"{_inside(value, _SUM)} is {'not ' if negated else ''}{what}", _TEST
        case Changed(value, old, new):
            ends = "".join(f" {w} {_inside(v, _SUM)}" for w, v in (("from", old), ("to", new)) if v is not None)
            return f"{_inside(value, _SUM)} changed{ends}", _TEST
        case Arithmetic(op, left, right):
            level = _SUM if op in "+-" else _TERM
            return f"{_inside(left, level)} {op} {_inside(right, level + 1)}", level
        case Negative(value):
            return f"-{_inside(value, _UNARY)}", _UNARY
        case Call(fact, arguments):
            return f"{fact}({', '.join(_argument(a) for a in arguments)})", _ATOM
    return literal(node), _ATOM


def _argument(argument: Argument) -> str:
    where = "" if argument.where is None else f" where {show(argument.where)}"
    return show(argument.value) + where


def literal(node: Node) -> str:
    """The text of a value or a name."""
    match node:
        case Name():
            return node.said
        case Text(value):
            return "'" + value.replace("'", "''") + "'"
        case Number(value, percent):
            return number(value) + ("%" if percent else "")
        case Day(value):
            return value.isoformat()
        case YesNo(value):
            return "true" if value else "false"
    raise TypeError(f"no text for {type(node).__name__}")


def number(value: Decimal) -> str:
    """A number as it is written: thousands joined by underscores from 10_000 on."""
    plain = f"{value:f}"
    whole, dot, rest = plain.partition(".")
    rest = rest.rstrip("0")
    return (f"{int(whole):_}" if len(whole) > 4 else whole) + (f".{rest}" if dot and rest else "")
