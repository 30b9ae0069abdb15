"""A calendar as it is written down: TOML-shaped data, read with every fault listed at once.

timezone = "Europe/Berlin"
holidays = ["2026-12-24", "2026-12-31"]
country = "DE"
region = "BY"

[hours]
mon = ["09:00-12:30", "13:30-17:00"]
fri = ["09:00-14:00"]
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from prm_tui.domain.calendar import FIRST, LAST, WEEKDAYS, Calendar, CalendarError, Hours, span_faults, zone_faults
from prm_tui.domain.text import nearest

KEYS = ("timezone", "hours", "holidays", "country", "region")
_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*[-–]\s*([0-9]{1,2}):([0-9]{2})")
_SHOWN = 40  # characters of a wrong value that a message repeats


def from_data(data: Mapping[str, Any], public: Collection[date] | None = None) -> Calendar:
    """The calendar that TOML-shaped data describes.

    `public`: the public holidays of its `country` and `region`, which must be given (even if there are none) when a
    country is named, so that they are not forgotten. Raises CalendarError with every fault that was found.
    """
    if not isinstance(data, Mapping):
        raise CalendarError([f"{_said(data)} is no table of {', '.join(KEYS)}"])
    faults = [f"“{str(key)[:_SHOWN]}” is not known{_hint(key, KEYS)}" for key in data if key not in KEYS]
    zone = _zone(data.get("timezone"), faults)
    hours = _week(data.get("hours"), faults)
    own = _holidays(data.get("holidays", []), faults)
    faults += _country(data.get("country"), data.get("region"), public)
    if faults:
        raise CalendarError(faults)
    return Calendar(zone, hours, own | frozenset(public or ()))


def _zone(said: object, faults: list[str]) -> str:
    if isinstance(said, str) and said:
        faults += zone_faults(said)
        return said
    found = "is missing" if said is None else f"{_said(said)} is none"
    faults.append(f"timezone: {found}. Write a name such as Europe/Berlin")
    return ""


def _week(said: object, faults: list[str]) -> tuple[Hours, ...]:
    if not isinstance(said, Mapping) or not said:
        found = "there are none" if said is None or said == {} else f"{_said(said)} is no table of weekdays"
        faults.append(f'hours: {found}. Write them by weekday: mon = ["09:00-12:30", "13:30-17:00"]')
        return ()
    faults += [
        f"hours: “{str(key)[:_SHOWN]}” is no weekday; they are {', '.join(WEEKDAYS)}{_hint(key, WEEKDAYS)}"
        for key in said
        if key not in WEEKDAYS
    ]
    before = len(faults)
    week = tuple(_day(day, said.get(day, []), faults) for day in WEEKDAYS)
    if len(faults) == before and not any(week):
        faults.append("hours: there is no working time in the week")
    return week


def _day(day: str, said: object, faults: list[str]) -> Hours:
    spans = []
    for text in [said] if isinstance(said, str) else said if isinstance(said, list | tuple) else [said]:
        match = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
        hour, minute, to_hour, to_minute = map(int, match.groups()) if match else (0, 60, 0, 60)
        begin, to = hour * 60 + minute, to_hour * 60 + to_minute
        if minute > 59 or to_minute > 59 or begin > 1439 or to > 1440:
            faults.append(f"hours.{day}: {_said(text)} is no span of the day. Write it like 09:00-17:30, up to 24:00")
        else:
            spans.append((begin, to))
    found = tuple(sorted(spans))
    faults += [f"hours.{day}: {fault}" for fault in span_faults(found)]
    return found


def _holidays(said: object, faults: list[str]) -> frozenset[date]:
    if not isinstance(said, list | tuple | set | frozenset):
        faults.append(f'holidays: {_said(said)} is no list of dates. Write them like ["2026-12-24"]')
        return frozenset()
    found = set()
    for one in said:
        try:
            day = date.fromisoformat(one) if isinstance(one, str) else one
        except ValueError:
            day = None
        if not isinstance(day, date) or isinstance(day, datetime):
            faults.append(f"holidays: {_said(one)} is not a date. Write it like 2026-12-24")
        elif not FIRST <= day <= LAST:
            faults.append(f"holidays: {day} lies before {FIRST.year}")
        else:
            found.add(day)
    return frozenset(found)


def _country(country: object, region: object, public: Collection[date] | None) -> list[str]:
    found = [
        f"{key}: {_said(said)} is no text. Write it like {example}"
        for key, said, example in (("country", country, '"DE"'), ("region", region, '"BY"'))
        if said is not None and not (isinstance(said, str) and said.strip())
    ]
    if region is not None and country is None:
        found.append(f"region: {_said(region)} is of no use without its country")
    if country is not None and public is None and not found:
        found.append(f"country: the public holidays of {_said(country)} were not given")
    return found


def _hint(key: object, known: Collection[str]) -> str:
    like = nearest(str(key)[:_SHOWN], known)
    return f". Did you mean “{like}”?" if like else ""


def _said(value: object) -> str:
    text = str(value)
    return f"“{text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}”"
