"""Workflows: what waits for people and for time, how many must agree, what each step makes, what is started by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from importers import docx
from prm_tui.domain.calendar import CalendarError
from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.step import GROUNDS
from prm_tui.services import (
    automation,
    cases,
    deadlines,
    documents,
    history,
    outbox,
    packs,
    partners,
    people,
    records,
    suspension,
    triggers,
)
from storage import Store
from tests.services.rules import DAY, GOLD, WELCOME, of, one, order, rules, run, tier, trigger, who

# ---- workflows ----


def test_a_message_to_a_role_goes_to_everybody_who_has_it(office: Store) -> None:
    people.add(office, "Zoe", email="zoe@example.org", roles=["finance"], actor=None, as_of=DAY)
    people.add(office, "Ned", email=None, roles=["finance"], actor=None, as_of=DAY)
    steps = 'id = "tell"\ndo = "notify"\nto = "role:finance"\ntemplate = "hello"\n'
    rules(office, trigger("tell", "when = \"tier = 'Gold'\"", "tell", steps) + WELCOME)
    run(office)
    tier(office, "A", "Gold")
    run(office)
    told = office.conn.execute(
        "SELECT recipient, state, substr(body, 1, 8) FROM messages ORDER BY state, recipient"
    ).fetchall()
    assert told == [
        ("max@example.org", "draft", "Dear Max"), ("zoe@example.org", "draft", "Dear Zoe"), (None, "returned", "Dear Ned")
    ]  # fmt: skip
    assert [t.title for t in cases.inbox(office)] == ["Message “hello”: Ned has no e-mail address"]

    left = outbox.refill(office, None, actor=None, as_of=DAY)
    assert not left.done and "Ned has no e-mail address" in left.refused[0].why and left.change is None
    people.edit(office, "Ned", email="ned@example.org", actor=None, as_of=DAY)
    partners.edit(office, of(office, "A"), {"territory": "East"}, actor=None, as_of=DAY)
    done = outbox.refill(office, None, actor=None, as_of=DAY)
    (message,) = [outbox.get(office, n) for n in done.done]
    assert (message.row.recipient, message.row.state) == ("ned@example.org", "draft")
    assert message.body == "Dear Ned, your territory is East."
    assert cases.inbox(office) == [], "the to-do that asked to complete it is done"
    assert outbox.refill(office, [message.row.id], actor=None, as_of=DAY).refused, "it did not come back"
    assert done.change is not None
    history.undo(office, done.change, actor=None, as_of=DAY)
    assert outbox.get(office, message.row.id).row.state == "returned" and len(cases.inbox(office)) == 1


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
                 lambda s: docx.read(one(s, "SELECT body FROM evidence")).splitlines()[0], "Partner A: hello"),
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


def test_a_step_suspends_at_once_with_a_case_of_its_own_and_only_who_is_not_out_already(office: Store) -> None:
    go = trigger("stop", "when = \"tier = 'Gold'\"", "stop", 'id = "it"\ndo = "suspend"\nreason = "{{ partner.name }}: unsafe"'
                 '\n---id = "tell"\ndo = "task"\ntitle = "Stop new orders"')  # fmt: skip
    rules(office, go, on=False)
    with pytest.raises(UsageError, match="sets a status"):
        triggers.switch_on(office, "stop", actor=who(office, "Dana"), as_of=DAY)
    triggers.switch_on(office, "stop", actor=who(office, "Max"), as_of=DAY)
    suspension.suspend(office, of(office, "B"), "by hand", actor=who(office, "Dana"), as_of=DAY)
    run(office)
    tier(office, "A", "Gold")
    tier(office, "B", "Gold")
    before = automation.rehearse(office, as_of=DAY)
    assert one(office, "SELECT count(*) FROM partners WHERE status = 'Suspended'") == 1, "a rehearsal suspends nobody"
    done = run(office)
    assert before.counts == done.counts and done.counts["task"] == 2
    kept = "SELECT reason, stage, json_extract(data, '$.status_before') FROM cases WHERE kind = 'suspension' AND partner_id = ?"
    assert one(office, kept, of(office, "A")) == ("Partner A: unsafe", "suspended", "Active")
    assert one(office, kept, of(office, "B"))[0] == "by hand", "one suspension is enough"
    assert one(office, "SELECT count(*) FROM partners WHERE status = 'Suspended'") == 2
    suspension.resume(office, of(office, "A"), "made safe", actor=who(office, "Dana"), as_of=DAY)
    assert one(office, "SELECT status FROM partners WHERE code = 'A'") == "Active"
    assert run(office, 1).quiet


def test_a_step_suspends_on_the_grounds_a_person_may_name() -> None:
    assert set(GROUNDS) == set(packs.deactivation().grounds)


def test_what_a_step_suspended_is_taken_back_with_its_run(office: Store) -> None:
    rules(office, trigger("stop", "when = \"tier = 'Gold'\"", "stop", 'id = "it"\ndo = "suspend"\nreason = "unsafe"'))
    run(office)
    tier(office, "A", "Gold")
    history.undo(office, run(office).changes[0], actor=None, as_of=DAY)
    assert one(office, "SELECT status FROM partners WHERE code = 'A'") == "Active"
    assert one(office, "SELECT count(*) FROM cases") == 0


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


@pytest.mark.parametrize("form", ["letter", "report"])
def test_letters_and_reports_are_kept_as_documents_for_a_word_processor(
    office: Store, tmp_path: Path, form: str
) -> None:
    body = "Dear {{ contact.name }},\\n\\n- {{ partner.territory }} & more\\n- <b>"
    table = f'[template.note]\nsubject = "To {{{{ partner.name }}}}"\nbody = "{body}"\n'
    step = f'id = "a"\ndo = "document"\ntitle = "Note"\ntemplate = "note"\nformat = "{form}"'
    rules(office, table + trigger("go", "when = \"tier = 'Gold'\"", "go", step))
    run(office)
    tier(office, "A", "Gold")
    run(office)
    case = cases.get(office, one(office, "SELECT id FROM cases"))
    (path,) = cases.write_evidence(office, case.row.id, tmp_path / "out")
    (kept,) = case.evidence
    text = ("Note\n\n" if form == "report" else "") + "To Partner A\n\nDear [contact.name],\n\n- West & more\n- <b>"
    assert docx.read(path.read_bytes()) == text and path.name.endswith("note.docx")
    assert kept.hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert documents.readable(cases.evidence(office, kept.id), kept.file or "") == text, (
        "it is read in the interface, too"
    )


def test_proof_that_is_no_text_is_named() -> None:
    assert documents.readable("Größe".encode(), "a.txt") == "Größe"
    assert "scan.pdf: 9 bytes, no text" in documents.readable(b"%PDF-1.7\n", "scan.pdf")


# ---- by hand, by the dates of records, by a calendar ----


def test_a_person_starts_a_workflow_and_does_not_approve_it(office: Store) -> None:
    keys = "on = 'manual'\nsubject = 'record:deal'\nwhen = \"status = 'Open'\""
    rules(
        office,
        trigger(
            "discount",
            keys,
            "discount",
            'id = "a"\ndo = "approve"\ntitle = "Discount for {{ name }}?"\nby = "role:manager"',
        ),
    )
    deal = {"name": "Mill", "status": "Open"}
    records.add(office, of(office, "A"), "deal", deal, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="Say who"):
        automation.begin(office, "discount", "A", actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="Say which deal is meant: the partner has none"):
        automation.begin(office, "discount", "B", actor=who(office, "Max"), as_of=DAY)
    done = automation.begin(office, "discount", "A", actor=who(office, "Max"), as_of=DAY)
    assert [f.acted for f in done.fired] == [1] and done.counts["approval"] == 1
    (task,) = cases.inbox(office)
    assert task.title == "Discount for Mill?"
    with pytest.raises(UsageError, match="Max asked for this"):
        cases.approve(office, task.id, actor=who(office, "Max"), as_of=DAY)
    automation.begin(office, "discount", "A", "mill", actor=who(office, "Dana"), as_of=DAY)
    assert len(cases.inbox(office)) == 2, "as often as somebody starts it"
    records.add(office, of(office, "A"), "deal", {**deal, "name": "Dam"}, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="“Mill”, “Dam”"):
        automation.begin(office, "discount", "A", actor=who(office, "Dana"), as_of=DAY)
    triggers.switch_off(office, "discount", actor=who(office, "Max"), as_of=DAY)
    with pytest.raises(UsageError, match="switched off"):
        automation.begin(office, "discount", "A", "Dam", actor=who(office, "Dana"), as_of=DAY)
    rules(office, WELCOME + GOLD)
    with pytest.raises(UsageError, match="starts by itself"):
        automation.begin(office, "gold", "A", actor=who(office, "Dana"), as_of=DAY)


def test_a_condition_holds_for_what_is_started_by_hand(office: Store) -> None:
    rules(
        office,
        trigger("only-gold", "on = 'manual'\nwhen = \"tier = 'Gold'\"", "w", 'id = "a"\ndo = "task"\ntitle = "Do"'),
    )
    before = list(office.conn.iterdump())
    with pytest.raises(UsageError, match="does not apply"):
        automation.begin(office, "only-gold", "A", actor=who(office, "Max"), as_of=DAY)
    assert list(office.conn.iterdump()) == before
    tier(office, "A", "Gold")
    automation.begin(office, "only-gold", "A", actor=who(office, "Max"), as_of=DAY)
    assert [task.title for task in cases.inbox(office)] == ["Do"]


@pytest.mark.parametrize(("rule", "asked", "needed"), [
    ('by = "role:manager"\nrule = "two"', 2, 2),
    ('rule = "first of"\nof = ["role:manager", "role:finance", "role:legal"]', 3, 1),
    ('rule = "all of"\nof = ["role:finance", "role:legal"]', 2, 2),
])  # fmt: skip
def test_how_many_must_say_yes(office: Store, rule: str, asked: int, needed: int) -> None:
    people.add(office, "Lee", roles=["legal", "manager"], actor=None, as_of=DAY)
    rules(
        office,
        trigger(
            "go",
            "when = \"tier = 'Gold'\"",
            "go",
            f'id = "a"\ndo = "approve"\ntitle = "Sure?"\n{rule}\n---id = "b"\ndo = "task"\ntitle = "Go on"',
        ),
    )
    run(office)
    tier(office, "A", "Gold")
    run(office)
    tasks = cases.inbox(office)
    assert len(tasks) == asked
    for n, task in enumerate(tasks[:needed]):
        assert not any(t.title == "Go on" for t in cases.inbox(office))
        able = [p for p in ("Max", "Lee") if task.role in people.find(office, p).roles]
        cases.approve(office, task.id, actor=who(office, able[n % len(able)]), as_of=DAY)
        run(office)
    assert [t.title for t in cases.inbox(office)] == ["Go on"]


def test_deadlines_follow_the_calendar_of_the_file(office: Store) -> None:
    said = 'timezone = "Europe/Berlin"\nholidays = ["2026-04-01"]\n[hours]\n'
    said += "".join(f'{day} = ["09:00-17:00"]\n' for day in ("mon", "tue", "wed"))
    assert deadlines.set_calendar(office, said, actor=None, as_of=DAY)
    assert deadlines.set_calendar(office, said, actor=None, as_of=DAY) is None and office.zone == "Europe/Berlin"
    rules(
        office,
        trigger(
            "go", "when = \"tier = 'Gold'\"", "go", 'id = "a"\ndo = "task"\ntitle = "Do"\nwithin = "1 business day"'
        ),
    )
    run(office)
    tier(office, "A", "Gold")
    run(office)
    (task,) = cases.inbox(office)
    assert task.due == date(2026, 4, 6), "the first of April is a holiday, and nobody works from Thursday to Sunday"
    with pytest.raises(CalendarError, match="hours"):
        deadlines.set_calendar(office, 'timezone = "UTC"', actor=None, as_of=DAY)
