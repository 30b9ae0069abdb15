"""How the work of a program is done, and a line for each of its pillars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from prm_tui.domain.insights import Number


@dataclass(frozen=True)
class Queue:
    """A role's or person's tasks of a kind: done in the last 90 days and in the 90 before, with the median hours each took."""

    name: str
    kind: str
    done: int
    hours: float | None
    done_before: int
    hours_before: float | None


@dataclass(frozen=True)
class Pair:
    """A number of the last 90 days beside the one of the 90 before."""

    label: str
    now: Number
    before: Number


@dataclass(frozen=True)
class Operations:
    """How the work is done in two spans of 90 days."""

    span: tuple[date, date]
    before: tuple[date, date]
    queues: tuple[Queue, ...]
    pairs: tuple[Pair, ...]


PILLARS = ("Strategize", "Recruit", "Onboard", "Enable", "Market", "Sell", "Incentivize", "Accelerate")


@dataclass(frozen=True)
class Pillar:
    """A pillar of a program in one line: a sentence, and the numbers in it. `missing`: what no sheet tells of."""

    name: str
    sentence: str
    numbers: tuple[tuple[str, Number], ...] = ()
    missing: str = ""
