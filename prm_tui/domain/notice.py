"""How much notice a partner gets: the agreement's clause, the notice table, and the dates that follow from them."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.text import nearest

NOT_ADVICE = "Not legal advice: check with counsel."
"""Said wherever the notice table is shown."""
NOTICE = "of notice"
TABLE = "table"
"""The choice of the line of the notice table that fits the partner, whichever it is."""


@dataclass(frozen=True)
class Path:
    """How a partner leaves. `clause`: the field of the agreement that says how many days; without one it is signed by both.

    `days` where neither the agreement nor the table says; `table`: whether the notice table speaks of it; `at_end`: when the
    agreement ends; `legal`: one of the approvals is by legal; `evidenced`: a signed answer, unless the file says otherwise.
    """

    key: str
    title: str
    rule: str
    clause: str | None = None
    days: int = 0
    table: bool = False
    legal: bool = False
    at_end: bool = False
    evidenced: bool = False


@dataclass(frozen=True)
class Line:
    """A line of the notice table: for partners whose type has the word `type` (none: any), from a year of the partnership on.

    `no_shorter`: an agreement cannot make it shorter.
    """

    key: str
    title: str
    type: str | None = None
    from_year: int = 1
    months: int = 0
    days: int = 0
    month_end: bool = False
    no_shorter: bool = False
    source: str = ""

    @property
    def length(self) -> str:
        """How much notice, in words."""
        said = f"{self.months} month{'s' * (self.months != 1)}" if self.months else f"{self.days} days"
        return f"{said} to the end of a calendar month" if self.month_end else said

    def ends(self, notice_on: date) -> date:
        """The last day when notice is received on a day."""
        day = months_later(notice_on, self.months) if self.months else notice_on + timedelta(days=self.days)
        return month_end(day) if self.month_end else day

    def fits(self, type_: str | None, year: int) -> bool:
        """Whether it is for a partner of this type in this year of the partnership."""
        words = (type_ or "").casefold().replace("-", " ").split()
        return (self.type is None or self.type.casefold() in words) and self.from_year <= year


@dataclass(frozen=True)
class Terms:
    """What bears on the notice of one partner: its type, how long it has been a partner, and its agreement, where one is on file.

    `notice_days`, `cure_days` and `renewal_optout_days` are clauses, None where it has none; `address`: where it wants notice
    to go; `deemed_days`: so many days after sending it counts as received.
    """

    type: str | None = None
    joined_on: date | None = None
    agreement: str | None = None
    agreement_ends: date | None = None
    notice_days: int | None = None
    cure_days: int | None = None
    renewal_optout_days: int | None = None
    month_end: bool = False
    deemed_days: int | None = None
    address: str = ""
    law: str = ""


@dataclass(frozen=True)
class Allowed:
    """The earliest end under one source: `by` names the agreement or the line of the table, `rule` says how it is counted, as
    one may say it to the partner; `basis` where that comes from, for us.
    """

    by: str
    on: date
    rule: str
    basis: str = ""


@dataclass(frozen=True)
class Dates:
    """When notice is to be received and when the deactivation takes effect; planned until service is recorded.

    `rule` says how they are counted, as one may say it to the partner; `basis` where that comes from, for us.

    `agreement` and `table`: the earliest end under each, where it says one. `line`: the line of the table. `asked`: what a
    person has to say before these dates can be asked for; they are a proposal until then. `late`: why this path is closed.
    """

    notice_on: date
    effective_on: date
    rule: str
    served: bool = False
    agreement: Allowed | None = None
    table: Allowed | None = None
    line: str | None = None
    asked: str = ""
    late: str = ""
    basis: str = ""


def dates(
    path: Path,
    terms: Terms,
    table: Sequence[Line],
    notice_on: date,
    *,
    line: str | None = None,
    served: bool = False,
) -> Dates:
    """The effective date for a day on which notice is received, with the rule that gave it.

    The agreement's clause says it; a line of the table that must not be shortened comes after it. Without a clause the table
    only proposes: `line` is the choice of one, or TABLE for the one that fits where no clause says it. UsageError for a line
    that is none. Notice runs in calendar days.
    """
    if path.clause is None:
        return Dates(notice_on, notice_on, path.rule, served)
    chosen = _line(table, terms, notice_on, line) if path.table else None
    by_table = _by_table(path, chosen, notice_on)
    by_agreement, late = _by_agreement(path, terms, notice_on)
    key = chosen.key if chosen else TABLE
    if by_agreement is None:
        asked = "" if line else _asked(path, terms, by_table)
        end = max(by_table.on, terms.agreement_ends or by_table.on) if late else by_table.on
        basis = "; ".join(filter(None, (late, by_table.basis)))
        asked = "" if late else asked
        return Dates(notice_on, end, by_table.rule, served, None, by_table, key if line else None, asked, late, basis)
    named = line not in (None, TABLE)
    binds = named or (chosen is not None and chosen.no_shorter)
    best = by_table if binds and by_table.on > by_agreement.on else by_agreement
    return Dates(
        notice_on, best.on, best.rule, served, by_agreement, by_table, key if named else None, basis=best.basis
    )


def _by_table(path: Path, line: Line | None, notice_on: date) -> Allowed:
    if line is None:
        rule = f"{path.days} days {path.rule}"
        return Allowed("the standard of this path", notice_on + timedelta(days=path.days), rule, NOT_ADVICE)
    law = f" ({line.source})" if line.no_shorter and line.source else ""
    why = f" ({line.source})" if line.source and not law else ""
    basis = f"notice table: {line.title}{why}. {NOT_ADVICE}"
    return Allowed(line.title, line.ends(notice_on), f"{line.length} {NOTICE}{law}", basis)


def _by_agreement(path: Path, terms: Terms, notice_on: date) -> tuple[Allowed | None, str]:
    """What the agreement allows, and why it does not any more."""
    assert path.clause is not None
    days: int | None = getattr(terms, path.clause)
    name = terms.agreement or "the agreement"
    if days is None:
        return None, ""
    if path.at_end:
        if terms.agreement_ends is None:
            return None, ""
        deadline = terms.agreement_ends - timedelta(days=days)
        if notice_on > deadline:
            return None, f"the last day to opt out of {name} was {deadline}, {days} days before it ends"
        rule = f"{name} ends on {terms.agreement_ends}; notice by {deadline}, {days} days before"
        return Allowed(name, terms.agreement_ends, rule), ""
    end = notice_on + timedelta(days=days)
    rule = f"{days} days {path.rule} by {name}"
    if terms.month_end and path.table:
        end, rule = month_end(end), f"{rule}, to the end of a calendar month"
    return Allowed(name, end, rule), ""


def _asked(path: Path, terms: Terms, by_table: Allowed) -> str:
    assert path.clause is not None
    if terms.agreement is None:
        why = "No agreement is on file, so its dates are not known"
    elif path.at_end and terms.agreement_ends is None:
        why = f"{terms.agreement} has no end on file, so nobody can tell when it is not renewed"
    else:
        why = f"{terms.agreement} says nothing of {path.clause}, so its dates are not known"
    return (
        f"{why}. Give --effective DATE, or take {by_table.on} by the notice table ({by_table.by}) with --notice {TABLE}"
        " (prm cases notice-table shows the lines)"
    )


def _line(table: Sequence[Line], terms: Terms, on: date, said: str | None) -> Line | None:
    """The line that was chosen, else the one that fits: of the partner's type before any, of the latest year."""
    if said not in (None, TABLE):
        found = next((line for line in table if line.key == said), None)
        if found is None:
            keys = [line.key for line in table]
            like = nearest(said or "", keys)
            raise UsageError(
                f"notice: “{said}” is no line of the notice table. "
                + (f"Did you mean “{like}”?" if like else f"Lines: {', '.join(keys)}")
            )
        return found
    fits = [line for line in table if line.fits(terms.type, year_of(terms.joined_on, on))]
    return max(fits, key=lambda line: (line.type is not None, line.from_year), default=None)


def year_of(since: date | None, on: date) -> int:
    """The year of the partnership, from 1; one whose first day nobody knows counts as a long one."""
    if since is None:
        return 100
    return max(on.year - since.year - ((on.month, on.day) < (since.month, since.day)), 0) + 1


def refusal(found: Dates, said: date) -> str:
    """Why an effective date is too early: the earliest under the agreement and under the table, both by name."""
    by = found.agreement
    both = [f"{by.on} by the agreement ({by.rule})" if by else "by the agreement: none on file says"]
    if found.table:
        both.append(f"{found.table.on} by the notice table ({found.table.rule}; {found.table.basis.rstrip('.')})")
    return (
        f"effective_on: {said} is before notice allows, {found.effective_on}. Earliest: {'; '.join(both)}."
        f" Give {found.effective_on} or later, or leave by mutual agreement: --path mutual"
    )


def months_later(day: date, months: int) -> date:
    """The same day so many months on, or the last day of a shorter month."""
    month = day.year * 12 + day.month - 1 + months
    year, month = month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


_TYPES: dict[str, type] = {"key": str, "title": str, "type": str, "from_year": int, "months": int, "days": int,
                           "month_end": bool, "no_shorter": bool, "source": str}  # fmt: skip


def read_table(said: Any, where: str) -> tuple[Line, ...]:
    """The lines of a notice table, as TOML gives them. InputError with every fault: in which line, which key, what to write."""
    faults: list[str] = []
    if not isinstance(said, list) or not said:
        raise InputError(f"{where}: holds no [[notice]]. prm cases notice-table --toml prints the table as it is.")
    for n, line in enumerate(said, 1):
        at = f"line {n}"
        for key, value in line.items():
            if key not in _TYPES:
                like = nearest(key, _TYPES)
                faults.append(f"{at}: “{key}” is no key of a line" + (f"; did you mean “{like}”?" if like else ""))
            elif type(value) is not _TYPES[key] or (type(value) is int and not 0 <= value <= 3650):
                faults.append(f"{at}: {key} cannot be {value!r}")
        faults += [f"{at}: {key} is missing" for key in ("key", "title") if not line.get(key)]
        if bool(line.get("months")) == bool(line.get("days")):
            faults.append(f"{at}: give either months or days, above 0")
    keys = [line.get("key") for line in said]
    faults += [f"“{key}” stands twice" for key in dict.fromkeys(keys) if key and keys.count(key) > 1]
    faults += ["no line is for any type from the first year on: one has to fit everybody"] if not faults and not any(
        line.get("type") is None and line.get("from_year", 1) <= 1 for line in said
    ) else []  # fmt: skip
    if faults:
        raise InputError(f"{where}: {'; '.join(faults)}. Nothing was changed.")
    return tuple(Line(**line) for line in said)
