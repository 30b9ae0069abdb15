"""What steps and conditions of a pack can say beyond the plain ones, each in a small story of its own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from prm_tui.domain.pack import PackError
from prm_tui.services import contacts, exchange, packs, partners, records, timeline
from tests.packs.office import DAY, Office


@pytest.fixture
def two(office: Office) -> Office:
    """The office with two partners, A and B, whom Dana looks after."""
    for code in "AB":
        fields = {"code": code, "name": f"Partner {code}", "manager": "Dana"}
        partners.add(office.store, fields, actor=None, as_of=DAY)
    office.contact("A", "B")
    return office


def flow(steps: str, trigger: str = "when = \"tier = 'Gold'\"", head: str = "") -> str:
    told = "".join(f"[[workflow.w.step]]\n{step.strip()}\n" for step in steps.split("---"))
    return f'{head}\n[trigger.t]\ntitle = "T"\nstart = "w"\n{trigger}\n[workflow.w]\ntitle = "W"\n{told}'


def gold(office: Office, *codes: str) -> None:
    for code in codes:
        partners.edit(office.store, office.of(code), {"tier": "Gold"}, actor=None, as_of=office.today)
    office.run()


def add(office: Office, code: str, kind: str, **fields: str) -> int:
    return records.add(office.store, office.of(code), kind, fields, actor=None, as_of=office.today)


def faults(office: Office, text: str) -> str:
    with pytest.raises(PackError) as caught:
        packs.add(office.store, text, "rules.toml", actor=None, as_of=DAY)
    return str(caught.value)


# ---- conditions ----


def test_a_condition_can_compare_other_rows_with_its_own(two: Office) -> None:
    newer = "status = 'active' and has(licence where name = subject.name and ends_on > subject.ends_on)"
    two.rules(flow('id = "old"\ndo = "set"\nfield = "status"\nvalue = "replaced"',
                   f'subject = "record:licence"\non = "becomes true"\nwhen = "{newer}"'))  # fmt: skip
    for code, name, ends in (
        ("A", "Mail", "2026-05-01"),
        ("A", "Mail", "2027-05-01"),
        ("A", "Disk", "2026-06-01"),
        ("B", "Disk", "2027-06-01"),
    ):
        add(two, code, "licence", name=name, ends_on=ends, status="active", ref=f"{name} {ends}")
    two.run()
    assert two.records("A", "licence", "status") == ["replaced", "active", "active"]


def test_a_slip_in_a_field_of_the_subject_is_told(two: Office) -> None:
    steps, keys = (
        'id = "x"\ndo = "tag"\nadd = ["x"]',
        'subject = "record:licence"\non = "record"\nwhen = "has(licence where name = subject.nam)"',
    )
    assert "there is no field “subject.nam”. Did you mean “subject.name”?" in faults(two, flow(steps, keys))


def test_money_of_a_field_of_ones_own_is_the_same_wherever_it_comes_from(two: Office, tmp_path: Path) -> None:
    head = """
[field.partner.credit]
type = "money"
[field.partner.more]
type = "money"
[record.loan]
label = "Loan"
fields = { rest = "money" }
"""
    steps = """id = "x"\ndo = "set"\nfield = "more"\nexpression = "credit + 1"
---id = "y"\ndo = "record"\nkind = "loan"\nfields = { name = "Loan" }\ncomputed = { rest = "more * 2" }"""
    two.rules(flow(steps, 'when = "credit >= 1000"', head)
              + '[trigger.u]\ntitle = "U"\nsubject = "record:loan"\non = "record"\nwhen = "rest = 2002"\nstart = "v"\n'
              '[workflow.v]\ntitle = "V"\n[[workflow.v.step]]\nid = "z"\ndo = "tag"\nadd = ["big"]\n')  # fmt: skip
    for code, credit in (("A", "1000"), ("B", "999")):
        partners.edit(two.store, two.of(code), {"credit": credit}, actor=None, as_of=DAY)
    sheet = tmp_path / "partners.csv"
    sheet.write_text("Partner Code,Partner Name,Credit\nC,Third,1000\nD,Fourth,999.5\n", encoding="utf-8")
    with exchange.read(two.store, [sheet]) as reading:
        exchange.commit(two.store, reading, actor=None, as_of=DAY)
    two.run()
    assert [two.tags(code) for code in "ABCD"] == [["big"], [], ["big"], []]


def test_a_change_of_a_kinds_own_field_is_a_change(two: Office) -> None:
    keys = 'subject = "record:badge"\non = "record"\nevent = "changed"\nchanged = "points"'
    two.rules(
        flow(
            'id = "x"\ndo = "task"\ntitle = "{{ points }} points"',
            keys,
            '[record.badge]\nlabel = "Badge"\nfields = { points = "number", color = "text" }',
        )
    )
    badge = add(two, "A", "badge", name="Star")
    two.run()
    for n, data in enumerate(('{"points": 5}', '{"points": 5, "color": "red"}', '{"points": 7, "color": "red"}')):
        with two.store.change("edited", actor=None, as_of=two.today) as change:
            change.conn.execute("UPDATE records SET data = ? WHERE id = ?", (data, badge))
        two.run(n)
    assert two.tasks() == ["5 points", "7 points"]


# ---- steps ----


def test_the_same_record_at_another_partner_is_seen(two: Office) -> None:
    steps = """id = "who"\ndo = "branch"\ncases = [{ elsewhere = ["ref"], when = "amount > 5", then = "twice" }]\nelse = "end"
---id = "twice"\ndo = "tag"\nadd = ["twice"]"""
    two.rules(flow(steps, 'subject = "record:document"\non = "record"'))
    add(two, "A", "document", name="One", ref="X-1", amount="10")
    add(two, "A", "document", name="One again", ref="X-1", amount="10")
    add(two, "A", "document", name="None", amount="10")
    add(two, "B", "document", name="None", amount="10")
    two.run()
    assert (two.tags("A"), two.tags("B")) == ([], []), "one's own, and what has no number, is nobody else's"
    add(two, "B", "document", name="Cheap", ref="X-1", amount="1")
    two.run()
    assert two.tags("B") == [], "the condition holds, too, or not"
    add(two, "B", "document", name="Other", ref="x-1", amount="10")
    two.run()
    assert (two.tags("A"), two.tags("B")) == ([], ["twice"])


def test_what_cannot_stand_elsewhere_is_told(two: Office) -> None:
    steps = 'id = "who"\ndo = "branch"\ncases = [{ elsewhere = ["%s"], then = "end" }]\nelse = "end"'
    assert "only a record can stand at another partner" in faults(two, flow(steps % "ref"))
    told = faults(two, flow(steps % "reff", 'subject = "record:document"\non = "record"'))
    assert "there is no field “reff”. Did you mean “ref”?" in told
    empty = 'id = "who"\ndo = "branch"\ncases = [{ then = "end" }]'
    assert "a case of a branch needs “when” or “elsewhere”" in faults(two, flow(empty))


ORDER = """
[record.order_draft]
label = "Order draft"
fields = { packs = "number", note_to = "text" }
[field.partner.wanted]
type = "number"
"""


@pytest.mark.parametrize(
    ("wanted", "rest", "quantity"),
    [
        (145, "", 145),
        (145, 'round_up = { quantity = "12" }', 156),
        (144, 'round_up = { quantity = "12" }', 144),
        (5, 'at_least = { quantity = "48" }', 48),
        (5, 'at_least = { quantity = "50" }\nround_up = { quantity = "12" }', 60),
        (5, 'round_up = { quantity = "0" }', 5),
        (2.5, 'round_up = { quantity = "0.5" }', 2.5),
    ],
)
def test_what_is_computed_is_rounded_to_packs(two: Office, wanted: float, rest: str, quantity: float) -> None:
    two.rules(
        flow(
            f'id = "x"\ndo = "record"\nkind = "order_draft"\nfields = {{ name = "Draft" }}\ncomputed = {{ quantity = "wanted" }}\n{rest}',
            head=ORDER,
        )
    )
    partners.edit(two.store, two.of("A"), {"wanted": str(wanted)}, actor=None, as_of=DAY)
    gold(two, "A")
    assert two.records("A", "order_draft", "quantity / 10000.0") == [quantity]


def test_numbers_of_a_new_record_are_numbers(two: Office) -> None:
    step = 'id = "x"\ndo = "record"\nkind = "order_draft"\nfields = { name = "Draft", packs = 3, quantity = "{{ wanted }}" }'
    two.rules(
        flow(step, head=ORDER)
        + """
[trigger.u]
title = "U"
subject = "record:order_draft"
on = "record"
when = "packs = 3 and quantity = 1500"
start = "v"
[workflow.v]
title = "V"
[[workflow.v.step]]
id = "y"
do = "tag"
add = ["three"]
"""
    )

    partners.edit(two.store, two.of("A"), {"wanted": "1500"}, actor=None, as_of=DAY)
    gold(two, "A")
    assert two.tags("A") == ["three"]


def test_only_what_is_computed_can_be_rounded(two: Office) -> None:
    step = 'id = "x"\ndo = "record"\nkind = "order_draft"\nfields = { name = "Draft" }\nround_up = { quantity = "12" }'
    assert "“quantity” is not computed" in faults(two, flow(step, head=ORDER))


def test_a_date_by_the_calendar(two: Office) -> None:
    keys = 'subject = "record:deal"\non = "record"'
    step = 'id = "x"\ndo = "set"\nfield = "{}"\nwithin = "{}"'
    two.rules(flow(step.format("ends_on", "10 business days"), keys))
    add(two, "A", "deal", name="Mill")
    two.run()
    assert two.records("A", "deal", "ends_on") == ["2026-04-14"]
    assert "the field takes text; “within” gives a date" in faults(two, flow(step.format("note", "3 days"), keys))
    assert "“4 hours” gives no date" in faults(two, flow(step.format("ends_on", "4 hours"), keys))


def test_a_manager_by_load_must_be_of_a_role_that_somebody_has(two: Office) -> None:
    step = 'id = "x"\ndo = "set"\nfield = "manager"\nvalue = "load:{}"'
    assert "“accounts” is no role" in faults(two, flow(step.format("accounts")))
    two.rules(flow(step.format("manager")))
    gold(two, "A")
    assert two.field("A", "manager") == "Max"


def test_what_is_taken_back_is_of_the_same_subject_alone(two: Office) -> None:
    head = """
[trigger.back]
title = "Back"
subject = "record:deal"
on = "becomes true"
when = "status = 'Lost'"
start = "back"
[workflow.back]
title = "Back"
[[workflow.back.step]]
id = "y"
do = "accrue"
kind = "bonus"
reverse = true
note = "{{ name }} was lost"
"""
    pay = 'id = "x"\ndo = "accrue"\nkind = "bonus"\nrate = 0.1\nbasis = "amount"\ncurrency = "EUR"\nperiod = "month"\nnote = "{{ name }}"'
    two.rules(flow(pay, 'subject = "record:deal"\non = "becomes true"\nwhen = "status = \'Won\'"', head))
    mill = add(two, "A", "deal", name="Mill", status="Won", amount="1000", ref="1")
    add(two, "A", "deal", name="Bakery", status="Won", amount="500", ref="2")
    two.run()
    two.later(40)
    records.edit(two.store, mill, {"status": "Lost"}, actor=None, as_of=two.today)
    two.run()
    assert two.all("SELECT amount / 10000, period, note, state FROM ledger ORDER BY id") == [
        (100, "2026-03", "Mill", "new"), (50, "2026-03", "Bakery", "new"), (-100, "2026-03", "Mill was lost", "reversed"),
    ]  # fmt: skip
    two.run(41)
    assert len(two.ledger("A")) == 3


def test_a_message_can_say_what_its_case_and_its_reader_are(two: Office) -> None:
    template = """
[template.m]
subject = "{{ case.kind }}, {{ case.owner }}, {{ case.step }}"
body = "{{ contact.role }} {{ contact.phone }} {{ case.reason }} {{ case.opened_on }}"
"""
    two.rules(flow('id = "x"\ndo = "notify"\nto = "contact:owner"\ntemplate = "m"',
                   'on = "crosses"\ntotal = "count(order, year)"\nsteps = [1, 3]\neach = "year"', template))  # fmt: skip
    fields = {"name": "Jo", "email": "jo@a.example", "role": "owner", "phone": "0123"}
    contacts.add(two.store, two.of("A"), fields, actor=None, as_of=DAY)
    timeline.log(two.store, two.of("A"), "order", on=DAY, amount=Decimal(1), ref="1", note=None, actor=None, as_of=DAY)
    two.run()
    assert two.all("SELECT subject, body FROM messages") == [("w, Dana, 1", "owner 0123 T 31 March 2026")]


def test_a_circle_needs_somebody_or_something_to_answer_in_between(two: Office) -> None:
    keys = 'subject = "record:deal"\non = "becomes true"\nwhen = "status = \'waiting\'"'
    steps = 'id = "a"\ndo = "set"\nfield = "status"\nvalue = "open"\n{}---id = "b"\ndo = "set"\nfield = "status"\nvalue = "waiting"'
    assert "it would set itself off" in faults(two, flow(steps.format(""), keys))
    assert "it would set itself off" in faults(
        two, flow(steps.format('---id = "w"\ndo = "wait"\nfor = "7 days"\n'), keys)
    )
    two.rules(flow(steps.format('---id = "w"\ndo = "wait"\nuntil = "amount > 5"\n'), keys))
    note = 'id = "a"\ndo = "set"\nfield = "note"\nvalue = "seen"'
    two.rules(flow(note, keys))  # a field that the condition does not read sets nothing off


def test_a_sheet_is_known_by_the_label_of_a_kind_and_its_columns_by_their_fields(two: Office, tmp_path: Path) -> None:
    packs.add(two.store, '[activity.site_visit]\nlabel = "Site visit"\nfields = { total = "number" }\n'
              '[record.crew]\nlabel = "Crew"\nfields = { units = "number" }', "k.toml", actor=None, as_of=DAY)  # fmt: skip
    sheets = {
        "Site visits 2026.csv": "Partner Code,Site Visit No,Visit Date,Total,Amount\nA,V1,2026-03-02,4,10\n",
        "crew.csv": "Partner Code,Crew,Units\nA,North,3\n",
        "customers.csv": "Customer ID,Customer Name\n7,Acme\n",
    }
    for name, text in sheets.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with exchange.read(two.store, [tmp_path / name for name in sheets]) as reading:
        told = {plan.what: {c.header: c.target for c in plan.columns} for plan in reading.plans}
    assert told == {
        "activity:site_visit": {
            "Partner Code": "partner", "Site Visit No": "ref", "Visit Date": "occurred_on", "Total": "data", "Amount": "amount",
        },
        "record:crew": {"Partner Code": "partner", "Crew": "name", "Units": "data"},
        "partners": {"Customer ID": "code", "Customer Name": "name"},
    }  # fmt: skip
