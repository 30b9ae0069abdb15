"""Letters of a case: which there are, which a case needs, and where each stands. A letter itself is a message by post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from prm_tui.domain.case import Case
from prm_tui.domain.message import MessageRow
from prm_tui.domain.shape import KindName, Slug, Words, one_of

OWN = "letter"
"""Fields of a letter itself: {{ letter.text }} and {{ letter.subject }} in a letterhead, and what is said for one letter."""
TEXT, SUBJECT = f"{OWN}.text", f"{OWN}.subject"
CUSTOMER = "customer"
CUSTOMER_FIELDS = ("name", "ref")
DATES = ("notice_on", "effective_on", "served_on", "rule")
"""What of a case a letter must not say otherwise than the case does."""


@dataclass(frozen=True, kw_only=True)
class LetterKind:
    """A kind of letter. `paths` and `stages`: cases that need it; `each`: one to the partner, or one to every customer;
    `optional`: good to have, never missed; `fields`: what {{ letter.NAME }} says unless it is said for one letter.
    """

    name: str
    title: Words
    template: Slug
    paths: tuple[Slug, ...] = ()
    stages: tuple[Words, ...] = ()
    each: Annotated[str, one_of("partner", CUSTOMER)] = "partner"
    optional: bool = False
    fields: dict[KindName, Words] = field(default_factory=dict)

    def needed(self, case: Case) -> bool:
        """Whether a case has come to where it needs this letter, and is of a path that does."""
        if self.paths and case.path not in self.paths:
            return False
        return stage_of(case) in self.stages and not (self.each == CUSTOMER and _no_customers(case))


def stage_of(case: Case) -> str:
    """The stage of a case; of one that is closed the last before that."""
    closed = {"deactivated": "after", "withdrawn": "withdrawal"}
    return case.row.stage if case.row.open else closed.get(case.row.outcome or "", "closed")


def _no_customers(case: Case) -> bool:
    """Whether customers were looked for and none was found."""
    lines = [line for line in case.data.get("impact", ()) if line["key"] == CUSTOMER]
    return bool(lines) and all(line["state"] == "none found" for line in lines)


@dataclass(frozen=True)
class Written:
    """What is kept beside the message of a letter: the document made from a letterhead, what the case said then, for which
    customer, and the hash of the text that was approved.
    """

    document: int | None = None
    letterhead: str | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    customer: int | None = None
    customer_name: str | None = None
    approved: str | None = None
    approved_by: str | None = None

    def stale(self, case: Mapping[str, object]) -> tuple[str, ...]:
        """What the case says otherwise than when the letter was written."""
        return tuple(key for key in DATES if key in self.said and str(case.get(key) or "") != self.said[key])


@dataclass(frozen=True)
class LetterRow:
    """A letter of a case, written or still to be written. `message` is None for one that is not; `stale`: what it says that
    the case does not say any more.
    """

    kind: LetterKind
    needed: bool
    message: MessageRow | None = None
    written: Written = Written()
    stale: tuple[str, ...] = ()

    @property
    def standing(self) -> str:
        """Where it stands, in words."""
        if self.message is None:
            return "to be written" if self.needed else "not needed"
        said = {"draft": "waits for approval", "approved": "approved", "handed over": "given out", "confirmed": "sent"}
        state = said.get(self.message.state, self.message.state)
        return f"{state}; the case says otherwise now ({', '.join(self.stale)})" if self.stale else state

    @property
    def missing(self) -> bool:
        """Whether the case still needs it: it was not given out, or with what does not hold any more."""
        if not self.needed or self.kind.optional:
            return False
        return self.message is None or self.message.state not in ("handed over", "confirmed") or bool(self.stale)


def dates_said(case: Mapping[str, object], names: tuple[str, ...]) -> dict[str, str]:
    """What a case says for those of its dates that a letter speaks of."""
    return {key: str(case.get(key) or "") for key in DATES if f"case.{key}" in names}
