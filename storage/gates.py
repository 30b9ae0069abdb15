"""Gates in the file: kept with their packs; what meets one is found as a set, what was let pass stands in the case."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from prm_tui.domain.condition import Catalogue, Checked, Leaf, check, show
from prm_tui.domain.condition.check import type_of
from prm_tui.domain.condition.tree import Compare, Name, Node, leaves
from prm_tui.domain.fault import Fault
from prm_tui.domain.gate import EFFECTIVE, Blocked, Found, Gate, Passed
from prm_tui.domain.pack import Pack
from prm_tui.domain.record import OVER
from prm_tui.domain.said import said
from prm_tui.domain.shape import build
from prm_tui.domain.template import fill, parse
from storage import coverage
from storage.catalogue import catalogue as whole
from storage.conditions import LITERALS, Compiler, Place
from storage.days import Days
from storage.explain import Whom, explained, shown, subject_of
from storage.store import Change


def kept(conn: sqlite3.Connection) -> dict[str, tuple[str, Gate]]:
    """Every gate with the pack it came with; one of one's own stands in for a pack's of the same name."""
    found: dict[str, tuple[str, Gate]] = {}
    rows = conn.execute("SELECT name, body FROM packs WHERE instr(body, '[gate.') ORDER BY kind = 'own', id").fetchall()
    for pack, body in rows:
        for name, data in tomllib.loads(body).get("gate", {}).items():
            gate, faults = build(Gate, data, name=name)
            assert gate is not None, faults  # checked when the pack was added
            found[name] = pack, gate
    return found


def gates(conn: sqlite3.Connection, kind: str | None = None) -> dict[str, Gate]:
    """The gates of a file, those for a kind of case alone."""
    return {name: gate for name, (_, gate) in kept(conn).items() if kind is None or kind in gate.kinds}


def catalogue(conn: sqlite3.Connection) -> Catalogue:
    """What gates may speak of: whether a record is open cannot be told where its status is neither open nor over."""
    words: dict[str, list[str]] = {}
    for (body,) in conn.execute("SELECT body FROM packs WHERE instr(body, 'closed = [')"):
        for kind, data in tomllib.loads(body).get("record", {}).items():
            words.setdefault(kind, []).extend(data.get("closed", ()))
    known = whole(conn)
    records = {name: replace(kind, closed=(*OVER, *words.get(name, ()))) for name, kind in known.records.items()}
    return replace(known, records=records)


def clashes(conn: sqlite3.Connection, pack: Pack) -> Iterator[Fault]:
    """Gates of a pack that are another pack's otherwise."""
    there = kept(conn) if pack.gates else {}
    for name, gate in pack.gates.items():
        other, known = there.get(name, (pack.name, gate))
        if other != pack.name and known != gate:
            yield Fault(
                ("gate", name), f"the pack {other} has another gate “{name}” already; give this one its own name"
            )


def passed(data: Mapping[str, Any]) -> dict[tuple[str, int | None], Passed]:
    """What was let pass in a case, by gate and record, from the data of the case."""
    return {
        (one["gate"], one["row"]): Passed(one["by"], date.fromisoformat(one["on"]), one["reason"])
        for one in data.get("passed", ())
    }


def let_pass(change: Change, case_id: int, blocked: Blocked, passing: Passed) -> None:
    """Keep in the case that somebody let one pass."""
    kept = {"gate": blocked.gate, "row": blocked.row, "title": blocked.title, "name": blocked.name, "by": passing.by,
            "on": passing.on.isoformat(), "reason": passing.reason}  # fmt: skip
    change.conn.execute(
        "UPDATE cases SET data = json_set(data, '$.passed', json_insert(coalesce(json_extract(data, '$.passed'), '[]'), '$[#]',"
        " json(?))) WHERE id = ?",
        (json.dumps(kept, ensure_ascii=False, sort_keys=True), case_id),
    )


def blocked(
    conn: sqlite3.Connection, known: Catalogue, gate: Gate, partner_id: int, effective_on: date | None, as_of: date
) -> list[Blocked]:
    """What meets a gate for a partner, or may meet it, by name. Read strictly, as triggers are; `known`: see `catalogue`."""
    checked, place = _read(conn, known, gate, effective_on, as_of)
    compiler, detail = Compiler(), parse(gate.detail or "")
    met = compiler.whole(checked.node, place)
    nodes = [*_values(checked.node), *(check(name, known, subject=checked.scope.subject, want="any", dates=gate.dates).node
                                       for name in detail.names)]  # fmt: skip
    made = [compiler.sql(node, Place(checked.scope, Days.one(as_of, named=place.days.named))) for node in nodes]
    columns = "".join(f", {compiler.on(sql, False)}" for sql in made)
    rows = "p.id = :partner" if not gate.about.kind else "s.partner_id = p.id AND s.kind = :kind WHERE p.id = :partner"
    who = "NULL AS id, p.name AS name, NULL AS status" if not gate.about.kind else "s.id, s.name, s.status"
    source = "partners p WHERE" if not gate.about.kind else "partners p JOIN records s ON"
    found = []
    for row, name, status, outcome, *cells in conn.execute(
        f"SELECT * FROM (SELECT {who}, {met} AS met{columns} FROM {source} {rows}) WHERE met IS NOT 0 ORDER BY name, 1",
        {**compiler.params, "partner": partner_id, "kind": gate.about.kind},
    ):
        values = [(shown(cell, sql.units, type_of(node, checked.scope)), type_of(node, checked.scope))
                  for cell, sql, node in zip(cells, made, nodes, strict=True)]  # fmt: skip
        of = len(nodes) - len(detail.names)
        gaps = {said_: said(*value) or "…" for said_, value in zip(detail.names, values[of:], strict=True)}
        facts = _status(known, gate, checked.node, status if outcome is None else None)
        facts += tuple(Found(show(node), value) for node, (value, _) in zip(nodes[:of], values[:of], strict=True))
        facts = facts or ((Found("status", status),) if gate.about.kind else ())
        found.append(
            Blocked(gate.name, gate.title, gate.blocks, name, row, outcome == 1, facts,
                    fill(detail, gaps.get).text or "", gate.may)
        )  # fmt: skip
    return found


def why(
    conn: sqlite3.Connection, known: Catalogue, gate: Gate, partner_id: int, row: int | None, effective_on: date | None,
    as_of: date,
) -> Leaf:  # fmt: skip
    """The condition of a gate leaf by leaf, for the partner or one record of it."""
    checked, place = _read(conn, known, gate, effective_on, as_of)
    return explained(conn, checked.node, place, Whom(partner_id, "records" if row else None, row))


def _read(
    conn: sqlite3.Connection, known: Catalogue, gate: Gate, effective_on: date | None, as_of: date
) -> tuple[Checked, Place]:
    checked = check(gate.when, known, subject=known.records.get(gate.about.kind or ""), dates=gate.dates)
    named = {EFFECTIVE.key: effective_on.isoformat() if effective_on else None}
    return checked, Place(checked.scope, Days.one(as_of, covered=coverage.covered(conn, checked, as_of), named=named))


def _status(known: Catalogue, gate: Gate, node: Node, status: str | None) -> tuple[Found, ...]:
    """The status of a record of which it cannot be told whether it is open, since its kind does not know that."""
    kind = known.records.get(gate.about.kind or "")
    if kind is None or status is None or not any(subject_of(leaf) == Name(("open",)) for leaf in leaves(node)):
        return ()
    told = {word.casefold() for word in (*kind.open, *kind.closed)}
    return () if status.casefold() in told else (Found("status", f"“{status}” (neither open nor over)"),)


def _values(node: Node) -> list[Node]:
    """The parts of a condition whose values say why it is met, each once: both sides of a comparison."""
    found: dict[str, Node] = {}
    for leaf in leaves(node):
        for part in (subject_of(leaf), *((leaf.right,) if isinstance(leaf, Compare) else ())):
            if not isinstance(part, LITERALS) and part != Name(("open",)):
                found.setdefault(show(part), part)
    return list(found.values())
