"""Contacts of a partner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.person import CONTACT_FIELDS, Contact
from prm_tui.domain.text import nearest
from prm_tui.services import partners, values
from storage import Store
from storage import contacts as stored


def list_of(store: Store, partner_id: int) -> list[Contact]:
    """Everyone at a partner, the main contact first."""
    with store.reading() as conn:
        return stored.contacts(conn, partner_id)


def add(store: Store, partner_id: int, fields: Mapping[str, str], *, actor: int | None, as_of: date) -> int:
    """A new contact from what was written in its fields; returns its id. A name is needed."""
    partner = partners.get(store, partner_id, as_of)
    known = _read(fields)
    if not known.get("name"):
        raise UsageError("name: a contact needs a name.")
    with store.change(f"added contact {known['name']} of {partner.name}", actor=actor, as_of=as_of) as change:
        written = {k: v for k, v in known.items() if v is not None}
        return stored.add(change, "contacts", {"partner_id": partner_id, **written})


def edit(store: Store, contact_id: int, fields: Mapping[str, str], *, actor: int | None, as_of: date) -> int | None:
    """Set fields of a contact. Returns the change, None when nothing changed."""
    known = _read(fields)
    if "name" in known and not known["name"]:
        raise UsageError("name: cannot be empty.")
    partner_id = stored.partner_of(store.conn, "contacts", contact_id)
    if partner_id is None:
        raise UsageError("That contact is not in the file any more.")
    partner = partners.get(store, partner_id, as_of)
    said = ", ".join(fields)
    with store.change(f"edited {said} of a contact of {partner.name}", actor=actor, as_of=as_of) as change:
        flags = {k: v or 0 for k, v in known.items() if CONTACT_FIELDS[k] == "yes/no"}
        stored.edit(change, "contacts", contact_id, {**known, **flags})
    return change.id if change.kept else None


def _read(fields: Mapping[str, str]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for key, text in fields.items():
        if key not in CONTACT_FIELDS:
            like = nearest(key, CONTACT_FIELDS)
            raise UsageError(
                f"A contact has no field “{key}”. "
                + (f"Did you mean “{like}”?" if like else f"Fields: {', '.join(CONTACT_FIELDS)}")
            )
        known[key] = values.stored(CONTACT_FIELDS[key], text, key)
    if known.get("email") and "@" not in known["email"]:
        raise UsageError(f"email: “{known['email']}” is not an address.")
    return known
