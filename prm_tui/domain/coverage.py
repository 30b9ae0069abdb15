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

    A kind that is not in `to` is not tracked. `feeds` leaves out kinds that are only logged by hand.
    """

    to: Mapping[str, date]
    tolerance: int = TOLERANCE
    feeds: Mapping[str, str] = field(default_factory=dict)

    def tracked(self, kinds: Iterable[str]) -> list[str]:
        """Those of some kinds of which the file is told at all."""
        return [kind for kind in kinds if kind in self.to]

    def settled(self, kinds: Iterable[str], last: date, day: date) -> bool:
        """Whether all is known of some kinds up to `last`, on the day of evaluation.

        Every tracked kind must be covered to `last`, or to the day less the tolerance: of a signal that several kinds
        make, none of them may be missing. Of kinds that are not tracked nothing is known.
        """
        tracked = self.tracked(kinds)
        least = min(last, day - timedelta(days=min(self.tolerance, (day - date.min).days)))
        return bool(tracked) and all(self.to[kind] >= least for kind in tracked)

    def open_feeds(self, kinds: Iterable[str], last: date, day: date) -> list[str]:
        """What would settle it: each feed that does not reach far enough, in words."""
        return [
            f"{self.feeds.get(kind, kind)} covered to {self.to[kind]}"
            for kind in self.tracked(kinds)
            if not self.settled([kind], last, day)
        ]
