"""The first page of Insights against the plain statements that give the same numbers."""

from __future__ import annotations

import sqlite3
import statistics
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench import data
from bench.row import Row, ms
from prm_tui.domain.inactivity import QUIET, STATES
from prm_tui.domain.insights import BINS, ENOUGH, GOING, KNOWN, MANY, NONE, WINDOW, trend_days
from prm_tui.domain.money import to_units
from prm_tui.services import files, insights
from storage import rhythm

TIMES = 3
COMMERCIAL = "('campaign', 'deal_lost', 'deal_registered', 'deal_won', 'lead', 'order', 'payment')"
ENABLEMENT = "('certified', 'login', 'training')"
_OF = "FROM partners p CROSS JOIN activities a ON a.partner_id = p.id AND a.superseded_at IS NULL AND a.kind IN"
GROW = f"""
INSERT INTO temp.r AS r SELECT p.id, count(DISTINCT a.occurred_on), min(a.occurred_on), max(a.occurred_on),
 julianday(max(a.occurred_on)) - julianday(min(a.occurred_on))
{_OF} {COMMERCIAL} AND a.occurred_on > :before AND a.occurred_on <= :day WHERE 1 GROUP BY p.id
ON CONFLICT DO UPDATE SET n = r.n + excluded.n, last = excluded.last, span = julianday(excluded.last) - julianday(r.first)
"""
ENABLED = f"""
INSERT INTO temp.e AS e SELECT p.id, max(a.occurred_on) {_OF} {ENABLEMENT} AND a.occurred_on > :before AND a.occurred_on <= :day
WHERE 1 GROUP BY p.id ON CONFLICT DO UPDATE SET last = excluded.last
"""
MOMENTS = f"""
SELECT mean * mean / var, mean / var FROM (SELECT avg((n - 1) / span) AS mean,
 avg((n - 1) / span * (n - 1) / span) - avg((n - 1) / span) * avg((n - 1) / span) AS var
 FROM temp.r WHERE n > 2 AND span > 0 AND {rhythm.sample("id")})
"""
_LIMIT = "min(max((:rate + r.span) * (pow({}, -1 / (:shape + r.n - 1)) - 1), 30), 365)"
STATE = f"""
INSERT INTO temp.s SELECT id, type, tier, manager, territory, last, days, CASE
 WHEN last IS NULL THEN CASE WHEN joined_on > :fresh THEN 'active' ELSE 'never_activated' END
 WHEN joined_on > :fresh THEN 'active'
 WHEN days > 180 AND (enabled IS NULL OR enabled <= :fresh) THEN CASE WHEN days > 180 + 365 THEN 'dormant' ELSE 'inactive' END
 WHEN days > risk THEN 'at_risk' WHEN days > slow THEN 'slowing' ELSE 'active' END,
 CASE WHEN days > 365 THEN 0.0
  WHEN days > 30 THEN pow((:rate + span) / (:rate + span + days), :shape + n - 1) WHEN days >= 0 THEN 1.0 END, risk
FROM (SELECT p.id, p.type, p.tier, p.manager, p.territory, p.joined_on, r.n, r.last, r.span, e.last AS enabled,
  julianday(:day) - julianday(r.last) AS days, {_LIMIT.format(0.2)} AS slow, {_LIMIT.format(0.05)} AS risk
 FROM partners p LEFT JOIN temp.r r ON r.id = p.id LEFT JOIN temp.e e ON e.id = p.id
 WHERE p.joined_into IS NULL AND p.status NOT IN ('Prospect', 'Applicant', 'Deactivated') AND (r.last IS NOT NULL OR p.joined_on <= :day
  OR p.joined_on IS NULL AND NOT EXISTS (SELECT 1 FROM activities a WHERE a.partner_id = p.id AND a.occurred_on > :day
   AND a.occurred_on <= :today AND a.superseded_at IS NULL)))
"""
BINNED = f"CASE {' '.join(f'WHEN p < {high} THEN {n}' for n, high in enumerate(BINS[1:-1]))} ELSE {len(BINS) - 2} END"
CAME = f"""
INSERT INTO temp.bins SELECT {BINNED}, count(*), sum(p), sum(EXISTS (SELECT 1 FROM activities a WHERE a.partner_id = s.id
 AND a.kind IN {COMMERCIAL} AND a.occurred_on > :day AND a.occurred_on <= :end AND a.superseded_at IS NULL))
FROM temp.s s WHERE last IS NOT NULL GROUP BY 1
"""
MONEY = """
SELECT state, sum(amount), sum(amount * {chance}), count(*) FROM (SELECT s.state, s.p, sum(a.amount) AS amount FROM temp.s s
 CROSS JOIN activities a ON a.partner_id = s.id AND a.kind = 'order' AND a.occurred_on > date(:day, '-12 months')
 AND a.occurred_on <= :day AND a.superseded_at IS NULL GROUP BY s.id) GROUP BY 1
"""
SPLIT = "SELECT type, tier, manager, territory, state, count(*) FROM temp.s GROUP BY 1, 2, 3, 4, 5"
UNEXPLAINED = f"""
SELECT s.id, (SELECT json_extract(a.data, '$.reason') FROM activities a WHERE a.partner_id = s.id AND a.kind = 'inactivity_reason'
 AND a.occurred_on <= :day AND a.superseded_at IS NULL ORDER BY a.occurred_on DESC LIMIT 1)
FROM temp.s s WHERE state IN {QUIET} ORDER BY 1
"""


class ByHand:
    """The numbers of the first page by statements written for this file, which share what a day has with the next."""

    def __init__(self, conn: sqlite3.Connection, as_of: date) -> None:
        self.conn, self.before = conn, date.min
        conn.executescript(
            "DROP TABLE IF EXISTS temp.r; DROP TABLE IF EXISTS temp.e; DROP TABLE IF EXISTS temp.bins;"
            " CREATE TEMP TABLE r(id INTEGER PRIMARY KEY, n INTEGER, first TEXT, last TEXT, span REAL);"
            " CREATE TEMP TABLE e(id INTEGER PRIMARY KEY, last TEXT); CREATE TEMP TABLE bins(bin, n, p, came)"
        )
        days = trend_days(as_of, MANY + 1)
        self.trend = [self._look(day, as_of) for day in days]
        self.counts = self._look(as_of, as_of)
        self.split = conn.execute(SPLIT).fetchall()
        self.quiet = conn.execute(UNEXPLAINED, {"day": as_of.isoformat()}).fetchall()
        self.bins = conn.execute("SELECT bin, sum(n), sum(p) / sum(n), sum(came) FROM temp.bins GROUP BY 1").fetchall()
        whens = " ".join(f"WHEN {n} THEN {came / of!r}" for n, of, _, came in self.bins if of >= ENOUGH)
        sure = "WHEN state = 'active' THEN 1.0 ELSE p END"
        chance = f"CASE {BINNED} {whens} ELSE CASE {sure} END" if whens else f"CASE {sure}"
        self.money = conn.execute(MONEY.format(chance=chance), {"day": as_of.isoformat()}).fetchall()

    def _look(self, day: date, as_of: date) -> dict[str, int]:
        given: dict[str, Any] = {"day": day.isoformat(), "before": self.before.isoformat(), "today": as_of.isoformat()}
        for sql in (GROW, ENABLED):
            self.conn.execute(sql, given)
        self.before = day
        given["every"] = rhythm.sampled(self.conn)
        given["shape"], given["rate"] = self.conn.execute(MOMENTS, given).fetchone()
        given["fresh"], end = (day - timedelta(days=90)).isoformat(), day + timedelta(days=WINDOW)
        self.conn.execute("DROP TABLE IF EXISTS temp.s")
        self.conn.execute(
            "CREATE TEMP TABLE s(id INTEGER PRIMARY KEY, type, tier, manager, territory, last, days, state, p, risk)"
        )
        self.conn.execute(STATE, given)
        if end <= as_of:
            self.conn.execute(CAME, {**given, "end": end.isoformat()})
        return dict(self.conn.execute("SELECT state, count(*) FROM temp.s GROUP BY 1").fetchall())


def first_page(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """The first page of Insights, against its plain statements."""
    pairs = []
    with files.open_file(paths["large"]) as store:
        for _ in range(TIMES):
            begun = time.perf_counter()
            by_hand = ByHand(store.conn, data.AS_OF)
            between = time.perf_counter()
            page = insights.first_page(store, data.AS_OF)
            pairs.append((between - begun, time.perf_counter() - between))
            _same(by_hand, page)
    least, took = (statistics.median(pair[n] for pair in pairs) for n in (0, 1))
    return [Row("Insights: first page", ms(least), ms(took), took / least, 1.5)]


def _same(by_hand: ByHand, page: insights.FirstPage) -> None:
    """That both say the same."""
    found = page.states
    counts = {key: int(number.value or 0) for key, number in found.counts.items() if number.value}
    assert counts == by_hand.counts, (counts, by_hand.counts)
    assert [dict(now) for _, now in found.trend] == [*by_hand.trend, by_hand.counts], (found.trend, by_hand.trend)
    for n, split in enumerate(found.splits):
        groups = {one.name: (one.partners, one.inactive) for one in split.groups}
        theirs: dict[str, tuple[int, int]] = {}
        for *values, state, many in by_hand.split:
            key = str(values[n] or NONE)
            whole, lost = theirs.get(key, (0, 0))
            theirs[key] = whole + many, lost + many * (state in QUIET)
        assert groups == theirs, (groups, theirs)
    reasons = {id_ for reason in page.reasons for id_ in reason.number.behind.ids or ()}
    assert reasons == {id_ for id_, reason in by_hand.quiet if reason is not None}
    assert page.unexplained.behind.ids == tuple(id_ for id_, reason in by_hand.quiet if reason is None)
    bins = {n: (b.cases, round(b.foreseen or 0, 9), b.came) for n, b in enumerate(page.expectation.chances) if b.cases}
    assert bins == {n: (of, round(p, 9), came) for n, of, p, came in by_hand.bins}, (bins, by_hand.bins)
    for which, among in (("everybody", tuple(STATES)), ("going", GOING), ("known", KNOWN)):
        some = [row for row in by_hand.money if row[0] in among]
        for said, column in (("last", 1), ("next", 2)):
            number = getattr(getattr(page.expectation.amounts[0], said), which)
            units, theirs_ = to_units(number.value), round(sum(row[column] for row in some))
            assert abs(units - theirs_) <= 1 and number.of == sum(row[3] for row in some), (units, theirs_)


EVERY = (first_page,)
