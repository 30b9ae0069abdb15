"""A deal is submitted: registered by itself, by one person, by two, or not; protected, reminded, over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from prm_tui.services import cases, deactivation
from tests.packs.programme import DAY, Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("deal-registration")
        office.run()
        yield office


def submit(office: Office, code: str, ref: str, amount: str, **fields: str) -> int:
    known = {
        "name": f"Deal {ref}",
        "status": "Submitted",
        "ref": ref,
        "amount": amount,
        "customer": "Mill Ltd",
        "product": "Pumps",
    }
    record = office.record(code, "deal", **{**known, **fields})
    office.run()
    return record


def test_a_clear_deal_of_a_top_partner_is_protected_by_itself(office: Office) -> None:
    office.partner("A", tier="Gold")
    submit(office, "A", "D1", "20000", conflict="none")
    assert office.records("A", "deal") == [("Deal D1", "Approved")] and office.inbox() == []
    (ends,) = office.all("SELECT ends_on FROM records WHERE ref = 'D1'")
    assert ends == (DAY + timedelta(days=90)).isoformat()
    assert office.all("SELECT json_extract(data, '$.protected_from') FROM records") == [DAY.isoformat()]
    assert office.messages() == ["Deal D1 is protected until 31 May 2026"]


def test_without_a_look_at_conflicts_a_person_looks_first(office: Office) -> None:
    office.partner("B", tier="Platinum")
    record = submit(office, "B", "D2", "20000")
    look = office.task("Does anybody else have Mill Ltd?")
    assert look.role == "operations" and look.due == DAY + timedelta(days=1)
    assert look.detail is not None and "conflicts are not scored yet" in look.detail
    office.change(record, conflict="none")
    office.done("Does anybody else", "Olga")
    assert office.records("B", "deal") == [("Deal D2", "Approved")]


def test_others_are_decided_by_the_partner_manager_and_above_the_limit_by_two(office: Office) -> None:
    office.partner("C", tier="Silver")
    submit(office, "C", "D3", "250000", conflict="none")
    asked = office.task("Register Deal D3 (Mill Ltd, 250,000.00)?")
    assert asked.role == "partner manager" and asked.due == DAY + timedelta(days=2)
    office.approve("Register Deal D3", "Pat")
    assert office.inbox() == ["Register Deal D3: 250,000.00, above the limit?"]
    office.approve("above the limit", "Dana")
    assert office.outcomes("deal-registration") == [("C", "approved")]


def test_a_conflict_is_for_a_panel(office: Office) -> None:
    office.partner("D", tier="Gold")
    submit(office, "D", "D4", "20000", conflict="possible")
    office.approve("conflict over Mill Ltd", "Pat")
    office.reject("conflict over Mill Ltd", "Dana", "registered by another partner in January")
    assert office.records("D", "deal") == [("Deal D4", "Rejected")]
    (body,) = office.all("SELECT body FROM messages")
    assert "registered by another partner in January" in body


@pytest.mark.parametrize(
    ("amount", "status", "why"),
    [("900", "Active", "below the least size of a registration, 5,000"), ("9000", "Prospect", "not in good standing")],
)
def test_what_is_not_eligible_is_told_why(office: Office, amount: str, status: str, why: str) -> None:
    office.partner("E", status=status)
    submit(office, "E", "D5", amount, conflict="none")
    assert office.records("E", "deal") == [("Deal D5", "Rejected")]
    (body,) = office.all("SELECT body FROM messages")
    assert why in body and office.outcomes("deal-registration") == [("E", "rejected")]


def test_what_is_missing_is_asked_for(office: Office) -> None:
    office.partner("F", tier="Gold")
    record = submit(office, "F", "D6", "20000", conflict="none", product="")
    assert office.messages() == ["Deal D6: what is missing"]
    office.on(3).change(record, product="Valves")
    office.run()
    assert office.records("F", "deal") == [("Deal D6", "Approved")]
    (ends,) = office.all("SELECT ends_on FROM records WHERE ref = 'D6'")
    assert ends == (DAY + timedelta(days=93)).isoformat(), "the clock starts with the approval"


def test_the_same_customer_twice_is_looked_at(office: Office) -> None:
    office.partner("G", tier="Gold")
    submit(office, "G", "D7", "20000", conflict="none")
    submit(office, "G", "D8", "30000", conflict="none")
    assert office.inbox() == ["Register Deal D8 (Mill Ltd, 30,000.00)?"]


def test_the_ladder_the_earned_extension_and_the_end(office: Office) -> None:
    office.partner("H", tier="Gold")
    record = submit(office, "H", "D9", "20000", conflict="none")
    for day in (60, 76):
        office.on(day).run()
    assert office.messages().count("Deal D9: protected until 31 May 2026") == 2
    office.on(78).happened("H", "call")
    office.on(80).run()
    office.approve("Extend the protection of Deal D9 by 60 days?", "Pat")
    (ends,) = office.all("SELECT ends_on FROM records WHERE id = ?", record)
    assert ends == (DAY + timedelta(days=150)).isoformat()
    for day in (83, 89, 91):
        assert not office.on(day).run().fired, "the old ladder is void"
    for day in (120, 136, 143, 149):
        office.on(day).run()
    assert office.messages().count("Deal D9: protected until 30 July 2026") == 4
    office.on(151).run()
    assert office.records("H", "deal") == [("Deal D9", "Expired")]
    assert office.messages()[-1] == "Deal D9 is no longer protected"


def test_a_won_deal_is_reminded_of_no_more(office: Office) -> None:
    office.partner("I", tier="Gold")
    record = submit(office, "I", "D10", "20000", conflict="none")
    office.change(record, status="Won")
    for day in (60, 91):
        assert office.on(day).run().quiet


def test_no_deal_is_registered_for_a_partner_that_is_about_to_leave(office: Office) -> None:
    office.partner("E", tier="Gold")
    record = office.record("E", "deal", name="Deal D9", status="Draft", ref="D9", amount="20000", customer="Mill", product="Pumps",
                           conflict="none")  # fmt: skip
    office.run()
    store, dana, pat = office.store, office.who("Dana"), office.who("Pat")
    (case,) = deactivation.submit(store, [office.of("E")], "inactivity", notice="table", actor=dana, as_of=DAY)
    (task,) = (t for t in cases.get(store, case).tasks if t.kind == "approval")
    cases.approve(store, task.id, actor=pat, as_of=DAY)
    office.change(record, status="Submitted")  # as an import would bring it
    office.run()
    assert office.records("E", "deal") == [("Deal D9", "Rejected")]
    assert office.all("SELECT json_extract(data, '$.reason') FROM records") == ["the partner is not in good standing"]
