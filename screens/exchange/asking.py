"""What a person corrects about sheets and columns: what they are, what they mean, how their dates are written."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from prm_tui.domain.mapping import DATES, SAID, ColumnPlan, Question, SheetPlan, targets
from prm_tui.services import exchange, records, timeline
from screens.exchange.rows import Samples, meaning
from screens.modals.choose import Choice, Choose
from screens.text import visible

if TYPE_CHECKING:
    from prm_tui.services.reading import Reading
    from screens.base import PrmScreen

ORDERS = {
    "day-first": "Day first",
    "month-first": "Month first",
    "year-first": "Year first",
    "swapped": "Day and month are swapped",
}
_MEANINGS = {"data": "under its own name", "skip": "not taken"}


async def settle(screen: PrmScreen, reading: Reading, question: Question, values: Samples) -> None:
    """Ask what a question about a sheet asks; the reading knows the answer then."""
    plan = next(p for p in reading.plans if p.sheet == question.sheet and p.noun != "skip")
    needed = next((t for t in plan.missing() if f"is the {t.replace('_', ' ')}?" in question.text), None)
    column = next((c for c in plan.columns if c.orders and f"“{c.header}”" in question.text), None)
    if column is not None:
        await dates(screen, reading, plan, column, values)
    elif needed is not None:
        offered = [Choice(c.header, c.header, ", ".join(values.get((plan.id, c.pos), []))[:60]) for c in plan.columns]
        title = f"Which column of {visible(plan.sheet)[:40]} is {meaning(needed)}?"
        picked = await screen.prm.push_screen_wait(Choose(title, offered))
        if picked is not None:
            reading.replan(plan.with_target(picked, needed, SAID))


async def dates(screen: PrmScreen, reading: Reading, plan: SheetPlan, column: ColumnPlan, values: Samples) -> None:
    """Ask how the dates of a column are written; each answer is shown on a value of it."""
    shown = [column.example, *values.get((plan.id, column.pos), [])]
    example = next((v for v in shown if len({read_as(v, o) for o in column.orders} - {None}) > 1), column.example)
    offered = []
    for order in column.orders:
        day = read_as(example, order)
        about = f"{visible(example)[:30]} is {day.day} {day:%B %Y}" if day else ""
        offered.append(Choice(order, ORDERS.get(order, order), about))
    title = f"How are the dates of “{visible(column.header)[:40]}” written?"
    picked = await screen.prm.push_screen_wait(Choose(title, offered))
    if picked is not None:
        reading.settle_dates(plan.id, column.pos, picked)


def read_as(text: str, order: str) -> date | None:
    """The day a text means when it is read one way; None when it means none then."""
    found = re.match(r"\s*(\d{1,4})\D(\d{1,2})\D(\d{1,4})", text)
    if found is None:
        return None
    first, second, third = (int(part) for part in found.groups())
    if len(found[1]) == 4:  # a real date
        year, month, day = (first, third, second) if order == "swapped" else (first, second, third)
    elif order == "year-first":
        year, month, day = first, second, third
    else:
        day, month, year = (second, first, third) if order == "month-first" else (first, second, third)
    if year < 100:
        year += 2000 if year < 70 else 1900
    try:
        return date(year, month, day)
    except ValueError:
        return None


async def sheet(screen: PrmScreen, reading: Reading, plan: SheetPlan) -> bool:
    """Ask what a sheet is; whether it was said."""
    kinds = await screen.read(timeline.known_kinds)
    kept = await screen.read(records.known_kinds)
    choices = [Choice("partners", "Partners"), Choice("people", "Our own people"), Choice("skip", "Left out")]
    choices.append(Choice("contacts", "Contacts", "persons at partners"))
    choices += [Choice(f"activity:{kind}", f"Activities: {label}") for kind, label in kinds.items()]
    choices += [Choice(f"record:{kind}", f"Records: {label}") for kind, label in kept.items()]
    picked = await screen.prm.push_screen_wait(Choose(f"What is {visible(plan.sheet)[:60]}?", choices))
    if picked is not None:
        reading.replan(exchange.with_kind(plan, picked))
    return picked is not None


async def column(screen: PrmScreen, reading: Reading, plan: SheetPlan, pos: int, values: Samples) -> None:
    """Ask what a column means; of dates that nothing settles, how they are written."""
    chosen = next(c for c in plan.columns if c.pos == pos)
    if chosen.orders and chosen.target in DATES:
        await dates(screen, reading, plan, chosen, values)
        return
    choices = [Choice(m, meaning(m), _MEANINGS.get(m, "")) for m in (*targets(plan.what), "data", "skip")]
    title = f"What is {visible(chosen.header)[:60]}, for example {visible(chosen.example)[:40]}?"
    picked = await screen.prm.push_screen_wait(Choose(title, choices))
    if picked is not None:
        reading.replan(plan.with_target(chosen.header, picked, SAID))
