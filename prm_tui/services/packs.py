"""Packs: rules and kinds as data, read from TOML, added to a file, written out again."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from prm_tui.domain import pack as pack_text
from prm_tui.domain import workflow
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.fault import Fault
from prm_tui.domain.pack import Pack, PackError
from prm_tui.domain.pack_check import check as checked
from prm_tui.domain.standing import Matching
from prm_tui.domain.text import nearest
from prm_tui.services import agreeing, triggers
from prm_tui.services.shipped import CORE as CORE
from prm_tui.services.shipped import books as _books
from prm_tui.services.shipped import built_in as built_in
from prm_tui.services.shipped import deactivation as deactivation
from prm_tui.services.shipped import install_core as install_core
from prm_tui.services.shipped import read as read
from prm_tui.services.shipped import text as _text
from prm_tui.services.shipped import workflow_body as workflow_body
from storage import Store, ledger, standing
from storage import packs as stored
from storage.catalogue import catalogue

PROGRAM = ("core", "deactivation", "inactivity")
"""Packs that belong to the program: every file has them, and they follow rules of their own."""
PROGRAM_WORKFLOWS = workflow.PROGRAM
LARGEST = 2_000_000


@dataclass(frozen=True)
class PackRow:
    """A pack as a list shows it. `added`: the day it came into the file, None where it has not."""

    name: str
    title: str
    about: str | None
    kind: str
    added: date | None


@dataclass(frozen=True)
class Adding:
    """What adding a pack did. `change` is None when the file had all of it; `off`: triggers it switched off.

    `before`: packs it needs that were added first; `agrees`: who has to switch those in `off` on again.
    """

    pack: Pack
    change: int | None
    off: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    agrees: str = ""


def listed(store: Store | None) -> list[PackRow]:
    """The packs of the program and those of the file, by name; without a file those of the program."""
    added = _added(store)
    zone = ZoneInfo(store.zone if store else "UTC")
    rows = []
    for name in sorted({*built_in(), *added}):
        own = added.get(name)
        head = tomllib.loads(own.body)["pack"] if own else read(name)["pack"]
        kind = "program" if name in PROGRAM else head.get("kind", "workflow")
        day = datetime.fromtimestamp(own.at, zone).date() if own else None
        rows.append(PackRow(name, head["title"], head.get("about"), kind, day))
    return rows


def _added(store: Store | None) -> dict[str, stored.Added]:
    if store is None:
        return {}
    with store.reading() as conn:
        return stored.packs(conn)


def examples(name: str) -> list[str]:
    """The small workbooks that show what a pack reads, by their file names; none for a pack of one's own."""
    return [book.name for book in _books(name)] if name in built_in() else []


def write_examples(name: str, folder: Path) -> list[Path]:
    """Write these into a folder; where they lie. UsageError where there are none, InputError for one that lies there already."""
    if not examples(name):
        raise UsageError(f"{name}: no workbook comes with it. See: prm packs list")
    found = {folder / book.name: book.read_bytes() for book in _books(name)}
    for path, body in found.items():
        if path.exists() and path.read_bytes() != body:
            raise InputError(f"{path}: there is another file of that name. Nothing was written. Name another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, body in found.items():
            path.write_bytes(body)
    except OSError as error:
        raise InputError(f"{error.filename or folder}: it cannot be written ({error.strerror or error}).") from error
    return list(found)


def text_of(store: Store | None, name: str) -> str:
    """A pack as TOML: as it was added, else as it comes with the program. UsageError for one nobody knows."""
    added = _added(store)
    if name in added:
        return added[name].body
    if name not in built_in():
        raise UsageError(f"{name}: there is no such pack. {_like(name, [*built_in(), *added])}")
    return _text(name)


def export(store: Store, name: str) -> str:
    """A pack that was added, as TOML; adding that again changes nothing. UsageError for one that was not."""
    with store.reading() as conn:
        added = stored.packs(conn)
    if name in PROGRAM:
        raise UsageError(f"{name} belongs to the program: every file has it. See it with: prm packs show {name}")
    if name not in added:
        hint = f"Add it first: prm packs add {name}" if name in built_in() else _like(name, added)
        raise UsageError(f"{name}: no such pack was added. {hint}")
    return added[name].body


def check(store: Store, text: str, file: str) -> tuple[Pack, list[Fault]]:
    """A pack and everything wrong with it in this file, with line and nearest name; nothing is written.

    Raises PackError for a text that is not TOML.
    """
    draft = pack_text.parse(text, file)
    with store.reading() as conn:
        known = stored.known(conn)
        flows = {**dict.fromkeys(PROGRAM_WORKFLOWS), **known.workflows}
        faults = checked(draft.pack, replace(known, workflows=flows), draft.failed)
        faults += stored.clashes(conn, draft.pack)
        added = stored.packs(conn)
    for n, name in enumerate(draft.pack.needs):
        if name not in added:
            faults.append(
                Fault(("pack", "needs", n), f"it needs the pack {name}; add that first: prm packs add {name}")
            )
    for name in draft.pack.workflows:
        if name in PROGRAM_WORKFLOWS:
            faults.append(Fault(("workflow", name), f"“{name}” belongs to the program; give this one its own name"))
    if draft.pack.name in PROGRAM:
        faults.append(
            Fault(("pack", "name"), f"“{draft.pack.name}” belongs to the program; give this one its own name")
        )
    whole = sorted({*draft.faults, *draft.placed(faults)}, key=lambda fault: (fault.line or 0, fault.said))
    return draft.pack, whole


def add(store: Store, text: str, file: str, *, actor: int | None, as_of: date) -> Adding:
    """Put a pack into the file, in one change; what is there already stays as it is.

    Triggers come switched off; what runs keeps the version it began with. A trigger that is on and would message,
    pay or set a status by a new version or text is switched off, until a second person agrees. Raises PackError
    with every fault; nothing is changed then.
    """
    pack, faults = check(store, text, file)
    if faults:
        raise PackError(faults)
    with store.reading() as conn:
        added = stored.packs(conn)
    pack = _own_name(pack, {*built_in(), *(name for name, one in added.items() if one.kind != "own")})
    before, body = added.get(pack.name), pack_text.write(pack)
    if before is not None and before.body == body and pack.kind != "own":
        return Adding(pack, None)
    with store.change(f"{'changed' if before else 'added'} the pack {pack.name}", actor=actor, as_of=as_of) as change:
        stored.save(change, pack, body)
        if any(kind.books for kind in pack.activities.values()):
            ledger.book(change)
        off = triggers.switched_off(change)
    return Adding(pack, change.id if change.kept else None, off, agrees=agreeing.who(store))


def welcome(store: Store, as_of: date) -> list[tuple[str, Matching]]:
    """Each rule of the welcome pack, and whom it would match in this file now; nothing is added.

    Empty where the file has a trigger already, or no partner: there is nothing to offer then.
    """
    pack = pack_text.parse(_text("welcome"), "welcome").pack
    with store.reading() as conn:
        known = catalogue(conn)
        if stored.triggers(conn) or not conn.execute("SELECT EXISTS (SELECT 1 FROM partners)").fetchone()[0]:
            return []
        rules = pack.triggers.values()
        return [(rule.title, standing.matching(conn, known, rule, as_of, shown=0)) for rule in rules]


def _own_name(pack: Pack, taken: set[str]) -> Pack:
    """A file of one's own never stands in for a pack, whatever it is called."""
    return replace(pack, name=f"{pack.name}-own") if pack.kind == "own" and pack.name in taken else pack


def looked_for(said: str) -> None:
    """UsageError for what can never be added, InputError for a file that cannot be read: neither needs a file to add it to."""
    if said in PROGRAM:
        raise UsageError(f"{said} belongs to the program: every file has it.")
    if said in built_in():
        return
    if not Path(said).exists() and not said.endswith(".toml"):
        raise UsageError(f"{said}: no pack of that name comes with the program. {_like(said, built_in())}")
    read_file(Path(said))


def add_named(store: Store, said: str, *, actor: int | None, as_of: date) -> Adding:
    """Add a pack of the program by its name, with those of the program that it needs; or a file by its path."""
    looked_for(said)
    if said in built_in():
        with store.reading() as conn:
            added = stored.packs(conn)
        before: list[str] = []
        for name in read(said)["pack"].get("needs", []):
            if name not in added and name not in before:
                before += [*add_named(store, name, actor=actor, as_of=as_of).before, name]
        done = add(store, _text(said), f"{said}/pack.toml", actor=actor, as_of=as_of)
        return replace(done, before=tuple(before))
    return add(store, read_file(Path(said)), Path(said).name, actor=actor, as_of=as_of)


def read_file(path: Path) -> str:
    """The text of a file that a person wrote: rules, a letter. InputError when it cannot be read."""
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: this is no file.")
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path}: more than {LARGEST:,} bytes; this is no text to be read.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: it cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: it is not text in UTF-8 (byte {error.start + 1}). Save it as UTF-8.") from error


def write_file(path: Path, text: str) -> None:
    """Write a text. InputError when it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"{path}: it cannot be written ({error.strerror or error}).") from error


def _like(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    like = nearest(name, names)
    return f"Did you mean “{like}”?" if like else f"There are: {', '.join(names) or 'none'}."
