"""Insights over time: how long partners stay, how cohorts fare, how recent, frequent and valuable partners are."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from itertools import combinations

from prm_tui.domain.errors import UsageError
from prm_tui.domain.insights import Behind, Cohort, Cohorts, Rfm, RfmGrid, Survival
from prm_tui.domain.money import from_units
from prm_tui.domain.survival import Curve, by_group, kaplan_meier, log_rank
from prm_tui.services.insights import picture
from storage import Store, insights_time
from storage import insights as stored

SINCE = ("first", "joined")
COMPARED = 6
"""Of how many groups each is compared with each: those with the most partners."""


def survival(store: Store, as_of: date, *, by: str = "type", since: str = "first") -> Survival:
    """Survival of partners since they were first active, or joined, by a field; and the time to the first activity.

    UsageError for a field or beginning that there is none of.
    """
    field(by)
    if since not in SINCE:
        raise UsageError(f"since: one of {', '.join(SINCE)}, not “{since}”")
    with picture(store, as_of) as now:
        rows = insights_time.survival(now.conn, by, since, as_of, now.reach.to)
        first = insights_time.until_first(now.conn, by, as_of, now.reach.to)
        before, nobody = insights_time.no_beginning(now.conn)
        left_out = {status: n for status, n in now.left_out.items() if status != "Deactivated"}
    times = by_group((group, days, event, n) for group, _, days, event, n in rows)
    groups = {group: kaplan_meier(own) for group, own in times.items()}
    largest = sorted(groups, key=lambda group: -groups[group].partners)[:COMPARED]
    tests = (log_rank(a, times[a], b, times[b]) for a, b in combinations(sorted(largest), 2))
    firsts = by_group((group, days, event, n) for group, _, days, event, n in first)
    return Survival(
        as_of, since, by, _curve(rows), _curve(rows, known=True), tuple(sorted(groups.items())),
        tuple(test for test in tests if test is not None), _curve(first), _curve(first, known=True),
        tuple((group, kaplan_meier(own)) for group, own in sorted(firsts.items())), before, nobody, left_out,
    )  # fmt: skip


def at_risk(store: Store, as_of: date, days: float, *, first: bool = False) -> tuple[int, ...]:
    """The partners a curve still counts after so many days: of those who stay, or (`first`) of those not active yet."""
    with picture(store, as_of) as now:
        return insights_time.at_risk(now.conn, days, as_of, now.reach.to, first=first)


def _curve(rows: insights_time.Times, *, known: bool = False) -> Curve:
    return kaplan_meier((days, bool(event), n) for _, state, days, event, n in rows if not known or state != "unknown")


def field(name: str) -> str:
    """A field by which numbers are split. UsageError when there is none."""
    if name not in stored.FIELDS:
        raise UsageError(f"by: one of {', '.join(stored.FIELDS)}, not “{name}”")
    return name


def cohorts(store: Store, as_of: date) -> Cohorts:
    """Partners by the quarter in which they joined (or were first active, where nobody knows), and the share of them that
    was active in every quarter since.
    """
    with picture(store, as_of) as now:
        rows = insights_time.cohorts(now.conn, now.kinds, as_of)
        joined, nobody, ids = insights_time.cohort_facts(now.conn)
        reach, gaps = min(now.reach.to, as_of), now.reach.gaps
    found: dict[int, dict[int | None, tuple[int, int, int]]] = defaultdict(dict)
    for start, since, *three in rows:
        found[start][since] = (three[0], three[1], three[2])
    last = _quarter(as_of)
    untold = {
        q for before, after in gaps for q in range(_quarter(before), last) if before <= _end(q - 1) and _end(q) < after
    }
    made = tuple(
        Cohort(
            said(start), cells[None], tuple(cells.get(n, (0, 0, 0)) for n in range(last - start + 1)), Behind(ids=ids[start]),
            tuple(sorted(q - start for q in untold if q >= start)),
        )
        for start, cells in sorted(found.items())
    )  # fmt: skip
    by = "the quarter of joining" if joined else (
        "the quarter of the first activity, since nobody says when they joined: the first ones hold all who were there before"
    )  # fmt: skip
    return Cohorts(as_of, made, by, said(last) if _end(last) > reach else None, nobody)


def _quarter(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def _end(quarter: int) -> date:
    year, n = divmod(quarter + 1, 4)
    return date.fromordinal(date(year, n * 3 + 1, 1).toordinal() - 1)


def said(quarter: int) -> str:
    """A quarter in words: 2013 Q4."""
    return f"{quarter // 4} Q{quarter % 4 + 1}"


def rfm(store: Store, as_of: date) -> RfmGrid:
    """Ranks of how recently a partner was active, how often in 12 months, and how much that brought, inside each type."""
    with picture(store, as_of) as now:
        money = stored.year(now.conn, as_of)
        without = insights_time.ranks(now.conn, now.kinds, as_of)
        cells = [
            Rfm(
                type_,
                parts,
                r,
                f,
                m,
                n,
                None if units is None else from_units(units),
                Behind(ids=tuple(json.loads(ids))),
            )
            for type_, parts, r, f, m, n, units, ids in insights_time.cells(now.conn)
        ]
    return RfmGrid(as_of, tuple(cells), sum(cell.partners for cell in cells), without, " and ".join(money))
