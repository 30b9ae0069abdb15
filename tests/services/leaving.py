"""How stories of partners that leave are told: an office, agreements, cases and their acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from prm_tui.services import cases, contacts, deactivation, files, partners, people, records
from storage import Store

DAY = date(2026, 3, 31)


@contextmanager
def an_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A file with Dana, Max and Lee, who is legal, and the partners A, B and C."""
    monkeypatch.setenv("PRM_NOW", "2026-03-31T09:00:00")
    with files.open_file(tmp_path / "office.db", create=True) as store:
        for name, roles in (("Dana", ["program manager"]), ("Max", ["manager"]), ("Lee", ["legal"])):
            people.add(store, name, roles=roles, actor=None, as_of=DAY)
        for code in ("A", "B", "C"):
            fields = {"code": code, "name": f"Partner {code}", "territory": "West", "joined_on": "2024-01-15"}
            partners.add(store, fields, actor=None, as_of=DAY)
            contact = {"name": f"Kim {code}", "email": f"kim@{code.lower()}.example", "main": "yes"}
            contacts.add(store, of(store, code), contact, actor=None, as_of=DAY)
        yield store


def of(store: Store, code: str) -> int:
    return partners.resolve(store, code)


def who(store: Store, name: str) -> int:
    return people.find(store, name).id


def later(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    """The day the office stands at from now on."""
    monkeypatch.setenv("PRM_NOW", f"{day}T09:00:00")


def agree(store: Store, code: str, **clauses: str) -> None:
    """An agreement of a partner, with its clauses."""
    fields = {"name": f"Agreement {code}", "status": "active", **clauses}
    records.add(store, of(store, code), "agreement", fields, actor=None, as_of=DAY)


def ask(store: Store, *codes: str, reason: str = "inactivity", by: str = "Dana", **chosen: Any) -> list[int]:
    chosen = {"as_of": DAY, **chosen}
    return deactivation.submit(store, [of(store, code) for code in codes], reason, actor=who(store, by), **chosen)


def status(store: Store, code: str) -> object:
    return partners.get(store, of(store, code), DAY).fields["status"]


def approvals(store: Store, case: int) -> list[int]:
    return [t.id for t in cases.get(store, case).tasks if t.kind == "approval" and t.state == "open"]


def approve(store: Store, case: int, by: str = "Max", as_of: date = DAY, **more: Any) -> None:
    (task,) = approvals(store, case)
    cases.approve(store, task, actor=who(store, by), as_of=as_of, **more)


def serve(store: Store, case: int, *, as_of: date = DAY, **how: Any) -> Any:
    said = {"method": "courier", "proof": None, "actor": who(store, "Lee"), "as_of": as_of, **how}
    return deactivation.serve(store, case, **said)


def in_notice(store: Store, code: str, **chosen: Any) -> int:
    """A partner that is in notice by an approved case."""
    (case,) = ask(store, code, **({"notice": "table"} | chosen))
    approve(store, case)
    serve(store, case)
    return case


def gone(store: Store, code: str, monkeypatch: pytest.MonkeyPatch, **chosen: Any) -> int:
    """A partner that has left, on the day it did."""
    case = in_notice(store, code, **chosen)
    end = date.fromisoformat(cases.get(store, case).data["effective_on"])
    later(monkeypatch, end)
    deactivation.complete(store, case, actor=who(store, "Lee"), as_of=end)
    return case
