"""What somebody is known by is found however it is written, and nothing else is."""

from __future__ import annotations

import io
import json
import unicodedata
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prm_tui.domain.privacy import Scrubber, Subject, Term, opaque, terms_of

NAME, EMAIL, PHONE = "Jörg Weiß-Nováková", "jorg.w@acme.example", "+49 (30) 555-12 34"


def scrubber(name: str = NAME, email: str = EMAIL, phone: str = PHONE) -> Scrubber:
    return Scrubber([Subject(7, name, tuple(terms_of(name, email, phone)), "Contact 7")], "file")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Dear Jörg Weiß-Nováková,", "Dear Contact 7,"),
        ("JÖRG  WEISS NOVÁKOVÁ", "Contact 7"),
        ("jorg\nweiss novakova's", "Contact 7's"),
        ("Weiß-Nováková, Jörg: yes", "Contact 7: yes"),
        ("letter_to_Jörg_Weiß-Nováková.docx", "letter_to_Jörg_Weiß-Nováková.docx"),  # one word, and part of no name
        ("letter to Jörg_Weiß-Nováková.docx", "letter to Contact 7.docx"),
        ("<Jorg.W@ACME.example>; more", "<[erased]>; more"),
        ("jorg.w@acme.example.", "[erased]."),
        ("xjorg.w@acme.example jorg.w@acme.example.org", "xjorg.w@acme.example jorg.w@acme.example.org"),
        ("+493055512 34", "[erased]"),
        ("0049 30/5551234", "[erased]"),
        ("(030) 555 12-34", "[erased]"),
        ("+49 (0)30 5551234", "[erased]"),
        ("he (030 5551234) called (30) 555 1234", "he ([erased]) called [erased]"),
        ("order 493055512345", "order 493055512345"),
        ("Jörg Weiß, Nováková", "Contact 7"),
        ("Jörg Weiß-Novákovás", "Jörg Weiß-Novákovás"),
        (unicodedata.normalize("NFD", "von Jörg Weiß-Nováková, gestern"), "von Contact 7, gestern"),
    ],
)
def test_each_way_of_writing_is_found(said: str, left: str) -> None:
    assert scrubber().text(said) == left


def test_json_keeps_its_shape_and_numbers_are_numbers() -> None:
    one = scrubber()
    said = json.dumps({"a": [NAME, {"b": "x", "tel": 493055512 * 100 + 34}], "n": 1.5, "on": True, "no": None})
    assert "\\u00f6" in said
    assert json.loads(one.value(said)) == {
        "a": ["Contact 7", {"b": "x", "tel": "[erased]"}],
        "n": 1.5,
        "on": True,
        "no": None,
    }
    same = '{"b": 1,  "a": "x"}'
    assert one.value(same) is same, "what names nobody is left as it is written"
    assert one.value("{ not json, Jörg Weiß-Nováková") == "{ not json, Contact 7"
    assert one.value(None) is None and one.value(12) == 12 and one.value(True) is True


def test_documents_that_are_no_text_are_looked_into() -> None:
    one = scrubber()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<w:t>Jörg </w:t><w:t>Weiß-Nováková</w:t>".encode())
    assert one.body(packed.getvalue()) is None
    assert one.body("naïve Jörg Weiß-Nováková".encode("latin-1")) is None
    assert one.body("\ufeffJörg Weiß-Nováková".encode("utf-16")) is None
    assert one.body(b"\xff\x00other") == b"\xff\x00other"
    assert one.body(f"From {NAME}".encode()) == b"From Contact 7"
    assert [opaque(body) for body in (b"%PDF-1.7 x", b"\xff\xd8\xff", b"text", packed.getvalue())] == [
        True,
        True,
        False,
        False,
    ]


def test_what_is_too_short_to_be_told_from_others_is_its_own_only() -> None:
    assert terms_of("Kim", None, "112") == [Term("Kim", "name"), Term("112", "phone", "own")]
    assert terms_of("", "no address", "+1 555 010 99", ["x@y.example", 7, "0171 9988776", None]) == [
        Term("+1 555 010 99", "phone"), Term("x@y.example", "email"), Term("0171 9988776", "phone")
    ]  # fmt: skip


words = st.text(st.characters(whitelist_categories=("Lu", "Ll", "Lo")), min_size=2, max_size=8)


@example(["AA", "Aİ"], 0, 0)
@given(st.lists(words, min_size=2, max_size=3), st.integers(0, 99), st.integers(0, 99))
def test_no_name_survives_its_own_scrubbing(parts: list[str], before: int, after: int) -> None:
    name = " ".join(parts)
    one = scrubber(name, "a.b@c.example", "")
    for way in (name, name.upper(), name.casefold(), "  ".join(parts), name.replace(" ", "\u00a0")):
        said = f"{before} ({way}) {after}"
        assert one.text(said) == f"{before} (Contact 7) {after}"
        assert json.loads(one.value(json.dumps([said]))) == [f"{before} (Contact 7) {after}"]
