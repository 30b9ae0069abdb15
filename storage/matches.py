"""Whom a trigger matches, as one statement; what is new about that, as episodes and hits.

temp.found(partner_id, subject_id, key, on_date, late, rank) holds the subjects of one trigger now:

- `key` is the identity of an episode, made of content and never of row ids: a day, what it is about, a step.
- `rank` orders several steps of one subject; those passed at once collapse into the last, but for totals.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from prm_tui.domain.condition import Catalogue, Kind, check, show
from prm_tui.domain.condition.catalogue import RECORD_FIELDS
from prm_tui.domain.condition.tree import leaves
from prm_tui.domain.trigger import Trigger
from storage import coverage, sweeps
from storage import held as held_back
from storage.conditions import Compiler, Place
from storage.days import Days
from storage.explain import subject_of
from storage.store import Change
from storage.sweeps import Active, Sweep

RECORD = "coalesce(s.ref, s.name || coalesce(' ' || s.starts_on, ''))"
ACTIVITY = "s.occurred_on || '|' || coalesce(s.ref, s.row_hash, s.amount, s.note, '')"
ADDED = f"{RECORD} || CASE WHEN s.ref IS NULL THEN coalesce('|' || s.ends_on, '') ELSE '' END"
_MADE_BY = "json_extract({}.data, '$.case')"
FRESH = (
    f" AND ({_MADE_BY.format('s')} IS NULL OR NOT EXISTS (WITH RECURSIVE causes(id) AS (SELECT {_MADE_BY.format('s')}"
    f" UNION SELECT {_MADE_BY.format('r')} FROM causes JOIN main.cases c ON c.id = causes.id JOIN main.records r"
    " ON c.subject LIKE 'record:%' AND r.id = c.subject_id) SELECT 1 FROM causes JOIN main.cases c ON c.id = causes.id"
    " JOIN main.hits h ON h.id = c.hit_id JOIN main.episodes e ON e.id = h.episode_id WHERE e.trigger_id = :trigger"
    " AND e.row_id = s.partner_id))"
)
"""A test on new records: none that this very trigger brought about for the partner, over whatever cases between."""
_FOUND = (
    "CREATE TEMP TABLE IF NOT EXISTS found("
    "partner_id INTEGER, subject_id INTEGER, key TEXT, on_date TEXT, late INTEGER, rank INTEGER)"
)
TABLES = {"record": "records", "activity": "activities"}


@dataclass
class Matched:
    """What became of the matches of one trigger in one round, in subjects."""

    active: Active
    new: int = 0
    acts: int = 0
    held: int = 0
    noted: int = 0
    late: int = 0
    hold_out: int = 0


def kind_of(trigger: Trigger, known: Catalogue) -> Kind | None:
    """The kind of record or activity a trigger is about; None for partners."""
    about = trigger.about
    if about.kind is None:
        return None
    return (known.records if about.table == "record" else known.activities)[about.kind]


def _nobody_found(conn: sqlite3.Connection) -> None:
    """temp.found, empty; made once, since every table made or dropped has all statements prepared anew."""
    conn.execute(_FOUND)
    conn.execute("DELETE FROM temp.found")


class Looking:
    """One trigger being evaluated in one round."""

    def __init__(
        self, change: Change, active: Active, known: Catalogue, sweep: Sweep, *, touched: bool, first: str | None
    ) -> None:
        self.change, self.conn = change, change.conn
        self.active, self.trigger = active, active.trigger
        self.first = (first or active.trigger.first) if sweep.day is None else None
        self.known, self.sweep = known, sweep
        self.as_of = change.as_of
        self.kind = kind_of(active.trigger, known)
        self.limited = touched and sweep.day == self.as_of.isoformat()
        self.compiler = Compiler()
        self.params = self.compiler.params
        self.found = 0

    # ---- whom it matches ----

    @cached_property
    def condition(self) -> str:
        """The trigger's condition as SQL."""
        return self._condition(self.trigger.when) if self.trigger.when else "1"

    def _condition(self, said: str) -> str:
        checked = check(said, self.known, subject=self.kind, trigger=True)
        if self.trigger.coverage != "strict":
            return self.compiler.sql(checked.node, Place(checked.scope, Days.one(self.as_of))).text
        days = Days.one(self.as_of, covered=coverage.covered(self.conn, checked, self.as_of))
        return self.compiler.whole(checked.node, Place(checked.scope, days))

    @cached_property
    def _touched(self) -> str:
        """The partners of whom something changed that this trigger looks at."""
        said = (self.trigger.when, self.trigger.total, *self.known.named.values())
        cases = any("case" in text for text in said if text)
        return f"SELECT id FROM temp.touched{'_by_cases' if cases else ''}"

    @property
    def nothing_new(self) -> bool:
        """Whether nothing changed since the last look that could make it find anything else."""
        return self.limited and not self.conn.execute(f"SELECT EXISTS ({self._touched})").fetchone()[0]

    @property
    def rows(self) -> str:
        """FROM … WHERE … of all subjects; `s` is the row of a record or an activity, `p` its partner."""
        table = self.trigger.about.table
        limit = f" AND p.id IN ({self._touched})" if self.limited else ""
        if self.kind is None:
            return f"FROM main.partners p WHERE p.joined_into IS NULL{limit}"
        self.params["kind"] = self.kind.name
        live = " AND s.superseded_at IS NULL" if table == "activity" else ""
        return (
            f"FROM main.{TABLES[table]} s JOIN main.partners p ON p.id = s.partner_id WHERE s.kind = :kind"
            f" AND p.joined_into IS NULL{live}{limit}"
        )

    @property
    def content(self) -> str:
        """What tells one subject of a partner from another, as SQL; empty for the partner itself."""
        return {"partner": "''", "record": RECORD, "activity": ACTIVITY}[self.trigger.about.table]

    def look(self) -> None:
        """Close episodes that are over, then fill temp.found with whom it matches beside those that last."""
        _nobody_found(self.conn)
        self.params |= {"as_of": self.as_of.isoformat(), "upto": self.sweep.upto}
        self.params |= {"trigger": self.active.id, "subject": self.trigger.subject}
        if self.trigger.on == "becomes true":
            self._close()
        how = {"becomes true": self._state, "activity": self._activity, "record": self._record, "date": self._date,
               "every": self._every, "crosses": self._crosses}.get(self.trigger.on)  # fmt: skip
        if self.first == "from-now" and self.trigger.on in ("activity", "record"):
            return  # what happened before it was switched on is none of its business
        if how is not None:
            self.found = self.conn.execute(f"INSERT INTO temp.found {how()}", self.params).rowcount

    def _state(self) -> str:
        subject = "NULL" if self.kind is None else "s.id"
        tail = "''" if self.kind is None else f"'|' || {RECORD}"
        order = "p.id" if self.kind is None else "s.id"
        who, known = ("p.id", "e.row_id") if self.kind is None else (f"(p.id, {RECORD})", "e.row_id, substr(e.key, 12)")
        return (
            f"SELECT p.id, {subject}, :as_of || {tail}, :as_of, 0, 0 {self.rows} AND {self.condition} AND {who} NOT IN"
            f" (SELECT {known} FROM main.episodes e WHERE e.trigger_id = :trigger AND e.subject = :subject"
            f" AND e.closed_on IS NULL) ORDER BY {order}"
        )

    def _activity(self) -> str:
        """Activities learned since the last look, and those known before whose day has come since."""
        self.params["low"] = sweeps.first_rows(self.conn, self.sweep.upto).get("activities", 2**62)
        late = f"julianday(:as_of) - julianday(s.occurred_on) > {self.trigger.stale_days}"
        looks = [self.rows + " AND s.id > :low AND s.change_id > :upto"]
        if self.sweep.day is not None and self.sweep.day < self.as_of.isoformat():
            self.params["swept"] = self.sweep.day
            looks.append(self.rows + " AND s.occurred_on > :swept AND NOT (s.id > :low AND s.change_id > :upto)")
        condition = self.condition
        found = [
            f"SELECT p.id AS partner_id, s.id AS row_id, {ACTIVITY}, s.occurred_on AS day, {late}, 0 {rows}"
            f" AND s.occurred_on <= :as_of AND {condition}"
            for rows in looks
        ]
        return f"SELECT * FROM ({' UNION ALL '.join(found)}) ORDER BY day, row_id"

    def _record(self) -> str:
        if self.trigger.event == "added":
            self.params["low"] = sweeps.first_rows(self.conn, self.sweep.upto).get("records", 2**62)
            return (
                f"SELECT p.id, s.id, {ADDED}, :as_of, 0, 0 {self.rows} AND s.id > :low AND s.change_id > :upto{FRESH}"
                f" AND {self.condition} ORDER BY s.id"
            )
        changed = self.trigger.changed
        own = (
            changed is not None and changed not in RECORD_FIELDS
        )  # a field of the kind, kept with others in one column
        self.params |= {"changed": "data" if own else changed, "path": f'$."{changed}"'}
        before, after = (f"json_extract(l.{side}, :path)" if own else f"l.{side}" for side in ("before", "after"))
        seen = (
            "SELECT coalesce(max(l.id), 0) FROM main.change_log l WHERE l.tbl = 'records' AND l.row_id = s.id"
            f" AND l.change_id > :upto AND l.col IS NOT NULL AND (:changed IS NULL OR l.col = :changed) AND {before} IS NOT {after}"
        )
        now = f"(SELECT l.col || '=' || coalesce({after}, '') FROM main.change_log l WHERE l.id = x.line)"
        return (
            f"SELECT partner_id, id, content || '|' || {now} || '|' || :as_of, :as_of, 0, 0 FROM (SELECT p.id AS partner_id,"
            f" s.id AS id, {RECORD} AS content, ({seen}) AS line {self.rows} AND s.id IN (SELECT row_id FROM main.change_log"
            f" WHERE change_id > :upto AND tbl = 'records') AND {self.condition}) x WHERE line > 0"
        )

    def _date(self) -> str:
        """Steps of the ladder whose day has come, per subject; the nearest to the date has the highest rank."""
        day = self._field(str(self.trigger.date))
        subject = "NULL" if self.kind is None else "s.id"
        tail = "''" if self.kind is None else f"'|' || {RECORD}"
        steps = []
        for rank, step in enumerate(self.trigger.days_before):
            try:
                bound = (self.as_of + timedelta(days=step)).isoformat()
            except OverflowError:
                continue
            steps.append(f"SELECT {step} AS step, {rank} AS rank, '{bound}' AS bound")
        return (
            f"SELECT partner_id, subject_id, day || tail || '|' || step, date(day, (-step) || ' days'), 0, rank FROM"
            f" (SELECT p.id AS partner_id, {subject} AS subject_id, {day} AS day, {tail} AS tail {self.rows}"
            f" AND {day} IS NOT NULL AND {self.condition}) JOIN ({' UNION ALL '.join(steps)}) ON day <= bound"
        )

    def _field(self, name: str) -> str:
        """A field of the subject as SQL; of its own kind, or of the partner's custom fields, too."""
        checked = check(name, self.known, subject=self.kind, trigger=True, want="any")
        return self.compiler.sql(checked.node, Place(checked.scope, Days.one(self.as_of))).text

    def _every(self) -> str:
        assert self.trigger.period is not None
        self.params["period"] = period(self.trigger.period, self.as_of)
        subject = "NULL" if self.kind is None else "s.id"
        tail = "''" if self.kind is None else f"'|' || {RECORD}"
        return f"SELECT p.id, {subject}, :period || {tail}, :as_of, 0, 0 {self.rows} AND {self.condition}"

    def _crosses(self) -> str:
        """Every step a total has reached; each is an episode of its own, in order."""
        self.params["period"] = period(self.trigger.each, self.as_of) if self.trigger.each else "ever"
        reached = [
            f"SELECT p.id AS partner_id, NULL, :period || '|{step}', :as_of, 0, {rank} AS rank {self.rows} AND"
            f" {self._condition(f'({self.trigger.total}) >= {step}')} AND {self.condition}"
            for rank, step in enumerate(self.trigger.steps)
        ]
        return f"SELECT * FROM ({' UNION ALL '.join(reached)}) ORDER BY partner_id, rank"

    # ---- what is new about it ----

    def settle(self, *, acting: bool) -> Matched:
        """Episodes opened, closed and reopened; a hit for each new one. `acting`: its workflow messages, pays or sets."""
        matched = Matched(self.active)
        if not self.found:
            return matched
        if self.trigger.on == "becomes true":
            self._go_on()
        self._once_each()
        self._spare_corrected()
        fresh = self._episodes()
        if self.first == "from-now":
            self.conn.execute(
                "UPDATE episodes SET state = 'noted' WHERE change_id = ? AND trigger_id = ? AND state IN ('open', 'event')",
                (self.change.id, self.active.id),
            )
            matched.noted = fresh
            return matched
        matched.new = fresh
        if not fresh:
            return matched
        held = acting and self._subjects() > self.trigger.cap
        (before,) = self.conn.execute("SELECT coalesce(max(id), 0) FROM hits").fetchone()
        self._hits("noted" if self.first == "note" else "held" if held else "open")
        counts = held_back.hold(self.conn, self.active, before, self.as_of)
        matched.held, matched.noted, matched.late = counts.get("held", 0), counts.get("noted", 0), counts.get("late", 0)
        matched.hold_out = counts.get("hold-out", 0)
        matched.acts = counts.get("open", 0)
        return matched

    @property
    def _mine(self) -> str:
        """Episodes `e` of the subject of a row of temp.found `f`."""
        same = "" if self.kind is None else " AND substr(e.key, 11) = substr(f.key, 11)"
        self.params |= {"trigger": self.active.id, "subject": self.trigger.subject}
        return f"e.trigger_id = :trigger AND e.subject = :subject AND e.row_id = f.partner_id{same}"

    def _close(self) -> None:
        """Open episodes of subjects for which the condition is false now; unknown does not close."""
        same = "" if self.kind is None else f" AND substr(e.key, 12) = {RECORD}"
        self.conn.execute(
            "UPDATE episodes SET closed_on = :as_of, state = CASE WHEN state = 'open' THEN 'closed' ELSE state END"
            " WHERE id IN (SELECT e.id FROM episodes e WHERE e.trigger_id = :trigger AND e.subject = :subject"
            f" AND e.closed_on IS NULL AND EXISTS (SELECT 1 {self.rows} AND p.id = e.row_id{same} AND NOT ({self.condition})))",
            self.params,
        )

    def _go_on(self) -> None:
        """Who matches again too soon goes on with the last episode."""
        since = (self.as_of - timedelta(days=max(self.trigger.again_after, 1))).isoformat()
        self.params["since"] = since
        again = f"SELECT e.id FROM temp.found f CROSS JOIN episodes e WHERE {self._mine} AND e.closed_on > :since"
        reopen = f"UPDATE episodes SET closed_on = NULL, state = 'open' WHERE id IN ({again})"
        if self.conn.execute(reopen, self.params).rowcount:
            self.conn.execute(
                f"DELETE FROM temp.found AS f WHERE EXISTS (SELECT 1 FROM episodes e WHERE {self._mine} AND e.closed_on IS NULL)",
                self.params,
            )

    def _once_each(self) -> None:
        """Rows that are told apart by nothing are one event, whether they came in one sheet or in two."""
        if self.kind is not None:
            self.conn.execute(
                "DELETE FROM temp.found WHERE rowid NOT IN (SELECT min(rowid) FROM temp.found GROUP BY partner_id, key)"
            )

    def _spare_corrected(self) -> None:
        """A correction of an activity that had its episode is the same event: it gets the new key, and no hit."""
        if self.trigger.about.table != "activity":
            return
        known = (
            "SELECT f.partner_id, f.key, f.on_date FROM temp.found f JOIN activities o ON o.superseded_by = f.subject_id"
            " JOIN episodes e ON e.trigger_id = :trigger AND e.subject = :subject AND e.row_id = f.partner_id"
            f" AND e.key = {ACTIVITY.replace('s.', 'o.')}"
        )
        self.params |= {"trigger": self.active.id, "subject": self.trigger.subject}
        self._insert_episodes(f"SELECT partner_id, key, on_date, 'corrected' AS state FROM ({known})")

    def _episodes(self) -> int:
        """New episodes for what was found; the number of those that count as a match."""
        lasting = self.trigger.on == "becomes true"
        self.params |= {"trigger": self.active.id, "subject": self.trigger.subject}
        if self.trigger.on == "date":
            self._collapse()
        return self._insert_episodes(
            f"SELECT partner_id, key, on_date, '{'open' if lasting else 'event'}' AS state FROM temp.found"
        )

    def _collapse(self) -> None:
        """Steps missed at once: the last counts, those before it are marked as passed with it."""
        missed = (
            "SELECT f.partner_id, f.key, f.on_date, 'passed' AS state FROM temp.found f WHERE EXISTS (SELECT 1 FROM temp.found o"
            " WHERE o.partner_id = f.partner_id AND o.subject_id IS f.subject_id AND o.rank > f.rank)"
        )
        self._insert_episodes(missed)
        self.conn.execute(
            "DELETE FROM temp.found AS f WHERE EXISTS (SELECT 1 FROM temp.found o WHERE o.partner_id = f.partner_id"
            " AND o.subject_id IS f.subject_id AND o.rank > f.rank)"
        )

    def _insert_episodes(self, rows: str) -> int:
        closed = "NULL" if self.trigger.on == "becomes true" else "on_date"
        return self.conn.execute(
            "INSERT INTO episodes(trigger_id, subject, row_id, key, opened_on, closed_on, state, change_id)"
            f" SELECT :trigger, :subject, partner_id, key, on_date, {closed}, state, :change FROM ({rows}) WHERE 1"
            " ON CONFLICT (trigger_id, subject, row_id, key) DO NOTHING",
            {**self.params, "change": self.change.id},
        ).rowcount

    def _subjects(self) -> int:
        (count,) = self.conn.execute(
            "SELECT count(DISTINCT row_id) FROM episodes WHERE change_id = ? AND trigger_id = ? AND state IN ('open', 'event')",
            (self.change.id, self.active.id),
        ).fetchone()
        return int(count)

    def _hits(self, state: str) -> None:
        """A hit for each new episode, with every part of the condition and its value as they are now."""
        late = "CASE WHEN f.late AND :late = 'record' THEN 'late' ELSE :state END"
        row = "" if self.kind is None else f" JOIN {TABLES[self.kind.table]} s ON s.id = f.subject_id"
        parts = ", ".join(f"json_array({self.compiler.bind(said)}, {value})" for said, value in self._parts())
        self.conn.execute(
            "INSERT INTO hits(episode_id, version_id, on_date, state, evidence, change_id)"
            f" SELECT e.id, :version, f.on_date, {late}, json_object('row', f.subject_id, 'late',"
            f" CASE WHEN f.late AND :late <> 'act' THEN 1 END, 'as_of', :as_of, 'parts', json_array({parts})), :change"
            f" FROM temp.found f JOIN episodes e ON f.partner_id = e.row_id AND f.key = e.key AND e.change_id = :change"
            f" AND e.trigger_id = :trigger AND e.subject = :subject AND e.state IN ('open', 'event')"
            f" JOIN partners p ON p.id = f.partner_id{row} ORDER BY f.partner_id, f.rank, f.on_date, f.rowid",
            {**self.params, "version": self.active.version_id, "late": self.trigger.late, "state": state,
             "change": self.change.id, "trigger": self.active.id, "subject": self.trigger.subject},
        )  # fmt: skip

    def _parts(self) -> list[tuple[str, str]]:
        """The parts of the condition, and the SQL of what each looks at."""
        if self.trigger.when is None and self.trigger.total is None:
            return []
        said = self.trigger.when or str(self.trigger.total)
        checked = check(said, self.known, subject=self.kind, trigger=True, want="any")
        place = Place(checked.scope, Days.one(self.as_of))
        found = []
        for leaf in leaves(checked.node):
            made = self.compiler.sql(subject_of(leaf), place)
            found.append((show(leaf), self.compiler.on(made, False)))
        return found


def period(name: str, day: date) -> str:
    """The period a day lies in: 2026-11-25, 2026-W48, 2026-11, 2026-Q4, 2026."""
    if name == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return {"day": day.isoformat(), "month": f"{day:%Y-%m}", "quarter": f"{day.year}-Q{(day.month + 2) // 3}",
            "year": str(day.year)}[name]  # fmt: skip


def begin(change: Change, active: Active, known: Catalogue, partner_id: int, row: int | None) -> bool:
    """A match that a person makes: a hit that waits for its workflow. False where the trigger's condition does not hold."""
    looking = Looking(change, active, known, Sweep(change.as_of.isoformat(), 0), touched=False, first=None)
    looking.params |= {"partner": partner_id, "row": row, "as_of": change.as_of.isoformat(), "trigger": active.id,
                       "subject": active.trigger.subject}  # fmt: skip
    one = "p.id = :partner" if row is None else "s.id = :row"
    _nobody_found(change.conn)
    many = "(SELECT count(*) FROM episodes WHERE trigger_id = :trigger AND row_id = :partner)"
    looking.found = change.conn.execute(
        f"INSERT INTO temp.found SELECT p.id, :row, :as_of || '|' || {looking.content} || '|' || {many}, :as_of, 0, 0"
        f" {looking.rows} AND {one} AND {looking.condition}",
        looking.params,
    ).rowcount
    return looking.settle(acting=False).acts > 0
