"""A backtest finds what runs on each day would have found: the engine is run day by day beside it."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from prm_tui.domain.backtest import STEPS
from prm_tui.domain.errors import UsageError
from prm_tui.domain.trigger import Trigger
from prm_tui.services import backtest, triggers
from storage import Store
from storage.store import Change
from tests.services.rules import DAY, one, rules, run, trigger

LONG = 77
LAST = DAY + timedelta(days=LONG)
CERTIFICATE = 'subject = "record:certification"\n'
DEAL = 'subject = "record:deal"\n'
LADDER = 'on = "date"\ndate = "ends_on"\ndays_before = [20, 10, 5, 0, -5]\n'
KINDS = {
    "quiet": 'when = "days_since(order) > 6"',
    "quiet-again": 'when = "count(order, 4) = 0"\nagain_after = 3',
    "won": DEAL + "when = \"status = 'Won' and count(order, 10) >= 1\"\nagain_after = 4",
    "ending": CERTIFICATE + 'when = "ends_on < today + 20 and days_since(order) > 3"',
    "aged": DEAL + 'when = "days_since(starts_on) > 8 and count(order, 6) = 0"',
    "tier": "when = \"tier = 'Gold'\"",
    "order": 'subject = "activity:order"\non = "activity"',
    "big": 'subject = "activity:order"\non = "activity"\nwhen = "amount >= 500 and count(order, 10) >= 3"\nlate = "record"\nstale_days = 3',
    "ladder": CERTIFICATE + LADDER,
    "ladder-if": CERTIFICATE + LADDER + "when = \"count(order, 5) = 0 and status = 'Valid'\"",
    "joined": 'on = "date"\ndate = "joined_on"\ndays_before = [10, 0, -30, -60]\nwhen = "days_since(order) <= 4"',
    "review": 'on = "date"\ndate = "review"\ndays_before = [7, 0]',
    "daily": 'on = "every"\nperiod = "day"\nwhen = "count(order, 2) >= 2"',
    "weekly": 'on = "every"\nperiod = "week"\nwhen = "count(order, 3) = 0"',
    "monthly": 'on = "every"\nperiod = "month"\nwhen = "sum(order.amount, 30) > 1500"',
    "quarterly": 'on = "every"\nperiod = "quarter"\nwhen = "tier = \'Gold\' and days_since(order) > 2"',
    "monthly-deal": DEAL + "on = \"every\"\nperiod = \"month\"\nwhen = \"status = 'Open'\"",
    "month-total": 'on = "crosses"\ntotal = "sum(order.amount, month)"\nsteps = [500, 1000, 2000]\neach = "month"',
    "ever": 'on = "crosses"\ntotal = "count(order, 14)"\nsteps = [3, 5]\nwhen = "tier = \'Gold\'"',
    "new-deal": DEAL + 'on = "record"\nwhen = "amount >= 300 and count(order, 20) >= 1"',
}  # fmt: skip


def _noon(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("UTC")).timestamp())


def _partners(store: Store, chance: random.Random) -> list[int]:
    with store.change("partners", actor=None, as_of=DAY) as change:
        change.conn.execute(
            "INSERT INTO fields(tbl, key, label, type, change_id) VALUES ('partner', 'review', 'Review', 'date', ?)",
            (change.id,),
        )
        for n in range(5):
            review = json.dumps({"review": (DAY + timedelta(days=chance.randrange(5, 60))).isoformat()})
            joined = (DAY + timedelta(days=chance.randrange(-70, 60))).isoformat()
            change.conn.execute(
                "INSERT INTO partners(code, name, name_key, search, joined_on, custom, change_id) VALUES (?,?,?,'',?,?,?)",
                (f"P{n}", f"P{n}", f"p{n}", joined, review, change.id),
            )
        ids = [i for (i,) in change.conn.execute("SELECT id FROM partners ORDER BY id").fetchall()]
        for partner in ids:  # each has done something before the span, so that its kind is tracked
            _order(change, chance, partner, DAY - timedelta(days=20), DAY - timedelta(days=20))
    return ids


def _order(change: Change, chance: random.Random, partner: int, on: date, learned: date, ref: str | None = None) -> int:
    added = change.conn.execute(
        "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, amount, ref, change_id) VALUES (?,'order',?,?,?,?,?)",
        (partner, on.isoformat(), _noon(learned), chance.randrange(1, 9) * 1_000_000, ref or f"o{chance.random()}", change.id),
    )  # fmt: skip
    assert added.lastrowid is not None
    return added.lastrowid


def _record(change: Change, chance: random.Random, partner: int, kind: str, learned: date, starts: date | None) -> None:
    change.conn.execute(
        "INSERT INTO records(partner_id, kind, name, ref, status, starts_on, ends_on, amount, learned_at, change_id)"
        " VALUES (?,?,'x',?,?,?,?,?,?,?)",
        (partner, kind, f"r{chance.random()}", chance.choice(["Open", "Won"] if kind == "deal" else ["Valid", "Expired"]),
         starts and starts.isoformat(), (learned + timedelta(days=chance.randrange(-9, 80))).isoformat(),
         chance.randrange(1, 9) * 1_000_000, _noon(learned), change.id),
    )  # fmt: skip


def _edits(change: Change, chance: random.Random, day: date) -> None:
    """What people change of partners and records on a day."""
    for (partner,) in change.conn.execute("SELECT id FROM partners").fetchall():
        if chance.random() < 0.04:
            tier = chance.choice(["Gold", "Silver", None])
            change.conn.execute("UPDATE partners SET tier = ? WHERE id = ?", (tier, partner))
    for record, kind in change.conn.execute("SELECT id, kind FROM records").fetchall():
        if chance.random() < 0.03:
            status = chance.choice(["Open", "Won"] if kind == "deal" else ["Valid", "Expired"])
            change.conn.execute("UPDATE records SET status = ? WHERE id = ?", (status, record))
        if kind == "certification" and chance.random() < 0.02:
            ends = (day + timedelta(days=chance.randrange(-3, 40))).isoformat()
            change.conn.execute("UPDATE records SET ends_on = ? WHERE id = ?", (ends, record))


def _ran(store: Store) -> dict[str, Counter[tuple[str, str]]]:
    """What the runs found: trigger → (partner, day of the run) → how often."""
    found: dict[str, Counter[tuple[str, str]]] = {name: Counter() for name in KINDS}
    for name, code, day in store.conn.execute(
        "SELECT t.name, p.code, json_extract(h.evidence, '$.as_of') FROM hits h JOIN episodes e ON e.id = h.episode_id"
        " JOIN triggers t ON t.id = e.trigger_id JOIN partners p ON p.id = e.row_id"
    ):
        found[name][code, day] += 1
    return found


def _switched_on(store: Store) -> None:
    written = [
        trigger(name, keys, f"w-{name}", 'id = "a"\ndo = "task"\ntitle = "Look"') for name, keys in KINDS.items()
    ]
    rules(store, "".join(written), first="from-now")


def _compare(store: Store, mode: str, step: str) -> None:
    ran, wrong = _ran(store), []
    for name in KINDS:
        _, told = triggers.find(store, name, LAST)
        found = backtest.of_trigger(
            store, told, DAY + timedelta(days=STEPS[step]), LAST, mode=mode, step=step, as_of=LAST
        )
        matched = Counter((m.code, m.on.isoformat()) for m in found.matches)
        assert found.hits == matched.total() and (ran[name] or step == "week"), (
            f"{name}: {found.hits} matches, {ran[name].total()} by runs"
        )
        late = "SELECT count(*) FROM hits h JOIN trigger_versions v ON v.id = h.version_id JOIN triggers t ON t.id = v.trigger_id"
        assert found.late == one(store, f"{late} WHERE t.name = ? AND h.state = 'late'", name)
        if matched != ran[name]:
            wrong.append((name, "not by runs", dict(matched - ran[name]), "by runs alone", dict(ran[name] - matched)))
    assert wrong == []


@pytest.mark.parametrize(("seed", "step"), [(1, "day"), (2, "day"), (3, "week")])
def test_it_finds_what_runs_on_each_day_found(
    office: Store, monkeypatch: pytest.MonkeyPatch, seed: int, step: str
) -> None:
    """All facts are known from the start; partners and records are edited, and deals added, as the days go by."""
    chance = random.Random(seed)
    ids = _partners(office, chance)
    early = DAY - timedelta(days=30)
    with office.change("facts", actor=None, as_of=DAY) as change:
        for partner in ids:
            for n in range(-25, LONG):
                if chance.random() < 0.16:
                    _order(change, chance, partner, DAY + timedelta(days=n), early)
            for kind in ("certification", "deal", "certification"):
                _record(change, chance, partner, kind, early, chance.choice([None, DAY + timedelta(days=20)]))
    _switched_on(office)
    for n in range(0, LONG + 1, STEPS[step]):
        day = DAY + timedelta(days=n)
        monkeypatch.setenv("PRM_NOW", f"{day}T09:00:00")
        with office.change("a day's work", actor=None, as_of=day) as change:
            _edits(change, chance, day)
            if chance.random() < 0.3:
                _record(change, chance, chance.choice(ids), "deal", day, day + timedelta(days=chance.randrange(9)))
        run(office, n)
    _compare(office, "true", step)


@pytest.mark.parametrize(("seed", "step"), [(4, "day"), (5, "day"), (6, "week")])
def test_by_what_was_known_it_finds_what_runs_found_as_facts_came_in(
    office: Store, monkeypatch: pytest.MonkeyPatch, seed: int, step: str
) -> None:
    """Sheets come late, speak of days ahead, and are corrected."""
    chance = random.Random(seed)
    ids = _partners(office, chance)
    with office.change("the first sheet", actor=None, as_of=DAY) as change:
        change.conn.execute(
            "INSERT INTO sources(file, hash, sheet, what, header_row, rows, read_at, change_id)"
            " VALUES ('a.xlsx', '', 'a', 'activity:order', 1, 1, ?, ?)",
            (_noon(DAY - timedelta(days=40)), change.id),
        )
    _switched_on(office)
    for n in range(0, LONG + 1, STEPS[step]):
        day = DAY + timedelta(days=n)
        monkeypatch.setenv("PRM_NOW", f"{day}T09:00:00")
        with office.change("a day's work", actor=None, as_of=day) as change:
            _edits(change, chance, day)
            for partner in ids:
                if chance.random() < 0.16:
                    _order(change, chance, partner, day - timedelta(days=chance.choice([-4, 0, 0, 1, 2, 9])), day)
                if n % 14 == 0:
                    _record(change, chance, partner, chance.choice(["certification", "deal"]), day, day)
            _corrections(change, chance, day)
        run(office, n)
    _compare(office, "known", step)


def _corrections(change: Change, chance: random.Random, day: date) -> None:
    live = "SELECT id, partner_id, occurred_on, ref FROM activities WHERE kind = 'order' AND superseded_at IS NULL"
    for old, partner, on, ref in change.conn.execute(live).fetchall():
        if chance.random() < 0.02:
            change.conn.execute("UPDATE activities SET superseded_at = ? WHERE id = ?", (_noon(day), old))
            moved = date.fromisoformat(on) + timedelta(days=chance.choice([0, 0, 1]))
            new = _order(change, chance, partner, moved, day, ref)
            if chance.random() < 0.7:  # else it was withdrawn, and sent again
                change.conn.execute("UPDATE activities SET superseded_by = ? WHERE id = ?", (new, old))


def _told(**keys: Any) -> Trigger:
    return Trigger(name="told", title="Told", start="w", **keys)


def _deal(store: Store, starts: date | None, learned: date) -> None:
    with store.change("a deal", actor=None, as_of=learned) as change:
        change.conn.execute(
            "INSERT INTO records(partner_id, kind, name, starts_on, amount, learned_at, change_id)"
            " SELECT id, 'deal', 'Mill', ?, 5000000, ?, ? FROM partners WHERE code = 'A'",
            (starts and starts.isoformat(), _noon(learned), change.id),
        )


@pytest.mark.parametrize(
    ("starts", "learned", "true"),
    [(9, 30, [9]), (30, 9, [9]), (-9, 30, []), (None, 30, [])],
    ids=["from its beginning", "known before it began", "there before the span", "no beginning is known"],
)
def test_a_record_is_there_from_its_beginning_or_since_it_was_learned(
    office: Store, starts: int | None, learned: int, true: list[int]
) -> None:
    _deal(office, None if starts is None else DAY + timedelta(days=starts), DAY + timedelta(days=learned))
    big = _told(subject="record:deal", when="amount > 100")
    found = backtest.of_trigger(office, big, DAY, LAST, as_of=LAST)
    assert [(m.on - DAY).days for m in found.matches] == true
    assert found.todays == ("deal.amount",) and found.text == "deal: amount > 100"
    added = backtest.of_trigger(office, _told(subject="record:deal", on="record"), DAY, LAST, as_of=LAST)
    assert [(m.on - DAY).days for m in added.matches] == [learned], "it was added when the file learned of it"


def test_a_match_is_judged_for_its_partner_and_only_what_foretells_has_recall(office: Store) -> None:
    with office.change("orders", actor=None, as_of=DAY) as change:
        (partner,) = change.conn.execute("SELECT id FROM partners WHERE code = 'B'").fetchone()
        _order(change, random.Random(5), partner, DAY + timedelta(days=3), DAY)
    asked = {"outcome": "count(order, 30) = 0", "window": 31, "as_of": LAST + timedelta(days=40)}
    order = _told(subject="activity:order", on="activity")
    found = backtest.of_trigger(office, order, DAY, LAST, **asked).outcome  # type: ignore[arg-type]
    assert found is not None and (found.right, found.wrong, found.not_yet_known) == (1, 0, 0)
    assert (found.recall, found.lead) == (1, 31), "nothing followed the order"
    weekly = _told(on="every", period="week", when="code = 'B'")
    judged = backtest.of_trigger(office, weekly, DAY, LAST, **asked).outcome  # type: ignore[arg-type]
    assert judged is not None and (judged.right, judged.wrong) == (11, 0)
    assert (judged.stretches, judged.recall, judged.lead) == (None, None, None)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"on": "manual"}, "begins when a person starts it"),
        ({"subject": "record:deal", "on": "record", "event": "changed"}, "does not keep what stood in a record"),
    ],
)
def test_what_has_no_past_is_refused_with_the_reason(office: Store, keys: dict[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=f"{why}.*prm triggers rehearse told"):
        backtest.of_trigger(office, _told(**keys), DAY, LAST, as_of=LAST)


def test_other_limits_stand_beside_a_condition_about_partners_alone(office: Store) -> None:
    asked = {"as_of": LAST}
    every = backtest.beside(office, _told(on="every", period="month", when="count(order, 90) = 0"), DAY, LAST, **asked)  # type: ignore[arg-type]
    assert "90" in [n.limit for n in every if n.own] and len(every) > 3
    order = _told(subject="activity:order", on="activity", when="amount > 100")
    assert backtest.beside(office, order, DAY, LAST, **asked) == []  # type: ignore[arg-type]
    assert backtest.rhythm_of(office, order, LAST) is None
