"""What was taken before is known at once, whoever saved the workbook, and never brings old cells back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from importers.content import Content, among
from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.services import exchange, files, history, partners
from storage import Store

DAY = date(2026, 3, 1)
HEAD = ["Dealer No", "Dealer Name", "Region", "Since", "Staff"]
ROWS = [[f"{n:03}", f"Dealer {n}", "West", date(2020, 1, n % 28 + 1), n] for n in range(1, 1501)]


def book(path: Path, rows: list[list[Any]], head: list[str] = HEAD) -> Path:
    with xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"}) as made:
        page = made.add_worksheet("Dealers")
        for n, row in enumerate([head, *rows]):
            page.write_row(n, 0, row)
    return path


def take(store: Store, path: Path, choices: Choices | None = None) -> ImportReport:
    with exchange.read(store, [path], skip_known=True) as reading:
        return exchange.commit(store, reading, choices, actor=None, as_of=DAY)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with files.open_file(tmp_path / "partners.db", create=True) as opened:
        take(opened, book(tmp_path / "first.xlsx", ROWS))
        yield opened


def region(store: Store, code: str) -> object:
    return partners.get(store, partners.resolve(store, code), DAY).fields["territory"]


def test_saved_by_another_program_it_is_known_without_being_read_again(store: Store, tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    page = made.worksheets[0]
    page.title = "Dealers"
    for row in [HEAD, *ROWS]:
        page.append(row)
    made.save(tmp_path / "second.xlsx")
    with exchange.read(store, [tmp_path / "second.xlsx"], skip_known=True) as reading:
        (plan,) = reading.plans
        assert plan.again and (plan.what, plan.rows, plan.column("code").header) == ("partners", 1500, "Dealer No")  # type: ignore[union-attr]
        assert reading.sample(plan) == []
        report = exchange.commit(store, reading, actor=None, as_of=DAY)
    assert report.nothing_new and report.change is None
    assert (report.sheets[0].same, report.sheets[0].lines) == (1500, 1500)


def test_rows_that_are_as_they_were_are_settled_and_the_others_compared(store: Store, tmp_path: Path) -> None:
    partners.edit(store, partners.resolve(store, "002"), {"territory": "Ours"}, actor=None, as_of=DAY)
    rows = [[*row[:2], "North", *row[3:]] if n == 1400 else row for n, row in enumerate(ROWS)]
    report = take(store, book(tmp_path / "next.xlsx", [*rows[10:], *rows[:9], ["A1", "New one", "East", None, 1]]))
    sheet = report.sheets[0]
    assert (sheet.new, sheet.changed, sheet.same, sheet.missing, sheet.lines) == (1, 1, 1498, 1, 1500)
    assert (region(store, "1401"), region(store, "002"), region(store, "A1")) == ("North", "Ours", "East")
    done = history.undo(store, report.change, actor=None, as_of=DAY)
    assert region(store, "1401") == "West" and set(done.counts) == {"reversed"}
    again = take(store, tmp_path / "next.xlsx").sheets[0]
    assert (again.new, again.changed) == (1, 1)


def test_a_key_that_stands_twice_is_seen_although_one_row_is_as_it_was(store: Store, tmp_path: Path) -> None:
    sheet = take(store, book(tmp_path / "twice.xlsx", [*ROWS, ["007", "Another", "East", None, 1]])).sheets[0]
    assert [(r.row, r.reason) for r in sheet.refused] == [(1502, "this code stands in an earlier row already")]
    assert partners.get(store, partners.resolve(store, "007"), DAY).fields["name"] == "Dealer 7"


def test_after_its_import_is_undone_a_sheet_is_new_again(store: Store, tmp_path: Path) -> None:
    history.undo(store, actor=None, as_of=DAY)
    assert take(store, tmp_path / "first.xlsx").sheets[0].new == 1500


def test_a_sheet_with_refused_rows_is_looked_at_again(store: Store, tmp_path: Path) -> None:
    path = book(tmp_path / "refused.xlsx", [*ROWS[:-1], ["", "No number", "East", None, 1]])
    assert len(take(store, path).sheets[0].refused) == 1
    assert len(take(store, path).sheets[0].refused) == 1


def test_read_another_way_the_same_cells_are_not_settled(store: Store, tmp_path: Path) -> None:
    with exchange.read(store, [tmp_path / "first.xlsx"]) as reading:
        (plan,) = reading.plans
        reading.replan(plan.with_target("Region", "country", "as you said"))
        report = exchange.commit(store, reading, actor=None, as_of=DAY)
    assert report.sheets[0].changed == 1500
    assert partners.get(store, partners.resolve(store, "001"), DAY).fields["country"] == "West"


def test_content_is_told_by_every_cell_and_given_up_early() -> None:
    cells = [[n, "x", None, 1.5] for n in range(5000)]
    whole = Content(["A", "B"])
    hashes = [whole.add(list(row)) for row in cells]
    assert len(set(hashes)) == 5000
    assert among(["A", "B"], cells, [whole.text()]) == whole.text()
    assert among(["A", "C"], cells, [whole.text()]) is None
    assert among(["A", "B"], cells[:-1], [whole.text()]) is None
    read = []

    def rows(other: list[list[Any]]) -> Any:
        for row in other:
            read.append(row)
            yield row

    assert among(["A", "B"], rows([[-1, "x", None, 1.5], *cells[1:]]), [whole.text()]) is None
    assert len(read) == 1000
