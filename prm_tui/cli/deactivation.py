"""prm deactivate, suspend, resume, reactivate."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from prm_tui.cli.cases import case_row, print_impact
from prm_tui.cli.common import actor, command, day, opened, plain, print_json, say, with_json

if TYPE_CHECKING:
    from prm_tui.domain.deactivation import Plan
    from storage import Store


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(command(commands, "deactivate", "Ask that partners leave the program.", _deactivate))
    made.add_argument("codes", nargs="+", metavar="CODE", help="Partners; each gets a case of its own.")
    made.add_argument(
        "--reason", required=True, metavar="R", help="Why: non-performance, inactivity, breach, mutual, …"
    )
    made.add_argument(
        "--path", metavar="P", help="How: cause, convenience, non-renewal or mutual (else the reason's own)."
    )
    made.add_argument("--notice-on", metavar="DATE", help="When notice is to be received (else today).")
    made.add_argument("--effective", metavar="DATE", help="The effective date: no earlier than notice allows.")
    made.add_argument(
        "--notice",
        metavar="LINE",
        help="A line of the notice table, or “table” for the one that fits: prm cases notice-table",
    )
    made.add_argument("--memo", metavar="T", default="", help="What the deciders should know.")
    made.add_argument(
        "--restricted",
        metavar="NAMES",
        default="",
        help="Who alone may see the cases: names or role:ROLE, with commas.",
    )
    made.add_argument("--preview", action="store_true", help="Print the impact and what would happen; change nothing.")
    made = command(commands, "suspend", "Stop a partner today; can be lifted again.", _suspend)
    made.add_argument("code", metavar="CODE", help="The partner.")
    made.add_argument("--ground", metavar="G", default="other", help="safety, certificate, fraud or other: what stops.")
    made.add_argument("--reason", required=True, metavar="R", help="Why.")
    made = command(commands, "resume", "Lift a suspension.", _resume)
    made.add_argument("code", metavar="CODE", help="The partner.")
    made.add_argument("--reason", required=True, metavar="R", help="Why it is lifted.")
    made = command(commands, "reactivate", "Enrol a partner anew that has left; its history stays.", _reactivate)
    made.add_argument("code", metavar="CODE", help="The partner.")
    made.add_argument("--reason", required=True, metavar="R", help="Why.")
    made.add_argument("--override", metavar="T", default="", help="Why it may come back before its re-apply date.")


def _deactivate(options: argparse.Namespace) -> int:
    from prm_tui.domain.errors import DecisionNeeded
    from prm_tui.services import cases, deactivation, partners, people, planning
    from prm_tui.services.values import read_date

    chosen: dict[str, Any] = {
        "path": options.path,
        "notice_on": read_date(options.notice_on, "--notice-on") if options.notice_on else None,
        "effective_on": read_date(options.effective, "--effective") if options.effective else None,
        "notice": options.notice,
    }
    with opened(options) as store:
        as_of, person = day(options, store), actor(options, store)
        ids = [partners.resolve(store, code) for code in options.codes]
        found = planning.plans(store, ids, options.reason, **chosen, as_of=as_of)
        restricted = [name.strip() for name in options.restricted.split(",") if name.strip()]
        people.named_or_role(store, restricted)
        if options.preview:
            return _preview(options, store, found, restricted)
        try:
            made = deactivation.submit(store, ids, options.reason, **chosen, memo=options.memo, restricted=restricted,
                                       actor=person, as_of=as_of)  # fmt: skip
        except DecisionNeeded:
            if options.json:
                print_json(
                    [{"change": None, "code": p.code, "asked": p.dates.asked, "proposed": p.dates} for p in found]
                )
            raise
        if options.json:
            print_json([case_row(cases.get(store, case).row) for case in made])
        _say_opened(store, found, made)
    return 0


def _say_opened(store: Store, found: list[Plan], made: list[int]) -> None:
    """What was opened and who has to approve it; what was under way already."""
    from prm_tui.services import agreeing, cases

    there = [plan for plan in found if plan.open_case is not None]
    for plan in there:
        say(f"{plan.name} has a deactivation under way, no second one is opened: prm cases show {plan.open_case}")
    new = [case for case in made if case not in {plan.open_case for plan in there}]
    if not new:
        return
    numbers = ", ".join(map(str, new))
    say(
        f"{'Case' if len(new) == 1 else 'Cases'} {numbers}: waiting for approval. Nothing has happened to the partner yet."
    )
    beside = ", but not by who asked" if agreeing.needed(store.conn) > 1 else ""
    for case in (cases.get(store, number) for number in new[:20]):
        for task in case.tasks:
            if task.kind == "approval":
                signed = " --evidence FILE" if task.evidence else ""
                say(f"  prm approve {task.id}{signed}   ({task.name}, by {task.whose}{beside})")
        if case.seen_by:
            say(f"Restricted to {', '.join(case.seen_by)}. {cases.RESTRICTED}")
    if len(new) > 20:
        say("  … and so on: prm inbox")


def _preview(options: argparse.Namespace, store: Store, plans: list[Plan], restricted: list[str]) -> int:
    """Print the plans; 3 where the dates of one are still to be given."""
    from prm_tui.cli import gates
    from prm_tui.domain.notice import NOT_ADVICE
    from prm_tui.services import notice

    as_of = day(options, store)
    if options.json:
        print_json([{**asdict(plan), "in_the_way": gates.as_data(gates.ahead(store, plan, as_of))} for plan in plans])
    else:
        for plan in plans:
            _print_plan(plan)
            if restricted:
                print(plain(f"  to be seen by who asks and {', '.join(restricted)} alone"))
            gates.print_short(gates.ahead(store, plan, as_of))
    asked = [plan for plan in plans if plan.dates.asked and plan.open_case is None]
    for plan in asked:
        say(f"{plan.name}: {plan.dates.asked}")
    if asked and not options.json:
        for line in notice.table(store):
            say(f"  --notice {line.key:<14} {line.title}: {line.length}")
        say(NOT_ADVICE)
    return 3 if asked else 0


def _print_plan(plan: Plan) -> None:
    print(plain(f"{plan.name} ({plan.code}): {plan.reason.title}, {plan.path.title.lower()}"))
    if plan.open_case is not None:
        print(f"  ! a deactivation is under way already: prm cases show {plan.open_case}")
    for line in plan.impact:
        print_impact(line.label, line.state, line.count, line.amount, line.note)
    dates = plan.dates
    sure = "to be given; proposed is" if dates.asked else "both planned until service is recorded:"
    print(f"  dates {sure} notice received {dates.notice_on}, effective {dates.effective_on}")
    print(plain(f"  rule: {dates.rule}" + (f" ({dates.basis})" if dates.basis else "")))
    if dates.agreement:
        print(plain(f"  earliest by the agreement: {dates.agreement.on} ({dates.agreement.rule})"))
    if dates.table:
        print(plain(f"  earliest by the notice table: {dates.table.on} ({dates.table.rule}; {dates.table.basis})"))
    for due, title, who in sorted(plan.tasks + plan.duties):
        print(plain(f"  {due}  {title}" + (f" ({who})" if who else "")))
    print(plain(f"  approved by {plan.by}"))
    for warning in plan.warnings:
        print(plain(f"  ! {warning}"))


def _suspend(options: argparse.Namespace) -> int:
    from prm_tui.services import cases, partners, suspension

    with opened(options) as store:
        partner = partners.resolve(store, options.code)
        case = suspension.suspend(
            store,
            partner,
            options.reason,
            ground=options.ground,
            actor=actor(options, store),
            as_of=day(options, store),
        )
        stops = cases.get(store, case).data["stops"]
    say(f"Suspended; case {case}. Stopped: {', '.join(stops)}. Lift it with: prm resume {options.code} --reason …")
    return 0


def _resume(options: argparse.Namespace) -> int:
    from prm_tui.services import partners, suspension

    with opened(options) as store:
        partner = partners.resolve(store, options.code)
        suspension.resume(store, partner, options.reason, actor=actor(options, store), as_of=day(options, store))
    say("The suspension is lifted.")
    return 0


def _reactivate(options: argparse.Namespace) -> int:
    from prm_tui.services import closing, partners

    with opened(options) as store:
        partner = partners.resolve(store, options.code)
        case = closing.reactivate(store, partner, options.reason, override=options.override,
                                  actor=actor(options, store), as_of=day(options, store))  # fmt: skip
    say(f"Enrolled anew; case {case}. The partner is Onboarding, its history and the case it left by stay.")
    return 0
