"""The office in which stories of automation are told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from storage import Store
from tests.services.rules import an_office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A file with Dana, who writes rules, and Max, who switches them on; and three partners."""
    with an_office(tmp_path, monkeypatch) as store:
        yield store


CUT = date(2013, 6, 30)


@pytest.fixture
def cut_off(demo_file: Path, tmp_path: Path) -> Path:
    """The demonstration as it would be if no sheet had come since June."""
    path = Path(shutil.copy(demo_file, tmp_path / "cut.db"))
    with Store.open(path) as store, store.change("no sheet since June", actor=None) as change:
        gone = "SELECT id FROM activities WHERE occurred_on > ?"
        change.conn.execute(f"DELETE FROM activity_lines WHERE activity_id IN ({gone})", (CUT.isoformat(),))
        change.conn.execute(f"DELETE FROM activities WHERE id IN ({gone})", (CUT.isoformat(),))
        change.conn.execute("UPDATE feeds SET covered_to = ? WHERE kind = 'order'", (CUT.isoformat(),))
    return path
