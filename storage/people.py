"""People of our own in the file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping

from prm_tui.domain.person import Person
from prm_tui.domain.text import name_key
from storage.store import Change


def people(conn: sqlite3.Connection, *, said: str | None = None) -> list[Person]:
    """Everyone, or those of one name (case, accents and punctuation aside), by name."""
    only = "WHERE p.name_key = name_key(:said)" if said is not None else ""
    return [
        Person(
            id=row[0],
            name=row[1],
            title=row[2],
            email=row[3],
            roles=tuple(row[4].split("\n")) if row[4] else (),
            active=bool(row[5]),
            partners=row[6],
        )
        for row in conn.execute(
            "SELECT p.id, p.name, p.title, p.email,"
            " (SELECT group_concat(role, char(10)) FROM roles r WHERE r.person_id = p.id), p.active,"
            " (SELECT count(*) FROM partners q WHERE q.manager = p.id)"
            f" FROM people p {only} ORDER BY p.name COLLATE NOCASE, p.id",
            {"said": said},
        )
    ]


def add(change: Change, name: str, title: str | None, email: str | None, roles: Iterable[str]) -> int:
    """A new person. The change raises AlreadyThere when the name is taken."""
    cursor = change.conn.execute(
        "INSERT INTO people(name, name_key, title, email, change_id) VALUES (?,?,?,?,?)",
        (name, name_key(name), title, email, change.id),
    )
    person = cursor.lastrowid
    assert person is not None
    set_roles(change, person, roles)
    return person


def set_roles(change: Change, person_id: int, roles: Iterable[str]) -> None:
    """Give a person these roles and no others."""
    change.conn.execute(
        "DELETE FROM roles WHERE person_id = ? AND role NOT IN (SELECT value FROM json_each(?))",
        (person_id, json.dumps(list(roles))),
    )
    change.conn.executemany(
        "INSERT INTO roles(person_id, role, change_id) VALUES (?,?,?) ON CONFLICT DO NOTHING",
        [(person_id, role, change.id) for role in roles],
    )


def edit(change: Change, person_id: int, values: Mapping[str, str | int | None]) -> None:
    """Set title, e-mail, or whether the person still works here (`active`)."""
    for column, value in values.items():
        change.conn.execute(f"UPDATE people SET {column} = :value WHERE id = :id AND {column} IS NOT :value",
                            {"value": value, "id": person_id})  # fmt: skip
