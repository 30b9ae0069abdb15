"""Formulas: what a workbook computes itself from the rows of its other sheets.

Their text is made of names of sheets and addresses of cells, never of what stands in a cell. COUNTIFS and its
like are quick, but take `*` in a code for a wildcard, `<5` for a comparison, and 0012 and 12, or abc and ABC, for
one code; rows with such a code get a slower formula that compares exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from importers.table import letter
from prm_tui.domain.sheet import Figure, OutColumn, Where

BEARABLE = 500_000_000
"""At how many cells the quick formulas of a sheet may look; LibreOffice takes about eight seconds for so many."""
SLOWER = 15
"""How many times as long as the quick ones the exact formulas take."""
_CLEAR = re.compile(r"\d{1,15}|(?=.*[^\W\d_])\w[^*?~]{0,254}", re.DOTALL)
_NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?", re.IGNORECASE)
_QUICK = {"sum": "SUMIFS", "first": "_xlfn.MINIFS", "last": "_xlfn.MAXIFS"}
_EXACT = {"sum": "SUM", "first": "MIN", "last": "MAX"}


def formula(figure: Figure, last: int, row: int, exact: bool) -> str:
    """The formula of a cell in row `row` over a sheet whose last row is `last` (both counted from 1).

    An `exact` one has to be entered as an array formula.
    """
    body = _exact(figure, last, row) if exact else _quick(figure, last, row)
    if figure.what == "count":
        return f"={body}"
    count = Figure("count", figure.sheet, figure.where)
    some = _here(figure.counted, row) if figure.counted is not None else formula(count, last, row, exact)[1:]
    return f'=IF({some}=0,"",{body})'


def _quick(figure: Figure, last: int, row: int) -> str:
    tests = ",".join(f"{_whole(figure, w.there, last)},{_criterion(w, row)}" for w in figure.where)
    if figure.what == "count":
        return f"COUNTIFS({tests})"
    return f"{_QUICK[figure.what]}({_whole(figure, figure.of, last)},{tests})"


def _criterion(where: Where, row: int) -> str:
    if where.comparison == "empty":
        return '"="'
    here = _here(where.here, row)
    return here if where.comparison in ("=", "on") else f'"{where.comparison}"&{here}'


def _exact(figure: Figure, last: int, row: int) -> str:
    tests = "*".join(_test(_whole(figure, w.there, last), w, row) for w in figure.where)
    if figure.what == "count":
        return f"SUM(1*{tests})"
    return f"{_EXACT[figure.what]}(IF({tests},{_whole(figure, figure.of, last)}))"


def _test(cells: str, where: Where, row: int) -> str:
    if where.comparison == "empty":
        return f'({cells}="")'
    here = _here(where.here, row)
    if where.comparison == "=":
        return f"EXACT({cells},{here})"
    return f"({cells}={here})" if where.comparison == "on" else f"({cells}{where.comparison}{here})"


def _whole(figure: Figure, pos: int, last: int) -> str:
    name = figure.sheet.replace("'", "''")
    return f"'{name}'!${letter(pos)}$2:${letter(pos)}${last}"


def _here(pos: int, row: int) -> str:
    return f"${letter(pos)}{row}"


def unclear(columns: Sequence[OutColumn], rows: Sequence[Sequence[Any]]) -> frozenset[int]:
    """Which rows (from 0) are looked for by a text that the quick formulas may take for another."""
    found: set[int] = set()
    for pos in {w.here for c in columns if c.figure for w in c.figure.where if w.comparison == "="}:
        unsure = doubtful({row[pos] for row in rows if row[pos] is not None})
        found.update(n for n, row in enumerate(rows) if row[pos] in unsure)
    return frozenset(found)


def bearable(columns: Sequence[OutColumn], rows: int, exact: int, lengths: Mapping[str, int]) -> bool:
    """Whether a spreadsheet program can be expected to compute a sheet of so many rows, some of them exactly."""
    looked_at = sum(lengths[c.figure.sheet] * len(c.figure.where) for c in columns if c.figure)
    return (rows + (SLOWER - 1) * exact) * looked_at <= BEARABLE


def doubtful(keys: Iterable[str]) -> set[str]:
    """Texts of a column that the quick formulas may take for something else: for others of it, or for a comparison."""
    like: dict[object, list[str]] = {}
    for key in keys:
        like.setdefault(_seen_as(key), []).append(key)
    return {key for same in like.values() for key in same if len(same) > 1 or not _CLEAR.fullmatch(key)}


def _seen_as(key: str) -> object:
    """What a spreadsheet compares: numbers by their value, other text without regard to capitals."""
    if _NUMBER.fullmatch(key.strip()):
        try:
            return float(key.replace(",", ""))
        except ValueError:
            pass
    return key.casefold()
