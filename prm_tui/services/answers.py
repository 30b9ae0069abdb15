"""Whose answer an approval wants."""

from __future__ import annotations

from prm_tui.domain.case import TaskRow
from prm_tui.domain.errors import UsageError
from prm_tui.domain.person import Person
from prm_tui.services import people
from storage import Store


def may_answer(store: Store, task: TaskRow, person: Person) -> None:
    """Refuse an answer from who is not asked: without the role, or another than the person it is for.

    An approval of a workflow that is for a person who has left may be answered by whoever has a role of theirs.
    """
    if task.role and task.role not in person.roles:
        raise UsageError(
            f"This approval is for {task.role}; {person.name} is {', '.join(person.roles) or 'without a role'}."
        )
    if not task.of_workflow or task.owner in (None, person.name):
        return
    asked = next((p for p in people.list_of(store) if p.name == task.owner), None)
    if asked is None or asked.active or not set(asked.roles) & set(person.roles):
        raise UsageError(f"This approval is for {task.owner}, not for {person.name}.")
