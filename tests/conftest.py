"""Fixtures every test may use. Files live in tmp_path; nothing reaches the home folder or the network."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage import Store


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    for name in ("HOME", "USERPROFILE", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    for name in ("PRM_DB", "PRM_ACTOR", "PRM_NOW", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty file of our own, open for writing."""
    with Store.open(tmp_path / "partners.db", create=True) as opened:
        yield opened


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A copy of a file that is made once for all workers of a run.

    Who comes second waits until it is whole: SQLite locks in every system alike.
    """
    base = factory.getbasetemp()
    place = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    path, done = place / name, place / f"{name}.done"
    lock = sqlite3.connect(place / f"{name}.lock", timeout=300, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
        if not done.exists():
            path.unlink(missing_ok=True)
            make(path)
            done.touch()
    finally:
        lock.close()
    return Path(shutil.copy(path, factory.mktemp("own") / name))


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration file, for tests that only look; those that write take a copy."""
    from prm_tui.services import demo

    return once(tmp_path_factory, "demo.db", demo.build)
