"""What ends with partners, counted from the data there is; what no sheet brought is said to be unchecked.

Each line is one statement for all the partners asked for, so that many cost little more than one.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from prm_tui.domain.deactivation import ImpactLine
from prm_tui.domain.money import from_units, shown
from prm_tui.domain.notice import Terms
from storage.sql import yes_no

ITEMS = 200
_RECORDS = (
    (("deal",), "Open deals"),
    (("lead",), "Open leads"),
    (("customer",), "Customers served"),
    (("project",), "Projects"),
    (("milestone",), "Milestones"),
    (("licence",), "Licences held"),
    (("stock",), "Stock at the partner"),
    (("asset",), "Lent assets"),
    (("part",), "Single-source parts"),
    (("fund", "funds", "fund_request"), "Funds not spent"),
    (("certification",), "Certificates"),
    (("agreement",), "Agreements"),
    (("access",), "Access"),
)
_KIND = {kind: kinds[0] for kinds, _ in _RECORDS for kind in kinds}
_OPEN = (
    "(r.status IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(k.open)) OR EXISTS"
    " (SELECT 1 FROM json_each(k.open) o WHERE o.value = r.status COLLATE NOCASE))"
)
_MONEY = (
    ("locked", "Money that is due", ("approved", "payable")),
    ("pending", "Money still pending", ("new", "hold")),
)
_PAYOUT = "(l.kind IN (SELECT name FROM kinds WHERE tbl = 'activity' AND emits <> '{}' AND json_extract(emits, '$.ledger') = 'paid'))"
_SINGLE = yes_no("json_extract(r.data, '$.single_source')")
_MONTH_END = yes_no("json_extract(r.data, '$.month_end')")
_IDS = "IN (SELECT value FROM json_each(:ids))"
Lines = dict[int, list[ImpactLine]]


def lines(conn: sqlite3.Connection, partner_id: int, as_of: date) -> list[ImpactLine]:
    """Every line of the impact of one partner's leaving."""
    return of_many(conn, [partner_id], as_of)[partner_id]


def of_many(conn: sqlite3.Connection, partner_ids: Sequence[int], as_of: date) -> Lines:
    """Every line of the impact, partner by partner."""
    found: Lines = {partner: [] for partner in partner_ids}
    params = {"ids": json.dumps(list(found)), "as_of": as_of.isoformat()}
    for part in (_records, _contacts, _ledger, _cases, _below, _territory):
        for partner, line in part(conn, params, list(found)):
            found[partner].append(line)
    return found


Found = list[tuple[int, ImpactLine]]


def _records(conn: sqlite3.Connection, params: dict[str, str], partners: list[int]) -> Found:
    """Open records of each kind. Of parts only those that nobody else makes; of funds what is left of them."""
    rows = conn.execute(
        "SELECT r.partner_id, r.kind, r.name, r.status, r.amount - CASE WHEN r.kind IN ('fund', 'funds', 'fund_request')"
        " THEN coalesce(CAST(json_extract(r.data, '$.spent') AS INTEGER), 0) ELSE 0 END, r.currency, r.ends_on"
        " FROM records r LEFT JOIN kinds k ON k.tbl = 'record' AND k.name = r.kind"
        f" WHERE r.partner_id {_IDS} AND {_OPEN} AND (r.ends_on IS NULL OR r.ends_on >= :as_of)"
        f" AND (r.kind <> 'part' OR {_SINGLE}) ORDER BY r.amount DESC, r.name",
        params,
    ).fetchall()
    held: dict[tuple[int, str], list[tuple[Any, ...]]] = defaultdict(list)
    for partner, kind, *rest in rows:
        if kind in _KIND:
            held[partner, _KIND[kind]].append(tuple(rest))
    over = _over(conn, params)
    newest = _newest(conn, {kind for kind in _KIND.values() if any((p, kind) not in held for p in partners)})
    found: Found = []
    for (kind, *_), label in _RECORDS:
        for partner in partners:
            there = held.get((partner, kind))
            line = _counted(kind, label, there) if there else _nothing(kind, label, newest.get(kind))
            if not there and (partner, kind) in over:
                line = replace(line, note=f"{line.note}; {over[partner, kind]}")
            found.append((partner, line))
    return found


def _over(conn: sqlite3.Connection, params: dict[str, str]) -> dict[tuple[int, str], str]:
    """What there is of a kind that does not count as open, with its statuses: whether they mean that is for people to see."""
    rows = conn.execute(
        "SELECT r.partner_id, r.kind, count(*), group_concat(DISTINCT r.status) FROM records r"
        f" LEFT JOIN kinds k ON k.tbl = 'record' AND k.name = r.kind WHERE r.partner_id {_IDS} AND NOT {_OPEN}"
        f" AND (r.kind <> 'part' OR {_SINGLE}) GROUP BY 1, 2 ORDER BY 1, 2",
        params,
    )
    return {
        (partner, _KIND[kind]): f"{many:,} not open: {said.replace(',', ', ')}"
        for partner, kind, many, said in rows
        if kind in _KIND
    }


def _counted(kind: str, label: str, rows: list[tuple[Any, ...]]) -> ImpactLine:
    amount, note = _sum([(units, currency) for _, _, units, currency, _ in rows if units is not None])
    items = tuple(
        ", ".join(str(v) for v in (name, status, ends and f"until {ends}") if v)
        for name, status, _, _, ends in rows[:ITEMS]
    )
    return ImpactLine(kind, label, "counted", len(rows), amount, note, items)


def _sum(amounts: Sequence[tuple[int, str | None]]) -> tuple[Any, str]:
    """Amounts added up where they are in one currency, named in the note; each currency apart in the note where not."""
    sums: dict[str, int] = defaultdict(int)
    for units, currency in amounts:
        sums[currency or ""] += units
    if len(sums) > 1:
        return None, ", ".join(f"{shown(from_units(n))} {c or 'without currency'}" for c, n in sorted(sums.items()))
    for currency, units in sums.items():
        return from_units(units), currency
    return None, ""


def _newest(conn: sqlite3.Connection, kinds: set[str]) -> dict[str, tuple[int, str | None]]:
    """When the file was last told of records of these kinds, and by which sheet."""
    said = {kind: source for kind, source in _KIND.items() if source in kinds}
    found: dict[str, tuple[int, str | None]] = {}
    for what, at, file in conn.execute(
        "SELECT what, max(read_at), file FROM sources WHERE what LIKE 'record:%' GROUP BY what"
    ):
        kind = said.get(what.removeprefix("record:"))
        if kind:
            found[kind] = max(found.get(kind, (0, None)), (at, file), key=lambda one: one[0])
    left = json.dumps([kind for kind, line in said.items() if line not in found])
    for kind, at in conn.execute(
        "SELECT value, (SELECT max(r.learned_at) FROM records r WHERE r.kind = value) AS newest FROM json_each(?) WHERE newest IS NOT NULL",
        (left,),
    ):
        found[said[kind]] = (at, None)
    return found


def _nothing(key: str, label: str, newest: tuple[int, str | None] | None) -> ImpactLine:
    """None found where the file knows such things of others; else nobody has looked."""
    if newest is None:
        return ImpactLine(key, label, "not checked", note="no sheet")
    day = datetime.fromtimestamp(newest[0], UTC).date()
    return ImpactLine(key, label, "none found", note=f"{newest[1] or 'entered here'}, {day.isoformat()}")


def _contacts(conn: sqlite3.Connection, params: dict[str, str], partners: list[int]) -> Found:
    held: dict[int, list[str]] = defaultdict(list)
    for partner, *said in conn.execute(
        f"SELECT partner_id, name, role FROM contacts WHERE partner_id {_IDS}"
        " AND (valid_until IS NULL OR valid_until >= :as_of) ORDER BY main DESC, name",
        params,
    ):
        held[partner].append(", ".join(filter(None, said)))
    newest = None
    if len(held) < len(partners):
        newest = conn.execute(
            "SELECT max(c.at), (SELECT s.file FROM sources s JOIN contacts n ON n.source_id = s.id ORDER BY s.id DESC LIMIT 1)"
            " FROM changes c WHERE c.id = (SELECT max(change_id) FROM contacts)"
        ).fetchone()
        newest = newest if newest[0] is not None else None
    return [
        (p, ImpactLine("contact", "People there", "counted", len(held[p]), items=tuple(held[p][:ITEMS])))
        if p in held
        else (p, _nothing("contact", "People there", newest))
        for p in partners
    ]


def _ledger(conn: sqlite3.Connection, params: dict[str, str], partners: list[int]) -> Found:
    """Money that is due and money that is pending, apart: the one stays due, the other may be reversed."""
    (kept,) = conn.execute("SELECT EXISTS (SELECT 1 FROM ledger)").fetchone()
    held: dict[tuple[int, str], list[tuple[Any, ...]]] = defaultdict(list)
    for partner, state, amount, currency, kind, on in conn.execute(
        f"SELECT l.partner_id, l.state, l.amount, l.currency, l.kind, l.on_date FROM ledger l WHERE l.partner_id {_IDS}"
        f" AND l.state IN ('approved', 'payable', 'new', 'hold') AND NOT {_PAYOUT} AND NOT EXISTS (SELECT 1 FROM ledger r"
        " WHERE r.partner_id = l.partner_id AND r.reverses = l.id) ORDER BY l.on_date, l.id",
        params,
    ):
        held[partner, state].append(
            (amount, currency, f"{kind}, {on}, {shown(from_units(amount))} {currency or ''}".strip())
        )
    out = _paid_out(conn, params)
    found: Found = []
    for key, label, states in _MONEY:
        for partner in partners:
            rows = [row for state in states for row in held.get((partner, state), ())]
            if not rows:
                note = "ledger of this file" if kept else "no sheet"
                found.append((partner, ImpactLine(key, label, "none found" if kept else "not checked", note=note)))
                continue
            less = out.get(partner, []) if key == "locked" else []
            amount, said = _sum([row[:2] for row in [*rows, *less]])
            items = tuple(row[2] for row in [*less, *rows][:ITEMS])
            found.append((partner, ImpactLine(key, label, "counted", len(rows), amount, said, items)))
    return found


def _paid_out(conn: sqlite3.Connection, params: dict[str, str]) -> dict[int, list[tuple[Any, ...]]]:
    """What payouts have paid of lines that are not marked as paid, a currency each, as negative amounts."""
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for partner, currency, units in conn.execute(
        f"SELECT l.partner_id, l.currency, sum(CASE WHEN {_PAYOUT} THEN l.amount ELSE 0 END) - sum(CASE WHEN NOT {_PAYOUT}"
        " AND (l.amount > 0 OR l.reverses IS NOT NULL) THEN l.amount ELSE 0 END) AS more FROM ledger l"
        f" WHERE l.partner_id {_IDS} AND l.state = 'paid' GROUP BY 1, 2 HAVING more > 0 ORDER BY 2",
        params,
    ):
        said = f"paid out of it, {shown(from_units(units))} {currency or ''}".strip()
        found[partner].append((-units, currency, said))
    return found


def _cases(conn: sqlite3.Connection, params: dict[str, str], partners: list[int]) -> Found:
    held: dict[int, list[str]] = defaultdict(list)
    for partner, title in conn.execute(
        f"SELECT partner_id, title FROM cases WHERE partner_id {_IDS} AND state = 'open' AND NOT restricted ORDER BY id",
        params,
    ):
        held[partner].append(title)
    return [(p, _names("case", "Open cases", held[p], "cases of this file")) for p in partners]


def _names(key: str, label: str, names: Sequence[str], source: str) -> ImpactLine:
    if not names:
        return ImpactLine(key, label, "none found", note=source)
    return ImpactLine(key, label, "counted", len(names), items=tuple(names[:ITEMS]))


def _below(conn: sqlite3.Connection, params: dict[str, str], partners: list[int]) -> Found:
    held: dict[int, list[str]] = defaultdict(list)
    for parent, name in conn.execute(
        f"SELECT parent, name FROM partners WHERE parent {_IDS} AND joined_into IS NULL ORDER BY name", params
    ):
        held[parent].append(name)
    (known,) = conn.execute("SELECT EXISTS (SELECT 1 FROM partners WHERE parent IS NOT NULL)").fetchone()
    unknown = ImpactLine("below", "Partners below it", "not checked", note="no partner has a parent")
    return [
        (p, _names("below", "Partners below it", held[p], "parents in this file") if known else unknown)
        for p in partners
    ]


_THERE = "joined_into IS NULL AND status NOT IN ('Suspended', 'In notice', 'Deactivated', 'Prospect', 'Applicant')"
_COMMON = 2_000
"""A territory of more partners is read in the order of the index of names, which soon has enough of them."""


def _territory(conn: sqlite3.Connection, params: dict[str, str], partners: list[int]) -> Found:
    """Who else is in the territory and could take over: nobody on the way in or out."""
    own = {
        partner: (territory, bool(there))
        for partner, territory, there in conn.execute(
            f"SELECT id, territory, {_THERE} FROM partners WHERE id {_IDS}", params
        )
    }
    names, counts = _others(conn, {territory for territory, _ in own.values() if territory})
    first = {territory: tuple(name for _, name in listed) for territory, listed in names.items()}
    place = {territory: {partner: n for n, (partner, _) in enumerate(listed)} for territory, listed in names.items()}
    found: Found = []
    for p in partners:
        territory, there = own.get(p, (None, False))
        if not territory:
            found.append((p, ImpactLine("territory", "Territory", "not checked", note="this partner has no territory")))
            continue
        others, own_place = first.get(territory, ()), place.get(territory, {}).get(p, ITEMS)
        others = (others[:own_place] + others[own_place + 1 :])[:ITEMS]
        many = counts.get(territory, 0) - there
        note = f"{territory}: {many:,} other partners" if many else f"{territory}: nobody else is there"
        found.append((p, ImpactLine("territory", "Territory", "counted", many, note=note, items=others)))
    return found


def _others(conn: sqlite3.Connection, territories: set[str]) -> tuple[dict[str, list[tuple[int, str]]], dict[str, int]]:
    """Who is in territories, the first by name (one more than is shown), and how many."""
    names: dict[str, list[tuple[int, str]]] = defaultdict(list)
    listed = "territory IN (SELECT value FROM json_each(?))"
    counts: dict[str, int] = dict(
        conn.execute(
            f"SELECT territory, count(*) FROM partners WHERE {listed} AND {_THERE} GROUP BY territory",
            (json.dumps(sorted(territories)),),
        ).fetchall()
        if territories
        else ()
    )
    few = sorted(territory for territory, many in counts.items() if many <= _COMMON)
    by_name = f"AND {_THERE} ORDER BY name COLLATE NOCASE, id"
    sql = f"SELECT territory, id, name FROM partners WHERE {listed} {by_name}"
    for territory, partner, name in conn.execute(sql, (json.dumps(few),)) if few else ():
        if len(names[territory]) <= ITEMS:
            names[territory].append((partner, name))
    for territory in counts.keys() - set(few):
        names[territory] = conn.execute(
            f"SELECT id, name FROM partners INDEXED BY partners_name WHERE territory = ? {by_name} LIMIT {ITEMS + 1}",
            (territory,),
        ).fetchall()
    return names, counts


def terms(conn: sqlite3.Connection, partner_id: int, as_of: date) -> Terms:
    """What bears on the notice: type, first day, and the agreement in force that ends last."""
    return terms_of(conn, [partner_id], as_of)[partner_id]


def terms_of(conn: sqlite3.Connection, partner_ids: Sequence[int], as_of: date) -> dict[int, Terms]:
    """As `terms`, partner by partner."""
    rows = conn.execute(
        "SELECT p.id, p.type, p.joined_on, r.name, r.ends_on, r.data,"
        f" {_MONTH_END}, max(coalesce(r.ends_on, '9999')) FROM partners p"
        " LEFT JOIN records r ON r.partner_id = p.id AND r.kind = 'agreement' AND (r.ends_on IS NULL OR r.ends_on >= :as_of)"
        " AND (r.starts_on IS NULL OR r.starts_on <= :as_of) AND EXISTS (SELECT 1 FROM kinds k WHERE k.tbl = 'record'"
        f" AND k.name = 'agreement' AND {_OPEN}) WHERE p.id {_IDS} GROUP BY p.id",
        {"ids": json.dumps(list(partner_ids)), "as_of": as_of.isoformat()},
    )
    found = {}
    for partner, kind, joined, name, ends, data, to_month_end, _ in rows:
        said = json.loads(data) if data else {}
        found[partner] = Terms(
            type=kind, joined_on=date.fromisoformat(joined) if joined else None, agreement=name,
            agreement_ends=date.fromisoformat(ends) if ends else None, notice_days=_days(said, "notice_days"),
            cure_days=_days(said, "cure_days"), renewal_optout_days=_days(said, "renewal_optout_days"),
            month_end=bool(to_month_end), deemed_days=_days(said, "deemed_days"),
            address=str(said.get("notice_address") or ""), law=str(said.get("law") or ""),
        )  # fmt: skip
    return found


def _days(said: dict[str, Any], key: str) -> int | None:
    """A clause in whole days; one that is no number of days says nothing."""
    value = said.get(key)
    value = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 3650 else None
