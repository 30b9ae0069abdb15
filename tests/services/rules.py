"""How stories of automation are told: rules that Dana saves and Max switches on, partners, runs, answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from prm_tui.domain.exchange import Choices
from prm_tui.domain.run import Run
from prm_tui.services import automation, contacts, exchange, files, packs, partners, people, timeline, triggers
from storage import Store

DAY = date(2026, 3, 31)
WELCOME = """
[template.hello]
subject = "{{ partner.name }}: hello"
body = "Dear {{ contact.name }}, your territory is {{ partner.territory }}."
"""


@contextmanager
def an_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
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


def take(store: Store, path: Path) -> int:
    with exchange.read(store, [path]) as reading:
        change = exchange.commit(store, reading, Choices(), actor=None, as_of=DAY).change
    assert change is not None
    return change
