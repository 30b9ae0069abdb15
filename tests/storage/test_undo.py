"""Taking a change back: exact where nothing else happened, careful where something did."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prm_tui.domain.change import UndoPlan
from prm_tui.services import history
from storage import Store
from storage.log_triggers import logged_tables
from storage.migrations import migrate

DAY = date(2026, 1, 31)


def write(store: Store, why: str, *statements: str) -> int:
    """One change that runs statements; `{id}` stands for the change."""
    with store.change(why, actor=None, as_of=DAY) as change:
        for statement in statements:
            change.conn.execute(statement.replace("{id}", str(change.id)))
    assert change.kept
    return change.id


def partner(code: str, name: str = "A Bike Store") -> str:
    return f"INSERT INTO partners(code, name, name_key, search, change_id) VALUES ('{code}', '{name}', '', '', {{id}})"


def order(code: str, ref: str) -> str:
    return (
        "INSERT INTO activities(partner_id, kind, occurred_on, learned_at, ref, amount, change_id)"
        f" SELECT id, 'order', '2026-01-05', 0, '{ref}', 100, {{id}} FROM partners WHERE code = '{code}'"
    )


def undo(store: Store, change_id: int | None = None, only: int | None = None) -> UndoPlan:
    return history.undo(store, change_id, only, actor=None, as_of=DAY)


def dump(conn: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every logged table."""
    return {t: conn.execute(f"SELECT * FROM {t} ORDER BY id").fetchall() for t in logged_tables(conn)}


def test_undo_of_an_import_restores_the_empty_file_and_undo_of_that_brings_it_back(store: Store) -> None:
    empty = dump(store.conn)
    change = write(store, "import", partner("1"), partner("2"), order("1", "SO1"))
    full = dump(store.conn)
    plan = undo(store)
    assert plan.whole
    assert plan.counts == {"reversed": {"partners": 2, "activities": 1}}
    assert dump(store.conn) == empty
    assert plan.done_by is not None
    again = undo(store, plan.done_by)
    assert again.whole
    assert dump(store.conn) == full
    assert history.changes(store)[-1].id == change


def test_a_field_edited_since_is_kept_and_the_others_are_put_back(store: Store) -> None:
    write(store, "add", partner("1"))
    change = write(store, "edit two fields", "UPDATE partners SET tier = 'Gold', country = 'Chile'")
    write(store, "edit one of them again", "UPDATE partners SET tier = 'Silver'")
    plan = undo(store, change)
    assert plan.counts == {"kept": {"partners": 1}}
    assert [(e.field, e.outcome) for e in plan.examples] == [("tier", "kept")]
    assert store.conn.execute("SELECT tier, country FROM partners").fetchone() == ("Silver", None)


def test_a_row_edited_since_is_kept_but_not_when_it_was_edited_back(store: Store) -> None:
    change = write(store, "add", partner("1"), partner("2"))
    write(store, "rename", "UPDATE partners SET name = 'Z' WHERE code = '1'")
    assert history.plan_undo(store, change).counts == {"kept": {"partners": 1}, "reversed": {"partners": 1}}
    write(store, "rename back", "UPDATE partners SET name = 'A Bike Store' WHERE code = '1'")
    assert history.plan_undo(store, change).whole


def test_a_row_that_others_need_is_blocked_and_says_by_what(store: Store) -> None:
    change = write(store, "add", partner("1"), partner("2"))
    write(store, "an order by hand", order("1", "SO1"))
    plan = undo(store, change)
    assert plan.counts == {"blocked": {"partners": 1}, "reversed": {"partners": 1}}
    assert plan.examples[0].why == "in use by activities"
    assert store.conn.execute("SELECT code FROM partners").fetchall() == [("1",)]


def test_the_plan_writes_nothing(store: Store) -> None:
    write(store, "add", partner("1"))
    before = dump(store.conn), len(history.changes(store))
    assert history.plan_undo(store).total("reversed") == 1
    assert (dump(store.conn), len(history.changes(store))) == before


def test_a_row_updated_twice_in_one_change_gets_its_first_value_back(store: Store) -> None:
    write(store, "add", partner("1"))
    change = write(
        store,
        "twice",
        "UPDATE partners SET tier = 'Silver', custom = '{\"phone\": \"1\"}'",
        "UPDATE partners SET tier = 'Gold', custom = '{\"phone\": \"2\"}'",
    )
    assert undo(store, change).whole
    assert store.conn.execute("SELECT tier, custom FROM partners").fetchone() == (None, "{}")


def test_a_deleted_row_comes_back_as_it_was(store: Store) -> None:
    write(store, "add", partner("1"), order("1", "SO1"))
    full = dump(store.conn)
    change = write(store, "delete", "DELETE FROM activities")
    assert undo(store, change).whole
    assert dump(store.conn) == full


def test_undo_limited_to_one_partner(store: Store) -> None:
    change = write(store, "import", partner("1"), partner("2"), order("1", "SO1"), order("2", "SO2"))
    (first,) = store.conn.execute("SELECT id FROM partners WHERE code = '1'").fetchone()
    plan = undo(store, change, first)
    assert plan.counts == {"reversed": {"partners": 1, "activities": 1}}
    assert store.conn.execute("SELECT code FROM partners").fetchall() == [("2",)]
    assert undo(store, change).counts == {"reversed": {"partners": 1, "activities": 1}}


def test_a_code_taken_by_another_partner_since_is_blocked(store: Store) -> None:
    write(store, "add", partner("1"))
    change = write(store, "recode", "UPDATE partners SET code = '9'")
    write(store, "add another", partner("1", "B"))
    plan = undo(store, change)
    assert plan.counts == {"blocked": {"partners": 1}}
    assert store.conn.execute("SELECT code FROM partners ORDER BY id").fetchall() == [("9",), ("1",)]


def test_undo_takes_what_the_change_caused_first(store: Store) -> None:
    cause = write(store, "import", partner("1"))
    with store.change("round", actor=None, as_of=DAY, caused_by=cause) as effect:
        effect.conn.execute("UPDATE partners SET tier = 'Gold'")
    plan = undo(store, cause)
    assert plan.also == [effect.id]
    assert plan.whole
    assert store.conn.execute("SELECT count(*) FROM partners").fetchone() == (0,)


edits = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 4), st.sampled_from(["A", "B"])),
        st.tuples(st.just("name"), st.integers(0, 4), st.sampled_from(["A", "B", "C"])),
        st.tuples(st.just("phone"), st.integers(0, 4), st.sampled_from(["1", "2", ""])),
        st.tuples(st.just("order"), st.integers(0, 4), st.sampled_from(["x", "y"])),
        st.tuples(st.just("drop"), st.integers(0, 4), st.just("")),
        st.tuples(st.just("tier"), st.integers(0, 4), st.sampled_from(["Gold", "Silver"])),
    ),
    min_size=1,
    max_size=6,
)


def statement(what: str, code: int, value: str) -> str:
    return {
        "add": partner(str(code), value).replace("INSERT INTO", "INSERT OR IGNORE INTO"),
        "name": f"UPDATE partners SET name = '{value}' WHERE code = '{code}'",
        "phone": "UPDATE partners SET custom = "
        + (f"json_set(custom, '$.phone', '{value}')" if value else "json_remove(custom, '$.phone')")
        + f" WHERE code = '{code}'",
        "tier": f"UPDATE partners SET tier = '{value}' WHERE code = '{code}'",
        "order": order(str(code), value).replace("INSERT INTO", "INSERT OR IGNORE INTO"),
        "drop": f"DELETE FROM activities WHERE partner_id = (SELECT id FROM partners WHERE code = '{code}')",
    }[what]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(edits, min_size=1, max_size=4))
@example(batches=[[("add", 0, "A"), ("add", 3, "A"), ("order", 3, "x")], [("drop", 3, ""), ("order", 0, "x")]])
def test_law_undoing_the_changes_newest_first_restores_each_picture(
    batches: list[list[tuple[str, int, str]]],
) -> None:
    with Store(Path(":memory:"), _memory(), read_only=False) as store:
        pictures: list[tuple[int, dict[str, list[tuple[object, ...]]]]] = []
        for batch in batches:
            before = dump(store.conn)
            with store.change("batch", actor=None, as_of=DAY) as change:
                for item in batch:
                    change.conn.execute(statement(*item).replace("{id}", str(change.id)))
            if change.kept:
                pictures.append((change.id, before))
        for change_id, before in reversed(pictures):
            undo(store, change_id)
            assert dump(store.conn) == before


def _memory() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("PRAGMA recursive_triggers = ON")
    migrate(conn)
    return conn
