"""A whole folder, read before anything is imported."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from prm_tui.domain.errors import PrmError
from prm_tui.domain.survey import Survey
from screens.modals.base import Modal
from screens.modals.form import Entry, Form
from screens.modals.pages import Page
from screens.text import plain
from screens.workers import begin

if TYPE_CHECKING:
    from screens.base import PrmScreen

EVERY = 0.25  # seconds


class Reading(Modal["Survey | PrmError | None"]):
    """Which file of a folder is being read, until all are: then the survey, or what went wrong. Escape stops it."""

    def __init__(self, folder: Path, files: int) -> None:
        super().__init__()
        self._folder, self._files = folder, files
        self._at, self._name = 0, ""
        self.stop = Event()

    def compose(self) -> ComposeResult:
        """Title, how far it is, the way out."""
        with Vertical(id="panel"):
            yield Static(plain(f"Reading {self._folder}", "bright"), id="title")
            yield Static(id="said")
            yield Static(Content("esc stops it; nothing is imported"), id="foot")

    def on_mount(self) -> None:
        """Read beside the interface."""
        self.set_interval(EVERY, self._show)
        self._show()
        begin(self, self._look, "survey")

    def on_unmount(self) -> None:
        """However it was left, nobody reads on."""
        self.stop.set()

    def on_click(self, event: events.Click) -> None:
        """A stray click must not throw away what was read so far."""
        event.prevent_default()

    def _show(self) -> None:
        said = f"{self._at:,} of {self._files:,}: {self._name}" if self._at else f"{self._files:,} files"
        self.query_one("#said", Static).update(plain(said, "accent"))

    def _heard(self, name: str) -> None:
        """The reading thread begins a file; it is shown with the next beat."""
        self._at, self._name = self._at + 1, name

    async def _look(self) -> None:
        from prm_tui.services import survey as room

        try:
            found: Survey | PrmError = await asyncio.to_thread(
                room.look, self._folder, on_file=self._heard, cancelled=self.stop.is_set
            )
        except PrmError as error:
            found = error
        if not self.stop.is_set():
            self.dismiss(found)


async def survey(screen: PrmScreen) -> None:
    """Ask for the folder, read it beside the interface, show what was found."""
    from prm_tui.services import survey as room

    async def check(fields: dict[str, str]) -> tuple[Path, int, str]:
        folder = Path(fields["folder"].strip().strip("'\"") or ".").expanduser()
        return folder, len(await asyncio.to_thread(room.spreadsheets, folder)), fields["out"].strip().strip("'\"")

    entries = [
        Entry("folder", "Folder", "", "path of a folder; those below it are read, too"),
        Entry("out", "Workbook", "", "where to write it as a workbook, or nothing"),
    ]
    about = Content("Every spreadsheet in it is read, which may take a while. Nothing is imported.")
    asked: tuple[Path, int, str] | None = await screen.prm.push_screen_wait(
        Form("What is in this folder?", entries, check, whole=True, about=about)
    )
    if asked is None:
        return
    folder, files, out = asked
    found = await screen.prm.push_screen_wait(Reading(folder, files))
    if isinstance(found, PrmError):
        raise found
    if found is None:
        return
    lines = list(found.sentences())
    said = [plain(line, "text" if line.startswith(" ") else "bright") for line in lines]
    screen.prm.push_screen(Page(f"Survey of {found.folder}", Content("\n").join(said)))
    if out:  # after the page, which must be seen even where the workbook cannot be written
        await asyncio.to_thread(room.write, found, Path(out).expanduser())
        screen.prm.tell(f"Written: {out}")
