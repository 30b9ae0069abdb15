"""Exchange tells which sheets should have come, and lets their rhythm be said."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from prm_tui.services import exchange, export, feeds, files
from tests.screens.driver import Driver, drive
from tests.screens.test_hostile import HOSTILE

DAY = date(2026, 3, 1)


def take(db: Path, sheet: Path, text: str) -> None:
    sheet.write_text(text, encoding="utf-8")
    with files.open_file(db, create=True) as store, exchange.read(store, [sheet]) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "partners.db"
    monkeypatch.setenv("PRM_NOW", "2026-04-20T09:00:00")
    take(path, tmp_path / "dealers.csv", "Dealer No,Dealer Name,Region\n001,Acme,West\n")
    return path


@pytest.fixture
def late(db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seven months of sheets, the last but four months ago; and a sheet that is out."""
    for month in range(5, 12):
        monkeypatch.setenv("PRM_NOW", f"2025-{month + 1:02}-03T09:00:00")
        rows = f"A{month},2025-{month:02}-27,001,10\n"
        take(db, tmp_path / f"sales [x] 2025-{month:02}.csv", f"Order No,Order Date,Dealer No,Amount\n{rows}")
    monkeypatch.setenv("PRM_NOW", "2026-04-20T09:00:00")
    with files.open_file(db) as store:
        export.send(
            store, "partners", tmp_path / "s.xlsx", recipient="Ann", due=date(2026, 5, 1), actor=None, as_of=DAY
        )
    return db


SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES)
def test_a_feed_is_opened_and_its_rhythm_said(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "orders [x] 2025.csv"
    path.write_text("Order No,Order Date,Dealer No,Amount\nA1,2025-10-05,001,10\n", encoding="utf-8")
    with files.open_file(db) as store, exchange.read(store, [path]) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)

    async def story(prm: Driver) -> None:
        await prm.press("5", "end")
        assert "no rhythm known" in prm.text and "to 2025-10-05" in prm.text
        await prm.press("F", "home", "enter")
        assert "orders [x] 2025.csv" in prm.text and "its newest fact" in prm.text
        await prm.write("#field0", "fortnight")
        await prm.press("ctrl+s")
        assert "is none of week, month" in prm.text
        await prm.write("#field0", "month")
        await prm.press("ctrl+s")
        assert "overdue by" in prm.text and "1 feed overdue" in prm.text

    drive(db, story, size=size)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_overdue_comes_first_and_its_sheets_are_seen(late: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("5")
        assert "1 feed overdue · 1 out" in prm.text
        assert prm.table.cursor == 0 and prm.table.current == ("feed", 2)  # before the sheet that is not due yet
        assert "overdue by 107 days, every month (seen)" in prm.text
        top = prm.text.split("\n").index(next(line for line in prm.text.split("\n") if "overdue by 107" in line))
        await prm.press("F")
        lines = prm.text.split("\n")
        assert "Feeds   1 feed overdue" in prm.text and "overdue by 107 days" in lines[top]
        await prm.press("enter")
        assert "Covered to 2025-11-27: its newest fact." in prm.text
        assert "should cover to 2025-12-31 and is due by 2026-01-03" in prm.text
        assert "2025-12-03  sales [x] 2025-11.csv" in prm.text and "1 new, to 2025-11-27" in prm.text
        assert "and 2 sheets before" in prm.text and "Due days after" in prm.text and "enter saves" in prm.text
        await prm.write("#field0", "none")
        await prm.press("enter")
        assert "none expected" in prm.text and "overdue" not in prm.text
        await prm.press("u", "enter")
        assert "1 feed overdue" in prm.text
        await prm.press("F")
        assert "Read in and sent" in prm.text and "read in" in prm.text
        await prm.press("1")
        assert ("to 27 Nov 2025  overdue" in prm.text) == (size == (120, 40))  # a narrow window has no room for feeds

    drive(late, story, size=size)
    with files.open_file(late) as store:
        assert feeds.find(store, "order").every == "month"


@pytest.mark.parametrize("size", SIZES)
def test_an_empty_list_of_feeds_says_what_belongs_here(tmp_path: Path, size: tuple[int, int]) -> None:
    with files.open_file(tmp_path / "new.db", create=True):
        pass

    async def story(prm: Driver) -> None:
        await prm.press("5", "F")
        assert "No sheet was read in yet." in prm.text and "is a feed" in prm.text
        await prm.press("F")
        assert "Nothing was read in or sent yet." in prm.text

    drive(tmp_path / "new.db", story, size=size)


@pytest.mark.parametrize("size", [*SIZES, (10, 3)])
def test_hostile_names_of_feeds_are_text(db: Path, size: tuple[int, int]) -> None:
    with files.open_file(db) as store, store.change("a hostile feed", actor=None) as change:
        for n, name in enumerate(HOSTILE):
            feed = change.conn.execute(
                "INSERT INTO feeds(kind, source, every, covered_to, change_id) VALUES (?, ?, 'month', '2025-01-31', ?)",
                (name, f"{name} (00000{n})", change.id),
            ).lastrowid
            change.conn.execute(
                "INSERT INTO sources(file, hash, sheet, what, header_row, rows, read_at, feed_id, change_id)"
                " VALUES (?, '', ?, 'activity:order', 1, 1, 0, ?, ?)",
                (name, name, feed, change.id),
            )
    seen: list[str] = []

    async def story(prm: Driver) -> None:
        await prm.press("5")
        seen.append(prm.text)
        await prm.press("F")
        for n in range(len(HOSTILE)):
            prm.table.move_to(n)
            await prm.press("enter")
            seen.append(prm.text)
            await prm.press("escape")
        assert prm.app.is_running

    drive(db, story, size=size)
    everything = "\n".join(seen)
    assert "\x1b" not in everything and "\x07" not in everything and "\u202e" not in everything
    if size == (120, 40):
        assert "Acme [/] Ltd" in everything and "[@click=app.quit]x[/]" in everything
