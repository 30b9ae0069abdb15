"""Exchange tells which sheets should have come, and lets their rhythm be said."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from prm_tui.services import exchange, files
from tests.screens.driver import Driver, drive

DAY = date(2026, 3, 1)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path, sheet = tmp_path / "partners.db", tmp_path / "dealers.csv"
    sheet.write_text("Dealer No,Dealer Name,Region\n001,Acme,West\n", encoding="utf-8")
    with files.open_file(path, create=True) as store, exchange.read(store, [sheet]) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)
    return path


SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize("size", SIZES)
def test_a_feed_is_opened_and_its_rhythm_said(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "orders [x] 2025.csv"
    path.write_text("Order No,Order Date,Dealer No,Amount\nA1,2025-10-05,001,10\n", encoding="utf-8")
    with files.open_file(db) as store, exchange.read(store, [path]) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)

    async def story(prm: Driver) -> None:
        await prm.press("5")
        assert "no rhythm known" in prm.text and "to 2025-10-05" in prm.text
        await prm.press("down", "down", "enter")
        assert "orders [x] 2025.csv" in prm.text and "its newest fact" in prm.text
        await prm.write("#field0", "fortnight")
        await prm.press("ctrl+s")
        assert "is none of week, month" in prm.text
        await prm.write("#field0", "month")
        await prm.press("ctrl+s")
        assert "overdue by" in prm.text and "1 feed overdue" in prm.text

    drive(db, story, size=size)
