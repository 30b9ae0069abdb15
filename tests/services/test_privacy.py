"""A contact is erased from every page of the file; what accounts and audit need stays, and the chain still tells."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from prm_tui.domain.errors import UsageError
from prm_tui.domain.privacy import Erasure
from prm_tui.services import (
    cases,
    contacts,
    deactivation,
    exchange,
    file_settings,
    files,
    history,
    packs,
    partners,
    people,
    privacy,
    records,
    timeline,
)
from storage import Store, chain, drafts
from storage import cases as stored

DAY = date(2026, 3, 31)
NAME, EMAIL, PHONE = "Jörg Nováková", "Jorg.Novakova@acme.example", "+49 (30) 555-12 34"
WAYS = (
    "jörg nováková", "jorg novakova", "nováková, jörg", "nováková jörg", "jorg.novakova@acme.example", "5551234", "555-12 34",
    "555 1234", "\\u00f6rg nov",
)  # fmt: skip


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Acme and Bolt; Jörg Nováková works at Acme, Kim Bauer at both."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    with files.open_file(tmp_path / "office.db", create=True) as store:
        for name, roles in (("Dana", ["program manager"]), ("Max", ["manager"]), ("Lee", ["legal"])):
            people.add(store, name, roles=roles, actor=None, as_of=DAY)
        for code in ("ACME", "BOLT"):
            partners.add(store, {"code": code, "name": f"{code.title()} Ltd"}, actor=None, as_of=DAY)
            contacts.add(store, of(store, code), {"name": "Kim Bauer", "email": f"kim@{code.lower()}.example"},
                         actor=None, as_of=DAY)  # fmt: skip
        yield store


def of(store: Store, code: str) -> int:
    return partners.resolve(store, code)


def who(store: Store, name: str) -> int:
    return people.find(store, name).id


def someone(store: Store) -> int:
    fields = {"name": NAME, "email": EMAIL, "phone": PHONE, "role": "buyer", "main": "yes", "language": "cs"}
    return contacts.add(store, of(store, "ACME"), fields, actor=None, as_of=DAY)


def everywhere(store: Store, folder: Path) -> int:
    """The contact, named in as many places as there are ways to write a name into a file."""
    acme, lee = of(store, "ACME"), who(store, "Lee")
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Contacts"
    sheet.append(["Partner", "Name", "E-mail", "Phone", "Mobile", "Birthday"])
    sheet.append(["ACME", NAME, EMAIL, PHONE, "0171 9988776", "1980-05-17"])
    book.save(folder / "Contacts.xlsx")
    with exchange.read(store, [folder / "Contacts.xlsx"], forced={"Contacts": "contacts"}) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)
    ((contact, *_),) = store.conn.execute("SELECT id FROM contacts WHERE name = ?", (NAME,)).fetchall()
    contacts.edit(store, contact, {"email": "old@acme.example"}, actor=None, as_of=DAY)
    contacts.edit(store, contact, {"email": EMAIL, "main": "yes"}, actor=None, as_of=DAY)
    for note in (
        f"Spoke to {NAME} ({PHONE})",
        f"NOVÁKOVÁ, JÖRG wrote from <{EMAIL.upper()}>",
        "call 0049 … 30/5551234, no",
    ):
        timeline.log(store, acme, "call", on=DAY, amount=None, ref=None, note=note, actor=None, as_of=DAY)
    timeline.log(store, of(store, "BOLT"), "note", on=DAY, amount=None, ref=None, note=f"{NAME} knows them", actor=None,
                 as_of=DAY)  # fmt: skip
    doomed = timeline.log(
        store, acme, "note", on=DAY, amount=None, ref="X", note=f"from {EMAIL}", actor=None, as_of=DAY
    )
    del doomed
    history.undo(store, actor=None, as_of=DAY)  # the log keeps the whole row of what was deleted
    records.add(store, acme, "certification", {"name": "Safety", "holder": NAME}, actor=None, as_of=DAY)
    (case,) = deactivation.submit(store, [acme], "mutual", memo=f"says {NAME}", actor=who(store, "Dana"), as_of=DAY)
    drafts.save(store.conn, "deactivation 99", "Deactivation", {"memo": f"ask {NAME}"})
    letter = folder / "letter to Jörg Nováková.docx"
    with zipfile.ZipFile(letter, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<w:t>Dear Jörg</w:t><w:t> Nováková</w:t>")
    (folder / "mail.txt").write_text(f"From: {NAME} <{EMAIL}>", encoding="utf-8")
    with store.change("proofs and messages", actor=lee) as change:
        for path in (letter, folder / "mail.txt"):
            stored.keep(change, case, acme, "service", f"served on {NAME}", path.read_bytes(), path.name)
        for state in ("draft", "confirmed"):
            change.conn.execute(
                "INSERT INTO messages(case_id, partner_id, contact_id, recipient, subject, body, state, change_id)"
                " VALUES (?,?,?,?,?,?,?,?)",
                (case, acme, contact, EMAIL, f"For {NAME}", "Dear Ms Nováková, your", state, change.id),
            )
        change.conn.execute("UPDATE messages SET body = body || ' order' WHERE state = 'confirmed'")
        change.conn.execute("UPDATE records SET contact_id = ? WHERE name = 'Safety'", (contact,))
    return int(contact)


def pages(store: Store) -> bytes:
    """Every byte of the file and of what lies beside it for SQLite, in lower case."""
    found = b""
    for tail in ("", "-wal", "-shm"):
        path = store.path.with_name(store.path.name + tail)
        found += path.read_bytes() if path.exists() else b""
    text = found.decode("utf-8", "replace").casefold()
    return text.encode() + found.lower()


def erase(store: Store, contact: int, code: str = "ACME", **how: bool) -> Erasure:
    return privacy.erase(
        store, [contact], of(store, code), confirm=code.lower(), actor=who(store, "Lee"), as_of=DAY, **how
    )


def left(store: Store) -> list[str]:
    there = pages(store)
    hidden = [way.encode().hex().encode() for way in (NAME, EMAIL)]
    return [way for way in WAYS if way.encode() in there] + [h.decode() for h in hidden if h in there]


@pytest.mark.parametrize("pseudonymise", [False, True])
def test_no_byte_of_the_file_names_who_was_erased(office: Store, tmp_path: Path, pseudonymise: bool) -> None:
    contact = everywhere(office, tmp_path)
    assert set(WAYS) - set(left(office)) <= {"555 1234", "nováková jörg", "jorg novakova", "\\u00f6rg nov"}
    done = erase(office, contact, pseudonymise=pseudonymise)
    assert done.whole and left(office) == []
    there = pages(office)
    assert b"9988776" not in there and b"1980-05-17" not in there, "nor what else its row in the sheet said"
    assert chain.broken_links(office.conn) == []
    assert all(finding.well for finding in files.check(office)), list(files.check(office))

    row = office.conn.execute("SELECT name, email, phone, opt_out FROM contacts WHERE id = ?", (contact,)).fetchone()
    assert row == ((f"Contact {contact}", None, None, 1) if pseudonymise else None)
    notes = [n for (n,) in office.conn.execute("SELECT note FROM activities WHERE note IS NOT NULL ORDER BY id")]
    stays = f"Contact {contact}" if pseudonymise else "[erased]"
    assert notes == [f"Spoke to {stays} ([erased])", f"{stays} wrote from <[erased]>",
                     "call 0049 … [erased], no", f"{stays} knows them"]  # fmt: skip
    states = [s for (s,) in office.conn.execute("SELECT state FROM messages ORDER BY id")]
    assert states == ["cancelled", "confirmed"], "what was not sent yet never is"
    bodies = dict(office.conn.execute("SELECT file, body FROM evidence WHERE kind = 'service'").fetchall())
    assert {f.rpartition(".")[2] for f in bodies} == {"docx", "txt"}
    assert all(b.startswith(b"Erased: this document named a contact") for f, b in bodies.items() if f.endswith("docx"))
    (case,) = cases.list_of(office, partner_id=of(office, "ACME"))
    assert case.stage == "approval", "the case goes on"


def test_others_of_the_name_and_shared_addresses_are_left_alone(office: Store) -> None:
    acme, bolt = of(office, "ACME"), of(office, "BOLT")
    contact = contacts.add(
        office, acme, {"name": "Kim Bauer", "email": "info@acme.example", "phone": "112"}, actor=None, as_of=DAY
    )
    contacts.add(office, acme, {"name": "Ann Bauer-Kim", "email": "info@acme.example"}, actor=None, as_of=DAY)
    for partner, note in ((acme, "Kim Bauer, info@acme.example, 112"), (bolt, "Kim Bauer, 112 Main Road")):
        timeline.log(office, partner, "note", on=DAY, amount=None, ref=None, note=note, actor=None, as_of=DAY)
    done = erase(office, contact)
    assert [n for (n,) in office.conn.execute("SELECT note FROM activities ORDER BY id")] == [
        "Kim Bauer, info@acme.example, 112", "Kim Bauer, 112 Main Road"
    ], "another Kim Bauer works there, and the address is everybody's"  # fmt: skip
    assert "the e-mail address of contact 3 where it may mean somebody else" in done.kept
    first = contacts.list_of(office, bolt)[0].id
    second = erase(office, first, "BOLT")
    assert office.conn.execute("SELECT note FROM activities WHERE partner_id = ?", (bolt,)).fetchone() == (
        "[erased], 112 Main Road",
    ), "at Bolt nobody else is called that"
    assert any("in rows of other partners" in kept for kept in second.kept)
    assert [c.name for c in contacts.list_of(office, acme)] == ["Ann Bauer-Kim", "Kim Bauer"]


def test_what_erasing_kept_is_in_a_record_that_is_sealed(office: Store, tmp_path: Path) -> None:
    contact = everywhere(office, tmp_path)
    done = erase(office, contact)
    assert done.change is not None and done.links
    title, body = office.conn.execute("SELECT title, body FROM evidence WHERE kind = 'erasure'").fetchone()
    record = json.loads(body)
    assert title == "what was erased, what was kept and why"
    assert record["by"] == "Lee" and record["contacts"] == [contact] and record["rows"] == done.counts
    assert [link[0] for link in record["links"]] == done.links
    scrubbed = [i for (i, h, b) in office.conn.execute("SELECT id, hash, body FROM evidence ORDER BY id")
                if hashlib.sha256(b).hexdigest() != h]  # fmt: skip
    assert record["documents"] == scrubbed, "whose hash is that of what stood there"
    (finding,) = [f for f in files.check(office) if f.what == "the chain of changes"]
    assert finding.well
    assert finding.detail == (
        f"personal data was erased from {len(done.links):,} links by change {done.change}; they fit its record"
    )
    outside = sqlite3.connect(office.path)
    outside.execute("UPDATE change_log SET after = 'forged' WHERE change_id = ?", (done.links[0],))
    outside.execute("DROP TRIGGER evidence_update_guard")
    outside.commit()
    assert chain.broken_links(office.conn) == [done.links[0]]
    outside.execute("DROP TRIGGER evidence_update_log")
    outside.execute(
        "UPDATE evidence SET body = CAST(replace(CAST(body AS TEXT), 'Lee', 'Max') AS BLOB) WHERE kind = 'erasure'"
    )
    outside.commit()
    outside.close()
    assert chain.broken_links(office.conn) == done.links, "a record that was altered excuses nothing"


def test_it_cannot_be_taken_back_and_is_confirmed_by_the_code(office: Store) -> None:
    contact = someone(office)
    acme = of(office, "ACME")
    before = office.path.read_bytes()
    rehearsed = privacy.erase(office, [contact], acme, dry_run=True, actor=None, as_of=DAY)
    assert rehearsed.counts["contacts"] >= 1 and rehearsed.change is None and office.path.read_bytes() == before
    with pytest.raises(UsageError, match="type the partner's code: --yes ACME"):
        privacy.erase(office, [contact], acme, confirm="yes", actor=who(office, "Lee"), as_of=DAY)
    with pytest.raises(UsageError, match="Say who wants to erase"):
        privacy.erase(office, [contact], acme, confirm="ACME", actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="To erase is done today"):
        privacy.erase(office, [contact], acme, confirm="ACME", actor=who(office, "Lee"), as_of=DAY - timedelta(days=1))
    done = erase(office, contact)
    with pytest.raises(UsageError, match="that cannot be taken back"):
        history.undo(office, done.change, actor=None, as_of=DAY)
    added = history.changes(office)[1]
    assert added.why == "added contact [erased] of Acme Ltd"
    assert history.plan_undo(office).change.id == added.id, "undo without a number looks past it"
    history.undo(office, actor=None, as_of=DAY)
    assert left(office) == [] and chain.broken_links(office.conn) == []


def test_copies_that_still_hold_it_are_named(office: Store, tmp_path: Path) -> None:
    files.backup(office, tmp_path / "before.db")
    contact = someone(office)
    files.backup(office, tmp_path / "after.db")
    (tmp_path / "note.txt").write_text(EMAIL)
    done = erase(office, contact)
    assert [Path(p).name for p in done.backups] == ["after.db"]


def test_while_another_reads_the_file_it_is_not_whole(office: Store) -> None:
    contact = someone(office)
    other = sqlite3.connect(office.path, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM contacts").fetchone()
    assert erase(office, contact).whole is False
    other.execute("COMMIT")
    other.close()
    assert privacy.finish(office) and left(office) == []


def test_what_is_held_about_somebody_is_given_to_them(office: Store, tmp_path: Path) -> None:
    contact = everywhere(office, tmp_path)
    assert privacy.contact(office, EMAIL.lower()) == (contact, of(office, "ACME"))
    with pytest.raises(UsageError, match=r"“Kim Bauer” may be several contacts: #1 Kim Bauer kim@acme\.example"):
        privacy.contact(office, "Kim Bauer")
    with pytest.raises(UsageError, match="Did you mean “Jörg Nováková”"):
        privacy.contact(office, "Jörg Novakov")
    rows = privacy.export(office, contact, of(office, "ACME"), tmp_path / "held.xlsx")
    book = load_workbook(tmp_path / "held.xlsx")
    told = {row[0].value: row[1].value for row in book["Contact"].iter_rows(min_row=2)}
    assert (told["name"], told["email"]) == (NAME, EMAIL)
    named = [[cell.value for cell in row] for row in book["Where it is named"].iter_rows(min_row=2)]
    assert rows == len(told) + len(named)
    assert {row[0] for row in named} >= {
        "activity",
        "message",
        "record",
        "remembered row",
        "history of changes",
        "case",
        "draft",
    }
    assert ["remembered row", "Contacts.xlsx, sheet Contacts, row 2"] in [[row[0], row[4]] for row in named]


def test_contacts_are_due_when_their_partner_has_left_long_enough(office: Store) -> None:
    acme = of(office, "ACME")
    (case,) = deactivation.submit(office, [acme], "mutual", actor=who(office, "Dana"), as_of=DAY)
    with office.change("it is over", actor=None) as change:
        stored.set_status(change, acme, "Deactivated")
        values = {"state": "closed", "stage": "closed", "outcome": "deactivated", "closed_on": DAY.isoformat()}
        stored.update(change, "cases", case, values)
    assert privacy.due(office, DAY + timedelta(days=364)) == []
    (due,) = privacy.due(office, DAY + timedelta(days=365))
    assert (due.contact, due.code, due.due_on) == ("Kim Bauer", "ACME", date(2027, 3, 31))
    file_settings.put(office, {"retention_days": "30"}, actor=None, as_of=DAY)
    assert [d.due_on for d in privacy.due(office, DAY + timedelta(days=30))] == [date(2026, 4, 30)]
    privacy.hold(office, acme, "litigation", actor=who(office, "Lee"), as_of=DAY)
    assert (
        privacy.due(office, DAY + timedelta(days=30))[0].hold == "under legal hold since 2026-03-31 (Lee): litigation"
    )
    privacy.hold(office, acme, "settled", lift=True, actor=who(office, "Lee"), as_of=DAY)
    erase(office, due.contact_id, pseudonymise=True)
    assert privacy.due(office, DAY + timedelta(days=30)) == []


def test_a_legal_hold_forbids_erasing_and_taking_back(office: Store) -> None:
    acme, contact = of(office, "ACME"), someone(office)
    partners.edit(office, acme, {"tier": "Gold"}, actor=None, as_of=DAY)
    partners.edit(office, of(office, "BOLT"), {"tier": "Gold"}, actor=None, as_of=DAY)
    timeline.log(office, acme, "note", on=DAY, amount=None, ref=None, note="n", actor=None, as_of=DAY)
    tier, logged = history.changes(office)[2].id, history.changes(office)[0].id
    for how, why in (({"actor": None}, "Say who wants to set a legal hold"), ({"reason": " "}, "reason: say why")):
        with pytest.raises(UsageError, match=why):
            privacy.hold(office, acme, **{"reason": "litigation", "actor": who(office, "Lee"), "as_of": DAY, **how})  # type: ignore[arg-type]
    held = privacy.hold(office, acme, "litigation", actor=who(office, "Lee"), as_of=DAY)
    assert partners.get(office, acme, DAY).hold == "under legal hold since 2026-03-31 (Lee): litigation"
    with pytest.raises(UsageError, match=r"Acme Ltd is under legal hold.*Lift it first: prm hold ACME --lift"):
        erase(office, contact)
    for change in (tier, logged, held):
        plan = history.undo(office, change, actor=None, as_of=DAY)
        assert not plan.whole and plan.total("blocked") == 1 and plan.done_by is None
        assert plan.cannot == ["what is of partners under legal hold: ACME Acme Ltd"]
    assert partners.get(office, acme, DAY).fields["tier"] == "Gold"
    with pytest.raises(UsageError, match="is under legal hold since"):
        privacy.hold(office, acme, "again", actor=who(office, "Lee"), as_of=DAY)
    privacy.hold(office, acme, "settled", lift=True, actor=who(office, "Lee"), as_of=DAY)
    with pytest.raises(UsageError, match="is under no legal hold"):
        privacy.hold(office, acme, "again", lift=True, actor=who(office, "Lee"), as_of=DAY)
    assert history.undo(office, tier, actor=None, as_of=DAY).whole
    assert partners.get(office, acme, DAY).hold == ""


def test_a_hold_on_another_partner_keeps_what_is_its_own(office: Store) -> None:
    contact = someone(office)
    bolt = of(office, "BOLT")
    timeline.log(office, bolt, "note", on=DAY, amount=None, ref=None, note=f"{NAME} called", actor=None, as_of=DAY)
    privacy.hold(office, bolt, "litigation", actor=who(office, "Lee"), as_of=DAY)
    done = erase(office, contact)
    assert "rows of partners under legal hold" in done.kept
    assert office.conn.execute("SELECT note FROM activities").fetchone() == (f"{NAME} called",)


def test_earlier_names_and_contacts_that_only_the_log_knows_are_erased_too(office: Store) -> None:
    acme, contact = of(office, "ACME"), someone(office)
    contacts.edit(office, contact, {"name": "Jörg Bauermann", "email": "jb@acme.example"}, actor=None, as_of=DAY)
    timeline.log(office, acme, "note", on=DAY, amount=None, ref=None, note=f"{EMAIL}, now Jörg Bauermann, jb@acme.example",
                 actor=None, as_of=DAY)  # fmt: skip
    erase(office, contact)
    assert office.conn.execute("SELECT note FROM activities").fetchone() == ("[erased], now [erased], [erased]",)

    gone = contacts.add(office, acme, {"name": "Ida Short", "email": "ida@acme.example"}, actor=None, as_of=DAY)
    history.undo(office, actor=None, as_of=DAY)
    assert b"ida@acme" in pages(office) and not [c for c in contacts.list_of(office, acme) if c.id == gone]
    assert privacy.meant(office, "Ida Short") == ([gone], acme)
    erase(office, gone)
    assert b"ida@acme" not in pages(office) and b"ida short" not in pages(office)
    with pytest.raises(UsageError, match="no contact of that name"):
        privacy.contact(office, "Ida Short")
    assert chain.broken_links(office.conn) == []


def test_one_after_the_other_and_all_of_a_partner(office: Store, tmp_path: Path) -> None:
    contact = everywhere(office, tmp_path)
    other = contacts.add(office, of(office, "ACME"), {"name": "Olga Petrowa", "phone": PHONE}, actor=None, as_of=DAY)
    note = f"{NAME} and Olga Petrowa"
    timeline.log(office, of(office, "ACME"), "note", on=DAY, amount=None, ref=None, note=note, actor=None, as_of=DAY)
    history.undo(office, actor=None, as_of=DAY)
    first = erase(office, contact, pseudonymise=True)
    assert any("telephone number" in kept for kept in first.kept), "they share it"
    assert "jörg nováková" not in left(office) and b"olga petrowa" in pages(office)
    ids, partner = privacy.meant(office, "ACME")
    assert other in ids and contact in ids
    second = privacy.erase(office, ids, partner, confirm="ACME", actor=who(office, "Lee"), as_of=DAY)
    assert set(first.links) & set(second.links), "a line of the log that was scrubbed twice"
    assert left(office) == [] and b"olga petrowa" not in pages(office)
    assert chain.broken_links(office.conn) == [] and contacts.list_of(office, partner) == []
    (detail,) = [f.detail for f in files.check(office) if f.what == "the chain of changes"]
    assert f"by change {first.change}, {second.change}; they fit its record" in detail


def test_undo_of_what_was_before_brings_nobody_back(office: Store) -> None:
    acme, contact = of(office, "ACME"), someone(office)
    other = contacts.list_of(office, acme)[1].id
    record = records.add(office, acme, "licence", {"name": "L"}, actor=None, as_of=DAY)
    for said in (contact, other):
        with office.change(f"its contact is {said}", actor=None) as change:
            change.conn.execute("UPDATE records SET contact_id = ? WHERE id = ?", (said, record))
    erase(office, contact)
    plan = history.undo(office, actor=None, as_of=DAY)
    assert plan.whole and office.conn.execute("SELECT contact_id FROM records").fetchone() == (None,)
    assert left(office) == [] and chain.broken_links(office.conn) == []


def test_rules_are_left_as_they_are_written_and_named(office: Store) -> None:
    packs.add(
        office, '[template.hello]\nsubject = "Hello"\nbody = "Ask the Order Desk."\n', "t.toml", actor=None, as_of=DAY
    )
    acme = of(office, "ACME")
    contact = contacts.add(office, acme, {"name": "Order Desk", "email": "desk@acme.example"}, actor=None, as_of=DAY)
    done = erase(office, contact)
    assert office.conn.execute("SELECT body FROM templates WHERE name = 'hello'").fetchone() == ("Ask the Order Desk.",)
    assert "template 1 has the words in its body: look, and change it yourself" in done.kept
