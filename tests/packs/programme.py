"""An office with everybody a program needs, in which the stories of the packs are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from prm_tui.domain.case import TaskRow
from prm_tui.domain.run import Run
from prm_tui.services import automation, cases, contacts, files, packs, partners, people, records, timeline, triggers
from storage import Store

DAY = date(2026, 3, 2)
PEOPLE = {
    "Dana": ["program manager"],
    "Pat": ["partner manager"],
    "Max": ["manager"],
    "Fin": ["finance"],
    "Lea": ["legal"],
    "Olga": ["operations"],
    "Cora": ["compliance"],
    "Mark": ["marketing"],
    "Enno": ["enablement"],
}


class Office:
    """One file on one day. Dana writes rules, Max switches them on, Pat manages the partners."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self.monkeypatch, self.day = store, monkeypatch, DAY

    def on(self, day: date | int) -> Office:
        """Another day: a date, or so many days after the first."""
        self.day = day if isinstance(day, date) else DAY + timedelta(days=day)
        self.monkeypatch.setenv("PRM_NOW", f"{self.day}T09:00:00")
        return self

    # ---- what people do ----

    def who(self, name: str) -> int:
        return people.find(self.store, name).id

    def switch_on(self, *names: str, first: str | None = None) -> None:
        """Add packs of the program as Dana, and switch on all they brought as Max."""
        before = {row.name for row in triggers.listed(self.store, self.day)}
        for name in names:
            packs.add_named(self.store, name, actor=self.who("Dana"), as_of=self.day)
        for row in triggers.listed(self.store, self.day):
            if row.name not in before:
                assert not row.on
                triggers.switch_on(self.store, row.name, first=first, actor=self.who("Max"), as_of=self.day)

    def partner(self, code: str, **fields: str) -> int:
        """A partner of Pat's with a contact, Kim."""
        known = {"code": code, "name": f"Partner {code}", "manager": "Pat", "status": "Active", **fields}
        made = partners.add(self.store, known, actor=None, as_of=self.day)
        contact = {"name": f"Kim {code}", "email": f"kim@{code.lower()}.example", "main": "yes"}
        contacts.add(self.store, made, contact, actor=None, as_of=self.day)
        return made

    def set(self, code: str, **fields: str) -> None:
        partners.edit(self.store, self.of(code), fields, actor=None, as_of=self.day)

    def of(self, code: str) -> int:
        return partners.resolve(self.store, code)

    def field(self, code: str, key: str) -> Any:
        found = partners.get(self.store, self.of(code), self.day)
        return found.fields[key] if key in found.fields else found.custom.get(key)

    def record(self, code: str, kind: str, **fields: str) -> int:
        return records.add(self.store, self.of(code), kind, fields, actor=None, as_of=self.day)

    def change(self, record: int, **fields: str) -> None:
        records.edit(self.store, record, fields, actor=None, as_of=self.day)

    def records(self, code: str, kind: str) -> list[tuple[str, str | None]]:
        """Name and status of a partner's records of a kind, in the order they were made."""
        found = sorted(records.list_of(self.store, self.of(code), kind), key=lambda r: r.id)
        return [(r.name, r.fields["status"]) for r in found]

    def happened(
        self,
        code: str,
        kind: str,
        on: date | None = None,
        amount: str | None = None,
        ref: str | None = None,
        **data: str,
    ) -> int:
        return timeline.log(
            self.store, self.of(code), kind, on=on or self.day, amount=None if amount is None else Decimal(amount), ref=ref,
            data=data, actor=None, as_of=self.day,
        )  # fmt: skip

    # ---- running ----

    def run(self) -> Run:
        """Rehearse, see that nothing remains, run: it does what was rehearsed; and again, which does nothing."""
        before = list(self.store.conn.iterdump())
        told = automation.rehearse(self.store, as_of=self.day)
        assert list(self.store.conn.iterdump()) == before
        done = automation.run(self.store, as_of=self.day)
        assert (told.fired, told.counts, told.effects) == (done.fired, done.counts, done.effects)
        again = automation.run(self.store, as_of=self.day)
        assert again.quiet, again.lines()
        return done

    def inbox(self) -> list[str]:
        return [task.title for task in cases.inbox(self.store)]

    def task(self, title: str) -> TaskRow:
        """The first open task whose title holds this."""
        found = [task for task in cases.inbox(self.store) if title in task.title]
        assert found, f"{title}: {self.inbox()}"
        return found[0]

    def done(self, title: str, by: str = "Pat") -> Run:
        """Do a task, and let automation go on."""
        cases.done(self.store, self.task(title).id, actor=self.who(by), as_of=self.day)
        return self.run()

    def approve(self, title: str, by: str, choice: str | None = None) -> Run:
        """Say yes, or which; and let automation go on."""
        person = people.find(self.store, by)
        asked = [t for t in cases.inbox(self.store) if title in t.title and (t.role in person.roles or t.owner == by)]
        assert asked, f"{title} for {by}: {[(t.title, t.role) for t in cases.inbox(self.store)]}"
        cases.approve(self.store, asked[0].id, choice=choice, actor=person.id, as_of=self.day)
        return self.run()

    def reject(self, title: str, by: str, reason: str) -> Run:
        """Say no, and let automation go on."""
        cases.reject(self.store, self.task(title).id, reason, actor=self.who(by), as_of=self.day)
        return self.run()

    # ---- what there is ----

    def all(self, sql: str, *params: object) -> list[Any]:
        rows = self.store.conn.execute(sql, params).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    def messages(self, state: str = "draft") -> list[str]:
        return self.all("SELECT subject FROM messages WHERE state = ? ORDER BY id", state)

    def outcomes(self, kind: str) -> list[tuple[str, str | None]]:
        """Partner and outcome of the cases of a kind; None while it is open."""
        return self.all(
            "SELECT p.code, c.outcome FROM cases c JOIN partners p ON p.id = c.partner_id WHERE c.kind = ? ORDER BY c.id",
            kind,
        )

    def ledger(self) -> list[tuple[str, int, str | None, str]]:
        """(kind, whole amount, currency, state) of every line."""
        return self.all("SELECT kind, amount / 10000, currency, state FROM ledger ORDER BY id")

    def tags(self, code: str) -> list[str]:
        return self.all("SELECT tag FROM tags WHERE partner_id = ? ORDER BY tag", self.of(code))

    def documents(self) -> list[str]:
        return self.all("SELECT title FROM evidence WHERE kind = 'document' ORDER BY id")


@contextmanager
def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A new file with everybody in it, on the first day."""
    monkeypatch.setenv("PRM_NOW", f"{DAY}T09:00:00")
    store = files.open_file(folder / "office.db", create=True)
    for name, roles in PEOPLE.items():
        people.add(store, name, email=f"{name.lower()}@example.org", roles=roles, actor=None, as_of=DAY)
    yield Office(store, monkeypatch)
    store.close()
