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


def yes_no(text: str) -> str:
    """An expression of SQL that says 1 for yes and 0 for no of a value kept as JSON, which may be in the words of its sheet."""
    said = f"lower({text})"
    return (
        f"(CASE WHEN {said} IN ('1', '1.0', 'yes', 'y', 'true') THEN 1"
        f" WHEN {said} IN ('0', '0.0', 'no', 'n', 'false') THEN 0 END)"
    )
