"""Rings of triggers: what one writes, another (or itself) watches, so that they would set each other off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from prm_tui.domain.condition import Catalogue, ConditionError, Kind
from prm_tui.domain.condition import check as check_condition
from prm_tui.domain.condition.catalogue import RECORD_FIELDS
from prm_tui.domain.condition.check import Checked
from prm_tui.domain.condition.scope import Scope, Selector
from prm_tui.domain.condition.tree import (
    And,
    Argument,
    Call,
    Compare,
    Day,
    In,
    Is,
    Name,
    Node,
    Not,
    Number,
    Text,
    YesNo,
    children,
)
from prm_tui.domain.fault import Fault
from prm_tui.domain.pack import Emits, emitted, emitted_by
from prm_tui.domain.step import Approve, Offer, Record, Set, Start, Step, Suspend, Tag, Task, Wait
from prm_tui.domain.trigger import Subject, Trigger
from prm_tui.domain.workflow import START, Workflow, back_to, reached

if TYPE_CHECKING:
    from prm_tui.domain.pack import Pack
    from prm_tui.domain.pack_check import Known

What = tuple[str, str]
"""("partner", field), ("record", kind), ("activity", kind), ("tag", "")"""
Read = tuple[str, str, str]
"""What a condition reads of it: a field; empty: whether there is such a row at all."""


@dataclass(frozen=True)
class Write:
    """What a step writes. `values`: what its fields are afterwards, where that is written down."""

    what: What
    said: str
    column: str | None = None  # the field that is set; None for something new
    values: Mapping[str, Any] = field(default_factory=dict)


SOMEBODY = object()
"""What a field is set to where it says who got an offer: not empty, and not known from the text alone."""


def rings(pack: Pack, known: Known, catalogue: Catalogue) -> Iterator[Fault]:
    """A fault for each trigger of the pack that is part of a ring; a ring is told once."""
    triggers = {**known.triggers, **pack.triggers}
    flows = {name: flow for name, flow in {**known.workflows, **pack.workflows}.items() if flow is not None}
    emits = {**known.emits, **{name: one.emits for name, one in pack.records.items()}}
    writing = {name: list(_writes(t, flows, catalogue, emits)) for name, t in triggers.items()}
    why: dict[tuple[str, str], str] = {}
    ways: dict[str, set[str]] = {name: set() for name in triggers}
    for name, trigger in triggers.items():
        watching = _Watching(trigger, catalogue)
        for other, writes in writing.items():
            found = next((w for w in writes if watching.woken_by(w)), None)
            if found is not None:
                ways[other].add(name)
                why[other, name] = found.said
    told: set[str] = set()
    for name in pack.triggers:
        ring = () if name in told else back_to(name, ways)
        if ring:
            told |= set(ring)
            steps = "; ".join(f"{a} {why[a, b]}, which {b} watches" for a, b in zip(ring, (*ring[1:], ring[0]), strict=True))  # fmt: skip
            yield Fault(("trigger", name), f"it would set itself off: {' → '.join((*ring, ring[0]))} ({steps})")


def _writes(
    trigger: Trigger, flows: Mapping[str, Workflow], catalogue: Catalogue, emits: Mapping[str, Emits]
) -> Iterator[Write]:
    """Everything the workflow of a trigger writes, and the workflows that starts, before a person or the world answers."""
    ways = {name: _hasty(flow)[1] for name, flow in flows.items()}
    for name in sorted(reached({trigger.start}, ways)):
        for step in _hasty(flows[name])[0] if name in flows else ():
            for write in _written(step, trigger.about, catalogue):
                yield write
                if write.what[0] == "record" and write.column in (None, "status"):
                    own = emits.get(write.what[1], {})
                    made = emitted(own) if write.column is None else emitted_by(own, write.values.get("status"))
                    for kind in made:
                        yield Write(("activity", kind), f"{write.said}, and so a {kind}")


def _hasty(flow: Workflow) -> tuple[list[Step], set[str]]:
    """The steps that a case comes to, and the workflows it starts, without an answer: of a person, or of the world.

    Behind a task, an approval, or a wait for something to happen a circle takes its time, and somebody sees it.
    """
    still = {
        step.id for step in flow.steps if isinstance(step, Task | Approve) or (isinstance(step, Wait) and not step.for_)
    }
    ways = {step.id: set() if step.id in still else {to for _, to in flow.ways(step)} for step in flow.steps}
    found = reached({flow.steps[0].id}, ways) if flow.steps else set()
    steps = [step for step in flow.steps if step.id in found]
    begun = {to.removeprefix(START) for name in found for to in ways.get(name, ()) if to.startswith(START)}
    return steps, begun | {step.workflow for step in steps if isinstance(step, Start)}


def _written(step: Step, subject: Subject, catalogue: Catalogue) -> Iterator[Write]:
    match step:
        case Set():
            yield _set(step, subject, catalogue)
        case Tag():
            for tag in step.add:
                yield Write(("tag", ""), f"adds the tag {tag}", values={tag: True})
            for tag in step.remove:
                yield Write(("tag", ""), f"takes off the tag {tag}", values={tag: False})
        case Suspend():
            yield Write(("partner", "status"), "suspends", "status", {"status": "Suspended"})
        case Record():
            yield Write(("record", step.kind), f"makes a {step.kind}", values=dict(step.fields))
        case Offer():
            yield Write(("record", step.record), f"makes a {step.record}", values={"status": step.status})
            if step.into:
                yield Write(("record", subject.kind or ""), f"sets {step.into}", step.into, {step.into: SOMEBODY})


def _set(step: Set, subject: Subject, catalogue: Catalogue) -> Write:
    name = step.field.rpartition(".")[2]
    values = {} if step.value is None else {name: step.value}
    kind = _kind(subject, catalogue)
    own = kind is not None and not step.field.startswith("partner.") and name in {**RECORD_FIELDS, **kind.fields}
    what = ("record", subject.kind or "") if own and subject.table == "record" else ("partner", name)
    return Write(what, f"sets {step.field}", name, values)


def _kind(subject: Subject, catalogue: Catalogue) -> Kind | None:
    if subject.kind is None:
        return None
    return (catalogue.activities if subject.table == "activity" else catalogue.records).get(subject.kind)


class _Watching:
    """What would make a trigger look again, at once: events, and conditions that become true; not the calendar."""

    def __init__(self, trigger: Trigger, catalogue: Catalogue) -> None:
        self.trigger = trigger
        self.subject = trigger.about
        kind = _kind(self.subject, catalogue)
        texts = [text for text in (trigger.when, trigger.total) if text]
        try:
            self.checked = [check_condition(t, catalogue, subject=kind, trigger=True, want="any") for t in texts]
        except ConditionError:
            self.checked = []  # told where conditions are looked at
        self.watches = {what for c in self.checked for what in _watched(c.node, c.scope, self.subject)}

    def woken_by(self, write: Write) -> bool:
        """Whether it may fire because of a write."""
        if self.trigger.on in ("manual", "date", "every"):
            return False
        if self.trigger.on == "record":
            mine = write.what == ("record", self.subject.kind) and self._event(write)
        elif self.trigger.on == "activity":
            mine = write.what == ("activity", self.subject.kind)
        else:
            mine = any(write.what == read[:2] and write.column in (None, read[2]) for read in self.watches) or (
                ("activity", "", "") in self.watches and write.what[0] == "activity"
            )
        return mine and not (self.trigger.when and any(self._settled(c, write) for c in self.checked))

    def _event(self, write: Write) -> bool:
        if self.trigger.event == "added":
            return write.column is None
        return write.column is not None and self.trigger.changed in (None, write.column)

    def _settled(self, checked: Checked, write: Write) -> bool:
        """Whether what is written makes the condition false, so that it sets nothing off."""
        parts = checked.node.parts if isinstance(checked.node, And) else (checked.node,)
        return any(_now(part, checked.scope, write, self.subject) is False for part in parts)


def _now(node: Node, scope: Scope, write: Write, subject: Subject) -> bool | None:
    """What a part of a condition is after a write, where that can be told from the text alone."""
    match node:
        case Not(value):
            found = _now(value, scope, write, subject)
            return None if found is None else not found
        case Compare(op, Name() as name, literal) if op in ("=", "!="):
            found = _equal(name, (literal,), scope, write, subject)
            return found if found is None or op == "=" else not found
        case In(Name() as name, choices, negated):
            found = _equal(name, choices, scope, write, subject)
            return None if found is None else found is not negated
        case Is(Name() as name, "empty", negated) if _value(name, scope, write, subject) is not None:
            return negated
        case Call("has", (argument,)) if write.what[0] == "tag" and argument.where is not None:
            test = argument.where
            if isinstance(test, Compare) and test.op == "=" and isinstance(test.right, Text):
                return write.values.get(test.right.value)
    return None


def _equal(name: Name, choices: tuple[Node, ...], scope: Scope, write: Write, subject: Subject) -> bool | None:
    value = _value(name, scope, write, subject)
    if value is SOMEBODY:
        return None
    literals = [_literal(choice) for choice in choices]
    return None if value is None or None in literals else value in literals


def _value(name: Name, scope: Scope, write: Write, subject: Subject) -> Any:
    """What a field is after a write; None when that is not known."""
    try:
        found = scope.reference(name)
    except ConditionError:
        return None
    whose = ("partner", found.field.key) if found.owner == "partner" else ("record", subject.kind or "")
    return write.values.get(found.field.key) if write.what == whose else None


def _literal(node: Node) -> Any:
    match node:
        case Text(value) | YesNo(value):
            return value
        case Number(value, False):
            return Decimal(value)
        case Day(value):
            return value.isoformat()
    return None


def _watched(node: Node, scope: Scope, subject: Subject) -> Iterator[Read]:
    """Everything a condition reads."""
    if isinstance(node, Call):
        for argument in node.arguments:
            selector = _selector(node, argument, scope)
            if selector is None:
                yield from _watched(argument.value, scope, subject)
                continue
            yield from _picked(selector, node.fact, argument.value)
            if argument.where is not None:
                yield from _watched(argument.where, scope.inside(selector), subject)
    elif isinstance(node, Name):
        try:
            found = scope.reference(node)
        except ConditionError:
            return  # the name of a window
        for key in _columns(found.field.key):
            if found.owner == "partner":
                yield ("partner", key, key)
            elif found.owner == "subject":
                yield (subject.table, subject.kind or "", key)
            elif scope.row is not None:
                yield from ((scope.row.table, kind.name, key) for kind in scope.row.kinds)
    else:
        for child in children(node):
            yield from _watched(child, scope, subject)


def _columns(key: str) -> tuple[str, ...]:
    return ("status",) if key == "open" else (key,)


def _selector(call: Call, argument: Argument, scope: Scope) -> Selector | None:
    """The rows an argument picks, or None where it is no selector."""
    name = argument.value
    if argument is not call.arguments[0] or not isinstance(name, Name) or name.parts[0] not in scope.kinds():
        return None
    first = "record" if call.fact in ("has", "days_until") else "activity"
    try:
        selector, rest = scope.selector(argument, call.fact, first=first)
        if rest and rest[-1] not in selector.fields:
            selector, _ = scope.selector(argument, call.fact, first="record")
    except ConditionError:
        return None
    return selector


def _picked(selector: Selector, fact: str, value: Node) -> Iterator[Read]:
    """That there are such rows, what dates them, and the field that is looked at."""
    if selector.table == "tag":
        yield ("tag", "", "")
    elif selector.table in ("activity", "record"):
        if not selector.kinds:
            yield (selector.table, "", "")
        looked_at = value.parts[1:] if isinstance(value, Name) else ()
        for kind in selector.kinds:
            reads = ["", selector.dated or "", *looked_at]
            reads += ["status"] if fact == "days_until" else []
            reads += ["ends_on"] if fact in ("covered", "stretches") or kind.name == "target" else []
            yield from ((selector.table, kind.name, key) for key in reads)
