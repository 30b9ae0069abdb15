"""Who is named where: contacts by what they are known by, and the cells of the file that name them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prm_tui.domain.privacy import GONE, Scrubber, Subject, Term, terms_of
from prm_tui.domain.text import name_key
from storage.holds import HELD, any_held
from storage.log_triggers import columns, logged_tables
from storage.owners import owned
from storage.schema import UNLOGGED

_WITHIN = "instr(' ' || {} || ' ', ' ' || :key || ' ') > 0"
"""Whether the key of a name holds that of another, whole words of it."""
_AT_ONCE = 40
"""So many patterns are looked for in one statement."""


@dataclass(frozen=True)
class Found:
    """A cell that names somebody."""

    table: str
    row_id: int
    column: str
    said: Any


# ---- who, and by what they are known ----

EVERYONE = (
    "(SELECT id, partner_id, name, email, phone, custom FROM main.contacts UNION ALL SELECT l.row_id,"
    " json_extract(l.before, '$.partner_id'), json_extract(l.before, '$.name'), json_extract(l.before, '$.email'),"
    " json_extract(l.before, '$.phone'), json_extract(l.before, '$.custom') FROM main.change_log l"
    " WHERE l.tbl = 'contacts' AND l.col IS NULL AND NOT EXISTS (SELECT 1 FROM main.contacts c WHERE c.id = l.row_id)"
    f" AND json_extract(l.before, '$.name') <> '{GONE}' GROUP BY l.row_id)"
)
"""The contacts, and those of whom only the log still knows, because what added them was taken back."""


def subjects(conn: sqlite3.Connection, ids: Sequence[int], *, pseudonymise: bool) -> list[Subject]:
    """Contacts as they are looked for: by what they are known by now and were before, each with its scope."""
    found = []
    for row_id, name, email, phone, custom in conn.execute(
        f"SELECT id, name, email, phone, custom FROM {EVERYONE} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(list(ids)),),
    ).fetchall():
        terms = terms_of(name, email, phone, json.loads(custom or "{}").values())
        terms += [term for term in _before(conn, row_id) if term not in terms]
        scoped = tuple(Term(t.text, t.kind, _scope(conn, t, ids)) for t in terms)
        found.append(Subject(row_id, name, scoped, f"Contact {row_id}" if pseudonymise else GONE))
    return found


def _before(conn: sqlite3.Connection, contact_id: int) -> list[Term]:
    """What a contact was known by before."""
    found: dict[Term, None] = {}
    for col, *values in conn.execute(
        "SELECT col, before, after FROM change_log WHERE tbl = 'contacts' AND row_id = ? AND col IN ('name', 'email', 'phone')",
        (contact_id,),
    ):
        for value in filter(None, values):
            name, email, phone = (str(value) if col == key else "" for key in ("name", "email", "phone"))
            found |= dict.fromkeys(terms_of(name, email, phone))
    return list(found)


def _scope(conn: sqlite3.Connection, term: Term, ids: Sequence[int]) -> str:
    """Where a term can mean nobody but one of these contacts."""
    at = {"said": term.text, "key": name_key(term.text), "ids": json.dumps(list(ids))}
    mine = "c.id IN (SELECT value FROM json_each(:ids))"
    same = (
        _WITHIN.format("name_key(c.name)")
        if term.kind == "name"
        else "folded(:said) IN (folded(c.email), folded(c.phone))"
    )
    partner, beside = conn.execute(
        f"SELECT EXISTS (SELECT 1 FROM contacts m JOIN contacts c ON c.partner_id = m.partner_id AND NOT {mine} WHERE m.id IN"
        f" (SELECT value FROM json_each(:ids)) AND {same}), EXISTS (SELECT 1 FROM contacts c WHERE NOT {mine} AND {same})",
        at,
    ).fetchone()
    if partner or term.scope == "own":
        return "own"
    if term.kind != "name":
        (ours,) = conn.execute(
            "SELECT EXISTS (SELECT 1 FROM people WHERE folded(email) = folded(:said))"
            " OR EXISTS (SELECT 1 FROM partners WHERE folded(code) = folded(:said))",
            at,
        ).fetchone()
        return "own" if ours or beside else "file"
    ours, company = conn.execute(
        f"SELECT EXISTS (SELECT 1 FROM people WHERE {_WITHIN.format('name_key')}),"
        f" EXISTS (SELECT 1 FROM partners WHERE {_WITHIN.format('name_key')} OR folded(code) = folded(:said))",
        at,
    ).fetchone()
    if ours or company:
        return "own"
    return "partner" if beside or len(term.text.split()) < 2 else "file"


# ---- finding ----


def scan(conn: sqlite3.Connection, scrubber: Scrubber, place: dict[str, str]) -> Iterator[Found]:
    """The cells in which a scrubber finds something, in the tables of a place: table → condition on its rows `t`."""
    for table, only in place.items() if scrubber else ():
        texts = [name for name, kind in columns(conn, table) if kind in ("TEXT", "ANY")]
        if texts:
            yield from _cells(conn, scrubber, table, texts, only)


def _cells(
    conn: sqlite3.Connection, scrubber: Scrubber, table: str, texts: Sequence[str], only: str
) -> Iterator[Found]:
    seen = set[tuple[int, str]]()
    needles = list(dict.fromkeys(scrubber.needles))
    for n in range(0, len(needles), _AT_ONCE):
        some = {f"n{k}": needle for k, needle in enumerate(needles[n : n + _AT_ONCE])}
        tests = " OR ".join(f"t.{name} LIKE :{key}" for key in some for name in texts)
        rows = conn.execute(
            f"SELECT t.id, {', '.join(f't.{x}' for x in texts)} FROM {table} t WHERE ({tests}) AND {only}", some
        )
        for row_id, *said in rows.fetchall():
            for name, value in zip(texts, said, strict=True):
                if (row_id, name) not in seen and scrubber.value(value) != value:
                    seen.add((row_id, name))
                    yield Found(table, row_id, name, value)


def free(conn: sqlite3.Connection, table: str) -> str:
    """A condition that leaves rows of partners under legal hold as they are."""
    if not any_held(conn):
        return "1"
    if table != "change_log":
        mine = owned(conn, table, HELD)
        return f"NOT coalesce({mine}, 0)" if mine else "1"
    held = [
        f"t.tbl = '{name}' AND t.row_id IN (SELECT t.id FROM main.{name} t WHERE {mine})"
        for name in logged_tables(conn)
        if (mine := owned(conn, name, HELD))
    ]
    return f"NOT ({' OR '.join(held)})"


RULES = (
    "kinds", "fields", "packs", "facts", "triggers", "trigger_versions", "workflows", "workflow_versions", "templates",
    "calendars", "policies", "settings", "mappings", "roles", "rates",
)  # fmt: skip
"""Tables of what somebody wrote for the program to go by: a word taken out of a rule makes it another rule."""


def everywhere(conn: sqlite3.Connection) -> dict[str, str]:
    """The whole file, but for rules, and what is of partners under legal hold. The log is last: scrubbing writes to it."""
    tables = [table for table in [*logged_tables(conn), *sorted(UNLOGGED)] if table not in RULES]
    rules = ", ".join(f"'{table}'" for table in RULES)
    return {table: free(conn, table) for table in tables} | {
        "change_log": f"t.tbl NOT IN ({rules}) AND {free(conn, 'change_log')}"
    }


def rules_that_name(conn: sqlite3.Connection, scrubber: Scrubber) -> list[Found]:
    """The rules in which a scrubber finds something: a person has to look at them."""
    return list(scan(conn, scrubber, dict.fromkeys(RULES, "1")))


def of_partner(conn: sqlite3.Connection, partner_id: int) -> dict[str, str]:
    """The rows of a partner, and what was logged of them."""
    mine = {name: owned(conn, name, f"= {int(partner_id)}") for name in logged_tables(conn)}
    found = {name: test for name, test in mine.items() if test}
    deleted = f"CASE WHEN t.col IS NULL THEN json_extract(t.before, '$.partner_id') END = {int(partner_id)}"
    return {**found, "change_log": f"({_logged(found)} OR {deleted})"}


def of_contact(contact_id: int) -> dict[str, str]:
    """The rows that are about one contact alone, and what was logged of them."""
    own = int(contact_id)
    found = {
        "contacts": f"t.id = {own}",
        "messages": f"t.contact_id = {own}",
        "feed_rows": f"t.tbl = 'contacts' AND t.row_id = {own}",
    }
    return {**found, "change_log": _logged(found)}


def _logged(tables: dict[str, str]) -> str:
    parts = (
        f"t.tbl = '{name}' AND t.row_id IN (SELECT t.id FROM main.{name} t WHERE {test})"
        for name, test in tables.items()
    )
    return f"({' OR '.join(parts)})"
