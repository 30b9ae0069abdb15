"""An obligation: what is left to do when a partnership ends, whose it is, by when, by which rule, and how it is proven.

planned → open (with the approval of the case) → done or waived. What ends with its case unmet is cancelled; whether
one is overdue is computed for a day and never written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from prm_tui.domain.deactivation import ImpactLine
from prm_tui.domain.pack import Obligation

STATES = ("planned", "open", "done", "waived", "cancelled")
PROVE = "prove"
"""The act by which the task of an obligation is done."""
ALWAYS = "applies to every partner that leaves"


@dataclass(frozen=True)
class ObligationRow:
    """One obligation of a case. `days`: so many after the effective date it is due, None where its day is fixed.

    `why`: why it applies; `proof`: the proof that is wanted; `said`: how it was proven, or why it is waived;
    `task_id`: the task by which its owner sees it; `hash`: of the proof that is kept as `evidence_id`.
    """

    id: int
    case_id: int
    kind: str
    title: str
    partner_id: int
    code: str
    name: str
    area: str | None
    owner: str | None
    role: str | None
    due: date | None
    days: int | None
    rule: str | None
    state: str
    proof: str | None
    why: str = ""
    said: str = ""
    by: str | None = None
    on: date | None = None
    evidence_id: int | None = None
    hash: str | None = None
    task_id: int | None = None
    restricted: bool = False

    @property
    def about(self) -> str:
        """How the history speaks of it: of one in a restricted case by nothing but the number of that."""
        return f"restricted case {self.case_id}" if self.restricted else f"{self.title}, {self.name}"

    @property
    def unmet(self) -> bool:
        """Whether it still has to be met before its case can close."""
        return self.state in ("planned", "open")

    def overdue(self, as_of: date) -> bool:
        """Whether its day has passed while it is open."""
        return self.state == "open" and self.due is not None and self.due < as_of

    def standing(self, as_of: date) -> str:
        """Its state as of a day, overdue among them."""
        return "overdue" if self.overdue(as_of) else self.state

    @property
    def whose(self) -> str:
        """Who has to meet it: a person, else a role."""
        return self.owner or self.role or "anyone"


@dataclass(frozen=True)
class Proposed:
    """An obligation that a rule puts into a case, and why it applies."""

    rule: Obligation
    why: str

    def due(self, effective_on: date | None) -> date | None:
        """When it is due, once the effective date is known."""
        return effective_on and effective_on + timedelta(days=self.rule.days)


def applies(rule: Obligation, impact: Mapping[str, ImpactLine], reason: str | None, met: bool | None) -> str | None:
    """Why a rule applies to a partner that leaves, None where it does not.

    `impact`: the lines of what ends, by key. A rule that names lines applies when anything was counted on one of them,
    and also where nobody could look; it does not where all were looked at and nothing was found. `met`: whether its
    condition holds, None where that is unknown, in which case it applies, too.
    """
    if rule.reasons and reason not in rule.reasons:
        return None
    if rule.when is not None and met is False:
        return None
    parts = []
    if rule.reasons:
        parts.append(f"because of the reason, {reason}")
    if rule.when is not None:
        parts.append(f"{rule.when}{'' if met else ': not known'}")
    if rule.impact:
        seen = [_line(key, impact.get(key)) for key in rule.impact]
        if not any(seen):
            return None
        parts += [said for said in seen if said]
    return "; ".join(parts) or ALWAYS


def _line(key: str, line: ImpactLine | None) -> str:
    """What a line of the impact says for an obligation; nothing where it was looked at and nothing was found."""
    if line is None:
        return f"{key}: not checked"
    if line.state == "not checked":
        return f"{line.label}: not checked" + (f" ({line.note})" if line.note else "")
    return f"{line.label}: {line.count:,}" if line.count else ""
