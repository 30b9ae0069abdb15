"""Rules as data: read whole with every fault and its place, written back as they were, checked against a file."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prm_tui.domain import toml
from prm_tui.domain.condition.catalogue import CLASSES
from prm_tui.domain.gate import BLOCKS, Gate
from prm_tui.domain.pack import (
    FIELD_TYPES,
    PILLARS,
    ActivityKind,
    MessageTemplate,
    NamedFact,
    Obligation,
    Pack,
    PackError,
    PartnerField,
    RecordKind,
    parse,
    read,
    write,
)
from prm_tui.domain.pack_check import Known, check
from prm_tui.domain.step import KINDS
from prm_tui.domain.trigger import Trigger
from prm_tui.domain.workflow import Workflow
from tests.domain.test_condition_language import CATALOGUE

PACKS = Path(__file__).parent.parent.parent / "prm_tui" / "packs"
KNOWN = Known(
    CATALOGUE,
    workflows={"deactivation": None, "tier-review": None},
    roles=frozenset({"program manager", "legal"}),
    people=frozenset({"Dana"}),
)
EVERY = """
[pack]
name = "every"
title = "Every kind of step"

[settings]
year_starts = 4

[field.partner.weight]
type = "number"

[activity.visit_paid]
label = "Visit paid"
class = "contact"
fields = { by = "text" }

[record.badge]
label = "Badge"
pillar = "enable"
open = ["valid"]
fields = { holder = "contact", points = "number" }
emits = { starts_on = "certified" }

[fact.attained]
value = "sum(order.amount, month) / sum(target.amount, month)"

[trigger.steps]
title = "Sales milestone"
on = "crosses"
total = "sum(order.amount, year)"
steps = [50_000, 100_000, 250_000.5]
each = "year"
start = "whole"

[trigger.monthly]
title = "Every month"
on = "every"
period = "month"
when = "attained >= 100%"
start = "whole"

[trigger.badge]
title = "A badge changes"
subject = "record:badge"
on = "record"
event = "changed"
changed = "status"
when = "status = 'expired' and partner.status = 'Active'"
coverage = "as recorded"
start = "second"

[workflow.whole]
title = "Whole"
owner = "role:legal"
[[workflow.whole.step]]
id = "which"
do = "branch"
cases = [{ when = "tier = 'Gold'", then = "both" }, { when = "weight > 2", then = "score" }]
else = "score"
[[workflow.whole.step]]
id = "both"
do = "parallel"
branches = ["call", "letter"]
join = "score"
[[workflow.whole.step]]
id = "call"
do = "task"
title = "Call {{ partner.name }}"
owner = "load:legal"
within = "2 business days"
pause = "status = 'Suspended'"
escalate = { at = 2, to = "person:Dana" }
then = "score"
[[workflow.whole.step]]
id = "letter"
do = "document"
title = "Letter"
template = "hello"
[[workflow.whole.step]]
id = "score"
do = "set"
field = "weight"
expression = "weight * 1.25"
[[workflow.whole.step]]
id = "tier"
do = "set"
field = "partner.tier"
value = "Gold"
[[workflow.whole.step]]
id = "tags"
do = "tag"
add = ["star"]
remove = ["new"]
[[workflow.whole.step]]
id = "stop"
do = "suspend"
reason = "Stopped: {{ partner.name }}"
ground = "safety"
[[workflow.whole.step]]
id = "give"
do = "offer"
title = "A lead for {{ partner.name }}"
record = "lead"
[[workflow.whole.step]]
id = "pay"
do = "accrue"
kind = "bonus"
rate = 0.025
basis = "sum(order.amount, last_month)"
period = "month"
currency = "EUR"
[[workflow.whole.step]]
id = "new"
do = "record"
kind = "badge"
fields = { name = "Badge of {{ partner.name }}", points = 3, starts_on = 2026-01-31 }
computed = { ends_on = "last(order) + 365" }
[[workflow.whole.step]]
id = "others"
do = "list"
title = "Others like {{ partner.name }}"
what = "partner"
when = "tier = 'Gold'"
same = ["territory"]
columns = { Partner = "name", Sales = "sum(order.amount, 365)" }
largest = "sum(order.amount, 365)"
[[workflow.whole.step]]
id = "trail"
do = "list"
title = "What was changed"
what = "change"
[[workflow.whole.step]]
id = "ask"
do = "approve"
title = "Is that right?"
rule = "all of"
of = ["role:legal", "person:Dana"]
evidence = true
reject = "undo"
[[workflow.whole.step]]
id = "wait"
do = "wait"
for = "36 hours"
activity = "order"
timeout = "start:second"
[[workflow.whole.step]]
id = "more"
do = "start"
workflow = "second"
then = "end"
[[workflow.whole.step]]
id = "undo"
do = "accrue"
kind = "bonus"
reverse = true

[workflow.second]
title = "Second"
restricted = ["role:legal"]
[[workflow.second.step]]
id = "tell"
do = "notify"
to = "contact:main"
template = "hello"
channel = "letter"

[template.hello]
subject = "Hello {{ partner.name }}"
body = '''
Dear {{ contact.name }}, "quoted" \\ and
on {{ last(order) }}'''

[obligation.stock]
title = "Take stock back"
owner = "role:legal"
days = 90

[gate.badge]
title = "Badge not given back"
subject = "record:badge"
when = "open and (ends_on is empty or ends_on > effective_on)"
blocks = "effective"
by = "role:legal"
detail = "Ask {{ holder }} of {{ partner.name }} for {{ name }}."
"""


def faults(text: str, known: Known = KNOWN) -> list[str]:
    """Everything wrong with a text, as it is said."""
    draft = parse(text, "rules.toml")
    return [f.said for f in [*draft.faults, *draft.placed(check(draft.pack, known, draft.failed))]]


def test_every_kind_of_everything_is_read_checked_and_written_back() -> None:
    pack = read(EVERY, "rules.toml")
    assert faults(EVERY) == []
    used = {step.do for flow in pack.workflows.values() for step in flow.steps}
    assert used == set(KINDS) - {"end"}
    again = read(write(pack), "elsewhere.toml")
    assert again == pack
    assert write(again) == write(pack)


def test_what_a_version_keeps_is_what_was_read() -> None:
    pack = read(EVERY, "rules.toml")
    for trigger in pack.triggers.values():
        assert Trigger.from_data(trigger.name, json.loads(json.dumps(trigger.to_data()))) == (trigger, [])
    for flow in pack.workflows.values():
        assert Workflow.from_data(flow.name, json.loads(json.dumps(flow.to_data()))) == (flow, [])


@pytest.mark.parametrize("name", ["gone-quiet", "compliance-renewal"])
def test_the_packs_of_the_program_are_sound(name: str) -> None:
    text = (PACKS / name / "pack.toml").read_text(encoding="utf-8")
    assert faults(text) == []
    pack = read(text, "pack.toml")
    assert pack.name == name
    assert read(write(pack), "pack.toml") == pack


def swapped(*pairs: tuple[str, str]) -> str:
    text = EVERY
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('on = "crosses"', 'on = "croses"', "trigger.steps.on: “croses” is none of: becomes true, activity, record, date, every, "
         "crosses, manual. Did you mean “crosses”?"),
        ('period = "month"\nwhen', 'peroid = "month"\nwhen', "trigger.monthly.peroid: there is no “peroid” here"),
        ('each = "year"', 'each = "year"\ndays_before = [3]', "“days_before” belongs to on = \"date\", this is on = \"crosses\""),
        ('on = "every"\nperiod = "month"', 'on = "every"', "trigger.monthly: “period” is missing: on = \"every\" needs it"),
        ("steps = [50_000, 100_000, 250_000.5]", "steps = [5, 3]", "trigger.steps.steps: steps go up, each once"),
        ('subject = "record:badge"', 'subject = "recrod:badge"', "“recrod:badge” is no subject; write partner, record:KIND or "
         "activity:KIND. Did you mean “record:badge”?"),
        ('subject = "record:badge"', 'subject = "record:bage"', "there is no kind of record “bage”. Did you mean “badge”?"),
        ("attained >= 100%", "attaind >= 100%", "line 39, trigger.monthly.when: character 1: there is no field “attaind”. Did you "
         "mean “attained”?"),
        ("total = \"sum(order.amount, year)\"", "total = \"last(order)\"", "trigger.steps.total: a number is wanted here; this is date"),
        ('changed = "status"', 'changed = "statsu"', "a badge has no field “statsu”. Did you mean “status”?"),
        ('do = "branch"', 'do = "brunch"', "line 57, workflow.whole.step 1.do: a step cannot do “brunch”"),
        ("within = \"2 business days\"", "within = \"2 busines days\"", "“busines” has no meaning here. Did you mean “business”?"),
        ("within = \"2 business days\"", "within = \"0 days\"", "“0 days”: so many days are no span of time"),
        ("within = \"2 business days\"", "within = \"2 business months\"", "there are no business months; write business days"),
        ("within = \"2 business days\"", "within = \"9999 weeks\"", "so many weeks are no span of time"),
        ('owner = "load:legal"', 'owner = "laod:legal"', "“laod:legal” names nobody; write one of: manager, role:NAME, person:NAME, "
         "load:NAME. Did you mean “load:legal”?"),
        ('owner = "load:legal"', 'owner = "role:finance"', "nobody is finance; add somebody: prm people add NAME --role finance"),
        ('owner = "load:legal"', 'owner = "role:leagl"', "“leagl” is no role"),
        ("person:Dana", "person:Dora", "nobody is called “Dora”; add them: prm people add Dora"),
        ('join = "score"', 'join = "scroe"', "“scroe” is no step of this workflow. Did you mean “score”?"),
        ('id = "tier"', 'id = "score"', "two steps are called “score”"),
        ('id = "tier"', 'id = "end"', "a step cannot be called end"),
        ('then = "score"\n[[', 'then = "call"\n[[', "from “call” no way leads to the join, “score”"),
        ('reject = "undo"', 'reject = "end"', "no way leads to the step “undo”"),
        ('of = ["role:legal", "person:Dana"]', "", "nobody is asked to approve: give of"),
        ('timeout = "start:second"', 'timeout = "start:secnd"', "there is no workflow “secnd” in this pack or in the file. Did you mean "
         "“second”?"),
        ('workflow = "second"', 'workflow = "third"', "there is no workflow “third”"),
        ('template = "hello"', 'template = "helo"', "there is no template “helo” in this pack or in the file. Did you mean “hello”?"),
        ('for = "36 hours"\nactivity = "order"\ntimeout = "start:second"', "", "it waits for nothing"),
        ('activity = "order"', 'activity = "ordr"', "there is no kind of activity “ordr”. Did you mean “order”?"),
        ('field = "weight"', 'field = "wieght"', "there is no field “wieght”. Did you mean “weight”?"),
        ('expression = "weight * 1.25"', 'expression = "tier"', "the field takes number; this is text"),
        ('expression = "weight * 1.25"', "", "give either value (written down) or expression (computed)"),
        ('field = "partner.tier"\nvalue = "Gold"', 'field = "status"\nvalue = "Activ"', "“Activ” is no status"),
        ('field = "partner.tier"\nvalue = "Gold"', 'field = "joined_on"\nvalue = "soon"', "“soon” is no date"),
        ('add = ["star"]\nremove = ["new"]', "", "it changes no tag"),
        ('ground = "safety"', 'ground = "saftey"', "“saftey” is none of: safety, certificate, fraud, other. Did you mean “safety”?"),
        ("rate = 0.025", 'amount = "5"\nrate = 0.025', "give either amount, or rate and basis"),
        ("points = 3", "pints = 3", "a badge has no field “pints”. Did you mean “points”?"),
        ("points = 3", 'points = "many"', "the field takes number, not “many”"),
        ("{ starts_on = \"certified\" }", "{ start_on = \"certified\" }", "“start_on” is no date of this kind. Did you mean “starts_on”?"),
        ("{{ contact.name }}", "{{ contact.nam }}", "a contact has no field “nam”. Did you mean “name”?"),
        ("{{ last(order) }}", "{{ lst(order) }}", "there is no fact “lst”. Did you mean “last”?"),
        ("{{ last(order) }}", "{{ last(order)", "line 2, character 4: this field is never closed; it ends with }}"),
        ("year_starts = 4", "year_starts = 14", "year's first month is a whole number from 1 to 12, not “14”"),
        ("[settings]\nyear_starts", "[settings]\nzone",
         "there is no “zone” here; known are contact_minutes, coverage_tolerance, deemed_days, reapply_days, retention_days, year_starts"),
        ("[obligation.stock]", "[obligations.stock]", "there is no “obligations” here"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place_and_what_to_write_instead(old: str, new: str, said: str) -> None:
    found = faults(swapped((old, new)))
    assert any(said in line for line in found), found
    assert all(line.startswith("rules.toml, line ") for line in found if "obligations" not in line), found


def test_every_fault_is_told_at_once_in_the_order_of_the_text() -> None:
    text = swapped(('on = "crosses"', 'on = "croses"'), ('do = "branch"', 'do = "brunch"'), ("person:Dana", "person:Dora"),
                   ("{{ contact.name }}", "{{ contact.nam }}"), ("points = 3", "points = true"))  # fmt: skip
    with pytest.raises(PackError) as caught:
        read(text, "rules.toml")
    assert [fault.line for fault in caught.value.faults] == sorted(fault.line or 0 for fault in caught.value.faults)
    assert "croses" in str(caught.value) and "brunch" in str(caught.value)
    assert caught.value.exit_code == 4
    assert any("a contact has no field" in line for line in faults(text)), "what can be checked is checked beside it"
    assert not any("no workflow “whole”" in line for line in faults(text)), "a workflow that could not be read is there"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[trigger.a\n", "rules.toml, line 1, column 11: this is not TOML"),
        ('[pack]\ntitle = "a', "rules.toml, line 2"),
        ("a = 1\na = 2\n", "rules.toml, line 2"),
        (f"a = {'[' * 5000}", "rules.toml"),
    ],
    ids=["header", "text", "twice", "deep"],
)
def test_what_is_not_toml_is_told_with_line_and_column(text: str, said: str) -> None:
    with pytest.raises(PackError) as caught:
        read(text, "rules.toml")
    assert said in str(caught.value)


def test_what_a_file_says_cannot_move_the_cursor() -> None:
    with pytest.raises(PackError) as caught:
        read('[trigger."a\\u001b[2J"]\ntitle = "T"\nstart = "w"\n', "rules.toml")
    assert "\\x1b[2J" in str(caught.value) and "\x1b" not in str(caught.value)


def test_a_file_without_a_head_is_ones_own_and_called_after_the_file() -> None:
    pack = read('[fact.big]\nvalue = "sum(order.amount, 365) > 1000"\n', "My Rules (2).toml")
    assert (pack.name, pack.kind) == ("my-rules-2", "own")


FLOW = """
[workflow.w]
title = "W"
[[workflow.w.step]]
id = "a"
do = "{do}"
{rest}
"""


def ringed(when: str, do: str, rest: str, head: str = 'on = "becomes true"', more: str = "") -> list[str]:
    text = f'[trigger.t]\ntitle = "T"\n{head}\nwhen = "{when}"\nstart = "w"\n{FLOW.format(do=do, rest=rest)}{more}'
    return [line for line in faults(text) if "set itself off" in line] or faults(text)


def test_a_trigger_that_writes_what_it_watches_is_refused() -> None:
    (said,) = ringed("tier != 'Platinum'", "set", 'field = "tier"\nexpression = "territory"')
    assert "trigger.t: it would set itself off: t → t (t sets tier, which t watches)" in said
    (said,) = ringed("count(deal, 90) = 0", "record", 'kind = "deal"\nfields = { name = "New" }')
    assert "t makes a deal, which t watches" in said
    (said,) = ringed("not has(tag where name = 'star')", "tag", 'remove = ["star"]')
    assert "takes off the tag star" in said


def test_what_a_record_emits_counts_as_made() -> None:
    more = '[record.course_done]\nlabel = "Course"\nemits = { starts_on = "certified" }\n'
    (said,) = ringed("count(certified, 90) = 0", "record", 'kind = "course_done"\nfields = { name = "x" }', more=more)
    assert "makes a course_done, and so a certified" in said


def test_what_makes_the_condition_false_sets_nothing_off() -> None:
    assert ringed("tier = 'Silver' and sum(order.amount, 365) > 1000", "set", 'field = "tier"\nvalue = "Gold"') == []
    assert ringed("not (tier in ('Gold', 'Platinum'))", "set", 'field = "tier"\nvalue = "Gold"') == []
    assert ringed("tier is empty", "set", 'field = "tier"\nvalue = "Gold"') == []
    assert ringed("not has(tag where name = 'star') and tier = 'Gold'", "tag", 'add = ["star"]') == []
    won = 'subject = "record:deal"\non = "record"'
    renewal = 'kind = "deal"\nfields = { name = "Renewal", status = "open" }'
    assert ringed("status = 'won'", "record", renewal, head=won) == []
    (said,) = ringed("status = 'open'", "record", renewal, head=won)
    assert "t makes a deal" in said


def test_the_calendar_is_no_ring_and_neither_is_a_field_of_another_row() -> None:
    ladder = 'subject = "record:agreement"\non = "date"\ndate = "ends_on"\ndays_before = [30]'
    assert ringed("status = 'active'", "set", 'field = "ends_on"\nexpression = "ends_on + 365"', head=ladder) == []
    assert ringed("count(ticket where severity = 'high', 30) > 3", "set", 'field = "status"\nvalue = "Suspended"') == []


def test_a_ring_of_two_through_workflows_and_the_file_is_told_with_its_way() -> None:
    first = read('[trigger.one]\ntitle = "1"\nwhen = "has(tag where name = \'a\')"\nstart = "one"\n[workflow.one]\ntitle = "1"\n'
                 '[[workflow.one.step]]\nid = "s"\ndo = "set"\nfield = "tier"\nexpression = "territory"\n', "a.toml")  # fmt: skip
    text = ('[trigger.two]\ntitle = "2"\nwhen = "tier = \'Gold\'"\nstart = "two"\n[workflow.two]\ntitle = "2"\n'
            '[[workflow.two.step]]\nid = "s"\ndo = "start"\nworkflow = "three"\n[workflow.three]\ntitle = "3"\n'
            '[[workflow.three.step]]\nid = "s"\ndo = "tag"\nadd = ["a"]\n')  # fmt: skip
    assert faults(text) == []
    (said,) = faults(text, replace(KNOWN, workflows=dict(first.workflows), triggers=first.triggers))
    assert "two → one → two (two adds the tag a, which one watches; one sets tier, which two watches)" in said


def test_a_way_round_needs_something_that_waits_and_a_way_out() -> None:
    loop = '{}[[workflow.w.step]]\nid = "b"\ndo = "tag"\nadd = ["x"]\nthen = "a"\n'
    text = '[workflow.w]\ntitle = "W"\n[[workflow.w.step]]\nid = "a"\n'
    (said,) = faults(text + loop.format('do = "tag"\nadd = ["y"]\n'))
    assert "workflow.w.step 1.then: it would go round for ever: a → b → a" in said
    (said,) = faults(text + loop.format('do = "wait"\nfor = "7 days"\n'))
    assert "from the step “a” no way leads to an end" in said
    assert faults(text + loop.format('do = "approve"\ntitle = "?"\nby = "role:legal"\n')) == []


NAME = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,3})?", fullmatch=True)
KEY = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
WORDS = st.text(min_size=1, max_size=30).filter(str.strip)
SPAN = st.sampled_from(["1 hour", "3 business days", "14 days", "2 weeks"])
NUMBERS = st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9)


def tables(**values: Any) -> st.SearchStrategy[dict[str, Any]]:
    needed = {k: v for k, v in values.items() if not k.endswith("_")}
    return st.fixed_dictionaries(needed, optional={k[:-1]: v for k, v in values.items() if k.endswith("_")})


STEPS = st.one_of(
    tables(do=st.just("task"), title=WORDS, within=SPAN, warn_=NUMBERS, detail_=WORDS,
           escalate_=tables(to=st.just("role:legal"), at_=NUMBERS)),
    tables(do=st.just("approve"), title=WORDS, by=st.just("manager"), choices_=st.dictionaries(WORDS, st.just("end"), max_size=3)),
    tables(do=st.just("set"), field=KEY, value=WORDS | NUMBERS | st.booleans() | st.dates()),
    tables(do=st.just("tag"), add=st.lists(WORDS, min_size=1, max_size=3)),
    tables(do=st.just("branch"), cases=st.lists(tables(when=WORDS, then=st.just("end")), min_size=1, max_size=3)),
    tables(do=st.just("record"), kind=KEY, fields=st.dictionaries(KEY, WORDS | NUMBERS | st.booleans(), max_size=3)),
    tables(do=st.just("accrue"), kind=KEY, amount=WORDS | NUMBERS, note_=WORDS),
)  # fmt: skip


@st.composite
def packs(draw: st.DrawFn) -> Pack:
    """Packs of every sort of content; not all of them mean something."""

    def some(strategy: Any, names: Any = NAME) -> dict[str, Any]:
        made = draw(st.dictionaries(names, strategy, max_size=2))
        return {name: replace(one, name=name) for name, one in made.items()}

    flows = {}
    for name in draw(st.lists(NAME, unique=True, max_size=2)):
        steps = [{"id": f"s{n}", **step} for n, step in enumerate(draw(st.lists(STEPS, min_size=1, max_size=4)))]
        flow, wrong = Workflow.from_data(name, {"title": draw(WORDS), "step": steps})
        assert flow is not None, wrong
        flows[name] = flow
    types = st.sampled_from(FIELD_TYPES)
    fields = st.dictionaries(KEY, types, max_size=3)
    pillar = st.none() | st.sampled_from(PILLARS)
    trigger = st.builds(Trigger, name=NAME, title=WORDS, when=WORDS, start=NAME, again_after=st.integers(0, 99))
    return Pack(
        name=draw(NAME), title=draw(WORDS), about=draw(st.none() | WORDS), kind="industry",
        partner=some(st.builds(PartnerField, name=KEY, type=types, label=st.none() | WORDS), KEY),
        activities=some(st.builds(ActivityKind, name=KEY, label=WORDS, class_=st.none() | st.sampled_from(CLASSES),
                                  pillar=pillar, fields=fields), KEY),
        records=some(st.builds(RecordKind, name=KEY, label=WORDS, pillar=pillar, fields=fields,
                               open=st.lists(WORDS, max_size=3).map(tuple), emits=st.dictionaries(WORDS, KEY, max_size=2)), KEY),
        facts=some(st.builds(NamedFact, name=KEY, value=WORDS, sentence=st.none() | WORDS), KEY),
        triggers=some(trigger), workflows=flows, templates=some(st.builds(MessageTemplate, name=NAME, subject=WORDS, body=WORDS)),
        obligations=some(st.builds(Obligation, name=NAME, title=WORDS, days=st.integers(-9, 9))),
        gates=some(st.builds(Gate, name=NAME, title=WORDS, when=WORDS, blocks=st.sampled_from(list(BLOCKS)), detail=st.none() | WORDS)),
        settings=draw(st.just({}) | st.just({"year_starts": 7})),
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(packs())
def test_what_was_written_is_read_as_it_was(pack: Pack) -> None:
    assert read(write(pack), "x.toml") == pack


@settings(max_examples=150, deadline=None)
@given(packs())
def test_every_key_has_the_line_it_stands_in(pack: Pack) -> None:
    text = write(pack)
    lines = text.split("\n")
    for key, line in toml.places(text).items():
        if not any(isinstance(part, int) for part in key[-1:]):
            assert toml.key(str(key[-1])) in lines[line - 1], (key, line)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(EVERY) - 1), st.integers(0, 6), st.sampled_from(["", '"', "[", "}", "\n", "=", "{{", "'", "0"])
)
def test_a_text_that_was_damaged_raises_only_our_error(at: int, cut: int, put: str) -> None:
    text = EVERY[:at] + put + EVERY[at + cut :]
    try:
        draft = parse(text, "x.toml")
    except PackError:
        with pytest.raises(tomllib.TOMLDecodeError):
            tomllib.loads(text)
        return
    said = [f.said for f in [*draft.faults, *draft.placed(check(draft.pack, KNOWN, draft.failed))]]
    assert said or read(write(draft.pack), "y.toml") == draft.pack
