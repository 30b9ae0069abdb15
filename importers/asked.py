"""What only a person can say of a sheet: which column means what it needs, how its dates are written."""

from __future__ import annotations

from prm_tui.domain.mapping import DATES, NEEDED, ColumnPlan, Question, SheetPlan
from prm_tui.domain.text import typed


def date_question(plan: SheetPlan, column: ColumnPlan) -> Question:
    """How the dates of a column are written, which nothing in it settles."""
    ways = [
        {"swapped": "or are day and month of the real dates swapped"}.get(o, o.replace("-", " ")) for o in column.orders
    ]
    flags = ", or ".join(f"--dates {order}" for order in column.orders)
    why = f" ({column.decided})" if column.decided else ""
    text = f"is {column.example} in “{column.header}” written {' or '.join(ways).replace('or or', 'or')}?{why}"
    return Question(plan.sheet, text, flags)


def asked_of(plan: SheetPlan) -> list[Question]:
    """What a person must say before a sheet can be taken as planned."""
    asked = []
    for needed in plan.missing():
        candidates = ", ".join(c.header for c in plan.columns if c.target == "data")
        asked.append(
            Question(
                plan.sheet,
                f"which column is the {needed.replace('_', ' ')}? One of: {candidates}",
                f"--map (write one with: prm map {typed(plan.file)}), or --as {typed(f'{plan.sheet}=skip')}",
            )
        )
    for column in plan.columns:
        if column.orders and column.target in DATES:
            asked.append(date_question(plan, column))
    return asked if plan.noun in NEEDED else []
