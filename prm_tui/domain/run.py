"""What automation did, or would do: a run, which is one or more rounds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Fired:
    """What became of the matches of one trigger: in subjects.

    `acted`: a case was opened; `held`: more than its cap, a person decides; `noted`: it matched already when it was
    switched on; `late`: learned too late to act on, recorded only; `hold_out`: nothing is done for them, to compare with.
    """

    name: str
    title: str
    acted: int = 0
    held: int = 0
    noted: int = 0
    late: int = 0
    hold_out: int = 0

    @property
    def matched(self) -> int:
        """All together."""
        return self.acted + self.held + self.noted + self.late + self.hold_out

    @property
    def summary(self) -> str:
        """3 begun, 2 held"""
        parts = [(self.acted, "begun"), (self.held, "held"), (self.noted, "taken note of"), (self.late, "learned late"),
                 (self.hold_out, "left out to compare with")]  # fmt: skip
        return ", ".join(f"{n:,} {said}" for n, said in parts if n) or "nothing"


@dataclass(frozen=True)
class Effect:
    """One thing that was done, for whom, and by which workflow. `kind`: case, task, approval, message, field, tag,
    record, ledger, document, problem; `before` and `after` of a field.
    """

    kind: str
    code: str
    name: str
    what: str
    by: str
    before: Any = None
    after: Any = None
    round: int = 1


@dataclass
class Run:
    """A run as of a date. `changes`: one for each round that did something; empty for a rehearsal, whose rounds are gone."""

    as_of: date
    rehearsed: bool = False
    changes: list[int] = field(default_factory=list)
    rounds: int = 0
    fired: list[Fired] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    timers: int = 0
    moved: int = 0
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """In a rehearsal: what a person should think over before it acts."""
    then: Run | None = None
    """In a rehearsal: what would follow if the held matches were let go."""

    @property
    def held(self) -> int:
        """Subjects whose workflow waits for a person, because there are more than the trigger's cap."""
        return sum(f.held for f in self.fired)

    @property
    def quiet(self) -> bool:
        """Whether nothing happened."""
        return not (self.changes or self.effects or any(f.matched for f in self.fired))

    def add(self, fired: Fired) -> None:
        """Count a trigger's matches of one more round."""
        for n, known in enumerate(self.fired):
            if known.name == fired.name:
                self.fired[n] = Fired(known.name, known.title, known.acted + fired.acted, known.held + fired.held,
                                      known.noted + fired.noted, known.late + fired.late, known.hold_out + fired.hold_out)  # fmt: skip
                return
        self.fired.append(fired)

    def lines(self) -> list[str]:
        """The run in words, a line for each trigger and each kind of effect."""
        if self.quiet:
            return [*self.notes, f"Nothing was due as of {self.as_of}."]
        would = "would be " if self.rehearsed else ""
        said = list(self.notes)
        for f in self.fired:
            parts = [f"{f.acted:,} {would}begun" if f.acted else "", f"{f.held:,} held: more than its cap" if f.held else "",
                     f"{f.noted:,} taken note of" if f.noted else "", f"{f.late:,} learned late" if f.late else "",
                     f"{f.hold_out:,} left out by chance, to compare with" if f.hold_out else ""]  # fmt: skip
            said.append(
                f"{f.title}: {f.matched:,} match{'es' if f.matched != 1 else ''} ({', '.join(filter(None, parts))})"
            )
        told = [_many(kind, n) for kind, n in self.counts.items() if n]
        if told:
            said.append(f"{'Would make' if self.rehearsed else 'Made'} {', '.join(told)}.")
        if self.timers:
            said.append(f"{self.timers:,} deadline{'s' if self.timers != 1 else ''} came.")
        return said

    def as_json(self) -> dict[str, Any]:
        """The run under the public keys of `prm run --json`."""
        kinds = {"task": 0, "approval": 0, "message": 0, **self.counts}
        return {
            "as_of": self.as_of.isoformat(), "dry_run": self.rehearsed, "changes": self.changes, "rounds": self.rounds,
            "triggers": [{"name": f.name, "title": f.title, "matched": f.matched, "acted": f.acted, "held": f.held,
                          "noted": f.noted, "late": f.late, "hold_out": f.hold_out} for f in self.fired],
            "subjects": sum(f.matched for f in self.fired), "tasks": kinds["task"], "approvals": kinds["approval"],
            "messages": kinds["message"], "held": self.held, "counts": self.counts, "deadlines": self.timers,
            "effects": [asdict(effect) for effect in self.effects], "notes": self.notes,
            "warnings": self.warnings,
        }  # fmt: skip


def _many(kind: str, n: int) -> str:
    """3 messages; those that could not be sent say so."""
    if kind == "returned message":
        return f"{n:,} message{'s' if n != 1 else ''} that cannot be sent and go back to the owner"
    return f"{n:,} {kind}{'s' if n != 1 else ''}"


@dataclass(frozen=True)
class RunRow:
    """One round in the log of runs. `fired`: its matches by trigger; `counts`: what it made, by kind of effect."""

    id: int
    at: datetime
    as_of: date
    actor: str
    why: str
    caused_by: int | None
    cause: str
    """What stands behind it in a few words: read in orders.xlsx."""
    undone_by: int | None
    fired: tuple[Fired, ...]
    counts: dict[str, int]

    @property
    def sentence(self) -> str:
        """What it did, in one line."""
        said = [f"{f.title}: {f.summary}" for f in self.fired]
        made = [_many(kind, n) for kind, n in self.counts.items() if n and kind != "case"]
        return "; ".join([*said, ", ".join(made)] if made else said) or "went on with open cases"


@dataclass(frozen=True)
class Hit:
    """One match of a trigger: whom, when, what became of it, and what was found then.

    `state`: acted, held, noted (taken note of, nothing done), late, open, hold-out. `parts`: (part of the condition, the value
    it had). `row_id`: of the record or activity it is about.
    """

    id: int
    trigger: str
    title: str
    partner_id: int
    code: str
    name: str
    on: date
    state: str
    as_of: date
    version: int
    change: int
    late: bool = False
    row_id: int | None = None
    parts: tuple[tuple[str, Any], ...] = ()


STATES = {"acted": "a case was opened", "held": "held: a person lets it go", "noted": "taken note of, nothing done",
          "late": "learned late, only written down", "open": "about to be acted on",
          "hold-out": "left out by chance, to compare with"}  # fmt: skip
"""What became of a match, in words."""
