"""One line of the table, and how floor and finding are taken in turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

TURNS = 7


@dataclass
class Row:
    """One line of the table."""

    what: str
    floor: str
    found: str
    ratio: float
    limit: float

    def __str__(self) -> str:
        sign = "ok" if self.ratio <= self.limit else "OVER"
        return f"{self.what:<52} {self.floor:>12} {self.found:>12} {self.ratio:>8.2f} {self.limit:>8.2f}  {sign}"


def turns(floor: Callable[[], float], found: Callable[[], float], times: int = TURNS) -> tuple[float, float]:
    """Medians of both, taken in turns."""
    floors_, founds = [], []
    for _ in range(times):
        floors_.append(floor())
        founds.append(found())
    return statistics.median(floors_), statistics.median(founds)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"
