"""How the work is done, the pillars in a line each, and the workbook that computes all of it itself."""

from __future__ import annotations

import operator
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.formula import ArrayFormula

from prm_tui.domain.errors import InputError
from prm_tui.domain.insights_work import PILLARS, Operations, Pillar
from prm_tui.services import (
    automation,
    cases,
    history,
    insights,
    insights_book,
    insights_work,
    partners,
    records,
    timeline,
)
from storage import Store
from tests.services.rules import DAY, of, order, rules, tier, trigger, who

AS_OF = date(2013, 11, 29)
CALL = trigger(
    "gold", "when = \"tier = 'Gold'\"", "greet",
    'id = "mark"\ndo = "set"\nfield = "territory"\nvalue = "North"\n---\nid = "call"\ndo = "task"\ntitle = "Call"\n'
    'owner = "role:partner manager"\nwithin = "2 days"\n---\nid = "over"\ndo = "end"\noutcome = "greeted"',
)  # fmt: skip


def _pairs(found: Operations) -> dict[str, tuple[Any, Any]]:
    return {pair.label: (pair.now.value, pair.before.value) for pair in found.pairs}


def test_tasks_are_timed_and_what_the_program_did_itself_is_told(
    office: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(office, CALL)
    automation.run(office, as_of=DAY)
    for code in ("A", "B"):
        tier(office, code, "Gold")
    automation.run(office, as_of=DAY)
    early, late = cases.inbox(office)
    for task, days in ((early, 1), (late, 5)):
        monkeypatch.setenv("PRM_NOW", f"{DAY + timedelta(days=days)}T09:00:00")
        cases.done(office, task.id, actor=who(office, "Dana"), as_of=DAY + timedelta(days=days))
    after = DAY + timedelta(days=6)
    monkeypatch.setenv("PRM_NOW", f"{after}T09:00:00")
    automation.run(office, as_of=after)
    found = insights_work.operations(office, after)
    (queue,) = found.queues
    assert (queue.name, queue.kind, queue.done, queue.hours, queue.done_before) == (
        "partner manager",
        "to-do",
        2,
        72.0,
        0,
    )
    pairs = _pairs(found)
    assert pairs["tasks done by their due day"] == (0.5, None)
    assert pairs["cases closed by themselves"] == (1.0, None)
    assert 0 < pairs["steps done by themselves"][0] <= 1
    assert pairs["automatic entries changed by a person"] == (0, 0)
    partners.edit(office, of(office, "A"), {"territory": "South"}, actor=who(office, "Dana"), as_of=after)
    partners.edit(office, of(office, "C"), {"territory": "South"}, actor=who(office, "Dana"), as_of=after)
    order(office, "A", on=after, ref="1")
    history.undo(office, actor=who(office, "Dana"), as_of=after)
    order(office, "B", on=after, ref="2")
    (newest,) = office.conn.execute("SELECT max(id) FROM activities").fetchone()
    timeline.correct(office, newest, {"amount": "7"}, actor=None, as_of=after)
    pairs = _pairs(insights_work.operations(office, after))
    assert pairs["automatic entries changed by a person"] == (1, 0), "of A, whose territory the program had set"
    assert pairs["changes undone"] == (1, 0)
    assert pairs["activities superseded"] == (1, 0)
    monkeypatch.setenv("PRM_NOW", f"{after + timedelta(days=90)}T09:00:00")
    then = insights_work.operations(office, after + timedelta(days=90))
    assert (then.queues[0].done, then.queues[0].done_before, _pairs(then)["changes undone"]) == (0, 2, (0, 1))


def _lines(store: Store, as_of: date) -> dict[str, Pillar]:
    return {pillar.name: pillar for pillar in insights_work.pillars(store, as_of)}


def _values(pillar: Pillar) -> dict[str, Any]:
    return {label: number.value for label, number in pillar.numbers}


def test_each_pillar_says_what_the_file_tells_or_what_it_lacks(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        found = _lines(store, AS_OF)
    assert tuple(found) == PILLARS
    assert "product_line tells most: of Road 36% are inactive" in found["Strategize"].sentence
    assert [name for name, pillar in found.items() if pillar.missing] == [
        "Onboard",
        "Enable",
        "Market",
        "Sell",
        "Incentivize",
    ]
    back = _values(found["Accelerate"])
    assert set(back) == {
        "reactivated after 90 days",
        "new after 90 days",
        "reactivated after 180 days",
        "new after 180 days",
    }
    assert back["new after 180 days"] > back["new after 90 days"] > 0


def test_the_pillars_of_a_program_that_tells_of_everything(office: Store) -> None:
    for code, days in (("A", (700, 400)), ("B", (700, 400, 20)), ("C", (400, 100, 30))):
        for ago in days:
            order(office, code, on=DAY - timedelta(days=ago))
    for code, kind, fields in (
        ("B", "certification", {"status": "valid", "starts_on": str(DAY - timedelta(days=90))}),
        ("A", "fund", {"status": "granted", "amount": "500", "currency": "EUR"}),
        ("B", "fund", {"status": "spent", "amount": "900", "currency": "EUR"}),
    ):
        records.add(office, of(office, code), kind, fields, actor=None, as_of=DAY)
    timeline.log(office, of(office, "C"), "deal_registered", on=DAY - timedelta(days=10), actor=None, as_of=DAY)
    timeline.log(office, of(office, "B"), "visit", on=DAY - timedelta(days=100), actor=None, as_of=DAY)
    timeline.log(office, of(office, "C"), "meeting", on=DAY - timedelta(days=200), actor=None, as_of=DAY)
    with office.change("earned", actor=None) as change:
        change.conn.executemany(
            "INSERT INTO ledger(partner_id, kind, amount, currency, state, on_date, change_id) VALUES (?, 'bonus', ?, 'EUR', ?, ?, ?)",
            [(of(office, "C"), units, state, str(DAY - timedelta(days=25)), change.id)
             for units, state in ((900_000, "approved"), (-300_000, "reversed"), (50_000_000, "declined"))],
        )  # fmt: skip
    found = _lines(office, DAY)
    assert not any(pillar.missing for name, pillar in found.items() if name != "Onboard")
    assert _values(found["Enable"]) == {"gap before inactivity": 1.0, "the same of the others": 0.5}
    assert _values(found["Market"]) == {"unused funds": Decimal(500)} and found["Market"].numbers[0][1].unit == "EUR"
    sell = {label: {insights.codes(office)[one] for one in n.behind.ids or ()} for label, n in found["Sell"].numbers}
    assert sell == {"order gap": set(), "no deal registered": {"B"}, "no meeting": {"C"}}, (
        "A is quiet, and told elsewhere"
    )
    # 60.00 EUR in the two months in which C did anything
    earned = _values(found["Incentivize"])
    assert (earned["earned per active month"], earned["never earned"]) == (Decimal(30), pytest.approx(2 / 3))
    never = dict(found["Incentivize"].numbers)["never earned"].behind.ids or ()
    assert {insights.codes(office)[one] for one in never} == {"A", "B"}
    assert "likeliest" not in found["Recruit"].sentence


def test_early_inactivity_is_told_by_the_quarter_in_which_they_began(office: Store) -> None:
    for code, first, last in (("A", 700, 650), ("B", 400, 380), ("C", 390, 10)):
        for ago in (first, last):
            order(office, code, on=DAY - timedelta(days=ago))
    begun = [DAY - timedelta(days=ago) for ago in (700, 400)]
    quarters = [f"{day.year} Q{(day.month + 2) // 3}" for day in begun]
    numbers = dict(_lines(office, DAY)["Onboard"].numbers)
    whole = numbers["quiet after half a year"]
    assert whole.value == pytest.approx(2 / 3) and whole.of == 3
    told = {
        label: (n.value, {insights.codes(office)[one] for one in n.behind.ids or ()})
        for label, n in numbers.items() if label.startswith("of those begun")
    }  # fmt: skip
    assert told == {f"of those begun in {quarters[0]}": (1.0, {"A"}), f"of those begun in {quarters[1]}": (0.5, {"B"})}


def test_where_onboarding_stops_is_told_by_step(office: Store) -> None:
    rules(
        office,
        trigger(
            "begin", "when = \"tier = 'Gold'\"", "onboarding",
            'id = "sign"\ndo = "task"\ntitle = "Have it signed"\nowner = "role:partner manager"\nwithin = "5 days"\n---\n'
            'id = "bank-details"\ndo = "task"\ntitle = "Bank details"\nowner = "role:partner manager"\nwithin = "10 days"',
        ),
    )  # fmt: skip
    automation.run(office, as_of=DAY)
    for code in "ABC":
        order(office, code, on=DAY - timedelta(days=20))
        tier(office, code, "Gold")
    automation.run(office, as_of=DAY)
    first, second, _ = cases.inbox(office)
    for task in (first, second):
        cases.done(office, task.id, actor=who(office, "Dana"), as_of=DAY)
    automation.run(office, as_of=DAY)
    assert "drop off" not in _lines(office, DAY + timedelta(days=5))["Onboard"].sentence, "nothing is overdue yet"
    (third,) = [task for task in cases.inbox(office) if task.title == "Bank details" and task.code == first.code]
    cases.done(office, third.id, actor=who(office, "Dana"), as_of=DAY)
    found = _lines(office, DAY + timedelta(days=30))["Onboard"]
    numbers = dict(found.numbers)
    said = {label: (n.value, n.of) for label, n in numbers.items() if label.startswith("not done")}
    assert said == {"not done: sign": (pytest.approx(1 / 3), 3), "not done: bank details": (0.5, 2)}
    (late,) = numbers["not done: bank details"].behind.ids or ()
    assert insights.codes(office)[late] == second.code
    assert "most drop off at “sign”: 33% of 3 have not done it" in found.sentence


def test_who_comes_back_is_measured_against_who_is_new(office: Store) -> None:
    order(office, "A", on=DAY - timedelta(days=900), amount="1")
    order(office, "A", on=DAY - timedelta(days=400), amount="10")
    order(office, "A", on=DAY - timedelta(days=290), amount="30")
    order(office, "B", on=DAY - timedelta(days=500), amount="7")
    order(office, "C", on=DAY - timedelta(days=100), amount="9")
    found = _values(_lines(office, DAY)["Accelerate"])
    assert found == {
        "reactivated after 90 days": Decimal(10), "new after 90 days": Decimal(8),
        "reactivated after 180 days": Decimal(40), "new after 180 days": Decimal(7),
    }  # fmt: skip


# ---- the workbook ----


class _Sheets:
    """A small, plain spreadsheet: COUNTIFS, SUMIFS, SUMPRODUCT of EXACT, from the rows as they stand."""

    def __init__(self, path: Path) -> None:
        self.formulas, self.values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
        self.read: dict[str, list[Any]] = {}

    def column(self, said: str) -> list[Any]:
        if said not in self.read:
            name, cells = said.rsplit("!", 1)
            left, top, _, bottom = range_boundaries(cells.replace("$", ""))
            page = self.values[name.strip("'")]
            self.read[said] = [page.cell(row, left).value for row in range(top, bottom + 1)]
        return self.read[said]

    def count(self, formula: str, page: str) -> float:
        """The value of a lone COUNTIFS or SUMIFS."""
        what, inside = re.fullmatch(r"=(COUNTIFS|SUMIFS)\((.*)\)", formula, re.DOTALL).groups()  # type: ignore[union-attr]
        parts = re.findall(r"'[^']+'![$A-Z0-9:]+|\"[^\"]*\"&?[$A-Z0-9]*|[$A-Z]+\$?\d+|\d+", inside)
        summed = self.column(parts.pop(0)) if what == "SUMIFS" else None
        met: list[bool] | None = None
        for cells, criterion in zip(parts[::2], parts[1::2], strict=True):
            meets = self.test(criterion, page)
            mine = [meets(value) for value in self.column(cells)]
            met = mine if met is None else [a and b for a, b in zip(met, mine, strict=True)]
        assert met is not None
        return sum(met) if summed is None else sum(v or 0 for v, m in zip(summed, met, strict=True) if m)

    def test(self, criterion: str, page: str) -> Callable[[Any], bool]:
        comparison, wanted = "=", criterion
        if criterion.startswith('"') and "&" in criterion:
            comparison, wanted = criterion[1:].split('"&')
        asked: Any = wanted.strip('"')
        if re.fullmatch(r"\$?[A-Z]+\$?\d+", wanted):
            asked = self.values[page][wanted.replace("$", "")].value
        if comparison == "=":
            return lambda value: value is not None and str(value) == str(asked)
        compare = {">=": operator.ge, "<=": operator.le, "<": operator.lt}[comparison]
        return lambda value: isinstance(value, int | float) and compare(value, float(asked))


def test_the_workbook_computes_what_it_shows(demo_file: Path, tmp_path: Path) -> None:
    as_of = date(2012, 4, 30)
    with Store.open(demo_file) as store:
        assert insights_book.write(store, as_of, tmp_path / "book.xlsx") == []
        active = insights.of_states(store, as_of).counts["active"].value
    book = _Sheets(tmp_path / "book.xlsx")
    computed, live = defaultdict[str, int](int), 0
    for page in book.formulas:
        for row in page.iter_rows():
            for cell in row:
                if not isinstance(cell.value, str) or not cell.value.startswith("="):
                    continue
                live += 1
                if re.fullmatch(r"=(COUNTIFS|SUMIFS)\([^()]*\)", cell.value) and computed[page.title] < 15:
                    computed[page.title] += 1
                    shown = book.values[page.title][cell.coordinate].value
                    assert book.count(cell.value, page.title) == pytest.approx(shown, abs=1e-3), (
                        page.title,
                        cell.coordinate,
                    )
    assert live > 500
    assert set(computed) >= {"States", "Inactive by field", "Survival", "Cohorts", "RFM", "Rules", "Calibration"}
    assert book.values["States"]["B2"].value == active and active
    names = book.formulas.sheetnames
    assert names[0] == "States" and {"Partners", "Quarters", "Looks", "Silences", "Losses", "Tasks"} <= set(names)


def test_names_are_never_formulas_and_odd_types_are_compared_letter_by_letter(office: Store, tmp_path: Path) -> None:
    for n, type_ in enumerate(("=1+1", "<5", "De*", "Dealer", "dealer")):
        fields = {"code": f"T{n}", "name": f'=HYPERLINK("{n}")', "type": type_}
        partners.add(office, fields, actor=None, as_of=DAY)
        order(office, f"T{n}", on=DAY - timedelta(days=10))
    insights_book.write(office, DAY, tmp_path / "odd.xlsx", "states")
    book = openpyxl.load_workbook(tmp_path / "odd.xlsx")
    assert book["Partners"].max_row == 9
    for row in book["Partners"].iter_rows(min_row=2, max_col=5):
        assert all(cell.data_type != "f" for cell in row)
    odd = {
        row[1].value: row[2].value for row in book["Inactive by field"].iter_rows(min_row=2) if row[0].value == "Type"
    }
    assert all("EXACT(" in odd[type_] for type_ in ("=1+1", "<5", "De*", "Dealer", "dealer"))
    shown = openpyxl.load_workbook(tmp_path / "odd.xlsx", data_only=True)["Inactive by field"]
    assert {row[1].value: row[2].value for row in shown.iter_rows(min_row=2) if row[0].value == "Type"}["Dealer"] == 1
    with pytest.raises(InputError, match=r"Name it \.xlsx"):
        insights_book.write(office, DAY, tmp_path / "odd.csv")
    assert not list(tmp_path.glob(".*"))


def test_rows_that_no_page_holds_leave_their_figures_as_values(
    office: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in "ABC":
        order(office, code, on=DAY - timedelta(days=200))
        order(office, code, on=DAY - timedelta(days=20))
    monkeypatch.setattr(insights_book, "MOST_ROWS", 5)
    (note,) = insights_book.write(office, DAY, tmp_path / "long.xlsx", "cohorts")
    assert note == "cohorts holds values, not formulas: 6 rows are more than a page holds"
    book = openpyxl.load_workbook(tmp_path / "long.xlsx")
    assert book.sheetnames == ["Cohorts", "Partners"]
    assert [cell.value for cell in book["Cohorts"][2]][:4] == ["2025 Q3", 3, 1, 0]


def test_turnaround_is_a_median_of_the_rows(office: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules(office, CALL)
    automation.run(office, as_of=DAY)
    tier(office, "A", "Gold")
    automation.run(office, as_of=DAY)
    monkeypatch.setenv("PRM_NOW", f"{DAY + timedelta(days=2)}T09:00:00")
    cases.done(office, cases.inbox(office)[0].id, actor=who(office, "Dana"), as_of=DAY + timedelta(days=2))
    insights_book.write(office, DAY + timedelta(days=2), tmp_path / "work.xlsx", "operations")
    book = openpyxl.load_workbook(tmp_path / "work.xlsx")
    assert [cell.value for cell in book["Tasks"][2]][:3] == ["partner manager", "to-do", "Call"]
    assert book["Tasks"]["F2"].value == 48
    median = book["Queues"]["D2"].value
    assert isinstance(median, ArrayFormula) and "MEDIAN(IF(" in str(median.text)
    assert openpyxl.load_workbook(tmp_path / "work.xlsx", data_only=True)["Queues"]["D2"].value == 48
