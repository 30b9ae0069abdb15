"""prm cases transition."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from prm_tui.cli.common import actor, assignments, day, plain, print_json, print_table, say


def options_of(made: argparse.ArgumentParser) -> None:
    """What `prm cases` takes for a hand-over."""
    made.add_argument("--assign", action="append", default=[], metavar="REF=TO",
                      help="transition: to whom something goes: a partner, one of our people, or ends; REF may be a kind.")  # fmt: skip
    made.add_argument("--line", action="append", default=[], metavar="REF", help="transition: something that is meant.")
    made.add_argument("--consent", metavar="C", default="",
                      help="transition: needed, given, refused or not needed, of what is named.")  # fmt: skip
    made.add_argument(
        "--letter", metavar="T", default="", help="transition: which letter the customer gets, such as customer."
    )
    made.add_argument("--letter-on", metavar="DATE", help="transition: when it gets it.")
    made.add_argument(
        "--eligible", metavar="CONDITION", default="", help="transition: what a proposed partner must meet."
    )
    made.add_argument("--accept", action="store_true", help="transition: take what is proposed.")
    made.add_argument("--apply", action="store_true", help="transition: hand over what is ready.")
    made.add_argument("--out", dest="to_file", metavar="FILE", help="transition: write a sheet to fill in and send back;"
                      " systems: the folder for the update sheets.")  # fmt: skip
    made.add_argument("--confirm", metavar="NAME", help="systems: say that a system or department is up to date.")
    made.add_argument("--to", metavar="NAME", default="", help="transition: who fills the sheet in.")
    made.add_argument("--due", metavar="DATE", help="transition: until when the sheet is wanted back.")


def transition(options: argparse.Namespace, store: Any) -> int:
    """List, plan or carry out the hand-over of a case."""
    from prm_tui.services import transition as service
    from prm_tui.services.values import read_date

    person, as_of = actor(options, store), day(options, store)
    if options.assign or (options.line and not options.apply):
        on = read_date(options.letter_on, "--letter-on") if options.letter_on else None
        _told(service.assign(store, options.id, assignments(options.assign), lines=options.line, consent=options.consent,
                             letter=options.letter, letter_on=on, actor=person, as_of=as_of))  # fmt: skip
    if options.accept:
        _told(service.accept(store, options.id, options.eligible, actor=person, as_of=as_of))
    if options.apply:
        handed = service.apply(store, options.id, options.line, actor=person, as_of=as_of)
        say(f"Handed over: {len(handed.done):,}.")
        _told(handed.change)
    if options.to_file:
        due = read_date(options.due, "--due") if options.due else None
        rows = service.send(store, options.id, Path(options.to_file), eligible=options.eligible, recipient=options.to,
                            due=due, actor=person, as_of=as_of)  # fmt: skip
        say(f"{rows:,} rows: {options.to_file}. When it comes back: prm merge {options.to_file}")
    _print(options, service.items(store, options.id, as_of),
           service.proposals(store, options.id, options.eligible, as_of))  # fmt: skip
    return 0


def _print(options: argparse.Namespace, items: Any, proposed: Any) -> None:
    open_ = [item for item in items if item.unassigned]
    if open_:
        say(f"{len(open_):,} without a new owner: {', '.join(plain(item.title) for item in open_[:20])}")
    if options.json:
        print_json([
            {"id": i.record_id, "kind": i.kind, "ref": i.ref, "name": i.name, "status": i.status, "amount": i.amount,
             "currency": i.currency, "ends_on": i.ends_on, "way": i.way, "to": i.to, "consent": i.consent,
             "letter": i.letter, "letter_on": i.letter_on, "done_on": i.done_on, "state": i.said,
             "proposed": proposed[i.record_id].code if i.record_id in proposed else None} for i in items
        ])  # fmt: skip
        return
    print_table(
        ("Id", "What", "Reference", "Name", "Amount", "Goes to", "Consent", "Message", "Stands", "Proposed"),
        [
            (f"#{i.record_id}", i.label, i.ref, i.name, i.amount, i.to or None, i.consent, _letter(i), i.said,
             proposed[i.record_id].code if i.record_id in proposed else None)
            for i in items
        ],
        (True, False, False, False, True),
    )  # fmt: skip


def _letter(item: Any) -> str | None:
    return " on ".join(str(part) for part in (item.letter, item.letter_on) if part) or None


def _told(change: int | None) -> None:
    say(f"Change {change}. Take it back with: prm undo {change}" if change else "It is so already.")
