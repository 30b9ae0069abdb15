"""What ends is renewed in time, or restricted until it is; what was breached is looked at within a business day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.packs.programme import DAY, Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("compliance-renewal", "compliance-alerts")
        office.run()
        yield office


@pytest.mark.parametrize(
    ("kind", "status"), [("certification", "valid"), ("agreement", "active"), ("document", "valid")]
)
def test_reminders_restriction_and_restoration(office: Office, kind: str, status: str) -> None:
    office.partner("A")
    ends = DAY + timedelta(days=100)
    record = office.record("A", kind, name="Liability", status=status, ends_on=ends.isoformat())
    assert office.run().quiet
    office.on(10).run()
    assert office.inbox() == ["Ask for the renewal of Liability"]
    for day in (40, 70, 86, 93, 100):
        office.on(day).run()
    assert len(office.messages()) == 5, "60, 30, 14 and 7 days before, and on the day"
    office.done("Ask for the renewal", "Pat")
    office.on(101).run()
    assert "compliance hold" in office.tags("A"), "lapsed: the alert of that day"
    office.on(195).run()
    assert office.tags("A") == ["compliance hold", "lapsed"], "no new one came within the 90 days of waiting"
    assert office.messages()[-1] == "Liability has ended"
    office.change(record, ends_on=(ends + timedelta(days=400)).isoformat())
    office.run()
    assert office.task("The new Liability: is it in order?").role == "program manager"
    office.approve("is it in order", "Dana")
    assert office.tags("A") == ["compliance hold"] and office.outcomes("renewal") == [("A", "renewed")]
    office.done("Something has lapsed", "Cora")
    office.approve("lift the hold?", "Dana", choice="lift")
    assert office.tags("A") == []


def test_the_restriction_stays_while_something_else_has_lapsed(office: Office) -> None:
    office.partner("B")
    near = (DAY + timedelta(days=90)).isoformat()
    first = office.record("B", "certification", name="One", status="valid", ends_on=near)
    second = office.record("B", "document", name="Two", status="valid", ends_on=near)
    office.run()
    for name in ("One", "Two"):
        office.done(f"Ask for the renewal of {name}", "Pat")
    office.on(95).run()
    assert "lapsed" in office.tags("B")
    office.change(first, ends_on=(DAY + timedelta(days=600)).isoformat())
    office.run()
    office.approve("The new One", "Dana")
    assert "lapsed" in office.tags("B"), "Two is still missing"
    office.change(second, status="Replaced")
    office.run()
    office.approve("The new Two", "Dana")
    assert "lapsed" not in office.tags("B")


def test_the_last_day_to_opt_out_of_an_agreement(office: Office) -> None:
    office.partner("C")
    day = (DAY + timedelta(days=40)).isoformat()
    office.record("C", "agreement", name="Frame", status="active", ends_on="2027-12-31", opt_out_on=day)
    assert office.run().quiet
    office.on(10).run()
    assert office.inbox() == ["Frame renews itself unless we say otherwise by 11 April 2026"]


def test_a_serious_incident_restricts_at_once(office: Office) -> None:
    office.partner("D")
    office.happened("D", "incident", severity="minor")
    assert office.run().quiet
    office.happened("D", "incident", severity="major", ref="I-2")
    office.run()
    assert office.tags("D") == ["compliance hold"]
    assert office.messages() == ["Partner D: on hold", "Partner D is on hold: A serious incident"]
    look = office.task("Partner D: A serious incident")
    assert (look.role, look.due) == ("compliance", DAY + timedelta(days=1))
    office.on(3).run()
    assert "Overdue: Partner D: A serious incident" in office.inbox()
    office.done("Partner D: A serious incident", "Cora")
    office.approve("lift the hold", "Dana", choice="keep it")
    assert office.tags("D") == ["compliance hold"]
    office.on(33).run()
    office.approve("lift the hold", "Dana", choice="lift")
    assert office.tags("D") == [] and office.outcomes("compliance-alert") == [("D", "lifted")]
