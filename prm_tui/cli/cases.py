"""prm deactivate, suspend, resume, cases, inbox, approve, reject, done."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prm_tui.cli.common import actor, command, day, opened, plain, print_json, print_table, say, with_json
from prm_tui.domain.errors import UsageError

if TYPE_CHECKING:
    from prm_tui.domain.deactivation import Plan

ACTS = ("list", "show", "serve", "complete", "stop", "withdraw", "evidence")


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
    made.add_argument("--notice-on", metavar="DATE", help="When notice is to be served (else now).")
    made.add_argument("--effective", metavar="DATE", help="A later effective date than the rule gives.")
    made.add_argument("--memo", metavar="T", default="", help="What the deciders should know.")
    made.add_argument("--preview", action="store_true", help="Print the impact and what would happen; change nothing.")
    made = command(commands, "suspend", "Stop a partner today; can be lifted again.", _suspend)
    made.add_argument("code", metavar="CODE", help="The partner.")
    made.add_argument("--reason", required=True, metavar="R", help="Why.")
    made = command(commands, "resume", "Lift a suspension.", _resume)
    made.add_argument("code", metavar="CODE", help="The partner.")
    made = with_json(command(commands, "cases", "List cases, show one, or act on one.", _cases))
    made.add_argument("act", nargs="?", choices=ACTS, default="list", help="What to do.")
    made.add_argument("id", nargs="?", type=int, metavar="ID", help="The case.")
    made.add_argument("out", nargs="?", metavar="FOLDER", help="evidence: where its documents and proofs are written.")
    made.add_argument("--all", action="store_true", help="List closed cases, too.")
    made.add_argument("--partner", metavar="CODE", help="Only cases of this partner.")
    made.add_argument("--on", metavar="DATE", help="serve: when notice was served.")
    made.add_argument("--method", metavar="M", default="", help="serve: how, for example: registered mail.")
    made.add_argument("--proof", metavar="FILE", help="serve: the proof of service, kept with its hash.")
    made.add_argument("--reason", metavar="T", default="", help="stop, withdraw: why.")
    with_json(command(commands, "inbox", "List open tasks and approvals.", _inbox))
    made = command(commands, "approve", "Approve what somebody else asked for.", _approve)
    made.add_argument("id", type=int, metavar="ID", help="The approval, as inbox numbers it.")
    made.add_argument("--evidence", metavar="FILE", help="A signed answer, kept with its hash.")
    made.add_argument("--choice", metavar="C", help="Which of its choices, where it has some.")
    made = command(commands, "reject", "Reject what somebody asked for.", _reject)
    made.add_argument("id", type=int, metavar="ID", help="The approval, as inbox numbers it.")
    made.add_argument("--reason", required=True, metavar="T", help="Why.")
    made = command(commands, "done", "Say that a task is done.", _done)
    made.add_argument("id", type=int, metavar="ID", help="The task, as inbox numbers it.")


def _deactivate(options: argparse.Namespace) -> int:
    from prm_tui.services import agreeing, cases, deactivation, partners
    from prm_tui.services.values import read_date

    chosen: dict[str, Any] = {
        "path": options.path,
        "notice_on": read_date(options.notice_on, "--notice-on") if options.notice_on else None,
        "effective_on": read_date(options.effective, "--effective") if options.effective else None,
    }
    with opened(options) as store:
        as_of = day(options, store)
        ids = [partners.resolve(store, code) for code in options.codes]
        if options.preview:
            plans = [deactivation.plan(store, p, options.reason, **chosen, as_of=as_of) for p in ids]
            if options.json:
                print_json([asdict(plan) for plan in plans])
            else:
                for plan in plans:
                    _print_plan(plan)
            return 0
        made = deactivation.submit(
            store, ids, options.reason, **chosen, memo=options.memo, actor=actor(options, store), as_of=as_of
        )
        beside = ", but not by who asked" if agreeing.needed(store.conn) > 1 else ""
        waiting = [t for t in cases.inbox(store) if t.case_id in made and t.kind == "approval"]
        if options.json:
            print_json([_case(cases.get(store, c).row) for c in made])
    numbers = ", ".join(str(c) for c in made)
    say(
        f"{'Case' if len(made) == 1 else 'Cases'} {numbers}: waiting for approval. Nothing has happened to the partner yet."
    )
    for task in waiting:
        say(f"  prm approve {task.id}   ({task.name}, by {task.whose}{beside})")
    return 0


def _print_plan(plan: Plan) -> None:
    print(plain(f"{plan.name} ({plan.code}): {plan.reason.title}, {plan.path.title.lower()}"))
    for line in plan.impact:
        count = f"{line.count:,}" if line.state == "counted" else line.state
        amount = "" if line.amount is None else f"{line.amount:,.2f}"
        print(plain(f"  {line.label:<22} {count:>11} {amount:>14}  {line.note}").rstrip())
    print(
        f"  notice {plan.dates.notice_on}, effective {plan.dates.effective_on}, both planned until service is recorded"
    )
    print(plain(f"  rule: {plan.dates.rule}"))
    for due, title, who in sorted(plan.tasks):
        print(plain(f"  {due}  {title}" + (f" ({who})" if who else "")))
    for warning in plan.warnings:
        print(plain(f"  ! {warning}"))


def _case(row: Any) -> dict[str, Any]:
    return {"id": row.id, "kind": row.kind, "code": row.code, "name": row.name, "stage": row.stage, "owner": row.owner,
            "opened_on": row.opened_on, "due": row.due, "outcome": row.outcome, "reason": row.reason}  # fmt: skip


def _suspend(options: argparse.Namespace) -> int:
    from prm_tui.services import partners, suspension

    with opened(options) as store:
        partner = partners.resolve(store, options.code)
        case = suspension.suspend(
            store, partner, options.reason, actor=actor(options, store), as_of=day(options, store)
        )
    say(f"Suspended; case {case}. Lift it with: prm resume {options.code}")
    return 0


def _resume(options: argparse.Namespace) -> int:
    from prm_tui.services import partners, suspension

    with opened(options) as store:
        partner = partners.resolve(store, options.code)
        suspension.resume(store, partner, actor=actor(options, store), as_of=day(options, store))
    say("The suspension is lifted.")
    return 0


def _cases(options: argparse.Namespace) -> int:
    from prm_tui.services import cases, partners

    with opened(options) as store:
        if options.act == "list":
            partner = partners.resolve(store, options.partner) if options.partner else None
            rows = cases.list_of(store, closed=options.all, partner_id=partner)
            if options.json:
                print_json([_case(row) for row in rows])
            else:
                header = ("Id", "Kind", "Code", "Partner", "Stage", "Due", "Owner", "Outcome")
                print_table(
                    header, [(r.id, r.kind, r.code, r.name, r.stage, r.due, r.owner, r.outcome) for r in rows], (True,)
                )
            return 0
        if options.id is None:
            raise UsageError(f"Which case? prm cases {options.act} ID. See them with: prm cases list")
        if options.act == "show":
            _show(options, cases.get(store, options.id))
            return 0
        return _act(options, store)


def _act(options: argparse.Namespace, store: Any) -> int:
    from prm_tui.services import cases, deactivation
    from prm_tui.services.values import read_date

    person, as_of = actor(options, store), day(options, store)
    if options.act == "serve":
        on = read_date(options.on, "--on") if options.on else as_of
        proof = Path(options.proof) if options.proof else None
        found = deactivation.serve(
            store, options.id, on=on, method=options.method, proof=proof, actor=person, as_of=as_of
        )
        say(
            f"Notice served on {found.notice_on}; the deactivation takes effect on {found.effective_on} ({found.rule})."
        )
    elif options.act == "evidence":
        if not options.out:
            raise UsageError(f"It is written: prm cases evidence {options.id} FOLDER")
        for path in cases.write_evidence(store, options.id, Path(options.out)):
            print(plain(path))
    elif options.act == "complete":
        deactivation.complete(store, options.id, actor=person, as_of=as_of)
        say("The partner is deactivated.")
    elif options.act == "stop":
        deactivation.stop(store, options.id, options.reason, actor=person, as_of=as_of)
        say("Stopped. Nothing has happened to the partner.")
    else:
        deactivation.withdraw(store, options.id, options.reason, actor=person, as_of=as_of)
        say("The withdrawal waits for approval: prm inbox")
    return 0


def _show(options: argparse.Namespace, case: Any) -> None:
    from prm_tui.domain.case import STAGES

    if options.json:
        print_json({**_case(case.row), "path": case.path, "requested_by": case.requested_by, "data": case.data,
                    "tasks": case.tasks, "evidence": case.evidence, "one_person": case.one_person})  # fmt: skip
        return
    row = case.row
    print(plain(f"Case {row.id}: {row.kind} of {row.name} ({row.code}), {STAGES.get(row.stage, row.stage)}"))
    print(
        plain(f"  reason: {row.reason}; path: {case.path}; asked for by {case.requested_by or 'nobody in particular'}")
    )
    if case.one_person:
        print(plain(f"  {case.one_person}"))
    data = case.data
    if "effective_on" in data:
        sure = "stands" if data.get("served_on") else "planned"
        print(plain(f"  notice {data['notice_on']}, effective {data['effective_on']} ({sure}): {data['rule']}"))
    if data.get("memo"):
        print(plain(f"  memo: {data['memo']}"))
    for line in data.get("impact", ()):
        count = f"{line['count']:,}" if line["state"] == "counted" else line["state"]
        print(plain(f"  {line['label']:<22} {count:>11}  {line['note']}").rstrip())
    for key, value in data.get("numbers", {}).items():
        print(plain(f"  {key}: {', '.join(value) if isinstance(value, list) else '' if value is None else value}"))
    for task in case.tasks:
        by = (
            f", {task.done_by or 'nobody in particular'} on {task.done_on}"
            if task.done_on
            else f", due {task.due}, {task.whose}"
        )
        print(plain(f"  [{task.state}] {task.id} {task.title}{by}"))
    for proof in case.evidence:
        print(plain(f"  evidence: {proof.title}, sha256 {proof.hash}"))


def _inbox(options: argparse.Namespace) -> int:
    from prm_tui.services import cases

    with opened(options) as store:
        as_of = day(options, store)
        tasks = cases.inbox(store)
    if options.json:
        print_json([
            {"id": t.id, "kind": t.kind, "title": t.title, "code": t.code, "name": t.name, "case": t.case_id,
             "owner": t.owner, "role": t.role, "due": t.due, "overdue": t.overdue(as_of), "choices": t.choices,
             "evidence": t.evidence, "detail": t.detail} for t in tasks
        ])  # fmt: skip
        return 0
    print_table(
        ("Id", "Kind", "Due", "What", "Code", "Partner", "By"),
        [
            (t.id, t.kind, f"{t.due}{' overdue' if t.overdue(as_of) else ''}", t.title, t.code, t.name, t.whose)
            for t in tasks
        ],
        (True,),
    )
    return 0


def _approve(options: argparse.Namespace) -> int:
    from prm_tui.services import cases

    proof = Path(options.evidence) if options.evidence else None
    with opened(options) as store:
        cases.approve(
            store,
            options.id,
            actor=actor(options, store),
            as_of=day(options, store),
            proof=proof,
            choice=options.choice,
        )
    say("Approved.")
    return 0


def _reject(options: argparse.Namespace) -> int:
    from prm_tui.services import cases

    with opened(options) as store:
        cases.reject(store, options.id, options.reason, actor=actor(options, store), as_of=day(options, store))
    say("Rejected.")
    return 0


def _done(options: argparse.Namespace) -> int:
    from prm_tui.services import cases

    with opened(options) as store:
        cases.done(store, options.id, actor=actor(options, store), as_of=day(options, store))
    say("Done.")
    return 0
