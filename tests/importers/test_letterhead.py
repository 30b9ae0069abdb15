"""A user's own document is filled: wherever Word keeps words, and however it has taken a field apart."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH

from importers import letterhead
from importers.docx import read
from prm_tui.domain.errors import InputError


def saved(document: Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def body_of(document: bytes, part: str = "word/document.xml") -> str:
    with zipfile.ZipFile(io.BytesIO(document)) as packed:
        return packed.read(part).decode()


def test_fields_in_paragraphs_tables_headers_and_footers_are_filled_and_keep_their_looks() -> None:
    document = docx.Document()
    split = document.add_paragraph()
    for piece in ("To {", "{ par", "tner.na", "me }", "}, today"):  # as Word splits what was corrected
        split.add_run(piece)
    split.runs[1].bold = True
    cell = document.add_table(rows=1, cols=1).cell(0, 0)
    cell.text = "Our reference {{partner.code}}/{{ case.id }}"
    cell.add_table(rows=1, cols=1).cell(0, 0).text = "{{ partner.name }}"
    section = document.sections[0]
    section.header.paragraphs[0].text = "Letter to {{ partner.name }}"
    section.different_first_page_header_footer = True
    section.first_page_footer.paragraphs[0].text = "{{ today }}"
    before = saved(document)
    assert set(letterhead.fields(before, "own.docx")) == {"partner.name", "partner.code", "case.id", "today"}
    told = {"partner.name": "Acme & <Sons>", "partner.code": "A", "case.id": "7", "today": "31 March 2026"}
    made = letterhead.filled(before, "own.docx", told)
    assert made == letterhead.filled(before, "own.docx", told), "the bytes depend on document and values alone"
    again = docx.Document(io.BytesIO(made))
    assert again.paragraphs[0].text == "To Acme & <Sons>, today"
    assert [run.text for run in again.paragraphs[0].runs] == ["To Acme & <Sons>", "", "", "", ", today"]
    assert again.paragraphs[0].runs[1].bold
    table = again.tables[0].cell(0, 0)
    assert (table.paragraphs[0].text, table.tables[0].cell(0, 0).text) == ("Our reference A/7", "Acme & <Sons>")
    assert again.sections[0].header.paragraphs[0].text == "Letter to Acme & <Sons>"
    assert again.sections[0].first_page_footer.paragraphs[0].text == "31 March 2026"
    assert letterhead.fields(made, "made.docx") == ()


def test_the_text_of_a_letter_becomes_paragraphs_and_its_lines_stay_lines() -> None:
    document = docx.Document()
    document.add_paragraph("{{ letter.text }}").alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.add_paragraph("Yours, {{ letter.text }} end")
    told = {"letter.text": "Dear Ann,\n\nfirst\nsecond\twith a tab\n\nKind {{ regards }}\n"}
    made = letterhead.filled(saved(document), "own.docx", told)
    again = docx.Document(io.BytesIO(made))
    assert [p.text for p in again.paragraphs[:3]] == ["Dear Ann,", "first\nsecond\twith a tab", "Kind {{ regards }}"]
    assert [p.alignment for p in again.paragraphs[:3]] == [1, 1, 1]
    assert again.paragraphs[3].text.startswith("Yours, Dear Ann,\n\nfirst\nsecond")
    assert read(made).startswith("Dear Ann,\n\nfirst\nsecond")


def test_text_boxes_are_filled_once_and_by_themselves() -> None:
    document = docx.Document()
    document.add_paragraph("outside {{ partner.name }}")
    box = (
        '<w:r><w:pict><v:textbox xmlns:v="urn:schemas-microsoft-com:vml"><w:txbxContent><w:p><w:r><w:t>{{ partner.</w:t></w:r>'
        "<w:r><w:t>code }}</w:t></w:r></w:p></w:txbxContent></v:textbox></w:pict></w:r></w:p>"
    )
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(document))) as packed, zipfile.ZipFile(changed, "w") as again:
        for entry in packed.infolist():
            content = packed.read(entry)
            if entry.filename == "word/document.xml":
                content = content.decode().replace("</w:p>", box, 1).encode()
            again.writestr(entry.filename, content)
    made = letterhead.filled(changed.getvalue(), "own.docx", {"partner.name": "Acme", "partner.code": "A"})
    assert ">outside Acme<" in body_of(made) and ">A<" in body_of(made) and "{{" not in body_of(made)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Dear {{ partner.name", "in “Dear {{ partner.name”: this field is never closed"),
        ("Dear {partner.name}", "a single “{”"),
        ("{{ }}", "a field without a name"),
        ("{{ partner.name > }}", "is no field"),
    ],
)
def test_a_field_that_cannot_be_read_is_named_with_its_place(text: str, said: str) -> None:
    document = docx.Document()
    document.add_paragraph(text)
    with pytest.raises(InputError, match=r"own\.docx: in") as caught:
        letterhead.fields(saved(document), "own.docx")
    assert said in str(caught.value)


def test_what_is_no_document_or_hides_a_field_where_none_is_filled_is_refused(tmp_path: Path) -> None:
    for body in (b"", b"plain text", b"PK\x03\x04 half", saved(docx.Document())[:2000]):
        with pytest.raises(InputError, match=r"no \.docx that can be read"):
            letterhead.fields(body, "own.docx")
    document = docx.Document()
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(document))) as packed, zipfile.ZipFile(changed, "w") as again:
        for entry in packed.infolist():
            content = packed.read(entry)
            if entry.filename == "word/styles.xml":
                content = content.replace(b"</w:styles>", b"<!-- {{ partner.name }} --></w:styles>")
            again.writestr(entry.filename, content)
    with pytest.raises(InputError, match=r"a field stands in /word/styles\.xml"):
        letterhead.fields(changed.getvalue(), "own.docx")
