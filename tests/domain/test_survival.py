"""Survival against the trial that every textbook works through: remission of leukaemia in weeks (Freireich et al. 1963)."""

from __future__ import annotations

from collections import Counter
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm_tui.domain.survival import LEAST, MONTH, kaplan_meier, log_rank, months

FELL = {6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1}
SEEN = {6: 1, 9: 1, 10: 1, 11: 1, 17: 1, 19: 1, 20: 1, 25: 1, 32: 2, 34: 1, 35: 1}
TREATED = [(week, True, n) for week, n in FELL.items()] + [(week, False, n) for week, n in SEEN.items()]
OTHERS = [
    (week, True, n)
    for week, n in Counter([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]).items()
]


def test_the_curve_is_the_published_one() -> None:
    curve = kaplan_meier(TREATED)
    assert (curve.partners, curve.events) == (21, 9)
    published = {
        6: (21, 0.857),
        7: (17, 0.807),
        10: (15, 0.753),
        13: (12, 0.690),
        16: (11, 0.627),
        22: (7, 0.538),
        23: (6, 0.448),
    }
    assert {step.day: (step.at_risk, round(step.survival, 3)) for step in curve.steps} == published
    errors = {6: 0.0764, 10: 0.0963, 23: 0.1346}  # of Greenwood
    for step in curve.steps:
        if step.day in errors:
            half = 1.959964 * errors[step.day]
            assert step.high == pytest.approx(min(1, step.survival + half), abs=2e-4)
            assert step.low == pytest.approx(step.survival - half, abs=2e-4)


def test_the_groups_differ_as_published() -> None:
    test = log_rank("treated", TREATED, "others", OTHERS)
    assert test is not None
    assert (test.observed, round(test.expected, 2), round(test.chi2, 2)) == (9, 19.25, 16.79)
    assert test.p == pytest.approx(4.17e-5, rel=0.01)
    assert log_rank("a", [(5, False, 3)], "b", [(7, False, 3)]) is None, "nothing fell: nothing to compare"


def test_fewer_than_ten_at_risk_are_not_shown() -> None:
    curve = kaplan_meier(TREATED)
    assert curve.at_risk(16) == 11 and curve.at(16) is not None
    assert curve.at_risk(22) == 7 and curve.at(22) is None
    assert curve.median is None, "half have fallen at 23, when six were at risk"
    assert kaplan_meier(OTHERS).median == 8
    assert [month for month, _ in months(kaplan_meier([(400, False, LEAST)]))] == [3, 6, 9, 12]
    assert 12 * MONTH == 365.25


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=60))
def test_counting_by_day_is_counting_one_by_one(times: list[tuple[int, bool]]) -> None:
    survival = 1.0
    for day in sorted({day for day, fell in times if fell}):
        risk = sum(when >= day for when, _ in times)
        survival *= 1 - sum(fell and when == day for when, fell in times) / risk
    together = kaplan_meier((day, fell, n) for (day, fell), n in Counter(times).items())
    assert (together.steps[-1].survival if together.steps else 1.0) == pytest.approx(survival)
    assert kaplan_meier((day, fell, 1) for day, fell in times).steps == together.steps


def test_greenwood_is_the_binomial_error_where_nobody_is_censored() -> None:
    step = kaplan_meier([(1, True, 40), (2, False, 60)]).steps[0]
    assert step.high - step.survival == pytest.approx(1.959964 * sqrt(0.6 * 0.4 / 100), abs=1e-6)
