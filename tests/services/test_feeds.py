"""Sheets that come again and again: how far they cover, when the next is due, and that an old one brings nothing back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm_tui.domain.errors import DecisionNeeded, UsageError
from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.domain.feed import EVERY, Feed, period_end, rhythm
from prm_tui.services import exchange, feeds, files, history, partners
from storage import Store

DAY = date(2026, 4, 20)
HEAD = "Order No,Order Date,Dealer No,Amount\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    dealers = tmp_path / "dealers.csv"
    dealers.write_text("Dealer No,Dealer Name,Region\n1,Acme,West\n2,Bolt,East\n", encoding="utf-8")
    with files.open_file(tmp_path / "p.db", create=True) as opened:
        take(opened, dealers)
        yield opened


def take(store: Store, path: Path, choices: Choices | None = None) -> ImportReport:
    with exchange.read(store, [path], skip_known=True) as reading:
        return exchange.commit(store, reading, choices, actor=None, as_of=DAY)


def month(folder: Path, number: int, amount: int = 10) -> Path:
    path = folder / f"orders-2026-{number:02}.csv"
    path.write_text(
        f"{HEAD}A{number},2026-{number:02}-28,1,{amount}\nB{number},2026-{number:02}-15,2,{amount}\n", encoding="utf-8"
    )
    return path


def orders(store: Store) -> Feed:
    return feeds.find(store, "order")


def test_three_monthly_sheets_make_the_fourth_expected_and_then_overdue(store: Store, tmp_path: Path) -> None:
    for number in (1, 2):
        take(store, month(tmp_path, number))
    assert (orders(store).every, orders(store).state(DAY)) == (None, "no rhythm known")
    take(store, month(tmp_path, 3))
    feed = orders(store)
    assert (feed.every, feed.every_declared, feed.covered_to, feed.imports) == ("month", False, date(2026, 3, 28), 3)
    assert (feed.expects, feed.expected_on) == (date(2026, 3, 31), date(2026, 4, 7))  # March is not covered whole
    feeds.declare(store, feed, every=None, due="10", covered_to="2026-03-31", actor=None, as_of=DAY)
    feed = orders(store)
    assert (feed.expects, feed.expected_on, feed.declared) == (date(2026, 4, 30), date(2026, 5, 10), True)
    assert (feed.overdue(date(2026, 5, 10)), feed.state(date(2026, 5, 12))) == (0, "overdue by 2 days")
    history.undo(store, actor=None, as_of=DAY)
    assert (orders(store).expected_on, orders(store).declared) == (date(2026, 4, 7), False)


def test_what_is_declared_counts_and_what_is_wrong_is_refused(store: Store, tmp_path: Path) -> None:
    take(store, month(tmp_path, 1))
    feed = orders(store)
    assert feeds.declare(store, feed, every="quarter", due=None, covered_to=None, actor=None, as_of=DAY)
    assert (orders(store).every, orders(store).expects) == ("quarter", date(2026, 3, 31))
    assert (
        feeds.declare(store, orders(store), every="quarter", due=None, covered_to=None, actor=None, as_of=DAY) is None
    )
    feeds.declare(store, orders(store), every="none", due=None, covered_to=None, actor=None, as_of=DAY)
    assert orders(store).every is None
    with pytest.raises(UsageError, match="“fortnight” is none of week, month, quarter, year"):
        feeds.declare(store, feed, every="fortnight", due=None, covered_to=None, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="“soon” is no number of days"):
        feeds.declare(store, feed, every=None, due="soon", covered_to=None, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match=r"several feeds: .* partners dealers"):
        feeds.find(store, "e")


def test_a_sheet_that_is_complete_for_a_period_covers_it_and_an_old_one_does_not_take_that_back(
    store: Store, tmp_path: Path
) -> None:
    take(store, month(tmp_path, 2), Choices(complete_for=(date(2026, 2, 1), date(2026, 2, 28))))
    assert (orders(store).covered_to, orders(store).declared) == (date(2026, 2, 28), True)
    take(store, month(tmp_path, 1), Choices(complete_for=(date(2026, 1, 1), date(2026, 1, 31))))
    assert orders(store).covered_to == date(2026, 2, 28)


def region(store: Store, code: str) -> object:
    return partners.get(store, partners.resolve(store, code), DAY).fields["territory"]


def test_an_old_sheet_sent_again_brings_no_stale_cell_over_a_newer_one(store: Store, tmp_path: Path) -> None:
    def dealers(name: str, first: str, second: str) -> Path:
        path = tmp_path / name
        path.write_text(f"Dealer No,Dealer Name,Region\n1,Acme,{first}\n2,Bolt,{second}\n", encoding="utf-8")
        return path

    newer = take(store, dealers("dealers-2.csv", "North", "East")).change
    assert region(store, "1") == "North"
    with pytest.raises(DecisionNeeded, match="changed to “West” there and to “North” here"):
        take(store, dealers("dealers.csv", "West", "East"))
    with pytest.raises(DecisionNeeded, match=r"Region of Acme"):  # re-saved with one more cell, which alone is new
        take(store, dealers("dealers.csv", "West", "South"))
    report = take(store, dealers("dealers.csv", "West", "South"), Choices(prefer="ours"))
    assert (region(store, "1"), region(store, "2"), report.sheets[0].changed) == ("North", "South", 1)
    assert any("1 rows are as an earlier sheet" in note for note in report.sheets[0].notes)
    history.undo(store, report.change, actor=None, as_of=DAY)
    history.undo(store, newer, actor=None, as_of=DAY)
    assert region(store, "1") == "West"
    assert take(store, dealers("dealers-2.csv", "North", "East")).sheets[0].changed == 1  # taken back, it is not old


def test_an_old_sheet_of_orders_does_not_supersede_a_newer_one(store: Store, tmp_path: Path) -> None:
    def amounts() -> list[int]:
        found = store.conn.execute("SELECT amount / 10000 FROM activities WHERE superseded_at IS NULL ORDER BY ref")
        return [amount for (amount,) in found]

    take(store, month(tmp_path, 1, 10))
    take(store, month(tmp_path, 1, 12))
    assert amounts() == [12, 12]
    report = take(store, month(tmp_path, 1, 10))
    assert amounts() == [12, 12] and report.change is None
    assert any("2 are as an earlier sheet of this feed had them" in note for note in report.sheets[0].notes)
    take(store, month(tmp_path, 1, 10), Choices(prefer="theirs"))
    assert amounts() == [10, 10]


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.sampled_from(EVERY), st.integers(0, 30))
def test_the_next_sheet_ends_a_period_that_is_not_covered(covered: date, every: str, due: int) -> None:
    feed = Feed(1, "order", "x", covered, False, 3, every, True, due)
    assert feed.expects is not None and feed.expected_on is not None
    assert feed.expects > covered and feed.expects == period_end(feed.expects, every)
    assert period_end(covered, every) in (covered, feed.expects)
    assert feed.overdue(feed.expected_on) == 0 and feed.overdue(feed.expected_on + timedelta(days=3)) == 3


@pytest.mark.parametrize(
    ("days", "every"),
    [
        (["2026-01-31", "2026-02-28", "2026-03-31"], "month"),
        (["2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26"], "week"),
        (["2025-12-31", "2026-03-31", "2026-06-30"], "quarter"),
        (["2023-12-31", "2024-12-31", "2025-12-30"], "year"),
        (["2026-01-31", "2026-02-28"], None),
        (["2026-01-31", "2026-01-31", "2026-01-31"], None),
        (["2026-01-01", "2026-01-03", "2026-09-01"], None),
    ],
)
def test_a_rhythm_is_seen_in_three_sheets_or_not_at_all(days: list[str], every: str | None) -> None:
    assert rhythm([date.fromisoformat(day) for day in days]) == every


def test_february_of_a_leap_year_ends_on_its_last_day() -> None:
    assert period_end(date(2028, 2, 3), "month") == date(2028, 2, 29)
    assert period_end(date(2026, 11, 3), "quarter") == date(2026, 12, 31)
    assert period_end(date(2026, 3, 1), "week") == date(2026, 3, 1)
