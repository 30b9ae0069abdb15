"""prm insights: the numbers of the program, as tables, JSON and a workbook."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import command, day, opened, print_json, say, with_json
from prm_tui.domain.errors import UsageError

if TYPE_CHECKING:
    from storage import Store

PARTS = ("states", "survival", "cohorts", "rfm", "rules", "reasons", "expectation", "operations", "pillars")
_OWN = {"from": ("rules",), "to": ("rules",), "window": ("rules",), "by": ("survival",), "since": ("survival",)}
"""Which parts an option is for."""


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(
        command(commands, "insights", "The numbers of the program: who is quiet, why, what comes of it.", _insights)
    )
    made.add_argument(
        "part",
        nargs="?",
        metavar="PART",
        help=f"One part: {', '.join(PARTS)}; else the states, reasons and expectation.",
    )
    made.add_argument("--out", metavar="FILE.xlsx", help="Write a workbook that computes the numbers from its rows.")
    made.add_argument("--from", metavar="DATE", help="rules: the first day looked at.")
    made.add_argument("--to", metavar="DATE", help="rules: the last day looked at.")
    made.add_argument(
        "--window", metavar="DAYS", type=int, help="rules: days without anything that count as lost (else 180)."
    )
    made.add_argument(
        "--by", metavar="FIELD", help="survival: type, tier, manager, territory, country or industry (else type)."
    )
    made.add_argument("--since", metavar="WHEN", help="survival: counted since first (active) or joined (else first).")


def _insights(options: argparse.Namespace) -> int:
    from prm_tui.services.values import read_date

    part = options.part
    if part is not None and part not in PARTS:
        raise UsageError(f"part: “{part}” is none. One of: {', '.join(PARTS)}")
    for name, whose in _OWN.items():
        if getattr(options, name) is not None and part not in whose:
            raise UsageError(f"--{name} is for prm insights {whose[0]}")
    if options.out and (options.json or any(getattr(options, name) is not None for name in _OWN)):
        named = next((name for name in _OWN if getattr(options, name) is not None), None)
        raise UsageError(f"--{named} is not for a workbook" if named else "--json and --out: choose one of them")
    span = {
        key: read_date(given, f"--{name}") if (given := getattr(options, name)) else None
        for key, name in (("first", "from"), ("last", "to"))
    }
    with opened(options) as store:
        as_of = day(options, store)
        if options.out:
            return _workbook(options, store, as_of)
        found = _found(options, store, as_of, span)
        if options.json:
            from prm_tui.services import insights

            print_json(_public(found, insights.codes(store)))
            return 0
    from prm_tui.cli.insights_tables import show

    show(part or "first", found)
    return 0


def _found(options: argparse.Namespace, store: Store, as_of: date, span: dict[str, date | None]) -> Any:
    from prm_tui.services import insights, insights_time, insights_why, insights_work

    rules = {**span, **({"window": options.window} if options.window is not None else {})}
    survival = {key: given for key in ("by", "since") if (given := getattr(options, key)) is not None}
    made: dict[str | None, Callable[[], Any]] = {
        None: lambda: insights.first_page(store, as_of),
        "states": lambda: insights.of_states(store, as_of),
        "survival": lambda: insights_time.survival(store, as_of, **survival),
        "cohorts": lambda: insights_time.cohorts(store, as_of),
        "rfm": lambda: insights_time.rfm(store, as_of),
        "rules": lambda: insights.rules(store, as_of, **rules),
        "reasons": lambda: insights_why.reasons(store, as_of),
        "expectation": lambda: insights.expectation(store, as_of),
        "operations": lambda: insights_work.operations(store, as_of),
        "pillars": lambda: insights_work.pillars(store, as_of),
    }
    return made[options.part]()


def _workbook(options: argparse.Namespace, store: Store, as_of: date) -> int:
    from pathlib import Path

    from prm_tui.services import insights_book

    notes = insights_book.write(store, as_of, Path(options.out), options.part)
    say("\n".join([f"{options.out} written", *notes]))
    return 0


def _public(value: Any, codes: dict[int, str]) -> Any:
    """A result as it is printed: partners by their codes, shares and other properties beside the fields."""
    from prm_tui.domain.insights import Behind, Number

    if isinstance(value, Behind):
        if value.ids is not None:
            return {"partners": [codes[one] for one in value.ids if one in codes]}
        return {"states": list(value.states), "where": value.where}
    if is_dataclass(value) and not isinstance(value, type):
        made = {field.name: _public(getattr(value, field.name), codes) for field in fields(value)}
        if isinstance(value, Number) and value.small:
            made["warning"] = f"only {value.of}"
        own = type(value)
        more = [
            name for name in dir(own) if isinstance(getattr(own, name), property) and name not in ("small", "shown")
        ]
        return made | {name: _public(getattr(value, name), codes) for name in more}
    if isinstance(value, dict):
        return {str(key): _public(one, codes) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_public(one, codes) for one in value]
    return value
