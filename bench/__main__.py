"""make bench: speed as ratios against floors taken in the same run, in turns, as medians.

Machines are noisy: a ratio near its limit says little, one far beyond it says look. Needs Linux (/proc) and
a pseudo-terminal.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench import automation, data, engine, exchange, floors, inactivity, insights, leaving
from bench.row import Row, ms, turns
from bench.terminal import Terminal, tree_memory
from prm_tui.services import demo

PRM = [str(Path(sys.executable).with_name("prm"))]


def main() -> int:
    """Measure everything, or what is named, and print one table; 1 when something is over its limit."""
    with tempfile.TemporaryDirectory(prefix="prm-bench-") as folder:
        place = Path(folder)
        env = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"), folder)
        print("making the data …", file=sys.stderr)
        small, large = place / "demo.db", place / "large.db"
        demo.build(small)
        if kept := os.environ.get("PRM_BENCH_FILE"):  # made before, to measure again quickly
            large = Path(kept)
        if not large.exists():
            data.large_file(large)
        book = data.workbook(place / "orders.xlsx")
        rows: list[Row] = []
        every = (
            version,
            first_frame,
            large_start,
            moving,
            filtering,
            importing,
            *exchange.EVERY,
            automation.backtesting,
            *engine.EVERY,
            *inactivity.EVERY,
            *insights.EVERY,
            *leaving.EVERY,
            resting,
        )
        for measure in [m for m in every if m.__name__ in sys.argv[1:]] or every:
            print(f"measuring {measure.__name__.replace('_', ' ')} …", file=sys.stderr)
            rows += measure(place, env, {"small": small, "large": large, "book": book})
    print(f"{'what':<52} {'floor':>12} {'found':>12} {'ratio':>8} {'limit':>8}")
    for row in rows:
        print(row)
    return int(any(row.ratio > row.limit for row in rows))


def _run(command: list[str], env: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **env})
    return time.perf_counter() - begun


def version(place: Path, env: dict[str, str], _: dict[str, Path]) -> list[Row]:
    """prm --version against python -c pass."""
    floor, found = turns(lambda: _run([sys.executable, "-c", "pass"], env), lambda: _run([*PRM, "--version"], env), 15)
    loads = "import sys; sys.argv = ['prm', '--version']\ntry:\n  from prm_tui.__main__ import main; main()\nexcept SystemExit: pass\n"
    said = subprocess.run(
        [sys.executable, "-c", loads + "print('textual' in sys.modules)"], capture_output=True, text=True, check=True
    )
    assert said.stdout.endswith("False\n"), "prm --version loads textual"
    return [Row("prm --version (textual is not loaded)", ms(floor), ms(found), found / floor, 4)]


def _appears(command: list[str], env: dict[str, str], marker: str) -> float:
    terminal = Terminal(command, env)
    try:
        return terminal.until(marker)
    finally:
        terminal.close()


def _bare(env: dict[str, str]) -> float:
    return _appears([sys.executable, "-m", "bench.floors", "bare"], env, "ready to begin")


def first_frame(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """Start to first frame and to first data, with the demonstration file."""
    command = [*PRM, "--db", str(paths["small"])]
    floor, frame = turns(lambda: _bare(env), lambda: _appears(command, env, "Exchange"))
    floor2, found = turns(lambda: _bare(env), lambda: _appears(command, env, "A Bicycle Association"))
    return [
        Row("interface: start to first frame", ms(floor), ms(frame), frame / floor, 1.5),
        Row("interface: start to first data", ms(floor2), ms(found), found / floor2, 2),
    ]


def large_start(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """Start to first data with 100,000 partners."""
    command = [*PRM, "--db", str(paths["large"])]
    floor, found = turns(lambda: _bare(env), lambda: _appears(command, env, "Partner 000001"))
    return [Row("100,000 partners: start to first data", ms(floor), ms(found), found / floor, 2.5)]


def moving(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """A row, a page, the end: key to changed screen."""
    ours = Terminal([*PRM, "--db", str(paths["large"])], env)
    theirs = Terminal([sys.executable, "-m", "bench.floors", "table"], env)
    ours.until("Partner 000001")
    theirs.until("Partner 000001")
    rows = []
    homes = {"ours": "\x1b[H", "theirs": "\x1b[1;5H"}  # in a DataTable the plain keys move along the row
    ends = {"ours": "\x1b[F", "theirs": "\x1b[1;5F"}
    page = {"ours": "Partner 00005", "theirs": None}  # a page of the small table needs no scrolling: any change will do
    for what, key, mark in (("a row", "\x1b[B", None), ("a page", "\x1b[6~", page), ("to the end", "\x1b[F", None)):
        found: dict[str, list[float]] = {"ours": [], "theirs": []}
        for _ in range(15):
            for name, terminal in (("theirs", theirs), ("ours", ours)):
                terminal.press(homes[name])
                terminal.quiet()
                last = {"ours": "Partner 100000", "theirs": "Partner 000049"}[name]
                marker = last if what == "to the end" else mark[name] if mark else None
                found[name].append(terminal.key(ends[name] if key == "\x1b[F" else key, marker))
                terminal.quiet()
        floor, ratio = statistics.median(found["theirs"]), statistics.median(found["ours"])
        rows.append(Row(f"100,000 partners: {what}, key to changed screen", ms(floor), ms(ratio), ratio / floor, 1.5))
    ours.close()
    theirs.close()
    return rows


def filtering(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """A letter in the filter to the new count, against the query written by hand; 30 ms are allowed on top."""
    conn = sqlite3.connect(paths["large"])
    conn.execute("PRAGMA cache_size = -32000")
    bounds = {days: (data.AS_OF - timedelta(days=days)).isoformat() for days in (9, 90)}
    counts = {
        days: len(conn.execute(floors.QUERY, (data.AS_OF.isoformat(), bound)).fetchall())
        for days, bound in bounds.items()
    }
    terminal = Terminal([*PRM, "--db", str(paths["large"])], env)
    terminal.until("Partner 000001")
    terminal.key("/")
    terminal.quiet()
    terminal.key("days_since(order) > 9", f"{counts[9]:,}")
    terminal.quiet(0.6)

    def floor() -> float:
        begun = time.perf_counter()
        conn.execute(floors.QUERY, (data.AS_OF.isoformat(), bounds[90])).fetchall()
        return time.perf_counter() - begun

    def found() -> float:
        took = terminal.key("0", f"{counts[90]:,}")
        terminal.quiet()
        terminal.key("\x7f", f"{counts[9]:,}")
        terminal.quiet()
        return took

    least, took = turns(floor, found)
    terminal.close()
    conn.close()
    allowed = 1.5 + 0.030 / least
    return [Row("filter letter to repaint, 1,000,000 activities", ms(least), ms(took), took / least, allowed)]


def importing(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """100,000 rows of 15 columns, wall clock and memory of parent and child together."""
    book = str(paths["book"])

    def once(command: list[str]) -> tuple[float, float]:
        for old in place.glob("import.db*"):
            old.unlink()
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        most = 0.0
        while process.poll() is None:
            most = max(most, tree_memory(process.pid))
            time.sleep(0.01)
        assert process.returncode == 0, command
        return time.perf_counter() - begun, most

    out = str(place / "import.db")
    floor = [once([sys.executable, "-m", "bench.floors", "parse", book, out]) for _ in range(3)]
    found = [once([*PRM, "import", book, "--db", out]) for _ in range(3)]
    wall, wall2 = statistics.median(f[0] for f in floor), statistics.median(f[0] for f in found)
    most, most2 = statistics.median(f[1] for f in floor), statistics.median(f[1] for f in found)
    return [
        Row("import 100,000 rows × 15 columns, wall clock", ms(wall), ms(wall2), wall2 / wall, 2.5),
        Row("import 100,000 rows × 15 columns, memory", f"{most:,.0f} MB", f"{most2:,.0f} MB", most2 / most, 2),
    ]


def resting(place: Path, env: dict[str, str], paths: dict[str, Path]) -> list[Row]:
    """Idle processor use and memory with the demonstration file; these are no ratios."""
    copy = Path(shutil.copy(paths["small"], place / "resting.db"))
    terminal = Terminal([*PRM, "--db", str(copy)], env)
    terminal.until("A Bicycle Association")
    terminal.quiet(1.0)
    before, begun = terminal.processor(), time.perf_counter()
    time.sleep(10)
    share = (terminal.processor() - before) / (time.perf_counter() - begun) * 100
    memory = terminal.memory()
    terminal.close()
    return [
        Row("idle processor use, per cent", "–", f"{share:.2f} %", share, 1),
        Row("memory with the demonstration file", "–", f"{memory:.0f} MB", memory, 80),
    ]


if __name__ == "__main__":
    sys.exit(main())
