"""A deactivation is seen before it is asked for, and asked for with all that was chosen beside it, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prm_tui.domain.errors import DecisionNeeded, UsageError
from prm_tui.services import cases, leaving, obligations, records, transition
from prm_tui.services.leaving import Added, Beside
from storage import Store
from tests.services.leaving import DAY, an_office, of, who


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A has a customer; B is there to take over."""
    with an_office(tmp_path, monkeypatch) as store:
        fields = {"name": "Alba Ltd", "ref": "C-1", "status": "active"}
        records.add(store, of(store, "A"), "customer", fields, actor=None, as_of=DAY)
        yield store


def everything(store: Store) -> list[tuple[object, ...]]:
    """All that a file keeps, table by table."""
    tables = [name for (name,) in store.conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [tuple(store.conn.execute(f'SELECT * FROM "{name}"')) for name in sorted(tables)]


def test_looking_ahead_shows_the_case_and_leaves_nothing(office: Store) -> None:
    before = everything(office)
    partner = of(office, "A")
    beside = Beside(
        {partner: {"C-1": "B"}}, frozenset({"stock"}), (Added("Collect the show bike", "role:finance", 10),)
    )
    found = leaving.ahead(
        office, [partner], "inactivity", beside, actor=who(office, "Dana"), as_of=DAY, notice="table"
    )  # fmt: skip
    assert list(found) == [partner]
    one = found[partner]
    assert [(item.name, item.to) for item in one.items] == [("Alba Ltd", "B")]
    assert "Collect the show bike" in [o.title for o in one.obligations] and "stock" not in [
        o.kind for o in one.obligations
    ]
    assert "Notice of termination" in [letter.kind.title for letter in one.letters]
    assert everything(office) == before


def test_what_was_chosen_beside_it_comes_with_the_case(office: Store) -> None:
    partner = of(office, "A")
    beside = Beside(
        {partner: {"C-1": "B"}}, frozenset({"access"}), (Added("Collect the show bike", "role:finance", 10),)
    )
    (case,) = leaving.ask(
        office, [partner], "inactivity", beside, actor=who(office, "Dana"), as_of=DAY, notice="table"
    )  # fmt: skip
    assert [item.to for item in transition.items(office, case, DAY)] == ["B"]
    owed = {one.title: one for one in obligations.of(office, case, None)}
    assert owed["Collect the show bike"].role == "finance"
    assert "access" not in {one.kind for one in owed.values()} and len(owed) > 10


@pytest.mark.parametrize(
    "partners, taken", [("A", "NOBODY"), ("AB", "C-2")], ids=["nobody takes over", "no such thing"]
)
def test_what_cannot_be_is_told_before_anything_is_written(office: Store, partners: str, taken: str) -> None:
    before = everything(office)
    ids = [of(office, code) for code in partners]
    to = {"C-1": "NOBODY"} if taken == "NOBODY" else {taken: "C"}
    with pytest.raises(UsageError, match=taken):
        leaving.ask(
            office, ids, "inactivity", Beside({ids[0]: to}), actor=who(office, "Dana"), as_of=DAY, notice="table"
        )
    with pytest.raises(DecisionNeeded, match="notice"):
        leaving.ask(office, ids, "inactivity", Beside(), actor=who(office, "Dana"), as_of=DAY)
    assert everything(office) == before
    assert cases.list_of(office) == []
