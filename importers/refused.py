"""Refused rows back to the person: the workbook as it was, cells marked, with a column that says why.

A small Excel workbook comes back as it is, every row in its place. Anything else (text files, older formats,
large or several files) comes back as a new workbook that holds the refused rows only, under the same sheet
names and headers. Either can be corrected and imported again: what was taken is known and not taken twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from importers import staging
from importers.table import letter
from importers.whole import whole
from prm_tui.domain.errors import InputError
from prm_tui.domain.exchange import Refused
from prm_tui.domain.mapping import REASON, SheetPlan

ANNOTATED_ROWS = 20_000
ANNOTATED_BYTES = 5_000_000
_ILLEGAL = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def write(
    paths: Sequence[Path], staged: Path, plans: Sequence[SheetPlan], refused: Sequence[Refused], out: Path
) -> int:
    """Write the workbook; the number of rows in it that need correcting. InputError when it cannot be written."""
    if out.suffix.lower() != ".xlsx":
        raise InputError(f"{out.name}: refused rows are written as a workbook. Name it .xlsx")
    with whole(out) as part:
        only = paths[0] if len(paths) == 1 else None
        small = only is not None and only.stat().st_size <= ANNOTATED_BYTES
        if only and small and only.suffix.lower() == ".xlsx" and sum(p.rows for p in plans) <= ANNOTATED_ROWS:
            try:
                _annotate(only, plans, refused, part)
            except (KeyError, ValueError, TypeError, AttributeError):  # what another reader makes of odd workbooks
                _anew(staged, plans, refused, part)
        else:
            _anew(staged, plans, refused, part)
    return len({(r.file, r.sheet, r.row) for r in refused})


def _annotate(path: Path, plans: Sequence[SheetPlan], refused: Sequence[Refused], out: Path) -> None:
    from openpyxl import load_workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill

    marked = PatternFill("solid", start_color="FFF2C7CE")
    workbook = load_workbook(path)
    for plan in plans:
        found = [r for r in refused if r.sheet == plan.sheet]
        if not found:
            continue
        sheet = workbook[plan.sheet]
        at = {c.header: c.pos + 1 for c in plan.columns}
        last = at.get(REASON) or max(sheet.max_column, max(at.values())) + 1
        for row in range(plan.header_row + 1, sheet.max_row + 1):  # what was said the last time
            if sheet.cell(row, last).value is not None:
                sheet.cell(row, last).value = None
        sheet.cell(max(plan.header_row, 1), last, REASON).font = Font(bold=True)
        sheet.column_dimensions[letter(last - 1)].width = 48
        for one in found:
            sheet.cell(one.row, last, f"{one.column}: {one.reason}")
            cell = sheet.cell(one.row, at[one.column])
            cell.fill = marked
            cell.comment = Comment(one.reason, "prm")
    workbook.save(out)


def _anew(staged: Path, plans: Sequence[SheetPlan], refused: Sequence[Refused], out: Path) -> None:
    import xlsxwriter

    conn = staging.connect(staged)
    book = xlsxwriter.Workbook(str(out), {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    bold = book.add_format({"bold": True})
    marked = book.add_format({"bg_color": "#F2C7CE"})
    names = set[str]()
    try:
        for plan in plans:
            why = {r.row: r for r in refused if (r.file, r.sheet) == (plan.file, plan.sheet)}
            if not why:
                continue
            sheet = book.add_worksheet(_sheet_name(plan.sheet, names))
            columns = [c for c in plan.columns if c.header != REASON]
            sheet.freeze_panes(1, 0)
            sheet.set_column(len(columns), len(columns), 48)
            for n, header in enumerate([*(c.header for c in columns), REASON]):
                sheet.write_string(0, n, header, bold)
            listed = ", ".join(f"c{c.pos}" for c in columns)
            found = conn.execute(f"SELECT row, {listed} FROM {plan.table} ORDER BY row")
            line = 0
            for row, *cells in found:
                if row not in why:
                    continue
                line += 1
                for n, (column, cell) in enumerate(zip(columns, cells, strict=True)):
                    _cell(sheet, line, n, cell, marked if column.header == why[row].column else None)
                sheet.write_string(line, len(columns), f"row {row:,}, {why[row].column}: {why[row].reason}")
    finally:
        conn.close()
        book.close()


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name as Excel allows it, told apart from those before."""
    clean = name.translate(_ILLEGAL).strip("' ")[:31] or "Sheet"
    found, n = clean, 1
    while found.casefold() in taken:
        n += 1
        found = f"{clean[:28]} {n}"
    taken.add(found.casefold())
    return found


def _cell(sheet: Any, row: int, col: int, value: Any, style: Any) -> None:
    if value is None:
        if style is not None:
            sheet.write_blank(row, col, None, style)
    elif isinstance(value, int | float):
        sheet.write_number(row, col, value, style)
    else:
        sheet.write_string(row, col, str(value)[:32_767], style)
