"""What is left to do when a partner leaves: planned by rule, moved with the date, proven or waived by name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from prm_tui.domain.errors import UsageError
from prm_tui.domain.obligation import ALWAYS, ObligationRow
from prm_tui.services import (
    cases,
    closing,
    deactivation,
    files,
    history,
    obligations,
    packs,
    partners,
    people,
    planning,
    records,
)
from storage import Store

DAY = date(2026, 3, 31)
END = date(2026, 6, 29)  # 90 days of notice


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A file with partners A and B, managed by Max, and people of several roles."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    store = files.open_file(tmp_path / "office.db", create=True)
    roles = {"Dana": ["program manager"], "Max": ["manager"], "Lee": ["legal"], "Fay": ["finance"]}
    for name, of in roles.items():
        people.add(store, name, roles=of, actor=None, as_of=DAY)
    for code in ("A", "B"):
        fields = {"code": code, "name": f"Partner {code}", "manager": "Max"}
        partners.add(store, fields, actor=None, as_of=DAY)
    yield store
    store.close()


def who(store: Store, name: str) -> int:
    return people.find(store, name).id


def ask(store: Store, *codes: str, reason: str = "inactivity") -> list[int]:
    ids = [partners.resolve(store, code) for code in codes]
    return deactivation.submit(store, ids, reason, notice="table", actor=who(store, "Dana"), as_of=DAY)


def approve(store: Store, case: int) -> None:
    for task in cases.get(store, case).tasks:
        if task.kind == "approval" and task.state == "open":
            cases.approve(store, task.id, actor=who(store, "Lee"), as_of=DAY)


def serve(store: Store, case: int, on: date = DAY) -> None:
    deactivation.serve(store, case, on=on, method="courier", proof=None, actor=who(store, "Lee"), as_of=on)


def named(store: Store, case: int) -> dict[str, ObligationRow]:
    return {row.kind: row for row in obligations.of(store, case)}


def test_what_was_looked_at_and_not_found_obliges_to_nothing_what_nobody_looked_at_does(office: Store) -> None:
    (before,) = ask(office, "A")
    stock = named(office, before)["stock"]
    assert (stock.state, stock.due, stock.whose) == ("planned", END + timedelta(days=90), "finance")
    assert stock.why == "Stock at the partner: not checked (no sheet)"
    assert named(office, before)["brand"].why == ALWAYS
    assert named(office, before)["orders"].owner == "Max"
    assert "regulator" not in named(office, before)
    deactivation.stop(office, before, "a mistake", actor=who(office, "Dana"), as_of=DAY)
    assert {row.state for row in obligations.of(office, before)} == {"cancelled"}
    records.add(
        office, partners.resolve(office, "B"), "stock", {"name": "Boxes", "status": "held"}, actor=None, as_of=DAY
    )
    (a,) = ask(office, "A", reason="fraud")
    (b,) = ask(office, "B")
    assert "stock" not in named(office, a), "a sheet tells of stock, and of none at A"
    assert named(office, b)["stock"].why == "Stock at the partner: 1"
    assert named(office, a)["regulator"].why == "because of the reason, fraud"


def test_the_list_is_edited_before_approval_and_moves_with_the_date(office: Store) -> None:
    (case,) = ask(office, "A")
    act: dict[str, Any] = {"actor": who(office, "Dana"), "as_of": DAY}
    listing = named(office, case)["listing"]
    fixed = obligations.add(office, case, "Give the demo van back", owner="Fay", due=date(2026, 5, 1), **act)
    moving = obligations.add(office, case, "Last audit", owner="role:legal", days=-10, proof="report", **act)
    obligations.change_planned(office, listing.id, title="Take the page down", owner="Lee", **act)
    obligations.remove(office, named(office, case)["non-solicit"].id, **act)
    with pytest.raises(UsageError, match="planned: its case waits for approval"):
        obligations.prove(office, listing.id, note="done", **act)
    with pytest.raises(UsageError, match="Nobody Here: nobody of that name"):
        obligations.add(office, case, "Somebody else", owner="Nobody Here", days=1, **act)
    with pytest.raises(UsageError, match="one of the two"):
        obligations.add(office, case, "Undated", **act)
    assert [t for t in cases.inbox(office) if t.act == "prove"] == [], "nothing is asked of anybody before approval"
    approve(office, case)
    with pytest.raises(UsageError, match="part of what was approved"):
        obligations.remove(office, listing.id, **act)
    serve(office, case, DAY)
    assert obligations.one(office, moving).due == END - timedelta(days=10)
    moved_to = END + timedelta(days=20)
    with office.change("the dates move", actor=None, as_of=DAY) as change:
        obligations.moved(change, case, moved_to)
    assert obligations.one(office, moving).due == moved_to - timedelta(days=10)
    assert obligations.one(office, fixed).due == date(2026, 5, 1)
    row = obligations.one(office, listing.id)
    assert (row.title, row.owner, row.due) == ("Take the page down", "Lee", moved_to + timedelta(days=7))
    (task,) = [t for t in cases.inbox(office) if t.id == row.task_id]
    assert (task.title, task.owner, task.due) == (row.title, "Lee", row.due)
    assert "non-solicit" not in named(office, case)


def test_an_obligation_is_met_by_proof_or_waived_by_name_and_the_case_waits_for_the_last(
    office: Store, tmp_path: Path
) -> None:
    (case,) = ask(office, "A")
    approve(office, case)
    rows = named(office, case)
    dana = who(office, "Dana")
    with pytest.raises(UsageError, match=f"prm obligations prove {rows['brand'].id} --note"):
        cases.done(office, rows["brand"].task_id or 0, actor=dana, as_of=DAY)
    with pytest.raises(UsageError, match="name a file"):
        obligations.prove(office, rows["brand"].id, actor=dana, as_of=DAY)
    with pytest.raises(UsageError, match="Say who wants to waive"):
        obligations.waive(office, rows["brand"].id, "small", actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="say why it is waived"):
        obligations.waive(office, rows["brand"].id, " ", actor=dana, as_of=DAY)
    picture = tmp_path / "site.png"
    picture.write_bytes(b"\x89PNG the page without us")
    obligations.prove(office, rows["listing"].id, proof=picture, note="gone", actor=dana, as_of=DAY)
    met = obligations.one(office, rows["listing"].id)
    assert (met.state, met.by, met.on, met.said) == ("done", "Dana", DAY, "gone")
    assert met.hash == hashlib.sha256(picture.read_bytes()).hexdigest()
    assert cases.evidence(office, met.evidence_id or 0) == picture.read_bytes()
    with pytest.raises(UsageError, match="is done by Dana on 2026-03-31"):
        obligations.prove(office, met.id, note="again", actor=dana, as_of=DAY)
    serve(office, case)
    deactivation.complete(office, case, actor=dana, as_of=END)
    for task in cases.inbox(office):
        if task.act is None:
            cases.done(office, task.id, actor=dana, as_of=END)
    assert cases.get(office, case).row.stage == "after"
    with office.reading() as conn:
        left = obligations.open_of(conn, case)
    assert rows["brand"].id in [row.id for row in left]
    last = left.pop()
    for row in left:
        obligations.waive(office, row.id, "agreed with the partner", actor=dana, as_of=END)
    assert last.standing(END + timedelta(days=900)) == "overdue"
    assert cases.get(office, case).row.stage == "after"
    with pytest.raises(UsageError, match=rf"1 left to do\.\n  obligation {last.id} “{last.title}”"):
        closing.close(office, case, lesson="none", reason="inactivity", actor=dana, as_of=END)
    done = obligations.prove(office, last.id, note="it ran out", actor=dana, as_of=END)
    closed = closing.close(office, case, lesson="none", reason="inactivity", actor=dana, as_of=END)
    assert (cases.get(office, case).row.stage, cases.get(office, case).row.outcome) == ("closed", "deactivated")
    assert history.undo(office, closed, actor=dana, as_of=END).whole
    assert history.undo(office, done, actor=dana, as_of=END).whole
    assert obligations.one(office, last.id).state == "open"
    assert cases.get(office, case).row.stage == "after"


OWN = """
[obligation.brand]
title = "Return the sign over the door"
owner = "role:finance"
days = 3

[obligation.cold-chain]
title = "Trace every lot"
when = "territory = 'North'"

[obligation.site]
title = "Look at the site once more"
when = "days_since(inspection) > 30"
"""


def test_a_pack_of_ones_own_adds_rules_replaces_them_and_says_for_whom(office: Store) -> None:
    packs.add(office, OWN, "ours.toml", actor=who(office, "Dana"), as_of=DAY)
    for code, territory in (("A", "North"), ("B", "South")):
        partners.edit(office, partners.resolve(office, code), {"territory": territory}, actor=None, as_of=DAY)
    a, b = ask(office, "A", "B")
    brand = named(office, a)["brand"]
    assert (brand.title, brand.whose, brand.due) == (
        "Return the sign over the door",
        "finance",
        END + timedelta(days=3),
    )
    assert named(office, a)["cold-chain"].why == "territory = 'North'"
    assert named(office, a)["site"].why == "days_since(inspection) > 30: not known"
    assert "cold-chain" not in named(office, b)
    with pytest.raises(Exception, match="teritory"):
        packs.add(office, OWN.replace("territory", "teritory"), "ours.toml", actor=None, as_of=DAY)


def test_a_plan_shows_what_it_would_oblige_to_and_restricted_cases_are_left_out_of_the_list(office: Store) -> None:
    found = planning.plan(office, partners.resolve(office, "A"), "inactivity", as_of=DAY)
    shown = [one.rule.name for one in obligations.proposed(office, found, DAY)]
    (case,) = ask(office, "A")
    assert sorted(shown) == sorted(named(office, case))
    approve(office, case)
    assert len(obligations.unmet(office)) == len(shown)
    with office.change("need to know", actor=None, as_of=DAY) as change:
        change.conn.execute("UPDATE cases SET restricted = 1 WHERE id = ?", (case,))
    assert obligations.unmet(office) == []
    with pytest.raises(UsageError, match="is restricted to persons who are named in it"):
        obligations.of(office, case, who(office, "Max"))
