"""A trigger: when, for which subject, if what is true, then which workflow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.fault import Fault
from prm_tui.domain.ladder import FURTHEST, checked
from prm_tui.domain.shape import (
    Condition,
    Expression,
    KindName,
    Slug,
    Words,
    Wrong,
    build,
    one_of,
    said,
    shapes_of,
    text,
    to_data,
    whole,
)
from prm_tui.domain.text import nearest

ONS = ("becomes true", "activity", "record", "date", "every", "crosses", "manual")
PERIODS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class Subject:
    """What a trigger looks at: partners, or the records or activities of one kind."""

    table: str = "partner"
    kind: str | None = None

    def __str__(self) -> str:
        return f"{self.table}:{self.kind}" if self.kind else self.table

    @classmethod
    def of(cls, value: str) -> Subject:
        """The subject a text names. Raises Wrong for anything but partner, record:KIND and activity:KIND."""
        table, _, kind = text(value).partition(":")
        if value == "partner":
            return cls()
        if table in ("record", "activity") and kind:
            return cls(table, kind)
        like = nearest(table, ("partner", "record", "activity"))
        shown = f"{like}:{kind or 'KIND'}" if like in ("record", "activity") else like
        raise Wrong(f"{said(value)} is no subject; write partner, record:KIND or activity:KIND", shown)


def part(value: Any) -> Decimal:
    """A part of a whole, up to a half. Raises Wrong for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not 0 < value <= Decimal("0.5"):
        raise Wrong(f"a part above 0 and up to 0.5 is expected, such as 0.2, not {said(value)}")
    return Decimal(str(value))


_Subject = Annotated[str, lambda value: str(Subject.of(value))]
_Days = Annotated[int, whole(-FURTHEST, FURTHEST)]

_OWN: dict[str, tuple[str, ...]] = {
    "becomes true": ("again_after",),
    "activity": (),
    "record": ("event", "changed"),
    "date": ("date", "days_before"),
    "every": ("period",),
    "crosses": ("total", "steps", "each"),
    "manual": (),
}
"""Keys that only this kind of trigger knows."""
_NEEDED = {"becomes true": ("when",), "date": ("date", "days_before"), "every": ("period",),
           "crosses": ("total", "steps")}  # fmt: skip
_SUBJECTS = {"becomes true": ("partner", "record"), "activity": ("activity",), "record": ("record",),
             "date": ("partner", "record"), "every": ("partner", "record"), "crosses": ("partner",),
             "manual": ("partner", "record")}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """When something is so, a workflow begins.

    `on` is the kind of moment; `when` the condition about the subject. `days_before` counts from the `date` of the
    subject back, so that -7 is a week after it. `total` is watched as it passes each of `steps`, once per `each`.
    `again_after`: days a condition must be false before it may match again. `stale_days`: what is learned so many
    days late is treated as `late` says. `cap`: subjects a day before hits are held. `first`: what happens to those
    that match already when it is switched on. Lower `priority` goes first. `coverage`: whether what has not
    happened must be covered by a feed (conditions.md). `month_cap`: matches a calendar month before more are held.
    `hold_out`: the share of matches that nothing is done for, by chance, so that what is done can be compared with it.
    """

    name: str
    title: Words
    subject: _Subject = "partner"
    on: Annotated[str, one_of(*ONS)] = "becomes true"
    when: Condition | None = None
    date: KindName | None = None
    days_before: tuple[_Days, ...] = ()
    period: Annotated[str, one_of(*PERIODS)] | None = None
    total: Expression | None = None
    steps: tuple[Decimal, ...] = ()
    each: Annotated[str, one_of(*PERIODS)] | None = None
    event: Annotated[str, one_of("added", "changed")] = "added"
    changed: KindName | None = None
    again_after: Annotated[int, whole(0, 3_660)] = 0
    late: Annotated[str, one_of("act", "mark", "record")] = "mark"
    stale_days: Annotated[int, whole(0, 3_660)] = 30
    cap: Annotated[int, whole(1, 1_000_000)] = 40
    first: Annotated[str, one_of("from-now", "note", "act")] = "from-now"
    priority: Annotated[int, whole(0, 1_000_000)] = 100
    coverage: Annotated[str, one_of("strict", "as recorded")] = "strict"
    month_cap: Annotated[int, whole(1, 1_000_000)] | None = None
    hold_out: Annotated[Decimal, part] | None = None
    start: Slug

    @property
    def about(self) -> Subject:
        """The subject, taken apart."""
        return Subject.of(self.subject)

    @staticmethod
    @lru_cache(maxsize=1024)
    def from_text(name: str, text: str) -> tuple[Trigger | None, list[Fault]]:
        """As `from_data`, of the JSON a file keeps; the same text is read once."""
        return Trigger.from_data(name, json.loads(text))

    @classmethod
    def from_data(cls, name: str, data: Mapping[str, Any]) -> tuple[Trigger | None, list[Fault]]:
        """A trigger from the table under its name, or every fault in it; keys begin below [trigger.NAME]."""
        made, faults = build(cls, data, name=name)
        if made is None:
            return None, faults
        faults = [*_foreign(made.on, data), *_missing(made), *_odd(made)]
        return (None, faults) if faults else (made, [])

    def to_data(self) -> dict[str, Any]:
        """As it would be written, without its name and without what has its default; `on` always stands."""
        data = {**to_data(self, leave=("name",)), "on": self.on}
        return {key: data[key] for key in shapes_of(type(self)) if key in data}


def _foreign(on: str, data: Mapping[str, Any]) -> Iterable[Fault]:
    """Keys that belong to another kind of trigger."""
    for other, keys in _OWN.items():
        for key in keys:
            if key in data and key not in _OWN[on]:
                yield Fault((key,), f'“{key}” belongs to on = "{other}", this is on = "{on}"')


def _missing(trigger: Trigger) -> Iterable[Fault]:
    for key in _NEEDED.get(trigger.on, ()):
        if not getattr(trigger, key):
            yield Fault((), f'“{key}” is missing: on = "{trigger.on}" needs it')


def _odd(trigger: Trigger) -> Iterable[Fault]:
    tables = _SUBJECTS[trigger.on]
    if trigger.about.table not in tables:
        shown = " or ".join(t if t == "partner" else f"{t}:KIND" for t in tables)
        yield Fault(("subject",), f'on = "{trigger.on}" needs the subject {shown}, not {trigger.subject}')
    if trigger.days_before:
        try:
            checked(trigger.days_before)
        except UsageError as error:
            yield Fault(("days_before",), str(error))
    if list(trigger.steps) != sorted(set(trigger.steps)):
        yield Fault(("steps",), "steps go up, each once")
    if trigger.changed and trigger.event != "changed":
        yield Fault(("changed",), '“changed” needs event = "changed"')
