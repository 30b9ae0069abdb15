"""Reading a workbook step by step: files named in every way, columns with samples, both sides beside each other."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.services import automation, cases, contacts, exchange, export, files, packs, partners, triggers
from screens.exchange import recent
from screens.exchange.asking import read_as
from screens.exchange.merge import Lines
from screens.exchange.progress import ReadingPace, TakingPace, left
from tests.screens.driver import Driver, drive
from tests.services.test_returns import DAY, DEALERS

SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=str)
HOSTILE = "[@click=app.quit]x[/] \x1b[31m" + "y" * 300


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path, sheet = tmp_path / "partners.db", tmp_path / "dealers.csv"
    sheet.write_text(DEALERS, encoding="utf-8")
    with files.open_file(path, create=True) as store, exchange.read(store, [sheet]) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)
    return path


def territory(path: Path, code: str) -> object:
    with files.open_file(path) as store:
        return partners.get(store, partners.resolve(store, code), DAY).fields["territory"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("/a/b.xlsx", ["/a/b.xlsx"]),
        ("  '/a/My Report.xlsx' \n", ["/a/My Report.xlsx"]),
        ('"/a/My Report.xlsx"', ["/a/My Report.xlsx"]),
        (r"/a/My\ Report\ \(2\).xlsx", ["/a/My Report (2).xlsx"]),
        ("file:///a/My%20Report.xlsx\r\n", ["/a/My Report.xlsx"]),
        ("file://localhost/a/100%25%23.csv", ["/a/100%#.csv"]),
        ("/a/My Report 2024.xlsx", ["/a/My Report 2024.xlsx"]),
        ("'/a/b c.csv' '/d/e.csv'", ["/a/b c.csv", "/d/e.csv"]),
        ("/a/b.csv\n/c d.csv\n\n", ["/a/b.csv", "/c d.csv"]),
        ("/a/b.csv /c d.csv", ["/a/b.csv", "/c d.csv"]),
        ("/a/b.csv; /c d", ["/a/b.csv", "/c d"]),
        ("file:///a.csv file:///b%20c.csv", ["/a.csv", "/b c.csv"]),
        ("/a/O'Brien's list.xlsx", ["/a/O'Brien's list.xlsx"]),
        (r"'/a/O'\''Brien.xlsx'", ["/a/O'Brien.xlsx"]),
        ("'/a/open quote.xlsx", ["'/a/open quote.xlsx"]),
        ("/a/100%20.csv", ["/a/100%20.csv"]),
        ("   \n ; ", []),
    ],
)
def test_files_are_named_as_terminals_name_what_is_dropped(text: str, names: list[str]) -> None:
    assert recent.named(text, windows=False, there=lambda _: False) == [Path(n) for n in names]


def test_a_name_that_is_there_is_taken_as_it_stands() -> None:
    odd = "/a/one.csv and; 'two\\.csv"
    assert recent.named(odd, windows=False, there=lambda p: str(p) == odd) == [Path(odd)]


def test_backslashes_part_folders_on_windows_and_the_home_folder_has_a_short_name(tmp_path: Path) -> None:
    told = recent.named(r'"C:\My Files\a.xlsx" C:\b c.csv file:///C:/d%20e.csv', windows=True, there=lambda _: False)
    assert [str(p) for p in told] == [r"C:\My Files\a.xlsx", r"C:\b c.csv", r"C:\d e.csv"]
    assert recent.named("~/a b.csv", windows=False) == [tmp_path / "home" / "a b.csv"]


def test_a_day_is_shown_as_each_way_reads_it() -> None:
    assert read_as("03/04/2026", "day-first") == read_as("04/03/26", "month-first") == date(2026, 4, 3)
    assert read_as("26-04-03", "year-first") == read_as("2026-03-04", "swapped") == date(2026, 4, 3)
    assert read_as("31/12/2026", "month-first") is read_as("no day", "day-first") is None


@SIZES
def test_how_dates_are_written_is_asked_on_the_page_of_columns(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    sheet = tmp_path / "orders.csv"
    sheet.write_text(
        "Order Date,Dealer,Order No,Amount\n03/04/2026,001,A1,10\n05/06/2026,002,A2,20\n", encoding="utf-8"
    )

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(sheet))
        await prm.press("enter", "greater_than_sign")
        assert "03/04/2026 is 3 April 2026" in prm.text and "03/04/2026 is 4 March 2026" in prm.text
        await prm.choose("Month first")
        assert "open:" not in prm.text and "2026-03-04" in prm.text
        await prm.press("greater_than_sign", "greater_than_sign", "enter")
        assert "● Taken" in prm.text

    drive(db, story, size=size)


def test_progress_says_rows_rate_and_what_is_left_only_where_it_is_known() -> None:
    pace = ReadingPace(total=60_000)
    for row in (20_000, 40_000, 20_000):
        pace.heard(row)
    assert pace.rows == 60_000
    open_end = ReadingPace()
    open_end.heard(20_000)
    assert open_end.said(2) == "20,000 rows · 10,000 rows a second" and open_end.share() is None
    half = ReadingPace(total=40_000)
    half.heard(20_000)
    assert half.said(2) == "20,000 of 40,000 rows · 10,000 rows a second · about 2 seconds left"
    taking = TakingPace([("A", 10_000), ("B", 30_000)], [1.0, 3.0])
    taking.sheet(100.0)
    taking.sheet(101.0)
    assert taking.share(102.0) == 0.5
    assert taking.said(102.0).startswith("sheet 2 of 2, B · 50% · about 20,000 of 40,000 rows · 10,000 rows a second")
    assert taking.share(1000.0) == 0.99 and left(200) == "about 3 minutes left"
    first = TakingPace([("A", 20_000), ("B", 60_000)])  # nothing was rehearsed: nothing is foretold
    assert first.said(5.0) == "" and first.share(5.0) is None
    first.sheet(100.0)
    assert first.said(103.0) == "sheet 1 of 2, A, 20,000 rows · 3 seconds so far"
    first.sheet(104.0)
    assert first.said(300.0) == "sheet 2 of 2, B, 60,000 rows · 20,000 of 80,000 rows through · 3 minutes so far"
    assert first.share(300.0) is None


@SIZES
def test_the_latest_files_stand_under_the_field(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    first, second = tmp_path / "first [b].csv", tmp_path / "second.csv"
    for path in (first, second):
        path.write_text(DEALERS, encoding="utf-8")

    async def story(prm: Driver) -> None:
        await prm.press("i")
        assert "Read or written lately" not in prm.text
        await prm.write("#path", f"'{first}'")
        await prm.press("enter")
        assert "● Sheets and columns" in prm.text
        await prm.press("escape", "i")
        await prm.write("#path", str(second))
        await prm.press("enter", "escape", "i")
        assert prm.text.index("second.csv") < prm.text.index("first [b].csv")
        await prm.press("down", "up")
        assert prm.app.focused is not None and prm.app.focused.id == "path"
        await prm.press("down", "down", "enter")
        assert "● Sheets and columns" in prm.text and "first [b]" in prm.text
        second.unlink()
        await prm.press("escape", "i")
        assert "second.csv" not in prm.text
        await prm.pilot.click(recent.Recent, offset=(4, 2))
        await prm.settle()
        assert "● Sheets and columns" in prm.text

    drive(db, story, size=size)


def test_what_is_dropped_on_the_window_becomes_names(db: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "my dealers.csv", tmp_path / "more; of them.csv"
    for path in (one, two):
        path.write_text(DEALERS, encoding="utf-8")

    async def story(prm: Driver) -> None:
        from textual import events

        await prm.press("i")
        dropped = f"'{one}' {str(two).replace(' ', chr(92) + ' ').replace(';', chr(92) + ';')}\n"
        assert prm.app.focused is not None
        prm.app.focused.post_message(events.Paste(dropped))
        await prm.settle()
        await prm.press("enter")
        assert "my dealers" in prm.text and "more; of them" in prm.text

    drive(db, story)


@SIZES
def test_columns_are_shown_with_samples_and_questions_can_be_opened(
    db: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    sheet = tmp_path / "visits.csv"
    rows = "\n".join(f"2025-01-0{n},D00{n},{HOSTILE if n == 1 else f'talk {n}'}" for n in range(1, 6))
    sheet.write_text(f"Visit Date,Whom,Remark\n{rows}\n", encoding="utf-8")

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(sheet))
        await prm.press("enter", "t")
        await prm.choose("Activities: Order")
        assert "2025-01-01" in prm.text and "2025-01-02"[:6] in prm.text
        assert "which column is the partner?" in prm.text and "2 open: enter on a question" in prm.text
        await prm.press("greater_than_sign")
        await prm.choose("Whom")
        assert "1 open" in prm.text and "which column is the day?" in prm.text
        await prm.press("home", "down", "enter")
        await prm.choose("Visit Date")
        assert " open:" not in prm.text and re.search(r"Visit Date +the day", prm.text)
        lines = prm.app.screen.query_one(Lines)
        lines.move_to(len(lines.keys) - 1)
        await prm.settle()
        assert "(kept as it is" in prm.text and "\x1b" not in prm.text

    drive(db, story, size=size)


def came_back(db: Path, sent: Path) -> None:
    """A sheet that went to Ann and came back: a conflict in 002 and in 003, 001 changed there, one row new, 006 left out."""
    with files.open_file(db) as store:
        export.send(store, "partners", sent, recipient="Ann", due=DAY, actor=None, as_of=DAY)
        for code in ("002", "003"):
            partners.edit(store, partners.resolve(store, code), {"territory": f"Ours [b]{code}"}, actor=None, as_of=DAY)
    book = openpyxl.load_workbook(sent)
    page = book["Partners"]
    at = [cell.value for cell in page[1]].index("Territory") + 1
    rows = {page.cell(n, 2).value: n for n in range(2, 9)}
    for code in ("002", "003"):
        page.cell(rows[code], at).value = f"[@click=app.quit]Theirs[/] {code} " + "long " * 30
    page.cell(rows["001"], at).value = "North"
    page.cell(9, 2).value, page.cell(9, 3).value = "099", "Newcomer"
    page.delete_rows(rows["006"])
    book.save(sent)


@SIZES
def test_both_sides_stand_beside_each_other(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    sent = tmp_path / "Dealers.xlsx"
    came_back(db, sent)

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(sent))
        await prm.press("enter", "greater_than_sign")
        assert "Dealers.xlsx came back from Ann: 2 conflicts, 1 cell taken, 1 row new, 1 left out" in " ".join(
            prm.text.split()
        )
        assert re.search(r"Whose +Field +Was +Theirs +Ours +Counts", prm.text) and "k keep" in prm.text
        await prm.press("down", "up")
        assert "[@click=app.quit]Theirs[/] 002 long long long" in prm.text and "2 open" in prm.text
        await prm.press("t")
        assert re.search(r"Ours \[b\]\S* +theirs", prm.text) and "2 cells taken" in prm.text and "1 open" in prm.text
        await prm.press("down", "k")
        assert re.search(r"Ours \[b\]\S* +ours", prm.text) and "open:" not in prm.text
        lines = prm.app.screen.query_one(Lines)
        for key, word in (("theirs", "theirs"), ("ours", "ours")):  # the mouse lets the other one count
            at = 2
            for col, _, wide in lines.fitting(lines.wide):
                if col.key == key:
                    await prm.pilot.click(Lines, offset=(at + 1, 4))
                    await prm.settle()
                at += wide + 2
            assert re.search(rf"Ours \[b\]\S* +{word}", prm.text.split("Changed there only")[0].splitlines()[-2])
        await prm.press("slash", "slash")
        assert "Changed there only" in prm.text and "Changed on both" not in prm.text
        await prm.press("greater_than_sign", "enter")
        assert "● Taken" in prm.text and "Taken as change" in prm.text

    drive(db, story, size=size)
    assert str(territory(db, "002")).startswith("[@click=app.quit]Theirs") and territory(db, "003") == "Ours [b]003"
    assert territory(db, "001") == "North"


@SIZES
def test_a_row_and_whom_it_may_mean_stand_side_by_side(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    other = tmp_path / "vendors.csv"
    other.write_text("Vendor ID,Vendor Name,Region\nV1,Dealer 1 Ltd,Nowhere\nV2,Nut,Hull\n", encoding="utf-8")

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(other))
        await prm.press("enter", "greater_than_sign", "down", "enter")
        assert re.search(r"the sheet +001", prm.text)
        assert re.search(r"Region +Nowhere +West", prm.text) and re.search(
            r"Vendor Name +Dealer 1 Ltd +Dealer 1", prm.text
        )
        await prm.press("escape")
        assert "1 open" in prm.text

    drive(db, story, size=size)


def test_an_import_that_is_stopped_has_changed_nothing(db: Path, tmp_path: Path) -> None:
    many = tmp_path / "many.csv"
    many.write_text("Dealer,Name\n" + "".join(f"N{n},Some name {n}\n" for n in range(5_000)), encoding="utf-8")
    asked = iter([False] * 6)
    with files.open_file(db) as store, exchange.read(store, [many]) as reading:
        with pytest.raises(Exception, match="Nothing was changed"):
            exchange.commit(store, reading, actor=None, as_of=DAY, cancelled=lambda: next(asked, True))
        assert len(partners.find(store, as_of=DAY).ids) == 6
        exchange.commit(store, reading, actor=None, as_of=DAY)
        assert len(partners.find(store, as_of=DAY).ids) == 5_006


@SIZES
def test_escape_stops_what_is_being_taken(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    sheet = tmp_path / "dealers.csv"
    sheet.write_text("Dealer Code,Dealer Name\n900,Late Dealer\n", encoding="utf-8")
    commit, begun = exchange.commit, threading.Event()

    def slow(*given: Any, cancelled: Callable[[], bool], on_progress: Callable[[str], None], **how: Any) -> Any:
        on_progress("dealers")
        begun.set()
        while not cancelled():
            threading.Event().wait(0.002)
        return commit(*given, cancelled=cancelled, on_progress=on_progress, **how)

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(sheet))
        await prm.press("enter", "greater_than_sign", "greater_than_sign")
        assert "1 new" in prm.text
        monkeypatch.setattr(exchange, "commit", slow)
        await prm.pilot.press("enter")
        said, wanted = "", ("sheet 1 of 1", "rows a second", "left", "esc stops it")
        for _ in range(1_000):  # the lines are there with the next layout
            said = " ".join(prm.text.split())  # a narrow line breaks where it must
            if begun.is_set() and all(words in said for words in wanted):
                break
            await prm.pilot.pause(0.01)
        assert [words for words in wanted if words not in said] == []
        await prm.pilot.press("t", "k", "greater_than_sign", "escape")  # only the last means anything now
        await prm.settle()
        assert "● What would change" in prm.text and "esc stops it" not in prm.text
        assert prm.app.session.said[-1] == ("Stopped. Nothing was changed.", False)

    drive(db, story, size=size)
    with files.open_file(db) as store:
        assert len(partners.find(store, as_of=DAY).ids) == 6


@SIZES
@pytest.mark.parametrize("step", ["read", "preview"])
def test_a_stop_while_reading_or_previewing_is_no_error(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], step: str
) -> None:
    sheet = tmp_path / "dealers.csv"
    sheet.write_text("Dealer Code,Dealer Name\n900,Late Dealer\n", encoding="utf-8")
    work, begun = getattr(exchange, step), threading.Event()

    def slow(*given: Any, cancelled: Callable[[], bool], on_progress: Callable[[Any], None], **how: Any) -> Any:
        on_progress("dealers" if step == "preview" else 1)
        begun.set()
        while not cancelled():
            threading.Event().wait(0.002)
        return work(*given, cancelled=cancelled, on_progress=on_progress, **how)

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(sheet))
        if step == "preview":
            await prm.press("enter")
        monkeypatch.setattr(exchange, step, slow)
        await prm.pilot.press("enter" if step == "read" else "greater_than_sign")
        wanted = "1 of 1 rows" if step == "read" else "sheet 1 of 1, dealers, 1 row · 0 seconds so far"
        said = ""
        for _ in range(1_000):
            said = " ".join(prm.text.split())
            if begun.is_set() and ("esc stops it" in said and (step == "read" or wanted in said)):
                break
            await prm.pilot.pause(0.01)
        assert "esc stops it" in said and (step == "read" or (wanted in said and "left" not in said))
        await prm.pilot.press("escape")
        await prm.settle()
        assert prm.app.session.said[-1] == ("Stopped. Nothing was changed.", False)
        assert "● File" in prm.text if step == "read" else "● Sheets and columns" in prm.text
        assert "Stopped" not in prm.text  # it passes by; nothing on the page is left to dismiss

    drive(db, story, size=size)


def test_only_what_is_there_can_be_shown_alone(db: Path, tmp_path: Path) -> None:
    sheet, orders = tmp_path / "dealers.csv", tmp_path / "orders.csv"
    sheet.write_text(
        DEALERS.replace("West", "Far West").replace("2020-03-01", "some day") + "009,Nine,South,Spain,,\n",
        encoding="utf-8",
    )
    orders.write_text("Order Date,Dealer No,Order No,Amount\n2026-01-01,001,A1,5\n", encoding="utf-8")

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", f"'{sheet}' '{orders}'")
        await prm.press("enter", "greater_than_sign")
        assert "/ shows only what changes" in prm.text and "▸ orders" in prm.text
        await prm.press("slash")
        assert "“West” → “Far West”" in prm.text and "Only what changes; / shows only refused rows" in prm.text
        assert "orders" not in prm.text.split("Refused\n")[1].split("Only")[0] and "some day" not in prm.text
        await prm.press("slash")
        assert "1 row refused, Since" in prm.text and "→ “Far West”" not in prm.text
        assert "Only refused rows; / shows everything" in prm.text
        await prm.press("slash")
        assert "▾ orders" in prm.text and "→ “Far West”" in prm.text and "1 row refused" in prm.text

    drive(db, story)


def test_activities_that_change_are_told_where_only_changes_are_shown(db: Path, tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    head = "Order Date,Dealer No,Order No,Amount\n"
    orders.write_text(f"{head}2026-01-01,001,A1,5\n", encoding="utf-8")
    with files.open_file(db) as store, exchange.read(store, [orders]) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)
    orders.write_text(f"{head}2026-01-01,001,A1,6\n", encoding="utf-8")

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(orders))
        await prm.press("enter", "greater_than_sign", "slash")
        assert "1 changed: each takes the place of the earlier one" in prm.text

    drive(db, story)


@SIZES
def test_new_rows_of_a_returned_sheet_are_listed(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    sent = tmp_path / "Dealers.xlsx"
    came_back(db, sent)
    book = openpyxl.load_workbook(sent)
    page = book["Partners"]
    page.cell(8, [cell.value for cell in page[1]].index("Country") + 1).value = "Spain [b]"
    book.save(sent)

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(sent))
        await prm.press("enter", "greater_than_sign")
        lines = prm.app.screen.query_one(Lines)
        lines.move_to(next(n for n, key in enumerate(lines.keys) if key[1] == "new"))
        await prm.settle()
        assert re.search(r"099 Newcomer\S* +Country Spain \[b\]", prm.text)
        assert "099 Newcomer, row 8 of Partners: Country Spain [b]" in prm.text
        await prm.press("enter")
        assert re.search(r"Country +Spain \[b\]", prm.text) and re.search(r"Name +Newcomer", prm.text)
        await prm.press("escape")
        for _ in range(3):
            await prm.press("slash")
        assert "099 Newcomer" in prm.text and "Only new rows" in prm.text and "Left out there" not in prm.text

    drive(db, story, size=size)


@SIZES
def test_a_partners_contacts_go_out_and_come_back(
    db: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("PRM_DB", str(db))
    with files.open_file(db) as store:
        one = partners.resolve(store, "001")
        contacts.add(store, one, {"name": "Ann [b]", "role": "Buyer"}, actor=None, as_of=DAY)

    def program(path: Path) -> bool:
        book = openpyxl.load_workbook(path)
        page = book["Contacts"]
        page.cell(2, [cell.value for cell in page[1]].index("Role") + 1).value = "Owner"
        book.save(path)
        return True

    monkeypatch.setattr("screens.exchange.out._open", program)

    async def story(prm: Driver) -> None:
        await prm.press("enter", "right", "right", "x")
        assert "Out to a spreadsheet: Contacts" in prm.text
        await prm.choose("Change it in my")
        await prm.press("enter", "greater_than_sign")
        assert re.search(r"Ann \[b\] +role +Buyer +Owner", prm.text)
        await prm.press("greater_than_sign", "enter")
        assert "● Taken" in prm.text

    drive(db, story, size=size)
    with files.open_file(db) as store:
        assert contacts.list_of(store, one)[0].role == "Owner"


@SIZES
def test_the_preview_says_what_automation_would_make_of_it(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    rules = (
        '[trigger.big]\ntitle = "Big order"\nsubject = "activity:order"\non = "activity"\nstart = "look"\n'
        '[workflow.look]\ntitle = "Look"\n[[workflow.look.step]]\nid = "a"\ndo = "task"\ntitle = "Look at it"\n'
    )
    with files.open_file(db) as store:
        packs.add(store, rules, "rules.toml", actor=None, as_of=DAY)
        triggers.switch_on(store, "big", actor=None, as_of=DAY)
        automation.run(store, as_of=DAY)
        code = partners.rows(store, partners.find(store, as_of=DAY).ids[:1], [], DAY)[0].code
    sheet = tmp_path / "orders.csv"
    sheet.write_text(f"Order No,Order Date,Partner Code,Amount\nX1,{DAY},{code},500\n", encoding="utf-8")

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(sheet))
        await prm.press("enter", "greater_than_sign", "greater_than_sign")
        said = " ".join(prm.text.split())
        assert "Automation would then: Big order: 1 match" in said
        await prm.press("enter")
        await prm.settle()
        assert "Automation: Big order: 1 match" in " ".join(prm.text.split())

    drive(db, story, size=size)
    with files.open_file(db) as store:
        assert [task.title for task in cases.inbox(store)] == ["Look at it"]
