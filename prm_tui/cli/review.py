"""prm review."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from prm_tui.cli.common import actor, command, day, opened, print_json, print_table, say, with_json
from prm_tui.domain.errors import UsageError

FORM = "prm review decide CODE keep|re-tier|win-back|offboard|override --reason T [--until D]"


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(
        command(commands, "review", "The quarterly review: who must be decided about, and what they cost.", _review)
    )
    made.add_argument("words", nargs="*", metavar="decide CODE DECISION", help="Decide about one partner.")
    made.add_argument("--reason", metavar="T", default="", help="decide: why.")
    made.add_argument("--until", metavar="DATE", help="decide override: the last day it is kept.")
    made.add_argument("--out", metavar="FILE.xlsx", help="Write the list as a sheet to decide in; merge takes it back.")
    made.add_argument("--to", metavar="NAME", help="Who decides in the sheet (who acts).")
    made.add_argument("--due", metavar="DATE", help="Until when it is wanted back.")


def _review(options: argparse.Namespace) -> int:
    if options.words:
        return _decide(options)
    if options.out:
        return _send(options)
    from prm_tui.domain.review import Held
    from prm_tui.services import review

    with opened(options) as store:
        found = review.rows(store, day(options, store))
    held = Held.by(found)
    if options.json:
        print_json({"partners": [_row(row) for row in found], "held": held})
        return 0
    print_table(
        (
            "Code",
            "Partner",
            "State",
            "12 months",
            "Hours",
            "Funds",
            "Leads",
            "Territory",
            "Decided",
            "Why it is listed",
        ),
        [
            (
                r.code,
                r.name,
                f"{r.state.sign} {r.state.label}",
                r.year,
                r.hours,
                r.funds,
                r.leads,
                r.covered,
                r.decided,
                r.listed,
            )
            for r in found
        ],
        (False, False, False, True, True, True, True),
        whole=True,
    )
    say(f"{held.partners:,} partners hold {held.said}.")
    return 0


def _row(row: Any) -> dict[str, Any]:
    return {"code": row.code, "name": row.name, "state": row.key, "why": row.why, "last": row.last, "year": row.year,
            "hours": row.hours, "funds": row.funds, "leads": row.leads, "manager": row.manager, "tier": row.tier,
            "health": row.health, "decided": row.decided,
            "cover": row.cover, "successors": row.successors}  # fmt: skip


def _send(options: argparse.Namespace) -> int:
    from prm_tui.services import people, review
    from prm_tui.services.values import read_date

    due = read_date(options.due, "--due") if options.due else None
    with opened(options) as store:
        who = actor(options, store)
        name = options.to or next((p.name for p in people.list_of(store) if p.id == who), "")
        written = review.send(store, Path(options.out), recipient=name, due=due, actor=who, as_of=day(options, store))
    say(f"{written.rows:,} rows: {options.out}. Take it back with: prm merge FILE.xlsx")
    if options.json:
        print_json({"file": options.out, "rows": written.rows})
    return 0


def _decide(options: argparse.Namespace) -> int:
    from prm_tui.domain.review import Decision, decision
    from prm_tui.services import partners, review
    from prm_tui.services.values import read_date

    if options.words[0] != "decide" or len(options.words) != 3:
        raise UsageError(f"It is written: {FORM}")
    key = decision(options.words[2])
    until = read_date(options.until, "--until") if options.until else None
    with opened(options) as store:
        as_of = day(options, store)
        partner = partners.resolve(store, options.words[1])
        row = review.seen(store, [partner], as_of).get(partner)  # as it is decided about
        (done,) = review.decide(
            store, [Decision(partner, key, options.reason, until)], actor=actor(options, store), as_of=as_of
        )
    say(f"{done.code} {done.name}: {done.did}; case {done.case} keeps the numbers seen.")
    freed = review.freed([(row, key)] if row else [])
    if freed.partners:
        say(f"Frees {freed.said}.")
    if options.json:
        print_json({"code": done.code, "decision": done.key, "did": done.did, "case": done.case, "frees": freed})
    return 0
