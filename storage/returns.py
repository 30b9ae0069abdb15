"""Rows of sheets that went out and came back: found by their tokens, compared with what they were when they went.

A token names the sheet (or the state of the file) it went out with; from that the change is known since when
somebody may have edited either side. A row whose token is gone is found by its key, and that is said.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

from prm_tui.domain.exchange import NewRow, Refused, SheetReport
from prm_tui.domain.mapping import SheetPlan
from prm_tui.domain.sheet import UID_LENGTH
from storage import activities, cells, imports
from storage.store import Change

SAMPLED = 500
SHOWN = 1_000
FIRST = 4
"""How many cells of a new row are told beside its key and name."""
LIKELY = 0.6


def renamed(conn: sqlite3.Connection, plan: SheetPlan) -> SheetPlan:
    """The plan with columns whose header somebody changed known again, by their values."""
    token = plan.column("id")
    if not plan.lost or token is None:
        return plan
    table = {"record": "records", "activity": "activities"}.get(plan.noun, plan.noun)
    row_id = f"CAST(substr(r.c{token.pos}, instr(r.c{token.pos}, '-') + 2) AS INTEGER)"
    for header, target in plan.lost:
        added = [c for c in plan.columns if c.target == "data" and not c.kept_as]
        scores = sorted(
            ((_alike_share(conn, plan, table, row_id, c.pos, target), c.header) for c in added), reverse=True
        )
        if scores and scores[0][0] >= LIKELY and (len(scores) < 2 or scores[0][0] > scores[1][0]):
            share, said = scores[0]
            why = f"it was “{header}”: {share:.0%} of its cells are the same"
            key = target.removeprefix("custom:") if target.startswith("custom:") else ""
            columns = tuple(
                replace(c, target="data" if key else target, kept_as=key, why=why) if c.header == said else c
                for c in plan.columns
            )
            plan = replace(plan, columns=columns, notes=(*plan.notes, f"“{said}”: {why}"))
        else:
            plan = replace(plan, notes=(*plan.notes, f"the column “{header}” did not come back; it says nothing"))
    return plan


def _alike_share(conn: sqlite3.Connection, plan: SheetPlan, table: str, row_id: str, pos: int, target: str) -> float:
    json_column = "custom" if table in ("partners", "contacts") else "data"
    ours = f"t.{target}"
    if target.startswith("custom:"):
        ours = f"""json_extract(t.{json_column}, '$."{target[7:]}"')"""
    elif target in ("amount", "quantity"):
        ours = f"t.{target} / 10000.0"
    elif target in ("manager", "owner", "person"):
        column = "person_id" if target == "person" else target
        ours = f"(SELECT w.name FROM main.people w WHERE w.id = t.{column})"
    elif target in ("partner", "partner_name"):
        ours = f"(SELECT o.{'code' if target == 'partner' else 'name'} FROM main.partners o WHERE o.id = t.partner_id)"
    elif target.startswith("key:"):
        ours = f"(SELECT k.key FROM main.partner_keys k WHERE k.partner_id = t.id AND k.system = '{target[4:]}')"
    elif target == "id":
        return 0.0
    told, same = conn.execute(
        f"SELECT count(*), sum(alike(theirs, ours)) FROM (SELECT r.c{pos} AS theirs, {ours} AS ours"
        f" FROM st.{plan.table} r JOIN main.{table} t ON t.id = {row_id}"
        f" WHERE r.c{pos} IS NOT NULL OR {ours} IS NOT NULL LIMIT {SAMPLED})"
    ).fetchone()
    return float(same or 0) / told if told else 0.0


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


def missing(change: Change, plan: SheetPlan, table: str, report: SheetReport) -> int:
    """Rows that were sent and did not come back: said, never deleted. How many of them were changed here since.

    The sheets that came back are marked so.
    """
    conn, edited = change.conn, 0
    for uid, body in conn.execute(
        "SELECT s.uid, s.body FROM sheets_sent s WHERE s.uid IN (SELECT uid FROM temp.sent)"
    ).fetchall():
        ids = json.loads(body).get("ids", {}).get(plan.what, [])
        name = "t.name" if table != "activities" else "coalesce(t.ref, t.kind)"
        found = conn.execute(
            f"SELECT {name}, EXISTS (SELECT 1 FROM change_log l, sheets_sent s WHERE s.uid = ? AND l.tbl = ?"
            " AND l.row_id = t.id AND l.change_id > s.sent_change)"
            f" FROM {table} t WHERE t.id IN (SELECT value FROM json_each(?)) AND t.id NOT IN"
            " (SELECT id FROM temp.incoming WHERE id IS NOT NULL) ORDER BY t.id",
            (uid, table, json.dumps(ids)),
        ).fetchall()
        report.missing += len(found)
        for said, was_edited in found[:20]:
            since = ", but it was changed here since" if was_edited else ""
            report.notes.append(f"left out there{since}: {said}. It stays; nothing is deleted because of a sheet")
        edited += sum(was_edited for _, was_edited in found)
        conn.execute("UPDATE sheets_sent SET state = 'back' WHERE uid = ? AND state = 'out'", (uid,))
    return edited


def added(change: Change, plan: SheetPlan) -> list[NewRow]:
    """The rows that are new with the sheet that was just taken, in their order there; no more than SHOWN."""
    table = {"record": "records", "activity": "activities"}.get(plan.noun, plan.noun)
    key = {"partners": "code", "people": "key", "contacts": "email"}.get(table, "ref")
    partner = "(SELECT p.name FROM main.partners p WHERE p.id = t.partner_id)"
    name = {"activities": partner, "records": f"coalesce(t.name, {partner})"}.get(table, "t.name")
    told = [c for c in plan.columns if c.target not in ("id", "skip", "name", key)]
    listed = "".join(f", r.c{c.pos}" for c in told)
    found = change.conn.execute(
        f"SELECT t.row, t.{key}, {name}{listed}"
        f" FROM main.{table} t JOIN st.{plan.table} r ON r.row = t.row"
        " WHERE t.source_id = (SELECT max(id) FROM main.sources WHERE change_id = ?) ORDER BY t.row LIMIT ?",
        (change.id, SHOWN),
    )
    rows = []
    for row, said, called, *rest in found:
        filled = [(c.header, str(cell)) for c, cell in zip(told, rest, strict=True) if cell is not None]
        rows.append(NewRow(row, said or "", called or "", tuple(filled[:FIRST])))
    return rows


def _copies(conn: sqlite3.Connection, plan: SheetPlan, report: SheetReport) -> None:
    """A row that stands twice: a true copy is left out, another one refused."""
    again = (
        "SELECT i.row, i.token, o.row, i.cells = o.cells FROM temp.incoming i JOIN (SELECT id, min(row) AS row, cells"
        " FROM temp.incoming WHERE since IS NOT NULL GROUP BY id HAVING count(*) > 1) o ON o.id = i.id"
        " WHERE i.since IS NOT NULL AND i.row > o.row"
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
