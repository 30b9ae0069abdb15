"""Money and quantities: exact decimals outside, whole ten-thousandths inside the file."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from prm_tui.domain.errors import UsageError

SCALE = 10_000
_STEP = Decimal("0.0001")


def to_units(value: Decimal) -> int:
    """A decimal as ten-thousandths, rounded half to even at the fourth decimal."""
    return int(value.quantize(_STEP, ROUND_HALF_EVEN) * SCALE)


def from_units(units: int) -> Decimal:
    """Ten-thousandths as a decimal without needless zeros after the second place."""
    value = Decimal(units) / SCALE
    return value.quantize(Decimal("0.01")) if units % 100 == 0 else value


def read_amount(text: str, field: str = "amount") -> Decimal:
    """A typed amount: 1234.5, 1,234.50 or 1_234.5. UsageError says how to write it."""
    try:
        value = Decimal(text.strip().replace(",", "").replace("_", "").replace(" ", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise UsageError(f"{field}: “{text}” is not a number. Write it like 1234.50")
    return value


def shown(value: Decimal | int | float, places: int = 2) -> str:
    """A number for reading: grouped by thousands, with that many decimals."""
    return f"{value:,.{places}f}"
