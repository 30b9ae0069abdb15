"""Writes a workbook of figures: text as text, dates and numbers as such, and formulas with their values beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from importers.export import FORMULA, MOST_ROWS, Written
from importers.whole import whole
from prm_tui.domain.book import Cell, Live, Page, Share
from prm_tui.domain.errors import InputError

_FORMATS = {
    "text": "@",
    "number": "#,##0.##",
    "money": "#,##0.00;[Red]-#,##0.00",
    "share": "0.0%",
    "date": "yyyy-mm-dd",
}


def write(out: Path, pages: Sequence[Page]) -> Written:
    """Write pages to an .xlsx, all or nothing. InputError for another ending, a page too long, a place that cannot be written."""
    import xlsxwriter

    if out.suffix.lower() != ".xlsx":
        raise InputError(f"{out.name}: figures are written as a workbook. Name it .xlsx")
    written = Written()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with whole(out) as part, xlsxwriter.Workbook(str(part), options) as book:
        formats = {form: book.add_format({"num_format": said}) for form, said in _FORMATS.items()}
        formats["quoted"] = book.add_format({"num_format": "@", "quote_prefix": True})
        formats["head"] = book.add_format({"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF"})
        for page in pages:
            _page(book.add_worksheet(page.name), page, formats, written)
    if written.cut:
        written.notes.append(f"{written.cut:,} texts were longer than a cell may be; they end with …")
    return written


def _page(sheet: Any, page: Page, formats: dict[str, Any], written: Written) -> None:
    text = _text(sheet, formats, written)
    for n, header in enumerate(page.head):
        sheet.write_string(0, n, header, formats["head"])
        sheet.set_column(n, n, min(max(len(header) + 2, 12), 40))
    sheet.freeze_panes(1, 1)
    for line, row in enumerate(page.rows, 1):
        if line > MOST_ROWS:
            raise InputError(
                f"{page.name}: a sheet holds {MOST_ROWS:,} rows. Write one part at a time: prm insights PART --out"
            )
        for n, cell in enumerate(row):
            _cell(sheet, line, n, cell, formats, text)
        written.rows += 1


def _text(sheet: Any, formats: dict[str, Any], written: Written) -> Callable[[int, int, str], None]:
    def write(line: int, n: int, value: str) -> None:
        said = written.fitted(written.held(value))
        sheet.write_string(line, n, said, formats["quoted"] if said[:1] in FORMULA else formats["text"])

    return write


def _cell(
    sheet: Any, line: int, n: int, cell: Cell, formats: dict[str, Any], text: Callable[[int, int, str], None]
) -> None:
    match cell:
        case None:
            pass
        case Live(formula, value, form, array):
            shown = "" if value is None else float(value) if isinstance(value, Decimal) else value
            if array:
                sheet.write_array_formula(line, n, line, n, formula, formats[form], shown)
            else:
                sheet.write_formula(line, n, formula, formats[form], shown)
        case Share(value):
            if value is not None:
                sheet.write_number(line, n, value, formats["share"])
        case str():
            text(line, n, cell)
        case date():
            sheet.write_datetime(line, n, cell, formats["date"])
        case Decimal():
            sheet.write_number(line, n, float(cell), formats["money"])
        case _:
            sheet.write_number(line, n, cell, formats["number"])
