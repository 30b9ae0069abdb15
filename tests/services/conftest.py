"""The office in which stories of automation are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import Store
from tests.services.rules import an_office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A file with Dana, who writes rules, and Max, who switches them on; and three partners."""
    with an_office(tmp_path, monkeypatch) as store:
        yield store
