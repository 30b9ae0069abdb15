"""prm backtest: what a condition would have found, for a reader and for a script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prm_tui.cli.main import main

QUIET = ("--outcome", "count(order, 180) = 0")


def test_the_json_carries_the_public_keys(demo_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["backtest", "days_since(order) > 90", "--from", "2012-11-29", "--to", "2013-11-29", *QUIET]
    assert main([*asked, "--json", "--db", str(demo_file)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"from", "to", "step", "mode", "hits", "subjects", "by_period", "outcome"} <= set(found)
    assert (found["from"], found["to"], found["step"], found["mode"]) == ("2012-11-29", "2013-11-29", "day", "true")
    assert (found["hits"], found["subjects"]) == (1011, 549)
    assert sum(period["hits"] for period in found["by_period"]) == 1011
    outcome = found["outcome"]
    assert (outcome["right"], outcome["wrong"], outcome["not_yet_known"], outcome["recall"]) == (84, 458, 469, 1)
    assert outcome["precision"] == pytest.approx(84 / 542)
    assert "neighbours" not in found and "rhythm" not in found


def test_a_reader_sees_bars_outcome_limits_and_rhythm(demo_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "days_since(order) > 90", *QUIET, "--neighbours", "--db", str(demo_file)]) == 0
    out, err = capsys.readouterr()
    assert "1,011 matches of 549 partners (of 701)" in out
    assert any(line.startswith("2013-04-29  183  ") and len(line.split()[-1]) == 50 for line in out.splitlines())
    assert "right 84, wrong 458, not yet known 469" in out
    assert "precision 15.5 % of 542 judged, recall 100.0 % (88 of 88); 90 days before the outcome itself" in out
    limits = [line.split() for line in out.splitlines() if line.strip().startswith(("> 90", "100 "))]
    assert [row[-7:-2] for row in limits] == [["542", "84", "15.5", "%", "100.0"], ["112", "81", "72.3", "%", "100.0"]]
    assert "half come back within 92 days" in out
    assert "Major Cycling" in out
    assert err == ""


def test_other_limits_and_rhythm_in_json(demo_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["backtest", "days_since(order) > 90", "--neighbours", "--step", "week", "--json", "--db", str(demo_file)]
    assert main(asked) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["hits"], found["step"], found["outcome"]) == (338, "week", None)
    assert [n["limit"] for n in found["neighbours"] if n["own"]] == ["90"]
    assert found["rhythm"]["days"]["50"] == 92


def test_what_the_result_rests_on_is_said(demo_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "days_since(order) > 90 and silent(call, 30) and country = 'France'"
    assert main(["backtest", text, "--db", str(demo_file)]) == 0
    err = capsys.readouterr().err
    assert "no past is known of country" in err
    assert "not tracked, left out: call" in err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--from", "yesterday"], "--from"),
        (["--to", "2013-12-31"], "after the date of evaluation"),
        (["--from", "2013-11-30"], "before it begins"),
        (["--outcome", "tier = 'Gold'"], "no window of days"),
        (["--window", "90"], "--outcome"),
        (["--again-after", "-1"], "number of days"),
        (["--mode", "known"], "first import"),
        (["--outcome", "count(ordr, 180) = 0"], "order"),
    ],
)
def test_what_cannot_be_asked_exits_2(
    demo_file: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert main(["backtest", "days_since(order) > 90", *more, "--db", str(demo_file)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err


def test_explain_strictly_names_what_would_settle_it(demo_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["explain", "1", "silent(order, 180)", "--as-of", "2014-11-29", "--db", str(demo_file)]
    assert main(asked) == 0
    assert "+ silent(order, 180): met" in capsys.readouterr().out
    assert main([*asked, "--coverage", "strict"]) == 0
    out = capsys.readouterr().out
    assert "? silent(order, 180): unknown" in out
    assert "Sales covered to 2013-11-29" in out
