"""The lines of each step of the deactivation wizard, and its review."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.content import Content

from prm_tui.domain.notice import TABLE
from screens.cases.rows import impact_line
from screens.text import cell, hanging, plain, short_date, visible
from screens.widgets.table import Col, Line

if TYPE_CHECKING:
    from prm_tui.domain.deactivation import Plan
    from screens.cases.wizard import DeactivateScreen

HEAD = 22  # cells that the heads of the review have
COLUMNS = {
    "Why": [Col("what", "", 14), Col("value", "")],
    "Impact": [Col("what", "What ends with them", 26), Col("count", "", 12, True), Col("amount", "Amount", 14, True),
               Col("note", "", least=10)],
    "Dates": [Col("what", "", 24), Col("value", "")],
    "Transition": [Col("kind", "", 12), Col("what", "What is handed over", least=20), Col("amount", "Amount", 14, True),
                   Col("to", "Goes to", 22), Col("consent", "Consent", 11), Col("state", "", 18)],
    "Obligations": [Col("due", "Due", 12), Col("what", "Obligation", least=28), Col("who", "By", 18), Col("proof", "Proof wanted", 26)],
    "Letters": [Col("kind", "Letter", 36), Col("state", "", least=20)],
}  # fmt: skip


def why(screen: DeactivateScreen) -> dict[Any, Line]:
    """Reason, path, memo, who may see it, the partners."""
    first, chosen = screen.plans[0], screen.chosen
    seen = chosen["restricted"] or "everybody; enter names who alone may see it"
    return {
        "reason": Line((("Reason", "muted"), (first.reason.title, "bright"))),
        "path": Line((("Path", "muted"), (first.path.title, "bright"))),
        "memo": Line((("Memo", "muted"), (visible(chosen["memo"] or "what the deciders should know"),
                                          "text" if chosen["memo"] else "muted"))),
        "restricted": Line((("Seen by", "muted"), (visible(seen), "warn" if chosen["restricted"] else "muted"))),
        **{("partner", p.partner_id): Line((("Partner", "muted"), (visible(f"{p.code}  {p.name}"), "text"))) for p in screen.plans},
    }  # fmt: skip


def impact(screen: DeactivateScreen) -> dict[Any, Line]:
    """What ends with them, each line counted, none found, or not checked."""
    lines: dict[Any, Line] = {}
    for plan in screen.plans:
        if len(screen.plans) > 1:
            lines[plan.partner_id, ""] = Line(((visible(plan.name)[:26], "bright"), ("", ""), ("", ""), ("", "")))
        for line in plan.impact:
            lines[plan.partner_id, line.key] = impact_line(line)
    return lines


def dates(screen: DeactivateScreen) -> dict[Any, Line]:
    """Notice and effective date with the rule that gave them."""
    plans = screen.plans
    open_dates = any(plan.dates.asked for plan in plans)
    chosen = screen.chosen["notice"]
    by = "the line that fits" if chosen == TABLE else chosen or ("to be given" if open_dates else "")
    lines: dict[Any, Line] = {}
    if by:
        said = (
            "No agreement is on file: enter chooses a line of the notice table; or give an effective date."
            if open_dates
            else ""
        )
        lines["notice"] = Line(
            (("By the notice table", "muted"), (visible(by), "warn" if open_dates else "bright")), detail=said
        )
    notice_on = short_date(plans[0].dates.notice_on)
    lines["notice_on"] = Line((("Notice to be served", "muted"), (f"{notice_on}, planned", "bright")))
    for plan in plans:
        name = f"Effective, {plan.code}" if len(plans) > 1 else "Effective"
        effective = f"{short_date(plan.dates.effective_on)}, planned"
        rule = visible(f"{plan.dates.rule}. {plan.dates.basis}")
        lines["effective_on", plan.partner_id] = Line(((name, "muted"), (effective, "bright")))
        lines["rule", plan.partner_id] = Line((("By the rule", "muted"), (rule, "text")), detail=rule)
    return lines


def transition(screen: DeactivateScreen) -> dict[Any, Line]:
    """What is handed over, and to whom."""
    lines: dict[Any, Line] = {}
    names = {plan.partner_id: plan.name for plan in screen.plans}
    for partner, found in screen.ahead.items():
        if len(names) > 1 and found.items:
            lines[f"of {partner}"] = Line(
                (("", ""), (visible(names[partner]), "bright"), ("", ""), ("", ""), ("", ""), ("", ""))
            )
        for item in found.items:
            amount = "" if item.amount is None else f"{item.amount:,.2f}"
            lines[partner, item.record_id] = Line(
                ((visible(item.label), "muted"), (visible(item.name), "bright"), (amount, "text"),
                 (visible(item.to_name or item.to or "nobody yet"), "accent" if item.to else "warn"), (item.consent, "text"),
                 (item.said, "muted")),
                detail=visible(f"{item.title}: {item.said}"),
            )  # fmt: skip
    if not lines:
        lines["none"] = Line(
            (("", ""), ("No customer, deal, lead, project, licence or asset of theirs is known.", "muted"))
        )
    return lines


def obligations(screen: DeactivateScreen) -> dict[Any, Line]:
    """What is owed; of several partners those of the first, which hold for all."""
    lines: dict[Any, Line] = {}
    first = next(iter(screen.ahead.values()), None)
    for one in first.obligations if first else ():
        own = "  (your own)" if one.kind == "own" else ""
        lines[one.kind, one.title] = Line(
            (
                cell(one.due, "date"),
                (visible(one.title) + own, "bright"),
                (visible(one.whose), "muted"),
                (visible(one.proof or ""), "muted"),
            ),
            detail=visible(f"{one.title} · applies: {one.why}" + (f" · {one.rule}" if one.rule else "")),
        )
    for kind, title in screen.chosen["dropped"].items():
        lines["dropped", kind] = Line((("taken out", "muted"), (visible(title), "muted"), ("", ""), ("", "")))
    return lines


def letters(screen: DeactivateScreen) -> dict[Any, Line]:
    """Which letters the case will need."""
    first, plan = next(iter(screen.ahead.values()), None), screen.plans[0]
    lines: dict[Any, Line] = {}
    for row in first.letters if first else ():
        of_path = not row.kind.paths or plan.path.key in row.kind.paths
        each = "one to every customer" if row.kind.each == "customer" else "to the partner"
        stages = ", ".join(row.kind.stages)
        said = f"{each}; when: {stages}" if of_path else "not by this path"
        if row.kind.optional:
            said += "; good to have"
        lines[row.kind.name] = Line(
            (
                (visible(row.kind.title), "bright" if of_path else "muted"),
                (visible(said), "text" if of_path else "muted"),
            ),
            detail=visible(f"{row.kind.title}: {said}. enter shows its text."),
        )
    return lines


LINES: dict[str, Callable[[DeactivateScreen], dict[Any, Line]]] = {
    "Why": why, "Impact": impact, "Dates": dates, "Transition": transition, "Obligations": obligations, "Letters": letters,
}  # fmt: skip


def review(screen: DeactivateScreen) -> Content:
    """What cannot be taken back, what is not checked, and everything that will happen, by date.

    Of several partners the first is told in full; of the others what is another for them.
    """
    width = max(screen.size.width - 10, 40)
    first, person, chosen = screen.plans[0], screen.prm.session, screen.chosen
    parts = [
        hanging("Reason and path".ljust(HEAD), f"{first.reason.title}, {first.path.title.lower()}", width, "bright"),
        hanging("Asked for by".ljust(HEAD), person.actor_name, width, "bright" if person.actor else "warn"),
        hanging("Approved by".ljust(HEAD), first.by, width),
        hanging("Cannot be taken back".ljust(HEAD), "nothing yet: asking can be undone, and stopped until notice is served; a"
                " served notice can only be withdrawn", width),
    ]  # fmt: skip
    parts += [hanging("Memo".ljust(HEAD), chosen["memo"], width)] if chosen["memo"] else []
    parts += [hanging("Seen by".ljust(HEAD), chosen["restricted"], width, "warn")] if chosen["restricted"] else []
    for plan in screen.plans:
        parts += [Content(""), plain(f"{plan.code}  {plan.name[:120]}", "bright")]
        parts += _of(screen, plan, width, whole=plan is first)
    return Content("\n").join(parts)


def _of(screen: DeactivateScreen, plan: Plan, width: int, *, whole: bool) -> list[Content]:
    if plan.open_case is not None:
        said = f"case {plan.open_case} stays as it is; no second one is opened"
        return [hanging("  Under way".ljust(HEAD), said, width, "warn")]
    found, parts = screen.ahead.get(plan.partner_id), []
    unchecked = ", ".join(line.label.lower() for line in plan.unchecked)
    parts += [hanging("  Not checked".ljust(HEAD), unchecked, width, "warn")] if unchecked else []
    parts += [hanging("  Note".ljust(HEAD), warning, width, "warn") for warning in plan.warnings]
    if found:
        open_ = [item.name for item in found.items if item.unassigned]
        parts += [hanging("  No new owner".ljust(HEAD), ", ".join(open_), width, "warn")] if open_ else []
        parts += [hanging("  In the way".ljust(HEAD), f"before {one.blocks}: {one.said}", width, "warn") for one in found.gates
                  if one.passed is None]  # fmt: skip
    parts.append(hanging("  Rule".ljust(HEAD), f"{plan.dates.rule}. {plan.dates.basis}", width))
    days = [(plan.dates.notice_on, "notice is served (planned)", ""),
            (plan.dates.effective_on, "status becomes Deactivated (planned)", "")]  # fmt: skip
    if whole:
        days += plan.tasks
        days += [(one.due, one.title, one.whose) for one in found.obligations if one.due] if found else []
    for day, what, who in sorted(days):
        parts.append(hanging(f"  {short_date(day)}".ljust(HEAD), f"{what} · {who}" if who else what, width))
    parts += [] if whole else [hanging("".ljust(HEAD), "tasks and obligations as above", width, "muted")]
    return parts
