"""IT: a licence expires; each reminder once, and whoever renews early hears nothing more."""

from __future__ import annotations

from tests.packs.office import Office


def test_renewed_early_cancels_the_ladder_and_not_renewed_ends_with_a_person(office: Office) -> None:
    office.adopt("licence-renewal")
    taken = office.take("licence-renewal")
    assert taken["Licences"].plan.what == "record:licence"
    assert {c.header: c.target for c in taken["Licences"].plan.columns}["Seats"] == "data", "the licence's own field"
    assert office.fired() == {"licence-renewal": 2}, "the third renews itself"
    assert office.records("L1", "quote", "name, quantity / 10000, amount / 10000") == [
        ("Renewal of Design Suite", 41, 1230)
    ]
    assert office.task("Bytewerk the quote").owner == "Lea"
    assert office.fired(29) == {}
    assert office.fired(30) == {"licence-reminder": 2}
    assert office.messages() == [
        "Design Suite: 60 days until it ends", "Backup: 60 days until it ends", "Design Suite: valid until 29 June 2026",
    ]  # fmt: skip
    assert office.run(31).quiet

    office.later(40)
    office.take("licence-renewal-later")
    office.run()
    assert office.outcomes("licence-renewal") == ["renewed", None]
    assert office.tasks() == ["Send Cloudhaus the quote for Backup"], "the quote that was not sent need not be"

    fired = [office.fired(days) for days in (60, 76, 83, 90)]
    assert fired == [{"licence-reminder": 1}] * 4, "30, 14, 7 and 0, of the other licence alone"
    office.run(91)
    assert "Backup has ended" in office.messages()
    assert office.run(104).timers == 0
    office.run(106)
    office.decide("Backup of Cloudhaus ended on 29 June 2026: suspend it", "suspend", "Dana")
    office.run()
    assert office.records("L2", "licence", "status") == ["suspended", "active"]
    assert office.outcomes("licence-renewal") == ["renewed", "suspended"]
    assert sum("until it ends" in subject for subject in office.messages()) == 6, "each step once"
    assert office.run(120).quiet


def test_what_was_missed_comes_as_one_reminder(office: Office) -> None:
    office.adopt("licence-renewal")
    office.take("licence-renewal")
    office.run()
    assert office.fired(80) == {"licence-reminder": 2}
    assert "Backup: 14 days until it ends" in office.messages()
