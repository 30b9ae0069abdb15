"""One of several, or several of several, found by typing a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screens.modals.base import Modal
from screens.text import fit, plain, visible


@dataclass(frozen=True)
class Choice:
    """What can be chosen: what is given back, how it is called, one line about it."""

    value: Any
    title: str
    about: str = ""


class _Field(Input):
    """The field of a list in which space ticks; elsewhere space is a letter like others."""

    ticks = False

    async def _on_key(self, event: events.Key) -> None:
        """Leave space to the list."""
        if self.ticks and event.key == "space":
            event.stop()
            event.prevent_default()
            await self.screen.run_action("tick")
        else:
            await super()._on_key(event)


class Choose(Modal[Any]):
    """Gives back the value of the choice; with `several`, the list of values that are ticked, in order.

    `wide`: long sentences about each, cut to one line.
    """

    DEFAULT_CSS = """
    Choose OptionList { height: auto; max-height: 18; background: $panel; border: none; padding: 0; }
    Choose OptionList:focus { border: none; }
    Choose OptionList > .option-list--option-highlighted { background: $selection; color: $text; text-style: none; }
    Choose.-wide > #panel { width: 124; }
    Choose Input { border: none; height: 1; padding: 0; background: $panel; margin-bottom: 1; }
    """
    BINDINGS: ClassVar = [
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        several: bool = False,
        ticked: Sequence[Any] = (),
        foot: str = "",
        wide: bool = False,
    ) -> None:
        super().__init__(classes="-wide" if wide else None)
        self._title, self._choices, self._several, self._foot = title, list(choices), several, foot
        self._ticked = list(ticked)
        self._shown: list[Choice] = []

    def compose(self) -> ComposeResult:
        """Title, field, list."""
        with Vertical(id="panel"):
            yield Static(Content(self._title), id="title")
            yield _Field(placeholder="type a part of it")
            yield OptionList(markup=False)
            keys = "space ticks, enter takes them, esc goes back" if self._several else "enter chooses, esc goes back"
            yield Static(Content(f"{self._foot + '  ' if self._foot else ''}{keys}"), id="foot")

    def on_mount(self) -> None:
        """All choices, until something is typed."""
        field = self.query_one(_Field)
        field.cursor_blink, field.ticks = False, self._several
        self._fill("")
        self.query_one(Input).focus()

    def _fill(self, text: str, at: int = 0) -> None:
        words = text.casefold().split()
        self._shown = [c for c in self._choices if all(w in f"{c.title} {c.about}".casefold() for w in words)]
        options = self.query_one(OptionList)
        options.clear_options()
        wide = max((len(visible(c.title)) for c in self._shown), default=0)
        room = min(int(self.app.size.width * 0.96), 124) - 12 - min(wide, 30)  # beside the title, on the same line
        for choice in self._shown:
            mark = ("☑ " if choice.value in self._ticked else "☐ ") if self._several else ""
            title = visible(choice.title)
            options.add_option(
                Option(
                    Content.assemble(
                        mark,
                        plain(title, "bright"),
                        " " * max(min(wide, 30) - len(title) + 2, 2),
                        plain(self._beside(choice.about, room - max(len(title) - 30, 0)), "muted"),
                    )
                )
            )
        if self._shown:
            options.highlighted = min(at, len(self._shown) - 1)

    def _beside(self, about: str, room: int) -> str:
        """What is said about a choice; in a wide window cut to the line."""
        return fit(visible(about), max(room, 0)).rstrip() if self.has_class("-wide") else about

    def on_input_changed(self, event: Input.Changed) -> None:
        """Fewer choices with every letter."""
        self._fill(event.value)

    def on_input_submitted(self) -> None:
        """Enter takes what is highlighted, or what is ticked."""
        self._take(self.query_one(OptionList).highlighted)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The mouse chooses, too."""
        if self._several:
            self.query_one(OptionList).highlighted = event.option_index
            self.action_tick()
            self.query_one(Input).focus()
        else:
            self._take(event.option_index)

    def _take(self, at: int | None) -> None:
        if self._several:
            self.dismiss(list(self._ticked))
        elif at is not None and at < len(self._shown):
            self.dismiss(self._shown[at].value)

    def action_move(self, by: int) -> None:
        """The field keeps the focus while the list moves."""
        options = self.query_one(OptionList)
        if self._shown:
            options.highlighted = ((options.highlighted or 0) + by) % len(self._shown)

    def action_tick(self) -> None:
        """Space ticks what is highlighted."""
        at = self.query_one(OptionList).highlighted
        if at is None or not self._several:
            return
        value = self._shown[at].value
        if value in self._ticked:
            self._ticked.remove(value)
        else:
            self._ticked.append(value)
        self._fill(self.query_one(Input).value, at)
