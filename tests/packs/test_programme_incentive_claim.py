"""A claim is checked by its rule, held, declined or paid, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.packs.programme import DAY, Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("incentive-claim", "compliance-renewal")
        office.run()
        yield office


def claim(office: Office, code: str, amount: str, **fields: str) -> int:
    known = {"name": "Fair", "status": "Submitted", "ref": f"CL-{code}", "amount": amount, "currency": "EUR", "rule": "Launch event",
             "happened_on": "2026-02-10", "invoice": "INV-7", "proof": "yes"}  # fmt: skip
    record = office.record(code, "claim", **{**known, **fields})
    office.run()
    return record


def test_a_small_claim_is_accrued_by_itself(office: Office) -> None:
    office.partner("A")
    claim(office, "A", "800")
    assert office.ledger() == [("claim", 800, "EUR", "approved")]
    assert office.all("SELECT note FROM ledger") == ["Fair, Launch event, invoice INV-7"]
    assert office.records("A", "claim") == [("Fair", "Approved")]
    assert office.messages() == ["Fair is approved: 800.00"]


def test_a_larger_one_needs_finance_and_the_largest_two_people(office: Office) -> None:
    office.partner("B")
    office.partner("C")
    claim(office, "B", "5000")
    asked = office.task("Pay Fair of Partner B: 5,000.00?")
    assert asked.role == "finance" and asked.due == DAY + timedelta(days=7)
    office.approve("Pay Fair of Partner B", "Fin")
    claim(office, "C", "25000")
    office.approve("above 10,000", "Fin")
    assert office.ledger() == [("claim", 5000, "EUR", "approved")], "the second eye has not looked"
    office.approve("above 10,000", "Dana")
    assert office.ledger()[1:] == [("claim", 25000, "EUR", "approved")]


@pytest.mark.parametrize(
    ("fields", "why"),
    [({"rule": "Lunch"}, "no rule pays for it"), ({"happened_on": "2025-12-01"}, "more than 60 days"),
     ({"happened_on": ""}, "without a day"), ({"happened_on": "2026-12-01"}, "more than 60 days")],
)  # fmt: skip
def test_what_no_rule_pays_for_is_declined_with_the_reason(office: Office, fields: dict[str, str], why: str) -> None:
    office.partner("D")
    claim(office, "D", "800", **fields)
    assert office.records("D", "claim") == [("Fair", "Declined")] and office.ledger() == []
    (body,) = office.all("SELECT body FROM messages")
    assert why in body


def test_an_invoice_is_claimed_once(office: Office) -> None:
    office.partner("E")
    claim(office, "E", "800")
    claim(office, "E", "800", ref="CL-2", name="Fair again")
    assert office.records("E", "claim") == [("Fair", "Approved"), ("Fair again", "Declined")]
    assert len(office.ledger()) == 1
    claim(office, "E", "700", ref="CL-3", invoice="INV-8")
    assert len(office.ledger()) == 2


def test_proof_is_asked_for_and_its_absence_declines(office: Office) -> None:
    office.partner("F")
    record = claim(office, "F", "800", proof="", invoice="")
    assert office.messages() == ["Fair: please send the proof"]
    office.on(3).change(record, proof="yes", invoice="INV-9")
    office.run()
    assert len(office.ledger()) == 1
    office.partner("G")
    claim(office, "G", "800", proof="")
    office.on(20).run()
    assert office.outcomes("incentive-claim")[-1] == ("G", "declined")


def test_it_is_held_until_the_partner_is_in_good_standing(office: Office) -> None:
    office.partner("H", status="Onboarding")
    claim(office, "H", "800")
    assert office.ledger() == [("claim", 800, "EUR", "hold")]
    assert office.messages() == ["Fair is on hold"]
    office.on(5).set("H", status="Active")
    office.run()
    assert office.ledger() == [
        ("claim", 800, "EUR", "hold"), ("claim", -800, "EUR", "reversed"), ("claim", 800, "EUR", "approved"),
    ]  # fmt: skip
    assert office.outcomes("incentive-claim") == [("H", "approved")]


def test_a_claim_held_too_long_takes_back_its_own_line_alone(office: Office) -> None:
    office.partner("I")
    claim(office, "I", "300")
    office.set("I", status="Prospect")
    claim(office, "I", "800", ref="CL-2", invoice="INV-8")
    office.on(90).run()
    assert office.ledger() == [
        ("claim", 300, "EUR", "approved"), ("claim", 800, "EUR", "hold"), ("claim", -800, "EUR", "reversed"),
    ]  # fmt: skip
    assert office.records("I", "claim")[1] == ("Fair", "Declined")
