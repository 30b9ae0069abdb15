"""The parts of Insights as pages of formulas over the rows behind them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from importers.counted import Is, Rows, count, over, text, total
from importers.table import letter
from prm_tui.domain.book import Cell, Live, Page, Share
from prm_tui.domain.inactivity import STATES
from prm_tui.domain.insights import SLOW, Cohorts, Expectation, RfmGrid, States, Survival
from prm_tui.domain.insights_rules import Rules
from prm_tui.domain.insights_why import Reason, Reasons
from prm_tui.domain.insights_work import Operations, Pillar

COUNTED = Is("Counted", text("yes"))
QUIET = ("Inactive", "Dormant")
EVER = ("Active", "Slowing", "At risk", *QUIET)


def _sum(parts: Sequence[str]) -> str:
    return "+".join(parts)


def _among(rows: Rows, labels: Sequence[str], *tests: Is) -> str:
    """How many are in some states and meet some tests."""
    return _sum([count(rows, Is("State", text(label)), *tests) for label in labels])


def states(found: States, partners: Rows) -> list[Page]:
    """Partners by state, the percent inactive by field, and the trend."""
    last = len(STATES) + 2
    by_state: list[list[Cell]] = [
        [STATES[key].label, Live(f"={count(partners, Is('State', f'$A{n}'), COUNTED)}", number.value),
         Live(over(f"B{n}", f"B${last}"), _ratio(number.value, found.partners), "share")]
        for n, (key, number) in enumerate(found.counts.items(), 2)
    ]  # fmt: skip
    by_state.append(["All", Live(f"={count(partners, COUNTED)}", found.partners), None])
    rows: list[list[Cell]] = []
    for split in found.splits:
        column = split.field.capitalize()
        unclear = partners.unclear(column)
        for group in split.groups:
            n = len(rows) + 2
            own = (Is(column, f"$B{n}", exact=group.name in unclear), COUNTED)
            rows.append([
                column, group.name, Live(f"={count(partners, *own)}", group.partners),
                Live(f"={_among(partners, QUIET, *own)}", group.inactive),
                Live(f"={_among(partners, ('Unknown',), *own)}", group.unknown),
                Live(over(f"D{n}", f"C{n}"), group.everybody.value, "share"),
                Live(over(f"D{n}", f"(C{n}-E{n})"), group.known.value, "share"), group.warning,
            ])  # fmt: skip
    trend: list[list[Cell]] = [[day, *(counts.get(key, 0) for key in STATES)] for day, counts in found.trend]
    return [
        Page("States", ("State", "Partners", "Share"), by_state),
        Page(
            "Inactive by field",
            ("Field", "Value", "Partners", "Inactive", "Unknown", "Percent", "Without unknown", "Note"),
            rows,
        ),
        Page("Trend", ("On", *(state.label for state in STATES.values())), trend),
    ]


def _ratio(part: float | Decimal | None, whole: int) -> float | None:
    return float(part or 0) / whole if whole else None


def survival(found: Survival, partners: Rows) -> list[Page]:
    """Kaplan–Meier and Greenwood, a row for every day on which anybody fell."""
    rows: list[list[Cell]] = []
    spread = 0.0
    for n, step in enumerate(found.everybody.steps, 2):
        before, sums = ("1", "0") if n == 2 else (f"D{n - 1}", f"E{n - 1}")
        spread += step.events / (step.at_risk * (step.at_risk - step.events)) if step.at_risk > step.events else 0.0
        rows.append([
            step.day,
            Live(f"={count(partners, Is('Days seen', f'$A{n}', '>='))}", step.at_risk),
            Live(f"={count(partners, Is('Days seen', f'$A{n}'), Is('Fell', '1'))}", step.events),
            Live(f"={before}*(1-C{n}/B{n})", step.survival, "share"),
            Live(f"={sums}+IF(B{n}>C{n},C{n}/(B{n}*(B{n}-C{n})),0)", spread),
            Live(f"=MAX(0,D{n}-1.959963984540054*D{n}*SQRT(E{n}))", step.low, "share"),
            Live(f"=MIN(1,D{n}+1.959963984540054*D{n}*SQRT(E{n}))", step.high, "share"),
        ])  # fmt: skip
    head = ("Days since first active", "At risk", "Fell", "Still active", "Greenwood's sum", "Low 95 %", "High 95 %")
    tests: list[list[Cell]] = [[t.first, t.second, t.observed, t.expected, t.chi2, t.p] for t in found.tests]
    return [
        Page("Survival", head, rows),
        Page("Log-rank", ("First", "Second", "Fell of the first", "To be expected", "Chi-squared", "p"), tests),
    ]


def cohorts(found: Cohorts, partners: Rows, quarters: Rows) -> list[Page]:
    """The share of each cohort that was active in every quarter since."""
    wide = max((len(row.active) for row in found.rows), default=0)
    rows: list[list[Cell]] = []
    for n, cohort in enumerate(found.rows, 2):
        line: list[Cell] = [cohort.name, Live(f"={count(partners, Is('Cohort', f'$A{n}'))}", cohort.partners[0])]
        for since, rate in enumerate(cohort.rates()):
            part = count(quarters, Is("Cohort", f"$A{n}"), Is("Quarters since", f"{letter(since + 2)}$1"))
            line.append(None if since in cohort.untold else Live(over(part, f"$B{n}"), rate, "share"))
        rows.append(line)
    return [Page("Cohorts", ("Since", "Partners", *(str(n) for n in range(wide))), rows)]


def rfm(found: RfmGrid, partners: Rows) -> list[Page]:
    """Partners and amounts by the ranks of recency, frequency and money."""
    unclear = partners.unclear("Type")
    rows: list[list[Cell]] = []
    for n, cell in enumerate(found.cells, 2):
        own = (
            Is("Type", f"$A{n}", exact=cell.type in unclear),
            *(Is(name, f"${at}{n}") for name, at in zip("RFM", "BCD", strict=True)),
        )
        rows.append([
            cell.type, cell.r, cell.f, cell.m, Live(f"={count(partners, *own)}", cell.partners),
            Live(f"={total(partners, 'Amount of 12 months', *own)}", cell.amount or 0, "money"),
        ])  # fmt: skip
    return [Page("RFM", ("Type", "R", "F", "M", "Partners", "Amount of 12 months"), rows)]


def rules(found: Rules, looks: Rows, losses: Rows) -> list[Page]:
    """Both rules on the past, and the calibration."""
    known = Is("Came", "0", ">=")
    rows: list[list[Cell]] = []
    for rule in found.rules:
        at = letter(len(rows) + 1)
        title = "Policy" if rule.rule == "fixed" else "Rhythm"
        flag, days = Is(title, "1"), f"{title}: days"
        came, lost, slow = Is("Came", "1"), Is("Came", "0"), Is("Days between", str(SLOW), ">=")
        rows.append([
            Live(f"={count(looks, known)}", rule.judged), Live(f"={count(looks, known, flag)}", rule.flagged),
            Live(f"={count(looks, lost, flag)}", rule.right), Live(f"={count(looks, lost)}", rule.lost),
            Live(f"={count(looks, came)}", rule.live),
            Live(over(f"{at}4", f"{at}3"), rule.precision, "share"), Live(over(f"{at}4", f"{at}5"), rule.recall, "share"),
            Live(over(f"({at}3-{at}4)", f"{at}6"), rule.false_alarms, "share"),
            Live(over(count(looks, came, flag, slow), count(looks, came, slow)), rule.slow_alarms, "share"),
            Live(f"={count(looks, known, Is(f'{title}: new', '1'))}", rule.new),
            Live(over(count(looks, lost, Is(f"{title}: new", "1")), f"{at}11"), rule.new_precision, "share"),
            Live(f"=COUNTA({losses.at('Code')})", rule.losses), Live(f"=COUNT({losses.at(days)})", rule.found),
            Live(f'=IF({at}14=0,"",MEDIAN({losses.at(days)}))', rule.days),
        ])  # fmt: skip
    labels = ("Cases judged", "Flagged", "Of these nothing came", "Nothing came", "Came back", "Precision", "Recall", "False alarms",
              "False alarms, slow-paced", "New flags", "Precision of new flags", f"Silences of {found.window} days",
              "Flagged before anything came",
              "Median days")  # fmt: skip
    quality: list[list[Cell]] = [[label, *(row[n] for row in rows)] for n, label in enumerate(labels)]
    bins: list[list[Cell]] = []
    for n, b in enumerate(found.calibration, 2):
        top = Is("p", f"$B{n}", "<=" if b.high == 1 else "<")
        own = (known, Is("p", f"$A{n}", ">="), top)
        bins.append([
            Share(b.low), Share(b.high), Live(f"={count(looks, *own)}", b.cases),
            Live(over(total(looks, "p", *own), f"C{n}"), b.foreseen, "share"),
            Live(over(count(looks, Is("Came", "1"), *own[1:]), f"C{n}"), b.share, "share"), "" if b.enough else "few",
        ])  # fmt: skip
    return [
        Page("Rules", ("", *(rule.title for rule in found.rules)), quality),
        Page("Calibration", ("As likely as", "to", "Cases", "On average", "Came back", "Note"), bins),
    ]


def reasons(found: Reasons, partners: Rows, lost: Rows) -> list[Page]:
    """Why partners are quiet, losses by competitor, which fields separate, prospects."""
    whole = f"({_among(partners, QUIET, COUNTED)})"
    rows: list[list[Cell]] = []
    for n, reason in enumerate(found.quiet, 2):
        rows.append([reason.label, Live(f"={count(partners, Is('Reason', f'$A{n}'))}", reason.number.value),
                     Live(over(f"B{n}", whole), _ratio(reason.number.value, found.unexplained.of or 0), "share")])  # fmt: skip
    n = len(rows) + 2
    named = f"SUM(B2:B{n - 1})" if rows else "0"
    rows.append(["(nobody said why)", Live(f"={whole}-{named}", found.unexplained.value), None])
    unclear = lost.unclear("Competitor")
    rivals: list[list[Cell]] = []
    for n, (quarter, name, many, share) in enumerate(found.competitors, 2):
        part = count(lost, Is("Quarter", f"$A{n}"), Is("Competitor", f"$B{n}", exact=name in unclear))
        rivals.append(
            [
                quarter,
                name,
                Live(f"={part}", many),
                Live(over(f"C{n}", count(lost, Is("Quarter", f"$A{n}"))), share, "share"),
            ]
        )
    prospects: list[list[Cell]] = [
        [p.code, p.name, Share(p.score), ", ".join(f"{f} {v}" for f, v, *_ in p.by)] for p in found.prospects
    ]
    return [
        Page("Reasons", ("Reason", "Partners", "Of the quiet"), rows),
        Page("Left or came back", ("Reason", "Partners", "Share", "So far"), [_plain(one) for one in (*found.ended, *found.inferred)]),
        Page("Competitors", ("Quarter", "Competitor", "Losses", "Of the quarter's"), rivals),
        Page("Lift", ("Field", "Tells", "Value", "Partners", "Inactive", "Percent", "Times usual", "Note"), _lift(found, partners)),
        Page("Prospects", ("Code", "Prospect", "Score", "By"), prospects),
    ]  # fmt: skip


def _plain(one: Reason) -> list[Cell]:
    return [one.label, one.number.value, Share(one.share), Share(one.so_far)]


def _lift(found: Reasons, partners: Rows) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    usual = f"(({_among(partners, QUIET, COUNTED)})/({_among(partners, EVER, COUNTED)}))"
    for separation in found.separations:
        column = separation.field.capitalize() if separation.field.capitalize() in partners.head else separation.field
        unclear = partners.unclear(column)
        for value in separation.values:
            n = len(rows) + 2
            own = (Is(column, f"$C{n}", exact=value.value in unclear), COUNTED)
            rows.append([
                separation.field, Share(separation.gain), value.value, Live(f"={_among(partners, EVER, *own)}", value.partners),
                Live(f"={_among(partners, QUIET, *own)}", value.inactive), Live(over(f"E{n}", f"D{n}"), value.everybody.value, "share"),
                Live(f"=IFERROR(F{n}/{usual},\"\")", value.lift), value.warning,
            ])  # fmt: skip
    return rows


def expectation(found: Expectation, partners: Rows) -> list[Page]:
    """What may come in the next 12 months, by currency and state."""
    rows: list[list[Cell]] = []
    for amount in found.amounts:
        currency = amount.currency or "(none)"
        for title, column, three in (
            ("12 months so far", "Amount of 12 months", amount.last),
            ("12 months to come", "To be expected", amount.next),
        ):
            n = len(rows) + 2
            own = (Is("Currency", f"$B{n}", exact=not amount.currency), COUNTED)
            whole = total(partners, column, *own)
            quiet = _sum([total(partners, column, Is("State", text(label)), *own) for label in QUIET])
            unknown = total(partners, column, Is("State", text("Unknown")), *own)
            rows.append([
                title, currency, Live(f"={whole}", three.everybody.value, "money"),
                Live(f"={whole}-({quiet})", three.going.value, "money"), Live(f"={whole}-{unknown}", three.known.value, "money"),
            ])  # fmt: skip
    chances: list[list[Cell]] = [
        [Share(b.low), Share(b.high), b.cases, Share(b.share), "" if b.enough else "few"] for b in found.chances
    ]
    return [
        Page("Expectation", ("", "Currency", "Everybody", "Without the inactive", "Without the unknown"), rows),
        Page("Chances", ("As likely as", "to", "Past cases", "Came back", "Note"), chances),
    ]


def operations(found: Operations, tasks: Rows) -> list[Page]:
    """Turnaround of every queue in two spans, and the shares beside each other."""
    unclear = tasks.unclear("Queue")
    rows: list[list[Cell]] = []
    for n, queue in enumerate(found.queues, 2):
        line: list[Cell] = [queue.name, queue.kind]
        for at, span, done, hours in (
            ("C", "now", queue.done, queue.hours),
            ("E", "before", queue.done_before, queue.hours_before),
        ):
            own = (Is("Queue", f"$A{n}", exact=queue.name in unclear), Is("Kind", f"$B{n}"), Is("Done in", text(span)))
            which = f"({tasks.at('Queue')}=$A{n})*({tasks.at('Kind')}=$B{n})*({tasks.at('Done in')}={text(span)})"
            median = f'=IF({at}{n}=0,"",MEDIAN(IF({which},{tasks.at("Hours")})))'
            line += [Live(f"={count(tasks, *own)}", done), Live(median, hours, array=True)]
        rows.append(line)
    pairs: list[list[Cell]] = []
    for pair in found.pairs:
        shares = pair.now.unit.startswith("share")
        values = [
            Share(None if n.value is None else float(n.value)) if shares else n.value for n in (pair.now, pair.before)
        ]
        pairs.append([pair.label, *values])
    said = [f"{first} to {last}" for first, last in (found.span, found.before)]
    return [
        Page(
            "Queues",
            ("Queue", "Kind", f"Done {said[0]}", "Median hours", f"Done {said[1]}", "Median hours before"),
            rows,
        ),
        Page("Operations", ("", *said), pairs),
    ]


def pillars(found: Sequence[Pillar]) -> list[Page]:
    """A line for each pillar, and the numbers in it."""
    rows: list[list[Cell]] = []
    for pillar in found:
        said = pillar.sentence + (f" (no sheet tells of {pillar.missing})" if pillar.missing else "")
        rows.append([pillar.name, said])
        for label, number in pillar.numbers:
            value = (
                Share(None if number.value is None else float(number.value))
                if number.unit.startswith("share")
                else number.value
            )
            rows.append([None, label, value, number.unit, number.period, number.of])
    return [Page("Pillars", ("Pillar", "What the file says", "Value", "Unit", "Period", "Of"), rows)]
