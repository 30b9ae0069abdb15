"""Sheets of partners, people, contacts and records: rows found again by key or name; only what changed is taken.

A feed remembers the last row it brought for each key (feed_rows). A cell that has not changed since says
nothing, so that sending last month's sheet again cannot bring old values back over later edits.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from prm_tui.domain.errors import DecisionNeeded
from prm_tui.domain.exchange import Choices, SheetReport
from prm_tui.domain.mapping import (
    ACTIVITY_TARGETS,
    CONTACT_TARGETS,
    DATES,
    NUMBERS,
    PARTNER_TARGETS,
    PEOPLE_TARGETS,
    RECORD_TARGETS,
    ColumnPlan,
    SheetPlan,
)
from storage import (
    cells,
    emits,
    identity,
    imports,
    imports_known,
    imports_old,
    ledger,
    matching,
    partners,
    returns,
    systems,
    words,
)
from storage.imports_known import Noun
from storage.store import Change

_PERSON = ("manager", "owner", "person")


_OWNER = ("partner", "partner_name")
_COLUMNS = {"person": "person_id"}
_NOUNS = {
    "partners": Noun("partners", "code", PARTNER_TARGETS, "partner"),
    "people": Noun("people", "key", PEOPLE_TARGETS, "person"),
    "contacts": Noun("contacts", "", tuple(t for t in CONTACT_TARGETS if t not in _OWNER), "contact", owned=True),
    "record": Noun("records", "", tuple(t for t in RECORD_TARGETS if t not in _OWNER), "record", "data", owned=True),
    "activity": Noun(  # in a sheet of ours only: other sheets of activities stand in imports_activities.py
        "activities", "", tuple(t for t in ACTIVITY_TARGETS if t not in _OWNER), "activity", "data", owned=True
    ),
}


def apply(change: Change, plan: SheetPlan, choices: Choices) -> SheetReport:
    """Write what a sheet of partners, people, contacts or records brings.

    Raises DecisionNeeded, naming the first, when a cell was changed on both sides and nothing says which counts.
    """
    conn, noun, report = change.conn, _NOUNS[plan.noun], SheetReport(plan)
    feed = imports.find_feed(conn, plan)
    covered = imports.covered(conn, feed)
    imports.begin_refusing(conn)
    key = plan.column(noun.key) if noun.key else None
    repeats = key is not None and _repeats(conn, plan, key)
    as_before = 0 if repeats else _settle(conn, plan, noun, feed)
    imports.refuse_values(conn, plan, report)
    ledger.refuse(conn, plan, report)
    if noun.owned:
        matching.match(change, plan, choices, report)
        matching.refuse(conn, plan, report)
    else:
        _refuse_names(conn, plan, noun, report, repeats)
    _people(change, plan)
    _gather(conn, plan, noun, choices)
    if plan.ours:
        returns.find(conn, plan, noun.table, report)
    imports_known.find(conn, plan, noun, feed)
    if noun.table == "partners":
        identity.find(change, plan, choices, report)
        imports_known.find_by_name(change, plan, choices, report)
    systems.look(change, plan, feed, choices, report)
    _keep_to_mode(conn, choices, report)
    report.refused.sort(key=lambda refused: refused.row)
    counts = dict(conn.execute("SELECT state, count(*) FROM temp.incoming GROUP BY state").fetchall())
    report.new, report.same = counts.get("new", 0), counts.get("same", 0) + as_before
    report.lines = sum(counts.values()) + as_before
    unsent = 0
    if plan.ours:
        unsent = returns.missing(change, plan, noun.table, report)
    else:
        (report.missing,) = conn.execute(
            "SELECT count(*) FROM feed_rows f WHERE f.feed_id = ? AND f.key NOT IN (SELECT key FROM temp.incoming)",
            (feed,),
        ).fetchone()
        report.missing -= as_before
    fields = {f: _COLUMNS.get(f, f) for f in noun.fields if plan.column(f) and f != noun.key}
    own = [c.key for c in imports.keys_apart(plan)] if plan.ours else None
    cells.compare(conn, noun.table, fields, noun.custom, own)
    known = feed is not None and not plan.ours
    if known:
        imports_old.mark(conn, plan, feed, choices, report)
    undecided = cells.decide(conn, choices.prefer, choices.sides, plan.sheet)
    left = imports_old.leave(conn) if known else 0
    _count(conn, report)
    report.same += left
    report.conflicts += unsent
    if unsent and choices.prefer is None and not change.rehearsed:
        raise DecisionNeeded(
            f"{plan.file}: {plan.sheet}: {unsent:,} rows were left out there and changed here since; the first:"
            f" {next(note for note in report.notes if 'but it was changed' in note)}. Say that you have seen it:"
            " --ours, or --theirs"
        )
    if undecided and not change.rehearsed:
        first = next(cell for cell in report.cells if cell.conflict)
        headers = {c.target: c.header for c in plan.columns}
        raise DecisionNeeded(
            f"{plan.file}: {plan.sheet} row {first.row}, {headers.get(first.field, first.field)} of {first.subject}:"
            f" changed to “{first.after}” there and to “{first.before}” here ({undecided:,} such cells)."
            " Say whose counts: --theirs, or --ours"
        )
    if report.new or report.changed or (counts.get("known", 0) > left and not plan.ours):
        feed = imports.feed(change, plan)
        source = imports.source(change, plan, feed, report)
        imports.register_fields(change, noun.subject, plan.kind or "", imports.keys_apart(plan))
        if report.partners_created:
            matching.make(change, plan, source)
        _insert(change, plan, noun, source)
        if noun.table == "activities":
            returns.correct(change)
            ledger.book(change, plan.kind)
        else:
            cells.write(change, noun.table, noun.custom)
        if noun.table == "partners":
            _partner_keys(change)
            (renamed,) = conn.execute(
                "SELECT EXISTS (SELECT 1 FROM temp.delta WHERE take AND field = 'name')"
            ).fetchone()
            words.refresh(conn, "id IN (SELECT id FROM temp.delta WHERE take)", renamed=bool(renamed))
        _remember(change, plan, noun, feed, source)
        if noun.table == "records":
            emits.emit(change)
        if not plan.ours:
            imports.reach(change, feed, datetime.fromtimestamp(change.at, UTC).date().isoformat())
    if not plan.ours:
        imports.cover(change, imports.find_feed(conn, plan), choices, covered)
    for table in ("incoming", "delta"):
        conn.execute(f"DROP TABLE temp.{table}")
    return report


def _settle(conn: sqlite3.Connection, plan: SheetPlan, noun: Noun, feed: int | None) -> int:
    """Settle the rows whose cells are the very ones their feed brought last: nothing of them is new. Their number.

    Only where a key tells the rows of the sheet apart.
    """
    key = plan.column(noun.key) if noun.key else None
    if key is None or feed is None or plan.ours:
        return 0
    return conn.execute(
        f"INSERT INTO temp.settled SELECT r.row FROM st.{plan.table} r JOIN main.feed_rows f ON f.feed_id = ?"
        f" AND f.key = r.c{key.pos} AND f.row_hash = ? || r.hash"  # a key with odd spaces goes the longer way
        f" WHERE EXISTS (SELECT 1 FROM main.{noun.table} t WHERE t.id = f.row_id)",
        (feed, imports.read_as(plan)),
    ).rowcount


def _refuse_names(conn: sqlite3.Connection, plan: SheetPlan, noun: Noun, report: SheetReport, repeats: bool) -> None:
    name, key = plan.column("name"), plan.column(noun.key)
    assert name is not None
    empty = f"coalesce({imports.text_of(name)}, '') = ''"
    imports.refuse(conn, report, imports.refusals(conn, plan, name, empty, "no name"))
    if key:
        value = imports.text_of(key)
        imports.refuse(conn, report, imports.refusals(conn, plan, key, f"r.c{key.pos} IS NULL", f"no {noun.key}"))
        if repeats:
            earlier = (
                f"r.row NOT IN (SELECT min(r.row) FROM st.{plan.table} r WHERE r.row NOT IN"
                f" (SELECT row FROM temp.settled) GROUP BY {value})"
            )
            token = plan.column("id")
            if token:  # rows that say which of ours they are cannot be meant twice because of their code
                known = f"SELECT {value} FROM st.{plan.table} r WHERE r.c{token.pos} IS NOT NULL"
                earlier = f"r.c{token.pos} IS NULL AND ({value} IN ({known}) OR {earlier})"
            why = f"this {noun.key} stands in an earlier row already"
            imports.refuse(conn, report, imports.refusals(conn, plan, key, earlier, why))


def _repeats(conn: sqlite3.Connection, plan: SheetPlan, key: ColumnPlan) -> bool:
    row = conn.execute(
        f"SELECT count(r.c{key.pos}) > count(DISTINCT {imports.text_of(key)}) FROM st.{plan.table} r"
    ).fetchone()
    return bool(row[0])


def _people(change: Change, plan: SheetPlan) -> None:
    """People named as managers or owners that nobody knows yet are added."""
    for target in _PERSON:
        column = plan.column(target)
        if column:
            said = imports.text_of(column)
            change.conn.execute(
                "INSERT INTO people(name, name_key, change_id)"
                f" SELECT {said} AS said, name_key({said}) AS k, ? FROM st.{plan.table} r"
                f" WHERE r.c{column.pos} IS NOT NULL AND r.c{column.pos} IS NOT '{cells.CLEAR}'"
                " AND r.row NOT IN (SELECT row FROM temp.settled) AND NOT EXISTS (SELECT 1 FROM main.people p"
                f" WHERE p.name_key = name_key({said}) OR p.key = {said}) GROUP BY k ORDER BY min(r.row)",
                (change.id,),
            )


def _field(plan: SheetPlan, target: str) -> str:
    """A field as it is stored; `#CLEAR` stays."""
    column = plan.column(target)
    if column is None:
        return "NULL"
    raw, text = f"r.c{column.pos}", imports.text_of(column)
    if target in DATES:
        value = f"CASE WHEN {imports.is_day(column)} THEN substr({raw}, 1, 10) END"
    elif target in NUMBERS:
        value = imports.units_of(column)
    elif target in _PERSON:
        value = (
            f"coalesce((SELECT p.id FROM main.people p WHERE p.key = {text} LIMIT 1), (SELECT p.id FROM main.people p"
            f" WHERE p.name_key = name_key({text}) ORDER BY p.key IS NOT NULL LIMIT 1))"
        )
    elif target == "note":
        return f"nullif(CAST({raw} AS TEXT), '')"  # its lines stay apart
    else:
        return f"nullif({text}, '')"
    return f"CASE WHEN {raw} IS '{cells.CLEAR}' THEN {raw} ELSE {value} END"


def _gather(conn: sqlite3.Connection, plan: SheetPlan, noun: Noun, choices: Choices) -> None:
    """temp.incoming: one line a row that is not refused, with its cells as JSON and the key its feed knows it by."""
    mapped = [t for t in noun.fields if plan.column(t)]
    pairs = [(t, _field(plan, t)) for t in mapped]
    if noun.table == "records" and choices.currency and not plan.column("currency"):
        pairs.append(("currency", f"'{choices.currency}'"))
    others = [c for c in plan.columns if c.target.startswith("key:")]
    keys = imports.object_of([(c.target[4:], f"nullif({imports.text_of(c)}, '')") for c in others])
    custom = imports.object_of(imports.kept_values(conn, plan))
    made = imports.without_nulls(imports.object_of([*pairs, ("keys", keys), ("custom", custom)]))
    name, said, owner, join, token = _field(plan, "name"), "NULL", "NULL", "", "NULL"
    if plan.ours:
        column = plan.column("id")
        assert column is not None
        token = f"trimmed(CAST(r.c{column.pos} AS TEXT))"
    if noun.owned:
        partner = plan.column("partner")
        assert partner is not None
        join, owner = f" JOIN temp.matched m ON m.raw = r.c{partner.pos}", "m.partner_id"
    elif plan.column(noun.key):
        said = _field(plan, noun.key)
    if noun.table == "activities":
        name = f"coalesce({_field(plan, 'ref')}, '{plan.kind}')"
        identity = "partner_id || ' ' || coalesce(json_extract(cells, '$.ref'), cells)"
    elif noun.table == "records":
        name = f"coalesce({name}, {_field(plan, 'ref')}, '{plan.kind}')"
        identity = f"partner_id || ' ' || coalesce(json_extract(cells, '$.ref'), name || ' ' || {_begins(plan)})"
    elif noun.table == "contacts":
        identity = "partner_id || ' ' || folded(coalesce(json_extract(cells, '$.email'), name))"
    else:
        identity = "coalesce(said, 'name ' || name_key(name))"
    conn.execute("DROP TABLE IF EXISTS temp.incoming")
    conn.execute(
        "CREATE TEMP TABLE incoming(row INTEGER PRIMARY KEY, hash, said, name, partner_id, cells, key, id, base, since, token,"
        " state)"
    )
    conn.execute(
        "INSERT INTO temp.incoming(row, hash, said, name, partner_id, cells, key, token, state)"
        f" SELECT row, hash, said, name, partner_id, cells, {identity}, token, 'new' FROM"
        f" (SELECT r.row AS row, r.hash AS hash, {token} AS token, {said} AS said, {name} AS name, {owner} AS partner_id,"
        f" {made} AS cells"
        f" FROM st.{plan.table} r{join} WHERE r.row NOT IN (SELECT row FROM temp.settled)) ORDER BY row"
    )
    if noun.owned or not plan.column(noun.key):  # rows of one key are told apart by their order
        conn.execute(
            "UPDATE temp.incoming SET key = key || CASE WHEN c.nth = 1 AND :once THEN '' ELSE ' ' || c.nth END FROM"
            " (SELECT row AS r, row_number() OVER (PARTITION BY key ORDER BY row) AS nth FROM temp.incoming) c"
            " WHERE incoming.row = c.r",
            {"once": noun.owned},
        )


def _begins(plan: SheetPlan) -> str:
    return "coalesce(json_extract(cells, '$.starts_on'), '')" if plan.column("starts_on") else "''"


def _keep_to_mode(conn: sqlite3.Connection, choices: Choices, report: SheetReport) -> None:
    """Create only leaves what is known alone; update only makes nothing."""
    state = {"create": "known", "update": "new"}.get(choices.mode)
    if state:
        report.left = conn.execute("DELETE FROM temp.incoming WHERE state = ?", (state,)).rowcount
        if state == "new":
            report.partners_created = 0


def _count(conn: sqlite3.Connection, report: SheetReport) -> None:
    report.changed, report.conflicts = conn.execute(
        "SELECT count(DISTINCT CASE WHEN take THEN id END), coalesce(sum(conflict), 0) FROM temp.delta"
    ).fetchone()
    (known,) = conn.execute("SELECT count(*) FROM temp.incoming WHERE state = 'known'").fetchone()
    report.same += known - report.changed
    report.cells = cells.shown(conn)


def _insert(change: Change, plan: SheetPlan, noun: Noun, source: int) -> None:
    conn = change.conn
    last = imports.last_id(conn, noun.table)
    many, lowest, highest = conn.execute(
        "SELECT count(*), min(row), max(row) FROM temp.incoming WHERE state = 'new'"
    ).fetchone()
    if many and many == highest - lowest + 1:  # one after the other, as in a file that is read for the first time
        conn.execute("UPDATE temp.incoming SET id = row + ? WHERE state = 'new'", (last + 1 - lowest,))
    else:
        conn.execute(
            "UPDATE temp.incoming SET id = ? + c.n FROM (SELECT row AS r, row_number() OVER (ORDER BY row) AS n"
            " FROM temp.incoming WHERE state = 'new') c WHERE incoming.row = c.r",
            (last,),
        )
    mapped = [t for t in noun.fields if plan.column(t) and t not in (noun.key, "name")]
    if noun.table in ("records", "activities") and "currency" not in mapped:
        mapped.append("currency")
    read = "".join(f", nullif(json_extract(cells, '$.{t}'), '{cells.CLEAR}') AS {_COLUMNS.get(t, t)}" for t in mapped)
    listed = "".join(f", {_COLUMNS.get(t, t)}" for t in mapped)
    rows = (
        f"SELECT id, said, name, partner_id{read}, json_extract(cells, '$.custom') AS custom, row"
        " FROM temp.incoming WHERE state = 'new'"
    )
    tail, values = "source_id, row, change_id", ":source, row, :change"
    parameters: dict[str, object] = {"source": source, "change": change.id, "at": change.at, "kind": plan.kind}
    if noun.table == "partners":
        parameters["next"] = int(partners.next_code(conn)[1:]) - 1
        empty = "".join(
            f", NULL AS {t}" for t in ("type", "tier", "territory", "country", "industry") if t not in mapped
        )
        code = "said" if plan.column("code") else "'P' || (:next + row_number() OVER (ORDER BY row))"
        conn.execute(
            f"INSERT INTO partners(id, code, name{listed}, custom, name_key, search, {tail})"
            f" SELECT id, code, name{listed}, custom, name_key(name), {words.SEARCH}, {values}"
            f" FROM (SELECT *, {code} AS code{empty} FROM ({rows})) ORDER BY row",
            parameters,
        )
    elif noun.table == "people":
        conn.execute(
            f"INSERT INTO people(id, key, name{listed}, custom, name_key, {tail})"
            f" SELECT id, said, name{listed}, custom, name_key(name), {values} FROM ({rows}) ORDER BY row",
            parameters,
        )
    elif noun.table == "contacts":
        conn.execute(
            f"INSERT INTO contacts(id, partner_id, name{listed}, custom, {tail})"
            f" SELECT id, partner_id, name{listed}, custom, {values} FROM ({rows}) ORDER BY row",
            parameters,
        )
    elif noun.table == "activities":
        conn.execute(
            f"INSERT INTO activities(id, partner_id, kind{listed}, data, learned_at, {tail})"
            f" SELECT id, partner_id, :kind{listed}, custom, :at, {values} FROM ({rows}) ORDER BY row",
            parameters,
        )
    else:
        conn.execute(
            f"INSERT INTO records(id, partner_id, kind, name{listed}, data, learned_at, {tail})"
            f" SELECT id, partner_id, :kind, name{listed}, custom, :at, {values} FROM ({rows}) ORDER BY row",
            parameters,
        )


def _partner_keys(change: Change) -> None:
    change.conn.execute(
        "INSERT INTO partner_keys(partner_id, system, key, change_id)"
        " SELECT i.id, j.key, j.value, ? FROM temp.incoming i, json_each(i.cells, '$.keys') j"
        " WHERE i.state IN ('new', 'known') AND j.value IS NOT NULL ORDER BY i.row ON CONFLICT (system, key) DO NOTHING",
        (change.id,),
    )


def _remember(change: Change, plan: SheetPlan, noun: Noun, feed: int, source: int) -> None:
    change.conn.execute(
        "INSERT INTO feed_rows(feed_id, key, row_hash, cells, tbl, row_id, source_id, row, change_id)"
        " SELECT :feed, key, :read_as || hash, cells, :tbl, id, :source, row, :change FROM temp.incoming"
        " WHERE state <> 'same' AND since IS NULL ORDER BY row ON CONFLICT (feed_id, key) DO UPDATE SET cells = excluded.cells,"
        " row_hash = excluded.row_hash, row_id = excluded.row_id, source_id = excluded.source_id, row = excluded.row"
        " WHERE feed_rows.cells IS NOT excluded.cells OR feed_rows.row_id IS NOT excluded.row_id",
        {"feed": feed, "read_as": imports.read_as(plan), "tbl": noun.table, "source": source, "change": change.id},
    )
