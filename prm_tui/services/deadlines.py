"""The calendar by which a file's deadlines are computed: shown, set, and made of what is stored."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from typing import Any

from prm_tui.domain.calendar import Calendar
from prm_tui.domain.errors import UsageError
from prm_tui.services import calendars
from storage import Store
from storage import calendars as kept

DEFAULT = {"hours": {key: ["09:00-17:00"] for key in ("mon", "tue", "wed", "thu", "fri")}}
"""Where a file has no calendar: Monday to Friday, nine to five, in the file's time zone."""


def written(store: Store) -> dict[str, Any]:
    """The calendar of a file as it would be written down."""
    said = kept.body(store.conn)
    return dict(json.loads(said)) if said is not None else {"timezone": store.zone, **DEFAULT}


def calendar(store: Store) -> Calendar:
    """The calendar by which a file's deadlines are computed."""
    said = kept.body(store.conn)
    return calendars.from_body(said) if said is not None else calendars.made(written(store))


def set_calendar(store: Store, text: str, *, actor: int | None, as_of: date) -> int | None:
    """Give a file the calendar that a TOML text describes; deadlines that stand stay. The change, None when it has it.

    CalendarError with every fault, UsageError for a text that is no TOML.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"calendar: {error}") from None
    zone = calendars.made(data).zone
    said = json.dumps(data, default=str, sort_keys=True)
    with store.change("the business calendar", actor=actor, as_of=as_of) as change:
        kept.keep(change, said, str(zone))
    return change.id if change.kept else None
