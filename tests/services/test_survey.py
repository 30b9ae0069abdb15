"""A consultant's first hour: a folder full of spreadsheets, read before anything is imported."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import openpyxl
import pytest

from prm_tui.domain.errors import InputError
from prm_tui.domain.survey import Survey
from prm_tui.services import survey

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
    assert "dealers-draft.csv" in draft and "an older version of dealers.csv" in draft and "1 of its rows" in draft


def test_missing_months_contradicting_cells_and_names(found: Survey) -> None:
    (missing,) = said(found, "missing")
    assert "no sheet brings 2026-02 to 2026-03, between 2026-01 and 2026-04" in missing
    cell, drafted = sorted(c for c in said(found, "contradiction") if "Region" in c)
    assert "“North” or “West”" in drafted and "dealers-draft.csv · dealers-draft row 2, Region" in drafted
    assert "“Centre” or “West”" in cell and "crm.csv · crm row 2, Region; dealers.csv · dealers row 2, Region" in cell
    assert any("1: one key, several names" in name and "ACME Limited" in name for name in said(found, "names"))
    assert any("day first or month first" in question for question in said(found, "question"))
    assert "broken.xlsx: the file is damaged" in said(found, "unreadable")[0]


def test_the_order_begins_with_who_they_are(found: Survey) -> None:
    assert [step.split()[0] for step in found.order] == [
        "crm.csv", "dealers.csv", "mixed.csv", "orders-jan.csv", "orders-apr.csv",
    ]  # fmt: skip


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


def test_versions_are_compared_cell_by_cell_and_references_by_amount(tmp_path: Path) -> None:
    write(tmp_path / "dealers.csv", f"{HEAD}1,Acme,West\n2,Bolt,East\n3,Nut,South\n", 10)
    write(tmp_path / "dealers v2.csv", f"{HEAD}1,Acme,West\n2,Bolt,North\n3,Nut,South\n", 20)
    head = "Order No,Order Date,Dealer No,Amount\n"
    write(tmp_path / "orders.csv", f"{head}A1,2026-01-05,1,10\nA1,2026-01-05,1,5\nA2,2026-01-06,2,7\n", 20)
    write(
        tmp_path / "finance.csv",
        "Invoice No,Order Date,Dealer No,Amount,Who\nA1,2026-01-05,1,15,x\nA2,2026-01-06,2,8,x\n",
        20,
    )
    found = survey.look(tmp_path)
    (older,) = said(found, "version")
    assert "dealers.csv" in older and "which was changed later: 1 of its rows" in older
    assert said(found, "contradiction") == [
        "Bolt (2), Region: “East” or “North” [dealers.csv · dealers row 3, Region; dealers v2.csv · dealers v2 row 3, Region]",
        "A2 of 2, amount: 8.00 or 7.00 [finance.csv · finance row 3; orders.csv · orders row 4]",
    ]


def test_what_is_not_of_one_stream_leaves_no_gap_between(tmp_path: Path) -> None:
    head = "Order No,Order Date,Dealer No,Amount\n"
    write(tmp_path / "ours.csv", f"{head}A1,2013-01-05,1,10\nA2,2013-03-05,2,10\n", 20)
    write(tmp_path / "other.csv", "Order Number,Order Date,Vendor,Total,Barcode\nX9,2020-06-08,Zed,3,1\n", 20)
    (gap,) = said(survey.look(tmp_path), "missing")
    assert gap == "activity:order: no row is dated in 2013-02, though its sheet goes on [ours.csv · ours]"


def test_a_file_comes_after_the_partners_it_needs_and_without_its_old_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in (
        ("Dealers", [("Dealer No", "Dealer Name", "Region"), ("1", "Acme", "West"), ("2", "Bolt", "East")]),
        ("Orders", [("Order No", "Order Date", "Dealer No", "Amount"), ("A1", "2026-01-05", "1", 10)]),
    ):
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(tmp_path / "all.xlsx")
    write(tmp_path / "dealers new.csv", f"{HEAD}1,Acme,West\n2,Bolt,East\n3,Nut,South\n", 30)
    assert survey.look(tmp_path).order == [
        "dealers new.csv (partners)",
        'all.xlsx (activity:order), without what is superseded: --as "Dealers=skip"',
    ]
