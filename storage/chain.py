"""The hash chain: each change is sealed with a hash over itself, its log lines and the change before it."""

from __future__ import annotations

import hashlib
import json
import sqlite3

_FIELDS = "id, at, as_of, actor_id, actor, kind, why, caused_by, undoes, undo_scope, rows, inserted, digest, prev_hash"


def seal(conn: sqlite3.Connection, change_id: int) -> None:
    """Write the hash of the change before a finished one, and its own; its digest and its figures stand already."""
    previous = conn.execute("SELECT hash FROM changes WHERE id < ? ORDER BY id DESC LIMIT 1", (change_id,)).fetchone()
    conn.execute("UPDATE changes SET prev_hash = ? WHERE id = ?", (previous[0] if previous else "", change_id))
    conn.execute("UPDATE changes SET hash = ? WHERE id = ?", (_hash(conn, change_id), change_id))


def broken_links(conn: sqlite3.Connection) -> list[int]:
    """The changes whose seal does not fit what the file holds now; empty when all is well."""
    broken = []
    previous = ""
    for change_id, digest, prev_hash, sealed in conn.execute(
        "SELECT id, digest, prev_hash, hash FROM changes ORDER BY id"
    ).fetchall():
        whole = prev_hash == previous and digest == log_digest(conn, change_id)[0] and sealed == _hash(conn, change_id)
        if not whole:
            broken.append(change_id)
        previous = sealed
    return broken


def log_digest(conn: sqlite3.Connection, change_id: int) -> tuple[str, int]:
    """A digest of all that a change logged, and how many rows that is about."""
    running, rows = hashlib.sha256(), set[tuple[str, int]]()
    lines = conn.execute(
        "SELECT tbl, row_id, col, before, after FROM change_log WHERE change_id = ? ORDER BY id", (change_id,)
    )
    while batch := lines.fetchmany(1000):
        running.update("".join(map(repr, batch)).encode("utf-8", "surrogatepass"))
        rows.update([(table, row) for table, row, *_ in batch])
    return running.hexdigest(), len(rows)


def sealed(conn: sqlite3.Connection, change_id: int) -> str:
    """The text over which the hash of a change is made: JSON, the hash of the change before it at its end."""
    row = conn.execute(f"SELECT {_FIELDS} FROM changes WHERE id = ?", (change_id,)).fetchone()
    return json.dumps(row, ensure_ascii=True)


def _hash(conn: sqlite3.Connection, change_id: int) -> str:
    return hashlib.sha256(sealed(conn, change_id).encode()).hexdigest()
