"""Inactivity: by which policy a partner is judged, what its own rhythm says, and the state that follows for a day.

A state is computed for a date and never written. A fixed policy is the language of contracts; the rhythm of a partner
itself is the early warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from prm_tui.domain.condition.parse import parse
from prm_tui.domain.condition.reading import reading
from prm_tui.domain.errors import UsageError
from prm_tui.domain.inactivity_why import WHY
from prm_tui.domain.partner import Source
from prm_tui.domain.shape import Condition, KindName, Slug, Words, Wrong, text, whole
from prm_tui.domain.text import nearest


@dataclass(frozen=True)
class State:
    """What a partner is on a day: its key, its word, and the sign that stands for it beside the word."""

    key: str
    label: str
    sign: str


STATES = {
    state.key: state
    for state in (
        State("active", "Active", "●"),
        State("slowing", "Slowing", "◕"),
        State("at_risk", "At risk", "◐"),
        State("inactive", "Inactive", "◔"),
        State("dormant", "Dormant", "○"),
        State("never_activated", "Never activated", "◌"),
        State("unknown", "Unknown", "?"),
    )
}
QUIET = ("inactive", "dormant")
"""The states in which a policy is met."""
BY_POLICY = ("inactive", "never_activated")
"""Named facts of conditions that policies give."""
GONE = ("Prospect", "Applicant", "Deactivated")
"""Statuses of those who are not in the program (yet, or any more): insights leave them out."""


def state(said: str) -> State:
    """A state by its key or word. UsageError with the nearest when there is none."""
    key = said.strip().casefold().replace(" ", "_").replace("-", "_")
    if key not in STATES:
        like = nearest(key, STATES)
        raise UsageError(
            f"There is no state “{said}”. " + (f"Did you mean {like}?" if like else f"States are: {', '.join(STATES)}.")
        )
    return STATES[key]


REASONS = {
    "enablement": "Lack of enablement",
    "competitor": "Competitor won",
    "resources": "Resource limits",
    "misfit": "Misfit of profile",
    "expectations": "Unclear expectations",
    "incentive": "Incentive not attractive",
    "market": "Market shift",
    "contact-left": "Contact left",
    "closed": "Acquired or closed",
    "product": "Product issue",
    "seasonal": "Seasonal",
    "data": "Data missing",
}
"""Why partners go quiet: a closed list, so that reasons can be counted."""
SAYERS = ("partner", "manager", "inferred")
"""Who says why, in the order in which they are believed."""


def reason(said: str) -> str:
    """The key of a reason by its key or words. UsageError with the nearest when there is none."""
    wanted = said.strip().casefold()
    for key, label in REASONS.items():
        if wanted in (key, label.casefold()):
            return key
    like = nearest(wanted, [*REASONS, *(label.casefold() for label in REASONS.values())])
    raise UsageError(
        f"reason: “{said}” is none. " + (f"Did you mean “{like}”?" if like else f"One of: {', '.join(REASONS)}")
    )


def _chance(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not 0 < value < 1:
        raise Wrong(f"a number between 0 and 1 is expected, not {value}")
    return Decimal(str(value))


def _day(value: Any) -> str:
    found = value.isoformat() if isinstance(value, date) else text(value)
    try:
        date.fromisoformat(found)
    except ValueError:
        raise Wrong(f"“{found}” is no date; write one such as 2026-01-31") from None
    return found


@lru_cache(maxsize=256)
def _in_words(condition: str) -> str:
    return reading(parse(condition)).replace(" (one that never had any counts from joining)", "")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """When partners of some types (and tiers; none named: all others) count as inactive.

    `signal`: the kind or class of activity whose rhythm is looked at; `exempt`: name → condition under which silence
    is no matter (season, leave, new). A partner is Dormant when it was inactive for `dormant_after` days, Never
    activated when it had no signal for `never_after` days since it joined. `slowing` and `at_risk` are how likely such a
    silence may be by the partner's own rhythm before it is called that, within `floor` and `cap` days. `effective`:
    the first day of this version.
    """

    name: str
    title: Words
    when: Condition
    types: tuple[Words, ...] = ()
    tiers: tuple[Words, ...] = ()
    signal: KindName = "commercial"
    exempt: dict[Slug, Condition] = field(default_factory=dict)
    dormant_after: Annotated[int, whole(1, 3660)] = 365
    never_after: Annotated[int, whole(0, 3660)] = 90
    slowing: Annotated[Decimal, _chance] = Decimal("0.2")
    at_risk: Annotated[Decimal, _chance] = Decimal("0.05")
    floor: Annotated[int, whole(0, 3660)] = 30
    cap: Annotated[int, whole(1, 3660)] = 365
    effective: Annotated[str, _day] | None = None

    @property
    def rank(self) -> tuple[int, str]:
        """The more it names, the sooner it applies."""
        return -(bool(self.types) + 2 * bool(self.tiers)), self.name

    @property
    def said(self) -> str:
        """Its condition in plain words."""
        return _in_words(self.when)

    def whom(self) -> str:
        """Whom it is for, in words."""
        named = [", ".join(self.types)] if self.types else []
        named += [f"tier {', '.join(self.tiers)}"] if self.tiers else []
        return "; ".join(named) or "every other type"


STANDARD = Policy(name="standard", title="Standard", when="silent(any, 180)", signal="any")
"""Where a file has no policy."""


def in_effect(policies: Iterable[Policy], on: date) -> list[Policy]:
    """Of every policy the version that holds on a day, those that name most first."""
    found: dict[str, Policy] = {}
    for policy in policies:  # in the order of their versions
        known = found.get(policy.name)
        begins = policy.effective or ""
        if begins <= on.isoformat() and (known is None or begins >= (known.effective or "")):
            found[policy.name] = policy
    return sorted(found.values(), key=lambda policy: policy.rank)


# ---- what is found ----


@dataclass(frozen=True)
class Kept:
    """Why a partner is kept although the rule says otherwise: by whom, and until when."""

    reason: str
    by: str
    until: date


@dataclass(frozen=True)
class PartnerState:
    """One partner on a day.

    `since`: from which day on it is inactive (None in other states); `about` where that day is known to a month only.
    `active_days`: on how many days it was ever active by the policy's signal, from `first` to `last`. `slow` and `risk`
    are the silences, in days, that are as unlikely as the policy says. `awaits`: what would settle an unknown one.
    `left_out`: signals no sheet tells of. `exempt`: why silence is no matter.
    """

    partner_id: int
    code: str
    name: str
    type: str | None
    status: str
    key: str
    policy: Policy
    as_of: date
    since: date | None = None
    about: bool = False
    active_days: int = 0
    first: date | None = None
    last: date | None = None
    joined_on: date | None = None
    slow: float = 0.0
    risk: float = 0.0
    exempt: str | None = None
    awaits: str = ""
    left_out: tuple[str, ...] = ()
    kept: Kept | None = None

    @property
    def state(self) -> State:
        """The state, with its word and sign."""
        return STATES[self.key]

    @property
    def silent(self) -> int | None:
        """Days since it was last active."""
        return None if self.last is None else (self.as_of - self.last).days

    @property
    def every(self) -> int | None:
        """Its own rhythm: days from one time to the next; None with less than two."""
        if self.active_days < 2 or self.first is None or self.last is None:
            return None
        return max(1, round((self.last - self.first).days / (self.active_days - 1)))

    @property
    def rhythm(self) -> str:
        """Its own rhythm in words."""
        if self.every is None:
            return "active once, no rhythm yet" if self.active_days else "never active"
        return f"active on {self.active_days:,} days, one every {self.every:,} days"

    @property
    def why(self) -> str:
        """One sentence that says why it is in this state."""
        said = WHY[self.key](self)
        if self.kept:
            said += f"; kept until {self.kept.until}: {self.kept.reason} ({self.kept.by})"
        return said


@dataclass(frozen=True)
class Path:
    """A partner of the family through whom another may buy: its parent, or one below it."""

    code: str
    name: str
    relation: str
    last: date | None


@dataclass(frozen=True)
class Likely:
    """Why a partner has gone quiet, as far as somebody says or the data suggest. `said_by`: partner, manager, inferred."""

    key: str
    said_by: str
    evidence: str
    on: date | None = None
    source: Source | None = None

    @property
    def label(self) -> str:
        """The reason in words."""
        return REASONS.get(self.key, self.key)


@dataclass(frozen=True)
class Worth:
    """What a partner brought: amount of the last 12 months, and of its best calendar year; None in several currencies."""

    year: Decimal | None = Decimal(0)
    best: Decimal | None = Decimal(0)
    best_year: str | None = None


@dataclass(frozen=True)
class Segment:
    """What to do about a quiet partner, by what it could bring and how likely it comes back."""

    key: str
    label: str
    potential: str
    chance: str
    about: str


SEGMENTS = {
    one.key: one
    for one in (
        Segment("rescue", "Rescue", "high", "high", "worth a call and an offer of its own"),
        Segment("nurture", "Nurture", "low", "high", "keep in touch by messages, at little cost"),
        Segment("retier", "Re-tier", "high", "low", "a smaller programme until it comes back"),
        Segment("offboard", "Offboard", "low", "low", "end it well, and free what it binds"),
    )
}


def segment(said: str) -> Segment:
    """A segment by its key or word. UsageError with the nearest when there is none."""
    key = said.strip().casefold().replace("-", "").replace(" ", "")
    if key not in SEGMENTS:
        like = nearest(key, SEGMENTS)
        raise UsageError(
            f"There is no segment “{said}”. "
            + (f"Did you mean {like}?" if like else f"There are: {', '.join(SEGMENTS)}.")
        )
    return SEGMENTS[key]


LIKELY = 0.05
"""From which chance on a return counts as likely where nothing is known of the past: the silence may be its rhythm."""


@dataclass(frozen=True)
class Quiet:
    """A partner that does not do as it used to, with all that helps to decide: see each part.

    `chance`: how likely it comes back, 0 to 1, by what came of such silences before (services/looks.py), high from
    `usual` on; `alive`: how likely it is still there by the model of rhythm.alive, which knows nothing of what came.
    `potential`: whether its best year is in the upper half of its type. `first_seen`: the first day on which its
    inactivity could be told from what had been read.
    """

    row: PartnerState
    worth: Worth
    chance: float
    potential: bool
    paths: tuple[Path, ...] = ()
    likely: Likely | None = None
    first_seen: date | None = None
    usual: float = LIKELY
    alive: float = 0.0

    @property
    def through(self) -> str:
        """Through whom it may buy, in words; empty where nobody of its family is active."""
        return "; ".join(f"may buy through its {p.relation} {p.name} ({p.code}), active {p.last}" for p in self.paths)

    @property
    def segment(self) -> Segment:
        """Where it stands on the grid of potential and chance."""
        high = "high" if self.potential else "low"
        near = "high" if self.row.last and self.chance >= self.usual else "low"
        return next(one for one in SEGMENTS.values() if (one.potential, one.chance) == (high, near))


def counts(rows: Iterable[PartnerState]) -> Mapping[str, int]:
    """How many are in each state, every state named."""
    found = dict.fromkeys(STATES, 0)
    for row in rows:
        found[row.key] += 1
    return found
