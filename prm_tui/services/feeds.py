"""Feeds: how far each stream of facts is covered, when its next sheet is expected."""

from __future__ import annotations

from datetime import date

from prm_tui.domain.errors import UsageError
from prm_tui.domain.feed import EVERY, Feed, FeedSheet, names
from prm_tui.services.values import read_date
from storage import Store
from storage import feeds as stored


def list_of(store: Store) -> list[Feed]:
    """Every feed, how far it is covered, and its rhythm."""
    with store.reading() as conn:
        return stored.feeds(conn)


def rows(store: Store) -> dict[int, int]:
    """How many facts or entries each feed holds now, by its id."""
    with store.reading() as conn:
        return stored.rows(conn)


def sheets(store: Store, feed_id: int) -> list[FeedSheet]:
    """The sheets of a feed, the latest first."""
    with store.reading() as conn:
        return stored.sheets(conn, feed_id)


def find(store: Store, name: str) -> Feed:
    """The feed of this id, or whose name holds these words. UsageError when there is none, or several."""
    every = list_of(store)
    said = name.strip().casefold()
    found = [f for f in every if str(f.id) == said]
    found = found or [f for f in every if said in (t.casefold() for t in (f.kind, f.name, f.source))]
    found = found or [f for f in every if said and said in f"{f.kind} {f.name} {f.source}".casefold()]
    if len(found) == 1:
        return found[0]
    called = names(every)
    known = "; ".join(f"{f.id} {f.kind} {called[f.id]}" for f in found or every) or "there is none yet"
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
    "" takes it back, so that what was seen counts. `every` may be none: no other sheet is waited for. The change, None
    where nothing is new. UsageError, which begins with the name of the field, for what is none of these.
    """
    rhythm = feed.said_every if every is None else _every(every)
    days = feed.said_due if due is None else _days(due)
    covered = (feed.covered_to if feed.declared else None) if covered_to is None else _covered(covered_to, as_of)
    said = [f"a sheet every {rhythm}" if rhythm in EVERY else "no other sheet expected"] if rhythm else []
    said += [f"due {days} days after" if days is not None else "", f"covered to {covered}" if covered else ""]
    why = f"feed {feed.name}: {', '.join(filter(None, said)) or 'as its sheets show'}"
    with store.change(why, actor=actor, as_of=as_of) as change:
        stored.declare(change, feed.id, every=rhythm, due=days, covered_to=covered)
    return change.id if change.kept else None


def _every(text: str) -> str | None:
    said = text.strip().casefold()
    if said in ("", "seen"):
        return None
    if said not in (*EVERY, "none"):
        raise UsageError(f"every: “{text}” is none of {', '.join(EVERY)}, none, seen")
    return said


def _days(text: str) -> int | None:
    said = text.strip()
    if said.casefold() in ("", "none"):
        return None
    if not (said.isdecimal() and len(said) < 4 and int(said) <= 366):
        raise UsageError(f"due: “{text}” is no number of days after the period's end, such as 10")
    return int(said)


def _covered(text: str, as_of: date) -> date | None:
    if text.strip().casefold() in ("", "none"):
        return None
    day = read_date(text, "covered")
    if day > as_of:
        raise UsageError(f"covered: {day} is after {as_of}; nothing can be covered that has not happened yet")
    return day
