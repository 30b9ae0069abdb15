"""prm run, and triggers rehearsed, backtested and let go: for a reader, for cron and for a script."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from prm_tui.cli.main import main

AS_OF = ("--as-of", "2013-11-29")


@pytest.fixture
def db(demo_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The demonstration file with the rule for those who have gone quiet, switched off, and two people."""
    path = str(shutil.copy(demo_file, tmp_path / "demo.db"))
    for name in ("Dana", "Max"):
        assert main(["people", "add", name, "--role", "program manager", "--db", path]) == 0
    assert main(["packs", "add", "gone-quiet", "--actor", "Dana", "--db", path]) == 0
    capsys.readouterr()
    return path


def test_a_trigger_is_backtested_rehearsed_switched_on_and_run(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["triggers", "backtest", "gone-quiet", "--outcome", "count(order, 180) = 0", "--db", db]
    assert main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["hits"], found["subjects"], found["outcome"]["judged"], found["outcome"]["right"]) == (
        166,
        157,
        112,
        81,
    )
    assert main(["triggers", "rehearse", "gone-quiet", "--db", db, "--json"]) == 1, "more than its cap"
    told = json.loads(capsys.readouterr().out)
    assert told["dry_run"] and told["held"] == told["subjects"] == 180 and told["changes"] == []
    assert main(["triggers", "on", "gone-quiet", "--actor", "Dana", "--db", db]) == 2, (
        "who wrote it may not switch it on"
    )
    assert main(["triggers", "on", "gone-quiet", "--first", "act", "--actor", "Max", "--db", db]) == 0
    capsys.readouterr()
    assert main(["run", "--db", db, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["held"] == 180
    assert main(["run", "--db", db]) == 0
    assert "Nothing was due" in capsys.readouterr().err
    assert main(["triggers", "release", "gone-quiet", "--db", db]) == 2
    assert main(["triggers", "release", "gone-quiet", "--actor", "Max", "--db", db]) == 0
    out, err = capsys.readouterr()
    assert "180 cases" in err and "Take it back with: prm undo" in err and "A Bike Store" in out


def test_all_that_is_on_is_rehearsed_with_what_a_file_would_change(
    db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["triggers", "on", "gone-quiet", "--first", "act", "--actor", "Max", "--db", db]) == 0
    assert main(["triggers", "export", "gone-quiet", "--db", db]) == 0
    later = capsys.readouterr().out.replace("days_since(order) > 100", "days_since(order) > 400")
    more = '[trigger.never]\ntitle = "Never ordered"\nwhen = "never(order)"\nstart = "look"\ncoverage = "as recorded"\n'
    steps = '[workflow.look]\ntitle = "Look"\n[[workflow.look.step]]\nid = "t"\ndo = "task"\ntitle = "Look"\n'
    (tmp_path / "rules.toml").write_text(later + more + steps, encoding="utf-8")
    before = Path(db).read_bytes()
    main(["triggers", "rehearse", str(tmp_path / "rules.toml"), "--db", db, "--json"])
    told = json.loads(capsys.readouterr().out)
    found = {one["name"]: one["matched"] for one in told["triggers"]}
    assert found == {"gone-quiet": 92, "never": 66}, "by the new version, and by one that is only in the file"
    assert told["dry_run"] and told["changes"] == []
    assert Path(db).read_bytes() == before
    (tmp_path / "wrong.toml").write_text(more.replace("never(order)", "nver(order)"), encoding="utf-8")
    assert main(["triggers", "rehearse", str(tmp_path / "wrong.toml"), "--db", db]) == 4
    assert "line 3" in capsys.readouterr().err


def test_a_dry_run_changes_nothing(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triggers", "on", "gone-quiet", "--first", "act", "--actor", "Max", "--db", db]) == 0
    capsys.readouterr()
    main(["history", "--db", db, "--json"])
    before = capsys.readouterr().out
    assert main(["run", "--dry-run", "--db", db, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["dry_run"]
    main(["history", "--db", db, "--json"])
    assert capsys.readouterr().out == before


def test_automation_does_not_run_backwards(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--db", db, *AS_OF]) == 0
    assert main(["run", "--db", db, "--as-of", "2013-01-01"]) == 2
    assert "prm run --dry-run --as-of 2013-01-01" in capsys.readouterr().err


def test_other_triggers_are_backtested_too_or_it_is_said_why_not(
    db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "rules.toml"
    workflow = '[workflow.look]\ntitle = "Look"\n[[workflow.look.step]]\nid = "a"\ndo = "task"\ntitle = "Look"\n'
    big = '[trigger.big]\ntitle = "Big"\nsubject = "activity:order"\non = "activity"\nwhen = "amount > 50_000"\nstart = "look"\n'
    offer = '[trigger.offer]\ntitle = "Offer"\non = "manual"\nstart = "look"\n'
    review = '[trigger.review]\ntitle = "Review"\non = "every"\nperiod = "quarter"\nwhen = "count(order, 90) = 0"\nstart = "look"\n'
    rules.write_text(big + offer + review + workflow, encoding="utf-8")
    assert main(["triggers", "add", str(rules), "--actor", "Dana", "--db", db]) == 0
    capsys.readouterr()
    assert main(["triggers", "backtest", "big", "--outcome", "count(order, 180) = 0", "--neighbours", "--db", db]) == 0
    out, _ = capsys.readouterr()
    assert out.startswith("order arrives, if amount > 50_000\n") and "Matches by week" in out and "Most often" in out
    assert "recall" in out and "The limit moved" not in out and "rhythm" not in out
    assert main(["triggers", "backtest", "review", "--outcome", "count(order, 180) = 0", "--db", db, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["condition"] == "every quarter, if count(order, 90) = 0"
    assert found["outcome"]["judged"] > 0 and found["outcome"]["recall"] is found["outcome"]["stretches"] is None
    assert main(["triggers", "backtest", "offer", "--db", db]) == 2
    said = capsys.readouterr().err
    assert "begins when a person starts it" in said and "prm triggers rehearse offer" in said


@pytest.mark.parametrize(
    ("when", "remedy"),
    [("tier changed to 'Gold'", 'event = "changed"'), ("crosses(sum(order.amount, year), 50_000)", 'on = "crosses"')],
)
def test_what_a_trigger_says_by_keys_is_refused_in_its_condition(
    db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], when: str, remedy: str
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        f'[trigger.a]\ntitle = "A"\nwhen = "{when}"\nstart = "w"\n[workflow.w]\ntitle = "W"\n[[workflow.w.step]]\nid = "a"\n'
        'do = "task"\ntitle = "A"\n', encoding="utf-8",
    )  # fmt: skip
    assert main(["triggers", "check", str(rules), "--db", db]) == 1
    assert remedy in capsys.readouterr().out


def test_the_calendar_is_shown_and_set(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calendar", "--db", db]) == 0
    shown = capsys.readouterr().out
    assert 'timezone = "UTC"' in shown and 'mon = ["09:00-17:00"]' in shown
    file = tmp_path / "calendar.toml"
    file.write_text(shown.replace("UTC", "Europe/Berlin") + 'sat = ["10:00-12:00"]\n', encoding="utf-8")
    assert main(["calendar", str(file), "--db", db, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["timezone"] == "Europe/Berlin" and told["hours"]["sat"] == ["10:00-12:00"]
    file.write_text('timezone = "Europa/Berlin"\ncountry = "Germny"\n', encoding="utf-8")
    assert main(["calendar", str(file), "--db", db]) == 2
    said = capsys.readouterr().err
    assert "Europe/Berlin" in said and "Germany" in said and "hours" in said, "every fault at once"


def test_started_by_hand_and_asked_why(db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[trigger.look]\ntitle = "Look"\non = "manual"\nwhen = "count(order, ever) > 0"\nstart = "w"\n[workflow.w]\ntitle = "W"\n'
        '[[workflow.w.step]]\nid = "a"\ndo = "task"\ntitle = "Look at {{ partner.name }}"\n', encoding="utf-8",
    )  # fmt: skip
    assert main(["triggers", "add", str(rules), "--actor", "Dana", "--db", db]) == 0
    assert main(["triggers", "on", "look", "--actor", "Max", "--db", db]) == 0
    capsys.readouterr()
    assert main(["partners", "--where", "never(order)", "--limit", "1", "--json", "--db", db]) == 0
    (never,) = json.loads(capsys.readouterr().out)
    assert main(["triggers", "start", "look", never["code"], "--actor", "Max", "--db", db]) == 2
    assert "does not apply" in capsys.readouterr().err
    assert main(["triggers", "start", "look", "275", "--actor", "Max", "--db", db]) == 0
    assert main(["triggers", "why", "look", "275", "--db", db]) == 0
    said = capsys.readouterr().out
    assert (
        "Look at " in said
        and "met" in said
        and "matched on 2013-11-29: acted" in said
        and "resellers-and-sales.xlsx" in said
    )
