"""A sheet goes out to be filled in and comes back: sorted, moved, copied, cut, converted; and is merged cell by cell."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.domain.errors import DecisionNeeded, InputError
from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.services import contacts, exchange, export, files, history, partners, timeline
from storage import Store

DAY = date(2026, 3, 1)
DEALERS = "Dealer No,Dealer Name,Region,Country,Phone,Since\n" + "".join(
    f"{n:03},Dealer {n},{region},France,0{n}{n} 55,2020-0{n % 9 + 1}-01\n"
    for n, region in enumerate(["West", "East", "North", "South", "West", "East"], 1)
)
Grid = list[list[Any]]


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "dealers.csv"
    path.write_text(DEALERS, encoding="utf-8")
    with files.open_file(tmp_path / "partners.db", create=True) as store:
        with exchange.read(store, [path]) as reading:
            exchange.commit(store, reading, actor=None, as_of=DAY)
        first = partners.resolve(store, "001")
        contacts.add(store, first, {"name": "Ann", "email": "ann@one.example"}, actor=None, as_of=DAY)
        timeline.log(store, first, "order", on=DAY, amount=Decimal("120.50"), ref="A1", actor=None, as_of=DAY)
        yield store


def send(store: Store, out: Path, what: str = "partners") -> Path:
    export.send(store, what, out, recipient="Ann", due=date(2026, 3, 20), actor=None, as_of=DAY)
    return out


def merge(store: Store, path: Path, choices: Choices | None = None) -> ImportReport:
    with exchange.read(store, [path]) as reading:
        exchange.only_ours(reading)
        return exchange.commit(store, reading, choices, actor=None, as_of=DAY)


def edit(path: Path, change: Callable[[Grid], Grid], sheet: str = "Partners") -> None:
    """Rewrite a sheet of a workbook as somebody's spreadsheet program would."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    grid = change([[cell.value for cell in row] for row in page.iter_rows()])
    page.delete_rows(1, page.max_row + 1)
    for row in grid:
        page.append(row)
    book.save(path)


def cell(grid: Grid, code: str, header: str, value: Any) -> Grid:
    at, key = grid[0].index(header), grid[0].index("Code")
    for row in grid[1:]:
        if row[key] == code:
            row[at] = value
    return grid


def of(store: Store, code: str, field: str) -> object:
    return partners.get(store, partners.resolve(store, code), DAY).fields[field]


def edit_here(store: Store, code: str, **fields: str) -> None:
    partners.edit(store, partners.resolve(store, code), fields, actor=None, as_of=DAY)


def test_what_nobody_touched_changes_nothing_and_is_known_to_be_back(filled: Store, tmp_path: Path) -> None:
    path = send(filled, tmp_path / "out.xlsx")
    (out,) = export.sent(filled)
    assert (out.recipient, out.state, out.rows, out.overdue(date(2026, 3, 21))) == ("Ann", "out", 6, True)
    report = merge(filled, path)
    assert report.nothing_new and report.sheets[0].same == 6
    assert export.sent(filled)[0].state == "back"


def test_each_cell_has_the_outcome_of_the_table(filled: Store, tmp_path: Path) -> None:
    path = send(filled, tmp_path / "out.xlsx")
    edit_here(filled, "002", territory="Ours")
    edit_here(filled, "003", territory="Both the same")
    edit_here(filled, "004", territory="Ours too")
    edit(path, lambda g: cell(cell(cell(g, "001", "Territory", "Theirs"), "003", "Territory", "Both the same"),
                              "004", "Territory", "Theirs too"))  # fmt: skip
    with pytest.raises(DecisionNeeded, match=r"Dealer 4: changed to “Theirs too” there and to “Ours too” here"):
        merge(filled, path)
    assert of(filled, "001", "territory") == "West"
    with exchange.read(filled, [path]) as reading:
        looked = exchange.preview(filled, reading)
        (conflict,) = [c for c in looked.sheets[0].cells if c.conflict]
        assert (conflict.base, conflict.after, conflict.before) == ("South", "Theirs too", "Ours too")
        side = {(looked.sheets[0].plan.sheet, conflict.row, conflict.field): "theirs"}
        done = exchange.commit(filled, reading, Choices(sides=side), actor=None, as_of=DAY)
    assert [of(filled, f"00{n}", "territory") for n in (1, 2, 3, 4)] == [
        "Theirs", "Ours", "Both the same", "Theirs too",
    ]  # fmt: skip
    history.undo(filled, done.change, actor=None, as_of=DAY)
    assert [of(filled, f"00{n}", "territory") for n in (1, 4)] == ["West", "Ours too"]


def test_sorted_moved_renamed_copied_added_and_cut(filled: Store, tmp_path: Path) -> None:
    path = send(filled, tmp_path / "out.xlsx")

    def mangle(grid: Grid) -> Grid:
        grid = cell(grid, "001", "Territory", "Theirs")
        grid = [[row[-1], *row[:-1]] for row in grid]  # the last column first
        head, *rows = grid
        head[head.index("Country")] = "Land"
        id_at, code_at, name_at = head.index("prm id"), head.index("Code"), head.index("Name")
        rows.sort(key=lambda row: str(row[code_at]), reverse=True)
        gone = rows.pop(0)
        assert gone[code_at] == "006"
        copy = list(rows[0])
        new: list[Any] = [None] * len(head)
        new[code_at], new[name_at], new[head.index("Land")] = "077", "New one", "Spain"
        assert new[id_at] is None
        return [head, *rows, copy, new]

    edit(path, mangle)
    report = merge(filled, path)
    sheet = report.sheets[0]
    assert (sheet.new, sheet.changed, sheet.missing, len(sheet.refused)) == (1, 1, 1, 0)
    said = "\n".join([*sheet.plan.notes, *sheet.notes])
    assert "“Land”: it was “Country”: 100% of its cells are the same" in said
    assert "1 rows stand in the sheet twice" in said
    assert "left out there: Dealer 6. It stays" in said
    assert [(r.row, r.key, r.name, dict(r.cells)) for r in sheet.added] == [(8, "077", "New one", {"Land": "Spain"})]
    assert report.as_json()["sheets"][0]["new_rows"] == [
        {"row": 8, "key": "077", "name": "New one", "cells": {"Land": "Spain"}}
    ]
    assert (of(filled, "001", "territory"), of(filled, "077", "country")) == ("Theirs", "Spain")
    again = merge(filled, path)
    assert again.nothing_new and partners.find(filled, as_of=DAY).total == 7


def test_new_rows_of_every_noun_are_told_by_what_they_are_known_by(filled: Store, tmp_path: Path) -> None:
    contact, order = send(filled, tmp_path / "c.xlsx", "contacts"), send(filled, tmp_path / "a.xlsx", "activities")

    def add(**cells: Any) -> Callable[[Grid], Grid]:
        return lambda g: [*g, [cells.get(str(head).lower().replace(" ", "_")) for head in g[0]]]

    edit(contact, add(partner="002", name="Bob", role="Buyer"), "Contacts")
    edit(
        order, lambda g: cell_of(add(partner="003", date="2026-02-01", reference="N1", amount=9)(g)), "Activities order"
    )
    with exchange.read(filled, [contact, order]) as reading:
        exchange.only_ours(reading)
        seen = [row for sheet in exchange.preview(filled, reading).sheets for row in sheet.added]
        done = exchange.commit(filled, reading, Choices(prefer="theirs"), actor=None, as_of=DAY)
    assert [(r.key, r.name) for r in seen] == [("", "Bob"), ("N1", "Dealer 3")]
    assert dict(seen[0].cells)["Role"] == "Buyer" and dict(seen[1].cells)["Amount"] == "9"
    assert [row for sheet in done.sheets for row in sheet.added] == seen  # corrected rows are no new ones


def cell_of(grid: Grid) -> Grid:
    """The order that went out has another amount there."""
    grid[1][grid[0].index("Amount")] = 121
    return grid


def test_a_copy_with_other_cells_is_refused_with_its_way_out(filled: Store, tmp_path: Path) -> None:
    path = send(filled, tmp_path / "out.xlsx")
    edit(path, lambda g: [*g, [*g[1][:2], "Copied and changed", *g[1][3:]]])
    sheet = merge(filled, path).sheets[0]
    assert [r.row for r in sheet.refused] == [8]
    assert "stands in row 2, too, with other cells; empty its prm id" in sheet.refused[0].reason
    assert of(filled, "001", "name") == "Dealer 1"


def test_without_ids_rows_are_found_by_their_code_and_that_is_said(filled: Store, tmp_path: Path) -> None:
    path = send(filled, tmp_path / "out.xlsx")
    edit(
        path, lambda g: cell([[None, *row[1:]] if n else row for n, row in enumerate(g)], "002", "Territory", "Theirs")
    )
    sheet = merge(filled, path).sheets[0]
    assert (sheet.changed, sheet.new) == (1, 0)
    assert any("6 rows have no prm id: found by their keys" in note for note in sheet.notes)
    assert of(filled, "002", "territory") == "Theirs"
    edit(path, lambda g: [row[1:] for row in g])
    with pytest.raises(InputError, match="its prm id column is gone"):
        merge(filled, path)


def test_converted_to_csv_it_is_still_ours(filled: Store, tmp_path: Path) -> None:
    path = send(filled, tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(path)
    back = tmp_path / "back.csv"
    with back.open("w", encoding="utf-8", newline="") as file:
        for row in cell([[c.value for c in row] for row in book["Partners"].iter_rows()], "005", "Territory", "Theirs"):
            csv.writer(file).writerow("" if v is None else v for v in row)
    edit_here(filled, "006", territory="Ours")
    sheet = merge(filled, back).sheets[0]
    assert (sheet.changed, sheet.conflicts) == (1, 0)
    assert (of(filled, "005", "territory"), of(filled, "006", "territory")) == ("Theirs", "Ours")


def test_an_older_sheet_after_a_newer_one_brings_nothing_old_back(filled: Store, tmp_path: Path) -> None:
    older, newer = send(filled, tmp_path / "older.xlsx"), tmp_path / "newer.xlsx"
    edit_here(filled, "001", territory="Second")
    send(filled, newer)
    edit(newer, lambda g: cell(g, "001", "Territory", "Third"))
    edit(older, lambda g: cell(g, "002", "Territory", "Theirs"))
    merge(filled, newer)
    assert merge(filled, older).sheets[0].conflicts == 0
    assert (of(filled, "001", "territory"), of(filled, "002", "territory")) == ("Third", "Theirs")


def test_a_row_left_out_there_and_changed_here_is_a_conflict(filled: Store, tmp_path: Path) -> None:
    path = send(filled, tmp_path / "out.xlsx")
    edit_here(filled, "006", territory="Ours")
    edit(path, lambda g: [row for row in g if row[1] != "006"])
    with pytest.raises(DecisionNeeded, match="left out there, but it was changed here since: Dealer 6"):
        merge(filled, path)
    assert merge(filled, path, Choices(prefer="ours")).sheets[0].missing == 1
    assert of(filled, "006", "territory") == "Ours"


def test_a_row_taken_back_here_and_edited_there_is_not_dropped(filled: Store, tmp_path: Path) -> None:
    extra = partners.add(filled, {"code": "009", "name": "Nine"}, actor=None, as_of=DAY)
    assert extra
    path = send(filled, tmp_path / "out.xlsx")
    history.undo(filled, history.changes(filled)[1].id, actor=None, as_of=DAY)
    edit(path, lambda g: cell(g, "009", "Territory", "Theirs"))
    (refused,) = merge(filled, path).sheets[0].refused
    assert "taken back here since it went out; empty its prm id to add it again" in refused.reason


def test_an_emptied_cell_is_emptied_and_an_activity_is_corrected(filled: Store, tmp_path: Path) -> None:
    path = send(filled, tmp_path / "out.xlsx", "everything")
    edit(path, lambda g: cell(g, "003", "Territory", None))

    def amount(grid: Grid) -> Grid:
        grid[1][grid[0].index("Amount")] = 99.5
        return grid

    edit(path, amount, "Activities order")
    report = merge(filled, path)
    assert [s.changed for s in report.sheets if s.plan.what != "contacts"] == [1, 1]
    assert of(filled, "003", "territory") is None
    rows = filled.conn.execute("SELECT amount, superseded_at IS NULL FROM activities ORDER BY id").fetchall()
    assert rows == [(1_205_000, 0), (995_000, 1)]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_saved_by_libreoffice(filled: Store, tmp_path: Path) -> None:
    path = send(filled, tmp_path / "out.xlsx", "everything")
    place = tmp_path / "lo"
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    for kind in ("xlsx", "ods"):
        subprocess.run(
            ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", str(place), str(path)],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        report = merge(filled, place / f"out.{kind}")
        assert report.nothing_new and [s.refused for s in report.sheets] == [[], [], []]


def test_a_sheet_of_another_file_is_no_sheet_of_this_one(filled: Store, tmp_path: Path) -> None:
    path = send(filled, tmp_path / "out.xlsx")
    with Store.open(tmp_path / "other.db", create=True) as other:
        partners.add(other, {"code": "x", "name": "Other"}, actor=None, as_of=DAY)
        sheet = merge(other, path).sheets[0]
        assert (sheet.new, sheet.changed) == (6, 0)
        assert "rows come from another file of prm" in sheet.notes[0]
