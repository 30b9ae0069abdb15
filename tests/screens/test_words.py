"""What is said with keys in the interface is what the services still say with commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from screens.words import WAYS

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("prm_tui", "storage", "importers") for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.fixture(scope="module")
def said() -> str:
    """Every text of the program, its pieces put together, as it stands in the code."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    return re.sub(r"[\"']\s*f?[\"']", "", code)


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in WAYS])
def test_a_way_is_still_said_by_some_service(said: str, pattern: str) -> None:
    kept = pattern.replace("\\(", "\1").replace("\\)", "\2")
    plain = re.sub(r"\(.*?\)\??|\\[dSw]\+?|\.[*+]\??|\$", "\0", kept).replace("\\", "")
    longest = max(plain.split("\0"), key=len).replace("\1", "(").replace("\2", ")").strip()
    assert len(longest) > 3 and longest in said
