"""Strict reading: what facts still to arrive could turn is unknown, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prm_tui.domain.condition import Catalogue, check
from prm_tui.domain.condition import tree as t
from prm_tui.domain.condition.arriving import Effect, on_test
from prm_tui.domain.coverage import Covered
from prm_tui.services.packs import install_core
from storage import Store
from storage.catalogue import catalogue
from storage.conditions import compiled
from storage.days import Days
from storage.turning import states
from tests.storage.test_conditions import CONDITIONS, DAY, DAYS, Company, Fact, put
from tests.storage.test_turning import OP, N

KINDS = ("order", "lead", "call", "delivery")
MADE = st.builds(
    Fact,
    st.sampled_from(KINDS),
    DAYS,
    st.integers(1, 50).map(lambda n: n * 2500),
    st.fixed_dictionaries({}, optional={"on_time": st.booleans()}),
)
OTHERS = st.one_of(
    CONDITIONS,
    st.builds("count(order, {}) between {} and 3".format, N, st.integers(0, 3)),
    st.builds("held(2, month, count(order, month) {} 1 or silent(call, {}))".format, OP, N),
    st.builds("not held(2, month, count(order, month) {} 1)".format, OP),
    st.builds("2 * count(order, {}) - count(call, {}) {} 1".format, N, N, OP),
    st.builds("-count(order, {}) {} -2".format, N, OP),
    st.builds("count(order where days_since(call) > {}, 60) {} 1".format, N, OP),
    st.builds("max(order.amount, {}) {} 2".format, N, OP),
    st.builds("days_since(last(order)) {} {}".format, OP, N),
    st.builds("(count(order, last_month) {} 1)".format, OP),
    st.builds("not (silent(any, {}) or count(commercial, 30) {} 2)".format, N, OP),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Catalogue]]:
    with Store.open(tmp_path_factory.mktemp("coverage") / "c.db", create=True) as store:
        install_core(store)
        yield store, catalogue(store.conn)


def _verdicts(store: Store, known: Catalogue, text: str, ids: list[int], covered: Covered | None) -> list[int | None]:
    where = compiled(check(text, known), DAY, covered=covered)
    return [
        v
        for (v,) in store.conn.execute(
            f"SELECT {where.sql} FROM partners p WHERE p.id IN (SELECT value FROM json_each(:only)) ORDER BY p.id",
            {**where.params, "only": json.dumps(ids)},
        )
    ]


SMALL = st.one_of(
    st.builds("count(order, {}) {} {}".format, N, OP, st.integers(0, 3)),
    st.builds("sum(order.amount, {}) {} {}".format, N, OP, st.integers(0, 3)),
    st.builds("days_since(order) {} {}".format, OP, N),
    st.builds("silent(order, {})".format, N),
    st.builds("last(order) {} {}".format, OP, DAYS.map(date.isoformat)),
    st.builds("max(order.amount, 90) {} 2".format, OP),
    st.builds("min(order.amount, 90) {} 1".format, OP),
    st.builds("avg(order.amount, 90) {} 1".format, OP),
    st.builds("count(order where amount > 1, 90) {} 1".format, OP),
    st.builds("held(2, month, count(order, month) {} 1)".format, OP),
    st.sampled_from(["never(order)", "has(order)", "last(order) is known", "last(order) is not known"]),
)


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 12)), max_size=3),
    st.lists(st.tuples(st.integers(1, 90), st.integers(1, 12)), min_size=1, max_size=3),
    st.none() | DAYS,
    st.lists(st.one_of(SMALL, SMALL.map("not {}".format), OTHERS), min_size=1, max_size=8),
    st.integers(0, 90),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([], [(5, 1)], DAY, ["silent(order, 0)"], 10)  # what arrives may be older than the day of joining
def test_what_is_known_stands_whatever_still_arrives(
    file: tuple[Store, Catalogue],
    facts: list[tuple[int, int]],
    more: list[tuple[int, int]],
    joined: date | None,
    conditions: list[str],
    behind: int,
) -> None:
    """A partner as recorded, and the same with orders and calls that arrive later, dated after what was covered."""
    store, known = file
    end = DAY - timedelta(days=behind)
    covered = Covered(dict.fromkeys(known.activities, end), 0)
    told = [Fact("order", end - timedelta(days=n), amount * 2500) for n, amount in facts]
    late = [
        Fact(kind, end + timedelta(days=n), amount * 2500)
        for n, amount in more
        for kind in ("order", "call", "delivery")
    ]
    ids = put(store, [Company("Gold", joined, told), Company("Gold", joined, [*told, *late])])
    for text in conditions:
        strict, _ = _verdicts(store, known, text, ids, covered)
        recorded, arrived = _verdicts(store, known, text, ids, None)
        assert strict in (None, recorded), text
        if strict is not None:
            assert strict == arrived, f"{text}: {told} then {late}"


@given(st.lists(MADE, max_size=5), st.lists(OTHERS, min_size=1, max_size=3), st.integers(0, 60), st.integers(0, 40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_days_are_read_as_strictly_as_one(
    file: tuple[Store, Catalogue], facts: list[Fact], conditions: list[str], behind: int, tolerance: int
) -> None:
    store, known = file
    (partner,) = put(store, [Company("Gold", None, facts)])
    to = {
        "order": DAY - timedelta(days=behind),
        "call": DAY,
        "delivery": DAY - timedelta(days=20),
    }  # no lead is tracked
    covered = Covered(to, tolerance)
    listed = tuple(DAY - timedelta(days=n) for n in range(70, -1, -1))
    for text in conditions:
        checked = check(text, known)
        states(store.conn, checked, Days(listed, many=True, covered=lambda _: covered), "state")
        rows = dict(store.conn.execute("SELECT n, v FROM temp.state WHERE who = ?", (partner,)).fetchall())
        value = None
        for n, day in enumerate(listed):
            where = compiled(checked, day, covered=covered)
            (one,) = store.conn.execute(
                f"SELECT {where.sql} FROM partners p WHERE p.id = {partner}", where.params
            ).fetchone()
            value = rows.get(n, value)
            assert (value if rows else one if one != 1 else "met") == one, f"{text} on {day}"


@pytest.mark.parametrize(
    ("text", "raises", "lowers"),
    [
        ("count(order, 90) >= 3", True, False), ("count(order, 90) < 3", False, True), ("3 > count(order, 90)", False, True),
        ("days_since(order) > 90", False, True), ("days_since(order) <= 90", True, False),
        ("silent(order, 90)", False, True), ("never(order)", False, True), ("has(order)", True, False),
        ("sum(order.amount, 90) < 60% * sum(target.amount, quarter)", False, True),
        ("avg(order.amount, 90) > 1", True, True), ("last(order) is known", True, False),
        ("last(order) is not known", False, True), ("count(order, 90) = 3", True, True),
        ("share(order where amount > 1, 90) > 50%", True, True), ("change(count(order, 90)) < -20%", True, True),
        ("0 - count(order, 90) >= -3", False, True),
    ],
)  # fmt: skip
def test_which_way_a_test_can_still_turn(file: tuple[Store, Catalogue], text: str, raises: bool, lowers: bool) -> None:
    checked = check(text, file[1])
    (effect,) = on_test(checked.node, checked.scope)
    assert isinstance(effect, Effect) and isinstance(effect.call, t.Call)
    assert (effect.kinds, effect.raises, effect.lowers) == (("order",), raises, lowers)


@pytest.mark.parametrize(
    "text", ["tier = 'Gold'", "joined_on < 2026-01-01", "first(order) > 2026-01-01", "has(agreement)"]
)
def test_what_no_activity_can_turn(file: tuple[Store, Catalogue], text: str) -> None:
    checked = check(text, file[1])
    assert on_test(checked.node, checked.scope) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("silent(order, 30) and silent(call, 30)", 1),  # calls are not tracked: that part drops out
        ("silent(order, 30) and count(call, 30) = 0 and never(visit)", 1),
        ("silent(order, 30) and not has(visit)", 1),
        ("silent(order, 30) or silent(call, 30)", 1),
        ("count(order, 30) > 0 or silent(call, 30)", 0),
        ("count(order, 30) > 0 or (silent(call, 30) and never(visit))", 0),
        ("silent(call, 30)", None),
        ("not silent(call, 30)", None),
        ("silent(order, 30) and count(call, 30) >= 1", None),  # asks for something to have happened: unknown
        ("silent(order, 30) and days_since(call) > 30", 1),
        ("held(2, month, never(call)) and silent(order, 30)", 1),
        ("silent(contact, 30) and silent(order, 30)", 1),
        ("silent(commercial, 30)", 1),  # of the commercial kinds, orders are tracked
    ],
)
def test_a_signal_without_feed_drops_out(file: tuple[Store, Catalogue], text: str, expected: int | None) -> None:
    store, known = file
    ids = put(store, [Company(None, date(2025, 1, 1), [Fact("order", DAY - timedelta(days=60), 1)])])
    assert _verdicts(store, known, text, ids, Covered({"order": DAY})) == [expected]


def test_a_feed_may_lie_behind_by_the_tolerance(file: tuple[Store, Catalogue]) -> None:
    store, known = file
    ids = put(store, [Company(None, None, [Fact("order", DAY - timedelta(days=60), 1)])])
    for behind, expected in ((35, 1), (36, None)):
        covered = Covered({"order": DAY - timedelta(days=behind)})
        assert _verdicts(store, known, "silent(order, 30)", ids, covered) == [expected]
    covered = Covered({"order": date(2026, 2, 28)}, 0)  # all of February is covered
    assert _verdicts(store, known, "count(order, last_month) = 0", ids, covered) == [1]
    assert _verdicts(store, known, "count(order, month) = 0", ids, covered) == [None]
