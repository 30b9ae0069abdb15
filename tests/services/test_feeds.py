"""Sheets that come again and again: how far they cover, when the next is due, and that an old one brings nothing back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm_tui.domain.errors import DecisionNeeded, UsageError
from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.domain.feed import EVERY, Brought, Feed, names, period_end, period_start, rhythm, usual_lag
from prm_tui.services import exchange, export, feeds, files, history, partners, timeline
from storage import Store

DAY = date(2026, 4, 20)
HEAD = "Order No,Order Date,Dealer No,Amount\n"


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the day on which sheets are read."""
    return lambda day: monkeypatch.setenv("PRM_NOW", f"{day}T10:00:00")


@pytest.fixture
def store(tmp_path: Path, on: Callable[[str], None]) -> Iterator[Store]:
    on("2026-01-02")
    dealers = tmp_path / "dealers.csv"
    dealers.write_text("Dealer No,Dealer Name,Region\n1,Acme,West\n2,Bolt,East\n", encoding="utf-8")
    with files.open_file(tmp_path / "p.db", create=True) as opened:
        take(opened, dealers)
        on("2026-05-10")
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


def declare(store: Store, feed: Feed, **said: str) -> int | None:
    given = {"every": None, "due": None, "covered_to": None} | said
    return feeds.declare(store, feed, **given, actor=None, as_of=DAY)


def test_three_monthly_sheets_make_the_fourth_expected_and_then_overdue(
    store: Store, tmp_path: Path, on: Callable[[str], None]
) -> None:
    on("2026-02-04")
    take(store, month(tmp_path, 1))
    on("2026-03-06")
    take(store, month(tmp_path, 2))
    assert (orders(store).every, orders(store).state(DAY)) == (None, "no rhythm known")
    on("2026-04-03")
    take(store, month(tmp_path, 3))
    feed = orders(store)
    assert (feed.every, feed.every_declared, feed.covered_to, feed.imports) == ("month", False, date(2026, 3, 28), 3)
    # March's sheet came in April: March is there. They came 4, 6 and 3 days after their months.
    assert (feed.expects, feed.due, feed.expected_on) == (date(2026, 4, 30), 6, date(2026, 5, 6))
    assert (feed.overdue(date(2026, 5, 6)), feed.overdue(date(2026, 5, 7))) == (0, 1)
    assert feed.state(date(2026, 5, 7)) == "overdue by 1 day"


def test_a_sheet_cut_in_the_middle_of_a_month_leaves_that_month_expected(
    store: Store, tmp_path: Path, on: Callable[[str], None]
) -> None:
    on("2026-03-16")
    path = tmp_path / "orders.csv"
    path.write_text(f"{HEAD}A,2026-03-14,1,5\n", encoding="utf-8")
    take(store, path)
    declare(store, orders(store), every="month")
    assert orders(store).expects == date(2026, 3, 31)
    on("2026-04-20")
    declare(store, orders(store), covered_to="2026-03-14")
    assert orders(store).expects == date(2026, 3, 31)


def test_what_is_declared_counts_over_what_is_seen_and_undo_takes_it_back(
    store: Store, tmp_path: Path, on: Callable[[str], None]
) -> None:
    for number in (1, 2, 3):
        on(f"2026-{number + 1:02}-05")
        take(store, month(tmp_path, number))
    change = declare(store, orders(store), every="Quarter", due="10", covered_to="2026-03-31")
    feed = orders(store)
    assert (feed.every, feed.due, feed.declared, feed.expected_on) == ("quarter", 10, True, date(2026, 7, 10))
    assert declare(store, feed, every="quarter", due="10") is None
    history.undo(store, change, actor=None, as_of=DAY)
    assert (orders(store).every, orders(store).due, orders(store).declared) == ("month", 5, False)
    declare(store, orders(store), every="none")
    assert (orders(store).expected_on, orders(store).state(DAY)) == (None, "none expected")
    declare(store, orders(store), every="seen")
    assert orders(store).every == "month"


def test_what_is_wrong_is_refused_by_the_name_of_its_field(store: Store, tmp_path: Path) -> None:
    take(store, month(tmp_path, 1))
    feed = orders(store)
    for field, value, why in (
        ("every", "fortnight", "every: “fortnight” is none of week, month, quarter, year, none"),
        ("due", "soon", "due: “soon” is no number of days"),
        ("due", "367", "due: “367”"),
        ("covered_to", "soon", "covered: “soon” is not a date"),
        ("covered_to", "2026-04-21", "covered: 2026-04-21 is after 2026-04-20"),
    ):
        with pytest.raises(UsageError, match=why):
            declare(store, feed, **{field: value})
    with pytest.raises(UsageError, match=r"several feeds: .* partners dealers"):
        feeds.find(store, "e")
    with pytest.raises(UsageError, match=r"no feed: .*order orders"):
        feeds.find(store, "invoices")


def test_a_sheet_that_is_complete_for_a_period_covers_it_and_an_old_one_does_not_take_that_back(
    store: Store, tmp_path: Path
) -> None:
    february = (date(2026, 2, 1), date(2026, 2, 28))
    take(store, month(tmp_path, 2), Choices(complete_for=february))
    assert (orders(store).covered_to, orders(store).declared) == (date(2026, 2, 28), True)
    take(store, month(tmp_path, 1), Choices(complete_for=(date(2026, 1, 1), date(2026, 1, 31))))
    assert orders(store).covered_to == date(2026, 2, 28)
    path = month(tmp_path, 2)
    path.write_text(path.read_text(encoding="utf-8").replace("B2,2026-02-15,2,10\n", ""), encoding="utf-8")
    report = take(store, path, Choices(complete_for=february))
    assert report.sheets[0].withdrawn == 1 and "withdrawn: Bolt, 2026-02-15, B2, 10.00" in report.sheets[0].notes


def test_what_was_declared_is_past_once_a_newer_sheet_came(store: Store, tmp_path: Path) -> None:
    take(store, month(tmp_path, 1), Choices(covered_to=date(2026, 1, 20)))
    assert (orders(store).covered_to, orders(store).declared) == (date(2026, 1, 20), True)
    take(store, month(tmp_path, 2))
    assert (orders(store).covered_to, orders(store).declared) == (date(2026, 2, 28), False)
    take(store, month(tmp_path, 3), Choices(covered_to=date(2026, 1, 31)))  # it was covered further before
    assert orders(store).covered_to == date(2026, 2, 28)
    change = take(store, month(tmp_path, 4), Choices(covered_to=date(2026, 4, 30))).change
    assert orders(store).covered_to == date(2026, 4, 30)
    history.undo(store, change, actor=None, as_of=DAY)
    assert orders(store).covered_to == date(2026, 2, 28)


def test_the_same_old_sheet_neither_pushes_back_nor_counts_and_one_taken_back_is_forgotten(
    store: Store, tmp_path: Path, on: Callable[[str], None]
) -> None:
    for number in (1, 2, 3):
        on(f"2026-{number + 1:02}-05")
        take(store, month(tmp_path, number))
    before = orders(store)
    assert take(store, month(tmp_path, 1)).change is None and orders(store) == before
    on("2026-05-05")
    change = take(store, month(tmp_path, 4)).change
    assert len(orders(store).sheets) == 4
    history.undo(store, change, actor=None, as_of=DAY)
    assert orders(store) == before


def test_a_mistyped_year_does_not_cover_the_future(store: Store, tmp_path: Path, on: Callable[[str], None]) -> None:
    on("2026-03-03")
    path = tmp_path / "orders.csv"
    path.write_text(f"{HEAD}A,2026-02-27,1,5\nB,2062-02-27,1,5\n", encoding="utf-8")
    take(store, path)
    assert orders(store).covered_to == date(2026, 2, 27)


def test_a_list_is_covered_to_the_day_it_was_read(store: Store, tmp_path: Path, on: Callable[[str], None]) -> None:
    for day, region in (("2026-02-05", "North"), ("2026-03-04", "South"), ("2026-04-05", "North")):
        on(day)
        path = tmp_path / "dealers.csv"
        path.write_text(f"Dealer No,Dealer Name,Region\n1,Acme,{region} {day}\n2,Bolt,East\n", encoding="utf-8")
        take(store, path)
    feed = feeds.find(store, "partners")
    assert (feed.listed, feed.covered_to, feed.every) == (True, date(2026, 4, 5), "month")
    assert (feed.expects, feed.expected_on) == (date(2026, 4, 30), date(2026, 5, 5))
    assert feeds.rows(store)[feed.id] == 2 and [s.rows for s in feeds.sheets(store, feed.id)] == [2, 2, 2, 2]


def test_a_sheet_of_ours_is_no_feed(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "list.xlsx"
    export.write(store, "partners", out, None)
    book = openpyxl.load_workbook(out)
    page = book["Partners"]
    page.cell(2, [cell.value for cell in page[1]].index("Territory") + 1).value = "Elsewhere"
    book.save(out)
    assert take(store, out).sheets[0].changed == 1
    assert [f.name for f in feeds.list_of(store)] == ["dealers"]


def test_a_feed_is_called_by_its_sheet_its_file_or_all_of_it() -> None:
    plain = Feed(1, "order", "sales (abcdef)", None, False, 1)
    nameless = Feed(2, "order", "Sheet1 (abcdef)", None, False, 1, last_file="finance.xlsx")
    same = [Feed(n, "order", f"sales (00000{n})", None, False, 1) for n in (3, 4)]
    assert names([plain, nameless]) == {1: "sales", 2: "finance.xlsx"}
    assert names(same) == {3: "sales (000003)", 4: "sales (000004)"}


def region(store: Store, code: str) -> object:
    return partners.get(store, partners.resolve(store, code), DAY).fields["territory"]


def test_an_old_sheet_sent_again_brings_no_stale_cell_over_a_newer_one(store: Store, tmp_path: Path) -> None:
    def dealers(name: str, first: str, second: str) -> Path:
        path = tmp_path / name
        path.write_text(f"Dealer No,Dealer Name,Region\n1,Acme,{first}\n2,Bolt,{second}\n", encoding="utf-8")
        return path

    newer = take(store, dealers("dealers-2.csv", "North", "East")).change
    assert region(store, "1") == "North"
    report = take(store, dealers("dealers.csv", "West", "East"))  # the very same bytes: it is known to be old
    assert report.change is None and region(store, "1") == "North"
    assert any(
        "this is the sheet of" in note and "1 rows are as it had them" in note for note in report.sheets[0].notes
    )
    with pytest.raises(DecisionNeeded, match=r"Region of Acme: changed to “West” there and to “North” here"):
        take(store, dealers("dealers.csv", "West", "South"))  # re-saved with one more cell, which alone is new
    report = take(store, dealers("dealers.csv", "West", "South"), Choices(prefer="ours"))
    assert (region(store, "1"), region(store, "2"), report.sheets[0].changed) == ("North", "South", 1)
    assert any("1 rows are as an earlier sheet" in note for note in report.sheets[0].notes)
    # Its feed still remembers the newer row: sent again, that one is no conflict with what was edited here.
    partners.edit(store, partners.resolve(store, "1"), {"territory": "Ours"}, actor=None, as_of=DAY)
    take(store, dealers("dealers-2.csv", "North", "South"))
    assert region(store, "1") == "Ours"
    history.undo(store, actor=None, as_of=DAY)
    history.undo(store, report.change, actor=None, as_of=DAY)
    history.undo(store, newer, actor=None, as_of=DAY)
    assert region(store, "1") == "West"
    assert take(store, dealers("dealers-2.csv", "North", "East")).sheets[0].changed == 1  # taken back, it is not old
    with pytest.raises(DecisionNeeded, match="“West” there"):  # the old values, saved by another program
        path = dealers("dealers.csv", "West", "East")
        path.write_text(path.read_text(encoding="utf-8").replace("\n", "\r\n"), encoding="utf-8", newline="")
        take(store, path)
    take(store, dealers("dealers.csv", "West", "East"), Choices(prefer="theirs"))
    assert region(store, "1") == "West"


def live(store: Store) -> list[tuple[str | None, str, int]]:
    return store.conn.execute(
        "SELECT ref, occurred_on, amount / 10000 FROM activities WHERE superseded_at IS NULL ORDER BY ref, occurred_on"
    ).fetchall()


def amounts(store: Store) -> list[int]:
    return [amount for _, _, amount in live(store)]


FEBRUARY = Choices(complete_for=(date(2026, 2, 1), date(2026, 2, 28)))


def sales(folder: Path, name: str, *rows: str, head: str = HEAD) -> Path:
    path = folder / f"orders-{name}.csv"
    path.write_text(head + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_an_old_sheet_of_orders_does_not_supersede_a_newer_one(store: Store, tmp_path: Path) -> None:
    take(store, month(tmp_path, 1, 10))
    take(store, month(tmp_path, 1, 12))
    report = take(store, month(tmp_path, 1, 10))
    assert amounts(store) == [12, 12] and report.change is None
    assert any("this is the sheet of" in note and "2 are as it had them" in note for note in report.sheets[0].notes)
    with exchange.read(store, [month(tmp_path, 1, 10)]) as reading:
        assert exchange.preview(store, reading).nothing_new  # the preview says what taking it does
    take(store, month(tmp_path, 1, 10), Choices(prefer="theirs"))
    assert amounts(store) == [10, 10]


def test_an_old_sheet_saved_again_with_nothing_new_brings_nothing(store: Store, tmp_path: Path) -> None:
    take(store, sales(tmp_path, "1", "A,2026-02-02,1,5", "B,2026-02-03,1,5"))
    take(store, sales(tmp_path, "2", "A,2026-02-02,1,6", "B,2026-02-03,1,5", "C,2026-02-04,1,7"))
    report = take(store, sales(tmp_path, "3", "B,2026-02-03,1,5", "A,2026-02-02,1,5"))
    assert report.change is None and amounts(store) == [6, 5, 7]
    assert any("nothing in this sheet is new" in note for note in report.sheets[0].notes)


def test_a_newer_sheet_that_puts_a_value_back_is_asked_about(store: Store, tmp_path: Path) -> None:
    take(store, sales(tmp_path, "1", "A,2026-02-02,1,5", "B,2026-02-03,1,5"))
    take(store, sales(tmp_path, "2", "A,2026-02-02,1,6", "B,2026-02-03,1,5"))
    third = sales(tmp_path, "3", "A,2026-02-02,1,5", "B,2026-02-03,1,5", "C,2026-02-04,1,7")
    with pytest.raises(DecisionNeeded, match=r"row 2, Acme A: as an earlier sheet had it.*1 such rows.*--theirs"):
        take(store, third)
    with exchange.read(store, [third]) as reading:
        seen = exchange.preview(store, reading).sheets[0]
    assert [(c.subject, c.base, c.before, c.after) for c in seen.cells] == [("Acme A", 50_000, 60_000, 50_000)]
    change = take(store, third, Choices(prefer="ours")).change
    assert amounts(store) == [6, 5, 7]
    history.undo(store, change, actor=None, as_of=DAY)
    take(store, third, Choices(sides={("orders-3", 2, "amount"): "theirs"}))
    assert amounts(store) == [5, 5, 7]


@pytest.mark.parametrize("head", [HEAD, "Order Date,Dealer No,Amount\n"], ids=["with a reference", "without one"])
def test_what_was_withdrawn_does_not_come_back_with_an_old_sheet(store: Store, tmp_path: Path, head: str) -> None:
    rows = ["A,2026-02-02,1,5", "B,2026-02-03,1,6", "C,2026-02-09,2,7"]
    if "No,Order" not in head:
        rows = [row[2:] for row in rows]
    old = sales(tmp_path, "1", *rows[:2], head=head)
    take(store, old)
    report = take(store, sales(tmp_path, "2", rows[0], rows[2], head=head), FEBRUARY)
    assert report.sheets[0].withdrawn == 1 and amounts(store) == [5, 7]
    assert take(store, old).change is None and amounts(store) == [5, 7]


def test_an_old_sheet_said_to_be_complete_withdraws_nothing_that_newer_ones_brought(
    store: Store, tmp_path: Path
) -> None:
    old = sales(tmp_path, "1", "A,2026-02-02,1,5", "B,2026-02-03,1,5")
    take(store, old)
    take(store, sales(tmp_path, "2", "A,2026-02-02,1,5", "B,2026-02-03,1,5", "C,2026-02-09,2,6"))
    assert take(store, old, FEBRUARY).sheets[0].withdrawn == 0 and len(live(store)) == 3
    assert orders(store).covered_to == date(2026, 2, 28)


def test_what_was_corrected_here_stays_unless_the_sheet_changes_it_too(store: Store, tmp_path: Path) -> None:
    rows = ["A,2026-02-02,1,5", "B,2026-02-03,1,5"]
    take(store, sales(tmp_path, "1", *rows))
    first, second = (i for (i,) in store.conn.execute("SELECT id FROM activities ORDER BY ref"))
    timeline.correct(store, first, {"on": "2026-02-05"}, actor=None, as_of=DAY)
    timeline.correct(store, second, {"amount": "8"}, actor=None, as_of=DAY)
    mine = [("A", "2026-02-05", 5), ("B", "2026-02-03", 8)]
    take(store, sales(tmp_path, "1", *rows, "C,2026-02-09,2,6"), FEBRUARY)
    assert live(store) == [*mine, ("C", "2026-02-09", 6)]
    changed = sales(tmp_path, "1", rows[0], "B,2026-02-03,1,9", "C,2026-02-09,2,6")
    with pytest.raises(DecisionNeeded, match="row 3, Acme B: changed there, and corrected here"):
        take(store, changed)
    take(store, changed, Choices(prefer="theirs"))
    assert live(store) == [mine[0], ("B", "2026-02-03", 9), ("C", "2026-02-09", 6)]


DATES = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@given(DATES, st.sampled_from(EVERY), st.integers(0, 30))
def test_the_next_sheet_ends_the_first_period_that_is_not_covered_whole(covered: date, every: str, due: int) -> None:
    feed = Feed(1, "order", "x", covered, True, 3, every, due)
    assert feed.expects is not None and feed.expected_on is not None
    assert feed.expects > covered and feed.expects == period_end(feed.expects, every)
    start = period_start(feed.expects, every)
    assert start <= covered + timedelta(days=1) and period_end(start, every) == feed.expects
    assert period_start(start - timedelta(days=1), every) < start
    assert feed.overdue(feed.expected_on) == 0 and feed.overdue(feed.expected_on + timedelta(days=3)) == 3


@given(DATES, st.integers(0, 400), st.sampled_from(EVERY))
def test_a_sheet_read_later_never_expects_less(newest: date, later: int, every: str) -> None:
    read = newest + timedelta(days=later)
    seen = Feed(1, "order", "x", newest, False, 3, every, 0, read)
    declared = Feed(1, "order", "x", newest, True, 3, every, 0)
    assert seen.expects is not None and declared.expects is not None and seen.expects >= declared.expects
    assert (seen.expects > declared.expects) == (
        period_end(newest, every) > newest and read > period_end(newest, every)
    )


@pytest.mark.parametrize(
    ("covered", "every", "expects"),
    [
        ("2026-02-28", "month", "2026-03-31"),
        ("2028-02-28", "month", "2028-02-29"),
        ("2028-02-29", "month", "2028-03-31"),
        ("2026-03-14", "month", "2026-03-31"),
        ("2026-12-31", "month", "2027-01-31"),
        ("2026-03-01", "week", "2026-03-08"),
        ("2026-12-30", "week", "2027-01-03"),
        ("2026-06-30", "quarter", "2026-09-30"),
        ("2026-08-15", "quarter", "2026-09-30"),
        ("2026-12-31", "year", "2027-12-31"),
        ("9999-12-31", "month", None),
    ],
)
def test_periods_are_those_of_the_calendar(covered: str, every: str, expects: str | None) -> None:
    feed = Feed(1, "order", "x", date.fromisoformat(covered), True, 1, every)
    assert feed.expects == (date.fromisoformat(expects) if expects else None)
    assert feed.overdue(date(2020, 1, 1)) == 0


def test_how_late_sheets_usually_come_is_seen_in_three_that_came_in_time() -> None:
    def brought(*read: str) -> list[Brought]:
        return [Brought(date(2026, n, 27), date.fromisoformat(day)) for n, day in enumerate(read, 1)]

    assert usual_lag(brought("2026-02-02", "2026-03-09", "2026-04-03"), "month") == 9
    assert usual_lag(brought("2026-06-10", "2026-06-10", "2026-06-10"), "month") is None  # read in to catch up
    assert usual_lag(brought("2026-02-02", "2026-03-09"), "month") is None


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
        (["2026-01-01", "2026-01-03", "2026-03-01"], None),
        (["2026-01-28", "2026-02-20", "2026-03-28"], "month"),
        (["2026-01-15", "2026-01-29", "2026-02-12"], None),
    ],
)
def test_a_rhythm_is_seen_in_three_sheets_or_not_at_all(days: list[str], every: str | None) -> None:
    assert rhythm([date.fromisoformat(day) for day in days]) == every


def test_february_of_a_leap_year_ends_on_its_last_day() -> None:
    assert period_end(date(2028, 2, 3), "month") == date(2028, 2, 29)
    assert period_end(date(2026, 11, 3), "quarter") == date(2026, 12, 31)
    assert period_end(date(2026, 3, 1), "week") == date(2026, 3, 1)
