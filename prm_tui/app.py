"""The interface: modes, theme, keys, and the wiring of screens to one open file."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.actions import SkipAction
from textual.app import App
from textual.binding import Binding
from textual.content import Content

from prm_tui import log, paths, settings
from prm_tui.commands import bindings
from prm_tui.domain.errors import PrmError, UsageError
from prm_tui.gateway import Gateway
from prm_tui.session import Session
from screens.partners.list import PartnersScreen
from screens.theme import themes
from screens.words import tell
from screens.workers import begin

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen


class PrmApp(App[int]):
    """Six modes, each with its digit."""

    TITLE = "prm"
    CSS_PATH: ClassVar = "../screens/prm.tcss"
    ENABLE_COMMAND_PALETTE = False  # ours is made from the registry
    BINDINGS: ClassVar = [*bindings("everywhere"), Binding("escape", "dismiss", show=False, priority=True)]
    MODES: ClassVar[dict[str, Any]] = {
        "partners": PartnersScreen,
        "today": lambda: _screen("screens.today.screen", "TodayScreen"),
        "automation": lambda: _screen("screens.automation.list", "AutomationScreen"),
        "cases": lambda: _screen("screens.cases.list", "CasesScreen"),
        "exchange": lambda: _screen("screens.exchange.screen", "ExchangeScreen"),
        "insights": lambda: _screen("screens.insights.screen", "InsightsScreen"),
    }
    DEFAULT_MODE = "partners"

    def __init__(self, gateway: Gateway, session: Session, found: settings.Settings) -> None:
        super().__init__()
        self.gateway, self.session, self.settings = gateway, session, found
        self.open_counts: dict[str, int] = {}
        self.next_file: Path | None = None
        self.failure: PrmError | None = None
        self._file_open = asyncio.Event()
        for theme in themes():
            self.register_theme(theme)
        self.theme = found.theme
        self.set_keymap(found.keys)

    def on_load(self) -> None:
        """Tasks begin in their turn.

        From Python 3.12 on Textual starts them at once; a screen of a mode is then mounted before it is on
        the mode's stack, and an Input in it asks for the screen in vain.
        """
        asyncio.get_running_loop().set_task_factory(None)

    def on_ready(self) -> None:
        """The first frame stands: open the file."""
        begin(self, self._open, "opening")

    async def _open(self) -> None:
        try:
            await self.gateway.open()
            await self.gateway.read(self.session.begin)
        except PrmError as error:
            self.failure = error
            self.exit(error.exit_code)
            return
        self._file_open.set()
        self._refresh_lines()
        self.set_timer(0.3, self._settle_in)  # the list comes first
        self.set_interval(5, self._look_for_others)

    async def _settle_in(self) -> None:
        """What can wait until the first list stands: counts, and what is wrong with settings or folder."""
        from screens.opening import settle_in

        await settle_in(self)

    def _refresh_lines(self) -> None:
        for screen in self.screen_stack:
            for line in screen.query("ModeLine"):
                line.refresh()

    async def ready(self) -> None:
        """Wait until the file is open."""
        await self._file_open.wait()

    async def _look_for_others(self) -> None:
        try:
            if await self.gateway.changed():
                self.after_write()
        except PrmError as error:
            log.write(str(error), bad=True)

    def tell(self, said: str, *, bad: bool = False) -> None:
        """Notify, and keep what was said for the messages page and the log. Complaints stay until dismissed."""
        tell(self, said, bad=bad)

    def action_dismiss(self) -> None:
        """Escape takes away a complaint first; without one it means what the screen says."""
        if not any(n.severity == "error" for n in self._notifications):
            raise SkipAction
        self.clear_notifications()

    async def count(self) -> None:
        """How much is open, for the line of modes."""
        from prm_tui.services import cases

        tasks, open_cases = await self.gateway.read(lambda store: cases.counts(store, self.session.actor))
        self.open_counts = {"today": tasks, "cases": open_cases}
        self._refresh_lines()

    def after_write(self) -> None:
        """Bring what is shown up to date."""
        from screens.base import PrmScreen

        begin(self, self.count, "count")
        for screen in self.screen_stack:
            if isinstance(screen, PrmScreen):
                screen.reload()

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:
        """A remapped key that means two things is said, not guessed at."""
        log.write("keys clash: " + ", ".join(sorted(b.key for b in clashed_bindings)), bad=True)

    # ---- actions of every screen ----

    async def action_mode(self, mode: str) -> None:
        """Go to a mode; to its first screen when it is shown already."""
        if self.current_mode == mode:
            while len(self.screen_stack) > 1:
                self.pop_screen()
        else:
            await self.switch_mode(mode)

    def action_import(self) -> None:
        """Read a workbook."""
        from screens.exchange.wizard import ImportScreen

        self.push_screen(ImportScreen())

    def action_person(self) -> None:
        """Choose who acts."""
        from screens.file import choose_person

        begin(self, partial(choose_person, self), "person")

    def action_settings(self) -> None:
        """What the file is told about itself."""
        from screens.file import change_settings

        begin(self, partial(change_settings, self), "settings")

    def action_undo(self) -> None:
        """Show what undoing the latest change does; enter does it."""
        from screens.undo import undo_latest

        begin(self, partial(undo_latest, self), "undo")

    def action_next_theme(self) -> None:
        """The next theme."""
        self.theme = settings.THEMES[(settings.THEMES.index(self.theme) + 1) % len(settings.THEMES)]

    def action_messages(self) -> None:
        """Everything that was said since the start."""
        from screens.help import messages

        self.push_screen(messages(self))

    def action_help(self) -> None:
        """Every key of this screen, from the registry."""
        from screens.help import keys

        self.push_screen(keys(self))

    def action_palette(self) -> None:
        """Any command by its name."""
        from screens.help import palette

        begin(self, partial(palette, self), "palette")

    async def open_demonstration(self) -> None:
        """Build the demonstration if need be, and go on with it instead of this file."""
        from prm_tui.services import demo

        self.next_file = await self.gateway.write(lambda _: demo.ready(paths.demonstration()))
        self.exit(0)

    def action_leave(self) -> None:
        """Leave after asking."""
        begin(self, self._leave, "leave")

    async def _leave(self) -> None:
        from screens.modals.confirm import Confirm

        said = (
            "A write is still running; it will be finished first." if self.gateway.writing else "Everything is saved."
        )
        if await self.push_screen_wait(Confirm("Leave prm?", Content(said), yes="leave", no="stay")):
            self.exit(0)


def _screen(module: str, name: str) -> Screen[Any]:
    """A mode's first screen; its room is entered only when it is wanted."""
    from importlib import import_module

    found: Screen[Any] = getattr(import_module(module), name)()
    return found


def start(path: Path, *, actor: str | None = None, as_of: date | None = None) -> PrmApp:
    """The application on a file, which is opened while the first frame is drawn."""
    return PrmApp(
        Gateway(path), Session(path, as_of, actor or os.environ.get("PRM_ACTOR")), settings.read(paths.configuration())
    )


def run(path: Path, *, actor: str | None = None, as_of: date | None = None) -> int:
    """Open the interface on a file; returns the exit code."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The interface needs a terminal. Use a command: prm partners, prm --help")
    log.begin()
    while True:
        app = start(path, actor=actor, as_of=as_of)
        try:
            code = app.run() or 0
        finally:
            app.gateway.close()
        if app.failure is not None:
            raise app.failure
        if app.next_file is None:
            return code
        path, as_of = app.next_file, None
