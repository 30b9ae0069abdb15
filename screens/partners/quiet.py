"""What is done about partners that went quiet: why, kept anyway, won back, decided in a review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prm_tui.domain.inactivity import REASONS
from prm_tui.domain.review import DECISIONS, Decision
from prm_tui.services import kept, reasons, review, winback
from prm_tui.services.values import read_date
from screens.modals.choose import Choice, Choose
from screens.modals.confirm import Confirm
from screens.modals.form import Entry, Form
from screens.text import plain

if TYPE_CHECKING:
    from screens.base import PrmScreen


async def say_why(screen: PrmScreen, chosen: Sequence[int]) -> None:
    """Why one partner is quiet: a reason of the closed list, and who says it."""
    session, partner = screen.prm.session, chosen[0]
    picked = await screen.prm.push_screen_wait(
        Choose("Why is it quiet?", [Choice(key, label) for key, label in REASONS.items()])
    )
    if picked is None:
        return

    async def save(fields: dict[str, str]) -> int:
        return await screen.write(
            lambda s: reasons.say(
                s, partner, picked, said_by=fields["said_by"], competitor=fields["competitor"], note=fields["note"], actor=session.actor,
                as_of=session.as_of,
            )
        )  # fmt: skip

    entries = [Entry("said_by", "Said by", "partner", "partner or manager", ("partner", "manager")),
               Entry("competitor", "Competitor", hint="who won, if one did"), Entry("note", "How it is known")]  # fmt: skip
    if await screen.prm.push_screen_wait(Form(REASONS[picked], entries, save, whole=True)):
        screen.prm.tell(f"Written down: {REASONS[picked].lower()}.")


async def keep(screen: PrmScreen, chosen: Sequence[int]) -> None:
    """Keep one partner although a rule says otherwise, until a day."""
    session, partner = screen.prm.session, chosen[0]

    async def save(fields: dict[str, str]) -> int:
        until = read_date(fields["until"], "until") if fields["until"].strip() else None
        return await screen.write(
            lambda s: kept.keep(s, partner, fields["reason"], until, actor=session.actor, as_of=session.as_of)
        )

    about = plain(
        "Its state stays what it is; no rule proposes to let it go before that day. What came of it is looked at later.",
        "text",
    )
    entries = [Entry("reason", "Why"), Entry("until", "Until", hint="a day within a year, such as 2026-12-31")]
    if await screen.prm.push_screen_wait(Form("Keep although inactive", entries, save, whole=True, about=about)):
        screen.prm.tell("Kept. 6 lists who is kept, and what came of it.")


async def win_back(screen: PrmScreen, chosen: Sequence[int]) -> None:
    """Begin win-backs for all of them."""
    session, many = screen.prm.session, len(chosen)
    said = plain(
        f"{'A case' if many == 1 else f'{many} cases'} of win-back begin: a first touch by the likely reason, three in 30 days, stopped by"
        " a reply or an order. Messages wait for approval in the outbox.",
        "text",
    )
    if await screen.prm.push_screen_wait(Confirm("Win back?", said, yes="begin", no="not now")):
        await screen.write(lambda s: winback.begin(s, chosen, actor=session.actor, as_of=session.as_of))
        screen.prm.tell(f"{many} win-back{'s' if many > 1 else ''} begun: 4 shows the cases.")


async def decide(screen: PrmScreen, chosen: Sequence[int]) -> bool:
    """Decide about all of them in a review, with one reason; whether it was done."""
    session = screen.prm.session
    rows = await screen.read(lambda s: review.seen(s, chosen, session.as_of))
    held = review.freed((row, "offboard") for row in rows.values())
    picked = await screen.prm.push_screen_wait(
        Choose(f"{len(chosen)} partners: what is decided?" if len(chosen) > 1 else "What is decided?",
               [Choice(key, label, f"frees {held.said}" if key == "offboard" else "") for key, label in DECISIONS.items()])
    )  # fmt: skip
    if picked is None:
        return False

    async def save(fields: dict[str, str]) -> int:
        until = read_date(fields["until"], "until") if fields.get("until", "").strip() else None
        made = [Decision(partner, picked, fields["reason"], until) for partner in chosen]
        return len(await screen.write(lambda s: review.decide(s, made, actor=session.actor, as_of=session.as_of)))

    entries = [Entry("reason", "Why")]
    entries += [Entry("until", "Until", hint="kept until this day")] if picked == "override" else []
    about = plain("The numbers seen now are kept with the decision.", "text")
    done = await screen.prm.push_screen_wait(Form(DECISIONS[picked], entries, save, whole=True, about=about))
    if done:
        screen.prm.tell(
            f"{done} decided: {DECISIONS[picked].lower()}. What a workflow does follows with the next run (1, then R)."
        )
    return bool(done)
