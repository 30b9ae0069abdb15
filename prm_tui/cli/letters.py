"""prm letters: the letters of a case."""

from __future__ import annotations

from typing import Any


def register(commands: Any) -> None:
    """Add this group's command."""
