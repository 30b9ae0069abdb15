"""Calendars: made of what is stored, with the public holidays of a country where one is named."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from prm_tui.domain.calendar import FIRST, Calendar, CalendarError
from prm_tui.domain.calendar_data import from_data
from prm_tui.domain.text import nearest


@dataclass(frozen=True)
class PublicHolidays:
    """The public holidays of a country or one of its regions, by their codes, known for `first` to `last` year.

    `notes` say what is known for fewer years than that.
    """

    country: str
    region: str
    days: frozenset[date]
    first: int
    last: int
    notes: tuple[str, ...] = ()


def from_body(body: str) -> Calendar:
    """The calendar of a stored body, which is JSON. CalendarError with every fault that was found."""
    try:
        data = json.loads(body)
    except ValueError:
        raise CalendarError(["what is stored is not JSON"]) from None
    return made(data)


def made(data: Mapping[str, Any]) -> Calendar:
    """The calendar that TOML-shaped data describes (`prm_tui.domain.calendar_data`). CalendarError with every fault."""
    country = data.get("country") if isinstance(data, Mapping) else None
    region = data.get("region") if isinstance(data, Mapping) else None
    faults: tuple[str, ...] = ()
    public: frozenset[date] | None = None
    if isinstance(country, str) and country.strip():
        try:
            public = public_holidays(country, region if isinstance(region, str) else "").days
        except CalendarError as error:
            faults, public = error.faults, frozenset()
    try:
        calendar = from_data(data, public)
    except CalendarError as error:
        faults += error.faults
    if faults:
        raise CalendarError(faults)
    return calendar


@cache
def public_holidays(country: str, region: str = "") -> PublicHolidays:
    """The public holidays of a country, by its code (DE, DEU) or English name, and of a region by code or name.

    CalendarError names the nearest country or region when there is none of that name.
    """
    import holidays  # 50 ms, for those who name a country only
    from holidays.registry import COUNTRIES

    name, code = _country(country, COUNTRIES.values())
    entity = getattr(holidays, name)
    region = _region(code, region, entity)
    first, last = max(entity.start_year, FIRST.year), entity.end_year
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = holidays.country_holidays(code, subdiv=region or None, years=range(first, last + 1))
    notes = tuple(dict.fromkeys(str(warning.message) for warning in caught))
    return PublicHolidays(code, region, frozenset(found), first, last, notes)


def _country(said: str, countries: Iterable[tuple[str, ...]]) -> tuple[str, str]:
    """The library's name and the two letters of a country. CalendarError with the nearest name."""
    known = {word: entry for entry in countries for word in (_apart(entry[0]), *entry[1:])}
    wanted = said.replace(" ", "").casefold()
    for word, entry in known.items():
        if word.replace(" ", "").casefold() == wanted:
            return entry[0], entry[1]
    like = nearest(said.strip()[:60], known)
    hint = f"Did you mean “{_apart(known[like][0])}” ({known[like][1]})?" if like else "Write a code such as DE"
    raise CalendarError([f"country: no holidays are known of “{said[:60]}”. {hint}"])


def _region(country: str, said: str, entity: Any) -> str:
    """The code of a region of a country, "" for the whole of it. CalendarError with the nearest, or all codes."""
    if not said.strip():
        return ""
    known = {**{code: code for code in entity.subdivisions}, **entity.subdivisions_aliases}
    for word, code in known.items():
        if word.casefold() == said.strip().casefold():
            return str(code)
    like = nearest(said.strip()[:60], known)
    hint = f"Did you mean “{like}”?" if like else f"It has {', '.join(entity.subdivisions) or 'none'}"
    raise CalendarError([f"region: {country} has no region “{said[:60]}”. {hint}"])


def _apart(name: str) -> str:
    """UnitedKingdom as it is written: United Kingdom."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
