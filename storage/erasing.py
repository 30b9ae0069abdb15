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
from collections.abc import Iterable, Sequence
from typing import Any

from prm_tui.domain.change import ERASURE, noun
from prm_tui.domain.privacy import GONE, PERSONAL, Erasure, Scrubber, Subject, Term, opaque
from prm_tui.domain.text import folded
from storage import cases, chain, words
from storage.holds import any_held
from storage.naming import Found, everywhere, free, of_contact, of_partner, rules_that_name, scan
from storage.store import Change

_PATIENCE = 200
"""So many milliseconds another program is waited for before it is said that it is in the way."""


class Erasing:
    """One erasing, inside its change: contacts of one partner."""

    def __init__(self, change: Change, partner_id: int, found: Sequence[Subject], report: Erasure) -> None:
        self.change, self.conn = change, change.conn
        self.partner_id, self.subjects, self.report = partner_id, found, report
        self.touched = set[int]()
        self.rows: dict[str, set[int]] = {}

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
        self._keepings(wide)

    def _scrub(self, scrubber: Scrubber, place: dict[str, str]) -> None:
        for table, only in place.items():
            for hit in list(scan(self.conn, scrubber, {table: only})):
                self._write(hit, scrubber.value(hit.said))

    def _write(self, hit: Found, clean: Any) -> None:
        if hit.table == "change_log":
            (change_id,) = self.conn.execute("SELECT change_id FROM change_log WHERE id = ?", (hit.row_id,)).fetchone()
            self._altered(change_id, hit.row_id)
        else:
            self._scrubbed(hit.table, hit.row_id)
        if hit.table == "feed_rows" and hit.column == "key":
            clean = f"erased {hit.row_id}"  # stays apart from every other
        update = f"UPDATE {hit.table} SET {hit.column} = ? WHERE id = ?"
        try:
            self.conn.execute(update, (clean, hit.row_id))
        except sqlite3.IntegrityError:  # two rows told apart by what is erased alone
            self.conn.execute(update, (f"{clean} {hit.row_id}", hit.row_id))

    def _scrubbed(self, table: str, *rows: int) -> None:
        self.rows.setdefault(table, set()).update(rows)
        self.report.counts = {name: len(ids) for name, ids in sorted(self.rows.items()) if ids}

    def _altered(self, change_id: int, line: int) -> None:
        """A line of the log was scrubbed; those this very change has written do not count."""
        if change_id != self.change.id:
            self.touched.add(change_id)
            self._scrubbed("change_log", line)

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
                self._scrubbed("changes", change_id)

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
        for row_id, title, hash_, ours in self.conn.execute(
            f"SELECT t.id, t.title, t.hash, coalesce({mine}, 0) FROM evidence t WHERE t.body IS NOT NULL"
            f" AND t.kind <> :kind AND {free(self.conn, 'evidence')}",
            {"id": self.partner_id, "kind": ERASURE},
        ).fetchall():
            body = cases.evidence_body(self.conn, row_id)
            clean = (near if ours else wide).body(body)
            if clean is None:
                clean = f"Erased: this document named a contact. It had the SHA-256 {hash_}.".encode()
            if clean != body:
                self.conn.execute("UPDATE evidence SET body = ? WHERE id = ?", (clean, row_id))
                self._scrubbed("evidence", row_id)
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
                self._altered(change_id, row_id)

    def _cells(self, one: Subject) -> None:
        """The raw cells of the contact's own row in a sheet, and what the log has of them."""
        where = "tbl = 'contacts' AND row_id = ?"
        rows = [i for (i,) in self.conn.execute(f"SELECT id FROM feed_rows WHERE {where}", (one.contact_id,))]
        self.conn.execute(
            f"UPDATE feed_rows SET cells = '{{}}', row_hash = '', key = 'erased ' || id WHERE {where}",
            (one.contact_id,),
        )
        self._forget("feed_rows", rows, ("cells", "key", "row_hash"))
        self._scrubbed("feed_rows", *rows)

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
            self._let_go(one.contact_id)
        self._forget("contacts", [one.contact_id], PERSONAL)
        self._scrubbed("contacts", one.contact_id)

    def _let_go(self, contact_id: int) -> None:
        """Nothing points at a contact that is no more, nor would by undoing what was changed before."""
        for table in ("records", "messages"):
            self.conn.execute(f"UPDATE {table} SET contact_id = NULL WHERE contact_id = ?", (contact_id,))
            for line, change_id in self.conn.execute(
                "SELECT id, change_id FROM change_log WHERE tbl = :tbl AND (col = 'contact_id' AND :id IN (before, after)"
                " OR CASE WHEN col IS NULL THEN json_extract(before, '$.contact_id') END = :id)",
                {"tbl": table, "id": contact_id},
            ).fetchall():
                self.conn.execute(
                    "UPDATE change_log SET before = CASE WHEN col IS NULL THEN json_set(before, '$.contact_id', NULL)"
                    " ELSE nullif(before, :id) END, after = nullif(after, :id) WHERE id = :line",
                    {"line": line, "id": contact_id},
                )
                self._altered(change_id, line)
        self.conn.execute("DELETE FROM contacts WHERE id = ?", (contact_id,))

    def _forget(self, table: str, rows: Iterable[int], cols: Sequence[str]) -> None:
        """Take out of the log what columns of rows ever held."""
        listed, names = json.dumps(list(rows)), ", ".join(f"'{col}'" for col in cols)
        mine = f"tbl = '{table}' AND row_id IN (SELECT value FROM json_each(:rows))"
        changed = f"(col IN ({names}) OR col LIKE 'custom.%')"
        for line, change_id in self.conn.execute(
            f"SELECT id, change_id FROM change_log WHERE {mine} AND ({changed} OR col IS NULL)", {"rows": listed}
        ).fetchall():
            self._altered(change_id, line)
        self.conn.execute(
            f"UPDATE change_log SET before = NULL, after = NULL WHERE {mine} AND {changed}", {"rows": listed}
        )
        empty = ", ".join(f"'$.{col}', {_EMPTY.get(col, 'NULL')}" for col in cols)
        self.conn.execute(
            f"UPDATE change_log SET before = json_set(before, {empty}) WHERE {mine} AND col IS NULL AND json_valid(before)",
            {"rows": listed},
        )

    def _keepings(self, wide: Scrubber) -> None:
        """What could not be told from somebody else, what only a person can change, what ledger and audit need."""
        kept = self.report.kept
        for hit in rules_that_name(self.conn, wide):
            kept.append(
                f"{noun(hit.table, 1)} {hit.row_id} has the words in its {hit.column}: look, and change it yourself"
            )
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
        self.report.links = sorted(self.touched)
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
