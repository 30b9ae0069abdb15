"""Systems and departments in the file, what each has been told of whom, and what their own sheets say of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from prm_tui.domain.exchange import Choices, SheetReport
from prm_tui.domain.mapping import SheetPlan
from prm_tui.domain.sheet import OutColumn, OutSheet, headers_apart
from prm_tui.domain.system import COMPLETE, OF_CONTACT, SYSTEM, Column, Line, Seen, System
from prm_tui.domain.text import slug, trimmed
from storage import cases, partners
from storage.store import Change

KIND = "system"
"""The kind of policy that describes a system, and of obligation that is a line of one."""
_CASES = (
    "SELECT c.id, c.partner_id, p.code, p.name, json_extract(c.data, '$.effective_on') AS effective,"
    " c.state = 'closed' AND c.outcome <> 'deactivated' AS over FROM main.cases c"
    " JOIN main.partners p ON p.id = c.partner_id WHERE c.kind = 'deactivation' AND effective IS NOT NULL"
)
_LEAVING = (
    f"{_CASES}"
    " AND (c.state = 'open' AND c.stage NOT IN ('draft', 'approval') OR c.outcome = 'deactivated' AND p.status = 'Deactivated')"
)
"""Partners of which other systems have to be told: the deactivation is approved, or it took effect."""
_TOLD = f"json_extract(data, '$.system') AS name FROM main.obligations WHERE kind = '{KIND}' AND json_extract(data, '$.sent_on')"


def every(conn: sqlite3.Connection) -> list[System]:
    """All systems and departments, by name."""
    rows = conn.execute(
        "SELECT s.name, s.body, w.name FROM policies s LEFT JOIN people w ON w.id = json_extract(s.body, '$.owner')"
        f" WHERE s.kind = '{KIND}' ORDER BY s.name COLLATE NOCASE"
    )
    return [_system(name, json.loads(body), owner) for name, body, owner in rows]


def _system(name: str, body: dict[str, Any], owner: str | None) -> System:
    columns = tuple(Column(header, source) for header, source in body["columns"])
    return System(
        name, body["kind"], owner, body.get("role"), columns, body["due_days"], body.get("sheet", ""), body.get("owner")
    )


def put(change: Change, system: System) -> None:
    """Keep a system, in the place of one of the same name."""
    body = json.dumps(
        {"kind": system.kind, "owner": system.owner_id, "role": system.role, "due_days": system.due_days,
         "sheet": system.sheet, "columns": [[c.header, c.source] for c in system.columns]},
        ensure_ascii=False, sort_keys=True,
    )  # fmt: skip
    known = change.conn.execute(
        f"SELECT id FROM policies WHERE kind = '{KIND}' AND name = ? COLLATE NOCASE", (system.name,)
    ).fetchone()
    if known is None:
        cases.insert(change, "policies", {"kind": KIND, "name": system.name, "body": body})
    else:
        cases.update(change, "policies", known[0], {"name": system.name, "body": body})


def remove(change: Change, name: str) -> None:
    """Take a system out; what it was told of stays with the cases."""
    change.conn.execute(f"DELETE FROM policies WHERE kind = '{KIND}' AND name = ?", (name,))


# ---- lines ----


def lines(conn: sqlite3.Connection, case_id: int | None = None) -> list[Line]:
    """Every system with every partner that leaves or has left, of one case if asked; those due first.

    Of a case that came to nothing, those that had been told. What no import has looked at is taken from what the feeds
    brought last.
    """
    systems = {s.name: s for s in every(conn)}
    of = "" if case_id is None else " WHERE l.id = :case"
    rows = conn.execute(
        f"SELECT l.id, l.partner_id, l.code, l.name, l.effective, s.name, o.id, o.data, l.over FROM ({_LEAVING}"
        f"  UNION ALL {_CASES} AND over AND c.id IN (SELECT case_id FROM (SELECT case_id, {_TOLD} IS NOT NULL))) l"
        f" JOIN (SELECT name FROM policies WHERE kind = '{KIND}' UNION SELECT {_TOLD} IS NOT NULL) s"
        f" LEFT JOIN obligations o ON o.case_id = l.id AND o.kind = '{KIND}' AND json_extract(o.data, '$.system') = s.name"
        f"{of}",
        {"case": case_id},
    ).fetchall()
    told = [row for row in rows if row[7] is not None or (row[5] in systems and not row[8])]
    before = _brought(conn, systems.values(), {row[1] for row in told})
    found = [_line(systems.get(row[5]) or System(row[5]), row, before) for row in told]
    return sorted(found, key=lambda line: (line.due_on, line.system.name.casefold(), line.code))


def _line(system: System, row: Sequence[Any], before: dict[tuple[str, int], Seen]) -> Line:
    case_id, partner_id, code, name, effective, _, line_id, data, over = row
    said: dict[str, Any] = json.loads(data) if data else {}
    on = date.fromisoformat(effective)

    def day(key: str) -> date | None:
        return date.fromisoformat(said[key]) if said.get(key) else None

    seen = Seen.from_data(said["seen"]) if said.get("seen") else before.get((system.name, partner_id))
    return Line(
        system, case_id, partner_id, code, name, on, on + timedelta(days=system.due_days), line_id, day("sent_on"),
        day("sent_for"), day("confirmed_on"), said.get("confirmed_by", ""), seen, bool(over),
        bool(said.get("taken_back")),
    )  # fmt: skip


def _brought(conn: sqlite3.Connection, systems: Iterable[System], ids: set[int]) -> dict[tuple[str, int], Seen]:
    """What the partner sheets of systems said last of these partners, by (system, partner)."""
    asked = [system for system in systems if system.kind == SYSTEM]
    if not asked or not ids:
        return {}
    rows = conn.execute(
        "SELECT f.row_id, s.file, s.sheet, f.row, f.cells, s.map, c.as_of FROM feed_rows f"
        " JOIN sources s ON s.id = f.source_id JOIN changes c ON c.id = s.change_id"
        " WHERE f.tbl = 'partners' AND f.row_id IN (SELECT value FROM json_each(?)) ORDER BY f.id",
        (json.dumps(sorted(ids)),),
    )
    found = {}
    for partner_id, file, sheet, row, cells, headers, on in rows:
        kept = json.loads(cells).get("custom", {})
        for system in asked:
            if system.reads(file, sheet, json.loads(headers)):
                status, until = (kept.get(slug(c.header)) if c else None for c in (system.status, system.until))
                day = date.fromisoformat(on)
                seen = Seen(file, sheet, row, _text(status), system.active(status, until, day), day)
                found[system.name, partner_id] = seen
    return found


def _text(cell: object) -> str:
    return "" if cell is None else trimmed(str(cell))


def note(change: Change, case_id: int, system: str, values: dict[str, Any]) -> None:
    """Keep what is known of a line; `values` None take a key away."""
    row = change.conn.execute(
        f"SELECT id, data FROM obligations WHERE case_id = ? AND kind = '{KIND}' AND json_extract(data, '$.system') = ?",
        (case_id, system),
    ).fetchone()
    before = json.loads(row[1]) if row else {"system": system}
    data = {key: value for key, value in {**before, **values}.items() if value is not None}
    state = "done" if data.get("confirmed_on") or (data.get("seen") and not data["seen"]["active"]) else "planned"
    if row:
        cases.update(change, "obligations", row[0], {"data": data, "state": state})
        return
    known = next((s for s in every(change.conn) if s.name == system), System(system))
    (effective,) = change.conn.execute(
        "SELECT json_extract(data, '$.effective_on') FROM cases WHERE id = ?", (case_id,)
    ).fetchone()
    due = (date.fromisoformat(effective) + timedelta(days=known.due_days)).isoformat()
    cases.insert(
        change, "obligations",
        {"case_id": case_id, "kind": KIND, "title": f"{system} is up to date", "area": "systems", "owner": known.owner_id,
         "role": known.role, "due_on": due, "rule": f"{known.due_days} days from the effective date", "state": state,
         "data": data},
    )  # fmt: skip


# ---- sheets out ----


def sheet(conn: sqlite3.Connection, system: System, case_ids: Sequence[int]) -> OutSheet:
    """The update sheet of a system for cases: its own columns, a row for each partner, or each contact where it names them."""
    params: dict[str, Any] = {"cases": json.dumps(list(case_ids)), "as_of": ""}
    exprs, columns = [], []
    for n, column in enumerate(system.columns):
        exprs.append(_cell(column, n, params))
        type_ = "date" if column.source in ("notice_on", "effective_on", "joined_on") else "text"
        columns.append(OutColumn(column.header, "skip", type_))
    people = "JOIN contacts t ON t.partner_id = p.id" if any(c.source in OF_CONTACT for c in system.columns) else ""
    rows = conn.execute(
        f"SELECT {', '.join(exprs)} FROM cases c JOIN partners p ON p.id = c.partner_id {people}"
        f" WHERE c.id IN (SELECT value FROM json_each(:cases)) ORDER BY p.code{', t.id' if people else ''}",
        params,
    ).fetchall()
    return OutSheet(system.name, "skip", headers_apart(columns), rows)


def _cell(column: Column, n: int, params: dict[str, Any]) -> str:
    """The SQL of a column over cases c and partners p."""
    kind, _, name = column.source.partition(":")
    if column.fixed is not None or kind == "key":
        params[f"said{n}"] = name
        key = f"(SELECT k.key FROM partner_keys k WHERE k.partner_id = p.id AND k.system = :said{n} ORDER BY k.id LIMIT 1)"
        return key if kind == "key" else f":said{n}"
    if kind in OF_CONTACT:
        return f"t.{kind.removeprefix('contact.')}"
    if kind in ("notice_on", "effective_on"):
        return f"json_extract(c.data, '$.{kind}')"
    if kind == "reason":
        return "c.reason"
    sql, more = partners.expression(column.source)
    params.update(more)
    return sql


# ---- what comes in ----


@dataclass(frozen=True)
class _Row:
    """A partner that leaves, and its row in a sheet, if it has one there; `before`: it was listed there earlier."""

    case_id: int
    code: str
    name: str
    effective: date
    row: int | None
    status: Any
    until: Any
    before: bool


def look(change: Change, plan: SheetPlan, feed: int | None, choices: Choices, report: SheetReport) -> None:
    """See what a sheet that is being taken says of partners that leave, and say what contradicts it.

    Called once the rows of temp.incoming are known, before any of them is left out.
    """
    conn = change.conn
    if plan.ours or plan.noun not in ("partners", "contacts", "record"):
        return
    headers = [c.header for c in plan.columns]
    for system in every(conn):
        if not system.reads(plan.file, plan.sheet, headers):
            continue
        found = _rows(conn, plan, feed, system)
        whole = any(r.row is None for r in found) and not report.refused and _whole(conn, plan, feed, choices)
        for one in found:
            if one.row is None and not (whole and one.before):
                continue
            active = one.row is not None and system.active(one.status, one.until, max(one.effective, change.as_of))
            seen = Seen(plan.file, plan.sheet, one.row, _text(one.status), active, change.as_of)
            _keep(change, system, one, seen, report)


def _keep(change: Change, system: System, one: _Row, seen: Seen, report: SheetReport) -> None:
    note(change, one.case_id, system.name, {"seen": seen.as_data()})
    line = Line(system, one.case_id, 0, one.code, one.name, one.effective, one.effective, seen=seen)
    if line.state(change.as_of) in ("contradicted", "confirmed"):
        report.notes.append(line.said(change.as_of))


def _rows(conn: sqlite3.Connection, plan: SheetPlan, feed: int | None, system: System) -> list[_Row]:
    """The partners that leave, each with its first row in the sheet that shows it as active, else its first row."""
    status, until = (_pos(plan, column) for column in (system.status, system.until))
    partner = "i.id" if plan.noun == "partners" else "i.partner_id"
    key = plan.column("code")
    settled = ""
    if plan.noun == "partners" and key is not None and feed is not None:
        settled = (
            " UNION ALL SELECT t.row, f.row_id FROM temp.settled t"
            f" JOIN st.{plan.table} s ON s.row = t.row JOIN main.feed_rows f ON f.feed_id = :feed AND f.key = s.c{key.pos}"
        )
    owned = (
        ""
        if plan.noun == "partners"
        else f" JOIN main.{'records' if plan.noun == 'record' else 'contacts'} o ON o.id = f.row_id"
    )
    whose = "f.row_id" if plan.noun == "partners" else "o.partner_id"
    rows = conn.execute(
        f"SELECT l.id, l.code, l.name, l.effective, x.row, {status}, {until},"
        f" EXISTS (SELECT 1 FROM main.feed_rows f{owned} WHERE f.feed_id = :feed AND {whose} = l.partner_id)"
        " OR EXISTS (SELECT 1 FROM main.obligations d WHERE d.case_id = l.id AND d.kind = :kind"
        " AND json_extract(d.data, '$.system') = :system) FROM"
        f" ({_LEAVING}) l LEFT JOIN (SELECT i.row AS row, {partner} AS partner_id FROM temp.incoming i{settled}) x"
        f" ON x.partner_id = l.partner_id LEFT JOIN st.{plan.table} r ON r.row = x.row ORDER BY l.id, x.row",
        {"feed": feed, "kind": KIND, "system": system.name},
    ).fetchall()
    found: dict[int, _Row] = {}
    for row in rows:
        case_id, code, name, effective, line, said, end, before = row
        one = _Row(case_id, code, name, date.fromisoformat(effective), line, said, end, bool(before))
        kept = found.setdefault(one.case_id, one)
        if not system.active(kept.status, kept.until, one.effective) and system.active(
            one.status, one.until, one.effective
        ):
            found[one.case_id] = one
    return list(found.values())


def _pos(plan: SheetPlan, column: Column | None) -> str:
    said = trimmed(column.header).casefold() if column else None
    there = next((c for c in plan.columns if trimmed(c.header).casefold() == said), None)
    return f"r.c{there.pos}" if there else "NULL"


def _whole(conn: sqlite3.Connection, plan: SheetPlan, feed: int | None, choices: Choices) -> bool:
    """Whether a sheet lists everything: it was declared so, or it lists nearly all that its feed listed before."""
    if choices.covered_to or choices.complete_for:
        return True
    known, still = conn.execute(
        "SELECT count(*), (SELECT count(*) FROM temp.settled) + sum(f.key IN (SELECT key FROM temp.incoming))"
        " FROM main.feed_rows f WHERE f.feed_id = ?",
        (feed,),
    ).fetchone()
    return bool(known) and (still or 0) >= COMPLETE * known


def again(change: Change, plan: SheetPlan, report: SheetReport) -> None:
    """A sheet of the very content that was taken before: what it said then, it says today."""
    row = change.conn.execute(
        "SELECT file, sheet FROM sources WHERE content = ? ORDER BY id DESC LIMIT 1", (plan.content,)
    ).fetchone()
    if row is None or not every(change.conn):
        return
    for line in lines(change.conn):
        seen = line.seen
        if seen is None or (seen.file, seen.sheet) != row or not seen.row:
            continue
        now = Seen(plan.file, plan.sheet, seen.row, seen.says, seen.active, change.as_of)
        case = _Row(line.case_id, line.code, line.name, line.effective_on, seen.row, None, None, True)
        _keep(change, line.system, case, now, report)
