"""Reading files in a process of their own, watched and limited by this one."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from importers import suspect
from importers.staging import Told
from prm_tui import clock
from prm_tui.domain.errors import Cancelled, InputError

SECONDS = 600

Row = tuple[int, list[str]]


def read(
    paths: Sequence[Path],
    staging: Path,
    *,
    on_progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    seconds: int = SECONDS,
    told: Told | None = None,
    meanwhile: Callable[[], object] = lambda: None,
) -> None:
    """Read files into a new staging file. `on_progress` hears how many rows were read of a sheet.

    `told`: what the reading process should know beforehand; `meanwhile` is done here while it begins.

    Raises InputError, naming the file and what to do, for one that cannot be taken; Cancelled when
    `cancelled` says so. The staging file is worthless then.
    """
    for path in paths:
        suspect.examine(path)
    if told is not None:
        told.write(staging)
    names = ", ".join(path.name for path in paths)

    def heard(message: dict[str, Any]) -> None:
        if on_progress:
            on_progress(message["rows"])

    _run("importers.child", [str(staging), *(str(p) for p in paths)], names, heard, cancelled, seconds, meanwhile)


def top(path: Path, sheet: str, *, cancelled: Callable[[], bool] = lambda: False, seconds: int = SECONDS) -> list[Row]:
    """The first rows of a sheet as they stand there: number, then cells as text; blank rows left out.

    Raises InputError when it cannot be read, Cancelled when `cancelled` says so.
    """
    suspect.examine(path)
    found: list[Row] = []

    def heard(message: dict[str, Any]) -> None:
        found.extend((row, cells) for row, cells in message["top"])

    _run("importers.top", [str(path), sheet], path.name, heard, cancelled, seconds)
    return found


def _run(
    module: str,
    arguments: list[str],
    names: str,
    heard: Callable[[dict[str, Any]], None],
    cancelled: Callable[[], bool],
    seconds: int,
    meanwhile: Callable[[], object] = lambda: None,
) -> None:
    """Run a reading process to its end; each of its messages is heard."""
    command = [sys.executable, "-P", "-m", module, *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    said: queue.Queue[str | None] = queue.Queue()
    listener = threading.Thread(target=_listen, args=(process, said), daemon=True)
    listener.start()
    began = clock.now()
    try:
        meanwhile()
        _follow(said, heard, cancelled, lambda: clock.now() - began > seconds, names)
        code = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        listener.join()
    if code:
        raise InputError(
            f"{names}: the file is damaged or hostile; the reader gave up on it. Save it again in Excel as .xlsx"
        )


def _listen(process: subprocess.Popen[str], said: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            said.put(line)
    said.put(None)


def _follow(
    said: queue.Queue[str | None],
    heard: Callable[[dict[str, Any]], None],
    cancelled: Callable[[], bool],
    late: Callable[[], bool],
    names: str,
) -> None:
    while True:
        if cancelled():
            raise Cancelled("Stopped. Nothing was changed.")
        if late():
            raise InputError(f"{names}: reading took too long and was stopped. Save it as csv and try again.")
        try:
            line = said.get(timeout=0.1)
        except queue.Empty:
            continue
        if line is None:
            return
        message = json.loads(line)
        if "error" in message:
            raise InputError(message["error"])
        heard(message)
