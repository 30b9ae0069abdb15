"""A condition as a tree. Nodes know where they stood in the text (`at`), which does not count for equality."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Node:
    """Any part of a condition."""

    at: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True)
class Text(Node):
    """'Gold'"""

    value: str


@dataclass(frozen=True)
class Number(Node):
    """1_000.5; with `percent`, 95% is the number 95."""

    value: Decimal
    percent: bool = False


@dataclass(frozen=True)
class Day(Node):
    """2026-01-31"""

    value: date


@dataclass(frozen=True)
class YesNo(Node):
    """true or false"""

    value: bool


@dataclass(frozen=True)
class Name(Node):
    """A field, a kind, a period or a named fact: tier, order.amount, last_month."""

    parts: tuple[str, ...]

    @property
    def said(self) -> str:
        """The name as it is written."""
        return ".".join(self.parts)


@dataclass(frozen=True)
class Argument(Node):
    """One argument of a fact; a selector may be narrowed by `where`."""

    value: Node
    where: Node | None = None


@dataclass(frozen=True)
class Call(Node):
    """count(order where amount > 100, 90)"""

    fact: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Negative(Node):
    """-x"""

    value: Node


@dataclass(frozen=True)
class Arithmetic(Node):
    """left + right; `op` is one of + - * /"""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Compare(Node):
    """left = right; `op` is one of = != < <= > >="""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class In(Node):
    """value in (a, b, c)"""

    value: Node
    choices: tuple[Node, ...]
    negated: bool = False


@dataclass(frozen=True)
class Between(Node):
    """value between low and high, both included"""

    value: Node
    low: Node
    high: Node


@dataclass(frozen=True)
class Contains(Node):
    """value contains part"""

    value: Node
    part: Node


@dataclass(frozen=True)
class Is(Node):
    """value is [not] empty, value is [not] known; `what` is "empty" or "known"."""

    value: Node
    what: str
    negated: bool = False


@dataclass(frozen=True)
class Changed(Node):
    """value changed [from old] [to new]: by the facts learned since a trigger was last evaluated."""

    value: Node
    old: Node | None = None
    new: Node | None = None


@dataclass(frozen=True)
class Not(Node):
    """not x"""

    value: Node


@dataclass(frozen=True)
class And(Node):
    """All of `parts`, which are two or more."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Or(Node):
    """Any of `parts`, which are two or more."""

    parts: tuple[Node, ...]


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside a node."""
    for part in fields(node):
        value = getattr(node, part.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """Every node with its depth, without recursion."""
    waiting = [(node, 1)]
    while waiting:
        found, depth = waiting.pop()
        yield found, depth
        waiting.extend((child, depth + 1) for child in children(found))


def leaves(node: Node) -> list[Node]:
    """The parts of a condition that are joined by and, or, not."""
    match node:
        case And(parts) | Or(parts):
            return [leaf for part in parts for leaf in leaves(part)]
        case Not(value):
            return leaves(value)
    return [node]
