"""Offers to those who are eligible: to one of them, by a fair share, or to all; and how that was decided, in words.

Of one, the share is by deficit: who is furthest behind what its weight gives it of all that was offered, this one
included, is next (deficit round robin); ties go to who has waited longest, then by code. The same facts give the same
answer, whoever asks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from prm_tui.domain.condition import check, show
from prm_tui.domain.condition.tree import And, Node, Not
from prm_tui.domain.sla import Span
from prm_tui.domain.step import Offer
from storage import cases, subjects
from storage.conditions import Compiler, Place
from storage.days import Days
from storage.freeze import FROZEN
from storage.rounds import Round

WITHIN = 365
"""Days of offers that count as received."""
MOST = 2.0
"""The most offers that somebody may be behind: who was away is not flooded on the day of coming back."""


@dataclass(frozen=True)
class Candidate:
    """Somebody eligible. `received`: offers of this kind within a year; `last`: the latest, by day and order."""

    partner_id: int
    code: str
    name: str
    weight: float
    received: int
    last: tuple[str, int]


@dataclass(frozen=True)
class Ranked:
    """A candidate with the share its weight gives it, and how many offers it is behind that."""

    who: Candidate
    share: float
    deficit: float


def rank(candidates: list[Candidate]) -> list[Ranked]:
    """Everybody eligible with a weight above 0, whose turn it is first."""
    able = [c for c in candidates if c.weight > 0]
    whole, given = sum(c.weight for c in able), sum(c.received for c in able)
    ranked = [
        Ranked(c, c.weight / whole, min(MOST, round(c.weight / whole * (given + 1) - c.received, 9))) for c in able
    ]
    return sorted(ranked, key=lambda r: (-r.deficit, r.who.last, r.who.code))


def give(round_: Round, step: Offer, title: str, visit: int) -> bool:
    """Offer to who is eligible for what a visit's case is about; whether anybody was."""
    case_id, own, row_id, subject = round_.conn.execute(
        "SELECT c.id, c.partner_id, c.subject_id, c.subject FROM steps s JOIN cases c ON c.id = s.case_id WHERE s.id = ?",
        (visit,),
    ).fetchone()
    origin = _origin(round_, subject, row_id)
    found, dropped = _eligible(round_, step, subject, row_id, own, origin)
    ranked = rank(found)
    chosen = ranked if step.share == "all" else ranked[:1]
    for one in chosen:
        told = "" if step.share == "all" else _said(one, len(ranked), dropped)
        _record(round_, step, title, one.who.partner_id, case_id, origin, told)
        if step.into:
            round_.conn.execute(
                "UPDATE records SET data = json_set(data, ?, ?) WHERE id = ?",
                (f'$."{step.into}"', f"{one.who.code} {one.who.name}", row_id),
            )
    if step.share == "one" or not chosen:
        body = "\n".join([*_table(ranked), "", *dropped]).strip() + "\n"
        cases.keep(
            round_.change, case_id, own, "document", f"How it was decided: {title}", body.encode(), "decision.txt"
        )
    return bool(chosen)


def _origin(round_: Round, subject: str, row_id: int | None) -> dict[str, Any]:
    """The record a case is about, as a new one of its kind would begin."""
    if not subject.startswith("record:"):
        return {}
    names = ("ref", "amount", "currency", "quantity", "note", "ends_on", "data")
    row = round_.conn.execute(f"SELECT {', '.join(names)} FROM records WHERE id = ?", (row_id,)).fetchone()
    found = dict(zip(names, row, strict=True))
    return {**found, "ref": found["ref"] or f"no. {row_id}"}  # who was offered it once is known again by that


def _eligible(
    round_: Round, step: Offer, subject: str, row_id: int | None, own: int, origin: dict[str, Any]
) -> tuple[list[Candidate], list[str]]:
    """Everybody who meets the condition and is not about to leave, and for each part of it how many it leaves out.

    Left out from the beginning are the partner the case is about, and who holds a record of the same reference.
    """
    kind = subjects.kind_named(round_.known, subject)
    compiler, day = Compiler(), Days.one(round_.as_of)
    checked = check(step.eligible or "true", round_.known, subject=kind)
    place = Place(checked.scope, day)
    parts = _parts(checked.node)
    tests = [f"NOT {FROZEN}", *(compiler.sql(part, place).text for part in parts)]
    said = ["suspended or leaving", *(show(Not(part)) for part in parts)]
    weighed = check(step.weight or "1", round_.known, subject=kind, want="any")
    weight = compiler.on(compiler.sql(weighed.node, Place(weighed.scope, day)), False)
    table = "records" if subject.startswith("record:") else "activities"
    row = "" if kind is None else f" JOIN main.{table} s ON s.id = :row"
    mine = "FROM records o WHERE o.partner_id = p.id AND o.kind = :offered"
    got = (
        f"{mine} AND json_extract(o.data, '$.offered_by') IS NOT NULL AND o.starts_on >= date(:today, '-{WITHIN} days')"
    )
    others = "" if kind is None or subject == "partner" else " AND p.id <> :own"
    rows = round_.conn.execute(
        f"SELECT p.id, p.code, p.name, {weight}, (SELECT count(*) {got}), (SELECT max(o.starts_on) {got}), (SELECT max(o.id) {got}),"
        f" {', '.join(tests)} FROM main.partners p{row} WHERE p.joined_into IS NULL{others}"
        f" AND NOT EXISTS (SELECT 1 {mine} AND o.ref = :ref) ORDER BY p.code",
        {**compiler.params, "row": row_id, "own": own, "offered": step.record, "ref": origin.get("ref"),
         "today": round_.as_of.isoformat()},
    ).fetchall()  # fmt: skip
    found = [
        Candidate(r[0], r[1], r[2], 1.0 if r[3] is None else float(r[3]), r[4], (r[5] or "", r[6] or 0))
        for r in rows
        if all(r[7:])
    ]
    dropped = [
        f"{many:,} left out: {why}" for n, why in enumerate(said) if (many := sum(1 for r in rows if not r[7 + n]))
    ]
    return found, dropped


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, And) else (node,)


def _said(one: Ranked, many: int, dropped: list[str]) -> str:
    return (
        f"Offered by share: one of {many:,} eligible; {one.share:.0%} is its share, {one.who.received:,} received within"
        f" a year, {one.deficit:.2f} behind. {'; '.join(dropped)}"
    ).strip()


def _table(ranked: list[Ranked]) -> list[str]:
    if not ranked:
        return ["Nobody is eligible."]
    lines = [f"{r.who.code}  {r.who.name}: share {r.share:.1%}, received {r.who.received:,}, behind by {r.deficit:.2f},"
             f" last {r.who.last[0] or 'never'}" for r in ranked]  # fmt: skip
    return ["Eligible, whose turn it is first:", *lines]


def _record(
    round_: Round, step: Offer, title: str, partner_id: int, case_id: int, origin: dict[str, Any], told: str
) -> None:
    ends = Span.parse(step.within).due_on(round_.as_of, round_.calendar).isoformat() if step.within else None
    ends = ends or origin.get("ends_on")
    data = {**json.loads(origin.get("data") or "{}"), "offered_by": case_id}
    kept = {key: value for key, value in origin.items() if key not in ("data", "note") and value is not None}
    note = "\n".join(filter(None, (origin.get("note"), told)))
    cases.insert(
        round_.change, "records",
        {**kept, "partner_id": partner_id, "kind": step.record, "name": title, "status": step.status, "note": note or None,
         "starts_on": round_.as_of.isoformat(), "ends_on": ends, "learned_at": round_.change.at, "data": data},
    )  # fmt: skip
