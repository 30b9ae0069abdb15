"""A trigger is written and changed in the interface: condition, moment, steps; checked while it is typed, saved as a version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from prm_tui.domain.rule import Rule
from prm_tui.services import automation, cases, files, packs, partners, rules, triggers
from screens.widgets.table import Table
from storage import Store
from tests.screens.driver import Driver, drive
from tests.screens.test_hostile import HOSTILE
from tests.services.rules import BIG, DAY, GOLD, WELCOME, an_office, of, tier, trigger, who

SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=str)
ASKING = """
id = "ask"
do = "approve"
title = "Keep?"
by = "role:manager"
within = "2 business hours"
choices = { keep = "kept", drop = "start:deactivation" }
---
id = "kept"
do = "end"
outcome = "kept"
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with an_office(tmp_path, monkeypatch) as store:
        yield store


@pytest.fixture
def db(office: Store) -> Iterator[Path]:
    packs.add(office, WELCOME + GOLD, "rules.toml", actor=who(office, "Dana"), as_of=DAY)
    tier(office, "A", "Gold")
    yield office.path


def to(prm: Driver, part: str, n: int | None = None) -> None:
    """Put the cursor on a part of the trigger, or on its n-th step."""
    table = prm.app.screen.query_one("#rule", Table)
    table.move_to(next(at for at, key in enumerate(table.keys) if key[0] == part and (n is None or key[1] == n)))


def values(prm: Driver) -> dict[str, str]:
    return {str(field.id): field.value for field in prm.app.screen.query(Input)}


def saved(path: Path, name: str = "gold") -> Rule:
    with files.open_file(path) as store:
        return rules.load(store, name, DAY)


@SIZES
def test_a_condition_is_counted_as_it_is_typed(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3", "enter")
        to(prm, "if")
        await prm.press("e")
        assert "matches now 1 of 3 partners" in prm.text and "Partner A" in prm.text
        await prm.write("#filter", "territory = 'West'")
        assert "matches now 3 of 3 partners" in prm.text and "territory is West" in prm.text
        await prm.write("#filter", "territry = 'West'")
        assert "Did you mean “territory”?" in prm.text
        await prm.press("enter")
        assert "Did you mean" in prm.text, "what means nothing is not taken"
        await prm.write("#filter", "territory = 'West' and tier = 'Gold'")
        await prm.press("enter")
        assert "changed, not saved" in prm.text and "3 alone" in prm.text
        await prm.press("W")
        assert "switches nothing on" in prm.text
        await prm.press("enter")
        assert "version 2" in prm.text and "not saved" not in prm.text

    drive(db, story, size=size, actor="Dana")
    assert saved(db).trigger["when"] == "territory = 'West' and tier = 'Gold'"


@SIZES
def test_steps_are_added_edited_moved_and_taken_out(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3", "enter")
        to(prm, "step", 0)
        await prm.press("n")
        await prm.choose("something a person does")
        assert "Step 2: task" in prm.text
        await prm.press("enter")
        assert "“title” is missing" in prm.text
        await prm.write("#field0", "Call {{ partner.name }}")
        await prm.write("#field1", "role:legl")
        assert "“legl” is no role" in prm.text and "Did you mean “legal”?" in prm.text
        await prm.write("#field1", "manager")
        await prm.write("#field2", "3 busines days")
        assert "Did you mean “business”?" in prm.text
        await prm.press("enter")
        assert "Step 2: task" in prm.text, "it stays open while something is wrong"
        await prm.write("#field2", "3 business days")
        await prm.press("enter")
        assert "Call {{ partner.name }}" in prm.text and "within 3 business days" in prm.text
        to(prm, "step", 1)
        await prm.press("K")
        rule = prm.app.screen.rule  # type: ignore[attr-defined]
        assert rule.ids == ["task", "write"]
        await prm.press("Z")
        assert prm.app.screen.rule.ids == ["write"]  # type: ignore[attr-defined]
        await prm.press("Z")
        assert "needs one step" in prm.app.session.said[-1][0]
        await prm.press("escape")
        assert "nothing" in prm.text or "Triggers" in prm.text or "gold" in prm.text

    drive(db, story, size=size, actor="Dana")
    assert saved(db).ids == ["write"]


@SIZES
def test_a_fault_is_shown_beneath_its_step_and_cannot_be_saved_or_rehearsed(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3", "enter")
        to(prm, "step", 0)
        await prm.press("n")
        await prm.choose("the case is over")
        await prm.press("enter", "n")
        await prm.choose("the case is over")
        await prm.press("enter")
        assert "no way leads to the step" in prm.text and "1 thing wrong" in prm.text
        await prm.press("W")
        assert "cannot be saved yet" in prm.app.session.said[-1][0]
        await prm.press("escape", "D")
        assert "cannot be rehearsed yet" in prm.app.session.said[-1][0]
        await prm.press("escape", "escape")
        assert "Leave without saving?" in prm.text
        await prm.press("enter")
        assert "Triggers" in prm.text

    drive(db, story, size=size, actor="Dana")
    assert saved(db).ids == ["write"]


@SIZES
def test_what_is_not_saved_is_rehearsed_as_it_would_be(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3", "enter")
        to(prm, "if")
        await prm.press("e")
        await prm.write("#filter", "territory = 'West'")
        await prm.press("enter", "D")
        assert "3 messages" in prm.text and "Partner C" in prm.text
        await prm.press("O")
        assert "Save it first" in prm.app.session.said[-1][0]

    drive(db, story, size=size, actor="Dana")
    assert saved(db).trigger["when"] == "tier = 'Gold'"


@SIZES
def test_another_moment_asks_for_its_own_fields(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3", "enter")
        to(prm, "when")
        await prm.press("e")
        await prm.write("#field1", "every")
        await prm.press("enter")
        assert "“period” is missing" in prm.text
        await prm.press("escape", "e")
        names = [entry.key for entry in prm.app.screen._entries]  # type: ignore[attr-defined]
        assert names == ["title", "on", "subject", "again_after"]

    drive(db, story, size=size, actor="Dana")


@SIZES
def test_the_safety_of_one_that_is_on_is_changed_and_it_goes_off(db: Path, size: tuple[int, int]) -> None:
    with files.open_file(db) as store:
        triggers.switch_on(store, "gold", first="note", actor=who(store, "Max"), as_of=DAY)

    async def story(prm: Driver) -> None:
        await prm.press("3", "enter")
        to(prm, "safety")
        await prm.press("e")
        await prm.write("#field0", "many")
        assert "a whole number is expected" in prm.text
        await prm.write("#field0", "500")
        await prm.press("enter", "W")
        assert "switched off until a second person" in prm.text
        await prm.press("enter")
        assert "Switched off: gold" in prm.app.session.said[-1][0] and "○ switched off" in prm.text

    drive(db, story, size=size, actor="Dana")
    assert saved(db).trigger["cap"] == 500

    async def max_looks(prm: Driver) -> None:
        await prm.press("3", "O", "enter")
        assert "+ cap = 500" in prm.text and "who did not write this version" in prm.text
        await prm.press("enter")
        assert "● on" in prm.text

    drive(db, max_looks, size=size, actor="Max")


@SIZES
def test_a_new_trigger_is_written_from_nothing(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3", "n")
        await prm.choose("from a condition and a few")
        await prm.press("enter")
        assert "give it a title" in prm.text
        await prm.fill("Watch [/] the West")
        assert "not saved yet" in prm.text and "Watch [/] the West" in prm.text
        await prm.press("W", "enter")
        assert "version 1" in prm.text
        await prm.press("escape")
        assert "Watch [/] the West" in prm.text

    drive(db, story, size=size, actor="Dana")
    assert saved(db, "watch-the-west").steps[0]["title"] == "Call the owner"


@SIZES
def test_an_approval_with_choices_is_answered_on_today(db: Path, size: tuple[int, int]) -> None:
    with files.open_file(db) as store:
        packs.add(
            store,
            trigger("ask", "when = \"tier = 'Gold'\"", "ask", ASKING),
            "ask.toml",
            actor=who(store, "Dana"),
            as_of=DAY,
        )
        triggers.switch_on(store, "ask", first="act", actor=who(store, "Max"), as_of=DAY)
        tier(store, "B", "Gold")
        automation.run(store, as_of=DAY)

    async def story(prm: Driver) -> None:
        await prm.press("1")
        assert "◆ Keep?" in prm.text and "today 11:00" in prm.text
        await prm.press("y")
        assert "the case ends: kept" in prm.text and "starts deactivation" in prm.text
        await prm.choose("keep")
        assert "Because" in prm.text and "tier = 'Gold': Gold" in prm.text and "You act as Max" in prm.text
        await prm.press("enter")
        assert "goes on with the next run" in prm.app.session.said[-1][0]
        await prm.press("y")
        await prm.choose("drop")
        await prm.press("enter", "R", "enter")
        assert "It needs a reason and a path" in prm.text, "what the program does by rules of its own a person begins"
        assert not [said for said, bad in prm.app.session.said if bad]

    drive(db, story, size=size, actor="Max")
    with files.open_file(db) as store:
        assert {c.outcome for c in cases.list_of(store, closed=True)} == {"kept", "went on as deactivation"}


def test_a_case_of_the_program_does_not_stop_automation(office: Store) -> None:
    from prm_tui.services import deactivation

    packs.add(office, WELCOME + GOLD, "rules.toml", actor=who(office, "Dana"), as_of=DAY)
    triggers.switch_on(office, "gold", first="act", actor=who(office, "Max"), as_of=DAY)
    deactivation.submit(office, [of(office, "B")], "mutual", memo="m", actor=who(office, "Dana"), as_of=DAY)
    tier(office, "A", "Gold")
    assert automation.run(office, as_of=DAY).counts["message"] == 1


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (20, 5)], ids=str)
def test_hostile_names_are_text_on_every_screen_of_automation(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "hostile.db"
    with files.open_file(path, create=True) as store:
        day = store.today()
        for n, name in enumerate(HOSTILE):
            partners.add(store, {"name": name, "code": f"C{n}", "territory": name}, actor=None, as_of=day)
        said = HOSTILE[1]
        rule = rules.new(store, said)
        rule = rule.with_trigger({**rule.trigger, "when": "code contains 'C'"}).with_head(said, "manager")
        rule = rule.with_step(0, {**rule.steps[0], "title": f"{said} {{{{ partner.name }}}}"})
        rules.save(store, rule, actor=None, as_of=day)
        triggers.switch_on(store, rule.name, first="act", actor=None, as_of=day)
        automation.run(store, as_of=day)
    seen: list[str] = []

    async def story(prm: Driver) -> None:
        await prm.press("3")
        seen.append(prm.text)
        await prm.press("D")
        seen.append(prm.text)
        await prm.press("escape", "end", "e")
        seen.append(prm.text)
        await prm.press("escape", "home", "down", "down", "down", "e")
        seen.append(prm.text)
        await prm.press("escape", "escape", "escape", "3", "w")
        await prm.fill("C0")
        seen.append(prm.text)
        await prm.press("escape", "escape", "L", "enter")
        for _ in range(12):
            await prm.press("down")
            seen.append(prm.text)
        await prm.press("w", "escape", "a", "escape", "escape", "escape", "O", "escape", "1")
        seen.append(prm.text)
        assert prm.app.is_running

    drive(path, story, size=size)
    everything = "\n".join(seen)
    assert "\x1b" not in everything and "\x07" not in everything and "\u202e" not in everything


@SIZES
def test_the_condition_is_edited_part_by_part_and_the_text_follows(db: Path, size: tuple[int, int]) -> None:
    def condition(prm: Driver) -> object:
        return prm.app.screen.rule.trigger.get("when")  # type: ignore[attr-defined]

    async def story(prm: Driver) -> None:
        await prm.press("3", "enter")
        to(prm, "if")
        await prm.press("n")
        await prm.write("#filter", "code = 'A' or code = 'B'")
        assert "counted alone" in prm.text and "matches now 2 of 3 partners" in prm.text
        await prm.press("enter")
        assert condition(prm) == "tier = 'Gold' and (code = 'A' or code = 'B')"
        assert "1 alone  tier = 'Gold'" in prm.text and "2 alone" in prm.text
        to(prm, "part", 1)
        await prm.press("e")
        await prm.write("#filter", "territory = 'West'")
        await prm.press("enter")
        assert condition(prm) == "tier = 'Gold' and territory = 'West'"
        to(prm, "part", 0)
        await prm.press("Z")
        assert condition(prm) == "territory = 'West'" and "matches now 3 of 3 partners" in prm.text

    drive(db, story, size=size, actor="Dana")


def test_a_condition_about_an_activity_is_completed_by_its_fields(db: Path) -> None:
    with files.open_file(db) as store:
        packs.add(store, BIG, "big.toml", actor=who(store, "Dana"), as_of=DAY)

    async def story(prm: Driver) -> None:
        await prm.press("3", "enter")
        to(prm, "if")
        await prm.press("e")
        assert "when an order arrives" in prm.text and "orders of the last 12 months" in prm.text
        await prm.write("#filter", "")
        await prm.press(*"subject.am", "right")
        assert prm.app.screen.query_one("#filter", Input).value == "subject.amount"

    drive(db, story, actor="Dana")
