"""The file itself: opening, making, looking after, copying."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prm_tui.domain.errors import StoreError
from prm_tui.services import shipped
from storage import Store

if TYPE_CHECKING:
    from storage.health import Finding


def open_file(path: Path, *, create: bool = False, read_only: bool = False) -> Store:
    """Open a file, or with `create` make it with the kinds every program has.

    Raises StoreError with what to do when it cannot be opened; nothing is changed then.
    """
    store = Store.open(path, create=create, read_only=read_only)
    if not read_only:
        try:
            shipped.install_core(store)
        except BaseException:
            store.close()
            raise
    return store


def check(store: Store) -> list[Finding]:
    """Everything that can be wrong with a file or its place, looked at."""
    from storage import health

    return list(health.examine(store.conn, store.path))


def unsafe_place(path: Path) -> str | None:
    """Why the folder of a file is no safe home for it, or None."""
    from storage import health

    return health.unsafe_place(path)


def backup(store: Store, out: Path) -> Path:
    """A copy that is whole even while the file is in use; returns where it lies."""
    from storage import copies

    return copies.backup(store.conn, out)


def restore(copy: Path, path: Path) -> Path | None:
    """Put a copy in the place of the file; returns where the old one was kept."""
    if not copy.is_file():
        raise StoreError(f"{copy}: there is no such copy.")
    from storage import copies

    return copies.restore(copy, path)
