"""Energy: whoever is not safe is suspended on the day; what happened before stays readable, and who takes over is told."""

from __future__ import annotations

import pytest

from prm_tui.domain.gate import InTheWay
from prm_tui.services import cases, deactivation, gates, obligations, suspension
from tests.packs.office import Office


@pytest.fixture
def sites(office: Office) -> Office:
    """Four contractors; the certificates of two end on the fifth day, and only one of these has open work."""
    office.adopt("contractor-safety")
    office.take("contractor-safety")
    office.contact("G1", "G2", "G3", "G4")
    office.manage("G1", "G2", "G3", "G4")
    return office


def test_a_certificate_that_expires_with_an_open_work_order_suspends_today_and_history_is_kept(sites: Office) -> None:
    assert [sites.fired(day) for day in (0, 4)] == [{}, {}], "until the day before it is valid"
    assert sites.field("G1", "status") == "Active"
    assert sites.fired(5) == {"safety-certificate": 1}, "G2 has no open work order"
    assert (sites.field("G1", "status"), sites.field("G2", "status")) == ("Suspended", "Active")
    assert sites.all("SELECT kind, stage, reason FROM cases WHERE kind = 'suspension'") == [
        ("suspension", "suspended", "the safety certificate ended on 5 April 2026; open work orders: 1")
    ]
    assert cases.get(sites.store, sites.all("SELECT id FROM cases WHERE kind = 'suspension'")[0]).data["stops"] == [
        "new work that needs it", "new deals, leads and funds", "payment of what is earned from now on",
    ]  # fmt: skip
    assert sites.messages() == ["Turbinen Bau: your safety certificate has ended"]
    assert sites.tasks() == [
        "Stop new work orders of Turbinen Bau", "Take back site access of Turbinen Bau",
        "Give the open work orders of Turbinen Bau to others",
    ]  # fmt: skip
    assert sites.sheet("Open work orders of Turbinen Bau (1)")[1][:4] == [
        "Lechhausen",
        "T2",
        "Overhaul of turbine 2",
        "W-1",
    ]
    assert sites.sheet("Site access of Turbinen Bau (1)")[1] == ["Lechhausen", "Badge Meier", "B-11", "2025-06-04"]
    assert sites.fired(6) == {}, "once"

    sites.later(9)
    sites.take("contractor-safety-renewed")
    sites.run()
    for task in ("Stop new work", "Take back site access", "open work orders of"):
        sites.done(task, "Cleo")
    sites.run()
    assert str(sites.task("Turbinen Bau is suspended").detail).startswith(
        "Safety certificate lapsed today: no. Open work orders: 1."
    )
    sites.decide("Turbinen Bau is suspended: what now?", "lift", "Cleo")
    sites.run()
    assert sites.task("prm resume G1").owner is None, "whoever of compliance"
    assert sites.field("G1", "status") == "Suspended", "a person lifts it"
    suspension.resume(sites.store, sites.of("G1"), "renewed", actor=sites.who("Cleo"), as_of=sites.today)
    sites.done("prm resume G1", "Cleo")
    sites.run()
    assert (sites.field("G1", "status"), sites.outcomes("safety-stop")) == ("Active", ["lifted"])
    assert sites.all(
        "SELECT value, valid_from FROM field_history WHERE subject = 'partner' AND row_id = ? AND field = 'status' ORDER BY id",
        sites.of("G1"),
    )[-2:] == [("Suspended", "2026-04-05"), ("Active", "2026-04-09")]  # fmt: skip
    assert sites.records("G1", "certification", "ref, ends_on") == [("SC-1", "2026-04-05"), ("SC-9", "2027-04-09")]
    assert sites.fired(20) == {}, "the new certificate counts"


def test_a_fatal_incident_suspends_and_a_second_serious_one_asks(sites: Office) -> None:
    sites.run(7)
    sites.later(8)
    sites.take("contractor-safety-later")
    assert sites.fired() == {"safety-incident": 1, "safety-record": 1}
    assert (sites.field("G3", "status"), sites.field("G4", "status")) == ("Suspended", "Active")
    assert sites.task("Report the fatal incident of Kesselwerk at Zolling").detail == (
        "I-3 of 8 April 2026, asset K7: fall from the boiler. It is flagged as one to be reported; check the period that binds you."
    )
    briefing = sites.sheet("Briefing for who takes over from Kesselwerk: past issues by site and asset (2)")
    assert [row[:4] for row in briefing[1:]] == [
        ["Zolling", "K7", "2025-09-12", "minor"], ["Zolling", "K7", "2026-04-08", "fatal"],
    ]  # fmt: skip
    assert sites.sheet("Audits of Kesselwerk (1)")[1] == ["2026-01-30", "A-1", 71, "harness worn"]
    sites.decide("Safety record of Rohr & Ventil: what now?", "warn", "Cleo")
    sites.run()
    assert sites.records("G4", "corrective_action", "name, status, starts_on, ends_on") == [
        ("Safety plan", "open", "2026-04-08", "2026-05-08")
    ]
    assert sites.fired(68) == {}, "Kesselwerk, whose action is overdue, is being looked at"
    assert sites.fired(69) == {"safety-action-overdue": 1}, "31 days after the plan was due"


def test_letting_go_waits_for_the_work_orders_and_the_corrective_actions(sites: Office) -> None:
    sites.run(7)
    sites.later(8)
    sites.take("contractor-safety-later")
    sites.run()
    for task in ("Stop new work orders of K", "Take back site access of K", "open work orders of K"):
        sites.done(task, "Cleo")
    sites.run()
    sites.decide("Kesselwerk is suspended: what now?", "let go", "Cleo")
    sites.run()
    assert sites.field("G3", "status") == "Suspended", "nothing is deactivated by a rule"
    assert "prm deactivate G3" in str(sites.task("Open the deactivation of Kesselwerk").detail)
    (case,) = deactivation.submit(sites.store, [sites.of("G3")], "mutual", actor=sites.who("Dana"), as_of=sites.today)
    led_by = [cases.get(sites.store, number).row for number in cases.get(sites.store, case).data["led_by"]]
    assert [row.kind for row in led_by] == ["safety-incident", "suspension", "safety-stop"], (
        "all that the incident began"
    )
    assert led_by[1].reason == "fatal incident I-3 at Zolling on 8 April 2026"
    assert [(one.blocks, one.name) for one in gates.of_case(sites.store, case, sites.today)] == [
        ("effective", "Boiler seals"), ("close", "New harnesses"),
    ]  # fmt: skip
    mine = [one.title for one in obligations.of(sites.store, case) if one.kind.startswith("contractor-")]
    assert len(mine) == 4 and "Briefing of who takes over: past issues by site and asset" in mine
    sites.decide("Approve that this partner leaves", None, "Max")
    deactivation.serve(
        sites.store, case, on=sites.today, method="courier", proof=None, actor=sites.who("Lea"), as_of=sites.today
    )
    with pytest.raises(InTheWay, match="Open work order that nobody else has: Boiler seals"):
        deactivation.complete(sites.store, case, actor=sites.who("Lea"), as_of=sites.today)
    gates.let_pass(
        sites.store,
        case,
        "work-order-left",
        "Boiler seals",
        "our own crew does it",
        actor=sites.who("Cleo"),
        as_of=sites.today,
    )
    deactivation.complete(sites.store, case, actor=sites.who("Lea"), as_of=sites.today)
    assert sites.field("G3", "status") == "Deactivated"
    assert cases.get(sites.store, case).row.stage == "after"
