"""What goes out, seen from outside: real files there and back, LibreOffice's figures beside ours, styles, csv, json."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from importers import figures
from prm_tui.domain.errors import InputError
from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.domain.sheet import LONGEST
from prm_tui.services import contacts, exchange, export, files, partners, records, timeline
from storage import Store

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "tests" / "data"
SETS = {
    "resellers": [ROOT / "prm_tui" / "data" / "resellers-and-sales.xlsx"],
    "pipeline": [DATA / "crm" / "crm-sales-opportunities.xlsx"],
    "directory": [DATA / "vendors" / "nc-dbe-vendor-directory.masked.csv"],
    "payments": sorted((DATA / "vendors").glob("oxford-*-201[78].csv")),
}
DAY = date(2026, 3, 1)
LISTS = ("contacts", "records", "activities")
needs_libreoffice = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


def take(store: Store, *paths: Path, choices: Choices | None = None) -> ImportReport:
    with exchange.read(store, paths) as reading:
        return exchange.commit(store, reading, choices, actor=None, as_of=DAY)


def is_untouched(store: Store, *paths: Path) -> bool:
    report = take(store, *paths)
    for sheet in report.sheets:
        assert (sheet.new, sheet.changed, sheet.cells, sheet.refused) == (0, 0, [], []), (sheet.plan.sheet, sheet.notes)
    return report.change is None and sum(sheet.same for sheet in report.sheets) > 0


def uncalculated(path: Path, out: Path) -> Path:
    """The same workbook without any calculated value: who shows one has calculated it."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, re.sub(rb"</f><v>[^<]*</v>", b"</f>", part) if "worksheets/" in name else part)
    return out


def by_libreoffice(path: Path, folder: Path) -> Path:
    """The same workbook opened and saved by LibreOffice."""
    out = folder / "libreoffice"
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx",
         "--outdir", str(out), str(path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return out / path.name


def table(path: Path, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet as they show without calculating; nothing is None."""
    head, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()
    return [{str(h): None if v == "" else v for h, v in zip(head, row, strict=True)} for row in rows]


def same_table(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> bool:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one == pytest.approx(other, abs=1e-6, rel=1e-12)
    return True


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A file that knows the kinds of the core pack."""
    with files.open_file(tmp_path / "partners.db", create=True) as opened:
        yield opened


# ---- real files there and back ----


@pytest.fixture(scope="module", params=SETS)
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Store, Path]]:
    """A file with a real set of data, and everything of it as a workbook."""
    folder = tmp_path_factory.mktemp(request.param)
    with Store.open(folder / "partners.db", create=True) as store:
        take(store, *SETS[request.param], choices=Choices(currency="GBP" if request.param == "payments" else None))
        assert not export.write(store, "everything", folder / "everything.xlsx").notes
        yield request.param, store, folder / "everything.xlsx"


def test_a_real_set_comes_back_as_it_went(real: tuple[str, Store, Path]) -> None:
    _, store, book = real
    assert is_untouched(store, book)
    for what in ("partners", *LISTS):
        path = book.with_name(f"{what}.csv")
        if what == "partners" or store.conn.execute(f"SELECT 1 FROM {what} LIMIT 1").fetchone():
            export.write(store, what, path)
            assert is_untouched(store, path)


def test_everything_fills_another_file(real: tuple[str, Store, Path], tmp_path: Path) -> None:
    """All but the lines of orders, which are there to be read, and what only cases and people set: status, parent."""
    _, store, book = real
    with Store.open(tmp_path / "other.db", create=True) as other:
        take(other, book)
        for said in (
            "SELECT code, name, type, tier, territory, country, industry, joined_on, custom FROM partners ORDER BY code",
            "SELECT system, key FROM partner_keys ORDER BY 1, 2",
            "SELECT p.code, c.name, c.email FROM contacts c JOIN partners p ON p.id = c.partner_id ORDER BY 1, 2, 3",
            "SELECT p.code, r.kind, r.ref, r.status, r.starts_on, r.ends_on, r.amount, r.currency, o.name FROM records r"
            " JOIN partners p ON p.id = r.partner_id LEFT JOIN people o ON o.id = r.owner ORDER BY 1, 2, 3, 5, 6, 7, 9",
            "SELECT p.code, a.kind, a.ref, a.occurred_on, a.amount, a.currency, a.quantity, o.name FROM activities a"
            " JOIN partners p ON p.id = a.partner_id LEFT JOIN people o ON o.id = a.person_id ORDER BY 1, 2, 3, 4, 5",
        ):
            assert other.conn.execute(said).fetchall() == store.conn.execute(said).fetchall()
        assert other.conn.execute("SELECT count(*) FROM activity_lines").fetchone() == (0,)


@needs_libreoffice
def test_libreoffice_opens_it_comes_to_the_same_figures_and_its_copy_changes_nothing(
    real: tuple[str, Store, Path], tmp_path: Path
) -> None:
    _, store, book = real
    saved = by_libreoffice(uncalculated(book, tmp_path / "bare.xlsx"), tmp_path)
    assert is_untouched(store, saved)
    if store.conn.execute("SELECT 1 FROM activities LIMIT 1").fetchone():
        assert same_table(table(book, "Figures"), table(saved, "Figures"))


@pytest.mark.parametrize("real", ["resellers"], indirect=True)
def test_the_figures_are_the_expected_ones(real: tuple[str, Store, Path]) -> None:
    _, _, book = real
    found = {row["Partner"]: row for row in table(book, "Figures")}
    with (DATA / "adventureworks" / "expected-per-reseller.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    assert len(found) == len(expected) == 701
    for one in expected:
        row = found[one["partner_id"]]
        assert row["order number"] == int(one["orders"])
        if row["order number"]:
            assert row["order amount"] == pytest.approx(float(one["amount"]), abs=0.006)
            assert row["order amount of lines"] == pytest.approx(row["order amount"])
            assert [str(row["order first"]), str(row["order last"])] == [one["first"], one["last"]]
        else:
            assert [row[f"order {what}"] for what in ("amount", "amount of lines", "first", "last")] == [None] * 4


# ---- figures ----

ODD_CODES = ("12", "0012", "abc", "ABC", "a*", "a?c", "<5", "=x", "1e2", "100", "12-05", "日本", "'q", "x~y", "plain")
ORDERS = "Order No,Order Date,Dealer No,Amount,Currency\n"


@pytest.fixture
def odd(store: Store, tmp_path: Path) -> Store:
    """Partners whose codes a spreadsheet would take for something else, with orders in several currencies."""
    orders = tmp_path / "orders.csv"
    for n, code in enumerate(ODD_CODES, 1):
        partners.add(store, {"code": code, "name": f"Dealer {n}"}, actor=None, as_of=DAY)
    rows = [
        f"A{n}{line},20{20 + n % 3}-0{n}-11,{code},{2**n}.5,{('EUR', 'USD', '', 'eur')[n % 4]}\n"
        for n, code in enumerate(ODD_CODES[:9], 1)
        for line in ("", "", "b")
    ]
    orders.write_text(ORDERS + "".join(rows), encoding="utf-8")
    report = take(store, orders)
    assert (report.sheets[0].new, report.sheets[0].refused) == (18, [])
    return store


def test_no_currency_is_added_to_another_and_no_code_taken_for_another(odd: Store, tmp_path: Path) -> None:
    export.write(odd, "everything", tmp_path / "out.xlsx")
    rows = {row["Partner"]: row for row in table(tmp_path / "out.xlsx", "Figures")}
    assert [h for h in rows["12"] if "amount" in h and "lines" not in h] == [
        "order without currency amount", "order EUR amount", "order USD amount", "order eur amount 2",
    ]  # fmt: skip
    for n, code in enumerate(ODD_CODES, 1):
        row = rows[code]
        found = {h: v for h, v in row.items() if "amount" in h and "lines" not in h and v is not None}
        there = n <= 9
        assert list(found.values()) == ([3 * 2**n + 1.5] if there else [])
        assert sum(v for h, v in row.items() if "number" in h) == (2 if there else 0)


@needs_libreoffice
def test_libreoffice_comes_to_the_same_for_odd_codes_orders_and_years(odd: Store, tmp_path: Path) -> None:
    export.write(odd, "partner", tmp_path / "out.xlsx", ids=list(range(1, len(ODD_CODES) + 1)))
    bare = uncalculated(tmp_path / "out.xlsx", tmp_path / "bare.xlsx")
    assert any(row["order EUR number"] is None for row in table(bare, "Figures"))
    saved = by_libreoffice(bare, tmp_path)
    for sheet in ("Figures", "Figures by year", "Activities order"):
        assert same_table(table(tmp_path / "out.xlsx", sheet), table(saved, sheet))
    years = table(saved, "Figures by year")
    assert len(years) == 9 and {row["From"].year for row in years} == {2020, 2021, 2022}
    for row in table(saved, "Activities order"):
        assert row["Amount of lines"] == row["Amount"]


def test_formulas_hold_nothing_but_names_of_sheets_and_addresses(odd: Store, tmp_path: Path) -> None:
    export.write(odd, "everything", tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    cells = [c for page in book for row in page.iter_rows() for c in row if c.data_type == "f"]
    texts = [str(getattr(c.value, "text", c.value)) for c in cells]
    assert {c.parent.title for c in cells} == {"Figures"} and len(texts) == len(ODD_CODES) * 4 * 5
    words = "COUNTIFS|SUMIFS|_xlfn.MINIFS|_xlfn.MAXIFS|EXACT|SUM|MIN|MAX|IF"
    address = r"'(?:Activities|Lines) order'!\$[A-Z]+\$2:\$[A-Z]+\$\d+|\$[A-Z]+\d+"
    known = re.compile(rf"=(?:{words}|{address}|[(),*=01]|\"=?\")+")
    assert [text for text in texts if not known.fullmatch(text)] == []
    at = 2 + [row["Partner"] for row in table(tmp_path / "out.xlsx", "Figures")].index("plain")
    own, none = f"'Activities order'!$B$2:$B$19,$A{at}", "'Activities order'!$G$2:$G$19,\"=\""
    assert book["Figures"].cell(at, 3).value == f"=COUNTIFS({own},{none})"


def test_figures_are_read_by_nobody_when_the_workbook_comes_back(odd: Store, tmp_path: Path) -> None:
    export.write(odd, "everything", tmp_path / "out.xlsx")
    with exchange.read(odd, [tmp_path / "out.xlsx"]) as reading:
        told = {plan.sheet: plan.what for plan in reading.plans}
    assert (told["Figures"], told["Lines order"]) == ("skip", "skip")
    assert is_untouched(odd, tmp_path / "out.xlsx")


def test_what_is_sent_and_what_is_text_has_no_figures(odd: Store, tmp_path: Path) -> None:
    export.send(odd, "everything", tmp_path / "out.xlsx", recipient="Ann", due=None, actor=None, as_of=DAY)
    names = openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames
    assert names == ["Partners", "Contacts", "Activities order", "How to fill this in", "_prm"]
    export.write(odd, "everything", tmp_path / "out.json")
    assert list(json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))) == [
        "Partners", "Contacts", "Activities order", "Lines order",
    ]  # fmt: skip


def test_what_would_take_too_long_to_compute_is_written_as_values_and_that_is_said(
    odd: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export.write(odd, "everything", tmp_path / "out.xlsx")
    monkeypatch.setattr(figures, "BEARABLE", 10)
    written = export.write(odd, "everything", tmp_path / "values.xlsx")
    assert written.notes == ["Figures holds values, not formulas: computing them would take too long"]
    assert same_table(table(tmp_path / "out.xlsx", "Figures"), table(tmp_path / "values.xlsx", "Figures"))
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "values.xlsx")["Figures"] for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n", "d"}
    assert is_untouched(odd, tmp_path / "values.xlsx")


# ---- how it looks ----


def test_cells_are_what_they_are(store: Store, tmp_path: Path) -> None:
    fields = {
        "code": "007",
        "name": "=cmd|' /C calc'!A0",
        "territory": "-West",
        "joined_on": "2019-05-06",
        "tier": "Gold, old",
    }
    first = partners.add(store, fields, actor=None, as_of=DAY)
    contacts.add(store, first, {"name": "Ann", "email": "a@x.example", "phone": "0123"}, actor=None, as_of=DAY)
    records.add(store, first, "deal", {"name": "D", "status": "Won", "amount": "-12.5"}, actor=None, as_of=DAY)
    timeline.log(
        store, first, "order", on=DAY, amount=Decimal("1234567.5"), ref="'1", note="a\nb", actor=None, as_of=DAY
    )
    export.write(store, "everything", tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book["_prm"].sheet_state == "veryHidden"
    for page in book:
        if page.title != "_prm":
            assert page.freeze_panes and page.freeze_panes.endswith("2")
            assert page.auto_filter.ref == f"A1:{page.cell(page.max_row, page.max_column).coordinate}"
            assert all(8 < d.width <= 49 for d in page.column_dimensions.values())
            assert page.cell(1, 1).font.b

    def cell(sheet: str, header: str) -> Any:
        page = book[sheet]
        return page.cell(2, [c.value for c in page[1]].index(header) + 1)

    assert book["Partners"].column_dimensions["A"].hidden
    assert (cell("Partners", "Code").value, cell("Partners", "Code").number_format) == ("007", "@")
    for header, value in (("Name", fields["name"]), ("Territory", "-West")):
        assert (cell("Partners", header).value, cell("Partners", header).data_type) == (value, "s")
        assert cell("Partners", header).quotePrefix
    joined = cell("Partners", "Joined")
    assert (joined.value, joined.number_format) == (datetime(2019, 5, 6), "yyyy-mm-dd")
    assert (cell("Contacts", "Phone").value, cell("Contacts", "Phone").number_format) == ("0123", "@")
    amount = cell("Activities order", "Amount")
    assert (amount.value, amount.number_format) == (1234567.5, "#,##0.00;[Red]-#,##0.00")
    assert book["Activities order"].column_dimensions[amount.column_letter].width > len("1,234,567.50")
    assert cell("Activities order", "Reference").value == "'1" and not cell("Activities order", "Reference").quotePrefix
    assert cell("Activities order", "Note").value == "a\nb"
    lists = {
        (page.title, page.cell(1, area.min_col).value): [c.value for (c,) in book["_prm"][rule.formula1.split("!")[1]]]
        if ":" in rule.formula1 and rule.formula1.split("$")[2] != rule.formula1.split("$")[4]
        else [book["_prm"][rule.formula1.split("!")[1].split(":")[0].replace("$", "")].value]
        for page in book
        for rule in page.data_validations.dataValidation
        for area in rule.sqref.ranges
    }
    assert lists["Partners", "Territory"] == ["-West"] and lists["Partners", "Tier"] == ["Gold, old"]
    assert lists["Records deal", "Status"] == [
        "Won",
        *sorted(
            (
                "approved",
                "engaging",
                "negotiation",
                "open",
                "proposal",
                "prospecting",
                "protected",
                "qualified",
                "registered",
            )
        ),
    ]
    assert ("Partners", "Status") not in lists  # it is there to be read: cases set it


def test_in_csv_what_looks_like_a_formula_has_an_apostrophe(store: Store, tmp_path: Path) -> None:
    names = ["=1", "+1", "-1", "@x", "'=1", "''", "'a", "plain"]
    for name in names:
        partners.add(store, {"name": name}, actor=None, as_of=DAY)
    with store.change("a field", actor=None, as_of=DAY) as change:
        change.conn.execute(
            "INSERT INTO fields(tbl, kind, key, label, type, change_id) VALUES ('partner', '', 'k', '=1+1', 'text', ?)",
            (change.id,),
        )
        change.conn.execute("""UPDATE partners SET custom = '{"k": "a"}'""")
    export.write(store, "partners", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["Name"] for row in rows} == {"'=1", "'+1", "'-1", "'@x", "''=1", "'''", "''a", "plain"}
    assert rows[0]["'=1+1"] == "a"
    assert is_untouched(store, tmp_path / "out.csv")


def test_json_keeps_every_row_and_key_in_order(store: Store, tmp_path: Path) -> None:
    for n, name in enumerate(("b", "a\x00", "C"), 1):
        partner = partners.add(store, {"code": f"0{n}", "name": name}, actor=None, as_of=DAY)
        timeline.log(store, partner, "order", on=DAY, amount=Decimal("1.2345"), actor=None, as_of=DAY)
    with store.change("fields of one name", actor=None, as_of=DAY) as change:
        for key, label in (("k", "Name"), ("l", "name"), ("m", "Name 2")):
            change.conn.execute(
                "INSERT INTO fields(tbl, kind, key, label, type, change_id) VALUES ('partner', '', ?, ?, 'text', ?)",
                (key, label, change.id),
            )
        change.conn.execute("""UPDATE partners SET custom = '{"k": "1", "l": "2", "m": "3"}'""")
    export.write(store, "everything", tmp_path / "out.json")
    whole = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [row["Code"] for row in whole["Partners"]] == ["02", "01", "03"]
    assert list(whole["Partners"][0])[:4] == ["prm id", "Code", "Name", "Type"]
    assert [whole["Partners"][0][h] for h in ("Name 2", "name 3", "Name 2 2")] == ["1", "2", "3"]
    assert whole["Activities order"][0]["Amount"] == 1.2345
    export.write(store, "partners", tmp_path / "out.xlsx")
    assert is_untouched(store, tmp_path / "out.xlsx")


def test_what_no_cell_may_hold_is_said(store: Store, tmp_path: Path) -> None:
    partner = partners.add(store, {"name": "A"}, actor=None, as_of=DAY)
    for note in ("a\ufffeb", "long" * LONGEST, "vertical\x0btab"):
        timeline.log(store, partner, "order", on=DAY, note=note, actor=None, as_of=DAY)
    for suffix, said in (("xlsx", ["1 texts were longer", "1 texts hold characters"]), ("csv", ["1 texts hold"])):
        written = export.write(store, "activities", tmp_path / f"out.{suffix}")
        assert [note[: len(start)] for note, start in zip(written.notes, said, strict=True)] == said
        assert is_untouched(store, tmp_path / f"out.{suffix}")


def test_kinds_of_like_names_have_sheets_of_their_own(store: Store, tmp_path: Path) -> None:
    partners.add(store, {"code": "1", "name": "A"}, actor=None, as_of=DAY)
    kinds = ["order_of_a_very_long_name_indeed", "order_of_a_very_long_name_indeed_too", "a_b", "A_B", "b"]
    with store.change("made", actor=None, as_of=DAY) as change:
        for kind in kinds:
            change.conn.execute(
                "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, amount, change_id)"
                " VALUES (1, ?, '2026-01-02', 0, 10000, ?)",
                (kind, change.id),
            )
    export.write(store, "everything", tmp_path / "out.xlsx")
    names = openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames
    assert len({name.casefold() for name in names}) == len(names) == len(kinds) + 4
    assert is_untouched(store, tmp_path / "out.xlsx")
    (row,) = table(tmp_path / "out.xlsx", "Figures")
    assert [row[f"{kind} number"] for kind in kinds if kind != "a_b"] == [1] * 4


def test_more_rows_than_a_sheet_holds_are_refused(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("A", "B", "C"):
        partners.add(store, {"name": name}, actor=None, as_of=DAY)
    monkeypatch.setattr("importers.export.MOST_ROWS", 2)
    with pytest.raises(InputError, match="Partners: a sheet holds 2 rows"):
        export.write(store, "partners", tmp_path / "out.xlsx")
    assert list(tmp_path.glob("*out*")) == []
