"""The texts of messages and documents in the file: who wrote what of them, what they were before, saved anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from prm_tui.domain.pack import MessageTemplate
from storage.cases import insert, update
from storage.store import Change

_IN_FORCE = (
    "c.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM changes u WHERE u.undoes = c.id AND u.undo_scope IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM changes r WHERE r.undoes = u.id))"
)
_TOUCHED = "SELECT l.change_id FROM change_log l WHERE l.tbl = 'templates' AND l.row_id = t.id AND l.col IN ('subject', 'body')"


def save(change: Change, template: MessageTemplate, pack: str | None = None) -> None:
    """A template by its name: new (then it is of that pack), or with what is new in it."""
    conn, words = change.conn, {"subject": template.subject, "body": template.body}
    row = conn.execute("SELECT id FROM templates WHERE name = ?", (template.name,)).fetchone()
    if row is None:
        insert(change, "templates", {"name": template.name, **words, **({"pack": pack} if pack else {})})
    else:
        update(change, "templates", row[0], words)


def written_by(change: Change) -> set[str]:
    """The templates that are new, or say something else, by a change."""
    rows = change.conn.execute(
        f"SELECT t.name FROM templates t WHERE t.change_id = :id OR :id IN ({_TOUCHED})", {"id": change.id}
    )
    return {name for (name,) in rows.fetchall()}


def writers(conn: sqlite3.Connection, names: Iterable[str]) -> dict[int, str]:
    """Who wrote these templates as they are now: id of the person → which. What was taken back counts no more."""
    found: dict[int, str] = {}
    for name in names:
        row = conn.execute(
            f"SELECT c.actor_id FROM templates t JOIN changes c ON (c.id = t.change_id OR c.id IN ({_TOUCHED}))"
            f" WHERE t.name = ? AND {_IN_FORCE} ORDER BY c.id DESC LIMIT 1",
            (name,),
        ).fetchone()
        if row and row[0] is not None:
            found.setdefault(row[0], name)
    return found


def before(conn: sqlite3.Connection, name: str) -> MessageTemplate | None:
    """A template as it was before the last change of it that was not taken back; None where there was none."""
    row = conn.execute(
        f"SELECT t.id, t.subject, t.body, max(c.id) FROM templates t JOIN changes c ON c.id IN ({_TOUCHED})"
        f" WHERE t.name = ? AND {_IN_FORCE}",
        (name,),
    ).fetchone()
    if row is None or row[0] is None:
        return None
    logged = conn.execute(
        "SELECT col, before FROM change_log WHERE tbl = 'templates' AND row_id = ? AND change_id = ? ORDER BY id DESC",
        (row[0], row[3]),
    ).fetchall()
    was = {"subject": row[1], "body": row[2], **{col: text for col, text in logged if col in ("subject", "body")}}
    return MessageTemplate(name=name, subject=was["subject"], body=was["body"])
