"""From the approved application to the first business, or to the question why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.packs.programme import DAY, Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("partner-application", "onboarding", "training-assignment")
        office.run()
        yield office


def begun(office: Office, code: str) -> None:
    """A partner whose application was approved, with its agreement executed."""
    office.partner(code, status="Prospect", annual_revenue="2000000", employees="40", certified_people="3",
                   years_in_business="8", market="Enterprise", owners_checked="yes", sanctions_hit="no")  # fmt: skip
    office.record(code, "application", name="Application", status="New", ref=f"AP-{code}")
    done = office.run()
    assert [f.name for f in done.fired] == ["application", "onboarding"], (
        "the sequence starts at the approved application"
    )
    agreement = office.all("SELECT id FROM records WHERE kind = 'agreement' ORDER BY id DESC LIMIT 1")[0]
    sign = office.task("Have the agreement of")
    assert sign.role == "legal" and sign.due == DAY.replace(day=16)
    executed = {"status": "active", "signatories": "Kim, Lea", "signed_on": DAY.isoformat(), "file_hash": "9f86d081"}
    office.change(agreement, **executed)
    office.done("Have the agreement of", "Lea")


def test_both_sides_are_set_up_and_the_first_deal_ends_the_reminders(office: Office) -> None:
    begun(office, "A")
    assert [r for r, _ in office.records("A", "assignment")] == ["Onboarding course"]
    assert office.inbox() == [
        "Send Partner A the partner kit", "Set up access for Partner A: portal, price list, mailing list",
        "Partner A has sent bank details, tax form and the names of its team",
    ]  # fmt: skip
    assert "Your first steps as a partner" in office.messages()
    for title, by in (("partner kit", "Mark"), ("Set up access", "Olga"), ("bank details", "Pat")):
        office.done(title, by)
    office.on(3).run()
    assert office.messages()[-1] == "Partner A: your first deal"
    office.on(5).happened("A", "training", course="Onboarding course")
    office.run()
    assert office.records("A", "assignment") == [("Onboarding course", "Done")]
    office.on(6).happened("A", "deal_registered", amount="9000")
    office.run()
    assert office.outcomes("onboarding") == [("A", "activated")] and office.field("A", "status") == "Active"
    before = office.messages()
    assert office.on(20).run().quiet and office.messages() == before, "no reminder comes after the first business"


def test_ninety_days_without_business_are_a_question(office: Office) -> None:
    begun(office, "B")
    for day in (3, 7, 14):
        office.on(day).run()
    assert office.messages().count("Partner B: your first deal") == 3
    office.on(29).run()
    assert "Partner B has not finished the onboarding course in 30 days" not in office.inbox()
    office.on(30).run()
    assert "Partner B has not finished the onboarding course in 30 days" in office.inbox()
    office.on(90).run()
    assert office.tags("B") == ["never activated"]
    why = office.task("no business in 90 days")
    assert (why.owner, why.due) == ("Pat", DAY + timedelta(days=95)), "asked on a Sunday, due on Friday"
    for title, by in (("partner kit", "Mark"), ("Set up access", "Olga"), ("bank details", "Pat"),
                      ("onboarding course", "Pat"), ("no business", "Pat")):  # fmt: skip
        office.done(title, by)
    assert office.outcomes("onboarding") == [("B", "never activated")]
    assert office.field("B", "status") == "Onboarding"


def test_an_agreement_without_the_hash_of_its_file_is_not_executed(office: Office) -> None:
    office.partner("C", status="Onboarding")
    office.record("C", "agreement", name="Agreement", status="active", signatories="Kim", signed_on=DAY.isoformat())
    office.run()
    office.done("Have the agreement of", "Lea")
    assert "Your first steps as a partner" not in office.messages()
    office.on(7).run()
    assert "Have the agreement of Partner C signed" in office.inbox(), "asked again after five days"
