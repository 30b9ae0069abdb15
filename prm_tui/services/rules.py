"""Editing a trigger and its workflow: checked whole against the file while it is typed, saved as new versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from prm_tui.domain.fault import Fault
from prm_tui.domain.pack import PackError
from prm_tui.domain.pack_check import check as checked
from prm_tui.domain.rule import Rule
from prm_tui.services import packs, triggers
from storage import Store
from storage import cases as stored_cases
from storage import packs as kept
from storage.store import Change


@dataclass(frozen=True)
class Saved:
    """What saving did. `change` is None where nothing was new; `off`: triggers it switched off, until a second person
    agrees to the new version.
    """

    change: int | None
    off: tuple[str, ...] = ()


def load(store: Store, name: str, as_of: date) -> Rule:
    """A trigger of the file and the workflow it starts, to be edited. UsageError for one that is not there."""
    _, trigger = triggers.find(store, name, as_of)
    with store.reading() as conn:
        flows = {**dict.fromkeys(packs.PROGRAM_WORKFLOWS), **kept.workflows(conn)}
        return Rule.of(trigger, flows.get(trigger.start), kept.templates(conn))


def new(store: Store, title: str) -> Rule:
    """A new trigger of that title, which is nowhere yet."""
    with store.reading() as conn:
        taken = {*kept.triggers(conn), *kept.workflows(conn), *packs.PROGRAM_WORKFLOWS}
        return replace(Rule.new(title, taken), templates=kept.templates(conn))


def check(store: Store, rule: Rule) -> list[Fault]:
    """Everything wrong with it in this file; keys as in a pack: ("workflow", name, "step", 0, "within")."""
    pack, faults = rule.pack()
    if pack is None:
        return faults
    with store.reading() as conn:
        known = kept.known(conn)
    flows = {**dict.fromkeys(packs.PROGRAM_WORKFLOWS), **known.workflows}
    return list(checked(pack, replace(known, workflows=flows)))


def save(store: Store, rule: Rule, *, actor: int | None, as_of: date) -> Saved:
    """Save it: what is new in it is a new version, a new trigger is off. Raises PackError with every fault.

    One that is on and would message, pay or set a status by the new version is switched off until a second person
    switches it on; what runs keeps the version it began with.
    """
    faults = check(store, rule)
    if faults:
        raise PackError(faults)
    with store.change(f"saved the trigger {rule.title[:80]}", actor=actor, as_of=as_of) as change:
        off = _put(change, rule)
    return Saved(change.id if change.kept else None, off)


def _put(change: Change, rule: Rule) -> tuple[str, ...]:
    trigger, flow, _ = rule.built()
    assert trigger is not None
    if flow is not None:
        body = kept.body_of(flow.to_data())
        stored_cases.workflow_version(change, flow.name, flow.title, body, None)
        kept.retitle(change, flow.name, flow.title)
    kept.trigger_version(change, trigger, None)
    return triggers.switched_off(change)


def used_by(store: Store, rule: Rule) -> Sequence[str]:
    """The other triggers that start the same workflow."""
    with store.reading() as conn:
        return sorted(t.title for t in kept.triggers(conn).values() if t.start == rule.start and t.name != rule.name)


def acts(store: Store, rule: Rule) -> list[str]:
    """What it does, as edited, that a second person must agree to."""
    trigger, flow, _ = rule.built()
    if trigger is None:
        return []
    with store.reading() as conn:
        flows = kept.workflows(conn)
    return triggers.acts(trigger, {**flows, **({flow.name: flow} if flow else {})})
