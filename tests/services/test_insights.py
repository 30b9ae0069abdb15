"""The numbers of Insights: on real resellers against counts of one's own, and as stories of a small program."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import mean

import pytest

from prm_tui.domain.errors import UsageError
from prm_tui.domain.inactivity import QUIET
from prm_tui.domain.insights import NONE, Behind, month_ends, trend_days
from prm_tui.services import inactivity, insights, insights_time, insights_why, partners, timeline
from storage import Store
from tests.services.rules import DAY, of

AS_OF = date(2013, 11, 29)
EXPECTED = Path(__file__).parent.parent / "data" / "adventureworks" / "expected-per-reseller.csv"


def _add(store: Store, code: str, **fields: str) -> int:
    return partners.add(store, {"code": code, "name": f"Partner {code}", **fields}, actor=None, as_of=DAY)


def _orders(store: Store, code: str, *days_ago: int, amount: str = "100", kind: str = "order") -> None:
    for n in days_ago:
        timeline.log(
            store, of(store, code), kind, on=DAY - timedelta(days=n), amount=Decimal(amount), actor=None, as_of=DAY
        )


def _why(store: Store, code: str, reason: str, by: str, days_ago: int, **more: str) -> None:
    data = {"reason": reason, "said_by": by, **more}
    timeline.log(
        store, of(store, code), "inactivity_reason", on=DAY - timedelta(days=days_ago), data=data, actor=None, as_of=DAY
    )


def _codes(store: Store, ids: Iterable[int]) -> set[str]:
    known = insights.codes(store)
    return {known[one] for one in ids}


# ---- states ----


def test_every_number_of_the_states_opens_its_list(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        found = insights.of_states(store, AS_OF)
        assert {key: number.value for key, number in found.counts.items()} == {
            "active": 466, "slowing": 0, "at_risk": 0, "inactive": 100, "dormant": 69, "never_activated": 66, "unknown": 0,
        }  # fmt: skip
        for number in found.counts.values():
            assert len(insights.behind(store, AS_OF, number.behind)) == number.value
        rows = inactivity.of_all(store, AS_OF)
        by_type = next(split for split in found.splits if split.field == "type")
        for group in by_type.groups:
            mine = [row for row in rows if row.type == group.name]
            assert (group.partners, group.inactive) == (len(mine), sum(row.key in QUIET for row in mine))
            assert group.everybody.value == group.inactive / group.partners and not group.warning
            assert len(insights.behind(store, AS_OF, group.everybody.behind)) == group.inactive
        (nobody,) = next(split for split in found.splits if split.field == "tier").groups
        assert (nobody.name, nobody.partners) == (NONE, 701)
        assert len(insights.behind(store, AS_OF, nobody.everybody.behind)) == 169


def test_the_trend_is_what_each_day_says_of_those_who_were_there(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        found = insights.of_states(store, AS_OF)
        days = [day for day, _ in found.trend]
        assert days == [*month_ends(date(2012, 11, 29), AS_OF), AS_OF] and len(days) == 13
        never = found.trend[-1][1]["never_activated"]
        for day, counts in found.trend:
            then = inactivity.of_all(store, day)
            assert counts["active"] == sum(row.key == "active" for row in then)
            assert counts["never_activated"] == never, "who ordered later was not there yet, as far as anybody knows"
    assert trend_days(date(2026, 5, 15), 100_000) == [
        date(2025, 6, 30),
        date(2025, 9, 30),
        date(2025, 12, 31),
        date(2026, 3, 31),
    ]


def test_of_a_file_whose_sales_end_in_june_the_unknown_are_apart(cut_off: Path) -> None:
    with Store.open(cut_off) as store:
        found = insights.of_states(store, AS_OF)
        assert (found.counts["active"].value, found.counts["inactive"].value, found.counts["unknown"].value) == (
            93,
            0,
            608,
        )
        assert (found.inactive.everybody.of, found.inactive.known.of) == (701, 93)
        assert found.reach.to == date(2013, 6, 30)
        expected = insights.expectation(store, AS_OF).amounts[0]
        assert expected.last.known.of == 93
        assert expected.next.everybody.value is not None and expected.next.known.value is not None
        assert expected.next.everybody.value > expected.next.known.value > 0
        survival = insights_time.survival(store, AS_OF)
        assert (survival.everybody.events, survival.known.partners) == (0, 93)
        seen = {day for day, _ in survival.everybody.leaving}
        first = min(row.first for row in inactivity.of_all(store, AS_OF) if row.key == "unknown" and row.first)
        assert (date(2013, 6, 30) - first).days in seen, "an unknown one is seen as far as the sheets reach"


def test_who_is_not_in_the_program_is_counted_apart(office: Store) -> None:
    _add(office, "P", status="Prospect")
    _add(office, "L", joined_on="2026-02-10")
    _orders(office, "L", 5)
    _orders(office, "A", 300, 10)
    _orders(office, "B", 700, 600)
    partners_before = insights.of_states(office, DAY)
    assert partners_before.left_out == {"Prospect": 1}
    with office.change("left", actor=None, as_of=date(2026, 3, 1)) as change:
        change.conn.execute("UPDATE partners SET status = 'Deactivated' WHERE code = 'B'")
    found = insights.of_states(office, DAY)
    assert found.left_out == {"Prospect": 1, "Deactivated": 1} and found.partners == partners_before.partners - 1
    trend = {day: sum(counts.values()) for day, counts in found.trend}
    assert trend[date(2026, 2, 28)] == 4, "B was in the program then"
    assert trend[date(2026, 1, 31)] == 3, "L had not joined"
    assert _codes(office, insights.behind(office, DAY, Behind())) == {"A", "C", "L"}


def test_a_group_of_few_says_so(office: Store) -> None:
    _orders(office, "A", 400)
    (group,) = next(s for s in insights.of_states(office, DAY).splits if s.field == "type").groups
    assert group.everybody.small and group.warning == "only 3 partners"
    for split in insights.of_states(office, DAY).splits:
        for one in split.groups:
            assert len(insights.behind(office, DAY, one.everybody.behind)) == one.inactive, split.field
    assert _codes(office, insights.behind(office, DAY, group.everybody.behind)) == {"A"}


# ---- survival, cohorts, ranks ----


def test_survival_is_that_of_each_reseller_counted_by_hand(demo_file: Path) -> None:
    with EXPECTED.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["last"]]
    times = []
    for row in rows:
        first, last = (date.fromisoformat(row[key]) for key in ("first", "last"))
        fell = (AS_OF - last).days > 180
        times.append((((last if fell else AS_OF) - first).days, fell))
    with Store.open(demo_file) as store:
        found = insights_time.survival(store, AS_OF)
    curve = found.everybody
    assert (curve.partners, curve.events) == (len(times), sum(fell for _, fell in times)) == (635, 169)
    survival = 1.0
    for step in curve.steps:
        risk = sum(when >= step.day for when, _ in times)
        survival *= 1 - sum(fell and when == step.day for when, fell in times) / risk
        assert step.at_risk == risk and step.survival == pytest.approx(survival)
    assert sum(group.partners for _, group in found.groups) == 635 and len(found.tests) == 3
    assert (found.first.partners, found.nobody) == (0, 701), "nobody says when they joined"


def test_the_time_to_the_first_order_counts_those_who_still_wait(office: Store) -> None:
    for n in range(24):
        _add(office, f"J{n}", joined_on=str(DAY - timedelta(days=200)), type="Dealer" if n % 2 else "Agent")
        if n < 14:
            _orders(office, f"J{n}", 200 - 10 * (n + 1))
    _add(office, "E", joined_on=str(DAY - timedelta(days=20)))
    _orders(office, "E", 50)
    found = insights_time.survival(office, DAY)
    assert (found.first.partners, found.first.events, found.before, found.nobody) == (24, 14, 1, 3)
    assert found.first.median == 120, "the twelfth of 24 ordered after 120 days; ten still waited"
    joined = insights_time.survival(office, DAY, since="joined").everybody
    assert joined.partners == 14, "E was active before it joined"
    assert joined.leaving == ((10, 1), (200, 13)), "J0 ordered after ten days, and has been silent for 190"
    with pytest.raises(UsageError, match="by: one of type, tier"):
        insights_time.survival(office, DAY, by="colour")
    with pytest.raises(UsageError, match="since"):
        insights_time.survival(office, DAY, since="birth")


def test_who_left_the_program_has_fallen(office: Store) -> None:
    _orders(office, "A", 500, 100)
    _orders(office, "B", 500, 10)
    assert insights_time.survival(office, DAY).everybody.events == 0
    with office.change("left", actor=None, as_of=DAY) as change:
        change.conn.execute("UPDATE partners SET status = 'Deactivated' WHERE code = 'A'")
    curve = insights_time.survival(office, DAY).everybody
    assert (curve.partners, [(step.day, step.events) for step in curve.steps]) == (2, [(400, 1)])


def test_cohorts_are_quarters_with_anything_in_them(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        found = insights_time.cohorts(store, AS_OF)
        days = defaultdict[int, set[int]](set)
        for partner, day in store.conn.execute("SELECT partner_id, occurred_on FROM activities"):
            when = date.fromisoformat(day)
            days[partner].add(when.year * 4 + (when.month - 1) // 3)
        quiet = {row.partner_id for row in inactivity.of_all(store, AS_OF) if row.key in QUIET}
    whole = defaultdict[int, list[int]](list)
    for partner, quarters in days.items():
        whole[min(quarters)].append(partner)
    assert [row.name for row in found.rows] == [f"{q // 4} Q{q % 4 + 1}" for q in sorted(whole)]
    for row, (start, members) in zip(found.rows, sorted(whole.items()), strict=True):
        assert row.partners == (len(members), sum(m not in quiet for m in members), len(members))
        for since, active in enumerate(row.active):
            there = [m for m in members if start + since in days[m]]
            assert active == (len(there), sum(m not in quiet for m in there), len(there))
        assert set(row.behind.ids or ()) == set(members)
    assert (found.open, found.nobody_knows) == ("2013 Q4", 66)
    assert found.rows[0].rates(0)[0] == 1


def test_ranks_share_a_place_and_few_partners_have_thirds(demo_file: Path, office: Store) -> None:
    with Store.open(demo_file) as store:
        grid = insights_time.rfm(store, AS_OF)
        rows = {row.partner_id: row for row in inactivity.of_all(store, AS_OF)}
        mine = [cell for cell in grid.cells if cell.type == "Warehouse"]
        assert (grid.partners, grid.without) == (635, 66)
        silent = [row.silent for row in rows.values() if row.type == "Warehouse" and row.silent is not None]
        for cell in mine:
            for partner in cell.behind.ids or ():
                own = rows[partner].silent
                assert own is not None
                better = sum(other < own for other in silent)
                assert cell.r == 5 - better * 5 // len(silent), "ties share the place of the first"
        amount = sum(cell.amount or 0 for cell in grid.cells)
        (whole,) = store.conn.execute(
            "SELECT sum(amount) FROM activities WHERE occurred_on > '2012-11-29' AND occurred_on <= '2013-11-29'"
        ).fetchone()
        assert amount == Decimal(whole) / 10_000
    _orders(office, "A", 400, 20)
    _orders(office, "B", 40)
    _orders(office, "C", 90, 60)
    cells = {next(iter(_codes(office, cell.behind.ids or ()))): cell for cell in insights_time.rfm(office, DAY).cells}
    assert {code: (c.parts, c.r, c.f) for code, c in cells.items()} == {"A": (3, 3, 2), "B": (3, 2, 2), "C": (3, 1, 3)}


# ---- what is to be expected ----


def test_the_expectation_is_the_amount_times_what_came_of_such_silences(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        found = insights.expectation(store, AS_OF)
        assert all(b.enough for b in found.chances) and found.how.startswith("chances of return by what came")
        (amount,) = found.amounts
        assert amount.next.everybody.value is not None and amount.last.everybody.value is not None
        chance = {row[0]: row[1] for row in store.conn.execute("SELECT id, p FROM temp.chance")}
        total = 0.0
        for partner, units in store.conn.execute(
            "SELECT partner_id, sum(amount) FROM activities WHERE occurred_on > '2012-11-29' GROUP BY 1"
        ):
            b = next(b for b in found.chances if b.low <= chance[partner] and (chance[partner] < b.high or b.high == 1))
            total += units / 10_000 * b.came / b.cases
        assert float(amount.next.everybody.value) == pytest.approx(total)
        assert len(insights.behind(store, AS_OF, amount.next.going.behind)) == 532
        assert amount.next.going.value is not None and amount.next.going.value < amount.next.everybody.value


def test_with_too_little_past_the_active_are_sure_and_currencies_stay_apart(office: Store) -> None:
    _orders(office, "A", 100, 70, 40, 10, amount="50")
    with office.change("in two currencies", actor=None) as change:
        change.conn.execute("UPDATE activities SET currency = 'EUR'")
    _orders(office, "B", 20, amount="70")
    with office.change("and another", actor=None) as change:
        change.conn.execute("UPDATE activities SET currency = 'GBP' WHERE currency IS NULL")
    found = insights.expectation(office, DAY)
    assert not any(b.enough for b in found.chances) and found.how.startswith("too little past")
    assert {a.currency: (a.last.everybody.value, a.next.everybody.value) for a in found.amounts} == {
        "EUR": (Decimal(200), Decimal(200)), "GBP": (Decimal(70), Decimal(70)),
    }  # fmt: skip
    _orders(office, "A", 5, amount="1")
    with office.change("a third", actor=None) as change:
        change.conn.execute("UPDATE activities SET currency = 'USD' WHERE currency IS NULL")
    assert insights.expectation(office, DAY).mixed == 1, "A has euros and dollars, which do not add up"


# ---- reasons ----


def test_the_partners_own_word_counts_and_each_partner_once(office: Store) -> None:
    for code in "ABC":
        _orders(office, code, 400)
    _why(office, "A", "competitor", "manager", 20, competitor="Rival")
    _why(office, "A", "product", "partner", 60)
    _why(office, "B", "resources", "manager", 50)
    _why(office, "B", "competitor", "manager", 10, competitor=" rival ")
    found = insights_why.reasons(office, DAY)
    assert {r.key: (r.label, _codes(office, r.number.behind.ids or ())) for r in found.quiet} == {
        "product": ("Product issue", {"A"}), "competitor": ("Competitor won", {"B"}),
    }  # fmt: skip
    assert [r.so_far for r in found.quiet] == [0.5, 1.0]
    assert (found.unexplained.value, found.unexplained.of, _codes(office, found.unexplained.behind.ids or ())) == (
        1,
        3,
        {"C"},
    )
    assert ("territory", "West", "Product issue", 1) in found.groups
    assert found.competitors == (("2026 Q1", "Rival", 2, 2 / 4),), (
        "one competitor however it is spelt; two of four losses"
    )
    _orders(office, "A", 1)
    assert [r.key for r in insights_why.reasons(office, DAY).quiet] == ["competitor"], (
        "who came back has no reason any more"
    )


def test_why_they_left_comes_from_cases_that_were_not_taken_back(office: Store) -> None:
    with office.change("cases", actor=None) as change:
        for code, outcome in (("A", "deactivated"), ("B", "stopped")):
            change.conn.execute(
                "INSERT INTO cases(kind, partner_id, title, state, stage, reason, opened_on, closed_on, outcome, change_id)"
                " VALUES ('deactivation', ?, 'x', 'closed', 'closed', 'non-performance', '2026-01-01', '2026-03-01', ?, ?)",
                (of(office, code), outcome, change.id),
            )
    (reason,) = insights_why.reasons(office, DAY).ended
    assert (reason.label, reason.number.value) == ("Deactivation: non performance", 1)


def test_fields_that_separate_and_prospects_by_those_like_them(office: Store) -> None:
    for n in range(30):
        _add(office, f"E{n}", territory="East", industry="Steel")
        _orders(office, f"E{n}", 600, 500 if n < 24 else 3)
        _add(office, f"W{n}", territory="West", industry="Steel")
        _orders(office, f"W{n}", 600, 3 if n < 24 else 500)
    _add(office, "PW", status="Prospect", territory="West")
    _add(office, "PE", status="Applicant", territory="East", industry="Steel")
    found = insights_why.reasons(office, DAY)
    best = found.separations[0]
    assert best.field == "territory"
    east, west = best.values
    assert (east.value, east.partners, east.inactive) == ("East", 30, 24)
    assert east.lift == pytest.approx(24 / 30 / 0.5)
    assert (west.inactive, west.warning) == (6, "")
    assert best.gain == pytest.approx(1 - 0.7219, abs=1e-4), "the entropy of one in five is 0.7219 bits"
    assert len(insights.behind(office, DAY, east.everybody.behind)) == 24
    assert found.survivors == (30, 60) and not found.warning
    first, second = found.prospects
    assert (first.code, second.code) == ("PW", "PE")
    assert first.score == pytest.approx((24 + 8 * 0.5) / 38)
    assert second.score == pytest.approx(mean([(6 + 4) / 38, (30 + 4) / 68]))
    few = insights_why.reasons(office, DAY - timedelta(days=300))
    assert few.warning.startswith("only 0 of 0 partners differ")


def test_every_value_of_every_field_opens_its_list(demo_file: Path, office: Store) -> None:
    with Store.open(demo_file) as store:
        found = insights_why.reasons(store, AS_OF).separations
        assert {"product_line", "territory", "type"} <= {one.field for one in found}
        for one in found:
            for value in one.values:
                assert len(insights.behind(store, AS_OF, value.everybody.behind)) == value.inactive, (
                    one.field,
                    value.value,
                )
    with office.change("fields of its own", actor=None) as change:
        change.conn.executemany(
            "INSERT INTO fields(tbl, key, label, type, change_id) VALUES ('partner', ?, ?, ?, ?)",
            [("exclusive", "Exclusive", "yes/no", change.id), ("segment", "Segment", "text", change.id)],
        )
        for code, custom in (
            ("A", '{"exclusive": true, "segment": "O\'K"}'),
            ("B", '{"exclusive": false, "segment": "bad"}'),
        ):
            change.conn.execute("UPDATE partners SET custom = ? WHERE code = ?", (custom, code))
    _orders(office, "A", 400)
    _orders(office, "B", 400, 3)
    _orders(office, "C", 400)
    found = insights_why.reasons(office, DAY).separations
    said = {one.field: {value.value: value for value in one.values} for one in found}
    assert set(said["exclusive"]) == {"yes", "no", NONE} and set(said["segment"]) == {"O'K", "bad", NONE}
    for values in said.values():
        for value in values.values():
            assert len(insights.behind(office, DAY, value.everybody.behind)) == value.inactive, value
