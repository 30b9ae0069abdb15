"""Taking a partner out of the program: reasons, steps, what ends with it. Notice and dates: notice.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.notice import Dates, Line, Path, read_table
from prm_tui.domain.text import nearest

if TYPE_CHECKING:
    from prm_tui.domain.obligation import Proposed


@dataclass(frozen=True)
class Reason:
    """Why a partner leaves, and the path proposed for that."""

    key: str
    title: str
    path: str


@dataclass(frozen=True)
class Ground:
    """Why a partner is suspended on the same day, and what stops with that."""

    key: str
    title: str
    stops: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """A step of the workflow: `do` is approve or task; due so many days from the `due_from` date."""

    id: str
    do: str
    title: str
    owner: str | None = None
    due_from: str = "effective"
    due_days: int = 0
    act: str | None = None


@dataclass(frozen=True)
class Rules:
    """What the pack says. `table` is the shipped notice table; a file may have its own (services/notice.py).

    `frozen`: kinds of records and of activities that nobody begins with a partner that leaves, by hand or by a rule.
    """

    reasons: dict[str, Reason]
    paths: dict[str, Path]
    grounds: dict[str, Ground]
    steps: tuple[Step, ...]
    table: tuple[Line, ...]
    frozen: frozenset[str]

    def reason(self, said: str) -> Reason:
        """A reason by its key. UsageError names the nearest, or all."""
        if said not in self.reasons:
            raise UsageError(_unknown("reason", said, self.reasons))
        return self.reasons[said]

    def path(self, said: str) -> Path:
        """A path by its key. UsageError names the nearest, or all."""
        if said not in self.paths:
            raise UsageError(_unknown("path", said, self.paths))
        return self.paths[said]

    def ground(self, said: str) -> Ground:
        """A ground of suspension by its key. UsageError names the nearest, or all."""
        if said not in self.grounds:
            raise UsageError(_unknown("ground", said, self.grounds))
        return self.grounds[said]


def _unknown(what: str, said: str, known: dict[str, Any]) -> str:
    like = nearest(said, known)
    return f"{what}: “{said}” is none. " + (f"Did you mean “{like}”?" if like else f"One of: {', '.join(known)}")


def rules(pack: dict[str, Any]) -> Rules:
    """The rules in a pack, as it was read from TOML."""
    return Rules(
        reasons={key: Reason(key, **body) for key, body in pack["reason"].items()},
        paths={key: Path(key, **body) for key, body in pack["path"].items()},
        grounds={key: Ground(key, body["title"], tuple(body["stops"])) for key, body in pack["ground"].items()},
        steps=tuple(
            Step(
                id=step["id"],
                do=step["do"],
                title=step["title"],
                owner=step.get("owner"),
                due_from=step.get("due", {}).get("from", "effective"),
                due_days=step.get("due", {}).get("days", 0),
                act=step.get("act"),
            )
            for step in pack["workflow"]["deactivation"]["step"]
        ),
        table=read_table(pack["notice"], "the shipped notice table"),
        frozen=frozenset(pack["freeze"]["kinds"]),
    )


@dataclass(frozen=True)
class ImpactLine:
    """One thing that ends with a partner. `state`: counted, none found, or not checked (no sheet brought any).

    `note` says from where and until when; `items` are up to 200 names behind the count.
    """

    key: str
    label: str
    state: str
    count: int = 0
    amount: Any = None
    note: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything a deactivation of one partner would do, before it is asked for; nothing is written. `by`: who approves.

    `tasks` and `duties`: steps of the case and obligations at its end, each with its day and whose it is; `owed`: the rules
    of these. `open_case`: a deactivation of it that is under way already, which is opened instead of a second one.
    """

    partner_id: int
    code: str
    name: str
    reason: Reason
    path: Path
    dates: Dates
    impact: tuple[ImpactLine, ...]
    tasks: tuple[tuple[date, str, str], ...]
    duties: tuple[tuple[date, str, str], ...]
    warnings: tuple[str, ...] = ()
    by: str = "a second person"
    open_case: int | None = None
    owed: tuple[Proposed, ...] = ()

    @property
    def unchecked(self) -> tuple[ImpactLine, ...]:
        """What could not be looked at, because no sheet brought it."""
        return tuple(line for line in self.impact if line.state == "not checked")


@dataclass(frozen=True)
class Arrived:
    """What came for a partner since its case was approved: how many of a kind, and their amount in one currency."""

    kind: str
    label: str
    count: int
    amount: Decimal | None = None
    currency: str | None = None
    corrected: bool = False


@dataclass(frozen=True)
class Moved:
    """A line of the impact that is another now than in the snapshot."""

    key: str
    label: str
    then: str
    now: str
    count: int
    amount: Decimal | None = None


@dataclass(frozen=True)
class Since:
    """What is new since a case was approved (before that: asked for), `moved` against its snapshot. `since`: that instant."""

    since: datetime
    approved: bool
    arrived: tuple[Arrived, ...] = ()
    moved: tuple[Moved, ...] = ()


@dataclass(frozen=True)
class Lesson:
    """Why partners of one type, tier and industry left: how many, the median months from joining to leaving, what was learned."""

    reason: str
    type: str | None
    tier: str | None
    industry: str | None
    partners: int
    months: int | None
    lessons: tuple[str, ...]
