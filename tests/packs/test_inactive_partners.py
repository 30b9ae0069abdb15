"""What a program does about partners that go quiet, item by item: each has its place, and a test that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prm_tui.domain.errors import UsageError
from prm_tui.domain.exchange import Choices
from prm_tui.domain.review import Decision
from prm_tui.services import (
    cases,
    closing,
    deactivation,
    exchange,
    inactivity,
    letters,
    packs,
    partners,
    review,
    triggers,
)
from tests.packs.programme import DAY, Office, opened

ROOT = Path(__file__).parent.parent.parent
ITEMS = (
    "definition of inactivity", "root cause", "segmentation", "resource optimization",
    "thresholds", "automate tracking", "outreach", "analyze feedback", "re-engagement strategies", "review and decide",
    "proactive monitoring", "personalized outreach", "clear communication", "data-driven",
    "ignore", "one size fits all", "no follow-up", "emotional",
    "predictive analytics", "automated nurturing", "tiered re-engagement", "competitive analysis", "feedback to program design",
    "strategic offboarding",
    "strategize", "recruit", "onboard", "enable", "market", "sell", "incentivize", "accelerate",
    "IT resellers", "manufacturing",
)  # fmt: skip


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with opened(tmp_path, monkeypatch) as office:
        yield office


def rows() -> list[list[str]]:
    text = (ROOT / "docs" / "inactive-partners.md").read_text(encoding="utf-8")
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    return [row for row in cells if row[0] != "What" and not set(row[0]) <= {"-"}]


def test_every_item_has_its_place_and_the_tests_named_there_are_there() -> None:
    assert tuple(row[0] for row in rows()) == ITEMS
    for what, does, where, tests in rows():
        assert does and where and "::" in tests, what
        for path, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", tests):
            text = (ROOT / path).read_text(encoding="utf-8")
            assert not name or f"def {name}(" in text, f"{what}: {path} has no {name}"


def test_every_command_named_there_is_one() -> None:
    from prm_tui.cli.parser import parser

    known = set(parser()._subparsers._group_actions[0].choices)  # type: ignore[union-attr,arg-type]
    for what, _, where, _ in rows():
        for command in re.findall(r"`prm (\w+)", where):
            assert command in known, f"{what}: prm {command}"


def test_every_section_of_insights_named_there_is_one() -> None:
    from screens.insights.screen import SECTIONS

    named = [(what, part) for what, _, where, _ in rows() for said in re.findall(r"6 Insights: ([^;]+)", where)
             for part in said.split(", ")]  # fmt: skip
    assert [(what, part) for what, part in named if part not in SECTIONS] == []
    assert {part for _, part in named} >= set(SECTIONS) - {"Cohorts", "Ranks", "Work"}, (
        "these three are for no item alone"
    )
    assert not any(where.endswith("6 Insights") for _, _, where, _ in rows()), "a section is named"


def states(office: Office) -> dict[str, str]:
    return {row.code: row.key for row in inactivity.of_all(office.store, office.day)}


def test_each_type_has_its_own_policy_and_both_signals_must_be_silent(office: Office) -> None:
    ago = {"order": {"P1": 170, "P2": 200, "P3": 200, "IT1": 190, "IT2": 190, "M1": 300, "M2": 400, "M3": 400},
           "training": {"P3": 60, "IT2": 100, "M3": 200}}  # fmt: skip
    for code in ago["order"]:
        type_ = {"I": "MSP", "M": "Manufacturer"}.get(code[0], "Dealer")
        office.partner(code, joined_on="2023-01-01", type=type_)
        office.happened(code, "order", on=DAY - timedelta(days=600))
    for kind, by in ago.items():
        for code, days in by.items():
            office.happened(code, kind, on=DAY - timedelta(days=days))
    quiet = {code for code, state in states(office).items() if state in ("inactive", "dormant")}
    assert quiet == {"P2", "IT1", "M2"}


def test_nobody_is_called_inactive_because_a_sheet_is_missing(office: Office, tmp_path: Path) -> None:
    office.partner("A", joined_on="2023-01-01")
    sheet = tmp_path / "orders.csv"
    sheet.write_text("Partner,Order date,Order number,Amount\nA,2025-06-01,1,100\n", encoding="utf-8")
    with exchange.read(office.store, [sheet], forced={"orders": "activity:order"}) as reading:
        exchange.commit(office.store, reading, Choices(), actor=None, as_of=DAY)
    (row,) = inactivity.of_all(office.store, DAY)
    assert row.key == "unknown" and "order" in row.awaits
    packs.add_named(office.store, "win-back", actor=office.who("Dana"), as_of=DAY)
    triggers.switch_on(office.store, "went-quiet", first="act", actor=office.who("Max"), as_of=DAY)
    assert office.run().quiet, "nobody is written to, either"


def test_new_ones_and_those_on_leave_are_exempt(office: Office) -> None:
    office.partner("LEAVE", joined_on="2023-01-01")
    office.happened("LEAVE", "order", on=DAY - timedelta(days=300))
    office.record("LEAVE", "leave", name="Refit", starts_on="2026-01-01", ends_on="2026-06-01")
    office.partner("NEW", joined_on=str(DAY - timedelta(days=20)))
    assert states(office) == {"LEAVE": "active", "NEW": "active"}


def test_gaps_that_come_before_the_silence_are_lists(office: Office) -> None:
    for code in ("GAP", "FINE"):
        office.partner(code, joined_on="2023-01-01")
        for n in (30, 60, 120, 150):
            if code == "FINE" or n > 100:
                office.happened(code, "order", on=DAY - timedelta(days=n), amount="100")
    office.happened("FINE", "training")
    office.happened("FINE", "deal_registered", on=DAY - timedelta(days=10))
    office.happened("FINE", "meeting", on=DAY - timedelta(days=10))
    office.record("GAP", "fund", name="Fair", status="granted", amount="500")

    def found(condition: str) -> list[str]:
        ids = partners.find(office.store, condition=condition, as_of=DAY).ids
        return [partners.get(office.store, i, DAY).code for i in ids]

    assert found("change(sum(order.amount, 90)) < -20%") == ["GAP"], "orders fall"
    assert found("count(enablement, 365) = 0") == ["GAP"], "no training or certificate"
    assert found("sum(fund.amount where open, ever) > 0") == ["GAP"], "money unspent"
    assert found("count(deal_registered, 180) = 0 and count(meeting, 180) = 0") == ["GAP"], "no deal, no co-selling"


def test_letting_go_offers_another_way_and_a_day_to_apply_again(office: Office) -> None:
    office.partner("A", joined_on="2023-01-01")
    office.happened("A", "order", on=DAY - timedelta(days=300))
    dana, max_, lea = (office.who(name) for name in ("Dana", "Max", "Lea"))
    review.decide(office.store, [Decision(office.of("A"), "offboard", "silent for a year")], actor=dana, as_of=DAY)
    assert office.inbox() == ["Open the deactivation of Partner A"], "a person opens it"
    asked: dict[str, Any] = {"actor": dana, "as_of": DAY}
    (case,) = deactivation.submit(office.store, [office.of("A")], "inactivity", notice="table", **asked)
    cases.approve(office.store, office.task("Approve that").id, actor=max_, as_of=DAY)
    letters.write(office.store, case, "goodwill", said={"alternatives": "Buy through Partner B."}, **asked)
    (body,) = office.all("SELECT body FROM messages")
    assert "Buy through Partner B." in body and "31 May 2026" in body, "what else there is, and when it ends"
    deactivation.serve(office.store, case, method="courier", proof=None, actor=lea, as_of=DAY)
    office.on(90)
    deactivation.complete(office.store, case, actor=dana, as_of=office.day)
    with pytest.raises(UsageError, match=f"from {office.day + timedelta(days=180)} on"):
        closing.reactivate(office.store, office.of("A"), "new owners", actor=dana, as_of=office.day)
