"""Backtests: what a trigger would have found over a span of days, before anything acts on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NotRequired, TypedDict, Unpack
from zoneinfo import ZoneInfo

from prm_tui.domain import backtest as domain
from prm_tui.domain.backtest import MODES, STEPS, Backtest, Neighbour, Outcome, Rhythm
from prm_tui.domain.condition import Checked, check, show
from prm_tui.domain.condition.arriving import signals
from prm_tui.domain.condition.windows import back, start_of
from prm_tui.domain.coverage import STRICT
from prm_tui.domain.errors import UsageError
from prm_tui.domain.trigger import Trigger
from storage import Store, strict
from storage import backtest as stored
from storage import coverage as stored_coverage
from storage.catalogue import catalogue
from storage.conditions import Place
from storage.days import Days
from storage.replay import Replay, whole

if TYPE_CHECKING:
    import sqlite3


class Asked(TypedDict):
    """What is asked of a backtest beside its span."""

    outcome: NotRequired[str | None]
    window: NotRequired[int | None]
    mode: NotRequired[str]
    step: NotRequired[str]
    as_of: date


def backtest(
    store: Store,
    condition: str,
    first: date,
    last: date,
    *,
    again_after: int = 0,
    coverage: str = STRICT,
    **asked: Unpack[Asked],
) -> Backtest:
    """As `of_trigger`, of a condition about partners that becomes true.

    `again_after`: so many days the condition must have been untrue before the same partner matches again. `coverage`
    is strict, as triggers read it, or as recorded.
    """
    return of_trigger(store, domain.on_condition(condition, again_after, coverage), first, last, **asked)


def of_trigger(store: Store, trigger: Trigger, first: date, last: date, **asked: Unpack[Asked]) -> Backtest:
    """Go through each day of a span as a trigger would have, and judge its matches by what followed.

    `outcome` is a condition evaluated for the partner `window` days after a match (else the largest window it names).
    `mode` "known" counts only what was known on each day, and begins with the first import.

    ConditionError for a condition that means nothing here; UsageError for a span or mode that cannot be, and for a
    trigger that has no past to go through.
    """
    outcome, mode, step, as_of = (
        asked.get("outcome"),
        asked.get("mode", "true"),
        asked.get("step", "day"),
        asked["as_of"],
    )
    refuse(trigger)
    if mode not in MODES or step not in STEPS:
        raise UsageError(f"mode is one of {', '.join(MODES)}, step one of {', '.join(STEPS)}")
    if last > as_of:
        raise UsageError(f"the span ends on {last}, after the date of evaluation, {as_of}")
    listed = domain.days_listed(first, last, step)
    with store.reading() as conn:
        known = catalogue(conn)
        checked = whole(trigger, known)
        later = None if outcome is None else check(outcome, known)
        moment = _moment(store)
        days = Days(listed, many=True, histories=stored.histories(conn))
        if mode == "known":
            _begun(store, conn, moment(first))
            days.known = moment
        told = stored_coverage.covered(conn, checked, as_of)
        if trigger.coverage == STRICT:
            days.covered = (
                (lambda _: told) if days.known is None else stored_coverage.covered_then(conn, checked, days.known)
            )
        Replay(conn, trigger, known, days, moment).find()
        found = stored.found(conn, days)
        judged = None
        if later is not None:
            judged = _judged(conn, trigger, later, asked.get("window"), (first, last), as_of)
        made = Backtest(
            domain.told(trigger), first, last, step, mode, found.hits, found.subjects, found.partners,
            stored.periods(found.by_day, first, last, lambda day: start_of("week", day)),
            stored.periods(found.by_day, first, last, lambda day: start_of("month", day)),
            found.repeaters, stored.listed(conn), found.todays,
            strict.left_out(checked.node, Place(checked.scope, days)) if trigger.coverage == STRICT else (),
            min(told.to.values(), default=None), judged, found.late,
        )  # fmt: skip
        stored.forget(conn)
        return made


def refuse(trigger: Trigger) -> None:
    """UsageError with the reason for a trigger that has no past to go through."""
    why = domain.refusal(trigger)
    if why:
        instead = f"Rehearse it instead: D on its page, or prm triggers rehearse {trigger.name}"
        raise UsageError(f"{trigger.name} cannot be tried on the past: {why}. {instead}")


def _moment(store: Store) -> Callable[[date], int]:
    """The last instant of a day where the file is."""
    zone = ZoneInfo(store.zone)
    return lambda day: int(datetime.combine(day + timedelta(days=1), time(), zone).timestamp()) - 1


def _begun(store: Store, conn: sqlite3.Connection, moment: int) -> None:
    """UsageError when nothing had been imported by then."""
    began = stored.first_learned(conn)
    if began is None or moment < began:
        day = (
            "nothing was imported yet" if began is None else datetime.fromtimestamp(began, ZoneInfo(store.zone)).date()
        )
        raise UsageError(f"what was known then: the file knows that from its first import on ({day}); use mode true")


def _judged(
    conn: sqlite3.Connection, trigger: Trigger, later: Checked, window: int | None, span: tuple[date, date], as_of: date
) -> Outcome:
    days, (first, last) = window or domain.window_of(later.node), span
    known_to = stored.known_to(conn, signals(later.node, later.scope), as_of)
    before = first - timedelta(days=1)
    end = max(min(last + timedelta(days=days), known_to), before)
    listed = tuple(before + timedelta(days=n) for n in range((end - before).days + 1))
    made = Days(listed, many=True, histories=stored.histories(conn))
    return stored.judge(
        conn, later, show(later.node), made, days, span, known_to, foretells=domain.foretells(trigger)
    )  # fmt: skip


def neighbours(
    store: Store,
    condition: str,
    first: date,
    last: date,
    *,
    again_after: int = 0,
    coverage: str = STRICT,
    values: tuple[Decimal, ...] = (),
    **asked: Unpack[Asked],
) -> list[Neighbour]:
    """As `beside`, of a condition about partners that becomes true."""
    trigger = domain.on_condition(condition, again_after, coverage)
    return beside(store, trigger, first, last, values=values, **asked)


def beside(
    store: Store, trigger: Trigger, first: date, last: date, *, values: tuple[Decimal, ...] = (), **asked: Unpack[Asked]
) -> list[Neighbour]:
    """The backtests of a trigger with the first limit of its condition moved, side by side; none where it has none, or
    waits for something else than a condition about partners.
    """
    if not domain.limited(trigger):
        return []
    assert trigger.when is not None
    with store.reading() as conn:
        node = check(trigger.when, catalogue(conn)).node
    return [
        Neighbour(limit, own, of_trigger(store, replace(trigger, when=show(tried)), first, last, **asked))
        for limit, own, tried in domain.neighbours(node, values)
    ]


def rhythm(store: Store, condition: str, last: date) -> Rhythm | None:
    """How often partners do what a condition speaks of, over the two years to a date; None where it speaks of nothing
    that happens.
    """
    with store.reading() as conn:
        checked = check(condition, catalogue(conn))
        kinds = signals(checked.node, checked.scope)
        return stored.rhythm(conn, kinds, back(last, 730), last) if kinds else None


def rhythm_of(store: Store, trigger: Trigger, last: date) -> Rhythm | None:
    """As `rhythm`; None of a trigger that waits for something else than a condition about partners."""
    return rhythm(store, trigger.when, last) if domain.limited(trigger) and trigger.when else None


def signal(store: Store, trigger: Trigger) -> str | None:
    """The first kind of activity a trigger speaks of, by which one may judge what followed; None where there is none."""
    if trigger.about.table == "activity":
        return trigger.about.kind
    with store.reading() as conn:
        checked = whole(trigger, catalogue(conn))
    return next(iter(signals(checked.node, checked.scope)), None)
