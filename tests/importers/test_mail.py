"""Mails as files: whatever stands in names, subjects and texts, the file is one mail with one recipient."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from hypothesis import example, given, settings
from hypothesis import strategies as st

from importers import docx
from importers.mail import Mail, eml, letter, normal
from prm_tui.domain.message import is_address
from prm_tui.domain.template import one_line

AT = datetime(2026, 3, 31, 9, tzinfo=UTC)
text = st.text(max_size=300)
hostile = st.lists(
    st.sampled_from(["\r\n", "\n", "\r", "\r\n.\r\n", "Bcc: x@y.example", "=?utf-8?q?x?=", '"', ",", "<", ">", "\\", "\0", "\x85",
                     "\u2028", "Ü", "👩‍👩‍👧", "株", " ", "\t", ":", "a" * 90, "From ", "=20", "\x1b[31m", "\u202e"]),
    max_size=12,
).map("".join)  # fmt: skip
anything = st.one_of(text, hostile)


def mail(name: str = "Ann", subject: str = "Hello", body: str = "Text", sender: str = "dana@vendor.example") -> Mail:
    return Mail("0123456789abcdef.7", name, "Partner A", "ann@a.example", name, sender, subject, body, AT)


def parsed(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


@settings(max_examples=400, deadline=None)
@given(name=anything, subject=anything, body=anything, with_sender=st.booleans())
@example(
    name="Doe, John <boss@x.example>, " * 9,
    subject="x\r\nTo: all@example.org\r\n\r\nbody",
    body="a\r\n.\r\nb",
    with_sender=True,
)
@example(name="=?utf-8?q?a?=", subject="é" * 200, body="x" * 5000 + "\n \n", with_sender=False)
def test_law_any_text_gives_one_mail_with_one_recipient_and_the_same_text(
    name: str, subject: str, body: str, with_sender: bool
) -> None:
    raw = eml(mail(name, subject, body, "dana@vendor.example" if with_sender else ""))
    found = parsed(raw)
    assert not found.defects
    keys = [key.lower() for key in found]
    assert sorted(keys) == sorted(
        ["date", "to", "subject", "message-id", "x-unsent", "content-type", "content-transfer-encoding", "mime-version",
         *(["from"] if with_sender else [])]
    )  # fmt: skip
    (to,) = found["To"].addresses
    assert to.addr_spec == "ann@a.example"  # the parser leaves the space of a fold between two words of a name
    assert "".join(to.display_name.split()) == "".join(one_line(name[:200]).split())
    assert found["Subject"] == one_line(subject)
    assert found["Message-ID"] == "<0123456789abcdef.7@prm.invalid>"
    assert found.get_content().replace("\r\n", "\n") == normal(body)
    head, _, rest = raw.partition(b"\r\n\r\n")
    assert head.isascii() and all(len(line) <= 320 for line in head.split(b"\r\n"))
    assert all(len(line) <= 78 for line in rest.split(b"\r\n")) and not re.search(rb"(?<!\r)\n", raw)


@settings(max_examples=200, deadline=None)
@given(address=st.one_of(text, hostile, st.from_regex(r"[a-z.\"]{1,9}@[a-zü.-]{1,9}", fullmatch=True)))
def test_law_what_counts_as_an_address_stands_in_a_header_as_one(address: str) -> None:
    if is_address(address):
        found = parsed(eml(Mail("r.1", "", "", address, "", "", "s", "b", AT)))
        (to,) = found["To"].addresses
        assert to.username == address.rpartition("@")[0] and not found.defects


@settings(max_examples=100, deadline=None)
@given(name=anything, subject=anything, body=anything)
def test_law_a_letter_ends_with_its_text(name: str, subject: str, body: str) -> None:
    said = docx.read(letter(mail(name, subject, body)))
    assert said.endswith("\n\n" + docx.possible(normal(body)).removesuffix("\n"))
    assert "Our reference: 0123456789abcdef.7\n\n" in said
