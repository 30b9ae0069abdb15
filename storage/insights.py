"""What the numbers of Insights rest on, in TEMP tables: who is left out, what came in 12 months, how things looked then.

All read temp.state, the state of every partner on a day (storage/states.py).
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from prm_tui.domain.inactivity import GONE
from prm_tui.domain.insights import BINS, NONE, Bin, Reach
from storage import backtest, coverage, gaps, quiet, settings
from storage.states import Judged

IN_PROGRAM = "NOT EXISTS (SELECT 1 FROM temp.gone g WHERE g.id = s.id)"
"""That a partner of `temp.state s` is in the program."""
FIELDS = {
    "type": "p.type",
    "tier": "p.tier",
    "manager": "(SELECT m.name FROM people m WHERE m.id = p.manager)",
    "territory": "p.territory",
    "country": "p.country",
    "industry": "p.industry",
}
"""Fields of a partner by which numbers are split, over `partners p`."""
_SURPRISE = (
    "surprise(s.n, CAST(julianday(s.last) - julianday(s.first) AS INTEGER), CAST(julianday({until}) - julianday(s.last) AS INTEGER),"
    " coalesce(t.shape, e.shape), coalesce(t.rate, e.rate))"
)
_PRIORS = "LEFT JOIN temp.prior t ON t.type = p.type JOIN temp.prior e ON e.type = ''"


def leave_out(conn: sqlite3.Connection, as_of: date, known_now: date | None = None) -> dict[str, int]:
    """temp.gone(id, status): who was not in the program on a day; status → how many. As far as the past is known.

    `known_now`: of a day in the past, those too who only came later, as far as is known on this day.
    """
    conn.execute("CREATE TEMP TABLE IF NOT EXISTS gone(id INTEGER PRIMARY KEY, status TEXT)")
    conn.execute("DELETE FROM temp.gone")
    named = {f"gone{n}": status for n, status in enumerate(GONE)}
    conn.execute(
        "WITH h AS (SELECT row_id, value, row_number() OVER (PARTITION BY row_id ORDER BY valid_from DESC, id DESC) AS n"
        " FROM field_history WHERE subject = 'partner' AND field = 'status' AND (valid_from IS NULL OR valid_from <= :as_of))"
        " INSERT INTO temp.gone SELECT p.id, coalesce(h.value, p.status) AS then_ FROM partners p LEFT JOIN h ON h.row_id = p.id"
        f" AND h.n = 1 WHERE p.joined_into IS NULL AND then_ IN ({', '.join(f':{n}' for n in named)})",
        {**named, "as_of": as_of.isoformat()},
    )
    if known_now is not None:
        conn.execute(
            "INSERT OR IGNORE INTO temp.gone SELECT s.id, 'Not yet' FROM temp.state s CROSS JOIN partners p ON p.id = s.id WHERE s.last"
            " IS NULL AND (p.joined_on > :day OR (p.joined_on IS NULL AND EXISTS (SELECT 1 FROM activities a WHERE a.partner_id = s.id"
            " AND a.occurred_on > :day AND a.occurred_on <= :now AND a.superseded_at IS NULL)))",
            {"day": as_of.isoformat(), "now": known_now.isoformat()},
        )
    return dict(conn.execute("SELECT status, count(*) FROM temp.gone GROUP BY 1 ORDER BY 1").fetchall())


def partners(conn: sqlite3.Connection) -> int:
    """How many partners the file has."""
    return int(conn.execute("SELECT count(*) FROM partners WHERE joined_into IS NULL").fetchone()[0])


def counts(conn: sqlite3.Connection) -> dict[str, int]:
    """State → how many in the program."""
    return dict(conn.execute(f"SELECT s.state, count(*) FROM temp.state s WHERE {IN_PROGRAM} GROUP BY 1").fetchall())


def split(conn: sqlite3.Connection, fields: Sequence[str]) -> dict[str, dict[str, dict[str, int]]]:
    """Field → value → state → how many; one pass over the partners, whatever the number of fields."""
    columns = ", ".join(FIELDS[field].replace(FIELDS["manager"], "p.manager") for field in fields)
    names = dict(conn.execute("SELECT id, name FROM people").fetchall()) if "manager" in fields else {}
    found: dict[str, dict[str, dict[str, int]]] = {field: defaultdict(dict) for field in fields}
    for *values, state, n in conn.execute(
        f"SELECT {columns}, s.state, count(*) FROM temp.state s CROSS JOIN partners p ON p.id = s.id WHERE {IN_PROGRAM}"
        f" GROUP BY {', '.join(str(n + 1) for n in range(len(fields) + 1))}"
    ):
        for field, value in zip(fields, values, strict=True):
            said = names.get(value) if field == "manager" else value
            group = found[field][said or NONE]
            group[state] = group.get(state, 0) + n
    return found


# ---- money ----


def revenue(conn: sqlite3.Connection, as_of: date) -> tuple[str, ...]:
    """The kinds of activity whose amounts are what a partner brings, as far as the file is told of them."""
    return tuple(coverage.coverage(conn, quiet.REVENUE, as_of)) or ("deal_won",)


def year(conn: sqlite3.Connection, as_of: date) -> tuple[str, ...]:
    """temp.year(id, amount, currency, mixed): what each partner brought in 12 months, in units; the kinds counted."""
    kinds = revenue(conn, as_of)
    named = {f"money{n}": kind for n, kind in enumerate(kinds)}
    conn.execute("DROP TABLE IF EXISTS temp.year")
    conn.execute("CREATE TEMP TABLE year(id INTEGER PRIMARY KEY, amount INTEGER, currency TEXT, mixed INTEGER)")
    ends = quiet.currencies(conn)
    # one currency in all: its column is not asked for, and the index suffices
    own = (
        ":one, 0"
        if ends[0] == ends[1]
        else "coalesce(max(a.currency), ''), coalesce(min(a.currency) <> max(a.currency), 0)"
    )
    conn.execute(
        f"INSERT INTO temp.year SELECT s.id, sum(a.amount), {own} FROM temp.state s CROSS JOIN activities a ON a.partner_id = s.id"
        f" AND a.kind IN ({', '.join(f':{n}' for n in named)}) AND a.occurred_on > date(:as_of, '-12 months')"
        " AND a.occurred_on <= :as_of AND a.superseded_at IS NULL AND a.amount IS NOT NULL GROUP BY s.id",
        {**named, "as_of": as_of.isoformat(), "one": ends[0] or ""},
    )
    return kinds


# ---- how things looked ----


def clear_looks(conn: sqlite3.Connection) -> None:
    """temp.look: none yet."""
    conn.execute("DROP TABLE IF EXISTS temp.look")
    conn.execute(
        "CREATE TEMP TABLE look(id INTEGER, day TEXT, state TEXT, fixed INTEGER, adaptive INTEGER, p REAL, last TEXT,"
        " every INTEGER, came INTEGER, PRIMARY KEY (id, day)) WITHOUT ROWID"
    )


def look(
    conn: sqlite3.Connection,
    day: date,
    kinds: Sequence[str],
    window: int,
    reach: Reach,
    *,
    judged_only: bool = False,
) -> None:
    """Add to temp.look how every partner that was ever active looked on the day of temp.state, and whether it came back.

    `came` is NULL where that is not known: the window after the day is not covered, or falls into a gap, or the partner
    was taken out within it. Where the silence itself is not known, because of a gap, there is no look. `adaptive`: its
    silence was longer than its policy's limit for its own rhythm.
    """
    end = day + timedelta(days=window)
    told = reach.tells(day, end)
    if not reach.tells(day, day) or (judged_only and not told):
        return
    named = {f"kind{n}": kind for n, kind in enumerate(kinds)}
    came = (
        "CASE WHEN EXISTS (SELECT 1 FROM field_history h WHERE h.subject = 'partner' AND h.row_id = s.id AND h.field = 'status'"
        " AND h.value = 'Deactivated' AND h.valid_from > :day AND h.valid_from <= :end) THEN NULL ELSE EXISTS (SELECT 1 FROM"
        f" activities a WHERE a.partner_id = s.id AND a.kind IN ({', '.join(f':{n}' for n in named) or 'NULL'})"
        " AND a.occurred_on > :day AND a.occurred_on <= :end AND a.superseded_at IS NULL) END"
    )
    silent = "julianday(:day) - julianday(s.last)"
    conn.execute(
        "INSERT INTO temp.look SELECT s.id, :day, s.state, s.state IN ('inactive', 'dormant'),"
        f" coalesce(s.exempt IS NULL AND {silent} > s.risk, 0), {_SURPRISE.format(until=':day')}, s.last,"
        " CASE WHEN s.n > 1 THEN (julianday(s.last) - julianday(s.first)) / (s.n - 1) END,"
        f" {came if told else 'NULL'} FROM temp.state s CROSS JOIN partners p ON p.id = s.id {_PRIORS}"
        f" WHERE s.last >= :gap AND {IN_PROGRAM}",
        {**named, "day": day.isoformat(), "end": end.isoformat(), "gap": reach.since(day).isoformat()},
    )


def reach(conn: sqlite3.Connection, kinds: Sequence[str], as_of: date) -> Reach:
    """To where the sheets tell of these kinds, and where everybody was silent for too long (storage/gaps.py)."""
    to, first = backtest.known_to(conn, tuple(kinds), as_of), begin(conn)
    return Reach(to, gaps.silences(conn, kinds, first, to, settings.number(conn, "coverage_tolerance")))


def begin(conn: sqlite3.Connection) -> date:
    """The first day of anything, by temp.state; the last day there is where there is nothing."""
    first = conn.execute("SELECT min(first) FROM temp.state").fetchone()[0]
    return date.fromisoformat(first) if first else date.max


def calibration(conn: sqlite3.Connection) -> tuple[Bin, ...]:
    """Of judged cases by how likely their silence was: how many came back."""
    found = dict.fromkeys(range(len(BINS) - 1), (0, None, 0))
    whens = " ".join(f"WHEN p < {BINS[n + 1]} THEN {n}" for n in range(len(BINS) - 2))
    found |= {
        row[0]: row[1:]
        for row in conn.execute(
            f"SELECT CASE {whens} ELSE {len(BINS) - 2} END, count(*), avg(p), sum(came) FROM temp.look WHERE came IS NOT NULL GROUP BY 1"
        )
    }
    return tuple(Bin(BINS[n], BINS[n + 1], *found[n]) for n in range(len(BINS) - 1))


# ---- what is to be expected ----


def expected(
    conn: sqlite3.Connection, bins: Sequence[Bin], as_of: date, reach: date
) -> list[tuple[str, str, int, float, int]]:
    """(currency, state, units of 12 months, those weighted by the chance of return, partners) of the partners in the program.

    Of unknown ones silence is counted as far as the sheets reach.
    """
    chances(conn, bins, as_of, reach)
    return conn.execute(
        "SELECT y.currency, s.state, sum(y.amount), sum(y.amount * c.chance), count(*) FROM temp.year y"
        " JOIN temp.state s ON s.id = y.id JOIN temp.chance c ON c.id = y.id WHERE NOT y.mixed GROUP BY 1, 2"
    ).fetchall()


def chances(conn: sqlite3.Connection, bins: Sequence[Bin], as_of: date, reach: date) -> None:
    """temp.chance(id, p, chance): of every partner in the program that was ever active."""
    conn.execute("DROP TABLE IF EXISTS temp.chance")
    conn.execute("CREATE TEMP TABLE chance(id INTEGER PRIMARY KEY, p REAL, chance REAL)")
    until = "CASE WHEN s.state = 'unknown' THEN max(s.last, :reach) ELSE :as_of END"
    conn.execute(
        f"INSERT INTO temp.chance(id, p) SELECT s.id, {_SURPRISE.format(until=until)} FROM temp.state s CROSS JOIN partners p"
        f" ON p.id = s.id {_PRIORS} WHERE s.last IS NOT NULL AND {IN_PROGRAM}",
        {"as_of": as_of.isoformat(), "reach": reach.isoformat()},
    )
    whens = " ".join(f"WHEN c.p < {b.high} THEN {_chance(b)}" for b in bins[:-1])
    conn.execute(f"UPDATE temp.chance AS c SET chance = (SELECT CASE {whens} ELSE {_chance(bins[-1])} END FROM temp.state s"
                 " WHERE s.id = c.id)")  # fmt: skip


def chance_of(conn: sqlite3.Connection, bins: Sequence[Bin], as_of: date, reach: date) -> dict[int, float]:
    """The chance of return of every partner of temp.state that was ever active, in the program or not."""
    conn.execute("CREATE TEMP TABLE IF NOT EXISTS gone(id INTEGER PRIMARY KEY, status TEXT)")
    conn.execute("DELETE FROM temp.gone")
    chances(conn, bins, as_of, reach)
    return dict(conn.execute("SELECT id, chance FROM temp.chance WHERE chance IS NOT NULL").fetchall())


def quiet_cases(conn: sqlite3.Connection) -> tuple[int, int]:
    """Of the judged cases in temp.look that were quiet by either rule: how many, and how many came back."""
    sql = "SELECT count(*), coalesce(sum(came), 0) FROM temp.look WHERE came IS NOT NULL AND (fixed OR adaptive)"
    cases, came = conn.execute(sql).fetchone()
    return int(cases), int(came)


def _chance(b: Bin) -> str:
    if b.enough and b.share is not None:
        return repr(float(b.share))
    return "CASE WHEN s.state = 'active' THEN 1.0 ELSE c.p END"


def mixed(conn: sqlite3.Connection) -> int:
    """Partners in the program with amounts in several currencies."""
    sql = f"SELECT count(*) FROM temp.year y JOIN temp.state s ON s.id = y.id WHERE y.mixed AND {IN_PROGRAM}"
    return int(conn.execute(sql).fetchone()[0])


def signals(judged: Sequence[Judged]) -> list[str]:
    """The signals of the policies by which states were found."""
    return sorted({how.policy.signal for how in judged})


def listed(conn: sqlite3.Connection, states: Sequence[str], sql: str, params: dict[str, Any]) -> tuple[int, ...]:
    """The partners in the program in these states (none: all) who meet a condition, by name."""
    named = {f"state{n}": state for n, state in enumerate(states)}
    among = f"s.state IN ({', '.join(f':{n}' for n in named)})" if states else "1"
    rows = conn.execute(
        f"SELECT s.id FROM temp.state s CROSS JOIN partners p ON p.id = s.id WHERE {among} AND {IN_PROGRAM} AND {sql}"
        " ORDER BY p.name COLLATE NOCASE, p.id",
        {**params, **named},
    )
    return tuple(row[0] for row in rows)


def codes(conn: sqlite3.Connection) -> dict[int, str]:
    """The code of every partner."""
    return dict(conn.execute("SELECT id, code FROM partners").fetchall())
