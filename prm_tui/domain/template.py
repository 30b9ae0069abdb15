"""Message templates: text in which {{ a field }} stands for a value, and nothing else.

A field is an expression of the condition language that gives a value: partner.name, last(order),
sum(order.amount, 365). A template computes nothing, repeats nothing and reads nothing: what a field gives is said
by whoever fills it, and what was filled in is never read again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from prm_tui.domain.condition import ConditionError, show
from prm_tui.domain.condition import parse as parse_expression
from prm_tui.domain.condition.tree import (
    And,
    Between,
    Call,
    Changed,
    Compare,
    Contains,
    In,
    Is,
    Name,
    Node,
    Not,
    Or,
    walk,
)
from prm_tui.domain.errors import UsageError
from prm_tui.domain.text import trimmed

MAX_TEXT = 50_000
MAX_FIELDS = 100
MAX_FIELD = 1_000
"""The most characters of a field."""
_TESTS = (And, Or, Not, Compare, In, Between, Contains, Is, Changed)
_LOOKALIKES = "｛｝﹛﹜❴❵⦃⦄⟃⟄"
_MARK = re.compile(r"\{\{|\}\}|[{}" + _LOOKALIKES + "]")


class TemplateError(UsageError):
    """A template that cannot be understood: `problem`, and `at`, its position (0 is the first character)."""

    def __init__(self, problem: str, text: str, at: int) -> None:
        self.problem = problem
        self.at = at
        super().__init__(f"template, {_place(text, at)}: {problem}")


@dataclass(frozen=True)
class Field:
    """A field of a template. `text` is its expression in canonical form, from `at` to `end` the braces stand."""

    text: str
    at: int
    end: int


@dataclass(frozen=True)
class Template:
    """A text with its fields in order, as `parse` made it."""

    text: str
    fields: tuple[Field, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The expression of every field, each once, in order."""
        return tuple(dict.fromkeys(field.text for field in self.fields))


@dataclass(frozen=True)
class Filled:
    """A filled template. `text` is None when any field was `empty` or unknown: such a message is not to be sent."""

    text: str | None
    empty: tuple[str, ...] = ()


def parse(text: str) -> Template:
    """The template of a text. Raises TemplateError, and nothing else, for any other text.

    Outside of fields no brace may stand, so that none can be left in a message.
    """
    if len(text) > MAX_TEXT:
        raise TemplateError(f"longer than {MAX_TEXT:,} characters", text, MAX_TEXT)
    fields: list[Field] = []
    begin: int | None = None
    for mark in _MARK.finditer(text):
        sign, at = mark.group(), mark.start()
        if begin is None:
            if sign != "{{":
                raise TemplateError(_stray(sign), text, at)
            if len(fields) == MAX_FIELDS:
                raise TemplateError(f"more than {MAX_FIELDS} fields", text, at)
            begin = at
        elif sign == "}}":
            fields.append(_field(text, begin, mark.end()))
            begin = None
        elif sign == "{{":
            where = _place(text, begin)
            raise TemplateError(f"a field begins inside of another; the one of {where} lacks its }}}}", text, at)
        else:
            raise TemplateError(f"“{sign}” cannot stand inside of a field; it ends with }}}}", text, at)
    if begin is not None:
        raise TemplateError("this field is never closed; it ends with }}", text, begin)
    return Template(text, tuple(fields))


def fill(template: Template, value: Callable[[str], str | None], *, line: bool = False) -> Filled:
    """A template with what `value` says of each field, which it is asked for once (`dict.get` will do).

    When it says None or nothing but space of any field, nothing is filled in and `empty` names those fields. With
    `line` the text becomes a single line, as the subject of a message must be.
    """
    values = {name: value(name) for name in template.names}
    empty = tuple(name for name, found in values.items() if not trimmed(found or ""))
    if empty:
        return Filled(None, empty)
    parts, at = [], 0
    for field in template.fields:
        parts += [template.text[at : field.at], values[field.text] or ""]
        at = field.end
    text = "".join([*parts, template.text[at:]])
    return Filled(one_line(text) if line else text)


def open_field(text: str, cursor: int) -> str | None:
    """What stands of the field that is being written at the cursor; None where no field is open there."""
    begin = text.rfind("{{", 0, cursor)
    inside = text[begin + 2 : cursor]
    return None if begin < 0 or "}}" in inside or "\n" in inside else inside


def one_line(text: str) -> str:
    """A text on one line: line breaks and other control characters are spaces, and runs of them one.

    A line break in the subject of a mail would begin another of its headers.
    """
    return trimmed("".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text))


def _field(text: str, begin: int, end: int) -> Field:
    inside = text[begin + 2 : end - 2]
    said = inside.strip()
    first = begin + 2 + len(inside) - len(inside.lstrip())
    if not said:
        raise TemplateError("a field without a name; write it like {{ partner.name }}", text, begin)
    if len(said) > MAX_FIELD:
        raise TemplateError(f"a field of more than {MAX_FIELD:,} characters", text, begin)
    try:
        node = parse_expression(said)
    except ConditionError as error:
        what = str(error).partition(": ")[2]
        raise TemplateError(f"“{_short(said)}” is no field: {what}", text, first + error.at) from None
    _must_give_a_value(node, said, text, first)
    return Field(show(node), begin, end)


def _must_give_a_value(node: Node, said: str, text: str, first: int) -> None:
    if isinstance(node, _TESTS):
        raise TemplateError(f"“{_short(said)}” is a condition; a field gives a value", text, first)
    for part, _ in walk(node):
        words = part.parts if isinstance(part, Name) else (part.fact,) if isinstance(part, Call) else ()
        if any(word.startswith("_") or word.endswith("_") for word in words):
            raise TemplateError(f"no field is named “{_short('.'.join(words))}”", text, first + part.at)


def _stray(sign: str) -> str:
    if sign == "}}":
        return "}} closes no field; one begins with {{"
    if sign in _LOOKALIKES:
        return f"“{sign}” only looks like a brace; write a field like {{{{ partner.name }}}}"
    return f"a single “{sign}”; write a field with two braces on each side, like {{{{ partner.name }}}}"


def _short(said: str) -> str:
    flat = " ".join(said.split())
    return flat if len(flat) <= 40 else flat[:40] + "…"


def _place(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1:,}, character {at - text.rfind(chr(10), 0, at):,}"
