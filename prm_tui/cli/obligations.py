"""prm obligations: what is left to do when partners leave, proven or waived by name."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from prm_tui.cli.common import actor, command, day, opened, plain, print_json, print_table, say, with_json
from prm_tui.domain.errors import UsageError
from prm_tui.domain.obligation import ObligationRow

_OWN = {
    "proof": ("prove",), "note": ("prove",), "reason": ("waive",), "owner": ("add", "set"), "due": ("add", "set"),
    "days": ("add",), "rule": ("add", "set"), "title": ("set",), "wanted": ("add", "set"),
}  # fmt: skip
"""Which acts an option belongs to."""


def register(commands: Any) -> None:
    """Add this group's command."""
    about = "List what is left to do when partners leave; prove it, waive it, or add to it."
    made = with_json(command(commands, "obligations", about, _obligations))
    made.add_argument("what", nargs="*", metavar="CASE|ACT",
                      help="A case; or prove ID, waive ID, add CASE TITLE, set ID, remove ID. Nothing: all that is open.")  # fmt: skip
    made.add_argument("--proof", metavar="FILE", help="prove: a file, kept with its hash.")
    made.add_argument("--note", metavar="T", help="prove: how it was met, in a sentence.")
    made.add_argument("--reason", metavar="T", help="waive: why.")
    made.add_argument("--owner", metavar="WHO", help="add, set: manager, role:NAME, or a person's name.")
    made.add_argument("--due", metavar="DATE", help="add, set: a day of its own.")
    made.add_argument("--days", type=int, metavar="N", help="add: so many days after the effective date, or -N before.")
    made.add_argument("--rule", metavar="T", help="add, set: by which rule.")
    made.add_argument("--wanted", metavar="T", help="add, set: what proof is wanted.")
    made.add_argument("--title", metavar="T", help="set: other words.")


def _obligations(options: argparse.Namespace) -> int:
    if options.what[:1] == ["list"]:
        options.what = options.what[1:]
    act = options.what[0] if options.what and options.what[0] in _ACTS else "list"
    for name, acts in _OWN.items():
        if getattr(options, name) is not None and act not in acts:
            raise UsageError(f"--{name} belongs to: prm obligations {' or '.join(acts)}")
    return _ACTS[act](options)


def _number(options: argparse.Namespace, at: int, what: str) -> int:
    words = options.what[at : at + 1]
    if not words or not words[0].isdecimal() or len(words[0]) > 15:
        said = f"“{words[0]}” is no number of an obligation or a case." if words else f"Which {what}?"
        raise UsageError(f"{said} See: prm obligations, prm cases list")
    return int(words[0])


def _list(options: argparse.Namespace) -> int:
    from prm_tui.services import obligations

    if len(options.what) > 1:
        raise UsageError(f"“{options.what[0]}” is no act. They are: {', '.join(_ACTS)}")
    case = _number(options, 0, "case") if options.what else None
    with opened(options) as store:
        as_of, person = day(options, store), actor(options, store)
        rows = obligations.unmet(store, person) if case is None else obligations.of(store, case, person)
    if options.json:
        print_json([_line(row, as_of) for row in rows])
        return 0
    header = ("Id", "Case", "Code", "Due", "State", "Area", "What", "By", "Proof or reason")
    print_table(
        header,
        [
            (r.id, r.case_id, r.code, r.due, r.standing(as_of), r.area, r.title, r.whose, r.said or r.proof)
            for r in rows
        ],
        (True, True),
    )
    return 0


def _line(row: ObligationRow, as_of: date) -> dict[str, Any]:
    return {"id": row.id, "case": row.case_id, "kind": row.kind, "code": row.code, "name": row.name, "title": row.title,
            "area": row.area, "owner": row.owner, "role": row.role, "due": row.due, "days": row.days, "rule": row.rule,
            "state": row.standing(as_of), "why": row.why, "wanted": row.proof, "said": row.said, "by": row.by,
            "on": row.on, "sha256": row.hash, "task": row.task_id}  # fmt: skip


def _prove(options: argparse.Namespace) -> int:
    from prm_tui.services import obligations

    number, proof = _number(options, 1, "obligation"), Path(options.proof) if options.proof else None
    with opened(options) as store:
        obligations.prove(
            store, number, proof=proof, note=options.note or "", actor=actor(options, store), as_of=day(options, store)
        )
        row = obligations.one(store, number, actor(options, store))
    say(f"Proven: {row.title}. Kept with sha256 {row.hash}.")
    return 0


def _waive(options: argparse.Namespace) -> int:
    from prm_tui.services import obligations

    number = _number(options, 1, "obligation")
    with opened(options) as store:
        obligations.waive(store, number, options.reason or "", actor=actor(options, store), as_of=day(options, store))
        row = obligations.one(store, number, actor(options, store))
    say(f"Waived by {row.by}: {row.title}.")
    return 0


def _add(options: argparse.Namespace) -> int:
    from prm_tui.services import obligations

    case, title = _number(options, 1, "case"), " ".join(options.what[2:])
    with opened(options) as store:
        number = obligations.add(
            store, case, title, owner=options.owner or "manager", due=_due(options), days=options.days,
            rule=options.rule or "", proof=options.wanted or "", actor=actor(options, store), as_of=day(options, store),
        )  # fmt: skip
        row = obligations.one(store, number, actor(options, store))
    print(number)
    say(f"Obligation {number} is {row.state}, due {row.due}, by {row.whose}.")
    return 0


def _set(options: argparse.Namespace) -> int:
    from prm_tui.services import obligations

    number = _number(options, 1, "obligation")
    with opened(options) as store:
        change = obligations.change_planned(
            store, number, title=options.title, owner=options.owner, due=_due(options), rule=options.rule,
            proof=options.wanted, actor=actor(options, store), as_of=day(options, store),
        )  # fmt: skip
        row = obligations.one(store, number, actor(options, store))
    say(f"Obligation {number}: {row.title}, due {row.due}, by {row.whose}." if change else "Nothing to change.")
    return 0


def _remove(options: argparse.Namespace) -> int:
    from prm_tui.services import obligations

    number = _number(options, 1, "obligation")
    with opened(options) as store:
        title = obligations.one(store, number, actor(options, store)).title
        obligations.remove(store, number, actor=actor(options, store), as_of=day(options, store))
    say(plain(f"Removed: {title}."))
    return 0


def _due(options: argparse.Namespace) -> date | None:
    from prm_tui.services.values import read_date

    return read_date(options.due, "--due") if options.due else None


_ACTS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": _list, "prove": _prove, "waive": _waive, "add": _add, "set": _set, "remove": _remove,
}  # fmt: skip
