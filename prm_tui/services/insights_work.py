"""How the work is done, and a line for each pillar of the program."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from prm_tui.domain.insights import WINDOW, Behind, Number, rate
from prm_tui.domain.insights_why import Reasons, Separation
from prm_tui.domain.insights_work import Operations, Pair, Pillar, Queue
from prm_tui.domain.money import from_units
from prm_tui.domain.survival import kaplan_meier
from prm_tui.services import insights_why
from prm_tui.services.insights import SHEETS, Picture, picture
from storage import Store, insights_time, insights_work
from storage import insights as stored
from storage import insights_pillars as pillars_of
from storage.catalogue import catalogue
from storage.states import kinds

SPAN = 90
NAMES = {"steps": "steps done by themselves", "cases": "cases closed by themselves"}
TASKS, LOG = "tasks and approvals", "the log of changes"


# ---- operations ----


def operations(store: Store, as_of: date) -> Operations:
    """Turnaround of every queue, what is done by itself, what is kept in time, what was corrected: the last 90 days and the
    90 before.
    """
    now = (as_of - timedelta(days=SPAN - 1), as_of)
    before = (now[0] - timedelta(days=SPAN), now[0] - timedelta(days=1))
    with store.reading() as conn:
        rows = [
            {(q, kind): (n, hours) for q, kind, n, hours in insights_work.turnaround(conn, span)}
            for span in (now, before)
        ]
        queues = tuple(
            Queue(*key, *rows[0].get(key, (0, None)), *rows[1].get(key, (0, None)))
            for key in sorted({*rows[0], *rows[1]})
        )
        return Operations(now, before, queues, _pairs(store, (now, before)))


def _pairs(store: Store, spans: tuple[insights_work.Span, insights_work.Span]) -> tuple[Pair, ...]:
    conn = store.conn
    said = [f"{first} to {last}" for first, last in spans]
    automatic = [insights_work.automatic(conn, span) for span in spans]
    found = [
        Pair(NAMES[what], *(rate(*made[what], "share", when, LOG) for made, when in zip(automatic, said, strict=True)))
        for what in automatic[0]
    ]
    timely = (rate(*insights_work.in_time(conn, span), "share of those due", when, TASKS)
              for span, when in zip(spans, said, strict=True))  # fmt: skip
    found.append(Pair("tasks done by their due day", *timely))
    fixed = [insights_work.corrections(conn, _moments(store, span)) for span in spans]
    found += [
        Pair(what, *(Number(made[what], "times", when, LOG) for made, when in zip(fixed, said, strict=True)))
        for what in fixed[0]
    ]
    return tuple(found)


def _moments(store: Store, span: insights_work.Span) -> insights_work.Moments:
    """The seconds at which a span begins and ends where the file is."""
    zone = ZoneInfo(store.zone)
    first, after = span[0], span[1] + timedelta(days=1)
    return int(datetime.combine(first, time(), zone).timestamp()), int(
        datetime.combine(after, time(), zone).timestamp()
    ) - 1


def behind(store: Store, as_of: date, what: str, **named: str) -> tuple[int, ...]:
    """The partners a number of the last 90 days is about (storage/insights_work.py); `named`: the queue and its kind."""
    span = (as_of - timedelta(days=SPAN - 1), as_of)
    with store.reading() as conn:
        return insights_work.partners(conn, what, span, _moments(store, span), **named)


# ---- pillars ----


def pillars(store: Store, as_of: date) -> tuple[Pillar, ...]:
    """The eight pillars of a program, a line each."""
    with picture(store, as_of) as now:
        told = insights_why.of_picture(now)
        made: tuple[Callable[[Picture], Pillar], ...] = (_onboard, _enable, _market, _sell, _incentivize, _accelerate)
        return (_strategize(told, now), _recruit(told, now), *(one(now) for one in made))


def _strategize(told: Reasons, now: Picture) -> Pillar:
    if not told.separations or not told.separations[0].gain:
        return Pillar("Strategize", "no field tells the inactive from the active")
    best: Separation = told.separations[0]
    top = best.values[0]
    warning = f" ({top.warning})" if top.warning else ""
    return Pillar(
        "Strategize",
        f"{best.field} tells most: of {top.value} {_percent(top.everybody)} are inactive,"
        f" {top.lift or 0:.1f} times the usual share{warning}",
        ((f"inactive of {best.field} {top.value}", top.everybody),),
    )


def _recruit(told: Reasons, now: Picture) -> Pillar:
    stayed, of = told.survivors
    usual = rate(stayed, of, "share of partners first active a year ago or longer", f"until {now.as_of}", SHEETS)
    if not of:
        return Pillar("Recruit", "no partner is known for a year yet", missing="a year of history")
    numbers = [("still active after 12 months", usual)]
    said = f"{_percent(usual)} of partners were still active after 12 months"
    if told.prospects:
        best = told.prospects[0]
        numbers.append(
            (
                f"score of {best.name}",
                Number(best.score, "share", f"until {now.as_of}", SHEETS, of, Behind(ids=(best.partner_id,))),
            )
        )
        said += f"; of {len(told.prospects):,} prospects {best.name} ({best.code}) is likeliest to: {best.score:.0%}"
    return Pillar("Recruit", said + (f"; {told.warning}" if told.warning else ""), tuple(numbers))


def _onboard(now: Picture) -> Pillar:
    rows = insights_time.until_first(now.conn, "type", now.as_of, now.reach.to)
    curve = kaplan_meier((days, bool(event), n) for _, _, days, event, n in rows)
    median = Number(curve.median, "days", f"until {now.as_of}", SHEETS, curve.partners)
    first = (
        f"half are active {curve.median:,} days after joining"
        if curve.median is not None
        else "the time to the first deal is not known"
        + ("" if curve.partners else ": nobody says when partners joined")
    )
    cohorts = pillars_of.early(now.conn, now.as_of, WINDOW)
    period, unit = f"first active 12 to 24 months before {now.as_of}", "share of partners"
    met, of = sum(n for n, _, _ in cohorts.values()), sum(n for _, n, _ in cohorts.values())
    ids = tuple(one for _, _, found in cohorts.values() for one in found)
    early = rate(met, of, unit, period, SHEETS, Behind(ids=ids))
    numbers = [("quiet after half a year", early), ("days to the first deal", median)]
    numbers += [
        (f"of those begun in {quarter}", rate(n, all_, unit, f"first active in {quarter}", SHEETS, Behind(ids=found)))
        for quarter, (n, all_, found) in cohorts.items()
    ]
    until = f"until {now.as_of}"
    steps = [
        (f"not done: {step.replace('-', ' ')}", rate(lost, all_, unit, until, TASKS, Behind(ids=found)))
        for step, (lost, all_, found) in pillars_of.stuck(now.conn, now.as_of)
    ]
    said = (
        f"{first}; {_percent(early)} of those first active a year ago or longer did nothing after their first half-year"
    )
    if steps and steps[0][1].value:
        label, worst = steps[0]
        said += f"; most drop off at “{label.removeprefix('not done: ')}”: {_percent(worst)} of {worst.of:,} have not done it"
    return Pillar("Onboard", said, (*numbers, *steps), "" if curve.partners else "joined_on")


def _enable(now: Picture) -> Pillar:
    found = pillars_of.gap(now.conn, kinds(catalogue(now.conn), "enablement"))
    if found is None:
        return Pillar("Enable", "not tracked", missing="training, certificates, logins")
    period, unit = "the 12 months before their last commercial day", "share of partners"
    quiet, others = (rate(met, of, unit, period, SHEETS, Behind(ids=ids)) for met, of, ids in found)
    return Pillar(
        "Enable",
        f"{_percent(quiet)} of the inactive had no training, certificate or login in the year before, {_percent(others)} of the others",
        (("gap before inactivity", quiet), ("the same of the others", others)),
    )


def _market(now: Picture) -> Pillar:
    found = pillars_of.unused(now.conn, now.as_of)
    if found is None:
        return Pillar("Market", "not tracked", missing="funds")
    amounts, ids = found
    numbers = tuple(
        (
            "unused funds",
            Number(
                from_units(units), currency or "money", f"on {now.as_of}", "records of funds", len(ids), Behind(ids=ids)
            ),
        )
        for currency, units in amounts
    )
    said = ", ".join(f"{number.value:,.2f} {number.unit}" for _, number in numbers) or "nothing"
    return Pillar("Market", f"{said} of funds unused, by {len(ids):,} partners", numbers)


_SELLING = (
    (("deal_registered",), "no deal registered", "registered no deal", "registered deals"),
    (("meeting", "visit"), "no meeting", "had no meeting with us", "meetings"),
)


def _sell(now: Picture) -> Pillar:
    met, of, ids = pillars_of.slowing(now.conn)
    unit, period = "share of going partners", f"on {now.as_of}"
    slower = rate(met, of, unit, period, "their own rhythm", Behind(ids=ids))
    said, numbers = f"{_percent(slower)} of going partners order later than their own rhythm", [("order gap", slower)]
    missing = []
    for told, label, verb, source in _SELLING:
        found = pillars_of.without(now.conn, told, now.as_of, WINDOW)
        if found is None:
            missing.append(source)
            continue
        none = rate(found[0], found[1], unit, f"{WINDOW} days to {now.as_of}", source, Behind(ids=found[2]))
        said += f"; {_percent(none)} {verb} in {WINDOW} days"
        numbers.append((label, none))
    return Pillar("Sell", said, tuple(numbers), ", ".join(missing))


def _incentivize(now: Picture) -> Pillar:
    found = pillars_of.earned(now.conn, now.as_of)
    if found is None:
        return Pillar("Incentivize", "not tracked", missing="a ledger of what partners earn")
    rows, (met, of, ids) = found
    never = rate(met, of, "share of partners ever active", f"until {now.as_of}", "ledger", Behind(ids=ids))
    numbers = [("never earned", never)] + [
        ("earned per active month",
         Number(from_units(round(units / months)), currency or "money", f"12 months to {now.as_of}", "ledger", months))
        for currency, units, months in rows
        if months
    ]  # fmt: skip
    said = ", ".join(f"{number.value:,.2f} {number.unit}" for _, number in numbers[1:]) or "nothing"
    return Pillar(
        "Incentivize",
        f"{said} earned per active month; {_percent(never)} never earned anything",
        tuple(numbers),
    )


def _accelerate(now: Picture) -> Pillar:
    money = stored.revenue(now.conn, now.as_of)
    if catalogue(now.conn).mixed:
        return Pillar("Accelerate", "amounts in several currencies do not add up", missing="one currency")
    pillars_of.returned(now.conn, now.kinds, money, now.as_of, now.reach, WINDOW)
    numbers = []
    for days in (90, 180):
        for new, who in ((False, "reactivated"), (True, "new")):
            n, mean, ids = pillars_of.revenue_of(now.conn, new, f"in{days}")
            amount = None if mean is None else from_units(round(mean))
            label = f"{who} after {days} days"
            numbers.append(
                (
                    label,
                    Number(
                        amount, "money per partner", f"begun in 24 months to {now.as_of}", SHEETS, n, Behind(ids=ids)
                    ),
                )
            )
    back, fresh = numbers[2][1], numbers[3][1]
    said = f"a reactivated partner brings {_amount(back)} in 180 days ({back.of} did), a new one {_amount(fresh)} ({fresh.of})"
    return Pillar("Accelerate", said, tuple(numbers))


def _amount(number: Number) -> str:
    return "nothing known" if number.value is None else f"{number.value:,.2f}"


def _percent(number: Number) -> str:
    return "an unknown share" if number.value is None else f"{number.value:.0%}"
