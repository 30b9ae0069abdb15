"""A user's own document (.docx): its {{ fields }} are filled, the rest of it, letterhead and all, stays as it is.

Fields are found wherever Word keeps paragraphs: text, tables, text boxes, headers and footers, also where it has split one
over several runs. {{ letter.text }} that stands alone in a paragraph becomes as many paragraphs as the text has.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from importers.docx import possible
from prm_tui.domain.errors import InputError
from prm_tui.domain.template import Template, TemplateError, parse

_MOST = 50_000_000
"""The most bytes a document may unfold to."""
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_BETWEEN = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


def fields(body: bytes, name: str) -> tuple[str, ...]:
    """The expression of every field of a document, each once, in order.

    InputError for what is no .docx, is too large, or holds a field that cannot be read or stands where none is filled.
    """
    found: list[str] = []
    for paragraph in _paragraphs(_opened(body, name)):
        found += _parsed(paragraph, name).names
    return tuple(dict.fromkeys(found))


def filled(body: bytes, name: str, values: Mapping[str, str]) -> bytes:
    """The document with a value for every field; the bytes depend on document and values alone. InputError as `fields`."""
    document = _opened(body, name)
    for paragraph in list(_paragraphs(document)):
        template = _parsed(paragraph, name)
        if not template.fields:
            continue
        alone = (
            len(template.fields) == 1
            and template.text.strip() == template.text[template.fields[0].at : template.fields[0].end]
        )
        blocks = possible(values[template.fields[0].text]).strip("\n").split("\n\n") if alone else []
        if len(blocks) > 1:
            _several(paragraph, template, blocks)
        else:
            _fill(paragraph, template, values)
    out = io.BytesIO()
    document.save(out)
    return _same(out.getvalue())


def _opened(body: bytes, name: str) -> Any:
    """A document as python-docx reads it."""
    import docx

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _MOST:
                raise InputError(
                    f"{name}: it unfolds to more than {_MOST // 1_000_000} MB. Take the pictures out of it."
                )
        document = docx.Document(io.BytesIO(body))
    except InputError:
        raise
    except Exception as error:  # the reader raises many kinds for what is no document
        raise InputError(
            f"{name}: this is no .docx that can be read ({type(error).__name__}). Save it in Word as .docx"
        ) from None
    elements = [part.element for part in _parts(document)]
    for part in document.part.package.iter_parts():
        element = getattr(part, "element", None)
        if not any(element is one for one in elements) and b"{{" in part.blob and part.content_type.endswith("+xml"):
            raise InputError(
                f"{name}: a field stands in {part.partname}, where none is filled. Move it into the text, a header or a footer."
            )
    return document


def _parts(document: Any) -> Iterator[Any]:
    """The parts of a document in which fields are filled: its text, headers and footers."""
    yield document.part
    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype.rpartition("/")[2] in ("header", "footer"):
            yield relation.target_part


def _paragraphs(document: Any) -> Iterator[Any]:
    for part in _parts(document):
        yield from part.element.iter(f"{_W}p")


def _pieces(paragraph: Any) -> list[tuple[Any, str]]:
    """The text of a paragraph, element by element; without that of paragraphs inside of it (text boxes)."""
    found = []
    for element in paragraph.iter(f"{_W}t", *_BETWEEN):
        if next(element.iterancestors(f"{_W}p")) is paragraph:
            found.append((element, (element.text or "") if element.tag == f"{_W}t" else _BETWEEN[element.tag]))
    return found


def _parsed(paragraph: Any, name: str) -> Template:
    text = "".join(said for _, said in _pieces(paragraph))
    if "{" not in text and "}" not in text:
        return Template(text)
    try:
        return parse(text)
    except TemplateError as error:
        shown = " ".join(text.split())[:60]
        raise InputError(f"{name}: in “{shown}”: {error.problem}. Correct it in Word and try again.") from None


def _fill(paragraph: Any, template: Template, values: Mapping[str, str]) -> None:
    """Put values in place of fields: each into the element in which its field begins, which keeps its looks."""
    start = 0
    for element, said in _pieces(paragraph):
        end, made, at = start + len(said), "", start
        for field in template.fields:
            if field.end <= start or field.at >= end:
                continue
            made += template.text[at : max(field.at, at)]
            made += possible(values[field.text]) if field.at >= start else ""
            at = min(field.end, end)
        if at != start or made:
            made += template.text[at:end]
            _say(element, made)
        start = end


def _say(element: Any, text: str) -> None:
    """Give an element another text; line breaks and tabs in it become those of Word."""
    if element.tag != f"{_W}t":  # a break inside of a field
        element.getparent().remove(element)
        return
    pieces = re.split(r"([\n\t])", text)
    element.text = pieces[0]
    element.set(_SPACE, "preserve")
    last = element
    for piece in pieces[1:]:
        if not piece:
            continue
        mark = {"\n": "br", "\t": "tab"}.get(piece)
        new = element.makeelement(f"{_W}{mark or 't'}")
        if mark is None:
            new.text = piece
            new.set(_SPACE, "preserve")
        last.addnext(new)
        last = new


def _several(paragraph: Any, template: Template, blocks: list[str]) -> None:
    """A paragraph for each block of a text, all with the looks of the one in which its field stands alone."""
    copies = [paragraph, *(copy.deepcopy(paragraph) for _ in blocks[1:])]
    for before, after in pairwise(copies):
        before.addnext(after)
    for one, block in zip(copies, blocks, strict=True):
        _fill(one, template, {template.fields[0].text: block})


def _same(body: bytes) -> bytes:
    """The same document without the time at which it was packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as packed, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as again:
        for entry in packed.infolist():
            plain = zipfile.ZipInfo(entry.filename)  # of 1 January 1980
            plain.compress_type, plain.create_system = zipfile.ZIP_DEFLATED, 0
            again.writestr(plain, packed.read(entry))
    return out.getvalue()
