"""The state of partners on a day, in sets: each policy one statement over the partners it is for. Nothing is kept.

A statement looks for the days of each signal once; the condition of the policy, the day since which it holds and the
partner's own rhythm are read from those.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from prm_tui.domain.condition import Catalogue, Checked, check
from prm_tui.domain.condition.windows import back
from prm_tui.domain.coverage import Covered
from prm_tui.domain.inactivity import Kept, PartnerState, Policy
from prm_tui.domain.rhythm import Prior
from prm_tui.domain.text import folded
from storage import begun, coverage, rhythm, strict
from storage.conditions import Compiler, Place, compiled
from storage.days import Days

EVER = "0001-01-01"
"""The day since which something holds that was never otherwise."""
_RULE = (
    "CASE WHEN last IS NULL THEN CASE WHEN joined_on > :fresh THEN 'active'"
    " WHEN :settled AND (:known IS NULL OR joined_on >= :known) THEN 'never_activated'"
    " ELSE 'unknown' END WHEN exempt IS NOT NULL THEN 'active'"
    " WHEN met THEN CASE WHEN since <= :dormant THEN 'dormant' ELSE 'inactive' END WHEN met IS NULL THEN 'unknown'"
    " WHEN days > risk THEN 'at_risk' WHEN days > slow THEN 'slowing' ELSE 'active' END"
)
_LIMIT = "min(max(silence_limit(n, span, :{}, shape, rate), :floor), :cap)"


@dataclass(frozen=True)
class Judged:
    """A policy as it was applied on a day: what would settle it where it is unknown, and what no sheet tells of.

    `gap`: a sheet that seems to be missing, in words; of those not heard of since `gap_from` no rhythm is known.
    """

    policy: Policy
    awaits: str
    signal_awaits: str
    left_out: tuple[str, ...]
    gap: str = ""
    gap_from: date | None = None


def fill(
    conn: sqlite3.Connection,
    catalogue: Catalogue,
    policies: Sequence[Policy],
    as_of: date,
    *,
    ids: Iterable[int] | None = None,
    known_by: int | None = None,
    covered: Callable[[Checked], Covered] | None = None,
    grown: rhythm.Grown | None = None,
) -> list[Judged]:
    """temp.state(id, policy, state, since, about, n, first, last, slow, risk, exempt): every partner that is not joined to
    another, or those of `ids`; returns the policies by their number.

    `known_by`: as it was known at a moment (epoch). `covered` gives the coverage of a condition; else as it is now.
    `grown`: kept between looks at all partners on one day after another, by what is known now.
    """
    wanted = None if ids is None else json.dumps(list(ids))
    conn.execute("DROP TABLE IF EXISTS temp.state")
    conn.execute(
        "CREATE TEMP TABLE state(id INTEGER PRIMARY KEY, policy INTEGER, state TEXT, since TEXT, about INTEGER, n INTEGER,"
        " first TEXT, last TEXT, slow REAL, risk REAL, exempt TEXT)"
    )
    reach = covered or (lambda checked: coverage.covered(conn, checked, as_of))
    now = covered is None and known_by is None  # so that what is not tracked is not in the file
    _assign(conn, policies, wanted)
    done, signal, whole = [], None, Covered({})
    for n, policy in enumerate(policies):
        listed = kinds(catalogue, policy.signal)
        if listed != signal:
            signal = listed
            known = None if wanted is None else catalogue.priors(tuple(listed), as_of)
            whole = reach(check(f"never({policy.signal})", catalogue)) if listed else Covered({})
            there = whole.tracked(listed) if now else listed
            rhythm.fill(conn, there, as_of, ids=wanted, known_by=known_by, grown=grown)
            _keep_priors(conn, rhythm.priors(conn, as_of) if known is None else known)
        done.append(_judge(conn, catalogue, policy, n, as_of, listed, whole, now, wanted, known_by, reach))
    return done


def kinds(catalogue: Catalogue, signal: str) -> list[str]:
    """The kinds of activity that a signal of a policy is."""
    if signal in catalogue.activities:
        return [signal]
    if signal == "any":
        return sorted(catalogue.activities)
    return [name for name, kind in catalogue.activities.items() if kind.signal == signal]


def _keep_priors(conn: sqlite3.Connection, known: Any) -> None:
    conn.execute(
        "CREATE TEMP TABLE IF NOT EXISTS prior(type TEXT PRIMARY KEY, shape REAL, rate REAL, lapses REAL) WITHOUT ROWID"
    )
    conn.execute("DELETE FROM temp.prior")
    conn.executemany(
        "INSERT INTO temp.prior VALUES (?,?,?,?)",
        [(type_ or "", one.shape, one.rate, one.lapses) for type_, one in known.items()],
    )


def priors(conn: sqlite3.Connection) -> dict[str, Prior]:
    """The priors that were used last: type → how often its partners are active; "" of all."""
    return {row[0]: Prior(*row[1:]) for row in conn.execute("SELECT type, shape, rate, lapses FROM temp.prior")}


def _judge(
    conn: sqlite3.Connection,
    catalogue: Catalogue,
    policy: Policy,
    n: int,
    as_of: date,
    listed: list[str],
    whole: Covered,
    now: bool,
    ids: str | None,
    known_by: int | None,
    reach: Callable[[Checked], Covered],
) -> Judged:
    checked = check(policy.when, catalogue)
    told = reach(checked)
    silence = replace(
        told, to={**whole.to, **told.to}, feeds={**whole.feeds, **told.feeds}, gaps={**whole.gaps, **told.gaps}
    )
    gaps = sorted(silence.missing(silence.tracked(listed), date.min, as_of), key=lambda gap: gap[1])
    gap_from = gaps[-1][1] if gaps and gaps[-1][2] > back(as_of, policy.cap) else None
    settled = silence.settled(listed, as_of, as_of)
    place = Place(checked.scope, Days.one(as_of, known_by, told))
    compiler = Compiler(lasts={})
    columns = _lasts(compiler, checked, place, listed, told if now else None)
    met = compiler.whole(checked.node, place)
    held_since = begun.begun(compiler, checked.node, place)
    exempt = _exempt(conn, compiler, catalogue, policy, as_of, known_by)
    chance = {"slowing": float(policy.slowing), "at_risk": float(policy.at_risk)}
    base = "p.id" + "".join(f", {sql} AS {name}" for name, sql in columns.items())
    params = {
        **compiler.params, **chance, "ids": ids, "n": n, "as_of": as_of.isoformat(), "settled": int(settled), "floor": policy.floor,
        "cap": policy.cap, "fresh": (as_of - timedelta(days=policy.never_after)).isoformat(),
        "dormant": (as_of - timedelta(days=policy.dormant_after)).isoformat(), "ever": EVER,
        "gap": gap_from and gap_from.isoformat(), "known": gaps[-1][2].isoformat() if gaps else None,
    }  # fmt: skip
    some = "p.joined_into IS NULL" if ids is None else "p.id IN (SELECT value FROM json_each(:ids))"
    conn.execute(
        f"WITH d AS MATERIALIZED (SELECT {base} FROM partners p LEFT JOIN temp.rhythm r ON r.id = p.id"
        " JOIN temp.whose w ON w.type = coalesce(p.type, '') AND w.tier = coalesce(p.tier, '') AND w.n = :n"
        f" WHERE {some}),"
        f" m AS MATERIALIZED (SELECT d.*, {met} AS met, {exempt} AS exempt FROM d CROSS JOIN partners p ON p.id = d.id),"
        " b AS MATERIALIZED (SELECT d.id, d.met, d.exempt, r.n, r.first, r.last, r.span, p.joined_on,"
        f" CASE WHEN d.met THEN {held_since or 'NULL'} END AS since, CAST(julianday(:as_of) - julianday(r.last) AS INTEGER) AS days,"
        " coalesce(t.shape, e.shape) AS shape, coalesce(t.rate, e.rate) AS rate"
        " FROM m d CROSS JOIN partners p ON p.id = d.id LEFT JOIN temp.rhythm r ON r.id = d.id"
        " LEFT JOIN temp.prior t ON t.type = p.type JOIN temp.prior e ON e.type = ''),"
        " c AS MATERIALIZED (SELECT *, CASE WHEN days > :floor AND :settled AND (:gap IS NULL OR last > :gap) THEN"
        f" {_LIMIT.format('slowing')} END AS slow FROM b),"
        f" f AS MATERIALIZED (SELECT *, CASE WHEN days > slow THEN {_LIMIT.format('at_risk')} END AS risk FROM c)"
        f" INSERT INTO temp.state SELECT id, :n, {_RULE}, nullif(since, :ever), 0, n, first, last, slow, risk, exempt FROM f",
        params,
    )
    if held_since is None:
        _look_back(conn, catalogue, policy, n, as_of, known_by)
    open_feeds = [f"{text}" for text in silence.open_feeds(listed, as_of, as_of)]
    if not silence.tracked(listed):
        open_feeds = [f"no sheet tells of anything {policy.signal}"]
    return Judged(
        policy, strict.unsettled(checked, place, as_of), "; ".join(open_feeds), strict.left_out(checked.node, place),
        "; ".join(silence.open_feeds(listed, as_of, as_of, date.min)[len(open_feeds):]) if gaps else "", gap_from,
    )  # fmt: skip


def _lasts(
    compiler: Compiler, checked: Checked, place: Place, kinds: list[str], told: Covered | None
) -> dict[str, str]:
    """The last day of each signal that the policy asks for, found once: column → SQL; known to the compiler from then on.

    `told`: the kinds that the file has anything of; others are not looked for.
    """
    columns: dict[str, str] = {}
    for selector in begun.selectors(checked.node, place.scope):
        key = (selector.table, tuple(kind.name for kind in selector.kinds))
        if key in compiler.lasts:
            continue
        name = f"last{len(columns)}"
        there = tuple(kind for kind in selector.kinds if told is None or kind.name in told.to)
        if list(key[1]) == kinds:
            columns[name] = "r.last"
        elif selector.kinds and not there:
            columns[name] = "NULL"
        else:
            columns[name] = begun.last(compiler, replace(selector, kinds=there, where=None), place)
        compiler.lasts[key] = f"d.{name}"
    return columns


def _exempt(
    conn: sqlite3.Connection,
    compiler: Compiler,
    catalogue: Catalogue,
    policy: Policy,
    as_of: date,
    known_by: int | None,
) -> str:
    """SQL of the name of the first exemption that holds, else NULL. As recorded: what is not known exempts nobody."""
    whens = []
    for name, condition in policy.exempt.items():
        checked = check(condition, catalogue)
        place = Place(checked.scope, Days.one(as_of, known_by))
        whens.append(f"WHEN {compiler.sql(checked.node, place).text} THEN {compiler.bind(name)}")
    return f"CASE {' '.join(whens)} END" if whens else "NULL"


def _assign(conn: sqlite3.Connection, policies: Sequence[Policy], ids: str | None) -> None:
    """temp.whose(type, tier, n): the number of the policy for partners of a type and tier, the first that names them."""
    conn.execute(
        "CREATE TEMP TABLE IF NOT EXISTS whose(type TEXT, tier TEXT, n INTEGER, PRIMARY KEY (type, tier)) WITHOUT ROWID"
    )
    conn.execute("DELETE FROM temp.whose")
    named = [({folded(t) for t in policy.types}, {folded(t) for t in policy.tiers}) for policy in policies]
    some = "" if ids is None else " WHERE id IN (SELECT value FROM json_each(:ids))"
    pairs = conn.execute(
        f"SELECT DISTINCT coalesce(type, ''), coalesce(tier, '') FROM partners{some}", {"ids": ids}
    ).fetchall()
    conn.executemany(
        "INSERT INTO temp.whose VALUES (?,?,?)",
        [
            (type_, tier, n)
            for type_, tier in pairs
            for n in [next((n for n, (types, tiers) in enumerate(named)
                            if (not types or folded(type_) in types) and (not tiers or folded(tier) in tiers)), None)]
            if n is not None
        ],
    )  # fmt: skip


def _look_back(
    conn: sqlite3.Connection, catalogue: Catalogue, policy: Policy, n: int, as_of: date, known_by: int | None
) -> None:
    """Since when, for a policy whose condition does not say so itself: month by month back, until it did not hold."""
    checked = check(policy.when, catalogue)
    quiet = "policy = :n AND state IN ('inactive', 'dormant')"
    conn.execute(f"UPDATE temp.state SET since = :day, about = 1 WHERE {quiet}", {"n": n, "day": as_of.isoformat()})
    for months in range(1, 37):
        day = as_of - timedelta(days=30 * months)
        where = compiled(checked, day, known_by=known_by)
        conn.execute(
            f"UPDATE temp.state SET since = :day WHERE {quiet} AND since = :before AND EXISTS (SELECT 1 FROM partners p"
            f" WHERE p.id = temp.state.id AND {where.sql})",
            {**where.params, "day": day.isoformat(), "n": n, "before": (day + timedelta(days=30)).isoformat()},
        )
    conn.execute(
        "UPDATE temp.state SET state = 'dormant' WHERE policy = :n AND state = 'inactive' AND since <= :dormant",
        {"n": n, "dormant": (as_of - timedelta(days=policy.dormant_after)).isoformat()},
    )


def counts(conn: sqlite3.Connection, by: str = "NULL", where: str = "1") -> list[tuple[Any, str, int]]:
    """(value of `by` over `partners p`, state, how many), from temp.state."""
    return conn.execute(
        f"SELECT {by}, s.state, count(*) FROM temp.state s CROSS JOIN partners p ON p.id = s.id WHERE {where} GROUP BY 1, 2"
    ).fetchall()


def rows(conn: sqlite3.Connection, judged: Sequence[Judged], as_of: date, where: str = "1") -> list[PartnerState]:
    """The partners in temp.state, by name; `where` over `temp.state s` and `partners p`."""
    keeps = kept(conn, as_of)
    found = conn.execute(
        "SELECT p.id, p.code, p.name, p.type, p.status, s.state, s.policy, s.since, s.about, s.n, s.first, s.last, p.joined_on,"
        f" s.slow, s.risk, s.exempt FROM temp.state s CROSS JOIN partners p ON p.id = s.id WHERE {where}"
        " ORDER BY p.name COLLATE NOCASE, p.id"
    )
    return [_row(row, judged, as_of, keeps.get(row[0])) for row in found]


def _row(row: tuple[Any, ...], judged: Sequence[Judged], as_of: date, keep: Kept | None) -> PartnerState:
    how = judged[row[6]]
    unheard = how.gap_from is not None and row[11] is not None and row[11] <= how.gap_from.isoformat()
    awaits = {
        "unknown": (how.signal_awaits if row[11] is None else how.awaits or how.signal_awaits) or how.gap,
        "active": how.signal_awaits or (how.gap if unheard else ""),
    }
    return PartnerState(
        row[0], row[1], row[2], row[3], row[4], row[5], how.policy, as_of,
        since=_day(row[7]), about=bool(row[8]), active_days=row[9] or 0, first=_day(row[10]), last=_day(row[11]),
        joined_on=_day(row[12]), slow=row[13] or 0.0, risk=row[14] or 0.0, exempt=row[15], awaits=awaits.get(row[5], ""),
        left_out=how.left_out, kept=keep,
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def kept(conn: sqlite3.Connection, as_of: date) -> dict[int, Kept]:
    """Those in temp.state whom somebody keeps on this day although the rule says otherwise."""
    rows = conn.execute(
        "SELECT r.partner_id, coalesce(r.note, r.name), coalesce((SELECT name FROM people WHERE id = r.owner), 'nobody in"
        " particular'), r.ends_on FROM temp.state s CROSS JOIN records r ON r.partner_id = s.id AND r.kind = 'override'"
        " AND r.ends_on >= :day AND coalesce(r.starts_on, '') <= :day"
        " ORDER BY r.ends_on",
        {"day": as_of.isoformat()},
    ).fetchall()
    return {row[0]: Kept(row[1], row[2], date.fromisoformat(row[3])) for row in rows}
