"""Triggers: listed, shown, switched on (by a second person where they message, pay or set a status) and off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from prm_tui.domain import pack as pack_text
from prm_tui.domain.errors import UsageError
from prm_tui.domain.fault import Fault
from prm_tui.domain.pack import Pack
from prm_tui.domain.shape import Wrong, one_of
from prm_tui.domain.step import Document, Notify
from prm_tui.domain.text import nearest
from prm_tui.domain.trigger import Trigger
from prm_tui.domain.workflow import Workflow, reached
from storage import Store
from storage import packs as kept
from storage import triggers as stored
from storage.store import Change
from storage.triggers import TriggerRow

FIRSTS = ("from-now", "note", "act")
Flows = Mapping[str, Workflow | None]


def listed(store: Store, as_of: date) -> list[TriggerRow]:
    """Every trigger of the file, by name."""
    with store.reading() as conn:
        return stored.rows(conn, as_of)


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


def workflows_of(trigger: Trigger, flows: Flows) -> list[str]:
    """The workflow a trigger starts, and all that may start from there."""
    ways = {name: {to for _, to in flow.starts()} if flow else set() for name, flow in flows.items()}
    return sorted(reached({trigger.start}, ways))


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


def _second_person(store: Store, trigger: Trigger, actor: int | None) -> None:
    with store.reading() as conn:
        flows = kept.workflows(conn)
        does = acts(trigger, flows)
        writers = stored.writers(conn, trigger.name, workflows_of(trigger, flows))
    if not does:
        return
    what = f"{trigger.name} {' and '.join(does)}"
    if actor is None:
        raise UsageError(f"{what}: a person must switch it on. Say who: --actor NAME")
    if actor in writers:
        raise UsageError(f"{what}: whoever saved {writers[actor]} cannot switch it on as well. Ask a second person to.")


def switch_off(store: Store, name: str, *, actor: int | None, as_of: date) -> int | None:
    """Switch a trigger off; what it began goes on. Returns the change, None when it was off already."""
    row, _ = find(store, name, as_of)
    with store.change(f"switched off the trigger {name}", actor=actor, as_of=as_of) as change:
        stored.switch(change, row.id, False)
        stored.set_first(change, name, None)
    return change.id if change.kept else None


def switched_off(change: Change) -> tuple[str, ...]:
    """Switch off what a change made act otherwise than was agreed to; returns their names."""
    flows = kept.workflows(change.conn)
    new = stored.written_by(change)
    found = []
    for row in stored.rows(change.conn, change.as_of):
        trigger = kept.triggers(change.conn)[row.name]
        parts = {("trigger", row.name), *(("workflow", name) for name in workflows_of(trigger, flows))}
        if row.on and parts & new and acts(trigger, flows):
            stored.switch(change, row.id, False)
            found.append(row.name)
    return tuple(found)


def export(store: Store, names: Iterable[str], as_of: date) -> str:
    """Triggers (none named: all) with their workflows and templates, as TOML. UsageError for a name that is none."""
    wanted = list(names) or [row.name for row in listed(store, as_of)]
    chosen = {name: find(store, name, as_of)[1] for name in wanted}
    with store.reading() as conn:
        flows, templates = kept.workflows(conn), kept.templates(conn)
    used: dict[str, Workflow] = {}
    for trigger in chosen.values():
        for name in workflows_of(trigger, flows):
            flow = flows.get(name)
            if flow is not None:
                used[name] = flow
    written = {s.template for f in used.values() for s in f.steps if isinstance(s, Notify | Document)}
    name = wanted[0] if len(wanted) == 1 else "triggers"
    return pack_text.write(
        Pack(
            name=name,
            title=chosen[name].title if name in chosen else "Triggers",
            triggers=chosen,
            workflows=used,
            templates={name: templates[name] for name in sorted(written) if name in templates},
        )
    )
