"""The frame of everything that asks one thing and goes away."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import events
from textual.binding import Binding
from textual.screen import ModalScreen

Answer = TypeVar("Answer")


class Modal(ModalScreen[Answer]):
    """Escape goes back without an answer; so does a click beside the panel."""

    DEFAULT_CSS = """
    Modal { align: center middle; background: $ground 70%; }
    Modal > #panel {
        width: 72; max-width: 96%; height: auto; max-height: 92%; background: $panel; padding: 1 2;
        border-left: thick $accent;
    }
    Modal #title { text-style: bold; color: $bright; margin-bottom: 1; height: auto; }
    Modal #foot { color: $muted; margin-top: 1; height: auto; }
    """
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar = [Binding("escape", "dismiss(None)", "back", show=False)]

    def on_click(self, event: events.Click) -> None:
        """A click beside the panel goes back."""
        if event.widget is self:
            self.dismiss(None)
