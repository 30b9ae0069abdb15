"""The notice table: shown, and changed for a file. It is never legal advice, and says so."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from prm_tui.domain import toml
from prm_tui.domain.errors import InputError
from prm_tui.domain.notice import NOT_ADVICE, Line, read_table
from prm_tui.services import packs
from prm_tui.services.agreeing import someone
from storage import Store
from storage import notice as stored


def table(store: Store) -> tuple[Line, ...]:
    """The lines as this file has them: its own, else those that come with the program."""
    with store.reading() as conn:
        return stored.table(conn) or packs.deactivation().table


def as_toml(lines: Sequence[Line]) -> str:
    """The lines as they are written in a file, to be changed and read again."""
    empty = asdict(Line("", ""))
    said = [{k: v for k, v in asdict(line).items() if v != empty[k]} for line in lines]
    return f"# The notice table. {NOT_ADVICE}\n" + "".join(toml.table(["notice"], line, listed=True) for line in said)


def edit(store: Store, file: Path, *, actor: int | None, as_of: date) -> int | None:
    """Take the table of a TOML file in the place of the file's; the change, None when it is so already.

    InputError with every fault of it; UsageError when nobody by name changes it. Cases that are open keep their dates.
    """
    person = someone(store, actor, "change the notice table")
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}). Nothing was changed.") from None
    except ValueError as error:
        raise InputError(f"{file}: this is not TOML ({error}). Nothing was changed.") from None
    lines = read_table(said.get("notice"), str(file))
    if lines == table(store):
        return None
    with store.change(f"the notice table is changed: {len(lines)} lines", actor=person.id, as_of=as_of) as change:
        stored.put(change, lines)
    return change.id
