"""Backup, restore and the copy before a migration."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from prm_tui.domain.errors import StoreError
from storage import Store, migrations
from storage.copies import backup, restore


def partner(store: Store, code: str) -> None:
    with store.change("add", actor=None) as change:
        change.conn.execute(
            "INSERT INTO partners(code, name, name_key, search, change_id) VALUES (?, 'A', '', '', ?)",
            (code, change.id),
        )


def codes(path: Path) -> list[str]:
    with Store.open(path, read_only=True) as store:
        return [code for (code,) in store.conn.execute("SELECT code FROM partners ORDER BY code")]


def test_a_backup_holds_what_was_written_while_the_file_is_open(store: Store, tmp_path: Path) -> None:
    partner(store, "1")
    out = backup(store.conn, tmp_path / "copy.db")
    partner(store, "2")
    assert codes(out) == ["1"]
    assert not (tmp_path / "copy.db-wal").exists()
    with pytest.raises(StoreError, match="already a file"):
        backup(store.conn, out)


def test_restore_puts_the_copy_in_place_and_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with Store.open(path, create=True) as store:
        partner(store, "1")
        copy = backup(store.conn, tmp_path / "copy.db")
        partner(store, "2")
    kept = restore(copy, path)
    assert codes(path) == ["1"]
    assert kept is not None
    assert codes(kept) == ["1", "2"]


def test_restore_refuses_what_is_not_a_copy_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    partner(store, "1")
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as conn:
        conn.execute("CREATE TABLE t(x)")
    conn.close()
    text = tmp_path / "text.db"
    text.write_text("no database, but long enough to be read as a page of one " * 40)
    for wrong in (foreign, text, tmp_path / "none.db"):
        with pytest.raises(StoreError):
            restore(wrong, store.path)
    assert codes(store.path) == ["1"]


def test_restore_over_a_file_in_use_is_refused(store: Store, tmp_path: Path) -> None:
    partner(store, "1")
    copy = backup(store.conn, tmp_path / "copy.db")
    store.conn.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="open"):
        restore(copy, store.path)
    store.conn.execute("ROLLBACK")
    assert codes(store.path) == ["1"]


@pytest.mark.parametrize("rows", [0, 3])
@pytest.mark.parametrize("version", range(1, migrations.LATEST + 1))
def test_every_older_schema_opens_with_its_rows(tmp_path: Path, version: int, rows: int) -> None:
    path = tmp_path / "old.db"
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    migrations.migrate(conn, version)
    old = Store(path, conn, read_only=False)
    for code in range(rows):
        partner(old, str(code))
    old.close()
    assert codes(path) == [str(code) for code in range(rows)]
    with Store.open(path) as store:
        assert store.conn.execute("PRAGMA user_version").fetchone() == (migrations.LATEST,)
    copies = list(tmp_path.glob("old.schema-*.db"))
    assert len(copies) == (version < migrations.LATEST)


def test_a_migration_copies_the_file_first_and_one_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.db"
    with Store.open(path, create=True) as store:
        partner(store, "1")

    steps, newest = migrations.STEPS, migrations.LATEST

    def breaks(conn: sqlite3.Connection) -> None:
        conn.execute("ALTER TABLE partners ADD COLUMN rating TEXT")
        raise sqlite3.OperationalError("disk I/O error")

    def works(conn: sqlite3.Connection) -> None:
        conn.execute("ALTER TABLE partners ADD COLUMN rating TEXT")

    for step, fails in ((breaks, True), (works, False)):
        monkeypatch.setattr(migrations, "STEPS", (*steps, step))
        monkeypatch.setattr(migrations, "LATEST", newest + 1)
        monkeypatch.setattr("storage.store.LATEST", newest + 1)
        if fails:
            with pytest.raises(StoreError):
                Store.open(path)
            continue
        with Store.open(path) as store:
            names = [row[1] for row in store.conn.execute("PRAGMA table_info(partners)")]
            assert "rating" in names
            partner(store, "2")
    assert codes(path) == ["1", "2"]
    assert codes(tmp_path / f"p.schema-{newest}.db") == ["1"]
