"""Dates that come from the agreement, or are asked for; service of notice, and what a late one moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from prm_tui.domain.errors import DecisionNeeded, InputError, UsageError
from prm_tui.services import cases, deactivation, file_settings, history, notice, partners, planning
from storage import Store
from tests.services.leaving import DAY, agree, an_office, approvals, approve, ask, later, of, serve, status, who


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with an_office(tmp_path, monkeypatch) as store:
        yield store


def test_without_an_agreement_dates_are_asked_for(office: Store) -> None:
    with pytest.raises(
        DecisionNeeded, match=r"Partner A: No agreement is on file.*Give --effective DATE.*Nothing was changed"
    ):
        ask(office, "A")
    assert cases.list_of(office) == []
    with pytest.raises(UsageError, match="none on file says; 2026-06-29 by the notice table"):
        ask(office, "A", effective_on=date(2026, 6, 28))
    (by_hand,) = ask(office, "A", effective_on=date(2026, 7, 31))
    data = cases.get(office, by_hand).data
    assert (data["rule"], data["basis"]) == ("122 days of notice", "chosen by hand; no rule is on file")
    (by_table,) = ask(office, "B", notice="distributor-5")
    assert cases.get(office, by_table).data["effective_on"] == "2026-09-30"


def test_the_clause_of_the_agreement_gives_the_dates_and_refuses_earlier_ones(office: Store) -> None:
    agree(office, "A", notice_days="45", month_end="yes", notice_address="1 Main Road")
    plan = planning.plan(office, of(office, "A"), "inactivity", as_of=DAY)
    assert (plan.dates.effective_on, plan.dates.asked) == (date(2026, 5, 31), "")
    assert plan.dates.rule == "45 days of notice by Agreement A, to the end of a calendar month"
    with pytest.raises(UsageError) as refused:
        ask(office, "A", effective_on=date(2026, 5, 30))
    assert "2026-05-31 by the agreement" in str(refused.value) and "2026-06-29 by the notice table" in str(
        refused.value
    )
    (case,) = ask(office, "A", effective_on=date(2026, 6, 30))
    assert cases.get(office, case).data["basis"] == "chosen later than the rule gives"


def test_an_agreement_that_has_ended_or_is_not_in_force_says_nothing(office: Store) -> None:
    agree(office, "A", notice_days="45", ends_on="2026-03-30")
    agree(office, "B", notice_days="45", status="draft")
    agree(office, "C", notice_days="45", starts_on="2026-04-01")
    for code in "ABC":
        assert planning.plan(office, of(office, code), "inactivity", as_of=DAY).dates.asked


def test_an_opt_out_that_is_over_is_refused(office: Store) -> None:
    agree(office, "A", renewal_optout_days="30", ends_on="2026-04-29")
    with pytest.raises(UsageError, match=r"last day to opt out of Agreement A was 2026-03-30.*--path convenience"):
        ask(office, "A", reason="non-renewal")
    agree(office, "B", renewal_optout_days="30", ends_on="2026-04-30")
    (case,) = ask(office, "B", reason="non-renewal")
    assert cases.get(office, case).data["effective_on"] == "2026-04-30"


def test_mutual_is_the_day_both_have_signed(office: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (case,) = ask(office, "A", reason="mutual")
    approve(office, case)
    later(monkeypatch, date(2026, 4, 10))
    found = serve(office, case, as_of=date(2026, 4, 10), method="signed by both")
    assert found.effective_on == date(2026, 4, 10)


def test_a_letter_counts_as_received_some_days_after_it_was_sent(office: Store) -> None:
    agree(office, "A", notice_days="60", deemed_days="5", notice_address="1 Main Road", law="Irish law")
    (case,) = ask(office, "A", notice_on=date(2026, 4, 5))
    approve(office, case)
    with pytest.raises(UsageError, match="sent_on: 2026-04-01 lies after"):
        serve(office, case, sent_on=date(2026, 4, 1))
    found = serve(office, case, sent_on=DAY, method="registered mail")
    assert (found.notice_on, found.effective_on) == (date(2026, 4, 5), date(2026, 6, 4))
    data = cases.get(office, case).data
    assert data["service"] == {
        "method": "registered mail", "address": "1 Main Road", "clause": "1 Main Road", "law": "Irish law", "sent_on": "2026-03-31",
        "received_on": "2026-04-05", "deemed": True, "deemed_days": 5,
    }  # fmt: skip
    assert approvals(office, case) == [], "as it was approved"
    agree(office, "B", notice_days="60")
    file_settings.put(office, {"deemed_days": "2"}, actor=None, as_of=DAY)
    (other,) = ask(office, "B", notice_on=date(2026, 4, 2))
    approve(office, other)
    assert serve(office, other, sent_on=DAY).notice_on == date(2026, 4, 2), "the file's own days"


def test_late_service_moves_the_dates_and_asks_again(office: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    agree(office, "A", notice_days="60")
    (case,) = ask(office, "A")
    approve(office, case)
    late = date(2026, 4, 20)
    later(monkeypatch, late)
    assert serve(office, case, as_of=late).effective_on == date(2026, 6, 19)
    assert status(office, "A") == "In notice"
    (again,) = approvals(office, case)
    title = next(t.title for t in cases.get(office, case).tasks if t.id == again)
    assert title.startswith("Approve that Partner A leaves on 2026-06-19, not on 2026-05-30: 60 days of notice")
    end = date(2026, 6, 19)
    later(monkeypatch, end)
    with pytest.raises(UsageError, match="it ends on 2026-06-19 now, 2026-05-30 was approved"):
        deactivation.complete(office, case, actor=who(office, "Lee"), as_of=end)
    with pytest.raises(UsageError, match="Dana asked for this"):
        approve(office, case, by="Dana", as_of=end)
    cases.reject(office, again, "too late for us", actor=who(office, "Max"), as_of=end)
    assert cases.get(office, case).row.stage == "in notice", "the notice goes on, the date does not stand"
    with pytest.raises(UsageError, match="asks again"):
        deactivation.complete(office, case, actor=who(office, "Lee"), as_of=end)
    deactivation.move(office, case, date(2026, 6, 30), actor=who(office, "Lee"), as_of=end)
    approve(office, case, as_of=end)
    with pytest.raises(UsageError, match="takes effect on 2026-06-30"):
        deactivation.complete(office, case, actor=who(office, "Lee"), as_of=end)
    later(monkeypatch, date(2026, 6, 30))
    deactivation.complete(office, case, actor=who(office, "Lee"), as_of=date(2026, 6, 30))
    assert status(office, "A") == "Deactivated"


def test_a_service_that_was_recorded_wrongly_is_corrected_with_a_reason_and_the_dates_follow(
    office: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    agree(office, "A", notice_days="60")
    (case,) = ask(office, "A")
    approve(office, case)
    late = date(2026, 4, 20)
    later(monkeypatch, late)
    assert serve(office, case, as_of=late, method="courier").effective_on == date(2026, 6, 19)
    (asked,) = approvals(office, case)
    with pytest.raises(UsageError, match=r"served already: notice received on 2026-04-20, courier.*--reason"):
        serve(office, case, on=date(2026, 4, 2), as_of=late)
    with pytest.raises(UsageError, match="recorded so already"):
        serve(office, case, method="", reason="typing error", as_of=late)
    with pytest.raises(UsageError, match="lies after 2026-04-20"):
        serve(office, case, on=date(2026, 4, 21), reason="typing error", as_of=late)

    receipt = tmp_path / "receipt.txt"
    receipt.write_text("signed for on 31 March", encoding="utf-8")
    found = serve(office, case, on=DAY, method="", proof=receipt, reason="typing error", as_of=late)
    assert (found.notice_on, found.effective_on) == (DAY, date(2026, 5, 30)), "as it was planned"
    corrected = cases.get(office, case)
    assert corrected.data["service"]["method"] == "courier" and corrected.data["status_before"] == "Active"
    assert [proof.title for proof in corrected.evidence if proof.kind == "service"] == [
        "notice received on 2026-04-20, courier",
        "corrected: notice received on 2026-03-31, courier; before: notice received on 2026-04-20, courier; typing error",
    ]
    assert approvals(office, case) == [], "what was approved stands again: nobody is asked"
    assert next(t.state for t in corrected.tasks if t.id == asked) == "cancelled"
    assert corrected.data["corrected"][0]["by"] == "Lee" and status(office, "A") == "In notice"

    deactivation.move(office, case, date(2026, 7, 1), actor=who(office, "Lee"), as_of=late)
    assert serve(office, case, on=date(2026, 4, 10), reason="it was the tenth", as_of=late).effective_on == date(
        2026, 7, 1
    ), "what a person put off stays put off"
    serve(office, case, on=DAY, reason="the receipt is right", as_of=late)
    undone = history.undo(
        office, office.conn.execute("SELECT max(id) FROM changes").fetchone()[0], actor=None, as_of=late
    )
    assert undone.whole and cases.get(office, case).data["served_on"] == "2026-04-10", "a correction can be taken back"
    end = date(2026, 7, 1)
    later(monkeypatch, end)
    approve(office, case, as_of=end)
    deactivation.complete(office, case, actor=who(office, "Lee"), as_of=end)
    with pytest.raises(UsageError, match="cannot be served now"):
        serve(office, case, on=DAY, reason="too late", as_of=end)


def test_dates_chosen_by_hand_keep_their_length(office: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (case,) = ask(office, "A", effective_on=date(2026, 7, 9))  # 100 days
    approve(office, case)
    late = date(2026, 4, 10)
    later(monkeypatch, late)
    assert serve(office, case, as_of=late).effective_on == date(2026, 7, 19)


def test_dates_may_be_put_off_but_not_before_notice_allows(office: Store) -> None:
    agree(office, "A", notice_days="60")
    (case,) = ask(office, "A")
    approve(office, case)
    with pytest.raises(UsageError, match="2026-05-30 by the agreement"):
        deactivation.move(office, case, date(2026, 5, 1), actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(UsageError, match="is the date already"):
        deactivation.move(office, case, date(2026, 5, 30), actor=who(office, "Dana"), as_of=DAY)
    deactivation.move(office, case, date(2026, 6, 30), actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(UsageError, match="cannot be served: it ends on 2026-06-30 now"):
        serve(office, case)
    approve(office, case)
    assert serve(office, case).effective_on == date(2026, 6, 30)
    due = {t.title: t.due for t in cases.get(office, case).tasks}
    assert due["Make the deactivation effective"] == date(2026, 6, 30)


def test_the_notice_table_is_the_files_own_once_it_is_changed(office: Store, tmp_path: Path) -> None:
    page = tmp_path / "table.toml"
    page.write_text(notice.as_toml(notice.table(office)), encoding="utf-8")
    assert notice.edit(office, page, actor=who(office, "Dana"), as_of=DAY) is None, "read back as it was written"
    page.write_text(page.read_text(encoding="utf-8").replace("days = 90", "days = 120"), encoding="utf-8")
    with pytest.raises(UsageError, match="Say who wants to change the notice table"):
        notice.edit(office, page, actor=None, as_of=DAY)
    change = notice.edit(office, page, actor=who(office, "Dana"), as_of=DAY)
    plan = planning.plan(office, of(office, "A"), "inactivity", notice="table", as_of=DAY)
    assert plan.dates.effective_on == date(2026, 7, 29)
    history.undo(office, change, actor=None, as_of=DAY)
    plan = planning.plan(office, of(office, "A"), "inactivity", notice="any", as_of=DAY)
    assert plan.dates.effective_on == date(2026, 6, 29)
    page.write_text("[[notice]]\nkey = 3\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"key cannot be 3.*title is missing.*Nothing was changed"):
        notice.edit(office, page, actor=who(office, "Dana"), as_of=DAY)


def test_an_agent_is_never_below_the_law(office: Store) -> None:
    partners.edit(office, of(office, "A"), {"type": "Sales agent"}, actor=None, as_of=DAY)
    agree(office, "A", notice_days="10")
    plan = planning.plan(office, of(office, "A"), "inactivity", as_of=DAY)
    assert plan.dates.effective_on == date(2026, 6, 30) and plan.dates.asked == ""
    assert plan.dates.agreement and plan.dates.agreement.on == date(2026, 4, 10)
