"""A few numbers for each pillar of a program, over the partners in temp.state."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date

from prm_tui.domain.insights import Reach
from storage.insights import IN_PROGRAM, begin

Counted = tuple[int, int, tuple[int, ...]]
"""How many meet something, of how many, and who."""
_QUIET = "s.state IN ('inactive', 'dormant')"


def _counted(conn: sqlite3.Connection, met: str, where: str, params: dict[str, object]) -> Counted:
    row = conn.execute(
        f"SELECT coalesce(sum({met}), 0), count(*), json_group_array(s.id) FILTER (WHERE {met}) FROM temp.state s CROSS JOIN partners p"
        f" ON p.id = s.id WHERE {IN_PROGRAM} AND {where}",
        params,
    ).fetchone()
    return int(row[0]), int(row[1]), tuple(json.loads(row[2] or "[]"))


def tracked(conn: sqlite3.Connection, sql: str) -> bool:
    """Whether a file tells of something at all."""
    return bool(conn.execute(f"SELECT EXISTS (SELECT 1 FROM {sql})").fetchone()[0])


def early(conn: sqlite3.Connection, as_of: date, window: int) -> dict[str, Counted]:
    """Of partners first active one to two years ago, by the quarter of that: those who did nothing any more after their first
    half-year.
    """
    met = f"({_QUIET} AND s.last <= date(s.first, :window))"
    rows = conn.execute(
        "SELECT substr(s.first, 1, 4) || ' Q' || ((CAST(substr(s.first, 6, 2) AS INTEGER) + 2) / 3) AS quarter,"
        f" sum({met}), count(*), json_group_array(s.id) FILTER (WHERE {met}) FROM temp.state s WHERE {IN_PROGRAM}"
        " AND s.first > date(:as_of, '-24 months') AND s.first <= date(:as_of, '-12 months') AND s.state <> 'unknown'"
        " GROUP BY 1 ORDER BY 1",
        {"as_of": as_of.isoformat(), "window": f"{window} days"},
    )
    return {quarter: (int(n), int(of), tuple(json.loads(ids or "[]"))) for quarter, n, of, ids in rows}


def stuck(conn: sqlite3.Connection, as_of: date) -> list[tuple[str, Counted]]:
    """Tasks of onboarding by their step: at how many partners one is overdue or was never done, of how many it came due to,
    the worst first. Those who have left since are among them.
    """
    rows = conn.execute(
        "WITH o AS (SELECT c.id AS case_id, c.partner_id, st.step, max(t.state IN ('done', 'approved') AND t.done_on <= :day"
        " OR t.state = 'cancelled' AND st.state = 'done') AS done, max(t.state = 'open' AND t.due_on < :day OR"
        " t.state = 'cancelled' AND st.state = 'cancelled') AS lost FROM cases c JOIN tasks t ON t.case_id = c.id JOIN steps st"
        " ON st.id = t.step_id WHERE (c.kind = 'onboarding' OR c.kind LIKE '%-onboarding') AND c.opened_on <= :day"
        " AND NOT c.restricted GROUP BY 1, 2, 3)"
        " SELECT step, sum(NOT done), count(*), json_group_array(DISTINCT partner_id) FILTER (WHERE NOT done) FROM o"
        " WHERE done OR lost GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1",
        {"day": as_of.isoformat()},
    )
    return [(step, (int(lost), int(of), tuple(json.loads(ids or "[]")))) for step, lost, of, ids in rows]


def gap(conn: sqlite3.Connection, kinds: Sequence[str]) -> tuple[Counted, Counted] | None:
    """Partners without training, certificate or login in the year before their last commercial day: of the quiet, of the
    others. None where no sheet tells of such things.
    """
    named: dict[str, object] = {f"kind{n}": kind for n, kind in enumerate(kinds)}
    listed = ", ".join(f":{n}" for n in named) or "NULL"
    told = conn.execute(
        f"SELECT EXISTS (SELECT 1 FROM partners p CROSS JOIN activities a ON a.partner_id = p.id AND a.kind IN ({listed})) OR EXISTS"
        " (SELECT 1 FROM records WHERE kind = 'certification')",
        named,
    ).fetchone()[0]
    if not told:
        return None
    met = (
        f"(NOT EXISTS (SELECT 1 FROM activities a WHERE a.partner_id = s.id AND a.kind IN ({listed}) AND a.superseded_at IS NULL"
        " AND a.occurred_on > date(s.last, '-12 months') AND a.occurred_on <= s.last) AND NOT EXISTS (SELECT 1 FROM records r"
        " WHERE r.partner_id = s.id AND r.kind = 'certification' AND coalesce(r.starts_on, '') <= s.last"
        " AND coalesce(r.ends_on, '9999') >= s.last))"
    )
    others = "s.state IN ('active', 'slowing', 'at_risk') AND s.last IS NOT NULL"
    return (
        _counted(conn, met, f"{_QUIET} AND s.last IS NOT NULL", named),
        _counted(conn, met, others, named),
    )


def unused(conn: sqlite3.Connection, as_of: date) -> tuple[list[tuple[str, int]], tuple[int, ...]] | None:
    """Open funds that are not spent: (currency, units), and whose. None where there are no funds."""
    funds = "(r.kind LIKE 'fund%' OR r.kind LIKE 'mdf%' OR r.kind LIKE 'co_op%')"
    if not tracked(conn, f"records r WHERE {funds}"):
        return None
    where = (
        f"FROM records r JOIN kinds k ON k.tbl = 'record' AND k.name = r.kind JOIN temp.state s ON s.id = r.partner_id WHERE {funds}"
        f" AND {IN_PROGRAM} AND r.amount > 0 AND (r.ends_on IS NULL OR r.ends_on >= :day) AND EXISTS (SELECT 1 FROM json_each(k.open) o"
        " WHERE folded(o.value) = folded(r.status))"
    )
    asked = {"day": as_of.isoformat()}
    amounts = conn.execute(f"SELECT coalesce(r.currency, ''), sum(r.amount) {where} GROUP BY 1", asked).fetchall()
    ids = conn.execute(f"SELECT DISTINCT r.partner_id {where} ORDER BY 1", asked).fetchall()
    return amounts, tuple(row[0] for row in ids)


def without(conn: sqlite3.Connection, kinds: Sequence[str], as_of: date, window: int) -> Counted | None:
    """Going partners with nothing of these kinds in the window; None where no sheet tells of any."""
    named: dict[str, object] = {f"kind{n}": kind for n, kind in enumerate(kinds)}
    of_kinds = f"a.kind IN ({', '.join(f':{n}' for n in named)})"
    told = f"SELECT EXISTS (SELECT 1 FROM partners p CROSS JOIN activities a ON a.partner_id = p.id AND {of_kinds})"
    if not conn.execute(told, named).fetchone()[0]:
        return None
    met = (
        f"(NOT EXISTS (SELECT 1 FROM activities a WHERE a.partner_id = s.id AND {of_kinds} AND a.superseded_at IS NULL"
        " AND a.occurred_on > date(:as_of, :window) AND a.occurred_on <= :as_of))"
    )
    going = "s.state IN ('active', 'slowing', 'at_risk')"
    return _counted(conn, met, going, {**named, "as_of": as_of.isoformat(), "window": f"-{window} days"})


def slowing(conn: sqlite3.Connection) -> Counted:
    """Going partners whose silence is already long for their own rhythm."""
    return _counted(conn, "(s.state IN ('slowing', 'at_risk'))", "s.state IN ('active', 'slowing', 'at_risk')", {})


def earned(conn: sqlite3.Connection, as_of: date) -> tuple[list[tuple[str, int, int]], Counted] | None:
    """(currency, units earned in 12 months, active months of those who earned), and who never earned anything; None without a ledger."""
    if not tracked(conn, "ledger"):
        return None
    rows = conn.execute(
        "WITH l AS (SELECT l.partner_id AS id, coalesce(l.currency, '') AS currency, sum(l.amount) AS amount FROM ledger l JOIN"
        " temp.state s ON s.id = l.partner_id WHERE l.state <> 'declined' AND"
        " NOT (l.state = 'reversed' AND l.reverses IS NULL AND l.activity_id IS NOT NULL)"
        " AND NOT EXISTS (SELECT 1 FROM ledger f WHERE f.id = l.reverses AND f.state IN ('declined', 'reversed'))"
        " AND l.kind NOT IN (SELECT name FROM kinds WHERE tbl = 'activity' AND emits <> '{}' AND"
        " json_extract(emits, '$.ledger') = 'paid') AND l.on_date >"
        f" date(:day, '-12 months') AND l.on_date <= :day AND {IN_PROGRAM} GROUP BY 1, 2) SELECT l.currency, sum(l.amount), sum((SELECT"
        " count(DISTINCT substr(a.occurred_on, 1, 7)) FROM activities a JOIN kinds k ON k.tbl = 'activity' AND k.name = a.kind AND"
        " k.class = 'commercial' WHERE a.partner_id = l.id AND a.occurred_on > date(:day, '-12 months') AND a.occurred_on <= :day"
        " AND a.superseded_at IS NULL)) FROM l GROUP BY 1",
        {"day": as_of.isoformat()},
    ).fetchall()
    never = "(NOT EXISTS (SELECT 1 FROM ledger l WHERE l.partner_id = s.id))"
    return rows, _counted(conn, never, "s.last IS NOT NULL", {})


def returned(
    conn: sqlite3.Connection, kinds: Sequence[str], money: Sequence[str], as_of: date, reach: Reach, window: int
) -> None:
    """temp.back(id, began, new, in90, in180): partners that came back in the last 24 months after a silence of the window or
    longer, and those who were active for the first time then; with what came in 90 and 180 days, where that is known.

    Nobody is new in the first window of the file (who was active before it began?), or came back over a gap.
    """
    gaps = {f"gap{n}": day.isoformat() for n, day in enumerate(day for gap in reach.gaps for day in gap)}
    outside = "".join(
        f" AND NOT (coalesce(before, day) < :gap{2 * n + 1} AND day >= :gap{2 * n + 1})" for n in range(len(reach.gaps))
    )
    named = {f"kind{n}": kind for n, kind in enumerate(kinds)}
    cash = {f"money{n}": kind for n, kind in enumerate(money)}
    brought = (
        f"(SELECT coalesce(sum(a.amount), 0) FROM activities a WHERE a.partner_id = b.id AND a.kind IN"
        f" ({', '.join(f':{n}' for n in cash)}) AND a.superseded_at IS NULL AND a.occurred_on >= b.began"
        " AND a.occurred_on < date(b.began, '{days} days'))"
    )
    # from one day to the last within the window after it; where there is none, to the next: a silence lies between
    of = (
        f"FROM activities a WHERE a.kind IN ({', '.join(f':{n}' for n in named) or 'NULL'}) AND a.superseded_at IS NULL"
        " AND a.occurred_on <= :as_of AND"
    )
    conn.execute("DROP TABLE IF EXISTS temp.back")
    conn.execute(
        f"CREATE TEMP TABLE back AS WITH RECURSIVE h(id, day, before) AS (SELECT s.id, coalesce((SELECT max(a.occurred_on) {of}"
        " a.partner_id = s.id AND a.occurred_on <= date(:as_of, '-24 months')), (SELECT min(a.occurred_on)"
        f" {of} a.partner_id = s.id)), NULL FROM temp.state s WHERE s.last > date(:as_of, '-24 months') AND {IN_PROGRAM} UNION ALL"
        f" SELECT h.id, coalesce((SELECT max(a.occurred_on) {of} a.partner_id = h.id AND a.occurred_on > h.day AND a.occurred_on <"
        f" date(h.day, :window || ' days')), (SELECT min(a.occurred_on) {of} a.partner_id = h.id AND a.occurred_on > h.day)), h.day"
        " FROM h WHERE h.day IS NOT NULL), b AS (SELECT id, day AS began, before IS NULL AS new FROM (SELECT id, day, before FROM h"
        " WHERE julianday(day) - julianday(before) >= :window OR before IS NULL AND day >= :begun)"
        f" WHERE day > date(:as_of, '-24 months'){outside})"
        f" SELECT b.id, b.began, b.new, CASE WHEN date(b.began, '90 days') <= :reach THEN {brought.format(days=90)} END AS in90,"
        f" CASE WHEN date(b.began, '180 days') <= :reach THEN {brought.format(days=180)} END AS in180 FROM b",
        {
            **named,
            **cash,
            **gaps,
            "as_of": as_of.isoformat(),
            "reach": reach.to.isoformat(),
            "window": window,
            "begun": later(begin(conn), window).isoformat(),
        },
    )


def later(day: date, days: int) -> date:
    """A day so many days later; the last there is where there is none."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def revenue_of(conn: sqlite3.Connection, new: bool, column: str) -> tuple[int, float | None, tuple[int, ...]]:
    """From temp.back: of how many, the mean units that came in so many days (`in90`, `in180`), and who."""
    n, mean, ids = conn.execute(
        f"SELECT count({column}), avg({column}), json_group_array(DISTINCT id) FILTER (WHERE {column} IS NOT NULL) FROM temp.back"
        " WHERE new = ?",
        (int(new),),
    ).fetchone()
    return int(n), mean, tuple(json.loads(ids or "[]"))
