"""Typed values from people: what was written in a field, as it is stored."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.money import read_amount, to_units
from prm_tui.domain.text import trimmed

_YES_NO = {"yes": 1, "y": 1, "true": 1, "1": 1, "no": 0, "n": 0, "false": 0, "0": 0}


def read_date(text: str, field: str = "date") -> date:
    """A date as it must be written: 2026-03-31. UsageError says so for anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{field}: “{text}” is not a date. Write it like 2026-03-31") from None


def read_period(text: str, field: str = "period") -> tuple[date, date]:
    """First and last day of a period: 2026, 2026-Q1, 2026-03, or 2026-03-01..2026-04-15. UsageError else."""
    said = text.strip().upper()
    if ".." in said:
        first, _, last = said.partition("..")
        found = read_date(first, field), read_date(last, field)
        if found[0] > found[1]:
            raise UsageError(f"{field}: {found[0]} is after {found[1]}")
        return found
    match = re.fullmatch(r"(\d{4})(?:-Q([1-4])|-(0[1-9]|1[0-2]))?", said)
    if not match:
        raise UsageError(f"{field}: “{text}” is not a period. Write 2026, 2026-Q1, 2026-03 or 2026-03-01..2026-04-15")
    year = int(match[1])
    first_month, months = (1, 12) if not (match[2] or match[3]) else (int(match[2] or 0) * 3 - 2, 3)
    if match[3]:
        first_month, months = int(match[3]), 1
    after = first_month + months
    end = date(year + (after > 12), after - 12 if after > 12 else after, 1)
    return date(year, first_month, 1), end - timedelta(days=1)


def stored(kind: str, text: str, field: str) -> Any:
    """What is written in a field of a type, as the file holds it; nothing written is None.

    Money and numbers become whole ten-thousandths, dates ISO text, yes/no 1 or 0. Raises UsageError that
    names the field and says how to write it.
    """
    clean = trimmed(text)
    if not clean:
        return None
    if kind == "date":
        return read_date(clean, field).isoformat()
    if kind in ("money", "number"):
        return to_units(read_amount(clean, field))
    if kind == "yes/no":
        if clean.casefold() not in _YES_NO:
            raise UsageError(f"{field}: write yes or no, not “{text}”")
        return _YES_NO[clean.casefold()]
    return clean


def custom(kind: str, text: str, field: str) -> Any:
    """As `stored`, for a custom field, which is kept as JSON: numbers stay numbers, not ten-thousandths."""
    if kind == "money":
        return stored(kind, text, field)
    value = stored(kind, text, field)
    if kind == "number" and value is not None:
        number = read_amount(trimmed(text), field)
        return int(number) if number == number.to_integral_value() else float(number)
    return bool(value) if kind == "yes/no" and value is not None else value
