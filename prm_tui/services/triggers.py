"""Triggers: listed, shown, switched on (by a second person where they message, pay or set a status) and off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from prm_tui.domain import pack as pack_text
from prm_tui.domain.condition import ConditionError, parse
from prm_tui.domain.condition.tree import Name, walk
from prm_tui.domain.errors import UsageError
from prm_tui.domain.fault import Fault
from prm_tui.domain.pack import MessageTemplate, NamedFact, Pack
from prm_tui.domain.shape import Wrong, one_of
from prm_tui.domain.standing import Matching, Standing
from prm_tui.domain.step import Document, List, Notify, Offer, Set
from prm_tui.domain.template import parse as parse_template
from prm_tui.domain.text import nearest
from prm_tui.domain.trigger import Trigger
from prm_tui.domain.workflow import Workflow, reached
from prm_tui.services import agreeing, shipped
from storage import Store, sweeps
from storage import packs as kept
from storage import standing as looks
from storage import templates as texts
from storage import triggers as stored
from storage.catalogue import catalogue
from storage.store import Change
from storage.triggers import TriggerRow

FIRSTS = ("from-now", "note", "act")
Flows = Mapping[str, Workflow | None]


def listed(store: Store, as_of: date) -> list[TriggerRow]:
    """Every trigger of the file, by name."""
    with store.reading() as conn:
        return stored.rows(conn, as_of)


def standings(store: Store, as_of: date, *, now: bool = True) -> list[Standing]:
    """How every trigger stands as of a date, those that are on first; `now`: with whom each matches now."""
    with store.reading() as conn:
        bodies, known, figures = kept.triggers(conn), catalogue(conn), looks.figures(conn, as_of)
        found = []
        for row in stored.rows(conn, as_of):
            if row.name not in bodies:
                continue
            seen = figures.get(row.id, looks.Figures())
            matching, fault = None, ""
            try:
                matching = looks.matching(conn, known, bodies[row.name], as_of, shown=0) if now else None
            except ConditionError as error:
                fault = str(error)
            found.append(Standing(bodies[row.name], row.on, row.version, row.saved_by, row.pack, tuple(seen.weeks),
                                  seen.held, seen.returned, matching, fault))  # fmt: skip
    return sorted(found, key=lambda one: (not one.on, one.trigger.title.casefold()))


def matching(store: Store, trigger: Trigger, as_of: date, text: str | None = None) -> Matching:
    """For whom the condition of a trigger holds now; `text` stands in for its own. ConditionError says what is wrong."""
    with store.reading() as conn:
        return looks.matching(conn, catalogue(conn), trigger, as_of, text=text)


def find(store: Store, name: str, as_of: date) -> tuple[TriggerRow, Trigger]:
    """A trigger by its name. UsageError names the nearest, or all."""
    with store.reading() as conn:
        rows = {row.name: row for row in stored.rows(conn, as_of)}
        found = kept.triggers(conn)
    if name not in rows:
        like = nearest(name, rows)
        there = f"There are: {', '.join(rows)}." if rows else "There are none yet: prm packs list, prm packs add NAME"
        raise UsageError(f"{name}: there is no such trigger. {f'Did you mean “{like}”?' if like else there}")
    return rows[name], found[name]


def by_hand(store: Store) -> list[Trigger]:
    """The triggers that are on and wait for a person to start them, by title."""
    with store.reading() as conn:
        found = [active.trigger for active in sweeps.triggers(conn, on=True) if active.trigger.on == "manual"]
    return sorted(found, key=lambda t: t.title)


def workflows_of(trigger: Trigger, flows: Flows) -> list[str]:
    """The workflow a trigger starts, and all that may start from there."""
    ways = {name: {to for _, to in flow.starts()} if flow else set() for name, flow in flows.items()}
    return sorted(reached({trigger.start}, ways))


def templates_of(trigger: Trigger, flows: Flows) -> set[str]:
    """The templates of the messages and documents a trigger may lead to."""
    found = (flows.get(name) for name in workflows_of(trigger, flows))
    return {step.template for flow in found if flow for step in flow.steps if isinstance(step, Notify | Document)}


def texts_of(store: Store, name: str) -> dict[str, dict[str, str]]:
    """The texts a trigger of the file may lead to, by the names of their templates: subject and body."""
    with store.reading() as conn:
        mine = templates_of(kept.triggers(conn)[name], kept.workflows(conn))
        return {one.name: {"subject": one.subject, "body": one.body} for one in kept.templates(conn).values()
                if one.name in mine}  # fmt: skip


def acts(trigger: Trigger, flows: Flows) -> list[str]:
    """What it does that a second person must agree to: messages, pays, sets a status."""
    found: set[str] = set()
    for name in workflows_of(trigger, flows):
        flow = flows.get(name)
        found |= flow.acts if flow else set()
    return sorted(found)


def acts_of(store: Store, name: str) -> list[str]:
    """As `acts`, for a trigger of the file."""
    with store.reading() as conn:
        return acts(kept.triggers(conn)[name], kept.workflows(conn))


def switch_on(store: Store, name: str, *, first: str | None = None, actor: int | None, as_of: date) -> int | None:
    """Switch a trigger on; returns the change, None when it was on already.

    `first` says what happens to those that match already, where it is not what the trigger says itself. UsageError
    when it messages, pays or sets a status and whoever acts is nobody by name, or wrote what would act.
    """
    if first is not None:
        try:
            one_of(*FIRSTS)(first)
        except Wrong as wrong:
            raise UsageError(Fault(("--first",), wrong.problem, wrong.instead).said) from None
    row, trigger = find(store, name, as_of)
    _second_person(store, trigger, actor)
    with store.change(f"switched on the trigger {name}", actor=actor, as_of=as_of) as change:
        stored.switch(change, row.id, True)
        stored.set_first(change, name, first if first != trigger.first else None)
    return change.id if change.kept else None


def difference(store: Store, name: str, as_of: date) -> list[str]:
    """What the newest version of a trigger changed against the one before, line by line (“- …”, “+ …”); and what the
    newest version of the workflow it starts did, and the latest change of each text it writes. Empty for first versions.
    """
    from difflib import ndiff

    _, trigger = find(store, name, as_of)
    with store.reading() as conn:
        versions = [kept.last_two(conn, "trigger", name), kept.last_two(conn, "workflow", trigger.start)]
        pairs = [(_lines(before), _lines(after)) for before, after in versions if before and after]
        mine = templates_of(trigger, kept.workflows(conn))
        for name, text in kept.templates(conn).items():
            was = texts.before(conn, name) if name in mine else None
            pairs += [(_text_lines(was), _text_lines(text))] if was else []
    found: list[str] = []
    for before, after in pairs:
        found += [line for line in ndiff(before, after) if line[0] in "+-"]
    return found


def _text_lines(template: MessageTemplate) -> list[str]:
    return [f"text {template.name}.subject = {template.subject}",
            *(f"text {template.name}: {line}" for line in template.body.splitlines() if line.strip())]  # fmt: skip


def _lines(data: Any, key: str = "") -> list[str]:
    """Plain data as lines of one value each."""
    if isinstance(data, dict):
        mine = f"{key} {data['id']}" if key.startswith("step") and "id" in data else key
        return [line for name, value in data.items() for line in _lines(value, f"{mine}.{name}" if mine else str(name))]
    if isinstance(data, list) and any(isinstance(one, dict) for one in data):
        return [line for one in data for line in _lines(one, key)]
    shown = ", ".join(map(str, data)) if isinstance(data, list) else data
    return [f"{key} = {shown}"]


def wrote(store: Store, name: str, actor: int | None, as_of: date) -> bool:
    """Whether who acts wrote what would act."""
    _, trigger = find(store, name, as_of)
    with store.reading() as conn:
        return actor in _writers(conn, trigger, kept.workflows(conn))


def may_switch_on(store: Store, name: str, *, actor: int | None, as_of: date) -> None:
    """Raises the UsageError that switching on would, and switches nothing."""
    _second_person(store, find(store, name, as_of)[1], actor)


def _second_person(store: Store, trigger: Trigger, actor: int | None) -> None:
    with store.reading() as conn:
        flows = kept.workflows(conn)
        does = acts(trigger, flows)
        writers = _writers(conn, trigger, flows)
    if not does:
        return
    what = f"{trigger.name} {' and '.join(does)}"
    if actor is None:
        raise UsageError(f"{what}: a person must switch it on. Say who: choose a person (p), or --actor NAME.")
    if actor in writers and agreeing.needed(store.conn) > 1:
        raise UsageError(
            f"{what}: whoever saved {writers[actor]} cannot switch it on as well. Ask a second person to."
            f"{agreeing.alone(store)}"
        )


def _writers(conn: Any, trigger: Trigger, flows: Flows) -> dict[int, str]:
    """Who wrote what would act, and what that is: the trigger, its workflows, their texts."""
    wrote = texts.writers(conn, sorted(templates_of(trigger, flows)))
    writers = {person: f"the text {name}" for person, name in wrote.items()}
    return writers | stored.writers(conn, trigger.name, workflows_of(trigger, flows))


def switch_off(store: Store, name: str, *, actor: int | None, as_of: date) -> int | None:
    """Switch a trigger off; what it began goes on. Returns the change, None when it was off already."""
    row, _ = find(store, name, as_of)
    with store.change(f"switched off the trigger {name}", actor=actor, as_of=as_of) as change:
        stored.switch(change, row.id, False)
        stored.set_first(change, name, None)
    return change.id if change.kept else None


def switched_off(change: Change) -> tuple[str, ...]:
    """Switch off what a change made act, or write, otherwise than was agreed to; returns their names."""
    flows, bodies = kept.workflows(change.conn), kept.triggers(change.conn)
    new = stored.written_by(change) | {("template", name) for name in texts.written_by(change)}
    found = []
    for row in stored.rows(change.conn, change.as_of):
        trigger = bodies[row.name]
        parts = {("trigger", row.name), *(("workflow", name) for name in workflows_of(trigger, flows))}
        parts |= {("template", name) for name in templates_of(trigger, flows)}
        if row.on and parts & new and acts(trigger, flows):
            stored.switch(change, row.id, False)
            found.append(row.name)
    return tuple(found)


def export(store: Store, names: Iterable[str], as_of: date) -> str:
    """Triggers (none named: all) with what they speak of, as TOML: workflows, templates, facts, and the kinds and fields
    that not every file has. UsageError for a name that is none.
    """
    wanted = list(names) or [row.name for row in listed(store, as_of)]
    chosen = {name: find(store, name, as_of)[1] for name in wanted}
    with store.reading() as conn:
        flows, templates, facts = kept.workflows(conn), kept.templates(conn), kept.facts(conn)
    used: dict[str, Workflow] = {}
    for trigger in chosen.values():
        for name in workflows_of(trigger, flows):
            flow = flows.get(name)
            if flow is not None:
                used[name] = flow
    written = {name for trigger in chosen.values() for name in templates_of(trigger, flows)}
    templates = {name: templates[name] for name in sorted(written) if name in templates}
    said = [*_said(chosen.values(), used.values()), *(t for m in templates.values() for t in _fields(m))]
    named = _named(facts, said)
    spoken = _spoken([*said, *(facts[name].value for name in named)], chosen.values(), used.values())
    with store.reading() as conn:
        activities, records, fields = kept.kinds(conn, spoken, shipped.core_fields())
    name = wanted[0] if len(wanted) == 1 else "triggers"
    return pack_text.write(
        Pack(
            name=name,
            title=chosen[name].title if name in chosen else "Triggers",
            partner=fields,
            activities=activities,
            records=records,
            triggers=chosen,
            workflows=used,
            facts={name: facts[name] for name in facts if name in named},
            templates=templates,
        )
    )


def _said(triggers: Iterable[Trigger], flows: Iterable[Workflow]) -> Iterator[str]:
    """Every condition and value of triggers and workflows, those in the words of steps, too."""
    for trigger in triggers:
        yield from (text for text in (trigger.when, trigger.total) if text)
    for step in (step for flow in flows for step in flow.steps):
        yield from (text for _, text in (*step.conditions(), *step.expressions()))
        yield from (field for _, text in step.words() for field in parse_template(text).names)
        yield from step.said if isinstance(step, List) else ()


def _fields(template: MessageTemplate) -> tuple[str, ...]:
    return (*parse_template(template.subject).names, *parse_template(template.body).names)


def _spoken(texts: Iterable[str], triggers: Iterable[Trigger], flows: Iterable[Workflow]) -> set[str]:
    """Every name that these texts, subjects and steps may mean a kind or a field by."""
    found = {trigger.about.kind or "" for trigger in triggers}
    for text in texts:
        found |= {part for node, _ in walk(parse(text)) if isinstance(node, Name) for part in node.parts}
    for step in (step for flow in flows for step in flow.steps):
        found |= {str(getattr(step, key)) for key in ("kind", "record", "activity") if getattr(step, key, None)}
        found |= set(getattr(step, "field", "").split(".")) if isinstance(step, Set) else set()
        found |= {step.what.partition(":")[2]} if isinstance(step, List) else set()
        found |= {step.into or ""} if isinstance(step, Offer) else set()
    return found


def _named(facts: Mapping[str, NamedFact], texts: Iterable[str]) -> set[str]:
    """The named facts that these texts speak of, and those that these speak of."""
    found: set[str] = set()
    left = list(texts)
    while left:
        for node, _ in walk(parse(left.pop())):
            name = node.said if isinstance(node, Name) else ""
            if name in facts and name not in found:
                found.add(name)
                left.append(facts[name].value)
    return found
