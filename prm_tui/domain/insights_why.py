"""Why partners go quiet, which fields tell the inactive from the active, and whom to recruit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import log2

from prm_tui.domain.insights import SMALL, Behind, Number


@dataclass(frozen=True)
class Reason:
    """A reason, who is counted under it, and the share of it and of all before it, in order of how many."""

    key: str
    label: str
    number: Number
    share: float
    so_far: float


@dataclass(frozen=True)
class Lift:
    """A value of a field: how many there, how many inactive, and how many times the usual share that is."""

    field: str
    value: str
    partners: int
    inactive: int
    everybody: Number
    lift: float | None

    @property
    def warning(self) -> str:
        """What to be careful of."""
        return f"only {self.partners} partners" if self.partners < SMALL else ""


@dataclass(frozen=True)
class Separation:
    """A field and how well it tells inactive from active: the bits that knowing it saves, of those there are."""

    field: str
    gain: float
    values: tuple[Lift, ...]


def gain(groups: Iterable[tuple[int, int]]) -> float:
    """How much of the uncertainty about (inactive, all) a grouping removes: 0 nothing, 1 all of it.

    The mutual information divided by the entropy of what is to be told (Theil's uncertainty coefficient).
    """
    listed = list(groups)
    whole = sum(of for _, of in listed)
    before = _entropy(sum(met for met, _ in listed), whole)
    after = sum(of / whole * _entropy(met, of) for met, of in listed) if whole else 0.0
    return max(0.0, (before - after) / before) if before else 0.0


def _entropy(met: int, of: int) -> float:
    parts = [n / of for n in (met, of - met) if n] if of else []
    return -sum(part * log2(part) for part in parts)


PULL = 8
"""With how many partners of the usual kind a value's own rate is mixed: (s + 8·usual)/(n + 8)."""


@dataclass(frozen=True)
class Prospect:
    """How likely one who is not in the program yet stays 12 months, by those like it; `by`: field, value, rate, of how many."""

    partner_id: int
    code: str
    name: str
    score: float
    by: tuple[tuple[str, str, float, int], ...]


@dataclass(frozen=True)
class Reasons:
    """Why partners go quiet and why they leave, by whom it is said, and what that says of whom to recruit.

    `quiet`: what was said of those who are quiet now; `inferred`: what the data suggest of those of whom nobody said
    anything. `groups`: (field, value, reason, partners); `competitors`: (quarter, competitor, losses, share of the quarter).
    `survivors`: (stayed 12 months, of how many that could have).
    """

    as_of: date
    quiet: tuple[Reason, ...]
    inferred: tuple[Reason, ...]
    ended: tuple[Reason, ...]
    groups: tuple[tuple[str, str, str, int], ...]
    competitors: tuple[tuple[str, str, int, float], ...]
    unexplained: Number
    separations: tuple[Separation, ...]
    survivors: tuple[int, int]
    prospects: tuple[Prospect, ...]

    @property
    def warning(self) -> str:
        """What to be careful of in the scores of prospects."""
        stayed, of = self.survivors
        few = min(stayed, of - stayed)
        return (
            f"only {few} of {of} partners differ in whether they stayed: the scores say little" if few < SMALL else ""
        )


def pareto(rows: Sequence[tuple[str, str, tuple[int, ...]]], period: str, source: str) -> tuple[Reason, ...]:
    """(key, label, partners) as reasons, the most frequent first, with shares."""
    whole, so_far, found = sum(len(ids) for *_, ids in rows), 0, []
    for key, label, ids in sorted(rows, key=lambda row: (-len(row[2]), row[1])):
        so_far += len(ids)
        number = Number(len(ids), "partners", period, source, whole, Behind(ids=ids))
        found.append(Reason(key, label, number, len(ids) / whole, so_far / whole))
    return tuple(found)
