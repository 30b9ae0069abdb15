"""Both rules on real histories, against a slow and obvious count of the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from prm_tui.domain.errors import UsageError
from prm_tui.domain.exchange import Choices
from prm_tui.domain.insights import month_ends
from prm_tui.domain.insights_rules import Rules
from prm_tui.services import exchange, files, insights
from storage import Store
from tests.services import oracle
from tests.services.rules import DAY, order

AS_OF = date(2013, 11, 29)
PAYMENTS = sorted((Path(__file__).parent.parent / "data" / "vendors").glob("oxford-*.csv"))


@pytest.fixture(scope="module")
def payments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Three lists of payments; one has no dates, and between the other two a quarter is missing."""
    with files.open_file(tmp_path_factory.mktemp("payments") / "payments.db", create=True) as store:
        with exchange.read(store, PAYMENTS) as reading:
            exchange.commit(store, reading, Choices(currency="GBP"), actor=None, as_of=date(2018, 3, 31))
        yield store


def _agrees(store: Store, found: Rules, looks: list[date]) -> None:
    days, types = oracle.read(store)
    expected, cases = oracle.quality(days, types, looks, found.window, found.reach.to)
    for rule in found.rules:
        numbers = asdict(rule)
        assert {key: numbers[key] for key in expected[rule.rule]} == dict(expected[rule.rule]), rule.rule
    for b in found.calibration:
        mine = [(p, came) for p, came in cases if b.low <= p and (p < b.high or b.high == 1)]
        assert (b.cases, b.came) == (len(mine), sum(came for _, came in mine)), b
        if mine:
            assert b.foreseen == pytest.approx(sum(p for p, _ in mine) / len(mine))
    assert sum(b.cases for b in found.calibration) == found.cases - found.open


def test_on_the_resellers_both_rules_are_as_good_as_a_slow_count_says(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        found = insights.rules(store, AS_OF)
        _agrees(store, found, month_ends(date(2011, 6, 1), AS_OF))
        fixed, adaptive = found.rules
        assert (found.looks, fixed.judged, fixed.flagged, fixed.right) == (29, 9_508, 1_365, 1_166)
        assert adaptive.precision is not None and fixed.precision is not None and adaptive.precision > fixed.precision
        span = insights.rules(store, AS_OF, first=date(2012, 1, 1), last=date(2012, 12, 31), window=90)
        _agrees(store, span, month_ends(date(2012, 1, 1), date(2012, 12, 31)))
        assert (span.first, span.last, span.window) == (date(2012, 1, 31), date(2012, 12, 31), 90)


def test_a_missing_quarter_is_no_silence(payments: Store) -> None:
    as_of = date(2018, 3, 31)
    found = insights.rules(payments, as_of)
    assert found.reach.to == date(2018, 1, 30)
    assert found.reach.gaps == ((date(2017, 9, 29), date(2018, 1, 3)),)
    assert "is a sheet missing" in found.reach.said()[0]
    assert [rule.judged for rule in found.rules] == [0, 0], "no 180 days are known after any day"
    assert found.open == found.cases > 0
    short = insights.rules(payments, as_of, window=28)
    _agrees(payments, short, [date(2017, 7, 31), date(2017, 8, 31)])
    assert short.rules[1].flagged == 78
    page = insights.first_page(payments, as_of)
    assert page.states.reach == found.reach and not any(b.cases for b in page.expectation.chances)
    assert page.states.counts["unknown"].value == 424, "paid before January: whether they were since, no sheet tells"


def test_of_a_small_program_long_silences_are_nothing_unusual(office: Store) -> None:
    for code, days in (("A", (700, 400, 90)), ("B", (650, 300, 10)), ("C", (500, 200))):
        for ago in days:
            order(office, code, on=DAY - timedelta(days=ago))
    found = insights.rules(office, DAY)
    assert not found.reach.gaps
    assert found.rules[0].judged > 30


def test_what_came_later_changes_nothing_of_what_was_said_before(demo_file: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(demo_file, tmp_path / "later.db"))
    last, after = date(2012, 6, 30), date(2012, 6, 30) + timedelta(days=181)
    with Store.open(path) as store:
        whole = insights.rules(store, AS_OF, last=last)
        with store.change("as if it had ended there", actor=None) as change:
            gone = "SELECT id FROM activities WHERE occurred_on >= ?"
            change.conn.execute(f"DELETE FROM activity_lines WHERE activity_id IN ({gone})", (after.isoformat(),))
            change.conn.execute("DELETE FROM activities WHERE occurred_on >= ?", (after.isoformat(),))
            change.conn.execute("UPDATE feeds SET covered_to = ? WHERE kind = 'order'", (after.isoformat(),))
        cut = insights.rules(store, AS_OF, first=whole.first, last=last)
    assert cut.calibration == whole.calibration
    for now, then in zip(cut.rules, whole.rules, strict=True):
        assert (now.judged, now.flagged, now.right, now.new, now.new_right) == (
            then.judged,
            then.flagged,
            then.right,
            then.new,
            then.new_right,
        )


def test_who_was_taken_out_is_judged_until_then(demo_file: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(demo_file, tmp_path / "out.db"))
    with Store.open(path) as store:
        before = insights.rules(store, AS_OF)
        partner = store.conn.execute(
            "SELECT partner_id FROM activities GROUP BY 1 ORDER BY min(occurred_on), max(occurred_on) DESC"
        ).fetchone()[0]
        with store.change("taken out", actor=None, as_of=date(2013, 3, 10)) as change:
            change.conn.execute("UPDATE partners SET status = 'Deactivated' WHERE id = ?", (partner,))
        after = insights.rules(store, AS_OF)
    gone = len(month_ends(date(2013, 3, 10), date(2013, 5, 31)))  # later looks are not judged anyhow
    unjudged = len(month_ends(date(2013, 3, 10) - timedelta(days=180), date(2013, 3, 10)))
    assert before.rules[0].judged - after.rules[0].judged == gone + unjudged
    assert after.rules[0].judged > 9_000


def test_a_span_with_nothing_in_it_is_refused(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        with pytest.raises(UsageError, match="nothing to look at"):
            insights.rules(store, AS_OF, first=date(2013, 11, 1), last=date(2013, 11, 20))
        with pytest.raises(UsageError, match="at least one day"):
            insights.rules(store, AS_OF, window=0)
