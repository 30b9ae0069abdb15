"""How triggers stand: whom each matches now, what it has found in the last weeks, what is held, what came back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import date, timedelta

from prm_tui.domain.condition import Catalogue, check
from prm_tui.domain.standing import WEEKS, Matching, Subject
from prm_tui.domain.trigger import Trigger
from storage import coverage
from storage.conditions import Compiler, Place
from storage.days import Days
from storage.matches import kind_of

SHOWN = 12
_YEAR = 365
_TABLES = {"record": "records", "activity": "activities"}
_WHICH = {
    "record": "s.name || coalesce(', ' || s.status, '')",
    "activity": "s.occurred_on || coalesce(' ' || s.ref, '')",
    "partner": "''",
}


@dataclass
class Figures:
    """What a trigger has found and made."""

    weeks: list[int] = field(default_factory=lambda: [0] * WEEKS)
    held: int = 0
    returned: int = 0


def figures(conn: sqlite3.Connection, as_of: date) -> dict[int, Figures]:
    """Trigger id → matches by week up to a date, matches that are held, messages of its last run that came back."""
    found: dict[int, Figures] = {}
    first = as_of - timedelta(days=7 * WEEKS - 1)
    weeks = conn.execute(
        "SELECT e.trigger_id, CAST((julianday(h.on_date) - julianday(:first)) / 7 AS INTEGER), count(*) FROM hits h"
        " JOIN episodes e ON e.id = h.episode_id WHERE h.on_date BETWEEN :first AND :last GROUP BY 1, 2",
        {"first": first.isoformat(), "last": as_of.isoformat()},
    )
    for trigger, week, count in weeks:
        found.setdefault(trigger, Figures()).weeks[week] = count
    held = "SELECT e.trigger_id, count(*) FROM hits h JOIN episodes e ON e.id = h.episode_id WHERE h.state = 'held' GROUP BY 1"
    for trigger, count in conn.execute(held):
        found.setdefault(trigger, Figures()).held = count
    returned = (
        "WITH sent AS (SELECT e.trigger_id AS of, m.change_id AS run, m.state = 'returned' AS back FROM messages m JOIN cases c"
        " ON c.id = m.case_id JOIN hits h ON h.id = c.hit_id JOIN episodes e ON e.id = h.episode_id)"
        " SELECT of, sum(back) FROM sent WHERE run = (SELECT max(o.run) FROM sent o WHERE o.of = sent.of) GROUP BY of"
    )
    for trigger, count in conn.execute(returned):
        found.setdefault(trigger, Figures()).returned = count
    return found


def matching(
    conn: sqlite3.Connection,
    known: Catalogue,
    trigger: Trigger,
    as_of: date,
    *,
    text: str | None = None,
    shown: int = SHOWN,
) -> Matching:
    """For whom the condition of a trigger holds now; `text` stands in for it. ConditionError where it means nothing.

    Of activities, those of the last 12 months are looked at; of a total, who has reached its first step.
    """
    kind, compiler = kind_of(trigger, known), Compiler()
    said = trigger.when if text is None else text
    if trigger.on == "crosses" and trigger.steps and text is None:
        reached = f"({trigger.total}) >= {trigger.steps[0]}"
        said = f"({said}) and {reached}" if said else reached
    test = "1"
    if said:
        checked = check(said, known, subject=kind, trigger=True)
        covered = coverage.covered(conn, checked, as_of) if trigger.coverage == "strict" else None
        place = Place(checked.scope, Days.one(as_of, covered=covered))
        test = compiler.whole(checked.node, place) if covered else compiler.sql(checked.node, place).text
    params = {**compiler.params, "kind": kind.name if kind else "", "as_of": as_of.isoformat(),
              "since": (as_of - timedelta(days=_YEAR)).isoformat()}  # fmt: skip
    rows = "FROM partners p WHERE p.joined_into IS NULL"
    if kind is not None:
        rows = (
            f"FROM {_TABLES[kind.table]} s JOIN partners p ON p.id = s.partner_id WHERE s.kind = :kind"
            " AND p.joined_into IS NULL"
        )
        if kind.table == "activity":
            rows += " AND s.superseded_at IS NULL AND s.occurred_on > :since AND s.occurred_on <= :as_of"
    total, count, unknown = conn.execute(
        f"SELECT count(*), count(*) FILTER (WHERE t), count(*) FILTER (WHERE t IS NULL) FROM (SELECT {test} AS t {rows})",
        params,
    ).fetchone()
    which, row = _WHICH[trigger.about.table], "s.id" if kind is not None else "NULL"
    first = conn.execute(
        f"SELECT p.id, p.code, p.name, {which}, {row} {rows} AND {test} ORDER BY p.name, p.id LIMIT {shown}", params
    ).fetchall() if shown else []  # fmt: skip
    among = "partners" if kind is None else f"{kind.label.lower()}s"
    if kind is not None and kind.table == "activity":
        among += " of the last 12 months"
    return Matching(count, total, unknown, among, tuple(Subject(*row) for row in first))
