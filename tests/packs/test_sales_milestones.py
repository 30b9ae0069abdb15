"""Retail: sales pass milestones; two at once come in order, and refunds are noted only."""

from __future__ import annotations

from typing import Any

from tests.packs.office import Office


def milestones(office: Office) -> list[Any]:
    return office.records("M1", "sales_milestone", "name, amount / 10000, status, starts_on")


def test_two_milestones_of_one_import_come_in_order_and_a_refund_is_noted(office: Office) -> None:
    office.adopt("sales-milestones")
    taken = office.take("sales-milestones")
    assert taken["Orders"].plan.what == "activity:order"
    office.contact("M1", "M2")
    office.manage("M1", "M2")
    assert office.run().quiet

    office.later(1)
    office.take("sales-milestones-later")
    assert office.fired() == {"sales-milestone": 2, "milestone-campaign": 2}
    assert milestones(office) == [
        ("Milestone 50000", 50_000, "reached", "2026-04-01"), ("Milestone 100000", 100_000, "reached", "2026-04-01"),
    ]  # fmt: skip
    assert office.records("M1", "campaign_plan", "name") == ["Co-marketing at 50,000.00", "Co-marketing at 100,000.00"]
    assert office.records("M1", "fund_request", "amount / 10000, status") == [(1_000, "draft"), (2_000, "draft")]
    assert office.messages() == [
        "Haus & Heim: Milestone 50000, and what comes next", "Haus & Heim: Milestone 100000, and what comes next",
    ]  # fmt: skip
    assert len(office.tasks()) == 2

    office.later(9)
    office.take("sales-milestones-refund")
    assert office.fired() == {"milestone-undercut": 1}
    assert office.messages()[2:] == ["Haus & Heim: sales are under 100,000.00 again"]
    assert [status for _, _, status, _ in milestones(office)] == ["reached", "reached"], "noted, not taken back"
    assert office.records("M1", "fund_request", "status") == ["draft", "draft"] and office.ledger("M1") == []
    office.take("sales-milestones-later")
    assert office.run(10).quiet

    for _ in range(2):
        office.done(office.tasks()[0], "Dana")
    office.run(11)
    office.run(40)
    assert office.outcomes("co-marketing") == ["measured", "measured"]
    assert office.all("SELECT title FROM evidence") == ["What the campaign brought"] * 2
    assert not office.fired(280), "in a new year nothing is under a milestone of the old one"
