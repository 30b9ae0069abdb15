"""The only room that reads the clock.

`PRM_NOW` (an ISO instant) stands in for the real clock in tests and demonstrations; a file written
under it is marked for ever (setting `clock`), so that nobody mistakes its dates for real ones.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def replaced() -> bool:
    """Whether `PRM_NOW` replaces the real clock."""
    return bool(os.environ.get("PRM_NOW"))


def now() -> int:
    """This instant as epoch seconds in UTC."""
    given = os.environ.get("PRM_NOW")
    if not given:
        return int(datetime.now(UTC).timestamp())
    moment = datetime.fromisoformat(given)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def today(zone: str = "UTC") -> date:
    """Today's date in an IANA time zone."""
    return datetime.fromtimestamp(now(), ZoneInfo(zone)).date()
