"""A deactivation at the command line, in the demonstration file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from prm_tui.cli.main import main


@pytest.fixture
def db(demo_file: Path, tmp_path: Path) -> str:
    return str(shutil.copy(demo_file, tmp_path / "demo.db"))


def test_several_partners_go_through_their_cases(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    def prm(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main([*arguments, "--db", db]) == code, capsys.readouterr()
        return capsys.readouterr().out

    (plan,) = json.loads(prm("deactivate", "275", "--reason", "inactivity", "--preview", "--json", code=3))
    assert plan["dates"]["asked"].startswith(
        "No agreement is on file, so its dates are not known. Give --effective DATE"
    )
    assert (plan["dates"]["notice_on"], plan["dates"]["effective_on"]) == ("2013-11-29", "2014-02-27"), "a proposal"
    prm("deactivate", "275", "--reason", "inactivity", "--actor", "Dana Program", code=3)
    by_table = ("--notice", "table")
    (plan,) = json.loads(prm("deactivate", "275", "--reason", "inactivity", *by_table, "--preview", "--json"))
    assert plan["dates"]["asked"] == "" and "Not legal advice" in plan["dates"]["basis"]
    assert {line["state"] for line in plan["impact"]} == {"counted", "none found", "not checked"}
    assert prm("cases").count("\n") == 1
    made = json.loads(
        prm("deactivate", "275", "70", "--reason", "inactivity", *by_table, "--actor", "Dana Program", "--json")
    )
    assert [case["code"] for case in made] == ["275", "70"]
    first, second = (t for t in json.loads(prm("inbox", "--json")) if t["kind"] == "approval")
    prm("approve", str(first["id"]), "--actor", "Dana Program", code=2)
    prm("approve", str(first["id"]), "--actor", "Nobody", code=2)
    prm("approve", str(first["id"]), "--actor", "Max Manager")
    prm("reject", str(second["id"]), "--reason", "not yet", "--actor", "Max Manager")
    case = str(made[0]["id"])
    prm("cases", "serve", case, "--method", "courier", "--actor", "Lee Legal")
    prm("cases", "complete", case, "--actor", "Lee Legal", code=2)
    prm("cases", "complete", case, "--actor", "Lee Legal", "--as-of", "2014-02-27")
    assert json.loads(prm("partner", "275", "--json"))["status"] == "Deactivated"
    shown = json.loads(prm("cases", "show", case, "--json"))
    assert (shown["stage"], shown["data"]["served_on"]) == ("after", "2013-11-29")
    assert "sha256" in prm("cases", "show", case)
    prm("check")


def test_what_stands_in_the_way_is_listed_and_let_pass(
    db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def prm(*arguments: str, code: int = 0) -> tuple[str, str]:
        capsys.readouterr()
        assert main([*arguments, "--db", db]) == code, capsys.readouterr()
        said = capsys.readouterr()
        return said.out, said.err

    own = tmp_path / "gate.toml"
    own.write_text('[gate.west]\ntitle = "Asks for the region"\nwhen = "name is not empty"\nblocks = "approval"\n'
                   'by = "role:legal"\ndetail = "Ask the region about {{ name }}."\n')  # fmt: skip
    prm("packs", "add", str(own))
    (made,) = json.loads(prm("deactivate", "275", "--reason", "mutual", "--actor", "Dana Program", "--json")[0])
    case, name = str(made["id"]), made["name"]
    (task,) = (t for t in json.loads(prm("inbox", "--json")[0]) if t["case"] == made["id"])
    refused = prm("approve", str(task["id"]), "--actor", "Max Manager", code=2)[1]
    assert f"Asks for the region: {name}" in refused and f"prm cases pass {case} west" in refused
    (one,) = json.loads(prm("cases", "gates", case, "--json")[0])
    assert one == {"gate": "west", "title": "Asks for the region", "blocks": "approval", "name": name, "known": True,
                   "found": {"name": name}, "detail": f"Ask the region about {name}.", "by": "legal", "passed": None}  # fmt: skip
    prm("cases", "pass", case, "west", name, "--reason", "they know", "--actor", "Max Manager", code=2)
    prm("cases", "pass", case, "--reason", "they know", "--actor", "Lee Legal", code=2)
    said = prm("cases", "pass", case, "west", name, "--reason", "they know", "--actor", "Lee Legal")[1]
    assert "may pass" in said and "Nothing more in the way" in said
    assert "let pass by Lee Legal on 2013-11-29: they know" in prm("cases", "gates", case)[0]
    prm("approve", str(task["id"]), "--actor", "Max Manager")
    assert "gate.west" in prm("packs", "show", "gate")[0]


def test_suspending_and_resuming(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suspend", "10", "--reason", "late", "--actor", "Dana Program", "--db", db]) == 0
    assert main(["partners", "--where", "status = 'Suspended'", "--count", "--db", db]) == 0
    assert capsys.readouterr().out == "1\n"
    assert main(["resume", "10", "--reason", "renewed", "--actor", "Dana Program", "--db", db]) == 0
