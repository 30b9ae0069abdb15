"""A file is told about itself: who must agree, how late its feeds may be. A consultant alone can say that one is enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from prm_tui.domain.errors import UsageError
from prm_tui.services import (
    automation,
    cases,
    deactivation,
    file_settings,
    files,
    history,
    packs,
    partners,
    people,
    planning,
    timeline,
    triggers,
)
from storage import Store

DAY = date(2026, 3, 31)
RULE = """
[trigger.hello]
title = "Hello"
on = "manual"
start = "greet"
[workflow.greet]
title = "Greet"
[[workflow.greet.step]]
id = "ask"
do = "approve"
title = "May we write?"
by = "role:manager"
[[workflow.greet.step]]
id = "write"
do = "notify"
to = "role:manager"
template = "hello"
[template.hello]
subject = "Hello"
body = "Hello {{ partner.name }}"
"""


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, int]]:
    """A file of one person, who does everything."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    with files.open_file(tmp_path / "office.db", create=True) as store:
        people.add(store, "Sol", email="sol@example.org", roles=["manager"], actor=None, as_of=DAY)
        partners.add(store, {"code": "A", "name": "Partner A"}, actor=None, as_of=DAY)
        yield store, people.find(store, "Sol").id


def put(store: Store, key: str, value: str, actor: int | None) -> int | None:
    return file_settings.put(store, {key: value}, actor=actor, as_of=DAY)


def test_one_person_can_do_it_all_when_the_file_says_so_and_every_case_says_it(alone: tuple[Store, int]) -> None:
    store, sol = alone
    packs.add(store, RULE, "rules.toml", actor=sol, as_of=DAY)
    with pytest.raises(UsageError, match="prm settings persons 1"):
        triggers.switch_on(store, "hello", actor=sol, as_of=DAY)
    with pytest.raises(UsageError, match="Say who wants to change how many persons must agree"):
        put(store, "persons", "1", None)
    lowered = put(store, "persons", "1", sol)
    assert lowered and put(store, "persons", "1", sol) is None, "it is so already"
    triggers.switch_on(store, "hello", actor=sol, as_of=DAY)
    automation.begin(store, "hello", "A", None, actor=sol, as_of=DAY)
    (task,) = [task for task in cases.inbox(store) if task.kind == "approval"]
    cases.approve(store, task.id, actor=sol, as_of=DAY)
    assert task.case_id is not None
    assert cases.get(store, task.case_id).one_person == "asked for and approved by one person, Sol"

    partner = partners.resolve(store, "A")
    assert planning.plan(store, partner, "inactivity", as_of=DAY).by == "a person by name"
    (case,) = deactivation.submit(store, [partner], "inactivity", notice="table", actor=sol, as_of=DAY)
    assert cases.get(store, case).one_person == "one person is enough in this file: said by Sol on 2026-03-31"
    (approval,) = [t.id for t in cases.get(store, case).tasks if t.kind == "approval"]
    cases.approve(store, approval, actor=sol, as_of=DAY)
    assert cases.get(store, case).row.stage == "notice"

    history.undo(store, lowered, actor=sol, as_of=DAY)
    assert [row.value for row in file_settings.listed(store)] == [2, 35, 365, 1, 30, 1, 3, 180]
    assert cases.get(store, case).one_person == "asked for and approved by one person, Sol", "it says so for ever"
    people.add(store, "Ann", roles=["manager"], actor=None, as_of=DAY)
    partners.add(store, {"code": "B", "name": "Partner B"}, actor=None, as_of=DAY)
    (other,) = deactivation.submit(
        store, [partners.resolve(store, "B")], "inactivity", notice="table", actor=sol, as_of=DAY
    )
    (approval,) = [t.id for t in cases.get(store, other).tasks if t.kind == "approval"]
    with pytest.raises(UsageError) as refused:
        cases.approve(store, approval, actor=sol, as_of=DAY)
    assert str(refused.value).endswith("A second person has to."), "there is somebody to ask now"


def test_what_cannot_be_is_refused_with_what_can(alone: tuple[Store, int]) -> None:
    store, sol = alone
    for key, value, said in (
        ("persons", "3", "persons: persons who agree is a whole number from 1 to 2, not “3”"),
        ("coverage_tolerance", "-1", "from 0 to 400"),
        ("year_starts", "April", "from 1 to 12, not “April”"),
        ("year_start", "4", "Did you mean “year_starts”?"),
    ):
        with pytest.raises(UsageError, match=said.replace("?", r"\?")):
            put(store, key, value, sol)
    assert all(not row.by for row in file_settings.listed(store))


def test_another_beginning_of_the_year_makes_triggers_look_again(alone: tuple[Store, int]) -> None:
    store, sol = alone
    rule = '[trigger.big]\ntitle = "Big"\nwhen = "sum(order.amount, year) >= 100"\nstart = "look"\nfirst = "act"\n'
    packs.add(store, rule + '[workflow.look]\ntitle = "Look"\n[[workflow.look.step]]\nid = "t"\ndo = "task"\ntitle = "T"\n',
              "rules.toml", actor=None, as_of=DAY)  # fmt: skip
    timeline.log(store, partners.resolve(store, "A"), "order", on=date(2025, 11, 1), amount=Decimal(100), ref=None, data={},
                 actor=None, as_of=DAY)  # fmt: skip
    triggers.switch_on(store, "big", actor=sol, as_of=DAY)
    assert automation.run(store, as_of=DAY).quiet
    put(store, "year_starts", "10", sol)
    assert not automation.run(store, as_of=DAY).quiet
