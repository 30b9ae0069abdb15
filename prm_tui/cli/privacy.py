"""prm privacy, prm hold."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from prm_tui.cli.common import actor, command, day, opened, plain, print_json, print_table, say, with_json
from prm_tui.domain.errors import UsageError

ACTS = ("due", "export", "erase", "finish")


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(command(commands, "privacy", "Contacts: when they are due, what is held, erasing them.", _privacy))
    made.add_argument("act", nargs="?", choices=ACTS, default="due", help="What to do.")
    made.add_argument("who", nargs="?", metavar="WHO",
                      help="export, erase: a contact by name, e-mail address or #number; erase: or a partner.")  # fmt: skip
    made.add_argument("out", nargs="?", metavar="OUT.xlsx", help="export: the workbook.")
    made.add_argument("--pseudonymise", action="store_true", help="erase: leave a contact without name in their place.")
    made.add_argument("--dry-run", action="store_true", help="erase: say what would be erased; change nothing.")
    made.add_argument("--yes", metavar="CODE", default="", help="erase: the partner's code, since it cannot be undone.")
    made = command(commands, "hold", "Put a partner under legal hold: nothing is erased, taken back or let go.", _hold)
    made.add_argument("code", metavar="CODE", help="The partner.")
    made.add_argument("--reason", required=True, metavar="R", help="Why.")
    made.add_argument("--lift", action="store_true", help="Lift it.")


def _hold(options: argparse.Namespace) -> int:
    from prm_tui.services import partners, privacy

    with opened(options) as store:
        partner = partners.resolve(store, options.code)
        change = privacy.hold(store, partner, options.reason, lift=options.lift, actor=actor(options, store),
                              as_of=day(options, store))  # fmt: skip
    say(
        f"Change {change}. "
        + ("The hold is lifted." if options.lift else f"Lift it with: prm hold {options.code} --lift --reason …")
    )
    return 0


def _privacy(options: argparse.Namespace) -> int:
    from prm_tui.services import privacy

    if options.act in ("export", "erase") and not options.who:
        raise UsageError(
            f"Say who: prm privacy {options.act} CONTACT" + (" OUT.xlsx" if options.act == "export" else "")
        )
    with opened(options) as store:
        if options.act == "export":
            return _export(options, store)
        if options.act == "erase":
            return _erase(options, store)
        if options.act == "finish":
            return _whole(privacy.finish(store))
        rows = privacy.due(store, day(options, store))
    if options.json:
        print_json([{"id": r.contact_id, "contact": r.contact, "code": r.code, "name": r.name, "closed_on": r.closed_on,
                     "due": r.due_on, "hold": r.hold or None} for r in rows])  # fmt: skip
        return 0
    print_table(
        ("Id", "Contact", "Code", "Partner", "Left on", "Due", "Kept by"),
        [(f"#{r.contact_id}", r.contact, r.code, r.name, r.closed_on, r.due_on, r.hold or None) for r in rows],
        (True,),
    )
    return 0


def _export(options: argparse.Namespace, store: Any) -> int:
    from prm_tui.services import privacy

    if not options.out:
        raise UsageError(f"It is written: prm privacy export “{options.who}” OUT.xlsx")
    contact, partner = privacy.contact(store, options.who)
    rows = privacy.export(store, contact, partner, Path(options.out))
    say(f"{rows:,} rows: {options.out}")
    if options.json:
        print_json({"file": options.out, "rows": rows})
    return 0


def _erase(options: argparse.Namespace, store: Any) -> int:
    from prm_tui.services import privacy

    ids, partner = privacy.meant(store, options.who)
    done = privacy.erase(
        store, ids, partner, pseudonymise=options.pseudonymise, confirm=options.yes, dry_run=options.dry_run,
        actor=actor(options, store), as_of=day(options, store),
    )  # fmt: skip
    if options.json:
        print_json({**vars(done), "dry_run": options.dry_run})
    else:
        _print(done, dry_run=options.dry_run)
    if options.dry_run:
        say("Nothing was changed (dry run).")
        return 0
    return _whole(done.whole)


def _print(done: Any, *, dry_run: bool) -> None:
    from prm_tui.domain.change import noun

    what = f"{'would be ' if dry_run else ''}{'pseudonymised' if done.pseudonymised else 'erased'}"
    print(plain(f"{done.partner}: {done.contacts:,} {'contact' if done.contacts == 1 else 'contacts'} {what}"))
    for table, rows in sorted(done.counts.items()):
        named = "lines of the log" if table == "change_log" else noun(table, rows)
        print(plain(f"  scrubbed: {rows:,} {named}"))
    if done.links:
        print(f"  {len(done.links):,} changes of the history no longer show all they held; prm check knows them")
    for kept in done.kept:
        print(plain(f"  kept: {kept}"))
    for copy in done.backups:
        print(plain(f"  still in a copy: {copy}"))
    say(
        "Not reached from here: copies elsewhere, files that were written out, the log of the interface (prm where), mails."
    )


def _whole(whole: bool) -> int:
    if not whole:
        say("Another program has the file open, so old pages of it remain. Close it, then: prm privacy finish")
    return 0 if whole else 1
