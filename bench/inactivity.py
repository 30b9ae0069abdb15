"""Who went quiet, of all partners at once, against the same written by hand."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bench import data
from bench.row import Row, ms
from prm_tui.domain.inactivity import Policy
from prm_tui.services import conditions, files, looks
from storage import Store, policies, rhythm

TIMES = 3
DAYS = {"A": 90, "B": 120, "C": 180, "D": 182, "E": 365}
COMMERCIAL = "('order', 'payment', 'lead', 'deal_registered', 'deal_won', 'deal_lost', 'campaign')"
ENABLEMENT = "('login', 'training', 'certified')"
_FACTS = "a.occurred_on <= :day AND a.superseded_at IS NULL"
BY_HAND = f"""
WITH r AS MATERIALIZED (
 SELECT a.partner_id AS id, count(DISTINCT a.occurred_on) AS n, min(a.occurred_on) AS first, max(a.occurred_on) AS last,
  julianday(max(a.occurred_on)) - julianday(min(a.occurred_on)) AS span
 FROM activities a WHERE a.kind IN {COMMERCIAL} AND {_FACTS} GROUP BY a.partner_id),
m AS MATERIALIZED (
 SELECT p.type, avg((n - 1) / span) AS mean, avg((n - 1) / span * (n - 1) / span) - avg((n - 1) / span) * avg((n - 1) / span) AS var
 FROM r JOIN partners p ON p.id = r.id WHERE n > 2 AND span > 0 AND {rhythm.sample("r.id")} GROUP BY p.type),
s AS MATERIALIZED (
 SELECT p.id, p.joined_on, r.n, r.last, julianday(:day) - julianday(r.last) AS days, m.mean / m.var + r.span AS rate,
  m.mean * m.mean / m.var + r.n - 1 AS shape,
  CASE p.type WHEN 'A' THEN 90 WHEN 'B' THEN 120 WHEN 'C' THEN 180 WHEN 'D' THEN 182 ELSE 365 END AS long,
  (SELECT max(a.occurred_on) FROM activities a WHERE a.partner_id = p.id AND a.kind IN {ENABLEMENT} AND {_FACTS}) AS enabled
 FROM partners p LEFT JOIN r ON r.id = p.id LEFT JOIN m ON m.type = p.type WHERE p.joined_into IS NULL)
SELECT id, CASE WHEN last IS NULL THEN 'never_activated'
 WHEN days > long AND (enabled IS NULL OR enabled < :d90) THEN CASE WHEN days > long + 365 THEN 'dormant' ELSE 'inactive' END
 WHEN days > min(max(rate * (pow(0.05, -1 / shape) - 1), 30), 365) THEN 'at_risk'
 WHEN days > min(max(rate * (pow(0.2, -1 / shape) - 1), 30), 365) THEN 'slowing' ELSE 'active' END AS state FROM s
"""


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _five_types(path: Path) -> Store:
    """A file whose partners are of five types, each with a policy of its own."""
    store = files.open_file(path)
    with store.change("five types and five policies", actor=None, as_of=data.AS_OF, kind="system") as change:
        change.conn.execute("UPDATE partners SET type = substr('ABCDE', 1 + id % 5, 1)")
        for type_, days in DAYS.items():
            when = f"silent(commercial, {days}) and count(enablement, 90) = 0"
            policies.save(change, Policy(name=f"type-{type_.lower()}", title=type_, types=(type_,), when=when))
    return store


def states(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """The states of all partners under five policies, against one statement written by hand."""
    store = _five_types(Path(shutil.copy(paths["large"], place / "states.db")))
    given = {"day": data.AS_OF.isoformat(), "d90": (data.AS_OF - timedelta(days=90)).isoformat(),
             "every": rhythm.sampled(store.conn)}  # fmt: skip
    pairs = []
    for _ in range(TIMES):
        by_hand: dict[str, int] = {}

        def floor(found: dict[str, int] = by_hand) -> None:
            for _, state in store.conn.execute(BY_HAND, given):
                found[state] = found.get(state, 0) + 1

        def ours() -> None:
            with store.reading():
                looks.fill(store, data.AS_OF)

        pairs.append((_timed(floor), _timed(ours)))
        found = dict(store.conn.execute("SELECT state, count(*) FROM temp.state GROUP BY 1").fetchall())
        assert found == by_hand, (found, by_hand)
    store.close()
    least, took = (statistics.median(p[n] for p in pairs) for n in (0, 1))
    return [Row("states of all partners under five policies", ms(least), ms(took), took / least, 1.5)]


def adaptive(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """How rare every partner's silence is, against SQL that fetches the figures and numpy that works it out."""
    other = Path(".bench") / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not other.exists():
        print("  left out: make bench sets numpy apart in .bench", file=sys.stderr)
        return []
    pairs = []
    with files.open_file(paths["large"]) as store:
        known = conditions.catalogue(store).priors(
            tuple(COMMERCIAL.strip("()").replace("'", "").split(", ")), data.AS_OF
        )[None]
        where = conditions.compiled(store, "surprise(commercial) < 5%", data.AS_OF)
        for _ in range(TIMES):
            command = [str(other), "-m", "bench.rivals", "numpy", str(paths["large"]), data.AS_OF.isoformat(), str(known.shape),
                       str(known.rate)]  # fmt: skip
            said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            begun = time.perf_counter()
            (rare,) = store.conn.execute(f"SELECT count(*) FROM partners p WHERE {where.sql}", where.params).fetchone()
            pairs.append((said["seconds"], time.perf_counter() - begun))
            assert rare == said["rare"], (rare, said["rare"])
    least, took = (statistics.median(p[n] for p in pairs) for n in (0, 1))
    return [Row("adaptive silence of all partners, against numpy", ms(least), ms(took), took / least, 1.5)]


EVERY = (states, adaptive)
