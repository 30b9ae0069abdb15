"""prm inactive --segments, --segment S, --full: quiet partners with all that helps to decide about them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import day, opened, print_json, print_table, say
from prm_tui.domain.errors import UsageError

if TYPE_CHECKING:
    from prm_tui.domain.inactivity import Quiet
    from prm_tui.services.looks import Chances


def show(options: argparse.Namespace, states: set[str]) -> int:
    """The grid, one cell of it, or everything of partners as JSON. UsageError for what does not go together."""
    from prm_tui.domain.inactivity import GONE, segment
    from prm_tui.services import inactivity, partners

    _refuse(options)
    cell = segment(options.segment) if options.segment else None
    with opened(options) as store:
        as_of = day(options, store)
        ids = [partners.resolve(store, code) for code in options.codes] or None
        among = tuple(states) or (inactivity.LISTED if options.full else SORTED)
        rows = inactivity.quiet(store, as_of, among=among, ids=ids)
        back = inactivity.chances(store, as_of)
    rows = rows if options.full else [one for one in rows if one.row.status not in GONE]
    if cell:
        rows = [one for one in rows if one.segment is cell]
    if options.segments:
        return _grid(options, rows, back)
    if options.json:
        print_json([_row(one) for one in rows])
        return 0
    print_table(
        ("Code", "Partner", "State", "Since", "12 months", "Best year", "Chance", "Likely reason", "Through"),
        [
            (one.row.code, one.row.name, f"{one.row.state.sign} {one.row.state.label}", one.row.since, _money(one.worth.year),
             _money(one.worth.best), f"{one.chance:.0%}" if one.row.last else "", _reason(one), one.through)
            for one in rows
        ],
        (False, False, False, False, True, True, True),
    )  # fmt: skip
    if cell:
        say(f"{len(rows):,} to {cell.label.lower()}: {cell.potential} potential, {cell.chance} chance; {cell.about}")
    say(back.said)
    return 0


SORTED = ("at_risk", "inactive", "dormant")
"""The states that the grid sorts: those that were active once, and are no more as they were."""


def _refuse(options: argparse.Namespace) -> None:
    if options.full and not options.json:
        raise UsageError("--full goes with --json; a list for reading: prm inactive --segment S")
    for key in ("policy", "count", "known", "history"):
        if getattr(options, key):
            raise UsageError(
                f"--{key} does not go with --segments, --segment and --full, which judge by what is known now"
            )


def _grid(options: argparse.Namespace, rows: list[Quiet], back: Chances) -> int:
    from prm_tui.domain.inactivity import SEGMENTS

    cells = [(one, [row for row in rows if row.segment is one]) for one in SEGMENTS.values()]
    if options.json:
        print_json([
            {"segment": one.key, "potential": one.potential, "chance": one.chance, "partners": len(mine),
             "year": sum(row.worth.year or 0 for row in mine), "best_year": sum(row.worth.best or 0 for row in mine)}
            for one, mine in cells
        ])  # fmt: skip
        return 0
    print_table(
        ("Segment", "Potential", "Chance", "Partners", "12 months", "Best years", "What to do"),
        [
            (one.label, one.potential, one.chance, len(mine), _money(sum(row.worth.year or 0 for row in mine)),
             _money(sum(row.worth.best or 0 for row in mine)), one.about)
            for one, mine in cells
        ],
        (False, False, False, True, True, True),
    )  # fmt: skip
    say(
        f"{len(rows):,} at risk, inactive or dormant; potential: high where the best year is in the upper half of its type"
    )
    say(back.said)
    return 0


def _money(amount: Any) -> str:
    return "currencies" if amount is None else f"{amount:,.2f}"


def _reason(one: Quiet) -> str:
    return f"{one.likely.label} ({one.likely.said_by})" if one.likely else ""


def _row(one: Quiet) -> dict[str, Any]:
    from prm_tui.cli.inactive import state_row

    likely, source = one.likely, one.likely.source if one.likely else None
    cell = one.segment.key if one.row.last and one.row.key != "active" else None
    return {
        **state_row(one.row), "first_seen": one.first_seen, "year": one.worth.year, "best_year": one.worth.best,
        "best_year_was": one.worth.best_year, "chance": round(one.chance, 4) if one.row.last else None,
        "still_there": round(one.alive, 4) if one.row.last else None, "segment": cell,
        "reason": likely and {"key": likely.key, "said_by": likely.said_by, "on": likely.on, "evidence": likely.evidence,
                              "file": source and source.file, "sheet": source and source.sheet, "row": source and source.row},
        "family": [{"code": p.code, "name": p.name, "relation": p.relation, "last": p.last} for p in one.paths],
    }  # fmt: skip
