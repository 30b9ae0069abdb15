"""Dates that were written as text: which part is the day, decided for a column as a whole, or asked.

Evidence counts for each way of writing apart (its separator, and whether years have two digits): a value above 12
cannot be a month, one above 31 cannot be a day. What nothing settles is asked; dots alone say that the day comes
first. Names of months settle themselves.

Days up to 12 that a spreadsheet with another habit took for months have become real dates with day and month
exchanged, while the rest stayed text: a column of such a shape is asked, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from prm_tui.domain.mapping import ORDERS

_TIME = r"(?:[ T,]+\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?$"
_YEAR_FIRST = re.compile(r"^(\d{4})([./-])(\d{1,2})\2(\d{1,2})" + _TIME)
_PARTS = re.compile(r"^(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})" + _TIME)
_WEEKDAY = r"^(?:[^\W\d]+\.?,?\s+)?"
_DAY_NAME = re.compile(
    _WEEKDAY
    + r"(\d{1,2})(?:st|nd|rd|th|er)?\.?(?: de |[ /-]*)([^\W\d_]{3,12})\.?,?(?: de |[ /-]*)(\d{4}|\d{2})"
    + _TIME
)
_NAME_DAY = re.compile(_WEEKDAY + r"([^\W\d_]{3,12})\.?[ -]*(\d{1,2})(?:st|nd|rd|th)?,?[ -]+(\d{4})" + _TIME)
_YEAR_NAME = re.compile(r"^(\d{4})[ -]+([^\W\d_]{3,12})\.?[ -]+(\d{1,2})" + _TIME)
_NAMES = """
january jan januar janvier janv enero ene gennaio gen januari
february feb februar fevrier février fevr févr febrero febbraio febr februari
march mar märz maerz mrz mars marzo maart mrt
april apr avril avr abril abr aprile
may mai mayo maggio mag mei
june jun juni juin junio giugno giu
july jul juli juillet juil julio luglio lug
august aug août aout agosto ago augustus
september sep sept septembre septiembre settembre set
october oct oktober okt octobre octubre ottobre ott
november nov novembre noviembre
december dec dezember dez décembre decembre déc diciembre dic dicembre
"""
MONTHS = {name: n for n, line in enumerate(_NAMES.strip().splitlines(), 1) for name in line.split()}
"""Names and short names of months in English, German, French, Spanish, Italian and Dutch."""
_ANCHORS = {1, 15, 28, 29, 30, 31}
"""Days on which all dates of a column may well fall, so that they are no sign of a year."""
_MANY = 12
"""So many years no list with two-digit ones spans; so many days it soon has."""
MIXED = "some are day first"
"""How a decision begins where values contradict each other: no answer to an earlier column covers that."""

Way = tuple[str, bool]
"""A way of writing: its separator, and whether its years have two digits."""
Part = tuple[int, int, int, int, str]
"""A text in its three numbers, with how many rows have it and the text itself."""


@dataclass(frozen=True)
class Found:
    """What the texts of a column are: `order` for each way of writing that is settled; `ask`: the possible answers
    for the others, none when all is settled; `example`: a text that shows what is asked.
    """

    order: Mapping[Way, str]
    why: str
    ask: tuple[str, ...] = ()
    example: str = ""

    def with_answer(self, answer: str) -> Callable[[str], str | None]:
        """Reads one text as ISO, the ways that were not settled as answered."""
        return lambda text: read(text, self.order, answer)


def read(text: str, order: Mapping[Way, str], otherwise: str = "day-first") -> str | None:
    """One date as ISO text, or None. Two-digit years are those from 1970 to 2069."""
    if match := _YEAR_FIRST.match(text):
        return _iso(match[1], match[3], match[4])
    if match := _DAY_NAME.match(text.casefold()):
        return _iso(match[3], MONTHS.get(match[2]), match[1])
    if match := _NAME_DAY.match(text.casefold()):
        return _iso(match[3], MONTHS.get(match[1]), match[2])
    if match := _YEAR_NAME.match(text.casefold()):
        return _iso(match[1], MONTHS.get(match[2]), match[3])
    if match := _PARTS.match(text):
        said = order.get((match[2], len(match[4]) == 2), otherwise)
        first, second, third = match[1], match[3], match[4]
        if said == "month-first":
            return _iso(third, first, second)
        return _iso(first, second, third) if said == "year-first" else _iso(third, second, first)
    return None


def _iso(year: str, month: str | int | None, day: str) -> str | None:
    if month is None:
        return None
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < 70 else 1900
    try:
        return date(number, int(month), int(day)).isoformat()
    except ValueError:
        return None


def like(texts: Mapping[str, int]) -> float:
    """The share of rows whose text looks like a date in some order."""
    seen = sum(n for text, n in texts.items() if any(read(text, {}, order) for order in ORDERS[:3]))
    return seen / max(1, sum(texts.values()))


def find(texts: Mapping[str, int], real: int = 0, latest_day: int = 0) -> Found:
    """How the dates of a column are written. `texts`: each text with its number of rows; `real`: how many cells are
    dates already, and the highest day of the month among them.
    """
    ways: dict[Way, list[Part]] = {}
    for text, rows in texts.items():
        match = _PARTS.match(text)
        if match and any(read(text, {}, order) for order in ORDERS[:3]):
            way = match[2], len(match[4]) == 2
            ways.setdefault(way, []).append((int(match[1]), int(match[3]), int(match[4]), rows, text))
    order: dict[Way, str] = {}
    said, asked, answers, example = [], [], list[str](), ""
    for way, parts in ways.items():
        found, why = _short(way[0], parts) if way[1] else _long(way[0], parts)
        if found:
            order[way] = found
            said.append(why)
        else:
            asked.append(why)
            answers += [a for a in ORDERS[: 3 if way[1] else 2] if a not in answers]
            example = example or parts[0][4]
    if not asked and real and latest_day <= 12 and (taken := _left_over(ways, order)):
        shown, example = taken
        why = (
            f"{'1 cell is a real date' if real == 1 else f'{real:,} cells are real dates'}, with days up to 12 only,"
            f" and others are text such as {example}: a"
            " spreadsheet may have exchanged day and month of the real ones"
        )
        return Found(order, why, (shown, "swapped"), example)
    if asked:
        return Found(order, "; ".join(asked), tuple(answers), example)
    return Found(order, "; ".join(dict.fromkeys(said)) or "dates that say which part is which")


def _long(separator: str, parts: list[Part]) -> tuple[str, str]:
    """The order of dates with four-digit years and how it is known; no order where nothing settles it."""
    first = [(rows, text) for a, _, _, rows, text in parts if a > 12]
    second = [(rows, text) for _, b, _, rows, text in parts if b > 12]
    if first and second:
        return "", f"{MIXED} ({first[0][1]}), some month first ({second[0][1]})"
    if first:
        return "day-first", f"day first: {_many(first)} above 12 in the first place"
    if second:
        return "month-first", f"month first: {_many(second)} above 12 in the second place"
    if separator == ".":
        return "day-first", "day first: written with dots"
    return "", "no value above 12 tells whether day or month comes first"


def _short(separator: str, parts: list[Part]) -> tuple[str, str]:
    """The same for two-digit years, which may come first."""
    firsts, thirds = {a for a, *_ in parts}, {c for _, _, c, _, _ in parts}
    if max(firsts) > 31:
        if max(thirds) > 31:
            return "", "neither the first nor the last part can be the day in every row"
        return "year-first", f"the year comes first: {max(firsts)} cannot be a day"
    year_last = (
        max(thirds) > 31
        or (separator == "." and len(firsts) >= len(thirds))
        or any(b > 12 for _, b, _, _, _ in parts)  # nobody writes year, day, month
        or (len(firsts) >= _MANY and len(thirds) * 3 <= len(firsts) and not thirds <= _ANCHORS)
    )
    if not year_last:
        return "", "with two-digit years nothing tells which part is the year"
    return _long(separator, parts)


def _left_over(ways: Mapping[Way, list[Part]], order: Mapping[Way, str]) -> tuple[str, str] | None:
    """How texts with a part above 12 are written, and one of them: what a spreadsheet could not misread.

    Others may stand beside them, typed or pasted later: real dates that all have days up to 12 stay suspicious.
    """
    for way, parts in ways.items():
        if way[0] != "." and order[way] != "year-first":
            for first, second, _, _, text in parts:
                if first > 12 or second > 12:
                    return order[way], text
    return None


def _many(found: list[tuple[int, str]]) -> str:
    count = sum(rows for rows, _ in found)
    return f"{count:,} value{'s' if count != 1 else ''}"
