"""Sheets out: a styled workbook, csv, or json. What is written is read back as the same values.

In a workbook text stays text (no formula is ever written from data; what looks like one is marked as text),
dates and numbers are real, what is computed is a formula with its value beside it, and a hidden sheet says what
every column means. In csv, text that a spreadsheet would take for a formula gets an apostrophe, which is taken
away again when prm reads the file.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from importers import figures
from importers.table import letter
from importers.whole import whole
from prm_tui.domain.errors import InputError
from prm_tui.domain.sheet import EARLIEST, ID, LONGEST, META, NEVER, Figure, Live, OutColumn, OutSheet

FORMULA = ("=", "+", "-", "@", "\t", "\r")
MOST_ROWS = 1_048_575
_MEASURED = 200
_FORMATS = {
    "text": "@", "date": "yyyy-mm-dd", "time": "yyyy-mm-dd hh:mm", "money": "#,##0.00;[Red]-#,##0.00",
    "computed date": "yyyy-mm-dd;;",  # the smallest of no dates is 0, which is shown as nothing
}  # fmt: skip
_GUIDE = "How to fill this in"
_BESIDE = 5
_READ = ("skip", "id", "code", "partner", "partner_name")
_DAY_ZERO = datetime(1899, 12, 30)
Write = Callable[[int, Any], None]


@dataclass
class Written:
    """What was written: rows of all sheets; texts too long for a cell; texts with characters no cell may hold."""

    rows: int = 0
    cut: int = 0
    replaced: int = 0
    notes: list[str] = field(default_factory=list)

    def held(self, text: str) -> str:
        """A text without the characters that no cell may hold."""
        if text.isprintable():
            return text
        possible = text.translate(NEVER)
        self.replaced += possible != text
        return possible

    def fitted(self, text: str) -> str:
        """A text no longer than a cell may be, where many signs (🙂 is one) count twice."""
        if len(text) <= LONGEST // 2 or len(text.encode("utf-16-le")) <= 2 * LONGEST:
            return text
        self.cut += 1
        return text.encode("utf-16-le")[: 2 * LONGEST - 2].decode("utf-16-le", "ignore") + "…"


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
    with whole(out) as part:
        written = writer(part, sheets, locked, guide)
    if written.cut:
        written.notes.append(f"{written.cut:,} texts were longer than a cell may be; they end with …")
    if written.replaced:
        written.notes.append(f"{written.replaced:,} texts hold characters that no cell may hold; � stands for them")
    return written


# ---- workbook ----


class _Styles:
    """The formats of a workbook, made once each."""

    def __init__(self, book: Any, locked: bool) -> None:
        self.book, self.locked = book, locked
        self.made: dict[tuple[str, bool, bool], Any] = {}
        head = {"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "valign": "top"}
        self.head, self.quoted_head = book.add_format(head), book.add_format({**head, "quote_prefix": True})

    def of(self, kind: str, fixed: bool, quoted: bool = False) -> Any:
        """The format of a cell: its type, whether it is only to be read, whether it looks like a formula."""
        key = kind, fixed, quoted
        if key not in self.made:
            wanted: dict[str, Any] = {"num_format": _FORMATS.get(kind, "General")}
            if fixed:
                wanted["font_color"] = "#6B7280"
            elif self.locked:
                wanted["locked"] = False
            if quoted:
                wanted["quote_prefix"] = True
            self.made[key] = self.book.add_format(wanted)
        return self.made[key]


class _Lists:
    """The values of closed lists, on the hidden page: written into a cell's rule they might be 255 characters long."""

    def __init__(self) -> None:
        self.columns: list[tuple[str, ...]] = []

    def source(self, values: tuple[str, ...]) -> str:
        """Where a list stands."""
        if values not in self.columns:
            self.columns.append(values)
        column = letter(_BESIDE + self.columns.index(values))
        return f"='{META}'!${column}$2:${column}${len(values) + 1}"


def _workbook(out: Path, sheets: Sequence[OutSheet], locked: bool, guide: Sequence[str]) -> Written:
    import xlsxwriter

    written, lists = Written(), _Lists()
    lengths: dict[str, int] = {}
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(out), options) as book:
        styles = _Styles(book, locked)
        pages = [(book.add_worksheet(sheet.name), sheet) for sheet in sheets]
        for page, sheet in sorted(pages, key=lambda pair: pair[1].computed):  # formulas speak of all rows of a sheet
            lengths[sheet.name] = _sheet(page, sheet, styles, written, lengths)
            _aids(page, sheet.columns, lengths[sheet.name], styles, lists)
        if guide:
            page = book.add_worksheet(_GUIDE)
            page.set_column(0, 0, 100)
            for n, line in enumerate(guide):
                page.write_string(n, 0, line)
        _meta(book, sheets, guide, lists)
    return written


def _meta(book: Any, sheets: Sequence[OutSheet], guide: Sequence[str], lists: _Lists) -> None:
    """The hidden page: what sheets and columns are; beside that, the closed lists."""
    lines = [("sheet", "what", "header", "target")]
    lines += [(s.name, s.what, c.header, c.target) for s in sheets for c in s.columns]
    if guide:
        lines.append((_GUIDE, "skip", "", ""))
    page = book.add_worksheet(META)
    for n in range(max(len(lines), *(len(values) + 1 for values in lists.columns), 0)):
        for col, text in enumerate(lines[n] if n < len(lines) else ()):
            page.write_string(n, col, text)
        for col, values in enumerate(lists.columns, _BESIDE):
            if 0 < n <= len(values):
                page.write_string(n, col, values[n - 1])
    page.very_hidden()


def _sheet(page: Any, sheet: OutSheet, styles: _Styles, written: Written, lengths: dict[str, int]) -> int:
    """Write one sheet; how many rows it has. `lengths`: how many those have that are written already."""
    columns, rows = sheet.columns, sheet.rows
    exact: frozenset[int] = frozenset()
    live = sheet.computed
    if live:
        rows = list(rows)
        exact = figures.unclear(columns, rows)
        live = figures.bearable(columns, len(rows), len(exact), lengths)
        if not live:
            written.notes.append(f"{sheet.name} holds values, not formulas: computing them would take too long")
    rows = iter(rows)
    first = list(islice(rows, _MEASURED))
    _head(page, columns, first, styles)
    writers = [
        _formulas(page, n, column.type, column.figure, lengths[column.figure.sheet], styles, exact)
        if column.figure and live
        else _writer(page, n, column, styles, written)
        for n, column in enumerate(columns)
    ]
    empty = styles.locked or live
    line = 0
    for row in chain(first, rows):
        line += 1
        if line > MOST_ROWS:
            raise InputError(f"{sheet.name}: a sheet holds {MOST_ROWS:,} rows. Write it as .csv, or fewer partners.")
        for write, value in zip(writers, row, strict=True):
            if value is not None or empty:
                write(line, value)
    written.rows += line
    return line


def _head(page: Any, columns: Sequence[OutColumn], first: Sequence[Sequence[Any]], styles: _Styles) -> None:
    for n, column in enumerate(columns):
        shown = [_width(row[n], column.type) for row in first if row[n] is not None]
        width = min(max([len(column.header) + 3, *shown, 8]) + 1, 48)
        page.set_column(n, n, width, None, {"hidden": True} if column.header == ID else None)
        page.write_string(0, n, column.header, styles.quoted_head if column.header[:1] in FORMULA else styles.head)
    page.freeze_panes(1, next((n + 1 for n, c in enumerate(columns) if c.target in ("name", "partner")), 0))


def _width(value: Any, kind: str) -> int:
    value = value.value if isinstance(value, Live) else value
    if kind == "money" and type(value) in (int, float):
        return len(f"{value:,.2f}")
    return max(len(line) for line in str(value).split("\n"))


def _aids(page: Any, columns: Sequence[OutColumn], rows: int, styles: _Styles, lists: _Lists) -> None:
    """What helps to fill a sheet in: filters, the values of closed lists, locked keys."""
    if columns:
        page.autofilter(0, 0, rows, len(columns) - 1)
    for n, column in enumerate(columns):
        if column.choices and column.target != "skip":
            rule = {"validate": "list", "source": lists.source(column.choices), "error_type": "warning"}
            page.data_validation(1, n, rows + 200, n, rule)
    if styles.locked:
        allowed = ("sort", "autofilter", "insert_rows", "delete_rows", "format_columns", "format_cells", "format_rows")
        page.protect("", dict.fromkeys(allowed, True))


def _writer(page: Any, n: int, column: OutColumn, styles: _Styles, written: Written) -> Write:
    """A function that writes one cell of a column."""
    fixed = column.target in _READ
    plain = styles.of(column.type, fixed)
    timed, words = styles.of("time", fixed), styles.of("text", fixed)
    figure = styles.of("number", fixed) if column.type == "date" else plain  # a number among dates is no date
    string, number = page.write_string, page.write_number

    styled = fixed or styles.locked
    dated, formula, quoted = column.type == "date", frozenset(FORMULA), styles.of("text", fixed, True)

    def text(line: int, value: str) -> None:
        value = written.fitted(written.held(value))
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
        elif kind is Live:
            page.write_formula(line, n, value.formula, plain, "" if value.value is None else value.value)
        else:
            text(line, str(value))

    return write


def _formulas(page: Any, n: int, kind: str, figure: Figure, rows: int, styles: _Styles, exact: frozenset[int]) -> Write:
    """A function that writes the formula of a computed column, with its value for programs that do not calculate."""
    style = styles.of("computed date" if kind == "date" else kind, False)

    def write(line: int, value: Any) -> None:
        day = _day(value) if kind == "date" and value else None
        shown = (day - _DAY_ZERO).days if day else "" if value is None else value
        careful = line - 1 in exact
        text = figures.formula(figure, rows + 1, line + 1, careful)
        if careful:
            page.write_array_formula(line, n, line, n, text, style, shown)
        else:
            page.write_formula(line, n, text, style, shown)

    return write


def _day(text: str) -> datetime | None:
    """ISO text as the date a workbook can hold; None for what it cannot."""
    if text < EARLIEST or text[4:5] != "-":
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
            writer.writerow([guarded(column.header) for column in sheet.columns])
            for row in sheet.rows:
                writer.writerow([guarded(written.held(v) if type(v) is str else v) for v in row])
                written.rows += 1
    return written


def guarded(value: Any) -> Any:
    """A cell for csv: text that a spreadsheet would take for a formula, or that begins so, gets an apostrophe."""
    value = value.value if isinstance(value, Live) else value
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
        values = ([v.value if isinstance(v, Live) else v for v in row] for row in sheet.rows)
        whole[sheet.name] = [dict(zip(keys, row, strict=True)) for row in values]
        written.rows += len(whole[sheet.name])
    text = json.dumps(whole if len(sheets) > 1 else next(iter(whole.values()), []), ensure_ascii=False, indent=1)
    out.write_text(text + "\n", encoding="utf-8")
    return written
