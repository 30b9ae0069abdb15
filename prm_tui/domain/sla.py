"""Service levels: within what span something is to be done, and the moments at which that is near, due and overdue.

A moment is computed from the start, the calendar and the pauses, never looked for as time goes by: a program that
was closed finds the same moments later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from prm_tui.domain.calendar import LAST, Calendar, CalendarError, Pause, reach, running
from prm_tui.domain.errors import UsageError
from prm_tui.domain.notice import months_later
from prm_tui.domain.text import nearest

MOST = {"minute": 1_000_000, "hour": 100_000, "day": 36_500, "week": 5_200, "month": 1_200}
"""The units of a span, and how many of each it may have."""
BUSINESS = ("minute", "hour", "day")
"""The units that there are as business time."""
_SECONDS = {"minute": 60, "hour": 3600}
_EXAMPLES = "3 business days, 2 business hours, 14 days, 4 hours, 30 minutes, 2 weeks or 1 month"
_FORM = re.compile(r"([0-9]{1,9}) ?((?:[^\W\d_]+ )?)([^\W\d_]+)")


@dataclass(frozen=True)
class Span:
    """So many of a unit: minute, hour, day, week or month; `business`: of working time, else of calendar time.

    Calendar days, weeks and months keep the wall time; of a shorter month the last day is taken. Raises UsageError
    for what is no span.
    """

    amount: int
    unit: str
    business: bool = False

    def __post_init__(self) -> None:
        most = MOST.get(self.unit)
        if most is None:
            raise UsageError(f"“{self.unit}” is no unit of time; there are {', '.join(MOST)}")
        if not 1 <= self.amount <= most:
            raise UsageError(f"so many {self.unit}s are no span of time; write 1 to {most:,} {self.unit}s")
        if self.business and self.unit not in BUSINESS:
            raise UsageError(f"there are no business {self.unit}s; write business days, such as 10 business days")

    @classmethod
    def parse(cls, text: str) -> Span:
        """The span of a text such as "3 business days" or "1 month". UsageError names what may be written."""
        said = " ".join(text.split()) if len(text) <= 100 else text[:100] + "…"
        match = _FORM.fullmatch(said.casefold())
        if match is None:
            raise UsageError(f"“{said}” is no span of time. Write a whole number and a unit: {_EXAMPLES}")
        amount, kind, unit = int(match[1]), match[2].strip(), match[3]
        if kind not in ("", "business", "working"):
            like = nearest(kind, ["business"])
            hint = f"Did you mean “{like}”?" if like else f"Write {_EXAMPLES}"
            raise UsageError(f"“{said}”: “{kind}” has no meaning here. {hint}")
        known = [*MOST, *(f"{one}s" for one in MOST)]
        if unit not in known:
            like = nearest(unit, known)
            hint = f"Did you mean “{like}”?" if like else f"Write {_EXAMPLES}"
            raise UsageError(f"“{said}”: “{unit}” is no unit of time. {hint}")
        try:
            return cls(amount, unit.removesuffix("s"), bool(kind))
        except UsageError as error:
            raise UsageError(f"“{said}”: {error}") from None

    def __str__(self) -> str:
        return f"{self.amount} {'business ' if self.business else ''}{self.unit}{'s' if self.amount > 1 else ''}"

    def due_on(self, day: date, calendar: Calendar) -> date:
        """The date that is so long after a day. UsageError for hours and minutes, which have no date.

        Business days may be done until the end of that date's working hours (`Calendar.end_of`).
        """
        if self.unit in _SECONDS:
            raise UsageError(f"“{self}” gives no date; write days, business days, weeks or months")
        if self.business:
            return calendar.add_business_days(day, self.amount)
        try:
            if self.unit == "month":
                return months_later(day, self.amount)
            return day + timedelta(days=self.amount * (7 if self.unit == "week" else 1))
        except (OverflowError, ValueError):
            raise _too_late() from None

    def due_at(self, start: int, calendar: Calendar) -> int:
        """The instant that is so long after another; business days end with that day's working hours."""
        if self.unit in _SECONDS:
            seconds = self.amount * _SECONDS[self.unit]
            found = reach(_always(start, calendar), seconds)
            found = calendar.add_seconds(start, seconds) if self.business else found
            assert found is not None  # nothing pauses
            return found
        day = calendar.day_of(start)
        due = self.due_on(day, calendar)
        return calendar.end_of(due) if self.business else calendar.later(start, (due - day).days)


@dataclass(frozen=True)
class Moments:
    """The instants at which a service level is warned of, broken and escalated; None while a pause holds it up."""

    warn: int | None
    breach: int | None
    escalate: int | None

    def between(self, after: int, to: int) -> tuple[tuple[str, int], ...]:
        """What came after one instant and up to another, by name and in the order of time."""
        named = (("warn", self.warn), ("breach", self.breach), ("escalate", self.escalate))
        return tuple((name, at) for name, at in named if at is not None and after < at <= to)


@dataclass(frozen=True)
class Sla:
    """A service level: done `within` a span. `warn` and `escalate` are parts of it; the breach is at 1.

    UsageError unless 0 < warn <= 1 <= escalate <= 100.
    """

    within: Span
    warn: float = 0.75
    escalate: float = 1.5

    def __post_init__(self) -> None:
        if not 0 < self.warn <= 1:
            raise UsageError(
                f"warn: {self.warn} is no part of “{self.within}”; write more than 0, up to 1, such as 0.75"
            )
        if not 1 <= self.escalate <= 100:
            raise UsageError(f"escalate: {self.escalate} is not 1 to 100; 1.5 is half as long again as “{self.within}”")

    @classmethod
    def parse(cls, within: str, warn: float = 0.75, escalate: float = 1.5) -> Sla:
        """A service level from a text such as "3 business days". UsageError as of `Span.parse`."""
        return cls(Span.parse(within), warn, escalate)

    def moments(self, start: int, calendar: Calendar, pauses: Iterable[Pause] = ()) -> Moments:
        """When it is warned of, broken and escalated, with the clock standing still in pauses.

        Without pauses the breach is `within.due_at(start)`. What lies between start and breach is the whole, in
        working seconds for business time and in real seconds otherwise; warn and escalate are parts of that, and
        pauses put off all three. A moment that a pause holds up which is not over yet is None.
        """
        due, stops = self.within.due_at(start, calendar), tuple(pauses)
        whole = calendar.elapsed(start, due) if self.within.business else due - start

        def moment(part: float) -> int | None:
            clock = calendar.stretches(start) if self.within.business else _always(start, calendar)
            return reach(running(clock, stops), max(1, round(whole * part)))

        return Moments(moment(self.warn), moment(1), moment(self.escalate))


def _always(start: int, calendar: Calendar) -> Iterator[tuple[int, int]]:
    """All the time there is, for clocks that run day and night. CalendarError when it is over."""
    calendar.day_of(start)
    yield start, calendar.end_of_time
    raise _too_late()


def _too_late() -> CalendarError:
    return CalendarError([f"a date after the year {LAST.year}"])
