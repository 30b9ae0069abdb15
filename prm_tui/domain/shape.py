"""Frozen dataclasses from plain data (TOML, JSON) and back: the types of their fields say what may stand there.

A field's type is `str`, `bool`, `int`, `Decimal`, one of the words below (`Slug`, `Duration`, …), `X | None`,
`tuple[X, ...]`, `dict[str, X]` or another dataclass. A key that is a word of Python has an underscore behind it
(`for_` is `for` in the data). Every fault is found, not the first alone.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from prm_tui.domain.errors import UsageError
from prm_tui.domain.fault import Fault, Key
from prm_tui.domain.sla import Span
from prm_tui.domain.text import nearest

T = TypeVar("T")
Scalar = str | Decimal | bool


class Wrong(Exception):
    """A value that cannot stand where it does."""

    def __init__(self, problem: str, instead: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.instead = instead


Shape = Callable[[Any], Any]
"""Gives a value as it is kept, or raises Wrong."""


def text(value: Any) -> str:
    """Text that is not empty."""
    if not isinstance(value, str):
        raise Wrong(f"text is expected, not {said(value)}")
    if not value.strip():
        raise Wrong("it is empty")
    return value


def said(value: Any) -> str:
    """A value as a message says it, with what it is."""
    if isinstance(value, bool):
        return f"{'true' if value else 'false'} (yes or no)"
    if isinstance(value, int | float | Decimal):
        return f"{value} (a number)"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, date | datetime | time):
        return f"{value.isoformat()} (a date)"
    return f"“{value}”" if isinstance(value, str) else type(value).__name__


def one_of(*choices: str) -> Shape:
    """One of these words."""

    def shape(value: Any) -> str:
        if value in choices:
            return str(value)
        like = nearest(value, choices) if isinstance(value, str) else None
        raise Wrong(f"{said(value)} is none of: {', '.join(choices)}", like)

    return shape


def like(pattern: str, what: str) -> Shape:
    """Text of a form; `what` says which."""
    form = re.compile(pattern)

    def shape(value: Any) -> str:
        found = text(value)
        if not form.fullmatch(found):
            raise Wrong(f"{said(found)} is no {what}")
        return found

    return shape


def whole(least: int, most: int) -> Shape:
    """A whole number from `least` to `most`."""

    def shape(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(f"a whole number is expected, not {said(value)}")
        if not least <= value <= most:
            raise Wrong(f"{value} is not from {least:,} to {most:,}")
        return value

    return shape


def number(value: Any) -> Decimal:
    """A number, exact."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Wrong(f"a number is expected, not {said(value)}")
    found = Decimal(str(value))
    if not found.is_finite():
        raise Wrong(f"{value} is no number")
    return found


def yes_no(value: Any) -> bool:
    """true or false"""
    if not isinstance(value, bool):
        raise Wrong(f"true or false is expected, not {said(value)}", "true" if value in ("true", "yes") else None)
    return value


def scalar(value: Any) -> Scalar:
    """Text, a number, or true or false; a date is kept as its ISO text."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return number(value)
    raise Wrong(f"text, a number, a date, true or false is expected, not {said(value)}")


def expression(value: Any) -> str:
    """Text in the language of conditions; a plain number may stand for itself."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return format(number(value), "f")
    return text(value)


def duration(value: Any) -> str:
    """How long: "14 days", "3 business days", "36 hours" (`Span`)."""
    found = text(value).strip()
    try:
        Span.parse(found)
    except UsageError as error:
        raise Wrong(str(error)) from None
    return found


def whom(*forms: str) -> Shape:
    """Somebody: a word that stands alone ("manager"), or a beginning that a name follows ("role:")."""

    def shape(value: Any) -> str:
        found = text(value)
        start, colon, name = found.partition(":")
        if (found in forms) or (colon and start + colon in forms and name.strip() == name and name):
            return found
        shown = [f"{form}NAME" if form.endswith(":") else form for form in forms]
        close = nearest(start + colon, forms) if found else None
        instead = f"{close}{name}" if close and close.endswith(":") and name else (close if not name else None)
        raise Wrong(f"{said(found)} names nobody; write one of: {', '.join(shown)}", instead)

    return shape


def kind_by(value: Any) -> str | dict[str, str]:
    """A kind, or for each of some words (statuses) a kind."""
    if isinstance(value, Mapping):
        if not value:
            raise Wrong("it is empty")
        return {text(word): str(_kind(kind)) for word, kind in value.items()}
    return str(_kind(value))


_kind = like(r"[a-z][a-z0-9_]*", "kind or field: lower case letters, digits and underscores")


Words = Annotated[str, text]
Slug = Annotated[str, like(r"[a-z0-9]+(-[a-z0-9]+)*", "name here: lower case letters and digits, joined by hyphens")]
KindName = Annotated[str, _kind]
KindBy = Annotated[str | dict[str, str], kind_by]
Path = Annotated[str, like(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*", "field, such as tier or partner.tier")]
Target = Annotated[str, like(r"(start:)?[a-z0-9]+(-[a-z0-9]+)*", "target: the id of a step, end, or start:WORKFLOW")]
Currency = Annotated[str, like(r"[A-Z]{3}", "currency, such as EUR")]
Condition = Annotated[str, text]
Expression = Annotated[str, expression]
Duration = Annotated[str, duration]
Literal = Annotated[Scalar, scalar]
Worker = Annotated[str, whom("manager", "role:", "person:", "load:")]
Approver = Annotated[str, whom("manager", "role:", "person:")]
Recipient = Annotated[str, whom("manager", "partner", "contact:", "role:", "person:")]

_PLAIN: dict[Any, Shape] = {str: text, bool: yes_no, int: whole(-(10**12), 10**12), Decimal: number}


def build(cls: type[T], data: Any, key: Key = (), **given: Any) -> tuple[T | None, list[Fault]]:
    """An instance of a dataclass from a table, or the faults; `given` are fields that stand elsewhere."""
    if not isinstance(data, Mapping):
        return None, [Fault(key, f"a table is expected, not {said(data)}")]
    hints = shapes_of(cls)
    values: dict[str, Any] = dict(given)
    faults = unknown_keys(data, hints.keys() - given.keys(), key)
    for name, hint in hints.items():
        if name in given:
            continue
        attribute = _form(cls).attributes[name]
        if name in data:
            values[attribute] = read(hint, data[name], (*key, name), faults)
        elif attribute in required(cls):
            faults.append(Fault(key, f"“{name}” is missing"))
    return (None, faults) if faults else (cls(**values), [])


def unknown_keys(data: Mapping[str, Any], known: Any, key: Key) -> list[Fault]:
    """A fault for every key that is not known, with the nearest that is."""
    names = sorted(known)
    return [
        Fault((*key, name), f"there is no “{name}” here; known are {', '.join(names)}", nearest(name, names))
        for name in data
        if name not in known
    ]


@dataclasses.dataclass(frozen=True, slots=True)
class _Form:
    """What a table must hold to become one dataclass."""

    shapes: dict[str, Any]
    required: frozenset[str]
    attributes: dict[str, str]


_FORMS: dict[type, _Form] = {}
"""Worked out once for each dataclass: every trigger read from the file asks again."""


def _form(cls: type) -> _Form:
    if cls not in _FORMS:
        hints = get_type_hints(cls, include_extras=True)
        fields = dataclasses.fields(cls)
        _FORMS[cls] = _Form(
            {f.name.rstrip("_"): hints[f.name] for f in fields},
            frozenset(
                f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
            ),
            {f.name.rstrip("_"): f.name for f in fields},
        )
    return _FORMS[cls]


def shapes_of(cls: type) -> dict[str, Any]:
    """Key in the data → type of the field."""
    return _form(cls).shapes


def required(cls: type) -> frozenset[str]:
    """The fields without a default."""
    return _form(cls).required


def read(hint: Any, value: Any, key: Key, faults: list[Fault]) -> Any:
    """A value as its type wants it; what is wrong is added to `faults`."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return read(next(a for a in get_args(hint) if a is not type(None)), value, key, faults)
    if origin is tuple:
        return _list(get_args(hint)[0], value, key, faults)
    if origin is dict:
        names, values = get_args(hint)
        return _table(names, values, value, key, faults)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        made, found = build(hint, value, key)
        faults.extend(found)
        return made
    shape = get_args(hint)[1] if origin is Annotated else _PLAIN[hint]
    try:
        return shape(value)
    except Wrong as wrong:
        faults.append(Fault(key, wrong.problem, wrong.instead))
        return None


def _list(hint: Any, value: Any, key: Key, faults: list[Fault]) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        faults.append(Fault(key, f"a list is expected, not {said(value)}"))
        return ()
    return tuple(read(hint, item, (*key, n), faults) for n, item in enumerate(value))


def _table(name_hint: Any, hint: Any, value: Any, key: Key, faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        faults.append(Fault(key, f"a table is expected, not {said(value)}"))
        return {}
    return {
        read(name_hint, name, (*key, name), faults): read(hint, item, (*key, name), faults)
        for name, item in value.items()
    }


def to_data(made: Any, leave: tuple[str, ...] = ()) -> dict[str, Any]:
    """A dataclass as plain data, as it would be written: what has its default is left out, and so is `leave`."""
    data: dict[str, Any] = {}
    for f in dataclasses.fields(made):
        value = getattr(made, f.name)
        standard = f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default
        if f.name not in leave and (standard is dataclasses.MISSING or value != standard):
            data[f.name.rstrip("_")] = plain(value)
    return data


def plain(value: Any) -> Any:
    """A value as TOML and JSON know it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_data(value)
    return value
