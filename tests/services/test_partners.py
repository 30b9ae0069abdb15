"""A partner manager keeps partners by hand: adds, finds, corrects, logs, takes back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from prm_tui.domain.errors import UsageError
from prm_tui.services import contacts, history, partners, people, records, timeline
from prm_tui.services.agreeing import someone
from storage import Store

DAY = date(2026, 3, 31)
HOSTILE = [
    "Acme [/] Ltd",
    "[@click=app.quit]x[/]",
    "=cmd|' /C calc'!A0",
    "شركة النور التجارية",
    "株式会社サンプル商事",
    "x" * 10_000,
]


def add(store: Store, **fields: str) -> int:
    return partners.add(store, fields, actor=None, as_of=DAY)


def names(store: Store, **asked: object) -> list[str]:
    listing = partners.find(store, as_of=DAY, **asked)  # type: ignore[arg-type]  # a story asks freely
    return [r.name for r in partners.rows(store, listing.ids, [], DAY)]


@pytest.fixture
def known(store: Store) -> Store:
    """A file that knows two kinds of activity and one of record."""
    with store.change("kinds", actor=None, kind="system") as change:
        change.conn.executemany(
            "INSERT INTO kinds(tbl, name, label, change_id) VALUES (?,?,?,?)",
            [
                ("activity", "order", "Order", change.id),
                ("activity", "call", "Call", change.id),
                ("record", "agreement", "Agreement", change.id),
            ],
        )
    return store


def test_a_partner_is_added_found_by_any_word_and_corrected(store: Store) -> None:
    acme = add(store, name="  Acme\u00a0 Bikes ", territory="Northwest", country="United States")
    add(store, name="Brakes & Gears, Ltd.", code="BG")
    assert names(store) == ["Acme Bikes", "Brakes & Gears, Ltd."]
    assert names(store, text="NORTH acme") == ["Acme Bikes"]
    assert names(store, text="100%") == []
    assert partners.resolve(store, "bg") == partners.resolve(store, "brakes and gears")
    partners.edit(store, acme, {"territory": "", "tier": "Gold"}, actor=None, as_of=DAY)
    assert names(store, text="north") == []
    assert names(store, text="gold") == ["Acme Bikes"]
    history.undo(store, actor=None, as_of=DAY)
    assert names(store, text="north") == ["Acme Bikes"]
    assert partners.edit(store, acme, {"tier": ""}, actor=None, as_of=DAY) is None


def test_mistakes_name_the_field_and_the_next_step(store: Store) -> None:
    acme = add(store, name="Acme", code="A1")
    with pytest.raises(UsageError, match="Did you mean “territory”"):
        partners.edit(store, acme, {"teritory": "West"}, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match=r"joined_on: “31\.3\.26” is not a date. Write it like 2026-03-31"):
        partners.edit(store, acme, {"joined_on": "31.3.26"}, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="prm deactivate"):
        partners.edit(store, acme, {"status": "deactivated"}, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="prm people add"):
        partners.edit(store, acme, {"manager": "Nobody"}, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="“A1” belongs to another partner"):
        add(store, name="Other", code="A1")
    with pytest.raises(UsageError, match="Did you mean “Acme”"):
        partners.resolve(store, "Acmee")
    with pytest.raises(UsageError, match="may be several"):
        add(store, name="Acme", code="A2")
        partners.resolve(store, "acme")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_kept_as_it_is_written(store: Store, name: str) -> None:
    partner = add(store, name=name)
    assert partners.get(store, partner, DAY).name == name
    assert partners.resolve(store, name) == partner


def test_the_timeline_tells_what_happened_up_to_a_date(known: Store) -> None:
    acme = add(known, name="Acme")
    for day, amount in ((date(2026, 1, 10), "100"), (date(2026, 2, 10), "50.125"), (date(2026, 3, 12), "7")):
        timeline.log(known, acme, "order", on=day, amount=Decimal(amount), actor=None, as_of=DAY)
    timeline.log(known, acme, "call", on=DAY, note="asked about terms", actor=None, as_of=DAY)
    ids = timeline.entries(known, acme, as_of=DAY)
    assert [r.label for r in timeline.rows(known, ids)] == ["Call", "Order", "Order", "Order"]
    assert timeline.rows(known, ids)[2].amount == Decimal("50.125")
    early = date(2026, 2, 28)
    assert len(timeline.entries(known, acme, kind="order", as_of=early)) == 2
    seen = partners.preview(known, acme, early)
    assert (seen.days_since, seen.rhythm.median_gap, seen.year) == (18, 31, 150)
    (row,) = partners.rows(known, [acme], ["last_order", "amount_12m", "orders_12m", "trend"], DAY)
    assert row.cells["last_order"] == 19
    assert row.cells["amount_12m"] == Decimal("157.125")
    assert row.cells["orders_12m"] == 3
    assert row.cells["trend"][-3:] == (100, 50, 7)
    with pytest.raises(UsageError, match="lies after"):
        timeline.log(known, acme, "call", on=date(2026, 4, 1), actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="Did you mean “order”"):
        timeline.log(known, acme, "ordr", on=DAY, actor=None, as_of=DAY)


def test_a_list_is_sorted_by_any_column_and_the_missing_stand_last(known: Store) -> None:
    for name, day in (("A", 1), ("B", 20), ("C", 0)):
        partner = add(known, name=name)
        if day:
            timeline.log(known, partner, "order", on=date(2026, 3, day), actor=None, as_of=DAY)
    assert names(known, sort="last_order") == ["B", "A", "C"]
    assert names(known, sort="last_order", descending=True) == ["A", "B", "C"]
    for column in partners.columns(known):
        assert sorted(names(known, sort=column.key)) == ["A", "B", "C"]
    with pytest.raises(UsageError, match="Did you mean “last_order”"):
        names(known, sort="last_ordr")


def test_people_contacts_and_records_stand_with_the_partner(known: Store) -> None:
    ann = people.add(known, "Ann Lee", roles=["partner manager"], actor=None, as_of=DAY)
    acme = partners.add(known, {"name": "Acme", "manager": "ann lee"}, actor=ann, as_of=DAY)
    assert partners.get(known, acme, DAY).fields["manager"] == "Ann Lee"
    assert people.find(known, "Lee").partners == 1
    bo = contacts.add(known, acme, {"name": "Bo", "email": "bo@acme.example"}, actor=ann, as_of=DAY)
    contacts.edit(known, bo, {"main": "yes", "phone": "0041 44"}, actor=ann, as_of=DAY)
    (contact,) = contacts.list_of(known, acme)
    assert (contact.main, contact.phone) == (True, "0041 44")
    with pytest.raises(UsageError, match="email"):
        contacts.edit(known, bo, {"email": "bo"}, actor=ann, as_of=DAY)
    fields = {"starts_on": "2026-01-01", "ends_on": "2026-12-31", "amount": "1,000"}
    signed = records.add(known, acme, "agreement", fields, actor=ann, as_of=DAY)
    records.edit(known, signed, {"ends_on": "2027-12-31"}, actor=ann, as_of=DAY)
    (record,) = records.list_of(known, acme)
    assert (record.name, record.ends_on, record.amount) == ("Agreement", date(2027, 12, 31), Decimal(1000))
    with pytest.raises(UsageError, match="lies before"):
        records.add(known, acme, "agreement", fields | {"ends_on": "2025-01-01"}, actor=ann, as_of=DAY)
    assert partners.get(known, acme, DAY).counts["contacts"] == 1


def test_an_activity_is_corrected_and_the_old_one_is_kept_but_not_counted(known: Store) -> None:
    acme = add(known, name="Acme")
    first = timeline.log(known, acme, "order", on=DAY, amount=Decimal("10"), ref="R1", actor=None, as_of=DAY)
    timeline.log(known, acme, "order", on=DAY, amount=Decimal("5"), ref="R2", actor=None, as_of=DAY)
    assert timeline.correct(known, first, {"amount": "10"}, actor=None, as_of=DAY) is None
    timeline.correct(known, first, {"amount": "12.50", "note": "as invoiced"}, actor=None, as_of=DAY)
    rows = timeline.rows(known, timeline.entries(known, acme, as_of=DAY))
    assert sorted((r.ref, r.amount, r.note) for r in rows) == [
        ("R1", Decimal("12.50"), "as invoiced"),
        ("R2", Decimal("5.00"), None),
    ]
    assert known.conn.execute("SELECT count(*) FROM activities").fetchone() == (3,)
    with pytest.raises(UsageError, match="has such an activity"):
        timeline.correct(known, rows[0].id, {"ref": "R2" if rows[0].ref == "R1" else "R1"}, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="is not in the file any more"):
        timeline.correct(known, first, {"amount": "1"}, actor=None, as_of=DAY)
    history.undo(known, actor=None, as_of=DAY)
    rows = timeline.rows(known, timeline.entries(known, acme, as_of=DAY))
    assert {(r.ref, r.amount) for r in rows} == {("R1", Decimal("10.00")), ("R2", Decimal("5.00"))}


def test_a_person_changes_roles_and_leaves(store: Store) -> None:
    people.add(store, "Ann Lee", roles=["finance"], actor=None, as_of=DAY)
    ann = people.find(store, "Ann Lee").id
    change = people.edit(store, "ann lee", email="ann@x.example", roles=["legal", "finance"], actor=None, as_of=DAY)
    assert people.find(store, "Ann Lee").roles == ("finance", "legal")
    assert people.edit(store, "Ann Lee", email="ann@x.example", actor=None, as_of=DAY) is None, "it is so already"
    with pytest.raises(UsageError, match=r"role: “legl” is not a role\. Did you mean “legal”\?"):
        people.edit(store, "Ann Lee", roles=["legl"], actor=None, as_of=DAY)
    people.edit(store, "Ann Lee", roles=["legal"], active=False, actor=None, as_of=DAY)
    person = people.find(store, "Ann Lee")
    assert (person.roles, person.active) == (("legal",), False)
    with pytest.raises(UsageError, match="does not work here any more"):
        someone(store, ann, "approve")
    assert change is not None
    history.undo(store, actor=None, as_of=DAY)
    assert people.find(store, "Ann Lee").active and someone(store, ann, "approve").roles == ("finance", "legal")
