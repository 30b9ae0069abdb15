"""The money at the end of a partnership: earned − paid − clawback − unspent funds + tail, down to the rows it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.settlement import Statement
from prm_tui.services import cases, deactivation, files, history, partners, people, records, settlement, timeline
from storage import Store
from storage import cases as stored
from storage.settlement import effect

DAY = date(2026, 3, 31)
END = date(2026, 5, 30)  # 60 days by the agreement
AGREEMENT = {"name": "Reseller agreement", "status": "active", "starts_on": "2024-01-01", "notice_days": "60",
             "tail_days": "45"}  # fmt: skip


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Partner A has an agreement with 60 days of notice and a tail of 45, and lines of every state in its ledger."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    store = files.open_file(tmp_path / "office.db", create=True)
    for name, roles in (("Dana", ["program manager"]), ("Lee", ["legal"]), ("Fay", ["finance"])):
        people.add(store, name, roles=roles, actor=None, as_of=DAY)
    partner = partners.add(store, {"code": "A", "name": "Partner A"}, actor=None, as_of=DAY)
    records.add(store, partner, "agreement", AGREEMENT, actor=None, as_of=DAY)
    yield store
    store.close()


def who(store: Store, name: str) -> int:
    return people.find(store, name).id


def line(store: Store, amount: str, state: str = "approved", on: str = "2026-03-01", **values: Any) -> int:
    """A line of A's ledger, in EUR unless another currency is said."""
    units: dict[str, int] = {k: int(Decimal(values.pop(k)) * 10_000) for k in ("basis", "rate") if k in values}
    row: dict[str, Any] = {"partner_id": partners.resolve(store, "A"), "kind": "commission", "currency": "EUR", "on_date": on,
           "state": state, "amount": int(Decimal(amount) * 10_000), **units, **values}  # fmt: skip
    with store.change("a line", actor=None, as_of=DAY) as change:
        return stored.insert(change, "ledger", row)


def leave(store: Store, *, serve: bool = True) -> int:
    """A's deactivation, approved and served today."""
    a = partners.resolve(store, "A")
    (case,) = deactivation.submit(store, [a], "inactivity", notice="table", actor=who(store, "Dana"), as_of=DAY)
    for task in cases.get(store, case).tasks:
        if task.kind == "approval":
            cases.approve(store, task.id, actor=who(store, "Lee"), as_of=DAY)
    if serve:
        deactivation.serve(store, case, on=DAY, method="courier", proof=None, actor=who(store, "Lee"), as_of=DAY)
    return case


def sums(found: Statement, currency: str = "EUR") -> dict[str, str]:
    one = next(s for s in found.sums if s.currency == currency)
    items = ("earned", "paid", "clawback", "unspent", "tail", "balance", "pending", "with_pending")
    return {item: str(getattr(one, item)) for item in items}


def test_locked_stays_due_pending_stands_apart_and_the_tail_ends(office: Store) -> None:
    line(office, "1000")
    paid = line(office, "400", "paid")
    line(office, "250", "new")
    line(office, "30", "hold")
    line(office, "77", "declined")
    line(office, "-150", "reversed", reverses=paid)
    line(office, "-20", "approved")
    gone = line(office, "60", "new")
    line(office, "-60", "reversed", reverses=gone)
    line(office, "80", on="2026-05-31")
    line(office, "90", on="2026-07-14")
    line(office, "5000", on="2026-07-15")
    line(office, "12", currency="USD")
    funds = {"given": ("Spring campaign", "300", "120"), "paid": ("Fair", "500", None), "closed": ("Old", "900", "1")}
    for status, (name, given, spent) in funds.items():
        fields = {
            "name": name,
            "status": status,
            "amount": given,
            "currency": "EUR",
            **({"spent": spent} if spent else {}),
        }
        records.add(office, partners.resolve(office, "A"), "fund", fields, actor=None, as_of=DAY)
    found = settlement.of(office, leave(office), DAY)
    assert (found.effective_on, found.tail_ends) == (END, date(2026, 7, 14))
    assert found.effect == "2026-05-30 23:59:59 UTC"
    assert sums(found) == {
        "earned": "1400.00", "paid": "400.00", "clawback": "170.00", "unspent": "180.00", "tail": "170.00",
        "balance": "820.00", "pending": "280.00", "with_pending": "1100.00",
    }  # fmt: skip
    assert sums(found, "USD")["balance"] == "12.00", "currencies are never added"
    assert [(m.begins, m.ends, str(m.amount)) for m in found.months if m.currency == "EUR"] == [
        (date(2026, 5, 31), date(2026, 5, 31), "80.00"),
        (date(2026, 6, 1), date(2026, 6, 30), "0"),
        (date(2026, 7, 1), date(2026, 7, 14), "90.00"),
    ]
    said = " ".join(found.remarks)
    assert "nothing is set off: Fair" in said and "outside of any tail: 1. They are not due" in said


def test_the_last_second_of_the_day_is_of_the_zone_of_the_file(office: Store) -> None:
    with office.change("the zone", actor=None, as_of=DAY) as change:
        change.conn.execute(
            "INSERT INTO settings(key, value, change_id) VALUES ('zone', 'America/New_York', ?)", (change.id,)
        )
    a = partners.resolve(office, "A")
    last = int(effect(END, "America/New_York").timestamp())
    for n, at in enumerate((last, last + 1)):
        sale = timeline.log(office, a, "deal_won", on=DAY, amount=Decimal(100), ref=str(n), actor=None, as_of=DAY)
        with office.change("the hour", actor=None, as_of=DAY) as change:
            change.conn.execute(
                "UPDATE activities SET occurred_at = ?, occurred_on = '2026-05-31' WHERE id = ?", (at, sale)
            )
        line(office, "10", on="2026-06-30", activity_id=sale)
    found = settlement.of(office, leave(office), DAY)
    assert [(x.on, x.part) for x in found.lines] == [(END, "earned"), (date(2026, 5, 31), "tail")]


def test_pending_is_reversed_by_name_in_lines_of_its_own_and_can_be_undone(office: Store) -> None:
    kept, first, second = line(office, "1000"), line(office, "250", "new"), line(office, "30", "hold")
    case = leave(office, serve=False)
    with pytest.raises(UsageError, match="Say who wants to reverse"):
        settlement.reverse_pending(office, case, actor=None, as_of=DAY)
    found = settlement.reverse_pending(office, case, actor=who(office, "Fay"), as_of=DAY)
    assert (sums(found)["pending"], sums(found)["balance"], found.pending) == ("0.00", "1000.00", ())
    assert [(x.reverses, str(x.amount), x.state) for x in found.lines[3:]] == [
        (first, "-250.00", "reversed"), (second, "-30.00", "reversed"),
    ]  # fmt: skip
    assert [x.state for x in found.lines[:3]] == ["approved", "new", "hold"], "what was written stays"
    assert found.lines[0].id == kept and "reversed by Fay" in str(found.lines[3].note)
    with pytest.raises(UsageError, match="Nothing of Partner A is pending"):
        settlement.reverse_pending(office, case, actor=who(office, "Fay"), as_of=DAY)
    assert history.undo(office, actor=None, as_of=DAY).whole
    assert sums(settlement.of(office, case, DAY))["pending"] == "280.00"


def test_new_facts_change_what_was_approved_and_the_difference_is_told(office: Store) -> None:
    line(office, "1000")
    case = leave(office, serve=False)
    with pytest.raises(UsageError, match="planned until service"):
        settlement.approve(office, case, actor=who(office, "Fay"), as_of=DAY)
    deactivation.serve(office, case, on=DAY, method="courier", proof=None, actor=who(office, "Lee"), as_of=DAY)
    with pytest.raises(UsageError, match="Dana asked for this deactivation"):
        settlement.approve(office, case, actor=who(office, "Dana"), as_of=DAY)
    found = settlement.approve(office, case, actor=who(office, "Fay"), as_of=DAY)
    assert found.approved and (found.approved.by, found.differences) == ("Fay", ())
    with pytest.raises(UsageError, match="nothing has changed since"):
        settlement.approve(office, case, actor=who(office, "Fay"), as_of=DAY)
    late = line(office, "500", on="2026-05-02")
    found = settlement.of(office, case, DAY)
    assert {(d.item, str(d.now - d.before)) for d in found.differences} == {
        ("earned", "500.00"), ("balance", "500.00"), ("with_pending", "500.00"),
    }  # fmt: skip
    assert [x.id for x in found.new_lines] == [late] and "needs approval again" in found.remarks[-1]
    assert "EUR Earned: 1,000.00 then, 1,500.00 now (500.00)" in settlement.text(found)
    settlement.approve(office, case, actor=who(office, "Fay"), as_of=DAY)
    assert settlement.of(office, case, DAY).differences == ()


def test_what_is_not_known_is_said_and_a_case_that_was_given_up_is_not_settled(office: Store) -> None:
    with office.change("no agreement", actor=None, as_of=DAY) as change:
        change.conn.execute("DELETE FROM records WHERE kind = 'agreement'")
    case = leave(office, serve=False)
    found = settlement.of(office, case, DAY)
    assert (found.sums, found.tail_ends) == ((), None)
    assert "whether there is a tail is not known" in " ".join(found.remarks)
    assert "Funds were not checked" in " ".join(found.remarks)
    deactivation.stop(office, case, "talks go on", actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(UsageError, match=r"closed \(stopped\)"):
        settlement.reverse_pending(office, case, actor=who(office, "Fay"), as_of=DAY)
    with pytest.raises(InputError, match=r"Name it \.xlsx"):
        settlement.write(found, Path("statement.csv"))


def test_the_workbook_computes_its_sums_from_the_rows_of_the_source(office: Store, tmp_path: Path) -> None:
    a = partners.resolve(office, "A")
    sale = timeline.log(office, a, "deal_won", on=DAY, amount=Decimal(2000), ref="=1+1", actor=None, as_of=DAY)
    line(office, "200", activity_id=sale, basis="2000", rate="0.1")
    line(office, "50", "paid", basis="100", rate="0.4")  # corrected by hand: not rate times basis
    pending = line(office, "33.33", "new")
    line(office, "-33.33", "reversed", reverses=pending)
    line(office, "70", on="2026-06-10", currency="eur")  # another currency, for whoever reads it exactly
    records.add(office, a, "fund", {"name": "Fair", "status": "given", "amount": "90", "currency": "EUR", "spent": "40"},
                actor=None, as_of=DAY)  # fmt: skip
    found = settlement.of(office, leave(office), DAY)
    out = tmp_path / "settlement.xlsx"
    settlement.write(found, out)
    live, seen = openpyxl.load_workbook(out), openpyxl.load_workbook(out, data_only=True)
    rows = list(seen["Ledger lines"].iter_rows(min_row=2, values_only=True))
    heads = [cell.value for cell in seen["Ledger lines"][1]]
    lines = [dict(zip(heads, row, strict=True)) for row in rows]
    by_hand = sum(x["Amount"] for x in lines if x["Counts as"] == "earned" and x["Currency"] == "EUR")
    assert by_hand == 250 and seen["Settlement"]["B2"].value == 250
    assert live["Settlement"]["B2"].value == (
        "=SUMPRODUCT(--EXACT('Ledger lines'!$I$2:$I$6,B$1),--EXACT('Ledger lines'!$L$2:$L$6,\"earned\"),'Ledger lines'!$H$2:$H$6)"
    )
    first = live["Ledger lines"]
    assert (first["H2"].value, first["F2"].value, first["O2"].value) == ("=ROUND(F2*G2,4)", "=O2", 2000)
    assert first["H3"].value == 50, "an amount that is not rate times basis stays what it is"
    assert first["N2"].value == "=1+1" and first["N2"].data_type == "s", "text is never a formula"
    book = seen["Settlement"]
    items = {row[0]: row[1:3] for row in book.iter_rows(min_row=2, max_row=9, values_only=True)}
    earned, paid, back, unspent, tail, balance = (items[k][0] for k in ("Earned", "Paid", "Clawed back", "Unspent funds",
                                                                          "Tail so far", "Balance"))  # fmt: skip
    assert (paid, back, unspent, tail) == (50, 0, 50, 0)
    assert balance == earned - paid - back - unspent + tail == 150
    assert [cell.value for cell in book[1]][1:3] == ["EUR", "eur"] and items["Tail so far"][1] == 70
    assert live["Settlement"]["B7"].value == "=B2-B3-B4-B5+B6"
    assert live["Funds"]["D2"].value == '=IF(C2="",0,B2-C2)' and seen["Funds"]["D2"].value == 50
