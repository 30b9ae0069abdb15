"""prm cases settlement and prm cases pack: the money at the end, and the proof of it all as one folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from prm_tui.cli.common import day, plain_lines, print_files, print_json, say
from prm_tui.domain.errors import UsageError


def add_options(made: argparse.ArgumentParser) -> None:
    """The options of these two acts."""
    made.add_argument("--reverse-pending", action="store_true",
                      help="settlement: take pending lines back, each by a line of its own, and withdraw open proposals.")  # fmt: skip
    made.add_argument("--approve", action="store_true", help="settlement: approve the statement as it is now.")


def settlement(options: argparse.Namespace, store: Any, person: int | None) -> int:
    """Print the settlement of a case, and write it as a workbook where one is named."""
    from prm_tui.domain.settlement import figures
    from prm_tui.services import settlement as service

    if options.reverse_pending and options.approve:
        raise UsageError("First reverse, then look, then approve: --reverse-pending or --approve, not both.")
    as_of = day(options, store)
    if options.reverse_pending:
        found = service.reverse_pending(store, options.id, actor=person, as_of=as_of)
    elif options.approve:
        found = service.approve(store, options.id, actor=person, as_of=as_of)
    else:
        found = service.of(store, options.id, as_of, person)
    if options.out:
        service.write(found, Path(options.out))
        say(f"Written: {options.out}. Its sums are formulas over its sheet of lines.")
    if options.json:
        print_json({
            "case": found.case_id, "code": found.code, "as_of": found.as_of, "effective_on": found.effective_on,
            "effect": found.effect, "tail_ends": found.tail_ends,
            "figures": [{"currency": c, "item": item, "amount": amount} for (c, item), amount in figures(found.sums).items()],
            "lines": found.lines, "funds": found.funds, "months": found.months, "pending": [x.id for x in found.pending],
            "differences": found.differences, "new_lines": [x.id for x in found.new_lines], "remarks": found.remarks,
            "approved": found.approved and {"by": found.approved.by, "at": found.approved.at, "sha256": found.approved.hash},
        })  # fmt: skip
    else:
        print(plain_lines(service.text(found)))
    return 0


def pack(options: argparse.Namespace, store: Any, person: int | None) -> int:
    """Write everything about a case into one folder."""
    from prm_tui.services import casepack

    if not options.out:
        raise UsageError(f"Into which folder? prm cases pack {options.id} FOLDER")
    written = casepack.write(store, options.id, Path(options.out), viewer=person, as_of=day(options, store))
    print_files(options, written)
    say(f"Anyone can check it without prm: cd {options.out} && sha256sum -c SHA256SUMS")
    return 0
