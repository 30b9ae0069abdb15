"""prm run: what is due, from cron or by hand."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import actor, command, day, opened, print_json, print_table, say, with_json

if TYPE_CHECKING:
    from prm_tui.domain.run import Run

LISTED = 40


def register(commands: Any) -> None:
    """Add this group's command."""
    made = with_json(
        command(commands, "run", "Do what is due: deadlines, triggers, the next steps of open cases.", _run)
    )
    made.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")


def _run(options: argparse.Namespace) -> int:
    from prm_tui.services import automation

    with opened(options) as store:
        as_of, who = day(options, store), actor(options, store)
        done = (
            automation.rehearse(store, as_of=as_of)
            if options.dry_run
            else automation.run(store, as_of=as_of, actor=who)
        )
    return told(done, options.json)


def told(done: Run, as_json: bool) -> int:
    """Print a run; 1 when matches are held."""
    if as_json:
        print_json(done.as_json())
    else:
        for line in done.lines():
            say(line)
        shown = done.effects[:LISTED]
        if shown:
            print_table(("Round", "What", "Partner", "Name", "Which", "By"),
                        [(e.round, e.kind, e.code, e.name, _which(e.what, e.before, e.after), e.by) for e in shown],
                        (True,))  # fmt: skip
        if len(done.effects) > LISTED:
            say(f"and {len(done.effects) - LISTED:,} more; --json lists them")
        if done.changes:
            say(f"Change {done.changes[0]}. Take it back with: prm undo {done.changes[0]}")
        for warning in done.warnings:
            say(f"warning: {warning}")
        if done.held:
            say("Let held matches go with: prm triggers release NAME")
    return 1 if done.held else 0


def _which(what: str, before: Any, after: Any) -> str:
    return what if before is None and after is None else f"{what}: {before or 'empty'} → {after or 'empty'}"
