"""The sections on what the rules are worth: both on the file's own past, and what is to be expected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.content import Content

from prm_tui.domain.insights import Bin, Number
from prm_tui.domain.insights_rules import Quality
from prm_tui.services import insights
from screens.insights.shown import Behind, Shown, bar, full, percent
from screens.widgets.table import Col, Line

if TYPE_CHECKING:
    from storage import Store

_LINES: tuple[tuple[str, Callable[[Quality], str], str], ...] = (
    (
        "Cases judged",
        lambda q: f"{q.judged:,}",
        "A case is a partner at the end of a month, judged when what followed is known.",
    ),
    ("Flagged", lambda q: f"{q.flagged:,}", "Cases in which the rule would have spoken."),
    ("Precision", lambda q: percent(q.precision), "Of what was flagged, the share of which nothing came."),
    ("Recall", lambda q: percent(q.recall), "Of those of which nothing came, the share that was flagged."),
    ("False alarms", lambda q: percent(q.false_alarms), "Of those that came back, the share that was flagged."),
    (
        "… of slow-paced partners",
        lambda q: percent(q.slow_alarms),
        "The same of partners that are active once in 90 days or more seldom.",
    ),
    ("New flags", lambda q: f"{q.new:,}", "Flags that were not there the month before."),
    ("Precision of new flags", lambda q: percent(q.new_precision), "Of new flags, the share of which nothing came."),
    ("Silences", lambda q: f"{q.losses:,}", "Silences as long as the window or longer that began in these months."),
    ("… flagged in time", lambda q: f"{q.found:,}", "Those of them that were flagged before anything came."),
    (
        "Median days to detect",
        lambda q: "–" if q.days is None else f"{q.days:,.0f}",
        "From the last activity to the flag.",
    ),
)


_SHORT = {"fixed": "The policy", "adaptive": "Own rhythm"}
_PARTS = {
    "Cases judged": "judged", "Flagged": "flagged", "Precision": "rightly", "Recall": "lost", "False alarms": "wrongly",
    "… of slow-paced partners": "wrongly, slow", "New flags": "flagged", "Precision of new flags": "rightly", "Silences": "silent",
    "… flagged in time": "silent, found", "Median days to detect": "silent, found",
}  # fmt: skip
"""Line → the cases behind it (storage/insights_rules.py)."""


def quality(store: Store, as_of: date, width: int) -> Shown:
    """Both rules on the file's own past, and how likely such silences were beside what came."""
    found = insights.rules(store, as_of)
    lines: dict[Any, Line] = {}
    behind: dict[Any, Behind | tuple[Behind, ...]] = {}
    for label, value, about in _LINES:
        lines[label] = Line(
            ((label, "bright"), *((value(one), "text") for one in found.rules), (about, "muted")),
            detail=about + " " + "; ".join(f"{one.title.lower()}: {value(one)}" for one in found.rules),
        )
        behind[label] = tuple(
            Behind(f"{label}: {one.title.lower()}", partial(insights.judged, part=_PARTS[label], rule=one.rule))
            for one in found.rules
        )
    lines[""] = Line((("", ""),))
    for one in found.calibration:
        lines[one.low] = _bin(one, len(found.rules))
        between = (one.low, one.high if one.high < 1 else 2)
        title = f"Silences called {one.low:.0%} to {one.high:.0%} likely"
        behind[one.low] = Behind(title, partial(insights.judged, part="so likely", between=between))
    columns = [
        Col("what", "", 26), *(Col(q.rule, _SHORT[q.rule], 13, True) for q in found.rules), Col("about", "", least=12),
    ]  # fmt: skip
    above = Content.styled(
        f"{found.looks} ends of months from {found.first} to {found.last}; nothing commercial in the next {found.window} days counts"
        f" as lost. {found.cases:,} cases, {found.open:,} of which cannot be judged yet. Known to {found.reach.to}. Below: how likely a"
        " silence was called, and how many came back.",
        "$muted",
    )
    return Shown(columns, lines, behind, above)


def _bin(one: Bin, rules: int) -> Line:
    few = "" if one.enough else ", few"
    cells = [(f"{one.low:.0%} to {one.high:.0%} likely", "bright"), (percent(one.share), "text")]
    cells += [(f"{one.cases:,} cases{few}", "muted" if one.enough else "warn")]
    return Line(
        (*cells, *([("", "")] * (rules - 2)), (bar(one.share or 0, 20), "accent")),
        detail=f"Silences called {one.low:.0%} to {one.high:.0%} likely, {percent(one.foreseen)} on average: {one.cases:,} cases{few},"
               f" of which {percent(one.share)} came back.",
    )  # fmt: skip


def outlook(store: Store, as_of: date, width: int) -> Shown:
    """What may come in the next 12 months, weighted by the chance of return."""
    found = insights.expectation(store, as_of)
    lines, behind = {}, {}
    for one in found.amounts:
        for title, three in (("Last 12 months", one.last), ("Next 12 months", one.next)):
            for label, number in (
                ("everybody", three.everybody),
                ("without the inactive", three.going),
                ("without the unknown", three.known),
            ):
                key = (one.currency, title, label)
                lines[key] = Line(
                    (
                        (title if label == "everybody" else "", "bright"),
                        (label, "text"),
                        (one.currency, "muted"),
                        (_money(number), "bright"),
                    ),
                    detail=full(number, f"{title}, {label}"),
                )  # fmt: skip
                behind[key] = Behind(f"{title}, {label}", number.behind)
    columns = [Col("what", "", 16), Col("whose", "Of", 22), Col("currency", "", 4), Col("amount", "Amount", 18, True)]
    mixed = f" {found.mixed:,} partners have amounts in several currencies and are in no sum." if found.mixed else ""
    above = Content.styled(
        f"The amount of the last 12 months of every partner, weighted: {found.how}.{mixed}", "$muted"
    )
    return Shown(columns, lines, behind, above, "No amounts are known.")


def _money(number: Number) -> str:
    return "–" if number.value is None else f"{number.value:,.2f}"
