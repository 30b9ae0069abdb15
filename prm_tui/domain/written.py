"""The fields of a trigger or a step as a person writes them, each in one line, and back to plain data.

60, 30, 14          a list
keep → kept; let go → start:deactivation          choices, and the cases of a branch; -> does as well
yes                 true
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from prm_tui.domain.shape import Literal, required, shapes_of
from prm_tui.domain.step import KINDS, When
from prm_tui.domain.trigger import ONS, PERIODS, Trigger

ELSEWHERE = "elsewhere:"
_ARROW = re.compile(r"\s*(?:→|->|=>)\s*")
_WHO = "manager, role:legal, person:NAME, load:ROLE"
_WAY = "a step, end, or start:WORKFLOW"
_SPAN = "3 business days, 14 days, 4 hours"
_ABOUT: dict[str, tuple[str, str]] = {
    "title": ("Title", ""), "owner": ("Who does it", _WHO), "by": ("Who decides", "role:finance, manager, person:NAME"),
    "to": ("To", "contact:main, contact:ROLE, manager, role:ROLE, person:NAME"), "template": ("Template", ""),
    "channel": ("By", "mail or letter"), "within": ("Within", _SPAN), "warn": ("Warn after", "0.75 of the time"),
    "escalate.to": ("Tell, when overdue", _WHO), "escalate.at": ("… after", "1.5 times what is allowed"),
    "unless.when": ("Withdrawn when", "a condition: days_since(order) < 30"), "unless.then": ("… then", _WAY),
    "pause": ("Time stands still while", "a condition"), "detail": ("More about it", "{{ partner.name }} and other fields"),
    "then": ("Then", _WAY), "rule": ("How many", "one, two, first of, all of"), "of": ("Of whom", "role:finance, role:legal"),
    "evidence": ("A signed answer", "yes or no"), "choices": ("Choices", "keep → kept; let go → start:deactivation"),
    "reject": ("If rejected", _WAY), "cases": ("Ways", "amount > 10000 → big; elsewhere: ref → twice"), "else": ("Otherwise", _WAY),
    "branches": ("Ways begin at", "kit, course"), "join": ("All meet at", "a step"), "for": ("For", _SPAN),
    "until": ("Or until", "a condition: count(order, 14) > 0"), "activity": ("Or until there is", "a kind of activity: order"),
    "timeout": ("When time is over", _WAY), "field": ("Field", "tier, partner.territory"), "value": ("Becomes", "Gold"),
    "expression": ("Or is computed", "sum(order.amount, 365)"), "add": ("Tags on", "key account, watch"),
    "remove": ("Tags off", ""), "record": ("Kind of record", "lead, deal"), "kind": ("Kind", ""),
    "amount": ("Amount", "100, or amount * 0.05"), "rate": ("Or rate", "0.05"), "basis": ("… of", "sum(order.amount, 30)"),
    "currency": ("Currency", "EUR"), "period": ("Period", ", ".join(PERIODS)), "state": ("State", "new, approved, hold"),
    "note": ("Note", ""), "reverse": ("Takes back", "yes or no"), "format": ("Format", "letter, report, workbook"),
    "workflow": ("Workflow", ""), "fields": ("Fields", "name → Grow; status → Open"), "computed": ("Computed", "amount → 2 * 50"),
    "outcome": ("Outcome", "came back"), "subject": ("Looks at", "partner, record:deal, activity:order"),
    "on": ("When", ", ".join(ONS)), "when": ("If", "days_since(order) > 100"), "date": ("By its date", "ends_on"),
    "days_before": ("Days before", "90, 60, 30, 0, -7"), "total": ("A total", "sum(order.amount, year)"),
    "steps": ("passes", "1000, 5000, 20000"), "each": ("each once a", ", ".join(PERIODS)), "event": ("When it is", "added or changed"),
    "changed": ("Which field", "status"), "again_after": ("Again after", "days it must have been untrue before it may match again"),
    "late": ("Late facts", "act, mark, record"), "stale_days": ("Late means", "days until a fact is learned"),
    "cap": ("At most", "partners a day; more are held for a person"), "first": ("At the start", "from-now, note, act"),
    "priority": ("Order", "lower goes first; 100"), "coverage": ("Silence", "strict: only as far as feeds are covered; as recorded"),
    "month_cap": ("In a month", "matches a calendar month; more are held for a person"),
    "hold_out": ("Left out", "the share that nothing is done for, to compare with: 0.2"),
    "start": ("Starts", "a workflow"), "optional": ("May be left out", "yes: where nobody may be written to, nothing is said"),
    "eligible": ("Who may get it", "a condition about partners: tier = 'Gold'"), "weight": ("Whose turn, by", "sum(order.amount, 365)"),
    "share": ("Goes to", "one or all"), "status": ("Status", "Offered"), "nobody": ("If nobody may", _WAY),
    "into": ("Who got it, into", "a field of the record the case is about: new_owner"),
    "reason": ("Reason", "{{ name }} has lapsed"),
    "ground": ("What stops", "safety, certificate, fraud, other"),
    "at_least": ("At least", "amount → 100"), "round_up": ("In steps of", "quantity → 12"),
    "what": ("Lists", "partner, record:deal, activity:order, change"), "same": ("Same as the case's", "territory"),
    "columns": ("Columns", "Deal → name; Value → amount"), "largest": ("Largest first, by", "sum(order.amount, 365)"),
}  # fmt: skip
"""Field → its label and a hint."""
WHEN = (
    "title",
    "on",
    "subject",
    "date",
    "days_before",
    "period",
    "total",
    "steps",
    "each",
    "event",
    "changed",
    "again_after",
)
SAFETY = ("cap", "first", "late", "stale_days", "priority", "coverage", "month_cap", "hold_out")
_ONLY = {
    "date": ("date",), "days_before": ("date",), "period": ("every",), "total": ("crosses",), "steps": ("crosses",),
    "each": ("crosses",), "event": ("record",), "changed": ("record",), "again_after": ("becomes true",),
    "late": ("activity",), "stale_days": ("activity",),
}  # fmt: skip
"""Fields of a trigger that only some kinds of moment have."""


@dataclass(frozen=True)
class Field:
    """One line of a form. `words` are completed from; `kind`: how it is written."""

    key: str
    label: str
    hint: str
    shape: Any
    words: tuple[str, ...] = ()


def of_trigger(keys: tuple[str, ...], on: str) -> list[Field]:
    """The fields of a trigger among `keys` that a kind of moment has."""
    hints = shapes_of(Trigger)
    return [_field(key, hints[key]) for key in keys if on in _ONLY.get(key, (on,))]


def of_step(do: str) -> list[Field]:
    """The fields of a kind of step, those that say what it is first."""
    found = []
    for key, hint in shapes_of(KINDS[do]).items():
        if key == "id":
            continue
        inner = _inner(hint)
        if isinstance(inner, type) and dataclasses.is_dataclass(inner):
            found += [_field(f"{key}.{one}", shape) for one, shape in shapes_of(inner).items()]
        else:
            found.append(_field(key, hint))
    first = ("title", "to", "template", "owner", "by", "record", "kind", "field", "value", "expression", "for", "until", "activity",
             "within", "cases", "else", "choices", "amount", "rate", "basis", "currency")  # fmt: skip
    needed = required(KINDS[do])
    last = (
        "then",
        "warn",
        "pause",
        "unless.when",
        "unless.then",
        "escalate.to",
        "escalate.at",
        "detail",
        "note",
        "reject",
        "timeout",
    )
    order = {key: n for n, key in enumerate(first)}
    return sorted(
        found, key=lambda f: (f.key not in needed, f.key in last, 50 if f.key in last else order.get(f.key, 50))
    )


def _field(key: str, hint: Any) -> Field:
    label, about = _ABOUT.get(key, (key.replace("_", " ").capitalize(), ""))
    return Field(key, label, about, hint)


def _inner(hint: Any) -> Any:
    """A type without `| None`."""
    if get_origin(hint) in (Union, UnionType):
        return next(a for a in get_args(hint) if a is not type(None))
    return hint


# ---- out ----


def shown(data: Mapping[str, Any], field: Field) -> str:
    """What stands in a field."""
    key, _, inner = field.key.partition(".")
    value = data.get(key)
    if inner:
        value = value.get(inner) if isinstance(value, Mapping) else None
    return text_of(value, literal=_literal(field.shape))


def _literal(hint: Any) -> bool:
    """Whether a field takes text, numbers, true and false alike, so that they must be told apart."""
    inner = _inner(hint)
    return bool(inner == Literal or (get_origin(inner) is dict and get_args(inner)[1] == Literal))


def text_of(value: Any, *, literal: bool = False) -> str:
    """A value in one line; with `literal`, text that reads as a number, true or false stands in quotes."""
    if value is None:
        return ""
    if literal and isinstance(value, bool):
        return str(value).lower()
    if literal and isinstance(value, str):
        return value if isinstance(_scalar(value), str) else f"'{value}'"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if set(value) <= {"when", "then", "elsewhere"} and "then" in value:
            same = f"{ELSEWHERE} {', '.join(value['elsewhere'])}" if value.get("elsewhere") else ""
            return f"{' '.join(part for part in (value.get('when', ''), same) if part)} → {value['then']}"
        return "; ".join(f"{key} → {text_of(one, literal=literal)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ("; " if any(isinstance(one, Mapping) for one in value) else ", ").join(map(text_of, value))
    return str(value)


# ---- in ----


def taken(data: Mapping[str, Any], fields: list[Field], said: Mapping[str, str]) -> dict[str, Any]:
    """The data with what was written in these fields; an empty field is left out."""
    made = dict(data)
    for one in fields:
        text = said.get(one.key, "").strip()
        key, _, inner = one.key.partition(".")
        value = _value(one.shape, text) if text else None
        if not inner:
            made.pop(key, None)
            made |= {} if value is None else {key: value}
            continue
        whole = dict(made.get(key) or {})
        whole.pop(inner, None)
        whole |= {} if value is None else {inner: value}
        made.pop(key, None)
        made |= {key: whole} if whole.keys() - {"at"} or (inner == "to" and whole) else {}
    return made


def _value(hint: Any, text: str) -> Any:
    """What a text means; one that cannot be read stays text, so that the check says what is wrong with it."""
    hint = _inner(hint)
    origin = get_origin(hint)
    if origin is tuple:
        inner = get_args(hint)[0]
        if inner is When:
            return [_case(*pair) for pair in _pairs(text)]
        return [_value(inner, part) for part in _parts(text, ",")]
    if origin is dict:
        return {key: _value(get_args(hint)[1], value) for key, value in _pairs(text)}
    if hint is bool:
        return {"yes": True, "true": True, "no": False, "false": False}.get(text.casefold(), text)
    if hint == Literal:
        quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
        return text[1:-1] if quoted else _scalar(text)
    base = get_args(hint)[0] if origin is Annotated else hint
    return _number(text) if base in (int, Decimal) else text


def _case(said: str, then: str) -> dict[str, Any]:
    """One way of a branch."""
    when, sign, same = said.partition(ELSEWHERE)
    data: dict[str, Any] = {"when": when.strip()} if when.strip() else {}
    return {**data, "then": then, **({"elsewhere": list(_parts(same, ","))} if sign else {})}


def _scalar(text: str) -> Any:
    return {"true": True, "false": False}.get(text.casefold(), _number(text))


def _number(text: str) -> Any:
    plain = text.replace("_", "")
    if re.fullmatch(r"[+-]?\d+", plain):
        return int(plain)
    try:
        return float(Decimal(plain)) if re.fullmatch(r"[+-]?\d*\.\d+", plain) else text
    except InvalidOperation:
        return text


def _parts(text: str, sign: str) -> Iterator[str]:
    """Parts between signs that stand outside of quotes and brackets."""
    part, depth, quote = "", 0, ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == sign and not depth:
            if part.strip():
                yield part.strip()
            part = ""
            continue
        part += char
    if part.strip():
        yield part.strip()


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for part in _parts(text, ";"):
        found = _ARROW.split(part)
        yield " ".join(found[:-1]) or part, found[-1] if len(found) > 1 else ""
