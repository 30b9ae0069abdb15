"""The numbers of Insights: each says its unit, its period, from what it comes, and who is behind it.

A rate or a mean is given three times: of everybody, without the inactive, and without the unknown. Prospects,
applicants and deactivated partners are left out and counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from prm_tui.domain.inactivity import QUIET, STATES
from prm_tui.domain.survival import Curve, LogRank

SMALL = 25
"""Below so many partners a percentage says little."""
MANY = 20_000
"""With more partners than this the past is looked at by quarters, not by months."""
WINDOW = 180
"""Days without anything commercial that count as lost."""
SLOW = 90
"""A partner that is active once in so many days, or more seldom, is slow-paced."""
BINS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.5, 0.8, 1.0)
"""Where the bins of the surprise begin; the last ends with 1."""
ENOUGH = 30
"""Past cases that a bin needs before it says how likely a return is."""
KNOWN = tuple(key for key in STATES if key != "unknown")
GOING = tuple(key for key in STATES if key not in QUIET)
"""States without the inactive."""
NONE = "(none)"
"""What stands for an empty field."""


@dataclass(frozen=True)
class Behind:
    """How the partners behind a number are found: those in these states (none named: all) who meet a condition, or these.

    `ids` are partners; where they are given, nothing else counts.
    """

    states: tuple[str, ...] = ()
    where: str = ""
    ids: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Number:
    """One number: its value (None: cannot be said), unit, period, source, of how many, and who is behind it."""

    value: float | Decimal | None
    unit: str
    period: str
    source: str
    of: int | None = None
    behind: Behind = Behind()

    @property
    def small(self) -> bool:
        """Whether it rests on so few that it says little."""
        return self.of is not None and self.of < SMALL


@dataclass(frozen=True)
class Thrice:
    """A rate or a mean of everybody, without the inactive, and without the unknown."""

    everybody: Number
    going: Number
    known: Number


def rate(met: int, of: int, unit: str, period: str, source: str, behind: Behind = Behind()) -> Number:
    """A share from 0 to 1; cannot be said of nobody."""
    return Number(met / of if of else None, unit, period, source, of, behind)


def quoted(text: str) -> str:
    """A text as a condition has it."""
    return "'" + text.replace("'", "''") + "'"


def where(field: str, value: str) -> str:
    """The condition of a group: a field has a value, or none."""
    return f"{field} is empty" if value == NONE else f"{field} = {quoted(value)}"


# ---- days looked at ----


def month_ends(first: date, last: date) -> list[date]:
    """The ends of months from `first` to `last`, both included."""
    found: list[date] = []
    day = first.replace(day=1)
    while True:
        day = (day + timedelta(days=32)).replace(day=1)
        end = day - timedelta(days=1)
        if end > last:
            return found
        if end >= first:
            found.append(end)


def trend_days(as_of: date, partners: int) -> list[date]:
    """The last 12 ends of months before a day; of a large file the last 4 ends of quarters."""
    ends = month_ends(as_of - timedelta(days=400), as_of - timedelta(days=1))
    return ends[-12:] if partners <= MANY else [day for day in ends if day.month % 3 == 0][-4:]


@dataclass(frozen=True)
class Reach:
    """To which day what happened is known, and the gaps: (last day before, first day after) without anything of anybody.

    So long a silence of all means that a sheet is missing.
    """

    to: date
    gaps: tuple[tuple[date, date], ...] = ()

    def tells(self, first: date, last: date) -> bool:
        """Whether all between two days is known."""
        return last <= self.to and not any(before < last and after > first for before, after in self.gaps)

    def since(self, day: date) -> date:
        """The end of the last gap before a day: silences that began before it are not known."""
        return max((after for _, after in self.gaps if after <= day), default=date.min)

    def said(self) -> list[str]:
        """The gaps in words."""
        return [
            f"nothing of anybody between {before} and {after}: is a sheet missing? What lies there is not judged"
            for before, after in self.gaps
        ]


# ---- states ----


@dataclass(frozen=True)
class Share:
    """A group of partners: how many, how many of them inactive, how many unknown, and the percent inactive.

    `known`: of those whose state is known. Without the inactive the percentage is nothing by definition.
    """

    name: str
    partners: int
    inactive: int
    unknown: int
    everybody: Number
    known: Number

    @property
    def warning(self) -> str:
        """What to be careful of."""
        return f"only {self.partners} partners" if self.everybody.small else ""


@dataclass(frozen=True)
class Split:
    """The percent inactive by a field."""

    field: str
    groups: tuple[Share, ...]


@dataclass(frozen=True)
class States:
    """Partners by state on a day, how that was at the ends of the months before, and the percent inactive by field.

    `left_out`: status → how many are not in the program, and so in no number here.
    """

    as_of: date
    counts: Mapping[str, Number]
    partners: int
    inactive: Share
    trend: tuple[tuple[date, Mapping[str, int]], ...]
    splits: tuple[Split, ...]
    left_out: Mapping[str, int]
    reach: Reach


def share(name: str, found: Mapping[str, int], condition: str, as_of: date) -> Share:
    """The percent inactive of a group, from its counts by state."""
    whole, quiet, unknown = sum(found.values()), sum(found.get(key, 0) for key in QUIET), found.get("unknown", 0)
    made = (
        rate(quiet, of, "share of partners", f"on {as_of}", "the policies in effect", Behind(QUIET, condition))
        for of in (whole, whole - unknown)
    )
    return Share(name, whole, quiet, unknown, *made)


# ---- survival ----


@dataclass(frozen=True)
class Survival:
    """How long partners stay, since they were first active (or joined), and how long it takes until they first are.

    One has fallen on the day of its last activity once it is inactive, or deactivated; others are seen until `as_of`,
    unknown ones as far as the sheets reach. `known`: without the unknown. (Without the inactive nobody falls.)
    `first`: from joining to the first activity; `before`: active before they joined, and `nobody`: nobody knows when,
    both left out of that.
    """

    as_of: date
    since: str
    by: str
    everybody: Curve
    known: Curve
    groups: tuple[tuple[str, Curve], ...]
    tests: tuple[LogRank, ...]
    first: Curve
    first_known: Curve
    first_groups: tuple[tuple[str, Curve], ...]
    before: int
    nobody: int
    left_out: Mapping[str, int]


# ---- cohorts, recency, frequency, money ----


@dataclass(frozen=True)
class Cohort:
    """Partners of one quarter: how many of them were active in each quarter since, with the quarter itself as the first.

    `active[n]` and `whole[n]`: three numbers each, of everybody, without those inactive today, without those unknown.
    `untold`: the quarters since of which no sheet tells.
    """

    name: str
    partners: tuple[int, int, int]
    active: tuple[tuple[int, int, int], ...]
    behind: Behind
    untold: tuple[int, ...] = ()

    def rates(self, which: int = 0) -> list[float | None]:
        """The share active in each quarter since; `which`: 0 everybody, 1 without the inactive, 2 without the unknown."""
        of = self.partners[which]
        return [n[which] / of if of and since not in self.untold else None for since, n in enumerate(self.active)]


@dataclass(frozen=True)
class Cohorts:
    """The grid: a row for each quarter of joining. `open`: the quarter that is not over, or not covered to its end."""

    as_of: date
    rows: tuple[Cohort, ...]
    by: str
    open: str | None
    nobody_knows: int


@dataclass(frozen=True)
class Rfm:
    """One cell: recency, frequency and money as ranks inside a type (the best has the highest), and who is in it."""

    type: str
    parts: int
    r: int
    f: int
    m: int
    partners: int
    amount: Decimal | None
    behind: Behind


@dataclass(frozen=True)
class RfmGrid:
    """All cells that hold anybody; `without`: partners that never did anything, who have no rank."""

    as_of: date
    cells: tuple[Rfm, ...]
    partners: int
    without: int
    money: str


# ---- what is to be expected ----


@dataclass(frozen=True)
class Bin:
    """Cases whose silence was so likely: how many, the mean of what was foreseen, and how many came back."""

    low: float
    high: float
    cases: int
    foreseen: float | None
    came: int

    @property
    def share(self) -> float | None:
        """The share that came back."""
        return self.came / self.cases if self.cases else None

    @property
    def enough(self) -> bool:
        """Whether that says something."""
        return self.cases >= ENOUGH


@dataclass(frozen=True)
class Expected:
    """What may come in the next 12 months in one currency, beside what came in the last."""

    currency: str
    last: Thrice
    next: Thrice


@dataclass(frozen=True)
class Expectation:
    """The amount of the last 12 months of every partner, weighted by its chance of return.

    `chances`: bin → (chance, past cases, whether it comes from the past of this file). `mixed`: partners with
    amounts in several currencies, who are in no sum.
    """

    as_of: date
    amounts: tuple[Expected, ...]
    chances: tuple[Bin, ...]
    money: str
    mixed: int

    @property
    def how(self) -> str:
        """From what the chances come."""
        own = sum(b.enough for b in self.chances)
        if own == len(self.chances):
            return "chances of return by what came of such silences before"
        if own:
            return (
                f"chances of return by what came of such silences before, where there were {ENOUGH} or more"
                f" ({own} of {len(self.chances)} bins); elsewhere 1 for active ones, else how likely the silence is"
            )
        return "too little past to go by: 1 for active ones, else how likely the silence is"
