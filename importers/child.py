"""The reading process: one of its own, because a hostile file may abort it or eat its memory.

    python -m importers.child STAGING FILE…

Fills the staging file; beside it may lie what it should know beforehand (staging.Told). Prints one JSON object a
line: {"rows": n} while it reads, {"error": text} when a file cannot be taken; then it ends with code 4.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from importers import aliases, columns, content, glance, staging, suspect, table, texts
from prm_tui.domain.errors import InputError
from prm_tui.domain.sheet import ID, META

MEMORY = 3_000_000_000
REPORT_EVERY = 20_000
WIDEST = 600  # a question about every column must stay within SQLite's limits (2,000 results, 1,000 terms)


def main(arguments: Sequence[str]) -> int:
    """Read every file into the staging file; nothing is understood yet but headers and types."""
    _limit_memory()
    target, *paths = (Path(a) for a in arguments)
    conn = staging.create(target)
    told = staging.Told.beside(target)
    try:
        for path in paths:
            _file(conn, path, told)
    except InputError as error:
        _say({"error": str(error)})
        return InputError.exit_code
    except MemoryError:
        _say({"error": f"{path.name}: needs more memory than is allowed for reading. Save it as csv."})
        return InputError.exit_code
    finally:
        conn.close()
    return 0


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the size limits of suspect.py still hold
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def _file(conn: sqlite3.Connection, path: Path, told: staging.Told | None = None) -> None:
    told = told or staging.Told()
    suspect.examine(path)
    file_id = conn.execute(
        "INSERT INTO files(path, name, hash, bytes) VALUES (?,?,?,?)",
        (str(path), path.name, _digest(path), path.stat().st_size),
    ).lastrowid
    if path.suffix.lower() in suspect.TEXTS:
        _, skipped, notes = texts.records(path)
        _sheet(conn, file_id, path.stem, True, lambda: texts.records(path)[0], skipped + 1, notes, told, text=True)
        return
    try:
        with ThreadPoolExecutor(1) as beside:  # the reader leaves Python free while it takes a sheet in
            remarks = beside.submit(glance.notes, path)
            day_zero = "1904-01-01" if glance.date1904(path) else columns.DAY_ZERO
            for name, visible, first_row, grid in _grids(path):
                notes = remarks.result().get(name, [])
                _sheet(conn, file_id, name, visible, grid, first_row, notes, told, day_zero=day_zero)
    except (InputError, MemoryError, sqlite3.Error):
        raise
    except BaseException as error:  # the reader panics with something that is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        raise _unreadable(path.name, error) from None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unreadable(name: str, error: BaseException) -> InputError:
    if "assword" in str(error) or "assword" in type(error).__name__:
        return suspect.protected(name)
    return InputError(
        f"{name}: could not read this workbook; it is damaged or unusual. Save it again in Excel as .xlsx"
    )


def _grids(path: Path) -> Iterator[tuple[str, bool, int, Callable[[], Iterable[list[Any]]]]]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    workbook = CalamineWorkbook.from_path(path)
    for meta in workbook.sheets_metadata:
        if meta.typ == SheetTypeEnum.WorkSheet:
            sheet = workbook.get_sheet_by_name(meta.name)
            start = sheet.start
            shown = meta.visible == SheetVisibleEnum.Visible
            if start and start[0] > 1000 and (far := sheet.to_python(skip_empty_area=True)):
                yield meta.name, shown, start[0] + 1, partial(iter, far)
            else:
                yield meta.name, shown, 1, sheet.iter_rows


def _sheet(
    conn: sqlite3.Connection,
    file_id: int | None,
    name: str,
    visible: bool,
    grid: Callable[[], Iterable[list[Any]]],
    first_row: int,
    notes: list[str],
    told: staging.Told,
    *,
    text: bool = False,
    day_zero: str = columns.DAY_ZERO,
) -> None:
    rows = iter(grid())
    head = list(islice(rows, 2000))
    header_at = _header_at(head, name, first_row, told)
    wide = max((len(row) for row in head), default=0)
    width = min(wide, WIDEST)
    if wide > width:
        notes.append(f"only the first {width:,} of {wide:,} columns are read; move what matters to the left")
    header_row = 0 if header_at is None else first_row + header_at
    sheet_id = conn.execute(
        "INSERT INTO sheets(file_id, name, visible, header_row, n_rows) VALUES (?,?,?,?,0)",
        (file_id, name, visible, header_row),
    ).lastrowid
    names = table.headers([] if header_at is None else head[header_at], width)
    begin = 0 if header_at is None else header_at + 1
    ours = ID in names
    if ours and text:
        from importers.export import unguarded  # needed for a csv file of ours only

        names = [unguarded(name) for name in names]
        head = [[unguarded(cell) for cell in row] for row in head]
        rows = ([unguarded(cell) for cell in row] for row in rows)
    if header_at:
        above = sum(1 for row in head[:header_at] if table.filled(row))
        if above:
            notes.append(f"{above} line{'s' if above > 1 else ''} above the header left out")
    again = None
    if width and not ours:
        cells = (cells for _, cells, _ in _cells(islice(grid(), begin, None), width, first_row + begin))
        again = content.among(names, cells, told.contents)
    if again:
        conn.execute("UPDATE sheets SET content = ?, again = 1 WHERE id = ?", (again, sheet_id))
        _columns(conn, sheet_id, names, [columns.Column("text", "as it was taken before")] * width)
    elif width:
        held, spaced = _fill(conn, f"rows_{sheet_id}", names, chain(head[begin:], rows), first_row + begin)
        count, cut = _end_of_table(conn, f"rows_{sheet_id}", width)
        notes += cut
        if spaced:
            many = f"{spaced:,} names" if spaced > 1 else "1 name"
            notes.append(f"{many} had space or line breaks around, taken away")
        kinds = columns.decide(
            conn,
            f"rows_{sheet_id}",
            width,
            codes=_codes(names),
            dated=_dated(names),
            rewrite=not ours,
            day_zero=day_zero,
        )
        _columns(conn, sheet_id, names, kinds)
        conn.execute("UPDATE sheets SET n_rows = ?, content = ? WHERE id = ?", (count, held, sheet_id))
    conn.executemany("INSERT INTO notes VALUES (?,?)", [(sheet_id, note) for note in notes])


def _header_at(head: Sequence[list[Any]], name: str, first_row: int, told: staging.Told) -> int | None:
    """Where in the first rows of a sheet its header is: said by a person, read before, or what looks like one."""
    said = told.header_rows.get(name.casefold())
    if said is not None:
        if said and not first_row <= said < first_row + len(head):
            raise InputError(f"{name}: row {said} cannot be the header; the sheet begins with rows {first_row:,} to"
                             f" {first_row + len(head) - 1:,}. Name one of them, or 0 for none.")  # fmt: skip
        return said - first_row if said else None
    looked = [row for row in head if table.filled(row)][: table.LOOKED_AT]
    index = 0 if name == META and looked else table.header_index(looked, frozenset(told.header_sets))
    return None if index is None else next(n for n, row in enumerate(head) if row is looked[index])


def _columns(
    conn: sqlite3.Connection, sheet_id: int | None, names: Sequence[str], found: Sequence[columns.Column]
) -> None:
    conn.executemany(
        "INSERT INTO columns VALUES (?,?,?,?,?,?,?,?)",
        [
            (sheet_id, n, names[n], c.type, c.decided, c.filled, c.example, " ".join(c.orders))
            for n, c in enumerate(found)
            if c.type != "empty" or not names[n].startswith("Column ")
        ],
    )


def _codes(names: list[str]) -> frozenset[int]:
    """Columns whose header says that their digits are no quantity: phones, post codes, tax ids."""
    return frozenset(n for n, name in enumerate(names) if aliases.code_like(name))


def _dated(names: list[str]) -> frozenset[int]:
    """Columns whose header says that they hold dates."""
    return frozenset(n for n, name in enumerate(names) if aliases.date_like(name))


def _fill(
    conn: sqlite3.Connection, name: str, names: Sequence[str], rows: Iterable[list[Any]], first_row: int
) -> tuple[str, int]:
    """Stage the rows, each with its hash. The content of the sheet, and how many names had space around them."""
    width, whole, spaced = len(names), content.Content(names), 0
    named = [n for n, said in enumerate(names) if aliases.name_like(said)]

    def staged() -> Iterator[list[Any]]:
        nonlocal spaced
        for number, cells, row in _cells(rows, width, first_row):
            for n in named:  # what had no space to lose is still the same text
                if cells[n] is not None and type(row[n]) is str and cells[n] is not row[n]:
                    spaced += 1
            found = whole.add(cells)
            cells.append(found)
            cells.insert(0, number)
            yield cells

    listed = ", ".join(f"c{n}" for n in range(width))
    conn.execute(f"CREATE TABLE {name}(row INTEGER PRIMARY KEY, {listed}, hash INTEGER)")
    marks = ", ".join("?" * (width + 2))
    conn.execute("BEGIN")
    conn.executemany(f"INSERT INTO {name} VALUES ({marks})", staged())
    conn.execute("COMMIT")
    return whole.text(), spaced


def _cells(rows: Iterable[list[Any]], width: int, first_row: int) -> Iterator[tuple[int, list[Any], list[Any]]]:
    """The rows that hold something: their numbers, their cells as they are staged, as wide as the sheet, and as read."""
    for number, row in enumerate(rows, first_row):
        cells = [
            (cell.strip() or None) if type(cell) is str and "\0" not in cell else _cell(cell) for cell in row[:width]
        ]
        if number % REPORT_EVERY == 0:
            _say({"rows": number})
        if cells.count(None) == len(cells):
            continue
        if len(cells) < width:
            cells.extend([None] * (width - len(cells)))
        yield number, cells, row


def _cell(cell: Any) -> Any:
    """A cell as it is staged: whole floats as integers, dates as ISO text, text without outer space."""
    kind = type(cell)
    if kind is int or cell is None:
        return cell
    if kind is str:
        return cell.replace("\0", "").strip() or None  # SQLite ends a text at such a character
    if kind is float:
        return int(cell) if cell.is_integer() and -1e15 < cell < 1e15 else cell
    if kind is bool:
        return "yes" if cell else "no"
    if kind is datetime:
        midnight = cell.time() == time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    if kind is date:
        return cell.isoformat()
    return str(cell) if isinstance(cell, time | timedelta) else cell


def _end_of_table(conn: sqlite3.Connection, name: str, width: int) -> tuple[int, list[str]]:
    """Take away what stands under the table: totals, and notes of one cell. Says how many of each."""
    (count,) = conn.execute(f"SELECT count(*) FROM {name}").fetchone()
    listed = ", ".join(f"c{n}" for n in range(width))
    used = " + ".join(f"(c{n} IS NOT NULL)" for n in range(width))
    (typical,) = conn.execute(f"SELECT avg({used}) FROM (SELECT {listed} FROM {name} LIMIT {table.TYPICAL})").fetchone()
    totals, under = [], []
    for number, *cells in conn.execute(f"SELECT row, {listed} FROM {name} ORDER BY row DESC LIMIT 20").fetchall():
        if table.is_total(cells):
            totals.append(number)
        elif width >= 3 and (typical or 0) > 2 and table.filled(cells) == 1:
            under.append(number)
        else:
            break
    conn.executemany(f"DELETE FROM {name} WHERE row = ?", [(n,) for n in (*totals, *under)])
    notes = []
    if totals:
        notes.append(f"{len(totals)} line{'s' if len(totals) > 1 else ''} of totals left out")
    if under:
        notes.append(f"{len(under)} line{'s' if len(under) > 1 else ''} under the table left out")
    return count - len(totals) - len(under), notes


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
