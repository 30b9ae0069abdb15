"""The notice table of a file, where it has one of its own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

from prm_tui.domain.notice import Line
from storage.cases import insert
from storage.store import Change


def table(conn: sqlite3.Connection) -> tuple[Line, ...] | None:
    """The lines, None where the file has only what comes with the program."""
    row = conn.execute("SELECT body FROM policies WHERE kind = 'notice' ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else tuple(Line(**line) for line in json.loads(row[0]))


def put(change: Change, lines: Sequence[Line]) -> None:
    """A new version of the table; those before it stay."""
    (version,) = change.conn.execute(
        "SELECT coalesce(max(version), 0) + 1 FROM policies WHERE kind = 'notice'"
    ).fetchone()
    body = json.dumps([asdict(line) for line in lines], ensure_ascii=False)
    insert(change, "policies", {"kind": "notice", "name": "notice table", "body": body, "version": version,
                                "effective_from": change.as_of.isoformat()})  # fmt: skip
