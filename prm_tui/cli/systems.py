"""prm systems, prm cases systems."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from prm_tui.cli.common import actor, command, day, opened, plain, print_json, print_table, say, with_json
from prm_tui.domain.errors import UsageError

ACTS = ("list", "add", "remove", "check", "sheets")


def register(commands: Any) -> None:
    """Add this group's command."""
    about = "Other systems and departments that are told when partners leave, and whether they heed it."
    made = with_json(command(commands, "systems", about, _systems))
    made.add_argument("act", nargs="?", choices=ACTS, default="list", help="What to do.")
    made.add_argument("name", nargs="?", metavar="NAME", help="add, remove: the system or department.")
    made.add_argument("--columns", metavar="C", default="", help="add: the columns of its own sheet: “Vendor No=key:sap,"
                      " Vendor=name, Status=status:Blocked, Valid to=effective_on”.")  # fmt: skip
    made.add_argument("--kind", metavar="K", default="system", help="add: system or department (system).")
    made.add_argument("--owner", metavar="NAME", default="", help="add: who keeps it up to date: a person or a role.")
    made.add_argument("--due-days", type=int, metavar="N", default=0,
                      help="add: until when, in days from the effective date (0).")  # fmt: skip
    made.add_argument("--sheet", metavar="PATTERN", default="",
                      help="add: its files or sheets (vendors*.xlsx), where their headers do not tell.")  # fmt: skip
    made.add_argument("--out", metavar="FOLDER", help="sheets: where the update sheets are written.")


def _systems(options: argparse.Namespace) -> int:
    from prm_tui.services import systems

    if options.act in ("add", "remove") and not options.name:
        raise UsageError(f"Name it: prm systems {options.act} NAME")
    if options.act == "sheets" and not options.out:
        raise UsageError("Say where to: prm systems sheets --out FOLDER")
    with opened(options) as store:
        person, as_of = actor(options, store), day(options, store)
        if options.act == "sheets":
            return _sent(options, systems.send(store, Path(options.out), actor=person, as_of=as_of), options.out)
        if options.act == "check":
            lines = systems.lines(store)
            _print(options, lines, as_of)
            return 1 if any(line.state(as_of) == "contradicted" for line in lines) else 0
        if options.act == "add":
            change = systems.add(store, options.name, options.columns, kind=options.kind, owner=options.owner,
                                 due_days=options.due_days, sheet=options.sheet, actor=person, as_of=as_of)  # fmt: skip
            say(f"Change {change}. Take it back with: prm undo {change}" if change else "It is so already.")
        elif options.act == "remove":
            change = systems.remove(store, options.name, actor=person, as_of=as_of)
            say(f"Change {change}. Take it back with: prm undo {change}")
        found = systems.list_of(store)
    if options.json:
        print_json([
            {"name": s.name, "kind": s.kind, "owner": s.owner, "role": s.role, "due_days": s.due_days, "sheet": s.sheet,
             "columns": {c.header: c.source for c in s.columns}} for s in found
        ])  # fmt: skip
        return 0
    print_table(
        ("Name", "Kind", "Kept by", "Due after", "Sheet", "Columns"),
        [(s.name, s.kind, s.whose, f"{s.due_days} days", s.sheet or "by its headers",
          ", ".join(f"{c.header}={c.source}" for c in s.columns)) for s in found],
    )  # fmt: skip
    return 0


def systems_of_case(options: argparse.Namespace, store: Any) -> int:
    """What other systems were told of a case's partner; with --out their update sheets are written."""
    from prm_tui.services import systems

    person, as_of = actor(options, store), day(options, store)
    if options.to_file:
        sent = systems.send(store, Path(options.to_file), options.id, actor=person, as_of=as_of)
        return _sent(options, sent, options.to_file)
    if options.confirm:
        change = systems.confirm(store, options.id, options.confirm, actor=person, as_of=as_of)
        say(f"Change {change}. Take it back with: prm undo {change}" if change else "It is so already.")
    _print(options, systems.lines(store, options.id), as_of)
    return 0


def _sent(options: argparse.Namespace, sent: Any, folder: str) -> int:
    for note in sent.notes:
        say(note)
    if options.json:
        print_json({"change": sent.change, "folder": folder, "notes": sent.notes,
                    "sheets": [{"system": s, "file": f, "rows": n} for s, f, n in sent.sheets]})  # fmt: skip
        return 0
    for _, file, _ in sent.sheets:
        print(plain(Path(folder) / file))
    return 0


def _print(options: argparse.Namespace, lines: Any, as_of: Any) -> None:
    if options.json:
        print_json([
            {"system": x.system.name, "kind": x.system.kind, "case": x.case_id, "code": x.code, "name": x.name,
             "effective_on": x.effective_on, "owner": x.system.whose, "due": x.due_on, "overdue": x.overdue(as_of),
             "state": x.state(as_of), "why": x.said(as_of), "seen": x.seen} for x in lines
        ])  # fmt: skip
        return
    print_table(
        ("System", "Case", "Code", "Partner", "Kept by", "Due", "State"),
        [(x.system.name, x.case_id, x.code, x.name, x.system.whose,
          f"{x.due_on}{' overdue' if x.overdue(as_of) else ''}", x.state(as_of)) for x in lines],
        (False, True),
    )  # fmt: skip
    for line in lines:
        if line.said(as_of):
            print(plain(f"  {line.code}, {line.system.name}: {line.said(as_of)}"))
