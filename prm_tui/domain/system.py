"""Other systems and departments: what they are told when a partner leaves, and what their own sheets say of it later."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.partner import FIELDS
from prm_tui.domain.text import nearest, trimmed

SYSTEM, DEPARTMENT = "system", "department"
OF_CASE = ("notice_on", "effective_on", "reason")
"""What a column may hold beside the fields of the partner: facts of the case."""
OF_CONTACT = ("contact.name", "contact.role", "contact.email", "contact.phone")
"""What a column of a mail list may hold: with one of these the sheet has a row for each contact."""
INACTIVE = frozenset({
    "inactive", "blocked", "closed", "terminated", "deactivated", "disabled", "ended", "expired", "deleted", "removed",
    "cancelled", "canceled", "archived", "unsubscribed", "suspended", "left", "former", "gone", "no", "n", "false", "0",
    "inaktiv", "gesperrt",
})  # fmt: skip
"""Words by which a status cell says that a partner is no longer active, beside the word the system was told to write."""
ACTIVE = frozenset({"active", "open", "live", "enabled", "current", "valid", "yes", "y", "true", "1", "aktiv"})
FLAGS = frozenset({"x", "yes", "y", "true", "1"})
"""Where one of these says that a partner has left (a column “Blocked”), every other word says that it has not."""
COMPLETE = 0.9
"""A sheet that still lists so much of what its feed listed before counts as complete where nobody has said so."""


@dataclass(frozen=True)
class Column:
    """A column of a system's sheet. `source`: a field, `custom.KEY`, `key:SYSTEM`, a fact of the case, `contact.email` and
    the like, or a fixed text (`status:Blocked` where it says that the partner has left, else `text:…`).
    """

    header: str
    source: str

    @property
    def fixed(self) -> str | None:
        """The text that stands in every row, if one does."""
        kind, colon, said = self.source.partition(":")
        return said if colon and kind in ("status", "text") else None


@dataclass(frozen=True)
class System:
    """A system or a department that keeps partners of its own. `owner` is one of us by name, else `role` is asked.

    `due_days` counts from the effective date. `sheet` names the files or sheets that come from it (vendors*.xlsx);
    where it is empty, they are known by its headers.
    """

    name: str
    kind: str = SYSTEM
    owner: str | None = None
    role: str | None = None
    columns: tuple[Column, ...] = ()
    due_days: int = 0
    sheet: str = ""
    owner_id: int | None = None

    @property
    def status(self) -> Column | None:
        """The column that says whether a partner is active."""
        return next((c for c in self.columns if c.source.startswith("status:")), None)

    @property
    def until(self) -> Column | None:
        """The column that says up to when a partner is one."""
        return next((c for c in self.columns if c.source == "effective_on"), None)

    @property
    def whose(self) -> str:
        """Who keeps it up to date."""
        return self.owner or self.role or "anyone"

    def reads(self, file: str, sheet: str, headers: Iterable[str]) -> bool:
        """Whether a sheet that comes in is one of this system's own."""
        if self.kind != SYSTEM:
            return False
        if self.sheet:
            wanted = self.sheet.casefold()
            return any(fnmatchcase(name.casefold(), wanted) for name in (file, sheet, f"{file} {sheet}"))
        there = {trimmed(header).casefold() for header in headers}
        keys = [c for c in self.columns if c.source in ("code", "contact.email") or c.source.startswith("key:")]
        named = [*keys, *([self.status] if self.status else [])]
        return bool(keys) and all(trimmed(c.header).casefold() in there for c in named)

    def active(self, status: object, until: object, on: date) -> bool:
        """Whether a row of its sheet shows a partner as active still on a day: it is there, and no cell says otherwise."""
        said = trimmed(str(status)).casefold() if status is not None else ""
        own = self.status.fixed if self.status else None
        told = trimmed(own).casefold() if own else ""
        if said and (said in FLAGS if told in FLAGS else said in INACTIVE or said == told):
            return False
        try:
            return date.fromisoformat(str(until)[:10]) > on
        except ValueError:
            return True


@dataclass(frozen=True)
class Seen:
    """What a system's own sheet said of a partner, and when it was taken; without `row` it no longer listed it."""

    file: str
    sheet: str
    row: int | None
    says: str
    active: bool
    on: date

    @property
    def where(self) -> str:
        """The cell, in words."""
        return f"{self.file}, sheet {self.sheet}" + (f", row {self.row:,}" if self.row else "")

    def as_data(self) -> dict[str, Any]:
        """As it is kept."""
        return {**vars(self), "on": self.on.isoformat()}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Seen:
        """From how it is kept."""
        return cls(**{**data, "on": date.fromisoformat(data["on"])})


@dataclass(frozen=True)
class Line:
    """One system that has to be told of one partner. `confirmed_by`: who said that it is done, where its sheets cannot.

    `over`: the case came to nothing after the system had been told; `taken_back`: it has been told that, too.
    """

    system: System
    case_id: int
    partner_id: int
    code: str
    name: str
    effective_on: date
    due_on: date
    line_id: int | None = None
    sent_on: date | None = None
    sent_for: date | None = None
    confirmed_on: date | None = None
    confirmed_by: str = ""
    seen: Seen | None = None
    over: bool = False
    taken_back: bool = False

    def state(self, as_of: date) -> str:
        """to send, sent, confirmed, contradicted, or to take back.

        The newest word counts: a sheet of the system's own taken after the effective date, and after the system was
        told last, contradicts; one that shows the partner as gone confirms.
        """
        seen = self.seen
        if self.over:
            return "confirmed" if self.taken_back else "to take back"
        if seen is not None and not seen.active:
            return "confirmed"
        since = max(day for day in (self.effective_on, self.sent_on, self.confirmed_on) if day is not None)
        if seen is not None and since < seen.on <= as_of:
            return "contradicted"
        if self.confirmed_on is not None:
            return "confirmed"
        return "sent" if self.sent_on is not None and self.sent_for == self.effective_on else "to send"

    def overdue(self, as_of: date) -> bool:
        """Whether it should be confirmed by now."""
        return self.state(as_of) != "confirmed" and self.due_on < as_of

    def said(self, as_of: date) -> str:
        """How that is known, in words."""
        seen, state = self.seen, self.state(as_of)
        if state == "to take back":
            return f"{self.system.name} was told on {self.sent_on}, but the partner stays: tell it, then confirm"
        if state == "contradicted" and seen is not None:
            return self.contradiction(seen)
        if seen is not None and not seen.active:
            word = f"shows it as “{seen.says}”" if seen.row else "no longer lists it"
            return f"{self.system.name} {word}: {seen.where}"
        if self.confirmed_on is not None:
            return f"confirmed by {self.confirmed_by} on {self.confirmed_on}"
        if self.sent_on is not None and state == "to send":
            return f"sent on {self.sent_on} with another effective date"
        if self.sent_on is not None:
            return f"sent on {self.sent_on}" + ("; no sheet of it since" if as_of >= self.effective_on else "")
        return ""

    def contradiction(self, seen: Seen) -> str:
        """finance still shows 00123 Acme active: vendors.xlsx, sheet Vendors, row 17."""
        word = "active" if seen.says.casefold() in ACTIVE or not seen.says else f"as “{seen.says}”"
        shows = f"shows {self.code} {self.name} {word}" if self.system.status else f"lists {self.code} {self.name}"
        return f"{self.system.name} still {shows}: {seen.where}"


def read_columns(said: str) -> tuple[Column, ...]:
    """Columns as they are written: Vendor No=key:sap, Vendor=name, Status=status:Blocked, Valid to=effective_on.

    UsageError for one without a source, an unknown source, or a header that stands twice.
    """
    found: list[Column] = []
    for part in re.split(r",(?=[^,=]+=)", said):
        header, equals, source = (trimmed(text) for text in part.partition("="))
        if not header and not source:
            continue
        if not header or not equals or not source:
            raise UsageError(f"columns: “{part.strip()}”: write HEADER=WHAT, for example “Vendor No=key:sap”")
        if any(column.header.casefold() == header.casefold() for column in found):
            raise UsageError(f"columns: “{header}” stands there twice.")
        found.append(Column(header, _source(source)))
    if not found:
        raise UsageError("columns: say what its sheet has: “Vendor No=key:sap, Vendor=name, Status=status:Blocked”")
    return tuple(found)


def _source(said: str) -> str:
    kind, colon, name = said.partition(":")
    if colon and kind in ("status", "text") and name.strip():
        return f"{kind}:{name.strip()}"
    known = (*FIELDS, *OF_CASE, *OF_CONTACT)
    if said in known or (kind == "key" and name.isidentifier()) or re.fullmatch(r"custom\.\w+", said):
        return said
    like = nearest(said, known)
    raise UsageError(
        f"columns: “{said}” is nothing a column can hold. "
        + (f"Did you mean “{like}”? " if like else "")
        + f"Write {', '.join(known)}, custom.KEY, key:SYSTEM, status:WORD or text:WORDS"
    )


def named(systems: Sequence[System], said: str) -> System:
    """The system of a name. UsageError with the nearest when there is none."""
    found = next((s for s in systems if s.name.casefold() == trimmed(said).casefold()), None)
    if found is None:
        like = nearest(said, [s.name for s in systems])
        hint = f"Did you mean “{like}”?" if like else "See: prm systems list"
        raise UsageError(f"There is no system or department “{said}”. {hint}")
    return found
