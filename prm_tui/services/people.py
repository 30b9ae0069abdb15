"""People of our own: who acts, who owns, who approves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from prm_tui.domain.errors import AlreadyThere, UsageError
from prm_tui.domain.person import ROLES, Person
from prm_tui.domain.text import name_key, nearest, trimmed, typed
from storage import Store
from storage import people as stored


def list_of(store: Store) -> list[Person]:
    """Everyone, by name, with their roles and how many partners they manage."""
    with store.reading() as conn:
        return stored.people(conn)


def find(store: Store, name: str) -> Person:
    """The person of that name. UsageError names the nearest one and the command that adds them."""
    with store.reading() as conn:
        found = stored.people(conn, said=name)
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{name}: {len(found)} people are called that. Give one of them another name.")
        everyone = {p.name: p for p in stored.people(conn)}
    key = name_key(name)
    part = [p for n, p in everyone.items() if key in name_key(n).split()]
    if len(part) == 1:
        return part[0]
    like = nearest(name, everyone)
    hint = f"Did you mean “{like}”? Or add" if like else "Add"
    raise UsageError(f"{name}: nobody of that name is known. {hint} them: prm people add {typed(name)}")


def add(
    store: Store,
    name: str,
    *,
    title: str | None = None,
    email: str | None = None,
    roles: Sequence[str] = (),
    actor: int | None,
    as_of: date,
) -> int:
    """A new person; returns their id. UsageError for a name taken or an unknown role."""
    clean = trimmed(name)
    if not clean:
        raise UsageError("A person needs a name.")
    known_roles(roles)
    try:
        with store.change(f"added {clean} to the people", actor=actor, as_of=as_of) as change:
            return stored.add(change, clean, trimmed(title or "") or None, trimmed(email or "") or None, roles)
    except AlreadyThere:
        raise UsageError(f"{clean}: someone of that name is there already.") from None


def edit(
    store: Store,
    name: str,
    *,
    title: str | None = None,
    email: str | None = None,
    roles: Sequence[str] | None = None,
    active: bool | None = None,
    actor: int | None,
    as_of: date,
) -> int | None:
    """Change what is known of a person: what is None stays, an empty text empties. The change, None when it is so already.

    `roles` are all they have from now on; `active`: whether they still work here. Who has left acts no more and is given
    nothing by role; what is theirs stays theirs until somebody takes it over. UsageError for an unknown role.
    """
    person = find(store, name)
    known_roles(roles or ())
    said = {"title": title, "email": email}
    values: dict[str, str | int | None] = {
        key: trimmed(value) or None for key, value in said.items() if value is not None
    }
    if active is not None:
        values["active"] = int(active)
    with store.change(f"changed {person.name} of the people", actor=actor, as_of=as_of) as change:
        stored.edit(change, person.id, values)
        if roles is not None:
            stored.set_roles(change, person.id, roles)
    return change.id if change.kept else None


def known_roles(roles: Sequence[str]) -> None:
    """UsageError for one that is no role, with the nearest."""
    for role in roles:
        if role not in ROLES:
            like = nearest(role, ROLES)
            raise UsageError(
                f"role: “{role}” is not a role. "
                + (f"Did you mean “{like}”?" if like else f"Roles are: {', '.join(ROLES)}.")
            )


def named_or_role(store: Store, restricted: Sequence[str]) -> tuple[list[int], list[str]]:
    """The persons and the roles (role:NAME) that are named. UsageError for one nobody knows, or a role nobody has."""
    named = [said.strip() for said in restricted if said.strip()]
    ids = [find(store, said).id for said in named if not said.startswith("role:")]
    roles = [said.removeprefix("role:").strip() for said in named if said.startswith("role:")]
    known_roles(roles)
    held = {role for person in list_of(store) for role in person.roles}
    for role in roles:
        if role not in held:
            raise UsageError(f"nobody is {role}; add somebody: prm people add NAME --role {typed(role)}")
    return ids, roles
