"""Retail: a switch is safe only where the stock outlasts the lead time of the alternate; otherwise the effective date moves."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from prm_tui.domain.gate import InTheWay
from prm_tui.services import deactivation, gates, obligations
from tests.packs.office import DAY, Office


@pytest.fixture
def shelves(office: Office) -> Office:
    """One supplier misses nine weeks, one seven; one has caused two stock-outs, the warehouse a third."""
    office.adopt("supplier-schedule")
    office.take("supplier-schedule")
    office.contact("N1", "N2", "N3")
    office.manage("N1", "N2", "N3")
    return office


def test_eight_weeks_or_three_stock_outs_it_has_caused_are_a_question_with_a_plan(shelves: Office) -> None:
    assert shelves.fired() == {"schedule-missed": 1}, "seven weeks are not eight, and the warehouse is not the supplier"
    assert "Articles that run out before the alternate delivers, ordered today: 1." in str(
        shelves.task("Rösterei Roth").detail
    )
    assert "On time in full in 60 days: 80%." in str(shelves.task("Rösterei Roth").detail)
    plan = shelves.sheet("Switch plan for the articles of Rösterei Roth (3)")
    assert plan[0][:2] == ["Latest safe switch", "SKU"] and plan[0][-1] == "Red"
    assert [[row[0], row[1], row[5], row[7], row[8]] for row in plan[1:]] == [
        [None, "TEE", None, None, None],
        ["2026-03-24", "KAFFEE", "2026-04-14", 21, "yes"],
        ["2026-04-09", "FILTER", "2026-04-30", 21, "no"],
    ], "14 days of coffee, and the alternate takes 21: it should have been ordered a week ago"  # fmt: skip
    orders = shelves.sheet("Orders to draft with alternates of Rösterei Roth (2)")
    assert orders[1] == ["Kaffee Kontor", "KAFFEE", "Coffee 500 g", "2026-03-24", 3_700]
    shelves.later(3)
    shelves.take("supplier-schedule-later")
    assert shelves.fired() == {"schedule-missed": 1}, "the third stock-out that Nudel Neumann has caused"


def test_an_alternate_that_takes_longer_than_the_stock_lasts_moves_the_effective_date(shelves: Office) -> None:
    shelves.run()
    shelves.decide("Rösterei Roth misses the delivery schedule", "let go", "Cleo")
    shelves.run()
    assert shelves.messages() == ["Rösterei Roth is proposed to leave: buying, stores, distribution centre",
                                  "Rösterei Roth is proposed to leave: finance"]  # fmt: skip
    assert shelves.field("N1", "status") == "Active"
    store, supplier, dana = shelves.store, shelves.of("N1"), shelves.who("Dana")
    (red,) = gates.ahead(store, supplier, DAY, DAY)
    assert red.name == "Coffee 500 g"
    assert red.detail == (
        "Coffee 500 g: Kaffee Kontor takes 21 days. An effective date from 7 April 2026 on is safe if it is ordered today;"
        " or build up stock, or find a faster source."
    )
    assert gates.ahead(store, supplier, DAY + timedelta(days=6), DAY) and not gates.ahead(
        store, supplier, DAY + timedelta(days=7), DAY
    )
    (case,) = deactivation.submit(store, [supplier], "mutual", actor=dana, as_of=DAY)
    with pytest.raises(InTheWay, match="Article runs out before its alternate delivers: Coffee 500 g"):
        shelves.decide("Approve that this partner leaves", None, "Max")
    deactivation.stop(store, case, "a week too early", actor=dana, as_of=DAY)
    (case,) = deactivation.submit(store, [supplier], "mutual", effective_on=date(2026, 4, 7), actor=dana, as_of=DAY)
    shelves.decide("Approve that this partner leaves", None, "Max")
    mine = [one.kind for one in obligations.of(store, case) if one.kind.startswith("schedule-")]
    assert sorted(mine) == ["schedule-chargebacks", "schedule-departments", "schedule-switch"]


def test_what_the_alternate_has_confirmed_counts_more_than_its_lead_time(shelves: Office) -> None:
    shelves.later(3)
    assert gates.ahead(shelves.store, shelves.of("N1"), shelves.today, shelves.today)
    shelves.take("supplier-schedule-later")
    assert gates.ahead(shelves.store, shelves.of("N1"), shelves.today, shelves.today) == (), (
        "stock for 14 days, delivered in 12"
    )
