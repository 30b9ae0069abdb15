"""A calendar that names a country has its public holidays; a slip is named with the nearest that is known."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from prm_tui.domain.calendar import CalendarError
from prm_tui.services.calendars import from_body, made, public_holidays

BODY: dict[str, Any] = {"timezone": "Europe/Berlin", "hours": {"mon": "09:00-17:00", "tue": "09:00-17:00"}}


def test_without_a_country_there_are_only_its_own_holidays() -> None:
    assert from_body(json.dumps({**BODY, "holidays": ["2026-12-24"]})).holidays == {date(2026, 12, 24)}


def test_the_holidays_of_a_country_and_its_region_are_added() -> None:
    germany = made({**BODY, "country": "DE", "holidays": ["2026-12-24"]})
    bavaria = made({**BODY, "country": "DE", "region": "BY"})
    epiphany = date(2026, 1, 6)  # a holiday in Bavaria, not everywhere
    assert {date(2026, 10, 3), date(2026, 12, 24)} <= germany.holidays
    assert epiphany not in germany.holidays
    assert epiphany in bavaria.holidays
    assert not bavaria.works_on(epiphany)  # a Tuesday


@pytest.mark.parametrize("said", ["DE", "de", "DEU", "Germany", " germany "])
def test_a_country_may_be_named_by_code_or_name(said: str) -> None:
    assert public_holidays(said).country == "DE"


def test_names_of_several_words_and_regions_by_name() -> None:
    assert public_holidays("United Kingdom", "Scotland").region == "SCT"
    assert public_holidays("UK", "sct").days == public_holidays("GB", "Scotland").days


def test_how_far_the_holidays_are_known_is_said() -> None:
    found = public_holidays("IN")
    assert found.first < 2026 < found.last
    assert any("only from" in note for note in found.notes)  # those that follow the moon
    assert public_holidays("DE").notes == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"country": "Germny"}, "country: no holidays are known of “Germny”. Did you mean “Germany” (DE)?"),
        ({"country": "United Kindom"}, "Did you mean “United Kingdom” (GB)?"),
        ({"country": "??"}, "Write a code such as DE"),
        ({"country": "__class__"}, "Write a code such as DE"),
        ({"country": "DE", "region": "Bayer"}, "region: DE has no region “Bayer”. Did you mean “Bayern”?"),
        ({"country": "DE", "region": "??"}, "It has BB, BE, BW"),
        ({"country": "VA", "region": "??"}, "It has none"),
        ({"country": 49}, "country: “49” is no text"),
    ],
)
def test_an_unknown_country_or_region_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(CalendarError) as caught:
        made({**BODY, **change})
    assert says in str(caught.value)
    assert len(caught.value.faults) == 1


def test_faults_of_the_country_stand_with_all_others() -> None:
    with pytest.raises(CalendarError) as caught:
        made({"country": "Germny", "timezone": "Berlin", "hours": {}})
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["country", "timezone", "hours"]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"', "1"])
def test_a_broken_body_is_refused(body: str) -> None:
    with pytest.raises(CalendarError):
        from_body(body)
