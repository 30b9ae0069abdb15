"""An application arrives; a partner, or a reason, comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packs.programme import Office, opened

IDEAL = {
    "annual_revenue": "2000000", "employees": "40", "certified_people": "3", "years_in_business": "8",
    "market": "Enterprise", "owners_checked": "yes", "sanctions_hit": "no",
}  # fmt: skip


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("partner-application")
        office.run()
        yield office


def apply(office: Office, code: str, **profile: str) -> None:
    office.partner(code, status="Prospect", **profile)
    office.record(code, "application", name="Application", status="New", ref=f"AP-{code}")


def test_an_ideal_partner_is_accepted_by_itself(office: Office) -> None:
    apply(office, "A", **IDEAL)
    done = office.run()
    assert done.counts["case"] == 1
    assert office.outcomes("partner-application") == [("A", "accepted")]
    assert office.field("A", "status") == "Onboarding"
    assert office.records("A", "application") == [("Application", "Approved")]
    assert office.records("A", "agreement") == [("Partner agreement with Partner A", "Draft")]
    assert office.messages() == ["We have your application, Partner A", "Welcome, Partner A"]
    assert office.documents() == ["Decision: Partner A is accepted"] and office.inbox() == []
    body = office.all("SELECT body FROM messages WHERE subject LIKE 'Welcome%'")[0]
    assert "scores 100 of 100" in body


def test_what_is_missing_is_asked_for_and_the_owners_are_looked_up(office: Office) -> None:
    apply(office, "B", **{k: v for k, v in IDEAL.items() if k not in ("employees", "owners_checked", "sanctions_hit")})
    office.run()
    assert office.messages() == ["We have your application, Partner B", "Your application: what is still missing"]
    office.on(4).set("B", employees="30")
    office.run()
    look = office.task("Check the owners of Partner B")
    assert look.role == "compliance" and look.due == office.day.replace(day=10), "two business days: Friday to Tuesday"
    office.on(7).set("B", owners_checked="yes", sanctions_hit="no")
    office.done("Check the owners", "Cora")
    assert office.outcomes("partner-application") == [("B", "accepted")]


def test_who_does_not_answer_is_closed(office: Office) -> None:
    apply(office, "C")
    office.run()
    office.on(14).run()
    assert office.outcomes("partner-application") == [("C", "incomplete")]
    assert office.records("C", "application") == [("Application", "Incomplete")]
    assert office.messages()[-1] == "Your application has been closed"


def test_near_the_profile_a_person_decides_and_says_why(office: Office) -> None:
    apply(office, "D", **{**IDEAL, "annual_revenue": "300000", "employees": "12"})
    office.run()
    asked = office.task("Partner D scores 71")
    assert asked.role == "partner manager" and asked.due == office.day.replace(day=5)
    office.reject("Partner D scores", "Pat", "two partners in the town are enough")
    assert office.outcomes("partner-application") == [("D", "declined")]
    assert office.field("D", "status") == "Prospect"
    (body,) = office.all("SELECT body FROM messages WHERE subject = 'Your application'")
    assert "two partners in the town are enough" in body


def test_a_flag_needs_operations_and_legal(office: Office) -> None:
    apply(office, "E", **{**IDEAL, "sanctions_hit": "yes"})
    office.run()
    assert sorted(t for t in office.all("SELECT role FROM tasks WHERE state = 'open'")) == ["legal", "operations"]
    office.approve("is flagged", "Olga")
    assert office.outcomes("partner-application") == [("E", None)], "one of two"
    office.approve("is flagged", "Lea")
    assert office.outcomes("partner-application") == [("E", "accepted")]


def test_a_decision_that_is_late_is_told_to_the_program_manager(office: Office) -> None:
    apply(office, "F", **{**IDEAL, "annual_revenue": "1000", "employees": "1", "certified_people": "0"})
    office.run()
    assert "far from the profile" in office.inbox()[0]
    office.on(9).run()
    assert [t for t in office.inbox() if t.startswith("Overdue:")] == [
        "Overdue: Partner F is far from the profile: accept all the same?"
    ]
