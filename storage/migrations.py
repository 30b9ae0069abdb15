"""Every step a file's schema has taken. Append only; a published step is never edited.

sqlite-utils runs the steps; it is imported only when a file is behind, because it costs a start 50 ms.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING

from storage.log_triggers import install

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x70726D31  # "prm1": tells our files from other SQLite files


def m001_every_noun(conn: sqlite3.Connection) -> None:
    """All tables of the product and their indexes."""
    for statement in statements(_script("m001_every_noun.sql")):
        conn.execute(statement)


def m002_currencies(conn: sqlite3.Connection) -> None:
    """Whether amounts are in several currencies can be told at once, without reading every activity."""
    conn.execute("CREATE INDEX activities_currency ON activities(currency) WHERE currency IS NOT NULL")


def m003_contents(conn: sqlite3.Connection) -> None:
    """A sheet that was taken whole is known again by its content, and how much it held."""
    conn.execute("ALTER TABLE sources ADD COLUMN content TEXT")
    conn.execute("ALTER TABLE sources ADD COLUMN held INTEGER")


def m004_what_waits(conn: sqlite3.Connection) -> None:
    """Steps and matches that wait are found without going through all that was ever done.

    Written with OR: SQLite does not see that one state is among those of an IN.
    """
    conn.execute("CREATE INDEX steps_live ON steps(state, step) WHERE state = 'ready' OR state = 'waiting'")
    conn.execute("CREATE INDEX hits_waiting ON hits(state) WHERE state = 'open' OR state = 'held'")


def m005_kinds_of_records(conn: sqlite3.Connection) -> None:
    """When a kind of record was heard of last is told at once, whoever holds one."""
    conn.execute("CREATE INDEX records_kind ON records(kind, learned_at)")


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    m001_every_noun,
    m002_currencies,
    m003_contents,
    m004_what_waits,
    m005_kinds_of_records,
)
LATEST = len(STEPS)


def _script(name: str) -> str:
    return (files("storage") / name).read_text(encoding="utf-8")


def statements(script: str) -> list[str]:
    """A script's statements one by one (executescript would commit the open transaction)."""
    found: list[str] = []
    held = ""
    for line in script.splitlines(keepends=True):
        held += line
        if sqlite3.complete_statement(held):
            found.append(held)
            held = ""
    return [text for text in found if text.strip()]


def migrate(conn: sqlite3.Connection, upto: int | None = None) -> None:
    """Take the steps a file has not taken yet, each in one transaction with its record."""
    from sqlite_utils import Database, Migrations

    runner = Migrations("prm")
    for number, step in enumerate(STEPS[:upto], start=1):
        runner(name=step.__name__)(_step(number, step))
    runner.apply(Database(conn))


def _step(number: int, step: Callable[[sqlite3.Connection], None]) -> Callable[[Database], None]:
    def apply(database: Database) -> None:
        conn = database.conn
        step(conn)
        install(conn)  # a new column must be logged too
        conn.execute(f"PRAGMA user_version = {number}")
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    return apply
