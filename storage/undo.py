"""Taking a change back, by its log: what it caused first, in reverse order.

Every row ends **reversed**, **kept** (edited since: its value now is not the one the change left) or
**blocked** (other rows need it). Values are compared, not dates: a field that was edited and edited back
is not in the way. The plan shown beforehand is this same code in a transaction that is rolled back.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime

from prm_tui.domain.change import ERASURE, ChangeRow, Undone, UndoPlan
from prm_tui.domain.errors import UsageError
from storage import holds, served
from storage.log_triggers import columns, logged_tables
from storage.owners import owned
from storage.schema import HISTORY
from storage.store import Change

EXAMPLES = 20

_HISTORY = """
SELECT c.id, c.at, c.as_of, c.actor, c.kind, c.why, c.rows, c.caused_by, c.undoes,
       (SELECT max(u.id) FROM changes u WHERE u.undoes = c.id AND u.undo_scope IS NULL
          AND NOT EXISTS (SELECT 1 FROM changes r WHERE r.undoes = u.id))
FROM changes c
"""


def history(conn: sqlite3.Connection, limit: int | None = None, partner_id: int | None = None) -> list[ChangeRow]:
    """The latest changes first; for one partner, those that touched it or what it owns."""
    where, params = "", dict[str, object]()
    if partner_id is not None:
        where, params = f"WHERE {_touching()}", {"only": partner_id}
    rows = conn.execute(f"{_HISTORY} {where} ORDER BY c.id DESC LIMIT :limit", {**params, "limit": limit or -1})
    return [_change_row(row) for row in rows]


def _touching() -> str:
    owned = ("contacts", "activities", "records", "cases", "tags", "partner_keys", "tasks", "messages")
    inserted = " OR ".join(f"c.id IN (SELECT change_id FROM {t} WHERE partner_id = :only)" for t in owned)
    logged = " OR ".join(
        f"(l.tbl = '{t}' AND l.row_id IN (SELECT id FROM {t} WHERE partner_id = :only))" for t in owned
    )
    return (
        f"c.id = (SELECT change_id FROM partners WHERE id = :only) OR {inserted} OR EXISTS (SELECT 1 FROM"
        f" change_log l WHERE l.change_id = c.id AND ((l.tbl = 'partners' AND l.row_id = :only) OR {logged}))"
    )


def change_row(conn: sqlite3.Connection, change_id: int | None) -> ChangeRow:
    """One change; without an id, the latest that has not been taken back. UsageError when there is none."""
    if change_id is not None:
        row = conn.execute(f"{_HISTORY} WHERE c.id = ?", (change_id,)).fetchone()
        if row is None:
            raise UsageError(f"There is no change {change_id}. See: prm history")
        return _change_row(row)
    for row in conn.execute(
        f"{_HISTORY} WHERE c.undoes IS NULL AND c.kind NOT IN ('system', 'erasure') ORDER BY c.id DESC"
    ):
        found = _change_row(row)
        if found.undone_by is None:
            return found
    raise UsageError("There is nothing to undo.")


def _change_row(row: tuple[object, ...]) -> ChangeRow:
    values = list(row)
    values[1] = datetime.fromtimestamp(int(str(row[1])), UTC)
    values[2] = date.fromisoformat(str(row[2]))
    return ChangeRow(*values)  # type: ignore[arg-type]  # the columns of _HISTORY, in order


def take_back(change: Change, target: ChangeRow, only: int | None = None) -> UndoPlan:
    """Take `target` and all it caused back, inside `change`; `only` limits it to one partner's rows."""
    if target.kind == ERASURE:
        raise UsageError(f"Change {target.id} erased personal data: that cannot be taken back.")
    if target.undone_by is not None:
        raise UsageError(f"Change {target.id} was already taken back by change {target.undone_by}.")
    undoing = _Undoing(change, target, only)
    return undoing.run()


class _Undoing:
    def __init__(self, change: Change, target: ChangeRow, only: int | None) -> None:
        self.change = change
        self.conn = change.conn
        self.only = only
        self.plan = UndoPlan(target)
        self.targets = self._with_caused(target.id)
        self.plan.also = [t for t in self.targets if t != target.id]
        self.ids = ", ".join(map(str, self.targets))
        self.tables = logged_tables(self.conn)

    def _with_caused(self, root: int) -> list[int]:
        rows = self.conn.execute(
            "WITH RECURSIVE chain(id) AS (SELECT ? UNION SELECT c.id FROM changes c JOIN chain"
            " ON c.caused_by = chain.id) SELECT id FROM chain ORDER BY id DESC",
            (root,),
        )
        return [row[0] for row in rows]

    def run(self) -> UndoPlan:
        self.conn.execute("PRAGMA defer_foreign_keys = ON")
        self.conn.execute("DROP TABLE IF EXISTS temp.doomed")
        self.conn.execute(
            "CREATE TEMP TABLE doomed(tbl TEXT, id INTEGER, change_id INTEGER, PRIMARY KEY (tbl, id)) WITHOUT ROWID"
        )
        self._gather_inserted()
        self.held = holds.any_held(self.conn)
        self._spare_held("doomed")
        self._spare_served("doomed")
        self._spare_handed_over()
        self._spare_edited()
        self._spare_in_use()
        self._delete_doomed()
        self._restore_values()
        self._restore_rows()
        self._close_cases()
        self.conn.execute("DROP TABLE temp.doomed")
        return self.plan

    def _owned(self, table: str) -> str:
        """A condition on rows `t` of a table: those the limit to one partner lets through."""
        if self.only is None:
            return "1"
        return owned(self.conn, table, "= :only") or "0"

    def _gather_inserted(self) -> None:
        for (inserted,) in self.conn.execute(f"SELECT inserted FROM changes WHERE id IN ({self.ids})").fetchall():
            for table, (low, high, _) in json.loads(inserted).items():
                if table == "field_history":
                    continue  # follows the fields it tells of
                if table == "episodes":
                    self._mark_undone(low, high)
                    continue
                self.conn.execute(
                    f"INSERT OR IGNORE INTO doomed SELECT '{table}', t.id, t.change_id FROM {table} t"
                    f" WHERE t.id > :low AND t.id <= :high AND t.change_id IN ({self.ids})"
                    f" AND {self._owned(table)}",
                    {"low": low, "high": high, "only": self.only},
                )

    def _mark_undone(self, low: int, high: int) -> None:
        """Episodes stay, so that a match that was taken back does not fire again by itself."""
        count = self.conn.execute(
            f"UPDATE episodes AS t SET state = 'undone' WHERE t.id > :low AND t.id <= :high AND t.change_id IN ({self.ids})"
            f" AND {self._owned('episodes')}",
            {"low": low, "high": high, "only": self.only},
        ).rowcount
        self.plan.add("reversed", "episodes", count)

    def _spare(self, table: str, row_id: int, why: str, outcome: str) -> None:
        self.conn.execute("DELETE FROM doomed WHERE tbl = ? AND id = ?", (table, row_id))
        entry = Undone(table, row_id, "kept" if outcome == "kept" else "blocked", why)
        self.plan.add(entry.outcome, table)
        if len(self.plan.examples) < EXAMPLES:
            self.plan.examples.append(entry)

    def _spare_held(self, listed: str) -> None:
        """Nothing of a partner under legal hold is taken back."""
        rows = holds.among(self.conn, listed) if self.held else []
        self._spare_all(rows, "legal hold", listed)
        if rows:
            self.plan.cannot.append(f"what is of partners under legal hold: {', '.join(holds.named(self.conn)[:5])}")

    def _spare_served(self, listed: str) -> None:
        """Nothing that led to a notice that was served is taken back: it is withdrawn."""
        rows = served.among(self.conn, listed, self.targets)
        self._spare_all(rows, "notice was served", listed)
        self.plan.cannot += [said for said in served.titles(self.conn, rows) if said not in self.plan.cannot]

    def _spare_all(self, rows: list[tuple[str, int]], why: str, listed: str) -> None:
        for table, row_id in rows:
            self._spare(table, row_id, why, "blocked")
            if listed == "putback":
                self.conn.execute("DELETE FROM temp.putback WHERE tbl = ? AND row_id = ?", (table, row_id))

    def _spare_handed_over(self) -> None:
        rows = self.conn.execute(
            "SELECT m.id, m.subject FROM messages m JOIN doomed d ON d.tbl = 'messages' AND d.id = m.id"
            " WHERE m.handed_over_at IS NOT NULL"
        ).fetchall()
        for row_id, subject in rows:
            self._spare_given(row_id, subject)

    def _spare_given(self, row_id: int, subject: str) -> None:
        self._spare("messages", row_id, "already given to your mail program", "kept")
        self.plan.cannot.append(f"the message “{subject}” was already given to your mail program")

    def _close_cases(self) -> None:
        """A case that stays only because its message was given out has no next step any more: it is over."""
        self.conn.execute(
            "UPDATE cases AS t SET state = 'closed', stage = 'closed', outcome = 'taken back', closed_on = :on, due_on = NULL"
            f" WHERE t.state = 'open' AND t.change_id IN ({self.ids}) AND {self._owned('cases')} AND t.id IN"
            " (SELECT case_id FROM messages WHERE handed_over_at IS NOT NULL)"
            " AND NOT EXISTS (SELECT 1 FROM tasks k WHERE k.case_id = t.id AND k.state IN ('open', 'planned'))"
            " AND NOT EXISTS (SELECT 1 FROM steps k WHERE k.case_id = t.id AND k.state IN ('waiting', 'planned'))",
            {"on": self.change.as_of.isoformat(), "only": self.only},
        )

    def _spare_edited(self) -> None:
        """Rows with a field whose value is no longer the one they were inserted with."""
        lines = self.conn.execute(
            "SELECT l.tbl, l.row_id, l.col, l.before, min(l.id) FROM doomed d JOIN change_log l"
            " ON l.tbl = d.tbl AND l.row_id = d.id AND l.change_id > d.change_id"
            # a message that was approved or corrected goes with what made it, as long as it was not given out
            # and so does the to-do that asked to complete it
            " WHERE l.col IS NOT NULL AND l.tbl <> 'messages' AND NOT (l.tbl = 'tasks' AND EXISTS (SELECT 1 FROM tasks t"
            " JOIN doomed m ON m.tbl = 'messages' AND m.id = json_extract(t.data, '$.message') WHERE t.id = l.row_id))"
            f" AND l.change_id NOT IN ({self.ids}) GROUP BY l.tbl, l.row_id, l.col"
        ).fetchall()
        edited = defaultdict[tuple[str, int], list[str]](list)
        for table, row_id, col, before, _ in lines:
            if self._current(table, row_id, col) != before:
                edited[table, row_id].append(col)
        for (table, row_id), cols in edited.items():
            self._spare(table, row_id, f"edited since: {', '.join(cols)}", "kept")

    def _current(self, table: str, row_id: int, col: str) -> object:
        row = self.conn.execute(f"SELECT {_read(col)} FROM {table} t WHERE t.id = ?", (row_id,)).fetchone()
        return row[0] if row else None

    def _spare_in_use(self) -> None:
        """Rows that a surviving row points at, until none is left that way."""
        references = [
            (table, key[3], key[2])
            for table in [*self.tables, "changes"]
            for key in self.conn.execute(f"PRAGMA foreign_key_list({table})")
            if key[2] != "changes"
        ]
        found = True
        while found:
            found = False
            held = {t for (t,) in self.conn.execute("SELECT DISTINCT tbl FROM doomed")}
            for table, col, parent in references:
                if parent not in held:
                    continue
                rows = self.conn.execute(
                    f"SELECT DISTINCT t.{col} FROM {table} t WHERE t.{col} IN"
                    f" (SELECT id FROM doomed WHERE tbl = '{parent}') AND NOT EXISTS"
                    f" (SELECT 1 FROM doomed x WHERE x.tbl = '{table}' AND x.id = t.id)"
                    # what points there because of this very change will point back
                    f" AND NOT ({self._owned(table)} AND EXISTS (SELECT 1 FROM change_log l WHERE l.tbl = '{table}'"
                    f" AND l.row_id = t.id AND l.col = '{col}' AND l.change_id IN ({self.ids}) AND l.after = t.{col}))",
                    {"only": self.only},
                ).fetchall()
                for (row_id,) in rows:
                    self._spare(parent, row_id, f"in use by {table.replace('_', ' ')}", "blocked")
                    found = True

    def _delete_doomed(self) -> None:
        counts = self.conn.execute("SELECT tbl, count(*) FROM doomed GROUP BY tbl").fetchall()
        for table, count in counts:
            self.conn.execute(f"DELETE FROM {table} WHERE id IN (SELECT id FROM doomed WHERE tbl = ?)", (table,))
            self.plan.add("reversed", table, count)
        for table, (subject, _) in HISTORY.items():
            self.conn.execute(
                "DELETE FROM field_history WHERE subject = ? AND row_id IN (SELECT id FROM doomed WHERE tbl = ?)",
                (subject, table),
            )

    def _restore_values(self) -> None:
        self.conn.execute("DROP TABLE IF EXISTS temp.putback")
        self.conn.execute(
            "CREATE TEMP TABLE putback AS SELECT a.tbl, a.row_id, a.col, a.before, b.after FROM"
            " (SELECT tbl, row_id, col, min(id) AS first, max(id) AS last FROM change_log"
            f" WHERE change_id IN ({self.ids}) AND col IS NOT NULL GROUP BY tbl, row_id, col) g"
            " JOIN change_log a ON a.id = g.first JOIN change_log b ON b.id = g.last"
            " WHERE NOT EXISTS (SELECT 1 FROM doomed d WHERE d.tbl = a.tbl AND d.id = a.row_id)"
        )
        self.conn.execute("CREATE INDEX temp.putback_row ON putback(tbl, col, row_id)")
        self._spare_held("putback")
        self._spare_served("putback")
        self._spare_messages()
        outcomes = dict[tuple[str, int], str]()
        for table, col in self.conn.execute("SELECT DISTINCT tbl, col FROM putback ORDER BY tbl, col").fetchall():
            self._restore_column(table, col, outcomes)
        for (table, _), outcome in outcomes.items():
            self.plan.add("kept" if outcome == "kept" else "reversed", table)
        self.conn.execute("DROP TABLE temp.putback")

    def _spare_messages(self) -> None:
        """What was given out stays given out and as it was; what was approved stays as it was read; and nothing is
        approved by undo, since its text may have changed meanwhile.
        """
        given = (
            "t.handed_over_at IS NOT NULL AND r.col <> 'confirmed_at'"
            " AND NOT (r.col = 'state' AND 'confirmed' IN (r.before, r.after))"
        )
        read = "t.state NOT IN ('draft', 'returned') AND r.col IN ('recipient', 'subject', 'body', 'contact_id', 'person_id')"
        rows = self.conn.execute(
            f"SELECT t.id, t.subject, max({given}), max({read}) FROM temp.putback r JOIN messages t ON t.id = r.row_id"
            f" WHERE r.tbl = 'messages' AND {self._owned('messages')} AND (({given}) OR ({read})"
            " OR (r.col = 'state' AND r.before = 'approved' AND r.after = 'draft')) GROUP BY t.id",
            {"only": self.only},
        ).fetchall()
        for row_id, subject, was_given, was_read in rows:
            self.conn.execute("DELETE FROM temp.putback WHERE tbl = 'messages' AND row_id = ?", (row_id,))
            if was_given:
                self._spare_given(row_id, subject)
            else:
                self._spare(
                    "messages", row_id, "approved or cancelled since" if was_read else "approve it anew", "kept"
                )

    def _restore_column(self, table: str, col: str, outcomes: dict[tuple[str, int], str]) -> None:
        at = {"tbl": table, "col": col, "only": self.only}
        same = f"{_read(col)} IS r.after"
        rows = f"FROM putback r JOIN {table} t ON t.id = r.row_id WHERE r.tbl = :tbl AND r.col = :col"
        for (row_id,) in self.conn.execute(
            f"SELECT t.id {rows} AND {self._owned(table)} AND NOT ({same})", at
        ).fetchall():
            outcomes[table, row_id] = "kept"
            if len(self.plan.examples) < EXAMPLES:
                self.plan.examples.append(Undone(table, row_id, "kept", "edited since", col))
        free = [
            row_id for (row_id,) in self.conn.execute(f"SELECT t.id {rows} AND {self._owned(table)} AND {same}", at)
        ]
        update = (
            f"UPDATE {table} AS t SET {_write(col)} FROM putback r WHERE r.tbl = :tbl AND r.col = :col"
            f" AND r.row_id = t.id AND {same}"
        )
        try:
            self.conn.execute("SAVEPOINT column")
            self.conn.execute(f"{update} AND {self._owned(table)}", at)
        except sqlite3.IntegrityError:
            self.conn.execute("ROLLBACK TO column")
            free = [row_id for row_id in free if self._restore_one(table, f"{update} AND t.id = :id", at, row_id)]
        self.conn.execute("RELEASE column")
        if table in HISTORY and col in HISTORY[table][1]:
            self.conn.executemany(
                "DELETE FROM field_history WHERE subject = ? AND row_id = ? AND field = ?"
                f" AND change_id IN ({self.ids})",
                [(HISTORY[table][0], row_id, col) for row_id in free],
            )
        for row_id in free:
            outcomes.setdefault((table, row_id), "reversed")

    def _restore_one(self, table: str, update: str, at: Mapping[str, object], row_id: int) -> bool:
        try:
            self.conn.execute(update, {**at, "id": row_id})
        except sqlite3.IntegrityError:
            self._spare(table, row_id, f"another row has taken its former {at['col']}", "blocked")
            return False
        return True

    def _restore_rows(self) -> None:
        """Rows the change deleted come back under their own ids and the change that first made them."""
        lines = self.conn.execute(
            "SELECT tbl, row_id, before, max(id) FROM change_log WHERE col IS NULL"
            f" AND change_id IN ({self.ids}) GROUP BY tbl, row_id ORDER BY id"
        ).fetchall()
        for table, row_id, image, _ in lines:
            row = json.loads(image)
            if row["change_id"] in self.targets or not self._allowed(table, row):
                continue
            if self.held and holds.hold(self.conn, row.get("partner_id") or 0):
                self._spare(table, row_id, "legal hold", "blocked")
                continue
            for name, kind in columns(self.conn, table):
                if kind == "BLOB" and row.get(name) is not None:
                    row[name] = bytes.fromhex(row[name])
            names = ", ".join(row)
            marks = ", ".join("?" * len(row))
            try:
                self.conn.execute(f"INSERT INTO {table}({names}) VALUES ({marks})", tuple(row.values()))
            except sqlite3.IntegrityError:
                self._spare(table, row_id, "another row has taken its place", "blocked")
                continue
            self.change.restored += 1
            self.plan.add("reversed", table)

    def _allowed(self, table: str, row: dict[str, object]) -> bool:
        if self.only is None:
            return True
        return row.get("partner_id") == self.only or (table == "partners" and row["id"] == self.only)


def _read(col: str) -> str:
    """The value of a logged column of row `t`; a custom field is read from its JSON."""
    if col.startswith("custom."):
        return f"json_extract(t.custom, {_path(col)})"
    return f"t.{col}"


def _write(col: str) -> str:
    if col.startswith("custom."):
        path = _path(col)
        return (
            f"custom = CASE WHEN r.before IS NULL THEN json_remove(t.custom, {path})"
            f" ELSE json_set(t.custom, {path}, r.before) END"
        )
    return f"{col} = r.before"


def _path(col: str) -> str:
    key = col.removeprefix("custom.").replace('"', '\\"').replace("'", "''")
    return f"'$.\"{key}\"'"
