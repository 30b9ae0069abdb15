"""How good a rule was on the past: what it would have said at each look, judged by what followed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from prm_tui.domain.insights import Bin, Reach


@dataclass(frozen=True)
class Quality:
    """What a rule would have said at each look, judged by what followed.

    A case is a partner at a look, judged when the window after it is covered. `lost`: nothing came in it; `live`:
    something did; `slow`: live ones that are slow-paced; `slow_false`: those of them that were flagged. `new`: flags
    that were not there at the look before, and `new_right` those of them that came true. `losses`: silences of the
    window's length or more that began in the span; `found`: those flagged before anything came; `days`: the median of
    the days that took.
    """

    rule: str
    title: str
    judged: int
    flagged: int
    right: int
    lost: int
    live: int
    slow: int
    slow_false: int
    new: int
    new_right: int
    losses: int
    found: int
    days: float | None

    @property
    def precision(self) -> float | None:
        """Flags that came true."""
        return self.right / self.flagged if self.flagged else None

    @property
    def recall(self) -> float | None:
        """Lost cases that were flagged."""
        return self.right / self.lost if self.lost else None

    @property
    def false_alarms(self) -> float | None:
        """Live cases that were flagged."""
        return (self.flagged - self.right) / self.live if self.live else None

    @property
    def slow_alarms(self) -> float | None:
        """Live cases of slow-paced partners that were flagged."""
        return self.slow_false / self.slow if self.slow else None

    @property
    def new_precision(self) -> float | None:
        """New flags that came true."""
        return self.new_right / self.new if self.new else None


@dataclass(frozen=True)
class Rules:
    """Both rules on the file's own past: how many looks, cases, and how many of those cannot be judged yet."""

    first: date
    last: date
    looks: int
    reach: Reach
    window: int
    cases: int
    open: int
    rules: tuple[Quality, ...]
    calibration: tuple[Bin, ...]
