"""Pages made from the registry of commands: keys, the palette; and what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.commands import COMMANDS, PLACES, commands, key_name
from screens.modals.choose import Choice, Choose
from screens.modals.pages import Page
from screens.text import plain

if TYPE_CHECKING:
    from prm_tui.app import PrmApp


def keys(app: PrmApp) -> Page:
    """Every key of the screen, of lists, and of everywhere."""
    parts: list[Content] = []
    for where in (getattr(app.screen, "place", ""), "list", "everywhere"):
        if where not in PLACES or not commands(where):
            continue
        parts.append(Content.styled(f"{PLACES[where]}\n", "bold $muted"))
        for c in commands(where):
            said = " ".join(key_name(k) for k in app.settings.keys.get(c.id, c.keys).split(","))
            parts.append(Content.assemble((f"  {said:<14}", "bold $accent"), (f"{c.about}\n", "$text")))
        parts.append(Content("\n"))
    return Page("Keys", Content("").join(parts))


def messages(app: PrmApp) -> Page:
    """Everything that was said since the start, the latest first."""
    said = [plain(text, "bad" if bad else "text") for text, bad in reversed(app.session.said)]
    return Page("Messages", Content("\n").join(said) if said else Content("Nothing was said yet."))


async def palette(app: PrmApp) -> None:
    """Any command of this screen by its name."""
    here = app.screen
    places = (getattr(here, "place", ""), "list", "everywhere")
    listed = [c for c in COMMANDS if c.where in places and c.id != "app.palette"]
    chosen = await app.push_screen_wait(
        Choose("Commands", [Choice(c, c.title, f"{c.shown}  {c.about}") for c in listed])
    )
    if chosen is not None:
        prefix = {"everywhere": "app.", "list": "focused."}.get(chosen.where, "")
        await here.run_action(prefix + chosen.action)
