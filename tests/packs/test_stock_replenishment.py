"""Food: stock falls under its threshold; one proposal at a time, in whole packs, and none on an old sheet."""

from __future__ import annotations

from prm_tui.services import cases
from tests.packs.office import Office


def drafts(office: Office, code: str = "F1") -> list[object]:
    return office.records(code, "replenishment", "name, quantity / 10000")


def test_low_stock_is_ordered_once_and_an_old_sheet_is_asked_for(office: Office) -> None:
    office.adopt("stock-replenishment")
    taken = office.take("stock-replenishment")
    assert taken["Stock"].plan.what == "record:stock"
    office.manage("F1", "F2")
    assert office.fired() == {"stock-low": 2, "stock-sheet-old": 1}
    assert drafts(office) == [("Replenish Oat milk", 156)], "205 - 60 = 145, rounded up to packs of 12"
    assert drafts(office, "F2") == [], "their sheet is nine days old"
    assert sorted(office.tasks()) == [
        "Ask Kühlhaus West for stock: the sheet is old", "Order Olive oil for Frischkost Süd: above the limit",
        "Send the order of Oat milk for Frischkost Süd",
    ]  # fmt: skip
    assert office.all("SELECT file FROM evidence") == ["purchase-order.xlsx"]

    office.later(1)
    office.take("stock-replenishment-later")
    assert not office.fired(), "less in stock, but a proposal is open"
    office.decide("Order Olive oil", None, "Max")
    office.run()
    assert drafts(office)[1:] == [("Replenish Olive oil", 204)]

    office.later(4)
    office.done("Send the order of Oat milk", "Dana")
    office.take("stock-replenishment-arrived")
    office.run()
    assert office.outcomes("replenish")[0] == "ordered"
    assert office.records("F1", "stock", "json_extract(data, '$.proposal')") == ["closed", "open", None]
    assert len(drafts(office)) == 2


def test_what_was_declined_is_not_asked_again_the_next_day(office: Office) -> None:
    office.adopt("stock-replenishment")
    office.take("stock-replenishment")
    office.manage("F1", "F2")
    office.run()
    task = office.task("Order Olive oil")
    cases.reject(office.store, task.id, reason="enough in the other store", actor=office.who("Max"), as_of=office.today)
    office.run(1)
    assert not office.fired(2) and len(drafts(office)) == 1
    office.run(16)
    assert "not ordered" in office.outcomes("replenish")
