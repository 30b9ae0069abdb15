"""A file in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from prm_tui.domain.money import SCALE


@dataclass(frozen=True)
class Summary:
    """What a file holds up to `as_of`.

    `amount` is in ten-thousandths; `quiet` counts partners whose last order lies more than 90, 180 and 365
    days back; `never` those without one; `median_gap` is in days, between two orders of one partner.
    """

    as_of: date
    partners: int
    orders: int
    lines: int
    amount: int
    quiet: dict[int, int]
    never: int
    median_gap: int | None

    def sentences(self) -> list[str]:
        """The numbers in words, a line each."""
        said = [
            f"{self.partners:,} partners; {self.orders:,} orders with {self.lines:,} lines,"
            f" {self.amount / SCALE:,.2f} in all, up to {self.as_of}",
            "not ordered for " + ", ".join(f"{days} days: {count}" for days, count in self.quiet.items()),
            f"never ordered: {self.never}",
        ]
        if self.median_gap is not None:
            said.append(f"median gap between two orders of a partner: {self.median_gap} days")
        return said
