"""The sections on who is active: counts by state, the grid of what to do about the quiet ones, the policies."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.domain.inactivity import GONE, SEGMENTS, STATES, in_effect
from prm_tui.services import inactivity
from screens.insights.shown import Behind, Shown, bar, percent
from screens.text import STATE_COLOURS, visible
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


def states(store: Store, as_of: date, width: int) -> Shown:
    """How many partners are in each state."""
    rows = [row for row in inactivity.of_all(store, as_of) if row.status not in GONE]
    ids: dict[str, list[int]] = {key: [] for key in STATES}
    for row in rows:
        ids[row.key].append(row.partner_id)
    wide = 24 if width >= 100 else 12
    most = max((len(one) for one in ids.values()), default=0)
    lines = {}
    for key, state in STATES.items():
        n = len(ids[key])
        lines[key] = Line(
            ((f"{state.sign} {state.label}", STATE_COLOURS[key]), (f"{n:,}", "bright"), (percent(n, len(rows)), "text"),
             (bar(n / most if most else 0, wide), STATE_COLOURS[key]), (_MEANS[key], "muted")),
            detail=f"{state.label}: {_MEANS[key]}. {n:,} of {len(rows):,} partners in the program as of {as_of}.",
        )  # fmt: skip
    columns = [Col("state", "State", 18), Col("n", "Partners", 9, True), Col("share", "Share", 6, True), Col("bar", "", wide),
               Col("means", "", least=10)]  # fmt: skip
    return Shown(columns, lines, {key: Behind(STATES[key].label, ids[key]) for key in STATES} if rows else {})


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
                             [one.row.partner_id for one in mine])  # fmt: skip
    columns = [Col("segment", "Segment", 10), Col("potential", "Potential", 9), Col("chance", "Chance", 7),
               Col("n", "Partners", 9, True), Col("best", "Best years", 14, True), Col("about", "What to do")]  # fmt: skip
    above = Content.styled(
        "Potential: its best year is in the upper half of its type. Chance: more likely than not that it is still there, by"
        " its own rhythm and how often partners of its type leave.",
        "$muted",
    )
    return Shown(columns, lines if quiet else {}, behind, above, "Nobody is at risk, inactive or dormant.")


def policies(store: Store, as_of: date, width: int) -> Shown:
    """The policies by which a partner counts as inactive."""
    versions = inactivity.versions(store)
    holds = {id(policy) for policy in in_effect((p for p, _ in versions), as_of)}
    rows = inactivity.of_all(store, as_of)
    lines, behind = {}, {}
    for policy, version in versions:
        now = id(policy) in holds
        mine = [row.partner_id for row in rows if row.policy == policy]
        key = (policy.name, version)
        exempt = f"; never mind: {', '.join(policy.exempt)}" if policy.exempt else ""
        lines[key] = Line(
            ((visible(policy.title), "bright" if now else "muted"), (f"{version}", "text"), (policy.effective or "ever", "text"),
             ("holds" if now else "another holds", "good" if now else "muted"), (f"{len(mine):,}", "text"), (visible(policy.when), "fact")),
            detail=f"{visible(policy.title)}, for {visible(policy.whom())}: inactive when {visible(policy.when)}{exempt}. Dormant after"
                   f" {policy.dormant_after} days, never activated after {policy.never_after}.",
        )  # fmt: skip
        behind[key] = Behind(f"Judged by “{policy.title}”", mine)
    columns = [Col("policy", "Policy", 18), Col("version", "Version", 7, True), Col("from", "From", 11), Col("holds", "", 13),
               Col("n", "Partners", 9, True), Col("when", "Inactive when")]  # fmt: skip
    return Shown(columns, lines, behind)
