"""A sentence that says what will happen, and two answers."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.modals.base import Modal


class Confirm(Modal[bool]):
    """True when it was confirmed."""

    DEFAULT_CSS = """
    Confirm #said { height: auto; max-height: 20; }
    Confirm #answer { height: 1; margin-top: 1; }
    """
    BINDINGS: ClassVar = [
        Binding("enter", "answer(True)", "do it", show=False),
        Binding("n", "answer(False)", "no", show=False),
    ]

    def __init__(self, title: str, said: Content, *, yes: str, no: str = "leave it as it is") -> None:
        super().__init__()
        self._title, self._said, self._yes, self._no = title, said, yes, no

    def compose(self) -> ComposeResult:
        """Title, sentence, answers."""
        with Vertical(id="panel"):
            yield Static(Content(self._title), id="title")
            with VerticalScroll(id="said", can_focus=False):
                yield Static(self._said)
            yield Static(
                Content.assemble(
                    ("↵ ", "bold $accent"), (self._yes, "$bright"), ("     esc ", "bold $accent"), (self._no, "$muted")
                ),
                id="answer",
            )

    def action_answer(self, yes: bool) -> None:
        """Go away with the answer."""
        self.dismiss(yes)

    def on_click(self, event: events.Click) -> None:
        """The answers can be pressed."""
        if event.widget is self.query_one("#answer"):
            self.dismiss(event.x < cell_len(self._yes) + 3)
