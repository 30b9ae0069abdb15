"""A backtest: what a trigger would have found over a span of days, and whether what it foretold came true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from prm_tui.domain.condition.tree import Call, Compare, Node, Number, walk
from prm_tui.domain.coverage import STRICT
from prm_tui.domain.errors import UsageError
from prm_tui.domain.trigger import Trigger

MODES = ("true", "known")
"""By what was true on a day, or by what was known on it."""
STEPS = {"day": 1, "week": 7}
_ROUND = tuple(Decimal(n) / 10 for n in (10, 11, 12, 15, 18, 20, 25, 30, 35, 40, 45, 50, 60, 75, 90))
_WINDOWED = ("count", "sum", "avg", "median", "min", "max", "share", "covered", "stretches", "silent")


@dataclass(frozen=True)
class Period:
    """How many matches began in the week or month that begins on `first`."""

    first: date
    hits: int


@dataclass(frozen=True)
class Match:
    """A partner whom the trigger matched on a day. `outcome` is right, wrong, not yet known, or ""."""

    code: str
    name: str
    on: date
    outcome: str = ""


@dataclass(frozen=True)
class Repeater:
    """A partner with its number of matches."""

    code: str
    name: str
    hits: int


@dataclass(frozen=True)
class Outcome:
    """How a condition on what happened afterwards turned out.

    A match is judged `window` days after it, if that is not after `known_to`: the earlier of the date of evaluation
    and the coverage of the outcome's feeds, without tolerance. `right` and `wrong` count judged matches by whether
    the outcome was true then; `not_yet_known` the others, and those for whom it cannot be told.

    Of what foretells something (see foretells), `stretches` counts the times the outcome became true for a partner,
    from `window` days after the first day of the span to the earlier of `known_to` and `window` days after its last;
    `foreseen` those with a match on the day itself or in the `window` days before. `lead` is the median number of days
    from a right match to the day on which the outcome itself became true; None where there is none whose beginning
    lies within the span.
    """

    text: str
    window: int
    known_to: date
    right: int
    wrong: int
    not_yet_known: int
    stretches: int | None = None
    foreseen: int | None = None
    lead: float | None = None

    @property
    def judged(self) -> int:
        """Matches of which it is known."""
        return self.right + self.wrong

    @property
    def precision(self) -> float | None:
        """The part of the judged matches that was right."""
        return self.right / self.judged if self.judged else None

    @property
    def recall(self) -> float | None:
        """The part of the outcome's stretches that was foreseen."""
        return self.foreseen / self.stretches if self.stretches and self.foreseen is not None else None


@dataclass(frozen=True)
class Backtest:
    """What a trigger would have found, evaluated on each day (or week) from `first` to `last`.

    Of a condition, a match is a partner and a day on which it became true: true on that day, and not on the one
    before. What was already true before the span is no match; unknown neither opens nor closes. Of other triggers it
    is what their runs would have found (storage/replay.py), had they been switched on the day before. `hits` counts
    the matches, `late` those of activities learned so late that they would only have been recorded; `subjects` the
    partners among them, `partners` all there are. `todays`
    names the fields whose past the file does not know: their value of today stands for it. `left_out` are kinds of
    activity of which the file is never told, `covered_to` how far the others are covered: read strictly, what facts
    still to arrive could turn is unknown beyond that.
    """

    text: str
    first: date
    last: date
    step: str
    mode: str
    hits: int
    subjects: int
    partners: int
    by_week: tuple[Period, ...]
    by_month: tuple[Period, ...]
    repeaters: tuple[Repeater, ...]
    matches: tuple[Match, ...]
    todays: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    covered_to: date | None = None
    outcome: Outcome | None = None
    late: int = 0

    @property
    def messages(self) -> int:
        """How many messages the trigger would have sent."""
        return self.hits - self.late


@dataclass(frozen=True)
class Rhythm:
    """How often partners do what a condition speaks of: the median gap in days of each, as quantiles over partners."""

    what: str
    partners: int
    quantiles: tuple[tuple[int, float], ...]

    @property
    def median(self) -> float | None:
        """The gap of the partner in the middle."""
        return dict(self.quantiles).get(50)


@dataclass(frozen=True)
class Neighbour:
    """A condition with another limit, and its backtest; `limit` as it is written, `own` for the condition itself."""

    limit: str
    own: bool
    backtest: Backtest


def on_condition(condition: str, again_after: int = 0, coverage: str = STRICT) -> Trigger:
    """A trigger on a condition about partners that becomes true, as a backtest of the condition alone needs it."""
    return Trigger(name="", title="", when=condition, again_after=again_after, coverage=coverage, start="")


def refusal(trigger: Trigger) -> str | None:
    """Why a trigger has no past to go through; None where it has one."""
    if trigger.on == "manual":
        return "it begins when a person starts it, and the file cannot tell when one would have"
    if trigger.on == "record" and trigger.event == "changed":
        return (
            "it waits for a record to change, and of most fields the file does not keep what stood in a record on a past"
            ' day; backtest the condition itself with on = "becomes true", or records that are added'
        )
    return None


def limited(trigger: Trigger) -> bool:
    """Whether other limits beside its own, and the rhythm of partners, say something about a trigger."""
    return trigger.on in ("becomes true", "every") and trigger.about.table == "partner" and trigger.when is not None


def foretells(trigger: Trigger) -> bool:
    """Whether a match says that something will come: not where it comes because its day has come, on which it would
    be foreseen of everybody.
    """
    return trigger.on not in ("date", "every")


def told(trigger: Trigger) -> str:
    """What a trigger waits for, in a line; of a condition about partners that becomes true, the condition."""
    about = trigger.about
    of = "" if about.kind is None else f"{about.kind}: "
    moment = {
        "activity": f"{about.kind} arrives",
        "record": f"{about.kind} is added",
        "date": f"{of}{', '.join(map(str, trigger.days_before))} days before {trigger.date}",
        "every": f"{of}every {trigger.period}",
        "crosses": f"{trigger.total} reaches {', '.join(f'{step:f}' for step in trigger.steps)}"
        + (f", each {trigger.each}" if trigger.each else ""),
    }.get(trigger.on)
    if moment is None:
        return f"{of}{trigger.when}"
    return moment + (f", if {trigger.when}" if trigger.when else "")


def days_listed(first: date, last: date, step: str) -> tuple[date, ...]:
    """The days a condition is evaluated on, the one before the span first. UsageError for no span, or too long a one."""
    if first > last:
        raise UsageError(f"the span ends on {last}, before it begins on {first}")
    if (last - first).days > 3660:
        raise UsageError(f"from {first} to {last} are more than ten years; choose a shorter span")
    every = STEPS[step]
    return tuple(first + timedelta(days=n) for n in range(-every, (last - first).days + 1, every))


def window_of(node: Node) -> int:
    """The largest window in days that an outcome names: the days after a match at which it looks. UsageError if none."""
    found = [0]
    for part, _ in walk(node):
        if isinstance(part, Call) and part.fact in _WINDOWED:
            found += [int(a.value.value) for a in part.arguments[1:] if isinstance(a.value, Number)]
        if isinstance(part, Compare):
            sides = ((part.left, part.right), (part.right, part.left))
            found += [
                int(limit.value)
                for fact, limit in sides
                if isinstance(fact, Call) and fact.fact == "days_since" and isinstance(limit, Number)
            ]
    if max(found) < 1:
        raise UsageError("the outcome names no window of days: say how many days after a match it is judged")
    return max(found)


def neighbours(node: Node, values: tuple[Decimal, ...] = ()) -> list[tuple[str, bool, Node]]:
    """A condition with its first limit moved: (limit, whether it is its own, condition), in order of the limit.

    The first limit is the number in the leftmost comparison, or the days of silent(…) or of a count that is compared
    with 0. None are found where there is no number. `values` are tried beside it, else round numbers near it.
    """
    found = _limit(node)
    if found is None:
        return []
    tried = {*(values or _around(found)), found.value}
    return [(f"{v:f}" + ("%" if found.percent else ""), v == found.value, _put(node, found, v)) for v in sorted(tried)]


def _around(limit: Number) -> set[Decimal]:
    """Round numbers from three fifths of a limit to five thirds of it; a percentage does not pass 100."""
    own = limit.value
    if own <= 0:
        return set()
    low, high = own * Decimal("0.62"), own * Decimal("1.7")
    if limit.percent and own <= 100:
        high = min(high, Decimal(100))
    place = own.adjusted()
    every = [mantissa.scaleb(place + more) for more in (-1, 0, 1) for mantissa in _ROUND]
    whole = own == own.to_integral_value()
    return {Decimal(f"{v.normalize():f}") for v in every if low <= v <= high and (not whole or v == int(v))}


def _limit(node: Node) -> Number | None:
    for part, _ in sorted(walk(node), key=lambda found: (found[0].at, found[1])):
        if isinstance(part, Call) and part.fact == "silent":
            return _number(part.arguments[1].value)
        if isinstance(part, Compare):
            left, right = part.left, part.right
            if isinstance(left, Number):
                left, right = right, left
            if isinstance(right, Number) and not isinstance(left, Number):
                if right.value == 0 and isinstance(left, Call) and left.fact == "count":
                    return _number(left.arguments[1].value)
                return right
    return None


def _number(node: Node) -> Number | None:
    return node if isinstance(node, Number) else None


def _put(node: Node, found: Number, value: Decimal) -> Node:
    """The tree with another number in one place."""
    from dataclasses import fields, replace

    if node is found:
        return replace(found, value=value)
    changed: dict[str, object] = {}
    for part in fields(node):
        inner = getattr(node, part.name)
        if isinstance(inner, Node):
            changed[part.name] = _put(inner, found, value)
        elif isinstance(inner, tuple) and inner and isinstance(inner[0], Node):
            changed[part.name] = tuple(_put(item, found, value) for item in inner)
    return replace(node, **changed) if changed else node  # type: ignore[arg-type]
