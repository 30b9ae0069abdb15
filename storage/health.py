"""Is the file sound, and does it lie where it is safe?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from storage import chain

_SYNCED = (
    "onedrive",
    "dropbox",
    "google drive",
    "googledrive",
    "icloud",
    "mobile documents",
    "nextcloud",
    "box sync",
)
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "sshfs", "fuse.sshfs", "9p", "afs", "davfs"})


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, whether it is well, and what to do when it is not."""

    what: str
    well: bool
    detail: str = ""


def examine(conn: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    """Look at everything `prm check` speaks of, one finding a look."""
    verdict = conn.execute("PRAGMA integrity_check").fetchone()[0]
    yield Finding("the file's pages", verdict == "ok", "" if verdict == "ok" else f"{verdict}; restore a copy")
    strays = conn.execute("PRAGMA foreign_key_check").fetchall()
    first = f"{len(strays)} rows point at nothing, the first in {strays[0][0]}" if strays else ""
    yield Finding("references between rows", not strays, first)
    broken = chain.broken_links(conn)
    said = f"the history was altered from outside at change {broken[0]}" if broken else _scrubbed(conn)
    yield Finding("the chain of changes", not broken, said)
    left = conn.execute("SELECT count(*) FROM open_change").fetchone()[0]
    yield Finding("no change left half open", not left, f"{left} left open; restore a copy" if left else "")
    for what, query in _ORPHANS:
        (count,) = conn.execute(query).fetchone()
        yield Finding(what, not count, f"{count} found" if count else "")
    place = unsafe_place(path)
    yield Finding("a safe folder", place is None, place or "")


def _scrubbed(conn: sqlite3.Connection) -> str:
    """Which links no longer show all they held, because personal data was erased from them, and by which changes."""
    found = chain.scrubbed(conn)
    if not found:
        return ""
    by = sorted({change for change, _ in found.values()})
    return (
        f"personal data was erased from {len(found):,} links by change {', '.join(map(str, by))}; they fit its record"
    )


# Things that cannot be while every write goes through a change.
_ORPHANS = (
    (
        "every log line belongs to a change",
        "SELECT count(*) FROM change_log l LEFT JOIN changes c ON c.id = l.change_id WHERE c.id IS NULL",
    ),
    (
        "every order's lines are counted",
        "SELECT count(*) FROM activities a WHERE a.lines != 0 AND a.lines !="
        " (SELECT count(*) FROM activity_lines l WHERE l.activity_id = a.id)",
    ),
    (
        "no open case without an open task or a next step",
        "SELECT count(*) FROM cases c WHERE c.state = 'open' AND NOT"
        " EXISTS (SELECT 1 FROM tasks t WHERE t.case_id = c.id AND t.state IN ('open', 'planned'))"
        " AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.case_id = c.id"
        " AND s.state IN ('waiting', 'planned'))",
    ),
    (
        "every line of the ledger stands for an activity that counts",
        "SELECT count(*) FROM ledger l JOIN activities a ON a.id = l.activity_id AND a.kind = l.kind WHERE l.case_id IS NULL"
        " AND l.rule IS NULL AND l.reverses IS NULL AND l.state NOT IN ('declined', 'reversed') AND a.superseded_at IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM ledger r WHERE r.partner_id = l.partner_id AND r.reverses = l.id)",
    ),
)


def unsafe_place(path: Path, filesystem: Callable[[Path], str] | None = None) -> str | None:
    """Why a folder is no safe home for a SQLite file in use, or None.

    Synced folders copy the file while it is being written; network folders do not lock it reliably.
    """
    whole = path.resolve()
    for part in whole.parts:
        if any(part.casefold().startswith(name) for name in _SYNCED):
            return (
                f"{path} lies in a synced folder ({part}): syncing while prm writes can damage it. Keep the"
                " working file elsewhere and put copies there: prm backup"
            )
    kind = (filesystem or filesystem_of)(whole)
    if kind in _NETWORK or str(path).startswith(("\\\\", "//")):
        return (
            f"{path} lies on a network drive: two machines writing at once can damage it. Keep the working"
            " file on this machine and put copies there: prm backup"
        )
    copies = sorted(p.name for p in path.parent.glob(f"{path.stem}*onflict*{path.suffix}"))
    if copies:
        return f"beside {path} lies a conflicted copy ({copies[0]}): a sync program has seen two versions"
    return None


def filesystem_of(path: Path) -> str:
    """The type of the file system a path lies on, from Linux's list of mounts; empty where there is none."""
    mounts = Path("/proc/self/mounts")
    if not mounts.is_file():
        return ""
    best, kind = "", ""
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = point == "/" or str(path) == point or str(path).startswith(point + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind
