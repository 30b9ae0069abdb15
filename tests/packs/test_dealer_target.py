"""Automotive: a dealer reaches its target; late and cancelled sales count, the bonus stands once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from prm_tui.services import timeline
from tests.packs.office import Office


def test_the_bonus_is_taken_back_when_a_sale_is_cancelled_and_late_rows_count(office: Office) -> None:
    office.adopt("dealer-target")
    taken = office.take("dealer-target")
    assert {name: sheet.plan.what for name, sheet in taken.items()} == {
        "Dealers": "partners", "Targets": "record:target", "Retail sales": "activity:retail_sale",
    }  # fmt: skip
    office.contact("D1", "D2")
    office.manage("D1", "D2")

    assert office.fired() == {"dealer-target": 1}, "Autohaus Nord sold 105,000 of 100,000"
    assert office.ledger("D1") == [(1_500, "new")], "1.5 % of the target for Gold"
    assert office.all("SELECT note FROM ledger") == ["March reached, 1 March 2026 to 31 March 2026, Gold"]
    assert office.field("D1", "lead_weight") == 1.25
    assert office.messages() == ["Autohaus Nord: target reached"]
    assert office.tasks() == ["Call Autohaus Nord: the target is reached"]
    assert office.run().quiet, "once"

    office.later(2)
    later = office.take("dealer-target-later")["Retail sales"]
    assert (later.new, later.changed) == (1, 1)
    office.run()
    assert office.ledger("D1") == [(1_500, "new"), (-1_500, "reversed")]
    assert office.field("D1", "lead_weight") == 1
    assert office.records("D1", "target", "status") == ["missed"]
    assert "Autohaus Nord: below its target after cancellations" in office.messages()

    assert office.ledger("D2") == [(500, "new")], "a sale of March that came in April makes March, 1 % for Silver"
    assert office.field("D2", "lead_weight") == 1, "the month is over: no more leads for it"
    assert office.take("dealer-target-later")["Retail sales"].same == 4
    assert office.run().quiet, "the same sheet again pays nobody twice"


def test_reached_again_in_the_same_month_is_one_bonus_in_the_end(office: Office) -> None:
    office.adopt("dealer-target")
    office.take("dealer-target")
    office.contact("D1", "D2")
    office.manage("D1", "D2")
    office.run()
    office.later(1)
    office.take("dealer-target-later")
    office.run()
    office.later(3)
    office.take("dealer-target")  # the sheet of the first day: an old sheet brings nothing back
    office.run()
    assert office.ledger("D1") == [(1_500, "new"), (-1_500, "reversed")]
    timeline.log(office.store, office.of("D1"), "retail_sale", on=date(2026, 3, 30), amount=Decimal(50_000), ref="S9", note=None,
                 actor=None, as_of=office.today)  # fmt: skip
    office.run()
    assert [amount for amount, _ in office.ledger("D1")] == [1_500, -1_500, 1_500]
    assert office.messages().count("Autohaus Nord: target reached") == 1
    office.run(40)
    assert office.field("D1", "lead_weight") == 1
    assert office.outcomes("target-reached") == [None, None], "the two calls are still to be made"
    for said in ("Call Autohaus Nord", "Call Garage Sud"):
        office.done(said, "Dana")
    office.run(41)
    assert office.outcomes("target-reached") == ["settled", "settled"]
