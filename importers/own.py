"""Sheets that prm wrote and that came back: what their hidden page says, and by which tokens their rows are known."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from prm_tui.domain.mapping import right_target, right_what
from prm_tui.domain.sheet import ID, META


@dataclass
class Own:
    """A sheet of ours: what it is and what its headers mean; `what` is empty where its hidden page is gone."""

    sheet_id: int
    token: str
    what: str = ""
    targets: dict[str, str] = field(default_factory=dict)


def found(staging: sqlite3.Connection) -> dict[int, Own]:
    """The sheets of ours in a staging file, by their id."""
    sheets = {}
    for sheet_id, pos in staging.execute("SELECT sheet_id, pos FROM columns WHERE header = ?", (ID,)).fetchall():
        row = staging.execute(f"SELECT c{pos} FROM rows_{sheet_id} WHERE c{pos} LIKE '%-%' LIMIT 1").fetchone()
        sheets[sheet_id] = Own(sheet_id, str(row[0]) if row else "")
    names = {
        (file_id, name): sheet_id for sheet_id, file_id, name in staging.execute("SELECT id, file_id, name FROM sheets")
    }
    for page, file_id in staging.execute("SELECT id, file_id FROM sheets WHERE name = ?", (META,)).fetchall():
        for sheet, what, header, target in staging.execute(f"SELECT c0, c1, c2, c3 FROM rows_{page} ORDER BY row"):
            sheet_id = names.get((file_id, sheet))
            if sheet_id is None or not right_what(str(what)):
                continue
            own = sheets.setdefault(sheet_id, Own(sheet_id, ""))
            own.what = str(what)
            if header is not None and right_target(own.what, str(target)):
                own.targets[str(header)] = str(target)
    return sheets
