"""Food: a distributor in quarantine loses its orders to compliant ones; a recall finds everybody who holds the lot."""

from __future__ import annotations

import pytest

from prm_tui.services import cases, conditions, gates, records
from tests.packs.office import Office


@pytest.fixture
def kept(office: Office) -> Office:
    """Four distributors; the first one has failed one inspection in 90 days."""
    office.adopt("distributor-quality")
    taken = office.take("distributor-quality")
    assert {name: sheet.plan.what for name, sheet in taken.items()} == {
        "Distributors": "partners", "Lots": "record:lot", "Delivery orders": "record:delivery_order",
        "Certifications": "record:certification", "Inspections": "activity:inspection", "Deliveries": "activity:delivery",
        "Temperature excursion": "activity:temperature_excursion",
    }  # fmt: skip
    office.contact("Q1", "Q2", "Q4")
    office.manage("Q1", "Q2", "Q4")
    assert office.run().quiet, "one inspection under 80 is none too many"
    return office


@pytest.fixture
def failed(kept: Office) -> Office:
    """The second one came."""
    kept.later(3)
    kept.take("distributor-quality-later")
    assert kept.fired() == {"distributor-quality": 1, "distributor-order": 3}
    return kept


def test_a_failed_distributor_is_in_quarantine_and_its_orders_go_to_compliant_ones(failed: Office) -> None:
    assert failed.tags("Q1") == ["quarantine"] and not failed.field("Q1", "compliant")
    orders = failed.records("Q1", "delivery_order", "ref, json_extract(data, '$.other_distributor')")
    assert orders == [("O-1", "Q2 Frischdienst Inn"), ("O-2", "Q2 Frischdienst Inn"), ("O-3", None)], (
        "Linz is not compliant, Nordfrost is elsewhere, and nobody serves the lakes"
    )
    assert failed.records("Q2", "delivery_offer", "name, status") == [
        ("Cream for Café Anna", "offered"), ("Butter for Hotel Post", "offered"),
    ]  # fmt: skip
    assert "No compliant distributor for Cream to Inselwirt" in failed.tasks()
    assert failed.sheet("Lots at Kühlfracht Berger and where they went (3)") == [
        ["Lot", "Product", "Held at", "Kilograms", "Shipped", "State", "Warm for hours"],
        ["L77", "Cream", None, 60, "2026-03-16", "held", 6], ["L77", "Cream", "Café Anna", 40, "2026-03-16", "held", 6],
        ["L78", "Butter", "Hotel Post", 25, "2026-03-21", "held", 0],
    ]  # fmt: skip
    routes = failed.sheet("Routes and orders of Kühlfracht Berger (3)")
    assert [row[0:3] for row in routes[1:]] == [
        ["A12", "2026-04-05", "Hotel Post"], ["A12", "2026-04-06", "Café Anna"], ["B3", "2026-04-07", "Inselwirt"],
    ]  # fmt: skip
    assert failed.messages() == ["Kühlfracht Berger: quarantine from 3 April 2026"]

    (third,) = failed.all("SELECT id FROM records WHERE ref = 'O-3'")
    records.edit(failed.store, third, {"other_distributor": "Q4"}, actor=None, as_of=failed.today)
    failed.run()
    assert "No compliant distributor for Cream to Inselwirt" not in failed.tasks(), "somebody was found"


def test_only_a_person_lifts_the_quarantine_or_lets_go(failed: Office) -> None:
    def may() -> bool:
        return conditions.why(failed.store, failed.of("Q1"), "may_distribute", failed.today).met

    assert not may()
    failed.decide("Kühlfracht Berger is in quarantine", "keep it", "Cleo")
    assert failed.run().rounds
    assert not [task for task in failed.tasks() if "what now" in task]
    failed.run(18)
    failed.decide("Kühlfracht Berger is in quarantine", "lift", "Cleo")
    failed.run()
    assert failed.tags("Q1") == [] and may()
    assert failed.outcomes("quality-proposal") == ["lifted"]
    assert not failed.fired(19), "the same inspections are not asked about twice"


def test_a_recall_lists_everybody_who_holds_the_lot(kept: Office) -> None:
    kept.later(5)
    kept.take("distributor-quality-recall")
    assert kept.fired() == {"lot-recalled": 1, "recall-notice": 3}
    holders = kept.sheet("Who holds lot l77 (4)")
    assert [row[:3] + row[4:5] for row in holders] == [
        ["Distributor", "Code", "Held at", "Kilograms"],
        ["Frischdienst Inn", "Q2", "Bäckerei Egg", 30], ["Kühlfracht Berger", "Q1", None, 60],
        ["Kühlfracht Berger", "Q1", "Café Anna", 40], ["Nordfrost", "Q4", "Fisch & Co", 15],
    ], "what the school has sold is gone; other lots stay"  # fmt: skip
    assert kept.messages() == ["Recall of lot l77"] * 3, "each who holds it, and who reported it"
    assert kept.sheet("Customers of Nordfrost to be told about lot l77 (1)")[1:] == [["Fisch & Co", "Cream", 15]]

    for row in kept.all("SELECT id FROM records WHERE kind = 'lot' AND ref = 'L77/5'"):
        records.edit(kept.store, row, {"status": "recovered"}, actor=None, as_of=kept.today)
    kept.run()
    assert "Lot l77 at Nordfrost: is all of it back or destroyed?" not in kept.tasks(), "all of it is back"
    assert kept.records("Q4", "recall_notice", "status") == ["recovered"]
    assert len([task for task in kept.tasks() if "is all of it back" in task]) == 2
    kept.take("distributor-quality-recall")
    assert not kept.fired(), "the same sheet again recalls nothing"


def test_a_certificate_that_lapses_is_enough(kept: Office) -> None:
    assert kept.fired(31) == {"distributor-quality": 1}
    assert kept.tags("Q4") == ["quarantine"]
    (case,) = kept.all("SELECT id FROM cases WHERE kind = 'quality-proposal'")
    assert cases.get(kept.store, case).row.name == "Nordfrost"


def test_orders_and_lots_that_nobody_takes_stand_in_the_way(failed: Office) -> None:
    found = gates.ahead(failed.store, failed.of("Q1"), None, failed.today)
    assert [(one.blocks, one.name) for one in found] == [
        ("effective", "Cream"), ("close", "L77/1"), ("close", "L77/2"), ("close", "L78/1"),
    ]  # fmt: skip
    assert found[0].detail == "Place O-3 for Inselwirt with a compliant distributor, or cancel it with the customer."
