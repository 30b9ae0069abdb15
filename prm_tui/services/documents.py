"""Documents of workflows as they are kept: letters and reports for a word processor, tables as workbooks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from importers import docx, export
from prm_tui.domain.sheet import OutColumn, OutSheet, names_apart

BETWEEN = " | "
"""What stands between the cells of a line in the template of a workbook."""


def rendered(form: str, title: str, text: str) -> tuple[bytes, str]:
    """A filled template as bytes, and the suffix of its file.

    `form` is letter, report (with the title as its heading), or workbook: then each line of the text is a row, the first
    one with cells is the header, and " | " stands between cells; what is a plain number becomes one, what looks like a
    formula is text.
    """
    if form != "workbook":
        return docx.written(text.strip("\n"), heading=title if form == "report" else ""), ".docx"
    rows = [line.split(BETWEEN) for line in text.splitlines() if BETWEEN in line] or [
        [line] for line in text.splitlines()
    ]
    head, body = rows[0] if rows else [title], rows[1:]
    width = max(map(len, rows), default=1)
    kinds = [
        "number" if body and all(_number(row[n]) is not None for row in body if n < len(row)) else "text"
        for n in range(width)
    ]
    columns = [OutColumn(head[n] if n < len(head) else f"Column {n + 1}", "skip", kinds[n]) for n in range(width)]
    cells = [[_cell(row[n] if n < len(row) else "", kinds[n]) for n in range(width)] for row in body]
    return tabled(title, columns, cells), ".xlsx"


def tabled(title: str, columns: Sequence[OutColumn], rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as a workbook of one sheet; text is never a formula."""
    with tempfile.TemporaryDirectory(prefix="prm-") as place:
        out = Path(place) / "document.xlsx"
        export.write(out, names_apart([OutSheet(title, "skip", columns, rows)]))
        return out.read_bytes()


def readable(body: bytes, file: str) -> str:
    """What was kept as proof, to be read on a screen; of what is no text, what it is and how to open it."""
    if b"\0" not in body and not body.startswith(b"%PDF"):
        return body.decode("utf-8", "replace")
    try:
        return docx.read(body)
    except ValueError:
        return (
            f"{file}: {len(body):,} bytes, no text. To open it, write it into a folder: prm cases evidence CASE FOLDER"
        )


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", ""))
    except ValueError:
        return None


def _cell(text: str, kind: str) -> object:
    return _number(text) if kind == "number" else text.strip() or None
