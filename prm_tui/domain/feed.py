"""A feed: a stream of facts of one kind from one source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Feed:
    """What a sheet brings again and again. `covered_to` is `declared`, or the date of the newest fact."""

    kind: str
    source: str
    covered_to: date | None
    declared: bool
    imports: int
