"""Backtests: what a condition would have found over a span of days, before anything acts on it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from prm_tui.domain import backtest as domain
from prm_tui.domain.backtest import MODES, STEPS, Backtest, Neighbour, Outcome, Rhythm
from prm_tui.domain.condition import Catalogue, Checked, check, show
from prm_tui.domain.condition.arriving import signals
from prm_tui.domain.condition.tree import Node
from prm_tui.domain.condition.windows import back, start_of
from prm_tui.domain.coverage import STRICT
from prm_tui.domain.errors import UsageError
from storage import Store, strict
from storage import backtest as stored
from storage import coverage as stored_coverage
from storage.catalogue import catalogue
from storage.conditions import Place
from storage.days import Days

if TYPE_CHECKING:
    import sqlite3


def backtest(
    store: Store,
    condition: str | Node,
    first: date,
    last: date,
    *,
    outcome: str | None = None,
    window: int | None = None,
    mode: str = "true",
    step: str = "day",
    again_after: int = 0,
    coverage: str = STRICT,
    as_of: date,
) -> Backtest:
    """Evaluate a condition on each day of a span as a trigger would have, and judge its matches by what followed.

    `outcome` is a condition evaluated `window` days after a match (else the largest window it names). `mode` "known"
    counts only what was known on each day, and begins with the first import. `again_after`: so many days the
    condition must have been untrue before the same partner matches again. `coverage` is strict, as triggers read it,
    or as recorded.

    ConditionError for a condition that means nothing here; UsageError for a span or mode that cannot be.
    """
    if mode not in MODES or step not in STEPS:
        raise UsageError(f"mode is one of {', '.join(MODES)}, step one of {', '.join(STEPS)}")
    if last > as_of:
        raise UsageError(f"the span ends on {last}, after the date of evaluation, {as_of}")
    listed = domain.days_listed(first, last, step)
    with store.reading() as conn:
        known = catalogue(conn)
        checked = check(condition, known)
        later = None if outcome is None else check(outcome, known)
        days = _days(store, conn, listed, mode, first)
        told = stored_coverage.covered(conn, checked, as_of)
        if coverage == STRICT:
            days.covered = (
                (lambda _: told) if days.known is None else stored_coverage.covered_then(conn, checked, days.known)
            )
        found = stored.find(conn, checked, days, step, again_after)
        judged = None if later is None else _judged(conn, later, window, first, last, as_of)
        made = Backtest(
            show(checked.node) if isinstance(condition, Node) else condition, first, last, step, mode,
            found.hits, found.subjects, found.partners,
            stored.periods(found.by_day, first, last, lambda day: start_of("week", day)),
            stored.periods(found.by_day, first, last, lambda day: start_of("month", day)),
            found.repeaters, stored.listed(conn), found.todays,
            strict.left_out(checked.node, Place(checked.scope, days)) if coverage == STRICT else (),
            min(told.to.values(), default=None), judged,
        )  # fmt: skip
        stored.forget(conn)
        return made


def _days(store: Store, conn: sqlite3.Connection, listed: tuple[date, ...], mode: str, first: date) -> Days:
    histories = stored.histories(conn)
    if mode == "true":
        return Days(listed, many=True, histories=histories)
    zone = ZoneInfo(store.zone)

    def known(day: date) -> int:
        return int(datetime.combine(day + timedelta(days=1), time(), zone).timestamp()) - 1

    began = stored.first_learned(conn)
    if began is None or known(first) < began:
        day = "nothing was imported yet" if began is None else datetime.fromtimestamp(began, zone).date()
        raise UsageError(f"what was known then: the file knows that from its first import on ({day}); use mode true")
    return Days(listed, many=True, known=known, histories=histories)


def _judged(
    conn: sqlite3.Connection, later: Checked, window: int | None, first: date, last: date, as_of: date
) -> Outcome:
    days = window or domain.window_of(later.node)
    known_to = stored.known_to(conn, signals(later.node, later.scope), as_of)
    before = first - timedelta(days=1)
    end = max(min(last + timedelta(days=days), known_to), before)
    listed = tuple(before + timedelta(days=n) for n in range((end - before).days + 1))
    made = Days(listed, many=True, histories=stored.histories(conn))
    return stored.judge(conn, later, show(later.node), made, days, (first, last), known_to)


def neighbours(
    store: Store,
    condition: str,
    first: date,
    last: date,
    *,
    outcome: str | None = None,
    window: int | None = None,
    mode: str = "true",
    step: str = "day",
    again_after: int = 0,
    coverage: str = STRICT,
    as_of: date,
    values: tuple[Decimal, ...] = (),
) -> list[Neighbour]:
    """The backtests of a condition with its first limit moved, side by side; none where it has no limit."""
    node = check(condition, _catalogue(store)).node
    return [
        Neighbour(limit, own, backtest(
            store, tried, first, last, outcome=outcome, window=window, mode=mode, step=step, again_after=again_after,
            coverage=coverage, as_of=as_of,
        ))
        for limit, own, tried in domain.neighbours(node, values)
    ]  # fmt: skip


def rhythm(store: Store, condition: str, last: date) -> Rhythm | None:
    """How often partners do what a condition speaks of, over the two years to a date; None where it speaks of nothing
    that happens.
    """
    with store.reading() as conn:
        checked = check(condition, catalogue(conn))
        kinds = signals(checked.node, checked.scope)
        return stored.rhythm(conn, kinds, back(last, 730), last) if kinds else None


def _catalogue(store: Store) -> Catalogue:
    with store.reading() as conn:
        return catalogue(conn)
