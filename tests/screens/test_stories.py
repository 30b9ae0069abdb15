"""The interface, used as it is meant: find who has gone quiet, look at one, take it through a deactivation."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from prm_tui.services import cases, files, partners, people, suspension
from screens.cases.page import CasePage
from storage import Store
from tests.screens.driver import Driver, drive

WORKBOOK = Path(__file__).parent.parent.parent / "prm_tui" / "data" / "resellers-and-sales.xlsx"


@pytest.fixture
def db(demo_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(demo_file, tmp_path / "demo.db"))


def test_who_has_gone_quiet_and_why(db: Path) -> None:
    async def story(prm: Driver) -> None:
        assert "701 partners" in prm.text
        await prm.press("slash")
        await prm.write("#filter", "days_since(order) > 90")
        assert "187 of 701 partners · 66 unknown" in prm.text
        assert "last order more than 90 days ago" in prm.text
        assert "Why it is here" in prm.text and "✓ days_since(order) > 90" in prm.text
        await prm.write("#filter", "days_sinc(order) > 90")
        assert "Did you mean “days_since”" in prm.text
        assert len(prm.table.keys) == 187  # a fault leaves the list as it was
        await prm.write("#filter", "bike northwest")
        assert 0 < len(prm.table.keys) < 187
        await prm.press("escape", "escape")
        assert len(prm.table.keys) == 701
        await prm.press("w")
        assert "Facts as of 29 Nov 2013" in prm.text

    drive(db, story)


def test_completion_of_a_condition(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("slash")
        await prm.write("#filter", "count(or")
        field = prm.app.screen.query_one("#filter", Input)
        field.cursor_position = len(field.value)
        await prm.press("right")
        assert field.value == "count(order"

    drive(db, story)


def test_sorting_marking_and_columns(db: Path) -> None:
    async def story(prm: Driver) -> None:
        header = prm.table.region
        at = prm.text.split("\n")[header.y].index("12 months")
        await prm.pilot.click(prm.table, offset=(at - header.x + 3, 0))
        await prm.settle()
        assert "12 months ▼" in prm.text
        first = prm.table.keys[0]
        with Store.open(db) as store:
            best = partners.find(store, sort="amount_12m", descending=True, as_of=store.today()).ids[0]
        assert first == best
        await prm.press("space", "space")
        assert "2 marked" in prm.text and prm.table.cursor == 2
        await prm.press("c")
        await prm.choose("")
        await prm.press("end", "G", "home", "pagedown", "k", "j")
        assert prm.table.cursor > 10
        await prm.press("escape")
        assert not prm.table.marked

    drive(db, story)


def test_the_mouse_selects_opens_and_scrolls(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.pilot.click(prm.table, offset=(20, 7))
        await prm.settle()
        assert prm.table.cursor == 5
        await prm.pilot.click(prm.table, offset=(20, 7), times=2)
        await prm.settle()
        assert "Overview" in prm.text
        await prm.press("escape")
        at = prm.text.split("\n")[0].index("4 Cases")
        await prm.pilot.click(offset=(at + 2, 0))
        await prm.settle()
        assert "No case is under way" in prm.text

    drive(db, story)


def test_a_partners_page_shows_orders_down_to_their_cells(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.write("#filter", "Outdoor Sporting Goods")
        await prm.press("enter")
        assert "AnnualRevenue" in prm.text and "Its own rhythm" in prm.text
        await prm.press("right")
        assert "SO61268" in prm.text and "resellers-and-sales.xlsx · Sales row" in prm.text
        before = len(prm.table.keys)
        await prm.press("enter")
        assert len(prm.table.keys) > before
        await prm.press("n")
        await prm.choose("Call")
        await prm.fill("2013-11-28", "", "", "They will order again")
        assert "They will order…" in prm.text
        await prm.press("up", "enter")
        assert "They will order again" in prm.text  # the whole of it, in the page of the activity
        await prm.press("escape", "u", "enter")
        assert "They will order…" not in prm.text
        await prm.press("right", "n")
        await prm.fill("", "Buyer")
        assert "a contact needs a name" in prm.text  # the fault stands in the form
        await prm.fill("Ann Buyer", "Buyer", "ann@example.org")
        assert "Ann Buyer" in prm.text
        await prm.press("right", "right", "right")
        assert "added contact Ann Buyer" in prm.text

    drive(db, story)


def test_a_partner_is_edited_and_taken_back(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.write("#filter", "Outdoor Sporting Goods")
        await prm.press("e")
        assert "Edit Outdoor Sporting Goods" in prm.text
        prm.app.screen.query_one("#field9", Input).value = "31.3.26"
        await prm.press("enter")
        assert "“31.3.26” is not a date" in prm.text
        prm.app.screen.query_one("#field9", Input).value = "2010-03-31"
        await prm.press("enter")
        with Store.open(db) as store:
            found = partners.get(store, partners.resolve(store, "275"), store.today())
            assert str(found.fields["joined_on"]) == "2010-03-31"
        await prm.press("u")
        assert "edited joined_on of Outdoor Sporting Goods" in prm.text
        await prm.press("escape")
        with Store.open(db) as store:
            assert str(partners.get(store, found.id, store.today()).fields["joined_on"]) == "2010-03-31"

    drive(db, story)


def test_two_partners_are_taken_through_a_deactivation(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("p")
        await prm.choose("Dana")
        assert "acting: Dana Program" in prm.text
        await prm.write("#filter", "days_since(order) > 100 and sum(order.amount, 365) > 0")
        await prm.press("space", "space", "a")
        await prm.choose("Deactivate")
        assert "Deactivate 2 partners" in prm.text
        await prm.press("greater_than_sign")
        assert "not checked" in prm.text and "no sheet" in prm.text
        await prm.press("down", "enter", "escape", "greater_than_sign")
        assert "to be given" in prm.text
        await prm.press("enter")
        await prm.choose("The line that fits")
        assert "90 days of notice. notice table" in prm.text
        await prm.press("greater_than_sign", "escape")
        await prm.press("a")  # the draft is taken up where it was left
        await prm.choose("Deactivate")
        assert "● Transition" in prm.text
        await prm.press("greater_than_sign")
        assert "● Obligations" in prm.text and "Withdraw access" in prm.text
        await prm.press("enter", "n")
        await prm.fill("Collect the show bike", "role:finance", "10")
        assert "taken out" in prm.text and "Collect the show bike  (your own)" in prm.text
        await prm.press("greater_than_sign")
        assert "Notice of termination" in prm.text
        await prm.press("greater_than_sign")
        assert "Not checked" in prm.text and "Cannot be taken back" in prm.text
        await prm.press("enter", "enter")
        assert "Today 2" in prm.text and "Cases 2" in prm.text
        await prm.press("1", "y")
        assert "You act as Dana Program" in prm.text
        code = prm.app.screen.query_one(Input).placeholder.split()[1]
        await prm.fill(code)
        assert "A second person has to" in prm.text
        await prm.press("escape", "p")
        await prm.choose("Max")
        await prm.press("y")
        await prm.fill("wrong")
        assert "type the partner's code" in prm.text
        await prm.fill(code)
        await prm.press("4", "enter")
        assert "✓ Approval" in prm.text and "● Notice" in prm.text
        await prm.press("a", "enter")
        await prm.fill("registered mail", "", "2013-11-29")
        assert "● In notice" in prm.text
        await prm.press("v")
        assert "notice received on 2013-11-29" in prm.text
        assert not [said for said, bad in prm.app.session.said if bad]
        await prm.press("escape", "escape", "1", "N")
        assert "only approvals are rejected" in prm.app.session.said[-1][0]

    drive(db, story, size=(120, 70))
    with Store.open(db) as store:
        assert [c.stage for c in cases.list_of(store)] == ["in notice", "approval"]


def test_a_workbook_is_read_looked_at_taken_and_taken_back(tmp_path: Path) -> None:
    db = tmp_path / "new.db"

    async def story(prm: Driver) -> None:
        assert "holds no partners yet" in prm.text and "open the demonstration" in prm.text
        await prm.press("i")
        await prm.write("#path", str(tmp_path / "nothing.xlsx"))
        await prm.press("enter")
        assert "nothing.xlsx" in prm.text and "● File" in prm.text
        await prm.write("#path", str(WORKBOOK))
        await prm.press("enter")
        assert "activity: order" in prm.text and "60,855" in prm.text
        await prm.press("enter")
        assert "ResellerKey" in prm.text or "FirstName" in prm.text or "EmployeeKey" in prm.text
        await prm.press("greater_than_sign")
        assert "701" in prm.text and "3,796" in prm.text
        await prm.press("greater_than_sign", "enter")
        assert "● Taken" in prm.text
        await prm.press("escape", "2")
        assert "701 partners" in prm.text
        await prm.press("5")
        assert "import of resellers-and-sales.xlsx" in prm.text
        await prm.press("enter")
        assert "60,855 lines" in prm.text
        await prm.press("enter", "2")
        assert "holds no partners yet" in prm.text

    drive(db, story)


def test_the_first_partner_is_added_by_hand(tmp_path: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("n")
        await prm.fill("", "Acme Bikes")
        assert "Acme Bikes" in prm.text and "Overview" in prm.text
        await prm.press("escape")
        assert "1 partners" in prm.text or "1 partner" in prm.text

    drive(tmp_path / "new.db", story)


def test_help_palette_messages_and_leaving(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("question_mark")
        assert "In every list" in prm.text and "ctrl+f" in prm.text
        await prm.press("escape", "ctrl+p")
        assert prm.app.screen.query_one(OptionList).option_count > 15
        await prm.choose("theme")
        assert prm.app.theme == "prm-light"
        await prm.press("m", "escape", "escape", "escape", "escape")
        assert prm.app.is_running
        await prm.press("q")
        assert "Leave prm?" in prm.text
        await prm.press("escape")
        assert prm.app.is_running

    drive(db, story)


def test_a_complaint_stays_until_escape_and_a_draft_survives_another_mode(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("a")
        await prm.choose("Deactivate")
        await prm.press("greater_than_sign", "greater_than_sign", "2")  # away, without leaving it properly
        assert "701 partners" in prm.text
        await prm.press("a")
        await prm.choose("Deactivate")
        assert "● Dates" in prm.text
        await prm.press("escape", "a")
        await prm.choose("Suspend")
        await prm.choose("certificate")
        await prm.fill("lapsed in May")
        await prm.press("a")
        assert "Lift the suspension" in prm.text
        await prm.choose("Lift")
        await prm.fill("renewed")
        await prm.press("u", "enter", "u", "enter", "u", "enter")  # the demonstration's own people are taken back, too
        prm.app.tell("Something is wrong [/] here.", bad=True)
        await prm.settle()
        assert "Something is wrong [/] here." in prm.text
        await prm.press("escape")
        assert "Something is wrong" not in prm.text
        await prm.press("m")
        assert "Something is wrong [/] here." in prm.text

    drive(db, story, actor="Dana Program", notifications=True)


def test_a_mapping_is_corrected_and_remembered(tmp_path: Path) -> None:
    sheet = tmp_path / "dealers.csv"
    sheet.write_text("Dealer No,Dealer Name,Area\nD1,Acme,North\nD2,Brakes,South\n", encoding="utf-8")

    async def story(prm: Driver) -> None:
        await prm.press("i")
        await prm.write("#path", str(sheet))
        await prm.press("enter")
        assert "Area" in prm.text and "● Sheets and columns" in prm.text
        await prm.press("end", "enter")
        await prm.choose("industry")
        assert "industry" in prm.text and "as you said" in prm.text
        await prm.press("home", "t")
        await prm.choose("Our own people")
        assert "people" in prm.text
        await prm.press("t")
        await prm.choose("Partners")
        await prm.press("greater_than_sign", "less_than_sign", "greater_than_sign", "greater_than_sign", "enter")
        assert "● Taken" in prm.text
        await prm.press("escape")
        with Store.open(tmp_path / "new.db") as store:
            found = partners.get(store, partners.resolve(store, "Acme"), store.today())
            assert found.fields["industry"] == "North"

    drive(tmp_path / "new.db", story)


def test_the_key_line_can_be_pressed(db: Path) -> None:
    async def story(prm: Driver) -> None:
        row = prm.app.size.height - 1
        for what, shown in (("new", "Add a partner"), ("actions", "Deactivate …"), ("help", "Everywhere")):
            await prm.pilot.click(offset=(prm.text.split("\n")[row].index(f" {what}") + 1, row))
            await prm.settle()
            assert shown in prm.text
            await prm.press("escape")

    drive(db, story)


def test_columns_are_chosen_by_ticking(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("c")
        prm.app.screen.query_one(Input).value = "Last active"
        await prm.settle()
        await prm.press("space")
        prm.app.screen.query_one(Input).value = "Territory"
        await prm.settle()
        await prm.press("space", "enter")
        assert "Territory" not in prm.text
        await prm.press("s")
        await prm.choose("Last active")
        assert "Last active" in prm.text

    drive(db, story, size=(200, 40))


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_one_who_works_alone_tells_the_file_so(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("comma")
        assert "Settings of this file" in prm.text and "Persons who agree: 2" in prm.text
        await prm.choose("Persons")
        await prm.fill("1")
        assert "Say who wants to change" in prm.text
        await prm.press("escape", "p")
        await prm.choose("Dana")
        await prm.press("comma")
        await prm.choose("Persons")
        await prm.fill("3")
        assert "a whole number from 1 to" in prm.text
        await prm.fill("1")
        await prm.press("comma")
        await prm.choose("Persons")
        assert "Dana Program on" in prm.text
        await prm.press("escape", "u", "enter", "comma")
        await prm.choose("Persons")
        assert "Dana Program on" not in prm.text

    drive(db, story, size=size)


@pytest.mark.parametrize("wide", [40, 80, 120])
def test_the_key_line_holds_whole_commands_and_always_help(db: Path, wide: int) -> None:
    async def story(prm: Driver) -> None:
        for mode in "123456":
            await prm.press(mode)
            line = prm.text.split("\n")[-1]
            assert "? help" in line, line
            assert not line.removesuffix("ctrl+p").removesuffix("commands").rstrip().endswith((" u", " R", " esc")), (
                line
            )

    drive(db, story, size=(wide, 24))


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_somebody_gets_another_role_and_somebody_leaves(db: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("p")
        await prm.choose("Change a person")
        await prm.choose("Lee Legal")
        await prm.fill("Counsel", "", "legl", "yes")
        assert "“legl” is not a role" in prm.text
        await prm.fill("Counsel", "", "legal, compliance", "no")
        await prm.press("p")
        assert "Max Manager" in prm.text and "Lee Legal" not in prm.text, "who has left does not act"
        await prm.choose("Change a person")
        assert "does not work here" in prm.text

    drive(db, story, size=size)
    with files.open_file(db) as store:
        lee = people.find(store, "Lee Legal")
        assert (lee.title, lee.roles, lee.active) == ("Counsel", ("compliance", "legal"), False)


def test_what_is_closed_is_listed_and_opened_where_nothing_is_under_way(db: Path) -> None:
    with files.open_file(db) as store:
        dana, partner, today = people.find(store, "Dana Program").id, partners.resolve(store, "275"), store.today()
        suspension.suspend(store, partner, "unpaid", actor=dana, as_of=today)
        suspension.resume(store, partner, "paid", actor=dana, as_of=today)

    async def story(prm: Driver) -> None:
        await prm.press("4")
        assert "lifted" not in prm.text
        await prm.press("C", "enter")
        assert isinstance(prm.app.screen, CasePage)

    drive(db, story)
