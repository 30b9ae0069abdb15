"""Sheets out: a styled workbook, csv, or json. What is written is read back as the same values.

In a workbook text stays text (no formula is ever written from data; what looks like one is marked as text),
dates and numbers are real, and a hidden sheet says what every column means. In csv, text that a spreadsheet
would take for a formula gets an apostrophe, which is taken away again when prm reads the file.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from prm_tui.domain.errors import InputError
from prm_tui.domain.sheet import ID, LONGEST, META, OutColumn, OutSheet

FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MEASURED = 200
_FORMATS = {"date": "yyyy-mm-dd", "time": "yyyy-mm-dd hh:mm", "money": "#,##0.00;[Red]-#,##0.00", "number": "General"}
_EARLIEST = "1900-03-01"


@dataclass
class Written:
    """What was written: rows of all sheets, and cells whose text was too long for a workbook."""

    rows: int = 0
    cut: int = 0
    notes: list[str] = field(default_factory=list)


def write(out: Path, sheets: Sequence[OutSheet], *, locked: bool = False, guide: Sequence[str] = ()) -> Written:
    """Write sheets to a file; its suffix says how. `locked`: only cells that may be changed can be; `guide`: a page
    that explains the workbook. InputError for another suffix and where nothing can be written.
    """
    writers = {".xlsx": _workbook, ".csv": _csv, ".json": _json}
    writer = writers.get(out.suffix.lower())
    if writer is None:
        raise InputError(f"{out.name}: written are .xlsx, .csv and .json. Give the name one of these endings.")
    if out.suffix.lower() == ".csv" and len(sheets) > 1:
        raise InputError(f"{out.name}: a csv file holds one sheet, and these are {len(sheets)}. Name it .xlsx")
    part = out.with_name(f".{out.name}.part")
    try:
        written = writer(part, sheets, locked, guide)
        part.replace(out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror}). Choose another place.") from None
    finally:
        part.unlink(missing_ok=True)
    if written.cut:
        written.notes.append(f"{written.cut:,} texts were longer than a cell may be; they end with …")
    return written


# ---- workbook ----


class _Styles:
    """The formats of a workbook, made once each."""

    def __init__(self, book: Any, locked: bool) -> None:
        self.book, self.locked = book, locked
        self.made: dict[tuple[str, bool, bool], Any] = {}
        self.head = book.add_format({"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "valign": "top"})

    def of(self, kind: str, fixed: bool, quoted: bool = False) -> Any:
        """The format of a cell: its type, whether it is only to be read, whether it looks like a formula."""
        key = kind, fixed, quoted
        if key not in self.made:
            wanted: dict[str, Any] = {"num_format": _FORMATS.get(kind, "@" if kind == "text" else "General")}
            if fixed:
                wanted["font_color"] = "#6B7280"
            elif self.locked:
                wanted["locked"] = False
            if quoted:
                wanted["quote_prefix"] = True
            self.made[key] = self.book.add_format(wanted)
        return self.made[key]


def _workbook(out: Path, sheets: Sequence[OutSheet], locked: bool, guide: Sequence[str]) -> Written:
    import xlsxwriter

    book = xlsxwriter.Workbook(
        str(out), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    written, styles = Written(), _Styles(book, locked)
    for sheet in sheets:
        _sheet(book.add_worksheet(sheet.name), sheet, styles, written)
    if guide:
        page = book.add_worksheet("How to fill this in")
        page.set_column(0, 0, 100)
        for n, line in enumerate(guide):
            page.write_string(n, 0, line)
    _meta(book, sheets, guide)
    book.close()
    return written


def _meta(book: Any, sheets: Sequence[OutSheet], guide: Sequence[str]) -> None:
    page = book.add_worksheet(META)
    lines = [("sheet", "what", "header", "target")]
    lines += [(s.name, s.what, c.header, c.target) for s in sheets for c in s.columns]
    if guide:
        lines.append(("How to fill this in", "skip", "", ""))
    for n, line in enumerate(lines):
        for col, text in enumerate(line):
            page.write_string(n, col, text)
    page.very_hidden()


def _sheet(page: Any, sheet: OutSheet, styles: _Styles, written: Written) -> None:
    rows = iter(sheet.rows)
    first = list(islice(rows, _MEASURED))
    columns = sheet.columns
    for n, column in enumerate(columns):
        shown = [len(str(row[n])) for row in first if row[n] is not None]
        width = min(max([len(column.header) + 3, *shown, 8]) + 1, 48)
        page.set_column(n, n, width, None, {"hidden": True} if column.header == ID else None)
        page.write_string(0, n, column.header, styles.head)
    page.freeze_panes(1, next((n + 1 for n, c in enumerate(columns) if c.target in ("name", "partner")), 0))
    writers = [_writer(page, n, column, styles, written) for n, column in enumerate(columns)]
    line = 0
    for row in chain(first, rows):
        line += 1
        for write, value in zip(writers, row, strict=True):
            if value is not None:
                write(line, value)
            elif styles.locked:
                write(line, None)
    written.rows += line
    if columns:
        page.autofilter(0, 0, line, len(columns) - 1)
    for n, column in enumerate(columns):
        if column.choices and column.target != "skip":
            listed = list(column.choices)
            if sum(len(text) + 1 for text in listed) <= 255:  # as long as such a list may be
                page.data_validation(
                    1, n, line + 200, n, {"validate": "list", "source": listed, "error_type": "warning"}
                )
    if styles.locked:
        allowed = ("sort", "autofilter", "insert_rows", "delete_rows", "format_columns", "format_cells", "format_rows")
        page.protect("", dict.fromkeys(allowed, True))


def _writer(page: Any, n: int, column: OutColumn, styles: _Styles, written: Written) -> Any:
    """A function that writes one cell of a column."""
    fixed = column.target in ("skip", "id", "code", "partner", "partner_name")
    plain = styles.of(column.type, fixed)
    timed, words = styles.of("time", fixed), styles.of("text", fixed)
    figure = styles.of("number", fixed) if column.type == "date" else plain  # a number among dates is no date
    string, number = page.write_string, page.write_number

    styled = fixed or styles.locked
    dated, formula, quoted = column.type == "date", frozenset(FORMULA), styles.of("text", fixed, True)

    def text(line: int, value: str) -> None:
        if len(value) > LONGEST:
            value = value[: LONGEST - 1] + "…"
            written.cut += 1
        first = value[:1]
        if first in formula:
            string(line, n, value, quoted)
        else:  # what begins with a digit may be a code, which must stay text when somebody types over it
            string(line, n, value, words if styled or first.isdigit() else None)

    def write(line: int, value: Any) -> None:
        kind = type(value)
        if kind is str:
            day = _day(value) if dated else None
            if day is None:
                text(line, value)
            elif value[10:]:
                page.write_datetime(line, n, day, timed)
            else:
                page.write_datetime(line, n, day, plain)
        elif kind is bool:
            page.write_boolean(line, n, value, plain)
        elif value is None:
            page.write_blank(line, n, None, plain)
        elif kind in (int, float) and abs(value) < 1e15:
            number(line, n, value, figure)
        else:
            text(line, str(value))

    return write


def _day(text: str) -> datetime | None:
    """ISO text as the date a workbook can hold; None for what it cannot."""
    if text < _EARLIEST or text[4:5] != "-":
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    exact = found.date().isoformat() if len(text) == 10 else found.isoformat(sep=" ")
    return found if exact == text and not found.microsecond else None


# ---- text ----


def _csv(out: Path, sheets: Sequence[OutSheet], locked: bool, guide: Sequence[str]) -> Written:
    written = Written()
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        for sheet in sheets:
            writer.writerow([column.header for column in sheet.columns])
            for row in sheet.rows:
                writer.writerow([guarded(value) for value in row])
                written.rows += 1
    return written


def guarded(value: Any) -> Any:
    """A cell for csv: text that a spreadsheet would take for a formula, or that begins so, gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str) and value[:1] in (*FORMULA, "'"):
        return f"'{value}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else value


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text[:1] == "'" and text[1:2] in (*FORMULA, "'") else text


def _json(out: Path, sheets: Sequence[OutSheet], locked: bool, guide: Sequence[str]) -> Written:
    written = Written()
    whole: dict[str, list[dict[str, Any]]] = {}
    for sheet in sheets:
        keys = [column.header for column in sheet.columns]
        whole[sheet.name] = [dict(zip(keys, row, strict=True)) for row in sheet.rows]
        written.rows += len(whole[sheet.name])
    text = json.dumps(whole if len(sheets) > 1 else next(iter(whole.values()), []), ensure_ascii=False, indent=1)
    out.write_text(text + "\n", encoding="utf-8")
    return written
