"""The steps of a workflow: one dataclass for each kind of step, with that kind's fields alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, ClassVar

from prm_tui.domain.fault import Key
from prm_tui.domain.shape import (
    Approver,
    Condition,
    Currency,
    Duration,
    Expression,
    KindName,
    Literal,
    Path,
    Recipient,
    Slug,
    Target,
    Words,
    one_of,
)
from prm_tui.domain.shape import Worker as WorkerName

PERIODS = ("month", "quarter", "year")
LEDGER = ("new", "approved", "hold")


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


@dataclass(frozen=True, kw_only=True)
class Timed(Step):
    """A step with a deadline. `warn`: the part of the time after which its owner is warned."""

    within: Duration | None = None
    warn: Decimal = Decimal("0.75")
    escalate: Escalate | None = None
    pause: Condition | None = None  # the time stands still while this is true

    def conditions(self) -> list[tuple[Key, str]]:
        return [(("pause",), self.pause)] if self.pause else []

    def people(self) -> list[tuple[Key, str]]:
        return [(("escalate", "to"), self.escalate.to)] if self.escalate else []


@dataclass(frozen=True, kw_only=True)
class Task(Timed):
    """Something a person does. `owner`: manager (of the partner), role:, person:, or load: (least busy of a role).

    Once `until` is true nobody need do it any more: it is done by itself.
    """

    do = "task"
    pauses = True

    title: Words
    detail: Words | None = None
    owner: WorkerName = "manager"
    until: Condition | None = None

    def conditions(self) -> list[tuple[Key, str]]:
        return [*([(("until",), self.until)] if self.until else []), *super().conditions()]

    def people(self) -> list[tuple[Key, str]]:
        return [(("owner",), self.owner), *super().people()]


@dataclass(frozen=True, kw_only=True)
class Approve(Timed):
    """A decision. `rule`: one of `by`, two different people of `by`, the first of the people in `of`, all of them.

    `choices` (label → target) stand in for yes and no; a no without them goes to `reject`. `evidence`: a signed
    answer must be attached.
    """

    do = "approve"
    pauses = True

    title: Words
    detail: Words | None = None
    by: Approver | None = None
    rule: Annotated[str, one_of("one", "two", "first of", "all of")] = "one"
    of: tuple[Approver, ...] = ()
    evidence: bool = False
    choices: dict[Words, Target] = field(default_factory=dict)
    reject: Target = "end"

    @property
    def persons(self) -> int:
        """How many must say yes."""
        return {"one": 1, "two": 2, "first of": 1, "all of": len(self.of)}[self.rule]

    @property
    def asked(self) -> tuple[str, ...]:
        """Who is asked."""
        return self.of if self.rule in ("first of", "all of") else ((self.by,) if self.by else ())

    def targets(self, following: str) -> list[tuple[Key, str]]:
        if self.choices:
            return [(("choices", label), target) for label, target in self.choices.items()]
        return [*super().targets(following), (("reject",), self.reject)]

    def people(self) -> list[tuple[Key, str]]:
        by = [(("by",), self.by)] if self.by else []
        return [*by, *((("of", n), who) for n, who in enumerate(self.of)), *super().people()]


@dataclass(frozen=True, kw_only=True)
class Notify(Step):
    """A message into the outbox. `to`: contact:main, contact:ROLE, partner (its main contact), manager, role:, person:.

    `optional`: where nobody may be written to, nothing is written and nobody is asked about it.
    """

    do = "notify"

    to: Recipient
    template: Slug
    channel: Annotated[str, one_of("mail", "letter")] = "mail"
    optional: bool = False

    def people(self) -> list[tuple[Key, str]]:
        return [(("to",), self.to)]


@dataclass(frozen=True)
class When:
    """One way out of a branch: `when` is true, and another partner has a record with the same `elsewhere` (fields)."""

    then: Target
    when: Condition | None = None
    elsewhere: tuple[KindName, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Branch(Step):
    """The first case that is true says where to go; unknown is not true. Without `else`, the step below."""

    do = "branch"

    cases: tuple[When, ...]
    else_: Target | None = None

    def targets(self, following: str) -> list[tuple[Key, str]]:
        ways: list[tuple[Key, str]] = [(("cases", n, "then"), case.then) for n, case in enumerate(self.cases)]
        return [*ways, (("else",), self.else_ or following)]

    def conditions(self) -> list[tuple[Key, str]]:
        return [(("cases", n, "when"), case.when) for n, case in enumerate(self.cases) if case.when]


@dataclass(frozen=True, kw_only=True)
class Parallel(Step):
    """Several ways at once: each begins at one of `branches`; all meet at `join`, which waits for every one."""

    do = "parallel"

    branches: tuple[Slug, ...]
    join: Slug

    def targets(self, following: str) -> list[tuple[Key, str]]:
        return [*((("branches", n), branch) for n, branch in enumerate(self.branches)), (("join",), self.join)]


@dataclass(frozen=True, kw_only=True)
class Wait(Step):
    """Until a condition is true or an activity of a kind arrives (then `then`), or the time `for` is over (`timeout`)."""

    do = "wait"
    pauses = True

    for_: Duration | None = None
    until: Condition | None = None
    activity: KindName | None = None
    timeout: Target | None = None

    @property
    def ends_early(self) -> bool:
        """Whether something may happen before the time is over."""
        return bool(self.until or self.activity)

    def targets(self, following: str) -> list[tuple[Key, str]]:
        ways = super().targets(following)
        return [*ways, (("timeout",), self.timeout or following)] if self.for_ and self.ends_early else ways

    def conditions(self) -> list[tuple[Key, str]]:
        return [(("until",), self.until)] if self.until else []


@dataclass(frozen=True, kw_only=True)
class Set(Step):
    """Give a field of the subject, or of its partner (partner.tier), a value: written down, or an expression.

    `within`: a date so long from now by the calendar. The manager may be load:ROLE, who looks after the fewest partners.
    """

    do = "set"

    field: Path
    value: Literal | None = None
    expression: Expression | None = None
    within: Duration | None = None

    def expressions(self) -> list[tuple[Key, str]]:
        return [(("expression",), self.expression)] if self.expression else []

    def people(self) -> list[tuple[Key, str]]:
        by_load = self.field.rpartition(".")[2] == "manager" and str(self.value).startswith("load:")
        return [(("value",), str(self.value))] if by_load else []


@dataclass(frozen=True, kw_only=True)
class Tag(Step):
    """Put tags on the partner, take tags off."""

    do = "tag"

    add: tuple[Words, ...] = ()
    remove: tuple[Words, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Offer(Step):
    """Offer something: a record of a kind, given to somebody who may take it.

    With `eligible`, a condition about any partner (`subject.` is what the case is about), the record goes to those who
    meet it and do not hold one of the same reference: to the one whose turn it is by `weight` (`share` one), or to
    all. It begins as a copy of the record the case is about. `nobody`: where to go when nobody is eligible; without
    it, the workflow's owner gets a task.
    """

    do = "offer"

    title: Words
    record: KindName
    to: Recipient = "partner"
    within: Duration | None = None
    eligible: Condition | None = None
    weight: Expression | None = None
    share: Annotated[str, one_of("one", "all")] = "one"
    status: Words = "Offered"
    nobody: Target | None = None

    def targets(self, following: str) -> list[tuple[Key, str]]:
        ways = super().targets(following)
        return [*ways, (("nobody",), self.nobody)] if self.nobody else ways

    def conditions(self) -> list[tuple[Key, str]]:
        return [(("eligible",), self.eligible)] if self.eligible else []

    def expressions(self) -> list[tuple[Key, str]]:
        return [(("weight",), self.weight)] if self.weight else []

    def people(self) -> list[tuple[Key, str]]:
        return [(("to",), self.to)]


@dataclass(frozen=True, kw_only=True)
class Accrue(Step):
    """A line in the ledger: an `amount`, or `rate` times `basis`. `reverse`: takes back what was accrued for it before."""

    do = "accrue"

    kind: KindName
    amount: Expression | None = None
    rate: Decimal | None = None
    basis: Expression | None = None
    currency: Currency | None = None
    period: Annotated[str, one_of(*PERIODS)] | None = None
    state: Annotated[str, one_of(*LEDGER)] = "new"
    note: Words | None = None
    reverse: bool = False

    def expressions(self) -> list[tuple[Key, str]]:
        return [((key,), value) for key, value in (("amount", self.amount), ("basis", self.basis)) if value]


@dataclass(frozen=True, kw_only=True)
class Document(Step):
    """A document written from a template and kept with the case."""

    do = "document"

    title: Words
    template: Slug
    format: Annotated[str, one_of("letter", "report", "workbook")] = "letter"


@dataclass(frozen=True, kw_only=True)
class Start(Step):
    """Begin another workflow for the same subject; this one goes on."""

    do = "start"

    workflow: Slug


@dataclass(frozen=True, kw_only=True)
class Record(Step):
    """A new record of a kind: `fields` are written down (text may hold {{ fields }}), `computed` are expressions.

    What is computed is raised to `at_least`, and then to a whole number of `round_up` (expressions, too).
    """

    do = "record"

    kind: KindName
    fields: dict[KindName, Literal] = field(default_factory=dict)
    computed: dict[KindName, Expression] = field(default_factory=dict)
    at_least: dict[KindName, Expression] = field(default_factory=dict)
    round_up: dict[KindName, Expression] = field(default_factory=dict)

    @property
    def expressed(self) -> list[tuple[str, tuple[str, str]]]:
        """Every expression with the part and the field it stands in."""
        parts = {"computed": self.computed, "at_least": self.at_least, "round_up": self.round_up}
        return [(value, (part, key)) for part, values in parts.items() for key, value in values.items()]

    def expressions(self) -> list[tuple[Key, str]]:
        return [(place, value) for value, place in self.expressed]

    def words(self) -> list[tuple[Key, str]]:
        return [(("fields", key), value) for key, value in self.fields.items() if isinstance(value, str)]


@dataclass(frozen=True, kw_only=True)
class End(Step):
    """The case is over, with an outcome."""

    do = "end"

    outcome: Words = "done"

    def targets(self, following: str) -> list[tuple[Key, str]]:
        return []


KINDS: dict[str, type[Step]] = {
    cls.do: cls
    for cls in (Task, Approve, Notify, Branch, Parallel, Wait, Set, Tag, Offer, Accrue, Document, Start, Record, End)
}
"""What a step may `do` → its dataclass."""
