"""Telecom: phases are accepted one by one; an acceptance that is withdrawn takes back what it opened."""

from __future__ import annotations

from importers import docx
from prm_tui.services import records
from tests.packs.office import Office


def states(office: Office) -> list[str]:
    return office.records("T1", "milestone", "status")


def test_a_withdrawn_acceptance_sends_the_next_phase_back_and_holds_the_payment(office: Office) -> None:
    office.adopt("installation-phases")
    taken = office.take("installation-phases")
    assert taken["Milestones"].plan.what == "record:milestone"
    office.contact("T1")
    office.manage("T1")
    assert office.fired() == {"phase-accepted": 1, "phase-ready": 1}
    assert states(office) == ["accepted", "open", "waiting"], "digging begins; splicing waits for it"
    assert office.ledger("T1") == [(9_000, "approved")]
    assert office.records("T1", "milestone", "ends_on")[1] == "2026-04-21", "fifteen working days"
    assert office.tasks() == ["Fibre Ring 7, Digging: assign a crew"]
    assert office.messages() == ["Fibre Ring 7: Survey is accepted", "Fibre Ring 7: Digging begins"]
    assert "1 of\n3 phases" in docx.read(office.all("SELECT body FROM evidence")[0])
    assert office.run(1).quiet

    office.later(3)
    office.take("installation-phases-withdrawn")
    office.run()
    assert states(office) == ["rejected", "waiting", "waiting"]
    assert office.ledger("T1") == [(9_000, "approved"), (-9_000, "reversed"), (9_000, "hold")]
    assert office.tasks() == [], "no crew is to be sent"
    assert sorted(office.messages()[2:]) == [
        "Fibre Ring 7: Digging has to wait", "Fibre Ring 7: payment of Survey is on hold",
    ]  # fmt: skip

    office.later(8)
    office.take("installation-phases-again")
    assert office.fired() == {"phase-accepted": 1, "phase-ready": 1}
    assert states(office) == ["accepted", "open", "waiting"]
    assert office.ledger("T1")[3:] == [(-9_000, "reversed"), (9_000, "approved")]


def test_an_acceptance_without_a_signature_is_asked_about(office: Office) -> None:
    office.adopt("installation-phases")
    office.take("installation-phases")
    office.contact("T1")
    office.manage("T1")
    office.run()
    office.later(2)
    _, digging, _ = office.records("T1", "milestone", "id")
    records.edit(office.store, digging, {"status": "accepted"}, actor=None, as_of=office.today)
    assert office.fired() == {"phase-incomplete": 1, "phase-ready": 1}
