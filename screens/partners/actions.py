"""What can be done with the chosen partners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prm_tui.domain.partner import CASE_STATUSES
from prm_tui.services import partners
from screens.modals.choose import Choice, Choose
from screens.partners.forms import add_contact, add_record, edit_partner, log_activity

if TYPE_CHECKING:
    from screens.base import PrmScreen


async def act_on(screen: PrmScreen, chosen: list[int]) -> None:
    """Offer what can be done, and do what was chosen."""
    one = chosen[0]
    single = {
        "log": ("Write down an activity", "a call, a visit, an order …", log_activity),
        "edit": ("Edit", "its fields", edit_partner),
        "contact": ("Add a contact", "someone at this partner", add_contact),
        "record": ("Add a record", "an agreement, a certificate, a target …", add_record),
    }
    choices = [
        Choice("deactivate", "Deactivate …", "begins a case: impact, notice, tasks, approval; nothing happens yet"),
    ]
    choices += [Choice(key, title, about) for key, (title, about, _) in single.items()] if len(chosen) == 1 else []
    if len(chosen) == 1:
        as_of = screen.prm.session.as_of
        status = (await screen.read(lambda store: partners.get(store, one, as_of))).fields["status"]
        if status == "Suspended":
            choices.append(Choice("resume", "Lift the suspension", "its status is what it was before"))
        elif status not in CASE_STATUSES:
            choices.append(Choice("suspend", "Suspend …", "stops it today; can be lifted"))
    title = f"{len(chosen)} partners" if len(chosen) > 1 else "What shall be done?"
    picked = await screen.prm.push_screen_wait(Choose(title, choices))
    if picked == "deactivate":
        from screens.cases.wizard import DeactivateScreen

        screen.prm.push_screen(DeactivateScreen(chosen))
    elif picked in ("suspend", "resume"):
        from screens.cases.acts import resume, suspend

        await (suspend if picked == "suspend" else resume)(screen, one)
    elif picked in single:
        await single[picked][2](screen, one)
