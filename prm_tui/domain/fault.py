"""What is wrong with rules that were written as data: where, what, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prm_tui.domain.condition import ConditionError

Key = tuple[str | int, ...]
"""The way to a value: ("workflow", "winback", "step", 0, "then"). A number counts from 0."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong. `instead` is what to write, where that is known; `line` counts from 1."""

    key: Key
    problem: str
    instead: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None

    @property
    def at(self) -> str:
        """The key as it is said: workflow.winback.step 1.then"""
        return ".".join(str(part) for part in _counted(self.key))

    @property
    def said(self) -> str:
        """The whole sentence, beginning with the place."""
        place = [self.file] if self.file else []
        place += [f"line {self.line}"] if self.line else []
        place += [f"column {self.column}"] if self.column else []
        place += [self.at] if self.key else []
        hint = f". Did you mean “{self.instead}”?" if self.instead else ""
        whole = f"{', '.join(place)}: {self.problem}{hint}" if place else f"{self.problem}{hint}"
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in whole)  # it quotes what a file says


def wrong(key: Key, error: ConditionError) -> Fault:
    """A condition's fault at its key."""
    expected = f"; expected {error.expected}" if error.expected else ""
    return Fault(key, f"character {error.at + 1}: {error.problem}{expected}", error.suggestion)


def _counted(key: Key) -> Iterable[str]:
    """Numbers count from 1 and join the word before them: step, 0 → step 1."""
    said: list[str] = []
    for part in key:
        if isinstance(part, int) and said:
            said[-1] += f" {part + 1}"
        else:
            said.append(str(part))
    return said
