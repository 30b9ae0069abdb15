"""Rules act on what comes in: once for each thing that happens, in order, by the same code that is rehearsed before."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from prm_tui.domain.errors import UsageError
from prm_tui.domain.exchange import Choices
from prm_tui.domain.pack import PackError, read
from prm_tui.services import (
    automation,
    cases,
    contacts,
    exchange,
    history,
    partners,
    records,
    timeline,
    triggers,
)
from storage import Store
from storage import packs as stored_packs
from tests.services.rules import BIG, DAY, GOLD, WELCOME, messages, of, one, order, rules, run, take, tier, trigger, who

# ---- once for each thing that happens ----


def test_a_condition_that_becomes_true_acts_once(office: Store) -> None:
    rules(office, WELCOME + GOLD)
    assert run(office).quiet
    tier(office, "A", "Gold")
    done = run(office)
    assert [(f.name, f.acted) for f in done.fired] == [("gold", 1)]
    assert messages(office) == ["Partner A: hello"]
    assert run(office).quiet and run(office, 1).quiet
    tier(office, "A", "Silver")
    run(office, 2)
    tier(office, "A", "Gold")
    assert [f.acted for f in run(office, 3).fired] == [1]
    assert messages(office) == ["Partner A: hello"] * 2


def test_it_may_not_match_again_before_it_was_false_long_enough(office: Store) -> None:
    rules(office, WELCOME + GOLD.replace("when =", "again_after = 30\nwhen ="))
    run(office)
    tier(office, "A", "Gold")
    run(office)
    tier(office, "A", "Silver")
    run(office, 5)
    tier(office, "A", "Gold")
    assert not run(office, 10).fired, "false for five days only: the same stretch goes on"
    tier(office, "A", "Silver")
    run(office, 20)
    tier(office, "A", "Gold")
    assert [f.acted for f in run(office, 50).fired] == [1]
    assert len(messages(office)) == 2


@pytest.mark.parametrize(("first", "acted", "noted"), [("from-now", 0, 1), ("note", 0, 1), ("act", 1, 0)])
def test_the_choice_about_those_that_match_already(office: Store, first: str, acted: int, noted: int) -> None:
    tier(office, "A", "Gold")
    rules(office, WELCOME + GOLD, first=first)
    (fired,) = run(office).fired
    assert (fired.acted, fired.noted) == (acted, noted)
    assert one(office, "SELECT count(*) FROM hits") == (first != "from-now"), "noted matches stand in the run log"
    assert run(office, 1).quiet


def test_an_activity_acts_once_whatever_is_imported_again(office: Store, tmp_path: Path) -> None:
    rules(office, WELCOME + BIG)
    run(office)
    sheet = tmp_path / "orders.csv"
    sheet.write_text(
        "Order No,Order Date,Partner Code,Amount\nA1,2026-03-20,A,5000\nA2,2026-03-21,B,50\n", encoding="utf-8"
    )
    first = take(office, sheet)
    automation.run(office, as_of=DAY, caused_by=first)
    assert messages(office) == ["Partner A: hello"]
    history.undo(office, first, actor=None, as_of=DAY)
    assert messages(office) == [], "the import is taken back with all it caused"
    take(office, sheet)
    assert run(office).quiet, "the same order again is the same event"
    assert messages(office) == []


def test_rows_that_nothing_tells_apart_are_one_event_in_one_run_as_in_two(office: Store) -> None:
    steps = 'id = "t"\ndo = "task"\ntitle = "Look"\n'
    rules(office, trigger("a", 'on = "activity"\nsubject = "activity:order"', "a", steps))
    run(office)
    for code in ("A", "A", "B"):
        order(office, code)
    run(office)
    order(office, "B")
    run(office)
    assert [t.code for t in cases.inbox(office)] == ["A", "B"]


def test_a_correction_is_the_same_event(office: Store) -> None:
    rules(office, WELCOME + BIG)
    run(office)
    order(office, "A", amount="5000", ref="A1")
    run(office)
    (activity,) = timeline.entries(office, of(office, "A"), as_of=DAY)
    timeline.correct(office, activity, {"amount": "6000"}, actor=None, as_of=DAY)
    assert not run(office).fired
    (activity,) = timeline.entries(office, of(office, "A"), as_of=DAY)
    timeline.correct(office, activity, {"amount": "7000"}, actor=None, as_of=DAY)
    assert not run(office).fired
    assert messages(office) == ["Partner A: hello"]


def test_a_match_that_was_taken_back_does_not_fire_by_itself(office: Store) -> None:
    rules(office, WELCOME + GOLD)
    run(office)
    tier(office, "A", "Gold")
    done = run(office)
    history.undo(office, done.changes[0], actor=None, as_of=DAY)
    assert messages(office) == [] and one(office, "SELECT state FROM episodes") == "undone"
    assert not run(office, 1).fired and messages(office) == []
    tier(office, "A", "Silver")
    run(office, 2)
    tier(office, "A", "Gold")
    assert [f.acted for f in run(office, 3).fired] == [1], "a new stretch is a new match"


def test_only_one_partner_of_a_run_is_taken_back(office: Store) -> None:
    rules(office, WELCOME + GOLD)
    run(office)
    tier(office, "A", "Gold")
    tier(office, "B", "Gold")
    done = run(office)
    history.undo(office, done.changes[0], only=of(office, "A"), actor=None, as_of=DAY)
    assert messages(office) == ["Partner B: hello"]


LADDER = trigger(
    "expiry",
    'subject = "record:certification"\non = "date"\ndate = "ends_on"\ndays_before = [90, 60, 30, 14, 7, 0, -7]',
    "renew", 'id = "ask"\ndo = "task"\ntitle = "Renew"',
)  # fmt: skip


def test_each_step_of_a_ladder_comes_once_and_missed_ones_as_one(office: Store) -> None:
    fields = {"name": "Safety", "ends_on": (DAY + timedelta(days=100)).isoformat()}
    record = records.add(office, of(office, "A"), "certification", fields, actor=None, as_of=DAY)
    rules(office, LADDER)
    assert run(office).quiet
    assert [f.acted for f in run(office, 10).fired] == [1], "90 days before"
    assert run(office, 11).quiet
    assert [f.acted for f in run(office, 87).fired] == [1], "60, 30 and 14 were missed: one task"
    states = office.conn.execute("SELECT substr(key, -3), state FROM episodes ORDER BY id").fetchall()
    assert [(key.rpartition("|")[2], state) for key, state in states] == [
        ("90", "event"), ("60", "passed"), ("30", "passed"), ("14", "event"),
    ]  # fmt: skip
    later = {"ends_on": (DAY + timedelta(days=500)).isoformat()}
    records.edit(office, record, later, actor=None, as_of=DAY + timedelta(days=88))
    assert not run(office, 100).fired, "renewed early: the rest of the ladder is void"
    assert [f.acted for f in run(office, 410).fired] == [1]


def test_two_milestones_in_one_import_come_in_order(office: Store) -> None:
    rules(office, trigger("milestone", 'on = "crosses"\ntotal = "sum(order.amount, year)"\nsteps = [1000, 5000, 20000]\neach = "year"',
                          "reward", 'id = "pay"\ndo = "accrue"\nkind = "bonus"\namount = "10"\ncurrency = "EUR"'))  # fmt: skip
    run(office)
    order(office, "A", amount="800")
    assert run(office).quiet
    order(office, "A", amount="7000", ref="big")
    done = run(office)
    assert [f.acted for f in done.fired] == [2] and done.counts["ledger line"] == 2
    keys = [key for (key,) in office.conn.execute("SELECT key FROM episodes ORDER BY id")]
    assert keys == ["2026|1000", "2026|5000"]
    assert run(office, 1).quiet
    order(office, "A", on=date(2027, 1, 5), amount="1500")
    assert [f.acted for f in automation.run(office, as_of=date(2027, 1, 6)).fired] == [1], "a new year, a new milestone"


def test_records_added_and_changed(office: Store) -> None:
    changed = "subject = 'record:deal'\non = 'record'\nevent = 'changed'\nchanged = 'status'\nwhen = \"status = 'Won'\""
    praise = 'id = "do"\ndo = "task"\ntitle = "Well done: {{ name }}"'
    added = "subject = 'record:deal'\non = 'record'"
    look = 'id = "do"\ndo = "task"\ntitle = "Look at it"'
    rules(office, trigger("won", changed, "praise", praise) + trigger("new-deal", added, "look", look))
    run(office)
    deal = records.add(office, of(office, "A"), "deal", {"name": "Mill", "status": "Open"}, actor=None, as_of=DAY)
    assert [f.name for f in run(office).fired] == ["new-deal"]
    records.edit(office, deal, {"amount": "500"}, actor=None, as_of=DAY)
    assert not run(office).fired
    records.edit(office, deal, {"status": "Won"}, actor=None, as_of=DAY)
    assert [f.name for f in run(office).fired] == ["won"]
    assert one(office, "SELECT title FROM tasks ORDER BY id DESC LIMIT 1") == "Well done: Mill"


def test_every_month_once(office: Store) -> None:
    rules(office, trigger("review", 'on = "every"\nperiod = "month"\nwhen = "territory = \'West\'"', "review",
                          'id = "do"\ndo = "task"\ntitle = "Review"'), first="act")  # fmt: skip
    assert [f.acted for f in run(office).fired] == [3]
    assert [f.acted for f in run(office, 1).fired] == [3], "April"
    assert run(office, 2).quiet


# ---- safety ----


def test_more_than_the_cap_is_held_and_let_go_by_a_person(office: Store) -> None:
    rules(office, WELCOME + GOLD.replace("when =", "cap = 2\nwhen ="))
    run(office)
    for code in "ABC":
        tier(office, code, "Gold")
    done = run(office)
    assert done.held == 3 and messages(office) == []
    with pytest.raises(UsageError, match="Say who"):
        automation.release(office, "gold", actor=None, as_of=DAY)
    automation.release(office, "gold", actor=who(office, "Max"), as_of=DAY)
    assert len(messages(office)) == 3
    with pytest.raises(UsageError, match="No match"):
        automation.release(office, "gold", actor=who(office, "Max"), as_of=DAY)


def test_a_rehearsal_does_the_same_and_leaves_nothing(office: Store) -> None:
    rules(office, WELCOME + GOLD + BIG)
    run(office)
    tier(office, "A", "Gold")
    order(office, "B", amount="9000")
    before = list(office.conn.iterdump())
    told = automation.rehearse(office, as_of=DAY)
    assert list(office.conn.iterdump()) == before
    done = run(office)
    assert (told.fired, told.counts, told.effects) == (done.fired, done.counts, done.effects)
    assert done.counts["message"] == 2


def test_a_trigger_that_is_off_can_be_rehearsed(office: Store) -> None:
    tier(office, "A", "Gold")
    rules(office, WELCOME + GOLD, on=False)
    assert run(office).quiet
    told = automation.rehearse(office, "gold", as_of=DAY)
    assert told.counts["message"] == 1 and messages(office) == []


def test_an_empty_field_returns_the_message_to_its_owner(office: Store) -> None:
    rules(office, WELCOME + GOLD)
    run(office)
    partners.edit(office, of(office, "A"), {"territory": ""}, actor=None, as_of=DAY)
    tier(office, "A", "Gold")
    run(office)
    assert messages(office) == [] and messages(office, "returned") == ["Partner A: hello"]
    (task,) = cases.inbox(office)
    assert "partner.territory is empty" in task.title and task.owner == "Dana"


def test_nobody_to_write_to_is_said(office: Store) -> None:
    rules(office, WELCOME + GOLD)
    run(office)
    (contact,) = contacts.list_of(office, of(office, "A"))
    contacts.edit(office, contact.id, {"opt_out": "yes"}, actor=None, as_of=DAY)
    tier(office, "A", "Gold")
    run(office)
    assert "contact" in cases.inbox(office)[0].title and messages(office, "returned")


def test_two_rules_that_want_a_field_otherwise_are_held_for_a_person(office: Store) -> None:
    def sets(name: str, value: str) -> str:
        return trigger(
            name,
            "when = \"tier = 'Gold'\"",
            f"w-{name}",
            f'id = "set"\ndo = "set"\nfield = "territory"\nvalue = "{value}"',
        )

    rules(office, sets("north", "North") + sets("south", "South"))
    run(office)
    tier(office, "A", "Gold")
    run(office)
    assert partners.get(office, of(office, "A"), DAY).fields["territory"] == "West"
    titles = [task.title for task in cases.inbox(office)]
    assert len(titles) == 2 and all("North" in t and "South" in t for t in titles)


def test_what_a_rule_sets_can_start_another_in_the_same_run(office: Store) -> None:
    rules(office, WELCOME + GOLD + trigger("promote", 'on = "activity"\nsubject = "activity:order"\nwhen = "amount > 50000"', "up",
                                           'id = "set"\ndo = "set"\nfield = "partner.tier"\nvalue = "Gold"'))  # fmt: skip
    run(office)
    order(office, "A", amount="90000")
    done = run(office)
    assert [f.name for f in done.fired] == ["promote", "gold"] and done.rounds == 2
    assert messages(office) == ["Partner A: hello"]
    history.undo(office, done.changes[0], actor=None, as_of=DAY)
    assert messages(office) == [] and partners.get(office, of(office, "A"), DAY).fields["tier"] is None


def test_automation_does_not_run_backwards(office: Store) -> None:
    rules(office, WELCOME + GOLD)
    run(office, 5)
    with pytest.raises(UsageError, match="does not run backwards"):
        run(office, 2)


# ---- with an import ----


def test_the_preview_of_an_import_says_what_follows(office: Store, tmp_path: Path) -> None:
    rules(office, WELCOME + BIG)
    run(office)
    sheet = tmp_path / "orders.csv"
    sheet.write_text("Order No,Order Date,Partner Code,Amount\nA1,2026-03-20,A,5000\n", encoding="utf-8")
    before = list(office.conn.iterdump())
    with exchange.read(office, [sheet]) as reading:
        told = exchange.preview(office, reading)
        assert told.effects is not None and told.effects.counts["message"] == 1 and told.effects.rehearsed
        assert list(office.conn.iterdump()) == before, "nothing of it remains"
        done = exchange.commit(office, reading, Choices(), actor=None, as_of=DAY)
    assert done.change is not None
    follows = automation.after(office, done.change, as_of=DAY)
    assert follows is not None and follows.counts == told.effects.counts
    history.undo(office, done.change, actor=None, as_of=DAY)
    assert messages(office) == [] and one(office, "SELECT count(*) FROM cases") == 0


def test_what_is_learned_late_is_not_sent_without_a_look(office: Store) -> None:
    rules(office, WELCOME + BIG)
    run(office)
    order(office, "A", amount="5000", on=DAY - timedelta(days=200))
    order(office, "B", amount="5000", on=DAY - timedelta(days=2))
    run(office)
    assert messages(office) == ["Partner B: hello"] and messages(office, "returned") == ["Partner A: hello"]
    assert "learned late" in cases.inbox(office)[0].title
    rules(office, WELCOME + BIG.replace("when =", "late = 'record'\nwhen ="))
    triggers.switch_on(office, "big", actor=who(office, "Max"), as_of=DAY)
    run(office)
    order(office, "C", amount="5000", on=DAY - timedelta(days=200))
    (fired,) = run(office).fired
    assert (fired.acted, fired.late) == (0, 1)


def test_an_activity_that_was_dated_ahead_counts_on_its_day(office: Store) -> None:
    rules(office, WELCOME + BIG)
    run(office)
    ahead = DAY + timedelta(days=9)
    timeline.log(office, of(office, "A"), "order", on=ahead, amount=Decimal(5000), actor=None, as_of=ahead)
    assert not run(office).fired and not run(office, 8).fired
    assert [f.acted for f in run(office, 9).fired] == [1]
    assert not run(office, 10).fired


def test_what_a_rule_brought_about_does_not_set_it_off_again(office: Store) -> None:
    """Rings are refused when they are saved; should one come into the file all the same, it stops by itself."""
    back = 'id = "a"\ndo = "record"\nkind = "{}"\nfields = {{ name = "next" }}'
    deal = trigger("deal", "subject = 'record:deal'\non = 'record'", "to-lead", back.format("lead"))
    lead = trigger("lead", "subject = 'record:lead'\non = 'record'", "to-deal", back.format("deal"))
    pack = read(deal + lead, "ring.toml")
    with pytest.raises(PackError, match="set itself off: deal → lead → deal"):
        rules(office, deal + lead)
    with office.change("a ring", actor=None, as_of=DAY) as change:
        stored_packs.save(change, pack, deal + lead)
    for name in ("deal", "lead"):
        triggers.switch_on(office, name, actor=who(office, "Max"), as_of=DAY)
    run(office)
    records.add(office, of(office, "A"), "deal", {"name": "first"}, actor=None, as_of=DAY)
    done = run(office)
    assert [(f.name, f.acted) for f in done.fired] == [("deal", 1), ("lead", 1)]
    assert [r for (r,) in office.conn.execute("SELECT kind FROM records ORDER BY id")] == ["deal", "lead", "deal"]
    assert run(office).quiet
