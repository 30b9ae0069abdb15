"""Exchange: sheets that are out, feeds and when their next sheet is due, what was read in, and taking it back."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.feed import Feed
from prm_tui.domain.sheet import SentSheet
from prm_tui.services import export, feeds, history
from screens.base import ModeScreen
from screens.exchange.feeds import declare
from screens.text import visible
from screens.undo import undo_latest
from screens.widgets.table import Col, Line, Table

COLUMNS = [Col("id", "Change", 11), Col("at", "When", 16), Col("who", "By or to", 14), Col("rows", "Rows", 7, True),
           Col("state", "State", 20), Col("why", "What")]  # fmt: skip
EMPTY = (
    "Nothing was read in or sent yet.\n\n"
    "  S  surveys a whole folder: copies, versions, missing periods, contradictions; in which order to import what.\n"
    "  i  reads a workbook: xlsx, xlsm, xlsb, xls, ods, csv or tsv. You see how it is understood,\n"
    "     correct what is wrong, and see what would change before anything is taken.\n"
    "  x  writes spreadsheets: to keep, to send to somebody, or to change in your own program and merge."
)


class ExchangeScreen(ModeScreen):
    """Imports, the latest first."""

    mode = "exchange"
    place = "exchange"
    DEFAULT_CSS = """
    ExchangeScreen #title { height: 1; padding: 0 2; margin: 1 0; }
    ExchangeScreen Table { height: 1fr; margin: 0 1; }
    ExchangeScreen #nothing { padding: 1 3; color: $muted; height: 1fr; display: none; }
    """
    BINDINGS: ClassVar = bindings("exchange")

    def body(self) -> ComposeResult:
        """A title, the list."""
        yield Static("", id="title", markup=False)
        yield Table(id="imports")
        yield Static(Content(EMPTY), id="nothing")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(Table).focus()

    def reload(self) -> None:
        """Read again."""
        self.start(self._show, "imports")

    async def _show(self) -> None:
        found = [c for c in await self.read(history.changes) if c.kind == "import"]
        sheets = await self.read(export.sent)
        coming = await self.read(feeds.list_of)
        today = self.prm.session.as_of
        coming.sort(key=lambda f: (-f.overdue(today), f.expected_on or date.max, f.kind, f.source))
        lines: dict[Any, Line] = {s.uid: _sent(s, today) for s in sheets}
        lines |= {("feed", f.id): _feed(f, today) for f in coming if f.every}
        lines |= {
            c.id: Line(
                ((str(c.id), "muted"), (f"{c.at:%Y-%m-%d %H:%M}", "text"), (visible(c.actor), "text"), (f"{c.rows:,}", "text"),
                 (f"taken back by {c.undone_by}", "warn") if c.undone_by else ("read in", "muted"),
                 (visible(c.why), "bright"))
            )
            for c in found
        }  # fmt: skip
        lines |= {("feed", f.id): _feed(f, today) for f in coming if not f.every}
        late = sum(s.overdue(today) for s in sheets)
        waiting = sum(s.state == "out" for s in sheets)
        said = f"   {waiting} out" if waiting else ""
        said += f", {late} overdue" if late else ""
        missing = sum(1 for f in coming if f.overdue(today))
        said += f"   {missing} feed{'s' if missing > 1 else ''} overdue" if missing else ""
        hint = "   i reads a workbook, x writes one, enter opens"
        self.query_one("#title", Static).update(
            Content.assemble(("Read in and sent", "bold $bright"), (said, "$warn"), (hint if lines else "", "$muted"))
        )
        table = self.query_one(Table)
        table.fill(COLUMNS, lines)
        table.display, self.query_one("#nothing").display = bool(lines), not lines

    def action_out(self) -> None:
        """Out to a spreadsheet."""
        from screens.exchange.out import out

        self.start(lambda: out(self, None), "out")

    def action_survey(self) -> None:
        """What a folder holds."""
        from screens.exchange.survey import survey

        self.start(lambda: survey(self), "survey")

    def action_close(self) -> None:
        """Wait for the selected sheet no longer."""
        uid = self.query_one(Table).current
        if isinstance(uid, str):
            session = self.prm.session
            self.start(lambda: self._close(uid, session.actor), "save")

    async def _close(self, uid: str, actor: int | None) -> None:
        as_of = self.prm.session.as_of
        await self.write(lambda s: export.close(s, uid, actor=actor, as_of=as_of))
        self.prm.tell("It is no longer waited for.")

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter shows what taking an import back would do, reads a sheet that came back, opens a feed."""
        if isinstance(event.key, str):
            from screens.exchange.wizard import ImportScreen

            self.prm.push_screen(ImportScreen(None, Content("Name the sheet as it came back.")))
        elif isinstance(event.key, tuple):
            self.start(lambda: declare(self, event.key[1]), "feed")
        else:
            self.start(lambda: undo_latest(self.prm, event.key), "undo")


def _feed(feed: Feed, today: date) -> Line:
    """A feed: how far it is covered, and when its next sheet is due."""
    late = feed.overdue(today)
    every = f", every {feed.every}" if feed.every else ""
    sheets = f"{feed.imports:,} sheet{'s' if feed.imports != 1 else ''}"
    return Line(
        (
            ("feed", "muted"), (f"to {feed.covered_to}" if feed.covered_to else "", "text"), (visible(feed.kind), "text"),
            (f"{feed.imports:,}", "text"), (feed.state(today), "bad" if late else "accent" if feed.every else "muted"),
            (visible(f"{feed.name}: {sheets}{every}"), "bright"),
        )
    )  # fmt: skip


def _sent(sheet: SentSheet, today: date) -> Line:
    """A sheet that went out: to whom, and whether it is back."""
    state = {"out": "out", "back": "came back", "closed": "done with"}[sheet.state]
    if sheet.state == "out" and sheet.due_on:
        state = f"overdue {sheet.due_on}" if sheet.overdue(today) else f"due {sheet.due_on}"
    return Line(
        (
            (sheet.uid, "muted"), (f"{sheet.sent_on}", "text"), (visible(sheet.recipient), "text"), (f"{sheet.rows:,}", "text"),
            (state, "bad" if sheet.overdue(today) else "accent" if sheet.state == "out" else "muted"),
            (visible(f"{sheet.what} sent as {sheet.file}"), "bright"),
        )
    )  # fmt: skip
