"""The registry of commands and a person's own settings."""

from __future__ import annotations

from pathlib import Path

from prm_tui import settings
from prm_tui.commands import COMMANDS, PLACES, commands


def test_no_key_means_two_things_on_one_screen() -> None:
    for place in PLACES:
        taken: dict[str, str] = {}
        lists = [] if place in ("wizard", "import", "list", "everywhere") else commands("list")
        for command in [*commands(place), *lists, *(commands("everywhere") if place != "everywhere" else [])]:
            for key in command.keys.split(","):
                assert taken.setdefault(key, command.id) == command.id, f"{key} on {place}"


def test_a_letter_has_one_meaning_everywhere() -> None:
    meanings: dict[str, set[str]] = {}
    for command in COMMANDS:
        for key in command.keys.split(","):
            if len(key) == 1 and key.isalpha():
                meanings.setdefault(key, set()).add(command.title)
    movements = {"h", "l", "k"}  # left and right: sections of a page; up, but in a conflict k keeps
    assert {k: v for k, v in meanings.items() if len(v) > 1 and k not in movements} == {}


def test_every_command_says_what_it_does() -> None:
    assert len({command.id for command in COMMANDS}) == len(COMMANDS)
    for command in COMMANDS:
        assert command.where in PLACES and command.about.endswith(".") and command.title


def test_settings_are_read_and_their_faults_said(tmp_path: Path) -> None:
    path = tmp_path / "prm.toml"
    assert settings.read(path).problems == []
    path.write_text(
        'theme = "prm-light"\n[keys]\n"partners.filter" = "f"\n"partners.filtre" = "x"\n"partners.sort" = "n"\n'
    )
    found = settings.read(path)
    assert found.theme == "prm-light" and found.keys["partners.filter"] == "f"
    assert any("Did you mean “partners.filter”" in p for p in found.problems)
    assert any("given to both" in p for p in found.problems)
    path.write_text("theme = [\n")
    assert "cannot be read" in settings.read(path).problems[0]
    path.write_text('theme = "pink"\nkey = 1\n')
    assert len(settings.read(path).problems) == 2
