"""What a trigger would have found: the matches that runs on each listed day would have made, in a few statements.

It is as if the trigger had been switched on, from now on, on the first listed day, the one before the span: what it
finds on that day is no match. What a match is for each kind of trigger is the engine's to say (storage/matches.py);
here it is said of all days at once, from the stretches of days on which a condition holds (storage/turning.py).

temp.listed(n, day, moment, ordinal) are the days; temp.match(partner, day, late, outcome) what was found, `day` as a
proleptic ordinal.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from prm_tui.domain.condition import Catalogue, Checked, check
from prm_tui.domain.trigger import Trigger
from storage import strict
from storage.conditions import Compiler, Place
from storage.days import Days
from storage.matches import ACTIVITY, ADDED, FRESH, TABLES, kind_of, period
from storage.turning import clear, lay_out, states

_LISTED = """
CREATE TEMP TABLE listed(n INTEGER PRIMARY KEY, day TEXT UNIQUE, moment INTEGER UNIQUE, ordinal INTEGER);
CREATE TEMP TABLE match(partner INTEGER, day INTEGER, late INTEGER, outcome TEXT);
CREATE TEMP TABLE stretch(f INTEGER PRIMARY KEY, t INTEGER);
CREATE TEMP TABLE ladder(rank INTEGER PRIMARY KEY, step INTEGER, next INTEGER);
CREATE TEMP TABLE come(who INTEGER, partner INTEGER, n INTEGER, key TEXT, late INTEGER);
CREATE TEMP TABLE was(who INTEGER, key TEXT, PRIMARY KEY (who, key)) WITHOUT ROWID;
"""
_USED = ("listed", "match", "stretch", "ladder", "come", "was", "state", "dated", "edge")
_TRUE = (
    "(SELECT who, f, t FROM (SELECT who, n AS f, coalesce(lead(n) OVER (PARTITION BY who ORDER BY n) - 1, :last) AS t, v"
    " FROM temp.state) WHERE v)"
)
"""The stretches of days on which the condition holds."""


def whole(trigger: Trigger, known: Catalogue) -> Checked:
    """All that a trigger asks of its subject, as one condition. ConditionError where it means nothing."""
    reached = f"({trigger.total}) >= {trigger.steps[0]}" if trigger.on == "crosses" else None
    said = " and ".join(f"({text})" for text in (trigger.when, reached) if text) or "true"
    return check(said, known, subject=kind_of(trigger, known))


def clear_all(conn: sqlite3.Connection) -> None:
    """Drop all that was found again."""
    clear(conn, *_USED)


def edges(conn: sqlite3.Connection, state: str, into: str) -> None:
    """The days on which a state became true: `fell` is the day it had become untrue since it was true before."""
    conn.execute(f"DROP TABLE IF EXISTS temp.{into}")
    conn.execute(
        f"CREATE TEMP TABLE {into} AS WITH known AS (SELECT who, n, v, lag(v) OVER (PARTITION BY who ORDER BY n)"
        f" AS was FROM temp.{state} WHERE v IS NOT NULL), turns AS (SELECT who, n, v, CASE WHEN lag(was) OVER w"
        " IS NOT NULL THEN lag(n) OVER w END AS fell FROM known WHERE v IS NOT was WINDOW w AS (PARTITION BY who"
        " ORDER BY n)) SELECT who, n, fell FROM turns WHERE v = 1"
    )
    conn.execute(f"CREATE INDEX temp.{into}_by ON {into}(who, n)")


@dataclass
class Replay:
    """A trigger looked at on listed days. `moment` gives the last instant of a day."""

    conn: sqlite3.Connection
    trigger: Trigger
    known: Catalogue
    days: Days
    moment: Callable[[date], int]
    params: dict[str, Any] = field(default_factory=dict)

    def find(self) -> None:
        """Fill temp.match."""
        clear_all(self.conn)
        for statement in _LISTED.split(";")[:-1]:
            self.conn.execute(statement)
        self.conn.executemany(
            "INSERT INTO temp.listed VALUES (?,?,?,?)",
            [(n, d.isoformat(), self.moment(d), d.toordinal()) for n, d in enumerate(self.days.listed)],
        )
        {"becomes true": self._becomes_true, "activity": self._activity, "record": self._added, "date": self._date,
         "every": self._every, "crosses": self._crosses}[self.trigger.on]()  # fmt: skip
        self.conn.execute("CREATE INDEX temp.match_by ON match(partner, day)")

    # ---- conditions that hold for a while ----

    def _becomes_true(self) -> None:
        self._states(self._checked())
        edges(self.conn, "state", "edge")
        every = (self.days.listed[1] - self.days.listed[0]).days
        self._matched(
            "SELECT who, n, 0 AS late FROM temp.edge WHERE fell IS NULL OR (n - fell) * :every >= :again",
            every=every,
            again=self.trigger.again_after,
        )

    def _every(self) -> None:
        self._states(self._checked())
        self._first_in_each(self.trigger.period)

    def _crosses(self) -> None:
        """Each step for itself: the first day of a period on which the total has reached it."""
        when = self._checked()
        if strict.absent(when.node, Place(when.scope, self.days)):
            return
        for step in self.trigger.steps:
            self._states(self._checked(f"(({self.trigger.total}) >= {step}) and ({self.trigger.when or 'true'})"))
            self._first_in_each(self.trigger.each)

    def _first_in_each(self, name: str | None) -> None:
        """The first day on which the condition holds, in each period; without a name, of all days."""
        numbered = enumerate(self.days.listed)
        periods = [[n for n, _ in of] for _, of in groupby(numbered, lambda it: period(name, it[1]) if name else "")]
        self.conn.execute("DELETE FROM temp.stretch")
        self.conn.executemany("INSERT INTO temp.stretch VALUES (?,?)", [(ns[0], ns[-1]) for ns in periods])
        self._matched(
            f"SELECT i.who, min(max(i.f, w.f)) AS n, 0 AS late FROM {_TRUE} i JOIN temp.stretch w ON w.f <= i.t AND w.t >= i.f"
            " GROUP BY i.who, w.f"
        )

    def _date(self) -> None:
        """Each step on the first day on which it is the last that has come and the condition holds: those before it
        are passed with it. The date is the one the field had then.
        """
        self._states(self._checked())
        dated = check(str(self.trigger.date), self.known, subject=kind_of(self.trigger, self.known), want="any")
        states(self.conn, dated, self.days, "dated", all_partners=True, there=self._there)
        steps = self.trigger.days_before
        self.conn.executemany(
            "INSERT INTO temp.ladder VALUES (?,?,?)",
            [
                (rank, step, following)
                for rank, (step, following) in enumerate(zip(steps, [*steps[1:], None], strict=True))
            ],
        )
        come, gone = (_first("day", f"date(d.v, (-w.{step}) || ' days')") for step in ("step", "next"))
        self._matched(
            f"SELECT x.who, min(max(c.f, x.f)) AS n, 0 AS late FROM (SELECT d.who, d.v, w.rank, max(d.f, {come}) AS f,"
            f" min(d.t, coalesce({gone} - 1, :last)) AS t FROM (SELECT who, v, n AS f, coalesce(lead(n) OVER"
            " (PARTITION BY who ORDER BY n) - 1, :last) AS t FROM temp.dated) d CROSS JOIN temp.ladder w"
            f" WHERE d.v IS NOT NULL) x JOIN {_TRUE} c ON c.who = x.who AND c.f <= x.t AND c.t >= x.f"
            " WHERE x.f <= x.t GROUP BY x.who, x.v, x.rank"
        )

    # ---- what happens on a day ----

    def _activity(self) -> None:
        """Activities on their day, or on the later day on which they were learned, if what was known then counts."""
        on = _first("day", "s.occurred_on")
        self.params |= {"before": self.days.listed[0].isoformat(), "upto": self.days.listed[-1].isoformat()}
        if self.days.known is None:
            self._come(
                ACTIVITY, on, " AND s.superseded_at IS NULL AND s.occurred_on > :before AND s.occurred_on <= :upto"
            )
            return
        live = " AND s.occurred_on <= :upto AND (s.superseded_at IS NULL OR s.superseded_at > l.moment)"
        self._come(ACTIVITY, f"max({on}, {_first('moment', 's.learned_at')})", live)

    def _added(self) -> None:
        """Records on the day on which they were learned."""
        found = self.conn.execute("SELECT id FROM triggers WHERE name = ?", (self.trigger.name,)).fetchone()
        self.params["trigger"] = found and found[0]
        self._come(ADDED, _first("moment", "s.learned_at"), FRESH)

    def _come(self, key: str, n: str, more: str) -> None:
        """Rows of the kind for which the condition holds on the day they come; what came before, or corrects what did,
        is the same event.
        """
        kind, compiler = kind_of(self.trigger, self.known), Compiler()
        assert kind is not None
        checked = self._checked()
        condition = compiler.whole(checked.node, Place(checked.scope, self.days))
        self.days.taken()
        lay_out(self.conn, self.days)
        late = "0"
        if kind.table == "activity" and self.trigger.late == "record":
            late = f"julianday(l.day) - julianday(s.occurred_on) > {self.trigger.stale_days}"
        self.conn.execute(
            f"INSERT INTO temp.come SELECT s.id, p.id, l.n, {key}, {late} FROM main.partners p CROSS JOIN"
            f" main.{TABLES[kind.table]} s ON s.partner_id = p.id AND s.kind = :kind CROSS JOIN temp.listed l ON l.n = {n}"
            f" CROSS JOIN temp.asof asof ON asof.n = l.n WHERE p.joined_into IS NULL AND l.n > 0{more} AND {condition}",
            {**self.params, **compiler.params, "kind": kind.name},
        )
        self.conn.execute("CREATE INDEX temp.come_by ON come(partner, key, n)")
        same = "SELECT 1 FROM temp.come e WHERE e.partner = c.partner AND e.n < c.n AND e.key"
        corrected = f" AND NOT EXISTS ({same} IN (SELECT w.key FROM temp.was w WHERE w.who = c.who))"
        if kind.table == "activity":
            self.conn.execute(
                f"INSERT INTO temp.was SELECT o.superseded_by, {ACTIVITY.replace('s.', 'o.')} FROM main.activities o"
                " WHERE o.superseded_by IN (SELECT who FROM temp.come)"
            )
        self._matched(
            f"SELECT min(who) AS who, n, late FROM temp.come c WHERE NOT EXISTS ({same} = c.key){corrected}"
            " GROUP BY partner, key, n"
        )

    # ---- what they share ----

    def _checked(self, said: str | None = None) -> Checked:
        return check(said or self.trigger.when or "true", self.known, subject=kind_of(self.trigger, self.known))

    def _states(self, checked: Checked) -> None:
        """temp.state: on which days a condition holds."""
        states(self.conn, checked, self.days, "state", there=self._there)

    @property
    def _there(self) -> str:
        """SQL of the first day on which a record `s` is there; NULL where that is none.

        By what was known, once it was learned; by what was true, from its beginning, or since it was learned if that
        is earlier, and always where no beginning is known.
        """
        if self.trigger.about.kind is None:
            return "0"
        learned, begun = _first("moment", "s.learned_at"), _first("day", "s.starts_on")
        if self.days.known is not None:
            return learned
        never = len(self.days.listed)
        earlier = f"nullif(min(coalesce({begun}, {never}), coalesce({learned}, {never})), {never})"
        return f"CASE WHEN s.starts_on IS NULL THEN 0 ELSE {earlier} END"

    def _matched(self, found: str, **params: int) -> None:
        """Add to temp.match what a statement gives as (who, n, late)."""
        about = self.trigger.about
        owner = "m.who" if about.kind is None else f"(SELECT partner_id FROM {TABLES[about.table]} WHERE id = m.who)"
        self.conn.execute(
            f"INSERT INTO temp.match SELECT {owner}, l.ordinal, m.late, '' FROM ({found}) m"
            " JOIN temp.listed l ON l.n = m.n WHERE m.n > 0",
            {**params, "last": len(self.days.listed) - 1},
        )


def _first(column: str, what: str) -> str:
    """SQL of the first listed day whose day or last moment is not before something."""
    return f"(SELECT n FROM temp.listed WHERE {column} >= {what} ORDER BY {column} LIMIT 1)"
