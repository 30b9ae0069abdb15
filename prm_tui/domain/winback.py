"""Winning partners back: who is left out to compare with, what came of it, and what is wrong with how it is done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from prm_tui.domain.inactivity import REASONS
from prm_tui.domain.ratio import difference, wilson

KIND = "winback"
"""The kind of its cases."""
WINDOW = 90
"""Days after which it is measured whether a partner came back: by one commercial activity."""
UNTOUCHED = 30
"""Days that a partner may be flagged without anybody having been in touch."""
SAME_TEXT = Decimal("0.8")
"""From that share on, one text for partners that have little in common is one size for all."""
LEAST = 5
"""So many partners must have been written to for that to be said."""


def chance(trigger: str, code: str, episode: str) -> float:
    """The number from 0 to 1 that decides whether a match is left out: the same for the same match, wherever it is asked.

    It is made of the trigger's name, the partner's code and the episode's key by SHA-256, so that anybody can see why.
    """
    digest = hashlib.sha256(f"{trigger}|{code}|{episode}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


@dataclass(frozen=True)
class Arm:
    """Partners that were treated alike: how many, how many of them can be judged, came back, and what they brought.

    `amount`: of the activities within the window, in the file's currency. `ids`: who they are.
    """

    label: str
    of: int = 0
    judged: int = 0
    back: int = 0
    amount: Decimal = Decimal(0)
    ids: tuple[int, ...] = ()

    @property
    def unknown(self) -> int:
        """How many cannot be judged yet: their 90 days are not over, or the sheets do not reach so far."""
        return self.of - self.judged

    @property
    def share(self) -> float | None:
        """The part of those judged that came back."""
        return self.back / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of that part (Wilson)."""
        return wilson(self.back, self.judged)

    @property
    def said(self) -> str:
        """In words: 3 of 8 came back, 38 % (14 % to 69 %)."""
        if self.share is None:
            return "none can be judged yet" if self.of else "none"
        low, high = self.interval
        return f"{self.back:,} of {self.judged:,} came back, {self.share:.0%} ({low:.0%} to {high:.0%})"


@dataclass(frozen=True)
class Brought:
    """What partners brought on average in their first 90 and 180 days: since they came back, or since they joined."""

    label: str
    partners: int = 0
    after_90: Decimal = Decimal(0)
    after_180: Decimal = Decimal(0)
    ids: tuple[int, ...] = ()

    @property
    def said(self) -> str:
        """In words."""
        return f"{self.partners:,} partners, {self.after_90:,.2f} within 90 days and {self.after_180:,.2f} within 180 on average"


@dataclass(frozen=True)
class Lost:
    """Losses of a quarter to a competitor (none named: empty), of how many in all, of how many partners."""

    quarter: str
    competitor: str
    losses: int
    of: int
    partners: int

    @property
    def share(self) -> float:
        """Its part of the quarter's losses."""
        return self.losses / self.of


@dataclass(frozen=True)
class Results:
    """What came of winning back, 90 days after: those written to, those left out, and by reason and outcome."""

    as_of: date
    treated: Arm
    left_out: Arm
    by_reason: tuple[Arm, ...] = ()
    by_outcome: tuple[Arm, ...] = ()
    brought: tuple[Brought, ...] = ()

    @property
    def lift(self) -> tuple[float, float, float] | None:
        """How much more often the treated came back, with its 95 % confidence interval; None where one side is not known."""
        if not (self.treated.judged and self.left_out.judged):
            return None
        return difference(self.treated.back, self.treated.judged, self.left_out.back, self.left_out.judged)

    @property
    def sentence(self) -> str:
        """What can be said of the lift."""
        if not self.left_out.of:
            return "Nobody was left out, so it cannot be told who would have come back anyway: give the trigger hold_out = 0.2"
        if self.lift is None:
            return f"The lift cannot be told yet: {self.treated.judged:,} and {self.left_out.judged:,} can be judged."
        lift, low, high = self.lift
        sure = "more than chance" if low > 0 else "less than nothing" if high < 0 else "it may be chance"
        return f"Lift {100 * lift:+.0f} points ({100 * low:+.0f} to {100 * high:+.0f}, 95 %): {sure}"


# ---- what is wrong with it ----


@dataclass(frozen=True)
class Sent:
    """How many partners a text went to, of so many that were written to; the ways in which those differ."""

    template: str
    partners: int
    of: int
    differ: tuple[str, ...] = ()

    @property
    def one_size(self) -> bool:
        """Whether it is one size for all."""
        return bool(self.differ) and self.of >= LEAST and self.partners > SAME_TEXT * self.of

    @property
    def warning(self) -> str:
        """What is to be said of it."""
        return (
            f"One size fits all: “{self.template}” goes to {self.partners:,} of {self.of:,} partners, though they differ in"
            f" {', '.join(self.differ)}. Write a text for each reason"
        )


@dataclass(frozen=True)
class Loose:
    """A partner or case that nobody follows up: since when, and why it is listed."""

    code: str
    name: str
    since: date | None
    why: str
    case_id: int | None = None
    owner: str | None = None


@dataclass(frozen=True)
class Review:
    """Everything a look at win-back finds: texts that go to nearly all, what is untouched, cases without an outcome date."""

    same_text: tuple[Sent, ...] = ()
    untouched: tuple[Loose, ...] = ()
    undated: tuple[Loose, ...] = ()

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.same_text or self.untouched or self.undated)


# ---- why ----


@dataclass(frozen=True)
class Said:
    """Why a partner is quiet, as somebody said it. `key` may be a word that is no reason of the list: it is shown as it is."""

    code: str
    name: str
    key: str
    said_by: str | None
    on: date
    competitor: str | None = None
    note: str | None = None
    by: str | None = None
    source: str | None = None

    @property
    def known(self) -> bool:
        """Whether it is a reason of the closed list."""
        return self.key in REASONS

    @property
    def label(self) -> str:
        """The reason in words."""
        return REASONS.get(self.key, f"{self.key} (no reason of the list)")


@dataclass(frozen=True)
class Override:
    """A partner kept although a rule says otherwise, and what came of it."""

    code: str
    name: str
    reason: str
    by: str | None
    since: date
    until: date | None
    back_on: date | None
    holds: bool
    settled: bool = True
    data: dict[str, str] = field(default_factory=dict)

    @property
    def result(self) -> str:
        """What came of it, in words."""
        if self.back_on:
            return f"came back on {self.back_on}"
        if self.holds:
            return "not back yet"
        return f"ended on {self.until}, did not come back" if self.settled else f"ended on {self.until}, not yet known"


def one_size(found: Iterable[Sent]) -> Sequence[Sent]:
    """Those texts that are one size for all."""
    return tuple(sent for sent in found if sent.one_size)
