"""What workflows keep and withdraw: lists with their cases, questions the facts have settled, cases for some roles alone."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest

from prm_tui.domain.pack import PackError
from prm_tui.services import cases, history, records
from storage import Store
from tests.services.rules import DAY, of, one, order, rules, run, tier, trigger

KINDS = '[record.lot]\nlabel = "Lot"\nfields = { lot = "text", customer = "text" }\nopen = ["held"]\n'


def lot(office: Store, code: str, number: str, customer: str, quantity: str = "10") -> int:
    fields = {"name": f"Lot {number}", "status": "held", "lot": number, "customer": customer, "quantity": quantity}
    return records.add(office, of(office, code), "lot", fields, actor=None, as_of=DAY)


def kept(office: Store, like: str = "%") -> dict[str, list[list[Any]]]:
    """The lists of all cases: title → rows."""
    found = {}
    for title, body in office.conn.execute("SELECT title, body FROM evidence WHERE title LIKE ? ORDER BY id", (like,)):
        page = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
        found[title] = [list(row) for row in page.iter_rows(values_only=True)]
    return found


def test_rows_of_the_partner_and_rows_of_all_that_have_the_same(office: Store) -> None:
    steps = """id = "own"\ndo = "list"\ntitle = "Held by {{ partner.name }}"\nwhat = "record:lot"\nwhen = "open"
columns = { Lot = "lot", Customer = "customer", Kilograms = "quantity", Known = "customer is known" }
---id = "all"\ndo = "list"\ntitle = "Who holds {{ lot }}"\nwhat = "record:lot"\nwhen = "status = 'held'"\nsame = ["lot"]
columns = { Partner = "partner.name", Customer = "customer" }
"""
    rules(office, KINDS + trigger("go", "subject = 'record:lot'\nwhen = \"status = 'recalled'\"", "go", steps))
    run(office)
    lot(office, "A", "L1", "=HYPERLINK(1)", "12.5")
    lot(office, "B", "l1", "Corner Shop")
    lot(office, "B", "L2", "Deli")
    lot(office, "C", "L1", "")
    found = lot(office, "A", "L1", "Bistro")
    records.edit(office, found, {"status": "recalled"}, actor=None, as_of=DAY)
    run(office)
    own, everywhere = kept(office).items()
    assert own == ("Held by Partner A (1)", [
        ["Lot", "Customer", "Kilograms", "Known"], ["L1", "=HYPERLINK(1)", 12.5, "yes"],
    ])  # fmt: skip
    assert everywhere == ("Who holds L1 (3)", [
        ["Partner", "Customer"], ["Partner A", "=HYPERLINK(1)"], ["Partner B", "Corner Shop"], ["Partner C", None],
    ])  # fmt: skip


def test_what_is_empty_is_the_same_as_nothing(office: Store) -> None:
    steps = 'id = "l"\ndo = "list"\ntitle = "Same"\nwhat = "record:lot"\nsame = ["lot"]\ncolumns = { Lot = "name" }'
    rules(office, KINDS + trigger("go", "subject = 'record:lot'\nwhen = \"status = 'recalled'\"", "go", steps))
    run(office)
    for code in "AB":
        records.edit(office, lot(office, code, "", "x"), {"status": "recalled"}, actor=None, as_of=DAY)
    run(office)
    assert kept(office) == {"Same (0)": [["Lot"]]}, "of both"


def test_other_partners_by_the_largest(office: Store) -> None:
    steps = """id = "best"\ndo = "list"\ntitle = "Best in {{ partner.territory }}"\nwhat = "partner"\nwhen = "count(order, 365) > 0"
same = ["territory"]\nlargest = "sum(order.amount, 365)"
columns = { Code = "code", Sales = "sum(order.amount, 365)", Last = "last(order)" }
"""
    rules(office, trigger("go", "when = \"tier = 'Gold'\"", "go", steps))
    for code, amount in (("A", "900"), ("B", "100.5"), ("C", "300")):
        order(office, code, amount=amount)
    run(office)
    tier(office, "A", "Gold")
    done = run(office)
    ((title, rows),) = kept(office).items()
    assert title == "Best in West (2)"
    assert [[*row[:2], row[2].date() if row[2] != "Last" else row[2]] for row in rows] == [
        ["Code", "Sales", "Last"], ["C", 300, DAY], ["B", 100.5, DAY],
    ]  # fmt: skip
    history.undo(office, done.changes[0], actor=None, as_of=DAY)
    assert kept(office) == {}


def test_what_was_changed_of_a_partner_with_the_chain_of_its_hashes(office: Store) -> None:
    steps = 'id = "trail"\ndo = "list"\ntitle = "Audit trail"\nwhat = "change"'
    rules(office, trigger("go", "when = \"tier = 'Gold'\"", "go", steps))
    run(office)
    tier(office, "A", "Gold")
    tier(office, "B", "Silver")
    run(office)
    ((_, rows),) = kept(office).items()
    assert rows[0] == ["Change", "At (UTC)", "For", "By", "Kind", "Why", "Hash", "Hash before"]
    whys = [row[5] for row in rows[1:]]
    assert len(whys) == 3 and "Partner B" not in str(whys), "added, its contact, its tier"
    for number, *_, said, before in rows[1:]:
        kept_now = office.conn.execute("SELECT hash, prev_hash FROM changes WHERE id = ?", (number,)).fetchone()
        assert kept_now == (said, before) and said


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('what = "record:lit"\ncolumns = { A = "name" }', "there is no kind of record “lit”. Did you mean “lot”?"),
        ('what = "lot"\ncolumns = { A = "name" }', "“lot” is no subject"),
        ('what = "record:lot"', "give columns"),
        ('what = "change"\ncolumns = { A = "name" }', "has columns of its own"),
        ('what = "change"\nwhen = "tier = \'Gold\'"', "all is listed"),
        ('what = "record:lot"\ncolumns = { A = "lit" }', "there is no field “lit”. Did you mean “lot”?"),
        ('what = "record:lot"\nwhen = "lot"\ncolumns = { A = "lot" }', "this is text, not a condition"),
        ('what = "record:lot"\nlargest = "lot"\ncolumns = { A = "lot" }', "a number is wanted here"),
        ('what = "record:lot"\nsame = ["lot"]\ncolumns = { A = "lot" }', "“lot” is a kind, not a value"),
    ],
)
def test_what_cannot_be_listed_is_said(office: Store, keys: str, said: str) -> None:
    step = f'id = "l"\ndo = "list"\ntitle = "L"\n{keys}'
    with pytest.raises(PackError) as raised:
        rules(office, KINDS + trigger("go", "when = \"tier = 'Gold'\"", "go", step))
    assert said in str(raised.value)


def test_a_wait_that_ended_says_by_what(office: Store) -> None:
    steps = """id = "w"\ndo = "wait"\nuntil = "sum(order.amount, 30) >= 250 or tier = 'Silver'"\nthen = "back"
---id = "back"\ndo = "end"\noutcome = "came back"
"""
    rules(office, trigger("go", "when = \"tier = 'Gold'\"", "go", steps))
    run(office)
    tier(office, "A", "Gold")
    run(office)
    case = one(office, "SELECT id FROM cases")
    assert cases.get(office, case).ended == ()
    order(office, "A", amount="260", on=date(2026, 4, 2))
    run(office, 3)
    (ended,) = cases.get(office, case).ended
    assert (ended.step, ended.on) == ("w", date(2026, 4, 3))
    assert ended.said == "sum(order.amount, 30) >= 250: 260.00; tier = 'Silver': Gold"


def test_what_the_facts_have_settled_is_asked_of_nobody(office: Store) -> None:
    steps = """id = "ask"\ndo = "approve"\ntitle = "Let go?"\nby = "role:manager"\nwithin = "2 business days"
escalate = { at = 1.5, to = "role:manager" }\nchoices = { keep = "kept", drop = "gone" }
unless = { when = "count(order, 30) > 0", then = "settled" }
---id = "kept"\ndo = "end"\noutcome = "kept"
---id = "gone"\ndo = "end"\noutcome = "gone"
---id = "settled"\ndo = "end"\noutcome = "settled itself"
"""
    rules(office, trigger("go", "when = \"tier = 'Gold'\"", "go", steps))
    run(office)
    for code in "AB":
        tier(office, code, "Gold")
    run(office)
    run(office, 10)
    assert sorted({t.title for t in cases.inbox(office)}) == ["Let go?", "Overdue: Let go?"]
    order(office, "A", on=date(2026, 4, 11))
    run(office, 11)
    assert {t.code for t in cases.inbox(office)} == {"B"}, "the reminder is gone, too"
    outcome, state = one(office, "SELECT outcome, (SELECT count(*) FROM timers t WHERE t.case_id = c.id AND t.state = 'waiting')"
                                 " FROM cases c WHERE state = 'closed'")  # fmt: skip
    assert (outcome, state) == ("settled itself", 0)
    (ended,) = cases.get(office, one(office, "SELECT id FROM cases WHERE state = 'closed'")).ended
    assert ended.said == "count(order, 30) > 0: 1"
    with pytest.raises(PackError, match="“nowhere” is no step of this workflow"):
        rules(
            office,
            trigger("other", "when = \"tier = 'Gold'\"", "go", steps.replace('then = "settled"', 'then = "nowhere"')),
        )


def test_cases_may_be_for_some_roles_alone_those_that_follow_as_their_own_workflow_says(office: Store) -> None:
    steps = 'id = "a"\ndo = "start"\nworkflow = "open"\n---id = "b"\ndo = "task"\ntitle = "Look"'
    text = trigger("go", "when = \"tier = 'Gold'\"", "go", steps).replace(
        'title = "go"\n[[', 'title = "go"\nrestricted = ["role:finance", "role:manager"]\n[['
    )
    text += '[workflow.open]\ntitle = "Open"\n[[workflow.open.step]]\nid = "x"\ndo = "task"\ntitle = "Write"\n'
    rules(office, text)
    run(office)
    tier(office, "A", "Gold")
    run(office)
    kept = office.conn.execute("SELECT kind, restricted, data FROM cases ORDER BY id").fetchall()
    assert kept == [("go", 1, '{"restricted_roles": ["finance", "manager"], "restricted_to": []}'), ("open", 0, "{}")]
    with pytest.raises(PackError, match="nobody is legal"):
        rules(office, text.replace("role:manager", "role:legal"))
    with pytest.raises(PackError, match="names nobody; write one of: role:NAME"):
        rules(office, text.replace("role:manager", "manager"))
