"""prm packs."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import (
    actor,
    command,
    database,
    day,
    opened,
    plain_lines,
    print_files,
    print_json,
    print_table,
    say,
    with_json,
)
from prm_tui.domain.errors import UsageError

if TYPE_CHECKING:
    from prm_tui.services.packs import Adding
    from storage import Store


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(
        command(commands, "packs", "List packs of rules, show, add or export one, or write its example.", _packs)
    )
    made.add_argument("act", nargs="?", choices=_ACTS, default="list", help="What to do.")
    made.add_argument("name", nargs="?", metavar="NAME", help="The pack; add also takes a TOML file.")
    made.add_argument(
        "out",
        nargs="?",
        metavar="OUT",
        help="export: the file to write (else standard output); example: the folder for its workbooks.",
    )


def _packs(options: argparse.Namespace) -> int:
    if options.act != "list" and not options.name:
        raise UsageError(f"Which pack? prm packs {options.act} NAME. See: prm packs list")
    return _ACTS[options.act](options)


def _list(options: argparse.Namespace) -> int:
    from prm_tui.services import packs

    with _held(options) as store:
        found = packs.listed(store)
    if options.json:
        print_json([{"name": p.name, "title": p.title, "kind": p.kind, "added": p.added} for p in found])
        return 0
    print_table(("Name", "Title", "Kind", "Added"), [(p.name, p.title, p.kind, p.added) for p in found])
    return 0


def _show(options: argparse.Namespace) -> int:
    from prm_tui.services import packs

    with _held(options) as store:
        text = packs.text_of(store, options.name)
    if options.json:
        import tomllib

        print_json(tomllib.loads(text))
    else:
        print(plain_lines(text.rstrip("\n")))
    books = packs.examples(options.name)
    if books:
        say(f"What it reads, as small workbooks ({', '.join(books)}): prm packs example {options.name} FOLDER")
    return 0


def _held(options: argparse.Namespace) -> AbstractContextManager[Store | None]:
    """The file, or nothing where none is named and there is none yet: what comes with the program can be looked at before."""
    path = database(options)
    there = getattr(options, "db", None) or (path.exists() and path.stat().st_size)
    return opened(options) if there else nullcontext()


def _example(options: argparse.Namespace) -> int:
    from prm_tui.services import packs

    print_files(options, packs.write_examples(options.name, Path(options.out or ".")))
    return 0


def _add(options: argparse.Namespace) -> int:
    from prm_tui.services import packs

    packs.looked_for(options.name)
    with opened(options) as store:
        done = packs.add_named(store, options.name, actor=actor(options, store), as_of=day(options, store))
    return told(done, options.json)


def told(done: Adding, as_json: bool) -> int:
    """Say what adding a pack did."""
    if as_json:
        print_json({"name": done.pack.name, "change": done.change, "triggers": list(done.pack.triggers),
                    "workflows": list(done.pack.workflows), "switched_off": done.off, "added_first": done.before})  # fmt: skip
    for name in done.before:
        say(f"{name}: added first, because {done.pack.name} needs it")
    if done.change is None:
        say(f"{done.pack.name}: the file has all of it already. Nothing to change.")
        return 0
    say(f"{done.pack.name}: change {done.change}. Take it back with: prm undo {done.change}")
    for name in done.off:
        say(f"{name} acts otherwise now and is off until {done.agrees} switches it on: prm triggers on {name}")
    new = [name for name in done.pack.triggers if name not in done.off]
    if new:
        say(f"Triggers: {', '.join(new)}. New ones are off; see prm triggers list, prm triggers on NAME")
    return 0


def _export(options: argparse.Namespace) -> int:
    from prm_tui.services import packs

    with opened(options) as store:
        text = packs.export(store, options.name)
    return written(text, options.out)


def written(text: str, out: str | None) -> int:
    """Write TOML to a file, or to stdout as it is."""
    from prm_tui.services import packs

    if out is None:
        print(text, end="")
        return 0
    packs.write_file(Path(out), text)
    say(f"Wrote {out}.")
    return 0


_ACTS = {"list": _list, "show": _show, "add": _add, "export": _export, "example": _example}
