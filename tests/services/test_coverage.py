"""Sales end in June, the question is put in November: of whom can it be said that they have gone quiet?"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from prm_tui.domain.coverage import STRICT
from prm_tui.services import backtest, conditions
from storage import Store
from tests.services.conftest import CUT

AS_OF = date(2013, 11, 29)


def _outcomes(store: Store, text: str, coverage: str) -> Counter[int | None]:
    where = conditions.compiled(store, text, AS_OF, coverage)
    return Counter(v for (v,) in store.conn.execute(f"SELECT {where.sql} FROM partners p", where.params))


def test_those_who_ordered_in_june_are_active_of_the_others_nothing_can_be_said(cut_off: Path) -> None:
    with Store.open(cut_off) as store:
        assert _outcomes(store, "silent(order, 180)", STRICT) == {0: 93, None: 608}
        assert _outcomes(store, "silent(order, 180)", "as recorded") == {0: 93, 1: 537, None: 71}
        assert _outcomes(store, "silent(order, 180) and silent(call, 180)", STRICT) == {0: 93, None: 608}
        assert conditions.untracked(store, "silent(order, 180) and silent(call, 180)") == ("call",)


def test_the_whole_file_is_judged_as_recorded(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        for text in ("silent(order, 180)", "days_since(order) > 90", "count(order, 90) = 0"):
            assert _outcomes(store, text, STRICT) == _outcomes(store, text, "as recorded")


def test_an_explanation_names_the_feed_that_would_settle_it(cut_off: Path) -> None:
    with Store.open(cut_off) as store:
        found = dict.fromkeys((0, None), 0)
        where = conditions.compiled(store, "silent(order, 180)", AS_OF, STRICT)
        for partner, value in store.conn.execute(f"SELECT p.id, {where.sql} FROM partners p", where.params):
            found[value] = partner
        unknown = conditions.why(store, found[None], "silent(order, 180)", AS_OF, STRICT)
        assert (unknown.outcome, unknown.awaits) == ("unknown", "Sales covered to 2013-06-30")
        active = conditions.why(store, found[0], "silent(order, 180)", AS_OF, STRICT)
        assert (active.outcome, active.awaits) == ("not met", "")
        both = conditions.why(store, found[None], "not has(visit) and days_since(order) > 90", AS_OF, STRICT)
        assert [part.awaits for part in both.parts[0].parts] == ["not tracked, left out: visit"]
        assert both.parts[1].awaits == "Sales covered to 2013-06-30"
        held = conditions.why(store, found[None], "held(2, month, count(order, month) = 0)", AS_OF, STRICT)
        assert (held.outcome, held.awaits) == ("unknown", "Sales covered to 2013-06-30")


def test_the_tolerance_is_a_setting(cut_off: Path) -> None:
    with Store.open(cut_off) as store:
        with store.change("we know that sheets come late", actor=None) as change:
            change.conn.execute(
                "INSERT INTO settings(key, value, change_id) VALUES ('coverage_tolerance', '152', ?)", (change.id,)
            )
        assert _outcomes(store, "silent(order, 180)", STRICT)[1] == 537


def test_a_backtest_stops_where_the_feed_does(cut_off: Path, demo_file: Path) -> None:
    first = date(2012, 11, 29)
    with Store.open(cut_off) as store:
        strict = backtest.backtest(store, "days_since(order) > 90 and silent(call, 9)", first, AS_OF, as_of=AS_OF)
        recorded = backtest.backtest(
            store,
            "days_since(order) > 90",
            first,
            AS_OF,
            coverage="as recorded",
            as_of=AS_OF,
            outcome="count(order, 30) = 0",
        )
    assert (strict.covered_to, strict.left_out) == (CUT, ("call",))
    assert strict.hits < recorded.hits
    assert max(m.on for m in strict.matches) <= CUT + timedelta(days=35) < max(m.on for m in recorded.matches)
    assert recorded.outcome is not None and recorded.outcome.known_to == CUT
    with Store.open(demo_file) as store:
        same = backtest.backtest(store, "days_since(order) > 90", first, CUT + timedelta(days=35), as_of=AS_OF)
        assert sum(m.on <= CUT for m in same.matches) == sum(m.on <= CUT for m in strict.matches)
