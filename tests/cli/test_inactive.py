"""prm inactive: the grid of segments, one cell, and all that is known of quiet partners for a script."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from prm_tui.cli.main import main
from prm_tui.services import inactivity, looks
from storage import Store

DAY = date(2013, 11, 29)


def _said(capsys: pytest.CaptureFixture[str], demo_file: Path, *arguments: str, code: int = 0) -> tuple[str, str]:
    assert main(["inactive", *arguments, "--db", str(demo_file), "--as-of", DAY.isoformat()]) == code
    found = capsys.readouterr()
    return found.out, found.err


def test_the_grid_and_the_list_behind_each_cell_hold_the_same_partners(
    demo_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = json.loads(_said(capsys, demo_file, "--segments", "--json")[0])
    assert [cell["segment"] for cell in cells] == ["rescue", "nurture", "retier", "offboard"]
    assert sum(cell["partners"] for cell in cells) == 169, "the 100 inactive and the 69 dormant; nobody is at risk"
    for cell in cells:
        rows = json.loads(_said(capsys, demo_file, "--segment", cell["segment"], "--json")[0])
        assert len(rows) == cell["partners"]
        assert sum(row["best_year"] for row in rows) == pytest.approx(cell["best_year"])
        assert {row["segment"] for row in rows} == {cell["segment"]}
    out, err = _said(capsys, demo_file, "--segments")
    assert "What to do" in out and "end it well, and free what it binds" in out
    assert "169 at risk, inactive or dormant" in err


def test_a_cell_is_read_with_worth_chance_and_what_the_chance_is(
    demo_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = _said(capsys, demo_file, "--segment", "Re-tier")
    assert out.splitlines()[0].split("  ")[0] == "Code" and "Best year" in out and "Likely reason" in out
    assert "a smaller programme until it comes back" in err
    assert "how often such silences ended within 180 days in the past; high from 12% on" in err
    assert "Did you mean rescue" in _said(capsys, demo_file, "--segment", "rescu", code=2)[1]


def test_a_script_gets_everything_that_is_known_of_those_who_are_not_active(
    demo_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {row["code"]: row for row in json.loads(_said(capsys, demo_file, "--full", "--json")[0])}
    assert len(rows) == 235, "169 that went quiet, 66 that never ordered"
    quiet, never = rows["238"], rows["324"]
    assert (quiet["state"], quiet["since"], quiet["best_year_was"], quiet["segment"]) == (
        "inactive",
        "2013-11-27",
        "2011",
        "nurture",
    )
    assert (never["chance"], never["segment"], never["best_year"]) == (None, None, 0)
    seasonal = rows["256"]["reason"]
    assert (seasonal["key"], seasonal["said_by"]) == ("seasonal", "inferred") and seasonal["evidence"]
    assert all("first_seen" in row and row["family"] == [] for row in rows.values())
    assert "goes with --json" in _said(capsys, demo_file, "--full", code=2)[1]


def test_the_chance_is_nearer_to_what_came_than_the_model(demo_file: Path) -> None:
    """Judged on five days on which nothing later was looked at: each chance rests on looks before its own day alone."""
    off: list[tuple[float, float]] = []
    with Store.open(demo_file) as store:
        for day in (date(2012, 9, 30), date(2012, 11, 30), date(2013, 1, 31), date(2013, 3, 31), date(2013, 5, 31)):
            found = inactivity.quiet(store, day, among=("at_risk", "inactive", "dormant"))
            back = {
                row[0]
                for row in store.conn.execute(
                    "SELECT DISTINCT partner_id FROM activities WHERE occurred_on > ? AND occurred_on <= ?",
                    (day.isoformat(), (day + timedelta(days=180)).isoformat()),
                )
            }
            came = sum(one.row.partner_id in back for one in found) / len(found)
            mean = [sum(values) / len(found) for values in ([o.chance for o in found], [o.alive for o in found])]
            off.append((abs(mean[0] - came), abs(mean[1] - came)))
    assert all(learned < model for learned, model in off), off
    assert sum(learned for learned, _ in off) < sum(model for _, model in off) / 3, off


def test_the_list_and_the_expectation_take_the_same_chance(demo_file: Path) -> None:
    from prm_tui.services import insights

    with Store.open(demo_file) as store:
        assert inactivity.chances(store, DAY).bins == insights.expectation(store, DAY).chances


def test_without_a_past_it_is_said_that_nothing_was_learned() -> None:
    told = looks.Chances((), 0.05, 0, DAY)
    assert told.said.startswith(
        "chance: how likely such a silence is by its own rhythm, since too little of the past is known"
    )
