"""One round of automation while it is under way, and how cases come to a step in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from prm_tui.domain.calendar import Calendar
from prm_tui.domain.condition import Catalogue
from prm_tui.domain.sheet import OutColumn
from prm_tui.domain.workflow import Workflow
from storage import sweeps
from storage.store import Change


@dataclass
class Round:
    """One round of automation while it is under way."""

    change: Change
    known: Catalogue
    calendar: Calendar
    now: int  # the instant up to which timers fire
    render: Callable[[str, str, str], tuple[bytes, str]]  # form, title and text of a document → bytes, suffix
    table: Callable[[str, Sequence[OutColumn], Iterable[Sequence[Any]]], bytes]  # title, columns, rows of a workbook
    frozen: frozenset[str] = frozenset()  # kinds that do not begin with partners who leave
    grounds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # ground of a suspension → what stops with it
    _workflows: dict[int, Workflow] = field(default_factory=dict)
    _touched: tuple[int, bool] | None = None

    @property
    def conn(self) -> sqlite3.Connection:
        """The connection of the change."""
        return self.change.conn

    @property
    def as_of(self) -> date:
        """The date of evaluation."""
        return self.change.as_of

    def touch(self, upto: int) -> bool:
        """As sweeps.touch; most triggers were last evaluated at the same change, so that one look serves them all."""
        if self._touched is None or self._touched[0] != upto:
            self._touched = upto, sweeps.touch(self.conn, upto, self.as_of)
        return self._touched[1]

    def workflow(self, version_id: int) -> Workflow:
        """A version of a workflow."""
        if version_id not in self._workflows:
            self._workflows[version_id] = sweeps.workflow_version(self.conn, version_id)
        return self._workflows[version_id]


def live(state: str) -> str:
    """FROM … WHERE … of the visits `s` of open cases `c` that are live (ready, waiting) at a step of a version: two `?`.

    Written so that SQLite begins with the few live steps.
    """
    return (
        f"FROM steps s JOIN cases c ON c.id = s.case_id WHERE s.state = '{state}' AND s.step = ? AND c.version_id = ?"
        " AND +c.state = 'open'"
    )


def acting(round_: Round, visits: str, params: tuple[object, ...]) -> int:
    """temp.acting: the visits `s` of cases `c` that act now, of FROM … WHERE …; how many."""
    round_.conn.execute(
        "CREATE TEMP TABLE IF NOT EXISTS acting("
        "visit INTEGER PRIMARY KEY, case_id INTEGER, partner_id INTEGER, subject_id INTEGER)"
    )
    round_.conn.execute("DELETE FROM temp.acting")
    return round_.conn.execute(
        f"INSERT INTO temp.acting SELECT s.id, c.id, c.partner_id, c.subject_id {visits}", params
    ).rowcount


def enter(round_: Round, step: str, cases: str, params: dict[str, object]) -> None:
    """Cases come to a step: `cases` selects their ids as `id`, and as `own` the instant at which that happened, where it
    is another than now (a deadline that came while the program was closed).
    """
    round_.conn.execute(
        "INSERT INTO steps(case_id, step, n, title, state, data, change_id)"
        " SELECT r.id, :at, 1 + (SELECT count(*) FROM steps o WHERE o.case_id = r.id), :at, 'ready',"
        " CASE WHEN r.own IS NULL THEN '{}' ELSE json_object('own', r.own) END, :by"
        f" FROM ({cases}) r ORDER BY r.id",
        {**params, "at": step, "by": round_.change.id},
    )
