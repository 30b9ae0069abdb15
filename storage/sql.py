"""An expression of SQL while a condition is compiled."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Sql:
    """An expression. `units`: in ten-thousandths; `empty`: NULL means empty, not unknown."""

    text: str
    units: bool = False
    empty: bool = False
    number: Decimal | None = None  # a number that was written down, not bound yet
