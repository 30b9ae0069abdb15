"""What is done to a line of a section of a case's page; each act is shown as a sentence before it happens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.content import Content

from prm_tui.domain.case import Case
from prm_tui.domain.errors import UsageError
from prm_tui.domain.transition import CONSENTS, ENDS
from prm_tui.services import gates, letters, obligations, settlement, systems, transition
from prm_tui.services.values import read_date
from screens.cases.outgoing import out_path
from screens.modals.choose import Choice, Choose
from screens.modals.confirm import Confirm
from screens.modals.form import Entry, Form
from screens.text import many, plain, visible

if TYPE_CHECKING:
    from screens.base import PrmScreen


async def owed(screen: PrmScreen, case: Case, key: Any) -> None:
    """An obligation: it is met, or let go; before approval it is changed or taken out."""
    session = screen.prm.session
    one = await screen.read(lambda s: obligations.one(s, key, session.actor))
    if not one.unmet:
        raise UsageError(f"“{one.title}” is {one.state}: {one.said}")
    choices = [Choice("prove", "It is met …", one.proof or "say how, or give the file"),
               Choice("waive", "Let it go …", "with a reason and your name")]  # fmt: skip
    if one.state == "planned":
        choices = [
            Choice("change", "Change …", "its title, owner and day"),
            Choice("remove", "Take it out", "this case does not need it"),
        ]
    picked = await screen.prm.push_screen_wait(Choose(visible(one.title)[:60], choices))

    async def prove(fields: dict[str, str]) -> int:
        proof = Path(fields["proof"].strip()).expanduser() if fields["proof"].strip() else None
        return await screen.write(
            lambda s: obligations.prove(
                s, key, proof=proof, note=fields["note"], actor=session.actor, as_of=session.as_of
            )
        )

    async def waive(fields: dict[str, str]) -> int:
        return await screen.write(
            lambda s: obligations.waive(s, key, fields["reason"], actor=session.actor, as_of=session.as_of)
        )

    async def change(fields: dict[str, str]) -> int:
        due = read_date(fields["due"], "due") if fields["due"].strip() else None
        await screen.write(
            lambda s: obligations.change_planned(
                s, key, title=fields["title"], owner=fields["owner"], due=due, actor=session.actor, as_of=session.as_of
            )
        )
        return 1

    if picked == "prove":
        entries = [
            Entry("note", "How", hint="a sentence"),
            Entry("proof", "Proof (a file)", hint=one.proof or "receipt.pdf"),
        ]
        await screen.prm.push_screen_wait(Form(f"Met: {one.title[:50]}", entries, prove, whole=True))
    elif picked == "waive":
        await screen.prm.push_screen_wait(
            Form(f"Let go: {one.title[:50]}", [Entry("reason", "Why")], waive, whole=True)
        )
    elif picked == "change":
        owner = f"person:{one.owner}" if one.owner else f"role:{one.role}" if one.role else "manager"
        entries = [Entry("title", "Obligation", one.title), Entry("owner", "By", owner, "manager, role:finance, person:NAME"),
                   Entry("due", "Due", one.due.isoformat() if one.due else "")]  # fmt: skip
        await screen.prm.push_screen_wait(Form("Change the obligation", entries, change, whole=True))
    elif picked == "remove":
        await screen.write(lambda s: obligations.remove(s, key, actor=session.actor, as_of=session.as_of))


async def add_owed(screen: PrmScreen, case: Case) -> None:
    """An obligation of one's own."""
    session = screen.prm.session

    async def save(fields: dict[str, str]) -> int:
        due = read_date(fields["due"], "due") if fields["due"].strip() else None
        return await screen.write(
            lambda s: obligations.add(
                s, case.row.id, fields["title"], owner=fields["owner"].strip() or "manager", due=due, proof=fields["proof"],
                actor=session.actor, as_of=session.as_of,
            )
        )  # fmt: skip

    entries = [Entry("title", "Obligation"), Entry("owner", "By", "manager", "manager, role:finance, person:NAME"),
               Entry("due", "Due", str(case.data.get("effective_on", ""))), Entry("proof", "Proof wanted")]  # fmt: skip
    await screen.prm.push_screen_wait(Form("A new obligation", entries, save, whole=True))


async def handed(screen: PrmScreen, case: Case, key: Any) -> None:
    """One thing that is handed over: to whom, consent, letter; a proposal is offered."""
    session, number = screen.prm.session, case.row.id
    items, proposals = await screen.read(
        lambda s: (transition.items(s, number, session.as_of), transition.proposals(s, number, "", session.as_of))
    )
    item = next(one for one in items if one.record_id == key)
    proposed = proposals.get(key)
    hint = "a partner's code, one of us, or ends"

    async def save(fields: dict[str, str]) -> int:
        day = read_date(fields["letter_on"], "letter_on") if fields["letter_on"].strip() else None
        to = fields["to"].strip()
        await screen.write(
            lambda s: transition.assign(
                s, number, {f"#{key}": to} if to and to != item.to else {}, lines=[f"#{key}"], consent=fields["consent"],
                letter=fields["letter"], letter_on=day, actor=session.actor, as_of=session.as_of,
            )
        )  # fmt: skip
        return 1

    entries = [
        Entry("to", "Goes to", item.to or (proposed.code if proposed else ""), hint),
        Entry("consent", "Consent", item.consent, ", ".join(CONSENTS), CONSENTS),
        Entry("letter", "Letter", item.letter, "which letter its customer gets"),
        Entry("letter_on", "Letter on", item.letter_on.isoformat() if item.letter_on else ""),
    ]
    by = f" Proposed: {proposed.code} {proposed.name}." if proposed and not item.to else ""
    about = plain(f"{item.title}: {item.said}.{by} “{ENDS}” where nobody takes it over.", "text")
    await screen.prm.push_screen_wait(Form("Hand over", entries, save, whole=True, about=about))


async def written(screen: PrmScreen, case: Case, key: Any) -> None:
    """A letter: written into the outbox, or opened there."""
    session, (kind, message, needed) = screen.prm.session, key
    if message is not None:
        from screens.outbox.page import MessagePage

        screen.prm.push_screen(MessagePage(message))
        return
    if not needed:
        raise UsageError(f"This case needs no “{letters.kind_named(kind).title}” now.")

    async def save(fields: dict[str, str]) -> int:
        head = Path(fields["letterhead"].strip()).expanduser() if fields["letterhead"].strip() else None
        made = await screen.write(
            lambda s: letters.write(s, case.row.id, kind, letterhead=head, actor=session.actor, as_of=session.as_of)
        )
        return len(made) or 1

    about = plain(
        "It is filled from the case and waits in the outbox for approval; the approved text is kept with its hash.",
        "text",
    )
    entry = Entry("letterhead", "Letterhead (.docx)", hint="your own document, or empty for plain text")
    if await screen.prm.push_screen_wait(
        Form(f"Write: {letters.kind_named(kind).title}", [entry], save, whole=True, about=about)
    ):
        screen.prm.tell("Written. It waits for approval in the outbox (1, then o).")


async def money(screen: PrmScreen, case: Case, key: Any) -> None:
    """The settlement: written out, approved, pending lines taken back."""
    session, number = screen.prm.session, case.row.id
    found = await screen.read(lambda s: settlement.of(s, number, session.as_of, session.actor))
    choices = [Choice("out", "Write the workbook …", "every sum is a formula over its lines"),
               Choice("approve", "Approve the statement", "its figures are kept with their hash")]  # fmt: skip
    if found.pending:
        choices.append(
            Choice("reverse", f"Take {many(len(found.pending), 'pending line')} back", "locked lines stay due")
        )
    picked = await screen.prm.push_screen_wait(Choose("Settlement", choices))
    if picked == "out":
        path = await out_path(screen, f"settlement-{found.code}.xlsx")
        if path is not None:
            settlement.write(found, path)
            screen.prm.tell(f"Written: {path}")
    elif picked == "approve":
        said = Content("\n").join([plain(line) for line in settlement.text(found).split("\n")])
        if await screen.prm.push_screen_wait(Confirm("Approve the settlement?", said, yes="approve", no="not now")):
            await screen.write(lambda s: settlement.approve(s, number, actor=session.actor, as_of=session.as_of))
    elif picked == "reverse":
        said = plain(f"To be taken back, by negative lines in your name: {many(len(found.pending), 'pending line')}. Open proposals"
                     " are withdrawn.")  # fmt: skip
        if await screen.prm.push_screen_wait(
            Confirm("Take pending money back?", said, yes="take it back", no="not now")
        ):
            await screen.write(
                lambda s: settlement.reverse_pending(s, number, actor=session.actor, as_of=session.as_of)
            )


async def told(screen: PrmScreen, case: Case, key: Any) -> None:
    """A system: somebody says that it is up to date."""
    session = screen.prm.session
    said = plain(
        f"You say that {key} does not show {case.row.name} as active any more. A later sheet of its own may contradict.",
        "text",
    )
    if await screen.prm.push_screen_wait(Confirm(f"Is {visible(key)} up to date?", said, yes="it is", no="not yet")):
        await screen.write(lambda s: systems.confirm(s, case.row.id, key, actor=session.actor, as_of=session.as_of))


async def barred(screen: PrmScreen, case: Case, key: Any) -> None:
    """A gate: let one thing pass, for a reason."""
    session, (gate, name) = screen.prm.session, key
    found = await screen.read(lambda s: gates.of_case(s, case.row.id, session.as_of))
    one = next((one for one in found if (one.gate, one.name) == key), None)
    if one is not None and not one.by:
        raise UsageError(f"{one.title}: {visible(name)}. Nobody may let this pass. {visible(one.detail)}")

    async def save(fields: dict[str, str]) -> int:
        return await screen.write(
            lambda s: gates.let_pass(
                s, case.row.id, gate, name, fields["reason"], actor=session.actor, as_of=session.as_of
            )
        )

    about = plain(f"{name} stands in the way. Letting it pass is recorded with your name and reason.", "warn")
    await screen.prm.push_screen_wait(Form("Let it pass?", [Entry("reason", "Why")], save, whole=True, about=about))


ACTS = {"Obligations": owed, "Hand-over": handed, "Letters": written, "Money": money, "Systems": told, "Gates": barred}
"""Section → what enter does to its selected line."""
