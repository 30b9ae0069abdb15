"""Draws every screen of the demonstration file at 80×24 and 120×40 into docs/screens: make screens."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("PRM_NOW", "2026-01-05T09:00:00")  # so that pictures change only when screens do

import openpyxl
from textual.pilot import Pilot
from textual.widgets import Input

from prm_tui.app import PrmApp, start
from prm_tui.services import (
    automation,
    cases,
    contacts,
    deactivation,
    demo,
    export,
    files,
    history,
    obligations,
    outbox,
    packs,
    partners,
    people,
    records,
    rules,
    systems,
    transition,
    triggers,
)
from screens.widgets.table import Table
from storage import cases as stored
from storage.store import Change

OUT = Path(__file__).parent / "screens"
SIZES = ((80, 24), (120, 40))
QUIET = "days_since(order) > 100 and sum(order.amount, 365) > 0"
ASKING = """
[trigger.keep]
title = "Nothing bought for two years"
when = "days_since(order) > 850 and status = 'Active'"
start = "keep"
[workflow.keep]
title = "Keep or let go"
[[workflow.keep.step]]
id = "ask"
do = "approve"
title = "Keep {{ partner.name }}?"
by = "role:legal"
within = "4 business hours"
choices = { "keep" = "end", "let go" = "start:deactivation" }
"""
LEAVE = ("#filter=World Bike Discount", "a", "enter")
ON = ("greater_than_sign",)
DATED = (*LEAVE, *ON * 2, "enter", "Input=The line that fits", "enter")
HELD = (("customer", "Cycling Club Lyon", "12400"), ("customer", "Velo Verte", "3150"), ("customer", "Tour Hotel", "980"),
        ("deal", "Fleet of 40 e-bikes", "61000"), ("asset", "Demonstration stand", "2300"))  # fmt: skip
STANDING = {"customer": "active", "deal": "open", "asset": "lent"}
LINES = (
    ("commission", 1840, "approved"),
    ("commission", 1200, "paid"),
    ("commission", 310, "new"),
    ("rebate", 95, "approved"),
)
SCREENS: dict[str, tuple[str, ...]] = {
    "partners": (f"#filter={QUIET}",),
    "partners-fault": ("#filter=days_sinc(order) > 90",),
    "why": (f"#filter={QUIET}", "w"),
    "partner": ("#filter=Brakes and Gears", "enter"),
    "timeline": ("#filter=Brakes and Gears", "enter", "right", "enter"),
    "edit": ("#filter=Brakes and Gears", "e"),
    "today": ("1",),
    "cases": ("4",),
    "case": ("4", "enter"),
    "approve": ("1", "down", "down", "y"),
    "outbox": ("1", "o", "down", "space", "space"),
    "outbox-waits": ("1",),
    "message": ("1", "o", "down", "enter"),
    "message-edit": ("1", "o", "e"),
    "message-approve": ("1", "o", "down", "space", "space", "y"),
    "outbox-empty": ("1", "o"),
    "triggers": ("3", "down", "down"),
    "automation-empty": ("3",),
    "packs": ("3", "n", "enter"),
    "trigger": ("3", "enter"),
    "trigger-condition": (
        "3",
        "enter",
        "down",
        "down",
        "down",
        "e",
        "#filter=days_since(order) > 120 and territory = 'France'",
    ),
    "trigger-step": (
        "3",
        "enter",
        *["down"] * 13,
        "n",
        "enter",
        "#field0=Call {{ partner.name }}",
        "#field2=3 busines days",
    ),
    "trigger-text": ("3", "enter", "STEP", "E"),
    "rehearse": ("3", "D"),
    "backtest": ("3", "down", "down", "b", "enter"),
    "switch-on": ("3", "O", "down", "enter"),
    "runs": ("3", "L"),
    "run": ("3", "L", "enter"),
    "match": ("3", "L", "enter", "down", "down", "enter"),
    "answer": ("1", "down", "down", "y", "enter"),
    "deactivate": (*LEAVE, *ON),
    "deactivate-dates": DATED,
    "deactivate-transition": (*DATED, *ON),
    "deactivate-obligations": (*DATED, *ON * 2, "down", "enter"),
    "deactivate-review": (*DATED, *ON * 4),
    "case-obligations": ("4", "enter", "right"),
    "case-hand-over": ("4", "enter", *["right"] * 2),
    "case-letters": ("4", "enter", *["right"] * 3),
    "case-money": ("4", "enter", *["right"] * 4),
    "case-systems": ("4", "enter", *["right"] * 5),
    "case-actions": ("4", "enter", "a"),
    "insights": ("6",),
    "insights-types": ("6", "right"),
    "insights-segments": ("6", *["right"] * 2),
    "insights-review": ("6", *["right"] * 3),
    "insights-win-back": ("6", *["right"] * 4),
    "insights-reasons": ("6", *["right"] * 6),
    "insights-rules": ("6", *["right"] * 8),
    "insights-outlook": ("6", *["right"] * 9),
    "insights-survival": ("6", *["right"] * 10),
    "insights-cohorts": ("6", *["right"] * 12),
    "insights-ranks": ("6", *["right"] * 13),
    "insights-pillars": ("6", *["right"] * 14),
    "insights-policies": ("6", "left"),
    "behind": ("6", *["down"] * 3, "enter", "space"),
    "history": ("#filter=Brakes and Gears", "enter", "w"),
    "exchange": ("5",),
    "import": ("i", "#path=WORKBOOK", "enter"),
    "import-header": ("i", "#path=WORKBOOK", "enter", "H", "down"),
    "import-preview": ("i", "#path=WORKBOOK", "enter", "greater_than_sign"),
    "import-questions": ("i", "#path=QUESTIONS", "enter", "down"),
    "import-dates": ("i", "#path=QUESTIONS", "enter", "greater_than_sign"),
    "merge": ("i", "#path=RETURNED", "enter", "greater_than_sign", "t", "down"),
    "help": ("question_mark",),
    "commands": ("ctrl+p",),
    "undo": ("u",),
    "empty": (),
}


def prepared(folder: Path) -> tuple[Path, Path]:
    """The demonstration file with a case on its way, and an empty file."""
    path = folder / "demo.db"
    demo.build(path)
    with files.open_file(path) as store:
        dana, day = people.find(store, "Dana Program").id, store.today()
        found = [partners.resolve(store, code) for code in ("275", "70")]
        for partner in (found[0], partners.resolve(store, "World Bike Discount Store")):
            for kind, held, amount in HELD:
                fields = {
                    "name": held,
                    "ref": f"{kind[0].upper()}-{amount}",
                    "status": STANDING[kind],
                    "amount": amount,
                }
                records.add(store, partner, kind, fields, actor=dana, as_of=day)
        first, _ = deactivation.submit(
            store, found, "inactivity", notice="table", memo="No reply since July.", actor=dana, as_of=day
        )
        approval = next(t for t in cases.get(store, first).tasks if t.kind == "approval")
        cases.approve(store, approval.id, actor=people.find(store, "Max Manager").id, as_of=day)
    return path, folder / "new.db"


def leaving(folder: Path, path: Path) -> Path:
    """A copy of the file in which one partner is in notice: finance is to be told, money is due, customers go over."""
    there = Path(shutil.copy(path, folder / "leaving.db"))
    with files.open_file(there) as store:
        day, dana = store.today(), people.find(store, "Dana Program").id
        systems.add(
            store,
            "Finance",
            "Vendor=name, Status=status:Blocked",
            owner="Max Manager",
            due_days=7,
            actor=dana,
            as_of=day,
        )
        systems.add(
            store, "Price list", "Company=name, Remove by=effective_on", kind="department", actor=dana, as_of=day
        )
        going = partners.resolve(store, "275")
        case = next(c.id for c in cases.list_of(store, partner_id=going))
        with store.change("the ledger", actor=dana, as_of=day) as change:
            for kind, units, state in LINES:
                line = {"partner_id": going, "kind": kind, "currency": "EUR", "on_date": "2013-10-31"}
                stored.insert(change, "ledger", {**line, "amount": units * 10_000, "state": state})
        lee = people.find(store, "Lee Legal").id
        deactivation.serve(store, case, on=day, method="registered mail", proof=None, actor=lee, as_of=day)
        held = transition.items(store, case, day)
        to = {f"#{item.record_id}": "World Bike Discount Store" for item in held[:3]}
        transition.assign(store, case, to, actor=dana, as_of=day)
        transition.assign(store, case, {}, lines=list(to)[:1], consent="given", letter_on=day, actor=dana, as_of=day)
        first = next(o for o in obligations.of(store, case, dana))
        obligations.prove(store, first.id, proof=None, note="Letters went out on the same day", actor=dana, as_of=day)
    return there


def returned(folder: Path, path: Path) -> Path:
    """A copy of the file, a sheet that went out of it and came back, changed on both sides, and one with open questions."""
    merging = Path(shutil.copy(path, folder / "merge.db"))
    (folder / "orders.csv").write_text(
        "Order Date,Reseller,Order No,Amount,Remark\n"
        "03/04/2026,275,SO-1001,1200.50,paid\n05/04/2026,70,SO-1002,310,\n07/04/2026,275,SO-1003,88.20,first of three\n",
        encoding="utf-8",
    )
    out = folder / "Dealers.xlsx"
    with files.open_file(merging) as store:
        day = store.today()
        found = list(partners.find(store, as_of=day).ids)[:12]
        export.send(store, "partners", out, found, recipient="Ann", due=day, actor=None, as_of=day)
        for partner in found[1:4]:
            partners.edit(store, partner, {"territory": "Northwest and Alaska"}, actor=None, as_of=day)
    book = openpyxl.load_workbook(out)
    page = book["Partners"]
    heads = [cell.value for cell in page[1]]
    for row in range(3, 6):
        page.cell(row, heads.index("Territory") + 1).value = "Pacific"
    for row in range(7, 10):
        page.cell(row, heads.index("Name") + 1).value += " Ltd"
    for head, text in (("Code", "A-900"), ("Name", "Alpine Cycles"), ("Territory", "Germany")):
        page.cell(14, heads.index(head) + 1).value = text
    page.delete_rows(12)
    book.save(out)
    return merging


def with_messages(folder: Path, path: Path) -> Path:
    """A copy of the file in which automation has written to some partners."""
    writing = Path(shutil.copy(path, folder / "messages.db"))
    with files.open_file(writing) as store:
        day = store.today()
        quiet = list(partners.find(store, condition=QUIET, as_of=day).ids)[:7]
        for n, partner in enumerate(quiet):
            name = ("Ann Baker", "Ben Cole", "Cleo Diaz", "Dan Evans", "Eva Frey", "Finn Gray", "Gil Hart")[n]
            fields = {"name": name, "email": f"{name.split()[0].lower()}@shop{n + 1}.example", "main": "yes"}
            contacts.add(store, partner, fields, actor=None, as_of=day)
        with store.change("a round of automation", actor=None, as_of=day) as change:
            for n, partner in enumerate(quiet):
                _write_to(change, n, partner, day.isoformat())
        dana = people.find(store, "Dana Program").id
        ids = [row.id for row in outbox.list_of(store, states=("draft",))]
        outbox.approve(store, ids[-2:], actor=dana, as_of=day)
        outbox.export(store, folder / "out", ids[-1:], actor=dana, as_of=day)
    return writing


def _write_to(change: Change, n: int, partner: int, day: str) -> None:
    """A win-back and its message, as a workflow makes them; of the first one a field could not be filled in."""
    contact, name, email, called = change.conn.execute(
        "SELECT c.id, c.name, c.email, p.name FROM contacts c JOIN partners p ON p.id = c.partner_id WHERE p.id = ?"
        " ORDER BY c.main DESC LIMIT 1", (partner,)
    ).fetchone()  # fmt: skip
    case = {"kind": "winback", "partner_id": partner, "title": "Win-back", "stage": "write", "opened_on": day}
    who = "{{ manager }}" if n == 0 else "Dana Program"
    body = (f"Dear {name},\n\nyour last order with us was on 12 Aug 2013. If something stands in the way of the next one, or you\n"
            f"would like to talk about what sells, please answer this message: {who} will call you.\n")  # fmt: skip
    row = {"case_id": stored.insert(change, "cases", case), "partner_id": partner, "contact_id": contact, "recipient": email,
           "template": "we-miss-you", "subject": f"{called}, can we help?", "body": body,
           "state": "returned" if n == 0 else "draft"}  # fmt: skip
    stored.insert(change, "messages", row)


def with_rules(folder: Path, path: Path) -> tuple[Path, Path]:
    """A copy of the file with a trigger that Dana has written; and one in which it has run."""
    written = Path(shutil.copy(path, folder / "rules.db"))
    with files.open_file(written) as store:
        day = store.today()
        dana = people.find(store, "Dana Program").id
        history.undo(
            store, next(c.id for c in history.changes(store) if c.why.endswith("pack welcome")), actor=None, as_of=day
        )
        packs.add_named(store, "gone-quiet", actor=dana, as_of=day)
        for n, partner in enumerate(
            list(partners.find(store, condition="days_since(order) > 100", as_of=day).ids)[:150]
        ):
            fields = {"name": f"Owner {n + 1}", "email": f"owner@shop{n + 1}.example", "main": "yes"}
            contacts.add(store, partner, fields, actor=None, as_of=day)
            partners.edit(store, partner, {"manager": "Dana Program"}, actor=None, as_of=day)
        store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ran = Path(shutil.copy(written, folder / "ran.db"))
    with files.open_file(ran) as store:
        most = people.find(store, "Max Manager").id
        quiet = rules.load(store, "gone-quiet", day)
        trigger = {**quiet.trigger, "when": f"territory = 'France' and {quiet.trigger['when']}"}
        rules.save(store, quiet.with_trigger(trigger), actor=dana, as_of=day)
        packs.add(store, ASKING, "keep.toml", actor=dana, as_of=day)
        for name in ("gone-quiet", "keep"):
            triggers.switch_on(store, name, first="act", actor=most, as_of=day)
        automation.run(store, as_of=day)
    return written, ran


async def _settle(app: PrmApp, pilot: Pilot[int]) -> None:
    quiet = 0
    while quiet < 12:
        await pilot.pause(0.02)
        quiet = 0 if app.gateway.busy else quiet + 1


async def draw(name: str, size: tuple[int, int], path: Path, books: dict[str, Path]) -> None:
    """One screen at one size."""
    app = start(path, actor=None if name in ("empty", "automation-empty") else "Lee Legal")
    try:
        async with app.run_test(size=size) as pilot:
            await app.ready()
            await _settle(app, pilot)
            for step in SCREENS[name]:
                if step == "STEP":  # how far down it is depends on the size
                    table = app.screen.query_one("#rule", Table)
                    table.move_to(next(at for at, key in enumerate(table.keys) if key[0] == "step"))
                    await _settle(app, pilot)
                    continue
                field, equals, text = step.partition("=")
                if equals:
                    for word, named in books.items():
                        text = text.replace(word, str(named))
                    app.screen.query_one(field, Input).value = text
                else:
                    await pilot.press(step)
                await _settle(app, pilot)
            svg = app.export_screenshot(title="prm").replace("<text ", '<text xml:space="preserve" ')
            svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # a picture fetches no fonts from anywhere
            (OUT / f"{name}-{size[0]}x{size[1]}.svg").write_text(svg, encoding="utf-8")
    finally:
        app.gateway.close()


def main() -> int:
    """All screens, or those named."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_DATA_HOME"] = folder
        path, empty = prepared(Path(folder))
        workbook = Path(__file__).parent.parent / "prm_tui" / "data" / demo.WORKBOOK
        merging = returned(Path(folder), path)
        books = {
            "WORKBOOK": workbook,
            "QUESTIONS": Path(folder) / "orders.csv",
            "RETURNED": Path(folder) / "Dealers.xlsx",
        }
        writing = with_messages(Path(folder), path)
        named = ("outbox", "outbox-waits", "message", "message-edit", "message-approve")
        written, ran = with_rules(Path(folder), path)
        rule = ("packs", "trigger", "trigger-condition", "trigger-step", "trigger-text", "rehearse", "switch-on")
        going = leaving(Path(folder), path)
        leave = [name for name in SCREENS if name.startswith("case-")]
        others = {"empty": empty, "automation-empty": empty, "merge": merging,
                  **dict.fromkeys(named, writing), **dict.fromkeys(leave, going),
                  **dict.fromkeys(rule, written), **dict.fromkeys(("runs", "run", "match", "answer"), ran)}  # fmt: skip
        for name in sys.argv[1:] or SCREENS:
            for size in SIZES:
                shown = Path(folder) / f"{name}-{size[0]}" / "demo.db"  # a copy: no picture shows what another one did
                shown.parent.mkdir()
                if others.get(name, path).exists():
                    shutil.copy(others.get(name, path), shown)
                asyncio.run(draw(name, size, shown, books))
            print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
