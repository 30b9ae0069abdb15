"""How a trigger stands: what it is, whom it matches now, what it has found lately, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from prm_tui.domain.trigger import Trigger

WEEKS = 12


@dataclass(frozen=True)
class Subject:
    """One of those a condition holds for: the partner, and which record or activity of it."""

    partner_id: int
    code: str
    name: str
    which: str = ""
    row: int | None = None


@dataclass(frozen=True)
class Matching:
    """For how many of the subjects of a trigger its condition holds now, and for how many that cannot be decided.

    `among` says what is counted: partners, records of a kind, activities of a kind in the last 12 months.
    """

    count: int
    total: int
    unknown: int
    among: str
    first: tuple[Subject, ...] = ()

    @property
    def said(self) -> str:
        """187 of 701 partners"""
        unknown = f", {self.unknown:,} unknown" if self.unknown else ""
        return f"{self.count:,} of {self.total:,} {self.among}{unknown}"


@dataclass(frozen=True)
class Standing:
    """A trigger as a list shows it.

    `weeks`: matches in each of the last 12 weeks, the latest last. `held`: matches that wait for a person.
    `returned`: messages of its last run that went back to their owner. `fault`: why its condition means nothing now.
    """

    trigger: Trigger
    on: bool
    version: int
    saved_by: str
    pack: str | None
    weeks: tuple[int, ...]
    held: int
    returned: int
    matching: Matching | None = None
    fault: str = ""

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it, each in a few words."""
        many = "" if self.returned == 1 else "s"
        returned = [f"{self.returned:,} message{many} of its last run went back to the owner"] if self.returned else []
        return ([self.fault] if self.fault else []) + returned
