"""What types come of arithmetic: money by days, a date and days, a ratio of two numbers.

`bare` is a number that was written down, which takes the type of what it stands beside.
"""

from __future__ import annotations

NUMERIC = ("bare", "number", "money", "ratio", "days")
_SPANS = ("days", "bare", "number")
"""What may be added to a date: so many days."""


def same(a: str, b: str) -> bool:
    """Whether values of two types can be compared."""
    return a == b or ("bare" in (a, b) and a in NUMERIC and b in NUMERIC)


def added(op: str, a: str, b: str) -> str | None:
    """The type of a sum or difference of two types; None where there is none."""
    if a == "date":
        if b in _SPANS:
            return "date"
        return "days" if b == "date" and op == "-" else None
    if a in NUMERIC and same(a, b):
        return b if a == "bare" else a
    return "date" if b == "date" and op == "+" and a in _SPANS else None


def multiplied(op: str, a: str, b: str) -> str | None:
    """The type of a product or quotient of two types; None where there is none."""
    if a not in NUMERIC or b not in NUMERIC:
        return None
    if op == "/":
        if a == b and a != "bare":
            return "ratio"
        if b in ("bare", "ratio"):
            return a
        return a if b in ("number", "days") and a == "money" else ("number" if a != "money" and b != "money" else None)
    if "money" in (a, b):
        return None if a == b else "money"
    if {a, b} == {"bare", "ratio"}:
        return "bare"  # 60% * 1_000 is a plain number again
    for weak in ("bare", "ratio"):
        if a == weak:
            return b
        if b == weak:
            return a
    return "number"
