"""What an evidence pack says beside case, obligations, letters and settlement: approvals, changes, rows of the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Approval:
    """An approval of a case. `file` and `hash` are of the signed answer: without one it was entered here."""

    id: int
    title: str
    role: str | None
    state: str
    by: str | None
    on: date | None
    entered_at: datetime | None
    entered_by: str | None
    reason: str | None
    file: str | None
    hash: str | None

    @property
    def how(self) -> str:
        """How it was given, in words."""
        if self.state not in ("approved", "rejected"):
            return ""
        return f"evidenced by {self.file or 'a signed answer'}" if self.hash else "entered here"


@dataclass(frozen=True)
class Link:
    """A change in the chain. `own`: it belongs to the case; of others only the seal is told. `text` is what `hash` is over."""

    id: int
    hash: str
    before: str
    own: bool
    text: str
    at: datetime
    actor: str
    why: str
    rows: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Happened:
    """A row of the timeline, and the row of the sheet from which it came."""

    on: date
    kind: str
    ref: str | None
    amount: Decimal | None
    currency: str | None
    quantity: Decimal | None
    note: str | None
    learned_at: datetime
    superseded: bool
    file: str | None
    sheet: str | None
    row: int | None
