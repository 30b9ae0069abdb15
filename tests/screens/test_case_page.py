"""A case of a partner that leaves, worked section by section: what is owed, handed over, written, paid, told and barred."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prm_tui.services import gates, letters, obligations, people, records, settlement, systems, transition
from storage import Store
from storage import cases as stored
from tests.screens.driver import Driver, drive
from tests.services.leaving import DAY, an_office, ask, in_notice, of, who
from tests.services.rules import rules
from tests.services.test_gates import LICENCES, PARTS


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A has a customer and a deal, money in the ledger, and finance keeps it as a vendor; B is there to take over."""
    with an_office(tmp_path, monkeypatch) as store:
        a = of(store, "A")
        customer = {"name": "Alba [/] Ltd", "ref": "C-1", "status": "active", "amount": "900"}
        records.add(store, a, "customer", customer, actor=who(store, "Dana"), as_of=DAY)
        records.add(
            store,
            a,
            "deal",
            {"name": "New line", "ref": "D-1", "status": "open", "amount": "5000"},
            actor=who(store, "Dana"),
            as_of=DAY,
        )
        systems.add(
            store,
            "finance",
            "Vendor=name, Status=status:Blocked",
            owner="Max",
            due_days=7,
            actor=who(store, "Dana"),
            as_of=DAY,
        )
        with store.change("the ledger", actor=None, as_of=DAY) as change:
            for state, amount in (("approved", 1000), ("new", 250)):
                values = {"partner_id": a, "kind": "commission", "currency": "EUR", "on_date": "2026-03-01"}
                stored.insert(change, "ledger", {**values, "state": state, "amount": amount * 10_000})
        yield store


def path(store: Store) -> Path:
    return Path(store.path)


async def to(prm: Driver, section: str) -> None:
    """Into the case, then to a section."""
    await prm.press("4", "enter")
    for _ in range(7):
        if prm.app.screen.section == section:  # type: ignore[attr-defined]
            return
        await prm.press("right")
    raise AssertionError(section)


def complaints(prm: Driver) -> list[str]:
    return [said for said, bad in prm.app.session.said if bad]


def test_before_approval_what_will_be_owed_is_changed_and_added_to(office: Store) -> None:
    (case,) = ask(office, "A", notice="table")
    first, *_ = obligations.of(office, case, None)

    async def story(prm: Driver) -> None:
        await to(prm, "Obligations")
        assert "planned" in prm.text and first.title[:24] in prm.text
        await prm.press("enter")
        await prm.choose("Change")
        await prm.fill("Pay what is due", "role:finance", "2026-08-01")
        assert "Pay what is due" in prm.text
        await prm.press("n")
        await prm.fill("Collect the show bike", "nobody:here", "2026-07-01", "a receipt")
        assert "nobody" in prm.text and "Collect the show bike" not in [
            o.title for o in obligations.of(office, case, None)
        ]
        await prm.fill("Collect the show bike", "manager", "2026-07-01", "a receipt")
        assert "Collect the show bike" in prm.text
        assert not complaints(prm)

    drive(path(office), story, actor="Dana")
    owed = {one.title: one for one in obligations.of(office, case, None)}
    assert owed["Pay what is due"].role == "finance" and str(owed["Pay what is due"].due) == "2026-08-01"
    assert owed["Collect the show bike"].proof == "a receipt"


def test_in_notice_everything_is_settled_in_its_section(office: Store, tmp_path: Path) -> None:
    case = in_notice(office, "A")
    receipt = tmp_path / "receipt.pdf"
    receipt.write_bytes(b"%PDF paid")

    async def story(prm: Driver) -> None:
        await to(prm, "Obligations")
        await prm.press("enter")
        await prm.choose("It is met")
        await prm.fill("paid by transfer", str(receipt))
        assert "sha256" in prm.text
        await prm.press("down", "enter")
        await prm.choose("Let it go")
        await prm.fill("")
        assert "say why it is waived" in prm.text
        await prm.fill("There is none at this partner")

        await to(prm, "Hand-over")
        assert "Alba [/] Ltd" in prm.text and "nobody yet" in prm.text
        await prm.press("enter")
        await prm.fill("NOBODY", "given", "", "")
        assert "no partner of that code" in prm.text
        await prm.fill("B", "given", "", "2026-04-02")
        assert "Partner B" in prm.text and "given" in prm.text

        await to(prm, "Letters")
        assert "Notice of termination" in prm.text
        await prm.press("enter")
        await prm.fill("")
        assert "waits for approval" in prm.app.session.said[-1][0]
        await prm.press("enter")
        assert "Dear Kim A" in prm.text
        await prm.press("escape")

        await to(prm, "Money")
        assert "1,000.00" in prm.text and "250.00" in prm.text
        await prm.press("enter")
        await prm.choose("Approve the statement")
        await prm.press("enter")

        await to(prm, "Systems")
        assert "finance" in prm.text and "to send" in prm.text
        await prm.press("enter", "enter")
        assert "confirmed" in prm.text

        await to(prm, "Gates")
        assert "Nothing stands in the way" in prm.text

        assert not complaints(prm)

    drive(path(office), story, actor="Max")
    owed = obligations.of(office, case, None)
    assert [one.state for one in owed].count("done") == 1 and [one.state for one in owed].count("waived") == 1
    assert [item.to for item in transition.items(office, case, DAY) if item.name == "Alba [/] Ltd"] == ["B"]
    assert settlement.of(office, case, DAY, None).approved is not None
    assert [line.state(DAY) for line in systems.lines(office, case)] == ["confirmed"]
    assert [row.standing for row in letters.of(office, case, None)]


def test_what_stands_in_the_way_is_named_and_let_pass_by_who_may(office: Store, tmp_path: Path) -> None:
    a = of(office, "A")
    people.add(office, "Fay", roles=["finance"], actor=None, as_of=DAY)
    rules(office, PARTS + LICENCES)
    part = {"name": "=Disc", "ref": "P-1", "status": "in series", "single_source": "yes"}
    records.add(office, a, "part", part, actor=None, as_of=DAY)
    licence = {"name": "Dealer plate", "ref": "L-1", "status": "active", "ends_on": "2026-05-01"}
    records.add(office, a, "licence", licence, actor=None, as_of=DAY)
    (case,) = ask(office, "A", notice="table")

    async def story(prm: Driver) -> None:
        await to(prm, "Gates")
        assert "before approval" in prm.text and "=Disc" in prm.text
        assert "before effective" in prm.text and "Dealer plate" in prm.text
        await prm.press("enter")
        await prm.fill("")
        assert "say why it may pass" in prm.text
        await prm.fill("Two years of stock")
        assert "passed: Two years of" in prm.text
        assert not complaints(prm)
        await prm.press("down", "enter")
        assert "Nobody may let this pass" in complaints(prm)[-1]
        await prm.press("x")
        await prm.choose("Evidence pack")
        await prm.fill(str(tmp_path / "pack"))

    drive(path(office), story, actor="Fay")
    assert {one.name: one.passed and one.passed.by for one in gates.of_case(office, case, DAY)} == {
        "=Disc": "Fay",
        "Dealer plate": None,
    }
    assert "Two years of stock" in (tmp_path / "pack" / "README.txt").read_text("utf-8")


def test_the_sections_are_drawn_in_a_small_window(office: Store) -> None:
    in_notice(office, "A")

    async def story(prm: Driver) -> None:
        for size in ((80, 24), (20, 6), (1, 1)):
            await prm.pilot.resize_terminal(*size)
            await prm.press("4", "enter", *["right"] * 7, "escape")
        assert not complaints(prm)

    drive(path(office), story, actor="Dana")
