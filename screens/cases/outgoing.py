"""What goes out of a case into files: its evidence pack, its letters, sheets for others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from prm_tui.domain.case import Case
from prm_tui.services import casepack, letters, systems, transition
from screens.modals.choose import Choice, Choose
from screens.modals.form import Entry, Form
from screens.text import many

if TYPE_CHECKING:
    from screens.base import PrmScreen


async def out_path(screen: PrmScreen, name: str, title: str = "Write a file") -> Path | None:
    """Ask for the name of a file or folder."""

    async def keep(fields: dict[str, str]) -> Path:
        return Path(fields["path"].strip() or name).expanduser()

    found: Path | None = await screen.prm.push_screen_wait(Form(title, [Entry("path", "Path", name)], keep, whole=True))
    return found


async def out(screen: PrmScreen, case: Case) -> None:
    """Offer what can be written out of a case."""
    session, number = screen.prm.session, case.row.id
    picked = await screen.prm.push_screen_wait(
        Choose(
            "Out of this case",
            [
                Choice("pack", "Evidence pack …", "one folder that anyone can read and check without prm"),
                Choice("letters", "Approved letters …", "into a folder; they count as given out"),
                Choice("hand-over", "Hand-over sheet …", "to fill in and send back; i reads it"),
                Choice("systems", "Sheets for other systems …", "each in its own columns"),
            ],
        )
    )
    names = {
        "pack": f"case-{number}",
        "letters": f"letters-{number}",
        "hand-over": f"hand-over-{number}.xlsx",
        "systems": f"systems-{number}",
    }
    if picked is None:
        return
    path = await out_path(screen, names[picked], "Where to?")
    if path is None:
        return
    if picked == "pack":
        files = await screen.read(lambda s: casepack.write(s, number, path, viewer=session.actor, as_of=session.as_of))
        screen.prm.tell(f"{many(len(files), 'file')} in {path}. Check them with: sha256sum -c SHA256SUMS")
    elif picked == "letters":
        done = await screen.write(lambda s: letters.give_out(s, number, path, actor=session.actor, as_of=session.as_of))
        screen.prm.tell(f"{many(len(done.files), 'letter')} in {path}")
    elif picked == "hand-over":
        rows = await screen.write(lambda s: transition.send(s, number, path, actor=session.actor, as_of=session.as_of))
        screen.prm.tell(f"{many(rows, 'row')}: {path}")
    else:
        sent = await screen.write(lambda s: systems.send(s, path, number, actor=session.actor, as_of=session.as_of))
        screen.prm.tell("; ".join([f"{many(len(sent.sheets), 'sheet')} in {path}", *sent.notes]))
