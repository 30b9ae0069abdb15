"""Coverage: that something did not happen is known only as far as the sheets that would tell of it reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

TOLERANCE = 35
"""Days that a feed may lie behind the day of evaluation, unless the file's `coverage_tolerance` says otherwise."""
RECORDED, STRICT = "as recorded", "strict"
"""What has not arrived did not happen; or: a comparison that facts still to arrive could turn is unknown."""


@dataclass(frozen=True)
class Covered:
    """Up to which day each tracked kind of activity is covered, and the name of the feed that says so.

    A kind that is not in `to` is not tracked. `feeds` leaves out kinds that are only logged by hand. `gaps`: (last day
    before, first day after) where a sheet seems to be missing between two others.
    """

    to: Mapping[str, date]
    tolerance: int = TOLERANCE
    feeds: Mapping[str, str] = field(default_factory=dict)
    gaps: Mapping[str, tuple[tuple[date, date], ...]] = field(default_factory=dict)

    def tracked(self, kinds: Iterable[str]) -> list[str]:
        """Those of some kinds of which the file is told at all."""
        return [kind for kind in kinds if kind in self.to]

    def missing(self, kinds: Iterable[str], first: date, last: date) -> list[tuple[str, date, date]]:
        """The gaps of some kinds that reach into the days from `first` to `last`: (kind, before, after)."""
        return [
            (kind, before, after)
            for kind in kinds
            for before, after in self.gaps.get(kind, ())
            if before < last and after > first
        ]

    def settled(self, kinds: Iterable[str], last: date, day: date, first: date | None = None) -> bool:
        """Whether all is known of some kinds from `first` (None: gaps are no matter) to `last`, on the day of evaluation.

        Every tracked kind must be covered to `last`, or to the day less the tolerance: of a signal that several kinds
        make, none of them may be missing. Of kinds that are not tracked nothing is known.
        """
        tracked = self.tracked(kinds)
        if first is not None and self.missing(tracked, first, last):
            return False
        least = min(last, day - timedelta(days=min(self.tolerance, (day - date.min).days)))
        return bool(tracked) and all(self.to[kind] >= least for kind in tracked)

    def open_feeds(self, kinds: Iterable[str], last: date, day: date, first: date | None = None) -> list[str]:
        """What would settle it, in words: each feed that does not reach far enough, each gap between sheets."""
        tracked = self.tracked(kinds)
        said = [
            f"nothing of {self.feeds.get(kind, kind)} was known yet"
            if self.to[kind] == date.min
            else f"{self.feeds.get(kind, kind)} covered to {self.to[kind]}"
            for kind in tracked
            if not self.settled([kind], last, day)
        ]
        gaps = self.missing(tracked, first, last) if first is not None else ()
        return said + [
            f"no {kind.replace('_', ' ')} of anybody between {before} and {after}: is a sheet missing?"
            for kind, before, after in gaps
        ]
