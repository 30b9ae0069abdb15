"""Adding and editing a partner, a contact, a record; writing down an activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.partner import CASE_STATUSES, FIELDS, STATUSES
from prm_tui.domain.person import CONTACT_FIELDS
from prm_tui.domain.record import FIELDS as RECORD_FIELDS
from prm_tui.services import contacts, partners, people, records, timeline
from prm_tui.services.values import read_date
from screens.modals.choose import Choice, Choose
from screens.modals.form import Entry, Form

if TYPE_CHECKING:
    from screens.base import PrmScreen
    from storage import Store

_HINTS = {"date": "2026-03-31", "money": "1234.50", "number": "12", "yes/no": "yes or no", "person": "a name"}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


async def _entries(screen: PrmScreen, partner_id: int | None) -> tuple[str, list[Entry]]:
    as_of = screen.prm.session.as_of

    def look(store: Store) -> tuple[Any, list[Any], list[str]]:
        partner = partners.get(store, partner_id, as_of) if partner_id is not None else None
        custom = [c for c in partners.columns(store) if c.key.startswith("custom.")]
        return partner, custom, [p.name for p in people.list_of(store)]

    partner, custom, names = await screen.read(look)
    words = {"manager": tuple(names), "status": tuple(s for s in STATUSES if s not in CASE_STATUSES)}
    made = [
        Entry(key, label, _text(partner.fields[key]) if partner else "", _HINTS.get(kind, ""), words.get(key, ()))
        for key, (label, kind) in FIELDS.items()
    ]
    made += [
        Entry(c.key, c.label, _text(partner.custom.get(c.key[7:])) if partner else "", _HINTS.get(c.type, ""))
        for c in custom
    ]
    return (partner.name if partner else ""), made


async def add_partner(screen: PrmScreen) -> None:
    """Ask for the fields of a new partner and open its page."""
    from screens.partners.page import PartnerPage

    session = screen.prm.session
    _, entries = await _entries(screen, None)

    async def save(fields: dict[str, str]) -> int:
        return await screen.write(lambda s: partners.add(s, fields, actor=session.actor, as_of=session.as_of))

    made = await screen.prm.push_screen_wait(Form("Add a partner", entries, save))
    if made is not None:
        screen.prm.push_screen(PartnerPage(made))


async def edit_partner(screen: PrmScreen, partner_id: int) -> None:
    """Ask for other values of a partner's fields."""
    session = screen.prm.session
    name, entries = await _entries(screen, partner_id)

    async def save(fields: dict[str, str]) -> int | None:
        if not fields:
            return None
        return await screen.write(
            lambda s: partners.edit(s, partner_id, fields, actor=session.actor, as_of=session.as_of)
        )

    change = await screen.prm.push_screen_wait(Form(f"Edit {name}", entries, save))
    if change is not None:
        screen.prm.tell(f"{name[:80]} was edited. u takes it back.")


async def log_activity(screen: PrmScreen, partner_id: int) -> None:
    """Ask what happened, and write it down."""
    session = screen.prm.session
    kinds = await screen.read(timeline.known_kinds)
    kind = await screen.prm.push_screen_wait(Choose("What happened?", [Choice(k, label) for k, label in kinds.items()]))
    if kind is None:
        return

    async def save(fields: dict[str, str]) -> int:
        from prm_tui.domain.money import read_amount

        on = read_date(fields["on"], "on")
        amount = read_amount(fields["amount"]) if fields["amount"].strip() else None
        return await screen.write(
            lambda s: timeline.log(
                s, partner_id, kind, on=on, amount=amount, ref=fields["ref"], note=fields["note"],
                actor=session.actor, as_of=session.as_of,
            )
        )  # fmt: skip

    entries = [Entry("on", "On", session.as_of.isoformat()), Entry("amount", "Amount", hint="1234.50"),
               Entry("ref", "Reference"), Entry("note", "Note")]  # fmt: skip
    if await screen.prm.push_screen_wait(Form(f"{kinds[kind]}", entries, save, whole=True)):
        screen.prm.tell(f"{kinds[kind]} was written down. u takes it back.")


async def correct_activity(screen: PrmScreen, activity_id: int) -> None:
    """Ask for other values of an activity; the old ones stay in the file as superseded."""
    session = screen.prm.session
    (row,) = await screen.read(lambda s: timeline.rows(s, [activity_id]))

    async def save(fields: dict[str, str]) -> int | None:
        if not fields:
            return None
        return await screen.write(
            lambda s: timeline.correct(s, activity_id, fields, actor=session.actor, as_of=session.as_of)
        )

    entries = [Entry("on", "On", row.occurred_on.isoformat()), Entry("amount", "Amount", _text(row.amount)),
               Entry("quantity", "Quantity", _text(row.quantity)), Entry("ref", "Reference", row.ref or ""),
               Entry("note", "Note", row.note or "")]  # fmt: skip
    if await screen.prm.push_screen_wait(Form(f"Correct: {row.label}", entries, save)) is not None:
        screen.prm.tell("Corrected; what it said before is kept. u takes it back.")


async def add_contact(screen: PrmScreen, partner_id: int, contact_id: int | None = None) -> None:
    """Ask for a new contact, or for other values of one that is there."""
    session = screen.prm.session
    there = await screen.read(lambda s: {c.id: c for c in contacts.list_of(s, partner_id)})
    contact = there.get(contact_id) if contact_id is not None else None
    entries = [
        Entry(key, key.replace("_", " ").capitalize(), _text(getattr(contact, key, None)), _HINTS.get(kind, ""))
        for key, kind in CONTACT_FIELDS.items()
    ]

    async def save(fields: dict[str, str]) -> int | None:
        if contact_id is None:
            return await screen.write(
                lambda s: contacts.add(s, partner_id, fields, actor=session.actor, as_of=session.as_of)
            )
        if not fields:
            return None
        return await screen.write(
            lambda s: contacts.edit(s, contact_id, fields, actor=session.actor, as_of=session.as_of)
        )

    await screen.prm.push_screen_wait(Form("Edit a contact" if contact else "Add a contact", entries, save))


async def add_record(screen: PrmScreen, partner_id: int, record_id: int | None = None) -> None:
    """Ask for a new record, or for other values of one that is there."""
    session = screen.prm.session
    kind = None
    record = None
    if record_id is None:
        kinds = await screen.read(records.known_kinds)
        kind = await screen.prm.push_screen_wait(Choose("What kind?", [Choice(k, label) for k, label in kinds.items()]))
        if kind is None:
            return
    else:
        record = (await screen.read(lambda s: {r.id: r for r in records.list_of(s, partner_id)})).get(record_id)
        if record is None:
            raise UsageError("That record is not in the file any more.")
    entries = [
        Entry(
            key, key.replace("_", " ").capitalize(), _text(record.fields.get(key)) if record else "", _HINTS.get(k, "")
        )
        for key, k in RECORD_FIELDS.items()
    ]

    async def save(fields: dict[str, str]) -> int | None:
        if record_id is None:
            assert kind is not None
            return await screen.write(
                lambda s: records.add(s, partner_id, kind, fields, actor=session.actor, as_of=session.as_of)
            )
        if not fields:
            return None
        return await screen.write(
            lambda s: records.edit(s, record_id, fields, actor=session.actor, as_of=session.as_of)
        )

    await screen.prm.push_screen_wait(Form(f"Edit {record.label}" if record else "Add a record", entries, save))
