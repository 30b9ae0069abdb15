"""Rules come into a file as packs: added once, changed by versions, taken back, given on, and switched on by two people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from prm_tui.domain.errors import InputError, UsageError
from prm_tui.domain.pack import PackError
from prm_tui.domain.person import ROLES
from prm_tui.services import conditions, files, history, packs, people, triggers
from storage import Store

DAY = date(2026, 3, 31)
RULES = """
[pack]
name = "drinks"
title = "Drinks"
kind = "industry"

[field.partner.cellar]
label = "Cellar, m²"
type = "number"

[activity.tasting]
label = "Tasting"
class = "contact"
fields = { bottles = "number", host = "contact" }

[record.listing]
label = "Listing"
open = ["listed"]
emits = { starts_on = "tasting" }

[fact.thirsty]
value = "count(tasting, 90) > 2 and cellar >= 20"
sentence = "Tastes often and has room."

[trigger.second-tasting]
title = "Tastes again"
when = "thirsty"
start = "praise"

[workflow.praise]
title = "Praise"
[[workflow.praise.step]]
id = "task"
do = "task"
title = "Say well done"
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Store]:
    """A file with Dana and Max."""
    store = files.open_file(tmp_path / "office.db", create=True)
    for name, roles in (("Dana", ["program manager"]), ("Max", ["manager"])):
        people.add(store, name, roles=roles, actor=None, as_of=DAY)
    yield store
    store.close()


def who(store: Store, name: str) -> int:
    return people.find(store, name).id


def add(store: Store, text: str, by: str | None = "Dana", file: str = "drinks.toml") -> packs.Adding:
    return packs.add(store, text, file, actor=who(store, by) if by else None, as_of=DAY)


def on(store: Store, name: str, by: str | None, first: str | None = None) -> int | None:
    return triggers.switch_on(store, name, first=first, actor=who(store, by) if by else None, as_of=DAY)


def count(store: Store, table: str) -> int:
    return int(store.conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_an_industry_pack_brings_kinds_fields_facts_and_a_trigger_that_is_off(office: Store) -> None:
    done = add(office, RULES)
    assert done.change is not None and done.off == ()
    assert conditions.reading(office, "thirsty and count(listing, 90) > 0 and sum(tasting.bottles, 90) > 5")
    row, trigger = triggers.find(office, "second-tasting", DAY)
    assert (row.on, row.version, row.pack, row.saved_by, trigger.start) == (False, 1, "drinks", "Dana", "praise")
    listed = packs.listed(office)
    assert [p.name for p in listed] == sorted([*packs.built_in(), "drinks"])
    assert [p.name for p in listed if p.added is not None] == ["drinks"]


def test_adding_again_changes_nothing_and_what_is_new_is_a_version(office: Store) -> None:
    add(office, RULES)
    assert add(office, RULES).change is None
    assert add(office, f"# only a remark\n{RULES}").change is None
    changed = add(
        office, RULES.replace("Say well done", "Say it again").replace('when = "thirsty"', 'when = "not thirsty"')
    )
    assert changed.change is not None
    assert triggers.find(office, "second-tasting", DAY)[0].version == 2
    assert (count(office, "trigger_versions"), count(office, "workflow_versions")) == (2, 2)
    history.undo(office, changed.change, actor=None, as_of=DAY)
    row, trigger = triggers.find(office, "second-tasting", DAY)
    assert (row.version, trigger.when) == (1, "thirsty")
    assert packs.export(office, "drinks") == packs.text_of(office, "drinks")


def test_a_pack_is_taken_back_whole(office: Store) -> None:
    tables = ("packs", "kinds", "fields", "facts", "triggers", "trigger_versions", "workflows", "workflow_versions")
    before = [count(office, table) for table in tables]
    done = add(office, RULES)
    assert [count(office, table) for table in tables] != before
    plan = history.undo(office, done.change, actor=None, as_of=DAY)
    assert plan.whole and [count(office, table) for table in tables] == before
    assert add(office, RULES).change is not None


def test_what_was_added_is_given_on_as_it_was(office: Store, tmp_path: Path) -> None:
    for name in ("gone-quiet", "compliance-renewal"):
        packs.add_named(office, name, actor=None, as_of=DAY)
    add(office, RULES)
    with files.open_file(tmp_path / "other.db", create=True) as other:
        people.add(other, "Ann", roles=["program manager", "manager"], actor=None, as_of=DAY)
        for name in ("tier-review", "gone-quiet", "compliance-renewal", "drinks"):
            text = packs.export(office, name)
            assert packs.add(other, text, "x.toml", actor=None, as_of=DAY).change is not None
            assert packs.export(other, name) == text
            assert packs.add(office, text, "x.toml", actor=None, as_of=DAY).change is None


def test_triggers_are_given_on_with_what_they_need(office: Store, tmp_path: Path) -> None:
    packs.add_named(office, "gone-quiet", actor=None, as_of=DAY)
    packs.add_named(office, "compliance-renewal", actor=None, as_of=DAY)
    text = triggers.export(office, ["certificate-renewal"], DAY)
    assert "[workflow.renewal]" in text and "[template.it-has-ended]" in text and "winback" not in text
    assert "[fact.lapsed]" in text, "what its workflow speaks of goes with it"
    assert add(office, triggers.export(office, [], DAY), file="all.toml").pack.kind == "own"
    assert triggers.find(office, "gone-quiet", DAY)[0].version == 1, "the same content is no version"
    with files.open_file(tmp_path / "other.db", create=True) as other:
        people.add(other, "Ann", roles=["program manager"], actor=None, as_of=DAY)
        packs.add(other, text, "t.toml", actor=None, as_of=DAY)
        assert triggers.export(other, ["certificate-renewal"], DAY) == text


@pytest.mark.parametrize("name", packs.built_in())
def test_every_trigger_is_given_on_with_all_it_speaks_of(office: Store, tmp_path: Path, name: str) -> None:
    if name in packs.PROGRAM:
        return
    with files.open_file(tmp_path / "other.db", create=True) as other:
        for file in (office, other):
            people.add(file, "Everybody", roles=list(ROLES), actor=None, as_of=DAY)
        packs.add_named(office, name, actor=None, as_of=DAY)
        for row in triggers.listed(office, DAY):
            text = triggers.export(office, [row.name], DAY)
            assert packs.add(other, text, "t.toml", actor=None, as_of=DAY).pack.triggers
            assert triggers.export(other, [row.name], DAY) == text


def test_what_a_pack_needs_is_added_before_it(office: Store) -> None:
    done = packs.add_named(office, "gone-quiet", actor=None, as_of=DAY)
    assert done.before == ("tier-review",)
    assert [p.name for p in packs.listed(office) if p.added is not None] == ["gone-quiet", "tier-review"]
    assert packs.add_named(office, "gone-quiet", actor=None, as_of=DAY).before == ()
    with pytest.raises(
        PackError, match=r"pack.needs 1: it needs the pack cellar; add that first: prm packs add cellar"
    ):
        add(office, RULES.replace('kind = "industry"', 'kind = "industry"\nneeds = ["cellar"]'))
    add(office, RULES.replace('kind = "industry"', 'kind = "industry"\nneeds = ["gone-quiet"]'))
    assert 'needs = ["gone-quiet"]' in packs.export(office, "drinks")


def test_a_file_of_ones_own_edits_a_pack_but_never_stands_in_for_it(office: Store) -> None:
    packs.add_named(office, "gone-quiet", actor=None, as_of=DAY)
    own = triggers.export(office, ["gone-quiet"], DAY).replace("days_since(order) > 100", "days_since(order) > 60")
    assert add(office, own, file="gone-quiet.toml").pack.name == "gone-quiet-own"
    row, trigger = triggers.find(office, "gone-quiet", DAY)
    assert row.version == 2 and "> 60" in (trigger.when or "") and row.saved_by == "Dana"
    assert "> 100" in packs.export(office, "gone-quiet")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[pack]\nname = "b"\n[activity.tasting]\nlabel = "Tasting"\nclass = "commercial"\n',
         "line 5, activity.tasting.class: the pack drinks has a kind of activity “tasting” already, with another class: contact"),
        ('[activity.tasting]\nlabel = "Tasting"\nfields = { bottles = "text" }\n',
         "line 3, activity.tasting.fields.bottles: this field is number in the file, not text"),
        ('[activity.order]\nlabel = "Purchase"\n', "the pack core has a kind of activity “order” already, with another label: Order"),
        ('[field.partner.cellar]\ntype = "text"\n', "field.partner.cellar.type: this field is number in the file, not text"),
        ('[fact.thirsty]\nvalue = "never(order)"\n', "the pack drinks has a fact “thirsty” already: count(tasting, 90) > 2"),
        ('[pack]\nname = "b"\n[workflow.praise]\ntitle = "Other"\n[[workflow.praise.step]]\nid = "a"\ndo = "end"\n',
         "line 3, workflow.praise: the pack drinks has another workflow “praise” already; give this one its own name"),
        ('[workflow.deactivation]\ntitle = "Mine"\n[[workflow.deactivation.step]]\nid = "a"\ndo = "end"\n',
         "“deactivation” belongs to the program; give this one its own name"),
        ('[pack]\nname = "core"\n', "“core” belongs to the program"),
        ('[workflow.w]\ntitle = "W"\nowner = "role:finance"\n[[workflow.w.step]]\nid = "a"\ndo = "end"\n',
         "line 3, workflow.w.owner: nobody is finance; add somebody: prm people add NAME --role finance"),
    ],
    ids=["kind", "field", "core", "partner field", "fact", "workflow", "program workflow", "program pack", "role"],
)  # fmt: skip
def test_what_the_file_knows_otherwise_is_refused_and_nothing_is_written(office: Store, text: str, said: str) -> None:
    add(office, RULES)
    before = len(history.changes(office))
    with pytest.raises(PackError) as caught:
        add(office, text, file="b.toml")
    assert f"b.toml, {said}" in str(caught.value) or said in str(caught.value)
    assert len(history.changes(office)) == before


def test_a_pack_may_add_fields_to_a_kind_it_does_not_own(office: Store) -> None:
    add(office, '[pack]\nname = "b"\n[record.certification]\nlabel = "Certification"\nfields = { level = "number" }\n')
    assert conditions.reading(office, "has(certification where level > 2 and issuer = 'TÜV' and open)")


def test_a_trigger_that_messages_is_switched_on_by_a_second_person(office: Store) -> None:
    packs.add_named(office, "gone-quiet", actor=who(office, "Dana"), as_of=DAY)
    with pytest.raises(UsageError, match="gone-quiet messages: a person must switch it on"):
        on(office, "gone-quiet", None)
    with pytest.raises(UsageError, match="whoever saved the trigger gone-quiet cannot switch it on as well"):
        on(office, "gone-quiet", "Dana")
    with pytest.raises(UsageError, match="Did you mean “note”"):
        on(office, "gone-quiet", "Max", first="not")
    change = on(office, "gone-quiet", "Max", first="act")
    assert change is not None and triggers.find(office, "gone-quiet", DAY)[0].on
    assert office.setting("trigger.gone-quiet.first") == "act"
    assert on(office, "gone-quiet", "Max", first="act") is None
    history.undo(office, change, actor=None, as_of=DAY)
    assert not triggers.find(office, "gone-quiet", DAY)[0].on
    assert office.setting("trigger.gone-quiet.first") is None


def test_one_that_only_gives_work_needs_no_second_person(office: Store) -> None:
    add(office, RULES)
    assert on(office, "second-tasting", None) is not None
    assert triggers.switch_off(office, "second-tasting", actor=None, as_of=DAY) is not None
    assert triggers.switch_off(office, "second-tasting", actor=None, as_of=DAY) is None
    with pytest.raises(UsageError, match="Did you mean “second-tasting”"):
        on(office, "second-tastin", None)


def test_who_changes_what_a_running_trigger_does_needs_a_second_person_again(office: Store) -> None:
    packs.add_named(office, "gone-quiet", actor=who(office, "Dana"), as_of=DAY)
    on(office, "gone-quiet", "Max")
    text = packs.export(office, "gone-quiet")
    assert add(office, text.replace("about = ", "about = 'X'\n#"), by="Max").off == (), "what it does stays the same"
    done = add(office, text.replace('within = "3 business days"', 'within = "1 hour"'), by="Max")
    assert done.off == ("gone-quiet",) and not triggers.find(office, "gone-quiet", DAY)[0].on
    with pytest.raises(UsageError, match="whoever saved the workflow winback cannot switch it on as well"):
        on(office, "gone-quiet", "Max")
    with pytest.raises(UsageError, match="whoever saved the trigger gone-quiet"):
        on(office, "gone-quiet", "Dana")
    people.add(office, "Lee", roles=["legal"], actor=None, as_of=DAY)
    assert on(office, "gone-quiet", "Lee") is not None


def test_names_and_files_that_are_none_are_told_apart(office: Store, tmp_path: Path) -> None:
    def named(said: str) -> None:
        packs.add_named(office, said, actor=None, as_of=DAY)

    with pytest.raises(UsageError, match="Did you mean “gone-quiet”"):
        named("gone-quite")
    with pytest.raises(UsageError, match="core belongs to the program"):
        named("core")
    with pytest.raises(InputError, match="cannot be read"):
        named(str(tmp_path / "none.toml"))
    (tmp_path / "latin.toml").write_bytes(b'[pack]\ntitle = "caf\xe9"\n')
    with pytest.raises(InputError, match="not text in UTF-8"):
        named(str(tmp_path / "latin.toml"))
    with pytest.raises(InputError, match="this is no file"):
        named(str(tmp_path))
    with pytest.raises(UsageError, match="Add it first: prm packs add gone-quiet"):
        packs.export(office, "gone-quiet")
