"""prm inactive reason, reasons, competitors, keep, kept: what people say of quiet partners, beside what the data say."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from prm_tui.cli.common import actor, day, opened, print_json, print_table, say
from prm_tui.domain.errors import UsageError

FORMS = {
    "reason": "prm inactive reason CODE --reason R --said-by partner|manager [--competitor X] [--note T] [--on D]",
    "reasons": "prm inactive reasons [CODE]",
    "competitors": "prm inactive competitors",
    "keep": "prm inactive keep CODE --reason T --until D",
    "kept": "prm inactive kept",
}


def add_options(made: argparse.ArgumentParser) -> None:
    """The options of these acts."""
    group = made.add_argument_group(
        "reason, reasons, competitors, keep, kept in the place of codes", "; ".join(FORMS.values())
    )
    group.add_argument("--reason", metavar="R", default="", help="reason: one of the list; keep: why, in words.")
    group.add_argument("--said-by", metavar="WHO", default="", help="reason: who says so, partner or manager.")
    group.add_argument("--competitor", metavar="X", default="", help="reason: who won.")
    group.add_argument("--note", metavar="T", default="", help="reason: what was said.")
    group.add_argument("--on", metavar="DATE", help="reason: when it was said (today).")
    group.add_argument("--until", metavar="DATE", action="append", default=[],
                       help="keep: the last day; one more than a year away is said twice.")  # fmt: skip


def act(options: argparse.Namespace) -> int | None:
    """Do what the first word says; None where it is no act but a partner."""
    name = options.codes[0] if options.codes else ""
    doing: dict[str, Callable[[argparse.Namespace, list[str]], int]] = {
        "reason": _reason, "reasons": _reasons, "competitors": _competitors, "keep": _keep, "kept": _kept
    }  # fmt: skip
    if name not in doing:
        return None
    codes = options.codes[1:]
    wanted = {"reason": (1,), "reasons": (0, 1), "competitors": (0,), "keep": (1,), "kept": (0,)}[name]
    if len(codes) not in wanted:
        raise UsageError(f"It is written: {FORMS[name]}")
    return doing[name](options, codes)


def _reason(options: argparse.Namespace, codes: list[str]) -> int:
    from prm_tui.domain.inactivity import REASONS, reason
    from prm_tui.services import partners, reasons
    from prm_tui.services.values import read_date

    if not options.reason:
        raise UsageError(f"--reason: one of {', '.join(REASONS)}")
    if not options.said_by:
        raise UsageError("--said-by: who says so, partner or manager?")
    key, sayer = reason(options.reason), reasons.sayer_of(options.said_by)
    on = read_date(options.on, "--on") if options.on else None
    with opened(options) as store:
        partner = partners.resolve(store, codes[0])
        reasons.say(store, partner, key, said_by=sayer, competitor=options.competitor, note=options.note, on=on,
                    actor=actor(options, store), as_of=day(options, store))  # fmt: skip
    say(f"{codes[0]}: {REASONS[key].lower()}, said by the {sayer}.")
    return 0


def _reasons(options: argparse.Namespace, codes: list[str]) -> int:
    from prm_tui.services import partners, reasons

    with opened(options) as store:
        partner = partners.resolve(store, codes[0]) if codes else None
        found = reasons.listed(store, day(options, store), partner)
    if options.json:
        rows = [{"code": r.code, "name": r.name, "reason": r.key, "known": r.known, "said_by": r.said_by, "on": r.on,
                 "competitor": r.competitor, "note": r.note, "written_by": r.by, "source": r.source} for r in found]  # fmt: skip
        print_json(rows)
        return 0
    print_table(
        ("Code", "Partner", "On", "Said by", "Why", "Competitor", "Note"),
        [(r.code, r.name, r.on, r.said_by, r.label, r.competitor, r.note) for r in found],
        whole=True,
    )
    return 0


def _competitors(options: argparse.Namespace, codes: list[str]) -> int:
    from prm_tui.services import reasons

    with opened(options) as store:
        found = reasons.competitors(store, day(options, store))
    if options.json:
        rows = [{"quarter": r.quarter, "competitor": r.competitor or None, "losses": r.losses, "of": r.of, "share": r.share,
                 "partners": r.partners} for r in found]  # fmt: skip
        print_json(rows)
        return 0
    print_table(
        ("Quarter", "Competitor", "Losses", "Share", "Partners"),
        [(r.quarter, r.competitor or "not named", r.losses, f"{r.share:.0%}", r.partners) for r in found],
        (False, False, True, True, True),
    )
    return 0


def _keep(options: argparse.Namespace, codes: list[str]) -> int:
    from prm_tui.services import kept, partners
    from prm_tui.services.values import read_date

    said = [read_date(text, "--until") for text in options.until]
    if len(set(said)) > 1:
        raise UsageError(f"--until: two different days were said, {said[0]} and {said[1]}")
    with opened(options) as store:
        partner = partners.resolve(store, codes[0])
        kept.keep(store, partner, options.reason, said[0] if said else None, twice=len(said) > 1,
                  actor=actor(options, store), as_of=day(options, store))  # fmt: skip
    say(f"{codes[0]} is kept until {said[0]}. See what comes of it: prm inactive kept")
    return 0


def _kept(options: argparse.Namespace, codes: list[str]) -> int:
    from prm_tui.services import kept

    with opened(options) as store:
        found = kept.listed(store, day(options, store))
    if options.json:
        rows: list[dict[str, Any]] = [
            {"code": r.code, "name": r.name, "reason": r.reason, "by": r.by, "since": r.since, "until": r.until, "holds": r.holds,
             "back_on": r.back_on, "result": r.result} for r in found
        ]  # fmt: skip
        print_json(rows)
        return 0
    print_table(
        ("Code", "Partner", "Since", "Until", "By", "Why", "What came of it"),
        [(r.code, r.name, r.since, r.until, r.by, r.reason, r.result) for r in found],
        whole=True,
    )
    return 0
