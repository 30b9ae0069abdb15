"""Who stands behind a number: partners with their state, worth and likely reason, to be marked and acted on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from prm_tui.commands import bindings
from prm_tui.domain.inactivity import Quiet
from prm_tui.services import inactivity
from screens.listing import ListScreen
from screens.text import cell, many, short_date, stated, visible
from screens.widgets.table import Col, Line, Table

COLUMNS = (
    Col("code", "Code", 7), Col("name", "Name"), Col("state", "State", 17), Col("since", "Since", 11), Col("best", "Best year", 12, True),
    Col("chance", "Chance", 6, True), Col("segment", "Segment", 8), Col("reason", "Likely reason", 16),
)  # fmt: skip


class BehindScreen(ListScreen):
    """See the module."""

    mode = "insights"
    place = "behind"
    table_id = "behind"
    nothing = "Nobody."
    marks = True
    BINDINGS: ClassVar = bindings("behind")

    def __init__(self, title: str, ids: Sequence[int]) -> None:
        super().__init__()
        self.name_, self.ids = title, ids

    def on_mount(self) -> None:
        """The list at once, what stands in it page by page."""
        super().on_mount()
        table = self.query_one(Table)
        table.set_columns(COLUMNS)
        table.show(self.ids, self._rows)
        self._say()

    def reload(self) -> None:
        """What is in sight, again."""
        table = self.query_one(Table)
        table.show(self.ids, self._rows, keep=True)

    async def _rows(self, wanted: list[Any]) -> dict[Any, Line]:
        as_of = self.prm.session.as_of
        rows = await self.read(lambda store: inactivity.quiet(store, as_of, ids=wanted))
        return {one.row.partner_id: _line(one) for one in rows}

    def _say(self) -> None:
        marked = len(self.query_one(Table).marked)
        said = many(len(self.ids), "partner") + (f", {marked:,} marked" if marked else "")
        self.head(f"{self.name_}  ", (said, "$muted"))

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """The selected one in full; a mark may have been set."""
        super().on_table_highlighted(event)
        self._say()

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter opens the partner."""
        from screens.partners.page import PartnerPage

        self.prm.push_screen(PartnerPage(event.key))

    def chosen(self) -> list[int]:
        """The marked partners in order, or the selected one."""
        table = self.query_one(Table)
        if table.marked:
            return [one for one in self.ids if one in table.marked]
        return [table.current] if table.current is not None else []

    def action_actions(self) -> None:
        """What can be done with them, all at once."""
        from screens.partners.actions import act_on

        if self.chosen():
            self.start(lambda: act_on(self, self.chosen()), "actions")

    def action_all(self) -> None:
        """Mark everybody; again: nobody."""
        table = self.query_one(Table)
        table.marked = set() if len(table.marked) == len(self.ids) else set(self.ids)
        table.refresh()
        self._say()

    def action_out(self) -> None:
        """Out to a spreadsheet: the marked ones, else all."""
        from screens.exchange.out import out

        ids = self.chosen() if self.query_one(Table).marked else list(self.ids)
        self.start(lambda: out(self, ids, "partners"), "out")

    def action_why(self) -> None:
        """What was to be said of the selected one month by month."""
        current = self.query_one(Table).current
        if current is not None:
            self.start(lambda: self._history(current), "why")

    async def _history(self, partner_id: int) -> None:
        from screens.insights.history import page

        as_of = self.prm.session.as_of
        found = await self.read(lambda store: inactivity.history(store, partner_id, as_of))
        self.prm.push_screen(page(found))

    def action_back(self) -> None:
        """Marks away; then back to the numbers."""
        table = self.query_one(Table)
        if table.marked:
            table.marked.clear()
            table.refresh()
            self._say()
        else:
            self.prm.pop_screen()


def _line(one: Quiet) -> Line:
    row = one.row
    sign, colour = stated(row.state.label)
    reason = f"{one.likely.label}, {one.likely.said_by}" if one.likely else ""
    year = f"12 months {one.worth.year:,.2f}" if one.worth.year else ""
    seen = f"first seen {one.first_seen}" if one.first_seen else ""
    said = [
        row.why,
        year,
        seen,
        one.through,
        f"{reason}: {one.likely.evidence}" if one.likely and one.likely.evidence else "",
    ]
    return Line(
        (
            (visible(row.code), "muted"), (visible(row.name), "bright"), (sign, colour),
            (short_date(row.since) if row.since else "", "text"), (cell(one.worth.best, "money")[0] or "currencies", "text"),
            (f"{one.chance:.0%}" if row.last else "", "text"), (one.segment.label if row.key != "active" else "", "text"),
            (reason, "text"),
        ),
        detail="; ".join(part for part in said if part),
    )  # fmt: skip
