"""What a trigger would have found last year, and whether it was right: on three years of real orders."""

from __future__ import annotations

import bisect
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from prm_tui.domain.condition import ConditionError
from prm_tui.domain.errors import UsageError
from prm_tui.services import backtest
from prm_tui.services.packs import install_core
from storage import Store

FIRST, LAST = date(2012, 11, 29), date(2013, 11, 29)
QUIET = "count(order, 180) = 0"


@pytest.mark.parametrize(
    ("days", "hits", "subjects", "judged", "right"), [(90, 1011, 549, 542, 84), (100, 166, 157, 112, 81)]
)
def test_the_year_to_29_november_2013(
    demo_file: Path, days: int, hits: int, subjects: int, judged: int, right: int
) -> None:
    with Store.open(demo_file) as store:
        found = backtest.backtest(store, f"days_since(order) > {days}", FIRST, LAST, outcome=QUIET, as_of=LAST)
    assert (found.hits, found.subjects, found.partners) == (hits, subjects, 701)
    assert found.outcome is not None
    assert (found.outcome.judged, found.outcome.right, found.outcome.window) == (judged, right, 180)
    assert found.outcome.not_yet_known == hits - judged
    assert found.outcome.recall == 1  # nobody is quiet for 180 days without having been so for 100
    assert found.outcome.lead == 180 - days
    assert sum(p.hits for p in found.by_week) == sum(p.hits for p in found.by_month) == found.messages == hits
    assert found.by_week[0].first == date(2012, 11, 26)  # a Monday
    assert found.todays == ()


def test_a_weekly_sample_hides_short_matches(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        weekly = backtest.backtest(store, "days_since(order) > 90", FIRST, LAST, step="week", as_of=LAST)
    assert weekly.hits == 338


def test_limits_side_by_side_and_the_rhythm_that_explains_them(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        found = backtest.neighbours(store, "days_since(order) > 90", FIRST, LAST, outcome=QUIET, as_of=LAST)
        rhythm = backtest.rhythm(store, "days_since(order) > 90", LAST)
    assert [n.limit for n in found] == ["60", "75", "90", "100", "110", "120", "150"]
    assert [n.limit for n in found if n.own] == ["90"]
    assert {n.limit: n.backtest.hits for n in found}["100"] == 166
    assert found[3].backtest.text == "days_since(order) > 100"
    assert rhythm is not None and rhythm.median == 92


@pytest.mark.parametrize(
    ("condition", "limits"),
    [
        ("silent(order, 180)", ["120", "150", "180", "200", "250", "300"]),
        ("count(order, 30) = 0", ["20", "25", "30", "35", "40", "45", "50"]),
        ("count(order, 90) >= 3", ["2", "3", "4", "5"]),
        ("share(delivery where on_time, 90) < 95%", ["60%", "75%", "90%", "95%", "100%"]),
        ("10_000 > sum(order.amount, 365)", ["7500", "9000", "10000", "11000", "12000", "15000"]),
        ("never(order)", []),
    ],
)
def test_the_first_limit_is_what_is_moved(store: Store, condition: str, limits: list[str]) -> None:
    install_core(store)
    found = backtest.neighbours(store, condition, date(2026, 1, 1), date(2026, 1, 2), as_of=date(2026, 1, 2))
    assert [n.limit for n in found] == limits


def test_the_outcome_agrees_with_a_plain_count(demo_file: Path) -> None:
    """Matches, right ones, foreseen stretches and lead, each counted order by order."""
    with Store.open(demo_file) as store:
        orders: dict[int, list[int]] = {}
        for partner, day in store.conn.execute(
            "SELECT partner_id, occurred_on FROM activities WHERE kind = 'order' ORDER BY 1, 2"
        ):
            orders.setdefault(partner, []).append(date.fromisoformat(day).toordinal())
        found = backtest.backtest(
            store, "days_since(order) > 90", FIRST, LAST, outcome="count(order, 120) >= 1", as_of=LAST
        )
    first, last = FIRST.toordinal(), LAST.toordinal()

    def begins(test: dict[int, list[bool]]) -> set[tuple[int, int]]:
        return {(p, first + n - 1) for p, s in test.items() for n in range(1, len(s)) if s[n] and not s[n - 1]}

    def many(days: list[int], day: int, window: int) -> int:
        return bisect.bisect_right(days, day) - bisect.bisect_left(days, day - window)

    span = range(first - 1, last + 1)
    late = {p: [o[0] <= day and many(o, day, 90) == 0 for day in span] for p, o in orders.items()}
    busy = {p: [many(o, day, 120) >= 1 for day in span] for p, o in orders.items()}
    matches, came = begins(late), begins(busy)
    judged = {(p, d) for p, d in matches if d + 120 <= last}
    right = {(p, d) for p, d in judged if many(orders[p], d + 120, 120) >= 1}
    stretches = {(p, d) for p, d in came if d >= first + 120}
    foreseen = {(p, d) for p, d in stretches if any((p, e) in matches for e in range(d - 120, d + 1))}
    assert found.outcome is not None
    assert (found.hits, found.outcome.judged, found.outcome.right) == (len(matches), len(judged), len(right))
    assert right and foreseen and len(foreseen) < len(stretches)
    assert (found.outcome.stretches, found.outcome.foreseen) == (len(stretches), len(foreseen))
    began = {(p, d): [e for q, e in came if q == p and e <= d + 120] for p, d in right}
    leads = sorted(max(days) - d for (_, d), days in began.items() if days)
    assert found.outcome.lead == (leads[(len(leads) - 1) // 2] + leads[len(leads) // 2]) / 2


DAY = date(2026, 1, 1)


def _log(store: Store, facts: list[tuple[int, int]], kind: str = "order", learned: int = 0) -> None:
    """Activities of partner 1, at so many days from DAY, of so many units."""
    with store.change("facts", actor=None) as change:
        change.conn.execute(
            "INSERT INTO partners(id, code, name, name_key, search, change_id) VALUES (1, 'A', 'Ann', '', '', ?)"
            " ON CONFLICT DO NOTHING",
            (change.id,),
        )
        change.conn.executemany(
            "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, amount, change_id) VALUES (1,?,?,?,?,?)",
            [(kind, (DAY + timedelta(days=n)).isoformat(), learned, amount * 10_000, change.id) for n, amount in facts],
        )


def _days(store: Store, condition: str, **more: int) -> list[int]:
    found = backtest.backtest(
        store,
        condition,
        DAY,
        DAY + timedelta(days=100),
        as_of=DAY + timedelta(days=200),
        again_after=more.get("again", 0),
    )
    return sorted((m.on - DAY).days for m in found.matches)


def test_true_before_the_span_is_no_match_but_becoming_true_on_its_first_day_is(store: Store) -> None:
    install_core(store)
    _log(store, [(-11, 1)])
    assert _days(store, "days_since(order) > 10") == [0]
    assert _days(store, "days_since(order) > 9") == []


def test_unknown_neither_opens_nor_closes(store: Store) -> None:
    install_core(store)
    _log(store, [(10, 9), (20, 1), (40, 9), (60, 9)])
    # known to be above 5 from 10 to 12, below from 20 to 22, above from 40 and again from 60; unknown between
    assert _days(store, "avg(order.amount, 2) > 5") == [10, 40]


def test_a_partner_matches_again_only_after_so_many_days(store: Store) -> None:
    install_core(store)
    _log(store, [(0, 1), (20, 1), (22, 1), (60, 1)])  # in the window from 0 to 5, 20 to 27, 60 to 65
    assert _days(store, "count(order, 5) > 0") == [0, 20, 60]
    assert _days(store, "count(order, 5) > 0", again=14) == [0, 20, 60]
    assert _days(store, "count(order, 5) > 0", again=15) == [0, 60]  # untrue from 6 to 19 only


def test_what_is_known_only_later_matches_later(store: Store) -> None:
    install_core(store)

    def at(day: date) -> int:
        return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())

    _log(store, [(-40, 1)], learned=at(DAY - timedelta(days=5)))
    _log(store, [(10, 1)], learned=at(DAY + timedelta(days=30)))  # the sheet came twenty days late
    with store.change("the first sheet", actor=None) as change:
        change.conn.execute(
            "INSERT INTO sources(file, hash, sheet, what, header_row, rows, read_at, change_id)"
            " VALUES ('a.xlsx', '', 'a', 'activity:order', 1, 1, ?, ?)",
            (at(DAY - timedelta(days=5)), change.id),
        )
    last, as_of = DAY + timedelta(days=60), DAY + timedelta(days=60)
    for mode, days in (("true", [10]), ("known", [30])):
        found = backtest.backtest(store, "days_since(order) <= 25", DAY, last, mode=mode, as_of=as_of)
        assert [(m.on - DAY).days for m in found.matches] == days
    with pytest.raises(UsageError, match=r"first import on \(2025-12-27\)"):
        backtest.backtest(store, "never(order)", DAY - timedelta(days=10), last, mode="known", as_of=as_of)


def test_an_outcome_that_can_never_be_is_wrong_not_lost(store: Store) -> None:
    install_core(store)
    _log(store, [(0, 1)])
    last, as_of = DAY + timedelta(days=60), DAY + timedelta(days=100)
    for outcome, judged in (
        ("count(order, 30) = 0 and territory = 'West'", (0, 1, 0)),
        ("count(order, 30) = 0 and territory is empty", (1, 0, 0)),
        ("count(order, 30) = 0 and joined_on < 2026-01-01", (0, 0, 1)),  # it is not known when it joined
    ):
        found = backtest.backtest(store, "days_since(order) > 40", DAY, last, outcome=outcome, as_of=as_of).outcome
        assert found is not None and (found.right, found.wrong, found.not_yet_known) == judged, outcome
    assert not store.conn.execute("SELECT name FROM temp.sqlite_master").fetchall()


def test_fields_without_a_past_are_named(store: Store) -> None:
    install_core(store)
    _log(store, [])
    found = backtest.backtest(
        store, "country = 'France' and tier is empty and never(order)", DAY, DAY, as_of=DAY, outcome=QUIET
    )
    assert found.todays == ("country", "tier")
    assert found.outcome is not None and found.outcome.precision is None and found.outcome.recall is None


@pytest.mark.parametrize(
    ("first", "last", "more", "said"),
    [
        (DAY, DAY - timedelta(days=1), {}, "before it begins"),
        (DAY, DAY + timedelta(days=1), {}, "after the date of evaluation"),
        (date(1990, 1, 1), DAY, {}, "ten years"),
        (DAY, DAY, {"mode": "guessed"}, "mode is one of"),
        (DAY, DAY, {"outcome": "never(order)"}, "no window of days"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    store: Store, first: date, last: date, more: dict[str, str], said: str
) -> None:
    install_core(store)
    with pytest.raises(UsageError, match=said):
        backtest.backtest(store, "never(order)", first, last, as_of=DAY, **more)  # type: ignore[arg-type]
    with pytest.raises(ConditionError):
        backtest.neighbours(store, "days_since(ordr) > 90", DAY, DAY, as_of=DAY, values=(Decimal(1),))
