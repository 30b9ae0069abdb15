"""One file, one connection: opening with the right guards, reading, and the one way to write.

    with store.change("corrected the phone", actor=person_id, as_of=day) as change:
        change.conn.execute(…)

is one transaction and one row of `changes`. A change that wrote nothing leaves no row.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from prm_tui import clock
from prm_tui.domain.errors import AlreadyThere, PrmError, StoreError, UsageError
from storage import chain, words
from storage.log_triggers import logged_tables
from storage.migrations import APPLICATION_ID, LATEST, migrate

OLDEST_SQLITE = (3, 39, 0)
SYSTEM = "prm"
_WHOLE = "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"
_WITHIN = "SAVEPOINT change", "RELEASE change", "ROLLBACK TO change"
"""How a change begins, is kept, is dropped: on its own, and within a rehearsal."""


@dataclass
class Change:
    """An open change: what the rows it inserts must carry, and how long facts have been known."""

    id: int
    at: int
    as_of: date
    actor_id: int | None
    conn: sqlite3.Connection
    rows: int = 0
    restored: int = 0  # rows that undo put back; they keep the change that first made them
    rehearsed: bool = False  # it will be rolled back: nothing needs to be decided yet

    @property
    def kept(self) -> bool:
        """Whether it wrote anything (only meaningful once the change has ended)."""
        return self.rows > 0


class Store:
    """One open file. Not for two threads at once: each thread opens its own."""

    def __init__(self, path: Path, conn: sqlite3.Connection, *, read_only: bool) -> None:
        self.path = path
        self.conn = conn
        self.read_only = read_only
        self._tables: list[str] | None = None
        self._rehearsing = False

    @classmethod
    def open(cls, path: Path, *, create: bool = False, read_only: bool = False) -> Store:
        """Open a file, bringing an older one up to date after copying it.

        Raises StoreError when the file is missing (and `create` is off), locked, damaged, not ours,
        newer than this program, or when SQLite is too old. Nothing is changed then.
        """
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoreError(
                f"This Python carries SQLite {sqlite3.sqlite_version}; prm needs 3.39 or newer. Install a newer Python."
            )
        fresh = not path.exists() or path.stat().st_size == 0
        if fresh and not create:
            raise StoreError(
                f"{path}: there is no such file. Make one with: prm import WORKBOOK --db {path}, prm people add NAME"
                " (your own people), or prm demo"
            )
        if fresh and not path.parent.is_dir():
            raise StoreError(f"{path}: the folder {path.parent} does not exist. Make it first.")
        try:
            store = cls(path, _connect(path, read_only=read_only), read_only=read_only)
        except sqlite3.Error as error:
            raise opening_error(path, error) from error
        try:
            if fresh:
                store._begin_file()
            else:
                store._recognise()
        except sqlite3.Error as error:
            store.close()
            raise opening_error(path, error) from error
        except BaseException:
            store.close()
            raise
        return store

    def _begin_file(self) -> None:
        self.conn.execute("PRAGMA journal_mode = WAL")
        migrate(self.conn)
        if clock.replaced():
            self.mark_clock()

    def mark_clock(self) -> None:
        """Write into the file, for ever, that its clock was replaced."""
        with self.change("the clock was replaced when this file was made", actor=None, kind="system") as change:
            change.conn.execute(
                "INSERT INTO settings(key, value, change_id) VALUES ('clock', 'replaced', ?)"
                " ON CONFLICT (key) DO NOTHING",
                (change.id,),
            )

    def _recognise(self) -> None:
        found = self.conn.execute("PRAGMA application_id").fetchone()[0]
        version = self.conn.execute("PRAGMA user_version").fetchone()[0]
        if found != APPLICATION_ID:
            raise StoreError(f"{self.path}: this is a SQLite file, but not one of prm's. Nothing was changed.")
        if version > LATEST:
            raise StoreError(
                f"{self.path}: written by a newer prm (schema {version}, this program knows {LATEST}). "
                "Update prm; nothing was changed."
            )
        if version < LATEST and not self.read_only:
            from storage.copies import copy_before_migration

            copy_before_migration(self.conn, self.path, version)
            migrate(self.conn)
        if clock.replaced() and not self.read_only and self.setting("clock") is None:
            self.mark_clock()

    @property
    def rehearsing(self) -> bool:
        """Whether nothing of what is done now will remain."""
        return self._rehearsing

    def interrupt(self) -> None:
        """Stop what runs on this connection; may be called from another thread."""
        self.conn.interrupt()

    def data_version(self) -> int:
        """A number that changes when another connection has written."""
        return int(self.conn.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close the connection; an open change is rolled back."""
        self.conn.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def setting(self, key: str) -> str | None:
        """A setting of the file, or None."""
        row = self.conn.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    @property
    def zone(self) -> str:
        """The file's IANA time zone: the one in which "today" is read."""
        return self.setting("zone") or "UTC"

    @property
    def demonstration(self) -> bool:
        """Whether this is a demonstration file, where as-of and real date may differ when approving."""
        return self.setting("demo.as_of") is not None

    def today(self) -> date:
        """The date things are evaluated for unless told otherwise: a demonstration's own, else today."""
        own = self.setting("demo.as_of")
        return date.fromisoformat(own) if own else clock.today(self.zone)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent picture of the file, for several reads that belong together."""
        if self.conn.in_transaction:
            yield self.conn
            return
        self.conn.execute("BEGIN")
        try:
            yield self.conn
        finally:
            self.conn.execute("COMMIT")

    @contextmanager
    def change(
        self,
        why: str,
        *,
        actor: int | None,
        as_of: date | None = None,
        kind: str = "edit",
        caused_by: int | None = None,
        undoes: tuple[int, str | None] | None = None,
        rehearse: bool = False,
    ) -> Iterator[Change]:
        """One act of one person (`actor`: their id, None for the program itself): one transaction.

        `undoes` is (change, scope) for a change that takes another back: rows it puts back keep the
        change that first inserted them. An exception rolls everything back; so does having written
        nothing, and so does `rehearse`, which runs the very same code to see what it would do.
        """
        if self.read_only:
            raise StoreError(f"{self.path}: opened for reading only. Nothing was changed.")
        if self.conn.in_transaction and not self._rehearsing:
            raise RuntimeError("a change inside a change")
        begin, keep, drop = _WHOLE if not self._rehearsing else _WITHIN
        try:
            self.conn.execute(begin)
        except sqlite3.Error as error:
            raise opening_error(self.path, error) from error
        try:
            change = self._open_change(why, actor, as_of or self.today(), kind, caused_by, undoes)
            change.rehearsed = rehearse or self._rehearsing
            highest = self._highest_ids()
            yield change
            change.rows = self._finish(change, highest)
            self.conn.execute(keep if change.kept and not rehearse else drop)
        except sqlite3.IntegrityError as error:
            self._roll_back()
            raise AlreadyThere(f"{self.path}: {error}. Nothing was changed.") from error
        except sqlite3.OperationalError as error:
            self._roll_back()
            raise opening_error(self.path, error) from error
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Several changes, one after the other, of which nothing remains in the end.

        They are the very same code: each takes effect for what follows, and all are rolled back together. Nobody
        else can write meanwhile. Not for use inside a change.
        """
        if self.read_only:
            raise StoreError(f"{self.path}: opened for reading only. Nothing can be rehearsed.")
        try:
            self.conn.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise opening_error(self.path, error) from error
        self._rehearsing = True
        try:
            yield
        finally:
            self._rehearsing = False
            self._roll_back()

    def _roll_back(self) -> None:
        if self.conn.in_transaction:
            self.conn.execute(_WITHIN[2] if self._rehearsing else "ROLLBACK")

    def _open_change(
        self,
        why: str,
        actor: int | None,
        as_of: date,
        kind: str,
        caused_by: int | None,
        undoes: tuple[int, str | None] | None,
    ) -> Change:
        name = SYSTEM
        if actor is not None:
            row = self.conn.execute("SELECT name FROM people WHERE id = ?", (actor,)).fetchone()
            if row is None:
                raise UsageError("The person who acts is not among the people. Add one: prm people add NAME")
            name = row[0]
        at = clock.now()
        undone, scope = undoes or (None, None)
        cursor = self.conn.execute(
            "INSERT INTO changes(at, as_of, actor_id, actor, kind, why, caused_by, undoes, undo_scope)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            (at, as_of.isoformat(), actor, name, kind, why, caused_by, undone, scope),
        )
        assert cursor.lastrowid is not None
        self.conn.execute(
            "INSERT INTO open_change VALUES (?,?,?)",
            (cursor.lastrowid, as_of.isoformat(), undone is not None),
        )
        return Change(cursor.lastrowid, at, as_of, actor, self.conn)

    def _highest_ids(self) -> dict[str, int]:
        if self._tables is None:
            self._tables = logged_tables(self.conn)
        parts = " UNION ALL ".join(f"SELECT '{t}', coalesce(max(id), 0) FROM {t}" for t in self._tables)
        return dict(self.conn.execute(parts).fetchall())

    def _finish(self, change: Change, before: dict[str, int]) -> int:
        inserted: dict[str, list[int]] = {}
        for table, high in self._highest_ids().items():
            if high > before[table]:
                (count,) = self.conn.execute(
                    f"SELECT count(*) FROM {table} WHERE id > ? AND change_id = ?", (before[table], change.id)
                ).fetchone()
                inserted[table] = [before[table], high, count]
        rows = change.restored + sum(count for _, _, count in inserted.values())
        digest, logged = chain.log_digest(self.conn, change.id)
        self.conn.execute("DELETE FROM open_change")
        self.conn.execute(
            "UPDATE changes SET rows = ?, inserted = ?, digest = ? WHERE id = ?",
            (rows + logged, json.dumps(inserted, sort_keys=True), digest, change.id),
        )
        chain.seal(self.conn, change.id)
        return int(rows + logged)


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    conn = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5.0, check_same_thread=False)
    try:
        for pragma in (
            "busy_timeout = 5000",
            "foreign_keys = ON",
            "recursive_triggers = ON",
            "synchronous = FULL",
            "temp_store = MEMORY",
            "journal_size_limit = 67108864",
            "cache_size = -32000",
        ):
            conn.execute(f"PRAGMA {pragma}")
        words.register(conn)
    except sqlite3.Error:
        conn.close()  # not one of SQLite's files
        raise
    return conn


def opening_error(path: Path, error: sqlite3.Error) -> PrmError:
    """SQLite's complaint in words that say what to do."""
    text = str(error)
    if "not a database" in text:
        return StoreError(f"{path}: this is not a SQLite file. Choose another file with --db.")
    if "malformed" in text or "corrupt" in text or "disk I/O" in text:
        return StoreError(f"{path}: the file is damaged ({text}). Restore a copy: prm restore COPY --db {path}")
    if "locked" in text or "busy" in text:
        return StoreError(f"{path}: another program is writing to this file. Try again in a moment.")
    if "readonly" in text or "read-only" in text or "unable to open" in text:
        return StoreError(f"{path}: the file or its folder cannot be written ({text}). Check its permissions.")
    if "full" in text:
        return StoreError(f"{path}: the disk is full. Nothing was changed; free some space and try again.")
    return StoreError(f"{path}: SQLite says: {text}. Nothing was changed.")
