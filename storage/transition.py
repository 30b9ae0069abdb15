"""What a partner that leaves holds, and to whom each of it goes: lines of the case among its obligations."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from prm_tui.domain.money import from_units
from prm_tui.domain.sheet import ID, OutColumn, OutSheet
from prm_tui.domain.transition import CONSENTS, ENDS, KINDS, USUAL, Candidate, Item
from storage import cases
from storage.partners import Where
from storage.store import Change

LINE = "transition"
"""The kind of obligation that a line is."""
SHEET = "transition"
ENDED = "ended"
"""The status of what ends with the partner."""
_OPEN = (
    "(r.status IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(k.open)) OR EXISTS"
    " (SELECT 1 FROM json_each(k.open) o WHERE o.value = r.status COLLATE NOCASE))"
)
_LISTED = ", ".join(f"'{kind}'" for kind in KINDS)
_LINES = f"main.obligations o WHERE o.kind = '{LINE}'"


def items(conn: sqlite3.Connection, case_id: int, as_of: date) -> list[Item]:
    """Everything open that is handed over or ends with a case's partner, and what was handed over with it already."""
    rows = conn.execute(
        "SELECT r.id, r.kind, coalesce(k.label, r.kind), r.ref, r.name, r.status, r.amount, r.currency, r.ends_on,"
        " json_extract(r.data, '$.consent'), o.id, o.data, p.code, p.name, w.name FROM"
        " (SELECT t.id FROM main.records t JOIN main.cases c ON c.partner_id = t.partner_id WHERE c.id = :case"
        f"  AND t.kind IN ({_LISTED}) UNION SELECT json_extract(o.data, '$.record') FROM {_LINES} AND o.case_id = :case) held"
        " JOIN main.records r ON r.id = held.id JOIN main.kinds k ON k.tbl = 'record' AND k.name = r.kind"
        f" LEFT JOIN main.obligations o ON o.case_id = :case AND o.kind = '{LINE}'"
        " AND json_extract(o.data, '$.record') = r.id"
        " LEFT JOIN main.partners p ON p.id = json_extract(o.data, '$.partner') LEFT JOIN main.people w ON w.id = o.owner"
        f" WHERE o.id IS NOT NULL OR ({_OPEN} AND (r.ends_on IS NULL OR r.ends_on >= :as_of))"
        " ORDER BY r.kind, r.amount DESC, r.name COLLATE NOCASE, r.id",
        {"case": case_id, "as_of": as_of.isoformat()},
    )
    return [_item(row) for row in rows]


def _item(row: Sequence[Any]) -> Item:
    record, kind, label, ref, name, status, amount, currency, ends, told, line, data, code, called, person = row
    said: dict[str, Any] = json.loads(data) if data else {}
    way = said.get("way", "")
    word = str(told or "").casefold()
    return Item(
        record_id=record,
        kind=kind,
        label=label,
        ref=ref or name,
        name=name,
        status=status,
        amount=None if amount is None else from_units(amount),
        currency=currency,
        ends_on=date.fromisoformat(ends) if ends else None,
        way=way,
        to={"partner": code or "", "person": person or "", ENDS: ENDS}.get(way, ""),
        to_name={"partner": called or "", "person": person or ""}.get(way, ""),
        consent=said.get("consent") or (word if word in CONSENTS else USUAL.get(kind, "not needed")),
        letter=said.get("letter", ""),
        letter_on=date.fromisoformat(said["letter_on"]) if said.get("letter_on") else None,
        done_on=date.fromisoformat(said["done_on"]) if said.get("done_on") else None,
        line_id=line,
    )


def unassigned(conn: sqlite3.Connection, case_id: int, as_of: date) -> list[Item]:
    """What has no new owner still, or one that was refused."""
    return [item for item in items(conn, case_id, as_of) if item.unassigned]


def assign(change: Change, case_id: int, item: Item, due_on: str | None, values: Mapping[str, Any]) -> bool:
    """Say of one item what is known of its hand-over; whether that is new.

    `values`: `way` with `partner` or `person` (ids), `consent`, `letter`, `letter_on`; what is not among them stays.
    """
    row = change.conn.execute("SELECT data, owner FROM obligations WHERE id = ?", (item.line_id,)).fetchone()
    before: dict[str, Any] = json.loads(row[0]) if row else {"record": item.record_id}
    said = {key: value for key, value in values.items() if key != "person"}
    data = {key: value for key, value in {**before, **said}.items() if value not in (None, "")}
    owner = values["person"] if "way" in values else row[1] if row else None
    if row and data == before and owner == row[1]:
        return False
    if item.line_id is not None:
        cases.update(change, "obligations", item.line_id, {"data": data, "owner": owner, "due_on": due_on})
        return True
    cases.insert(
        change, "obligations",
        {"case_id": case_id, "kind": LINE, "title": f"Hand over: {item.title}", "area": "customers", "owner": owner,
         "due_on": due_on, "rule": "by the effective date", "data": data},
    )  # fmt: skip
    return True


def hand_over(change: Change, lines: Iterable[int], on: date) -> int:
    """Carry out lines of a case, all at once; how many.

    What goes to a partner is that partner's from now on, without the contact it had; what goes to one of our own
    people is theirs; what ends gets that status and its last day.
    """
    conn, at = change.conn, {"lines": json.dumps(list(lines)), "on": on.isoformat(), "ended": ENDED}
    mine = (
        f"{_LINES} AND o.id IN (SELECT value FROM json_each(:lines)) AND json_extract(o.data, '$.record') = records.id"
    )
    for way, said in (
        ("partner", "partner_id = json_extract(o.data, '$.partner'), contact_id = NULL"),
        ("person", "owner = o.owner"),
        (ENDS, "status = :ended, ends_on = min(coalesce(records.ends_on, :on), :on)"),
    ):
        source, _, where = mine.partition(" WHERE ")
        conn.execute(
            f"UPDATE main.records SET {said} FROM {source} WHERE {where} AND json_extract(o.data, '$.way') = :way",
            {**at, "way": way},
        )
    return conn.execute(
        "UPDATE obligations SET state = 'done', data = json_set(data, '$.done_on', :on)"
        " WHERE id IN (SELECT value FROM json_each(:lines)) AND state <> 'done'",
        at,
    ).rowcount


def candidates(conn: sqlite3.Connection, case_id: int, where: Where | None) -> list[Candidate]:
    """Active partners of the leaving one's territory and type (where it has them) that meet a condition.

    The custom field `capacity` says how much a partner takes; those who are leaving themselves are left out.
    """
    met = f"AND ({where.sql}) IS 1" if where else ""
    rows = conn.execute(
        "SELECT p.id, p.code, p.name, (SELECT count(*) FROM main.records r JOIN main.kinds k ON k.tbl = 'record'"
        f" AND k.name = r.kind WHERE r.partner_id = p.id AND r.kind IN ({_LISTED}) AND {_OPEN}),"
        " json_extract(p.custom, '$.capacity') FROM main.cases c JOIN main.partners l ON l.id = c.partner_id"
        " JOIN main.partners p ON p.id <> l.id WHERE c.id = :case AND p.status = 'Active' AND p.joined_into IS NULL"
        " AND (l.territory IS NULL OR p.territory = l.territory) AND (l.type IS NULL OR p.type = l.type)"
        " AND NOT EXISTS (SELECT 1 FROM main.cases d WHERE d.partner_id = p.id AND d.kind = 'deactivation'"
        f" AND d.state = 'open') {met} ORDER BY 4, p.code",
        {**(where.params if where else {}), "case": case_id},
    )
    return [Candidate(row[0], row[1], row[2], row[3], _whole(row[4])) for row in rows]


def _whole(said: Any) -> int | None:
    try:
        return None if said is None else int(float(said))
    except (ValueError, OverflowError):
        return None


def sheet(found: Iterable[Item], token: str, proposed: Mapping[int, Candidate]) -> OutSheet:
    """Items as a sheet that somebody fills in and sends back."""
    columns = [
        OutColumn(ID, "id"), OutColumn("What", "skip"), OutColumn("Reference", "skip"), OutColumn("Name", "skip"),
        OutColumn("Status", "skip"), OutColumn("Amount", "skip", "money"), OutColumn("Currency", "skip"),
        OutColumn("Ends", "skip", "date"), OutColumn("Proposed", "skip"), OutColumn("Goes to", "hand_over_to"),
        OutColumn("Consent", "consent", choices=CONSENTS), OutColumn("Message", "letter"),
        OutColumn("Message on", "letter_on", "date"),
    ]  # fmt: skip
    rows = [
        (f"{token}-h{i.record_id}", i.label, i.ref, i.name, i.status, None if i.amount is None else float(i.amount),
         i.currency, i.ends_on and i.ends_on.isoformat(), proposed[i.record_id].code if i.record_id in proposed else None,
         i.to or None, i.consent, i.letter or None, i.letter_on and i.letter_on.isoformat())
        for i in found
        if i.done_on is None
    ]  # fmt: skip
    return OutSheet("Hand-over", SHEET, columns, rows)


def case_of(conn: sqlite3.Connection, uid: str) -> int | None:
    """The case whose hand-over went out in a sheet, None for a sheet that did not go out from this file."""
    row = conn.execute("SELECT json_extract(body, '$.case') FROM sheets_sent WHERE uid = ? AND what = ?", (uid, SHEET))
    found = row.fetchone()
    return None if found is None or found[0] is None else int(found[0])
