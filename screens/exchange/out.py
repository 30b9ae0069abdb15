"""Spreadsheets out: to a file, to somebody who fills it in, or into one's own spreadsheet program and back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from prm_tui import paths
from prm_tui.domain.errors import UsageError
from prm_tui.services import export, insights_book, timeline
from prm_tui.services.values import read_date
from screens.exchange import recent
from screens.modals.choose import Choice, Choose
from screens.modals.form import Entry, Form
from screens.text import plain, visible

if TYPE_CHECKING:
    from screens.base import PrmScreen

WHATS = {
    "partners": "Partners, every field",
    "partner": "Everything about this partner",
    "contacts": "Contacts",
    "activities": "Activities and their lines",
    "records": "Records: deals, agreements, licences …",
    "approvals": "Approvals, to be signed",
    "everything": "Everything",
}


async def out(screen: PrmScreen, ids: Sequence[int] | None, what: str | None = None, kind: str | None = None) -> None:
    """Offer the ways out of a list: `what` it shows, of the partners of `ids` (None: all).

    `kind`: it shows only activities of this kind.
    """
    many = WHATS[what] if what else "these partners" if ids is not None else "all partners"
    if kind is not None:
        kinds = await screen.read(timeline.known_kinds)
        many = f"only {visible(kinds.get(kind, kind)).lower()}"
    way = await screen.prm.push_screen_wait(
        Choose(
            f"Out to a spreadsheet: {many}",
            [
                Choice("file", "Write a file …", "xlsx, csv or json"),
                Choice("editor", "Change it in my spreadsheet program", "save it there, then see the difference here"),
                Choice("send", "Send a sheet …", "for somebody to fill in and send back"),
            ],
        )
    )
    if way == "editor" and ids is not None:
        what = what or "partners"  # a list of partners is itself what shall be changed
    if way is not None and what is None:
        offered = [Choice(key, title) for key, title in WHATS.items() if key != "partner"]
        what = await screen.prm.push_screen_wait(Choose("What goes out?", offered))
    if way is not None and what is not None:
        await {"file": to_file, "editor": edit_outside, "send": send}[way](screen, what, ids, kind)


async def to_file(screen: PrmScreen, what: str, ids: Sequence[int] | None, kind: str | None = None) -> None:
    """Write a file."""

    async def save(fields: dict[str, str]) -> str:
        path = _path(fields["path"])
        written = await screen.read(lambda s: export.write(s, what, path, ids, kind=kind))
        recent.remember([path])
        return "; ".join([f"{written.rows:,} rows: {path}", *written.notes])

    entries = [Entry("path", "File", f"{kind or what}.xlsx", ".xlsx, .csv or .json")]
    said = await screen.prm.push_screen_wait(Form("Write a file", entries, save, whole=True))
    if said:
        screen.prm.tell(said)


async def insights_to_file(screen: PrmScreen) -> None:
    """The numbers of Insights as a workbook with live formulas."""
    as_of = screen.prm.session.as_of

    async def save(fields: dict[str, str]) -> str:
        path = _path(fields["path"])
        notes = await screen.read(lambda s: insights_book.write(s, as_of, path))
        recent.remember([path])
        return "; ".join([f"written: {path}", *notes])

    entries = [Entry("path", "File", "insights.xlsx", ".xlsx; every number is a formula over the rows beside it")]
    said = await screen.prm.push_screen_wait(Form("Write the numbers", entries, save, whole=True))
    if said:
        screen.prm.tell(said)


async def send(screen: PrmScreen, what: str, ids: Sequence[int] | None, kind: str | None = None) -> None:
    """Write a sheet that is to come back, and remember it."""
    session = screen.prm.session

    async def save(fields: dict[str, str]) -> str:
        due = read_date(fields["due"], "due") if fields["due"].strip() else None
        path = _path(fields["path"])
        written = await screen.write(
            lambda s: export.send(
                s, what, path, ids, kind=kind, recipient=fields["to"], due=due, actor=session.actor,
                as_of=session.as_of,
            )
        )  # fmt: skip
        recent.remember([path])
        return f"{written.rows:,} rows: {path}. It is listed under Exchange until it comes back."

    entries = [
        Entry("to", "To", "", "a name"),
        Entry("due", "Wanted back by", "", "YYYY-MM-DD, or nothing"),
        Entry("path", "File", f"{kind or what}-to-fill-in.xlsx", ".xlsx or .csv"),
    ]
    said = await screen.prm.push_screen_wait(Form("Send a sheet", entries, save, whole=True))
    if said:
        screen.prm.tell(said)


async def edit_outside(screen: PrmScreen, what: str, ids: Sequence[int] | None, kind: str | None = None) -> None:
    """Open the list in the person's spreadsheet program; what was saved there is read back and merged."""
    folder = paths.database().parent / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    path = _unused(folder, f"{kind or what}-{screen.prm.session.as_of}")
    await screen.read(lambda s: export.write(s, what, path, ids, kind=kind))
    recent.remember([path])
    opened = _open(path)
    from screens.exchange.wizard import ImportScreen

    said = "Opened in your spreadsheet program." if opened else "Open it in your spreadsheet program."
    screen.prm.push_screen(
        ImportScreen(
            path, Content.assemble(plain(f"{said} Change it, save it, come back here and press enter.", "accent"))
        )
    )


def _unused(folder: Path, stem: str) -> Path:
    """A name that no file has yet: what was changed in an earlier one, and not read back, stays."""
    names = (f"{stem}{f' {n}' if n > 1 else ''}.xlsx" for n in count(1))
    return next(path for path in (folder / name for name in names) if not path.exists())


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
