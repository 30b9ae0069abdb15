"""Contacts at partners, and records of partners, in the file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Any

from prm_tui.domain.money import from_units
from prm_tui.domain.partner import Source
from prm_tui.domain.person import Contact
from prm_tui.domain.record import FIELDS, Record
from storage.store import Change


def contacts(conn: sqlite3.Connection, partner_id: int) -> list[Contact]:
    """Everyone at a partner, the main contact first."""
    return [
        Contact(
            id=row[0],
            partner_id=row[1],
            name=row[2],
            role=row[3],
            email=row[4],
            phone=row[5],
            language=row[6],
            main=bool(row[7]),
            opt_out=bool(row[8]),
            valid_until=row[9],
            source=_source(*row[10:]),
        )
        for row in conn.execute(
            "SELECT c.id, c.partner_id, c.name, c.role, c.email, c.phone, c.language, c.main, c.opt_out,"
            " c.valid_until, s.file, s.sheet, c.row FROM contacts c LEFT JOIN sources s ON s.id = c.source_id"
            " WHERE c.partner_id = ? ORDER BY c.main DESC, c.name COLLATE NOCASE, c.id",
            (partner_id,),
        )
    ]


def records(conn: sqlite3.Connection, partner_id: int, kind: str | None = None) -> list[Record]:
    """The records of a partner, those that end last first within their kind."""
    listed = ", ".join(_column(key) for key in FIELDS)
    found = conn.execute(
        "SELECT r.id, r.partner_id, r.kind,"
        " coalesce((SELECT k.label FROM kinds k WHERE k.tbl = 'record' AND k.name = r.kind), r.kind),"
        f" r.data, s.file, s.sheet, r.row, {listed} FROM records r LEFT JOIN sources s ON s.id = r.source_id"
        " WHERE r.partner_id = :partner AND (:kind IS NULL OR r.kind = :kind)"
        " ORDER BY r.kind, r.ends_on DESC NULLS FIRST, r.id",
        {"partner": partner_id, "kind": kind},
    )
    return [
        Record(
            id=row[0],
            partner_id=row[1],
            kind=row[2],
            label=row[3],
            fields={key: _value(t, v) for (key, t), v in zip(FIELDS.items(), row[8:], strict=True)},
            data=json.loads(row[4]),
            source=_source(*row[5:8]),
        )
        for row in found
    ]


def _column(key: str) -> str:
    return "(SELECT name FROM people WHERE people.id = r.owner)" if key == "owner" else f"r.{key}"


def _value(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind in ("money", "number"):
        return from_units(value)
    return date.fromisoformat(value) if kind == "date" else value


def _source(file: str | None, sheet: str | None, row: int | None) -> Source | None:
    return None if file is None or sheet is None or row is None else Source(file, sheet, row)


def partner_of(conn: sqlite3.Connection, table: str, row_id: int) -> int | None:
    """The partner a contact, record or activity belongs to, or None when there is no such row."""
    row = conn.execute(f"SELECT partner_id FROM {table} WHERE id = ?", (row_id,)).fetchone()
    return None if row is None else int(row[0])


def kind_of(conn: sqlite3.Connection, record_id: int) -> str | None:
    """The kind of a record, or None when there is no such record."""
    row = conn.execute("SELECT kind FROM records WHERE id = ?", (record_id,)).fetchone()
    return None if row is None else str(row[0])


def set_data(change: Change, record_id: int, data: Mapping[str, Any]) -> None:
    """Set fields that a record's kind has of its own; a value of None is taken away."""
    (before,) = change.conn.execute("SELECT data FROM records WHERE id = ?", (record_id,)).fetchone()
    kept = {key: value for key, value in {**json.loads(before), **data}.items() if value is not None}
    change.conn.execute(
        "UPDATE records SET data = :after WHERE id = :id AND data IS NOT :after",
        {"after": json.dumps(kept, ensure_ascii=False, sort_keys=True), "id": record_id},
    )


def add(change: Change, table: str, values: Mapping[str, Any]) -> int:
    """A new row of contacts or records; `values` are columns as they are stored."""
    known = dict(values, change_id=change.id)
    if table == "records":
        known["learned_at"] = change.at
    cursor = change.conn.execute(
        f"INSERT INTO {table}({', '.join(known)}) VALUES ({', '.join('?' * len(known))})",
        tuple(known.values()),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def edit(change: Change, table: str, row_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of one row of contacts or records."""
    for column, value in values.items():
        change.conn.execute(
            f"UPDATE {table} SET {column} = :value WHERE id = :id AND {column} IS NOT :value",
            {"value": value, "id": row_id},
        )
