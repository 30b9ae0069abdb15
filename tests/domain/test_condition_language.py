"""A partner manager writes rules: they are understood, printed back, put in words; slips are named with a way out."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prm_tui.domain.condition import Catalogue, ConditionError, Field, Kind, check, complete, parse, reading, show
from prm_tui.domain.condition import tree as t
from prm_tui.domain.condition.tokens import KEYWORDS
from prm_tui.domain.condition.windows import Span, Window, ends

HERE = Path(__file__).parent.parent
EXAMPLES = tomllib.loads((HERE / "data" / "example_conditions.toml").read_text(encoding="utf-8"))["example"]
PACK = tomllib.loads((HERE.parent / "prm_tui" / "packs" / "core" / "pack.toml").read_text(encoding="utf-8"))


def _kind(table: str, name: str, body: dict[str, Any]) -> Kind:
    fields = {key: Field(key, key, kind, own=False) for key, kind in body.get("fields", {}).items()}
    return Kind(table, name, body["label"], body.get("class"), fields, tuple(body.get("open", ())))


CATALOGUE = Catalogue(
    partner={
        key: Field(key, key, kind)
        for key, kind in {"name": "text", "tier": "text", "territory": "text", "status": "text", "manager": "person",
                          "joined_on": "date", "country": "text"}.items()
    } | {"employees": Field("employees", "Employees", "number", own=False)},
    activities={name: _kind("activity", name, body) for name, body in PACK["activity"].items()},
    records={name: _kind("record", name, body) for name, body in PACK["record"].items()},
    named={"attainment": "sum(order.amount, month) / sum(target.amount, month)", "a": "b > 1", "b": "c + 1", "c": "b"},
)  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e['id']} {e['title']}")
def test_every_worked_example_can_be_said_or_says_why_it_is_a_step(example: dict[str, Any]) -> None:
    if "step" in example:
        assert len(example["step"]) > 20
        return
    table, _, name = example.get("subject", "partner").partition(":")
    subject = {"activity": CATALOGUE.activities, "record": CATALOGUE.records}[table][name] if name else None
    found = check(example["when"], CATALOGUE, subject=subject, trigger=example.get("trigger", False))
    assert parse(show(found.node)) == found.node
    assert reading(found.node)


def test_the_examples_cover_every_number_of_both_lists() -> None:
    said = {example["id"] for example in EXAMPLES}
    assert {f"5.{part}-{n}" for part in (1, 2) for n in range(1, 11)} <= said


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("", 0, "nothing here"),
        ("days_since(order) > ", 20, "ends too early"),
        ("days_since(order > 90", 10, "never closed"),
        ("tier = 'Gold", 7, "no closing '"),
        ("tier == 'Gold'", 5, "write = instead of =="),
        ("tier <> 'Gold'", 5, "write != instead of <>"),
        ("tier = 'A' && tier = 'B'", 11, "write and instead of &&"),
        ("count(order, 90) => 3", 17, "write >= instead of =>"),
        ("tier = “Gold”", 7, "straight quotes"),
        ("sum(order.amount, 365) > 10,000", 27, "underscore"),
        ("sum(order.amount, 365) > €100", 25, "without its currency sign"),
        ("tier is Gold", 8, "empty or known"),
        ("tier in 'Gold'", 8, "in ('Gold', 'Silver')"),
        ("tier in ()", 9, "list of values is empty"),
        ("1 < count(order, 90) < 3", 21, "cannot be chained"),
        ("tier = 'Gold' tier = 'B'", 14, "nothing joins"),
        ("(tier = 'Gold'))", 15, "no opening one"),
        ("joined_on > 2026-02-30", 12, "not a day of the calendar"),
        ("days_sinc(order) > 90", 0, "Did you mean “days_since”"),
        ("days_since(ordr) > 90", 11, "Did you mean “order”"),
        ("teritory = 'West'", 0, "Did you mean “territory”"),
        ("count(order) > 3", 0, "count(what, window)"),
        ("count(order, monthly) > 3", 13, "Did you mean “month”"),
        ("sum(order.amont, 90) > 3", 4, "Did you mean “order.amount”"),
        ("sum(order, 90) > 3", 4, "order.amount"),
        ("days_since(order)", 0, "not a condition"),
        ("tier", 0, "not a condition"),
        ("tier > 'Gold'", 0, "not more or less"),
        ("tier = 3", 7, "cannot be compared"),
        ("joined_on > 90", 12, "cannot be compared"),
        ("days_since(order) > 95%", 20, "cannot be compared"),
        ("sum(order.amount, 90) > count(order, 90)", 24, "cannot be compared"),
        ("sum(order.amount, 90) * sum(order.amount, 90) > 1", 0, "cannot be multiplied"),
        ("joined_on + joined_on = 2026-01-01", 0, "cannot be added"),
        ("count(order, 90) is empty", 0, "never empty"),
        ("days_since > 90", 0, "needs its brackets"),
        ("order > 90", 0, "is a kind"),
        ("status changed to 'Onboarding'", 0, "only in triggers"),
        ("crosses(sum(order.amount, year), 100)", 0, "only in triggers"),
        ("share(delivery, 90) < 95%", 0, "needs a test"),
        ("silent(order, month)", 14, "a number of days"),
        ("held(3, fortnight, never(order))", 8, "week, month, quarter, year"),
        ("held(0, month, never(order))", 5, "1 to 60"),
        ("change(days_since(order)) > 1", 7, "has a window"),
        ("lower(count(order, 90)) > 1", 6, "speaks of a share"),
        ("weighted(tier = 'Gold', 1) > 1", 0, "too few"),
        ("weighted(tier = 'Gold', 1, never(order)) > 1", 0, "too few"),
        ("weighted(tier = 'Gold', 1, never(order), 1, 3) > 1", 0, "a weight behind it"),
        ("weighted(tier = 'Gold', 1, tier, 1) > 1", 27, "a part lies between 0 and 1"),
        ("weighted(tier = 'Gold', 1, never(order), employees) > 1", 41, "a weight is a number"),
        ("tody > joined_on", 0, "Did you mean “today”"),
        ("today > 90", 8, "cannot be compared"),
        ("today + 90% > joined_on", 0, "a date cannot be added to a percentage"),
        ("b", 0, "defined by itself"),
        ("sum(order.note, 90) > 1", 4, "has no meaning"),
        ("count(tag, 90, 3) > 1", 0, "too many"),
    ],
)
def test_a_slip_is_named_with_its_place_and_a_way_out(text: str, at: int, says: str) -> None:
    with pytest.raises(ConditionError) as caught:
        check(text, CATALOGUE)
    assert says in str(caught.value)
    assert caught.value.at == at


def test_named_facts_are_written_out_and_keep_their_place() -> None:
    found = check("attainment < 60%", CATALOGUE)
    assert show(found.node) == "sum(order.amount, month) / sum(target.amount, month) < 60%"
    with pytest.raises(ConditionError, match="defined by itself: a → b → c → b"):
        check("a", CATALOGUE)


def test_limits_are_refused_not_suffered() -> None:
    for text in (
        "(" * 3000 + "1" + ")" * 3000,
        "not " * 4000 + "never(order)",
        "-" * 9000 + "1 = 1",
        "1" + " + 1" * 4000 + " = 1",
        " or ".join(["never(order)"] * 501),
        "x" * 20_001,
        "count(order, " * 100 + "1" + ")" * 100,
        "9" * 5000 + " = 1",
    ):
        with pytest.raises(ConditionError):
            check(text, CATALOGUE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("days_since(order) > 90", "last order more than 90 days ago"),
        ("count(order, 90) = 0", "no orders in the last 90 days"),
        ("sum(order.amount, 365) >= 10_000 and tier in ('Gold', 'Silver')",
         "total order amount in the last 365 days is at least 10,000, and tier is one of Gold, Silver"),
        ("not (never(order) or manager is empty)", "not: (never any order, or manager is empty)"),
        ("count(delivery where on_time, last_month) >= 3", "at least 3 deliveries (where on time) in the last month"),
    ],
)  # fmt: skip
def test_a_condition_reads_as_a_sentence(text: str, words: str) -> None:
    assert reading(parse(text)) == words


def test_completion_offers_what_can_stand_at_the_cursor() -> None:
    def offered(text: str) -> list[str]:
        return [c.text for c in complete(text, len(text), CATALOGUE)]

    assert offered("days_s") == ["days_since("]
    assert offered("count(or") == ["order"]
    assert offered("count(order, last_m") == ["last_month"]
    assert offered("terr") == ["territory"]
    assert "order.amount" in offered("sum(order.am")
    assert offered("count(delivery where on") == ["on_time"]
    assert offered("tier = 'Go") == []


def test_windows_meet_the_calendar() -> None:
    day = date(2026, 3, 31)
    assert Window(days=90).span(day) == Span(date(2025, 12, 31), day)
    assert Window(days=90).before(day) == Span(date(2025, 10, 1), date(2025, 12, 30))
    assert Window(period="month").before(day) == Span(date(2026, 2, 1), date(2026, 2, 28))
    assert Window(period="last_quarter").span(day) == Span(date(2025, 10, 1), date(2025, 12, 31))
    assert Window(period="year").span(day, year_starts=4) == Span(date(2025, 4, 1), day)
    assert Window(period="last_week").span(day) == Span(date(2026, 3, 23), date(2026, 3, 29))
    assert ends("month", 2, day) == [date(2026, 3, 31), date(2026, 2, 28)]
    assert ends("month", 2, date(2026, 3, 30)) == [date(2026, 2, 28), date(2026, 1, 31)]
    assert Window(days=10**9).span(day).first == date.min


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda n: n not in KEYWORDS)
LITERALS = st.one_of(
    st.builds(t.Text, st.text(max_size=8)),
    st.builds(t.Number, st.decimals(0, 10**9, places=2), st.booleans()),
    st.builds(t.Day, st.dates()),
    st.builds(t.YesNo, st.booleans()),
    st.builds(t.Name, st.lists(NAMES, min_size=1, max_size=3).map(tuple)),
)


def _grown(inner: st.SearchStrategy[t.Node]) -> st.SearchStrategy[t.Node]:
    many = st.lists(inner, min_size=2, max_size=3).map(tuple)
    argument = st.builds(t.Argument, inner, st.none() | inner)
    return st.one_of(
        st.builds(t.And, many),
        st.builds(t.Or, many),
        st.builds(t.Not, inner),
        st.builds(t.Negative, inner),
        st.builds(t.Compare, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), inner, inner),
        st.builds(t.Arithmetic, st.sampled_from("+-*/"), inner, inner),
        st.builds(t.In, inner, st.lists(inner, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(t.Between, inner, inner, inner),
        st.builds(t.Contains, inner, inner),
        st.builds(t.Is, inner, st.sampled_from(["empty", "known"]), st.booleans()),
        st.builds(t.Changed, inner, st.none() | inner, st.none() | inner),
        st.builds(t.Call, NAMES, st.lists(argument, max_size=3).map(tuple)),
    )


@given(st.recursive(LITERALS, _grown, max_leaves=25))
@settings(max_examples=300, deadline=None)
def test_printing_and_parsing_are_each_others_inverse(node: t.Node) -> None:
    assert parse(show(node)) == node


TEXTS = [example["when"] for example in EXAMPLES if "when" in example]


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=400, deadline=None)
def test_a_mutated_text_raises_our_error_or_means_something(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 3))
        text = (
            text[:at]
            + data.draw(st.text(max_size=3) | st.sampled_from([*"()'\",.=<>-%", " and ", " where "]))
            + text[at + cut :]
        )
    try:
        found = check(text, CATALOGUE)
    except ConditionError as error:
        assert 0 <= error.at <= len(text)
        assert str(error)
    else:
        assert parse(show(found.node)) == found.node


def test_a_number_keeps_its_value_through_printing() -> None:
    assert show(parse("10000.50 = 0010")) == "10_000.5 = 10"
    assert parse("95%") == t.Number(Decimal(95), True)
