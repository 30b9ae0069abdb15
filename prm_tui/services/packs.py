"""Packs: rules and kinds as data, read from TOML."""

from __future__ import annotations

import json
import tomllib
from importlib import resources

from storage import Store
from storage.store import Change


def install_core(store: Store) -> None:
    """Give a file the kinds that every program has; those it knows already stay as they are."""
    missing = [kind for kind in _core() if kind[:2] not in _known(store)]
    if missing:
        with store.change("the kinds every program has", actor=None, kind="system") as change:
            _install(change, missing)


def _known(store: Store) -> set[tuple[str, str]]:
    return set(store.conn.execute("SELECT tbl, name FROM kinds").fetchall())


def _core() -> list[tuple[str, str, str, str | None, str | None, str]]:
    text = (resources.files("prm_tui") / "packs" / "core" / "pack.toml").read_text(encoding="utf-8")
    pack = tomllib.loads(text)
    return [
        (table, name, kind["label"], kind.get("class"), kind.get("pillar"), json.dumps(kind.get("open", [])))
        for table in ("activity", "record")
        for name, kind in pack[table].items()
    ]


def _install(change: Change, kinds: list[tuple[str, str, str, str | None, str | None, str]]) -> None:
    change.conn.executemany(
        "INSERT INTO kinds(tbl, name, label, class, pillar, open, pack, change_id) VALUES (?,?,?,?,?,?,'core',?)",
        [(*kind, change.id) for kind in kinds],
    )
