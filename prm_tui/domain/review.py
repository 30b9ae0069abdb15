"""The quarterly review: the partners somebody has to decide about, what they cost, and the decision for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.inactivity import STATES, State
from prm_tui.domain.text import nearest

KIND = "review"
"""The kind of the cases that keep its decisions."""
DECISIONS = {
    "keep": "Keep",
    "re-tier": "Re-tier",
    "win-back": "Win back",
    "offboard": "Offboard",
    "override": "Keep despite the rule",
}
"""What can be decided, and its words."""
RED = 50
"""A health score below is red, and so listed."""
AHEAD = 92
"""Days before the end of an override at which it is listed: it ends before the next review."""
QUARTER = 92
"""Days for which a decision counts as made."""


def decision(said: str) -> str:
    """The key of a decision by its key or words. UsageError with the nearest when there is none."""
    wanted = said.strip().casefold()
    for key, label in DECISIONS.items():
        if wanted in (key, key.replace("-", " "), label.casefold()):
            return key
    like = nearest(wanted, [*DECISIONS, *(label.casefold() for label in DECISIONS.values())])
    hint = f"Did you mean “{like}”?" if like else f"One of: {', '.join(DECISIONS)}"
    raise UsageError(f"decision: “{said}” is none. {hint}")


@dataclass(frozen=True)
class ReviewRow:
    """A partner somebody has to decide about. `why`: for what it is listed, each in words.

    `year`: orders and payments of 12 months; `hours`: of us, spent on it in 12 months; `funds`: granted to it and not spent;
    `leads`: open with it; `cover`: other active partners in its territory, `successors`: prospects and applicants there
    (None without a territory). `decided`: what was decided within the quarter, in words.
    """

    partner_id: int
    code: str
    name: str
    key: str
    why: tuple[str, ...]
    last: date | None = None
    year: Decimal = Decimal(0)
    hours: Decimal = Decimal(0)
    funds: Decimal = Decimal(0)
    leads: int = 0
    manager: str | None = None
    tier: str | None = None
    health: int | None = None
    decided: str = ""
    territory: str | None = None
    cover: int | None = None
    successors: int | None = None

    @property
    def covered(self) -> str:
        """Who else is in its territory, in words."""
        if self.territory is None:
            return ""
        return f"{self.territory}: {self.cover or 'nobody'} else, {self.successors or 'no'} prospects"

    @property
    def state(self) -> State:
        """Its state on the day."""
        return STATES[self.key]

    @property
    def listed(self) -> str:
        """For what it is listed."""
        return "; ".join(self.why)

    @property
    def numbers(self) -> dict[str, Any]:
        """The numbers it was decided by, as plain data."""
        return {
            "state": self.key, "why": list(self.why), "last": self.last and self.last.isoformat(), "year": str(self.year),
            "hours": str(self.hours), "funds": str(self.funds), "leads": self.leads, "tier": self.tier, "health": self.health,
            "cover": self.cover, "successors": self.successors,
        }  # fmt: skip


@dataclass(frozen=True)
class Held:
    """Hours a year, funds and leads that some partners hold, and that letting them go frees."""

    partners: int = 0
    hours: Decimal = Decimal(0)
    funds: Decimal = Decimal(0)
    leads: int = 0

    @classmethod
    def by(cls, rows: Iterable[ReviewRow]) -> Held:
        """What these partners hold together."""
        listed = list(rows)
        return cls(
            len(listed),
            sum((row.hours for row in listed), Decimal(0)),
            sum((row.funds for row in listed), Decimal(0)),
            sum(row.leads for row in listed),
        )

    @property
    def said(self) -> str:
        """In words."""
        return f"{self.hours:,.1f} hours a year, {self.funds:,.2f} of funds, {self.leads:,} leads"


@dataclass(frozen=True)
class Decision:
    """What is decided about a partner: by a key of DECISIONS, why, and until when where it is kept despite the rule."""

    partner_id: int
    key: str
    reason: str
    until: date | None = None
    by: int | None = None


@dataclass(frozen=True)
class Decided:
    """What was done for a decision, in words; `case` holds the numbers seen."""

    code: str
    name: str
    key: str
    did: str
    case: int
