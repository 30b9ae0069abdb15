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
"""How often a sheet may come; `none`, where no other is waited for."""
DUE = 7
"""Days after the end of a period by which its sheet is due, where nothing else was said or seen."""
ENOUGH = 3
"""Sheets from which a rhythm, or how late they usually come, can be seen."""
LATELY = 6
"""How many of the latest sheets tell how late they usually come."""
_GAPS = {"week": (5, 9), "month": (26, 35), "quarter": (80, 100), "year": (350, 380)}
_LONGEST = {"week": 7, "month": 31, "quarter": 92, "year": 366}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_NAMELESS = re.compile(r"(sheet|tabelle|feuil|hoja|foglio|blad|ark|data)? ?\d*", re.IGNORECASE)


@dataclass(frozen=True)
class Brought:
    """What a sheet brought that was newer than anything before: up to which day, and when it was read."""

    newest: date
    read: date

    @property
    def reach(self) -> date:
        """The day up to which it tells what happened: what it holds of later days is planned, or mistyped."""
        return min(self.newest, self.read)


@dataclass(frozen=True)
class FeedSheet:
    """A sheet of a feed: its rows, how many facts came from it, and the newest of them."""

    file: str
    sheet: str
    read: date
    rows: int
    brought: int
    newest: date | None


def rhythm(newest: Sequence[date]) -> str | None:
    """How often sheets come, seen in the newest fact of each: from the median of the gaps between at least three of
    them that brought ever newer facts; None where that is no usual span, or most gaps are nothing like it.
    """
    days = sorted(set(newest))
    if len(days) < ENOUGH:
        return None
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    for every, (low, high) in _GAPS.items():
        if low <= median(gaps) <= high:
            return every if sum(low / 2 <= gap <= high * 1.5 for gap in gaps) * 2 > len(gaps) else None
    return None


def period_end(day: date, every: str) -> date:
    """The last day of the calendar period that holds a day; weeks end on Sunday."""
    if every == "week":
        return day + timedelta(days=6 - day.weekday())
    months = _MONTHS[every]
    month = (day.month - 1) // months * months + months
    return date(day.year, month, calendar.monthrange(day.year, month)[1])


def period_start(day: date, every: str) -> date:
    """The first day of the calendar period that holds a day; weeks begin on Monday."""
    if every == "week":
        return day - timedelta(days=day.weekday())
    months = _MONTHS[every]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def whole(reach: date, every: str, read: date | None) -> date:
    """The end of the last period that is covered whole, when facts reach to a day.

    A period is covered whole when its last day is; or when its facts were `read` after it was over: a sheet of March
    whose newest order is of the 28th is the sheet of March if it came in April, and a part of it if it came before.
    """
    end = period_end(reach, every)
    if reach == end or (read is not None and read > end):
        return end
    return period_start(reach, every) - timedelta(days=1)


def usual_lag(sheets: Sequence[Brought], every: str) -> int | None:
    """As many days after a period's end as its sheet came at the latest, of the latest six; None for fewer than three.

    Sheets that came more than a period late say nothing: they were read in to catch up.
    """
    lags = [(s.read - whole(s.reach, every, s.read)).days for s in sheets]
    near = [lag for lag in lags if lag <= _LONGEST[every]][-LATELY:]
    return max(near) if len(near) >= ENOUGH else None


@dataclass(frozen=True)
class Feed:
    """What a sheet brings again and again.

    `covered_to` is `declared`, or the date of the newest fact; of a feed that lists what is there (`listed`: partners,
    people, contacts, records) the day it was read. `read`: when that fact was read, None where it is declared.
    `said_every` (one of EVERY, or none) and `said_due` are declared. `sheets`: those that brought ever newer facts.
    """

    id: int
    kind: str
    source: str
    covered_to: date | None
    declared: bool
    imports: int
    said_every: str | None = None
    said_due: int | None = None
    read: date | None = None
    listed: bool = False
    sheets: tuple[Brought, ...] = field(default=(), repr=False)
    last_file: str = ""
    last_read: date | None = None

    @property
    def name(self) -> str:
        """Its source without what tells equal names with other headers apart; its file where the sheet has no name."""
        name = re.sub(r" \([0-9a-f]{6}\)$", "", self.source)
        return self.last_file or name if _NAMELESS.fullmatch(name) else name

    @property
    def every(self) -> str | None:
        """How often a sheet comes, as declared, else as seen; None where neither is known or no other is waited for."""
        if self.said_every is not None:
            return self.said_every if self.said_every in EVERY else None
        return self._seen

    @property
    def _seen(self) -> str | None:
        return rhythm([s.reach for s in self.sheets])

    @property
    def every_declared(self) -> bool:
        """Whether somebody said how often a sheet comes, or that none does."""
        return self.said_every is not None

    @property
    def due(self) -> int:
        """Days after a period's end by which its sheet is due: as declared, else as late as they usually come, else a week."""
        if self.said_due is not None:
            return self.said_due
        every = self.every
        lag = usual_lag(self.sheets, every) if every is not None and every == self._seen else None
        return DUE if lag is None else lag

    @property
    def expects(self) -> date | None:
        """The day to which the next sheet should cover: the end of the first period that is not covered whole."""
        if self.every is None or self.covered_to is None:
            return None
        try:
            return period_end(whole(self.covered_to, self.every, self.read) + timedelta(days=1), self.every)
        except OverflowError:  # covered to the end of the calendar
            return None

    @property
    def expected_on(self) -> date | None:
        """The day by which the next sheet is due: `due` days after the end of the period it should cover."""
        try:
            return self.expects + timedelta(days=self.due) if self.expects else None
        except OverflowError:
            return None

    def overdue(self, today: date) -> int:
        """By how many days the next sheet is late; 0 when it is not."""
        return max(0, (today - self.expected_on).days) if self.expected_on else 0

    def state(self, today: date) -> str:
        """When the next sheet is due, in words."""
        if self.said_every is not None and self.every is None:
            return "none expected"
        if self.expected_on is None:
            return "no rhythm known"
        late = self.overdue(today)
        return f"overdue by {late:,} day{'s' if late > 1 else ''}" if late else f"due {self.expected_on}"

    @property
    def covered_by(self) -> str:
        """What says how far it is covered, in words."""
        if self.covered_to is None:
            return ""
        return "declared" if self.declared else "the day it was read" if self.listed else "its newest fact"

    @property
    def rhythm_said(self) -> str:
        """How often a sheet comes and how that is known, in words."""
        return f"{self.every} ({'declared' if self.every_declared else 'seen'})" if self.every else ""


def names(feeds: Sequence[Feed]) -> dict[int, str]:
    """What each feed is called: its name, and its whole source where another of its kind has the same name."""
    told = [(f.kind, f.name) for f in feeds]
    return {f.id: f.name if told.count((f.kind, f.name)) == 1 else f.source for f in feeds}
