"""Laws of a settlement: every line counts once, and taking pending lines back changes nothing that is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from prm_tui.domain.settlement import ITEMS, OUT, Fund, Line, figures, parted, schedule, summed

END = date(2026, 5, 30)
AMOUNTS = st.integers(-500_000, 500_000).map(lambda n: Decimal(n) / 100)
STATES = st.sampled_from(["new", "approved", "hold", "payable", "paid", "declined", "reversed", "something else"])


@st.composite
def ledgers(draw: st.DrawFn) -> list[Line]:
    """Lines before and after the end, some of which take an earlier one back, as reversals are written."""
    lines: list[Line] = []
    for n in range(1, draw(st.integers(0, 12)) + 1):
        taken = {line.reverses for line in lines}
        free = [line for line in lines if line.reverses is None and line.id not in taken]
        again = draw(st.booleans())
        if free and again:
            first = draw(st.sampled_from(free))
            lines.append(replace(first, id=n, amount=-first.amount, state="reversed", reverses=first.id))
            continue
        on = END + timedelta(days=draw(st.integers(-40, 80)))
        currency = draw(st.sampled_from(["EUR", "USD"]))
        lines.append(Line(n, on, "commission", draw(AMOUNTS), currency, draw(STATES), after=on > END))
    return lines


TAILS = st.none() | st.integers(1, 60).map(lambda days: END + timedelta(days=days))


@given(ledgers(), TAILS)
def test_every_line_counts_once_and_a_line_with_its_reversal_for_nothing(
    lines: Sequence[Line], tail: date | None
) -> None:
    found = parted(lines, tail)
    for one in summed(found, []):
        mine = [line for line in found if line.currency == one.currency and line.part != OUT]
        assert one.earned + one.tail + one.pending - one.clawback == sum((line.amount for line in mine), Decimal(0))
    by_id = {line.id: line for line in found}
    for line in found:
        first = by_id.get(line.reverses or 0)
        if first is not None and first.state != "paid":
            assert line.part == first.part


@given(ledgers(), TAILS)
def test_taking_back_what_is_pending_leaves_what_is_due(lines: list[Line], tail: date | None) -> None:
    found = parted(lines, tail)
    back = {line.reverses for line in found}
    pending = [x for x in found if x.part == "pending" and x.reverses is None and x.id not in back]
    negative = [replace(x, id=1000 + x.id, amount=-x.amount, state="reversed", reverses=x.id) for x in pending]
    before, after = summed(found, []), summed(parted([*lines, *negative], tail), [])
    assert [one.balance for one in before] == [one.balance for one in after]
    assert all(one.pending == 0 and one.with_pending == one.balance for one in after)


@given(ledgers(), st.integers(1, 60))
def test_the_months_of_the_tail_follow_each_other_and_hold_all_of_it(lines: list[Line], days: int) -> None:
    ends = END + timedelta(days=days)
    found = parted(lines, ends)
    months = schedule(found, END, ends)
    for one in summed(found, []):
        mine = [month for month in months if month.currency == one.currency]
        assert sum((month.amount for month in mine), Decimal(0)) == one.tail
        assert (mine[0].begins, mine[-1].ends) == (END + timedelta(days=1), ends)
        assert all(a.ends + timedelta(days=1) == b.begins for a, b in pairwise(mine))


def test_a_fund_counts_as_far_as_somebody_said_what_was_spent() -> None:
    funds = [Fund("a", Decimal(100), Decimal(30), "EUR", "given"), Fund("b", Decimal(70), None, "EUR", "given")]
    (one,) = summed([], funds)
    assert (one.unspent, one.balance) == (Decimal(70), Decimal(-70))
    assert list(figures([one])) == [("EUR", item) for item in ITEMS]
