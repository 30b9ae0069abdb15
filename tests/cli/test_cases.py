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
    preview = ("deactivate", "275", "--reason", "mutual", "--notice-on", "2013-11-29", "--preview")
    assert "! before it is approved: Asks for the region: " in prm(*preview)[0]
    assert [one["gate"] for one in json.loads(prm(*preview, "--json")[0])[0]["in_the_way"]] == ["west"]
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
    assert (
        f"[passed] Asks for the region: {name}, by Lee Legal on 2013-11-29: they know" in prm("cases", "show", case)[0]
    )
    assert json.loads(prm("cases", "show", case, "--json")[0])["in_the_way"][0]["passed"]["reason"] == "they know"
    assert "let pass by Lee Legal on 2013-11-29: they know" in prm("cases", "gates", case)[0]
    prm("approve", str(task["id"]), "--actor", "Max Manager")
    assert "gate.west" in prm("packs", "show", "gate")[0]


def test_suspending_and_resuming(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suspend", "10", "--reason", "late", "--actor", "Dana Program", "--db", db]) == 0
    assert main(["partners", "--where", "status = 'Suspended'", "--count", "--db", db]) == 0
    assert capsys.readouterr().out == "1\n"
    assert main(["resume", "10", "--reason", "renewed", "--actor", "Dana Program", "--db", db]) == 0


def test_a_case_from_its_dates_to_its_lesson_and_back(
    db: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def prm(*arguments: str, code: int = 0) -> tuple[str, str]:
        capsys.readouterr()
        assert main([*arguments, "--db", db]) == code, capsys.readouterr()
        said = capsys.readouterr()
        return said.out, said.err

    lee, max_, dana = (("--actor", name) for name in ("Lee Legal", "Max Manager", "Dana Program"))
    said, told = prm("deactivate", "275", "--reason", "inactivity", "--preview", code=3)
    assert "to be given; proposed is notice received 2013-11-29, effective 2014-02-27" in said
    assert "Give --effective DATE" in told and "--notice any" in told and "Not legal advice" in told
    assert "Not legal advice" in prm("cases", "notice-table")[1]
    table = tmp_path / "table.toml"
    table.write_text(prm("cases", "notice-table", "--toml")[0].replace("days = 90", "days = 120"), encoding="utf-8")
    prm("cases", "notice-table", "--file", str(table), *dana)
    assert "120 days" in prm("cases", "notice-table")[0]

    by_table = ("--reason", "inactivity", "--notice", "table")
    (made,) = json.loads(prm("deactivate", "275", *by_table, "--json", *dana)[0])
    case = str(made["id"])
    out, err = prm("deactivate", "275", "70", *by_table, "--json", *dana)
    assert [one["id"] for one in json.loads(out)] == [made["id"], made["id"] + 1]
    assert f"has a deactivation under way, no second one is opened: prm cases show {case}" in err
    (task,) = (t for t in json.loads(prm("inbox", "--json")[0]) if t["case"] == made["id"])
    prm("approve", str(task["id"]), *max_)
    refused = prm("cases", "dates", case, "--effective", "2014-02-01", *dana, code=2)[1]
    assert "2014-03-29 by the notice table" in refused
    prm("cases", "serve", case, "--sent", "2013-11-29", "--method", "registered mail", "--address", "1 Main Road", *lee)
    shown = prm("cases", "show", case)[0]
    assert "service: registered mail, to 1 Main Road; sent on 2013-11-29, counts as received on 2013-12-02" in shown
    assert "approved was 2014-03-29; the new date is not approved yet" in shown
    assert "it ends on 2014-04-01 now" in prm("cases", "complete", case, "--as-of", "2014-04-01", *lee, code=2)[1]
    (task,) = (t for t in json.loads(prm("inbox", "--json")[0]) if t["case"] == made["id"] and t["kind"] == "approval")
    prm("approve", str(task["id"]), *max_)
    assert "no new deal begins" in prm("log", "275", "deal_registered", code=2)[1].replace("deal registered", "deal")
    prm("log", "275", "order", "--amount", "4210")
    assert (
        "since approval" in prm("cases", "show", case)[0] and "1 new: order, 4,210.00" in prm("cases", "show", case)[0]
    )
    late = ("--as-of", "2014-04-01")
    prm("cases", "complete", case, *late, *lee)
    closing = (
        "cases",
        "close",
        case,
        "--lesson",
        "ask for a plan",
        "--reason-confirmed",
        "non-performance",
        *late,
        *lee,
    )
    assert "left to do." in prm(*closing, code=2)[1]
    prm(*closing, "--waive", "all by phone", "--reapply-on", "2014-10-01")
    (lesson,) = json.loads(prm("cases", "lessons", "--json")[0])
    assert (lesson["reason"], lesson["partners"], lesson["lessons"]) == ("non-performance", 1, ["ask for a plan"])
    assert "from 2014-10-01 on" in prm("reactivate", "275", "--reason", "new owner", *late, *lee, code=2)[1]
    prm("reactivate", "275", "--reason", "new owner", "--override", "paid in advance", *late, *lee)
    assert json.loads(prm("partner", "275", "--json")[0])["status"] == "Onboarding"
    prm("check")


def test_a_restricted_case_is_seen_by_who_is_named(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    def prm(*arguments: str, code: int = 0) -> tuple[str, str]:
        capsys.readouterr()
        assert main([*arguments, "--db", db]) == code, capsys.readouterr()
        said = capsys.readouterr()
        return said.out, said.err

    dana, max_ = ("--actor", "Dana Program"), ("--actor", "Max Manager")
    asking = ("deactivate", "275", "--reason", "fraud", "--notice", "table", "--restricted")
    for seen_by, said in (
        ("role:legl", "role: “legl” is not a role. Did you mean “legal”?"),
        ("Lee Legal, role:compliance", "nobody is compliance; add somebody: prm people add NAME --role compliance"),
        ("Lea Legal", "Did you mean “Lee Legal”?"),
    ):
        for how in ((), ("--preview",)):
            assert said in prm(*asking, seen_by, *how, *dana, code=2)[1]
    assert (
        "to be seen by who asks and Lee Legal, role:legal alone"
        in prm(*asking, "Lee Legal,role:legal", "--preview", *dana)[0]
    )
    (out, err) = prm(*asking, "Lee Legal", "--json", *dana)
    case = str(json.loads(out)[0]["id"])
    assert "Restricted to Dana Program, Lee Legal" in err and "whoever has the file can read it" in err
    assert "--evidence FILE" in err, "for cause"
    for who in ((), max_):
        assert json.loads(prm("cases", "--json", *who)[0]) == [] and json.loads(prm("inbox", "--json", *who)[0]) == []
        for act in (("cases", "show"), ("letters",), ("obligations",), ("cases", "gates")):
            assert "restricted to persons who are named" in prm(*act, case, *who, code=2)[1]
    assert len(json.loads(prm("cases", "--json", *dana)[0])) == 1
    assert "restricted to Dana Program, Lee Legal" in prm("cases", "show", case, *dana)[0]
