"""A feed: what came, what is expected, and saying how often its sheets come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.domain.feed import EVERY
from prm_tui.services import feeds
from screens.modals.form import Entry, Form
from screens.text import plain, visible

if TYPE_CHECKING:
    from screens.base import PrmScreen


async def declare(screen: PrmScreen, feed_id: int) -> None:
    """Show a feed, and let its rhythm, the days it is due, and how far it is covered be said."""
    session = screen.prm.session
    feed = await screen.read(lambda s: feeds.find(s, str(feed_id)))
    covered = (
        f"Covered to {feed.covered_to}, {'as declared' if feed.declared else 'its newest fact'}."
        if feed.covered_to
        else ""
    )
    seen = f" Its sheets seem to come every {feed.every}." if feed.every and not feed.every_declared else ""
    about = [
        plain(f"{feed.imports:,} sheets were read; the latest: {feed.last_file}, on {feed.last_read}.", "text"),
        plain(f"{covered}{seen}", "text"),
    ]
    if feed.expected_on:
        said = f"The next should cover to {feed.expects} and is due by {feed.expected_on}: {feed.state(session.as_of)}."
        about.append(plain(said, "bad" if feed.overdue(session.as_of) else "accent"))

    async def save(fields: dict[str, str]) -> str:
        change = await screen.write(
            lambda s: feeds.declare(
                s, feed, every=fields["every"], due=fields["due"], covered_to=fields["covered"],
                actor=session.actor, as_of=session.as_of,
            )
        )  # fmt: skip
        return "Saved." if change else "Nothing is new."

    entries = [
        Entry(
            "every",
            "A sheet every",
            (feed.every or "") if feed.every_declared else "",
            "week, month, quarter, year",
            EVERY,
        ),
        Entry("due", "Due days after", str(feed.due), "days after the period's end"),
        Entry(
            "covered", "Covered to", str(feed.covered_to) if feed.declared else "", "YYYY-MM-DD; empty: its newest fact"
        ),
    ]
    title = f"Feed: {visible(feed.kind)}, {visible(feed.name)}"
    said = await screen.prm.push_screen_wait(Form(title, entries, save, whole=True, about=Content("\n").join(about)))
    if said:
        screen.prm.tell(said)
