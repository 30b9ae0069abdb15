"""Automotive: three bad months are a question, one is a warning; a part without another source stands in the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prm_tui.domain.gate import InTheWay
from prm_tui.services import cases, deactivation, gates, obligations, records
from tests.packs.office import Office


@pytest.fixture
def plants(office: Office) -> Office:
    """92, 93, 94 %; 100, 100, 80 %; one that is late within its own window of seven days; one that is new, and very late."""
    office.adopt("supplier-delivery")
    office.take("supplier-delivery")
    office.contact("B1", "B2", "B3", "B4")
    office.manage("B1", "B2", "B3", "B4")
    return office


def test_three_months_are_a_proposal_and_one_is_a_warning_only(plants: Office) -> None:
    assert plants.fired() == {"delivery-failing": 1, "delivery-slipping": 2}, "Schläuche Schmid has a window of its own"
    assert plants.tasks() == [
        "Bremsen Beck delivers late: what now?",
        "Go through the 8D report of Guss Gerber",
        "Go through the 8D report of Achsen Adler",
    ]
    assert plants.messages() == ["Guss Gerber: deliveries are late", "Achsen Adler: deliveries are late"]
    assert plants.task("Bremsen Beck").detail == (
        "On time in 90 days: 93% of 300. 1 parts have no other source. Re-source list, open orders and tooling are kept with the case."
    )
    assert plants.records("B2", "corrective_action", "status, starts_on, ends_on") == [
        ("open", "2026-03-31", "2026-04-30")
    ]
    assert [row[:8] for row in plants.sheet("Re-source list: parts of Bremsen Beck (2)")[1:]] == [
        ["P-1", "Brake disc", "Plant 1", "no", "Guss Gerber", "yes", 400, 800],
        ["P-2", "Caliper", "Plant 1", "yes", None, None, 400, 1_200],
    ]  # fmt: skip
    assert [row[0] for row in plants.sheet("Open orders with Bremsen Beck, for procurement (2)")] == [
        "Order",
        "PO-7",
        "PO-8",
    ]
    assert [row[:2] for row in plants.sheet("Suppliers near Bremsen Beck (2)")[1:]] == [
        ["B3", "Schläuche Schmid"], ["B2", "Guss Gerber"],
    ]  # fmt: skip
    assert plants.sheet("Tooling of ours at Bremsen Beck (1)")[1] == ["P-1", "Casting mould", "GM-44", 18_000]

    plants.later(30)
    plants.take("supplier-delivery-later")
    assert plants.fired() == {}, "one bad month of three is no proposal, whatever it does to 90 days"
    assert plants.outcomes("delivery-warning") == ["on time again", None], "April lifts Guss Gerber to 96 %"
    assert plants.outcomes("delivery-proposal") == [None], "Bremsen Beck is still to be decided"


def test_nothing_happens_by_itself_and_the_single_source_stands_in_the_way(plants: Office) -> None:
    plants.run()
    plants.decide("Bremsen Beck delivers late", "let go", "Cleo")
    plants.run()
    assert plants.field("B1", "status") == "Active"
    assert plants.messages()[2:] == ["Bremsen Beck is proposed to leave: purchasing, planning, quality"]
    assert plants.task("Open the deactivation of Bremsen Beck").role == "program manager"
    day, store = plants.today, plants.store
    (case,) = deactivation.submit(
        store, [plants.of("B1")], "non-performance", notice="table", actor=plants.who("Dana"), as_of=day
    )
    assert [(one.gate, one.name) for one in gates.of_case(store, case, day)] == [
        ("single-source-part", "Caliper"), ("order-after-end", "Discs"),
    ]  # fmt: skip
    with pytest.raises(InTheWay, match="Part without an approved alternate: Caliper"):
        plants.decide("Approve that this partner leaves", None, "Max")
    impact = {line["label"]: line for line in cases.get(store, case).data["impact"]}
    assert impact["Single-source parts"]["count"] == 1, "the preview counts the part that stands in the way"
    gates.let_pass(
        store, case, "single-source-part", "Caliper", "a year of stock is bought", actor=plants.who("Cleo"), as_of=day
    )
    plants.decide("Approve that this partner leaves", None, "Max")
    mine = {one.kind for one in obligations.of(store, case) if one.kind.startswith("supplier-")}
    assert mine == {"supplier-ramp-down", "supplier-orders", "supplier-tooling"}, "there is no open 8D report"
    deactivation.serve(store, case, on=day, method="courier", proof=None, actor=plants.who("Lea"), as_of=day)
    effective = day + timedelta(days=90)
    with pytest.raises(InTheWay, match="PO-7"):
        deactivation.complete(store, case, actor=plants.who("Lea"), as_of=effective)
    (order,) = plants.all("SELECT id FROM records WHERE ref = 'PO-7'")
    records.edit(store, order, {"goes_to": "Guss Gerber"}, actor=None, as_of=day)
    deactivation.complete(store, case, actor=plants.who("Lea"), as_of=effective)
    assert plants.field("B1", "status") == "Deactivated"


def test_half_of_it_very_late_is_a_proposal_when_the_corrective_action_is_not_closed_in_time(plants: Office) -> None:
    plants.run()
    plants.later(30)
    plants.take("supplier-delivery-later")
    assert plants.fired() == {}, "the 8D report of Achsen Adler may still come"
    assert plants.fired(31) == {"delivery-failing": 1}
    assert plants.task("Achsen Adler delivers late").role == "operations"
