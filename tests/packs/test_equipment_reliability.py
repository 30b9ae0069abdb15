"""Healthcare: the effective date does not pass while a critical device has no cover, nor before the new supplier is ready."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prm_tui.domain.gate import InTheWay
from prm_tui.services import deactivation, gates, obligations, records
from tests.packs.office import Office


@pytest.fixture
def clinic(office: Office) -> Office:
    """One supplier under 98 % in February and March, one in March only; two with a safety notice, one of them answered."""
    office.adopt("equipment-reliability")
    office.take("equipment-reliability")
    office.contact("E1", "E2", "E3")
    office.manage("E1", "E2", "E3")
    return office


def test_two_months_under_98_percent_are_a_question_with_a_plan_by_criticality(clinic: Office) -> None:
    assert clinic.fired() == {"equipment-failing": 1}, "one month is not two"
    assert str(clinic.task("Medtechnik Moll").detail).startswith(
        "3 failures in 365 days, 110 hours of downtime in 90 days, of 3 devices; 2 are critical."
    )
    plan = clinic.sheet("Replacement plan: devices of Medtechnik Moll (3)")
    assert [[row[0], row[2], row[5], row[6], row[10]] for row in plan[1:]] == [
        ["no", "Bed", 1, 20, None],
        ["yes", "Ventilator A", 2, 90, None],
        ["yes", "Ventilator B", 0, 0, "Service Sommer"],
    ]  # fmt: skip
    assert clinic.sheet("Spare parts of Medtechnik Moll: last-time buy (1)")[1][:5] == [
        "Ventilator",
        "Valve",
        "SP-1",
        2,
        12,
    ]


def test_a_safety_notice_that_is_unanswered_for_ten_days_asks_until_it_is_answered(clinic: Office) -> None:
    assert clinic.fired() == {"equipment-failing": 1}
    assert clinic.fired(5) == {}
    assert clinic.fired(6) == {"safety-notice-unanswered": 1}, "the other one was answered"
    assert clinic.task("The safety notice FSN-9 of Pumpen Pohl").role == "compliance"
    clinic.later(7)
    clinic.take("equipment-reliability-later")
    clinic.run()
    assert clinic.outcomes("safety-notice") == ["answered"]
    assert [task for task in clinic.tasks() if "FSN-9" in task] == []


def test_the_effective_date_waits_for_the_new_supplier_and_for_cover_of_critical_devices(clinic: Office) -> None:
    clinic.run()
    clinic.decide("Equipment of Medtechnik Moll fails", "let go", "Cleo")
    clinic.run()
    assert clinic.field("E1", "status") == "Active", "nothing is deactivated by a rule"
    assert clinic.outcomes("new-supplier") == [None], "opened beside it, for the same match"
    assert len(set(clinic.all("SELECT hit_id FROM cases WHERE kind IN ('equipment-proposal', 'new-supplier')"))) == 1
    store, day, lea = clinic.store, clinic.today, clinic.who("Lea")
    (case,) = deactivation.submit(store, [clinic.of("E1")], "mutual", actor=clinic.who("Dana"), as_of=day)
    clinic.decide("Approve that this partner leaves", None, "Max")
    deactivation.serve(store, case, on=day, method="courier", proof=None, actor=lea, as_of=day)
    with pytest.raises(InTheWay, match="2 things stand in the way") as told:
        deactivation.complete(store, case, actor=lea, as_of=day)
    assert [one.name for one in told.value.blocked] == ["Ventilator A", "Medtechnik Moll"], (
        "not the bed, not what is scrapped"
    )
    assert "Agree who services Ventilator A (S-1) at Clinic Nord beyond the effective date" in str(told.value)
    with pytest.raises(Exception, match="nobody may let this pass"):
        gates.let_pass(
            store, case, "critical-device-cover", "Ventilator A", "soon", actor=clinic.who("Cleo"), as_of=day
        )

    (device,) = clinic.all("SELECT id FROM records WHERE ref = 'D-1'")
    records.edit(store, device, {"covered_by": "Service Sommer"}, actor=None, as_of=day)
    assert [one.name for one in gates.blocking(store, case, "effective", day)] == ["Ventilator A", "Medtechnik Moll"], (
        "until when?"
    )
    records.edit(store, device, {"covered_until": str(day + timedelta(days=300))}, actor=None, as_of=day)
    assert [one.name for one in gates.blocking(store, case, "effective", day)] == ["Medtechnik Moll"]

    clinic.done("Choose another supplier", "Cleo")
    clinic.run()
    clinic.done("Qualify the supplier", "Cleo")
    clinic.run()
    clinic.decide("The supplier that follows Medtechnik Moll is ready", "ready", "Cleo")
    clinic.run()
    assert clinic.outcomes("new-supplier") == ["ready"]
    deactivation.complete(store, case, actor=lea, as_of=day)
    assert clinic.field("E1", "status") == "Deactivated"
    mine = {one.kind for one in obligations.of(store, case) if one.kind.startswith("equipment-")}
    assert mine == {"equipment-service", "equipment-spares", "equipment-procurement", "equipment-compliance"}
