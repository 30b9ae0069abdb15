"""Letters of a deactivation: filled from the case and the pack's texts, drafted in the outbox, approved and given out there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from prm_tui.domain.case import IN_CASES, Case
from prm_tui.domain.condition import ConditionError
from prm_tui.domain.condition import check as check_expression
from prm_tui.domain.condition.catalogue import CASE
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.letter import CUSTOMER, CUSTOMER_FIELDS, OWN, SUBJECT, TEXT, LetterKind, LetterRow, dates_said
from prm_tui.domain.message import MOST_BODY, HandedOver
from prm_tui.domain.pack import MessageTemplate
from prm_tui.domain.person import CONTACT_FIELDS
from prm_tui.domain.shape import build
from prm_tui.domain.template import fill, parse
from prm_tui.domain.text import nearest
from prm_tui.services import automation, cases, outbox, shipped
from prm_tui.services.agreeing import someone
from storage import Store
from storage import letters as stored
from storage import messages as outgoing
from storage import packs as kept
from storage.rounds import Round

LARGEST = 20_000_000
"""The most bytes of a letterhead."""
_CAN_BE_REPLACED = ("returned", "draft", "approved")


@cache
def kinds() -> dict[str, LetterKind]:
    """The kinds of letters there are, by name."""
    found = shipped.read("deactivation")["letter"]
    built = {
        name: build(LetterKind, {"template": f"letter-{name}", **body}, name=name)[0] for name, body in found.items()
    }
    return {name: kind for name, kind in built.items() if kind is not None}


def kind_named(said: str) -> LetterKind:
    """A kind of letter by its name. UsageError with the nearest, or all."""
    if said not in kinds():
        like = nearest(said, kinds())
        raise UsageError(
            f"kind: “{said}” is no letter. "
            + (f"Did you mean “{like}”?" if like else f"They are: {', '.join(kinds())}")
        )
    return kinds()[said]


def texts(store: Store, kind: LetterKind) -> MessageTemplate:
    """The text of a kind of letter: the file's own of that name, else the one that comes with the program."""
    with store.reading() as conn:
        own = kept.templates(conn).get(kind.template)
    if own is not None:
        return own
    return MessageTemplate(name=kind.template, **shipped.read("deactivation")["template"][kind.template])


def of(store: Store, case_id: int) -> list[LetterRow]:
    """The letters of a case: those written, and those it needs or may have that are not; in the order of the pack."""
    case = _deactivation(store, case_id)
    with store.reading() as conn:
        beside = stored.written(conn, case_id)
        messages = [
            m for m in outgoing.messages(conn, case_id=case_id) if m.channel == "letter" and m.state != "cancelled"
        ]
    found = []
    for kind in kinds().values():
        mine, needed = (
            sorted((m for m in messages if m.template == kind.template), key=lambda m: m.id),
            kind.needed(case),
        )
        latest = {beside[m.id].customer if m.id in beside else None: m for m in mine}
        for message in latest.values():
            row = LetterRow(kind, needed, message)
            if message.id in beside:
                row = replace(row, written=beside[message.id], stale=beside[message.id].stale(case.data))
            found.append(row)
        if not latest:
            found.append(LetterRow(kind, needed))
    return found


def missing(store: Store, case_id: int) -> list[LetterRow]:
    """The letters a case still needs: not written, not given out, or given out with dates that do not hold any more."""
    return [row for row in of(store, case_id) if row.missing]


def _deactivation(store: Store, case_id: int) -> Case:
    case = cases.get(store, case_id)
    if case.row.kind != "deactivation":
        raise UsageError(f"Case {case_id} is a {case.row.kind}; these letters are of deactivations.")
    return case


# ---- written ----


class _Letter:
    """One kind of letter about to be written: its text, its letterhead, what is said for it alone."""

    def __init__(
        self, kind: LetterKind, template: MessageTemplate, said: Mapping[str, str], letterhead: Path | None
    ) -> None:
        self.kind = kind
        self.subject, self.body = parse(template.subject), parse(template.body)
        self.head = _read(letterhead) if letterhead else None
        self.file = letterhead.name if letterhead else ""
        self.own = {f"{OWN}.{key}": text for key, text in {**kind.fields, **said}.items()}
        self.in_head: tuple[str, ...] = ()
        if self.head is not None:
            from importers import letterhead as office

            self.in_head = office.fields(self.head, self.file)

    @property
    def whole(self) -> bool:
        """Whether the document is the letter itself, not a letterhead around the text."""
        return self.head is not None and TEXT not in self.in_head

    @property
    def names(self) -> tuple[str, ...]:
        """Every field that has to say something."""
        mine = self.subject.names if self.whole else (*self.subject.names, *self.body.names)
        return tuple(dict.fromkeys(name for name in (*mine, *self.in_head) if name not in (TEXT, SUBJECT)))

    def made(self, values: Mapping[str, str]) -> tuple[str, str, tuple[bytes, str] | None]:
        """Subject, text, and the document with the name of its letterhead."""
        subject = str(fill(self.subject, values.get, line=True).text)
        body = "" if self.whole else str(fill(self.body, values.get).text)
        if self.head is None:
            return subject, body, None
        from importers import docx
        from importers import letterhead as office

        document = office.filled(self.head, self.file, {**values, SUBJECT: subject, TEXT: body})
        return subject, docx.read(document) if self.whole else body, (document, self.file)


def write(
    store: Store,
    case_id: int,
    kind: str,
    *,
    letterhead: Path | None = None,
    text: str | None = None,
    said: Mapping[str, str] | None = None,
    actor: int | None,
    as_of: date,
) -> list[int]:
    """Write a letter of a case into the outbox, where it waits for approval; the messages, none where nothing is new.

    `letterhead`: a .docx with {{ fields }}; where {{ letter.text }} stands in it, that is the text, else the document is the
    letter. `text`: another text than the pack's; `said`: what {{ letter.NAME }} is to say. One that was written before and not
    given out is cancelled when this one says something else, an approved one, too: it needs approval again. Raises
    UsageError naming every field that is empty or unknown, and a kind the case does not need; InputError for a document.
    """
    case, what = _deactivation(store, case_id), kind_named(kind)
    someone(store, actor, "write a letter")
    if not what.needed(case):
        raise UsageError(
            f"Case {case_id} of {case.row.name} needs no {what.title.lower()} now. See: prm letters {case_id}"
        )
    template = texts(store, what)
    letter = _Letter(what, replace(template, body=template.body if text is None else text), said or {}, letterhead)
    with store.change(f"letter written: {what.title}, {case.row.name}", actor=actor, as_of=as_of) as change:
        round_ = automation.round_of(store, change)
        _known(round_, letter)
        made = [_put(round_, case, letter, *one) for one in _readers(round_, case, letter)]
    return [number for number in made if number is not None]


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path}: larger than {LARGEST // 1_000_000} MB. Take the pictures out of it.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). Nothing was written.") from None


def _known(round_: Round, letter: _Letter) -> None:
    """Refuse fields that nothing can ever fill, all of them at once."""
    allowed = {"contact": [*CONTACT_FIELDS], "case": [*CASE.fields, *IN_CASES], CUSTOMER: [*CUSTOMER_FIELDS]}
    wrong = []
    for name in letter.names:
        start, _, rest = name.partition(".")
        if start == OWN:
            if name not in letter.own:
                wrong.append(f"{name} (say it: --field {rest}=TEXT)")
        elif start == CUSTOMER and letter.kind.each != CUSTOMER:
            wrong.append(f"{name} (this letter goes to the partner)")
        elif start in allowed and rest:
            if rest not in allowed[start]:
                like = nearest(rest, allowed[start])
                wrong.append(
                    f"{name} (a {start} has no field “{rest}”" + (f"; did you mean {start}.{like}?)" if like else ")")
                )
        elif name != "today":
            try:
                check_expression(name, round_.known, want="any")
            except ConditionError as error:
                wrong.append(
                    f"{name} ({error.problem}" + (f"; did you mean “{error.suggestion}”?)" if error.suggestion else ")")
                )
    _refuse(letter, wrong)


def _refuse(letter: _Letter, wrong: Sequence[str]) -> None:
    if wrong:
        where = f" with {letter.file}" if letter.file else ""
        raise UsageError(
            f"{letter.kind.title}{where}: it cannot be written, these fields say nothing: {'; '.join(wrong)}"
        )


Reader = tuple[dict[str, str], int | None, int | None, str | None]
"""To whom a letter goes: what its fields say; contact; the record and the name of a customer."""


def _readers(round_: Round, case: Case, letter: _Letter) -> list[Reader]:
    """To whom a letter goes. UsageError names every field that is empty."""
    asked = [name for name in letter.names if name.split(".")[0] not in (OWN, CUSTOMER)]
    told, to = stored.values(round_, case.row.id, asked)
    told = {**told, **letter.own}
    if letter.kind.each != CUSTOMER:
        return [(_whole(letter, case, told), to.contact, None, None)]
    found: list[Reader] = []
    for record, name, ref, contact in stored.customers(round_.conn, case.row.partner_id):
        theirs = {f"{CUSTOMER}.name": name, f"{CUSTOMER}.ref": ref}
        found.append((_whole(letter, case, {**told, **theirs}), contact, record, name))
    if not found:
        raise UsageError(
            f"No customer of {case.row.name} is known. Bring them first: prm import FILE --as SHEET=record:customer"
        )
    return found


def _whole(letter: _Letter, case: Case, told: Mapping[str, str | None]) -> dict[str, str]:
    """What the fields of a letter say; UsageError when one says nothing."""
    empty = [name for name in letter.names if not (told.get(name) or "").strip()]
    hints = {
        "contact.": f"{case.row.name} has no main contact who may be written to",
        "case.": "the case does not say it yet",
    }
    said = [f"{name} ({next((h for k, h in hints.items() if name.startswith(k)), 'empty')})" for name in empty]
    _refuse(letter, said)
    return {name: str(told[name]) for name in letter.names}


def _put(
    round_: Round,
    case: Case,
    letter: _Letter,
    told: dict[str, str],
    contact: int | None,
    customer: int | None,
    name: str | None,
) -> int | None:
    """A letter into the outbox, instead of one that says something else; None where it is there as it is."""
    change, conn = round_.change, round_.conn
    subject, body, made = letter.made(told)
    if len(body) > MOST_BODY:
        raise UsageError(f"{letter.kind.title}: longer than {MOST_BODY:,} characters.")
    beside = stored.written(conn, case.row.id)
    for before in outgoing.messages(conn, case_id=case.row.id, states=_CAN_BE_REPLACED):
        kept_beside = beside.get(before.id)
        if before.template != letter.kind.template or (kept_beside.customer if kept_beside else None) != customer:
            continue
        words = before.subject, outgoing.bodies(conn, [before.id])[before.id]
        if words == (subject, body) and stored.document(conn, before.id) == (made[0] if made else None) and kept_beside:
            return None
        outgoing.move(change, [before.id], _CAN_BE_REPLACED, "cancelled")
    values: dict[str, Any] = {"partner_id": case.row.partner_id, "contact_id": contact, "template": letter.kind.template,
                              "subject": subject, "body": body, "recipient": name if contact is None else None}  # fmt: skip
    note = {"said": dates_said(case.data, letter.names), "customer": customer, "customer_name": name}
    return stored.write(change, case.row.id, values, note, made)


def give_out(
    store: Store, case_id: int, folder: Path, kind: str | None = None, *, actor: int | None, as_of: date
) -> HandedOver:
    """Write the approved letters of a case, or those of a kind, into a folder; they count as given out from then on.

    UsageError where none is approved, with what each waits for; else as `outbox.export`.
    """
    wanted = kind_named(kind) if kind else None
    rows = [row for row in of(store, case_id) if row.message and (wanted is None or row.kind == wanted)]
    ids = [row.message.id for row in rows if row.message and row.message.state == "approved"]
    if not ids:
        waiting = "; ".join(
            f"{row.kind.title}, message {row.message.id}: {row.standing}" for row in rows if row.message
        )
        raise UsageError(
            f"No letter of case {case_id} is approved. {waiting or 'None is written: prm letters CASE --kind KIND'}"
        )
    return outbox.export(store, folder, ids, actor=actor, as_of=as_of)
