"""One sheet with a training, a won deal and a claim sets off one ordered run across the pillars: seen before, undone as one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from prm_tui.domain.exchange import Choices
from prm_tui.services import automation, exchange, history
from tests.packs.programme import opened

APRIL = date(2026, 4, 1)
NEEDED = ("training-assignment", "incentives", "incentive-claim", "tier-review", "health-score", "across-pillars")


def sheet(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.remove(book["Sheet"])
    for name, rows in {
        "Trainings": [
            ["Partner Code", "Date", "Ref", "Course", "Mandatory"],
            ["A", date(2026, 3, 30), "T1", "Safety", "yes"],
        ],
        "Deals won": [["Partner Code", "Date", "Ref", "Amount"], ["A", date(2026, 3, 31), "D1", 8000]],
        "Claims": [
            ["Partner Code", "Name", "Status", "Ref", "Amount", "Rule", "Happened on", "Invoice", "Proof"],
            ["A", "Fair", "Submitted", "C1", 300, "Launch event", date(2026, 3, 20), "I-77", "yes"],
        ],
    }.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def test_one_import_is_one_ordered_run_seen_before_and_undone_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, monkeypatch) as office:
        store = office.store
        office.partner("A")
        office.happened("A", "order", on=date(2025, 11, 3), amount="60000", ref="O1")
        office.happened("A", "meeting", ref="M1")
        office.record(
            "A", "target", name="2026", metric="sales", amount="100000", starts_on="2026-01-01", ends_on="2026-12-31"
        )
        office.switch_on(*NEEDED)
        office.run()
        office.on(APRIL)
        kinds = {"Trainings": "activity:training", "Deals won": "activity:deal_won", "Claims": "record:claim"}
        before = list(store.conn.iterdump())
        with exchange.read(store, [sheet(tmp_path / "april.xlsx")], forced=kinds) as reading:
            told = exchange.preview(store, reading)
            assert list(store.conn.iterdump()) == before, "nothing of the preview remains"
            done = exchange.commit(store, reading, Choices(), actor=None, as_of=APRIL)
        assert done.change is not None and told.effects is not None
        run = automation.after(store, done.change, as_of=APRIL)
        assert run is not None
        assert (run.fired, run.counts) == (told.effects.fired, told.effects.counts)
        assert [f.name for f in run.fired] == [
            "training-completed", "claim-submitted", "commission", "health-score", "tier-review",
        ]  # fmt: skip
        later = [(e.round, e.what) for e in run.effects if e.kind == "case"]
        assert later[-1] == (2, "Tier review"), "the certificate of the first round is what the tier waited for"
        assert office.records("A", "certification") == [("Safety", "valid")]
        assert sorted(office.all("SELECT kind, amount / 10000 FROM ledger")) == [("claim", 300), ("commission", 400)]
        assert office.field("A", "health_score") is not None
        assert office.inbox() == ["Partner A meets Silver: move up?"]
        links = office.all("SELECT caused_by FROM changes WHERE kind = 'run' AND id > ? ORDER BY id", done.change)
        assert links == [done.change, *run.changes[:-1]], "a chain of causes that begins with the import"
        history.undo(store, done.change, actor=None, as_of=APRIL)
        assert office.records("A", "certification") == [] and office.inbox() == []
        assert office.all("SELECT count(*) FROM ledger") == [0]
        assert office.all("SELECT count(*) FROM cases WHERE opened_on = ?", APRIL.isoformat()) == [0]
