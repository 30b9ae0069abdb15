"""A condition asked at its turning days only says what it says when it is asked on each day."""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prm_tui.domain.condition import Catalogue, check
from prm_tui.services.packs import install_core
from storage import Store
from storage.catalogue import catalogue
from storage.conditions import compiled
from storage.days import Days
from storage.turning import states
from tests.storage.test_conditions import COMPANIES, CONDITIONS, DAY, DAYS, Company, put

FIRST = DAY - timedelta(days=70)
RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["certification", "target", "agreement"]),
        st.none() | DAYS.map(date.isoformat),
        st.none() | DAYS.map(date.isoformat),
        st.sampled_from([None, "Active", "Valid", "Expired"]),
        st.none() | st.integers(0, 9).map(lambda n: n * 10_000),
    ),
    max_size=3,
)
N = st.integers(0, 80)
OP = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
PERIOD = st.sampled_from(["week", "month", "quarter", "year", "last_week", "last_month", "last_quarter", "last_year"])
OTHERS = st.one_of(
    st.builds("sum(order.amount, {}) {} 1".format, PERIOD, OP),
    st.builds("count(any, {}) {} {}".format, PERIOD, OP, st.integers(0, 3)),
    st.builds("change(sum(order.amount, {})) {} -20%".format, PERIOD, OP),
    st.builds("held({}, week, days_since(order) {} {})".format, st.integers(1, 3), OP, N),
    st.builds("held(2, month, sum(order.amount, month) {} 1 or count(call, 5) = 0)".format, OP),
    st.builds("days_since(order) {} 2 * {}".format, OP, N),
    st.builds("days_since(joined_on) {} {}".format, OP, N),
    st.builds("days_until(certification.ends_on) {} {}".format, OP, N),
    st.builds("days_until(certification.ends_on where name = 'x') is {}known".format, st.sampled_from(["", "not "])),
    st.builds("has({} where open)".format, st.sampled_from(["certification", "agreement"])),
    st.builds("sum(target.amount, {}) {} 1".format, PERIOD, OP),
    st.builds("sum(order.amount, quarter) {} 50% * sum(target.amount, quarter)".format, OP),
    st.builds("covered(certification, {}) {} {}".format, PERIOD, OP, N),
    st.builds("stretches(certification, {}, {}) {} {}".format, PERIOD, st.sampled_from([0, 24, 240]), OP, st.integers(0, 2)),
    st.builds("length({}) {} {}".format, PERIOD, OP, N),
    st.builds("count(order where days_since(call) > {}, 60) {} 1".format, N, OP),
)  # fmt: skip
EVERY = st.recursive(
    st.one_of(CONDITIONS, OTHERS),
    lambda inner: st.one_of(
        st.builds("({}) and ({})".format, inner, inner), st.builds("({}) or ({})".format, inner, inner)
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Catalogue]]:
    with Store.open(tmp_path_factory.mktemp("turning") / "t.db", create=True) as store:
        install_core(store)
        yield store, catalogue(store.conn)


def _only(store: Store, companies: list[Company], records: list[list[tuple[object, ...]]]) -> None:
    """A file that holds these partners and no others."""
    with store.change("only these", actor=None) as change:
        for table in ("activities", "records", "partners"):
            change.conn.execute(f"DELETE FROM {table}")
    ids = put(store, companies)
    with store.change("records", actor=None) as change:
        for partner, held in zip(ids, records, strict=False):
            change.conn.executemany(
                "INSERT INTO records(partner_id, kind, name, starts_on, ends_on, status, amount, learned_at, change_id)"
                " VALUES (?,?,'x',?,?,?,?,?,?)",
                [(partner, kind, *rest, change.at, change.id) for kind, *rest in held],
            )


def _differences(store: Store, known: Catalogue, text: str, days: Days) -> list[str]:
    """Where the states at the turning days and the condition compiled for each day differ."""
    checked = check(text, known)
    states(store.conn, checked, days, "state")
    found: dict[int, list[tuple[int, int | None]]] = {}
    for partner, n, v in store.conn.execute("SELECT who, n, v FROM temp.state ORDER BY who, n"):
        found.setdefault(partner, []).append((n, v))
    wrong = []
    for n, day in enumerate(days.listed):
        where = compiled(checked, day, known_by=days.known(day) if days.known else None)
        for partner, expected in store.conn.execute(f"SELECT p.id, {where.sql} FROM partners p", where.params):
            rows = found.get(partner, [(0, None if expected is None else 0)])  # not there: left out for good
            value = rows[bisect.bisect_right(rows, n, key=lambda row: row[0]) - 1][1]
            if value != expected:
                wrong.append(f"{text} for {partner} on {day}: {value}, not {expected}")
    return wrong


@given(
    st.lists(COMPANIES, min_size=1, max_size=3),
    st.lists(RECORDS, min_size=3, max_size=3),
    st.lists(EVERY, min_size=1, max_size=4),
    st.sampled_from([1, 7]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_turning_days_and_every_day_agree(
    file: tuple[Store, Catalogue],
    companies: list[Company],
    records: list[list[tuple[object, ...]]],
    conditions: list[str],
    step: int,
) -> None:
    store, known = file
    _only(store, companies, records)
    listed = tuple(FIRST + timedelta(days=n) for n in range(0, 71, step))
    for text in conditions:
        assert _differences(store, known, text, Days(listed, many=True)) == []


@given(st.lists(COMPANIES, min_size=1, max_size=3), st.lists(EVERY, min_size=1, max_size=3), st.randoms())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_they_agree_by_what_was_known_then(
    file: tuple[Store, Catalogue], companies: list[Company], conditions: list[str], chance: object
) -> None:
    store, known = file
    _only(store, companies, [])
    start = int(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC).timestamp())
    with store.change("learned later", actor=None) as change:
        for (row_id,) in change.conn.execute("SELECT id FROM activities").fetchall():
            learned = start + chance.randrange(-5, 80) * 86_400 + chance.randrange(86_400)  # type: ignore[attr-defined]
            gone = chance.choice([None, learned + chance.randrange(1, 40) * 86_400])  # type: ignore[attr-defined]
            change.conn.execute(
                "UPDATE activities SET learned_at = ?, superseded_at = ?, ref = NULL WHERE id = ?",
                (learned, gone, row_id),
            )
    listed = tuple(FIRST + timedelta(days=n) for n in range(71))

    def by(day: date) -> int:
        return start + ((day - FIRST).days + 1) * 86_400 - 1

    for text in conditions:
        assert _differences(store, known, text, Days(listed, many=True, known=by)) == []


def test_a_field_with_a_past_is_read_as_it_was(file: tuple[Store, Catalogue]) -> None:
    store, known = file
    _only(store, [Company("Gold", None, []), Company("Silver", None, [])], [])
    first, second = (row[0] for row in store.conn.execute("SELECT id FROM partners ORDER BY id").fetchall())
    for day, tier in ((FIRST + timedelta(days=10), "Silver"), (FIRST + timedelta(days=30), "Gold")):
        with store.change(f"now {tier}", actor=None, as_of=day) as change:
            change.conn.execute("UPDATE partners SET tier = ? WHERE id = ?", (tier, first))
    listed = tuple(FIRST + timedelta(days=n) for n in range(71))
    past = frozenset(store.conn.execute("SELECT DISTINCT subject, field FROM field_history").fetchall())
    days = Days(listed, many=True, histories=past)
    states(store.conn, check("tier = 'Gold' and territory is empty", known), days, "state")
    found = store.conn.execute("SELECT who, n, v FROM temp.state ORDER BY 1, 2").fetchall()
    assert found == [(first, 0, 1), (first, 10, 0), (first, 30, 1), (second, 0, 0)]
    assert days.todays == {"territory"}


def test_what_cannot_be_foreseen_is_asked_on_every_day(file: tuple[Store, Catalogue]) -> None:
    store, known = file
    _only(store, [Company(None, None, [])], [])
    listed = tuple(FIRST + timedelta(days=n) for n in range(31))
    for text, rows in (("days_since(order) > 90", 1), ("days_since(order) > 2 * 45", 31), ("never(order)", 1)):
        states(store.conn, check(text, known), Days(listed, many=True), "state")
        assert store.conn.execute("SELECT count(*) FROM temp.state").fetchone() == (rows,), text


def test_a_limit_is_asked_only_where_it_is_passed(file: tuple[Store, Catalogue]) -> None:
    store, known = file
    with store.change("nobody", actor=None) as change:
        for table in ("activities", "records", "partners"):
            change.conn.execute(f"DELETE FROM {table}")
        change.conn.execute(
            "INSERT INTO partners(id, code, name, name_key, search, change_id) VALUES (900000, 'd', 'Daily', '', '', ?)",
            (change.id,),
        )
        change.conn.executemany(
            "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, data, change_id)"
            " VALUES (900000, 'order', ?, 0, ?, ?)",
            [((FIRST + timedelta(days=n)).isoformat(), json.dumps({}), change.id) for n in range(0, 60, 2)],
        )
    listed = tuple(FIRST + timedelta(days=n) for n in range(71))
    states(store.conn, check("count(order, 10) >= 3", known), Days(listed, many=True), "state")
    found = store.conn.execute("SELECT n, v FROM temp.state ORDER BY n").fetchall()
    assert next(n for n, v in found if v == 1) == 4
    assert next(n for n, v in found if v == 0 and n > 4) == 65
    assert len(found) < 10  # not sixty
