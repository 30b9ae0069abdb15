"""Three-way comparison, cell by cell: what both sides had (base), what the sheet says (theirs), what is here (ours).

    temp.incoming   row, id, name, cells (JSON: theirs by field, `custom` an object), base, since, state
    temp.delta      row, id, name, field, base, has_base, theirs, ours, conflict, take

The base is what the feed brought last (`base`, JSON), or, for a sheet of ours, the row as it was at the change
at which it went out (`since`), rebuilt from the log. Of each cell one outcome: equal to ours or to base: nothing
to do; only theirs changed: taken; both changed, differently: a conflict. `#CLEAR` empties a cell; an empty
cell says nothing, but in a sheet of ours, where it was filled, it does. Custom fields are `custom.KEY`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from prm_tui.domain.exchange import LISTED, CellChange
from storage.store import Change

CLEAR = "#CLEAR"
SHOWN = LISTED
_PEOPLE = ("manager", "owner", "person_id")


def compare(
    conn: sqlite3.Connection, table: str, fields: Mapping[str, str], custom: str, own: Sequence[str] | None = None
) -> None:
    """Fill temp.delta for the rows of temp.incoming in state `known`.

    `fields`: cell → column of the table; `custom`: its JSON column; `own`: of a sheet of ours, the custom
    fields it has columns for.
    """
    conn.execute("DROP TABLE IF EXISTS temp.delta")
    conn.execute(
        "CREATE TEMP TABLE delta(row INTEGER, id INTEGER, name TEXT, field TEXT, base, has_base INTEGER, theirs, ours,"
        " conflict INTEGER, take INTEGER)"
    )
    says = "theirs IS NOT NULL" if own is None else "1"
    like = "" if own is None else " AND NOT alike(theirs, ours)"
    differs = f"theirs IS NOT ours AND {says} AND NOT (theirs IS '{CLEAR}' AND ours IS NULL){like}"
    known = f"FROM temp.incoming i JOIN main.{table} t ON t.id = i.id"
    into = f"INSERT INTO temp.delta SELECT row, id, name, field, NULL, 0, theirs, ours, 0, 0 FROM (%s) WHERE {differs}"
    for cell, column in fields.items():
        conn.execute(
            into % f"SELECT i.row, i.id, i.name, '{column}' AS field, json_extract(i.cells, '$.{cell}') AS theirs,"
            f" t.{column} AS ours {known} WHERE i.state = 'known'"
        )
    if own is None:
        conn.execute(
            into % "SELECT i.row, i.id, i.name, 'custom.' || j.key AS field, j.value AS theirs,"
            f""" json_extract(t.{custom}, '$."' || j.key || '"') AS ours"""
            f" {known}, json_each(i.cells, '$.custom') j WHERE i.state = 'known'"
        )
    for key in own or ():
        conn.execute(
            into % f"""SELECT i.row, i.id, i.name, 'custom.{key}' AS field, json_extract(i.cells, '$.custom."{key}"')"""
            f""" AS theirs, json_extract(t.{custom}, '$."{key}"') AS ours {known} WHERE i.state = 'known'"""
        )
    _bases(conn, table, custom, {column: cell for cell, column in fields.items()}, like)


def _bases(conn: sqlite3.Connection, table: str, custom: str, cell_of: Mapping[str, str], like: str) -> None:
    """What both sides had, for the cells that differ; those in which only ours changed go."""
    cell = " ".join(f"WHEN '{column}' THEN '{cell}'" for column, cell in cell_of.items() if column != cell)
    name = f"CASE field {cell} ELSE field END" if cell else "field"
    path = f"""CASE WHEN field LIKE 'custom.%' THEN '$.custom."' || substr(field, 8) || '"' ELSE '$.' || {name} END"""
    conn.execute(
        f"UPDATE temp.delta SET has_base = 1, base = json_extract(i.base, {path})"
        " FROM temp.incoming i WHERE i.row = delta.row AND i.base IS NOT NULL"
    )
    logged, value = "field", "l.before"
    if custom != "custom":  # a JSON column that is logged whole
        logged = f"CASE WHEN field LIKE 'custom.%' THEN '{custom}' ELSE field END"
        inner = """json_extract(l.before, '$."' || substr(field, 8) || '"')"""
        value = f"CASE WHEN field LIKE 'custom.%' THEN {inner} ELSE l.before END"
    first = (
        f"FROM main.change_log l WHERE l.tbl = '{table}' AND l.row_id = delta.id AND l.col = {logged}"
        " AND l.change_id > i.since ORDER BY l.id LIMIT 1"
    )
    before = f"CASE WHEN EXISTS (SELECT 1 {first}) THEN (SELECT {value} {first}) ELSE ours END"
    conn.execute(
        f"UPDATE temp.delta SET has_base = 1, base = {before} FROM temp.incoming i"
        " WHERE i.row = delta.row AND i.since IS NOT NULL"
    )
    same = "(theirs IS base OR alike(theirs, base))" if like else "theirs IS base"
    conn.execute(f"DELETE FROM temp.delta WHERE has_base AND {same}")
    conn.execute("DELETE FROM temp.delta WHERE NOT has_base AND theirs IS NULL")
    conn.execute("UPDATE temp.delta SET conflict = has_base AND base IS NOT ours")


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
    """Write what temp.delta takes: one update a row, because each runs the triggers that log it."""
    conn = change.conn
    cleared = f"CASE WHEN theirs IS '{CLEAR}' THEN NULL ELSE theirs END"
    told = [field for (field,) in conn.execute("SELECT DISTINCT field FROM temp.delta WHERE take ORDER BY field")]
    fields = [field for field in told if not field.startswith("custom.")]
    found = [
        f"max(field = '{f}') AS has_{f}, max(CASE WHEN field = '{f}' THEN {cleared} END) AS new_{f}" for f in fields
    ]
    wanted = [f"{f} = CASE WHEN has_{f} THEN new_{f} ELSE {f} END" for f in fields]
    if len(fields) < len(told):
        own = "FILTER (WHERE field LIKE 'custom.%')"
        found.append(f"count(*) {own} AS patched, json_group_object(substr(field, 8), {cleared}) {own} AS patch")
        wanted.append(f"{custom} = CASE WHEN patched THEN json_patch({custom}, patch) ELSE {custom} END")
    if wanted:
        conn.execute(
            f"UPDATE {table} SET {', '.join(wanted)} FROM (SELECT id AS of_row, {', '.join(found)} FROM temp.delta"
            f" WHERE take GROUP BY id) WHERE {table}.id = of_row"
        )


def taken(conn: sqlite3.Connection) -> dict[int, dict[str, object]]:
    """What temp.delta takes, by row id: field → new value."""
    found: dict[int, dict[str, object]] = {}
    for row_id, field, theirs in conn.execute("SELECT id, field, theirs FROM temp.delta WHERE take ORDER BY id"):
        found.setdefault(row_id, {})[field] = None if theirs == CLEAR else theirs
    return found


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
