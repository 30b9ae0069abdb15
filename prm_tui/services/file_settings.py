"""The settings of a file: shown and changed, each change logged and undoable like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from prm_tui.domain.setting import BINDING, SETTINGS, Setting, known
from prm_tui.services.agreeing import someone
from storage import Store
from storage import settings as kept


@dataclass(frozen=True)
class SettingRow:
    """A setting as a file has it; `by` says who set it and when, empty for its standard."""

    setting: Setting
    value: int
    by: str = ""


def listed(store: Store) -> list[SettingRow]:
    """Every setting."""
    with store.reading() as conn:
        return [SettingRow(one, kept.number(conn, key), _by(kept.said_by(conn, key))) for key, one in SETTINGS.items()]


def _by(said: tuple[str, datetime] | None) -> str:
    return f"{said[0]} on {said[1]:%Y-%m-%d}" if said else ""


def put(store: Store, said: Mapping[str, str], *, actor: int | None, as_of: date) -> int | None:
    """Change settings; the change, None when all are so already.

    UsageError, beginning with the key, for a value that cannot be; for a key that is none; and when nobody by name
    says how people agree.
    """
    read = {key: known(key).read(value) for key, value in said.items()}
    for key in BINDING.keys() & read.keys():
        someone(store, actor, f"change {BINDING[key]}")
    told = ", ".join(f"{key} = {value}" for key, value in read.items())
    with store.change(f"setting: {told}", actor=actor, as_of=as_of) as change:
        for key, value in read.items():
            kept.put(change, key, value)
    return change.id if change.kept else None
