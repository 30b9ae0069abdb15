"""The steps of a workflow: one dataclass for each kind of step, with that kind's fields alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated

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
from prm_tui.domain.timed import Escalate as Escalate
from prm_tui.domain.timed import Step as Step
from prm_tui.domain.timed import Timed as Timed
from prm_tui.domain.timed import Unless as Unless
from prm_tui.domain.trigger import Subject

PERIODS = ("month", "quarter", "year")
LEDGER = ("new", "approved", "hold")
GROUNDS = ("safety", "certificate", "fraud", "other")
_Listed = Annotated[str, lambda value: "change" if value == "change" else str(Subject.of(value))]


@dataclass(frozen=True, kw_only=True)
class Task(Timed):
    """Something a person does. `owner`: manager (of the partner), role:, person:, or load: (least busy of a role)."""

    do = "task"
    pauses = True

    title: Words
    detail: Words | None = None
    owner: WorkerName = "manager"

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
            return [*((("choices", label), target) for label, target in self.choices.items()), *self._withdrawn]
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
    """Until a condition is true or an activity of a kind arrives (then `then`), or the time `for` is over (`timeout`).

    `calls_off`: where it ends early, what the case has not given out yet is sent no more.
    """

    do = "wait"
    pauses = True

    for_: Duration | None = None
    until: Condition | None = None
    activity: KindName | None = None
    timeout: Target | None = None
    calls_off: bool = False

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
class Suspend(Step):
    """Suspend the partner at once, with a case that says the `reason`; a person lifts it. Who is out already stays so.

    The `ground` says what stops with it.
    """

    do = "suspend"

    reason: Words
    ground: Annotated[str, one_of(*GROUNDS)] = "other"

    def words(self) -> list[tuple[Key, str]]:
        return [(("reason",), self.reason)]


@dataclass(frozen=True, kw_only=True)
class Offer(Step):
    """Offer something: a record of a kind, given to somebody who may take it.

    With `eligible`, a condition about any partner (`subject.` is what the case is about), the record goes to those who
    meet it and do not hold one of the same reference: to the one whose turn it is by `weight` (`share` one), or to
    all. It begins as a copy of the record the case is about. `nobody`: where to go when nobody is eligible; without
    it, the workflow's owner gets a task. `into`: the field of that record which says who it went to.
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
    into: KindName | None = None

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
class List(Step):
    """A list kept with the case as a workbook: a row for each partner, record or activity that meets `when`.

    `what` says of which kind; `columns`, `when` and `largest` are about the row. Rows are those of the case's partner,
    with `same` those of any partner that have the same in these fields as what the case is about. They go by their
    columns from left to right; with `largest`, an expression, those with the most come first. `what = "change"` lists
    what was changed of the partner, by whom, with the hashes of the log.
    """

    do = "list"

    title: Words
    what: _Listed
    when: Condition | None = None
    same: tuple[Path, ...] = ()
    columns: dict[Words, Expression] = field(default_factory=dict)
    largest: Expression | None = None

    @property
    def said(self) -> list[str]:
        """All that it says of its rows in the language of conditions."""
        return [text for text in (self.when, *self.same, *self.columns.values(), self.largest) if text]


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
    for cls in (Task, Approve, Notify, Branch, Parallel, Wait, Set, Tag, Suspend, Offer, Accrue, Document, List, Start,
                Record, End)
}  # fmt: skip
"""What a step may `do` → its dataclass."""
