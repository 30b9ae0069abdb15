"""What an import would do, or did: sheet by sheet, with what was refused and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from prm_tui.domain.mapping import Question, SheetPlan
from prm_tui.domain.run import Run

MODES = ("both", "create", "update")
LISTED = 5_000
"""So many changed cells of a sheet are told one by one."""


@dataclass(frozen=True)
class Choices:
    """What was decided before an import is applied.

    `mode`: both; create (what is known stays as it is); update (nothing is made). `ask`: what becomes of
    uncertain matches that no answer speaks of: same (the likeliest partner), new or skip; None leaves them
    open. `answers`: for single ones, by `Doubt.key`: new, skip or a partner's code. `prefer`: ours or theirs
    for cells changed on both sides; `open`: nobody has said so yet, and conflicts are only counted that way;
    `sides` for single ones, by (sheet, row, field). `currency`: of amounts whose sheet names none. `complete_for`:
    first and last day for which a sheet holds everything, so that what it no longer holds is withdrawn;
    `covered_to`: the day up to which its feed is complete.
    """

    mode: str = "both"
    ask: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    prefer: str | None = None
    open: bool = False
    sides: Mapping[tuple[str, int, str], str] = field(default_factory=dict)
    currency: str | None = None
    complete_for: tuple[date, date] | None = None
    covered_to: date | None = None


@dataclass(frozen=True)
class Candidate:
    """A partner that may be meant; `evidence` says what speaks for and against it."""

    id: int
    code: str
    name: str
    evidence: str


@dataclass(frozen=True)
class Doubt:
    """A row whose partner is uncertain: is `name` (known to the sheet as `said`) one of the candidates?"""

    sheet: str
    row: int
    key: str
    said: str
    name: str
    candidates: tuple[Candidate, ...]

    @property
    def text(self) -> str:
        """The question in one line."""
        who = self.name if self.said in ("", self.name) else f"{self.name} ({self.said})"
        like = "; ".join(f"{c.code} {c.name}: {c.evidence}" for c in self.candidates)
        return f"row {self.row:,}: is {who} one of these, or new? {like}"


@dataclass(frozen=True)
class Refused:
    """A row, or a cell of it, that cannot be taken. `row` is its number in the sheet."""

    file: str
    sheet: str
    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class CellChange:
    """A cell that changes: of whom, which field, from what to what.

    `conflict`: it was changed here since, too; `base` is what both sides had before.
    """

    row: int
    subject: str
    field: str
    before: Any
    after: Any
    conflict: bool = False
    base: Any = None


@dataclass(frozen=True)
class NewRow:
    """A row that somebody added to a sheet of ours: its number there, the key and name it has, its first other cells.

    `key` is empty where rows of its kind have none; `name` is that of its partner where they have none of their own.
    """

    row: int
    key: str
    name: str
    cells: tuple[tuple[str, str], ...] = ()

    @property
    def subject(self) -> str:
        """Which row it is: 099 Newcomer."""
        return f"{self.key} {self.name}".strip()

    @property
    def text(self) -> str:
        """What it brings: Territory North, Country France."""
        return ", ".join(f"{header} {cell}" for header, cell in self.cells)


@dataclass
class SheetReport:
    """What one sheet brings. For activities the counts are activities; `lines` counts their rows.

    `withdrawn`: activities of the period the sheet is complete for that it no longer holds; `missing`: rows
    that its feed brought before and that are not in it; `left`: rows the mode does not let in;
    `partners_created`: partners that are new with it. `added`: of a sheet of ours the first of the new rows.
    """

    plan: SheetPlan
    new: int = 0
    changed: int = 0
    same: int = 0
    conflicts: int = 0
    lines: int = 0
    amount: int = 0
    withdrawn: int = 0
    missing: int = 0
    left: int = 0
    partners_created: int = 0
    doubts: list[Doubt] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    cells: list[CellChange] = field(default_factory=list)
    added: list[NewRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def problems(self) -> list[dict[str, Any]]:
        """The refusals as problems: one for each reason and column, with a count and examples."""
        grouped: dict[tuple[str, str], list[Refused]] = {}
        for refused in self.refused:
            grouped.setdefault((refused.reason, refused.column), []).append(refused)
        return [
            {
                "problem": reason,
                "count": len(rows),
                "column": column,
                "rows": [r.row for r in rows[:20]],
                "values": [r.value for r in rows[:5]],
            }
            for (reason, column), rows in grouped.items()
        ]


@dataclass
class ImportReport:
    """An import, done (`change` is its change, None when nothing was new) or looked at beforehand.

    `effects`: what automation made of it, or would make; None where nothing is switched on.
    """

    sheets: list[SheetReport]
    questions: list[Question] = field(default_factory=list)
    change: int | None = None
    dry_run: bool = True
    effects: Run | None = None

    @property
    def nothing_new(self) -> bool:
        """Whether the file holds all of it already."""
        return not any(s.new or s.changed or s.withdrawn for s in self.sheets)

    def refused(self) -> list[Refused]:
        """Every refused row of every sheet."""
        return [refused for sheet in self.sheets for refused in sheet.refused]

    def as_json(self) -> dict[str, Any]:
        """The report under the public keys of `prm import --json`."""
        return {
            "change": self.change,
            "dry_run": self.dry_run,
            "sheets": [_sheet(s, self) for s in self.sheets],
            **({"effects": self.effects.as_json()} if self.effects else {}),
        }


def _sheet(report: SheetReport, whole: ImportReport) -> dict[str, Any]:
    plan = report.plan
    return {
        "file": plan.file,
        "sheet": plan.sheet,
        "as": plan.what,
        "rows": plan.rows,
        "lines": report.lines,
        "new": report.new,
        "changed": report.changed,
        "same": report.same,
        "refused": len(report.refused),
        "conflicts": report.conflicts,
        "withdrawn": report.withdrawn,
        "missing": report.missing,
        "partners_created": report.new if plan.noun == "partners" else report.partners_created,
        "new_rows": [{"row": r.row, "key": r.key, "name": r.name, "cells": dict(r.cells)} for r in report.added],
        "questions": [*(q.text for q in whole.questions if q.sheet == plan.sheet), *(d.text for d in report.doubts)],
        "map": {c.target: c.header for c in plan.columns if c.target not in ("data", "skip")},
        "problems": report.problems(),
    }
