"""A trigger with the workflow it starts while they are edited: plain data, which need not be right yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from prm_tui.domain.fault import Fault
from prm_tui.domain.pack import MessageTemplate, Pack
from prm_tui.domain.trigger import Trigger
from prm_tui.domain.workflow import END, Workflow

_TARGETS = ("then", "reject", "timeout", "else", "join", "nobody")
Data = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """`flow` is None for a workflow that the program runs by its own rules. Every change gives another Rule.

    `templates` are those its steps may name, by name.
    """

    name: str
    trigger: Data
    flow: Data | None
    templates: Mapping[str, MessageTemplate] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, trigger: Trigger, flow: Workflow | None, templates: Mapping[str, MessageTemplate]) -> Rule:
        """As it stands in the file."""
        return cls(trigger.name, trigger.to_data(), flow.to_data() if flow else None, templates)

    @classmethod
    def new(cls, title: str, taken: set[str]) -> Rule:
        """A new one: a task for the partner's manager, for partners that have not ordered for 100 days."""
        name = unused(slug(title), taken)
        trigger = {
            "title": title,
            "on": "becomes true",
            "when": "days_since(order) > 100",
            "first": "note",
            "start": name,
        }
        return cls(name, trigger, {"title": title, "step": [{"id": "task", "do": "task", "title": "Call the owner"}]})

    @property
    def title(self) -> str:
        """Its title, or what stands in its place."""
        return str(self.trigger.get("title") or self.name)

    @property
    def start(self) -> str:
        """The name of its workflow."""
        return str(self.trigger.get("start") or self.name)

    @property
    def steps(self) -> list[Data]:
        """The steps in the order they are written."""
        return list(self.flow["step"]) if self.flow else []

    @property
    def ids(self) -> list[str]:
        """The ids of the steps."""
        return [str(step.get("id")) for step in self.steps]

    # ---- read whole ----

    def built(self) -> tuple[Trigger | None, Workflow | None, list[Fault]]:
        """The trigger and the workflow it is, as far as they can be read, and what is wrong; keys as in a pack."""
        trigger, found = Trigger.from_data(self.name, self.trigger)
        faults = [replace(fault, key=("trigger", self.name, *fault.key)) for fault in found]
        flow = None
        if self.flow is not None:
            flow, found = Workflow.from_data(self.start, self.flow)
            faults += [replace(fault, key=("workflow", self.start, *fault.key)) for fault in found]
        return trigger, flow, faults

    def pack(self) -> tuple[Pack | None, list[Fault]]:
        """As a pack of one's own, or what is wrong with it."""
        trigger, flow, faults = self.built()
        if trigger is None or faults:
            return None, faults
        flows = {flow.name: flow} if flow else {}
        return Pack(name=self.name, title=self.title, triggers={self.name: trigger}, workflows=flows), []

    # ---- changed ----

    def with_trigger(self, trigger: Data) -> Rule:
        """With other fields."""
        return replace(self, trigger=trigger)

    def with_head(self, title: str, owner: str) -> Rule:
        """With another title and owner of the workflow."""
        assert self.flow is not None
        kept = {key: value for key, value in self.flow.items() if key not in ("title", "owner", "step")}
        own = {"owner": owner} if owner != "manager" else {}
        return replace(self, flow={"title": title, **own, **kept, "step": self.steps})

    def _with(self, steps: list[Data]) -> Rule:
        assert self.flow is not None
        return replace(self, flow={**self.flow, "step": steps})

    def with_step(self, n: int, step: Data) -> Rule:
        """With another step in the place of the n-th."""
        steps = self.steps
        steps[n] = step
        return self._with(steps)

    def inserted(self, n: int, do: str) -> tuple[Rule, int]:
        """With a new step of a kind after the n-th, and where that stands; it is empty, and so not right yet."""
        steps, at = self.steps, min(n + 1, len(self.steps))
        steps.insert(at, {"id": unused(do, {*self.ids, END}), "do": do})
        return self._with(steps), at

    def without(self, n: int) -> Rule:
        """Without the n-th step; what led to it leads to the one below."""
        steps = self.steps
        gone = steps.pop(n)
        onward = str(gone.get("then") or (steps[n]["id"] if n < len(steps) else END))
        return self._with([renamed(step, str(gone["id"]), onward) for step in steps])

    def moved(self, n: int, by: int) -> Rule:
        """With the n-th step further up or down."""
        steps = self.steps
        if not 0 <= n + by < len(steps):
            return self
        steps.insert(n + by, steps.pop(n))
        return self._with(steps)


def renamed(step: Data, old: str, new: str) -> Data:
    """A step whose ways to `old` lead to `new`."""

    def to(where: Any) -> Any:
        return new if where == old else where

    made = {key: to(value) if key in _TARGETS else value for key, value in step.items()}
    if isinstance(step.get("choices"), Mapping):
        made["choices"] = {label: to(where) for label, where in step["choices"].items()}
    if isinstance(step.get("cases"), list | tuple):
        made["cases"] = [{**case, "then": to(case.get("then"))} for case in step["cases"]]
    if isinstance(step.get("unless"), Mapping):
        made["unless"] = {**step["unless"], "then": to(step["unless"].get("then"))}
    if isinstance(step.get("branches"), list | tuple):
        made["branches"] = [to(where) for where in step["branches"]]
    return made


def slug(title: str) -> str:
    """A name for a title: lower case letters and digits, joined by hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", title.casefold()))[:40].strip("-") or "trigger"


def unused(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where it is taken."""
    n, found = 1, name
    while found in taken:
        n += 1
        found = f"{name}-{n}"
    return found
