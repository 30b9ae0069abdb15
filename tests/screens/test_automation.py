"""Automation as a person uses it: looked at, rehearsed, tried on the past, switched on by a second person, taken back."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from prm_tui.services import automation, cases, contacts, files, history, packs, partners, people, triggers
from screens.widgets.table import Table
from storage import Store
from tests.screens.driver import Driver, drive

SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=str)
DAY = date(2013, 11, 29)


@pytest.fixture
def db(demo_file: Path, tmp_path: Path) -> Path:
    """The demonstration with Gone quiet alone, which Dana has added; three of its partners can be written to."""
    path = Path(shutil.copy(demo_file, tmp_path / "demo.db"))
    with files.open_file(path) as store:
        dana = people.find(store, "Dana Program").id
        welcome = next(c.id for c in history.changes(store) if c.why.endswith("the pack welcome"))
        history.undo(store, welcome, actor=None, as_of=DAY)
        packs.add_named(store, "gone-quiet", actor=dana, as_of=DAY)
        for code in ("275", "70", "510"):
            who = {"name": f"Kim {code}", "email": f"kim@{code}.example", "main": "yes"}
            contacts.add(store, partners.resolve(store, code), who, actor=None, as_of=DAY)
            partners.edit(store, partners.resolve(store, code), {"manager": "Dana Program"}, actor=None, as_of=DAY)
    return path


def on(path: Path, name: str = "gone-quiet") -> bool:
    with files.open_file(path) as store:
        return next(t.on for t in triggers.listed(store, DAY) if t.name == name)


def max_switches_on(path: Path, first: str = "act") -> None:
    with files.open_file(path) as store:
        triggers.switch_on(store, "gone-quiet", first=first, actor=people.find(store, "Max Manager").id, as_of=DAY)


def to(prm: Driver, part: str) -> None:
    """Put the cursor on a part of the trigger."""
    table = prm.app.screen.query_one("#rule", Table)
    table.move_to(next(n for n, key in enumerate(table.keys) if key[0] == part))


@SIZES
def test_the_welcome_rules_are_offered_with_what_they_would_find(
    demo_file: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    path = Path(shutil.copy(demo_file, tmp_path / "partners.db"))
    with files.open_file(path) as store:
        taken = next(c for c in history.changes(store) if "welcome" in c.why)
        history.undo(store, taken.id, actor=None, as_of=store.today())

    async def story(prm: Driver) -> None:
        await prm.press("1")
        assert "3 shows what the welcome rules" in " ".join(prm.text.split())
        await prm.press("3")
        assert "“Welcome” on your data now" in prm.text
        assert "187  No order for 90 days, 66 unknown" in prm.text and "66  Orders of 90 days fell" in prm.text

    drive(path, story, size=size)


@SIZES
def test_an_empty_list_says_what_belongs_here_and_offers_three_ways(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "new.db"

    async def story(prm: Driver) -> None:
        await prm.press("3")
        assert "No trigger yet." in prm.text and "Three ways to begin" in prm.text
        await prm.press("n")
        await prm.choose("comes with prm")
        await prm.choose("Gone quiet, and back")
        assert "It cannot be added yet" in prm.text and "nobody is program manager" in prm.text
        await prm.press("escape", "n")
        await prm.choose("TOML")
        (tmp_path / "r.toml").write_text(
            '[trigger.x]\ntitle = "X"\nwhen = "tierr = 1"\nstart = "y"\n', encoding="utf-8"
        )
        await prm.fill(str(tmp_path / "r.toml"))
        assert "Did you mean" in prm.text and "line 3" in prm.text
        await prm.press("escape", "n")
        await prm.choose("comes with prm")
        await prm.choose("Four rules to begin")
        assert "No order for 90 days" in prm.text and "Everything comes switched off" in prm.text
        await prm.press("enter")
        assert "0 on, 4 off" in prm.text and "4 triggers, switched off" in prm.app.session.said[-1][0]

    drive(path, story, size=size)


@SIZES
def test_a_trigger_is_read_as_sentences(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3")
        assert "○ off" in prm.text and "Gone quiet" in prm.text and "180" in prm.text
        await prm.press("enter")
        assert "for each partner, when the condition becomes true" in prm.text
        assert "last order more than 100 days ago" in prm.text and "matches now 180 of 701 partners" in prm.text
        text = prm.text
        await prm.press("end")
        text += prm.text
        for said in ("Call the owner", "within 3 business days", "→ reactivated", "“let go”", "hold them for a person",
                     "a second person switches it on", "✓ checked"):  # fmt: skip
            assert said in text, said
        await prm.press("escape", "escape")
        assert "Triggers" in prm.text

    drive(db, story, size=size, actor="Max Manager")


@SIZES
def test_it_is_rehearsed_in_place_and_nothing_remains(db: Path, size: tuple[int, int]) -> None:
    with files.open_file(db) as store:
        before = list(store.conn.iterdump())

    async def story(prm: Driver) -> None:
        await prm.press("3", "D")
        assert "Rehearsed as of 29 Nov 2013; nothing of it remains" in prm.text
        assert (
            "180 matches (180 held: more than its cap)" in prm.text and "If a person lets the held ones go:" in prm.text
        )
        assert "3 messages" in prm.text and "177 messages that cannot be sent" in prm.text
        await prm.press("end")
        await prm.press("escape")
        assert "Rehearsed" not in prm.text and "Gone quiet" in prm.text
        await prm.press("escape")
        assert "Triggers" in prm.text

    drive(db, story, size=size)
    with files.open_file(db) as store:
        assert list(store.conn.iterdump()) == before


@SIZES
def test_it_is_tried_on_the_past_with_other_limits_beside_it(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3", "enter", "b")
        assert "Right where" in prm.text and "count(order, 180) = 0" in prm.text
        await prm.press("enter")
        assert "29 Nov 2012 – 29 Nov 2013, day by day" in prm.text
        text = prm.text
        await prm.press("end")
        text += prm.text
        for said in ("166", "157 of 701 partners", "72%", "81 of 112 judged", "not yet known", "◂ as it is", "1,011", "15%",
                     "One order every 92 days"):  # fmt: skip
            assert said in text, said
        await prm.press("b")
        await prm.fill("2013-11-29", "2012-11-29", "count(ordr, 180) = 0")
        assert "Did you mean “order”?" in prm.text
        await prm.press("escape", "escape")
        assert "Backtest" not in prm.text

    drive(db, story, size=size)


@SIZES
def test_whatever_a_trigger_waits_for_is_tried_on_the_past(db: Path, size: tuple[int, int]) -> None:
    flow = '[workflow.look]\ntitle = "Look"\n[[workflow.look.step]]\nid = "a"\ndo = "task"\ntitle = "Look"\n'
    big = '[trigger.big]\ntitle = "Big"\nsubject = "activity:order"\non = "activity"\nwhen = "amount > 50_000"\nstart = "look"\n'
    asked = '[trigger.asked]\ntitle = "Asked for"\non = "manual"\nstart = "look"\n'
    with files.open_file(db) as store:
        packs.add(store, big + asked + flow, "big.toml", actor=people.find(store, "Dana Program").id, as_of=DAY)

    async def story(prm: Driver) -> None:
        await prm.press("3", "enter", "b")
        assert "begins when a person starts it" in prm.app.session.said[-1][0]
        await prm.press("escape", "escape", "down", "enter", "b")
        assert "count(order, 180) = 0" in prm.text
        await prm.press("enter")
        text = prm.text
        await prm.press("end")
        text += prm.text
        for said in (
            "29 Nov 2012 – 29 Nov 2013, day by day",
            "matches a week",
            "most often",
            "not yet known",
            "foreseen",
        ):
            assert said in text, said
        assert "limit" not in text and "is usual" not in text

    drive(db, story, size=size)


@SIZES
def test_who_wrote_it_cannot_switch_it_on(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3", "O")
        assert "whoever saved the trigger gone-quiet cannot switch it on as well" in prm.app.session.said[-1][0]

    drive(db, story, size=size, actor="Dana Program")
    assert not on(db)

    async def nobody(prm: Driver) -> None:
        await prm.press("3", "O")
        assert "choose a person (p)" in prm.app.session.said[-1][0]

    drive(db, nobody, size=size)
    assert not on(db)


@SIZES
def test_a_second_person_switches_it_on_runs_it_lets_go_and_takes_back(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3", "O")
        await prm.choose("act on all")
        assert "This is its first version." in prm.text and "180 held: more than its cap" in prm.text
        await prm.press("enter")
        assert "● on" in prm.text
        await prm.press("R")
        assert "Run automation now?" in prm.text
        await prm.press("enter")
        assert "180 matches held for a decision" in prm.text
        await prm.press("a", "enter")
        assert "Let the held matches go" in prm.text and "3 messages" in prm.text
        await prm.press("enter")
        assert "held" not in prm.text.split("Triggers")[1].split("\n")[0] and "! on" in prm.text
        await prm.press("L")
        assert "Gone quiet: 180 begun" in prm.text and "Gone quiet: 180 held" in prm.text
        await prm.press("down", "enter")
        assert "round 2, caused by round 1" in prm.text
        await prm.press("a", "enter")
        assert "180 cases" in prm.text and "Take back this change?" in prm.text
        await prm.press("enter")
        assert not [said for said, bad in prm.app.session.said if bad]

    drive(db, story, size=size, actor="Max Manager")
    with files.open_file(db) as store:
        assert on(db) and cases.list_of(store) == []


@SIZES
def test_a_match_is_explained_with_its_cells_and_taken_back_alone(db: Path, size: tuple[int, int]) -> None:
    max_switches_on(db)
    with files.open_file(db) as store:
        automation.run(store, as_of=DAY)
        automation.release(store, "gone-quiet", actor=people.find(store, "Max Manager").id, as_of=DAY)

    async def story(prm: Driver) -> None:
        await prm.press("3", "L", "enter")
        tree = prm.table
        tree.move_to(next(n for n, key in enumerate(tree.keys) if key[0] == "trigger"))
        await prm.press("enter")
        tree.move_to(next(n for n, key in enumerate(tree.keys) if key[0] == "hit"))
        await prm.press("enter")
        assert "found then" in prm.text and "resellers-and-sales.xlsx · Sales" in prm.text
        assert "not: has(case" in prm.text.replace("\n", "") or size == (80, 24)
        name = prm.text.split("Why: ")[1].split("\n")[0].strip()
        await prm.press("escape", "a")
        await prm.choose("only")
        assert "Take back this change?" in prm.text
        await prm.press("enter")
        with files.open_file(db) as store:
            assert len(cases.list_of(store)) == 179 and name not in {c.name for c in cases.list_of(store)}

    drive(db, story, size=size, actor="Max Manager")


@SIZES
def test_why_and_why_not(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("3", "w")
        await prm.fill("275")
        assert "Outdoor Sporting Goods: matches" in prm.text and "152" in prm.text
        await prm.press("escape", "w")
        await prm.fill("Brakes and Gears")
        assert "does not match" in prm.text and "short" in prm.text
        await prm.press("escape", "w")
        await prm.fill("no such partner at all")
        assert "no such partner at all" in prm.text and "Why, or why not?" in prm.text

    drive(db, story, size=size)


@SIZES
def test_it_is_switched_off_and_written_to_a_file(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    max_switches_on(db, "note")

    async def story(prm: Driver) -> None:
        await prm.press("3")
        assert "● on" in prm.text
        await prm.press("O", "escape", "O", "enter")
        assert "○ off" in prm.text
        await prm.press("a")
        await prm.choose("TOML")
        await prm.fill(str(tmp_path / "out.toml"))
        assert "Written" in prm.app.session.said[-1][0]

    drive(db, story, size=size, actor="Max Manager")
    assert "we-miss-you" in (tmp_path / "out.toml").read_text(encoding="utf-8") and not on(db)


def test_automation_runs_once_on_opening_where_it_may(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    max_switches_on(db)
    settings = tmp_path / "home" / "prm" / "prm.toml"
    said: list[str] = []

    async def opened(prm: Driver) -> None:
        await prm.pilot.pause(0.4)
        await prm.settle()
        said.append(" ".join(text for text, _ in prm.app.session.said))

    monkeypatch.setattr("prm_tui.paths.configuration", lambda: settings)
    settings.parent.mkdir(parents=True)
    settings.write_text("run_on_opening = false\n", encoding="utf-8")
    drive(db, opened)
    settings.write_text("run_on_opening = true\n", encoding="utf-8")
    drive(db, opened)
    drive(db, opened)
    assert (
        said[0] == said[2] == "" and "Done on opening: Gone quiet: 180 matches (180 held: more than its cap)" in said[1]
    )
    with files.open_file(db) as store:
        assert [c.kind for c in history.changes(store)].count("run") == 1


def test_automation_leaves_another_day_and_a_locked_file_alone(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prm_tui.services import visits

    max_switches_on(db)
    with files.open_file(db) as store:
        assert visits.may_run(store, DAY) and not visits.may_run(store, date(2013, 11, 28))
        monkeypatch.setattr("os.access", lambda *_: False)
        assert not visits.may_run(store, DAY)
    with Store.open(db, read_only=True) as store:
        assert not visits.may_run(store, DAY)


@SIZES
def test_today_says_what_ran_since_the_last_visit(db: Path, size: tuple[int, int]) -> None:
    async def first(prm: Driver) -> None:
        await prm.pilot.pause(0.4)
        await prm.press("1")
        assert prm.app.session.since is None
        await prm.press("R")
        assert "Nothing is due" in prm.app.session.said[-1][0]

    async def second(prm: Driver) -> None:
        await prm.pilot.pause(0.4)
        await prm.press("1")
        assert prm.app.session.since is not None
        if size[0] >= 100:
            assert "Done automatically since" in prm.text and "Gone quiet: 180 held" in prm.text

    drive(db, first, size=size)
    max_switches_on(db)
    with files.open_file(db) as store:
        automation.run(store, as_of=DAY)
    drive(db, second, size=size)
