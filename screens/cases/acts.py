"""What is done to tasks and cases; each act is shown as a sentence before it happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.domain.case import Case, TaskRow
from prm_tui.domain.errors import UsageError
from prm_tui.domain.obligation import PROVE
from prm_tui.services import cases, closing, deactivation, obligations, packs, partners, privacy, runs, suspension
from prm_tui.services.values import read_date
from screens.modals.choose import Choice, Choose
from screens.modals.confirm import Confirm
from screens.modals.form import Entry, Form
from screens.text import found as value_found
from screens.text import hanging, plain, short_date

if TYPE_CHECKING:
    from screens.base import PrmScreen


def acting(screen: PrmScreen) -> Content:
    """Who acts, and how another person does."""
    session = screen.prm.session
    if session.actor is None:
        return plain("Nobody acts yet. esc, then p chooses who.", "warn")
    return plain(f"You act as {session.actor_name}. p chooses another person.", "warn")


def about_case(case: Case, width: int = 64) -> Content:
    """What a decider has to see: reason, dates, impact as it was counted, what was not checked, the evidence's hash."""
    data, row = case.data, case.row
    parts = [
        Content.assemble(plain(row.name, "bright"), plain(f"  {row.code}", "muted")),
        hanging("Reason      ", f"{row.reason}, asked for by {case.requested_by or 'nobody in particular'}", width),
    ]
    for said in filter(None, (case.one_person, case.unsigned)):
        parts.append(hanging("Agreed by   ", said, width, "warn"))
    if case.seen_by:
        parts.append(hanging("Restricted  ", f"{', '.join(case.seen_by)}. {cases.RESTRICTED}", width, "warn"))
    if "effective_on" in data:
        sure = "" if data.get("served_on") else ", planned"
        notice_on, end = (short_date(date.fromisoformat(data[key])) for key in ("notice_on", "effective_on"))
        days = f"notice {notice_on}, effective {end}{sure}"
        parts += [
            hanging("Dates       ", days, width, "bright"),
            hanging("Rule        ", f"{data['rule']}. {data.get('basis', '')}", width),
        ]
    if data.get("memo"):
        parts.append(hanging("Memo        ", data["memo"], width))
    impact = data.get("impact", ())
    for line in impact:
        if line["state"] != "not checked":
            count = f"{line['count']:,}" if line["state"] == "counted" else line["state"]
            amount = f", {Decimal(line['amount']):,.2f}" if line["amount"] else ""
            note = f"  ({line['note']})" if line["note"] else ""
            parts.append(hanging(f"  {line['label']:<22}", f"{count}{amount}{note}", width))
    unchecked = ", ".join(line["label"].lower() for line in impact if line["state"] == "not checked")
    if unchecked:
        parts.append(hanging("Not checked ", unchecked, width, "warn"))
    if data.get("snapshot"):
        parts.append(plain(f"Evidence    sha256 {data['snapshot'][:16]}…", "muted"))
    return Content("\n").join(parts)


async def approve(screen: PrmScreen, task: TaskRow) -> None:
    """Show the evidence, have the partner's code typed, approve."""
    session = screen.prm.session
    if task.kind != "approval" or task.case_id is None:
        raise UsageError(f"“{task.title}” is a to-do, not an approval: d says that it is done.")
    if task.of_workflow:
        await answer(screen, task)
        return
    case_id = task.case_id
    case = await screen.read(lambda s: cases.shown(s, case_id, session.actor))
    about = Content("\n").join([acting(screen), Content(""), about_case(case)])

    async def save(fields: dict[str, str]) -> int:
        proof = Path(fields["proof"].strip()).expanduser() if fields.get("proof", "").strip() else None
        return await screen.write(
            lambda s: cases.approve(
                s, task.id, actor=session.actor, as_of=session.as_of, confirm=fields["confirm"], proof=proof
            )
        )

    entries = [Entry("confirm", "Code", hint=f"type {task.code} to approve")]
    entries += [Entry("proof", "Signed answer", hint="the file it is in")] if task.evidence else []
    if await screen.prm.push_screen_wait(Form(task.title, entries, save, whole=True, about=about)):
        screen.prm.tell(f"Approved: {task.name[:60]}.")


async def answer(screen: PrmScreen, task: TaskRow) -> None:
    """Answer what a workflow asks: one of its choices, or yes; with a signed answer where that is needed."""
    session, case_id = screen.prm.session, task.case_id
    assert case_id is not None
    ways, why = await screen.read(lambda s: (cases.ways(s, task), runs.explain_case(s, case_id)))
    choice = None
    if task.choices:
        offered = [Choice(label, label, ways.get(label, "")) for label in task.choices]
        choice = await screen.prm.push_screen_wait(Choose(task.title, offered, foot=task.name[:40]))
        if choice is None:
            return
    parts = [Content.assemble(plain(task.name, "bright"), plain(f"  {task.code}", "muted"))]
    parts += [plain(task.detail)] if task.detail else []
    if why is not None:
        found = " · ".join(f"{text}: {value_found(value)}" for text, value in why.hit.parts)
        parts.append(
            hanging(
                "Because       ", f"{why.hit.title}, {short_date(why.hit.on)}" + (f": {found}" if found else ""), 66
            )
        )
    parts += [hanging("Answer        ", choice, 66, "bright")] if choice else []
    follows = ways.get(choice or "yes", "")
    parts += [hanging("What follows  ", follows, 66)] if follows else []
    parts.append(acting(screen))
    said = Content("\n").join(parts)

    async def save(fields: dict[str, str]) -> int:
        proof = Path(fields["proof"].strip()).expanduser() if fields.get("proof", "").strip() else None
        return await screen.write(
            lambda s: cases.approve(s, task.id, actor=session.actor, as_of=session.as_of, choice=choice, proof=proof)
        )

    if task.evidence:
        entry = Entry("proof", "Signed answer", hint="the file it is in")
        done = await screen.prm.push_screen_wait(Form(task.title, [entry], save, whole=True, about=said))
    else:
        yes = f"answer “{choice}”" if choice else "approve"
        done = await screen.prm.push_screen_wait(Confirm(task.title, said, yes=yes, no="not now"))
        if done:
            await save({})
    if done:
        screen.prm.tell(f"Answered: {choice or 'approved'}, {task.name[:50]}. The case goes on with the next run.")


async def reject(screen: PrmScreen, task: TaskRow) -> None:
    """Ask why, reject."""
    session = screen.prm.session
    if task.kind != "approval":
        raise UsageError(f"“{task.title}” is a to-do; only approvals are rejected.")

    async def save(fields: dict[str, str]) -> int:
        return await screen.write(
            lambda s: cases.reject(s, task.id, fields["reason"], actor=session.actor, as_of=session.as_of)
        )

    if await screen.prm.push_screen_wait(Form(f"Reject: {task.name}", [Entry("reason", "Why")], save, whole=True)):
        screen.prm.tell(f"Rejected: {task.name[:60]}.")


async def done(screen: PrmScreen, task: TaskRow) -> None:
    """A to-do is done; one that stands for an act of the case opens that act."""
    session = screen.prm.session
    if task.act in ("serve", "complete", "close") and task.case_id is not None:
        case_id = task.case_id
        await act(screen, await screen.read(lambda s: cases.get(s, case_id)), task.act)
        return
    if task.act == PROVE and task.case_id is not None:
        from screens.cases.section_acts import owed

        case_id = task.case_id
        case, key = await screen.read(lambda s: (cases.get(s, case_id), obligations.of_task(s, task.id)))
        await owed(screen, case, key)
        return
    if task.kind == "approval":
        raise UsageError("This is an approval: y approves, N rejects.")
    said = Content("\n").join(
        [plain(task.title, "bright"), plain(task.name + (f", due {short_date(task.due)}" if task.due else ""), "muted")]
    )
    if await screen.prm.push_screen_wait(Confirm("Is this done?", said, yes="it is done", no="not yet")):
        await screen.write(lambda s: cases.done(s, task.id, actor=session.actor, as_of=session.as_of))


async def actions(screen: PrmScreen, case: Case) -> None:
    """Offer what the stage of the case allows."""
    later = ("dates", "Put the end off", "who approves is asked again")
    possible = {
        "approval": [("stop", "Stop", "nothing has happened to the partner")],
        "notice": [("serve", "Record service of notice", "from then on the dates stand"), later,
                   ("stop", "Stop", "before notice is served")],
        "in notice": [("complete", "Make it effective", _from(case)), later,
                       ("serve", "Correct the service", "what was recorded wrongly, with the reason; the dates follow"),
                      ("withdraw", "Withdraw", "by a letter of its own, approved like the notice")],
        "after": [("close", "Close", "with what was learned; what is left to do stands in the way")],
        "suspended": [("resume", "Lift the suspension", "the status is what it was before")],
    }.get(case.row.stage, [])  # fmt: skip
    if not possible:
        raise UsageError(f"Nothing can be done to this case now: it is {case.row.stage}.")
    picked = await screen.prm.push_screen_wait(Choose("What shall be done?", [Choice(*p) for p in possible]))
    if picked == "resume":
        await resume(screen, case.row.partner_id)
    elif picked:
        await act(screen, case, picked)


def _from(case: Case) -> str:
    """From which day on a case may take effect."""
    day = case.data.get("effective_on")
    return f"on {short_date(date.fromisoformat(day))}, not before" if day else ""


async def act(screen: PrmScreen, case: Case, which: str) -> None:
    """One act of a deactivation: serve, dates, complete, stop, withdraw or close."""
    await {
        "serve": _serve,
        "dates": _put_off,
        "complete": _complete,
        "stop": _stop,
        "withdraw": _withdraw,
        "close": _close,
    }[which](screen, case)


async def _complete(screen: PrmScreen, case: Case) -> None:
    session, name = screen.prm.session, case.row.name[:60]
    said = Content("\n").join([plain(f"{name} becomes Deactivated.", "bright"), plain("What is agreed goes over to its new owners; what is"
                              " left to do stays in the inbox. Coming back is a new enrolment.", "muted")])  # fmt: skip
    if await screen.prm.push_screen_wait(Confirm("Make the deactivation effective?", said, yes="make it effective")):
        await screen.write(lambda s: deactivation.complete(s, case.row.id, actor=session.actor, as_of=session.as_of))
        screen.prm.tell(f"{name} is deactivated.")


async def _serve(screen: PrmScreen, case: Case) -> None:
    session, name = screen.prm.session, case.row.name[:60]

    async def save(fields: dict[str, str]) -> object:
        sent_on, on = (read_date(fields[key], key) if fields[key].strip() else None for key in ("sent_on", "on"))
        proof = Path(fields["proof"]).expanduser() if fields["proof"].strip() else None
        return await screen.write(
            lambda s: deactivation.serve(
                s, case.row.id, on=on, sent_on=sent_on, method=fields["method"], address=fields["address"], proof=proof,
                reason=fields.get("reason", ""), actor=session.actor, as_of=session.as_of,
            )
        )  # fmt: skip

    old = case.data.get("service")
    was = old or {"method": "", "sent_on": "", "received_on": session.as_of.isoformat(), "address": "", "deemed": False}
    entries = [
        Entry("method", "How", was["method"], "registered mail, courier, by hand"),
        Entry("sent_on", "Sent on", was["sent_on"] or "", "without a receipt it counts later"),
        Entry("on", "Received on", "" if was["deemed"] else was["received_on"], "empty where only sending is known"),
        Entry("address", "To", was["address"], "else the agreement's address for notices"),
        Entry("proof", "Proof (a file)", hint="receipt.pdf"),
        *([Entry("reason", "Why it is corrected", hint="the earlier proof is kept")] if old else []),
    ]
    about = plain(f"From then on {name} is in notice, and the dates run from that day: a late service moves them, and who approved is"
                  " asked again. A served notice can only be withdrawn.", "text")  # fmt: skip
    made = await screen.prm.push_screen_wait(
        Form(
            "Correct the service of notice" if old else "Record service of notice",
            entries,
            save,
            whole=True,
            about=about,
        )
    )
    if made:
        screen.prm.tell(f"In notice; effective on {short_date(made.effective_on)} ({made.rule}).")


async def _put_off(screen: PrmScreen, case: Case) -> None:
    session = screen.prm.session

    async def save(fields: dict[str, str]) -> int:
        day = read_date(fields["effective_on"], "effective_on")
        return await screen.write(
            lambda s: deactivation.move(s, case.row.id, day, actor=session.actor, as_of=session.as_of)
        )

    entry = Entry("effective_on", "Effective on", str(case.data.get("effective_on", "")), "not before notice allows")
    if await screen.prm.push_screen_wait(Form("Put the end off", [entry], save, whole=True)):
        screen.prm.tell("The new date waits for approval.")


async def _stop(screen: PrmScreen, case: Case) -> None:
    if await _because(screen, case, "Stop the deactivation", deactivation.stop):
        screen.prm.tell("Stopped. Nothing has happened to the partner.")


async def _withdraw(screen: PrmScreen, case: Case) -> None:
    if await _because(screen, case, "Withdraw the notice", deactivation.withdraw):
        screen.prm.tell("The withdrawal and its letter wait for approval.")


async def _because(screen: PrmScreen, case: Case, title: str, work: Callable[..., int]) -> object:
    session = screen.prm.session

    async def save(fields: dict[str, str]) -> int:
        return await screen.write(
            lambda s: work(s, case.row.id, fields["reason"], actor=session.actor, as_of=session.as_of)
        )

    return await screen.prm.push_screen_wait(Form(title, [Entry("reason", "Why")], save, whole=True))


async def _close(screen: PrmScreen, case: Case) -> None:
    session = screen.prm.session

    async def save(fields: dict[str, str]) -> int:
        again = read_date(fields["reapply_on"], "reapply_on") if fields["reapply_on"].strip() else None
        return await screen.write(
            lambda s: closing.close(
                s, case.row.id, lesson=fields["lesson"], reason=fields["reason"].strip(), waive=fields["waive"], reapply_on=again,
                actor=session.actor, as_of=session.as_of,
            )
        )  # fmt: skip

    reasons = tuple(packs.deactivation().reasons)
    entries = [
        Entry("lesson", "Learned", hint="for whom is recruited next"),
        Entry("reason", "Reason in the end", case.row.reason or "", ", ".join(reasons), reasons),
        Entry("waive", "Let go", hint="why what is left to do is let go; empty to be told what that is"),
        Entry("reapply_on", "May return on", hint="else after the file's days"),
    ]
    if await screen.prm.push_screen_wait(Form("Close the case", entries, save, whole=True)):
        screen.prm.tell(f"Closed: {case.row.name[:60]}.")


async def suspend(screen: PrmScreen, partner_id: int) -> None:
    """Ask why, suspend."""
    session = screen.prm.session
    partner = await screen.read(lambda s: partners.get(s, partner_id, session.as_of))

    async def save(fields: dict[str, str]) -> int:
        return await screen.write(
            lambda s: suspension.suspend(
                s, partner_id, fields["reason"], ground=ground, actor=session.actor, as_of=session.as_of
            )
        )

    grounds = packs.deactivation().grounds
    ground = await screen.prm.push_screen_wait(
        Choose("On what ground?", [Choice(g.key, g.title, f"stops: {', '.join(g.stops)}") for g in grounds.values()])
    )
    if ground is None:
        return
    stops = ", ".join(grounds[ground].stops)
    about = plain(f"From today on {stops} stop. The suspension can be lifted at any time.", "text")
    form = Form(f"Suspend {partner.name}", [Entry("reason", "Why")], save, whole=True, about=about)
    if await screen.prm.push_screen_wait(form):
        screen.prm.tell(f"{partner.name[:60]} is suspended.")


async def reactivate(screen: PrmScreen, partner_id: int) -> None:
    """Ask why, enrol anew a partner that has left."""
    session = screen.prm.session
    partner = await screen.read(lambda s: partners.get(s, partner_id, session.as_of))

    async def save(fields: dict[str, str]) -> int:
        return await screen.write(
            lambda s: closing.reactivate(
                s, partner_id, fields["reason"], override=fields["override"], actor=session.actor, as_of=session.as_of
            )
        )

    about = plain("It becomes Onboarding: a new enrolment. What was stays as it was.", "text")
    entries = [
        Entry("reason", "Why"),
        Entry("override", "Before its day", hint="why it may come back before it may apply again"),
    ]
    if await screen.prm.push_screen_wait(Form(f"Enrol {partner.name} anew", entries, save, whole=True, about=about)):
        screen.prm.tell(f"{partner.name[:60]} is Onboarding.")


async def hold(screen: PrmScreen, partner_id: int) -> None:
    """Ask why, put a partner under legal hold or lift it."""
    session = screen.prm.session
    partner = await screen.read(lambda s: partners.get(s, partner_id, session.as_of))
    lift = bool(partner.hold)

    async def save(fields: dict[str, str]) -> int:
        return await screen.write(
            lambda s: privacy.hold(s, partner_id, fields["reason"], lift=lift, actor=session.actor, as_of=session.as_of)
        )

    said = partner.hold if lift else "Nothing of it is erased or taken back while it is held."
    title = "Lift the legal hold" if lift else "Legal hold"
    await screen.prm.push_screen_wait(
        Form(f"{title}: {partner.name}", [Entry("reason", "Why")], save, whole=True, about=plain(said, "text"))
    )


async def resume(screen: PrmScreen, partner_id: int) -> None:
    """Ask why, lift a suspension."""
    session = screen.prm.session
    partner = await screen.read(lambda s: partners.get(s, partner_id, session.as_of))
    about = plain(f"{partner.name} goes back to the status it had before.", "text")

    async def save(fields: dict[str, str]) -> int:
        return await screen.write(
            lambda s: suspension.resume(s, partner_id, fields["reason"], actor=session.actor, as_of=session.as_of)
        )

    form = Form("Lift the suspension?", [Entry("reason", "Why")], save, whole=True, about=about)
    if await screen.prm.push_screen_wait(form):
        screen.prm.tell(f"{partner.name[:60]} is no longer suspended.")
