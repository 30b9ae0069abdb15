"""Erasing contacts: from their own rows, from every text that names them, from the log of changes, from raw cells, and
from the pages of the file.

What has been scrubbed from the log no longer has the digest it was sealed with. The seals stay as they are; the record
of the erasure keeps, for each change it touched, what its log and its line are now, and is itself named by its hash in
the sealed line of the erasing change. So the chain still tells what was altered by an erasure from anything else.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prm_tui.domain.change import ERASURE
from prm_tui.domain.privacy import GONE, PERSONAL, Erasure, Scrubber, Subject, Term, opaque, terms_of
from prm_tui.domain.text import folded, name_key
from storage import cases, chain, words
from storage.holds import HELD, any_held
from storage.log_triggers import columns, logged_tables
from storage.owners import owned
from storage.schema import UNLOGGED
from storage.store import Change

_WITHIN = "instr(' ' || {} || ' ', ' ' || :key || ' ') > 0"
"""Whether the key of a name holds that of another, whole words of it."""
_AT_ONCE = 40
"""So many patterns are looked for in one statement."""


_PATIENCE = 200
"""So many milliseconds another program is waited for before it is said that it is in the way."""


@dataclass(frozen=True)
class Found:
    """A cell that names somebody."""

    table: str
    row_id: int
    column: str
    said: Any


# ---- who, and by what they are known ----


def subjects(conn: sqlite3.Connection, ids: Sequence[int], *, pseudonymise: bool) -> list[Subject]:
    """Contacts as they are looked for, each term with the scope in which it means nobody else."""
    found = []
    for row_id, name, email, phone, custom in conn.execute(
        "SELECT id, name, email, phone, custom FROM contacts WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (json.dumps(list(ids)),),
    ).fetchall():
        terms = terms_of(name, email, phone, json.loads(custom).values())
        scoped = tuple(Term(t.text, t.kind, _scope(conn, t, ids)) for t in terms)
        found.append(Subject(row_id, name, scoped, f"Contact {row_id}" if pseudonymise else GONE))
    return found


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


def _free(conn: sqlite3.Connection, table: str) -> str:
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


def everywhere(conn: sqlite3.Connection) -> dict[str, str]:
    """The whole file, but for what is of partners under legal hold. The log stands last: scrubbing writes to it."""
    return {table: _free(conn, table) for table in [*logged_tables(conn), *sorted(UNLOGGED), "change_log"]}


def of_partner(conn: sqlite3.Connection, partner_id: int) -> dict[str, str]:
    """The rows of a partner, and what was logged of them."""
    mine = {name: owned(conn, name, f"= {int(partner_id)}") for name in logged_tables(conn)}
    found = {name: test for name, test in mine.items() if test}
    return {**found, "change_log": _logged(found)}


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


# ---- scrubbing ----


class Erasing:
    """One erasing, inside its change: contacts of one partner."""

    def __init__(self, change: Change, partner_id: int, found: Sequence[Subject], report: Erasure) -> None:
        self.change, self.conn = change, change.conn
        self.partner_id, self.subjects, self.report = partner_id, found, report
        self.touched = set[int]()

    def run(self) -> None:
        """Do it all but the record: in the order in which each step still finds what it needs."""
        wide, near = Scrubber(self.subjects, "file"), Scrubber(self.subjects, "file", "partner")
        mine = of_partner(self.conn, self.partner_id)
        self._documents(wide, near)
        self._messages()
        self._whys(wide)
        self._scrub(wide, everywhere(self.conn))
        self._scrub(near, mine)
        for one in self.subjects:
            self._scrub(Scrubber([_in_full(one)], "file", "partner", "own"), of_contact(one.contact_id))
            self._cells(one)
            self._contact(one)
        words.refresh(self.conn, "id = ?", (self.partner_id,))
        self._scrub(near, {"change_log": mine["change_log"]})  # what has been logged meanwhile
        self._keepings()

    def _scrub(self, scrubber: Scrubber, place: dict[str, str]) -> None:
        for table, only in place.items():
            hits = list(scan(self.conn, scrubber, {table: only}))
            for hit in hits:
                self._write(hit, scrubber.value(hit.said))
            self.report.count(table, len({hit.row_id for hit in hits}))

    def _write(self, hit: Found, clean: Any) -> None:
        if hit.table == "change_log":
            (change_id,) = self.conn.execute("SELECT change_id FROM change_log WHERE id = ?", (hit.row_id,)).fetchone()
            self.touched.add(change_id)
        elif hit.table == "feed_rows" and hit.column == "key":
            clean = f"erased {hit.row_id}"  # stays apart from every other
        update = f"UPDATE {hit.table} SET {hit.column} = ? WHERE id = ?"
        try:
            self.conn.execute(update, (clean, hit.row_id))
        except sqlite3.IntegrityError:  # two rows told apart by what is erased alone
            self.conn.execute(update, (f"{clean} {hit.row_id}", hit.row_id))

    def _whys(self, wide: Scrubber) -> None:
        """The lines of the history: those that name somebody, and, of shorter names, those about the contacts."""
        own = Scrubber([_in_full(one) for one in self.subjects], "file", "partner", "own")
        about = {
            i
            for (i,) in self.conn.execute(
                "SELECT change_id FROM contacts WHERE id IN (SELECT value FROM json_each(:ids)) UNION SELECT change_id"
                " FROM change_log WHERE tbl = 'contacts' AND row_id IN (SELECT value FROM json_each(:ids))",
                {"ids": json.dumps([one.contact_id for one in self.subjects])},
            )
        }
        for change_id, why in self.conn.execute("SELECT id, why FROM changes ORDER BY id").fetchall():
            clean = (own if change_id in about else wide).text(why)
            if clean != why and change_id != self.change.id:
                self.conn.execute("UPDATE changes SET why = ? WHERE id = ?", (clean, change_id))
                self.touched.add(change_id)
                self.report.count("changes")

    def _messages(self) -> None:
        """What was to be sent to them is not sent any more."""
        for one in self.subjects:
            self.conn.execute(
                "UPDATE messages SET state = 'cancelled' WHERE contact_id = ? AND state IN ('draft', 'approved', 'returned')",
                (one.contact_id,),
            )

    def _documents(self, wide: Scrubber, near: Scrubber) -> None:
        """Bodies of evidence: text is scrubbed, another document that names them goes, what is opaque is told."""
        mine = "(t.partner_id = :id OR t.case_id IN (SELECT id FROM main.cases WHERE partner_id = :id))"
        for row_id, title, hash_, body, ours in self.conn.execute(
            f"SELECT t.id, t.title, t.hash, t.body, coalesce({mine}, 0) FROM evidence t WHERE t.body IS NOT NULL"
            f" AND t.kind <> :kind AND {_free(self.conn, 'evidence')}",
            {"id": self.partner_id, "kind": ERASURE},
        ).fetchall():
            clean = (near if ours else wide).body(bytes(body))
            if clean is None:
                clean = f"Erased: this document named a contact. It had the SHA-256 {hash_}.".encode()
            if clean != bytes(body):
                self.conn.execute("UPDATE evidence SET body = ? WHERE id = ?", (clean, row_id))
                self.report.count("evidence")
                self.report.documents.append(row_id)
            elif ours and opaque(clean):
                self.report.kept.append(f"evidence {row_id} “{title}”: nobody can look into it here; look yourself")
        self._logged_documents(wide)
        self._logged_documents(near, f" AND row_id IN (SELECT t.id FROM main.evidence t WHERE {mine})")

    def _logged_documents(self, scrubber: Scrubber, only: str = "") -> None:
        """The log holds a body that was scrubbed as bytes, that of a row that was deleted as hexadecimal digits."""

        def clean(body: bytes) -> bytes:
            return scrubber.body(body) or b""

        for row_id, change_id, col, before, after in self.conn.execute(
            f"SELECT id, change_id, col, before, after FROM change_log WHERE tbl = 'evidence'"
            f" AND (col IS NULL OR col = 'body'){only}",
            {"id": self.partner_id},
        ).fetchall():
            values: tuple[Any, ...] = tuple(clean(x) if isinstance(x, bytes) else x for x in (before, after))
            if col is None:
                image = json.loads(before)
                raw = bytes.fromhex(image.get("body") or "")
                if clean(raw) != raw:
                    values = json.dumps({**image, "body": clean(raw).hex().upper()}, separators=(",", ":")), after
            if values != (before, after):
                self.conn.execute("UPDATE change_log SET before = ?, after = ? WHERE id = ?", (*values, row_id))
                self.touched.add(change_id)

    def _cells(self, one: Subject) -> None:
        """The raw cells of the contact's own row in a sheet, and what the log has of them."""
        where = "tbl = 'contacts' AND row_id = ?"
        rows = [i for (i,) in self.conn.execute(f"SELECT id FROM feed_rows WHERE {where}", (one.contact_id,))]
        self.conn.execute(
            f"UPDATE feed_rows SET cells = '{{}}', row_hash = '', key = 'erased ' || id WHERE {where}",
            (one.contact_id,),
        )
        self._forget("feed_rows", rows, ("cells", "key", "row_hash"))
        self.report.count("feed_rows", len(rows))

    def _contact(self, one: Subject) -> None:
        values = {
            "name": one.stays,
            "email": None,
            "phone": None,
            "language": None,
            "custom": "{}",
            "main": 0,
            "opt_out": 1,
        }
        cases.update(self.change, "contacts", one.contact_id, values)
        if not self.report.pseudonymised:
            for table in ("records", "messages"):
                self.conn.execute(f"UPDATE {table} SET contact_id = NULL WHERE contact_id = ?", (one.contact_id,))
            self.conn.execute("DELETE FROM contacts WHERE id = ?", (one.contact_id,))
        self._forget("contacts", [one.contact_id], PERSONAL)
        self.report.count("contacts")

    def _forget(self, table: str, rows: Iterable[int], cols: Sequence[str]) -> None:
        """Take out of the log what columns of rows ever held."""
        listed, names = json.dumps(list(rows)), ", ".join(f"'{col}'" for col in cols)
        mine = f"tbl = '{table}' AND row_id IN (SELECT value FROM json_each(:rows))"
        changed = f"(col IN ({names}) OR col LIKE 'custom.%')"
        self.touched |= {
            i for (i,) in self.conn.execute(
                f"SELECT DISTINCT change_id FROM change_log WHERE {mine} AND ({changed} OR col IS NULL)", {"rows": listed}
            )
        }  # fmt: skip
        self.conn.execute(
            f"UPDATE change_log SET before = NULL, after = NULL WHERE {mine} AND {changed}", {"rows": listed}
        )
        empty = ", ".join(f"'$.{col}', {_EMPTY.get(col, 'NULL')}" for col in cols)
        self.conn.execute(
            f"UPDATE change_log SET before = json_set(before, {empty}) WHERE {mine} AND col IS NULL AND json_valid(before)",
            {"rows": listed},
        )

    def _keepings(self) -> None:
        """What could not be told from somebody else, and what the ledger and the audit need."""
        kept = self.report.kept
        for one in self.subjects:
            for term in one.terms:
                if term.scope == "own":
                    kept.append(f"the {_SAID[term.kind]} of contact {one.contact_id} where it may mean somebody else")
                elif term.scope == "partner":
                    kept.append(
                        f"the name of contact {one.contact_id} in rows of other partners: it may mean another person"
                    )
        if any_held(self.conn):
            kept.append("rows of partners under legal hold")
        (lines,) = self.conn.execute("SELECT count(*) FROM ledger WHERE partner_id = ?", (self.partner_id,)).fetchone()
        kept.append(f"the partner, its cases and records, {lines:,} ledger lines: accounts and audit need them")

    def record(self, by: str) -> None:
        """Keep what was done, never what was erased, and name it by its hash in the sealed line of this change."""
        self.report.links = sorted(self.touched - {self.change.id})
        links = [[i, chain.log_digest(self.conn, i)[0], chain.seal_of(self.conn, i)] for i in self.report.links]
        body = json.dumps(
            {"contacts": [one.contact_id for one in self.subjects], "partner": self.report.partner, "by": by,
             "on": self.change.as_of.isoformat(), "pseudonymised": self.report.pseudonymised,
             "rows": self.report.counts, "documents": self.report.documents, "kept": self.report.kept, "links": links},
            ensure_ascii=False, sort_keys=True, indent=1,
        ).encode()  # fmt: skip
        digest = hashlib.sha256(body).hexdigest()
        cases.insert(
            self.change, "evidence",
            {"partner_id": self.partner_id, "kind": ERASURE, "title": "what was erased, what was kept and why",
             "file": None, "hash": digest, "body": body, "at": self.change.at},
        )  # fmt: skip
        self.conn.execute(
            "UPDATE changes SET why = why || ' (record ' || ? || ')' WHERE id = ?", (digest, self.change.id)
        )


_SAID = {"name": "name", "email": "e-mail address", "phone": "telephone number"}
_EMPTY = {"name": f"'{GONE}'", "custom": "'{}'", "cells": "'{}'", "key": "'erased'", "row_hash": "''"}


def _in_full(one: Subject) -> Subject:
    """With each word of the name, too: Dear Ms Novak."""
    more = [Term(word, "name", "own") for word in one.name.split() if len(folded(word)) > 2]
    return Subject(one.contact_id, one.name, (*one.terms, *more), one.stays)


def sweep(conn: sqlite3.Connection) -> bool:
    """Rewrite the file so that no page holds what was there before; False while another program has old pages in use."""
    (usual,) = conn.execute("PRAGMA busy_timeout").fetchone()
    conn.execute(f"PRAGMA busy_timeout = {_PATIENCE}")
    try:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        conn.execute("VACUUM")
        busy, *_ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    finally:
        conn.execute(f"PRAGMA busy_timeout = {usual}")
    return not busy
