"""Conditions at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prm_tui.cli.main import main


def test_a_list_by_condition_says_for_how_many_it_cannot_tell(
    demo_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["partners", "--where", "days_since(order) > 90", "--count", "--db", str(demo_file)]) == 0
    out, err = capsys.readouterr()
    assert out == "187\n"
    assert "187 of 701 partners as of 2013-11-29; for 66 it cannot be decided" in err


def test_a_bad_condition_exits_2_with_place_and_nearest_name(
    demo_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["partners", "--where", "tier = 'A' and days_sinc(order) > 90", "--db", str(demo_file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "character 16" in err and "“days_since”" in err


def test_explain_shows_leaf_by_leaf(demo_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "days_since(order) > 900 or territory = 'Northwest'"
    assert main(["explain", "1", text, "--json", "--db", str(demo_file)]) == 0
    leaf = json.loads(capsys.readouterr().out)
    assert [part["outcome"] for part in leaf["parts"]] == ["not met", "met"]
    assert leaf["parts"][0]["gap"] == "139 days short"
    assert main(["explain", "1", text, "--db", str(demo_file)]) == 0
    assert "Sales row 6,717" in capsys.readouterr().out


def test_every_fact_of_the_language_is_listed(demo_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", "--json"]) == 0
    assert {"days_since", "count", "never", "held"} <= {fact["name"] for fact in json.loads(capsys.readouterr().out)}
    assert main(["facts", "2", "--db", str(demo_file)]) == 0
    assert "days_since(order)" in capsys.readouterr().out
    assert main(["feeds", "--json", "--db", str(demo_file)]) == 0
    assert ["order", "2013-11-29"] in [[f["kind"], f["covered_to"]] for f in json.loads(capsys.readouterr().out)]
