"""Where the table of a sheet begins and ends, and what its columns are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from prm_tui.domain.mapping import header_hash
from prm_tui.domain.sheet import ID

LOOKED_AT = 40
TYPICAL = 5_000
"""How many rows tell how full a row of the table is."""
_TOTAL = re.compile(r"^(grand )?(sub)?totals?\b|^(gesamt)?summe\b|^total général\b", re.IGNORECASE)


def filled(row: Sequence[Any]) -> int:
    """How many cells hold something."""
    return sum(1 for cell in row if cell not in (None, ""))


def header_index(rows: Sequence[Sequence[Any]], known: frozenset[str] = frozenset()) -> int | None:
    """Which of the first rows is the header; None when none looks like one. A header set in `known` is one.

    A header consists of short words and is about as wide as the table below it. Of several such rows
    before the first row of data (notes above a table are rows of words too), the fullest is it. Sheets that
    prm wrote name their column of row ids.
    """
    for index, row in enumerate(rows):
        if ID in row:
            return index
    for index, row in enumerate(rows if known else ()):
        if header_hash([name for name in headers(row, len(row)) if not name.startswith("Column ")]) in known:
            return index
    widths = sorted(filled(row) for row in rows if filled(row))
    if not widths:
        return None
    typical = widths[len(widths) // 2]
    best: int | None = None
    for index, row in enumerate(rows):
        if filled(row) < 0.5 * typical or (filled(row) == 1 and typical > 1):
            continue
        if not _all_words(row):
            break
        if best is None or filled(row) > filled(rows[best]):
            best = index
    return best


def _all_words(row: Sequence[Any]) -> bool:
    cells = [cell for cell in row if cell not in (None, "")]
    return sum(1 for c in cells if isinstance(c, str) and _is_heading(c)) >= 0.8 * len(cells)


def _is_heading(text: str) -> bool:
    clean = text.strip()
    return 0 < len(clean) <= 80 and not re.fullmatch(r"[-+]?[\d.,/: ]+%?", clean)


def headers(row: Sequence[Any], width: int) -> list[str]:
    """One name a column: blank ones by their letter, repeated ones numbered."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for pos in range(width):
        cell = row[pos] if pos < len(row) else None
        name = " ".join(str(cell).split()) if cell not in (None, "") else f"Column {letter(pos)}"
        count = seen.get(name.casefold(), 0) + 1
        seen[name.casefold()] = count
        names.append(name if count == 1 else f"{name} ({count})")
    return names


def letter(pos: int) -> str:
    """A column's letter as spreadsheets show it: 0 → A, 26 → AA."""
    text = ""
    pos += 1
    while pos:
        pos, rest = divmod(pos - 1, 26)
        text = chr(65 + rest) + text
    return text


def is_total(row: Sequence[Any]) -> bool:
    """Whether a row at the foot of a table sums it up."""
    first = next((cell for cell in row if cell not in (None, "")), None)
    return isinstance(first, str) and bool(_TOTAL.match(first.strip()))
