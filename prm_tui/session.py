"""What one run of the interface works on: the file, the day, and who acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage import Store


@dataclass
class Session:
    """The file, the date things are evaluated for, and who acts."""

    path: Path
    wanted_day: date | None = None
    wanted_actor: str | None = None
    day: date | None = None
    actor: int | None = None
    actor_name: str = "nobody chosen"
    said: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def as_of(self) -> date:
        """The date things are evaluated for; known once the file is open."""
        assert self.day is not None, "a screen asked before the file was open"
        return self.day

    def begin(self, store: Store) -> None:
        """Learn the day and the person from the file. UsageError for a name nobody has."""
        self.day = self.wanted_day or store.today()
        if self.wanted_actor:
            from prm_tui.services import people

            person = people.find(store, self.wanted_actor)
            self.actor, self.actor_name = person.id, person.name

    def tails(self) -> list[str]:
        """What stands at the right end of the mode line, longest first."""
        from screens.text import short_date

        name = self.path.name if len(self.path.name) <= 30 else self.path.name[:29] + "…"
        if self.day is None:
            return [name]
        day = short_date(self.day)
        return [f"{name} · as of {day} · acting: {self.actor_name[:40]}", f"{name} · as of {day}", f"as of {day}", day]
