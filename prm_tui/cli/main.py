"""The door: reads the command, calls its function, turns errors into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

from prm_tui import __version__
from prm_tui.domain.errors import PrmError, UsageError

if TYPE_CHECKING:
    import argparse

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        print(f"prm {__version__}")
        return 0
    try:
        alone = _without_command(arguments)
        if alone is not None:
            return _interface(alone)
        from prm_tui.cli.parser import parser

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


def _without_command(arguments: list[str]) -> SimpleNamespace | None:
    """The options when there is no command: the interface does not wait for the parser of forty commands."""
    found: dict[str, str] = {}
    waiting = iter(arguments)
    for word in waiting:
        name, equals, value = word.partition("=")
        if name not in ("--db", "--as-of", "--actor"):
            return None
        given = value if equals else next(waiting, None)
        if given is None:
            return None
        found[name.lstrip("-").replace("-", "_")] = given
    return SimpleNamespace(**found)


def _interface(options: argparse.Namespace | SimpleNamespace) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The interface needs a terminal. Without one use a command: prm partners, prm --help")
    from prm_tui.cli.common import database, interface

    return interface(database(options), options)
