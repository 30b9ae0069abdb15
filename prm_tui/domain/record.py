"""A record: something that stays with a partner for a while; an agreement, a licence, a deal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from prm_tui.domain.partner import Source

FIELDS: dict[str, str] = {
    "name": "text",
    "status": "text",
    "starts_on": "date",
    "ends_on": "date",
    "amount": "money",
    "currency": "text",
    "quantity": "number",
    "ref": "text",
    "note": "text",
    "owner": "person",
}
"""The built-in fields of a record and their types."""


OVER = (
    "closed", "done", "complete", "completed", "finished", "ended", "over", "cancelled", "canceled", "withdrawn", "rejected",
    "declined", "refused", "expired", "lapsed", "terminated", "revoked", "returned", "recovered", "deleted", "destroyed",
    "scrapped", "retired", "inactive", "void", "lost", "won", "closed won", "closed lost", "paid", "settled", "resolved",
    "solved", "answered", "delivered", "received", "shipped", "sold", "transferred", "reassigned", "phased out", "discontinued",
    "delisted", "archived", "decommissioned", "disconnected", "released", "superseded", "not needed", "converted", "spent",
)  # fmt: skip
"""Statuses that say of a record of any kind that it is over, but where its kind counts them as open."""


@dataclass(frozen=True)
class Record:
    """One record of a partner; `fields` holds the built-in values by key, `data` the others."""

    id: int
    partner_id: int
    kind: str
    label: str
    fields: dict[str, Any]
    data: dict[str, Any]
    source: Source | None

    @property
    def name(self) -> str:
        """What it is called; its kind's label where nobody named it."""
        return str(self.fields["name"])

    @property
    def ends_on(self) -> date | None:
        """When it ends, if that is known."""
        value = self.fields.get("ends_on")
        return value if isinstance(value, date) else None

    @property
    def amount(self) -> Decimal | None:
        """Its amount, if it has one."""
        value = self.fields.get("amount")
        return value if isinstance(value, Decimal) else None
