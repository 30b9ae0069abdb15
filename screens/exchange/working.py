"""Long work in sight: a bar, words a few times a second, and the way to stop it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import ClassVar

from textual.content import Content
from textual.widgets import ProgressBar, Static

from screens.text import plain

EVERY = 0.25  # seconds

Pace = Callable[[float], tuple[str, float | None]]
"""Told the time, it gives how far the work is in words, and which part of it is done if that is known."""


class Working(ProgressBar):
    """The bar; `stop` is set when the person wants the work to end, and the work has to look at it."""

    DEFAULT_CSS: ClassVar = "Working { display: none; padding: 0 3; height: 1; }"

    def __init__(self, words: Static) -> None:
        super().__init__(show_eta=False)
        self.words = words
        self.stop = Event()
        self.running = False

    @contextmanager
    def during(self, said: str, pace: Pace) -> Iterator[None]:
        """Show how far the work is while the block runs."""
        self.stop.clear()
        self.running = self.display = True

        def tick() -> None:
            if not self.stop.is_set():
                words, share = pace(monotonic())
                self._say(f"{said} {words}", "esc stops it, and nothing is half done.")
                self.query_one("#percentage").display = share is not None
                self.update(total=None if share is None else 100, progress=(share or 0) * 100)

        tick()
        ticking = self.set_interval(EVERY, tick)
        try:
            yield
        finally:
            ticking.stop()
            self.running = self.display = False

    def end(self) -> None:
        """The person wants it to end."""
        self.stop.set()
        self._say("Stopping …")

    def _say(self, *lines: str) -> None:
        self.words.update(Content("\n").join([plain(line, "accent") for line in lines]))
