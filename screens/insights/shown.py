"""What a section of Insights shows: its columns and lines, who is behind each, and what stands above them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from textual.content import Content

from prm_tui.domain import insights
from prm_tui.domain.insights import Number
from screens.widgets.table import Col, Line

if TYPE_CHECKING:
    from storage import Store

BLOCKS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True)
class Behind:
    """The partners behind a number: how they are found, or what asks the file for them."""

    title: str
    who: insights.Behind | Callable[[Store, date], Sequence[int]]


@dataclass(frozen=True)
class Shown:
    """See the module. `behind`: the list of a line, or those of its numbers. `nothing` is said where there is no line."""

    columns: Sequence[Col]
    lines: dict[Any, Line]
    behind: Mapping[Any, Behind | tuple[Behind, ...]] = field(default_factory=dict)
    above: Content = field(default_factory=lambda: Content(""))
    nothing: str = "Nothing to count yet: i reads a spreadsheet."


def of(ids: Sequence[int]) -> insights.Behind:
    """Who is behind a number, where their ids are known already."""
    return insights.Behind(ids=tuple(ids))


def bar(part: float, width: int) -> str:
    """A bar of so many cells for a part of the whole, to an eighth of a cell."""
    eighths = round(max(0.0, min(part, 1.0)) * width * 8)
    return (BLOCKS[8] * (eighths // 8) + BLOCKS[eighths % 8].strip()).ljust(width)


def percent(value: float | None) -> str:
    """A share in percent; a dash where it cannot be said."""
    return "–" if value is None else f"{float(value):.0%}"


def share(part: float, whole: float) -> str:
    """A part in percent; nothing of nothing."""
    return f"{part / whole:.0%}" if whole else ""


def said(number: Number) -> str:
    """A number by its unit."""
    if number.value is None:
        return "–"
    if number.unit.startswith("share"):
        return percent(float(number.value))
    return f"{number.value:,.0f}"


def full(number: Number, label: str = "") -> str:
    """A number with its unit, period and source."""
    few = f"; of only {number.of}" if number.small else f" of {number.of:,}" if number.of is not None else ""
    return f"{label}{': ' if label else ''}{said(number)}{few}, {number.unit}, {number.period}, from {number.source}"
