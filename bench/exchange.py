"""Spreadsheets in, out and back, each against the least that any program must do for it."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import data
from bench.row import Row, ms
from prm_tui.domain.exchange import Choices
from prm_tui.services import exchange as room
from prm_tui.services import export, files, history
from storage import Store

HEADERS = ("PartnerCode", "PartnerName", "BusinessType", "Region", "Country", "Industry", "Phone", "City", "Street", "Website",
           "Employees", "Revenue", "Rating", "Opened", "Remark")  # fmt: skip
TIMES = 3
PRM = [str(Path(sys.executable).with_name("prm"))]
PANDAS = Path(".bench") / ("Scripts" if os.name == "nt" else "bin") / "python"


def _rows(count: int, changed: int = 0) -> list[list[Any]]:
    """Partners with fifteen columns; of the first `changed` three cells are other."""
    chance = random.Random(data.SEED)
    rows: list[list[Any]] = []
    for n in range(count):
        day = data.AS_OF - timedelta(days=chance.randrange(3000))
        row = [f"C{n:06}", f"Partner {n:06}", "Reseller", chance.choice(("North", "South")), "France", "retail", f"01 {n:06}",
               f"Town {n % 900}", f"{n % 99} High Street", f"www.p{n}.example", n % 500, chance.randrange(10**6), n % 5,
               day, f"remark {n}"]  # fmt: skip
        if n < changed:
            row[3], row[6], row[14] = "West", f"02 {n:06}", f"another remark {n}"
        rows.append(row)
    return rows


def _book(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet("Partners")
        for n, row in enumerate([HEADERS, *rows]):
            sheet.write_row(n, 0, row)
    return path


def _parse(path: Path) -> list[list[Any]]:
    """calamine alone, in a process of its own as ours is."""
    from python_calamine import CalamineWorkbook

    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _take(store: Store, path: Path) -> int:
    with room.read(store, [path], skip_known=True) as reading:
        report = room.commit(store, reading, Choices(prefer="theirs"), actor=None, as_of=data.AS_OF)
    return report.change or 0


def _median(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def _filled(place: Path, name: str, book: Path) -> Path:
    """A file into which a workbook was read."""
    path = place / name
    with files.open_file(path, create=True) as store:
        _take(store, book)
    return path


def again(place: Path, env: dict[str, str], _: dict[str, Path]) -> list[Row]:
    """The same cells once more, saved by another program: against calamine's parse alone."""
    from openpyxl import Workbook

    rows = _rows(100_000)
    first = _book(place / "first.xlsx", rows)
    other = Workbook(write_only=True)
    sheet = other.create_sheet("Partners")
    for row in [HEADERS, *rows]:
        sheet.append(row)
    other.save(place / "second.xlsx")
    filled = _filled(place, "again.db", first)
    pairs = []
    for _turn in range(TIMES):
        floor = _timed(
            lambda: subprocess.run(
                [sys.executable, "-m", "bench.floors", "read", str(place / "second.xlsx")],
                check=True,
                env={**os.environ, **env},
            )
        )
        with files.open_file(filled) as store:
            found = _timed(lambda: _take(store, place / "second.xlsx"))
        pairs.append((floor, found))
    floor, found = _median(pairs)
    return [Row("import again, same cells, re-saved", ms(floor), ms(found), found / floor, 1.8)]  # fmt: skip


def updating(place: Path, env: dict[str, str], _: dict[str, Path]) -> list[Row]:
    """100,000 partners that are known, a tenth of them changed; and taking back 50,000 new and 50,000 changed."""
    first = _book(place / "known.xlsx", _rows(100_000))
    second = _book(place / "tenth.xlsx", _rows(100_000, 10_000))
    half = _book(place / "half.xlsx", _rows(50_000))
    mixed = _book(place / "mixed.xlsx", _rows(100_000, 50_000))
    filled, halved = _filled(place, "known.db", first), _filled(place, "half.db", half)
    pairs, undone = [], []
    for _turn in range(TIMES):
        _floor_table(place / "bare.db", first)
        floor = _timed(lambda: _update(place / "bare.db", second))
        copy = Path(shutil.copy(filled, place / "copy.db"))
        with files.open_file(copy) as store:
            pairs.append((floor, _timed(lambda: _take(store, second))))
        copy = Path(shutil.copy(halved, place / "copy.db"))
        with files.open_file(copy) as store:
            made = _timed(lambda: _take(store, mixed))
            undone.append((made, _timed(lambda: history.undo(store, actor=None, as_of=data.AS_OF))))
    floor, found = _median(pairs)
    made, back = _median(undone)
    return [
        Row("update 100,000 partners, a tenth changed", ms(floor), ms(found), found / floor, 2),
        Row("undo of 50,000 new and 50,000 changed", ms(made), ms(back), back / made, 1),
    ]


def _floor_table(path: Path, book: Path) -> None:
    _, *rows = _parse(book)
    path.unlink(missing_ok=True)
    conn = sqlite3.connect(path)
    conn.execute(f"CREATE TABLE p(c0 TEXT PRIMARY KEY, {', '.join(f'c{n}' for n in range(1, 15))})")
    conn.executemany(f"INSERT INTO p VALUES ({', '.join('?' * 15)})", (_plain(row) for row in rows))
    conn.commit()
    conn.close()


def _update(path: Path, book: Path) -> None:
    """Parse, fill a table beside, one UPDATE … FROM."""
    _, *rows = _parse(book)
    conn = sqlite3.connect(path)
    conn.execute(f"CREATE TEMP TABLE s(c0 TEXT PRIMARY KEY, {', '.join(f'c{n}' for n in range(1, 15))})")
    conn.executemany(f"INSERT INTO s VALUES ({', '.join('?' * 15)})", (_plain(row) for row in rows))
    conn.execute(
        f"UPDATE p SET {', '.join(f'c{n} = s.c{n}' for n in range(1, 15))} FROM s WHERE s.c0 = p.c0 AND ("
        + " OR ".join(f"s.c{n} IS NOT p.c{n}" for n in range(1, 15)) + ")"
    )  # fmt: skip
    conn.commit()
    conn.close()


def _plain(row: Sequence[Any]) -> list[Any]:
    return [v.isoformat() if hasattr(v, "isoformat") else v for v in row]


def exporting(place: Path, env: dict[str, str], _: dict[str, Path]) -> list[Row]:
    """100,000 partners with fifteen columns, styled, against xlsxwriter with the rows in memory."""
    filled = _filled(place, "out.db", _book(place / "out-source.xlsx", _rows(100_000)))
    pairs = []
    with files.open_file(filled) as store:
        export.write(store, "partners", place / "sample.xlsx")
        sheet = _parse(place / "sample.xlsx")
        for _turn in range(TIMES):
            floor = _timed(lambda: _typed(place / "floor.xlsx", sheet))
            pairs.append((floor, _timed(lambda: export.write(store, "partners", place / "ours.xlsx"))))
    floor, found = _median(pairs)
    many = len(sheet[0])
    return [Row(f"export 100,000 rows × {many} columns, styled", ms(floor), ms(found), found / floor, 1.3)]


def _typed(path: Path, rows: list[list[Any]]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet, dated = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for n, row in enumerate(rows):
            for col, value in enumerate(row):
                if value == "":
                    continue
                if isinstance(value, str):
                    sheet.write_string(n, col, value)
                elif isinstance(value, int | float):
                    sheet.write_number(n, col, value)
                else:
                    sheet.write_datetime(n, col, value, dated)


def merging(place: Path, env: dict[str, str], _: dict[str, Path]) -> list[Row]:
    """A returned sheet of 20,000 rows, a tenth changed, against importing its rows into an empty file."""
    from openpyxl import load_workbook

    source = _book(place / "merge-source.xlsx", _rows(20_000))
    filled = _filled(place, "merge.db", source)
    with files.open_file(filled) as store:
        export.send(store, "partners", place / "sent.xlsx", recipient="Ann", due=None, actor=None, as_of=data.AS_OF)
    book = load_workbook(place / "sent.xlsx")
    page = book["Partners"]
    at = [cell.value for cell in page[1]].index("Territory") + 1
    for row in range(2, 2_002):
        page.cell(row, at).value = "Theirs"
    book.save(place / "sent.xlsx")
    pairs = []
    for _turn in range(TIMES):
        for old in place.glob("fresh.db*"):
            old.unlink()
        with files.open_file(place / "fresh.db", create=True) as store:
            floor = _timed(lambda: _take(store, place / "sent.xlsx"))
        copy = Path(shutil.copy(filled, place / "copy.db"))
        with files.open_file(copy) as store:
            pairs.append((floor, _timed(lambda: _take(store, place / "sent.xlsx"))))
    floor, found = _median(pairs)
    return [Row("merge of a returned sheet of 20,000 rows", ms(floor), ms(found), found / floor, 1.5)]


def first_partners(place: Path, env: dict[str, str], _: dict[str, Path]) -> list[Row]:
    """100,000 partners into an empty file: searchable, found by name, their cells remembered."""
    book = str(_book(place / "fresh.xlsx", _rows(100_000)))
    pairs = []
    for _turn in range(TIMES):
        floor = _program([sys.executable, "-m", "bench.floors", "partners", book], place / "floor.db", env)
        pairs.append((floor, _program([*PRM, "import", book, "--db"], place / "fresh.db", env)))
    floor, found = _median(pairs)
    return [Row("import 100,000 partners × 15 columns, wall clock", ms(floor), ms(found), found / floor, 2.5)]


def pandas(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """The whole import against pandas: read_excel with openpyxl, then to_sql; of orders and of partners."""
    if not PANDAS.exists():
        print("  left out: make bench sets pandas apart in .bench", file=sys.stderr)
        return []
    rows = []
    for what, book in (("orders", str(paths["book"])), ("partners", str(_book(place / "p.xlsx", _rows(100_000))))):
        floor = _program([str(PANDAS), "-m", "bench.floors", "pandas", book], place / "pandas.db", env)
        found = _program([*PRM, "import", book, "--db"], place / "ours.db", env)
        rows.append(Row(f"import 100,000 {what}, against pandas", ms(floor), ms(found), found / floor, 1 / 3))
    return rows


def _program(command: list[str], out: Path, env: dict[str, str]) -> float:
    """How long a program takes that writes a file, the last of its arguments."""
    for old in out.parent.glob(f"{out.name}*"):
        old.unlink()
    return _timed(
        lambda: subprocess.run([*command, str(out)], check=True, capture_output=True, env={**os.environ, **env})
    )


EVERY = (first_partners, again, updating, exporting, merging, pandas)
