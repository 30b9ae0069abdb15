"""Sign-off sheets that came back: answers to approvals, each entered for who signed it, with the row as its proof."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from prm_tui.domain.case import TaskRow
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.exchange import CellChange, Refused, SheetReport
from prm_tui.domain.gate import InTheWay
from prm_tui.domain.mapping import SheetPlan
from prm_tui.domain.person import Person
from prm_tui.domain.sheet import UID_LENGTH, token_row
from prm_tui.domain.text import nearest
from prm_tui.services import cases, people
from storage import Store, outgoing
from storage import cases as stored
from storage.store import Change

YES = ("yes", "y", "approve", "approved")
NO = ("no", "n", "reject", "rejected")


class _NotTaken(Exception):
    """A row that cannot be taken: in which column the fault is, and why."""

    def __init__(self, target: str, why: str) -> None:
        super().__init__(why)
        self.target, self.why = target, why


@dataclass(frozen=True)
class _Row:
    number: int
    token: str
    decision: str
    signed_by: str
    signed_on: str
    remark: str


def take(store: Store, change: Change, plan: SheetPlan) -> SheetReport:
    """Enter the answers of a sign-off sheet. A row without a decision stays open; one that cannot be taken is refused.

    The sheet counts as back when no row of it is left unanswered. InputError for a sheet that prm
    did not write, or whose answers are gone.
    """
    if not plan.ours:
        raise InputError(
            f"{plan.file}: {plan.sheet}: prm did not write this, or its prm id column is gone: nobody can tell what was"
            " signed. Approvals go out with: prm export approvals FILE.xlsx --to NAME"
        )
    for header, target in plan.lost:
        if target in ("decision", "signed_by"):
            raise InputError(
                f"{plan.file}: {plan.sheet}: the column “{header}” did not come back, or has another name now."
            )
    report, left, came = SheetReport(plan), 0, dict[str, bool]()
    for row in _rows(change, plan):
        uid = row.token[:UID_LENGTH]
        try:
            done = _enter(store, change, plan, row) if row.decision else None
        except _NotTaken as error:
            column = plan.column(error.target)
            said = getattr(row, "token" if error.target == "id" else error.target)
            header = column.header if column else plan.sheet
            report.refused.append(Refused(plan.file, plan.sheet, row.number, header, said, error.why))
            came[uid] = False
            continue
        came[uid] = came.get(uid, True) and bool(row.decision)
        left += not row.decision
        if done is None:
            report.same += 1
        else:
            report.changed += 1
            report.cells.append(done)
    for uid, whole in came.items():
        if whole:
            outgoing.back(change, uid)
    if left:
        report.notes.append(f"{left:,} without a decision; open as before")
    return report


def _rows(change: Change, plan: SheetPlan) -> list[_Row]:
    """The rows of the sheet, in their order."""
    at = {target: plan.column(target) for target in ("id", "decision", "signed_by", "signed_on", "remark")}
    cells = ", ".join(f"r.c{column.pos}" if column else "NULL" for column in at.values())
    return [
        _Row(number, *("" if cell is None else str(cell).strip() for cell in said))
        for number, *said in change.conn.execute(
            f"SELECT r.row, {cells} FROM st.{plan.table} r ORDER BY r.row"
        ).fetchall()
    ]


def _enter(store: Store, change: Change, plan: SheetPlan, row: _Row) -> CellChange | None:
    """Enter one answer; what it changes, None when it was entered before."""
    letter, task_id = token_row(row.token)
    if letter != "t" or not outgoing.known(change.conn, row.token[:UID_LENGTH]):
        raise _NotTaken("id", "this row did not go out from this file, so nobody can tell what was signed")
    task = stored.task(change.conn, task_id)
    if task is None:
        raise _NotTaken("id", "this approval was taken back here since it went out")
    person, on = _signer(store, row), _day(change, row)
    yes, choice = _answer(task, row)
    state = "approved" if yes else "rejected"
    if task.state == state and task.done_by == person.name:
        return None
    if task.state != "open":
        by = f" by {task.done_by}" if task.done_by else ""
        raise _NotTaken("decision", f"this approval is {task.state}{by} already")
    proof = json.dumps(
        {"file": plan.file, "sha256": plan.file_hash, "sheet": plan.sheet, "row": row.number, "approval": task.id,
         "what": task.title, "partner": task.code, "decision": row.decision, "signed_by": row.signed_by,
         "signed_on": row.signed_on, "remark": row.remark},
        ensure_ascii=False, indent=1,
    ).encode(), f"{plan.file} row {row.number}.json"  # fmt: skip
    try:
        if yes:
            case, chosen = cases.may_approve(store, task, person, choice, change.as_of)
            cases.grant(change, case, task, person, on, chosen, proof)
        else:
            cases.refuse(change, cases.may_reject(store, task, person, row.remark), task, person, on, row.remark, proof)
    except InTheWay as error:
        raise _NotTaken("decision", str(error)) from None
    except UsageError as error:
        raise _NotTaken("remark" if str(error).startswith("reason:") else "signed_by", str(error)) from None
    told = f"{choice or state} by {person.name}"
    return CellChange(row.number, f"{task.name}: {task.title}", "approval", "open", told)


def _signer(store: Store, row: _Row) -> Person:
    if not row.signed_by:
        raise _NotTaken("signed_by", "a decision without a name: write who signed it")
    try:
        return people.find(store, row.signed_by)
    except UsageError as error:
        raise _NotTaken("signed_by", str(error)) from None


def _day(change: Change, row: _Row) -> date:
    """The day it was signed; without one, the day the sheet is taken."""
    if not row.signed_on:
        return change.as_of
    try:
        day = date.fromisoformat(row.signed_on[:10])
    except ValueError:
        raise _NotTaken("signed_on", "not a date; write the day it was signed, or nothing") from None
    if day > change.as_of:
        raise _NotTaken("signed_on", f"that day is not there yet; it is {change.as_of}")
    return day


def _answer(task: TaskRow, row: _Row) -> tuple[bool, str | None]:
    """Whether it is a yes, and which of the choices."""
    said = row.decision.casefold()
    if said in NO:
        return False, None
    if task.choices:
        found = next((choice for choice in task.choices if choice.casefold() == said), None)
        if found is not None:
            return True, found
    elif said in YES:
        return True, None
    known = [*(task.choices or ("yes",)), "no"]
    like = nearest(said, known)
    raise _NotTaken("decision", f"write {' or '.join(known)}" + (f"; did you mean “{like}”?" if like else ""))
