"""Events, launches, deadlines and kits reach their audience once, and nobody who has opted out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from prm_tui.services import contacts
from tests.packs.programme import DAY, Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        office.switch_on("communication")
        office.run()
        yield office


def audience(office: Office) -> None:
    office.partner("HOUSE", type="House")
    office.partner("A", tier="Gold")
    office.partner("B", tier="Silver")
    office.partner("C", tier="Gold", status="Prospect")
    office.partner("D", tier="Gold")
    (kim,) = contacts.list_of(office.store, office.of("D"))
    contacts.edit(office.store, kim.id, {"opt_out": "yes"}, actor=None, as_of=DAY)


def item(office: Office, what: str, audience: str, days: int = 20) -> None:
    day = (DAY + timedelta(days=days)).isoformat()
    office.record(
        "HOUSE", "calendar_item", name="Summit", status="Planned", ref=what, what=what, audience=audience, ends_on=day
    )
    office.run()


def test_an_event_for_one_tier_is_announced_and_reminded_of(office: Office) -> None:
    audience(office)
    item(office, "event", "Gold", 22)
    assert office.messages() == []
    office.approve("Announce Summit (event, 24 March 2026) to Gold?", "Mark")
    assert office.records("HOUSE", "calendar_item") == [("Summit", "Announced")]
    assert [office.records(code, "invitation") for code in "ABCD"] == [
        [("Summit", "Invited")],
        [],
        [],
        [("Summit", "Invited")],
    ]
    office.on(1).run()
    assert office.messages() == ["You are invited: Summit, 24 March 2026"], (
        "D has opted out, and nobody is asked about it"
    )
    assert office.inbox() == [] and office.messages("returned") == []
    for day in (15, 16, 21, 22):
        office.on(day).run()
    assert office.messages()[1:] == ["Soon: Summit, 24 March 2026"] * 2


def test_messages_wait_for_office_hours(office: Office) -> None:
    audience(office)
    item(office, "launch", "everybody")
    office.approve("Announce Summit", "Mark")
    office.monkeypatch.setenv("PRM_NOW", f"{DAY}T09:02:00")
    office.run()
    assert office.messages() == ["New on 22 March 2026: Summit"] * 2, "within the day"
    item(office, "deadline", "everybody", 30)
    office.monkeypatch.setenv("PRM_NOW", f"{DAY}T20:00:00")
    office.approve("Announce Summit (deadline", "Mark")
    office.monkeypatch.setenv("PRM_NOW", f"{DAY}T23:00:00")
    assert office.run().quiet
    office.on(1).monkeypatch.setenv("PRM_NOW", f"{office.day}T09:01:00")
    office.run()
    assert office.messages()[2:] == ["Summit: until 1 April 2026"] * 2


def test_an_audience_of_nobody_is_told(office: Office) -> None:
    audience(office)
    item(office, "event", "Diamond")
    office.approve("Announce Summit", "Mark")
    assert office.inbox() == ["Nobody is in the audience of Summit: Diamond"]


def test_who_has_which_version_of_a_kit(office: Office) -> None:
    audience(office)
    office.record("HOUSE", "kit", name="Pricing", status="Released", version="1", audience="Gold", ref="PRICE-1")
    office.run()
    office.on(1).run()
    assert office.messages() == ["Pricing, version 1"]
    office.on(10).record("HOUSE", "kit", name="Pricing", status="Released", version="2", audience="Gold", ref="PRICE-2")
    office.run()
    assert office.records("A", "kit") == [("Pricing", "Outdated"), ("Pricing", "Current")]
    assert office.all(
        "SELECT json_extract(data, '$.version') FROM records WHERE kind = 'kit' AND status = 'Current'"
    ) == ["2", "2"]
    office.on(11).run()
    assert office.messages() == ["Pricing, version 1", "Pricing, version 2"]
    assert office.records("B", "kit") == [] and office.records("C", "kit") == []
