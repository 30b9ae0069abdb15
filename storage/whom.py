"""Who does something: a person, or a role where no person is named."""

from __future__ import annotations

import json

from prm_tui.domain.workflow import Workflow


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


def restricted(workflow: Workflow) -> dict[str, object]:
    """Whether the cases of a workflow are for some roles alone, and what they keep of that, as parameters."""
    roles = [role.partition(":")[2] for role in workflow.restricted]
    kept = {"restricted_to": [], "restricted_roles": roles} if roles else {}
    return {"restricted": int(bool(roles)), "data": json.dumps(kept, sort_keys=True)}
