"""Feeds: how far each stream of facts is covered, when its next sheet is expected."""

from __future__ import annotations

from datetime import date

from prm_tui.domain.errors import UsageError
from prm_tui.domain.feed import EVERY, Feed
from prm_tui.services.values import read_date
from storage import Store
from storage import feeds as stored


def list_of(store: Store) -> list[Feed]:
    """Every feed, how far it is covered, and its rhythm."""
    with store.reading() as conn:
        return stored.feeds(conn)


def find(store: Store, name: str) -> Feed:
    """The feed of this id, or whose name holds these words. UsageError when there is none, or several."""
    every = list_of(store)
    said = name.strip().casefold()
    found = [f for f in every if str(f.id) == said] or [
        f for f in every if said and said in f"{f.kind} {f.source}".casefold()
    ]
    if len(found) == 1:
        return found[0]
    known = "; ".join(f"{f.id} {f.kind} {f.name}" for f in found or every) or "there is none yet"
    raise UsageError(f"“{name}” is {'several feeds' if found else 'no feed'}: {known}")


def declare(
    store: Store,
    feed: Feed,
    *,
    every: str | None,
    due: str | None,
    covered_to: str | None,
    actor: int | None,
    as_of: date,
) -> int | None:
    """Say of a feed how often its sheets come, when they are due, how far it is covered; None leaves a thing alone,
    "" or "none" takes it back. The change, None where nothing is new. UsageError for what is none of these.
    """
    declared = feed.every if feed.every_declared else None
    if every is not None:
        declared = None if every.strip().casefold() in ("", "none") else every.strip().casefold()
        if declared is not None and declared not in EVERY:
            raise UsageError(f"every: “{every}” is none of {', '.join(EVERY)}, none")
    days: int | None = feed.due
    if due is not None:
        if due.strip() and not (due.strip().isdecimal() and int(due) <= 366):
            raise UsageError(f"due: “{due}” is no number of days after the period's end, such as 10")
        days = int(due) if due.strip() else None
    covered = feed.covered_to if feed.declared else None
    if covered_to is not None:
        covered = None if covered_to.strip().casefold() in ("", "none") else read_date(covered_to.strip(), "covered")
    with store.change(f"feed {feed.name}", actor=actor, as_of=as_of) as change:
        stored.declare(change, feed.id, every=declared, due=days, covered_to=covered)
    return change.id if change.kept else None
