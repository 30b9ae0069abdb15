"""What was to be said of a partner at the end of each month, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from textual.content import Content

from screens.modals.pages import Page
from screens.text import hanging, plain, short_date, stated

if TYPE_CHECKING:
    from prm_tui.domain.inactivity import PartnerState


def told(found: Sequence[tuple[date, PartnerState]], width: int = 66) -> Content:
    """Each change of state, the latest first, with the sentence that explains it."""
    parts: list[Content] = []
    for n, (on, row) in enumerate(found):
        if n and found[n - 1][1].key == row.key:
            continue
        sign, colour = stated(row.state.label)
        parts.append(Content.assemble(plain(f"{short_date(on):<13}", "muted"), plain(sign, colour)))
        parts.append(hanging("             ", row.why, width, "muted"))
    return Content("\n").join(parts)


def page(found: Sequence[tuple[date, PartnerState]]) -> Page:
    """The changes of state as a page of its own."""
    return Page(f"{found[0][1].name[:40]}: its states, by month", told(found))
