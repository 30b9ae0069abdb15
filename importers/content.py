"""What a sheet holds, as hashes: of each row, and of the whole, which tell that a sheet was read before.

The whole is hashed as it goes; marks on the way (after 1,000 rows, 2,000, 4,000, …) tell early that a sheet is
another one. Equal cells have equal hashes whichever program saved the workbook.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

_FIRST_MARK = 1000
_LENGTH = 8


class Content:
    """The hash of a sheet while its rows go by: of its headers, then of each row, in order."""

    def __init__(self, headers: Sequence[str]) -> None:
        self._whole = blake2b("\x1f".join(headers).encode("utf-8", "surrogatepass"), digest_size=_LENGTH)
        self._rows, self._next = 0, _FIRST_MARK
        self.marks = [self._whole.hexdigest()]

    def add(self, cells: list[Any]) -> int:
        """Take in a row; its own hash, as SQLite keeps whole numbers."""
        row = blake2b(marshal.dumps(cells, 2), digest_size=_LENGTH).digest()
        self._whole.update(row)
        self._rows += 1
        if self._rows == self._next:
            self.marks.append(self._whole.hexdigest())
            self._next *= 2
        return int.from_bytes(row, "big", signed=True)

    def text(self) -> str:
        """The hashes of the beginning and the marks, then that of the whole."""
        return " ".join([*self.marks, f"{self._rows}:{self._whole.hexdigest()}"])


def among(headers: Sequence[str], rows: Iterable[list[Any]], known: Iterable[str]) -> str | None:
    """The one of `known` that a sheet with these headers and rows has; None as soon as that is impossible."""
    content = Content(headers)
    possible = [said for said in known if said.split(" ", 1)[0] == content.marks[0]]
    if not possible:
        return None
    for n in _marked(rows, content):
        possible = [said for said in possible if said.split(" ")[n : n + 1] == content.marks[n:]]
        if not possible:
            return None
    return content.text() if content.text() in possible else None


def _marked(rows: Iterable[list[Any]], content: Content) -> Iterator[int]:
    """The number of each mark as the rows reach it."""
    reached = 0
    for cells in rows:
        content.add(cells)
        if len(content.marks) - 1 > reached:
            reached += 1
            yield reached
