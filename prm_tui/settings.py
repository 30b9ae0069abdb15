"""A person's own keys and theme: prm.toml in the configuration folder.

theme = "light"
run_on_opening = false
[keys]
"partners.filter" = "f"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from prm_tui.commands import COMMANDS
from prm_tui.domain.text import nearest

THEMES = ("prm", "prm-light", "prm-contrast")
_KNOWN = ("theme", "run_on_opening", "keys")


@dataclass
class Settings:
    """What the file says, and what is wrong with it in words."""

    theme: str = THEMES[0]
    keys: dict[str, str] = field(default_factory=dict)
    run_on_opening: bool = True
    problems: list[str] = field(default_factory=list)


def read(path: Path) -> Settings:
    """The settings of a file. What is unknown or clashes is left out and said; a missing file is no problem."""
    found = Settings()
    if not path.exists():
        return found
    import tomllib

    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        found.problems.append(f"{path}: cannot be read ({error}). The usual keys and colours are used.")
        return found
    for key in said.keys() - set(_KNOWN):
        found.problems.append(f"{path}: “{key}” is not known. {_hint(key, _KNOWN)}")
    runs = said.get("run_on_opening", True)
    if isinstance(runs, bool):
        found.run_on_opening = runs
    else:
        found.problems.append(
            f"{path}: run_on_opening is true or false, not “{runs}”. Automation runs when prm is opened."
        )
    theme = said.get("theme", found.theme)
    if theme in THEMES:
        found.theme = theme
    else:
        found.problems.append(f"{path}: theme “{theme}” is not known. One of: {', '.join(THEMES)}")
    keys = said.get("keys", {})
    _keys(path, keys if isinstance(keys, dict) else {}, found)
    return found


def _keys(path: Path, said: dict[str, object], found: Settings) -> None:
    known = {command.id: command for command in COMMANDS}
    for name, key in said.items():
        if name not in known:
            found.problems.append(f"{path}: there is no command “{name}”. {_hint(name, known)}")
        elif not isinstance(key, str) or not key:
            found.problems.append(f'{path}: {name}: write a key in quotes, such as "f"')
        else:
            found.keys[name] = key
    taken: dict[tuple[str, str], str] = {}
    for command in COMMANDS:
        for key in found.keys.get(command.id, command.keys).split(","):
            for where in {command.where, "everywhere"}:
                other = taken.get((where, key))
                if other and other != command.id and found.keys.keys() & {command.id, other}:
                    found.problems.append(f"{path}: the key {key} is given to both {other} and {command.id}.")
            taken.setdefault((command.where, key), command.id)


def _hint(word: str, known: object) -> str:
    like = nearest(word, list(known))  # type: ignore[call-overload]  # any collection of names
    return f"Did you mean “{like}”?" if like else ""
