"""Gates: what stands in the way of a stage of a case, by its name, until it is settled or somebody who may lets it pass."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from prm_tui.domain.errors import UsageError
from prm_tui.domain.gate import InTheWay
from prm_tui.services import casepack, cases, closing, deactivation, gates, history, obligations, packs, people, records
from storage import Store
from tests.services.rules import DAY, of, rules, who

PARTS = """
[record.part]
label = "Part"
open = ["in series"]
fields = { single_source = "yes/no", alternate = "text" }

[gate.single-source]
title = "Part without an approved alternate"
subject = "record:part"
when = "single_source and alternate is empty and open"
blocks = "approval"
by = "role:finance"
detail = "Approve an alternate for {{ name }} ({{ ref }})."
"""
LICENCES = """
[gate.cut-over]
title = "Licence ends before the cut-over"
subject = "record:licence"
when = "open and ends_on < effective_on"
blocks = "effective"
detail = "Extend it, or move the effective date."
"""


def part(store: Store, code: str, name: str, **fields: str) -> int:
    said = {"name": name, "status": "in series", "ref": f"P-{name}", **fields}
    return records.add(store, of(store, code), "part", said, actor=None, as_of=DAY)


def asked(store: Store, code: str = "A") -> int:
    """Dana asks for a deactivation by mutual agreement, effective on the day."""
    (case,) = deactivation.submit(store, [of(store, code)], "mutual", actor=who(store, "Dana"), as_of=DAY)
    return case


def approve(store: Store, case: int, by: str = "Max") -> None:
    (task,) = [t for t in cases.get(store, case).tasks if t.kind == "approval" and t.state == "open"]
    cases.approve(store, task.id, actor=who(store, by), as_of=DAY)


def standing(store: Store, case: int) -> list[tuple[str, bool]]:
    return [(one.name, one.known) for one in gates.of_case(store, case, DAY) if one.passed is None]


def test_what_meets_a_gate_stands_in_the_way_by_its_name_until_it_is_settled_or_let_pass(
    office: Store, tmp_path: Path
) -> None:
    rules(office, PARTS)
    disc = part(office, "A", "Disc", single_source="yes")
    part(office, "A", "Hose", single_source="no")
    part(office, "A", "Old disc", single_source="yes", status="phased out")
    part(office, "A", "Pump", single_source="yes")
    part(office, "A", "Valve")
    part(office, "B", "Other", single_source="yes")
    case = asked(office)
    assert standing(office, case) == [("Disc", True), ("Pump", True), ("Valve", False)], "what is not told is no answer"
    with pytest.raises(
        InTheWay, match="The deactivation of Partner A cannot be approved: 3 things stand in the way"
    ) as told:
        approve(office, case)
    assert [one.name for one in told.value.blocked] == ["Disc", "Pump", "Valve"]
    said = str(told.value)
    assert (
        "Part without an approved alternate: Disc (single_source yes; alternate empty). Approve an alternate for Disc (P-Disc)."
        in said
    )
    assert f"Or finance lets it pass: prm cases pass {case} single-source Disc --reason …" in said
    assert "Valve (it cannot be told: single_source empty; alternate empty)" in said

    records.edit(office, disc, {"alternate": "Bremsen AG"}, actor=None, as_of=DAY)
    with pytest.raises(UsageError, match="Dana cannot let this pass; finance may"):
        gates.let_pass(office, case, "single-source", "Pump", "enough on stock", actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(UsageError, match="say why it may pass"):
        gates.let_pass(office, case, "single-source", "Pump", " ", actor=who(office, "Max"), as_of=DAY)
    with pytest.raises(UsageError, match="“Pmup” does not stand in the way by “single-source”"):
        gates.let_pass(office, case, "single-source", "Pmup", "?", actor=who(office, "Max"), as_of=DAY)
    with pytest.raises(UsageError, match="by “single-sauce”"):
        gates.let_pass(office, case, "single-sauce", "Pump", "?", actor=who(office, "Max"), as_of=DAY)
    with pytest.raises(UsageError, match="To let it pass is done today"):
        gates.let_pass(
            office, case, "single-source", "Pump", "?", actor=who(office, "Max"), as_of=DAY + timedelta(days=1)
        )
    for name in ("Pump", "Valve"):
        change = gates.let_pass(
            office, case, "single-source", name, "enough on stock", actor=who(office, "Max"), as_of=DAY
        )
    assert [(one.name, one.passed and (one.passed.by, one.passed.reason)) for one in gates.of_case(office, case, DAY)] == [
        ("Pump", ("Max", "enough on stock")), ("Valve", ("Max", "enough on stock")),
    ]  # fmt: skip
    history.undo(office, change, actor=who(office, "Max"), as_of=DAY)
    assert standing(office, case) == [("Valve", False)], "letting pass is taken back like any other change"
    gates.let_pass(office, case, "single-source", "valve", "not used any more", actor=who(office, "Max"), as_of=DAY)
    approve(office, case)
    assert cases.get(office, case).row.stage == "notice"
    casepack.write(office, case, tmp_path / "pack", as_of=DAY)
    page = (tmp_path / "pack" / "README.txt").read_text(encoding="utf-8")
    assert "Part without an approved alternate: Valve, by Max on 2026-03-31: not used any more" in page


def test_a_gate_looks_at_the_effective_date_as_it_stands_and_nobody_may_pass_it_without_being_named(
    office: Store,
) -> None:
    people.add(office, "Lea", roles=["legal"], actor=None, as_of=DAY)
    rules(office, LICENCES)
    ends = DAY + timedelta(days=60)
    fields = {"name": "Backup", "status": "active", "ends_on": ends.isoformat()}
    licence = records.add(office, of(office, "A"), "licence", fields, actor=None, as_of=DAY)
    assert gates.ahead(office, of(office, "A"), ends, DAY) == ()
    (before,) = gates.ahead(office, of(office, "A"), ends + timedelta(days=1), DAY)
    assert [part.said for part in before.found] == [f"ends_on {ends}", f"effective_on {ends + timedelta(days=1)}"]
    (unsure,) = gates.ahead(office, of(office, "A"), None, DAY)
    assert not unsure.known and "effective_on empty" in unsure.said
    (case,) = deactivation.submit(
        office, [of(office, "A")], "inactivity", notice="table", actor=who(office, "Dana"), as_of=DAY
    )
    approve(office, case)
    deactivation.serve(office, case, on=DAY, method="courier", proof=None, actor=who(office, "Lea"), as_of=DAY)
    effective = DAY + timedelta(days=90)
    with pytest.raises(InTheWay, match="cannot be made effective: one thing stands in the way"):
        deactivation.complete(office, case, actor=who(office, "Lea"), as_of=effective)
    with pytest.raises(UsageError, match="nobody may let this pass"):
        gates.let_pass(office, case, "cut-over", "Backup", "it is fine", actor=who(office, "Max"), as_of=DAY)
    (one,) = gates.blocking(office, case, "effective", DAY)
    leaf = gates.why(office, case, one, DAY)
    assert [(part.text, part.outcome) for part in leaf.parts] == [("open", "met"), ("ends_on < effective_on", "met")]
    records.edit(office, licence, {"ends_on": effective.isoformat()}, actor=None, as_of=DAY)
    deactivation.complete(office, case, actor=who(office, "Lea"), as_of=effective)
    assert cases.get(office, case).row.stage == "after"


def test_a_status_its_kind_does_not_know_cannot_be_told_until_it_is_said_to_be_over(office: Store) -> None:
    rules(office, PARTS)
    for name, status in (("Axle", "in use"), ("Brake", "IN SERIES"), ("Chain", "Phased out"), ("Disc", "ausgelaufen")):
        part(office, "A", name, status=status, single_source="yes")
    case = asked(office)
    assert standing(office, case) == [("Axle", False), ("Brake", True), ("Disc", False)], (
        "a chain that is phased out is over"
    )
    with pytest.raises(
        InTheWay, match=r"Axle \(it cannot be told: status “in use” \(neither open nor over\); single_source yes"
    ):
        approve(office, case)
    assert gates.why(office, case, gates.of_case(office, case, DAY)[0], DAY).outcome == "unknown"
    rules(office, PARTS.replace('["in series"]', '["in series", "in use"]\nclosed = ["ausgelaufen"]'))
    assert standing(office, case) == [("Axle", True), ("Brake", True)], "the words of one's own count"


def test_a_gate_before_closing_leaves_the_deactivation_effective_and_one_thing_to_do(office: Store) -> None:
    rules(office, '[gate.documents]\ntitle = "Essential document missing"\nsubject = "record:document"\n'
                  'when = "status = \'missing\'"\nblocks = "close"\nby = "person:Dana"\n')  # fmt: skip
    missing = records.add(
        office, of(office, "A"), "document", {"name": "Site file", "status": "missing"}, actor=None, as_of=DAY
    )
    case = asked(office)
    approve(office, case)
    deactivation.serve(office, case, on=DAY, method="courier", proof=None, actor=who(office, "Max"), as_of=DAY)
    deactivation.complete(office, case, actor=who(office, "Max"), as_of=DAY)
    for one in obligations.of(office, case):
        obligations.waive(office, one.id, "settled", actor=who(office, "Dana"), as_of=DAY)
    left = [t.id for t in cases.get(office, case).tasks if t.state == "open"]
    for task in left[:-1]:
        cases.done(office, task, actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(
        InTheWay, match=r"be closed: one thing stands in the way\.\n  Essential document missing: Site file"
    ):
        closing.close(office, case, lesson="keep the file", reason="mutual", actor=who(office, "Dana"), as_of=DAY)
    assert [t.id for t in cases.get(office, case).tasks if t.state == "open"] == left[-1:], (
        "what was refused is not done"
    )
    records.edit(office, missing, {"status": "valid"}, actor=None, as_of=DAY)
    closing.close(office, case, lesson="keep the file", reason="mutual", actor=who(office, "Dana"), as_of=DAY)
    assert cases.get(office, case).row.outcome == "deactivated"


def test_a_withdrawal_is_not_held_by_what_held_the_approval(office: Store) -> None:
    case = asked(office)
    approve(office, case)
    deactivation.serve(office, case, on=DAY, method="courier", proof=None, actor=who(office, "Max"), as_of=DAY)
    rules(office, PARTS)
    part(office, "A", "Disc", single_source="yes")
    deactivation.withdraw(office, case, "they came back", actor=who(office, "Max"), as_of=DAY)
    approve(office, case, by="Dana")
    assert cases.get(office, case).row.outcome == "withdrawn"


def test_a_gate_of_ones_own_stands_in_for_the_one_of_a_pack_and_another_packs_may_not(
    office: Store, tmp_path: Path
) -> None:
    head = '[pack]\nname = "{}"\ntitle = "Parts"\nkind = "industry"\n'
    packs.add(office, head.format("parts") + PARTS, "p.toml", actor=who(office, "Dana"), as_of=DAY)
    kept = packs.export(office, "parts")
    assert '[gate.single-source]\ntitle = "Part without an approved alternate"\nsubject = "record:part"\n' in kept
    assert packs.add(office, kept, "p.toml", actor=who(office, "Dana"), as_of=DAY).change is None
    other = head.format("others") + PARTS.replace("alternate is empty and open", "open")
    _, faults = packs.check(office, other, "o.toml")
    assert [f.said for f in faults] == ["o.toml, line 11, gate.single-source: the pack parts has another gate “single-source” already; "
                                        "give this one its own name"]  # fmt: skip
    part(office, "A", "Disc", single_source="yes")
    assert len(gates.ahead(office, of(office, "A"), date.max, DAY)) == 1
    rules(office, PARTS.replace("alternate is empty and open", "name = 'Hose'"))
    assert gates.ahead(office, of(office, "A"), date.max, DAY) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('subject = "record:part"', 'subject = "record:prat"', "gate.single-source.subject: there is no kind of record “prat”. Did you "
         "mean “part”?"),
        ('subject = "record:part"', 'subject = "activity:order"', "“activity:order” cannot stand in the way; write partner or record:KIND"),
        ("single_source and", "single_sauce and", "gate.single-source.when: character 1: there is no field “single_sauce”. Did you "
         "mean “single_source”?"),
        ("alternate is empty", "alternate < effective_on", "gate.single-source.when"),
        ('blocks = "approval"', 'blocks = "aproval"', "is none of: approval, service, effective, close. Did you mean “approval”?"),
        ('blocks = "approval"', "", "gate.single-source: “blocks” is missing"),
        ('blocks = "approval"', 'blocks = "service"\nkinds = ["greet"]', "there is no kind of case “greet”"),
        ('blocks = "approval"', 'blocks = "approval"\nkinds = ["deactivaton"]', "Did you mean “deactivation”?"),
        ('by = "role:finance"', 'by = "role:finnace"', "gate.single-source.by: “finnace” is no role"),
        ("{{ ref }}", "{{ reff }}", "gate.single-source.detail: character 1: there is no field “reff”. Did you mean “ref”?"),
        ("{{ ref }}", "{{ ref", "this field is never closed"),
        ('title = "Part without', 'titel = "Part without', "there is no “titel” here"),
    ],
)  # fmt: skip
def test_every_fault_of_a_gate_is_told_with_its_place(office: Store, old: str, new: str, said: str) -> None:
    assert old in PARTS
    _, faults = packs.check(office, PARTS.replace(old, new), "parts.toml")
    assert any(said in fault.said for fault in faults), [fault.said for fault in faults]
    assert all(fault.line for fault in faults)
