"""What conditions may speak of in one file: its fields, its kinds, its named facts."""

from __future__ import annotations

import json
import sqlite3
from functools import partial

from prm_tui.domain.condition import Catalogue, Field, Kind
from prm_tui.domain.partner import FIELDS
from storage import policies, rhythm, settings


def catalogue(conn: sqlite3.Connection) -> Catalogue:
    """The catalogue of a file. A custom field never hides a built-in one; it can be named custom.KEY."""
    custom: dict[tuple[str, str], dict[str, Field]] = {}
    for table, kind, key, label, type_ in conn.execute(
        "SELECT tbl, kind, key, label, type FROM fields WHERE tbl IN ('partner', 'activity', 'record') ORDER BY ord, id"
    ):
        custom.setdefault((table, kind), {})[key] = Field(key, label, type_, own=False)
    built_in = {key: Field(key, label, kind) for key, (label, kind) in FIELDS.items()}
    kinds: dict[str, dict[str, Kind]] = {"activity": {}, "record": {}}
    for table, name, label, signal, opened in conn.execute("SELECT tbl, name, label, class, open FROM kinds"):
        own = custom.get((table, name), {})
        kinds[table][name] = Kind(table, name, label, signal, own, tuple(json.loads(opened)))
    return Catalogue(
        partner={**custom.get(("partner", ""), {}), **built_in},
        activities=kinds["activity"],
        records=kinds["record"],
        named=_named(conn),
        year_starts=settings.number(conn, "year_starts"),
        mixed=_mixed(conn),
        priors=partial(rhythm.fitted, conn),
    )


def _named(conn: sqlite3.Connection) -> dict[str, str]:
    """Named facts: those that policies give, over which the file's own win."""
    given = policies.facts(policy for policy, _ in policies.policies(conn))
    return {**given, **dict(conn.execute("SELECT name, body FROM facts").fetchall())}


def own_fields(conn: sqlite3.Connection, table: str, kind: str) -> dict[str, str]:
    """The fields that a kind of activity or record has of its own: key → type."""
    rows = conn.execute("SELECT key, type FROM fields WHERE tbl = ? AND kind = ? ORDER BY ord, id", (table, kind))
    return dict(rows.fetchall())


def _mixed(conn: sqlite3.Connection) -> bool:
    """Whether activities are in several currencies: two looks into an index, not a scan."""
    ends = [
        conn.execute(f"SELECT {end}(currency) FROM activities WHERE currency IS NOT NULL").fetchone()[0]
        for end in ("min", "max")
    ]
    return bool(ends[0] != ends[1])
