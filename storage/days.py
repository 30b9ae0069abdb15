"""The day a condition is read for, or the days of a span: what becomes of the bounds in its SQL.

For one day a bound is a parameter. For many it is a column of a TEMP table `asof`, one row a day, filled by Python:
month ends, quarters and the days before them cost no date arithmetic per row. While the SQL for many days is made,
what its value hangs on is noted, so that storage/turning.py can say on which days it can change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from prm_tui.domain.coverage import Covered

if TYPE_CHECKING:
    from storage.conditions import Compiler

At = Callable[[date], date]
"""A day reckoned from another: ninety days back, the end of the last month."""


def same(day: date) -> date:
    """The day itself."""
    return day


@dataclass(frozen=True)
class Bounds:
    """Days from `first` (None: since always) to `last`, both included, reckoned from the day of evaluation."""

    first: At | None
    last: At = same


UP_TO = Bounds(None)


@dataclass(frozen=True)
class Turning:
    """Rows of a partner on whose dates a value hangs.

    A row counts on the days on which `first` <= its date <= `last`, both given for each listed day (None: no such
    end). `least`: the value turns only when the number of rows that count passes it. `table` is activity, record,
    case, partner, history, learned (the moments at which facts became known) or day (everybody, when `first` changes).
    `day` is the date as an expression over `r`, over `p` for a partner.
    """

    table: str
    kinds: tuple[str, ...]
    day: str
    first: tuple[Any, ...] | None
    last: tuple[Any, ...] | None
    least: int | None = None


@dataclass
class Days:
    """One day (`many` is false), or the listed days of a span, in order.

    `known` gives the moment (epoch) up to which facts were known on a day; None: all that is known now. `covered`
    gives coverage on a day, for strict reading. `histories` are the (subject, field) pairs whose past the file knows.
    """

    listed: tuple[date, ...]
    many: bool = False
    known: Callable[[date], int] | None = None
    covered: Callable[[date], Covered] | None = None
    histories: frozenset[tuple[str, str]] = frozenset()
    columns: dict[tuple[Any, ...], str] = field(default_factory=dict)
    turnings: dict[Turning, None] = field(default_factory=dict)
    daily: bool = False
    todays: set[str] = field(default_factory=set)  # fields without a past: today's value stands for it
    named: Mapping[str, str | None] = field(default_factory=dict)  # other dates of a condition; None: not known yet

    @classmethod
    def one(
        cls,
        day: date,
        known_by: int | None = None,
        covered: Covered | None = None,
        named: Mapping[str, str | None] | None = None,
    ) -> Days:
        """A single day; `known_by`: by what was known at that moment; `covered`: read strictly; `named`: other dates."""
        return cls(
            (day,),
            known=None if known_by is None else lambda _: known_by,
            covered=None if covered is None else lambda _: covered,
            named=named or {},
        )

    def values(self, of: Callable[[date], Any]) -> tuple[Any, ...]:
        """What is reckoned from each listed day; dates as ISO text."""
        found = [of(day) for day in self.listed]
        return tuple(v.isoformat() if isinstance(v, date) else v for v in found)

    def text(self, compiler: Compiler, of: Callable[[date], Any], *, watched: bool = False) -> str:
        """SQL of what is reckoned from the day. Unless `watched` it may turn the condition on any day."""
        values = self.values(of)
        if not self.many or values.count(values[0]) == len(values):
            return compiler.bind(values[0])
        self.daily = self.daily or not watched
        return "asof." + self.columns.setdefault(values, f"c{len(self.columns)}")

    def watch(
        self, table: str, kinds: tuple[str, ...], day: str, first: At | None, last: At | None, least: int | None = None
    ) -> None:
        """Note rows whose dates turn the value when they pass these bounds."""
        if self.many:
            low = None if first is None else self.values(first)
            high = None if last is None else self.values(last)
            self.turnings[Turning(table, kinds, day, low, high, least)] = None

    def watch_days(self, values: tuple[Any, ...]) -> None:
        """Note that the value may turn for everybody on the days on which these change."""
        if self.many:
            self.turnings[Turning("day", (), "", values, None)] = None

    def taken(self) -> tuple[tuple[Turning, ...], bool]:
        """What was noted since the last time, and whether the value may change on any day; forgotten with that."""
        found = tuple(self.turnings), self.daily
        self.turnings, self.daily = {}, False
        return found
