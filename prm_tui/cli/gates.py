"""prm cases gates, prm cases pass: what stands in the way of a case."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import actor, day, plain, print_json, say
from prm_tui.domain.errors import UsageError
from prm_tui.domain.text import typed

if TYPE_CHECKING:
    from datetime import date

    from prm_tui.domain.case import Case, CaseRow
    from prm_tui.domain.deactivation import Plan
    from prm_tui.domain.gate import Blocked


def show(options: argparse.Namespace, store: Any) -> int:
    """What stands in the way of a case at each stage, and what was let pass."""
    from prm_tui.domain.gate import BLOCKS
    from prm_tui.services import cases, gates

    case = cases.get(store, options.id)
    found = gates.of_case(store, options.id, day(options, store))
    if options.json:
        print_json(as_data(found))
        return 0
    for stage, what in BLOCKS.items():
        there = [one for one in found if one.blocks == stage]
        if there:
            print(f"Before it is {what}:")
        for one in there:
            _print(case.row, one)
    if not found:
        say("Nothing stands in the way.")
    return 0


def ahead(store: Any, plan: Plan, as_of: date) -> tuple[Blocked, ...]:
    """What would stand in the way of a deactivation that is only planned."""
    from prm_tui.services import gates

    return gates.ahead(store, plan.partner_id, plan.dates.effective_on, as_of)


def standing(store: Any, case: Case, as_of: date) -> tuple[Blocked, ...]:
    """What stands in the way of a case that is under way, and what was let pass."""
    from prm_tui.services import gates

    return gates.of_case(store, case.row.id, as_of) if case.row.open else ()


def print_short(found: tuple[Blocked, ...]) -> None:
    """A line for each thing in the way, within what is told of a plan or of a case."""
    from prm_tui.domain.gate import BLOCKS

    for one in found:
        if one.passed:
            print(
                plain(f"  [passed] {one.title}: {one.name}, by {one.passed.by} on {one.passed.on}: {one.passed.reason}")
            )
        else:
            print(plain(f"  ! before it is {BLOCKS[one.blocks]}: {one.said}. {one.detail}".rstrip()))


def as_data(found: tuple[Blocked, ...]) -> list[dict[str, Any]]:
    """As JSON says them."""
    return [_data(one) for one in found]


def _print(case: CaseRow, one: Blocked) -> None:
    print(plain(f"  [{'passed' if one.passed else 'blocks'}] {one.said}"))
    if one.passed:
        print(plain(f"      let pass by {one.passed.by} on {one.passed.on}: {one.passed.reason}"))
        return
    if one.detail:
        print(plain(f"      {one.detail}"))
    if one.row is not None:
        print(plain(f"      it is mended by its sheet, or: prm set {case.code} --record {typed(one.name)} FIELD=VALUE"))
    if one.by:
        print(plain(f"      {one.by} lets it pass: prm cases pass {case.id} {one.gate} {typed(one.name)} --reason …"))


def _data(one: Blocked) -> dict[str, Any]:
    return {"gate": one.gate, "title": one.title, "blocks": one.blocks, "name": one.name, "known": one.known,
            "found": {part.text: part.value for part in one.found}, "detail": one.detail, "by": one.by or None,
            "passed": one.passed}  # fmt: skip


def let_pass(options: argparse.Namespace, store: Any) -> int:
    """Let one thing pass, for a reason."""
    from prm_tui.services import gates

    if not options.out or not options.name:
        raise UsageError(f"It is written: prm cases pass {options.id} GATE NAME --reason T. See: prm cases gates {options.id}")  # fmt: skip
    as_of = day(options, store)
    change = gates.let_pass(
        store, options.id, options.out, options.name, options.reason, actor=actor(options, store), as_of=as_of
    )
    standing = gates.of_case(store, options.id, as_of)
    left = sum(one.passed is None for one in standing)
    if options.json:
        print_json(as_data(standing))
    say(f"“{options.name}” may pass (change {change}). {f'{left:,} more' if left else 'Nothing more'} in the way.")
    return 0
