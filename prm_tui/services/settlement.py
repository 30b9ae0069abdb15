"""The settlement of a deactivation: computed from the ledger whenever it is asked for, reversed into, approved, written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from prm_tui.domain.case import Case
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.money import shown
from prm_tui.domain.settlement import ITEMS, Statement, Sums, figures, parted, schedule, summed
from prm_tui.services import agreeing, cases, settlement_sheets, shipped
from prm_tui.services.agreeing import someone
from storage import Store
from storage import cases as kept
from storage import settlement as stored

WITHDRAWN = "Withdrawn"
BEFORE_APPROVAL = ("approval",)


def of(store: Store, case_id: int, as_of: date, viewer: int | None = None) -> Statement:
    """The settlement of a deactivation from what is known now.

    UsageError for another case, one without dates, or one that is restricted to others.
    """
    case = _deactivation(store, case_id, viewer)
    said = case.data.get("effective_on")
    if not said:
        raise UsageError(
            f"Case {case_id} has no effective date yet, so nothing can be settled. See: prm cases show {case_id}"
        )
    effective, rules, partner = date.fromisoformat(said), _rules(), case.row.partner_id
    with store.reading() as conn:
        agreement, days = stored.tail(conn, partner, effective)
        ends = effective + timedelta(days=days) if days else None
        lines = parted(stored.lines(conn, partner, effective, store.zone), ends)
        funds = stored.funds(conn, partner, rules["funds"], rules["given"])
        looked = stored.told_of(conn, rules["funds"])
        proposals = [what for _, what in stored.standing(conn, partner, rules["proposals"])]
        deals = [what for _, what in stored.standing(conn, partner, ("deal",))]
        before = stored.approved(conn, case_id)
    statement = Statement(
        case_id=case_id, code=case.row.code, name=case.row.name, as_of=as_of, effective_on=effective,
        effect=f"{stored.effect(effective, store.zone):%Y-%m-%d %H:%M:%S} {store.zone}", tail_ends=ends, lines=tuple(lines),
        funds=tuple(funds), months=schedule(lines, effective, ends), sums=summed(lines, funds), proposals=tuple(proposals),
        deals=tuple(deals), approved=before,
    )  # fmt: skip
    return replace(statement, remarks=_remarks(statement, case, agreement, days, looked))


def _deactivation(store: Store, case_id: int, viewer: int | None) -> Case:
    case = cases.shown(store, case_id, viewer)
    if case.row.kind != "deactivation":
        raise UsageError(f"Case {case_id} is a {case.row.kind}; only a deactivation is settled.")
    return case


def _rules() -> dict[str, list[str]]:
    """Which kinds of record hold funds, in which states they were given out, which kinds are proposals."""
    found: dict[str, list[str]] = shipped.read("deactivation")["settlement"]
    return found


def _remarks(found: Statement, case: Case, agreement: str | None, days: int | None, looked: bool) -> tuple[str, ...]:
    said = []
    if not case.data.get("served_on"):
        said.append("The effective date is planned: notice was not served yet.")
    if agreement is None:
        said.append("No agreement is on file: whether there is a tail is not known.")
    elif days is None:
        said.append(f"{agreement} says nothing of a tail (tail_days): none is counted.")
    if not looked:
        said.append("Funds were not checked: no sheet brought any.")
    unsaid = [fund.name for fund in found.funds if fund.spent is None]
    if unsaid:
        said.append(f"What was spent is not said, so nothing is set off: {', '.join(unsaid)}.")
    late = sum(line.after and line.part == "not due" and line.state != "reversed" for line in found.lines)
    if late:
        said.append(f"Lines of after the effective moment and outside of any tail: {late:,}. They are not due.")
    said += twice_told(found.sums)
    if found.pending:
        said.append(f"Pending lines: {len(found.pending):,}. Decide about each, or take them back all at once.")
    if found.proposals and found.pending:
        said.append(f"Withdrawn with them: {'; '.join(found.proposals)}.")
    if found.differences or found.new_lines:
        said.append("It is not what was approved any more: it needs approval again.")
    return tuple(said)


def twice_told(sums: Iterable[Sums]) -> list[str]:
    """Where payouts and the lines that are marked as paid do not come to the same: which of the two counts."""
    return [
        f"Lines marked as paid come to {shown(one.marked)} {one.currency}, payouts to {shown(one.payouts)}: both tell of the"
        " same money, and the larger counts. See why they differ."
        for one in sums
        if one.payouts and one.marked and one.payouts != one.marked
    ]


def text(found: Statement) -> str:
    """A statement as text."""
    lines = [f"Settlement of {found.name} ({found.code}), case {found.case_id}, as of {found.as_of}",
             f"  takes effect at {found.effect}"]  # fmt: skip
    for one in found.sums:
        lines += ["", one.currency]
        lines += [f"  {label:<28} {shown(getattr(one, item)):>18}" for item, label in ITEMS.items()]
    if not found.sums:
        lines += ["", "The ledger has no line of this partner, and no funds are known."]
    if found.tail_ends:
        lines += ["", f"Tail until {found.tail_ends}"]
        lines += [f"  {m.begins} to {m.ends} {m.currency:<12} {shown(m.amount):>18}" for m in found.months]
        lines += [f"  open, may still count: {deal}" for deal in found.deals]
    if found.approved:
        lines += ["", f"Approved by {found.approved.by} on {found.approved.at:%Y-%m-%d}, sha256 {found.approved.hash}"]
        lines += [f"  {d.currency} {ITEMS[d.item]}: {shown(d.before)} then, {shown(d.now)} now ({shown(d.now - d.before)})"
                  for d in found.differences]  # fmt: skip
        lines += [
            f"  new since: line {x.id}, {x.on}, {x.kind}, {shown(x.amount)} {x.currency}" for x in found.new_lines
        ]
    lines += ["", *found.remarks] if found.remarks else []
    return "\n".join(lines)


def write(found: Statement, out: Path) -> None:
    """Write a statement as a workbook whose sums are formulas over its lines. InputError for another ending of the name."""
    from importers import export

    if out.suffix.lower() != ".xlsx":
        raise InputError(f"{out.name}: a settlement is a workbook with formulas. Name it .xlsx")
    export.write(out, settlement_sheets.sheets(found))


def reverse_pending(store: Store, case_id: int, *, actor: int | None, as_of: date) -> Statement:
    """Take every pending line back by a negative one, withdraw open proposals, all in one change; the statement then.

    UsageError for nobody in particular, before the case was approved, after it was given up, and where nothing is pending.
    """
    found = _settled(store, case_id, as_of, actor, "reverse pending lines")
    person = someone(store, actor, "reverse pending lines")
    if not found.pending and not found.proposals:
        raise UsageError(f"Nothing of {found.name} is pending.")
    why = f"pending lines reversed for the settlement of {cases.about(cases.get(store, case_id))}"
    with store.change(why, actor=actor, as_of=as_of) as change:
        note = f"pending at the end, reversed by {person.name} in case {case_id}"
        stored.reverse(change, case_id, [line.id for line in found.pending], note)
        partner = cases.get(store, case_id).row.partner_id
        open_ones = stored.standing(change.conn, partner, _rules()["proposals"])
        stored.withdraw(change, [number for number, _ in open_ones], WITHDRAWN)
    return of(store, case_id, as_of, actor)


def approve(store: Store, case_id: int, *, actor: int | None, as_of: date) -> Statement:
    """Approve the statement as it is now: its figures and lines are kept with their hash. Returns it.

    UsageError for who asked for the deactivation where two persons are needed, before the case was approved, while the
    effective date is planned, and where it was approved as it is.
    """
    found = _settled(store, case_id, as_of, actor, "approve a settlement")
    person, case = someone(store, actor, "approve a settlement"), cases.get(store, case_id)
    cases.in_the_present(store, as_of, "approve a settlement")
    if person.id == case.requested_by_id and agreeing.needed(store.conn) > 1:
        raise UsageError(f"{person.name} asked for this deactivation and cannot approve its money. A second person has to."
                         f"{agreeing.alone(store)}")  # fmt: skip
    if not case.data.get("served_on"):
        raise UsageError("The effective date is planned until service is recorded: prm cases serve. Settle after that.")
    if found.approved and not found.differences and not found.new_lines:
        raise UsageError(f"This statement was approved by {found.approved.by}; nothing has changed since.")
    with store.change(f"settlement of {cases.about(case)} approved", actor=actor, as_of=as_of) as change:
        title = f"settlement as of {as_of}, approved by {person.name}"
        kept.keep(change, case_id, case.row.partner_id, "settlement", title, _body(found), "settlement.json")
    return of(store, case_id, as_of, actor)


def _settled(store: Store, case_id: int, as_of: date, actor: int | None, act: str) -> Statement:
    case = _deactivation(store, case_id, actor)
    if case.row.stage in BEFORE_APPROVAL:
        raise UsageError(f"Case {case_id} waits for approval; to {act} comes after that: prm inbox")
    if not case.row.open and case.row.outcome != "deactivated":
        raise UsageError(f"Case {case_id} was closed ({case.row.outcome}); the partner stays, and nothing is settled.")
    return of(store, case_id, as_of, actor)


def _body(found: Statement) -> bytes:
    """A statement as it is kept: canonical JSON."""
    said: dict[str, Any] = {
        "case": found.case_id, "partner": found.code, "as_of": found.as_of, "effect": found.effect,
        "tail_ends": found.tail_ends, "lines": sorted(line.id for line in found.lines),
        "figures": [{"currency": key[0], "item": key[1], "amount": str(value)} for key, value in figures(found.sums).items()],
        "remarks": found.remarks,
    }  # fmt: skip
    return json.dumps(said, sort_keys=True, ensure_ascii=False, default=str, indent=1).encode()
