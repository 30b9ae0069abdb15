"""Messages go out: completed, approved by a person, written as files, confirmed; and what keeps them in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest

from importers import docx
from importers import export as sheets
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.message import HandedOver, file_stem, is_address
from prm_tui.services import cases, contacts, exchange, files, history, outbox, partners, people
from storage import Store, chain
from storage import cases as kept
from storage import messages as stored
from tests.outgoing import BODY, DAY, NOW, case, message, messages, office, state, who

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """See tests/outgoing.py."""
    monkeypatch.setenv("PRM_NOW", NOW)
    with office(tmp_path / "office.db") as opened:
        yield opened


def approve(store: Store, *ids: int) -> None:
    done = outbox.approve(store, ids, actor=who(store), as_of=DAY)
    assert done.done == ids, done.refused


def hand_over(store: Store, folder: Path, *ids: int, again: bool = False) -> HandedOver:
    return outbox.export(store, folder, ids or None, again=again, actor=who(store), as_of=DAY)


def read(path: Path) -> EmailMessage:
    found = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(found, EmailMessage) and not found.defects
    return found


def edit_contact(store: Store, code: str, **fields: str) -> None:
    (contact,) = contacts.list_of(store, partners.resolve(store, code))
    contacts.edit(store, contact.id, fields, actor=None, as_of=DAY)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_the_whole_way_out(store: Store, tmp_path: Path) -> None:
    under = case(store)
    first, second = messages(store, ("A", {"case_id": under}), ("B", {"subject": "=1+1 Größe: neue Preise?"}))
    assert outbox.counts(store)["draft"] == 2
    assert [r.whom for r in outbox.list_of(store)] == ["Ann Buyer <ann@a.example>", "Bob Seller <bob@b.example>"]
    done = outbox.approve(store, None, actor=who(store), as_of=DAY)
    assert (done.done, done.refused) == ((first, second), ())
    given = hand_over(store, tmp_path / "new" / "out")
    assert given.done == (first, second) and not given.notes
    assert given.files == (
        (first, f"A Your agreement {first}.eml"),
        (second, f"B =1+1 Größe- neue Preise {second}.eml"),
    )
    assert names(tmp_path / "new" / "out") == sorted([*(name for _, name in given.files), "messages.xlsx"])
    mail = read(tmp_path / "new" / "out" / given.files[0][1])
    assert mail["From"] == "Dana <dana@vendor.example>" and mail["To"] == "Ann Buyer <ann@a.example>"
    assert (mail["Subject"], mail["X-Unsent"], mail["Date"]) == (
        "Your agreement", "1", "Tue, 31 Mar 2026 09:00:00 +0000",
    )  # fmt: skip
    assert mail.get_content().replace("\r\n", "\n") == BODY
    assert read(tmp_path / "new" / "out" / given.files[1][1])["Subject"] == "=1+1 Größe: neue Preise?"
    page = openpyxl.load_workbook(tmp_path / "new" / "out" / "messages.xlsx")["Messages"]
    rows = list(page.iter_rows(values_only=True))
    assert rows[1] == (
        first,
        "A",
        "Partner A",
        "Ann Buyer <ann@a.example>",
        "Your agreement",
        BODY,
        "Win-back",
        given.files[0][1],
    )
    cell = page.cell(3, 5)
    assert (cell.value, cell.data_type) == ("=1+1 Größe: neue Preise?", "s")
    assert state(store, first) == "handed over"
    assert outbox.confirm(store, [first], actor=who(store), as_of=DAY).done == (first,)
    assert outbox.confirm(store, None, actor=who(store), as_of=DAY).done == (second,)
    acts = [(act.actor, act.why.split(":")[0]) for act in outbox.get(store, first).acts]
    assert acts == [
        ("prm", "a round of automation"),
        ("Dana", "approved 2 messages"),
        ("Dana", "given out"),
        ("Dana", "sent"),
    ]
    assert outbox.get(store, first).row.confirmed_at is not None
    assert not [f for f in files.check(store) if not f.well]


def test_the_workbook_is_left_out_when_it_is_read_back(store: Store, tmp_path: Path) -> None:
    approve(store, message(store))
    hand_over(store, tmp_path / "out")
    with exchange.read(store, [tmp_path / "out" / "messages.xlsx"]) as reading:
        assert {plan.what for plan in reading.plans} == {"skip"}


def test_only_a_named_person_approves_and_gives_out_and_only_today(store: Store, tmp_path: Path) -> None:
    one = message(store)
    other = date(2026, 3, 30)
    with pytest.raises(UsageError, match="Say who wants to approve"):
        outbox.approve(store, [one], actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="not as of 2026-03-30"):
        outbox.approve(store, [one], actor=who(store), as_of=other)
    approve(store, one)
    with pytest.raises(UsageError, match="Say who wants to give messages out"):
        outbox.export(store, tmp_path / "out", actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="not as of 2026-03-30"):
        outbox.export(store, tmp_path / "out", actor=who(store), as_of=other)
    with pytest.raises(UsageError, match="Say who wants to say that messages were sent"):
        outbox.confirm(store, None, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="There is no message 99"):
        outbox.approve(store, [one, 99], actor=who(store), as_of=DAY)
    with store.change("this is a demonstration", actor=None, kind="system") as change:
        change.conn.execute(
            "INSERT INTO settings(key, value, change_id) VALUES ('demo.as_of', '2026-03-30', ?)", (change.id,)
        )
    assert outbox.export(store, tmp_path / "out", actor=who(store), as_of=other).done == (one,)


def test_whoever_must_not_be_written_to_is_refused_when_approved_and_when_given_out(
    store: Store, tmp_path: Path
) -> None:
    one, two = messages(store, ("A", {}), ("B", {}))
    edit_contact(store, "A", opt_out="yes")
    done = outbox.approve(store, None, actor=who(store), as_of=DAY)
    assert done.done == (two,) and [str(r) for r in done.refused] == [
        f"{one} “Your agreement”: Ann Buyer asked not to be written to"
    ]
    edit_contact(store, "B", valid_until="2026-03-30")
    given = hand_over(store, tmp_path / "out")
    assert (given.change, given.done) == (None, ()) and "only until 2026-03-30" in given.refused[0].why
    assert not (tmp_path / "out").exists()
    edit_contact(store, "B", valid_until="2026-03-31")
    assert hand_over(store, tmp_path / "out").done == (two,)
    with pytest.raises(UsageError, match="no message"):
        outbox.cancel(store, [77], "no", actor=who(store), as_of=DAY)


def test_an_address_of_whoever_opted_out_cannot_be_typed_in_instead(store: Store) -> None:
    edit_contact(store, "A", opt_out="yes", email="Ann@A.example")
    one = message(store, "B")
    outbox.edit(store, one, {"recipient": "ann@a.example"}, actor=None, as_of=DAY)
    assert state(store, one) == "draft" and outbox.get(store, one).row.contact_id is None
    refused = outbox.approve(store, [one], actor=who(store), as_of=DAY).refused
    assert refused[0].why == "Ann Buyer asked not to be written to"


def test_a_person_of_ours_who_has_left_is_not_written_to(store: Store) -> None:
    dana = who(store)
    one = message(store, contact_id=None, person_id=dana, recipient="dana@vendor.example")
    people.edit(store, "Dana", active=False, actor=None, as_of=DAY)
    max_ = people.add(store, "Max", actor=None, as_of=DAY)
    assert outbox.approve(store, [one], actor=max_, as_of=DAY).refused[0].why == "Dana does not work here any more"
    with pytest.raises(UsageError, match="Dana does not work here any more and cannot approve"):
        outbox.approve(store, [one], actor=dana, as_of=DAY)


def test_a_returned_message_is_completed_and_its_to_do_is_done(store: Store) -> None:
    raw = "Dear {{ contact.name }}, last ordered on {{ last(order) }}."
    one = message(store, state="returned", body=raw, recipient=None, contact_id=None)
    assert outbox.get(store, one).row.lacks == ("there is no recipient", "not filled in: contact.name, last(order)")
    refused = outbox.approve(store, [one], actor=who(store), as_of=DAY).refused[0]
    assert "there is no recipient" in refused.why and f"prm outbox edit {one}" in refused.why
    outbox.edit(store, one, {"body": "Dear Ann, please order."}, actor=who(store), as_of=DAY)
    assert outbox.get(store, one).row.lacks == ("there is no recipient",)
    outbox.edit(store, one, {"recipient": "ann (at) a.example"}, actor=who(store), as_of=DAY)
    assert "is not an e-mail address" in outbox.get(store, one).row.lacks[0] and len(cases.inbox(store)) == 1
    outbox.edit(store, one, {"recipient": " ANN@a.example "}, actor=who(store), as_of=DAY)
    row = outbox.get(store, one).row
    assert (row.state, row.to_name, row.lacks, cases.inbox(store)) == ("draft", "Ann Buyer", (), [])
    assert outbox.edit(store, one, {"recipient": "ANN@a.example"}, actor=None, as_of=DAY) is None
    outbox.edit(store, one, {"subject": "Now\r\nBcc: all@example.org {{ x"}, actor=None, as_of=DAY)
    row = outbox.get(store, one).row
    assert (row.subject, row.state) == ("Now Bcc: all@example.org {{ x", "returned")
    assert row.lacks == ("a brace of a field, {{ or }}, is left in the text",)


def test_what_was_approved_is_not_edited(store: Store) -> None:
    one = message(store)
    approve(store, one)
    with pytest.raises(UsageError, match="cannot be edited: approved"):
        outbox.edit(store, one, {"body": "Other"}, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="has no field “text”"):
        outbox.edit(store, one, {"text": "Other"}, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="longer than"):
        outbox.edit(store, message(store), {"body": "x" * 200_001}, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="States are: returned, draft"):
        outbox.list_of(store, states=("Draft",))


def test_cancelling_needs_a_reason_and_ends_with_giving_out(store: Store, tmp_path: Path) -> None:
    one, two, three = messages(store, ("A", {}), ("A", {"state": "returned", "recipient": None}), ("B", {}))
    with pytest.raises(UsageError, match="reason: say why"):
        outbox.cancel(store, [one], " ", actor=who(store), as_of=DAY)
    approve(store, one, three)
    hand_over(store, tmp_path / "out", three)
    done = outbox.cancel(store, [one, two, three], "they ordered", actor=who(store), as_of=DAY)
    assert done.done == (one, two) and done.refused[0].why == "it was given to your mail program already"
    assert outbox.get(store, one).acts[-1].why == "cancelled 2 messages: they ordered"
    assert cases.inbox(store) == []
    assert [r.id for r in outbox.list_of(store, states=("cancelled",))] == [one, two]


# ---- undo ----


def test_before_it_is_given_out_undo_takes_a_message_back_even_when_it_was_approved(store: Store) -> None:
    one, two = messages(store, ("A", {}), ("B", {}))
    round_ = history.changes(store)[0].id
    outbox.edit(store, two, {"subject": "Another"}, actor=None, as_of=DAY)
    approve(store, one)
    plan = history.undo(store, round_, actor=None, as_of=DAY)
    assert plan.whole and outbox.list_of(store) == []
    history.undo(store, plan.done_by, actor=None, as_of=DAY)
    assert [(r.id, r.state) for r in outbox.list_of(store)] == [(two, "draft"), (one, "approved")]


def test_after_it_was_given_out_undo_says_that_it_cannot_be_taken_back(store: Store, tmp_path: Path) -> None:
    one, two = messages(store, ("A", {}), ("B", {}))
    round_ = history.changes(store)[0].id
    edited = outbox.edit(store, one, {"body": "Other text"}, actor=None, as_of=DAY)
    approve(store, one)
    approved = history.changes(store)[0].id
    given = hand_over(store, tmp_path / "out").change
    for change in (round_, edited, approved, given):
        plan = history.undo(store, change, actor=None, as_of=DAY)
        assert plan.cannot == ["the message “Your agreement” was already given to your mail program"], change
        assert any("cannot be taken back" in sentence for sentence in plan.sentences())
    found = outbox.get(store, one)
    assert (found.row.state, found.body) == ("handed over", "Other text") and found.row.handed_over_at is not None
    with pytest.raises(UsageError, match="no message"):  # the other one had not been given out
        outbox.get(store, two)
    outbox.confirm(store, [one], actor=who(store), as_of=DAY)
    assert history.undo(store, actor=None, as_of=DAY).whole
    row = outbox.get(store, one).row
    assert (row.state, row.confirmed_at) == ("handed over", None)


def test_a_run_is_taken_back_with_what_was_completed_and_closes_the_case_of_what_was_given_out(
    store: Store, tmp_path: Path
) -> None:
    raw = {"state": "returned", "recipient": None}
    with store.change("a round of automation", actor=None, as_of=DAY) as round_:
        made = []
        for code in ("A", "B"):
            partner = partners.resolve(store, code)
            opened = {
                "kind": "winback",
                "partner_id": partner,
                "title": "Win-back",
                "stage": "write",
                "opened_on": "2026-03-31",
            }
            under = kept.insert(round_, "cases", opened)
            row = {"partner_id": partner, "case_id": under, "subject": "Hello", "body": "Text", **raw}
            made.append(kept.insert(round_, "messages", row))
            task = {"partner_id": partner, "case_id": under, "kind": "to-do", "title": "Complete it"}
            kept.insert(round_, "tasks", {**task, "data": {"message": made[-1]}})
    for number in made:
        outbox.edit(store, number, {"recipient": "x@y.example"}, actor=who(store), as_of=DAY)
    approve(store, *made)
    hand_over(store, tmp_path / "out", made[0])
    plan = history.undo(store, round_.id, actor=who(store), as_of=DAY)
    assert plan.counts["reversed"] == {"cases": 1, "messages": 1, "tasks": 1} and len(plan.cannot) == 1
    assert [(c.code, c.stage, c.outcome) for c in cases.list_of(store, closed=True)] == [("A", "closed", "taken back")]
    assert not [f for f in files.check(store) if not f.well]
    history.undo(store, plan.done_by, actor=who(store), as_of=DAY)
    assert [c.stage for c in cases.list_of(store)] == ["write", "write"] and state(store, made[1]) == "approved"


def test_undo_never_approves_and_leaves_what_was_approved_as_it_was_read(store: Store) -> None:
    one = message(store)
    edited = outbox.edit(store, one, {"body": "As read"}, actor=None, as_of=DAY)
    approve(store, one)
    approved = history.changes(store)[0].id
    plan = history.undo(store, edited, actor=None, as_of=DAY)
    assert plan.counts == {"kept": {"messages": 1}} and outbox.get(store, one).body == "As read"
    undone = history.undo(store, approved, actor=None, as_of=DAY).done_by
    assert state(store, one) == "draft"
    outbox.edit(store, one, {"body": "Not read by anybody"}, actor=None, as_of=DAY)
    assert history.undo(store, undone, actor=None, as_of=DAY).counts == {"kept": {"messages": 1}}
    assert state(store, one) == "draft"
    approve(store, one)
    outbox.cancel(store, [one], "no", actor=who(store), as_of=DAY)
    assert history.undo(store, actor=None, as_of=DAY).whole and state(store, one) == "approved"


# ---- files ----


def test_nothing_is_overwritten_and_nothing_is_given_out_twice(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    one = message(store)
    out.mkdir()
    taken = out / f"A Your agreement {one}.eml"
    taken.write_text("of somebody else")
    (out / "MESSAGES.xlsx").write_text("of somebody else") if os.name == "nt" else None
    approve(store, one)
    assert hand_over(store, out).files == ((one, f"A Your agreement {one} (2).eml"),)
    assert taken.read_text() == "of somebody else"
    nothing = hand_over(store, out)
    assert (nothing.done, nothing.refused) == ((), ())
    assert hand_over(store, out, one).refused[0].why == "it was given to your mail program already"
    again = hand_over(store, out, one, again=True)
    assert (again.files, again.workbook) == (((one, f"A Your agreement {one} (3).eml"),), "messages (2).xlsx")
    ids = {read(path)["Message-ID"] for path in out.glob("A*(*.eml")}
    assert len(ids) == 1  # it is the same message


def test_letters_and_persons_without_an_address(store: Store, tmp_path: Path) -> None:
    people.add(store, "Max", actor=None, as_of=DAY)
    one, two = messages(
        store, ("A", {"channel": "letter", "recipient": None}), ("B", {"channel": "letter", "recipient": "1 High St\nLeeds"})
    )  # fmt: skip
    three = message(store, recipient="jörg@müller.example")
    assert outbox.approve(store, [three], actor=who(store), as_of=DAY).refused  # only the part behind @ may be so
    outbox.edit(store, three, {"recipient": "joerg@müller.example"}, actor=None, as_of=DAY)
    approve(store, one, two, three)
    given = outbox.export(store, tmp_path / "out", actor=who(store, "Max"), as_of=DAY)
    assert given.notes == ("Max has no e-mail address here: your mail program says who sends",)
    letter = tmp_path / "out" / given.files[1][1]
    head, _, rest = docx.read(letter.read_bytes()).partition("Our reference: ")
    assert letter.suffix == ".docx" and head == "Max\n\n31 March 2026\n\nBob Seller\nPartner B\n1 High St\nLeeds\n\n"
    assert rest.endswith("\n\nYour agreement\n\n" + BODY.rstrip("\n"))
    mail = read(tmp_path / "out" / given.files[2][1])
    assert mail["From"] is None and mail["To"] == "joerg@xn--mller-kva.example"


def test_a_folder_that_cannot_be_written_changes_nothing(store: Store, tmp_path: Path) -> None:
    one = message(store)
    approve(store, one)
    (tmp_path / "file").write_text("here")
    with pytest.raises(InputError, match="cannot be written"):
        hand_over(store, tmp_path / "file")
    with pytest.raises(InputError, match="cannot be written"):
        hand_over(store, tmp_path / "file" / "beneath")
    assert state(store, one) == "approved"


@pytest.mark.parametrize("where", ["the workbook", "the seal"])
def test_when_it_fails_half_way_nothing_is_left(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    one, two = messages(store, ("A", {}), ("B", {}))
    approve(store, one, two)
    out = tmp_path / "deep" / "out"

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device") if where == "the workbook" else KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*((sheets, "_workbook") if where == "the workbook" else (chain, "seal")), fail)
        with pytest.raises((InputError, KeyboardInterrupt)):
            hand_over(store, out)
    assert not (tmp_path / "deep").exists() and state(store, one) == "approved"
    out.mkdir(parents=True)
    (out / "mine.txt").write_text("mine")
    with monkeypatch.context() as patch:
        patch.setattr(*((sheets, "_workbook") if where == "the workbook" else (chain, "seal")), fail)
        with pytest.raises((InputError, KeyboardInterrupt)):
            hand_over(store, out)
    assert names(out) == ["mine.txt"]
    assert hand_over(store, out).done == (one, two)


DIE = """
import os, sys
from pathlib import Path
from datetime import date
from importers import outbox as tray
from prm_tui.services import files, outbox, people
from storage import chain
def die(*_): os._exit(9)
where = sys.argv[3]
if where == "before the move": tray.Tray.move = die
elif where == "amid the move":
    moved = []
    rename = Path.rename
    def some(self, target):
        if moved: os._exit(9)
        moved.append(rename(self, target))
    Path.rename = some
elif where == "before the commit": chain.seal = die
else: tray.Tray.end = die
with files.open_file(Path(sys.argv[1])) as store:
    outbox.export(store, Path(sys.argv[2]), actor=people.find(store, "Dana").id, as_of=date(2026, 3, 31))
"""


@pytest.mark.parametrize("where", ["before the move", "amid the move", "before the commit", "after the commit"])
def test_a_program_that_dies_leaves_all_or_nothing(store: Store, tmp_path: Path, where: str) -> None:
    ids = messages(store, ("A", {}), ("B", {}))
    approve(store, *ids)
    out = tmp_path / "out"
    died = subprocess.run([sys.executable, "-c", DIE, str(store.path), str(out), where], cwd=ROOT, check=False)
    assert died.returncode == 9
    left = [name for name in names(out) if not name.startswith(".")]
    after = where == "after the commit"
    assert len(left) == {"before the move": 0, "amid the move": 1}.get(where, 3)
    assert {state(store, n) for n in ids} == {"handed over" if after else "approved"}
    if where == "before the commit":
        (out / f"B Your agreement {ids[1]}.eml").write_text("somebody has changed it")
    third = message(store, "A", subject="Third")
    approve(store, third)
    hand_over(store, out)
    wanted = [
        f"A Third {third}.eml",
        f"A Your agreement {ids[0]}.eml",
        f"B Your agreement {ids[1]}.eml",
        "messages.xlsx",
    ]
    if after:
        wanted.append("messages (2).xlsx")
    if where == "before the commit":
        wanted.append(f"B Your agreement {ids[1]} (2).eml")
    assert names(out) == sorted(wanted)
    assert outbox.counts(store)["handed over"] == 3


def test_a_journal_that_was_tampered_with_removes_nothing_elsewhere(store: Store, tmp_path: Path) -> None:
    approve(store, message(store))
    out = tmp_path / "out"
    part = out / f".prm-{stored.file_token(store.conn)}.part"
    for said in ("no json", "[]", json.dumps({"change": 99, "mark": "", "files": {"../mine.txt": "0"}})):
        part.mkdir(parents=True)
        (part / "journal.json").write_text(said)
        (tmp_path / "mine.txt").write_text("mine")
        tampered = history.changes(store)[0].id
        hand_over(store, out)
        assert (tmp_path / "mine.txt").exists() and not part.exists()
        approve(store, message(store))
        assert history.changes(store)[0].id > tampered


def test_many_are_moved_as_one_set(store: Store, tmp_path: Path) -> None:
    ids = messages(store, *[("A", {"subject": f"Number {n}"}) for n in range(400)])
    statements: list[str] = []
    store.conn.set_trace_callback(statements.append)
    approve(store, *ids)
    store.conn.set_trace_callback(None)
    assert len(set(statements)) < 60  # those of the log's triggers are the same for each row
    assert len(names(tmp_path / "out") if hand_over(store, tmp_path / "out").done else []) == 401


@pytest.mark.parametrize(
    ("code", "subject", "name"),
    [
        ("A", "Your agreement", "A Your agreement 7"),
        ("../../etc", "C:\\windows\\", "etc C--windows 7"),
        ("con", 'a.b:c*?"<>|\n\x00\u202e', "con a-b-c 7"),
        (" .hidden", "-rf ~", "hidden rf 7"),
        ("", "\u200b...", "message 7"),
        ("株", "式" * 80, "株 " + "式" * 33 + " 7"),
    ],
)
def test_names_of_files_are_safe_everywhere(code: str, subject: str, name: str) -> None:
    assert file_stem(code, subject, 7) == name and len(file_stem(code, subject, 7).encode()) < 200


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("ann@a.example", True), ("a.b+c@localhost", True), ("ann@müller.example", True), ("", False), ("ann", False),
        ("ann@", False), ("@a.example", False), ("Ann <ann@a.example>", False), ("a@b.example, c@d.example", False),
        ("ann@a.example\nBcc: x@y.example", False), ("a..b@c.example", False), ("ann@-a.example", False),
        ("ann@a..example", False), ("ann@" + "a" * 70 + ".example", False), ("a" * 65 + "@a.example", False),
    ],
)  # fmt: skip
def test_what_an_address_is(text: str, right: bool) -> None:
    assert is_address(text) is right


def test_a_message_without_partner_or_case_is_listed(store: Store) -> None:
    one = message(store, partner_id=None, contact_id=None)
    row = outbox.get(store, one).row
    assert (row.code, row.name, row.case, row.whom) == ("", "", None, "ann@a.example")
    assert outbox.list_of(store, partner_id=partners.resolve(store, "A")) == []
    under = case(store)
    two = message(store, case_id=under)
    assert [r.id for r in outbox.list_of(store, case_id=under)] == [two]
