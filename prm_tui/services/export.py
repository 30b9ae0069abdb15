"""Spreadsheets out: a list, one partner as a dossier, activities, records, everything; and sheets that are to return."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from importers import export
from importers.export import Written
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.sheet import UID_LENGTH, OutSheet, SentSheet, names_apart, token_row
from storage import Store, figures, outgoing, questions

WHATS = ("partners", "partner", "contacts", "activities", "records", "approvals", "reasons", "everything")
_WHOLE = ("partner", "everything")


def write(
    store: Store,
    what: str,
    out: Path,
    ids: Sequence[int] | None = None,
    *,
    kind: str | None = None,
    viewer: int | None = None,
) -> Written:
    """Write what is asked for, of the partners of `ids` (None: of all), to a file whose suffix says how.

    `what` is one of WHATS; `partner` is a dossier of the partners named: everything about them. `kind`: of
    activities only those of this kind; `viewer`: who may see what is restricted. A workbook of
    a dossier or of everything has sheets of figures that it computes from its other sheets. Raises InputError
    when there is nothing to write or the file cannot be written.
    """
    notes: list[str] = []
    with store.reading() as conn:
        sheets = _sheets(conn, what, out, ids, outgoing.uid(conn), kind, viewer)
        if out.suffix.lower() == ".csv" and len(sheets) > 1 and all(s.lines_of for s in sheets[1:]):
            sheets = sheets[:1]  # a csv file holds one sheet
            notes.append(
                "The lines of the activities are not in it: a csv file holds one sheet. Name it .xlsx for them"
            )
        if out.suffix.lower() == ".xlsx" and what in _WHOLE:
            whose = outgoing.everyone(conn) if ids is None else ids
            sheets, notes = figures.added(conn, sheets, whose, dossier=what == "partner")
        written = export.write(out, sheets)
    written.notes += notes
    return written


def send(
    store: Store,
    what: str,
    out: Path,
    ids: Sequence[int] | None = None,
    *,
    kind: str | None = None,
    recipient: str,
    due: date | None,
    actor: int | None,
    as_of: date,
) -> Written:
    """Write a sheet for somebody to fill in and send back, and remember that it is out.

    Its keys are locked and a page explains it. What it holds now is not written into it: when it comes back
    it is compared with this file as it is at this change. Raises InputError; nothing is remembered then.
    """

    def made(conn: Any, uid: str) -> list[OutSheet]:
        return [s for s in _sheets(conn, what, out, ids, uid, kind, actor) if s.what != "skip"]

    return hand_out(store, what, out, made, recipient=recipient, due=due, actor=actor, as_of=as_of)


def hand_out(
    store: Store,
    what: str,
    out: Path,
    made: Callable[[Any, str], list[OutSheet]],
    *,
    recipient: str,
    due: date | None,
    actor: int | None,
    as_of: date,
) -> Written:
    """As `send`, of sheets that are `made` with the id by which their rows are known again."""
    if out.suffix.lower() not in (".xlsx", ".csv"):
        raise InputError(f"{out.name}: a sheet that is to return is a workbook or csv. Name it .xlsx or .csv")
    if not recipient.strip():
        raise UsageError("Say to whom it goes: --to NAME")
    uid = uuid.uuid4().hex[:UID_LENGTH]
    seen: dict[str, list[int]] = {}
    with store.change(f"{what} sent to {recipient}", actor=actor, as_of=as_of) as change:
        written = export.write(
            out,
            [replace(s, rows=_noting(s, seen.setdefault(s.what, []))) for s in made(change.conn, uid)],
            locked=True,
            guide=_guide(recipient, due, _HOW.get(what, _FILL)),
        )
        outgoing.send(change, uid, what, recipient.strip(), due, {"file": out.name, "ids": seen})
    return written


def _noting(sheet: OutSheet, ids: list[int]) -> Iterator[Sequence[Any]]:
    for row in sheet.rows:
        ids.append(token_row(str(row[0]))[1])
        yield row


_FILL = (
    "Change what is wrong, fill in what is missing, and send the file back.",
    "Grey cells are there to be read: codes and names by which rows are known.",
    "You may sort, hide and move columns, and add rows at the end: leave their prm id empty.",
    "A row you take out is not deleted for that; say why in your mail.",
    "Dates as dates, amounts as numbers. To empty a cell, empty it.",
)
_SIGN = (
    "In each row write your decision (one of the answers beside it), your name and the day, and send the file back.",
    "A no needs a remark that says why. A row without a decision stays open.",
    "Grey cells are there to be read.",
)
_WHY = (
    "In each row choose the reason from the list, and who says so: the partner, or you as its manager (nobody named: you).",
    "Another word is taken, too, and stands as it is. A row without a reason says nothing.",
    "Grey cells are there to be read.",
)
_DECIDE = (
    "In each row choose the decision from the list, write why, and your name, and send the file back.",
    "“Keep despite the rule” needs the last day, too. A row without a decision stays as it is.",
    "Win back and re-tier begin their workflow; offboard gives a program manager the task to open the deactivation.",
    "Grey cells are there to be read.",
)
_HOW = {"approvals": _SIGN, "reasons": _WHY, "review": _DECIDE}


def _guide(recipient: str, due: date | None, how: Sequence[str]) -> list[str]:
    return [f"For {recipient}" + (f", please by {due:%d %B %Y}" if due else ""), "", *how]


def sent(store: Store) -> list[SentSheet]:
    """What was sent to whom and when, what has come back, what is overdue."""
    with store.reading() as conn:
        return outgoing.sent(conn)


def close(store: Store, uid: str, *, actor: int | None, as_of: date) -> int | None:
    """Wait for a sheet no longer. UsageError when none of that id is out."""
    with store.change(f"the sheet {uid} is no longer waited for", actor=actor, as_of=as_of) as change:
        if not outgoing.close(change, uid):
            raise UsageError(f"No sheet {uid} is out. See: prm sheets")
    return change.id if change.kept else None


def _sheets(
    conn: Any,
    what: str,
    out: Path,
    ids: Sequence[int] | None,
    token: str,
    only: str | None = None,
    viewer: int | None = None,
) -> list[OutSheet]:
    def kinds(table: str) -> list[str]:
        return [kind for kind in outgoing.kinds(conn, table, ids) if only in (None, kind)]

    whole = what in _WHOLE
    sheets: list[OutSheet] = []
    if whole or what == "partners":
        sheets.append(outgoing.partners(conn, outgoing.everyone(conn) if ids is None else ids, token))
    if whole or what == "contacts":
        sheets.append(outgoing.contacts(conn, ids, token))
    if whole or what == "records":
        sheets += [outgoing.records(conn, kind, ids, token) for kind in outgoing.kinds(conn, "records", ids)]
    if what == "approvals":
        sheets.append(outgoing.approvals(conn, ids, token, viewer))
    if what == "reasons":
        sheets.append(questions.reasons(conn, ids, token))
    if whole or what == "activities":
        sheets += [outgoing.activities(conn, kind, ids, token) for kind in kinds("activities")]
        sheets += [outgoing.lines(conn, kind, ids) for kind in kinds("activity_lines")]
    if not sheets:
        raise InputError(f"{out.name}: there are no {what} to write.")
    return names_apart(sheets)
