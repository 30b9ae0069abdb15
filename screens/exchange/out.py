"""Spreadsheets out: to a file, to somebody who fills it in, or into one's own spreadsheet program and back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui import paths
from prm_tui.domain.errors import UsageError
from prm_tui.services import export
from prm_tui.services.values import read_date
from screens.modals.choose import Choice, Choose
from screens.modals.form import Entry, Form
from screens.text import plain

if TYPE_CHECKING:
    from screens.base import PrmScreen

WHATS = {
    "partners": "Partners, every field",
    "contacts": "Contacts",
    "activities": "Activities and their lines",
    "records": "Records: deals, agreements, licences …",
    "everything": "Everything",
}


async def out(screen: PrmScreen, ids: Sequence[int] | None) -> None:
    """Offer the ways out of a list (`ids`; None: all partners)."""
    many = "these partners" if ids is not None else "all partners"
    picked = await screen.prm.push_screen_wait(
        Choose(
            f"Out to a spreadsheet: {many}",
            [
                Choice("file", "Write a file …", "xlsx, csv or json"),
                Choice("editor", "Change it in my spreadsheet program", "save it there, then see the difference here"),
                Choice("send", "Send a sheet …", "for somebody to fill in and send back"),
            ],
        )
    )
    if picked == "editor":
        await edit_outside(screen, ids)
    elif picked in ("file", "send"):
        what = await screen.prm.push_screen_wait(
            Choose("What goes out?", [Choice(key, title) for key, title in WHATS.items()])
        )
        if what is not None:
            await (to_file if picked == "file" else send)(screen, what, ids)


async def to_file(screen: PrmScreen, what: str, ids: Sequence[int] | None) -> None:
    """Write a file."""

    async def save(fields: dict[str, str]) -> str:
        path = _path(fields["path"])
        written = await screen.read(lambda s: export.write(s, what, path, ids))
        return "; ".join([f"{written.rows:,} rows: {path}", *written.notes])

    entries = [Entry("path", "File", f"{what}.xlsx", ".xlsx, .csv or .json")]
    said = await screen.prm.push_screen_wait(Form("Write a file", entries, save, whole=True))
    if said:
        screen.prm.tell(said)


async def send(screen: PrmScreen, what: str, ids: Sequence[int] | None) -> None:
    """Write a sheet that is to come back, and remember it."""
    session = screen.prm.session

    async def save(fields: dict[str, str]) -> str:
        due = read_date(fields["due"], "due") if fields["due"].strip() else None
        path = _path(fields["path"])
        written = await screen.write(
            lambda s: export.send(
                s, what, path, ids, recipient=fields["to"], due=due, actor=session.actor, as_of=session.as_of
            )
        )
        return f"{written.rows:,} rows: {path}. It is listed under Exchange until it comes back."

    entries = [
        Entry("to", "To", "", "a name"),
        Entry("due", "Wanted back by", "", "YYYY-MM-DD, or nothing"),
        Entry("path", "File", f"{what}-to-fill-in.xlsx", ".xlsx or .csv"),
    ]
    said = await screen.prm.push_screen_wait(Form("Send a sheet", entries, save, whole=True))
    if said:
        screen.prm.tell(said)


async def edit_outside(screen: PrmScreen, ids: Sequence[int] | None) -> None:
    """Open the list in the person's spreadsheet program; what was saved there is read back and merged."""
    folder = paths.database().parent / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"partners-{screen.prm.session.as_of}.xlsx"
    await screen.read(lambda s: export.write(s, "partners", path, ids))
    opened = _open(path)
    from screens.exchange.wizard import ImportScreen

    said = "Opened in your spreadsheet program." if opened else "Open it in your spreadsheet program."
    screen.prm.push_screen(
        ImportScreen(
            path, Content.assemble(plain(f"{said} Change it, save it, come back here and press enter.", "accent"))
        )
    )


def _open(path: Path) -> bool:
    """Hand a file to the program the system uses for it; False where there is none."""
    try:
        if sys.platform == "win32":
            os.startfile(path)
            return True
        command = "open" if sys.platform == "darwin" else "xdg-open"
        subprocess.Popen(
            [command, str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    except OSError:
        return False
    return True


def _path(text: str) -> Path:
    clean = text.strip().strip("'\"")
    if not clean:
        raise UsageError("path: name the file")
    return Path(clean).expanduser()
