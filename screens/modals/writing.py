"""Writing a text under a few lines: what has a subject and a body is edited here."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from prm_tui.domain.errors import PrmError
from screens.modals.base import Modal
from screens.modals.confirm import Confirm
from screens.modals.form import Entry
from screens.text import plain
from screens.workers import begin

Save = Callable[[dict[str, str]], Awaitable[Any]]
BODY = "body"
_FOOT = ("ctrl+s saves     ", "esc leaves it as it is     ")
_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def typed(text: str) -> str:
    """A text as it can stand in a field: without characters that would move the terminal or turn a line round."""
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in clean if c in "\n\t" or (unicodedata.category(c) != "Cc" and c not in _TURNING))


class Writing(Modal[Any]):
    """Gives back what `save` returned, which takes the fields that were changed; the text has the key "body".

    What `save` returns as None leaves it open. Escape asks before it drops what was changed.
    """

    DEFAULT_CSS = """
    Writing > #panel { width: 92; height: 92%; max-height: 36; }
    Writing #sides { height: 1fr; }
    Writing #written { height: 1fr; width: 1fr; }
    Writing .row { height: 1; }
    Writing .label { width: 10; color: $muted; }
    Writing Input { background: $ground; width: 1fr; }
    Writing Input:focus { background: $selection; }
    Writing TextArea { height: 1fr; margin-top: 1; border: none; padding: 0 1; background: $ground; color: $text; }
    Writing TextArea:focus { border: none; }
    Writing #fault { color: $bad; height: auto; display: none; }
    Writing #fault.shown { display: block; }
    """
    BINDINGS: ClassVar = [
        Binding("ctrl+s", "save", show=False),
        Binding("escape", "leave", "back", show=False),
    ]
    foot = "tab goes from field to field"
    """What else the keys do."""

    def __init__(self, title: str, lines: Sequence[Entry], body: str, save: Save) -> None:
        super().__init__()
        self._title, self._lines, self._save = title, lines, save
        self._before = {entry.key: typed(entry.value) for entry in lines} | {BODY: typed(body)}

    def compose(self) -> ComposeResult:
        """The lines, the text, what stands beside it."""
        with Vertical(id="panel"):
            yield Static(plain(self._title, "bright"), id="title")
            with Container(id="sides"):
                with Vertical(id="written"):
                    for entry in self._lines:
                        with Horizontal(classes="row"):
                            yield Static(entry.label, classes="label", markup=False)
                            yield Input(self._before[entry.key], placeholder=entry.hint, id=entry.key)
                    yield self.area(self._before[BODY])
                yield from self.beside()
            yield Static("", id="fault", markup=False)
            yield Static(Content.assemble(*((text, "") for text in _FOOT), self.foot), id="foot")

    def area(self, body: str) -> TextArea:
        """The field of the text."""
        return TextArea(body, id=BODY, tab_behavior="focus", show_line_numbers=False)

    def beside(self) -> Iterable[Widget]:
        """What else is shown."""
        return ()

    def on_mount(self) -> None:
        """The first line that lacks something has the keys, else the text."""
        for field in self.query(Input):
            field.cursor_blink = False
        area = self.query_one(TextArea)
        area.cursor_blink = False
        empty = next((entry.key for entry in self._lines if not self._before[entry.key]), None)
        (area if empty is None else self.query_one(f"#{empty}")).focus()

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields now."""
        lines = {entry.key: typed(self.query_one(f"#{entry.key}", Input).value) for entry in self._lines}
        return {**lines, BODY: typed(self.query_one(TextArea).text)}

    @property
    def changed(self) -> dict[str, str]:
        """The fields that were changed."""
        return {key: text for key, text in self.values.items() if text != self._before[key]}

    def say(self, fault: str) -> None:
        """What is wrong, beneath the text; "" for nothing."""
        shown = self.query_one("#fault", Static)
        shown.update(plain(fault))
        shown.set_class(bool(fault), "shown")

    def on_input_submitted(self) -> None:
        """Enter in a field of one line saves."""
        self.action_save()

    def action_save(self) -> None:
        """Save; stay when something is wrong."""
        begin(self, self._try, "form")

    async def _try(self) -> None:
        try:
            result = await self._save(self.changed)
        except PrmError as error:
            self.say(str(error))
            return
        if result is not None:
            self.dismiss(result)

    def on_click(self, event: events.Click) -> None:
        """What the keys at the foot do, the mouse does there; beside the panel it goes back."""
        event.prevent_default()  # beside the panel, Modal would go back without asking
        on_foot = event.widget is self.query_one("#foot") and event.y == 0
        if on_foot and event.x < len(_FOOT[0]):
            self.action_save()
        elif event.widget is self or (on_foot and event.x < len("".join(_FOOT))):
            self.action_leave()

    def action_leave(self) -> None:
        """Go back; where something was changed, only after asking."""
        if self.changed:
            begin(self, self._leave, "leave")
        else:
            self.dismiss(None)

    async def _leave(self) -> None:
        said = plain("What you changed was not saved.")
        if await self.app.push_screen_wait(
            Confirm("Leave without saving?", said, yes="leave it unsaved", no="go on writing")
        ):
            self.dismiss(None)
