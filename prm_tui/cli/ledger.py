"""prm ledger: what a partner earned, what was paid, what is still due."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import command, day, opened, print_json, print_table, say, with_json

if TYPE_CHECKING:
    from prm_tui.domain.settlement import Origin

_SUMS = ("earned", "paid", "clawback", "balance", "pending", "with_pending")


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(command(commands, "ledger", "List what a partner earned and was paid, with the balance.", _ledger))
    made.add_argument("code", metavar="CODE", help="Its code, another key, or its name.")


def _ledger(options: argparse.Namespace) -> int:
    from prm_tui.domain.settlement import ITEMS
    from prm_tui.services import ledger, partners

    with opened(options) as store:
        found = ledger.of(store, partners.resolve(store, options.code), day(options, store))
    if options.json:
        sums = [{"currency": one.currency, **{item: getattr(one, item) for item in _SUMS}} for one in found.sums]
        print_json({"as_of": found.as_of, "lines": found.lines, "sums": sums, "remarks": found.remarks})
        return 0
    if not found.lines:
        say("The ledger has no line of this partner.")
        return 0
    print_table(
        ("Line", "Day", "Kind", "Amount", "Currency", "State", "Counts as", "Takes back", "Reference", "From"),
        [(x.id, x.on, x.kind, x.amount, x.currency, x.state, x.part, x.reverses, x.origin.ref, _from(x.origin)) for x in found.lines],
        (True, False, False, True),
        whole=True,
    )  # fmt: skip
    print()
    print_table(
        ("Currency", *(ITEMS[item] for item in _SUMS)),
        [(one.currency, *(getattr(one, item) for item in _SUMS)) for one in found.sums],
        (False, *(True for _ in _SUMS)),
    )
    for remark in found.remarks:
        say(remark)
    return 0


def _from(origin: Origin) -> str:
    """Where a line comes from: file, sheet and row."""
    return f"{origin.file}, {origin.sheet} row {origin.row}" if origin.file else ""
