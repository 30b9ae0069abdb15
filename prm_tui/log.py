"""The log of the interface: what it said, in a file of the user's state folder."""

from __future__ import annotations

import logging

from prm_tui import paths

_LOG = logging.getLogger("prm")


def begin() -> None:
    """Write to the file from now on; a folder that cannot be written is no reason not to start."""
    path = paths.log()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)


def write(said: str, *, bad: bool = False) -> None:
    """One line."""
    _LOG.log(logging.WARNING if bad else logging.INFO, "%s", said)
