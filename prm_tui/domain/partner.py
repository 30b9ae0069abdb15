"""A partner: a company we sell through, buy from or work with."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

Value = str | int | Decimal | date | None

STATUSES = ("Prospect", "Applicant", "Onboarding", "Active", "Suspended", "In notice", "Deactivated")
CASE_STATUSES = ("Suspended", "In notice", "Deactivated")  # set by cases only, never by an edit

FIELDS: dict[str, tuple[str, str]] = {
    "code": ("Code", "text"),
    "name": ("Name", "text"),
    "type": ("Type", "text"),
    "status": ("Status", "text"),
    "tier": ("Tier", "text"),
    "manager": ("Manager", "person"),
    "territory": ("Territory", "text"),
    "country": ("Country", "text"),
    "industry": ("Industry", "text"),
    "joined_on": ("Joined", "date"),
    "parent": ("Parent", "partner"),
}
"""Every built-in field: key → label and type."""


@dataclass(frozen=True)
class Column:
    """A column a list of partners can show. `type` is text, date, money, number, days or trend."""

    key: str
    label: str
    type: str
    width: int = 16

    @property
    def right(self) -> bool:
        """Whether its values stand at the right edge."""
        return self.type in ("money", "number", "days")


FACTS = (
    Column("last_order", "Last order", "days", 11),
    Column("last_active_on", "Last active", "date", 11),
    Column("amount_12m", "12 months", "money", 14),
    Column("orders_12m", "Orders, 12 months", "number", 8),
    Column("trend", "Trend", "trend", 12),
    Column("state", "State", "state", 17),
)
"""Columns computed from the timeline for a date: days since the last order, 12-month amount and count, the state."""


@dataclass(frozen=True)
class PartnerRow:
    """One line of a list: `cells` holds the value of each asked column."""

    id: int
    code: str
    name: str
    cells: dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """The ids of a list in its order; how many partners there are; for how many a condition is unknown."""

    ids: array[int]
    total: int
    unknown: int = 0


@dataclass(frozen=True)
class Source:
    """The cell a thing came from."""

    file: str
    sheet: str
    row: int

    def __str__(self) -> str:
        return f"{self.file} · {self.sheet} row {self.row:,}"


@dataclass(frozen=True)
class Partner:
    """Everything stored about one partner. `fields` and `custom` hold values by key; `hold`: its legal hold, in words."""

    id: int
    code: str
    name: str
    fields: dict[str, Value]
    custom: dict[str, Any]
    labels: dict[str, str]
    keys: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    source: Source | None = None
    counts: dict[str, int] = field(default_factory=dict)
    hold: str = ""


@dataclass(frozen=True)
class Rhythm:
    """How often a partner orders. Gaps are days between distinct order dates; None below two of them."""

    orders: int
    median_gap: int | None
    longest_gap: int | None
    first_on: date | None
    last_on: date | None
