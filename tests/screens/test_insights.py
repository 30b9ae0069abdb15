"""Insights: every number opens who is behind it, and what is done about them is done there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prm_tui.services import inactivity, insights, kept, packs, people
from screens.insights.screen import SECTIONS
from screens.insights.shown import Behind
from storage import Store
from tests.screens.driver import Driver, drive

NO_LIST = {"", ("pair", "automatic entries changed by a person"), "Enable", "Market", "Incentivize"}
"""Lines without a partner behind them: the last three because no sheet of the demonstration tells of them."""


@pytest.fixture
def db(demo_file: Path, tmp_path: Path) -> Path:
    """A copy of the demonstration file."""
    return Path(shutil.copy(demo_file, tmp_path / "demo.db"))


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (20, 6)], ids=str)
def test_every_section_is_reached_and_drawn(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("6")
        for title in SECTIONS:
            await prm.settle()
            if size[0] >= 80:
                assert title in prm.text.split("\n")[2], title
            await prm.press("right")
        assert not [said for said, bad in prm.app.session.said if bad]

    drive(db, story, size=size)


def test_every_number_opens_the_list_it_counts(db: Path) -> None:
    with Store.open(db) as store:
        as_of = store.today()
        packs.add_named(store, "win-back", actor=people.find(store, "Dana Program").id, as_of=as_of)

        def ids(behind: Behind) -> set[int]:
            who = behind.who
            return set(who(store, as_of) if callable(who) else insights.behind(store, as_of, who))

        for title, section in SECTIONS.items():
            shown = section(store, as_of, 120)
            without = {key for key in shown.lines if not shown.behind.get(key)}
            assert without <= NO_LIST, title
        for month, line in (found := SECTIONS["Survival"](store, as_of, 120)).lines.items():
            behind = found.behind[month]
            assert isinstance(behind, Behind) and f"{len(ids(behind)):,}" == line.cells[3][0]
        rules = SECTIONS["Rules"](store, as_of, 120).behind
        for n in range(2):
            judged, flagged, rightly, wrongly, silent, seen = (
                ids(rules[line][n])  # type: ignore[index]
                for line in ("Cases judged", "Flagged", "Precision", "False alarms", "Silences", "… flagged in time")
            )
            assert rightly and rightly | wrongly == flagged < judged
            assert seen and seen <= silent < judged
        states = SECTIONS["States"](store, as_of, 120)
        counted = {key: len(ids(behind)) for key, behind in states.behind.items() if isinstance(behind, Behind)}
        assert {key: f"{n:,}" for key, n in counted.items()} == {
            key: line.cells[1][0] for key, line in states.lines.items()
        }
        assert sum(counted.values()) == 701


def test_a_line_of_several_numbers_asks_which_list(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("6", *["right"] * 8, "down", "enter")
        assert "Which list?" in prm.text
        await prm.press("escape", "enter")
        await prm.choose("silence too long")
        assert "Flagged: a silence too long for its own rhythm" in prm.text and "partners" in prm.text

    drive(db, story)


def test_a_state_opens_its_partners_and_they_are_acted_on(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("6")
        await prm.settle()
        assert "◔ Inactive" in prm.text and "100" in prm.text and "◌ Never activated" in prm.text
        await prm.press("down", "down", "down", "enter")
        await prm.settle()
        assert "Inactive  100 partners" in prm.text and "A Great Bicycle" in prm.text
        assert "last active 2013-05-30; inactive since 2013-11-27" in prm.text
        await prm.press("w")
        await prm.settle()
        assert "its states, by month" in prm.text and "● Active" in prm.text
        await prm.press("escape", "asterisk")
        assert "100 marked" in prm.text
        await prm.press("a")
        await prm.choose("Deactivate")
        await prm.settle()
        assert "Deactivate 100 partners" in prm.text
        await prm.press("escape", "escape", "escape")
        assert "By type" in prm.text

    drive(db, story, actor="Dana Program")


def test_the_review_decides_with_a_reason_and_keeps_until_a_day(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("6", "right", "right", "right")
        await prm.settle()
        assert "235 to be decided about" in prm.text
        await prm.press("a")
        await prm.choose("Keep despite")
        await prm.fill("", "2014-03-31")
        assert "say why" in prm.text
        await prm.fill("A tender in March", "2014-03-31")
        await prm.settle()
        assert "kept" in prm.text.lower()
        await prm.press("right", "right")
        await prm.settle()
        assert "A tender in March" in prm.text and "Dana Program" in prm.text

    drive(db, story, actor="Dana Program")
    with Store.open(db) as store:
        (one,) = kept.listed(store, store.today())
        assert one.reason == "A tender in March"


def test_a_reason_is_said_and_a_win_back_begun_from_the_list(db: Path) -> None:
    with Store.open(db) as store:
        packs.add_named(store, "win-back", actor=people.find(store, "Dana Program").id, as_of=store.today())

    async def story(prm: Driver) -> None:
        await prm.press("6", "right", "right", "enter")
        await prm.settle()
        assert "Rescue: high potential, high chance  4 partners" in prm.text
        await prm.press("a")
        await prm.choose("Say why")
        await prm.choose("Competitor")
        await prm.fill("partner", "Rival Bikes", "told on the phone")
        await prm.settle()
        assert "Competitor won" in prm.text
        await prm.press("asterisk", "a")
        await prm.choose("Win back")
        await prm.press("enter")
        await prm.settle()
        assert "Cases 4" in prm.text

    drive(db, story, actor="Dana Program")


def test_a_policy_is_changed_from_a_day_on(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("6", "left")
        await prm.settle()
        assert "Inactive when" in prm.text and "every other type" in prm.text
        await prm.press("e")
        await prm.fill("silent(ordr, 90)")
        assert "ordr" in prm.text and "order" in prm.text
        await prm.fill("silent(order, 90)", "200", "60", "2013-11-01")
        await prm.settle()
        assert "another holds" in prm.text

    drive(db, story, actor="Dana Program")
    with Store.open(db) as store:
        assert [n for policy, n in inactivity.versions(store) if policy.name == "standard"] == [1, 2]
        policy = inactivity.policy(store, "standard", store.today())
        assert (policy.when, policy.dormant_after, policy.effective) == ("silent(order, 90)", 200, "2013-11-01")
        assert inactivity.policy(store, "standard", store.today().replace(month=10)).dormant_after == 365


def test_the_numbers_go_out_as_a_workbook(db: Path, tmp_path: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("6", "x")
        await prm.fill(str(tmp_path / "numbers.xlsx"))
        await prm.settle()

    drive(db, story)
    assert (tmp_path / "numbers.xlsx").stat().st_size > 10_000


def test_sections_show_what_matters_in_words_of_the_field(db: Path) -> None:
    async def story(prm: Driver) -> None:
        async def to(title: str) -> str:
            while title != prm.app.screen.section:  # type: ignore[attr-defined]
                await prm.press("right")
            return prm.text

        await prm.press("6")
        review = await to("Review")
        assert "Decided" in review and "inactive since 2013-06-27 " in review, "neither is cut at 120 columns"
        assert "hold_out = 0.2 there" in await to("Win-back") or "No win-back was begun" in prm.text
        profile = await to("Profile")
        assert "ProductLine" in profile and "product_line" not in profile
        survival = (await to("Survival")).split("\n")
        head = next(line for line in survival if "At risk" in line and "Warehouse" in line)
        first = next(line for line in survival if line.startswith(" ▌"))
        assert head.index("Warehouse") + len("Warehouse") == len(first), "numbers stand beneath the end of their label"
        assert "e changes the selected policy" in await to("Policies")

    drive(db, story)


def test_a_file_without_partners_says_in_every_section_how_to_begin(tmp_path: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("6")
        for title in SECTIONS:
            await prm.settle()
            said = "e changes the selected policy" if title == "Policies" else "i reads a spreadsheet"
            assert said in prm.text and "0 of 0" not in prm.text, title
            await prm.press("right")

    drive(tmp_path / "empty.db", story)


def test_marks_go_when_it_is_decided_or_by_escape(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("6", "right", "right", "right", "space", "space")
        assert len(prm.table.marked) == 2
        await prm.press("escape")
        assert not prm.table.marked and "to be decided about" in prm.text
        await prm.press("home", "space", "space", "a")
        await prm.choose("Re-tier")
        await prm.press("escape")
        assert len(prm.table.marked) == 2, "nothing was decided"
        await prm.press("a")
        await prm.choose("Keep")
        await prm.fill("a good year is to come")
        assert not prm.table.marked and prm.text.count("Keep, 2013-11-29") == 2

    drive(db, story, actor="Dana Program")
