"""The sections on who is active: states with their trend, what that means for each type, the grid, the policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.domain.inactivity import GONE, SEGMENTS, STATES, in_effect
from prm_tui.domain.insights import Behind as Who
from prm_tui.domain.insights import Share
from prm_tui.services import inactivity, insights
from screens.insights.shown import Behind, Shown, bar, full, of, percent, share
from screens.text import STATE_COLOURS, short_date, spark, visible
from screens.widgets.table import Col, Line

if TYPE_CHECKING:
    from storage import Store

_MEANS = {
    "active": "does as it used to",
    "slowing": "rarer than once in 5 times for its own rhythm",
    "at_risk": "rarer than once in 20 times for its own rhythm",
    "inactive": "meets the policy of its type",
    "dormant": "has met it for a year and longer",
    "never_activated": "nothing commercial since it joined",
    "unknown": "no sheet reaches far enough to tell",
}
Trend = Sequence[tuple[date, Mapping[str, int]]]


def states(store: Store, as_of: date, width: int) -> Shown:
    """How many partners are in each state, and were at the end of the months before (in a large file: of the quarters)."""
    found = insights.of_states(store, as_of)
    trend, left_out = found.trend, found.left_out
    counts = {key: int(number.value or 0) for key, number in found.counts.items()}
    whole, most = sum(counts.values()), max(counts.values(), default=0)
    wide = 24 if width >= 100 else 12
    lines = {}
    for key, state in STATES.items():
        n = counts.get(key, 0)
        past = [then.get(key, 0) for _, then in trend]
        lines[key] = Line(
            ((f"{state.sign} {state.label}", STATE_COLOURS[key]), (f"{n:,}", "bright"), (share(n, whole), "text"),
             (bar(n / most if most else 0, wide), STATE_COLOURS[key]), (spark(past) if past else "", "accent"), (_MEANS[key], "muted")),
            detail=f"{state.label}: {_MEANS[key]}. {n:,} of {whole:,} partners in the program as of {short_date(as_of)}."
            + _past(trend, key),
        )  # fmt: skip
    columns = [Col("state", "State", 18), Col("n", "Partners", 9, True), Col("share", "Share", 6, True), Col("bar", "", wide),
               Col("trend", "12 months" if trend else "", 13), Col("means", "", least=24)]  # fmt: skip
    gone = "left out: " + ", ".join(f"{n:,} {status.lower()}" for status, n in left_out.items()) if left_out else ""
    return Shown(columns, lines if whole else {}, {key: Behind(STATES[key].label, Who((key,))) for key in STATES},
                 Content.styled(gone, "$muted"))  # fmt: skip


def _past(trend: Trend, key: str) -> str:
    if len(trend) < 2:
        return ""
    first, then = trend[0]
    return f" On {short_date(first)} it was {then.get(key, 0):,}."


def types(store: Store, as_of: date, width: int) -> Shown:
    """The percent inactive by type, tier, manager and territory."""
    found = insights.of_states(store, as_of)
    lines, behind = {}, {}
    for split in found.splits:
        for one in split.groups if len(split.groups) > 1 or split.field == "type" else ():
            key = (split.field, one.name)
            lines[key] = _group(split.field, one, found.inactive)
            behind[key] = Behind(f"Inactive, {split.field} {one.name}", one.everybody.behind)
    columns = [Col("field", "Field", 10), Col("name", "Value", least=12), Col("n", "Partners", 9, True),
               Col("inactive", "Inactive", 8, True),
               Col("unknown", "Unknown", 8, True), Col("percent", "Percent", 8, True), Col("known", "Without unknown", 15, True),
               Col("warning", "", 17)]  # fmt: skip
    above = Content.assemble(
        ("Inactive, of everybody ", "$muted"), (percent(_value(found.inactive)), "bold $bright"),
        (", without the unknown ", "$muted"), (percent(_known(found.inactive)), "bold $bright"),
    )  # fmt: skip
    return Shown(columns, lines, behind, above)


def _value(one: Share) -> float | None:
    return None if one.everybody.value is None else float(one.everybody.value)


def _known(one: Share) -> float | None:
    return None if one.known.value is None else float(one.known.value)


def _group(field: str, one: Share, whole: Share) -> Line:
    here, usual = _value(one), _value(whole)
    bad = here is not None and usual is not None and here > 1.5 * usual and not one.everybody.small
    return Line(
        ((field, "muted"), (visible(one.name), "bright"), (f"{one.partners:,}", "text"), (f"{one.inactive:,}", "text"),
         (f"{one.unknown:,}" if one.unknown else "", "muted"), (percent(here), "bad" if bad else "text"), (percent(_known(one)), "text"),
         (one.warning, "warn")),
        detail=full(one.everybody, f"inactive, {field} {visible(one.name)}"),
    )  # fmt: skip


def segments(store: Store, as_of: date, width: int) -> Shown:
    """The quiet partners by what they could bring and how likely they come back."""
    quiet = inactivity.quiet(store, as_of, among=("at_risk", "inactive", "dormant"))
    quiet = [one for one in quiet if one.row.status not in GONE]
    lines, behind = {}, {}
    for key, segment in SEGMENTS.items():
        mine = [one for one in quiet if one.segment.key == key]
        best = sum(one.worth.best or 0 for one in mine)
        lines[key] = Line(
            ((segment.label, "bright"), (segment.potential, "text"), (segment.chance, "text"), (f"{len(mine):,}", "bright"),
             (f"{best:,.0f}", "text"), (segment.about, "muted")),
            detail=f"{segment.label}: {segment.potential} potential, {segment.chance} chance of return; {segment.about}. The best"
                   f" years of these {len(mine):,} come to {best:,.0f}.",
        )  # fmt: skip
        behind[key] = Behind(f"{segment.label}: {segment.potential} potential, {segment.chance} chance",
                             of([one.row.partner_id for one in mine]))  # fmt: skip
    columns = [Col("segment", "Segment", 10), Col("potential", "Potential", 9), Col("chance", "Chance", 7),
               Col("n", "Partners", 9, True), Col("best", "Best years", 14, True), Col("about", "What to do")]  # fmt: skip
    said = "Potential: its best year is in the upper half of its type; " + inactivity.chances(store, as_of).said
    above = Content.styled(said, "$muted")
    return Shown(columns, lines if quiet else {}, behind, above, "Nobody is at risk, inactive or dormant.")


def policies(store: Store, as_of: date, width: int) -> Shown:
    """The policies by which a partner counts as inactive."""
    versions = inactivity.versions(store)
    holds = {id(policy) for policy in in_effect((p for p, _ in versions), as_of)}
    rows = inactivity.of_all(store, as_of)
    lines, behind = {}, {}
    for policy, version in versions:
        now = id(policy) in holds
        mine = [row.partner_id for row in rows if now and row.policy == policy]
        key = (policy.name, version)
        exempt = f"; never mind: {', '.join(policy.exempt)}" if policy.exempt else ""
        lines[key] = Line(
            ((visible(policy.title), "bright" if now else "muted"), (f"{version}", "text"), (policy.effective or "ever", "text"),
             ("holds" if now else "another holds", "good" if now else "muted"), (f"{len(mine):,}", "text"), (visible(policy.when), "fact")),
            detail=f"{visible(policy.title)}, for {visible(policy.whom())}: inactive when {visible(policy.said)}{exempt}. Dormant after"
                   f" {policy.dormant_after} days, never activated after {policy.never_after}.",
        )  # fmt: skip
        behind[key] = Behind(f"Judged by “{policy.title}”", of(mine))
    columns = [Col("policy", "Policy", 18), Col("version", "Version", 7, True), Col("from", "From", 11), Col("holds", "", 13),
               Col("n", "Partners", 9, True), Col("when", "Inactive when")]  # fmt: skip
    above = Content.styled(
        "When a partner counts as inactive, by its type. e changes the selected policy, from a day on.", "$muted"
    )
    return Shown(columns, lines, behind, above)
