"""What a settlement is made of in the file: lines of the ledger, funds, the tail of the agreement; and reversals."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from prm_tui.domain.money import from_units
from prm_tui.domain.settlement import NO_CURRENCY, Approved, Fund, Line, Origin
from storage.store import Change

_LINES = (
    "SELECT l.id, l.on_date, l.kind, l.amount, l.currency, l.state, l.rule, l.note, l.basis, l.rate, l.reverses,"
    " a.occurred_on, a.occurred_at, a.ref, a.amount, s.file, s.sheet, a.row,"
    " coalesce((SELECT json_extract(k.emits, '$.ledger') FROM kinds k WHERE k.tbl = 'activity' AND k.name = l.kind), '') = 'paid'"
    " FROM ledger l"
    " LEFT JOIN activities a ON a.id = l.activity_id LEFT JOIN sources s ON s.id = a.source_id"
    " WHERE l.partner_id = :partner ORDER BY l.id"
)
_OPEN = (
    "(r.status IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(k.open)) OR EXISTS"
    " (SELECT 1 FROM json_each(k.open) o WHERE o.value = r.status COLLATE NOCASE))"
)


def effect(effective_on: date, zone: str) -> datetime:
    """The moment a deactivation takes effect: the last second of the day in the file's time zone."""
    return datetime.combine(effective_on, time(23, 59, 59), ZoneInfo(zone))


def lines(conn: sqlite3.Connection, partner_id: int, effective_on: date, zone: str) -> list[Line]:
    """Every line of a partner's ledger, in the order in which they were written. A reversal has the day of its line."""
    moment, found = effect(effective_on, zone), dict[int, Line]()
    for row in conn.execute(_LINES, {"partner": partner_id}):
        on, after = _day(row[1], row[11], row[12], moment, zone)
        if row[10] in found:
            on, after = found[row[10]].on, found[row[10]].after
        found[row[0]] = Line(
            row[0], on, row[2], from_units(row[3]), row[4] or NO_CURRENCY, row[5], row[6], row[7], _money(row[8]),
            _money(row[9]), row[10], Origin(row[15], row[16], row[17], row[13], _money(row[14])), after,
            payout=bool(row[18]),
        )  # fmt: skip
    return list(found.values())


def _day(booked: str, occurred: str | None, at: int | None, moment: datetime, zone: str) -> tuple[date, bool]:
    """The day that decides, and whether it came after the moment; the hour counts where it is known."""
    if at is not None:
        instant = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))
        return instant.date(), instant > moment
    day = date.fromisoformat((occurred or booked)[:10])
    return day, day > moment.date()


def _money(units: int | None) -> Decimal | None:
    return None if units is None else from_units(units)


def funds(conn: sqlite3.Connection, partner_id: int, kinds: Sequence[str], given: Collection[str]) -> list[Fund]:
    """Funds that were given out and not accounted for: records of these kinds in one of these states."""
    rows = conn.execute(
        "SELECT r.name, r.amount, json_extract(r.data, '$.spent'), r.currency, r.status, s.file, s.sheet, r.row"
        " FROM records r LEFT JOIN sources s ON s.id = r.source_id WHERE r.partner_id = :partner AND r.amount IS NOT NULL"
        " AND r.kind IN (SELECT value FROM json_each(:kinds))"
        " AND lower(r.status) IN (SELECT value FROM json_each(:given)) ORDER BY r.starts_on, r.id",
        {"partner": partner_id, "kinds": json.dumps(list(kinds)), "given": json.dumps(list(given))},
    )
    return [
        Fund(row[0], from_units(row[1]), _money(row[2]), row[3] or NO_CURRENCY, row[4], Origin(*row[5:8])) for row in rows
    ]  # fmt: skip


def told_of(conn: sqlite3.Connection, kinds: Sequence[str]) -> bool:
    """Whether this file holds any record of these kinds, of whatever partner."""
    sql = "SELECT EXISTS (SELECT 1 FROM records WHERE kind IN (SELECT value FROM json_each(?)))"
    return bool(conn.execute(sql, (json.dumps(list(kinds)),)).fetchone()[0])


def tail(conn: sqlite3.Connection, partner_id: int, effective_on: date) -> tuple[str | None, int | None]:
    """The agreement that bears on the end, and the days of its tail; None where there is none, or it says nothing."""
    row = conn.execute(
        "SELECT name, json_extract(data, '$.tail_days') FROM records WHERE partner_id = ? AND kind = 'agreement'"
        " ORDER BY ends_on IS NULL OR ends_on >= ? DESC, ends_on DESC, id DESC LIMIT 1",
        (partner_id, effective_on.isoformat()),
    ).fetchone()
    if row is None:
        return None, None
    return row[0], round(row[1]) if isinstance(row[1], int | float) else None


def standing(conn: sqlite3.Connection, partner_id: int, kinds: Sequence[str]) -> list[tuple[int, str]]:
    """Records of these kinds that are open: (id, what each is)."""
    rows = conn.execute(
        "SELECT r.id, k.label || ' “' || r.name || '”' || coalesce(', ' || r.status, ''), r.amount, r.currency FROM records r"
        " JOIN kinds k ON k.tbl = 'record' AND k.name = r.kind WHERE r.partner_id = :partner"
        f" AND r.kind IN (SELECT value FROM json_each(:kinds)) AND {_OPEN} ORDER BY r.id",
        {"partner": partner_id, "kinds": json.dumps(list(kinds))},
    )
    return [(row[0], row[1] + (f", {from_units(row[2]):,} {row[3] or ''}".rstrip() if row[2] else "")) for row in rows]


# ---- written ----


def reverse(change: Change, case_id: int, ids: Sequence[int], note: str) -> None:
    """A line with the negative amount of each of these, as taken back; what was written before stays as it was."""
    change.conn.execute(
        "INSERT INTO ledger(partner_id, case_id, kind, rule, activity_id, basis, rate, amount, currency, period, state,"
        " reverses, on_date, note, change_id) SELECT l.partner_id, :case, l.kind, l.rule, l.activity_id, l.basis, l.rate,"
        " -l.amount, l.currency, l.period, 'reversed', l.id, :on, :note, :change FROM ledger l"
        " WHERE l.id IN (SELECT value FROM json_each(:ids))"
        " AND NOT EXISTS (SELECT 1 FROM ledger r WHERE r.reverses = l.id) ORDER BY l.id",
        {"case": case_id, "on": change.as_of.isoformat(), "note": note, "change": change.id, "ids": json.dumps(list(ids))},
    )  # fmt: skip


def withdraw(change: Change, ids: Sequence[int], status: str) -> None:
    """Give open proposals the status of what was withdrawn."""
    change.conn.execute(
        "UPDATE records SET status = :status WHERE id IN (SELECT value FROM json_each(:ids)) AND status IS NOT :status",
        {"status": status, "ids": json.dumps(list(ids))},
    )


def approved(conn: sqlite3.Connection, case_id: int) -> Approved | None:
    """The statement of a case that was approved last."""
    row = conn.execute(
        "SELECT e.body, e.hash, e.at, c.actor FROM evidence e JOIN changes c ON c.id = e.change_id"
        " WHERE e.case_id = ? AND e.kind = 'settlement' ORDER BY e.id DESC LIMIT 1",
        (case_id,),
    ).fetchone()
    if row is None:
        return None
    said: dict[str, Any] = json.loads(row[0])
    figures = {(f["currency"], f["item"]): Decimal(f["amount"]) for f in said["figures"]}
    return Approved(row[3], datetime.fromtimestamp(row[2], UTC), row[1], figures, frozenset(said["lines"]))
