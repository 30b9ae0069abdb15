"""Values as a letter says them: 29 November 2013, EUR 1,234.50, 12.5%."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip  # not of the system's language
_SAME = 4  # decimals that are kept: the file's ten-thousandths


def said(value: object, kind: str = "", currency: str | None = None) -> str | None:
    """A value for reading; None stays None, which is unknown or empty.

    `kind` is a type of the condition language, where it is known: money has two decimals at least and stands behind
    its `currency`, a ratio is a percentage (0.125 is 12.5%, to two decimals), numbers are grouped by thousands and
    keep up to four decimals. Dates are written out, instants (`datetime`) with the minute, text stays as it is.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        day = f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
        return f"{day}, {value:%H:%M}" if isinstance(value, datetime) else day
    if isinstance(value, int | float | Decimal):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return _number(number, kind, currency) if number.is_finite() else None
    return str(value)


def _number(value: Decimal, kind: str, currency: str | None) -> str:
    if kind == "ratio":
        return f"{_decimals(value.scaleb(2), 0, 2)}%"
    if kind != "money":
        return _decimals(value, 0, _SAME)
    return f"{currency} {_decimals(value, 2, _SAME)}" if currency else _decimals(value, 2, _SAME)


def _decimals(value: Decimal, least: int, most: int) -> str:
    """Grouped by thousands, without needless zeros behind the decimals there must be, and without minus zero."""
    whole, _, rest = f"{value:,.{most}f}".partition(".")
    rest = rest.rstrip("0").ljust(least, "0")
    if whole == "-0" and not rest.strip("0"):
        whole = "0"
    return f"{whole}.{rest}" if rest else whole
