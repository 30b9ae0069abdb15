"""A feed: a stream of facts of one kind from one source, and when its next sheet is expected."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

EVERY = ("week", "month", "quarter", "year")
"""How often a sheet may come."""
DUE = 7
"""Days after the end of a period by which its sheet is due, where nothing else was said."""
_GAPS = {"week": (5, 9), "month": (26, 35), "quarter": (80, 100), "year": (350, 380)}


def rhythm(newest: Sequence[date]) -> str | None:
    """How often sheets come, seen in the newest fact of each: from the median of the gaps between at least three of
    them that brought ever newer facts; None where that is no usual span.
    """
    days = sorted(set(newest))
    if len(days) < 3:
        return None
    gap = median((later - earlier).days for earlier, later in pairwise(days))
    return next((every for every, (low, high) in _GAPS.items() if low <= gap <= high), None)


def period_end(day: date, every: str) -> date:
    """The last day of the calendar period that holds a day; weeks end on Sunday."""
    if every == "week":
        return day + timedelta(days=6 - day.weekday())
    month = {"month": day.month, "quarter": (day.month + 2) // 3 * 3, "year": 12}[every]
    return date(day.year, month, calendar.monthrange(day.year, month)[1])


@dataclass(frozen=True)
class Feed:
    """What a sheet brings again and again.

    `covered_to` is `declared`, or the date of the newest fact. `every` is how often a sheet comes (one of EVERY),
    declared (`every_declared`) or seen; `due` how many days after a period's end its sheet is due. `newest`: the
    newest fact of each of its sheets, in the order in which they came; `last_read` the day the latest was read.
    """

    id: int
    kind: str
    source: str
    covered_to: date | None
    declared: bool
    imports: int
    every: str | None = None
    every_declared: bool = False
    due: int = DUE
    newest: tuple[date, ...] = field(default=(), repr=False)
    last_file: str = ""
    last_read: date | None = None

    @property
    def name(self) -> str:
        """Its source without what tells equal names with other headers apart."""
        return re.sub(r" \([0-9a-f]{6}\)$", "", self.source)

    @property
    def expects(self) -> date | None:
        """The day to which the next sheet should cover: the end of the first period that is not covered whole."""
        if self.every is None or self.covered_to is None:
            return None
        return period_end(self.covered_to + timedelta(days=1), self.every)

    @property
    def expected_on(self) -> date | None:
        """The day by which the next sheet is due: `due` days after the end of its period."""
        return self.expects + timedelta(days=self.due) if self.expects else None

    def overdue(self, today: date) -> int:
        """By how many days the next sheet is late; 0 when it is not."""
        return max(0, (today - self.expected_on).days) if self.expected_on else 0

    def state(self, today: date) -> str:
        """When the next sheet is due, in words."""
        if self.expected_on is None:
            return "no rhythm known"
        late = self.overdue(today)
        return f"overdue by {late:,} day{'s' if late > 1 else ''}" if late else f"due {self.expected_on}"
