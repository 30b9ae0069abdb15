"""Documents for a word processor: whatever stands in a text, the document opens, and its text is the text."""

from __future__ import annotations

import io
import zipfile
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from importers.docx import possible, read, written

HOSTILE = ["\n", "\r\n", "\r", "\n\n", "- ", "-", "\t", " ", "<w:t>", "</w:body>", "&amp;", "&#0;", "]]>", "\0", "\x0b", "\x1b[31m",
           "\x85", "\u2028", "\ufffe", "\ud800", "\u202e", "👩‍👩‍👧", "株", "{{ x }}", '"', "'", "a"]  # fmt: skip
texts = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(HOSTILE), max_size=16).map("".join))


@settings(max_examples=300, deadline=None)
@given(text=texts)
@example("Dear Ann,\n\nwe bring:\n- a\n- b\n\n- c\nand\n\n\n\n\nBest\n")
def test_law_the_text_of_a_document_is_the_text(text: str) -> None:
    made = written(text)
    with zipfile.ZipFile(io.BytesIO(made)) as packed:
        assert packed.testzip() is None
        for name in packed.namelist():
            ElementTree.fromstring(packed.read(name))
    assert read(made) == possible(text)
    assert made == written(text), "the same bytes every time"


@settings(max_examples=100, deadline=None)
@given(above=texts, heading=texts, text=texts)
def test_law_a_document_ends_with_its_text(above: str, heading: str, text: str) -> None:
    assert read(written(text, heading=heading, above=above)).endswith(possible(text))


def test_a_document_has_a_heading_paragraphs_lines_and_bullets() -> None:
    made = written("Dear Ann,\nhello\n\nWe bring:\n- one & two\n- <three>", heading="A\nreport", above="Max\nLeeds")
    assert read(made) == "Max\nLeeds\n\nA report\n\nDear Ann,\nhello\n\nWe bring:\n- one & two\n- <three>"
    with zipfile.ZipFile(io.BytesIO(made)) as packed:
        xml = packed.read("word/document.xml").decode()
    assert xml.count("<w:p>") == 6 and xml.count("<w:br/>") == 2 and xml.count("<w:numPr>") == 2
    assert xml.count('"Heading1"') == 1 and "one &amp; two" in xml


def test_what_is_no_document_is_said() -> None:
    book = io.BytesIO()
    openpyxl.Workbook().save(book)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("word/document.xml", "<w:document>")
    hostile = io.BytesIO()
    with zipfile.ZipFile(hostile, "w") as out:
        out.writestr("word/document.xml", '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><d>&b;</d>')
    for body in (b"", b"PK", b"text", book.getvalue(), packed.getvalue(), hostile.getvalue()):
        with pytest.raises(ValueError, match="no document"):
            read(body)
