"""The door: reads the command, calls its function, turns errors into one line and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from prm_tui import __version__
from prm_tui.domain.errors import PrmError, UsageError

GROUPS = ("exchange", "partners", "conditions", "cases", "history")
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # ours raises instead of leaving
        raise UsageError(f"{message}. See: {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """The whole command line, every group registered."""
    from importlib import import_module

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


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        print(f"prm {__version__}")
        return 0
    try:
        options = parser().parse_args(arguments)
        code = options.run(options) if options.command else _interface(options)
        sys.stdout.flush()
        return int(code or 0)
    except PrmError as error:
        print(f"prm: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("prm: interrupted; nothing is half done", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _interface(options: argparse.Namespace) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The interface needs a terminal. Without one use a command: prm partners, prm --help")
    from prm_tui.cli.common import database, interface

    return interface(database(options), options)
