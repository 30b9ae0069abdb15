"""The first rows of one sheet as they stand there, for a person who looks for its header; read in a process of its own.

    python -m importers.top FILE SHEET

Prints one JSON object: {"top": [[row, [cell, …]], …]}, rows by their numbers in the sheet, without the blank ones;
or {"error": text}, and ends with code 4.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from importers import child, suspect, table, texts
from prm_tui.domain.errors import InputError

FAR = 1_000
"""A sheet whose first filled row lies beyond this one is read from there."""
LOOKED_AT = 2_000
SHOWN = 200
WIDEST = 60
LONGEST = 300


def rows(path: Path, sheet: str) -> list[tuple[int, list[str]]]:
    """Up to SHOWN filled rows of the first LOOKED_AT; cells as text, cut where they are very long."""
    first, grid = _text(path) if path.suffix.lower() in suspect.TEXTS else _workbook(path, sheet)
    filled = ((n, row) for n, row in enumerate(islice(grid, LOOKED_AT), first) if table.filled(row))
    return [(n, [_said(cell) for cell in row[:WIDEST]]) for n, row in islice(filled, SHOWN)]


def _text(path: Path) -> tuple[int, Iterable[Sequence[Any]]]:
    found, skipped, _ = texts.records(path)
    return skipped + 1, found


def _workbook(path: Path, sheet: str) -> tuple[int, Iterable[Sequence[Any]]]:
    from python_calamine import CalamineWorkbook

    page = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet)
    start = page.start
    if start and start[0] > FAR:
        return start[0] + 1, page.to_python(skip_empty_area=True)
    return 1, page.iter_rows()


def _said(cell: Any) -> str:
    staged = child._cell(cell)
    return "" if staged is None else str(staged)[:LONGEST]


def main(arguments: Sequence[str]) -> int:
    """Print them."""
    child._limit_memory()
    path, sheet = Path(arguments[0]), arguments[1]
    try:
        print(json.dumps({"top": rows(path, sheet)}), flush=True)
    except KeyboardInterrupt:
        raise
    except BaseException:  # the reader panics with something that is no Exception
        print(json.dumps({"error": f"{path.name}: {sheet} cannot be read again; was the file changed since?"}))
        return InputError.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
