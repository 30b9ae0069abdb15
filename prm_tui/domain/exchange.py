"""What an import would do, or did: sheet by sheet, with what was refused and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from prm_tui.domain.mapping import Question, SheetPlan


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
    """A cell that changes: of whom, which field, from what to what. `conflict`: changed here since, too."""

    row: int
    subject: str
    field: str
    before: Any
    after: Any
    conflict: bool = False


@dataclass
class SheetReport:
    """What one sheet brings. For activities the counts are activities; `lines` counts their rows."""

    plan: SheetPlan
    new: int = 0
    changed: int = 0
    same: int = 0
    conflicts: int = 0
    lines: int = 0
    amount: int = 0
    refused: list[Refused] = field(default_factory=list)
    cells: list[CellChange] = field(default_factory=list)
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
    """An import, done (`change` is its change, None when nothing was new) or looked at beforehand."""

    sheets: list[SheetReport]
    questions: list[Question] = field(default_factory=list)
    change: int | None = None
    dry_run: bool = True

    @property
    def nothing_new(self) -> bool:
        """Whether the file holds all of it already."""
        return not any(s.new or s.changed for s in self.sheets)

    def refused(self) -> list[Refused]:
        """Every refused row of every sheet."""
        return [refused for sheet in self.sheets for refused in sheet.refused]

    def as_json(self) -> dict[str, Any]:
        """The report under the public keys of `prm import --json`."""
        return {
            "change": self.change,
            "dry_run": self.dry_run,
            "sheets": [_sheet(s, self) for s in self.sheets],
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
        "withdrawn": 0,
        "missing": 0,
        "partners_created": report.new if plan.noun == "partners" else 0,
        "questions": [q.text for q in whole.questions if q.sheet == plan.sheet],
        "map": {c.target: c.header for c in plan.columns if c.target not in ("data", "skip")},
        "problems": report.problems(),
    }
