"""Fixtures every test may use. Files live in tmp_path; nothing reaches the home folder or the network."""

from __future__ import annotations

from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration file, for tests that only look; those that write take a copy."""
    from prm_tui.services import demo

    path = tmp_path_factory.mktemp("demo") / "demo.db"
    demo.build(path)
    return path
