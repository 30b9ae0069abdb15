"""Pharma: a major deviation after a corrective action, or a declared breach, stops enrolment; nothing closes without its documents."""

from __future__ import annotations

from datetime import date

import pytest

from prm_tui.domain.gate import InTheWay
from prm_tui.services import cases, deactivation, gates, records
from tests.packs.office import Office


@pytest.fixture
def begun(office: Office) -> Office:
    """A first major deviation of Clinical Nord."""
    office.adopt("research-compliance")
    office.take("research-compliance")
    office.contact("Y1", "Y2")
    office.manage("Y1", "Y2")
    assert office.fired() == {"major-deviation": 1}, "minor ones are no matter of rules, however many"
    return office


@pytest.fixture
def repeated(begun: Office) -> Office:
    """Its corrective action was found effective, and then it happened again."""
    begun.later(5)
    begun.done("Clinical Nord: agree a corrective action", "Cleo")
    begun.run()
    begun.decide("Clinical Nord: is the corrective action done and effective?", "yes", "Cleo")
    begun.run()
    assert begun.outcomes("capa") == ["effective"]
    assert not begun.fired(6), "what was before the corrective action is settled"
    begun.later(10)
    begun.take("research-compliance-again")
    assert begun.fired() == {"deviation-repeated": 1, "site-stops": 2}
    return begun


def test_a_repeated_major_deviation_stops_enrolment_and_inventories_the_trial(repeated: Office) -> None:
    assert repeated.tags("Y1") == ["enrolment stopped", "nothing is deleted"]
    assert repeated.records("Y1", "study_site", "status") == ["enrolment stopped"] * 2
    assert repeated.records("Y2", "study_site", "status") == ["enrolling"], "another partner's sites go on"
    assert repeated.field("Y1", "retain_until") == date(2051, 4, 10), "25 years"
    assert repeated.sheet("Essential documents at Clinical Nord (3)")[1:] == [
        ["HORIZON-2", "Delegation log", "ED-2", "missing", None, None],
        ["HORIZON-2", "Investigator's brochure", "ED-1", "have", "site file, Lund", "v7"],
        ["HORIZON-2", "Signed protocol", "ED-3", "have", "site file, Kalmar", "v3"],
    ]
    assert [row[1] for row in repeated.sheet("Subjects to be transferred from Clinical Nord (2)")[1:]] == [
        "S-0041",
        "S-0042",
    ]
    assert repeated.sheet("Queries before data lock at Clinical Nord (1)")[1][1:4] == [
        "DQ-1",
        "V3",
        "systolic below diastolic",
    ]
    due = {task.title: str(task.due) for task in repeated.inbox()}
    assert due["Clinical Nord: tell the ethics committee"] == due["Clinical Nord: tell the regulator"] == "2026-04-17"
    assert "Clinical Nord: enrolment stops today" in repeated.messages()


def test_the_audit_trail_is_kept_with_the_hashes_of_the_log_and_a_hash_of_its_own(repeated: Office) -> None:
    title, digest = repeated.all("SELECT title, hash FROM evidence WHERE title LIKE 'Audit trail of Clinical Nord%'")[0]
    rows = repeated.sheet(title)[1:]
    log = dict(repeated.all("SELECT id, hash FROM changes"))
    assert len(rows) > 5 and all(log[row[0]] == row[6] for row in rows), "each line is a link of the chain"
    assert any("research-compliance.xlsx" in str(row[5]) for row in rows), "from the first sheet on"
    assert len(digest) == 64


def test_a_breach_is_declared_by_quality_assurance_alone(begun: Office) -> None:
    begun.later(4)
    begun.take("research-compliance-breach")
    assert begun.fired() == {"breach-reported": 1}
    assert begun.tags("Y2") == [], "a report is no declaration"
    with pytest.raises(Exception, match="compliance"):
        begun.decide("Trialwerk, HORIZON-2: declare a serious breach?", "declare", "Dana")
    begun.decide("Trialwerk, HORIZON-2: declare a serious breach?", "declare", "Cleo")
    assert begun.fired() == {"site-stops": 1}
    assert begun.tags("Y2") == ["enrolment stopped", "nothing is deleted"]
    assert "Trialwerk: tell the regulator" in begun.tasks()


def test_a_missing_essential_document_keeps_the_case_from_closing(repeated: Office) -> None:
    for task in repeated.inbox():
        if task.title == "Clinical Nord: end the cooperation?":
            who = repeated.who("Cleo" if task.role == "compliance" else "Lea")
            cases.approve(repeated.store, task.id, actor=who, as_of=repeated.today)
    repeated.run()
    assert "Open the deactivation of Clinical Nord" in repeated.tasks()
    assert "Clinical Nord: tell the regulator" in repeated.tasks(), "the notices go on whatever is decided"

    (number,) = deactivation.submit(
        repeated.store, [repeated.of("Y1")], "mutual", actor=repeated.who("Dana"), as_of=repeated.today
    )

    def standing(stage: str) -> list[tuple[str, str]]:
        try:
            gates.hold(repeated.store, cases.get(repeated.store, number), stage, repeated.today)
        except InTheWay as told:
            return [(one.name, one.by or "nobody") for one in told.blocked]
        return []

    assert standing("effective") == [("Subject 0042", "compliance")]
    assert standing("close") == [("Delegation log", "nobody"), ("Blood pressure", "compliance")]
    for ref, status in (("ED-2", "have"), ("DQ-1", "answered")):
        (row,) = repeated.all("SELECT id FROM records WHERE ref = ?", ref)
        records.edit(repeated.store, row, {"status": status}, actor=None, as_of=repeated.today)
    assert standing("close") == []
