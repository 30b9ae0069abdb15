"""A message as a file: a mail that mail programs open as a draft (RFC 5322), or a letter for a word processor.

The headers are written here and not by the standard library's `EmailMessage`, which in several of the Pythons we run
under takes quotes or separators apart when it folds a long name. Everything that came from a file or a person is one
line of printable ASCII, or an encoded word, before it stands in a header.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from importers import docx
from prm_tui.domain.message import ascii_domain
from prm_tui.domain.template import one_line

_EOL = "\r\n"
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")  # what may stand in a name without quotes
_PLAIN = 60
_FROM_NAMES = 200


@dataclass(frozen=True)
class Mail:
    """What goes into one file. `reference` names the message for ever; `address` and `sender` are e-mail addresses, of
    a letter any text; `at` is the real time.
    """

    reference: str
    to_name: str
    partner: str
    address: str
    sender_name: str
    sender: str
    subject: str
    body: str
    at: datetime


def eml(mail: Mail) -> bytes:
    """A mail as bytes. Without a sender the From header is left out: the mail program that opens it has one."""
    headers = [
        f"Date: {format_datetime(mail.at)}",
        *([f"From: {_person(mail.sender_name, mail.sender)}"] if mail.sender else []),
        f"To: {_person(mail.to_name, mail.address)}",
        f"Subject: {_words(mail.subject, 'Subject')}",
        f"Message-ID: <{mail.reference}@prm.invalid>",
        "X-Unsent: 1",  # opened as a draft
    ]
    part = EmailMessage(policy=SMTP)
    part.set_content(normal(mail.body), charset="utf-8", cte="quoted-printable")
    return _EOL.join(headers).encode("ascii") + b"\r\n" + part.as_bytes()


def normal(body: str) -> str:
    """A text with the line ends of a mail's lines, without empty lines at its ends."""
    return body.replace("\r\n", "\n").replace("\r", "\n").strip("\n") + "\n"


def _words(text: str, header: str, *, name: bool = False) -> str:
    """One line of text as a header may hold it: as it is, or in encoded words, folded."""
    flat = one_line(text)
    simple = flat.isascii() and flat.isprintable() and "=?" not in flat and len(flat) <= _PLAIN
    if simple and (not name or _ATOMS.fullmatch(flat)):
        return flat
    return Header(flat, "utf-8", header_name=header).encode(linesep=_EOL)


def _person(name: str, address: str) -> str:
    local, _, domain = address.strip().rpartition("@")
    written = f"{local}@{ascii_domain(domain)}"
    words = _words(name[:_FROM_NAMES], "From", name=True)
    if not words:
        return written
    return f"{words}{' ' if len(words) <= _PLAIN else _EOL + ' '}<{written}>"


def letter(mail: Mail) -> bytes:
    """A letter as a document for a word processor (.docx)."""
    head = [
        mail.sender_name, mail.sender, "", f"{mail.at.day} {mail.at:%B %Y}", "", mail.to_name,
        *([mail.partner] if mail.partner != mail.to_name else []), *mail.address.splitlines(), "",
        f"Our reference: {mail.reference}",
    ]  # fmt: skip
    lines: list[str] = []
    for line in map(one_line, head):
        if line or (lines and lines[-1]):
            lines.append(line)
    return docx.written(normal(mail.body).removesuffix("\n"), heading=mail.subject, above="\n".join(lines))
