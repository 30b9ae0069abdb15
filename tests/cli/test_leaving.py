"""What is left to do, letters, money and proof of a deactivation at the command line, in the demonstration file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from prm_tui.cli.main import main

Prm = Callable[..., str]


@pytest.fixture
def prm(demo_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Prm:
    """A command on a copy of the demonstration file; gives what it prints, or with another code what it complains of."""
    db = str(shutil.copy(demo_file, tmp_path / "demo.db"))

    def run(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        done = main([*arguments, "--db", db])
        said = capsys.readouterr()
        assert done == code, said
        return said.out if code == 0 else said.err

    return run


@pytest.fixture
def case(prm: Prm) -> str:
    """The approved deactivation of partner 275."""
    (made,) = json.loads(
        prm("deactivate", "275", "--reason", "inactivity", "--notice", "table", "--actor", "Dana Program", "--json")
    )
    (task,) = (t for t in json.loads(prm("inbox", "--json")) if t["kind"] == "approval")
    prm("approve", str(task["id"]), "--actor", "Max Manager")
    return str(made["id"])


def test_obligations_are_listed_added_proven_and_waived(prm: Prm, case: str, tmp_path: Path) -> None:
    dana = ("--actor", "Dana Program")
    rows = json.loads(prm("obligations", case, "--json"))
    assert {row["state"] for row in rows} == {"open"} and all(row["why"] for row in rows)
    number = prm(
        "obligations", "add", case, "Take", "the", "sign", "down", "--days", "-3", "--owner", "Lee Legal", *dana
    ).strip()
    (own,) = (row for row in json.loads(prm("obligations", case, "--json")) if str(row["id"]) == number)
    assert (own["title"], own["owner"], own["due"], own["state"]) == (
        "Take the sign down",
        "Lee Legal",
        "2014-02-24",
        "open",
    )
    picture = tmp_path / "door.png"
    picture.write_bytes(b"no sign")
    prm("obligations", "prove", number, "--proof", str(picture), *dana)
    other = str(rows[0]["id"])
    assert "say why it is waived" in prm("obligations", "waive", other, *dana, code=2)
    prm("obligations", "waive", other, "--reason", "agreed", *dana)
    left = json.loads(prm("obligations", "--json"))
    assert {number, other}.isdisjoint(str(row["id"]) for row in left) and len(left) == len(rows) - 1
    assert "was part of what was approved" in prm("obligations", "remove", str(left[0]["id"]), *dana, code=2)
    assert "--reason belongs to: prm obligations waive" in prm("obligations", case, "--reason", "x", code=2)
    assert "“seven” is no number of an obligation or a case. See" in prm("obligations", "seven", code=2)
    late = json.loads(prm("obligations", "--json", "--as-of", "2015-12-31"))
    assert {row["state"] for row in late} == {"overdue"}
    task = str(left[0]["task"])
    assert f"prm obligations prove {left[0]['id']}" in prm("done", task, *dana, code=2)


def test_letters_are_listed_written_and_given_out(prm: Prm, case: str, tmp_path: Path) -> None:
    dana = ("--actor", "Dana Program")
    listed = json.loads(prm("letters", case, "--json"))
    assert [row["kind"] for row in listed if row["missing"]] == ["notice"]
    assert "Which letter?" in prm("letters", case, "--field", "x=y", code=2)
    told = prm("letters", case, "--kind", "notice", *dana, code=2)
    assert "contact.name" in told and "no main contact who may be written to" in told
    text = tmp_path / "notice.txt"
    text.write_text("It ends on {{ case.effective_on }}. {{ letter.thanks }}", encoding="utf-8")
    own = ("--text", str(text), "--field", "thanks=Thank you.")
    (made,) = json.loads(prm("letters", case, "--kind", "notice", *own, *dana, "--json"))
    assert made["body"] == "It ends on 27 February 2014. Thank you."
    assert "It ends on" in prm("outbox", "show", str(made["message"]))
    assert "No letter of case" in prm("letters", case, "--out", str(tmp_path / "out"), *dana, code=2)


def test_money_and_proof_are_written(prm: Prm, case: str, tmp_path: Path) -> None:
    prm("cases", "serve", case, "--method", "courier", "--actor", "Lee Legal")
    out = tmp_path / "money.xlsx"
    assert "Balance" in prm("cases", "settlement", case, str(out)) or out.exists()
    found = json.loads(prm("cases", "settlement", case, "--json"))
    assert found["effect"] == "2014-02-27 23:59:59 UTC" and found["pending"] == []
    assert openpyxl.load_workbook(out).sheetnames[0] == "Settlement"
    assert "Nothing of" in prm("cases", "settlement", case, "--reverse-pending", "--actor", "Max Manager", code=2)
    assert "not both" in prm("cases", "settlement", case, "--reverse-pending", "--approve", code=2)
    prm("cases", "settlement", case, "--approve", "--actor", "Max Manager")
    assert "Approved by Max Manager" in prm("cases", "settlement", case)
    written = prm("cases", "pack", case, str(tmp_path / "pack")).splitlines()
    assert str(tmp_path / "pack" / "SHA256SUMS") in written
    assert "is there already" in prm("cases", "pack", case, str(tmp_path / "pack"), code=4)
    prm("check")


def test_what_cannot_be_meant_is_refused_before_anything_is_written(prm: Prm, case: str) -> None:
    dana = ("--actor", "Dana Program")
    sign = ("obligations", "add", case, "Take the sign down", *dana)
    assert "2013-01-01 lies before the case was opened, 2013-11-29" in prm(*sign, "--due", "2013-01-01", code=2)
    assert "one of the two" in prm(*sign, "--owner", "Lee Legal", code=2)
    assert "argument ID: “x” is no whole number" in prm("cases", "serve", "x", code=2)
    prm("cases", "serve", case, "--method", "courier", *dana)
    prm("cases", "complete", case, "--as-of", "2014-02-27", *dana)
    close = ("cases", "close", case, "--lesson", "sold too little", "--waive", "agreed", "--as-of", "2014-02-27", *dana)
    assert "say which it was in the end (--reason-confirmed). It began with: inactivity" in prm(*close, code=2)
    early = (*close, "--reason-confirmed", "inactivity", "--reapply-on", "2014-02-26")
    assert "reapply_on: 2014-02-26 lies before the partner left, 2014-02-27" in prm(*early, code=2)
    assert "[open]" in prm("cases", "show", case), "nothing was waived meanwhile"


def test_who_may_not_see_a_restricted_case_is_not_told_what_it_is_about(prm: Prm) -> None:
    dana = ("--actor", "Dana Program")
    asked = ("deactivate", "275", "--reason", "mutual", "--restricted", "Lee Legal,Dana Program", "--json", *dana)
    (made,) = json.loads(prm(*asked))
    prm("approve", "1", "--actor", "Lee Legal")
    said = prm("log", "275", "lead", "--actor", "Max Manager", code=2)
    assert f"is subject to a restricted case, case {made['id']}: no new lead begins with it" in said
    assert "leave" not in said


def test_every_act_on_a_case_prints_one_json_value_where_it_is_asked_for(prm: Prm, case: str, tmp_path: Path) -> None:
    dana = ("--actor", "Dana Program", "--json")
    served = json.loads(prm("cases", "serve", case, "--method", "courier", *dana))
    assert (served["id"], served["stage"]) == (int(case), "in notice")
    files = json.loads(prm("cases", "evidence", case, str(tmp_path / "proofs"), "--json"))["files"]
    assert files and all(Path(file).is_file() for file in files)
    assert json.loads(prm("cases", "pack", case, str(tmp_path / "pack"), "--json"))["files"]
    gone = json.loads(prm("cases", "complete", case, "--as-of", "2014-02-27", *dana))
    assert gone["stage"] == "after"
    close = (
        "--lesson",
        "sold too little",
        "--reason-confirmed",
        "inactivity",
        "--waive",
        "agreed",
        "--as-of",
        "2014-02-27",
    )
    assert json.loads(prm("cases", "close", case, *close, *dana))["outcome"] == "deactivated"
