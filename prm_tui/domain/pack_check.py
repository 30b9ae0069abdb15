"""A pack as a whole: whether its conditions, names and people mean something in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from prm_tui.domain.case import IN_CASES
from prm_tui.domain.condition import Catalogue, ConditionError, Field, Kind, parse
from prm_tui.domain.condition import check as check_condition
from prm_tui.domain.condition.catalogue import ACTIVITY_FIELDS, CASE, RECORD_FIELDS
from prm_tui.domain.condition.check import NUMERIC, same
from prm_tui.domain.condition.scope import Scope
from prm_tui.domain.condition.tree import Call, Changed, Name, walk
from prm_tui.domain.fault import Fault, Key, wrong
from prm_tui.domain.inactivity import Policy
from prm_tui.domain.list_check import into, listed
from prm_tui.domain.pack import ActivityKind, Emits, Pack, RecordKind, emitted
from prm_tui.domain.partner import STATUSES
from prm_tui.domain.person import CONTACT_FIELDS, ROLES
from prm_tui.domain.policy_check import faults as policy_faults
from prm_tui.domain.sla import Span
from prm_tui.domain.step import Accrue, Branch, Document, List, Notify, Offer, Record, Set, Step, Wait
from prm_tui.domain.template import TemplateError
from prm_tui.domain.template import parse as parse_template
from prm_tui.domain.text import name_key, nearest, typed
from prm_tui.domain.trigger import Subject, Trigger
from prm_tui.domain.workflow import Workflow, reached

PARTNER = Subject()
_TYPES = {"person": "text", "partner": "text", "contact": "text"}


@dataclass(frozen=True)
class Known:
    """What a file knows already. A workflow that is None is there, but not written as steps of ours.

    `roles` are those somebody has, `people` the names; `emits`: kind of record → the activities its dates make.
    """

    catalogue: Catalogue
    workflows: Mapping[str, Workflow | None] = field(default_factory=dict)
    triggers: Mapping[str, Trigger] = field(default_factory=dict)
    templates: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    emits: Mapping[str, Emits] = field(default_factory=dict)


def check(pack: Pack, known: Known, failed: frozenset[tuple[str, str]] = frozenset()) -> list[Fault]:
    """Every fault of a pack in a file. `failed` are parts that could not be read: they count as there."""
    from prm_tui.domain.gate_check import gates
    from prm_tui.domain.rings import rings

    checking = _Checking(pack, known, failed)
    faults = [Fault((*key, *f.key), f.problem, f.instead) for key, f in checking.workflows()]
    faults += [*checking.names(), *checking.people()]
    if not any(section in ("activity", "record", "fact", "field") for section, _ in failed):
        means = [*checking.kinds(), *checking.conditions(), *gates(pack, checking.catalogue, checking.workflow_names)]
        faults += means
        if not means:
            faults += rings(pack, known, checking.catalogue)
    return faults


def extended(catalogue: Catalogue, pack: Pack) -> Catalogue:
    """A file's catalogue with what a pack brings."""
    partner = {name: Field(name, one.shown, _kept(one.type), own=False) for name, one in pack.partner.items()}
    activities = {name: _kind("activity", one, catalogue.activities.get(name)) for name, one in pack.activities.items()}
    records = {name: _kind("record", one, catalogue.records.get(name)) for name, one in pack.records.items()}
    return replace(
        catalogue,
        partner={**partner, **catalogue.partner},
        activities={**catalogue.activities, **activities},
        records={**catalogue.records, **records},
        named={**catalogue.named, **{name: fact.value for name, fact in pack.facts.items()}},
    )


def _kept(type_: str) -> str:
    return _TYPES.get(type_, type_)


def _kind(table: str, one: ActivityKind | RecordKind, before: Kind | None) -> Kind:
    own = {key: Field(key, key.replace("_", " "), _kept(type_), own=False) for key, type_ in one.fields.items()}
    before = before or Kind(table, one.name, one.label)
    signal = one.class_ if isinstance(one, ActivityKind) else None
    opened = one.open if isinstance(one, RecordKind) else ()
    fields = {**before.fields, **own}
    return Kind(table, one.name, one.label, signal or before.signal, fields, opened or before.open)


class _Checking:
    def __init__(self, pack: Pack, known: Known, failed: frozenset[tuple[str, str]]) -> None:
        self.pack, self.known = pack, known
        self.catalogue = extended(known.catalogue, pack)
        self.workflow_names = {*pack.workflows, *known.workflows, *_of("workflow", failed)}
        self.template_names = {*pack.templates, *known.templates, *_of("template", failed)}

    @cached_property
    def subjects(self) -> dict[str, set[Subject]]:
        """Workflow → what it may be about: what the triggers that start it look at, else partners."""
        flows = {**self.known.workflows, **self.pack.workflows}
        ways = {name: {to for _, to in flow.starts()} if flow else set() for name, flow in flows.items()}
        found: dict[str, set[Subject]] = {}
        for trigger in {**self.known.triggers, **self.pack.triggers}.values():
            for name in reached({trigger.start}, ways):
                found.setdefault(name, set()).add(trigger.about)
        return found

    def about(self, workflow: str) -> list[Subject]:
        """The subjects of a workflow, those that exist, in order."""
        found = self.subjects.get(workflow) or {PARTNER}
        return sorted((s for s in found if s == PARTNER or self.subject(s)), key=str)

    def subject(self, subject: Subject) -> Kind | None:
        """The kind a subject is of; None for a partner, and for a kind that is not known."""
        table = self.catalogue.activities if subject.table == "activity" else self.catalogue.records
        return table.get(subject.kind or "")

    def workflows(self) -> Iterator[tuple[Key, Fault]]:
        """What each workflow says is wrong with itself."""
        for name, workflow in self.pack.workflows.items():
            for fault in workflow.check():
                yield ("workflow", name), fault

    def names(self) -> Iterator[Fault]:
        """Workflows and templates that are named but not there."""
        for name, trigger in self.pack.triggers.items():
            yield from self._named(("trigger", name, "start"), trigger.start, "workflow", self.workflow_names)
        for name, workflow in self.pack.workflows.items():
            for key, target in workflow.starts():
                yield from self._named(("workflow", name, *key), target, "workflow", self.workflow_names)
            for n, step in enumerate(workflow.steps):
                if isinstance(step, Notify | Document):
                    key = ("workflow", name, "step", n, "template")
                    yield from self._named(key, step.template, "template", self.template_names)

    def _named(self, key: Key, name: str, what: str, names: Iterable[str]) -> Iterator[Fault]:
        if name not in names:
            yield Fault(key, f"there is no {what} “{name}” in this pack or in the file", nearest(name, sorted(names)))

    def people(self) -> Iterator[Fault]:
        """Roles nobody has and people nobody knows, each once."""
        said: set[str] = set()
        for key, who in _people(self.pack):
            start, _, name = who.partition(":")
            if who in said or start not in ("role", "load", "person"):
                continue
            said.add(who)
            if start == "person" and name_key(name) not in map(name_key, self.known.people):
                yield Fault(key, f"nobody is called “{name}”; add them: prm people add {typed(name)}")
            elif start != "person" and name not in self.known.roles:
                if name in ROLES:
                    yield Fault(key, f"nobody is {name}; add somebody: prm people add NAME --role {typed(name)}")
                else:
                    yield Fault(key, f"“{name}” is no role; roles are: {', '.join(ROLES)}", nearest(name, ROLES))

    def kinds(self) -> Iterator[Fault]:
        """Kinds that are named but not there, and facts and emitted activities that mean nothing."""
        for name, record in self.pack.records.items():
            dates = _dates({**RECORD_FIELDS, **self.catalogue.records[name].fields})
            for key, kind in record.emits.items():
                place = ("record", name, "emits", key)
                for one in emitted({key: kind}):
                    yield from self._kind(place, one, self.catalogue.activities, "activity")
                like = None if key in dates else nearest(key, dates)
                if like:
                    yield Fault(place, f"“{key}” is no date of this kind", like)
        for name in self.pack.facts:
            yield from self._value(("fact", name, "value"), name, None, trigger=False)

    def _kind(self, key: Key, kind: str, kinds: Mapping[str, Kind], what: str) -> Iterator[Fault]:
        if kind not in kinds:
            yield Fault(key, f"there is no kind of {what} “{kind}”", nearest(kind, kinds))

    def conditions(self) -> Iterator[Fault]:
        """Every condition, value, field and {{ field }}."""
        for name, trigger in self.pack.triggers.items():
            yield from self._trigger(("trigger", name), trigger)
        for name, policy in self.pack.policies.items():
            yield from self._policy(("policy", name), policy)
        used: dict[str, set[Subject]] = {}
        for name, workflow in self.pack.workflows.items():
            for n, step in enumerate(workflow.steps):
                subjects = self.about(name)
                yield from self._step(("workflow", name, "step", n), step, subjects)
                if isinstance(step, Notify | Document):
                    used.setdefault(step.template, set()).update(subjects)
        for name, obligation in self.pack.obligations.items():
            if obligation.when:
                yield from self._condition(("obligation", name, "when"), obligation.when, None)
        for name, template in self.pack.templates.items():
            subjects = sorted(used.get(name, {PARTNER}), key=str)
            for part in ("subject", "body"):
                yield from self._filled(("template", name, part), getattr(template, part), subjects)

    def _trigger(self, key: Key, trigger: Trigger) -> Iterator[Fault]:
        about, subject = trigger.about, self.subject(trigger.about)
        if about.kind and subject is None:
            kinds = self.catalogue.activities if about.table == "activity" else self.catalogue.records
            yield from self._kind((*key, "subject"), about.kind, kinds, about.table)
            return
        if trigger.when:
            found = [*self._condition((*key, "when"), trigger.when, subject, trigger=True)]
            yield from found or _said_by_keys((*key, "when"), trigger.when)
        if trigger.total:
            yield from self._value((*key, "total"), trigger.total, subject, trigger=True, number=True)
        fields = {**RECORD_FIELDS, **subject.fields} if subject else dict(self.catalogue.partner)
        whose = f"a {subject.label.lower()}" if subject else "a partner"
        if trigger.date and trigger.date not in _dates(fields):
            yield Fault((*key, "date"), f"{whose} has no date “{trigger.date}”", nearest(trigger.date, _dates(fields)))
        if trigger.changed and trigger.changed not in fields:
            yield Fault(
                (*key, "changed"), f"{whose} has no field “{trigger.changed}”", nearest(trigger.changed, fields)
            )

    def _policy(self, key: Key, policy: Policy) -> Iterator[Fault]:
        for place, text in (
            (("when",), policy.when),
            *((("exempt", name), text) for name, text in policy.exempt.items()),
        ):
            yield from self._condition((*key, *place), text, None)
        yield from policy_faults(key, policy, self.catalogue)

    def _step(self, key: Key, step: Step, subjects: list[Subject]) -> Iterator[Fault]:
        for subject in subjects:
            kind = self.subject(subject)
            found = [*self._said(key, step, kind)]
            found += [*self._set(key, step, kind)] if isinstance(step, Set) else []
            found += [*_elsewhere(key, step, kind)] if isinstance(step, Branch) else []
            found += [*into(key, step, kind)] if isinstance(step, Offer) else []
            if found:
                several = f" (about {subject})" if len(subjects) > 1 else ""
                yield from (replace(fault, problem=fault.problem + several) for fault in found)
                break
        for place, text in step.words():
            yield from self._filled((*key, *place), text, subjects)
        match step:
            case Wait(activity=str() as kind_name):
                yield from self._kind((*key, "activity"), kind_name, self.catalogue.activities, "activity")
            case Offer():
                yield from self._kind((*key, "record"), step.record, self.catalogue.records, "record")
            case List():
                yield from listed(key, step, self.catalogue, [self.subject(one) for one in subjects])
            case Record():
                yield from self._record(key, step)

    def _said(self, key: Key, step: Step, subject: Kind | None) -> Iterator[Fault]:
        for place, text in step.conditions():
            yield from self._condition((*key, *place), text, subject)
        for place, text in step.expressions():
            yield from self._value(
                (*key, *place), text, subject, trigger=False, number=isinstance(step, Accrue | Offer)
            )

    def _condition(self, key: Key, text: str, subject: Kind | None, *, trigger: bool = False) -> Iterator[Fault]:
        try:
            check_condition(text, self.catalogue, subject=subject, trigger=trigger)
        except ConditionError as error:
            yield wrong(key, error)

    def _value(
        self, key: Key, text: str, subject: Kind | None, *, trigger: bool, number: bool = False
    ) -> Iterator[Fault]:
        try:
            found = check_condition(text, self.catalogue, subject=subject, trigger=trigger, want="any")
        except ConditionError as error:
            yield wrong(key, error)
            return
        if number and found.type not in NUMERIC:
            yield Fault(key, f"a number is wanted here; this is {found.type}")

    def _set(self, key: Key, step: Set, subject: Kind | None) -> Iterator[Fault]:
        """Whether a field is there, may be set, and takes the value."""
        try:
            whole = None if subject is None else replace(subject, fields=_all_fields(subject))
            found = Scope(self.catalogue, subject=whole).reference(Name(tuple(step.field.split("."))))
        except ConditionError as error:
            yield wrong((*key, "field"), error)
            return
        if found.owner == "subject" and subject is not None and subject.table == "activity":
            yield Fault((*key, "field"), "an activity does not change; set a field of its partner")
        elif found.field.key in (("open",) if found.owner == "subject" else ("code", "parent")):
            yield Fault((*key, "field"), f"“{found.field.key}” cannot be set by a workflow")
        elif found.owner == "partner" and found.field.key == "status" and step.value not in (*STATUSES, None):
            like = nearest(str(step.value), STATUSES)
            yield Fault((*key, "value"), f"“{step.value}” is no status; one of: {', '.join(STATUSES)}", like)
        elif step.within is not None:
            if found.field.type != "date":
                yield Fault((*key, "within"), f"the field takes {found.field.type}; “within” gives a date")
            elif Span.parse(step.within).unit in ("minute", "hour"):
                yield Fault(
                    (*key, "within"), f"“{step.within}” gives no date; write days, business days, weeks or months"
                )
        elif step.value is not None:
            yield from _fits((*key, "value"), step.value, found.field.type)
        elif step.expression is not None:
            yield from self._fits((*key, "expression"), step.expression, subject, found.field.type)

    def _fits(self, key: Key, text: str, subject: Kind | None, type_: str) -> Iterator[Fault]:
        try:
            found = check_condition(text, self.catalogue, subject=subject, want="any").type
        except ConditionError:
            return  # told already, where every expression is looked at
        if not same(found, _kept(type_)):
            yield Fault(key, f"the field takes {type_}; this is {found}")

    def _record(self, key: Key, step: Record) -> Iterator[Fault]:
        kind = self.catalogue.records.get(step.kind)
        if kind is None:
            yield from self._kind((*key, "kind"), step.kind, self.catalogue.records, "record")
            return
        fields = {name: one for name, one in {**RECORD_FIELDS, **kind.fields}.items() if name != "open"}
        for part in ("fields", "computed", "at_least", "round_up"):
            for name in getattr(step, part):
                if name not in fields:
                    yield Fault((*key, part, name), f"a {kind.label.lower()} has no field “{name}”", nearest(name, fields))  # fmt: skip
                elif part == "fields":
                    yield from _fits((*key, part, name), step.fields[name], fields[name].type)
        if "name" not in step.fields and "name" not in step.computed:
            yield Fault((*key, "fields"), 'a record needs a name: fields = { name = "…" }')

    def _filled(self, key: Key, text: str, subjects: Iterable[Subject]) -> Iterator[Fault]:
        """The {{ fields }} of a text."""
        try:
            names = parse_template(text).names
        except TemplateError as error:
            yield Fault(key, str(error).removeprefix("template, "))
            return
        for inside in names:
            start, _, rest = inside.partition(".")
            own = (
                {
                    "contact": [*CONTACT_FIELDS],
                    "case": [*CASE.fields, *IN_CASES],
                }.get(start)
                if rest
                else None
            )
            if own is not None:
                if rest not in own:
                    yield Fault(key, f"a {start} has no field “{rest}”", nearest(rest, own))
                continue
            for subject in subjects:
                found = [*self._value(key, inside, self.subject(subject), trigger=False)]
                if found:
                    yield replace(found[0], problem=f"in {{{{ {inside} }}}}: {found[0].problem}")
                    break


def _said_by_keys(key: Key, text: str) -> Iterator[Fault]:
    """What the language has words for, and a trigger keys of its own: a change, a step of a total."""
    for node, _ in walk(parse(text)):
        if isinstance(node, Changed):
            yield Fault(key, 'a change is told by keys: on = "record", event = "changed", changed = "status"; of a partner write'
                             " what it has become, such as tier = 'Gold'")  # fmt: skip
        if isinstance(node, Call) and node.fact == "crosses":
            yield Fault(
                key,
                'steps of a total are told by keys: on = "crosses", total = "sum(order.amount, year)", steps = [50_000]',
            )


def _elsewhere(key: Key, step: Branch, kind: Kind | None) -> Iterator[Fault]:
    """Whether what another partner may have, too, is something records of the subject's kind have."""
    for n, case in enumerate(step.cases):
        if case.elsewhere and (kind is None or kind.table != "record"):
            yield Fault((*key, "cases", n, "elsewhere"), "only a record can stand at another partner, too")
            continue
        fields = {} if kind is None else {k: f for k, f in _all_fields(kind).items() if k not in ("open", "owner")}
        for name in case.elsewhere:
            if name not in fields:
                yield Fault((*key, "cases", n, "elsewhere"), f"there is no field “{name}”", nearest(name, fields))


def _of(section: str, failed: frozenset[tuple[str, str]]) -> set[str]:
    return {name for found, name in failed if found == section}


def _dates(fields: Mapping[str, Field]) -> list[str]:
    return [key for key, one in fields.items() if one.type == "date"]


def _all_fields(kind: Kind) -> dict[str, Field]:
    return {**(ACTIVITY_FIELDS if kind.table == "activity" else RECORD_FIELDS), **kind.fields}


def _people(pack: Pack) -> Iterator[tuple[Key, str]]:
    for name, workflow in pack.workflows.items():
        yield ("workflow", name, "owner"), workflow.owner
        for n, who in enumerate(workflow.restricted):
            yield ("workflow", name, "restricted", n), who
        for n, step in enumerate(workflow.steps):
            for key, who in step.people():
                yield ("workflow", name, "step", n, *key), who
    for name, obligation in pack.obligations.items():
        yield ("obligation", name, "owner"), obligation.owner
    for name, gate in pack.gates.items():
        yield ("gate", name, "by"), gate.by or ""


def _fits(key: Key, value: str | Decimal | bool, type_: str) -> Iterator[Fault]:
    """Whether something written down is of a field's type."""
    kept = _kept(type_)
    if isinstance(value, str) and "{{" in value and kept in ("text", "number", "money"):
        return
    if kept == "date" and isinstance(value, str):
        try:
            date.fromisoformat(value)
        except ValueError:
            yield Fault(key, f"“{value}” is no date; write one such as 2026-01-31")
        return
    wanted = {"text": str, "yes/no": bool, "date": str}.get(kept, Decimal)
    if not isinstance(value, wanted):
        yield Fault(key, f"the field takes {type_}, not “{value}”")
