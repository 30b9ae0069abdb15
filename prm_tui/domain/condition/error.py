"""What is wrong with a condition, where, and what to write instead."""

from __future__ import annotations

from prm_tui.domain.errors import UsageError


class ConditionError(UsageError):
    """A condition that cannot be understood.

    `at` is the position of the fault (0 is the first character), `problem` the sentence about it, `expected`
    what could stand there, `suggestion` the text to write instead, where one is known.
    """

    def __init__(self, problem: str, at: int, *, expected: str | None = None, suggestion: str | None = None) -> None:
        self.problem = problem
        self.at = at
        self.expected = expected
        self.suggestion = suggestion
        said = problem + (f"; expected {expected}" if expected else "")
        said += f". Did you mean “{suggestion}”?" if suggestion else ""
        super().__init__(f"condition, character {at + 1}: {said}")
