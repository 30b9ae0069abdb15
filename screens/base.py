"""What every screen of the interface has: the line of modes on top, the line of keys below.

A mode is a subclass of `ModeScreen` in its own folder, named in `PrmApp.MODES` and in `widgets.lines.MODES`;
its commands stand in prm_tui/commands.py under its `place`. It reads with `await self.read(fn)` and writes
with `await self.write(fn)`; `fn` takes a Store and runs in the file's own thread. `reload` is called when the
mode is shown again and when something was written.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from prm_tui.commands import commands
from prm_tui.domain.errors import Cancelled, PrmError
from prm_tui.gateway import Superseded
from screens.widgets.lines import KeyLine, ModeLine
from screens.widgets.table import Table
from screens.workers import begin

if TYPE_CHECKING:
    from prm_tui.app import PrmApp
    from storage import Store

Result = TypeVar("Result")


class PrmScreen(Screen[None]):
    """A screen between the two lines."""

    mode = "partners"
    place = "partners"
    AUTO_FOCUS = ""
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar = []

    def compose(self) -> ComposeResult:
        """The two lines with the body between them."""
        yield ModeLine(self.mode)
        yield from self.body()
        everywhere = [c for c in commands("everywhere") if c.foot]
        listed = [c for c in commands("list") if c.foot]
        yield KeyLine([*listed, *(c for c in commands(self.place) if c.foot), *everywhere])

    def body(self) -> ComposeResult:
        """What stands between the lines."""
        yield Widget()

    @property
    def prm(self) -> PrmApp:
        """The application."""
        return cast("PrmApp", self.app)

    async def read(self, fn: Callable[[Store], Result], group: str | None = None) -> Result:
        """Ask the file something."""
        return await self.prm.gateway.read(fn, group)

    async def write(self, fn: Callable[[Store], Result]) -> Result:
        """Change the file, then bring every screen up to date."""
        result = await self.prm.gateway.write(fn)
        self.prm.after_write()
        return result

    def start(self, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
        """Run a coroutine function as a worker; its complaints are notified, a newer one of the group stops it."""
        begin(self, partial(self._guarded, work), group)

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await self.prm.ready()
            await work()
        except Superseded:
            return
        except Cancelled as stopped:
            self.prm.tell(str(stopped))
        except PrmError as error:
            self.prm.tell(str(error), bad=True)

    def reload(self) -> None:
        """Read again what is shown."""

    async def run_action(self, action: str, namespaces: Mapping[str, DOMNode] | None = None) -> None:
        """`focused.open` goes to the list that has the focus, else to the first one."""
        if action.startswith("focused."):
            target = self.focused if isinstance(self.focused, Table) else next(iter(self.query(Table)), None)
            if target is not None:
                await target.run_action(action.removeprefix("focused."))
            return
        await super().run_action(action, namespaces)


class ModeScreen(PrmScreen):
    """The first screen of a mode; escape never leaves it."""

    def on_screen_resume(self) -> None:
        """What happened elsewhere shows."""
        self.query_one(ModeLine).refresh()
        self.reload()
