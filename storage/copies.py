"""Copies that are safe while the file is in use: backup, restore, and the copy before a migration."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from prm_tui.domain.errors import StoreError
from storage.migrations import APPLICATION_ID


def backup(conn: sqlite3.Connection, out: Path) -> Path:
    """Copy the whole file, WAL included, in one step; the copy is checked before it takes its name.

    Raises StoreError when the copy cannot be written or does not pass SQLite's quick check.
    """
    if out.exists():
        raise StoreError(f"{out}: there is already a file of this name. Choose another; nothing was written.")
    if not out.parent.is_dir():
        raise StoreError(f"{out}: the folder {out.parent} does not exist. Make it first.")
    partial = out.with_name(out.name + ".part")
    partial.unlink(missing_ok=True)
    try:
        target = sqlite3.connect(partial)
        try:
            conn.backup(target, pages=-1)
            target.execute("PRAGMA journal_mode = DELETE")
            verdict = target.execute("PRAGMA quick_check").fetchone()[0]
        finally:
            target.close()
    except sqlite3.Error as error:
        partial.unlink(missing_ok=True)
        raise StoreError(f"{out}: the copy could not be written ({error}).") from error
    if verdict != "ok":
        partial.unlink(missing_ok=True)
        raise StoreError(f"{out}: the copy is damaged ({verdict}), so it was not kept. Run: prm check")
    partial.replace(out)
    return out


def copy_before_migration(conn: sqlite3.Connection, path: Path, version: int) -> Path:
    """Keep the file as it was beside itself: name.schema-1.db, numbered if that exists."""
    for n in range(1000):
        name = f"{path.stem}.schema-{version}{f'-{n}' if n else ''}{path.suffix}"
        out = path.with_name(name)
        if not out.exists():
            return backup(conn, out)
    raise StoreError(f"{path}: a thousand copies of older schemas lie beside it. Move them away first.")


def restore(copy: Path, path: Path) -> Path | None:
    """Put a copy in place of a file; what was there is kept beside it and its new name returned.

    Raises StoreError when the copy is not one of prm's files or does not pass its checks.
    """
    if not copy.is_file():
        raise StoreError(f"{copy}: there is no such file.")
    kept: Path | None = None
    try:
        source = sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise StoreError(f"{copy}: cannot be opened ({error}).") from error
    try:
        ours = source.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        if not ours:
            raise StoreError(f"{copy}: this is not a copy of a prm file. Nothing was changed.")
        arriving = path.with_name(path.name + ".restoring")
        arriving.unlink(missing_ok=True)
        backup(source, arriving)
    except sqlite3.Error as error:
        raise StoreError(f"{copy}: the copy is damaged ({error}). Nothing was changed.") from error
    finally:
        source.close()
    if path.exists():
        kept = _keep_aside(path)
    arriving.replace(path)
    return kept


def _keep_aside(path: Path) -> Path:
    """Move a file away after folding its WAL into it; refused while another program has it open."""
    conn = sqlite3.connect(path, timeout=1.0, isolation_level=None)
    try:
        conn.execute("PRAGMA locking_mode = EXCLUSIVE")
        conn.execute("BEGIN EXCLUSIVE")
        conn.execute("COMMIT")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise StoreError(f"{path}: another program has it open. Close it and try again.") from error
    finally:
        conn.close()
    for n in range(1, 1000):
        aside = path.with_name(f"{path.stem}.before-restore-{n}{path.suffix}")
        if not aside.exists():
            for tail in ("", "-wal", "-shm"):
                part = path.with_name(path.name + tail)
                if part.exists():
                    part.rename(aside.with_name(aside.name + tail))
            return aside
    raise StoreError(f"{path}: a thousand files set aside lie beside it. Move them away first.")
