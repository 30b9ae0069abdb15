"""Taking a partner out of the program: reasons, paths, notice, what ends with it."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from prm_tui.domain.errors import UsageError
from prm_tui.domain.text import nearest


@dataclass(frozen=True)
class Reason:
    """Why a partner leaves, and the path proposed for that."""

    key: str
    title: str
    path: str


@dataclass(frozen=True)
class Path:
    """How a partner leaves. `legal`: one of the approvals is by legal; `at_end`: when the agreement ends."""

    key: str
    title: str
    days: int
    rule: str
    legal: bool = False
    at_end: bool = False


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
    """What the pack says."""

    reasons: dict[str, Reason]
    paths: dict[str, Path]
    steps: tuple[Step, ...]
    agent_months: tuple[int, ...]
    agent_rule: str

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


def _unknown(what: str, said: str, known: dict[str, Any]) -> str:
    like = nearest(said, known)
    return f"{what}: “{said}” is none. " + (f"Did you mean “{like}”?" if like else f"One of: {', '.join(known)}")


def rules(pack: dict[str, Any]) -> Rules:
    """The rules in a pack, as it was read from TOML."""
    return Rules(
        reasons={key: Reason(key, body["title"], body["path"]) for key, body in pack["reason"].items()},
        paths={
            key: Path(
                key, body["title"], body["days"], body["rule"], body.get("legal", False), body.get("at_end", False)
            )
            for key, body in pack["path"].items()
        },
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
        agent_months=tuple(pack["agents"]["months"]),
        agent_rule=pack["agents"]["rule"],
    )


@dataclass(frozen=True)
class Terms:
    """What bears on the notice of one partner: its agreement, its type, how long it has been a partner."""

    type: str | None = None
    joined_on: date | None = None
    notice_days: int | None = None
    agreement_ends: date | None = None
    agreement: str | None = None


@dataclass(frozen=True)
class Dates:
    """When notice is to be served and when the deactivation takes effect; planned until service is recorded."""

    notice_on: date
    effective_on: date
    rule: str
    served: bool = False


def dates(known: Rules, path: Path, terms: Terms, notice_on: date, *, served: bool = False) -> Dates:
    """The effective date for a day of service, with the rule that gave it.

    The agreement's own notice comes first, then the law of commercial agents, then the path's days. A path that
    ends with the agreement takes effect on its last day, when notice is early enough for that. Business days are
    not used: notice runs in calendar days.
    """
    if path.days == 0:
        return Dates(notice_on, notice_on, path.rule, served)
    if terms.notice_days is not None:
        effective = notice_on + timedelta(days=terms.notice_days)
        rule = f"{terms.notice_days} days of notice by {terms.agreement or 'the agreement'}"
    elif terms.type and "agent" in terms.type.casefold().replace("-", " ").split() and path.key == "convenience":
        months = known.agent_months[min(_years(terms.joined_on, notice_on), len(known.agent_months) - 1)]
        effective = month_end(months_later(notice_on, months))
        rule = known.agent_rule.format(months=months)
    else:
        effective = notice_on + timedelta(days=path.days)
        rule = path.rule
    if path.at_end and terms.agreement_ends and terms.agreement_ends >= effective:
        return Dates(notice_on, terms.agreement_ends, f"{rule}; the agreement ends on {terms.agreement_ends}", served)
    return Dates(notice_on, effective, rule, served)


def _years(since: date | None, on: date) -> int:
    """Whole years gone by; a partner whose first day nobody knows counts as a long one."""
    if since is None:
        return 99
    return max(on.year - since.year - ((on.month, on.day) < (since.month, since.day)), 0)


def months_later(day: date, months: int) -> date:
    """The same day so many months on, or the last day of a shorter month."""
    month = day.year * 12 + day.month - 1 + months
    year, month = month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


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
    """Everything a deactivation of one partner would do, before it is asked for; nothing is written. `by`: who approves."""

    partner_id: int
    code: str
    name: str
    reason: Reason
    path: Path
    dates: Dates
    impact: tuple[ImpactLine, ...]
    tasks: tuple[tuple[date, str, str], ...]
    warnings: tuple[str, ...] = ()
    by: str = "a second person"

    @property
    def unchecked(self) -> tuple[ImpactLine, ...]:
        """What could not be looked at, because no sheet brought it."""
        return tuple(line for line in self.impact if line.state == "not checked")
