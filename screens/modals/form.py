"""A form: labelled fields, each with its fault beneath it, saved by one key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from prm_tui.domain.errors import PrmError
from prm_tui.gateway import Superseded
from screens.modals.base import Modal
from screens.text import fit, plain, visible
from screens.words import by_keys
from screens.workers import begin

FOOT = "enter saves, ↑ ↓ or tab go from field to field, esc leaves everything as it is"
LONG = 700
"""Characters of a complaint that need more lines than the form has for them."""


@dataclass(frozen=True)
class Entry:
    """One field: its key, label, what stands in it, a hint, and words to complete from."""

    key: str
    label: str
    value: str = ""
    hint: str = ""
    words: tuple[str, ...] = ()


class Form(Modal[Any]):
    """Gives back what `save` returned. `save` takes the changed fields (all of them with `whole`).

    A UsageError of `save` that begins with the key of a field is shown beneath that field. `check` is asked as one
    types: it takes all fields and gives a fault for each key that has one, beneath all fields for the key "".
    """

    DEFAULT_CSS = """
    Form #about { height: auto; max-height: 16; margin-bottom: 1; }
    Form #fields { height: auto; max-height: 26; }
    Form .row { height: 1; }
    Form .label { width: 20; color: $muted; }
    Form .fault { color: $bad; padding-left: 20; height: auto; display: none; }
    Form .fault.shown { display: block; }
    Form #over { height: auto; max-height: 12; display: none; }
    Form #over.shown { display: block; }
    Form Input { border: none; height: 1; padding: 0; background: $ground; width: 1fr; }
    Form Input:focus { background: $selection; }
    """
    BINDINGS: ClassVar = [
        Binding("ctrl+s", "save", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("pagedown", "read(1)", show=False),
        Binding("pageup", "read(-1)", show=False),
    ]

    def __init__(
        self,
        title: str,
        entries: Sequence[Entry],
        save: Callable[[dict[str, str]], Awaitable[Any]],
        *,
        whole: bool = False,
        about: Content | None = None,
        check: Callable[[dict[str, str]], Awaitable[dict[str, str]]] | None = None,
    ) -> None:
        super().__init__()
        self._about, self._check = about, check
        self._title, self._entries, self._save, self._whole = title, list(entries), save, whole

    def compose(self) -> ComposeResult:
        """A row a field."""
        with Vertical(id="panel"):
            yield Static(plain(self._title, "bright"), id="title")
            if self._about is not None:
                with VerticalScroll(id="about", can_focus=False):
                    yield Static(self._about)
            with VerticalScroll(id="fields", can_focus=False):
                for n, entry in enumerate(self._entries):
                    with Horizontal(classes="row"):
                        yield Static(plain(fit(visible(entry.label), 18)), classes="label")
                        suggester = SuggestFromList(entry.words, case_sensitive=False) if entry.words else None
                        yield Input(entry.value, placeholder=entry.hint, id=f"field{n}", suggester=suggester)
                    yield Static("", classes="fault", id=f"fault{n}", markup=False)
            with VerticalScroll(id="over", can_focus=False):
                yield Static("", id="fault", classes="fault", markup=False)
            yield Static(Content(FOOT), id="foot")

    def on_mount(self) -> None:
        """The first field, without a blinking cursor."""
        for field in self.query(Input):
            field.cursor_blink = False
        if self._entries:
            self.query_one("#field0", Input).focus()

    def on_input_submitted(self) -> None:
        """Enter saves from any field."""
        self.action_save()

    def on_input_changed(self, event: Input.Changed) -> None:
        """A field that is being corrected loses its fault."""
        self._fault((event.input.id or "").removeprefix("field"), "")
        if self._check is not None:
            begin(self, self._look, "read")

    async def _look(self) -> None:
        assert self._check is not None
        try:
            faults = await self._check(self._values())
        except Superseded:
            return
        for n, entry in enumerate(self._entries):
            self._fault(str(n), faults.get(entry.key, ""))
        self._fault("", faults.get("", ""))

    def _values(self) -> dict[str, str]:
        return {e.key: self.query_one(f"#field{n}", Input).value for n, e in enumerate(self._entries)}

    def action_read(self, by: int) -> None:
        """Page keys go through what is told at length, above the fields or beneath them."""
        for told in self.query("#about, #over"):
            told.scroll_relative(y=8 * by, animate=False)

    def action_save(self) -> None:
        """Save; stay when something is wrong."""
        begin(self, self._try, "save")

    async def _try(self) -> None:
        values = self._values()
        given = {e.key: values[e.key] for e in self._entries if self._whole or values[e.key].strip() != e.value.strip()}
        for n in ["", *map(str, range(len(self._entries)))]:
            self._fault(n, "")
        try:
            result = await self._save(given)
        except PrmError as error:
            key, _, said = by_keys(str(error)).partition(": ")
            at = next((n for n, e in enumerate(self._entries) if e.key == key), None)
            self._fault("" if at is None else str(at), said if at is not None else by_keys(str(error)))
            if at is not None:
                self.query_one(f"#field{at}", Input).focus()
            return
        self.dismiss(result)

    def _fault(self, which: str, said: str) -> None:
        shown = self.query_one(f"#fault{which}", Static)
        shown.update(plain(said))
        shown.set_class(bool(said), "shown")
        if not which:
            self.query_one("#over").set_class(bool(said), "shown")
            foot = FOOT + (", PgDn reads on" if len(said) > LONG else "")
            self.query_one("#foot", Static).update(Content(foot))
