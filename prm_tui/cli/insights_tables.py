"""The parts of Insights as tables for a reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from prm_tui.cli.common import plain_lines, print_table, say
from prm_tui.domain.inactivity import STATES
from prm_tui.domain.insights import WINDOW, Cohorts, Expectation, Number, Reach, RfmGrid, Share, States, Survival
from prm_tui.domain.insights_rules import Quality, Rules
from prm_tui.domain.insights_why import Reason, Reasons
from prm_tui.domain.insights_work import Operations, Pillar
from prm_tui.domain.survival import MONTH, Curve, Step, months

WIDE = 12
"""How many quarters of a cohort, groups of a curve, values of a field are shown."""


def show(part: str, found: Any) -> None:
    """Print a part."""
    shown: dict[str, Callable[[Any], None]] = {
        "first": _first, "states": _states, "survival": _survival, "cohorts": _cohorts, "rfm": _rfm, "rules": _rules,
        "reasons": _reasons, "expectation": _expectation, "operations": _operations, "pillars": _pillars,
    }  # fmt: skip
    shown[part](found)


def _head(text: str) -> None:
    print(f"\n{plain_lines(text)}")


def percent(value: float | Decimal | None) -> str:
    """A share, or nothing where it cannot be said."""
    return "–" if value is None else f"{float(value):.1%}"


def _share(number: Number) -> str:
    return percent(number.value) + (f" of only {number.of}" if number.small else "")


def _said(reach: Reach) -> None:
    for line in (f"known to {reach.to}", *reach.said()):
        say(line)


# ---- parts ----


def _first(found: Any) -> None:
    _counts(found.states)
    _by(found.states.splits[0].groups, "Type")
    if found.reasons or found.unexplained.value:
        _pareto("Why they are quiet, as it was said", found.reasons, found.unexplained)
    _expectation(found.expectation)


def _states(found: States) -> None:
    _counts(found)
    for split in found.splits:
        if len(split.groups) > 1 or split.field == "type":
            _by(split.groups, split.field.capitalize())
    _head("At the end of each month")
    keys = [key for key in STATES if any(counts.get(key) for _, counts in found.trend)]
    gaps = found.reach.gaps
    print_table(
        ("On", *(STATES[key].label for key in keys), ""),
        [
            (
                on,
                *(counts.get(key, 0) for key in keys),
                "a sheet may be missing" if any(a < on < b for a, b in gaps) else "",
            )
            for on, counts in found.trend
        ],
        (False, *[True] * len(keys)),
    )


def _counts(found: States) -> None:
    rows = []
    for key, number in found.counts.items():
        n = int(number.value or 0)
        state = f"{STATES[key].sign} {STATES[key].label}"
        rows.append((state, f"{n:,}", percent(n / found.partners if found.partners else None)))
    print_table(("State", "Partners", "Share"), rows, (False, True, True))
    whole = found.inactive
    say(
        f"{found.partners:,} partners on {found.as_of}; inactive {_share(whole.everybody)},"
        f" without the unknown {_share(whole.known)}"
    )
    if found.left_out:
        say("left out: " + ", ".join(f"{n:,} {status.lower()}" for status, n in found.left_out.items()))
    _said(found.reach)


def _by(groups: Sequence[Share], title: str) -> None:
    _head(f"Inactive by {title.lower()}")
    print_table(
        (title, "Partners", "Inactive", "Unknown", "Percent", "Without unknown", ""),
        [(g.name, g.partners, g.inactive, g.unknown, percent(g.everybody.value), percent(g.known.value), g.warning) for g in groups],
        (False, True, True, True, True, True),
    )  # fmt: skip


def _survival(found: Survival) -> None:
    began = "they joined" if found.since == "joined" else "they were first active"
    print(f"Still active, in months since {began}")
    _curves(found.everybody, found.known, found.groups)
    for test in found.tests:
        say(
            f"{test.first} and {test.second}: {test.observed} fell where {test.expected:.1f} were to be expected,"
            f" χ² {test.chi2:.2f}, p {test.p:.3f}"
        )
    _head("Not active yet, in months since they joined")
    _curves(found.first, found.first_known, found.first_groups)
    if found.before or found.nobody:
        say(
            f"left out of that: {found.before:,} active before they joined, {found.nobody:,} of whom nobody says when they joined"
        )


def _curves(whole: Curve, known: Curve, groups: Sequence[tuple[str, Curve]]) -> None:
    if not whole.partners:
        say("nobody to count")
        return
    rows = [
        (
            month,
            _step(step),
            step.at_risk,
            _step(known.at(month * MONTH)),
            *(_short(curve, month) for _, curve in groups[:WIDE]),
        )
        for month, step in months(whole)
    ]
    header = ("Months", "Everybody (95 %)", "At risk", "Without unknown (95 %)", *(name for name, _ in groups[:WIDE]))
    print_table(header, rows, [True] * len(header))
    median = "more than that" if whole.median is None else f"{whole.median:,} days"
    say(
        f"{whole.partners:,} partners, {whole.events:,} events; half by {median}; hidden where fewer than ten are at risk"
    )


def _step(step: Step | None) -> str:
    return "–" if step is None else f"{step.survival:.1%} ({step.low:.0%}–{step.high:.0%})"


def _short(curve: Curve, month: int) -> str:
    step = curve.at(month * MONTH)
    return "–" if step is None else f"{step.survival:.1%} of {step.at_risk}"


def _cohorts(found: Cohorts) -> None:
    wide = min(max((len(row.active) for row in found.rows), default=0), WIDE + 1)
    for which, title in enumerate(("everybody", "without the inactive", "without the unknown")):
        _head(f"Active in each quarter since, {title}")
        print_table(
            ("Since", "Partners", *(f"+{n}" for n in range(wide))),
            [(row.name, row.partners[which], *_cells(row.rates(which), wide)) for row in found.rows],
            [False, *[True] * (wide + 1)],
        )
    say(f"by {found.by}")
    if found.open:
        say(f"{found.open} is not over, or not covered to its end")
    if found.nobody_knows:
        say(f"{found.nobody_knows:,} partners in no row: nobody says when they joined, and they did nothing yet")


def _cells(rates: Sequence[float | None], wide: int) -> list[str]:
    said = ["–" if rate is None else f"{rate:.0%}" for rate in rates[:wide]]
    return said + [""] * (wide - len(said))


def _rfm(found: RfmGrid) -> None:
    print_table(
        ("Type", "R", "F", "M", "Of", "Partners", "Amount of 12 months"),
        [(c.type, c.r, c.f, c.m, c.parts, c.partners, c.amount) for c in found.cells],
        (False, True, True, True, True, True, True),
    )
    say(
        f"{found.partners:,} partners ranked inside their type, the best highest, by amounts of {found.money};"
        f" {found.without:,} were never active"
    )


def _rules(found: Rules) -> None:
    for table in (quality_rows(found), calibration_rows(found)):
        print_table(table[0], table[1:], [False, *[True] * (len(table[0]) - 1)])
        print()
    say(
        f"{found.looks} looks from {found.first} to {found.last}; {found.cases:,} cases, of which {found.open:,} cannot be judged:"
        f" what came in {found.window} days is not known yet"
    )
    _said(found.reach)


def quality_rows(found: Rules) -> list[tuple[str, ...]]:
    """The table of both rules, its header first."""
    header = ("", *(q.title for q in found.rules))
    lines: list[tuple[str, Callable[[Quality], str]]] = [
        ("cases judged", lambda q: f"{q.judged:,}"),
        ("flagged", lambda q: f"{q.flagged:,}"),
        ("precision: of these nothing came", lambda q: percent(q.precision)),
        ("recall: of those that nothing came of", lambda q: percent(q.recall)),
        ("false alarms: of those that came back", lambda q: percent(q.false_alarms)),
        ("the same of slow-paced partners", lambda q: percent(q.slow_alarms)),
        ("new flags", lambda q: f"{q.new:,}"),
        ("precision of new flags", lambda q: percent(q.new_precision)),
        (f"silences of {found.window} days or more", lambda q: f"{q.losses:,}"),
        ("flagged before anything came", lambda q: f"{q.found:,}"),
        ("median days until then", lambda q: "–" if q.days is None else f"{q.days:,.0f}"),
    ]
    return [header, *((said, *(value(q) for q in found.rules)) for said, value in lines)]


def calibration_rows(found: Rules | Expectation) -> list[tuple[str, ...]]:
    """How likely such silences were beside what came, its header first."""
    bins = found.calibration if isinstance(found, Rules) else found.chances
    rows = [
        (
            f"{b.low:.0%} to {b.high:.0%}",
            f"{b.cases:,}",
            percent(b.foreseen),
            percent(b.share),
            "" if b.enough else "few",
        )
        for b in bins
    ]
    return [("So long a silence is as likely as", "Cases", "On average", "Came back", ""), *rows]


def _reasons(found: Reasons) -> None:
    _pareto("Why they are quiet, as it was said", found.quiet, found.unexplained)
    for title, listed in (
        ("Where nobody said why: what the data suggest", found.inferred),
        ("Why they left or came back", found.ended),
    ):
        if listed:
            _pareto(title, listed, None)
    if found.groups:
        _head("By type, tier and territory")
        print_table(("Field", "Value", "Reason", "Partners"), found.groups, (False, False, False, True))
    if found.competitors:
        _head("Losses by competitor")
        rows = [(quarter, name, n, percent(share)) for quarter, name, n, share in found.competitors]
        print_table(("Quarter", "Competitor", "Losses", "Of the quarter's"), rows, (False, False, True, True))
    _head("Which field tells the inactive from the active")
    print_table(
        ("Field", "Tells", "Value", "Partners", "Inactive", "Percent", "Times usual", ""),
        [
            (s.field, percent(s.gain), v.value, v.partners, v.inactive, percent(v.everybody.value), _times(v.lift), v.warning)
            for s in found.separations
            for v in s.values[:WIDE]
        ],
        (False, True, False, True, True, True, True),
    )  # fmt: skip
    stayed, of = found.survivors
    say(
        f"{stayed:,} of {of:,} partners first active a year ago or longer were still active 12 months after"
        + (f"; {found.warning}" if found.warning else "")
    )
    if found.prospects:
        _head("Prospects, by how many like them stayed 12 months")
        print_table(
            ("Code", "Prospect", "Score", "By"),
            [(p.code, p.name, percent(p.score), ", ".join(f"{f} {v} {r:.0%} of {n}" for f, v, r, n in p.by)) for p in found.prospects[:50]],
            (False, False, True),
            whole=True,
        )  # fmt: skip


def _times(lift: float | None) -> str:
    return "–" if lift is None else f"{lift:.2f}"


def _pareto(title: str, listed: Sequence[Reason], unexplained: Number | None) -> None:
    _head(title)
    print_table(
        ("Reason", "Partners", "Share", "So far"),
        [(one.label, one.number.value, percent(one.share), percent(one.so_far)) for one in listed],
        (False, True, True, True),
    )
    if unexplained is not None and unexplained.value:
        say(f"of {unexplained.value:,} of {unexplained.of:,} quiet partners nobody said why")


def _expectation(found: Expectation) -> None:
    _head(f"Amounts of {found.money}")
    rows = []
    for amount in found.amounts:
        for title, three in (("12 months so far", amount.last), ("12 months to come", amount.next)):
            rows.append((title, amount.currency, *(_money(n) for n in (three.everybody, three.going, three.known))))
    print_table(
        ("", "Currency", "Everybody", "Without the inactive", "Without the unknown"),
        rows,
        (False, False, True, True, True),
    )
    say(f"{found.how}; a return is one within {WINDOW} days")
    if found.mixed:
        say(f"{found.mixed:,} partners have amounts in several currencies and are in no sum")


def _money(number: Number) -> str:
    return f"{number.value or 0:,.2f}"


def _operations(found: Operations) -> None:
    print_table(
        ("Queue", "Kind", "Done", "Median hours", "Done before", "Median hours before"),
        [(q.name, q.kind, q.done, _hours(q.hours), q.done_before, _hours(q.hours_before)) for q in found.queues],
        (False, False, True, True, True, True),
    )
    _head("")
    print_table(
        ("", f"{found.span[0]} to {found.span[1]}", f"{found.before[0]} to {found.before[1]}"),
        [(pair.label, _value(pair.now), _value(pair.before)) for pair in found.pairs],
        (False, True, True),
    )


def _hours(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _value(number: Number) -> str:
    if number.unit.startswith("share"):
        return f"{percent(number.value)} of {number.of:,}"
    return f"{number.value:,}"


def _pillars(found: Sequence[Pillar]) -> None:
    print_table(
        ("Pillar", "What the file says"),
        [(p.name, p.sentence + (f" (no sheet tells of {p.missing})" if p.missing else "")) for p in found],
        whole=True,
    )
