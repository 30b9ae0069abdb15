"""A consultant's first hour: a folder full of spreadsheets, read before anything is imported."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Event

import openpyxl
import pytest

from importers import reader
from prm_tui.domain.errors import Cancelled, InputError
from prm_tui.domain.survey import Survey
from prm_tui.services import survey
from storage import Store
from tests.screens.driver import Driver, drive

DATA = Path(__file__).parent.parent / "data"
HEAD = "Dealer No,Dealer Name,Region\n"


def write(path: Path, text: str, day: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (day * 86_400, day * 86_400))
    return path


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    folder = tmp_path_factory.mktemp("client")
    write(folder / "dealers.csv", f"{HEAD}1,Acme Ltd,West\n2,Bolt,East\n3,Nut,South\n", 20)
    write(folder / "old" / "dealers (1).csv", f"{HEAD}1,Acme Ltd,West\n2,Bolt,East\n3,Nut,South\n", 30)
    write(folder / "dealers-2020.csv", f"{HEAD}1,Acme Ltd,West\n2,Bolt,East\n", 10)
    write(folder / "dealers-draft.csv", f"{HEAD}1,Acme Ltd,North\n2,Bolt,East\n3,Nut,South\n", 5)
    write(folder / "crm.csv", "Dealer No,Dealer Name,Region,Phone\n1,ACME Limited,Centre,12\n2,Bolt,East,34\n", 20)
    orders = "Order No,Order Date,Dealer No,Amount\n"
    write(folder / "orders-jan.csv", f"{orders}A1,2026-01-05,1,10\n", 20)
    write(folder / "orders-apr.csv", f"{orders}A2,2026-04-05,1,10\n", 20)
    write(folder / "mixed.csv", "Order No,Order Date,Dealer No,Amount,Who\nA3,03/04/2026,1,10,x\n", 20)
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    (folder / "notes.md").write_text("not a spreadsheet", encoding="utf-8")
    return survey.look(folder)


def said(found: Survey, kind: str) -> list[str]:
    return [f"{finding.about}: {finding.said} [{finding.where}]" for finding in found.of(kind)]


def test_copies_are_known_by_their_content(found: Survey) -> None:
    (copy,) = said(found, "copy")
    assert copy.startswith("old/dealers (1).csv") and "the same as dealers.csv" in copy


def test_what_is_superseded_and_by_what(found: Survey) -> None:
    (older,) = said(found, "superseded")
    assert "dealers-2020.csv" in older and "all its 2 rows are in dealers.csv" in older
    (draft,) = said(found, "version")
    assert "dealers-draft.csv" in draft and "1 of its 3 rows is other there" in draft
    assert "an older version of dealers.csv, whose file is newer (1970-01-" in draft


def test_missing_months_contradicting_cells_and_names(found: Survey) -> None:
    (missing,) = said(found, "missing")
    assert (
        "no sheet brings 2026-02 to 2026-03: orders-jan.csv ends on 2026-01-05, orders-apr.csv begins on 2026-04-05"
        in missing
    )
    drafted, cell = [c for c in said(found, "contradiction") if "Region" in c]
    assert (
        drafted
        == "Acme Ltd (1), Region: “North” or “West” [dealers-draft.csv row 2, Region (older); dealers.csv row 2, Region]"
    )
    assert cell == "ACME Limited (1), Region: “Centre” or “West” [crm.csv row 2, Region; dealers.csv row 2, Region]"
    assert said(found, "names") == [
        "Dealer No 1: one key, several spellings: “ACME Limited” or “Acme Ltd” [crm.csv row 2; dealers.csv row 2]"
    ]
    (question,) = said(found, "question")
    assert (
        question.startswith("mixed.csv: is 03/04/2026")
        and "Answer with --dates day-first, or --dates month-first" in question
    )
    assert "broken.xlsx: the file is damaged" in said(found, "unreadable")[0]


def test_the_order_begins_with_who_they_are_and_older_comes_before_newer(found: Survey) -> None:
    assert found.order == [
        "crm.csv (partners)",
        "dealers.csv (partners)",
        "mixed.csv (activity:order), once its question is answered",
        "orders-jan.csv (activity:order)",
        "orders-apr.csv (activity:order)",
    ]


def test_it_goes_out_as_a_workbook(found: Survey, tmp_path: Path) -> None:
    survey.write(found, tmp_path / "survey.xlsx")
    book = openpyxl.load_workbook(tmp_path / "survey.xlsx")
    assert book["Sheets"].max_row == len(found.sheets) + 1
    assert book["Findings"].max_row == len(found.findings) + 1


def test_the_real_sets_with_copies_among_them(tmp_path: Path) -> None:
    shutil.copytree(DATA / "vendors", tmp_path / "vendors")
    shutil.copytree(DATA / "crm", tmp_path / "crm")
    shutil.copy(DATA / "vendors" / "oxford-expenditure-over-500-jan-mar-2018.csv", tmp_path / "Copy of payments.csv")
    found = survey.look(tmp_path)
    (copy,) = said(found, "copy")
    assert copy.startswith("Copy of payments.csv")
    missing = "\n".join(said(found, "missing"))
    assert "no sheet brings 2017-10 to 2017-12" in missing and "no row of 3,818 has a date" in missing
    assert any("BT GLOBAL SERVIES" in name for name in said(found, "names"))
    assert [step.split("/")[0] for step in found.order][:1] == ["crm"]


def test_no_folder_and_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        survey.look(tmp_path / "none")
    with pytest.raises(InputError, match="there is no spreadsheet in it"):
        survey.look(tmp_path)


ORDERS = "Order No,Order Date,Dealer No,Amount\n"


def workbook(path: Path, sheets: dict[str, list[tuple[object, ...]]], day: int) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(path)
    os.utime(path, (day * 86_400, day * 86_400))
    return path


# ---- versions ----


def test_two_versions_of_the_dealers_are_compared_cell_by_cell(tmp_path: Path) -> None:
    write(tmp_path / "dealers.csv", f"{HEAD}1,Acme,West\n2,Bolt,East\n3,Nut,South\n", 10)
    write(tmp_path / "dealers v2.csv", f"{HEAD}1,Acme,West\n2,Bolts,North\n3,Nut,\n", 20)
    found = survey.look(tmp_path)
    (older,) = said(found, "version")
    assert older.startswith("dealers.csv: an older version of dealers v2.csv, whose file is newer (1970-01-")
    assert said(found, "contradiction") == [
        "Bolt (2), Dealer Name: “Bolt” or “Bolts” [dealers.csv row 3, Dealer Name (older); dealers v2.csv row 3, Dealer Name]",
        "Bolt (2), Region: “East” or “North” [dealers.csv row 3, Region (older); dealers v2.csv row 3, Region]",
        "Nut (3), Region: “South” or nothing [dealers.csv row 4, Region (older); dealers v2.csv row 4, Region]",
    ]
    assert found.order == ["dealers v2.csv (partners)"]


def test_why_one_version_counts_and_what_speaks_against_it(tmp_path: Path) -> None:
    write(tmp_path / "long.csv", f"{HEAD}1,Acme,West\n2,Bolt,East\n3,Nut,South\n4,Cog,South\n", 10)
    write(tmp_path / "short.csv", f"{HEAD}1,Acme,West\n2,Bolt,North\n9,Old Dealer,South\n", 20)
    write(tmp_path / "year.csv", f"{ORDERS}A1,2026-01-05,1,10\nA2,2026-01-06,1,9\nA3,2026-02-05,1,10\n", 30)
    write(tmp_path / "january.csv", f"{ORDERS}A1,2026-01-05,1,11\nA2,2026-01-06,1,9\n", 20)
    orders, dealers = sorted(said(survey.look(tmp_path), "version"))
    assert (
        "short.csv: an older version of long.csv, which has more rows (4, not 3), though its file is older (1970"
        in dealers
    )
    assert "2 of its 3 rows are other there; 1 is only here: Old Dealer (9)" in dealers
    assert (
        "january.csv: an older version of year.csv, which goes further (to 2026-02-05, not 2026-01-06): 1 of" in orders
    )


def test_nothing_tells_which_version_is_newer(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", f"{HEAD}1,Acme,West\n2,Bolt,East\n", 10)
    write(tmp_path / "b.csv", f"{HEAD}1,Acme,West\n2,Bolt,North\n", 10)
    (older,) = said(survey.look(tmp_path), "version")
    assert "a.csv: a version of b.csv; nothing tells which is newer" in older


def test_a_short_list_that_came_later_corrects_the_long_one(tmp_path: Path) -> None:
    rows = "".join(f"{n},Dealer {n},West\n" for n in range(1, 9))
    write(tmp_path / "all.csv", HEAD + rows, 10)
    write(tmp_path / "a correction.csv", f"{HEAD}3,Dealer 3,East\n", 20)
    found = survey.look(tmp_path)
    assert not found.of("version")
    assert found.order == ["all.csv (partners)", "a correction.csv (partners)"]
    assert said(found, "contradiction") == [
        "Dealer 3 (3), Region: “East” or “West” [a correction.csv row 2, Region; all.csv row 4, Region]"
    ]


def test_a_list_that_got_a_column_is_the_newer_version(tmp_path: Path) -> None:
    write(tmp_path / "dealers.csv", f"{HEAD}1,Acme,West\n2,Bolt,East\n", 10)
    write(tmp_path / "dealers 2.csv", "Dealer No,Dealer Name,Region,Phone\n1,Acme,West,123\n2,Bolt,North,456\n", 20)
    found = survey.look(tmp_path)
    (older,) = said(found, "version")
    assert (
        older.startswith("dealers.csv: an older version of dealers 2.csv")
        and "there it has the column Phone besides" in older
    )
    assert len(said(found, "contradiction")) == 1


# ---- contradictions ----


def test_the_same_reference_with_another_amount_or_day(tmp_path: Path) -> None:
    write(
        tmp_path / "orders.csv",
        f"{ORDERS}A1,2026-01-05,1,10\nA1,2026-01-05,1,5\nA2,2026-01-06,2,7\nA3,2026-01-07,2,1\n",
        20,
    )
    rows = "A1,2026-01-05,1,15.00,x\nA2,2026-01-06,2,8,x\nA3,2026-01-09,2,1,x\nA2,2026-01-06,5,70,x\n"
    write(tmp_path / "finance.csv", f"Invoice No,Order Date,Dealer No,Net Amount,Who\n{rows}", 20)
    assert said(survey.look(tmp_path), "contradiction") == [
        "order A2 of 2, Net Amount: “8” or “7” [finance.csv row 3, Net Amount; orders.csv row 4, Amount]",
        "order A3 of 2, Order Date: “2026-01-09” or “2026-01-07” [finance.csv row 4, Order Date; orders.csv row 5, Order Date]",
    ]


def test_the_lines_of_an_order_are_no_contradictions_but_what_they_come_to_is(tmp_path: Path) -> None:
    lines = "Order No,Order Date,Dealer No,Product,Amount\n"
    write(tmp_path / "lines.csv", f"{lines}A1,2026-01-05,1,X,10\nA1,2026-01-05,1,Y,5\nA1,2026-01-05,1,Z,1\n", 20)
    write(tmp_path / "half.csv", f"{lines}A1,2026-01-05,1,Z,1\nA1,2026-01-05,1,V,4\nA2,2026-01-09,1,V,4\n", 20)
    write(tmp_path / "heads.csv", f"{ORDERS}A1,2026-01-05,1,17\n", 20)
    assert said(survey.look(tmp_path), "contradiction") == [
        "order A1 of 1, Amount: “5” in 2 rows or “17” [half.csv row 2, Amount; heads.csv row 2, Amount]",
        "order A1 of 1, Amount: “17” or “16” in 3 rows [heads.csv row 2, Amount; lines.csv row 2, Amount]",
    ]


def test_a_deal_that_is_won_here_and_lost_there(tmp_path: Path) -> None:
    write(tmp_path / "deals.csv", "Deal Id,Dealer No,Deal Stage,Close Date,Close Value\nD1,1,Won,2026-01-05,10\n", 20)
    write(
        tmp_path / "pipeline.csv", "Deal Id,Dealer No,Stage,Close Date,Close Value,Who\nD1,1,Lost,2026-01-05,10,x\n", 20
    )
    (cell,) = said(survey.look(tmp_path), "contradiction")
    assert cell == "deal D1 of 1, Deal Stage: “Won” or “Lost” [deals.csv row 2, Deal Stage; pipeline.csv row 2, Stage]"


def test_cells_are_compared_by_meaning_and_as_values(tmp_path: Path) -> None:
    write(tmp_path / "crm.csv", "Dealer No,Dealer Name,Territory,Sales\n1,Acme,WEST ,1500\n2,Bolt,East,7\n", 20)
    write(
        tmp_path / "erp.csv", "Dealer No,Dealer Name,Region,Sales,Fax\n1,Acme,west,1500.00,1\n2,Bolt,Centre,7.5,2\n", 20
    )
    assert said(survey.look(tmp_path), "contradiction") == [
        "Bolt (2), Sales: “7” or “7.50” [crm.csv row 3, Sales; erp.csv row 3, Sales]",
        "Bolt (2), Territory: “East” or “Centre” [crm.csv row 3, Territory; erp.csv row 3, Region]",
    ]


def test_a_column_in_which_nearly_everything_differs_is_one_line(tmp_path: Path) -> None:
    net = "".join(f"A{n},2026-01-05,1,{n}\n" for n in range(1, 40))
    gross = "".join(f"A{n},2026-01-05,1,{n * 1.2:.2f},x\n" for n in range(1, 40))
    write(tmp_path / "net.csv", ORDERS + net, 20)
    write(tmp_path / "gross.csv", f"Order No,Order Date,Dealer No,Amount,Who\n{gross}", 20)
    (column,) = said(survey.look(tmp_path), "contradiction")
    assert column.startswith("Amount, 39 of 39 times: hardly the same thing; the first is order A1 of 1: “1.20” or “1”")


def test_several_old_versions_that_differ_alike_are_one_line(tmp_path: Path) -> None:
    write(tmp_path / "1.csv", f"{HEAD}1,Acme,West\n2,Bolt,East\n3,Nut,South\n", 10)
    write(tmp_path / "2.csv", f"{HEAD}1,Acme,West\n2,Bolt,East\n3,Nut,North\n", 11)
    write(tmp_path / "3.csv", f"{HEAD}1,Acme,West\n2,Bolt,Centre\n3,Nut,North\n", 12)
    assert said(survey.look(tmp_path), "contradiction") == [
        "Bolt (2), Region: “East” or “Centre” [1.csv row 3, Region (older); 3.csv row 3, Region; 2.csv row 3, Region (older)]",
        "Nut (3), Region: “South” or “North” [1.csv row 4, Region (older); 3.csv row 4, Region]",
    ]


def test_orders_that_two_sheets_bring_are_said(tmp_path: Path) -> None:
    write(tmp_path / "orders.csv", f"{ORDERS}A1,2026-01-05,1,10\nA2,2026-01-06,2,7\nA3,2026-01-07,2,1\n", 20)
    write(
        tmp_path / "finance.csv",
        "Invoice No,Order Date,Dealer No,Net Amount\nA1,2026-01-05,1,10\nA9,2026-01-06,1,1\n",
        20,
    )
    found = survey.look(tmp_path)
    assert said(found, "doubled") == [
        "finance.csv: 1 of its 2 references are in orders.csv, too; what is imported last counts []"
    ]
    assert not found.of("contradiction")


# ---- periods ----


def test_what_is_not_of_one_stream_leaves_no_gap_between(tmp_path: Path) -> None:
    months = "".join(f"A{n},2013-{n:02}-05,1,10\n" for n in range(1, 12) if n != 4)
    write(tmp_path / "ours.csv", ORDERS + months, 20)
    write(tmp_path / "other.csv", "Order Number,Order Date,Vendor,Total,Barcode\nX9,2020-06-08,Zed,3,1\n", 20)
    assert said(survey.look(tmp_path), "missing") == [
        "activity:order: no row is dated in 2013-04, though 10 months have some; perhaps nothing happened [ours.csv]"
    ]


def test_orders_few_and_far_between_leave_no_gap_worth_a_word(tmp_path: Path) -> None:
    write(tmp_path / "2024.csv", f"{ORDERS}A1,2024-01-05,1,10\nA2,2024-07-05,1,10\nA3,2024-11-05,1,10\n", 20)
    write(tmp_path / "2025.csv", f"{ORDERS}B1,2025-02-05,1,10\nB2,2025-08-05,1,10\n", 20)
    assert not said(survey.look(tmp_path), "missing")
    write(tmp_path / "2025.csv", f"{ORDERS}B1,2025-12-05,1,10\n", 20)
    (missing,) = said(survey.look(tmp_path), "missing")
    assert "no sheet brings 2024-12 to 2025-11: 2024.csv ends on 2024-11-05, 2025.csv begins on 2025-12-05" in missing


# ---- keys and names ----


def test_supplier_5_and_dealer_5_are_two(tmp_path: Path) -> None:
    write(tmp_path / "dealers.csv", "Dealer No,Dealer Name,City\n5,Acme,Rome\n6,Bolt,Oslo\n", 20)
    write(tmp_path / "suppliers.csv", "Supplier ID,Supplier Name,City\n5,Paper Mill,Bonn\n6,Ink,Oslo\n", 20)
    assert survey.look(tmp_path).findings == []


def test_one_header_over_two_numberings(tmp_path: Path) -> None:
    write(tmp_path / "north.csv", HEAD + "".join(f"{n},North {n},A\n" for n in range(1, 9)), 20)
    write(tmp_path / "south.csv", HEAD + "".join(f"{n},South {n},B\n" for n in range(1, 8)), 20)
    found = survey.look(tmp_path)
    (keys,) = said(found, "numbering")
    assert keys.startswith(
        "south.csv: its Dealer No numbers other partners than in north.csv: 7 of 7 keys in both have"
    )
    assert "another name, as 1: “South 1” or “North 1” [south.csv row 2; north.csv row 2]" in keys
    assert {f.kind for f in found.findings} == {"numbering"}
    north, south = found.order
    assert "once its keys cannot be taken" in south and "once" not in north


def test_capitals_and_space_make_no_other_name(tmp_path: Path) -> None:
    write(
        tmp_path / "a.csv",
        f"{HEAD}1,ACME  Tools ,West\n2,Bolt,East\n3,Nut & Co.,South\n4,Twin,South\n5,Twin,South\n",
        20,
    )
    write(tmp_path / "b.csv", "Dealer No,Dealer Name,Fax\n1,Acme Tools,1\n2,Bolt Fasteners,2\n3,Nut and Co,3\n", 20)
    assert said(survey.look(tmp_path), "names") == [
        "Dealer No 2: one key, several names: “Bolt” or “Bolt Fasteners” [a.csv row 3; b.csv row 3]",
        "Dealer No 3: one key, several spellings: “Nut & Co.” or “Nut and Co” [a.csv row 4; b.csv row 4]",
        "“Twin”: one name, several keys (Dealer No): 4; 5 [a.csv row 5; a.csv row 6]",
    ]


# ---- the order ----


def test_a_file_comes_after_the_partners_it_needs_and_without_its_old_sheets(tmp_path: Path) -> None:
    sheets: dict[str, list[tuple[object, ...]]] = {
        "Staff": [("Employee Key", "Employee Name"), (7, "Ann")],
        "Dealers": [("Dealer No", "Dealer Name", "Region"), ("1", "Acme", "West"), ("2", "Bolt", "East")],
        "Orders": [("Order No", "Order Date", "Dealer No", "Amount"), ("A1", "2026-01-05", "1", 10)],
    }
    workbook(tmp_path / "all.xlsx", sheets, 10)
    write(tmp_path / "dealers new.csv", f"{HEAD}1,Acme,West\n2,Bolt,East\n3,Nut,South\n", 30)
    assert survey.look(tmp_path).order == [
        "dealers new.csv (partners)",
        'all.xlsx (people, activity:order), without what counts elsewhere: --as "Dealers=skip"',
    ]


def test_the_option_that_leaves_a_sheet_out_survives_a_shell(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [("Dealer No", "Dealer Name", "Region"), ("1", "Acme", "West")]
    orders: list[tuple[object, ...]] = [
        ("Order No", "Order Date", "Dealer No", "Amount"),
        ("A1", "2026-01-05", "1", 10),
    ]
    workbook(tmp_path / "all.xlsx", {'"Old" $HOME': rows, "Orders": orders}, 10)
    write(tmp_path / "dealers.csv", f"{HEAD}1,Acme,West\n2,Bolt,East\n", 30)
    assert survey.look(tmp_path).order[-1].endswith("""--as '"Old" $HOME=skip'""")


def test_two_files_that_need_each_other_are_both_in_the_order(tmp_path: Path) -> None:
    for name, partner, needed in (("a", "1", "2"), ("b", "2", "1")):
        sheets: dict[str, list[tuple[object, ...]]] = {
            "Dealers": [("Dealer No", "Dealer Name", name), (partner, f"Dealer {partner}", "x")],
            "Orders": [("Order No", "Order Date", "Dealer No", "Amount"), (f"{name}1", "2026-01-05", needed, 10)],
        }
        workbook(tmp_path / f"{name}.xlsx", sheets, 10)
    assert [step.split(" ")[0] for step in survey.look(tmp_path).order] == ["a.xlsx", "b.xlsx"]


# ---- reading ----


def test_it_can_be_stopped(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", f"{HEAD}1,Acme,West\n", 10)
    with pytest.raises(Cancelled):
        survey.look(tmp_path, cancelled=lambda: True)


def test_files_are_told_in_order_and_a_bad_one_spoils_none(tmp_path: Path) -> None:
    for n in range(4):
        write(tmp_path / f"{n}.csv", f"{HEAD}{n},Dealer {n},West\n", 10)
    (tmp_path / "1.xlsx").write_bytes(b"PK\x03\x04")
    heard: list[str] = []
    found = survey.look(tmp_path, on_file=heard.append)
    assert heard == ["0.csv", "1.csv", "1.xlsx", "2.csv", "3.csv"]
    assert len(found.sheets) == 4 and len(found.of("unreadable")) == 1


# ---- in the interface ----


def folder_with(path: Path, name: str, partner: str) -> Path:
    write(path / f"{name}.csv", f'{HEAD}1,"{partner}",West\n2,Bolt,East\n', 10)
    write(path / "other.csv", "Dealer No,Dealer Name,Region,Fax\n1,Acme,North,5\n", 10)
    return path


async def asked(prm: Driver, folder: Path, out: str = "") -> None:
    await prm.press("S")  # an empty file offers it first
    await prm.fill(str(folder), out)


async def until(prm: Driver, seen: Callable[[], bool]) -> None:
    for _ in range(2_000):
        await prm.settle()
        if seen():
            return
    raise AssertionError(prm.text)


def test_hostile_names_are_text_and_the_workbook_is_written(store: Store, tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "[@click=app.quit]x", "[b]dealers [", "Evil [/] [@click=app.quit]x[/] \x1b[31m")

    async def story(prm: Driver) -> None:
        await asked(prm, folder, str(tmp_path / "out.xlsx"))
        await until(prm, lambda: "Import in this order" in prm.text)
        assert "[b]dealers [.csv" in prm.text and "Evil [/] [@click=app.quit]x[/]" in prm.text
        assert "\x1b" not in prm.text
        await until(prm, (tmp_path / "out.xlsx").exists)
        await prm.press("escape")
        assert "Import in this order" not in prm.text

    store.close()
    drive(store.path, story)


def test_it_says_which_file_it_reads_and_escape_stops_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_with(tmp_path / "client", "dealers [/]", "Acme")
    stopped = Event()

    def forever(paths: object, staged: object, *, cancelled: Callable[[], bool]) -> None:
        while not cancelled():
            Event().wait(0.01)
        stopped.set()
        raise Cancelled("Reading was stopped.")

    monkeypatch.setattr(reader, "read", forever)

    async def story(prm: Driver) -> None:
        await asked(prm, folder)
        await until(prm, lambda: "1 of 2: dealers [/].csv" in prm.text)
        await prm.pilot.click(offset=(1, 1))
        assert "1 of 2: dealers [/].csv" in prm.text
        await prm.press("escape")
        await until(prm, stopped.is_set)
        assert "1 of 2" not in prm.text and "Survey of" not in prm.text

    store.close()
    drive(store.path, story)


def test_a_folder_that_is_not_there_is_said_in_the_form(store: Store, tmp_path: Path) -> None:
    async def story(prm: Driver) -> None:
        await asked(prm, tmp_path / "nowhere")
        assert "there is no such folder" in " ".join(prm.text.replace("█", " ").split())
        await prm.press("escape")

    store.close()
    drive(store.path, story)
