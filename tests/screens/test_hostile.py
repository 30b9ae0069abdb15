"""Text from files is text on every screen, in every window."""

from __future__ import annotations

from pathlib import Path

import pytest

from prm_tui.services import cases, contacts, deactivation, files, partners, people, records, timeline
from screens.insights.screen import SECTIONS
from storage import Store
from tests.screens.driver import Driver, drive

HOSTILE = [
    "Acme [/] Ltd",
    "[@click=app.quit]x[/]",
    "=cmd|' /C calc'!A0",
    "شركة النور التجارية",
    "株式会社サンプル商事",
    "x" * 10_000,
    "bell \x07 escape \x1b[31m line\nbreak",
    "\u202eright to left override",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in which every text a person or a sheet can bring is hostile."""
    path = tmp_path_factory.mktemp("hostile") / "[b]hostile.db"
    with files.open_file(path, create=True) as store:
        day = store.today()
        for n, name in enumerate(HOSTILE):
            fields = {"name": name, "code": f"C{n} {name[:40]}", "territory": name, "type": name}
            partner = partners.add(store, fields, actor=None, as_of=day)
            contacts.add(store, partner, {"name": name, "role": name, "phone": name}, actor=None, as_of=day)
            records.add(store, partner, "agreement", {"name": name, "status": name}, actor=None, as_of=day)
            timeline.log(store, partner, "order", on=day, ref=name, note=name, actor=None, as_of=day)
        person = people.add(store, HOSTILE[0], title=HOSTILE[1], actor=None, as_of=day)
        for partner in partners.find(store, as_of=day).ids:
            deactivation.submit(store, [partner], "mutual", memo=HOSTILE[1], actor=person, as_of=day)
    return path


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (1, 1), (10, 3), (200, 60)], ids=str)
def test_every_screen_shows_hostile_text_as_text(hostile: Path, size: tuple[int, int]) -> None:
    seen: list[str] = []

    async def story(prm: Driver) -> None:
        for row in range(len(HOSTILE)):
            prm.table.move_to(row)
            await prm.settle()
            seen.append(prm.text)
        await prm.press("enter")
        for _ in range(6):
            seen.append(prm.text)
            await prm.press("right")
        await prm.press("e")
        seen.append(prm.text)
        await prm.press("escape", "escape", "1")
        seen.append(prm.text)
        await prm.press("y", "escape", "4", "enter")
        for _ in range(7):
            await prm.press("right")
            seen.append(prm.text)
        await prm.press("v", "escape", "escape", "5", "i", "escape", "2", "u", "escape", "p", "escape", "m", "escape")
        seen.append(prm.text)
        assert prm.app.is_running

    drive(hostile, story, size=size)
    everything = "\n".join(seen)
    assert "\x1b" not in everything and "\x07" not in everything and "\u202e" not in everything
    if size == (200, 60):
        assert "Acme [/] Ltd" in everything and "[@click=app.quit]x[/]" in everything


def test_insights_shows_hostile_text_as_text(hostile: Path) -> None:
    seen: list[str] = []

    async def story(prm: Driver) -> None:
        await prm.press("6")
        for _ in SECTIONS:
            seen.append(prm.text)
            await prm.press("right")
        await prm.press("down", "enter", "w")
        seen.append(prm.text)

    drive(hostile, story, size=(200, 60))
    everything = "\n".join(seen)
    assert "\x1b" not in everything and "\x07" not in everything and "\u202e" not in everything
    assert "[@click=app.quit]x[/]" in everything


def test_a_window_may_shrink_and_grow_while_it_is_used(hostile: Path) -> None:
    async def story(prm: Driver) -> None:
        for width, height in ((120, 40), (20, 5), (1, 1), (80, 24), (250, 70)):
            await prm.pilot.resize_terminal(width, height)
            await prm.press("end", "home", "pagedown")
        await prm.press("enter")
        await prm.pilot.resize_terminal(10, 4)
        await prm.press("right", "right", "escape")
        assert prm.app.is_running

    drive(hostile, story)


def test_who_acts_may_be_named_with_brackets(hostile: Path) -> None:
    async def story(prm: Driver) -> None:
        assert "acting: Acme [/] Ltd" in prm.text

    drive(hostile, story, size=(160, 40), actor="Acme [/] Ltd")
    with Store.open(hostile) as store:
        assert len(cases.list_of(store)) == len(HOSTILE)
