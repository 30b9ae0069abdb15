"""Lines of the ledger that follow activities: a commission on a sheet is a line, and stays one as long as the sheet says so.

A kind of activity says as what it is booked (`books`). Each that counts has one line. Where a sheet says another amount, day or
currency, the line is taken back by a negative one and the new one is written; what is withdrawn is taken back alone. Nothing but
the state of a line (and what says where it comes from) is ever changed in place.

A line that is taken back because it was wrong counts as if it had never been: of a paid line the negative is paid, too. A line
that was paid and is reversed in the sheet stays paid: the negative is a clawback.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from prm_tui.domain.errors import InputError
from prm_tui.domain.exchange import SheetReport
from prm_tui.domain.ledger import CLAWBACK, PAID, STATES, state_of
from prm_tui.domain.mapping import ColumnPlan, SheetPlan
from prm_tui.domain.text import typed
from storage import imports
from storage.store import Change

_OWN = "l.kind = :kind AND l.case_id IS NULL AND l.rule IS NULL AND l.reverses IS NULL"
"""Lines `l` that follow an activity, and were not accrued by a workflow."""
_STANDS = "NOT EXISTS (SELECT 1 FROM ledger r WHERE r.partner_id = l.partner_id AND r.reverses = l.id)"
_SAME = "d.partner_id = l.partner_id AND d.amount = l.amount AND d.currency IS l.currency AND d.occurred_on = l.on_date"
_GONE = "('declined', 'reversed')"
_SAID = (
    "coalesce(json_extract(a.data, '$.{0}'), (SELECT min(json_extract(n.data, '$.{0}')) FROM activity_lines n"
    " WHERE n.activity_id = a.id))"
)


def books(conn: sqlite3.Connection) -> dict[str, str]:
    """The kinds of activity that are booked: kind → as what."""
    sql = "SELECT name, json_extract(emits, '$.ledger') FROM kinds WHERE tbl = 'activity' AND emits <> '{}' ORDER BY id"
    return {name: said for name, said in conn.execute(sql) if said}


@dataclass(frozen=True)
class _Booking:
    """What is booked: activities of one kind, of one partner where one is named."""

    change: Change
    kind: str
    books: str
    partner_id: int | None

    @property
    def params(self) -> dict[str, object]:
        return {"kind": self.kind, "partner": self.partner_id, "change": self.change.id}

    def of(self, row: str) -> str:
        """SQL of the limit to one partner."""
        return f"{row} = :partner" if self.partner_id is not None else ":partner IS NULL"

    def run(self) -> None:
        self._due()
        self._follow()
        self._take_back()
        self._write()
        self.change.conn.execute("DROP TABLE temp.due")

    def _due(self) -> None:
        """temp.due: each activity that has to have a line, with what the line has to say. A payout counts when it is paid."""
        conn = self.change.conn
        conn.create_function("ledger_state", 1, lambda said: _state(said, self.books), deterministic=True)
        amount = "-abs(a.amount)" if self.books == CLAWBACK else "a.amount"
        conn.execute("DROP TABLE IF EXISTS temp.due")
        conn.execute(
            "CREATE TEMP TABLE due(id INTEGER PRIMARY KEY, partner_id, occurred_on, amount, currency, state, period, note)"
        )
        conn.execute(
            f"INSERT INTO temp.due SELECT a.id, a.partner_id, a.occurred_on, {amount}, a.currency,"
            f" ledger_state({_SAID.format('status')}) AS said, CAST({_SAID.format('period')} AS TEXT), a.note"
            " FROM partners p CROSS JOIN activities a ON a.partner_id = p.id AND a.kind = :kind"
            f" WHERE {self.of('p.id')} AND a.superseded_at IS NULL AND a.amount IS NOT NULL"
            + (" AND said = 'paid'" if self.books == PAID else ""),
            self.params,
        )

    def _follow(self) -> None:
        """A line goes over to the activity that took the place of its own and says the same money; its state follows."""
        self.change.conn.execute(
            "UPDATE ledger AS l SET activity_id = d.id, note = d.note, period = d.period,"
            f" state = CASE WHEN l.state = 'paid' AND d.state IN {_GONE} THEN l.state ELSE d.state END"
            " FROM activities a JOIN temp.due d ON d.id = a.superseded_by"
            f" WHERE {_OWN} AND {self.of('l.partner_id')} AND a.id = l.activity_id AND a.superseded_at IS NOT NULL AND {_SAME}"
            " AND NOT EXISTS (SELECT 1 FROM ledger r WHERE r.partner_id = l.partner_id AND r.reverses = l.id AND r.case_id IS NULL)"
            f" AND NOT EXISTS (SELECT 1 FROM ledger o WHERE o.activity_id = d.id AND {_OWN.replace('l.', 'o.')})",
            self.params,
        )

    def _take_back(self) -> None:
        """The negative of each line whose activity does not say so any more, or says that it was reversed after it was paid."""
        due = f"FROM temp.due d WHERE d.id = l.activity_id AND {_SAME}"
        why = (
            f"CASE WHEN EXISTS (SELECT 1 {due}) THEN 'reversed in its sheet' WHEN EXISTS (SELECT 1 FROM activities a"
            " WHERE a.id = l.activity_id AND a.superseded_by IS NOT NULL) THEN 'corrected' ELSE 'withdrawn' END"
        )
        state = f"CASE WHEN l.state = 'paid' AND NOT EXISTS (SELECT 1 {due}) THEN 'paid' ELSE 'reversed' END"
        self.change.conn.execute(
            "INSERT INTO ledger(partner_id, kind, activity_id, amount, currency, period, state, reverses, on_date, note, change_id)"
            f" SELECT l.partner_id, l.kind, l.activity_id, -l.amount, l.currency, l.period, {state}, l.id, l.on_date, {why}, :change"
            f" FROM ledger l WHERE {_OWN} AND {self.of('l.partner_id')} AND l.activity_id IS NOT NULL AND l.state NOT IN {_GONE}"
            f" AND {_STANDS} AND NOT EXISTS (SELECT 1 {due} AND NOT (l.state = 'paid' AND d.state IN {_GONE})) ORDER BY l.id",
            self.params,
        )

    def _write(self) -> None:
        self.change.conn.execute(
            "INSERT INTO ledger(partner_id, kind, activity_id, amount, currency, period, state, on_date, note, change_id)"
            " SELECT d.partner_id, :kind, d.id, d.amount, d.currency, d.period, d.state, d.occurred_on, d.note, :change"
            f" FROM temp.due d WHERE NOT EXISTS (SELECT 1 FROM ledger l WHERE l.activity_id = d.id AND {_OWN}) ORDER BY d.id",
            self.params,
        )


def book(change: Change, kind: str | None = None, partner_id: int | None = None) -> None:
    """Make the ledger say what activities say: of one kind, of one partner, or all. Done again it changes nothing."""
    for name, said in books(change.conn).items():
        if kind in (None, name):
            _Booking(change, name, said, partner_id).run()


def _state(said: object, books_as: str) -> str:
    """The state a line gets; what nobody knows any more (it was refused when it came) is undecided."""
    return state_of(None if said is None else str(said), books_as) or "new"


def refuse(conn: sqlite3.Connection, plan: SheetPlan, report: SheetReport) -> None:
    """Refuse rows of a sheet of money that are no line: without an amount, in a state nobody knows, and rows of one reference
    and day that do not agree on state or currency. InputError for one without a column of amounts.
    """
    said = books(conn).get(plan.kind or "") if plan.noun == "activity" else None
    if said is None:
        return
    amount = plan.column("amount")
    status = next((column for column in imports.keys_apart(plan) if column.key == "status"), None)
    if amount is None:
        raise InputError(
            f"{plan.file}: {plan.sheet}: lines of the ledger need an amount, and no column says one. Say which it is in a map:"
            f" prm map {typed(plan.file)}"
        )
    test = f"r.c{amount.pos} IS NULL"
    imports.refuse(conn, report, imports.refusals(conn, plan, amount, test, "a line of the ledger needs an amount"))
    if status is not None:
        conn.create_function("line_state", 1, lambda text: state_of(None if text is None else str(text), said))
        why = f"no state of a line of the ledger. States are: {', '.join(STATES)}"
        imports.refuse(conn, report, imports.refusals(conn, plan, status, f"line_state(r.c{status.pos}) IS NULL", why))
    if plan.lines:
        _refuse_unlike(conn, plan, report, status)


def _refuse_unlike(conn: sqlite3.Connection, plan: SheetPlan, report: SheetReport, status: ColumnPlan | None) -> None:
    """Rows of one reference and day are one amount: where they do not agree on state or currency, nobody knows what it says."""
    keys = [column for name in ("ref", "partner", "occurred_on") if (column := plan.column(name))]
    those, same = (", ".join(f"{row}.c{column.pos}" for column in keys) for row in ("r", "o"))
    why = "rows of one reference and day are one amount, and these differ here. Give each its own reference"
    currency = plan.column("currency")
    said = [(status, "line_state({})")] if status else []
    said += [(currency, "upper(trim({}))")] if currency else []
    for column, like in said:
        unlike = f"count(DISTINCT coalesce({like.format(f'o.c{column.pos}')}, '')) > 1"
        test = f"({those}) IN (SELECT {same} FROM st.{plan.table} o GROUP BY {same} HAVING {unlike})"
        imports.refuse(conn, report, imports.refusals(conn, plan, column, test, why))


def restated(conn: sqlite3.Connection, plan: SheetPlan) -> None:
    """Rows of temp.incoming without a reference that say nothing new but the state of a line their feed brought: they change it.

    Without this a commission that was pending last month and is paid now would be two.
    """
    status = next((column for column in imports.keys_apart(plan) if column.key == "status"), None)
    if plan.noun != "activity" or plan.kind not in books(conn) or status is None:
        return
    currency, note = plan.column("currency"), plan.column("note")
    said = {
        "currency": imports.text_of(currency) if currency else "NULL",
        "note": imports.text_of(note) if note else "NULL",
        "data": f"json_remove({imports.data_of(conn, plan)}, '$.status')",
    }
    there = {"currency": "currency" if currency else "NULL", "note": "note", "data": "json_remove(data, '$.status')"}
    alike = "partner_id, on_day, amount, quantity, currency, note, data"
    nth = f"*, row_number() OVER (PARTITION BY {alike} ORDER BY id) AS nth"
    conn.execute(
        "CREATE TEMP TABLE stated(id INTEGER, partner_id INTEGER, on_day TEXT, amount INTEGER, quantity INTEGER, currency TEXT,"
        " note TEXT, data TEXT, nth INTEGER)"
    )
    conn.execute(
        f"INSERT INTO temp.stated SELECT {nth} FROM (SELECT i.rowid AS id, i.partner_id, i.on_day, i.amount, i.quantity,"
        f" {', '.join(f'{sql} AS {name}' for name, sql in said.items())} FROM temp.incoming i JOIN st.{plan.table} r"
        " ON r.row = i.row WHERE i.ref IS NULL AND i.state = 'new')"
    )
    conn.execute("CREATE INDEX temp.stated_day ON stated(partner_id, on_day, amount, nth)")
    conn.execute("CREATE TEMP TABLE restated(id INTEGER PRIMARY KEY, old_id)")
    conn.execute(
        "INSERT INTO temp.restated SELECT new.id, old.id"
        f" FROM (SELECT {nth} FROM (SELECT id, partner_id, occurred_on AS on_day, amount, quantity,"
        f" {', '.join(f'{sql} AS {name}' for name, sql in there.items())} FROM main.activities WHERE kind = :kind AND ref IS NULL"
        " AND superseded_at IS NULL AND partner_id IN (SELECT partner_id FROM temp.stated) AND source_id IN"
        " (SELECT id FROM main.sources WHERE feed_id = :feed)"
        " AND id NOT IN (SELECT old_id FROM temp.incoming WHERE old_id IS NOT NULL))) old CROSS JOIN temp.stated new"
        " ON new.partner_id = old.partner_id AND new.on_day = old.on_day AND new.amount = old.amount AND new.nth = old.nth"
        " AND new.quantity IS old.quantity AND new.currency IS old.currency AND new.note IS old.note AND new.data IS old.data",
        {"kind": plan.kind, "feed": imports.find_feed(conn, plan)},
    )
    conn.execute(
        "UPDATE temp.incoming SET state = 'changed', old_id = m.old_id FROM temp.restated m WHERE incoming.rowid = m.id"
    )
    conn.execute("DROP TABLE temp.stated")
    conn.execute("DROP TABLE temp.restated")
