"""Agreements as a sheet writes them, and what their clauses come to when a partner leaves."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.cli.main import main


def test_clauses_in_the_words_of_a_sheet_count_as_those_typed_by_hand(
    demo_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = ("--db", str(shutil.copy(demo_file, tmp_path / "demo.db")))
    book = openpyxl.Workbook()
    agreements, parts = book.active, book.create_sheet("Parts")
    assert agreements is not None
    agreements.title = "Agreements"
    agreements.append(["Reseller No", "Agreement", "Status", "Ends on", "Notice days", "Cure days", "Renewal opt-out days",
                       "Month end"])  # fmt: skip
    agreements.append(["238", "A-238", "active", date(2014, 6, 30), 60, "30", 90, "yes"])
    agreements.append(["183", "A-183", "active", date(2014, 3, 31), 45, 20, 60, "no"])
    for row in (
        ["Reseller No", "Ref", "Part", "Status", "Single source"],
        ["238", "P-1", "Hinge", "approved", "Yes"],
        ["238", "P-2", "Screw", "approved", "no"],
    ):
        parts.append(row)
    deals = book.create_sheet("Deals")
    deals.append(["Reseller No", "Ref", "Deal", "Status"])
    deals.append(["183", "D-1", "Forty bikes", "on ice"])
    book.save(tmp_path / "agreements.xlsx")
    assert main(["import", str(tmp_path / "agreements.xlsx"), "--as", "Parts=record:part", *db]) == 0

    def plan(code: str, *chosen: str) -> Any:
        capsys.readouterr()
        assert main(["deactivate", code, *chosen, "--preview", "--json", *db]) == 0
        (found,) = json.loads(capsys.readouterr().out)
        return found

    assert (
        plan("238", "--reason", "inactivity")["dates"]["effective_on"] == "2014-01-31"
    )  # 28 January, to its month's end
    assert plan("183", "--reason", "inactivity")["dates"]["effective_on"] == "2014-01-13"  # its sheet says no
    assert plan("183", "--reason", "non-renewal")["dates"]["rule"] == (
        "A-183 ends on 2014-03-31; notice by 2014-01-30, 60 days before"
    )
    cure = plan("238", "--reason", "breach")
    assert cure["dates"]["effective_on"] == "2013-12-29"  # a cure period is over when it is over
    (ended,) = (line for line in plan("183", "--reason", "inactivity")["impact"] if line["key"] == "deal")
    assert ended["state"] == "none found" and ended["note"].endswith("; 1 not open: on ice"), (
        "a word nobody knows is seen"
    )
    (single,) = (line for line in cure["impact"] if line["key"] == "part")
    assert (single["count"], [item.split(",")[0] for item in single["items"]]) == (1, ["P-1"])


def test_customers_of_resellers_are_their_customers_by_name_and_nobody_is_renamed(
    demo_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = ("--db", str(shutil.copy(demo_file, tmp_path / "demo.db")))
    book = openpyxl.Workbook()
    customers = book.active
    assert customers is not None
    customers.title = "Customers"
    for row in (
        ["Reseller No", "Ref", "Customer", "Status"],
        ["1", "C-1", "Blue Lagoon Tours", "active"],
        ["1", "C-2", "Green Gym", "active"],
    ):
        customers.append(row)
    book.save(tmp_path / "crm.xlsx")
    assert main(["import", str(tmp_path / "crm.xlsx"), *db]) == 0
    capsys.readouterr()
    assert main(["partner", "1", *db]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("A Bike Store") and "Customer: Green Gym" in shown
