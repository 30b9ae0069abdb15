"""Milestones of the year and commission on won deals stand in the ledger, each once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packs.programme import Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("incentives")
        office.run()
        yield office


def test_two_milestones_in_one_sheet_come_in_order(office: Office) -> None:
    office.partner("A")
    office.happened("A", "order", amount="40000", ref="1")
    assert office.run().quiet
    office.happened("A", "order", amount="70000", ref="2")
    office.run()
    assert office.ledger() == [("milestone", 250, "EUR", "new"), ("milestone", 750, "EUR", "new")]
    assert office.all("SELECT note FROM ledger ORDER BY id")[0] == "50,000 ordered in the year"
    assert office.messages() == ["Congratulations, Partner A"] * 2
    office.happened("A", "order", amount="150000", ref="3")
    office.run()
    assert office.inbox() == ["Partner A has ordered 250,000 this year: plan a campaign together"]
    assert office.all("SELECT DISTINCT period FROM ledger") == ["2026"]


def test_a_refund_under_the_line_changes_nothing_and_no_milestone_comes_twice(office: Office) -> None:
    office.partner("B")
    office.happened("B", "order", amount="60000", ref="1")
    office.run()
    office.happened("B", "order", amount="-20000", ref="2")
    office.run()
    office.happened("B", "order", amount="20000", ref="3")
    office.run()
    assert office.ledger() == [("milestone", 250, "EUR", "new")]


def test_commission_goes_by_tier_and_knows_its_deal(office: Office) -> None:
    for code, tier in (("C", "Platinum"), ("D", "Gold"), ("E", "")):
        office.partner(code, tier=tier)
        office.happened(code, "deal_won", amount="10000", ref=f"W-{code}")
    office.run()
    assert office.ledger() == [("commission", n, None, "new") for n in (1200, 1000, 500)]
    assert office.all("SELECT note FROM ledger ORDER BY id")[1] == "deal W-D, 10 %"
    assert office.all("SELECT count(*) FROM ledger WHERE activity_id IS NOT NULL AND period = '2026-03'") == [3]
