"""A workbook of figures: pages of cells, some of which it computes itself from the rows of other pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

FORMS = ("text", "number", "money", "share", "date")


@dataclass(frozen=True)
class Live:
    """A cell that the workbook computes: its formula (with =), the value until it does, and how that is shown.

    The formula is made of names of pages and addresses of cells, never of what stands in one. `array`: of many cells.
    """

    formula: str
    value: float | Decimal | str | None
    form: str = "number"
    array: bool = False


@dataclass(frozen=True)
class Share:
    """A share that is written as a percentage."""

    value: float | None


Cell = Live | Share | str | int | float | Decimal | date | None


@dataclass(frozen=True)
class Page:
    """A page: its name, its header and its rows."""

    name: str
    head: Sequence[str]
    rows: Iterable[Sequence[Cell]] = field(default=())

    @property
    def still(self) -> Page:
        """The same page with values instead of formulas."""
        return replace(self, rows=[[_still(cell) for cell in row] for row in self.rows])


def _still(cell: Cell) -> Cell:
    if not isinstance(cell, Live):
        return cell
    if cell.form == "share":
        return Share(None if cell.value is None else float(cell.value))
    return cell.value
