"""Cases, tasks, and what ends with a partner, as lines of a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from textual.content import Content

from prm_tui.domain.case import STAGES, CaseRow, TaskRow
from prm_tui.domain.deactivation import ImpactLine, Plan
from screens.text import cell, hanging, short_date, visible
from screens.widgets.table import Col, Line
from screens.words import by_keys

CASE_COLUMNS = [
    Col("id", "Case", 5, True), Col("kind", "Kind", 12), Col("partner", "Partner"), Col("stage", "Stage", least=22),
    Col("due", "Next due", 11), Col("owner", "Owner", 16), Col("reason", "Reason", 24),
]  # fmt: skip
TASK_COLUMNS = [
    Col("what", "What", least=26), Col("partner", "Partner", 24), Col("due", "Due", 13), Col("who", "By", 15),
]  # fmt: skip
STEP_COLUMNS = [Col("what", "What", least=28), Col("state", "State", 9), Col("due", "Due", 15), Col("who", "By", 15)]


def case_line(row: CaseRow, *, with_partner: bool = True) -> Line:
    """One case; without its partner on the partner's own page."""
    stage = (
        STAGES.get(row.stage, row.stage),
        "muted" if not row.open else "warn" if row.stage == "approval" else "text",
    )
    head = ((str(row.id), "muted"), (visible(row.kind), "text"))
    if with_partner:
        return Line(
            (*head, (visible(row.name), "bright"), stage, cell(row.due, "date"), (visible(row.owner or ""), "muted"),
             (visible(row.reason or ""), "muted")),
            detail=" · ".join(filter(None, (f"{row.name} ({row.code}): {row.kind}, {stage[0]}", row.reason, row.owner,
                                            f"since {short_date(row.opened_on)}", row.outcome))),
        )  # fmt: skip
    return Line(
        (*head, stage, (visible(row.reason or ""), "muted"), cell(row.opened_on, "date"), cell(row.due, "date"),
         (visible(row.outcome or ""), "muted"))
    )  # fmt: skip


def _due(task: TaskRow, as_of: date, now: datetime | None = None) -> tuple[str, str]:
    if task.due is None:
        return "", "muted"
    days = (task.due - as_of).days
    if days == 0 and task.due_at is not None:
        if now is not None and task.due_at < now:
            hours = (now - task.due_at).total_seconds() / 3600
            return f"{max(round(hours), 1)} h overdue", "bad"
        return f"today {task.due_at:%H:%M}", "warn"
    if days < 0:
        return f"{-days:,} d overdue", "bad"
    return ("today", "warn") if days == 0 else (short_date(task.due), "text")


def task_line(task: TaskRow, as_of: date, now: datetime | None = None) -> Line:
    """A task in the inbox; `now` tells which are overdue by the hour."""
    sign = "◆" if task.kind == "approval" else "◇"
    colour = "warn" if task.kind == "approval" else "text"
    return Line(
        (
            (f"{sign} {visible(task.title)}", colour),
            (visible(task.name), "bright"),
            _due(task, as_of, now),
            (visible(task.whose), "muted"),
        ),
        detail=f"{task.title} · {task.code} {task.name} · by {task.whose}{_about(task)}",
    )


def _about(task: TaskRow) -> str:
    """When exactly it is due, which answers it may get, what is said about it."""
    parts = [f"due {short_date(task.due)}{f' {task.due_at:%H:%M}' if task.due_at else ''}"] if task.due else []
    parts += [f"answers: {', '.join(task.choices)}"] if task.choices else []
    parts += [by_keys(task.detail)] if task.detail else []
    return "".join(f" · {part}" for part in parts)


def step_line(task: TaskRow, as_of: date) -> Line:
    """A task on the page of its case."""
    signs = {"done": "✓", "approved": "✓", "rejected": "✗", "cancelled": "–", "open": "●", "planned": "○"}
    colours = {
        "done": "good",
        "approved": "good",
        "rejected": "bad",
        "cancelled": "muted",
        "open": "bright",
        "planned": "muted",
    }
    if task.done_on:
        due, who = (short_date(task.done_on), "muted"), task.done_by or "nobody named"
    else:
        due, who = (_due(task, as_of) if task.state == "open" else cell(task.due, "date")), task.whose
    return Line(
        (
            (f"{signs[task.state]} {visible(task.title)}", colours[task.state]),
            (task.state, colours[task.state]),
            due,
            (visible(who), "muted"),
        ),
        detail=f"{task.title} · {task.state}, by {who}"
        + (f" · answer: {task.choice}" if task.choice else "")
        + (f" · because: {task.reason}" if task.reason else ""),
    )


def impact_line(line: ImpactLine) -> Line:
    count, colour = (
        (f"{line.count:,}", "bright")
        if line.state == "counted"
        else (line.state, "warn" if line.state == "not checked" else "text")
    )
    amount = "" if line.amount is None else f"{line.amount:,.2f}"
    counted = count + (f", {amount}" if amount else "") + (f" ({line.note})" if line.note else "")
    said = counted if line.state == "counted" else because(line)
    return Line(((line.label, "text"), (count, colour), (amount, "bright"), (visible(line.note), "muted")),
                detail=visible(f"{line.label}: {said}"))  # fmt: skip


def because(line: ImpactLine) -> str:
    if line.state == "not checked":
        return f"Not checked: {line.note}. Import such a sheet, or add a record on the partner's page."
    return f"None found ({line.note})."


def happens(plans: Sequence[Plan]) -> Content:
    """By date, of the first partner; dates of others follow the same rule."""
    first = plans[0]
    rows = [("today", f"{first.by} is asked to approve", "accent")]
    rows += [
        ("planned", "notice is served", "text"),
        (short_date(first.dates.effective_on), "status: Deactivated", "warn"),
    ]
    later = [
        (short_date(due), title, "muted")
        for due, title, _ in sorted(first.tasks + first.duties)
        if due > first.dates.effective_on
    ]
    parts = [Content.styled("What will happen, and when", "bold $muted"), Content("")]
    for when, what, colour in rows + later:
        parts.append(hanging(f"{when:<13}", what, 41, colour))
    parts += [
        Content(""),
        Content.styled(
            "Dates run from proven service. Before that the case can be stopped; after it, withdrawn by a letter of its own.",
            "$muted",
        ),
    ]
    return Content("\n").join(parts)
