"""A column of dates is read right, or asked, or left as it was written; it is never silently wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from importers import columns, staging
from importers.dates import MONTHS
from prm_tui.domain.errors import DecisionNeeded, InputError
from prm_tui.domain.mapping import SavedMap, from_toml, to_toml
from prm_tui.services import exchange, files

DAY = date(2026, 3, 1)
_SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WRITERS: dict[str, Callable[[date], str]] = {
    "day/month": lambda d: f"{d.day:02}/{d.month:02}/{d.year}",
    "month/day": lambda d: f"{d.month}/{d.day}/{d.year}",
    "day-month": lambda d: f"{d.day}-{d.month}-{d.year}",
    "month-day": lambda d: f"{d.month:02}-{d.day:02}-{d.year}",
    "day.month": lambda d: f"{d.day}.{d.month}.{d.year}",
    "day/month yy": lambda d: f"{d.day:02}/{d.month:02}/{d.year % 100:02}",
    "month/day yy": lambda d: f"{d.month}/{d.day}/{d.year % 100:02}",
    "yy-month-day": lambda d: f"{d.year % 100:02}-{d.month:02}-{d.day:02}",
    "iso": lambda d: d.isoformat(),
    "year/month/day": lambda d: f"{d.year}/{d.month}/{d.day}",
    "month name": lambda d: f"{d.day} {_SHORT[d.month - 1]} {d.year}",
    "name first": lambda d: f"{_SHORT[d.month - 1]} {d.day}, {d.year}",
    "dd-Mon-yy": lambda d: f"{d.day:02}-{_SHORT[d.month - 1]}-{d.year % 100:02}",
    "with time": lambda d: f"{d.day:02}/{d.month:02}/{d.year} 10:15",
    "rubbish": lambda d: "n/a",
}
days = st.dates(date(1990, 1, 1), date(2040, 12, 31))


@contextmanager
def column(cells: list[Any]) -> Iterator[sqlite3.Connection]:
    """A staging file with one sheet of one column."""
    conn = staging.connect(Path(":memory:"))
    conn.executescript(staging._TABLES)
    conn.execute("CREATE TABLE rows_1(row INTEGER PRIMARY KEY, c0, hash)")
    conn.executemany("INSERT INTO rows_1(row, c0) VALUES (?, ?)", list(enumerate(cells, 2)))
    try:
        yield conn
    finally:
        conn.close()


def decided(cells: list[Any], *, dated: bool = True) -> tuple[columns.Column, list[Any]]:
    with column(cells) as conn:
        (found,) = columns.decide(conn, "rows_1", 1, dated=frozenset({0} if dated else ()))
        return found, [cell for (cell,) in conn.execute("SELECT c0 FROM rows_1 ORDER BY row")]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(list(WRITERS)), min_size=1, max_size=3, unique=True).flatmap(
        lambda names: st.lists(st.tuples(days, st.sampled_from(names)), min_size=1, max_size=25)
    ),
    st.booleans(),
)
def test_any_mix_of_formats_is_right_or_asked(written: list[tuple[date, str]], dated: bool) -> None:
    # Two habits of one look, each with no day above 12 in the other's way, contradict nobody: whoever wrote 3/4/2026
    # month first into a column in which every telling value says day first cannot be found out. Such columns are
    # left out; where a telling value contradicts another, the column must be asked.
    ways = {name for _, name in written}
    for one, other in (("day/month", "month/day"), ("day-month", "month-day"), ("with time", "month/day"),
                       ("day/month yy", "month/day yy")):  # fmt: skip
        if {one, other} <= ways:
            told = [(d.day > 12, name) for d, name in written if name in (one, other)]
            if not ({one, other} <= {name for tells, name in told if tells}):
                return
    cells = [WRITERS[name](day) for day, name in written]
    found, after = decided(cells, dated=dated)
    if found.orders:
        assert found.type == "date?" and found.asked in cells and found.decided
        return
    for (day, name), cell, was in zip(written, after, cells, strict=True):
        if cell != was or name == "iso":
            assert str(cell)[:10] == day.isoformat(), (name, was, cell, found)


@settings(max_examples=100, deadline=None)
@given(st.lists(days, min_size=1, max_size=40))
def test_a_spreadsheet_with_another_habit_is_found_out(true: list[date]) -> None:
    """Days up to 12 became real dates with day and month exchanged, the others stayed text."""
    cells = [
        date(d.year, d.day, d.month).isoformat() if d.day <= 12 else f"{d.day:02}/{d.month:02}/{d.year}" for d in true
    ]
    found, after = decided(cells)
    if all(d.day <= 12 for d in true):
        return  # nothing in the column can tell: all of it looks like ordinary dates
    if all(d.day > 12 for d in true):
        assert after == [d.isoformat() for d in true]
        return
    assert "swapped" in found.orders and "exchanged day and month" in found.decided
    with column(cells) as conn:
        columns.settle(conn, 1, 0, "swapped")
        assert [cell for (cell,) in conn.execute("SELECT c0 FROM rows_1 ORDER BY row")] == [d.isoformat() for d in true]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["31/01/2026", "13/02/2026", "03/04/2026"], "day first: 2 values above 12 in the first place"),
        (["1/31/2026", "3/4/2026"], "month first: 1 value above 12 in the second place"),
        (["1.2.2026", "3.4.2026"], "day first: written with dots"),
        (["26-03-44", "95-12-01"], "neither the first nor the last part"),
        (["95-12-01", "26-03-04"], "the year comes first: 95 cannot be a day"),
        (["31/01/2026", "n/a"], "but 1 cells are none"),
    ],
)
def test_the_decision_is_explained(cells: list[str], says: str) -> None:
    assert says in decided(cells)[0].decided


@pytest.mark.parametrize(
    ("cells", "orders"),
    [
        (["3/4/2026", "5/6/2026"], ("day-first", "month-first")),
        (["31/12/2026", "12/31/2026"], ("day-first", "month-first")),
        (["31.12.2026", "3/4/2026"], ("day-first", "month-first")),
        (["26-03-04", "25-04-05"], ("day-first", "month-first", "year-first")),
        (["2026-03-04", "2026-01-02", "31/12/2026"], ("day-first", "swapped")),
    ],
)
def test_what_nothing_settles_is_asked(cells: list[str], orders: tuple[str, ...]) -> None:
    assert decided(cells)[0].orders == orders


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("3 Apr 2026", "2026-04-03"), ("03-Apr-26", "2026-04-03"), ("April 3, 2026", "2026-04-03"),
        ("3. März 2026", "2026-03-03"), ("Fri, 3 April 2026 10:15", "2026-04-03"), ("1st May 2026", "2026-05-01"),
        ("3 août 2026", "2026-08-03"), ("3 enero 2026", "2026-01-03"), ("31 Feb 2026", "31 Feb 2026"), ("10:15", "10:15"),
    ],
)  # fmt: skip
def test_names_of_months_settle_themselves(said: str, day: str) -> None:
    assert decided([said, "4 Apr 2026", "5 Apr 2026"])[1][0] == day


def test_numbers_under_a_date_header_are_dates_and_elsewhere_numbers() -> None:
    assert decided([45000, 46000.5])[1] == ["2023-03-15", "2025-12-09"]
    assert "serial dates of a spreadsheet: 45000 is 2023-03-15" in decided([45000, 46000])[0].decided
    assert decided([20260304, 20251231])[1] == ["2026-03-04", "2025-12-31"]
    assert decided([20260230, 20251331])[0].type == "number"
    assert decided([45000, 46000], dated=False)[1] == [45000, 46000]
    assert decided([5, 10])[0].type == "number"


def test_a_few_dates_in_a_long_sheet_make_a_column_of_dates() -> None:
    cells: list[Any] = [None] * 30_000
    cells[7001:7004] = ["2026-01-31", "2026-02-01", "2026-02-02"]
    assert decided(cells, dated=False)[0].type == "date"


def test_months_are_twelve_in_six_languages() -> None:
    assert set(MONTHS.values()) == set(range(1, 13)) and MONTHS["août"] == 8 and MONTHS["dicembre"] == 12


def test_asked_once_answered_and_remembered(tmp_path: Path) -> None:
    head = "Dealer No,Dealer Name,Order No,Order Date,Amount\n"
    path = tmp_path / "orders.csv"
    path.write_text(f"{head}1,Acme,A1,3/4/2026,5\n1,Acme,A2,5/6/2026,5\n", encoding="utf-8")
    with files.open_file(tmp_path / "p.db", create=True) as store:
        with exchange.read(store, [path], forced={"orders": "activity:order"}) as reading:
            with pytest.raises(
                DecisionNeeded,
                match=r"is 3/4/2026 in “Order Date” written day first or month first\?.*--dates day-first",
            ):
                exchange.commit(store, reading, actor=None, as_of=DAY)
            (plan,) = reading.plans
            at = next(c for c in plan.columns if c.header == "Order Date")
            reading.settle_dates(plan.id, at.pos, "month-first")
            assert reading.questions == []
            exchange.commit(store, reading, actor=None, as_of=DAY)
        assert [d for (d,) in store.conn.execute("SELECT occurred_on FROM activities ORDER BY id")] == [
            "2026-03-04",
            "2026-05-06",
        ]
        later = tmp_path / "orders-may.csv"
        later.write_text(f"{head}1,Acme,A3,7/8/2026,5\n", encoding="utf-8")
        with exchange.read(store, [later]) as reading:
            assert reading.questions == []
            saved = SavedMap.of(reading.plans[0])
            exchange.commit(store, reading, actor=None, as_of=DAY)
        assert store.conn.execute("SELECT max(occurred_on) FROM activities").fetchone() == ("2026-07-08",)
    assert from_toml(to_toml([saved]), "m.toml") == [saved] and saved.dates == {"Order Date": "month-first"}
    with pytest.raises(InputError, match="one of day-first, month-first"):
        from_toml(to_toml([saved]).replace("month-first", "week-first"), "m.toml")


def test_a_time_without_a_date_is_none_and_a_real_date_is_one(tmp_path: Path) -> None:
    path = tmp_path / "times.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("Orders")
        as_time, as_date = book.add_format({"num_format": "hh:mm:ss"}), book.add_format({"num_format": "dd/mm/yyyy"})
        page.write_row(0, 0, ["Order No", "Order Date", "Dealer", "Amount"])
        for n in range(1, 5):
            page.write_row(n, 0, [f"A{n}", None, "Acme", 5])
            if n % 2:
                page.write_datetime(n, 1, time(0, 0), as_time)
            else:
                page.write_datetime(n, 1, datetime(2026, 1, 1) + timedelta(days=n), as_date)
    with files.open_file(tmp_path / "p.db", create=True) as store, exchange.read(store, [path]) as reading:
        report = exchange.commit(store, reading, actor=None, as_of=DAY)
    assert (report.sheets[0].new, [r.row for r in report.sheets[0].refused]) == (2, [2, 4])
