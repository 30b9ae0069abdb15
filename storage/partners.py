"""Partners in the file: lists as ids, pages by ids, one partner whole, and its edits."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from prm_tui.domain.inactivity import STATES
from prm_tui.domain.money import from_units
from prm_tui.domain.partner import FACTS, FIELDS, Column, Partner, PartnerRow, Rhythm, Source
from prm_tui.domain.text import folded
from storage import holds, words
from storage.store import Change

TREND_MONTHS = 12
_NO_TIME = {"manager": "(SELECT name FROM people WHERE people.id = p.manager)"}
_NO_TIME["parent"] = "(SELECT o.name FROM partners o WHERE o.id = p.parent)"
_ORDERS = (
    "FROM activities a WHERE a.partner_id = p.id AND a.kind = 'order'"
    " AND a.occurred_on <= :as_of AND a.superseded_at IS NULL"
)
_YEAR = f"{_ORDERS} AND a.occurred_on > date(:as_of, '-12 months')"
_FACTS = {
    "last_order": f"(SELECT CAST(julianday(:as_of) - julianday(max(a.occurred_on)) AS INTEGER) {_ORDERS})",
    "last_active_on": (
        "(SELECT max(a.occurred_on) FROM activities a WHERE a.partner_id = p.id"
        " AND a.occurred_on <= :as_of AND a.superseded_at IS NULL)"
    ),
    "amount_12m": f"(SELECT sum(a.amount) {_YEAR})",
    "orders_12m": f"(SELECT count(*) {_YEAR})",
    "trend": f"(SELECT sum(a.amount) {_YEAR})",
    "state": "(SELECT s.state FROM temp.state s WHERE s.id = p.id)",  # filled by who asks (storage/states.py)
}
_TYPES = {c.key: c.type for c in FACTS} | {key: kind for key, (_, kind) in FIELDS.items()}


@dataclass(frozen=True)
class Where:
    """A compiled condition: an SQL expression over `partners p` giving 1, 0 or NULL, and its parameters."""

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)


def columns(conn: sqlite3.Connection) -> list[Column]:
    """Every column a list can show: built-in fields, custom fields, facts."""
    built_in = [Column(key, label, kind) for key, (label, kind) in FIELDS.items()]
    custom = [
        Column(f"custom.{key}", label, kind)
        for key, label, kind in conn.execute(
            "SELECT key, label, type FROM fields WHERE tbl = 'partner' ORDER BY ord, id"
        )
    ]
    return [*built_in, *custom, *FACTS]


def expression(key: str) -> tuple[str, dict[str, Any]]:
    """The SQL of a column over `partners p`, with its parameters (`:as_of` comes from the caller)."""
    if key.startswith("custom."):
        name = "c_" + "".join(c if c.isalnum() and c.isascii() else f"_{ord(c)}_" for c in key[7:])
        return f"json_extract(p.custom, :{name})", {name: f'$."{key[7:]}"'}
    if key in _FACTS:
        return _FACTS[key], {}
    return _NO_TIME.get(key, f"p.{key}"), {}


def find(
    conn: sqlite3.Connection,
    *,
    text: str,
    where: Where | None,
    sort: str,
    descending: bool,
    as_of: date,
    show_unknown: bool,
) -> tuple[array[int], int]:
    """Ids of the partners that match, in order, and for how many the condition is unknown.

    Every word of `text` must occur somewhere in what is searchable. Missing values stand last in
    either direction. A partner joined into another is not listed.
    """
    params: dict[str, Any] = {"as_of": as_of.isoformat()}
    tests = ["p.joined_into IS NULL"]
    for n, word in enumerate(folded(text).split()):
        params[f"word{n}"] = word
        tests.append(f"instr(p.search, :word{n}) > 0")
    order = _order(sort, descending, params)
    if where is None:
        rows = conn.execute(f"SELECT p.id FROM partners p WHERE {' AND '.join(tests)} ORDER BY {order}", params)
        return array("q", (row[0] for row in rows)), 0
    params.update(where.params)
    sql = (
        f"SELECT p.id, ({where.sql}) AS met FROM partners p"
        f" WHERE {' AND '.join(tests)} AND met IS NOT 0 ORDER BY {order}"
    )
    found = conn.execute(sql, params).fetchall()
    unknown = sum(1 for _, met in found if met is None)
    ids = array("q", (row for row, met in found if show_unknown or met is not None))
    return ids, unknown


def _order(sort: str, descending: bool, params: dict[str, Any]) -> str:
    sql, extra = expression(sort)
    params.update(extra)
    way = "DESC" if descending else "ASC"
    kind = _TYPES.get(sort, "text")
    if kind == "state":
        order = " ".join(f"WHEN '{key}' THEN {n}" for n, key in enumerate(STATES))
        return f"CASE {sql} {order} END {way}, p.name COLLATE NOCASE, p.id"
    if sort == "name":
        return f"p.name COLLATE NOCASE {way}, p.id {way}"
    collate = " COLLATE NOCASE" if kind in ("text", "person", "partner") else ""
    return f"{sql}{collate} {way} NULLS LAST, p.name COLLATE NOCASE, p.id"


def total(conn: sqlite3.Connection) -> int:
    """How many partners there are."""
    return int(conn.execute("SELECT count(*) FROM partners WHERE joined_into IS NULL").fetchone()[0])


def by_status(conn: sqlite3.Connection) -> list[tuple[str, int]]:
    """How many partners have each status, the most frequent first."""
    return conn.execute(
        "SELECT status, count(*) FROM partners WHERE joined_into IS NULL GROUP BY status ORDER BY 2 DESC, 1"
    ).fetchall()


def rows(conn: sqlite3.Connection, ids: Sequence[int], keys: Sequence[str], as_of: date) -> list[PartnerRow]:
    """One page of a list, in the order of `ids`; ids no longer there are left out."""
    params: dict[str, Any] = {"as_of": as_of.isoformat(), "ids": json.dumps(list(ids))}
    selected = []
    for key in keys:
        sql, extra = expression(key)
        params.update(extra)
        selected.append(sql)
    listed = "".join(f", {sql}" for sql in selected)
    found = {
        row[0]: row
        for row in conn.execute(
            f"SELECT p.id, p.code, p.name{listed} FROM partners p WHERE p.id IN (SELECT value FROM json_each(:ids))",
            params,
        )
    }
    trends = trend(conn, ids, as_of) if "trend" in keys else {}
    types = _types(conn)
    page = []
    for partner_id in ids:
        if partner_id in found:
            row = found[partner_id]
            cells = {key: _value(types.get(key, "text"), row[n + 3]) for n, key in enumerate(keys)}
            if "trend" in keys:
                cells["trend"] = trends.get(partner_id, (0,) * TREND_MONTHS)
            page.append(PartnerRow(row[0], row[1], row[2], cells))
    return page


def _types(conn: sqlite3.Connection) -> dict[str, str]:
    custom = conn.execute("SELECT 'custom.' || key, type FROM fields WHERE tbl = 'partner'")
    return {**_TYPES, **dict(custom.fetchall())}


def _value(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "state":
        return STATES[value].label
    if kind == "money" and isinstance(value, int):
        return from_units(value)
    if kind == "date" and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value  # a custom field may hold what its sheet said
    return value


def trend(
    conn: sqlite3.Connection, ids: Sequence[int], as_of: date, months: int = TREND_MONTHS
) -> dict[int, tuple[int, ...]]:
    """Order amounts (whole currency units) of the last months, oldest first, for each partner that has any.

    A month counts back from `as_of`: the last one ends on that date.
    """
    amounts: dict[int, list[int]] = {}
    for partner_id, ago, amount in conn.execute(
        "WITH RECURSIVE month(n, first, last) AS ("
        "  SELECT 0, date(:as_of, '-1 months'), :as_of"
        "  UNION ALL SELECT n + 1, date(:as_of, '-' || (n + 2) || ' months'), first FROM month"
        "  WHERE n + 1 < :months)"
        " SELECT a.partner_id, m.n, sum(a.amount) / 10000 FROM json_each(:ids) i"
        " JOIN activities a ON a.partner_id = i.value AND a.kind = 'order' AND a.superseded_at IS NULL"
        " JOIN month m ON a.occurred_on > m.first AND a.occurred_on <= m.last GROUP BY 1, 2",
        {"as_of": as_of.isoformat(), "months": months, "ids": json.dumps(list(ids))},
    ):
        amounts.setdefault(partner_id, [0] * months)[months - 1 - ago] = amount or 0
    return {partner_id: tuple(values) for partner_id, values in amounts.items()}


def rhythm(conn: sqlite3.Connection, partner_id: int, as_of: date) -> Rhythm:
    """How often a partner orders: the gaps between its distinct order dates up to `as_of`."""
    days = [
        row[0]
        for row in conn.execute(
            "SELECT DISTINCT julianday(occurred_on) FROM activities WHERE partner_id = ? AND kind = 'order'"
            " AND occurred_on <= ? AND superseded_at IS NULL ORDER BY 1",
            (partner_id, as_of.isoformat()),
        )
    ]
    first, last, count = conn.execute(
        "SELECT min(occurred_on), max(occurred_on), count(*) FROM activities WHERE partner_id = ?"
        " AND kind = 'order' AND occurred_on <= ? AND superseded_at IS NULL",
        (partner_id, as_of.isoformat()),
    ).fetchone()
    gaps = sorted(int(b - a) for a, b in pairwise(days))
    middle = len(gaps) // 2
    median = None
    if gaps:
        median = gaps[middle] if len(gaps) % 2 else round((gaps[middle - 1] + gaps[middle]) / 2)
    return Rhythm(
        orders=count,
        median_gap=median,
        longest_gap=gaps[-1] if gaps else None,
        first_on=date.fromisoformat(first) if first else None,
        last_on=date.fromisoformat(last) if last else None,
    )


def by_name(conn: sqlite3.Connection, said: str) -> list[tuple[int, str, str]]:
    """Partners a person may mean (id, code, name): by code or other key first, else by name, else by part."""
    text = said.strip()
    for sql in (
        "SELECT id, code, name FROM partners WHERE code = :said COLLATE NOCASE",
        "SELECT p.id, p.code, p.name FROM partners p JOIN partner_keys k ON k.partner_id = p.id WHERE k.key = :said",
        "SELECT id, code, name FROM partners WHERE name_key = name_key(:said) ORDER BY code",
        "SELECT id, code, name FROM partners WHERE instr(folded(name), folded(:said)) > 0"
        " ORDER BY name COLLATE NOCASE LIMIT 20",
    ):
        found = conn.execute(sql, {"said": text}).fetchall()
        if found:
            return _survivors(conn, found)
    return []


def _survivors(conn: sqlite3.Connection, found: list[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """The same partners, those that were joined into another as that one; each once."""
    whole: dict[int, tuple[int, str, str]] = {}
    for row in found:
        kept = conn.execute(
            "SELECT k.id, k.code, k.name FROM partners p JOIN partners k ON k.id = p.joined_into WHERE p.id = ?",
            (row[0],),
        ).fetchone()
        survivor = kept or row
        whole[survivor[0]] = survivor
    return list(whole.values())


def values(
    conn: sqlite3.Connection, ids: Sequence[int]
) -> dict[int, tuple[dict[str, Any], dict[str, Any], Source | None]]:
    """The built-in fields, the custom fields and the source of partners, by their id."""
    listed = ", ".join(_NO_TIME.get(key, f"p.{key}") for key in FIELDS)
    rows = conn.execute(
        f"SELECT p.id, p.custom, s.file, s.sheet, p.row, {listed} FROM partners p"
        " LEFT JOIN sources s ON s.id = p.source_id WHERE p.id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    types = _types(conn)
    return {
        row[0]: (
            {key: _value(kind, v) for (key, (_, kind)), v in zip(FIELDS.items(), row[5:], strict=True)},
            {key: _value(types.get(f"custom.{key}", "text"), v) for key, v in json.loads(row[1]).items()},
            Source(row[2], row[3], row[4]) if row[2] is not None and row[4] is not None else None,
        )
        for row in rows
    }


def get(conn: sqlite3.Connection, partner_id: int, as_of: date) -> Partner | None:
    """One partner whole, or None."""
    found = values(conn, [partner_id]).get(partner_id)
    if found is None:
        return None
    fields, custom, source = found
    held = holds.hold(conn, partner_id)
    labels = dict(conn.execute("SELECT key, label FROM fields WHERE tbl = 'partner' ORDER BY ord, id").fetchall())
    return Partner(
        id=partner_id,
        code=str(fields["code"]),
        name=str(fields["name"]),
        fields=fields,
        custom={key: custom[key] for key in [*labels, *(k for k in custom if k not in labels)] if key in custom},
        labels=labels,
        keys=tuple(
            conn.execute(
                "SELECT system, key FROM partner_keys WHERE partner_id = ? ORDER BY system", (partner_id,)
            ).fetchall()
        ),
        tags=tuple(
            tag for (tag,) in conn.execute("SELECT tag FROM tags WHERE partner_id = ? ORDER BY tag", (partner_id,))
        ),
        source=source,
        counts=_counts(conn, partner_id, as_of),
        hold=held.text if held else "",
    )


def _counts(conn: sqlite3.Connection, partner_id: int, as_of: date) -> dict[str, int]:
    return dict(
        conn.execute(
            "SELECT 'activities', count(*) FROM activities WHERE partner_id = :id AND occurred_on <= :as_of"
            " AND superseded_at IS NULL"
            " UNION ALL SELECT 'contacts', count(*) FROM contacts WHERE partner_id = :id"
            " UNION ALL SELECT 'records', count(*) FROM records WHERE partner_id = :id"
            " UNION ALL SELECT 'cases', count(*) FROM cases WHERE partner_id = :id AND state = 'open' AND NOT restricted",
            {"id": partner_id, "as_of": as_of.isoformat()},
        ).fetchall()
    )


def next_code(conn: sqlite3.Connection) -> str:
    """A free code for a partner added by hand: P1, P2 and so on."""
    (highest,) = conn.execute(
        "SELECT max(CAST(substr(code, 2) AS INTEGER)) FROM partners WHERE code GLOB 'P[0-9]*'"
    ).fetchone()
    return f"P{(highest or 0) + 1}"


def add(change: Change, fields: Mapping[str, Any], custom: Mapping[str, Any]) -> int:
    """A new partner; `fields` holds values as stored. AlreadyThere, from the change, when the code is taken."""
    keys = list(fields)
    cursor = change.conn.execute(
        f"INSERT INTO partners({', '.join(keys)}, custom, name_key, search, change_id)"
        f" VALUES ({', '.join('?' * len(keys))}, ?, '', '', ?)",
        (*fields.values(), json.dumps(dict(custom), ensure_ascii=False, sort_keys=True), change.id),
    )
    assert cursor.lastrowid is not None
    words.refresh(change.conn, "id = ?", (cursor.lastrowid,))
    return cursor.lastrowid


def edit(change: Change, partner_id: int, fields: Mapping[str, Any], custom: Mapping[str, Any]) -> None:
    """Set fields of a partner; a custom value of None is taken away."""
    for key, value in fields.items():
        change.conn.execute(
            f"UPDATE partners SET {key} = :value WHERE id = :id AND {key} IS NOT :value",
            {"value": value, "id": partner_id},
        )
    if custom:
        (before,) = change.conn.execute("SELECT custom FROM partners WHERE id = ?", (partner_id,)).fetchone()
        values = {**json.loads(before), **custom}
        after = json.dumps({k: v for k, v in values.items() if v is not None}, ensure_ascii=False, sort_keys=True)
        change.conn.execute(
            "UPDATE partners SET custom = :after WHERE id = :id AND custom IS NOT :after",
            {"after": after, "id": partner_id},
        )
    words.refresh(change.conn, "id = ?", (partner_id,))
