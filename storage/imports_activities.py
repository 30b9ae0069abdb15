"""Sheets of activities: rows to partners, rows that belong together to one activity, known ones left alone."""

from __future__ import annotations

import hashlib
import sqlite3

from prm_tui.domain.exchange import SheetReport
from prm_tui.domain.mapping import ColumnPlan, SheetPlan
from storage import imports
from storage.store import Change


def apply(change: Change, plan: SheetPlan) -> SheetReport:
    """Write what a sheet of activities brings; rows that cannot be taken are in the report.

    Rows that share reference, partner and date are one activity with lines. An activity that is there with
    the same content is left alone; one with the same reference and other content is superseded. Rows
    without a reference are told apart by content and by how often that content occurs.
    """
    conn = change.conn
    report = SheetReport(plan)
    _match(conn, plan)
    _refuse(conn, plan, report)
    _gather(conn, plan)
    report.new, report.changed, report.same, report.lines, amount = conn.execute(
        "SELECT coalesce(sum(state = 'new'), 0), coalesce(sum(state = 'changed'), 0),"
        " coalesce(sum(state = 'same'), 0), coalesce(sum(n), 0), sum(amount) FROM temp.incoming"
    ).fetchone()
    report.amount = amount or 0
    if report.new or report.changed:
        _write(change, plan)
    for table in ("matched", "incoming"):
        conn.execute(f"DROP TABLE temp.{table}")
    return report


def _needed(plan: SheetPlan, target: str) -> ColumnPlan:
    column = plan.column(target)
    assert column is not None, target
    return column


def _match(conn: sqlite3.Connection, plan: SheetPlan) -> None:
    """temp.matched: every value of the partner column with the partner it means."""
    column = _needed(plan, "partner")
    value = imports.text_of(column)
    conn.execute("DROP TABLE IF EXISTS temp.matched")
    conn.execute(
        "CREATE TEMP TABLE matched AS SELECT v.raw, coalesce("
        " (SELECT id FROM main.partners p WHERE p.code = v.said),"
        " (SELECT partner_id FROM main.partner_keys k WHERE k.key = v.said"
        "  GROUP BY k.key HAVING count(DISTINCT partner_id) = 1),"
        " (SELECT id FROM main.partners p WHERE p.name_key = name_key(v.said)"
        "  GROUP BY p.name_key HAVING count(*) = 1)) AS partner_id"
        f" FROM (SELECT r.c{column.pos} AS raw, {value} AS said FROM st.{plan.table} r"
        f" WHERE r.c{column.pos} IS NOT NULL GROUP BY r.c{column.pos}) v"
    )
    conn.execute("CREATE INDEX temp.matched_raw ON matched(raw)")


def _refuse(conn: sqlite3.Connection, plan: SheetPlan, report: SheetReport) -> None:
    partner, on = _needed(plan, "partner"), _needed(plan, "occurred_on")
    report.refused += imports.refusals(conn, plan, partner, f"r.c{partner.pos} IS NULL", "no partner is named")
    report.refused += imports.refusals(
        conn,
        plan,
        partner,
        f"r.c{partner.pos} IN (SELECT raw FROM temp.matched WHERE partner_id IS NULL)",
        "no partner is known by this key or name, or several are",
    )
    report.refused += imports.refusals(
        conn, plan, on, f"NOT coalesce({imports.is_day(on)}, 0)", "not a date, and no row is dated by guess"
    )
    for target in ("amount", "quantity"):
        column = plan.column(target)
        if column:
            test = f"r.c{column.pos} IS NOT NULL AND typeof(r.c{column.pos}) NOT IN ('integer', 'real')"
            report.refused += imports.refusals(conn, plan, column, test, "not a number")
    rows = {refused.row: refused for refused in reversed(report.refused)}
    report.refused = [rows[row] for row in sorted(rows)]
    conn.execute("DROP TABLE IF EXISTS temp.refused")
    conn.execute("CREATE TEMP TABLE refused(row INTEGER PRIMARY KEY)")
    conn.executemany("INSERT INTO refused VALUES (?)", [(row,) for row in rows])


def _gather(conn: sqlite3.Connection, plan: SheetPlan) -> None:
    """temp.incoming: one row an activity, with its content as a hash, and whether it is new."""
    ref, amount = plan.column("ref"), plan.column("amount")
    quantity, person = plan.column("quantity"), plan.column("person")
    conn.create_aggregate("digest", 2, _Digest)  # type: ignore[arg-type]  # typeshed's protocol wants ints
    said_ref = imports.text_of(ref) if ref else "NULL"
    group = "partner_id, ref, on_day, CASE WHEN ref IS NULL THEN r_row END" if plan.lines else "r_row"
    content = ", ".join(f"r.c{c.pos}" for c in plan.columns if c.target != "skip")
    person_sql = "NULL"
    if person:
        said = imports.text_of(person)
        person_sql = (
            f"(SELECT id FROM main.people WHERE key = {said} OR name_key = name_key({said}) ORDER BY key LIMIT 1)"
        )
    conn.execute("DROP TABLE IF EXISTS temp.incoming")
    conn.execute(
        "CREATE TEMP TABLE incoming AS SELECT min(r_row) AS row, count(*) AS n, partner_id, ref, on_day,"
        " sum(amount) AS amount, sum(quantity) AS quantity, digest(r_row, content) AS hash,"
        " 'new' AS state, NULL AS old_id, 0 AS id, 0 AS nth"
        " FROM (SELECT r.row AS r_row, m.partner_id,"
        f" {said_ref} AS ref, substr(r.c{_needed(plan, 'occurred_on').pos}, 1, 10) AS on_day,"
        f" {imports.units_of(amount) if amount else 'NULL'} AS amount,"
        f" {imports.units_of(quantity) if quantity else 'NULL'} AS quantity, json_array({content}) AS content"
        f" FROM st.{plan.table} r JOIN temp.matched m ON m.raw = r.c{_needed(plan, 'partner').pos}"
        f" WHERE r.row NOT IN (SELECT row FROM temp.refused)) GROUP BY {group}"
    )
    conn.execute("ALTER TABLE temp.incoming ADD COLUMN person_id")
    if person:
        conn.execute(
            f"UPDATE temp.incoming SET person_id = (SELECT {person_sql} FROM st.{plan.table} r"
            " WHERE r.row = incoming.row)"
        )
    _compare(conn, plan)


def _compare(conn: sqlite3.Connection, plan: SheetPlan) -> None:
    conn.execute(
        "UPDATE temp.incoming SET old_id = a.id, state = CASE WHEN a.row_hash IS hash THEN 'same' ELSE 'changed' END"
        " FROM main.activities a WHERE incoming.ref IS NOT NULL AND a.partner_id = incoming.partner_id"
        " AND a.kind = ? AND a.ref = incoming.ref AND a.occurred_on = incoming.on_day AND a.superseded_at IS NULL",
        (plan.kind,),
    )
    # Without a reference the n-th row of one content is the n-th such activity that is there.
    conn.execute(
        "UPDATE temp.incoming SET nth = c.nth FROM (SELECT rowid AS id, row_number() OVER"
        " (PARTITION BY partner_id, on_day, hash ORDER BY row) AS nth FROM temp.incoming WHERE ref IS NULL) c"
        " WHERE incoming.rowid = c.id"
    )
    conn.execute(
        "UPDATE temp.incoming SET state = 'same' WHERE ref IS NULL AND nth <= (SELECT count(*)"
        " FROM main.activities a WHERE a.partner_id = incoming.partner_id AND a.kind = ? AND a.ref IS NULL"
        " AND a.occurred_on = incoming.on_day AND a.row_hash = incoming.hash AND a.superseded_at IS NULL)",
        (plan.kind,),
    )


def _write(change: Change, plan: SheetPlan) -> None:
    conn = change.conn
    feed = imports.feed(change, plan)
    source = imports.source(change, plan, feed)
    conn.execute(
        "UPDATE temp.incoming SET id = ? + c.n FROM (SELECT rowid AS r, row_number() OVER"
        " (ORDER BY partner_id, on_day, row) AS n FROM temp.incoming WHERE state <> 'same') c"
        " WHERE incoming.rowid = c.r",
        (imports.last_id(conn, "activities"),),
    )
    conn.execute(
        "UPDATE activities SET superseded_at = ?, superseded_by = i.id FROM temp.incoming i"
        " WHERE i.state = 'changed' AND activities.id = i.old_id",
        (change.at,),
    )
    imports.register_fields(change, "line" if plan.lines else "activity", plan.kind or "", imports.keys_apart(plan))
    currency, note = plan.column("currency"), plan.column("note")
    data = imports.data_of(imports.keys_apart(plan))
    own_data = f"CASE WHEN i.ref IS NULL THEN {data} ELSE '{{}}' END" if plan.lines else data
    lines = "CASE WHEN i.ref IS NULL THEN 0 ELSE i.n END" if plan.lines else "0"
    conn.execute(
        "INSERT INTO activities(id, partner_id, kind, occurred_on, learned_at, amount, currency, quantity, ref,"
        " note, data, lines, person_id, source_id, row, row_hash, change_id)"
        f" SELECT i.id, i.partner_id, :kind, i.on_day, :at, i.amount,"
        f" {imports.text_of(currency) if currency else 'NULL'}, i.quantity, i.ref,"
        f" {imports.text_of(note) if note else 'NULL'}, {own_data},"
        f" {lines}, i.person_id, :source, i.row, i.hash, :change"
        f" FROM temp.incoming i JOIN st.{plan.table} r ON r.row = i.row WHERE i.state <> 'same' ORDER BY i.id",
        {"kind": plan.kind, "at": change.at, "source": source, "change": change.id},
    )
    if plan.lines:
        _write_lines(change, plan, source, data)
    conn.execute(
        "UPDATE feeds SET newest = max(coalesce(newest, ''), (SELECT max(on_day) FROM temp.incoming)) WHERE id = ?",
        (feed,),
    )


def _write_lines(change: Change, plan: SheetPlan, source: int, data: str) -> None:
    ref, partner, on = (_needed(plan, target) for target in ("ref", "partner", "occurred_on"))
    amount, quantity = plan.column("amount"), plan.column("quantity")
    conn = change.conn
    conn.execute("CREATE INDEX temp.incoming_ref ON incoming(partner_id, ref, on_day)")
    conn.execute(
        "INSERT INTO activity_lines(activity_id, n, amount, quantity, data, source_id, row, change_id)"
        " SELECT i.id, row_number() OVER (PARTITION BY i.id ORDER BY r.row),"
        f" {imports.units_of(amount) if amount else 'NULL'}, {imports.units_of(quantity) if quantity else 'NULL'},"
        f" {data}, :source, r.row, :change FROM st.{plan.table} r JOIN temp.matched m ON m.raw = r.c{partner.pos}"
        f" JOIN temp.incoming i ON i.partner_id = m.partner_id AND i.ref = {imports.text_of(ref)}"
        f" AND i.on_day = substr(r.c{on.pos}, 1, 10)"
        " WHERE i.state <> 'same' AND r.row NOT IN (SELECT row FROM temp.refused) ORDER BY i.id, r.row",
        {"source": source, "change": change.id},
    )


class _Digest:
    """SQL aggregate: a hash of the rows of a group, whatever order they come in."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str]] = []

    def step(self, row: int, content: str) -> None:
        self.rows.append((row, content))

    def finalize(self) -> str:
        self.rows.sort()
        joined = "\n".join(content for _, content in self.rows)
        return hashlib.blake2b(joined.encode(), digest_size=12).hexdigest()
