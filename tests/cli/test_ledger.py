"""prm ledger: a workbook of commissions in, lines and balance out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.cli.main import main

Prm = Callable[..., str]


@pytest.fixture
def prm(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Prm:
    """A command on a new file with the partners A and B; gives what it prints, or with another code what it complains of."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")

    def run(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        done = main([*arguments, "--db", str(tmp_path / "p.db")])
        said = capsys.readouterr()
        assert done == code, said
        return said.out if code == 0 else said.err

    listed = tmp_path / "partners.csv"
    listed.write_text("Partner Code,Partner Name\nA,Alpha\nB,Beta\n")
    run("import", str(listed))
    return run


def test_lines_and_balance_are_printed_and_given_to_machines(prm: Prm, tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    pages: dict[str, list[tuple[Any, ...]]] = {
        "Commissions": [("Partner Code", "Date", "Reference", "Amount", "Currency", "State"),
                        ("A", date(2026, 1, 31), "D1", 100, "EUR", "approved"), ("A", date(2026, 2, 28), "D2", 50, "EUR", "pending")],
        "Payouts": [("Partner Code", "Payout date", "Reference", "Amount", "Currency"), ("A", date(2026, 2, 10), "P1", 80, "EUR")],
    }  # fmt: skip
    made.remove(made.worksheets[0])
    for name, rows in pages.items():
        page = made.create_sheet(name)
        for row in rows:
            page.append(row)
    made.save(tmp_path / "money.xlsx")
    prm("import", str(tmp_path / "money.xlsx"))
    found = json.loads(prm("ledger", "A", "--json"))
    assert [(x["kind"], x["amount"], x["state"], x["part"], x["origin"]["row"]) for x in found["lines"]] == [
        ("commission", 100, "approved", "earned", 2), ("commission", 50, "new", "pending", 3), ("payout", 80, "paid", "payout", 2),
    ]  # fmt: skip
    assert found["sums"] == [{"currency": "EUR", "earned": 100, "paid": 80, "clawback": 0, "balance": 20, "pending": 50,
                              "with_pending": 70}]  # fmt: skip
    said = prm("ledger", "A")
    assert "money.xlsx, Payouts row 2" in said and said.splitlines()[-1].split() == [
        "EUR",
        *["100.00", "80.00", "0.00", "20.00", "50.00", "70.00"],
    ]
    assert json.loads(prm("ledger", "A", "--as-of", "2026-02-01", "--json"))["sums"][0]["balance"] == 100, (
        "the payout came later"
    )
    assert prm("ledger", "B") == ""


def test_a_line_is_logged_by_hand(prm: Prm) -> None:
    prm("log", "B", "clawback", "--amount", "20", "--currency", "EUR", "--field", "status=approved")
    assert json.loads(prm("ledger", "B", "--json"))["sums"][0]["balance"] == -20
    assert "“soon” is no state" in prm("log", "B", "payout", "--amount", "1", "--field", "status=soon", code=2)
    assert "FIELD=VALUE" in prm("log", "B", "payout", "--amount", "1", "--field", "status", code=2)
