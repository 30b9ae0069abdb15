"""Ratios of small numbers."""

from __future__ import annotations

from math import sqrt

_Z = 1.959963984540054  # two-sided 95 %


def wilson(met: int, of: int) -> tuple[float, float]:
    """The 95 % confidence interval of a share, each end from 0 to 1; from 0 to 1 where there is nothing.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if not of:
        return 0.0, 1.0
    share, z2 = met / of, _Z * _Z
    middle = share + z2 / (2 * of)
    spread = _Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, (middle - spread) / (1 + z2 / of)), min(1.0, (middle + spread) / (1 + z2 / of))


def wilson_lower(met: int | None, of: int) -> float | None:
    """The lower end of the 95 % confidence interval of a share, 0 to 1; None of nothing."""
    return None if not of or met is None else wilson(met, of)[0]


def difference(met: int, of: int, others: int, of_others: int) -> tuple[float, float, float]:
    """How much larger a share is than another, and the 95 % confidence interval of that, in parts of 1.

    Both must be of something. Source: R. G. Newcombe, Interval estimation for the difference between independent
    proportions, Statistics in Medicine 17 (1998), method 10.
    """
    first, second = met / of, others / of_others
    (low, high), (other_low, other_high) = wilson(met, of), wilson(others, of_others)
    lift = first - second
    return (
        lift,
        lift - sqrt((first - low) ** 2 + (other_high - second) ** 2),
        lift + sqrt((high - first) ** 2 + (second - other_low) ** 2),
    )
