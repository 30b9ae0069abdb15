"""A message is a text with fields: nothing in it computes, and nothing that is filled in is read again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm_tui.domain import template as room
from prm_tui.domain.said import said
from prm_tui.domain.template import Filled, Template, TemplateError, fill, one_line, parse

LETTER = "Dear {{contact.name}},\n{{ partner.name }} last ordered on {{ last( order ) }}.\nYours, {{ contact.name }}"


def test_a_letter_is_filled() -> None:
    letter = parse(LETTER)
    assert letter.names == ("contact.name", "partner.name", "last(order)")
    assert [LETTER[f.at : f.end] for f in letter.fields][:2] == ["{{contact.name}}", "{{ partner.name }}"]
    values = {"contact.name": "Ana", "partner.name": "Acme [/] Ltd", "last(order)": "29 November 2013"}
    assert fill(letter, values.get) == Filled("Dear Ana,\nAcme [/] Ltd last ordered on 29 November 2013.\nYours, Ana")


def test_a_letter_with_an_empty_or_unknown_field_goes_back_to_its_owner() -> None:
    values = {"contact.name": " \u200b\n", "partner.name": "Acme"}
    assert fill(parse(LETTER), values.get) == Filled(None, ("contact.name", "last(order)"))


def test_a_field_is_any_expression_that_gives_a_value() -> None:
    text = "{{ sum(order.amount,365) / 12 }} {{ count(order where ref = 'A', 90) }} {{ Partner.Name }}"
    assert parse(text).names == ("sum(order.amount, 365) / 12", "count(order where ref = 'A', 90)", "partner.name")


def test_what_is_filled_in_is_never_read_again() -> None:
    values = {"a": "{{ b }}", "b": "{{ a }} }} {{"}
    assert fill(parse("{{ a }}{{ b }}"), values.get).text == "{{ b }}{{ a }} }} {{"


def test_each_field_is_asked_for_once() -> None:
    asked: list[str] = []

    def value(name: str) -> str:
        asked.append(name)
        return name

    fill(parse("{{ a }} {{ b }} {{ a }}"), value)
    assert asked == ["a", "b"]


def test_a_subject_is_one_line_whatever_is_filled_in() -> None:
    evil = "Acme\r\nBcc: all@example.org\x0b\x0c\x1c\x85\u2028\u2029\x00Ltd"
    subject = parse("About {{ partner.name }}\nX-Evil: 1")
    assert fill(subject, lambda _: evil, line=True).text == "About Acme Bcc: all@example.org Ltd X-Evil: 1"
    assert fill(subject, lambda _: evil).text == f"About {evil}\nX-Evil: 1"


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert one_line(one_line(text)) == one_line(text)


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("Dear {{ name", 5, "line 1, character 6: this field is never closed"),
        ("Dear\n\n{{ name }", 14, "line 3, character 9: “}” cannot stand inside of a field"),
        ("Dear {{ name, about {{ tier }}", 20, "the one of line 1, character 6 lacks its }}"),
        ("Dear {{ }}", 5, "a field without a name; write it like {{ partner.name }}"),
        ("Dear {{}}", 5, "a field without a name"),
        ("{{{ name }}}", 2, "“{” cannot stand inside"),
        ("{{ {name} }}", 3, "“{” cannot stand inside"),
        ("name }}", 5, "}} closes no field"),
        ("Dear {name}", 5, "a single “{”; write a field with two braces on each side"),
        ("Dear { { name } }", 5, "a single “{”"),
        ("｛｛ name ｝｝", 0, "“｛” only looks like a brace"),
        ("{{ name ｝｝", 8, "“｝” cannot stand inside"),
        ("{% for p in partners %}", 0, "a single “{”"),
        ("{{ partner.__class__ }}", 3, "no field is named “partner.__class__”"),
        ("{{ ''.__class__.__mro__ }}", 5, "is no field"),
        ("{{ __import__(os) }}", 3, "no field is named “__import__”"),
        ("{{ partner._secret }}", 3, "no field is named"),
        ("{{ a[0] }}", 4, "write ( instead of ["),
        ("{{ name | upper }}", 8, "write or instead of |"),
        ("{{ open('/etc/passwd') + }}", 24, "ends too early"),
        ("{{ tier = 'Gold' }}", 3, "is a condition; a field gives a value"),
        ("{{ not never(order) }}", 3, "is a condition"),
        ("{{ last(order }}", 7, "never closed"),
        ("{{ " + "x" * 1001 + " }}", 0, "more than 1,000 characters"),
        ("x" * 50_001, 50_000, "longer than 50,000 characters"),
        ("{{ a }}" * 101, 700, "more than 100 fields"),
    ],
)
def test_a_slip_in_a_template_is_named_with_its_place(text: str, at: int, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(text)
    assert caught.value.at == at
    assert says in str(caught.value)
    assert len(str(caught.value)) < 300


def test_letters_that_only_look_alike_make_another_field() -> None:
    letter = parse("{{ partner.nаme }}")  # with a Cyrillic а
    assert fill(letter, {"partner.name": "Acme"}.get) == Filled(None, ("partner.nаme",))


@pytest.mark.parametrize("sign", ["{", "}", "{{", "}}", "{{ }}", "{{{{}}}}", "}{", "{{ a", "{ {", "{{'"])
def test_a_megabyte_of_braces_is_refused(sign: str) -> None:
    with pytest.raises(TemplateError):
        parse(sign * (1_000_000 // len(sign)))


@given(st.text(st.sampled_from("{} abn.'()\n=｛")) | st.text())
def test_any_text_is_a_template_or_a_template_error(text: str) -> None:
    try:
        found = parse(text)
    except TemplateError:
        return
    filled = fill(found, lambda name: "v").text
    assert filled is not None
    assert "{" not in filled and "}" not in filled  # no brace can be left in a message


@given(st.lists(st.text(st.characters(exclude_characters=room._LOOKALIKES + "{}")), min_size=1, max_size=8))
def test_what_stands_between_fields_stays_as_it_is(parts: list[str]) -> None:
    letter = parse("{{ a }}".join(parts))
    assert len(letter.fields) == len(parts) - 1
    assert fill(letter, lambda _: "{{ a }}").text == "{{ a }}".join(parts)


def _lines(run: Callable[[], object]) -> int:
    """How many lines of this room are run."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename != room.__file__:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return count


def test_twice_the_text_is_twice_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_TEXT", 10**9)
    monkeypatch.setattr(room, "MAX_FIELDS", 10**9)

    def work(n: int) -> int:
        letter = "Dear {{ contact.name }},\n" * n
        return _lines(lambda: fill(parse(letter), lambda _: "{{ Ana }}"))

    few, many = work(50), work(100)
    assert 1.8 < many / few < 2.2
    unbalanced = [_lines(lambda n=n: _refused("{{ a }}" * n + "{{" * n)) for n in (50, 100)]  # type: ignore[misc]
    assert 1.8 < unbalanced[1] / unbalanced[0] < 2.2


def _refused(text: str) -> None:
    with pytest.raises(TemplateError):
        parse(text)


def test_a_template_without_fields_is_its_text() -> None:
    assert fill(parse("Good morning."), lambda _: None) == Filled("Good morning.")
    assert parse("") == Template("")


@pytest.mark.parametrize(
    ("value", "kind", "currency", "text"),
    [
        (date(2013, 11, 29), "date", None, "29 November 2013"),
        (datetime(2026, 3, 1, 9, 5), "", None, "1 March 2026, 09:05"),
        (Decimal("1234567.5"), "money", "EUR", "EUR 1,234,567.50"),
        (Decimal("-1234.5"), "money", None, "-1,234.50"),
        (Decimal("0.0525"), "money", "USD", "USD 0.0525"),
        (Decimal("-0.00001"), "money", "USD", "USD 0.00"),
        (12, "money", "EUR", "EUR 12.00"),
        (0.125, "ratio", None, "12.5%"),
        (Decimal("0.95"), "ratio", None, "95%"),
        (Decimal("0.99996"), "ratio", None, "100%"),
        (Decimal(1) / 3, "ratio", None, "33.33%"),
        (1234567, "number", None, "1,234,567"),
        (0.1 + 0.2, "number", None, "0.3"),
        (Decimal("1000.50"), "number", None, "1,000.5"),
        (90, "days", None, "90"),
        (True, "yes/no", None, "yes"),
        (False, "", None, "no"),
        ("Acme {{ x }}", "text", None, "Acme {{ x }}"),
        ("", "", None, ""),
        (None, "money", "EUR", None),
        (float("nan"), "number", None, None),
        (Decimal("Infinity"), "money", "EUR", None),
    ],
)
def test_values_are_said_as_a_letter_says_them(value: Any, kind: str, currency: str | None, text: str | None) -> None:
    assert said(value, kind, currency) == text
