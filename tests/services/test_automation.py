"""Rules act on what comes in: once for each thing that happens, in order, by the same code that is rehearsed before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.exchange import Choices
from prm_tui.domain.run import Run
from prm_tui.services import (
    automation,
    cases,
    contacts,
    exchange,
    files,
    history,
    packs,
    partners,
    people,
    records,
    timeline,
    triggers,
)
from storage import Store

DAY = date(2026, 3, 31)
WELCOME = """
[template.hello]
subject = "{{ partner.name }}: hello"
body = "Dear {{ contact.name }}, your territory is {{ partner.territory }}."
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A file with Dana, who writes rules, and Max, who switches them on; and three partners."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    store = files.open_file(tmp_path / "office.db", create=True)
    for name, roles in (("Dana", ["program manager", "partner manager"]), ("Max", ["manager", "finance"])):
        people.add(store, name, email=f"{name.lower()}@example.org", roles=roles, actor=None, as_of=DAY)
    for code in ("A", "B", "C"):
        fields = {"code": code, "name": f"Partner {code}", "territory": "West", "manager": "Dana"}
        partners.add(store, fields, actor=None, as_of=DAY)
        contact = {"name": f"Kim {code}", "email": f"kim@{code.lower()}.example", "main": "yes"}
        contacts.add(store, of(store, code), contact, actor=None, as_of=DAY)
    yield store
    store.close()


def of(store: Store, code: str) -> int:
    return partners.resolve(store, code)


def who(store: Store, name: str) -> int:
    return people.find(store, name).id


def rules(store: Store, text: str, *, on: bool = True, first: str | None = None) -> list[str]:
    """Rules that Dana saves and Max switches on."""
    added = packs.add(store, text, "rules.toml", actor=who(store, "Dana"), as_of=DAY)
    for name in added.pack.triggers if on else ():
        triggers.switch_on(store, name, first=first, actor=who(store, "Max"), as_of=DAY)
    return list(added.pack.triggers)


def trigger(name: str, keys: str, workflow: str, steps: str) -> str:
    """A trigger and its workflow as they are written; `steps` are tables without their first line."""
    told = "".join(f"[[workflow.{workflow}.step]]\n{step.strip()}\n" for step in steps.split("---"))
    return f'[trigger.{name}]\ntitle = "{name}"\nstart = "{workflow}"\n{keys}\n[workflow.{workflow}]\ntitle = "{workflow}"\n{told}'


def run(store: Store, days: int = 0) -> Run:
    return automation.run(store, as_of=DAY + timedelta(days=days))


def order(store: Store, code: str, *, on: date = DAY, amount: str = "100", ref: str | None = None) -> None:
    timeline.log(
        store,
        of(store, code),
        "order",
        on=on,
        amount=Decimal(amount),
        ref=ref,
        note=None,
        actor=None,
        as_of=max(on, DAY),
    )


def one(store: Store, sql: str, *params: object) -> Any:
    row = store.conn.execute(sql, params).fetchone()
    return row[0] if len(row) == 1 else row


def messages(store: Store, state: str = "draft") -> list[str]:
    return [s for (s,) in store.conn.execute("SELECT subject FROM messages WHERE state = ? ORDER BY id", (state,))]


GOLD = trigger(
    "gold", "when = \"tier = 'Gold'\"", "greet", 'id = "write"\ndo = "notify"\nto = "contact:main"\ntemplate = "hello"'
)
BIG = trigger("big", 'subject = "activity:order"\non = "activity"\nwhen = "amount >= 1000"', "thank",
              'id = "write"\ndo = "notify"\nto = "contact:main"\ntemplate = "hello"')  # fmt: skip


def tier(store: Store, code: str, said: str) -> None:
    partners.edit(store, of(store, code), {"tier": said}, actor=None, as_of=DAY)


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


def take(store: Store, path: Path) -> int:
    with exchange.read(store, [path]) as reading:
        change = exchange.commit(store, reading, Choices(), actor=None, as_of=DAY).change
    assert change is not None
    return change


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


# ---- workflows ----


def test_a_case_waits_for_answers_and_for_time(office: Store) -> None:
    steps = """id = "ask"\ndo = "approve"\ntitle = "Keep?"\nby = "role:manager"\nchoices = { keep = "call", drop = "gone" }
---id = "call"\ndo = "task"\ntitle = "Call"\nwithin = "2 business days"\nescalate = { at = 1.5, to = "role:manager" }
---id = "rest"\ndo = "wait"\nfor = "10 days"\nuntil = "count(order, 10) > 0"\nthen = "back"\ntimeout = "gone"
---id = "back"\ndo = "end"\noutcome = "came back"
---id = "gone"\ndo = "end"\noutcome = "gone"
"""
    rules(office, trigger("ask", "when = \"tier = 'Gold'\"", "ask", steps))
    run(office)
    for code in "ABC":
        tier(office, code, "Gold")
    run(office)
    asked = cases.inbox(office)
    assert [t.kind for t in asked] == ["approval"] * 3
    with pytest.raises(UsageError, match="--choice 'keep', 'drop'"):
        cases.approve(office, asked[0].id, actor=who(office, "Max"), as_of=DAY)
    for task, choice in zip(asked, ("keep", "keep", "drop"), strict=True):
        cases.approve(office, task.id, choice=choice, actor=who(office, "Max"), as_of=DAY)
    run(office)
    calls = cases.inbox(office)
    assert [(t.title, t.owner, t.due) for t in calls] == [("Call", "Dana", date(2026, 4, 2))] * 2
    cases.done(office, calls[0].id, actor=who(office, "Dana"), as_of=DAY)
    run(office)
    order(office, "A", on=date(2026, 4, 3))
    done = run(office, 7)
    assert done.timers == 3, "the call that nobody made: near, over, told to Max"
    assert "Overdue: Call" in [t.title for t in cases.inbox(office)]
    outcomes = dict(
        office.conn.execute("SELECT p.code, c.outcome FROM cases c JOIN partners p ON p.id = c.partner_id").fetchall()
    )
    assert outcomes == {"A": "came back", "B": None, "C": "gone"}
    cases.done(office, calls[1].id, actor=who(office, "Dana"), as_of=DAY)
    run(office, 8)
    assert run(office, 17).quiet
    run(office, 18)
    assert (
        one(office, "SELECT outcome FROM cases c JOIN partners p ON p.id = c.partner_id WHERE p.code = 'B'") == "gone"
    )


def test_only_who_is_asked_says_yes_or_no(office: Store) -> None:
    steps = """id = "first"\ndo = "approve"\ntitle = "Manager?"\nby = "manager"
---id = "second"\ndo = "approve"\ntitle = "Finance?"\nby = "role:finance"
"""
    people.add(office, "Ann", roles=["partner manager"], actor=None, as_of=DAY)
    rules(office, trigger("ask", "when = \"tier = 'Gold'\"", "ask", steps))
    run(office)
    tier(office, "A", "Gold")
    run(office)
    (asked,) = cases.inbox(office)
    with pytest.raises(UsageError, match="This approval is for Dana, not for Ann"):
        cases.approve(office, asked.id, actor=who(office, "Ann"), as_of=DAY)
    with pytest.raises(UsageError, match="This approval is for Dana, not for Ann"):
        cases.reject(office, asked.id, "no", actor=who(office, "Ann"), as_of=DAY)
    cases.approve(office, asked.id, actor=who(office, "Dana"), as_of=DAY)
    run(office)
    (asked,) = cases.inbox(office)
    with pytest.raises(UsageError, match="This approval is for finance; Dana is"):
        cases.reject(office, asked.id, "no", actor=who(office, "Dana"), as_of=DAY)
    cases.reject(office, asked.id, "no money", actor=who(office, "Max"), as_of=DAY)
    run(office)
    assert one(office, "SELECT state FROM cases") == "closed"


def test_parallel_ways_meet(office: Store) -> None:
    steps = """id = "both"\ndo = "parallel"\nbranches = ["kit", "course"]\njoin = "ready"
---id = "kit"\ndo = "task"\ntitle = "Send the kit"\nthen = "ready"
---id = "course"\ndo = "task"\ntitle = "Book the course"\nthen = "ready"
---id = "ready"\ndo = "set"\nfield = "territory"\nvalue = "Ready"
"""
    rules(office, trigger("on", "when = \"tier = 'Gold'\"", "on", steps))
    run(office)
    tier(office, "A", "Gold")
    run(office)
    kit, course = cases.inbox(office)
    cases.done(office, kit.id, actor=who(office, "Dana"), as_of=DAY)
    run(office)
    assert partners.get(office, of(office, "A"), DAY).fields["territory"] == "West"
    cases.done(office, course.id, actor=who(office, "Dana"), as_of=DAY)
    run(office)
    assert partners.get(office, of(office, "A"), DAY).fields["territory"] == "Ready"
    assert one(office, "SELECT state FROM cases") == "closed"


def test_a_running_case_finishes_on_its_version(office: Store) -> None:
    old = trigger(
        "go",
        "when = \"tier = 'Gold'\"",
        "go",
        'id = "a"\ndo = "task"\ntitle = "First"\n---id = "b"\ndo = "task"\ntitle = "Old second"',
    )
    rules(office, old)
    run(office)
    tier(office, "A", "Gold")
    run(office)
    rules(office, old.replace("Old second", "New second"))
    tier(office, "B", "Gold")
    run(office)
    for task in cases.inbox(office):
        cases.done(office, task.id, actor=who(office, "Dana"), as_of=DAY)
    run(office)
    assert sorted((t.code, t.title) for t in cases.inbox(office)) == [("A", "Old second"), ("B", "New second")]


STEPS: dict[str, tuple[str, Callable[[Store], Any], Any]] = {
    "tag": ('do = "tag"\nadd = ["vip"]', lambda s: one(s, "SELECT tag FROM tags"), "vip"),
    "record": (
        'do = "record"\nkind = "deal"\nfields = { name = "Grow {{ partner.name }}" }\ncomputed = { amount = "2 * 50" }',
        lambda s: one(s, "SELECT name, amount FROM records"), ("Grow Partner A", 1_000_000),
    ),
    "offer": ('do = "offer"\nrecord = "lead"\ntitle = "A lead"\nwithin = "7 days"',
              lambda s: one(s, "SELECT name, status, ends_on FROM records"), ("A lead", "Offered", "2026-04-07")),
    "accrue": ('do = "accrue"\nkind = "bonus"\nrate = 0.05\nbasis = "sum(order.amount, 30)"\ncurrency = "EUR"\nperiod = "month"',
               lambda s: one(s, "SELECT amount, basis, period, state FROM ledger"), (50_000, 1_000_000, "2026-03", "new")),
    "document": ('do = "document"\ntitle = "Letter"\ntemplate = "hello"',
                 lambda s: one(s, "SELECT body FROM evidence").decode().splitlines()[0], "Partner A: hello"),
}  # fmt: skip


@pytest.mark.parametrize("kind", STEPS)
def test_what_a_step_makes_is_there_and_taken_back(office: Store, kind: str) -> None:
    keys, look, wanted = STEPS[kind]
    rules(office, WELCOME + trigger("go", "when = \"tier = 'Gold'\"", "go", f'id = "it"\n{keys}'))
    order(office, "A")
    run(office)
    tier(office, "A", "Gold")
    done = run(office)
    assert look(office) == wanted
    history.undo(office, done.changes[0], actor=None, as_of=DAY)
    assert one(office, "SELECT (SELECT count(*) FROM tags) + (SELECT count(*) FROM records) + (SELECT count(*) FROM ledger)"
                       " + (SELECT count(*) FROM evidence) + (SELECT count(*) FROM cases)") == 0  # fmt: skip


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


def test_a_deadline_stands_still_while_the_partner_is_waited_for(office: Store) -> None:
    steps = 'id = "do"\ndo = "task"\ntitle = "Check"\nwithin = "10 days"\npause = "has(tag where name = \'waiting\')"'
    rules(office, trigger("go", "when = \"tier = 'Gold'\"", "go", steps))
    run(office)
    tier(office, "A", "Gold")
    run(office)
    (task,) = cases.inbox(office)
    assert task.due == DAY + timedelta(days=10)
    with office.change("tag", actor=None, as_of=DAY) as change:
        change.conn.execute(
            "INSERT INTO tags(partner_id, tag, change_id) VALUES (?, 'waiting', ?)", (of(office, "A"), change.id)
        )
    run(office, 2)
    assert not run(office, 30).timers, "nothing grows overdue meanwhile"
    with office.change("untag", actor=None, as_of=DAY) as change:
        change.conn.execute("DELETE FROM tags")
    run(office, 32)
    (task,) = cases.inbox(office)
    assert task.due == DAY + timedelta(days=40), "the thirty days it stood still come on top"
    assert run(office, 41).timers == 2


def test_a_workbook_is_a_document_too(office: Store, tmp_path: Path) -> None:
    lines = ["What | Value", "Territory | =1+1", "Orders | {{ count(order, 30) }}"]
    table = '[template.table]\nsubject = "{{ partner.name }}"\nbody = """\n' + "\n".join(lines) + '\n"""\n'
    step = 'id = "a"\ndo = "document"\ntitle = "Report"\ntemplate = "table"\nformat = "workbook"'
    text = table + trigger("go", "when = \"tier = 'Gold'\"", "go", step)
    rules(office, text)
    run(office)
    tier(office, "A", "Gold")
    run(office)
    case = one(office, "SELECT id FROM cases")
    (path,) = cases.write_evidence(office, case, tmp_path / "out")
    page = openpyxl.load_workbook(path)["Report"]
    assert [[cell.value for cell in row] for row in page.iter_rows()] == [
        ["What", "Value"],
        ["Territory", "=1+1"],
        ["Orders", "0"],
    ]
    assert page["B2"].data_type == "s", "never a formula"
    with pytest.raises(InputError, match="is there already"):
        cases.write_evidence(office, case, tmp_path / "out")
