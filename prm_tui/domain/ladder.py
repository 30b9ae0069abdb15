"""Reminder ladders: so many days before and after a date, each step once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from prm_tui.domain.errors import UsageError

STEPS = (90, 60, 30, 14, 7, 0, -7)
"""Days before a date on which it is spoken of; a negative number counts days after it."""
FURTHEST = 3_660
"""The most days a step may lie before or after its date: ten years."""
MOST = 50
"""The most steps of a ladder."""


@dataclass(frozen=True)
class Reached:
    """A step that is due now, since when; `stands_for` are earlier ones that were missed, the first first."""

    step: int
    on: date
    stands_for: tuple[int, ...] = ()

    @property
    def steps(self) -> tuple[int, ...]:
        """Every step that is done with by this one."""
        return (*self.stands_for, self.step)


def ladder(due: date, steps: Sequence[int] = STEPS, *, since: date | None, as_of: date) -> Reached | None:
    """The step of a ladder that has come after `since`, the day last looked at, and up to `as_of`.

    Of several, the latest is given, with those it stands for; None when there is none. With `since` None nothing was
    given yet. Raises UsageError as of `checked`.
    """
    last = since.toordinal() if since else -FURTHEST
    come = [step for step in checked(steps) if last < due.toordinal() - step <= as_of.toordinal()]
    if not come:
        return None
    *missed, step = come
    return Reached(step, date.fromordinal(max(1, due.toordinal() - step)), tuple(missed))


def checked(steps: Sequence[int]) -> tuple[int, ...]:
    """The steps, when they make a ladder: whole days, falling, none twice, at most ten years. UsageError otherwise."""
    if not steps or len(steps) > MOST:
        raise UsageError(f"a ladder has 1 to {MOST} steps, not {len(steps):,}")
    said = ", ".join(map(_short, steps))
    for step in steps:
        if not isinstance(step, int) or isinstance(step, bool):
            raise UsageError(f"ladder {said}: “{_short(step)}” is not a whole number of days")
        if abs(step) > FURTHEST:
            raise UsageError(f"ladder {said}: {_short(step)} days are too many; the most are {FURTHEST:,}")
    for before, after in pairwise(steps):
        if before == after or steps.count(after) > 1:
            raise UsageError(f"ladder {said}: {after} stands there twice")
        if before < after:
            raise UsageError(f"ladder {said}: {after} comes after {before}; write the longest before first")
    return tuple(steps)


def _short(step: object) -> str:
    if isinstance(step, int) and abs(step) > 10**15:
        return "a number beyond all calendars"  # Python refuses to print the longest ones
    return str(step)[:20]
