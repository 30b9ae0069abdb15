"""The quarterly review: who must be decided about and what they cost; decisions, one by one or as a sheet, and what they set off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from importers.export import Written
from prm_tui.domain.errors import UsageError
from prm_tui.domain.review import DECISIONS, Decided, Decision, Held, ReviewRow
from prm_tui.domain.winback import KIND as WINBACK
from prm_tui.services import export, kept, looks, winback
from prm_tui.services.agreeing import someone
from storage import Store, questions, sweeps
from storage import review as stored
from storage import winback as keeping
from storage.store import Change

STARTS = {"win-back": WINBACK, "re-tier": "tier-review"}
"""Decisions that begin a workflow → which."""
OUT = "It is not in the program, or on its way out: there is nothing to decide in a review."
_PACK = {WINBACK: "win-back"}


def rows(store: Store, as_of: date) -> list[ReviewRow]:
    """The partners that must be decided about: quiet, red, lapsed, kept until soon, or with a case nobody touches."""
    with store.reading() as conn:
        looks.fill(store, as_of)
        return stored.rows(conn, as_of)


def seen(store: Store, ids: Sequence[int], as_of: date) -> dict[int, ReviewRow]:
    """Partners with the numbers of a review, whether they are listed or not; who is not in the program is not there."""
    looks.fill(store, as_of, ids=ids)
    return {row.partner_id: row for row in stored.rows(store.conn, as_of, ids)}


def decide(store: Store, decisions: Sequence[Decision], *, actor: int | None, as_of: date) -> list[Decided]:
    """Decide about partners, as one change; what was done for each. What a workflow does follows with the next run.

    UsageError for nobody by name, a decision without a reason, a partner kept despite the rule without a last day, and a
    workflow that is not there or open already.
    """
    person = someone(store, actor, "decide in a review")
    made = [replace(one, by=one.by or person.id) for one in decisions]
    with store.reading():
        found = seen(store, [one.partner_id for one in made], as_of)
    for one in made:
        if one.partner_id not in found:
            raise UsageError(OUT)
        check(store, one, as_of)
    with store.change(f"review: {len(made)} decided", actor=person.id, as_of=as_of) as change:
        return enter(store, change, [(found[one.partner_id], one) for one in made])


def check(store: Store, one: Decision, as_of: date, *, twice: bool = False) -> None:
    """UsageError for a decision that cannot be taken, beginning with what is wrong."""
    if not one.reason.strip():
        raise UsageError("reason: say why; a decision without one cannot be looked at again.")
    if one.key == "override":
        kept.checked(one.reason, one.until, as_of, twice=twice)
    elif one.until is not None:
        raise UsageError(f"until: only who is kept despite the rule has a last day; “{DECISIONS[one.key]}” has none.")
    kind = STARTS.get(one.key)
    if kind is None:
        return
    if sweeps.current(store.conn, kind) is None:
        raise UsageError(f"decision: there is no workflow “{kind}”. Add it: prm packs add {_PACK.get(kind, kind)}")
    busy = keeping.busy(store.conn, [one.partner_id], kind)
    if busy:
        number = busy[one.partner_id]
        raise UsageError(f"decision: such a case is open already, {number}. See: prm cases show {number}")


def enter(store: Store, change: Change, decisions: Sequence[tuple[ReviewRow, Decision]]) -> list[Decided]:
    """Write decisions down and do what follows on each, within a change; they were checked."""
    made = []
    for row, one in decisions:
        assert one.by is not None
        case = stored.keep_decision(change, row, one.key, one.reason.strip(), one.by)
        did = "kept as it is"
        if one.key == "override" and one.until is not None:
            keeping.keep(change, one.partner_id, one.reason.strip(), one.until, one.by)
            did = f"kept despite the rule until {one.until}"
        elif one.key == "offboard":
            did = f"task {stored.propose(change, row, one.reason.strip(), case)}: open the deactivation"
        elif one.key in STARTS:
            did = f"{STARTS[one.key]} begins"
        made.append(Decided(row.code, row.name, one.key, did, case))
    for key, kind in STARTS.items():
        by: dict[int, list[int]] = {}
        for _, one in decisions:
            if one.key == key and one.by is not None:
                by.setdefault(one.by, []).append(one.partner_id)
        for person, ids in by.items():
            winback.open_cases(store, change, ids, kind, "decided in a review", person)
    return made


def freed(decided: Iterable[tuple[ReviewRow, str]]) -> Held:
    """What the partners hold that are to leave: it is free when they are gone."""
    return Held.by(row for row, key in decided if key == "offboard")


def send(store: Store, out: Path, *, recipient: str, due: date | None, actor: int | None, as_of: date) -> Written:
    """The list as a sheet with drop-downs, for somebody to decide in and send back. InputError when it cannot be written."""
    found = rows(store, as_of)
    if not found:
        raise UsageError("Nobody has to be decided about: no sheet is written.")
    return export.hand_out(
        store, "review", out, lambda _, uid: [questions.review(found, uid)], recipient=recipient, due=due, actor=actor, as_of=as_of
    )  # fmt: skip
