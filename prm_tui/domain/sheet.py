"""Sheets that go out: what their columns are, how some are computed, and the token by which a row is known again.

A token is `UID-pROWID` (p for a partner, c contact, r record, a activity, t approval, h a record
that is handed over, w why a partner is quiet, v what a review makes of it). The UID names a sheet that was sent, or, of
a plain export, the change at which it was made (the beginning of that change's hash, so that a sheet of another file
is never taken for one of ours).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

ID = "prm id"
"""The header of the column of tokens."""
META = "_prm"
"""The hidden sheet that says what the sheets and columns of a workbook are."""
UID_LENGTH = 10
LONGEST = 32_767
"""How many characters a cell of a workbook may hold."""
LONGEST_NAME = 31
"""How many characters the name of a sheet may have."""
NEVER = str.maketrans(dict.fromkeys("\0\ufffe\uffff", "\ufffd"))
"""Characters that no cell may hold, and what stands for them."""
EARLIEST = "1900-03-01"
"""The first day on which all spreadsheet programs agree; earlier ones are written as text."""


@dataclass(frozen=True)
class Where:
    """Which rows of another sheet count: those whose column `there` is as this row's column `here`.

    The comparison is `=` for texts, `on`, `>=` or `<=` for dates, or `empty`: then nothing stands `there`. Columns
    are counted from 0.
    """

    there: int
    comparison: str = "="
    here: int = 0


@dataclass(frozen=True)
class Figure:
    """What a column is computed from: count, sum, first or last of column `of` over the rows of another sheet.

    `counted`: the column of this sheet that holds the count of the same rows; where it is 0, the cell is empty.
    A workbook computes it itself; elsewhere, and until it does, the value that stands in the row counts.
    """

    what: str
    sheet: str
    where: tuple[Where, ...]
    of: int = 0
    counted: int | None = None


@dataclass(frozen=True)
class Live:
    """A cell that a workbook computes itself: a formula made of addresses, never of what stands in a cell, and its value.

    Elsewhere, and until the workbook is computed, the value counts.
    """

    formula: str
    value: float | None


@dataclass(frozen=True)
class OutColumn:
    """A column that goes out. `type`: text, number, money, date or yes/no; `target`: what it means on return.

    A column with the target `skip` is there to be read only. `choices`: the values a cell may have. `figure`:
    what it is computed from, if it is.
    """

    header: str
    target: str
    type: str = "text"
    choices: tuple[str, ...] = ()
    figure: Figure | None = None


@dataclass(frozen=True)
class OutSheet:
    """A sheet that goes out; its rows hold one value a column, money and numbers as they are read.

    `lines_of`: the kind of activity whose lines it lists.
    """

    name: str
    what: str
    columns: Sequence[OutColumn]
    rows: Iterable[Sequence[Any]] = field(default=())
    lines_of: str = ""

    @property
    def computed(self) -> bool:
        """Whether some of it is computed from other sheets."""
        return any(column.figure for column in self.columns)

    def at(self, target: str) -> int:
        """Where the column with a target stands, from 0."""
        return next(n for n, column in enumerate(self.columns) if column.target == target)


@dataclass(frozen=True)
class SentSheet:
    """A sheet that was sent: what, to whom, when, until when it is wanted, and whether it came back."""

    uid: str
    what: str
    recipient: str
    sent_on: date
    due_on: date | None
    state: str
    file: str
    rows: int

    def overdue(self, today: date) -> bool:
        """Whether it should be back by now."""
        return self.state == "out" and self.due_on is not None and self.due_on < today


def token_row(token: str) -> tuple[str, int]:
    """Which row a token names: its letter and id; ("", 0) for what is no token."""
    match = re.fullmatch(r"\w+-([pcrathwv])(\d{1,15})", token)
    return (match[1], int(match[2])) if match else ("", 0)


def headers_apart(columns: Sequence[OutColumn]) -> list[OutColumn]:
    """The same columns, their headers in one line; of several with one header all but the first are numbered."""
    headers = _apart([" ".join(column.header.split()) or "Column" for column in columns])
    return [replace(column, header=header) for column, header in zip(columns, headers, strict=True)]


def names_apart(sheets: Sequence[OutSheet]) -> list[OutSheet]:
    """The same sheets with names that a workbook allows, each once."""
    names = _apart([_allowed(sheet.name) for sheet in sheets], LONGEST_NAME)
    return [replace(sheet, name=name) for sheet, name in zip(sheets, names, strict=True)]


def _allowed(name: str) -> str:
    shown = "".join(" " if c in "[]:*?/\\" or not c.isprintable() else c for c in name)
    return shown[:LONGEST_NAME].strip("' ") or "Sheet"


def _apart(names: Sequence[str], longest: int | None = None) -> list[str]:
    """Names, numbered from the second on where one stands several times; capitals make no difference."""
    taken: set[str] = set()
    found = []
    for name in names:
        apart, count = name, 1
        while apart.casefold() in taken:
            count += 1
            end = f" {count}"
            apart = name[: longest and longest - len(end)] + end
        taken.add(apart.casefold())
        found.append(apart)
    return found
