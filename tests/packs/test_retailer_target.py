"""Consumer electronics: two quarters under target are a question for a person; a late sheet withdraws it and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from prm_tui.cli.main import main
from prm_tui.services import cases, gates, records
from tests.packs.office import Office


@pytest.fixture
def asked(office: Office) -> Office:
    """Two retailers missed two quarters; ten days are over, and Dana is asked."""
    office.adopt("retailer-target")
    office.take("retailer-target")
    office.contact("K1", "K4")
    office.manage("K1", "K4")
    assert office.run().quiet, "the last day of a quarter is not ten days after it"
    assert office.run(10).quiet, "sheets of the quarter have ten days to come in"
    assert office.fired(11) == {"retailer-target-missed": 2}, "Tonstudio Iris missed one quarter only"
    return office


def test_a_late_sheet_withdraws_the_proposal_and_the_case_says_why(asked: Office) -> None:
    question = "Klang & Bild missed its target two quarters running: what now?"
    assert asked.task(question).detail == (
        "Last quarter: 55% of the target. Quarters, terms and stock are kept with the case. Nothing ends by itself."
    )
    asked.later(14)
    asked.take("retailer-target-late")
    asked.run()
    assert [task for task in asked.tasks() if "Klang" in task] == [], "nobody is asked any more"
    assert asked.outcomes("target-proposal") == ["withdrawn", None], "Radio Rast is still to be decided"
    (ended,) = cases.get(asked.store, asked.all("SELECT id FROM cases WHERE outcome = 'withdrawn'")[0]).ended
    assert str(ended.on) == "2026-04-14"
    assert ended.parts[0] == (
        "sum(sell_out.amount, last_quarter) / sum(target.amount where metric = 'sales', last_quarter) >= 60%", "65%",
    )  # fmt: skip
    assert asked.messages() == ["Klang & Bild: the proposal is withdrawn"]
    assert asked.field("K1", "status") == asked.field("K4", "status") == "Active", "nothing happened to anybody"
    assert not asked.fired(15), "and it is not asked again"


def test_the_command_line_says_by_which_figure_it_was_withdrawn(
    asked: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked.later(14)
    asked.take("retailer-target-late")
    asked.run()
    (case,) = asked.all("SELECT id FROM cases WHERE outcome = 'withdrawn'")
    assert main(["cases", "show", str(case), "--db", str(tmp_path / "office.db")]) == 0
    said = capsys.readouterr().out
    assert "went on by itself on 2026-04-14, “decide”: sum(sell_out.amount, last_quarter) / " in said
    assert (
        ">= 60%: 65%; held(2, quarter, " in said and "evidence: Targets of Klang & Bild and what was sold (2)" in said
    )


def test_who_decides_has_terms_figures_and_the_stock_by_ledger(asked: Office) -> None:
    assert asked.sheet("Targets of Radio Rast and what was sold (2)")[1:] == [
        ["2025-10-01", "2025-12-31", 100_000, 30_000], ["2026-01-01", "2026-03-31", 100_000, 45_000],
    ]  # fmt: skip
    assert asked.sheet("Terms of Radio Rast (1)")[1][4:] == [120_000, 85_000, 30]
    ledger = asked.sheet("Stock ledger of Radio Rast (2)")
    assert ledger[0] == [
        "SKU",
        "Article",
        "In",
        "Sold",
        "Returned",
        "On hand",
        "Counted",
        "Counted on",
        "Buy-back price",
    ]
    assert [row[:7] for row in ledger[1:]] == [
        ["SB3", "Soundbar 3", 50, 0, 0, 50, 50], ["TV55", "TV 55", 400, 300, 15, 85, 84],
    ], "one is missing"  # fmt: skip


def test_letting_go_is_left_to_a_person_and_names_who_could_take_over(asked: Office) -> None:
    asked.decide("Radio Rast missed", "let go", "Dana")
    asked.run()
    assert asked.sheet("Retailers for the funds and leads of Radio Rast (1)")[1:] == [
        ["K2", "Hifi Hafner", 1.2, 120_000, 1]
    ], "Phono Nord sold more, but not in that territory"
    assert [row[2] for row in asked.sheet("Stock count asked of Radio Rast (2)")] == ["By our ledger", 50, 85]
    assert asked.sheet("Material lent to Radio Rast (1)")[1][:2] == ["Demo wall", "DW-77"]
    assert asked.ledger("K4") == [(400, "hold")], "2 % of 45,000 less 500"
    assert "Open the deactivation of Radio Rast" in asked.tasks()
    assert asked.field("K4", "status") == "Active", "nothing ends by a rule"
    assert asked.outcomes("target-proposal") == [None, "went on as deactivation"]


def test_an_approved_re_plan_keeps_the_question_from_coming_back(asked: Office) -> None:
    asked.decide("Klang & Bild missed", "re-plan", "Dana")
    asked.decide("Radio Rast missed", "warn", "Dana")
    asked.run()
    assert "Radio Rast: two quarters under target" in asked.messages()
    asked.done("Agree a re-plan with Klang & Bild", "Dana")
    asked.run()
    asked.decide("Re-plan of Klang & Bild", "approve", "Dana")
    asked.run()
    assert asked.outcomes("re-plan") == ["approved"]
    assert not asked.fired(60)


def test_an_article_without_a_way_out_keeps_the_case_from_closing(asked: Office) -> None:
    def standing() -> list[tuple[str, str]]:
        return [(one.blocks, one.name) for one in gates.ahead(asked.store, asked.of("K4"), None, asked.today)]

    assert standing() == [("close", "Soundbar 3"), ("close", "TV 55")]
    for ref, way in (("K4-SB3", "sell-off until 30 June"), ("K4-TV55", "buy-back")):
        (row,) = asked.all("SELECT id FROM records WHERE ref = ?", ref)
        records.edit(asked.store, row, {"way_out": way}, actor=None, as_of=asked.today)
    assert standing() == []
