"""The sections on time: how long partners stay, how long the first order takes, cohorts, ranks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.content import Content

from prm_tui.domain.survival import MONTH, Curve, months
from prm_tui.services import insights_time
from screens.insights.shown import Behind, Shown, percent
from screens.text import visible
from screens.widgets.table import Col, Line

if TYPE_CHECKING:
    from storage import Store

HIGH = 7
"""Lines of a chart."""
_EIGHTHS = " ▁▂▃▄▅▆▇█"


def survival(store: Store, as_of: date, width: int) -> Shown:
    """How long partners stay, by months since they were first active."""
    found = insights_time.survival(store, as_of)
    median = "more than that" if found.everybody.median is None else f"{found.everybody.median:,} days"
    tests = "; ".join(f"{t.first} against {t.second}: p {t.p:.3f}" for t in found.tests[:3])
    about = (
        f"Still active, by months since first active. {found.everybody.partners:,} partners, {found.everybody.events:,} gone quiet; half by"
        f" {median}. Inactive counts as gone on its last day; everybody else is seen until now."
        + (f" {tests}" if tests else "")
    )
    return _curve(found.everybody, found.known, found.groups, about, width, first=False)


def first_order(store: Store, as_of: date, width: int) -> Shown:
    """How long it takes until a partner is first active."""
    found = insights_time.survival(store, as_of)
    median = "more than that" if found.first.median is None else f"{found.first.median:,} days"
    about = (
        f"Not active yet, by months since joining. {found.first.partners:,} partners, {found.first.events:,} of them active by now; half by"
        f" {median}. Left out: {found.before:,} active before they joined, {found.nobody:,} of whom nobody says when they joined."
    )
    return _curve(found.first, found.first_known, found.first_groups, about, width, first=True)


def _curve(
    whole: Curve, known: Curve, groups: Sequence[tuple[str, Curve]], about: str, width: int, *, first: bool
) -> Shown:
    shown = months(whole)
    lines: dict[Any, Line] = {}
    behind: dict[Any, Behind | tuple[Behind, ...]] = {}
    for month, step in shown:
        cells = [(f"{month}", "bright"), (f"{step.survival:.1%}", "bright"), (f"{step.low:.0%} to {step.high:.0%}", "muted"),
                 (f"{step.at_risk:,}", "text"), (_share(known, month), "text")]  # fmt: skip
        cells += [(_share(curve, month), "text") for _, curve in groups[:3]]
        lines[month] = Line(
            tuple(cells),
            detail=f"After {month} months {step.survival:.1%} (95 % interval {step.low:.1%} to {step.high:.1%}), {step.at_risk:,} at risk;"
                   " hidden where fewer than ten are.",
        )  # fmt: skip
        behind[month] = Behind(
            f"At risk after {month} months", partial(insights_time.at_risk, days=month * MONTH, first=first)
        )
    wide = 18 if width >= 116 else 14
    more = [Col(f"g{n}", visible(name), wide, True) for n, (name, _) in enumerate(groups[:3])]
    columns = [Col("month", "Months", 6, True), Col("s", "Share", 7, True), Col("ci", "95 %", 12), Col("risk", "At risk", 8, True),
               Col("known", "Without unknown", 15, True), *more]  # fmt: skip
    chart = _chart(whole, shown[-1][0] if shown else 0, min(width - 14, 90))
    above = Content("\n").join([Content.styled(about, "$muted"), *([Content("")] if chart else []), *chart])
    return Shown(columns, lines, behind, above if lines else Content(""), about + " Too few to show a curve.")


def _share(curve: Curve, month: int) -> str:
    step = curve.at(month * MONTH)
    return "–" if step is None else percent(step.survival)


def _chart(curve: Curve, last: int, wide: int) -> list[Content]:
    """The curve as columns of eighths, its axis at the left, months beneath."""
    if last < 3 or wide < 20:
        return []
    points = [curve.at(last * MONTH * n / (wide - 1)) for n in range(wide)]
    rows = []
    for line in range(HIGH, 0, -1):
        cells = "".join(
            " " if p is None else _EIGHTHS[max(0, min(8, round((p.survival * HIGH - (line - 1)) * 8)))] for p in points
        )
        label = {HIGH: "100 %", (HIGH + 1) // 2: " 50 %", 1: "     "}.get(line, "     ")
        rows.append(Content.assemble((f"{label} ", "$muted"), (cells, "$accent")))
    rows.append(Content.styled("      0" + f"{last} months".rjust(wide - 1), "$muted"))
    return rows


def cohorts(store: Store, as_of: date, width: int) -> Shown:
    """The share active in each quarter since joining."""
    found = insights_time.cohorts(store, as_of)
    most = max((len(row.active) for row in found.rows), default=0)
    room = max(4, min(most, (width - 32) // 7))
    lines, behind = {}, {}
    for row in found.rows:
        rates = row.rates()[:room]
        cells = [(row.name, "bright"), (f"{row.partners[0]:,}", "text")]
        cells += [("" if rate is None else f"{rate:.0%}", _shade(rate)) for rate in rates]
        cells += [("", "")] * (room - len(rates))
        without = ", ".join(percent(rate) for rate in row.rates(1)[:room])
        lines[row.name] = Line(
            tuple(cells), detail=f"{row.name}: {row.partners[0]:,} partners; without those inactive today {without}"
        )
        behind[row.name] = Behind(f"Since {row.name}", row.behind)
    columns = [
        Col("name", "Since", 9),
        Col("n", "Partners", 8, True),
        *(Col(f"q{n}", f"+{n}", 5, True) for n in range(room)),
    ]
    notes = [f"The share with something commercial in each quarter since, by {found.by}."]
    notes += [f"{found.open} is not over, or not covered to its end."] if found.open else []
    notes += (
        [f"{found.nobody_knows:,} in no row: nobody says when they joined, and they did nothing yet."]
        if found.nobody_knows
        else []
    )
    return Shown(columns, lines, behind, Content.styled(" ".join(notes), "$muted"))


def _shade(rate: float | None) -> str:
    return "muted" if rate is None or rate < 0.25 else "text" if rate < 0.6 else "good"


def ranks(store: Store, as_of: date, width: int) -> Shown:
    """Recency, frequency and money as ranks inside each type."""
    found = insights_time.rfm(store, as_of)
    lines, behind = {}, {}
    for one in sorted(found.cells, key=lambda cell: (-(cell.r + cell.f + cell.m), cell.type)):
        key = (one.type, one.r, one.f, one.m)
        amount = "" if one.amount is None else f"{one.amount:,.0f}"
        lines[key] = Line(
            ((visible(one.type), "bright"), (f"{one.r}", _rank(one.r, one.parts)), (f"{one.f}", _rank(one.f, one.parts)),
             (f"{one.m}", _rank(one.m, one.parts)), (f"{one.parts}", "muted"), (f"{one.partners:,}", "text"), (amount, "text")),
            detail=f"{visible(one.type)}: recency {one.r}, frequency {one.f}, money {one.m} of {one.parts}; {one.partners:,} partners;"
                   " the best have the highest rank.",
        )  # fmt: skip
        behind[key] = Behind(
            f"{one.type}: recency {one.r}, frequency {one.f}, money {one.m} of {one.parts}", one.behind
        )
    columns = [Col("type", "Type"), Col("r", "Recency", 8, True), Col("f", "Frequency", 9, True), Col("m", "Money", 6, True),
               Col("of", "Of", 3, True), Col("n", "Partners", 9, True), Col("amount", "12 months", 14, True)]  # fmt: skip
    above = Content.styled(
        f"{found.partners:,} partners ranked inside their type, by amounts of {found.money.replace('_', ' ')}; {found.without:,} were never"
        " active.",
        "$muted",
    )
    return Shown(columns, lines, behind, above)


def _rank(rank: int, parts: int) -> str:
    return "good" if rank == parts else "bad" if rank == 1 else "text"
