"""Feeds at the command line, told as a story: sheets come, one is missing, its rhythm is said and taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prm_tui.cli.main import main

Run = Callable[..., tuple[str, str]]


@pytest.fixture
def prm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str, code: int = 0) -> tuple[str, str]:
        assert main([*arguments, "--db", str(tmp_path / "p.db")]) == code
        out, err = capsys.readouterr()
        return out, err

    return run


@pytest.fixture
def months(prm: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dealers, and the sheets of January to March, each read in the month after."""
    monkeypatch.setenv("PRM_NOW", "2026-01-02T09:00:00")
    sheet(prm, tmp_path / "dealers.csv", "Dealer No,Dealer Name\n1,Acme\n2,Bolt\n")
    for month, day in ((1, "2026-02-04"), (2, "2026-03-06"), (3, "2026-04-03")):
        monkeypatch.setenv("PRM_NOW", f"{day}T09:00:00")
        rows = f"A{month},2026-{month:02}-27,1,10\n"
        sheet(prm, tmp_path / f"sales-2026-{month:02}.csv", f"Order No,Order Date,Dealer No,Amount\n{rows}")


def sheet(prm: Run, path: Path, text: str, *more: str, code: int = 0) -> tuple[str, str]:
    path.write_text(text, encoding="utf-8")
    return prm("import", str(path), *more, code=code)


def told(prm: Run, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(prm("feeds", *arguments, "--json")[0])
    return found


@pytest.mark.usefixtures("months")
def test_a_missing_sheet_is_overdue(prm: Run) -> None:
    out, err = prm("feeds", "--as-of", "2026-05-07")
    assert "its newest fact" in out and "month (seen)" in out and "overdue by 1 day" in out
    assert "(" not in out.split("sales")[1].split()[0]  # no cryptic hash in its name
    assert "1 overdue as of 2026-05-07." in err
    order, dealers = told(prm, "--as-of", "2026-05-06")
    assert {"kind", "source", "covered_to", "declared", "imports"} <= order.keys()
    assert (order["every"], order["expects"], order["due"], order["overdue"]) == (
        "month",
        "2026-04-30",
        "2026-05-06",
        0,
    )
    assert (order["rows"], order["due_days"], order["last_file"]) == (3, 6, "sales-2026-03.csv")
    assert (dealers["covered_to"], dealers["every"], dealers["state"]) == ("2026-01-02", None, "no rhythm known")
    out, _ = prm("feeds", "sales")
    assert "Newest fact" in out and out.index("sales-2026-03.csv") < out.index("sales-2026-01.csv")
    assert [s["newest"] for s in told(prm, "sales")[0]["sheets"]] == ["2026-03-27", "2026-02-27", "2026-01-27"]


@pytest.mark.usefixtures("months")
def test_what_is_said_of_a_feed_is_a_change_of_somebody_and_undone(prm: Run) -> None:
    prm("people", "add", "Ann")
    _, err = prm("feeds", "sales", "--every", "quarter", "--due", "10", "--covered-to", "2026-03-31", "--actor", "Ann")
    change = err.split("Change ")[1].split(".")[0]
    (feed,) = told(prm, "sales")
    assert (feed["every"], feed["declared"], feed["due"]) == ("quarter", True, "2026-07-10")
    latest = json.loads(prm("history", "--limit", "1", "--json")[0])[0]
    assert (latest["actor"], latest["why"]) == (
        "Ann",
        "feed sales: a sheet every quarter, due 10 days after, covered to 2026-03-31",
    )
    prm("undo", change)
    assert told(prm, "sales")[0]["every"] == "month"
    prm("feeds", "sales", "--every", "none")
    assert told(prm, "sales")[0]["state"] == "none expected"
    assert "Nothing is new." in prm("feeds", "sales", "--every", "none")[1]


@pytest.mark.usefixtures("months")
def test_faults_exit_with_two_and_change_nothing(prm: Run) -> None:
    assert "Say which feed" in prm("feeds", "--every", "month", code=2)[1]
    assert "several feeds: " in prm("feeds", "a", "--every", "month", code=2)[1]
    assert "no feed" in prm("feeds", "invoices", code=2)[1]
    assert "none of week, month" in prm("feeds", "sales", "--every", "fortnight", code=2)[1]
    assert "no number of days" in prm("feeds", "sales", "--due", "-1", code=2)[1]
    assert "nobody of that name" in prm("feeds", "sales", "--due", "5", "--actor", "Nobody", code=2)[1]
    assert told(prm, "sales")[0]["due_days"] == 6


@pytest.mark.usefixtures("months")
def test_an_old_sheet_changes_nothing_and_a_complete_one_covers_its_period(prm: Run, tmp_path: Path) -> None:
    before = told(prm, "sales")
    assert "holds all of it already" in prm("import", str(tmp_path / "sales-2026-01.csv"))[1]
    assert told(prm, "sales") == before
    text = "Order No,Order Date,Dealer No,Amount\nB3,2026-03-05,2,7\n"
    out, err = sheet(prm, tmp_path / "sales-2026-03.csv", text, "--complete-for", "2026-03", "--dry-run")
    assert "1 withdrawn" in out and "withdrawn: Acme, 2026-03-27, A3, 10.00" in err
    sheet(prm, tmp_path / "sales-2026-03.csv", text, "--complete-for", "2026-03")
    (feed,) = told(prm, "sales")
    assert (feed["covered_to"], feed["declared"], feed["rows"]) == ("2026-03-31", True, 3)
    prm("undo")
    assert told(prm, "sales") == before
