"""What a workbook holds that its cells do not tell: hidden rows and columns, formulas that were never calculated.

A look at the XML of an .xlsx file beside the reader; of a large sheet only at its beginning.
"""

from __future__ import annotations

import html
import re
import zipfile
from pathlib import Path, PurePosixPath

LOOKED_AT = 20_000_000
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(rb"<Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(rb'([\w:]+)="([^"]*)"')
_HIDDEN_ROW = re.compile(rb'<row\s[^>]*?hidden="(?:1|true)"')
_HIDDEN_COLUMN = re.compile(rb"<col\s[^>]*?>")
_SINCE_1904 = re.compile(rb'<(?:\w+:)?workbookPr\s[^>]*?date1904="(?:1|true)"')
_UNCALCULATED = re.compile(rb"<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")


def notes(path: Path) -> dict[str, list[str]]:
    """Remarks by sheet name; nothing for files that are no .xlsx or that are built unusually."""
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: found for name, part in _parts(archive).items() if (found := _look(archive, part))}
    except Exception:  # the reader says what is wrong with a file; this only adds to it
        return {}


def date1904(path: Path) -> bool:
    """Whether a workbook counts its days from 1904, as old ones of the Macintosh do."""
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return False
    try:
        with zipfile.ZipFile(path) as archive, archive.open("xl/workbook.xml") as file:
            return bool(_SINCE_1904.search(file.read(LOOKED_AT)))
    except Exception:  # the reader says what is wrong with a file
        return False


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    targets = {}
    for tag in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        found = dict(_ATTRIBUTE.findall(tag))
        targets[found[b"Id"]] = found[b"Target"].decode()
    parts = {}
    for tag in _SHEET.findall(archive.read("xl/workbook.xml")):
        found = dict(_ATTRIBUTE.findall(tag))
        target = targets.get(found.get(b"r:id", b""))
        if target is not None:
            part = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
            parts[html.unescape(found[b"name"].decode())] = part
    return parts


def _look(archive: zipfile.ZipFile, part: str) -> list[str]:
    with archive.open(part) as file:
        text = file.read(LOOKED_AT)
    found = []
    hidden = b'hidden="' in text
    rows = len(_HIDDEN_ROW.findall(text)) if hidden else 0
    columns = sum(
        _width(tag)
        for tag in (_HIDDEN_COLUMN.findall(text) if hidden else ())
        if b'hidden="1"' in tag or b'hidden="true"' in tag
    )
    uncalculated = len(_UNCALCULATED.findall(text)) if b"<f" in text else 0
    if rows:
        found.append(f"{rows:,} hidden row{'s' if rows > 1 else ''} read like the others")
    if columns:
        found.append(f"{columns:,} hidden column{'s' if columns > 1 else ''} read like the others")
    if uncalculated:
        found.append(
            f"{uncalculated:,} formula{'s' if uncalculated > 1 else ''} without a calculated value, read as empty;"
            " open the workbook in a spreadsheet program and save it"
        )
    return found


def _width(tag: bytes) -> int:
    found = dict(_ATTRIBUTE.findall(tag))
    first, last = int(found.get(b"min", b"1")), int(found.get(b"max", b"1"))
    return last - first + 1 if last - first < 1000 else 1  # “all the rest” is hidden as one
