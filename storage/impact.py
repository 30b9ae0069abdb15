"""What ends with a partner, counted from the data there is; what no sheet brought is said to be unchecked."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime
from typing import Any

from prm_tui.domain.deactivation import ImpactLine, Terms
from prm_tui.domain.money import from_units

ITEMS = 200
_RECORDS = (
    ("deal", "Open deals"),
    ("lead", "Open leads"),
    ("customer", "Customers served"),
    ("project", "Projects"),
    ("milestone", "Milestones"),
    ("licence", "Licences held"),
    ("stock", "Stock at the partner"),
    ("asset", "Lent assets"),
    ("fund", "Funds given"),
    ("certification", "Certificates"),
    ("agreement", "Agreements"),
    ("access", "Access"),
)
_OPEN = (
    "(r.status IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(k.open)) OR EXISTS"
    " (SELECT 1 FROM json_each(k.open) o WHERE o.value = r.status COLLATE NOCASE))"
)


def lines(conn: sqlite3.Connection, partner_id: int, as_of: date) -> list[ImpactLine]:
    """Every line of the impact of one partner's leaving."""
    found = [_records(conn, partner_id, as_of, kind, label) for kind, label in _RECORDS]
    found.append(_contacts(conn, partner_id))
    found.append(_ledger(conn, partner_id))
    found.append(_cases(conn, partner_id))
    found.append(_below(conn, partner_id))
    found.append(_territory(conn, partner_id))
    return found


def _records(conn: sqlite3.Connection, partner_id: int, as_of: date, kind: str, label: str) -> ImpactLine:
    rows = conn.execute(
        f"SELECT r.name, r.status, r.amount, r.ends_on FROM records r JOIN kinds k ON k.tbl = 'record' AND k.name = r.kind"
        f" WHERE r.partner_id = ? AND r.kind = ? AND {_OPEN} AND (r.ends_on IS NULL OR r.ends_on >= ?)"
        " ORDER BY r.amount DESC, r.name",
        (partner_id, kind, as_of.isoformat()),
    ).fetchall()
    newest = conn.execute(
        "SELECT max(learned_at), (SELECT s.file FROM sources s JOIN records n ON n.source_id = s.id WHERE n.kind = :kind"
        " ORDER BY s.id DESC LIMIT 1) FROM records WHERE kind = :kind",
        {"kind": kind},
    ).fetchone()
    if not rows:
        return _nothing(kind, label, newest)
    amounts = [row[2] for row in rows if row[2] is not None]
    return ImpactLine(
        kind,
        label,
        "counted",
        len(rows),
        from_units(sum(amounts)) if amounts else None,
        items=tuple(
            ", ".join(str(v) for v in (row[0], row[1], row[3] and f"until {row[3]}") if v) for row in rows[:ITEMS]
        ),
    )


def _nothing(key: str, label: str, newest: tuple[Any, Any]) -> ImpactLine:
    """None found where the file knows such things of others; else nobody has looked."""
    if newest[0] is None:
        return ImpactLine(key, label, "not checked", note="no sheet")
    day = datetime.fromtimestamp(newest[0], UTC).date()
    return ImpactLine(key, label, "none found", note=f"{newest[1] or 'entered here'}, {day.isoformat()}")


def _contacts(conn: sqlite3.Connection, partner_id: int) -> ImpactLine:
    rows = conn.execute(
        "SELECT name, role FROM contacts WHERE partner_id = ? ORDER BY main DESC, name", (partner_id,)
    ).fetchall()
    if rows:
        items = tuple(", ".join(v for v in row if v) for row in rows[:ITEMS])
        return ImpactLine("contact", "People there", "counted", len(rows), items=items)
    newest = conn.execute(
        "SELECT max(c.at), (SELECT s.file FROM sources s JOIN contacts n ON n.source_id = s.id ORDER BY s.id DESC LIMIT 1)"
        " FROM contacts t JOIN changes c ON c.id = t.change_id"
    ).fetchone()
    return _nothing("contact", "People there", newest)


def _ledger(conn: sqlite3.Connection, partner_id: int) -> ImpactLine:
    (any_at_all,) = conn.execute("SELECT EXISTS (SELECT 1 FROM ledger)").fetchone()
    if not any_at_all:
        return ImpactLine("ledger", "Money due or pending", "not checked", note="no sheet")
    count, amount = conn.execute(
        "SELECT count(*), sum(amount) FROM ledger WHERE partner_id = ? AND state NOT IN ('paid', 'reversed', 'declined')",
        (partner_id,),
    ).fetchone()
    if not count:
        return ImpactLine("ledger", "Money due or pending", "none found", note="ledger of this file")
    return ImpactLine("ledger", "Money due or pending", "counted", count, from_units(amount))


def _cases(conn: sqlite3.Connection, partner_id: int) -> ImpactLine:
    rows = conn.execute("SELECT title FROM cases WHERE partner_id = ? AND state = 'open'", (partner_id,)).fetchall()
    state = "counted" if rows else "none found"
    return ImpactLine(
        "case",
        "Open cases",
        state,
        len(rows),
        note="" if rows else "cases of this file",
        items=tuple(r[0] for r in rows),
    )


def _below(conn: sqlite3.Connection, partner_id: int) -> ImpactLine:
    rows = conn.execute("SELECT name FROM partners WHERE parent = ? ORDER BY name", (partner_id,)).fetchall()
    if rows:
        return ImpactLine("below", "Partners below it", "counted", len(rows), items=tuple(r[0] for r in rows[:ITEMS]))
    (known,) = conn.execute("SELECT EXISTS (SELECT 1 FROM partners WHERE parent IS NOT NULL)").fetchone()
    if known:
        return ImpactLine("below", "Partners below it", "none found", note="parents in this file")
    return ImpactLine("below", "Partners below it", "not checked", note="no partner has a parent")


def _territory(conn: sqlite3.Connection, partner_id: int) -> ImpactLine:
    (territory,) = conn.execute("SELECT territory FROM partners WHERE id = ?", (partner_id,)).fetchone()
    if not territory:
        return ImpactLine("territory", "Territory", "not checked", note="this partner has no territory")
    others = conn.execute(
        "SELECT name FROM partners WHERE territory = ? AND id <> ? AND joined_into IS NULL"
        " AND status NOT IN ('Suspended', 'In notice', 'Deactivated', 'Prospect', 'Applicant') ORDER BY name",
        (territory, partner_id),
    ).fetchall()
    note = f"{territory}: {len(others):,} other partners" if others else f"{territory}: nobody else is there"
    return ImpactLine(
        "territory", "Territory", "counted", len(others), note=note, items=tuple(r[0] for r in others[:ITEMS])
    )


def terms(conn: sqlite3.Connection, partner_id: int, as_of: date) -> Terms:
    """What bears on the notice: type, first day, and the agreement that ends last."""
    kind, joined = conn.execute("SELECT type, joined_on FROM partners WHERE id = ?", (partner_id,)).fetchone()
    row = conn.execute(
        "SELECT name, ends_on, data FROM records WHERE partner_id = ? AND kind = 'agreement'"
        " AND (ends_on IS NULL OR ends_on >= ?) ORDER BY ends_on DESC LIMIT 1",
        (partner_id, as_of.isoformat()),
    ).fetchone()
    notice = json.loads(row[2]).get("notice_days") if row else None
    return Terms(
        type=kind,
        joined_on=date.fromisoformat(joined) if joined else None,
        notice_days=int(notice) if isinstance(notice, int | float) else None,
        agreement_ends=date.fromisoformat(row[1]) if row and row[1] else None,
        agreement=row[0] if row else None,
    )
