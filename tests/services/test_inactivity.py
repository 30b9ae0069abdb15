"""Who went quiet: judged by a policy, by its own rhythm, and not at all where nobody has imported the sheet."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from prm_tui.domain.inactivity import STATES, Policy, counts
from prm_tui.domain.pack import PackError
from prm_tui.domain.rhythm import Prior, alive, limit, surprise
from prm_tui.services import conditions, inactivity, packs, partners, records, timeline
from storage import Store
from tests.services.rules import DAY, of, who

AS_OF = date(2013, 11, 29)
EXPECTED = Path(__file__).parent.parent / "data" / "adventureworks" / "expected-per-reseller.csv"


def _policy(when: str, **more: object) -> Policy:
    return Policy(name="own", title="Own", when=when, signal="order", **more)  # type: ignore[arg-type]


def _order(store: Store, code: str, *days_ago: int, kind: str = "order") -> None:
    for n in days_ago:
        timeline.log(
            store, of(store, code), kind, on=DAY - timedelta(days=n), amount=Decimal(100), actor=None, as_of=DAY
        )


def _keys(store: Store, as_of: date = DAY) -> dict[str, str]:
    return {row.code: row.key for row in inactivity.of_all(store, as_of)}


@pytest.mark.parametrize(("days", "inactive"), [(90, 187), (180, 169), (365, 142)])
def test_resellers_by_a_fixed_policy_as_counted_elsewhere(demo_file: Path, days: int, inactive: int) -> None:
    with Store.open(demo_file) as store:
        rows = inactivity.of_all(store, AS_OF, only=_policy(f"days_since(order) > {days}"))
    found = counts(rows)
    assert found["inactive"] + found["dormant"] == inactive
    assert found["never_activated"] == 66
    with EXPECTED.open(encoding="utf-8") as file:
        last = {row["partner_id"]: row["last"] for row in csv.DictReader(file)}
    for row in rows:
        assert (row.last.isoformat() if row.last else "") == last[row.code]
        if row.key in ("inactive", "dormant"):
            assert row.last is not None and row.since == row.last + timedelta(days=days + 1)
            assert (row.key == "dormant") == ((AS_OF - row.since).days >= 365)


def test_sales_until_june_judged_in_november_make_nobody_inactive(cut_off: Path) -> None:
    with Store.open(cut_off) as store:
        rows = inactivity.of_all(store, AS_OF, only=_policy("silent(order, 180)"))
        found = counts(rows)
        assert found["active"] == 93 and found["unknown"] + found["never_activated"] == 608
        assert {key for key, n in found.items() if n} <= {"active", "unknown", "never_activated"}
        unknown = next(row for row in rows if row.key == "unknown" and row.last)
        assert "Sales covered to 2013-06-30" in unknown.why
        assert counts(inactivity.of_all(store, AS_OF))["inactive"] == 0, (
            "by the policies that come with every file, too"
        )


def test_since_is_the_first_day_on_which_the_condition_held(demo_file: Path) -> None:
    texts = (
        "silent(commercial, 180) and count(enablement, 90) = 0",
        "days_since(order) >= 100 or count(order, 200) = 0",
        "count(order, 150) < 1 and territory != 'Northwest'",
        "silent(order, 90) and not (tier = 'Gold')",
    )
    with Store.open(demo_file) as store:
        for text in texts:
            rows = [r for r in inactivity.of_all(store, AS_OF, only=_policy(text)) if r.since is not None]
            assert len(rows) > 100 and not any(row.about for row in rows)
            for since in {row.since for row in rows}:
                for day, held in ((since, 1), (since - timedelta(days=1), 0)):  # type: ignore[operator]
                    where = conditions.compiled(store, text, day)  # type: ignore[arg-type]
                    met = dict(store.conn.execute(f"SELECT p.code, {where.sql} FROM partners p", where.params))
                    assert {met[row.code] or 0 for row in rows if row.since == since} == {held}, (text, day)


def test_since_of_a_condition_that_does_not_say_so_is_known_to_a_month(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        rows = inactivity.of_all(store, AS_OF, only=_policy("sum(order.amount, 180) < 1"))
        quiet = [row for row in rows if row.key in ("inactive", "dormant")]
        assert len(quiet) == 169, "those without an order in 180 days; the 66 that never ordered are apart"
        for row in quiet:
            assert row.last is not None and row.since is not None and row.about
            begun = row.last + timedelta(days=181)
            assert begun <= row.since <= begun + timedelta(days=30) or row.since <= AS_OF - timedelta(days=1000)


def test_the_rhythm_says_what_its_formula_says() -> None:
    known = Prior(2.0, 60.0)
    assert surprise(10, 300, 90, known) == pytest.approx((360 / 450) ** 12)
    for chance in (0.2, 0.05):
        assert surprise(10, 300, 1, known) > chance
        assert surprise(10, 300, round(limit(10, 300, chance, known)), known) == pytest.approx(chance, rel=0.02)
    assert alive(10, 300, 0, known) > 0.95 > alive(10, 300, 120, known) > alive(10, 300, 400, known)
    assert alive(0, 0, 30, known) < 1, "one that never came again is not as good as alive"


def test_a_partner_is_measured_by_its_own_rhythm(office: Store) -> None:
    _order(office, "A", *range(70, 400, 10))
    _order(office, "B", *range(70, 1000, 90))
    _order(office, "C", 5)
    assert _keys(office) == {"A": "at_risk", "B": "active", "C": "active"}
    row = inactivity.of(office, of(office, "A"), DAY)
    assert (
        row.why
        == "silent for 70 days; active on 33 days, one every 10 days: by its own rhythm and that of its type no more"
        " than one silence in 20 is longer than 39 days"
    )
    assert row.risk == pytest.approx((90 + 320) * (0.05 ** (-1 / 33) - 1)), (
        "32 times more in 320 days, and a weak prior"
    )
    listed = conditions.compiled(office, "surprise(order) < 5%", DAY)
    found = office.conn.execute(f"SELECT p.code FROM partners p WHERE {listed.sql}", listed.params).fetchall()
    assert found == [("A",)], "a list, and with it a trigger, finds the same by the same rhythm"


def test_never_activated_counts_from_joining_and_new_ones_have_time(office: Store) -> None:
    _order(office, "A", 3)
    for code, days in (("B", 91), ("C", 30)):
        joined = {"joined_on": (DAY - timedelta(days=days)).isoformat()}
        partners.edit(office, of(office, code), joined, actor=None, as_of=DAY)
    assert _keys(office) == {"A": "active", "B": "never_activated", "C": "active"}
    assert "joined on 2026-03-01, 30 days ago" in inactivity.of(office, of(office, "C"), DAY).why


def test_nothing_is_said_where_no_sheet_tells_of_it(office: Store) -> None:
    assert set(_keys(office).values()) == {"unknown"}
    assert "no sheet tells of anything commercial" in inactivity.of(office, of(office, "A"), DAY).why


def test_leave_and_an_override_are_seen(office: Store) -> None:
    for code in "ABC":
        _order(office, code, 300, 330, 360)
    leave = {"name": "Parental leave", "starts_on": "2026-01-01", "ends_on": "2026-06-30"}
    records.add(office, of(office, "B"), "leave", leave, actor=None, as_of=DAY)
    kept = {"name": "Big project in May", "ends_on": "2026-06-30", "owner": "Dana"}
    records.add(office, of(office, "C"), "override", kept, actor=None, as_of=DAY)
    rows = {row.code: row for row in inactivity.of_all(office, DAY)}
    assert {code: row.key for code, row in rows.items()} == {"A": "inactive", "B": "active", "C": "inactive"}
    assert rows["B"].exempt == "leave" and "silence is no matter here: leave" in rows["B"].why
    assert rows["C"].kept is not None and "kept until 2026-06-30: Big project in May (Dana)" in rows["C"].why
    assert "not tracked, left out: login, training, certified" in rows["A"].why


OWN = """
[policy.retail]
title = "Retail"
types = ["Retailer"]
when = "silent(order, 30)"
signal = "order"
[policy.retail.exempt]
season = "this_month in (1, 2)"
[policy.gold]
title = "Gold"
tiers = ["Gold"]
when = "silent(order, 400)"
"""


def test_policies_are_for_types_and_tiers_and_have_a_first_day(office: Store) -> None:
    for code, fields in (("A", {"type": "retailer"}), ("B", {"type": "Retailer", "tier": "Gold"}), ("C", {})):
        partners.edit(office, of(office, code), fields, actor=None, as_of=DAY)
        _order(office, code, 100, 130)
    packs.add(office, OWN, "own.toml", actor=who(office, "Dana"), as_of=DAY)
    rows = {row.code: row for row in inactivity.of_all(office, DAY)}
    assert {code: (row.policy.name, row.key) for code, row in rows.items()} == {
        "A": ("retail", "inactive"), "B": ("gold", "active"), "C": ("standard", "active")
    }  # fmt: skip
    assert inactivity.of(office, of(office, "A"), date(2026, 2, 20)).exempt == "season"
    assert packs.add(office, OWN, "own.toml", actor=who(office, "Dana"), as_of=DAY).change is None
    later = OWN.replace("silent(order, 30)", "silent(order, 120)").replace(
        'signal = "order"', 'effective = 2026-03-15\nsignal = "order"'
    )
    packs.add(office, later, "own.toml", actor=who(office, "Dana"), as_of=DAY)
    assert [n for policy, n in inactivity.versions(office) if policy.name == "retail"] == [1, 2]
    assert inactivity.of(office, of(office, "A"), DAY).key != "inactive"
    assert inactivity.of(office, of(office, "A"), date(2026, 3, 14)).key == "inactive", "the version of that day"
    where = conditions.compiled(office, "inactive", DAY)
    (met,) = office.conn.execute(f"SELECT {where.sql} FROM partners p WHERE p.code = 'A'", where.params).fetchone()
    assert met == 0, "the condition “inactive” follows the version of the day, too"


def test_a_policy_with_a_fault_is_refused_with_its_line(office: Store) -> None:
    text = '[policy.x]\ntitle = "X"\nwhen = "silent(ordr, 30)"\nat_risk = 7\nsignal = "ordr"\n'
    with pytest.raises(PackError) as refused:
        packs.add(office, text, "x.toml", actor=None, as_of=DAY)
    said = str(refused.value)
    assert "x.toml, line 4" in said and "between 0 and 1" in said
    with pytest.raises(PackError, match=r"line 3.*order"):
        packs.add(office, text.replace("at_risk = 7\n", ""), "x.toml", actor=None, as_of=DAY)


def test_one_that_buys_through_its_parent_is_shown_with_that_path(office: Store) -> None:
    _order(office, "A", 400, 430)
    _order(office, "B", 3, 40)
    partners.edit(office, of(office, "A"), {"parent": "Partner B"}, actor=None, as_of=DAY)
    (quiet,) = inactivity.quiet(office, DAY, among=("inactive", "dormant"))
    assert quiet.through == "may buy through its parent Partner B (B), active 2026-03-28"


def test_what_is_said_of_the_reason_wins_over_what_the_data_suggest(office: Store) -> None:
    _order(office, "A", 400, 430)
    _order(office, "B", 400, 430)
    _order(office, "C", 3)
    timeline.log(office, of(office, "C"), "training", on=DAY, actor=None, as_of=DAY)
    timeline.log(office, of(office, "B"), "training", on=DAY - timedelta(days=500), actor=None, as_of=DAY)
    found = {q.row.code: q.likely for q in inactivity.quiet(office, DAY, among=("inactive", "dormant"))}
    assert found["A"] is not None and (found["A"].key, found["A"].said_by) == ("enablement", "inferred")
    assert found["B"] is None
    said = {"reason": "competitor", "said_by": "partner", "competitor": "Rival"}
    timeline.log(office, of(office, "A"), "inactivity_reason", on=DAY, data=said, actor=None, as_of=DAY)
    found = {q.row.code: q.likely for q in inactivity.quiet(office, DAY, among=("inactive", "dormant"))}
    assert found["A"] is not None and (found["A"].key, found["A"].said_by) == ("competitor", "partner")


def test_the_grid_puts_every_quiet_reseller_into_one_cell(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        quiet = inactivity.quiet(store, AS_OF, among=("inactive", "dormant"))
        assert len(quiet) == 169
        cells = Counter(one.segment.key for one in quiet)
        assert sum(cells.values()) == 169 and set(cells) <= {"rescue", "nurture", "retier", "offboard"}
        for one in quiet:
            assert one.worth.year is not None and one.worth.best is not None and one.worth.year <= one.worth.best * 2
            assert one.segment.potential == ("high" if one.potential else "low")
            assert (one.segment.chance == "high") == (one.chance >= one.usual)
        assert max(q.worth.best or 0 for q in quiet) == quiet[0].worth.best


def test_what_would_have_been_said_then(demo_file: Path) -> None:
    with Store.open(demo_file) as store:
        partner = partners.resolve(store, "1")
        said = inactivity.history(store, partner, AS_OF, months=24)
        assert [row.key for _, row in said][:1] == ["dormant"]
        assert {row.key for _, row in said} >= {"active", "inactive", "dormant"}
        for day, row in said:
            assert row.as_of == day and (row.last is None or row.last <= day)
        unknown = inactivity.history(store, partner, AS_OF, months=2, known=True)
        assert {row.key for _, row in unknown} == {"unknown"}, "on those days no sheet had been read yet"


def test_first_seen_is_the_day_a_sheet_reached_far_enough(demo_file: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(demo_file, tmp_path / "seen.db"))
    with Store.open(path) as store:
        (read_on,) = store.conn.execute(
            "SELECT date(min(read_at), 'unixepoch') FROM sources WHERE what = 'activity:order'"
        ).fetchone()
        quiet = inactivity.quiet(store, AS_OF, among=("inactive",))
        assert {str(one.first_seen) for one in quiet} == {read_on}


def test_every_state_has_its_word_and_sign() -> None:
    assert [f"{state.sign} {state.label}" for state in STATES.values()] == [
        "● Active", "◕ Slowing", "◐ At risk", "◔ Inactive", "○ Dormant", "◌ Never activated", "? Unknown"
    ]  # fmt: skip
