"""Opening the interface: when this person was here before, and what is due by now."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from prm_tui import clock, paths
from prm_tui.domain.run import Run
from prm_tui.services import automation, history
from prm_tui.session import Visit
from storage import Store

KEPT = 50


def _book() -> Path:
    return paths.data() / "visits.json"  # a visit belongs to one person and one computer, not to the file


def begin(store: Store) -> Visit | None:
    """The visit before this one, which is remembered from now on."""
    try:
        said = json.loads(_book().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        said = {}
    said = said if isinstance(said, dict) else {}
    key = str(store.path.resolve())
    before = said.pop(key, None)
    latest = history.changes(store, 1)
    said[key] = [clock.now(), latest[0].id if latest else 0]
    with suppress(OSError):  # that it cannot be written hurts nobody
        _book().write_text(json.dumps(dict(list(said.items())[-KEPT:])), encoding="utf-8")
    match before:
        case [int(at), int(change)]:
            return Visit(datetime.fromtimestamp(at, UTC), change)
    return None


def may_run(store: Store, as_of: date) -> bool:
    """Whether automation runs by itself now: the file can be written, as-of is its own day, something may be due."""
    own = as_of == store.today() and not store.read_only and os.access(store.path, os.W_OK)
    return own and automation.under_way(store)


def run(store: Store, as_of: date) -> Run:
    """Do what is due; by the program itself, and not before the day of the last run."""
    return automation.run(store, as_of=as_of) if automation.may_run(store, as_of) else Run(as_of)
