"""The whole command line as argparse knows it."""

from __future__ import annotations

import argparse
import re
from importlib import import_module

from prm_tui import __version__
from prm_tui.domain.errors import UsageError

GROUPS = (
    "exchange",
    "partners",
    "conditions",
    "backtest",
    "feeds",
    "packs",
    "triggers",
    "run",
    "calendar",
    "settings",
    "inactive",
    "insights",
    "ledger",
    "deactivation",
    "winback",
    "review",
    "cases",
    "obligations",
    "letters",
    "systems",
    "outbox",
    "privacy",
    "history",
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # ours raises instead of leaving
        said = re.sub(r"invalid int value: '(.*)'$", r"“\1” is no whole number", message)
        raise UsageError(f"{said}. See: {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """The whole command line, every group registered."""
    whole = _Parser(
        prog="prm",
        description="Partner relationship management in a terminal. Without a command the interface opens.",
    )
    whole.add_argument("--version", action="version", version=f"prm {__version__}", help="Print the version.")
    add_common(whole)
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for name in GROUPS:
        import_module(f"prm_tui.cli.{name}").register(commands)
    return whole


def add_common(command: argparse.ArgumentParser) -> None:
    """The options every command takes."""
    group = command.add_argument_group("options of every command")
    group.add_argument("--db", metavar="FILE", default=argparse.SUPPRESS, help="The file to work on (else PRM_DB).")
    group.add_argument(
        "--as-of",
        metavar="DATE",
        default=argparse.SUPPRESS,
        help="Evaluate as of this date, YYYY-MM-DD. What is written is still recorded now.",
    )
    group.add_argument(
        "--actor", metavar="NAME", default=argparse.SUPPRESS, help="The person who acts (else PRM_ACTOR)."
    )
