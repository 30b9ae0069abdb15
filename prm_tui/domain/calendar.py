"""A business calendar: when work is done, and what that makes of hours and days.

Instants are whole epoch seconds in UTC, dates are `date`. Wall times are turned into instants by the calendar's time
zone so that their order is kept: a wall time that a change of the clock leaves out is the moment of that change, one
that comes twice is its first. A working second is a real second; where the clock goes back inside working hours, the
hour that comes twice is worked twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo, available_timezones

from prm_tui.domain.errors import UsageError
from prm_tui.domain.text import nearest

FIRST, LAST = date(1900, 1, 1), date.max
"""The days a calendar knows."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Hours = tuple[tuple[int, int], ...]
"""The working hours of a weekday: (from, to) in minutes after midnight, in order; `to` may be 1440."""
Pause = tuple[int, int | None]
"""An interval in which a clock stands still, as instants; None: it is not over yet."""
_MIDNIGHT = 1440
_DAY = 86_400
_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = 1 << 62  # later than any instant: the end of a pause that is open


class CalendarError(UsageError):
    """A calendar, or a time asked of one, that cannot be. `faults` holds every fault that was found."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("calendar: " + "; ".join(self.faults))


@dataclass(frozen=True)
class Calendar:
    """Working hours of each weekday, Monday first, in an IANA time zone; nothing is done on holidays.

    Raises CalendarError, with all faults, for an unknown zone, hours that are no hours, and no working time at all.
    """

    zone: str
    hours: tuple[Hours, ...]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if found := [*zone_faults(self.zone), *_hours_faults(self.hours)]:
            raise CalendarError(found)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _week(self) -> int:
        """Working seconds of a week without holidays and changes of the clock."""
        return sum(to - begin for hours in self.hours for begin, to in hours) * 60

    @cached_property
    def end_of_time(self) -> int:
        """The end of the last day a calendar knows."""
        return self.at(LAST, _DAY)

    # ---- days ----

    def works_on(self, day: date) -> bool:
        """Whether a day is a working day."""
        return bool(self.hours[day.weekday()]) and day not in self.holidays

    def working_day(self, day: date) -> date:
        """The day itself when it is a working day, else the next one."""
        while not self.works_on(day):
            day = _shift(day, 1)
        return day

    def add_business_days(self, day: date, n: int) -> date:
        """The nth working day after a day, which does not count itself; before it when n is negative.

        0 gives the day itself, or the next working day when it is none: Saturday and 0, Saturday and 1 both give
        Monday. CalendarError when that lies outside the years the calendar knows.
        """
        if n == 0:
            return self.working_day(day)
        if abs(n) > (LAST - FIRST).days:
            raise _outside()
        step, left = (1, n) if n > 0 else (-1, -n)
        while left:
            day = _shift(day, step)
            left -= self.works_on(day)
        return day

    def day_of(self, instant: int) -> date:
        """The date of an instant in the calendar's time zone. CalendarError outside the years it knows."""
        return self._local(instant).date()

    def at(self, day: date, second: int = 0) -> int:
        """The instant of a wall time, given in seconds after midnight (86,400 is midnight at the day's end)."""
        _shift(day, 0)
        return _instant(self._zone, day, second)

    def end_of(self, day: date) -> int:
        """When what is due on a date is late: the end of its working hours; of other days, of the day itself."""
        spans = self.spans(day)
        return spans[-1][1] if spans else self.at(day, _DAY)

    def later(self, instant: int, days: int) -> int:
        """The instant with the same wall time so many calendar days on, or back."""
        local = self._local(instant)
        second = local.hour * 3600 + local.minute * 60 + local.second
        return _instant(self._zone, _shift(local.date(), days), second)

    def _local(self, instant: int) -> datetime:
        try:
            local = (_ZERO + timedelta(seconds=instant)).astimezone(self._zone)
        except OverflowError:
            raise _outside() from None
        _shift(local.date(), 0)
        return local

    # ---- working time ----

    def spans(self, day: date) -> tuple[tuple[int, int], ...]:
        """The working time of a day as (from, to) instants, in order; none on a day without work."""
        if day in self.holidays:
            return ()
        made = ((self.at(day, begin * 60), self.at(day, to * 60)) for begin, to in self.hours[day.weekday()])
        return tuple((begin, to) for begin, to in made if begin < to)  # a change of the clock can swallow one

    def stretches(self, start: int, end: int | None = None) -> Iterator[tuple[int, int]]:
        """The working time from an instant on, to another, as (from, to) instants in order.

        Without an end it goes on to the last day, and then raises CalendarError.
        """
        day = self.day_of(start)
        last = LAST if end is None or end == self.end_of_time else self.day_of(end)
        while True:
            for begin, to in self.spans(day):
                begin, to = max(begin, start), to if end is None else min(to, end)
                if begin < to:
                    yield begin, to
            if day >= last and end is not None:
                return
            day = _shift(day, 1)

    def next_working(self, instant: int) -> int:
        """The instant itself when it lies in working time, else the next beginning of some."""
        return next(self.stretches(instant))[0]

    def elapsed(self, start: int, end: int, pauses: Iterable[Pause] = ()) -> int:
        """The working seconds between two instants outside of pauses, which may overlap; 0 when end is not after start.

        A pause that is not over yet lasts to the end.
        """
        if end <= start:
            return 0
        return sum(to - begin for begin, to in running(self.stretches(start, end), pauses))

    def add_seconds(self, instant: int, seconds: int, pauses: Iterable[Pause] = ()) -> int | None:
        """The first instant at which so many working seconds outside of pauses have passed.

        None when a pause that is not over yet comes before. CalendarError for fewer than 0, and for what would end
        after the last day.
        """
        if seconds < 0:
            raise CalendarError(["working time cannot be counted back; give 0 or more"])
        weeks = (LAST - self.day_of(instant)).days // 7 + 1
        if seconds > 2 * weeks * self._week:  # twice, for changes of the clock: no need to walk there to know
            raise _outside()
        return reach(running(self.stretches(instant), pauses), seconds) if seconds else instant

    def add_hours(self, instant: int, hours: int | float | Decimal) -> int:
        """The first instant at which so many working hours have passed, to the second. Errors as of `add_seconds`."""
        try:
            seconds = round(hours * 3600)
        except (ArithmeticError, ValueError):  # infinity and no number
            raise CalendarError([f"“{hours}” is no number of hours"]) from None
        found = self.add_seconds(instant, seconds)
        assert found is not None  # without pauses it is reached
        return found


def running(stretches: Iterable[tuple[int, int]], pauses: Iterable[Pause]) -> Iterator[tuple[int, int]]:
    """Stretches of time without their pauses; they end where a pause begins that is not over yet."""
    stops, at = _merged(pauses), 0
    for begin, to in stretches:
        while at < len(stops) and stops[at][0] < to:
            stop, go = stops[at]
            if begin < stop:
                yield begin, stop
            if go == _NEVER:
                return
            begin = max(begin, go)
            if go > to:
                break  # it reaches into the next stretch
            at += 1
        if begin < to:
            yield begin, to


def reach(stretches: Iterable[tuple[int, int]], seconds: int) -> int | None:
    """The first instant at which so many seconds of the stretches have passed; None when they are fewer."""
    for begin, to in stretches:
        if to - begin >= seconds:
            return begin + seconds
        seconds -= to - begin
    return None


def _merged(pauses: Iterable[Pause]) -> list[tuple[int, int]]:
    """Pauses in order, those that touch as one. CalendarError for one that ends before it begins."""
    found: list[tuple[int, int]] = []
    for begin, to in sorted((begin, _NEVER if to is None else to) for begin, to in pauses):
        if to < begin:
            raise CalendarError([f"a pause ends before it begins ({begin} to {to})"])
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(to, found[-1][1]))
        else:
            found.append((begin, to))
    return found


def _shift(day: date, days: int) -> date:
    """So many days on. CalendarError when either lies outside the years a calendar knows."""
    if not FIRST.toordinal() <= day.toordinal() + days <= LAST.toordinal() or day < FIRST:
        raise _outside()
    return day + timedelta(days=days)


def _outside() -> CalendarError:
    return CalendarError([f"a date outside the years {FIRST.year} to {LAST.year}"])


def _instant(zone: ZoneInfo, day: date, second: int) -> int:
    """A wall time as an instant, so that a later wall time is never an earlier instant."""
    if second == _DAY:
        if day == LAST:  # whose midnight has no date
            return _instant(zone, day, _DAY - 1) + 1
        day, second = day + timedelta(days=1), 0
    minute = second // 60
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, second % 60, tzinfo=zone)
    seconds = (day.toordinal() - _ZERO.toordinal()) * _DAY + second
    first, other = seconds - _offset(wall), seconds - _offset(wall.replace(fold=1))
    if first <= other:
        return first
    # The wall time is left out: find the change of the clock, which lies between the two readings of it.
    before = _offset((_ZERO + timedelta(seconds=other)).astimezone(zone))
    low, high = other, first
    while high - low > 1:
        middle = (low + high) // 2
        if _offset((_ZERO + timedelta(seconds=middle)).astimezone(zone)) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(moment: datetime) -> int:
    """Seconds by which a moment's wall clock is ahead of UTC."""
    ahead = moment.utcoffset()
    return ahead.days * _DAY + ahead.seconds if ahead is not None else 0


def zone_faults(zone: str) -> list[str]:
    """What is wrong with the name of a time zone: nothing, or that it is none, with the nearest."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # unknown, a path, a folder of zones
        like = nearest(zone[:60], available_timezones())
        hint = f"Did you mean “{like}”?" if like else "Write a name such as Europe/Berlin"
        return [f"timezone: “{zone[:60]}” is none. {hint}"]
    return []


def _hours_faults(hours: tuple[Hours, ...]) -> list[str]:
    if len(hours) != len(WEEKDAYS):
        return [f"hours: seven weekdays are needed, not {len(hours)}"]
    found = [
        f"hours.{day}: {fault}" for day, spans in zip(WEEKDAYS, hours, strict=True) for fault in span_faults(spans)
    ]
    if not any(hours):
        found.append("hours: there is no working time in the week")
    return found


def span_faults(spans: Hours) -> list[str]:
    """What is wrong with the working hours of one day."""
    found, before = [], 0
    for begin, to in spans:
        said = f"{clock_time(begin)}-{clock_time(to)}"
        if not (0 <= begin < _MIDNIGHT and 0 <= to <= _MIDNIGHT):
            found.append(f"{said} is outside of the day")
        elif begin == to:
            found.append(f"{said} is empty")
        elif to < begin:
            rest = f" and 00:00-{clock_time(to)} on the next" if to else ""
            found.append(f"{said} runs over midnight; write {clock_time(begin)}-24:00 on this day{rest}")
        elif begin < before:
            found.append(f"{said} begins before the hours ahead of it end, at {clock_time(before)}")
        before = max(before, to)
    return found


def clock_time(minutes: int) -> str:
    """Minutes after midnight as a wall time: 09:00."""
    return f"{minutes // 60:02}:{minutes % 60:02}"
