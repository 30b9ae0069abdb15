"""prm settings."""

from __future__ import annotations

import argparse
from typing import Any

from prm_tui.cli.common import actor, command, day, opened, print_json, print_table, say, with_json


def register(commands: Any) -> None:
    """Add this group's command."""
    made = with_json(command(commands, "settings", "Show what the file is told about itself, or change it.", _settings))
    made.add_argument("key", nargs="?", metavar="KEY", help="One setting.")
    made.add_argument("value", nargs="?", metavar="VALUE", help="What it is to be.")


def _settings(options: argparse.Namespace) -> int:
    from prm_tui.domain.setting import known
    from prm_tui.services import file_settings

    with opened(options) as store:
        if options.value is not None:
            said = {options.key: options.value}
            change = file_settings.put(store, said, actor=actor(options, store), as_of=day(options, store))
            say(f"Change {change}. Take it back with: prm undo {change}" if change else "It is so already.")
        keys = [known(options.key).key] if options.key else None
        rows = [row for row in file_settings.listed(store) if keys is None or row.setting.key in keys]
    if options.json:
        print_json([{"key": r.setting.key, "value": r.value, "standard": r.setting.standard, "by": r.by} for r in rows])
        return 0
    print_table(
        ("Key", "Value", "By", "About"),
        [(r.setting.key, r.value, r.by or "standard", r.setting.about) for r in rows],
        whole=True,
    )
    return 0
