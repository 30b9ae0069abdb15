"""Win-back in the file: what came of it against those left out, who is kept anyway, what nobody follows up."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from prm_tui.domain.condition import check
from prm_tui.domain.inactivity import REASONS
from prm_tui.domain.money import from_units
from prm_tui.domain.winback import KIND, UNTOUCHED, WINDOW, Arm, Brought, Loose, Lost, Override, Said, Sent
from storage import coverage
from storage.catalogue import catalogue
from storage.store import Change

COMMERCIAL = "SELECT name FROM kinds WHERE tbl = 'activity' AND class = 'commercial'"
CONTACT = "SELECT name FROM kinds WHERE tbl = 'activity' AND class = 'contact'"
_CASES = f"('{KIND}', 'first-deal')"
_REASON = (
    "(SELECT json_extract(r.data, '$.reason') FROM activities r WHERE r.partner_id = {0} AND r.kind = 'inactivity_reason'"
    " AND r.superseded_at IS NULL{1} ORDER BY r.occurred_on DESC, r.id DESC LIMIT 1)"
)


def settled_to(conn: sqlite3.Connection, as_of: date) -> date | None:
    """The day up to which everything commercial is known, for the sheets that tell of it; None where none does."""
    covered = coverage.covered(conn, check("never(commercial)", catalogue(conn)), as_of)
    return min(covered.to.values(), default=None)


# ---- what came of it ----


def fill(conn: sqlite3.Connection, as_of: date) -> None:
    """temp.tried(partner, day, arm, label, outcome, judged, back, amount, compared): partners that were won back, or left out of it.

    A case by hand is of no comparison; `compared`: it was matched by a version of a trigger that leaves some out.
    """
    known = settled_to(conn, as_of)
    conn.execute("DROP TABLE IF EXISTS temp.tried")
    conn.execute(
        "CREATE TEMP TABLE tried AS WITH all_of AS ("
        " SELECT 'treated' AS arm, c.partner_id AS partner, c.opened_on AS day, coalesce(c.outcome, 'open') AS outcome,"
        " coalesce(json_extract(v.body, '$.hold_out'), 0) > 0 AS compared FROM cases c LEFT JOIN hits h ON h.id = c.hit_id"
        " LEFT JOIN trigger_versions v ON v.id = h.version_id WHERE c.kind = :kind AND c.opened_on <= :as_of"
        " UNION ALL SELECT 'left out', e.row_id, h.on_date, 'left out', 1 FROM hits h JOIN episodes e ON e.id = h.episode_id"
        " JOIN trigger_versions v ON v.id = h.version_id WHERE h.state = 'hold-out' AND h.on_date <= :as_of"
        " AND json_extract(v.body, '$.start') = :kind),"
        " told AS (SELECT t.*, date(t.day, :window) <= :known AS judged,"
        f" {_REASON.format('t.partner', ' AND r.occurred_on >= date(t.day, :before) AND r.occurred_on <= date(t.day, :window)')} AS label"
        " FROM all_of t) SELECT t.partner, t.day, t.arm, t.label, t.outcome, t.judged, t.compared, t.judged AND EXISTS"
        " (SELECT 1 FROM activities a WHERE a.partner_id = t.partner"
        f" AND a.kind IN ({COMMERCIAL}) AND a.superseded_at IS NULL AND a.occurred_on > t.day AND a.occurred_on <= date(t.day, :window))"
        " AS back, CASE WHEN t.judged THEN (SELECT sum(a.amount) FROM activities a WHERE a.partner_id = t.partner"
        " AND a.kind IN ('order', 'payment') AND a.superseded_at IS NULL AND a.occurred_on > t.day"
        " AND a.occurred_on <= date(t.day, :window)) END AS amount FROM told t",
        {"kind": KIND, "as_of": as_of.isoformat(), "known": known.isoformat() if known else "", "window": f"+{WINDOW} days",
         "before": "-120 days"},
    )  # fmt: skip


def arms(conn: sqlite3.Connection, by: str, where: str = "1") -> list[Arm]:
    """Those in temp.tried by a column of it, the most first."""
    rows = conn.execute(
        f"SELECT {by}, count(*), coalesce(sum(judged), 0), coalesce(sum(back), 0), coalesce(sum(amount), 0), json_group_array(partner)"
        f" FROM temp.tried WHERE {where} GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    return [
        Arm(str(label or ""), of, judged, back, from_units(int(amount)), tuple(json.loads(ids)))
        for label, of, judged, back, amount, ids in rows
    ]


def brought(conn: sqlite3.Connection, as_of: date) -> list[Brought]:
    """What reactivated partners ordered and paid in the 90 and 180 days after, and new ones after they joined, on average.

    Those whose 180 days are over and covered, of the last two years.
    """
    known = settled_to(conn, as_of)
    spent = (
        "coalesce((SELECT sum(a.amount) FROM activities a WHERE a.partner_id = t.partner AND a.kind IN ('order', 'payment')"
        " AND a.superseded_at IS NULL AND a.occurred_on > t.day AND a.occurred_on <= date(t.day, '+{} days')), 0)"
    )
    rows = conn.execute(
        "WITH t AS (SELECT 'reactivated' AS label, partner, day FROM temp.tried WHERE arm = 'treated' AND back UNION ALL"
        " SELECT 'new', id, date(joined_on, '-1 day') FROM partners WHERE joined_into IS NULL AND joined_on > :first)"
        f" SELECT label, count(*), avg({spent.format(90)}), avg({spent.format(180)}), json_group_array(partner) FROM t"
        " WHERE date(day, '+180 days') <= :known"
        " GROUP BY 1 ORDER BY 1 DESC",
        {"known": known.isoformat() if known else "", "first": (as_of - timedelta(days=730)).isoformat()},
    )
    found = {
        label: Brought(label, n, from_units(round(near)), from_units(round(far)), tuple(json.loads(ids)))
        for label, n, near, far, ids in rows
    }
    return [found.get(label, Brought(label)) for label in ("reactivated", "new")]


# ---- why ----


def reasons(conn: sqlite3.Connection, partner_id: int | None, as_of: date) -> list[Said]:
    """Why partners are quiet, as was said up to a day, the latest first; of one partner, or the last said of each."""
    latest = " AND a.id = (SELECT r.id FROM activities r WHERE r.partner_id = a.partner_id AND r.kind = a.kind AND r.superseded_at"\
             " IS NULL AND r.occurred_on <= :as_of ORDER BY r.occurred_on DESC, r.id DESC LIMIT 1)"  # fmt: skip
    rows = conn.execute(
        "SELECT p.code, p.name, json_extract(a.data, '$.reason'), json_extract(a.data, '$.said_by'), a.occurred_on,"
        " json_extract(a.data, '$.competitor'), coalesce(a.note, json_extract(a.data, '$.evidence')),"
        " (SELECT name FROM people WHERE id = a.person_id), s.file || ', ' || s.sheet || ' row ' || a.row"
        " FROM partners p CROSS JOIN activities a ON a.partner_id = p.id AND a.kind = 'inactivity_reason'"
        " LEFT JOIN sources s ON s.id = a.source_id WHERE p.joined_into IS NULL AND a.superseded_at IS NULL AND a.occurred_on <= :as_of"
        f"{latest if partner_id is None else ' AND p.id = :partner'} ORDER BY a.occurred_on DESC, a.id DESC",
        {"as_of": as_of.isoformat(), "partner": partner_id},
    )
    labels = {label.casefold(): key for key, label in REASONS.items()}
    return [
        Said(code, name, labels.get(said.casefold(), said), by, date.fromisoformat(on), competitor, note, who, source)
        for code, name, key, by, on, competitor, note, who, source in rows
        for said in [str(key or "").strip()]
    ]


def competitors(conn: sqlite3.Connection, as_of: date) -> list[Lost]:
    """To whom partners and deals were lost, quarter by quarter, the latest first: by the competitor that was named."""
    rows = conn.execute(
        "WITH lost AS (SELECT substr(a.occurred_on, 1, 4) || '-Q' || ((CAST(substr(a.occurred_on, 6, 2) AS INTEGER) + 2) / 3) AS quarter,"
        " trim(json_extract(a.data, '$.competitor')) AS who, p.id AS partner FROM partners p CROSS JOIN activities a ON a.partner_id = p.id"
        " AND a.kind IN ('inactivity_reason', 'deal_lost') WHERE a.superseded_at IS NULL AND a.occurred_on <= :as_of"
        " AND (a.kind = 'deal_lost' OR json_extract(a.data, '$.reason') IN ('competitor', :label)))"
        " SELECT quarter, max(coalesce(nullif(who, ''), '')), count(*), sum(count(*)) OVER (PARTITION BY quarter),"
        " count(DISTINCT partner) FROM lost GROUP BY quarter, folded(coalesce(nullif(who, ''), '')) ORDER BY quarter DESC, 3 DESC, 2",
        {"as_of": as_of.isoformat(), "label": REASONS["competitor"]},
    )
    return [Lost(*row) for row in rows]


# ---- kept anyway ----


def overrides(conn: sqlite3.Connection, as_of: date) -> list[Override]:
    """Every partner that was kept although a rule says otherwise, those that still hold first, with what came of it."""
    known = settled_to(conn, as_of)
    day = as_of.isoformat()
    rows = conn.execute(
        "SELECT p.code, p.name, coalesce(r.note, r.name), (SELECT name FROM people WHERE id = r.owner),"
        " coalesce(r.starts_on, c.as_of), r.ends_on, (SELECT min(a.occurred_on) FROM activities a WHERE a.partner_id = r.partner_id"
        f" AND a.kind IN ({COMMERCIAL}) AND a.superseded_at IS NULL AND a.occurred_on > coalesce(r.starts_on, c.as_of)"
        " AND a.occurred_on <= :day) FROM records r JOIN partners p ON p.id = r.partner_id JOIN changes c ON c.id = r.change_id"
        " WHERE r.kind = 'override' AND coalesce(r.starts_on, c.as_of) <= :day ORDER BY r.ends_on IS NOT NULL AND r.ends_on < :day,"
        " r.ends_on, p.name",
        {"day": day},
    )
    return [
        Override(
            code, name, reason, by, date.fromisoformat(since), until and date.fromisoformat(until),
            back and date.fromisoformat(back), until is None or until >= day,
            settled=known is not None and until is not None and known.isoformat() >= until,
        )
        for code, name, reason, by, since, until, back in rows
    ]  # fmt: skip


def kept_until(conn: sqlite3.Connection, partner_id: int, as_of: date) -> list[int]:
    """The overrides of a partner that hold on a day."""
    rows = conn.execute(
        "SELECT id FROM records WHERE partner_id = ? AND kind = 'override' AND coalesce(ends_on, '9') >= ?",
        (partner_id, as_of.isoformat()),
    )
    return [row_id for (row_id,) in rows]


def keep(change: Change, partner_id: int, reason: str, until: date, person: int) -> int:
    """Keep a partner anyway from today on; one that holds ends the day before. The id of the record."""
    conn, day = change.conn, change.as_of
    listed = json.dumps(kept_until(conn, partner_id, day))
    same_day = "id IN (SELECT value FROM json_each(:listed)) AND coalesce(starts_on, :day) >= :day"
    params = {"listed": listed, "day": day.isoformat(), "before": (day - timedelta(days=1)).isoformat()}
    conn.execute(f"DELETE FROM records WHERE {same_day}", params)  # said otherwise on the same day: it never held
    conn.execute("UPDATE records SET ends_on = :before WHERE id IN (SELECT value FROM json_each(:listed))", params)
    cursor = conn.execute(
        "INSERT INTO records(partner_id, kind, name, starts_on, ends_on, note, owner, learned_at, change_id)"
        " VALUES (?, 'override', 'Kept although inactive', ?, ?, ?, ?, ?, ?)",
        (partner_id, day.isoformat(), until.isoformat(), reason, person, change.at, change.id),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


# ---- what is wrong with it ----


def texts(conn: sqlite3.Connection, where: str, params: dict[str, Any]) -> list[Sent]:
    """The first text of each win-back case among messages `m` that meet a test: to how many partners of all, the most first.

    `differ`: in what those that were written to are not alike.
    """
    first = (
        "SELECT c.partner_id AS partner, m.template AS template, p.type AS type, p.tier AS tier,"
        f" {_REASON.format('c.partner_id', '')} AS reason FROM cases c JOIN partners p ON p.id = c.partner_id JOIN (SELECT case_id,"
        " min(id) AS id FROM messages WHERE state <> 'cancelled' AND template IS NOT NULL GROUP BY case_id) f ON f.case_id = c.id"
        f" JOIN messages m ON m.id = f.id WHERE c.kind = '{KIND}' AND {where}"
    )
    of, *kinds = conn.execute(
        f"WITH f AS ({first}) SELECT count(DISTINCT partner), count(DISTINCT coalesce(type, '')), count(DISTINCT coalesce(tier, '')),"
        " count(DISTINCT coalesce(reason, '')) FROM f",
        params,
    ).fetchone()
    differ = tuple(word for word, n in zip(("type", "tier", "reason"), kinds, strict=True) if n > 1)
    rows = conn.execute(
        f"WITH f AS ({first}) SELECT template, count(DISTINCT partner) FROM f GROUP BY 1 ORDER BY 2 DESC, 1", params
    )
    return [Sent(template, n, of, differ) for template, n in rows]


def written_by(conn: sqlite3.Connection, changes: Iterable[int]) -> list[Sent]:
    """As `texts`, of the messages that some changes wrote."""
    return texts(conn, "m.change_id IN (SELECT value FROM json_each(:changes))", {"changes": json.dumps(list(changes))})


def written_since(conn: sqlite3.Connection, first: date, last: date) -> list[Sent]:
    """As `texts`, of cases that were opened from one day to another."""
    return texts(conn, "c.opened_on BETWEEN :first AND :last", {"first": first.isoformat(), "last": last.isoformat()})


_FLAGGED = (
    "SELECT c.partner_id AS partner, c.opened_on AS day, c.id AS id, c.owner AS owner, 'its case is open' AS why FROM cases c"
    f" WHERE c.kind IN {_CASES} AND c.state = 'open' UNION ALL SELECT e.row_id, h.on_date, NULL, NULL, CASE h.state WHEN 'held' THEN"
    " 'its match is held' ELSE 'taken note of when the trigger was switched on' END FROM hits h JOIN episodes e ON e.id = h.episode_id"
    " JOIN trigger_versions v ON v.id = h.version_id WHERE h.state IN ('held', 'noted') AND e.closed_on IS NULL"
    f" AND json_extract(v.body, '$.start') IN {_CASES}"
)
_QUIET = (
    " UNION ALL SELECT s.id, coalesce(s.since, ''), NULL, NULL, s.state || ', and no case is open' FROM temp.state s JOIN partners p"
    " ON p.id = s.id WHERE s.state IN ('inactive', 'dormant') AND p.status IN ('Active', 'Onboarding') AND NOT EXISTS (SELECT 1 FROM"
    " cases c WHERE c.partner_id = s.id AND c.state = 'open') AND s.id NOT IN (SELECT partner_id FROM records WHERE"
    " kind = 'override' AND coalesce(ends_on, '9') >= :as_of)"
)


def untouched(conn: sqlite3.Connection, as_of: date, *, quiet: bool = False) -> list[Loose]:
    """Partners flagged for more than 30 days with whom nobody has been in touch since, and that are still quiet.

    Flagged: a case is open, or a match waits for a person; `quiet`: or it is inactive in temp.state, and nobody keeps it.
    Who was left out to compare with is left alone.
    """
    rows = conn.execute(
        f"WITH flagged AS ({_FLAGGED}{_QUIET if quiet else ''})"
        " SELECT p.code, p.name, min(f.day), f.why, f.id, (SELECT name FROM people WHERE id = coalesce(f.owner, p.manager))"
        " FROM flagged f JOIN partners p ON p.id = f.partner WHERE f.day < :before AND p.joined_into IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM activities a WHERE a.partner_id = p.id AND a.superseded_at IS NULL AND a.occurred_on > f.day"
        f" AND a.occurred_on <= :as_of AND a.kind IN ({CONTACT} UNION {COMMERCIAL})) AND p.id NOT IN (SELECT e.row_id FROM hits h"
        " JOIN episodes e ON e.id = h.episode_id WHERE h.state = 'hold-out' AND e.closed_on IS NULL)"
        " GROUP BY p.id ORDER BY f.id IS NULL, 3, p.name",
        {"before": (as_of - timedelta(days=UNTOUCHED)).isoformat(), "as_of": as_of.isoformat()},
    )
    return [
        Loose(code, name, date.fromisoformat(day) if day else None, why, case, owner)
        for code, name, day, why, case, owner in rows
    ]


def undated(conn: sqlite3.Connection) -> list[Loose]:
    """Open cases of win-back for which nothing is due: no task with a day, no time that ends."""
    rows = conn.execute(
        "SELECT p.code, p.name, c.opened_on, 'waits at “' || c.stage || '” without a day', c.id,"
        " (SELECT name FROM people WHERE id = c.owner) FROM cases c JOIN partners p ON p.id = c.partner_id"
        f" WHERE c.kind IN {_CASES} AND c.state = 'open' AND c.due_on IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.case_id = c.id AND t.state = 'open' AND t.due_on IS NOT NULL)"
        " AND c.id NOT IN (SELECT case_id FROM timers WHERE state = 'waiting' AND case_id IS NOT NULL) ORDER BY c.opened_on, p.name"
    )
    return [Loose(code, name, date.fromisoformat(day), why, case, owner) for code, name, day, why, case, owner in rows]


def busy(conn: sqlite3.Connection, ids: Sequence[int], kind: str) -> dict[int, int]:
    """Partners among `ids` with an open case of a kind → its number."""
    rows = conn.execute(
        "SELECT partner_id, max(id) FROM cases WHERE kind = ? AND state = 'open' AND partner_id IN (SELECT value FROM json_each(?))"
        " GROUP BY 1",
        (kind, json.dumps(list(ids))),
    )
    return dict(rows.fetchall())
