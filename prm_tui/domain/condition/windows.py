"""Windows of time: the last N days, a period to date, a whole past period, ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

PERIODS = ("week", "month", "quarter", "year")
NAMES = (*PERIODS, *(f"last_{period}" for period in PERIODS), "ever")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Span:
    """Days from `first` (None: since always) to `last`, both included."""

    first: date | None
    last: date


@dataclass(frozen=True)
class Window:
    """Either `days` (facts with days_since from 0 to that many) or the name of a period."""

    days: int | None = None
    period: str = ""

    def span(self, as_of: date, year_starts: int = 1) -> Span:
        """The days it covers as of a date. A period to date ends on that date; weeks begin on Monday."""
        if self.days is not None:
            return Span(back(as_of, self.days), as_of)
        if self.period == "ever":
            return Span(None, as_of)
        if self.period.startswith("last_"):
            end = start_of(self.period[5:], as_of, year_starts) - timedelta(days=1)
            return Span(start_of(self.period[5:], end, year_starts), end)
        return Span(start_of(self.period, as_of, year_starts), as_of)

    def before(self, as_of: date, year_starts: int = 1) -> Span:
        """The days to compare with: as many, directly before; of a period, the one before.

        A period to date is compared with the same number of days of the period before it.
        """
        now = self.span(as_of, year_starts)
        if now.first is None:
            return now
        if self.days is not None:
            return Span(back(now.first, self.days + 1), back(now.first, 1))
        end = back(now.first, 1)
        period = self.period.removeprefix("last_")
        first = start_of(period, end, year_starts)
        if self.period == period:
            end = min(end, first + (now.last - now.first))
        return Span(first, end)


def back(day: date, days: int) -> date:
    """A day so many days earlier, but not before the calendar begins."""
    return day - timedelta(days=min(days, (day - date.min).days))


def start_of(period: str, day: date, year_starts: int = 1) -> date:
    """The first day of the week, month, quarter or fiscal year that a day lies in."""
    if period == "week":
        return back(day, day.weekday())
    months = _MONTHS[period]
    into = (day.month - year_starts) % 12 % months
    month = day.year * 12 + day.month - 1 - into
    return date(max(month // 12, 1), month % 12 + 1, 1)


def ends(period: str, count: int, as_of: date, year_starts: int = 1) -> list[date]:
    """The last days of the last `count` whole periods, the latest first; one that ends on the date is whole."""
    found = []
    day = start_of(period, as_of + timedelta(days=1), year_starts)
    for _ in range(count):
        day = back(day, 1)
        found.append(day)
        day = start_of(period, day, year_starts)
    return found
