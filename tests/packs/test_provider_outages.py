"""Telecom: outages that overlap count once, however many reports there are; circuits move one by one."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from prm_tui.services import casepack, cases, conditions, deactivation, gates
from tests.packs.office import DAY, Office


@pytest.fixture
def reported(office: Office) -> Office:
    """Talnetz: three reports of one morning in February, two of one night in January, a short one in March."""
    office.adopt("provider-outages")
    taken = office.take("provider-outages")
    assert {name: sheet.plan.what for name, sheet in taken.items()} == {
        "Providers": "partners", "Outages": "activity:outage", "Circuits": "record:circuit", "Customers": "record:customer",
    }  # fmt: skip
    office.contact("Z1", "Z2")
    office.manage("Z1", "Z2")
    return office


def value(office: Office, text: str) -> object:
    return conditions.why(office.store, office.of("Z1"), f"{text} is known", office.today).value


def test_reports_that_overlap_are_one_outage(reported: Office) -> None:
    assert value(reported, "count(outage where hours > 4, 90)") == 3, "three reports of more than four hours"
    assert value(reported, "long_outages") == 2, (
        "one morning of seven hours, and one night of five that nobody reported whole"
    )
    assert "provider-unavailable" not in reported.fired()

    reported.later(3)
    reported.take("provider-outages-later")
    assert reported.fired() == {"provider-unavailable": 1}, "three more reports, one more outage"
    assert value(reported, "long_outages") == 3
    assert reported.task("Talnetz: too many outages").detail == (
        "Down in the last month: 0.27% of the time. Long outages in 90 days: 3, those that overlap as one. Outages and"
        " inventory are kept with the case. Nothing ends by itself."
    )
    inventory = reported.sheet("Network inventory of Talnetz (3)")
    assert [(row[1], row[7]) for row in inventory[1:]] == [("H-0", 720), ("H-1", 720), ("V-1", 960)], (
        "the hills were down for 3 + 5 + 2 + 2 hours; in the valley 3 + 7 + 6, two mornings reported twice"
    )


def test_two_months_below_the_level_are_enough(reported: Office) -> None:
    reported.later(-31)  # the last day of February: January 5 hours, February 7 of 672
    assert conditions.why(reported.store, reported.of("Z1"), "held(2, month, covered(outage, month) / length(month) > 0.5%)",
                          reported.today).met  # fmt: skip
    assert not conditions.why(reported.store, reported.of("Z2"), "held(2, month, covered(outage, month) / length(month) > 0.5%)",
                              reported.today).met, "Bergfunk had one bad month"  # fmt: skip


def test_credits_are_worked_out_by_circuit_from_what_was_down_in_its_region(reported: Office) -> None:
    assert reported.fired() == {"circuit-credit": 2}
    hours = {"V-1": (9_300, 7), "H-1": (3_100, 5)}
    assert [amount for amount, _ in reported.ledger("Z1")] == [
        pytest.approx(-10 * fee * down / (28 * 24), abs=0.0001) for fee, down in hours.values()
    ]
    assert not reported.fired(3), "in March the hills were down for two hours only, and a month is credited once"


def test_migrating_makes_the_table_and_the_lists_and_leaves_the_end_to_a_person(reported: Office) -> None:
    reported.later(3)
    reported.take("provider-outages-later")
    reported.run()
    reported.decide("Talnetz: too many outages", "migrate", "Dana")
    reported.run()
    table = reported.sheet("Migration table of Talnetz (2)")
    assert table[0] == ["Circuit", "Region", "Site", "Critical", "Customers", "New provider", "Cut-over", "Maintenance window",
                        "Way back", "Numbers to port"]  # fmt: skip
    assert table[1:] == [
        ["H-1", "Hills", "Tower 4", "no", 1, "Bergfunk", "2026-04-20", "Sunday 02:00", "old path stays 7 days", "no"],
        ["V-1", "Valley", "Exchange East", "yes", 2, None, None, None, None, "yes"],
    ]
    assert reported.sheet("Customers of Talnetz to be told (3)")[1:] == [
        ["Hills", "de", "Sägewerk Ott", "H-1", "2026-04-06"], ["Valley", "fr", "Clinique", "V-1", None],
        ["Valley", "it", "Hotel Vista", "V-1", None],
    ]  # fmt: skip
    assert "Open the deactivation of Talnetz" in reported.tasks()
    assert reported.field("Z1", "status") == "Active"


def test_what_proposed_the_end_is_done_with_its_opening_and_lies_in_the_evidence_pack(
    reported: Office, tmp_path: Path
) -> None:
    reported.later(3)
    reported.take("provider-outages-later")
    reported.run()
    proposal = reported.task("Talnetz: too many outages").case_id
    reported.decide("Talnetz: too many outages", "migrate", "Dana")
    reported.run()
    ask: dict[str, Any] = {"notice": "table", "actor": reported.who("Dana"), "as_of": reported.today}
    (case,) = deactivation.submit(reported.store, [reported.of("Z1")], "non-performance", **ask)
    assert "Open the deactivation of Talnetz" not in reported.tasks(), "that is done"
    assert cases.get(reported.store, case).data["led_by"] == [proposal]
    casepack.write(reported.store, case, tmp_path / "pack", as_of=reported.today)
    page = (tmp_path / "pack" / "README.txt").read_text(encoding="utf-8")
    assert f"case {proposal}, opened on 2026-04-03: Availability under 99.5 % two months running" in page
    assert "what now? approved by Dana on 2026-04-03: migrate\n" in page
    assert "Long outages in 90 days: 3, those that overlap as one." in page
    kept = [path.name.split(" ", 1)[1] for path in sorted((tmp_path / "pack" / "proposal").iterdir())]
    assert kept == ["outages.xlsx", "inventory.xlsx", "table.xlsx", "customers.xlsx"]

    deactivation.stop(reported.store, case, "they came back", actor=reported.who("Dana"), as_of=reported.today)
    (again,) = deactivation.submit(reported.store, [reported.of("Z1")], "non-performance", **ask)
    assert "led_by" not in cases.get(reported.store, again).data, "what was proposed once is used once"


def test_circuits_without_a_cut_over_stand_in_the_way_by_name(reported: Office) -> None:
    def blocked(effective: date) -> list[tuple[str, str]]:
        found = gates.ahead(reported.store, reported.of("Z1"), effective, reported.today)
        return [(one.blocks, one.name) for one in found]

    assert blocked(DAY + timedelta(days=90)) == [
        ("service", "Valley trunk"), ("effective", "Valley trunk"), ("close", "Valley trunk"),
    ]  # fmt: skip
    assert ("effective", "Hills ring") in blocked(DAY + timedelta(days=10)), "it moves ten days later"
