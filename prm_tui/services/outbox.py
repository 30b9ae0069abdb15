"""The outbox: messages are looked at, completed, approved, written as files for a mail program, confirmed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from prm_tui.domain.errors import UsageError
from prm_tui.domain.message import (
    CANCELLABLE,
    EDITABLE,
    MOST_BODY,
    STATES,
    HandedOver,
    Message,
    MessageRow,
    Moved,
    Refused,
    file_stem,
    is_address,
    lacking,
)
from prm_tui.domain.person import Person
from prm_tui.domain.sheet import OutColumn, OutSheet
from prm_tui.domain.template import one_line
from prm_tui.services import automation
from prm_tui.services.agreeing import someone
from prm_tui.services.cases import in_the_present
from storage import Store, letters, telling
from storage import messages as stored
from storage.store import Change

WORKBOOK = "messages"
FIELDS = ("recipient", "subject", "body")
"""What of a message can be edited."""
_CHANGED = "Somebody else has changed these messages at the same moment. Look again: prm outbox list"
_COLUMNS = [
    OutColumn("Message", "data", "number"), OutColumn("Code", "data"), OutColumn("Partner", "data"),
    OutColumn("Recipient", "data"), OutColumn("Subject", "data"), OutColumn("Text", "data"), OutColumn("Case", "data"),
    OutColumn("File", "data"),
]  # fmt: skip


def list_of(
    store: Store,
    *,
    states: Collection[str] = (),
    partner_id: int | None = None,
    case_id: int | None = None,
    viewer: int | None = None,
) -> list[MessageRow]:
    """Messages in the order in which somebody has to look at them; all without a filter. UsageError: no such state.

    Those of restricted cases are listed for a `viewer` who may see them.
    """
    unknown = next((state for state in states if state not in STATES), None)
    if unknown is not None:
        raise UsageError(f"“{unknown}” is no state of a message. States are: {', '.join(STATES)}")
    with store.reading() as conn:
        return stored.messages(conn, states=states, partner_id=partner_id, case_id=case_id, viewer=viewer)


def get(store: Store, message_id: int) -> Message:
    """One message whole. UsageError when there is none of that number."""
    with store.reading() as conn:
        found = stored.message(conn, message_id)
    if found is None:
        raise UsageError(f"There is no message {message_id}. See: prm outbox list --all")
    return found


def counts(store: Store, viewer: int | None = None) -> dict[str, int]:
    """State → how many messages are in it; every state is there."""
    with store.reading() as conn:
        return stored.counts(conn, viewer)


# ---- what several acts need ----


def _rows(store: Store, ids: Sequence[int] | None, states: Collection[str], viewer: int | None) -> list[MessageRow]:
    """The messages named, each once; without names those in one of the states. UsageError for a number of none."""
    with store.reading() as conn:
        if ids is None:
            return stored.messages(conn, states=states, viewer=viewer)
        found = {row.id: row for row in stored.messages(conn, ids=ids)}
    missing = [str(n) for n in ids if n not in found]
    if missing:
        raise UsageError(f"There is no message {', '.join(missing)}. See: prm outbox list --all")
    return [found[n] for n in dict.fromkeys(ids)]


def _parted(
    rows: Sequence[MessageRow], states: Collection[str], barred: Mapping[int, str]
) -> tuple[list[MessageRow], list[Refused]]:
    """Those an act may move, and those it may not, with the reason."""
    fit, refused = list[MessageRow](), list[Refused]()
    for row in rows:
        why = _not_in(row, states) or barred.get(row.id, "")
        if why:
            refused.append(Refused(row.id, row.subject, why))
        else:
            fit.append(row)
    return fit, refused


def _not_in(row: MessageRow, states: Collection[str]) -> str:
    if row.state in states:
        return ""
    if row.state == "returned":
        return (
            f"{'; '.join(row.lacks) or 'it came back'}. Complete it first: prm outbox edit {row.id}, or refill {row.id}"
        )
    return {
        "draft": "it was not approved",
        "approved": "it was approved, but not written out",
        "handed over": "it was given to your mail program already",
        "confirmed": "it was sent",
        "cancelled": "it was cancelled",
    }[row.state]


def _barred(store: Store, rows: Sequence[MessageRow], as_of: date) -> dict[int, str]:
    """Why messages must not go out: the address is none, or whoever it goes to must not be written to."""
    with store.reading() as conn:
        found = stored.barred(conn, rows, as_of)
    for row in rows:
        if row.channel == "mail" and not is_address((row.recipient or "").strip()):
            found.setdefault(row.id, f"“{one_line(row.recipient or '')[:80]}” is not an e-mail address")
    with store.reading() as conn:
        kept = letters.of_messages(conn, [row.id for row in rows])
    for number, (written, case) in kept.items():
        if written.stale(case):
            said = ", ".join(written.stale(case))
            found.setdefault(
                number, f"its case says otherwise now ({said}); write it again: prm letters CASE --kind KIND"
            )
    return found


def _called(rows: Sequence[MessageRow]) -> str:
    """Messages, as a change calls them."""
    if len(rows) == 1:
        return f"message “{one_line(rows[0].subject)[:80]}” to {one_line(rows[0].whom)[:80]}"
    return f"{len(rows):,} messages"


def _move(change: Change, rows: Sequence[MessageRow], sources: Collection[str], state: str) -> None:
    if stored.move(change, [row.id for row in rows], sources, state) != len(rows):
        raise UsageError(_CHANGED)


# ---- the acts ----


def edit(store: Store, message_id: int, fields: Mapping[str, str], *, actor: int | None, as_of: date) -> int | None:
    """Set recipient, subject or body of a message that was not approved. Returns the change, None if nothing changed.

    A message that is complete afterwards waits for approval, and the to-do that asked to complete it is done; one that
    lacks something is returned. A recipient whose address is known becomes that contact or person. UsageError for
    another field, and for a message that was approved, given out or cancelled.
    """
    row = get(store, message_id).row
    unknown = next((key for key in fields if key not in FIELDS), None)
    if unknown is not None:
        raise UsageError(f"A message has no field “{unknown}”. Fields: {', '.join(FIELDS)}")
    if row.state not in EDITABLE:
        hint = " To change it, take the approval back first: prm undo" if row.state == "approved" else ""
        raise UsageError(f"Message {message_id} cannot be edited: {STATES[row.state]}.{hint}")
    with store.reading() as conn:
        if {"subject", "body"} & fields.keys() and letters.document(conn, message_id) is not None:
            raise UsageError(f"The words of message {message_id} stand in a document with a letterhead. Change them there, or"
                             f" give another text: prm letters {row.case_id} --kind KIND --text FILE --letterhead FILE.docx")  # fmt: skip
    if len(fields.get("body", "")) > MOST_BODY:
        raise UsageError(f"body: longer than {MOST_BODY:,} characters.")
    with store.change(f"edited {_called([row])}", actor=actor, as_of=as_of) as change:
        found = stored.message(change.conn, message_id)
        if found is None or found.row.state not in EDITABLE:
            raise UsageError(_CHANGED)
        values = _edited(change, found, fields)
        stored.edit(change, message_id, values)
        if values["state"] == "draft" and found.row.state == "returned":
            stored.close_tasks(change, [message_id], "done", actor)
    return change.id if change.kept else None


def refill(store: Store, ids: Sequence[int] | None, *, actor: int | None, as_of: date) -> Moved:
    """Fill messages that came back once more, from what is known now; all of them without `ids`.

    Texts that a person wrote into them are replaced. Those that lack nothing any more wait for approval, and the to-dos
    that asked to complete them are done; what the others lack is told. UsageError for a number of no message.
    """
    rows = _rows(store, ids, ("returned",), actor)
    fit, refused = _parted(rows, ("returned",), {})
    whole, left = list[MessageRow](), list(refused)
    with store.change(f"filled {_called(fit)} again", actor=actor, as_of=as_of) as change:
        round_ = automation.round_of(store, change)
        for row in fit:
            why = telling.refill(round_, row.id)
            if why == "":
                whole.append(row)
            else:
                left.append(Refused(row.id, row.subject, why or "it is of no workflow; edit it by hand"))
        stored.close_tasks(change, [row.id for row in whole], "done", actor)
    return _moved(change, whole, left)


def _edited(change: Change, found: Message, fields: Mapping[str, str]) -> dict[str, Any]:
    """The columns of a message after an edit, its state among them."""
    row, values = found.row, dict[str, Any]()
    if "subject" in fields:
        values["subject"] = one_line(fields["subject"])
    if "body" in fields:
        values["body"] = fields["body"]
    contact, person, recipient = row.contact_id, row.person_id, row.recipient
    if "recipient" in fields and fields["recipient"].strip() != (recipient or "").strip():
        recipient = fields["recipient"].strip() or None
        if row.channel == "mail":  # of a letter it is the postal address, and the person stays
            contact, person = stored.whose(change.conn, recipient, row.partner_id) if recipient else (None, None)
        values |= {"recipient": recipient, "contact_id": contact, "person_id": person}
    named = contact is not None or person is not None
    lacks = lacking(
        row.channel, recipient, named, values.get("subject", row.subject), values.get("body", found.body)
    )  # fmt: skip
    return values | {"state": "returned" if lacks else "draft"}


def approve(store: Store, ids: Sequence[int] | None, *, actor: int | None, as_of: date) -> Moved:
    """Approve messages; all that wait for it without `ids`. What was not approved, and why, is told.

    Raises UsageError for nobody in particular, for another day than today, and for a number of no message.
    """
    someone(store, actor, "approve")
    in_the_present(store, as_of, "approve")
    rows = _rows(store, ids, ("draft",), actor)
    fit, refused = _parted(rows, ("draft",), _barred(store, rows, as_of))
    with store.change(f"approved {_called(fit)}", actor=actor, as_of=as_of) as change:
        _move(change, fit, ("draft",), "approved")
    return _moved(change, fit, refused)


def _moved(change: Change, fit: Sequence[MessageRow], refused: Sequence[Refused]) -> Moved:
    return Moved(change.id if change.kept else None, tuple(row.id for row in fit), tuple(refused))


def cancel(store: Store, ids: Sequence[int], reason: str, *, actor: int | None, as_of: date) -> Moved:
    """Cancel messages that were not given out; the change says why. UsageError without a reason or a person."""
    someone(store, actor, "cancel a message")
    if not reason.strip():
        raise UsageError("reason: say why it is cancelled.")
    fit, refused = _parted(_rows(store, ids, CANCELLABLE, actor), CANCELLABLE, {})
    why = f"cancelled {_called(fit)}: {one_line(reason)}"
    with store.change(why, actor=actor, as_of=as_of) as change:
        _move(change, fit, CANCELLABLE, "cancelled")
        stored.close_tasks(change, [row.id for row in fit], "cancelled", actor, one_line(reason))
    return _moved(change, fit, refused)


def confirm(store: Store, ids: Sequence[int] | None, *, actor: int | None, as_of: date) -> Moved:
    """Say that messages were sent; all that were given out without `ids`. UsageError without a person."""
    someone(store, actor, "say that messages were sent")
    fit, refused = _parted(_rows(store, ids, ("handed over",), actor), ("handed over",), {})
    with store.change(f"sent: {_called(fit)}", actor=actor, as_of=as_of) as change:
        _move(change, fit, ("handed over",), "confirmed")
    return _moved(change, fit, refused)


# ---- writing out ----


def export(
    store: Store, folder: Path, ids: Sequence[int] | None = None, *, again: bool = False, actor: int | None, as_of: date
) -> HandedOver:
    """Write approved messages (all, or those of `ids`) into a folder: mails as .eml drafts, letters as .docx,
    and a workbook that lists them. From then on they count as given out, which cannot be taken back.

    `again`: messages named that were given out before are written once more. No file is overwritten. All are written
    and given out, or none. Raises UsageError as `approve` does, InputError for a folder that cannot be written.
    """
    from importers.outbox import Tray

    person = someone(store, actor, "give messages out")
    in_the_present(store, as_of, "give messages out")
    sources = ("approved", "handed over") if again and ids is not None else ("approved",)
    rows = _rows(store, ids, ("approved",), actor)
    fit, refused = _parted(rows, sources, _barred(store, rows, as_of))
    if not fit:
        return HandedOver(None, (), tuple(refused), str(folder))
    made, mine = None, ""
    tray = Tray(folder, stored.file_token(store.conn))
    try:
        with store.change(f"given out: {_called(fit)}", actor=actor, as_of=as_of) as made:
            number = made.id
            _move(made, fit, sources, "handed over")
            tray.begin(lambda change, mark: change != number and stored.mark(store.conn, change) == mark)
            files, workbook, notes = _write(store, tray, made, fit, person)
            mine = stored.mark(store.conn, number)
            tray.move(number, mine)
    except BaseException:
        if made is None or not mine or stored.mark(store.conn, made.id) != mine:  # an interruption may come too late
            tray.take_back()
        raise
    tray.end()
    done = tuple(row.id for row in fit)
    return HandedOver(
        made.id if made.kept else None, done, tuple(refused), str(folder), files, workbook, notes
    )  # fmt: skip


def _write(
    store: Store, tray: Any, change: Change, rows: Sequence[MessageRow], person: Person
) -> tuple[tuple[tuple[int, str], ...], str, tuple[str, ...]]:
    """Write the files; (message, name) of each, the name of the workbook, and what has to be told."""
    from importers import export as sheets
    from importers import mail

    token, texts = stored.file_token(change.conn), stored.bodies(change.conn, [row.id for row in rows])
    sender = (person.email or "").strip()
    notes = (
        [] if is_address(sender) else [f"{person.name} has no e-mail address here: your mail program says who sends"]
    )
    at = datetime.fromtimestamp(change.at, ZoneInfo(store.zone))
    files = []
    for row in rows:
        name = tray.name(file_stem(row.code, row.subject, row.id), ".eml" if row.channel == "mail" else ".docx")
        what = mail.Mail(
            f"{token}.{row.id}", row.to_name or "", row.name, row.recipient or "", person.name,
            sender if is_address(sender) else "", row.subject, texts[row.id], at,
        )  # fmt: skip
        own = letters.document(change.conn, row.id)
        tray.write(name, mail.eml(what) if row.channel == "mail" else own or mail.letter(what))
        files.append((row.id, name))
    workbook = tray.name(WORKBOOK, ".xlsx")
    lines = [
        (row.id, row.code, row.name, row.whom, row.subject, texts[row.id], row.case or "", name)
        for row, (_, name) in zip(rows, files, strict=True)
    ]
    written = sheets.write(tray.path(workbook), [OutSheet("Messages", "skip", _COLUMNS, lines)])
    return tuple(files), workbook, (*notes, *written.notes)
