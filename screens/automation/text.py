"""The text of a message or document: written with its fields, and shown as a partner of the file would get it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from prm_tui.domain.errors import PrmError, UsageError
from prm_tui.domain.outline import whom
from prm_tui.domain.pack import MessageTemplate
from prm_tui.domain.preview import Preview, Reader, preview
from prm_tui.domain.rule import Rule
from prm_tui.domain.step import Notify
from prm_tui.domain.template import parse
from prm_tui.gateway import Superseded
from prm_tui.services import agreeing, rules, texts
from screens.automation.rows import fault_said
from screens.modals.confirm import Confirm
from screens.modals.form import Entry
from screens.modals.writing import BODY, Writing
from screens.text import fit, plain, visible
from screens.workers import begin

if TYPE_CHECKING:
    from screens.base import PrmScreen

BESIDE_FROM = 100  # columns of a window that has room for the text and its preview side by side
_ENOUGH = 40  # names that are offered at once
Complete = Callable[[str, int], list[str]]


async def edit_text(screen: PrmScreen, rule: Rule, step: int | None) -> None:
    """Write the text of a step of a trigger, as it is edited; it is saved at once, by a change of its own."""
    session = screen.prm.session
    text = await screen.read(lambda s: texts.load(s, rule, step, session.as_of))
    name = text.template.name

    async def save(fields: dict[str, str]) -> rules.Saved | None:
        if not fields:
            return rules.Saved(None)
        template = replace(text.template, **fields)
        faults = await screen.read(lambda s: texts.check(s, text, template))
        if faults:
            raise UsageError(f"It cannot be saved yet: {faults[0].key[-1]}: {fault_said(faults[0])}")
        used = await screen.read(lambda s: texts.uses(s, name, session.as_of))
        agrees = await screen.read(agreeing.who)
        said = ["What is written from now on says this, in cases that are open as well."]
        others = [use.title for use in used if use.name != rule.name]
        said += [f"It is also written by {', '.join(others)}."] if others else []
        said += [
            f"{use.title} is on and {' and '.join(use.acts)}: it is switched off until {agrees} switches it on."
            for use in used
            if use.on and use.acts
        ]
        about = Content("\n").join(
            [plain(line) for line in said] + [plain(f"You act as {session.actor_name}.", "warn")]
        )
        if not await screen.prm.push_screen_wait(Confirm(f"Save the text {name}?", about, yes="save it")):
            return None
        return await screen.write(lambda s: texts.save(s, text, template, actor=session.actor, as_of=session.as_of))

    done = await screen.prm.push_screen_wait(EditText(screen, text, save))
    if done is not None and done.change is not None:
        off = f" Switched off: {', '.join(done.off)}." if done.off else ""
        screen.prm.tell(f"Saved.{off} u takes it back.")
    elif done is not None:
        screen.prm.tell("Nothing was changed.")


class _Area(TextArea):
    """A text in which the field at the cursor is completed."""

    def __init__(self, body: str, complete: Complete) -> None:
        super().__init__(body, id=BODY, tab_behavior="focus", show_line_numbers=False)
        self._complete = complete

    @property
    def before(self) -> str:
        """The line up to the cursor."""
        row, column = self.cursor_location
        return self.document.get_line(row)[:column]

    def update_suggestion(self) -> None:
        """The rest of the likeliest field, which → takes."""
        line = self.before
        found = self._complete(line, len(line)) if self.selection.is_empty else []
        written = line.rpartition("{{")[2].lstrip()
        self.suggestion = found[0][len(written) :] if found and written else ""


class _Completion(Suggester):
    """The same for the subject."""

    def __init__(self, complete: Complete) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        """The whole line, completed; None where nothing fits."""
        found = self._complete(value, len(value))
        written = value.rpartition("{{")[2].lstrip()
        return value + found[0][len(written) :] if found and written else None


class EditText(Writing):
    """A text with its fields beneath, and beside it how it reads for one partner; all of it looked at with every letter."""

    DEFAULT_CSS = """
    EditText > #panel { width: 96%; max-width: 150; }
    EditText #sides { layout: vertical; }
    EditText #shown { height: 1fr; padding: 0 1; border-left: solid $faint; }
    EditText #paper { height: 1fr; background: $panel; scrollbar-size-vertical: 1; }
    EditText TextArea { margin-top: 0; }
    EditText #fields { height: 2; color: $muted; }
    EditText #fault { max-height: 3; }
    EditText #foot { margin-top: 0; }
    EditText #title { margin-bottom: 0; }
    EditText.-wide #sides { layout: horizontal; }
    EditText.-wide #shown { width: 1fr; height: 100%; margin-left: 2; }
    EditText.-wide #title, EditText.-wide TextArea { margin-bottom: 1; }
    EditText.-wide TextArea { margin-top: 1; }
    EditText.-wide #whom { margin-bottom: 1; }
    EditText.-wide #fields { height: 4; }
    """
    BINDINGS: ClassVar = []
    foot = "→ completes a field, tab goes on"

    def __init__(self, screen: PrmScreen, text: texts.Text, save: Callable[..., object]) -> None:
        what = "document" if text.document else "message"
        new = ", not in the file yet" if text.new else ""
        super().__init__(f"The text {text.template.name} of a {what}{new}",
                         [Entry("subject", "Subject", text.template.subject)], text.template.body, save)  # type: ignore[arg-type]  # fmt: skip
        self.behind, self.text = screen, text
        self._readers: dict[tuple[str, ...], Reader | None] = {}

    def area(self, body: str) -> TextArea:
        """The text, in which fields are completed."""
        return _Area(body, self._complete)

    def beside(self) -> Iterable[Widget]:
        """The text as it would be read, and the names of fields."""
        yield Vertical(
            Static("", id="whom", markup=False),
            VerticalScroll(Static("", id="reads", markup=False), id="paper"),
            id="shown",
        )

    def on_mount(self) -> None:
        """Begin with what is there."""
        self.query_one("#panel").mount(Static("", id="fields", markup=False), after=self.query_one("#sides"))
        self.query_one("#subject", Input).suggester = _Completion(self._complete)
        super().on_mount()
        self._look_again()

    def on_resize(self, event: events.Resize) -> None:
        """Side by side, or one above the other."""
        self.set_class(event.size.width >= BESIDE_FROM, "-wide")
        self.call_after_refresh(self._offer)

    def _complete(self, said: str, cursor: int) -> list[str]:
        return texts.completed(self.text, said, cursor)

    def _offer(self) -> None:
        """The fields that may be written where the cursor is; outside of one, all."""
        focused = self.focused
        line = focused.before if isinstance(focused, _Area) else focused.value if isinstance(focused, Input) else ""
        found = self._complete(line, len(line))
        names = (found or self.text.names)[:_ENOUGH]
        shown = self.query_one("#fields", Static)
        room = shown.size.width * shown.size.height - 12
        listed = "  ".join(visible(name) for name in names)
        shown.update(
            Content.assemble(
                ("fields  ", "$accent"), plain(fit(listed, room).rstrip() if len(listed) > room else listed)
            )
        )

    def on_text_area_selection_changed(self) -> None:
        """Another place, other fields."""
        self.query_one(_Area).update_suggestion()
        self._offer()

    def on_text_area_changed(self) -> None:
        """Every letter counts."""
        self._look_again()

    def on_input_changed(self) -> None:
        """Every letter counts."""
        self._look_again()

    def _look_again(self) -> None:
        self._offer()
        begin(self, self._look, "read")

    async def _look(self) -> None:
        template = replace(self.text.template, **self.values)
        try:
            faults = await self.behind.read(lambda s: texts.check(s, self.text, template), "text")
            if faults:
                self.say(f"{faults[0].key[-1]}: {visible(fault_said(faults[0]))}")
                return
            reader = await self._reader(template)
        except Superseded:
            return
        except PrmError as error:
            self.say(str(error))
            return
        if reader is None:
            self.say("")
            self._show("There is no partner yet for whom it could be shown.", "")
            return
        found = preview(parse(template.subject), parse(template.body), reader)
        self.say(self._stops(reader, found))
        later = f"\nOnly the case says: {', '.join(found.later)}" if found.later else ""
        self._show(self._whom(reader) + later, found)

    async def _reader(self, template: MessageTemplate) -> Reader | None:
        """What the fields say; asked for anew only where there are other fields."""
        names = (*parse(template.subject).names, *parse(template.body).names)
        if names not in self._readers:
            as_of = self.behind.prm.session.as_of
            self._readers[names] = await self.behind.prm.gateway.write(
                lambda s: texts.reader(s, self.text, template, as_of)
            )
        return self._readers[names]

    def _stops(self, reader: Reader, found: Preview) -> str:
        """What would keep it from being sent to this partner as it is."""
        empty = f"{', '.join(found.empty)} is empty for {reader.partner}" if found.empty else ""
        if self.text.document:
            return f"{empty}: it stands in the document as a gap to fill in" if empty else ""
        why = "; ".join(part for part in (reader.lacks, empty) if part)
        return f"{why}: the message would go back to its owner" if why else ""

    def _whom(self, reader: Reader) -> str:
        step, which = self.text.step, f", {reader.which}" if reader.which else ""
        now = "the first it matches now" if self.text.matches else "it matches nobody now"
        head = f"For {reader.code} {reader.partner}{which} ({now})"
        if not isinstance(step, Notify):
            return head
        address = f" <{reader.address}>" if reader.address and step.channel == "mail" else ""
        return f"{head}\nTo {whom(step.to)}: {reader.name or 'nobody'}{address}"

    def _show(self, head: str, found: Preview | str) -> None:
        self.query_one("#whom", Static).update(Content("\n").join([plain(line, "muted") for line in head.split("\n")]))
        lines = [] if isinstance(found, str) else [
            plain(found.subject, "bright"), Content(""), *(plain(line) for line in found.body.split("\n"))
        ]  # fmt: skip
        self.query_one("#reads", Static).update(Content("\n").join(lines))
