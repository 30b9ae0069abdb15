"""Work beside the interface."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode


def begin(node: DOMNode, work: Callable[[], Coroutine[Any, Any, Any]], group: str) -> None:
    """Run a coroutine function as a worker of a widget; a newer one of the same group stops it."""
    node.run_worker(work, group=group, exclusive=True)
