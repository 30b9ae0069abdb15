"""From text to tree, by precedence climbing. The grammar stands in docs/reference/conditions.md."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from prm_tui.domain.condition.error import ConditionError
from prm_tui.domain.condition.tokens import Token, tokens
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
    walk,
)

MAX_DEPTH = 60
MAX_LEAVES = 500
_Part = TypeVar("_Part", bound=Node)
_COMPARE = ("=", "!=", "<=", ">=", "<", ">")


@lru_cache(1024)  # a trigger is read in every round; trees are immutable
def parse(text: str) -> Node:
    """The tree of a condition or value. Raises ConditionError, and nothing else, for any other text."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.next = 0
        self.depth = 0
        self.open: list[int] = []  # where each bracket that is still open stands

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def whole(self) -> Node:
        if self.token.kind == "end":
            raise ConditionError("there is nothing here", 0, expected="a condition, such as days_since(order) > 90")
        node = self.either()
        if self.token.kind != "end":
            raise self.unexpected_end_of_part()
        leaves = 0
        for found, depth in walk(node):
            if depth > MAX_DEPTH:
                raise ConditionError(f"nested more than {MAX_DEPTH} deep", found.at)
            leaves += isinstance(found, Text | Number | Day | YesNo | Name)
            if leaves > MAX_LEAVES:
                raise ConditionError(f"more than {MAX_LEAVES} names and values", found.at)
        return node

    # ---- what stands at the cursor ----

    def sign(self, *signs: str) -> Token | None:
        return self._take("sign", signs)

    def word(self, *words: str) -> Token | None:
        return self._take("keyword", words)

    def _take(self, kind: str, values: tuple[str, ...]) -> Token | None:
        token = self.token
        if token.kind == kind and token.value in values:
            self.next += 1
            return token
        return None

    def unexpected_end_of_part(self) -> ConditionError:
        token = self.token
        said = self.text[token.at : token.end]
        before = self.tokens[self.next - 1]
        if said == ")":
            return ConditionError("this closing bracket has no opening one", token.at)
        if said == "," and before.kind == "number":
            return ConditionError("write thousands with an underscore (10_000), not with a comma", token.at)
        if token.kind in ("name", "text", "number", "date") and before.kind in ("name", "text", "number", "date"):
            return ConditionError(
                f"nothing joins “{said}” to what stands before", token.at, expected="and, or, =, >, …"
            )
        return ConditionError(f"“{said}” cannot stand here", token.at, expected="and, or, or the end")

    def unexpected(self, expected: str) -> ConditionError:
        token = self.token
        if token.kind == "end" and self.open:
            return ConditionError("this bracket is never closed", self.open[-1], expected="a closing )")
        said = self.text[token.at : token.end]
        return ConditionError("the text ends too early" if token.kind == "end" else f"“{said}” cannot stand here",
                              token.at, expected=expected)  # fmt: skip

    def deeper(self, at: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ConditionError(f"nested more than {MAX_DEPTH} deep", at)

    def close(self) -> None:
        if not self.sign(")"):
            if self.token.kind == "end":
                raise ConditionError("this bracket is never closed", self.open[-1], expected="a closing )")
            error = self.unexpected_end_of_part()
            raise ConditionError(error.problem, error.at, expected=error.expected and "a closing )")
        self.open.pop()

    # ---- the grammar, loosest first ----

    def either(self) -> Node:
        return self.joined("or", self.both, Or)

    def both(self) -> Node:
        return self.joined("and", self.negation, And)

    def joined(self, word: str, part: Callable[[], Node], made: type[And | Or]) -> Node:
        first = part()
        parts = [first]
        while self.word(word):
            parts.append(part())
        return first if len(parts) == 1 else made(tuple(parts), at=first.at)

    def negation(self) -> Node:
        token = self.word("not")
        if token is None:
            return self.test()
        self.deeper(token.at)
        node = Not(self.negation(), at=token.at)
        self.depth -= 1
        return node

    def test(self) -> Node:
        left = self.sum()
        if op := self.sign(*_COMPARE):
            node: Node = Compare(str(op.value), left, self.sum(), at=left.at)
            if self.token.kind == "sign" and self.token.value in _COMPARE:
                raise ConditionError("comparisons cannot be chained; write a < b and b < c, or between", self.token.at)
            return node
        if self.word("between"):
            low = self.sum()
            if not self.word("and"):
                raise self.unexpected("and, with the upper end: between 10 and 20")
            return Between(left, low, self.sum(), at=left.at)
        if self.word("contains"):
            return Contains(left, self.sum(), at=left.at)
        if self.word("is"):
            negated = self.word("not") is not None
            what = self.word("empty", "known")
            if what is None:
                raise self.unexpected("empty or known")
            return Is(left, str(what.value), negated, at=left.at)
        if self.word("changed"):
            old = self.sum() if self.word("from") else None
            return Changed(left, old, self.sum() if self.word("to") else None, at=left.at)
        return self.membership(left)

    def membership(self, left: Node) -> Node:
        negated = self.word("not")
        if not self.word("in"):
            if negated:
                raise self.unexpected("in")
            return left
        choices = self.bracketed(self.sum, "( and the values: in ('Gold', 'Silver')")
        if not choices:
            raise ConditionError("the list of values is empty", self.tokens[self.next - 1].at)
        return In(left, tuple(choices), negated is not None, at=left.at)

    def sum(self) -> Node:
        return self.chain(("+", "-"), self.term)

    def term(self) -> Node:
        return self.chain(("*", "/"), self.unary)

    def chain(self, signs: tuple[str, ...], part: Callable[[], Node]) -> Node:
        left, steps = part(), 0
        while op := self.sign(*signs):
            steps += 1
            if steps > MAX_DEPTH:
                raise ConditionError(f"more than {MAX_DEPTH} steps in one sum", op.at)
            left = Arithmetic(str(op.value), left, part(), at=left.at)
        return left

    def unary(self) -> Node:
        token = self.sign("-")
        if token is None:
            return self.atom()
        self.deeper(token.at)
        node = Negative(self.unary(), at=token.at)
        self.depth -= 1
        return node

    def atom(self) -> Node:
        token = self.token
        if token.kind == "name":
            return self.named()
        if opening := self.sign("("):
            self.deeper(opening.at)
            self.open.append(opening.at)
            node = self.either()
            self.close()
            self.depth -= 1
            return node
        self.next += token.kind != "end"
        if token.kind == "text":
            return Text(str(token.value), at=token.at)
        if isinstance(token.value, Decimal):
            return Number(token.value, self.sign("%") is not None, at=token.at)
        if isinstance(token.value, date):
            return Day(token.value, at=token.at)
        if token.kind == "keyword" and token.value in ("true", "false"):
            return YesNo(token.value == "true", at=token.at)
        self.next -= token.kind != "end"
        raise self.unexpected("a fact, a field or a value")

    def named(self) -> Node:
        first = self.token
        parts = [str(first.value)]
        self.next += 1
        while self.sign("."):
            if self.token.kind not in ("name", "keyword"):
                raise self.unexpected("a name after the dot")
            parts.append(str(self.token.value))
            self.next += 1
        if self.token.kind == "sign" and self.token.value == "(":
            if len(parts) > 1:
                raise ConditionError(f"“{'.'.join(parts)}” is not a fact", first.at)
            self.deeper(first.at)
            arguments = self.bracketed(self.argument, "(")
            self.depth -= 1
            return Call(parts[0], tuple(arguments), at=first.at)
        return Name(tuple(parts), at=first.at)

    def argument(self) -> Argument:
        value = self.either()
        where = self.either() if self.word("where") else None
        return Argument(value, where, at=value.at)

    def bracketed(self, part: Callable[[], _Part], expected: str) -> list[_Part]:
        opening = self.sign("(")
        if opening is None:
            raise self.unexpected(expected)
        self.open.append(opening.at)
        if self.sign(")"):
            self.open.pop()
            return []
        found = [part()]
        while self.sign(","):
            found.append(part())
        self.close()
        return found
