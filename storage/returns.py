"""Rows of sheets that went out and came back: found by their tokens, compared with what they were when they went.

A token names the sheet (or the state of the file) it went out with; from that the change is known since when
somebody may have edited either side. A row whose token is gone is found by its key, and that is said.
"""

from __future__ import annotations

import json
import sqlite3

from prm_tui.domain.exchange import Refused, SheetReport
from prm_tui.domain.mapping import SheetPlan
from prm_tui.domain.sheet import UID_LENGTH
from storage import activities, cells, imports
from storage.store import Change


def find(conn: sqlite3.Connection, plan: SheetPlan, table: str, report: SheetReport) -> None:
    """Give the rows of temp.incoming that carry a token their id and the change they went out at."""
    conn.execute("DROP TABLE IF EXISTS temp.sent")
    conn.execute(
        "CREATE TEMP TABLE sent AS SELECT uid, coalesce("
        " (SELECT s.sent_change FROM main.sheets_sent s WHERE s.uid = t.uid),"
        f" (SELECT c.id FROM main.changes c WHERE substr(c.hash, 1, {UID_LENGTH}) = t.uid)) AS since FROM"
        " (SELECT DISTINCT substr(token, 1, instr(token, '-') - 1) AS uid FROM temp.incoming WHERE token LIKE '%-%') t"
    )
    row_id = "CAST(substr(token, instr(token, '-') + 2) AS INTEGER)"
    conn.execute(
        f"UPDATE temp.incoming SET since = s.since, id = {row_id}, state = 'known' FROM temp.sent s"
        " WHERE s.since IS NOT NULL AND s.uid = substr(token, 1, instr(token, '-') - 1)"
        f" AND substr(token, instr(token, '-') + 1, 1) = '{table[0]}'"
    )
    (foreign,) = conn.execute("SELECT count(*) FROM temp.incoming WHERE token IS NOT NULL AND since IS NULL").fetchone()
    (lost,) = conn.execute("SELECT count(*) FROM temp.incoming WHERE token IS NULL").fetchone()
    if foreign:
        report.notes.append(f"{foreign:,} rows come from another file of prm; they are found by their keys")
    if lost:
        report.notes.append(f"{lost:,} rows have no prm id: found by their keys, or new")
    _copies(conn, plan, report)
    _gone(conn, plan, table, report)
    if table == "activities":
        _successors(conn)


def _copies(conn: sqlite3.Connection, plan: SheetPlan, report: SheetReport) -> None:
    """A row that stands twice: a true copy is left out, another one refused."""
    again = (
        "SELECT i.row, i.token, o.row, i.cells = o.cells FROM temp.incoming i JOIN temp.incoming o ON o.id = i.id"
        " WHERE i.since IS NOT NULL AND o.since IS NOT NULL AND o.row = (SELECT min(row) FROM temp.incoming m"
        " WHERE m.id = i.id AND m.since IS NOT NULL) AND i.row > o.row"
    )
    copies = conn.execute(again).fetchall()
    equal = sum(1 for *_, same in copies if same)
    if equal:
        report.notes.append(f"{equal:,} rows stand in the sheet twice, with the same cells; taken once")
    _refuse(
        conn,
        plan,
        report,
        [
            (
                row,
                str(token),
                f"this row stands in row {first:,}, too, with other cells; empty its prm id to add it as new",
            )
            for row, token, first, same in copies
            if not same
        ],
    )
    conn.executemany("DELETE FROM temp.incoming WHERE row = ?", [(row,) for row, *_ in copies])


def _gone(conn: sqlite3.Connection, plan: SheetPlan, table: str, report: SheetReport) -> None:
    """Rows that were taken back here since they went out are never dropped without a word."""
    gone = conn.execute(
        "SELECT row, token FROM temp.incoming WHERE since IS NOT NULL"
        f" AND NOT EXISTS (SELECT 1 FROM main.{table} t WHERE t.id = incoming.id)"
    ).fetchall()
    why = "this row was taken back here since it went out; empty its prm id to add it again"
    _refuse(conn, plan, report, [(row, str(token), why) for row, token in gone])
    conn.executemany("DELETE FROM temp.incoming WHERE row = ?", [(row,) for row, _ in gone])


def _refuse(conn: sqlite3.Connection, plan: SheetPlan, report: SheetReport, rows: list[tuple[int, str, str]]) -> None:
    column = plan.column("id")
    assert column is not None
    imports.refuse(
        conn,
        report,
        [Refused(plan.file, plan.sheet, row, column.header, token, why) for row, token, why in rows],
    )


def _successors(conn: sqlite3.Connection) -> None:
    """An activity that was corrected here since: what went out is the base, what holds now is ours."""
    conn.execute(
        "UPDATE temp.incoming SET base = json_object('occurred_on', a.occurred_on, 'ref', a.ref, 'amount', a.amount,"
        " 'currency', a.currency, 'quantity', a.quantity, 'note', a.note, 'person', a.person_id,"
        " 'custom', json(a.data)), since = NULL FROM main.activities a WHERE since IS NOT NULL AND a.id = incoming.id"
    )
    while True:
        moved = conn.execute(
            "UPDATE temp.incoming SET id = a.superseded_by FROM main.activities a"
            " WHERE base IS NOT NULL AND a.id = incoming.id AND a.superseded_by IS NOT NULL"
        ).rowcount
        if not moved:
            return


def correct(change: Change) -> None:
    """Supersede the activities of which temp.delta takes a cell."""
    for row_id, fields in cells.taken(change.conn).items():
        values = {name: value for name, value in fields.items() if not name.startswith("custom.")}
        custom = {name[7:]: value for name, value in fields.items() if name.startswith("custom.")}
        if custom:
            (data,) = change.conn.execute("SELECT data FROM activities WHERE id = ?", (row_id,)).fetchone()
            whole = {k: v for k, v in {**json.loads(data), **custom}.items() if v is not None}
            values["data"] = json.dumps(whole, ensure_ascii=False)
        activities.correct(change, row_id, values)
