"""Who does something: a person, or a role where no person is named."""

from __future__ import annotations


def person_sql(who: str) -> tuple[str, dict[str, object]]:
    """Who does something, as SQL over `partners p` giving a person's id (NULL: a role does it), and its parameters."""
    kind, _, name = who.partition(":")
    if who == "manager":
        return "p.manager", {}
    if kind == "person":
        return "(SELECT id FROM people WHERE name_key = name_key(:who) LIMIT 1)", {"who": name}
    return "NULL", {}


def role_of(who: str) -> str | None:
    """The role that does something where no person is named."""
    kind, _, name = who.partition(":")
    return name if kind in ("role", "load") else "partner manager" if who == "manager" else None
