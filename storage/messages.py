"""Messages of the outbox in the file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

from prm_tui.domain.message import STATES, Act, Message, MessageRow, lacking
from storage import letters
from storage.cases import MAY_SEE
from storage.store import Change

_RANK = "CASE m.state " + " ".join(f"WHEN '{state}' THEN {n}" for n, state in enumerate(STATES)) + " END"
_ROW = (
    "SELECT m.id, m.state, m.channel, m.partner_id, coalesce(p.code, ''), coalesce(p.name, ''), m.case_id, c.title,"
    " m.template, m.contact_id, m.person_id, coalesce(k.name, w.name), m.recipient, m.subject, m.handed_over_at,"
    " m.confirmed_at, CASE WHEN m.state = 'returned' THEN m.body END FROM messages m"
    " LEFT JOIN partners p ON p.id = m.partner_id LEFT JOIN cases c ON c.id = m.case_id"
    " LEFT JOIN contacts k ON k.id = m.contact_id LEFT JOIN people w ON w.id = m.person_id"
)


def messages(
    conn: sqlite3.Connection,
    *,
    states: Collection[str] = (),
    ids: Sequence[int] | None = None,
    partner_id: int | None = None,
    case_id: int | None = None,
    viewer: int | None = None,
) -> list[MessageRow]:
    """Messages by what has to be done to them, then in the order in which they were made; all without a filter.

    Those of restricted cases are listed for a `viewer` who may see them; named by their number or their case, they come for everybody.
    """
    tests = ["m.state IN (SELECT value FROM json_each(:states))"] if states else []
    tests += ["m.id IN (SELECT value FROM json_each(:ids))"] if ids is not None else []
    tests += ["m.partner_id = :partner"] if partner_id is not None else []
    tests += ["m.case_id = :case"] if case_id is not None else []
    tests += [f"(c.id IS NULL OR {MAY_SEE})"] if ids is None and case_id is None else []
    params = {"states": _list(states), "ids": _list(ids or ()), "partner": partner_id, "case": case_id,
              "viewer": viewer}  # fmt: skip
    return [
        _row(row) for row in conn.execute(f"{_ROW} WHERE {' AND '.join(tests) or '1'} ORDER BY {_RANK}, m.id", params)
    ]


def _list(values: Collection[Any]) -> str:
    return json.dumps(list(values))


def _row(row: tuple[Any, ...]) -> MessageRow:
    named, body = row[9] is not None or row[10] is not None, row[16]
    lacks = () if body is None else lacking(row[2], row[12], named, row[13], body)
    return MessageRow(
        row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10], row[11], row[12], row[13],
        _instant(row[14]), _instant(row[15]), lacks,
    )  # fmt: skip


def _instant(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def message(conn: sqlite3.Connection, message_id: int) -> Message | None:
    """One message whole."""
    found = messages(conn, ids=[message_id])
    if not found:
        return None
    (body,) = conn.execute("SELECT body FROM messages WHERE id = ?", (message_id,)).fetchone()
    acts = conn.execute(
        "SELECT at, actor, why FROM changes WHERE id = (SELECT change_id FROM messages WHERE id = :id) OR id IN"
        " (SELECT change_id FROM change_log WHERE tbl = 'messages' AND row_id = :id) ORDER BY id",
        {"id": message_id},
    )
    return Message(
        found[0], body, tuple(Act(datetime.fromtimestamp(at, UTC), actor, why) for at, actor, why in acts)
    )  # fmt: skip


def bodies(conn: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    """The texts of messages."""
    return dict(
        conn.execute("SELECT id, body FROM messages WHERE id IN (SELECT value FROM json_each(?))", (_list(ids),)).fetchall()
    )  # fmt: skip


def counts(conn: sqlite3.Connection, viewer: int | None = None) -> dict[str, int]:
    """How many messages are in each state in which something is left to do, and how many were sent or cancelled."""
    rows = conn.execute(
        "SELECT m.state, count(*) FROM messages m LEFT JOIN cases c ON c.id = m.case_id"
        f" WHERE c.id IS NULL OR {MAY_SEE} GROUP BY m.state",
        {"viewer": viewer},
    )
    return dict.fromkeys(STATES, 0) | dict(rows.fetchall())


def barred(conn: sqlite3.Connection, rows: Sequence[MessageRow], today: date) -> dict[int, str]:
    """Which messages must not go out because of whom they go to, and why."""
    found = dict[int, str]()
    known = conn.execute(
        "SELECT m.id, k.name, k.opt_out, k.valid_until, w.name, w.active FROM messages m"
        " LEFT JOIN contacts k ON k.id = m.contact_id LEFT JOIN people w ON w.id = m.person_id"
        " WHERE m.id IN (SELECT value FROM json_each(?))",
        (_list([row.id for row in rows]),),
    )
    for row_id, contact, opt_out, valid_until, person, active in known:
        if opt_out:
            found[row_id] = f"{contact} asked not to be written to"
        elif valid_until is not None and valid_until < today.isoformat():
            found[row_id] = f"{contact} was a contact only until {valid_until}"
        elif active == 0:
            found[row_id] = f"{person} does not work here any more"
    waiting = conn.execute(
        "SELECT m.id FROM messages m JOIN cases c ON c.id = m.case_id WHERE c.stage = 'withdrawal'"
        " AND m.template = 'withdrawal' AND m.id IN (SELECT value FROM json_each(?))",
        (_list([row.id for row in rows]),),
    )
    found |= dict.fromkeys((row_id for (row_id,) in waiting), "its withdrawal is not approved yet: prm inbox")
    # an address that was typed, or is known from another partner, belongs to the same person
    silent = {
        email.strip().casefold(): name
        for email, name in conn.execute("SELECT email, name FROM contacts WHERE opt_out AND email IS NOT NULL")
    }
    for row in rows:
        name = silent.get((row.recipient or "").strip().casefold())
        if name is not None:
            found.setdefault(row.id, f"{name} asked not to be written to")
    return found


def whose(conn: sqlite3.Connection, address: str, partner_id: int | None) -> tuple[int | None, int | None]:
    """The contact of a partner, else the person of ours, an address belongs to: (contact, person), one of them None."""
    row = conn.execute(
        "SELECT id FROM contacts WHERE partner_id = ? AND trim(email) = trim(?) COLLATE NOCASE"
        " ORDER BY opt_out DESC, main DESC, id LIMIT 1",
        (partner_id, address),
    ).fetchone()
    if row:
        return int(row[0]), None
    row = conn.execute(
        "SELECT id FROM people WHERE trim(email) = trim(?) COLLATE NOCASE ORDER BY active DESC, id LIMIT 1", (address,)
    ).fetchone()
    return None, int(row[0]) if row else None


def move(change: Change, ids: Sequence[int], sources: Collection[str], state: str) -> int:
    """Move messages on to a state as one set, stamped with the real time where that counts; how many moved.

    Those that are not in one of the states `sources` stay as they are.
    """
    stamp = {"handed over": ", handed_over_at = :at", "confirmed": ", confirmed_at = :at"}.get(state, "")
    moved = change.conn.execute(
        f"UPDATE messages SET state = :state{stamp} WHERE id IN (SELECT value FROM json_each(:ids))"
        " AND state IN (SELECT value FROM json_each(:sources))",
        {"state": state, "at": change.at, "ids": _list(ids), "sources": _list(sources)},
    ).rowcount
    if state == "approved":
        letters.keep_approved(change, ids)
    return moved


def edit(change: Change, message_id: int, values: dict[str, Any]) -> None:
    """Set columns of a message."""
    for column, value in values.items():
        change.conn.execute(
            f"UPDATE messages SET {column} = :value WHERE id = :id AND {column} IS NOT :value",
            {"value": value, "id": message_id},
        )


def call_off(change: Change, visits: Sequence[int]) -> None:
    """What the cases of these visits wrote and nobody gave out yet is cancelled, and with it the to-dos to complete it."""
    of = "SELECT case_id FROM steps WHERE id IN (SELECT value FROM json_each(?))"
    state = "state IN ('draft', 'returned', 'approved')"
    ids = [
        one
        for (one,) in change.conn.execute(
            f"SELECT id FROM messages WHERE {state} AND case_id IN ({of})", (_list(visits),)
        )
    ]
    change.conn.execute(
        "UPDATE messages SET state = 'cancelled' WHERE id IN (SELECT value FROM json_each(?))", (_list(ids),)
    )
    close_tasks(change, ids, "cancelled", None, "no more needed")


def close_tasks(change: Change, ids: Sequence[int], state: str, actor: int | None, reason: str | None = None) -> None:
    """The to-dos that asked to complete returned messages are done, or no longer needed."""
    change.conn.execute(
        "UPDATE tasks SET state = :state, done_by = :actor, done_at = :at, done_on = :on, reason = :reason"
        " WHERE state IN ('open', 'planned') AND json_extract(data, '$.message') IN (SELECT value FROM json_each(:ids))",
        {"state": state, "actor": actor, "at": change.at, "on": change.as_of.isoformat(), "reason": reason,
         "ids": _list(ids)},
    )  # fmt: skip


def file_token(conn: sqlite3.Connection) -> str:
    """Names this file for ever: the beginning of the hash of its first change."""
    row = conn.execute("SELECT hash FROM changes ORDER BY id LIMIT 1").fetchone()
    return str(row[0])[:16] if row else "0" * 16


def mark(conn: sqlite3.Connection, change_id: int) -> str:
    """When a change was made and why; "" where none of that number took effect."""
    row = conn.execute("SELECT at || ' ' || why FROM changes WHERE id = ?", (change_id,)).fetchone()
    return str(row[0]) if row else ""
