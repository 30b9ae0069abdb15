"""Sheets, their columns and what they bring, as lines of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prm_tui.domain.exchange import LISTED, Choices, ImportReport, SheetReport
from prm_tui.domain.mapping import ColumnPlan, SheetPlan
from screens.exchange.filters import EVERYTHING, held
from screens.text import visible
from screens.widgets.table import Col, Line

if TYPE_CHECKING:
    from prm_tui.services.reading import Reading

Samples = dict[tuple[int, int], list[str]]
ROOMY = 100


def sheet_columns(wide: int) -> list[Col]:
    """The columns of the page of sheets; where there is no room for the reason, the line beneath says it."""
    if wide < ROOMY:
        return [Col("sheet", "Sheet or column", 22), Col("what", "Is read as", 15), Col("rows", "Rows, type", 10, True),
                Col("example", "For example")]  # fmt: skip
    return [Col("sheet", "Sheet or column", 26), Col("what", "Is read as", 18), Col("rows", "Rows, type", 10, True),
            Col("example", "For example", 26), Col("why", "Because")]  # fmt: skip


OUTCOME_COLUMNS = [Col("sheet", "Sheet", 34), Col("new", "New", 7, True), Col("changed", "Changed", 7, True), Col("same", "Same", 7, True),
            Col("refused", "Refused", 7, True), Col("note", "")]  # fmt: skip


def noun(plan: SheetPlan) -> str:
    """What a sheet is read as."""
    return "left out" if plan.noun == "skip" else visible(plan.what.replace(":", ": "))


def understood(reading: Reading, opened: set[int], values: Samples) -> dict[Any, Line]:
    """How each sheet is read, with what must be asked about it, and the columns of those that are open.

    Keys: the id of a sheet; (id, "?", n) for the n-th question of the reading; (id, pos) for a column.
    """
    lines: dict[Any, Line] = {}
    asked = dict(enumerate(reading.questions))
    for plan in reading.plans:
        sign = "▾ " if plan.id in opened else "▸ "
        colour = "muted" if plan.noun == "skip" else "bright"
        why = "hidden: t reads it" if not plan.visible and plan.noun == "skip" else plan.why
        lines[plan.id] = Line(
            ((sign + visible(plan.sheet), colour), (noun(plan), colour), (f"{plan.rows:,}", "text"), (visible(why), "muted")),
            detail=" · ".join([f"{plan.sheet} of {plan.file}: {noun(plan)} ({why})", *plan.notes]),
        )  # fmt: skip
        for n, question in list(asked.items()):
            if question.sheet == plan.sheet and plan.noun != "skip":
                del asked[n]  # of two sheets of one name only the first that is read is meant
                said = visible(_in_words(question.text))
                lines[plan.id, "?", n] = Line(((f"? {said}", "warn"),), indent=4, detail=f"{said} · enter answers it")
        if plan.id in opened:
            for column in plan.columns:
                lines[plan.id, column.pos] = column_line(column, values.get((plan.id, column.pos), []))
    return lines


def samples(reading: Reading) -> Samples:
    """Up to three distinct values of each column of each sheet, by (sheet, position)."""
    found: Samples = {}
    for plan in reading.plans:
        rows = reading.sample(plan, 50) if plan.columns and plan.rows else []
        for n, column in enumerate(plan.columns, 1):
            values = dict.fromkeys(visible(row[n]) for row in rows if row[n] is not None)
            found[plan.id, column.pos] = list(values)[:3]
    return found


_MEANINGS = {
    "data": "kept", "skip": "left out", "partner": "the partner", "partner_name": "the partner's name",
    "occurred_on": "the day", "id": "the prm id",
}  # fmt: skip


def meaning(target: str) -> str:
    """What a column means, in words."""
    return _MEANINGS.get(target, target.replace("_", " "))


def _in_words(question: str) -> str:
    return question.replace("is the occurred on?", "is the day?")


def column_line(column: ColumnPlan, values: list[str]) -> Line:
    """One column: its header, what it means, values of it, and why."""
    kept = column.target in ("data", "skip")
    means = meaning(column.target)
    values = values or ([column.example] if column.example else [])
    kind = column.type.replace("date?", "date ?")
    return Line(
        (
            (visible(column.header), "text"),
            (visible(means), "muted" if kept else "accent"),
            (kind, "warn" if column.type == "date?" else "muted"),
            (visible(", ".join(v[:40] for v in values)), "text"),
            (visible(column.why), "muted"),
        ),
        indent=4,
        detail=f"“{column.header}” is {means} ({column.why}). For example: {' · '.join(v[:60] for v in values)}",
    )


def outcome(report: ImportReport, choices: Choices, opened: set[int], shown: str) -> dict[Any, Line]:
    """What each sheet brings, by its place in the report; of those that are open, row by row what is behind it.

    Where only one thing is shown, sheets that have nothing of it are left out.

    Keys: n for a sheet; (n, "doubt", k), (n, "cell", k), (n, "problem", k) for the k-th of its doubts, cells, problems.
    """
    lines: dict[Any, Line] = {}
    for n, s in enumerate(report.sheets):
        if not held(s, shown):
            continue
        sign = "▾ " if n in opened else "▸ "
        lines[n] = Line(
            (
                (sign + visible(s.plan.sheet), "bright"), (f"{s.new:,}", "good" if s.new else "muted"),
                (f"{s.changed:,}", "warn" if s.changed else "muted"), (f"{s.same:,}", "muted"),
                (f"{len(s.refused):,}", "bad" if s.refused else "muted"), (_note(s), "muted"),
            ),
            detail=f"{s.plan.sheet}: {_note(s)}",
        )  # fmt: skip
        if n in opened:
            lines |= _behind(n, s, choices, shown)
    return lines


def _behind(n: int, sheet: SheetReport, choices: Choices, shown: str) -> dict[Any, Line]:
    lines: dict[Any, Line] = {}
    if shown in (EVERYTHING, "questions"):
        for k, doubt in enumerate(sheet.doubts):
            answer = choices.answers.get(doubt.key)
            said = {None: "who is this?", "new": "a new partner", "skip": "left out"}.get(answer, f"is {answer}")
            lines[n, "doubt", k] = _wide(f"? row {doubt.row:,}: {doubt.name}", f"{said} · {doubt.text}", "warn", "text")
    for k, cell in enumerate(sheet.cells):
        if cell.conflict and shown in (EVERYTHING, "questions"):
            side = choices.sides.get((sheet.plan.sheet, cell.row, cell.field)) or choices.prefer
            chosen = {None: "which counts?", "ours": "ours counts", "theirs": "theirs counts"}[side]
            said = f"{chosen} · {cell.field}: was “{_shown(cell.base)}”, theirs “{_shown(cell.after)}”, ours “{_shown(cell.before)}”"
            lines[n, "cell", k] = _wide(f"! row {cell.row:,}: {cell.subject}", said, "warn", "text")
        elif not cell.conflict and shown in (EVERYTHING, "changed"):
            said = f"{cell.field}: “{_shown(cell.before)}” → “{_shown(cell.after)}”"
            lines[n, "cell", k] = _wide(f"row {cell.row:,}: {cell.subject}", said, "text", "text")
    if shown in (EVERYTHING, "changed") and (unlisted := _unlisted(sheet)):
        lines[n, "more", 0] = _wide("note", unlisted, "muted", "muted")
    if shown in (EVERYTHING, "refused"):
        lines |= refused_lines(n, sheet)
    if shown == EVERYTHING:
        for k, note in enumerate([*sheet.plan.notes, *sheet.notes]):
            lines[n, "note", k] = _wide("note", note, "muted", "muted")
    return lines


def _unlisted(sheet: SheetReport) -> str:
    """What is to be known of changes that are not told cell by cell."""
    if len(sheet.cells) >= LISTED:
        return f"only the first {LISTED:,} changed cells are listed"
    if sheet.changed and not sheet.cells:
        return f"{sheet.changed:,} changed: each takes the place of the earlier one, which can still be read"
    return ""


def refused_lines(n: int, sheet: SheetReport) -> dict[Any, Line]:
    """The refused rows of a sheet, one line for each thing that is wrong."""
    lines: dict[Any, Line] = {}
    for k, problem in enumerate(sheet.problems()):
        rows = ", ".join(f"{row:,}" for row in problem["rows"][:8]) + (" …" if problem["count"] > 8 else "")
        count = problem["count"]
        head = f"{count:,} row{'' if count == 1 else 's'} refused, {problem['column']}"
        lines[n, "problem", k] = _wide(
            head, f"{problem['problem']} · {'row' if count == 1 else 'rows'} {rows}", "bad", "text"
        )
    return lines


def _wide(head: str, said: str, head_style: str, style: str) -> Line:
    return Line(((visible(head), head_style), (visible(said), style)), indent=4, detail=f"{head}: {said}")


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
