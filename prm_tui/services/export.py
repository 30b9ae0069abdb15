"""Spreadsheets out: a list, one partner as a dossier, activities, records, everything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from importers import export
from importers.export import Written
from prm_tui.domain.errors import InputError
from prm_tui.domain.sheet import OutSheet
from storage import Store, outgoing

WHATS = ("partners", "partner", "contacts", "activities", "records", "everything")


def write(store: Store, what: str, out: Path, ids: Sequence[int] | None = None) -> Written:
    """Write what is asked for, of the partners of `ids` (None: of all), to a file whose suffix says how.

    `what` is one of WHATS; `partner` is a dossier of the partners named: everything about them. Raises
    InputError when there is nothing to write or the file cannot be written.
    """
    with store.reading() as conn:
        token = outgoing.uid(conn)
        whole = what in ("partner", "everything")
        sheets: list[OutSheet] = []
        if whole or what == "partners":
            sheets.append(outgoing.partners(conn, outgoing.everyone(conn) if ids is None else ids, token))
        if whole or what == "contacts":
            sheets.append(outgoing.contacts(conn, ids, token))
        if whole or what == "records":
            sheets += [outgoing.records(conn, kind, ids, token) for kind in outgoing.kinds(conn, "records", ids)]
        if whole or what == "activities":
            sheets += [outgoing.activities(conn, kind, ids, token) for kind in outgoing.kinds(conn, "activities", ids)]
            sheets += [outgoing.lines(conn, kind, ids) for kind in outgoing.kinds(conn, "activity_lines", ids)]
        if not sheets:
            raise InputError(f"{out.name}: there are no {what} to write.")
        if out.suffix.lower() == ".csv" and len(sheets) == 2 and sheets[1].what == "skip":
            sheets = sheets[:1]  # a csv file holds one sheet: the activities, without their lines
        return export.write(out, sheets)
