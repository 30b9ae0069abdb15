"""Other systems and departments are told when a partner leaves; what their own sheets say later is held against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.person import ROLES
from prm_tui.domain.system import DEPARTMENT, SYSTEM, Line, System, named, read_columns
from prm_tui.domain.text import safe_name, trimmed
from prm_tui.services import agreeing, cases, people
from storage import Store, messages
from storage import cases as kept
from storage import systems as stored
from storage.store import Change

KINDS = (SYSTEM, DEPARTMENT)


@dataclass(frozen=True)
class Sent:
    """Update sheets that were written: the change, (system, file, partners) of each, and what has to be told."""

    change: int | None
    sheets: tuple[tuple[str, str, int], ...]
    notes: tuple[str, ...] = ()


def list_of(store: Store) -> list[System]:
    """All systems and departments, by name."""
    with store.reading() as conn:
        return stored.every(conn)


def add(
    store: Store,
    name: str,
    columns: str,
    *,
    kind: str = SYSTEM,
    owner: str = "",
    due_days: int = 0,
    sheet: str = "",
    actor: int | None,
    as_of: date,
) -> int | None:
    """A system or department, or another description of one; the change, None when it is so already.

    `columns` are those of its own sheet (domain/system.py); `owner` is one of our people or a role; `due_days` counts
    from the effective date; `sheet` names its files or sheets (vendors*.xlsx) where its headers do not tell. UsageError
    for what is none of these.
    """
    clean = trimmed(name)
    if not clean:
        raise UsageError("A system needs a name.")
    if kind not in KINDS:
        raise UsageError(f"kind: “{kind}” is none. One of: {', '.join(KINDS)}")
    said = owner.strip().removeprefix("role:")  # as obligations say it
    role = said if said in ROLES else None
    person = people.find(store, said) if said and role is None else None
    made = System(
        clean, kind, None, role, read_columns(columns), due_days, sheet.strip(), person.id if person else None
    )
    with store.change(f"{kind} {clean} described", actor=actor, as_of=as_of) as change:
        stored.put(change, made)
    return change.id if change.kept else None


def remove(store: Store, name: str, *, actor: int | None, as_of: date) -> int:
    """Take a system out of the file; returns the change. UsageError when there is none of that name."""
    found = named(list_of(store), name)
    with store.change(f"{found.kind} {found.name} removed", actor=actor, as_of=as_of) as change:
        stored.remove(change, found.name)
    return change.id


def lines(store: Store, case_id: int | None = None) -> list[Line]:
    """What each system was told of each partner that leaves, of one case if asked; those due first."""
    if case_id is not None:
        cases.get(store, case_id)  # says so where there is none
    with store.reading() as conn:
        return stored.lines(conn, case_id)


def contradicted(store: Store, as_of: date) -> list[Line]:
    """The lines whose system still shows a partner as active after its effective date."""
    return [line for line in lines(store) if line.state(as_of) == "contradicted"]


def confirm(store: Store, case_id: int, name: str, *, actor: int | None, as_of: date) -> int | None:
    """Somebody by name says that a system or department is up to date; the change, None when it was said before."""
    person = agreeing.someone(store, actor, "confirm that")
    line = _line(store, case_id, name)
    if line.confirmed_on is not None and line.state(as_of) == "confirmed":
        return None  # it was said before
    with store.change(f"{line.system.name} is up to date about {line.name}", actor=actor, as_of=as_of) as change:
        said: dict[str, Any] = {"confirmed_on": as_of.isoformat(), "confirmed_by": person.name}
        said |= {"taken_back": True} if line.over else {}
        stored.note(change, case_id, line.system.name, said)
    return change.id if change.kept else None


def _line(store: Store, case_id: int, name: str) -> Line:
    there = lines(store, case_id)
    if not there:
        raise UsageError(_nothing(store, case_id))
    found = named([line.system for line in there], name)
    return next(line for line in there if line.system.name == found.name)


def _nothing(store: Store, case_id: int) -> str:
    if not list_of(store):
        return (
            "No system is described. Add one: prm systems add NAME --columns “Vendor No=key:sap, Status=status:Blocked”"
        )
    stage = cases.get(store, case_id).row.stage
    return f"Nothing is told to other systems for case {case_id} now: it is no approved deactivation ({stage})."


def send(store: Store, folder: Path, case_id: int | None = None, *, actor: int | None, as_of: date) -> Sent:
    """Write an update sheet for each system into a folder: of one case, or of all partners that leave.

    Each holds what its system has not been told, or does not heed. No file is written over, and all are written or none.
    UsageError where nothing has to be told, InputError where the folder cannot be written.
    """
    from importers.outbox import Tray

    there = lines(store, case_id)
    if case_id is not None and not any(not line.over for line in there):
        raise UsageError(_nothing(store, case_id))
    due = there if case_id is not None else [x for x in there if x.state(as_of) in ("to send", "contradicted")]
    told = {line.system.name: line.system for line in due if line.system.columns}
    if not told:
        raise UsageError("No system has to be told anything. See: prm systems list, prm systems check")
    groups = {name: [line for line in due if line.system.name == name] for name in told}
    many = len({line.case_id for line in due})
    who = due[0].name if many == 1 else f"{many:,} partners"
    tray, made, mine = Tray(folder, messages.file_token(store.conn)), None, ""
    try:
        with store.change(f"update sheets about {who}", actor=actor, as_of=as_of) as made:
            number = made.id
            tray.begin(lambda change, mark: change != number and messages.mark(store.conn, change) == mark)
            sheets, notes = _write(tray, made, told, groups, case_id)
            mine = messages.mark(store.conn, number)
            tray.move(number, mine)
    except BaseException:
        if made is None or not mine or messages.mark(store.conn, made.id) != mine:
            tray.take_back()
        raise
    tray.end()
    return Sent(made.id if made.kept else None, sheets, notes)


def _write(
    tray: Any, change: Change, told: dict[str, System], groups: dict[str, list[Line]], case_id: int | None
) -> tuple[tuple[tuple[str, str, int], ...], tuple[str, ...]]:
    from importers import export

    sheets, notes = [], []
    for name, group in groups.items():
        sheet = stored.sheet(change.conn, told[name], [line.case_id for line in group])
        stem = name if case_id is None else f"{name} {group[0].code}"
        file = tray.name(safe_name(stem), ".xlsx")
        written = export.write(tray.path(file), [replace(sheet, name=_page(name))])
        notes += [*written.notes, *_without_key(told[name], sheet.rows, group)]
        sheets.append((name, file, written.rows))
        if case_id is not None:
            title = f"update sheet for {name}"
            kept.keep(change, case_id, group[0].partner_id, "update sheet", title, tray.path(file).read_bytes(), file)
        for line in group:
            said = {"sent_on": change.as_of.isoformat(), "sent_for": line.effective_on.isoformat(), "file": file}
            stored.note(change, line.case_id, name, said)
    return tuple(sheets), tuple(notes)


def _page(name: str) -> str:
    from prm_tui.domain.sheet import OutSheet, names_apart

    return names_apart([OutSheet(name, "skip", ())])[0].name


def _without_key(system: System, rows: Any, group: Sequence[Line]) -> list[str]:
    """Partners whose key in the system nobody knows: it cannot find them by its own number."""
    found = []
    for n, column in enumerate(system.columns):
        if column.source.startswith("key:"):
            many = sum(1 for row in rows if row[n] is None)
            if many:
                whose = f"{group[0].code} {group[0].name} has" if len(group) == 1 else f"{many:,} partners have"
                found.append(f"{system.name}: {whose} no {column.source[4:]} key; “{column.header}” is empty there")
    return found
