"""A sheet that is missing between two others makes nobody inactive; a silence within a sheet is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from prm_tui.domain.exchange import Choices
from prm_tui.domain.inactivity import counts
from prm_tui.services import conditions, exchange, feeds, files, inactivity, insights_time, partners
from storage import Store

PAYMENTS = sorted((Path(__file__).parent.parent / "data" / "vendors").glob("oxford-*.csv"))
DAY = date(2026, 3, 31)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with files.open_file(tmp_path / "sheets.db", create=True) as opened:
        yield opened


def _take(store: Store, *paths: Path, as_of: date = DAY, currency: str = "EUR") -> None:
    with exchange.read(store, paths) as reading:
        exchange.commit(store, reading, Choices(currency=currency), actor=None, as_of=as_of)


def _sheet(folder: Path, name: str, days: Iterable[date]) -> Path:
    """Orders of three resellers, one of them each day; Ada stops after August."""
    made = ["Order Number,Order Date,Reseller Code,Reseller,Amount"]
    for day in days:
        who = ("A", "B", "C")[day.toordinal() % 3 if day < date(2025, 9, 1) else 1 + day.toordinal() % 2]
        made.append(f"SO{day:%Y%m%d},{day},{who},Partner {who},100.50")
    path = folder / f"{name}.csv"
    path.write_text("\n".join(made), encoding="utf-8")
    return path


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


SUMMER, AUTUMN, WINTER = (
    _days(date(2025, 6, 1), date(2025, 9, 30)),
    _days(date(2025, 10, 1), date(2025, 12, 31)),
    _days(date(2026, 1, 1), date(2026, 3, 31)),
)


def _states(store: Store, day: date = DAY) -> dict[str, str]:
    return {row.code: row.key for row in inactivity.of_all(store, day)}


def test_a_quarter_that_nobody_imported_makes_no_supplier_inactive(store: Store) -> None:
    _take(store, *PAYMENTS, as_of=date(2018, 3, 31), currency="GBP")
    rows = inactivity.of_all(store, date(2018, 1, 31))
    found = counts(rows)
    assert (found["inactive"], found["at_risk"], found["slowing"]) == (0, 0, 0)
    assert found["unknown"] == 132, "paid in July 2017; whether in the last quarter of 2017, no sheet tells"
    (festival,) = [row for row in rows if row.code == "36022756"]
    assert festival.why == (
        "last active 2017-07-21, as far as is known; cannot be told: no payment of anybody between 2017-09-29 and 2018-01-03:"
        " is a sheet missing?"
    )
    listing = partners.find(store, condition="inactive", as_of=date(2018, 1, 31))
    assert (len(listing.ids), listing.unknown) == (0, 132), "no list calls them inactive either"
    leaf = conditions.why(store, festival.partner_id, "silent(payment, 180)", date(2018, 1, 31), "strict")
    assert leaf.outcome == "unknown" and "is a sheet missing" in leaf.awaits


def test_a_cohort_was_not_away_in_the_quarter_that_nobody_imported(store: Store) -> None:
    _take(store, *PAYMENTS, as_of=date(2018, 3, 31), currency="GBP")
    first, _ = insights_time.cohorts(store, date(2018, 1, 31)).rows
    told, missing, since = first.rates()
    assert (first.name, told, missing) == ("2017 Q3", 1.0, None), "no sheet tells of the last quarter of 2017"
    assert since is not None and since > 0.3


def test_the_missing_sheet_settles_it(store: Store, tmp_path: Path) -> None:
    _take(store, _sheet(tmp_path, "Sales 2025-Q3", SUMMER), _sheet(tmp_path, "Sales 2026-Q1", WINTER))
    assert _states(store)["A"] == "unknown"
    assert "no order of anybody between 2025-09-30 and 2026-01-01" in inactivity.of_all(store, DAY)[0].why
    _take(store, _sheet(tmp_path, "Sales 2025-Q4", AUTUMN))
    assert _states(store) == {"A": "inactive", "B": "active", "C": "active"}


def test_who_says_how_far_a_feed_is_covered_says_that_no_sheet_is_missing(store: Store, tmp_path: Path) -> None:
    _take(store, _sheet(tmp_path, "Sales 2025-Q3", SUMMER), _sheet(tmp_path, "Sales 2026-Q1", WINTER))
    (feed,) = [one for one in feeds.list_of(store) if one.kind == "order"]
    feeds.declare(store, feed, every=None, due=None, covered_to=DAY.isoformat(), actor=None, as_of=DAY)
    assert _states(store)["A"] == "inactive"


def test_a_silence_within_one_sheet_is_no_gap(store: Store, tmp_path: Path) -> None:
    _take(store, _sheet(tmp_path, "Sales", [*SUMMER, *WINTER]))
    assert _states(store)["A"] == "inactive"


def test_a_sheet_that_repeats_what_was_known_tells_of_the_days_between(store: Store, tmp_path: Path) -> None:
    _take(store, _sheet(tmp_path, "Sales", SUMMER))
    _take(store, _sheet(tmp_path, "Sales", [*SUMMER, *WINTER]))
    assert _states(store)["A"] == "inactive"


def test_long_ago_a_gap_hides_nobody(store: Store, tmp_path: Path) -> None:
    later = _days(date(2026, 4, 1), date(2026, 10, 31))
    _take(store, _sheet(tmp_path, "Sales 2025-Q3", SUMMER), _sheet(tmp_path, "Sales 2026", [*WINTER, *later]))
    assert _states(store, date(2026, 10, 31))["A"] == "inactive", "of the last 180 days all is known"
