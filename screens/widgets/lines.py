"""The line of modes on top and the line of keys at the bottom of every screen."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widget import Widget

from prm_tui.commands import Command, key_name
from screens.text import visible

MODES = (
    ("today", "1", "Today"), ("partners", "2", "Partners"), ("automation", "3", "Automation"), ("cases", "4", "Cases"),
    ("exchange", "5", "Exchange"), ("insights", "6", "Insights"),
)  # fmt: skip


class _Pressable(Widget):
    """One line made of pieces; a click runs the action of the piece under it."""

    DEFAULT_CSS = """
    _Pressable { height: 1; background: $panel; color: $text; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._spots: list[tuple[int, int, str]] = []

    def on_click(self, event: events.Click) -> None:
        """Mouse and keys reach the same actions."""
        for start, end, action in self._spots:
            if start <= event.x < end:
                self.app.call_later(self.screen.run_action, action)

    def assemble(self, pieces: list[tuple[str, str, str]], tails: list[str]) -> Content:
        """Pieces of (text, style, action) from the left; at the right edge the first of the tails that fits."""
        self._spots, at = [], 0
        parts: list[tuple[str, str]] = []
        width = self.size.width
        for text, style, action in pieces:
            length = cell_len(text)
            if at + length > width:
                break
            if action:
                self._spots.append((at, at + length, action))
            parts.append((text, style))
            at += length
        for tail in tails:
            space = width - at - cell_len(tail) - 1
            if space >= 1:
                parts += [(" " * space, ""), (tail, "$muted")]
                break
        return Content.assemble(*parts)


class ModeLine(_Pressable):
    """prm  1 Today 3   2 Partners   …   demo.db · as of 29 Nov 2013 · Dana Program"""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def render(self) -> Content:
        """The modes there are, with how much is open in them."""
        pieces = [(" prm ", "bold $accent", "")]
        for mode, digit, title in MODES:
            here = mode == self.mode
            count = self.app.open_counts.get(mode, 0)  # type: ignore[attr-defined]  # PrmApp, which imports this room
            pieces.append(("  " if self.size.width >= 132 else "", "", ""))
            if here:
                pieces.append(
                    (
                        f" {digit} {title}{f' {count}' if count else ''} ",
                        "bold $ground on $accent",
                        f"app.mode('{mode}')",
                    )
                )
                continue
            pieces.append((f" {digit} ", "$muted", f"app.mode('{mode}')"))
            pieces.append((f"{title} ", "$text", f"app.mode('{mode}')"))
            if count:
                pieces.append((f"{count}", "bold $warn", f"app.mode('{mode}')"))
        session = self.app.session  # type: ignore[attr-defined]
        return self.assemble(pieces, [visible(tail) for tail in session.tails()])


class KeyLine(_Pressable):
    """↵ open   / filter   …   ctrl+p commands"""

    DEFAULT_CSS = "KeyLine { dock: bottom; }"

    def __init__(self, commands: list[Command]) -> None:
        super().__init__()
        self.commands = commands

    def render(self) -> Content:
        """The commands that fit, each pressable; the last of them, which leads to all others, always."""
        keymap: dict[str, str] = self.app.settings.keys  # type: ignore[attr-defined]
        said = [
            (key_name(keymap.get(command.id, command.keys).split(",")[0]), f" {command.title}  ", _action(command))
            for command in self.commands
        ]
        room, last = self.size.width - 1, len(said) - 1
        fit = room - sum(cell_len(text) for text in said[last][:2]) if said else 0
        pieces = [(" ", "", "")]
        for n, (key, title, action) in enumerate(said):
            fit -= cell_len(key + title)
            if fit >= 0 or n == last:
                pieces += [(key, "bold $accent", action), (title, "$muted", action)]
        return self.assemble(pieces, ["ctrl+p commands", "ctrl+p"])


def _action(command: Command) -> str:
    """The action of a command as the screen names it."""
    where = {"everywhere": "app.", "list": "focused."}.get(command.where, "")
    return f"{where}{command.action}"
