"""What every step of a workflow has, and what a step with a deadline has beside it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, ClassVar

from prm_tui.domain.fault import Key
from prm_tui.domain.shape import Condition, Duration, Slug, Target
from prm_tui.domain.shape import Worker as WorkerName


@dataclass(frozen=True, kw_only=True)
class Step:
    """Any step. `then` names what comes next: a step, `end`, `start:WORKFLOW`; without it, the step written below."""

    do: ClassVar[str]
    pauses: ClassVar[bool] = False
    """Whether a case stands still here until a person or the time says so."""

    id: Slug
    then: Target | None = None

    def targets(self, following: str) -> list[tuple[Key, str]]:
        """Every way on: (the key that names it, the target). `following` is the step below, or `end`."""
        return [(("then",), self.then or following)]

    def conditions(self) -> list[tuple[Key, str]]:
        """Its conditions: (key, text)."""
        return []

    def expressions(self) -> list[tuple[Key, str]]:
        """Its values in the language of conditions: (key, text)."""
        return []

    def people(self) -> list[tuple[Key, str]]:
        """Who it speaks of: (key, "role:legal" and the like)."""
        return []

    def words(self) -> list[tuple[Key, str]]:
        """Texts for people that may hold {{ fields }}: (key, text)."""
        return [((key,), value) for key in ("title", "detail", "note") if (value := getattr(self, key, None))]


@dataclass(frozen=True)
class Escalate:
    """Whom to tell when so many times the allowed time has passed (1.5: half as much again)."""

    to: Annotated[str, WorkerName]
    at: Decimal = Decimal("1.5")


@dataclass(frozen=True)
class Unless:
    """What is asked of a person is withdrawn when a condition comes true, and the case goes `then`."""

    when: Condition
    then: Target


@dataclass(frozen=True, kw_only=True)
class Timed(Step):
    """Something asked of a person, with a deadline. `warn`: the part of the time after which its owner is warned.

    `unless`: when the facts have settled it, nobody is asked any more.
    """

    within: Duration | None = None
    warn: Decimal = Decimal("0.75")
    escalate: Escalate | None = None
    pause: Condition | None = None  # the time stands still while this is true
    unless: Unless | None = None

    def targets(self, following: str) -> list[tuple[Key, str]]:
        return [*super().targets(following), *self._withdrawn]

    @property
    def _withdrawn(self) -> list[tuple[Key, str]]:
        return [(("unless", "then"), self.unless.then)] if self.unless else []

    def conditions(self) -> list[tuple[Key, str]]:
        pause = [(("pause",), self.pause)] if self.pause else []
        return [*pause, (("unless", "when"), self.unless.when)] if self.unless else list(pause)

    def people(self) -> list[tuple[Key, str]]:
        return [(("escalate", "to"), self.escalate.to)] if self.escalate else []
