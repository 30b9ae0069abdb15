"""prm inactive, policies."""

from __future__ import annotations

import argparse
from typing import Any

from prm_tui.cli import inactive_full, reasons
from prm_tui.cli.common import command, day, opened, plain, print_json, print_table, say, with_json
from prm_tui.domain.errors import UsageError


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(
        command(commands, "inactive", "Who is inactive, since when and why; every partner's state.", _inactive)
    )
    made.add_argument("codes", nargs="*", metavar="CODE", help="Only these partners (else all that are not active).")
    made.add_argument("--policy", metavar="P", help="Judge every partner by this policy, whatever its type.")
    made.add_argument(
        "--state", metavar="S", action="append", help="Only partners in this state; may be given several times."
    )
    made.add_argument("--all", action="store_true", help="Active partners, too.")
    made.add_argument("--count", action="store_true", help="Only how many are in each state.")
    made.add_argument(
        "--known", action="store_true", help="By what was known on that day (else by all that is known now)."
    )
    made.add_argument(
        "--history", action="store_true", help="Of one partner: what was to be said at the end of each month."
    )
    made.add_argument(
        "--segments", action="store_true", help="The grid of potential and chance of return: how many are in each cell."
    )
    made.add_argument(
        "--segment",
        metavar="S",
        help="The partners of one cell (rescue, nurture, retier, offboard), the most worth first.",
    )
    made.add_argument(
        "--full", action="store_true", help="With --json: worth, chance, likely reason, family, first seen, too."
    )
    reasons.add_options(made)
    made = with_json(command(commands, "policies", "The policies by which a partner counts as inactive.", _policies))
    made.add_argument("name", nargs="?", metavar="NAME", help="One policy, every version of it.")


def _inactive(options: argparse.Namespace) -> int:
    from prm_tui.domain.inactivity import STATES, counts, state
    from prm_tui.services import inactivity, partners

    done = reasons.act(options)
    if done is not None:
        return done
    wanted = {state(said).key for said in options.state or ()}
    if options.segments or options.segment or options.full:
        return inactive_full.show(options, wanted)
    with opened(options) as store:
        as_of = day(options, store)
        only = inactivity.policy(store, options.policy, as_of) if options.policy else None
        ids = [partners.resolve(store, code) for code in options.codes] or None
        if options.history:
            return _history(options, store, ids, as_of)
        rows = inactivity.of_all(store, as_of, only=only, ids=ids, known=options.known)
    found = counts(rows)
    if options.count:
        if options.json:
            print_json(found)
        else:
            print_table(("State", "Partners"), [(STATES[key].label, n) for key, n in found.items()], (False, True))
        return 0
    everybody = options.all or ids is not None or options.json
    shown = [row for row in rows if (row.key in wanted if wanted else everybody or row.key != "active")]
    if options.json:
        print_json([state_row(row) for row in shown])
        return 0
    header = ("Code", "Partner", "State", "Since", "Silent", "Why")
    print_table(
        header,
        [
            (r.code, r.name, f"{r.state.sign} {r.state.label}", r.since, "" if r.silent is None else r.silent, r.why)
            for r in shown
        ],
        (False, False, False, False, True),
        whole=True,
    )
    say(", ".join(f"{n:,} {STATES[key].label.lower()}" for key, n in found.items() if n))
    return 0


def state_row(row: Any) -> dict[str, Any]:
    """A partner's state for JSON."""
    return {"code": row.code, "name": row.name, "state": row.key, "since": row.since, "why": row.why, "status": row.status,
            "last": row.last, "silent_days": row.silent, "every_days": row.every, "policy": row.policy.name,
            "kept_until": row.kept and row.kept.until}  # fmt: skip


def _history(options: argparse.Namespace, store: Any, ids: list[int] | None, as_of: Any) -> int:
    from prm_tui.services import inactivity

    if ids is None or len(ids) != 1:
        raise UsageError("--history speaks of one partner: prm inactive CODE --history")
    found = inactivity.history(store, ids[0], as_of, known=options.known)
    if options.json:
        print_json([{"on": on, **state_row(row)} for on, row in found])
    else:
        print_table(
            ("On", "State", "Why"),
            [(on, f"{row.state.sign} {row.state.label}", row.why) for on, row in found],
            whole=True,
        )
    return 0


def _policies(options: argparse.Namespace) -> int:
    from prm_tui.domain.inactivity import in_effect
    from prm_tui.domain.shape import to_data
    from prm_tui.services import inactivity

    with opened(options) as store:
        as_of = day(options, store)
        versions = inactivity.versions(store)
        if options.name:
            inactivity.policy(store, options.name, as_of)
            versions = [(p, n) for p, n in versions if p.name == options.name]
        holds = {id(p) for p in in_effect((p for p, _ in versions), as_of)}
    if options.json:
        print_json(
            [
                {"name": p.name, "version": n, "in_effect": id(p) in holds, **to_data(p, leave=("name",))}
                for p, n in versions
            ]
        )
        return 0
    print_table(
        ("Policy", "Version", "From", "Holds", "For", "Inactive when", "Never mind when"),
        [
            (p.name, n, p.effective or "ever", "yes" if id(p) in holds else "no", p.whom(), p.when, ", ".join(p.exempt))
            for p, n in versions
        ],
        (False, True),
    )
    say(plain("Change one with a file of your own that has a [policy.NAME]: prm packs add FILE.toml"))
    return 0
