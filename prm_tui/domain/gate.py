"""A gate: what stands in the way of a stage of a case, until it is settled or somebody who may lets it pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from prm_tui.domain.condition import Field
from prm_tui.domain.condition.catalogue import OF_THE_DAY
from prm_tui.domain.errors import UsageError
from prm_tui.domain.said import said as as_said
from prm_tui.domain.shape import Approver, Condition, Slug, Words, Wrong, one_of, said
from prm_tui.domain.text import typed
from prm_tui.domain.trigger import Subject
from prm_tui.domain.workflow import PROGRAM

BLOCKS = {"approval": "approved", "service": "served", "effective": "made effective", "close": "closed"}
"""A stage that a gate may block, and what the case cannot be then."""
EFFECTIVE = Field("effective_on", "effective date", "date")
"""The effective date of the case, planned or standing; a date in a gate's condition as `today` is."""
SHOWN = 20
"""How many of what stands in the way a refusal names."""


def _subject(value: Any) -> str:
    found = Subject.of(value)
    if found.table == "activity":
        raise Wrong(f"{said(value)} cannot stand in the way; write partner or record:KIND")
    return str(found)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Every `subject` of a case's partner that meets `when` stands in the way of the stage `blocks`, by its name.

    What cannot be told stands in the way, too. `by` may let one pass, with a reason; without it nobody may. `detail` says
    what to do next and may hold {{ fields }} of the subject. `kinds` are the kinds of case it is for; but for a
    deactivation these have no stage that could be blocked but their approval.
    """

    name: str
    title: Words
    subject: Annotated[str, _subject] = "partner"
    when: Condition
    blocks: Annotated[str, one_of(*BLOCKS)]
    by: Approver | None = None
    detail: Words | None = None
    kinds: tuple[Slug, ...] = PROGRAM

    @property
    def about(self) -> Subject:
        """The subject, taken apart."""
        return Subject.of(self.subject)

    @property
    def dates(self) -> tuple[Field, ...]:
        """The dates its condition may name that are no fields: a case without an effective date has none."""
        return (*OF_THE_DAY, EFFECTIVE) if self.kinds == PROGRAM else OF_THE_DAY

    @property
    def may(self) -> str:
        """Who may let it pass, in words; empty for nobody."""
        return "the partner's manager" if self.by == "manager" else (self.by or "").partition(":")[2]


@dataclass(frozen=True)
class Found:
    """A part of a gate's condition, and its value: None is empty or unknown."""

    text: str
    value: Any

    @property
    def said(self) -> str:
        """For reading: single_source yes."""
        value = self.value.isoformat() if isinstance(self.value, date) else as_said(self.value)
        return f"{self.text} {value or 'empty'}"


@dataclass(frozen=True)
class Passed:
    """That somebody let one pass: who, when, why."""

    by: str
    on: date
    reason: str


@dataclass(frozen=True)
class Blocked:
    """One thing that stands in the way, or would, had nobody let it `passed`.

    `name` is the subject's, `row` its record (None: the partner itself). `known` is False where it cannot be told. `by`
    says who may let it pass, in words.
    """

    gate: str
    title: str
    blocks: str
    name: str
    row: int | None
    known: bool
    found: tuple[Found, ...]
    detail: str
    by: str
    passed: Passed | None = None

    @property
    def said(self) -> str:
        """The title, whose it is, and the values that were found."""
        unsure = "" if self.known else "it cannot be told: "
        return f"{self.title}: {self.name} ({unsure}{'; '.join(part.said for part in self.found)})"


class InTheWay(UsageError):
    """A stage of a case that cannot be passed; `blocked` is all that stands in the way."""

    def __init__(self, what: str, case_id: int, stage: str, blocked: Iterable[Blocked]) -> None:
        self.blocked = tuple(blocked)
        many = "one thing stands" if len(self.blocked) == 1 else f"{len(self.blocked):,} things stand"
        lines = [f"{what} cannot be {BLOCKS[stage]}: {many} in the way."]
        for one in self.blocked[:SHOWN]:
            passing = f" Or {one.by} lets it pass: prm cases pass {case_id} {one.gate} {typed(one.name)} --reason …"
            lines.append(f"  {one.said}{'. ' + one.detail if one.detail else ''}{passing if one.by else ''}")
        if len(self.blocked) > SHOWN:
            lines.append(f"  and {len(self.blocked) - SHOWN:,} more: prm cases gates {case_id}")
        super().__init__("\n".join(lines))
