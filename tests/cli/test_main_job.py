"""The main job at the command line: bring a workbook in, look, correct, take back; and what mistakes get."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from prm_tui.cli.main import main
from tests.conftest import once

WORKBOOK = Path(__file__).parent.parent.parent / "prm_tui" / "data" / "resellers-and-sales.xlsx"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the real workbook in it, for commands that only look."""

    def read(path: Path) -> None:
        assert main(["import", str(WORKBOOK), "--db", str(path), "--as-of", "2013-11-29"]) == 0

    return once(tmp_path_factory, "main-job.db", read)


class Shell:
    """Runs commands on one file and keeps what they said."""

    def __init__(self, db: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.db, self.capsys, self.out, self.err = db, capsys, "", ""

    def __call__(self, *arguments: str, code: int = 0) -> str:
        self.capsys.readouterr()
        found = main([*arguments, "--db", str(self.db)])
        self.out, self.err = self.capsys.readouterr()
        assert found == code, (found, self.out, self.err)
        return self.out


@pytest.fixture
def prm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path / "p.db", capsys)


def test_the_real_workbook_in_json(tmp_path: Path, prm: Shell) -> None:
    dry = json.loads(prm("import", str(WORKBOOK), "--dry-run", "--json"))
    assert (dry["dry_run"], dry["change"]) == (True, None)
    done = json.loads(prm("import", str(WORKBOOK), "--json"))
    sales = next(s for s in done["sheets"] if s["sheet"] == "Sales")
    assert (sales["as"], sales["rows"], sales["lines"], sales["new"]) == ("activity:order", 60855, 60855, 3796)
    assert sales["map"]["amount"] == "SalesAmount" and sales["map"]["partner"] == "ResellerKey"
    assert json.loads(prm("import", str(WORKBOOK), "--json"))["change"] is None
    prm("undo", str(done["change"]))
    assert prm("partners", "--count").strip() == "0"


def test_lists_are_shown_sorted_counted_and_printed_for_machines(
    real: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prm = Shell(real, capsys)
    day = ("--as-of", "2013-11-29")
    assert prm("partners", "--count", *day).strip() == "701"
    top = json.loads(prm("partners", "--sort", "amount_12m:desc", "--limit", "3", "--json", *day))
    amounts = [row["amount_12m"] for row in top]
    assert amounts == sorted(amounts, reverse=True) and len(top) == 3
    assert prm("partners", "--words", "bike store seattle", "--columns", "code,name,city", "--csv", *day) == (
        "code,name,custom.city\n1,A Bike Store,Seattle\n"
    )
    rows = json.loads(prm("timeline", "1", "--json", *day))
    assert [r["occurred_on"] for r in rows] == sorted((r["occurred_on"] for r in rows), reverse=True)
    assert rows[-1]["source"]["sheet"] == "Sales"
    assert "A Bike Store  (1)" in prm("partner", "AW00000001", *day)


def test_partners_people_and_activities_by_hand(prm: Shell) -> None:
    prm("people", "add", "Ann Lee", "--role", "partner manager")
    prm("add", "A1", "name=Acme [/] Ltd", "manager=Ann Lee")
    prm("set", "A1", "territory=West", "--actor", "Ann Lee")
    prm("log", "A1", "order", "--amount", "1,200.50", "--on", "2026-01-05", "--ref", "X1")
    assert "Acme [/] Ltd" in prm("partners")
    assert "1,200.50" in prm("timeline", "A1")
    history = json.loads(prm("history", "--json", "--partner", "A1"))
    assert history[0]["why"] == "logged order for Acme [/] Ltd"
    assert history[1]["actor"] == "Ann Lee"
    assert "put back: 1 activity" in prm("undo")
    assert prm("timeline", "A1", "--json") == "[]\n"
    assert prm("check").count("NOT") == 0
    copy = prm("backup").strip()
    prm("set", "A1", "territory=East")
    prm("restore", copy)
    assert json.loads(prm("partner", "A1", "--json"))["territory"] == "West"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["partners"], 5, "there is no such file"),
        (["nonsense"], 2, "invalid choice"),
        (["partners", "--as-of", "yesterday"], 2, "Write it like 2026-03-31"),
        (["import", "nowhere.xlsx"], 4, "there is no such file"),
        (["import", "x.xlsx", "--as", "Sheet=heap"], 2, "SHEET=partners"),
        ([], 2, "needs a terminal"),
    ],
)
def test_mistakes_get_their_exit_code_and_one_line(prm: Shell, arguments: list[str], code: int, says: str) -> None:
    prm(*arguments, code=code)
    assert prm.out == ""
    assert says in prm.err and prm.err.startswith("prm: ")
    assert prm.err.count("\n") == 1
    assert not prm.db.exists()


def test_an_unknown_actor_column_or_field_changes_nothing(prm: Shell) -> None:
    prm("add", "A1", "name=Acme")
    prm("set", "A1", "tier=Gold", "--actor", "Nobody", code=2)
    assert "prm people add" in prm.err
    prm("partners", "--sort", "nmae", code=2)
    assert "Did you mean “name”" in prm.err
    prm("set", "A1", "teir=Gold", code=2)
    assert "Did you mean “tier”" in prm.err
    prm("set", "A1", "tier", code=2)
    assert "write FIELD=VALUE" in prm.err
    assert json.loads(prm("partner", "A1", "--json"))["tier"] is None


def test_a_file_that_is_not_ours_is_left_alone(prm: Shell, tmp_path: Path) -> None:
    prm.db.write_text("not a database, but long enough to look like a file" * 50)
    before = prm.db.read_bytes()
    prm("partners", code=5)
    assert "not a SQLite file" in prm.err
    assert prm.db.read_bytes() == before
    prm.db.unlink()
    sqlite3.connect(prm.db).execute("CREATE TABLE x(y)").connection.close()
    prm("partners", code=5)
    assert "not one of prm's" in prm.err


def test_a_refused_workbook_leaves_no_file_behind(prm: Shell) -> None:
    odd = Path(__file__).parent.parent / "data" / "odd-workbooks" / "d26-password-protected.xlsx"
    prm("import", str(odd), code=4)
    assert "protected by a password" in prm.err
    assert not prm.db.exists()


def test_control_characters_of_data_cannot_move_the_cursor(prm: Shell) -> None:
    prm("add", "A1", "name=Bad\x1b[2Jname")
    assert "\x1b" not in prm("partners")
    assert "\\x1b" in prm.out


def run(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "prm_tui", *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True, env=os.environ
    )


def test_the_demonstration_prints_its_summary_without_a_terminal(tmp_path: Path) -> None:
    done = run("demo", "--db", str(tmp_path / "demo.db"))
    assert done.returncode == 0, done.stderr
    for said in (
        "701 partners; 3,796 orders with 60,855 lines, 80,450,596.98",
        "90 days: 187, 180 days: 169, 365 days: 142",
        "never ordered: 66",
        "by the policies that come with prm: 466 active, 100 inactive, 69 dormant, 66 never activated. See: prm inactive",
        "92 days",
    ):
        assert said in done.stdout


def test_a_closed_pipe_is_no_error(real: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run("partners", "--json", "--db", str(real), stdout=writer)
    os.close(writer)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


def test_the_version_is_told_without_loading_anything_heavy() -> None:
    code = (
        "import sys; from prm_tui.cli.main import main; main(['--version']);"
        "print([m for m in ('textual', 'sqlite3', 'openpyxl', 'python_calamine', 'sqlite_utils') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["prm 0.1.0", "[]"]
