"""Workbooks that others made come in without a map: a pipeline, a vendor directory, three lists of payments."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest

from prm_tui.domain.errors import DecisionNeeded, InputError
from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.domain.mapping import REASON
from prm_tui.services import exchange, files, history, inactivity, partners, records
from storage import Store

DATA = Path(__file__).parent.parent / "data"
PIPELINE = DATA / "crm" / "crm-sales-opportunities.xlsx"
DIRECTORY = DATA / "vendors" / "nc-dbe-vendor-directory.masked.csv"
PAYMENTS = sorted((DATA / "vendors").glob("oxford-*.csv"))
DAY = date(2018, 3, 31)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new file, as a user has it."""
    with files.open_file(tmp_path / "partners.db", create=True) as opened:
        yield opened


def take(store: Store, paths: Sequence[Path], choices: Choices | None = None, out: Path | None = None) -> ImportReport:
    with exchange.read(store, paths) as reading:
        report = exchange.commit(store, reading, choices, actor=None, as_of=DAY)
        if out:
            exchange.write_refused(reading, report, out)
        return report


def one(store: Store, question: str) -> object:
    row = store.conn.execute(question).fetchone()
    return row[0] if len(row) == 1 else tuple(row)


def test_a_pipeline_brings_accounts_deals_and_their_agents(store: Store, tmp_path: Path) -> None:
    expected = json.loads((DATA / "crm" / "expected-facts.json").read_text(encoding="utf-8"))
    errors = tmp_path / "errors.xlsx"
    report = take(store, [PIPELINE], out=errors)
    people, accounts, deals = report.sheets
    assert (accounts.new, people.new, deals.new) == (expected["partners"], 35, 7_375)
    assert one(store, "SELECT count(*), sum(amount) / 10000.0 FROM records WHERE status = 'Won'") == (
        expected["orders"],
        expected["amount_total"],
    )
    for code, _, amount, won, _, last in expected["top10"]:
        partner = partners.resolve(store, code)
        assert one(
            store,
            "SELECT count(*), sum(amount) / 10000.0, max(json_extract(data, '$.close_date')) FROM records"
            f" WHERE partner_id = {partner} AND status = 'Won'",
        ) == (won, amount, last)
    assert one(store, "SELECT count(*) FROM partners WHERE manager IS NOT NULL") == 0  # each account has many agents
    assert one(store, "SELECT count(*) FROM records WHERE owner IS NULL") == 0
    (problem,) = deals.problems()
    assert (problem["count"], problem["column"]) == (1_425, "account")
    assert "belongs to nobody" in problem["problem"]
    said = "\n".join(note for sheet in report.sheets for note in sheet.plan.notes)
    assert "“GTXPro” (1,480 rows) is not in products; “GTX Pro” is near" in said
    assert "“technolgy” (12 rows) is unusual; “technology” is near" in said
    assert one(store, "SELECT count(*) FROM partners WHERE industry = 'technolgy'") == 12


def test_the_deals_of_a_pipeline_tell_who_is_active_as_far_as_the_sheet_reaches(store: Store) -> None:
    expected = json.loads((DATA / "crm" / "expected-facts.json").read_text(encoding="utf-8"))
    take(store, [PIPELINE])
    won = "SELECT count(*), sum(amount) / 10000.0, max(occurred_on) FROM activities WHERE kind = 'deal_won' AND superseded_at IS NULL"
    assert one(store, won) == (expected["orders"], expected["amount_total"], expected["last"])
    for code, _, amount, deals, _, last in expected["top10"]:
        assert one(store, f"{won} AND partner_id = {partners.resolve(store, code)}") == (deals, amount, last)
    last = date.fromisoformat(expected["as_of"])
    assert {row.key for row in inactivity.of_all(store, last)} == {"active"} and expected["no_order_in_last_180d"] == 0
    later = inactivity.of_all(store, last + timedelta(days=200))
    assert {row.key for row in later} == {"unknown"} and len(later) == expected["partners"]
    assert "sales pipeline covered to 2017-12-31" in later[0].why


def test_a_deal_is_won_or_lost_on_the_day_it_is_closed_and_follows_its_status(store: Store) -> None:
    day = date(2026, 3, 31)
    partner = partners.add(store, {"code": "A", "name": "Partner A"}, actor=None, as_of=day)
    fields = {
        "name": "Fleet",
        "status": "Negotiation",
        "starts_on": "2026-01-10",
        "close_date": "2026-05-01",
        "amount": "900",
    }
    deal = records.add(store, partner, "deal", fields, actor=None, as_of=day)

    def told() -> list[tuple[object, ...]]:
        return store.conn.execute(
            "SELECT kind, occurred_on FROM activities WHERE superseded_at IS NULL ORDER BY occurred_on, id"
        ).fetchall()

    registered = ("deal_registered", "2026-01-10")
    assert told() == [registered], "a day on which it may be closed tells nothing yet"
    for status, close, after in (
        ("Closed won", "2026-03-30", [registered, ("deal_won", "2026-03-30")]),
        ("LOST", "2026-03-31", [registered, ("deal_lost", "2026-03-31")]),
        ("Negotiation", "2026-05-01", [registered]),
    ):
        records.edit(store, deal, {"status": status, "close_date": close}, actor=None, as_of=day)
        assert told() == after
    history.undo(store, history.changes(store)[0].id, actor=None, as_of=day)
    assert told() == [registered, ("deal_lost", "2026-03-31")]


def test_refused_rows_come_back_marked_and_are_taken_once_they_are_right(store: Store, tmp_path: Path) -> None:
    errors = tmp_path / "errors.xlsx"
    take(store, [PIPELINE], out=errors)
    book = openpyxl.load_workbook(errors)
    sheet = book["sales_pipeline"]
    assert sheet.cell(1, 9).value == REASON
    assert "belongs to nobody" in str(sheet.cell(11, 9).value)
    assert sheet.cell(11, 4).fill.start_color.rgb == "FFF2C7CE"
    sheet.cell(11, 4).value = "Isdom"
    book.save(errors)
    again = take(store, [errors])
    assert [(s.new, s.changed) for s in again.sheets] == [(0, 0), (0, 0), (1, 0)]
    assert one(store, "SELECT count(*) FROM records") == 7_376
    assert one(store, "SELECT count(*) FROM feeds") == 3


def test_a_directory_with_lines_above_its_header_merges_nobody(store: Store) -> None:
    expected = json.loads((DATA / "vendors" / "expected-facts.json").read_text(encoding="utf-8"))["nc-dbe-masked"]
    report = take(store, [DIRECTORY])
    assert report.sheets[0].new == expected["records"] == 2_236
    assert report.sheets[0].plan.header_row == expected["header_line"]
    assert one(store, "SELECT count(DISTINCT folded(name)) FROM partners") == expected["distinct_names_casefold"]
    assert one(store, "SELECT count(*) FROM partners WHERE name <> trim(name)") == 0
    assert one(store, "SELECT count(*) FROM partners WHERE code GLOB '0*' AND length(code) = 10") == 2_236
    lines = "SELECT count(*) FROM partners p WHERE EXISTS (SELECT 1 FROM json_each(p.custom) WHERE value LIKE '%' || char(10) || '%')"
    assert one(store, lines) == expected["records_with_multiline_cells"]
    assert take(store, [DIRECTORY]).change is None


def test_suppliers_are_made_from_lists_of_payments(store: Store) -> None:
    report = take(store, PAYMENTS, Choices(currency="GBP"))
    undated, *dated = report.sheets
    (problem,) = undated.problems()
    assert (problem["column"], problem["count"], undated.new) == ("Paid Date", 3_818, 0)
    suppliers, payments = dict[str, str](), 0
    for path in PAYMENTS[1:]:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["Supplier ID"].strip()]
        payments += len(rows)
        suppliers |= {row["Supplier ID"].strip(): row["Supplier Name"] for row in rows}
    assert one(store, "SELECT count(*) FROM partners") == len(suppliers) == 794
    assert sum(sheet.lines for sheet in dated) == payments
    total = "SELECT round(sum(amount) / 10000.0, 2), min(occurred_on), max(occurred_on), max(currency) FROM activities"
    amounts = sum(_amount(path) for path in PAYMENTS[1:])
    assert one(store, total) == (round(amounts, 2), *_dates(), "GBP")
    assert take(store, PAYMENTS, Choices(currency="GBP")).change is None
    history.undo(store, actor=None, as_of=DAY)
    assert one(store, "SELECT (SELECT count(*) FROM partners), (SELECT count(*) FROM activities)") == (0, 0)


def _dates() -> tuple[str, str]:
    told = json.loads((DATA / "vendors" / "expected-facts.json").read_text(encoding="utf-8"))["oxford"]
    spans = [entry["dates"] for entry in told if entry["dates"]]
    return min(first for first, _ in spans), max(last for _, last in spans)


def _amount(path: Path) -> float:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(float(row["Amount"]) for row in csv.DictReader(file) if row["Supplier ID"].strip())


def test_a_file_without_any_date_is_refused_in_one_line(store: Store) -> None:
    with pytest.raises(InputError, match=r"every row was refused.*Paid Date.*Nothing was changed"):
        take(store, PAYMENTS[:1])


def sheet(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_who_is_meant_is_asked_once_and_remembered(store: Store, tmp_path: Path) -> None:
    dealers = sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name,City\n7,Acme Ltd,Leeds\n8,Bolt,York\n")
    take(store, [dealers])
    other = sheet(tmp_path / "vendors.csv", "Vendor ID,Vendor Name,City\nV1,ACME Limited,Leeds\nV2,Nut,Hull\n")
    with exchange.read(store, [other]) as reading:
        looked = exchange.preview(store, reading)
        (doubt,) = looked.sheets[0].doubts
        assert (doubt.name, doubt.candidates[0].code) == ("ACME Limited", "7")
        assert "the same name but for its form" in doubt.text
        with pytest.raises(DecisionNeeded, match="--ask same, --ask new, or --ask skip"):
            exchange.commit(store, reading, actor=None, as_of=DAY)
        assert one(store, "SELECT count(*) FROM partners") == 2
        done = exchange.commit(store, reading, Choices(answers={doubt.key: "7"}), actor=None, as_of=DAY)
    assert (done.sheets[0].new, done.sheets[0].changed) == (1, 1)
    sheet(other, "Vendor ID,Vendor Name,City\nV1,ACME Limited,Bradford\nV2,Nut,Hull\n")
    assert take(store, [other]).sheets[0].changed == 1
    assert partners.get(store, partners.resolve(store, "7"), DAY).custom["city"] == "Bradford"


def test_another_key_of_the_same_system_is_another_partner(store: Store, tmp_path: Path) -> None:
    take(store, [sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name\n7,Acme\n")])
    report = take(store, [sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name\n7,Acme\n9,Acme\n")])
    assert report.sheets[0].new == 1
    assert "1 share their name with another partner and stay apart" in report.sheets[0].notes[0]


def test_update_only_never_makes_and_create_only_never_changes(store: Store, tmp_path: Path) -> None:
    path = sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name,Region\n7,Acme,West\n")
    take(store, [path])
    sheet(path, "Dealer No,Dealer Name,Region\n7,Acme,East\n8,Bolt,East\n")
    create = take(store, [path], Choices(mode="create")).sheets[0]
    assert (create.new, create.changed, create.left) == (1, 0, 1)
    sheet(path, "Dealer No,Dealer Name,Region\n7,Acme,East\n8,Bolt,East\n9,Nut,East\n")
    update = take(store, [path], Choices(mode="update")).sheets[0]
    assert (update.new, update.changed, update.left) == (0, 1, 1)
    assert one(store, "SELECT group_concat(code || territory) FROM partners") == "7East,8East"


def test_contacts_find_their_partner_and_change_by_cell(store: Store, tmp_path: Path) -> None:
    take(store, [sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name\n7,Acme\n8,Bolt\n")])
    path = tmp_path / "contacts.csv"
    sheet(
        path,
        "Dealer No,Contact Name,Email,Phone\n7,Ann,ann@a.example,0123\n7,Bob,bob@a.example,0456\n9,Eve,e@e.example,1\n",
    )
    report = take(store, [path]).sheets[0]
    assert (report.plan.what, report.new, len(report.refused)) == ("contacts", 2, 1)
    sheet(path, "Dealer No,Contact Name,Email,Phone\n7,Ann,ann@a.example,#CLEAR\n7,Bob,bob@a.example,0456\n")
    assert take(store, [path]).sheets[0].changed == 1
    assert one(store, "SELECT group_concat(name || coalesce(phone, '-')) FROM contacts") == "Ann-,Bob0456"


def test_what_a_complete_sheet_no_longer_holds_is_withdrawn_only_when_that_is_said(
    store: Store, tmp_path: Path
) -> None:
    take(store, [sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name\n7,Acme\n")])
    head = "Order No,Order Date,Dealer No,Amount\n"
    path = sheet(tmp_path / "orders 2026-01.csv", f"{head}A1,2026-01-05,7,10\nA2,2026-01-20,7,20\nA3,2026-02-02,7,30\n")
    take(store, [path])
    later = sheet(tmp_path / "orders 2026-02.csv", f"{head}A1,2026-01-05,7,10\nA3,2026-02-02,7,30\n")
    assert take(store, [later]).change is None
    january = Choices(complete_for=(date(2026, 1, 1), date(2026, 1, 31)))
    report = take(store, [later], january)
    assert (report.sheets[0].withdrawn, report.sheets[0].same) == (1, 2)
    assert "A2" in report.sheets[0].notes[0]
    live = "SELECT group_concat(ref) FROM activities WHERE superseded_at IS NULL"
    assert one(store, live) == "A1,A3"
    history.undo(store, actor=None, as_of=DAY)
    assert one(store, live) == "A1,A2,A3"


def test_codes_stay_text_and_lost_zeros_are_pointed_out(store: Store, tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "dealers.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("Dealers")
        page.write_row(0, 0, ["Dealer No", "Dealer Name", "Zip", "Phone", "Sum"])
        for n in range(1, 31):
            page.write_row(n, 0, [10_000 + n, f"Dealer {n}", 2134 if n < 4 else 40_000 + n, 4_989_000_000 + n, n])
        page.write_number(31, 0, 1234567890123456789)
        page.write_string(31, 1, "Rounded")
        page.set_row(5, None, None, {"hidden": True})
        page.set_column(3, 3, None, None, {"hidden": True})
        page.write_formula(2, 4, "=A1+1", None, "")
    report = take(store, [path]).sheets[0]
    said = "\n".join(report.plan.notes)
    assert "1 hidden row read like the others" in said and "1 hidden column read like the others" in said
    assert "1 formula without a calculated value" in said
    assert "Zip: 3 codes have fewer than 5 digits" in said and "(2134 may be 02134)" in said
    (refused,) = report.refused
    assert (refused.row, refused.column) == (32, "Dealer No") and "over 15 digits" in refused.reason
    one_of = partners.get(store, partners.resolve(store, "10007"), DAY)
    assert (one_of.custom["phone"], one_of.custom["zip"], one_of.custom["sum"]) == ("4989000007", "40007", 7)
    assert report.new == 30
