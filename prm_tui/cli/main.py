"""The door: reads the command, calls its function, turns errors into one line and an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from prm_tui import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="prm", description="Partner relationship management in a terminal.")
    parser.add_argument("--version", action="version", version=f"prm {__version__}")
    parser.parse_args(argv)
    parser.print_help(sys.stderr)
    return 2
