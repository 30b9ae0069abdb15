"""How much notice a partner gets: by its agreement, by the notice table, by the path."""

from __future__ import annotations

from datetime import date

import pytest

from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.notice import NOT_ADVICE, Dates, Line, Terms, dates, read_table, refusal
from prm_tui.services import packs

RULES = packs.deactivation()


def found(path: str, terms: Terms, on: date, line: str | None = None) -> Dates:
    return dates(RULES.path(path), terms, RULES.table, on, line=line)


@pytest.mark.parametrize(
    ("joined", "effective"),
    [
        (date(2025, 10, 1), date(2026, 4, 30)),  # first year: one month, to the end of a calendar month
        (date(2024, 10, 1), date(2026, 5, 31)),
        (date(2025, 3, 15), date(2026, 5, 31)),  # the second year begins today
        (date(2025, 3, 16), date(2026, 4, 30)),
        (date(2020, 10, 1), date(2026, 6, 30)),
        (None, date(2026, 6, 30)),  # how long is not known: the longest
    ],
)
def test_notice_of_commercial_agents(joined: date | None, effective: date) -> None:
    said = found("convenience", Terms(type="Sales agent", joined_on=joined), date(2026, 3, 15), "table")
    assert said.effective_on == effective
    assert "86/653/EEC" in said.rule and NOT_ADVICE in said.basis


def test_without_a_clause_the_table_only_proposes() -> None:
    said = found("convenience", Terms(), date(2026, 3, 15))
    assert said.asked == (
        "No agreement is on file, so its dates are not known. Give --effective DATE, or take 2026-06-13 by the notice table"
        " (all other partners) with --notice table (prm cases notice-table shows the lines)"
    )
    assert (said.effective_on, said.agreement) == (date(2026, 6, 13), None), "a proposal"
    silent = found("convenience", Terms(agreement="Reseller 2024"), date(2026, 3, 15))
    assert silent.asked.startswith("Reseller 2024 says nothing of notice_days")
    assert found("convenience", Terms(), date(2026, 3, 15), "any").asked == ""
    assert found("mutual", Terms(), date(2026, 3, 15)).asked == "", "both sign the date"
    with pytest.raises(UsageError, match=r"“agent-4” is no line of the notice table. Did you mean “agent-"):
        found("convenience", Terms(), date(2026, 3, 15), "agent-4")


def test_the_clause_of_the_path_says_it() -> None:
    terms = Terms(notice_days=60, cure_days=15, renewal_optout_days=90, agreement="Reseller 2024",
                  agreement_ends=date(2026, 12, 31))  # fmt: skip
    on = date(2026, 3, 1)
    by_notice = found("convenience", terms, on)
    assert (by_notice.effective_on, by_notice.rule) == (date(2026, 4, 30), "60 days of notice by Reseller 2024")
    cured = found("cause", terms, on)
    assert (cured.effective_on, cured.rule) == (date(2026, 3, 16), "15 days to cure the breach by Reseller 2024")
    ends = found("non-renewal", terms, on)
    assert ends.effective_on == date(2026, 12, 31)
    assert ends.rule == "Reseller 2024 ends on 2026-12-31; notice by 2026-10-02, 90 days before"
    assert found("non-renewal", terms, date(2026, 10, 2)).late == ""
    late = found("non-renewal", terms, date(2026, 10, 3))
    assert late.late == "the last day to opt out of Reseller 2024 was 2026-10-02, 90 days before it ends"
    assert late.effective_on >= date(2026, 12, 31)


@pytest.mark.parametrize(("on", "effective"), [(date(2026, 1, 1), date(2026, 1, 31)), (date(2026, 1, 2), date(2026, 2, 28)),
                                               (date(2028, 1, 31), date(2028, 3, 31))])  # fmt: skip
def test_to_the_end_of_a_month_where_the_agreement_wants_that(on: date, effective: date) -> None:
    said = found("convenience", Terms(notice_days=30, month_end=True, agreement="A"), on)
    assert said.effective_on == effective and said.rule.endswith("to the end of a calendar month")


def test_an_agreement_cannot_go_below_a_line_that_is_never_shorter() -> None:
    terms = Terms(type="agent", joined_on=date(2020, 1, 1), notice_days=14, agreement="Agency")
    said = found("convenience", terms, date(2026, 3, 15))
    assert said.effective_on == date(2026, 6, 30) and "86/653/EEC" in said.rule
    longer = found("convenience", Terms(type="agent", notice_days=200, agreement="Agency"), date(2026, 3, 15))
    assert longer.rule == "200 days of notice by Agency"
    reseller = found("convenience", Terms(notice_days=14, agreement="Reseller"), date(2026, 3, 15))
    assert reseller.effective_on == date(2026, 3, 29), "the line of all others is a proposal only"
    terms = Terms(notice_days=14, agreement="Reseller")
    assert found("convenience", terms, date(2026, 3, 15), "table").effective_on == date(2026, 3, 29), (
        "the clause says it"
    )
    assert found("convenience", terms, date(2026, 3, 15), "any").effective_on == date(2026, 6, 13), "chosen by name"


def test_a_date_too_early_is_refused_with_the_earliest_under_both() -> None:
    terms = Terms(notice_days=60, agreement="Reseller 2024")
    said = refusal(found("convenience", terms, date(2026, 3, 1)), date(2026, 4, 1))
    assert "2026-04-30 by the agreement (60 days of notice by Reseller 2024)" in said
    assert "2026-05-30 by the notice table (90 days of notice; notice table: all other partners" in said
    none = refusal(found("convenience", Terms(), date(2026, 3, 1)), date(2026, 4, 1))
    assert "by the agreement: none on file says" in none and "2026-05-30 by the notice table" in none


def test_a_table_is_read_whole_with_every_fault() -> None:
    good = [{"key": "all", "title": "everybody", "months": 2, "month_end": True}]
    assert read_table(good, "t.toml") == (Line("all", "everybody", months=2, month_end=True),)
    for lines, said in (
        (None, "holds no [[notice]]"),
        ([{"key": "a", "title": "b"}], "line 1: give either months or days"),
        ([{"key": "a", "title": "b", "days": 10, "month": 1}], "“month” is no key of a line; did you mean “months”?"),
        ([{"key": "a", "title": "b", "days": "ten"}], "days cannot be 'ten'"),
        ([*good, *good], "“all” stands twice"),
        ([{**good[0], "type": "agent"}], "one has to fit everybody"),
        ([{"title": "b", "days": True}], "days cannot be True; line 1: key is missing"),
    ):
        with pytest.raises(InputError) as refused:
            read_table(lines, "t.toml")
        assert said in str(refused.value) and str(refused.value).startswith("t.toml: ")
