"""Letters of a case: filled from what is known, approved as they are, given out, and written again when the case moves."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import docx
import pytest

from prm_tui.domain.errors import InputError, UsageError
from prm_tui.services import (
    cases,
    contacts,
    deactivation,
    file_settings,
    files,
    letters,
    outbox,
    packs,
    partners,
    people,
    records,
)
from storage import Store

DAY = date(2026, 3, 31)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A file with partner A, whose main contact is Ann, and two customers of A."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    store = files.open_file(tmp_path / "office.db", create=True)
    for name, roles in (("Dana", ["program manager"]), ("Lee", ["legal"])):
        people.add(store, name, roles=roles, actor=None, as_of=DAY)
    a = partners.add(store, {"code": "A", "name": "Acme [/] Ltd"}, actor=None, as_of=DAY)
    contacts.add(store, a, {"name": "Ann", "email": "ann@a.example", "main": "yes"}, actor=None, as_of=DAY)
    for name in ("First Bank", "Old Mill"):
        records.add(store, a, "customer", {"name": name, "status": "active"}, actor=None, as_of=DAY)
    yield store
    store.close()


def who(store: Store, name: str) -> int:
    return people.find(store, name).id


def leave(store: Store, reason: str = "inactivity") -> int:
    if reason == "breach":
        file_settings.put(store, {"evidence_for_cause": "0"}, actor=who(store, "Dana"), as_of=DAY)
    (case,) = deactivation.submit(
        store, [partners.resolve(store, "A")], reason, notice="table", actor=who(store, "Dana"), as_of=DAY
    )
    for task in cases.get(store, case).tasks:
        if task.kind == "approval":
            cases.approve(store, task.id, actor=who(store, "Lee"), as_of=DAY)
    return case


def write(store: Store, case: int, kind: str, **how: object) -> list[int]:
    return letters.write(store, case, kind, actor=who(store, "Dana"), as_of=DAY, **how)  # type: ignore[arg-type]


def standing(store: Store, case: int) -> dict[str, str]:
    return {row.kind.name: row.standing for row in letters.of(store, case)}


def document(tmp_path: Path, *lines: str) -> Path:
    made = docx.Document()
    made.sections[0].header.paragraphs[0].text = "Vendor Inc. to {{ partner.name }}"
    for line in lines:
        made.add_paragraph(line)
    path = tmp_path / "head.docx"
    made.save(str(path))
    return path


def test_a_notice_is_written_approved_with_its_hash_and_given_out(office: Store, tmp_path: Path) -> None:
    case = leave(office)
    assert [row.kind.name for row in letters.missing(office, case)] == ["notice"]
    assert standing(office, case)["cure"] == "not needed" and standing(office, case)["goodwill"] == "to be written"
    (number,) = write(office, case, "notice")
    one = outbox.get(office, number)
    assert (one.row.channel, one.row.state, one.row.to_name) == ("letter", "draft", "Ann")
    assert "between Acme [/] Ltd and us ends at the end of 29 June 2026" in one.body and "{{" not in one.body
    assert write(office, case, "notice") == [], "the same again is nothing new"
    with pytest.raises(UsageError, match=r"No letter of case 1 is approved\. Notice of termination, message 1: waits"):
        letters.give_out(office, case, tmp_path / "out", actor=who(office, "Dana"), as_of=DAY)
    outbox.approve(office, [number], actor=who(office, "Lee"), as_of=DAY)
    (row,) = [row for row in letters.of(office, case) if row.message]
    text = f"{one.row.subject}\n\n{one.body}".encode()
    assert (row.standing, row.written.approved_by, row.written.approved) == (
        "approved",
        "Lee",
        hashlib.sha256(text).hexdigest(),
    )
    kept = [e for e in cases.get(office, case).evidence if e.kind == "letter"]
    assert [(e.hash, cases.evidence(office, e.id)) for e in kept] == [(row.written.approved, text)]
    done = letters.give_out(office, case, tmp_path / "out", actor=who(office, "Dana"), as_of=DAY)
    assert [name for _, name in done.files] and letters.missing(office, case) == []


def test_a_changed_text_needs_approval_again_and_so_do_dates_that_moved(office: Store, tmp_path: Path) -> None:
    case = leave(office)
    (first,) = write(office, case, "notice")
    outbox.approve(office, [first], actor=who(office, "Lee"), as_of=DAY)
    (second,) = write(office, case, "notice", text="Dear {{ contact.name }}, it ends on {{ case.effective_on }}.")
    assert [outbox.get(office, n).row.state for n in (first, second)] == ["cancelled", "draft"]
    outbox.approve(office, [second], actor=who(office, "Lee"), as_of=DAY)
    with office.change("late service", actor=None, as_of=DAY) as change:
        later = (DAY + timedelta(days=120)).isoformat()
        change.conn.execute("UPDATE cases SET data = json_set(data, '$.effective_on', ?) WHERE id = ?", (later, case))
    assert standing(office, case)["notice"] == "approved; the case says otherwise now (effective_on)"
    done = outbox.export(office, tmp_path / "out", [second], actor=who(office, "Dana"), as_of=DAY)
    assert "its case says otherwise now (effective_on)" in done.refused[0].why and not (tmp_path / "out").exists()
    (third,) = write(office, case, "notice", text="Dear {{ contact.name }}, it ends on {{ case.effective_on }}.")
    assert "29 July 2026" in outbox.get(office, third).body and outbox.get(office, third).row.state == "draft"


def test_every_field_that_says_nothing_is_named_and_nothing_is_written(office: Store) -> None:
    case = leave(office, "breach")
    with pytest.raises(UsageError, match=r"letter\.breach \(say it: --field breach=TEXT\)"):
        write(office, case, "cure")
    with pytest.raises(UsageError) as caught:
        write(
            office,
            case,
            "cure",
            said={"breach": "late"},
            text="{{ partner.teir }} {{ case.effectiv_on }} {{ letter.x }} {{ customer.name }}",
        )
    said = str(caught.value)
    assert all(
        name in said for name in ("partner.teir", "did you mean case.effective_on", "letter.x", "goes to the partner")
    )
    with pytest.raises(UsageError, match=r"partner\.tier \(empty\); letter\.breach \(empty\)"):
        write(office, case, "cure", said={"breach": " "}, text="{{ partner.tier }} {{ letter.breach }}")
    with pytest.raises(UsageError, match="needs no notice of termination now"):
        write(office, case, "notice")
    with pytest.raises(UsageError, match="Did you mean “customer”"):
        write(office, case, "custommer")
    (ann,) = contacts.list_of(office, partners.resolve(office, "A"))
    contacts.edit(office, ann.id, {"opt_out": "yes"}, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match=r"contact\.name \(Acme \[/\] Ltd has no main contact who may be written to\)"):
        write(office, case, "cure", said={"breach": "late"})
    assert outbox.list_of(office) == []
    with pytest.raises(UsageError, match="Say who wants to write"):
        letters.write(office, case, "cure", actor=None, as_of=DAY)


def test_each_customer_gets_a_letter_of_its_own(office: Store) -> None:
    case = leave(office)
    deactivation.serve(office, case, on=DAY, method="courier", proof=None, actor=who(office, "Lee"), as_of=DAY)
    made = write(office, case, "customer", said={"successor": "Partner B"})
    found = [outbox.get(office, number) for number in made]
    assert [one.row.recipient for one in found] == ["First Bank", "Old Mill"]
    assert "Dear Old Mill" in found[1].body and "this will be Partner B" in found[1].body
    outbox.approve(office, made, actor=who(office, "Lee"), as_of=DAY)
    (again, _) = write(office, case, "customer", said={"successor": "Partner C"})
    assert [outbox.get(office, n).row.state for n in (*made, again)] == ["cancelled", "cancelled", "draft"]
    rows = [row for row in letters.of(office, case) if row.kind.name == "customer"]
    assert [row.written.customer_name for row in rows] == ["First Bank", "Old Mill"]


def test_a_letterhead_goes_around_the_text_or_is_the_letter_itself(office: Store, tmp_path: Path) -> None:
    case = leave(office)
    head = document(tmp_path, "{{ today }}", "{{ letter.subject }}", "{{ letter.text }}", "Vendor Inc.")
    (number,) = write(office, case, "notice", letterhead=head)
    assert write(office, case, "notice", letterhead=head) == []
    one = outbox.get(office, number)
    with pytest.raises(UsageError, match="stand in a document with a letterhead"):
        outbox.edit(office, number, {"body": "otherwise"}, actor=who(office, "Dana"), as_of=DAY)
    outbox.edit(office, number, {"recipient": "1 High Street"}, actor=who(office, "Dana"), as_of=DAY)
    outbox.approve(office, [number], actor=who(office, "Lee"), as_of=DAY)
    done = letters.give_out(office, case, tmp_path / "out", actor=who(office, "Dana"), as_of=DAY)
    made = docx.Document(str(tmp_path / "out" / done.files[0][1]))
    assert made.sections[0].header.paragraphs[0].text == "Vendor Inc. to Acme [/] Ltd"
    texts = [p.text for p in made.paragraphs]
    assert texts[:3] == ["31 March 2026", one.row.subject, "Dear Ann,"] and texts[-1] == "Vendor Inc."
    own = document(tmp_path, "Goodbye {{ partner.name }} on {{ case.effective_on }}.")
    (whole,) = write(office, case, "goodwill", letterhead=own)
    assert outbox.get(office, whole).body.strip() == "Goodbye Acme [/] Ltd on 29 June 2026."
    with pytest.raises(UsageError, match=r"with head\.docx: it cannot be written, .*partner\.nam "):
        write(office, case, "goodwill", letterhead=document(tmp_path, "{{ partner.nam }}"))
    with pytest.raises(InputError, match="cannot be read"):
        write(office, case, "goodwill", letterhead=tmp_path / "missing.docx")
    filled = [e for e in cases.get(office, case).evidence if e.file == f"letter {whole}.docx"]
    assert docx.Document(io.BytesIO(cases.evidence(office, filled[0].id))).paragraphs[0].text.startswith("Goodbye")


def test_a_text_of_the_file_stands_for_the_one_of_the_program_and_what_was_taken_back_is_approved_no_more(
    office: Store,
) -> None:
    own = '[template.letter-notice]\nsubject = "It ends"\nbody = "Dear {{ contact.name }}, {{ case.effective_on }} it is."\n'
    packs.add(office, own, "ours.toml", actor=None, as_of=DAY)
    case = leave(office)
    (number,) = write(office, case, "notice")
    assert outbox.get(office, number).body == "Dear Ann, 29 June 2026 it is."
    done = outbox.approve(office, [number], actor=who(office, "Lee"), as_of=DAY)
    from prm_tui.services import history

    assert done.change and history.undo(office, done.change, actor=None, as_of=DAY).whole
    (row,) = [row for row in letters.of(office, case) if row.message]
    assert (row.standing, row.written.approved) == ("waits for approval", None)
    assert not [e for e in cases.get(office, case).evidence if e.kind == "letter"]
