"""prm feeds."""

from __future__ import annotations

import argparse
from typing import Any

from prm_tui.cli.common import actor, command, day, opened, print_json, print_table, say, with_json


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(
        command(commands, "feeds", "List what sheets bring again and again: covered to, due, overdue.", _feeds)
    )
    made.add_argument("feed", nargs="?", metavar="FEED", help="One of them: its id, or words of its name.")
    made.add_argument("--every", metavar="PERIOD", help="How often its sheet comes: week, month, quarter, year; none.")
    made.add_argument("--due", metavar="DAYS", help="How many days after a period's end its sheet is due (7).")
    made.add_argument("--covered-to", metavar="DATE", help="The day up to which it is complete; none: its newest fact.")


def _feeds(options: argparse.Namespace) -> int:
    from prm_tui.domain.errors import UsageError
    from prm_tui.services import feeds

    said = (options.every, options.due, options.covered_to)
    declared = any(value is not None for value in said)
    if declared and not options.feed:
        raise UsageError("Say which feed: prm feeds FEED --every month. Without options prm feeds lists them.")
    with opened(options) as store:
        today = day(options, store)
        found = [feeds.find(store, options.feed)] if options.feed else feeds.list_of(store)
        if declared:
            change = feeds.declare(
                store, found[0], every=options.every, due=options.due, covered_to=options.covered_to,
                actor=actor(options, store), as_of=today,
            )  # fmt: skip
            say(f"Change {change}." if change else "Nothing is new.")
            found = [feeds.find(store, str(found[0].id))]
    if options.json:
        print_json(
            [
                {
                    "id": f.id, "kind": f.kind, "source": f.source, "covered_to": f.covered_to, "declared": f.declared,
                    "imports": f.imports, "every": f.every, "every_declared": f.every_declared, "expects": f.expects,
                    "due": f.expected_on, "overdue": f.overdue(today), "last_file": f.last_file,
                }
                for f in found
            ]
        )  # fmt: skip
        return 0
    names = [f.name for f in found]
    rows = [
        (
            f.id, f.kind, f.name if names.count(f.name) == 1 else f.source, f.covered_to,
            ("declared" if f.declared else "its newest fact") if f.covered_to else "",
            f"{f.every} ({'declared' if f.every_declared else 'seen'})" if f.every else "", f.state(today), f.imports,
        )
        for f in found
    ]  # fmt: skip
    right = (True, False, False, False, False, False, False, True)
    print_table(("Id", "Kind", "Source", "Covered to", "By", "Every", "Next sheet", "Sheets"), rows, right)
    return 0
