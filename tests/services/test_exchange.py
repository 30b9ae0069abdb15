"""Finance's workbook comes in: partners, people and three years of order lines; once, again, and taken back."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from prm_tui.domain.errors import Cancelled, DecisionNeeded, InputError
from prm_tui.domain.exchange import Choices, ImportReport
from prm_tui.domain.mapping import SavedMap, from_toml, to_toml
from prm_tui.services import exchange, history, partners, timeline
from storage import Store

HERE = Path(__file__).parent.parent
WORKBOOK = HERE.parent / "prm_tui" / "data" / "resellers-and-sales.xlsx"
EXPECTED = HERE / "data" / "adventureworks" / "expected-per-reseller.csv"
DAY = date(2013, 11, 29)


def take(store: Store, path: Path, choices: Choices | None = None, **how: object) -> ImportReport:
    with exchange.read(store, [path]) as reading:
        return exchange.commit(store, reading, choices, actor=None, as_of=DAY, **how)  # type: ignore[arg-type]  # a story


def counts(store: Store) -> tuple[object, ...]:
    row: tuple[object, ...] = store.conn.execute(
        "SELECT (SELECT count(*) FROM partners), (SELECT count(*) FROM people), (SELECT count(*) FROM activities),"
        " (SELECT count(*) FROM activity_lines), (SELECT round(sum(amount) / 10000.0, 2) FROM activities)"
    ).fetchone()
    return row


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The real workbook, read once for the tests that only look."""
    with Store.open(tmp_path_factory.mktemp("real") / "real.db", create=True) as store:
        take(store, WORKBOOK)
        yield store


def test_the_real_workbook_needs_no_map(imported: Store) -> None:
    assert counts(imported) == (701, 17, 3796, 60855, 80450596.98)


def test_every_reseller_has_the_orders_that_were_computed_independently(imported: Store) -> None:
    found = {
        code: (name, orders, lines, amount or 0, first or "", last or "")
        for code, name, orders, lines, amount, first, last in imported.conn.execute(
            "SELECT p.code, p.name, count(a.id), coalesce(sum(a.lines), 0), sum(a.amount) / 10000.0,"
            " min(a.occurred_on), max(a.occurred_on) FROM partners p LEFT JOIN activities a ON a.partner_id = p.id"
            " AND a.kind = 'order' GROUP BY p.id"
        )
    }
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        expected = {row["partner_id"]: row for row in csv.DictReader(file)}
    assert found.keys() == expected.keys()
    for code, row in expected.items():
        amount = float(row["amount"] or 0)
        wanted = (row["name"], int(row["orders"]), int(row["lines"]), row["first"], row["last"])
        name, orders, lines, sold, first, last = found[code]
        assert (name, orders, lines, first, last) == wanted
        assert abs(sold - amount) <= 0.005001  # theirs is rounded to cents, which way a half goes is open


def test_each_order_and_line_knows_its_cell(imported: Store) -> None:
    partner = partners.resolve(imported, "676")
    (latest,) = timeline.rows(imported, timeline.entries(imported, partner, as_of=DAY)[-1:])
    assert (latest.ref, str(latest.source)) == ("SO43659", "resellers-and-sales.xlsx · Sales row 2")
    lines = timeline.lines(imported, latest.id)
    assert len(lines) == latest.lines == 12
    assert lines[1].amount == Decimal("6074.982")
    assert lines[1].source and lines[1].source.row == 3
    assert lines[1].data["product_key"] == 350
    assert latest.person is not None
    bike = partners.get(imported, partners.resolve(imported, "AW00000001"), DAY)
    assert (bike.name, bike.code, bike.custom["city"]) == ("A Bike Store", "1", "Seattle")
    assert bike.fields["territory"] == "Northwest"


def test_again_changes_nothing_and_undo_gives_the_empty_file_back(store: Store) -> None:
    first = take(store, WORKBOOK)
    assert first.change is not None
    again = take(store, WORKBOOK)
    assert again.change is None and again.nothing_new
    assert [s.same for s in again.sheets] == [17, 701, 3796]
    history.undo(store, actor=None, as_of=DAY)
    assert counts(store) == (0, 0, 0, 0, None)
    take(store, WORKBOOK)
    assert counts(store) == (701, 17, 3796, 60855, 80450596.98)


def sheet(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_preview_writes_nothing_and_says_what_a_commit_does(store: Store, tmp_path: Path) -> None:
    path = sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name,Region\n007,Acme,West\n8,Brakes & Gears,East\n")
    with exchange.read(store, [path]) as reading:
        looked = exchange.preview(store, reading)
        assert (looked.sheets[0].new, looked.change) == (2, None)
        assert counts(store)[0] == 0
        done = exchange.commit(store, reading, actor=None, as_of=DAY)
    assert (done.sheets[0].new, done.sheets[0].plan.what) == (2, "partners")
    assert partners.get(store, partners.resolve(store, "007"), DAY).fields["territory"] == "West"


def test_an_old_sheet_sent_again_does_not_bring_old_cells_back(store: Store, tmp_path: Path) -> None:
    text = "Dealer No,Dealer Name,Region,Phone\n7,Acme,West,111\n8,Bolt,East,222\n"
    path = sheet(tmp_path / "dealers.csv", text)
    take(store, path)
    acme = partners.resolve(store, "7")
    partners.edit(store, acme, {"territory": "North"}, actor=None, as_of=DAY)
    sheet(path, text.replace("111", "999"))
    report = take(store, path)
    assert (report.sheets[0].changed, report.sheets[0].same) == (1, 1)
    now = partners.get(store, acme, DAY)
    assert (now.fields["territory"], now.custom["phone"]) == ("North", "999")
    sheet(path, text.replace("West", "South"))
    with pytest.raises(DecisionNeeded, match=r"Region of Acme.*“South” there and to “North” here.*--theirs"):
        take(store, path)
    take(store, path, Choices(prefer="ours"))
    assert partners.get(store, acme, DAY).fields["territory"] == "North"
    sheet(path, text.replace("West", "Centre"))
    take(store, path, Choices(prefer="theirs"))
    assert partners.get(store, acme, DAY).fields["territory"] == "Centre"


def test_an_order_that_comes_with_other_lines_supersedes_the_old_one(store: Store, tmp_path: Path) -> None:
    take(store, sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name\n7,Acme\n"))
    orders = "Order No,Order Date,Dealer No,Amount\nA1,2026-01-05,7,10\nA1,2026-01-05,7,20\nA2,2026-01-06,7,5\n"
    path = sheet(tmp_path / "orders.csv", orders)
    take(store, path)
    sheet(path, orders.replace(",7,20", ",7,25"))
    report = take(store, path)
    assert [(s.new, s.changed, s.same) for s in report.sheets] == [(0, 1, 1)]
    acme = partners.resolve(store, "7")
    rows = timeline.rows(store, timeline.entries(store, acme, as_of=date(2026, 3, 1)))
    assert [(r.ref, r.amount) for r in rows] == [("A2", Decimal(5)), ("A1", Decimal(35))]
    history.undo(store, actor=None, as_of=DAY)
    rows = timeline.rows(store, timeline.entries(store, acme, as_of=date(2026, 3, 1)))
    assert [r.amount for r in rows] == [Decimal(5), Decimal(30)]


@pytest.mark.parametrize(("zone", "hour"), [("UTC", 22), ("Europe/Berlin", 21)])
def test_the_hour_of_an_activity_is_kept_as_an_instant(store: Store, tmp_path: Path, zone: str, hour: int) -> None:
    with store.change("zone", actor=None) as change:
        change.conn.execute(
            "INSERT OR REPLACE INTO settings(key, value, change_id) VALUES ('zone', ?, ?)", (zone, change.id)
        )
    take(store, sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name\n7,Acme\n"))
    rows = "7,O1,2026-01-05 22:00:00,3\n7,O2,2026-01-06,2\n"
    take(store, sheet(tmp_path / "orders.csv", f"Dealer No,Order No,Order Date,Amount\n{rows}"))
    kept = dict(
        store.conn.execute("SELECT ref, occurred_on || ' ' || coalesce(occurred_at, '') FROM activities").fetchall()
    )
    at = int(datetime(2026, 1, 5, hour, tzinfo=UTC).timestamp())
    assert kept == {"O1": f"2026-01-05 {at}", "O2": "2026-01-06 "}


def test_rows_without_a_reference_are_told_apart_by_content_and_count(store: Store, tmp_path: Path) -> None:
    take(store, sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name\n7,Acme\n"))
    path = sheet(tmp_path / "sales.csv", "Date,Dealer No,Amount\n2026-01-05,7,10\n2026-01-05,7,10\n")
    assert take(store, path).sheets[0].new == 2
    sheet(path, "Date,Dealer No,Amount\n2026-01-05,7,10\n2026-01-05,7,10\n2026-01-05,7,10\n")
    report = take(store, path)
    assert (report.sheets[0].new, report.sheets[0].same) == (1, 2)


def test_refused_rows_are_named_and_the_good_ones_taken(store: Store, tmp_path: Path) -> None:
    take(store, sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name\n7,Acme\n8,Bolt\n"))
    rows = ["2026-01-05,7,10", "2026-01-06,9,10", "2026-01-07,,10", "soon,8,10", "2026-01-08,8,much", "2026-01-09,8,5"]
    path = sheet(tmp_path / "sales.csv", "Date,Dealer No,Amount\n" + "\n".join(rows) + "\n")
    with pytest.raises(InputError, match="row 3, Dealer No"):
        take(store, path, all_or_nothing=True)
    report = take(store, path)
    assert [(r.row, r.column, r.value) for r in report.refused()] == [
        (3, "Dealer No", "9"),
        (4, "Dealer No", ""),
        (5, "Date", "soon"),
        (6, "Amount", "much"),
    ]
    assert report.sheets[0].new == 2


def test_what_only_a_person_can_decide_is_asked(store: Store, tmp_path: Path) -> None:
    take(store, sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name\n7,Acme\n"))
    path = sheet(tmp_path / "sales.csv", "Date,Dealer No,Amount\n03/04/2026,7,10\n05/06/2026,7,10\n")
    with pytest.raises(DecisionNeeded, match="day first or month first"):
        take(store, path)
    with exchange.read(store, [path], dates={"": "day-first"}) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)
    acme = partners.resolve(store, "7")
    (first, _) = timeline.rows(store, timeline.entries(store, acme, as_of=date(2027, 1, 1)))
    assert first.occurred_on == date(2026, 6, 5)
    odd = sheet(tmp_path / "odd.csv", "Colour,Height\nred,3\n")
    with pytest.raises(DecisionNeeded, match="nothing to take"):
        take(store, odd)
    with (
        pytest.raises(DecisionNeeded, match="which column is the name"),
        exchange.read(store, [odd], forced={"odd": "partners"}) as reading,
    ):
        exchange.commit(store, reading, actor=None, as_of=DAY)


@pytest.mark.parametrize("ref", ["", ",Order No"])
def test_a_sheet_taken_with_the_wrong_answer_is_taken_back_first_and_counts_once(
    store: Store, tmp_path: Path, ref: str
) -> None:
    take(store, sheet(tmp_path / "dealers.csv", "Dealer No,Dealer Name\n7,Acme\n"))
    rows = ("03/04/2026,7,10", "04/03/2026,7,10", "05/06/2026,7,20")
    lines = "\n".join(row + (f",S{n}" if ref else "") for n, row in enumerate(rows))
    path = sheet(tmp_path / "sales.csv", f"Date,Dealer No,Amount{ref}\n{lines}\n")

    def answered(order: str) -> int:
        with exchange.read(store, [path], dates={"": order}) as reading:
            done = exchange.commit(store, reading, actor=None, as_of=DAY).change
        assert done is not None
        return done

    def days() -> list[str]:
        return [day for (day,) in store.conn.execute(
            "SELECT occurred_on FROM activities WHERE superseded_at IS NULL ORDER BY amount, occurred_on")]  # fmt: skip

    wrong = answered("month-first")
    with pytest.raises(InputError, match=rf"sales.csv: sales row \d: change {wrong} took .* prm undo {wrong}$"):
        answered("day-first")
    assert days() == ["2026-03-04", "2026-04-03", "2026-05-06"]
    history.undo(store, wrong, actor=None, as_of=DAY)
    answered("day-first")
    assert days() == ["2026-03-04", "2026-04-03", "2026-06-05"]


def test_a_mapping_can_be_written_read_and_used(store: Store, tmp_path: Path) -> None:
    path = sheet(tmp_path / "odd.csv", "Colour,Height\nred,3\n")
    saved = from_toml(to_toml([SavedMap("odd", "partners", {"Colour": "name", "Height": "data"})]), "m.toml")
    with exchange.read(store, [path], saved=saved) as reading:
        exchange.commit(store, reading, actor=None, as_of=DAY)
    assert partners.get(store, partners.resolve(store, "red"), DAY).custom == {"height": 3}
    sheet(path, "Colour,Height\nred,3\nblue,4\n")
    assert take(store, path).sheets[0].new == 1  # the file remembers the mapping
    with pytest.raises(InputError, match="Did you mean “name”"):
        from_toml('[[sheet]]\nname="x"\nwhat="partners"\n[sheet.columns]\nA="nmae"\n', "m.toml")


def test_an_import_that_is_stopped_takes_nothing(store: Store) -> None:
    with pytest.raises(Cancelled, match="Nothing was changed"):
        exchange.read(store, [WORKBOOK], cancelled=lambda: True).close()
    with exchange.read(store, [WORKBOOK]) as reading, pytest.raises(Cancelled, match="Nothing was changed"):
        exchange.commit(store, reading, actor=None, as_of=DAY, cancelled=lambda: True)
    assert counts(store)[0] == 0
    assert take(store, WORKBOOK).change is not None


def test_another_row_is_the_header_and_next_month_it_is_known(store: Store, tmp_path: Path) -> None:
    above = "List,of,all,our,dealers,here\nas,of,March,see,notes,below\nDealer No,Dealer Name,Region,,,\n"
    path = sheet(tmp_path / "dealers-march.csv", above + "1,Acme,West,,,\n2,Bolt,East,,,\n")
    with exchange.read(store, [path]) as reading:
        assert reading.plans[0].header_row == 1
    with exchange.read(store, [path], headers={"Dealers-March": 3}) as reading:
        assert (reading.plans[0].header_row, reading.plans[0].what, reading.plans[0].rows) == (3, "partners", 2)
        exchange.commit(store, reading, actor=None, as_of=DAY)
    later = sheet(tmp_path / "dealers-april.csv", f"Printed,on,the,first,of,April\n{above}2,Bolt,North,,,\n")
    with exchange.read(store, [later]) as reading:
        assert reading.plans[0].header_row == 4
        assert exchange.commit(store, reading, actor=None, as_of=DAY).sheets[0].changed == 1
    with pytest.raises(InputError, match="row 900 cannot be the header; the sheet begins with rows 1 to 5"):
        exchange.read(store, [path], headers={"dealers-march": 900})
    with exchange.read(store, [path], headers={"dealers-march": 0}) as reading:
        assert [c.header for c in reading.plans[0].columns][:2] == ["Column A", "Column B"]
        assert reading.plans[0].rows == 5
