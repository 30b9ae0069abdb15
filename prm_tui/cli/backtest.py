"""prm backtest."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import command, day, opened, plain, print_json, print_table, say, with_json

if TYPE_CHECKING:
    from prm_tui.domain.backtest import Backtest, Neighbour, Outcome, Rhythm
    from prm_tui.domain.trigger import Trigger
    from storage import Store

BAR = 50
"""Characters of the longest bar."""


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(
        command(
            commands, "backtest", "Say what a condition would have found, day by day, and how that turned out.", _run
        )
    )
    made.add_argument("condition", metavar="CONDITION", help="For example: days_since(order) > 90")
    add_span(made)
    made.add_argument("--again-after", metavar="DAYS", type=int, default=0,
                      help="Days it must have been untrue before the same partner matches again.")  # fmt: skip
    made.add_argument("--coverage", choices=("strict", "recorded"), default="strict",
                      help="Strict: beyond what its feeds cover it is unknown whether nothing happened.")  # fmt: skip


def add_span(made: argparse._ActionsContainer) -> None:
    """The options that say over which days and against which outcome."""
    made.add_argument("--from", dest="first", metavar="DATE", help="The first day (a year before the last).")
    made.add_argument("--to", dest="last", metavar="DATE", help="The last day (the date of evaluation).")
    made.add_argument("--outcome", metavar="CONDITION", help="What should have followed: count(order, 180) = 0")
    made.add_argument("--window", metavar="DAYS", type=int, help="Days after a match at which the outcome is judged.")
    made.add_argument("--mode", choices=("true", "known"), default="true",
                      help="By what was true on a day, or by what was known on it.")  # fmt: skip
    made.add_argument("--step", choices=("day", "week"), default="day", help="How often the condition is evaluated.")
    made.add_argument("--neighbours", action="store_true", help="The same with other limits, side by side.")


def _run(options: argparse.Namespace) -> int:
    from prm_tui.domain.backtest import on_condition
    from prm_tui.domain.errors import UsageError

    if options.again_after < 0:
        raise UsageError("--again-after is a number of days, such as 30")
    coverage = "as recorded" if options.coverage == "recorded" else "strict"
    with opened(options) as store:
        return measure(options, store, on_condition(options.condition, options.again_after, coverage))


def measure(options: argparse.Namespace, store: Store, trigger: Trigger) -> int:
    """Backtest a trigger over the span that the options of `add_span` name, and print it."""
    from datetime import timedelta

    from prm_tui.domain.errors import UsageError
    from prm_tui.services import backtest
    from prm_tui.services.values import read_date

    first = read_date(options.first, "--from") if options.first else None
    last = read_date(options.last, "--to") if options.last else None
    if options.window is not None and options.window < 1:
        raise UsageError("--window is a number of days, such as 180")
    if options.window is not None and not options.outcome:
        raise UsageError("--window says when an outcome is judged: name one with --outcome")
    as_of = day(options, store)
    last = last or as_of
    first = first or last - timedelta(days=365)
    more: dict[str, Any] = {
        "outcome": options.outcome, "window": options.window, "mode": options.mode, "step": options.step, "as_of": as_of,
    }  # fmt: skip
    found = backtest.of_trigger(store, trigger, first, last, **more)
    beside = backtest.beside(store, trigger, first, last, **more) if options.neighbours else []
    rhythm = backtest.rhythm_of(store, trigger, last) if options.neighbours else None
    if options.json:
        print_json(as_data(found, beside, rhythm) if options.neighbours else as_data(found))
        return 0
    show(found, beside, rhythm)
    return 0


def as_data(found: Backtest, beside: Sequence[Neighbour] = (), rhythm: Rhythm | None = None) -> dict[str, Any]:
    """A backtest as its public JSON; the limits beside it and the rhythm where they were asked for."""
    data = {
        "condition": found.text, "from": found.first, "to": found.last, "step": found.step, "mode": found.mode,
        "hits": found.hits, "subjects": found.subjects, "partners": found.partners, "messages": found.messages,
        "by_period": [{"from": p.first, "hits": p.hits} for p in found.by_week],
        "by_month": [{"from": p.first, "hits": p.hits} for p in found.by_month],
        "repeaters": [{"code": r.code, "name": r.name, "hits": r.hits} for r in found.repeaters],
        "matches": [{"code": m.code, "on": m.on, "outcome": m.outcome or None} for m in found.matches],
        "today_stands_for": list(found.todays), "not_tracked": list(found.left_out), "covered_to": found.covered_to,
        "outcome": _outcome_data(found.outcome),
    }  # fmt: skip
    if beside:
        data["neighbours"] = [
            {
                "limit": n.limit, "own": n.own, "condition": n.backtest.text, "hits": n.backtest.hits,
                "subjects": n.backtest.subjects, "outcome": _outcome_data(n.backtest.outcome),
            }
            for n in beside
        ]  # fmt: skip
    if rhythm is not None:
        quantiles = {str(q): days for q, days in rhythm.quantiles}
        data["rhythm"] = {"of": rhythm.what, "partners": rhythm.partners, "days": quantiles}
    return data


def _outcome_data(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "condition": outcome.text, "window": outcome.window, "known_to": outcome.known_to, "judged": outcome.judged,
        "right": outcome.right, "wrong": outcome.wrong, "not_yet_known": outcome.not_yet_known,
        "precision": outcome.precision, "recall": outcome.recall, "stretches": outcome.stretches,
        "foreseen": outcome.foreseen, "lead": outcome.lead,
    }  # fmt: skip


def show(found: Backtest, beside: Sequence[Neighbour] = (), rhythm: Rhythm | None = None) -> None:
    """A backtest for reading: bars by week, the outcome, other limits beside it, those who matched most often."""
    print(plain(found.text))
    how = "what was known then" if found.mode == "known" else "what was true then"
    print(f"each {found.step} from {found.first} to {found.last}, by {how}")
    sent = (
        "each of them a message"
        if not found.late
        else f"{found.messages:,} of them a message, the others too late for one"
    )
    print(f"{found.hits:,} matches of {found.subjects:,} partners (of {found.partners:,}), {sent}")
    if found.hits:
        print("\nMatches by week")
        _bars(found)
    if found.outcome is not None:
        _print_outcome(found.outcome)
    if beside:
        print("\nThe limit moved")
        _print_beside(beside)
    if rhythm is not None and rhythm.median is not None:
        spread = dict(rhythm.quantiles)
        print(
            f"\nTheir own rhythm: of {rhythm.partners:,} partners with repeated {plain(rhythm.what)} half come back"
            f" within {rhythm.median:g} days, a tenth within {spread[10]:g}, nine tenths within {spread[90]:g}"
        )
    if found.repeaters:
        print("\nMost often")
        print_table(
            ("Code", "Name", "Matches"), [(r.code, r.name, r.hits) for r in found.repeaters], (False, False, True)
        )
    for line in _remarks(found):
        say(line)


def _remarks(found: Backtest) -> list[str]:
    remarks = []
    if found.todays:
        remarks.append(f"no past is known of {', '.join(found.todays)}: the value of today stands for it")
    if found.left_out:
        remarks.append(f"not tracked, left out: {', '.join(found.left_out)}")
    if found.covered_to is not None and found.covered_to < found.last:
        remarks.append(f"its feeds are covered to {found.covered_to}; later it is not known whether nothing happened")
    return remarks


def _bars(found: Backtest) -> None:
    sign = "█" if "utf" in (sys.stdout.encoding or "").lower() else "#"
    most = max(p.hits for p in found.by_week)
    width = len(f"{most:,}")
    for period in found.by_week:
        bar = sign * max(round(period.hits * BAR / most), 1 if period.hits else 0)
        print(f"{period.first}  {period.hits:>{width},}  {bar}".rstrip())


def _print_outcome(outcome: Outcome) -> None:
    print(f"\nOutcome: {plain(outcome.text)}, {outcome.window} days after a match; known to {outcome.known_to}")
    print(f"right {outcome.right:,}, wrong {outcome.wrong:,}, not yet known {outcome.not_yet_known:,}")
    lead = "" if outcome.lead is None else f"; {_days(outcome.lead)} the outcome itself"
    recall = ""
    if outcome.stretches is not None:
        recall = f", recall {_percent(outcome.recall)} ({outcome.foreseen:,} of {outcome.stretches:,})"
    print(f"precision {_percent(outcome.precision)} of {outcome.judged:,} judged{recall}{lead}")


def _days(lead: float) -> str:
    return f"{abs(lead):g} days {'before' if lead >= 0 else 'after'}"


def _print_beside(beside: Sequence[Neighbour]) -> None:
    header = ["Limit", "Matches", "Partners"]
    judged = any(n.backtest.outcome is not None for n in beside)
    rows = []
    for n in beside:
        row: list[Any] = [f"{'>' if n.own else ' '} {n.limit}", f"{n.backtest.hits:,}", f"{n.backtest.subjects:,}"]
        if n.backtest.outcome is not None:
            o = n.backtest.outcome
            row += [f"{o.judged:,}", f"{o.right:,}", _percent(o.precision), _percent(o.recall),
                    "" if o.lead is None else f"{o.lead:g}"]  # fmt: skip
        rows.append(row)
    if judged:
        header += ["Judged", "Right", "Precision", "Recall", "Days before"]
    print_table(header, rows, (True,) * len(header))


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{part * 100:.1f} %"
