"""Sheets, their columns and what they bring, as lines of a table."""

from __future__ import annotations

from typing import Any

from prm_tui.domain.exchange import ImportReport, SheetReport
from prm_tui.domain.mapping import ColumnPlan, SheetPlan
from screens.text import visible
from screens.widgets.table import Col, Line

SHEET_COLUMNS = [
    Col("sheet", "Sheet or column", 30),
    Col("what", "Is read as", 22),
    Col("rows", "Rows, type", 10, True),
    Col("why", "Because"),
]
OUTCOME_COLUMNS = [Col("sheet", "Sheet", 30), Col("new", "New", 10, True), Col("changed", "Changed", 9, True), Col("same", "Same", 9, True),
            Col("refused", "Refused", 9, True), Col("note", "")]  # fmt: skip


def noun(plan: SheetPlan) -> str:
    """What a sheet is read as."""
    return "left out" if plan.noun == "skip" else visible(plan.what.replace(":", ": "))


def column_line(column: ColumnPlan) -> Line:
    """One column: its header, what it means, and why."""
    kept = column.target in ("data", "skip")
    meaning = {"data": "kept", "skip": "left out"}.get(column.target, column.target.replace("_", " "))
    why = f"{column.example[:30]} · {column.why}" if column.example else column.why
    return Line(
        (
            (visible(column.header), "text"),
            (visible(meaning), "muted" if kept else "accent"),
            (column.type, "muted"),
            (visible(why), "muted"),
        ),
        indent=4,
    )


def outcome(report: ImportReport) -> dict[Any, Line]:
    """What each sheet brings, by its place in the report."""
    return {
        n: Line(
            (
                (visible(s.plan.sheet), "bright"), (f"{s.new:,}", "good" if s.new else "muted"),
                (f"{s.changed:,}", "warn" if s.changed else "muted"), (f"{s.same:,}", "muted"),
                (f"{len(s.refused):,}", "bad" if s.refused else "muted"), (_note(s), "muted"),
            )
        )
        for n, s in enumerate(report.sheets)
    }  # fmt: skip


def _note(sheet: SheetReport) -> str:
    said = [sheet.plan.what.replace(":", ": ")]
    if sheet.lines:
        said.append(f"{sheet.lines:,} lines")
    if sheet.conflicts:
        said.append(f"{sheet.conflicts:,} changed on both sides")
    return visible(", ".join(said))


def sentence(sheet: SheetReport) -> str:
    """A sheet's outcome in one line."""
    refused = f", {len(sheet.refused):,} rows refused" if sheet.refused else ""
    return f"{sheet.plan.sheet}: {sheet.new:,} new, {sheet.changed:,} changed, {sheet.same:,} the same{refused}"
