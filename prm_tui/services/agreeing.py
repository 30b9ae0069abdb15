"""Who may agree to what: somebody by name, and a second person unless the file says that one is enough."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from prm_tui.domain.case import Case, TaskRow
from prm_tui.domain.errors import UsageError
from prm_tui.domain.person import Person
from prm_tui.domain.setting import EVIDENCE, PERSONS
from prm_tui.services import people
from storage import Store
from storage import cases as stored
from storage import settings as kept
from storage.store import Change

ANSWER_WITHIN = timedelta(days=5)

if TYPE_CHECKING:
    import sqlite3


def someone(store: Store, actor: int | None, act: str) -> Person:
    """The person who acts. The program itself may not; UsageError says how to name someone."""
    found = next((p for p in people.list_of(store) if p.id == actor), None)
    if found is None:
        raise UsageError(f"Say who wants to {act}: choose a person (p), or --actor NAME. Add one: prm people add NAME")
    if not found.active:
        raise UsageError(f"{found.name} does not work here any more and cannot {act}. Choose another person.")
    return found


def needed(conn: sqlite3.Connection) -> int:
    """How many persons stand behind what binds others, one who asks among them."""
    return kept.number(conn, PERSONS)


def alone(store: Store) -> str:
    """What a refusal says to who has nobody else to ask; nothing where there is somebody."""
    others = sum(person.active for person in people.list_of(store)) > 1
    return "" if others else " You work alone? Tell the file: prm settings persons 1"


def who(store: Store) -> str:
    """Who has to agree, as a sentence goes on."""
    return "a second person" if needed(store.conn) > 1 else "a person by name"


def may_answer(store: Store, task: TaskRow, person: Person) -> None:
    """Refuse an answer from who is not asked: without the role, or another than the person it is for.

    An approval that is for a person who has left may be answered by whoever has a role of theirs.
    """
    if task.role and task.role not in person.roles:
        raise UsageError(
            f"This approval is for {task.role}; {person.name} is {', '.join(person.roles) or 'without a role'}."
        )
    if task.owner in (None, person.name):
        return
    asked = next((p for p in people.list_of(store) if p.name == task.owner), None)
    if asked is None or asked.active or not set(asked.roles) & set(person.roles):
        raise UsageError(f"This approval is for {task.owner}, not for {person.name}.")


def roles(conn: sqlite3.Connection, *, named: bool, legal: bool) -> list[str | None]:
    """Whose approvals are needed beside who asks, one at least; of legal, where the path wants that. None: anybody's."""
    found: list[str | None] = [None] * max(needed(conn) - named, 1)
    return ["legal", *found[1:]] if legal else found


def evidenced(conn: sqlite3.Connection, wanted: bool) -> bool:
    """Whether only a signed answer counts: where the path wants that, and the file does not say otherwise."""
    return wanted and kept.number(conn, EVIDENCE) == 1


def ask(
    change: Change,
    case: Case,
    title: str,
    *,
    act: str,
    of: Sequence[int] = (),
    named: bool = True,
    by: int | None = None,
) -> None:
    """Ask for approval of something in a case that goes on: of the persons `of` first, then of as many as are needed.

    `by`: who wants it, and so cannot approve it.
    """
    data = {
        "act": act,
        **({} if by is None else {"asked_by": by}),
        **({"evidence": True} if evidenced(change.conn, bool(case.data.get("evidenced"))) else {}),
    }
    wanted = roles(change.conn, named=named, legal=bool(case.data.get("legal")))
    whom: list[tuple[int | None, str | None]] = [(person, None) for person in of]
    for owner, role in [*whom, *((None, role) for role in wanted[len(of) :])]:
        stored.insert(
            change, "tasks",
            {"case_id": case.row.id, "partner_id": case.row.partner_id, "kind": "approval", "title": title, "owner": owner,
             "role": role, "due_on": (change.as_of + ANSWER_WITHIN).isoformat(), "state": "open", "data": data},
        )  # fmt: skip
