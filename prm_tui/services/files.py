"""The file itself: opening, making, looking after, copying."""

from __future__ import annotations

from pathlib import Path

from prm_tui.domain.errors import StoreError
from prm_tui.services import packs
from storage import Store, copies, health
from storage.health import Finding

__all__ = ["Finding", "backup", "check", "open_file", "restore"]


def open_file(path: Path, *, create: bool = False, read_only: bool = False) -> Store:
    """Open a file, or with `create` make it with the kinds every program has.

    Raises StoreError with what to do when it cannot be opened; nothing is changed then.
    """
    store = Store.open(path, create=create, read_only=read_only)
    if not read_only:
        try:
            packs.install_core(store)
        except BaseException:
            store.close()
            raise
    return store


def check(store: Store) -> list[Finding]:
    """Everything that can be wrong with a file or its place, looked at."""
    return list(health.examine(store.conn, store.path))


def unsafe_place(path: Path) -> str | None:
    """Why the folder of a file is no safe home for it, or None."""
    return health.unsafe_place(path)


def backup(store: Store, out: Path) -> Path:
    """A copy that is whole even while the file is in use; returns where it lies."""
    return copies.backup(store.conn, out)


def restore(copy: Path, path: Path) -> Path | None:
    """Put a copy in the place of the file; returns where the old one was kept."""
    if not copy.is_file():
        raise StoreError(f"{copy}: there is no such copy.")
    return copies.restore(copy, path)
