"""Editing a message: recipient, subject, and a text of several lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from prm_tui.domain.errors import PrmError
from prm_tui.domain.message import Message
from prm_tui.domain.template import one_line
from screens.modals.base import Modal
from screens.text import plain
from screens.workers import begin

Save = Callable[[dict[str, str]], Awaitable[Any]]
_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_KEYS = ("recipient", "subject", "body")


def typed(text: str) -> str:
    """A text as it can stand in a field: without characters that would move the terminal or turn a line round."""
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in clean if c in "\n\t" or (unicodedata.category(c) != "Cc" and c not in _TURNING))


class EditMessage(Modal[Any]):
    """Gives back what `save` returned, which takes the fields that were changed."""

    DEFAULT_CSS = """
    EditMessage > #panel { width: 92; height: 92%; max-height: 36; }
    EditMessage .row { height: 1; }
    EditMessage .label { width: 10; color: $muted; }
    EditMessage Input { background: $ground; width: 1fr; }
    EditMessage Input:focus { background: $selection; }
    EditMessage TextArea { height: 1fr; margin-top: 1; border: none; padding: 0 1; background: $ground; color: $text; }
    EditMessage TextArea:focus { border: none; }
    EditMessage #fault { color: $bad; height: auto; display: none; }
    EditMessage #fault.shown { display: block; }
    """
    BINDINGS: ClassVar = [Binding("ctrl+s", "save", show=False)]

    def __init__(self, message: Message, save: Save) -> None:
        super().__init__()
        row = message.row
        self._save, self._letter = save, row.channel == "letter"
        self._before = dict(
            zip(_KEYS, (typed(one_line(row.recipient or "")), typed(one_line(row.subject)), typed(message.body)), strict=True)
        )  # fmt: skip

    def compose(self) -> ComposeResult:
        """Two lines and a text."""
        with Vertical(id="panel"):
            yield Static(Content("Edit the letter" if self._letter else "Edit the message"), id="title")
            for key, label, hint in (
                ("recipient", "To", "postal address" if self._letter else "one e-mail address"),
                ("subject", "Subject", ""),
            ):
                with Horizontal(classes="row"):
                    yield Static(label, classes="label", markup=False)
                    yield Input(self._before[key], placeholder=hint, id=key)
            yield TextArea(self._before["body"], id="body", tab_behavior="focus", show_line_numbers=False)
            yield Static("", id="fault", markup=False)
            yield Static(
                Content("tab goes from field to field; enter in To or Subject saves, ctrl+s anywhere; esc leaves it as it is"),
                id="foot",
            )  # fmt: skip

    def on_mount(self) -> None:
        """The first field that lacks something, else the text."""
        for field in self.query(Input):
            field.cursor_blink = False
        area = self.query_one(TextArea)
        area.cursor_blink = False
        empty = next((key for key in ("recipient", "subject") if not self._before[key]), None)
        (area if empty is None else self.query_one(f"#{empty}")).focus()

    def on_input_submitted(self) -> None:
        """Enter in a field of one line saves."""
        self.action_save()

    def action_save(self) -> None:
        """Save; stay when something is wrong."""
        begin(self, self._try, "save")

    async def _try(self) -> None:
        now = {
            "recipient": self.query_one("#recipient", Input).value,
            "subject": self.query_one("#subject", Input).value,
            "body": self.query_one(TextArea).text,
        }
        fault = self.query_one("#fault", Static)
        try:
            result = await self._save({key: now[key] for key in _KEYS if now[key] != self._before[key]})
        except PrmError as error:
            fault.update(plain(str(error)))
            fault.set_class(True, "shown")
            return
        self.dismiss(result)
