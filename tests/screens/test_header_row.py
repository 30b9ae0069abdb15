"""Another header row is taken in the wizard: the first rows as they stand there, one of them chosen, answers kept."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.services import exchange, files, headers, partners
from screens.exchange.header import columns, letters, lines
from screens.exchange.merge import Lines
from tests.screens.driver import Driver, drive
from tests.services.test_returns import DAY, DEALERS

SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=str)
HOSTILE = "[@click=app.quit]x[/] \x1b[31m" + "y" * 400


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path, sheet = tmp_path / "partners.db", tmp_path / "dealers.csv"
    sheet.write_text(DEALERS, encoding="utf-8")
    with files.open_file(path, create=True) as store, exchange.read(store, [sheet]) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)
    return path


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two sheets: of the first the fullest row of words is not the header; the dates of the second must be asked."""
    path, made = tmp_path / "both.xlsx", openpyxl.Workbook()
    page = made.worksheets[0]
    page.title = "Members"
    for row in (
        ("Group", "Place", "Round", "State", HOSTILE.replace("\x1b", "")), (None,),
        ("Dealer No", "Dealer Name", "Region"), ("007", "Seven", "West"), ("008", "Eight", "East"),
    ):  # fmt: skip
        page.append(row)
    page["A7"], page["B7"] = "009", date(2026, 3, 9)
    visits = made.create_sheet("Visits")
    for row in (("Visit Date", "Whom", "Remark"), ("03/04/2026", "001", "a talk"), ("05/06/2026", "002", "another")):
        visits.append(row)
    made.save(path)
    return path


@SIZES
def test_another_row_is_taken_and_what_was_answered_stays(db: Path, book: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(book))
        await prm.press("enter")
        lines_ = prm.app.screen.query_one(Lines)
        lines_.move_to(list(lines_.keys).index(2))  # the second sheet
        await prm.press("t")
        await prm.choose("Activities: Order")
        for _ in range(3):  # whom, when, and how its dates are written
            await prm.press("greater_than_sign")
            await prm.choose({"partner": "Whom", "day": "Visit Date"}.get(_asked(prm), "Month first"))
        assert " open:" not in prm.text and "2026-03-04" in prm.text
        lines_.move_to(0)
        await prm.press("H")
        assert "Which row of Members is its header?" in prm.text
        assert re.search(r"1, now +Group +Place", prm.text) and re.search(r"3 +Dealer No +Dealer Name", prm.text)
        assert list(prm.table.keys) == [0, 1, 3, 4, 5, 7]  # none of them; a blank row is no row to choose
        assert "[@click=app.quit]x[/]" in prm.text and re.search(r"7 +009 +2026-03-09", prm.text)
        await prm.press("escape", "H", "down", "enter")
        said = prm.text
        assert re.search(r"Members +partners", said) and re.search(r"Dealer Name +name", said)
        assert re.search(r"Visits +activity: order", said) and " open:" not in said
        lines_.move_to(len(lines_.keys) - 1)
        await prm.settle()
        assert re.search(r"Visit Date +the day", prm.text) and "2026-03-04" in prm.text
        await prm.press("greater_than_sign", "greater_than_sign", "enter")
        assert "● Taken" in prm.text

    drive(db, story, size=size)
    with files.open_file(db) as store:
        assert partners.get(store, partners.resolve(store, "007"), DAY).name == "Seven"
        with exchange.read(store, [book]) as reading:  # next month its header is known
            assert reading.plans[0].header_row == 3


def _asked(prm: Driver) -> str:
    found = re.search(r"is (?:the )?(partner|day)\?", prm.text.split("Which", 1)[-1].splitlines()[0])
    return found[1] if found else ""


def test_no_row_at_all_is_an_answer_and_the_same_row_is_none(db: Path, book: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(book))
        await prm.press("enter")
        before = prm.app.screen.reading  # type: ignore[attr-defined]
        await prm.press("H", "enter")
        assert prm.app.screen.reading is before and "Column A" not in prm.text  # type: ignore[attr-defined]
        await prm.press("H", "home", "enter")
        assert prm.app.screen.reading is not before and "Column A" in prm.text  # type: ignore[attr-defined]
        await prm.press("H")
        assert "none, now" in prm.text

    drive(db, story)


def test_a_sheet_that_prm_wrote_knows_its_header(db: Path, tmp_path: Path) -> None:
    from prm_tui.services import export

    out = tmp_path / "list.xlsx"
    with files.open_file(db) as store:
        export.write(store, "partners", out)

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(out))
        await prm.press("enter", "H")
        assert "prm wrote this sheet and knows its header" in prm.app.session.said[-1][0]
        assert "Which row" not in prm.text

    drive(db, story)


@SIZES
def test_a_file_that_is_gone_is_said_and_nothing_is_lost(db: Path, book: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(book))
        await prm.press("enter", "H")
        book.unlink()
        await prm.press("down", "enter")
        assert "both.xlsx" in prm.app.session.said[-1][0] and prm.app.session.said[-1][1]
        assert "● Sheets and columns" in prm.text and "Members" in prm.text
        await prm.press("greater_than_sign")  # what was read before can still be previewed
        assert "esc stops it" not in prm.text

    drive(db, story, size=size)


@pytest.mark.parametrize(
    ("name", "text", "numbers"),
    [
        ("plain.csv", "a note\n\nNo;Name\n1;2,5\n", [1, 3, 4]),
        ("told.csv", "sep=;\nNo;Name\n1;2,5\n", [2, 3]),
    ],
)
def test_rows_of_text_have_the_numbers_the_reader_gives_them(
    tmp_path: Path, name: str, text: str, numbers: list[int]
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with exchange.read(None, [path]) as reading:
        rows = headers.first_rows(reading, reading.plans[0])
        assert [row for row, _ in rows] == numbers and rows[-1][1] == ["1", "2,5"]
        assert reading.plans[0].header_row in numbers
        for number in numbers:
            with exchange.read(None, [path], headers={path.stem: number}) as again:
                assert again.plans[0].header_row == number
                cells = [cell for cell in dict(rows)[number] if cell]
                assert [c.header for c in again.plans[0].columns][: len(cells)] == cells


def test_only_so_many_rows_are_read_and_wide_ones_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(",".join(f"c{n}" for n in range(80)) for _ in range(3_000)), encoding="utf-8")
    with exchange.read(None, [path]) as reading:
        rows = headers.first_rows(reading, reading.plans[0])
    assert len(rows) == 200 and len(rows[0][1]) == 60
    assert [c.label for c in columns(rows, 40)] == ["Row", "A", "B", "C"]
    assert [letters(n) for n in (0, 25, 26, 51, 52)] == ["A", "Z", "AA", "AZ", "BA"]
    assert list(lines(rows, 1))[:3] == [0, 1, 2]


def test_sheets_of_one_name_in_two_files_are_said_to_share_the_header(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "list.csv", tmp_path / "b" / "list.csv"]
    for path in paths:
        path.parent.mkdir()
        path.write_text("x,y\nDealer No,Dealer Name\n1,Bolt\n", encoding="utf-8")
    with exchange.read(None, paths) as reading:
        assert headers.shared(reading, reading.plans[0]) == ["list.csv"]


@SIZES
def test_reading_anew_can_be_stopped_and_nothing_is_lost(
    db: Path, book: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    taken, begun = headers.taken, threading.Event()

    def slow(*given: Any, cancelled: Callable[[], bool], **how: Any) -> Any:
        begun.set()
        while not cancelled():
            threading.Event().wait(0.002)
        return taken(*given, cancelled=cancelled, **how)

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(book))
        await prm.press("enter", "H", "down")
        monkeypatch.setattr(headers, "taken", slow)
        await prm.pilot.press("enter")
        for _ in range(1_000):
            if begun.is_set() and "esc stops it" in prm.text:
                break
            await prm.pilot.pause(0.01)
        await prm.pilot.press("escape")
        await prm.settle()
        assert prm.app.session.said[-1] == ("Stopped. Nothing was changed.", False)
        assert "● Sheets and columns" in prm.text and "esc stops it" not in prm.text

    drive(db, story, size=size)
