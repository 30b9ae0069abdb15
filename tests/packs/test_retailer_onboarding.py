"""Electronics: a new retailer joins; whatever is sent again, it is onboarded once."""

from __future__ import annotations

from prm_tui.services import partners, people, records
from tests.packs.office import Office


def status(office: Office, code: str, said: str) -> None:
    partners.edit(office.store, office.of(code), {"status": said}, actor=None, as_of=office.today)


def test_a_retailer_with_a_signed_agreement_is_onboarded_once(office: Office) -> None:
    office.adopt("retailer-onboarding")
    people.add(
        office.store, "Nora", email="nora@example.org", roles=["partner manager"], actor=None, as_of=office.today
    )
    taken = office.take("retailer-onboarding")
    assert [sheet.plan.what for sheet in taken.values()] == ["partners", "contacts", "record:agreement"]
    assert office.run().quiet, "both are active partners with nothing to be onboarded"

    status(office, "R1", "Onboarding")
    status(office, "R2", "Onboarding")
    assert office.fired() == {"new-retailer": 1}, "the agreement of the other is a draft"
    assert office.tags("R1") == ["retail program"]
    assert office.records("R1", "enrolment", "name, status, starts_on") == [("Retail program", "active", "2026-03-20")]
    assert office.field("R1", "manager") == "Dana", "of two who look after nobody the first by name"
    assert office.messages() == ["Welcome, Blitz Elektro"]
    assert sorted(office.tasks()) == [
        "Book the training sessions of Blitz Elektro", "Give Blitz Elektro access to the portal",
        "Send the catalogue for Audio", "Send the marketing kit to Blitz Elektro",
    ]  # fmt: skip
    assert office.task("training").owner == "Lea"

    office.later(1)
    office.take("retailer-onboarding")
    office.take("retailer-onboarding-later")
    status(office, "R1", "Active")
    office.run(2)
    status(office, "R1", "Onboarding")
    assert not office.fired(3), "sent again, moved, a second agreement, set back: it is known already"
    assert office.field("R1", "city") == "Bonn"

    for said, by in (("kit", "Dana"), ("catalogue", "Dana"), ("portal", "Lea"), ("training", "Lea")):
        office.done(said, by)
    for days, check in ((31, "30 days"), (62, "60 days"), (93, "90 days")):
        office.run(days)
        office.done(check, "Dana")
        office.run()
    assert office.outcomes("retailer-onboarding") == ["onboarded"]


def test_the_next_retailer_gets_the_manager_with_fewer_partners(office: Office) -> None:
    office.adopt("retailer-onboarding")
    people.add(
        office.store, "Nora", email="nora@example.org", roles=["partner manager"], actor=None, as_of=office.today
    )
    office.take("retailer-onboarding")
    office.take("retailer-onboarding-later")
    office.later(1)
    (agreement,) = office.records("R2", "agreement", "id")
    records.edit(office.store, agreement, {"status": "signed"}, actor=None, as_of=office.today)
    for code in ("R1", "R2"):
        status(office, code, "Onboarding")
    assert office.fired() == {"new-retailer": 2}
    assert {office.field(code, "manager") for code in ("R1", "R2")} == {"Dana", "Nora"}
