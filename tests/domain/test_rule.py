"""Rules as they are edited: read as sentences, written in lines of a form and back, changed step by step."""

from __future__ import annotations

import pytest

from prm_tui.domain import pack, written
from prm_tui.domain.outline import moment, outline, safety, target, when
from prm_tui.domain.rule import Rule, renamed, slug, unused
from prm_tui.domain.trigger import Trigger
from prm_tui.domain.workflow import Workflow
from prm_tui.services import packs, shipped

SHIPPED = [name for name in packs.built_in() if name not in packs.PROGRAM]


def flow(*steps: dict[str, object]) -> Rule:
    return Rule("r", {"title": "R", "start": "r", "when": "tier = 'Gold'"}, {"title": "R", "step": list(steps)})


@pytest.mark.parametrize("name", SHIPPED)
def test_every_field_of_every_pack_is_written_in_a_form_and_read_back(name: str) -> None:
    found = pack.read(shipped.text(name), name)
    for workflow in found.workflows.values():
        for step in workflow.to_data()["step"]:
            fields = written.of_step(step["do"])
            assert written.taken(step, fields, {f.key: written.shown(step, f) for f in fields}) == step
    for trigger in found.triggers.values():
        data = trigger.to_data()
        for keys in (written.WHEN, written.SAFETY):
            fields = written.of_trigger(keys, trigger.on)
            assert written.taken(data, fields, {f.key: written.shown(data, f) for f in fields}) == data


@pytest.mark.parametrize("name", SHIPPED)
def test_every_pack_reads_as_an_outline(name: str) -> None:
    found = pack.read(shipped.text(name), name)
    for workflow in found.workflows.values():
        lines = outline(workflow)
        assert [line.number for line in lines if line.number] == list(range(1, len(workflow.steps) + 1))
        assert all(line.text for line in lines) and not any("?" in line.more and "→" in line.more for line in lines)
    for trigger in found.triggers.values():
        assert moment(trigger) and all(when(trigger)) and all(safety(trigger, ["messages"], "a second person"))


def test_a_workflow_is_read_as_a_numbered_outline() -> None:
    (found,) = pack.read(shipped.text("gone-quiet"), "gone-quiet").workflows.values()
    said = [f"{line.number or ''} {line.verb} {line.text} {line.more}".strip() for line in outline(found)]
    assert said[:3] == [
        "1 message to the main contact we-miss-you",
        "2 wait 14 days, or until: some orders in the last 14 days → reactivated",
        "3 task Call the owner partner's manager · within 3 business days",
    ]
    assert "“let go” → start deactivation" in said
    assert target(found, "start:deactivation", title=True) == "starts deactivation"
    assert target(found, "kept", title=True) == "the case ends: kept"


@pytest.mark.parametrize(
    ("keys", "short", "long"),
    [
        ({"on": "becomes true", "when": "tier = 'Gold'", "again_after": 30}, "becomes true",
         ["for each partner, when the condition becomes true", "may match again once it was untrue for 30 days"]),
        ({"on": "activity", "subject": "activity:order"}, "when an order arrives", ["when an order arrives"]),
        ({"on": "record", "subject": "record:deal", "event": "changed", "changed": "status"}, "when its status changes",
         ["when the status of a deal changes"]),
        ({"on": "date", "subject": "record:certification", "date": "ends_on", "days_before": [60, 0, -7]},
         "as “ends on” comes near", ["for each certification, by its date “ends on”: 60 days before, on the day, 7 days after",
                                     "each step once, missed ones as one"]),
        ({"on": "every", "period": "month"}, "every month", ["every month, once for each partner that meets the condition"]),
        ({"on": "crosses", "total": "sum(order.amount, year)", "steps": [1000, 5000], "each": "year"}, "a total passes a step",
         ["for each partner, when total order amount this year passes 1,000, 5,000, each once a year"]),
    ],
)  # fmt: skip
def test_when_a_trigger_looks_is_a_sentence(keys: dict[str, object], short: str, long: list[str]) -> None:
    found, faults = Trigger.from_data("t", {"title": "T", "start": "w", **keys})
    assert found is not None and not faults
    assert moment(found) == short and when(found) == long


@pytest.mark.parametrize(
    ("do", "key", "said", "value"),
    [
        ("approve", "choices", "keep → kept; let go -> start:deactivation", {"keep": "kept", "let go": "start:deactivation"}),
        ("approve", "of", "role:finance, role:legal", ["role:finance", "role:legal"]),
        ("approve", "evidence", "yes", True),
        ("branch", "cases", "tier in ('a; b', 'c') → big; elsewhere: ref, issuer → twice",
         [{"when": "tier in ('a; b', 'c')", "then": "big"}, {"then": "twice", "elsewhere": ["ref", "issuer"]}]),
        ("set", "value", "5", 5),
        ("set", "value", "'5'", "5"),
        ("set", "value", "true", True),
        ("record", "fields", "name → Grow; probability → 0.5", {"name": "Grow", "probability": 0.5}),
        ("task", "warn", "half", "half"),
    ],
)  # fmt: skip
def test_what_is_written_in_a_line(do: str, key: str, said: str, value: object) -> None:
    (field,) = [f for f in written.of_step(do) if f.key == key]
    assert written.taken({}, [field], {key: said}) == {key: value}
    assert written.taken({key: value}, [field], {key: " "}) == {}


def test_whom_to_tell_when_it_is_overdue_is_two_fields_of_one() -> None:
    fields = [f for f in written.of_step("task") if f.key.startswith("escalate")]
    assert written.taken({}, fields, {"escalate.to": "role:legal", "escalate.at": "1.5"}) == {
        "escalate": {"to": "role:legal", "at": 1.5}
    }
    assert written.taken({"escalate": {"to": "role:legal"}}, fields, {"escalate.to": "", "escalate.at": "2"}) == {}


def test_a_step_is_put_in_moved_and_taken_out_and_the_ways_follow() -> None:
    rule = flow({"id": "a", "do": "task", "title": "A"}, {"id": "ask", "do": "approve", "title": "?", "by": "manager",
                "choices": {"yes": "b", "no": "end"}}, {"id": "b", "do": "end"})  # fmt: skip
    longer, at = rule.inserted(0, "task")
    assert at == 1 and longer.ids == ["a", "task", "ask", "b"] and rule.ids == ["a", "ask", "b"]
    assert longer.built()[2][0].key[2:4] == ("step", 1), "the new step has no title yet"
    assert rule.moved(0, 1).ids == ["ask", "a", "b"] and rule.moved(0, -1) is rule
    assert rule.without(2).steps[1]["choices"] == {"yes": "end", "no": "end"}
    branch = {"id": "x", "do": "branch", "cases": [{"when": "1 > 0", "then": "b"}], "else": "b"}
    assert renamed(branch, "b", "c")["cases"][0]["then"] == "c" and renamed(branch, "b", "c")["else"] == "c"
    assert renamed({"branches": ["b", "d"], "join": "b"}, "b", "c") == {"branches": ["c", "d"], "join": "c"}


def test_a_new_rule_has_a_name_of_its_own_and_can_be_saved() -> None:
    assert slug("Gone quiet, again!") == "gone-quiet-again" and slug("…") == "trigger"
    assert unused("a", {"a", "a-2"}) == "a-3"
    rule = Rule.new("Gone quiet", {"gone-quiet"})
    assert rule.name == "gone-quiet-2" and rule.pack()[1] == []
    (made,) = rule.pack()[0].workflows.values()  # type: ignore[union-attr]
    assert isinstance(made, Workflow) and made.check() == []
