"""People: those of our own who act; and contacts: those at a partner."""

from __future__ import annotations

from dataclasses import dataclass

from prm_tui.domain.partner import Source

ROLES = (
    "program manager",
    "partner manager",
    "operations",
    "finance",
    "legal",
    "compliance",
    "marketing",
    "enablement",
    "support",
    "manager",
    "admin",
)
"""Roles a person may hold; work is given to a role where no person is named."""

CONTACT_FIELDS: dict[str, str] = {
    "name": "text",
    "role": "text",
    "email": "text",
    "phone": "text",
    "language": "text",
    "main": "yes/no",
    "opt_out": "yes/no",
    "valid_until": "date",
}
"""The fields of a contact and their types."""


@dataclass(frozen=True)
class Person:
    """Someone of our own: may own partners and tasks, approve, and act."""

    id: int
    name: str
    title: str | None
    email: str | None
    roles: tuple[str, ...] = ()
    active: bool = True
    partners: int = 0


@dataclass(frozen=True)
class Contact:
    """Someone at a partner. `opt_out`: asked not to be written to."""

    id: int
    partner_id: int
    name: str
    role: str | None
    email: str | None
    phone: str | None
    language: str | None
    main: bool
    opt_out: bool
    valid_until: str | None
    source: Source | None
