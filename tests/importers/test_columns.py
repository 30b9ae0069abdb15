"""A column is read right, or asked, or stays as it was written: dates of several writers, decimal marks, names with space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers import columns
from prm_tui.domain.errors import DecisionNeeded, InputError
from prm_tui.services import exchange, files
from storage import Store
from tests.importers.test_dates import column, decided

DAY = date(2026, 3, 1)
_SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_GERMAN = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
           "Dezember"]  # fmt: skip
# Each writer with the habit by which others might misread it: (way of writing, order); none where nobody can.
WRITERS: dict[str, tuple[Callable[[date], str], tuple[str, str] | None]] = {
    "d/m/y": (lambda d: f"{d.day:02}/{d.month:02}/{d.year}", ("/", "dmy")),
    "m/d/y": (lambda d: f"{d.month:02}/{d.day:02}/{d.year} 3:30 PM", ("/", "mdy")),
    "d-m-y": (lambda d: f"{d.day}-{d.month}-{d.year}", ("-", "dmy")),
    "m-d-y": (lambda d: f"{d.month}-{d.day}-{d.year}", ("-", "mdy")),
    "d/m/yy": (lambda d: f"{d.day:02}/{d.month:02}/{d.year % 100:02}", ("/yy", "dmy")),
    "m/d/yy": (lambda d: f"{d.month:02}/{d.day:02}/{d.year % 100:02}", ("/yy", "mdy")),
    "yy/m/d": (lambda d: f"{d.year % 100:02}/{d.month:02}/{d.day:02}", ("/yy", "ymd")),
    "d.m.y": (lambda d: f"{d.day:02}.{d.month:02}.{d.year}", None),
    "real": (lambda d: d.isoformat(), None),
    "y/m/d": (lambda d: f"{d.year}/{d.month:02}/{d.day:02} 10:15", None),
    "d Mon y": (lambda d: f"{d.day:02}-{_SHORT[d.month - 1]}-{d.year % 100:02}", None),
    "Mon d, y": (lambda d: f"{_SHORT[d.month - 1]} {d.day}, {d.year}", None),
    "d. Monat y": (lambda d: f"{d.day}. {_GERMAN[d.month - 1]} {d.year}", None),
    # a day-first text file in a month-first spreadsheet: what it could not misread stayed text
    "swapped": (
        lambda d: date(d.year, d.day, d.month).isoformat() if d.day < 13 else f"{d.day:02}/{d.month:02}/{d.year}",
        ("/", "dmy"),
    ),
}
# Two-digit years within fifteen years of each other: a list that spans more is none of today's business.
days = st.dates(date(2015, 1, 1), date(2029, 12, 31))
written = st.lists(st.sampled_from(list(WRITERS)), min_size=1, max_size=3, unique=True).flatmap(
    lambda names: st.lists(st.tuples(days, st.sampled_from(names)), min_size=1, max_size=40)
)


def tells(day: date, name: str) -> bool:
    """Whether a cell can be no date in any other order of its way of writing than its writer's."""
    habit = WRITERS[name][1]
    if habit is None:
        return True
    if habit[0] == "/yy":
        year = day.year % 100
        return name == "m/d/yy" and day.day > 12 and year <= 31
    return day.day > 12


def nobody_could_know(cells: Sequence[tuple[date, str]], n: int) -> bool:
    """The only columns that may be read wrong, because the very same cells are right from another writer:

    1. two writers of one way, of whom only one left a telling value: the other's cells are what the first would
       have written of other days;
    2. exchanged real dates with nothing beside them that tells of it: no text of that spreadsheet is left, or
       genuine real dates with days above 12 say that it reads dates right. They are plain, valid dates.
    """
    day, name = cells[n]
    if name == "swapped" and day.day < 13:
        genuine = any(other == "real" and d.day > 12 for d, other in cells)
        return genuine or not any(WRITERS[other][1] == ("/", "dmy") and d.day > 12 for d, other in cells)
    habit = WRITERS[name][1]
    return habit is not None and not any(WRITERS[other][1] == habit and tells(d, other) for d, other in cells)


@settings(max_examples=500, deadline=None)
@given(written, st.booleans())
def test_no_date_is_silently_wrong(cells: list[tuple[date, str]], dated: bool) -> None:
    raw = [WRITERS[name][0](day) for day, name in cells]
    found, after = decided(raw, dated=dated)
    if found.orders:
        assert found.decided and found.asked in raw
        return
    ways = {WRITERS[name][1] for _, name in cells} - {None}
    for n, ((day, name), cell) in enumerate(zip(cells, after, strict=True)):
        became_a_date = cell != raw[n] or name in ("real", "swapped")
        if not became_a_date or str(cell)[:1] not in "12" or cell[4:5] != "-":
            continue
        alone = len({w for w in ways if w and w[0] == (WRITERS[name][1] or "x")[0]}) == 1
        excused = nobody_could_know(cells, n) and (name == "swapped" or not alone)
        assert str(cell)[:10] == day.isoformat() or excused, (raw, found, name)


@settings(max_examples=100, deadline=None)
@given(st.lists(days, min_size=1, max_size=20), st.booleans())
def test_serial_and_compact_dates_need_a_header_that_says_date(true: list[date], texts: bool) -> None:
    serial = [(day - date(1899, 12, 30)).days for day in true]
    compact = [day.year * 10000 + day.month * 100 + day.day for day in true]
    for numbers in (serial, compact):
        raw = [str(number) for number in numbers] if texts else numbers
        assert decided(raw, dated=True)[1] == [day.isoformat() for day in true]
        assert decided(raw, dated=False)[1] == numbers


@pytest.mark.parametrize(
    ("cells", "orders"),
    [
        (["26.03.04", "26.03.05"], ("day-first", "month-first", "year-first")),
        ([f"{y}-0{m}-0{1 + y % 3}" for y in range(20, 31) for m in (1, 2)], ("day-first", "month-first", "year-first")),
        ([f"{d:02}/{m:02}/26" for d in range(1, 29) for m in (3, 4)], ()),
        (["2026-05-03", "31/01/2026", "03/02/2026"], ("day-first", "swapped")),
        (["2026-05-03", "2026-05-13", "31/01/2026", "03/02/2026"], ()),
    ],
)
def test_which_part_is_the_year_and_what_a_spreadsheet_took_for_a_date(
    cells: list[str], orders: tuple[str, ...]
) -> None:
    assert decided(cells)[0].orders == orders


@pytest.mark.parametrize(
    "said", ["3 de abril de 2026", "2026-Apr-03", "Friday, April 3, 2026", "3 avr. 2026", "3/Apr/2026"]
)
def test_more_ways_of_naming_a_month(said: str) -> None:
    assert decided([said])[1] == ["2026-04-03"]


def test_two_dates_in_a_cell_are_none() -> None:
    assert decided(["31/12/2026 10:15 to 01/01/2027 11:00"])[1] == ["31/12/2026 10:15 to 01/01/2027 11:00"]


@pytest.mark.parametrize(
    ("cells", "after", "says"),
    [
        (["1,234", "5,678"], [1234, 5678], "commas group thousands"),
        (["1.234", "5.678"], [1.234, 5.678], "points begin decimals"),
        (["0,125", "1,250"], [0.125, 1.25], "decimal comma"),
        (["1.234.567", "2.000"], [1234567, 2000], "decimal comma"),
        (["12,34,567", "2,000"], [1234567, 2000], "decimal point"),
        (["1,5", "1.5"], ["1,5", "1.5"], "some have a decimal comma, some a decimal point"),
        (["1.2.3", "1.2.4"], ["1.2.3", "1.2.4"], "text"),
    ],
)
def test_decimal_marks(cells: list[str], after: list[Any], says: str) -> None:
    found, read = decided(cells, dated=False)
    assert read == after and says in found.decided


def test_a_column_that_does_not_tell_is_read_as_the_others_are_written() -> None:
    with column([]) as conn:
        conn.execute("CREATE TABLE rows_2(row INTEGER PRIMARY KEY, c0, c1)")
        conn.executemany("INSERT INTO rows_2(c0, c1) VALUES (?,?)", [("1.234", "5,50"), ("2.500", "7,25")])
        found = columns.decide(conn, "rows_2", 2)
        assert found[0].decided == "numbers with a decimal comma, as in the other columns"
        assert conn.execute("SELECT c0, c1 FROM rows_2").fetchall() == [(1234, 5.5), (2500, 7.25)]


def sheet(folder: Path, *dates: str) -> Path:
    path = folder / "orders.csv"
    rows = [f"A{day.replace('/', '')},{day},Acme,10" for day in dates]
    path.write_text("Order No,Order Date,Supplier,Amount\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def take(store: Store, path: Path, **how: Any) -> set[str]:
    with exchange.read(store, [path], **how) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)
    return {day for (day,) in store.conn.execute("SELECT occurred_on FROM activities")}


def test_an_answer_counts_for_the_same_question_only(tmp_path: Path) -> None:
    with files.open_file(tmp_path / "p.db", create=True) as store:
        assert take(store, sheet(tmp_path, "03/04/2026"), dates={"Order Date": "month-first"}) == {"2026-03-04"}
        assert "2026-05-06" in take(store, sheet(tmp_path, "05/06/2026"))  # remembered
        assert "2026-12-31" in take(store, sheet(tmp_path, "31/12/2026"))  # evidence counts more
        with pytest.raises(DecisionNeeded, match="some are day first"):
            take(store, sheet(tmp_path, "31/12/2026", "12/31/2026", "01/02/2026"))
        with pytest.raises(InputError, match="There is no column “Orderdate”"):
            take(store, sheet(tmp_path, "07/08/2026"), dates={"Orderdate": "day-first"})


def test_that_real_dates_are_right_is_asked_again(tmp_path: Path) -> None:
    with files.open_file(tmp_path / "p.db", create=True) as store:
        take(store, sheet(tmp_path, "03/04/2026"), dates={"": "day-first"})
        with pytest.raises(DecisionNeeded, match="exchanged day and month"):
            take(store, sheet(tmp_path, "2026-05-03", "31/01/2026"))
        assert "2026-03-05" in take(store, sheet(tmp_path, "2026-05-03", "31/01/2026"), dates={"": "swapped"})


def test_names_with_space_around_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "vendors.csv"
    path.write_text(
        "Vendor ID,Company Name,City\n1, Acme,Bonn\n2,\u00a0Bolt ,Bonn\n3,Cog, Bonn\n4, ,Bonn\n", encoding="utf-8"
    )
    with exchange.read(None, [path]) as reading:
        assert "2 names had space or line breaks around, taken away" in reading.plans[0].notes


def test_a_wrong_word_for_dates_names_the_right_ones(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from prm_tui.cli import main

    path = sheet(tmp_path, "03/04/2026")
    asked = ["import", str(path), "--db", str(tmp_path / "p.db")]
    assert main.main([*asked, "--dates", "backwards"]) == 2
    assert "day-first, month-first, year-first, swapped" in capsys.readouterr().err
    assert main.main(asked) == 3
    assert "--dates day-first" in capsys.readouterr().err
    assert main.main([*asked, "--dates", "Order Date=day-first"]) == 0
    sheet(tmp_path, str((DAY + timedelta(days=1)).strftime("%d/%m/%Y")))
    assert main.main(asked) == 0
