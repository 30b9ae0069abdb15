"""The SQL of a condition says what a slow, obvious reading of the same facts says; and it says it by the index."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prm_tui.domain.condition import Catalogue, check, parse
from prm_tui.domain.condition import tree as t
from prm_tui.domain.ratio import wilson_lower
from prm_tui.services.packs import install_core
from storage import Store
from storage.catalogue import catalogue
from storage.conditions import compiled
from storage.explain import explain

DAY = date(2026, 3, 31)


@dataclass
class Fact:
    """An activity as the plain evaluator knows it."""

    kind: str
    on: date
    amount: int | None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass
class Company:
    """A partner as the plain evaluator knows it."""

    tier: str | None
    joined_on: date | None
    facts: list[Fact]


# ---- the plain evaluator: loops over everything, exact fractions, None for unknown ----

CLASSES = {"commercial": {"order", "lead"}, "contact": {"call"}}


def plainly(node: t.Node, company: Company, day: date = DAY, row: Fact | None = None) -> Any:
    """The value of a condition for one partner, read word by word."""
    match node:
        case t.And(parts):
            found = [plainly(p, company, day, row) for p in parts]
            return False if False in found else None if None in found else True
        case t.Or(parts):
            found = [plainly(p, company, day, row) for p in parts]
            return True if True in found else None if None in found else False
        case t.Not(value):
            inner = plainly(value, company, day, row)
            return None if inner is None else not inner
        case t.Number(value, percent):
            return Fraction(value) / (100 if percent else 1)
        case t.Text(value) | t.Day(value) | t.YesNo(value):
            return value
        case t.Compare(op, left, right):
            return compared(
                op, plainly(left, company, day, row), plainly(right, company, day, row), isinstance(left, t.Name)
            )
        case t.In(value, choices, negated):
            inner = compared_any(
                plainly(value, company, day, row),
                [plainly(c, company, day, row) for c in choices],
                isinstance(value, t.Name),
            )
            return None if inner is None else inner != negated
        case t.Is(value, what, negated):
            return ((plainly(value, company, day, row) is not None) == (what == "known")) != negated
        case t.Name(parts):
            if row is not None and parts[0] == "amount":
                return None if row.amount is None else Fraction(row.amount, 10_000)
            if row is not None and parts[0] == "on_time":
                return row.data.get("on_time")
            return {"tier": company.tier, "joined_on": company.joined_on, "today": day}[parts[0]]
        case t.Arithmetic(op, left, right):
            a, b = plainly(left, company, day, row), plainly(right, company, day, row)
            if a is None or b is None or (op == "/" and b == 0):
                return None
            if isinstance(a, date):
                b = timedelta(days=int(b))
            return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[op]()
        case t.Negative(value):
            inner = plainly(value, company, day, row)
            return None if inner is None else -inner
        case t.Call():
            return called(node, company, day)
    raise TypeError(node)


def compared(op: str, a: Any, b: Any, is_field: bool) -> bool | None:
    if isinstance(a, str) and isinstance(b, str):
        a, b = a.lower(), b.lower()
    if op in ("=", "!=") and is_field:
        return bool((a == b) == (op == "="))
    if a is None or b is None:
        return None
    return bool({"=": a == b, "!=": a != b}[op] if op in ("=", "!=") else
                {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op])  # fmt: skip


def compared_any(value: Any, choices: list[Any], is_field: bool) -> bool | None:
    if value is None and not is_field:
        return None
    return any(compared("=", value, choice, is_field) for choice in choices)


def chosen(company: Company, argument: t.Argument, first: date | None, last: date, day: date) -> list[Fact]:
    assert isinstance(argument.value, t.Name)
    name = argument.value.parts[0]
    kinds = CLASSES.get(name, {name})
    return [
        f
        for f in company.facts
        if (name == "any" or f.kind in kinds) and (first is None or f.on >= first) and f.on <= last
        and (argument.where is None or plainly(argument.where, company, day, f) is True)
    ]  # fmt: skip


def window(node: t.Node, day: date, before: bool = False) -> tuple[date | None, date]:
    if isinstance(node, t.Number):
        days = int(node.value)
        if before:
            return day - timedelta(days=2 * days + 1), day - timedelta(days=days + 1)
        return day - timedelta(days=days), day
    assert isinstance(node, t.Name)
    if node.said == "ever":
        return None, day
    assert node.said == "month"
    return day.replace(day=1), day


def called(call: t.Call, company: Company, day: date, before: bool = False) -> Any:
    what = call.arguments[0]
    if call.fact == "change":
        assert isinstance(what.value, t.Call)
        now, then = called(what.value, company, day), called(what.value, company, day, before=True)
        return None if now is None or not then else (now - then) / then
    if call.fact == "held":
        assert isinstance(what.value, t.Number)
        ends, month = [], (day + timedelta(days=1)).replace(day=1)
        for _ in range(int(what.value.value)):
            ends.append(month - timedelta(days=1))
            month = ends[-1].replace(day=1)
        return plainly(t.And(tuple(t.YesNo(True) for _ in ends)), company) and all_kleene(
            [plainly(call.arguments[2].value, company, end) for end in ends]
        )
    if call.fact == "weighted":
        pairs = [(plainly(p.value, company, day), Fraction(plainly(w.value, company, day)))
                 for p, w in zip(call.arguments[::2], call.arguments[1::2], strict=True)]  # fmt: skip
        known = [(sorted((Fraction(0), Fraction(v), Fraction(1)))[1], w) for v, w in pairs if v is not None]
        weight = sum((w for _, w in known), Fraction(0))
        enough = weight * 10 >= 6 * sum((w for _, w in pairs), Fraction(0))
        return 100 * sum((v * w for v, w in known), Fraction(0)) / weight if enough else None
    if call.fact == "lower":
        assert isinstance(what.value, t.Call)
        tests = told(what.value, company, day, before)
        return wilson_lower(sum(tests), len(tests))
    if call.fact in ("never", "has", "first", "last", "days_since", "silent"):
        days = [f.on for f in chosen(company, what, None, day, day)]
        if call.fact in ("never", "has"):
            return bool(days) == (call.fact == "has")
        if call.fact == "silent":
            assert isinstance(call.arguments[1].value, t.Number)
            since = max(days) if days else company.joined_on
            return None if since is None else (day - since).days > int(call.arguments[1].value.value)
        if not days:
            return None
        return {"first": min(days), "last": max(days), "days_since": (day - max(days)).days}[call.fact]
    if call.fact == "share":
        tests = told(call, company, day, before)
        return Fraction(sum(tests), len(tests)) if tests else None
    facts = chosen(company, what, *window(call.arguments[1].value, day, before), day)
    if call.fact == "count":
        return len(facts)
    amounts = [Fraction(f.amount, 10_000) for f in facts if f.amount is not None]
    if call.fact == "sum":
        return sum(amounts, Fraction(0))
    if not amounts:
        return None
    return {"avg": lambda: statistics.mean(amounts), "median": lambda: statistics.median(amounts),
            "min": lambda: min(amounts), "max": lambda: max(amounts)}[call.fact]()  # fmt: skip


def told(call: t.Call, company: Company, day: date, before: bool) -> list[bool]:
    what = call.arguments[0]
    assert what.where is not None
    rows = chosen(company, t.Argument(what.value), *window(call.arguments[1].value, day, before), day)
    found = [plainly(what.where, company, day, f) for f in rows]
    return [bool(f) for f in found if f is not None]


def all_kleene(found: list[Any]) -> bool | None:
    return False if False in found else None if None in found else True


# ---- generated partners, and conditions with limits that lie on their facts ----

DAYS = st.integers(-3, 200).map(lambda n: DAY - timedelta(days=n))  # some after the day of evaluation
FACTS = st.builds(
    Fact,
    st.sampled_from(["order", "lead", "call", "delivery"]),
    DAYS,
    st.none() | st.integers(-20, 50).map(lambda n: n * 2500),
    st.fixed_dictionaries({}, optional={"on_time": st.booleans()}),
)
COMPANIES = st.builds(
    Company,
    st.sampled_from([None, "Gold", "silver"]),
    st.none() | DAYS,
    st.lists(FACTS, max_size=8),
)
N = st.integers(0, 201)
WHAT = st.sampled_from(["order", "call", "commercial", "any", "order where amount > 1", "order where tier = 'gold'"])
OP = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
WINDOW = st.one_of(N.map(str), st.just("ever"), st.just("month"))
SUMMED = st.builds("{}(order.amount, {})".format, st.sampled_from(["sum", "avg", "median", "min", "max"]), WINDOW)
TESTS = st.one_of(
    st.builds("days_since({}) {} {}".format, WHAT, OP, N),
    st.builds("{} {} days_since({})".format, N, OP, WHAT),
    st.builds("count({}, {}) {} {}".format, WHAT, WINDOW, OP, st.integers(0, 4)),
    st.builds("{} {} {}".format, SUMMED, OP, st.sampled_from(["0", "1.25", "-0.5", "60% * 2.5"])),
    st.builds("{} {} 50% * {}".format, SUMMED, OP, SUMMED),
    st.builds("{} / {} {} 50%".format, SUMMED, SUMMED, OP),
    st.builds("share(delivery where on_time, {}) {} {}%".format, WINDOW, OP, st.sampled_from([0, 50, 75, 100])),
    st.builds("lower(share(delivery where on_time, {})) > 20%".format, WINDOW),
    st.builds("change(count({}, {})) {} {}%".format, WHAT, N, OP, st.sampled_from([-50, 0, 100])),
    st.builds("held({}, month, count(order, month) {} 1)".format, st.integers(1, 4), OP),
    st.builds("silent({}, {})".format, WHAT, N),
    st.builds("{}({})".format, st.sampled_from(["never", "has"]), WHAT),
    st.builds("{}({}) {} {}".format, st.sampled_from(["first", "last"]), WHAT, OP, DAYS.map(date.isoformat)),
    st.builds("{}({}) is known".format, st.sampled_from(["last", "days_since"]), WHAT),
    st.builds("joined_on {} {}".format, OP, DAYS.map(date.isoformat)),
    st.builds("joined_on {} today".format, OP),
    st.builds("joined_on + {} {} today - {}".format, N, OP, N),
    st.builds("joined_on + count({}, {}) / 1 {} today".format, WHAT, WINDOW, OP),
    st.builds("joined_on + count({}, {}) {} today - count({}, ever)".format, WHAT, WINDOW, OP, WHAT),
    st.builds("weighted(tier = 'Gold', 3, count({}, {}) / 4, 5, {} / {}, 4) >= 50.25".format, WHAT, WINDOW, SUMMED, SUMMED),
    st.builds("weighted(joined_on < today, 1, share(delivery where on_time, {}), 1) is known".format, WINDOW),
    st.sampled_from(["tier = 'GOLD'", "tier != 'Gold'", "tier in ('Silver', 'x')", "tier not in ('gold')",
                     "tier is empty", "tier is not empty", "joined_on is known"]),
)  # fmt: skip
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner), st.builds("({} or {})".format, inner, inner),
        st.builds("not {}".format, inner),
    ),
    max_leaves=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Catalogue]]:
    with Store.open(tmp_path_factory.mktemp("conditions") / "c.db", create=True) as store:
        install_core(store)
        yield store, catalogue(store.conn)


def put(store: Store, companies: list[Company]) -> list[int]:
    ids = []
    with store.change("companies", actor=None) as change:
        for n, company in enumerate(companies):
            cursor = change.conn.execute(
                "INSERT INTO partners(code, name, tier, joined_on, name_key, search, change_id)"
                " VALUES (?,?,?,?,'','',?)",
                (
                    f"{change.id}-{n}",
                    f"Company {n}",
                    company.tier,
                    company.joined_on and company.joined_on.isoformat(),
                    change.id,
                ),
            )
            ids.append(int(cursor.lastrowid or 0))
            change.conn.executemany(
                "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, amount, data, change_id)"
                " VALUES (?,?,?,?,?,?,?)",
                [
                    (ids[-1], f.kind, f.on.isoformat(), change.at, f.amount, json.dumps(f.data), change.id)
                    for f in company.facts
                ],
            )
            change.conn.execute(  # an order that was corrected is not there
                "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, superseded_at, amount, change_id)"
                " VALUES (?, 'order', ?, 0, 1, 99990000, ?)",
                (ids[-1], DAY.isoformat(), change.id),
            )
    return ids


@given(st.lists(COMPANIES, min_size=1, max_size=4), st.lists(CONDITIONS, min_size=1, max_size=6))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sql_and_a_plain_reading_agree(
    empty: tuple[Store, Catalogue], companies: list[Company], conditions: list[str]
) -> None:
    store, known = empty
    ids = put(store, [*companies, Company(None, None, [])])
    for text in conditions:
        where = compiled(check(text, known), DAY)
        found = dict(
            store.conn.execute(
                f"SELECT p.id, {where.sql} FROM partners p WHERE p.id IN (SELECT value FROM json_each(:only))",
                {**where.params, "only": json.dumps(ids)},
            ).fetchall()
        )
        for partner, company in zip(ids, [*companies, Company(None, None, [])], strict=True):
            expected = plainly(parse(text), company)
            assert found[partner] == (None if expected is None else int(expected)), f"{text} for {company}"


@pytest.mark.parametrize(
    "fact",
    ["days_since(order) > 90", "days_since(order) > 90.5", "count(order, 90) = 0", "never(order)", "silent(order, 90)",
     "sum(order.amount, month) > 1", "median(order.amount, ever) > 1", "share(order where amount > 1, 90) > 1%",
     "covered(outage, month) > 1", "change(sum(order.amount, 90)) < 1%", "last(commercial) < 2026-01-01",
     "days_since(any) > 3", "held(3, month, never(order))", "has(agreement where open)",
     "days_until(certification.ends_on) < 30", "sum(target.amount, quarter) > 1", "has(case where open)", "has(tag)"],
)  # fmt: skip
def test_every_fact_is_found_by_an_index(empty: tuple[Store, Catalogue], fact: str) -> None:
    store, known = empty
    where = compiled(check(fact, known), DAY)
    plan = store.conn.execute(
        f"EXPLAIN QUERY PLAN SELECT p.id FROM partners p WHERE {where.sql}", where.params
    ).fetchall()
    looked = [row[3] for row in plan if row[3].startswith(("SCAN t", "SEARCH t"))]
    assert looked
    assert all(step.startswith("SEARCH") and "INDEX" in step for step in looked), looked


def test_literals_are_bound_never_written_into_sql(empty: tuple[Store, Catalogue]) -> None:
    store, known = empty
    where = compiled(check("name = 'x''); DROP TABLE partners; --' or name contains '100%_'", known), DAY)
    assert "DROP" not in where.sql
    ids = put(store, [Company(None, None, [])])
    with store.change("names", actor=None) as change:
        change.conn.execute("UPDATE partners SET name = 'Save 100%_ now' WHERE id = ?", ids)
    assert store.conn.execute(f"SELECT count(*) FROM partners p WHERE {where.sql}", where.params).fetchone() == (1,)


def test_amounts_of_two_currencies_are_not_added_up(store: Store) -> None:
    install_core(store)
    ids = put(
        store,
        [Company(None, None, [Fact("order", DAY, 10_000)] * 2), Company(None, None, [Fact("order", DAY, 10_000)])],
    )
    with store.change("currencies", actor=None) as change:
        for row, currency in enumerate(["EUR", "USD", "EUR"], start=1):
            change.conn.execute(
                "UPDATE activities SET currency = ? WHERE id = (SELECT id FROM activities WHERE superseded_at IS NULL"
                " ORDER BY id LIMIT 1 OFFSET ?)",
                (currency, row - 1),
            )
    where = compiled(check("sum(order.amount, 90) >= 1", catalogue(store.conn)), DAY)
    found = dict(store.conn.execute(f"SELECT p.id, {where.sql} FROM partners p", where.params).fetchall())
    assert found == {ids[0]: None, ids[1]: 1}


def test_records_lie_in_windows_by_their_dates_and_targets_by_overlap(store: Store) -> None:
    install_core(store)
    (partner,) = put(store, [Company(None, None, [])])
    with store.change("records", actor=None) as change:
        change.conn.executemany(
            "INSERT INTO records(partner_id, kind, name, status, starts_on, ends_on, amount, learned_at, change_id)"
            " VALUES (?,?,?,?,?,?,?,0,?)",
            [
                (partner, "certification", "Safety", "valid", "2025-01-01", "2026-04-10", None, change.id),
                (partner, "certification", "Safety", "lapsed", "2024-01-01", "2025-01-01", None, change.id),
                (partner, "certification", "Safety", "valid", "2027-01-01", "2026-04-01", None, change.id),
                (partner, "target", "Q1", None, "2026-01-01", "2026-03-31", 1_000_000, change.id),
                (partner, "outage", "", None, "2026-01-01", None, None, change.id),
            ],
        )
    known = catalogue(store.conn)

    def met(text: str) -> Any:
        where = compiled(check(text, known), DAY)
        return store.conn.execute(f"SELECT {where.sql} FROM partners p", where.params).fetchone()[0]

    assert met("days_until(certification.ends_on where name = 'safety') = 10")
    assert met("days_until(agreement.ends_on) <= 30") is None
    assert met("count(certification, 365) = 0 and count(certification, ever) = 2")
    assert met("has(certification where status = 'lapsed' and not open)")
    assert met("sum(target.amount, quarter) = 100 and sum(target.amount, last_quarter) = 0")
    assert met("length(month) = 31 and length(90) = 91")


def test_overlapping_outages_count_once(store: Store) -> None:
    install_core(store)
    (partner,) = put(store, [Company(None, None, [])])
    with store.change("outages", actor=None) as change:
        change.conn.executemany(
            "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, data, change_id)"
            " VALUES (?,'outage',?,0,?,?)",
            [
                (partner, "2026-02-26", '{"ended_on": "2026-03-02"}', change.id),  # 2 days of March
                (partner, "2026-03-02", '{"ended_on": "2026-03-04"}', change.id),  # 2 more
                (partner, "2026-03-03", '{"hours": 6}', change.id),  # within
                (partner, "2026-03-10", '{"hours": 6}', change.id),  # a quarter of a day
                (partner, "2026-03-20", "{}", change.id),  # its day
            ],
        )
    where = compiled(check("covered(outage, month) = 5.25", catalogue(store.conn)), DAY)
    assert store.conn.execute(f"SELECT {where.sql} FROM partners p", where.params).fetchone() == (1,)


def test_what_was_held_for_months_is_explained_with_the_rows_behind(store: Store) -> None:
    install_core(store)
    (partner,) = put(store, [Company(None, None, [Fact("order", date(2026, 3, 10), 10_000)])])
    leaf = explain(
        store.conn, check("held(2, month, sum(order.amount, month) < 5)", catalogue(store.conn)), partner, DAY
    )
    assert (leaf.outcome, leaf.behind, leaf.rows[0].on) == ("met", 1, date(2026, 3, 10))


@pytest.mark.parametrize(
    ("outages", "hours", "many"),
    [
        ([("2026-03-01T08:00", 5)], 4, 1),
        ([("2026-03-01T08:00", 5)], 5, 0),
        ([("2026-03-01T08:00", 5), ("2026-03-01T08:30", 5), ("2026-03-01T09:00", 1)], 4, 1),  # three reports of one
        ([("2026-03-01T08:00", 3), ("2026-03-01T10:00", 3)], 4, 1),  # none alone, but together
        ([("2026-03-01T08:00", 5), ("2026-03-01T14:00", 5)], 4, 2),  # an hour between them
        ([("2026-03-01T08:00", 5), ("2026-03-01T13:00", 5)], 4, 1),  # no gap
        ([("2026-01-01T00:00", 24 * 100)], 4, 1),  # begins before the window
        ([("2025-01-01T00:00", 24)], 4, 0),
        ([], 0, 0),
    ],
)
def test_outages_that_overlap_are_one_stretch(
    store: Store, outages: list[tuple[str, float]], hours: float, many: int
) -> None:
    install_core(store)
    (partner,) = put(store, [Company(None, None, [])])
    with store.change("outages", actor=None) as change:
        change.conn.executemany(
            "INSERT INTO activities(partner_id, kind, occurred_on, occurred_at, learned_at, data, change_id)"
            " VALUES (?,'outage',substr(?,1,10),unixepoch(?),0,json_object('hours', ?),?)",
            [(partner, at, at, long, change.id) for at, long in outages],
        )
    where = compiled(check(f"stretches(outage, 30, {hours}) = {many}", catalogue(store.conn)), DAY)
    assert store.conn.execute(f"SELECT {where.sql} FROM partners p", where.params).fetchone() == (1,)


def test_an_explanation_says_which_value_how_far_and_from_where(store: Store) -> None:
    install_core(store)
    (partner,) = put(store, [Company("Gold", date(2020, 1, 1), [Fact("order", date(2026, 1, 10), 12_500_000)])])
    known = catalogue(store.conn)
    text = "days_since(order) > 90 and (tier = 'Gold' or sum(order.amount, 365) >= 2_000) and not never(order)"
    leaf = explain(store.conn, check(text, known), partner, DAY)
    assert (leaf.outcome, leaf.joined) == ("not met", "all")
    since, either, negated = leaf.parts
    assert (since.outcome, since.value, since.gap) == ("not met", 80, "11 days short")
    assert since.rows[0].on == date(2026, 1, 10)
    assert [(p.outcome, str(p.value), p.gap) for p in either.parts] == [
        ("met", "Gold", ""),
        ("not met", "1250.00", "750 short"),
    ]
    assert (negated.outcome, negated.parts[0].outcome) == ("met", "not met")
    assert explain(store.conn, check("days_since(call) > 3", known), partner, DAY).outcome == "unknown"
