"""Sheets that ask people about partners: why they are quiet, what becomes of them; and the rows that come back filled in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from prm_tui.domain.inactivity import REASONS
from prm_tui.domain.mapping import TARGETS, SheetPlan
from prm_tui.domain.review import DECISIONS, KIND, ReviewRow
from prm_tui.domain.sheet import ID, UID_LENGTH, OutColumn, OutSheet, token_row
from storage.store import Change

SAYERS = ("partner", "manager")


def reasons(conn: sqlite3.Connection, ids: Sequence[int] | None, token: str) -> OutSheet:
    """Why each partner is quiet: what was said last, and empty cells for the answer."""
    columns = [
        OutColumn(ID, "id"), OutColumn("Partner", "skip"), OutColumn("Partner name", "skip"), OutColumn("Manager", "skip"),
        OutColumn("Last order", "skip", "date"), OutColumn("Said before", "skip"),
        OutColumn("Reason", "reason", choices=tuple(REASONS.values())), OutColumn("Said by", "said_by", choices=SAYERS),
        OutColumn("Said on", "said_on", "date"), OutColumn("Competitor", "competitor"), OutColumn("Remark", "remark"),
    ]  # fmt: skip
    of = "p.joined_into IS NULL" if ids is None else "p.id IN (SELECT value FROM json_each(:ids))"
    rows = conn.execute(
        f"SELECT '{token}-w' || p.id, p.code, p.name, (SELECT name FROM people WHERE id = p.manager),"
        " (SELECT max(a.occurred_on) FROM activities a WHERE a.partner_id = p.id AND a.kind = 'order' AND a.superseded_at IS NULL),"
        " (SELECT json_extract(a.data, '$.reason') || ' (' || coalesce(json_extract(a.data, '$.said_by'), '?') || ', ' ||"
        " a.occurred_on || ')' FROM activities a WHERE a.partner_id = p.id AND a.kind = 'inactivity_reason' AND a.superseded_at"
        " IS NULL ORDER BY a.occurred_on DESC, a.id DESC LIMIT 1), NULL, NULL, NULL, NULL, NULL"
        f" FROM partners p WHERE {of} ORDER BY p.name COLLATE NOCASE, p.id",
        {"ids": json.dumps(list(ids or ()))},
    )
    return OutSheet("Reasons", "reasons", columns, rows)


def _number(value: Decimal | None) -> float | None:
    """A number as a sheet can add it up."""
    return None if value is None else round(float(value), 2)


def review(rows: Iterable[ReviewRow], token: str) -> OutSheet:
    """What becomes of each partner of a review: why it is listed, what it costs, and empty cells for the decision."""
    columns = [
        OutColumn(ID, "id"), OutColumn("Partner", "skip"), OutColumn("Partner name", "skip"), OutColumn("State", "skip"),
        OutColumn("Why it is listed", "skip"), OutColumn("Last active", "skip", "date"), OutColumn("12 months", "skip", "money"),
        OutColumn("Hours a year", "skip", "number"), OutColumn("Funds unspent", "skip", "money"),
        OutColumn("Open leads", "skip", "number"), OutColumn("Its territory", "skip"), OutColumn("Decided before", "skip"),
        OutColumn("Decision", "decision", choices=tuple(DECISIONS.values())), OutColumn("Reason", "reason"),
        OutColumn("Until", "until", "date"), OutColumn("Decided by", "decided_by"),
    ]  # fmt: skip
    cells = (
        (f"{token}-v{row.partner_id}", row.code, row.name, row.state.label, row.listed, row.last and row.last.isoformat(),
         _number(row.year), _number(row.hours), _number(row.funds), row.leads, row.covered, row.decided, None, None, None, None)
        for row in rows
    )  # fmt: skip
    return OutSheet("Review", "review", columns, cells)


@dataclass(frozen=True)
class Answer:
    """A row that came back: its number, its token, and what was written under each target."""

    number: int
    token: str
    said: dict[str, str]

    @property
    def partner(self) -> tuple[str, int]:
        """The letter and the row its token names."""
        return token_row(self.token)

    @property
    def uid(self) -> str:
        """Which sheet it went out with."""
        return self.token[:UID_LENGTH]


def answers(change: Change, plan: SheetPlan) -> list[Answer]:
    """The rows of a sheet that came back, in their order."""
    wanted = ("id", *TARGETS[plan.noun])
    at = {target: plan.column(target) for target in wanted}
    cells = ", ".join(f"r.c{column.pos}" if column else "NULL" for column in at.values())
    found = []
    for number, *said in change.conn.execute(f"SELECT r.row, {cells} FROM st.{plan.table} r ORDER BY r.row").fetchall():
        told = ["" if cell is None else str(cell).strip() for cell in said]
        found.append(Answer(number, told[0], dict(zip(wanted[1:], told[1:], strict=True))))
    return found


def partner(conn: sqlite3.Connection, row_id: int) -> tuple[str, str] | None:
    """Code and name of a partner that is still there."""
    row: Any = conn.execute(
        "SELECT code, name FROM partners WHERE id = ? AND joined_into IS NULL", (row_id,)
    ).fetchone()
    return (str(row[0]), str(row[1])) if row else None


def decided_already(conn: sqlite3.Connection, partner_id: int, key: str, reason: str, uid: str) -> bool:
    """Whether this very decision was written down since a sheet went out."""
    row = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM cases c WHERE c.partner_id = ? AND c.kind = ? AND c.outcome = ? AND c.reason = ?"
        " AND c.change_id > (SELECT sent_change FROM sheets_sent WHERE uid = ?))",
        (partner_id, KIND, key, reason.strip(), uid),
    ).fetchone()
    return bool(row[0])


def said_already(conn: sqlite3.Connection, partner_id: int, key: str, said_by: str, on: date) -> bool:
    """Whether this very reason was written down for that day before."""
    row = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM activities WHERE partner_id = ? AND kind = 'inactivity_reason' AND occurred_on = ?"
        " AND superseded_at IS NULL AND json_extract(data, '$.reason') = ? AND json_extract(data, '$.said_by') IS ?)",
        (partner_id, on.isoformat(), key, said_by),
    ).fetchone()
    return bool(row[0])
