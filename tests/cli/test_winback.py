"""Quiet partners at the command line, in the demonstration file: why, kept, won back, reviewed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from prm_tui.cli.main import main

Prm = Callable[..., tuple[Any, str]]


@pytest.fixture
def prm(demo_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Prm:
    """Run a command with --json; what it printed, and what it told."""
    db = str(shutil.copy(demo_file, tmp_path / "demo.db"))

    def run(*arguments: str, code: int = 0, actor: str | None = "Dana Program") -> tuple[Any, str]:
        capsys.readouterr()
        named = ["--actor", actor] if actor else []
        done = main([*arguments, *named, "--db", db])
        out, err = capsys.readouterr()
        assert done == code, err
        return (json.loads(out) if "--json" in arguments else out), err

    return run


def test_why_a_partner_is_quiet(prm: Prm) -> None:
    asked = ("inactive", "reason", "1", "--reason", "competitor won", "--said-by", "partner")
    _, told = prm(*asked, "--competitor", "Acme", "--on", "2013-11-01")
    assert told == "1: competitor won, said by the partner.\n"
    (row,), _ = prm("inactive", "reasons", "--json")
    assert (row["code"], row["reason"], row["said_by"], row["competitor"], row["on"], row["written_by"]) == (
        "1", "competitor", "partner", "Acme", "2013-11-01", "Dana Program"
    )  # fmt: skip
    assert "Competitor won" in prm("inactive", "reasons", "1")[0]
    (lost,), _ = prm("inactive", "competitors", "--json")
    assert (lost["quarter"], lost["competitor"], lost["share"]) == ("2013-Q4", "Acme", 1)
    for wrong, said in (
        (("1", "--said-by", "partner"), "--reason: one of enablement"),
        (("1", "--reason", "seasonal"), "--said-by: who says so"),
        (("1", "--reason", "saesonal", "--said-by", "partner"), "Did you mean “seasonal”?"),
        (("1", "--reason", "seasonal", "--said-by", "me"), "cannot say it"),
        (
            ("1", "--reason", "seasonal", "--said-by", "partner", "--on", "2014-01-01"),
            "A reason is said when it was heard",
        ),
        (("--reason", "seasonal", "--said-by", "partner"), "It is written: prm inactive reason CODE"),
    ):
        assert said in prm("inactive", "reason", *wrong, code=2)[1]


def test_kept_although_the_rule_says_otherwise(prm: Prm) -> None:
    assert "reason: say why" in prm("inactive", "keep", "1", "--until", "2014-03-01", code=2)[1]
    assert "until: say until when" in prm("inactive", "keep", "1", "--reason", "moves house", code=2)[1]
    asked = ("inactive", "keep", "1", "--reason", "moves house")
    assert "Say who wants to" in prm(*asked, "--until", "2014-03-01", code=2, actor=None)[1]
    assert "say it twice: --until 2016-01-01" in prm(*asked, "--until", "2016-01-01", code=2)[1]
    assert "two different days" in prm(*asked, "--until", "2016-01-01", "--until", "2016-01-02", code=2)[1]
    prm(*asked, "--until", "2016-01-01", "--until", "2016-01-01")
    (row,), _ = prm("inactive", "kept", "--json")
    assert (row["until"], row["by"], row["holds"], row["result"]) == (
        "2016-01-01",
        "Dana Program",
        True,
        "not back yet",
    )
    (state,), _ = prm("inactive", "1", "--json")
    assert state["kept_until"] == "2016-01-01" and "moves house" in state["why"]
    assert "ended on 2016-01-01, not yet known" in prm("inactive", "kept", "--as-of", "2016-02-01")[0], (
        "no sheet reaches there"
    )


def test_win_back_from_the_pack_to_its_results(prm: Prm) -> None:
    assert "prm winback begin CODE" in prm("winback", "begin", code=2)[1]
    assert "prm packs add win-back" in prm("winback", "begin", "1", code=2)[1]
    prm("packs", "add", "win-back")
    told, _ = prm("winback", "begin", "1", "238", "--json")
    assert told["counts"]["case"] == 2 and told["counts"]["returned message"] == 2, "nobody there can be written to"
    found, _ = prm("winback", "results", "--json")
    assert (found["treated"]["partners"], found["treated"]["judged"], found["lift"]) == (2, 0, None)
    text, said = prm("winback")
    assert "not said" in text and "give the trigger hold_out = 0.2" in said
    look, _ = prm("winback", "check", "--json", code=1)
    assert {"code", "since", "why", "owner"} <= look["untouched"][0].keys() and look["undated"] == []
    text, _ = prm("winback", "check", code=1)
    assert "nobody in touch for 30 days" in text


def test_the_review_as_a_list_a_decision_and_a_sheet(prm: Prm, tmp_path: Path) -> None:
    found, _ = prm("review", "--json")
    assert {row["state"] for row in found["partners"]} == {"inactive", "dormant", "never_activated"}
    assert found["held"]["partners"] == len(found["partners"])
    assert "It is written: prm review decide" in prm("review", "decide", "1", code=2)[1]
    assert "Did you mean “offboard”?" in prm("review", "decide", "1", "ofboard", "--reason", "x", code=2)[1]
    assert "reason: say why" in prm("review", "decide", "1", "keep", code=2)[1]
    done, told = prm("review", "decide", "1", "offboard", "--reason", "gone for good", "--json")
    assert "state: dormant" in prm("cases", "show", str(done["case"]))[0], "the numbers seen"
    assert done["decision"] == "offboard" and "Frees 0.0 hours a year" in told
    assert any(t["title"] == "Open the deactivation of A Bike Store" for t in prm("inbox", "--json")[0])

    out = tmp_path / "review.xlsx"
    _, told = prm("review", "--out", str(out), "--due", "2013-12-15")
    assert "Take it back with: prm merge" in told
    book = load_workbook(out)
    page = book["Review"]
    at = {cell.value: cell.column for cell in page[1]}
    row = next(n for n in range(2, page.max_row + 1) if str(page.cell(n, at["Partner"]).value) == "324")
    assert page.cell(row, at["Why it is listed"]).value == "never activated"
    page.cell(row, at["Decision"]).value = "Keep despite the rule"
    page.cell(row, at["Reason"]).value = "opens in spring"
    page.cell(row, at["Until"]).value = "2014-06-01"
    book.save(out)
    taken, _ = prm("merge", str(out), "--json")
    assert taken["sheets"][0]["changed"] == 1 and taken["change"] is not None
    (kept,), _ = prm("inactive", "kept", "--json")
    assert (kept["code"], kept["until"]) == ("324", "2014-06-01")
    prm("undo", str(taken["change"]))
    assert prm("inactive", "kept", "--json")[0] == []
