"""What deactivating partners would do: dates by the rules that are on file, impact, tasks. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from prm_tui.domain.deactivation import Plan, Reason, Step
from prm_tui.domain.errors import UsageError
from prm_tui.domain.notice import NOTICE, Dates, Line, Path, Terms, dates, refusal
from prm_tui.services import agreeing, obligations, packs
from prm_tui.services.notice import table as notice_table
from storage import Store, impact
from storage import deactivation as kept

RECENT = 30  # days: an order as young as that makes “inactivity” a question


def plan(store: Store, partner_id: int, reason: str, *, as_of: date, **chosen: Any) -> Plan:
    """What deactivating one partner would do, as `plans`."""
    return plans(store, [partner_id], reason, as_of=as_of, **chosen)[0]


def plans(
    store: Store,
    partner_ids: Sequence[int],
    reason: str,
    *,
    path: str | None = None,
    notice_on: date | None = None,
    effective_on: date | None = None,
    notice: str | None = None,
    as_of: date,
) -> list[Plan]:
    """What deactivating partners would do, in few statements; nothing is written.

    `path` is the reason's own unless given; `notice_on` is when notice is to be received (else `as_of`); `effective_on` may be
    later than the rule says, not earlier; `notice` chooses a line of the notice table (or “table”: the one that fits). Where
    nothing says the dates, those of the plan are a proposal and `dates.asked` says what to give. Raises UsageError for a
    partner that has left, an unknown reason, path or line, a date too early, and an opt-out that is over.
    """
    known = packs.deactivation()
    why = known.reason(reason)
    how = known.path(path or why.path)
    start = notice_on or as_of
    if start < as_of:
        raise UsageError(f"notice_on: {start} lies before {as_of}. Notice is received from now on.")
    with store.reading() as conn:
        table = notice_table(store)
        there = kept.standing(conn, partner_ids, as_of)
        lines = impact.of_many(conn, list(there), as_of)
        terms = impact.terms_of(conn, list(there), as_of)
        owed = obligations.applying(conn, {p: (lines[p], why.key) for p in there}, as_of)
        by = "legal" if how.legal else agreeing.who(store)
        signed = ", by a signed answer" if agreeing.evidenced(conn, how.evidenced) else ""
    found = []
    for partner in partner_ids:
        if partner not in there:
            raise UsageError("That partner is not in the file any more.")
        one = there[partner]
        if one.status == "Deactivated":
            raise UsageError(f"{one.name} is deactivated already.")
        days = _dates(how, terms[partner], table, start, notice, effective_on, one)
        warned = _warnings(one, why, days, as_of)
        tasks = [(due(step, days), step.title, _whose(step.owner)) for step in known.steps if step.do == "task"]
        duties = [
            (days.effective_on + timedelta(days=rule.days), rule.title, _whose(rule.owner))
            for rule in (one_of.rule for one_of in owed[partner])
        ]
        found.append(Plan(partner, one.code, one.name, why, how, days, tuple(lines[partner]), tuple(tasks), tuple(duties), warned,
                          f"{by}{signed}", one.open_case, tuple(owed[partner])))  # fmt: skip
    return found


def _dates(
    how: Path,
    terms: Terms,
    table: Sequence[Line],
    start: date,
    line: str | None,
    effective_on: date | None,
    one: kept.Standing,
) -> Dates:
    found = dates(how, terms, table, start, line=line)
    if one.open_case is not None:
        return found  # that case has its own
    if found.late:
        raise UsageError(
            f"{one.name}: {found.late}, and notice on {start} is too late. Leave by another path: --path convenience"
        )
    if effective_on is None or effective_on == found.effective_on:
        return found if effective_on is None else replace(found, asked="")
    if effective_on < found.effective_on:
        raise UsageError(f"{one.name}: {refusal(found, effective_on)}")
    if found.asked:
        rule = f"{(effective_on - start).days} days {NOTICE}"
        return replace(
            found, effective_on=effective_on, rule=rule, asked="", basis="chosen by hand; no rule is on file"
        )
    basis = "; ".join(filter(None, ("chosen later than the rule gives", found.basis)))
    return replace(found, effective_on=effective_on, basis=basis)


@cache
def _whose(owner: str | None) -> str:
    return (owner or "").partition(":")[2] or (owner or "")


def due(step: Step, found: Dates) -> date:
    """When a step is due."""
    return (found.notice_on if step.due_from == "notice" else found.effective_on) + timedelta(days=step.due_days)


def _warnings(one: kept.Standing, why: Reason, found: Dates, as_of: date) -> tuple[str, ...]:
    said = []
    if why.key == "inactivity" and one.ordered_on is not None and (as_of - one.ordered_on).days <= RECENT:
        said.append(f"The last order is {(as_of - one.ordered_on).days} days old. Is inactivity the reason?")
    if one.status == "Suspended":
        said.append("The partner is suspended; its suspension ends with this case.")
    if found.asked:
        said.append(f"{found.asked}.")
    return tuple(said)
