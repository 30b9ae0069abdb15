"""Exchange: sheets that are out, feeds and when their next sheet is due, what was read in, and taking it back."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from textual.content import Content
from textual.widgets import Static

from prm_tui.commands import bindings
from prm_tui.domain.change import ChangeRow
from prm_tui.domain.feed import Feed
from prm_tui.domain.sheet import SentSheet
from prm_tui.services import export, feeds, history
from screens.base import ModeScreen
from screens.exchange import feeds as rows
from screens.listing import ListScreen
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


class ExchangeScreen(ListScreen, ModeScreen):
    """What is overdue first, then what is waited for, then what was read in; or only feeds."""

    mode = "exchange"
    place = "exchange"
    table_id = "imports"
    nothing = EMPTY
    BINDINGS: ClassVar = bindings("exchange")

    def __init__(self) -> None:
        super().__init__()
        self.only_feeds = False

    def reload(self) -> None:
        """Read again."""
        self.start(self._show, "imports")

    async def _show(self) -> None:
        today = self.prm.session.as_of
        coming = await self.read(feeds.list_of)
        sheets = await self.read(export.sent)
        self.query_one("#nothing", Static).update(Content(rows.EMPTY if self.only_feeds else EMPTY))
        if self.only_feeds:
            lines = rows.lines(coming, today)
            self.fill(rows.COLUMNS, lines)
        else:
            done = [c for c in await self.read(history.changes) if c.kind == "import"]
            lines = _everything(sheets, coming, done, today)
            self.fill(COLUMNS, lines)
        self._entitle(sheets, coming, today, some=bool(lines))

    def _entitle(self, sheets: list[SentSheet], coming: list[Feed], today: date, *, some: bool) -> None:
        """What is out, what is overdue, what can be done."""
        waiting, late = sum(s.state == "out" for s in sheets), sum(s.overdue(today) for s in sheets)
        missing = sum(1 for f in coming if f.overdue(today))
        said = [f"{missing} feed{'s' if missing > 1 else ''} overdue"] if missing else []
        if waiting and not self.only_feeds:
            said.append(f"{waiting} out" + (f", {late} overdue" if late else ""))
        hint = "F shows everything again" if self.only_feeds else "i reads a workbook"
        self.head(
            "Feeds" if self.only_feeds else "Read in and sent",
            (f"   {' · '.join(said)}" if said else "", "$warn"),
            (f"   {hint}" if some else "", "$muted"),
        )

    def action_feeds(self) -> None:
        """Only feeds, or everything again."""
        self.only_feeds = not self.only_feeds
        self.reload()

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
            self.start(lambda: rows.declare(self, event.key[1]), "feed")
        else:
            self.start(lambda: undo_latest(self.prm, event.key), "undo")


def _everything(sheets: list[SentSheet], coming: list[Feed], done: list[ChangeRow], today: date) -> dict[Any, Line]:
    """What is overdue; what is waited for; what came back, what was read in, and feeds of which nothing is expected."""
    feed_lines = {("feed", f.id): (f, _feed(f, today)) for f in rows.by_due(coming, today)}
    lines: dict[Any, Line] = {s.uid: _sent(s, today) for s in sheets if s.overdue(today)}
    lines |= {key: line for key, (f, line) in feed_lines.items() if f.overdue(today)}
    lines |= {s.uid: _sent(s, today) for s in sheets if s.state == "out"}
    lines |= {key: line for key, (f, line) in feed_lines.items() if f.expected_on}
    lines |= {s.uid: _sent(s, today) for s in sheets}
    lines |= {
        c.id: Line(
            ((str(c.id), "muted"), (f"{c.at:%Y-%m-%d %H:%M}", "text"), (visible(c.actor), "text"), (f"{c.rows:,}", "text"),
             (f"taken back by {c.undone_by}", "warn") if c.undone_by else ("read in", "muted"),
             (visible(c.why), "bright")),
            detail=f"{c.why}, {c.at:%Y-%m-%d %H:%M} by {c.actor} · enter takes it back",
        )
        for c in done
    }  # fmt: skip
    return lines | {key: line for key, (_, line) in feed_lines.items()}


def _feed(feed: Feed, today: date) -> Line:
    """A feed among sheets and imports: how far it is covered, and when its next sheet is due."""
    every = f", every {feed.every}" if feed.every else ""
    sheets = f"{feed.imports:,} sheet{'s' if feed.imports != 1 else ''}"
    return Line(
        (
            ("feed", "muted"), (f"to {feed.covered_to}" if feed.covered_to else "", "text"), (visible(feed.kind), "text"),
            (f"{feed.imports:,}", "text"), rows.state(feed, today), (visible(f"{feed.name}: {sheets}{every}"), "bright"),
        ),
        detail=rows.told(feed, today),
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
        ),
        detail=f"{sheet.what} sent to {sheet.recipient} as {sheet.file}: {state} · enter reads it when it is back",
    )  # fmt: skip
