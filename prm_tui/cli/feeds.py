"""prm feeds."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import actor, command, day, opened, print_json, print_table, say, with_json

if TYPE_CHECKING:
    from datetime import date

    from prm_tui.domain.feed import Feed


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(
        command(commands, "feeds", "List what sheets bring again and again: covered to, due, overdue.", _feeds)
    )
    made.add_argument(
        "feed", nargs="?", metavar="FEED", help="One of them, with its sheets: its id, or words of its name."
    )
    made.add_argument("--every", metavar="PERIOD", help="How often its sheet comes: week, month, quarter, year; none: no"
                      " other is expected; seen: as its sheets show.")  # fmt: skip
    made.add_argument("--due", metavar="DAYS", help="How many days after a period's end its sheet is due; none: as late as"
                      " its sheets usually come, else 7.")  # fmt: skip
    made.add_argument("--covered-to", metavar="DATE", help="The day up to which it is complete; none: its newest fact.")


def _feeds(options: argparse.Namespace) -> int:
    from prm_tui.domain.errors import UsageError
    from prm_tui.domain.feed import names
    from prm_tui.services import feeds

    said = {"every": options.every, "due": options.due, "covered_to": options.covered_to}
    declared = any(value is not None for value in said.values())
    if declared and not options.feed:
        raise UsageError("Say which feed: prm feeds FEED --every month. Without options prm feeds lists them.")
    with opened(options) as store:
        today = day(options, store)
        if options.feed:
            feed = feeds.find(store, options.feed)
            if declared:
                change = feeds.declare(store, feed, **said, actor=actor(options, store), as_of=today)
                say(f"Change {change}. Take it back with: prm undo {change}" if change else "Nothing is new.")
                feed = feeds.find(store, str(feed.id))
            found, sheets = [feed], feeds.sheets(store, feed.id)
        else:
            found, sheets = feeds.list_of(store), []
        held = feeds.rows(store)
    if options.json:
        print_json([_told(f, today, held.get(f.id, 0)) | ({"sheets": sheets} if options.feed else {}) for f in found])
        return 0
    called = names(found)
    print_table(
        ("Id", "Kind", "Source", "Covered to", "By", "Every", "Next sheet", "Sheets", "Rows"),
        [
            (f.id, f.kind, called[f.id], f.covered_to, f.covered_by, f.rhythm_said, f.state(today), f.imports, f"{held.get(f.id, 0):,}")
            for f in found
        ],
        (True, False, False, False, False, False, False, True, True),
    )  # fmt: skip
    if sheets:
        print()
        print_table(
            ("Read on", "File", "Sheet", "Rows", "Newest fact"),
            [(s.read, s.file, s.sheet, f"{s.rows:,}", s.newest) for s in sheets],
            (False, False, False, True),
        )
    late = sum(1 for f in found if f.overdue(today))
    if late and not options.feed:
        say(f"{late} overdue as of {today}.")
    return 0


def _told(feed: Feed, today: date, rows: int) -> dict[str, Any]:
    return {
        "id": feed.id, "kind": feed.kind, "source": feed.source, "name": feed.name, "covered_to": feed.covered_to,
        "declared": feed.declared, "imports": feed.imports, "every": feed.every, "every_declared": feed.every_declared,
        "expects": feed.expects, "due_days": feed.due, "due": feed.expected_on, "overdue": feed.overdue(today),
        "state": feed.state(today), "rows": rows, "last_file": feed.last_file, "last_read": feed.last_read,
    }  # fmt: skip
