"""What commands share: the file, the date, the person who acts, and ways of printing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prm_tui import paths

if TYPE_CHECKING:
    import argparse
    from types import SimpleNamespace

    from storage import Store


def command(commands: Any, name: str, about: str, run: Any) -> argparse.ArgumentParser:
    """A subcommand with the options every command takes; `about` is a sentence."""
    from prm_tui.cli.parser import add_common

    made: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    made.set_defaults(run=run)
    add_common(made)
    return made


def with_json(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Give a command that prints data its --json."""
    made.add_argument("--json", action="store_true", help="Print one JSON value and nothing else.")
    return made


def database(options: argparse.Namespace | SimpleNamespace) -> Path:
    """The file a command works on."""
    named = getattr(options, "db", None)
    return Path(named) if named else paths.database()


def as_of(options: argparse.Namespace | SimpleNamespace) -> date | None:
    """The date named by --as-of, or None."""
    named = getattr(options, "as_of", None)
    if named is None:
        return None
    from prm_tui.services.values import read_date

    return read_date(named, "--as-of")


def opened(options: argparse.Namespace, *, create: bool = False) -> Store:
    """The file, open; dates are read before, so that usage errors come first."""
    from prm_tui.services import files

    as_of(options)
    return files.open_file(database(options), create=create)


def day(options: argparse.Namespace, store: Store) -> date:
    """The date a command evaluates for."""
    return as_of(options) or store.today()


def actor(options: argparse.Namespace, store: Store) -> int | None:
    """The id of the person named by --actor or PRM_ACTOR; None when nobody is named."""
    named = getattr(options, "actor", None) or os.environ.get("PRM_ACTOR")
    if not named:
        return None
    from prm_tui.services import people

    return people.find(store, named).id


def interface(path: Path, options: argparse.Namespace | SimpleNamespace) -> int:
    """Open the interface on a file; it is imported only here, since it takes its time."""
    from prm_tui.app import run

    return run(path, actor=getattr(options, "actor", None), as_of=as_of(options))


def plain(text: object) -> str:
    """Text from data as it may be printed on a terminal: control characters become visible."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" if ord(c) < 256 else "?" for c in str(text))


def say(text: str) -> None:
    """Narration, to stderr."""
    print(plain_lines(text), file=sys.stderr)


def plain_lines(text: str) -> str:
    """As `plain`, line by line."""
    return "\n".join(plain(line) for line in text.split("\n"))


def as_json(value: Any) -> Any:
    """A value as JSON takes it: amounts are numbers, dates ISO text."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {k: as_json(v) for k, v in asdict(value).items()}
    if isinstance(value, dict):
        return {k: as_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(v) for v in value]
    return value


def print_json(value: Any) -> None:
    """One JSON value, to stdout."""
    import json

    print(json.dumps(as_json(value), ensure_ascii=False, indent=2))


def print_files(options: argparse.Namespace, written: Iterable[Path]) -> None:
    """The files a command wrote, to stdout."""
    names = [str(path) for path in written]
    if options.json:
        print_json({"files": names})
    else:
        for name in names:
            print(plain(name))


def print_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows as CSV; text a spreadsheet would take for a formula gets an apostrophe."""
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_guarded(as_json(v)) for v in row])


def _guarded(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "'"):
        return f"'{value}"
    return "" if value is None else value


CELL = 40
"""So many characters of a cell are shown in a table."""


def print_table(
    header: Sequence[str],
    rows: Sequence[Sequence[Any]],
    right: Sequence[bool] = (),
    *,
    whole: bool = False,
    beneath: Sequence[Sequence[str]] = (),
) -> None:
    """Rows as aligned text; nothing is coloured. Cells longer than CELL characters are cut with an ellipsis.

    `whole`: not the cells of the last column, which are sentences. `beneath`: sentences under each row.
    """
    shown = [[_cell(v, whole and n == len(row) - 1) for n, v in enumerate(row)] for row in rows]
    widths = [max([len(h), *(len(row[n]) for row in shown)]) for n, h in enumerate(header)]
    sides = [*right, *([False] * (len(header) - len(right)))]
    for n, line in enumerate([list(header), *shown]):
        cells = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, sides, strict=True))
        print("  ".join(cells).rstrip())
        for sentence in beneath[n - 1] if n and beneath else ():
            print(plain(f"      {sentence}"))


def _cell(value: Any, whole: bool = False) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    text = plain(value)
    return text if whole or len(text) <= CELL else text[: CELL - 1] + "…"


def assignments(parts: Sequence[str]) -> dict[str, str]:
    """FIELD=VALUE arguments as a dictionary. UsageError for one without =."""
    from prm_tui.domain.errors import UsageError

    found = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"“{part}”: write FIELD=VALUE, for example territory=West")
        found[key.strip()] = value
    return found
