"""A condition on every day of a year, against a hand-written query for each day."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from bench import data, floors
from bench.row import Row, ms
from prm_tui.services import backtest, files

DAYS = 365
TIMES = 3
_PLAIN = floors.QUERY.removesuffix(" ORDER BY p.name COLLATE NOCASE, p.id")
_WINDOW = "FROM activities a WHERE a.partner_id = p.id AND a.kind = 'order' AND a.occurred_on BETWEEN ? AND ? AND a.superseded_at IS NULL"
_FOUR = (
    f"{_PLAIN} AND (SELECT count(*) {_WINDOW}) >= 3"
    f" AND (SELECT coalesce(sum(a.amount), 0) {_WINDOW}) >= 100000000 AND p.territory = 'North'"
)
ONE_CLAUSE = "days_since(order) > 90"
FOUR_CLAUSES = (
    "days_since(order) > 90 and count(order, 365) >= 3 and sum(order.amount, 365) >= 10_000 and territory = 'North'"
)


def backtesting(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """A backtest of one trigger over a year, day by day, with 100,000 partners and 1,000,000 activities."""
    conn = sqlite3.connect(paths["large"])
    conn.execute("PRAGMA cache_size = -32000")

    def one(day: date) -> list[str]:
        return [day.isoformat(), (day - timedelta(days=90)).isoformat()]

    def four(day: date) -> list[str]:
        return [*one(day), *[(day - timedelta(days=365)).isoformat(), day.isoformat()] * 2]

    rows = []
    with files.open_file(paths["large"]) as store:
        for what, text, query, given in (
            ("one clause", ONE_CLAUSE, _PLAIN, one),
            ("four clauses", FOUR_CLAUSES, _FOUR, four),
        ):
            floor, hits = _by_hand(conn, query, given)
            first, taken = data.AS_OF - timedelta(days=DAYS - 1), []
            for _ in range(TIMES):
                begun = time.perf_counter()
                found = backtest.backtest(store, text, first, data.AS_OF, as_of=data.AS_OF)
                taken.append(time.perf_counter() - begun)
            assert found.hits == hits, (text, found.hits, hits)
            took = statistics.median(taken)
            rows.append(Row(f"backtest of one trigger, 365 days, {what}", ms(floor), ms(took), took / floor, 0.5))
    conn.close()
    return rows


def _by_hand(conn: sqlite3.Connection, query: str, given: Callable[[date], list[str]]) -> tuple[float, int]:
    """Seconds for a query a day, and for how many (partner, day) it was met and had not been the day before."""
    before: set[int] = {row[0] for row in conn.execute(query, given(data.AS_OF - timedelta(days=DAYS)))}
    taken, hits = 0.0, 0
    for n in range(DAYS - 1, -1, -1):
        begun = time.perf_counter()
        found = {row[0] for row in conn.execute(query, given(data.AS_OF - timedelta(days=n)))}
        taken += time.perf_counter() - begun
        hits += len(found - before)
        before = found
    return taken, hits
