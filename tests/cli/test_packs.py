"""Packs and triggers at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prm_tui.cli.main import main

BAD = """[trigger.quiet]
title = "Quiet"
when = "days_sinc(order) > 90"
start = "call"

[workflow.call]
title = "Call"
[[workflow.call.step]]
id = "a"
do = "task"
titel = "Call"
"""
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with Dana and Max, named by PRM_DB; commands run in its folder."""
    monkeypatch.setenv("PRM_DB", str(tmp_path / "office.db"))
    monkeypatch.chdir(tmp_path)
    for name, role in (("Dana", "program manager"), ("Max", "manager")):
        assert main(["people", "add", name, "--role", role]) == 0
    return tmp_path


def test_from_list_to_on_and_back(office: Path, capsys: Capture) -> None:
    assert main(["packs", "list", "--json"]) == 0
    found = {p["name"]: p for p in json.loads(capsys.readouterr().out)}
    assert found["gone-quiet"] == {
        "name": "gone-quiet",
        "title": "Gone quiet, and back again",
        "kind": "workflow",
        "added": None,
    }
    assert found["core"]["kind"] == "program"
    assert main(["packs", "add", "gone-quiet", "--actor", "Dana"]) == 0
    err = capsys.readouterr().err
    assert "prm undo" in err and "tier-review: added first, because gone-quiet needs it" in err
    assert main(["triggers", "on", "gone-quiet", "--actor", "Dana"]) == 2
    assert "Ask a second person to" in capsys.readouterr().err
    assert main(["triggers", "on", "gone-quiet", "--actor", "Max", "--first", "note", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["on"] is True
    assert main(["triggers", "--json"]) == 0
    row = next(r for r in json.loads(capsys.readouterr().out) if r["name"] == "gone-quiet")
    assert row == {"name": "gone-quiet", "title": "Gone quiet", "on": True, "version": 1, "hits_7d": 0}
    assert main(["triggers", "show", "gone-quiet"]) == 0
    out, err = capsys.readouterr()
    assert "\n[trigger.gone-quiet]\n" in out and "saved by Dana; it messages" in err
    assert "\n[template.we-miss-you]\n" in out and "your last order with us was on {{ last(order) }}." in out
    assert main(["triggers", "show", "gone-quiet", "--json"]) == 0
    assert "{{ last(order) }}" in json.loads(capsys.readouterr().out)["texts"]["we-miss-you"]["body"]
    assert main(["triggers", "off", "gone-quiet"]) == 0
    assert main(["undo"]) == 0


def test_what_was_exported_is_added_elsewhere(office: Path, capsys: Capture) -> None:
    assert main(["packs", "add", "compliance-renewal"]) == 0
    assert main(["packs", "export", "compliance-renewal", "renewal.toml"]) == 0
    assert main(["triggers", "export", "certificate-ladder", "ladder.toml"]) == 0
    assert main(["triggers", "export"]) == 0
    assert "[trigger.certificate-renewal]" in capsys.readouterr().out
    assert main(["packs", "show", "gone-quiet", "--json"]) == 0
    assert "winback" in json.loads(capsys.readouterr().out)["workflow"]
    other = ["--db", str(office / "other.db")]
    assert main(["people", "add", "Ann", "--role", "program manager", *other]) == 0
    assert main(["triggers", "add", "ladder.toml", *other]) == 0
    assert main(["packs", "add", "renewal.toml", "--json", *other]) == 0
    assert {"certificate-ladder", "certificate-renewal"} <= set(json.loads(capsys.readouterr().out)["triggers"])
    assert main(["packs", "add", "renewal.toml", *other]) == 0
    assert "Nothing to change" in capsys.readouterr().err


def test_a_bad_file_is_told_line_by_line(office: Path, capsys: Capture) -> None:
    Path("bad.toml").write_text(BAD, encoding="utf-8")
    assert main(["triggers", "check", "bad.toml"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == (
        "bad.toml, line 3, trigger.quiet.when: character 1: there is no fact “days_sinc”. Did you mean “days_since”?"
    )
    assert "bad.toml, line 11, workflow.call.step 1.titel: there is no “titel” here" in out
    assert "bad.toml: 3 found" in err
    assert main(["triggers", "check", "bad.toml", "--json"]) == 1
    first = json.loads(capsys.readouterr().out)[0]
    assert (first["line"], first["key"], first["instead"]) == (3, "trigger.quiet.when", "days_since")
    assert main(["triggers", "add", "bad.toml"]) == 4
    assert "line 3" in capsys.readouterr().err
    assert main(["triggers", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_usage_comes_before_anything_else(office: Path, capsys: Capture) -> None:
    for words in (["packs", "add"], ["triggers", "show"], ["triggers", "list", "x"], ["triggers", "off", "x", "--first", "act"],
                  ["triggers", "show", "none"], ["packs", "show", "none"]):  # fmt: skip
        assert main(words) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("prm: ")
    assert main(["packs", "add", "none.toml"]) == 4
    assert main(["packs", "list", "--db", str(office / "missing.db")]) == 5


def test_a_stranger_begins_with_a_pack_and_the_workbooks_that_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("PRM_DB", str(tmp_path / "new.db"))
    monkeypatch.chdir(tmp_path)
    assert main(["packs", "list"]) == 0 and "Outages of providers" in capsys.readouterr().out
    assert main(["packs", "show", "provider-outages"]) == 0
    assert "prm packs example provider-outages FOLDER" in capsys.readouterr().err
    assert main(["packs", "add", "provider-outage"]) == 2
    assert "Did you mean “provider-outages”?" in capsys.readouterr().err
    assert not (tmp_path / "new.db").exists(), "nothing is made by looking, or for a name that is none"

    assert main(["packs", "example", "provider-outages", "books"]) == 0
    assert capsys.readouterr().out.split() == ["books/provider-outages.xlsx", "books/provider-outages-later.xlsx"]
    assert main(["packs", "add", "provider-outages"]) == 5
    assert "prm people add NAME" in capsys.readouterr().err
    roles = [
        word for role in ("program manager", "manager", "finance", "operations", "support") for word in ("--role", role)
    ]
    assert main(["people", "add", "Dana", *roles]) == 0
    assert main(["packs", "add", "provider-outages"]) == 0
    assert main(["import", "books/provider-outages.xlsx"]) == 0
    said = capsys.readouterr().out
    assert main(["set", "Z1", "--record", "V-1", "new_provider=Bergfunk", "cut_over_on=2026-05-01"]) == 0
    assert main(["set", "Z1", "--record", "hills ring", "--kind", "circuit", "window=Monday"]) == 0
    for wrong, told in (("V-2", "Did you mean “V-1”?"), ("Nothing of it", "is no record of this partner. There is: “")):
        assert main(["set", "Z1", "--record", wrong, "window=Monday"]) == 2
        assert told in capsys.readouterr().err
    assert main(["set", "Z1", "--record", "V-1", "cut_over=2026-05-01"]) == 2
    assert "Did you mean “cut_over_on”?" in capsys.readouterr().err
    assert "Customers as record:customer: 3 new" in said, "each names its provider: they are no partners"
    (tmp_path / "books" / "provider-outages-later.xlsx").write_bytes(b"mine")
    assert main(["packs", "example", "provider-outages", "books"]) == 4
    assert "there is another file of that name" in capsys.readouterr().err
    assert main(["packs", "example", "welcome"]) == 2
    assert "no workbook comes with it" in capsys.readouterr().err


def test_the_first_person_may_be_who_acts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("PRM_DB", str(tmp_path / "new.db"))
    monkeypatch.setenv("PRM_ACTOR", "Dana")
    assert main(["people", "add", "Dana", "--role", "program manager"]) == 0, "she cannot be known before"
    monkeypatch.setenv("PRM_ACTOR", "Max")
    assert main(["people", "add", "Max"]) == 2, "he is to be added by somebody who is known"
    assert "nobody of that name is known" in capsys.readouterr().err
