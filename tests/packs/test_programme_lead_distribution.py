"""A lead of the house goes to who is eligible and furthest behind, and on where it is not taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packs.programme import Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("lead-distribution")
        office.run()
        yield office


def house(office: Office) -> None:
    office.partner("HOUSE", type="House")
    office.partner("A", territory="West", lead_weight="3")
    office.partner("B", territory="West", lead_weight="1")
    office.partner("C", territory="East")
    office.partner("D", territory="West", status="Prospect")


def lead(office: Office, n: int, territory: str = "West") -> None:
    office.record("HOUSE", "lead", name=f"Lead {n}", status="New", ref=f"L{n}", territory=territory, customer="Mill")
    office.run()


def accepted(office: Office, ref: str) -> str:
    """Who was offered a lead, which is taken now."""
    record, code = office.all(
        "SELECT r.id, p.code FROM records r JOIN partners p ON p.id = r.partner_id WHERE r.ref = ? AND r.status = 'Offered'",
        ref,
    )[0]
    office.change(record, status="Accepted")
    office.run()
    return str(code)


def test_leads_go_by_fair_share_and_say_how(office: Office) -> None:
    house(office)
    went = []
    for n in range(8):
        lead(office, n)
        went.append(accepted(office, f"L{n}"))
    assert went == ["A", "B", "A", "A", "A", "B", "A", "A"], (
        "three of four to A, by deficit; a tie to who has waited longest"
    )
    assert office.records("HOUSE", "lead")[0] == ("Lead 0", "Distributed")
    (note,) = office.all("SELECT note FROM records WHERE ref = 'L0' AND status = 'Accepted'")
    assert "one of 2 eligible; 75% is its share, 0 received within a year" in note
    why = office.all("SELECT CAST(body AS TEXT) FROM evidence WHERE title = 'How it was decided: Lead 1'")[0]
    assert why.splitlines()[1].startswith("B  Partner B: share 25.0%, received 0, behind by 0.50")
    assert "1 left out: not partner.status = 'Active'" in why
    assert office.all("SELECT json_extract(data, '$.customer') FROM records WHERE ref = 'L0'") == ["Mill", "Mill"]


def test_what_is_not_taken_in_a_business_day_goes_to_the_next_and_then_to_a_person(office: Office) -> None:
    house(office)
    lead(office, 1)
    assert office.records("A", "lead") == [("Lead 1", "Offered")]
    assert office.messages() == ["A lead for Partner A: Lead 1"]
    office.on(1).run()
    assert office.records("A", "lead") == [("Lead 1", "Offered")], "until the end of the day"
    office.on(2).run()
    assert office.records("A", "lead") == [("Lead 1", "Passed on")]
    assert office.records("B", "lead") == [("Lead 1", "Offered")], "nobody gets the same lead twice"
    (offered,) = office.all("SELECT id FROM records WHERE status = 'Offered'")
    office.change(offered, status="Declined")
    office.run()
    assert office.inbox() == ["Nobody is left for the lead Lead 1"]
    assert office.outcomes("lead-offer") == [("A", "not taken"), ("B", "not taken")]


def test_a_lead_nobody_is_eligible_for(office: Office) -> None:
    house(office)
    lead(office, 1, "North")
    assert office.inbox() == ["Nobody is eligible for the lead Lead 1"]
    (why,) = office.all("SELECT CAST(body AS TEXT) FROM evidence")
    assert why.startswith("Nobody is eligible.") and "left out: not (" in why
    office.done("Nobody is eligible", "Olga")
    assert office.outcomes("lead-distribution") == [("HOUSE", "by hand")]


def test_a_lead_that_does_not_move_is_reminded_of_and_taken_back(office: Office) -> None:
    house(office)
    lead(office, 1)
    accepted(office, "L1")
    office.on(7).run()
    assert office.messages()[-1] == "Lead 1: how is it going?"
    office.on(14).run()
    office.approve("take it back?", "Pat")
    assert office.records("B", "lead") == [("Lead 1", "Offered")]
