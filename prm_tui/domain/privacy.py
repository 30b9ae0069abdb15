"""Personal data of contacts: what it is, how it is found in any text, and what is left of it when it is erased."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from prm_tui.domain.text import folded, name_key

GONE = "[erased]"
PERSONAL = ("name", "email", "phone", "language", "custom")
"""The fields of a contact that are about the person; the others are about the partner."""
_LEAST_DIGITS = 6
_BETWEEN = r"[\s().+/-]*"
"""What may stand between the digits of a telephone number."""
_BRACKET = r"(?:\((?=\d{1,6}\)))?"
"""The bracket that begins an area code, not one that the whole number stands in."""
_MARKS = (
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e3a"
    r"\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]*"
)
"""Marks that belong to the letter before them, and are no letters for regular expressions: the accent of René in two signs."""
_ZIP_LIMIT = 50_000_000


@dataclass(frozen=True)
class Hold:
    """A legal hold: why, by whom, since when."""

    reason: str
    by: str
    since: date | None

    @property
    def text(self) -> str:
        """under legal hold since 2026-03-31 (Lee): litigation."""
        since = f" since {self.since}" if self.since else ""
        return (
            f"under legal hold{since}"
            + (f" ({self.by})" if self.by else "")
            + (f": {self.reason}" if self.reason else "")
        )


@dataclass(frozen=True)
class Due:
    """A contact whose time has come: its partner's deactivation was closed so many days ago. `hold`: why it stays."""

    contact_id: int
    contact: str
    code: str
    name: str
    closed_on: date
    due_on: date
    hold: str = ""


@dataclass(frozen=True)
class Term:
    """One thing by which a person is known. `scope`: where in the file it can mean nobody else.

    `file`: everywhere; `partner`: in what belongs to the partner; `own`: only in what is the contact's own.
    """

    text: str
    kind: str
    scope: str = "file"


@dataclass(frozen=True)
class Subject:
    """A contact as it is looked for. `stays`: what stands in the place of its name."""

    contact_id: int
    name: str
    terms: tuple[Term, ...]
    stays: str = GONE


@dataclass
class Erasure:
    """What erasing did or would do: rows by table, and what was kept and why.

    `links`: earlier changes whose log was scrubbed, by number; `documents`: evidence whose body no longer has the hash it
    came with, by number. `backups`: copies beside the file that still hold the
    data. `whole` is False while another program keeps old pages of the file in use.
    """

    partner: str
    contacts: int
    pseudonymised: bool
    counts: dict[str, int] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    links: list[int] = field(default_factory=list)
    documents: list[int] = field(default_factory=list)
    backups: list[str] = field(default_factory=list)
    change: int | None = None
    whole: bool = True


def terms_of(name: str, email: str | None, phone: str | None, more: Iterable[object] = ()) -> list[Term]:
    """What a person is known by: name, e-mail addresses, telephone numbers; `more` are values of other fields."""
    found = [Term(name, "name")] if name.strip() else []
    for value in (email, phone, *more):
        text = str(value or "").strip()
        if "@" in text:
            found.append(Term(text, "email"))
        elif sum(c.isdigit() for c in text) >= _LEAST_DIGITS and re.fullmatch(r"[\d\s().+/-]+", text):
            found.append(Term(text, "phone"))
        elif text and value is phone:
            found.append(Term(text, "phone", "own"))  # too short to be told from any other number
    return list({(t.kind, folded(t.text)): t for t in found}.values())


def variants(term: Term) -> list[str]:
    """The ways a term may be written, but for capitals and the space in it."""
    if term.kind == "phone":
        return [term.text]
    said = [term.text, folded(term.text)]
    if term.kind == "name":
        said.append(name_key(term.text))
        words = term.text.split()
        if len(words) > 1:  # Novak, Kim
            said += [f"{words[-1]} {' '.join(words[:-1])}"]
    made = [unicodedata.normalize(form, text) for text in said for form in ("NFC", "NFD")]
    return list(dict.fromkeys([*said, *made]))


def _pattern(term: Term, text: str) -> str:
    if term.kind == "phone" and term.scope != "own":
        ways = "|".join(_BETWEEN.join(digits) for digits in _national(text))
        return rf"(?<!\d)(?:(?:\+|00)\d{{1,3}}{_BETWEEN})?(?:{_BRACKET}0\)?{_BETWEEN})?{_BRACKET}(?:{ways})(?!\d)"
    if term.kind == "name":
        return r"(?<!\w)" + r"[\W_]+".join(re.escape(word) for word in re.findall(r"\w+", text)) + _MARKS + r"(?!\w)"
    return r"(?<![\w.+-])" + re.escape(text) + r"(?![\w-]|\.\w)"


def _national(phone: str) -> list[str]:
    """The digits of a telephone number, without zeros before them; of one with a country code, whose length nobody can
    tell, also without one to three of its first.
    """
    digits = "".join(c for c in phone if c.isdigit())
    whole = digits.lstrip("0") or digits
    cut = [whole[n:] for n in (1, 2, 3)] if phone.strip().startswith(("+", "00")) else []
    return list(dict.fromkeys([whole, *(d.lstrip("0") for d in cut if len(d.lstrip("0")) > _LEAST_DIGITS)]))


class Scrubber:
    """Finds and takes away what some people are known by, in text, in JSON, in bytes."""

    def __init__(self, subjects: Sequence[Subject], *scopes: str) -> None:
        self._parts: list[tuple[re.Pattern[str], str]] = []
        self.needles: list[str] = []
        for kind in ("email", "phone", "name"):  # an address may hold a name
            for subject in subjects:
                for term in subject.terms:
                    if term.kind == kind and term.scope in scopes:
                        self._add(term, subject)

    def _add(self, term: Term, subject: Subject) -> None:
        ways = [way for way in variants(term) if re.search(r"\w", way)]
        found = "|".join(_pattern(term, way) for way in sorted(ways, key=len, reverse=True))
        if found:
            stays = subject.stays if term.kind == "name" else GONE
            self._parts.append((re.compile(found, re.IGNORECASE), stays))
            self.needles += [_needle(term, way) for way in ways]

    def __bool__(self) -> bool:
        return bool(self._parts)

    def text(self, said: str) -> str:
        """The text without them."""
        for pattern, stays in self._parts:
            said = pattern.sub(stays, said)
        return said

    def value(self, said: Any) -> Any:
        """A cell without them: text, a number that is a telephone number, or JSON, whose shape stays."""
        if isinstance(said, bool) or said is None:
            return said
        if isinstance(said, int | float):
            return GONE if self.text(str(said)) != str(said) else said
        if not isinstance(said, str):
            return said
        if said and said[0] in "{[":
            try:
                whole = json.loads(said)
            except ValueError:
                return self.text(said)
            clean = self._walk(whole)
            return said if clean == whole else json.dumps(clean, ensure_ascii=False, separators=(",", ":"))
        return self.text(said)

    def _walk(self, node: Any) -> Any:
        if isinstance(node, dict):
            return {self.text(key): self._walk(value) for key, value in node.items()}
        if isinstance(node, list):
            return [self._walk(value) for value in node]
        return self.value(node)

    def body(self, body: bytes) -> bytes | None:
        """A document without them. Text is scrubbed; None for another one that names them, which cannot stay."""
        try:
            said = body.decode("utf-8")
        except UnicodeDecodeError:
            return None if any(self.text(text) != text for text in _texts(body)) else body
        clean = self.text(said)
        if clean and clean[0] in "{[":
            try:
                whole = json.loads(clean)
            except ValueError:
                return clean.encode()
            again = self._walk(whole)  # what escapes hide
            clean = clean if again == whole else json.dumps(again, ensure_ascii=False, sort_keys=True, indent=1)
        return clean.encode()


def _needle(term: Term, way: str) -> str:
    """A pattern of SQL's LIKE that every text with this way of a term meets; `%` where there is no such pattern."""
    if term.kind == "phone":
        shortest = sorted(_national(way), key=len)[0]
        return "%" + "%".join(shortest) + "%"
    runs = re.findall(r"[A-Za-z0-9]{2,}", way)  # in JSON other letters may be written as escapes
    return "%" + "%".join(runs) + "%" if runs else "%"


def _texts(body: bytes) -> Iterator[str]:
    """What can be read in bytes that are no text: the parts of an archive, or the bytes as old encodings have them."""
    if body[:2] == b"PK":
        import io
        import zipfile

        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                for member in archive.infolist():
                    if member.file_size <= _ZIP_LIMIT:
                        yield _without_tags(archive.read(member).decode("utf-8", "replace"))
            return
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
            pass
    for encoding in ("latin-1", "utf-16-le", "utf-16-be"):
        yield body.decode(encoding, "replace")


def _without_tags(text: str) -> str:
    return re.sub(r"<[^>]+>", "", text)


def opaque(body: bytes) -> bool:
    """Whether nobody can say what a document names: a PDF, a picture; not text, nor an archive that can be looked into."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return body[:2] != b"PK"
    return body[:5] == b"%PDF-"
