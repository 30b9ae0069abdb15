"""A service level is computed: the same moments whenever somebody looks."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import astuple
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prm_tui.domain.calendar import Calendar, CalendarError
from prm_tui.domain.errors import UsageError
from prm_tui.domain.sla import BUSINESS, MOST, Moments, Sla, Span
from tests.domain.test_calendar import ALWAYS, BERLIN, at, wall


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3 business days", Span(3, "day", True)),
        ("2 business hours", Span(2, "hour", True)),
        ("14 days", Span(14, "day")),
        ("4 hours", Span(4, "hour")),
        ("30 minutes", Span(30, "minute")),
        ("2 weeks", Span(2, "week")),
        ("1 month", Span(1, "month")),
        ("  1  Working   DAY ", Span(1, "day", True)),
        ("14days", Span(14, "day")),
    ],
)
def test_a_span_is_read(text: str, span: Span) -> None:
    assert Span.parse(text) == span


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "“” is no span of time. Write a whole number and a unit: 3 business days, 2 business hours"),
        ("soon", "“soon” is no span"),
        ("1.5 hours", "“1.5 hours” is no span of time. Write a whole number"),
        ("-3 days", "“-3 days” is no span"),
        ("3", "“3” is no span"),
        ("٣ days", "no span"),
        ("0 days", "“0 days”: so many days are no span of time; write 1 to 36,500 days"),
        ("99999999 days", "write 1 to 36,500 days"),
        ("9" * 5000 + " days", "no span"),
        ("3 busines days", "“busines” has no meaning here. Did you mean “business”?"),
        ("3 long days", "“long” has no meaning here"),
        ("3 dayz", "“dayz” is no unit of time. Did you mean “day"),
        ("3 fortnights", "“fortnights” is no unit of time"),
        ("2 business weeks", "there are no business weeks; write business days, such as 10 business days"),
        ("1 business month", "no business months"),
        ("3 days and 2 hours", "no span"),
    ],
)
def test_what_is_no_span_is_named_with_what_may_be(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        Span.parse(text)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 300


@given(
    st.sampled_from([(unit, False) for unit in MOST] + [(unit, True) for unit in BUSINESS]).flatmap(
        lambda kind: st.builds(Span, st.integers(1, MOST[kind[0]]), st.just(kind[0]), st.just(kind[1]))
    )
)
def test_a_span_is_read_back_as_it_was_printed(span: Span) -> None:
    assert Span.parse(str(span)) == span


@given(st.text(max_size=200))
def test_any_text_is_a_span_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        Span.parse(text)


@pytest.mark.parametrize(
    ("text", "start", "due"),
    [
        ("3 business days", "2026-12-22T10:00", "2026-12-28T17:00"),  # the end of the third working day after
        ("1 business day", "2026-03-07T10:00", "2026-03-09T17:00"),  # begun on a Saturday
        ("2 business hours", "2026-03-06T16:00", "2026-03-09T10:00"),
        ("4 hours", "2026-03-06T16:00", "2026-03-06T20:00"),
        ("30 minutes", "2026-03-06T23:45", "2026-03-07T00:15"),
        ("14 days", "2026-03-20T10:00", "2026-04-03T10:00"),  # the same wall time over a change of the clock
        ("2 weeks", "2026-03-20T10:00", "2026-04-03T10:00"),
        ("1 month", "2026-01-31T10:00", "2026-02-28T10:00"),
        ("12 months", "2024-02-29T10:00", "2025-02-28T10:00"),
    ],
)
def test_when_a_span_is_over(text: str, start: str, due: str) -> None:
    assert wall(Span.parse(text).due_at(at(start), BERLIN)) == due


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("3 business days", "2026-12-28"),
        ("14 days", "2027-01-05"),
        ("2 weeks", "2027-01-05"),
        ("1 month", "2027-01-22"),
    ],
)
def test_the_due_date_of_a_task(text: str, due: str) -> None:
    assert Span.parse(text).due_on(date(2026, 12, 22), BERLIN) == date.fromisoformat(due)


def test_hours_give_no_date_and_nothing_is_due_after_the_last_year() -> None:
    with pytest.raises(UsageError, match="“4 hours” gives no date"):
        Span.parse("4 hours").due_on(date(2026, 1, 1), BERLIN)
    for text in ("2 days", "1 month", "1 week", "2 business days"):
        with pytest.raises(CalendarError, match="9999"):
            Span.parse(text).due_on(date(9999, 12, 30), BERLIN)
    for text in ("49 hours", "3000 minutes", "48 business hours"):
        with pytest.raises(CalendarError, match="9999"):
            Span.parse(text).due_at(BERLIN.at(date(9999, 12, 30)), BERLIN)


@pytest.mark.parametrize(
    ("within", "warn", "breach", "escalate"),
    [
        # Monday 09:00. The third working day after is Thursday: 28 working hours lie between.
        ("3 business days", "2026-03-04T17:00", "2026-03-05T17:00", "2026-03-09T17:00"),
        ("8 business hours", "2026-03-02T16:00", "2026-03-03T10:00", "2026-03-03T15:00"),
        ("4 hours", "2026-03-02T12:00", "2026-03-02T13:00", "2026-03-02T15:00"),
        ("4 days", "2026-03-05T09:00", "2026-03-06T09:00", "2026-03-08T09:00"),
    ],
)
def test_the_moments_of_a_service_level(within: str, warn: str, breach: str, escalate: str) -> None:
    found = Sla.parse(within).moments(at("2026-03-02T09:00"), BERLIN)
    assert [wall(m) for m in astuple(found)] == [warn, breach, escalate]


def test_a_pause_puts_moments_off_and_an_open_one_holds_them() -> None:
    sla, start = Sla.parse("8 business hours"), at("2026-03-02T09:00")
    day = (at("2026-03-03T09:00"), at("2026-03-04T09:00"))
    found = sla.moments(start, BERLIN, [day])
    assert [wall(m) for m in astuple(found)] == ["2026-03-02T16:00", "2026-03-04T10:00", "2026-03-04T15:00"]
    held = sla.moments(start, BERLIN, [(at("2026-03-02T17:00"), None)])
    assert held == Moments(at("2026-03-02T16:00"), None, None)
    assert Sla.parse("4 days").moments(start, BERLIN, [(start, None)]) == Moments(None, None, None)
    slept = Sla.parse("4 hours").moments(start, BERLIN, [(start, start + 3600)])
    assert slept.breach == start + 5 * 3600


def test_moments_come_in_the_order_of_time_after_days_with_the_program_closed() -> None:
    found = Sla.parse("4 hours").moments(0, ALWAYS)
    assert found.between(0, 10**9) == (("warn", 3 * 3600), ("breach", 4 * 3600), ("escalate", 6 * 3600))
    assert found.between(3 * 3600, 4 * 3600) == (("breach", 4 * 3600),)  # each once, whenever somebody looks
    assert found.between(4 * 3600, 4 * 3600) == ()


@pytest.mark.parametrize(
    ("warn", "escalate", "says"),
    [(0, 1.5, "warn: 0"), (1.2, 1.5, "warn: 1.2"), (float("nan"), 2, "warn: nan"), (0.5, 0.9, "escalate: 0.9"),
     (0.5, float("inf"), "escalate: inf")],
)  # fmt: skip
def test_parts_that_are_none_are_refused(warn: float, escalate: float, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Sla.parse("4 hours", warn, escalate)


_SPANS = st.builds(Span, st.integers(1, 40), st.sampled_from(["minute", "hour", "day"]), st.booleans())
_STARTS = st.integers(at("2026-01-01T00:00"), at("2027-01-01T00:00"))
_STOPS = st.lists(
    st.tuples(_STARTS, st.integers(0, 10 * 86_400) | st.none()).map(
        lambda p: (p[0], None if p[1] is None else p[0] + p[1])
    ),
    max_size=4,
)


@given(_SPANS, _STARTS, st.sampled_from([BERLIN, ALWAYS]), _STOPS)
@settings(deadline=None)
def test_moments_are_in_order_and_never_before_those_without_pauses(
    span: Span, start: int, calendar: Calendar, pauses: list[tuple[int, int | None]]
) -> None:
    sla = Sla(span)
    free, held = astuple(sla.moments(start, calendar)), astuple(sla.moments(start, calendar, pauses))
    assert list(free) == sorted(free)
    assert free[1] == span.due_at(start, calendar)
    known = [m for m in held if m is not None]
    assert known == sorted(known)
    assert list(held) == known + [None] * (3 - len(known))  # what is held up holds up all that follows
    assert all(later >= sooner for later, sooner in zip(known, free, strict=False))
