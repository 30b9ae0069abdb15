"""The texts of steps: who would get one and how it reads, what is wrong with it, saved with all that follows, taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prm_tui.domain.errors import UsageError
from prm_tui.domain.pack import MessageTemplate, PackError
from prm_tui.domain.preview import Preview, preview
from prm_tui.domain.rule import Rule
from prm_tui.domain.template import parse
from prm_tui.services import contacts, history, packs, records, texts, triggers
from prm_tui.services import rules as editing
from storage import Store
from tests.services.rules import (
    BIG,
    DAY,
    GOLD,
    WELCOME,
    messages,
    of,
    one,
    order,
    rules,
    run,
    tier,
    trigger,
    who,
)

LETTER = """
[template.note]
subject = "A note"
body = "BODY"
""" + trigger(
    "note", "when = \"tier = 'Gold'\"", "note", 'id = "a"\ndo = "document"\ntitle = "Note"\ntemplate = "note"'
)


def opened(store: Store, name: str = "gold") -> texts.Text:
    return texts.load(store, editing.load(store, name, DAY), 0, DAY)


def shown(store: Store, text: texts.Text, body: str) -> Preview:
    template = replace(text.template, body=body)
    reader = texts.reader(store, text, template, DAY)
    assert reader is not None
    return preview(parse(template.subject), parse(template.body), reader)


def save(store: Store, body: str, actor: str = "Dana", name: str = "gold") -> editing.Saved:
    text = opened(store, name)
    return texts.save(store, text, replace(text.template, body=body), actor=who(store, actor), as_of=DAY)


def state(store: Store) -> Any:
    return one(store, "SELECT state FROM triggers WHERE name = 'gold'")


def everything(store: Store) -> list[Any]:
    return [
        store.conn.execute(f"SELECT * FROM {table}").fetchall() for table in ("changes", "cases", "steps", "messages")
    ]


def test_a_text_reads_as_the_first_partner_that_matches_would_get_it(office: Store) -> None:
    rules(office, WELCOME + GOLD)
    assert (opened(office).matches, shown(office, opened(office), "{{ partner.name }}").body) == (False, "Partner A")
    tier(office, "B", "Gold")
    before = everything(office)
    body = "Dear {{ contact.name }}, {{ partner.tier }}, {{ count(order, 30) }}, {{ case.owner }}, {{ today }}, {{ case.answer }}"
    found = shown(office, opened(office), body)
    assert found == Preview(
        "Partner B: hello", "Dear Kim B, Gold, 0, Dana, 31 March 2026, [case.answer]", (), ("case.answer",)
    )
    assert everything(office) == before, "nothing of it remains"


def test_law_what_is_shown_is_what_is_written(office: Store) -> None:
    rules(office, WELCOME + GOLD)
    run(office)
    tier(office, "C", "Gold")
    text = opened(office)
    found = shown(office, text, text.template.body)
    run(office)
    assert one(office, "SELECT subject, body FROM messages") == (found.subject, found.body)


def test_an_empty_field_and_a_missing_reader_are_said(office: Store) -> None:
    rules(office, WELCOME + GOLD)
    assert shown(office, opened(office), "{{ partner.country }}") == Preview(
        "Partner A: hello", "[partner.country]", ("partner.country",)
    )
    contact = one(office, "SELECT id FROM contacts WHERE partner_id = ?", of(office, "A"))
    contacts.edit(office, contact, {"email": ""}, actor=None, as_of=DAY)
    text = opened(office)
    reader = texts.reader(office, text, text.template, DAY)
    assert reader is not None and reader.lacks == "Kim A has no e-mail address"


def test_a_text_about_a_record_or_an_activity_reads_its_fields(office: Store) -> None:
    keys = 'on = "record"\nsubject = "record:deal"\nwhen = "status = \'Open\'"'
    step = 'id = "write"\ndo = "notify"\nto = "manager"\ntemplate = "hello"'
    rules(office, WELCOME.replace("Dear", "{{ partner.name }} Dear") + trigger("deal", keys, "deal", step) + BIG)
    records.add(office, of(office, "B"), "deal", {"name": "Mill", "status": "Open"}, actor=None, as_of=DAY)
    order(office, "C", amount="5000")
    deal = opened(office, "deal")
    assert "status" in deal.names and deal.one is not None and deal.one.row is not None
    assert shown(office, deal, "{{ name }} of {{ partner.name }}").body == "Mill of Partner B"
    faults = texts.check(office, deal, replace(deal.template, body="{{ ends_on }}"))
    assert "ends_on" in faults[0].problem, "the text is also written about orders, which do not end"
    assert shown(office, opened(office, "big"), "{{ amount }}").body == "5,000.00"


@pytest.mark.parametrize(("body", "said"), [
    ("{{ partner.teir }}", "Did you mean “partner.tier”?"), ("{{ contact.nam }}", "Did you mean “name”?"),
    ("{{ case.ownr }}", "Did you mean “owner”?"), ("{% for %}", "a single “{”"), ("{{ a", "never closed"),
    ("{{ partner.__class__ }}", "no field is named"), ("{{ tier = 'Gold' }}", "is a condition"), ("  ", "“body” is missing"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_saved(office: Store, body: str, said: str) -> None:
    rules(office, WELCOME + GOLD)
    before = one(office, "SELECT body FROM templates")
    with pytest.raises(PackError, match=r"template\.hello\.body") as error:
        save(office, body)
    assert said in str(error.value) and one(office, "SELECT body FROM templates") == before and state(office) == "on"


def test_a_saved_text_is_one_change_that_is_taken_back(office: Store) -> None:
    rules(office, WELCOME + GOLD)
    before = one(office, "SELECT subject, body FROM templates")
    done = save(office, "Hello {{ contact.name }}")
    assert done.off == ("gold",) and done.change is not None and state(office) == "off"
    assert triggers.difference(office, "gold", DAY)[-1] == "+ text hello: Hello {{ contact.name }}"
    history.undo(office, done.change, actor=None, as_of=DAY)
    assert one(office, "SELECT subject, body FROM templates") == before and state(office) == "on"
    assert save(office, before[1]).change is None, "nothing new is no change"


def test_who_wrote_the_text_does_not_switch_on_what_sends_it(office: Store) -> None:
    rules(office, WELCOME + GOLD, on=False)
    undone = save(office, "Max was here", "Max").change
    assert undone is not None
    with pytest.raises(UsageError, match="whoever saved the text hello cannot switch it on"):
        triggers.switch_on(office, "gold", actor=who(office, "Max"), as_of=DAY)
    history.undo(office, undone, actor=who(office, "Max"), as_of=DAY)
    triggers.switch_on(office, "gold", actor=who(office, "Max"), as_of=DAY)
    assert state(office) == "on", "what was taken back counts no more"


def test_a_text_changed_by_a_file_switches_off_as_well(office: Store) -> None:
    rules(office, WELCOME + GOLD)
    done = packs.add(office, WELCOME.replace("Dear", "Hi"), "b.toml", actor=None, as_of=DAY)
    assert done.off == ("gold",)


def test_a_text_of_documents_only_switches_nothing_off(office: Store) -> None:
    rules(office, LETTER)
    assert save(office, "new", name="note").off == ()
    assert one(office, "SELECT state FROM triggers") == "on"


def test_open_cases_say_the_new_text(office: Store) -> None:
    later = 'id = "w"\ndo = "wait"\nfor = "5 days"\n---\nid = "write"\ndo = "notify"\nto = "contact:main"\ntemplate = "hello"'
    rules(office, WELCOME + trigger("gold", "when = \"tier = 'Gold'\"", "gold", later))
    run(office)
    tier(office, "A", "Gold")
    run(office)
    text = texts.load(office, editing.load(office, "gold", DAY), 1, DAY)
    texts.save(office, text, replace(text.template, subject="Newer"), actor=None, as_of=DAY)
    run(office, 6)
    assert messages(office) == ["Newer"]


def test_a_text_that_a_step_only_names_begins_empty(office: Store) -> None:
    rules(office, WELCOME + GOLD, on=False)
    rule: Rule = editing.load(office, "gold", DAY)
    rule = rule.with_step(0, {**rule.steps[0], "template": "good-day"})
    text = texts.load(office, rule, 0, DAY)
    assert text.new and text.template == MessageTemplate(name="good-day", subject="", body="")
    texts.save(office, text, replace(text.template, subject="Hi", body="{{ partner.name }}"), actor=None, as_of=DAY)
    assert not editing.check(office, rule)
    with pytest.raises(UsageError, match="no message and no document"):
        texts.load(office, rule, None, DAY)


def test_fields_are_completed_inside_of_braces_only(office: Store) -> None:
    rules(office, WELCOME + GOLD, on=False)
    text = opened(office)
    assert texts.completed(text, "{{ partner.ti", 13) == ["partner.tier"]
    assert texts.completed(text, "{{ days_since(or", 16)[0].startswith("days_since(order")
    assert texts.completed(text, "partner.ti", 10) == texts.completed(text, "{{ a }} partner.ti", 18) == []


def test_no_partner_no_reader(office: Store) -> None:
    rules(office, WELCOME + GOLD, on=False)
    text = replace(opened(office), one=None)
    assert texts.reader(office, text, text.template, DAY) is None
