"""Contacts whose time has come, what the file holds about one, and the copies beside the file that hold it, too."""

from __future__ import annotations

import mmap
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from prm_tui.domain.change import noun
from prm_tui.domain.privacy import Due, Scrubber, Subject, variants
from prm_tui.domain.sheet import OutColumn, OutSheet
from storage import holds, naming
from storage.migrations import APPLICATION_ID

_SHOWN = "change_log"


def due(conn: sqlite3.Connection, days: int, as_of: date) -> list[Due]:
    """Contacts of partners whose last deactivation was closed so many days ago, those longest due first."""
    rows = conn.execute(
        f"SELECT t.id, t.name, p.id, p.code, p.name, max(c.closed_on) AS closed FROM {naming.EVERYONE} t JOIN partners p ON"
        " p.id = t.partner_id JOIN cases c ON c.partner_id = p.id AND c.kind = 'deactivation' AND c.outcome = 'deactivated'"
        " WHERE p.status = 'Deactivated' AND t.name <> 'Contact ' || t.id GROUP BY t.id"
        " HAVING closed <= date(:as_of, '-' || :days || ' days') ORDER BY closed, p.code, t.id",
        {"days": days, "as_of": as_of.isoformat()},
    ).fetchall()
    found = []
    for row_id, contact, partner_id, code, name, closed in rows:
        held, on = holds.hold(conn, partner_id), date.fromisoformat(closed)
        found.append(Due(row_id, contact, code, name, on, on + timedelta(days=days), held.text if held else ""))
    return found


def contacts_named(conn: sqlite3.Connection, said: str) -> list[tuple[int, str, str | None, str]]:
    """Contacts that may be meant by a number (#17), an e-mail address or a name: (id, name, e-mail, partner's code)."""
    return conn.execute(
        f"SELECT c.id, c.name, c.email, p.code FROM {naming.EVERYONE} c JOIN partners p ON p.id = c.partner_id"
        " WHERE '#' || c.id = :said OR folded(c.email) = folded(:said) OR name_key(c.name) = name_key(:said) ORDER BY c.id",
        {"said": said.strip()},
    ).fetchall()


def of_partner(conn: sqlite3.Connection, partner_id: int) -> list[int]:
    """The contacts of a partner, by id."""
    return [
        i for (i,) in conn.execute(f"SELECT id FROM {naming.EVERYONE} WHERE partner_id = ? ORDER BY id", (partner_id,))
    ]


def held_about(conn: sqlite3.Connection, one: Subject, partner_id: int) -> list[OutSheet]:
    """All that the file holds about a contact, as sheets: its own fields, and each place that names it."""
    names = [str(row[1]) for row in conn.execute("PRAGMA table_info(contacts)")]
    row = conn.execute(f"SELECT {', '.join(names)} FROM contacts WHERE id = ?", (one.contact_id,)).fetchone()
    inner = ("id", "partner_id", "source_id", "row", "change_id")
    fields = [
        (n, _plain(v))
        for n, v in zip(names, row or [None] * len(names), strict=True)
        if v is not None and n not in inner
    ]
    hits: dict[tuple[str, int, str], naming.Found] = {}
    for scopes, place in (
        (("file",), naming.everywhere(conn)),
        (("file", "partner"), naming.of_partner(conn, partner_id)),
        (("file", "partner", "own"), naming.of_contact(one.contact_id)),
    ):
        for hit in naming.scan(conn, Scrubber([one], *scopes), place):
            hits.setdefault((hit.table, hit.row_id, hit.column), hit)
    lines = [
        (
            "history of changes" if h.table == _SHOWN else noun(h.table, 1),
            h.row_id,
            h.column,
            _plain(h.said),
            _source(conn, h),
        )
        for h in hits.values()
        if (h.table, h.row_id) != ("contacts", one.contact_id)
    ]
    columns = ("Where", "Number", "Field", "What it says", "From")
    return [
        OutSheet("Contact", "skip", [OutColumn("Field", "skip"), OutColumn("Value", "skip")], fields),
        OutSheet("Where it is named", "skip", [OutColumn(c, "skip", "number" if c == "Number" else "text") for c in columns], lines),
    ]  # fmt: skip


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _source(conn: sqlite3.Connection, hit: naming.Found) -> str | None:
    """The cell a row came from, or when and by whom it was changed."""
    if hit.table == _SHOWN:
        row = conn.execute(
            "SELECT c.actor, c.at FROM change_log l JOIN changes c ON c.id = l.change_id WHERE l.id = ?", (hit.row_id,)
        ).fetchone()
        return f"{row[0]} on {datetime.fromtimestamp(row[1], UTC):%Y-%m-%d}"
    if hit.table not in ("contacts", "activities", "activity_lines", "records", "feed_rows", "partners"):
        return None
    row = conn.execute(
        f"SELECT s.file, s.sheet, t.row FROM {hit.table} t JOIN sources s ON s.id = t.source_id WHERE t.id = ?",
        (hit.row_id,),
    ).fetchone()
    return None if row is None else f"{row[0]}, sheet {row[1]}, row {row[2]}"


def copies(path: Path, subjects: Sequence[Subject]) -> list[Path]:
    """Copies of the file that lie beside it and still hold what is erased."""
    said = {way.encode() for s in subjects for t in s.terms if t.scope != "own" for way in variants(t)}
    found = []
    for copy in sorted(path.parent.iterdir()):
        ours = copy.name.startswith((f"{path.name}-", f"{path.name}."))  # its own WAL and index
        if copy.is_file() and copy != path and not ours and _is_ours(copy) and _holds(copy, said):
            found.append(copy)
    return found


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError:
        return False
    return head[:15] == b"SQLite format 3" and int.from_bytes(head[68:72]) == APPLICATION_ID


def _holds(path: Path, said: set[bytes]) -> bool:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as pages:
            return any(pages.find(way) >= 0 for way in said)
    except (OSError, ValueError):
        return True  # nobody can look: it may
