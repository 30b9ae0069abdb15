"""Pharma: the form of a submission is checked; what it means is decided by a person."""

from __future__ import annotations

from typing import Any

from tests.packs.office import Office


def states(office: Office) -> list[Any]:
    return office.records("P1", "submission", "ref, status, json_extract(data, '$.findings')")


def test_queries_go_back_and_nothing_is_accepted_by_a_rule(office: Office) -> None:
    office.adopt("trial-submissions")
    taken = office.take("trial-submissions")
    assert taken["Submissions"].plan.what == "record:submission"
    assert office.fired() == {"submission-arrived": 2}
    assert states(office) == [
        ("SUB-1", "ready for review", "form is in order"), ("SUB-2", "queries open", "there are duplicates"),
    ]  # fmt: skip
    assert office.messages() == ["Visit data SUB-2: there are duplicates"]
    assert office.all("SELECT title FROM evidence") == ["Query list"]
    review = office.task("Review Visit data SUB-1 of Site Uppsala")
    assert (review.kind, review.role, str(review.due)) == ("approval", "legal", "2026-04-14"), "ten working days"

    office.later(5)
    sheet = office.take("trial-submissions-later")["Submissions"]
    assert sheet.changed == 1
    office.run()
    assert states(office)[1] == ("SUB-2", "ready for review", "form is in order")
    before = office.all(
        "SELECT before FROM change_log WHERE tbl = 'records' AND col = 'data' AND before LIKE '%\"duplicates\":7%'"
    )
    assert before, "what it said before stays readable"
    assert office.run(10).quiet, "nobody accepts but a person"
    office.run(23)
    assert "Overdue: Review Visit data SUB-1 of Site Uppsala: HORIZON-2, 2026-Q1" in office.tasks()

    office.decide("Review Visit data SUB-2", "ask again", "Lea")
    office.decide("Review Visit data SUB-1", "accept", "Lea")
    office.run()
    assert [state[1:] for state in states(office)] == [
        ("accepted", "form is in order"), ("queries open", "the reviewer has questions"),
    ]  # fmt: skip
    assert office.records("P1", "milestone", "name, status, ends_on") == [
        ("Next submission of HORIZON-2", "planned", "2026-06-27"),
    ]  # fmt: skip
    office.take("trial-submissions-later")
    assert office.run().quiet
