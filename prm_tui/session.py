"""What one run of the interface works on: the file, the day, and who acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from prm_tui import clock

if TYPE_CHECKING:
    from storage import Store


@dataclass(frozen=True)
class Visit:
    """A time the interface was opened on a file, and the latest change there was then."""

    at: datetime
    change: int


@dataclass
class Session:
    """The file, the date things are evaluated for, and who acts."""

    path: Path
    wanted_day: date | None = None
    wanted_actor: str | None = None
    day: date | None = None
    zone: str = "UTC"
    actor: int | None = None
    actor_name: str = "nobody chosen"
    said: list[tuple[str, bool]] = field(default_factory=list)
    since: Visit | None = None
    """When this person was here before; None on the first visit."""

    @property
    def as_of(self) -> date:
        """The date things are evaluated for; known once the file is open."""
        assert self.day is not None, "a screen asked before the file was open"
        return self.day

    @property
    def hour(self) -> datetime | None:
        """This instant, where things are evaluated for today; None for another day."""
        return datetime.fromtimestamp(clock.now(), UTC) if self.as_of == clock.today(self.zone) else None

    def begin(self, store: Store) -> None:
        """Learn the day and the person from the file. UsageError for a name nobody has."""
        self.day, self.zone = self.wanted_day or store.today(), store.zone
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
        return [
            f"{name} · as of {day} · acting: {self.actor_name[:40]}",
            f"as of {day} · acting: {self.actor_name[:40]}",
            f"{name} · as of {day}",
            f"as of {day}",
            day,
        ]
