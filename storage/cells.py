"""Three-way comparison, cell by cell: what the other side had (base), what it says (theirs), what is here (ours).

    temp.incoming   row, id, name, cells (JSON: theirs by field, `custom` an object), base (JSON or NULL), state
    temp.delta      row, id, name, field, base, has_base, theirs, ours, conflict, take

Of each cell one outcome: equal to ours or to base, empty: nothing to do; only theirs changed: taken; both
changed, differently: a conflict. Custom fields are `custom.KEY`. `#CLEAR` empties a cell.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from prm_tui.domain.exchange import CellChange
from storage.store import Change

CLEAR = "#CLEAR"
SHOWN = 5_000
_PEOPLE = ("manager", "owner")


def compare(conn: sqlite3.Connection, table: str, fields: Sequence[str], custom: str) -> None:
    """Fill temp.delta for the rows of temp.incoming in state `known`; `custom` is the table's JSON column."""
    conn.execute("DROP TABLE IF EXISTS temp.delta")
    conn.execute(
        "CREATE TEMP TABLE delta(row INTEGER, id INTEGER, name TEXT, field TEXT, base, has_base INTEGER, theirs, ours,"
        " conflict INTEGER, take INTEGER)"
    )
    differs = (
        "theirs IS NOT NULL AND theirs IS NOT ours AND (NOT has_base OR theirs IS NOT base)"
        f" AND NOT (theirs IS '{CLEAR}' AND ours IS NULL)"
    )
    into = f"INSERT INTO temp.delta SELECT *, has_base AND base IS NOT ours, 0 FROM (%s) WHERE {differs}"
    known = f"FROM temp.incoming i JOIN main.{table} t ON t.id = i.id"
    for field in fields:
        path = f"'$.{field}'"
        conn.execute(
            into % f"SELECT i.row, i.id, i.name, '{field}', json_extract(i.base, {path}) AS base,"
            f" i.base IS NOT NULL AS has_base, json_extract(i.cells, {path}) AS theirs, t.{field} AS ours"
            f" {known} WHERE i.state = 'known'"
        )
    conn.execute(
        into % "SELECT i.row, i.id, i.name, 'custom.' || j.key,"
        """ json_extract(i.base, '$.custom."' || j.key || '"') AS base, i.base IS NOT NULL AS has_base,"""
        f""" j.value AS theirs, json_extract(t.{custom}, '$."' || j.key || '"') AS ours"""
        f" {known}, json_each(i.cells, '$.custom') j WHERE i.state = 'known'"
    )


def decide(conn: sqlite3.Connection, prefer: str | None, sides: Mapping[tuple[str, int, str], str], sheet: str) -> int:
    """Say of each difference whether it is taken; the number of conflicts that nothing decides is returned."""
    conn.execute("UPDATE temp.delta SET take = CASE WHEN NOT conflict THEN 1 ELSE ? END", (prefer == "theirs",))
    conn.executemany(
        "UPDATE temp.delta SET take = ? WHERE conflict AND row = ? AND field = ?",
        [(side == "theirs", row, field) for (where, row, field), side in sides.items() if where == sheet],
    )
    if prefer is not None:
        return 0
    settled = {(row, field) for where, row, field in sides if where == sheet}
    open_ones = conn.execute("SELECT row, field FROM temp.delta WHERE conflict").fetchall()
    return sum(1 for cell in open_ones if cell not in settled)


def write(change: Change, table: str, custom: str) -> None:
    """Write what temp.delta takes."""
    conn = change.conn
    cleared = f"CASE WHEN d.theirs IS '{CLEAR}' THEN NULL ELSE d.theirs END"
    conn.execute("CREATE INDEX IF NOT EXISTS temp.delta_field ON delta(field, id)")
    fields = conn.execute("SELECT DISTINCT field FROM temp.delta WHERE take AND field NOT LIKE 'custom.%'").fetchall()
    for (field,) in fields:
        conn.execute(
            f"UPDATE {table} SET {field} = {cleared} FROM temp.delta d"
            f" WHERE d.take AND d.field = ? AND {table}.id = d.id",
            (field,),
        )
    conn.execute(
        f"UPDATE {table} SET {custom} = json_patch({custom}, g.patch) FROM (SELECT d.id AS id,"
        f" json_group_object(substr(d.field, 8), {cleared}) AS patch FROM temp.delta d"
        f" WHERE d.take AND d.field LIKE 'custom.%' GROUP BY d.id) g WHERE {table}.id = g.id"
    )


def shown(conn: sqlite3.Connection) -> list[CellChange]:
    """The differences as they are shown, by row; people by their names."""
    names = ", ".join(
        f"CASE WHEN field IN {_PEOPLE} THEN (SELECT p.name FROM main.people p WHERE p.id = {c}) ELSE {c} END"
        for c in ("ours", "theirs", "base")
    )
    return [
        CellChange(row, name, field, before, after, bool(conflict), base)
        for row, name, field, conflict, before, after, base in conn.execute(
            f"SELECT row, name, field, conflict, {names} FROM temp.delta ORDER BY conflict DESC, row, rowid LIMIT ?",
            (SHOWN,),
        )
    ]
