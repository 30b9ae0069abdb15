"""What has come for a partner since a change: activities by kind, records by kind, corrections apart."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from prm_tui.domain.deactivation import Arrived
from prm_tui.domain.money import from_units


def opened_by(conn: sqlite3.Connection, case_id: int) -> int:
    """The change that opened a case."""
    return int(conn.execute("SELECT change_id FROM cases WHERE id = ?", (case_id,)).fetchone()[0])


def made_at(conn: sqlite3.Connection, change: int) -> datetime:
    """When a change was made."""
    return datetime.fromtimestamp(conn.execute("SELECT at FROM changes WHERE id = ?", (change,)).fetchone()[0], UTC)


def arrived(conn: sqlite3.Connection, partner_id: int, change: int) -> list[Arrived]:
    """What came for a partner after a change and holds now, by kind and currency; what corrects an older fact apart.

    Amounts are of what is new; of a correction the difference to what it corrects.
    """
    rows = conn.execute(
        "SELECT kind, label, count(*), sum(amount), currency, corrected FROM ("
        " SELECT a.kind, coalesce((SELECT k.label FROM kinds k WHERE k.tbl = 'activity' AND k.name = a.kind), a.kind) AS label,"
        " CASE WHEN o.id IS NULL THEN a.amount ELSE coalesce(a.amount, 0) - coalesce(o.amount, 0) END AS amount,"
        " CASE WHEN a.amount IS NOT NULL THEN a.currency END AS currency, o.id IS NOT NULL AS corrected FROM activities a"
        " LEFT JOIN activities o ON o.superseded_by = a.id AND o.partner_id = a.partner_id AND o.change_id <= :change"
        " WHERE a.partner_id = :partner AND a.change_id > :change AND a.superseded_at IS NULL"
        " UNION ALL SELECT r.kind, coalesce((SELECT k.label FROM kinds k WHERE k.tbl = 'record' AND k.name = r.kind), r.kind),"
        " r.amount, CASE WHEN r.amount IS NOT NULL THEN r.currency END, 0 FROM records r"
        " WHERE r.partner_id = :partner AND r.change_id > :change)"
        " GROUP BY kind, label, currency, corrected ORDER BY corrected, count(*) DESC, kind, currency",
        {"partner": partner_id, "change": change},
    )
    return [
        Arrived(kind, label, count, None if amount is None else from_units(amount), currency, bool(corrected))
        for kind, label, count, amount, currency, corrected in rows
    ]
