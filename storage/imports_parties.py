"""Sheets of partners and of people: matched by key, else by name; only what this feed changed is taken.

A feed remembers the last row it brought for each key (feed_rows). A cell that has not changed since says
nothing, so that sending last month's sheet again cannot bring old values back over later edits.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from prm_tui.domain.errors import DecisionNeeded
from prm_tui.domain.exchange import CellChange, SheetReport
from prm_tui.domain.mapping import PARTNER_TARGETS, PEOPLE_TARGETS, ColumnPlan, SheetPlan
from storage import imports, partners, words
from storage.store import Change

SAMPLED = 500


@dataclass(frozen=True)
class _Noun:
    table: str
    key: str
    targets: tuple[str, ...]


_NOUNS = {
    "partners": _Noun("partners", "code", PARTNER_TARGETS),
    "people": _Noun("people", "key", PEOPLE_TARGETS),
}


def apply(change: Change, plan: SheetPlan, *, prefer: str | None) -> SheetReport:
    """Write what a sheet of partners or people brings.

    `prefer` decides cells changed on both sides: "ours", "theirs", or None, which raises DecisionNeeded
    naming the first of them.
    """
    conn, noun, report = change.conn, _NOUNS[plan.noun], SheetReport(plan)
    _refuse(conn, plan, noun, report)
    if plan.noun == "partners":
        _managers(change, plan)
    feed = imports.find_feed(conn, plan)
    _gather(conn, plan, noun, feed)
    counts = dict(conn.execute("SELECT state, count(*) FROM temp.incoming GROUP BY state").fetchall())
    report.new, report.same, report.lines = counts.get("new", 0), counts.get("same", 0), sum(counts.values())
    if counts.get("new") or counts.get("known"):
        feed = imports.feed(change, plan)
        source = imports.source(change, plan, feed)
        if plan.noun == "partners":
            imports.register_fields(change, "partner", "", imports.keys_apart(plan))
        else:
            imports.register_fields(change, "person", "", imports.keys_apart(plan))
        _insert(change, plan, noun, source)
        _merge(change, plan, noun, report, prefer)
        _remember(change, noun, feed, source)
    conn.execute("DROP TABLE temp.incoming")
    return report


def _refuse(conn: sqlite3.Connection, plan: SheetPlan, noun: _Noun, report: SheetReport) -> None:
    name, key = plan.column("name"), plan.column(noun.key)
    assert name is not None
    report.refused += imports.refusals(conn, plan, name, f"{imports.text_of(name)} IS NULL", "no name")
    report.refused += imports.refusals(conn, plan, name, f"{imports.text_of(name)} = ''", "no name")
    if key:
        value = imports.text_of(key)
        report.refused += imports.refusals(conn, plan, key, f"r.c{key.pos} IS NULL", f"no {noun.key}")
        report.refused += imports.refusals(
            conn,
            plan,
            key,
            f"EXISTS (SELECT 1 FROM st.{plan.table} o WHERE o.row < r.row AND trimmed(CAST(o.c{key.pos} AS TEXT))"
            f" = {value})"
            if _repeats(conn, plan, key)
            else "0",
            f"this {noun.key} stands in an earlier row already",
        )
    rows = {refused.row: refused for refused in reversed(report.refused)}
    report.refused = [rows[row] for row in sorted(rows)]
    conn.execute("DROP TABLE IF EXISTS temp.refused")
    conn.execute("CREATE TEMP TABLE refused(row INTEGER PRIMARY KEY)")
    conn.executemany("INSERT INTO refused VALUES (?)", [(row,) for row in rows])


def _repeats(conn: sqlite3.Connection, plan: SheetPlan, key: ColumnPlan) -> bool:
    row = conn.execute(
        f"SELECT count(r.c{key.pos}) > count(DISTINCT {imports.text_of(key)}) FROM st.{plan.table} r"
    ).fetchone()
    return bool(row[0])


def _managers(change: Change, plan: SheetPlan) -> None:
    """People named as managers that nobody knows yet are added."""
    column = plan.column("manager")
    if column:
        change.conn.execute(
            "INSERT INTO people(name, name_key, change_id)"
            f" SELECT {imports.text_of(column)} AS said, name_key({imports.text_of(column)}) AS k, ?"
            f" FROM st.{plan.table} r WHERE r.c{column.pos} IS NOT NULL AND NOT EXISTS"
            f" (SELECT 1 FROM main.people p WHERE p.name_key = name_key({imports.text_of(column)})) GROUP BY k",
            (change.id,),
        )


def _field(plan: SheetPlan, target: str) -> str:
    column = plan.column(target)
    if column is None:
        return "NULL"
    if target == "joined_on":
        return f"CASE WHEN {imports.is_day(column)} THEN substr(r.c{column.pos}, 1, 10) END"
    if target == "manager":
        return f"(SELECT id FROM main.people p WHERE p.name_key = name_key({imports.text_of(column)}) LIMIT 1)"
    return f"nullif({imports.text_of(column)}, '')"


def _gather(conn: sqlite3.Connection, plan: SheetPlan, noun: _Noun, feed: int | None) -> None:
    """temp.incoming: one line a row, with its cells as JSON, the row it matches, and its state.

    new: nothing matches; same: the feed brought exactly this before; known: to be compared cell by cell.
    """
    mapped = [t for t in noun.targets if plan.column(t)]
    pairs = ", ".join(f"'{t}', {_field(plan, t)}" for t in mapped)
    others = [c for c in plan.columns if c.target.startswith("key:")]
    keys = ", ".join(f"'{c.target[4:]}', nullif({imports.text_of(c)}, '')" for c in others)
    data = imports.data_of(imports.keys_apart(plan))
    key = _field(plan, noun.key) if plan.column(noun.key) else "NULL"
    conn.execute("DROP TABLE IF EXISTS temp.incoming")
    conn.execute(
        "CREATE TEMP TABLE incoming AS SELECT row, said, name, cells, CASE WHEN said IS NOT NULL THEN said"
        " ELSE 'name ' || name_key(name) || ' ' || row_number() OVER (PARTITION BY name_key(name) ORDER BY row)"
        " END AS key, NULL AS id, 'new' AS state FROM"
        f" (SELECT r.row AS row, {key} AS said, {_field(plan, 'name')} AS name,"
        f" json_patch(json_object({pairs}), json_object('keys', json_object({keys}), 'custom', json({data}))) AS cells"
        f" FROM st.{plan.table} r WHERE r.row NOT IN (SELECT row FROM temp.refused))"
    )
    conn.execute(
        "UPDATE temp.incoming SET id = f.row_id,"
        " state = CASE WHEN f.cells = incoming.cells THEN 'same' ELSE 'known' END"
        " FROM main.feed_rows f WHERE f.feed_id = ? AND f.key = incoming.key"
        f" AND EXISTS (SELECT 1 FROM main.{noun.table} t WHERE t.id = f.row_id)",
        (feed,),
    )
    conn.execute(
        f"UPDATE temp.incoming SET id = t.id, state = 'known' FROM main.{noun.table} t"
        f" WHERE incoming.id IS NULL AND t.{noun.key} = incoming.said"
    )
    for column in others:
        conn.execute(
            "UPDATE temp.incoming SET id = k.partner_id, state = 'known' FROM main.partner_keys k"
            " WHERE incoming.id IS NULL AND k.system = ?"
            f" AND k.key = json_extract(cells, '$.keys.{column.target[4:]}')",
            (column.target[4:],),
        )
    # Without a key of its own, a row is the only one of its name in the file, if that is in the sheet once.
    unkeyed = "(incoming.said IS NULL OR t.key IS NULL)" if noun.table == "people" else "incoming.said IS NULL"
    conn.execute(
        f"UPDATE temp.incoming SET id = t.id, state = 'known' FROM main.{noun.table} t WHERE incoming.id IS NULL"
        f" AND {unkeyed} AND t.name_key = name_key(incoming.name)"
        f" AND (SELECT count(*) FROM main.{noun.table} o WHERE o.name_key = t.name_key) = 1"
        " AND (SELECT count(*) FROM temp.incoming o WHERE name_key(o.name) = t.name_key) = 1"
    )


def _insert(change: Change, plan: SheetPlan, noun: _Noun, source: int) -> None:
    conn = change.conn
    conn.execute(
        "UPDATE temp.incoming SET id = ? + c.n FROM (SELECT rowid AS r, row_number() OVER (ORDER BY row) AS n"
        " FROM temp.incoming WHERE state = 'new') c WHERE incoming.rowid = c.r",
        (imports.last_id(conn, noun.table),),
    )
    mapped = [t for t in noun.targets if plan.column(t) and t != noun.key]
    read = ", ".join(f"json_extract(cells, '$.{t}') AS {t}" for t in mapped)
    listed = ", ".join(mapped)
    parameters = {"source": source, "change": change.id, "next": _next_code(conn)}
    if noun.table == "partners":
        missing = {t: "NULL AS " + t for t in ("type", "tier", "territory", "country", "industry") if t not in mapped}
        code = "coalesce(said, 'P' || (:next + row_number() OVER (ORDER BY row)))"
        inner = (
            f"SELECT id, {code} AS code, {read}, {''.join(m + ', ' for m in missing.values())}"
            " json_extract(cells, '$.custom') AS custom, row FROM temp.incoming WHERE state = 'new'"
        )
        conn.execute(
            f"INSERT INTO partners(id, code, {listed}, custom, name_key, search, source_id, row, change_id)"
            f" SELECT id, code, {listed}, custom, name_key(name), {words.SEARCH}, :source, row, :change"
            f" FROM ({inner}) ORDER BY id",
            parameters,
        )
        conn.execute(
            "INSERT INTO partner_keys(partner_id, system, key, change_id)"
            " SELECT i.id, j.key, j.value, :change FROM temp.incoming i, json_each(i.cells, '$.keys') j"
            " WHERE i.state = 'new' AND j.value IS NOT NULL ORDER BY i.id ON CONFLICT (system, key) DO NOTHING",
            parameters,
        )
    else:
        conn.execute(
            f"INSERT INTO people(id, key, {listed}, custom, name_key, source_id, row, change_id)"
            f" SELECT id, said, {listed}, json_extract(cells, '$.custom'), name_key(name), :source, row, :change"
            f" FROM (SELECT id, said, {read}, cells, row FROM temp.incoming WHERE state = 'new') ORDER BY id",
            parameters,
        )


def _next_code(conn: sqlite3.Connection) -> int:
    return int(partners.next_code(conn)[1:]) - 1


def _merge(change: Change, plan: SheetPlan, noun: _Noun, report: SheetReport, prefer: str | None) -> None:
    """Compare rows that are known, cell by cell: the feed's last row, this row, and the file now."""
    headers = {c.target: c.header for c in plan.columns}
    for row, row_id, name, after, before in change.conn.execute(
        "SELECT i.row, i.id, i.name, i.cells, (SELECT f.cells FROM feed_rows f JOIN feeds d ON d.id = f.feed_id"
        " WHERE f.key = i.key AND f.row_id = i.id AND f.tbl = ? AND d.source = ?)"
        " FROM temp.incoming i WHERE i.state = 'known'",
        (noun.table, f"{plan.sheet} ({plan.header_hash[:6]})"),
    ).fetchall():
        ours = _now(change.conn, noun, row_id)
        changed = False
        for field, value in _flat(json.loads(after)).items():
            last = _flat(json.loads(before)) if before else None
            if value is None or (last is not None and last.get(field) == value) or ours.get(field) == value:
                continue
            conflict = last is not None and ours.get(field) != last.get(field)
            report.conflicts += conflict
            if conflict and prefer is None:
                raise DecisionNeeded(
                    f"{plan.file}: {plan.sheet} row {row}, {headers.get(field, field)} of {name}: changed to"
                    f" “{value}” there and to “{ours.get(field)}” here. Say whose counts: --theirs, or --ours"
                )
            if len(report.cells) < SAMPLED:
                report.cells.append(CellChange(row, name, field, ours.get(field), value, conflict))
            if not conflict or prefer == "theirs":
                changed = True
                _set(change, noun, row_id, field, value)
        if changed:
            report.changed += 1
            if noun.table == "partners":
                words.refresh(change.conn, "id = ?", (row_id,))
        else:
            report.same += 1


def _flat(cells: dict[str, Any]) -> dict[str, Any]:
    flat = {k: v for k, v in cells.items() if k not in ("custom", "keys", "code", "key")}
    return flat | {f"custom.{k}": v for k, v in cells.get("custom", {}).items()}


def _now(conn: sqlite3.Connection, noun: _Noun, row_id: int) -> dict[str, Any]:
    targets = [t for t in noun.targets if t != noun.key]
    row = conn.execute(f"SELECT custom, {', '.join(targets)} FROM {noun.table} WHERE id = ?", (row_id,)).fetchone()
    now = dict(zip(targets, row[1:], strict=True))
    return now | {f"custom.{k}": v for k, v in json.loads(row[0]).items()}


def _set(change: Change, noun: _Noun, row_id: int, field: str, value: Any) -> None:
    if field.startswith("custom."):
        (custom,) = change.conn.execute(f"SELECT custom FROM {noun.table} WHERE id = ?", (row_id,)).fetchone()
        text = json.dumps({**json.loads(custom), field[7:]: value}, ensure_ascii=False, sort_keys=True)
        change.conn.execute(f"UPDATE {noun.table} SET custom = ? WHERE id = ?", (text, row_id))
    else:
        change.conn.execute(f"UPDATE {noun.table} SET {field} = ? WHERE id = ?", (value, row_id))


def _remember(change: Change, noun: _Noun, feed: int, source: int) -> None:
    change.conn.execute(
        "INSERT INTO feed_rows(feed_id, key, row_hash, cells, tbl, row_id, source_id, row, change_id)"
        " SELECT :feed, key, '', cells, :tbl, id, :source, row, :change FROM temp.incoming"
        " WHERE state <> 'same' ORDER BY row ON CONFLICT (feed_id, key) DO UPDATE SET cells = excluded.cells,"
        " row_id = excluded.row_id, source_id = excluded.source_id, row = excluded.row"
        " WHERE feed_rows.cells IS NOT excluded.cells OR feed_rows.row_id IS NOT excluded.row_id",
        {"feed": feed, "tbl": noun.table, "source": source, "change": change.id},
    )
