"""The filter line: words or a condition, completed while it is typed, put in words beneath it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rich.highlighter import Highlighter
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from screens.text import plain
from screens.theme import PALETTES

if TYPE_CHECKING:
    from prm_tui.domain.condition import Catalogue
    from prm_tui.domain.errors import UsageError

HINT = "words, or a condition: days_since(order) > 90"


def fault(error: UsageError) -> str:
    """What is wrong with a condition: where, what, and what it may have been meant to be."""
    from prm_tui.domain.condition import ConditionError

    if not isinstance(error, ConditionError):
        return str(error)
    said = error.problem + (f"; expected {error.expected}" if error.expected else "")
    return f"character {error.at + 1}: {said}" + (f". Did you mean “{error.suggestion}”?" if error.suggestion else "")


@cache
def _facts() -> str:
    """The names of all facts, for colouring; the language is entered with the first letter, not before."""
    from prm_tui.domain.condition import FACTS

    return "|".join(fact.name for fact in FACTS)


class _Colours(Highlighter):
    """Facts, numbers, text and keywords in their colours; words of a search stay as they are."""

    def __init__(self, palette: dict[str, str]) -> None:
        self.palette = palette

    def highlight(self, text: Text) -> None:
        """Colour what is a condition."""
        if not text.plain:
            return
        text.highlight_regex(rf"\b(?:{_facts()})(?=\s*\()", self.palette["fact"])
        text.highlight_regex(r"\b\d[\d_.]*%?", self.palette["warn"])
        text.highlight_regex(r"'[^']*'?|\"[^\"]*\"?", self.palette["good"])
        text.highlight_regex(r"(?i)\b(?:and|or|not|in|is|between|contains|where|empty|known)\b", self.palette["accent"])


class _Completion(Suggester):
    """The likeliest end of the word at the end of the line."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.catalogue: Catalogue | None = None

    async def get_suggestion(self, value: str) -> str | None:
        """The whole line, completed; None where nothing fits."""
        if self.catalogue is None or not value or value[-1].isspace():
            return None
        from prm_tui.domain.condition import complete

        found = complete(value, len(value), self.catalogue)
        return value[: found[0].start] + found[0].text if found else None


class Filter(Vertical):
    """Posts `Changed` with every letter and `Left` when the list should have the keys again."""

    DEFAULT_CSS = """
    Filter { height: 3; padding: 0 1; }
    Filter .row { height: 1; }
    Filter #slash { width: 2; color: $accent; }
    Filter Input { width: 1fr; }
    Filter #count { width: auto; padding-left: 2; }
    Filter #reading { height: 1; padding-left: 2; color: $muted; }
    """

    class Changed(Message):
        """What stands in the line now."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Enter, or without `entered` the arrow down: to the list."""

        def __init__(self, *, entered: bool) -> None:
            super().__init__()
            self.entered = entered

    def __init__(self, text: str = "", *, sign: str = "/", hint: str = HINT) -> None:
        super().__init__()
        self._text, self._sign, self._hint = text, sign, hint
        self.completion = _Completion()

    def compose(self) -> ComposeResult:
        """The line, the count at its right, the reading beneath."""
        with Horizontal(classes="row"):
            yield Static(self._sign, id="slash")
            yield Input(
                self._text,
                placeholder=self._hint,
                highlighter=_Colours(PALETTES.get(self.app.theme, PALETTES["prm"])),
                suggester=self.completion,
                id="filter",
            )
            yield Static("", id="count", markup=False)
        yield Static("", id="reading", markup=False)

    def on_mount(self) -> None:
        """Nothing blinks."""
        self.query_one(Input).cursor_blink = False

    @property
    def text(self) -> str:
        """What stands in the line."""
        return self.query_one(Input).value

    def clear(self) -> None:
        """Empty the line."""
        self.query_one(Input).value = ""

    def edit(self) -> None:
        """Take the keys."""
        self.query_one(Input).focus()

    def count(self, found: int, total: int, unknown: int) -> None:
        """38 of 701 partners"""
        parts: list[tuple[str, str]] = [(f"{found:,}", "bold $bright")]
        parts.append((f" of {total:,} partners" if found != total else " partners", "$muted"))
        if unknown:
            parts.append((f" · {unknown:,} unknown", "$warn"))
        self.query_one("#count", Static).update(Content.assemble(*parts))

    def say(self, text: str, *, bad: bool = False) -> None:
        """The reading, or what is wrong."""
        self.query_one("#reading", Static).update(plain(text, "bad" if bad else "muted"))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Every letter counts."""
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """To the list."""
        event.stop()
        self.post_message(self.Left(entered=True))

    def key_down(self) -> None:
        """To the list."""
        self.post_message(self.Left(entered=False))
