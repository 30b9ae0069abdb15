"""Partners as they look on a day, and as they looked on days of the past: what came of such silences, and so the chance
of return. One chance for all: segments, lists, the expectation and the workbook take it from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from prm_tui.domain.condition import Checked
from prm_tui.domain.coverage import Covered
from prm_tui.domain.inactivity import LIKELY, STANDARD, Policy, in_effect
from prm_tui.domain.insights import ENOUGH, WINDOW, Bin, Reach, trend_days
from storage import Store, coverage, policies, states
from storage import insights as stored
from storage.catalogue import catalogue
from storage.rhythm import Grown

if TYPE_CHECKING:
    import sqlite3


def fill(
    store: Store,
    as_of: date,
    *,
    only: Policy | None = None,
    ids: Iterable[int] | None = None,
    known: bool = False,
    grown: Grown | None = None,
) -> Sequence[states.Judged]:
    """The state of partners on a day, left in temp.state; inside a reading. See inactivity.of_all.

    `grown`: kept between looks at one day after another.
    """
    conn = store.conn
    listed = [only] if only else in_effect((p for p, _ in policies.policies(conn)), as_of) or [STANDARD]
    by, covered = _known(store, as_of) if known else (None, None)
    return states.fill(conn, catalogue(conn), listed, as_of, ids=ids, known_by=by, covered=covered, grown=grown)


def _known(store: Store, as_of: date) -> tuple[int, Callable[[Checked], Covered]]:
    """The last moment of a day, and the coverage of a condition then."""
    moment = int(datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(store.zone)).timestamp()) - 1
    return moment, lambda checked: coverage.covered_then(store.conn, checked, lambda _: moment)(as_of)


def kinds(conn: sqlite3.Connection, judged: Sequence[states.Judged], as_of: date) -> tuple[str, ...]:
    """The kinds of activity that the signals of some policies are, of which the file is told at all."""
    known = catalogue(conn)
    listed = [kind for signal in stored.signals(judged) for kind in states.kinds(known, signal)]
    return tuple(coverage.coverage(conn, listed, as_of))


Trend = list[tuple[date, Mapping[str, int]]]


def past(
    store: Store, as_of: date, days: Sequence[date], window: int, grown: Grown, *, judged_only: bool = False
) -> tuple[Trend, Reach | None]:
    """Looks at days of the past, one after another, by what lies before each of them: counts, and cases in temp.look."""
    conn, reach = store.conn, None
    trend: Trend = []
    stored.clear_looks(conn)
    for day in days:
        told = kinds(conn, fill(store, day, grown=grown), as_of)
        stored.leave_out(conn, day, as_of)
        trend.append((day, stored.counts(conn)))
        if stored.begin(conn) > day:
            continue  # nothing yet
        reach = reach or stored.reach(conn, told, as_of)
        stored.look(conn, day, told, window, reach, judged_only=judged_only)
    return trend, reach


def months(store: Store, as_of: date, grown: Grown) -> tuple[Trend, Reach | None]:
    """The ends of the last months, with those cases of which it is known what followed."""
    days = trend_days(as_of, stored.partners(store.conn))
    return past(store, as_of, days, WINDOW, grown, judged_only=True)


@dataclass(frozen=True)
class Chances:
    """What came of silences in the past: by how likely they were; and how many quiet partners came back at all.

    `usual`: from which chance on a partner comes back more often than quiet ones do; `cases`: of how many quiet ones that
    is known.
    """

    bins: tuple[Bin, ...]
    usual: float
    cases: int
    reach: date

    @property
    def said(self) -> str:
        """What a chance is, and when it counts as high, in words."""
        if self.cases < ENOUGH:
            return (
                "chance: how likely such a silence is by its own rhythm, since too little of the past is known; high from"
                f" {self.usual:.0%} on"
            )
        return (
            f"chance: how often such silences ended within {WINDOW} days in the past; high from {self.usual:.0%} on, as often"
            f" as of {self.cases:,} quiet ones came back"
        )


_KEPT: dict[tuple[str, date], tuple[str, Chances]] = {}


def chances(store: Store, as_of: date) -> Chances:
    """The chances of return on a day, from the looks of the months before; found once for every state of the file."""
    conn = store.conn
    newest = conn.execute("SELECT hash FROM changes ORDER BY id DESC LIMIT 1").fetchone()
    key, stands = (str(store.path), as_of), str(newest[0]) if newest else ""
    if key not in _KEPT or _KEPT[key][0] != stands:
        _, reach = months(store, as_of, Grown())
        cases, came = stored.quiet_cases(conn)
        usual = came / cases if cases >= ENOUGH else LIKELY
        _KEPT[key] = stands, Chances(stored.calibration(conn), usual, cases, reach.to if reach else as_of)
    return _KEPT[key][1]
