"""Backtests: matches of a condition over a span of days, and how they turned out. Sets in SQL, never a partner's loop."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from prm_tui.domain.backtest import Match, Outcome, Period, Repeater, Rhythm
from prm_tui.domain.condition import Checked
from storage.coverage import coverage
from storage.days import Days
from storage.replay import clear_all, edges
from storage.turning import clear, states

LISTED = 1_000
"""How many matches are listed one by one, the latest first."""
TOP = 10
_SIGNS = ("right", "wrong", "not yet known")


@dataclass(frozen=True)
class Found:
    """The matches of a condition, as they are counted."""

    hits: int
    subjects: int
    partners: int
    late: int
    by_day: dict[date, int]
    repeaters: tuple[Repeater, ...]
    todays: tuple[str, ...]


def histories(conn: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """The (subject, field) pairs whose past the file knows of at least one row."""
    return frozenset(conn.execute("SELECT DISTINCT subject, field FROM field_history").fetchall())


def found(conn: sqlite3.Connection, days: Days) -> Found:
    """The matches in temp.match (storage/replay.py), counted."""
    hits, subjects, late = conn.execute(
        "SELECT count(*), count(DISTINCT partner), coalesce(sum(late), 0) FROM temp.match"
    ).fetchone()
    (partners,) = conn.execute("SELECT count(*) FROM partners WHERE joined_into IS NULL").fetchone()
    by_day = {
        date.fromordinal(day): count
        for day, count in conn.execute("SELECT day, count(*) FROM temp.match GROUP BY day ORDER BY day")
    }
    return Found(hits, subjects, partners, late, by_day, _repeaters(conn), tuple(sorted(days.todays)))


def forget(conn: sqlite3.Connection) -> None:
    """Drop the matches, and what judging them left in TEMP tables."""
    clear_all(conn)
    clear(conn, "later", "came")


def _repeaters(conn: sqlite3.Connection) -> tuple[Repeater, ...]:
    rows = conn.execute(
        "SELECT p.code, p.name, m.hits FROM (SELECT partner, count(*) AS hits FROM temp.match GROUP BY partner"
        " HAVING count(*) > 1 ORDER BY hits DESC, partner LIMIT ?) m JOIN partners p ON p.id = m.partner"
        " ORDER BY m.hits DESC, p.name COLLATE NOCASE",
        (TOP,),
    )
    return tuple(Repeater(*row) for row in rows)


def periods(by_day: dict[date, int], first: date, last: date, begin: Callable[[date], date]) -> tuple[Period, ...]:
    """Matches by the periods that `begin` gives the first day of, those without any too."""
    counts = Counter[date]()
    for day, hits in by_day.items():
        counts[begin(day)] += hits
    every = dict.fromkeys(begin(first + timedelta(days=n)) for n in range((last - first).days + 1))
    return tuple(Period(day, counts[day]) for day in every)


def listed(conn: sqlite3.Connection, limit: int = LISTED) -> tuple[Match, ...]:
    """The latest matches."""
    rows = conn.execute(
        "SELECT p.code, p.name, m.day, m.outcome FROM (SELECT * FROM temp.match ORDER BY day DESC, partner LIMIT ?) m"
        " JOIN partners p ON p.id = m.partner ORDER BY m.day DESC, p.name COLLATE NOCASE",
        (limit,),
    )
    return tuple(Match(code, name, date.fromordinal(day), outcome) for code, name, day, outcome in rows)


def judge(
    conn: sqlite3.Connection,
    checked: Checked,
    text: str,
    days: Days,
    window: int,
    span: tuple[date, date],
    known_to: date,
    *,
    foretells: bool,
) -> Outcome:
    """How the matches turned out. `days` are those of the outcome: each from the day before the span to `known_to`,
    or to `window` days after the span. Recall and lead only of what `foretells`.
    """
    states(conn, checked, days, "later", all_partners=True)
    edges(conn, "later", "came")
    start, end = days.listed[0].toordinal(), known_to.toordinal()
    given = {"window": window, "start": start, "end": end}
    conn.execute(
        "UPDATE temp.match SET outcome = CASE WHEN day + :window > :end THEN 'not yet known' ELSE (SELECT CASE l.v"
        " WHEN 1 THEN 'right' WHEN 0 THEN 'wrong' ELSE 'not yet known' END FROM temp.later l WHERE l.who ="
        " temp.match.partner AND l.n <= day + :window - :start ORDER BY l.n DESC LIMIT 1) END",
        given,
    )
    counts = dict(conn.execute("SELECT outcome, count(*) FROM temp.match GROUP BY outcome").fetchall())
    right, wrong, open_ = (counts.get(sign, 0) for sign in _SIGNS)
    if not foretells:
        return Outcome(text, window, known_to, right, wrong, open_)
    stretches, foreseen = conn.execute(
        "SELECT count(*), coalesce(sum(EXISTS (SELECT 1 FROM temp.match m WHERE m.partner = c.who"
        " AND m.day BETWEEN c.n + :start - :window AND c.n + :start)), 0) FROM temp.came c WHERE c.n > 0"
        " AND c.n + :start BETWEEN :first + :window AND min(:end, :last + :window)",
        {**given, "first": span[0].toordinal(), "last": span[1].toordinal()},
    ).fetchone()
    return Outcome(text, window, known_to, right, wrong, open_, stretches, foreseen, _lead(conn, window, start))


def _lead(conn: sqlite3.Connection, window: int, start: int) -> float | None:
    """The median number of days from a right match to the day on which the outcome became true."""
    counts = conn.execute(
        "SELECT began + :start - day AS lead, count(*) FROM (SELECT m.day, (SELECT max(c.n) FROM temp.came c"
        " WHERE c.who = m.partner AND c.n <= m.day + :window - :start) AS began FROM temp.match m"
        " WHERE m.outcome = 'right') WHERE began > 0 GROUP BY lead ORDER BY lead",
        {"window": window, "start": start},
    ).fetchall()
    return middle(counts)


def middle(counts: list[tuple[int, int]]) -> float | None:
    """The median of values that are given with how often each occurs, in order."""
    total = sum(many for _, many in counts)
    if not total:
        return None
    found, passed = [], 0
    for value, many in counts:
        found += [value] * sum(passed <= place < passed + many for place in {(total - 1) // 2, total // 2})
        passed += many
    return sum(found) / len(found)


def rhythm(conn: sqlite3.Connection, kinds: tuple[str, ...], first: date, last: date) -> Rhythm:
    """The median gap in days between the days on which a partner does any of these, from the day it last did before
    `first` to `last`; as deciles and quartiles over the partners that did so twice or more.
    """
    names = {f"x{n}": kind for n, kind in enumerate(kinds)}
    medians = conn.execute(
        "WITH days AS (SELECT DISTINCT p.id AS partner, julianday(a.occurred_on) AS day FROM partners p"
        " CROSS JOIN activities a ON a.partner_id = p.id"
        f" AND a.kind IN ({', '.join(f':{n}' for n in names)}) AND a.superseded_at IS NULL AND a.occurred_on <= :last"
        " AND a.occurred_on >= coalesce((SELECT max(b.occurred_on) FROM activities b WHERE b.partner_id = p.id"
        f" AND b.kind IN ({', '.join(f':{n}' for n in names)}) AND b.superseded_at IS NULL AND b.occurred_on < :first),"
        " :first) WHERE p.joined_into IS NULL), gaps AS (SELECT partner, day - lag(day) OVER (PARTITION BY partner"
        " ORDER BY day) AS gap FROM days), placed AS (SELECT partner, gap, row_number() OVER (PARTITION BY partner"
        " ORDER BY gap) AS n, count(*) OVER (PARTITION BY partner) AS many FROM gaps WHERE gap IS NOT NULL)"
        " SELECT avg(gap) FROM placed WHERE n IN ((many + 1) / 2, (many + 2) / 2) GROUP BY partner ORDER BY 1",
        {**names, "first": first.isoformat(), "last": last.isoformat()},
    ).fetchall()
    found = tuple((q, medians[min(len(medians) - 1, len(medians) * q // 100)][0]) for q in (10, 25, 50, 75, 90))
    return Rhythm(" or ".join(kinds), len(medians), found if medians else ())


def first_learned(conn: sqlite3.Connection) -> int | None:
    """The instant at which the first import was read; None before any."""
    found = conn.execute("SELECT min(read_at) FROM sources").fetchone()[0]
    return None if found is None else int(found)


def known_to(conn: sqlite3.Connection, kinds: tuple[str, ...], as_of: date) -> date:
    """The earlier of a date and the coverage of the feeds of some kinds, without tolerance."""
    return min([as_of, *coverage(conn, kinds, as_of).values()])
