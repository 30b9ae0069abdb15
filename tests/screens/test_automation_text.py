"""The text of a message is written where its step stands: completed, checked and shown as a partner gets it, saved as a change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input, TextArea

from prm_tui.services import automation, files, packs, partners, rules, triggers
from screens.modals.writing import Writing
from screens.widgets.table import Table
from storage import Store
from tests.screens.driver import Driver, drive
from tests.screens.test_hostile import HOSTILE
from tests.services.rules import DAY, GOLD, WELCOME, an_office, one, tier, who
from tests.services.test_texts import LETTER

SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=str)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with an_office(tmp_path, monkeypatch) as store:
        yield store


@pytest.fixture
def db(office: Store) -> Iterator[Path]:
    packs.add(office, WELCOME + GOLD, "rules.toml", actor=who(office, "Dana"), as_of=DAY)
    tier(office, "B", "Gold")
    yield office.path


async def to_step(prm: Driver) -> None:
    """The page of the first trigger, with the cursor on its first step."""
    await prm.press("3", "enter")
    table = prm.app.screen.query_one("#rule", Table)
    table.move_to(next(at for at, key in enumerate(table.keys) if key[0] == "step"))
    await prm.settle()


async def body(prm: Driver, text: str) -> None:
    """Put a text into the field of several lines, with the cursor at its end."""
    area = prm.app.screen.query_one(TextArea)
    area.text = text
    area.move_cursor(area.document.end)
    await prm.settle()


def flat(prm: Driver) -> str:
    return " ".join(prm.text.replace("│", " ").replace("█", " ").split())


def writing(prm: Driver) -> bool:
    return isinstance(prm.app.screen, Writing)


def kept(path: Path) -> tuple[str, str]:
    with files.open_file(path) as store:
        found: tuple[str, str] = one(store, "SELECT subject, body FROM templates WHERE name = 'hello'")
        return found


@SIZES
def test_a_text_is_read_changed_and_saved_where_its_step_stands(db: Path, size: tuple[int, int]) -> None:
    with files.open_file(db) as store:
        triggers.switch_on(store, "gold", first="note", actor=who(store, "Max"), as_of=DAY)

    async def story(prm: Driver) -> None:
        await to_step(prm)
        await prm.press("E")
        assert "The text hello of a message" in prm.text and "{{ partner.name }}: hello" in prm.text
        assert "For B Partner B (the first it matches now)" in prm.text and "Partner B: hello" in prm.text
        assert "To the main contact: Kim B <kim@b.example>" in prm.text
        assert "Dear Kim B, your territory is West." in flat(prm)
        assert "fields contact.name partner.name today" in flat(prm), "the fields that may be written"
        await body(prm, "Dear {{ contact.name }}, you are {{ partner.teir }}.")
        assert "Did you mean “partner.tier”?" in flat(prm)
        await prm.press("ctrl+s")
        assert "It cannot be saved yet" in prm.text
        await body(prm, "Dear {{ contact.name }}, you are {% tier %}.")
        assert "a single “{”" in flat(prm)
        await body(prm, "Dear {{ contact.name }}, {{ partner.country }}")
        assert "partner.country is empty for Partner B: the message would go back to its owner" in flat(prm)
        assert "Dear Kim B, [partner.country]" in flat(prm)
        await body(prm, "Dear {{ contact.name }}, you are {{ partner.ti")
        assert "fields partner.tier" in flat(prm) and "partner.territory" not in prm.text
        await prm.press("right", *" }}.")
        assert prm.app.screen.query_one(TextArea).text == "Dear {{ contact.name }}, you are {{ partner.tier }}."
        assert "Dear Kim B, you are Gold." in flat(prm) and "would go back" not in prm.text
        await prm.press("ctrl+s")
        assert "What is written from now on says this" in prm.text
        assert "gold is on and messages: it is switched off until a second person" in prm.text
        await prm.press("enter")
        assert "Switched off: gold" in prm.app.session.said[-1][0] and "○ switched off" in prm.text

    drive(db, story, size=size, actor="Dana")
    assert kept(db)[1] == "Dear {{ contact.name }}, you are {{ partner.tier }}."

    async def max_looks(prm: Driver) -> None:
        await prm.press("3", "O", "enter")
        assert "+ text hello: Dear {{ contact.name }}, you are {{ partner.tier }}." in flat(prm)
        await prm.press("enter")
        assert "● on" in prm.text

    drive(db, max_looks, size=size, actor="Max")


@SIZES
def test_leaving_asks_only_where_something_was_written(db: Path, size: tuple[int, int]) -> None:
    before = kept(db)

    async def story(prm: Driver) -> None:
        await to_step(prm)
        await prm.press("E")
        assert writing(prm)
        await prm.press("escape")
        assert not writing(prm)
        await prm.press("E", "x", "escape")
        assert "Leave without saving?" in prm.text
        await prm.press("escape")
        assert writing(prm), "it goes on"
        await prm.press("ctrl+s", "escape")
        assert writing(prm), "not confirmed is not saved, and nothing is lost"
        await prm.press("escape", "enter")
        assert not writing(prm)
        await prm.press("E", "ctrl+s")
        assert "Nothing was changed" in prm.app.session.said[-1][0]

    drive(db, story, size=size, actor="Dana")
    assert kept(db) == before


@SIZES
def test_the_mouse_opens_a_text_and_leaves_it(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await to_step(prm)
        line = prm.text.split("\n")[-1]
        await prm.pilot.click(offset=(line.index("E text"), size[1] - 1))
        await prm.settle()
        assert writing(prm)
        await prm.press("x")
        await prm.pilot.click("#foot", offset=(2, 0))
        await prm.settle()
        assert "Save the text hello?" in prm.text
        await prm.press("escape")
        await prm.pilot.click("#foot", offset=(20, 0))
        await prm.settle()
        assert "Leave without saving?" in prm.text
        await prm.press("escape")
        await prm.pilot.click(offset=(0, 0))
        await prm.settle()
        assert "Leave without saving?" in prm.text, "beside the panel nothing is lost either"
        await prm.press("escape", "backspace")
        await prm.pilot.click(offset=(0, 0))
        await prm.settle()
        assert not writing(prm)

    drive(db, story, size=size, actor="Dana")


@SIZES
def test_a_step_without_a_text_says_so(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3", "enter", "home", "E")
        assert "no message and no document" in prm.app.session.said[-1][0]

    drive(db, story, size=size, actor="Dana")


@SIZES
def test_a_new_text_is_named_by_its_step_and_then_written(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await to_step(prm)
        await prm.press("e")
        field = next(f for f in prm.app.screen.query(Input) if f.value == "hello")
        field.value = "good-day"
        await prm.settle()
        assert "there is no template “good-day”" in flat(prm)
        await prm.press("enter")
        assert "1 thing wrong" in prm.text
        await prm.press("E")
        assert "The text good-day of a message, not in the file yet" in prm.text and "“subject” is missing" in flat(prm)
        await prm.write("#subject", "Good day, {{ contact.name }}")
        await body(prm, "{{ partner.name }} is {{ partner.tier }}.")
        assert "Good day, Kim B" in prm.text and "Partner B is Gold." in prm.text
        await prm.press("ctrl+s", "enter")
        assert "Saved" in prm.app.session.said[-1][0] and "changed, not saved" in prm.text
        await prm.press("W", "enter")
        assert "not saved" not in prm.text and "thing wrong" not in prm.text

    drive(db, story, size=size, actor="Dana")
    with files.open_file(db) as store:
        assert rules.load(store, "gold", DAY).steps[0]["template"] == "good-day"


@SIZES
def test_the_text_of_a_document_is_written_and_the_document_read_in_its_case(
    office: Store, size: tuple[int, int]
) -> None:
    told = LETTER.replace("BODY", "For {{ partner.name }}: {{ partner.country }}")
    packs.add(office, told, "note.toml", actor=None, as_of=DAY)
    tier(office, "B", "Gold")

    async def story(prm: Driver) -> None:
        await to_step(prm)
        await prm.press("E")
        assert "The text note of a document" in prm.text and "For Partner B: [partner.country]" in prm.text
        assert "it stands in the document as a gap to fill in" in flat(prm)
        await body(prm, "Case {{ case.id }} of {{ partner.name }}")
        assert "Only the case says: case.id" in prm.text and "Case [case.id] of Partner B" in prm.text
        await prm.press("ctrl+s", "enter")
        assert prm.app.session.said[-1][0] == "Saved. u takes it back."
        with files.open_file(office.path) as store:
            triggers.switch_on(store, "note", first="act", actor=None, as_of=DAY)
            automation.run(store, as_of=DAY)
        await prm.press("4", "C", "tab", "enter", "v")
        await prm.choose("Note")
        assert "A note" in prm.text and "Case 1 of Partner B" in prm.text, "it is a Word document, and read as text"

    drive(office.path, story, size=size, actor="Dana")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (20, 5)], ids=str)
def test_hostile_texts_and_names_are_text(office: Store, size: tuple[int, int]) -> None:
    for n, name in enumerate(HOSTILE):
        partners.add(office, {"name": name, "code": f"H{n}", "tier": "Gold", "manager": "Dana"}, actor=None, as_of=DAY)
    packs.add(office, LETTER.replace("BODY", "[/] [bold]x[/bold] {{ partner.name }}"), "a.toml", actor=None, as_of=DAY)
    seen: list[str] = []

    async def story(prm: Driver) -> None:
        await to_step(prm)
        await prm.press("E")
        seen.append(prm.text)
        assert writing(prm)
        for text in HOSTILE:
            await prm.write("#subject", text)
            await body(prm, f"{text} [/] {{{{ partner.name }}}}")
        await prm.press("escape", "enter")

    drive(office.path, story, size=size, actor="Dana")
    assert size == (20, 5) or "[bold]x[/bold]" in seen[0]
