"""Sheets, their columns and what they bring, as lines of a table."""

from __future__ import annotations

from typing import Any

from prm_tui.domain.exchange import Choices, ImportReport, SheetReport
from prm_tui.domain.mapping import ColumnPlan, SheetPlan
from screens.text import visible
from screens.widgets.table import Col, Line

SHEET_COLUMNS = [
    Col("sheet", "Sheet or column", 30),
    Col("what", "Is read as", 22),
    Col("rows", "Rows, type", 10, True),
    Col("why", "Because"),
]
OUTCOME_COLUMNS = [Col("sheet", "Sheet", 34), Col("new", "New", 7, True), Col("changed", "Changed", 7, True), Col("same", "Same", 7, True),
            Col("refused", "Refused", 7, True), Col("note", "")]  # fmt: skip


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


FILTERS = ("everything", "questions", "changed", "refused")


def outcome(report: ImportReport, choices: Choices, opened: set[int], shown: str) -> dict[Any, Line]:
    """What each sheet brings, by its place in the report; of those that are open, row by row what is behind it.

    Keys: n for a sheet; (n, "doubt", k), (n, "cell", k), (n, "problem", k) for the k-th of its doubts, cells, problems.
    """
    lines: dict[Any, Line] = {}
    for n, s in enumerate(report.sheets):
        sign = "▾ " if n in opened else "▸ "
        lines[n] = Line(
            (
                (sign + visible(s.plan.sheet), "bright"), (f"{s.new:,}", "good" if s.new else "muted"),
                (f"{s.changed:,}", "warn" if s.changed else "muted"), (f"{s.same:,}", "muted"),
                (f"{len(s.refused):,}", "bad" if s.refused else "muted"), (_note(s), "muted"),
            )
        )  # fmt: skip
        if n in opened:
            lines |= _behind(n, s, choices, shown)
    return lines


def _behind(n: int, sheet: SheetReport, choices: Choices, shown: str) -> dict[Any, Line]:
    lines: dict[Any, Line] = {}
    if shown in ("everything", "questions"):
        for k, doubt in enumerate(sheet.doubts):
            answer = choices.answers.get(doubt.key)
            said = {None: "who is this?", "new": "a new partner", "skip": "left out"}.get(answer, f"is {answer}")
            lines[n, "doubt", k] = _wide(f"? row {doubt.row:,}: {doubt.name}", f"{said} · {doubt.text}", "warn", "text")
    for k, cell in enumerate(sheet.cells):
        if cell.conflict and shown in ("everything", "questions"):
            side = choices.sides.get((sheet.plan.sheet, cell.row, cell.field)) or choices.prefer
            chosen = {None: "which counts?", "ours": "ours counts", "theirs": "theirs counts"}[side]
            said = f"{chosen} · {cell.field}: was “{_shown(cell.base)}”, theirs “{_shown(cell.after)}”, ours “{_shown(cell.before)}”"
            lines[n, "cell", k] = _wide(f"! row {cell.row:,}: {cell.subject}", said, "warn", "text")
        elif not cell.conflict and shown in ("everything", "changed"):
            said = f"{cell.field}: “{_shown(cell.before)}” → “{_shown(cell.after)}”"
            lines[n, "cell", k] = _wide(f"row {cell.row:,}: {cell.subject}", said, "text", "text")
    if shown in ("everything", "refused"):
        for k, problem in enumerate(sheet.problems()):
            rows = ", ".join(f"{row:,}" for row in problem["rows"][:8]) + (" …" if problem["count"] > 8 else "")
            said = f"{problem['problem']} · rows {rows}"
            lines[n, "problem", k] = _wide(
                f"{problem['count']:,} rows refused, {problem['column']}", said, "bad", "text"
            )
    if shown == "everything":
        for k, note in enumerate([*sheet.plan.notes, *sheet.notes]):
            lines[n, "note", k] = _wide("note", note, "muted", "muted")
    return lines


def _wide(head: str, said: str, head_style: str, style: str) -> Line:
    return Line(((visible(head), head_style), (visible(said), style)), indent=4)


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _note(sheet: SheetReport) -> str:
    said = [sheet.plan.what.replace(":", ": ")]
    if sheet.plan.lines:
        said.append(f"{sheet.lines:,} lines")
    for count, what in (
        (len(sheet.doubts), "to be asked"),
        (sheet.conflicts, "changed on both sides"),
        (sheet.partners_created, "new partners"),
        (sheet.missing, "of earlier sheets not in it"),
    ):
        if count:
            said.append(f"{count:,} {what}")
    return visible(", ".join(said))


def sentence(sheet: SheetReport) -> str:
    """A sheet's outcome in one line."""
    refused = f", {len(sheet.refused):,} rows refused" if sheet.refused else ""
    return f"{sheet.plan.sheet}: {sheet.new:,} new, {sheet.changed:,} changed, {sheet.same:,} the same{refused}"
