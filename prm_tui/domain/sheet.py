"""Sheets that go out: what their columns are, and the token by which a row is known when it comes back.

A token is `UID-pROWID` (p for a partner, c contact, r record, a activity). The UID names a sheet that was sent,
or, of a plain export, the change at which it was made (the beginning of that change's hash, so that a sheet of
another file is never taken for one of ours).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

ID = "prm id"
"""The header of the column of tokens."""
META = "_prm"
"""The hidden sheet that says what the sheets and columns of a workbook are."""
UID_LENGTH = 10
LONGEST = 32_767
"""How many characters a cell of a workbook may hold."""


@dataclass(frozen=True)
class OutColumn:
    """A column that goes out. `type`: text, number, money, date or yes/no; `target`: what it means on return.

    A column with the target `skip` is there to be read only. `choices`: the values a cell may have.
    """

    header: str
    target: str
    type: str = "text"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class OutSheet:
    """A sheet that goes out; its rows hold one value a column, money and numbers as they are read."""

    name: str
    what: str
    columns: Sequence[OutColumn]
    rows: Iterable[Sequence[Any]] = field(default=())
    note: str = ""


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
    match = re.fullmatch(r"\w+-([pcra])(\d{1,15})", token)
    return (match[1], int(match[2])) if match else ("", 0)


def headers_apart(columns: Sequence[OutColumn]) -> list[OutColumn]:
    """The same columns; of several with one header all but the first are numbered."""
    seen: dict[str, int] = {}
    found = []
    for column in columns:
        count = seen[column.header.casefold()] = seen.get(column.header.casefold(), 0) + 1
        header = column.header if count == 1 else f"{column.header} {count}"
        found.append(OutColumn(header, column.target, column.type, column.choices))
    return found
