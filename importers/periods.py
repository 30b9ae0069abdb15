"""Periods in the place of dates: what was earned in March 2026 is booked on its last day."""

from __future__ import annotations

import re
import sqlite3
from calendar import monthrange
from dataclasses import replace

from importers import aliases
from importers.columns import reread
from importers.dates import MONTHS
from importers.kinds import OwnKind
from prm_tui.domain.mapping import SheetPlan

WORDS = ("period", "month", "quarter", "commission period", "statement period", "earning period", "commission month",
         "statement month", "earned in")  # fmt: skip
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"(?P<year>\d{4})[ ./-]?(?P<quarter>q[1-4])",
        r"(?P<quarter>q[1-4])[ ./-]?(?P<year>\d{4})",
        r"(?P<year>\d{4})[./-](?P<month>\d{1,2})",
        r"(?P<month>\d{1,2})[./-](?P<year>\d{4})",
        r"(?P<name>[^\W\d_]{3,12})\.?[ ./-]*(?P<year>\d{4})",
        r"(?P<year>\d{4})[ ./-]*(?P<name>[^\W\d_]{3,12})",
    )
)


def last_day(text: str) -> str | None:
    """The last day of a month or a quarter, as ISO text: of 2026-03, 3/2026, March 2026, Q1 2026. None for what is neither."""
    said = " ".join(text.casefold().split())
    for shape in _SHAPES:
        if match := shape.fullmatch(said):
            found = match.groupdict()
            month = int(found["quarter"][1]) * 3 if found.get("quarter") else MONTHS.get(found.get("name") or "")
            month, year = month or int(found.get("month") or 0), int(found["year"])
            if 1 <= month <= 12 and year > 0:
                return f"{year:04}-{month:02}-{monthrange(year, month)[1]:02}"
    return None


def dated(staging: sqlite3.Connection, plan: SheetPlan) -> SheetPlan:
    """A sheet of money with its rows dated by their period, where that is all it says of when and every cell is a period."""
    on = plan.column("occurred_on")
    if not OwnKind(plan.what, "").money or plan.ours or (on is not None and on.type != "text"):
        return plan
    column = on or next(
        (c for c in plan.columns if c.target == "data" and c.type == "text" and aliases.words(c.header) in WORDS), None
    )
    if column is None:
        return plan
    name = f"c{column.pos}"
    texts = [t for (t,) in staging.execute(f"SELECT DISTINCT {name} FROM {plan.table} WHERE typeof({name}) = 'text'")]
    if not texts or not all(last_day(text) or _DAY.match(text) for text in texts):
        return plan
    reread(staging, plan.table, name, lambda text: last_day(text) or text)
    why = "the last day of each period"
    return replace(
        plan,
        columns=tuple(
            replace(c, type="date", target="occurred_on", kept_as="", why=why) if c.pos == column.pos else c
            for c in plan.columns
        ),
    )
