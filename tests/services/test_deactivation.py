"""What surrounds a deactivation: who may approve and see it, what stops, what still arrives, how it ends, coming back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.domain.deactivation import ImpactLine, Since
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.exchange import Choices
from prm_tui.services import (
    automation,
    cases,
    closing,
    contacts,
    deactivation,
    exchange,
    export,
    file_settings,
    history,
    outbox,
    packs,
    partners,
    people,
    planning,
    records,
    snapshot,
    suspension,
    timeline,
    triggers,
)
from prm_tui.services.reading import read
from storage import Store, impact
from tests.services.leaving import (
    DAY,
    an_office,
    approvals,
    approve,
    ask,
    gone,
    in_notice,
    later,
    of,
    serve,
    status,
    who,
)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with an_office(tmp_path, monkeypatch) as store:
        yield store


# ---- approvals ----


def test_for_cause_legal_approves_by_a_signed_answer(office: Store, tmp_path: Path) -> None:
    plan = planning.plan(office, of(office, "A"), "fraud", notice="table", as_of=DAY)
    assert (plan.by, plan.dates.effective_on) == ("legal, by a signed answer", date(2026, 4, 30))
    (case,) = ask(office, "A", reason="fraud", notice="table")
    with pytest.raises(UsageError, match="This approval is for legal"):
        approve(office, case)
    with pytest.raises(UsageError, match="counts with a signed answer only: --evidence FILE"):
        approve(office, case, by="Lee")
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(b"yes, Lee")
    approve(office, case, by="Lee", proof=signed)
    found = cases.get(office, case)
    assert (found.row.stage, found.unsigned) == ("notice", "")
    assert [t.signed for t in found.tasks if t.kind == "approval"] == [True]


def test_lowering_what_is_needed_for_cause_is_a_logged_act_that_every_case_prints(office: Store) -> None:
    with pytest.raises(UsageError, match="Say who wants to change whether a signed answer is needed"):
        file_settings.put(office, {"evidence_for_cause": "0"}, actor=None, as_of=DAY)
    lowered = file_settings.put(office, {"evidence_for_cause": "0"}, actor=who(office, "Dana"), as_of=DAY)
    (case,) = ask(office, "A", reason="breach", notice="table")
    said = "for cause, no signed answer is needed in this file: said by Dana on 2026-03-31"
    assert cases.get(office, case).unsigned == said
    approve(office, case, by="Lee")
    history.undo(office, lowered, actor=None, as_of=DAY)
    assert cases.get(office, case).unsigned == "for cause, approved without a signed answer", "it says so for ever"
    (other,) = ask(office, "B", notice="table")
    assert cases.get(office, other).unsigned == "", "not for cause"


def test_who_approved_the_notice_approves_its_withdrawal_and_its_letter(office: Store) -> None:
    people.add(office, "Ann", roles=["manager"], actor=None, as_of=DAY)
    case = in_notice(office, "A")
    deactivation.withdraw(office, case, "they came back", actor=who(office, "Lee"), as_of=DAY)
    with pytest.raises(UsageError, match="This approval is for Max, not for Ann"):
        approve(office, case, by="Ann")
    (letter,) = outbox.list_of(office)
    assert (letter.state, letter.channel, letter.to_name) == ("draft", "letter", "Kim A")
    (refused,) = outbox.approve(office, None, actor=who(office, "Ann"), as_of=DAY).refused
    assert refused.why == "its withdrawal is not approved yet: prm inbox", "it goes out with that, not by itself"
    approve(office, case)
    (letter,) = outbox.list_of(office)
    assert letter.state == "approved" and letter.subject == "We withdraw our notice"
    assert "on 31 March 2026 we gave you notice" in outbox.get(office, letter.id).body
    assert (status(office, "A"), cases.get(office, case).row.outcome) == ("Active", "withdrawn")


def test_a_withdrawal_that_is_rejected_takes_its_letter_with_it(office: Store) -> None:
    contacts.edit(office, contacts.list_of(office, of(office, "A"))[0].id, {"opt_out": "yes"}, actor=None, as_of=DAY)
    case = in_notice(office, "A")
    deactivation.withdraw(office, case, "they came back", actor=who(office, "Lee"), as_of=DAY)
    (letter,) = outbox.list_of(office)
    assert letter.state == "returned" and "not filled in: contact.name" in " ".join(letter.lacks)
    (task,) = approvals(office, case)
    cases.reject(office, task, "they did not", actor=who(office, "Max"), as_of=DAY)
    assert [m.state for m in outbox.list_of(office, states=["cancelled"])] == ["cancelled"]
    assert cases.get(office, case).row.stage == "in notice"


# ---- restricted cases ----


def test_a_restricted_case_is_left_out_for_others_and_says_what_that_is_worth(office: Store, tmp_path: Path) -> None:
    (case,) = ask(office, "A", reason="mutual", restricted=["Max", "role:legal"])
    named: list[int | None] = [who(office, n) for n in ("Dana", "Max", "Lee")]
    others: list[int | None] = [None, who_new(office, "Ann")]
    for viewer in named:
        assert [c.id for c in cases.list_of(office, viewer=viewer)] == [case]
        assert cases.counts(office, viewer) == (1, 1) and len(cases.inbox(office, viewer)) == 1
    for viewer in others:
        assert cases.list_of(office, closed=True, viewer=viewer) == [] and cases.inbox(office, viewer) == []
        assert cases.counts(office, viewer) == (0, 0)
        with pytest.raises(UsageError, match=r"restricted to persons who are named.*whoever has the file can read it"):
            cases.shown(office, case, viewer)
    assert cases.get(office, case).seen_by == ("Dana", "Max", "everyone with the role legal")
    (task,) = approvals(office, case)
    with pytest.raises(UsageError, match="restricted"):
        cases.approve(office, task, actor=others[1], as_of=DAY)
    with pytest.raises(UsageError, match="restricted"):
        deactivation.stop(office, case, "no", actor=others[1], as_of=DAY)
    assert "Partner A" not in " ".join(c.why for c in history.changes(office, 1)), "nor does the history name it"
    for viewer, rows in ((others[1], 0), (named[1], 1)):
        out = tmp_path / f"approvals-{viewer}.xlsx"
        assert export.write(office, "approvals", out, viewer=viewer).rows == rows
    approve(office, case)
    assert cases.get(office, case).row.stage == "notice"
    with pytest.raises(UsageError, match="Say who wants to open a restricted case"):
        deactivation.submit(office, [of(office, "B")], "mutual", restricted=["Max"], actor=None, as_of=DAY)


def who_new(store: Store, name: str) -> int:
    people.add(store, name, roles=["manager"], actor=None, as_of=DAY)
    return who(store, name)


def test_a_letter_of_a_restricted_case_is_in_the_outbox_of_who_is_named(office: Store) -> None:
    (case,) = ask(office, "A", reason="mutual", restricted=["Max", "Lee"])
    approve(office, case)
    serve(office, case)
    deactivation.withdraw(office, case, "they came back", actor=who(office, "Lee"), as_of=DAY)
    ann = who_new(office, "Ann")
    assert outbox.list_of(office, viewer=ann) == [] and sum(outbox.counts(office, ann).values()) == 0
    assert outbox.approve(office, None, actor=ann, as_of=DAY).done == ()
    assert len(outbox.list_of(office, viewer=who(office, "Lee"))) == 1
    assert partners.get(office, of(office, "A"), DAY).counts["cases"] == 0, "nor is it counted"


# ---- what stops, and what still arrives ----


def test_nothing_new_begins_once_it_is_approved(office: Store) -> None:
    deal = {"name": "Big one", "status": "open", "amount": "1500"}
    (case,) = ask(office, "A", notice="table")
    records.add(office, of(office, "A"), "deal", deal, actor=None, as_of=DAY)
    approve(office, case)
    for stage, said in (("notice", "is about to leave"), ("in notice", "is in notice")):
        assert cases.get(office, case).row.stage == stage
        for kind in ("deal", "lead"):
            with pytest.raises(
                UsageError, match=f"Partner A {said}, case {case}: no new {kind} begins.*prm cases show {case}"
            ):
                records.add(office, of(office, "A"), kind, {"name": "New"}, actor=None, as_of=DAY)
        with pytest.raises(UsageError, match="no new deal registered begins"):
            timeline.log(office, of(office, "A"), "deal_registered", on=DAY, actor=None, as_of=DAY)
        timeline.log(
            office, of(office, "A"), "order", on=DAY, ref=stage, actor=None, as_of=DAY
        )  # what is open is served
        if stage == "notice":
            serve(office, case)
    records.add(office, of(office, "B"), "deal", deal, actor=None, as_of=DAY)
    suspension.suspend(office, of(office, "B"), "unpaid", actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(UsageError, match="Partner B is suspended, case 2: no new deal begins"):
        records.add(office, of(office, "B"), "deal", deal, actor=None, as_of=DAY)


RULE = """
[trigger.bonus]
title = "Bonus"
on = "manual"
start = "bonus"
[workflow.bonus]
title = "Bonus"
owner = "role:manager"
[[workflow.bonus.step]]
id = "pay"
do = "accrue"
kind = "bonus"
amount = "100"
currency = "EUR"
note = "well done"
[[workflow.bonus.step]]
id = "plan"
do = "record"
kind = "deal"
fields = { name = "A deal of ours" }
[trigger.share]
title = "Share"
on = "manual"
start = "share"
[workflow.share]
title = "Share"
[[workflow.share.step]]
id = "offer"
do = "offer"
title = "A lead"
record = "lead"
within = "5 days"
eligible = "partner.territory = 'West'"
"""


def test_rules_hold_money_offer_nothing_and_open_nothing_for_who_leaves(office: Store) -> None:
    added = packs.add(office, RULE, "rules.toml", actor=who(office, "Dana"), as_of=DAY)
    for name in added.pack.triggers:
        triggers.switch_on(office, name, first="from-now", actor=who(office, "Max"), as_of=DAY)
    in_notice(office, "A")
    for code in ("A", "B"):
        automation.begin(office, "bonus", code, actor=who(office, "Dana"), as_of=DAY)
    lines = office.conn.execute("SELECT p.code, l.state, l.note FROM ledger l JOIN partners p ON p.id = l.partner_id")
    assert lines.fetchall() == [
        ("A", "hold", "well done; held: the partner is in notice, case 1"),
        ("B", "new", "well done"),
    ]
    deals = office.conn.execute(
        "SELECT p.code FROM records r JOIN partners p ON p.id = r.partner_id WHERE r.kind = 'deal'"
    )
    assert deals.fetchall() == [("B",)]
    told = [t.title for t in cases.inbox(office) if t.role == "manager" and t.code == "A"]
    assert "Partner A is in notice, case 1: no deal was opened" in told
    automation.begin(office, "share", "C", actor=who(office, "Dana"), as_of=DAY)
    leads = office.conn.execute(
        "SELECT p.code FROM records r JOIN partners p ON p.id = r.partner_id WHERE r.kind = 'lead'"
    )
    assert leads.fetchall() == [("B",)], "C is whom the case is about, A leaves"
    decided = office.conn.execute("SELECT body FROM evidence WHERE file = 'decision.txt'").fetchone()[0].decode()
    assert "1 left out: suspended or leaving" in decided


def orders(path: Path, *rows: tuple[str, str, str, float]) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    page.append(["Partner Code", "Order No", "Order Date", "Amount", "Currency"])
    for code, ref, on, amount in rows:
        page.append([code, ref, date.fromisoformat(on), amount, "EUR"])
    book.save(path)
    return path


def since(store: Store, case: int) -> Since:
    found = snapshot.since_snapshot(store, case, DAY)
    assert found is not None
    return found


def test_what_an_import_brings_in_notice_is_taken_and_shown_with_the_difference(office: Store, tmp_path: Path) -> None:
    deal = {"name": "Big one", "status": "open", "amount": "1500", "currency": "EUR"}
    records.add(office, of(office, "A"), "deal", deal, actor=None, as_of=DAY)
    timeline.log(
        office, of(office, "A"), "order", on=date(2026, 3, 1), amount=Decimal("100"), ref="O1", actor=None, as_of=DAY
    )
    case = in_notice(office, "A")
    assert since(office, case).arrived == () and since(office, case).moved == ()
    book = orders(
        tmp_path / "march.xlsx",
        ("A", "O2", "2026-03-30", 4000),
        ("A", "O3", "2026-03-31", 200.5),
        ("B", "O4", "2026-03-30", 9),
    )
    with read(office, [book]) as reading:
        exchange.commit(office, reading, Choices(), actor=None, as_of=DAY)
    records.edit(
        office, records.list_of(office, of(office, "A"), "deal")[0].id, {"amount": "900"}, actor=None, as_of=DAY
    )
    found = since(office, case)
    assert found.approved
    assert [(a.kind, a.count, a.amount, a.currency) for a in found.arrived] == [("order", 2, Decimal("4200.50"), "EUR")]
    assert [(m.key, m.then, m.now, m.amount) for m in found.moved] == [
        ("deal", "1, 1,500.00", "1, 900.00", Decimal("-600.00"))
    ]
    entry = next(
        r for r in timeline.rows(office, timeline.entries(office, of(office, "A"), as_of=DAY)) if r.ref == "O1"
    )
    timeline.correct(office, entry.id, {"amount": "80"}, actor=None, as_of=DAY)
    assert [(a.corrected, a.count, a.amount) for a in since(office, case).arrived] == [
        (False, 2, Decimal("4200.50")), (True, 1, Decimal("-20.00")),
    ]  # fmt: skip


def test_money_that_is_due_and_money_that_is_pending_stand_apart(office: Store) -> None:
    partner = of(office, "A")

    def impact() -> dict[str, tuple[str, int, object]]:
        plan = planning.plan(office, partner, "mutual", as_of=DAY)
        return {line.key: (line.state, line.count, line.amount) for line in plan.impact}

    assert impact()["locked"] == ("not checked", 0, None)
    with office.change("ledger", actor=None, as_of=DAY) as change:
        for state, amount in (
            ("payable", 500),
            ("approved", 20),
            ("new", 30),
            ("hold", 4),
            ("paid", 999),
            ("declined", 9),
        ):
            change.conn.execute(
                "INSERT INTO ledger(partner_id, kind, amount, currency, state, on_date, change_id) VALUES (?,?,?,?,?,?,?)",
                (partner, "commission", amount * 10_000, "EUR", state, "2026-03-01", change.id),
            )
        (new,) = change.conn.execute("SELECT id FROM ledger WHERE state = 'hold'").fetchone()
        change.conn.execute(
            "INSERT INTO ledger(partner_id, kind, amount, currency, state, reverses, on_date, change_id)"
            " VALUES (?, 'commission', -40000, 'EUR', 'reversed', ?, '2026-03-02', ?)",
            (partner, new, change.id),
        )
    assert impact()["locked"] == ("counted", 2, Decimal("520.00"))
    assert impact()["pending"] == ("counted", 1, Decimal("30.00")), "what was reversed is not pending any more"
    for currency in ("EUR", "USD"):
        deal = {"name": currency, "status": "open", "amount": "10", "currency": currency}
        records.add(office, partner, "deal", deal, actor=None, as_of=DAY)
    line = next(one for one in planning.plan(office, partner, "mutual", as_of=DAY).impact if one.key == "deal")
    assert (line.count, line.amount, line.note) == (2, None, "10.00 EUR, 10.00 USD"), "two currencies are not added up"


def test_who_else_is_there_is_counted_whole_and_named_up_to_200(office: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with office.change("many", actor=None, as_of=DAY) as change:
        change.conn.executemany(
            "INSERT INTO partners(code, name, territory, status, name_key, search, change_id) VALUES (?,?,'West',?,?,'',?)",
            [
                (f"W{n}", f"West {n:03}", "Suspended" if n % 3 == 0 else "Active", f"west {n}", change.id)
                for n in range(400)
            ],
        )

    def line() -> ImpactLine:
        return next(
            one for one in planning.plan(office, of(office, "A"), "mutual", as_of=DAY).impact if one.key == "territory"
        )

    few = line()
    assert (few.count, len(few.items), few.items[:3]) == (268, 200, ("Partner B", "Partner C", "West 001"))
    monkeypatch.setattr(impact, "_COMMON", 100)
    assert line() == few, "read by the index of names"


# ---- suspension ----


def test_a_suspension_says_its_ground_what_stops_and_what_was_known(office: Store) -> None:
    partner = of(office, "A")
    with pytest.raises(UsageError, match=r"ground: “safty” is none. Did you mean “safety”"):
        suspension.suspend(office, partner, "accident", ground="safty", actor=who(office, "Dana"), as_of=DAY)
    case = suspension.suspend(office, partner, "accident", ground="safety", actor=who(office, "Dana"), as_of=DAY)
    found = cases.get(office, case)
    assert "new work orders" in found.data["stops"] and found.data["ground"] == "safety"
    known = json.loads(cases.evidence(office, found.evidence[0].id))
    assert (known["ground"], known["partner"]["status"]) == ("safety", "Active")
    assert found.evidence[0].hash == found.data["snapshot"]
    with pytest.raises(UsageError, match="say why the suspension is lifted"):
        suspension.resume(office, partner, " ", actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(UsageError, match="Say who wants to resume"):
        suspension.resume(office, partner, "made safe", actor=None, as_of=DAY)
    suspension.resume(office, partner, "made safe", actor=who(office, "Max"), as_of=DAY)
    assert (status(office, "A"), cases.get(office, case).data["lifted"]) == ("Active", "made safe")


def test_a_suspension_ends_with_the_partnership_and_comes_back_with_a_withdrawal(
    office: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in ("A", "B"):
        suspension.suspend(office, of(office, code), "fraud?", ground="fraud", actor=who(office, "Dana"), as_of=DAY)
    kept = in_notice(office, "B")
    with pytest.raises(UsageError, match=r"Partner B is not suspended. It is In notice"):
        suspension.resume(office, of(office, "B"), "no fraud", actor=who(office, "Dana"), as_of=DAY)
    deactivation.withdraw(office, kept, "talks go on", actor=who(office, "Lee"), as_of=DAY)
    approve(office, kept)
    assert status(office, "B") == "Suspended"
    gone(office, "A", monkeypatch)
    assert [(c.kind, c.code) for c in cases.list_of(office)] == [("deactivation", "A"), ("suspension", "B")]


# ---- the end, and coming back ----


def finish(store: Store, case: int, day: date, **more: Any) -> int:
    told: dict[str, Any] = {"lesson": "ask for a plan", "reason": "non-performance", "waive": "done by phone", **more}
    return closing.close(store, case, **told, actor=who(store, "Lee"), as_of=day)


def test_what_is_left_is_let_go_only_with_a_reason_and_a_name(office: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    case = gone(office, "A", monkeypatch)
    day = date(2026, 6, 29)
    for told, said in (
        ({"waive": ""}, r"left to do\.\n  “Stop new deal registrations"),
        ({"lesson": " "}, "lesson: say what was learned"),
        ({"reason": "nonperformance"}, "Did you mean “non-performance”"),
    ):
        with pytest.raises(UsageError, match=said):
            finish(office, case, day, **told)
    finish(office, case, day)
    found = cases.get(office, case)
    assert (found.row.outcome, found.data["reason_confirmed"], found.data["reapply_on"]) == (
        "deactivated",
        "non-performance",
        "2026-12-26",
    )
    waived = [t for t in found.tasks if t.state == "cancelled"]
    assert {t.reason for t in waived} == {"done by phone"} and {t.done_by for t in waived} == {"Lee"}
    with pytest.raises(UsageError, match="cannot be closed now"):
        finish(office, case, day)


def test_lessons_are_counted_by_what_partners_were_when_they_left(
    office: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in ("A", "B"):
        partners.edit(office, of(office, code), {"type": "Reseller", "tier": "Gold"}, actor=None, as_of=DAY)
    both = [in_notice(office, code) for code in ("A", "B")]
    end = date(2026, 6, 29)
    later(monkeypatch, end)
    for case in both:
        deactivation.complete(office, case, actor=who(office, "Lee"), as_of=end)
    partners.edit(office, of(office, "A"), {"tier": "Silver"}, actor=None, as_of=DAY)
    finish(office, both[0], end)
    finish(office, both[1], end, lesson="check their bank")
    (found,) = closing.lessons(office)
    assert (found.reason, found.type, found.tier, found.partners, found.months) == (
        "non-performance",
        "Reseller",
        "Gold",
        2,
        29,
    )
    assert found.lessons == ("ask for a plan", "check their bank")


def test_coming_back_is_a_new_enrolment_after_the_cooling_off(office: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    case = gone(office, "A", monkeypatch)
    day = date(2026, 6, 29)
    lee: dict[str, Any] = {"actor": who(office, "Lee"), "as_of": day}
    with pytest.raises(UsageError, match=f"from 2026-12-26 on .case {case}.*--override"):
        closing.reactivate(office, of(office, "A"), "new owner", **lee)
    finish(office, case, day, reapply_on=date(2026, 9, 1))
    with pytest.raises(UsageError, match="from 2026-09-01 on"):
        closing.reactivate(office, of(office, "A"), "new owner", **lee)
    with pytest.raises(UsageError, match="Partner B is Active, not Deactivated"):
        closing.reactivate(office, of(office, "B"), "new owner", **lee)
    back = cases.get(office, closing.reactivate(office, of(office, "A"), "new owner", override="they paid", **lee))
    assert (status(office, "A"), back.data["left_by"], back.data["override"]) == ("Onboarding", case, "they paid")
    records.add(office, of(office, "A"), "deal", {"name": "First"}, actor=None, as_of=day)
    (second,) = ask(office, "A", notice="table", as_of=day)
    assert second != case, "it may leave again"
    assert [c.kind for c in cases.list_of(office, closed=True, partner_id=of(office, "A"))].count("deactivation") == 2


def test_a_proof_that_cannot_be_read_changes_nothing(office: Store, tmp_path: Path) -> None:
    (case,) = ask(office, "A", notice="table")
    approve(office, case)
    with pytest.raises(InputError, match="cannot be read"):
        serve(office, case, proof=tmp_path / "none.pdf")
    assert (status(office, "A"), cases.get(office, case).row.stage) == ("Active", "notice")
