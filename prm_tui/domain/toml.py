"""TOML as a person would write it, and where in a text each key stands. (The standard library only reads it.)"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from prm_tui.domain.fault import Key

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def table(path: Sequence[str], values: Mapping[str, Any], *, listed: bool = False) -> str:
    """A table with its header, [path] or, `listed`, [[path]]; tables inside its values are written in one line."""
    opening, closing = ("[[", "]]") if listed else ("[", "]")
    lines = [f"{opening}{'.'.join(map(key, path))}{closing}"]
    lines += [f"{key(name)} = {value(item, lines=True)}" for name, item in values.items()]
    return "\n".join(lines) + "\n"


def key(name: str) -> str:
    """A key, in quotation marks where it needs them."""
    return name if _BARE.fullmatch(name) else _quoted(name)


def value(item: Any, *, lines: bool = False) -> str:
    """A value. With `lines`, text of several lines stands between three quotation marks."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return _long(item) if lines and "\n" in item else _quoted(item)
    if isinstance(item, int | float):
        return repr(item)
    if isinstance(item, date | datetime | time):
        return item.isoformat()
    if isinstance(item, Mapping):
        inside = ", ".join(f"{key(name)} = {value(part)}" for name, part in item.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(item, list | tuple):
        return f"[{', '.join(map(value, item))}]"
    raise TypeError(type(item).__name__)


def _quoted(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    return f"\\u{ord(letter):04x}" if ord(letter) < 32 or ord(letter) == 127 else letter


def _long(text: str) -> str:
    """Text between three quotation marks; only what would be read otherwise is escaped."""
    kept = "".join(letter if letter in '\n\t"' else _escaped(letter) for letter in text)
    kept = kept.replace('"""', '""\\"')
    return f'"""\n{kept[:-1]}\\""""' if kept.endswith('"') else f'"""\n{kept}"""'


def places(text: str) -> dict[Key, int]:
    """Line (from 1) of every table and of every key that begins a line; the text must be sound TOML."""
    found: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    here: Key = ()
    for number, line in _statements(text):
        if line.startswith("["):
            listed = line.startswith("[[")
            path = here = _inside(_names(line), counts, listed)
        else:
            path = (*here, *_names(line))
        for n in range(1, len(path) + 1):
            found.setdefault(path[:n], number)
    return found


def _inside(names: Key, counts: dict[Key, int], listed: bool) -> Key:
    """A header's path with the number of each list it goes through."""
    path: Key = ()
    for n, name in enumerate(names):
        path = (*path, name)
        last = n + 1 == len(names)
        if last and listed:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _names(statement: str) -> Key:
    """The names a header or a `key = …` goes through."""
    try:
        found: Any = tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str | int] = []
    while isinstance(found, dict | list) and found:
        if isinstance(found, list):
            found = found[0]
            continue
        name = next(iter(found))
        path.append(name)
        found = found[name]
    return tuple(path)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Every header and every key with its line, values cut off: `[a.b]`, `key = 0`."""
    at, number = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].strip()
        if not line or line.startswith("#"):
            at, number = end + 1, number + 1
            continue
        stop = _end(text, at)
        if line.startswith("["):
            yield number, text[at:stop].strip()
        else:
            yield number, text[at : _equals(text, at)] + "= 0"
        number += text.count("\n", at, stop) + 1
        at = stop + 1


def _equals(text: str, at: int) -> int:
    """Where the sign after a key stands; quoted parts of the key are passed over."""
    while at < len(text) and text[at] != "=":
        at = _closing(text, at) if text[at] in "\"'" else at + 1
    return at


def _end(text: str, at: int) -> int:
    """Where the line break stands that ends a statement: not inside text, a list or an inline table."""
    depth = 0
    while at < len(text):
        letter = text[at]
        if letter in "\"'":
            at = _closing(text, at)
            continue
        if letter == "#":
            at = text.find("\n", at)
            if at < 0:
                return len(text)
            continue
        depth += (letter in "[{") - (letter in "]}")
        if letter == "\n" and depth <= 0:
            return at
        at += 1
    return len(text)


def _closing(text: str, at: int) -> int:
    """Where the text that begins at a quotation mark is over."""
    mark = text[at]
    if text.startswith(mark * 3, at):
        end = at + 3
        while end < len(text) and not text.startswith(mark * 3, end):
            end += 2 if text[end] == "\\" and mark == '"' else 1
        end += 3
        while end < len(text) and text[end] == mark:  # one or two more belong to the text
            end += 1
        return end
    end = at + 1
    while end < len(text) and text[end] not in (mark, "\n"):
        end += 2 if text[end] == "\\" and mark == '"' else 1
    return end + 1
