"""What can be done with the chosen partners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.domain.partner import CASE_STATUSES, Partner
from prm_tui.domain.trigger import Trigger
from prm_tui.services import partners, triggers
from screens.modals.choose import Choice, Choose
from screens.modals.confirm import Confirm
from screens.partners.forms import add_contact, add_record, edit_partner, log_activity
from screens.text import plain

if TYPE_CHECKING:
    from screens.base import PrmScreen
    from storage import Store


async def act_on(screen: PrmScreen, chosen: list[int]) -> None:
    """Offer what can be done, and do what was chosen."""
    one, by_hand = chosen[0], dict[str, Trigger]()
    single = {
        "log": ("Write down an activity", "a call, a visit, an order …", log_activity),
        "edit": ("Edit", "its fields", edit_partner),
        "contact": ("Add a contact", "someone at this partner", add_contact),
        "record": ("Add a record", "an agreement, a certificate, a target …", add_record),
    }
    choices = [
        Choice("deactivate", "Deactivate …", "begins a case: impact, notice, tasks, approval; nothing happens yet"),
    ]
    choices += [
        Choice("win_back", "Win back …", "touches by the likely reason, stopped by a reply or an order"),
        Choice("decide", "Decide …", "keep, re-tier, win back, offboard, with the numbers seen now"),
    ]
    if len(chosen) == 1:
        choices += [
            Choice("say_why", "Say why it is quiet …", "a reason of the closed list, and who says it"),
            Choice("keep", "Keep although inactive …", "with a reason, in your name, until a day"),
        ]
    choices += [Choice(key, title, about) for key, (title, about, _) in single.items()] if len(chosen) == 1 else []
    if len(chosen) == 1:
        as_of = screen.prm.session.as_of
        partner = await screen.read(lambda store: partners.get(store, one, as_of))
        status = partner.fields["status"]
        if status == "Suspended":
            choices.append(Choice("resume", "Lift the suspension", "its status is what it was before"))
        elif status not in CASE_STATUSES:
            choices.append(Choice("suspend", "Suspend …", "stops it today; can be lifted"))
        elif status == "Deactivated":
            choices.append(Choice("reactivate", "Enrol anew …", "it becomes Onboarding; its history stays"))
        held = "Lift the legal hold …" if partner.hold else "Legal hold …"
        choices.append(Choice("hold", held, "nothing of it is erased or taken back while it is held"))
        by_hand = {f"start {t.name}": t for t in await screen.read(triggers.by_hand)}
        choices += [Choice(key, f"{t.title} …", "started by hand") for key, t in by_hand.items()]
    if len(chosen) == 2:
        choices.append(Choice("join", "They are one partner …", "the first marked gets everything of the second"))
    choices.append(Choice("send", "Send a sheet …", "for somebody to fill in and send back; it is merged cell by cell"))
    title = f"{len(chosen)} partners" if len(chosen) > 1 else "What shall be done?"
    picked = await screen.prm.push_screen_wait(Choose(title, choices))
    if picked == "deactivate":
        from screens.cases.wizard import DeactivateScreen

        screen.prm.push_screen(DeactivateScreen(chosen))
    elif picked in ("win_back", "decide", "say_why", "keep"):
        from screens.partners import quiet

        await getattr(quiet, picked)(screen, chosen)
    elif picked == "join":
        await _join(screen, *chosen)
    elif picked == "send":
        from screens.exchange.out import send

        await send(screen, "partners", chosen)
    elif picked in ("suspend", "resume", "reactivate", "hold"):
        from screens.cases import acts

        await getattr(acts, picked)(screen, one)
    elif picked in by_hand:
        from screens.automation.acts import begin

        as_of, trigger = screen.prm.session.as_of, by_hand[picked]
        await begin(screen, trigger, (await screen.read(lambda store: partners.get(store, one, as_of))).code)
    elif picked in single:
        await single[picked][2](screen, one)


async def _join(screen: PrmScreen, keep: int, other: int) -> None:
    """Make one partner of two, after showing what that means."""
    session = screen.prm.session

    def look(store: Store) -> tuple[Partner, Partner]:
        return partners.get(store, keep, session.as_of), partners.get(store, other, session.as_of)

    first, second = await screen.read(look)
    said = Content("\n").join(
        [
            plain(f"{first.code} {first.name} stays."),
            plain(f"{second.code} {second.name} goes into it: activities, contacts, records, cases and keys move."),
            plain("Both codes find it from then on. Undo takes them apart again."),
        ]
    )
    if await screen.prm.push_screen_wait(Confirm("Are they one partner?", said, yes="they are one", no="no")):
        change, _ = await screen.write(
            lambda s: partners.join(s, keep, other, actor=session.actor, as_of=session.as_of)
        )
        screen.prm.tell(f"Joined as change {change}. u takes them apart.")
