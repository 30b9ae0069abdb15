"""What helps to decide about partners that went quiet: worth, family, likely reason, since when it could be seen.

Everything is asked of the partners in temp.quiet(id), in sets.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from prm_tui.domain.inactivity import SAYERS, Likely, Path, Worth
from prm_tui.domain.money import from_units
from prm_tui.domain.partner import Source
from storage.coverage import logged
from storage.rhythm import sample, sampled

REVENUE = ("order", "payment")
"""What a partner brings; deals won stand in for it where a file tells of neither."""
THROUGH = ("distributor", "buys_through", "wholesaler")
"""Custom fields of a partner that name another through whom it buys."""


def choose(conn: sqlite3.Connection, ids: Iterable[int]) -> None:
    """temp.quiet(id): whom everything here is asked about."""
    conn.execute("DROP TABLE IF EXISTS temp.quiet")
    conn.execute("CREATE TEMP TABLE quiet(id INTEGER PRIMARY KEY)")
    conn.executemany("INSERT OR IGNORE INTO temp.quiet VALUES (?)", ((one,) for one in ids))


def with_family(conn: sqlite3.Connection, ids: Sequence[int]) -> list[int]:
    """These partners, and those through whom they may buy: parents, daughters, distributors."""
    choose(conn, ids)
    found = set(ids)
    for sql in _relatives(conn):
        found.update(one for _, one, _ in conn.execute(sql))
    return sorted(found)


def worth(conn: sqlite3.Connection, as_of: date) -> dict[int, Worth]:
    """Amounts of the last 12 months and of the best calendar year, of those in temp.quiet that brought anything."""
    kinds = revenue(conn)
    marks = ", ".join("?" * len(kinds))
    found: dict[int, Worth] = {}
    least, most = currencies(conn)
    same = "1" if least == most else "min(a.currency) IS max(a.currency)"  # one in all: the index suffices
    rows = conn.execute(
        "SELECT a.partner_id, substr(a.occurred_on, 1, 4) AS year, sum(a.amount), sum(a.amount) FILTER (WHERE a.occurred_on >"
        f" date(?, '-12 months')), {same} FROM temp.quiet q CROSS JOIN activities a ON a.partner_id = q.id"
        f" AND a.kind IN ({marks}) AND a.occurred_on <= ? AND a.superseded_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2",
        (as_of.isoformat(), *kinds, as_of.isoformat()),
    )
    for partner, year, amount, late, one in rows:
        known = found.get(partner, Worth())
        if not one or known.best is None or known.year is None:
            found[partner] = Worth(None, None)
            continue
        total = from_units(amount or 0)
        best = (total, year) if total > known.best else (known.best, known.best_year)
        found[partner] = Worth(known.year + from_units(late or 0), *best)
    return found


def revenue(conn: sqlite3.Connection) -> tuple[str, ...]:
    """The kinds of activity whose amounts are what a partner brings."""
    return REVENUE if any(logged(conn, kind) for kind in REVENUE) else ("deal_won",)


def currencies(conn: sqlite3.Connection) -> tuple[str | None, str | None]:
    """The first and the last currency of a file by the alphabet; the same where there is one, None where none is said."""
    first, last = conn.execute(
        "SELECT (SELECT min(currency) FROM activities WHERE currency IS NOT NULL),"
        " (SELECT max(currency) FROM activities WHERE currency IS NOT NULL)"
    ).fetchone()
    return first, last


def upper_half(conn: sqlite3.Connection, as_of: date) -> dict[str, int]:
    """Type → the median of what its partners brought in their best year, in units; of a large file by a sample."""
    kinds = revenue(conn)
    named = {f"kind{n}": kind for n, kind in enumerate(kinds)}
    rows = conn.execute(
        "WITH y AS (SELECT coalesce(p.type, '') AS type, a.partner_id, substr(a.occurred_on, 1, 4) AS year, sum(a.amount) AS amount"
        f" FROM partners p CROSS JOIN activities a ON a.partner_id = p.id AND a.kind IN ({', '.join(f':{n}' for n in named)})"
        " AND a.occurred_on <= :as_of AND a.superseded_at IS NULL AND a.amount IS NOT NULL"
        f" WHERE {sample('p.id')} GROUP BY 2, 3),"
        " b AS (SELECT type, max(amount) AS best FROM y GROUP BY partner_id),"
        " r AS (SELECT type, best, row_number() OVER (PARTITION BY type ORDER BY best) AS n, count(*) OVER (PARTITION BY type) AS c"
        " FROM b) SELECT type, best FROM r WHERE n = (c + 1) / 2",
        {**named, "as_of": as_of.isoformat(), "every": sampled(conn)},
    )
    return dict(rows.fetchall())


def _relatives(conn: sqlite3.Connection) -> list[str]:
    """Statements that give (partner in temp.quiet, relative, what the relative is)."""
    asked = [
        "SELECT q.id, p.parent, 'parent' FROM temp.quiet q JOIN partners p ON p.id = q.id WHERE p.parent IS NOT NULL",
        "SELECT q.id, o.id, 'daughter' FROM temp.quiet q JOIN partners o ON o.parent = q.id",
    ]
    for key in [key for (key,) in conn.execute("SELECT key FROM fields WHERE tbl = 'partner'") if key in THROUGH]:
        named = f"json_extract(p.custom, '$.{key}')"
        for same in (f"o.code = {named}", f"o.name_key = name_key({named})"):
            asked.append(
                f"SELECT q.id, o.id, '{key.replace('buys_through', 'supplier')}' FROM temp.quiet q JOIN partners p ON p.id = q.id"
                f" AND {named} IS NOT NULL JOIN partners o ON {same} AND o.id <> q.id"
            )
    return asked


def paths(conn: sqlite3.Connection) -> dict[int, tuple[Path, ...]]:
    """Those of the family of the partners in temp.quiet who are active themselves (temp.state): through them they may buy."""
    found: dict[int, dict[str, Path]] = defaultdict(dict)
    for partner, code, name, relation, last in conn.execute(
        f"WITH f(id, other, relation) AS ({' UNION ALL '.join(_relatives(conn))})"
        " SELECT f.id, o.code, o.name, f.relation, s.last FROM f JOIN temp.state s ON s.id = f.other"
        " AND s.state IN ('active', 'slowing') AND s.last IS NOT NULL JOIN partners o ON o.id = f.other"
    ):
        found[partner].setdefault(code, Path(code, name, relation, date.fromisoformat(last)))
    return {partner: tuple(one.values()) for partner, one in found.items()}


def likely(conn: sqlite3.Connection, as_of: date) -> dict[int, Likely]:
    """Why each of temp.quiet went quiet: what the partner or a manager said last, else what its data suggest."""
    found = _inferred(conn, as_of)
    rows = conn.execute(
        "SELECT a.partner_id, json_extract(a.data, '$.reason'), json_extract(a.data, '$.said_by'),"
        " coalesce(json_extract(a.data, '$.evidence'), a.note, ''), a.occurred_on, o.file, o.sheet, a.row FROM temp.quiet q"
        " CROSS JOIN activities a ON a.partner_id = q.id AND a.kind = 'inactivity_reason' AND a.occurred_on <= ?"
        " AND a.superseded_at IS NULL LEFT JOIN sources o ON o.id = a.source_id ORDER BY a.occurred_on, a.id",
        (as_of.isoformat(),),
    ).fetchall()
    said: dict[int, tuple[int, Likely]] = {}
    for partner, reason, by, evidence, on, file, sheet, row in rows:
        rank = SAYERS.index(by) if by in SAYERS else 1
        if reason and (partner not in said or rank <= said[partner][0]):
            source = Source(file, sheet, row) if file and row is not None else None
            one = Likely(reason, by if by in SAYERS else "manager", evidence, date.fromisoformat(on), source)
            said[partner] = rank, one
    return {**found, **{partner: one for partner, (_, one) in said.items()}}


_SUGGESTS = {  # the first that holds counts; each gives (partner, day, what was found)
    "competitor": "SELECT q.id, max(a.occurred_on), 'a deal was lost to ' || json_extract(a.data, '$.competitor') FROM temp.quiet q"
    " JOIN temp.state s ON s.id = q.id CROSS JOIN activities a ON a.partner_id = q.id AND a.kind = 'deal_lost' AND a.superseded_at IS NULL"
    " AND a.occurred_on BETWEEN date(coalesce(s.last, :as_of), '-365 days') AND :as_of WHERE json_extract(a.data, '$.competitor') <> ''"
    " GROUP BY q.id",
    "contact-left": "SELECT q.id, max(c.valid_until), 'the main contact was valid until ' || max(c.valid_until) FROM temp.quiet q"
    " JOIN contacts c ON c.partner_id = q.id AND c.valid_until <= :as_of AND c.main WHERE NOT EXISTS (SELECT 1 FROM contacts o WHERE"
    " o.partner_id = q.id AND o.main AND (o.valid_until IS NULL OR o.valid_until > :as_of)) GROUP BY q.id",
    "product": "SELECT q.id, max(a.occurred_on), count(*) || ' complaints or incidents in the half-year before it went quiet' FROM"
    " temp.quiet q JOIN temp.state s ON s.id = q.id CROSS JOIN activities a ON a.partner_id = q.id AND a.kind IN ('complaint', 'incident')"
    " AND a.superseded_at IS NULL AND a.occurred_on BETWEEN date(s.last, '-180 days') AND :as_of GROUP BY q.id",
    "seasonal": "SELECT q.id, date(s.last, '-1 year'), 'silent in the same months of the year before, and active after' FROM temp.quiet q"
    " JOIN temp.state s ON s.id = q.id WHERE julianday(:as_of) - julianday(s.last) BETWEEN 60 AND 300 AND s.first < date(s.last, '-1 year')"
    " AND NOT EXISTS (SELECT 1 FROM activities a JOIN kinds k ON k.tbl = 'activity' AND k.name = a.kind AND k.class = 'commercial'"
    " WHERE a.partner_id = q.id AND a.superseded_at IS NULL AND a.occurred_on > date(s.last, '-1 year', '+15 days') AND a.occurred_on <="
    " date(:as_of, '-1 year', '-15 days')) AND EXISTS (SELECT 1 FROM activities a WHERE a.partner_id = q.id AND a.superseded_at IS NULL"
    " AND a.occurred_on > date(:as_of, '-1 year') AND a.occurred_on <= s.last)",
    "enablement": "SELECT q.id, NULL, 'no training, certificate or login ever, while others have them' FROM temp.quiet q JOIN temp.state s"
    " ON s.id = q.id AND s.last IS NOT NULL WHERE :trained AND NOT EXISTS (SELECT 1 FROM activities a JOIN kinds k ON k.tbl = 'activity'"
    " AND k.name = a.kind AND k.class = 'enablement' WHERE a.partner_id = q.id AND a.superseded_at IS NULL)",
    "incentive": "SELECT q.id, NULL, 'it never earned anything, while others do' FROM temp.quiet q JOIN temp.state s ON s.id = q.id AND"
    " s.last IS NOT NULL WHERE EXISTS (SELECT 1 FROM ledger) AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.partner_id = q.id)",
}  # fmt: skip


def _inferred(conn: sqlite3.Connection, as_of: date) -> dict[int, Likely]:
    enabling = [
        name for (name,) in conn.execute("SELECT name FROM kinds WHERE tbl = 'activity' AND class = 'enablement'")
    ]
    asked = {"as_of": as_of.isoformat(), "trained": int(any(logged(conn, kind) for kind in enabling))}
    found: dict[int, Likely] = {}
    for reason, sql in _SUGGESTS.items():
        for partner, on, evidence in conn.execute(sql, asked):
            found.setdefault(partner, Likely(reason, "inferred", evidence, date.fromisoformat(on) if on else None))
    return found


def seen(conn: sqlite3.Connection, days: Iterable[date], kinds: Sequence[str], tolerance: int) -> dict[date, date]:
    """Day since which somebody is inactive → the first day on which that could be told, as the sheets had been read."""
    reached = _reached(conn, kinds)
    found = {}
    for day in set(days):
        needed = day - timedelta(days=tolerance)
        told = [
            steps[n][1]
            for steps in reached.values()
            for n in [bisect_left(steps, (needed, date.min))]
            if n < len(steps)
        ]
        if told or not reached:
            found[day] = max([day, *told])
    return found


def _reached(conn: sqlite3.Connection, kinds: Sequence[str]) -> dict[str, list[tuple[date, date]]]:
    """Kind → (covered to, the day on which a sheet brought that), in order, by the furthest of its feeds."""
    marks = ", ".join("?" * len(kinds))
    steps: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for feed, kind, newest, change, at in conn.execute(
        f"SELECT f.id, f.kind, coalesce(f.covered_to, f.newest), f.change_id, c.at FROM feeds f JOIN changes c ON c.id = f.change_id"
        f" WHERE f.kind IN ({marks})",
        tuple(kinds),
    ).fetchall():
        log = conn.execute(
            "SELECT l.before, l.after, c.at FROM change_log l JOIN changes c ON c.id = l.change_id WHERE l.tbl = 'feeds' AND l.row_id = ?"
            " AND l.col IN ('newest', 'covered_to') AND l.change_id <> ? ORDER BY l.id",
            (feed, change),
        ).fetchall()
        values = [(log[0][0] if log else newest, at), *((after, when) for _, after, when in log)]
        steps[kind] += [(date.fromisoformat(v), _local(when)) for v, when in values if v]
    found = {}
    for kind, listed in steps.items():
        ordered, best = [], date.max
        for to, on in sorted(listed, reverse=True):  # the earliest day on which anything as far as this was known
            best = min(best, on)
            ordered.append((to, best))
        found[kind] = sorted(ordered)
    return found


def _local(at: int) -> date:
    return datetime.fromtimestamp(at, UTC).date()
