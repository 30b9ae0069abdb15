"""A whole folder, read before anything is imported."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui.domain.survey import Survey
from screens.modals.form import Entry, Form
from screens.modals.pages import Page
from screens.text import plain

if TYPE_CHECKING:
    from screens.base import PrmScreen


async def survey(screen: PrmScreen) -> None:
    """Ask for the folder, read it beside the interface, show what was found."""

    async def save(fields: dict[str, str]) -> Survey:
        from prm_tui.services import survey as room

        folder = Path(fields["folder"].strip().strip("'\"") or ".").expanduser()
        found = await asyncio.to_thread(room.look, folder)
        if fields["out"].strip():
            room.write(found, Path(fields["out"].strip()).expanduser())
        return found

    entries = [
        Entry("folder", "Folder", "", "path of a folder; those below it are read, too"),
        Entry("out", "Workbook", "", "where to write it as a workbook, or nothing"),
    ]
    about = Content("Every spreadsheet in it is read, which may take a while. Nothing is imported.")
    found: Survey | None = await screen.prm.push_screen_wait(
        Form("What is in this folder?", entries, save, whole=True, about=about)
    )
    if found is not None:
        lines = list(found.sentences())
        said = [plain(line, "text" if line.startswith(" ") else "bright") for line in lines]
        screen.prm.push_screen(Page(f"Survey of {found.folder}", Content("\n").join(said)))
