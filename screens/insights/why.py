"""The sections on why: reasons, which field tells the inactive from the active, the pillars, and how the work is done."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.content import Content

from prm_tui.domain.insights import Number
from prm_tui.domain.insights_why import Reason
from prm_tui.services import insights_why, insights_work, partners
from screens.insights.shown import Behind, Shown, bar, full, percent, said
from screens.text import visible
from screens.widgets.table import Col, Line

if TYPE_CHECKING:
    from storage import Store


def reasons(store: Store, as_of: date, width: int) -> Shown:
    """Reasons by how many partners, and losses by competitor."""
    found = insights_why.reasons(store, as_of)
    lines: dict[Any, Line] = {}
    behind: dict[Any, Behind] = {}
    for title, listed in (("said", found.quiet), ("inferred", found.inferred), ("ended", found.ended)):
        for one in listed:
            lines[title, one.key] = _reason(title, one)
            behind[title, one.key] = Behind(f"{one.label}, {title}", one.number.behind)
    for quarter, name, n, part in found.competitors:
        lines["lost", quarter, name] = Line(
            (("lost", "muted"), (visible(name), "bright"), (f"{n:,}", "text"), (percent(part), "text"), (quarter, "text"),
             (bar(part, 20), "accent")),
            detail=f"Lost to {visible(name)} in {quarter}: {n:,}, {percent(part)} of the losses of that quarter that name a competitor.",
        )  # fmt: skip
    columns = [Col("how", "", 9), Col("reason", "Reason", least=18), Col("n", "Partners", 9, True), Col("share", "Share", 7, True),
               Col("so_far", "So far", 8, True), Col("bar", "", 20)]  # fmt: skip
    above = Content.styled(
        f"Of {said(found.unexplained)} of {found.unexplained.of or 0:,} quiet partners nobody said why. said: by the partner or its"
        " manager; inferred: the data suggest it; ended: of cases that are closed.",
        "$muted",
    )
    return Shown(columns, lines, behind, above, "No reason is known yet: a in a list of partners writes one down.")


def _reason(title: str, one: Reason) -> Line:
    return Line(
        ((title, "muted"), (visible(one.label), "bright"), (said(one.number), "text"), (percent(one.share), "text"),
         (percent(one.so_far), "muted"), (bar(one.share, 20), "accent")),
        detail=full(one.number, f"{visible(one.label)}, {title}"),
    )  # fmt: skip


def profile(store: Store, as_of: date, width: int) -> Shown:
    """Which field tells the inactive from the active; prospects by those like them."""
    found = insights_why.reasons(store, as_of)
    labels = {column.key.removeprefix("custom."): column.label for column in partners.columns(store)}
    lines: dict[Any, Line] = {}
    behind: dict[Any, Behind] = {}
    for field in found.separations:
        named = visible(labels.get(field.field, field.field))
        for one in field.values[:12]:
            key = (field.field, one.value)
            lift = "–" if one.lift is None else f"{one.lift:.2f}"
            bad = one.lift is not None and one.lift > 1.5 and not one.warning
            lines[key] = Line(
                ((named, "muted"), (visible(one.value), "bright"), (f"{one.partners:,}", "text"),
                 (f"{one.inactive:,}", "text"), (percent(_value(one.everybody)), "text"), (lift, "bad" if bad else "text"),
                 (percent(field.gain), "muted"), (one.warning, "warn")),
                detail=full(one.everybody, f"inactive, {named} {visible(one.value)}")
                + f"; knowing the {named} tells {field.gain:.1%} of it",
            )  # fmt: skip
            behind[key] = Behind(f"Inactive, {named} {visible(one.value)}", one.everybody.behind)
    for prospect in found.prospects[:50]:
        by = ", ".join(f"{labels.get(f, f)} {v} {r:.0%} of {n}" for f, v, r, n in prospect.by)
        lines["prospect", prospect.partner_id] = Line(
            (("prospect", "accent"), (visible(prospect.name), "bright"), ("", ""), ("", ""), (percent(prospect.score), "bright")),
            detail=f"{visible(prospect.name)}: {percent(prospect.score)} of those like it stayed 12 months, by {visible(by)}",
        )  # fmt: skip
        behind["prospect", prospect.partner_id] = _one(prospect.name, prospect.partner_id)
    columns = [Col("field", "Field", 20), Col("value", "Value", least=14), Col("n", "Partners", 9, True),
               Col("inactive", "Inactive", 8, True), Col("percent", "Percent", 8, True), Col("lift", "Times usual", 11, True),
               Col("gain", "Tells", 6, True), Col("w", "", 17)]  # fmt: skip
    stayed, of = found.survivors
    above = Content.styled(
        f"What separates the inactive from the active, for whom to recruit next. {stayed:,} of {of:,} partners first active a year ago or"
        f" longer were still active after 12 months. {found.warning}",
        "$muted",
    )
    return Shown(columns, lines, behind, above)


def _one(name: str, partner_id: int) -> Behind:
    from screens.insights.shown import of

    return Behind(name, of([partner_id]))


def _value(number: Number) -> float | None:
    return None if number.value is None else float(number.value)


def pillars(store: Store, as_of: date, width: int) -> Shown:
    """The eight pillars of a program, a line each."""
    lines: dict[Any, Line] = {}
    behind: dict[Any, Behind | tuple[Behind, ...]] = {}
    for one in insights_work.pillars(store, as_of):
        missing = f"no sheet tells of {one.missing.replace('joined_on', 'joining')}" if one.missing else ""
        lines[one.name] = Line(
            ((one.name, "bright"), (visible(one.sentence), "text"), (missing, "warn")),
            detail=visible("; ".join(filter(None, (one.sentence, missing))))
            + "".join(f"; {full(number, label)}" for label, number in one.numbers),
        )
        behind[one.name] = tuple(Behind(f"{one.name}: {label}", number.behind) for label, number in one.numbers)
    columns = [Col("pillar", "Pillar", 12), Col("said", "What the file says", least=30), Col("missing", "", 34)]
    return Shown(columns, lines, behind)


_LISTS = {
    "steps done by themselves": ("Steps done in 90 days", "steps"),
    "cases closed by themselves": ("Cases closed in 90 days", "cases"),
    "tasks done by their due day": ("Tasks that were late", "late"),
    "changes undone": ("What was undone", "undone"),
    "activities superseded": ("Activities superseded", "superseded"),
}


def work(store: Store, as_of: date, width: int) -> Shown:
    """How the work is done: turnaround, done automatically, in time, corrections."""
    found = insights_work.operations(store, as_of)
    lines: dict[Any, Line] = {}
    behind: dict[Any, Behind | tuple[Behind, ...]] = {}
    for queue in found.queues:
        lines["queue", queue.name, queue.kind] = Line(
            ((visible(queue.name), "bright"), (queue.kind, "muted"), (_hours(queue.hours), "bright"), (f"{queue.done:,} done", "text"),
             (_hours(queue.hours_before), "text"), (f"{queue.done_before:,} done", "muted")),
            detail=f"{visible(queue.name)}: median time from opened to done, {queue.kind}, {found.span[0]} to {found.span[1]}.",
        )  # fmt: skip
        who = partial(insights_work.behind, what="queue", queue=queue.name, kind=queue.kind)
        behind["queue", queue.name, queue.kind] = Behind(f"{queue.name}: {queue.kind}, done in 90 days", who)
    for pair in found.pairs:
        lines["pair", pair.label] = Line(
            ((visible(pair.label), "bright"), ("", ""), (said(pair.now), "bright"), (_of(pair.now), "text"), (said(pair.before), "text"),
             (_of(pair.before), "muted")),
            detail=full(pair.now, visible(pair.label)),
        )  # fmt: skip
        if pair.label in _LISTS:
            title, what = _LISTS[pair.label]
            behind["pair", pair.label] = Behind(title, partial(insights_work.behind, what=what))
    columns = [Col("what", "", least=22), Col("kind", "", 9), Col("now", "90 days", 9, True), Col("of", "", 12),
               Col("before", "90 before", 9, True), Col("of_before", "", 12)]  # fmt: skip
    above = Content.styled(
        f"{found.span[0]} to {found.span[1]}, beside {found.before[0]} to {found.before[1]}.", "$muted"
    )
    return Shown(columns, lines, behind, above, "No task was done in that time.")


def _hours(hours: float | None) -> str:
    return "–" if hours is None else f"{hours:,.1f} h" if hours < 48 else f"{hours / 24:,.1f} d"


def _of(number: Number) -> str:
    return "" if number.of is None else f"of {number.of:,}"
