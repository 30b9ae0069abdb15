"""A tier is evaluated every month: up on proposal, down after a warning, by a person's word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.packs.programme import DAY, Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("tier-review")
        office.run()
        yield office


def orders(office: Office, code: str, amount: str, certificates: int) -> None:
    office.happened(code, "order", amount=amount, ref=f"O-{amount}")
    for n in range(certificates):
        office.record(code, "certification", name=f"Course {n}", status="valid", ends_on="2027-06-30")


def test_up_as_soon_as_it_is_so_and_the_letter_goes_with_it(office: Office) -> None:
    office.partner("A", tier="Silver")
    orders(office, "A", "60000", 1)
    assert office.run().quiet, "Silver fits"
    orders(office, "A", "150000", 1)
    office.run()
    asked = office.task("Partner A meets Gold: move up?")
    assert asked.role == "program manager" and "Revenue of 12 months 210,000.00" in (asked.detail or "")
    office.approve("meets Gold", "Dana")
    assert office.field("A", "tier") == "Gold" and office.messages() == ["Partner A is Gold"]
    assert office.documents() == ["Tier of Partner A: Gold"]
    assert office.outcomes("tier-review") == [("A", "moved")]
    assert office.on(40).run().quiet


def test_a_no_is_asked_again_next_month(office: Office) -> None:
    office.partner("B")
    orders(office, "B", "60000", 1)
    office.run()
    office.reject("meets Silver", "Dana", "its people leave")
    assert office.field("B", "tier") is None and office.outcomes("tier-review") == [("B", "kept")]
    assert office.on(20).run().quiet
    office.on(30).run()
    assert office.inbox() == ["Partner B meets Silver: move up?"]


def test_down_after_one_warning_and_ninety_days(office: Office) -> None:
    office.partner("C", tier="Gold")
    orders(office, "C", "60000", 1)
    office.run()
    assert office.messages() == ["Partner C: your tier is at risk"] and office.inbox() == []
    office.on(60).run()
    office.on(90).run()
    office.approve("Which tier for Partner C?", "Dana", choice="silver")
    assert office.field("C", "tier") == "Silver" and office.messages()[-1] == "Partner C is Silver"


def test_who_recovers_in_time_keeps_the_tier(office: Office) -> None:
    office.partner("D", tier="Silver")
    orders(office, "D", "10000", 1)
    office.run()
    office.on(30)
    orders(office, "D", "45000", 0)
    office.run()
    assert office.outcomes("tier-review") == [("D", "recovered")] and office.field("D", "tier") == "Silver"


def test_a_partner_gone_quiet_is_kept_re_tiered_or_let_go(office: Office) -> None:
    for code in "EFG":
        office.partner(code, tier="Gold", joined_on="2024-01-01")
        office.happened(code, "order", on=DAY - timedelta(days=60), amount="100")
    office.switch_on("gone-quiet")
    office.run()
    quiet = 41
    office.on(quiet).run()
    office.on(quiet + 14).run()
    for _ in "EFG":
        office.done("Call the owner", "Pat")
    office.on(quiet + 44).run()
    for choice in ("keep", "re-tier", "let go"):
        office.approve("Keep, re-tier or let go", "Dana", choice=choice)
    assert [o for _, o in office.outcomes("winback")] == ["kept", "went on as tier-review", "went on as deactivation"]
    office.approve("Which tier for Partner F?", "Dana", choice="Registered")
    assert office.field("F", "tier") == "Registered"
    assert office.inbox() == ["Open the deactivation of Partner G"], "a person gives the reason and the path"
