"""Financial advice: a finding that compliance says stands freezes new business; no case closes over a client left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from importers import docx
from prm_tui.domain.errors import UsageError
from prm_tui.domain.gate import InTheWay
from prm_tui.services import cases, deactivation, gates, records
from tests.packs.office import Office


@pytest.fixture
def upheld(office: Office) -> Office:
    """A complaint about Rossi Advice is upheld; one about another adviser is small."""
    office.adopt("adviser-conduct")
    office.take("adviser-conduct")
    office.contact("W1")
    office.manage("W1")
    assert office.run().quiet, "one is open still, the other one is small"
    office.take("adviser-conduct-later")
    assert office.fired() == {"adviser-finding": 1}
    return office


@pytest.fixture
def frozen(upheld: Office, tmp_path: Path) -> Office:
    """Compliance has said, with the result of the investigation, that the finding stands."""
    confirm(upheld, tmp_path, "it stands")
    set_ = {effect.what: effect.after for effect in upheld.run().effects if effect.kind == "field"}
    assert set_["Ada Brook: new_adviser"] == "W2 Lund & Daughters", "each field of a client by its name"
    return upheld


def confirm(office: Office, folder: Path, choice: str, by: str = "Cleo") -> None:
    proof = folder / "investigation.txt"
    proof.write_text("Ada Brook was sold what does not suit her.", encoding="utf-8")
    task = office.task("does the finding stand?").id
    cases.approve(office.store, task, choice=choice, proof=proof, actor=office.who(by), as_of=office.today)


def client(office: Office, ref: str) -> dict[str, str | None]:
    (data,) = office.all("SELECT data FROM records WHERE ref = ? AND kind = 'customer'", ref)
    found: dict[str, str | None] = json.loads(data)
    return found


def test_only_compliance_says_that_a_finding_stands_and_it_attaches_the_result(upheld: Office, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="compliance"):
        confirm(upheld, tmp_path, "it stands", by="Dana")
    with pytest.raises(UsageError, match="counts with a signed answer only"):
        upheld.decide("does the finding stand?", "it stands", "Cleo")
    restricted, data = upheld.all("SELECT restricted, data FROM cases WHERE kind = 'adviser-proposal'")[0]
    assert restricted == 1 and json.loads(data)["restricted_roles"] == ["compliance", "legal", "program manager"]
    assert [len(upheld.inbox(by)) for by in ("Cleo", "Lea", "Dana", "Max")] == [1, 1, 1, 0], (
        "who need not know does not see it"
    )
    assert upheld.tags("W1") == [] and upheld.messages() == [], "nothing has happened yet"
    confirm(upheld, tmp_path, "it does not stand")
    upheld.run()
    assert upheld.outcomes("adviser-proposal") == ["no finding"] and upheld.tags("W1") == []


def test_new_business_is_frozen_trails_are_held_and_clients_move_one_by_one(frozen: Office) -> None:
    assert frozen.tags("W1") == ["business frozen"]
    assert frozen.ledger("W1") == [(400, "hold")], "310 and 90 are not paid yet"
    assert frozen.messages() == ["Rossi Advice: new business"]
    assert [row[0] for row in frozen.sheet("Clients of Rossi Advice (3)")[1:]] == [
        "Ada Brook",
        "Ben Crane",
        "Cleo Dane",
    ]
    assert frozen.sheet("Open trades of Rossi Advice (1)")[1][:3] == ["Ada Brook", "Bond 2031", "TR-1"]

    assert client(frozen, "CL-1")["new_adviser"] == "W2 Lund & Daughters", "Full House has no room"
    assert client(frozen, "CL-2")["new_adviser"] == "W3 Open Door", "it needs another licence"
    assert "new_adviser" not in client(frozen, "CL-3"), "in Utah the only registration has lapsed"
    assert "No eligible adviser for Cleo Dane" in frozen.tasks()
    (letter,) = frozen.all("SELECT body FROM evidence WHERE title = 'Letter to Ada Brook'")
    text = docx.read(letter)
    assert "W2 Lund & Daughters can look after you" in text
    assert "complaint" not in text.casefold() and "finding" not in text.casefold(), "the wording is neutral"
    frozen.decide("Ada Brook: consent to W2 Lund & Daughters?", "given", "Cleo")
    frozen.decide("Ben Crane: consent to W3 Open Door?", "refused", "Cleo")
    frozen.run()
    assert client(frozen, "CL-1")["consent"] == "given" and client(frozen, "CL-2")["consent"] == "refused"
    assert any(task.startswith("Ben Crane does not want W3 Open Door") for task in frozen.tasks())
    assert client(frozen, "CL-5").keys() == {"state", "licence_needed", "vulnerable"}, "clients of others stay"


def test_two_persons_of_two_roles_decide_and_the_adviser_may_stay(frozen: Office) -> None:
    frozen.done("Rossi Advice: set a legal hold", "Lea")
    frozen.run()
    asked = [task for task in frozen.inbox() if task.title == "Rossi Advice: end the relationship?"]
    assert sorted(str(task.role) for task in asked) == ["compliance", "legal"]
    legal = next(task for task in asked if task.role == "legal")
    cases.reject(frozen.store, legal.id, "a warning is enough", actor=frozen.who("Lea"), as_of=frozen.today)
    frozen.run()
    assert frozen.outcomes("adviser-proposal") == ["stays"]
    assert frozen.tags("W1") == [] and frozen.ledger("W1") == [(400, "hold"), (-400, "reversed")]


def test_a_client_without_an_eligible_adviser_keeps_the_case_from_closing_by_its_name(frozen: Office) -> None:
    frozen.done("Rossi Advice: set a legal hold", "Lea")
    frozen.run()
    for task in frozen.inbox():
        if task.title == "Rossi Advice: end the relationship?":
            who = frozen.who("Cleo" if task.role == "compliance" else "Lea")
            cases.approve(frozen.store, task.id, actor=who, as_of=frozen.today)
    frozen.run()
    assert "Open the deactivation of Rossi Advice" in frozen.tasks() and frozen.field("W1", "status") == "Active"

    (number,) = deactivation.submit(
        frozen.store, [frozen.of("W1")], "mutual", actor=frozen.who("Dana"), as_of=frozen.today
    )
    with pytest.raises(InTheWay, match="cannot be closed") as told:
        gates.hold(frozen.store, cases.get(frozen.store, number), "close", frozen.today)
    said = str(told.value)
    assert "Client without an eligible adviser: Cleo Dane" in said
    assert "Find an adviser registered in Utah with the licence securities" in said
    assert [one.name for one in told.value.blocked if not one.by] == ["Cleo Dane"], "nobody may let that pass"
    assert [one.name for one in told.value.blocked if one.by] == ["Ada Brook", "Ben Crane"], "they have not agreed yet"

    (utah,) = frozen.all("SELECT id FROM records WHERE ref = 'RG-3'")
    records.edit(frozen.store, utah, {"status": "active"}, actor=None, as_of=frozen.today)
    frozen.done("No eligible adviser for Cleo Dane", "Cleo")
    frozen.run()
    assert client(frozen, "CL-3")["new_adviser"] == "W2 Lund & Daughters", "looked for again, found"
    for name in ("Ada Brook", "Ben Crane", "Cleo Dane"):
        frozen.decide(f"{name}: consent to", "given", "Cleo")
    frozen.run()
    gates.hold(frozen.store, cases.get(frozen.store, number), "close", frozen.today)
