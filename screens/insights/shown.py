"""What a section of Insights shows: its columns and lines, who is behind each, and what stands above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.content import Content

from screens.widgets.table import Col, Line

BLOCKS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True)
class Behind:
    """The partners behind a number."""

    title: str
    ids: Sequence[int]


@dataclass(frozen=True)
class Shown:
    """See the module. `nothing` is said where there is no line."""

    columns: Sequence[Col]
    lines: dict[Any, Line]
    behind: dict[Any, Behind] = field(default_factory=dict)
    above: Content = field(default_factory=lambda: Content(""))
    nothing: str = "Nothing to count yet: 5 brings spreadsheets in."


def bar(part: float, width: int) -> str:
    """A bar of so many cells for a part of the whole, to an eighth of a cell."""
    eighths = round(max(0.0, min(part, 1.0)) * width * 8)
    return (BLOCKS[8] * (eighths // 8) + BLOCKS[eighths % 8].strip()).ljust(width)


def percent(part: float, whole: float) -> str:
    """A share in percent; nothing of nothing."""
    return f"{part / whole:.0%}" if whole else ""
