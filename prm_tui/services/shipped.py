"""Packs that come with the program. Read at every opening, so it knows nothing of how packs are checked."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from storage import Store
from storage.store import Change

if TYPE_CHECKING:
    from prm_tui.domain.deactivation import Rules


def built_in() -> list[str]:
    """The packs that come with the program, by name."""
    from importlib import resources

    return sorted(p.name for p in (resources.files("prm_tui") / "packs").iterdir() if (p / "pack.toml").is_file())


CORE = "4"
"""The number of the core pack; raised whenever its file changes, so that opening need not read it."""


def install_core(store: Store) -> None:
    """Give a file the kinds that every program has, their fields, and the policies; what the file says of them stays as it is."""
    if store.setting("core_pack") == CORE:
        return
    known = set(store.conn.execute("SELECT tbl, name FROM kinds").fetchall())
    missing = [(table, name, kind) for table, name, kind in _core() if (table, name) not in known]
    with store.change("the kinds every program has", actor=None, kind="system") as change:
        change.conn.execute(
            "INSERT INTO settings(key, value, change_id) VALUES ('core_pack', ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (CORE, change.id),
        )
        change.conn.executemany(
            "INSERT INTO kinds(tbl, name, label, class, pillar, pack, change_id) VALUES (?,?,?,?,?,'core',?)",
            [
                (table, name, kind["label"], kind.get("class"), kind.get("pillar"), change.id)
                for table, name, kind in missing
            ],
        )
        change.conn.executemany(
            "UPDATE kinds SET open = ?1, emits = ?2 WHERE tbl = ?3 AND name = ?4 AND pack = 'core' AND (open <> ?1 OR emits <> ?2)",
            [
                (json.dumps(kind.get("open", [])), json.dumps(_emits(kind)), table, name)
                for table, name, kind in _core()
            ],
        )
        change.conn.executemany(
            "INSERT INTO fields(tbl, kind, key, label, type, ord, change_id) VALUES (?,?,?,?,?,?,?)"
            " ON CONFLICT (tbl, kind, key) DO NOTHING",
            [
                (table, name, key, key.replace("_", " ").capitalize(), field_type, order, change.id)
                for table, name, kind in _core()
                for order, (key, field_type) in enumerate(kind.get("fields", {}).items())
            ],
        )
        _install_policies(change)


def _emits(kind: dict[str, Any]) -> dict[str, Any]:
    """What a kind makes: activities of the dates of records, lines of the ledger of activities."""
    return {"ledger": kind["books"]} if "books" in kind else kind.get("emits", {})


def _install_policies(change: Change) -> None:
    from prm_tui.domain.pack import parse
    from storage import policies

    there = {policy.name for policy, _ in policies.policies(change.conn)}
    for name, policy in parse(text("inactivity"), "inactivity").pack.policies.items():
        if name not in there:
            policies.save(change, policy)


def kinds() -> list[tuple[str, str, frozenset[str]]]:
    """The kinds every file has: what a sheet of them is (record:deal), their label, their own fields."""
    return [(f"{table}:{name}", kind["label"], frozenset(kind.get("fields", {}))) for table, name, kind in _core()]


@cache
def read(name: str) -> dict[str, Any]:
    """A pack that comes with the program."""
    import tomllib

    return tomllib.loads(text(name))


def text(name: str) -> str:
    """The TOML of a pack that comes with the program."""
    from importlib import resources

    return (resources.files("prm_tui") / "packs" / name / "pack.toml").read_text(encoding="utf-8")


def books(name: str) -> list[Any]:
    """The small workbooks that show what a pack of the program reads: what comes first, then what comes next."""
    from importlib import resources

    found = [p for p in (resources.files("prm_tui") / "packs" / name).iterdir() if p.name.endswith(".xlsx")]
    return sorted(found, key=lambda p: p.name.removesuffix(".xlsx"))


@cache
def deactivation() -> Rules:
    """Reasons, paths, notice and steps of a deactivation."""
    from prm_tui.domain.deactivation import rules

    return rules(read("deactivation"))


def workflow_body(name: str) -> str:
    """A workflow of the pack of the same name, as a case keeps it."""
    return json.dumps(read(name)["workflow"][name], sort_keys=True)


def core_fields() -> dict[tuple[str, str], tuple[str, ...]]:
    """The kinds every file has, as (activity or record, name), and their fields."""
    return {(table, name): tuple(kind.get("fields", {})) for table, name, kind in _core()}


def _core() -> list[tuple[str, str, dict[str, Any]]]:
    pack = read("core")
    return [(table, name, kind) for table in ("activity", "record") for name, kind in pack[table].items()]
