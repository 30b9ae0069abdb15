"""The log of automation: what ran, what each match was found by, why somebody was not matched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from prm_tui.domain import condition as language
from prm_tui.domain.condition import Leaf
from prm_tui.domain.coverage import STRICT
from prm_tui.domain.errors import UsageError
from prm_tui.domain.run import Effect, Hit, RunRow
from prm_tui.domain.trigger import Trigger
from prm_tui.services import partners, records
from storage import Store, contacts, coverage, explain
from storage import packs as kept
from storage import runs as stored
from storage.catalogue import catalogue
from storage.matches import TABLES, kind_of


@dataclass(frozen=True)
class Opened:
    """One run in full: its rounds in order, their matches, what they did."""

    rounds: tuple[RunRow, ...]
    hits: tuple[Hit, ...]
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Explained:
    """A match explained: as it was found then, and its condition as it stands for the partner on that day.

    `then` is None where the trigger has no condition, or the record or activity is gone.
    """

    hit: Hit
    text: str
    then: Leaf | None


def log(store: Store, limit: int = 200, *, after: int = 0) -> list[RunRow]:
    """Rounds of automation, the latest first; only those after a change."""
    with store.reading() as conn:
        return stored.log(conn, limit, after=after)


def opened(store: Store, change_id: int) -> Opened:
    """The run a round belongs to. UsageError for a change that is no round."""
    with store.reading() as conn:
        changes = stored.together(conn, change_id)
        rounds = {row.id: row for row in stored.log(conn, 10_000, after=changes[0] - 1)}
        if any(change not in rounds for change in changes):
            raise UsageError(f"Change {change_id} is no round of automation.")
        return Opened(
            tuple(rounds[change] for change in changes),
            tuple(stored.hits(conn, changes)),
            tuple(stored.effects(conn, changes)),
        )


def explain_hit(store: Store, hit_id: int) -> Explained:
    """Why a trigger matched: each part of its condition with the value it had, and the rows behind it.

    UsageError for a match that is not there.
    """
    with store.reading() as conn:
        hit = stored.hit(conn, hit_id)
        if hit is None:
            raise UsageError("That match is not in the file any more.")
        return _explained(store, hit)


def explain_case(store: Store, case_id: int) -> Explained | None:
    """Why a case was opened; None for one that no trigger began."""
    with store.reading() as conn:
        hit = stored.hit_of_case(conn, case_id)
        return None if hit is None else _explained(store, hit)


def _explained(store: Store, hit: Hit) -> Explained:
    conn = store.conn
    trigger = kept.trigger_then(conn, hit.trigger, hit.version)
    text = trigger.when or "" if trigger else ""
    if trigger is None or not text:
        return Explained(hit, text, None)
    return Explained(hit, text, _leaf(store, trigger, hit.partner_id, hit.row_id, hit.as_of))


def _leaf(store: Store, trigger: Trigger, partner: int, row: int | None, as_of: date) -> Leaf | None:
    """A trigger's condition for one subject, read as the trigger reads it; None where the row is gone."""
    known = catalogue(store.conn)
    kind = kind_of(trigger, known)
    if kind is not None and (row is None or contacts.partner_of(store.conn, TABLES[kind.table], row) is None):
        return None
    checked = language.check(trigger.when or "", known, subject=kind, trigger=True)
    covered = coverage.covered(store.conn, checked, as_of) if trigger.coverage == STRICT else None
    return explain.explain(store.conn, checked, partner, as_of, covered, row if kind is not None else None)


def why_not(
    store: Store, name: str, said: str, as_of: date, record: str | None = None
) -> tuple[str, Leaf, tuple[Hit, ...]]:
    """Whether a trigger's condition holds for a partner or a record of it, and which part decides it.

    Returns its name, the condition's parts, and its latest matches. UsageError for a trigger about activities or without
    a condition, for a partner nobody knows, and where it must be said which `record` is meant (its reference or name).
    """
    with store.reading() as conn:
        trigger = kept.triggers(conn).get(name)
        if trigger is None:
            raise UsageError(f"There is no trigger “{name}”. See: prm triggers list")
        if trigger.about.table == "activity":
            raise UsageError(
                f"“{trigger.title}” looks at each {trigger.about.kind} as it arrives, not at partners as such."
            )
        if not trigger.when:
            raise UsageError(f"“{trigger.title}” has no condition: it matches whenever its moment comes.")
        partner = partners.get(store, partners.resolve(store, said), as_of)
        row = records.one_of(store, partner.id, trigger.about.kind, record) if trigger.about.kind else None
        leaf = _leaf(store, trigger, partner.id, row, as_of)
        assert leaf is not None
        return partner.name, leaf, tuple(stored.hits_of(conn, name, partner.id))
