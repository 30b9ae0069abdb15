"""An activity: one fact of a partner's timeline, with the date it happened and the time it was learned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from prm_tui.domain.partner import Source


@dataclass(frozen=True)
class TimelineRow:
    """One activity as a line of the timeline, with how many lines it has and when we learned of it."""

    id: int
    kind: str
    label: str
    occurred_on: date
    learned_on: date
    amount: Decimal | None
    currency: str | None
    quantity: Decimal | None
    ref: str | None
    note: str | None
    lines: int
    person: str | None
    source: Source | None
    data: dict[str, Any]


@dataclass(frozen=True)
class ActivityLine:
    """One line of an order: `data` holds what its sheet said beyond amount and quantity."""

    n: int
    amount: Decimal | None
    quantity: Decimal | None
    data: dict[str, Any]
    source: Source | None


@dataclass(frozen=True)
class KindCount:
    """How many activities of a kind a partner has, and the last date."""

    kind: str
    label: str
    count: int
    last_on: date
