"""prm facts, explain."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import command, day, opened, plain, print_json, print_table, say, with_json

if TYPE_CHECKING:
    from prm_tui.domain.condition import Leaf

_SIGNS = {"met": "+", "not met": "-", "unknown": "?"}


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(command(commands, "facts", "List every fact conditions know, or a partner's values.", _facts))
    made.add_argument("code", nargs="?", metavar="CODE", help="A partner, to see its values.")
    made = with_json(command(commands, "explain", "Say why a condition is met by a partner or not.", _explain))
    made.add_argument("code", metavar="CODE", help="Its code, another key, or its name.")
    made.add_argument("condition", metavar="CONDITION", help="For example: days_since(order) > 90")
    made.add_argument("--coverage", choices=("strict", "recorded"),
                      help="Strict: beyond what its feeds cover it is unknown whether nothing happened (else as recorded,"
                           " but for what a policy says).")  # fmt: skip


def _facts(options: argparse.Namespace) -> int:
    from prm_tui.domain.condition import FACTS

    if options.code is None:
        if options.json:
            print_json([{**asdict(fact), "form": fact.form} for fact in FACTS])
            return 0
        for fact in FACTS:
            print(f"{fact.form}  gives {fact.gives}\n    {fact.about}\n    {fact.example}")
        return 0
    from prm_tui.services import conditions, partners

    with opened(options) as store:
        as_of = day(options, store)
        values = conditions.facts_of(store, partners.resolve(store, options.code), as_of)
    if options.json:
        print_json([asdict(value) for value in values])
        return 0
    print_table(("Fact", "Value"), [(v.text, shown(v.value)) for v in values], (False, True))
    say(f"as of {as_of}")
    return 0


def _explain(options: argparse.Namespace) -> int:
    from prm_tui.services import conditions, partners

    with opened(options) as store:
        as_of = day(options, store)
        partner = partners.resolve(store, options.code)
        coverage = "as recorded" if options.coverage == "recorded" else options.coverage
        leaf = conditions.why(store, partner, options.condition, as_of, coverage)
        name = partners.get(store, partner, as_of).name
    if options.json:
        print_json(asdict(leaf))
        return 0
    print(plain(f"{name} as of {as_of}: {leaf.outcome}"))
    print_leaf(leaf, 1)
    return 0


def print_leaf(leaf: Leaf, depth: int) -> None:
    """A condition explained, part by part, each with what was found and the rows behind it."""
    space = "  " * depth
    if leaf.parts:
        said = {"all": "all of", "any": "any of", "not": "not"}[leaf.joined]
        print(f"{space}{_SIGNS[leaf.outcome]} {said}: {leaf.outcome}")
        for part in leaf.parts:
            print_leaf(part, depth + 1)
        return
    gap = f", {leaf.gap}" if leaf.gap else ""
    print(plain(f"{space}{_SIGNS[leaf.outcome]} {leaf.text}: {leaf.outcome}, found {shown(leaf.value)}{gap}"))
    if leaf.awaits:
        print(plain(f"{space}    {leaf.awaits}"))
    for row in leaf.rows:
        on = f"{row.on} " if row.on else ""
        print(plain(f"{space}    {on}{row.what}" + (f"  from {row.source}" if row.source else "")))
    if leaf.behind > len(leaf.rows):
        print(f"{space}    and {leaf.behind - len(leaf.rows)} more")


def shown(value: Any) -> str:
    """A value for reading."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return str(value)
