"""Working time is what the calendar says it is: over nights, weekends, holidays and changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prm_tui.domain.calendar import FIRST, LAST, Calendar, CalendarError, Hours, reach, running
from prm_tui.domain.calendar_data import from_data

OFFICE: Hours = ((9 * 60, 12 * 60 + 30), (13 * 60 + 30, 17 * 60))
WEEK = (OFFICE,) * 5 + ((), ())
BERLIN = Calendar("Europe/Berlin", WEEK, frozenset({date(2026, 12, 25)}))
ALWAYS = Calendar("Europe/Berlin", (((0, 1440),),) * 7)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")


def at(text: str, zone: str = "Europe/Berlin") -> int:
    """The instant of a wall time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def wall(instant: int, zone: str = "Europe/Berlin") -> str:
    """The wall time of an instant."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=instant)).astimezone(ZoneInfo(zone)).isoformat()[:16]


# ---- what may happen in a week ----


def test_a_day_is_a_working_day_unless_it_is_a_weekend_or_a_holiday() -> None:
    days = [date(2026, 12, 24) + timedelta(days=n) for n in range(5)]
    assert [BERLIN.works_on(day) for day in days] == [True, False, False, False, True]
    assert BERLIN.working_day(date(2026, 12, 25)) == date(2026, 12, 28)


@pytest.mark.parametrize(
    ("day", "n", "then"),
    [
        ("2026-03-02", 1, "2026-03-03"),  # Monday
        ("2026-03-06", 1, "2026-03-09"),  # Friday
        ("2026-03-07", 1, "2026-03-09"),  # Saturday: Monday is the first working day after it
        ("2026-03-07", 0, "2026-03-09"),
        ("2026-03-06", 0, "2026-03-06"),
        ("2026-12-24", 1, "2026-12-28"),  # over the holiday and the weekend
        ("2026-12-28", -1, "2026-12-24"),
        ("2026-12-26", -1, "2026-12-24"),
        ("1900-01-01", 20_000, "1976-08-30"),
    ],
)
def test_business_days_are_counted_from_the_day_after(day: str, n: int, then: str) -> None:
    assert BERLIN.add_business_days(date.fromisoformat(day), n) == date.fromisoformat(then)


@pytest.mark.parametrize(
    ("start", "hours", "then"),
    [
        ("2026-03-02T09:00", 2, "2026-03-02T11:00"),
        ("2026-03-02T11:30", 2, "2026-03-02T14:30"),  # over lunch
        ("2026-03-02T16:00", 1, "2026-03-02T17:00"),  # the end of a day, not the morning after
        ("2026-03-06T16:00", 2, "2026-03-09T10:00"),  # over a weekend
        ("2026-03-07T03:00", 1, "2026-03-09T10:00"),  # begun in the night
        ("2026-12-24T16:30", 1, "2026-12-28T09:30"),  # over a holiday
        ("2026-03-02T12:45", 0, "2026-03-02T12:45"),
        ("2026-03-27T16:00", 8, "2026-03-30T17:00"),  # over the change to summer time, outside working hours
    ],
)
def test_business_hours_run_in_working_time_only(start: str, hours: int, then: str) -> None:
    assert wall(BERLIN.add_hours(at(start), hours)) == then


def test_fractions_of_hours_are_exact_to_the_second() -> None:
    assert BERLIN.add_hours(at("2026-03-02T09:00"), Decimal("1.5")) == at("2026-03-02T10:30")
    assert BERLIN.add_hours(at("2026-03-02T09:00"), 0.0125) == at("2026-03-02T09:00") + 45


def test_the_next_working_moment() -> None:
    for now, then in [
        ("2026-03-02T10:00", "2026-03-02T10:00"),
        ("2026-03-02T12:30", "2026-03-02T13:30"),  # lunch begins: that moment works no more
        ("2026-03-02T17:00", "2026-03-03T09:00"),
        ("2026-03-06T18:00", "2026-03-09T09:00"),
        ("2026-12-24T18:00", "2026-12-28T09:00"),
    ]:
        assert wall(BERLIN.next_working(at(now))) == then


def test_the_end_of_a_date_is_the_end_of_its_working_hours_or_its_midnight() -> None:
    assert wall(BERLIN.end_of(date(2026, 3, 6))) == "2026-03-06T17:00"
    assert wall(BERLIN.end_of(date(2026, 3, 7))) == "2026-03-08T00:00"


def test_pauses_stop_the_clock_however_they_lie() -> None:
    start, end = at("2026-03-02T09:00"), at("2026-03-03T17:00")
    morning = (at("2026-03-02T09:00"), at("2026-03-02T12:30"))
    within = (at("2026-03-02T10:00"), at("2026-03-02T11:00"))
    night = (at("2026-03-02T17:00"), at("2026-03-03T09:00"))
    long_ago = (at("2026-01-01T00:00"), at("2026-02-01T00:00"))
    still: tuple[int, int | None] = (at("2026-03-03T09:00"), None)
    assert BERLIN.elapsed(start, end) == 14 * 3600
    assert BERLIN.elapsed(start, end, [night, long_ago]) == 14 * 3600
    assert BERLIN.elapsed(start, end, [within, morning]) == int(10.5 * 3600)
    assert BERLIN.elapsed(start, end, [still, within]) == 6 * 3600
    assert BERLIN.elapsed(end, start) == 0
    assert BERLIN.add_seconds(start, 7 * 3600 + 1, [still]) is None
    assert BERLIN.add_seconds(start, 7 * 3600, [still]) == at("2026-03-02T17:00")
    with pytest.raises(CalendarError, match="ends before it begins"):
        BERLIN.elapsed(start, end, [(end, start)])


# ---- changes of the clock, and the ends of time ----


def test_a_day_of_23_and_one_of_25_hours() -> None:
    assert ALWAYS.elapsed(at("2026-03-29T00:00"), at("2026-03-30T00:00")) == 23 * 3600
    assert ALWAYS.elapsed(at("2026-10-25T00:00"), at("2026-10-26T00:00")) == 25 * 3600
    assert wall(ALWAYS.add_hours(at("2026-03-29T00:00"), 23)) == "2026-03-30T00:00"


@pytest.mark.parametrize(
    ("spans", "worked"),
    [
        (((0, 150),), 2.0),  # 02:30 is left out: work ends when the clock goes forward, at 02:00
        (((150, 300),), 2.0),  # and begins then: from 03:00 to 05:00
        (((0, 150), (150, 300)), 4.0),  # nothing is counted twice
        (((130, 170),), 0.0),  # nothing remains of what lies inside
    ],
)
def test_working_hours_that_a_change_of_the_clock_leaves_out(spans: Hours, worked: float) -> None:
    night = Calendar("Europe/Berlin", (spans,) * 7)
    assert night.elapsed(at("2026-03-29T00:00"), at("2026-03-29T12:00")) == worked * 3600


def test_a_wall_time_that_comes_twice_is_its_first() -> None:
    night = Calendar("Europe/Berlin", (((0, 150), (150, 300)),) * 7)
    first = at("2026-10-25T02:30")
    assert night.spans(date(2026, 10, 25)) == (
        (at("2026-10-25T00:00"), first),
        (first, first + 3600 + 150 * 60),
    )


def test_a_date_that_a_zone_left_out_holds_no_work() -> None:
    apia = Calendar("Pacific/Apia", WEEK)  # went from 29 to 31 December 2011, over the date line
    assert apia.spans(date(2011, 12, 30)) == ()
    assert wall(apia.add_hours(at("2011-12-29T16:30", "Pacific/Apia"), 1), "Pacific/Apia") == "2012-01-02T09:30"


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Adak"])
def test_the_last_day_and_the_first_can_be_worked_on_and_no_others(zone: str) -> None:
    calendar = Calendar(zone, (((0, 1440),),) * 7)
    ((begin, end),) = calendar.spans(LAST)
    assert end - begin == 86_400
    assert end == calendar.end_of(LAST) == calendar.end_of_time
    assert calendar.elapsed(begin - 3600, end) == 90_000
    assert calendar.add_hours(begin, 24) == end
    assert calendar.day_of(calendar.at(FIRST)) == FIRST
    for asked in (
        lambda: calendar.add_business_days(LAST, 1),
        lambda: calendar.add_business_days(FIRST, -1),
        lambda: calendar.add_business_days(FIRST, 10**12),
        lambda: calendar.add_hours(begin, 25),
        lambda: calendar.add_hours(0, 10**12),
        lambda: calendar.day_of(10**15),
        lambda: calendar.elapsed(calendar.at(FIRST) - 1, 0),
        lambda: calendar.at(date(1899, 12, 31)),
    ):
        with pytest.raises(CalendarError, match="outside the years 1900 to 9999"):
            asked()


@pytest.mark.parametrize("hours", [float("nan"), float("inf"), Decimal("NaN"), Decimal("sNaN"), -1])
def test_no_number_of_hours(hours: float) -> None:
    with pytest.raises(CalendarError):
        BERLIN.add_hours(0, hours)


def test_ten_thousand_business_hours_take_a_step_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[date] = []
    spans = Calendar.spans

    def counted(calendar: Calendar, day: date) -> tuple[tuple[int, int], ...]:
        looked_at.append(day)
        return spans(calendar, day)

    monkeypatch.setattr(Calendar, "spans", counted)
    end = BERLIN.add_hours(at("2026-01-01T09:00"), 10_000)
    days = (BERLIN.day_of(end) - date(2026, 1, 1)).days + 1
    assert len(looked_at) == len(set(looked_at)) == days
    assert 10_000 / 7 < days < 10_000 / 7 * 1.5


# ---- laws ----


@st.composite
def _hours(draw: st.DrawFn) -> Hours:
    edges = sorted(draw(st.sets(st.integers(0, 24), max_size=6)))  # whole hours, so that the plain count below is right
    return tuple((begin * 60, end * 60) for begin, end in list(pairwise(edges))[::2])


@st.composite
def _calendars(draw: st.DrawFn) -> Calendar:
    week = draw(st.tuples(*[_hours()] * 7).filter(any))
    days = st.dates(date(2025, 1, 1), date(2027, 12, 31))
    return Calendar(draw(st.sampled_from(ZONES)), week, frozenset(draw(st.sets(days, max_size=20))))


_INSTANTS = st.integers(int(datetime(2025, 1, 1).timestamp()), int(datetime(2027, 6, 1).timestamp()))
_PAUSES = st.lists(st.tuples(_INSTANTS, st.integers(0, 20 * 86_400)).map(lambda p: (p[0], p[0] + p[1])), max_size=4)


@given(_calendars(), _INSTANTS, st.integers(0, 2_000_000), _PAUSES)
@settings(deadline=None)
def test_as_many_seconds_pass_as_were_added(
    calendar: Calendar, start: int, seconds: int, pauses: list[tuple[int, int]]
) -> None:
    end = calendar.add_seconds(start, seconds, pauses)
    assert end is not None
    assert calendar.elapsed(start, end, pauses) == seconds
    if seconds:
        assert calendar.elapsed(start, end - 1, pauses) == seconds - 1  # it is the first such instant


@given(_calendars(), _INSTANTS, st.integers(0, 500), st.integers(0, 500))
@settings(deadline=None)
def test_hours_added_one_after_the_other_are_their_sum(calendar: Calendar, start: int, one: int, two: int) -> None:
    assert calendar.add_hours(calendar.add_hours(start, one), two) == calendar.add_hours(start, one + two)


@given(_calendars(), st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(-300, 300))
def test_business_days_agree_with_a_walk_over_the_calendar(calendar: Calendar, day: date, n: int) -> None:
    walked, left = day, abs(n)
    while left or (n == 0 and not calendar.works_on(walked)):
        walked += timedelta(days=1 if n >= 0 else -1)
        left -= bool(left) and bool(calendar.hours[walked.weekday()]) and walked not in calendar.holidays
    assert calendar.add_business_days(day, n) == walked


@given(
    _calendars().filter(lambda c: c.zone != "Australia/Lord_Howe"),  # whose clock changes by half an hour
    st.sampled_from(["2026-03-28", "2026-10-24", "2026-03-07", "2026-10-31", "2026-06-01"]),
    st.integers(0, 47),
    st.integers(0, 40),
)
@settings(deadline=None, max_examples=50)
def test_elapsed_agrees_with_a_clock_that_is_read_every_five_minutes(
    calendar: Calendar, day: str, begin: int, hours: int
) -> None:
    start = at(day + "T00:00", "UTC") + begin * 3600
    zone, counted = ZoneInfo(calendar.zone), 0
    for instant in range(start, start + hours * 3600, 300):
        moment = datetime.fromtimestamp(instant, zone)
        minute = moment.hour * 60 + moment.minute
        spans = () if moment.date() in calendar.holidays else calendar.hours[moment.weekday()]
        counted += any(first <= minute < end for first, end in spans)
    assert calendar.elapsed(start, start + hours * 3600) == counted * 300


@given(_calendars(), st.dates(FIRST, LAST))
def test_working_time_is_in_order_whatever_the_clocks_do(calendar: Calendar, day: date) -> None:
    flat = [instant for span in calendar.spans(day) for instant in span]
    assert flat == sorted(flat)
    assert all(begin < end for begin, end in calendar.spans(day))


@given(_PAUSES, st.lists(st.integers(0, 1000), max_size=12, unique=True), st.integers(0, 3000))
def test_running_time_and_paused_time_are_the_whole(pauses: list[tuple[int, int]], edges: list[int], n: int) -> None:
    edges.sort()
    stretches = list(zip(edges[::2], edges[1::2], strict=False))
    small = [(begin % 1000, begin % 1000 + (end - begin) % 300) for begin, end in pauses]
    seconds = [s for a, b in stretches for s in range(a, b) if not any(x <= s < y for x, y in small)]
    found = list(running(stretches, small))
    assert [s for a, b in found for s in range(a, b)] == seconds
    if 0 < n <= len(seconds):
        assert reach(found, n) == seconds[n - 1] + 1
    assert reach(found, len(seconds) + 1) is None


# ---- what is written ----

GOOD: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "hours": {day: ["09:00-12:30", "13:30-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": ["2026-12-25"],
}


def test_a_calendar_is_read() -> None:
    assert from_data(GOOD) == BERLIN
    dated = {**GOOD, "holidays": [date(2026, 12, 25)], "country": "DE", "region": "BY"}
    assert from_data(dated, {date(2026, 12, 25)}) == BERLIN
    assert from_data({"timezone": "UTC", "hours": {"sun": "00:00 – 24:00"}}).hours[6] == ((0, 1440),)


def test_every_fault_of_a_calendar_is_told_at_once() -> None:
    with pytest.raises(CalendarError) as caught:
        from_data(
            {
                "timezon": "x",
                "timezone": "Europe/Berln",
                "hours": {
                    "mon": ["9-17"],
                    "tue": ["22:00-06:00"],
                    "wed": ["09:00-13:00", "12:00-17:00"],
                    "thu": 9,
                    "fri": ["09:00-09:00", "09:00-24:01"],
                    "satt": [],
                },
                "holidays": ["2026-02-30", 5, datetime(2026, 1, 1), "1899-12-31"],
                "region": "BY",
            }
        )
    said = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 14
    for part in (
        "“timezon” is not known. Did you mean “timezone”?",
        "“Europe/Berln” is none. Did you mean “Europe/Berlin”?",
        "hours: “satt” is no weekday; they are mon, tue, wed, thu, fri, sat, sun. Did you mean “sat”?",
        "hours.mon: “9-17” is no span of the day. Write it like 09:00-17:30, up to 24:00",
        "hours.tue: 22:00-06:00 runs over midnight; write 22:00-24:00 on this day and 00:00-06:00 on the next",
        "hours.wed: 12:00-17:00 begins before the hours ahead of it end, at 13:00",
        "hours.thu: “9” is no span",
        "hours.fri: 09:00-09:00 is empty",
        "hours.fri: “09:00-24:01” is no span",
        "holidays: “2026-02-30” is not a date. Write it like 2026-12-24",
        "holidays: “5” is not a date",
        "holidays: “2026-01-01 00:00:00” is not a date",
        "holidays: 1899-12-31 lies before 1900",
        "region: “BY” is of no use without its country",
    ):
        assert part in said
    assert all(fault in str(caught.value) for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hours": None}, "there are none"),
        ({"hours": {"mon": []}}, "no working time in the week"),
        ({"hours": ["mon"]}, "no table of weekdays"),
        ({"hours": {"mon": ["25:00-26:00"]}}, "no span"),
        ({"hours": {"mon": ["09:60-10:00"]}}, "no span"),
        ({"hours": {"mon": ["22:00-00:00"]}}, "write 22:00-24:00 on this day$"),
        ({"timezone": None}, "timezone: is missing"),
        ({"timezone": 1}, "“1” is none"),
        ({"timezone": "../../etc/passwd"}, "is none"),
        ({"timezone": "Europe"}, "is none"),
        ({"holidays": "2026-12-25"}, "no list of dates"),
        ({"country": "DE"}, "public holidays of “DE” were not given"),
        ({"country": 49}, "“49” is no text"),
        ({"country": "DE", "region": 1}, "region: “1” is no text"),
        ({"x" * 10_000: 1}, "is not known"),
    ],
)
def test_what_is_no_calendar_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(CalendarError, match=says) as caught:
        from_data({**GOOD, **change})
    assert len(caught.value.faults) == 1
    assert len(str(caught.value)) < 300


def test_a_calendar_that_is_made_by_hand_is_checked_too() -> None:
    with pytest.raises(CalendarError, match="no working time"):
        Calendar("UTC", ((),) * 7)
    with pytest.raises(CalendarError, match="seven weekdays"):
        Calendar("UTC", (OFFICE,))
    with pytest.raises(CalendarError, match="over midnight"):
        Calendar("UTC", (((1320, 360),),) * 7)
    with pytest.raises(CalendarError, match="table of timezone"):
        from_data("no table")  # type: ignore[arg-type]  # what a broken body may hold
