"""What goes out to spreadsheets, read in sets: partners, contacts, records, activities and their lines."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from prm_tui.domain.partner import FIELDS
from prm_tui.domain.sheet import ID, UID_LENGTH, OutColumn, OutSheet, SentSheet, headers_apart
from storage import questions, transition
from storage.cases import MAY_SEE
from storage.store import Change

# a person by name; by key where several have the name
_PERSON = (
    "(SELECT CASE WHEN w.key IS NOT NULL AND (SELECT count(*) FROM people o WHERE o.name_key = w.name_key) > 1"
    " THEN w.key ELSE w.name END FROM people w WHERE w.id = {})"
)
_MONEY = "{} / 10000.0"
_READ_ONLY = {"partners": ("status", "parent"), "contacts": ("main", "opt_out")}
_CLOSED = {
    "partners": ("type", "tier", "territory", "country", "manager"),
    "contacts": ("role", "language"),
    "records": ("status", "currency", "owner"),
    "activities": ("currency", "person"),
}
"""Fields whose values are chosen from those there are."""
_PEOPLE = {"manager": "manager", "owner": "owner", "person": "person_id"}
_MOST_CHOICES = 250
_CONTACT = (("name", "Name"), ("role", "Role"), ("email", "E-mail"), ("phone", "Phone"), ("language", "Language"),
            ("valid_until", "Valid until"), ("main", "Main contact"), ("opt_out", "Opted out"))  # fmt: skip
_RECORD = (("ref", "Reference"), ("name", "Name"), ("status", "Status"), ("starts_on", "Starts"), ("ends_on", "Ends"),
           ("amount", "Amount"), ("currency", "Currency"), ("quantity", "Quantity"), ("note", "Note"), ("owner", "Owner"))  # fmt: skip
_ACTIVITY = (("occurred_on", "Date"), ("ref", "Reference"), ("amount", "Amount"), ("currency", "Currency"),
             ("quantity", "Quantity"), ("note", "Note"), ("person", "Person"))  # fmt: skip
_DATES = ("starts_on", "ends_on", "valid_until", "occurred_on", "joined_on")
_AMOUNTS = {"amount": "money", "quantity": "number"}


def uid(conn: sqlite3.Connection) -> str:
    """Names this file in its present state: the beginning of the hash of its last change."""
    row = conn.execute("SELECT hash FROM changes ORDER BY id DESC LIMIT 1").fetchone()
    return str(row[0])[:UID_LENGTH] if row else "0" * UID_LENGTH


def partners(conn: sqlite3.Connection, ids: Sequence[int], token: str) -> OutSheet:
    """Partners in the order of `ids`, with every field and custom field that is used."""
    columns = [OutColumn(ID, "id")]
    exprs = [f"'{token}-p' || t.id"]
    for key, (label, kind) in FIELDS.items():
        parent = "(SELECT o.code FROM partners o WHERE o.id = t.parent)"
        exprs.append(parent if key == "parent" else _stored("partners", key))
        type_ = "date" if kind == "date" else "text"
        columns.append(OutColumn(label, _target("partners", key), type_, _choices(conn, "partners", key)))
    if conn.execute("SELECT 1 FROM tags LIMIT 1").fetchone():
        exprs.append("(SELECT group_concat(tag, ', ') FROM tags WHERE partner_id = t.id)")
        columns.append(OutColumn("Tags", "skip"))
    for system in _systems(conn):
        exprs.append(f"(SELECT k.key FROM partner_keys k WHERE k.partner_id = t.id AND k.system = '{system}' LIMIT 1)")
        columns.append(OutColumn(f"{system} key", f"key:{system}"))
    custom, more = _custom(conn, "partner", "", "t.custom")
    return OutSheet(
        "Partners", "partners", headers_apart([*columns, *more]), _listed(conn, "partners", [*exprs, *custom], ids)
    )


def _systems(conn: sqlite3.Connection) -> list[str]:
    return [s for (s,) in conn.execute("SELECT DISTINCT system FROM partner_keys ORDER BY 1") if s.isidentifier()]


def _target(table: str, key: str) -> str:
    return "skip" if key in _READ_ONLY.get(table, ()) else key


def _stored(table: str, key: str) -> str:
    """A field of a row of `t` as it goes out."""
    if key in _PEOPLE:
        return _PERSON.format(f"t.{_PEOPLE[key]}")
    if key in ("main", "opt_out"):
        return f"CASE WHEN t.{key} THEN 'yes' ELSE 'no' END"
    return _MONEY.format(f"t.{key}") if key in _AMOUNTS else f"t.{key}"


def _choices(conn: sqlite3.Connection, table: str, key: str, kind: str = "") -> tuple[str, ...]:
    """The values a field may have: those it has, and for the status of a record those its kind knows."""
    if key not in _CLOSED[table]:
        return ()
    of = "" if not kind else "WHERE t.kind = :kind"
    known = ""
    if key == "status":
        known = (
            " UNION SELECT j.value FROM kinds k, json_each(k.open) j WHERE k.tbl = 'record' AND k.name = :kind AND"
            " lower(j.value) NOT IN (SELECT lower(t.status) FROM records t WHERE kind = :kind AND status IS NOT NULL)"
        )
    found = conn.execute(
        f"SELECT v FROM (SELECT DISTINCT {_stored(table, key)} AS v FROM {table} t {of}{known})"
        " WHERE v IS NOT NULL ORDER BY v LIMIT :most",
        {"kind": kind, "most": _MOST_CHOICES + 1},
    ).fetchall()
    return tuple(str(v) for (v,) in found) if len(found) <= _MOST_CHOICES else ()


def _custom(conn: sqlite3.Connection, table: str, kind: str, column: str) -> tuple[list[str], list[OutColumn]]:
    fields = conn.execute(
        "SELECT key, label, type FROM fields WHERE tbl = ? AND kind = ? ORDER BY ord, id", (table, kind)
    ).fetchall()
    exprs = [f"json_extract({column}, '$.\"{_quoted(key)}\"')" for key, _, _ in fields]
    types = {"date": "date", "number": "number"}
    return exprs, [OutColumn(label, f"custom:{key}", types.get(kind, "text")) for key, label, kind in fields]


def _quoted(key: str) -> str:
    return str(key).replace("'", "''").replace('"', '\\"')


def _listed(conn: sqlite3.Connection, table: str, exprs: Sequence[str], ids: Sequence[int]) -> Iterator[Sequence[Any]]:
    """Rows in the order of ids, a few thousand at a time."""
    for begin in range(0, len(ids), 4000):
        part = json.dumps(list(ids[begin : begin + 4000]))
        yield from conn.execute(
            f"SELECT {', '.join(exprs)} FROM json_each(?) j JOIN {table} t ON t.id = j.value ORDER BY j.key", (part,)
        )


def _owned(
    conn: sqlite3.Connection,
    table: str,
    fields: Sequence[tuple[str, str]],
    custom: tuple[str, str, str],
    where: str,
    ids: Sequence[int] | None,
    token: str,
) -> tuple[list[OutColumn], Iterator[Sequence[Any]]]:
    subject, kind, column = custom
    columns = [OutColumn(ID, "id"), OutColumn("Partner", "partner"), OutColumn("Partner name", "partner_name")]
    exprs = [f"'{token}-{table[0]}' || t.id", "p.code", "p.name"]
    for key, label in fields:
        exprs.append(_stored(table, key))
        type_ = "date" if key in _DATES else _AMOUNTS.get(key, "text")
        columns.append(OutColumn(label, _target(table, key), type_, _choices(conn, table, key, kind)))
    more_exprs, more = _custom(conn, subject, kind, column)
    of = "" if ids is None else "AND t.partner_id IN (SELECT value FROM json_each(:ids))"
    rows = conn.execute(
        f"SELECT {', '.join([*exprs, *more_exprs])} FROM {table} t JOIN partners p ON p.id = t.partner_id"
        f" WHERE {where} {of} ORDER BY p.name COLLATE NOCASE, p.id, t.id",
        {"kind": kind, "ids": json.dumps(list(ids or ()))},
    )
    return headers_apart([*columns, *more]), rows


def contacts(conn: sqlite3.Connection, ids: Sequence[int] | None, token: str) -> OutSheet:
    """Everyone at the partners of `ids` (None: of all)."""
    columns, rows = _owned(conn, "contacts", _CONTACT, ("contact", "", "t.custom"), "1", ids, token)
    return OutSheet("Contacts", "contacts", columns, rows)


def records(conn: sqlite3.Connection, kind: str, ids: Sequence[int] | None, token: str) -> OutSheet:
    """The records of one kind."""
    columns, rows = _owned(conn, "records", _RECORD, ("record", kind, "t.data"), "t.kind = :kind", ids, token)
    return OutSheet(f"Records {kind}", f"record:{kind}", columns, rows)


def activities(conn: sqlite3.Connection, kind: str, ids: Sequence[int] | None, token: str) -> OutSheet:
    """The activities of one kind that hold now."""
    where = "t.kind = :kind AND t.superseded_at IS NULL"
    columns, rows = _owned(conn, "activities", _ACTIVITY, ("activity", kind, "t.data"), where, ids, token)
    return OutSheet(f"Activities {kind}", f"activity:{kind}", columns, rows)


def approvals(conn: sqlite3.Connection, ids: Sequence[int] | None, token: str, viewer: int | None = None) -> OutSheet:
    """Open approvals a person may see, to be signed: each with what its decider has to know, and empty cells for the answer."""
    columns = [
        OutColumn(ID, "id"), OutColumn("Partner", "skip"), OutColumn("Partner name", "skip"), OutColumn("What", "skip"),
        OutColumn("Why", "skip"), OutColumn("Asked for by", "skip"), OutColumn("To be signed by", "skip"),
        OutColumn("Due", "skip", "date"), OutColumn("Answers", "skip"), OutColumn("Decision", "decision"),
        OutColumn("Signed by", "signed_by"), OutColumn("Signed on", "signed_on", "date"), OutColumn("Remark", "remark"),
    ]  # fmt: skip
    of = "" if ids is None else "AND t.partner_id IN (SELECT value FROM json_each(:ids))"
    rows = conn.execute(
        f"SELECT '{token}-t' || t.id, p.code, p.name, t.title, coalesce(t.detail, c.reason),"
        " (SELECT name FROM people WHERE id = coalesce(json_extract(t.data, '$.asked_by'), c.requested_by)),"
        " coalesce((SELECT name FROM people WHERE id = t.owner), t.role),"
        " t.due_on, coalesce((SELECT group_concat(value, ', ') FROM json_each(t.data, '$.choices')) || ' or no', 'yes or no'),"
        " NULL, NULL, NULL, NULL FROM tasks t JOIN partners p ON p.id = t.partner_id JOIN cases c ON c.id = t.case_id"
        f" WHERE t.kind = 'approval' AND t.state = 'open' AND {MAY_SEE} {of} ORDER BY t.due_on IS NULL, t.due_on, t.id",
        {"ids": json.dumps(list(ids or ())), "viewer": viewer},
    )
    return OutSheet("Approvals", "approvals", columns, rows)


def known(conn: sqlite3.Connection, uid: str) -> bool:
    """Whether a sheet with this id went out from this file."""
    row = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM sheets_sent WHERE uid = :uid)"
        " OR EXISTS (SELECT 1 FROM changes WHERE substr(hash, 1, :length) = :uid)",
        {"uid": uid, "length": UID_LENGTH},
    ).fetchone()
    return bool(row[0])


def lines(conn: sqlite3.Connection, kind: str, ids: Sequence[int] | None) -> OutSheet:
    """The lines of the activities of one kind: to be read, not taken back."""
    exprs, more = _custom(conn, "line", kind, "l.data")
    columns = [OutColumn("Partner", "skip"), OutColumn("Date", "skip", "date"), OutColumn("Reference", "skip"),
               OutColumn("Line", "skip", "number"), OutColumn("Amount", "skip", "money"),
               OutColumn("Currency", "skip"), OutColumn("Quantity", "skip", "number")]  # fmt: skip
    of = "" if ids is None else "AND a.partner_id IN (SELECT value FROM json_each(:ids))"
    rows = conn.execute(
        "SELECT p.code, a.occurred_on, a.ref, l.n, l.amount / 10000.0, a.currency, l.quantity / 10000.0"
        f"{''.join(', ' + e for e in exprs)} FROM activity_lines l JOIN activities a ON a.id = l.activity_id"
        f" JOIN partners p ON p.id = a.partner_id WHERE a.kind = :kind AND a.superseded_at IS NULL {of}"
        " ORDER BY p.name COLLATE NOCASE, p.id, a.id, l.n",
        {"kind": kind, "ids": json.dumps(list(ids or ()))},
    )
    fixed = [OutColumn(c.header, "skip", c.type) for c in more]
    return OutSheet(f"Lines {kind}", "skip", headers_apart([*columns, *fixed]), rows, lines_of=kind)


def send(change: Change, uid: str, what: str, recipient: str, due: date | None, body: dict[str, Any]) -> None:
    """Note that a sheet went out; the record as it is after this change is the base when it comes back."""
    change.conn.execute(
        "INSERT INTO sheets_sent(uid, what, recipient, due_on, sent_change, body, state, change_id)"
        " VALUES (?,?,?,?,?,?,'out',?)",
        (uid, what, recipient, due.isoformat() if due else None, change.id, json.dumps(body), change.id),
    )


def sent(conn: sqlite3.Connection) -> list[SentSheet]:
    """Every sheet that was sent, those that are out and due first."""
    return [
        SentSheet(
            uid=row[0],
            what=row[1],
            recipient=row[2] or "",
            sent_on=date.fromisoformat(row[3]),
            due_on=date.fromisoformat(row[4]) if row[4] else None,
            state=row[5],
            file=json.loads(row[6]).get("file", ""),
            rows=sum(len(ids) for ids in json.loads(row[6]).get("ids", {}).values()),
        )
        for row in conn.execute(
            "SELECT s.uid, s.what, s.recipient, c.as_of, s.due_on, s.state, s.body FROM sheets_sent s"
            " JOIN changes c ON c.id = s.sent_change ORDER BY s.state <> 'out', s.due_on IS NULL, s.due_on, s.id"
        )
    ]


def back(change: Change, uid: str) -> None:
    """A sheet that was sent has come back."""
    change.conn.execute("UPDATE sheets_sent SET state = 'back' WHERE uid = ? AND state = 'out'", (uid,))


def close(change: Change, uid: str) -> bool:
    """Wait for a sheet no longer; False when none of that id is out."""
    return (
        change.conn.execute("UPDATE sheets_sent SET state = 'closed' WHERE uid = ? AND state = 'out'", (uid,)).rowcount
        > 0
    )


def mapping(conn: sqlite3.Connection, letter: str, row_id: int) -> OutSheet | None:
    """The columns a sheet has in which such a row went out, for one that came back without its hidden page."""
    if letter == "p":
        return partners(conn, [], "")
    if letter == "c":
        return contacts(conn, [], "")
    if letter == "t":
        return approvals(conn, [], "")
    if letter == "h":
        return transition.sheet([], "", {})
    if letter in ("w", "v"):
        return questions.reasons(conn, [], "") if letter == "w" else questions.review([], "")
    table = {"r": "records", "a": "activities"}.get(letter)
    row = conn.execute(f"SELECT kind FROM {table} WHERE id = ?", (row_id,)).fetchone() if table else None
    if row is None:
        return None
    return records(conn, row[0], [], "") if letter == "r" else activities(conn, row[0], [], "")


def kinds(conn: sqlite3.Connection, table: str, ids: Sequence[int] | None) -> list[str]:
    """The kinds of records or activities there are; `table` may also be activity_lines."""
    of = "1" if ids is None else "partner_id IN (SELECT value FROM json_each(:ids))"
    source = {
        "activity_lines": "activities WHERE lines > 0 AND superseded_at IS NULL AND",
        "activities": "activities WHERE superseded_at IS NULL AND",
    }.get(table, f"{table} WHERE")
    found = conn.execute(f"SELECT DISTINCT kind FROM {source} {of} ORDER BY kind", {"ids": json.dumps(list(ids or ()))})
    return [kind for (kind,) in found]


def everyone(conn: sqlite3.Connection) -> list[int]:
    """Ids of all partners, in the order of their names."""
    return [
        i for (i,) in conn.execute("SELECT id FROM partners WHERE joined_into IS NULL ORDER BY name COLLATE NOCASE, id")
    ]
