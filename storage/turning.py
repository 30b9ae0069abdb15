"""A condition over all its subjects and many days: its value at each day on which it can change.

A subject is a partner, or a record with its partner. A fact changes for a partner only when a row enters or leaves its
window. The days on which that happens are found from the dates of the rows; the very SQL that lists run is asked at
these (subject, day) pairs alone, and holds until the next of them. Two things make the pairs few:

- Of a number that is compared with a limit (`days_since(order) > 90`, `count(order, 180) = 0`) only rows at which
  the number passes the limit matter, which their neighbours tell.
- Of a conjunction, parts that never change choose the partners, and parts with few turns the stretches in which the
  others matter at all.

What cannot be foreseen (an arithmetic of days_since, days covered by outages) is asked on every day.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from prm_tui.domain.condition import Checked
from prm_tui.domain.condition.tree import And, Node
from prm_tui.domain.errors import UsageError
from storage import strict
from storage.conditions import Compiler, Place
from storage.days import Days, Turning

MOST = 1_900
"""Columns of the table of days; SQLite takes 2,000."""
_ROWS = {
    "activity": "activities r ON r.partner_id = v.partner",
    "record": "records r ON r.partner_id = v.partner",
    "case": "cases r ON r.partner_id = v.partner",
    "partner": "partners p ON p.id = v.partner",
}
_PAST = {
    "partner": "field_history r ON r.subject = 'partner' AND r.row_id = v.partner",
    "record": "records q ON q.partner_id = v.partner CROSS JOIN field_history r ON r.subject = 'record' AND r.row_id = q.id",
}
_ONE = {
    "partner": "partners p ON p.id = k.who",
    "record": "records s ON s.id = k.who CROSS JOIN partners p ON p.id = s.partner_id",
}
_TABLES = """
CREATE TEMP TABLE turn(source INTEGER, enters INTEGER, day TEXT, n INTEGER, edge TEXT,
  PRIMARY KEY (source, day, enters)) WITHOUT ROWID;
CREATE TEMP TABLE reach(source INTEGER, n INTEGER, first TEXT, last TEXT, PRIMARY KEY (source, n)) WITHOUT ROWID;
CREATE TEMP TABLE live(who INTEGER, partner INTEGER, f INTEGER, t INTEGER, PRIMARY KEY (who, f)) WITHOUT ROWID;
CREATE TEMP TABLE turned(who INTEGER, n INTEGER, PRIMARY KEY (who, n)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class _Part:
    """A part of a conjunction: what its value hangs on."""

    sql: str
    turnings: tuple[Turning, ...]
    daily: bool

    @property
    def lasting(self) -> bool:
        return not self.turnings and not self.daily

    @property
    def sparse(self) -> bool:
        return not self.daily and all(
            t.least is not None or t.table in ("partner", "history", "day") for t in self.turnings
        )


def states(
    conn: sqlite3.Connection,
    checked: Checked,
    days: Days,
    into: str,
    *,
    all_partners: bool = False,
    every_day: bool = False,
    there: str = "0",
) -> None:
    """Fill a TEMP table `into`(who, n, v): the value (1, 0, NULL; a date of a field) from listed day n on, to its next row.

    `who` is a partner, or a record where the condition is about a kind of record. Its first row is of day 0, or of
    the day on which a record is there; none for those whom parts of a conjunction that never change leave out: for
    them it is never met; `all_partners` keeps them. `every_day` asks on each day: slow, and the same answer.
    `there`: SQL of the first listed day on which a record `s` is there, NULL where it is on none.
    """
    compiler = Compiler()
    node = checked.node
    place = Place(checked.scope, days)
    kept = strict.kept(node.parts if isinstance(node, And) else (node,), place)
    parts = [_part(compiler, part, place) for part in kept] or [_Part("NULL", (), False)]
    kind = checked.scope.subject
    choosing = [] if all_partners else [p for p in parts if p.lasting]
    sparse = [p for p in parts if p.sparse and p not in choosing]
    rest = [p for p in parts if not p.sparse]
    last = len(days.listed) - 1
    _prepare(conn, days, into)
    filters = "".join(f" AND {p.sql}" for p in choosing)
    who, of_kind = "p.id", ""
    if kind is not None:
        compiler.params["kind"] = kind.name
        who, of_kind = "s.id", " AND s.kind = :kind AND f IS NOT NULL"
    rows = "partners p" if kind is None else "records s CROSS JOIN partners p ON p.id = s.partner_id"
    conn.execute(
        f"INSERT INTO temp.live SELECT {who}, p.id, {there} AS f, {last} FROM {rows}"
        f" WHERE p.joined_into IS NULL{of_kind}{filters}",
        compiler.params,
    )
    made = _Made(conn, days, compiler.params, last, _ONE["partner" if kind is None else "record"])
    if every_day:
        made.ask([_Part(p.sql, (), True) for p in parts], into, whole=True)
        return
    if sparse and rest:
        made.ask(sparse, into, whole=True)
        made.narrow(into)
        made.ask([*sparse, *rest], into, whole=False)
        return
    made.ask([*sparse, *rest] or choosing, into, whole=True)


def clear(conn: sqlite3.Connection, *more: str) -> None:
    """Drop the TEMP tables again."""
    for table in ("asof", "turn", "reach", "live", "turned", *more):
        conn.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _part(compiler: Compiler, node: Node, place: Place) -> _Part:
    sql = compiler.sql(node, place).text
    return _Part(sql, *place.days.taken())


def lay_out(conn: sqlite3.Connection, days: Days) -> None:
    """The TEMP table `asof`: of each listed day, what the SQL compiled so far asks of it. UsageError for too much."""
    if len(days.columns) > MOST:
        raise UsageError(f"this condition looks at more than {MOST:,} windows at once; test its parts one by one")
    names = [f"{name} {'INTEGER' if isinstance(values[0], int) else 'TEXT'}" for values, name in days.columns.items()]
    conn.execute("DROP TABLE IF EXISTS temp.asof")
    conn.execute(f"CREATE TEMP TABLE asof({', '.join(['n INTEGER PRIMARY KEY', *names])})")
    rows = zip(range(len(days.listed)), *days.columns, strict=True)
    conn.executemany(f"INSERT INTO temp.asof VALUES ({', '.join('?' * (len(names) + 1))})", rows)


def _prepare(conn: sqlite3.Connection, days: Days, into: str) -> None:
    clear(conn, into)
    lay_out(conn, days)
    for statement in _TABLES.split(";")[:-1]:
        conn.execute(statement)
    conn.execute(f"CREATE TEMP TABLE {into}(who INTEGER, n INTEGER, v, PRIMARY KEY (who, n)) WITHOUT ROWID")


@dataclass
class _Made:
    """The steps, on one connection."""

    conn: sqlite3.Connection
    days: Days
    params: dict[str, Any]
    last: int
    subject: str  # FROM … of the subject whose id is k.who, with its partner
    sources: int = 0

    def ask(self, parts: list[_Part], into: str, *, whole: bool) -> None:
        """The conjunction of some parts at its turning days within the live stretches."""
        self.conn.execute("DELETE FROM temp.turned")
        if any(p.daily for p in parts):
            self.conn.execute(
                "INSERT INTO temp.turned SELECT v.who, d.n FROM temp.live v CROSS JOIN temp.asof d"
                " ON d.n BETWEEN v.f AND v.t"
            )
        else:
            self.conn.execute("INSERT INTO temp.turned SELECT who, f FROM temp.live")
            for turning in dict.fromkeys(t for p in parts for t in p.turnings):
                self._turns(turning, whole)
        self.conn.execute(
            f"INSERT OR REPLACE INTO temp.{into} SELECT k.who, k.n, {' AND '.join(p.sql for p in parts)}"
            f" FROM temp.turned k CROSS JOIN temp.asof asof ON asof.n = k.n CROSS JOIN {self.subject}",
            self.params,
        )

    def narrow(self, into: str) -> None:
        """From here on only the stretches in which what was asked so far is not known to be false."""
        self.conn.execute("DELETE FROM temp.live")
        self.conn.execute(
            f"INSERT INTO temp.live SELECT k.who, p.id, k.n, k.t FROM (SELECT who, n, v, coalesce(lead(n) OVER"
            f" (PARTITION BY who ORDER BY n) - 1, {self.last}) AS t FROM temp.{into}) k CROSS JOIN {self.subject}"
            " WHERE k.v IS NOT 0"
        )

    def _turns(self, turning: Turning, whole: bool) -> None:
        if turning.table in ("learned", "day"):
            self._for_everybody(self._learned() if turning.table == "learned" else _changes(turning.first or ()))
            return
        self.sources += 1
        source, columns = self.sources, (turning.first, turning.last)
        enters = _passed(turning.last, self.days.listed, at=True) if turning.last else []
        leaves = _passed(turning.first, self.days.listed, at=False) if turning.first else []
        edges = [
            (source, enter, day, n, other[n] if other else None)
            for enter, turns, other in ((1, enters, turning.first), (0, leaves, turning.last))
            for day, n in turns
        ]
        if not edges:
            return
        self.conn.executemany("INSERT INTO temp.turn VALUES (?,?,?,?,?)", edges)
        if whole and turning.least is not None:
            self._passing(turning, source, min(e[2] for e in edges), max(e[2] for e in edges))
            return
        firsts, lasts = (c or (None,) * (self.last + 1) for c in columns)
        self.conn.executemany(
            "INSERT INTO temp.reach VALUES (?,?,?,?)",
            [(source, n, firsts[n], lasts[n]) for n in range(self.last + 1)],
        )
        for enter, test in ((1, "{0} > x.last AND {0} <= y.last"), (0, "{0} >= x.first AND {0} < y.first")):
            self.conn.execute(
                f"INSERT OR IGNORE INTO temp.turned SELECT v.who, t.n FROM temp.live v"
                f" CROSS JOIN temp.reach x ON x.source = {source} AND x.n = v.f"
                f" CROSS JOIN temp.reach y ON y.source = {source} AND y.n = v.t"
                f" CROSS JOIN {self._rows(turning)} AND {test.format(turning.day)}"
                f" CROSS JOIN temp.turn t ON t.source = {source} AND t.enters = {enter} AND t.day = {turning.day}",
                self.params,
            )

    def _rows(self, turning: Turning) -> str:
        if turning.table == "history":
            subject, key = turning.kinds
            return f"{_PAST[subject]} AND r.field = '{key}'"
        names = [f"x{n}" for n in range(len(turning.kinds))]
        self.params |= dict(zip(names, turning.kinds, strict=True))
        test = f" AND r.kind IN ({', '.join(f':{n}' for n in names)})" if names else ""
        current = turning.table == "activity" and self.days.known is None
        return _ROWS[turning.table] + test + (" AND r.superseded_at IS NULL" if current else "")

    def _passing(self, turning: Turning, source: int, low: str, high: str) -> None:
        """Rows at which their number passes a limit: the row so many before is outside when one enters, the row so
        many after has not entered when one leaves. Rows beyond `low` and `high` are not looked at: then it counts.
        """
        many = turning.least
        self.conn.execute(
            f"INSERT OR IGNORE INTO temp.turned SELECT who, t.n FROM (SELECT v.who, v.f, v.t, {turning.day} AS day,"
            f" lag({turning.day}, {many}) OVER w AS before, lead({turning.day}, {many}) OVER w AS after"
            f" FROM temp.live v CROSS JOIN {self._rows(turning)} AND {turning.day} BETWEEN :low AND :high"
            f" WINDOW w AS (PARTITION BY v.who ORDER BY {turning.day})) o"
            f" CROSS JOIN temp.turn t ON t.source = {source} AND t.day = o.day AND t.n BETWEEN o.f AND o.t AND CASE t.enters"
            " WHEN 1 THEN before IS NULL OR before < t.edge ELSE after IS NULL OR after > t.edge END",
            {**self.params, "low": low, "high": high},
        )

    def _learned(self) -> set[int]:
        """Days on which facts became known, or were corrected."""
        assert self.days.known is not None
        by = self.days.values(self.days.known)
        moments = self.conn.execute(
            "SELECT learned_at FROM activities UNION SELECT superseded_at FROM activities"
            " UNION SELECT learned_at FROM records UNION SELECT learned_at FROM field_history"
        )
        return {n for (moment,) in moments if moment is not None for n in _first(by, moment)}

    def _for_everybody(self, turns: Iterable[int]) -> None:
        self.conn.executemany(
            "INSERT OR IGNORE INTO temp.turned SELECT who, ? FROM temp.live WHERE ? BETWEEN f AND t",
            [(n, n) for n in sorted(turns)],
        )


def _changes(values: tuple[Any, ...]) -> list[int]:
    return [n for n in range(1, len(values)) if values[n] != values[n - 1]]


def _first(by: tuple[int, ...], moment: int) -> Iterable[int]:
    """The number of the first listed day by which a moment has passed, if it is one within the span."""
    from bisect import bisect_left

    n = bisect_left(by, moment)
    return [n] if 0 < n < len(by) else []


def _passed(bound: tuple[str, ...], listed: tuple[date, ...], *, at: bool) -> list[tuple[str, int]]:
    """Which dates a bound passes on which listed day: `at`, those it reaches; else those it leaves behind."""
    found = []
    days = [date.fromisoformat(value).toordinal() for value in bound]
    for n in range(1, len(listed)):
        step = range(days[n - 1] + 1, days[n] + 1) if at else range(days[n - 1], days[n])
        found += [(date.fromordinal(day).isoformat(), n) for day in step]
    return found
