"""The list of partners: found, sorted, marked, looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.errors import UsageError
from screens.base import ModeScreen
from screens.partners.filter import Filter, fault
from screens.partners.preview import preview
from screens.text import cell, found, plain, short_date
from screens.widgets.table import Col, Line, Table

if TYPE_CHECKING:
    from prm_tui.domain.condition import Leaf
    from prm_tui.domain.feed import Feed
    from prm_tui.domain.partner import Column, Listing, PartnerRow
    from prm_tui.services.partners import Preview
    from storage import Store

SHOWN = ("code", "name", "territory", "last_order", "amount_12m", "trend")
WIDTHS = {"code": 7, "date": 11, "days": 11, "money": 14, "number": 9, "trend": 12}
PREVIEW_FROM = 116  # columns of a window that has room for the pane


class PartnersScreen(ModeScreen):
    """Filter line, list, preview."""

    mode = "partners"
    place = "partners"
    DEFAULT_CSS = """
    PartnersScreen #main { height: 1fr; padding-top: 1; }
    PartnersScreen #left { width: 1fr; }
    PartnersScreen #list { height: 1fr; margin: 0 1; }
    PartnersScreen #marked { height: 1; padding-left: 3; display: none; }
    PartnersScreen #preview { width: 42; padding: 0 1; border-left: vkey $faint; scrollbar-size-vertical: 1; }
    PartnersScreen #empty { display: none; height: 1fr; padding: 2 4; }
    PartnersScreen.-empty #empty { display: block; }
    PartnersScreen.-empty #main { display: none; }
    """
    BINDINGS: ClassVar = [
        *bindings("partners"),
        Binding("escape", "step_back", show=False),
        Binding("o", "demonstration", show=False),
        Binding("S", "survey", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.columns: Sequence[str] = SHOWN
        self.sort, self.descending = "name", False
        self.show_unknown = False
        self.known: dict[str, Column] = {}
        self.feeds: list[Feed] = []
        self.condition = ""

    def body(self) -> ComposeResult:
        """Left the list, right the pane; or the greeting of an empty file."""
        with Horizontal(id="main"):
            with Vertical(id="left"):
                yield Filter()
                yield Table(id="list", marks=True)
                yield Static("", id="marked")
            with VerticalScroll(id="preview", can_focus=False):
                yield Static("", id="pane", markup=False)
        yield Static("", id="empty")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one("#list").focus()

    def on_resize(self, event: events.Resize) -> None:
        """The pane needs room."""
        self.query_one("#preview").display = event.size.width >= PREVIEW_FROM

    # ---- reading ----

    def reload(self) -> None:
        """Find again; the cursor stays where it is."""
        self.start(lambda: self._find(keep=True), "find")

    async def _find(self, *, keep: bool = False) -> None:
        said = self.query_one(Filter).text
        as_of, sort, down, unknown = self.prm.session.as_of, self.sort, self.descending, self.show_unknown

        def look(store: Store) -> tuple[Listing, list[Column], list[Feed], str, str]:
            from prm_tui.services import feeds, partners

            words, condition = partners.words_or_condition(said)
            reading = ""
            if condition:
                from prm_tui.services import conditions

                reading = conditions.reading(store, condition)
            found = partners.find(
                store, text=words, condition=condition, sort=sort, descending=down, as_of=as_of, show_unknown=unknown
            )
            return found, partners.columns(store), feeds.list_of(store), condition, reading

        line = self.query_one(Filter)
        try:
            listing, columns, self.feeds, self.condition, reading = await self.read(look, "find")
        except UsageError as error:
            line.say(fault(error), bad=True)
            return
        self.known = {c.key: c for c in columns}
        line.say(reading)
        line.count(len(listing.ids), listing.total, listing.unknown)
        self._greet(listing.total == 0)
        table = self.query_one("#list", Table)
        table.set_columns([_col(self.known[k]) for k in self.columns if k in self.known], (self.sort, self.descending))
        table.show(listing.ids, self._rows, keep=keep)

    async def _rows(self, ids: list[int]) -> dict[int, Line]:
        keys = [k for k in self.columns if k in self.known]
        kinds = [self.known[k].type for k in keys]
        as_of = self.prm.session.as_of

        def look(store: Store) -> list[PartnerRow]:
            from prm_tui.services import partners

            return partners.rows(store, ids, keys, as_of)

        rows = await self.read(look)
        return {r.id: _line(r.cells, keys, kinds) for r in rows}

    def _greet(self, empty: bool) -> None:
        self.set_class(empty, "-empty")
        if empty:
            self.query_one("#empty", Static).update(_greeting(self.prm.session.path.name))

    # ---- what the parts say ----

    def on_filter_changed(self) -> None:
        """Each letter finds anew; what was still searched for is given up."""
        self.start(self._find, "find")

    def on_filter_left(self) -> None:
        """To the list."""
        self.query_one("#list").focus()

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """The pane follows the cursor."""
        table = self.query_one("#list", Table)
        marked = self.query_one("#marked", Static)
        marked.display = bool(table.marked)
        many = len(table.marked)
        marked.update(
            Content.assemble((f"{many} marked", "$accent"), ("   a for what can be done with them", "$muted"))
        )
        if self.query_one("#preview").display:
            self.start(lambda: self._show_preview(event.key), "preview")

    async def _show_preview(self, partner_id: int | None) -> None:
        pane = self.query_one("#pane", Static)
        if partner_id is None:
            pane.update(Content.styled("No partner meets this.", "$muted"))
            return
        as_of, condition = self.prm.session.as_of, self.condition

        def look(store: Store) -> tuple[Preview, Leaf | None]:
            from prm_tui.services import partners

            why = None
            if condition:
                from prm_tui.services import conditions

                why = conditions.why(store, partner_id, condition, as_of)
            return partners.preview(store, partner_id, as_of), why

        seen, why = await self.read(look, "preview")
        pane.update(preview(seen, why, self.feeds, as_of))

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter opens the partner's page."""
        from screens.partners.page import PartnerPage

        self.prm.push_screen(PartnerPage(event.key))

    def on_table_header_pressed(self, event: Table.HeaderPressed) -> None:
        """A click on a label sorts by it, a second one turns it round."""
        self._sort_by(event.key)

    def _sort_by(self, key: str) -> None:
        first_down = self.known[key].right if key in self.known else False
        self.descending = not self.descending if key == self.sort else first_down
        self.sort = key
        self.start(self._find, "find")

    # ---- commands ----

    def action_filter(self) -> None:
        """Into the line; what can be completed is read then."""
        self.query_one(Filter).edit()
        self.start(self._learn, "catalogue")

    async def _learn(self) -> None:
        from prm_tui.services import conditions

        self.query_one(Filter).completion.catalogue = await self.read(conditions.catalogue)

    def action_step_back(self) -> None:
        """Out of the field, then the marks, then the filter; never out of the program."""
        table, line = self.query_one("#list", Table), self.query_one(Filter)
        if line.has_focus_within:
            table.focus()
        elif table.marked:
            table.marked.clear()
            table.refresh()
            self.on_table_highlighted(Table.Highlighted(table, table.current))
        elif line.text:
            line.clear()

    def action_sort(self) -> None:
        self.start(self._choose_sort, "choose")

    async def _choose_sort(self) -> None:
        from screens.modals.choose import Choice, Choose

        chosen = await self.prm.push_screen_wait(
            Choose("Sort by", [Choice(c.key, c.label, c.type) for c in self.known.values()])
        )
        if chosen:
            self._sort_by(chosen)

    def action_columns(self) -> None:
        self.start(self._choose_columns, "choose")

    async def _choose_columns(self) -> None:
        from screens.modals.choose import Choice, Choose

        choices = [Choice(c.key, c.label, c.type) for c in self.known.values()]
        chosen = await self.prm.push_screen_wait(Choose("Columns", choices, several=True, ticked=self.columns))
        if chosen:
            self.columns = ["name", *chosen] if "name" not in chosen else chosen
            self.reload()

    def action_unknown(self) -> None:
        """Those for which the condition cannot be decided, too."""
        self.show_unknown = not self.show_unknown
        self.reload()

    def action_add(self) -> None:
        from screens.partners.forms import add_partner

        self.start(lambda: add_partner(self), "form")

    def action_edit(self) -> None:
        from screens.partners.forms import edit_partner

        current = self.query_one("#list", Table).current
        if current is not None:
            self.start(lambda: edit_partner(self, current), "form")

    def chosen(self) -> list[int]:
        """The marked partners in the order of the list, or the selected one."""
        table = self.query_one("#list", Table)
        if table.marked:
            return [key for key in table.keys if key in table.marked]
        return [table.current] if table.current is not None else []

    def action_actions(self) -> None:
        from screens.partners.actions import act_on

        if self.chosen():
            self.start(lambda: act_on(self, self.chosen()), "actions")

    def action_out(self) -> None:
        """Out to a spreadsheet: what is marked, else the list as it is filtered."""
        from screens.exchange.out import out

        table = self.query_one("#list", Table)
        ids = self.chosen() if table.marked else list(table.keys)
        self.start(lambda: out(self, ids), "out")

    def action_why(self) -> None:
        self.start(self._why, "why")

    async def _why(self) -> None:
        from prm_tui.services import conditions
        from screens.modals.pages import Page

        current = self.query_one("#list", Table).current
        if current is None:
            return
        as_of, condition = self.prm.session.as_of, self.condition
        if not condition:
            facts = await self.read(lambda store: conditions.facts_of(store, current, as_of))
            said = [Content.assemble(plain(f.text.ljust(34), "fact"), plain(found(f.value)), "\n") for f in facts]
            self.prm.push_screen(Page(f"Facts as of {short_date(as_of)}", Content("").join(said)))
            return
        leaf = await self.read(lambda store: conditions.why(store, current, condition, as_of))
        self.prm.push_screen(Page(f"Why: {leaf.outcome}, as of {short_date(as_of)}", explained(leaf)))

    def action_survey(self) -> None:
        """Only in an empty file: look at a folder first."""
        if self.has_class("-empty"):
            from screens.exchange.survey import survey

            self.start(lambda: survey(self), "survey")

    def action_demonstration(self) -> None:
        """Only in an empty file: leave it for the demonstration."""
        if self.has_class("-empty"):
            self.start(self._open_demonstration, "demo")

    async def _open_demonstration(self) -> None:
        self.prm.tell("Building the demonstration file …")
        await self.prm.open_demonstration()


def explained(leaf: Leaf, depth: int = 0) -> Content:
    """A condition for one partner, leaf by leaf, with the rows behind each value."""
    colour = {"met": "good", "not met": "bad", "unknown": "warn"}[leaf.outcome]
    sign = {"met": "✓", "not met": "✗", "unknown": "?"}[leaf.outcome]
    space = "  " * depth
    if leaf.parts:
        joined = {"all": "all of these", "any": "any of these", "not": "not this"}[leaf.joined]
        head = Content.assemble((f"{space}{sign} ", f"${colour}"), (f"{joined}: {leaf.outcome}\n", "$muted"))
        return Content("").join([head, *(explained(part, depth + 1) for part in leaf.parts)])
    lines = [
        Content.assemble(
            (f"{space}{sign} ", f"${colour}"), plain(leaf.text, "bright"), (f"  {leaf.outcome}\n", f"${colour}")
        )
    ]
    gap = f"  ({leaf.gap})" if leaf.gap else ""
    lines.append(
        Content.assemble((f"{space}    found ", "$muted"), plain(found(leaf.value), "warn"), plain(f"{gap}\n", "muted"))
    )
    for row in leaf.rows:
        on = f"{short_date(row.on)}  " if row.on else ""
        source = f"  ·  {row.source}" if row.source else ""
        lines.append(plain(f"{space}    {on}{row.what}{source}", "muted") + Content("\n"))
    if leaf.behind > len(leaf.rows):
        lines.append(Content.styled(f"{space}    and {leaf.behind - len(leaf.rows):,} more\n", "$muted"))
    return Content("").join(lines)


def _col(column: Column) -> Col:
    width = WIDTHS.get(column.key) or WIDTHS.get(column.type) or (0 if column.key == "name" else 15)
    room_for_sign = max(width, len(column.label) + 2) if width else 0  # ▲ and ▼ stand beside the label
    return Col(column.key, column.label, room_for_sign, column.right)


def _line(cells: dict[str, Any], keys: Sequence[str], kinds: Sequence[str]) -> Line:
    made = []
    for key, kind in zip(keys, kinds, strict=True):
        text, colour = cell(cells[key], kind)
        made.append((text, {"name": "bright", "code": "muted"}.get(key, "muted" if kind == "text" else colour)))
    return Line(tuple(made))


def _greeting(name: str) -> Content:
    return Content.assemble(
        (f"{name[:200]} holds no partners yet.\n\n", "bold $bright"),
        ("Four ways to begin:\n\n", "$text"),
        ("  S  ", "bold $accent"), ("survey a folder of spreadsheets: what is in it, and in which order to import it\n", "$text"),
        ("  i  ", "bold $accent"), ("read a workbook: your partner list, orders, people, from Excel or CSV\n", "$text"),
        ("  o  ", "bold $accent"), ("open the demonstration: 701 resellers with three years of orders\n", "$text"),
        ("  n  ", "bold $accent"), ("add the first partner by hand\n", "$text"),
    )  # fmt: skip
