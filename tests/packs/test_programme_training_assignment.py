"""Courses are assigned, reminded of, and closed when they are finished."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.packs.programme import DAY, Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("training-assignment")
        office.run()
        yield office


def test_a_course_is_finished_after_one_reminder(office: Office) -> None:
    office.partner("A")
    ends = (DAY + timedelta(days=30)).isoformat()
    office.record("A", "assignment", name="Safety", status="Assigned", starts_on=DAY.isoformat(), ends_on=ends)
    office.run()
    assert office.messages() == ["A course for you: Safety"]
    office.on(7).run()
    assert office.messages() == ["A course for you: Safety", "Still open: Safety"]
    office.on(9).happened("A", "training", course="Hygiene")
    office.run()
    assert office.outcomes("training-assignment") == [("A", None)], "another course"
    office.on(10).happened("A", "training", course="Safety")
    office.run()
    assert office.records("A", "assignment") == [("Safety", "Done")]
    assert office.outcomes("training-assignment") == [("A", "finished")]
    assert office.on(40).run().quiet


def test_nobody_finishes_it(office: Office) -> None:
    office.partner("B")
    office.record("B", "assignment", name="Safety", status="Assigned", starts_on=DAY.isoformat(), ends_on="2026-04-01")
    office.run()
    for day in (7, 14, 21):
        office.on(day).run()
    assert office.messages().count("Still open: Safety") == 3
    assert office.task("has not finished Safety in 21 days").owner == "Pat"
    office.done("has not finished Safety", "Pat")
    office.on(30).run()
    assert office.records("B", "assignment") == [("Safety", "Overdue")]
    assert office.outcomes("training-assignment") == [("B", "not finished")]


def test_reminders_missed_together_come_as_one_and_the_days_do_not_drift(office: Office) -> None:
    office.partner("E")
    office.record("E", "assignment", name="Safety", status="Assigned", starts_on=DAY.isoformat(), ends_on="2026-04-01")
    office.run()
    office.on(16).run()
    assert office.messages() == ["A course for you: Safety", "Still open: Safety"], "days 7 and 14, while nobody looked"
    office.on(21).run()
    assert office.messages().count("Still open: Safety") == 2 and "in 21 days" in office.inbox()[0]


def test_what_was_finished_while_nobody_looked_is_not_reminded_of(office: Office) -> None:
    office.partner("F")
    office.record("F", "assignment", name="Safety", status="Assigned", starts_on=DAY.isoformat(), ends_on="2026-04-01")
    office.run()
    office.on(12).happened("F", "training", course="Safety", on=DAY + timedelta(days=9))
    office.run()
    assert office.messages() == ["A course for you: Safety"]
    assert office.outcomes("training-assignment") == [("F", "finished")]


def test_what_is_valid_already_is_not_asked_for(office: Office) -> None:
    office.partner("C")
    office.happened("C", "training", course="Safety", valid_until="2027-01-01")
    office.record("C", "assignment", name="Safety", status="Assigned", starts_on=DAY.isoformat())
    office.run()
    assert office.records("C", "assignment") == [("Safety", "Not needed")] and office.messages() == []


def test_the_mandatory_course_is_assigned_once_a_month(office: Office) -> None:
    office.partner("D", joined_on="2025-01-01")
    office.run()
    assert office.records("D", "assignment") == [("Mandatory course", "Assigned")]
    office.on(30).run()
    assert office.records("D", "assignment") == [("Mandatory course", "Assigned")], "it is assigned already"
    office.happened("D", "training", course="Mandatory course", mandatory="yes")
    office.run()
    office.done("has not finished Mandatory course in 21 days", "Pat")
    office.on(70).run()
    assert office.records("D", "assignment") == [("Mandatory course", "Done")], "done within the year"
