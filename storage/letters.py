"""Letters of cases in the file: what is kept beside their messages, the text that was approved, what may fill them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from prm_tui.domain.letter import Written
from prm_tui.domain.message import file_stem
from prm_tui.domain.template import Field, Template
from storage import telling
from storage.cases import insert, keep
from storage.rounds import Round, acting
from storage.store import Change

KIND = "letter"
"""The kind of evidence under which documents and approved texts are kept."""


def written(conn: sqlite3.Connection, case_id: int) -> dict[int, Written]:
    """Message → what is kept beside it, of the letters of a case."""
    row = conn.execute("SELECT json_extract(data, '$.letters') FROM cases WHERE id = ?", (case_id,)).fetchone()
    return {int(number): Written(**kept) for number, kept in json.loads(row[0] or "{}").items()} if row else {}


def of_messages(conn: sqlite3.Connection, ids: Iterable[int]) -> dict[int, tuple[Written, dict[str, Any]]]:
    """Those of these messages that are letters of a case: what is kept beside each, and what its case says now."""
    found: dict[int, tuple[Written, dict[str, Any]]] = {}
    for number, data in conn.execute(
        "SELECT m.id, c.data FROM messages m JOIN cases c ON c.id = m.case_id"
        " WHERE m.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    ):
        said = json.loads(data)
        kept = said.get("letters", {}).get(str(number))
        if kept is not None:
            found[number] = Written(**kept), said
    return found


def document(conn: sqlite3.Connection, message_id: int) -> bytes | None:
    """The document that was made of a letter with a letterhead of the user's own."""
    kept, _ = of_messages(conn, [message_id]).get(message_id, (None, {}))
    if kept is None or kept.document is None:
        return None
    row = conn.execute("SELECT body FROM evidence WHERE id = ?", (kept.document,)).fetchone()
    return None if row is None else bytes(row[0])


def _note(change: Change, case_id: int, message_id: int, said: dict[str, Any]) -> None:
    """Keep something beside the message of a letter."""
    change.conn.execute(
        "UPDATE cases SET data = json_patch(data, ?) WHERE id = ?", (json.dumps({"letters": {str(message_id): said}}), case_id)
    )  # fmt: skip


def write(
    change: Change, case_id: int, values: dict[str, Any], beside: dict[str, Any], made: tuple[bytes, str] | None
) -> int:
    """A letter as a draft in the outbox; `made` is its document and the name of the letterhead. Returns the message."""
    number = insert(change, "messages", {"case_id": case_id, "channel": "letter", "state": "draft", **values})
    if made is not None:
        body, name = made
        title = f"letter {number} with the letterhead {name}: {values['subject']}"
        kept, _ = keep(change, case_id, values["partner_id"], KIND, title, body, f"letter {number}.docx")
        beside = {**beside, "document": kept, "letterhead": name}
    _note(change, case_id, number, beside)
    return number


def keep_approved(change: Change, ids: Sequence[int]) -> None:
    """Letters of cases were approved: the text of each is kept, with its hash and who approved it."""
    rows = change.conn.execute(
        "SELECT m.id, m.case_id, m.partner_id, m.subject, m.body, p.code,"
        " (SELECT actor FROM changes WHERE id = :change) FROM messages m JOIN cases c ON c.id = m.case_id"
        " JOIN partners p ON p.id = m.partner_id WHERE m.id IN (SELECT value FROM json_each(:ids))"
        " AND m.channel = 'letter' AND m.state = 'approved' AND c.kind = 'deactivation'",
        {"ids": json.dumps(list(ids)), "change": change.id},
    ).fetchall()
    for number, case_id, partner_id, subject, body, code, actor in rows:
        text = approved_text(subject, body)
        name = f"{file_stem(code, subject, number)}.txt"
        keep(change, case_id, partner_id, KIND, f"letter {number} approved by {actor}: {subject}", text, name)
        _note(change, case_id, number, {"approved": hashlib.sha256(text).hexdigest(), "approved_by": actor})


def approved_text(subject: str, body: str) -> bytes:
    """What of a letter is approved: its subject and its text."""
    return f"{subject}\n\n{body}".encode()


def customers(conn: sqlite3.Connection, partner_id: int) -> list[tuple[int, str, str | None, int | None]]:
    """Customers that a partner serves: record, name, reference, contact."""
    return conn.execute(
        "SELECT r.id, r.name, r.ref, r.contact_id FROM records r JOIN kinds k ON k.tbl = 'record' AND k.name = r.kind"
        " WHERE r.partner_id = ? AND r.kind = 'customer' AND (r.status IS NULL OR EXISTS"
        " (SELECT 1 FROM json_each(k.open) o WHERE o.value = r.status COLLATE NOCASE)) ORDER BY r.name, r.id",
        (partner_id,),
    ).fetchall()


def values(round_: Round, case_id: int, names: Sequence[str]) -> tuple[dict[str, str | None], telling.To]:
    """What can be said of a case for these fields, and the main contact it is said to."""
    first = "SELECT min(id) FROM steps WHERE case_id = ?"
    acting(round_, f"FROM steps s JOIN cases c ON c.id = s.case_id WHERE s.id = ({first})", (case_id,))
    (visit,) = round_.conn.execute("SELECT visit FROM temp.acting").fetchone()
    to = telling.recipients(round_, "contact:main").get(visit, [telling.NOBODY])[0]
    template = Template("", tuple(Field(name, 0, 0) for name in names))
    return telling.fields(round_, [template], {visit: to})[visit], to
