"""Obligations of a case: planned by rule, changed by hand before approval, then proven or waived by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prm_tui.domain.case import Case
from prm_tui.domain.deactivation import ImpactLine, Plan
from prm_tui.domain.errors import UsageError
from prm_tui.domain.fault import Fault
from prm_tui.domain.obligation import ObligationRow, Proposed
from prm_tui.domain.shape import Worker, read
from prm_tui.services import cases, people, shipped
from prm_tui.services.agreeing import someone
from storage import Store
from storage import cases as kept
from storage import obligations as stored
from storage.obligations import moved as moved
from storage.obligations import open_of as open_of
from storage.store import Change

if TYPE_CHECKING:
    import sqlite3

LONGEST = 500
"""The most characters of a title, a rule or a note."""


def of(store: Store, case_id: int, viewer: int | None = None) -> list[ObligationRow]:
    """The obligations of a case, those due first. UsageError when there is no such case, or it is restricted to others."""
    cases.shown(store, case_id, viewer)
    with store.reading() as conn:
        return stored.of(conn, case_id)


def unmet(store: Store, viewer: int | None = None) -> list[ObligationRow]:
    """All open obligations, those due first; of restricted cases only for a `viewer` who may see them."""
    with store.reading() as conn:
        return stored.unmet(conn, viewer)


def one(store: Store, obligation_id: int, viewer: int | None = None) -> ObligationRow:
    """One obligation. UsageError when there is none of that number, or its case is restricted to others."""
    with store.reading() as conn:
        found = stored.one(conn, obligation_id)
    if found is None:
        raise UsageError(f"There is no obligation {obligation_id}. See: prm obligations")
    cases.shown(store, found.case_id, viewer)
    return found


def of_task(store: Store, task_id: int) -> int:
    """The obligation that a task in somebody's inbox stands for. UsageError for a task of another kind."""
    with store.reading() as conn:
        found = stored.of_task(conn, task_id)
    if found is None:
        raise UsageError(f"Task {task_id} is no obligation. See: prm inbox")
    return found


def proposed(store: Store, found: Plan, as_of: date) -> list[Proposed]:
    """What a deactivation that is planned would oblige to, and why; nothing is written."""
    with store.reading() as conn:
        return applying(conn, {found.partner_id: (found.impact, found.reason.key)}, as_of)[found.partner_id]


def applying(
    conn: sqlite3.Connection, leaving: Mapping[int, tuple[Sequence[ImpactLine], str | None]], as_of: date
) -> dict[int, list[Proposed]]:
    """For each partner that is to leave (id → impact, reason) what that obliges to."""
    return stored.proposed(conn, stored.rules(conn, _shipped()), leaving, as_of)


def plan(change: Change, opened: Mapping[int, Plan]) -> None:
    """Put into cases that were just opened (case → what was planned for it) all obligations that apply."""
    stored.plan(change, {case: found.owed for case, found in opened.items()})


def _shipped() -> dict[str, Any]:
    """The rules that come with the program."""
    found: dict[str, Any] = shipped.read("deactivation").get("obligation", {})
    return found


# ---- by hand, before approval ----


def add(
    store: Store,
    case_id: int,
    title: str,
    *,
    owner: str = "manager",
    due: date | None = None,
    days: int | None = None,
    rule: str = "",
    proof: str = "",
    actor: int | None,
    as_of: date,
) -> int:
    """Put an obligation of one's own into a case; returns it. In a case that was approved it is open at once.

    `owner`: manager, role:NAME, person:NAME or the name of a person; due on a day, or so many `days` after the effective
    date (then it moves with that). UsageError for a closed case, without a title or a day, and for an unknown owner.
    """
    case = cases.shown(store, case_id, actor)
    someone(store, actor, "add an obligation")
    if not case.row.open:
        raise UsageError(f"Case {case_id} is closed ({case.row.outcome}); nothing can be added to it.")
    if (due is None) == (days is None):
        raise UsageError(
            "due: say on which day it is due (--due), or how many days after the effective date (--days); one of the two."
        )
    _not_before(case, due)
    if days is not None and "effective_on" not in case.data:
        raise UsageError(f"days: case {case_id} has no effective date yet. Say the day: --due DATE")
    values = {"title": _words("title", title), "rule": rule.strip() or None, "proof": proof.strip() or None}
    with store.change(f"obligation added: {_about(case, str(values['title']))}", actor=actor, as_of=as_of) as change:
        made = stored.add(change, case_id, values, worker(store, owner), days, due)
        if case.row.stage != "approval":
            stored.opened(change, case_id)
    return made


def _not_before(case: Case, due: date | None) -> None:
    if due is not None and due < case.row.opened_on:
        raise UsageError(f"due: {due} lies before the case was opened, {case.row.opened_on}.")


def _about(case: Case, title: str) -> str:
    return cases.about(case) if case.row.restricted else f"{title}, {case.row.name}"


def change_planned(
    store: Store,
    obligation_id: int,
    *,
    title: str | None = None,
    owner: str | None = None,
    due: date | None = None,
    rule: str | None = None,
    proof: str | None = None,
    actor: int | None,
    as_of: date,
) -> int | None:
    """Change an obligation before its case is approved; returns the change, None where nothing is new."""
    row = _planned(store, obligation_id, actor, "changed")
    someone(store, actor, "change an obligation")
    _not_before(cases.shown(store, row.case_id, actor), due)
    said = {"rule": rule, "proof": proof}
    values: dict[str, Any] = {key: text.strip() or None for key, text in said.items() if text is not None}
    if title is not None:
        values["title"] = _words("title", title)
    with store.change(f"obligation changed: {row.about}", actor=actor, as_of=as_of) as change:
        stored.alter(change, row, values, worker(store, owner) if owner else None, due)
    return change.id if change.kept else None


def remove(store: Store, obligation_id: int, *, actor: int | None, as_of: date) -> int:
    """Take an obligation out of a case before that is approved; returns the change."""
    row = _planned(store, obligation_id, actor, "removed")
    someone(store, actor, "remove an obligation")
    with store.change(f"obligation removed: {row.about}", actor=actor, as_of=as_of) as change:
        stored.remove(change, obligation_id)
    return change.id


def _planned(store: Store, obligation_id: int, actor: int | None, act: str) -> ObligationRow:
    row = one(store, obligation_id, actor)
    if row.state != "planned":
        raise UsageError(
            f"Obligation {row.id} “{row.title}” is {row.state}; it was part of what was approved and cannot be {act}."
            f" Prove it, or waive it with a reason: prm obligations waive {row.id} --reason T"
        )
    return row


def worker(store: Store, said: str) -> str:
    """Who has to do something, as it is kept; a person may be named as they are. UsageError for nobody we know."""
    faults: list[Fault] = []
    found = read(Worker, said.strip(), ("owner",), faults)
    if faults:
        found = f"person:{said.strip()}"
    kind, _, name = str(found).partition(":")
    return f"person:{people.find(store, name).name}" if kind == "person" else str(found)


def _words(key: str, text: str) -> str:
    found = " ".join(text.split())
    if not found or len(found) > LONGEST:
        raise UsageError(f"{key}: say it in words, at most {LONGEST} characters.")
    return found


# ---- met ----


def prove(
    store: Store, obligation_id: int, *, proof: Path | None = None, note: str = "", actor: int | None, as_of: date
) -> int:
    """An obligation is met: by a file that is kept with its hash, a sentence, or both. Returns the change.

    UsageError for nobody in particular, without any proof, and for an obligation that is not open; InputError for a file that
    cannot be read.
    """
    row = _open(store, obligation_id, actor, "proven")
    someone(store, actor, "prove an obligation")
    if proof is None and not note.strip():
        raise UsageError("proof: name a file (--proof FILE) or say in a sentence how it was met (--note T).")
    said = _words("note", note) if note.strip() else ""
    body, file = cases.read_proof(proof) if proof is not None else (said.encode(), None)
    with store.change(f"obligation met: {row.about}", actor=actor, as_of=as_of) as change:
        title = f"{row.title}: {said or file}"
        evidence, _ = kept.keep(change, row.case_id, row.partner_id, "obligation", title, body, file)
        stored.met(change, row, "done", said or str(file), evidence)
    return change.id


def waive(store: Store, obligation_id: int, reason: str, *, actor: int | None, as_of: date) -> int:
    """Let an obligation go, with a reason and a name; returns the change. UsageError as for `prove`."""
    row = _open(store, obligation_id, actor, "waived")
    person = someone(store, actor, "waive an obligation")
    if not reason.strip():
        raise UsageError("reason: say why it is waived.")
    said = _words("reason", reason)
    with store.change(f"obligation waived by {person.name}: {row.about}", actor=actor, as_of=as_of) as change:
        stored.met(change, row, "waived", said, None)
    return change.id


def _open(store: Store, obligation_id: int, actor: int | None, act: str) -> ObligationRow:
    row = one(store, obligation_id, actor)
    if row.state == "planned":
        raise UsageError(
            f"Obligation {row.id} “{row.title}” is planned: its case waits for approval. It cannot be {act} yet."
        )
    if row.state != "open":
        by = f" by {row.by} on {row.on}" if row.by else ""
        raise UsageError(f"Obligation {row.id} “{row.title}” is {row.state}{by}.")
    return row
