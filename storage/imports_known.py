"""Which rows of a sheet are here already: by what their feed brought, by key, by name."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from prm_tui.domain.exchange import Choices, Doubt, SheetReport
from prm_tui.domain.mapping import SheetPlan
from prm_tui.domain.text import folded, slug
from storage import imports, matching
from storage.store import Change


@dataclass(frozen=True)
class Noun:
    """How rows of a kind are kept: table, the column that names them, their fields, where the rest goes."""

    table: str
    key: str
    fields: tuple[str, ...]
    subject: str
    custom: str = "custom"
    owned: bool = False


def find(conn: sqlite3.Connection, plan: SheetPlan, noun: Noun, feed: int | None) -> None:
    """Give rows that are here already their id and the cells their feed brought last."""
    conn.execute(
        "UPDATE temp.incoming SET id = f.row_id, base = f.cells,"
        " state = CASE WHEN f.cells = incoming.cells THEN 'same' ELSE 'known' END"
        " FROM main.feed_rows f WHERE incoming.id IS NULL AND f.feed_id = ? AND f.key = incoming.key"
        f" AND EXISTS (SELECT 1 FROM main.{noun.table} t WHERE t.id = f.row_id)",
        (feed,),
    )
    open_row = "incoming.id IS NULL"
    if noun.key:
        _known(conn, f"SELECT t.id FROM main.{noun.table} t WHERE {open_row} AND t.{noun.key} = incoming.said")
    for column in plan.columns:
        system, key = column.target[4:], f"json_extract(cells, '$.keys.{column.target[4:]}')"
        if noun.table == "partners" and column.target == "code":
            system, key = matching.system_of(column), "incoming.said"
        elif not column.target.startswith("key:"):
            continue
        _known(
            conn,
            f"SELECT k.partner_id FROM main.partner_keys k WHERE {open_row} AND k.system = '{system}' AND k.key = {key}",
        )
    if noun.table == "people":
        # Without a key of its own, a row is the only one of its name, if that is in the sheet once.
        _known(
            conn,
            f"SELECT t.id FROM main.people t WHERE {open_row} AND (incoming.said IS NULL OR t.key IS NULL)"
            " AND t.name_key = name_key(incoming.name)"
            " AND (SELECT count(*) FROM main.people o WHERE o.name_key = t.name_key) = 1"
            " AND (SELECT count(*) FROM temp.incoming o WHERE name_key(o.name) = t.name_key) = 1",
        )
    elif noun.table == "contacts":
        address = "folded(json_extract(cells, '$.email'))" if plan.column("email") else "NULL"
        same = f"CASE WHEN {address} IS NULL THEN folded(t.name) = folded(incoming.name)"
        _known(
            conn,
            f"SELECT t.id FROM main.contacts t WHERE {open_row} AND t.partner_id = incoming.partner_id"
            f" AND {same} ELSE folded(t.email) IS {address}"
            " OR (t.email IS NULL AND folded(t.name) = folded(incoming.name)) END LIMIT 1",
        )
    elif noun.table == "records" and plan.column("ref"):
        _known(
            conn,
            f"SELECT t.id FROM main.records t WHERE {open_row} AND t.kind = '{plan.kind}'"
            " AND t.ref = json_extract(cells, '$.ref') AND t.partner_id = incoming.partner_id LIMIT 1",
        )
    if noun.owned:  # two rows of a sheet are never one and the same row here
        conn.execute(
            "UPDATE temp.incoming SET id = NULL, base = NULL, state = 'new' WHERE state = 'known' AND row NOT IN"
            " (SELECT min(row) FROM temp.incoming WHERE id IS NOT NULL GROUP BY id)"
        )


def _known(conn: sqlite3.Connection, found: str) -> None:
    conn.execute(f"UPDATE temp.incoming SET id = ({found}) WHERE id IS NULL AND EXISTS ({found})")
    conn.execute("UPDATE temp.incoming SET state = 'known' WHERE id IS NOT NULL AND state = 'new'")


def find_by_name(change: Change, plan: SheetPlan, choices: Choices, report: SheetReport) -> None:
    """Partners whose key nobody knows, but whose name somebody has: the same town is sure, the rest is asked."""
    conn, code = change.conn, plan.column("code")
    if not conn.execute("SELECT EXISTS (SELECT 1 FROM main.partners)").fetchone()[0]:
        return
    named = conn.execute(
        "SELECT rowid, row, said, name, cells FROM temp.incoming WHERE state = 'new' AND name_key(name) IN"
        " (SELECT name_key FROM main.partners) ORDER BY row"
    ).fetchall()
    system = slug(code.header) if code else None
    found = matching.candidates(conn, [(name, system) for _, _, _, name, _ in named], near=False)
    apart = sum(1 for likely in found if not likely)
    if apart:
        report.notes.append(
            f"{apart:,} share their name with another partner and stay apart: each has a key of its own"
        )
    towns = matching.towns(
        conn, [(cells_of, likely) for (_, _, _, _, cells_of), likely in zip(named, found, strict=True)]
    )
    for (place, row, said, name, _), likely, town in zip(named, found, towns, strict=True):
        key = f"{matching.system_of(code)} {said}" if code else f"name {folded(name)}"
        if len(likely) == 1 and town is True and code is None:
            answer: tuple[str, int | None] = ("sure", likely[0].id)
        else:
            answer = matching.answered(
                change, plan, choices, report, Doubt(plan.sheet, row, key, said or "", name, likely)
            )
        matching.settle(change, plan, place, said, answer)
    column = code or plan.column("name")
    assert column is not None
    for state, why in (("ask", "it is not certain which partner this is"), ("skip", "left out, as you said")):
        test = f"r.row IN (SELECT row FROM temp.incoming WHERE state = '{state}')"
        imports.refuse(conn, report, imports.refusals(conn, plan, column, test, why))
    conn.execute("DELETE FROM temp.incoming WHERE state IN ('ask', 'skip')")
