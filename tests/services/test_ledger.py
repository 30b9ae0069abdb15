"""Commissions that somebody keeps in a workbook: from the sheet into the ledger, and on to the settlement and its proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.domain.errors import DecisionNeeded, InputError, UsageError
from prm_tui.domain.exchange import Choices, SheetReport
from prm_tui.services import casepack, exchange, history, ledger, packs, partners, settlement, timeline
from storage import Store, health, impact
from tests.services import test_returns as returns
from tests.services.leaving import DAY, agree, an_office, approve, ask, of, serve, who

HEAD = ("Partner", "Earned on", "Deal ID", "Commission", "Currency", "Status")
PAID = ("A", date(2026, 1, 31), "D1", 100, "EUR", "Paid")
DUE = ("A", date(2026, 2, 28), "D2", 250.5, "EUR", "Approved")
PENDING = ("A", date(2026, 3, 15), "D3", 40, "EUR", "Pending")
OTHER = ("B", date(2026, 3, 15), "D4", 70, "USD", None)
ROWS = (PAID, DUE, PENDING, OTHER)
PAYOUTS = ("Partner", "Payout date", "Reference", "Amount", "Currency")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with an_office(tmp_path, monkeypatch) as store:
        yield store


def take(
    store: Store, rows: Sequence[Sequence[Any]], *, sheet: str = "Commission statement", head: Sequence[str] = HEAD,
    file: str = "money.xlsx", choices: Choices | None = None,
) -> tuple[SheetReport, int | None]:  # fmt: skip
    """Import rows as the only sheet of a workbook; what became of it, and the change."""
    path = Path(store.path).parent / file
    made = openpyxl.Workbook()
    page = made.worksheets[0]
    page.title = sheet
    for row in (head, *rows):
        page.append(row)
    made.save(path)
    with exchange.read(store, [path], skip_known=True) as reading:
        found = exchange.commit(store, reading, choices, actor=None, as_of=DAY)
    return found.sheets[0], found.change


def lines(store: Store, code: str = "A") -> list[tuple[str, str, str, str]]:
    """(amount and currency, state, as what it counts, reference) of each line."""
    found = ledger.of(store, of(store, code), DAY).lines
    return [(f"{x.amount:.2f} {x.currency}", x.state, x.part, x.origin.ref or "") for x in found]


def sums(store: Store, code: str = "A") -> dict[str, tuple[str, ...]]:
    """Currency → earned, paid, clawed back, balance, pending."""
    found = ledger.of(store, of(store, code), DAY).sums
    return {x.currency: tuple(f"{n:.2f}" for n in (x.earned, x.paid, x.clawback, x.balance, x.pending)) for x in found}


def in_notice(store: Store) -> int:
    agree(store, "A", notice_days="60")
    (case,) = ask(store, "A", notice="table")
    approve(store, case)
    serve(store, case)
    return case


def test_a_sheet_of_commissions_and_one_of_payouts_become_lines_and_a_balance(office: Store) -> None:
    report, _ = take(office, ROWS)
    assert (report.plan.what, report.new) == ("activity:commission", 4)
    assert lines(office) == [
        ("100.00 EUR", "paid", "earned", "D1"),
        ("250.50 EUR", "approved", "earned", "D2"),
        ("40.00 EUR", "new", "pending", "D3"),
    ]
    assert lines(office, "B") == [("70.00 USD", "approved", "earned", "D4")], "what says nothing is approved"
    report, _ = take(office, [("A", date(2026, 2, 10), "P1", 100, "EUR")], sheet="Payouts", head=PAYOUTS)
    assert report.plan.what == "activity:payout"
    assert sums(office) == {"EUR": ("350.50", "100.00", "0.00", "250.50", "40.00")}, (
        "paid is told twice, and counts once"
    )
    take(office, [("A", date(2026, 3, 10), "P2", 200, "EUR")], sheet="Payouts", head=PAYOUTS)
    assert sums(office)["EUR"][1:4:2] == ("300.00", "50.50")
    assert "marked as paid come to 100.00 EUR, payouts to 300.00" in " ".join(
        ledger.of(office, of(office, "A"), DAY).remarks
    )
    take(office, [("A", date(2026, 3, 20), "C1", 30, "EUR", "approved")], sheet="Clawbacks",
         head=("Partner", "Date", "Reference", "Amount", "Currency", "State"))  # fmt: skip
    assert lines(office)[-1] == ("-30.00 EUR", "approved", "clawback", "C1"), "a clawback is written without a sign"
    assert sums(office)["EUR"][2:4] == ("30.00", "20.50")
    assert all(finding.well for finding in health.examine(office.conn, Path(office.path)))


def test_money_of_the_program_does_not_make_a_partner_active(office: Store) -> None:
    take(office, ROWS)
    found = partners.get(office, of(office, "A"), DAY).fields
    assert found.get("last_active_on") is None and found.get("last_order") is None


def test_the_same_sheet_again_changes_nothing_and_a_state_changes_its_line_in_place(office: Store) -> None:
    take(office, ROWS)
    before = office.conn.execute("SELECT * FROM ledger").fetchall()
    again, change = take(office, ROWS, file="again.xlsx")
    assert (again.new, again.changed, change) == (0, 0, None)
    assert office.conn.execute("SELECT * FROM ledger").fetchall() == before
    _, change = take(office, [PAID, DUE, (*PENDING[:5], "Paid"), OTHER], file="later.xlsx")
    assert lines(office)[2:] == [("40.00 EUR", "paid", "earned", "D3")], "the very line, now paid"
    origin = ledger.of(office, of(office, "A"), DAY).lines[2].origin
    assert (origin.file, origin.sheet, origin.row) == ("later.xlsx", "Commission statement", 4)
    logged = office.conn.execute(
        "SELECT col FROM change_log WHERE tbl = 'ledger' AND change_id = ? ORDER BY col", (change,)
    ).fetchall()
    assert logged == [("activity_id",), ("state",)]
    history.undo(office, change, actor=None, as_of=DAY)
    assert office.conn.execute("SELECT * FROM ledger").fetchall() == before


def test_a_correction_is_a_negation_and_a_new_line_and_a_paid_one_is_no_clawback(office: Store) -> None:
    take(office, ROWS)
    _, change = take(
        office, [(*PAID[:3], 90, *PAID[4:]), (*DUE[:3], 200, *DUE[4:]), PENDING, OTHER], file="corrected.xlsx"
    )
    assert lines(office)[:3] == [
        ("100.00 EUR", "paid", "earned", "D1"),
        ("250.50 EUR", "approved", "earned", "D2"),
        ("40.00 EUR", "new", "pending", "D3"),
    ], "what was written stays as it was"
    assert sorted(lines(office)[3:]) == [
        ("-100.00 EUR", "paid", "earned", "D1"),
        ("-250.50 EUR", "reversed", "earned", "D2"),
        ("200.00 EUR", "approved", "earned", "D2"),
        ("90.00 EUR", "paid", "earned", "D1"),
    ]
    assert sums(office) == {"EUR": ("290.00", "90.00", "0.00", "200.00", "40.00")}
    history.undo(office, change, actor=None, as_of=DAY)
    assert sums(office) == {"EUR": ("350.50", "100.00", "0.00", "250.50", "40.00")}


def test_what_was_paid_and_is_reversed_in_the_sheet_is_owed_back(office: Store) -> None:
    take(office, ROWS)
    back = [(*PAID[:5], "Charged back"), (*DUE[:5], "Cancelled"), PENDING, OTHER]
    take(office, back, file="back.xlsx")
    assert sums(office) == {"EUR": ("100.00", "100.00", "100.00", "-100.00", "40.00")}
    take(office, ROWS, file="again.xlsx", choices=Choices(prefer="theirs"))
    assert sums(office)["EUR"][3] == "150.50", "paid once more, and what was owed back stays so"


def test_withdrawn_rows_and_an_import_taken_back_leave_nothing_due(office: Store) -> None:
    _, change = take(office, ROWS)
    whole = Choices(complete_for=(date(2026, 1, 1), date(2026, 3, 31)))
    report, _ = take(office, [PAID, PENDING, OTHER], file="complete.xlsx", choices=whole)
    assert report.withdrawn == 1
    assert lines(office)[-1] == ("-250.50 EUR", "reversed", "earned", "D2")
    assert sums(office) == {"EUR": ("100.00", "100.00", "0.00", "0.00", "40.00")}
    history.undo(office, actor=None, as_of=DAY)
    history.undo(office, change, actor=None, as_of=DAY)
    assert lines(office) == lines(office, "B") == []


def test_without_a_reference_a_new_state_is_still_the_same_line(office: Store) -> None:
    head = [name for name in HEAD if name != "Deal ID"]
    plain = [[cell for n, cell in enumerate(row) if n != 2] for row in (PENDING, PENDING, DUE)]
    take(office, plain, head=head)
    paid = [[*plain[0][:4], "Paid"], plain[1], plain[2]]
    report, _ = take(office, paid, head=head, file="later.xlsx")
    assert (report.new, report.changed, report.same) == (0, 1, 2)
    assert sums(office) == {"EUR": ("290.50", "40.00", "0.00", "250.50", "40.00")}
    report, change = take(office, paid, head=head, file="again.xlsx")
    assert change is None


def test_what_is_no_line_of_a_ledger_is_refused_by_row(office: Store) -> None:
    report, _ = take(office, [
        ("A", date(2026, 1, 5), "X1", 10, "EUR", "on the moon"),
        ("A", date(2026, 1, 5), "X2", "a lot", "EUR", "paid"),
        ("A", date(2026, 1, 5), "X3", None, "EUR", "paid"),
        ("A", date(2026, 1, 6), "X4", 10, "EUR", "paid"),
        ("A", date(2026, 1, 6), "X4", 10, "USD", "paid"),
        ("A", date(2026, 1, 7), "X5", 10, "EUR", "paid"),
        ("A", date(2026, 1, 7), "X5", 10, "EUR", "new"),
        ("A", date(2026, 1, 8), "X6", 10, "EUR", "ON HOLD"),
        ("A", date(2026, 1, 8), "X6", 5, "EUR", "on  hold"),
        ("Nobody", date(2026, 1, 9), "X7", 10, "EUR", "paid"),
    ], head=("Partner Code", *HEAD[1:]))  # fmt: skip
    why = {refused.row: (refused.column, refused.reason.split(".")[0].split(":")[0]) for refused in report.refused}
    assert why[2] == ("Status", "no state of a line of the ledger")
    assert why[3] == ("Commission", "not a number")
    assert why[4] == ("Commission", "a line of the ledger needs an amount")
    one = "rows of one reference and day are one amount, and these differ here"
    assert (why[5], why[6], why[7], why[8]) == (("Currency", one), ("Currency", one), ("Status", one), ("Status", one))
    assert why[11][0] == "Partner Code", "no partner is made of money"
    assert lines(office) == [("15.00 EUR", "hold", "pending", "X6")]


def test_a_sheet_of_money_without_amounts_is_refused_whole(office: Store, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("Partner,Date,Reference\nA,2026-01-31,D1\n")
    with (
        pytest.raises(InputError, match="need an amount, and no column says one"),
        exchange.read(office, [path], forced={"empty": "activity:commission"}) as reading,
    ):
        exchange.commit(office, reading, actor=None, as_of=DAY)


def test_rows_of_one_reference_are_one_line_and_currencies_are_never_added(office: Store) -> None:
    take(office, [
        ("A", date(2026, 1, 8), "X6", 10, "EUR", "on hold"), ("A", date(2026, 1, 8), "X6", 5, "EUR", "on hold"),
        ("A", date(2026, 1, 9), "X7", 5, "USD", "approved"),
    ])  # fmt: skip
    assert lines(office) == [("15.00 EUR", "hold", "pending", "X6"), ("5.00 USD", "approved", "earned", "X7")]
    assert {currency: found[3:] for currency, found in sums(office).items()} == {
        "EUR": ("0.00", "15.00"),
        "USD": ("5.00", "0.00"),
    }


def test_from_the_workbook_to_the_settlement_and_the_pack(office: Store, tmp_path: Path) -> None:
    take(office, ROWS)
    take(office, [("A", date(2026, 2, 10), "P1", 150, "EUR")], sheet="Payouts", head=PAYOUTS, file="payouts.xlsx")
    seen = {line.key: line for line in impact.lines(office.conn, of(office, "A"), DAY)}
    assert (seen["locked"].state, seen["locked"].count, seen["locked"].amount) == ("counted", 1, Decimal("200.5"))
    assert "paid out of it, 50.00 EUR" in seen["locked"].items, "a payout is not due any more"
    assert (seen["pending"].count, seen["pending"].amount) == (1, Decimal(40))
    case = in_notice(office)
    dana, lee = who(office, "Dana"), who(office, "Max")
    found = settlement.of(office, case, DAY)
    (eur,) = found.sums
    assert (eur.earned, eur.paid, eur.balance, eur.pending) == tuple(map(Decimal, ("350.5", "150", "200.5", "40")))
    assert {(x.origin.file, x.origin.sheet, x.origin.row) for x in found.lines} == {
        ("money.xlsx", "Commission statement", 2), ("money.xlsx", "Commission statement", 3),
        ("money.xlsx", "Commission statement", 4), ("payouts.xlsx", "Payouts", 2),
    }  # fmt: skip
    settlement.approve(office, case, actor=lee, as_of=DAY)
    take(office, [PAID, (*DUE[:3], 300, *DUE[4:]), PENDING, OTHER], file="corrected.xlsx")
    later = settlement.of(office, case, DAY)
    assert [(d.item, d.before, d.now) for d in later.differences if d.item in ("earned", "balance")] == [
        ("earned", Decimal("350.5"), Decimal(400)), ("balance", Decimal("200.5"), Decimal(250)),
    ]  # fmt: skip
    done = settlement.reverse_pending(office, case, actor=dana, as_of=DAY)
    assert done.pending == () and done.sums[0].pending == 0
    take(office, [PAID, (*DUE[:3], 300, *DUE[4:]), (*PENDING[:5], "Approved"), OTHER], file="too-late.xlsx")
    assert settlement.of(office, case, DAY).sums[0].balance == 250, (
        "what was reversed stays so, whatever a sheet says later"
    )
    casepack.write(office, case, tmp_path / "pack", viewer=dana, as_of=DAY)
    page = openpyxl.load_workbook(tmp_path / "pack" / casepack.BOOK)["Ledger lines"]
    cells = [[cell.value for cell in row] for row in page.iter_rows()]
    at = {name: n for n, name in enumerate(cells[0])}
    assert {(row[at["File"]], row[at["Sheet"]], row[at["Row"]]) for row in cells[1:]} >= {
        ("payouts.xlsx", "Payouts", 2), ("corrected.xlsx", "Commission statement", 3),
    }  # fmt: skip
    assert {row[at["Counts as"]] for row in cells[1:]} == {"earned", "payout"}, "what was pending came to nothing"


def test_a_line_is_entered_corrected_and_refused_by_hand(office: Store) -> None:
    said: dict[str, Any] = {"on": DAY, "currency": "EUR", "actor": None, "as_of": DAY}
    a = of(office, "A")
    logged = timeline.log(office, a, "bonus", amount=Decimal(500), data={"status": "On hold"}, **said)
    assert lines(office) == [("500.00 EUR", "hold", "pending", "")]
    timeline.correct(office, logged, {"amount": "450"}, actor=None, as_of=DAY)
    assert sums(office)["EUR"] == ("0.00", "0.00", "0.00", "0.00", "450.00")
    for kind, amount, status, complaint in (
        ("bonus", None, "paid", "needs an amount"), ("rebate", Decimal(1), "perhaps", "no state of a line"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=complaint):
            timeline.log(office, a, kind, amount=amount, data={"status": status}, **said)
    with pytest.raises(UsageError, match="no state"):
        timeline.log(office, a, "payout", amount=Decimal(1), data={"status": "soon"}, **said)


def test_a_period_is_booked_on_its_last_day(office: Store) -> None:
    head = ("Partner", "Period", "Statement No", "Rebate", "Currency", "Payment status")
    for sheet, periods, days in (
        ("Rebates", ("2026-01", "2026-02"), ["2026-01-31", "2026-02-28"]),
        ("Rebate overview", ("Q4 2025", "2025-Q3"), ["2025-09-30", "2025-12-31"]),
    ):
        rows = [("C", said, f"{sheet} {n}", 10, "EUR", "Outstanding") for n, said in enumerate(periods)]
        report, _ = take(office, rows, sheet=sheet, head=head)
        assert (report.plan.what, report.new) == ("activity:rebate", 2)
        assert [str(x.on) for x in ledger.of(office, of(office, "C"), DAY).lines[-2:]] == days
        report, change = take(office, rows, sheet=sheet, head=head, file="again.xlsx")
        assert change is None
    assert sums(office, "C")["EUR"][0] == "40.00"
    rows = [("C", "March 2026", "S9", 10, "EUR", "paid"), ("C", "soon", "S10", 10, "EUR", "paid")]
    with pytest.raises(DecisionNeeded, match="occurred on"):
        take(office, rows, sheet="Other rebates", head=("Partner", "Month", *head[2:]))


def test_a_sheet_of_ours_that_comes_back_corrects_lines_and_is_refused_alike(office: Store, tmp_path: Path) -> None:
    take(office, ROWS)
    path = tmp_path / "sent.xlsx"
    returns.send(office, path, "activities")
    book = openpyxl.load_workbook(path)
    page = next(sheet for sheet in book.worksheets if "D2" in {cell.value for row in sheet.iter_rows() for cell in row})
    head, at = [cell.value for cell in page[1]], {}
    for n, row in enumerate(page.iter_rows(min_row=2, values_only=True), 2):
        at[row[head.index("Reference")]] = n
    page.cell(at["D2"], head.index("Amount") + 1).value = 200
    page.cell(at["D3"], head.index("Status") + 1).value = "on the moon"
    book.save(path)
    report = returns.merge(office, path)
    assert [(refused.column, refused.reason.split(".")[0]) for sheet in report.sheets for refused in sheet.refused] == [
        ("Status", "no state of a line of the ledger")
    ]
    assert sums(office)["EUR"] == ("300.00", "100.00", "0.00", "200.00", "40.00")


def test_two_partners_that_are_one_have_each_line_once(office: Store) -> None:
    take(office, [PAID, ("B", *PAID[1:]), OTHER])
    partners.join(office, of(office, "A"), of(office, "B"), actor=None, as_of=DAY)
    assert sums(office) == {
        "EUR": ("100.00", "100.00", "0.00", "0.00", "0.00"),
        "USD": ("70.00", "0.00", "0.00", "70.00", "0.00"),
    }


def test_a_pack_says_that_another_kind_is_money_and_what_was_there_is_booked(office: Store) -> None:
    before = '[activity.referral_fee]\nlabel = "Referral fee"\n'
    packs.add(office, before, "fees.toml", actor=None, as_of=DAY)
    timeline.log(
        office, of(office, "A"), "referral_fee", on=DAY, amount=Decimal(20), currency="EUR", actor=None, as_of=DAY
    )
    assert lines(office) == []
    packs.add(office, before + 'books = "earned"\n', "fees.toml", actor=None, as_of=DAY)
    assert lines(office) == [("20.00 EUR", "approved", "earned", "")]
