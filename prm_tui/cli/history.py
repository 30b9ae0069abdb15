"""prm history, undo, check, backup, restore, where."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from prm_tui.cli.common import (
    actor,
    command,
    database,
    day,
    opened,
    plain,
    print_json,
    print_table,
    say,
    with_json,
)


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(
        command(commands, "history", "List what was changed, by whom and why; the latest first.", _history)
    )
    made.add_argument("--limit", type=int, default=20, metavar="N", help="At most so many (0: all).")
    made.add_argument("--partner", metavar="CODE", help="Only changes that touched this partner.")
    made = with_json(command(commands, "undo", "Take a change back; the latest when none is named.", _undo))
    made.add_argument("change", nargs="?", type=int, metavar="CHANGE", help="Its number (see: prm history).")
    made.add_argument("--only", metavar="CODE", help="Only what belongs to this partner.")
    made.add_argument("--dry-run", action="store_true", help="Say what would be put back; change nothing.")
    command(commands, "check", "Look whether the file is sound and lies where it is safe.", _check)
    made = command(commands, "backup", "Write a copy that is whole even while the file is in use.", _backup)
    made.add_argument("out", nargs="?", metavar="OUT", help="Where (else beside the file, with the date).")
    made = command(commands, "restore", "Put a copy in the place of the file; the old one is kept.", _restore)
    made.add_argument("copy", metavar="COPY", help="The copy.")
    command(commands, "where", "Print which files and folders are in use.", _where)


def _history(options: argparse.Namespace) -> int:
    from prm_tui.services import history, partners

    with opened(options) as store:
        only = partners.resolve(store, options.partner) if options.partner else None
        rows = history.changes(store, options.limit or None, only)
    if options.json:
        print_json([{"id": r.id, "at": r.at, "as_of": r.as_of, "actor": r.actor, "why": r.why, "rows": r.rows,
                     "caused_by": r.caused_by, "undone_by": r.undone_by} for r in rows])  # fmt: skip
        return 0
    print_table(
        ("Change", "At", "Who", "Why", "Rows", "Undone by"),
        [(r.id, r.at.strftime("%Y-%m-%d %H:%M"), r.actor, r.why, r.rows, r.undone_by) for r in rows],
        (True, False, False, False, True, True),
    )
    return 0


def _undo(options: argparse.Namespace) -> int:
    from prm_tui.services import history, partners

    with opened(options) as store:
        only = partners.resolve(store, options.only) if options.only else None
        who = actor(options, store)
        if options.dry_run:
            plan = history.plan_undo(store, options.change, only)
        else:
            plan = history.undo(store, options.change, only, actor=who, as_of=day(options, store))
    if options.json:
        print_json({"change": plan.change.id, "why": plan.change.why, "done_by": plan.done_by, "counts": plan.counts,
                    "cannot": plan.cannot, "dry_run": options.dry_run})  # fmt: skip
    else:
        print(plain(f"Change {plan.change.id}: {plan.change.why}"))
        for sentence in plan.sentences():
            print(plain(f"  {sentence}"))
    if options.dry_run:
        say("Nothing was changed (dry run).")
    return 0 if plan.whole else 1


def _check(options: argparse.Namespace) -> int:
    from prm_tui.services import files

    with opened(options) as store:
        findings = files.check(store)
    for finding in findings:
        print(
            plain(
                f"{'ok ' if finding.well else 'NOT'}  {finding.what}{': ' + finding.detail if finding.detail else ''}"
            )
        )
    return 0 if all(f.well for f in findings) else 1


def _backup(options: argparse.Namespace) -> int:
    from prm_tui import clock
    from prm_tui.services import files

    with opened(options) as store:
        path = store.path
        out = (
            Path(options.out) if options.out else path.with_name(f"{path.stem}.{clock.today(store.zone)}{path.suffix}")
        )
        print(files.backup(store, out))
    return 0


def _restore(options: argparse.Namespace) -> int:
    from prm_tui.services import files

    kept = files.restore(Path(options.copy), database(options))
    say(f"{database(options)} is now what {options.copy} was." + (f" The old file is {kept}." if kept else ""))
    return 0


def _where(options: argparse.Namespace) -> int:
    from prm_tui import paths
    from prm_tui.services import files

    for what, path in (
        ("file", database(options)),
        ("demonstration", paths.demonstration()),
        ("configuration", paths.configuration()),
        ("log", paths.log()),
    ):
        print(f"{what}: {path}{'' if path.exists() else ' (not there yet)'}")
    place = files.unsafe_place(database(options))
    if place:
        say(f"warning: {place}")
    return 0
