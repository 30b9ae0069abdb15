"""One partner: overview, timeline, contacts, records, history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.activity import ActivityLine, TimelineRow
from prm_tui.domain.partner import FIELDS, Partner
from prm_tui.services import cases, contacts, history, partners, records, timeline
from screens.base import PrmScreen
from screens.cases.page import CasePage
from screens.cases.rows import case_line
from screens.partners import forms
from screens.partners.preview import preview
from screens.text import cell, plain, short_date, visible
from screens.undo import undo_latest
from screens.widgets.detail import Detail
from screens.widgets.table import Col, Line, Table

if TYPE_CHECKING:
    pass

SECTIONS = ("Overview", "Timeline", "Contacts", "Records", "Cases", "History")
_COLUMNS = {
    "Timeline": [Col("on", "Date", 11), Col("what", "What", 16), Col("ref", "Reference"), Col("amount", "Amount", 14, True),
                 Col("lines", "Lines", 5, True), Col("source", "From", 44), Col("person", "Person", 18)],
    "Contacts": [Col("name", "Name"), Col("role", "Role", 18), Col("email", "E-mail", 28), Col("phone", "Phone", 16),
                 Col("main", "Main", 5), Col("opt_out", "Opt-out", 7), Col("until", "Valid until", 11)],
    "Records": [Col("kind", "Kind", 14), Col("name", "Name"), Col("status", "Status", 12), Col("starts_on", "From", 11),
                Col("ends_on", "Until", 11), Col("amount", "Amount", 14, True), Col("source", "From sheet", 36)],
    "Cases": [Col("id", "Case", 5, True), Col("kind", "Kind", 14), Col("stage", "Stage"), Col("reason", "Reason", 20),
              Col("opened", "Opened", 11), Col("due", "Due", 11), Col("outcome", "Outcome", 12)],
    "History": [Col("id", "Change", 6, True), Col("at", "When", 16), Col("who", "Who", 18), Col("why", "Why"),
                Col("undone", "Taken back", 12)],
}  # fmt: skip
_EMPTY = {
    "Timeline": "Nothing has happened yet. n writes down an activity; a workbook (5) brings many.",
    "Contacts": "Nobody is known at this partner. n adds a contact.",
    "Records": "No agreement, certificate or target is known. n adds a record.",
    "Cases": "No case was opened. a begins one.",
    "History": "Nothing was changed here since it was imported.",
}


class PartnerPage(PrmScreen):
    """See the module. `partner_id` names the partner."""

    mode = "partners"
    place = "partner"
    DEFAULT_CSS = """
    PartnerPage #head { height: 2; padding: 0 2; margin-top: 1; }
    PartnerPage #sections { height: 2; padding: 0 2; }
    PartnerPage #overview { padding: 0 2; height: 1fr; scrollbar-size-vertical: 1; }
    PartnerPage #both { height: auto; }
    PartnerPage #said { width: 1fr; max-width: 76; padding-right: 3; }
    PartnerPage #glance { width: 42; }
    PartnerPage.-narrow #both { layout: vertical; }
    PartnerPage #rows { height: 1fr; margin: 0 1; display: none; }
    PartnerPage #nothing { padding: 1 3; color: $muted; display: none; height: 1fr; }
    """
    BINDINGS: ClassVar = bindings("partner")

    def __init__(self, partner_id: int) -> None:
        super().__init__()
        self.partner_id = partner_id
        self.at = 0
        self.kind: str | None = None
        self.opened: set[int] = set()
        self.partner: Partner | None = None

    def body(self) -> ComposeResult:
        """Head, sections, and either the overview or a table."""
        yield Static("", id="head", markup=False)
        yield Static("", id="sections", markup=False)
        with VerticalScroll(id="overview"), Horizontal(id="both"):
            yield Static("", id="said", markup=False)
            yield Static("", id="glance", markup=False)
        yield Table(id="rows")
        yield Detail()
        yield Static("", id="nothing", markup=False)

    def on_mount(self) -> None:
        """Read it."""
        self.query_one("#overview").focus()
        self.reload()

    def on_resize(self, event: events.Resize) -> None:
        """Two columns need room."""
        self.set_class(event.size.width < 100, "-narrow")

    @property
    def section(self) -> str:
        """The section that is shown."""
        return SECTIONS[self.at]

    def reload(self) -> None:
        """Read the partner and the section again."""
        self.start(self._show, "page")

    async def _show(self) -> None:
        as_of = self.prm.session.as_of
        seen = await self.read(lambda store: partners.preview(store, self.partner_id, as_of))
        self.partner = seen.partner
        self._head(seen.partner)
        overview = self.section == "Overview"
        self.query_one("#overview").display = overview
        self.query_one("#rows").display = not overview
        self.query_one("#nothing").display = False
        self.query_one(Detail).display = not overview
        if overview:
            self.query_one("#said", Static).update(_fields(seen.partner))
            glance = preview(seen, None, [], as_of).split("\n")[3:]
            self.query_one("#glance", Static).update(Content("\n").join(glance))
            self.query_one("#overview").focus()
            return
        self.query_one("#rows").focus()
        await getattr(self, f"_{self.section.lower()}")()

    def _head(self, partner: Partner) -> None:
        about = [
            str(partner.fields[k]) for k in ("code", "type", "status", "tier", "territory") if partner.fields.get(k)
        ]
        self.query_one("#head", Static).update(
            Content("\n").join([plain(partner.name, "bright"), plain(" · ".join(about), "muted")])
        )
        counts = {"Timeline": "activities", "Contacts": "contacts", "Records": "records", "Cases": "cases"}
        parts: list[tuple[str, str]] = []
        for n, title in enumerate(SECTIONS):
            count = partner.counts.get(counts.get(title, ""), 0)
            said = f" {title}{f' {count:,}' if count else ''} "
            parts += [(said, "bold $ground on $accent" if n == self.at else "$text"), ("  ", "")]
        self.query_one("#sections", Static).update(Content.assemble(*parts))

    def _list(self, lines: dict[Any, Line]) -> None:
        async def fetch(wanted: list[Any]) -> dict[Any, Line]:
            return {key: lines[key] for key in wanted}

        self._fill(list(lines), fetch)

    def _fill(self, keys: Sequence[Any], fetch: Any) -> None:
        table = self.query_one("#rows", Table)
        table.set_columns(_COLUMNS[self.section])
        table.show(keys, fetch, keep=True)
        nothing = self.query_one("#nothing", Static)
        nothing.display, table.display = not keys, bool(keys)
        nothing.update(Content(_EMPTY[self.section]))

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        """The selected line in full."""
        self.query_one(Detail).follow(event.table)

    # ---- sections ----

    async def _timeline(self) -> None:
        as_of, kind = self.prm.session.as_of, self.kind
        ids = await self.read(lambda s: timeline.entries(s, self.partner_id, kind=kind, as_of=as_of))
        opened = await self.read(lambda s: {i: timeline.lines(s, i) for i in self.opened})
        keys: list[Any] = []
        for activity in ids:
            keys.append(activity)
            keys += [(activity, line.n) for line in opened.get(activity, ())]

        async def fetch(wanted: list[Any]) -> dict[Any, Line]:
            rows = await self.read(lambda s: timeline.rows(s, [k for k in wanted if not isinstance(k, tuple)]))
            found: dict[Any, Line] = {r.id: _activity(r, r.id in self.opened) for r in rows}
            for key in wanted:
                if isinstance(key, tuple):
                    found[key] = _order_line(opened[key[0]][key[1] - 1])
            return found

        self._fill(keys, fetch)

    async def _contacts(self) -> None:
        everyone = await self.read(lambda s: contacts.list_of(s, self.partner_id))
        self._list(
            {
                c.id: Line(
                    (
                        (visible(c.name), "bright"), (visible(c.role or ""), "text"), (visible(c.email or ""), "text"),
                        (visible(c.phone or ""), "text"), ("yes" if c.main else "", "good"),
                        ("yes" if c.opt_out else "", "warn"), (visible(c.valid_until or ""), "text"),
                    )
                )
                for c in everyone
            },
        )  # fmt: skip

    async def _records(self) -> None:
        found = await self.read(lambda s: records.list_of(s, self.partner_id))
        self._list(
            {
                r.id: Line(
                    (
                        (visible(r.label), "muted"), (visible(r.name), "bright"), cell(r.fields.get("status"), "text"),
                        cell(r.fields.get("starts_on"), "date"), cell(r.ends_on, "date"), cell(r.amount, "money"),
                        (visible(r.source or ""), "muted"),
                    )
                )
                for r in found
            },
        )  # fmt: skip

    async def _cases(self) -> None:
        viewer = self.prm.session.actor
        found = await self.read(lambda s: cases.list_of(s, closed=True, partner_id=self.partner_id, viewer=viewer))
        self._list({c.id: case_line(c, with_partner=False) for c in found})

    async def _history(self) -> None:
        found = await self.read(lambda s: history.changes(s, 500, self.partner_id))
        self._list(
            {
                c.id: Line(
                    (
                        (str(c.id), "muted"), (f"{c.at:%Y-%m-%d %H:%M}", "text"), (visible(c.actor), "text"),
                        (visible(c.why), "bright"), (f"by {c.undone_by}" if c.undone_by else "", "warn"),
                    )
                )
                for c in found
            },
        )  # fmt: skip

    # ---- commands ----

    def action_section(self, by: int) -> None:
        """The next or the previous section."""
        self.at = (self.at + by) % len(SECTIONS)
        self.reload()

    def on_click(self, event: events.Click) -> None:
        """The names of sections can be pressed."""
        if event.widget is not self.query_one("#sections"):
            return
        at = 2
        for n, title in enumerate(str(self.query_one("#sections", Static).content).split("  ")[: len(SECTIONS)]):
            if at <= event.x < at + len(title) + 2:
                self.at = n
                self.reload()
                return
            at += len(title) + 2

    def on_table_opened(self, event: Table.Opened) -> None:
        """An order opens to its lines, a contact or record to its form, a change to what undoing it does."""
        key = event.key
        if self.section == "Timeline":
            self.start(lambda: self._open_activity(key[0] if isinstance(key, tuple) else key), "open")
        elif self.section == "Contacts":
            self.start(lambda: forms.add_contact(self, self.partner_id, key), "form")
        elif self.section == "Records":
            self.start(lambda: forms.add_record(self, self.partner_id, key), "form")
        elif self.section == "Cases":
            self.prm.push_screen(CasePage(key))
        elif self.section == "History":
            self.start(lambda: undo_latest(self.prm, key, self.partner_id), "undo")

    async def _open_activity(self, activity: int) -> None:
        """To its lines; one without lines to all that is known of it."""
        from screens.modals.pages import Page

        (row,) = await self.read(lambda s: timeline.rows(s, [activity]))
        if row.lines:
            self.opened ^= {activity}
            self.reload()
            return
        said = [
            ("Happened", row.occurred_on), ("Learned", row.learned_on), ("Reference", row.ref), ("Amount", row.amount),
            ("Currency", row.currency), ("Quantity", row.quantity), ("Person", row.person), ("Note", row.note),
            *((key.replace("_", " "), value) for key, value in row.data.items()), ("From", row.source),
        ]  # fmt: skip
        known = [
            Content.assemble(plain(k[:20].ljust(22), "muted"), plain(v, "text")) for k, v in said if v not in (None, "")
        ]
        self.prm.push_screen(Page(visible(row.label), Content("\n").join(known)))

    def action_add(self) -> None:
        """What the section holds."""
        work = {"Contacts": forms.add_contact, "Records": forms.add_record}.get(self.section, forms.log_activity)
        self.start(lambda: work(self, self.partner_id), "form")

    def action_edit(self) -> None:
        """The selected contact, record or activity, else the partner."""
        key = self.query_one("#rows", Table).current
        if self.section == "Contacts" and key is not None:
            self.start(lambda: forms.add_contact(self, self.partner_id, key), "form")
        elif self.section == "Records" and key is not None:
            self.start(lambda: forms.add_record(self, self.partner_id, key), "form")
        elif self.section == "Timeline" and key is not None:
            self.start(lambda: forms.correct_activity(self, key[0] if isinstance(key, tuple) else key), "form")
        else:
            self.start(lambda: forms.edit_partner(self, self.partner_id), "form")

    def action_kind(self) -> None:
        """Only one kind of activity."""
        self.start(self._choose_kind, "kind")

    async def _choose_kind(self) -> None:
        from screens.modals.choose import Choice, Choose

        as_of = self.prm.session.as_of
        there = await self.read(lambda s: timeline.kinds(s, self.partner_id, as_of))
        choices = [Choice("", "Everything")]
        choices += [Choice(k.kind, k.label, f"{k.count:,}, the last on {short_date(k.last_on)}") for k in there]
        chosen = await self.prm.push_screen_wait(Choose("Show", choices))
        if chosen is not None:
            self.kind = chosen or None
            self.at = SECTIONS.index("Timeline")
            self.reload()

    def action_out(self) -> None:
        """Out to a spreadsheet: what the section lists, no more; else everything about the partner."""
        from screens.exchange.out import out

        what = {"Timeline": "activities", "Contacts": "contacts", "Records": "records"}.get(self.section, "partner")
        kind = self.kind if self.section == "Timeline" else None
        self.start(lambda: out(self, [self.partner_id], what, kind), "out")

    def action_actions(self) -> None:
        """What can be done with this partner."""
        from screens.partners.actions import act_on

        self.start(lambda: act_on(self, [self.partner_id]), "actions")

    def action_back(self) -> None:
        """The filter by kind goes first, then the page."""
        if self.kind is not None:
            self.kind = None
            self.reload()
        else:
            self.prm.pop_screen()


def _fields(partner: Partner) -> Content:
    rows = [(label, partner.fields[key]) for key, (label, _) in FIELDS.items()]
    rows += [(partner.labels.get(key, key), value) for key, value in partner.custom.items()]
    rows += [(f"Key in {system}", key) for system, key in partner.keys] + [("Tags", ", ".join(partner.tags))]
    parts = [
        Content.assemble(plain(label[:22].ljust(24), "muted"), plain(cell(value, "number")[0], "text"))
        for label, value in rows
        if value not in (None, "")
    ]
    if partner.source:
        parts.append(Content.assemble(("From".ljust(24), "$muted"), plain(partner.source, "text")))
    return Content("\n").join(parts)


def _activity(row: TimelineRow, opened: bool) -> Line:
    sign = ("▾ " if opened else "▸ ") if row.lines else "  "
    source = str(row.source or "entered here")
    known = [row.label, row.ref, row.note, row.person, f"learned {short_date(row.learned_on)}", f"from {source}"]
    return Line(
        (
            (short_date(row.occurred_on), "muted"),
            (sign + visible(row.label), "text"),
            (visible(row.ref or row.note or ""), "bright"),
            cell(row.amount, "money"),
            (f"{row.lines:,}" if row.lines else "", "muted"),
            (visible(row.source or ""), "muted"),
            (visible(row.person or ""), "muted"),
        ),
        detail=" · ".join(k for k in known if k),
    )


def _order_line(line: ActivityLine) -> Line:
    said = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in line.data.items() if v not in (None, ""))
    quantity = "" if line.quantity is None else f"{line.quantity.normalize():f} ×"
    return Line(
        (
            ("", "muted"),
            (f"    {line.n} {quantity}", "muted"),
            (visible(said), "muted"),
            cell(line.amount, "money"),
            ("", "muted"),
            (visible(line.source or ""), "muted"),
            ("", "muted"),
        ),
        detail=f"{said} · from {line.source}",
    )
