"""The texts that steps write: opened from a trigger, checked while they are typed, shown as a partner gets them, saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from prm_tui.domain.case import IN_CASES
from prm_tui.domain.condition import Catalogue, complete
from prm_tui.domain.condition.catalogue import CASE
from prm_tui.domain.errors import UsageError
from prm_tui.domain.fault import Fault
from prm_tui.domain.pack import MessageTemplate, Pack, PackError
from prm_tui.domain.pack_check import check as checked
from prm_tui.domain.partner import FIELDS
from prm_tui.domain.person import CONTACT_FIELDS
from prm_tui.domain.preview import Reader
from prm_tui.domain.rule import Rule
from prm_tui.domain.standing import Subject
from prm_tui.domain.step import Document, Notify
from prm_tui.domain.template import open_field, parse
from prm_tui.domain.trigger import Trigger
from prm_tui.domain.workflow import Workflow
from prm_tui.services import automation, conditions, packs, triggers
from prm_tui.services.rules import Saved
from storage import Store, templates
from storage import packs as kept
from storage import preview as stored

LIKELY = ("contact.name", "partner.name", "today")
"""What most texts say; these names stand first."""


@dataclass(frozen=True)
class Text:
    """A text opened from a step. `new`: it is not in the file yet. `one`: for whom it is shown (None: there is no partner),
    `matches`: whether the trigger matches it now. `names`: the fields that may be used.
    """

    template: MessageTemplate
    new: bool
    trigger: Trigger
    flow: Workflow
    step: Notify | Document
    one: Subject | None
    matches: bool
    names: tuple[str, ...]
    known: Catalogue

    @property
    def document(self) -> bool:
        """Whether it becomes a document; else a message."""
        return isinstance(self.step, Document)


def load(store: Store, rule: Rule, n: int | None, as_of: date) -> Text:
    """The text of the n-th step of a trigger as it is edited. UsageError where that step writes none."""
    trigger, flow, _ = rule.built()
    step = None if n is None or flow is None else next((s for s in flow.steps if s.id == rule.ids[n]), None)
    if trigger is None or flow is None:
        raise UsageError("Put right first what is wrong with the trigger: e edits it.")
    if not isinstance(step, Notify | Document):
        raise UsageError("That is no message and no document. Put the cursor on a step that is.")
    one, matches = _first(store, trigger, as_of)
    known = conditions.catalogue_about(store, trigger.about)
    with store.reading() as conn:
        template = kept.templates(conn).get(step.template)
    blank = MessageTemplate(name=step.template, subject="", body="")
    return Text(template or blank, template is None, trigger, flow, step, one, matches, _names(known), known)


def _first(store: Store, trigger: Trigger, as_of: date) -> tuple[Subject | None, bool]:
    """The first that a trigger matches now; else any that it could be about."""
    try:
        found = triggers.matching(store, trigger, as_of).first
    except UsageError:
        found = ()  # what is wrong with its condition is said on its page
    if found:
        return found[0], True
    anybody = triggers.matching(store, replace(trigger, when=None), as_of, "").first
    return (anybody[0] if anybody else None), False


def _names(known: Catalogue) -> tuple[str, ...]:
    own = [key.removeprefix("subject.") for key in known.partner if key.startswith("subject.")]
    partner = [f"partner.{key}" for key in (*FIELDS, *known.partner) if "." not in key]
    found = [*LIKELY, *own, *(f"contact.{key}" for key in CONTACT_FIELDS), *partner, *known.named]
    return tuple(dict.fromkeys([*found, *(f"case.{key}" for key in (*CASE.fields, *IN_CASES))]))


def completed(text: Text, said: str, cursor: int) -> list[str]:
    """What the field at the cursor may become, the likeliest first: each begins with what stands there already.

    Empty outside of a field.
    """
    inside = open_field(said, cursor)
    if inside is None:
        return []
    typed = inside.lstrip()
    found = [name for name in text.names if name.startswith(typed) and name != typed]
    return found or [typed[: one.start] + one.text for one in complete(typed, len(typed), text.known)]


def check(store: Store, text: Text, template: MessageTemplate) -> list[Fault]:
    """Everything wrong with a text in every workflow that writes it; keys: ("template", name, "subject" or "body")."""
    missing = [key for key in ("subject", "body") if not getattr(template, key).strip()]
    faults = [Fault(("template", template.name, key), f"“{key}” is missing") for key in missing]
    with store.reading() as conn:
        known = kept.known(conn)
    flows = {**known.workflows, text.flow.name: text.flow}
    users = {name: flow for name, flow in flows.items() if flow and _writes(flow, template.name)}
    pack = Pack(
        name="text", title="Text", triggers={text.trigger.name: text.trigger}, workflows=users,
        templates={template.name: template},
    )  # fmt: skip
    known = replace(known, workflows={**dict.fromkeys(packs.PROGRAM_WORKFLOWS), **known.workflows})
    return faults + [fault for fault in checked(pack, known) if fault.key[:1] == ("template",)]


def _writes(flow: Workflow, template: str) -> bool:
    return any(isinstance(step, Notify | Document) and step.template == template for step in flow.steps)


def reader(store: Store, text: Text, template: MessageTemplate, as_of: date) -> Reader | None:
    """Who would get a text, and what its fields say, found out by opening a case of which nothing remains.

    None where there is no partner. UsageError for a text with something wrong in it.
    """
    if text.one is None:
        return None
    parsed = [parse(template.subject), parse(template.body)]
    with store.rehearsal(), store.change("a text is shown", actor=None, as_of=as_of) as change:
        return stored.reader(automation.round_of(store, change), text.flow, text.trigger, text.step, parsed, text.one)


@dataclass(frozen=True)
class Use:
    """A trigger that writes a text. `acts`: what it does that a second person must agree to."""

    name: str
    title: str
    on: bool
    acts: tuple[str, ...]


def uses(store: Store, name: str, as_of: date) -> Sequence[Use]:
    """The triggers of the file that may lead to a text, by name."""
    rows = triggers.listed(store, as_of)
    with store.reading() as conn:
        bodies, flows = kept.triggers(conn), kept.workflows(conn)
    return [
        Use(row.name, row.title, row.on, tuple(triggers.acts(bodies[row.name], flows)))
        for row in rows
        if row.name in bodies and name in triggers.templates_of(bodies[row.name], flows)
    ]


def save(store: Store, text: Text, template: MessageTemplate, *, actor: int | None, as_of: date) -> Saved:
    """Save a text; what is written from now on says it, in open cases, too. Raises PackError with every fault.

    A trigger that is on, may write it and messages, pays or sets a status is switched off until a second person
    switches it on.
    """
    faults = check(store, text, template)
    if faults:
        raise PackError(faults)
    with store.change(f"changed the text {template.name}", actor=actor, as_of=as_of) as change:
        templates.save(change, template)
        off = triggers.switched_off(change)
    return Saved(change.id if change.kept else None, off)
