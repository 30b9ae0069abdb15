"""Which column of a sheet says whose a row is.

By its header: that of the partner sheet's key, the key of a partner, the name of one. By its values only when
nearly all of them are known keys, each reference has one, and they cover a good part of all keys.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from importers import aliases
from importers.kinds import OwnKind
from prm_tui.domain.mapping import ColumnPlan, SheetPlan

CONTAINED = 0.99
COVERED = 0.30


def find(
    staging: sqlite3.Connection,
    plan: SheetPlan,
    key_headers: set[str],
    drafts: Sequence[SheetPlan],
    known: Callable[[], Iterable[str]],
    kind: OwnKind | None = None,
) -> SheetPlan:
    """The plan with the column that says whose a row is: by its header, else by its values.

    `kind`: what its rows are; beside a column of keys, a column of the name of one of its own fields is that field, and one
    that is called like the kind is its name.
    """
    free = [c for c in plan.columns if c.target == "data" and c.type != "empty"]
    same = [c for c in free if aliases.words(c.header) in key_headers]
    keys = [c for c in free if aliases.partner_key(c.header)]
    names = [c for c in free if aliases.partner_name(c.header)]
    for found, why in (
        (same, "its header is that of the partner sheet"),
        (keys, "its header is the key of a partner"),
        (names, "its header names a partner"),
    ):
        if len(found) == 1:
            others = [c for c in names if kind is None or not (c.key in kind.fields or kind.called(c.header))]
            return _with_name(plan.with_target(found[0].header, "partner", why), found[0], others)
    _collect_keys(staging, drafts, known)
    ref = plan.column("ref")
    by_value = [c for c in free if _is_partner_by_values(staging, plan, c, ref)]
    if len(by_value) == 1:
        return plan.with_target(
            by_value[0].header, "partner", "nearly all its values are partner keys, one for each reference"
        )
    return plan


def _with_name(plan: SheetPlan, key: ColumnPlan, names: Sequence[ColumnPlan]) -> SheetPlan:
    """Beside a column of keys, the column that names the same partners: supplier id and supplier name."""
    word = aliases.words(key.header).split()[0]
    beside = [c for c in names if c.pos != key.pos]
    same = [c for c in beside if aliases.words(c.header).split()[0] == word] or beside
    if len(same) == 1 and not aliases.partner_name(key.header):
        return plan.with_target(same[0].header, "partner_name", "its header names the partner of the key beside it")
    return plan


def _collect_keys(staging: sqlite3.Connection, drafts: Sequence[SheetPlan], known: Callable[[], Iterable[str]]) -> None:
    """Fill the staging table `known`, once: the keys the file has, and those of the partner sheets beside this one."""
    if staging.execute("SELECT 1 FROM known LIMIT 1").fetchone():
        return
    staging.executemany("INSERT INTO known VALUES (?)", ((key,) for key in known()))
    for plan in drafts:
        code = (plan.column("code") or plan.column("name")) if plan.noun == "partners" and not plan.again else None
        if code:
            staging.execute(
                f"INSERT INTO known SELECT CAST(c{code.pos} AS TEXT) FROM {plan.table} WHERE c{code.pos} IS NOT NULL"
            )


def _is_partner_by_values(
    staging: sqlite3.Connection, plan: SheetPlan, column: ColumnPlan, ref: ColumnPlan | None
) -> bool:
    name = f"c{column.pos}"
    used, contained = staging.execute(
        f"SELECT count(*), sum(v IN (SELECT key FROM known)) FROM"
        f" (SELECT DISTINCT CAST({name} AS TEXT) AS v FROM {plan.table} WHERE {name} IS NOT NULL)"
    ).fetchone()
    (every,) = staging.execute("SELECT count(DISTINCT key) FROM known").fetchone()
    if not used or contained < CONTAINED * used or contained < COVERED * every:
        return False
    if ref is None:
        return True
    (several,) = staging.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {plan.table} WHERE c{ref.pos} IS NOT NULL"
        f" GROUP BY c{ref.pos} HAVING count(DISTINCT {name}) > 1)"
    ).fetchone()
    return int(several) == 0
