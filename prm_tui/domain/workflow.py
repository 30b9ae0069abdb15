"""A workflow: steps as data, and what would make it go wrong."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Any

from prm_tui.domain.fault import Fault, Key
from prm_tui.domain.shape import Words, Worker, build, whom
from prm_tui.domain.step import Accrue, Notify, Parallel, Set, Start, Step, Suspend
from prm_tui.domain.steps import from_data, step_data
from prm_tui.domain.text import nearest

END = "end"
START = "start:"
PROGRAM = ("deactivation",)
"""Workflows that the program runs by rules of its own, begun by a person; they are not steps as written here."""


_Role = Annotated[str, whom("role:")]


@dataclass(frozen=True)
class _Head:
    title: Words
    owner: Worker = "manager"
    restricted: tuple[_Role, ...] = ()


@dataclass(frozen=True)
class Workflow:
    """Steps in the order they are written; `owner` has the case, unless a person is named when it begins.

    `restricted`: the roles that alone may see its cases ("role:legal"); without them everybody may.
    """

    name: str
    title: str
    owner: str
    steps: tuple[Step, ...]
    restricted: tuple[str, ...] = ()

    @staticmethod
    @lru_cache(maxsize=1024)
    def from_text(name: str, text: str) -> tuple[Workflow | None, list[Fault]]:
        """As `from_data`, of the JSON a file keeps; the same text is read once."""
        return Workflow.from_data(name, json.loads(text))

    @classmethod
    def from_data(cls, name: str, data: Mapping[str, Any]) -> tuple[Workflow | None, list[Fault]]:
        """A workflow from the table under its name, or every fault in it; keys begin below [workflow.NAME]."""
        head, faults = build(_Head, {key: value for key, value in data.items() if key != "step"})
        listed = data.get("step", [])
        if not isinstance(listed, list | tuple):
            return None, [*faults, Fault(("step",), "steps are a list: write [[workflow.NAME.step]]")]
        steps: list[Step] = []
        for n, item in enumerate(listed):
            step, found = from_data(item, ("step", n))
            faults += found
            steps += [step] if step is not None else []
        if not listed:
            faults.append(Fault((), "it has no step: write [[workflow.NAME.step]]"))
        if faults or head is None:
            return None, faults
        return cls(name, head.title, head.owner, tuple(steps), head.restricted), []

    def to_data(self) -> dict[str, Any]:
        """As it would be written, without its name and without what has its default."""
        owner: dict[str, Any] = {} if self.owner == _Head.owner else {"owner": self.owner}
        owner |= {"restricted": list(self.restricted)} if self.restricted else {}
        return {"title": self.title, **owner, "step": [step_data(step) for step in self.steps]}

    @cached_property
    def by_id(self) -> dict[str, Step]:
        """Step id → step."""
        return {step.id: step for step in self.steps}

    def following(self, step: Step) -> str:
        """The id of the step written below, or `end`."""
        n = next(n for n, other in enumerate(self.steps) if other is step)
        return self.steps[n + 1].id if n + 1 < len(self.steps) else END

    def ways(self, step: Step) -> list[tuple[Key, str]]:
        """Every way on from a step: (key that names it, target)."""
        return step.targets(self.following(step))

    def starts(self) -> list[tuple[Key, str]]:
        """The workflows it may start: (key, name)."""
        return list(self._starts)

    @cached_property
    def _starts(self) -> tuple[tuple[Key, str], ...]:
        found: list[tuple[Key, str]] = []
        for n, step in enumerate(self.steps):
            for key, target in self.ways(step):
                if target.startswith(START):
                    found.append((("step", n, *key), target.removeprefix(START)))
            if isinstance(step, Start):
                found.append((("step", n, "workflow"), step.workflow))
        return tuple(found)

    @property
    def acts(self) -> frozenset[str]:
        """What it does that a second person must agree to: messages, pays, sets a status."""
        found = {"messages": Notify, "pays": Accrue}
        acts = {word for word, kind in found.items() if any(isinstance(step, kind) for step in self.steps)}
        status = ("status", "partner.status")
        return frozenset(
            acts
            | {
                "sets a status"
                for step in self.steps
                if isinstance(step, Suspend) or (isinstance(step, Set) and step.field in status)
            }
        )

    def check(self) -> list[Fault]:
        """What would make it go wrong: ids twice, targets that name nothing, steps nobody reaches, endless ways."""
        twice = list(_twice(self.steps))
        faults = [*twice, *self._nowhere()]
        return faults or [*self._unreached(), *self._endless(), *self._apart()]

    def _nowhere(self) -> Iterable[Fault]:
        for n, step in enumerate(self.steps):
            for key, target in self.ways(step):
                if target != END and not target.startswith(START) and target not in self.by_id:
                    known = [*self.by_id, END]
                    yield Fault(("step", n, *key), f"“{target}” is no step of this workflow", nearest(target, known))
                if key == ("join",) and target == END:
                    yield Fault(("step", n, *key), "branches meet at a step, not at the end")

    def _next(self, step: Step) -> set[str]:
        return {target for _, target in self.ways(step)}

    def _reached(self) -> set[str]:
        return reached({self.steps[0].id}, {step.id: self._next(step) for step in self.steps})

    def _unreached(self) -> Iterable[Fault]:
        found = self._reached()
        for n, step in enumerate(self.steps):
            if step.id not in found:
                yield Fault(("step", n, "id"), f"no way leads to the step “{step.id}”")

    def _endless(self) -> Iterable[Fault]:
        """Circles in which nothing waits, and steps from which no way leads to an end."""
        number = {step.id: n for n, step in enumerate(self.steps)}
        hasty = {step.id: self._next(step) for step in self.steps if not step.pauses}
        ring = circle(hasty)
        if ring:
            yield Fault(
                ("step", number[ring[0]], "then"),
                f"it would go round for ever: {' → '.join((*ring, ring[0]))}; let it wait for time, an answer or a person",
            )
            return
        back: dict[str, set[str]] = {}
        for step in self.steps:
            for target in self._next(step) or {END}:
                back.setdefault(END if target.startswith(START) else target, set()).add(step.id)
        ending = reached({END}, back)
        for step in self.steps:
            if step.id not in ending:
                yield Fault(("step", number[step.id]), f"from the step “{step.id}” no way leads to an end")
                return

    def _apart(self) -> Iterable[Fault]:
        """Branches from which no way leads to where all should meet."""
        ways = {step.id: self._next(step) for step in self.steps}
        for n, step in enumerate(self.steps):
            for m, branch in enumerate(step.branches if isinstance(step, Parallel) else ()):
                if isinstance(step, Parallel) and step.join not in reached({branch}, ways):
                    yield Fault(("step", n, "branches", m), f"from “{branch}” no way leads to the join, “{step.join}”")


def _twice(steps: Iterable[Step]) -> Iterable[Fault]:
    seen: set[str] = set()
    for n, step in enumerate(steps):
        if step.id in seen:
            yield Fault(("step", n, "id"), f"two steps are called “{step.id}”")
        seen.add(step.id)


def reached(first: set[str], ways: Mapping[str, Iterable[str]]) -> set[str]:
    """Everything that can be reached from `first`, itself included."""
    found, waiting = set(first), list(first)
    while waiting:
        for target in ways.get(waiting.pop(), ()):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found


def circle(ways: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """A circle among these ways, or nothing; the same one every time."""
    for first in ways:
        path = back_to(first, ways)
        if path:
            return path
    return ()


def back_to(first: str, ways: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The shortest way from a place back to it, without its end; nothing where none leads back."""
    waiting: list[tuple[str, ...]] = [(first,)]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        for target in sorted(ways.get(path[-1], ())):
            if target == first:
                return path
            if target in ways and target not in seen:
                seen.add(target)
                waiting.append((*path, target))
    return ()
