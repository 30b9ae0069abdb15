"""Sheets of activities: rows to partners, rows that belong together to one activity, known ones left alone."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import datetime
from zoneinfo import ZoneInfo

from prm_tui.domain.exchange import Choices, SheetReport
from prm_tui.domain.mapping import ColumnPlan, SheetPlan
from storage import imports, imports_old, ledger, matching
from storage.store import Change


def apply(change: Change, plan: SheetPlan, choices: Choices) -> SheetReport:
    """Write what a sheet of activities brings; rows that cannot be taken are in the report.

    Rows that share reference, partner and date are one activity with lines. An activity that is there with
    the same content is left alone; one with the same reference and other content is superseded. Rows
    without a reference are told apart by content and by how often that content occurs. Of the period the
    sheet is complete for, what it no longer holds is withdrawn.
    """
    conn = change.conn
    report = SheetReport(plan)
    imports.begin_refusing(conn)
    imports.refuse_values(conn, plan, report)
    ledger.refuse(conn, plan, report)
    matching.match(change, plan, choices, report)
    matching.refuse(conn, plan, report)
    report.refused.sort(key=lambda refused: refused.row)
    feed = imports.find_feed(conn, plan)
    covered, again = imports.covered(conn, feed), imports_old.read_before(conn, plan, feed)
    _gather(conn, plan)
    ledger.restated(conn, plan)
    imports_old.refuse_twice(conn, plan)
    _ahead(change, report)
    if feed is not None:
        imports_old.decide(change, plan, feed, choices, again, report)
    _keep_to_mode(conn, choices, report)
    report.new, report.changed, report.same, report.lines, amount = conn.execute(
        "SELECT coalesce(sum(state = 'new'), 0), coalesce(sum(state = 'changed'), 0),"
        " coalesce(sum(state = 'same'), 0), coalesce(sum(n), 0), sum(amount) FROM temp.incoming"
    ).fetchone()
    report.amount = amount or 0
    _withdraw(change, plan, choices, again, report)
    if report.new or report.changed:
        _write(change, plan, choices, report)
    elif report.withdrawn or (choices.covered_to and report.same):
        imports.source(change, plan, imports.feed(change, plan), report)
    if report.new or report.changed or report.withdrawn:
        ledger.book(change, plan.kind)
    imports.cover(change, imports.find_feed(conn, plan), choices, covered)
    for table in ("matched", "incoming"):
        conn.execute(f"DROP TABLE temp.{table}")
    return report


def _ahead(change: Change, report: SheetReport) -> None:
    """Say which rows are dated after today, anywhere on earth: planned or mistyped, they count from their day on."""
    many, row, day = change.conn.execute(
        "SELECT count(*), min(row), on_day FROM temp.incoming WHERE on_day > date(?, 'unixepoch', '+14 hours')",
        (change.at,),
    ).fetchone()
    if many:
        rows = "1 row is" if many == 1 else f"{many:,} rows are"
        report.notes.append(f"{rows} dated in the future (row {row:,}, {day}); no rule counts that before its day")


def _needed(plan: SheetPlan, target: str) -> ColumnPlan:
    column = plan.column(target)
    assert column is not None, target
    return column


def _keep_to_mode(conn: sqlite3.Connection, choices: Choices, report: SheetReport) -> None:
    state = {"create": "changed", "update": "new"}.get(choices.mode)
    if state:
        report.left = conn.execute("DELETE FROM temp.incoming WHERE state = ?", (state,)).rowcount


def _withdraw(
    change: Change, plan: SheetPlan, choices: Choices, again: imports_old.Before | None, report: SheetReport
) -> None:
    """What the feed brought for the period and the sheet no longer holds ends here, if the sheet is complete for it.

    A sheet that was read before cannot know what newer ones brought: that stays.
    """
    feed = imports.find_feed(change.conn, plan)
    if choices.complete_for is None or feed is None:
        return
    first, last = choices.complete_for
    gone = (
        "kind = :kind AND superseded_at IS NULL AND occurred_on BETWEEN :first AND :last"
        " AND source_id IN (SELECT id FROM sources WHERE feed_id = :feed AND id <= :until)"
        " AND id NOT IN (SELECT old_id FROM temp.incoming WHERE old_id IS NOT NULL)"
    )
    until = again[0] if again else imports.last_id(change.conn, "sources")
    parameters = {
        "kind": plan.kind, "first": first.isoformat(), "last": last.isoformat(), "feed": feed, "until": until,
    }  # fmt: skip
    for partner, on, ref, amount in change.conn.execute(
        "SELECT (SELECT name FROM partners p WHERE p.id = partner_id), occurred_on, ref, amount FROM activities"
        f" WHERE {gone} ORDER BY occurred_on, id LIMIT 20",
        parameters,
    ):
        said = "" if amount is None else f", {amount / 10000:,.2f}"
        report.notes.append(f"withdrawn: {partner}, {on}{f', {ref}' if ref else ''}{said}")
    report.withdrawn = change.conn.execute(
        f"UPDATE activities SET superseded_at = :at WHERE {gone}", {**parameters, "at": change.at}
    ).rowcount


def _gather(conn: sqlite3.Connection, plan: SheetPlan) -> None:
    """temp.incoming: one row an activity, with its content as a hash, and whether it is new."""
    ref, amount = plan.column("ref"), plan.column("amount")
    quantity, person = plan.column("quantity"), plan.column("person")
    conn.create_aggregate("digest", 2, _Digest)  # type: ignore[arg-type]  # typeshed's protocol wants ints
    said_ref = imports.text_of(ref) if ref else "NULL"
    group = "partner_id, ref, on_day, CASE WHEN ref IS NULL THEN r_row END" if plan.lines else "r_row"
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
        f" {imports.units_of(quantity) if quantity else 'NULL'} AS quantity, {imports.content_of(plan.columns)} AS content"
        f" FROM st.{plan.table} r JOIN temp.matched m ON m.raw = r.c{_needed(plan, 'partner').pos}"
        f" WHERE r.row NOT IN (SELECT row FROM temp.settled)) GROUP BY {group}"
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
        "CREATE TEMP TABLE there AS SELECT id, partner_id, occurred_on, row_hash, row_number() OVER"
        " (PARTITION BY partner_id, occurred_on, row_hash ORDER BY id) AS nth FROM main.activities"
        " WHERE kind = ? AND ref IS NULL AND superseded_at IS NULL AND partner_id IN"
        " (SELECT partner_id FROM temp.incoming WHERE ref IS NULL)",
        (plan.kind,),
    )
    conn.execute("CREATE INDEX temp.there_row ON there(partner_id, row_hash, occurred_on, nth)")
    conn.execute(
        "UPDATE temp.incoming SET state = 'same', old_id = a.id FROM temp.there a"
        " WHERE incoming.ref IS NULL AND a.partner_id = incoming.partner_id AND a.occurred_on = incoming.on_day"
        " AND a.row_hash = incoming.hash AND a.nth = incoming.nth"
    )
    conn.execute("DROP TABLE temp.there")
    # What was corrected here since, its day or reference too, is still what this row of the sheet became.
    conn.execute(
        "UPDATE temp.incoming SET old_id = (WITH RECURSIVE later(id) AS (SELECT a.superseded_by FROM main.activities a"
        " WHERE a.partner_id = incoming.partner_id AND a.kind = :kind AND a.occurred_on = incoming.on_day"
        " AND a.row_hash = incoming.hash AND a.superseded_by IS NOT NULL UNION SELECT b.superseded_by FROM later"
        " JOIN main.activities b ON b.id = later.id WHERE b.superseded_by IS NOT NULL)"
        " SELECT c.id FROM later JOIN main.activities c ON c.id = later.id WHERE c.superseded_at IS NULL"
        " AND c.row_hash = incoming.hash AND c.id NOT IN (SELECT old_id FROM temp.incoming WHERE old_id IS NOT NULL)"
        " LIMIT 1) WHERE state = 'new'",
        {"kind": plan.kind},
    )
    conn.execute("UPDATE temp.incoming SET state = 'same' WHERE state = 'new' AND old_id IS NOT NULL")


def _write(change: Change, plan: SheetPlan, choices: Choices, report: SheetReport) -> None:
    conn = change.conn
    feed = imports.feed(change, plan)
    source = imports.source(change, plan, feed, report)
    if report.partners_created:
        matching.make(change, plan, source)
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
    moment = _moment(conn, _needed(plan, "occurred_on").pos)
    data = imports.data_of(conn, plan)
    own_data = f"CASE WHEN i.ref IS NULL THEN {data} ELSE '{{}}' END" if plan.lines else data
    lines = "CASE WHEN i.ref IS NULL THEN 0 ELSE i.n END" if plan.lines else "0"
    conn.execute(
        "INSERT INTO activities(id, partner_id, kind, occurred_on, occurred_at, learned_at, amount, currency, quantity, ref,"
        " note, data, lines, person_id, source_id, row, row_hash, change_id)"
        f" SELECT i.id, i.partner_id, :kind, i.on_day, {moment}, :at, i.amount,"
        f" {imports.text_of(currency) if currency else 'CASE WHEN i.amount IS NOT NULL THEN :currency END'},"
        " i.quantity, i.ref,"
        f" {imports.text_of(note) if note else 'NULL'}, {own_data},"
        f" {lines}, i.person_id, :source, i.row, i.hash, :change"
        f" FROM temp.incoming i JOIN st.{plan.table} r ON r.row = i.row WHERE i.state <> 'same' ORDER BY i.id",
        {
            "kind": plan.kind, "at": change.at, "source": source, "change": change.id, "currency": choices.currency,
        },
    )  # fmt: skip
    if plan.lines:
        _write_lines(change, plan, source, data)
    # What is dated after the day it is read (anywhere on earth) is planned or mistyped: the feed does not reach so far.
    (newest,) = conn.execute(
        "SELECT max(on_day) FROM temp.incoming WHERE on_day <= date(?, 'unixepoch', '+14 hours')", (change.at,)
    ).fetchone()
    imports.reach(change, feed, newest)


def _moment(conn: sqlite3.Connection, pos: int) -> str:
    """SQL of the instant of a row, where its cell says an hour: in the file's time zone."""
    row = conn.execute("SELECT value FROM settings WHERE key = 'zone'").fetchone()
    zone = ZoneInfo(row[0] if row else "UTC")

    def instant(said: str) -> int | None:
        try:
            return int(datetime.fromisoformat(said).replace(tzinfo=zone).timestamp())
        except ValueError:
            return None

    conn.create_function("instant", 1, instant, deterministic=True)
    return f"CASE WHEN length(r.c{pos}) > 10 THEN instant(r.c{pos}) END"


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
        " WHERE i.state <> 'same' AND r.row NOT IN (SELECT row FROM temp.settled) ORDER BY i.id, r.row",
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
