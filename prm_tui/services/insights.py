"""The numbers of Insights: states and their trend, rules on the past, what is to be expected. Others: insights_*.py.

Every part is a function of a file and a day; nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from prm_tui.domain.condition import check
from prm_tui.domain.errors import UsageError
from prm_tui.domain.inactivity import STATES
from prm_tui.domain.insights import (
    GOING,
    KNOWN,
    MANY,
    WINDOW,
    Behind,
    Expectation,
    Expected,
    Number,
    Reach,
    Share,
    Split,
    States,
    Thrice,
    month_ends,
    share,
    where,
)
from prm_tui.domain.insights_rules import Rules
from prm_tui.domain.insights_why import Reason, pareto
from prm_tui.domain.money import from_units
from prm_tui.services import looks
from storage import Store, insights_rules, insights_why
from storage import insights as stored
from storage.catalogue import catalogue
from storage.conditions import compiled
from storage.rhythm import Grown

if TYPE_CHECKING:
    import sqlite3

SPLITS = ("type", "tier", "manager", "territory")
SHEETS = "all sheets and entries"
SAID = "activities of the kind inactivity_reason"


@dataclass(frozen=True)
class Picture:
    """A file on a day: states are in temp.state, who is left out in temp.gone."""

    conn: sqlite3.Connection
    as_of: date
    kinds: tuple[str, ...]
    reach: Reach
    left_out: Mapping[str, int]


@contextmanager
def picture(store: Store, as_of: date) -> Iterator[Picture]:
    """What several parts share: one consistent reading, states found once."""
    with store.reading():
        yield _picture(store, as_of)


def _picture(store: Store, as_of: date, reach: Reach | None = None, grown: Grown | None = None) -> Picture:
    conn = store.conn
    judged = looks.fill(store, as_of, grown=grown)
    left_out = stored.leave_out(conn, as_of)
    kinds = looks.kinds(conn, judged, as_of)
    return Picture(conn, as_of, kinds, reach or stored.reach(conn, kinds, as_of), left_out)


def behind(store: Store, as_of: date, found: Behind) -> tuple[int, ...]:
    """The partners behind a number, by their ids."""
    if found.ids is not None:
        return found.ids
    with picture(store, as_of) as now:
        condition = compiled(check(found.where, catalogue(now.conn)), as_of) if found.where else None
        sql, params = (condition.sql, condition.params) if condition else ("1", {})
        return stored.listed(now.conn, found.states, sql, dict(params))


def partners(store: Store) -> int:
    """How many partners there are."""
    with store.reading() as conn:
        return stored.partners(conn)


def codes(store: Store) -> dict[int, str]:
    """The code of every partner, for lists of those behind a number."""
    with store.reading() as conn:
        return stored.codes(conn)


# ---- the first page: states, their trend, what is to be expected ----


@dataclass(frozen=True)
class FirstPage:
    """What is seen first."""

    states: States
    reasons: tuple[Reason, ...]
    unexplained: Number
    expectation: Expectation


def first_page(store: Store, as_of: date) -> FirstPage:
    """States with their trend, reasons by how many, and the expectation, from one look at each day."""
    with store.reading():
        grown = Grown()
        trend, reach = looks.months(store, as_of, grown)
        now = _picture(store, as_of, reach, grown)
        return FirstPage(_states(now, trend), *counted(now), _expectation(now))


def of_states(store: Store, as_of: date) -> States:
    """Partners by state, the trend of that, and the percent inactive by type, tier, manager and territory."""
    return first_page(store, as_of).states


def expectation(store: Store, as_of: date) -> Expectation:
    """What may come in the next 12 months."""
    return first_page(store, as_of).expectation


def _states(now: Picture, trend: looks.Trend) -> States:
    period, counts = f"on {now.as_of}", stored.counts(now.conn)
    numbers = {
        key: Number(counts.get(key, 0), "partners", period, SHEETS, sum(counts.values()), Behind((key,)))
        for key in STATES
    }
    splits = tuple(
        Split(field, _shares(field, groups, now.as_of)) for field, groups in stored.split(now.conn, SPLITS).items()
    )
    whole = share("all", counts, "", now.as_of)
    return States(
        now.as_of, numbers, sum(counts.values()), whole, (*trend, (now.as_of, counts)), splits, now.left_out, now.reach
    )


def _shares(field: str, groups: Mapping[str, Mapping[str, int]], as_of: date) -> tuple[Share, ...]:
    made = [share(value, found, where(field, value), as_of) for value, found in groups.items()]
    return tuple(sorted(made, key=lambda one: (-(one.everybody.value or 0), one.name)))


def _expectation(now: Picture) -> Expectation:
    kinds, bins = stored.year(now.conn, now.as_of), stored.calibration(now.conn)
    rows = stored.expected(now.conn, bins, now.as_of, now.reach.to)
    money = " and ".join(kinds)
    found = [
        Expected(
            currency,
            _thrice(
                [(state, last, n) for c, state, last, _, n in rows if c == currency],
                "12 months to",
                money,
                currency,
                now,
            ),
            _thrice(
                [(state, to, n) for c, state, _, to, n in rows if c == currency], "12 months from", money, currency, now
            ),
        )
        for currency in sorted({row[0] for row in rows})
    ]
    return Expectation(now.as_of, tuple(found), bins, money, stored.mixed(now.conn))


def _thrice(rows: Sequence[tuple[str, float, int]], said: str, money: str, currency: str, now: Picture) -> Thrice:
    """Sums of everybody, without the inactive, without the unknown."""
    made = []
    for among in (tuple(STATES), GOING, KNOWN):
        some = [(amount, n) for state, amount, n in rows if state in among]
        made.append(
            Number(from_units(round(sum(a for a, _ in some))), currency or "money", f"{said} {now.as_of}", f"amounts of {money}",
                   sum(n for _, n in some), Behind(among))
        )  # fmt: skip
    return Thrice(*made)


def counted(now: Picture) -> tuple[tuple[Reason, ...], Number]:
    """Reasons said of quiet partners, and of how many nobody said any."""
    insights_why.said(now.conn, now.as_of)
    period = f"until {now.as_of}"
    quiet = pareto(insights_why.quiet(now.conn), period, SAID)
    open_ = insights_why.unexplained(now.conn)
    whole = len(open_) + sum(int(reason.number.value or 0) for reason in quiet)
    return quiet, Number(len(open_), "partners", period, SAID, whole, Behind(ids=open_))


# ---- rules on the past ----


def rules(
    store: Store,
    as_of: date,
    *,
    first: date | None = None,
    last: date | None = None,
    window: int = WINDOW,
    keep: bool = False,
) -> Rules:
    """Both rules as they would have judged at the end of each month (of a large file, of each quarter), and how that
    turned out: the policy in effect then, and a silence too long for a partner's own rhythm.

    From what lies before each day alone, the rhythm of its type included. `first` is else two years before the last
    day that can be judged, `last` else `as_of`. `keep`: leave the cases in temp.look and the silences in temp.loss for who
    lists them. UsageError for a span without an end of a month.
    """
    if window < 1:
        raise UsageError("the window after a look is at least one day")
    with store.reading() as conn:
        now = _picture(store, as_of)
        end = min(last or as_of, as_of)
        days = month_ends(first or now.reach.to - timedelta(days=window + 731), end)
        if stored.partners(conn) > MANY:
            days = [day for day in days if day.month % 3 == 0]
        days = [day for day in days if day >= stored.begin(conn) and now.reach.tells(day, day)]
        if not days:
            raise UsageError(
                "there is nothing to look at: no month ends between the first activity and"
                f" {min(end, now.reach.to)}. Choose --from and --to"
            )
        looks.past(store, as_of, days, window, Grown())
        cases, open_ = insights_rules.cases(conn)
        made = insights_rules.quality(conn, now.kinds, window, now.reach, days[0])
        found = Rules(days[0], days[-1], len(days), now.reach, window, cases, open_, made, stored.calibration(conn))
        if not keep:
            stored.clear_looks(conn)
        return found


def judged(
    store: Store, as_of: date, part: str, rule: str = "fixed", between: tuple[float, float] = (0, 2)
) -> tuple[int, ...]:
    """The partners of at least one case that `rules` counts: of a part (storage/insights_rules.py), by the fixed or the
    adaptive rule; `between`: how likely their silence was, for the part “so likely”.
    """
    with store.reading() as conn:
        rules(store, as_of, keep=True)
        found = insights_rules.partners(conn, part, rule, *between)
        stored.clear_looks(conn)
        return found
