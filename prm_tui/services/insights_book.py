"""The numbers of Insights as a workbook that computes them itself, down to a row for every partner.

Each part is a page of formulas; the pages after them hold the rows that are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from importers import book
from importers.counted import Rows
from importers.export import MOST_ROWS
from importers.table import letter
from prm_tui.domain.book import Cell, Live, Page
from prm_tui.domain.errors import UsageError
from prm_tui.domain.inactivity import STATES
from prm_tui.domain.insights import Cohorts, RfmGrid
from prm_tui.domain.insights_rules import Rules
from prm_tui.domain.money import from_units
from prm_tui.services import insights, insights_pages, insights_time, insights_why, insights_work
from storage import Store
from storage import insights_book as stored
from storage import insights_why as stored_why
from storage.insights import FIELDS

_AMOUNT, _CHANCE = stored.PARTNERS.index("Amount of 12 months"), stored.PARTNERS.index("Chance of return")
_DAYS = tuple(stored.PARTNERS.index(name) for name in ("First active", "Last active"))
_STATE, _COHORT, _REASON = (stored.PARTNERS.index(name) for name in ("State", "Cohort", "Reason"))


def write(store: Store, as_of: date, out: Path, part: str | None = None) -> list[str]:
    """Write every part, or one; what is to be said of that. InputError where it cannot be written.

    What would be counted from more rows than a page holds stands as values.
    """
    with store.reading():
        made = _Book(store, as_of)
        pages: list[Page] = []
        notes: list[str] = []
        for name, one in made.parts().items():
            if part not in (None, name):
                continue
            before = len(made.used)
            try:
                mine = one()
            except UsageError as nothing:  # a part that has nothing to say does not stop the others
                if part is not None:
                    raise
                notes.append(f"{name} is left out: {nothing}")
                continue
            long = [rows for rows in made.used[before:] if len(rows.rows) > MOST_ROWS]
            if long:
                mine = [page.still for page in mine]
                made.used = [rows for rows in made.used if rows not in long]
                notes.append(
                    f"{name} holds values, not formulas: {len(long[0].rows):,} rows are more than a page holds"
                )
            pages += mine
        return notes + book.write(out, [*pages, *(rows.page() for rows in made.used)]).notes


class _Book:
    """The parts of a book, and the pages of rows that those asked for need."""

    def __init__(self, store: Store, as_of: date) -> None:
        self.store, self.as_of = store, as_of
        self.used: list[Rows] = []

    def parts(self) -> dict[str, Callable[[], list[Page]]]:
        """Part → its pages, each when it is asked for."""
        store, as_of, pages = self.store, self.as_of, insights_pages
        return {
            "states": lambda: pages.states(self.first.states, self.partners),
            "survival": lambda: pages.survival(insights_time.survival(store, as_of), self.partners),
            "cohorts": lambda: pages.cohorts(self.cohorts, self.partners, self.quarters),
            "rfm": lambda: pages.rfm(self.rfm, self.partners),
            "rules": lambda: pages.rules(self.rules[0], self.rules[1], self.rules[2]),
            "reasons": lambda: pages.reasons(insights_why.reasons(store, as_of), self.partners, self.lost),
            "expectation": lambda: pages.expectation(self.first.expectation, self.partners),
            "operations": lambda: pages.operations(insights_work.operations(store, as_of), self.tasks),
            "pillars": lambda: pages.pillars(insights_work.pillars(store, as_of)),
        }

    def _rows(self, name: str, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Rows:
        made = Rows(name, tuple(head), rows)
        self.used.append(made)
        return made

    @cached_property
    def first(self) -> insights.FirstPage:
        """What is seen first."""
        return insights.first_page(self.store, self.as_of)

    @cached_property
    def cohorts(self) -> Cohorts:
        """The cohorts."""
        return insights_time.cohorts(self.store, self.as_of)

    @cached_property
    def rfm(self) -> RfmGrid:
        """The ranks."""
        return insights_time.rfm(self.store, self.as_of)

    @cached_property
    def partners(self) -> Rows:
        """A row a partner, with all that is counted of it."""
        conn, reach = self.store.conn, self.first.states.reach.to
        assert self.cohorts and self.rfm and insights_why.reasons(self.store, self.as_of)  # their TEMP tables are read
        custom = {key: sql for key, sql in stored_why.fields(conn).items() if key not in FIELDS}
        found = stored.partners(conn, self.as_of, reach, custom)
        head = (*stored.PARTNERS, *(f"{key} " if key in stored.PARTNERS else key for key in custom), "To be expected")
        return self._rows("Partners", head, [_partner(row, n) for n, row in enumerate(found, 2)])

    @cached_property
    def quarters(self) -> Rows:
        """A row for every quarter in which a partner was active."""
        rows = stored.quarters(self.store.conn, self.kinds, self.as_of) if self.cohorts else []
        return self._rows(
            "Quarters", ("Code", "Cohort", "Quarters since"), [(code, insights_time.said(start), n) for code, start, n in rows]
        )  # fmt: skip

    @property
    def kinds(self) -> tuple[str, ...]:
        """What counts as active."""
        with insights.picture(self.store, self.as_of) as now:
            return now.kinds

    @cached_property
    def rules(self) -> tuple[Rules, Rows, Rows]:
        """Both rules, every case, and the silences that there were to find."""
        conn = self.store.conn
        found = insights.rules(self.store, self.as_of, keep=True)
        head = (
            "Code",
            "On",
            "Days silent",
            "Days between",
            "p",
            "Policy",
            "Rhythm",
            "Policy: new",
            "Rhythm: new",
            "Came",
        )
        looks = self._rows(
            "Looks", head, [(row[0], _date(row[1]), *row[2:]) for row in stored.looks(conn, found.first)]
        )
        losses = self._rows(
            "Silences", ("Code", "Last active", "Policy: days", "Rhythm: days"),
            [(row[0], _date(row[1]), *row[2:]) for row in stored.losses(conn)],
        )  # fmt: skip
        return found, looks, losses

    @cached_property
    def lost(self) -> Rows:
        """Lost deals, and reasons said."""
        rows = stored.lost(self.store.conn, self.as_of)
        return self._rows(
            "Losses",
            ("Code", "On", "Quarter", "Competitor", "What"),
            [(row[0], _date(row[1]), *row[2:]) for row in rows],
        )

    @cached_property
    def tasks(self) -> Rows:
        """Tasks done or due in the last half-year."""
        found = insights_work.operations(self.store, self.as_of)
        rows = stored.tasks(self.store.conn, (found.before[0], found.span[1]))
        return self._rows(
            "Tasks", ("Queue", "Kind", "Title", "Due", "Done", "Hours", "State", "Done in"),
            [(*row[:3], _date(row[3]), _date(row[4]), *row[5:], _span(row, found)) for row in rows],
        )  # fmt: skip


def _partner(row: tuple[Any, ...], n: int) -> list[Cell]:
    """A row of the page of partners, which stands in line `n`."""
    made: list[Cell] = list(row)
    made[_STATE] = STATES[row[_STATE]].label
    for at in _DAYS:
        made[at] = _date(row[at])
    amount, chance = row[_AMOUNT], row[_CHANCE]
    made[_AMOUNT] = None if amount is None else from_units(amount)
    made[_COHORT] = None if row[_COHORT] is None else insights_time.said(row[_COHORT])
    made[_REASON] = None if row[_REASON] is None else stored_why.label(row[_REASON])
    known = amount is not None and chance is not None
    cells = f"{letter(_AMOUNT)}{n}*{letter(_CHANCE)}{n}"
    return [*made, Live(f"={cells}", float(amount) / 10_000 * chance, "money") if known else None]


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _span(row: tuple[Any, ...], found: Any) -> str | None:
    if row[5] is None or row[4] is None:
        return None
    done = date.fromisoformat(row[4])
    return next(
        (said for said, (first, last) in (("now", found.span), ("before", found.before)) if first <= done <= last), None
    )
