"""Automation, each part against the same work written by hand in SQL."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from bench import data
from bench.row import Row, ms
from prm_tui.services import automation, files, packs, people, triggers
from storage import Store, sweeps
from storage.catalogue import catalogue
from storage.matches import Looking

TIMES = 3
CLAUSES = "days_since(order) > 90 and count(order, 365) >= 3 and sum(order.amount, 365) > 5000 and territory = 'North'"
TASK = '[[workflow.w{n}.step]]\nid = "do"\ndo = "task"\ntitle = "Do it"\n'


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _median(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def with_people(path: Path) -> tuple[Store, int, int]:
    store = files.open_file(path)
    for name in ("Ann", "Bob"):
        people.add(store, name, email=f"{name}@example.org", roles=["partner manager"], actor=None, as_of=data.AS_OF)
    ann, bob = (people.find(store, name).id for name in ("Ann", "Bob"))
    return store, ann, bob


def _rules(store: Store, text: str, ann: int, bob: int) -> None:
    added = packs.add(store, text, "rules.toml", actor=ann, as_of=data.AS_OF)
    for name in added.pack.triggers:
        triggers.switch_on(store, name, actor=bob, as_of=data.AS_OF)


def _trigger(n: int, when: str, start: str, more: str = "") -> str:
    return f'[trigger.t{n}]\ntitle = "T {n}"\nwhen = "{when}"\nstart = "{start}"\ncoverage = "as recorded"\n{more}'


def _workflow(n: int) -> str:
    return f'[workflow.w{n}]\ntitle = "W {n}"\n{TASK.format(n=n)}'


BY_HAND = """
SELECT p.id FROM partners p WHERE p.joined_into IS NULL
 AND (SELECT a.occurred_on FROM activities a WHERE a.partner_id = p.id AND a.kind = 'order' AND a.occurred_on <= :day
      AND a.superseded_at IS NULL ORDER BY a.occurred_on DESC LIMIT 1) < :d90
 AND (SELECT count(*) FROM activities a WHERE a.partner_id = p.id AND a.kind = 'order' AND a.occurred_on BETWEEN :d365 AND :day
      AND a.superseded_at IS NULL) >= 3
 AND (SELECT sum(a.amount) FROM activities a WHERE a.partner_id = p.id AND a.kind = 'order' AND a.occurred_on BETWEEN :d365 AND :day
      AND a.superseded_at IS NULL) > 50000000
 AND p.territory = 'North'
"""


def _days() -> dict[str, str]:
    return {"day": data.AS_OF.isoformat(), "d90": (data.AS_OF - timedelta(days=90)).isoformat(),
            "d365": (data.AS_OF - timedelta(days=365)).isoformat()}  # fmt: skip


def sweeping(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """One trigger with four clauses over all partners; its matches found, before anything is made of them."""
    store, ann, bob = with_people(Path(shutil.copy(paths["large"], place / "sweep.db")))
    _rules(store, _trigger(1, CLAUSES, "w1") + _workflow(1), ann, bob)
    (active,) = sweeps.triggers(store.conn)
    pairs = []
    for _turn in range(TIMES):
        floor = _timed(lambda: store.conn.execute(BY_HAND, _days()).fetchall())
        with store.rehearsal(), store.change("sweep", actor=None, as_of=data.AS_OF, kind="run") as change:
            looking = Looking(change, active, catalogue(store.conn), sweeps.Sweep(None, 0), touched=False, first="act")
            pairs.append((floor, _timed(looking.look)))
    store.close()
    floor, found = _median(pairs)
    return [Row("one trigger of four clauses over 100,000 partners", ms(floor), ms(found), found / floor, 1.3)]


def after_import(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """Thirty triggers after an import of 50,000 activities, and their rehearsal.

    As on any morning: most of the 5,000 partners matched before, a few hundred matches are new. What the first two
    imports begin, tens of thousands of cases at once, is measured by `ten_thousand_cases`.
    """
    store, ann, bob = with_people(Path(shutil.copy(paths["large"], place / "many.db")))
    limits = [40 + 10 * n for n in range(30)]
    text = "".join(
        _trigger(n, f"count(order, {days}) > 12 and territory = 'North'", "w1") for n, days in enumerate(limits)
    )
    _rules(store, text + _workflow(1), ann, bob)
    automation.run(store, as_of=data.AS_OF)
    by_hand = (
        "SELECT p.id FROM temp.touched t JOIN partners p ON p.id = t.id WHERE p.joined_into IS NULL AND p.territory = 'North'"
        " AND (SELECT count(*) FROM activities a WHERE a.partner_id = p.id AND a.kind = 'order'"
        " AND a.occurred_on BETWEEN ? AND ? AND a.superseded_at IS NULL) > 12"
    )
    touched = (
        "DROP TABLE IF EXISTS temp.touched; CREATE TEMP TABLE touched AS SELECT DISTINCT partner_id AS id FROM activities"
        " WHERE change_id = (SELECT max(id) FROM changes)"
    )
    spans = [((data.AS_OF - timedelta(days=days)).isoformat(), data.AS_OF.isoformat()) for days in limits]
    pairs, rehearsed = [], []
    for turn in range(2 + 2 * TIMES):
        _fifty_thousand(store, turn)
        if turn < 2:
            automation.run(store, as_of=data.AS_OF)
            continue
        store.conn.executescript(touched)  # given to the floor for nothing
        floor = _timed(lambda: [store.conn.execute(by_hand, span).fetchall() for span in spans])
        rehearsal = _timed(lambda: automation.rehearse(store, as_of=data.AS_OF))
        begun = store.conn.execute("SELECT count(*) FROM cases").fetchone()[0]
        found = _timed(lambda: automation.run(store, as_of=data.AS_OF))
        begun = store.conn.execute("SELECT count(*) FROM cases").fetchone()[0] - begun
        assert begun >= 100, f"only {begun} new matches"
        pairs.append((floor, found))
        rehearsed.append((found, rehearsal))
    store.close()
    floor, found = _median(pairs)
    done, told = _median(rehearsed)
    return [Row("30 triggers after an import of 50,000 activities", ms(floor), ms(found), found / floor, 2),
            Row("rehearsing them, against running them", ms(done), ms(told), told / done, 1.2)]  # fmt: skip


def _fifty_thousand(store: Store, turn: int) -> None:
    with store.change("an import", actor=None, as_of=data.AS_OF, kind="import") as change:
        change.conn.execute(
            "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, amount, ref, change_id)"
            " SELECT 1 + (n * 7919) % 5000 + 40 * :step, 'order', date(:day, (-(n % 60)) || ' days'), :at, 1000000, :turn || '-' || n,"
            " :change FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50000) SELECT n FROM c)",
            {"turn": f"x{turn}", "step": turn, "day": data.AS_OF.isoformat(), "at": change.at, "change": change.id},
        )


def nothing_due(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """A run when nothing is due and nothing is new: what it adds to opening the file, in milliseconds."""
    path = Path(shutil.copy(paths["large"], place / "still.db"))
    store, ann, bob = with_people(path)
    _rules(store, _trigger(1, CLAUSES, "w1") + _workflow(1), ann, bob)
    automation.run(store, as_of=data.AS_OF)
    store.close()

    def opened(run: bool) -> None:
        with files.open_file(path) as again:
            if run:
                automation.run(again, as_of=data.AS_OF)

    pairs = [(_timed(lambda: opened(False)), _timed(lambda: opened(True))) for _turn in range(9)]
    floor, found = _median(pairs)
    return [Row("a run with nothing due, above opening (ms, 50)", ms(floor), ms(found), (found - floor) * 1000, 50)]


def ten_thousand_cases(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """10,000 cases of task, approval and notice from start to end, against their rows by executemany."""
    steps = (
        '[workflow.three]\ntitle = "Three"\n[[workflow.three.step]]\nid = "do"\ndo = "task"\ntitle = "Do"\nowner = "person:Ann"\n'
        '[[workflow.three.step]]\nid = "ask"\ndo = "approve"\ntitle = "Ask"\nby = "person:Bob"\n'
        '[[workflow.three.step]]\nid = "tell"\ndo = "notify"\nto = "person:Ann"\ntemplate = "note"\n'
        '[template.note]\nsubject = "{{ partner.name }}"\nbody = "About {{ partner.code }}."\n'
    )
    pairs = []
    for turn in range(TIMES):
        path = Path(shutil.copy(paths["large"], place / f"cases{turn}.db"))
        store, ann, bob = with_people(path)
        store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _rules(store, _trigger(1, "never(order)", "three", 'cap = 100000\nfirst = "act"\n') + steps, ann, bob)
        found = _timed(partial(_through, store, ann, bob))
        ended = store.conn.execute("SELECT count(*) FROM cases WHERE state = 'closed'").fetchone()[0]
        assert (
            ended >= 10_000
            and (ended,) == store.conn.execute("SELECT count(*) FROM messages WHERE state = 'draft'").fetchone()
        )
        pairs.append((_timed(partial(_bare_rows, store, place / "bare.db")), found))
        store.close()
        path.unlink()
    floor, found = _median(pairs)
    rows = [Row("10,000 cases of three steps, start to end", ms(floor), ms(found), found / floor, 6)]
    rival = _rival("spiff")
    if rival is not None:
        rows.append(Row("the same, against SpiffWorkflow with persistence", ms(rival), ms(found), found / rival, 1 / 5))
    return rows


def _through(store: Store, ann: int, bob: int) -> None:
    """Run, answer all in bulk, run again, until every case has ended."""
    automation.run(store, as_of=data.AS_OF)
    for who, state in ((ann, "done"), (bob, "approved")):
        with store.change("answered in bulk", actor=who, as_of=data.AS_OF) as change:
            change.conn.execute(
                "UPDATE tasks SET state = ?, done_by = ?, done_at = ?, done_on = ? WHERE state = 'open'",
                (state, who, change.at, data.AS_OF.isoformat()),
            )
        automation.run(store, as_of=data.AS_OF)


def _bare_rows(store: Store, path: Path) -> None:
    """The rows that are left in the end, by bare executemany into tables without triggers."""
    path.unlink(missing_ok=True)
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA journal_mode = WAL")
    for table in ("cases", "steps", "tasks", "messages", "episodes", "hits"):
        rows = store.conn.execute(f"SELECT * FROM {table}").fetchall()
        columns = [c[1] for c in store.conn.execute(f"PRAGMA table_info({table})")]
        conn.execute(f"CREATE TABLE {table}({', '.join(columns)})")
        conn.execute("BEGIN")
        conn.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", rows)
        conn.execute("COMMIT")
    conn.close()


def _rival(name: str) -> float | None:
    """What somebody else takes, in seconds; None where the environment for it was not made."""
    other = Path(".bench") / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not other.exists():
        print(f"  left out: make bench sets {name} apart in .bench", file=sys.stderr)
        return None
    said = subprocess.run([str(other), "-m", "bench.rivals", name], check=True, capture_output=True, text=True)
    return float(json.loads(said.stdout)["seconds"])


def rule_engine(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """The same sweep by the rule-engine package over dictionaries whose facts are computed already."""
    floor = _rival("rule-engine")
    if floor is None:
        return []
    store, ann, bob = with_people(Path(shutil.copy(paths["large"], place / "rival.db")))
    _rules(store, _trigger(1, CLAUSES, "w1") + _workflow(1), ann, bob)
    (active,) = sweeps.triggers(store.conn)
    with store.rehearsal(), store.change("sweep", actor=None, as_of=data.AS_OF, kind="run") as change:
        looking = Looking(change, active, catalogue(store.conn), sweeps.Sweep(None, 0), touched=False, first="act")
        found = _timed(looking.look)
    store.close()
    return [Row("the same sweep, against rule-engine without its facts", ms(floor), ms(found), found / floor, 1 / 5)]


EVERY = (sweeping, after_import, nothing_due, ten_thousand_cases, rule_engine)
