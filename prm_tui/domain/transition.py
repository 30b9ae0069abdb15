"""Handing over what a partner that leaves still holds: customer by customer, deal by deal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from prm_tui.domain.errors import UsageError
from prm_tui.domain.text import nearest

KINDS = ("customer", "deal", "lead", "project", "licence", "asset")
"""The kinds of record that go over to somebody else, or end, when a partner leaves."""
CONSENTS = ("needed", "given", "refused", "not needed")
USUAL = {"customer": "needed", "deal": "needed", "project": "needed"}
"""What is assumed of the consent to a hand-over where nobody has said: not needed for the other kinds."""
ENDS = "ends"
"""What stands in the place of a new holder where there is to be none."""


@dataclass(frozen=True)
class Item:
    """One thing that is handed over. `ref` is how it is named; `way`: partner, person, ends, or empty while open.

    `to` is the new holder as it is written: a partner's code, the name of one of our own people, or `ends`. `letter`
    names the message its customer gets, on `letter_on`.
    """

    record_id: int
    kind: str
    label: str
    ref: str
    name: str
    status: str | None
    amount: Decimal | None
    currency: str | None
    ends_on: date | None
    way: str = ""
    to: str = ""
    to_name: str = ""
    consent: str = ""
    letter: str = ""
    letter_on: date | None = None
    done_on: date | None = None
    line_id: int | None = None

    @property
    def agreed(self) -> bool:
        """Whether nobody has to agree any more."""
        return self.way == ENDS or self.consent in ("given", "not needed")

    @property
    def ready(self) -> bool:
        """Whether it can be handed over now."""
        return bool(self.way) and self.agreed and self.done_on is None

    @property
    def unassigned(self) -> bool:
        """Whether a new holder has to be found still: nobody is named, or the customer has refused who is."""
        return self.done_on is None and (not self.way or (self.way != ENDS and self.consent == "refused"))

    @property
    def said(self) -> str:
        """Where it stands, in words."""
        if self.done_on is not None:
            return f"done on {self.done_on}"
        if not self.way:
            return "no new owner"
        if self.agreed:
            return "ready"
        return "consent was refused: choose another" if self.consent == "refused" else "waits for consent"

    @property
    def title(self) -> str:
        """Which it is: Customer Acme Ltd (C-17)."""
        return f"{self.label} {self.name}" + (f" ({self.ref})" if self.ref != self.name else "")


@dataclass(frozen=True)
class Candidate:
    """A partner who could take something over. `load`: what it holds of these kinds; `capacity`: the most it takes."""

    partner_id: int
    code: str
    name: str
    load: int
    capacity: int | None = None


def propose(items: Iterable[Item], candidates: Sequence[Candidate]) -> dict[int, Candidate]:
    """A new holder for each item that has none, by record: always who holds least so far, by code among equals.

    Nobody gets more than their capacity; what nobody can take is left out.
    """
    load = {c.partner_id: c.load for c in candidates}
    found: dict[int, Candidate] = {}
    for item in items:
        free = [c for c in candidates if c.capacity is None or load[c.partner_id] < c.capacity]
        if not item.unassigned or not free:
            continue
        chosen = min(free, key=lambda c: (load[c.partner_id], c.code))
        load[chosen.partner_id] += 1
        found[item.record_id] = chosen
    return found


def read_consent(said: str) -> str:
    """A consent as it is kept; empty for nothing said. UsageError with the nearest for another word."""
    text = " ".join(said.casefold().split())
    if text and text not in CONSENTS:
        like = nearest(text, CONSENTS)
        raise UsageError(
            f"consent: “{said}” is none. " + (f"Did you mean “{like}”?" if like else f"One of: {', '.join(CONSENTS)}")
        )
    return text


def chosen(items: Sequence[Item], said: str) -> list[Item]:
    """The items meant by a reference, a name, a number (#17), or a kind (all of that kind that are not done).

    UsageError with those there are where none is, and where one name stands for several.
    """
    text = said.strip().casefold()
    if text in KINDS:
        found = [item for item in items if item.kind == text and item.done_on is None]
    else:
        found = [item for item in items if text in (item.ref.casefold(), f"#{item.record_id}")]
        found = found or [item for item in items if text == item.name.casefold()]
        if len(found) > 1:
            listed = ", ".join(f"#{item.record_id} {item.title}" for item in found[:5])
            raise UsageError(f"“{said}” may be several: {listed}. Give the number.")
    if not found:
        known = ", ".join(f"“{item.ref}”" for item in items[:10])
        raise UsageError(f"“{said}” is nothing that is handed over here: {known or 'the partner holds nothing open'}")
    return found
