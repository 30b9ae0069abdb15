"""A partner is taken out of the program properly: asked for, approved by a second person, served, completed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from prm_tui.domain.errors import UsageError
from prm_tui.services import (
    cases,
    closing,
    deactivation,
    files,
    history,
    obligations,
    partners,
    people,
    planning,
    records,
    serving,
    suspension,
)
from storage import Store

DAY = date(2026, 3, 31)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A file with three partners, and Dana, Max and Lee, who is legal."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    store = files.open_file(tmp_path / "office.db", create=True)
    for name, roles in (("Dana", ["program manager"]), ("Max", ["manager"]), ("Lee", ["legal"])):
        people.add(store, name, roles=roles, actor=None, as_of=DAY)
    for code in ("A", "B", "C"):
        partners.add(store, {"code": code, "name": f"Partner {code}", "territory": "West"}, actor=None, as_of=DAY)
    yield store
    store.close()


def who(store: Store, name: str) -> int:
    return people.find(store, name).id


def ask(store: Store, *codes: str, reason: str = "inactivity", by: str | None = "Dana") -> list[int]:
    ids = [partners.resolve(store, code) for code in codes]
    actor = who(store, by) if by else None
    return deactivation.submit(store, ids, reason, notice="table", actor=actor, as_of=DAY)


def status(store: Store, code: str) -> object:
    return partners.get(store, partners.resolve(store, code), DAY).fields["status"]


def approvals(store: Store, case: int) -> list[int]:
    return [t.id for t in cases.get(store, case).tasks if t.kind == "approval" and t.state == "open"]


def serve(store: Store, case: int, on: date = DAY) -> None:
    deactivation.serve(store, case, on=on, method="courier", proof=None, actor=who(store, "Lee"), as_of=DAY)


def test_the_whole_way_out(office: Store, tmp_path: Path) -> None:
    (case,) = ask(office, "A")
    assert status(office, "A") == "Active"
    (approval,) = approvals(office, case)
    with pytest.raises(UsageError, match="Dana asked for this and cannot approve"):
        cases.approve(office, approval, actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(UsageError, match="Say who wants to approve"):
        cases.approve(office, approval, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="type the partner's code, A"):
        cases.approve(office, approval, actor=who(office, "Max"), as_of=DAY, confirm="B")
    with pytest.raises(UsageError, match="cannot be served now"):
        serve(office, case)
    cases.approve(office, approval, actor=who(office, "Max"), as_of=DAY, confirm="a")
    assert status(office, "A") == "Active"
    letter = tmp_path / "receipt.pdf"
    letter.write_bytes(b"signed for by A")
    found = deactivation.serve(
        office, case, on=DAY, method="registered mail", proof=letter, actor=who(office, "Lee"), as_of=DAY
    )
    assert (found.effective_on, found.served) == (date(2026, 6, 29), True)
    assert status(office, "A") == "In notice"
    with pytest.raises(UsageError, match="takes effect on 2026-06-29, not before"):
        deactivation.complete(office, case, actor=who(office, "Lee"), as_of=DAY)
    deactivation.complete(office, case, actor=who(office, "Lee"), as_of=date(2026, 6, 29))
    assert status(office, "A") == "Deactivated"
    left = [t for t in cases.inbox(office) if t.case_id == case]
    assert {t.title.split(":")[0] for t in left} >= {"Withdraw access", "Final commission is paid; the tail is agreed"}
    lee: dict[str, Any] = {"actor": who(office, "Lee"), "as_of": DAY}
    told: dict[str, Any] = {"lesson": "ask for a plan of the first year", "reason": "inactivity"}
    with pytest.raises(
        UsageError, match=r"(?s)left to do\.\n  “Stop new deal registrations.*prm cases close 1 … --waive"
    ):
        closing.close(office, case, **told, **lee)
    for owed in obligations.of(office, case):
        obligations.prove(office, owed.id, note="seen to", actor=who(office, "Dana"), as_of=DAY)
    for task in left:
        if task.act not in ("close", "prove"):
            cases.done(office, task.id, actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(UsageError, match="is done by: prm cases close"):
        cases.done(office, next(t.id for t in left if t.act == "close"), **lee)
    closing.close(office, case, **told, **lee)
    assert cases.inbox(office) == []
    closed = cases.get(office, case)
    assert (closed.row.stage, closed.row.outcome) == ("closed", "deactivated")
    kinds = [e.kind for e in closed.evidence]
    assert kinds[:2] == ["snapshot", "service"] and set(kinds[2:]) == {"obligation"}
    assert cases.evidence(office, closed.evidence[1].id) == b"signed for by A"
    snapshot = json.loads(cases.evidence(office, closed.evidence[0].id))
    assert snapshot["partner"]["name"] == "Partner A" and snapshot["reason"] == "inactivity"


def test_rejecting_and_stopping_leave_the_partner_as_it_was(office: Store) -> None:
    rejected, stopped = ask(office, "A", "B")
    cases.reject(office, approvals(office, rejected)[0], "they ordered yesterday", actor=who(office, "Max"), as_of=DAY)
    deactivation.stop(office, stopped, "talks go on", actor=who(office, "Dana"), as_of=DAY)
    assert [cases.get(office, c).row.outcome for c in (rejected, stopped)] == ["rejected", "stopped"]
    assert (status(office, "A"), status(office, "B")) == ("Active", "Active")
    assert cases.inbox(office) == []
    assert ask(office, "A")  # may be asked for again


def test_after_service_it_can_only_be_withdrawn_by_the_same_number_of_people(office: Store) -> None:
    (case,) = ask(office, "A")
    cases.approve(office, approvals(office, case)[0], actor=who(office, "Max"), as_of=DAY)
    serve(office, case)
    with pytest.raises(UsageError, match="Notice was served"):
        deactivation.stop(office, case, "too late", actor=who(office, "Dana"), as_of=DAY)
    deactivation.withdraw(office, case, "they came back", actor=who(office, "Max"), as_of=DAY)
    (approval,) = approvals(office, case)
    with pytest.raises(UsageError, match="Max asked for this"):
        cases.approve(office, approval, actor=who(office, "Max"), as_of=DAY)
    cases.approve(office, approval, actor=who(office, "Dana"), as_of=DAY)
    assert (status(office, "A"), cases.get(office, case).row.outcome) == ("Active", "withdrawn")
    assert cases.get(office, case).requested_by == "Dana", "who wanted it withdrawn is not who had asked for it"


def test_who_puts_the_date_off_does_not_approve_that(office: Store) -> None:
    (case,) = ask(office, "A")
    cases.approve(office, approvals(office, case)[0], actor=who(office, "Max"), as_of=DAY)
    deactivation.move(office, case, date(2026, 9, 30), actor=who(office, "Max"), as_of=DAY)
    for name in ("Max", "Dana"):
        with pytest.raises(UsageError, match=f"{name} asked for this"):
            cases.approve(office, approvals(office, case)[0], actor=who(office, name), as_of=DAY)
    cases.approve(office, approvals(office, case)[0], actor=who(office, "Lee"), as_of=DAY)
    assert cases.get(office, case).data["approved_effective_on"] == "2026-09-30"


def test_a_rejected_withdrawal_leaves_the_notice_running(office: Store) -> None:
    (case,) = ask(office, "A")
    cases.approve(office, approvals(office, case)[0], actor=who(office, "Max"), as_of=DAY)
    serve(office, case)
    deactivation.withdraw(office, case, "they came back", actor=who(office, "Dana"), as_of=DAY)
    cases.reject(office, approvals(office, case)[0], "they did not", actor=who(office, "Max"), as_of=DAY)
    assert (status(office, "A"), cases.get(office, case).row.stage) == ("In notice", "in notice")


def test_nobody_in_particular_needs_two_to_approve(office: Store) -> None:
    (unnamed,) = ask(office, "B", by=None)
    first, second = approvals(office, unnamed)
    cases.approve(office, first, actor=who(office, "Max"), as_of=DAY)
    assert cases.get(office, unnamed).row.stage == "approval"
    with pytest.raises(UsageError, match="Max has approved this already"):
        cases.approve(office, second, actor=who(office, "Max"), as_of=DAY)
    cases.approve(office, second, actor=who(office, "Dana"), as_of=DAY)
    assert cases.get(office, unnamed).row.stage == "notice"


def test_what_is_not_known_is_not_called_clear(office: Store) -> None:
    partner = partners.resolve(office, "A")
    before = {line.key: line for line in planning.plan(office, partner, "inactivity", as_of=DAY).impact}
    assert (before["deal"].state, before["deal"].note) == ("not checked", "no sheet")
    fields = {"name": "Big one", "status": "open", "amount": "1500"}
    records.add(office, partners.resolve(office, "B"), "deal", fields, actor=None, as_of=DAY)
    found = {line.key: line for line in planning.plan(office, partner, "inactivity", as_of=DAY).impact}
    assert (found["deal"].state, found["deal"].count) == ("none found", 0)
    records.add(office, partner, "deal", fields, actor=None, as_of=DAY)
    records.add(office, partner, "deal", {"name": "Old one", "status": "lost"}, actor=None, as_of=DAY)
    found = {line.key: line for line in planning.plan(office, partner, "inactivity", as_of=DAY).impact}
    assert (found["deal"].state, found["deal"].count, str(found["deal"].amount)) == ("counted", 1, "1500.00")
    assert found["territory"].items == ("Partner B", "Partner C")


def test_only_a_case_sets_the_status_and_only_one_at_a_time(office: Store) -> None:
    with pytest.raises(UsageError, match="only a case"):
        partners.edit(office, partners.resolve(office, "A"), {"status": "Deactivated"}, actor=None, as_of=DAY)
    (first,) = ask(office, "A")
    before = history.changes(office, 1)
    assert ask(office, "A") == [first], "the second opens the first"
    assert history.changes(office, 1) == before
    with pytest.raises(UsageError, match="Did you mean “inactivity”"):
        ask(office, "B", reason="inactive")
    assert len(cases.list_of(office)) == 1
    assert len(ask(office, "B", "A", "C")) == 3, "of many, the others go on"
    assert [c.code for c in cases.list_of(office)] == ["A", "B", "C"]


def test_asking_is_undone_whole_and_service_is_named_as_what_cannot_be(office: Store) -> None:
    (case,) = ask(office, "A")
    assert history.undo(office, actor=None, as_of=DAY).whole
    assert cases.list_of(office, closed=True) == []
    (case,) = ask(office, "A")
    cases.approve(office, approvals(office, case)[0], actor=who(office, "Max"), as_of=DAY)
    serve(office, case)
    served, approved, asked = history.changes(office, 3)
    stands = cases.get(office, case)
    for one in (served, approved, asked):
        plan = history.undo(office, one.id, actor=None, as_of=DAY)
        assert "withdrawn, not undone: prm cases withdraw" in " ".join(plan.sentences())
        assert {"cases", "tasks", "evidence", "steps", "partners"}.isdisjoint(plan.counts.get("reversed", {}))
    assert cases.get(office, case) == stands, "nobody takes a notice back without those who approved it"
    assert partners.get(office, partners.resolve(office, "A"), DAY).fields["status"] == "In notice"
    obligation = obligations.of(office, case, None)[0]
    obligations.prove(office, obligation.id, note="closed", actor=who(office, "Dana"), as_of=DAY)
    assert history.undo(office, actor=None, as_of=DAY).whole, "what came after the service can be taken back"


def test_acts_that_bind_are_done_today_not_as_of_another_day(office: Store) -> None:
    other = date(2026, 3, 30)
    with pytest.raises(UsageError, match="not as of 2026-03-30"):
        deactivation.submit(office, [partners.resolve(office, "A")], "mutual", actor=who(office, "Dana"), as_of=other)


def test_late_service_moves_the_dates_early_service_does_not_shorten_them(office: Store) -> None:
    (case,) = ask(office, "A")
    cases.approve(office, approvals(office, case)[0], actor=who(office, "Max"), as_of=DAY)
    late = date(2026, 4, 20)
    assert serving.dates_after(office, cases.get(office, case), late).effective_on == date(2026, 7, 19)
    assert serving.dates_after(office, cases.get(office, case), date(2026, 3, 1)).effective_on == date(2026, 6, 29)


def test_suspension_is_lifted_to_what_was_before(office: Store) -> None:
    partner = partners.resolve(office, "A")
    suspension.suspend(office, partner, "certificate lapsed", actor=who(office, "Dana"), as_of=DAY)
    assert status(office, "A") == "Suspended"
    with pytest.raises(UsageError, match="cannot be suspended"):
        suspension.suspend(office, partner, "again", actor=who(office, "Dana"), as_of=DAY)
    suspension.resume(office, partner, "renewed", actor=who(office, "Dana"), as_of=DAY)
    assert status(office, "A") == "Active"
    with pytest.raises(UsageError, match="is not suspended"):
        suspension.resume(office, partner, "renewed", actor=who(office, "Dana"), as_of=DAY)
