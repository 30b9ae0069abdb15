"""A licence runs out: its owner is reminded step by step, each step once, and once for all that were missed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm_tui.domain.errors import UsageError
from prm_tui.domain.ladder import FURTHEST, STEPS, Reached, checked, ladder

DUE = date(2026, 6, 30)


def _before(days: int) -> date:
    return DUE - timedelta(days=days)


def test_each_step_comes_on_its_day_and_once() -> None:
    assert ladder(DUE, since=_before(91), as_of=_before(90)) == Reached(90, _before(90))
    assert ladder(DUE, since=_before(90), as_of=_before(89)) is None
    assert ladder(DUE, since=_before(1), as_of=DUE) == Reached(0, DUE)
    assert ladder(DUE, since=DUE, as_of=_before(-7)) == Reached(-7, _before(-7))
    assert ladder(DUE, since=_before(-7), as_of=_before(-1000)) is None


def test_what_was_missed_is_said_once_by_the_latest() -> None:
    found = ladder(DUE, since=_before(61), as_of=_before(8))
    assert found == Reached(14, _before(14), (60, 30))
    assert found.steps == (60, 30, 14)
    assert ladder(DUE, since=None, as_of=_before(-400)) == Reached(-7, _before(-7), STEPS[:-1])
    assert ladder(DUE, since=None, as_of=_before(91)) is None
    assert ladder(DUE, since=_before(1), as_of=_before(20)) is None  # looked at as of an earlier day


def test_the_ends_of_the_calendar() -> None:
    assert ladder(date.max, since=None, as_of=date.max) == Reached(0, date.max, (90, 60, 30, 14, 7))
    assert ladder(date.min, since=None, as_of=date.min) == Reached(0, date.min, (90, 60, 30, 14, 7))
    assert ladder(date.min, (90,), since=None, as_of=date.min) == Reached(90, date.min)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ((), "1 to 50 steps, not 0"),
        (range(51, 0, -1), "1 to 50 steps, not 51"),
        ((30, 60), "60 comes after 30"),
        ((30, 30), "30 stands there twice"),
        ((30, 14, 30), "30 stands there twice"),
        ((30.5,), "“30.5” is not a whole number"),
        (("30",), "“30” is not a whole number"),
        ((True,), "“True” is not a whole number"),
        ((FURTHEST + 1,), "3661 days are too many; the most are 3,660"),
        ((-FURTHEST - 1,), "too many"),
        ((10**5000,), "a number beyond all calendars days are too many"),
    ],
)
def test_what_is_no_ladder_is_refused(steps: Any, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        ladder(DUE, steps, since=None, as_of=DUE)
    assert says in str(caught.value)


_LADDERS = st.sets(st.integers(-60, 120), min_size=1, max_size=9).map(lambda s: tuple(sorted(s, reverse=True)))


@given(_LADDERS, st.lists(st.integers(-90, 150), min_size=1, max_size=12, unique=True))
def test_however_often_somebody_looks_every_step_is_given_once(steps: tuple[int, ...], days: list[int]) -> None:
    since: date | None = None
    given_out: list[int] = []
    for day in sorted(days, reverse=True):
        found = ladder(DUE, steps, since=since, as_of=_before(day))
        given_out += found.steps if found else []
        since = _before(day)
    assert given_out == [step for step in checked(steps) if step >= min(days)]
