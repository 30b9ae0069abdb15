"""Formulas over the rows of a page: how many meet some tests, and the sum of a column over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from importers.figures import doubtful
from importers.table import letter
from prm_tui.domain.book import Cell, Page


@dataclass(frozen=True)
class Rows:
    """A page of rows that others count: its name, its columns, and its rows."""

    name: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]

    def at(self, column: str) -> str:
        """The address of a column, without its header."""
        where = letter(self.head.index(column))
        return f"'{self.name}'!${where}$2:${where}${max(len(self.rows), 1) + 1}"

    def page(self) -> Page:
        """The page."""
        return Page(self.name, self.head, self.rows)

    def unclear(self, column: str) -> set[str]:
        """Texts of a column that COUNTIFS may take for another."""
        at = self.head.index(column)
        return doubtful({value for row in self.rows if isinstance(value := row[at], str)})


@dataclass(frozen=True)
class Is:
    """A test of a column: it is as a cell or literal says, or greater, or less. `exact`: compared letter by letter."""

    column: str
    cell: str
    comparison: str = "="
    exact: bool = False


def count(rows: Rows, *tests: Is) -> str:
    """The formula, without =, of how many rows meet some tests."""
    if any(test.exact for test in tests):
        return f"SUMPRODUCT({'*'.join(_test(rows, test) for test in tests)}*1)"
    return f"COUNTIFS({_criteria(rows, tests)})"


def total(rows: Rows, column: str, *tests: Is) -> str:
    """The formula, without =, of the sum of a column over rows that meet some tests."""
    if any(test.exact for test in tests):
        return f"SUMPRODUCT({'*'.join(_test(rows, test) for test in tests)}*1,{rows.at(column)})"
    return f"SUMIFS({rows.at(column)},{_criteria(rows, tests)})"


def _criteria(rows: Rows, tests: Sequence[Is]) -> str:
    return ",".join(
        f"{rows.at(t.column)},{t.cell}" if t.comparison == "=" else f'{rows.at(t.column)},"{t.comparison}"&{t.cell}'
        for t in tests
    )


def _test(rows: Rows, test: Is) -> str:
    if test.exact:
        return f"EXACT({rows.at(test.column)},{test.cell})"
    return f"({rows.at(test.column)}{test.comparison}{test.cell})"


def text(said: str) -> str:
    """A word of our own as a formula has it."""
    return '"' + said.replace('"', '""') + '"'


def over(part: str, whole: str) -> str:
    """The formula of a share, empty of nothing."""
    return f'=IF({whole}=0,"",{part}/{whole})'
