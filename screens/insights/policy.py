"""Changing a policy: a new version, which holds from a day on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prm_tui.services import inactivity
from screens.modals.form import Entry, Form
from screens.text import plain

if TYPE_CHECKING:
    from screens.base import PrmScreen


async def edit(screen: PrmScreen, name: str) -> None:
    """Ask what changes, keep it as a new version."""
    session = screen.prm.session
    policy = await screen.read(lambda store: inactivity.policy(store, name, session.as_of))

    async def save(fields: dict[str, str]) -> int:
        return await screen.write(lambda s: inactivity.edit(s, name, fields, actor=session.actor, as_of=session.as_of))

    entries = [
        Entry("when", "Inactive when", policy.when, "a condition, such as silent(commercial, 180)"),
        Entry("dormant_after", "Dormant after", str(policy.dormant_after), "days of being inactive"),
        Entry("never_after", "Never activated after", str(policy.never_after), "days since joining without anything"),
        Entry(
            "effective",
            "From",
            session.as_of.isoformat(),
            "the first day of this version; before it the one before holds",
        ),
    ]
    about = plain(f"For {policy.whom()}. What was said of days before stays as it was.", "text")
    version = await screen.prm.push_screen_wait(Form(f"Policy {policy.title}", entries, save, about=about, whole=True))
    if version:
        screen.prm.tell(f"Version {version} of “{policy.title}” is kept. u takes it back.")
