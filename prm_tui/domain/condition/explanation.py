"""Why a condition is met or not: leaf by leaf, with the value and the cell it came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from prm_tui.domain.partner import Source


@dataclass(frozen=True)
class Evidence:
    """One row behind a value."""

    on: date | None
    what: str
    source: Source | None


@dataclass(frozen=True)
class Leaf:
    """One part of a condition for one partner.

    `outcome` is met, not met or unknown; `joined` is "all" or "any" for a part made of `parts`, else "".
    `value` is what was found, `needed` what was asked, `gap` how far it is from turning. `rows` are the latest
    rows behind the value, `behind` how many there are. `awaits` names the feeds that would settle what is unknown only
    because of facts still to arrive, or says that it is not tracked.
    """

    text: str
    outcome: str
    value: Any = None
    needed: str = ""
    gap: str = ""
    reading: str = ""
    rows: tuple[Evidence, ...] = ()
    behind: int = 0
    joined: str = ""
    parts: tuple[Leaf, ...] = ()
    awaits: str = ""

    @property
    def met(self) -> bool:
        """Whether it is met."""
        return self.outcome == "met"
