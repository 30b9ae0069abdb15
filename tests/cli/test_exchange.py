"""Spreadsheets from the command line: exit codes and JSON of export, merge, sheets, survey, join and import's choices."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.cli.main import main

DEALERS = "Dealer No,Dealer Name,Region\n007,=Acme,West\n8,Bolt,East\n"


class Shell:
    def __init__(self, folder: Path) -> None:
        self.folder, self.db = folder, folder / "p.db"

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "prm_tui", *arguments, "--db", str(self.db)],
            capture_output=True, text=True, encoding="utf-8", cwd=self.folder,
        )  # fmt: skip
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout, done.stderr

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code)[0])

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return name


@pytest.fixture
def prm(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell("import", shell.write("dealers.csv", DEALERS))
    return shell


def test_what_goes_out_and_comes_back(prm: Shell) -> None:
    assert "2 rows: list.csv" in prm("export", "partners", "list.csv")[1]
    with (prm.folder / "list.csv").open(encoding="utf-8-sig", newline="") as file:
        first = next(iter(csv.DictReader(file)))
    assert (first["Code"], first["Name"]) == ("007", "'=Acme")
    assert "holds all of it already" in prm("import", "list.csv")[1]
    assert prm.json("export", "everything", "all.xlsx", "--where", "territory = 'West'")["rows"] == 1
    prm("export", "partner", "007", "dossier.xlsx")
    assert openpyxl.load_workbook(prm.folder / "dossier.xlsx")["Partners"].max_row == 2
    prm("export", "partners", "list.json")
    assert [row["Code"] for row in json.loads((prm.folder / "list.json").read_text(encoding="utf-8"))] == ["007", "8"]
    assert "written are .xlsx, .csv and .json" in prm("export", "partners", "list.pdf", code=4)[1]
    assert "there are no records to write" in prm("export", "records", "r.xlsx", code=4)[1]
    prm("export", "nonsense", "r.xlsx", code=2)
    assert "--due goes with --to" in prm("export", "partners", "r.xlsx", "--due", "2026-01-01", code=2)[1]


def test_a_sheet_is_sent_and_merged(prm: Shell) -> None:
    prm("export", "partners", "sent.xlsx", "--to", "Ann", "--due", "2026-01-01")
    (sheet,) = prm.json("sheets", "--as-of", "2026-02-01")
    assert (sheet["recipient"], sheet["state"], sheet["overdue"], sheet["rows"]) == ("Ann", "out", True, 2)
    book = openpyxl.load_workbook(prm.folder / "sent.xlsx")
    page = book["Partners"]
    at = [cell.value for cell in page[1]].index("Territory") + 1
    row = next(n for n in (2, 3) if page.cell(n, 2).value == "8")
    page.cell(row, at).value = "Theirs"
    book.save(prm.folder / "sent.xlsx")
    prm("set", "8", "territory=Ours")
    assert "--theirs, or --ours" in prm("merge", "sent.xlsx", code=3)[1]
    assert "from “Ours” to “Theirs”" in prm("merge", "sent.xlsx", "--dry-run")[1]
    done = prm.json("merge", "sent.xlsx", "--theirs")
    assert (done["sheets"][0]["changed"], done["sheets"][0]["conflicts"]) == (1, 1)
    assert "back" in prm("sheets")[0]
    assert "prm did not write this" in prm("merge", "dealers.csv", code=4)[1]


def test_questions_end_with_three_and_the_flag_that_answers_them(prm: Shell) -> None:
    vendors = prm.write("vendors.csv", "Vendor ID,Vendor Name,Region\nV1,Bolt Ltd,North\n")
    asked = prm.json("import", vendors, code=3)
    assert (
        asked["change"] is None
        and "is Bolt Ltd (V1) one of these, or new? 8 Bolt" in asked["sheets"][0]["questions"][0]
    )
    assert "--ask same, --ask new, or --ask skip" in prm("import", vendors, code=3)[1]
    assert prm.json("import", vendors, "--ask", "same")["sheets"][0]["changed"] == 1
    assert prm.json("partner", "V1")["territory"] == "North"
    prm("import", vendors, "--currency", "pounds", code=2)
    prm("import", vendors, "--complete-for", "soon", code=2)
    prm("import", vendors, "--as", "vendors=record", code=2)


def test_another_answer_about_the_dates_of_a_sheet_that_was_taken_is_refused_with_the_way_back(prm: Shell) -> None:
    orders = prm.write("o.csv", "Partner,Date,Amount\n007,03/04/2026,100\n007,05/06/2026,200\n")
    said = ("import", orders, "--as", "o=activity:order")
    assert "--dates day-first, or --dates month-first" in prm(*said, code=3)[1]
    change = prm.json(*said, "--dates", "day-first")["change"]
    for again in (said, said[:2]):
        refused = prm(*again, "--dates", "month-first", code=4)[1]
        assert "it would count twice, on 2026-03-04" in refused and f"prm undo {change}" in refused
    assert "holds all of it already" in prm(*said)[1], "the map that is remembered answers it now"
    prm("undo", str(change))
    assert prm.json(*said, "--dates", "month-first")["sheets"][0]["new"] == 2


def test_refused_rows_come_back_and_the_rest_is_taken(prm: Shell) -> None:
    orders = prm.write("orders.csv", "Order No,Order Date,Dealer No,Amount\nA1,2026-01-05,8,10\nA2,2026-01-06,99,10\n")
    done = prm.json("import", orders, "--errors", "errors.xlsx", code=1)
    assert (done["sheets"][0]["new"], done["sheets"][0]["refused"]) == (1, 1)
    assert done["sheets"][0]["problems"][0]["rows"] == [3]
    book = openpyxl.load_workbook(prm.folder / "errors.xlsx")
    page = book["orders"]
    assert (page.max_row, page["C2"].value) == (2, 99)
    page["C2"].value = 8
    book.save(prm.folder / "errors.xlsx")
    again = prm.json("import", "errors.xlsx")
    assert (again["sheets"][0]["new"], again["sheets"][0]["same"]) == (1, 0)


def test_join_survey_and_map(prm: Shell) -> None:
    done = prm.json("join", "007", "8")
    assert prm.json("partner", "8")["code"] == "007"
    prm("undo", str(done["change"]))
    assert prm.json("partner", "8")["code"] == "8"
    prm("join", "007", "007", code=2)
    (prm.folder / "client").mkdir()
    shutil.copy(prm.folder / "dealers.csv", prm.folder / "client" / "dealers.csv")
    shutil.copy(prm.folder / "dealers.csv", prm.folder / "client" / "copy of dealers.csv")
    found = prm.json("survey", "client", "survey.xlsx")
    assert [finding["kind"] for finding in found["findings"]] == ["copy"]
    assert (prm.folder / "survey.xlsx").exists()
    prm("survey", "nowhere", code=4)
    plans = prm.json(
        "map", str(Path(__file__).parent.parent / "data/odd-workbooks/d09-hidden-veryhidden-chart-sheets.xlsx")
    )
    assert [(plan["sheet"], plan["visible"]) for plan in plans] == [
        ("Visible", True),
        ("Hidden", False),
        ("VeryHidden", False),
    ]


def test_new_rows_of_a_returned_sheet_are_listed_before_and_after(prm: Shell) -> None:
    prm("export", "partners", "sent.xlsx", "--to", "Ann")
    book = openpyxl.load_workbook(prm.folder / "sent.xlsx")
    page = book["Partners"]
    heads = [cell.value for cell in page[1]]
    for head, text in (("Code", "099"), ("Name", "Newcomer"), ("Territory", "North")):
        page.cell(4, heads.index(head) + 1).value = text
    book.save(prm.folder / "sent.xlsx")
    assert "+ 099 Newcomer (row 4): Territory North" in prm("merge", "sent.xlsx", "--dry-run")[1]
    (sheet,) = prm.json("merge", "sent.xlsx", "--dry-run")["sheets"]
    assert sheet["new_rows"] == [{"row": 4, "key": "099", "name": "Newcomer", "cells": {"Territory": "North"}}]
    assert "+ 099 Newcomer" in prm("merge", "sent.xlsx")[1]


def test_map_shows_what_import_would_do(prm: Shell) -> None:
    head = "Region,Place,Round\nNorth,Hull,first\n"
    prm.write("members-1.csv", f"{head}Member No,Member,Region\n5,Five,West\n")
    prm.write("m.toml", '[[sheet]]\nname = "x"\nwhat = "partners"\n[sheet.columns]\n"Member No" = "code"\n'
              '"Member" = "name"\n"Region" = "territory"\n')  # fmt: skip
    prm("import", "members-1.csv", "--header", "members-1=3", "--map", "m.toml")
    prm.write("members-2.csv", f"{head}more of it\nMember No,Member,Region\n6,Six,East\n")
    (plan,) = prm.json("map", "members-2.csv")
    assert (plan["header_row"], plan["as"]) == (4, "partners")
    assert plan["columns"][0]["to"] == "code" and plan["columns"][0]["why"].startswith("by the saved mapping")
    prm.db = prm.folder / "nobody.db"
    (plan,) = prm.json("map", "members-2.csv")
    assert plan["header_row"] != 4 and not prm.db.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["export", "partners", "OUT.xlsx"],
        ["export", "partners", "OUT.csv"],
        ["insights", "states", "--out", "OUT.xlsx"],
        ["review", "--out", "OUT.xlsx", "--actor", "Dana Program"],
        ["map", "SHEET", "--save", "OUT.toml"],
    ],
)
def test_a_place_that_cannot_be_written_is_said_in_a_line(
    demo_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    sheet = tmp_path / "deals.csv"
    sheet.write_text("Reseller No,Deal,Status\n1,Forty bikes,open\n")
    said = [w.replace("OUT", str(tmp_path / "nowhere" / "out")).replace("SHEET", str(sheet)) for w in words]
    assert main([*said, "--db", str(shutil.copy(demo_file, tmp_path / "demo.db"))]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be written (No such file or directory)." in line


def test_a_place_for_refused_rows_is_looked_at_before_anything_is_taken(tmp_path: Path) -> None:
    prm = Shell(tmp_path)
    sheet = tmp_path / "dealers.csv"
    sheet.write_text(DEALERS)
    _, said = prm("import", str(sheet), "--errors", str(tmp_path / "nowhere" / "x.xlsx"), code=4)
    assert "into a folder that is there" in said and not prm.db.exists()
