"""A case: one run of a workflow for a partner, with its tasks and its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

STAGES = {
    "approval": "waiting for approval",
    "notice": "approved, notice to be served",
    "in notice": "in notice",
    "withdrawal": "withdrawal waits for approval",
    "after": "deactivated, something is left to do",
    "suspended": "suspended",
    "closed": "closed",
}
"""Where a case stands, and how that is said."""
IN_CASES = (
    "id",
    "title",
    "step",
    "answer",
    "answer_reason",
    "notice_on",
    "effective_on",
    "served_on",
    "rule",
    "method",
    "reapply_on",
)
"""What a text can say of its case beside what a condition can ask of it; the dates are of a deactivation alone."""


@dataclass(frozen=True)
class CaseRow:
    """One line of a list of cases. `due` is when the next thing has to happen."""

    id: int
    kind: str
    partner_id: int
    code: str
    name: str
    stage: str
    owner: str | None
    opened_on: date
    due: date | None
    outcome: str | None
    reason: str | None
    restricted: bool = False

    @property
    def open(self) -> bool:
        """Whether it is still under way."""
        return self.stage != "closed"


@dataclass(frozen=True)
class TaskRow:
    """A to-do or an approval in somebody's inbox. `state`: planned, open, done, approved, rejected, cancelled.

    `choices` are the answers an approval may get beside yes and no; `evidence`: only a signed answer counts. `due_at` is
    the hour of `due` in the file's time zone, where there is one; `signed`: the signed answer is kept. `asked_by`: who asked
    for it, where that was another than who asked for the case; `choice`: which of the answers it was given.
    """

    id: int
    case_id: int | None
    kind: str
    title: str
    partner_id: int
    code: str
    name: str
    owner: str | None
    role: str | None
    due: date | None
    state: str
    done_by: str | None
    done_on: date | None
    act: str | None
    reason: str | None = None
    step_id: int | None = None
    choices: tuple[str, ...] = ()
    evidence: bool = False
    detail: str | None = None
    due_at: datetime | None = None
    signed: bool = False
    asked_by: str | None = None
    choice: str | None = None

    @property
    def of_workflow(self) -> bool:
        """Whether a workflow waits for it, and goes on with the next run."""
        return self.step_id is not None

    def overdue(self, as_of: date, now: datetime | None = None) -> bool:
        """Whether it is open and its day has passed; its hour, where `now` is given and it has one."""
        if self.state != "open" or self.due is None:
            return False
        return self.due < as_of or (now is not None and self.due_at is not None and self.due_at < now)

    @property
    def whose(self) -> str:
        """Who has to do it: a person, else a role."""
        return self.owner or self.role or "anyone"


@dataclass(frozen=True)
class EvidenceRow:
    """Something kept as proof: a snapshot of the facts, a proof of service, a signed answer."""

    id: int
    kind: str
    title: str
    file: str | None
    hash: str
    at: datetime


@dataclass(frozen=True)
class Ended:
    """A wait that ended by itself: when, and each part of its condition with the value it had, in words."""

    step: str
    on: date
    parts: tuple[tuple[str, str | None], ...]

    @property
    def said(self) -> str:
        """count(order, 14) > 0: 2; tier = 'Gold': Silver"""
        return "; ".join(f"{part}: {value or 'unknown'}" for part, value in self.parts)


@dataclass(frozen=True)
class Case:
    """A case whole. `data` holds dates, impact as seen, choices; see domain/deactivation.py.

    `one_person`: that one person asked and approved, or who said, and when, that one is enough; empty where it takes two.
    `unsigned`: the same of a case for cause without a signed answer. `seen_by`: who alone may see it, empty for everybody.
    `ended`: what was waited for and has come.
    """

    row: CaseRow
    path: str | None
    requested_by: str | None
    requested_by_id: int | None
    data: dict[str, Any]
    tasks: tuple[TaskRow, ...] = ()
    evidence: tuple[EvidenceRow, ...] = field(default=())
    one_person: str = ""
    unsigned: str = ""
    seen_by: tuple[str, ...] = ()
    ended: tuple[Ended, ...] = ()
