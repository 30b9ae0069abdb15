"""The staging file: what was read, before anything is understood or written.

A SQLite file of its own that the child process fills and the storage room attaches:

    files(id, path, name, hash, bytes)
    sheets(id, file_id, name, visible, header_row, n_rows, content, again)     header_row 0: the sheet has none
    columns(sheet_id, pos, header, type, decided, filled, example, orders)  type: text, number, date, date?, empty
    notes(sheet_id, text)                                      what a person should know
    known(key)                                                 partner keys, where a column must be found by them
    rows_<sheet id>(row INTEGER PRIMARY KEY, c0, c1, …, hash)  row: its number in the sheet, from 1

Numbers are INTEGER or REAL, dates ISO text, everything else text; an empty cell is NULL. A column of type
`date?` holds days and months that nothing settles; its values stay as they were written, and `orders` are the
possible answers. `hash` is that of the
row's cells as they came, `content` that of the whole sheet (importers/content.py). A sheet with `again` has the
content of one that was taken before; its rows are not staged.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass, field
from pathlib import Path

_TABLES = """
CREATE TABLE files(id INTEGER PRIMARY KEY, path TEXT, name TEXT, hash TEXT, bytes INTEGER);
CREATE TABLE sheets(id INTEGER PRIMARY KEY, file_id INTEGER, name TEXT, visible INTEGER, header_row INTEGER,
  n_rows INTEGER, content TEXT, again INTEGER NOT NULL DEFAULT 0);
CREATE TABLE columns(sheet_id INTEGER, pos INTEGER, header TEXT, type TEXT, decided TEXT, filled INTEGER,
  example TEXT, orders TEXT NOT NULL DEFAULT '');
CREATE TABLE notes(sheet_id INTEGER, text TEXT);
CREATE TABLE known(key TEXT);
"""


@dataclass
class Told:
    """What the reading child is told beforehand, in a file beside the staging file.

    `contents`: of sheets that were taken before (importers/content.py), whose rows need not be staged again;
    `header_sets`: hashes of header sets that have been read before, by which a header row is known again;
    `header_rows`: by sheet, the row that a person said is the header (0: the sheet has none).
    """

    contents: list[str] = field(default_factory=list)
    header_sets: list[str] = field(default_factory=list)
    header_rows: dict[str, int] = field(default_factory=dict)

    def write(self, staging: Path) -> None:
        """Leave it beside a staging file that is to be made."""
        staging.with_suffix(".told").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def beside(cls, staging: Path) -> Told:
        """What lies beside a staging file; nothing where nothing lies."""
        path = staging.with_suffix(".told")
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else cls()


def create(path: Path) -> sqlite3.Connection:
    """A fresh staging file. It is thrown away after use, so nothing about it needs to survive a crash."""
    conn = connect(path)
    conn.execute("PRAGMA page_size = 32768")  # it is written once, and read from end to end
    conn.executescript(_TABLES)
    return conn


def connect(path: Path) -> sqlite3.Connection:
    """An open staging file."""
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = OFF")
    conn.execute("PRAGMA synchronous = OFF")
    conn.execute("PRAGMA cache_size = -16000")
    return conn
