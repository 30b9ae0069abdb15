"""One write path: every write belongs to a change, and a change is all or nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from prm_tui.domain.errors import StoreError
from storage import Store, chain

ADD = "INSERT INTO partners(code, name, name_key, search, change_id) VALUES (?, ?, '', '', ?)"


def add(store: Store, code: str, name: str) -> int:
    with store.change(f"added {code}", actor=None) as change:
        change.conn.execute(ADD, (code, name, change.id))
    return change.id


def test_a_write_outside_a_change_is_impossible(store: Store) -> None:
    change = add(store, "1", "A Bike Store")
    stranger = sqlite3.connect(store.path)
    for statement in (
        f"INSERT INTO partners(code, name, name_key, search, change_id) VALUES ('2', 'B', '', '', {change})",
        "UPDATE partners SET name = 'C'",
        "DELETE FROM partners",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="outside a change"):
            stranger.execute(statement)
        stranger.rollback()
    stranger.close()


def test_a_change_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.change("half", actor=None) as change:
        change.conn.execute(ADD, ("1", "A", change.id))
        _ = 1 / 0
    assert store.conn.execute("SELECT count(*) FROM partners").fetchone() == (0,)
    assert store.conn.execute("SELECT count(*) FROM changes").fetchone() == (0,)


def test_a_change_that_wrote_nothing_is_not_kept(store: Store) -> None:
    with store.change("looked around", actor=None) as change:
        pass
    assert not change.kept
    assert store.conn.execute("SELECT count(*) FROM changes").fetchone() == (0,)


def test_an_update_logs_only_what_changed_and_custom_fields_key_by_key(store: Store) -> None:
    add(store, "1", "A Bike Store")
    with store.change("set fields", actor=None) as change:
        change.conn.execute("""UPDATE partners SET name = 'A', custom = '{"phone": "1", "city": "Bern"}'""")
    with store.change("set phone", actor=None) as second:
        change.conn.execute("""UPDATE partners SET custom = '{"phone": "2", "city": "Bern"}'""")
    log = store.conn.execute("SELECT col, before, after FROM change_log WHERE change_id = ?", (second.id,)).fetchall()
    assert ("custom.phone", "1", "2") in log
    assert not any(col == "custom.city" for col, _, _ in log)
    first = store.conn.execute("SELECT col FROM change_log WHERE change_id = ?", (change.id,)).fetchall()
    assert {col for (col,) in first} == {"name", "custom.phone", "custom.city"}


def test_tier_and_status_keep_their_history(store: Store) -> None:
    add(store, "1", "A Bike Store")
    with store.change("promoted", actor=None) as change:
        change.conn.execute("UPDATE partners SET tier = 'Gold'")
    rows = store.conn.execute("SELECT field, value, valid_from FROM field_history ORDER BY id").fetchall()
    assert rows == [("tier", None, None), ("tier", "Gold", change.as_of.isoformat())]


def test_the_chain_notices_a_changed_past(store: Store) -> None:
    add(store, "1", "A")
    with store.change("renamed", actor=None) as change:
        change.conn.execute("UPDATE partners SET name = 'B'")
    add(store, "2", "C")
    assert chain.broken_links(store.conn) == []
    store.conn.execute("UPDATE change_log SET before = 'Z' WHERE change_id = ?", (change.id,))
    assert chain.broken_links(store.conn) == [change.id]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"not a database at all, but long enough to be looked at" * 20, "not a SQLite file")],
)
def test_a_file_that_is_not_ours_is_refused_untouched(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=words):
        Store.open(path)
    assert path.read_bytes() == content


def test_a_foreign_sqlite_file_and_a_newer_one_are_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as conn:
        conn.execute("CREATE TABLE t(x)")
    with pytest.raises(StoreError, match="not one of prm's"):
        Store.open(foreign)
    newer = tmp_path / "newer.db"
    Store.open(newer, create=True).close()
    with sqlite3.connect(newer) as conn:
        conn.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer prm"):
        Store.open(newer)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="prm demo"):
        Store.open(tmp_path / "none.db")
