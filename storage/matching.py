"""Which partner a row means: sure, to be asked, or new.

Sure is a key (of the system its column names, a code, or any system where only one partner has it), a tax id or a
domain with the same name (identity.py), or an equal name where a sheet names partners without keys. To be asked is a
name that is alike but brought no key of the same system. A row that brings a key of its own is new when the
like-named partner holds another key of that same system: two companies may share a name.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from prm_tui.domain.exchange import Candidate, Choices, Doubt, SheetReport
from prm_tui.domain.mapping import ColumnPlan, SheetPlan
from prm_tui.domain.text import folded, slug
from storage import imports, partners, words
from storage.store import Change

NEAR = 90
LIKELY = 3
HELD = (
    "(SELECT j.key FROM main.sources s, json_each(s.map) j WHERE s.id = p.source_id"
    " AND j.value IN ('code', 'partner') LIMIT 1)"
)
"""The header under which the sheet that brought partner `p` gave its key."""
_CITY = ("city", "mailing_city", "town")


def match(change: Change, plan: SheetPlan, choices: Choices, report: SheetReport) -> None:
    """temp.matched: every value of the partner column (`raw`) with the partner it means.

    `state` is sure, new (made from this sheet; its id is reserved), ask, skip or none. Rows refused before
    (temp.settled) do not count.
    """
    conn, column, beside = change.conn, plan.column("partner"), plan.column("partner_name")
    assert column is not None
    said = imports.text_of(column)
    name = imports.text_of(beside) if beside else said
    conn.execute("DROP TABLE IF EXISTS temp.matched")
    conn.execute(
        f"CREATE TEMP TABLE matched AS SELECT r.c{column.pos} AS raw, {said} AS said, coalesce({name}, {said}) AS name,"
        " min(r.row) AS row, NULL AS partner_id, 'none' AS state"
        f" FROM st.{plan.table} r WHERE r.c{column.pos} IS NOT NULL AND r.row NOT IN (SELECT row FROM temp.settled)"
        f" GROUP BY r.c{column.pos}"
    )
    conn.execute("CREATE INDEX temp.matched_raw ON matched(raw)")
    conn.execute(
        "UPDATE temp.matched SET partner_id = coalesce("
        " (SELECT partner_id FROM main.partner_keys k WHERE k.system = ? AND k.key = said),"
        " (SELECT id FROM main.partners p WHERE p.code = said),"
        " (SELECT partner_id FROM main.partner_keys k WHERE k.key = said"
        "  GROUP BY k.key HAVING count(DISTINCT partner_id) = 1))",
        (system_of(column),),
    )
    if beside is None:
        equal = "AND folded(p.name) = folded(matched.said)" if plan.flat else ""
        conn.execute(
            "UPDATE temp.matched SET partner_id = (SELECT id FROM main.partners p WHERE p.name_key = name_key(said)"
            f" AND p.joined_into IS NULL {equal} GROUP BY p.name_key HAVING count(*) = 1) WHERE partner_id IS NULL"
        )
    conn.execute("UPDATE temp.matched SET state = 'sure' WHERE partner_id IS NOT NULL")
    _survivors(conn)
    if plan.flat:
        _doubts(change, plan, choices, report, column, own_key=beside is not None)
        if choices.mode != "update":
            _reserve(conn, by="said" if beside else "folded(said)", report=report)


def _survivors(conn: sqlite3.Connection) -> None:
    """A partner that was joined into another means that one."""
    conn.execute(
        "UPDATE temp.matched SET partner_id = p.joined_into FROM main.partners p"
        " WHERE p.id = matched.partner_id AND p.joined_into IS NOT NULL"
    )


def _doubts(
    change: Change, plan: SheetPlan, choices: Choices, report: SheetReport, column: ColumnPlan, *, own_key: bool
) -> None:
    conn = change.conn
    rows = conn.execute("SELECT row, said, name FROM temp.matched WHERE state = 'none' ORDER BY row").fetchall()
    system = slug(column.header) if own_key else None
    found = candidates(conn, [(name, system) for _, _, name in rows], near=not own_key)
    keys = [f"{system_of(column)} {said}" if own_key else f"name {folded(said)}" for _, said, _ in rows]
    for (row, said, name), key, likely in zip(rows, keys, found, strict=True):
        state, partner_id = answered(change, plan, choices, report, Doubt(plan.sheet, row, key, said, name, likely))
        conn.execute(
            "UPDATE temp.matched SET state = ?, partner_id = ? WHERE said = ?",
            (state if state != "new" else "none", partner_id, said),
        )


def answered(
    change: Change, plan: SheetPlan, choices: Choices, report: SheetReport, doubt: Doubt
) -> tuple[str, int | None]:
    """What becomes of a row: (sure, partner), (new, None), (skip, None), or (ask, None) with the doubt reported.

    Answers are remembered with the change, so that next month's sheet does not ask again.
    """
    if not doubt.candidates:
        return "new", None
    conn = change.conn
    known = conn.execute("SELECT answer FROM answers WHERE question = 'partner' AND key = ?", (doubt.key,)).fetchone()
    answer = choices.answers.get(doubt.key) or (known[0] if known else None) or choices.ask
    if answer is None:
        report.doubts.append(doubt)
        return "ask", None
    if answer == "same":
        answer = doubt.candidates[0].code
    if answer not in ("new", "skip"):
        row = conn.execute("SELECT id, joined_into FROM partners WHERE code = ?", (answer,)).fetchone()
        if row is None:
            report.doubts.append(doubt)
            return "ask", None
    conn.execute(
        "INSERT INTO answers(question, key, answer, change_id) VALUES ('partner', ?, ?, ?)"
        " ON CONFLICT (question, key) DO UPDATE SET answer = excluded.answer WHERE answer IS NOT excluded.answer",
        (doubt.key, answer, change.id),
    )
    return ("sure", row[1] or row[0]) if answer not in ("new", "skip") else (answer, None)


def settle(change: Change, plan: SheetPlan, place: int, said: str | None, answer: tuple[str, int | None]) -> None:
    """Write to a row of temp.incoming whom it means; a partner that is meant is from now on known by the row's key."""
    state, partner_id = answer
    if state == "sure":
        change.conn.execute("UPDATE temp.incoming SET id = ?, state = 'known' WHERE rowid = ?", (partner_id, place))
        code = plan.column("code")
        if code:
            change.conn.execute(
                "INSERT INTO partner_keys(partner_id, system, key, change_id) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (system, key) DO NOTHING",
                (partner_id, system_of(code), said, change.id),
            )
    elif state in ("ask", "skip"):
        change.conn.execute("UPDATE temp.incoming SET state = ? WHERE rowid = ?", (state, place))


def system_of(column: ColumnPlan) -> str:
    """The system a key column belongs to: SupplierID and “Supplier no” both mean supplier."""
    key = slug(column.header)
    for ending in ("_key", "_id", "_code", "_no", "_nr", "_number", "_num"):
        key = key.removesuffix(ending)
    return key


def candidates(
    conn: sqlite3.Connection, asked: Sequence[tuple[str, str | None]], *, near: bool
) -> list[tuple[Candidate, ...]]:
    """For each (name, system of the key it brings) the partners that may be meant, the likeliest first.

    Partners with another key of the same system are not among them. `near`: names that are only alike count.
    """
    if not asked:
        return []
    conn.execute("DROP TABLE IF EXISTS temp.asked")
    conn.execute("CREATE TEMP TABLE asked(n INTEGER PRIMARY KEY, name TEXT, key TEXT, system TEXT)")
    conn.executemany(
        "INSERT INTO asked VALUES (?, ?, name_key(?), ?)",
        [(n, name, name, system) for n, (name, system) in enumerate(asked)],
    )
    found: list[list[Candidate]] = [[] for _ in asked]
    for n, partner_id, code, name, said in conn.execute(
        "SELECT a.n, p.id, p.code, p.name, a.name FROM temp.asked a JOIN main.partners p ON p.name_key = a.key"
        f" WHERE p.joined_into IS NULL AND (a.system IS NULL OR slug({HELD}) IS NOT a.system) ORDER BY a.n, p.id"
    ).fetchall():
        same = "the same name" if folded(name) == folded(said) else "the same name but for its form"
        found[n].append(Candidate(partner_id, code, name, same))
    if near:
        _near(conn, [n for n, likely in enumerate(found) if not likely], found)
    return [tuple(likely[:LIKELY]) for likely in found]


def _near(conn: sqlite3.Connection, open_ones: Iterable[int], found: list[list[Candidate]]) -> None:
    """Names that are nearly equal; only those that begin alike are looked at, so that it stays quick."""
    wanted = {n: key for n, key in conn.execute("SELECT n, key FROM temp.asked") if n in set(open_ones)}
    if not wanted:
        return
    from rapidfuzz import fuzz, process

    blocks: dict[str, dict[int, tuple[str, str, str]]] = {}
    beginnings = {key[:3] for key in wanted.values()}
    for partner_id, code, name, key in conn.execute(
        "SELECT id, code, name, name_key FROM main.partners WHERE joined_into IS NULL"
    ):
        if key[:3] in beginnings:
            blocks.setdefault(key[:3], {})[partner_id] = (key, code, name)
    for n, key in wanted.items():
        block = blocks.get(key[:3], {})
        keys = {partner_id: known for partner_id, (known, _, _) in block.items()}
        for _, score, partner_id in process.extract(key, keys, scorer=fuzz.ratio, score_cutoff=NEAR, limit=LIKELY):
            _, code, name = block[partner_id]
            found[n].append(Candidate(partner_id, code, name, f"{round(score)} % alike"))


def towns(conn: sqlite3.Connection, pairs: Sequence[tuple[str, tuple[Candidate, ...]]]) -> list[bool | None]:
    """For each row (its cells as JSON) whether its first candidate is in the same town; None where one is not told."""
    found: list[bool | None] = []
    for said, likely in pairs:
        theirs = _town(json.loads(said).get("custom", {}))
        ours = None
        if likely:
            (custom,) = conn.execute("SELECT custom FROM partners WHERE id = ?", (likely[0].id,)).fetchone()
            ours = _town(json.loads(custom))
        found.append(None if theirs is None or ours is None else theirs == ours)
    return found


def _town(custom: dict[str, object]) -> str | None:
    said = next((custom[key] for key in _CITY if custom.get(key)), None)
    return None if said is None else folded(str(said))


def _reserve(conn: sqlite3.Connection, *, by: str, report: SheetReport) -> None:
    """Give the partners that are to be made their ids; equal spellings are one."""
    conn.execute(
        f"UPDATE temp.matched SET state = 'new', partner_id = :last + g.n FROM (SELECT {by} AS spelled,"
        " row_number() OVER (ORDER BY min(row)) AS n FROM temp.matched WHERE state = 'none' GROUP BY 1) g"
        f" WHERE state = 'none' AND g.spelled = {by}",
        {"last": imports.last_id(conn, "partners")},
    )
    (report.partners_created,) = conn.execute(
        "SELECT count(DISTINCT partner_id) FROM temp.matched WHERE state = 'new'"
    ).fetchone()


def make(change: Change, plan: SheetPlan, source: int) -> None:
    """Write the partners that `match` reserved."""
    column = plan.column("partner")
    assert column is not None
    keyed = plan.column("partner_name") is not None
    parameters = {
        "source": source,
        "change": change.id,
        "next": int(partners.next_code(change.conn)[1:]) - 1,
    }
    code = "said" if keyed else "'P' || (:next + row_number() OVER (ORDER BY id))"
    empty = ", ".join(f"NULL AS {name}" for name in ("type", "tier", "territory", "country", "industry"))
    change.conn.execute(
        "INSERT INTO partners(id, code, name, search, name_key, source_id, row, change_id)"
        f" SELECT id, code, name, {words.SEARCH}, name_key(name), :source, row, :change FROM"
        f" (SELECT id, {code} AS code, name, {empty}, '{{}}' AS custom, row FROM (SELECT partner_id AS id, said, name,"
        " min(row) AS row FROM temp.matched WHERE state = 'new' GROUP BY partner_id)) ORDER BY id",
        parameters,
    )
    if keyed:
        change.conn.execute(
            "INSERT INTO partner_keys(partner_id, system, key, change_id) SELECT partner_id, ?, said, ?"
            " FROM temp.matched WHERE state IN ('new', 'sure') AND partner_id IS NOT NULL ORDER BY partner_id"
            " ON CONFLICT (system, key) DO NOTHING",
            (system_of(column), change.id),
        )


def refuse(conn: sqlite3.Connection, plan: SheetPlan, report: SheetReport) -> None:
    """Refuse the rows whose partner nobody knows; they join temp.settled."""
    column = plan.column("partner")
    assert column is not None
    raw = f"r.c{column.pos} IN (SELECT raw FROM temp.matched WHERE state = '%s')"
    for test, why in (
        (f"r.c{column.pos} IS NULL", "no partner is named, so it belongs to nobody"),
        (raw % "none", "no partner is known by this key or name, or several are"),
        (raw % "ask", "it is not certain which partner this is"),
        (raw % "skip", "left out, as you said"),
    ):
        imports.refuse(conn, report, imports.refusals(conn, plan, column, test, why))
