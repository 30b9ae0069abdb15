"""Records of a partner: agreements, licences, deals and what else stays for a while."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.record import FIELDS, Record
from prm_tui.domain.text import nearest
from prm_tui.services import freeze, partners, people, values
from storage import Store, emits
from storage import contacts as stored
from storage.catalogue import own_fields


def list_of(store: Store, partner_id: int, kind: str | None = None) -> list[Record]:
    """The records of a partner, of one kind if asked."""
    with store.reading() as conn:
        return stored.records(conn, partner_id, kind)


def known_kinds(store: Store) -> dict[str, str]:
    """Every kind of record the file knows: name → label."""
    with store.reading() as conn:
        return dict(conn.execute("SELECT name, label FROM kinds WHERE tbl = 'record' ORDER BY label").fetchall())


def add(
    store: Store,
    partner_id: int,
    kind: str,
    fields: Mapping[str, str],
    *,
    actor: int | None,
    as_of: date,
) -> int:
    """A new record of a kind; returns its id. Without a name it is called after its kind.

    `fields` are those of every record and those its kind has of its own. UsageError names one that is neither, and a
    value that is not of its type; and refuses what begins nothing new with a partner that leaves (freeze.py).
    """
    partner = partners.get(store, partner_id, as_of)
    known = known_kinds(store)
    if kind not in known:
        like = nearest(kind, known)
        raise UsageError(
            f"There is no kind of record “{kind}”. "
            + (f"Did you mean “{like}”?" if like else f"Kinds: {', '.join(known)}")
        )
    freeze.refuse_new(store, partner, kind, known[kind])
    read, data = _read(store, kind, fields)
    read["name"] = read.get("name") or known[kind]
    with store.change(f"added {known[kind].lower()} of {partner.name}", actor=actor, as_of=as_of) as change:
        written = {k: v for k, v in read.items() if v is not None}
        record = stored.add(change, "records", {"partner_id": partner_id, "kind": kind, **written})
        if data:
            stored.set_data(change, record, data)
        emits.emit(change)
        return record


def one_of(store: Store, partner_id: int, kind: str, said: str | None = None) -> int:
    """The record of a kind that is meant by its reference or name; the only one where nothing is said.

    UsageError, with those there are, where that is none or several.
    """
    held = list_of(store, partner_id, kind)
    wanted = (said or "").strip().casefold()
    found = [r for r in held if said is None or wanted in (str(r.fields["ref"] or "").casefold(), r.name.casefold())]
    if len(found) != 1:
        known = ", ".join(f"“{r.fields['ref'] or r.name}”" for r in (found or held)[:10])
        raise UsageError(f"Say which {kind} is meant: {known or 'the partner has none'}")
    return found[0].id


def named(store: Store, partner_id: int, said: str, kind: str | None = None) -> int:
    """The record of a partner that is meant by its reference or name; of a kind, where several are called so.

    UsageError, with those there are, where that is none or several.
    """
    if kind is not None and kind not in known_kinds(store):
        like = nearest(kind, known_kinds(store))
        raise UsageError(f"There is no kind of record “{kind}”." + (f" Did you mean “{like}”?" if like else ""))
    held = list_of(store, partner_id, kind)
    wanted = said.strip().casefold()
    found = [r for r in held if wanted == str(r.fields["ref"] or "").casefold()]
    found = found or [r for r in held if wanted == r.name.casefold()]
    if len(found) == 1:
        return found[0].id
    if found:
        listed = ", ".join(
            f"{r.kind} {r.name}" + (f" ({r.fields['ref']})" if r.fields["ref"] else "") for r in found[:10]
        )
        raise UsageError(f"“{said}” may be several: {listed}. Give the reference, or the kind: --kind K")
    like = nearest(said, [str(n) for r in held for n in (r.fields["ref"], r.name) if n])
    known = ", ".join(f"“{r.fields['ref'] or r.name}”" for r in held[:10])
    raise UsageError(
        f"“{said}” is no record of this partner. "
        + (f"Did you mean “{like}”?" if like else f"There is: {known}" if known else "It has none.")
    )


def edit(store: Store, record_id: int, fields: Mapping[str, str], *, actor: int | None, as_of: date) -> int | None:
    """Set fields of a record. Returns the change, None when nothing changed."""
    partner_id, kind = stored.partner_of(store.conn, "records", record_id), stored.kind_of(store.conn, record_id)
    if partner_id is None or kind is None:
        raise UsageError("That record is not in the file any more.")
    read, data = _read(store, kind, fields)
    if "name" in read and not read["name"]:
        raise UsageError("name: cannot be empty.")
    partner = partners.get(store, partner_id, as_of)
    said = ", ".join(fields)
    with store.change(f"edited {said} of a record of {partner.name}", actor=actor, as_of=as_of) as change:
        stored.edit(change, "records", record_id, read)
        if data:
            stored.set_data(change, record_id, data)
        emits.emit(change)
    return change.id if change.kept else None


def _read(store: Store, kind: str, fields: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was written in the fields of every record, and in those of the kind's own."""
    with store.reading() as conn:
        own = own_fields(conn, "record", kind)
    known: dict[str, Any] = {}
    data: dict[str, Any] = {}
    for key, text in fields.items():
        if key not in FIELDS and key in own:
            data[key] = values.custom(own[key], text, key)
            continue
        if key not in FIELDS:
            there = [*FIELDS, *own]
            like = nearest(key, there)
            raise UsageError(
                f"A record has no field “{key}”. "
                + (f"Did you mean “{like}”?" if like else f"Fields: {', '.join(there)}")
            )
        if FIELDS[key] == "person":
            known[key] = people.find(store, text).id if text.strip() else None
        else:
            known[key] = values.stored(FIELDS[key], text, key)
    starts, ends = known.get("starts_on"), known.get("ends_on")
    if starts and ends and ends < starts:
        raise UsageError(f"ends_on: {ends} lies before starts_on {starts}.")
    return known, data
