"""An office in which a pack is added by one person and switched on by another; sheets come in, rules act, people answer."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from prm_tui.domain.case import TaskRow
from prm_tui.domain.exchange import Choices, SheetReport
from prm_tui.domain.run import Run
from prm_tui.services import automation, cases, contacts, exchange, files, packs, partners, people, triggers
from storage import Store

DAY = date(2026, 3, 31)


def book_of(name: str) -> Path:
    """A workbook that comes with a pack, by its name."""
    (found,) = Path(packs.__file__).parents[1].glob(f"packs/*/{name}.xlsx")
    return found


PEOPLE = {
    "Dana": ["program manager", "partner manager"],
    "Max": ["manager", "finance"],
    "Lea": ["legal", "support", "enablement"],
    "Cleo": ["compliance", "operations"],
}


@dataclass
class Office:
    """A file, the people of it, and the day it is."""

    store: Store
    clock: pytest.MonkeyPatch
    today: date = DAY

    def who(self, name: str) -> int:
        """One of our own."""
        return people.find(self.store, name).id

    def of(self, code: str) -> int:
        """A partner."""
        return partners.resolve(self.store, code)

    def adopt(self, pack: str) -> list[str]:
        """Dana adds a pack, its triggers are rehearsed, Max switches them on; a first run finds nothing to do."""
        added = packs.add_named(self.store, pack, actor=self.who("Dana"), as_of=self.today)
        names = list(added.pack.triggers)
        for name in names:
            assert automation.rehearse(self.store, name, as_of=self.today).rehearsed
            if triggers.acts_of(self.store, name):
                with pytest.raises(Exception, match="cannot switch it on as well"):
                    triggers.switch_on(self.store, name, actor=self.who("Dana"), as_of=self.today)
            triggers.switch_on(self.store, name, actor=self.who("Max"), as_of=self.today)
        assert self.run().quiet
        return names

    def rules(self, text: str) -> None:
        """Rules of one's own: Dana saves them, Max switches them on, and a first run takes note of what is there."""
        added = packs.add(self.store, text, "rules.toml", actor=self.who("Dana"), as_of=self.today)
        for name in added.pack.triggers:
            triggers.switch_on(self.store, name, actor=self.who("Max"), as_of=self.today)
        self.run()

    def later(self, days: int) -> None:
        """So many days after the first one it is now."""
        self.today = DAY + timedelta(days=days)
        self.clock.setenv("PRM_NOW", f"{self.today}T09:00:00")

    def take(
        self, book: str, choices: Choices | None = None, *, read_as: dict[str, str] | None = None
    ) -> dict[str, SheetReport]:
        """Import a workbook as it is, without a map: sheet → what it brought. `read_as`: what a sheet is said to be."""
        with exchange.read(self.store, [book_of(book)], forced=read_as) as reading:
            assert not reading.questions, reading.questions
            report = exchange.commit(self.store, reading, choices, actor=None, as_of=self.today)
        assert not report.refused(), report.refused()
        return {sheet.plan.sheet: sheet for sheet in report.sheets}

    def contact(self, *codes: str) -> None:
        """A main contact for partners whose sheets brought none."""
        for code in codes:
            fields = {"name": f"Kim {code}", "email": f"kim@{code.lower()}.example", "main": "yes"}
            contacts.add(self.store, self.of(code), fields, actor=None, as_of=self.today)

    def manage(self, *codes: str, by: str = "Dana") -> None:
        """Who looks after partners."""
        for code in codes:
            partners.edit(self.store, self.of(code), {"manager": by}, actor=None, as_of=self.today)

    def run(self, days: int | None = None) -> Run:
        """What is due is done; `days` after the first day."""
        if days is not None:
            self.later(days)
        rehearsed = automation.rehearse(self.store, as_of=self.today)
        done = automation.run(self.store, as_of=self.today)
        assert (rehearsed.fired, rehearsed.counts) == (done.fired, done.counts), "what was rehearsed is what happens"
        return done

    def fired(self, days: int | None = None) -> dict[str, int]:
        """Run; trigger → how many it acted on."""
        return {fired.name: fired.acted for fired in self.run(days).fired if fired.acted}

    def all(self, sql: str, *params: object) -> list[Any]:
        """Rows, of one column as plain values."""
        rows = self.store.conn.execute(sql, params).fetchall()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def field(self, code: str, name: str) -> Any:
        """A field of a partner, built in or custom."""
        partner = partners.get(self.store, self.of(code), self.today)
        return partner.fields.get(name, partner.custom.get(name))

    def tasks(self) -> list[str]:
        """What is to be done and decided."""
        return [task.title for task in self.inbox()]

    def inbox(self, by: str = "Dana") -> list[TaskRow]:
        """The same with all that is known of it, as somebody sees it."""
        return cases.inbox(self.store, self.who(by))

    def task(self, said: str) -> TaskRow:
        """The open task whose title holds a text."""
        (found,) = [task for task in self.inbox() if said in task.title and not task.title.startswith("Overdue")]
        return found

    def done(self, said: str, by: str) -> None:
        """Somebody has done a task."""
        cases.done(self.store, self.task(said).id, actor=self.who(by), as_of=self.today)

    def decide(self, said: str, choice: str | None, by: str) -> None:
        """Somebody decides."""
        cases.approve(self.store, self.task(said).id, choice=choice, actor=self.who(by), as_of=self.today)

    def messages(self) -> list[str]:
        """Drafts in the outbox."""
        return self.all("SELECT subject FROM messages WHERE state = 'draft' ORDER BY id")

    def returned(self) -> list[str]:
        """Messages that could not be written."""
        return self.all("SELECT subject FROM messages WHERE state = 'returned' ORDER BY id")

    def ledger(self, code: str) -> list[tuple[float, str]]:
        """Lines of a partner: amount, state."""
        return self.all("SELECT amount / 10000.0, state FROM ledger WHERE partner_id = ? ORDER BY id", self.of(code))

    def tags(self, code: str) -> list[str]:
        """Tags of a partner."""
        return self.all("SELECT tag FROM tags WHERE partner_id = ? ORDER BY tag", self.of(code))

    def records(self, code: str, kind: str, columns: str) -> list[Any]:
        """Columns of the records of a kind."""
        return self.all(
            f"SELECT {columns} FROM records WHERE partner_id = ? AND kind = ? ORDER BY id", self.of(code), kind
        )

    def sheet(self, title: str) -> list[list[Any]]:
        """The rows of a list that was kept with a case, its header first; dates as text."""
        (body,) = self.all("SELECT body FROM evidence WHERE title = ?", title)
        page = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
        rows = [list(row) for row in page.iter_rows(values_only=True)]
        return [[str(cell.date()) if isinstance(cell, datetime) else cell for cell in row] for row in rows]

    def outcomes(self, kind: str) -> list[str | None]:
        """How the cases of a kind ended."""
        return self.all("SELECT outcome FROM cases WHERE kind = ? ORDER BY id", kind)


def opened(path: Path, clock: pytest.MonkeyPatch) -> Office:
    """A new office on the first day."""
    clock.setenv("PRM_NOW", f"{DAY}T09:00:00")
    office = Office(files.open_file(path, create=True), clock)
    for name, roles in PEOPLE.items():
        people.add(office.store, name, email=f"{name.lower()}@example.org", roles=roles, actor=None, as_of=DAY)
    return office
