"""A change: one act of one actor; and what taking one back would do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Outcome = Literal["reversed", "kept", "blocked"]

ERASURE = "erasure"
"""The kind of a change that erased personal data, and of the evidence that says what was done: never taken back."""

NOUNS = {
    "partners": ("partner", "partners"),
    "partner_keys": ("partner key", "partner keys"),
    "contacts": ("contact", "contacts"),
    "activities": ("activity", "activities"),
    "activity_lines": ("line", "lines"),
    "records": ("record", "records"),
    "people": ("person", "people"),
    "cases": ("case", "cases"),
    "tasks": ("task", "tasks"),
    "messages": ("message", "messages"),
    "sources": ("source sheet", "source sheets"),
    "feeds": ("feed", "feeds"),
    "feed_rows": ("remembered row", "remembered rows"),
    "fields": ("custom field", "custom fields"),
}


def noun(table: str, count: int = 2) -> str:
    """A table's rows in words: 1 partner, 2 partners."""
    one, many = NOUNS.get(table, (table.rstrip("s").replace("_", " "), table.replace("_", " ")))
    return one if count == 1 else many


@dataclass(frozen=True)
class ChangeRow:
    """One line of the history. `at` is the real time; `as_of` the date things were evaluated for."""

    id: int
    at: datetime
    as_of: date
    actor: str
    kind: str
    why: str
    rows: int
    caused_by: int | None
    undoes: int | None
    undone_by: int | None


@dataclass(frozen=True)
class Undone:
    """What undo does to one row, or to one field of it, and why when it does nothing."""

    table: str
    row_id: int
    outcome: Outcome
    why: str = ""
    field: str | None = None


@dataclass
class UndoPlan:
    """What taking back a change does. `counts` holds rows by outcome and table; `examples` a few of each."""

    change: ChangeRow
    also: list[int] = field(default_factory=list)
    counts: dict[Outcome, dict[str, int]] = field(default_factory=dict)
    examples: list[Undone] = field(default_factory=list)
    cannot: list[str] = field(default_factory=list)
    done_by: int | None = None

    def total(self, outcome: Outcome) -> int:
        """Rows with this outcome."""
        return sum(self.counts.get(outcome, {}).values())

    @property
    def whole(self) -> bool:
        """Whether everything is put back."""
        return not self.total("kept") and not self.total("blocked") and not self.cannot

    def add(self, outcome: Outcome, table: str, count: int = 1) -> None:
        """Count rows under an outcome."""
        if count:
            tables = self.counts.setdefault(outcome, {})
            tables[table] = tables.get(table, 0) + count

    def sentences(self) -> Iterator[str]:
        """The plan in words, one line an outcome."""
        words: dict[Outcome, str] = {
            "reversed": "put back",
            "kept": "kept, because edited since",
            "blocked": "blocked, because still in use, held or served",
        }
        for outcome, said in words.items():
            tables = self.counts.get(outcome)
            if tables:
                parts = (f"{count:,} {noun(table, count)}" for table, count in sorted(tables.items()))
                yield f"{said}: {', '.join(parts)}"
        for sentence in self.cannot:
            yield f"cannot be taken back: {sentence}"
