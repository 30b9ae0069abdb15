"""SQL triggers that make a write outside a change impossible, and log what each change did.

- An insert must carry the id of the open change.
- An update logs each changed column with its value before and after; `custom` is logged key by key.
- A delete logs the whole row as JSON, bytes as hexadecimal.

The open change is the one row of `open_change`. It lives inside the transaction that wrote it, so no
other process ever sees it, and a write by any other tool is refused.
"""

from __future__ import annotations

import sqlite3

from storage.schema import HISTORY, OWN, UNLOGGED

OUTSIDE = "a write outside a change: use prm, which records who changed what"


def logged_tables(conn: sqlite3.Connection) -> list[str]:
    """Every table whose rows belong to changes, in name order."""
    rows = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return sorted(name for (name,) in rows if name not in UNLOGGED | OWN and not name.startswith("_sqlite"))


def columns(conn: sqlite3.Connection, table: str) -> list[tuple[str, str]]:
    """The (name, declared type) pairs of a table, in order."""
    return [(row[1], row[2]) for row in conn.execute(f"PRAGMA table_info({table})")]


def install(conn: sqlite3.Connection) -> None:
    """Make (or make again, after a migration) the triggers of every logged table."""
    for table in logged_tables(conn):
        for name, body in _triggers(table, columns(conn, table)):
            conn.execute(f"DROP TRIGGER IF EXISTS {name}")
            conn.execute(f"CREATE TRIGGER {name} {body}")


def _triggers(table: str, cols: list[tuple[str, str]]) -> list[tuple[str, str]]:
    no_change = "NOT EXISTS (SELECT 1 FROM open_change)"
    refuse = f"BEGIN SELECT RAISE(ABORT, '{OUTSIDE}'); END"
    made = [
        (
            f"{table}_insert_guard",
            f"BEFORE INSERT ON {table} WHEN NEW.change_id IS NOT (SELECT id FROM open_change)"
            f" AND NOT coalesce((SELECT restoring FROM open_change), 0) {refuse}",
        ),
        (f"{table}_update_guard", f"BEFORE UPDATE ON {table} WHEN {no_change} {refuse}"),
        (f"{table}_delete_guard", f"BEFORE DELETE ON {table} WHEN {no_change} {refuse}"),
        (f"{table}_update_log", f"AFTER UPDATE ON {table} BEGIN {_log_update(table, cols)} END"),
        (f"{table}_delete_log", f"AFTER DELETE ON {table} BEGIN {_log_delete(table, cols)} END"),
    ]
    if any(name == "custom" for name, _ in cols):  # a trigger of its own: comparing key by key costs most
        when = "WHEN OLD.custom IS NOT NEW.custom"
        made.append((f"{table}_custom_log", f"AFTER UPDATE OF custom ON {table} {when} BEGIN {_log_custom(table)} END"))
    if table in HISTORY:
        subject, fields = HISTORY[table]
        for field in fields:
            made.append(
                (
                    f"{table}_{field}_history",
                    f"AFTER UPDATE OF {field} ON {table} WHEN OLD.{field} IS NOT NEW.{field}"
                    f" AND NOT (SELECT restoring FROM open_change) BEGIN {_history(subject, field)} END",
                )
            )
    return made


def _log_update(table: str, cols: list[tuple[str, str]]) -> str:
    plain = [name for name, _ in cols if name not in ("id", "custom")]
    images = " UNION ALL ".join(f"SELECT '{n}' AS col, OLD.{n} AS before, NEW.{n} AS after" for n in plain)
    return (
        "INSERT INTO change_log(change_id, tbl, row_id, col, before, after)"
        f" SELECT (SELECT id FROM open_change), '{table}', OLD.id, col, before, after"
        f" FROM ({images}) WHERE before IS NOT after;"
    )


def _log_custom(table: str) -> str:
    """Key by key; keys are names (`isidentifier`), so that they can stand in a path as they are."""
    log = f"SELECT (SELECT id FROM open_change), '{table}', OLD.id, 'custom.' || key"
    path = """'$."' || key || '"'"""
    return (
        f"INSERT INTO change_log(change_id, tbl, row_id, col, before, after) {log}, json_extract(OLD.custom, {path}), value"
        f" FROM json_each(NEW.custom) WHERE value IS NOT json_extract(OLD.custom, {path})"
        f" UNION ALL {log}, value, NULL FROM json_each(OLD.custom) WHERE json_type(NEW.custom, {path}) IS NULL;"
    )


def _log_delete(table: str, cols: list[tuple[str, str]]) -> str:
    pairs = ", ".join(
        f"'{name}', hex(OLD.{name})" if kind == "BLOB" else f"'{name}', OLD.{name}" for name, kind in cols
    )
    return (
        "INSERT INTO change_log(change_id, tbl, row_id, col, before, after)"
        f" SELECT (SELECT id FROM open_change), '{table}', OLD.id, NULL, json_object({pairs}), NULL;"
    )


def _history(subject: str, field: str) -> str:
    """The value from now on; and, the first time, the value that held before."""
    into = "INSERT INTO field_history(subject, row_id, field, value, valid_from, learned_at, change_id)"
    known = f"SELECT 1 FROM field_history WHERE subject = '{subject}' AND row_id = OLD.id AND field = '{field}'"
    return (
        f"{into} SELECT '{subject}', OLD.id, '{field}', OLD.{field}, NULL, c.at, c.id FROM open_change o"
        f" JOIN changes c ON c.id = o.id WHERE NOT EXISTS ({known});"
        f" {into} SELECT '{subject}', OLD.id, '{field}', NEW.{field}, o.as_of, c.at, c.id FROM open_change o"
        " JOIN changes c ON c.id = o.id;"
    )
