"""The outbox as a person uses it: seen on Today, completed, approved, written out, said to be sent."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

import pytest
from textual.widgets import Input, TextArea

from prm_tui.services import contacts, outbox, partners
from screens.modals.writing import typed
from storage import Store
from tests.outgoing import DAY, NOW, case, message, messages, office, state
from tests.screens.driver import Driver, drive
from tests.screens.test_hostile import HOSTILE


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRM_NOW", NOW)
    path = tmp_path / "office.db"
    with office(path) as store:
        under = case(store)
        raw = {
            "state": "returned",
            "recipient": None,
            "contact_id": None,
            "body": "Dear {{ contact.name }},\n\nhello\n",
        }
        messages(
            store, ("A", {"case_id": under}), ("B", {"subject": "Prices [/]"}), ("B", raw | {"subject": "Stopped"})
        )
    return path


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
def test_messages_go_all_the_way_out(db: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("1")
        assert "1 came back, 2 to approve" in prm.text
        await prm.press("o")
        assert prm.text.index("✗ came back") < prm.text.index("◆ to approve") and "Prices [/]" in prm.text
        assert "there is no recipient" in prm.text  # the detail of the selected one
        await prm.press("y", "enter")
        assert "Complete it first" in prm.app.session.said[-1][0]
        await prm.press("escape", "enter")
        assert "Missing" in prm.text and "not filled in: contact.name" in prm.text
        await prm.press("e")
        await prm.write("#recipient", "bob@b.example")
        prm.app.screen.query_one(TextArea).text = "Dear Bob,\n\nhello\n"
        await prm.press("ctrl+s")
        assert "waits for approval" in prm.text and "Missing" not in prm.text
        await prm.press("escape", "home", "space", "space", "space")
        assert "3 marked" in prm.text
        await prm.press("y")
        assert "Approve 3 messages?" in prm.text and "You act as Dana" in prm.text
        await prm.press("escape")
        assert "3 marked" in prm.text
        await prm.press("y", "enter")
        assert prm.text.count("✓ approved") == 3 and "marked" not in prm.text
        await prm.press("e")
        assert "cannot be edited" in prm.app.session.said[-1][0]
        await prm.press("escape", "space", "M")
        assert "Write out this message" in prm.text and "cannot be taken back" in prm.text
        await prm.fill("")
        assert "name the folder" in prm.text
        await prm.fill(str(tmp_path / "out"))
        assert prm.text.count("→ given out") == 1
        await prm.press("M")
        assert "Write out 2 messages" in prm.text
        await prm.fill(str(tmp_path / "out"))
        assert prm.text.count("→ given out") == 3
        await prm.press("M")
        assert "No message is approved" in prm.app.session.said[-1][0]
        await prm.press("escape", "u")
        assert "already given to your mail program" in prm.app.session.said[-1][0]
        await prm.press("escape", "home", "down", "d", "enter")
        assert prm.text.count("→ given out") == 2 and prm.table.cursor == 1
        await prm.press("C")
        assert "✓ sent" in prm.text
        await prm.press("escape")
        assert "2 to confirm as sent" in prm.text

    drive(db, story, size=size, actor="Dana")
    mails = [message_from_bytes(p.read_bytes(), policy=policy.default) for p in (tmp_path / "out").glob("*.eml")]
    assert sorted(m["Subject"] for m in mails) == ["Prices [/]", "Stopped", "Your agreement"]


def test_one_is_cancelled_and_another_leads_to_its_case(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("1", "o", "down", "enter")
        assert (
            "Dear Ann" in prm.text and "Win-back (enter opens it)" in prm.text and "a round of automation" in prm.text
        )
        await prm.press("enter")
        assert "Winback of Partner A" in prm.text
        await prm.press("escape", "X")
        await prm.fill(" ")
        assert "say why it is cancelled" in prm.text
        await prm.fill("they called")
        assert "cancelled" in prm.text and "cancelled message “Your agreement”" in prm.text
        await prm.press("d", "enter")
        assert "it was cancelled" in prm.app.session.said[-1][0]
        await prm.press("escape", "u", "enter")  # a complaint goes first; then cancelling is taken back
        assert "waits for approval" in prm.text
        await prm.press("escape", "home", "enter", "enter")
        assert "belongs to no case" in prm.app.session.said[-1][0]
        await prm.press("j", "k", "escape", "space", "escape")
        assert "Messages" in prm.text and "marked" not in prm.text
        await prm.press("escape")
        assert "Call them" in prm.text

    drive(db, story, actor="Dana")


def test_nobody_in_particular_approves_nothing_and_a_bad_address_stays_in_the_form(db: Path) -> None:
    async def story(prm: Driver) -> None:
        await prm.press("1", "o", "down", "y", "enter")
        assert "Say who wants to approve" in prm.app.session.said[-1][0]
        await prm.press("escape", "e")
        prm.app.screen.query_one(TextArea).text = "x" * 200_001
        await prm.press("ctrl+s")
        assert "longer than 200,000" in prm.text
        await prm.press("escape", "enter")
        assert "Edit the message" not in prm.text

    drive(db, story)
    with Store.open(db) as store:
        assert state(store, 1) == "draft"


def test_an_empty_outbox_says_what_belongs_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRM_NOW", NOW)
    office(tmp_path / "empty.db").close()

    async def story(prm: Driver) -> None:
        await prm.press("1")
        assert "Messages" not in prm.text
        await prm.press("o")
        assert "No message waits" in prm.text and "Nothing is sent by itself" in prm.text
        await prm.press("y", "X", "d", "e", "enter", "space", "M")
        assert "No message is approved" in prm.app.session.said[-1][0]

    drive(tmp_path / "empty.db", story, size=(80, 24))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (12, 5)], ids=str)
def test_hostile_text_is_shown_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    monkeypatch.setenv("PRM_NOW", NOW)
    with office(tmp_path / "hostile.db") as store:
        for name in HOSTILE:
            partners.edit(store, 1, {"name": name}, actor=None, as_of=DAY)
            (ann,) = contacts.list_of(store, 1)
            contacts.edit(store, ann.id, {"name": name}, actor=None, as_of=DAY)
            message(store, subject=name, body=name * 3, recipient=name, template=name)
    seen: list[str] = []

    async def story(prm: Driver) -> None:
        await prm.press("1", "o")
        for row in range(len(HOSTILE)):
            prm.table.move_to(row)
            await prm.press("enter")
            seen.append(prm.text)
            if row in (1, 5, 6):
                for key in ("e", "escape", "y", "escape", "X", "escape"):
                    await prm.press(key)
                    seen.append(prm.text)
            await prm.press("escape")
        assert prm.app.is_running

    drive(tmp_path / "hostile.db", story, size=size, actor="Dana")
    everything = "\n".join(seen)
    assert "\x1b" not in everything and "\x07" not in everything and "\u202e" not in everything
    if size == (120, 40):
        assert "Acme [/] Ltd" in everything and "[@click=app.quit]x[/]" in everything


def test_what_was_not_changed_in_the_form_stays_as_it_is(db: Path) -> None:
    with Store.open(db) as store:
        one = message(store, "A", subject="First", body="a\r\n\x1b[31mb\u202e\n")

    async def story(prm: Driver) -> None:
        await prm.press("1", "o")
        prm.table.move_to(next(n for n, key in enumerate(prm.table.keys) if key == one))
        await prm.press("e", "shift+tab")
        assert prm.app.screen.query_one(TextArea).text == typed("a\r\n\x1b[31mb\u202e\n") == "a\n[31mb\n"
        prm.app.screen.query_one("#subject", Input).focus()
        await prm.write("#subject", "Second")
        await prm.press("enter")
        assert "Second" in prm.text

    drive(db, story, actor="Dana")
    with Store.open(db) as store:
        found = outbox.get(store, one)
        assert (found.row.subject, found.body) == ("Second", "a\r\n\x1b[31mb\u202e\n")
