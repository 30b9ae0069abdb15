"""The interface: modes, theme, keys, and the wiring of screens to one open file."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.content import Content

from prm_tui import paths, settings
from prm_tui.commands import COMMANDS, PLACES, bindings, commands, key_name
from prm_tui.domain.errors import PrmError, UsageError
from prm_tui.gateway import Gateway
from screens.partners.list import PartnersScreen
from screens.theme import themes
from screens.workers import begin

if TYPE_CHECKING:
    from textual.binding import Binding
    from textual.dom import DOMNode
    from textual.screen import Screen

    from storage import Store

LOG = logging.getLogger("prm")


@dataclass
class Session:
    """The file, the date things are evaluated for, and who acts."""

    path: Path
    as_of: date
    demonstration: bool = False
    actor: int | None = None
    actor_name: str = "nobody chosen"
    said: list[tuple[str, bool]] = field(default_factory=list)

    def tails(self) -> list[str]:
        """What stands at the right end of the mode line, longest first."""
        from screens.text import short_date

        name = self.path.name if len(self.path.name) <= 30 else self.path.name[:29] + "…"
        day = short_date(self.as_of)
        return [f"{name} · as of {day} · acting: {self.actor_name[:40]}", f"{name} · as of {day}", f"as of {day}", day]


class PrmApp(App[int]):
    """Six modes in one place; those that exist have a digit."""

    TITLE = "prm"
    CSS_PATH: ClassVar = "../screens/prm.tcss"
    ENABLE_COMMAND_PALETTE = False  # ours is made from the registry
    BINDINGS: ClassVar = bindings("everywhere")
    MODES: ClassVar[dict[str, Any]] = {
        "partners": PartnersScreen,
        "today": lambda: _screen("screens.today.screen", "TodayScreen"),
        "cases": lambda: _screen("screens.cases.list", "CasesScreen"),
        "exchange": lambda: _screen("screens.exchange.screen", "ExchangeScreen"),
    }
    DEFAULT_MODE = "partners"

    def __init__(self, gateway: Gateway, session: Session, found: settings.Settings) -> None:
        super().__init__()
        self.gateway, self.session, self.settings = gateway, session, found
        self.open_counts: dict[str, int] = {}
        self.next_file: Path | None = None
        for theme in themes():
            self.register_theme(theme)
        self.theme = found.theme
        self.set_keymap(found.keys)

    def on_mount(self) -> None:
        """What is wrong with the settings is said once the screen stands."""
        for problem in self.settings.problems:
            self.tell(problem, bad=True)
        place = _place_warning(self.session.path)
        if place:
            self.tell(place, bad=True)
        begin(self, self.count, "count")
        self.set_interval(5, self._look_for_others)

    async def _look_for_others(self) -> None:
        try:
            if await self.gateway.changed():
                self.after_write()
        except PrmError as error:
            LOG.warning("%s", error)

    def tell(self, said: str, *, bad: bool = False) -> None:
        """Notify, and keep what was said for the messages page and the log. Complaints stay until dismissed."""
        self.session.said.append((said, bad))
        LOG.log(logging.WARNING if bad else logging.INFO, "%s", said)
        self.notify(said, severity="error" if bad else "information", timeout=600 if bad else 4, markup=False)

    async def count(self) -> None:
        """How much is open, for the line of modes."""
        from prm_tui.services import cases
        from screens.widgets.lines import ModeLine

        tasks, open_cases = await self.gateway.read(cases.counts)
        self.open_counts = {"today": tasks, "cases": open_cases}
        for line in self.screen.query(ModeLine):
            line.refresh()

    def after_write(self) -> None:
        """Bring what is shown up to date."""
        from screens.base import PrmScreen

        begin(self, self.count, "count")
        for screen in self.screen_stack:
            if isinstance(screen, PrmScreen):
                screen.reload()

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:
        """A remapped key that means two things is said, not guessed at."""
        LOG.warning("keys clash: %s", ", ".join(sorted(b.key for b in clashed_bindings)))

    # ---- actions of every screen ----

    async def action_mode(self, mode: str) -> None:
        """Go to a mode; to its first screen when it is shown already."""
        if mode not in self.MODES:
            return
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
        from screens.people import choose_person

        begin(self, partial(choose_person, self), "person")

    def action_undo(self) -> None:
        """Show what undoing the latest change does; enter does it."""
        from screens.undo import undo_latest

        begin(self, partial(undo_latest, self), "undo")

    def action_next_theme(self) -> None:
        """The next theme."""
        self.theme = settings.THEMES[(settings.THEMES.index(self.theme) + 1) % len(settings.THEMES)]

    def action_messages(self) -> None:
        """Everything that was said since the start."""
        from screens.modals.pages import Page

        parts = [Content.styled(f"{said}\n", "$bad" if bad else "$text") for said, bad in reversed(self.session.said)]
        self.push_screen(Page("Messages", Content("").join(parts) if parts else Content("Nothing was said yet.")))

    def action_help(self) -> None:
        """Every key of this screen, from the registry."""
        from screens.modals.pages import Page

        parts: list[Content] = []
        for where in (getattr(self.screen, "place", ""), "list", "everywhere"):
            if where not in PLACES or not commands(where):
                continue
            parts.append(Content.styled(f"{PLACES[where]}\n", "bold $muted"))
            for c in commands(where):
                keys = " ".join(key_name(k) for k in self.settings.keys.get(c.id, c.keys).split(","))
                parts.append(Content.assemble((f"  {keys:<14}", "bold $accent"), (f"{c.about}\n", "$text")))
            parts.append(Content("\n"))
        self.push_screen(Page("Keys", Content("").join(parts)))

    def action_palette(self) -> None:
        """Any command by its name."""
        begin(self, self._palette, "palette")

    async def _palette(self) -> None:
        from screens.modals.choose import Choice, Choose

        here = self.screen
        places = (getattr(here, "place", ""), "list", "everywhere")
        listed = [c for c in COMMANDS if c.where in places and c.id != "app.palette"]
        chosen = await self.push_screen_wait(
            Choose("Commands", [Choice(c, f"{c.title}", f"{c.shown}  {c.about}") for c in listed])
        )
        if chosen is not None:
            prefix = {"everywhere": "app.", "list": "focused."}.get(chosen.where, "")
            await here.run_action(prefix + chosen.action)

    async def open_demonstration(self) -> None:
        """Build the demonstration if need be, and go on with it instead of this file."""
        from prm_tui.services import demo

        path = await self.gateway.write(lambda _: demo.ready(paths.demonstration()))
        self.next_file = path
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


def _place_warning(path: Path) -> str | None:
    from prm_tui.services import files

    return files.unsafe_place(path)


def _start_log() -> None:
    path = paths.log()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError:
        return  # a read-only home is no reason not to start
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)


def start(path: Path, *, actor: str | None = None, as_of: date | None = None) -> PrmApp:
    """The application on an open file, not running yet. Raises PrmError when the file or the person is no good."""
    gateway = Gateway(path)
    try:
        gateway.opening.result()

        def look(store: Store) -> Session:
            session = Session(path, as_of or store.today(), store.demonstration)
            return _chosen(store, session, actor or os.environ.get("PRM_ACTOR"))

        session = gateway.first(look)
    except BaseException:
        gateway.close()
        raise
    return PrmApp(gateway, session, settings.read(paths.configuration()))


def _chosen(store: Store, session: Session, name: str | None) -> Session:
    if name:
        from prm_tui.services import people

        person = people.find(store, name)
        session.actor, session.actor_name = person.id, person.name
    return session


def run(path: Path, *, actor: str | None = None, as_of: date | None = None) -> int:
    """Open the interface on a file; returns the exit code."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The interface needs a terminal. Use a command: prm partners, prm --help")
    _start_log()
    while True:
        app = start(path, actor=actor, as_of=as_of)
        try:
            code = app.run() or 0
        finally:
            app.gateway.close()
        if app.next_file is None:
            return code
        path, as_of = app.next_file, None
