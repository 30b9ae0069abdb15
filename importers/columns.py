"""What a column holds, decided as a whole and with its reason: text, number, date, or nothing.

Runs over the staging table after a sheet is in it: SQL counts, Python only where text must be parsed.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import date
from typing import Any

_ISO = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
_PARTS = re.compile(r"^(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T].*)?$")
_YEAR_FIRST = re.compile(r"^(\d{4})[./](\d{1,2})[./](\d{1,2})(?:[ T].*)?$")
_NUMBER = re.compile(r"^[-+(]?[£$€¥]?\s?[-+]?\d[\d.,'\u00a0\u202f ]*\)?\s?[%€£$]?$")
_SAMPLE = 5000


def decide(
    conn: sqlite3.Connection, table: str, width: int, *, codes: frozenset[int] = frozenset(), rewrite: bool = True
) -> list[tuple[str, str, int, str]]:
    """For each column: type, how that was decided, how many cells are filled, and an example.

    Numbers and dates that a text file wrote as text are turned into numbers and ISO dates in place, but
    not without `rewrite`: in a sheet that prm wrote, text is text. Columns in `codes` (phones, post codes)
    stay text, digits and all.
    """
    counts = _counts(conn, table, width)
    found = []
    for pos in range(width):
        filled, numbers, iso = counts[pos]
        if pos in codes and filled and rewrite and not iso:
            conn.execute(
                f"UPDATE {table} SET c{pos} = CAST(c{pos} AS TEXT) WHERE typeof(c{pos}) <> 'text'"
            ) if numbers else None
            kind, why = "text", "text: its digits are a code"
        else:
            kind, why = _kind(conn, table, f"c{pos}", filled, numbers, iso, rewrite)
        example = conn.execute(f"SELECT c{pos} FROM {table} WHERE c{pos} IS NOT NULL LIMIT 1").fetchone()
        found.append((kind, why, filled, "" if example is None else str(example[0])[:80]))
    return found


def _counts(conn: sqlite3.Connection, table: str, width: int) -> list[tuple[int, int, int]]:
    """For each column how many cells are filled, how many are numbers, and how many are ISO dates.

    Numbers sort before all text. Dates are counted where a sample of the rows has one: elsewhere it would cost
    more than all the rest, and a single date among texts makes no column of dates.
    """
    listed = ", ".join(f"count(c{n}), sum(c{n} < '')" for n in range(width))
    told = conn.execute(f"SELECT count(*), {listed} FROM {table}").fetchone()
    sampled = ", ".join(f"sum(c{n} GLOB '{_ISO}')" for n in range(width))
    dated = conn.execute(f"SELECT {sampled} FROM {table} WHERE row % ? = 0", (max(1, told[0] // _SAMPLE),)).fetchone()
    found = []
    for n in range(width):
        filled, numbers = told[1 + n * 2], told[2 + n * 2] or 0
        iso = conn.execute(f"SELECT sum(c{n} GLOB '{_ISO}') FROM {table}").fetchone()[0] if dated[n] else 0
        found.append((filled, numbers, iso or 0))
    return found


def _kind(
    conn: sqlite3.Connection, table: str, column: str, filled: int, numbers: int, iso: int, rewrite: bool
) -> tuple[str, str]:
    if not filled:
        return "empty", "no cell is filled"
    if numbers == filled:
        return "number", "every cell is a number"
    if not rewrite:
        return "date" if iso == filled else "text", "as prm wrote it"
    if iso >= 0.6 * filled:
        return "date", "dates" if iso == filled else f"dates, but {filled - iso:,} cells are none"
    texts = [
        row[0]
        for row in conn.execute(
            f"SELECT DISTINCT {column} FROM {table} WHERE typeof({column}) = 'text' LIMIT {_SAMPLE}"
        )
    ]
    order = date_order(texts)
    if order:
        kind, why = order
        if kind != "date?":
            settle(conn, table, column, kind)
            return "date", why
        return kind, why
    if numbers + iso == 0 and all(_NUMBER.match(t) for t in texts) and not _is_code(texts):
        comma = decimal_comma(texts)
        _rewrite(conn, table, column, lambda text: read_number(text, comma))
        return "number", "numbers with a decimal comma" if comma else "numbers written as text"
    return "text", "some cells are numbers, some text" if numbers else "text"


def date_order(texts: list[str]) -> tuple[str, str] | None:
    """Whether texts are dates, and if day or month comes first: (day-first | month-first | date?, why)."""
    if not texts:
        return None
    years = [t for t in texts if _YEAR_FIRST.match(t)]
    parts = [m for t in texts if (m := _PARTS.match(t))]
    if len(years) + len(parts) < 0.6 * len(texts):
        return None
    if not parts:
        return "day-first", "the year comes first"
    first = max(int(m[1]) for m in parts)
    second = max(int(m[3]) for m in parts)
    if first > 12 and second > 12:
        return None
    if first > 12:
        return "day-first", f"day first: {first} cannot be a month"
    if second > 12:
        return "month-first", f"month first: {second} cannot be a month"
    if all(m[2] == "." for m in parts):
        return "day-first", "day first: written with dots"
    return "date?", "no day above 12 tells whether day or month comes first"


def settle(conn: sqlite3.Connection, table: str, column: str, order: str) -> None:
    """Turn dates written as text into ISO dates; what is no date stays as it is and is refused later."""
    _rewrite(conn, table, column, lambda text: read_day(text, order) or text)


def read_day(text: str, order: str) -> str | None:
    """One date as ISO text, or None. Two-digit years are those from 1970 to 2069."""
    match = _YEAR_FIRST.match(text)
    if match:
        year, month, day = (int(part) for part in match.groups())
    else:
        match = _PARTS.match(text)
        if not match:
            return None
        day, month, year = int(match[1]), int(match[3]), int(match[4])
        if order == "month-first":
            day, month = month, day
        if year < 100:
            year += 2000 if year < 70 else 1900
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _is_code(texts: list[str]) -> bool:
    """Leading zeros and more than 15 digits tell a code, a phone or an account number from a quantity."""
    digits = [re.sub(r"\D", "", t) for t in texts]
    return any(
        len(d) > 15 or (len(d) > 1 and d[0] == "0" and t[:2].isdigit()) for d, t in zip(digits, texts, strict=True)
    )


def decimal_comma(texts: list[str]) -> bool:
    """Whether a comma begins the decimals in these numbers."""
    both = [t for t in texts if "," in t and "." in t]
    if both:
        return all(t.rfind(",") > t.rfind(".") for t in both)
    commas = [t for t in texts if "," in t]
    return bool(commas) and not all(re.search(r",\d{3}(\D|$)", t) for t in commas)


def read_number(text: str, comma: bool) -> int | float | str:
    """A number written as text; the text itself when it is none."""
    negative = text.strip().startswith(("-", "(")) or "-" in text[:3]
    clean = re.sub(r"[^\d.,]", "", text)
    clean = clean.replace(".", "").replace(",", ".") if comma else clean.replace(",", "")
    try:
        value = float(clean)
    except ValueError:
        return text
    value = -value if negative else value
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def as_numbers(conn: sqlite3.Connection, table: str, column: str) -> None:
    """Read what can be read as numbers in a column that must hold them; the rest stays text and is refused."""
    texts = [t for (t,) in conn.execute(f"SELECT DISTINCT {column} FROM {table} WHERE typeof({column}) = 'text'")]
    comma = decimal_comma([t for t in texts if _NUMBER.match(t)])
    _rewrite(conn, table, column, lambda text: read_number(text, comma) if _NUMBER.match(text) else text)


def _rewrite(conn: sqlite3.Connection, table: str, column: str, read: Callable[[str], Any]) -> None:
    conn.create_function("reread", 1, read, deterministic=True)
    conn.execute(f"UPDATE {table} SET {column} = reread({column}) WHERE typeof({column}) = 'text'")
