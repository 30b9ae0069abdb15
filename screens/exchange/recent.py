"""Files by name: what a person typed, pasted or dropped; and those that were read or written last."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding
from textual.widgets import Input

from prm_tui import paths
from screens.text import visible
from screens.widgets.table import HEADER, Col, Line, Table

KEPT = 8
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv", ".tsv", ".txt")
COLUMNS = [Col("file", "Read or written lately", 32), Col("when", "Saved", 16), Col("folder", "In")]


# ---- names ----


def named(
    text: str, *, windows: bool = sys.platform == "win32", there: Callable[[Path], bool] = Path.exists
) -> list[Path]:
    """The files a text names: as typed, or as a terminal pastes what is dropped on it.

    Several stand on lines of their own, between semicolons or between spaces; each plain, in quotes, with a
    backslash before its spaces (not on Windows, where that parts folders), or as a file:// address. A plain name
    may hold spaces: it goes on until it ends as a workbook does.
    """
    found: list[Path] = []
    for line in (line.strip() for line in re.split(r"[\r\n]+", text)):
        whole = Path(line).expanduser()
        if line and _is(whole, there):
            found.append(whole)
        else:
            found += [Path(name).expanduser() for name in _joined(_words(line, windows), windows)]
    return found


def together(files: Sequence[Path]) -> str:
    """Names in one line that `named` reads as the very same files."""
    return "; ".join(f'"{p}"' if ";" in str(p) else str(p) for p in files)


def _is(path: Path, there: Callable[[Path], bool]) -> bool:
    with suppress(OSError, ValueError):  # too long, or with characters no name may have
        return there(path)
    return False


def _words(line: str, windows: bool) -> Iterator[tuple[str, str, bool]]:
    """(the gap before it, the word, whether quotes or backslashes say where it ends) of each word of a line."""
    at = 0
    while at < len(line):
        begin = at
        while at < len(line) and (line[at].isspace() or line[at] == ";"):
            at += 1
        gap, word, quote = line[begin:at], "", ""
        quoted = at < len(line) and line[at] in "\"'" and line.find(line[at], at + 1) > 0
        sure = quoted
        while at < len(line) and (quote or not (line[at].isspace() or line[at] == ";")):
            char = line[at]
            if char == quote:
                quote = ""
            elif quoted and not quote and char in "\"'":  # an apostrophe within a plain name is only that
                quote = char
            elif char == "\\" and not windows and quote != "'" and at + 1 < len(line):
                at += 1
                word, sure = word + line[at], True
            else:
                word += char
            at += 1
        if word:
            yield gap, word, sure


def _joined(words: Iterator[tuple[str, str, bool]], windows: bool) -> Iterator[str]:
    """Whole names: plain words belong together until one ends as a workbook does."""
    held = ""
    for gap, word, sure in words:
        address = word.lower().startswith("file://")
        if held and (sure or address or ";" in gap):
            yield held
            held = ""
        if address:
            yield _local(word, windows)
        elif sure:
            yield word
        else:
            held = f"{held}{gap}{word}" if held else word
            if held.lower().endswith(WORKBOOKS):
                yield held
                held = ""
    if held:
        yield held


def _local(address: str, windows: bool) -> str:
    """The name in a file:// address."""
    path = re.sub("file://[^/]*", "", address, count=1, flags=re.IGNORECASE).encode()
    found = re.sub(rb"%([0-9A-Fa-f]{2})", lambda code: bytes([int(code[1], 16)]), path).decode("utf-8", "replace")
    return found.lstrip("/").replace("/", "\\") if windows and re.match(r"/[A-Za-z]:", found) else found


# ---- what was read or written last ----


def _book() -> Path:
    return (
        paths.data() / "recent.json"
    )  # these names belong to one person and one computer, not to the file of partners


def remembered() -> list[Path]:
    """The files read or written last, the latest first; those that are gone are left out."""
    try:
        said = json.loads(_book().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return (
        [Path(p) for p in said if isinstance(p, str) and _is(Path(p), Path.is_file)] if isinstance(said, list) else []
    )


def remember(files: Sequence[Path]) -> None:
    """Put files at the head of those remembered. That it cannot be written hurts nobody."""
    with suppress(OSError):
        latest = [*dict.fromkeys([*(p.absolute() for p in files), *remembered()])][:KEPT]
        _book().write_text(json.dumps([str(p) for p in latest]), encoding="utf-8")


def _line(path: Path) -> Line:
    saved = ""
    with suppress(OSError, ValueError, OverflowError):
        saved = f"{datetime.fromtimestamp(path.stat().st_mtime):%Y-%m-%d %H:%M}"
    return Line(((visible(path.name), "bright"), (saved, "muted"), (visible(path.parent), "muted")), detail=str(path))


class PathField(Input):
    """The field of the file's name: what is dropped on it or pasted into it becomes names."""

    BINDINGS: ClassVar = [Binding("down", "screen.recent", show=False)]

    def _on_paste(self, event: events.Paste) -> None:
        """Several files may come at once, each in whatever quotes the terminal likes."""
        files = named(event.text)
        if files and all(p.suffix.lower() in WORKBOOKS for p in files):
            before = self.value.strip().rstrip(";")
            self.value = "; ".join([*([before] if before else []), together(files)])
            self.cursor_position = len(self.value)
            event.stop()
            event.prevent_default()


class Recent(Table):
    """The files under the field. A click opens one; up from the first goes back to the field."""

    def offer(self) -> None:
        """Look again which there are."""
        lines: dict[Any, Line] = {path: _line(path) for path in remembered()}
        self.fill(COLUMNS, lines)
        self.display = bool(lines)

    def action_up(self) -> None:
        if self.cursor == 0:
            self.screen.query_one(PathField).focus()
        else:
            super().action_up()

    def on_click(self, event: events.Click) -> None:
        """One click is enough."""
        row = self._top() + event.y - HEADER
        if event.y >= HEADER and row < len(self.keys) and event.chain == 1:
            self.move_to(row)
            self.action_open()
            event.prevent_default()
