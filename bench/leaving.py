"""Leaving: what the impact of one partner, and the opening of many cases at once, cost above their plain statements."""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from bench import data
from bench.engine import with_people
from bench.row import Row, ms
from prm_tui.services import deactivation, planning
from storage import Store

MANY = 500
KINDS = ("deal", "lead", "customer", "project", "milestone", "licence", "stock", "asset", "part", "fund", "certification", "agreement",
         "access")  # fmt: skip
TABLES = ("cases", "steps", "tasks", "evidence", "obligations")


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def impact(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """What ends with one partner: in milliseconds above its plain queries."""
    store, _, _ = with_people(Path(shutil.copy(paths["large"], place / "impact.db")))
    _records(store)
    ours = lambda partner: planning.plans(store, [partner], "inactivity", notice="table", as_of=data.AS_OF)  # noqa: E731
    pairs = [(_timed(lambda p=p: _plain(store.conn, p)), _timed(lambda p=p: ours(p))) for p in range(101, 110)]  # type: ignore
    store.close()
    floor, found = (statistics.median(pair[n] for pair in pairs[2:]) for n in (0, 1))
    return [
        Row("impact of one partner, above its plain queries (ms, 30)", ms(floor), ms(found), (found - floor) * 1000, 30)
    ]


def _records(store: Store) -> None:
    """Deals, customers and licences for every partner."""
    with store.change("records to measure with", actor=None, as_of=data.AS_OF, kind="system") as change:
        for kind, status in (("deal", "open"), ("customer", "active"), ("licence", "active")):
            change.conn.execute(
                "INSERT INTO records(partner_id, kind, name, status, amount, learned_at, change_id)"
                " SELECT id, ?, ? || ' of ' || name, ?, 1000000, ?, ? FROM partners",
                (kind, kind, status, change.at, change.id),
            )


def _plain(conn: sqlite3.Connection, partner: int) -> None:
    for kind in KINDS:
        conn.execute(
            "SELECT name, status, amount, ends_on FROM records WHERE partner_id = ? AND kind = ? ORDER BY amount DESC",
            (partner, kind),
        ).fetchall()
    for sql in (
        "SELECT name, role FROM contacts WHERE partner_id = ?",
        "SELECT state, sum(amount) FROM ledger WHERE partner_id = ? GROUP BY state",
        "SELECT title FROM cases WHERE partner_id = ? AND state = 'open'",
        "SELECT name FROM partners WHERE parent = ?",
        "SELECT type, status, territory, joined_on FROM partners WHERE id = ?",
        "SELECT count(*) FROM partners p JOIN partners o ON o.territory = p.territory AND o.joined_into IS NULL WHERE p.id = ?",
    ):
        conn.execute(sql, (partner,)).fetchall()


def opening(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """500 partners at once: their cases with snapshot, tasks and obligations, against the bare rows."""
    pairs = []
    for turn in range(3):
        path = Path(shutil.copy(paths["large"], place / f"leave{turn}.db"))
        store, ann, _ = with_people(path)
        _records(store)
        ids = list(range(101, 101 + MANY))
        took = _timed(
            lambda store=store, ids=ids, ann=ann: deactivation.submit(  # type: ignore
                store, ids, "inactivity", notice="table", actor=ann, as_of=data.AS_OF
            )
        )
        floor = _timed(lambda store=store: _bare(store, place / "bare.db"))  # type: ignore
        assert store.conn.execute("SELECT count(*) FROM cases").fetchone() == (MANY,)
        pairs.append((floor, took))
        store.close()
        path.unlink()
    floor, found = (statistics.median(pair[n] for pair in pairs) for n in (0, 1))
    return [Row("opening 500 deactivations at once", ms(floor), ms(found), found / floor, 5)]


def _bare(store: Store, path: Path) -> None:
    """The rows of each case by plain inserts, a case at a time, into tables without triggers or indexes."""
    path.unlink(missing_ok=True)
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    rows: dict[int, list[tuple[str, tuple[object, ...]]]] = {}
    for table in TABLES:
        columns = [c[1] for c in store.conn.execute(f"PRAGMA table_info({table})")]
        conn.execute(f"CREATE TABLE {table}({', '.join(columns)})")
        at = 0 if table == "cases" else columns.index("case_id")
        for row in store.conn.execute(f"SELECT * FROM {table}"):
            rows.setdefault(row[at], []).append((f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row))
    conn.execute("BEGIN")
    for case in rows.values():
        for sql, row in case:
            conn.execute(sql, row)
    conn.execute("COMMIT")
    conn.close()


EVERY = (impact, opening)
