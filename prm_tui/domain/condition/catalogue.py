"""What a condition may speak of: the facts of the language, and the kinds and fields of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from prm_tui.domain.rhythm import Prior, weak

CLASSES = ("commercial", "enablement", "contact", "service", "risk")


@dataclass(frozen=True)
class Fact:
    """A fact of the language: how it is written, what it gives, one sentence, one example."""

    name: str
    arguments: str
    gives: str
    about: str
    example: str

    @property
    def form(self) -> str:
        """How it is written."""
        return f"{self.name}({self.arguments})"


FACTS: tuple[Fact, ...] = (
    Fact("count", "what, window", "number", "How many there are in a window.", "count(order, 90) = 0"),
    Fact("sum", "what.field, window", "as the field", "Total of a field; of nothing it is 0.",
         "sum(order.amount, 365) >= 10_000"),
    Fact("avg", "what.field, window", "as the field", "Mean of a field; of nothing it is unknown.",
         "avg(survey.score, 90) >= 4.5"),
    Fact("median", "what.field, window", "as the field", "Middle value of a field; of nothing it is unknown.",
         "median(order.amount, year) > 1_000"),
    Fact("min", "what.field, window", "as the field", "Smallest value of a field; of nothing it is unknown.",
         "min(order.amount, 365) < 100"),
    Fact("max", "what.field, window", "as the field", "Largest value of a field; of nothing it is unknown.",
         "max(order.amount, 365) > 50_000"),
    Fact("first", "what", "date", "When it happened first; unknown if never.", "first(order) >= 2026-01-01"),
    Fact("last", "what", "date", "When it happened last; unknown if never.", "last(order) < 2026-01-01"),
    Fact("days_since", "what or date", "days",
         "Days since it last happened, or since a date; unknown if never, so a partner that never ordered "
         "does not meet days_since(order) > 90.", "days_since(order) > 90"),
    Fact("days_until", "record.date or date", "days",
         "Days until the soonest date among records in an open state, or until a date; unknown if there is none.",
         "days_until(certification.ends_on) <= 30"),
    Fact("never", "what", "yes/no", "Whether it never happened.", "never(order)"),
    Fact("silent", "what, days", "yes/no",
         "Whether it did not happen in the last so many days; where it never did, days count from the day the "
         "partner joined.", "silent(commercial, 180)"),
    Fact("surprise", "what", "ratio",
         "How likely a silence as long as the present one is for a partner of this rhythm, by how often it was active and "
         "how often partners of its type are; 100 % up to 30 days, 0 % after 365; unknown if never.",
         "surprise(commercial) < 5%"),
    Fact("share", "what where test, window", "ratio",
         "The part that meets a test, among those of which it can be told; of nothing it is unknown.",
         "share(delivery where on_time, 90) < 95%"),
    Fact("lower", "share(…)", "ratio",
         "The lower end of the 95 % confidence interval of a share (Wilson), for small numbers.",
         "lower(share(survey where score >= 4, 90)) >= 80%"),
    Fact("covered", "what, window", "days", "Days in the union of intervals: what overlaps counts once.",
         "covered(outage, month) > 1"),
    Fact("stretches", "what, window, hours", "number",
         "How many stretches of more than so many hours there are in the union of intervals: what overlaps is one.",
         "stretches(outage, 90, 4) >= 3"),
    Fact("length", "window", "days", "How many days a window has so far.",
         "covered(outage, month) / length(month) > 0.5%"),
    Fact("weighted", "part, weight, …", "number",
         "Parts between 0 and 1 (a ratio, a number, or yes as 1 and no as 0; more counts as 1) by their weights, as a "
         "number from 0 to 100; what is unknown is left out, and with less than 60 % of the weights known it is unknown.",
         "weighted(sum(order.amount, 365) / 100_000, 60, count(training, 365) >= 2, 40) >= 80"),
    Fact("change", "fact", "ratio",
         "The change of a fact against the same number of days before: (now − before) / before; unknown when it "
         "was 0 before.", "change(sum(order.amount, 90)) < -20%"),
    Fact("held", "how many, period, test", "yes/no",
         "Whether a test was met at the end of each of the last so many whole periods.",
         "held(3, month, count(order, month) = 0)"),
    Fact("has", "what", "yes/no", "Whether there is one at all.",
         "has(case where kind = 'winback' and open)"),
    Fact("crosses", "fact, step, …", "yes/no", "Whether a total passed a step; in triggers only.",
         "crosses(sum(order.amount, year), 50_000, 100_000)"),
)  # fmt: skip
BY_NAME = {fact.name: fact for fact in FACTS}


@dataclass(frozen=True)
class Field:
    """A field: its key, label and type (text, number, money, ratio, days, date, yes/no, person, partner)."""

    key: str
    label: str
    type: str
    own: bool = True  # False: a custom field


@dataclass(frozen=True)
class Kind:
    """What a selector may pick: a kind of activity or record, a case, a tag. `open`: statuses that count as open.

    `closed`: those that do not, where it matters that any other may be a slip of the pen: whether it is open is unknown then.
    """

    table: str
    name: str
    label: str
    signal: str | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def _fields(**types: str) -> dict[str, Field]:
    return {key: Field(key, key.replace("_", " "), kind.replace("yesno", "yes/no")) for key, kind in types.items()}


ACTIVITY_FIELDS = _fields(
    occurred_on="date", amount="money", currency="text", quantity="number", ref="text", note="text", person="person"
)
RECORD_FIELDS = _fields(
    name="text", status="text", starts_on="date", ends_on="date", amount="money", currency="text",
    quantity="number", ref="text", note="text", owner="person", open="yesno",
)  # fmt: skip
CASE = Kind("case", "case", "Case", fields=_fields(
    kind="text", stage="text", owner="person", reason="text", path="text", opened_on="date", due_on="date",
    closed_on="date", outcome="text", open="yesno",
))  # fmt: skip
TAG = Kind("tag", "tag", "Tag", fields=_fields(name="text"))
TODAY = Field("today", "today", "date")
"""The day a condition is read for, as a date of its own: ends_on < today, today + 90."""
THIS_MONTH = Field("this_month", "this month", "number")
"""The month that day lies in, 1 to 12: this_month in (6, 7, 8)."""
OF_THE_DAY = (TODAY, THIS_MONTH)
"""What every condition may say of its day."""


@dataclass(frozen=True)
class Catalogue:
    """The kinds and fields one file knows, its named facts (name → text), and the month its fiscal year starts.

    `mixed` says that the file holds amounts in several currencies, which no sum may add up. `priors` gives, for some
    kinds of activity, how often partners of each type are active (the type None: of all) as of a day, when a
    condition asks.
    """

    partner: Mapping[str, Field]
    activities: Mapping[str, Kind]
    records: Mapping[str, Kind]
    named: Mapping[str, str] = field(default_factory=dict)
    year_starts: int = 1
    mixed: bool = False
    priors: Callable[[tuple[str, ...], date], Mapping[str | None, Prior]] = field(default=weak, compare=False)
