"""An office with messages in its outbox, made as automation makes them: rows inserted within a change."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from prm_tui.services import contacts, files, outbox, partners, people
from storage import Store
from storage import cases as stored

DAY = date(2026, 3, 31)
NOW = "2026-03-31T09:00:00"
BODY = "Dear Ann,\n\nyour agreement ends on 30 June.\n\nKind regards\n"


def office(path: Path) -> Store:
    """A file with two partners, a contact each, and Dana, who has an e-mail address. PRM_NOW should be NOW."""
    store = files.open_file(path, create=True)
    people.add(store, "Dana", email="dana@vendor.example", roles=["program manager"], actor=None, as_of=DAY)
    for code, contact in (("A", "Ann Buyer"), ("B", "Bob Seller")):
        partner = partners.add(store, {"code": code, "name": f"Partner {code}"}, actor=None, as_of=DAY)
        fields = {"name": contact, "email": f"{contact.split()[0].lower()}@{code.lower()}.example", "main": "yes"}
        contacts.add(store, partner, fields, actor=None, as_of=DAY)
    return store


def who(store: Store, name: str = "Dana") -> int:
    """The id of a person."""
    return people.find(store, name).id


def case(store: Store, code: str = "A") -> int:
    """A case of a partner, as a workflow opens one."""
    with store.change("a case", actor=None, as_of=DAY) as change:
        partner = partners.resolve(store, code)
        made = stored.insert(
            change, "cases",
            {"kind": "winback", "partner_id": partner, "title": "Win-back", "stage": "write", "opened_on": DAY.isoformat()},
        )  # fmt: skip
        stored.insert(change, "tasks", {"case_id": made, "partner_id": partner, "kind": "to-do", "title": "Call them"})
        return made


def message(store: Store, code: str = "A", **values: Any) -> int:
    """A message to the main contact of a partner; `values` are columns of the row."""
    return messages(store, (code, values))[0]


def messages(store: Store, *wanted: tuple[str, dict[str, Any]]) -> list[int]:
    """Messages of one change, by partner code and columns; a returned one brings its to-do."""
    made = []
    with store.change("a round of automation", actor=None, as_of=DAY) as change:
        for code, values in wanted:
            partner = partners.resolve(store, code)
            contact = next(c for c in contacts.list_of(store, partner) if c.main)
            row = {"partner_id": partner, "contact_id": contact.id, "recipient": contact.email, "template": "renewal",
                   "subject": "Your agreement", "body": BODY, **values}  # fmt: skip
            made.append(stored.insert(change, "messages", row))
            if row.get("state") == "returned":
                task = {"partner_id": partner, "kind": "to-do", "title": "Message “renewal”: something is empty",
                        "case_id": row.get("case_id"), "due_on": DAY.isoformat(), "data": {"message": made[-1]}}  # fmt: skip
                stored.insert(change, "tasks", task)
    return made


def state(store: Store, message_id: int) -> str:
    """Where a message stands."""
    return outbox.get(store, message_id).row.state
