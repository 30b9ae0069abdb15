"""A partner leaves: each of its customers and deals gets a new owner, consent is kept, and it is handed over at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from prm_tui.domain.errors import UsageError
from prm_tui.services import (
    cases,
    contacts,
    deactivation,
    exchange,
    export,
    files,
    history,
    partners,
    people,
    records,
    transition,
)
from storage import Store
from storage import transition as stored

DAY = date(2026, 3, 31)
HELD = (
    ("customer", {"name": "Alba Ltd", "ref": "C-1", "status": "active", "amount": "900"}),
    ("customer", {"name": "Bruno KG", "ref": "C-2", "status": "active"}),
    ("deal", {"name": "New line", "ref": "D-1", "status": "open", "amount": "5000"}),
    ("deal", {"name": "Old line", "ref": "D-0", "status": "lost"}),
    ("asset", {"name": "Test bench", "ref": "A-1", "status": "lent"}),
    ("certification", {"name": "Safety", "status": "valid"}),
)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Gone leaves the West; Busy and Free are there, too, Far is elsewhere, Agent is of another type."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    with files.open_file(tmp_path / "office.db", create=True) as store:
        for name, roles in (("Dana", ["program manager"]), ("Max", ["manager"]), ("Lee", ["legal"])):
            people.add(store, name, roles=roles, actor=None, as_of=DAY)
        for code, territory, kind in (
            ("GONE", "West", "dealer"), ("BUSY", "West", "dealer"), ("FREE", "West", "dealer"), ("FAR", "East", "dealer"),
            ("AGENT", "West", "agent"),
        ):  # fmt: skip
            fields = {"code": code, "name": f"{code.title()} Ltd", "territory": territory, "type": kind}
            partners.add(store, fields, actor=None, as_of=DAY)
        for kind, held in HELD:
            records.add(store, of(store, "GONE"), kind, held, actor=None, as_of=DAY)
        records.add(store, of(store, "BUSY"), "deal", {"name": "Own", "status": "open"}, actor=None, as_of=DAY)
        yield store


def of(store: Store, code: str) -> int:
    return partners.resolve(store, code)


def who(store: Store, name: str) -> int:
    return people.find(store, name).id


def leaving(store: Store, *, path: str = "mutual") -> int:
    (case,) = deactivation.submit(
        store, [of(store, "GONE")], "mutual", path=path, notice="table", actor=who(store, "Dana"), as_of=DAY
    )
    return case


def approved(store: Store, case: int) -> None:
    for task in [t for t in cases.inbox(store) if t.kind == "approval" and t.case_id == case]:
        cases.approve(store, task.id, actor=who(store, "Lee" if task.role == "legal" else "Max"), as_of=DAY)
    deactivation.serve(store, case, on=DAY, method="by hand", proof=None, actor=who(store, "Lee"), as_of=DAY)


def said(store: Store, case: int) -> dict[str, tuple[str, str, str]]:
    return {i.ref: (i.to, i.consent, i.said) for i in transition.items(store, case, DAY)}


def assign(store: Store, case: int, to: dict[str, str], **more: Any) -> int | None:
    return transition.assign(store, case, to, actor=who(store, "Dana"), as_of=DAY, **more)


def holder(store: Store, ref: str) -> str:
    (code,) = store.conn.execute(
        "SELECT p.code FROM records r JOIN partners p ON p.id = r.partner_id WHERE r.ref = ?", (ref,)
    ).fetchone()
    return str(code)


def test_each_customer_and_deal_gets_a_new_owner_and_goes_over_in_one_change(office: Store) -> None:
    contact = contacts.add(office, of(office, "GONE"), {"name": "Kim"}, actor=None, as_of=DAY)
    with office.change("the customer's contact", actor=None) as change:
        change.conn.execute("UPDATE records SET contact_id = ? WHERE ref = 'C-1'", (contact,))
    case = leaving(office)
    assert said(office, case) == {
        "C-1": ("", "needed", "no new owner"), "C-2": ("", "needed", "no new owner"),
        "D-1": ("", "needed", "no new owner"), "A-1": ("", "not needed", "no new owner"),
    }  # fmt: skip
    assign(office, case, {"C-1": "FREE", "D-1": "Dana", "A-1": "ends"}, letter="customer", letter_on=DAY)
    assert said(office, case)["C-1"] == ("FREE", "needed", "waits for consent")
    assign(office, case, {}, lines=["C-1", "D-1"], consent="given")
    with pytest.raises(UsageError, match="is not approved: nothing is handed over yet"):
        transition.apply(office, case, actor=who(office, "Dana"), as_of=DAY)
    approved(office, case)
    assert [i.ref for i in stored.unassigned(office.conn, case, DAY)] == ["C-2"]

    handed = transition.apply(office, case, actor=who(office, "Dana"), as_of=DAY)
    assert [i.ref for i in handed.done] == ["A-1", "C-1", "D-1"]
    assert [(i.ref, i.said) for i in handed.open] == [("C-2", "no new owner")]
    assert (holder(office, "C-1"), holder(office, "D-1"), holder(office, "C-2")) == ("FREE", "GONE", "GONE")
    assert office.conn.execute(
        "SELECT c.contact_id, (SELECT w.name FROM people w WHERE w.id = d.owner), a.status, a.ends_on FROM records c,"
        " records d, records a WHERE c.ref = 'C-1' AND d.ref = 'D-1' AND a.ref = 'A-1'"
    ).fetchone() == (None, "Dana", "ended", "2026-03-31")
    assert said(office, case)["A-1"] == ("ends", "not needed", "done on 2026-03-31")
    past = office.conn.execute("SELECT field, value FROM field_history WHERE subject = 'record' ORDER BY id").fetchall()
    assert ("status", "lent") in past and ("status", "ended") in past

    assert handed.change is not None
    assert history.undo(office, handed.change, actor=None, as_of=DAY).whole
    assert holder(office, "C-1") == "GONE" and said(office, case)["C-1"] == ("FREE", "given", "ready")
    assert office.conn.execute("SELECT contact_id FROM records WHERE ref = 'C-1'").fetchone() == (contact,)


def test_before_the_effective_date_only_what_is_named_goes_over(office: Store) -> None:
    case = leaving(office, path="convenience")
    approved(office, case)
    assign(office, case, {"customer": "FREE"}, consent="given")
    with pytest.raises(UsageError, match=r"takes effect on 2026-06-29\. To hand something over earlier, name it"):
        transition.apply(office, case, actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(UsageError, match=r"Deal New line \(D-1\): no new owner\. Nothing was handed over"):
        transition.apply(office, case, ["C-1", "D-1"], actor=who(office, "Dana"), as_of=DAY)
    assert holder(office, "C-1") == "GONE"
    transition.apply(office, case, ["C-1"], actor=who(office, "Dana"), as_of=DAY)
    assert (holder(office, "C-1"), holder(office, "C-2")) == ("FREE", "GONE")
    with pytest.raises(UsageError, match="was handed over on 2026-03-31"):
        assign(office, case, {"C-1": "BUSY"})
    late = DAY + timedelta(days=120)
    assert [i.ref for i in transition.apply(office, case, actor=who(office, "Dana"), as_of=late).done] == ["C-2"]


def test_who_is_proposed_is_active_there_of_the_type_with_capacity_and_eligible(office: Store) -> None:
    case = leaving(office)
    assert [(c.code, c.load) for c in transition.candidates(office, case, "", DAY)] == [("FREE", 0), ("BUSY", 1)]
    names = {i.record_id: i.ref for i in transition.items(office, case, DAY)}

    def proposed(eligible: str = "") -> dict[str, str]:
        return {names[record]: c.code for record, c in transition.proposals(office, case, eligible, DAY).items()}

    assert proposed() == {"A-1": "FREE", "C-1": "BUSY", "C-2": "FREE", "D-1": "BUSY"}, "who holds least, then by code"
    assert set(proposed("has(deal where open)").values()) == {"BUSY"}
    assert proposed("tier = 'Gold'") == {}
    with office.change("a field", actor=None) as change:
        change.conn.execute(
            "INSERT INTO fields(tbl, key, label, type, change_id) VALUES ('partner', 'capacity', 'Capacity', 'number', ?)",
            (change.id,),
        )
    for code, most in (("FREE", "1"), ("BUSY", "2")):
        partners.edit(office, of(office, code), {"capacity": most}, actor=None, as_of=DAY)
    assert proposed() == {"A-1": "FREE", "C-1": "BUSY"}, "nobody has room for the rest"
    transition.accept(office, case, "", actor=who(office, "Dana"), as_of=DAY)
    assert said(office, case)["C-1"] == ("BUSY", "needed", "waits for consent")


def test_what_cannot_be_is_refused(office: Store) -> None:
    case = leaving(office)
    for letter, why in (
        ("custmer", "Did you mean “customer”"),
        ("notice", "goes to the partner. To its customers goes: customer"),
    ):
        with pytest.raises(UsageError, match=why):
            assign(office, case, {"C-1": "FREE"}, letter=letter)
    for to, why in (
        ({"C-1": "GONE"}, "is the partner that leaves"), ({"C-1": "Nobody"}, "Or name one of our own people, or: ends"),
        ({"X-9": "FREE"}, "is nothing that is handed over here"), ({"D-0": "FREE"}, "nothing that is handed over"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=why):
            assign(office, case, to)
    with pytest.raises(UsageError, match="consent: “yes” is none"):
        assign(office, case, {"C-1": "FREE"}, consent="yes")
    assign(office, case, {"C-1": "FREE"}, consent="given")
    assert assign(office, case, {"C-1": "Free Ltd"}, consent="given") is None, "it is so already"
    assign(office, case, {"C-1": "BUSY"})
    assert said(office, case)["C-1"] == ("BUSY", "needed", "waits for consent"), "another holder is asked about anew"
    assign(office, case, {}, lines=["C-1"], consent="refused")
    assert said(office, case)["C-1"][2] == "consent was refused: choose another"
    assert "C-1" in [i.ref for i in stored.unassigned(office.conn, case, DAY)]
    deactivation.submit(
        office, [of(office, "FREE")], "inactivity", notice="table", actor=who(office, "Dana"), as_of=DAY
    )
    with pytest.raises(UsageError, match="Free Ltd is leaving and takes nothing over"):
        assign(office, case, {"C-1": "FREE"})
    deactivation.stop(office, case, "no", actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(UsageError, match=r"is closed \(stopped\)"):
        assign(office, case, {"C-1": "BUSY"})


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_the_sheet_is_filled_in_and_taken_back(office: Store, tmp_path: Path, suffix: str) -> None:
    case = leaving(office)
    out = tmp_path / f"hand-over{suffix}"
    assert transition.send(office, case, out, recipient="Max", actor=who(office, "Dana"), as_of=DAY) == 4
    answers = {"C-1": ("FREE", "given"), "C-2": ("GONE", ""), "D-1": ("Dana", "not needed"), "A-1": ("", "")}
    back = _filled(out, tmp_path / f"back{suffix}", answers)
    with exchange.read(office, [back]) as reading:
        exchange.only_ours(reading)
        report = exchange.commit(office, reading, actor=who(office, "Dana"), as_of=DAY)
    (sheet,) = report.sheets
    assert (sheet.changed, sheet.same) == (2, 1)
    assert [(r.column, r.value) for r in sheet.refused] == [("Goes to", "GONE")]
    assert {ref: line[:2] for ref, line in said(office, case).items()} == {
        "C-1": ("FREE", "given"), "C-2": ("", "needed"), "D-1": ("Dana", "not needed"), "A-1": ("", "not needed"),
    }  # fmt: skip
    assert [s.state for s in export.sent(office)] == ["back"]
    with exchange.read(office, [back]) as reading:
        again = exchange.commit(office, reading, actor=who(office, "Dana"), as_of=DAY)
    assert again.change is None, "the same sheet again says nothing new"


def test_a_row_that_nobody_touched_is_the_same_and_a_consent_is_to_who_was_named_then(
    office: Store, tmp_path: Path
) -> None:
    case = leaving(office)
    assign(office, case, {"C-1": "FREE", "C-2": "FREE", "D-1": "Dana"}, letter="customer", letter_on=DAY)
    assign(office, case, {}, lines=["C-1"], consent="given")
    out = tmp_path / "hand-over.xlsx"
    transition.send(office, case, out, actor=who(office, "Dana"), as_of=DAY)
    as_it_was = {
        "C-1": ("FREE", "given"),
        "C-2": ("FREE", "needed"),
        "D-1": ("Dana", "needed"),
        "A-1": ("", "not needed"),
    }
    for answers, changed in ((as_it_was, 0), ({**as_it_was, "C-1": ("BUSY", "given")}, 1)):
        back = _filled(out, tmp_path / f"back{changed}.xlsx", answers)
        with exchange.read(office, [back]) as reading:
            (sheet,) = exchange.commit(office, reading, actor=who(office, "Dana"), as_of=DAY).sheets
        assert (sheet.changed, sheet.same, sheet.refused) == (changed, 4 - changed, [])
    assert said(office, case)["C-1"] == ("BUSY", "needed", "waits for consent"), "it was given to go to another"


def _filled(out: Path, back: Path, answers: dict[str, tuple[str, str]]) -> Path:
    if out.suffix == ".csv":
        rows = [line.split(",") for line in out.read_text(encoding="utf-8-sig").splitlines()]
        here = {header: n for n, header in enumerate(rows[0])}
        for cells in rows[1:]:
            cells[here["Goes to"]], cells[here["Consent"]] = answers[cells[here["Reference"]]]
        back.write_text("\n".join(",".join(row) for row in rows))
        return back
    book = load_workbook(out)
    sheet = book["Hand-over"]
    at = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        for header, value in zip(("Goes to", "Consent"), answers[sheet.cell(row, at["Reference"]).value], strict=True):
            sheet.cell(row, at[header]).value = value or None
    book.save(back)
    return back


def test_when_the_case_takes_effect_what_is_ready_goes_with_it_and_the_old_list_does_not_bring_it_back(
    office: Store, tmp_path: Path
) -> None:
    crm = tmp_path / "crm.csv"
    crm.write_text("Partner code,Name,Reference,Status\nGONE,Carla SA,C-3,active\nGONE,Dora AB,C-4,active\n")
    take(office, crm)
    case = leaving(office)
    assign(office, case, {"C-3": "FREE", "C-1": "BUSY"})
    assign(office, case, {}, lines=["C-3"], consent="given")
    approved(office, case)
    done = deactivation.complete(office, case, actor=who(office, "Dana"), as_of=DAY)
    assert [holder(office, ref) for ref in ("C-3", "C-1", "C-4")] == ["FREE", "GONE", "GONE"]
    assert "C-1" not in [i.ref for i in stored.unassigned(office.conn, case, DAY)], "it waits for consent only"
    for old, new in (("AB,C-4", "Svea,C-4"), ("GONE,Carla", "FREE,Carla")):  # it does not know yet; now it does
        crm.write_text(crm.read_text().replace(old, new))
        take(office, crm)
        assert [(i.ref, i.to) for i in transition.items(office, case, DAY) if i.done_on] == [("C-3", "FREE")]
        assert office.conn.execute("SELECT count(*) FROM records WHERE ref = 'C-3'").fetchone() == (1,)
        assert holder(office, "C-3") == "FREE"
    history.undo(office, done, actor=None, as_of=DAY)
    assert holder(office, "C-3") == "GONE"


def take(store: Store, path: Path) -> None:
    with exchange.read(store, [path], forced={path.stem: "record:customer"}) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)
