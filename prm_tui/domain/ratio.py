"""Ratios of small numbers."""

from __future__ import annotations

from math import sqrt

_Z = 1.959963984540054  # two-sided 95 %


def wilson_lower(met: int | None, of: int) -> float | None:
    """The lower end of the 95 % confidence interval of a share, 0 to 1; None of nothing.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if not of or met is None:
        return None
    share, z2 = met / of, _Z * _Z
    middle = share + z2 / (2 * of)
    spread = _Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return float(max(0.0, (middle - spread) / (1 + z2 / of)))
