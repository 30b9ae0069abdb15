"""A text as a document for a word processor (Office Open XML, .docx), and the text of such a document.

What `read` gives of what `written` made is the text again. The bytes depend on the text alone: no clock, and nothing
compressed, which another version of a library might do otherwise.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from html import escape
from itertools import groupby

from prm_tui.domain.template import one_line

_IMPOSSIBLE = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold."""
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_BULLET = "- "
_MOST = 20_000_000
"""The most bytes of text that are read: a packed file can hold very much more than it weighs."""

_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_TYPE}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/word/numbering.xml" ContentType="{_TYPE}.numbering+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
    "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/numbering" Target="numbering.xml"/></Relationships>',
    "word/styles.xml": f'<w:styles xmlns:w="{_WORD}"><w:docDefaults><w:rPrDefault><w:rPr>'
    '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Calibri" w:cs="Calibri"/><w:sz w:val="22"/>'
    '<w:szCs w:val="22"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="160" w:line="259"'
    ' w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/>'
    '<w:next w:val="Normal"/><w:pPr><w:keepNext/><w:outlineLvl w:val="0"/></w:pPr>'
    '<w:rPr><w:b/><w:bCs/><w:sz w:val="28"/><w:szCs w:val="28"/></w:rPr></w:style></w:styles>',
    "word/numbering.xml": f'<w:numbering xmlns:w="{_WORD}"><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0">'
    '<w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/><w:lvlJc w:val="left"/>'
    '<w:pPr><w:ind w:left="425" w:hanging="283"/></w:pPr></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>',
}  # fmt: skip
_PAGE = (
    '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1417" w:right="1417" w:bottom="1417" w:left="1417"'
    ' w:header="709" w:footer="709" w:gutter="0"/></w:sectPr>'
)


def written(text: str, *, heading: str = "", above: str = "") -> bytes:
    """A document: what stands `above` the heading, the heading as one line, the text.

    An empty line ends a paragraph, a line break stays one, a line that begins with “- ” is a bullet. What a document
    cannot hold (control characters) is left out.
    """
    parts = [*(_paragraphs(above) if above else []), *([_paragraph(one_line(heading), "heading")] if heading else [])]
    body = "".join([*parts, *_paragraphs(text)])
    document = f'<w:document xmlns:w="{_WORD}"><w:body>{body}{_PAGE}</w:body></w:document>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, xml in {**_PARTS, "word/document.xml": document}.items():
            entry = zipfile.ZipInfo(name)  # of 1 January 1980
            entry.create_system = 0  # else the system it runs on
            packed.writestr(entry, (_HEAD + xml).encode())
    return out.getvalue()


def possible(text: str) -> str:
    """A text as a document can hold it: line ends of one kind, without control characters."""
    return _IMPOSSIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _paragraphs(text: str) -> Iterator[str]:
    for block in possible(text).split("\n\n"):
        runs = [
            run
            for bullets, lines in groupby(block.split("\n"), lambda line: line.startswith(_BULLET))
            for run in (lines if bullets else ["\n".join(lines)])
        ]
        for n, run in enumerate(runs, 1):
            yield _paragraph(run, "" if n == len(runs) else "tight")


def _paragraph(text: str, kind: str = "") -> str:
    """`tight`: no space beneath, the next paragraph goes on with the text."""
    text = possible(text)
    bullet = text.startswith(_BULLET) and kind != "heading"
    properties = '<w:pStyle w:val="Heading1"/>' if kind == "heading" else ""
    properties += '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>' if bullet else ""
    properties += '<w:spacing w:after="0"/>' if kind == "tight" else ""
    pieces = re.split(r"([\n\t])", text.removeprefix(_BULLET) if bullet else text)
    marks = {"\n": "<w:br/>", "\t": "<w:tab/>"}
    run = "".join(
        marks.get(one) or f'<w:t xml:space="preserve">{escape(one, quote=False)}</w:t>' for one in pieces if one
    )
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{f'<w:r>{run}</w:r>' if run else ''}</w:p>"


def read(body: bytes) -> str:
    """The text of a document, with its heading. ValueError for bytes that are no such document."""
    from xml.etree import ElementTree

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if packed.getinfo("word/document.xml").file_size > _MOST:
                raise ValueError("too long a document")
            xml = packed.read("word/document.xml")
            if b"<!DOCTYPE" in xml:  # documents have none; one that has may mean to unfold without end
                raise ValueError("no document: it declares a type of its own")
            tree = ElementTree.fromstring(xml)
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, RuntimeError, NotImplementedError, OSError) as error:
        raise ValueError(f"no document: {error}") from None
    said = ""
    for paragraph in tree.iter(_name("p")):
        said += _BULLET if paragraph.find(f"{_name('pPr')}/{_name('numPr')}") is not None else ""
        for piece in paragraph.iter():
            said += (piece.text or "") if piece.tag == _name("t") else _MARKS.get(piece.tag, "")
        spacing = paragraph.find(f"{_name('pPr')}/{_name('spacing')}")
        said += "\n" if spacing is not None and spacing.get(_name("after")) == "0" else "\n\n"
    return said.removesuffix("\n\n")


def _name(tag: str) -> str:
    return f"{{{_WORD}}}{tag}"


_MARKS = {_name("br"): "\n", _name("tab"): "\t"}
