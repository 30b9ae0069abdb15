"""Something to read: help, messages, an explanation."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.modals.base import Modal


class Page(Modal[None]):
    """A title and a text that scrolls."""

    DEFAULT_CSS = """
    Page #panel { width: 96; }
    Page VerticalScroll { height: auto; max-height: 80vh; background: $panel; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar = [
        Binding("enter,q", "dismiss(None)", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, title: str, text: Content) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """Title, text."""
        with Vertical(id="panel"):
            yield Static(Content(self._title), id="title")
            with VerticalScroll(id="text"):
                yield Static(self._text)
            yield Static(Content("esc goes back"), id="foot")

    def on_mount(self) -> None:
        """Arrow and page keys scroll."""
        self.query_one("#text").focus()

    def action_scroll(self, by: int) -> None:
        """j and k scroll, too."""
        self.query_one("#text").scroll_relative(y=by, animate=False)
