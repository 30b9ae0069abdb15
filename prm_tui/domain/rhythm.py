"""A partner's own rhythm: how often it is active, and how long a silence is a surprise for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

FLOOR, CAP = 30, 365
"""Days: a silence up to the floor surprises nobody, one beyond the cap everybody."""


@dataclass(frozen=True)
class Prior:
    """What is known of partners of a type before one of them is looked at.

    How often they are active, as a Gamma distribution (shape, and rate in days); out of how many times active one was
    the last (`lapses`); from how many partners that is known.
    """

    shape: float
    rate: float
    lapses: float = 20.0
    partners: int = 0


WEAK = Prior(1.0, 90.0)
"""Where too few partners have a rhythm: once in 90 days, and little weight."""
LEAST = 25
"""Partners with a rhythm that a type needs for a prior of its own."""


def weak(_: tuple[str, ...], on: date) -> Mapping[str | None, Prior]:
    """The priors where nothing is known."""
    return {None: WEAK}


def prior(partners: int, mean: float | None, square: float | None, times: int | None, ended: int | None) -> Prior:
    """A prior fitted by moments to the rates (times a day) of some partners: their mean, and the mean of their squares.

    `times`: how often they were active in all; `ended`: of how many no more has been heard for as long as `CAP`.
    """
    if partners < 5 or not mean or square is None:
        return WEAK
    variance = max(square - mean * mean, 1e-4 * mean * mean)
    lapses = (times or 0) / ended if ended else float(max(times or 0, 2))
    return Prior(mean * mean / variance, mean / variance, lapses, partners)


def surprise(again: int, span: int, silent: int, known: Prior) -> float:
    """How likely a silence of so many days is for a partner that was active `again` times more within `span` days.

    p = ((β+T)/(β+T+t))^(α+x), the Gamma–Poisson probability of nothing in t days, after x events in T days, with the
    prior Gamma(α, β) of its type.
    """
    return _surprise(again, span, silent, known.shape, known.rate)


def _surprise(again: int, span: int, silent: int, shape: float, rate: float) -> float:
    rate += span
    return float((rate / (rate + max(silent, 0))) ** (shape + again))


def limit(again: int, span: int, chance: float, known: Prior) -> float:
    """The silence in days that is as unlikely as `chance` for this rhythm: `surprise` turned round."""
    return _limit(again, span, chance, known.shape, known.rate)


def _limit(again: int, span: int, chance: float, shape: float, rate: float) -> float:
    return float((rate + span) * (chance ** (-1 / (shape + again)) - 1))


def of_days(days: int, span: int | None, silent: int | None, shape: float, rate: float) -> float | None:
    """`surprise` for a partner that was active on so many days, within floor and cap; None for one that never was."""
    if not days or span is None or silent is None:
        return None
    if silent <= FLOOR:
        return 1.0
    return 0.0 if silent > CAP else _surprise(days - 1, span, silent, shape, rate)


def limit_of(days: int | None, span: int | None, chance: float, shape: float, rate: float) -> float | None:
    """`limit` for a partner that was active on so many days; None for one that never was."""
    return None if not days or span is None else _limit(days - 1, span, chance, shape, rate)


def alive(again: int, span: int, silent: int, known: Prior) -> float:
    """How likely a partner that was active `again` times more in `span` days, and is silent now, is still there.

    MBG/NBD, which lets those who never came again have left, too: P = 1 / (1 + a/(b+x) · ((α+T)/(α+tₓ))^(r+x)), with
    a = 1 and b = lapses − 1. Source: Batislam, Denizel, Filiztekin, Empirical validation and comparison of models for
    customer base analysis, International Journal of Research in Marketing 24 (2007).
    """
    odds = 1 / max(known.lapses - 1 + again, 0.01)
    ratio = (known.rate + span + max(silent, 0)) / (known.rate + span)
    try:
        return float(1 / (1 + odds * ratio ** (known.shape + again)))
    except OverflowError:
        return 0.0
