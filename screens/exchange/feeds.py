"""Feeds as lines of a list; one of them opened: what came, what is expected, and saying how often its sheets come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from textual.content import Content

from prm_tui.domain.feed import EVERY, Feed, FeedSheet, names
from prm_tui.services import feeds
from screens.modals.form import Entry, Form
from screens.text import fit, plain, visible
from screens.widgets.table import Col, Line

if TYPE_CHECKING:
    from screens.base import PrmScreen
    from storage import Store

COLUMNS = [Col("source", "Feed", 24), Col("kind", "Kind", 11), Col("state", "Next sheet", 20), Col("covered", "Covered to", 10),
           Col("every", "Comes every", 18), Col("sheets", "Sheets", 6, True), Col("by", "Covered as")]  # fmt: skip
EMPTY = (
    "No sheet was read in yet.\n\n"
    "What comes again and again from one place is a feed: finance's monthly sales, a list of partners.\n"
    "Each feed tells how far it is covered, when its next sheet is due, and whether that is overdue.\n\n"
    "  i  reads a workbook; prm import does so from the command line, and prm survey looks through a folder first."
)
_SHEETS = 5  # of a feed that are listed, so that the form fits on 24 lines


def by_due(found: Sequence[Feed], today: date) -> list[Feed]:
    """Feeds with what is overdue longest first, then those due soonest, then those nothing is expected of."""
    return sorted(found, key=lambda f: (-f.overdue(today), f.expected_on or date.max, f.kind, f.source))


def lines(found: Sequence[Feed], today: date) -> dict[Any, Line]:
    """The list of feeds; the key of a line is ("feed", id)."""
    called = names(found)
    return {
        ("feed", f.id): Line(
            (
                (visible(called[f.id]), "bright"), (visible(f.kind), "text"), state(f, today),
                (str(f.covered_to or ""), "text"), (f.rhythm_said, "muted"), (f"{f.imports:,}", "text"), (f.covered_by, "muted"),
            ),
            detail=told(f, today),
        )
        for f in by_due(found, today)
    }  # fmt: skip


def state(feed: Feed, today: date) -> tuple[str, str]:
    """When the next sheet is due, with its colour."""
    colour = "bad" if feed.overdue(today) else "accent" if feed.expected_on else "muted"
    return feed.state(today), colour


def told(feed: Feed, today: date) -> str:
    """A feed in one sentence, where columns are too narrow for it."""
    sheets = f"{feed.imports:,} sheet{'s' if feed.imports != 1 else ''}, the latest read on {feed.last_read}"
    every = f", every {feed.rhythm_said}" if feed.every else ""
    covered = f" Covered to {feed.covered_to} ({feed.covered_by})." if feed.covered_to else ""
    return visible(f"{feed.kind}, {feed.name}: {feed.state(today)}{every}.{covered} {sheets}.")


def _about(feed: Feed, came: Sequence[FeedSheet], today: date) -> Content:
    """How far a feed is covered, what it expects, and its latest sheets."""
    said = []
    if feed.covered_to:
        comes = (
            f" A sheet comes every {feed.every}, as {'declared' if feed.every_declared else 'seen'}."
            if feed.every
            else ""
        )
        said.append(plain(f"Covered to {feed.covered_to}: {feed.covered_by}.{comes}", "text"))
    if feed.expected_on:
        text = f"The next sheet should cover to {feed.expects} and is due by {feed.expected_on}: {feed.state(today)}."
        said.append(plain(text, "bad" if feed.overdue(today) else "accent"))
    elif feed.every_declared:
        said.append(plain("No other sheet is expected.", "muted"))
    else:
        said.append(plain("Nothing is expected: three sheets show a rhythm, or say it below.", "muted"))
    said.append(Content(""))
    for sheet in came[:_SHEETS]:
        told = f"{sheet.brought:,} new, to {sheet.newest}" if sheet.newest else f"{sheet.rows:,} rows"
        said.append(
            Content.assemble(
                plain(f"{sheet.read}  "), plain(fit(visible(sheet.file), 26), "bright"), plain(f"  {told}", "muted")
            )
        )
    if len(came) > _SHEETS:
        said.append(plain(f"and {len(came) - _SHEETS:,} sheets before", "muted"))
    return Content("\n").join(said)


async def declare(screen: PrmScreen, feed_id: int) -> None:
    """Show a feed, and let its rhythm, the days it is due, and how far it is covered be said."""
    session = screen.prm.session

    def look(store: Store) -> tuple[Feed, list[FeedSheet]]:
        return feeds.find(store, str(feed_id)), feeds.sheets(store, feed_id)

    feed, came = await screen.read(look)

    async def save(fields: dict[str, str]) -> str:
        change = await screen.write(
            lambda s: feeds.declare(
                s, feed, every=fields.get("every"), due=fields.get("due"), covered_to=fields.get("covered"),
                actor=session.actor, as_of=session.as_of,
            )
        )  # fmt: skip
        return f"Saved as change {change}. u takes it back." if change else "Nothing is new."

    entries = [
        Entry("every", "A sheet every", feed.said_every or "", f"{', '.join(EVERY)}, none; else as seen", (*EVERY, "none")),
        Entry("due", "Due days after", "" if feed.said_due is None else str(feed.said_due),
              f"days after the period's end; else {feed.due}"),
        Entry("covered", "Covered to", str(feed.covered_to) if feed.declared else "", "2026-03-31; else its newest fact"),
    ]  # fmt: skip
    title = f"Feed: {visible(feed.kind)}, {visible(feed.name)}"
    said = await screen.prm.push_screen_wait(Form(title, entries, save, about=_about(feed, came, session.as_of)))
    if said:
        screen.prm.tell(said)
