"""A run is cut off, or two run at once: each step is done or not done, never half and never twice."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from prm_tui.services import automation, files, packs, partners, people, triggers

DAY = date(2026, 3, 31)
RULES = """
[trigger.gold]
title = "Gold"
when = "tier = 'Gold'"
cap = 1000
first = "act"
start = "greet"
[workflow.greet]
title = "Greet"
[[workflow.greet.step]]
id = "tier"
do = "set"
field = "territory"
value = "Named"
[[workflow.greet.step]]
id = "write"
do = "notify"
to = "person:Dana"
template = "hello"
[trigger.named]
title = "Named"
when = "territory = 'Named'"
cap = 1000
first = "act"
start = "look"
[workflow.look]
title = "Look"
[[workflow.look.step]]
id = "do"
do = "task"
title = "Look at {{ partner.name }}"
within = "2 days"
[template.hello]
subject = "{{ partner.name }}"
body = "Hello"
"""
CUT = """
import os, signal, sys
from datetime import date
from pathlib import Path
from prm_tui.services import automation, files

path, after = Path(sys.argv[1]), int(sys.argv[2])
with files.open_file(path) as store:
    seen = 0
    def heard(_):
        global seen
        seen += 1
        if seen == after:
            os.kill(os.getpid(), signal.SIGKILL)
    store.conn.set_trace_callback(heard)
    automation.run(store, as_of=date(2026, 3, 31))
    store.conn.set_trace_callback(None)
    print(seen)
"""
MANY = 40


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with two active triggers, the second set off by what the first does, and forty partners of tier Gold."""
    path = tmp_path_factory.mktemp("office") / "office.db"
    with files.open_file(path, create=True) as store:
        for name in ("Dana", "Max"):
            people.add(store, name, email=f"{name}@example.org", roles=[], actor=None, as_of=DAY)
        dana, mx = (people.find(store, name).id for name in ("Dana", "Max"))
        for n in range(MANY):
            partners.add(store, {"code": f"P{n:02}", "name": f"Partner {n}", "tier": "Gold"}, actor=None, as_of=DAY)
        packs.add(store, RULES, "rules.toml", actor=dana, as_of=DAY)
        for name in ("gold", "named"):
            triggers.switch_on(store, name, actor=mx, as_of=DAY)
        store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def made(path: Path) -> tuple[int, ...]:
    """Cases, messages, tasks, timers, and partners whose territory was set."""
    conn = sqlite3.connect(path)
    counts = [
        conn.execute(sql).fetchone()[0]
        for sql in (
            "SELECT count(*) FROM cases",
            "SELECT count(DISTINCT partner_id) FROM messages",
            "SELECT count(*) FROM messages",
            "SELECT count(*) FROM tasks",
            "SELECT count(*) FROM timers",
            "SELECT count(*) FROM partners WHERE territory = 'Named'",
        )
    ]
    conn.close()
    return tuple(counts)


WHOLE = (2 * MANY, MANY, MANY, MANY, 2 * MANY, MANY)


def cut(path: Path, after: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CUT, str(path), str(after)], capture_output=True, text=True, env=os.environ
    )


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal on Windows")
@pytest.mark.parametrize("part", [0.05, 0.3, 0.5, 0.7, 0.85, 0.95])
def test_a_run_that_is_killed_is_finished_by_the_next(office: Path, tmp_path: Path, part: float) -> None:
    whole = cut(Path(shutil.copy(office, tmp_path / "whole.db")), -1)
    statements = int(whole.stdout)
    assert made(tmp_path / "whole.db") == WHOLE
    path = Path(shutil.copy(office, tmp_path / "cut.db"))
    assert cut(path, int(statements * part)).returncode == -signal.SIGKILL
    with files.open_file(path) as store:
        assert [finding for finding in files.check(store) if not finding.well] == []
        automation.run(store, as_of=DAY)
    assert made(path) == WHOLE


def test_two_runs_at_once_do_everything_once(office: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(office, tmp_path / "both.db"))
    command = [sys.executable, "-m", "prm_tui", "run", "--db", str(path), "--as-of", str(DAY), "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        _, said = process.communicate()
        assert process.returncode == 0, said
    assert made(path) == WHOLE
