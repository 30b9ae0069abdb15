"""The office of the stories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packs.office import Office, opened


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A file with Dana, who writes rules, Max, who switches them on, and Lea."""
    found = opened(tmp_path / "office.db", monkeypatch)
    yield found
    found.store.close()
