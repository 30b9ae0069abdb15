"""Spreadsheets in the interface: questions answered one by one, a sheet sent and merged, two partners joined."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import openpyxl
import pytest

from prm_tui.services import cases, deactivation, exchange, export, files, partners, people, timeline
from tests.screens.driver import Driver, drive
from tests.services.test_returns import DAY, DEALERS

PIPELINE = Path(__file__).parent.parent / "data" / "crm" / "crm-sales-opportunities.xlsx"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path, sheet = tmp_path / "partners.db", tmp_path / "dealers.csv"
    sheet.write_text(DEALERS, encoding="utf-8")
    with files.open_file(path, create=True) as store, exchange.read(store, [sheet]) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)
    return path


def territory(path: Path, code: str) -> object:
    with files.open_file(path) as store:
        return partners.get(store, partners.resolve(store, code), DAY).fields["territory"]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_a_row_that_may_be_somebody_is_asked(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    other = tmp_path / "vendors.csv"
    other.write_text("Vendor ID,Vendor Name,Region\nV1,Dealer 1 Ltd,Nowhere\nV2,Nut,Hull\n", encoding="utf-8")

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(other))
        await prm.press("enter", "greater_than_sign")
        assert "1 open: enter on a question" in prm.text and "who is this?" in prm.text
        await prm.press("down", "enter")
        await prm.choose("001")
        assert "is 001" in prm.text and "enter on a question" not in prm.text
        await prm.press("greater_than_sign", "enter")
        assert "● Taken" in prm.text

    drive(db, story, size=size)
    assert territory(db, "V1") == territory(db, "001") == "Nowhere"


def test_a_conflict_is_shown_with_its_three_values_and_chosen(db: Path, tmp_path: Path) -> None:
    sent = tmp_path / "sent.xlsx"
    with files.open_file(db) as store:
        export.send(store, "partners", sent, recipient="Ann", due=DAY, actor=None, as_of=DAY)
        partners.edit(store, partners.resolve(store, "002"), {"territory": "Ours"}, actor=None, as_of=DAY)
    book = openpyxl.load_workbook(sent)
    page = book["Partners"]
    at = [cell.value for cell in page[1]].index("Territory") + 1
    row = next(n for n in range(2, 9) if page.cell(n, 2).value == "002")
    page.cell(row, at).value = "Theirs"
    book.save(sent)

    async def story(prm: Driver) -> None:
        await prm.press("5")
        assert "overdue 2026-03-01" in prm.text and "1 overdue" in prm.text
        await prm.press("i")
        await prm.write("#path", str(sent))
        await prm.press("enter", "greater_than_sign")
        assert "sent.xlsx came back from Ann: 1 conflict, 0 cells taken" in prm.text
        assert re.search(r"Dealer 2 +Territory +East +Theirs +Ours +—", prm.text)
        await prm.press("enter")
        assert "Theirs: Theirs" in prm.text and "Ours: Ours" in prm.text
        await prm.press("enter")
        assert re.search(r"Theirs +Ours +theirs", prm.text) and "1 cell taken" in prm.text
        await prm.press("greater_than_sign", "enter", "escape")
        assert "came back" in prm.text

    drive(db, story)
    assert territory(db, "002") == "Theirs"


def test_a_list_goes_out_and_a_sheet_is_sent(db: Path, tmp_path: Path) -> None:
    out, sent = tmp_path / "list.xlsx", tmp_path / "sent.xlsx"

    async def story(prm: Driver) -> None:
        await prm.write("#filter", "territory = 'West'")
        await prm.press("down", "x", "enter", "enter")
        await prm.fill(str(tmp_path / "list.doc"))
        assert "written are .xlsx, .csv and .json" in prm.text
        await prm.fill(str(out))
        assert out.exists()
        await prm.press("5", "x")
        await prm.choose("Send a sheet")
        await prm.press("enter")
        await prm.fill("Bea", "2026-13-01", str(sent))
        assert "not a date" in prm.text and not sent.exists()
        await prm.fill("Bea", "2030-01-01", str(sent))
        assert "Bea" in prm.text and "due 2030-01-01" in prm.text
        await prm.press("home", "d")
        assert "done with" in prm.text

    drive(db, story)
    assert openpyxl.load_workbook(out)["Partners"].max_row == 3
    assert openpyxl.load_workbook(sent)["Partners"].max_row == 7


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_a_timeline_of_one_kind_goes_out_as_it_is_shown(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    with files.open_file(db) as store:
        one = partners.resolve(store, "001")
        for kind, ref in (("order", "A1"), ("visit", "B1"), ("order", "A2")):
            timeline.log(store, one, kind, on=DAY, ref=ref, actor=None, as_of=DAY)
    orders, everything, sent = (tmp_path / name for name in ("orders.csv", "all.xlsx", "sent.xlsx"))

    async def story(prm: Driver) -> None:
        await prm.press("enter", "right", "slash")
        await prm.choose("Order")
        await prm.press("x")
        assert "Out to a spreadsheet: only order" in prm.text
        await prm.choose("Write a file")
        assert "order.xlsx" in prm.text
        await prm.fill(str(orders))
        await prm.press("x")
        await prm.choose("Send a sheet")
        await prm.fill("Ann", "2026-03-20", str(sent))
        await prm.press("escape", "x")  # the filter is gone
        assert "Out to a spreadsheet: Activities" in prm.text
        await prm.choose("Write a file")
        await prm.fill(str(everything))

    drive(db, story, size=size)
    with orders.open(encoding="utf-8-sig", newline="") as file:
        assert sorted(row["Reference"] for row in csv.DictReader(file)) == ["A1", "A2"]
    assert "Activities visit" not in openpyxl.load_workbook(sent).sheetnames
    assert {"Activities order", "Activities visit"} <= set(openpyxl.load_workbook(everything).sheetnames)


def test_refused_rows_are_written_back(db: Path, tmp_path: Path) -> None:
    out = tmp_path / "refused.xlsx"

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(PIPELINE))
        await prm.press("enter", "greater_than_sign")
        assert "/ shows only refused rows" in prm.text
        await prm.press("slash")
        assert "1,425 rows refused" in prm.text and "GTXPro" not in prm.text
        await prm.press("r")
        await prm.fill(str(out))
        assert out.exists()

    drive(db, story)


def test_two_marked_partners_become_one(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("space", "space", "a")
        await prm.choose("They are one partner")
        assert "002 Dealer 2 goes into it" in prm.text
        await prm.press("enter")
        assert "5 partners" in prm.text
        await prm.press("u", "enter")
        assert "6 partners" in prm.text

    drive(db, story)


def test_ones_own_spreadsheet_program_is_the_editor(db: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[Path] = []

    def program(path: Path) -> bool:
        book = openpyxl.load_workbook(path)
        page = book["Partners"]
        page.cell(2, [cell.value for cell in page[1]].index("Territory") + 1).value = "Edited outside"
        book.save(path)
        opened.append(path)
        return True

    monkeypatch.setattr("screens.exchange.out._open", program)

    async def story(prm: Driver) -> None:
        await prm.press("x")
        await prm.choose("Change it in my spreadsheet")
        assert "Opened in your spreadsheet program" in prm.text
        await prm.press("enter", "greater_than_sign")
        assert re.search(r"Dealer 1 +Territory +West +Edited outside +theirs", prm.text)
        await prm.press("greater_than_sign", "enter")
        assert "● Taken" in prm.text

    drive(db, story)
    assert territory(db, "001") == "Edited outside"
    shutil.rmtree(opened[0].parent)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_approvals_go_out_to_be_signed_and_are_read_back(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    out = tmp_path / "to-sign.xlsx"
    with files.open_file(db) as store:
        for name in ("Dana", "Max"):
            people.add(store, name, roles=["manager"], actor=None, as_of=DAY)
        dana = people.find(store, "Dana").id
        today = store.today()
        deactivation.submit(
            store, [partners.resolve(store, "001")], "inactivity", notice="table", actor=dana, as_of=today
        )

    async def story(prm: Driver) -> None:
        await prm.press("1", "x")
        await prm.choose("Send a sheet")
        await prm.fill("Max", "", str(out))
        book = openpyxl.load_workbook(out)
        page = book["Approvals"]
        at = {cell.value: cell.column for cell in page[1]}
        page.cell(2, at["Decision"]).value, page.cell(2, at["Signed by"]).value = "yes", "Max"
        book.save(out)
        await prm.press("i")
        await prm.write("#path", str(out))
        await prm.press("enter", "greater_than_sign")
        assert "approved by Max" in prm.text
        await prm.press("greater_than_sign", "enter")
        assert "● Taken" in prm.text

    drive(db, story, size=size, actor="Dana")
    with files.open_file(db) as store:
        (case,) = cases.list_of(store)
        assert case.stage == "notice"
