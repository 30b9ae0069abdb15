"""Drives the interface as a person would: presses keys, reads what stands on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from prm_tui.app import PrmApp, start
from screens.widgets.table import Table


class Driver:
    """One running interface."""

    def __init__(self, app: PrmApp, pilot: Pilot[int]) -> None:
        self.app, self.pilot = app, pilot

    async def settle(self) -> None:
        """Wait until no work is left and the screen stands."""
        quiet = 0
        for _ in range(2_000):
            await self.pilot.pause(0)  # without a number it waits 20 ms and more for an idle processor
            busy = [w for w in self.app.workers if not w.is_finished and w.group in _SHORT]
            quiet = 0 if busy or self.app.gateway.busy else quiet + 1
            if quiet == 4:
                return
            await asyncio.sleep(0.004)

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other has had its effect."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def write(self, field: str, text: str) -> None:
        """Put text into a field."""
        self.app.screen.query_one(field, Input).value = text
        await self.settle()

    async def fill(self, *values: str) -> None:
        """Put text into the fields of a form, in order, and save it."""
        for n, value in enumerate(values):
            self.app.screen.query_one(f"#field{n}", Input).value = value
        await self.press("enter")

    async def choose(self, text: str) -> None:
        """Type a part of a choice and take it."""
        self.app.screen.query_one(Input).value = text
        await self.settle()
        await self.press("enter")

    @property
    def table(self) -> Table:
        """The list of the screen."""
        return self.app.screen.query_one(Table)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        width = self.app.size.width
        lines = []
        for strip in self.app.screen._compositor.render_strips():
            lines.append(strip.crop(0, width).text.rstrip())
        return "\n".join(lines)


# workers that wait for nobody; others may be waiting for an answer
_SHORT = {"find", "preview", "page", "cases", "case", "today", "imports", "plan", "count", "read", "save"}


def drive(
    path: Path,
    story: Callable[[Driver], Awaitable[None]],
    *,
    size: tuple[int, int] = (120, 40),
    actor: str | None = None,
    notifications: bool = False,
) -> None:
    """Run a story on a file."""

    async def run() -> None:
        app = start(path, actor=actor)
        try:
            async with app.run_test(size=size, notifications=notifications) as pilot:
                driver = Driver(app, pilot)
                await app.ready()
                await driver.settle()
                await story(driver)
        finally:
            app.gateway.close()

    asyncio.run(run())
