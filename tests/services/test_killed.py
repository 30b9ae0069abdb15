"""An import is killed at many points: the file holds all of it or none, and takes it when asked again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prm_tui.services import files
from storage import Store

HERE = Path(__file__).parent.parent
WORKBOOK = HERE.parent / "prm_tui" / "data" / "resellers-and-sales.xlsx"
WHOLE = (701, 3796, 60855)


def state(path: Path) -> tuple[int, int, int]:
    with Store.open(path) as store:
        assert all(finding.well for finding in files.check(store))
        row: tuple[int, int, int] = store.conn.execute(
            "SELECT (SELECT count(*) FROM partners), (SELECT count(*) FROM activities),"
            " (SELECT count(*) FROM activity_lines)"
        ).fetchone()
        return row


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that cannot be caught")
def test_a_killed_import_leaves_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    files.open_file(path, create=True).close()
    command = [sys.executable, "-m", "prm_tui", "import", str(WORKBOOK), "--db", str(path)]
    seen = set()
    for wait in (0.3, 0.9, 1.2, 1.5, 1.8, 2.1):
        process = subprocess.Popen(
            command, cwd=HERE.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        begun = time.monotonic()
        while process.poll() is None and time.monotonic() - begun < wait:
            _one_tick(process)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        found = state(path)
        assert found in ((0, 0, 0), WHOLE)
        seen.add(found)
        if found == WHOLE:
            break
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, check=False)
    assert done.returncode == 0
    assert state(path) == WHOLE
    assert (0, 0, 0) in seen


def _one_tick(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(0.02)
    except subprocess.TimeoutExpired:
        return


def test_a_full_disk_is_said_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with files.open_file(path, create=True) as store:
        (pages,) = store.conn.execute("PRAGMA page_count").fetchone()
        store.conn.execute(f"PRAGMA max_page_count = {pages + 200}")  # SQLite's own way to say the disk is full
        from prm_tui.domain.errors import StoreError
        from prm_tui.services import exchange

        with exchange.read(store, [WORKBOOK]) as reading, pytest.raises(StoreError, match="disk is full"):
            exchange.commit(store, reading, actor=None, as_of=store.today())
    assert state(path) == (0, 0, 0)


def test_a_locked_file_and_a_foreign_one_say_what_to_do(tmp_path: Path) -> None:
    from prm_tui.domain.errors import StoreError

    path = tmp_path / "p.db"
    with files.open_file(path, create=True) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        store.conn.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(StoreError, match="another program is writing"), store.change("x", actor=None):
            pass
        other.execute("ROLLBACK")
        other.close()
    foreign = tmp_path / "foreign.db"
    foreign.write_text("this is no database, however long it may be " * 50)
    with pytest.raises(StoreError, match="not a SQLite file"):
        Store.open(foreign)
