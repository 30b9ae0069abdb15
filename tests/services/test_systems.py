"""Finance and the others are told that a partner leaves, in their own columns; what they send later is held against it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from prm_tui.domain.errors import UsageError
from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.services import cases, contacts, deactivation, exchange, files, history, partners, people, systems
from storage import Store

DAY = date(2026, 3, 31)
LATER = date(2026, 4, 30)
FINANCE = (
    "Vendor No=key:vendor_no, Vendor=name, Status=status:Blocked, Valid to=effective_on, Why=text:left, the program"
)
VENDORS = [("00123", "=Acme Ltd", "Active"), ("00124", "Bolt Ltd", "Active"), ("00125", "Core Ltd", "Active")]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Three partners that finance keeps as vendors, too; Acme is to leave."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    with files.open_file(tmp_path / "office.db", create=True) as store:
        for name, roles in (("Dana", ["program manager"]), ("Max", ["manager", "finance"]), ("Lee", ["legal"])):
            people.add(store, name, roles=roles, actor=None, as_of=DAY)
        take(store, vendors(tmp_path, VENDORS), DAY)
        yield store


def who(store: Store, name: str) -> int:
    return people.find(store, name).id


def vendors(folder: Path, rows: list[tuple[str, str, str]], name: str = "vendors.xlsx") -> Path:
    """Finance's own list, as it comes."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Vendors"
    sheet.append(["Vendor No", "Vendor", "Status"])
    for row in rows:
        sheet.append(row)
        sheet.cell(sheet.max_row, 2).data_type = "s"
    book.save(folder / name)
    return folder / name


def take(store: Store, path: Path, as_of: date, choices: Choices | None = None, *, plain: bool = False) -> ImportReport:
    how = {"Vendors": "partners"}
    with exchange.read(store, [path], forced=None if plain else how, skip_known=plain) as reading:
        return exchange.commit(store, reading, choices, actor=None, as_of=as_of)


def notes(report: ImportReport) -> list[str]:
    return [note for sheet in report.sheets for note in sheet.notes if "finance" in note]


def leaves(store: Store, code: str = "00123") -> int:
    """The deactivation is approved and, by mutual agreement, takes effect today."""
    partner = partners.resolve(store, code)
    (case,) = deactivation.submit(store, [partner], "mutual", actor=who(store, "Dana"), as_of=DAY)
    for task in [t for t in cases.inbox(store) if t.kind == "approval" and t.case_id == case]:
        cases.approve(store, task.id, actor=who(store, "Max"), as_of=DAY)
    deactivation.serve(store, case, on=DAY, method="by hand", proof=None, actor=who(store, "Lee"), as_of=DAY)
    return case


def describe(store: Store) -> None:
    systems.add(store, "finance", FINANCE, owner="Max", due_days=7, actor=who(store, "Dana"), as_of=DAY)
    systems.add(store, "Listing", "Company=name, Remove by=effective_on", kind="department", owner="marketing",
                actor=who(store, "Dana"), as_of=DAY)  # fmt: skip
    assert systems.add(store, "Listing", "Company=name, Remove by=effective_on", kind="department", owner="role:marketing",
                       actor=who(store, "Dana"), as_of=DAY) is None, "a role is called as obligations call it"  # fmt: skip


def states(store: Store, case: int, as_of: date = LATER) -> dict[str, str]:
    return {line.system.name: line.state(as_of) for line in systems.lines(store, case)}


def test_each_system_gets_a_sheet_in_its_own_columns(office: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No system is described"):
        systems.send(office, tmp_path, leaves(office, "00124"), actor=None, as_of=DAY)
    describe(office)
    case = leaves(office)
    assert [(x.system.name, x.system.whose, x.due_on, x.state(DAY)) for x in systems.lines(office, case)] == [
        ("Listing", "marketing", DAY, "to send"), ("finance", "Max", date(2026, 4, 7), "to send"),
    ]  # fmt: skip
    with office.change("its number in finance", actor=None) as change:
        change.conn.execute(
            "INSERT INTO partner_keys(partner_id, system, key, change_id)"
            " SELECT id, 'vendor_no', '00123', ? FROM partners WHERE code = '00123' ON CONFLICT DO NOTHING",
            (change.id,),
        )
    sent = systems.send(office, tmp_path / "out", case, actor=who(office, "Dana"), as_of=DAY)
    assert {s for s, _, _ in sent.sheets} == {"finance", "Listing"}
    (file,) = [f for s, f, _ in sent.sheets if s == "finance"]
    page = load_workbook(tmp_path / "out" / file)["finance"]
    assert [c.value for c in page[1]] == ["Vendor No", "Vendor", "Status", "Valid to", "Why"]
    cells = page[2]
    assert [c.value for c in cells[:3]] == ["00123", "=Acme Ltd", "Blocked"]
    assert cells[1].data_type == "s" and cells[3].value.date() == DAY and cells[4].value == "left, the program"
    assert states(office, case, DAY) == {"finance": "sent", "Listing": "sent"}
    assert {e.title for e in cases.get(office, case).evidence if e.kind == "update sheet"} == {
        "update sheet for finance", "update sheet for Listing"
    }  # fmt: skip
    assert sent.change is not None and history.undo(office, sent.change, actor=None, as_of=DAY).whole
    assert states(office, case, DAY) == {"finance": "to send", "Listing": "to send"}


def test_a_later_list_of_finance_that_still_shows_it_active_is_told_with_its_cell(
    office: Store, tmp_path: Path
) -> None:
    describe(office)
    case = leaves(office)
    systems.send(office, tmp_path / "out", case, actor=who(office, "Dana"), as_of=DAY)
    moved = [VENDORS[2], VENDORS[0], VENDORS[1]]
    said = notes(take(office, vendors(tmp_path, moved, "vendors april.xlsx"), LATER))
    assert said == ["finance still shows 00123 =Acme Ltd active: vendors april.xlsx, sheet Vendors, row 3"]
    assert states(office, case)["finance"] == "contradicted"
    assert [x.code for x in systems.contradicted(office, LATER)] == ["00123"]
    assert systems.contradicted(office, date(2026, 3, 30)) == [], "on that day nobody knew"

    blocked = [("00123", "=Acme Ltd", "Blocked"), *VENDORS[1:]]
    report = take(office, vendors(tmp_path, blocked, "vendors may.xlsx"), date(2026, 5, 31))
    assert notes(report) == ["finance shows it as “Blocked”: vendors may.xlsx, sheet Vendors, row 2"]
    assert states(office, case, date(2026, 5, 31))["finance"] == "confirmed"
    assert report.change is not None
    history.undo(office, report.change, actor=None, as_of=LATER)
    assert states(office, case)["finance"] == "contradicted", "what an import has seen goes with it"


def test_the_very_same_list_again_is_no_silence(office: Store, tmp_path: Path) -> None:
    describe(office)
    case = leaves(office)
    take(office, tmp_path / "vendors.xlsx", DAY)
    assert states(office, case)["finance"] == "to send", "on its last day it may be active"
    again = take(office, tmp_path / "vendors.xlsx", LATER, plain=True)
    assert again.sheets[0].plan.again
    assert notes(again) == ["finance still shows 00123 =Acme Ltd active: vendors.xlsx, sheet Vendors, row 2"]


def test_a_list_without_it_confirms_only_where_it_is_complete(office: Store, tmp_path: Path) -> None:
    describe(office)
    case = leaves(office)
    few = vendors(tmp_path, VENDORS[1:2], "few.xlsx")
    assert notes(take(office, few, LATER)) == [] and states(office, case)["finance"] == "to send"
    whole = take(office, few, LATER, Choices(covered_to=LATER))
    assert notes(whole) == ["finance no longer lists it: few.xlsx, sheet Vendors"]
    assert states(office, case)["finance"] == "confirmed"


def test_what_came_before_the_system_was_described_is_looked_at_on_demand(office: Store, tmp_path: Path) -> None:
    case = leaves(office)
    take(office, vendors(tmp_path, [("00123", "=Acme Ltd", "In review"), *VENDORS[1:]], "v2.xlsx"), LATER)
    describe(office)
    assert states(office, case)["finance"] == "contradicted"
    (line,) = systems.contradicted(office, LATER)
    assert line.said(LATER) == "finance still shows 00123 =Acme Ltd as “In review”: v2.xlsx, sheet Vendors, row 2"


def test_a_department_is_confirmed_by_somebody_by_name_and_a_new_date_is_told_anew(
    office: Store, tmp_path: Path
) -> None:
    describe(office)
    case = leaves(office)
    with pytest.raises(UsageError, match="Say who wants to confirm that"):
        systems.confirm(office, case, "Listing", actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="Did you mean “Listing”"):
        systems.confirm(office, case, "Listng", actor=who(office, "Max"), as_of=DAY)
    systems.confirm(office, case, "Listing", actor=who(office, "Max"), as_of=DAY)
    assert states(office, case)["Listing"] == "confirmed"
    systems.send(office, tmp_path / "out", case, actor=who(office, "Dana"), as_of=DAY)
    with office.change("late service", actor=None) as change:
        change.conn.execute(
            "UPDATE cases SET data = json_set(data, '$.effective_on', '2026-06-30') WHERE id = ?", (case,)
        )
    (line,) = [x for x in systems.lines(office, case) if x.system.name == "finance"]
    assert (line.state(DAY), line.said(DAY)) == ("to send", "sent on 2026-03-31 with another effective date")


def test_one_sheet_for_all_partners_that_leave_and_only_for_what_is_not_done(office: Store, tmp_path: Path) -> None:
    describe(office)
    leaves(office)
    leaves(office, "00124")
    sent = systems.send(office, tmp_path / "out", actor=who(office, "Dana"), as_of=DAY)
    assert {(s, n) for s, _, n in sent.sheets} == {("finance", 2), ("Listing", 2)}
    with pytest.raises(UsageError, match="No system has to be told anything"):
        systems.send(office, tmp_path / "out", actor=who(office, "Dana"), as_of=DAY)
    leaves(office, "00125")
    more = systems.send(office, tmp_path / "out", actor=who(office, "Dana"), as_of=DAY)
    assert {(f, n) for _, f, n in more.sheets} == {("finance (2).xlsx", 1), ("Listing (2).xlsx", 1)}


def test_what_is_no_description_is_refused(office: Store) -> None:
    for columns, why in (
        ("", "say what its sheet has"), ("Vendor", "write HEADER=WHAT"), ("A=name, A=code", "stands there twice"),
        ("A=nmae", "Did you mean “name”"), ("A=key:no good", "is nothing a column can hold"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=why):
            systems.add(office, "x", columns, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="kind: “thing” is none"):
        systems.add(office, "x", "A=name", kind="thing", actor=None, as_of=DAY)
    describe(office)
    systems.remove(office, "FINANCE", actor=None, as_of=DAY)
    assert [s.name for s in systems.list_of(office)] == ["Listing"]


def test_a_blocked_column_is_read_the_other_way_round(office: Store, tmp_path: Path) -> None:
    systems.add(office, "sap", "Vendor No=code, Blocked=status:X", actor=who(office, "Dana"), as_of=DAY)
    (sap,) = systems.list_of(office)
    assert [sap.active(cell, None, DAY) for cell in ("X", "", None, "no", "yes")] == [False, True, True, True, False]
    assert sap.active("", "2026-03-31", DAY) is False and sap.active("", "2026-04-01", DAY) is True


def test_when_the_notice_is_withdrawn_who_was_told_is_told_again(office: Store, tmp_path: Path) -> None:
    describe(office)
    case = leaves(office)
    systems.send(office, tmp_path / "out", case, actor=who(office, "Dana"), as_of=DAY)
    deactivation.withdraw(office, case, "they stay", actor=who(office, "Dana"), as_of=DAY)
    for task in [t for t in cases.inbox(office) if t.kind == "approval"]:
        cases.approve(office, task.id, actor=who(office, "Max"), as_of=DAY)
    assert states(office, case) == {"finance": "to take back", "Listing": "to take back"}
    assert systems.lines(office, case)[0].said(DAY).endswith("but the partner stays: tell it, then confirm")
    assert notes(take(office, vendors(tmp_path, VENDORS[::-1], "may.xlsx"), LATER)) == [], "it may be active"
    systems.confirm(office, case, "finance", actor=who(office, "Max"), as_of=DAY)
    assert states(office, case) == {"finance": "confirmed", "Listing": "to take back"}
    with pytest.raises(UsageError, match="Nothing is told to other systems for case 1 now"):
        systems.send(office, tmp_path / "out", case, actor=who(office, "Dana"), as_of=DAY)


def test_a_mail_list_gets_a_row_for_each_contact_and_is_read_by_its_addresses(office: Store, tmp_path: Path) -> None:
    systems.add(office, "newsletter", "Company=code, E-mail=contact.email, Name=contact.name, Action=text:remove",
                actor=who(office, "Dana"), as_of=DAY)  # fmt: skip
    for name in ("Ann", "Bea"):
        fields = {"name": name, "email": f"{name.lower()}@acme.example"}
        contacts.add(office, partners.resolve(office, "00123"), fields, actor=None, as_of=DAY)
    case = leaves(office)
    systems.send(office, tmp_path / "out", case, actor=who(office, "Dana"), as_of=DAY)
    page = load_workbook(tmp_path / "out" / "newsletter 00123.xlsx").active
    assert page is not None and [[c.value for c in row] for row in page.iter_rows(min_row=2)] == [
        ["00123", "ann@acme.example", "Ann", "remove"], ["00123", "bea@acme.example", "Bea", "remove"]
    ]  # fmt: skip
    listed = tmp_path / "list.csv"
    listed.write_text("Company,E-mail,Name\n00124,x@bolt.example,Xu\n00123,bea@acme.example,Bea\n")
    with exchange.read(office, [listed], forced={"list": "contacts"}) as reading:
        report = exchange.commit(office, reading, actor=None, as_of=LATER)
    assert "newsletter still lists 00123 =Acme Ltd: list.csv, sheet list, row 3" in report.sheets[0].notes
    listed.write_text("Company,E-mail,Name\n00124,x@bolt.example,Xu\n")
    with exchange.read(office, [listed], forced={"list": "contacts"}) as reading:
        report = exchange.commit(office, reading, Choices(covered_to=LATER), actor=None, as_of=LATER)
    assert "newsletter no longer lists it: list.csv, sheet list" in report.sheets[0].notes
