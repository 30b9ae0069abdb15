"""A message on its way out of the house: made by automation, approved by a person, written as a file, sent by a mail program.

draft → approved → handed over → confirmed. One that lacks something is returned until somebody completes it; one
that is not to be sent is cancelled, which is possible until it is handed over.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from prm_tui.domain.template import one_line

STATES = {
    "returned": "came back, something is missing",
    "draft": "waits for approval",
    "approved": "approved, to be written out",
    "handed over": "given to your mail program",
    "confirmed": "sent",
    "cancelled": "cancelled",
}
"""Where a message stands, in the order in which somebody has to look at it, and how that is said."""
OPEN = ("returned", "draft", "approved", "handed over")
"""The states in which something is left to do."""
EDITABLE = ("returned", "draft")
CANCELLABLE = ("returned", "draft", "approved")
CHANNELS = ("mail", "letter")
MOST_BODY = 200_000
"""The most characters of a text that was edited."""

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_FIELD = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_NEVER_IN_NAMES = '<>:"/\\|?*.'


@dataclass(frozen=True)
class MessageRow:
    """One line of the outbox. `to_name` is the person it goes to, where that is one we know; `lacks` says of a
    returned message what has to be completed.
    """

    id: int
    state: str
    channel: str
    partner_id: int | None
    code: str
    name: str
    case_id: int | None
    case: str | None
    template: str | None
    contact_id: int | None
    person_id: int | None
    to_name: str | None
    recipient: str | None
    subject: str
    handed_over_at: datetime | None
    confirmed_at: datetime | None
    lacks: tuple[str, ...] = ()

    @property
    def whom(self) -> str:
        """To whom it goes, in one line."""
        if self.to_name and self.recipient:
            return f"{self.to_name} <{self.recipient}>"
        return self.to_name or self.recipient or "nobody"


@dataclass(frozen=True)
class Act:
    """Something that was done to a message. `at` is the real time."""

    at: datetime
    actor: str
    why: str


@dataclass(frozen=True)
class Message:
    """A message whole, with what was done to it, the first act first."""

    row: MessageRow
    body: str
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A message that an act left as it was, and why."""

    id: int
    subject: str
    why: str

    def __str__(self) -> str:
        return f"{self.id} “{one_line(self.subject)[:60]}”: {self.why}"


@dataclass(frozen=True)
class Moved:
    """What an act on several messages did: `done` are those that moved on, in `change` (None when none did)."""

    change: int | None
    done: tuple[int, ...]
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True)
class HandedOver(Moved):
    """Messages written as files: (message, file name) pairs in `folder`, and the workbook that lists them."""

    folder: str = ""
    files: tuple[tuple[int, str], ...] = ()
    workbook: str = ""
    notes: tuple[str, ...] = field(default=())


def lacking(channel: str, recipient: str | None, named: bool, subject: str, body: str) -> tuple[str, ...]:
    """What keeps a message from being approved, in words; () when it is complete.

    `named`: it goes to a contact or a person of ours, which is enough for a letter.
    """
    return tuple(_lacking(channel, (recipient or "").strip(), named, subject, body))


def _lacking(channel: str, recipient: str, named: bool, subject: str, body: str) -> Iterator[str]:
    if not recipient and (channel == "mail" or not named):
        yield "there is no recipient"
    elif channel == "mail" and not is_address(recipient):
        yield f"“{one_line(recipient)[:80]}” is not an e-mail address"
    if not one_line(subject):
        yield "the subject is empty"
    if not body.strip():
        yield "the text is empty"
    fields = dict.fromkeys(one_line(name)[:60] for text in (subject, body) for name in _FIELD.findall(text))
    if fields:
        yield f"not filled in: {', '.join(fields)}"
    elif any(sign in text for text in (subject, body) for sign in ("{{", "}}")):
        yield "a brace of a field, {{ or }}, is left in the text"


def is_address(text: str) -> bool:
    """Whether a text is one e-mail address and nothing more, such that every mail program takes it."""
    local, at, domain = text.rpartition("@")
    return bool(
        at and len(text) <= 254 and _LOCAL.fullmatch(local) and len(local) <= 64 and _DOMAIN.fullmatch(ascii_domain(domain))
    )  # fmt: skip


def ascii_domain(domain: str) -> str:
    """A domain as it is written in mail: müller.example becomes xn--mller-kva.example. "" for what cannot be one."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def file_stem(code: str, subject: str, message_id: int) -> str:
    """The name of a message's file without its ending, the same each time: code, subject, number.

    It is short, begins with no dot, dash or space and holds nothing that Windows, macOS or Linux refuse in names.
    """
    words = [part for part in (_name_part(code, 24), _name_part(subject, 50)) if part]
    return f"{' '.join(words) or 'message'} {message_id}"


def _name_part(text: str, longest: int) -> str:
    allowed = "".join(
        "-" if c in _NEVER_IN_NAMES else c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text[:400])
    )
    short = " ".join(allowed.split()).strip(" -_~")[:longest]
    return short.encode()[: longest * 2].decode("utf-8", "ignore").strip(" -_~")  # bytes: a name holds 255 of them
