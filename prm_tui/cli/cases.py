"""prm cases, inbox, approve, reject, done."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prm_tui.cli import settling, systems, transition
from prm_tui.cli.common import (
    CELL,
    actor,
    command,
    day,
    opened,
    plain,
    print_files,
    print_json,
    print_table,
    say,
    with_json,
)
from prm_tui.domain.errors import UsageError
from prm_tui.domain.text import typed

if TYPE_CHECKING:
    from prm_tui.domain.case import Case, CaseRow, TaskRow
    from prm_tui.domain.deactivation import Since
    from storage import Store

ACTS = (
    "list", "show", "serve", "dates", "complete", "stop", "withdraw", "close", "lessons", "notice-table", "evidence",
    "settlement", "pack", "gates", "pass",
    "transition", "systems",
)  # fmt: skip


def register(commands: Any) -> None:
    """Add this group's commands."""
    made = with_json(command(commands, "cases", "List cases, show one, or act on one.", _cases))
    made.add_argument("act", nargs="?", choices=ACTS, default="list", help="What to do.")
    made.add_argument("id", nargs="?", type=int, metavar="ID", help="The case.")
    made.add_argument("out", nargs="?", metavar="OUT",
                      help="evidence, pack: the folder that is written; settlement: a workbook, .xlsx; pass: the gate.")  # fmt: skip
    made.add_argument("name", nargs="?", metavar="NAME", help="pass: what may pass, by its name.")
    made.add_argument("--all", action="store_true", help="List closed cases, too.")
    made.add_argument("--partner", metavar="CODE", help="Only cases of this partner.")
    made.add_argument("--on", metavar="DATE", help="serve: when notice was received (else today).")
    made.add_argument(
        "--sent", metavar="DATE", help="serve: when it was sent; without --on it counts as received some days later."
    )
    made.add_argument("--address", metavar="A", default="", help="serve: where it went (else the agreement's address).")
    made.add_argument("--method", metavar="M", default="", help="serve: how, for example: registered mail.")
    made.add_argument("--proof", metavar="FILE", help="serve: the proof of service, kept with its hash.")
    made.add_argument("--effective", metavar="DATE", help="dates: a later effective date; who approves is asked again.")
    made.add_argument(
        "--reason", metavar="T", default="", help="stop, withdraw, pass: why; serve: why what was recorded is wrong."
    )
    made.add_argument("--lesson", metavar="T", default="", help="close: what was learned, for whom is recruited next.")
    made.add_argument("--reason-confirmed", metavar="R", default="", help="close: the reason it was in the end.")
    made.add_argument("--waive", metavar="T", default="", help="close: why what is left to do is let go.")
    made.add_argument("--reapply-on", metavar="DATE", help="close: from when the partner may be enrolled again.")
    made.add_argument("--file", metavar="FILE", help="notice-table: a TOML file in the place of the table.")
    made.add_argument("--toml", action="store_true", help="notice-table: print it as it is written in a file.")
    settling.add_options(made)
    transition.options_of(made)
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


def case_row(row: CaseRow) -> dict[str, Any]:
    """One line of a list of cases, as JSON."""
    return {"id": row.id, "kind": row.kind, "code": row.code, "name": row.name, "stage": row.stage, "owner": row.owner,
            "opened_on": row.opened_on, "due": row.due, "outcome": row.outcome, "reason": row.reason}  # fmt: skip


def _cases(options: argparse.Namespace) -> int:
    from prm_tui.services import cases, partners

    with opened(options) as store:
        person = actor(options, store)
        if options.act == "list":
            partner = partners.resolve(store, options.partner) if options.partner else None
            rows = cases.list_of(store, closed=options.all, partner_id=partner, viewer=person)
            if options.json:
                print_json([case_row(row) for row in rows])
            else:
                header = ("Id", "Kind", "Code", "Partner", "Stage", "Due", "Owner", "Outcome")
                print_table(
                    header, [(r.id, r.kind, r.code, r.name, r.stage, r.due, r.owner, r.outcome) for r in rows], (True,)
                )
            return 0
        if options.act == "lessons":
            return _lessons(options, store, person)
        if options.act == "notice-table":
            return _notice_table(options, store, person)
        if options.id is None:
            raise UsageError(f"Which case? prm cases {options.act} ID. See them with: prm cases list")
        case = cases.shown(store, options.id, person)
        if options.act == "show":
            show(options, store, case)
            return 0
        if options.act in ("gates", "pass"):
            from prm_tui.cli import gates

            return (gates.show if options.act == "gates" else gates.let_pass)(options, store)
        if options.act == "transition":
            return transition.transition(options, store)
        if options.act == "systems":
            return systems.systems_of_case(options, store)
        return _act(options, store, person)


def _lessons(options: argparse.Namespace, store: Store, person: int | None) -> int:
    from prm_tui.services import closing

    found = closing.lessons(store, person)
    if options.json:
        print_json(found)
        return 0
    print_table(
        ("Reason", "Type", "Tier", "Industry", "Partners", "Months", "What was learned"),
        [
            (one.reason, one.type, one.tier, one.industry, one.partners, one.months, "; ".join(one.lessons))
            for one in found
        ],
        (False, False, False, False, True, True),
    )
    return 0


def _notice_table(options: argparse.Namespace, store: Store, person: int | None) -> int:
    from prm_tui.domain.notice import NOT_ADVICE
    from prm_tui.services import notice

    if options.file:
        change = notice.edit(store, Path(options.file), actor=person, as_of=day(options, store))
        say(
            f"Change {change}. Open cases keep their dates. Take it back with: prm undo {change}"
            if change
            else "It is so already."
        )
    lines = notice.table(store)
    if options.json:
        print_json(lines)
    elif options.toml:
        print(notice.as_toml(lines), end="")
    else:
        print_table(
            ("Line", "For", "Notice", "Never shorter", "Source"),
            [(one.key, one.title, one.length, "yes" if one.no_shorter else "", one.source) for one in lines],
        )
    say(NOT_ADVICE)
    return 0


def _act(options: argparse.Namespace, store: Store, person: int | None) -> int:
    from prm_tui.services import cases, closing, deactivation
    from prm_tui.services.values import read_date

    as_of = day(options, store)

    def on(name: str) -> date | None:
        said = getattr(options, name.replace("-", "_"))
        return read_date(said, f"--{name}") if said else None

    if options.act in ("settlement", "pack"):
        return {"settlement": settling.settlement, "pack": settling.pack}[options.act](options, store, person)
    if options.act == "serve":
        _serve(options, store, person, on("on"), on("sent"))
    elif options.act == "dates":
        effective = on("effective")
        if effective is None:
            raise UsageError(f"Say which: prm cases dates {options.id} --effective DATE")
        deactivation.move(store, options.id, effective, actor=person, as_of=as_of)
        say(f"It is to end on {effective}. Who approves is asked again: prm inbox")
    elif options.act == "evidence":
        if not options.out:
            raise UsageError(f"It is written: prm cases evidence {options.id} FOLDER")
        print_files(options, cases.write_evidence(store, options.id, Path(options.out)))
        return 0
    elif options.act == "complete":
        deactivation.complete(store, options.id, actor=person, as_of=as_of)
        say(
            f"The partner is deactivated. When everything is done: prm cases close {options.id} --lesson … --reason-confirmed …"
        )
    elif options.act == "close":
        closing.close(store, options.id, lesson=options.lesson, reason=options.reason_confirmed, waive=options.waive,
                      reapply_on=on("reapply-on"), actor=person, as_of=as_of)  # fmt: skip
        say(f"Closed. The partner may be enrolled again from {cases.get(store, options.id).data['reapply_on']} on.")
    elif options.act == "stop":
        deactivation.stop(store, options.id, options.reason, actor=person, as_of=as_of)
        say("Stopped. Nothing has happened to the partner.")
    else:
        deactivation.withdraw(store, options.id, options.reason, actor=person, as_of=as_of)
        say("The withdrawal waits for approval: prm inbox. Its letter waits with it: prm outbox")
    if options.json:
        print_json(case_row(cases.get(store, options.id).row))
    return 0


def _serve(options: argparse.Namespace, store: Store, person: int | None, on: date | None, sent: date | None) -> None:
    from prm_tui.services import cases, deactivation

    proof = Path(options.proof) if options.proof else None
    found = deactivation.serve(
        store, options.id, on=on, sent_on=sent, method=options.method, address=options.address, proof=proof,
        reason=options.reason, actor=person, as_of=day(options, store),
    )  # fmt: skip
    case = cases.get(store, options.id)
    say(f"Notice served on {found.notice_on}; the deactivation takes effect on {found.effective_on} ({found.rule}).")
    service = case.data["service"]
    if service["clause"] and service["clause"] != service["address"]:
        say(f"It went to {service['address']}; the agreement wants notices sent to: {service['clause']}")
    if case.data["approved_effective_on"] != case.data["effective_on"]:
        say(
            f"Approved was {case.data['approved_effective_on']}: who approves is asked again, nothing goes on before. prm inbox"
        )


def show(options: argparse.Namespace, store: Store, case: Case) -> None:
    """Print one case whole."""
    from prm_tui.cli import gates
    from prm_tui.domain.case import STAGES
    from prm_tui.services import cases, snapshot

    since = snapshot.since_snapshot(store, case.row.id, day(options, store))
    standing = gates.standing(store, case, day(options, store))
    if options.json:
        print_json({**case_row(case.row), "path": case.path, "requested_by": case.requested_by, "data": case.data,
                    "tasks": case.tasks, "evidence": case.evidence, "one_person": case.one_person, "unsigned": case.unsigned,
                    "restricted_to": case.seen_by, "since": since, "ended": case.ended,
                    "in_the_way": gates.as_data(standing)})  # fmt: skip
        return
    row = case.row
    print(plain(f"Case {row.id}: {row.kind} of {row.name} ({row.code}), {STAGES.get(row.stage, row.stage)}"))
    path = f"path: {case.path}; " if case.path else ""
    print(plain(f"  reason: {row.reason}; {path}asked for by {case.requested_by or 'nobody in particular'}"))
    if case.seen_by:
        print(plain(f"  restricted to {', '.join(case.seen_by)}. {cases.RESTRICTED}"))
    for said in filter(None, (case.one_person, case.unsigned)):
        print(plain(f"  {said}"))
    _show_data(case.data)
    for key, value in case.data.get("numbers", {}).items():
        print(plain(f"  {key}: {', '.join(value) if isinstance(value, list) else '' if value is None else value}"))
    if since is not None:
        _show_since(since)
    for task in case.tasks:
        by = (
            f", {task.done_by or 'nobody in particular'} on {task.done_on}"
            if task.done_on
            else f", due {task.due}, {task.whose}"
        )
        how = "" if task.state != "approved" else ", by a signed answer" if task.signed else ", entered here"
        why = f": {task.choice or task.reason}" if task.choice or task.reason else ""
        print(plain(f"  [{task.state}] {task.id} {task.title}{by}{how}{why}"))
        for sentence in _sentences(replace(task, title="")) if task.state == "open" else ():
            print(plain(f"      {sentence}"))
    gates.print_short(standing)
    for ended in case.ended:
        print(plain(f"  went on by itself on {ended.on}, “{ended.step}”: {ended.said}"))
    for proof in case.evidence:
        print(plain(f"  evidence: {proof.title}, sha256 {proof.hash}"))


def _show_data(data: dict[str, Any]) -> None:
    if "effective_on" in data:
        sure = "stands" if data.get("served_on") else "planned"
        print(plain(f"  notice {data['notice_on']}, effective {data['effective_on']} ({sure}): {data['rule']}"))
        if data.get("basis"):
            print(plain(f"  by: {data['basis']}"))
        if data.get("approved_effective_on") not in (None, data["effective_on"]):
            print(plain(f"  ! approved was {data['approved_effective_on']}; the new date is not approved yet"))
    service = data.get("service")
    if service:
        sent = f"sent on {service['sent_on']}, " if service["sent_on"] else ""
        got = (
            f"counts as received on {service['received_on']}"
            if service["deemed"]
            else f"received on {service['received_on']}"
        )
        where = f", to {service['address']}" if service["address"] else ""
        print(plain(f"  service: {service['method']}{where}; {sent}{got}"))
    for one in data.get("corrected", ()):
        print(plain(f"    corrected on {one['on']} by {one['by']}: {one['reason']}. Before: {one['before']}"))
    for key, said in (("memo", "memo"), ("stopped", "stopped"), ("withdrawal", "withdrawn"), ("ground", "ground"), ("lifted", "lifted"),
                      ("reason_confirmed", "reason in the end"), ("lesson", "learned"), ("reapply_on", "may return from"),
                      ("left_by", "left by case"), ("override", "earlier than allowed")):  # fmt: skip
        if data.get(key):
            print(plain(f"  {said}: {data[key]}"))
    if data.get("stops"):
        print(plain(f"  stops: {', '.join(data['stops'])}"))
    for line in data.get("impact", ()):
        amount = Decimal(line["amount"]) if line["amount"] else None
        print_impact(line["label"], line["state"], line["count"], amount, line["note"])


def print_impact(label: str, state: str, count: int, amount: Decimal | None, note: str) -> None:
    """A line of the impact: how many, or why there is no number, their amount, and from where."""
    many = f"{count:,}" if state == "counted" else state
    money = "" if amount is None else f"{amount:,.2f}"
    print(plain(f"  {label:<22} {many:>11} {money:>14}  {note}").rstrip())


def _show_since(since: Since) -> None:
    act = "approval" if since.approved else "it was asked for"
    for one in since.arrived:
        amount = "" if one.amount is None else f", {one.amount:,.2f} {one.currency or ''}".rstrip()
        what = "correction of" if one.corrected else "new:"
        print(plain(f"  since {act} ({since.since:%Y-%m-%d}) {one.count:,} {what} {one.label.lower()}{amount}"))
    for line in since.moved:
        more = f" ({line.amount:+,.2f})" if line.amount is not None else f" ({line.count:+,})"
        print(plain(f"  {line.label}: {line.then} when it was asked for, {line.now} now{more}"))


def _inbox(options: argparse.Namespace) -> int:
    from prm_tui.services import cases

    with opened(options) as store:
        as_of = day(options, store)
        tasks = cases.inbox(store, actor(options, store))
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
        beneath=[_sentences(t) for t in tasks],
    )
    return 0


def _sentences(task: TaskRow) -> list[str]:
    """What is known of an open task beside its title, and which answers an approval may get."""
    said = [task.title] if len(task.title) > CELL else []
    said += [" ".join(task.detail.split())] if task.detail else []
    signed = " --evidence FILE" if task.evidence else ""
    if task.choices:
        said.append(f"prm approve {task.id}{signed} --choice {' | '.join(map(typed, task.choices))}")
    elif task.kind == "approval":
        said.append(f"prm approve {task.id}{signed}, or prm reject {task.id} --reason …")
    return said


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
