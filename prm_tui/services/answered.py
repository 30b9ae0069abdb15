"""Sheets of questions that came back filled in: why partners are quiet, and what a review makes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.exchange import CellChange, Refused, SheetReport
from prm_tui.domain.inactivity import REASONS, reason
from prm_tui.domain.mapping import SheetPlan
from prm_tui.domain.review import DECISIONS, Decision, ReviewRow, decision
from prm_tui.services import people, reasons, review
from storage import Store, outgoing, questions
from storage.questions import Answer
from storage.store import Change

T = TypeVar("T")
_LETTER = {"reasons": "w", "review": "v"}
_NEEDED = {"reasons": "reason", "review": "decision"}
"""The column without which a row says nothing."""


class _NotTaken(Exception):
    """A row that cannot be taken: in which column the fault is, and why."""

    def __init__(self, target: str, why: str) -> None:
        super().__init__(why)
        self.target, self.why = target, why


def take(store: Store, change: Change, plan: SheetPlan) -> SheetReport:
    """Take what was filled in. An empty row stays a question; one that cannot be taken is refused.

    The sheet counts as back when no row of it is left empty. InputError for a sheet that prm did not write.
    """
    if not plan.ours:
        how = (
            "prm export reasons FILE.xlsx --to NAME"
            if plan.noun == "reasons"
            else "prm review --out FILE.xlsx --to NAME"
        )
        raise InputError(
            f"{plan.file}: {plan.sheet}: prm did not write this, or its prm id column is gone: nobody can tell which partner"
            f" a row means. It goes out with: {how}"
        )
    needed = _NEEDED[plan.noun]
    if plan.column(needed) is None:
        header = next((h for h, target in plan.lost if target == needed), needed)
        raise InputError(
            f"{plan.file}: {plan.sheet}: the column “{header}” did not come back, or has another name now."
        )
    report, came = SheetReport(plan), dict[str, bool]()
    entering = _Reasons(store, change, plan, report) if plan.noun == "reasons" else _Review(store, change, plan, report)
    for row in questions.answers(change, plan):
        filled = bool(row.said[needed])
        came[row.uid] = came.get(row.uid, True) and filled
        if not filled:
            report.same += 1
            continue
        try:
            entering.enter(row, *_partner(change, plan, row))
        except _NotTaken as error:
            came[row.uid] = False
            column = plan.column(error.target)
            value = row.token if error.target == "id" else row.said[error.target]
            report.refused.append(
                Refused(plan.file, plan.sheet, row.number, column.header if column else plan.sheet, value, error.why)
            )
    entering.finish()
    left = sum(not row.said[needed] for row in questions.answers(change, plan))
    for uid, whole in came.items():
        if whole:
            outgoing.back(change, uid)
    if left:
        report.notes.append(f"{left:,} rows are not filled in; nothing is said of them")
    return report


def _partner(change: Change, plan: SheetPlan, row: Answer) -> tuple[int, str]:
    """The partner a row means, and its name."""
    letter, partner_id = row.partner
    if letter != _LETTER[plan.noun] or not outgoing.known(change.conn, row.uid):
        raise _NotTaken("id", "this row did not go out from this file, so nobody can tell which partner it means")
    found = questions.partner(change.conn, partner_id)
    if found is None:
        raise _NotTaken("id", "this partner was taken back here, or joined to another, since it went out")
    return partner_id, found[1]


def _day(row: Answer, target: str) -> date | None:
    if not row.said[target]:
        return None
    try:
        return date.fromisoformat(row.said[target][:10])
    except ValueError:
        raise _NotTaken(target, "not a date; write a day, or nothing") from None


class _Reasons:
    """Reasons being written down; words that are none of the list stay as they are, and that is said."""

    def __init__(self, store: Store, change: Change, plan: SheetPlan, report: SheetReport) -> None:
        self.change, self.report = change, report

    def enter(self, row: Answer, partner_id: int, name: str) -> None:
        """One row: the reason, and who says so; where nobody is named, the manager."""
        said, on = row.said["reason"], _day(row, "said_on") or self.change.as_of
        if on > self.change.as_of:
            raise _NotTaken("said_on", f"that day is not there yet; it is {self.change.as_of}")
        try:
            sayer = reasons.sayer_of(row.said["said_by"] or "manager")
        except UsageError as error:
            raise _NotTaken("said_by", str(error)) from None
        try:
            key = reason(said)
        except UsageError as error:
            key = said
            hint = str(error).partition("Did you mean ")[2]
            self.report.notes.append(
                f"row {row.number}: “{said}” is no reason of the list; it is kept as it is"
                + (f", perhaps meant: {hint.rstrip('?')}" if hint else "")
            )
        if questions.said_already(self.change.conn, partner_id, key, sayer, on):
            self.report.same += 1
            return
        reasons.write(self.change, partner_id, key, sayer, competitor=row.said["competitor"], note=row.said["remark"], on=on,
                      person=self.change.actor_id)  # fmt: skip
        self.report.changed += 1
        told = f"{REASONS.get(key, key)}, said by the {sayer}"
        self.report.cells.append(CellChange(row.number, name, "reason", None, told))

    def finish(self) -> None:
        """Nothing is left to do."""


class _Review:
    """Decisions being checked one by one, and taken together."""

    def __init__(self, store: Store, change: Change, plan: SheetPlan, report: SheetReport) -> None:
        self.store, self.change, self.report = store, change, report
        self.decided: list[tuple[ReviewRow, Decision]] = []
        named = [row.partner for row in questions.answers(change, plan) if row.said["decision"]]
        self.seen = review.seen(store, [row_id for letter, row_id in named if letter == "v"], change.as_of)

    def enter(self, row: Answer, partner_id: int, name: str) -> None:
        """One row: the decision, why, until when, and whose it is; where nobody is named, who takes the sheet."""
        key = self._asked("decision", lambda: decision(row.said["decision"]))
        by = self.change.actor_id
        if row.said["decided_by"]:
            by = self._asked("decided_by", lambda: people.find(self.store, row.said["decided_by"]).id)
        if any(one.partner_id == partner_id for _, one in self.decided):
            raise _NotTaken("id", "this partner stands in the sheet twice; the first row counts")
        one = Decision(partner_id, key, row.said["reason"], _day(row, "until"), by)
        if questions.decided_already(self.change.conn, partner_id, key, one.reason, row.uid):
            self.report.same += 1
            return
        if partner_id not in self.seen:
            raise _NotTaken("id", review.OUT)
        seen = self.seen[partner_id]
        self._asked("decision", lambda: review.check(self.store, one, self.change.as_of))
        self.decided.append((seen, one))
        self.report.changed += 1
        until = f" until {one.until}" if one.until else ""
        self.report.cells.append(
            CellChange(row.number, name, "decision", seen.decided or None, f"{DECISIONS[key]}{until}")
        )

    def finish(self) -> None:
        """All of them, in one go; by nobody in particular only where it is a look."""
        if not self.decided:
            return
        held = review.freed((row, one.key) for row, one in self.decided)
        if held.partners:
            self.report.notes.append(f"{held.partners:,} to leave: that frees {held.said}")
        if all(one.by is not None for _, one in self.decided):
            review.enter(self.store, self.change, self.decided)

    def _asked(self, target: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except UsageError as error:
            first = str(error).partition(":")[0]
            raise _NotTaken(first if first in ("reason", "until", "decision") else target, str(error)) from None
