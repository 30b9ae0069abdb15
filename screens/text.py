"""How values look: text that is never markup, cut to cells, dates and amounts as people read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from prm_tui.domain.inactivity import STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
_LONGEST = 2_000  # a cell is never wider; what is longer is cut before it is measured


def visible(text: object) -> str:
    """Text from a file or a person on one line, with what cannot be shown made visible."""
    said = str(text)[:_LONGEST]
    if said.isprintable():
        return said
    return "".join(c if c.isprintable() else " " if c in "\n\r\t" else "�" for c in said)


def plain(text: object, style: str = "") -> Content:
    """Text from a file or a person as content: it is never markup. `style` is a colour of the theme."""
    return Content.styled(visible(text), f"${style}" if style else "")


def many(n: int, what: str) -> str:
    """1 partner, 12,345 partners."""
    return f"{n:,} {what}{'s' if n != 1 else ''}"


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Text in exactly `width` cells; what is cut ends with an ellipsis."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, max(width - 1, 0)) + "…" if width else ""
    space = " " * (width - length)
    return space + text if right else text + space


def hanging(head: str, text: str, width: int, style: str = "text") -> Content:
    """A muted head and a text beside it, whose further lines stand beneath its first."""
    space = len(head)
    found = wrap(visible(text), max(width - space, 12)) or [""]
    rest = [plain(" " * space + line, style) for line in found[1:]]
    return Content("\n").join([Content.assemble((head, "$muted"), plain(found[0], style)), *rest])


def steps(titles: Sequence[str], at: int, width: int = 0) -> Content:
    """✓ Why ── ● Impact ── ○ Dates: what is done, where one stands, what is to come; closer together in a small width."""
    between = " ── " if not width or sum(len(title) + 6 for title in titles) - 4 <= width else "  "
    if between == "  " and sum(len(title) + 4 for title in titles) - 2 > width:  # only where one stands is named
        titles = [title if n == at else "" for n, title in enumerate(titles)]
    parts: list[tuple[str, str]] = []
    for n, title in enumerate(titles):
        sign, colour = ("✓ ", "$good") if n < at else ("● ", "$accent") if n == at else ("○ ", "$muted")
        parts += [(sign, colour), (title, "bold $bright" if n == at else "$text" if n < at else "$muted")]
        parts += [(between, "$faint")] if n < len(titles) - 1 else []
    return Content.assemble(*parts)


def short_date(day: date) -> str:
    """29 Nov 2013"""
    return f"{day.day} {day:%b %Y}"


def spark(values: Sequence[int], *, empty: str = BARS[0]) -> str:
    """A row of bars, one a value, scaled to the largest."""
    top = max(values, default=0)
    if top <= 0:
        return empty * len(values)
    return "".join(BARS[0] if v <= 0 else BARS[max(1, round(v / top * 7))] for v in values)


def cell(value: Any, kind: str) -> tuple[str, str]:
    """A value of a list as text and the name of its colour."""
    if kind == "trend":
        values = value or ()
        return spark(values), "accent" if any(v > 0 for v in values) else "faint"
    if value is None or value == "":
        return ("never", "muted") if kind == "days" else ("", "muted")
    if kind == "days":
        return f"{value:,} days", "bad" if value > 180 else "warn" if value > 90 else "text"
    if kind == "state":
        return stated(value)
    if isinstance(value, bool):
        return ("yes" if value else "no"), "text"
    if isinstance(value, date):
        return short_date(value), "text"
    if isinstance(value, Decimal):
        return f"{value:,.2f}", "text"
    if isinstance(value, int | float) and kind in ("number", "money"):
        return (f"{value:,}" if abs(value) >= 10_000 or kind == "money" else f"{value}"), "text"  # 2011 may be a year
    return visible(value), "text"


STATE_COLOURS = {
    "active": "good", "slowing": "text", "at_risk": "warn", "inactive": "bad", "dormant": "bad", "never_activated": "warn",
    "unknown": "muted",
}  # fmt: skip


def stated(label: str) -> tuple[str, str]:
    """A state by its word, with its sign, and the name of its colour."""
    state = next((one for one in STATES.values() if one.label == label), STATES["unknown"])
    return f"{state.sign} {state.label}", STATE_COLOURS[state.key]


def found(value: Any) -> str:
    """A value an explanation found, for reading."""
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return cell(value, "")[0]
