"""Applying a read sheet to the file: matching, comparing and writing as SQL over the attached staging file.

`attach` makes a staging file visible as schema `st`. Each noun has a module of its own
(imports_rows.py, imports_activities.py); what they share stands here.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from prm_tui.domain.exchange import Choices, Refused, SheetReport
from prm_tui.domain.mapping import DATES, NUMBERS, ColumnPlan, SheetPlan
from storage.store import Change

_KEYS = ("code", "key", "ref", "partner")
_PARTS = re.compile(r"[\s_.()\[\]:*?/\\-]+")
_PERIOD = re.compile(
    r"\d+|v\d+|q[1-4]|h[12]|w\d\d?|jan\w*|feb\w*|mar|march|apr|april|may|jun|june|jul|july|aug|august|sep\w*|oct\w*|nov\w*"
    r"|dec\w*|copy|final|ytd|corrected|latest|new",
    re.IGNORECASE,
)
_WHILE_TAKING = -96_000  # KiB
ISO_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"


@contextmanager
def attached(conn: sqlite3.Connection, staging: Path) -> Iterator[None]:
    """Make a staging file visible as `st`; cannot begin or end inside a transaction.

    Meanwhile more of the file is kept in memory: pages that are written again and again go to the disk once.
    """
    (usual,) = conn.execute("PRAGMA main.cache_size").fetchone()
    conn.execute("ATTACH DATABASE ? AS st", (str(staging),))
    conn.execute(f"PRAGMA main.cache_size = {_WHILE_TAKING}")
    try:
        yield
    finally:
        conn.execute("DETACH DATABASE st")
        conn.execute(f"PRAGMA main.cache_size = {usual}")


def kinds(conn: sqlite3.Connection) -> list[tuple[str, str, frozenset[str]]]:
    """The kinds of activity and record: what a sheet of them is (record:deal), their label, the keys packs gave them."""
    return [
        (f"{table}:{name}", label, frozenset(json.loads(keys)))
        for table, name, label, keys in conn.execute(
            "SELECT k.tbl, k.name, k.label, (SELECT json_group_array(f.key) FROM fields f WHERE f.tbl = k.tbl AND f.kind = k.name)"
            " FROM kinds k ORDER BY k.id"
        )
    ]


def last_id(conn: sqlite3.Connection, table: str) -> int:
    """The highest id a table ever gave out."""
    row = conn.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return 0 if row is None else int(row[0])


def known_keys(conn: sqlite3.Connection) -> list[str]:
    """Every key a partner is known by, its code among them."""
    return [key for (key,) in conn.execute("SELECT code FROM partners UNION ALL SELECT key FROM partner_keys")]


def text_of(column: ColumnPlan) -> str:
    """A staging column as text without outer space and with single inner ones.

    Only text with two spaces together or a character beyond plain ASCII needs the slow function for it.
    """
    name = f"r.c{column.pos}"
    if column.type == "number":
        return f"CAST({name} AS TEXT)"
    return (
        f"CASE WHEN {name} GLOB '*[^!-~ ]*' OR instr({name}, '  ') THEN trimmed(CAST({name} AS TEXT))"
        f" ELSE CAST({name} AS TEXT) END"
    )


def units_of(column: ColumnPlan) -> str:
    """A staging column as whole ten-thousandths, rounded; NULL when it is no number."""
    name = f"r.c{column.pos}"
    return f"CASE WHEN typeof({name}) IN ('integer', 'real') THEN CAST(round({name} * 10000) AS INTEGER) END"


def is_day(column: ColumnPlan) -> str:
    """Whether a staging column holds a real date."""
    return f"(r.c{column.pos} GLOB '{ISO_DAY}' AND date(r.c{column.pos}) IS NOT NULL)"


def kept_values(conn: sqlite3.Connection, plan: SheetPlan) -> list[tuple[str, str]]:
    """The kept columns of a sheet, each with its value as the file keeps it: amounts of money in ten-thousandths."""
    table, kind = {"partners": ("partner", "")}.get(plan.noun, (plan.noun, plan.kind or ""))
    money = {key for (key,) in conn.execute(
        "SELECT key FROM fields WHERE tbl = ? AND kind = ? AND type = 'money'", (table, kind))}  # fmt: skip
    return [
        (c.key, f"coalesce({units_of(c)}, r.c{c.pos})" if c.key in money else f"r.c{c.pos}") for c in keys_apart(plan)
    ]


def data_of(conn: sqlite3.Connection, plan: SheetPlan) -> str:
    """Kept columns as one JSON object, empty cells left out."""
    return without_nulls(object_of(kept_values(conn, plan)))


def object_of(pairs: Sequence[tuple[str, str]]) -> str:
    """An expression that makes a JSON object of values by name."""
    # SQLite takes at most 127 arguments in a call: many values are patched together.
    parts = [", ".join(f"'{name}', {value}" for name, value in pairs[n : n + 60]) for n in range(0, len(pairs), 60)]
    whole = f"json_object({parts[0] if parts else ''})"
    for part in parts[1:]:
        whole = f"json_patch({whole}, json_object({part}))"
    return whole


def without_nulls(made: str) -> str:
    """An expression for the same JSON object without what is NULL in it, and in the objects in it."""
    return f"json_patch('{{}}', {made})"  # a patch drops what is null


def content_of(columns: tuple[ColumnPlan, ...]) -> str:
    """All cells of a row as one text, by which equal rows are known."""
    named = [f"r.c{c.pos}" for c in columns if c.target != "skip"]
    return " || ".join(f"json_array({', '.join(named[n : n + 100])})" for n in range(0, len(named), 100)) or "''"


def keys_apart(plan: SheetPlan) -> tuple[ColumnPlan, ...]:
    """The kept columns of a sheet; of two with one key only the first keeps it, the others are numbered."""
    seen: dict[str, int] = {}
    found = []
    for column in plan.kept():
        count = seen.get(column.key, 0) + 1
        seen[column.key] = count
        found.append(column if count == 1 else replace(column, header=f"{column.header} {count}"))
    return tuple(found)


def taken_before(conn: sqlite3.Connection) -> dict[str, tuple[str, dict[str, str], int, int]]:
    """The latest sheet of each feed, if all of it was taken: content → what it was, its map, rows, how much it held."""
    return {
        content: (what, json.loads(read_as), rows, held)
        for content, what, read_as, rows, held in conn.execute(
            "SELECT content, what, map, rows, held FROM sources s WHERE content IS NOT NULL"
            " AND id = (SELECT max(id) FROM sources o WHERE o.feed_id = s.feed_id)"
        )
    }


def header_sets(conn: sqlite3.Connection) -> list[str]:
    """The header sets (domain.mapping.header_hash) of which a mapping is remembered."""
    return [found for (found,) in conn.execute("SELECT header_hash FROM mappings")]


def source(change: Change, plan: SheetPlan, feed_id: int, report: SheetReport) -> int:
    """The row of `sources` for a sheet that is being taken; its content counts when nothing of it is left out."""
    whole = not (report.refused or report.doubts or report.left or report.conflicts or plan.ours)
    columns = {c.header: c.target for c in plan.columns}
    cursor = change.conn.execute(
        "INSERT INTO sources(file, hash, sheet, what, header_row, rows, read_at, feed_id, map, change_id, content, held)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            plan.file,
            plan.file_hash,
            plan.sheet,
            plan.what,
            plan.header_row,
            plan.rows,
            change.at,
            feed_id,
            json.dumps(columns, ensure_ascii=False),
            change.id,
            plan.content if whole else None,
            report.new + report.changed + report.same,
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def feed(change: Change, plan: SheetPlan) -> int:
    """The feed a sheet belongs to: sheets of one name with the same headers, of one kind."""
    name = feed_name(plan)
    change.conn.execute(
        "INSERT INTO feeds(kind, source, change_id) VALUES (?,?,?) ON CONFLICT (kind, source) DO NOTHING",
        (plan.kind or plan.noun, name, change.id),
    )
    (feed_id,) = change.conn.execute(
        "SELECT id FROM feeds WHERE kind = ? AND source = ?", (plan.kind or plan.noun, name)
    ).fetchone()
    return int(feed_id)


def feed_name(plan: SheetPlan) -> str:
    """A sheet's name without what changes from month to month, and its header set."""
    kept = [word for word in _PARTS.split(plan.sheet[:31]) if word and not _PERIOD.fullmatch(word)]
    return f"{' '.join(kept) or plan.sheet} ({plan.header_hash[:6]})"


def find_feed(conn: sqlite3.Connection, plan: SheetPlan) -> int | None:
    """The feed of a sheet if one like it was taken before."""
    row = conn.execute(
        "SELECT id FROM feeds WHERE kind = ? AND source = ?",
        (plan.kind or plan.noun, feed_name(plan)),
    ).fetchone()
    return None if row is None else int(row[0])


def covered(conn: sqlite3.Connection, feed_id: int | None) -> str:
    """The day up to which a feed is covered, as ISO text; empty where nothing is known of it."""
    row = conn.execute("SELECT coalesce(covered_to, newest, '') FROM feeds WHERE id = ?", (feed_id,)).fetchone()
    return "" if row is None else str(row[0])


def reach(change: Change, feed_id: int, day: str | None) -> None:
    """A sheet brought what happened up to a day: so far its feed reaches, and what was declared for less is past."""
    change.conn.execute(
        "UPDATE feeds SET newest = :day, covered_to = CASE WHEN covered_to >= :day THEN covered_to END"
        " WHERE id = :feed AND coalesce(newest, '') < :day",
        {"feed": feed_id, "day": day},
    )


def cover(change: Change, feed_id: int | None, choices: Choices, before: str) -> None:
    """Declare the day up to which a sheet was said to be complete; no sheet takes back how far its feed was covered."""
    said = choices.covered_to or (choices.complete_for[1] if choices.complete_for else None)
    if said is not None:
        day = max(said.isoformat(), before)
        as_it_is = "covered_to" if day == said.isoformat() else "coalesce(covered_to, newest)"
        change.conn.execute(
            f"UPDATE feeds SET covered_to = ? WHERE id = ? AND {as_it_is} IS NOT ?", (day, feed_id, day)
        )


def register_fields(change: Change, table: str, kind: str, columns: tuple[ColumnPlan, ...]) -> None:
    """Make kept columns known as custom fields with their type."""
    types = {"date": "date", "number": "number"}
    for column in columns:
        change.conn.execute(
            "INSERT INTO fields(tbl, kind, key, label, type, ord, change_id) VALUES (?,?,?,?,?,?,?)"
            " ON CONFLICT (tbl, kind, key) DO NOTHING",
            (table, kind, column.key, column.header, types.get(column.type, "text"), column.pos, change.id),
        )


def refusals(conn: sqlite3.Connection, plan: SheetPlan, column: ColumnPlan, test: str, why: str) -> list[Refused]:
    """The rows of a sheet that meet a test and are not refused yet, refused because of one column."""
    return [
        Refused(plan.file, plan.sheet, row, column.header, "" if value is None else str(value), why)
        for row, value in conn.execute(
            f"SELECT r.row, r.c{column.pos} FROM st.{plan.table} r"
            f" WHERE r.row NOT IN (SELECT row FROM temp.settled) AND {test} ORDER BY r.row"
        )
    ]


def read_as(plan: SheetPlan) -> str:
    """Names the way a sheet is read: hashes of rows mean the same only under the same one."""
    told = [plan.what, *((c.pos, c.target, c.key, c.type) for c in plan.columns)]
    return hashlib.blake2b(repr(told).encode(), digest_size=4).hexdigest()


def begin_refusing(conn: sqlite3.Connection) -> None:
    """temp.settled, empty: the rows of a sheet that need no further look, because they are refused or not new."""
    conn.execute("DROP TABLE IF EXISTS temp.settled")
    conn.execute("CREATE TEMP TABLE settled(row INTEGER PRIMARY KEY)")


def refuse(conn: sqlite3.Connection, report: SheetReport, found: list[Refused]) -> None:
    """Refuse rows: each is refused once, for the first reason found."""
    report.refused += found
    conn.executemany("INSERT INTO settled VALUES (?)", [(refused.row,) for refused in found])


def refuse_values(conn: sqlite3.Connection, plan: SheetPlan, report: SheetReport) -> None:
    """Refuse rows with a date that is none or a number that is none."""
    for column in plan.columns:
        name = f"r.c{column.pos}"
        if column.target in _KEYS:
            rounded = f"(typeof({name}) = 'real' AND abs({name}) >= 1e15) OR {name} GLOB '[0-9]*E+[0-9]*'"
            why = "over 15 digits, so the spreadsheet has rounded it; ask for the column as text"
            refuse(conn, report, refusals(conn, plan, column, f"({rounded})", why))
        filled = f"{name} IS NOT NULL AND {name} IS NOT '#CLEAR'"
        if column.target == "occurred_on":
            why = "not a date, and no row is dated by guess"
            refuse(conn, report, refusals(conn, plan, column, f"NOT coalesce({is_day(column)}, 0)", why))
        elif column.target in DATES:
            refuse(conn, report, refusals(conn, plan, column, f"{filled} AND NOT {is_day(column)}", "not a date"))
        elif column.target in NUMBERS and plan.noun in ("activity", "record"):
            test = f"{filled} AND typeof({name}) NOT IN ('integer', 'real')"
            refuse(conn, report, refusals(conn, plan, column, test, "not a number"))
