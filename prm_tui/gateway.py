"""Between interface and file: one thread that reads, one that writes, each with its own connection.

Screens `await gateway.read(fn)` and `await gateway.write(fn)`; `fn` takes a Store. A newer read of the same
group interrupts the older one, whose caller gets `Superseded`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from prm_tui.domain.errors import PrmError, StoreError

if TYPE_CHECKING:
    from storage import Store

Result = TypeVar("Result")


class Superseded(PrmError):
    """A newer question of the same group took the place of this one."""


@dataclass
class _Job:
    group: str | None
    superseded: bool = False


class Gateway:
    """The two threads of one open file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers = ThreadPoolExecutor(1, "prm-reader")
        self._writers = ThreadPoolExecutor(1, "prm-writer")
        self._reader: Store | None = None
        self._writer: Store | None = None
        self._lock = Lock()
        self._running: _Job | None = None
        self._waiting: dict[str, _Job] = {}
        self._version = 0
        self.reading = self.writing = 0

    async def open(self) -> None:
        """Open the file, made or brought up to date if need be. Raises StoreError."""
        await asyncio.wrap_future(self._readers.submit(self._open))

    def _open(self) -> None:
        """Make or bring up to date the file, then keep a connection for reading."""
        from prm_tui.services import files

        self._reader = files.open_file(self.path, create=True)

    async def read(self, fn: Callable[[Store], Result], group: str | None = None) -> Result:
        """What `fn` finds in the file. Raises Superseded when a newer read of the group came."""
        job = _Job(group)
        if group is not None:
            with self._lock:
                older = self._waiting.get(group)
                if older is not None:
                    older.superseded = True
                self._waiting[group] = job
                if self._running is not None and self._running.group == group and self._reader is not None:
                    self._running.superseded = True
                    self._reader.interrupt()
        self.reading += 1
        try:
            return await asyncio.wrap_future(self._readers.submit(self._read, fn, job))
        finally:
            self.reading -= 1

    @property
    def busy(self) -> bool:
        """Whether anything is being read or written."""
        return self.reading > 0 or self.writing > 0

    def _read(self, fn: Callable[[Store], Result], job: _Job) -> Result:
        with self._lock:
            if job.superseded:
                raise Superseded
            self._running = job
        store = self._reader
        if store is None:
            raise StoreError(f"{self.path}: the file is not open.")
        try:
            for _ in range(2):  # an interrupt may hit the read after the one it was meant for
                try:
                    return fn(store)
                except Exception as error:
                    if job.superseded:
                        raise Superseded from None
                    if "interrupted" not in str(error):
                        raise
            return fn(store)
        finally:
            with self._lock:
                self._running = None
                if job.group is not None and self._waiting.get(job.group) is job:
                    del self._waiting[job.group]

    async def write(self, fn: Callable[[Store], Result]) -> Result:
        """What `fn` gives, which may open a change. Writes come one after the other."""
        self.writing += 1
        try:
            return await asyncio.wrap_future(self._writers.submit(self._write, fn))
        finally:
            self.writing -= 1

    def _write(self, fn: Callable[[Store], Result]) -> Result:
        from prm_tui.services import files

        if self._writer is None:
            self._writer = files.open_file(self.path)
        return fn(self._writer)

    async def changed(self) -> bool:
        """Whether another connection, our own writer's included, has written since this was last asked."""
        version = await self.read(lambda store: store.data_version())
        before, self._version = self._version, version
        return before not in (0, version)

    def close(self) -> None:
        """Interrupt reads, let a running write end, close both connections."""
        if self._reader is not None:
            self._reader.interrupt()
        for executor, store in ((self._readers, self._reader), (self._writers, self._writer)):
            executor.submit(_close, store)
            executor.shutdown(wait=True)


def _close(store: Any) -> None:
    if store is not None:
        store.close()
