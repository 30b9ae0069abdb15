"""A partner leaves, seen in a small window and by who makes mistakes: everything is there, and said with keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Static

from prm_tui.services import records
from screens.widgets.table import Col, Table
from screens.words import by_keys
from storage import Store
from tests.screens.driver import Driver, drive
from tests.services.leaving import DAY, an_office, approve, ask, gone, of, serve, who


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with an_office(tmp_path, monkeypatch) as store:
        yield store


def path(store: Store) -> Path:
    return Path(store.path)


def complaints(prm: Driver) -> list[str]:
    return [said for said, bad in prm.app.session.said if bad]


def fault(prm: Driver) -> str:
    """What the form complains of, beneath all fields."""
    return str(prm.app.screen.query_one("#fault", Static).render())


async def to_the_wizard(prm: Driver, *, marked: int = 1) -> None:
    await prm.press("2", *["space"] * (marked if marked > 1 else 0), "a")
    await prm.choose("Deactivate")


def test_the_wizard_shows_its_values_and_every_step_at_80_by_24(office: Store) -> None:
    async def story(prm: Driver) -> None:
        await to_the_wizard(prm)
        assert "Inactivity" in prm.text and "For convenience" in prm.text
        assert all(step in prm.text for step in ("● Why", "○ Impact", "○ Letters", "○ Review"))
        await prm.press("greater_than_sign")
        assert "Open deals: " in prm.text, "what is cut in the table is told in full beneath it"
        await prm.press("greater_than_sign")
        assert "enter chooses a line of the notice table" in prm.text

    drive(path(office), story, size=(80, 24), actor="Dana")


def test_in_a_window_of_12_lines_there_is_still_something_to_select(office: Store) -> None:
    ask(office, "A", notice="table")

    async def story(prm: Driver) -> None:
        await prm.press("4", "enter")
        assert "▌ ● Approve" in prm.text and "● Approval" in prm.text
        await prm.press("2")
        await to_the_wizard(prm)
        assert prm.table.size.height > 3

    drive(path(office), story, size=(60, 12), actor="Dana")


def test_dates_that_are_missing_are_asked_for_with_keys_and_once(office: Store) -> None:
    async def story(prm: Driver) -> None:
        await to_the_wizard(prm)
        await prm.press(*["greater_than_sign"] * 5)
        (said,) = complaints(prm)
        assert "choose a line of the notice table" in said and "Was" not in said
        assert "--" not in said and "prm " not in said and "Nothing was changed" in said
        await prm.press("escape", "greater_than_sign")
        assert len(complaints(prm)) == 2, "once it was dismissed it is said again"

    drive(path(office), story, actor="Dana")


def test_a_chosen_end_stays_with_another_day_of_notice_as_long_as_it_may(office: Store) -> None:
    async def story(prm: Driver) -> None:
        await to_the_wizard(prm)
        await prm.press("greater_than_sign", "greater_than_sign", "enter")
        await prm.choose("The line that fits")
        assert "the line that fits" in prm.text
        await prm.press("down", "down", "enter")
        await prm.fill("2026-04-01")
        said = str(prm.app.screen.query_one("#fault0", Static).render()) + fault(prm)
        assert "Partner A: 2026-04-01 is before notice allows" in said
        await prm.fill("2026-12-31")
        await prm.press("up", "enter")
        await prm.fill("2026-05-01")
        assert "1 May 2026, planned" in prm.text and "31 Dec 2026, planned" in prm.text
        await prm.press("enter")
        await prm.fill("2026-11-30")
        assert "30 Nov 2026, planned" in prm.text and "31 Dec 2026" not in prm.text
        assert "computed again" in prm.app.session.said[-1][0] and not complaints(prm)

    drive(path(office), story, actor="Dana")


def test_what_several_partners_hand_over_stands_under_their_names(office: Store) -> None:
    for code in ("A", "B"):
        fields = {"name": f"Customer of {code}", "ref": f"C-{code}", "status": "active"}
        records.add(office, of(office, code), "customer", fields, actor=who(office, "Dana"), as_of=DAY)

    async def story(prm: Driver) -> None:
        await to_the_wizard(prm, marked=2)
        await prm.press("greater_than_sign", "greater_than_sign", "enter")
        await prm.choose("The line that fits")
        await prm.press("greater_than_sign")
        lines = [line for line in prm.text.split("\n") if "Partner " in line or "Customer of" in line]
        assert [line.split("  ")[-1] if "Partner" in line else "" for line in lines].count("") == 2
        assert prm.text.index("Partner A") < prm.text.index("Customer of A") < prm.text.index("Partner B")
        await prm.press("home", "enter")
        assert "Hand over" not in prm.text and not complaints(prm), "a name is not handed over"

    drive(path(office), story, actor="Dana")


def test_the_case_page_has_its_steps_to_itself_in_a_narrow_window(office: Store) -> None:
    ask(office, "A", notice="table")

    async def story(prm: Driver) -> None:
        await prm.press("4", "enter")
        assert "Approve that this partner leaves" in prm.text and "Program manager" not in prm.text
        assert "asked for by" not in prm.text
        await prm.press("right", "y", "N", "d")
        said = [said for said, _ in prm.app.session.said]
        assert len(prm.app._notifications) == 1 and len(said) == 3, "it is on the screen once"
        assert all("y, N and d are for steps: ←" in one for one in said)

    drive(path(office), story, size=(80, 24), actor="Max")


def test_nobody_is_told_that_nobody_acts(office: Store) -> None:
    ask(office, "A", notice="table")

    async def story(prm: Driver) -> None:
        await prm.press("4", "enter", "enter")
        assert "Nobody acts yet" in prm.text and "effective 29 Jun 2026" in prm.text
        await prm.fill("A")
        assert "choose a person (p), or add one there" in fault(prm) and "--actor" not in fault(prm)

    drive(path(office), story)


def test_what_stands_in_the_way_of_closing_is_read_to_its_end(office: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    gone(office, "A", monkeypatch)

    async def story(prm: Driver) -> None:
        await prm.press("4", "enter", "a")
        await prm.choose("Close")
        await prm.fill("too small", "inactivity")
        assert "cannot be closed" in prm.text and "PgDn reads on" in prm.text and "enter saves" in prm.text
        await prm.press(*["pagedown"] * 6)
        over = prm.app.screen.query_one("#over")
        assert 0 < over.scroll_y == over.max_scroll_y
        assert "say in “Let go” why they are let go" in fault(prm) and "prm cases" not in fault(prm)

    drive(path(office), story, actor="Dana", size=(100, 30))


def test_flexible_columns_share_what_is_left_and_none_is_pushed_out() -> None:
    table = Table()
    table.cols = [Col("a", "", 10), Col("b", ""), Col("c", "", least=20), Col("d", "", 12, True)]
    fitting = table.fitting(100)
    assert [wide for _, _, wide in fitting] == [10, 33, 37, 12]
    assert sum(wide for _, _, wide in fitting) + 3 * 2 == 98


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("Case 7 takes effect on 2026-05-01. To hand something over earlier, name it: --line REF", "wait for that day"),
        ("Say who wants to close a case: choose a person (p), or --actor NAME. Add one: prm people add NAME", "or add one there."),
        ("A: such a case is open already, 4. See: prm cases show 4", "4 shows case 4."),
        ("There is no workflow “winback”. Add it: prm packs add win-back", "3, then n, the pack win-back"),
        ("Notice was served: prm cases complete 3, or prm cases withdraw 3", "a on its page"),
        ("Leave by another path: --path convenience", "1 Why, Path"),
        ("Agreement says nothing of notice_days, so", "notice days"),
    ],
)  # fmt: skip
def test_ways_of_the_command_line_are_said_as_keys(said: str, instead: str) -> None:
    found = by_keys(said)
    assert instead in found and "--" not in found and "prm " not in found and "_" not in found
    assert by_keys("Partner A – B is -- kept") == "Partner A – B is -- kept"


def test_a_served_case_says_what_can_be_done_with_keys(office: Store) -> None:
    (case,) = ask(office, "A", notice="table")
    approve(office, case)
    serve(office, case)

    async def story(prm: Driver) -> None:
        await prm.press("4", "enter", "a")
        await prm.choose("Make it effective")
        await prm.press("enter")
        assert complaints(prm) and not any("--" in said or "prm " in said for said in complaints(prm))

    drive(path(office), story, actor="Dana")
