"""Messages at the command line: stdout is data, stderr says what to do next, exit codes say how it went."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from prm_tui.cli.main import main
from prm_tui.services import contacts, partners
from storage import Store
from tests.outgoing import DAY, NOW, message, messages, office

Prm = Callable[..., tuple[str, str]]


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRM_NOW", NOW)
    path = tmp_path / "office.db"
    with office(path) as store:
        messages(
            store,
            ("A", {}),
            ("B", {"state": "returned", "recipient": None, "contact_id": None, "body": "Dear {{ x }}"}),
        )
    return path


@pytest.fixture
def prm(db: Path, capsys: pytest.CaptureFixture[str]) -> Prm:
    def run(*arguments: str, code: int = 0, by: str | None = "Dana") -> tuple[str, str]:
        capsys.readouterr()
        who = ("--actor", by) if by else ()
        assert main(["outbox", *arguments, "--db", str(db), *who]) == code, capsys.readouterr()
        said = capsys.readouterr()
        return said.out, said.err

    return run


def test_the_whole_way_out(prm: Prm, tmp_path: Path) -> None:
    out, err = prm()
    assert out.splitlines()[0].split() == ["Id", "State", "Code", "Partner", "Recipient", "Subject"]
    assert "Ann Buyer <ann@a.example>" in out and "1 came back" in err and "1 to be approved: prm outbox approve" in err
    second, first = json.loads(prm("list", "--json")[0])
    assert first == {
        "id": 1, "state": "draft", "channel": "mail", "code": "A", "name": "Partner A", "to": "Ann Buyer",
        "recipient": "ann@a.example", "subject": "Your agreement", "case": None, "template": "renewal", "lacks": [],
        "handed_over_at": None, "confirmed_at": None,
    }  # fmt: skip
    assert second["lacks"] == ["there is no recipient", "not filled in: x"]
    assert json.loads(prm("list", "--json", "--partner", "B")[0]) == [second]
    assert "Missing   there is no recipient; not filled in: x" in prm("show", "2")[0]
    _, err = prm("approve", "1", "2", code=1)
    assert "Approved: 1." in err and "Left as it is: 2 “Your agreement”: there is no recipient" in err
    text = tmp_path / "text.txt"
    text.write_text("Dear Bob,\nplease order.\n", encoding="utf-8")
    _, err = prm("edit", "2", "--body-file", str(text))
    assert "Still missing: there is no recipient" in err
    assert json.loads(prm("edit", "2", "--to", "bob@b.example", "--json")[0])["state"] == "draft"
    assert "Nothing to change" in prm("edit", "2", "--to", "bob@b.example")[1]
    assert json.loads(prm("approve", "--all", "--json")[0])["done"] == [2]
    assert "No message waits for that" in prm("approve", "--all")[1]
    found = json.loads(prm("export", str(tmp_path / "out"), "1", "--json")[0])
    assert found["files"] == [{"id": 1, "file": "A Your agreement 1.eml"}] and found["workbook"] == "messages.xlsx"
    out, err = prm("export", str(tmp_path / "out"))
    assert out == f"{tmp_path / 'out' / 'B Your agreement 2.eml'}\n" and "prm outbox confirm" in err
    assert "Nothing is approved" in prm("export", str(tmp_path / "out"))[1]
    assert "already" in prm("export", str(tmp_path / "out"), "1", code=1)[1]
    assert prm("export", str(tmp_path / "out"), "1", "--again")[0].endswith("A Your agreement 1 (2).eml\n")
    assert "given to your mail program already" in prm("cancel", "1", "--reason", "late", code=1)[1]
    assert "Confirmed as sent: 1." in prm("confirm", "1")[1]
    assert json.loads(prm("confirm", "--all", "--json")[0])["done"] == [2]
    assert prm("list", "--json")[0] == "[]\n" and len(json.loads(prm("list", "--all", "--json")[0])) == 2
    shown = json.loads(prm("show", "2", "--json")[0])
    assert shown["state"] == "confirmed" and shown["body"] == "Dear Bob,\nplease order.\n" and len(shown["acts"]) == 6


def test_what_was_written_wrongly_says_how(prm: Prm, tmp_path: Path) -> None:
    cases = {
        ("show",): "prm outbox show ID",
        ("show", "1", "2"): "prm outbox show ID",
        ("approve",): "Which message",
        ("approve", "1", "--all"): "not both",
        ("approve", "x"): "“x” is no number",
        ("approve", "99"): "There is no message 99",
        ("export",): "prm outbox export DIR",
        ("export", "1"): "the folder comes first",
        ("export", str(tmp_path), "--again"): "ID… --again",
        ("edit", "1"): "--subject T",
        ("edit", "1", "--body", "a", "--body-file", "b"): "not both",
        ("cancel", "1"): "say why",
        ("list", "1"): "prm outbox show ID",
        ("list", "--state", "new"): "States are",
        ("list", "--reason", "x"): "prm outbox cancel",
        ("show", "1", "--all"): "prm outbox list or approve or confirm",
    }
    for arguments, said in cases.items():
        code = 2
        main_said = prm(*arguments, code=code)[1]
        assert said in main_said, arguments
    assert "Say who wants to approve" in prm("approve", "1", by=None, code=2)[1]
    assert "not as of 2026-03-30" in prm("approve", "1", "--as-of", "2026-03-30", code=2)[1]
    assert "cannot be read" in prm("edit", "1", "--body-file", str(tmp_path / "none.txt"), code=4)[1]
    (tmp_path / "latin.txt").write_bytes("Größe".encode("latin-1"))
    assert "UTF-8" in prm("edit", "1", "--body-file", str(tmp_path / "latin.txt"), code=4)[1]
    prm("approve", "1")
    (tmp_path / "file").touch()
    assert "Choose another folder" in prm("export", str(tmp_path / "file"), code=4)[1]


def test_who_opted_out_is_named_and_control_characters_are_shown(prm: Prm, db: Path) -> None:
    with Store.open(db) as store:
        (ann,) = contacts.list_of(store, partners.resolve(store, "A"))
        contacts.edit(store, ann.id, {"opt_out": "yes"}, actor=None, as_of=DAY)
        number = message(store, "B", subject="bell \x07\x1b[31m", body="a\x1b[31m\nb")
    out, _ = prm("approve", "--all", "--json", code=1)
    assert json.loads(out)["refused"] == [
        {"id": 1, "subject": "Your agreement", "why": "Ann Buyer asked not to be written to"}
    ]
    assert "\x1b" not in "".join(prm("show", str(number)))
    assert "\x1b" not in "".join(prm("list"))
    assert "Cancelled: 1." in prm("cancel", "1", "--reason", "opted out")[1]
