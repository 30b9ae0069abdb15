"""How long partners stay: survival of those who have gone quiet and of those who have not, and comparing two groups.

Times are whole days; everything is given as counts by day, so that a hundred thousand partners cost no more than the
days they differ in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import erfc, sqrt

MONTH = 365.25 / 12
"""Days in a month, where months are counted from a day of one's own."""
LEAST = 10
"""With fewer at risk than this a curve is not shown."""
_Z = 1.959963984540054  # two-sided 95 %

Times = Iterable[tuple[int, bool, int]]
"""Days, whether the event came then (else the partner was last seen without it), and for how many partners."""


@dataclass(frozen=True)
class Step:
    """A day on which the curve falls: how many were at risk, how many fell, and S(t) with its 95 % interval after it."""

    day: int
    at_risk: int
    events: int
    survival: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether enough were at risk to say anything."""
        return self.at_risk >= LEAST


@dataclass(frozen=True)
class Curve:
    """A survival curve: of how many partners, how many events, its steps, and how many are at risk at a day."""

    partners: int
    events: int
    steps: tuple[Step, ...]
    leaving: tuple[tuple[int, int], ...]

    def at_risk(self, day: float) -> int:
        """How many have neither fallen nor left the view before a day."""
        return self.partners - sum(n for when, n in self.leaving if when < day)

    def at(self, day: float) -> Step | None:
        """The curve at a day: the last step until then; None where fewer than ten are at risk."""
        risk = self.at_risk(day)
        if risk < LEAST:
            return None
        last = next((step for step in reversed(self.steps) if step.day <= day), None)
        if last is None:
            return Step(int(day), risk, 0, 1.0, 1.0, 1.0)
        return Step(int(day), risk, 0, last.survival, last.low, last.high)

    @property
    def median(self) -> int | None:
        """The day by which half have fallen; None while the curve, as far as it is shown, stays above a half."""
        return next((step.day for step in self.steps if step.survival <= 0.5 + 1e-9 and step.shown), None)


def kaplan_meier(times: Times) -> Curve:
    """The product-limit estimate S(t) = Π(1 − d_i/n_i) with Greenwood's variance S²·Σ d_i/(n_i(n_i − d_i)).

    Who is censored on a day is still at risk on it. Sources: E. L. Kaplan and P. Meier, JASA 53 (1958); M. Greenwood,
    Reports on Public Health 33 (1926).
    """
    events, leaving = _by_day(times)
    whole = risk = sum(leaving.values())
    survival, spread, steps = 1.0, 0.0, []
    for day in sorted(leaving):
        fell = events.get(day, 0)
        if fell:
            survival *= 1 - fell / risk
            spread += fell / (risk * (risk - fell)) if risk > fell else 0.0
            half = _Z * survival * sqrt(spread)
            steps.append(Step(day, risk, fell, survival, max(0.0, survival - half), min(1.0, survival + half)))
        risk -= leaving[day]
    return Curve(whole, sum(events.values()), tuple(steps), tuple(sorted(leaving.items())))


def _by_day(times: Times) -> tuple[dict[int, int], dict[int, int]]:
    """Events by day, and how many leave the view by day, fallen or not."""
    events: dict[int, int] = {}
    leaving: dict[int, int] = {}
    for day, event, count in times:
        leaving[day] = leaving.get(day, 0) + count
        if event:
            events[day] = events.get(day, 0) + count
    return events, leaving


@dataclass(frozen=True)
class LogRank:
    """Whether two groups differ: events of the first, how many were to be expected, χ² with one degree, and its p."""

    first: str
    second: str
    observed: int
    expected: float
    chi2: float
    p: float


def log_rank(
    first: str, one: Sequence[tuple[int, bool, int]], second: str, two: Sequence[tuple[int, bool, int]]
) -> LogRank | None:
    """The log-rank test of two groups; None when nothing can be compared.

    χ² = (O − E)² / V, V the hypergeometric variance. Source: N. Mantel, Cancer Chemotherapy Reports 50 (1966).
    """
    fell, left = zip(_by_day(one), _by_day(two), strict=True)
    risk = [sum(group.values()) for group in left]
    expected = variance = 0.0
    for day in sorted({*left[0], *left[1]}):
        events, n = sum(group.get(day, 0) for group in fell), sum(risk)
        if events and n:
            expected += events * risk[0] / n
            if n > 1:
                variance += events * (risk[0] / n) * (risk[1] / n) * (n - events) / (n - 1)
        risk = [at - group.get(day, 0) for at, group in zip(risk, left, strict=True)]
    if variance <= 0:
        return None
    observed = sum(fell[0].values())
    chi2 = (observed - expected) ** 2 / variance
    return LogRank(first, second, observed, expected, chi2, erfc(sqrt(chi2 / 2)))


def months(curve: Curve, every: int = 3) -> list[tuple[int, Step]]:
    """The curve at the end of every third month, as far as ten are at risk."""
    found: list[tuple[int, Step]] = []
    month = every
    while (step := curve.at(month * MONTH)) is not None:
        found.append((month, step))
        month += every
    return found


def by_group(rows: Iterable[tuple[str, int, int, int]]) -> Mapping[str, list[tuple[int, bool, int]]]:
    """(group, days, event, count) → the times of each group."""
    found: dict[str, list[tuple[int, bool, int]]] = {}
    for group, day, event, count in rows:
        found.setdefault(group, []).append((day, bool(event), count))
    return found
