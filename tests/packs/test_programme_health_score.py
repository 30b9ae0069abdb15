"""Health is scored once a month, by its known parts, and a fall is an alarm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from importers import docx
from tests.packs.programme import DAY, Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("health-score")
        office.run()
        yield office


def healthy(office: Office, code: str) -> None:
    """Sales at target, a contact and a training today, half the pipeline that is wanted."""
    office.partner(code)
    office.record(code, "target", name="Sales", status="active", metric="sales", amount="100000",
                  starts_on="2025-06-01", ends_on="2026-12-31")  # fmt: skip
    office.happened(code, "order", amount="100000", on=DAY - timedelta(days=300))
    office.happened(code, "call")
    office.happened(code, "training", course="Pumps")
    office.record(code, "deal", name="Mill", status="Open", amount="12500")


def test_the_score_of_the_month_is_written_with_its_history(office: Office) -> None:
    healthy(office, "A")
    office.run()
    # (35 + 20 + 15 + 20 / 2) of the 90 that are known: nobody was surveyed
    assert office.field("A", "health_score") == pytest.approx(100 * 80 / 90, abs=0.001)
    assert str(office.field("A", "health_on")) == DAY.isoformat()
    assert office.outcomes("health-score") == [("A", "scored")] and office.inbox() == []
    office.on(20).happened("A", "survey", score="1")
    assert not office.run().fired, "once a month"
    office.on(31).run()
    assert len(office.records("A", "rating")) == 2


def test_with_too_little_known_there_is_no_score(office: Office) -> None:
    office.partner("B")
    office.happened("B", "order", amount="100")
    office.happened("B", "call")
    assert office.run().quiet
    assert office.field("B", "health_score") is None


def test_a_fall_is_told_with_its_parts(office: Office) -> None:
    healthy(office, "C")
    office.run()
    office.on(70).run()
    assert office.outcomes("health-score")[-1] == ("C", None), "the alarm waits for a talk"
    alarm = office.task("Partner C: health fell to")
    assert alarm.owner == "Pat" and "It was 88.8889" in (alarm.detail or "")
    assert office.messages()[-1].startswith("Partner C: health fell to")
    report = docx.read(office.all("SELECT body FROM evidence WHERE kind = 'document'")[0])
    assert report.startswith("Health of Partner C: "), "its title stands above it"
    assert "Revenue, 35: 0%" in report and "Relationship, 10: [health_relationship]" in report
    office.done("health fell", "Pat")
    assert office.outcomes("health-score")[-1] == ("C", "alarm")
