"""prm calendar."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from prm_tui.cli.common import actor, command, day, opened, print_json, say, with_json


def register(commands: Any) -> None:
    """Add this group's command."""
    made = with_json(
        command(
            commands, "calendar", "Show the business calendar by which deadlines are computed, or set it.", _calendar
        )
    )
    made.add_argument("file", nargs="?", metavar="FILE.toml", help="timezone, [hours], holidays, country, region.")


def _calendar(options: argparse.Namespace) -> int:
    from prm_tui.domain import toml
    from prm_tui.services import deadlines, packs

    with opened(options) as store:
        if options.file:
            text = packs.read_file(Path(options.file))
            change = deadlines.set_calendar(store, text, actor=actor(options, store), as_of=day(options, store))
            say(f"Change {change}. Take it back with: prm undo {change}" if change else "It is so already.")
        data = deadlines.written(store)
    if options.json:
        print_json(data)
        return 0
    hours = data.pop("hours", {})
    print("\n".join(f"{toml.key(name)} = {toml.value(value)}" for name, value in data.items()))
    print("\n" + toml.table(("hours",), hours), end="")
    return 0
