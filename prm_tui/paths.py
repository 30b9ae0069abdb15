"""Where prm keeps its things: the user's data, configuration and log folders of each system."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import PlatformDirs

_DIRS = PlatformDirs("prm", appauthor=False)


def data() -> Path:
    """The folder of files nobody named another place for; made when it is missing."""
    folder = Path(_DIRS.user_data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def database() -> Path:
    """The file commands work on: PRM_DB, else partners.db in the data folder."""
    named = os.environ.get("PRM_DB")
    return Path(named) if named else data() / "partners.db"


def demonstration() -> Path:
    """The demonstration file."""
    return data() / "demo.db"


def configuration() -> Path:
    """The file of keys and themes; it need not exist."""
    return Path(_DIRS.user_config_dir) / "prm.toml"


def log() -> Path:
    """The log of the interface."""
    return Path(_DIRS.user_log_dir) / "prm.log"
