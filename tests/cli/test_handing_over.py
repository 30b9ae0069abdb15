"""A partner leaves at the command line: hand-over, other systems, legal hold, and in the end its contacts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prm_tui.cli.main import main


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gone and Free in the West; Dana, Max and Lee; Jo Sanders works at Gone."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    path = tmp_path / "office.db"
    for name, role in (("Dana", "program manager"), ("Max", "manager"), ("Lee", "legal")):
        assert main(["people", "add", name, "--role", role, "--db", str(path)]) == 0
    for code in ("GONE", "FREE"):
        assert main(["add", code, f"name={code.title()} Ltd", "territory=West", "--db", str(path)]) == 0
    (tmp_path / "customers.csv").write_text("Partner code,Name,Reference,Status\nGONE,Alba Ltd,C-1,active\n")
    (tmp_path / "contacts.csv").write_text("Partner code,Name,E-mail\nGONE,Jo Sanders,jo@gone.example\n")
    for name, what in (("customers", "record:customer"), ("contacts", "contacts")):
        assert main(["import", str(tmp_path / f"{name}.csv"), "--as", f"{name}={what}", "--db", str(path)]) == 0
    return path


class Prm:
    """The command line, and what it said last."""

    def __init__(self, db: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.db, self.capsys, self.err = db, capsys, ""

    def __call__(self, *arguments: str, code: int = 0) -> str:
        self.capsys.readouterr()
        assert main([*arguments, "--db", str(self.db)]) == code, self.capsys.readouterr()
        out, self.err = self.capsys.readouterr()
        return out

    def leaves(self) -> str:
        """The case of Gone, in notice."""
        (case,) = json.loads(self("deactivate", "GONE", "--reason", "mutual", "--actor", "Dana", "--json"))
        for task in json.loads(self("inbox", "--json")):
            if task["kind"] == "approval":
                self("approve", str(task["id"]), "--actor", "Max")
        self("cases", "serve", str(case["id"]), "--method", "by hand", "--actor", "Lee")
        return str(case["id"])


@pytest.fixture
def prm(db: Path, capsys: pytest.CaptureFixture[str]) -> Prm:
    return Prm(db, capsys)


def test_handing_over_at_the_command_line(prm: Prm, tmp_path: Path) -> None:
    case = prm.leaves()
    (item,) = json.loads(prm("cases", "transition", case, "--json"))
    assert (item["ref"], item["state"], item["proposed"]) == ("C-1", "no new owner", "FREE")
    assert "1 without a new owner: Customer Alba Ltd (C-1)" in prm.err
    prm("cases", "transition", case, "--assign", "C-1=Nobody", "--actor", "Dana", code=2)
    assert "waits for consent" in prm("cases", "transition", case, "--assign", "C-1=FREE", "--letter", "customer",
                                      "--letter-on", "2026-03-30", "--actor", "Dana")  # fmt: skip
    assert "customer on 2026-03-30" in prm(
        "cases", "transition", case, "--line", "C-1", "--consent", "given", "--actor", "Dana"
    )
    prm("cases", "transition", case, "--apply", "--actor", "Dana")
    assert "Handed over: 1." in prm.err
    assert json.loads(prm("partner", "FREE", "--json"))["records"][0]["fields"]["name"] == "Alba Ltd"
    prm("cases", "transition", case, "--out", str(tmp_path / "h.xlsx"), "--actor", "Dana", code=4)
    assert "holds nothing that is to be handed over" in prm.err


def test_a_sheet_of_the_hand_over_goes_out_and_is_merged(prm: Prm, tmp_path: Path) -> None:
    case, out = prm.leaves(), tmp_path / "hand-over.csv"
    prm("cases", "transition", case, "--out", str(out), "--to", "Max", "--due", "2026-04-10", "--actor", "Dana")
    (sheet,) = json.loads(prm("sheets", "--json"))
    assert (sheet["what"], sheet["recipient"], sheet["due_on"], sheet["rows"]) == ("transition", "Max", "2026-04-10", 1)
    header, row = (line.split(",") for line in out.read_text(encoding="utf-8-sig").splitlines())
    row[header.index("Goes to")] = "ends"
    out.write_text("\n".join(",".join(line) for line in (header, row)))
    assert "1 changed" in prm("merge", str(out), "--actor", "Dana")
    assert json.loads(prm("cases", "transition", case, "--json"))[0]["state"] == "ready"
    assert json.loads(prm("sheets", "--json"))[0]["state"] == "back"


def test_other_systems_at_the_command_line(prm: Prm, tmp_path: Path) -> None:
    case = prm.leaves()
    prm("systems", "add", "--columns", "A=name", code=2)
    prm("systems", "add", "crm", "--columns", "Partner code=code, State=status:Closed", "--owner", "Max", "--due-days", "5",
        "--actor", "Dana")  # fmt: skip
    (system,) = json.loads(prm("systems", "--json"))
    assert system == {"name": "crm", "kind": "system", "owner": "Max", "role": None, "due_days": 5, "sheet": "",
                      "columns": {"Partner code": "code", "State": "status:Closed"}}  # fmt: skip
    prm("systems", "sheets", code=2)
    assert prm("cases", "systems", case, "--out", str(tmp_path / "out"), "--actor", "Dana") == (
        f"{tmp_path / 'out' / 'crm GONE.xlsx'}\n"
    )
    (line,) = json.loads(prm("cases", "systems", case, "--json"))
    assert (line["state"], line["owner"], line["due"]) == ("sent", "Max", "2026-04-05")
    (tmp_path / "accounts.csv").write_text("Partner code,Name,State\nGONE,Gone Ltd,open\nFREE,Free Ltd,open\n")
    how = ("--as", "accounts=partners", "--as-of", "2026-04-20")
    said = "crm still shows GONE Gone Ltd active: accounts.csv, sheet accounts, row 2"
    assert "sent" in prm("systems", "check", "--as-of", "2026-04-20")
    prm("import", str(tmp_path / "accounts.csv"), *how)
    assert said in prm.err
    assert said in prm("systems", "check", "--as-of", "2026-04-20", code=1)
    (tmp_path / "accounts.csv").write_text("Partner code,Name,State\nGONE,Gone Ltd,closed\nFREE,Free Ltd,open\n")
    prm("import", str(tmp_path / "accounts.csv"), *how)
    assert "confirmed" in prm("systems", "check", "--as-of", "2026-04-20")
    prm("cases", "systems", case, "--confirm", "crm", "--actor", "Max")
    prm("systems", "remove", "crm", "--actor", "Dana")
    assert "crm" in prm("cases", "systems", case), "what it was told stays with the case"


def test_hold_and_erasing_at_the_command_line(prm: Prm, tmp_path: Path, db: Path) -> None:
    prm("hold", "GONE", "--reason", "litigation", "--actor", "Lee")
    assert "under legal hold since 2026-03-31 (Lee): litigation" in prm("partner", "GONE")
    prm("privacy", "erase", "GONE", "--yes", "GONE", "--actor", "Lee", code=2)
    prm("hold", "GONE", "--lift", "--reason", "settled", "--actor", "Lee")
    assert json.loads(prm("partner", "GONE", "--json"))["hold"] is None
    prm("privacy", "export", "jo@gone.example", str(tmp_path / "held.xlsx"))
    assert (tmp_path / "held.xlsx").exists()
    (tmp_path / "held.xlsx").unlink()
    assert prm("privacy").count("\n") == 1, "nobody is due"
    assert "scrubbed: 1 contact\n" in prm("privacy", "erase", "Jo Sanders", "--dry-run")
    assert "Nothing was changed" in prm.err
    prm("privacy", "erase", "Jo Sanders", "--actor", "Lee", code=2)
    assert "--yes GONE" in prm.err
    done = json.loads(prm("privacy", "erase", "GONE", "--yes", "GONE", "--actor", "Lee", "--json"))
    assert (done["contacts"], done["whole"], done["backups"]) == (1, True, [])
    assert b"Sanders" not in db.read_bytes() and b"jo@gone" not in db.read_bytes()
    prm("undo", str(done["change"]), code=2)
    prm("privacy", "finish")
    prm("check")
