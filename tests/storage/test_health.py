"""`prm check` and the warnings about where a file lies."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from storage import Store
from storage.health import examine, filesystem_of, unsafe_place


def test_a_sound_file_has_nothing_to_say(store: Store) -> None:
    assert [f.what for f in examine(store.conn, store.path) if not f.well] == []


def test_a_history_altered_from_outside_is_found(store: Store) -> None:
    with store.change("setting", actor=None) as change:
        change.conn.execute("INSERT INTO settings(key, value, change_id) VALUES ('a', '1', ?)", (change.id,))
    with sqlite3.connect(store.path) as stranger:
        stranger.execute("UPDATE changes SET why = 'something else'")
    stranger.close()
    found = {f.what: f.detail for f in examine(store.conn, store.path) if not f.well}
    assert found == {"the chain of changes": f"the history was altered from outside at change {change.id}"}


@pytest.mark.parametrize("folder", ["OneDrive - Acme", "Dropbox", "iCloud Drive", "Nextcloud"])
def test_a_synced_folder_is_named(tmp_path: Path, folder: str) -> None:
    said = unsafe_place(tmp_path / folder / "partners.db")
    assert said is not None
    assert folder in said
    assert "prm backup" in said


def test_a_network_drive_is_named(tmp_path: Path) -> None:
    said = unsafe_place(tmp_path / "p.db", lambda _: "cifs")
    assert said is not None
    assert "network" in said
    assert unsafe_place(tmp_path / "p.db", lambda _: "ext4") is None


def test_a_conflicted_copy_is_named(tmp_path: Path) -> None:
    (tmp_path / "p (Ann's conflicted copy).db").touch()
    said = unsafe_place(tmp_path / "p.db")
    assert said is not None
    assert "Ann's conflicted copy" in said


def test_the_file_system_is_the_one_of_the_nearest_mount() -> None:
    assert filesystem_of(Path("/proc/self/mounts")) in ("proc", "")
